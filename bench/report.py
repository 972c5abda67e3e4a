"""The page docs/benchmarks.md, written from what a run found.

Its words stand in page.md and graph.md, what was found out about one run in a file with its
revision in the name, such as notes-2cfe7c9.md.
"""

from __future__ import annotations

from math import inf, nan
from pathlib import Path
from statistics import geometric_mean, median
from string import Template
from typing import TYPE_CHECKING

from bench.measure import CONNECTIONS, PATIENCE
from bench.questions import EXPORTS, KINDS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from bench.load import Window
    from bench.measure import Result
    from bench.records import Measured, Records

PAGE = "benchmarks.md"
WORDS = Path(__file__).parent
OXIGRAPH = ("oxigraph-disk", "oxigraph-memory")
MIX_BAR = 5.0  # times the best peer
COLD_BAR = 1.0  # times the Oxigraph server
RDFLIB_BAR = 20.0  # times rdflib-endpoint
START_BAR = 1.0  # seconds
MEMORY_BAR = 1.5  # times the Oxigraph server
IDLE = 0.5  # processes that want a processor while a machine does nothing to speak of
MIB = 1 << 20
NONE = "-"
LONGEST_ERROR = 100  # characters
# Why answers differ, as far as it was found, by server and kind of query.
_UNBOUND = "CONCAT of an unbound variable is a text here, and no error as in SPARQL"
REASONS: Mapping[tuple[str, str], str] = {
    **{
        (
            server,
            "describe",
        ): "what DESCRIBE tells is each server's own choice; ours adds claims, evidence and names"
        for server in (*OXIGRAPH, "comunica")
    },
    ("virtuoso", "describe"): "tells what points to the thing, and little of the thing itself",
    ("virtuoso", "countries/compare"): _UNBOUND,
    ("virtuoso", "countries/positions"): _UNBOUND,
    ("virtuoso", "countries/profile"): _UNBOUND,
    ("virtuoso", "votes/of-country"): _UNBOUND,
    ("virtuoso", "treaties/participants"): "takes what is unbound for comparable in a FILTER",
    ("comunica", "path"): "does not end with a path of any length behind another step",
}
Row = tuple[str, ...]


def write(found: Records, folder: Path) -> None:
    """Write the page into *folder*."""
    notes = WORDS / f"notes-{found.revision}.md"
    text = Template((WORDS / "page.md").read_text("utf-8")).substitute(
        run=_run(found),
        servers=_servers(found),
        bars=table(
            ("graph", "bar", "measured", "reached"),
            (bar for graph in found.graphs for bar in _bars(graph)),
            left=4,
        ),
        notes=notes.read_text("utf-8").strip() if notes.exists() else "",
        graphs="\n\n".join(_of(graph) for graph in found.graphs),
        kinds=len(KINDS),
        patience=f"{PATIENCE:.0f}",
    )
    (folder / PAGE).write_text(text, "utf-8")


def able(graph: Measured) -> list[Result]:
    """Those servers that took the graph, ours first."""
    return [one for one in graph.results if not one.failure]


def rate(windows: Iterable[Window], connections: int) -> float:
    """Good answers a second from so many connections; 0 where there are none."""
    these = [window for window in windows if window.connections == connections]
    seconds = sum(window.seconds for window in these)
    return sum(window.good for window in these) / seconds if seconds else 0.0


def speed(ours: Result, peer: Result) -> float:
    """How many times as long the peer takes, over the kinds that both answered; 0 for none."""
    ratios = [
        median(peer.cold[kind]) / median(ours.cold[kind])
        for kind in KINDS
        if peer.cold.get(kind) and ours.cold.get(kind)
    ]
    return geometric_mean(ratios) if ratios else 0.0


def table(heads: Sequence[str], rows: Iterable[Sequence[str]], *, left: int = 1) -> str:
    """A Markdown table, the columns from *left* on flush right."""
    marks = ("---" if number < left else "--:" for number in range(len(heads)))
    cells = [heads, *rows]
    lines = [f"| {' | '.join(text.replace('|', '/') for text in row)} |" for row in cells]
    return "\n".join([lines[0], f"|{'|'.join(marks)}|", *lines[1:]])


def number(value: float | None) -> str:
    """Three digits or so."""
    if value is None:
        return NONE
    for bound, digits in ((1, 3), (10, 2), (100, 1), (inf, 0)):
        if abs(value) < bound:
            return f"{value:,.{digits}f}"
    return NONE


def _run(found: Records) -> str:
    busy = ""
    if found.busy is not None and found.busy > IDLE:
        busy = (
            f"\n\n**The machine was not idle**: before the run, {found.busy:.1f} processes wanted a"
            " processor on average.\nTimes are longer than else, most of all for servers of"
            " several processes, as ours is."
        )
    return (
        f"Run of {found.day}, revision `{found.revision}`, in {found.took / 60:.0f} minutes:"
        f" {found.rounds} rounds, each span under load {found.seconds} s.\n"
        f"Machine: {found.machine}; Python {found.python}.{busy}"
    )


def _servers(found: Records) -> str:
    known = {one.key: one for graph in found.graphs for one in graph.results}
    rows = ((one.title, one.version, one.how) for one in known.values())
    return table(("server", "version", "run as"), rows, left=3)


def _bars(graph: Measured) -> Iterator[Row]:
    ours, *peers = able(graph)
    yield from _mix_bars(graph, ours, peers)
    by_key = {peer.key: peer for peer in peers}
    for key, bar in (*((key, COLD_BAR) for key in OXIGRAPH), ("rdflib-endpoint", RDFLIB_BAR)):
        if (peer := by_key.get(key)) and (times := speed(ours, peer)):
            what = f"level with {peer.title}" if bar == 1 else f"{bar:.0f} times {peer.title}"
            words = f"cold queries, geometric mean over kinds: {what}"
            yield graph.title, words, f"{number(times)} times as fast", _reached(times >= bar)
    if ours.ready:
        first = median(ours.ready)
        words = f"first answer within {START_BAR:.0f} s of starting on a built release"
        yield graph.title, words, f"{first:.2f} s", _reached(first <= START_BAR)
    for key in OXIGRAPH:
        if (peer := by_key.get(key)) and peer.memory:
            for when in ("loaded", "at the end"):
                share = ours.memory[when] / peer.memory[when]
                words = f"memory {when} under {MEMORY_BAR} times that of {peer.title}"
                told = (
                    f"{share:.2f} times ({ours.memory[when]:,.0f} and {peer.memory[when]:,.0f} MiB)"
                )
                yield graph.title, words, told, _reached(share < MEMORY_BAR)


def _mix_bars(graph: Measured, ours: Result, peers: Sequence[Result]) -> Iterator[Row]:
    for count in CONNECTIONS:
        rates = {peer.title: rate(peer.mix_windows, count) for peer in peers}
        best = max(rates, key=lambda title: rates[title], default="")
        mine = rate(ours.mix_windows, count)
        if best and rates[best] and mine:
            words = f"realistic mix, {_connections(count)}: {MIX_BAR:.0f} times the best peer"
            times = mine / rates[best]
            yield graph.title, words, f"{number(times)} times {best}", _reached(times >= MIX_BAR)


def _reached(yes: bool) -> str:
    return "yes" if yes else "**no**"


def _connections(count: int) -> str:
    return "1 connection" if count == 1 else f"{count} connections"


def _of(graph: Measured) -> str:
    """The part of the page on one graph."""
    what = [f"{graph.triples:,} triples, {graph.size / MIB:,.0f} MiB of N-Quads."]
    what += [
        f"{one.title} could not take it: {one.failure}." for one in graph.results if one.failure
    ]
    what += [f"{title} was not given it: {reason}." for title, reason in graph.skipped.items()]
    return Template((WORDS / "graph.md").read_text("utf-8").strip()).substitute(
        title=graph.title[0].upper() + graph.title[1:],
        key=graph.key,
        what="\n".join(what),
        cold=_cold(graph),
        load=_load(graph, {one.key: one.cold_windows for one in able(graph)}),
        different=f"{graph.different:,}",
        mix=_load(graph, {one.key: one.mix_windows for one in able(graph)}),
        exports=_exports(graph),
        resources=_resources(graph),
        agreement=_agreement(graph),
        deviations=_deviations(graph),
    )


def _cold(graph: Measured) -> str:
    servers = able(graph)
    ours, *peers = servers
    rows: list[Row] = []
    for kind in KINDS:
        times = {one.key: median(one.cold[kind]) for one in servers if one.cold.get(kind)}
        best = min((times[peer.key] for peer in peers if peer.key in times), default=nan)
        last = number(best / times[ours.key]) if ours.key in times and peers else NONE
        rows.append((kind, *(number(times.get(one.key)) for one in servers), last))
    slowest = [
        number(_percentile([ms for kind in KINDS for ms in one.cold.get(kind, ())], 0.95))
        for one in servers
    ]
    rows.append(("95th percentile, all kinds", *slowest, ""))
    speeds = [speed(ours, peer) for peer in peers]
    bold = (f"**{number(times)}**" for times in speeds)
    rows.append(("**times ours, geometric mean**", "1", *bold, number(min(speeds, default=None))))
    return table(("", *(one.title for one in servers), "best peer / ours"), rows)


def _load(graph: Measured, windows: Mapping[str, Sequence[Window]]) -> str:
    servers = able(graph)
    rows: list[Row] = []
    for count in CONNECTIONS:
        mine = rate(windows[servers[0].key], count)
        for one in servers:
            these = [window for window in windows[one.key] if window.connections == count]
            rows.append((str(count), one.title, *_under_load(these, mine, count)))
    heads = (
        "connections", "server", "answers/s", "ours / it", "median ms", "p95 ms",
        "CPU ms an answer", "errors",
    )  # fmt: skip
    return table(heads, rows, left=2)


def _under_load(windows: Sequence[Window], mine: float, count: int) -> Row:
    """The cells of one server with *count* connections, ours answering *mine* a second."""
    if not windows:
        return ("not tried", *[NONE] * 5)
    errors = str(sum(window.errors for window in windows))
    good = sum(window.good for window in windows)
    if not good:
        return ("none in time", *[NONE] * 4, errors)
    theirs = rate(windows, count)
    return (
        number(theirs),
        number(mine / theirs),
        number(median(window.median for window in windows)),
        number(median(window.p95 for window in windows)),
        number(1000 * sum(window.cpu for window in windows) / good),
        errors,
    )


def _exports(graph: Measured) -> str:
    rows: list[Row] = []
    for name in EXPORTS:
        for one in able(graph):
            found = [export for export in one.exports if export.name == name]
            good = [export for export in found if not export.failure]
            if not good:
                told = found[0].failure if found else NONE
                rows.append((name, one.title, told[:LONGEST_ERROR], *[NONE] * 3))
                continue
            size, last = good[0].size / MIB, median(export.last for export in good)
            first = median(export.first for export in good)
            figures = f"{last:.2f}", f"{first:.3f}", f"{size:,.1f}", f"{size / last:,.1f}"
            rows.append((name, one.title, *figures))
    return table(("export", "server", "s", "first byte, s", "MiB", "MiB/s"), rows, left=2)


def _resources(graph: Measured) -> str:
    rows = [
        (
            one.title,
            f"{one.load:.1f}" if one.load else NONE,
            f"{median(one.ready):.2f}" if one.ready else NONE,
            *(
                f"{one.memory[when]:,.0f}" if when in one.memory else NONE
                for when in ("loaded", "with exports", "at the end")
            ),
        )
        for one in able(graph)
    ]
    heads = (
        "server", "load onto disk, s", "start to first answer, s", "MiB loaded", "MiB with exports",
        "MiB at the end",
    )  # fmt: skip
    text = table(heads, rows)
    if graph.built:
        text += (
            f"\n\nBefore all that, `stancegraph build` took {graph.built:.0f} s: it parses,"
            " validates, derives and describes;\nwhat it writes, all servers load."
        )
    return text


def _agreement(graph: Measured) -> str:
    rows = []
    for one in able(graph):
        compared = sum(one.compared.values())
        other = sum(count for told in one.deviations.values() for count in told.values())
        rows.append((one.title, str(compared), str(compared - other), str(other)))
    return table(("server", "compared", "alike", "otherwise"), rows)


def _deviations(graph: Measured) -> str:
    rows = [
        (one.title, kind, _short(told), REASONS.get((one.key, kind), ""))
        for one in able(graph)
        for kind, found in one.deviations.items()
        for told in found
    ]
    return table(("server", "in", "how", "why"), rows, left=4) if rows else ""


def _short(told: str) -> str:
    return told if len(told) <= LONGEST_ERROR else f"{told[:LONGEST_ERROR]}…"


def _percentile(values: Sequence[float], share: float) -> float | None:
    return sorted(values)[int(share * (len(values) - 1))] if values else None
