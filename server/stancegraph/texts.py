"""Literals as people write them: days in words, large numbers with commas."""

from __future__ import annotations

from calendar import monthrange
from datetime import date
from typing import TYPE_CHECKING

from stancegraph.terms import XSD

if TYPE_CHECKING:
    import pyoxigraph as ox

DATES = (XSD.date, XSD.gYearMonth, XSD.gYear)
_COMMAS_FROM = 10_000
_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September",
    "October", "November", "December",
)  # fmt: skip


def literal_text(value: ox.Literal) -> str:
    """A literal as people write it: ``8 July 2015``, ``18,596``."""
    if value.datatype in DATES:
        return date_text(value.value)
    if value.datatype == XSD.integer and abs(int(value.value)) >= _COMMAS_FROM:
        return f"{int(value.value):,}"
    return value.value


def date_text(lexical: str) -> str:
    """``2015-07-08``, ``2015-07`` or ``2015`` in words; anything else as it is."""
    parts = lexical.split("-")
    try:
        numbers = [int(part) for part in parts]
        day = date(*[*numbers, 1, 1][:3])
    except (TypeError, ValueError):
        return lexical
    month = _MONTHS[day.month - 1]
    return (lexical, f"{month} {day.year}", f"{day.day} {month} {day.year}")[len(parts) - 1]


def between_text(earliest: str, latest: str) -> str:
    """The days from *earliest* to *latest* in words; either may be empty for unknown.

    A whole month or year is called so.
    """
    if earliest == latest:
        return date_text(earliest)
    if not earliest:
        return f"by {date_text(latest)}"
    if not latest:
        return f"{date_text(earliest)} or later"
    for length, first, last in ((4, "-01-01", "-12-31"), (7, "-01", f"-{_last_day(latest)}")):
        if earliest[:length] == latest[:length] and (
            earliest[length:] == first and latest[length:] == last
        ):
            return date_text(earliest[:length])
    return f"between {date_text(earliest)} and {date_text(latest)}"


def _last_day(lexical: str) -> str:
    """The last day of the month in which a day is; empty for what is no day."""
    try:
        day = date.fromisoformat(lexical)
    except ValueError:
        return ""
    return str(monthrange(day.year, day.month)[1])
