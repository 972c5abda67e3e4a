"""Views of rows: which picture is drawn of them, where places are, what a network holds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import pyoxigraph as ox
from flask import current_app
from markupsafe import Markup

from stancegraph.engine import Ask, MediaType, rows
from stancegraph.web import links, pictures
from stancegraph.web.pictures.world import outlines
from stancegraph.web.tables import Cell, cell, columns_of, grounds

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from stancegraph.engine import Term
    from stancegraph.queryfile import View
    from stancegraph.web.site import Site

    Behind = Callable[[Mapping[str, Term]], Cell]

PICTURED_ROWS = 5000  # that a picture is drawn of; a table has them all
NODES = 3000  # of a network that a browser is asked to draw
_PLACES = "stancegraph.places"


@dataclass(frozen=True, slots=True)
class Picture:
    """A view of a result, for a page.

    Attributes:
        view: Which one.
        svg: The picture; empty for a network, which the browser draws.
        legend: What each colour means: its swatch, what it stands for, how many have it.
        notes: What must be said beneath it.
        network: What the browser is to draw: ``nodes`` with ``id``, ``label``, ``href``, and
            ``edges`` with ``source``, ``target``, ``label``.
    """

    view: View
    svg: str = ""
    legend: Sequence[tuple[str, str, int]] = ()
    notes: Sequence[str] = ()
    network: Mapping[str, object] | None = None


def picture_of(
    site: Site,
    view: View,
    found: Sequence[Mapping[str, Term]],
    told: str,
    behind: Behind | None = None,
) -> Picture | None:
    """The picture of the rows *found* that *view* asks for; None where there is none.

    Args:
        told: What it shows, for who does not see it.
        behind: As of `draw`.
    """
    drawing = draw(site, view, found, behind)
    if drawing is not None:
        return Picture(
            view,
            Markup(pictures.inline(drawing, told=told)),  # noqa: S704 (an element tree, written)
            [
                (Markup(pictures.swatch(made)), made.label, made.count)  # noqa: S704
                for made in drawing.classes
            ],
            drawing.notes,
        )
    if view.type == "network" and found:
        network, notes = _network(site, view, found)
        return Picture(view, notes=notes, network=network)
    return None


def draw(
    site: Site, view: View, found: Sequence[Mapping[str, Term]], behind: Behind | None = None
) -> pictures.Drawing | None:
    """What *view* draws of the rows *found*; None where it draws nothing.

    Args:
        behind: Where the claims are on which a row rests that names none.
    """
    if view.type not in pictures.DRAWN:
        return None
    known = places(site) if view.type == "map" else {}
    parts = _parts(site, view, found)
    for made, row in zip(parts, found, strict=True):
        made[pictures.GROUND] = _ground(site, row, behind)
    return pictures.draw(view, parts, known)


def _ground(site: Site, row: Mapping[str, Term], behind: Behind | None) -> pictures.Part:
    """What *row* rests on: the first claim or derived statement in it, or the list of them.

    Where nothing is claimed, the first thing that it names, whose page names the sources.
    """
    things = [term for term in row.values() if isinstance(term, ox.NamedNode)]
    resting = [term for term in things if grounds(site.catalog.names, term.value)]
    shown = Cell()
    if behind is not None and not resting:
        shown = behind(row)
    if not shown.href and (named := resting or things):
        shown = cell(site, named[0], None)
    return pictures.Part(shown.text, shown.iri, shown.href)


def places(site: Site) -> Mapping[str, pictures.Place]:
    """The things that a map can show, by IRI: those with a code or coordinates on record."""
    if _PLACES not in current_app.extensions:
        current_app.extensions[_PLACES] = _places(site)
    return cast("Mapping[str, pictures.Place]", current_app.extensions[_PLACES])


def _places(site: Site) -> dict[str, pictures.Place]:
    """The places of the graph.

    A code is a value of ``skos:notation`` or of a property below it that names an outline.
    """
    codes = " ".join(f'"{code}"' for code in outlines().shapes)
    query = f"""
        PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
        PREFIX schema: <https://schema.org/>
        PREFIX skos: <http://www.w3.org/2004/02/skos/core#>
        SELECT ?place ?code ?latitude ?longitude
        WHERE {{
          {{ ?place schema:latitude ?latitude ; schema:longitude ?longitude }}
          UNION
          {{ VALUES ?code {{ {codes} }}
             ?property rdfs:subPropertyOf* skos:notation .
             ?place ?property ?code }}
        }}
        ORDER BY ?place ?code ?latitude ?longitude"""
    ask = Ask(query, MediaType.JSON, deadline=site.query_timeout)
    said: dict[str, dict[str, str]] = {}
    for row in rows(site.engine, ask):
        if isinstance(row["place"], ox.NamedNode):
            facts = said.setdefault(row["place"].value, {})
            for name in ("code", "latitude", "longitude"):
                if isinstance(term := row.get(name), ox.Literal):
                    facts.setdefault(name, term.value)
    return {
        iri: pictures.Place(
            facts.get("code", ""),
            links.label(site, iri) or links.shown(site, iri),
            (float(facts["latitude"]), float(facts["longitude"])) if "latitude" in facts else None,
        )
        for iri, facts in said.items()
    }


def _parts(
    site: Site, view: View, found: Sequence[Mapping[str, Term]]
) -> list[dict[str, pictures.Part]]:
    """The values of each row that play a part in *view*."""
    names = list(dict.fromkeys(name for row in found for name in row))
    thing_of = {column.named_by: column.name for column in columns_of(names) if column.named_by}
    name_of = {thing: name for name, thing in thing_of.items()}
    made = []
    for row in found:
        parts = {}
        for part, column in view.columns.items():
            thing = row.get(thing_of.get(column, column))
            shown = cell(site, thing, row.get(name_of.get(thing_of.get(column, column), "")))
            iri = thing.value if isinstance(thing, ox.NamedNode) else ""
            parts[part] = pictures.Part(shown.machine or shown.text, iri, shown.href)
        made.append(parts)
    return made


def _network(
    site: Site, view: View, found: Sequence[Mapping[str, Term]]
) -> tuple[dict[str, object], list[str]]:
    """The nodes and edges of *found*, and what to say of those that are too many."""
    nodes: dict[str, dict[str, str | None]] = {}
    edges: dict[tuple[str, str], dict[str, None]] = {}
    left_out = 0
    for row in _parts(site, view, found):
        ends = [row["source"], row["target"]]
        if not all(end.text for end in ends):
            continue
        new = {end.iri or end.text for end in ends} - nodes.keys()
        if len(nodes) + len(new) > NODES:
            left_out += 1
            continue
        for end in ends:
            key = end.iri or end.text
            nodes.setdefault(key, {"id": key, "label": end.text, "href": end.href})
        source, target = (end.iri or end.text for end in ends)
        said = row["label"].text if "label" in row else ""
        edges.setdefault((source, target), {})[said] = None
    told = f"{left_out} rows name more than {NODES} things and are not drawn."
    network = {
        "nodes": list(nodes.values()),
        "edges": [
            {"source": source, "target": target, "label": ", ".join(filter(None, said))}
            for (source, target), said in edges.items()
        ],
    }
    return network, [told] if left_out else []
