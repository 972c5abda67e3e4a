"""The catalogue of saved queries, and what a caller means by a parameter."""

from __future__ import annotations

import datetime
import difflib
import re
from typing import TYPE_CHECKING

import pyoxigraph as ox

from stancegraph import names as naming
from stancegraph.errors import BadParameter, BadQueryFile, UnknownQuery
from stancegraph.queryfile import not_declared, read_queries
from stancegraph.terms import XSD

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from stancegraph.names import Names
    from stancegraph.queryfile import Parameter, ParameterType, SavedQuery
    from stancegraph.sparql import Term


class Catalog:
    """The saved queries of a graph folder or release, in the order of their names.

    Attributes:
        names: What things are called, for reading parameters; empty without a release.
    """

    def __init__(self, queries: Sequence[SavedQuery], names: Names) -> None:
        self._queries = {query.name: query for query in sorted(queries, key=lambda q: q.name)}
        self.names = names

    @classmethod
    def load(cls, root: Path) -> Catalog:
        """Read ``queries/`` under *root*, and the names of things where a build wrote them.

        Raises:
            BadQueryFile: a file cannot be used; the first problem of the first such file.
        """
        queries, problems = read_queries(root)
        for problem in problems:
            raise BadQueryFile(problem.path, problem.line or 1, problem.message)
        stored = root / naming.FILE
        names = naming.Names.load(stored) if stored.is_file() else naming.Names("", {})
        return cls(queries, names)

    def query(self, name: str) -> SavedQuery:
        """The query *name*.

        Raises:
            UnknownQuery: there is none; the error names those that are written alike.
        """
        if name not in self._queries:
            raise UnknownQuery(name, difflib.get_close_matches(name, self._queries, cutoff=0.5))
        return self._queries[name]

    def __iter__(self) -> Iterator[SavedQuery]:
        return iter(self._queries.values())

    def __len__(self) -> int:
        return len(self._queries)


def read_terms(query: SavedQuery, values: Mapping[str, str], names: Names) -> dict[str, Term]:
    """The terms that a caller's *values* mean, keyed by parameter name.

    An IRI may be given whole, by its key (``CAN``), with its kind (``state/CAN``), or by any
    name that *names* knows; a date as ``2024-12-31``.

    Raises:
        BadParameter: a value is missing, undeclared, or means nothing; the error says what
            would be right.
    """
    for name in values:
        if name not in query.params:
            raise BadParameter(name, not_declared(name, query.params))
    terms = {}
    for name, parameter in query.params.items():
        if name not in values:
            what = f": {parameter.description}" if parameter.description else ""
            raise BadParameter(
                name, f"is missing{what}; for example {typed_example(parameter, names)}"
            )
        terms[name] = _READERS[parameter.type](parameter, values[name].strip(), names)
        if parameter.choices and terms[name].value not in parameter.choices:
            allowed = ", ".join(parameter.choices)
            raise BadParameter(name, f"{values[name]!r} is none of {allowed}")
    return terms


def _read_iri(parameter: Parameter, text: str, names: Names) -> Term:
    bare = text[1:-1] if text.startswith("<") and text.endswith(">") else text
    if re.match(r"[A-Za-z][A-Za-z0-9+.-]*:\S+$", bare):
        try:
            return ox.NamedNode(bare)
        except ValueError as error:
            raise BadParameter(parameter.name, f"{text!r} is no IRI: {error}") from error
    kinds: Sequence[str] = parameter.kinds
    kind = next((kind for kind in kinds if bare.startswith(f"{kind}/")), None)
    if kind is not None:
        bare, kinds = bare.removeprefix(f"{kind}/"), (kind,)
        if names.base and not names.knows(kind):
            return _named(parameter, names.iri(f"{kind}/{bare}"))
    found = names.find(bare, kinds)
    if len(found) == 1:
        return _named(parameter, names.iri(found[0]))
    if found:
        problem = f"{text!r} may mean {' or '.join(found)}: write one of these"
    elif near := names.near(bare, kinds):
        problem = f"no {_any(kinds)} is called {bare!r}; did you mean {' or '.join(near)}?"
    else:
        example = typed_example(parameter, names)
        problem = f"no {_any(kinds)} is called {bare!r}; give a key, a name or an IRI, as {example}"
    raise BadParameter(parameter.name, problem)


def _any(kinds: Sequence[str]) -> str:
    """What to call things of any of these kinds: ``state, area or organisation``."""
    *more, last = [kind.replace("-", " ") for kind in kinds] or ["thing"]
    return f"{', '.join(more)} or {last}" if more else last


def _named(parameter: Parameter, iri: str) -> ox.NamedNode:
    try:
        return ox.NamedNode(iri)
    except ValueError as error:
        raise BadParameter(parameter.name, f"{iri!r} is no IRI: {error}") from error


def _read_date(parameter: Parameter, text: str, names: Names) -> Term:
    try:
        if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
            raise ValueError  # noqa: TRY301 - other ISO forms are no xsd:date
        datetime.date.fromisoformat(text)
    except ValueError:
        problem = f"{text!r} is no day; write year-month-day, as {typed_example(parameter, names)}"
        raise BadParameter(parameter.name, problem) from None
    return ox.Literal(text, datatype=XSD.date)


def _read_integer(parameter: Parameter, text: str, _names: Names) -> Term:
    if not re.fullmatch(r"[+-]?[0-9]{1,18}", text):
        raise BadParameter(parameter.name, f"{text!r} is no whole number of up to 18 digits")
    return ox.Literal(str(int(text)), datatype=XSD.integer)


def _read_string(_parameter: Parameter, text: str, _names: Names) -> Term:
    return ox.Literal(text)


_READERS: dict[ParameterType, Callable[[Parameter, str, Names], Term]] = {
    "iri": _read_iri,
    "xsd:date": _read_date,
    "xsd:integer": _read_integer,
    "xsd:string": _read_string,
}


def typed_example(parameter: Parameter, names: Names) -> str:
    """The example of *parameter* as a caller may type it: ``country=CAN``."""
    text = parameter.example.value
    key = names.key(text) if isinstance(parameter.example, ox.NamedNode) and names.base else None
    if key is not None:
        kind = next((kind for kind in parameter.kinds if key.startswith(f"{kind}/")), None)
        if kind is not None:
            text = key.removeprefix(f"{kind}/") if names.knows(kind) else key
    return f"{parameter.name}={text}"
