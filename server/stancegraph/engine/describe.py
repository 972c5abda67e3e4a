"""DESCRIBE: the things that a query names or finds, each with its description.

SPARQL leaves to the engine what a description holds. Here the query becomes a SELECT of the
things, and each of them is then described as :mod:`stancegraph.description` says.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import islice
from typing import TYPE_CHECKING, TypeAlias, cast

import pyoxigraph as ox

from stancegraph import sparql
from stancegraph.description import description_query, in_reading_order
from stancegraph.errors import QuerySyntaxError
from stancegraph.sparql import Kind, Token

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from stancegraph.engine import Ask

    Result: TypeAlias = ox.QuerySolutions | ox.QueryBoolean | ox.QueryTriples

_TARGETS = (Kind.IRI, Kind.NAME, Kind.VARIABLE)


@dataclass(frozen=True, slots=True)
class DescribeQuery:
    """A DESCRIBE query, taken apart into SELECT queries.

    Attributes:
        named: Selects, in one row, the IRIs that the query names: first those to describe,
            then those of FROM, then those of FROM NAMED; None where it names none.
        described, default, named_graphs: How many of these there are of each.
        found: Selects what its pattern finds; None where it asks for no variable.
    """

    named: str | None
    described: int
    default: int
    named_graphs: int
    found: str | None


def take_apart(query: str) -> DescribeQuery:
    """Read *query*, a DESCRIBE that an engine has found to be SPARQL.

    Raises:
        QuerySyntaxError: its words run together.
    """
    tokens = sparql.tokens(query)
    start = next((n for n, token in enumerate(tokens) if token.is_word("DESCRIBE")), None)
    if start is None:
        raise QuerySyntaxError("DESCRIBE is a word of its own: write a space after it")
    prologue = query[: tokens[start].start]
    asked = _while(tokens, start + 1, lambda token: token.kind in _TARGETS or token.text == "*")
    dataset = _while(tokens, start + 1 + len(asked), is_dataset)
    behind = tokens[start + 1 + len(asked) + len(dataset) :]

    variables = [token.text for token in asked if token.text == "*" or token.text[0] in "?$"]
    things = [token.text for token in asked if token.text not in variables]
    default, named_graphs = _graphs(dataset)
    iris = [*things, *default, *named_graphs]
    constants = " ".join(f"({iri} AS ?named{number})" for number, iri in enumerate(iris))
    found = None
    if variables:
        end = behind[0].start if behind else len(query)
        clauses = query[dataset[0].start : end] if dataset else ""
        pattern = "" if behind and _opens_pattern(behind[0]) else "WHERE {} "
        found = f"{prologue}SELECT {' '.join(variables)} {clauses}{pattern}{query[end:]}"
    return DescribeQuery(
        named=f"{prologue}SELECT {constants} WHERE {{}}" if iris else None,
        described=len(things),
        default=len(default),
        named_graphs=len(named_graphs),
        found=found,
    )


def describe(
    ask: Ask,
    evaluate: Callable[[Ask], Result],
    description: Callable[[ox.NamedNode], set[ox.Triple]] | None,
) -> Iterator[ox.Triple]:
    """The triples that answer *ask*, each once, thing after thing.

    Args:
        ask: A DESCRIBE query that *evaluate* can read.
        evaluate: Asks a query, by the rule for datasets.
        description: What all graphs together say of a thing, where that is known otherwise
            than by a query.

    Raises:
        QuerySyntaxError: as :func:`take_apart`; otherwise whatever *evaluate* raises.
    """
    parts = take_apart(ask.query)
    named: list[ox.NamedNode] = []
    if parts.named is not None:
        outside = replace(ask, query=parts.named, default_graphs=(), named_graphs=())
        named = [term for term in _terms(evaluate(outside)) if isinstance(term, ox.NamedNode)]
    rest = iter(named)
    things = list(islice(rest, parts.described))
    if not ask.default_graphs and not ask.named_graphs:
        ask = replace(
            ask,
            default_graphs=tuple(iri.value for iri in islice(rest, parts.default)),
            named_graphs=tuple(iri.value for iri in rest),
        )

    def asked(thing: ox.NamedNode) -> set[ox.Triple]:
        return set(cast("ox.QueryTriples", evaluate(replace(ask, query=description_query(thing)))))

    explicit = ask.default_graphs or ask.named_graphs
    described = asked if explicit or description is None else description
    return _described(_all_things(ask, things, parts.found, evaluate), described)


def _described(
    things: Iterable[object], described: Callable[[ox.NamedNode], set[ox.Triple]]
) -> Iterator[ox.Triple]:
    done: set[ox.NamedNode] = set()
    given: set[ox.Triple] = set()
    for term in things:
        if isinstance(term, ox.NamedNode) and term not in done:
            done.add(term)
            new = described(term) - given
            given |= new
            yield from in_reading_order(term, new)


def _all_things(
    ask: Ask, things: list[ox.NamedNode], found: str | None, evaluate: Callable[[Ask], Result]
) -> Iterator[object]:
    yield from things
    if found is not None:
        try:
            result = evaluate(replace(ask, query=found))
        except SyntaxError as error:
            # The one thing that passes in DESCRIBE and not in SELECT.
            message = "only variables that GROUP BY names can be described"
            raise QuerySyntaxError(message) from error
        yield from _terms(result)


def _terms(result: Result) -> Iterator[object]:
    """Every term of every solution, in order."""
    for solution in cast("ox.QuerySolutions", result):
        yield from solution


def _while(tokens: list[Token], start: int, holds: Callable[[Token], bool]) -> list[Token]:
    found = []
    for token in tokens[start:]:
        if not holds(token):
            break
        found.append(token)
    return found


def is_dataset(token: Token) -> bool:
    """Whether it may be part of FROM clauses, where these stand."""
    return token.kind in {Kind.IRI, Kind.NAME} or (
        token.kind is Kind.WORD and token.text.upper() in {"FROM", "NAMED", "FROMNAMED"}
    )


def _opens_pattern(token: Token) -> bool:
    return token.text == "{" or token.is_word("WHERE")


def _graphs(clauses: list[Token]) -> tuple[list[str], list[str]]:
    """The IRIs of FROM, and those of FROM NAMED, as written."""
    default: list[str] = []
    named: list[str] = []
    target = default
    for token in clauses:
        if token.kind is not Kind.WORD:
            target.append(token.text)
        else:
            target = named if token.text.upper().endswith("NAMED") else default
    return default, named
