"""Draws the picture of the page of downloads from a network that was exported.

``python -m tests.browser.network co-voting.graphml`` writes it into the static files: as a program
for networks shows the file, with like nodes near each other, coloured by the groups they fall into.
"""

from __future__ import annotations

import sys
from pathlib import Path

import networkx as nx

TARGET = Path(__file__).parents[2] / "server" / "stancegraph" / "web" / "static" / "network.svg"
WIDTH, HEIGHT, MARGIN = 640, 420, 24
NEAREST = 5  # nodes to which each is linked, those most alike
COLOURS = ("#0b4a8f", "#b4531a", "#3b7d3b", "#7a4b9c", "#8a6d00", "#4d6b75")
SEED = 7


def draw(path: Path) -> str:
    """The network in the GraphML file *path* as SVG."""
    whole = nx.Graph()
    for one, other, told in nx.read_graphml(path).edges(data=True):
        whole.add_edge(one, other, weight=float(told["weight"]))
    near = nx.Graph()
    for node in whole:
        alike = sorted(whole[node], key=lambda other: (-whole[node][other]["weight"], other))
        for other in alike[:NEAREST]:
            near.add_edge(node, other, weight=whole[node][other]["weight"] ** 4)
    places = nx.spring_layout(near, weight="weight", seed=SEED, iterations=300, k=0.11)
    groups = nx.community.louvain_communities(near, weight="weight", seed=SEED, resolution=0.4)
    colour = {node: COLOURS[i % len(COLOURS)] for i, g in enumerate(groups) for node in g}
    low = [min(place[axis] for place in places.values()) for axis in (0, 1)]
    high = [max(place[axis] for place in places.values()) for axis in (0, 1)]

    def point(node: str) -> tuple[int, int]:
        parts = [(places[node][axis] - low[axis]) / (high[axis] - low[axis]) for axis in (0, 1)]
        inner = (WIDTH - 2 * MARGIN, HEIGHT - 2 * MARGIN)
        return round(MARGIN + parts[0] * inner[0]), round(MARGIN + parts[1] * inner[1])

    lines = ["M{} {}L{} {}".format(*point(one), *point(other)) for one, other in sorted(near.edges)]
    dots = [
        f'<circle cx="{point(node)[0]}" cy="{point(node)[1]}" r="5" fill="{colour[node]}"/>'
        for node in sorted(near)
    ]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}">\n'
        f'<path d="{"".join(lines)}" stroke="#8a8f98" stroke-opacity=".45" fill="none"/>\n'
        + "\n".join(dots)
        + "\n</svg>\n"
    )


if __name__ == "__main__":
    TARGET.write_text(draw(Path(sys.argv[1])), "utf-8")
