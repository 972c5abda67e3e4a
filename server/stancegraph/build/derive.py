"""The third step of a build: what rules conclude, each in a named graph of its own.

A rule runs again only if something changed in the triples that it can read.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from typing import TYPE_CHECKING

import pyoxigraph as ox

from stancegraph.build.cache import Cache, key_of
from stancegraph.build.lines import Graphs, Lines, is_in
from stancegraph.build.reads import TYPE, Reads
from stancegraph.errors import BadQueryFile
from stancegraph.problems import Problem, Severity
from stancegraph.terms import XSD, short

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import date

    from stancegraph.build.parse import ParsedGraph
    from stancegraph.queryfile import Rule

KIND = "rules"
TODAY = "today"


@dataclass(frozen=True, slots=True)
class DerivedGraph:
    """What one rule concludes.

    Attributes:
        iri: The named graph, ``…/graph/derived/<rule>``.
        lines: Its triples, without blank nodes.
        inputs: The named graphs that the rule read, sorted.
    """

    iri: ox.NamedNode
    rule: Rule
    lines: Lines
    inputs: tuple[ox.NamedNode, ...]

    @property
    def triples(self) -> tuple[ox.Triple, ...]:
        """What it holds, sorted, each once."""
        return tuple(sorted(self.lines.triples, key=str))


def derive(
    graph: ParsedGraph, rules: Sequence[Rule], *, release_date: date, cache: Cache | None = None
) -> list[DerivedGraph]:
    """Run each of *rules* once on the graphs that it names, in order of dependency.

    Args:
        release_date: What a rule that has the parameter ``today`` takes for today.
        cache: What rules concluded before.

    Raises:
        BadQueryFile: a rule reads its own graph or, through others, depends on itself; names
            an input that is not there; has a parameter other than ``today``; does not
            construct triples, or constructs blank nodes.
    """
    graphs = graph.lines()
    cache = cache or Cache()
    derived = []
    for rule in in_order(rules):
        inputs = tuple(_inputs(rule, graph, graphs))
        read = Graphs({iri: graphs[iri] for iri in inputs})
        lines = _concluded(rule, read, release_date, cache)
        iri = derived_iri(graph, rule)
        graphs[iri] = lines
        derived.append(DerivedGraph(iri, rule, lines, inputs))
    return derived


def in_order(rules: Sequence[Rule]) -> list[Rule]:
    """*rules*, each after those whose graphs it reads, else by name.

    Raises:
        BadQueryFile: a rule depends on itself.
    """
    by_name = {rule.name: rule for rule in sorted(rules, key=lambda rule: rule.name)}
    sorter: TopologicalSorter[str] = TopologicalSorter()
    for rule in by_name.values():
        before = [name for name in by_name if is_in(f"derived/{name}", *rule.inputs)]
        sorter.add(rule.name, *before)
    try:
        return [by_name[name] for name in sorter.static_order()]
    except CycleError as error:
        cycle = error.args[1]
        rule = by_name[cycle[0]]
        way = " -> ".join(cycle)
        problem = f"the rule depends on itself ({way}): read other graphs"
        raise BadQueryFile(rule.path, _line_of(rule, r"#\+ inputs:"), problem) from error


def derived_iri(graph: ParsedGraph, rule: Rule) -> ox.NamedNode:
    """The named graph that *rule* writes."""
    return ox.NamedNode(f"{graph.folder.base}graph/derived/{rule.name}")


def mixed_terms(graph: ParsedGraph, derived: Iterable[DerivedGraph]) -> Iterator[Problem]:
    """Words of the ontology that are used in data/ and by a rule: whoever queries could not
    tell what is stated from what is derived.
    """  # noqa: D205 - one sentence
    stated = _used(graph.lines("data").values(), graph.words)
    for found in derived:
        for term in sorted(_used([found.lines], graph.words) & stated, key=lambda term: term.value):
            message = (
                f"the rule derives {short(term)}, which data/ states too: "
                "derive a term of its own, or state it only"
            )
            name = re.escape(term.value.rpartition("#")[2])
            line = _line_of(found.rule, rf"^[^#\n]*\b{name}\b")
            yield Problem(found.rule.path, line, Severity.VIOLATION, message, value=str(term))


def _used(graphs: Iterable[Lines], words: tuple[str, ...]) -> set[ox.NamedNode]:
    """The terms of the namespaces *words* that serve as predicate or class in *graphs*."""
    names = {name.removeprefix(f"{TYPE} ") for lines in graphs for name in lines.slots}
    starts = tuple(f"<{word}" for word in words)
    return {ox.NamedNode(name[1:-1]) for name in names if name.startswith(starts)}


def _inputs(
    rule: Rule, graph: ParsedGraph, graphs: Iterable[ox.NamedNode]
) -> Iterator[ox.NamedNode]:
    """The graphs that *rule* reads, sorted."""
    parts = {iri: graph.part(iri) for iri in sorted(graphs, key=lambda iri: iri.value)}
    for name in rule.inputs:
        if not any(is_in(part, name) for part in parts.values()):
            problem = f"the rule reads {name!r}, but there is no such graph or folder of graphs"
            raise BadQueryFile(rule.path, _line_of(rule, r"#\+ inputs:"), problem)
    for iri, part in parts.items():
        if is_in(part, *rule.inputs):
            yield iri


def _concluded(rule: Rule, read: Graphs, release_date: date, cache: Cache) -> Lines:
    """What *rule* concludes from the graphs that it reads, sorted, each triple once."""
    if other := sorted(rule.params.keys() - {TODAY}):
        problem = f"a rule can have the parameter {TODAY!r} and no other, not {other[0]!r}"
        raise BadQueryFile(rule.path, _line_of(rule, r"#\+ params:"), problem)
    today = ox.Literal(release_date.isoformat(), datatype=XSD.date)
    query = rule.bind(dict.fromkeys(rule.params, today))
    reads = Reads.of(query)
    key = key_of(KIND, query, read.digest(reads))
    stored = None if reads.volatile else cache.get(KIND, key)
    if stored is not None:
        slots, _, text = stored.partition(b"\n")
        return Lines.from_json(text, json.loads(slots))
    lines = _run(rule, query, read.store(reads))
    cache.put(key, json.dumps(lines.as_json()).encode() + b"\n" + lines.text)
    return lines


def _run(rule: Rule, query: str, store: ox.Store) -> Lines:
    found = store.query(query)
    if not isinstance(found, ox.QueryTriples):
        raise BadQueryFile(rule.path, 1, "a rule is a CONSTRUCT")
    text = found.serialize(format=ox.RdfFormat.N_TRIPLES) or b""
    lines = Lines.cut(b"".join(sorted(set(text.splitlines(keepends=True)))))
    if lines.has_blank:
        problem = "the rule constructs a blank node: make an IRI for what it derives"
        raise BadQueryFile(rule.path, _line_of(rule, r"(?i)^\s*CONSTRUCT\b"), problem)
    return lines


def _line_of(rule: Rule, pattern: str) -> int:
    """The first line of the rule's file that *pattern* matches in, else 1."""
    found = re.search(pattern, rule.text, re.MULTILINE)
    return rule.text.count("\n", 0, found.end()) + 1 if found else 1
