"""Three replicas behind nginx, as deploy/nginx.py sets it up: nothing fails, nothing is mixed."""

from __future__ import annotations

import gzip
import http.client
import os
import re
import shutil
import signal
import sys
import threading
import time
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlencode, urlsplit

import pytest

from stancegraph.build.shelf import use
from tests.serving import NGINX, PATIENCE, Server, behind_nginx, serving, wait_until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

pytestmark = [
    pytest.mark.whole,
    pytest.mark.skipif(not NGINX, reason="nginx is not installed"),
    pytest.mark.skipif(sys.platform != "linux", reason="asks from many addresses of loopback"),
]

SETTLED = 3.0  # seconds after which nginx has asked its replicas again for their release
PARTS = 12  # clients, each with an address of its own
CHOICES = """
    PREFIX sg: <https://w3id.org/stancegraph/ontology#>
    SELECT ?choice { ?vote sg:choice ?choice } ORDER BY ?choice"""
MANY = "SELECT * { ?s ?p ?o . ?other ?property ?choice } LIMIT 20000"


class Asked(NamedTuple):
    """What a client asks."""

    path: str
    accept: str
    encoding: str = "identity"


WHOLE = tuple(
    Asked(path, accept, encoding)
    for encoding in ("identity", "gzip")
    for path, accept in (
        (f"/sparql?{urlencode({'query': CHOICES})}", "text/csv"),
        ("/queries/votes/of-a-state?actor=CAN", "text/csv"),
        ("/queries/votes/of-a-state?actor=CAN", "text/html"),
        ("/", "text/html"),
    )
)
LONG = Asked(f"/sparql?{urlencode({'query': MANY})}", "text/tab-separated-values")


class Got(NamedTuple):
    """One answer, as far as it is the same whenever it is made."""

    release: str
    tag: str
    body: bytes


@dataclass
class Clients:
    """Threads that ask all the time, from addresses of their own, half of them anew each time."""

    port: int
    asked: tuple[Asked, ...]
    got: list[tuple[Asked, Got]] = field(default_factory=list)
    kept: int = 0
    failed: list[str] = field(default_factory=list)
    ending: threading.Event = field(default_factory=threading.Event)

    @contextmanager
    def asking(self) -> Iterator[None]:
        """Ask as long as the block lasts, and until each client was answered some more."""
        threads = [threading.Thread(target=self._ask, args=(n,)) for n in range(PARTS)]
        for thread in threads:
            thread.start()
        try:
            yield
            self.go_on()
        finally:
            self.ending.set()
            for thread in threads:
                thread.join()

    def go_on(self) -> None:
        """Wait until some more was answered, or failed."""
        before = len(self.got) + len(self.failed)
        wait_until(lambda: len(self.got) + len(self.failed) > before + 10 * PARTS, PATIENCE)

    def _ask(self, number: int) -> None:
        address = f"127.0.0.{number + 2}"
        connection = _connection(self.port, address)
        turn = number
        while not self.ending.is_set():
            asked = self.asked[turn % len(self.asked)]
            turn += 1
            try:
                got, kept = _get(connection, asked)
                self.got.append((asked, got))
                self.kept += kept
            except (OSError, http.client.HTTPException, AssertionError) as error:
                self.failed.append(f"{asked}: {error!r}")
                connection.close()
            if number % 2:
                connection.close()
        connection.close()


def _connection(port: int, address: str = "127.0.0.1") -> http.client.HTTPConnection:
    return http.client.HTTPConnection(
        "127.0.0.1", port, timeout=PATIENCE, source_address=(address, 0)
    )


def _get(connection: http.client.HTTPConnection, asked: Asked, host: str = "") -> tuple[Got, bool]:
    """An answer, and whether nginx had kept it; *host* stands in for that of the connection."""
    named = {"Accept": asked.accept, "Accept-Encoding": asked.encoding}
    connection.request("GET", asked.path, headers=named | ({"Host": host} if host else {}))
    reply = connection.getresponse()
    body = reply.read()  # raises where the answer is not whole
    assert reply.status == HTTPStatus.OK, (reply.status, body[:500])
    headers = reply.headers
    if headers["Content-Encoding"] == "gzip":
        body = gzip.decompress(body)
    kept = "proxy; hit" in headers.get_all("Cache-Status", [])
    if asked.accept == "text/html":  # which tells how long it took, and is tagged by its bytes
        return Got(headers["X-Stancegraph-Release"], "", re.sub(rb"\d+ ms", b"", body)), kept
    return Got(headers["X-Stancegraph-Release"], headers["ETag"], body), kept


def _served(server: Server) -> str:
    return server.request("GET", "/ready").text.removeprefix("ready: ").strip()


def _kill(server: Server, children_of: Callable[[int], set[int]]) -> None:
    """End all processes of a server at once, as a machine does that fails."""
    found = [server.process.pid]
    for pid in found:
        os.kill(pid, signal.SIGSTOP)  # so that it starts no more
        found.extend(children_of(pid))
    for pid in found:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    server.process.wait(PATIENCE)


def _right(server: Server, folder: Path, ids: list[str], host: str) -> dict[tuple[str, Asked], Got]:
    """What each release answers, asked of a replica itself."""
    found = {}
    for name in ids:
        use(folder, name)
        wait_until(lambda name=name: _served(server) == name, PATIENCE)  # type: ignore[misc]
        for asked in (*WHOLE, LONG):
            connection = _connection(urlsplit(server.address).port or 0)
            found[name, asked] = _get(connection, asked, host)[0]
            connection.close()
    return found


def test_replicas_fail_and_go_over_unnoticed(
    two: tuple[Path, list[str]], tmp_path: Path, children_of: Callable[[int], set[int]]
) -> None:
    """Under load the release is switched on one after the other, one ends, one is killed."""
    releases, ids = two
    folders = [shutil.copytree(releases, tmp_path / f"of-{n}", symlinks=True) for n in range(3)]
    with ExitStack() as stack:
        servers = [stack.enter_context(serving("--releases", each)) for each in folders]
        port = stack.enter_context(behind_nginx(servers)).port
        right = _right(servers[0], folders[0], ids, f"127.0.0.1:{port}")
        assert all(right[ids[0], asked].body != right[ids[1], asked].body for asked in WHOLE)

        clients = Clients(port, (*WHOLE, LONG))
        with clients.asking():
            for name in [ids[0], ids[1], ids[0]]:
                for folder in folders:
                    use(folder, name)
                    clients.go_on()
                wait_until(lambda name=name: {*map(_served, servers)} == {name}, PATIENCE)  # type: ignore[misc]
                time.sleep(SETTLED)
                before = len(clients.got) + PARTS  # those who had asked before
                clients.go_on()
                assert {got.release for _, got in clients.got[before:]} == {name}
            # Ended with grace, as for another version of the program, and started again.
            servers[0].process.terminate()
            assert servers[0].process.wait(PATIENCE) == 0
            clients.go_on()
            place = urlsplit(servers[0].address)
            again = ("--releases", folders[0], "--port", str(place.port))
            servers[0] = stack.enter_context(serving(*again))
            clients.go_on()

        # A long answer breaks off with its replica, whoever stands before; whole ones do not.
        hasty = Clients(port, WHOLE)
        with hasty.asking():
            hasty.go_on()
            _kill(servers[1], children_of)
            hasty.go_on()

        got = [*clients.got, *hasty.got]
        assert [*clients.failed, *hasty.failed] == []
        assert [asked for asked, each in got if each != right[each.release, asked]] == []
        assert {(each.release, asked) for asked, each in got} == right.keys()
        assert clients.kept > len(clients.got) / 10


def test_without_replicas_there_is_a_plain_answer(
    two: tuple[Path, list[str]], children_of: Callable[[int], set[int]]
) -> None:
    """It is a problem document, which says when to come again."""
    releases, _ = two
    with serving("--releases", releases) as server, behind_nginx([server]) as proxy:
        connection = _connection(proxy.port)
        _get(connection, WHOLE[0])
        _kill(server, children_of)
        time.sleep(SETTLED)

        connection.request("GET", "/", headers={"Accept": "text/html"})
        reply = connection.getresponse()

        assert reply.status == HTTPStatus.SERVICE_UNAVAILABLE
        assert reply.headers["Content-Type"] == "application/problem+json"
        assert reply.headers["Retry-After"] == "5"
        assert b'"status": 503' in reply.read()
        connection.close()
