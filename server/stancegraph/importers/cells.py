"""From the text of cells to terms: what each column of a row says, or what is wrong with it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pyoxigraph as ox

from stancegraph.build.checks import unreadable
from stancegraph.importers.resolve import Question
from stancegraph.tablefile import PLACEHOLDER
from stancegraph.terms import XSD

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from stancegraph.importers.resolve import Resolver
    from stancegraph.importers.table import Row
    from stancegraph.names import Names
    from stancegraph.tablefile import Column, Pattern, Template

_WORDS = re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]*(/[A-Za-z0-9][A-Za-z0-9.-]*)*")
_WHOLE = re.compile(r"(-?(?:0|[1-9]\d*))(?:\.0+)?")
_SLUG = re.compile(r"[^A-Za-z0-9.]+")
_NUMBER = re.compile(r"-?(?:0|[1-9]\d*)(?:\.\d+)?")
_LANGUAGE = re.compile(r"[A-Za-z]{1,8}(-[A-Za-z0-9]{1,8})*")
_DATES = (
    (re.compile(r"\d{4}"), "gYear"),
    (re.compile(r"\d{4}-\d{2}"), "gYearMonth"),
    (re.compile(r"\d{4}-\d{2}-\d{2}"), "date"),
)
_AS_NUMBER = "write digits, a point before decimals, and nothing between thousands"
_TURNED = re.compile(r"(\d{1,2})[./-](\d{1,2})[./-](\d{4})")
_SHORTENED = re.compile(r"(\d{4})[./-](\d{1,2})(?:[./-](\d{1,2}))?")


class Wrong(Exception):  # never leaves the package
    """A cell does not hold what its column holds; the text says what, and how to mend it."""


@dataclass(frozen=True, slots=True)
class Value:
    """One value of a cell.

    Attributes:
        word: What stands for it in an IRI.
        label: What stands for it in a text.
    """

    term: ox.NamedNode | ox.Literal
    word: str
    label: str


@dataclass(frozen=True, slots=True)
class Reading:
    """What a row says.

    Attributes:
        line: Where the row begins.
        values: By column; empty for a cell that is empty and has no default.
        given: The columns whose cells the table itself fills.
    """

    line: int
    values: Mapping[str, tuple[Value, ...]]
    given: frozenset[str]

    def text(self, pattern: Pattern) -> str:
        """*pattern* with the labels or words of the first values in it."""
        return _filled(pattern.text, self.values)

    def paths(self, pattern: Pattern) -> Iterator[tuple[str, dict[str, Value]]]:
        """*pattern* for each value of the columns that it names, with these values.

        Nothing where one of them has none.
        """
        rows: list[dict[str, Value]] = [{}]
        for column in pattern.columns:
            rows = [{**row, column: value} for row in rows for value in self.values[column]]
        for row in rows:
            one = {**self.values, **{column: (value,) for column, value in row.items()}}
            yield _filled(pattern.text, one), row

    def narrowed(self, values: Mapping[str, Value]) -> Reading:
        """The same row, with just *values* where it has several."""
        one = {column: (value,) for column, value in values.items()}
        return Reading(self.line, {**self.values, **one}, self.given)


@dataclass
class CellReader:
    """Reads the cells of tables of one kind.

    Attributes:
        defaults: What the command sets for cells that are empty, by column.
        unsure: The cells whose names were not sure: line and question, in order.
    """

    template: Template
    resolver: Resolver
    defaults: Mapping[str, str] = field(default_factory=dict)
    unsure: list[tuple[int, str, Question]] = field(default_factory=list)

    @property
    def names(self) -> Names:
        """The names of the graph."""
        return self.resolver.names

    def read(self, row: Row, header: Mapping[str, str]) -> tuple[Reading, list[tuple[str, str]]]:
        """What *row* says, and what is wrong with it: columns of the table with messages.

        Args:
            header: The names of the table's columns by those of the template.
        """
        return self.read_cells(row.line, row.cells, header)

    def read_cells(
        self, line: int, cells: Mapping[str, str], header: Mapping[str, str]
    ) -> tuple[Reading, list[tuple[str, str]]]:
        """As `read`, of *cells* by the names of the table's columns."""
        values: dict[str, tuple[Value, ...]] = {}
        wrong: list[tuple[str, str]] = []
        given: set[str] = set()
        broken: set[str] = set()
        for column in self.template.in_reading_order:
            name = header.get(column.name, column.name)
            text = cells.get(name, "")
            if text:
                given.add(column.name)
            else:
                text = self._default(column, values, broken)
            if not text and column.required:
                broken.add(column.name)
                if column.name in header:
                    hint = " or give --source" if column.name == "source" else ""
                    wrong.append((name, f"is empty: give {column.holds}{hint}"))
            found: list[Value] = []
            for part in _parts(text, column):
                try:
                    value = self._value(part, column, values)
                except Wrong as error:
                    wrong.append((name, str(error)))
                    broken.add(column.name)
                    continue
                if isinstance(value, Question):
                    self.unsure.append((line, name, value))
                    broken.add(column.name)
                elif value not in found:
                    found.append(value)
            values[column.name] = tuple(found)
        return Reading(line, values, frozenset(given)), wrong

    def _default(
        self, column: Column, values: Mapping[str, tuple[Value, ...]], broken: set[str]
    ) -> str:
        """The text that an empty cell of *column* stands for; empty if it stands for nothing."""
        if column.name in self.defaults:
            return self.defaults[column.name]
        if column.default is None or (column.when and not values.get(column.when)):
            return ""
        names = [name for name, _ in PLACEHOLDER.findall(column.default)]
        if any(name in broken or not values.get(name) for name in names):
            return ""
        return _filled(column.default, values)

    def _value(
        self, text: str, column: Column, values: Mapping[str, tuple[Value, ...]]
    ) -> Value | Question:
        """The value that *text* is in *column*; a question where it is not sure.

        Raises:
            Wrong: it is none.
        """
        if column.choices:
            if text not in column.choices:
                raise Wrong(f"{text!r} is none of {', '.join(column.choices)}: write one of these")
            return Value(column.choices[text], text, text)
        if column.scheme:
            written = column.written.get(text, text)
            key = self.resolver.code(written, column)
            if key is None:
                near = ", ".join(self.resolver.near_codes(written, column))
                raise Wrong(f"{text!r} is no code of {column.scheme}: write {near}")
            return self._thing(key, key.removeprefix(f"{column.scheme}/"))
        if column.classes or column.by:
            found = self.resolver.find(text, column)
            if isinstance(found, Question):
                return found
            return self._thing(found, column.words.get(found, ""))
        if column.type == "thing":
            key = self.names.key(text) or text
            if "/" not in key or not _WORDS.fullmatch(key):
                raise Wrong(f"{text!r} is no key: write <kind>/<key>, such as source/un-list")
            return self._thing(key)
        return _literal(text, column, values)

    def _thing(self, key: str, word: str = "") -> Value:
        label = self.resolver.label(key)
        return Value(ox.NamedNode(self.names.iri(key)), word or key.partition("/")[2], label)


def _parts(text: str, column: Column) -> list[str]:
    """The values that a cell of *column* holds as text; an address may hold a ``;``."""
    if not column.many:
        return [text] if text else []
    between = r";\s*(?=https?://)" if column.type == "url" else ";"
    return [part.strip() for part in re.split(between, text) if part.strip()]


def _literal(text: str, column: Column, values: Mapping[str, tuple[Value, ...]]) -> Value:
    """The value of a column that holds no thing.

    Raises:
        Wrong: *text* is not of its type.
    """
    if column.type == "text":
        tag = _filled(column.lang, values) or "en"
        return Value(ox.Literal(text, language=tag), text, text)
    term = _TYPES[column.type](text)
    if column.type == "symbol":
        return Value(term, _SLUG.sub("-", text).strip("-."), text)
    return Value(term, term.value, term.value)


def _words(text: str) -> ox.Literal:
    if not _WORDS.fullmatch(text):
        raise Wrong(f"{text!r} cannot stand in an IRI: use letters, digits, '.' and '-'")
    return ox.Literal(text)


def _language(text: str) -> ox.Literal:
    if not _LANGUAGE.fullmatch(text):
        raise Wrong(f"{text!r} is no language tag: write en, es or the like")
    return ox.Literal(text)


def _boolean(text: str) -> ox.Literal:
    words = {"true": "true", "yes": "true", "1": "true", "false": "false", "no": "false",
             "0": "false"}  # fmt: skip
    if text.lower() not in words:
        raise Wrong(f"{text!r} is neither true nor false: write one of these")
    return ox.Literal(words[text.lower()], datatype=XSD.boolean)


def _url(text: str) -> ox.NamedNode:
    message = f"{text!r} is no web address: write https://…"
    if not re.match(r"https?://[^\s/]", text):
        raise Wrong(message)
    try:
        return ox.NamedNode(text)
    except ValueError:
        raise Wrong(message) from None


def _decimal(text: str) -> ox.Literal:
    if not _NUMBER.fullmatch(text):
        raise Wrong(f"{text!r} is no number: {_AS_NUMBER}")
    return ox.Literal(text.rstrip("0").rstrip(".") if "." in text else text, datatype=XSD.decimal)


def _integer(text: str) -> ox.Literal:
    if not (found := _WHOLE.fullmatch(text)):  # as others write it: 120.0
        raise Wrong(f"{text!r} is no whole number: {_AS_NUMBER}")
    return ox.Literal(found[1], datatype=XSD.integer)


def _date(text: str, forms: Sequence[tuple[re.Pattern[str], str]] = _DATES) -> ox.Literal:
    """The day, month or year *text*, no more precise than it is.

    Raises:
        Wrong: it is none, or may be several.
    """
    for form, name in forms:
        if form.fullmatch(text):
            literal = ox.Literal(text, datatype=XSD[name])
            if unreadable(literal) is not None or text.startswith("0000"):
                raise Wrong(f"{text} is not in the calendar: correct it")
            return literal
    wanted = "2019-12-27, 2019-12 or 2019" if len(forms) > 1 else "2019-12-27"
    if turned := _TURNED.fullmatch(text):
        first, second, year = int(turned[1]), int(turned[2]), turned[3]
        ways = {
            f"{year}-{month:02}-{number:02}"
            for month, number in ((second, first), (first, second))
            if month <= 12 and number <= 31  # noqa: PLR2004 - of a calendar
        }
        if len(ways) > 1:
            raise Wrong(f"{text} may be {' or '.join(sorted(ways))}: write which")
        raise Wrong(f"{text} is no date as 2019-12-27 is: write {min(ways, default=wanted)}")
    if short := _SHORTENED.fullmatch(text):
        parts = [short[1], *(f"{int(part):02}" for part in short.groups()[1:] if part)]
        raise Wrong(f"{text} is no date as 2019-12-27 is: write {'-'.join(parts)}")
    raise Wrong(f"{text!r} is no date: write {wanted}")


def _day(text: str) -> ox.Literal:
    return _date(text, forms=_DATES[2:])


_TYPES: Mapping[str, Callable[[str], ox.Literal | ox.NamedNode]] = {
    "boolean": _boolean, "date": _date, "day": _day, "decimal": _decimal, "integer": _integer,
    "key": _words, "language": _language, "string": ox.Literal, "symbol": ox.Literal, "url": _url,
    "words": _words,
}  # fmt: skip


def _filled(text: str, values: Mapping[str, Sequence[Value]]) -> str:
    """*text* with the words, or labels, of the first values that it names."""

    def one(found: re.Match[str]) -> str:
        value = next(iter(values.get(found[1], ())), None)
        if value is None:
            return ""
        return value.label if found[2] == "label" else value.word

    return PLACEHOLDER.sub(one, text)
