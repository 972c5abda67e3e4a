"""Graphs of other subjects on the same program: the shipped example, and one newly started."""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from stancegraph.build import build, check
from stancegraph.folder import GraphFolder, shipped
from stancegraph.queryfile import read_queries
from tests.serving import asked, fetch, serving

EXAMPLES = sorted((Path(__file__).parents[2] / "examples").iterdir())
QUERIES = {"cluster-munitions": 5, "un-votes": 3}
MUNITIONS = "https://example.org/cluster-munitions/"
RUNNING_ALONE = {name: value for name, value in os.environ.items() if "STANCEGRAPH" not in name}


def run(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """The command, as it is typed."""
    return subprocess.run(
        [sys.executable, "-m", "stancegraph", *map(str, arguments)],
        capture_output=True, check=False, env=RUNNING_ALONE, text=True, timeout=60,
    )  # fmt: skip


@pytest.fixture(scope="module")
def munitions(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that holds a release of the example on cluster munitions."""
    releases = tmp_path_factory.mktemp("munitions")
    build(GraphFolder.at(EXAMPLES[0]), releases)
    return releases


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.name)
def test_an_example_has_no_problem_at_all(example: Path) -> None:
    """Neither violations nor warnings, in its files and its queries."""
    assert check(GraphFolder.at(example)).problems == ()


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.name)
def test_each_query_of_an_example_gives_the_rows_kept_beside_it(
    example: Path, tmp_path: Path
) -> None:
    """By the command that people use for their own queries."""
    run("--graph", example, "build", "--releases", tmp_path)

    done = run("--graph", example, "queries", "test", "--releases", tmp_path)

    assert done.returncode == 0, done.stdout
    assert len(read_queries(example)[0]) == QUERIES[example.name]


def test_the_example_is_asked_by_keys_and_names(munitions: Path) -> None:
    """A claim that is misdated is there, deprecated, beside the record of the depositary."""
    done = run(
        "--graph", EXAMPLES[0], "query", "treaties/acts", "state=Canada", "--format", "csv",
        "--releases", munitions,
    )  # fmt: skip

    rows = list(csv.DictReader(io.StringIO(done.stdout)))
    assert {(row["latest"], row["rank"]) for row in rows if row["kind"] == "ratification"} == {
        ("2015-03-16", "preferred"),
        ("2015-03-17", "deprecated"),
    }


def test_the_example_is_served_beside_the_shipped_graph(munitions: Path, live_server: str) -> None:
    """Two servers, two graphs; the shared words mean the same in both."""
    query = """
        PREFIX sg: <https://w3id.org/stancegraph/ontology#>
        SELECT DISTINCT ?vote { ?vote a sg:Vote ; sg:choice/sg:none? ?choice } ORDER BY ?vote
    """
    with serving("--releases", munitions) as server:
        found = [row["vote"] for row in server.ask(query, accept="text/csv").rows]
    shipped_found = [row["vote"] for row in fetch(live_server, asked(query), "text/csv").rows]

    assert found == [
        f"{MUNITIONS}id/vote/unga-first-committee/A-C.1-70-L.49-Rev.1/RUS",
        f"{MUNITIONS}id/vote/unga-first-committee/A-C.1-70-L.49-Rev.1/ZWE",
    ]
    assert shipped_found
    assert not set(found) & set(shipped_found)


def test_the_example_has_pages_of_its_own_to_find_and_compare(munitions: Path) -> None:
    """Search, lists, disputes and comparisons are those that its own queries declare."""
    with serving("--releases", munitions) as server:
        found = json.loads(server.request("GET", "/search.json?q=Lithuaina").text)
        lists = json.loads(server.request("GET", "/explore", accept="application/json").text)
        claims = json.loads(server.request("GET", "/explore/claims.json?state=CAN").text)
        disputes = json.loads(server.request("GET", "/disputes.json").text)
        compared = json.loads(server.request("GET", "/compare.json?things=LTU,Norway").text)

    assert found["things"][0]["key"] == "state/LTU"
    assert [each["name"] for each in lists["lists"]] == ["claims"]
    assert {row["state"]["value"] for row in claims["rows"]} == {f"{MUNITIONS}id/state/CAN"}
    assert disputes["total"] == 2
    (aspect,) = compared["aspects"]
    assert aspect["heading"] == "The Convention"
    withdrawn = [row for row in aspect["rows"] if row["label"] == "denunciation"]
    assert [cell["known"] for cell in withdrawn[0]["cells"]] == ["yes", "unknown"]


def test_shared_rules_conclude_from_the_example(munitions: Path) -> None:
    """Lithuania was a party from 2011; its notice of 2024 ends the spell some day in that year."""
    query = f"""
        PREFIX sg: <https://w3id.org/stancegraph/ontology#>
        SELECT ?from ?until {{
          ?spell sg:spellActor <{MUNITIONS}id/state/LTU> ; sg:fromLatest ?from ;
                 sg:untilLatest ?until ; sg:spellStatus ?status .
          FILTER (STRENDS(STR(?status), "/contracting-state"))
        }}
    """

    done = run("sparql", "-q", query, "--releases", munitions, "--format", "csv")

    assert done.stdout.splitlines() == ["from,until", "2011-03-24,2024-12-31"]


def test_a_new_folder_builds_answers_and_serves_at_once(tmp_path: Path) -> None:
    """What init prints are the commands to go on with, and they work."""
    folder = tmp_path / "Law of the Moon"

    begun = run("init", folder)

    assert begun.returncode == 0
    assert begun.stdout.splitlines() == [
        f"stancegraph --graph '{folder}' build",
        f"stancegraph --graph '{folder}' query treaties/acts treaty=treaty-of-zenda",
        f"stancegraph --graph '{folder}' serve",
    ]
    built = run("--graph", folder, "build")
    assert built.returncode == 0
    assert "0 violations, 0 warnings" in built.stderr
    asked = run("--graph", folder, "query", "treaties/acts", "treaty=Treaty of Zenda")
    assert "signed in the month of June" in asked.stdout
    query = "SELECT ?s { ?s a <http://www.w3.org/ns/dcat#Dataset> } ORDER BY ?s"
    with serving(graph=folder) as server:
        rows = server.ask(query, accept="text/csv").rows
    assert rows[0]["s"] == "https://example.org/law-of-the-moon/"


def test_a_new_graph_is_called_what_one_says(tmp_path: Path) -> None:
    """Quotation marks and letters of all kinds are no danger to the Turtle."""
    title = 'The "Moon", \\ Луна'

    done = run("init", tmp_path, "--title", title, "--base", "https://moon.example/g/")

    assert done.returncode == 0
    folder = GraphFolder.at(tmp_path)
    assert (folder.title, folder.base) == (title, "https://moon.example/g/")
    assert folder.vocabulary == shipped()
    assert check(folder).problems == ()


def test_init_leaves_what_is_there_alone(tmp_path: Path) -> None:
    """A folder that holds anything but .git is refused, in one line, and stays as it was."""
    (tmp_path / ".git").mkdir()
    (tmp_path / "notes.txt").write_text("mine", "utf-8")

    done = run("init", tmp_path)

    assert done.returncode == 1
    assert done.stderr == f"stancegraph: {tmp_path} is not empty: name a new folder\n"
    assert sorted(path.name for path in tmp_path.iterdir()) == [".git", "notes.txt"]
    (tmp_path / "notes.txt").unlink()
    assert run("init", tmp_path).returncode == 0


@pytest.mark.parametrize(
    ("base", "problem"),
    [
        ("moon", "must begin with http"),
        ("https://moon.example", "end in /"),
        ("https://moon.example/a b/", "is no IRI"),
        ("https://moon.example/#/", "without ? and #"),
        ("https://w3id.org/stancegraph/", "is that of the shipped graph"),
    ],
)
def test_a_base_that_cannot_be_is_refused(tmp_path: Path, base: str, problem: str) -> None:
    """As what it is: an option that makes no sense; nothing is written."""
    done = run("init", tmp_path / "moon", "--base", base)

    assert done.returncode == 2
    assert problem in done.stderr
    assert not (tmp_path / "moon").exists()
