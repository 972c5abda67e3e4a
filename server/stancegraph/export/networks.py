"""Networks as files: GraphML, GEXF 1.3 with spells, and tables of nodes and edges.

They are written by hand, since the writers at hand put the time of writing into the file,
know GEXF without spells or hold it all as a tree.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape, quoteattr

from stancegraph.export.declared import LABEL, snake

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from stancegraph.export.declared import Network
    from stancegraph.export.frame import Sheet, Variable
    from stancegraph.export.tables import Context

GEXF = "http://gexf.net/1.3"
GRAPHML = "http://graphml.graphdrawing.org/xmlns"
_GRAPHML_TYPES = {"integer": "long", "number": "double", "truth": "boolean"}
_GEXF_TYPES = {"integer": "long", "number": "double", "truth": "boolean"}
_TEXT = "string"


@dataclass(frozen=True, slots=True)
class Attribute:
    """What nodes or edges have; a value that is missing is left out."""

    name: str
    label: str
    kind: str


@dataclass(frozen=True, slots=True)
class Node:
    """A thing that edges join.

    Attributes:
        key: The part of its IRI that tells it apart: ``state/CAN``.
        values: In the order of the attributes of nodes; None for none.
    """

    key: str
    label: str
    values: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Edge:
    """Two things, and how they are joined.

    Attributes:
        spells: When they were: the first day, and the first day after; None where not known.
        values: In the order of the attributes of edges; None for none.
        rows: What holds of each spell, in the order of those.
    """

    source: str
    target: str
    weight: float
    spells: tuple[tuple[date | None, date | None], ...]
    values: tuple[Any, ...]
    rows: tuple[tuple[Any, ...], ...]


@dataclass(frozen=True, slots=True)
class Graph:
    """A network to take away.

    Attributes:
        name: That of its files.
        title: What it is, in a line.
        note: What an edge is and what is left out, in sentences.
        is_timed: Whether edges have spells.
        nodes: In the order of their keys.
        edges: In the order of the keys of their ends.
    """

    name: str
    title: str
    note: str
    directed: bool
    is_timed: bool
    node_attributes: tuple[Attribute, ...]
    edge_attributes: tuple[Attribute, ...]
    spell_attributes: tuple[Attribute, ...]
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]


def graph_of(sheet: Sheet, network: Network, *, base: str) -> Graph:
    """The network that the rows of *sheet* are; rows of the same two things are one edge.

    Args:
        base: What the IRIs of the graph begin with.
    """
    by_name = {each.name: each for each in sheet.variables}
    source, target = snake(network.source), snake(network.target)
    ends = [by_name[name].values.to_pylist() for name in (source, target)]
    sides = [_side(by_name, name) for name in (source, target)]
    start, end = snake(network.start), snake(network.end)
    apart = {source, target, start, end, snake(network.weight)}
    apart |= {each.name for side in sides for _, each in side}
    apart |= {f"{name}_{LABEL.lower()}" for name in (source, target)}
    others = [each for each in sheet.variables if each.name not in apart]
    of_spell = {snake(name) for name in network.spells}
    of_spell |= {f"{name}_{LABEL.lower()}" for name in of_spell}
    fixed = [each for each in others if each.name not in of_spell]
    dated = [each for each in others if each.name in of_spell]
    starts = by_name[start].values.to_pylist() if start else [None] * len(sheet)
    finishes = by_name[end].values.to_pylist() if end else [None] * len(sheet)
    weights = by_name[snake(network.weight)].values.to_pylist() if network.weight else None
    values = list(zip(*(each.values.to_pylist() for each in fixed), strict=True)) if fixed else []
    details = list(zip(*(each.values.to_pylist() for each in dated), strict=True)) if dated else []
    rows: dict[tuple[str, str], list[int]] = {}
    for number, (one, other) in enumerate(zip(*ends, strict=True)):
        if one is None or other is None:
            continue
        pair = (_key(one, base), _key(other, base))
        if not network.directed and pair[1] < pair[0]:
            pair = (pair[1], pair[0])
        rows.setdefault(pair, []).append(number)
    edges = []
    for pair in sorted(rows):
        numbers = rows[pair]
        first = numbers[0]
        weight = 1.0 if weights is None else weights[first]
        edges.append(
            Edge(
                *pair,
                weight=1.0 if weight is None else float(weight),
                spells=tuple((starts[n], finishes[n]) for n in numbers),
                values=values[first] if fixed else (),
                rows=tuple(details[n] for n in numbers) if dated else ((),) * len(numbers),
            )
        )
    return Graph(
        name=sheet.name,
        title=sheet.title,
        note=sheet.note,
        directed=network.directed,
        is_timed=bool(start),
        node_attributes=tuple(
            Attribute(name, each.label.rpartition(": ")[2], each.kind) for name, each in sides[0]
        ),
        edge_attributes=tuple(Attribute(v.name, v.label, v.kind) for v in fixed),
        spell_attributes=tuple(Attribute(v.name, v.label, v.kind) for v in dated),
        nodes=_nodes(by_name, (source, target), ends, sides, base),
        edges=tuple(edges),
    )


def _key(iri: str, base: str) -> str:
    return iri.removeprefix(f"{base}id/")


def _side(by_name: Mapping[str, Variable], end: str) -> list[tuple[str, Variable]]:
    """The identifiers of the things of a column, each with the name that both sides share."""
    return [
        (name.removeprefix(f"{end}_"), each)
        for name, each in by_name.items()
        if each.role == "identifier" and name.startswith(f"{end}_")
    ]


def _nodes(
    by_name: Mapping[str, Variable],
    columns: Sequence[str],
    ends: Sequence[Sequence[str | None]],
    sides: Sequence[Sequence[tuple[str, Variable]]],
    base: str,
) -> tuple[Node, ...]:
    names = [name for name, _ in sides[0]]
    found: dict[str, Node] = {}
    for column, iris, side in zip(columns, ends, sides, strict=True):
        label = by_name.get(f"{column}_{LABEL.lower()}")
        labels = label.values.to_pylist() if label is not None else [None] * len(iris)
        known = {name: each.values.to_pylist() for name, each in side}
        for number, iri in enumerate(iris):
            if iri is not None and (key := _key(iri, base)) not in found:
                values = tuple(known[name][number] if name in known else None for name in names)
                found[key] = Node(key, labels[number] or key, values)
    return tuple(found[key] for key in sorted(found))


def write_graphml(graph: Graph, path: Path, context: Context) -> None:
    """GraphML; the spells of an edge are a text, ``2001-01-01/2004-07-01 2010-01-01/``."""
    nodes = (Attribute("label", "label", _TEXT), *graph.node_attributes)
    edges = (Attribute("weight", "weight", "number"), *graph.edge_attributes)
    if graph.is_timed:
        edges += (Attribute("spells", "spells", _TEXT),)
    with path.open("w", encoding="utf-8", newline="\n") as file:
        write = file.write
        write('<?xml version="1.0" encoding="UTF-8"?>\n')
        write(f"<!-- {escape(_comment(context))} -->\n")
        write(f"<graphml xmlns={quoteattr(GRAPHML)}>\n")
        for prefix, kind, attributes in (("n", "node", nodes), ("e", "edge", edges)):
            for number, each in enumerate(attributes):
                typed = _GRAPHML_TYPES.get(each.kind, _TEXT)
                write(
                    f'<key id="{prefix}{number}" for="{kind}" attr.name={quoteattr(each.name)} '
                    f'attr.type="{typed}"/>\n'
                )
        kind = "directed" if graph.directed else "undirected"
        write(f'<graph id={quoteattr(graph.name)} edgedefault="{kind}">\n')
        for node in graph.nodes:
            write(f"<node id={quoteattr(node.key)}>")
            write(_data("n", (node.label, *node.values)))
            write("</node>\n")
        for edge in graph.edges:
            values: tuple[Any, ...] = (edge.weight, *edge.values)
            if graph.is_timed:
                values += (" ".join(f"{a or ''}/{b or ''}" for a, b in edge.spells),)
            write(f"<edge source={quoteattr(edge.source)} target={quoteattr(edge.target)}>")
            write(_data("e", values))
            write("</edge>\n")
        write("</graph>\n</graphml>\n")


def _data(prefix: str, values: Sequence[Any]) -> str:
    return "".join(
        f'<data key="{prefix}{number}">{escape(_text(value))}</data>'
        for number, value in enumerate(values)
        if value is not None
    )


def write_gexf(graph: Graph, path: Path, context: Context) -> None:
    """GEXF 1.3; the days of a spell are its first and its last, as Gephi's timeline has them."""
    with path.open("w", encoding="utf-8", newline="\n") as file:
        write = file.write
        write('<?xml version="1.0" encoding="UTF-8"?>\n')
        write(f'<gexf xmlns="{GEXF}" version="1.3">\n')
        write(f'<meta lastmodifieddate="{context.day.isoformat()}">')
        write(f"<creator>stancegraph</creator><description>{escape(_comment(context))}")
        write("</description></meta>\n")
        mode = 'mode="dynamic" timeformat="date"' if graph.is_timed else 'mode="static"'
        kind = "directed" if graph.directed else "undirected"
        write(f'<graph defaultedgetype="{kind}" {mode}>\n')
        for name, attributes in (("node", graph.node_attributes), ("edge", graph.edge_attributes)):
            write(f'<attributes class="{name}">\n')
            for number, each in enumerate(attributes):
                typed = _GEXF_TYPES.get(each.kind, _TEXT)
                title = quoteattr(each.name)
                write(f'<attribute id="{number}" title={title} type="{typed}"/>\n')
            write("</attributes>\n")
        write(f'<nodes count="{len(graph.nodes)}">\n')
        for node in graph.nodes:
            write(f"<node id={quoteattr(node.key)} label={quoteattr(node.label)}>")
            write(_attvalues(node.values))
            write("</node>\n")
        write(f'</nodes>\n<edges count="{len(graph.edges)}">\n')
        for number, edge in enumerate(graph.edges):
            write(
                f'<edge id="{number}" source={quoteattr(edge.source)} '
                f'target={quoteattr(edge.target)} weight="{edge.weight!r}">'
            )
            write(_attvalues(edge.values))
            if graph.is_timed:
                write(_spells(edge))
            write("</edge>\n")
        write("</edges>\n</graph>\n</gexf>\n")


def _attvalues(values: Sequence[Any]) -> str:
    told = "".join(
        f'<attvalue for="{number}" value={quoteattr(_text(value))}/>'
        for number, value in enumerate(values)
        if value is not None
    )
    return f"<attvalues>{told}</attvalues>" if told else ""


def _spells(edge: Edge) -> str:
    told = []
    for start, end in edge.spells:
        bounds = f' start="{start.isoformat()}"' if start else ""
        if end:
            bounds += f' end="{(end - timedelta(days=1)).isoformat()}"'
        told.append(f"<spell{bounds}/>")
    return f"<spells>{''.join(dict.fromkeys(told))}</spells>"


def write_nodes(graph: Graph, path: Path, _context: Context) -> None:
    """A table of the nodes, under the headings that Gephi reads."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["Id", "Label", *(each.name for each in graph.node_attributes)])
        writer.writerows([node.key, node.label, *node.values] for node in graph.nodes)


def write_edges(graph: Graph, path: Path, _context: Context) -> None:
    """A table of the edges, a row for each spell, under the headings that Gephi reads.

    ``end`` is the first day on which it no longer held.
    """
    kind = "Directed" if graph.directed else "Undirected"
    times = ["start", "end"] if graph.is_timed else []
    attributes = (*graph.edge_attributes, *graph.spell_attributes)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(
            ["Source", "Target", "Type", "Weight", *times, *(each.name for each in attributes)]
        )
        for edge in graph.edges:
            for spell, row in zip(edge.spells, edge.rows, strict=True):
                cells = spell if graph.is_timed else ()
                values = (*edge.values, *row)
                writer.writerow([edge.source, edge.target, kind, edge.weight, *cells, *values])


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _comment(context: Context) -> str:
    return next(text for name, text in reversed(context.citation) if name == "Cite as").replace(
        "--", "- -"
    )


WRITERS: dict[str, tuple[tuple[str, Callable[[Graph, Path, Context], None]], ...]] = {
    "graphml": ((".graphml", write_graphml),),
    "gexf": ((".gexf", write_gexf),),
    "csv": (("-nodes.csv", write_nodes), ("-edges.csv", write_edges)),
}
