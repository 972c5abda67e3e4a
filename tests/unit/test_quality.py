"""Each quality query finds the problem that is planted for it, and none in a clean graph.

The graphs stand in tests/quality: ``clean.ttl``, and for each query a file of its name, which
is added to it and says in ``# finds:`` the things that the query must then name, and no other.
"""

from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import pyoxigraph as ox
import pytest

from stancegraph.build.derive import derive
from stancegraph.build.parse import parse
from stancegraph.folder import GraphFolder, shipped
from stancegraph.queryfile import read_queries, read_rules

if TYPE_CHECKING:
    from stancegraph.queryfile import SavedQuery

HERE = Path(__file__).parents[1] / "quality"
TODAY = date(2026, 11, 22)
QUERIES = [query for query in read_queries(shipped().root)[0] if query.flaw is not None]


def graph_of(folder: Path, *files: Path) -> ox.Store:
    """What the *files* state and the rules of the shipped graph conclude, under its ontology."""
    root = shipped().root
    (folder / "data").mkdir(parents=True)
    (folder / "shapes").mkdir()
    shutil.copytree(root / "ontology", folder / "ontology")
    shutil.copyfile(root / "dataset.ttl", folder / "dataset.ttl")
    for file in files:
        shutil.copyfile(file, folder / "data" / file.name)
    home = GraphFolder.at(folder)
    graph = parse(home)
    assert graph.problems == []
    derived = derive(graph, read_rules(home)[0], release_date=TODAY)
    store = ox.Store()
    for iri, triples in [*graph.graphs.items(), *((made.iri, made.triples) for made in derived)]:
        store.extend(ox.Quad(t.subject, t.predicate, t.object, iri) for t in triples)
    return store


def found(query: SavedQuery, store: ox.Store) -> list[str]:
    """The keys of the things that *query* names, in its order."""
    rows = store.query(query.text, use_default_graph_as_union=True)
    assert isinstance(rows, ox.QuerySolutions)
    told = [(row["thing"], row["thingLabel"], row["wrong"]) for row in rows]
    assert all(label is not None and wrong is not None for _, label, wrong in told)
    return [str(thing.value).partition("/id/")[2] for thing, _, _ in told]


@pytest.fixture(scope="module")
def clean(tmp_path_factory: pytest.TempPathFactory) -> ox.Store:
    return graph_of(tmp_path_factory.mktemp("clean") / "graph", HERE / "clean.ttl")


@pytest.mark.parametrize("query", QUERIES, ids=lambda query: query.name)
def test_nothing_is_found_in_a_clean_graph(query: SavedQuery, clean: ox.Store) -> None:
    """What is as it should be is no problem."""
    assert found(query, clean) == []


@pytest.mark.parametrize("query", QUERIES, ids=lambda query: query.name)
def test_the_planted_problem_is_found_and_no_other(query: SavedQuery, tmp_path: Path) -> None:
    """The things that the file of the query's name announces, each once, and no others."""
    plant = HERE / f"{query.name.rpartition('/')[2]}.ttl"
    announced = plant.read_text("utf-8").partition("# finds: ")[2].splitlines()[0].split()

    store = graph_of(tmp_path / "graph", HERE / "clean.ttl", plant)

    assert sorted(found(query, store)) == sorted(announced)


def test_every_quality_query_has_its_place_and_its_plant() -> None:
    """They stand together in queries/quality, and no plant is without its query."""
    names = {query.name for query in QUERIES}

    assert len(names) >= 15
    assert {name.rpartition("/")[0] for name in names} == {"quality"}
    assert {f"quality/{file.stem}" for file in HERE.glob("*.ttl")} == {*names, "quality/clean"}
