"""A heat map: a cell for each row, in the colour of its value."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stancegraph.web.pictures.parts import Drawing, fill_of, ground_of
from stancegraph.web.pictures.scales import Scale, contrast
from stancegraph.web.pictures.svg import label, linked, node, shortened, width_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from xml.etree.ElementTree import Element

    from stancegraph.queryfile import View
    from stancegraph.web.pictures.parts import Part, Row

WIDTH = 960
NAMES, HEADS = 280, 190  # pixels at most for the names of rows and of columns
MOST = 60  # rows, and columns
TALL, WIDE = 24, 88  # of a cell at most
SLANT = 40  # degrees


def matrix(view: View, rows: Sequence[Row], hatched: str) -> Drawing | None:
    """The cells of *rows*, each with the way to what it rests on; None without any.

    Rows of one row and column share a cell, which leads where the first of them does.
    """
    cells: dict[tuple[str, str], dict[str, None]] = {}
    down: dict[str, Part] = {}
    across: dict[str, Part] = {}
    grounds: dict[tuple[str, str], str | None] = {}
    for row in rows:
        if row["value"].text and row["row"].text and row["column"].text:
            down.setdefault(row["row"].text, row["row"])
            across.setdefault(row["column"].text, row["column"])
            place = row["row"].text, row["column"].text
            cells.setdefault(place, {})[row["value"].text] = None
            grounds.setdefault(place, ground_of(row))
    if not cells:
        return None
    if across.keys() == down.keys():  # each with each is read along the diagonal
        across = {name: across[name] for name in down}
    texts = {at: ", ".join(values) for at, values in cells.items()}
    scale = Scale.of(list(texts.values()), view.order, view.unknown)
    ups = {name: place for place, name in enumerate(list(down)[:MOST])}
    sides = {name: place for place, name in enumerate(list(across)[:MOST])}
    names = min(max(map(width_of, ups)) + 10, NAMES)
    slanted = max(map(width_of, sides)) * 0.65 + 14  # the sine of the slant
    heads = min(slanted, HEADS)
    side = min(WIDE, (WIDTH - names - min(slanted, 100)) / len(sides))
    content = [_head(across[name], names + (at + 0.5) * side, heads) for name, at in sides.items()]
    for name, at in ups.items():
        written = label(
            names - 8, heads + at * TALL + 16, shortened(name, names - 8), text_anchor="end"
        )
        content.append(linked([written], name, down[name].href))
    for (name, head), text in texts.items():
        if name in ups and head in sides:
            made = scale.class_of(text)
            x, y = names + sides[head] * side, heads + ups[name] * TALL
            box = node(
                "rect", x=x + 0.5, y=y + 0.5, width=side - 1, height=TALL - 1,
                fill=fill_of(made, hatched),
            )  # fmt: skip
            inside = [box]
            if width_of(text, 11) < side - 4:
                inside.append(
                    node("text", x=x + side / 2, y=y + 16, font_size=11, text_anchor="middle",
                         fill=contrast(made.fill), text=text)
                )  # fmt: skip
            content.append(linked(inside, f"{name}, {head}: {text}", grounds[name, head]))
    notes = [
        f"The first {len(shown)} of {len(whole)} {what}: the others are in the table."
        for what, shown, whole in (("rows", ups, down), ("columns", sides, across))
        if len(whole) > len(shown)
    ]
    if len(texts) < len(ups) * len(sides):
        notes.append("An empty cell has no row.")
    return Drawing(content, WIDTH, int(heads + len(ups) * TALL + 4), scale.classes, notes)


def _head(part: Part, x: float, bottom: float) -> Element:
    """The name of a column, slanted so that long ones have room."""
    written = label(
        x, bottom - 6, shortened(part.text, HEADS / 0.65),
        transform=f"rotate(-{SLANT} {x:.1f} {bottom - 6:.1f})",
    )  # fmt: skip
    return linked([written], part.text, part.href)
