"""Compare this program with other SPARQL servers, on this machine and in one run.

    make bench                      the shipped graph and one of a million triples
    make bench BENCH=--full         and one of ten million
    make bench BENCH="--graphs 10M --add"   the same later, as part of the same report
    make bench BENCH="--graphs shipped --peers oxigraph-disk --rounds 1"

Writes docs/benchmarks.md and its charts.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from bench import charts, records, report
from bench.measure import Plan, Run
from bench.peers import (
    Comunica,
    Graph,
    OxigraphDisk,
    OxigraphMemory,
    RdflibEndpoint,
    Stancegraph,
    Virtuoso,
)
from stancegraph.build.release import open_release
from stancegraph.folder import shipped

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bench.peers import Peer

ROOT = Path(__file__).parents[1]
PLACE = ROOT / ".bench"  # where peers and graphs are put
RECORDS = "results.json"
SHIPPED = "shipped"
GENERATED = {"1M": 1_000_000, "10M": 10_000_000}
# Peers that are not given a graph, and why.
SLOW = (
    "on the shipped graph it falls far behind, and after each query that it does not end it must"
    " be started anew, and reads all of the file"
)
TOO_LARGE = {
    "1M": {"rdflib-endpoint": SLOW, "comunica": SLOW},
    "10M": {
        "rdflib-endpoint": "it keeps the graph in Python objects: some 20 GB, and an hour to load",
        "comunica": "it reads the whole file into the heap of one process: more than 10 GB",
    },
}


def main() -> None:
    """Measure, and write the report."""
    options = _options()
    options.place.mkdir(parents=True, exist_ok=True)
    kept = options.place / RECORDS
    if not options.report:
        _measure(options, kept)
    options.out.mkdir(parents=True, exist_ok=True)
    found = records.Records.read(kept)
    report.write(found, options.out)
    charts.write(found, options.out)
    _tell(f"wrote {options.out / report.PAGE}")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m bench",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    graphs = [SHIPPED, *GENERATED]
    parser.add_argument("--graphs", nargs="+", choices=graphs, default=graphs[:2])
    parser.add_argument("--full", action="store_true", help="all graphs, the largest too")
    parser.add_argument("--peers", nargs="*", help="by key; all that are installed, unless given")
    parser.add_argument("--rounds", type=int, default=2, help="through all servers (2)")
    parser.add_argument("--seconds", type=int, default=3, help="of each span under load (3)")
    parser.add_argument("--seed", type=int, default=1, help="what draws begin with (1)")
    parser.add_argument(
        "--add", action="store_true", help="keep what this revision measured with other graphs"
    )
    parser.add_argument("--report", action="store_true", help="only write the report anew")
    parser.add_argument("--place", type=Path, default=PLACE, help="for peers and graphs")
    parser.add_argument("--out", type=Path, default=ROOT / "docs", help="for the report")
    options = parser.parse_args()
    if options.full:
        options.graphs = graphs
    return options


def _measure(options: argparse.Namespace, kept: Path) -> None:
    """Measure with one graph after another, and keep what was found after each."""
    began, busy = time.monotonic(), os.getloadavg()[0]
    day, revision = records.today(), records.revision(ROOT)
    peers = _peers(options.place, options.peers)
    plan = Plan(options.rounds, options.seconds, options.seed)
    before = _before(kept, revision) if options.add else None
    measured = [each for each in before.graphs if each.key not in options.graphs] if before else []
    for key in options.graphs:
        measured.append(_one(key, peers, plan, options.place))
        records.Records(
            day=day,
            revision=revision,
            machine=records.machine(),
            python=sys.version.partition(" ")[0],
            rounds=plan.rounds,
            seconds=plan.seconds,
            took=time.monotonic() - began + (before.took if before else 0),
            graphs=tuple(measured),
            busy=busy,
        ).write(kept)


def _before(kept: Path, revision: str) -> records.Records | None:
    """What was found before of the same program; None where nothing was.

    Raises:
        SystemExit: it was another program, with which nothing may be compared.
    """
    if not kept.exists():
        return None
    before = records.Records.read(kept)
    if before.revision != revision:
        sys.exit(f"{kept.name} is of revision {before.revision}: measure all anew, without --add")
    return before


def _one(key: str, peers: Sequence[Peer], plan: Plan, place: Path) -> records.Measured:
    """Measure all peers with one graph."""
    graph, built = _graph(key, place)
    too_large = TOO_LARGE.get(key, {})
    able = [peer for peer in peers if peer.key not in too_large]
    run = Run(graph, able, place.resolve() / "data", plan, _tell)
    run.measure(shipped().root)
    return records.Measured(
        key=key,
        title=graph.title,
        triples=graph.triples,
        size=graph.quads.stat().st_size,
        built=built,
        different=run.different,
        skipped={peer.title: too_large[peer.key] for peer in peers if peer.key in too_large},
        results=tuple(run.results.values()),
    )


def _peers(place: Path, wanted: Sequence[str] | None) -> list[Peer]:
    """Ours, and the peers that are installed and wanted."""
    python, node = place / "python", place / "node"
    known: list[Peer] = [
        Stancegraph(),
        OxigraphDisk(python),
        OxigraphMemory(python),
        Virtuoso(),
        Comunica(node),
        RdflibEndpoint(python),
    ]
    ours, *others = known
    if wanted is not None:
        if unknown := set(wanted) - {peer.key for peer in others}:
            sys.exit(f"no such peer: {', '.join(sorted(unknown))}")
        others = [peer for peer in others if peer.key in wanted]
    for peer in others:
        if not peer.version():
            _tell(f"{peer.title} is not installed: left out")
    return [ours, *(peer for peer in others if peer.version())]


def _graph(key: str, place: Path) -> tuple[Graph, float]:
    """A graph, made and built where that was not done before, and the seconds of its build."""
    folder = place.resolve() / "graphs" / key
    releases = folder / "releases"
    build = ["build", "--quiet", "--releases", str(releases)]
    if key == SHIPPED:
        title, prefix = "shipped graph", []
        wanted = True
    else:
        title, prefix = f"generated graph, {key} triples", ["--graph", str(folder)]
        wanted = not (releases / "current").exists()
        if wanted and not (folder / "dataset.ttl").exists():
            _ours("generate", str(folder), "--triples", str(GENERATED[key]))
    began = time.monotonic()
    if wanted:
        _tell(f"{title}: build")
        _ours(*prefix, *build)
    took = time.monotonic() - began if wanted else 0.0
    release = open_release(releases)
    return Graph(key, title, releases, release.counts["triples"]), took


def _ours(*arguments: str) -> None:
    """Run this program.

    Raises:
        SystemExit: it fails; what it tells is shown.
    """
    done = subprocess.run(
        [sys.executable, "-m", "stancegraph", *arguments], capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    if done.returncode:
        sys.exit(done.stderr)


def _tell(text: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} {text}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
