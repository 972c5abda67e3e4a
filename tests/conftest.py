"""Fixtures that tests of several modules share."""

from __future__ import annotations

import shutil
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager, suppress
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from stancegraph.build import build
from stancegraph.folder import GraphFolder, shipped

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager
    from urllib.parse import SplitResult

# A shell that starts the tests in the background makes them ignore Ctrl-C, and what they start.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

SMALL = Path(__file__).parent / "small"


@pytest.fixture
def small(tmp_path: Path) -> GraphFolder:
    """A copy of the graph of three votes in tests/small, to be changed at will."""
    return GraphFolder.at(shutil.copytree(SMALL, tmp_path / "small"))


@pytest.fixture(scope="session")
def releases(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that holds one release of tests/small; not to be changed."""
    folder = tmp_path_factory.mktemp("releases")
    build(GraphFolder.at(SMALL), folder, release_date=date(2026, 11, 22))
    return folder


@pytest.fixture(scope="session")
def shipped_releases(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that holds one release of the shipped graph; not to be changed."""
    folder = tmp_path_factory.mktemp("shipped")
    build(shipped(), folder)
    return folder


@pytest.fixture(scope="session")
def live_server(shipped_releases: Path) -> Iterator[str]:
    """The address of a server of the shipped graph, such as ``http://127.0.0.1:43210``."""
    with _serving("--releases", shipped_releases) as address:
        yield address


@pytest.fixture(scope="session")
def serving() -> Callable[..., AbstractContextManager[str]]:
    """Starts ``stancegraph serve``, for a ``with`` block, and gives its address.

    Takes the options of ``serve`` and, as ``graph``, a graph folder.
    """
    return _serving


@contextmanager
def _serving(*options: str | Path, graph: Path | None = None) -> Iterator[str]:
    named = ["--graph", str(graph)] if graph else []
    command = [sys.executable, "-m", "stancegraph", *named, "serve", "--port", "0"]
    command += map(str, options)
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            address = process.stdout.readline().split()[-1]
            _wait_until_it_listens(urlsplit(address))
            yield address
        finally:
            process.terminate()


def _wait_until_it_listens(address: SplitResult) -> None:
    """A server says where it is a moment before it listens there."""
    until = time.monotonic() + 20
    while True:
        try:
            socket.create_connection((address.hostname, address.port)).close()
        except ConnectionRefusedError:
            if time.monotonic() > until:
                raise
            time.sleep(0.02)
        else:
            return


@pytest.fixture(scope="session")
def children_of() -> Callable[[int], set[int]]:
    """Tells the processes whose parent is a given one; of Linux alone."""

    def children(parent: int) -> set[int]:
        found = set()
        for stat in Path("/proc").glob("[0-9]*/stat"):
            with suppress(OSError):
                pid, _, rest = stat.read_text("utf-8").partition(" (")
                state, above = rest.rpartition(") ")[2].split()[:2]
                if int(above) == parent and state != "Z":
                    found.add(int(pid))
        return found

    return children
