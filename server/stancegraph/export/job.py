"""One export: a release, how it is narrowed, and its statements as files."""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Self

from stancegraph import sparql
from stancegraph.build.shelf import open_catalog
from stancegraph.engine.embedded import EmbeddedEngine, EngineOptions
from stancegraph.errors import OperationError
from stancegraph.export import rdf
from stancegraph.export.narrowing import Narrowing
from stancegraph.export.words import Words
from stancegraph.jsonld import Context as JsonContext
from stancegraph.queryfile import read_release_rules
from stancegraph.vocabulary import Vocabulary

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from stancegraph.build.release import Release

DEADLINE = 600.0  # seconds for each question
MEMORY = 2 * 2**30  # bytes for each
WORKERS = 2
NEEDED = "the extra 'export': pip install 'stancegraph[export]'"


@dataclass(frozen=True, slots=True)
class Written:
    """A file that was written.

    Attributes:
        rows: Of a table its rows, of a network its edges, of RDF its statements.
        seconds: How long it took, the question apart.
    """

    path: Path
    rows: int
    seconds: float


class Export:
    """Takes files away from one release; to be used in a ``with`` block.

    Attributes:
        narrowing: What is asked for.
        told: Is given a sentence on each thing that is left out, and on each file.
    """

    def __init__(
        self,
        release: Release,
        narrowing: Narrowing | None = None,
        *,
        told: Callable[[str], None] = lambda _: None,
    ) -> None:
        """Open *release*.

        Raises:
            BadQueryFile, OperationError: it cannot be read.
        """
        self.release = release
        self.narrowing = narrowing or Narrowing()
        self.told = told
        self.catalog = open_catalog(release)

    def __enter__(self) -> Self:
        options = EngineOptions(workers=WORKERS, memory=MEMORY)
        self.engine = EmbeddedEngine(self.release.quads_file, self.release.id, options)
        return self

    def __exit__(self, *_: object) -> None:
        self.engine.close()

    @cached_property
    def words(self) -> Words:
        """What the ontology and the code lists of the release say."""
        vocabulary = Vocabulary(
            self.engine, base=self.release.base, queries=self.catalog, deadline=DEADLINE
        )
        return Words(self.engine, vocabulary, deadline=DEADLINE)

    def lines(self, *, derived: bool = True, query: str = "") -> Iterable[bytes]:
        """The statements to export, as sorted lines of N-Quads.

        Args:
            derived: Whether those that rules derived are among them.
            query: A CONSTRUCT, whose triples they are; empty for the graph itself.

        Raises:
            OperationError: the graph has no query that narrows it, or the query is none.
        """
        if query:
            if sparql.query_form(query) not in {"CONSTRUCT", "DESCRIBE"}:
                raise OperationError("only a CONSTRUCT or DESCRIBE makes RDF")
            return rdf.constructed(self.release, self.engine, query, deadline=DEADLINE)
        if not self.narrowing:
            return rdf.whole(self.release, derived=derived)
        found = [each for each in self.catalog if each.subgraph]
        if not found:
            raise OperationError("no saved query declares how to narrow this graph: subgraph: true")
        return rdf.narrowed(
            self.release,
            self.engine,
            found[0],
            names=self.catalog.names,
            rules=read_release_rules(self.release.path),
            narrowing=self.narrowing,
            derived=derived,
            deadline=DEADLINE,
        )

    def write_rdf(self, lines: Iterable[bytes], path: Path, form: str) -> Written:
        """Write *lines* to *path* in one of `rdf.FORMATS`."""
        begun = time.perf_counter()
        with path.open("wb") as file:
            count = rdf.write(lines, form, file, lambda: self.json_context)
        return Written(path, count, time.perf_counter() - begun)

    @cached_property
    def json_context(self) -> JsonContext:
        """What the keys of our JSON-LD mean."""
        return JsonContext(self.words.vocabulary)
