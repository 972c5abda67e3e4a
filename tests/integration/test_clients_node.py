"""Stock clients of JavaScript on the shipped graph, over real HTTP: tests/clients/ runs them."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from rdflib.namespace import RDFS

from tests.integration.questions import (
    DISPUTED,
    EVIDENCE,
    SG,
    VOTE,
    VOTE_EVIDENCE,
    VOTE_PATH,
    VOTED,
    VOTES,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    Run = Callable[..., str]

ROOT = Path(__file__).parents[2]
CLIENTS = ROOT / "tests" / "clients"


@pytest.fixture(scope="session")
def run() -> Run:
    """Runs a command in the folder of the clients, which are installed there as locked.

    ``comunica-sparql`` is a command, and so is ``node``; the result is what it prints.
    """
    _install()

    def run(*command: str) -> str:
        done = subprocess.run(
            ["npx", "--no", "--", *command] if command[0] != "node" else command,
            cwd=CLIENTS,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run


def _install() -> None:
    """Install what the lock file says, unless that was done before."""
    _skip_without_node()
    installed = CLIENTS / "node_modules" / ".installed"
    lock = (CLIENTS / "package-lock.json").read_text("utf-8")
    if installed.is_file() and installed.read_text("utf-8") == lock:
        return
    done = subprocess.run(
        ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"],
        cwd=CLIENTS,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        pytest.fail(f"npm ci in {CLIENTS}: {done.stderr}", pytrace=False)
    installed.write_text(lock, "utf-8")


def _skip_without_node() -> None:
    """Skip where the machine has no Node.js that the clients can run on."""
    package = json.loads((CLIENTS / "package.json").read_text("utf-8"))
    least = package["engines"]["node"].removeprefix(">=")
    if shutil.which("npm") is None or shutil.which("node") is None:
        pytest.skip(f"Node.js {least} or later, with npm, is not on this machine")
    found = subprocess.run(["node", "--version"], capture_output=True, text=True, check=True).stdout
    if _numbers(found) < _numbers(least):
        pytest.skip(f"Node.js {least} or later is not on this machine, which has {found.strip()}")


def _numbers(version: str) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", version)]


# Comunica


def test_comunica_joins_data_of_its_own(run: Run, live_server: str) -> None:
    """A query over two sources: a few lines of Turtle, and the endpoint."""
    told = run("node", "comunica.mjs", f"{live_server}/sparql")

    assert told.splitlines() == [
        "Australia: no",
        "Canada: no",
        "New Zealand: no",
        "United Kingdom of Great Britain and Northern Ireland: no",
        "United States of America: no",
    ]


@pytest.mark.parametrize(
    ("query", "media_type", "told"),
    [
        (VOTES, "text/csv", "Canada,no"),
        (DISPUTED, "simple", "true"),
        (EVIDENCE, "application/n-triples", "evidence/undl-3841023/roll-call> ."),
    ],
    ids=["select", "ask", "construct"],
)
def test_comunica_asks_at_the_terminal(
    run: Run, live_server: str, query: str, media_type: str, told: str
) -> None:
    """Rows, a yes, and triples, by its own command."""
    answer = run("comunica-sparql", f"{live_server}/sparql", query, "-t", media_type)

    assert told in answer


@pytest.mark.parametrize("ending", ["", ".jsonld"])
def test_comunica_reads_an_iri_as_a_source(run: Run, live_server: str, ending: str) -> None:
    """What is known of a vote is where it looks: in the default graph of the document."""
    query = f"SELECT ?label WHERE {{ <{VOTE}> <{SG.choice}>/<{RDFS.label}> ?label }}"

    answer = run("comunica-sparql", f"{live_server}/{VOTE_PATH}{ending}", query, "-t", "text/csv")

    assert answer.split() == ["label", "no"]


# sparql-http-client


def test_sparql_http_client_streams_the_claims_that_are_contested(
    run: Run, live_server: str
) -> None:
    """The claim of 1985 stands, deprecated, beside the record."""
    told = run("node", "sparql-http-client.mjs", f"{live_server}/sparql")

    assert told.splitlines() == [
        "1985-01-01 signature: deprecated",
        "2007-03-06 accession: deprecated",
        "2007-03-09 accession: preferred",
    ]


def test_sparql_http_client_asks_in_each_of_its_ways(run: Run, live_server: str) -> None:
    """GET, a form and the query as it is give the same rows, answers and triples."""
    endpoint = f"{live_server}/sparql"

    answers = json.loads(run("node", "all-operations.mjs", endpoint, VOTES, DISPUTED, EVIDENCE))

    assert list(answers) == ["get", "postUrlencoded", "postDirect"]
    for answer in answers.values():
        assert answer["rows"] == [[state, choice, "en"] for state, choice in VOTED.items()]
        assert answer["ask"] is True
        assert answer["objects"] == sorted(map(str, VOTE_EVIDENCE))


# What is said of them


@pytest.mark.parametrize("name", ["comunica.mjs", "sparql-http-client.mjs"])
def test_the_page_shows_the_scripts_that_run_here(name: str) -> None:
    """docs/clients.md has each example as the file is."""
    page = (ROOT / "docs" / "clients.md").read_text("utf-8")

    assert f"```js\n{(CLIENTS / name).read_text('utf-8')}```\n" in page


def test_the_lock_file_names_no_registry() -> None:
    """Whoever installs the clients takes them from the registry that is theirs."""
    lock = json.loads((CLIENTS / "package-lock.json").read_text("utf-8"))

    assert len(lock["packages"]) > 1
    assert not [name for name, package in lock["packages"].items() if "resolved" in package]
