"""The commands that list, start and test saved queries."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from stancegraph.build import build, check
from stancegraph.cli import main

if TYPE_CHECKING:
    from click.testing import Result

    from stancegraph.folder import GraphFolder

CAN = "queries/votes/of-a-state/actor=CAN.csv"


@pytest.fixture
def graph(small: GraphFolder) -> GraphFolder:
    """The small graph with a release."""
    build(small, small.releases, release_date=date(2026, 11, 22))
    return small


def run(graph: GraphFolder, *arguments: str) -> Result:
    return CliRunner().invoke(main, ["--graph", str(graph.root), "queries", *arguments])


def test_queries_are_listed(graph: GraphFolder) -> None:
    """Each with its example, as it would be typed, and what it asks."""
    done = run(graph)

    assert done.stdout == "votes/of-a-state actor=CAN\n    How a state voted\n"
    assert done.exit_code == 0


def test_a_new_query_passes_every_check(graph: GraphFolder) -> None:
    """What the template gives builds without a word, and gives rows to start from."""
    done = run(graph, "new", "things/about")

    path = graph.root / "queries" / "things" / "about.rq"
    assert done.stdout == f"{path}\n"
    assert not [found for found in check(graph).problems if "queries" in found.path]
    build(graph, graph.releases, release_date=date(2026, 11, 22))
    kept = run(graph, "test", "things/about", "--update")
    assert kept.exit_code == 0
    (rows,) = path.with_suffix("").glob("*.csv")
    assert "Three votes" in rows.read_text("utf-8")
    assert run(graph, "test", "things/about").exit_code == 0


@pytest.mark.parametrize("name", ["votes/of-a-state", "Votes/By Day", "../x", "/etc/x", "votes/"])
def test_a_new_query_is_refused_where_it_cannot_be(graph: GraphFolder, name: str) -> None:
    """Nothing is overwritten, and nothing written outside the folder of queries."""
    before = sorted(graph.root.rglob("*"))
    text = (graph.root / "queries" / "votes" / "of-a-state.rq").read_text("utf-8")

    done = run(graph, "new", name)

    assert done.exit_code in {1, 2}
    assert sorted(graph.root.rglob("*")) == before
    assert (graph.root / "queries" / "votes" / "of-a-state.rq").read_text("utf-8") == text


def test_rows_are_kept_and_then_compared(graph: GraphFolder) -> None:
    """Without rows a query fails; --update keeps those of its example, which pass then."""
    without = run(graph, "test")
    kept = run(graph, "test", "--update")
    again = run(graph, "test")

    assert without.exit_code == 1
    assert "votes/of-a-state: no rows are kept for it" in without.stdout
    assert "1 kept" in kept.stderr
    assert "+vote,choice" in kept.stdout
    assert (graph.root / CAN).read_text("utf-8").startswith("vote,choice\n")
    assert (again.exit_code, again.stdout) == (0, "")
    assert again.stderr.startswith("1 passed, 0 failed")


def test_what_differs_is_shown_and_kept_only_when_asked(graph: GraphFolder) -> None:
    """A test leaves the rows alone; --update shows the difference before it writes."""
    run(graph, "test", "--update")
    file = graph.root / CAN
    right = file.read_text("utf-8")
    file.write_text(right.replace(",no", ",maybe"), "utf-8")

    differs = run(graph, "test", "votes/of-a-state")

    assert differs.exit_code == 1
    assert "votes/of-a-state?actor=CAN:" in differs.stdout
    assert [line[0] for line in differs.stdout.splitlines() if ",maybe" in line] == ["-"]
    assert file.read_text("utf-8") != right
    updated = run(graph, "test", "--update")
    assert (updated.exit_code, file.read_text("utf-8")) == (0, right)
    assert "-" in updated.stdout


def test_the_query_is_that_of_the_folder_as_it_is_now(graph: GraphFolder) -> None:
    """Whoever writes a query tests it without a build."""
    run(graph, "test", "--update")
    path = graph.root / "queries" / "votes" / "of-a-state.rq"
    path.write_text(path.read_text("utf-8").replace("ORDER BY", "ORDER BY DESC"), "utf-8")
    path.write_text(path.read_text("utf-8").replace("DESC ?vote", "DESC(?vote)"), "utf-8")

    assert run(graph, "test").exit_code == 1


def test_rows_without_a_query_are_told(graph: GraphFolder) -> None:
    """A query that was renamed leaves its rows behind, which would never be compared again."""
    run(graph, "test", "--update")
    stray = graph.root / "queries" / "votes" / "gone" / "rows.csv"
    stray.parent.mkdir()
    stray.write_text("a\n", "utf-8")

    done = run(graph, "test")

    assert done.exit_code == 1
    assert "queries/votes/gone/rows.csv: there is no query for these rows" in done.stdout


def test_a_file_named_after_what_means_nothing_is_told(graph: GraphFolder) -> None:
    """A country that is not there fails its case; the others are still compared."""
    run(graph, "test", "--update")
    (graph.root / CAN).with_name("actor=ATL.csv").write_text("vote,choice\n", "utf-8")

    done = run(graph, "test")

    assert done.exit_code == 1
    assert "votes/of-a-state?actor=ATL: parameter 'actor':" in done.stdout
    assert done.stderr.startswith("1 passed, 1 failed")


def test_an_unknown_name_and_a_broken_file_are_told(graph: GraphFolder) -> None:
    """A misspelt name is answered with the one that is meant, a broken file with its line."""
    unknown = run(graph, "test", "votes/of-a-stat")
    (graph.root / "queries" / "votes" / "bad.rq").write_text("#+ summary: s\nSELECT ?s {\n")
    broken = run(graph, "test", "votes/bad")

    assert unknown.exit_code == broken.exit_code == 1
    assert "did you mean votes/of-a-state?" in unknown.stderr
    assert "queries/votes/bad.rq:" in broken.stderr
    assert run(graph, "test", "votes/of-a-state", "--update").exit_code == 0
