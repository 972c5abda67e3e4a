"""The first step of a build: all Turtle files of a folder, each as a named graph."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import pyoxigraph as ox

from stancegraph.build import checks
from stancegraph.build.cache import Cache, key_of
from stancegraph.build.content import Content, Reader
from stancegraph.build.lines import Lines, is_in
from stancegraph.build.progress import Progress
from stancegraph.problems import Problem, Severity
from stancegraph.terms import SG, SH

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from stancegraph.build.checks import Term
    from stancegraph.folder import GraphFolder

PLACES = "places"


@dataclass(kw_only=True)
class ParsedGraph:
    """The stated triples of a graph folder, and where they stand.

    Attributes:
        folder: Where they were read.
        contents: What each file states, by the IRI of its named graph; sorted by IRI.
        files: The file of each graph, as an absolute path.
        problems: What is wrong with the files, apart from what shapes say; in file order.
        skipped: Subjects of statements that were not read whole, for a syntax error, as
            N-Triples write them.
        lost: Whether subjects could not be read, so that anything may be missing.
        lost_words: Whether part of ontology/ or shapes/ could not be read, so that what
            shapes would say is not to be trusted.
        told: The properties of a node that *problems* are about, by node; None among them
            means that whatever shapes say of the node, or of it as a value, only follows.
        cache: Where places are known from.
    """

    folder: GraphFolder
    contents: dict[ox.NamedNode, Content]
    files: dict[ox.NamedNode, Path]
    problems: list[Problem] = field(default_factory=list)
    skipped: set[str] = field(default_factory=set)
    lost: bool = False
    lost_words: bool = False
    told: dict[str, set[str | None]] = field(default_factory=dict)
    cache: Cache = field(default_factory=Cache)

    def add(self, iri: ox.NamedNode, path: Path, content: Content) -> None:
        """Take in what the file *path* states, as the graph *iri*."""
        self.files[iri] = path
        self.contents[iri] = content
        self.problems += content.problems
        self.skipped.update(content.skipped)
        self.lost = self.lost or content.lost
        for node, word in content.told:
            self.tell(node, word)
        if is_in(self.part(iri), "ontology", "shapes") and (
            content.lost or content.skipped or not content.subjects
        ):
            self.lost_words = True

    @cached_property
    def graphs(self) -> Mapping[ox.NamedNode, Sequence[ox.Triple]]:
        """The triples of each file, those of one predicate in its order, by graph."""
        return {iri: content.lines.triples for iri, content in self.contents.items()}

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

    def lines(self, *parts: str) -> dict[ox.NamedNode, Lines]:
        """The triples of the files in *parts* as text, by graph; see `triples`."""
        return {
            graph: content.lines
            for graph, content in self.contents.items()
            if not parts or is_in(self.part(graph), *parts)
        }

    def triples(self, *parts: str) -> Iterator[ox.Triple]:
        """The triples of the files in *parts*, ``data`` or ``ontology/schemes``; of all, if none.

        A part names a folder or a file without its ending. A triple of two files comes twice.
        """
        for lines in self.lines(*parts).values():
            yield from lines.triples

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
        graphs = self.described.get(str(focus), []) if within is None else [within]
        whole = (focus, predicate, value)
        for length in (3, 2, 1):
            for graph in graphs:
                if (line := self._places[graph].line(*whole[:length])) is not None:
                    return self._name(graph), line
        for graph in graphs:
            if (line := self._places[graph].line_that_names(value, predicate)) is not None:
                return self._name(graph), line
        return (self._name(graphs[0]) if graphs else "-"), None

    @cached_property
    def described(self) -> dict[str, list[ox.NamedNode]]:
        """The graphs that say something of a subject, sorted, by subject in N-Triples."""
        found: defaultdict[str, list[ox.NamedNode]] = defaultdict(list)
        for graph, content in self.contents.items():
            for subject in content.subjects:
                found[subject].append(graph)
        return dict(found)

    @cached_property
    def _places(self) -> dict[ox.NamedNode, _Places]:
        return {graph: _Places(found, self.cache) for graph, found in self.contents.items()}

    def keep_places(self) -> None:
        """Put into the cache where what was looked for stands."""
        for places in self._places.values():
            places.keep()

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
        if self.lost and not {named, f"<{named}>"} & self.described.keys():
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


class _Places:
    """Where what is looked for in one file stands; a file is cut only for what is not known."""

    def __init__(self, content: Content, cache: Cache) -> None:
        self._content = content
        self._cache = cache
        self._changed = False

    @cached_property
    def _known(self) -> dict[str, int | None]:
        stored = self._content.key and self._cache.get(PLACES, self._key)
        return json.loads(stored) if stored else {}

    @property
    def _key(self) -> bytes:
        return key_of(PLACES, self._content.key)

    def line(self, *part: Term | None) -> int | None:
        """The line where a subject, with predicate, with object, first stands."""
        key = " ".join(map(str, part))
        if key not in self._known:
            self._note(key, self._content.positions.line(*part))
        return self._known[key]

    def line_that_names(self, *terms: Term | None) -> int | None:
        """The first line with the last word of the first of *terms* that has any."""
        key = " ".join(("names", *map(str, terms)))
        if key not in self._known:
            self._note(key, checks.line_that_names(self._content.positions, *terms))
        return self._known[key]

    def _note(self, key: str, line: int | None) -> None:
        self._known[key] = line
        self._changed = True

    def keep(self) -> None:
        """Put into the cache what was found out."""
        if self._changed and self._content.key:
            self._cache.put(self._key, json.dumps(self._known, ensure_ascii=False).encode())


def parse(
    folder: GraphFolder, *, progress: Progress | None = None, cache: Cache | None = None
) -> ParsedGraph:
    """Read all Turtle files of *folder* and check what does not need shapes.

    Returns the graph, whatever is wrong with it: see its ``problems``. *progress* is told of
    each file that was read.
    """
    progress = progress or Progress()
    cache = cache or Cache()
    reader = Reader(folder, cache)
    contents: dict[Path, Content] = {}
    paths = folder.turtle_files
    for number, path in enumerate(paths, start=1):
        contents[path] = reader.read(path)
        progress.step(number, len(paths))
    return _together(folder, contents, cache)


def changed(graph: ParsedGraph, sources: Mapping[Path, bytes]) -> ParsedGraph:
    """*graph* as it would be if these files held this."""
    reader = Reader(graph.folder, graph.cache)
    contents = {path: graph.contents[iri] for iri, path in graph.files.items()}
    contents |= {path: reader.read(path, source) for path, source in sources.items()}
    return _together(graph.folder, contents, graph.cache)


def _together(folder: GraphFolder, contents: Mapping[Path, Content], cache: Cache) -> ParsedGraph:
    """The graph of these files, with what is wrong with them beside each other."""
    graph = ParsedGraph(folder=folder, contents={}, files={}, cache=cache)
    for path, content in contents.items():
        try:
            iri = ox.NamedNode(folder.graph_iri(path))
        except ValueError:
            message = "the name makes no IRI: use letters, digits, '-', '_' and '.'"
            problem = Problem(folder.relative(path), None, Severity.VIOLATION, message)
            graph.problems.append(problem)
            graph.lost = True
        else:
            graph.add(iri, path, content)
    graph.contents = dict(sorted(graph.contents.items(), key=lambda item: item[0].value))
    _tell_skipped(graph)
    graph.problems += checks.problems(graph)
    graph.problems.sort(key=lambda problem: problem.sort_key)
    return graph


def _tell_skipped(graph: ParsedGraph) -> None:
    """What is not known of a skipped statement's subject is not known of what leads to it."""
    if not graph.skipped:
        return
    for subject in graph.skipped:
        graph.tell(subject[1:-1], None)
    for subject, predicate, value in graph.triples():
        if str(value) in graph.skipped and isinstance(subject, ox.NamedNode):
            graph.tell(subject.value, predicate.value)
