"""What took place when: a line for each label, a mark on it for each row."""

from __future__ import annotations

import re
from datetime import date
from typing import TYPE_CHECKING

from stancegraph.web.pictures.parts import Drawing, ground_of
from stancegraph.web.pictures.svg import label, linked, node, shortened, width_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from xml.etree.ElementTree import Element

    from stancegraph.web.pictures.parts import Part, Row

WIDTH, STEP = 960, 24
NAMES = 340  # pixels at most for labels
MOST = 60  # lines
FILL = "#3b73b9"
_DATE = re.compile(r"(-?\d{4,})(?:-(\d{2})(?:-(\d{2}))?)?")


def timeline(rows: Sequence[Row]) -> Drawing | None:
    """The times of *rows*, which are dates as precise as they are known; None without any.

    A row with two dates has a bar from one to the other, and one with a single date a dot.
    """
    spans = [(row, *span) for row in rows if (span := _span(row)) is not None]
    if not spans:
        return None
    lines = list(dict.fromkeys(row["label"].text for row, _, _ in spans))
    shown = {text: place for place, text in enumerate(lines[:MOST])}
    kept = [span for span in spans if span[0]["label"].text in shown]
    begin = min(start for _, start, _ in kept)
    end = max(stop for _, _, stop in kept)
    first, last = int(begin), int(end) + 1
    names = min(max(map(width_of, shown)) + 12, NAMES)
    unit = (WIDTH - names - 24) / (last - first)

    def x(year: float) -> float:
        return names + (year - first) * unit

    height = len(shown) * STEP + 26
    content = _grid(first, last, x(first), unit, height)
    hrefs = {row["label"].text: row["label"].href for row, _, _ in kept}
    for text, place in shown.items():
        written = label(
            names - 10, place * STEP + 16, shortened(text, names - 12), text_anchor="end"
        )
        content.append(linked([written], text, hrefs[text]))
    for row, start, stop in kept:
        middle = shown[row["label"].text] * STEP + STEP / 2
        told = f"{row['label'].text}: {_told(row)}"
        content.append(linked([_mark(x(start), x(stop), middle)], told, ground_of(row)))
    notes = []
    if more := len(lines) - len(shown):
        notes.append(f"The first {len(shown)} of {len(lines)} lines: {more} more are in the table.")
    if without := len(rows) - len(spans):
        notes.append(f"{without} rows have no date and no mark.")
    return Drawing(content, WIDTH, height, notes=notes)


def _span(row: Row) -> tuple[float, float] | None:
    """The time of a row in years; None where it has no date to begin with."""
    start = _year(row["start"])
    if start is None:
        return None
    stop = _year(row["end"], late=True) if row.get("end") and row["end"].text else None
    return start, max(start, stop) if stop is not None else start


def _year(part: Part, *, late: bool = False) -> float | None:
    """A date as a year with its fraction: the first day that it may mean, or the *late* st."""
    found = _DATE.match(part.text)
    if found is None:
        return None
    year, month, day = found[1], found[2], found[3]
    month_meant = int(month) if month else (12 if late else 1)
    day_meant = int(day) if day else (28 if late else 1)
    try:
        meant = date(int(year), month_meant, day_meant)
    except ValueError:
        return None
    return meant.year + (meant.timetuple().tm_yday - 1) / 366


def _told(row: Row) -> str:
    start, end = row["start"].text, row["end"].text if "end" in row else ""
    return start if end in {"", start} else f"{start} to {end}"


def _mark(begin: float, end: float, middle: float) -> Element:
    if end - begin < 4:  # noqa: PLR2004 (pixels: less is no bar)
        return node("circle", cx=(begin + end) / 2, cy=middle, r=5, fill=FILL, fill_opacity=0.85)
    return node(
        "rect", x=begin, y=middle - 5, width=end - begin, height=10, rx=5, fill=FILL,
        fill_opacity=0.85,
    )  # fmt: skip


def _grid(first: int, last: int, begin: float, unit: float, height: int) -> list[Element]:
    """The years, as many as there is room for."""
    steps = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)
    step = next((each for each in steps if each * unit >= 56), steps[-1])  # noqa: PLR2004 (pixels)
    grid = []
    for year in range(-(-first // step) * step, last + 1, step):
        at = begin + (year - first) * unit
        grid.append(
            node("path", d=f"M{at:.1f},0V{height - 22}", stroke="currentColor", opacity=0.15)
        )
        grid.append(label(at, height - 6, str(year), size=11, text_anchor="middle"))
    return grid
