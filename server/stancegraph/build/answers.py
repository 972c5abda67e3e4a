"""Answers that a release keeps, so that the first who asks need not wait.

Each saved query is asked with its example, as its page and all links to it do, of all that the
release will hold; with it what tells how complete the lists are on which its rows rest. So is
what the pages of the ontology and the codebook ask. Only an answer whose rows have one order
is kept, so that a release has the same bytes however often it is built.
"""

from __future__ import annotations

import json
import re
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, TypeAlias

import pyoxigraph as ox

from stancegraph import codebook, sparql
from stancegraph.build.cache import key_of
from stancegraph.build.lines import Graphs, Lines, parsed
from stancegraph.build.quads import WORKERS
from stancegraph.build.queries import one_order
from stancegraph.build.reads import Reads
from stancegraph.coverage import companion_of
from stancegraph.engine import Ask, MediaType
from stancegraph.engine.kept import MAX_KEPT, file_name
from stancegraph.errors import BadParameter, EngineError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from stancegraph.build.cache import Cache
    from stancegraph.build.quads import Quads
    from stancegraph.engine import Engine
    from stancegraph.names import Names
    from stancegraph.queryfile import SavedQuery

    # A saved query, if it is one, and the text that is asked.
    Asked: TypeAlias = tuple[SavedQuery | None, str]

KIND = "answers"
_RELEASE = re.compile(rb"\b\d{4}-\d\d-\d\d-[0-9a-f]{12}\b")
DEADLINE = 60.0  # seconds for what is no saved query


def kept_answers(
    queries: Sequence[SavedQuery],
    names: Names,
    graphs: Graphs,
    about: tuple[ox.NamedNode, Lines],
    quads: Quads,
    *,
    release_id: str,
    base: str,
    cache: Cache,
) -> dict[str, bytes]:
    """The answers to keep, by the name of their file.

    Args:
        queries: All saved queries.
        names: What the things of the graph are called.
        graphs: What is stated and what is derived.
        about: The graph in which the release describes itself.
        quads: All that the release will hold.
        release_id: What it is called. This stands all over its description, which is nearly
            the same from one release to the next but for it.
        base: What all IRIs of the graph begin with.
        cache: Answers that were made before.
    """
    iri, description = about
    text = description.text.replace(release_id.encode(), b"this")
    text = _RELEASE.sub(b"before", text)
    lasting = Lines.of(parsed(b"".join(sorted(set(text.splitlines(keepends=True))))))
    alike = Graphs({**graphs.graphs, iri: lasting})
    found: dict[str, bytes] = {}
    left: list[tuple[list[Asked], bytes, Reads]] = []
    own: list[list[Asked]] = [[(None, text)] for text in codebook.QUESTIONS]
    alone = [query for query in queries if not query.services]
    for asked in [*own, *(list(_asked(query, queries, names)) for query in alone)]:
        reads = Reads.joined(Reads.of(text) for _, text in asked)
        if reads.volatile or not asked:
            continue
        key = key_of(KIND, base, *(text for _, text in asked), alike.digest(reads))
        stored = cache.get(KIND, key)
        if stored is None:
            left.append((asked, key, reads))
        else:
            found |= _bytes(json.loads(stored))
    reads = alike.resolved(Reads.joined(reads for *_, reads in left))
    made = _made([asked for asked, *_ in left], quads, reads, base)
    for answers, (_, key, _) in zip(made, left, strict=True):
        found |= _bytes(answers)
        if not any(_RELEASE.search(content.encode()) for content in answers.values()):
            cache.put(key, json.dumps(answers, ensure_ascii=False).encode())
    return found


def _bytes(answers: Mapping[str, str]) -> dict[str, bytes]:
    return {name: content.encode() for name, content in answers.items()}


def _asked(query: SavedQuery, queries: Sequence[SavedQuery], names: Names) -> Iterator[Asked]:
    """What is asked by whoever asks *query* with its example: it, and what tells of its lists."""
    terms = {name: parameter.examples for name, parameter in query.params.items()}
    by_name = {each.name: each for each in queries}
    with suppress(BadParameter, KeyError):
        yield query, query.bind(terms)
        found = companion_of(query, terms, companions=by_name.__getitem__, names=names)
        if found is not None:
            companion, given = found
            yield companion, companion.bind(given)


def _made(
    asked: Sequence[Sequence[Asked]], quads: Quads, reads: Reads, base: str
) -> list[dict[str, str]]:
    """For each of *asked*, the answers to keep, by the name of their file.

    Args:
        asked: Queries, each with its text.
        quads: What they are asked of.
        reads: What they read together.
        base: What all IRIs of the graph begin with.
    """
    if not asked:
        return []
    with quads.engine(reads) as engine, ThreadPoolExecutor(WORKERS) as pool:
        return list(pool.map(partial(_answers, engine=engine, base=base), asked))


def _answers(asked: Sequence[Asked], *, engine: Engine, base: str) -> dict[str, str]:
    """The answers to keep of some queries; of those that fail, or take too long, none."""
    kept: dict[str, str] = {}
    for query, text in asked:
        with suppress(EngineError):
            bound = DEADLINE if query is None else query.bound
            ask = Ask(text, MediaType.JSON, base=base, deadline=bound)
            kept |= _written(query, ask, engine)
    return kept


def _written(query: SavedQuery | None, ask: Ask, engine: Engine) -> dict[str, str]:
    """The answer to *ask* in each of the forms that are kept, by the name of its file.

    What is no saved *query* has one order, and is asked for in one form.

    Raises:
        EngineError: there is none.
    """
    form = sparql.query_form(ask.query)
    if form not in {"SELECT", "ASK"}:
        return {}
    content = b"".join(engine.ask(ask))
    kept = {file_name(ask.query, MediaType.JSON): content}
    if form == "SELECT" and query is not None:
        if not one_order(query, json.loads(content)["results"]["bindings"]):
            return {}
        solutions = ox.parse_query_results(content, ox.QueryResultsFormat.JSON)
        assert isinstance(solutions, ox.QuerySolutions)  # noqa: S101 (for the type checker)
        in_csv = solutions.serialize(format=ox.QueryResultsFormat.CSV) or b""
        kept[file_name(ask.query, MediaType.CSV)] = in_csv
    return {name: text.decode() for name, text in kept.items() if len(text) <= MAX_KEPT}
