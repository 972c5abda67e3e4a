"""How long pages take and how large they are, by ``python -m bench.pages``.

Serves the current release without its cache of answers, so that each request is worked on, asks
for each kind of page over HTTP one after another, and writes docs/page-times.md.
"""

from __future__ import annotations

import argparse
import gzip
import os
import platform
import re
import statistics
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from stancegraph.build.release import open_release
from stancegraph.folder import shipped
from tests.browser.kinds import KINDS
from tests.serving import Client, serving

if TYPE_CHECKING:
    from tests.serving import Reply, Server

ROOT = Path(__file__).parents[1]
WRITTEN = ROOT / "docs/page-times.md"
SCRIPT = re.compile(r'<script type="module" src="([^"]+)"')
HEAD = """\
# Page times

How long the server takes for each kind of page, over HTTP on one connection, and how much it sends.
Every request is worked on: the cache of answers, which gives a page in about a millisecond, is off.
The first request to a kind is left out; so is what a browser takes to draw the page. Sizes are in
kB, of the page with gzip, and of all its scripts with gzip, which a browser loads after the page is
there and keeps for good.

{runs} requests a kind, release `{release}`, {machine}, Python {python}; `python -m bench.pages`.

| page | median, ms | p95, ms | page, kB | gzip, kB | scripts, kB |
|---|--:|--:|--:|--:|--:|
"""


@dataclass(frozen=True, slots=True)
class Measured:
    """What one kind of page takes: seconds of each request in order, and sizes in bytes."""

    kind: str
    seconds: tuple[float, ...]
    size: int
    squeezed: int
    scripts: int

    @property
    def row(self) -> str:
        """It as a row of the table."""
        median = statistics.median(self.seconds)
        late = sorted(self.seconds)[max(0, -(-len(self.seconds) * 95 // 100) - 1)]
        sizes = (f"{size / 1000:,.0f}" for size in (self.size, self.squeezed, self.scripts))
        return f"| {self.kind} | {1000 * median:.0f} | {1000 * late:.0f} | {' | '.join(sizes)} |"


def measured(server: Server, kind: str, runs: int) -> Measured:
    """Ask for the page of *kind*, once and then *runs* times."""
    with Client(server.address) as client:
        page = _page(client, kind)
        seconds = []
        for _ in range(runs):
            begun = time.perf_counter()
            _page(client, kind)
            seconds.append(time.perf_counter() - begun)
        scripts = [client.request("GET", address) for address in set(SCRIPT.findall(page.text))]
    squeezed = sum(len(gzip.compress(script.body)) for script in scripts)
    size = len(page.body)
    return Measured(kind, tuple(seconds), size, len(gzip.compress(page.body)), squeezed)


def _page(client: Client, kind: str) -> Reply:
    return client.request("GET", KINDS[kind], Accept="text/html")


def main() -> None:
    """Measure every kind, and write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=20, help="requests a kind (%(default)s)")
    runs = parser.parse_args().runs
    releases = Path(os.environ.get("STANCEGRAPH_RELEASES", shipped().root / "releases"))
    with serving("--releases", releases, "--cache-size", "0") as server:
        rows = [measured(server, kind, runs).row for kind in KINDS]
    head = HEAD.format(
        runs=runs,
        release=open_release(releases).id,
        machine=f"{os.cpu_count()} cores of {platform.machine()}",
        python=platform.python_version(),
    )
    WRITTEN.write_text(head + "\n".join(rows) + "\n", "utf-8")


if __name__ == "__main__":
    main()
