"""A bar for each row, as long as its number."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stancegraph.web.pictures.parts import Drawing, ground_of
from stancegraph.web.pictures.scales import number
from stancegraph.web.pictures.svg import label, linked, node, shortened, width_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stancegraph.web.pictures.parts import Row

WIDTH, STEP, THICK = 960, 22, 14
NAMES = 300  # pixels at most for what the bars are called
MOST = 60  # bars
FILL = "#3b73b9"


def bars(rows: Sequence[Row]) -> Drawing | None:
    """The bars of *rows*, in their order; None if no row has a number."""
    counted = [(row, number(row["value"].text)) for row in rows]
    kept = [(row, value) for row, value in counted if value is not None]
    if not kept:
        return None
    shown = kept[:MOST]
    names = min(max(width_of(row["label"].text) for row, _ in shown) + 8, NAMES)
    low = min(0.0, *(value for _, value in shown), 0.0)
    high = max(0.0, *(value for _, value in shown), 0.0)
    room = WIDTH - names - 70
    unit = room / ((high - low) or 1)
    zero = names - low * unit
    content = []
    for place, (row, value) in enumerate(shown):
        top = place * STEP + (STEP - THICK) / 2
        long = abs(value) * unit
        begin = zero if value >= 0 else zero - long
        name, text = row["label"].text, row["value"].text
        content.append(
            linked(
                [
                    label(names - 8, top + 11, shortened(name, names - 8), text_anchor="end"),
                    node("rect", x=begin, y=top, width=max(long, 1.0), height=THICK, fill=FILL),
                    label(begin + long + 5, top + 11, text),
                ],
                f"{name}: {text}",
                row["label"].href or ground_of(row),
            )
        )
    axis = node("path", d=f"M{zero:.1f},0V{len(shown) * STEP}", stroke="currentColor")
    notes = []
    if more := len(kept) - len(shown):
        notes.append(f"The first {len(shown)} of {len(kept)} bars: {more} more are in the table.")
    if without := len(counted) - len(kept):
        notes.append(f"{without} rows have no number and no bar.")
    return Drawing([*content, axis], WIDTH, len(shown) * STEP, notes=notes)
