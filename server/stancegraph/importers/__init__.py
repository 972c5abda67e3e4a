"""Importing tables: what a table says, as Turtle in the files of a graph folder.

What kinds of table there are, and what a row of one becomes, a graph folder declares itself:
see `template`. A table is read and checked whole before anything is written, what the graph
would then be is validated too, and files change together or not at all.
"""

from __future__ import annotations

import difflib
import shutil
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pyoxigraph as ox

from stancegraph.build.parse import ParsedGraph, changed, parse
from stancegraph.build.validate import validate
from stancegraph.errors import BadTable, InvalidGraph, OperationError
from stancegraph.importers.blocks import Standing, Union
from stancegraph.importers.cells import CellReader, Reading
from stancegraph.importers.merge import Addition, Edit, merged, new_file
from stancegraph.importers.resolve import Decisions, Question, Resolver, unanswered
from stancegraph.importers.table import read_table
from stancegraph.names import Names
from stancegraph.problems import Problem, Severity
from stancegraph.tablefile import Pattern, abbreviations, template_of
from stancegraph.terms import NAMESPACES, RDF

if TYPE_CHECKING:
    import re
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from stancegraph.folder import GraphFolder
    from stancegraph.importers.blocks import NewBlock, Term
    from stancegraph.importers.merge import Key
    from stancegraph.importers.table import Table
    from stancegraph.tablefile import Section, Template

__all__ = ["Decisions", "FileChange", "Import", "Question", "import_table", "write"]


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


@dataclass(frozen=True, slots=True)
class Import:
    """What importing a table would do.

    Attributes:
        changes: Sorted by path.
        new: How many claims, or things where the kind has no claims, are new.
        extended: How many that stand already gain something.
        unchanged: How many stand already as the table has them.
        notes: What a person should look at, in the order of the rows.
    """

    changes: tuple[FileChange, ...]
    new: int
    extended: int
    unchanged: int
    notes: tuple[Problem, ...]


@dataclass
class _Importer:
    """One table being imported."""

    folder: GraphFolder
    template: Template
    table: Table
    graph: ParsedGraph
    names: Names
    resolver: Resolver
    defaults: Mapping[str, str]
    problems: list[Problem] = field(default_factory=list)
    _files: dict[re.Pattern[str], Path | None] = field(default_factory=dict)

    def run(self) -> Import:
        """Read, unite, merge and check.

        Raises:
            BadTable: with all that is wrong.
        """
        self.problems += self.table.problems
        readings = list(self._readings(self._header()))
        self._stop_at_problems()
        union = Union(self.template, self.table, Standing.of(self.graph), self.names)
        union.add(readings)
        self.problems += union.problems
        self.problems += self._undescribed(union)
        self._stop_at_problems()
        changes = tuple(self._changes(union))
        self.problems += self._violations(changes, union)
        self._stop_at_problems(union.notes)
        counted = {form.number for form in self.template.blocks if form.claim} or {
            self.template.blocks[0].number
        }
        new = sum(block.form.number in counted for block in union.made.values())
        extended = sum(subject in union.claims for subject in union.gained)
        unchanged = len(union.claims) - extended
        return Import(changes, new, extended, unchanged, _in_order(union.notes))

    def _stop_at_problems(self, notes: Sequence[Problem] = ()) -> None:
        if self.problems:
            raise BadTable(self.table.name, _in_order(self.problems), _in_order(notes))

    def _header(self) -> dict[str, str]:
        """The names of the table's columns by those of the template."""
        header: dict[str, str] = {}
        known = {name: column for column in self.template.columns.values() for name in column.names}
        for name in self.table.header:
            column = known.get(name)
            if column is None:
                near = difflib.get_close_matches(name, known, n=1)
                hint = (
                    f"did you mean {near[0]}?"
                    if near
                    else "leave it out; there are " + ", ".join(self.template.columns)
                )
                told = f"is no column of {self.template.kind}: {hint}"
                self.problems.append(self.table.problem(1, told, name))
            elif column.name in header:
                told = f"says the same as the column {header[column.name]}: leave one out"
                self.problems.append(self.table.problem(1, told, name))
            else:
                header[column.name] = name
        for column in self.template.columns.values():
            missing = column.required and column.name not in header
            if missing and not (column.default or column.name in self.defaults):
                hint = " or give --source" if column.name == "source" else ""
                told = f"is missing: add it, with {column.holds}{hint}"
                self.problems.append(self.table.problem(1, told, column.name))
        return header

    def _readings(self, header: Mapping[str, str]) -> Iterator[Reading]:
        self.resolver.own = set(self._own(header))
        reader = CellReader(self.template, self.resolver, self.defaults)
        absent = {column.name for column in self.template.columns.values()} - header.keys()
        seen: dict[tuple[str, ...], int] = {}
        for row in self.table.rows:
            cells = tuple(row.cells.values())
            if cells in seen:
                told = f"says the same as line {seen[cells]}: leave one out"
                self.problems.append(self.table.problem(row.line, told))
                continue
            seen[cells] = row.line
            reading, wrong = reader.read(row, header)
            # That a column is missing was told once, for the header.
            self.problems += [
                self.table.problem(row.line, message, name)
                for name, message in wrong
                if name not in absent
            ]
            yield reading
        self.problems += self._unsure(reader)

    def _own(self, header: Mapping[str, str]) -> Iterator[str]:
        """The keys of the things that the table itself describes."""
        columns = self.template.columns
        for form in self.template.blocks:
            plain = all(
                columns[name].type == "key" or columns[name].choices
                for name in form.subject.columns
            )
            if form.claim or not form.subject.columns or not plain:
                continue
            for row in self.table.rows:
                cells = {
                    name: row.cells.get(header.get(name, ""), "") or columns[name].default or ""
                    for name in form.subject.columns
                }
                yield form.subject.filled(cells)

    def _unsure(self, reader: CellReader) -> Iterator[Problem]:
        """One problem for each name that nobody told the meaning of, where it stands first."""
        cells: dict[tuple[str, str], list[tuple[int, Question]]] = {}
        for line, column, question in reader.unsure:
            cells.setdefault((column, question.written), []).append((line, question))
        for (column, _), places in cells.items():
            line, question = places[0]
            told = unanswered(question, len(places) - 1)
            yield self.table.problem(line, told, column)

    def _undescribed(self, union: Union) -> Iterator[Problem]:
        """Things that the table names and neither it nor the graph describes."""
        things = f"{self.folder.base}id/"
        facts = [
            (term, origin)
            for block in union.made.values()
            for values in block.facts.values()
            for term, origin in values.items()
        ]
        facts += [
            (term, origin) for gains in union.gained.values() for (_, term), origin in gains.items()
        ]
        told_once: set[Term] = set()
        for term, origin in facts:
            if (
                isinstance(term, ox.NamedNode)
                and term.value.startswith(things)
                and union.facts(term) is None
                and term not in told_once
            ):
                if not origin.given:  # every row has it from an option
                    told_once.add(term)
                key = term.value.removeprefix(things)
                told = f"nothing describes {key}: describe it first, or write the key of another"
                yield self.table.problem(origin.line, told, origin.column)

    def _changes(self, union: Union) -> Iterator[FileChange]:
        """What becomes of each file, sorted by path."""
        edits: dict[Path, Edit] = {}
        sections: dict[Path, tuple[Section, Reading]] = {}
        places: dict[ox.NamedNode, Path] = {}
        homes = union.standing.homes
        for subject, block in union.made.items():
            path = self._path(block, places, homes)
            places[subject] = path
            sections.setdefault(path, (block.form.section, block.reading))
            addition = Addition(
                subject,
                {predicate: list(values) for predicate, values in block.facts.items()},
                block.after if self._is_in(block.after, path, places, homes) else None,
                self._key(block.form.section, subject, block.facts),
            )
            edits.setdefault(path, Edit()).blocks.append(addition)
        for subject, gains in union.gained.items():
            path = self.graph.files[homes[subject]]
            edits.setdefault(path, Edit()).values[subject] = list(gains)
        prefixes = {space.prefix: space.iri for space in NAMESPACES} | dict(self.template.prefixes)
        for path in sorted(edits):
            name = path.relative_to(self.folder.root).as_posix()
            if path.exists():
                before = path.read_bytes().decode("utf-8")
                section = sections[path][0] if path in sections else None
                after = merged(
                    before,
                    edits[path],
                    prefixes=prefixes,
                    key_of=self._keys_of(section, union.standing),
                    class_of=lambda subject: next(
                        iter(union.standing.facts[subject].get(RDF.type, ())), None
                    ),
                )
                yield FileChange(path, name, before, after)
            else:
                section, reading = sections[path]
                head = reading.text(section.head)
                base = f"{self.folder.base}id/"
                after = new_file(edits[path], head=head, base=base, prefixes=prefixes)
                yield FileChange(path, name, None, after)

    def _path(
        self,
        block: NewBlock,
        places: Mapping[ox.NamedNode, Path],
        homes: Mapping[ox.NamedNode, ox.NamedNode],
    ) -> Path:
        """The file of a new block: that of the block that it belongs to, else its own."""
        leader = block.after
        if leader is not None and leader in places:
            return places[leader]
        if leader is not None and leader in homes:
            return self.graph.files[homes[leader]]
        path = self.folder.root / block.reading.text(block.form.section.file)
        return path if path.exists() else self._beside_others(block, homes) or path

    def _beside_others(
        self, block: NewBlock, homes: Mapping[ox.NamedNode, ox.NamedNode]
    ) -> Path | None:
        """The file where the graph has such blocks of the same treaty, say; None without any.

        A graph that shares its kinds of table may have files of its own.
        """
        columns = block.form.section.file.columns
        if not set(columns) <= set(block.form.subject.columns):
            return None
        words = {name: block.reading.text(Pattern(f"{{{name}}}")) for name in columns}
        shape = block.form.subject.matching(words)
        if shape not in self._files:
            start = len(f"{self.folder.base}id/")
            graphs = [iri for thing, iri in homes.items() if shape.fullmatch(thing.value, start)]
            self._files[shape] = self.graph.files[graphs[-1]] if graphs else None
        return self._files[shape]

    def _is_in(
        self,
        leader: ox.NamedNode | None,
        path: Path,
        places: Mapping[ox.NamedNode, Path],
        homes: Mapping[ox.NamedNode, ox.NamedNode],
    ) -> bool:
        if leader is None:
            return False
        return places.get(leader) == path or (
            leader in homes and self.graph.files[homes[leader]] == path
        )

    def _keys_of(
        self, section: Section | None, standing: Standing
    ) -> Callable[[ox.NamedNode], Key | None]:
        def key_of(subject: ox.NamedNode) -> Key | None:
            if section is None:
                return None
            return self._key(section, subject, standing.facts.get(subject, {}))

        return key_of

    def _key(
        self,
        section: Section,
        subject: ox.NamedNode,
        facts: Mapping[ox.NamedNode, Mapping[Term, object] | Sequence[Term]],
    ) -> Key | None:
        """What a block is sorted by; None for one without what the file is ordered by."""
        if not section.order:
            return None
        parts = []
        for number, column in enumerate(section.order):
            predicates = {
                predicate
                for form in self.template.blocks
                if form.section is section and (predicate := form.predicate_of(column))
            }
            terms = [term for name in predicates for term in facts.get(name, ())]
            if not predicates and self._is_named_by(section, column, subject):
                terms = [subject]
            if not terms and number == 0:
                return None
            parts.append(min(map(_sorted_by, terms), default=""))
        return tuple(parts)

    def _is_named_by(self, section: Section, column: str, subject: ox.NamedNode) -> bool:
        """Whether *subject* is of a form whose IRI names *column*."""
        key = subject.value.partition("/id/")[2]
        return any(
            form.section is section
            and column in form.subject.columns
            and key.startswith(form.subject.text.partition("{")[0])
            for form in self.template.blocks
        )

    def _violations(self, changes: Sequence[FileChange], union: Union) -> Iterator[Problem]:
        """What would be wrong with the graph after the import, and is not before it."""
        if not changes:
            return
        after = _after(self.graph, changes)
        found = _wrong(after)
        if not found:
            return
        known = {_same(problem) for problem in _wrong(self.graph)}
        lines = {block.subject.value: block.reading.line for block in union.made.values()}
        for subject, gains in union.gained.items():
            lines[subject.value] = next(iter(gains.values())).line
        for problem in found:
            if _same(problem) not in known:
                value = (problem.value or "").strip("<>")
                line = lines.get(problem.focus or "", lines.get(value))
                focus = (problem.focus or "").partition("/id/")[2]
                told = f"{focus}: {problem.message}" if focus else problem.message
                yield self.table.problem(line, told)


def import_table(
    folder: GraphFolder,
    kind: str,
    path: Path,
    *,
    defaults: Mapping[str, str],
    decisions: Decisions,
    ask: Callable[[Question], str | None] | None = None,
) -> Import:
    """What importing the table *path* would do to *folder*; nothing is written.

    Args:
        kind: One of the kinds of table that the folder declares.
        defaults: What cells that are empty stand for, by column.
        decisions: What names mean; is told what *ask* answers.
        ask: Asks a person what a name means, and gives a key of the candidates or None.

    Raises:
        BadTemplate: there is no such kind.
        BadTable: the table has problems, or the graph would have.
        InvalidGraph: files of the graph cannot be read as they are.
        OperationError: the table cannot be read.
    """
    template = template_of(folder, kind)
    table = read_table(path)
    graph = parse(folder)
    if graph.skipped or graph.lost:
        raise InvalidGraph(graph.problems, "mend its files before a table is imported")
    shared = [home.base for home in folder.homes[1:]]
    names = Names.of(folder.base, graph.triples(), shared=shared)
    resolver = Resolver(names, abbreviations(folder), decisions, ask=ask)
    usable = {name: text for name, text in defaults.items() if name in template.columns}
    return _Importer(folder, template, table, graph, names, resolver, usable).run()


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


def _after(graph: ParsedGraph, changes: Sequence[FileChange]) -> ParsedGraph:
    """*graph* with the files as *changes* leave them."""
    return changed(graph, {change.path: change.after.encode("utf-8") for change in changes})


def _wrong(graph: ParsedGraph) -> list[Problem]:
    """The violations of *graph*, in the order of its files."""
    found = [*graph.problems, *validate(graph).problems(graph)]
    wrong = {problem for problem in found if problem.severity is Severity.VIOLATION}
    return sorted(wrong, key=lambda problem: problem.sort_key)


def _in_order(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    return tuple(sorted(set(problems), key=lambda problem: problem.sort_key))


def _same(problem: Problem) -> tuple[str, str | None, str | None]:
    """What tells a problem from others wherever it stands."""
    return problem.message, problem.focus, problem.value


def _sorted_by(term: Term) -> str:
    if isinstance(term, ox.NamedNode):
        return term.value.partition("/id/")[2].partition("/")[2] or term.value
    return term.value if isinstance(term, ox.Literal) else ""
