"""Rows of a result as a table to read: things as links by their names."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyoxigraph as ox

from stancegraph.terms import XSD
from stancegraph.web import links

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from stancegraph.engine import Term
    from stancegraph.web.site import Site

# What the column with the name of a thing is called after the column with the thing.
NAME_SUFFIXES = ("Label", "Title")
_KINDS = {
    **dict.fromkeys((XSD.integer, XSD.decimal, XSD.double, XSD.float), "number"),
    **dict.fromkeys((XSD.date, XSD.gYearMonth, XSD.gYear), "date"),
}


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the table.

    Attributes:
        name: The variable of the query.
        named_by: The variable that has the names of its things, which has no column then.
        heading: What it is called on the page: ``since earliest``.
    """

    name: str
    named_by: str | None
    heading: str


@dataclass(frozen=True, slots=True)
class Cell:
    """One value.

    Attributes:
        text: What is read; empty where there is no value.
        href: Where it leads; None for plain text.
        aside: The key of a thing that is shown by its name.
        language: Of the text, if that is known.
        kind: ``number`` or ``date`` where it is one; else empty.
    """

    text: str = ""
    href: str | None = None
    aside: str = ""
    language: str | None = None
    kind: str = ""


def columns_of(variables: Sequence[str]) -> list[Column]:
    """The columns for *variables*: that of a thing takes in the one with its names."""
    names = {
        variable: f"{variable}{suffix}"
        for variable in variables
        for suffix in NAME_SUFFIXES
        if f"{variable}{suffix}" in variables
    }
    return [
        Column(variable, names.get(variable), spaced(variable))
        for variable in variables
        if variable not in names.values()
    ]


def cells(site: Site, columns: Sequence[Column], row: Mapping[str, Term]) -> list[Cell]:
    """A row of a result, a cell for each of *columns*."""
    return [
        cell(site, row.get(column.name), row.get(column.named_by) if column.named_by else None)
        for column in columns
    ]


def cell(site: Site, term: Term | None, name: Term | None) -> Cell:
    """How *term* is shown: a thing by *name*, if it is given, and else by its own."""
    if isinstance(term, ox.NamedNode):
        named = name.value if isinstance(name, ox.Literal) else links.label(site, term.value)
        key = links.shown(site, term.value)
        aside = key if named and named != key else ""
        return Cell(named or key, links.address(site, term.value), aside)
    if isinstance(term, ox.Literal):
        return Cell(term.value, language=term.language, kind=_KINDS.get(term.datatype, ""))
    # A thing may be unknown though its name is not.
    return cell(site, name, None) if name is not None else Cell(str(term) if term else "")


def spaced(variable: str) -> str:
    """The name of a variable as words: ``since earliest``."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", variable).lower()
