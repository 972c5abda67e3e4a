"""What replicas behind nginx do together, by ``python -m bench.replicas``.

Serves the current release from one, two and three replicas behind an nginx that is set up as
deploy/nginx.py has it, asks for pages from many addresses, and writes docs/replicas.md.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import tempfile
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

from bench import processes, records
from bench.load import GRACE, SCRIPT
from stancegraph.build.release import open_release
from stancegraph.folder import shipped
from stancegraph.names import FILE, Names
from tests.serving import behind_nginx, serving

if TYPE_CHECKING:
    from collections.abc import Sequence

ROOT = Path(__file__).parents[1]
WRITTEN = ROOT / "docs/replicas.md"
CONNECTIONS = 8
CLIENTS = 240  # addresses
REPEATED = 40  # pages that are asked for again and again
WARMING = 12  # pages that each replica is asked for before anything is measured
SETTLE = 30  # seconds in which servers come to rest
HEAD = """\
# Replicas

What one, two and three replicas do behind one nginx ([deploying.md](deploying.md)), all on one
machine, {machine},
together with the program that asks: `wrk`, {connections} connections, {clients} client addresses, \
{seconds} s for each
figure. **New** pages are pages of things, each asked for once; **kept** are {repeated} of them,
asked for again and again. Release `{release}`, revision {revision}, {day};
`python -m bench.replicas`. Before it began, {busy:.1f} processors were busy with other things.

| arrangement | new, pages/s | p95, ms | kept, pages/s | p95, ms \
| replicas, ms a new page | nginx, ms a new page | memory, MiB |
|---|--:|--:|--:|--:|--:|--:|--:|
"""
TAIL = """

Times a page are of a processor. Memory is the proportional set size of all replicas and of nginx
after that.

What this can show: what nginx costs, what its cache saves, and that replicas do not get in each
other's way. What it cannot: that two replicas answer twice as much, for a single one keeps all
processors of this machine busy by itself, with a web process for each. Replicas on one machine are
for changing and failing without being noticed. On machines of their own, each adds what the table
has for one, until nginx is busy: new pages a second by all = replicas x processors of each x 1000 /
(ms of a replica for a page).
"""


@dataclass(frozen=True, slots=True)
class Load:
    """What came of asking: answers a second, milliseconds, processor seconds an answer."""

    rate: float
    p95: float
    cost: float
    proxy_cost: float


@dataclass(frozen=True, slots=True)
class Place:
    """Where to ask, and the processes behind it; *proxy* is 0 where there is none."""

    host: str
    servers: tuple[int, ...]
    proxy: int = 0

    def used(self) -> tuple[float, float]:
        """Processor seconds so far of the servers, and of the proxy."""
        proxy = processes.cpu_seconds(self.proxy) if self.proxy else 0.0
        return sum(map(processes.cpu_seconds, self.servers)), proxy

    @property
    def memory(self) -> float:
        """MiB of all."""
        every = [*self.servers, *([self.proxy] if self.proxy else [])]
        return sum(map(processes.memory_mib, every))


def asked(host: str, paths: Sequence[str], random: Random) -> bytes:
    """What requests.lua reads: each path once, from some client."""
    texts = []
    for path in paths:
        client = f"198.51.100.{random.randrange(CLIENTS) + 1}"
        lines = (f"GET {path} HTTP/1.1", f"Host: {host}", f"X-Forwarded-For: {client}",
                 "Accept: text/html", "Accept-Encoding: gzip")  # fmt: skip
        texts.append(("\r\n".join(lines) + "\r\n\r\n").encode())
    parts = b"".join(b"%d\n%s" % (len(text), text) for text in texts)
    order = " ".join(map(str, range(1, len(texts) + 1)))
    return b"%d\n%s%s\n" % (len(texts), parts, order.encode())


def load(place: Place, paths: Sequence[str], seconds: int, random: Random) -> Load:
    """Ask for *paths* in their order, over and over, for *seconds*.

    Raises:
        RuntimeError: wrk fails, or not all is answered well.
    """
    with tempfile.NamedTemporaryFile() as file:
        file.write(asked(place.host, paths, random))
        file.flush()
        before = place.used()
        done = subprocess.run(
            ["wrk", "--threads", "1", "--connections", str(CONNECTIONS), "--duration",
             f"{seconds}s", "--timeout", f"{GRACE}s", "--script", str(SCRIPT),
             f"http://{place.host}", "--", file.name],
            capture_output=True, text=True, check=False, timeout=seconds + GRACE,
        )  # fmt: skip
        spent = [after - then for after, then in zip(place.used(), before, strict=True)]
    line = next((line for line in done.stdout.splitlines() if line.startswith("JSON ")), None)
    if line is None:
        raise RuntimeError(f"wrk failed: {done.stderr or done.stdout}")
    told = json.loads(line.removeprefix("JSON "))
    if not told["requests"] or told["refused"] or told["broken"] or told["timeouts"]:
        raise RuntimeError(f"not all was answered: {told}")
    count = told["requests"]
    cost, proxy_cost = (each / count for each in spent)
    return Load(count * 1e6 / told["microseconds"], told["p95"] / 1000, cost, proxy_cost)


def row(name: str, place: Place, paths: list[str], seconds: int, random: Random) -> str:
    """A row of the table; takes what it asks from *paths*."""
    take = len(paths) // 4
    fresh = [paths.pop() for _ in range(take)]
    new = load(place, fresh, seconds, random)
    if new.rate * seconds > take:
        raise RuntimeError(f"{take} pages are too few for {seconds} s: {new.rate:.0f} a second")
    kept_paths = fresh[:REPEATED]
    load(place, kept_paths, 2, random)
    kept = load(place, kept_paths, seconds, random)
    figures = (f"{new.rate:,.0f}", f"{new.p95:,.0f}", f"{kept.rate:,.0f}", f"{kept.p95:,.0f}",
               f"{1000 * new.cost:.1f}", f"{1000 * new.proxy_cost:.2f}" if place.proxy else "",
               f"{place.memory:,.0f}")  # fmt: skip
    return f"| {name} | {' | '.join(figures)} |"


def main() -> None:
    """Measure each arrangement, and write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=10, help="for each figure (%(default)s)")
    parser.add_argument("--out", type=Path, default=WRITTEN, help="the page to write")
    options = parser.parse_args()
    busy = os.getloadavg()[0]
    releases = Path(os.environ.get("STANCEGRAPH_RELEASES", shipped().root / "releases"))
    release = open_release(releases)
    random = Random(1)
    keys = sorted(Names.load(release.path / FILE).by_key)
    rows = []
    for count in range(4):
        # Each arrangement is asked for the same, in the same order.
        paths = [f"/id/{quote(key)}" for key in Random(1).sample(keys, len(keys))]
        with ExitStack() as stack:
            servers = [
                stack.enter_context(serving("--releases", releases)) for _ in range(count or 1)
            ]
            pids = tuple(server.process.pid for server in servers)
            if count:
                proxy = stack.enter_context(behind_nginx(servers))
                place = Place(f"127.0.0.1:{proxy.port}", pids, proxy.pid)
            else:
                place = Place(urlsplit(servers[0].address).netloc, pids)
            for server in servers:
                for _ in range(WARMING):
                    server.request("GET", paths.pop(), Accept="text/html")
                processes.settle(server.process.pid, bound=SETTLE)
            name = f"nginx, {count} replica{'s' * (count > 1)}" if count else "no nginx, 1 server"
            rows.append(row(name, place, paths, options.seconds, random))
    head = HEAD.format(
        machine=records.machine(), connections=CONNECTIONS, clients=CLIENTS, repeated=REPEATED,
        seconds=options.seconds, release=release.id, revision=records.revision(ROOT),
        day=records.today(), busy=busy,
    )  # fmt: skip
    options.out.write_text(head + "\n".join(rows) + TAIL, "utf-8")


if __name__ == "__main__":
    main()
