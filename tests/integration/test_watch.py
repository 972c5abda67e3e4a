"""``stancegraph serve --watch``: what is saved is served, what is wrong is told."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from tests.serving import PATIENCE, Server, asked, fetch, serving, wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from stancegraph.folder import GraphFolder

CHOICE = """
    PREFIX sg: <https://w3id.org/stancegraph/ontology#>
    SELECT ?choice { <https://example.org/small/id/vote/74-247/CAN> sg:choice ?choice }"""
VOTES = "data/votes/74-247.ttl"


@dataclass
class Edited:
    """A server that watches the graph in *root*, and what it writes to standard error."""

    root: Path
    server: Server

    def ask(self, query: str) -> list[str]:
        """The answer as CSV, without its head."""
        return self.get(asked(query), "text/csv").splitlines()[1:]

    def get(self, path: str, media_type: str = "text/html") -> str:
        """What is at *path*."""
        reply = fetch(self.server.address, path, media_type)
        assert reply.status == 200, str(reply)
        return reply.text

    def write(self, file: str, old: str, new: str) -> None:
        """Replace *old* by *new* as editors do that write a new file and rename it."""
        path = self.root / file
        text = path.read_text("utf-8")
        assert old in text
        beside = path.with_name(f".{path.name}.swp")
        beside.write_text(text.replace(old, new), "utf-8")
        beside.replace(path)

    def told(self) -> str:
        """What it has written so far."""
        return self.server.log.read_text("utf-8")


@pytest.fixture
def edited(small: GraphFolder, tmp_path: Path) -> Iterator[Edited]:
    """A server of its own for one test."""
    options = ("--watch", "--releases", tmp_path / "releases")
    with serving(*options, graph=small.root) as server:
        edited = Edited(small.root, server)
        wait_until(lambda: edited.ask(CHOICE) == ["no"])
        yield edited
        server.process.terminate()
        assert server.process.wait(PATIENCE) == 0, edited.told()


def test_a_saved_file_is_served(edited: Edited) -> None:
    """The graph need not be built before; the release that was served is the one before."""
    edited.write(VOTES, 'sg:choice "no"', 'sg:choice "yes"')

    wait_until(lambda: edited.ask(CHOICE) == ["yes"])
    wait_until(lambda: "serving release" in edited.told())
    assert edited.told().count("violations") == 2


def test_a_broken_file_is_told_and_a_mended_one_served(edited: Edited) -> None:
    """What was served stays, until the mistake with its file and line is mended."""
    edited.write(VOTES, 'sg:choice "no" ;', 'sg:choice "yes"')
    wait_until(lambda: f"{VOTES}:" in edited.told())
    wait_until(lambda: "no release was written" in edited.told())
    assert edited.ask(CHOICE) == ["no"]

    edited.write(VOTES, 'sg:choice "yes"', 'sg:choice "yes" ;')

    wait_until(lambda: edited.ask(CHOICE) == ["yes"])


def test_several_saves_are_one_build(edited: Edited) -> None:
    """Queries, rules and dataset.ttl are watched too; a file that is new, or gone, counts."""
    for number in range(5):
        other = edited.root / "data" / "votes" / "other.ttl"
        other.write_text(f"# Nothing yet: {number}.\n", "utf-8")
        edited.write("queries/votes/of-a-state.rq", "#+ summary: ", f"#+ summary: {number} ")
        edited.write("dataset.ttl", 'dcterms:title "', 'dcterms:title "A ')
        time.sleep(0.05)
    other.unlink()

    wait_until(lambda: "serving release" in edited.told())
    assert "4 3 2 1 0 " in edited.get("/queries/votes/of-a-state")
    assert edited.told().count("violations") == 2
