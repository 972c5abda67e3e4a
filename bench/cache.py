"""What the answer cache is worth: requests a second with it and without, in one run.

    python bench/cache.py [--releases DIR] [--seconds S] [--rounds N]

Serves one release twice on this machine, with the cache and with ``--cache-size 0``, and asks
both the same by turns, so that what else the machine does weighs on both. Needs ``wrk``.
Ratios count; the times of one machine say little about another. The load generator shares the
processors with what it measures, so the cached side is rather told too low than too high.
"""

from __future__ import annotations

import argparse
import re
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING
from urllib.parse import quote

if TYPE_CHECKING:
    from collections.abc import Iterator

CONNECTIONS = 8
WARM_UP = 1  # seconds
BOUND = 120  # seconds that one command may take
PREFIXES = """
PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
PREFIX sg: <https://w3id.org/stancegraph/ontology#>
"""
LOOKUP = PREFIXES + (
    "SELECT ?property ?value"
    " { <https://w3id.org/stancegraph/id/treaty/budapest-convention> ?property ?value }"
    " ORDER BY ?property ?value"
)
AGGREGATE = """
SELECT ?class ?property (COUNT(*) AS ?uses) (COUNT(DISTINCT ?value) AS ?values)
WHERE { ?thing a ?class ; ?property ?value }
GROUP BY ?class ?property
ORDER BY DESC(?uses) ?class ?property"""


@dataclass(frozen=True)
class Case:
    """What is asked, with which headers."""

    name: str
    path: str
    headers: tuple[str, ...] = ()


def main() -> None:
    """Measure and print a table."""
    options = _options()
    if shutil.which("wrk") is None:
        sys.exit("bench/cache.py: wrk is not installed")
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        releases = options.releases or _built(folder / "releases")
        cached = stack.enter_context(_serving(releases, folder / "cached.log"))
        uncached = stack.enter_context(
            _serving(releases, folder / "uncached.log", "--cache-size", "0")
        )
        print(f"{CONNECTIONS} connections, {options.rounds} rounds of {options.seconds} s")
        print(f"{'':24}{'cached/s':>10}{'uncached/s':>12}{'ratio':>8}")
        for case in _cases(cached):
            rates = [
                (_rate(cached, case, options.seconds), _rate(uncached, case, options.seconds))
                for _ in range(options.rounds)
            ]
            with_cache, without = (median(side) for side in zip(*rates, strict=True))
            ratio = median(one / other for one, other in rates)
            print(f"{case.name:24}{with_cache:>10,.0f}{without:>12,.1f}{ratio:>8,.1f}")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--releases", type=Path, help="where releases are; else one is built")
    parser.add_argument("--seconds", type=int, default=3, help="of each measurement")
    parser.add_argument("--rounds", type=int, default=3, help="of which the median counts")
    return parser.parse_args()


def _built(releases: Path) -> Path:
    """A folder with a release of the shipped graph."""
    command = [sys.executable, "-m", "stancegraph", "build", "-q", "--releases", str(releases)]
    subprocess.run(command, check=True, capture_output=True, timeout=BOUND)
    return releases


@contextmanager
def _serving(releases: Path, log: Path, *options: str) -> Iterator[str]:
    """A server of the current release on a free port of this machine; its address."""
    command = [sys.executable, "-m", "stancegraph", "serve", "--releases", str(releases)]
    with (
        log.open("w") as errors,
        subprocess.Popen(
            [*command, "--port", "0", *options], stdout=subprocess.PIPE, stderr=errors, text=True
        ) as process,
    ):
        try:
            assert process.stdout is not None  # a pipe was asked for
            told = re.search(r"http://\S+", process.stdout.readline())
            if told is None:
                sys.exit(f"the server did not start: {log.read_text('utf-8')}")
            _wait_for(told[0])
            yield told[0]
        finally:
            process.terminate()


def _wait_for(address: str) -> None:
    until = time.monotonic() + BOUND
    while True:
        try:
            with urllib.request.urlopen(address, timeout=BOUND):
                return
        except OSError:
            if time.monotonic() > until:
                raise
            time.sleep(0.1)


def _cases(address: str) -> list[Case]:
    lookup, aggregate = (f"/sparql?query={quote(query)}" for query in (LOOKUP, AGGREGATE))
    with urllib.request.urlopen(address + lookup, timeout=BOUND) as answer:
        tag = answer.headers["ETag"]
    return [
        Case("lookup", lookup),
        Case("lookup, 304", lookup, (f"If-None-Match: {tag}",)),
        Case("heavy aggregate", aggregate),
        Case("home page", "/", ("Accept: text/html",)),
    ]


def _rate(address: str, case: Case, seconds: int) -> float:
    """Answers a second, after a warm-up of one."""
    headers = [part for header in case.headers for part in ("--header", header)]
    _wrk(address + case.path, headers, WARM_UP)
    return _wrk(address + case.path, headers, seconds)


def _wrk(address: str, headers: list[str], seconds: int) -> float:
    """What wrk counts a second; it takes whole seconds alone."""
    done = subprocess.run(
        ["wrk", "--threads", "1", "--connections", str(CONNECTIONS), "--timeout", "30s",
         "--duration", f"{seconds}s", *headers, address],
        capture_output=True, text=True, check=True, timeout=BOUND,
    )  # fmt: skip
    if "Non-2xx or 3xx" in done.stdout or "Socket errors" in done.stdout:
        sys.exit(f"not all was answered:\n{done.stdout}")
    rate = re.search(r"Requests/sec:\s+([\d.]+)", done.stdout)
    assert rate, done.stdout
    return float(rate[1])


if __name__ == "__main__":
    main()
