"""The codebook of tables: what each column holds, with counts, made of what the sheets hold."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pyarrow.compute as pc

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from stancegraph.export.declared import Kind, Missing
    from stancegraph.export.frame import Sheet, Variable

TYPES: Mapping[Kind, str] = {
    "thing": "IRI",
    "code": "code",
    "text": "text",
    "integer": "whole number",
    "number": "number",
    "day": "day (year-month-day)",
    "truth": "true or false",
}
HEADINGS = (
    "column", "label", "type", "key", "meaning", "terms", "codes", "values", "distinct",
    "least", "greatest", "missing",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class CodeEntry:
    """A code that a column may hold, and in how many rows it does."""

    notation: str
    number: int
    label: str
    definition: str
    iri: str
    count: int


@dataclass(frozen=True, slots=True)
class ColumnEntry:
    """A column of a table.

    Attributes:
        values: How many rows have a value.
        distinct: How many values differ.
        least, greatest: Of numbers and days; empty for others.
        missing: How many rows have none, by the reason; reasons that could be, but are of no
            row, with 0.
    """

    name: str
    label: str
    kind: Kind
    note: str
    terms: tuple[str, ...]
    scheme: str
    codes: tuple[CodeEntry, ...]
    is_key: bool
    values: int
    distinct: int
    least: str
    greatest: str
    missing: Mapping[Missing, int]


@dataclass(frozen=True, slots=True)
class TableEntry:
    """A table of the codebook.

    Attributes:
        coverage: How complete the lists are on which it rests, a sentence each.
        asked: To what it was narrowed.
    """

    name: str
    title: str
    note: str
    unit: str
    claims: tuple[str, ...]
    query: str
    rows: int
    asked: Mapping[str, Sequence[str]]
    coverage: tuple[str, ...]
    columns: tuple[ColumnEntry, ...]


def entry(sheet: Sheet) -> TableEntry:
    """What the codebook says of *sheet*."""
    return TableEntry(
        name=sheet.name,
        title=sheet.title,
        note=sheet.note,
        unit=sheet.unit,
        claims=sheet.claims,
        query=sheet.query,
        rows=len(sheet),
        asked=sheet.asked,
        coverage=sheet.coverage,
        columns=tuple(_column(each) for each in sheet.variables),
    )


def _column(variable: Variable) -> ColumnEntry:
    values = variable.values
    counts = {
        each["values"]: each["counts"]
        for each in (pc.value_counts(values).to_pylist() if variable.kind == "code" else ())
    }
    found = {
        each["values"]: each["counts"]
        for each in pc.value_counts(pc.cast(variable.reasons, "string")).to_pylist()
    }
    least, greatest = _bounds(variable)
    return ColumnEntry(
        name=variable.name,
        label=variable.label,
        kind=variable.kind,
        note=variable.note,
        terms=variable.terms,
        scheme=variable.scheme,
        codes=tuple(
            CodeEntry(c.notation, c.number, c.label, c.definition, c.iri, counts.get(c.notation, 0))
            for c in variable.codes
        ),
        is_key=variable.is_key,
        values=len(values) - values.null_count,
        distinct=pc.count_distinct(values, mode="only_valid").as_py(),
        least=least,
        greatest=greatest,
        missing={reason: found.get(reason, 0) for reason in variable.blank},
    )


def _bounds(variable: Variable) -> tuple[str, str]:
    if variable.kind not in {"integer", "number", "day"}:
        return "", ""
    found = pc.min_max(variable.values).as_py()
    return _text(found["min"]), _text(found["max"])


def _text(value: Any) -> str:
    return "" if value is None else str(value)


def rows_of(table: TableEntry) -> list[list[object]]:
    """The columns of *table*, a row each, under `HEADINGS`."""
    listed: list[list[object]] = [list(HEADINGS)]
    listed += [
        [
            column.name,
            column.label,
            TYPES[column.kind],
            "yes" if column.is_key else "",
            column.note,
            " ".join(column.terms),
            "; ".join(f"{c.notation} ({c.number}) = {c.label}: {c.count}" for c in column.codes),
            column.values,
            column.distinct,
            column.least,
            column.greatest,
            "; ".join(f"{reason}: {count}" for reason, count in column.missing.items() if count),
        ]
        for column in table.columns
    ]
    return listed
