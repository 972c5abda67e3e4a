"""Each saved query on the shipped graph, against rows that were checked by hand.

``tests/queries/<theme>/<name>/<parameters>.csv`` holds what ``stancegraph query <theme>/<name>
<parameters> --format csv`` must give; the file's name is the query string of its address, or
``rows``. Before rows are accepted, each is to be compared with the sources, never recorded.
"""

from __future__ import annotations

import csv
import io
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

import pyoxigraph as ox
import pytest
import rdflib
from rdflib.plugins.sparql import prepareQuery

from stancegraph import sparql
from stancegraph.build import build
from stancegraph.catalog import Catalog, read_terms
from stancegraph.folder import shipped
from stancegraph.queryfile import read_queries, read_rules
from stancegraph.sparql import Kind
from stancegraph.terms import SG

if TYPE_CHECKING:
    from stancegraph.build import Release
    from stancegraph.queryfile import SavedQuery

Row = tuple[str, ...]

EXPECTED = Path(__file__).parents[1] / "queries"
CASES = sorted(EXPECTED.rglob("*.csv"))
QUERIES = read_queries(shipped().root)[0]


def name_of(case: Path) -> str:
    return case.parent.relative_to(EXPECTED).as_posix()


def told(case: Path) -> str:
    return f"{name_of(case)}?{case.stem}"


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Release:
    """A release of the shipped graph, of the day for which the rows were checked."""
    folder = tmp_path_factory.mktemp("releases")
    return build(shipped(), folder, release_date=date(2026, 11, 22))


@pytest.fixture(scope="module")
def catalog(release: Release) -> Catalog:
    return Catalog.load(release.path)


@pytest.fixture(scope="module")
def store(release: Release) -> ox.Store:
    loaded = ox.Store()
    loaded.bulk_load(path=release.quads_file, format=ox.RdfFormat.N_QUADS)
    return loaded


@pytest.fixture(scope="module")
def merged(store: ox.Store) -> rdflib.Graph:
    """All triples of the release in one graph of another library."""
    graph = rdflib.Graph()
    triples = {f"{quad.triple} ." for quad in store}
    return graph.parse(data="\n".join(triples), format="nt")


def rows_of(text: str) -> list[Row]:
    return [tuple(row) for row in csv.reader(io.StringIO(text))]


def answer(store: ox.Store, query: str) -> list[Row]:
    solutions = store.query(query, use_default_graph_as_union=True)
    assert isinstance(solutions, ox.QuerySolutions)
    written = solutions.serialize(format=ox.QueryResultsFormat.CSV)
    assert written is not None
    return rows_of(written.decode())


def order_keys(query: SavedQuery) -> list[str]:
    """The variables after the outermost ORDER BY."""
    found = sparql.tokens(query.text)
    last = max(index for index, token in enumerate(found) if token.is_word("ORDER"))
    return [token.text[1:] for token in found[last:] if token.kind is Kind.VARIABLE]


@pytest.mark.parametrize("case", CASES, ids=told)
def test_a_query_gives_exactly_the_rows_that_were_checked(
    case: Path, catalog: Catalog, store: ox.Store
) -> None:
    """All rows, with all their columns, in their order, and no others."""
    query = catalog.query(name_of(case))
    values = {} if case.stem == "rows" else dict(parse_qsl(case.stem, strict_parsing=True))

    rows = answer(store, query.bind(read_terms(query, values, catalog.names)))

    assert rows == rows_of(case.read_text("utf-8"))


def test_every_query_has_rows_that_were_checked() -> None:
    """A new query comes with expected rows; an expectation without its query is told."""
    assert {name_of(case) for case in CASES} == {query.name for query in QUERIES}
    assert all(len(rows_of(case.read_text("utf-8"))) > 1 for case in CASES)


@pytest.mark.parametrize("query", QUERIES, ids=lambda query: query.name)
def test_a_file_runs_as_it_stands(query: SavedQuery, store: ox.Store) -> None:
    """The file asks what binding its own examples asks, and finds something."""
    examples = {name: parameter.example for name, parameter in query.params.items()}

    rows = answer(store, query.text)

    assert rows[0] == query.columns
    assert len(rows) > 1
    assert rows == answer(store, query.bind(examples))


@pytest.mark.parametrize("query", QUERIES, ids=lambda query: query.name)
def test_another_engine_gives_the_same_rows(
    query: SavedQuery, store: ox.Store, merged: rdflib.Graph
) -> None:
    """rdflib, which shares no code with our engine, gives the same rows in the same order."""
    written = merged.query(prepareQuery(query.text)).serialize(format="csv")

    assert written is not None
    assert rows_of(written.decode()) == answer(store, query.text)


@pytest.mark.parametrize("query", QUERIES, ids=lambda query: query.name)
def test_the_order_of_rows_is_total(query: SavedQuery, store: ox.Store) -> None:
    """No two rows have the same sort key, so that every engine gives them in one order."""
    keys = [query.columns.index(name) for name in order_keys(query)]

    sorted_by = [tuple(row[key] for key in keys) for row in answer(store, query.text)[1:]]

    assert len(set(sorted_by)) == len(sorted_by)


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
