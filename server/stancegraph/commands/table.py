"""Text tables that fit the window they are shown in."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

NARROWEST = 12  # places that a column is never cut below, unless its cells are narrower
GAP = "  "


def table_lines(rows: Sequence[Sequence[str]], width: int | None) -> list[str]:
    """*rows*, the headings first, in columns as wide as their widest cell.

    Args:
        width: Places that a line may have; the widest columns are cut until all lines fit.
            Where even the narrowest would not, each row becomes a paragraph with a line a
            cell. None for no bound.
    """
    widths = [max(map(_places, column)) for column in zip(*rows, strict=True)]
    if width is not None:
        while sum(widths) + len(GAP) * (len(widths) - 1) > width:
            widest = widths.index(max(widths))
            if widths[widest] <= NARROWEST:
                if len(rows) == 1:
                    break
                return _paragraphs(rows, width)
            widths[widest] -= 1
    return [
        GAP.join(_fitted(cell, size) for cell, size in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]


def _paragraphs(rows: Sequence[Sequence[str]], width: int) -> list[str]:
    """Each row as lines ``heading  cell``, a blank line between rows, empty cells left out."""
    headings, *rest = rows
    margin = max(map(_places, headings))
    room = max(width - margin - len(GAP), NARROWEST)
    lines: list[str] = []
    for row in rest:
        lines += [""] if lines else []
        lines += [
            f"{_fitted(heading, margin)}{GAP}{_fitted(cell, room)}".rstrip()
            for heading, cell in zip(headings, row, strict=True)
            if cell
        ]
    return lines


def _fitted(cell: str, size: int) -> str:
    """*cell* in exactly *size* places, cut or filled up."""
    if _places(cell) > size:
        while _places(cell) > size - 1:
            cell = cell[:-1]
        cell += "…"
    return cell + " " * (size - _places(cell))


def _places(text: str) -> int:
    """How many places *text* takes on a terminal: wide letters two, accents on letters none."""
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.combining(letter) else 2 if _is_wide(letter) else 1 for letter in text
    )


def _is_wide(letter: str) -> bool:
    return unicodedata.east_asian_width(letter) in {"F", "W"}
