"""Pictures of results, drawn as SVG: a map, bars, a timeline, a heat map.

They need no script: a page shows them as they are, prints them, and gives them as files that
say their title, their source and the release. ``draw`` makes one of the rows of a result;
``inline`` is it within a page, which has the legend in HTML, and ``whole`` a file of its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from stancegraph.web.pictures import scales, svg
from stancegraph.web.pictures.bars import bars
from stancegraph.web.pictures.choropleth import choropleth
from stancegraph.web.pictures.matrix import matrix
from stancegraph.web.pictures.parts import GROUND, Drawing, Part, Place, fill_of
from stancegraph.web.pictures.svg import label, node
from stancegraph.web.pictures.timeline import timeline

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from xml.etree.ElementTree import Element

    from stancegraph.queryfile import View
    from stancegraph.web.pictures.parts import Row

__all__ = [
    "DRAWN",
    "GROUND",
    "HATCHED",
    "Drawing",
    "Part",
    "Place",
    "draw",
    "inline",
    "swatch",
    "whole",
]

DRAWN = ("map", "bars", "timeline", "matrix")  # views that are drawn here
HATCHED = "not-known"  # the name of the pattern
MARGIN = 16
LINE = 18  # from one line of text to the next


def draw(
    view: View, rows: Sequence[Row], places: Mapping[str, Place], *, hatched: str = HATCHED
) -> Drawing | None:
    """The picture of *rows* that *view* asks for; None where they hold nothing to draw.

    Args:
        rows: Each with the parts of the view, and as ``GROUND`` what it rests on.
        places: What a map may show, by IRI.
        hatched: What the pattern is called, which must differ from others in a page.
    """
    match view.type:
        case "map":
            return choropleth(view, rows, places, hatched)
        case "bars":
            return bars(rows)
        case "timeline":
            return timeline(rows)
        case "matrix":
            return matrix(view, rows, hatched)
    return None


def inline(drawing: Drawing, *, told: str, hatched: str = HATCHED) -> str:
    """*drawing* as an element of a page; *told* names it for who does not see it."""
    made = node(
        "svg",
        [node("defs", [scales.hatch(hatched)]), *drawing.content],
        viewBox=f"0 0 {drawing.width} {drawing.height}",
        width=drawing.width,
        height=drawing.height,
        role="group",
        aria_label=told,
    )
    return svg.write(made)


def swatch(made: scales.Class, *, hatched: str = HATCHED) -> str:
    """The colour of a class, for a legend in a page."""
    kind = "nothing" if made.fill == scales.NOTHING else None
    fill = fill_of(made, hatched)
    box = node("rect", width=14, height=14, fill=fill, stroke="#6f7882", class_=kind)
    return svg.write(node("svg", [box], width=14, height=14, aria_hidden="true"))


def whole(drawing: Drawing, *, title: str, lines: Sequence[str]) -> str:
    """*drawing* as a file: *title* above it, its legend, its notes and *lines* beneath."""
    width = drawing.width
    content: list[Element] = []
    y = MARGIN + 8
    for text in svg.wrapped(title, width, 18):
        y += 14
        content.append(label(0, y, text, size=18, font_weight=600))
        y += 8
    y += 10
    content.append(node("g", drawing.content, transform=f"translate(0 {y})"))
    y += drawing.height + 12
    legend, y = _legend(drawing.classes, width, y)
    content += legend
    for text in (*drawing.notes, *lines):
        for part in svg.wrapped(text, width, 11):
            y += LINE - 2
            content.append(node("text", x=0, y=y, font_size=11, fill=svg.QUIET, text=part))
    height = y + MARGIN
    made = node(
        "svg",
        [
            node("title", text=title),
            node("defs", [scales.hatch(HATCHED)]),
            node("rect", width="100%", height="100%", fill="#ffffff"),
            node("g", content, transform=f"translate({MARGIN} 0)", color=svg.INK),
        ],
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {width + 2 * MARGIN} {height}",
        width=width + 2 * MARGIN,
        height=height,
        font_family=svg.FONT,
    )
    return svg.write(made) + "\n"


def _legend(classes: Sequence[scales.Class], width: float, y: int) -> tuple[list[Element], int]:
    """The legend from *y* on, and where it ends."""
    made: list[Element] = []
    x = 0.0
    for each in classes:
        text = f"{each.label} ({each.count})"
        long = 22 + svg.width_of(text) + 18
        if x and x + long > width:
            x, y = 0.0, y + LINE + 4
        box = node(
            "rect", x=x, y=y, width=14, height=14, fill=fill_of(each, HATCHED), stroke="#6f7882"
        )
        made += [box, label(x + 20, y + 12, text)]
        x += long
    return made, y + LINE + 4 if classes else y
