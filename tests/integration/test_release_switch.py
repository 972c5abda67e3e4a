"""Another release goes live while clients ask: none is turned away, none gets a mixture."""

from __future__ import annotations

import http.client
import os
import re
import signal
import sys
import threading
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import date
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import pytest

from stancegraph.build import build
from stancegraph.build.shelf import use
from tests.serving import PATIENCE, Client, serving, wait_until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from stancegraph.folder import GraphFolder
    from tests.serving import Server

CHOICES = """
    PREFIX sg: <https://w3id.org/stancegraph/ontology#>
    SELECT ?choice { ?vote sg:choice ?choice } ORDER BY ?choice"""
MANY = "SELECT * { ?s ?p ?o . ?other ?property ?choice } LIMIT 5000"
# What clients ask, each with its Accept: a look-up, a long answer, a saved query, pages.
ASKED = (
    (f"/sparql?{urlencode({'query': CHOICES})}", "text/csv"),
    (f"/sparql?{urlencode({'query': MANY})}", "application/sparql-results+json"),
    ("/queries/votes/of-a-state?actor=CAN", "text/csv"),
    ("/queries/votes/of-a-state?actor=CAN", "text/html"),
    ("/", "text/html"),
)
CLIENTS = 6


@dataclass(frozen=True)
class Got:
    """One answer."""

    release: str
    tag: str
    body: bytes


@contextmanager
def _serving(releases: Path) -> Iterator[Server]:
    """A server of *releases*, which ends well."""
    with serving("--releases", releases) as server:
        yield server
    assert server.process.returncode == 0


def _served(server: Server) -> str:
    """The release that it says it serves."""
    return server.request("GET", "/ready").text.removeprefix("ready: ").strip()


def _until(holds: Callable[[], bool], log: Path) -> None:
    wait_until(holds, PATIENCE, log)


def _get(client: Client, path: str, accept: str) -> Got:
    reply = client.request("GET", path, accept=accept)  # raises where the answer is not whole
    assert reply.status == HTTPStatus.OK, (path, str(reply))
    release = reply.headers["x-stancegraph-release"]
    if accept == "text/html":  # which tells how long it took, and is tagged by its bytes
        return Got(release, "", re.sub(rb"\d+ ms", b"", reply.body))
    return Got(release, reply.headers["etag"], reply.body)


@dataclass
class Clients:
    """Threads that ask all the time, every second of them on one connection that it keeps."""

    server: Server
    got: list[tuple[tuple[str, str], Got]] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    ending: threading.Event = field(default_factory=threading.Event)

    @contextmanager
    def asking(self) -> Iterator[None]:
        """Ask as long as the block lasts."""
        threads = [threading.Thread(target=self._ask, args=(n,)) for n in range(CLIENTS)]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self.ending.set()
            for thread in threads:
                thread.join()

    def _ask(self, number: int) -> None:
        client = Client(self.server.address)
        turn = number
        while not self.ending.is_set():
            asked = ASKED[turn % len(ASKED)]
            turn += 1
            try:
                self.got.append((asked, _get(client, *asked)))
            except (OSError, http.client.HTTPException, AssertionError) as error:
                self.failed.append(f"{asked[0]}: {error!r}")
                client.connection.close()
            if number % 2:
                client.connection.close()
        client.connection.close()


def test_nobody_is_turned_away_and_each_answer_is_of_one_release(
    two: tuple[Path, list[str]], children_of: Callable[[int], set[int]]
) -> None:
    """Under load, to and fro: no failure, and each answer is what its release always answers."""
    releases, ids = two
    with _serving(releases) as server:
        processes = len(children_of(server.process.pid))
        right: dict[tuple[str, tuple[str, str]], Got] = {}
        for name in ids:
            use(releases, name)
            _until(lambda name=name: _served(server) == name, server.log)  # type: ignore[misc]
            for asked in ASKED:
                with Client(server.address) as client:
                    right[name, asked] = _get(client, *asked)
        assert all(right[ids[0], asked].body != right[ids[1], asked].body for asked in ASKED)
        assert all(
            right[ids[0], asked].tag != right[ids[1], asked].tag or asked[1] == "text/html"
            for asked in ASKED
        )

        clients = Clients(server)
        with clients.asking():
            for name in [ids[0], ids[1]] * 3:
                use(releases, name)
                os.kill(server.process.pid, signal.SIGHUP)
                _until(lambda name=name: _served(server) == name, server.log)  # type: ignore[misc]
                before = len(clients.got)
                _until(lambda before=before: len(clients.got) > before + 20, server.log)  # type: ignore[misc]

        assert clients.failed == []
        wrong = [asked for asked, got in clients.got if got != right[got.release, asked]]
        assert wrong == []
        assert {(got.release, asked) for asked, got in clients.got} == right.keys()
        # The engines of the releases before are gone.
        _until(lambda: len(children_of(server.process.pid)) == processes, server.log)


def test_an_answer_that_began_before_is_ended_by_its_release(two: tuple[Path, list[str]]) -> None:
    """However slowly it is read, while others get the next release already."""
    releases, ids = two
    path = f"/sparql?{urlencode({'query': MANY.replace('5000', '80000')})}"
    with _serving(releases) as server, Client(server.address) as slow:
        slow.connection.request(
            "GET", f"{path}&format=tsv", headers={"Accept-Encoding": "identity"}
        )
        reply = slow.connection.getresponse()
        begun = reply.read(100)

        use(releases, ids[0])
        _until(lambda: _served(server) == ids[0], server.log)
        rest = reply.read()

        assert reply.headers["X-Stancegraph-Release"] == ids[1]
        assert (begun + rest).count(b"\n") == 80_001
        with Client(server.address) as client:
            assert _get(client, path, "text/csv").release == ids[0]


def test_a_release_that_cannot_be_served_is_told_and_the_one_before_goes_on(
    two: tuple[Path, list[str]],
) -> None:
    """Neither broken quads nor a folder that is gone end the server; a mended one is served."""
    releases, ids = two
    quads = releases / ids[0] / "release.nq"
    content = quads.read_bytes()
    with _serving(releases) as server:
        quads.write_bytes(b"nonsense\n" + content)
        _link(releases, ids[0])
        _until(lambda: "is no N-Quads" in server.log.read_text("utf-8"), server.log)
        _link(releases, "nowhere")
        _until(lambda: "holds no release" in server.log.read_text("utf-8"), server.log)
        assert _served(server) == ids[1]

        _link(releases, ids[0])
        quads.write_bytes(content)
        os.kill(server.process.pid, signal.SIGHUP)

        _until(lambda: _served(server) == ids[0], server.log)
        told = re.findall(r"^serving release .*$", server.log.read_text("utf-8"), re.MULTILINE)
        assert told == [f"serving release {ids[0]}"]


def _link(releases: Path, name: str) -> None:
    """Let the link ``current`` name a folder, as somebody may who goes without the command."""
    (releases / "link").symlink_to(name)
    (releases / "link").replace(releases / "current")


@pytest.mark.whole
def test_a_web_process_that_starts_meanwhile_serves_the_next_release_too(
    two: tuple[Path, list[str]], children_of: Callable[[int], set[int]]
) -> None:
    """It came for one that was killed, and was stopped before it could hear of anything."""
    releases, ids = two
    with _serving(releases) as server:

        def processes() -> set[int]:
            started = children_of(server.process.pid)
            return {pid for each in started if _forks(each) for pid in children_of(each)}

        there = processes()
        time.sleep(6)  # what dies sooner is taken for something that can only die
        os.kill(min(there), signal.SIGKILL)
        _until(lambda: bool(processes() - there), server.log)
        (young,) = processes() - there
        os.kill(young, signal.SIGSTOP)
        use(releases, ids[0])
        time.sleep(1)
        os.kill(young, signal.SIGCONT)

        _until(lambda: {_served(server) for _ in range(10)} == {ids[0]}, server.log)


def _forks(pid: int) -> bool:
    """Whether web processes are forked from a process."""
    with suppress(OSError):
        return b"forkserver" in Path(f"/proc/{pid}/cmdline").read_bytes()
    return False


def test_a_release_that_is_built_is_served(small: GraphFolder, tmp_path: Path) -> None:
    """Nobody needs to tell the server; nor where a release is built anew with other queries."""
    releases = tmp_path / "releases"
    build(small, releases, release_date=date(2026, 1, 1))
    with _serving(releases) as server:
        query = small.root / "queries/votes/of-a-state.rq"
        query.write_text(query.read_text("utf-8").replace("How a", "In which way a"), "utf-8")
        build(small, releases, release_date=date(2026, 1, 1))

        def shown() -> bool:
            with Client(server.address) as client:
                return b"In which way a" in _get(client, "/queries/", "text/html").body

        _until(shown, server.log)


def test_it_ends_with_its_terminal(two: tuple[Path, list[str]], tmp_path: Path) -> None:
    """A hang-up means a look at the release, but the end where the terminal is gone."""
    releases, ids = two
    log = tmp_path / "log"
    pid, terminal = os.forkpty()
    if pid == 0:
        command = [sys.executable, "-m", "stancegraph", "serve", "--port", "0"]
        with log.open("w") as file:
            os.dup2(file.fileno(), 1)
            os.dup2(file.fileno(), 2)
        os.execv(command[0], [*command, "--releases", str(releases)])  # noqa: S606 (our own)
    _until(lambda: "http://" in log.read_text("utf-8") if log.exists() else False, log)
    use(releases, ids[0])
    os.kill(pid, signal.SIGHUP)
    _until(lambda: f"serving release {ids[0]}" in log.read_text("utf-8"), log)

    os.close(terminal)

    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0, log.read_text("utf-8")
