"""SPARQL servers to try the contract on: how each is started, and ended."""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

HOST = "127.0.0.1"
PATIENCE = 60.0  # seconds that a loaded machine may take to start one, or one to answer
OXIGRAPH = Path(sys.executable).with_name("oxigraph")
VIRTUOSO_INI = """\
[Database]
DatabaseFile = {folder}/virtuoso.db
ErrorLogFile = {folder}/virtuoso.log
LockFile = {folder}/virtuoso.lck
TransactionFile = {folder}/virtuoso.trx
xa_persistent_file = {folder}/virtuoso.pxa

[TempDatabase]
DatabaseFile = {folder}/virtuoso-temp.db
TransactionFile = {folder}/virtuoso-temp.trx

[Parameters]
ServerPort = {host}:{sql}
DirsAllowed = {folder}
NumberOfBuffers = 10000
MaxDirtyBuffers = 6000
ServerThreads = 32

[HTTPServer]
ServerPort = {host}:{http}
ServerThreads = 16
ServerRoot = {folder}

[SPARQL]
ResultSetMaxRows = {rows}
"""


@dataclass(slots=True)
class Running:
    """A server that runs.

    Attributes:
        url: Where it answers queries; with what it takes to write, where it wants that.
        port: Where it listens, and the port of its own client, where it has one.
    """

    url: str
    port: int
    process: subprocess.Popen[bytes]
    client_port: int = 0

    def kill(self) -> None:
        """End it at once."""
        self.process.kill()
        self.process.wait()


def free_port() -> int:
    """A port that is free."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


@contextmanager
def oxigraph(port: int = 0) -> Iterator[Running]:
    """The Oxigraph server, with an empty store in memory; on *port*, or any that is free."""
    port = port or free_port()
    command = [str(OXIGRAPH), "serve", "--bind", f"{HOST}:{port}"]
    with _started(command, port) as process:
        yield Running(f"http://{HOST}:{port}/query", port, process)


@contextmanager
def virtuoso(folder: Path, *, rows: int = 10_000_000) -> Iterator[Running]:
    """Virtuoso, with an empty database; it gives answers of so many *rows*."""
    program = shutil.which("virtuoso-t")
    if program is None:
        pytest.skip("virtuoso-opensource-7-bin is not installed")
    port, sql = free_port(), free_port()
    ini = folder / "virtuoso.ini"
    ini.write_text(
        VIRTUOSO_INI.format(folder=folder, host=HOST, http=port, sql=sql, rows=rows), "utf-8"
    )
    with _started([program, "-f", "-c", str(ini)], port) as process:
        yield Running(f"http://dba:dba@{HOST}:{port}/sparql", port, process, sql)


@contextmanager
def _started(command: Sequence[str], port: int) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        until = time.monotonic() + PATIENCE
        while not _listens(port):
            assert process.poll() is None, f"{command[0]} ended"
            assert time.monotonic() < until, f"{command[0]} does not listen"
            time.sleep(0.02)
        yield process
    finally:
        process.kill()
        process.wait()


def _listens(port: int) -> bool:
    try:
        with socket.create_connection((HOST, port), timeout=5):
            return True
    except OSError:
        return False
