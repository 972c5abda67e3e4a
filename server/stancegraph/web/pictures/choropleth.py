"""A map: each country or area in the colour of its value, small ones as dots too."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stancegraph.web.pictures.parts import Drawing, fill_of
from stancegraph.web.pictures.scales import NOTHING, SEVERAL, Class, Scale
from stancegraph.web.pictures.svg import linked, node
from stancegraph.web.pictures.world import POLICY, outlines

if TYPE_CHECKING:
    from collections.abc import Container, Mapping, Sequence
    from xml.etree.ElementTree import Element

    from stancegraph.queryfile import View
    from stancegraph.web.pictures.parts import Place, Row

RADIUS = 3.2  # of a dot
MORE_THAN_ONE = "more than one value"


def choropleth(
    view: View, rows: Sequence[Row], places: Mapping[str, Place], hatched: str
) -> Drawing | None:
    """The map of *rows*, whose part ``place`` is a thing of *places*; None if none of them is."""
    named = {row["place"].iri: row["place"].href for row in rows if row["place"].iri in places}
    if not named:
        return None
    values = _values(view, rows, named)
    single = [texts[0] for texts in values.values() if len(texts) == 1]
    scale = Scale.of(single, view.order, view.unknown)
    several = Class(MORE_THAN_ONE, SEVERAL, len(values) - len(single))
    nothing = Class("not among these rows", NOTHING, len(places) - len(values))
    world = outlines()
    land, dots = [], []
    elsewhere = {row["place"].text for row in rows if row["place"].iri not in places}
    # The places that the rows name come last, so that nothing hides their borders.
    for iri, place in sorted(places.items(), key=lambda pair: (pair[0] in named, pair[0])):
        texts = values.get(iri, ())
        made = scale.class_of(texts[0]) if len(texts) == 1 else several if texts else nothing
        fill = fill_of(made, hatched)
        told = ": ".join([place.name, *([", ".join(texts) or made.label] if texts else [])])
        path = world.shapes.get(place.code, "")
        if path:
            land.append(linked([_outline(path, fill)], told, named.get(iri)))
        if place.at is not None and (not path or place.code in world.tiny):
            dots.append(linked([_dot(world.point(*place.at), fill)], told, named.get(iri)))
        elif not path and texts:
            elsewhere.add(place.name)
    drawn = {place.code for place in places.values()}
    blank = "".join(path for code, path in world.shapes.items() if code not in drawn)
    return Drawing(
        [
            node("g", [_outline(world.others + blank, NOTHING), *land], transform="scale(.1)"),
            node("g", dots),
        ],
        world.width,
        world.height,
        [made for made in (*scale.classes, several, nothing) if made.count],
        _notes(sorted(elsewhere - {""})),
    )


def _values(view: View, rows: Sequence[Row], named: Container[str]) -> dict[str, tuple[str, ...]]:
    """The values of each place; that one is not known counts only where no other is."""
    found: dict[str, dict[str, None]] = {}
    for row in rows:
        if row["place"].iri in named:
            found.setdefault(row["place"].iri, {})[row["value"].text] = None
    values = {}
    for iri, texts in found.items():
        known = [text for text in texts if text and text not in view.unknown]
        if view.ranked:
            known = sorted(known, key=lambda text: _rank(view, text))[:1]
        values[iri] = tuple(known or list(texts)[:1])
    return values


def _rank(view: View, text: str) -> int:
    return view.order.index(text) if text in view.order else len(view.order)


def _outline(path: str, fill: str) -> Element:
    kind = "land nothing" if fill == NOTHING else "land"
    return node("path", d=path, fill=fill, stroke="#ffffff", stroke_width=6, class_=kind)


def _dot(at: tuple[float, float], fill: str) -> Element:
    kind = "dot nothing" if fill == NOTHING else "dot"
    x, y = at
    return node(
        "circle", cx=x, cy=y, r=RADIUS, fill=fill, stroke="#ffffff", stroke_width=0.8, class_=kind
    )


def _notes(elsewhere: Sequence[str]) -> list[str]:
    notes = ["A dot stands for a place that is too small to be seen. " + POLICY]
    if elsewhere:
        notes.insert(0, f"Not on the map: {', '.join(elsewhere)}.")
    return notes
