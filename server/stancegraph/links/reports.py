"""What a check found, as a table, a page, and statements for QuickStatements to be reviewed."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING

from jinja2 import Environment, PackageLoader

from stancegraph.links.check import DATES, HERE, THERE

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from stancegraph.links.check import Gap, Stale
    from stancegraph.links.registers import Register

COLUMNS = (
    "side", "property", "subject", "subjectLabel", "value", "valueLabel", "ours", "theirs",
    "claim", "source", "url",
)  # fmt: skip
STALE = "stale link"
_PRECISION = {4: ("{}-00-00", 9), 7: ("{}-00", 10), 10: ("{}", 11)}


@dataclass(frozen=True, slots=True)
class Report:
    """What a check found.

    Attributes:
        day: As of when the register was read.
        release: The release that was compared.
    """

    register: Register
    release: str
    day: str
    stale: Sequence[Stale]
    gaps: Sequence[Gap]


def as_table(report: Report) -> str:
    """The report as CSV: stale links first, then gaps."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for link in report.stale:
        said = f"{link.entry} {link.problem}"
        writer.writerow([STALE, "", link.entry, link.label, "", "", link.thing, said, "", "", ""])
    for gap in report.gaps:
        writer.writerow([
            gap.side, gap.property, gap.subject, gap.subject_label, gap.value, gap.value_label,
            told(gap.ours), told(gap.theirs), gap.claim, gap.source, gap.url,
        ])  # fmt: skip
    return text.getvalue()


def as_page(report: Report) -> str:
    """The report as one HTML page that needs no other file."""
    pages = Environment(
        loader=PackageLoader("stancegraph.links"), autoescape=True, trim_blocks=True,
        lstrip_blocks=True,
    )  # fmt: skip
    sides = {side: [g for g in report.gaps if g.side == side] for side in (HERE, THERE, DATES)}
    return pages.get_template("gaps.html").render(
        report=report, register=report.register, sides=sides, told=told
    )


def as_statements(report: Report) -> str:
    """Commands for QuickStatements, version 1, of what only the graph states.

    They are proposals: each has a reference (P854) with the day on which we read it (P813), and
    a person has to look at each before anything is done with them.
    """
    lines = []
    for gap in report.gaps:
        if not gap.proposable:
            continue
        line = [gap.subject, gap.property, gap.value]
        for name, date in gap.ours.items():
            line += [_QUALIFIERS[name], _date(date)]
        line += ["S854", f'"{gap.url}"']
        line += ["S813", _date(gap.retrieved)] if gap.retrieved else []
        lines.append("\t".join(line))
    return "".join(f"{line}\n" for line in lines)


_QUALIFIERS = {"start": "P580", "end": "P582", "date": "P585"}


def _date(text: str) -> str:
    """A date as QuickStatements writes it, with its precision: 9 a year, 10 a month, 11 a day."""
    form, precision = _PRECISION[len(text)]
    return f"+{form.format(text)}T00:00:00Z/{precision}"


def told(dates: Mapping[str, str]) -> str:
    """Dates in words: ``start 1999-04-30``; a date alone as it is."""
    return "; ".join(day if name == "date" else f"{name} {day}" for name, day in dates.items())
