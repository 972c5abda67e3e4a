"""How a graph grows: each stage of a build, and a server, at several sizes of one shape.

    make bench-scale                            a million triples, and ten
    make bench-scale SCALE="--sizes 100k 1M"
    make bench-scale SCALE="--report"           only write the page anew

Graphs are made by `stancegraph generate`, and kept in .bench/ with what was measured, so that
sizes can be added one by one. Writes docs/scale.md and its charts.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import time
from dataclasses import asdict, dataclass, field
from math import log
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

from bench import records
from bench.measure import Plan, Run
from bench.peers import Graph, Stancegraph
from bench.report import rate
from stancegraph.build import build
from stancegraph.build.progress import Progress
from stancegraph.build.release import open_release
from stancegraph.folder import GraphFolder, shipped

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from bench.measure import Result

ROOT = Path(__file__).parents[1]
PLACE = ROOT / ".bench"
PAGE = "scale.md"
KEPT = "scale.json"
SIZES = {"100k": 100_000, "1M": 1_000_000, "10M": 10_000_000, "100M": 100_000_000}
ONLY_GENERATED = frozenset({"100M"})  # what this machine cannot build is not tried
LOOKUPS = ("lookup", "star join", "ask", "describe")
NONE = "-"
LEAST = 0.01  # of whatever unit; less is nothing to speak of
HEAD = """\
# Scale

How long each stage takes as a graph grows, and how fast the server answers from it: graphs of the
shipped one's shape, made by `stancegraph generate`. Measured by `make bench-scale`, which writes
this page, on {machine}, Python {python}, revision
{revision}, {day}.
{busy}
"""
READING = """\
Growth is the exponent *e* by which what is measured goes with size^e, from the smallest size to
the largest: 1 is linear, 0 is flat. Memory of a stage is that of the whole command, at most; of a
server, the proportional set size of all its processes. Stages are those of a build that finds out
everything anew (`--fresh`); of more than five million triples there is an index, on which saved
queries are asked, so that no more memory is needed beside that of the build. Cold queries are
those of [benchmarks.md](benchmarks.md), never asked before, over one connection; the mix is the
realistic one there, over eight.
"""


@dataclass
class Measured:
    """What was found at one size.

    Attributes:
        triples: In the release; those asked for where there is none.
        seconds: By step of the making: ``generate``, then the stages of the build.
        memory: MiB at most, by command: ``generate``, ``build``.
        files: How many Turtle files there are, and their bytes.
        start: Seconds to the first answer.
        served: MiB of the server, by when.
        cold: Milliseconds of an answer, the median, by kind of query.
        mix: Answers a second.
        exports: Seconds and bytes of large answers.
        stopped: Why there is no more.
    """

    key: str
    triples: int
    seconds: dict[str, float] = field(default_factory=dict)
    memory: dict[str, float] = field(default_factory=dict)
    files: tuple[int, int] = (0, 0)
    start: float = 0.0
    served: dict[str, float] = field(default_factory=dict)
    cold: dict[str, float] = field(default_factory=dict)
    mix: float = 0.0
    exports: dict[str, tuple[float, int]] = field(default_factory=dict)
    stopped: str = ""


def main() -> None:
    """Measure the sizes that are asked for, and write the page of all that were."""
    options = _options()
    if options.build_one:
        _build_one(options.build_one)
        return
    options.place.mkdir(parents=True, exist_ok=True)
    kept = options.place / KEPT
    run = _read(kept)
    if not options.report:
        run["told"] = {
            "machine": records.machine(),
            "python": sys.version.partition(" ")[0],
            "revision": records.revision(ROOT),
            "day": records.today(),
            "busy": os.getloadavg()[0],
        }
        for key in options.sizes:
            run["sizes"][key] = asdict(_measure(key, options.place.resolve(), options.seconds))
            kept.write_text(json.dumps(run, indent=1) + "\n", "utf-8")
    found = [Measured(**run["sizes"][key]) for key in SIZES if key in run["sizes"]]
    options.out.mkdir(parents=True, exist_ok=True)
    (options.out / PAGE).write_text(page(run["told"], found), "utf-8")
    _draw(found, options.out)
    _tell(f"wrote {options.out / PAGE}")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m bench.scale",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--sizes", nargs="+", choices=SIZES, default=["1M", "10M"])
    parser.add_argument("--seconds", type=int, default=3, help="of each span under load (3)")
    parser.add_argument("--report", action="store_true", help="only write the page anew")
    parser.add_argument("--place", type=Path, default=PLACE, help="for graphs and figures")
    parser.add_argument("--out", type=Path, default=ROOT / "docs", help="for the page")
    parser.add_argument("--build-one", type=Path, help=argparse.SUPPRESS)
    return parser.parse_args()


def _read(kept: Path) -> dict[str, Any]:
    """What was measured before."""
    if not kept.exists():
        return {"told": {}, "sizes": {}}
    found: dict[str, Any] = json.loads(kept.read_text("utf-8"))
    return found


def _measure(key: str, place: Path, seconds: int) -> Measured:
    """Make the graph of one size, build it, serve it and ask it."""
    folder = place / "scale" / key
    shutil.rmtree(folder, ignore_errors=True)
    made = Measured(key, SIZES[key])
    _tell(f"{key}: generate")
    made.seconds["generate"], made.memory["generate"], _ = _run(
        "-m", "stancegraph", "generate", str(folder), "--triples", str(SIZES[key])
    )
    sizes = [path.stat().st_size for path in folder.rglob("*.ttl")]
    made.files = len(sizes), sum(sizes)
    if key in ONLY_GENERATED:
        made.stopped = "generated only: building it takes more memory than this machine has"
        shutil.rmtree(folder)
        return made
    _tell(f"{key}: build")
    _, made.memory["build"], told = _run("-m", "bench.scale", "--build-one", str(folder))
    made.seconds |= json.loads(told)
    releases = folder / "releases"
    release = open_release(releases)
    made.triples = release.counts["triples"]
    graph = Graph(key, f"{key} triples", releases, made.triples)
    run = Run(graph, [Stancegraph()], place / "data", Plan(1, seconds, 1), _tell)
    run.measure(shipped().root)
    _take(made, run.results["stancegraph"])
    shutil.rmtree(folder)
    return made


def _take(made: Measured, result: Result) -> None:
    """Take over what a server did."""
    made.stopped = result.failure
    made.start = min(result.ready, default=0.0)
    made.served = dict(result.memory)
    made.cold = {kind: median(times) for kind, times in result.cold.items() if times}
    made.mix = rate(result.mix_windows, 8)
    for export in result.exports:
        before = made.exports.get(export.name)
        if not export.failure and (before is None or export.last < before[0]):
            made.exports[export.name] = (export.last, export.size)


def _build_one(folder: Path) -> None:
    """Build the graph *folder* anew, and print the seconds of each stage as JSON."""
    progress = Progress()
    build(GraphFolder.at(folder), folder / "releases", progress=progress, fresh=True)
    print(json.dumps(progress.seconds))


def _run(*arguments: str) -> tuple[float, float, str]:
    """Run Python: its seconds, its MiB at most, and what it printed.

    Raises:
        SystemExit: it fails; it has told why.
    """
    began = time.perf_counter()
    read, write = os.pipe()
    process = os.posix_spawn(
        sys.executable,
        [sys.executable, *arguments],
        os.environ,
        file_actions=[(os.POSIX_SPAWN_DUP2, write, 1), (os.POSIX_SPAWN_CLOSE, read)],
    )
    os.close(write)
    with os.fdopen(read, encoding="utf-8") as output:
        printed = output.read()
    _, status, used = os.wait4(process, 0)
    if status:
        sys.exit(f"{' '.join(arguments[:3])} failed")
    return time.perf_counter() - began, used.ru_maxrss / 1024, printed


def page(told: Mapping[str, Any], found: Sequence[Measured]) -> str:
    """The page on what was *found*, the smallest size first."""
    busy = told.get("busy", 0.0)
    note = (
        f"Before it began, {busy:.1f} processors were busy with other things.\n"
        if busy >= 0.5  # noqa: PLR2004 - of an idle machine
        else ""
    )
    head = HEAD.format(**{**told, "busy": note})
    whole = [one for one in found if not one.stopped]
    parts = [head, "## Making a release\n\n", _making(found), "\n", READING, "\n"]
    if whole:
        parts += ["## Serving it\n\n", _serving(whole), "\n", "## Large answers\n\n"]
        parts += [_exports(whole), "\n"]
        parts += ["![Seconds of each stage by size](scale/stages.svg)\n\n"]
        parts += ["![Milliseconds of a cold query by size](scale/cold.svg)\n"]
    parts += [f"\n{one.key}: {one.stopped}.\n" for one in found if one.stopped]
    return "".join(parts)


def _making(found: Sequence[Measured]) -> str:
    stages = list(dict.fromkeys(name for one in found for name in one.seconds))
    rows = {
        "triples": [f"{one.triples:,}" for one in found],
        "Turtle files": [f"{one.files[0]:,}" for one in found],
        "Turtle, MB": [f"{one.files[1] / 1e6:,.0f}" for one in found],
    }
    growths = {}
    for name in stages:
        rows[f"{name}, s"] = [_figure(one.seconds.get(name)) for one in found]
        growths[f"{name}, s"] = growth({one.triples: one.seconds.get(name, 0.0) for one in found})
    totals = {
        one.triples: sum(took for name, took in one.seconds.items() if name != "generate")
        for one in found
    }
    rows["**build, s**"] = [_figure(totals[one.triples] or None) for one in found]
    growths["**build, s**"] = growth(totals)
    for name in ("generate", "build"):
        rows[f"memory of {name}, MiB"] = [_figure(one.memory.get(name)) for one in found]
        memory = {one.triples: one.memory.get(name, 0.0) for one in found}
        growths[f"memory of {name}, MiB"] = growth(memory)
    return _table(found, rows, growths)


def _serving(found: Sequence[Measured]) -> str:
    rows: dict[str, list[str]] = {"start to first answer, s": [f"{one.start:.2f}" for one in found]}
    growths = {"start to first answer, s": growth({one.triples: one.start for one in found})}
    for when in dict.fromkeys(when for one in found for when in one.served):
        rows[f"memory {when}, MiB"] = [_figure(one.served.get(when)) for one in found]
        served = {one.triples: one.served.get(when, 0.0) for one in found}
        growths[f"memory {when}, MiB"] = growth(served)
    for kind in dict.fromkeys(kind for one in found for kind in one.cold):
        rows[f"{kind}, ms"] = [_figure(one.cold.get(kind)) for one in found]
        growths[f"{kind}, ms"] = growth({one.triples: one.cold.get(kind, 0.0) for one in found})
    rows["mix, answers/s"] = [f"{one.mix:,.0f}" for one in found]
    growths["mix, answers/s"] = growth({one.triples: one.mix for one in found})
    return _table(found, rows, growths)


def _exports(found: Sequence[Measured]) -> str:
    rows: dict[str, list[str]] = {}
    growths = {}
    for name in dict.fromkeys(name for one in found for name in one.exports):
        these = {one.triples: one.exports.get(name, (0.0, 0)) for one in found}
        rows[f"{name}, s"] = [_figure(these[one.triples][0] or None) for one in found]
        growths[f"{name}, s"] = growth({size: took for size, (took, _) in these.items()})
        rows[f"{name}, MB/s"] = [
            f"{size / 1e6 / took:,.0f}" if took else NONE
            for took, size in (these[one.triples] for one in found)
        ]
    return _table(found, rows, growths)


def growth(figures: Mapping[int, float]) -> str:
    """The exponent by which *figures* go with the size that they stand under; empty for one."""
    known = sorted((size, figure) for size, figure in figures.items() if figure >= LEAST)
    if len(known) < 2:  # noqa: PLR2004
        return NONE
    (small, first), (large, last) = known[0], known[-1]
    return f"{log(last / first) / log(large / small):.2f}"


def _figure(number: float | None) -> str:
    """A number as precise as people read it."""
    if number is None:
        return NONE
    if number < LEAST:
        return f"< {LEAST}"
    return f"{number:,.0f}" if number >= 100 else f"{number:.3g}"  # noqa: PLR2004


def _table(
    found: Sequence[Measured], rows: Mapping[str, Sequence[str]], growths: Mapping[str, str]
) -> str:
    lines = [f"| | {' | '.join(one.key for one in found)} | growth |"]
    lines.append(f"|---|{'--:|' * len(found)}--:|")
    lines += [
        f"| {name} | {' | '.join(row)} | {growths.get(name, '')} |" for name, row in rows.items()
    ]
    return "\n".join(lines) + "\n"


def _draw(found: Sequence[Measured], out: Path) -> None:
    """The charts: seconds of the stages, and milliseconds of cold queries, by size."""
    whole = [one for one in found if not one.stopped]
    if not whole:
        return
    from bench import charts  # noqa: PLC0415 (figures can be had without a library for charts)

    folder = out / "scale"
    folder.mkdir(exist_ok=True)
    charts.curves(_by_size(whole, "seconds"), "Stages of a build", "seconds", folder / "stages.svg")
    lookups = {name: line for name, line in _by_size(whole, "cold").items() if name in LOOKUPS}
    charts.curves(lookups, "Cold look-ups", "milliseconds", folder / "cold.svg")


def _by_size(found: Sequence[Measured], what: str) -> dict[str, dict[int, float]]:
    """What was measured of each name, by size."""

    def figures() -> Iterator[tuple[str, int, float]]:
        for one in found:
            for name, number in getattr(one, what).items():
                if number >= LEAST:
                    yield name, one.triples, number

    lines: dict[str, dict[int, float]] = {}
    for name, size, number in figures():
        lines.setdefault(name, {})[size] = number
    return lines


def _tell(text: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} {text}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
