"""Rows of a result as a table to read: things as links by their names."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, TypeAlias

import pyoxigraph as ox

from stancegraph.terms import PROV, SG, XSD
from stancegraph.texts import between_text, date_text
from stancegraph.web import links

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Mapping, Sequence

    from stancegraph.engine import Term
    from stancegraph.names import Names
    from stancegraph.web.site import Site

# What the column with the name of a thing is called after the column with the thing.
NAME_SUFFIXES = ("Label", "Title")
# What the column with that on which a value rests is called after the column with the value.
BASIS = "Basis"
# What two columns that bound a day are called after what happened on it.
BOUNDS = ("earliest", "latest")
_KINDS = {
    **dict.fromkeys((XSD.integer, XSD.decimal, XSD.double, XSD.float), "number"),
    **dict.fromkeys((XSD.date, XSD.gYearMonth, XSD.gYear), "date"),
}
Grounds: TypeAlias = Literal["claim", "derived", "evidence", "list", ""]


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the table.

    Attributes:
        name: The variable of the query.
        named_by: The variable that has the names of its things, which has no column then.
        until: The variable with the latest of the days that it bounds, likewise.
        heading: What it is called on the page: ``since``.
        rests_on: The variable with the claim or derived statement that its values rest on,
            likewise; they lead there.
    """

    name: str
    named_by: str | None
    heading: str
    until: str | None = None
    rests_on: str | None = None


@dataclass(frozen=True, slots=True)
class Cell:
    """One value.

    Attributes:
        text: What is read; empty where there is no value.
        href: Where it leads; None for plain text.
        aside: The key of a thing that is shown by its name.
        language: Of the text, if that is known.
        kind: ``number`` or ``date`` where it is one; else empty.
        machine: A day in the form that programs read.
        grounds: What it leads to, where that is what the row rests on: a claim, a statement
            that a rule derived, a place in a source, or the list of claims that it counts.
        more: Others that the row rests on likewise.
        basis: What the value itself rests on.
        iri: Of a thing.
    """

    text: str = ""
    href: str | None = None
    aside: str = ""
    language: str | None = None
    kind: str = ""
    machine: str = ""
    grounds: Grounds = ""
    more: tuple[Cell, ...] = ()
    basis: Cell | None = None
    iri: str = ""


def columns_of(variables: Sequence[str]) -> list[Column]:
    """The columns for *variables*: that of a thing takes in the one with its names.

    Likewise ``sinceEarliest`` takes in ``sinceLatest``: together they bound one day; and
    ``since``, or these two, take in ``sinceBasis``.
    """
    names = {
        variable: f"{variable}{suffix}"
        for variable in variables
        for suffix in NAME_SUFFIXES
        if f"{variable}{suffix}" in variables
    }
    bounds = {first: last for first in variables if (last := _latest(first)) and last in variables}
    bases = {
        variable: basis
        for variable in variables
        if (basis := f"{_stem(variable) if variable in bounds else variable}{BASIS}") in variables
    }
    taken_in = {*names.values(), *bounds.values(), *bases.values()}
    return [
        Column(
            variable,
            names.get(variable),
            _heading(variable, bounds),
            bounds.get(variable),
            bases.get(variable),
        )
        for variable in variables
        if variable not in taken_in
    ]


def _latest(variable: str) -> str:
    """The counterpart of ``earliest`` and ``sinceEarliest``; empty for any other variable."""
    first, last = BOUNDS
    if variable == first:
        return last
    stem = _stem(variable)
    return stem + last.capitalize() if stem != variable else ""


def _stem(variable: str) -> str:
    """What the day is called that ``sinceEarliest`` bounds: ``since``."""
    return variable.removesuffix(BOUNDS[0].capitalize())


def _heading(variable: str, bounds: Container[str]) -> str:
    if variable in bounds:
        return spaced(variable[: -len(BOUNDS[0])]).strip() or "date"
    for suffix in NAME_SUFFIXES:
        if (stem := variable.removesuffix(suffix)) and stem != variable:
            return spaced(stem)
    return spaced(variable)


def cells(site: Site, columns: Sequence[Column], row: Mapping[str, Term]) -> list[Cell]:
    """A row of a result, a cell for each of *columns*."""
    found = []
    for column in columns:
        if column.until is not None:
            made = _between(row.get(column.name), row.get(column.until))
        else:
            named = row.get(column.named_by) if column.named_by else None
            made = cell(site, row.get(column.name), named)
        if column.rests_on is not None and (basis := row.get(column.rests_on)) is not None:
            made = replace(made, basis=cell(site, basis, None))
        found.append(made)
    return found


def merged(rows: Iterable[Sequence[Cell]]) -> list[tuple[Cell, ...]]:
    """*rows* with those as one that differ only in what they rest on; the first one's place."""
    found: dict[tuple[Cell | None, ...], list[Sequence[Cell]]] = {}
    for row in rows:
        said = tuple(None if cell.grounds else cell for cell in row)
        found.setdefault(said, []).append(row)
    return [
        tuple(_together(column) for column in zip(*alike, strict=True)) for alike in found.values()
    ]


def _together(cells: Sequence[Cell]) -> Cell:
    first, *others = dict.fromkeys(cells)
    return replace(first, more=tuple(others)) if others else first


def filled(
    columns: Sequence[Column], rows: Sequence[Sequence[Cell]]
) -> tuple[list[Column], list[tuple[Cell, ...]]]:
    """The columns that have a value in some row, and the rows without the others."""
    kept = [number for number in range(len(columns)) if any(row[number].text for row in rows)]
    return [columns[n] for n in kept], [tuple(row[n] for n in kept) for row in rows]


def cell(site: Site, term: Term | None, name: Term | None) -> Cell:
    """How *term* is shown: a thing by *name*, if it is given, and else by its own."""
    if isinstance(term, ox.NamedNode):
        named = name.value if isinstance(name, ox.Literal) else links.label(site, term.value)
        key = links.shown(site, term.value)
        aside = key if named and named != key else ""
        href = links.address(site, term.value)
        resting = grounds(site.catalog.names, term.value)
        return Cell(named or key, href, aside, grounds=resting, iri=term.value)
    if isinstance(term, ox.Literal):
        kind = _KINDS.get(term.datatype, "")
        if kind == "date":
            return Cell(date_text(term.value), kind=kind, machine=term.value)
        return Cell(term.value, language=term.language, kind=kind)
    # A thing may be unknown though its name is not.
    return cell(site, name, None) if name is not None else Cell(str(term) if term else "")


def _between(first: Term | None, last: Term | None) -> Cell:
    """A day between two bounds."""
    bounds = [term.value if isinstance(term, ox.Literal) else "" for term in (first, last)]
    machine = bounds[0] if bounds[0] == bounds[1] else ""
    return Cell(between_text(*bounds), kind="date", machine=machine) if any(bounds) else Cell()


def grounds(names: Names, iri: str) -> Grounds:
    """What *iri* is, where it is what a statement may rest on; empty for any other thing.

    What no name is known of is told from the others of its kind.
    """
    key = names.key(iri)
    if key is None:
        return ""
    if key in names.by_key:
        return "claim" if key in names.sorts.classes.get(SG.Claim.value, ()) else ""
    classes = names.sorts.unnamed.get(key.partition("/")[0], ())
    if SG.Claim.value in classes:
        return "claim"
    if SG.Evidence.value in classes:
        return "evidence"
    return "derived" if PROV.Entity.value in classes else ""


def spaced(variable: str) -> str:
    """The name of a variable as words: ``since earliest``."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", variable).lower()
