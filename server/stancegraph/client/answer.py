"""An answer as typed columns: what a data frame is made of, whoever answered."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, time
from decimal import Decimal
from numbers import Integral, Real
from typing import TYPE_CHECKING, Any, TypeGuard

from stancegraph.catalog import python_call
from stancegraph.errors import BadParameter
from stancegraph.terms import XSD

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence, Set

    from stancegraph.export.declared import Kind

_INTEGERS = frozenset(
    XSD[name].value
    for name in (
        "integer", "long", "int", "short", "byte", "nonNegativeInteger", "positiveInteger",
        "nonPositiveInteger", "negativeInteger", "unsignedLong", "unsignedInt", "unsignedShort",
        "unsignedByte",
    )
)  # fmt: skip
_NUMBERS = _INTEGERS | {each.value for each in (XSD.decimal, XSD.double, XSD.float)}
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_BOUND = re.compile(r"(?:^e|E)arliest$|(?:^l|L)atest$")  # of a column that bounds a day
_MOST = 2**63  # what a column of integers cannot hold


@dataclass(frozen=True, slots=True)
class Column:
    """A column of an answer.

    Attributes:
        kind: ``integer``, ``number``, ``truth``, ``day`` or ``text``, as all its values are.
        values: Of Python's types, a day as ``2024-12-31``; None where a row has no value.
    """

    name: str
    kind: Kind
    values: Sequence[Any]


@dataclass(frozen=True, slots=True)
class Reading:
    """What an answer holds.

    Attributes:
        columns: In the query's order; none of an ASK.
        coverage: How complete the lists are on which the rows rest, a sentence each.
        truth: What an ASK found; None of a SELECT.
        cut: The rows that were wanted, where there are more; else None.
    """

    columns: tuple[Column, ...]
    coverage: tuple[str, ...] = ()
    truth: bool | None = None
    cut: int | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked.

    Attributes:
        query: The name of the saved query; empty for a query of one's own.
        text: That of a query of one's own; else empty.
        values: What each parameter was given, as texts.
    """

    query: str = ""
    text: str = ""
    values: Mapping[str, Sequence[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Listed:
    """A saved query, as the list of them tells of it.

    Attributes:
        needed, others: Its parameters, those first that must be given.
        example: What each parameter is in its own example, of a list all values.
    """

    name: str
    summary: str
    needed: Sequence[str]
    others: Sequence[str]
    columns: Sequence[str]
    example: Mapping[str, str | Sequence[str]]

    @property
    def call(self) -> str:
        """Its example in Python."""
        return python_call(self.name, self.example)


def read(content: bytes) -> Reading:
    """What an answer in SPARQL 1.1 Query Results JSON holds.

    Raises:
        ValueError: it is none, or not whole.
    """
    try:
        told = json.loads(content)
        coverage = tuple(map(str, told.get("coverage", ())))
        if "boolean" in told:
            return Reading((), coverage, truth=bool(told["boolean"]))
        names, rows = told["head"]["vars"], told["results"]["bindings"]
        found = tuple(_column(name, [row.get(name) for row in rows]) for name in names)
        return Reading(found, coverage)
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"{type(error).__name__}: {error}") from error


def _column(name: str, terms: Sequence[Mapping[str, str] | None]) -> Column:
    """The column of these terms, as SPARQL JSON has them; None where a row has none."""
    texts = [None if term is None else str(term["value"]) for term in terms]
    types = {_type(term) for term in terms if term is not None}
    kind = _kind(types, name, [text for text in texts if text is not None])
    read = _READERS.get(kind, str)
    return Column(name, kind, [None if text is None else read(text) for text in texts])


def _type(term: Mapping[str, str]) -> str:
    """The datatype of a literal; empty for text and for what is no literal."""
    return term.get("datatype", "") if term["type"] == "literal" else ""


def _kind(types: Set[str], name: str, texts: Sequence[str]) -> Kind:
    """What values of these *types* are, as far as a column can hold it."""
    if not types:
        return "day" if _BOUND.search(name) else "text"
    if types <= _INTEGERS and all(-_MOST <= int(text) < _MOST for text in texts):
        return "integer"
    if types <= _NUMBERS and not types <= _INTEGERS:
        return "number"
    if types == {XSD.boolean.value}:
        return "truth"
    if types == {XSD.date.value} and all(map(_DAY.fullmatch, texts)):
        return "day"
    return "text"


_READERS: dict[Kind, Callable[[str], Any]] = {
    "integer": int,
    "number": lambda text: float(text.replace("INF", "inf")),
    "truth": lambda text: text in {"true", "1"},
}


def texts_of(parameters: Mapping[str, object]) -> dict[str, list[str]]:
    """What a caller gives for each parameter, as texts; what is None is left out.

    A truth value, a number, a day and a text are one value; any other iterable is a list.

    Raises:
        BadParameter: a value is of no such type.
    """
    return {
        name: [_one(name, each) for each in (value if _is_list(value) else [value])]
        for name, value in parameters.items()
        if value is not None
    }


def _is_list(value: object) -> TypeGuard[Iterable[object]]:
    return isinstance(value, Iterable) and not isinstance(value, str | bytes)


def _one(name: str, value: object) -> str:
    match value:
        case str():
            return value
        case bool():
            return "true" if value else "false"
        case Integral():
            return str(int(value))
        case Real() | Decimal():
            return f"{Decimal(str(value)):f}"
        case datetime() if value.time() == time():  # as pandas has days
            return value.date().isoformat()
        case date() if not isinstance(value, datetime):
            return value.isoformat()
    raise BadParameter(name, f"{value!r} is neither text, a number, a truth value nor a day")
