"""The charts of the report, as SVG that is the same for the same figures."""

from __future__ import annotations

from statistics import median
from typing import TYPE_CHECKING

import matplotlib as mpl
from matplotlib.figure import Figure

from bench.measure import CONNECTIONS
from bench.questions import KINDS
from bench.report import able, rate

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from matplotlib.axes import Axes

    from bench.records import Measured, Records

# Okabe and Ito's colours, which most people can tell apart; ours first.
COLOURS = ("#0072b2", "#e69f00", "#d55e00", "#009e73", "#cc79a7", "#7f7f7f")
STYLE = {
    "font.size": 9,
    "svg.fonttype": "none",  # text stays text
    "svg.hashsalt": "stancegraph",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "legend.frameon": False,
}
METADATA = {"Date": None, "Creator": None}


FOLDER = "benchmarks"  # beside the page


def write(found: Records, folder: Path) -> None:
    """Write the charts of all graphs into a folder in *folder*."""
    target = folder / FOLDER
    target.mkdir(parents=True, exist_ok=True)
    for graph in found.graphs:
        cold(_times(graph), graph.title, target / f"cold-{graph.key}.svg")
        throughput(_rates(graph), graph.title, target / f"mix-{graph.key}.svg")


def _times(graph: Measured) -> dict[str, dict[str, float]]:
    return {
        one.title: {kind: median(one.cold[kind]) for kind in KINDS if one.cold.get(kind)}
        for one in able(graph)
    }


def _rates(graph: Measured) -> dict[str, dict[int, float]]:
    return {
        one.title: {count: rate(one.mix_windows, count) for count in CONNECTIONS}
        for one in able(graph)
    }


def cold(times: Mapping[str, Mapping[str, float]], graph: str, path: Path) -> None:
    """Milliseconds of an answer, by server and kind of query."""
    kinds = list(dict.fromkeys(kind for found in times.values() for kind in found))
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(9, 0.55 * len(kinds) + 1.4), layout="constrained")
        axes = figure.subplots()
        height = 0.85 / max(1, len(times))
        for number, (server, found) in enumerate(times.items()):
            places = [row + number * height for row, kind in enumerate(kinds) if kind in found]
            values = [found[kind] for kind in kinds if kind in found]
            axes.barh(places, values, height, label=server, color=COLOURS[number])
        axes.set_xscale("log")
        axes.set_yticks([row + 0.425 - height / 2 for row in range(len(kinds))], kinds)
        axes.invert_yaxis()
        axes.set_xlabel("median ms of a query not asked before, one connection (log scale)")
        _finish(axes, f"Cold queries, {graph}")
        figure.savefig(path, format="svg", metadata=METADATA)


def throughput(rates: Mapping[str, Mapping[int, float]], graph: str, path: Path) -> None:
    """Answers a second, by server and number of connections."""
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(9, 4), layout="constrained")
        axes = figure.subplots()
        width = 0.85 / max(1, len(rates))
        counts = sorted({count for found in rates.values() for count in found})
        for number, (server, found) in enumerate(rates.items()):
            places = [place + number * width for place in range(len(counts))]
            values = [found.get(count, 0.0) for count in counts]
            bars = axes.bar(places, values, width, label=server, color=COLOURS[number])
            axes.bar_label(
                bars, [f"{rate:,.0f}" if rate >= 1 else "" for rate in values], fontsize=7
            )
        axes.set_yscale("log")
        places = [place + 0.425 - width / 2 for place in range(len(counts))]
        axes.set_xticks(places, [str(count) for count in counts])
        axes.set_xlabel("connections")
        axes.set_ylabel("answers a second (log scale)")
        _finish(axes, f"Realistic mix, {graph}")
        figure.savefig(path, format="svg", metadata=METADATA)


def curves(lines: Mapping[str, Mapping[int, float]], title: str, unit: str, path: Path) -> None:
    """How figures grow with the number of triples, a line each; both scales are logarithmic."""
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(9, 4.5), layout="constrained")
        axes = figure.subplots()
        for number, (name, found) in enumerate(lines.items()):
            sizes = sorted(size for size in found if found[size] > 0)
            axes.plot(
                sizes,
                [found[size] for size in sizes],
                marker="o",
                label=name,
                color=COLOURS[number % len(COLOURS)],
                linestyle="-" if number < len(COLOURS) else "--",
            )
        axes.set_xscale("log")
        axes.set_yscale("log")
        axes.set_xlabel("triples (log scale)")
        axes.set_ylabel(f"{unit} (log scale)")
        _finish(axes, title)
        figure.savefig(path, format="svg", metadata=METADATA)


def _finish(axes: Axes, title: str) -> None:
    axes.set_title(title, loc="left")
    axes.legend(loc="upper left", bbox_to_anchor=(1, 1))
    axes.grid(visible=True, axis="both", which="major", linewidth=0.3)
    axes.set_axisbelow(True)
