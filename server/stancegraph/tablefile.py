"""Kinds of table, as a graph folder declares them: ``ontology/tables/<kind>.template``.

A template begins with lines ``#+``, which together are YAML, as saved queries do; below it
stands the Turtle that a row makes, in the house style, with ``{column}`` where a cell goes.
Lines ``#=`` say which file the blocks below them go to, and what a block is. Columns that
templates share stand in ``ontology/tables/shared.yaml``.
"""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import pyoxigraph as ox
import yaml

from stancegraph.errors import BadTemplate
from stancegraph.problems import Problem, Severity
from stancegraph.terms import RDF

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from stancegraph.folder import GraphFolder

KEYS = (
    "summary", "description", "with", "columns", "rivals", "differs", "repeats", "spell", "apart",
    "stream", "ignores", "skip", "joins",
)  # fmt: skip
SECTION_KEYS = ("file", "head", "order")
COLUMN_KEYS = (
    "type", "class", "scheme", "choices", "written", "required", "many", "also", "default",
    "when", "kept", "lang", "words", "description", "by", "missing",
)  # fmt: skip
TYPES = {
    "boolean": "true or false",
    "date": "day, month or year: 2019-12-27, 2019-12 or 2019",
    "day": "day: 2019-12-27",
    "decimal": "number",
    "integer": "whole number",
    "key": "key of the thing itself",
    "language": "language tag: en, es",
    "string": "text",
    "symbol": "symbol of a text: A/RES/74/247",
    "text": "text in a language",
    "thing": "key of a thing or claim, such as source/un-list",
    "url": "web address",
    "words": "words of an IRI: letters, digits, '.' and '-'",
}
PLACEHOLDER = re.compile(r"\{(\w+)(?:\.(\w+))?\}")
PARTS = ("label",)
CLAIM, ONCE = "claim", "once"
_Text = getattr(yaml, "CBaseLoader", yaml.BaseLoader)  # the one in C may be missing
_LINE = re.compile(r"    (?P<verb>\S+) (?P<objects>\S.*) ;(?:\s+#.*)?")
_SUBJECT = re.compile(r"<(?P<pattern>[^<>\s]+)>(?:\s+#= (?P<marks>\w+(?:, \w+)*))?")
_PREFIX = re.compile(r"PREFIX ([\w-]*): <([^>]*)>")
_OBJECT = re.compile(r'(?:"(?:[^"\\]|\\.)*"|<[^>]*>|[^,"<])+')


@dataclass(frozen=True, slots=True)
class Column:
    """What a column of a table holds.

    Attributes:
        type: One of ``TYPES``; empty where it names a thing, a code or a choice.
        classes: IRIs of the classes that hold what it names.
        scheme: The key of the code list from which its codes are: ``code/rank``.
        choices: The terms that its words stand for.
        written: What tables write instead of the key of a thing or code.
        required: Whether a row must fill it.
        many: Whether a cell may hold several values, with ``;`` between them.
        also: Other names that tables give the column.
        default: What an empty cell stands for: text with placeholders; None for nothing.
        when: The column without which the default does not hold.
        kept: Whether what stands in the graph stays, whatever the table says.
        lang: For a text: its language, or a placeholder for it.
        words: What stands in IRIs for things, by their keys, where it is not the key.
        by: The IRI of the property of which a cell is a value, where that names the thing.
        missing: What tables write for an empty cell.
        line: Where the template declares it; that of ``with`` for one that is shared.
    """

    name: str
    type: str = ""
    classes: tuple[str, ...] = ()
    scheme: str = ""
    choices: Mapping[str, ox.NamedNode] = field(default_factory=dict)
    written: Mapping[str, str] = field(default_factory=dict)
    required: bool = False
    many: bool = False
    also: tuple[str, ...] = ()
    default: str | None = None
    when: str = ""
    kept: bool = False
    lang: str = "en"
    words: Mapping[str, str] = field(default_factory=dict)
    by: str = ""
    missing: frozenset[str] = frozenset()
    line: int = 1
    description: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        """All names that a table may give it."""
        return (self.name, *self.also)

    @property
    def holds(self) -> str:
        """What it holds, in words."""
        if self.choices:
            return f"one of {', '.join(self.choices)}"
        if self.scheme:
            return f"a code of {self.scheme}"
        if self.by:
            return f"the {self.by.rpartition('#')[2]} of a thing"
        if self.classes:
            names = [iri.replace("#", "/").rpartition("/")[2] for iri in self.classes]
            return f"the key or name of a {' or '.join(names)}"
        return TYPES[self.type]

    @property
    def needs(self) -> tuple[str, ...]:
        """The columns that its default and its language name."""
        when = (self.when,) if self.when else ()
        return (*Pattern(f"{self.default or ''}{self.lang}").columns, *when)


@dataclass(frozen=True, slots=True)
class Cell:
    """Where the value of a column goes."""

    column: str


@dataclass(frozen=True)
class Pattern:
    """An IRI below ``id/``, or a text, that names columns."""

    text: str

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """The columns that it names, in order."""
        return tuple(dict.fromkeys(name for name, _ in PLACEHOLDER.findall(self.text)))

    def filled(self, words: Mapping[str, str]) -> str:
        """The text with *words* for the columns that it names, none of them missing."""
        return PLACEHOLDER.sub(lambda found: words[found[1]], self.text)

    def matching(self, words: Mapping[str, str]) -> re.Pattern[str]:
        """What such texts look like with *words* for some of the columns, or behind them more."""
        parts = PLACEHOLDER.split(self.text)
        shape = re.escape(parts[0])
        for name, behind in zip(parts[1::3], parts[3::3], strict=True):
            shape += re.escape(words[name]) if name in words else "[^/]+"
            shape += re.escape(behind)
        return re.compile(rf"{shape}(/.+)?")


@dataclass(frozen=True)
class LineForm:
    """One line of a block: a predicate and its objects."""

    number: int
    predicate: ox.NamedNode
    objects: tuple[ox.NamedNode | ox.Literal | Cell | Pattern, ...]

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """The columns that it names."""
        found: dict[str, None] = {}
        for form in self.objects:
            if isinstance(form, Cell):
                found[form.column] = None
            elif isinstance(form, Pattern):
                found |= dict.fromkeys(form.columns)
        return tuple(found)


@dataclass(frozen=True, slots=True)
class Section:
    """Where blocks go.

    Attributes:
        file: The path of the file in the graph folder.
        head: The comment with which a new file begins.
        order: The columns by which the blocks that hold all of them are sorted.
    """

    file: Pattern
    head: Pattern
    order: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class BlockForm:
    """One block that a row makes.

    Attributes:
        claim: Whether it is the claim that the row is about, which may have rivals.
        once: Whether its lists grow only by the row that makes it.
    """

    number: int
    subject: Pattern
    section: Section
    claim: bool
    once: bool
    lines: tuple[LineForm, ...]

    def predicate_of(self, column: str) -> ox.NamedNode | None:
        """The predicate whose only object is the cell of *column*; None where there is none."""
        for line in self.lines:
            if line.objects == (Cell(column),):
                return line.predicate
        return None


@dataclass(frozen=True)
class Template:
    """One kind of table.

    Attributes:
        kind: The stem of the file.
        path: The file, as problems call it.
        columns: By name, in the order of the header; then those that are shared.
        blocks: In the order of the file.
        prefixes: The namespaces of its PREFIX lines.
        rivals: The columns in which claims about the same differ when they contradict.
        differs: Those in which claims that differ are different claims, without contradiction.
        repeats: By column the keys for which *rivals* tell different claims apart instead.
        spell: The columns of start and end, or of one day: claims of times that do not overlap
            are different claims, not rivals.
        apart: The columns of which one is appended to an IRI that two claims would share.
        stream: Whether tables are too long to be merged: they make files of their own.
        ignores: Columns that tables have and rows do not need.
        skip: By column the cells whose rows say nothing.
        joins: The column by which another table adds columns; empty where none does.
    """

    kind: str
    path: str
    summary: str
    description: str
    columns: Mapping[str, Column]
    blocks: tuple[BlockForm, ...]
    prefixes: Mapping[str, str]
    rivals: tuple[str, ...] = ()
    differs: tuple[str, ...] = ()
    repeats: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    spell: tuple[str, ...] = ()
    apart: tuple[str, ...] = ()
    stream: bool = False
    ignores: frozenset[str] = frozenset()
    skip: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    joins: str = ""

    @property
    def words(self) -> Iterator[tuple[int, str]]:
        """The IRIs that it names, each with its line."""
        for column in self.columns.values():
            by = (column.by,) if column.by else ()
            for iri in (*column.classes, *by, *(term.value for term in column.choices.values())):
                yield column.line, iri
        for block in self.blocks:
            for line in block.lines:
                yield line.number, line.predicate.value
                for term in line.objects:
                    if isinstance(term, ox.NamedNode):
                        yield line.number, term.value

    @property
    def keys(self) -> Iterator[tuple[int, str]]:
        """The keys of things that it names, each with its line."""
        for column in self.columns.values():
            if column.scheme:
                yield column.line, column.scheme
            for word in column.written.values():
                yield column.line, f"{column.scheme}/{word}" if column.scheme else word
            for key in column.words:
                yield column.line, key
        for block in self.blocks:
            for line in block.lines:
                for form in line.objects:
                    if isinstance(form, Pattern) and not form.columns:
                        yield line.number, form.text

    @cached_property
    def in_reading_order(self) -> tuple[Column, ...]:
        """The columns, each behind those that its default or language names."""
        found: dict[str, Column] = {}

        def visit(column: Column, above: frozenset[str]) -> None:
            for name in column.needs:
                if name not in found and name not in above:
                    visit(self.columns[name], above | {name})
            found.setdefault(column.name, column)

        for column in self.columns.values():
            visit(column, frozenset({column.name}))
        return tuple(found.values())


def read_templates(folder: GraphFolder) -> tuple[dict[str, Template], list[Problem]]:
    """The kinds of table that hold for *folder*, by name, and all that is wrong in them.

    Those of the graph whose words it shares come with its own; its own hide those.
    """
    templates: dict[str, Template] = {}
    problems: list[Problem] = []
    shared = _Shared()
    for home in reversed(folder.homes):
        place = home.root / "ontology" / "tables"
        shared = shared.extended(home, place / "shared.yaml", problems)
        for path in sorted(place.glob("*.template")):
            templates.pop(path.stem, None)
            reading = _Reading(home, path, shared)
            made = reading.template()
            if reading.problems:
                problems += sorted(set(reading.problems), key=lambda problem: problem.sort_key)
            elif made is not None:
                templates[path.stem] = made
    return dict(sorted(templates.items())), problems


def abbreviations(folder: GraphFolder) -> dict[str, str]:
    """What short words in names stand for, as ``shared.yaml`` lists them."""
    shared = _Shared()
    for home in reversed(folder.homes):
        path = home.root / "ontology" / "tables" / "shared.yaml"
        shared = shared.extended(home, path, [])
    return dict(shared.abbreviations)


@dataclass(frozen=True, slots=True)
class _Shared:
    """What templates share.

    Attributes:
        sets: Columns by name, by the name of the set.
    """

    sets: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    abbreviations: Mapping[str, str] = field(default_factory=dict)

    def extended(self, home: GraphFolder, path: Path, problems: list[Problem]) -> _Shared:
        """This with what the file *path* says on top, if there is one."""
        if not path.is_file():
            return self
        line, told = 1, "must have the keys columns and abbreviations, each with names below it"
        try:
            read = _yaml(path.read_text("utf-8")) or {}
            words, sets = read.get("abbreviations", {}), read.get("columns", {})
            named = {key: {**columns} for key, columns in sets.items()}
            return _Shared({**self.sets, **named}, {**self.abbreviations, **words})
        except (yaml.YAMLError, UnicodeDecodeError) as error:
            mark = getattr(error, "problem_mark", None)
            line = mark.line + 1 if mark else 1
            told = f"is not YAML: {getattr(error, 'problem', None) or error}"
        except (AttributeError, TypeError):  # it is YAML of another form
            pass
        problems.append(Problem(home.relative(path), line, Severity.VIOLATION, told))
        return self


class _Reading:
    """One template being read, and what is wrong with it."""

    def __init__(self, home: GraphFolder, path: Path, shared: _Shared) -> None:
        self.problems: list[Problem] = []
        self._path = path
        self._name = home.relative(path)
        self._shared = shared
        self._prefixes: dict[str, str] = {}
        self._keys: dict[str, int] = {}
        self._header: dict[str, Any] = {}
        self._lines: list[str] = []
        try:
            self._lines = path.read_text("utf-8").splitlines()
        except (UnicodeDecodeError, OSError) as error:
            self._problem(1, f"cannot be read: {error}")

    def _problem(self, line: int, message: str) -> None:
        self.problems.append(Problem(self._name, line, Severity.VIOLATION, message))

    def _key_problem(self, key: str, message: str) -> None:
        self._problem(self._keys.get(key, 1), message)

    def template(self) -> Template | None:
        """The template; None where it cannot be made out."""
        body = self._read_header()
        if self.problems:
            return None
        for line in self._lines:
            if found := _PREFIX.fullmatch(line.strip()):
                self._prefixes[found[1]] = found[2]
        columns = self._columns()
        blocks = tuple(self._blocks(body))
        made = Template(
            self._path.stem,
            self._name,
            " ".join(str(self._header.get("summary", "")).split()),
            " ".join(str(self._header.get("description", "")).split()),
            columns,
            blocks,
            self._prefixes,
            rivals=self._list("rivals"),
            differs=self._list("differs"),
            repeats={
                str(column): tuple(map(str, keys))
                for column, keys in self._mapping("repeats").items()
            },
            spell=self._list("spell"),
            apart=self._list("apart"),
            stream=self._header.get("stream") == "true",
            ignores=frozenset(self._list("ignores")),
            skip={
                str(column): tuple(map(str, cells))
                for column, cells in self._mapping("skip").items()
            },
            joins=str(self._header.get("joins", "")),
        )
        self._check(made)
        return made

    def _read_header(self) -> int:
        """Read the header; returns the number of lines up to its end."""
        begun = next((i for i, line in enumerate(self._lines) if line.startswith("#+")), None)
        if begun is None:
            self._problem(1, "has no header: begin with lines '#+ summary: …' and so on")
            return 0
        end = begun
        while end < len(self._lines) and self._lines[end].startswith("#+"):
            if mark := re.match(r"#\+\s+(\w+):", self._lines[end]):
                self._keys.setdefault(mark[1], end + 1)
            end += 1
        kept = [line[2:].removeprefix(" ") for line in self._lines[begun:end]]
        try:
            header = _yaml("\n".join(kept))
        except yaml.YAMLError as error:
            place = getattr(error, "problem_mark", None)
            line = begun + 1 + min(place.line if place else 0, len(kept) - 1)
            self._problem(line, f"the header is not YAML: {getattr(error, 'problem', error)}")
            return end
        if not isinstance(header, dict):
            self._problem(begun + 1, "the header must be YAML of the form 'key: value'")
            return end
        self._header = header
        for key in header:
            if key not in KEYS:
                self._key_problem(str(key), _unknown("header key", str(key), KEYS))
        for key in ("summary", "columns"):
            if not header.get(key):
                self._problem(1, f"the header has no {key}: add a line '#+ {key}: …'")
        return end

    def _list(self, key: str) -> tuple[str, ...]:
        value = self._header.get(key) or []
        if not isinstance(value, list):
            self._key_problem(key, f"{key} must be a list of columns: [one, two]")
            return ()
        return tuple(map(str, value))

    def _mapping(self, key: str) -> dict[str, Any]:
        value = self._header.get(key) or {}
        if not isinstance(value, dict):
            self._key_problem(key, f"{key} must be of the form '{{name: …}}'")
            return {}
        return value

    def _columns(self) -> dict[str, Column]:
        declared = dict(self._mapping("columns"))
        for name in self._list("with"):
            if name not in self._shared.sets:
                self._key_problem("with", _unknown("set of columns", name, self._shared.sets))
            for column, said in self._shared.sets.get(name, {}).items():
                # What the template says of a shared column comes on top.
                declared[column] = {**said, **(declared.get(column) or {})}
        found = {}
        for name, said in declared.items():
            if not isinstance(said, dict):
                self._key_problem(str(name), f"column {name} must be declared as {{type: …}}")
            else:
                found[str(name)] = self._column(str(name), said)
        return found

    def _column(self, name: str, said: Mapping[str, Any]) -> Column:
        for key in said:
            if key not in COLUMN_KEYS:
                self._key_problem(name, f"column {name}: {_unknown('key', key, COLUMN_KEYS)}")
        kind = str(said.get("type", ""))
        if kind and kind not in TYPES:
            self._key_problem(name, f"column {name}: {_unknown('type', kind, TYPES)}")
        given = [key for key in ("type", "class", "scheme", "choices") if said.get(key)]
        if len(given) != 1:
            message = f"column {name} must have one of type, class, scheme and choices"
            self._key_problem(name, message)
        classes = said.get("class") or []
        default = said.get("default")
        return Column(
            name,
            kind,
            classes=tuple(
                iri
                for word in ([classes] if isinstance(classes, str) else classes)
                if (iri := self._whole(name, str(word)))
            ),
            scheme=str(said.get("scheme", "")),
            choices={
                str(word): ox.NamedNode(iri)
                for word, term in (said.get("choices") or {}).items()
                if (iri := self._whole(name, str(term)))
            },
            written={str(text): str(key) for text, key in (said.get("written") or {}).items()},
            required=said.get("required") == "true",
            many=said.get("many") == "true",
            also=tuple(map(str, said.get("also") or ())),
            default=None if default is None else str(default),
            when=str(said.get("when", "")),
            kept=said.get("kept") == "true",
            lang=str(said.get("lang", "en")),
            words=dict(said.get("words") or {}),
            by=self._whole(name, str(said["by"])) or "" if said.get("by") else "",
            missing=frozenset(map(str, said.get("missing") or ())),
            line=self._keys.get(name, self._keys.get("with", 1)),
            description=str(said.get("description", "")),
        )

    def _whole(self, column: str, word: str) -> str | None:
        prefix, mark, local = word.partition(":")
        if not mark or prefix not in self._prefixes:
            message = f"column {column}: {word!r} is no name with a PREFIX of this file"
            self._key_problem(column, message)
            return None
        return self._prefixes[prefix] + local

    def _blocks(self, body: int) -> Iterator[BlockForm]:
        section: Section | None = None
        number = body
        while number < len(self._lines):
            line = self._lines[number]
            if line.startswith("#="):
                end = number
                while end < len(self._lines) and self._lines[end].startswith("#="):
                    end += 1
                section = self._section(number, self._lines[number:end])
                number = end
            elif line.startswith("<"):
                end = number + 1
                while end < len(self._lines) and self._lines[end].rstrip() != ".":
                    end += 1
                if section is None:
                    self._problem(number + 1, "no file is named: add a line '#= file: …' above")
                else:
                    yield from self._block(number, end, section)
                number = end + 1
            else:
                blank = not line.strip() or line.startswith("#") or _PREFIX.fullmatch(line.strip())
                if not blank:
                    message = "a block begins with <…> and ends with a line '.'"
                    self._problem(number + 1, message)
                number += 1

    def _section(self, start: int, lines: Sequence[str]) -> Section:
        try:
            said = _yaml("\n".join(line[2:].removeprefix(" ") for line in lines))
        except yaml.YAMLError as error:
            self._problem(start + 1, f"is not YAML: {getattr(error, 'problem', error)}")
            said = {}
        if not isinstance(said, dict):
            self._problem(start + 1, "must be of the form '#= file: …'")
            said = {}
        for key in said:
            if key not in SECTION_KEYS:
                self._problem(start + 1, _unknown("key", str(key), SECTION_KEYS))
        file = str(said.get("file", ""))
        if not re.fullmatch(r"data/[^.].*\.ttl", file) or ".." in file:
            self._problem(start + 1, "file must be a path such as data/treaties/{treaty}.ttl")
        order = said.get("order") or []
        head = " ".join(str(said.get("head", "")).split())
        return Section(Pattern(file), Pattern(head), tuple(map(str, order)))

    def _block(self, start: int, end: int, section: Section) -> Iterator[BlockForm]:
        opening = _SUBJECT.fullmatch(self._lines[start].rstrip())
        marks = re.findall(r"\w+", opening["marks"] or "") if opening else []
        if opening is None or set(marks) - {CLAIM, ONCE}:
            message = f"a block begins with <…>, and '#= {CLAIM}' or '#= {ONCE}' where it is that"
            self._problem(start + 1, message)
            return
        if end >= len(self._lines):
            self._problem(start + 1, "a block ends with a line '.'")
        numbers = range(start + 1, min(end, len(self._lines)))
        lines = tuple(form for number in numbers if (form := self._line(number)) is not None)
        yield BlockForm(
            start + 1,
            Pattern(opening["pattern"]),
            section,
            claim=CLAIM in marks,
            once=ONCE in marks,
            lines=lines,
        )

    def _line(self, number: int) -> LineForm | None:
        found = _LINE.fullmatch(self._lines[number].rstrip())
        if found is None:
            self._problem(number + 1, "a line has four spaces, a predicate, its objects and ' ;'")
            return None
        objects: list[ox.NamedNode | ox.Literal | Cell | Pattern] = []
        for written in _OBJECT.findall(found["objects"]):
            text = written.strip()
            if cell := re.fullmatch(r"\{(\w+)\}", text):
                objects.append(Cell(cell[1]))
            elif text.startswith("<") and ":" not in text.partition("{")[0]:
                objects.append(Pattern(text[1:-1]))
            elif (term := self._term(text)) is None:
                self._problem(number + 1, f"{text} is no term, no <…> and no {{column}}")
            else:
                objects.append(term)
        predicate = self._term(found["verb"], verb=True)
        if not isinstance(predicate, ox.NamedNode):
            message = f"{found['verb']} is no predicate with a PREFIX of this file"
            self._problem(number + 1, message)
            return None
        return LineForm(number + 1, predicate, tuple(objects))

    def _term(self, text: str, *, verb: bool = False) -> ox.NamedNode | ox.Literal | None:
        prologue = "".join(f"PREFIX {name}: <{iri}>\n" for name, iri in self._prefixes.items())
        triple = f"<x:> {text} <x:> ." if verb else f"<x:> <x:> {text} ."
        try:
            quads = list(ox.parse(prologue + triple, format=ox.RdfFormat.TURTLE))
        except SyntaxError:
            return None
        term = quads[0].predicate if verb else quads[0].object
        return term if isinstance(term, ox.NamedNode | ox.Literal) else None

    def _check(self, made: Template) -> None:
        """What only the whole tells: that each column that is named is there, and used."""
        used: set[str] = set()
        for number, columns in self._named(made):
            for name in columns:
                used.add(name)
                if name not in made.columns:
                    self._problem(number, _unknown("column", name, made.columns))
        for name in self._mapping("columns"):
            if name in made.columns and name not in used:
                self._key_problem(name, f"nothing uses the column {name}: use it or leave it out")
        self._check_names(made)
        self._check_stream(made)
        if not made.blocks:
            self._problem(1, "has no block: write the Turtle that a row makes")
        for block in made.blocks:
            if not block.lines or block.lines[0].predicate != RDF.type:
                self._problem(block.number, "a block begins with a line '    a … ;'")
        if sum(block.claim for block in made.blocks) > 1:
            self._problem(made.blocks[-1].number, f"only one block can be the '#= {CLAIM}'")

    def _check_stream(self, made: Template) -> None:
        """What only some kinds of table may say."""
        others = ("rivals", "differs", "repeats", "spell", "apart")
        for key in others if made.stream else ("ignores", "skip", "joins"):
            if self._header.get(key):
                told = "no streamed table has" if made.stream else "only a streamed table has"
                self._key_problem(key, f"{told} {key}: leave it out")
        for block in made.blocks if made.stream else ():
            if not block.once and not block.claim:
                message = f"a block of a streamed table is '#= {CLAIM}' or '#= {ONCE}'"
                self._problem(block.number, message)

    def _check_names(self, made: Template) -> None:
        """No two columns may go by one name."""
        owners: dict[str, str] = {}
        for column in made.columns.values():
            for name in column.names:
                if owners.setdefault(name, column.name) != column.name:
                    told = f"columns {owners[name]} and {column.name} are both called {name}"
                    self._key_problem(column.name, f"{told}: rename one")

    def _named(self, made: Template) -> Iterator[tuple[int, Iterable[str]]]:
        """The columns that parts of the template name, each with the line of the part."""
        for key in ("rivals", "differs", "spell", "apart", "repeats", "skip"):
            yield self._keys.get(key, 1), map(str, self._header.get(key) or ())
        for column in made.columns.values():
            yield self._keys.get(column.name, 1), column.needs
        for block in made.blocks:
            for part in (block.subject, block.section.file, block.section.head):
                yield block.number, part.columns
            yield block.number, block.section.order
            for line in block.lines:
                yield line.number, line.columns


def _yaml(text: str) -> Any:
    """*text* as YAML whose scalars are all text, so that ``no`` is a word.

    Raises:
        YAMLError: it is no YAML.
    """
    return yaml.load(text, Loader=_Text)  # noqa: S506 - it makes nothing but text


def _unknown(what: str, name: str, known: Mapping[str, Any] | Sequence[str]) -> str:
    near = difflib.get_close_matches(name, list(known), n=1)
    hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(known) or 'none'}"
    return f"unknown {what} {name!r}; {hint}"


def template_of(folder: GraphFolder, kind: str) -> Template:
    """The template of the tables of this *kind*.

    Raises:
        BadTemplate: no such kind is declared, or its template has to be mended.
    """
    templates, problems = read_templates(folder)
    if kind in templates:
        return templates[kind]
    if problems:
        raise BadTemplate("\n".join(problem.as_text() for problem in problems))
    if not templates:
        raise BadTemplate(
            f"{folder.root} declares no kinds of table: "
            "write ontology/tables/<kind>.template as docs/import.md shows"
        )
    raise BadTemplate(_unknown("kind of table", kind, templates))
