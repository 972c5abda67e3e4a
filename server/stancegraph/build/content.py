"""What one Turtle file states, and what is wrong with it by itself: read once, then known."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from stancegraph.build import checks
from stancegraph.build.cache import key_of
from stancegraph.build.lines import Lines, as_ntriples
from stancegraph.build.reads import TYPE
from stancegraph.problems import Problem, Severity
from stancegraph.terms import SG
from stancegraph.turtle import Positions, content_of, read

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    import pyoxigraph as ox

    from stancegraph.build.cache import Cache
    from stancegraph.folder import GraphFolder

KIND = "files"


@dataclass
class Content:
    """What was read from one file. Terms are written as N-Triples do.

    Attributes:
        lines: Its triples; none holds a triple, or a direction of its text.
        problems: What is wrong with it, apart from other files and from what shapes say.
        told: Nodes and the properties of theirs that *problems* are about; None for all.
        subjects: What it says something of, in its order.
        untyped: Those of *subjects* that have a name and whose class it does not say.
        mentions: Things and words that it uses and that the graph must describe, sorted.
        skipped: Subjects of statements that were not read whole, for a syntax error.
        lost: Whether subjects could not be read, so that anything may be missing.
        source: What the file holds.
        key: What tells it from any other; empty if it could not be read.
    """

    lines: Lines
    problems: list[Problem] = field(default_factory=list)
    told: list[tuple[str, str | None]] = field(default_factory=list)
    subjects: list[str] = field(default_factory=list)
    untyped: list[str] = field(default_factory=list)
    mentions: list[str] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)
    lost: bool = False
    source: bytes = b""
    key: bytes = b""

    @classmethod
    def of(cls, triples: Iterable[ox.Triple], own: Sequence[str] = ()) -> Content:
        """What *triples*, each of which comes once, say by themselves.

        Args:
            own: What the IRIs begin with that the graph must describe.
        """
        text = as_ntriples(triples)
        rows = [line.split(" ", 2) for line in text.decode().split("\n")[:-1]]
        subjects = dict.fromkeys(row[0] for row in rows)
        typed = {row[0] for row in rows if row[1] == TYPE}
        starts = tuple(f"<{start}" for start in own)
        used = {row[2].removesuffix(" .") for row in rows}.union(row[1] for row in rows)
        return cls(
            Lines.cut(text),
            subjects=list(subjects),
            untyped=[term for term in subjects if term[0] == "<" and term not in typed],
            mentions=sorted(term for term in used if term.startswith(starts)),
        )

    @cached_property
    def positions(self) -> Positions:
        """The lines of the file."""
        return Positions.in_content(self.source)

    def as_bytes(self) -> bytes:
        """What `from_bytes` reads."""
        stored = {
            "slots": self.lines.as_json(),
            "problems": [asdict(problem) for problem in self.problems],
            "told": self.told,
            "subjects": self.subjects,
            "untyped": self.untyped,
            "mentions": self.mentions,
            "skipped": self.skipped,
            "lost": self.lost,
        }
        return json.dumps(stored, ensure_ascii=False).encode() + b"\n" + self.lines.text

    @classmethod
    def from_bytes(cls, stored: bytes, source: bytes, key: bytes) -> Content:
        """What `as_bytes` wrote."""
        head, _, text = stored.partition(b"\n")
        found: dict[str, Any] = json.loads(head)
        lines = Lines.from_json(text, found.pop("slots"))
        problems = [
            Problem(**{**each, "severity": Severity(each["severity"])})
            for each in found.pop("problems")
        ]
        told = [(node, word) for node, word in found.pop("told")]
        return cls(lines, problems, told, **found, source=source, key=key)


class Reader:
    """Reads the files of one graph folder, each anew only if it changed."""

    def __init__(self, folder: GraphFolder, cache: Cache) -> None:
        self._folder = folder
        self._cache = cache
        self._things = f"{folder.base}id/"
        self._own = (
            *dict.fromkeys((SG.iri, f"{folder.base}ontology#")),
            *checks.own_and_shared(folder),
        )
        self._literals: dict[ox.Literal, str | None] = {}

    def read(self, path: Path, source: bytes | None = None) -> Content:
        """What the file *path* states; with what is wrong with it, if it is no such file.

        Args:
            source: What it would hold, where that is not what it holds.
        """
        name = self._folder.relative(path)
        source = content_of(path) if source is None else source
        if source is None:
            found = read(path, name)
            return Content(Lines.of(found.triples), found.problems, lost=found.lost)
        key = key_of(KIND, name, self._things, *self._own, source)
        stored = self._cache.get(KIND, key)
        if stored is not None:
            return Content.from_bytes(stored, source, key)
        content = self._read(path, name, source)
        content.key = key
        self._cache.put(key, content.as_bytes())
        return content

    def _read(self, path: Path, name: str, source: bytes) -> Content:
        found = read(path, name, source)
        told: list[tuple[str, str | None]] = []
        file = checks.OneFile(name, found.triples, source, told)
        problems = [*found.problems, *checks.in_file(file, self._things, self._literals)]
        content = Content.of(file.triples, self._own)
        content.problems, content.told = problems, told
        content.skipped = sorted(str(subject) for subject in found.skipped)
        content.lost, content.source = found.lost, source
        return content
