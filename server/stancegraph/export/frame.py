"""A table in memory: typed columns, and beside each value that is missing the reason why."""

from __future__ import annotations

import io
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv

from stancegraph.errors import OperationError
from stancegraph.export.declared import LABEL, MAX_LABEL, described, snake, unique

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from stancegraph.export.declared import Column, Kind, Missing, Table
    from stancegraph.export.words import Code, Words
    from stancegraph.queryfile import SavedQuery

    Array: TypeAlias = "pa.ChunkedArray[Any]"

# Reasons why a value is missing; a cell of a query that is one of these codes has none.
MISSING_CODES = "https://w3id.org/stancegraph/id/code/missing/"
# Columns of what identifies things that stand beside these wherever they are named.
IDENTIFYING: tuple[Kind, ...] = ("text", "integer")

Role: TypeAlias = Literal["plain", "label", "identifier"]

_TYPES: dict[Kind, pa.DataType] = {
    "thing": pa.string(),
    "code": pa.string(),
    "text": pa.string(),
    "integer": pa.int64(),
    "number": pa.float64(),
    "day": pa.date32(),
    "truth": pa.bool_(),
}


@dataclass(frozen=True)
class Variable:
    """A column of a file.

    Attributes:
        name: Of at most 32 small letters, digits and ``_``.
        label: What to call it, in at most 80 characters.
        note: What its cells hold, in sentences.
        terms: IRIs of the words of the ontology that it is about.
        codes: Of a code, its whole list.
        blank: What cells without a value can mean, first what most do.
        role: Whether it only names, or identifies, what another one holds.
        values: Null where there is none.
        reasons: Why there is none: a code of ``blank``, null where there is a value.
    """

    name: str
    kind: Kind
    label: str
    note: str
    terms: tuple[str, ...]
    scheme: str
    codes: tuple[Code, ...]
    blank: tuple[Missing, ...]
    role: Role
    is_key: bool
    values: Array
    reasons: Array

    @property
    def tells_reasons(self) -> bool:
        """Whether a missing value may have one of several."""
        return len(self.blank) > 1

    def with_reasons(self) -> Array:
        """The values as they are written, with the reason in place of each that is missing.

        As they are where only one reason can be.
        """
        if not self.tells_reasons:
            return self.values
        return pc.coalesce(pc.cast(self.values, pa.string()), self.reasons)


@dataclass(frozen=True)
class Sheet:
    """A table to take away.

    Attributes:
        name: That of its files.
        title: What it is, in a line.
        note: What a row is and what is left out, in sentences.
        unit: What a row is, in words.
        claims: IRIs of the classes of the claims that it rests on.
        query: The name of the saved query that it is the answer to.
        asked: What its parameters were set to, as a caller writes it.
        coverage: How complete the lists are on which it rests, a sentence each.
    """

    name: str
    title: str
    note: str
    unit: str
    claims: tuple[str, ...]
    query: str
    asked: Mapping[str, Sequence[str]]
    coverage: tuple[str, ...]
    variables: tuple[Variable, ...]

    def __len__(self) -> int:
        return len(self.variables[0].values) if self.variables else 0

    @property
    def keys(self) -> tuple[str, ...]:
        """The names of the columns that tell its rows apart."""
        return tuple(each.name for each in self.variables if each.is_key)

    def batches(self, columns: Sequence[Array], size: int = 20_000) -> Iterator[list[list[Any]]]:
        """The values of *columns* as Python has them, some rows at a time, column by column."""
        for start in range(0, len(self), size):
            yield [column.slice(start, size).to_pylist() for column in columns]


@dataclass(frozen=True)
class Identified:
    """The identifiers of some things: a column of each kind, and the row of each thing."""

    rows: Mapping[str, int]
    variables: tuple[Variable, ...]


class Making:
    """Makes the sheets of one export.

    Attributes:
        words: What the ontology and the code lists say.
        identified: Identifiers of things by the name of the query that has them.
    """

    def __init__(self, words: Words, identified: Callable[[str], Identified]) -> None:
        self.words = words
        self.identified = identified

    def sheet(
        self,
        query: SavedQuery,
        table: Table,
        answer: bytes,
        *,
        asked: Mapping[str, Sequence[str]],
        coverage: Iterable[str] = (),
    ) -> Sheet:
        """The table that *answer* holds, the rows of *query* in CSV.

        Raises:
            OperationError: a cell is not what the header of the query says it is.
        """
        raw = pa.csv.read_csv(
            io.BytesIO(answer),
            parse_options=pa.csv.ParseOptions(newlines_in_values=True),
            convert_options=pa.csv.ConvertOptions(
                column_types=dict.fromkeys(query.columns, pa.string()),
                strings_can_be_null=True,
                quoted_strings_can_be_null=True,
                null_values=[""],
            ),
        )
        variables: list[Variable] = []
        for column in table.columns.values():
            variables += self._variables(query, column, raw)
        return Sheet(
            name=query.name.rpartition("/")[2],
            title=query.summary,
            note=query.description,
            unit=table.unit,
            claims=table.claims,
            query=query.name,
            asked=asked,
            coverage=tuple(coverage),
            variables=_told_apart(variables),
        )

    def _variables(self, query: SavedQuery, column: Column, raw: pa.Table) -> Iterator[Variable]:
        """The column itself, what its things are called, and their identifiers."""
        made = self._variable(query, column, raw[column.variable])
        if not column.hidden:
            yield made
        if column.kind == "code" and not column.hidden:
            labels = {code.notation: code.label for code in made.codes}
            yield _beside(made, "label", "name", _mapped(made.values, labels.get))
        elif f"{column.variable}{LABEL}" in query.columns:
            yield _beside(made, "label", "name", raw[f"{column.variable}{LABEL}"])
        if column.identifiers:
            known = self.identified(column.identifiers)
            index = _mapped(made.values, known.rows.get, pa.int64())
            for number, each in enumerate(known.variables):
                # The first tells a thing apart that is not there itself.
                is_key = made.is_key and column.hidden and number == 0
                yield replace(_identifier(made, each, index), is_key=is_key)

    def _variable(self, query: SavedQuery, column: Column, raw: Array) -> Variable:
        told = pc.fill_null(pc.starts_with(raw, MISSING_CODES), fill_value=False)
        reasons = pc.if_else(told, pc.utf8_slice_codeunits(raw, len(MISSING_CODES)), None)
        if not {*pc.unique(reasons).to_pylist()} <= {None, *column.blank}:
            found = ", ".join(str(each) for each in pc.unique(reasons).to_pylist() if each)
            message = f"{query.path}: {column.variable} is {found}; say so in blank: [{found}]"
            raise OperationError(message)
        values = pc.if_else(told, None, raw)
        reasons = pc.if_else(pc.is_valid(values), None, pc.coalesce(reasons, column.blank[0]))
        codes = self.words.codes.get(column.scheme, ())
        if column.kind == "code":
            notations = {code.iri: code.notation for code in codes}
            values = _mapped(values, lambda iri: notations[iri])
        try:
            values = pc.cast(values, _TYPES[column.kind])
        except (pa.ArrowInvalid, KeyError) as error:
            message = f"{query.path}: {column.variable} is no {column.kind}: {error}"
            raise OperationError(message) from error
        label, note = described(column, self.words.label, self.words.definition)
        return Variable(
            name=snake(column.variable),
            kind=column.kind,
            label=label,
            note=note,
            terms=column.terms,
            scheme=column.scheme,
            codes=codes,
            blank=column.blank,
            role="plain",
            is_key=column.is_key,
            values=values,
            reasons=reasons,
        )


def _mapped(values: Array, to: Callable[[str], Any], kind: pa.DataType | None = None) -> Array:
    """What *to* makes of each of *values*; it is asked once for each that differs."""
    encoded = pc.dictionary_encode(values).unify_dictionaries()
    found: list[Any] = []
    for chunk in encoded.chunks:
        made = pa.array([to(each) for each in chunk.dictionary.to_pylist()], kind or pa.string())
        found.append(made.take(chunk.indices))
    return pa.chunked_array(found, kind or pa.string())


def _beside(made: Variable, role: Role, ending: str, values: Array) -> Variable:
    """A column with what that of *made* is called."""
    return replace(
        made,
        name=f"{made.name}_{LABEL.lower() if role == 'label' else ending}",
        kind="text",
        label=f"{made.label}: {ending}"[:MAX_LABEL],
        note=f"What {made.name} is called.",
        terms=(),
        scheme="",
        codes=(),
        role=role,
        is_key=False,
        values=values,
    )


def _identifier(made: Variable, known: Variable, index: Array) -> Variable:
    """An identifier of the things of *made*; *index* has the row of each in *known*."""
    # Of what is identified nowhere here, the question does not arise.
    elsewhere = pc.if_else(pc.is_valid(made.values), "not-applicable", made.reasons)
    blank = (*known.blank, "not-applicable", *made.blank)
    return replace(
        known,
        name=f"{made.name}_{known.name}",
        label=f"{made.label}: {known.label}"[:MAX_LABEL],
        role="identifier",
        blank=tuple(dict.fromkeys(blank)),
        is_key=False,
        values=known.values.take(index),
        reasons=pc.if_else(pc.is_valid(index), known.reasons.take(index), elsewhere),
    )


def _told_apart(variables: Iterable[Variable]) -> tuple[Variable, ...]:
    """*variables* under names of which no two are alike."""
    taken: set[str] = set()
    found = []
    for each in variables:
        name = unique(each.name, taken.__contains__)
        taken.add(name)
        found.append(replace(each, name=name))
    return tuple(found)


def identified(sheet: Sheet, things: str) -> Identified:
    """What the rows of *sheet* identify, the things of its column *things*."""
    by_name = {each.name: each for each in sheet.variables}
    keys = by_name[snake(things)].values.to_pylist()
    rows: dict[str, int] = {}
    for number, iri in enumerate(keys):
        rows.setdefault(iri, number)
    return Identified(
        rows,
        tuple(v for v in sheet.variables if v.kind in IDENTIFYING and v.role == "plain"),
    )


def widened(sheet: Sheet, table: Table) -> Sheet:
    """The rows of *sheet* with a column for each value of one of its columns.

    Raises:
        OperationError: two rows are of the same cell.
    """
    wide = table.wide
    assert wide is not None  # noqa: S101 - who calls has looked
    by_name = {each.name: each for each in sheet.variables}
    by, called = by_name[snake(wide.by)], by_name[snake(wide.called)]
    value = by_name[snake(wide.value)]
    keys = [each for each in sheet.variables if each.is_key and each.name != by.name]
    row_of: dict[tuple[Any, ...], int] = {}
    firsts: list[int] = []
    rows: list[int] = []
    for number, key in enumerate(zip(*(each.values.to_pylist() for each in keys), strict=True)):
        if key not in row_of:
            row_of[key] = len(row_of)
            firsts.append(number)
        rows.append(row_of[key])
    cells: dict[str, dict[int, int]] = {}
    titles: dict[str, str] = {}
    columns = zip(by.values.to_pylist(), called.values.to_pylist(), rows, strict=True)
    for number, (column, title, row) in enumerate(columns):
        if row in cells.setdefault(column, {}):
            raise OperationError(f"{sheet.query}: two rows are of {title} and one {wide.unit}")
        cells[column][row] = number
        titles[column] = title
    order = sorted(row_of.items())
    indices = pa.array([firsts[row] for _, row in order], pa.int64())
    kept = [
        each
        for each in sheet.variables
        if any(each.name == key.name or each.name.startswith(f"{key.name}_") for key in keys)
    ]
    variables = [_taken(each, indices) for each in kept]
    for column in sorted(cells):
        picked = pa.array([cells[column].get(row) for _, row in order], pa.int64())
        made = _taken(value, picked)
        variables.append(
            replace(
                made,
                name=titles[column],
                label=titles[column][:MAX_LABEL],
                note=f"{value.note} Of <{column}>.",
                reasons=pc.if_else(
                    pc.is_valid(made.values), None, pc.coalesce(made.reasons, value.blank[0])
                ),
                is_key=False,
            )
        )
    return replace(sheet, name=wide.name, unit=wide.unit, variables=_told_apart(variables))


def _taken(variable: Variable, indices: pa.Array[Any]) -> Variable:
    """*variable* with the rows of these numbers, in their order; null for none."""
    return replace(
        variable, values=variable.values.take(indices), reasons=variable.reasons.take(indices)
    )
