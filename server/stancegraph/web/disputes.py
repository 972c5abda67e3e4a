"""Disputes: every contradiction between claims, with both sides, their evidence and ranks."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyoxigraph as ox
from flask import Blueprint, Response, jsonify, make_response, render_template, request, url_for

from stancegraph.engine import Ask, MediaType, rows
from stancegraph.facts import describe_all
from stancegraph.sparql import term_text
from stancegraph.terms import SG
from stancegraph.web import links
from stancegraph.web.arguments import Arguments
from stancegraph.web.entries import claims_shown
from stancegraph.web.explore import CSV, ENDINGS, HTML, JSON
from stancegraph.web.negotiation import content_type, preferred
from stancegraph.web.site import current_site, current_vocabulary

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from stancegraph.web.entries import ClaimShown, EvidenceShown
    from stancegraph.web.site import Site

bp = Blueprint("disputes", __name__)

SHOWN = 20  # disputes a page
COLUMNS = (
    "dispute", "settled", "claim", "title", "kind", "rank", "rankReason", "confidence",
    "unresolvedReason", "source", "locator", "statedAsOf", "quotation",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Dispute:
    """Claims that contradict each other, the best ranked first.

    Attributes:
        settled: Whether a side is preferred, for which a reason is given.
        reason: Why none is; empty where it is settled.
    """

    claims: tuple[ClaimShown, ...]
    settled: bool
    reason: str


@dataclass(frozen=True, slots=True)
class Side:
    """A claim that others contradict, and whether it is deprecated."""

    claim: ox.NamedNode
    others: frozenset[ox.NamedNode]
    deprecated: bool


@bp.get("/disputes")
@bp.get("/disputes.<ending>")
def all_disputes(ending: str = "") -> Response:
    """Every contradiction, those that are not settled first, as HTML, JSON or CSV.

    200, also where there is none; 400 for a thing that is unknown; 500, 503, 504 as the
    endpoint.
    """
    site = current_site()
    arguments = Arguments("of", "page", "format")
    form = ENDINGS.get(arguments.choice("format", [*ENDINGS, ""], ending))
    of = _thing(site, arguments)
    number = arguments.number("page", 1, most=10_000)
    arguments.check()
    form = form or preferred(request.accept_mimetypes, (HTML, JSON, CSV)) or HTML
    found = clusters(_sides(site, of))
    first = (number - 1) * SHOWN
    part = found if form == CSV else found[first : first + SHOWN]
    disputes = _read(site, part)
    if form == CSV:
        return Response(_csv(disputes), content_type=content_type(CSV))
    if form == JSON:
        return jsonify(
            {
                "total": len(found),
                "page": number,
                "disputes": [_as_json(dispute) for dispute in disputes],
            }
        )
    return make_response(
        render_template(
            "disputes.html",
            site=site,
            disputes=disputes,
            total=len(found),
            open=sum(not _is_settled(cluster) for cluster in found),
            of=of and {"href": links.address(site, of.value), "text": links.label(site, of.value)},
            page=number,
            pages=max(1, -(-len(found) // SHOWN)),
            address=lambda page=1, ending="": _address(site, of, page, ending),
        )
    )


def clusters(sides: Iterable[Side]) -> list[list[Side]]:
    """*sides* that contradict each other, directly or through others, together.

    Those that are not settled come first; within one, what is deprecated comes last.
    """
    left = {side.claim: side for side in sides}
    found = []
    while left:
        queue = [next(iter(left))]
        cluster = []
        while queue:
            if (side := left.pop(queue.pop(), None)) is not None:
                cluster.append(side)
                queue += side.others
        found.append(sorted(cluster, key=lambda side: (side.deprecated, side.claim.value)))
    return sorted(found, key=lambda cluster: (_is_settled(cluster), cluster[0].claim.value))


def _is_settled(cluster: Sequence[Side]) -> bool:
    """Whether but one of the claims is left."""
    return sum(not side.deprecated for side in cluster) <= 1


def _thing(site: Site, arguments: Arguments) -> ox.NamedNode | None:
    """The thing that ``of`` names, if it does."""
    text = arguments.text("of", longest=300)
    names = site.catalog.names
    keys = names.find(text, ()) if text else []
    if text and len(keys) != 1:
        near = keys or [match.key for match in names.search(text)]
        hint = f"; did you mean {' or '.join(near[:3])}?" if near else ""
        arguments.wrong("of", f"no one thing is called {text!r}{hint}")
        return None
    return ox.NamedNode(names.iri(keys[0])) if keys else None


def _sides(site: Site, of: ox.NamedNode | None) -> list[Side]:
    """The claims that others contradict; only in disputes in which one names *of*, if given.

    Raises:
        EngineError: there is no answer.
    """
    naming = ""
    if of is not None:
        thing = term_text(of)
        naming = f"{{ ?claim ?link {thing} }} UNION {{ ?other ?link {thing} }}"
    query = f"""
        SELECT DISTINCT ?claim ?other ?rank
        WHERE {{
          ?claim {term_text(SG.contestedBy)} ?other .
          {naming}
          OPTIONAL {{ ?claim {term_text(SG.rank)} ?rank }}
        }}
        ORDER BY ?claim ?other"""
    ask = Ask(query, MediaType.JSON, base=site.release.base, deadline=site.query_timeout)
    others: dict[ox.NamedNode, set[ox.NamedNode]] = {}
    deprecated: set[ox.NamedNode] = set()
    for row in rows(site.engine, ask):
        claim, other, rank = row.get("claim"), row.get("other"), row.get("rank")
        if isinstance(claim, ox.NamedNode) and isinstance(other, ox.NamedNode):
            others.setdefault(claim, set()).add(other)
            if isinstance(rank, ox.NamedNode) and rank.value.endswith("/deprecated"):
                deprecated.add(claim)
    return [Side(claim, frozenset(them), claim in deprecated) for claim, them in others.items()]


def _read(site: Site, found: Sequence[Sequence[Side]]) -> list[Dispute]:
    """The claims of each cluster, as pages show them."""
    nodes = [side.claim for cluster in found for side in cluster]
    facts = describe_all(site.engine, nodes, deadline=site.query_timeout)
    shown = dict(zip(nodes, claims_shown(site, current_vocabulary(), facts, nodes), strict=True))
    disputes = []
    for cluster in found:
        claims = tuple(shown[side.claim] for side in cluster)
        settled = _is_settled(cluster)
        reasons = dict.fromkeys(claim.unresolved for claim in claims if claim.unresolved)
        disputes.append(Dispute(claims, settled, "" if settled else " ".join(reasons)))
    return disputes


def _address(site: Site, of: ox.NamedNode | None, page: int, ending: str) -> str:
    """The address of a part of the disputes, or of all in another format."""
    arguments: dict[str, str | int] = {}
    if of is not None:
        arguments["of"] = site.catalog.names.key(of.value) or of.value
    if page > 1:
        arguments["page"] = page
    if ending:
        arguments["ending"] = ending
    return url_for("disputes.all_disputes", **arguments)  # type: ignore[arg-type]


def _as_json(dispute: Dispute) -> dict[str, object]:
    return {
        "settled": dispute.settled,
        "unresolvedReason": dispute.reason or None,
        "claims": [
            {
                "title": claim.link.text,
                "address": claim.link.href,
                "kind": claim.kind.text if claim.kind else None,
                "when": [day.machine or day.text for day in claim.when],
                "rank": claim.rank,
                "rankReasons": [reason.text for reason in claim.rank_reasons],
                "confidence": claim.confidence,
                "comments": list(claim.comments),
                "evidence": [_place(place) for place in claim.evidence],
            }
            for claim in dispute.claims
        ],
    }


def _place(place: EvidenceShown) -> dict[str, str | None]:
    return {
        "address": place.link.href,
        "source": place.source.text if place.source else None,
        "sourceAddress": place.source.href if place.source else None,
        "locator": place.locator,
        "statedAsOf": place.spoken_of,
        "attestation": place.attestation,
        "quotation": place.quotation.text if place.quotation else None,
    }


def _csv(disputes: Iterable[Dispute]) -> str:
    """A row for each place on which a claim rests."""
    written = io.StringIO()
    writer = csv.DictWriter(written, COLUMNS)
    writer.writeheader()
    for number, dispute in enumerate(disputes, 1):
        for claim in dispute.claims:
            row: Mapping[str, object] = {
                "dispute": number,
                "settled": str(dispute.settled).lower(),
                "claim": claim.link.href,
                "title": claim.link.text,
                "kind": claim.kind.text if claim.kind else "",
                "rank": claim.rank,
                "rankReason": "; ".join(reason.text for reason in claim.rank_reasons),
                "confidence": claim.confidence,
                "unresolvedReason": dispute.reason,
            }
            for place in claim.evidence:
                told = _place(place)
                cells = {
                    name: told[name] for name in ("source", "locator", "statedAsOf", "quotation")
                }
                writer.writerow({**row, **cells})
    return written.getvalue()
