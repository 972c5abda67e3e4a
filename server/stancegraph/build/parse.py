"""The first step of a build: all Turtle files of a folder, each as a named graph."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, TypeAlias

import pyoxigraph as ox

from stancegraph.build import checks
from stancegraph.build.progress import Progress
from stancegraph.problems import Problem, Severity
from stancegraph.terms import SG, SH
from stancegraph.turtle import Positions, read

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from stancegraph.folder import GraphFolder

Term: TypeAlias = ox.NamedNode | ox.BlankNode | ox.Literal | ox.Triple


@dataclass(kw_only=True)
class ParsedGraph:
    """The stated triples of a graph folder, and where they stand.

    Attributes:
        folder: Where they were read.
        graphs: The triples of each file, in its order, by the IRI of its named graph; sorted
            by IRI. No triple holds a triple.
        files: The file of each graph, as an absolute path.
        problems: What is wrong with the files, apart from what shapes say; in file order.
        skipped: Subjects of statements that were not read whole, for a syntax error.
        lost: Whether subjects could not be read, so that anything may be missing.
        lost_words: Whether part of ontology/ or shapes/ could not be read, so that what
            shapes would say is not to be trusted.
        told: The properties of a node that *problems* are about, by node; None among them
            means that whatever shapes say of the node, or of it as a value, only follows.
    """

    folder: GraphFolder
    graphs: dict[ox.NamedNode, list[ox.Triple]]
    files: dict[ox.NamedNode, Path]
    problems: list[Problem] = field(default_factory=list)
    skipped: set[ox.NamedNode] = field(default_factory=set)
    lost: bool = False
    lost_words: bool = False
    told: dict[str, set[str | None]] = field(default_factory=dict)

    def part(self, graph: ox.NamedNode) -> str:
        """The path of a graph's file without its ending: ``data/treaties/budapest-convention``."""
        for home in self.folder.homes:
            if graph.value.startswith(f"{home.base}graph/"):
                return graph.value.removeprefix(f"{home.base}graph/")
        return graph.value

    @property
    def words(self) -> tuple[str, ...]:
        """The namespaces whose terms ontology/ declares: the folder's own and the shared one."""
        return (SG.iri, f"{self.folder.base}ontology#")

    def triples(self, *parts: str) -> Iterator[ox.Triple]:
        """The triples of the files in *parts*, ``data`` or ``ontology/schemes``; of all, if none.

        A part names a folder or a file without its ending. A triple of two files comes twice.
        """
        for graph, triples in self.graphs.items():
            if not parts or is_in(self.part(graph), *parts):
                yield from triples

    def place(
        self,
        focus: Term,
        predicate: ox.NamedNode | None = None,
        value: Term | None = None,
        *,
        within: ox.NamedNode | None = None,
    ) -> tuple[str, int | None]:
        """The file and line of the triple *focus predicate value*, as far as it can be told.

        Else those of the predicate in the subject's block, else of the block; for a blank
        node, the first line that names the value or predicate. ``("-", None)`` for a node
        that no file describes.

        With *within*, only that graph is looked at.
        """
        graphs = self.described.get(focus, []) if within is None else [within]
        whole = (focus, predicate, value)
        for length in (3, 2, 1):
            for graph in graphs:
                if (line := self.positions(graph).line(*whole[:length])) is not None:
                    return self._name(graph), line
        for graph in graphs:
            for term in (value, predicate):
                if isinstance(term, ox.NamedNode):
                    word = term.value.replace("#", "/").rpartition("/")[2]
                    if (line := self.positions(graph).line_with(word)) is not None:
                        return self._name(graph), line
        return (self._name(graphs[0]) if graphs else "-"), None

    @cached_property
    def described(self) -> dict[Term, list[ox.NamedNode]]:
        """The graphs that say something of a subject, sorted, by subject."""
        found: defaultdict[Term, list[ox.NamedNode]] = defaultdict(list)
        for graph, triples in self.graphs.items():
            for subject in dict.fromkeys(triple.subject for triple in triples):
                found[subject].append(graph)
        return dict(found)

    def positions(self, graph: ox.NamedNode) -> Positions:
        """The lines of a graph's file; read when first asked for."""
        if graph not in self._positions:
            self._positions[graph] = Positions.of(self.files[graph])
        return self._positions[graph]

    @cached_property
    def _positions(self) -> dict[ox.NamedNode, Positions]:
        return {}

    def _name(self, graph: ox.NamedNode) -> str:
        return self.folder.relative(self.files[graph])

    def tell(self, node: str, word: str | None) -> None:
        """Note that a problem is about the property *word* of *node*; None: about all of it."""
        self.told.setdefault(node, set()).add(word)

    def follows(self, problem: Problem) -> bool:
        """Whether *problem*, found by shapes, only follows from what was told."""
        if problem.focus is None:
            return False
        value = problem.value or ""
        named = value[1:-1] if value.startswith("<") and value.endswith(">") else problem.focus
        words = self.told.get(problem.focus, set())
        if None in words or None in self.told.get(named, set()):
            return True
        if self.lost and ox.NamedNode(named) not in self.described:
            return True
        return any(
            word == problem.property or self._reads(problem.shape, word)
            for word in words
            if word is not None
        )

    def _reads(self, shape: str | None, word: str) -> bool:
        """Whether a query of the shape *shape* has to do with the property *word*."""
        name = re.escape(re.split("[/#]", word)[-1])
        return any(re.search(rf"\b{name}\b", text) for text in self._queries.get(shape or "", ()))

    @cached_property
    def _queries(self) -> dict[str, list[str]]:
        """The texts of the SPARQL constraints of each shape."""
        texts: dict[object, str] = {
            triple.subject: triple.object.value
            for triple in self.triples("shapes")
            if triple.predicate == SH.select and isinstance(triple.object, ox.Literal)
        }
        found: defaultdict[str, list[str]] = defaultdict(list)
        for shape, predicate, constraint in self.triples("shapes"):
            if predicate == SH.sparql and isinstance(shape, ox.NamedNode):
                found[shape.value].append(texts.get(constraint, ""))
        return dict(found)


def is_in(path: str, *parts: str) -> bool:
    """Whether *path* is one of *parts*, or in a folder that is."""
    return any(path == part or path.startswith(f"{part}/") for part in parts)


def parse(folder: GraphFolder, *, progress: Progress | None = None) -> ParsedGraph:
    """Read all Turtle files of *folder* and check what does not need shapes.

    Returns the graph, whatever is wrong with it: see its ``problems``. *progress* is told of
    each file that was read.
    """
    progress = progress or Progress()
    graph = ParsedGraph(folder=folder, graphs={}, files={})
    paths = folder.turtle_files
    for number, path in enumerate(paths, start=1):
        _read_into(graph, path)
        progress.step(number, len(paths))
    graph.graphs = dict(sorted(graph.graphs.items(), key=lambda item: item[0].value))
    _tell_skipped(graph)
    graph.problems += checks.problems(graph)
    graph.problems.sort(key=lambda problem: problem.sort_key)
    return graph


def _tell_skipped(graph: ParsedGraph) -> None:
    """What is not known of a skipped statement's subject is not known of what leads to it."""
    if not graph.skipped:
        return
    for subject in graph.skipped:
        graph.tell(subject.value, None)
    for subject, predicate, value in graph.triples():
        if value in graph.skipped and isinstance(subject, ox.NamedNode):
            graph.tell(subject.value, predicate.value)


def _read_into(graph: ParsedGraph, path: Path) -> None:
    name = graph.folder.relative(path)
    try:
        iri = ox.NamedNode(graph.folder.graph_iri(path))
    except ValueError:
        message = "the name makes no IRI: use letters, digits, '-', '_' and '.'"
        graph.problems.append(Problem(name, None, Severity.VIOLATION, message))
        graph.lost = True
        return
    found = read(path, name)
    graph.files[iri] = path
    graph.graphs[iri] = found.triples
    graph.problems += found.problems
    graph.skipped |= found.skipped
    graph.lost = graph.lost or found.lost
    if is_in(name, "ontology", "shapes") and (found.lost or found.skipped or not found.triples):
        graph.lost_words = True
