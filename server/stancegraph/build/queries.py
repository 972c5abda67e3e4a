"""What is wrong with saved queries and rules that only the graph or an answer can tell."""

from __future__ import annotations

import itertools
import re
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pyoxigraph as ox

from stancegraph import sparql
from stancegraph.build.checks import Near, own_and_shared
from stancegraph.catalog import default_terms
from stancegraph.engine import Ask, MediaType, rows
from stancegraph.engine.embedded import EmbeddedEngine, EngineOptions
from stancegraph.errors import BadParameter, EngineError, QuerySyntaxError, QueryTimeout
from stancegraph.problems import Problem, Severity
from stancegraph.queryfile import line_of
from stancegraph.sparql import Kind
from stancegraph.terms import short

if TYPE_CHECKING:
    from collections.abc import (
        Callable,
        Container,
        Generator,
        Iterable,
        Iterator,
        Mapping,
        Sequence,
    )

    from stancegraph.build.parse import ParsedGraph
    from stancegraph.engine import Engine, Term
    from stancegraph.names import Names
    from stancegraph.parameters import Terms
    from stancegraph.queryfile import SavedQuery
    from stancegraph.sparql import Token


def unknown_words(graph: ParsedGraph, wrong: Container[str | None]) -> Iterator[Problem]:
    """Words that queries and rules use in the namespaces that *graph* declares, but it does not.

    Of a file that is no SPARQL, as far as it can be read.

    Args:
        wrong: IRIs of things that a problem is told of. A query that seems to mean one of
            these may be right, for it may be the IRI of the thing that is not.
    """
    declared = {triple.subject for triple in graph.triples("ontology")}
    known = graph.described.keys() | graph.skipped
    things = own_and_shared(graph)
    near = Near(term.value for term in known if isinstance(term, ox.NamedNode))
    for path in (*graph.folder.query_files, *graph.folder.rule_files):
        found: list[Token] = []
        with suppress(QuerySyntaxError, OSError, UnicodeDecodeError):
            found = sparql.tokens(path.read_bytes().decode("utf-8"))
        seen = set()
        for token, iri in _names(found):
            node = ox.NamedNode(iri)
            if iri in seen:
                continue
            seen.add(iri)
            if iri.startswith(graph.words) and node not in declared | graph.skipped:
                message = f"the ontology does not declare {short(iri)}{near.hint(iri)[0]}"
            elif iri.startswith(things) and node not in known and not graph.lost:
                key = iri.partition("/id/")[2] or iri
                hint, meant = near.hint(iri)
                if meant is not None and meant in wrong:
                    continue
                message = f"nothing describes <{key}>{hint}"
            else:
                continue
            name = graph.folder.relative(path)
            yield Problem(name, token.line, Severity.VIOLATION, message, token.column)


def _names(found: Sequence[Token]) -> Iterator[tuple[Token, str]]:
    """The IRIs and prefixed names behind the prologue, each with the IRI that it stands for.

    What is the beginning of IRIs, not one itself, is left out.
    """
    prefixes = sparql.prefixes(found)
    for before, token in zip([None, *found], found, strict=False):
        declares = before is not None and before.kind is Kind.NAME and before.text.endswith(":")
        if token.kind is Kind.IRI and not declares:
            iri = token.text[1:-1]
        elif token.kind is Kind.NAME and not (before is not None and before.is_word("PREFIX")):
            prefix, _, local = token.text.partition(":")
            iri = prefixes.get(prefix, "") + re.sub(r"\\(.)", r"\1", local)
        else:
            continue
        if iri and not iri.endswith(("/", "#")):
            with suppress(ValueError):
                ox.NamedNode(iri)
                yield token, iri


def asked(
    queries: Sequence[SavedQuery],
    names: Names,
    quads: Iterable[ox.Quad],
    base: str,
    *,
    found: Callable[[SavedQuery, Sequence[Mapping[str, Term]]], object],
) -> Iterator[Problem]:
    """What is wrong with *queries* when they are asked, each with its own example.

    Warnings for those that are slower than their bound, or whose order is not that of every
    engine; violations for those that fail, and for defaults, classes and schemes that *names*
    does not know.

    Args:
        quads: The graph, stated and derived.
        found: Is told of each quality query and its rows; such a query is asked with the
            defaults of its parameters.
    """
    for query in queries:
        yield from _declarations(query, names)
    if not queries:
        return
    with tempfile.TemporaryDirectory(prefix="stancegraph-") as folder:
        path = Path(folder) / "graph.nq"
        ox.serialize(quads, str(path), format=ox.RdfFormat.N_QUADS)
        with EmbeddedEngine(path, "build", EngineOptions(workers=1)) as engine:
            for query in queries:
                text = query.bind(_defaults(query, names)) if query.flaw else query.text
                rows = yield from _answered(query, text, engine, base)
                if query.flaw is not None and rows is not None:
                    found(query, rows)


def _defaults(query: SavedQuery, names: Names) -> Terms:
    """What the parameters of *query* are by default; else of its example."""
    terms: dict[str, Sequence[ox.NamedNode | ox.Literal]] = {}
    for name, parameter in query.params.items():
        terms[name] = parameter.examples
        with suppress(BadParameter):
            terms[name] = default_terms(parameter, names) or parameter.examples
    return terms


def _declarations(query: SavedQuery, names: Names) -> Iterator[Problem]:
    """Declared parameters that no caller could use."""
    for name, parameter in query.params.items():
        wrong = [iri for iri in parameter.classes if iri not in names.sorts.classes]
        wrong = [
            iri for iri in wrong if not any(iri in found for found in names.sorts.unnamed.values())
        ]
        told = [f"nothing is of the class {short(iri)}" for iri in wrong]
        if parameter.scheme and parameter.scheme not in names.sorts.schemes:
            told.append(f"there is no code list {short(parameter.scheme)}")
        try:
            default_terms(parameter, names)
        except BadParameter as error:
            told.append(f"the default means nothing: {error.problems[name]}")
        for message in told:
            line = line_of(query, rf"^#\+.*\b{re.escape(name)}:")
            yield Problem(query.path, line, Severity.VIOLATION, f"parameter {name}: {message}")


def _answered(
    query: SavedQuery, text: str, engine: Engine, base: str
) -> Generator[Problem, None, list[dict[str, Term]] | None]:
    """What is wrong with the answer to *query*, asked as *text*, or with how long it takes.

    Returns:
        The rows; None where there is no answer.
    """
    start = time.perf_counter()
    try:
        found = _rows(query, Ask(text, MediaType.JSON, base=base, deadline=query.bound), engine)
    except QueryTimeout:
        yield _slow(query, f"more than {query.bound:g} s")
        return None
    except EngineError as error:
        yield Problem(query.path, 1, Severity.VIOLATION, f"cannot be asked: {error}")
        return None
    if (seconds := time.perf_counter() - start) > query.bound:
        yield _slow(query, f"{seconds:.1f} s")
    if (tie := _tie(query, found)) is not None:
        line = line_of(query, r"(?i)^[^#\n]*\bORDER\b(?![\s\S]*\bORDER\b)")
        message = (
            f"rows {tie} and {tie + 1} have the same place in the order, so that another engine "
            "may give them the other way round: add a column to ORDER BY"
        )
        yield Problem(query.path, line, Severity.WARNING, message)
    return found


def _rows(query: SavedQuery, ask: Ask, engine: Engine) -> list[dict[str, Term]]:
    """The rows of a SELECT; of another form none, though it is asked."""
    form = sparql.query_form(query.text)
    if form == "SELECT":
        return list(rows(engine, ask))
    media_type = MediaType.JSON if form == "ASK" else MediaType.N_TRIPLES
    for _ in engine.ask(Ask(ask.query, media_type, base=ask.base, deadline=ask.deadline)):
        pass
    return []


def _slow(query: SavedQuery, took: str) -> Problem:
    message = f"the query took {took}, more than its bound of {query.bound:g} s: make it quicker"
    line = line_of(query, r"^#\+ bound:")
    return Problem(query.path, line, Severity.WARNING, f"{message}, or raise the bound")


def _tie(query: SavedQuery, found: Sequence[Mapping[str, Term]]) -> int | None:
    """The first row, from 1, that the order does not tell from the next; None if all differ.

    None too where the query is ordered by what it does not project.
    """
    keys = _order_keys(query)
    if not keys or not set(keys) <= set(query.columns):
        return None
    places = [[row.get(name) for name in keys] for row in found]
    for number, (one, other) in enumerate(itertools.pairwise(places), start=1):
        if one == other and found[number - 1] != found[number]:
            return number
    return None


def _order_keys(query: SavedQuery) -> list[str]:
    """The variables by which the outermost query is ordered."""
    found = sparql.tokens(query.text)
    depth, begun = 0, False
    keys = []
    for token in found:
        depth += {"{": 1, "}": -1}.get(token.text, 0)
        if depth == 0 and token.is_word("ORDER"):
            begun = True
        elif begun and token.is_word("LIMIT", "OFFSET", "VALUES"):
            break
        elif begun and token.kind is Kind.VARIABLE:
            keys.append(token.text[1:])
    return keys
