"""What the page of a thing tells: what it is, the claims about it, and on what they rest."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyoxigraph as ox
from flask import render_template

from stancegraph.coverage import coverage_of_thing
from stancegraph.description import NAMES
from stancegraph.engine import Ask, MediaType, rows
from stancegraph.facts import describe
from stancegraph.sparql import term_text
from stancegraph.terms import DC, DCTERMS, OA, PROV, RDF, RDFS, SG, SKOS
from stancegraph.web import links
from stancegraph.web.reading import Reader, Row, Shown
from stancegraph.web.saved import address_of
from stancegraph.web.sections import asking

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from stancegraph.engine import Term
    from stancegraph.facts import Facts, Node
    from stancegraph.vocabulary import Vocabulary
    from stancegraph.web.sections import Place
    from stancegraph.web.site import Site
    from stancegraph.web.targets import Target

OWN = (None, "en")  # the languages of names that pages show at once
MANY = 12  # claims of one kind; where there are more, each has one line

# What a claim has in common with all others, and is told in places of its own.
_OF_CLAIMS: frozenset[ox.NamedNode] = frozenset({
    RDF.type, RDFS.comment, SG.evidence, SG.rank, SG.rankReason, SG.confidence, SG.codedBy,
    SG.codedOn, SG.contradicts, SG.contestedBy, SG.unresolvedReason,
})  # fmt: skip
_OF_EVIDENCE: frozenset[ox.NamedNode] = frozenset({
    RDF.type, RDFS.comment, OA.exact, OA["prefix"], OA.suffix, SG.source, SG.locator,
    SG.attestation, SG.quotedDocument, SG.statedAsOf, SG.statedNotBefore, SG.statedNotAfter,
})  # fmt: skip
_OF_THINGS: frozenset[ox.NamedNode] = frozenset({
    *NAMES, RDF.type, RDFS.comment, DCTERMS.source, SKOS.altLabel, SKOS.hiddenLabel,
    SKOS.definition, DCTERMS.description,
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class EvidenceShown:
    """A place in a source, and what it says there.

    Attributes:
        before, after: What stands around the quotation.
    """

    link: Shown
    quotation: Shown | None
    before: str
    after: str
    source: Shown | None
    publisher: str
    locator: str
    spoken_of: str
    attestation: str
    quoted: Shown | None
    comments: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ClaimShown:
    """A claim with what it rests on.

    Attributes:
        anchor: Its place on the page.
        when: The days, months or years of what is claimed.
        rows: What its title does not tell.
        rank: The last part of the code's IRI, for the style of the page.
        contested: The claims that contradict it.
    """

    anchor: str
    link: Shown
    kind: Shown | None
    when: tuple[Shown, ...]
    rows: tuple[Row, ...]
    comments: tuple[str, ...]
    rank: str
    rank_reasons: tuple[Shown, ...]
    unresolved: str
    confidence: str
    coded_by: tuple[Shown, ...]
    coded_on: str
    evidence: tuple[EvidenceShown, ...]
    sources: tuple[Shown, ...]
    contested: tuple[Shown, ...]


@dataclass(frozen=True, slots=True)
class Group:
    """Claims of one kind, in the order of their days; in brief, if there are many.

    Attributes:
        disputed: Those that are shown among the disputes.
    """

    kind: Shown
    claims: tuple[ClaimShown, ...]
    in_brief: bool
    disputed: tuple[ClaimShown, ...]

    @property
    def count(self) -> int:
        """How many claims there are."""
        return len(self.claims) + len(self.disputed)


@dataclass(frozen=True, slots=True)
class Entry:
    """Everything on the page of a thing.

    Attributes:
        claim: The thing itself, if it is a claim; so with *evidence*.
        rows: What is stated of it.
        derived: What rules conclude of it.
        other_names: Its names but for the title, in the language of the page or in none.
        foreign_names: Those in other languages, by language.
        disputes: Claims that contradict each other.
        pointing: What else leads here, by the property.
        graphs: The named graphs that tell of it.
        notes: Where not everything is given.
    """

    iri: str
    title: str
    kinds: tuple[Shown, ...]
    other_names: tuple[Shown, ...]
    foreign_names: tuple[Shown, ...]
    definition: str
    comments: tuple[str, ...]
    claim: ClaimShown | None
    evidence: EvidenceShown | None
    rows: tuple[Row, ...]
    derived: tuple[Row, ...]
    sources: tuple[Shown, ...]
    disputes: tuple[tuple[ClaimShown, ...], ...]
    groups: tuple[Group, ...]
    pointing: tuple[Row, ...]
    graphs: tuple[Shown, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CodeShown:
    """A code of a list."""

    link: Shown
    notation: str
    definition: str
    count: int


def thing_page(
    site: Site,
    vocabulary: Vocabulary,
    target: Target,
    alternates: list[tuple[str, str, str]],
    *,
    places: Sequence[Place],
    day: str,
) -> str:
    """The page of a thing: a state, a claim, a source, a code, a list of codes, a rule.

    Args:
        places: The saved queries that belong on it; they take the place of all claims.
        day: The day that they are asked for; empty for that of the release.

    Raises:
        EngineError: there is no answer; a section without one says so itself.
    """
    with asking(site, places) as sections:
        facts = describe(site.engine, target.iri, deadline=site.query_timeout, brief=bool(places))
        kinds = facts.types(target.iri)
        coverage = coverage_of_thing(
            target.iri.value,
            queries=list(site.catalog),
            names=site.catalog.names,
            engine=site.engine,
            deadline=site.query_timeout,
        )
        return render_template(
            "thing.html",
            site=site,
            alternates=alternates,
            thing=entry(site, vocabulary, facts, target.iri),
            codes=_codes(site, target.iri) if SKOS.ConceptScheme in kinds else [],
            rule=_rule_text(site, facts, target.iri) if PROV.Plan in kinds else "",
            coverage=coverage,
            coverage_address=address_of,
            sections=sections(),
            as_of=day,
            today=site.catalog.names.today,
        )


def _codes(site: Site, scheme: ox.NamedNode) -> list[CodeShown]:
    """The codes of a list by their names, each with how often it is used."""
    query = f"""
        PREFIX skos: <http://www.w3.org/2004/02/skos/core#>
        SELECT ?code ?name ?notation ?definition (COUNT(?user) AS ?count)
        WHERE {{
          ?code skos:inScheme {term_text(scheme)} ; skos:prefLabel ?name .
          OPTIONAL {{ ?code skos:notation ?notation }}
          OPTIONAL {{ ?code skos:definition ?definition }}
          OPTIONAL {{ ?user ?property ?code }}
        }}
        GROUP BY ?code ?name ?notation ?definition
        ORDER BY ?name ?code"""
    found = rows(site.engine, Ask(query, MediaType.JSON, deadline=site.query_timeout))
    return [
        CodeShown(
            link=Shown(_value(row, "name"), links.address(site, _value(row, "code"))),
            notation=_value(row, "notation"),
            definition=_value(row, "definition"),
            count=int(_value(row, "count")),
        )
        for row in found
    ]


def _value(row: Mapping[str, Term], name: str) -> str:
    term = row.get(name)
    return term.value if isinstance(term, ox.NamedNode | ox.Literal) else ""


def _rule_text(site: Site, facts: Facts, rule: ox.NamedNode) -> str:
    """The text of a rule, which lies beside the release; empty if it does not."""
    path = site.release.path / facts.text(rule, DCTERMS.identifier)
    inside = path.suffix == ".rq" and path.resolve().is_relative_to(site.release.path)
    return path.read_text("utf-8") if inside and path.is_file() else ""


def entry(site: Site, vocabulary: Vocabulary, facts: Facts, thing: ox.NamedNode) -> Entry:
    """The page of *thing*, from its description."""
    reader = _EntryReader(site, vocabulary, facts, thing)
    disputes = reader.disputes()
    disputed = {claim.anchor for dispute in disputes for claim in dispute}
    is_claim, is_evidence = reader.is_claim(thing), bool(facts.values(thing, SG.source))
    names = reader.other_names()
    leave_out = _OF_CLAIMS if is_claim else _OF_EVIDENCE if is_evidence else _OF_THINGS
    return Entry(
        iri=thing.value,
        title=reader.title(thing),
        kinds=tuple(reader.term(kind) for kind in facts.types(thing)),
        other_names=tuple(name for name in names if name.language in OWN),
        foreign_names=tuple(name for name in names if name.language not in OWN),
        definition=facts.text(thing, SKOS.definition, DCTERMS.description),
        comments=() if is_claim or is_evidence else reader.texts(thing, RDFS.comment),
        claim=reader.claim(thing, whole=True) if is_claim else None,
        evidence=reader.evidence(thing) if is_evidence else None,
        rows=reader.rows(thing, leave_out=leave_out, derived=False),
        derived=reader.rows(thing, leave_out=leave_out, derived=True),
        sources=reader.links_by(thing, DCTERMS.source),
        disputes=disputes,
        groups=reader.groups(disputed),
        pointing=reader.pointing(),
        graphs=reader.graphs_of(thing),
        notes=facts.notes,
    )


def claims_shown(
    site: Site, vocabulary: Vocabulary, facts: Facts, claims: Iterable[ox.NamedNode]
) -> list[ClaimShown]:
    """*claims*, which *facts* describe, as they are shown on a page that is of none of them."""
    reader = _EntryReader(site, vocabulary, facts, ox.NamedNode(site.release.base))
    return [reader.claim(claim) for claim in claims]


class _EntryReader(Reader):
    """Reads the description of one thing."""

    def __init__(
        self, site: Site, vocabulary: Vocabulary, facts: Facts, thing: ox.NamedNode
    ) -> None:
        super().__init__(site, vocabulary, facts)
        self._thing = thing
        linking = [
            (node, predicate)
            for node, predicate in facts.pointing(thing)
            if isinstance(node, ox.NamedNode) and node != thing and predicate != RDF.type
        ]
        self._claims = list(dict.fromkeys(n for n, _ in linking if self.is_claim(n)))
        self._linking = [(node, link) for node, link in linking if not self.is_claim(node)]

    def is_claim(self, node: Node) -> bool:
        """Whether evidence is named for it."""
        return bool(self.facts.values(node, SG.evidence))

    def texts(self, node: Node, *properties: ox.NamedNode) -> tuple[str, ...]:
        """The values as they are read."""
        return tuple(self.shown(value).text for value in self.facts.values(node, *properties))

    def links_by(self, node: Node, *properties: ox.NamedNode) -> tuple[Shown, ...]:
        """What *node* leads to, by title."""
        return tuple(self.link(value) for value in self.facts.nodes(node, *properties))

    def other_names(self) -> tuple[Shown, ...]:
        """Every name of the thing but the one that the page bears, by language."""
        values = [
            self.shown(value)
            for name in (*NAMES, SKOS.altLabel)
            for value in self.facts.values(self._thing, name)
        ]
        title = self.title(self._thing)
        named = dict.fromkeys(v for v in values if v.text != title or v.language not in OWN)
        return tuple(sorted(named, key=lambda name: name.language or ""))

    def evidence(self, node: Node) -> EvidenceShown:
        """A place in a source."""
        quotations = self.facts.values(node, OA.exact)
        sources = self.facts.nodes(node, SG.source)
        quoted = self.links_by(node, SG.quotedDocument)
        return EvidenceShown(
            link=self.link(node),
            quotation=self.shown(quotations[0]) if quotations else None,
            before=self.facts.text(node, OA["prefix"]),
            after=self.facts.text(node, OA.suffix),
            source=self.link(sources[0]) if sources else None,
            publisher=self.facts.text(sources[0], DC.publisher) if sources else "",
            locator=self.facts.text(node, SG.locator),
            spoken_of=self._spoken_of(node),
            attestation=", ".join(self.texts(node, SG.attestation)),
            quoted=quoted[0] if quoted else None,
            comments=self.texts(node, RDFS.comment),
        )

    def _spoken_of(self, node: Node) -> str:
        """For which time a source speaks, in words."""
        day, after, before = (
            ", ".join(self.texts(node, name))
            for name in (SG.statedAsOf, SG.statedNotBefore, SG.statedNotAfter)
        )
        if day:
            return f"as of {day}"
        if after and before:
            return f"as of a time between {after} and {before}"
        if after:
            return f"as of {after} or later"
        return f"as of {before} or earlier" if before else ""

    def claim(self, node: Node, *, whole: bool = False) -> ClaimShown:
        """A claim about the thing; *whole* where the page is its own."""
        told = set() if whole else {*self.told_in_title(node), *self.dating(node)}
        about = [link for link, values in self.facts.about(node).items() if self._thing in values]
        leave_out = _OF_CLAIMS | told | set(about)
        title = self.title(node, apart_from=() if whole else (self._thing,))
        reasons = self.facts.values(node, SG.rankReason)
        sources = {
            source: None
            for place in self.facts.nodes(node, SG.evidence)
            for source in self.facts.nodes(place, SG.source)
        }
        return ClaimShown(
            anchor=node.value.partition("/id/")[2] or node.value,
            link=Shown(title, self.href(node)),
            kind=self.kind(node),
            when=self.dates(node),
            rows=self.rows(node, leave_out=leave_out, derived=False),
            comments=self.texts(node, RDFS.comment),
            rank=self.facts.text(node, SG.rank).rpartition("/")[2],
            rank_reasons=tuple(self.shown(reason) for reason in reasons),
            unresolved=self.facts.text(node, SG.unresolvedReason),
            confidence=", ".join(self.texts(node, SG.confidence)),
            coded_by=self.links_by(node, SG.codedBy),
            coded_on=", ".join(self.texts(node, SG.codedOn)),
            evidence=tuple(
                self.evidence(place)
                for place in self.facts.nodes(node, SG.evidence)
                if place in self.facts
            ),
            sources=tuple(self.link(source) for source in sources),
            contested=tuple(self.link(other) for other in self._contested(node)),
        )

    def _contested(self, node: Node) -> list[Node]:
        """The claims that contradict *node*, as stated in either direction."""
        stated = self.facts.nodes(node, SG.contestedBy) + self.facts.nodes(node, SG.contradicts)
        return list(dict.fromkeys(stated))

    def disputes(self) -> tuple[tuple[ClaimShown, ...], ...]:
        """The claims on the page that contradict each other, those of one dispute together."""
        here: list[Node] = [*([self._thing] if self.is_claim(self._thing) else []), *self._claims]
        clusters: list[list[Node]] = []
        seen: set[Node] = set()
        for claim in here:
            cluster: list[Node] = []
            queue = [claim]
            while queue:
                node = queue.pop(0)
                if node not in seen and node in here:
                    seen.add(node)
                    cluster.append(node)
                    queue += self._contested(node)
            if len(cluster) > 1:
                clusters.append(cluster)
        return tuple(tuple(self.claim(node) for node in cluster) for cluster in clusters)

    def groups(self, disputed: set[str]) -> tuple[Group, ...]:
        """The claims about the thing by their kind, without those that contest it.

        Args:
            disputed: The anchors of those that are shown among the disputes.
        """
        by_kind: defaultdict[Shown, list[ClaimShown]] = defaultdict(list)
        contesting = self._contested(self._thing)
        for node in self._claims:
            if node not in contesting:
                claim = self.claim(node)
                by_kind[claim.kind or Shown("claim")].append(claim)
        coded = bool(self.facts.values(self._thing, SKOS.inScheme))
        groups = []
        for kind, claims in by_kind.items():
            claims.sort(key=_by_day)
            in_brief = coded or len(claims) > MANY
            apart = [] if in_brief else [claim for claim in claims if claim.anchor in disputed]
            rest = [claim for claim in claims if claim not in apart]
            groups.append(Group(kind, tuple(rest), in_brief, tuple(apart)))
        return tuple(sorted(groups, key=lambda group: group.kind.text))

    def pointing(self) -> tuple[Row, ...]:
        """What leads here and is no claim, by the property by which it does.

        Left out are codes, which their list shows, and evidence, which claims show.
        """
        by_property: defaultdict[ox.NamedNode, list[Node]] = defaultdict(list)
        for node, predicate in self._linking:
            if predicate != SKOS.inScheme and not (predicate == SG.source and self._claims):
                by_property[predicate].append(node)
        rows = [self.row(predicate, nodes) for predicate, nodes in by_property.items()]
        return tuple(sorted(rows, key=lambda row: row.label.text))

    def graphs_of(self, node: Node) -> tuple[Shown, ...]:
        """The named graphs that hold statements about *node*, by their paths."""
        graphs = {
            graph
            for predicate, values in self.facts.about(node).items()
            for value in values
            for graph in self.facts.graphs(node, predicate, value)
        }
        shown = [Shown(g.value.partition("/graph/")[2], self.href(g)) for g in graphs]
        return tuple(
            sorted(shown, key=lambda graph: (graph.text.startswith("derived"), graph.text))
        )


def _by_day(claim: ClaimShown) -> tuple[bool, str, str]:
    """Dated claims first, by their first day."""
    first = claim.when[0].machine if claim.when else ""
    return not first, first, claim.link.text
