"""The command ``generate``: graphs of any size that nobody can take for facts."""

from __future__ import annotations

import subprocess
import sys
from random import Random
from typing import TYPE_CHECKING

import pyoxigraph as ox
import pytest

from bench.mix import Mix
from stancegraph.build.release import open_release
from stancegraph.errors import OperationError
from stancegraph.folder import shipped
from stancegraph.generate import BASE, Size, generate, size_for
from stancegraph.terms import RDF, RDFS, SG

if TYPE_CHECKING:
    from pathlib import Path

SMALL = Size(states=12, years=6, roll_calls=4.0, seed=7)


def run(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "stancegraph", *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def files_of(folder: Path) -> dict[Path, bytes]:
    return {
        path.relative_to(folder): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and "releases" not in path.parts
    }


@pytest.fixture(scope="module")
def graph(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small generated graph, built."""
    folder = tmp_path_factory.mktemp("generated") / "graph"
    made = run("generate", folder, "--states", "12", "--triples", "40000", "--seed", "7")
    assert made.returncode == 0, made.stderr
    built = run("--graph", folder, "build")
    assert " 0 violations, 0 warnings" in built.stderr, built.stderr
    return folder


@pytest.fixture(scope="module")
def quads(graph: Path) -> ox.Dataset:
    file = open_release(graph / "releases").quads_file
    return ox.Dataset(ox.parse(path=file, format=ox.RdfFormat.N_QUADS))


def test_a_release_has_about_as_many_triples_as_were_asked_for(graph: Path) -> None:
    """Derived triples and what is shared included, within a tenth."""
    counts = open_release(graph / "releases").counts

    assert counts["triples"] == pytest.approx(40_000, rel=0.1)


def test_every_thing_is_marked_as_synthetic(quads: ox.Dataset) -> None:
    """By its base, and by its name if it has one; a resolution's symbol has the letter S."""
    own = {
        quad.subject
        for quad in quads.quads_for_predicate(RDF["type"])
        if f"<{BASE}graph/data/" in str(quad.graph_name)
    }
    labels = {
        quad.object.value
        for quad in quads.quads_for_predicate(RDFS["label"])
        if quad.subject in own and not isinstance(quad.object, ox.Triple)
    }

    assert all(str(thing).startswith(f"<{BASE}id/") for thing in own)
    assert labels
    assert [name for name in labels if not name.lower().startswith(("synthetic", "s/res/"))] == []


def test_the_main_classes_and_all_derived_graphs_of_the_shipped_graph_are_there(
    quads: ox.Dataset,
) -> None:
    """Each rule of the shipped graph that draws on acts, votes, members or stances finds some."""
    graphs = {str(quad.graph_name) for quad in quads}
    classes = {
        quad.object.value.rpartition("#")[2]
        for quad in quads.quads_for_predicate(RDF["type"])
        if isinstance(quad.object, ox.NamedNode)
    }

    for rule in shipped().rule_files:
        if rule.stem == "links":
            continue  # no register knows what is drawn at random
        assert f"<{BASE}graph/derived/{rule.stem}>" in graphs
    assert classes >= {
        "State", "Region", "Organisation", "Membership", "Treaty", "TreatyAction", "TreatyStatus",
        "Resolution", "RollCall", "Vote", "Document", "DocumentAction", "Stance", "Principle",
        "Topic", "Coverage", "Evidence", "Source", "StatusSpell", "MembershipSpell",
        "ImpliedStance", "PositionChange",
    }  # fmt: skip


def test_the_shipped_queries_can_be_asked_of_it_with_its_own_things(graph: Path) -> None:
    """As the benchmarks do: no parameter names a thing of the shipped graph."""
    store = ox.Store()
    release = open_release(graph / "releases")
    store.bulk_load(path=release.quads_file, format=ox.RdfFormat.N_QUADS)
    claims = store.query(
        f"SELECT DISTINCT ?it {{ ?it <{SG.evidence.value}> ?e }}", use_default_graph_as_union=True
    )
    assert isinstance(claims, ox.QuerySolutions)
    things = [row[0].value for row in claims if isinstance(row[0], ox.NamedNode)]

    mix = Mix(shipped().root, release.path, things, random := Random(1))  # noqa: S311

    texts = [mix.draw(random).text for _ in range(200)]
    assert len(mix.queries) > 20
    assert [text for text in texts if f"{shipped().base}id/state/" in text] == []
    for text in texts[:20]:
        store.query(text, use_default_graph_as_union=True)


def test_the_same_numbers_give_the_same_bytes_and_another_seed_others(tmp_path: Path) -> None:
    for name, seed in (("one", 7), ("same", 7), ("other", 8)):
        generate(tmp_path / name, Size(states=5, years=3, roll_calls=2.0, seed=seed))

    one, same, other = (files_of(tmp_path / name) for name in ("one", "same", "other"))
    assert one == same
    assert one != other


def test_a_folder_that_holds_something_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("")

    done = run("generate", tmp_path)

    assert done.returncode == 1
    assert done.stderr == f"stancegraph: {tmp_path} is not empty: name a new folder\n"


@pytest.mark.parametrize("triples", [500_000, 1_000_000, 100_000_000])
def test_sizes_are_found_for_any_number_of_triples(triples: int) -> None:
    size = size_for(triples, states=193, years=80, seed=1)

    assert size.triples == pytest.approx(triples, rel=0.1)


def test_too_few_triples_for_so_many_states_are_refused() -> None:
    with pytest.raises(OperationError, match="too few for 193 states"):
        size_for(100, states=193, years=80, seed=1)


def test_more_states_than_there_are_free_codes_are_refused() -> None:
    with pytest.raises(OperationError, match="choose from 2 to"):
        Size(states=2000, years=1, roll_calls=1.0, seed=1)
