"""The servers that are compared: how each is given a graph, started and ended."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from bench import processes
from bench.client import Client, request
from bench.questions import TABLE, Question
from stancegraph import __version__

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

HOST = "127.0.0.1"
END = 10.0  # seconds that a server may take to end before it is killed
READY = Question("ready", "ASK { ?anything a ?class }", TABLE)
VIRTUOSO_PASSWORD = "dba"  # noqa: S105 - what a new database has; it listens on loopback alone
VIRTUOSO_LIMIT = 10_000_000  # rows of an answer; its own bound would cut exports


@dataclass(frozen=True, slots=True)
class Graph:
    """A graph to measure with.

    Attributes:
        key: What its folder is called.
        title: What the report calls it.
        releases: A folder of releases, of which the current one is the graph.
        triples: How many it has.
    """

    key: str
    title: str
    releases: Path
    triples: int

    @property
    def quads(self) -> Path:
        """The file that every peer loads."""
        return self.releases / "current" / "release.nq"


class Peer(Protocol):
    """A server program.

    Attributes:
        key: What its folder is called.
        title: What the report calls it.
        how: How it is run, for the report.
    """

    key: str
    title: str
    how: str

    def version(self) -> str:
        """What is installed; empty if nothing is."""

    def load(self, graph: Graph, folder: Path) -> None:
        """Put the graph into *folder*, where the program needs that before it starts."""

    def command(self, graph: Graph, folder: Path, port: int) -> Sequence[str]:
        """What starts it on *port*."""

    def endpoint(self, port: int) -> str:
        """Where it takes SPARQL queries."""

    def fill(self, graph: Graph, port: int) -> None:
        """Put the graph into the running server, where it cannot have it before."""


class PeerFailed(RuntimeError):
    """A server did not do what it must; the text says what."""


class Base:
    """What most peers have in common."""

    def load(self, graph: Graph, folder: Path) -> None:
        """Nothing is to be done before it starts."""

    def fill(self, graph: Graph, port: int) -> None:
        """Nothing is to be done once it runs."""

    def endpoint(self, port: int) -> str:
        """Where it takes SPARQL queries."""
        return f"http://{HOST}:{port}/sparql"


class Stancegraph(Base):
    """This program."""

    key = "stancegraph"
    title = "Stancegraph"
    how = "stancegraph serve --max-rows 0 --max-bytes 0, which lifts its bounds on answers"

    def version(self) -> str:
        """What is installed; empty if nothing is."""
        return __version__

    def command(self, graph: Graph, folder: Path, port: int) -> Sequence[str]:
        """What starts it on *port*."""
        return [
            sys.executable, "-m", "stancegraph", "serve",
            "--releases", str(graph.releases), "--port", str(port),
            # The others have no bounds; clients wait for a minute at most.
            "--max-rows", "0", "--max-bytes", "0", "--query-timeout", "60",
        ]  # fmt: skip


class OxigraphDisk(Base):
    """The Oxigraph server on the store on disk that its documentation recommends."""

    key = "oxigraph-disk"
    title = "Oxigraph server, on disk"
    how = "oxigraph load; oxigraph serve-read-only --union-default-graph"

    def __init__(self, tools: Path) -> None:
        self._program = str(tools / "bin" / "oxigraph")

    def version(self) -> str:
        """What is installed; empty if nothing is."""
        return _told([self._program, "--version"])

    def load(self, graph: Graph, folder: Path) -> None:
        """Put the graph into *folder*."""
        store = folder / "store"
        shutil.rmtree(store, ignore_errors=True)
        _run([self._program, "load", "--location", str(store), "--file", str(graph.quads)])

    def command(self, graph: Graph, folder: Path, port: int) -> Sequence[str]:
        """What starts it on *port*."""
        return [
            self._program, "serve-read-only", "--location", str(folder / "store"),
            "--bind", f"{HOST}:{port}", "--union-default-graph",
        ]  # fmt: skip

    def endpoint(self, port: int) -> str:
        """Where it takes SPARQL queries."""
        return f"http://{HOST}:{port}/query"


class OxigraphMemory(OxigraphDisk):
    """The Oxigraph server without a place on disk."""

    key = "oxigraph-memory"
    title = "Oxigraph server, in memory"
    how = "oxigraph serve --union-default-graph, filled by POST /store"

    def load(self, graph: Graph, folder: Path) -> None:
        """It has nothing on disk."""

    def command(self, graph: Graph, folder: Path, port: int) -> Sequence[str]:
        """What starts it on *port*."""
        return [self._program, "serve", "--bind", f"{HOST}:{port}", "--union-default-graph"]

    def fill(self, graph: Graph, port: int) -> None:
        """Put the graph into the running server."""
        _run([
            # Sent as it is read: curl cannot hold more than 2 GB, as --data-binary would.
            "curl", "--silent", "--show-error", "--fail", "--request", "POST",
            "--upload-file", str(graph.quads), "--header", "Content-Type: application/n-quads",
            f"http://{HOST}:{port}/store",
        ])  # fmt: skip


class RdflibEndpoint(Base):
    """rdflib-endpoint, which answers from rdflib's own store."""

    key = "rdflib-endpoint"
    title = "rdflib-endpoint"
    how = "rdflib-endpoint serve, with rdflib's own store"

    def __init__(self, tools: Path) -> None:
        self._bin = tools / "bin"

    def version(self) -> str:
        """What is installed; empty if nothing is."""
        return _version_of(self._bin / "python", "rdflib-endpoint")

    def command(self, graph: Graph, folder: Path, port: int) -> Sequence[str]:
        """What starts it on *port*."""
        return [
            str(self._bin / "rdflib-endpoint"), "serve", "--host", HOST, "--port", str(port),
            str(graph.quads),
        ]  # fmt: skip

    def endpoint(self, port: int) -> str:
        """Where it takes SPARQL queries."""
        return f"http://{HOST}:{port}/"


class Comunica(Base):
    """Comunica over a file of triples.

    Over quads, with ``--unionDefaultGraph``, it finds nothing wherever a query says DISTINCT.
    """

    key = "comunica"
    title = "Comunica"
    how = "comunica-sparql-file-http over the triples of all graphs, with 8 GiB of heap"

    def __init__(self, modules: Path) -> None:
        self._package = modules / "node_modules" / "@comunica" / "query-sparql-file"

    def version(self) -> str:
        """What is installed; empty if nothing is."""
        try:
            return str(json.loads((self._package / "package.json").read_text())["version"])
        except OSError:
            return ""

    def load(self, graph: Graph, folder: Path) -> None:
        """Write the triples of all graphs into one file."""
        with (
            graph.quads.open(encoding="utf-8") as quads,
            (folder / "union.nt").open("w", encoding="utf-8") as triples,
        ):
            triples.writelines(f"{line[: line.rindex(' <')]} .\n" for line in quads)

    def command(self, graph: Graph, folder: Path, port: int) -> Sequence[str]:
        """What starts it on *port*."""
        return [
            "node", "--max-old-space-size=8192", str(self._package / "bin" / "http.js"),
            str(folder / "union.nt"), "--port", str(port),
            "--timeout", "600",
        ]  # fmt: skip


class Virtuoso(Base):
    """Virtuoso's open-source edition, as Debian has it."""

    key = "virtuoso"
    title = "Virtuoso open source"
    how = "virtuoso-t, 170,000 buffers as its sample file has it for 2 GB, bound on rows lifted"

    def version(self) -> str:
        """What is installed; empty if nothing is."""
        program = shutil.which("virtuoso-t")
        if program is None:
            return ""
        done = subprocess.run([program, "-?"], capture_output=True, text=True, check=False)
        found = re.search(r"Version\s+([\d.]+)", done.stdout + done.stderr)
        return found[1] if found else "of unknown version"

    def load(self, graph: Graph, folder: Path) -> None:
        """Fill a new database by its bulk loader."""
        for path in folder.glob("virtuoso*"):
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        port = free_port()
        with started(self, graph, folder, port) as server:
            home = graph.quads.resolve().parent
            commands = (
                f"ld_dir('{home}', '{graph.quads.name}', 'urn:none')",
                "rdf_loader_run()",
                "checkpoint",
            )
            _isql(port + 1, "; ".join(commands))
            found = _isql(
                port + 1, "select count(*) from DB.DBA.LOAD_LIST where ll_error is not null"
            )
            if server.process.poll() is not None or "\n0\n" not in found.replace(" ", ""):
                raise PeerFailed(f"Virtuoso did not load the graph: {found}")
            _isql(port + 1, "shutdown")
            server.process.wait(END * 6)

    def command(self, graph: Graph, folder: Path, port: int) -> Sequence[str]:
        """What starts it on *port*."""
        ini = folder / "virtuoso.ini"
        ini.write_text(
            VIRTUOSO_INI.format(
                folder=folder, host=HOST, sql=port + 1, http=port, limit=VIRTUOSO_LIMIT,
                data=graph.quads.resolve().parent,
            ),
            "utf-8",
        )  # fmt: skip
        return [shutil.which("virtuoso-t") or "virtuoso-t", "-f", "-c", str(ini)]


VIRTUOSO_INI = """\
[Database]
DatabaseFile = {folder}/virtuoso.db
ErrorLogFile = {folder}/virtuoso.log
LockFile = {folder}/virtuoso.lck
TransactionFile = {folder}/virtuoso.trx
xa_persistent_file = {folder}/virtuoso.pxa
MaxCheckpointRemap = 2000

[TempDatabase]
DatabaseFile = {folder}/virtuoso-temp.db
TransactionFile = {folder}/virtuoso-temp.trx

[Parameters]
ServerPort = {host}:{sql}
DirsAllowed = {data}
NumberOfBuffers = 170000
MaxDirtyBuffers = 130000
ServerThreads = 64

[HTTPServer]
ServerPort = {host}:{http}
ServerThreads = 48
MaxClientConnections = 48
ServerRoot = {folder}
KeepAliveTimeout = 60

[SPARQL]
ResultSetMaxRows = {limit}
"""


@dataclass(slots=True)
class Server:
    """A server that runs.

    Attributes:
        endpoint: Where it takes SPARQL queries.
        log: Where it writes what it has to tell.
    """

    peer: Peer
    endpoint: str
    process: subprocess.Popen[bytes]
    log: Path

    @property
    def pid(self) -> int:
        """Its first process."""
        return self.process.pid

    def end(self) -> None:
        """End it and all that it started."""
        processes.resume(self.pid)
        found = processes.tree(self.pid)
        self.process.terminate()
        try:
            self.process.wait(END)
        except subprocess.TimeoutExpired:
            for process in found:
                with suppress(ProcessLookupError):
                    os.kill(process, signal.SIGKILL)
            self.process.wait()


def free_port() -> int:
    """A port of this machine that is free, as is the next one."""
    while True:
        with socket.socket() as one, socket.socket() as other:
            one.bind((HOST, 0))
            port = int(one.getsockname()[1])
            try:
                other.bind((HOST, port + 1))
            except OSError:
                continue
            return port


@contextmanager
def started(
    peer: Peer, graph: Graph, folder: Path, port: int, *, patience: float = 900.0
) -> Iterator[Server]:
    """The server on *port*, once its process runs; filling it is left to the caller.

    Raises:
        PeerFailed: it does not listen within *patience* seconds.
    """
    server = start(peer, graph, folder, port)
    try:
        wait_until_listening(server, port, patience)
        yield server
    finally:
        server.end()


def start(peer: Peer, graph: Graph, folder: Path, port: int) -> Server:
    """Start the server and wait for nothing."""
    log = folder / f"{peer.key}.log"
    with log.open("wb") as told:
        process = subprocess.Popen(
            peer.command(graph, folder, port), stdout=told, stderr=told, cwd=folder
        )
    return Server(peer, peer.endpoint(port), process, log)


def wait_until_listening(server: Server, port: int, patience: float) -> None:
    """Return once the server takes connections.

    Raises:
        PeerFailed: it ended, or the time is over.
    """
    until = time.monotonic() + patience
    while True:
        try:
            with socket.create_connection((HOST, port), 1):
                return
        except OSError:
            _check(server, until)
            time.sleep(0.01)


def wait_until_ready(server: Server, patience: float) -> None:
    """Return once the server has answered a first query.

    Raises:
        PeerFailed: it ended, or the time is over.
    """
    until = time.monotonic() + patience
    wanted = request(server.endpoint, READY)
    while True:
        with Client(server.endpoint) as client:
            reply = client.ask(wanted, timeout=max(1.0, until - time.monotonic()))
        if reply.ok and b"true" in reply.body:
            return
        _check(server, until)
        time.sleep(0.005)


def _check(server: Server, until: float) -> None:
    if server.process.poll() is not None or time.monotonic() > until:
        said = server.log.read_text("utf-8", "replace")[-500:]
        raise PeerFailed(f"{server.peer.title} did not start: {said}")


def _run(command: Sequence[str]) -> None:
    """Run a command to its end.

    Raises:
        PeerFailed: it fails.
    """
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise PeerFailed(f"{command[0]}: {done.stderr[-500:]}")


def _told(command: Sequence[str]) -> str:
    """The last word that a command prints; empty if there is no such command."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return ""
    return done.stdout.split()[-1]


def _version_of(python: Path, package: str) -> str:
    code = f"from importlib.metadata import version; print(version({package!r}))"
    return _told([str(python), "-c", code])


def _isql(port: int, statements: str) -> str:
    """What Virtuoso's own client prints.

    Raises:
        PeerFailed: it cannot ask.
    """
    done = subprocess.run(
        ["isql-vt", f"{HOST}:{port}", "dba", VIRTUOSO_PASSWORD, "VERBOSE=OFF",
         f"exec={statements};"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode or "Error" in done.stdout + done.stderr:
        raise PeerFailed(f"isql-vt: {(done.stdout + done.stderr)[-500:]}")
    return done.stdout
