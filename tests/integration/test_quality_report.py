"""What quality queries find is told by the build, the report and the page, in the same words."""

from __future__ import annotations

import json
from datetime import date
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner
from markupsafe import escape

from stancegraph.build import build
from stancegraph.build.quality import as_json, read, read_problems
from stancegraph.build.release import open_release
from stancegraph.catalog import Catalog
from stancegraph.cli import main
from stancegraph.engine.embedded import EmbeddedEngine, EngineOptions
from stancegraph.problems import Problem, Severity
from stancegraph.web import Site, create_app

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from click.testing import Result
    from flask.testing import FlaskClient

    from stancegraph.folder import GraphFolder

UNDATED = """\
#+ summary: Votes without a day
#+ problem: The vote has no date.
#+ why: It stands in no timeline.
#+ mend: Add the day of the meeting.
#+ params:
#+   kind: {type: "xsd:string", default: vote}
#+ columns: [thing, thingLabel, wrong]

PREFIX sg: <https://w3id.org/stancegraph/ontology#>

SELECT ?thing ?thingLabel ?wrong
WHERE {
  VALUES (?kind) { ("ballot") }  #= params
  ?thing a sg:Vote ;
         sg:choice ?thingLabel .
  MINUS { ?thing sg:date ?day }
  BIND (CONCAT(?kind, " without a date") AS ?wrong)
}
ORDER BY ?thing
"""
NOTHING = UNDATED.replace("Votes without a day", "Votes without a choice").replace(
    'BIND (CONCAT(?kind, " without a date") AS ?wrong)',
    'BIND (CONCAT(?kind, "?") AS ?wrong)\n  FILTER (?thingLabel = "")',
)
VOTE = "https://example.org/small/id/vote/75-282/CAN"


@pytest.fixture
def graph(small: GraphFolder) -> GraphFolder:
    """A graph with two quality queries, one of which finds something."""
    folder = small.root / "queries" / "quality"
    folder.mkdir()
    (folder / "undated.rq").write_text(UNDATED, "utf-8")
    (folder / "unmarked.rq").write_text(NOTHING, "utf-8")
    return small


@pytest.fixture
def releases(graph: GraphFolder, tmp_path: Path) -> Path:
    build(graph, tmp_path / "releases", release_date=date(2026, 11, 22))
    return tmp_path / "releases"


@pytest.fixture
def client(releases: Path) -> Iterator[FlaskClient]:
    release = open_release(releases)
    with EmbeddedEngine(release.quads_file, release.id, EngineOptions(workers=1)) as engine:
        catalog = Catalog.load(release.path)
        yield create_app(Site(release, engine, catalog, "", 10.0)).test_client()


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, arguments)


def test_a_build_tells_how_much_is_found(graph: GraphFolder, tmp_path: Path) -> None:
    """One short block after the stages, most first."""
    told = run("--graph", str(graph.root), "build", "--releases", str(tmp_path / "r")).stderr

    heading, *rows = told.splitlines()[-2:]
    assert heading.startswith("quality: 1 of 2 questions find something to mend, 1 nothing;")
    assert rows == ["      1  quality/undated  Votes without a day"]


def test_the_release_keeps_the_rows_with_their_places(releases: Path) -> None:
    """A query is asked with the defaults of its parameters, not with its example."""
    found, nothing = read(open_release(releases).quality_file)

    assert (found.query, found.count, nothing.count) == ("quality/undated", 1, 0)
    (row,) = found.rows
    assert (row.thing, row.label, row.wrong) == (VOTE, "yes", "vote without a date")
    assert row.place == "data/votes/75-282.ttl:5"


def test_the_report_tells_why_how_and_where(releases: Path) -> None:
    """Each question with its count; what is found with its place."""
    result = run("quality", "--releases", str(releases))

    assert result.exit_code == 0
    assert result.stdout.splitlines() == [
        "1  Votes without a day  [quality/undated]",
        "  why:  It stands in no timeline.",
        "  mend: Add the day of the meeting.",
        "  data/votes/75-282.ttl:5: yes: vote without a date",
        "",
        "0  Votes without a choice  [quality/unmarked]",
    ]


def test_the_report_can_be_of_one_question_and_for_machines(releases: Path) -> None:
    """A name may lack its theme; an unknown one is told with what is like it."""
    whole = json.loads(run("quality", "--format", "json", "--releases", str(releases)).stdout)
    one = run("quality", "unmarked", "--releases", str(releases))
    wrong = run("quality", "undatd", "--releases", str(releases))

    assert [(each["query"], each["count"]) for each in whole["findings"]] == [
        ("quality/undated", 1),
        ("quality/unmarked", 0),
    ]
    assert one.stdout.splitlines() == ["0  Votes without a choice  [quality/unmarked]"]
    assert wrong.exit_code == 1
    assert "undated" in wrong.stderr


def test_the_page_tells_the_same_and_leads_to_the_rows(client: FlaskClient) -> None:
    """Linked from the foot of every page; JSON for who prefers it."""
    page = client.get("/quality", headers={"Accept": "text/html"}).get_data(as_text=True)
    told = client.get("/quality", headers={"Accept": "application/json"}).get_json()
    rows = client.get(told["findings"][0]["address"], headers={"Accept": "text/html"})

    assert '<a href="/quality">Quality</a>' in client.get("/").get_data(as_text=True)
    assert '<a href="/queries/quality/undated">1 · Votes without a day</a>' in page
    assert "Add the day of the meeting." in page
    assert [each["count"] for each in told["findings"]] == [1, 0]
    assert "Add the day of the meeting." in rows.get_data(as_text=True)
    assert "vote/75-282/CAN" in rows.get_data(as_text=True)


@pytest.mark.parametrize(
    ("line", "instead", "told"),
    [
        ("#+ mend: Add the day of the meeting.\n", "", "is a quality query: add a line '#+ mend"),
        ("?thingLabel ?wrong\n", "?thingLabel\n", "a quality query projects ?wrong too"),
        (", default: vote", "", "a quality query is asked without parameters: give each a default"),
    ],
)
def test_a_header_that_is_no_whole_is_told(
    graph: GraphFolder, line: str, instead: str, told: str
) -> None:
    """Problem, why and mend belong together, and a build needs columns and defaults."""
    broken = UNDATED.replace(line, instead)
    if instead == "?thingLabel\n":
        broken = broken.replace("[thing, thingLabel, wrong]", "[thing, thingLabel]")
    (graph.root / "queries" / "quality" / "undated.rq").write_text(broken, "utf-8")

    result = run("--graph", str(graph.root), "validate")

    assert result.exit_code == 1
    assert told in result.stderr


def test_the_page_tells_what_the_shapes_warn_of(client: FlaskClient, releases: Path) -> None:
    """Each warning of the build stands under its rule, with its file and line."""
    problems = read_problems(open_release(releases).quality_file)

    told = client.get("/quality", headers={"Accept": "application/json"}).get_json()["problems"]
    page = client.get("/quality", headers={"Accept": "text/html"}).text

    assert [each["message"] for each in told] == [each.message for each in problems]
    for problem in problems:
        assert str(escape(problem.message)) in page
        assert f"{problem.path}:{problem.line}" in page
    assert "What the rules tell" in page


def test_problems_are_kept_as_they_were(tmp_path: Path) -> None:
    """What a release keeps of a problem is all of it."""
    found = Problem("data/a.ttl", 3, Severity.WARNING, "Say when.", focus="urn:a", shape="urn:b")
    path = tmp_path / "quality.json"

    path.write_text(as_json([], [found]), "utf-8")

    assert read_problems(path) == (found,)
    assert read(path) == ()
