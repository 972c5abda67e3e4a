"""Which saved queries are tables or networks to take away, as their headers declare it.

``table`` in a header says what a row is and what each column holds: its kind, the term of the
ontology that it is about, and what an empty cell means. ``network`` says which columns are the
ends of an edge, and when it held. Names of files and columns follow from those of the query.
"""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, cast, get_args

from stancegraph.parameters import whole_iri

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

Kind: TypeAlias = Literal["thing", "code", "text", "integer", "number", "day", "truth"]
Missing: TypeAlias = Literal["unknown", "not-applicable", "not-coded"]

KINDS: tuple[Kind, ...] = get_args(Kind)
MISSING: tuple[Missing, ...] = get_args(Missing)
TABLE_KEYS = ("unit", "claims", "columns", "wide", "identifies")
COLUMN_KEYS = ("is", "of", "label", "note", "scheme", "blank", "identifiers", "hidden", "key")
WIDE_KEYS = ("name", "by", "called", "value", "unit")
NETWORK_KEYS = ("source", "target", "directed", "start", "end", "weight", "spells", "unit")
LABEL = "Label"  # the ending of the column that names the things of another
MAX_NAME = 32  # of a variable of Stata
MAX_LABEL = 80  # of what Stata shows for it


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table.

    Attributes:
        variable: That of the query.
        kind: What its cells hold: ``day`` an xsd:date, ``code`` a concept of a code list,
            ``thing`` anything else with an IRI.
        terms: IRIs of the words of the ontology that it is about, the broadest first.
        label: What to call it, where that is not what those are called.
        note: What they do not say.
        scheme: Of a code, the IRI of its list.
        blank: What cells without a value can mean; the first is what those mean of which
            the query does not say it.
        identifiers: Of a thing, the query that has its identifiers.
        hidden: Whether a thing is told by its identifiers alone.
        is_key: Whether it tells, with the other keys, one row from the others.
    """

    variable: str
    kind: Kind
    terms: tuple[str, ...] = ()
    label: str = ""
    note: str = ""
    scheme: str = ""
    blank: tuple[Missing, ...] = ("not-coded",)
    identifiers: str = ""
    hidden: bool = False
    is_key: bool = False


@dataclass(frozen=True, slots=True)
class Wide:
    """A second table of the same rows, with a column for each value of one of its columns.

    Attributes:
        name: What it is called.
        unit: What a row of it is.
        by: The column whose values become columns.
        called: The column with texts that their names are made of.
        value: The column that fills them.
    """

    name: str
    unit: str
    by: str
    called: str
    value: str


@dataclass(frozen=True, slots=True)
class Table:
    """A table as a header declares it.

    Attributes:
        unit: What a row is.
        claims: IRIs of the classes of the claims on which its rows rest.
        columns: By variable, in the order of the query.
        wide: The same rows with more columns; None for most tables.
        identifies: The column of the things that its rows identify; empty for most tables.
    """

    unit: str
    claims: tuple[str, ...]
    columns: Mapping[str, Column]
    wide: Wide | None = None
    identifies: str = ""


@dataclass(frozen=True, slots=True)
class Network:
    """A network as a header declares it; its columns are those of the table.

    Attributes:
        unit: What an edge is.
        source, target: The columns with its ends.
        directed: Whether it leads from the one to the other.
        start, end: The columns with the first day of a spell, and the first after it; empty
            where edges know no time.
        weight: The column with the weight of an edge; empty where each weighs 1.
        spells: Columns whose values belong to a spell, and not to the whole edge.
    """

    unit: str
    source: str
    target: str
    directed: bool = False
    start: str = ""
    end: str = ""
    weight: str = ""
    spells: tuple[str, ...] = ()


@dataclass(slots=True)
class _Reader:
    """What a header says, and all that is wrong with it."""

    columns: Sequence[str]
    prefixes: Mapping[str, str]
    wrong: list[str] = field(default_factory=list)

    def known(self, what: str, said: Mapping[str, Any], keys: Sequence[str]) -> None:
        """Tell of keys that there are none of."""
        for key in said:
            if key not in keys:
                near = difflib.get_close_matches(str(key), keys, n=1) or keys
                self.wrong.append(f"{what}: unknown key {key!r}: write {' or '.join(near)}")

    def text(self, what: str, value: object, needed: str = "") -> str:
        """A text; what to write in place of one that is missing, if *needed* says it."""
        if isinstance(value, str) and (value.strip() or not needed):
            return value.strip()
        if needed or value is not None:
            self.wrong.append(f"{what} must be text{f': {needed}' if needed else ''}")
        return ""

    def column(self, what: str, value: object) -> str:
        """One of the columns."""
        if value in self.columns:
            return str(value)
        near = difflib.get_close_matches(str(value), self.columns, n=1)
        hint = f"; did you mean {near[0]}?" if near else ""
        self.wrong.append(f"{what}: {value!r} is no column{hint}")
        return ""

    def iris(self, what: str, value: object) -> tuple[str, ...]:
        """IRIs, written with prefixes of the file."""
        words = [value] if isinstance(value, str) else value or []
        if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
            self.wrong.append(f"{what} must be a name such as foaf:Person, or a list of them")
            return ()
        found = {word: whole_iri(word, self.prefixes) for word in words}
        for word, iri in found.items():
            if iri is None:
                self.wrong.append(
                    f"{what}: {word!r} is no IRI: write it whole, or with a PREFIX of this file"
                )
        return tuple(iri for iri in found.values() if iri is not None)

    def choice(self, what: str, value: object, choices: Iterable[str]) -> str:
        """One of some words."""
        if value in (known := list(choices)):
            return str(value)
        self.wrong.append(f"{what}: {value!r} is none of {', '.join(known)}")
        return known[0]

    def truth(self, what: str, value: object) -> bool:
        """True or false."""
        if not isinstance(value, bool):
            self.wrong.append(f"{what} must be true or false")
        return value is True


def read_table(
    said: object, columns: Sequence[str], prefixes: Mapping[str, str]
) -> tuple[Table | None, list[str]]:
    """The table that ``table`` of a header declares, and all that is wrong with it.

    Args:
        said: What YAML made of it.
        columns: What the query projects.
        prefixes: Those of its file, for the names of terms.
    """
    reader = _Reader(columns, prefixes)
    if not isinstance(said, dict) or not isinstance(said.get("columns"), dict):
        return None, ["table: write {unit: what a row is, columns: {name: {is: text}}}"]
    reader.known("table", said, TABLE_KEYS)
    described = {name: _column(reader, str(name), each) for name, each in said["columns"].items()}
    for name in described:
        reader.column("table", name)
    things = {name for name, column in described.items() if column.kind in {"thing", "code"}}
    for name in columns:
        if name not in described and not (
            name.endswith(LABEL) and name.removesuffix(LABEL) in things
        ):
            reader.wrong.append(f"table: say what {name} is: {{{name}: {{is: text, of: …}}}}")
    wide = _wide(reader, said["wide"]) if "wide" in said else None
    identifies = reader.column("table: identifies", said["identifies"]) if (
        "identifies" in said
    ) else ""  # fmt: skip
    unit = reader.text("table: unit", said.get("unit"), "unit: a state in a year")
    claims = reader.iris("table: claims", said.get("claims"))
    ordered = {name: described[name] for name in columns if name in described}
    if not any(column.is_key for column in ordered.values()):
        reader.wrong.append("table: say which columns tell the rows apart: {key: true}")
    _check_names(reader, ordered)
    return Table(unit, claims, ordered, wide, identifies), reader.wrong


def _column(reader: _Reader, name: str, said: object) -> Column:
    parts: dict[str, Any] = said if isinstance(said, dict) else {"is": said}
    what = f"table: {name}"
    reader.known(what, parts, COLUMN_KEYS)
    kind = cast("Kind", reader.choice(f"{what}: is", parts.get("is"), KINDS))
    said_blank = parts.get("blank", "not-coded")
    blank = said_blank if isinstance(said_blank, list) and said_blank else [said_blank]
    schemes = reader.iris(f"{what}: scheme", parts.get("scheme"))
    column = Column(
        variable=name,
        kind=kind,
        terms=reader.iris(f"{what}: of", parts.get("of")),
        label=reader.text(f"{what}: label", parts.get("label")),
        note=reader.text(f"{what}: note", parts.get("note")),
        scheme=schemes[0] if schemes else "",
        blank=tuple(
            cast("Missing", reader.choice(f"{what}: blank", each, MISSING)) for each in blank
        ),
        identifiers=reader.text(f"{what}: identifiers", parts.get("identifiers")),
        hidden=reader.truth(f"{what}: hidden", parts.get("hidden", False)),
        is_key=reader.truth(f"{what}: key", parts.get("key", False)),
    )
    tests = {
        "say what it is about: {of: sg:position}, or label and note": column.terms
        or (column.label and column.note),
        "a code has a scheme, and nothing else has": bool(column.scheme) == (kind == "code"),
        "only a thing has identifiers, and only one with some is hidden": (
            kind == "thing" or not column.identifiers
        )
        and (bool(column.identifiers) or not column.hidden),
        f"the label has more than {MAX_LABEL} characters": len(column.label) <= MAX_LABEL,
    }
    reader.wrong += [f"{what}: {told}" for told, is_so in tests.items() if not is_so]
    return column


def _wide(reader: _Reader, said: object) -> Wide | None:
    if not isinstance(said, dict):
        reader.wrong.append("table: write wide as {name: …, unit: …, by: …, called: …, value: …}")
        return None
    reader.known("table: wide", said, WIDE_KEYS)
    return Wide(
        name=reader.text("table: wide: name", said.get("name"), "name: votes-wide"),
        unit=reader.text("table: wide: unit", said.get("unit"), "unit: a state"),
        by=reader.column("table: wide: by", said.get("by")),
        called=reader.column("table: wide: called", said.get("called")),
        value=reader.column("table: wide: value", said.get("value")),
    )


def _check_names(reader: _Reader, columns: Mapping[str, Column]) -> None:
    for name in columns:
        if len(snake(name)) > MAX_NAME:
            reader.wrong.append(f"table: {snake(name)} has more than {MAX_NAME} characters")


def read_network(
    said: object, columns: Sequence[str], table: Table | None
) -> tuple[Network | None, list[str]]:
    """The network that ``network`` of a header declares, and all that is wrong with it.

    Args:
        said: What YAML made of it.
        columns: What the query projects.
        table: What the same header declares its columns to be.
    """
    reader = _Reader(columns, {})
    if not isinstance(said, dict):
        return None, ["network: write {unit: what an edge is, source: column, target: column}"]
    reader.known("network", said, NETWORK_KEYS)
    if table is None:
        reader.wrong.append("network: say in table what the columns are")

    def optional(key: str) -> str:
        return reader.column(f"network: {key}", said[key]) if key in said else ""

    spells = said.get("spells", [])
    found = Network(
        unit=reader.text("network: unit", said.get("unit"), "unit: two states that vote"),
        source=reader.column("network: source", said.get("source")),
        target=reader.column("network: target", said.get("target")),
        directed=reader.truth("network: directed", said.get("directed", False)),
        start=optional("start"),
        end=optional("end"),
        weight=optional("weight"),
        spells=tuple(
            reader.column("network: spells", name)
            for name in (spells if isinstance(spells, list) else [spells])
        ),
    )
    return found, reader.wrong


def described(
    column: Column, label: Callable[[str], str], definition: Callable[[str], str]
) -> tuple[str, str]:
    """What a column is called, and what its cells hold, in the words of the ontology.

    Args:
        label: What a term of an IRI is called.
        definition: What it means; empty where nothing says.
    """
    called = column.label or (label(column.terms[0]) if column.terms else "")
    meanings = [*map(definition, column.terms), column.note]
    return called[:MAX_LABEL], " ".join(dict.fromkeys(text for text in meanings if text))


_WORD = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


def snake(name: str) -> str:
    """The name of a column in files, of its variable: ``signed_earliest``."""
    return _WORD.sub("_", name).lower()


def unique(name: str, taken: Callable[[str], bool]) -> str:
    """*name* as the name of a column, of at most 32 characters, and not yet taken."""
    short = re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")[:MAX_NAME].rstrip("_") or "column"
    if not short[0].isalpha():
        short = f"c_{short}"[:MAX_NAME]
    found, number = short, 2
    while taken(found):
        ending = f"_{number}"
        found, number = short[: MAX_NAME - len(ending)] + ending, number + 1
    return found
