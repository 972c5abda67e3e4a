"""Each saved query on the shipped graph, against rows that were checked by hand.

The rows stand beside the queries, as :mod:`stancegraph.expected` says; ``stancegraph queries
test`` compares them too. Before rows are accepted, each is to be compared with the sources.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyoxigraph as ox
import pytest
import rdflib
from rdflib.plugins.sparql import prepareQuery

from stancegraph import expected, sparql
from stancegraph.build import open_release
from stancegraph.catalog import Catalog
from stancegraph.coverage import coverage_of
from stancegraph.engine.embedded import EmbeddedEngine, EngineOptions
from stancegraph.folder import shipped
from stancegraph.queryfile import read_queries, read_rules
from stancegraph.sparql import Kind
from stancegraph.terms import SG

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from stancegraph.build import Release
    from stancegraph.engine import Engine
    from stancegraph.expected import Case
    from stancegraph.queryfile import SavedQuery

ROOT = shipped().root
# Those that ask other servers too are tested in test_federated_queries.py.
QUERIES = [query for query in read_queries(ROOT)[0] if not query.services]
CASES = [case for query in QUERIES for case in expected.cases(query, ROOT)]
# rdflib leaves unbound what an OPTIONAL of these binds: Canada's signature of 2001, for one.
OTHERWISE_IN_RDFLIB = {
    "compare/memberships",
    "compare/positions",
    "compare/treaties",
    "compare/votes",
    "treaties/table",
}


@pytest.fixture(scope="module")
def release(shipped_releases: Path) -> Release:
    return open_release(shipped_releases)


@pytest.fixture(scope="module")
def catalog(release: Release) -> Catalog:
    return Catalog.load(release.path)


@pytest.fixture(scope="module")
def engine(release: Release) -> Iterator[Engine]:
    with EmbeddedEngine(release.quads_file, release.id, EngineOptions(workers=1)) as asked:
        yield asked


@pytest.fixture(scope="module")
def store(release: Release) -> ox.Store:
    loaded = ox.Store()
    loaded.bulk_load(path=release.quads_file, format=ox.RdfFormat.N_QUADS)
    return loaded


@pytest.fixture(scope="module")
def sample(store: ox.Store) -> ox.Store:
    """What the release holds without all but four states: rdflib is slow on the whole."""
    codes = {
        str(quad.subject).rpartition("/")[2].rstrip(">")
        for quad in store.quads_for_pattern(None, SG.iso3, None)
    } - {"CAN", "CHN", "PER", "VAT"}
    release = shipped().base

    def is_kept(node: object) -> bool:
        words = node.value.removeprefix(release) if isinstance(node, ox.NamedNode) else ""
        return not words.startswith("query/") and not codes.intersection(words.split("/"))

    kept = ox.Store()
    kept.extend(quad for quad in store if is_kept(quad.subject) and is_kept(quad.object))
    return kept


@pytest.fixture(scope="module")
def merged(sample: ox.Store) -> rdflib.Graph:
    """All triples of the sample in one graph of another library."""
    graph = rdflib.Graph()
    triples = {f"{quad.triple} ." for quad in sample}
    return graph.parse(data="\n".join(triples), format="nt")


# rdflib joins as a query is written and takes minutes for these, even on the sample.
SLOW_IN_RDFLIB = frozenset({
    "exports/subgraph", "networks/co-voting", "networks/cooperation", "networks/memberships",
    "networks/stance-agreement", "networks/treaty-parties", "tables/claims", "tables/cooperation",
    "tables/countries", "tables/directed-dyad-year", "tables/dyad-year", "tables/memberships",
    "tables/roll-calls", "tables/sources", "tables/stances", "tables/state-treaty",
    "tables/state-year", "tables/treaty-actions", "tables/votes",
    "organisations/against-the-line", "quality/acts-out-of-order", "quality/rival-dates",
    "quality/shared-names", "quality/status-beyond-sources", "stances/by-organisation",
    "stances/joint", "votes/agreement-matrix", "votes/resolution",
})  # fmt: skip


def answer(store: ox.Store, query: str) -> list[list[str]]:
    solutions = store.query(query, use_default_graph_as_union=True)
    assert isinstance(solutions, ox.QuerySolutions)
    written = solutions.serialize(format=ox.QueryResultsFormat.CSV)
    assert written is not None
    return expected.rows_of(written)


def order_keys(query: SavedQuery) -> list[str]:
    """The variables after the outermost ORDER BY."""
    found = sparql.tokens(query.text)
    last = max(index for index, token in enumerate(found) if token.is_word("ORDER"))
    return [token.text[1:] for token in found[last:] if token.kind is Kind.VARIABLE]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_query_gives_exactly_the_rows_that_were_checked(
    case: Case, catalog: Catalog, engine: Engine
) -> None:
    """All rows, with all their columns, in their order, and no others."""
    assert case.rows(engine, catalog.names) == case.expected


def test_every_query_has_rows_that_were_checked() -> None:
    """A new query comes with expected rows; an expectation without its query is told."""
    assert {case.query.name for case in CASES} == {query.name for query in QUERIES}
    assert expected.strays(QUERIES, ROOT) == []
    assert all(case.query.flaw or len(case.expected or []) > 1 for case in CASES)


@pytest.mark.parametrize("query", QUERIES, ids=lambda query: query.name)
def test_a_file_runs_as_it_stands(query: SavedQuery, store: ox.Store) -> None:
    """The file asks what binding its own examples asks, and finds something.

    A quality query finds nothing where all is well; see test_quality.py.
    """
    examples = {name: parameter.examples for name, parameter in query.params.items()}

    rows = answer(store, query.text)

    assert rows[0] == list(query.columns)
    assert query.flaw or len(rows) > 1
    assert rows == answer(store, query.bind(examples))


@pytest.mark.whole
@pytest.mark.parametrize(
    "query", [q for q in QUERIES if q.name not in SLOW_IN_RDFLIB], ids=lambda query: query.name
)
def test_another_engine_gives_the_same_rows(
    query: SavedQuery, sample: ox.Store, merged: rdflib.Graph, request: pytest.FixtureRequest
) -> None:
    """rdflib, which shares no code with our engine, gives the same rows in the same order."""
    if query.name in OTHERWISE_IN_RDFLIB:
        request.applymarker(pytest.mark.xfail(reason="rdflib leaves unbound what OPTIONALs bind"))
    ours = answer(sample, query.text)
    if query.flaw and len(ours) == 1:
        pytest.skip("rdflib makes a row of groups that are not there")

    written = merged.query(prepareQuery(query.text)).serialize(format="csv")

    assert written is not None
    assert expected.rows_of(written) == ours


@pytest.mark.whole
@pytest.mark.parametrize("name", sorted(SLOW_IN_RDFLIB))
def test_another_engine_can_read_the_others(name: str) -> None:
    """The parser of rdflib takes each of them, though nobody waits for the rows."""
    (query,) = [query for query in QUERIES if query.name == name]

    prepareQuery(query.text)


@pytest.mark.parametrize("query", QUERIES, ids=lambda query: query.name)
def test_the_order_of_rows_is_total(query: SavedQuery, store: ox.Store) -> None:
    """No two rows have the same sort key, so that every engine gives them in one order."""
    keys = [query.columns.index(name) for name in order_keys(query)]

    sorted_by = [tuple(row[key] for key in keys) for row in answer(store, query.text)[1:]]

    assert len(set(sorted_by)) == len(sorted_by)


@pytest.mark.parametrize(
    "query", [q for q in QUERIES if q.coverage is not None], ids=lambda query: query.name
)
def test_what_a_query_says_of_its_lists_can_be_asked(
    query: SavedQuery, catalog: Catalog, engine: Engine
) -> None:
    """Its header names what its companion knows, and the lists of its example have statements."""
    examples = {name: parameter.examples for name, parameter in query.params.items()}

    told = coverage_of(
        query,
        examples,
        companions=catalog.query,
        names=catalog.names,
        engine=engine,
        deadline=query.bound,
    )

    assert told is not None
    assert told.statements


FILES = [*QUERIES, *read_rules(shipped())[0]]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.path)
def test_neither_queries_nor_rules_use_not_exists(file: SavedQuery) -> None:
    """NOT EXISTS is evaluated once per row and takes seconds where MINUS takes milliseconds."""
    assert not [token for token in sparql.tokens(file.text) if token.is_word("EXISTS")]


@pytest.mark.parametrize("query", QUERIES, ids=lambda query: query.name)
def test_queries_look_at_dates_only_through_their_bounds(
    query: SavedQuery, store: ox.Store
) -> None:
    """Dates of mixed precision drop out of comparisons, so only derived bounds are asked for."""
    dated = {
        f"sg:{quad.subject.value.removeprefix(SG.iri)}"
        for bound in (SG.earliestBound, SG.latestBound)
        for quad in store.quads_for_pattern(None, bound, None)
        if isinstance(quad.subject, ox.NamedNode)
    }
    assert "sg:date" in dated

    assert not dated & {token.text for token in sparql.tokens(query.text)}
