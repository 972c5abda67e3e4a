"""The commands that ask a release at the terminal: sparql, describe, search, completion."""

from __future__ import annotations

import csv
import io
import json
import os
import pty
import resource
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click
import pyoxigraph as ox
import pytest

from stancegraph.cli import COMMANDS, main

if TYPE_CHECKING:
    from collections.abc import Iterator

BASE = "https://example.org/small/"
VOTES = """
PREFIX sg: <https://w3id.org/stancegraph/ontology#>
SELECT ?vote ?choice { ?vote sg:choice ?choice } ORDER BY ?vote
"""
BIN = Path(sys.executable).parent


def run(
    releases: Path, *arguments: str, given: str | None = None
) -> subprocess.CompletedProcess[str]:
    """The command as it is typed, asking the release in *releases*; *given* is its input."""
    name, *rest = arguments
    return subprocess.run(
        [sys.executable, "-m", "stancegraph", name, "--releases", str(releases), *rest],
        capture_output=True, check=False, input=given, text=True, timeout=60,
    )  # fmt: skip


def in_window(columns: int, *arguments: str) -> list[str]:
    """The lines that the command shows in a terminal window that is so wide."""
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", "stancegraph", *arguments],
        stdout=theirs, stderr=subprocess.DEVNULL, env=os.environ | {"COLUMNS": str(columns)},
    ) as process:  # fmt: skip
        os.close(theirs)
        shown = b""
        while process.poll() is None or not shown.endswith(b"\n"):
            try:
                shown += os.read(ours, 4096)
            except OSError:  # how Linux says that the other side was closed
                break
    os.close(ours)
    return shown.decode().splitlines()


# sparql


@pytest.mark.parametrize("way", ["option", "file", "input"])
def test_a_query_is_an_option_a_file_or_standard_input(
    releases: Path, tmp_path: Path, way: str
) -> None:
    """All three give the same rows."""
    path = tmp_path / "votes.rq"
    path.write_text(VOTES, "utf-8")
    arguments = {"option": ["--query", VOTES], "file": [str(path)], "input": ["-"]}[way]

    done = run(releases, "sparql", *arguments, "--format", "csv", given=VOTES)

    assert (done.returncode, done.stderr) == (0, "")
    assert list(csv.reader(io.StringIO(done.stdout))) == [
        ["vote", "choice"],
        [f"{BASE}id/vote/74-247/CAN", "no"],
        [f"{BASE}id/vote/74-247/PER", "abstain"],
        [f"{BASE}id/vote/75-282/CAN", "yes"],
    ]


def test_what_an_answer_costs_is_explained(releases: Path) -> None:
    """As JSON, of the form that the answer would have."""
    done = run(releases, "sparql", "--explain", "-q", VOTES, "--format", "csv")

    told = json.loads(done.stdout)
    written = run(releases, "sparql", "-q", VOTES, "--format", "csv").stdout
    assert told["rows"] == len(written.splitlines()) - 1
    assert told["media_type"] == "text/csv"


def test_a_table_names_things_by_their_keys(releases: Path) -> None:
    """The rows go to standard output, their number to standard error."""
    done = run(releases, "sparql", "-q", VOTES)

    assert done.stdout.splitlines() == [
        "vote             choice",
        "vote/74-247/CAN  no",
        "vote/74-247/PER  abstain",
        "vote/75-282/CAN  yes",
    ]
    assert done.stderr == "3 rows\n"


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ("ASK { ?s ?p ?o }", "yes\n"),
        ("ASK { ?s ?p 'nowhere' }", "no\n"),
        ("SELECT ?s { ?s ?p 'nowhere' }", "s\n"),
        ("CONSTRUCT { <x:a> a <x:b> } {}", "@prefix rdf: "),
        ("SELECT (<id/state/CAN> AS ?s) {}", "s\nstate/CAN\n"),
    ],
)
def test_each_form_of_query_has_an_answer_to_read(releases: Path, query: str, shown: str) -> None:
    """An empty answer is one too; relative IRIs are those of the graph."""
    done = run(releases, "sparql", "-q", query)

    assert done.returncode == 0
    assert done.stdout.startswith(shown)


@pytest.mark.parametrize(
    ("arguments", "status", "told"),
    [
        (["-q", "SELECT * { ?s ?p }"], 1, "stancegraph: line 1, column 18: "),
        (["-q", "SELECT * { SERVICE <http://x/> { ?s ?p ?o } }"], 1, "stancegraph: "),
        (["nowhere.rq"], 1, "stancegraph: cannot read nowhere.rq: No such file"),
        (["-q", VOTES, "--query-timeout", "0"], 2, "Error: Invalid value"),
        (["-q", VOTES, "--format", "ttl"], 2, "Error: --format: this result can be written as"),
        ([], 2, "Error: give the query either as FILE or with --query"),
        (["-", "-q", VOTES], 2, "Error: give the query either as FILE or with --query"),
    ],
)
def test_what_cannot_be_answered_is_one_line_and_a_status(
    releases: Path, arguments: list[str], status: int, told: str
) -> None:
    """1 for what must be mended, 2 for options that make no sense; nothing on standard output."""
    done = run(releases, "sparql", *arguments)

    assert (done.returncode, done.stdout) == (status, "")
    assert done.stderr.splitlines()[-1].startswith(told)
    assert "Traceback" not in done.stderr


def test_what_would_mend_a_query_is_a_line_of_its_own(releases: Path) -> None:
    """So that it can be copied."""
    done = run(releases, "sparql", "-q", "SELECT * { ?s rdfs:label ?label }")

    error, hint = done.stderr.splitlines()
    assert error.startswith("stancegraph: line 1, column 15: ")
    assert "PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>" in hint


def test_a_file_that_is_no_text_is_told(releases: Path, tmp_path: Path) -> None:
    """By its name, instead of by a mistake in its SPARQL."""
    path = tmp_path / "latin.rq"
    path.write_bytes(b"SELECT * { ?s ?p 'Per\xfa' }")

    done = run(releases, "sparql", str(path))

    assert done.returncode == 1
    assert done.stderr == f"stancegraph: {path} is not UTF-8: save it as UTF-8\n"


def test_v_shows_where_an_error_comes_from(releases: Path) -> None:
    """Before the one line that is always there."""
    command = [sys.executable, "-m", "stancegraph", "-v", "sparql", "-q", "SELEC"]

    done = subprocess.run(
        [*command, "--releases", str(releases)], capture_output=True, check=False, text=True
    )

    assert done.returncode == 1
    assert done.stderr.startswith("Traceback")
    assert "\nstancegraph: line 1, column 1: " in done.stderr


@pytest.mark.parametrize("columns", [40, 60, 100])
def test_no_line_is_wider_than_the_window(shipped_releases: Path, columns: int) -> None:
    """Columns are cut; in a window too narrow for them, rows become paragraphs."""
    lines = in_window(
        columns, "query", "votes/resolution", "resolution=A-RES-74-247",
        "--releases", str(shipped_releases),
    )  # fmt: skip

    assert len(lines) > 5
    assert max(map(len, lines)) <= columns


# describe


@pytest.mark.parametrize(
    "thing",
    ["CAN", "canada", "state/CAN", "id/state/CAN", f"{BASE}id/state/CAN", f"<{BASE}id/state/CAN>"],
)
def test_a_thing_is_described_by_key_name_or_iri(releases: Path, thing: str) -> None:
    """The Turtle can be read back, and has what a SPARQL DESCRIBE gives."""
    done = run(releases, "describe", thing)
    asked = run(releases, "sparql", "-q", "DESCRIBE <id/state/CAN>", "--format", "nt")

    assert (done.returncode, done.stderr) == (0, "")
    described = {quad.triple for quad in ox.parse(done.stdout, format=ox.RdfFormat.TURTLE)}
    expected = {quad.triple for quad in ox.parse(asked.stdout, format=ox.RdfFormat.N_TRIPLES)}
    assert described == expected
    assert ox.NamedNode(f"{BASE}id/state/CAN") in {triple.subject for triple in described}


def test_a_description_is_short_enough_to_read(releases: Path) -> None:
    """Things by their keys, and only the prefixes that are used."""
    lines = run(releases, "describe", "CAN").stdout.splitlines()

    assert lines[0] == f"BASE <{BASE}id/>"
    assert "<state/CAN> a sg:State ;" in lines
    assert not any("vann" in line for line in lines)


def test_words_of_the_ontology_and_claims_are_described_too(releases: Path) -> None:
    """A term by its prefix, a claim by its key, though it has no name."""
    term = run(releases, "describe", "sg:Vote", "--format", "table")
    claim = run(releases, "describe", "vote/74-247/CAN", "--format", "nt")

    assert ["sg:Vote", "rdfs:subClassOf", "sg:Claim"] in [
        line.split() for line in term.stdout.splitlines()
    ]
    assert f"<{BASE}id/vote/74-247/CAN>" in claim.stdout


@pytest.mark.parametrize(
    ("thing", "told"),
    [
        ("Cannada", "nothing is called 'Cannada'; did you mean CAN (Canada)?"),
        ("vote/74-247/XYZ", "nothing is called 'vote/74-247/XYZ'"),
        ("https://example.org/else", "nothing is called 'https://example.org/else'"),
        ("http://[", "nothing is called 'http://['"),
    ],
)
def test_what_is_not_known_is_one_line_and_status_1(releases: Path, thing: str, told: str) -> None:
    """With what may have been meant."""
    done = run(releases, "describe", thing)

    assert (done.returncode, done.stdout, done.stderr) == (1, "", f"stancegraph: {told}\n")


# search


def test_a_search_finds_by_other_names(shipped_releases: Path) -> None:
    """The name that fits stands beside the label."""
    done = run(shipped_releases, "search", "south", "korea", "--kind", "state")

    assert done.stdout.splitlines() == [
        "key        label",
        "state/KOR  Republic of Korea (South Korea)",
    ]


def test_a_search_has_forms_for_machines(shipped_releases: Path) -> None:
    """JSON and CSV have the IRI too."""
    as_json = json.loads(run(shipped_releases, "search", "KOR", "--format", "json").stdout)
    as_csv = run(shipped_releases, "search", "KOR", "--format", "csv").stdout

    assert as_json[0] == {
        "key": "state/KOR",
        "label": "Republic of Korea",
        "name": "KOR",
        "iri": "https://w3id.org/stancegraph/id/state/KOR",
    }
    assert list(csv.DictReader(io.StringIO(as_csv))) == as_json


def test_a_search_tells_how_many_it_keeps_back(shipped_releases: Path) -> None:
    """And keeps to the kinds asked for."""
    done = run(shipped_releases, "search", "convention", "--kind", "treaty", "--limit", "2")

    keys = [line.split()[0] for line in done.stdout.splitlines()[1:]]
    assert len(keys) == 2
    assert all(key.startswith("treaty/") for key in keys)
    assert "in all: --limit" in done.stderr


def test_a_search_that_finds_nothing_ends_with_status_1(releases: Path) -> None:
    """As grep does, but with a word."""
    done = run(releases, "search", "xyzzy")

    assert done.returncode == 1
    assert done.stderr == "stancegraph: nothing is called 'xyzzy'\n"


def test_a_search_in_words_tells_the_question_to_ask(shipped_releases: Path) -> None:
    """With what the text names filled in; it need not be the name of anything."""
    done = run(shipped_releases, "search", "who", "ratified", "the", "budapst", "convention")

    assert "  stancegraph query treaties/participants treaty=budapest-convention" in (
        done.stdout.splitlines()
    )


# completion


def completed(*words: str) -> list[str]:
    """What bash offers for the last of *words*, as the printed script has it."""
    script = """
        eval "$(stancegraph completion bash)"
        COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
        compopt() { :; }
        _stancegraph_completion stancegraph
        printf '%s\\n' "${COMPREPLY[@]-}"
    """
    env = os.environ | {"PATH": f"{BIN}:{os.environ['PATH']}"}
    done = subprocess.run(
        ["bash", "-euc", script, "bash", "stancegraph", *words],
        capture_output=True, check=True, text=True, env=env,
    )  # fmt: skip
    return done.stdout.split()


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        (["tre"], ["treaties/participation", "treaties/status-of-country"]),
        (["treaties/status-of-country", "a"], ["asOf="]),
        (["treaties/status-of-country", "country", "=", "KO"], ["KOR"]),
        (["treaties/status-of-country", "country=CHI"], ["country=CHN"]),
        (["treaties/status-of-country", "country=Chi"], ["country=CHL", "country=CHN"]),
        (["nowhere/at-all", "a"], []),
    ],
)
def test_queries_their_parameters_and_values_are_completed(
    shipped_releases: Path, words: list[str], offered: list[str]
) -> None:
    """From the release; bash takes KEY=VALUE for three words, others for one."""
    found = completed("query", "--releases", str(shipped_releases), *words)

    assert set(offered) <= set(found)
    assert bool(found) == bool(offered)


def test_releases_are_completed(shipped_releases: Path) -> None:
    """By their ids, and the word for the one before."""
    (there,) = (path.name for path in shipped_releases.glob("2*"))

    found = completed("release", "use", "--releases", str(shipped_releases), "")

    assert found == [there, "previous"]


def test_things_are_completed_by_their_keys(shipped_releases: Path) -> None:
    """For describe, which takes them."""
    found = completed("describe", "--releases", str(shipped_releases), "treaty/budapest-c")

    assert found == ["treaty/budapest-convention"]


def test_without_a_release_nothing_is_offered_and_nothing_breaks(tmp_path: Path) -> None:
    """A shell in the middle of a line is no place for an error."""
    assert completed("query", "--releases", str(tmp_path), "tre") == []


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_shell_has_its_script(shell: str) -> None:
    """Which asks the command itself for what to offer."""
    done = subprocess.run(
        [sys.executable, "-m", "stancegraph", "completion", shell],
        capture_output=True, check=True, text=True,
    )  # fmt: skip

    assert f"_STANCEGRAPH_COMPLETE={shell}_complete" in done.stdout


# all of them


def commands() -> Iterator[tuple[str, click.Command]]:
    context = click.Context(main)
    for name in main.list_commands(context):
        command = main.get_command(context, name)
        assert command
        yield name, command
        if isinstance(command, click.Group):
            yield from ((f"{name} {inner}", found) for inner, found in command.commands.items())


@pytest.mark.parametrize(("name", "command"), list(commands()), ids=str)
def test_the_help_of_each_command_has_an_example(name: str, command: click.Command) -> None:
    """A line that can be copied."""
    text = command.get_help(click.Context(command, info_name=name))

    assert f"stancegraph {name}" in text.partition("\n")[2], text


def test_the_page_on_the_terminal_names_every_command() -> None:
    """What it does not name, nobody finds."""
    page = (Path(__file__).parents[2] / "docs" / "terminal.md").read_text("utf-8")

    assert [name for name in COMMANDS if f"`{name}`" not in page] == []


@pytest.mark.parametrize(
    "arguments",
    [["search", "canada"], ["describe", "state/CAN"], ["sparql", "-q", "ASK {}"]],
    ids=lambda arguments: str(arguments[0]),
)
def test_a_command_answers_in_two_seconds(shipped_releases: Path, arguments: list[str]) -> None:
    """Of processor time, its own and that of its engine, however busy the machine is."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)

    done = run(shipped_releases, *arguments)

    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert done.returncode == 0
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < 2
