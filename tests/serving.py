"""What tests over real HTTP share: a server of their own, and a client that tells all it got."""

from __future__ import annotations

import csv
import http.client
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, Self
from urllib.parse import quote, urlencode, urljoin, urlsplit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

COMMAND = [sys.executable, "-m", "stancegraph", "serve"]
HIT = "stancegraph; hit"
NGINX = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
NGINX_WRITER = Path(__file__).parents[1] / "deploy/nginx.py"
PATIENCE = 60  # seconds that a loaded machine may take for an answer


@dataclass(frozen=True, slots=True)
class Reply:
    """What a server answered, its headers by lower-case name."""

    status: int
    headers: dict[str, str]
    body: bytes

    def __str__(self) -> str:
        return f"{self.status} {self.media_type}\n{self.body[:2000].decode('utf-8', 'replace')}"

    @property
    def text(self) -> str:
        """The body as text."""
        return self.body.decode("utf-8")

    @property
    def media_type(self) -> str:
        """The Content-Type without its parameters; empty where there is none."""
        return self.headers.get("content-type", "").partition(";")[0].strip()

    @property
    def problem(self) -> dict[str, object]:
        """The problem document that this must be."""
        assert self.headers["content-type"] == "application/problem+json"
        found: dict[str, object] = json.loads(self.body)
        assert found["status"] == self.status
        return found

    @property
    def rows(self) -> list[dict[str, str]]:
        """The rows of the CSV that this must be, by column."""
        assert (self.status, self.media_type) == (200, "text/csv"), str(self)
        return list(csv.DictReader(self.text.splitlines()))

    @property
    def kept(self) -> bool:
        """Whether it was there before it was asked for."""
        return self.headers.get("cache-status") == HIT

    def links(self, rel: str) -> list[str]:
        """What the Link header names by a relation."""
        found = re.findall(r'<([^>]*)>; rel="([^"]*)"', self.headers["link"])
        return [target for target, name in found if name == rel]


class Client:
    """One connection to *server*, and so to one of its web processes, each with its own cache."""

    def __init__(self, server: str) -> None:
        self.connection = http.client.HTTPConnection(urlsplit(server).netloc, timeout=PATIENCE)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.connection.close()

    def request(
        self, method: str, path: str, body: bytes | str | None = None, **headers: str
    ) -> Reply:
        """Send one request; ``_`` in the name of a header stands for ``-``."""
        named = {name.replace("_", "-"): text for name, text in headers.items()}
        self.connection.request(method, path, body, named)
        answer = self.connection.getresponse()
        found: dict[str, str] = {}
        for name, text in answer.getheaders():  # one that is repeated is a list (RFC 9110)
            before = found.get(name.lower())
            found[name.lower()] = f"{before}, {text}" if before else text
        return Reply(answer.status, found, answer.read())

    def ask(self, query: str, method: str = "GET", **headers: str) -> Reply:
        """Ask the endpoint by its address alone."""
        return self.request(method, asked(query), **headers)


def asked(query: str, **parameters: str) -> str:
    """The path that asks the endpoint this query."""
    return f"/sparql?{urlencode({'query': query, **parameters}, quote_via=quote)}"


def fetch(server: str, path: str, accept: str | None = None, method: str = "GET") -> Reply:
    """Ask for a path, or an address, of *server*; redirects are not followed."""
    address = urlsplit(urljoin(server, path))
    target = quote(address.path, safe="/%:") + (f"?{address.query}" if address.query else "")
    with Client(address.geturl()) as client:
        return client.request(method, target, **({} if accept is None else {"accept": accept}))


@dataclass(frozen=True, slots=True)
class Server:
    """A running server.

    Attributes:
        address: Such as ``http://127.0.0.1:43210``.
        told: What it wrote to standard output when it was ready.
        log: The file of its standard error; gone with the server.
    """

    process: subprocess.Popen[str]
    address: str
    told: str
    log: Path

    def request(
        self, method: str, path: str, body: bytes | str | None = None, **headers: str
    ) -> Reply:
        """Send one request on a connection of its own."""
        with Client(self.address) as client:
            return client.request(method, path, body, **headers)

    def ask(self, query: str, method: str = "GET", **headers: str) -> Reply:
        """Ask the endpoint by its address alone."""
        return self.request(method, asked(query), **headers)


@contextmanager
def serving(
    *options: str | Path,
    graph: Path | None = None,
    env: dict[str, str] | None = None,
    process_group: int | None = None,
) -> Iterator[Server]:
    """A server on a free port, once it answers; it is sent SIGTERM at the end if it still runs.

    Args:
        options: Those of ``stancegraph serve``.
        graph: The graph folder, where it is not the shipped one.
        env: Its environment, where it is not that of the tests.
        process_group: 0 for one of its own, which Ctrl-C at the tests' terminal does not reach.
    """
    named = ["--graph", str(graph)] if graph else []
    command = [*COMMAND[:-1], *named, COMMAND[-1], "--port", "0", *map(str, options)]
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder, "log")
        with (
            log.open("w") as errors,
            subprocess.Popen(
                command,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                env=env,
                process_group=process_group,
            ) as process,
        ):
            try:
                assert process.stdout is not None
                told = "".join(process.stdout.readline() for _ in range(3))
                address = re.search(r"at (http://\S+)", told)
                assert address, log.read_text("utf-8")
                yield Server(process, address[1], told, log)
            finally:
                process.terminate()


class Proxy(NamedTuple):
    """A running nginx: its first process, and its port on 127.0.0.1."""

    pid: int
    port: int


@contextmanager
def behind_nginx(replicas: Sequence[Server]) -> Iterator[Proxy]:
    """An nginx before *replicas*, set up as deploy/nginx.py writes it.

    It lets clients ask as often as they like, and believes in X-Forwarded-For from here.
    """
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)  # its processes may be another user's
        with socket.create_server(("127.0.0.1", 0)) as probe:
            port = probe.getsockname()[1]
        options = ["--standalone", f"{folder}/nginx", "--listen", f"127.0.0.1:{port}",
                   "--rate", "100000", "--trust", "127.0.0.1"]  # fmt: skip
        for replica in replicas:
            options += ["--replica", urlsplit(replica.address).netloc]
        written = subprocess.run(
            [sys.executable, NGINX_WRITER, *options], check=True, capture_output=True
        )
        Path(folder, "nginx.conf").write_bytes(written.stdout)
        command = [str(NGINX), "-c", f"{folder}/nginx.conf", "-g", "daemon off;"]
        with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
            try:
                wait_until(lambda: process.poll() is not None or accepts(port))
                assert process.poll() is None, process.stderr and process.stderr.read()
                yield Proxy(process.pid, port)
            finally:
                process.terminate()


def accepts(port: int) -> bool:
    """Whether somebody listens on this port of 127.0.0.1."""
    with suppress(OSError), socket.create_connection(("127.0.0.1", port)):
        return True
    return False


def wait_until(holds: Callable[[], bool], seconds: float = 30.0, log: Path | None = None) -> None:
    """Look again and again until something *holds*; where it does not in time, fail with *log*."""
    until = time.monotonic() + seconds
    while not holds():
        late = time.monotonic() >= until
        assert not late, log.read_text("utf-8") if log else "it did not come to hold in time"
        time.sleep(0.02)


def processor_time(pid: int) -> float:
    """Seconds that a process has computed; 0 when it is gone."""
    with suppress(OSError):
        fields = Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(") ")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return 0.0


def quickest(act: Callable[[], None], within: float) -> float:
    """The seconds that *act* takes: of five tries the first below *within*, else the least.

    A busy machine makes one or another late; what is late each time is late of itself.
    """
    found = []
    for _ in range(5):
        begun = time.monotonic()
        act()
        found.append(time.monotonic() - begun)
        if found[-1] < within:
            break
    return min(found)
