"""What is wrong with saved queries and rules that only the graph or an answer can tell."""

from __future__ import annotations

import json
import re
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any, Self

from stancegraph import sparql
from stancegraph.build import quality
from stancegraph.build.cache import key_of
from stancegraph.build.checks import Near, own_and_shared, words_and_things
from stancegraph.build.quads import WORKERS
from stancegraph.build.quality import Finding
from stancegraph.build.reads import Reads
from stancegraph.catalog import default_terms, read_terms
from stancegraph.engine import Ask, MediaType
from stancegraph.errors import BadParameter, EngineError, QuerySyntaxError, QueryTimeout
from stancegraph.problems import Problem, Severity
from stancegraph.queryfile import line_of
from stancegraph.sections import MENU
from stancegraph.sparql import Kind
from stancegraph.terms import short

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Iterator, Sequence
    from pathlib import Path

    import pyoxigraph as ox

    from stancegraph.build.cache import Cache
    from stancegraph.build.lines import Graphs
    from stancegraph.build.parse import ParsedGraph
    from stancegraph.build.quads import Quads
    from stancegraph.build.quality import Binding
    from stancegraph.engine import Engine
    from stancegraph.names import Names
    from stancegraph.queryfile import SavedQuery

KIND = "queries"


def unknown_words(
    graph: ParsedGraph, wrong: Container[str | None], queries: Iterable[SavedQuery] = ()
) -> Iterator[Problem]:
    """Words that queries and rules use in the namespaces that *graph* declares, but it does not.

    Of a file that is no SPARQL, as far as it can be read.

    Args:
        queries: Those of the files that can be used, of which some declare a list.
        wrong: IRIs of things that a problem is told of. A query that seems to mean one of
            these may be right, for it may be the IRI of the thing that is not.
    """
    declared, known = words_and_things(graph)
    things = own_and_shared(graph.folder)
    near = Near(graph)
    for path in (*graph.folder.query_files, *graph.folder.rule_files):
        seen = set()
        for iri, line, column in _used(path, graph.cache):
            if iri in seen:
                continue
            seen.add(iri)
            if iri.startswith(graph.words) and f"<{iri}>" not in declared:
                message = f"the ontology does not declare {short(iri)}{near.hint(iri)[0]}"
            elif iri.startswith(things) and f"<{iri}>" not in known and not graph.lost:
                key = iri.partition("/id/")[2] or iri
                hint, meant = near.hint(iri)
                if meant is not None and meant in wrong:
                    continue
                message = f"nothing describes <{key}>{hint}"
            else:
                continue
            name = graph.folder.relative(path)
            yield Problem(name, line, Severity.VIOLATION, message, column)
    for query in queries:
        for iri in _words_of_list(query):
            if iri.startswith(graph.words) and f"<{iri}>" not in declared:
                message = f"list: the ontology does not declare {short(iri)}{near.hint(iri)[0]}"
                line = line_of(query, r"^#\+ list:")
                yield Problem(query.path, line, Severity.VIOLATION, message)


def _words_of_list(query: SavedQuery) -> list[str]:
    """The IRIs that the header of *query* uses to declare a list, if it does."""
    if query.listing is None:
        return []
    return sorted({iri for _, iri in sparql.named(sparql.kept_tokens(query.listing.probe))})


def _used(path: Path, cache: Cache) -> list[tuple[str, int, int]]:
    """The IRIs that the file of a query uses, each with its line and column."""

    def find() -> list[tuple[str, int, int]]:
        with suppress(QuerySyntaxError, UnicodeDecodeError):
            found = sparql.kept_tokens(content.decode("utf-8"))
            return [(iri, token.line, token.column) for token, iri in sparql.named(found)]
        return []

    content = b""
    with suppress(OSError):
        content = path.read_bytes()
    return [(iri, line, column) for iri, line, column in cache.answer("words", content, find=find)]


@dataclass(frozen=True, slots=True)
class Answers:
    """What asking the saved queries told.

    Attributes:
        problems: Warnings for queries that are slower than their bound, or whose order is
            not that of every engine; violations for those that fail.
        findings: What quality queries find, in their order, without places.
    """

    problems: Sequence[Problem] = ()
    findings: Sequence[Finding] = ()


class Questions:
    """The saved queries, asked in the background while a ``with`` block prepares the release.

    Each is asked with its own example, unless what it reads has not changed since it was asked.
    """

    def __init__(
        self,
        queries: Sequence[SavedQuery],
        names: Names,
        graphs: Graphs,
        *,
        base: str,
        cache: Cache,
        quads: Quads,
    ) -> None:
        """Find out which of *queries* are to be asked.

        Args:
            queries: All of them.
            names: What the things of the graph are called.
            graphs: What is stated and what is derived.
            base: What all IRIs of the graph begin with.
            cache: What was told before of queries that are quick enough.
            quads: What *graphs* hold.
        """
        self._queries = [query for query in queries if not query.services]
        self._cache = cache
        self._told: dict[str, Any] = {}
        self._keys: dict[str, bytes] = {}
        left, needed = [], []
        for query in self._queries:
            text = _text(query, names)
            reads = Reads.of(text)
            key = key_of(KIND, query.path, query.text, text, base, graphs.digest(reads))
            stored = None if reads.volatile else cache.get(KIND, key)
            if stored is not None:
                self._told[query.name] = json.loads(stored)
            else:
                self._keys[query.name] = key
                left.append((query, text))
                needed.append(reads)
        self._pool = ThreadPoolExecutor(1)
        reads = graphs.resolved(Reads.joined(needed))
        self._ask = partial(_all_answered, left, quads, reads, base)

    def __enter__(self) -> Self:
        self._asked = self._pool.submit(self._ask)
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown(cancel_futures=True)

    def answers(self) -> Answers:
        """What asking them told, once all are answered."""
        told = dict(self._told)
        for name, answer in self._asked.result().items():
            told[name] = answer
            if not answer["slow"]:
                stored = json.dumps(answer, ensure_ascii=False).encode()
                self._cache.put(self._keys[name], stored)
        problems = [
            Problem(query.path, line, Severity(severity), message)
            for query in self._queries
            for line, severity, message in told[query.name]["problems"]
        ]
        findings = [
            Finding.of(query, told[query.name]["count"], told[query.name]["rows"])
            for query in self._queries
            if told[query.name]["rows"] is not None
        ]
        return Answers(problems, findings)


def _all_answered(
    queries: Sequence[tuple[SavedQuery, str]], quads: Quads, reads: Reads, base: str
) -> dict[str, Any]:
    """What is told of each of *queries*, with its text, by its name.

    Args:
        queries: Some queries, each with the text to ask.
        quads: What they are asked of.
        reads: What they read together.
        base: What all IRIs of the graph begin with.
    """
    if not queries:
        return {}
    with quads.engine(reads) as engine, ThreadPoolExecutor(WORKERS) as pool:
        told = pool.map(lambda each: _answered(each[0], each[1], engine, base), queries)
        return {query.name: answer for (query, _), answer in zip(queries, told, strict=True)}


def _text(query: SavedQuery, names: Names) -> str:
    """As what *query* is asked: with its example, or, to find flaws, with its defaults."""
    if query.flaw is None:
        return query.text
    terms: dict[str, Sequence[ox.NamedNode | ox.Literal]] = {}
    for name, parameter in query.params.items():
        terms[name] = parameter.examples
        with suppress(BadParameter):
            terms[name] = default_terms(parameter, names) or parameter.examples
    return query.bind(terms)


def unusable_parameters(queries: Iterable[SavedQuery], names: Names) -> Iterator[Problem]:
    """Parameters that no caller could use: defaults, classes and schemes unknown to *names*."""
    for query in queries:
        yield from _unusable(query, names)


def unusable_sections(queries: Iterable[SavedQuery], names: Names) -> Iterator[Problem]:
    """Places on pages that there are none of, or whose parameters no page could set."""
    sorts = names.sorts
    unnamed = {iri for found in sorts.unnamed.values() for iri in found}
    for query in queries:
        line = line_of(query, r"^#\+ page:")
        for section in query.sections:
            told = [
                f"nothing is of the class {short(iri)}"
                for iri in section.classes
                if iri not in sorts.classes and iri not in unnamed
            ]
            try:
                given = dict(section.values)
                if section.by:
                    given[section.by] = (query.params[section.by].example.value,)
                if section.at != MENU:
                    read_terms(query, given, names)
            except BadParameter as error:
                told += [f"{name} {problem}" for name, problem in error.problems.items()]
            for message in told:
                yield Problem(query.path, line, Severity.VIOLATION, f"page: {message}")


def _unusable(query: SavedQuery, names: Names) -> Iterator[Problem]:
    facets = query.listing.facets.values() if query.listing is not None else ()
    parameters = {**query.params, **{facet.name: facet.parameter for facet in facets}}
    for name, parameter in parameters.items():
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


def _answered(query: SavedQuery, text: str, engine: Engine, base: str) -> dict[str, Any]:
    """What there is to tell of the answer to *query*, asked as *text*, as JSON.

    ``problems``: for each its line, severity and message; ``slow``: whether it took longer
    than its bound; ``count`` and ``rows``: what a quality query finds, else null.
    """
    told: list[tuple[int, Severity, str]] = []
    found: list[Binding] | None = None
    slow = False
    start = time.perf_counter()
    try:
        found = _rows(query, Ask(text, MediaType.JSON, base=base, deadline=query.bound), engine)
        if (seconds := time.perf_counter() - start) > query.bound:
            slow = True
            told.append(_slow(query, f"{seconds:.1f} s"))
    except QueryTimeout:
        slow = True
        told.append(_slow(query, f"more than {query.bound:g} s"))
    except EngineError as error:
        told.append((1, Severity.VIOLATION, f"cannot be asked: {error}"))
    if (tie := _tie(query, found or [])) is not None:
        line = line_of(query, r"(?i)^[^#\n]*\bORDER\b(?![\s\S]*\bORDER\b)")
        message = (
            f"rows {tie} and {tie + 1} have the same place in the order, so that another engine "
            "may give them the other way round: add a column to ORDER BY"
        )
        told.append((line, Severity.WARNING, message))
    finds = found is not None and query.flaw is not None
    return {
        "problems": told,
        "slow": slow,
        "count": len(found or ()) if finds else None,
        "rows": quality.texts(found or ()) if finds else None,
    }


def _rows(query: SavedQuery, ask: Ask, engine: Engine) -> list[Binding]:
    """The rows of a SELECT; of another form none, though it is asked."""
    form = sparql.query_form(query.text)
    if form == "SELECT":
        found: list[Binding] = json.loads(b"".join(engine.ask(ask)))["results"]["bindings"]
        return found
    media_type = MediaType.JSON if form == "ASK" else MediaType.N_TRIPLES
    for _ in engine.ask(replace(ask, media_type=media_type)):
        pass
    return []


def _slow(query: SavedQuery, took: str) -> tuple[int, Severity, str]:
    message = f"the query took {took}, more than its bound of {query.bound:g} s: make it quicker"
    line = line_of(query, r"^#\+ bound:")
    return line, Severity.WARNING, f"{message}, or raise the bound"


def one_order(query: SavedQuery, found: Sequence[Binding]) -> bool:
    """Whether the rows *found* could come in no other order."""
    keys = _order_keys(query)
    return bool(keys) and set(keys) <= set(query.columns) and _tie(query, found) is None


def _tie(query: SavedQuery, found: Sequence[Binding]) -> int | None:
    """The first row, from 1, that the order does not tell from the next; None if all differ.

    None too where the query is ordered by what it does not project.
    """
    keys = _order_keys(query)
    if not keys or not set(keys) <= set(query.columns):
        return None
    places = [[row.get(name) for name in keys] for row in found]
    begin = 0
    for number, place in enumerate(places):
        if place != places[begin]:
            begin = number
        elif found[number] != found[begin]:
            return begin + 1
    return None


def _order_keys(query: SavedQuery) -> list[str]:
    """The variables by which the outermost query is ordered."""
    found = sparql.kept_tokens(query.text)
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
