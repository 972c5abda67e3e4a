"""Importing tables of any length: blocks are written as rows come, into files of their own.

Nothing is merged with what stands: the files that a kind of table makes are its own, and are
written anew each time. So memory holds what few rows share, not the rows: the readings of
cells, the blocks that are made once, and a number for each claim, to find one that is told
twice. A table is read once. It is written beside the graph, and takes the place of the files
of an earlier import only when there is no problem in it::

    row ──> groups of columns ──> lines ──> blocks ──> files
            (read once for the same cells)  (written once where marked so)
"""

from __future__ import annotations

import csv
import shutil
import tempfile
from collections import Counter, OrderedDict
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from itertools import chain, count, zip_longest
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pyoxigraph as ox

from stancegraph.errors import BadTable, OperationError
from stancegraph.importers.cells import CellReader, Reading
from stancegraph.importers.merge import Writer
from stancegraph.importers.resolve import Resolver, unanswered
from stancegraph.importers.rows import read_header
from stancegraph.importers.table import Table, lines_of, read_table
from stancegraph.names import Names
from stancegraph.tablefile import Cell, Pattern, abbreviations
from stancegraph.terms import NAMESPACES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from typing import TextIO

    from stancegraph.folder import GraphFolder
    from stancegraph.importers.cells import Value
    from stancegraph.importers.resolve import Decisions, Question
    from stancegraph.problems import Problem
    from stancegraph.tablefile import BlockForm, LineForm, Template

OPEN = 64  # files that are written to at a time
KNOWN = 100_000  # readings of one group of columns, and lines, that are kept
TOLD = 200  # problems that are told


@dataclass(frozen=True, slots=True)
class Streamed:
    """What importing a long table made.

    Attributes:
        files: Paths in the graph folder, sorted.
        blocks: How many of each kind of block, by the IRI's form, in the order of the template.
        rows: How many were read.
        left_out: How many of these say nothing, as the kind of table has it.
        repeated: How many say what another has said.
        standing: How many blocks other files of the graph have already, which keep theirs.
    """

    files: tuple[str, ...]
    blocks: Mapping[str, int]
    rows: int
    left_out: int
    repeated: int
    standing: int


def stream_table(
    folder: GraphFolder,
    template: Template,
    path: Path,
    *,
    defaults: Mapping[str, str],
    decisions: Decisions,
    ask: Callable[[Question], str | None] | None = None,
    joined: Path | None = None,
) -> Streamed:
    """Write what the table *path* says into the files of its kind in *folder*.

    Args:
        template: A kind of table that is streamed.
        defaults: What cells that are empty stand for, by column.
        decisions: What names mean; is told what *ask* answers.
        ask: Asks a person what a name means, and gives a key of the candidates or None.
        joined: A table with more columns for rows that share a cell in the column that the
            template names.

    Raises:
        BadTable: the table has problems; nothing was written then.
        OperationError: a table or a file of the graph cannot be read, or nothing be written.
    """
    known = _Known.of(folder, template)
    resolver = Resolver(known.names, abbreviations(folder), decisions, ask=ask, codes=known.codes)
    usable = {name: text for name, text in defaults.items() if name in template.columns}
    source = _Source(template, path, joined)
    with ExitStack() as stack:
        try:
            place = tempfile.TemporaryDirectory(prefix=".import-", dir=folder.root)
            files = _Files(Path(stack.enter_context(place)))
            stack.callback(files.close)
            stream = _Stream(template, source, resolver, usable, files)
            stream.subjects = known.subjects
            stream.run()
            if problems := stream.problems:
                raise BadTable(source.table.name, problems)
            files.close()
            prologue = stream.prologue(f"{folder.base}id/")
            names = files.install(folder.root, prologue, known.own)
        except OSError as error:
            raise OperationError(f"cannot write to {folder.root}: {error.strerror}") from error
    return Streamed(
        files=tuple(names),
        blocks=stream.counted,
        rows=source.rows,
        left_out=stream.left_out,
        repeated=stream.repeated,
        standing=len(stream.standing),
    )


@dataclass(frozen=True, slots=True)
class _Known:
    """What the graph knows, but for what the files of the kind of table say.

    Attributes:
        codes: The keys of things by their values of a property, for each that columns name.
        subjects: The keys of all that is described.
        own: The files of the kind that stand.
    """

    names: Names
    codes: Mapping[str, Mapping[str, Sequence[str]]]
    subjects: frozenset[str]
    own: frozenset[Path]

    @classmethod
    def of(cls, folder: GraphFolder, template: Template) -> _Known:
        """Read the files of *folder*.

        Raises:
            OperationError: one cannot be read.
        """
        shapes = [form.section.file.matching({}) for form in template.blocks]
        own: set[Path] = set()
        triples: list[ox.Triple] = []
        for path in folder.turtle_files:
            name = folder.relative(path)
            if any(shape.fullmatch(name) for shape in shapes):
                own.add(path)
                continue
            try:
                triples += (quad.triple for quad in ox.parse(path=path, format=ox.RdfFormat.TURTLE))
            except (SyntaxError, OSError) as error:
                raise OperationError(f"{name} cannot be read: {error}") from error
        names = Names.of(folder.base, triples, shared=[home.base for home in folder.homes[1:]])
        wanted = {column.by for column in template.columns.values() if column.by}
        codes: dict[str, dict[str, list[str]]] = {iri: {} for iri in wanted}
        things = f"{folder.base}id/"
        subjects: set[str] = set()
        for triple in triples:
            if not isinstance(triple.subject, ox.NamedNode):
                continue
            key = triple.subject.value.removeprefix(things)
            subjects.add(key)
            if triple.predicate.value in wanted and isinstance(triple.object, ox.Literal):
                codes[triple.predicate.value].setdefault(triple.object.value, []).append(key)
        return cls(names, codes, frozenset(subjects), frozenset(own))


class _Row(NamedTuple):
    """A row: the line on which it begins, and its cells in the order of the header."""

    line: int
    cells: Sequence[str]


@dataclass
class _Source:
    """The rows of a table, with those of another that belong to them.

    Attributes:
        table: Its name and header, and what is wrong with its form.
        rows: How many were read so far.
    """

    template: Template
    path: Path
    joined: Path | None
    rows: int = 0
    table: Table = field(init=False)
    _more: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.table = Table(str(self.path))

    def __iter__(self) -> Iterator[_Row]:
        """Each row; the header is known before the first, and problems of form are told."""
        try:
            with self.path.open(encoding="utf-8-sig", newline="") as file:
                yield from self._read(file)
        except UnicodeDecodeError as error:
            self._wrong(None, f"is not UTF-8 ({error.reason}): save it as UTF-8")
        except csv.Error as error:
            told = f"is no CSV ({error}): put a cell with a quotation mark in quotes and double it"
            self._wrong(int(getattr(error, "line", 1)), told)
        except OSError as error:
            raise OperationError(f"{self.path} cannot be read: {error.strerror}") from error

    def _read(self, file: TextIO) -> Iterator[_Row]:
        lines = lines_of(file)
        header = [name.strip() for name in next(lines, (1, []))[1]]
        if not header:
            self._wrong(1, "is empty: begin with the names of the columns")
            return
        more = self._join(header)
        self.table = Table(self.table.name, (*header, *more), [], self.table.problems)
        key = header.index(self.template.joins) if more else 0
        width = len(header)
        for line, cells in lines:
            if len(cells) != width:
                self._wrong(line, f"{len(cells)} cells where the header has {width}")
                continue
            self.rows += 1
            found = [cell.strip() for cell in cells]
            if more:
                if found[key] not in self._more:
                    told = f"{found[key]!r} is not in {self.joined}: add it there"
                    self._wrong(line, f"column {header[key]}: {told}")
                    continue
                found += self._more[found[key]]
            yield _Row(line, found)
        if not self.rows:
            self._wrong(1, "holds no row: write one below the names of the columns")

    def _join(self, header: Sequence[str]) -> list[str]:
        """The columns that the other table adds."""
        if self.joined is None:
            return []
        other = read_table(self.joined)
        self.table.problems.extend(other.problems)
        key = self.template.joins
        for name, columns in ((self.table.name, header), (other.name, other.header)):
            if key not in columns:
                told = f"column {key}: is missing, by which the rows of two tables are joined"
                self.table.problems.append(Table(name).problem(1, told))
                return []
        more = [name for name in other.header if name not in header]
        self._more = {row.cells[key]: [row.cells[name] for name in more] for row in other.rows}
        return more

    def _wrong(self, line: int | None, message: str) -> None:
        self.table.problems.append(self.table.problem(line, message))


class _Read(NamedTuple):
    """What the cells of one group of columns say.

    Attributes:
        number: Of no other reading of the table.
        wrong: What is wrong with them: columns with messages.
        unsure: The names in them that are not sure, with their columns.
    """

    number: int
    values: Mapping[str, tuple[Value, ...]]
    wrong: Sequence[tuple[str, str]]
    unsure: Sequence[tuple[str, Question]]


class _Group:
    """Columns of which one's empty cells may stand for another's: read together, once."""

    def __init__(
        self,
        names: frozenset[str],
        reader: CellReader,
        header: Mapping[str, str],
        places: Mapping[str, int],
        numbers: Iterator[int],
    ) -> None:
        """Read the columns *names*.

        Args:
            reader: Of the whole template.
            header: The names of the table's columns by those of the template.
            places: Where these stand in a row.
            numbers: Where the next number of a reading comes from.
        """
        every = reader.template.columns
        columns = {name: column for name, column in every.items() if name in names}
        self.names = names
        self._reader = replace(
            reader, template=replace(reader.template, columns=columns), unsure=[]
        )
        self._header = header
        self._cells = [
            (places[header[name]], name, columns[name].missing)
            for name in columns
            if name in header
        ]
        self._known: dict[tuple[str, ...], _Read] = {}
        self._numbers = numbers

    def read(self, row: _Row) -> _Read:
        """What *row* says in these columns; the same object for the same cells."""
        key = tuple([row.cells[place] for place, _, _ in self._cells])
        found = self._known.get(key)
        if found is None:
            if len(self._known) >= KNOWN:
                self._known.clear()
            found = self._known[key] = self._read(row)
        return found

    def _read(self, row: _Row) -> _Read:
        cells = {
            self._header[name]: "" if row.cells[place] in missing else row.cells[place]
            for place, name, missing in self._cells
        }
        self._reader.unsure.clear()
        reading, wrong = self._reader.read_cells(row.line, cells, self._header)
        unsure = [(column, question) for _, column, question in self._reader.unsure]
        return _Read(next(self._numbers), reading.values, wrong, unsure)


class _Files:
    """The files that are being written, each with the head that it begins with."""

    def __init__(self, place: Path) -> None:
        self._place = place
        self._open: OrderedDict[str, TextIO] = OrderedDict()
        self._numbers: dict[str, int] = {}
        self._heads: dict[str, str] = {}

    def write(self, name: str, text: str, head: Pattern, reading: Callable[[], Reading]) -> None:
        """Add *text* to the file *name*; *reading* tells what *head* is where it is new."""
        file = self._open.get(name)
        if file is None:
            if name not in self._numbers:
                self._numbers[name] = len(self._numbers)
                self._heads[name] = reading().text(head)
            if len(self._open) >= OPEN:
                self._open.popitem(last=False)[1].close()
            file = self._open[name] = self._body(name).open("a", encoding="utf-8", newline="")
        else:
            self._open.move_to_end(name)
        file.write(text)

    def close(self) -> None:
        """Write what is still held."""
        while self._open:
            self._open.popitem()[1].close()

    def install(self, root: Path, prologue: str, before: frozenset[Path]) -> list[str]:
        """Put the files in their places below *root*; their paths, sorted.

        Args:
            prologue: BASE and PREFIX lines.
            before: The files of an earlier import, which go unless they are written anew.
        """
        made = []
        for name in sorted(self._numbers):
            target, whole = root / name, self._place / "whole"
            with whole.open("wb") as file, self._body(name).open("rb") as body:
                head = f"# {self._heads[name]}\n" if self._heads[name] else ""
                file.write(f"{head}{prologue}".encode())
                shutil.copyfileobj(body, file, 2**20)
            self._body(name).unlink()
            target.parent.mkdir(parents=True, exist_ok=True)
            whole.replace(target)
            made.append(name)
        for path in before - {root / name for name in made}:
            path.unlink()
        return made

    def _body(self, name: str) -> Path:
        return self._place / str(self._numbers[name])


class _Form:
    """A block of the template, and how its text depends on groups of columns."""

    def __init__(
        self, form: BlockForm, groups: Sequence[_Group], writer: Writer, base: str
    ) -> None:
        self.form = form
        self.head = form.section.head
        self._writer = writer
        self._base = base
        self._names = dict.fromkeys(chain(form.subject.columns, form.section.file.columns))
        lines = [(line, _places(line.columns, groups)) for line in form.lines]
        self._lines: list[tuple[LineForm, list[int], dict[tuple[int, ...], str]]] = [
            (line, places, {}) for line, places in lines
        ]
        named = chain(self._names, *(line.columns for line in form.lines))
        self.places = _places(tuple(dict.fromkeys(named)), groups)
        self._subject = _places(form.subject.columns, groups)
        self._file = _places(form.section.file.columns, groups)
        self._subjects: dict[tuple[int, ...], str] = {}
        self._paths: dict[tuple[int, ...], str] = {}

    def key(self, reads: Sequence[_Read]) -> tuple[int, ...]:
        """What tells rows for which the block is the same."""
        return tuple([reads[place].number for place in self.places])

    def subject(self, reads: Sequence[_Read], reading: Callable[[], Reading]) -> str:
        """The key of the subject, ``vote/…``; empty where a column that it names is."""
        key = tuple([reads[place].number for place in self._subject])
        found = self._subjects.get(key)
        if found is None:
            paths = [path for path, _ in reading().paths(self.form.subject)]
            found = _kept(self._subjects, key, paths[0] if paths else "")
        return found

    def path(self, reads: Sequence[_Read], reading: Callable[[], Reading]) -> str:
        """The path of the file in the graph folder."""
        key = tuple([reads[place].number for place in self._file])
        found = self._paths.get(key)
        if found is None:
            found = _kept(self._paths, key, reading().text(self.form.section.file))
        return found

    def text(self, subject: str, reads: Sequence[_Read], reading: Callable[[], Reading]) -> str:
        """The whole block."""
        parts = [self._writer.term(ox.NamedNode(self._base + subject)), "\n"]
        for line, places, known in self._lines:
            key = tuple([reads[place].number for place in places])
            found = known.get(key)
            if found is None:
                found = _kept(known, key, self._line(line, reading()))
            parts.append(found)
        parts.append(".\n")
        return "".join(parts)

    def _line(self, line: LineForm, reading: Reading) -> str:
        """A line with its objects; empty where there are none."""
        terms: list[str] = []
        for form in line.objects:
            if isinstance(form, Cell):
                terms += (self._writer.term(value.term) for value in reading.values[form.column])
            elif isinstance(form, Pattern):
                paths = (path for path, _ in reading.paths(form))
                terms += (self._writer.term(ox.NamedNode(self._base + path)) for path in paths)
            else:
                terms.append(self._writer.term(form))
        if not terms:
            return ""
        verb = self._writer.verb(line.predicate)
        return f"    {verb} {' , '.join(sorted(dict.fromkeys(terms)))} ;\n"


def _places(columns: Sequence[str], groups: Sequence[_Group]) -> list[int]:
    """The numbers of the groups that hold *columns*."""
    return [n for n, group in enumerate(groups) if not group.names.isdisjoint(columns)]


def _kept(known: dict[tuple[int, ...], str], key: tuple[int, ...], text: str) -> str:
    """*text*, which *known* keeps under *key*, unless it has grown too large."""
    if len(known) >= KNOWN:
        known.clear()
    known[key] = text
    return text


class _Stream:
    """One table on its way into files.

    Attributes:
        counted: How many blocks were made, by the form of their IRIs.
        left_out: Rows that say nothing.
        repeated: Rows that say what another has said.
        subjects: What other files of the graph describe, whose blocks are left out.
        standing: Those of them that the table describes too.
    """

    def __init__(
        self,
        template: Template,
        source: _Source,
        resolver: Resolver,
        defaults: Mapping[str, str],
        files: _Files,
    ) -> None:
        self._template = template
        self._source = source
        self._resolver = resolver
        self._defaults = defaults
        self._files = files
        prefixes = {space.prefix: space.iri for space in NAMESPACES} | dict(template.prefixes)
        self._base = f"{resolver.names.base}id/"
        self._writer = Writer(self._base, {}, prefixes)
        self._once: dict[str, str] = {}
        self._claims: dict[int, int] = {}
        self._problems: list[Problem] = []
        self._further = 0
        self._unsure: dict[tuple[str, str], tuple[int, Question]] = {}
        self._cells: Counter[tuple[str, str]] = Counter()
        self.counted: dict[str, int] = {form.subject.text: 0 for form in template.blocks}
        self.left_out = 0
        self.repeated = 0
        self.standing: set[str] = set()
        self.subjects: frozenset[str] = frozenset()

    @property
    def problems(self) -> list[Problem]:
        """What is wrong with the table, in the order of its lines; the first of many."""
        table = self._source.table
        found = [*table.problems, *self._problems]
        for place, (line, question) in self._unsure.items():
            more = self._cells[place] - 1
            found.append(table.problem(line, unanswered(question, more), place[0]))
        found.sort(key=lambda problem: problem.line or 0)
        if (beyond := len(found) - TOLD + self._further) > 0:
            told = f"{beyond:,} more problems like these"
            return [*found[:TOLD], table.problem(None, told)]
        return found

    def prologue(self, base: str) -> str:
        """The BASE and PREFIX lines of all files, with an empty line behind them."""
        missing = self._writer.missing
        lines = [f"PREFIX {name}: <{missing[name]}>\n" for name in sorted(missing)]
        return f"BASE <{base}>\n{''.join(lines)}"

    def run(self) -> None:
        """Read all rows, and write what they say, as far as it is well."""
        rows = iter(self._source)
        first = next(rows, None)
        if first is None:
            return
        header, wrong = read_header(self._template, self._source.table, self._defaults)
        self._problems += wrong
        if wrong:
            return
        places = {name: place for place, name in enumerate(self._source.table.header)}
        numbers = count()
        reader = CellReader(self._template, self._resolver, self._defaults)
        groups = [
            _Group(names, reader, header, places, numbers) for names in _together(self._template)
        ]
        forms = [_Form(form, groups, self._writer, self._base) for form in self._template.blocks]
        seen: set[tuple[int, tuple[int, ...]]] = set()
        skipped = [
            (places[header[name]], frozenset(cells))
            for name, cells in self._template.skip.items()
            if name in header
        ]
        for row in chain((first,), rows):
            if any(row.cells[place] in cells for place, cells in skipped):
                self.left_out += 1
                continue
            reads = [group.read(row) for group in groups]
            if not self._is_well(row, reads):
                continue
            self._write(row, reads, forms, seen)

    def _is_well(self, row: _Row, reads: Sequence[_Read]) -> bool:
        """Whether nothing is wrong with *row*; what is, is noted."""
        well = True
        for read in reads:
            if not read.wrong and not read.unsure:
                continue
            well = False
            for column, message in read.wrong:
                self._note(row.line, message, column)
            for column, question in read.unsure:
                place = (column, question.written)
                self._unsure.setdefault(place, (row.line, question))
                self._cells[place] += 1
        return well

    def _note(self, line: int, message: str, column: str = "") -> None:
        if len(self._problems) >= TOLD:
            self._further += 1
        else:
            self._problems.append(self._source.table.problem(line, message, column))

    def _write(
        self, row: _Row, reads: Sequence[_Read], forms: Sequence[_Form],
        seen: set[tuple[int, tuple[int, ...]]],
    ) -> None:  # fmt: skip
        made: list[Reading] = []

        def reading() -> Reading:
            """The row as a whole, which is rarely needed."""
            if not made:
                values = {name: found for read in reads for name, found in read.values.items()}
                made.append(Reading(row.line, values, frozenset()))
            return made[0]

        for number, form in enumerate(forms):
            if form.form.once:
                key = (number, form.key(reads))
                if key in seen:
                    continue
                if len(seen) >= KNOWN:
                    seen.clear()
                seen.add(key)
            subject = form.subject(reads, reading)
            if not subject:
                continue
            if subject in self.subjects:
                self.standing.add(subject)
                continue
            text = form.text(subject, reads, reading)
            if not self._is_new(row.line, form, subject, text):
                continue
            self.counted[form.form.subject.text] += 1
            self._files.write(form.path(reads, reading), f"\n{text}", form.head, reading)

    def _is_new(self, line: int, form: _Form, subject: str, text: str) -> bool:
        """Whether a block is to be written; what contradicts an earlier row is noted."""
        if form.form.once:
            before = self._once.setdefault(subject, text)
            if before is text:
                return True
            if before != text:
                told = _differing(before.splitlines(), text.splitlines())
                self._note(line, f"says otherwise of {subject} than rows before: {told}")
            return False
        # Of a million claims the texts would take a gigabyte.
        claim, said = hash(subject), hash(text)
        if claim not in self._claims:
            self._claims[claim] = said
            return True
        if self._claims[claim] == said:
            self.repeated += 1
        else:
            self._note(line, f"{subject} is told otherwise by a row before: leave one out")
        return False


def _differing(before: Sequence[str], after: Sequence[str]) -> str:
    """The first lines in which two blocks differ."""
    pairs = zip_longest(before, after, fillvalue="nothing")
    old, new = next((old, new) for old, new in pairs if old != new)
    return f"{new.strip(' ;')}, not {old.strip(' ;')}"


def _together(template: Template) -> list[frozenset[str]]:
    """The columns in groups, so that what one needs is in its group; in their order."""
    groups: list[set[str]] = []
    for column in template.columns.values():
        joined = {column.name, *column.needs}
        apart = []
        for group in groups:
            if group.isdisjoint(joined):
                apart.append(group)
            else:
                joined |= group
        groups = [*apart, joined]
    return [frozenset(group) for group in groups]
