"""Into which files new blocks go, and what becomes of these."""

from __future__ import annotations

import difflib
import shutil
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pyoxigraph as ox

from stancegraph.errors import OperationError
from stancegraph.importers.merge import Addition, Edit, merged, new_file
from stancegraph.tablefile import Pattern
from stancegraph.terms import NAMESPACES, RDF

if TYPE_CHECKING:
    import re
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from stancegraph.importers.blocks import Facts, NewBlock, Term, Union
    from stancegraph.importers.cells import Reading
    from stancegraph.importers.merge import Key
    from stancegraph.tablefile import Section


@dataclass(frozen=True, slots=True)
class FileChange:
    """What becomes of one file.

    Attributes:
        name: Its path in the graph folder.
        before: Its text; None for a new file.
    """

    path: Path
    name: str
    before: str | None
    after: str

    def diff(self) -> str:
        """The change as a unified diff, which ``patch -p1`` reads."""
        before = (self.before or "").splitlines(keepends=True)
        names = (f"a/{self.name}" if self.before is not None else "/dev/null", f"b/{self.name}")
        lines = difflib.unified_diff(before, self.after.splitlines(keepends=True), *names)
        return "".join(
            line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n"
            for line in lines
        )


@dataclass
class Placement:
    """Finds the file of each new block, and its place in it.

    Attributes:
        edits: What each file gains.
        leads: The section and row that first made a block in a file.
    """

    union: Union
    edits: dict[Path, Edit] = field(default_factory=dict)
    leads: dict[Path, tuple[Section, Reading]] = field(default_factory=dict)
    _paths: dict[ox.NamedNode, Path] = field(default_factory=dict)
    _neighbours: dict[re.Pattern[str], Path | None] = field(default_factory=dict)

    def changes(self) -> Iterator[FileChange]:
        """What becomes of each file, sorted by path."""
        for block in self.union.made.values():
            self._place(block)
        for subject, gains in self.union.gained.items():
            path = self._standing_path(subject)
            self.edits.setdefault(path, Edit()).values[subject] = list(gains)
        for path in sorted(self.edits):
            yield self._changed(path, self.edits[path])

    def _place(self, block: NewBlock) -> None:
        path = self._path(block)
        self._paths[block.subject] = path
        self.leads.setdefault(path, (block.form.section, block.reading))
        beside = self._path_of(block.after) == path
        addition = Addition(
            block.subject,
            {predicate: list(values) for predicate, values in block.facts.items()},
            block.after if beside else None,
            self._key(block.form.section, block.subject, block.facts),
        )
        self.edits.setdefault(path, Edit()).blocks.append(addition)

    def _changed(self, path: Path, edit: Edit) -> FileChange:
        folder, template = self.union.standing.graph.folder, self.union.template
        name = path.relative_to(folder.root).as_posix()
        prefixes = {space.prefix: space.iri for space in NAMESPACES} | dict(template.prefixes)
        if not path.exists():
            section, reading = self.leads[path]
            head, base = reading.text(section.head), f"{folder.base}id/"
            return FileChange(
                path, name, None, new_file(edit, head=head, base=base, prefixes=prefixes)
            )
        facts = self.union.standing.facts
        lead = self.leads.get(path)

        def key_of(subject: ox.NamedNode) -> Key | None:
            return self._key(lead[0], subject, facts.get(subject, {})) if lead else None

        def class_of(subject: ox.NamedNode) -> Term | None:
            return next(iter(facts[subject].get(RDF.type, ())), None)

        before = path.read_bytes().decode("utf-8")
        after = merged(before, edit, prefixes=prefixes, key_of=key_of, class_of=class_of)
        return FileChange(path, name, before, after)

    def _standing_path(self, subject: ox.NamedNode) -> Path:
        standing = self.union.standing
        return standing.graph.files[standing.homes[subject]]

    def _path_of(self, subject: ox.NamedNode | None) -> Path | None:
        """Where a block stands, or was placed; None where it was not yet."""
        if subject is None:
            return None
        if subject in self.union.standing.homes:
            return self._standing_path(subject)
        return self._paths.get(subject)

    def _path(self, block: NewBlock) -> Path:
        """The file of a new block: that of the block that it belongs to, else its own."""
        if (beside := self._path_of(block.after)) is not None:
            return beside
        root = self.union.standing.graph.folder.root
        path = root / block.reading.text(block.form.section.file)
        return path if path.exists() else self._beside_others(block) or path

    def _beside_others(self, block: NewBlock) -> Path | None:
        """The file where the graph has such blocks of the same treaty, say; None without any.

        A graph that shares its kinds of table may have files of its own.
        """
        columns = block.form.section.file.columns
        if not set(columns) <= set(block.form.subject.columns):
            return None
        words = {name: block.reading.text(Pattern(f"{{{name}}}")) for name in columns}
        shape = block.form.subject.matching(words)
        if shape not in self._neighbours:
            standing = self.union.standing
            start = len(f"{standing.graph.folder.base}id/")
            homes = [
                h for thing, h in standing.homes.items() if shape.fullmatch(thing.value, start)
            ]
            self._neighbours[shape] = standing.graph.files[homes[-1]] if homes else None
        return self._neighbours[shape]

    def _key(self, section: Section, subject: ox.NamedNode, facts: Facts) -> Key | None:
        """What a block is sorted by; None for one without what the file is ordered by."""
        parts: list[str] = []
        forms = [form for form in self.union.template.blocks if form.section is section]
        for column in section.order:
            predicates = {p for form in forms if (p := form.predicate_of(column)) is not None}
            terms = [term for predicate in predicates for term in facts.get(predicate, ())]
            if not predicates:
                key = subject.value.partition("/id/")[2]
                named = (form.subject for form in forms if column in form.subject.columns)
                if any(key.startswith(pattern.text.partition("{")[0]) for pattern in named):
                    terms = [subject]
            if not terms and not parts:
                return None
            parts.append(min(map(_sorted_by, terms), default=""))
        return tuple(parts) or None


def write(changes: Sequence[FileChange]) -> None:
    """Write all *changes*; where one cannot be written, those before it are taken back.

    Raises:
        OperationError: a file changed in the meantime, or cannot be written.
    """
    for change in changes:
        now = change.path.read_bytes().decode("utf-8") if change.path.exists() else None
        if now != change.before:
            raise OperationError(f"{change.name} changed in the meantime: import again")
    new: list[tuple[Path, FileChange]] = []
    done: list[FileChange] = []
    try:
        for change in changes:
            change.path.parent.mkdir(parents=True, exist_ok=True)
            beside = change.path.with_name(f".{change.path.name}.new")
            new.append((beside, change))
            beside.write_bytes(change.after.encode("utf-8"))
            if change.before is not None:
                shutil.copymode(change.path, beside)
        for beside, change in new:
            beside.replace(change.path)
            done.append(change)
    except OSError as error:
        for change in done:
            if change.before is None:
                change.path.unlink()
            else:
                change.path.write_bytes(change.before.encode("utf-8"))
        raise OperationError(f"nothing was written: {error}") from error
    finally:
        for beside, _ in new:
            beside.unlink(missing_ok=True)


def _sorted_by(term: Term) -> str:
    if isinstance(term, ox.NamedNode):
        return term.value.partition("/id/")[2].partition("/")[2] or term.value
    return term.value if isinstance(term, ox.Literal) else ""
