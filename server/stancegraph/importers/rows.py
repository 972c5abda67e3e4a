"""From a table to what its rows say: the header, the cells, and all that is wrong in them."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

from stancegraph.importers.cells import CellReader
from stancegraph.importers.resolve import unanswered

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from stancegraph.importers.cells import Reading
    from stancegraph.importers.resolve import Question, Resolver
    from stancegraph.importers.table import Table
    from stancegraph.problems import Problem
    from stancegraph.tablefile import Template

SOURCE = "source"  # the column that the option --source stands in for


def read_rows(
    template: Template, table: Table, resolver: Resolver, defaults: Mapping[str, str]
) -> tuple[list[Reading], list[Problem]]:
    """What the rows of *table* say, and what is wrong with it; in the order of its lines.

    Args:
        resolver: Is told what the table itself describes.
        defaults: What the command sets for cells that are empty, by column.
    """
    header, found = read_header(template, table, defaults)
    problems = [*table.problems, *found]
    resolver.own = set(_described(template, table, header))
    reader = CellReader(template, resolver, defaults)
    readings = []
    seen: dict[tuple[str, ...], int] = {}
    told: set[tuple[str, str]] = set()
    for row in table.rows:
        cells = tuple(row.cells.values())
        if (first := seen.setdefault(cells, row.line)) != row.line:
            problems.append(
                table.problem(row.line, f"says the same as line {first}: leave one out")
            )
            continue
        reading, wrong = reader.read(row, header)
        readings.append(reading)
        for name, message in wrong:
            # What an option or a default says for every row is wrong once.
            if name in row.cells or (name, message) not in told:
                problems.append(table.problem(row.line, message, name))
            told.add((name, message))
    return readings, [*problems, *_unsure(table, reader)]


def read_header(
    template: Template, table: Table, defaults: Mapping[str, str]
) -> tuple[dict[str, str], list[Problem]]:
    """The names of the table's columns by those of the template, and what is wrong with them."""
    header: dict[str, str] = {}
    return header, list(_header(template, table, defaults, header))


def _header(
    template: Template, table: Table, defaults: Mapping[str, str], header: dict[str, str]
) -> Iterator[Problem]:
    """What is wrong with the columns; *header* gets their names by those of the template."""
    known = {name: column for column in template.columns.values() for name in column.names}
    for name in table.header:
        column = known.get(name)
        if name in template.ignores:
            continue
        if column is None:
            near = difflib.get_close_matches(name, known, n=1)
            every = f"leave it out; there are {', '.join(template.columns)}"
            hint = f"did you mean {near[0]}?" if near else every
            yield table.problem(1, f"is no column of {template.kind}: {hint}", name)
        elif column.name in header:
            told = f"says the same as the column {header[column.name]}: leave one out"
            yield table.problem(1, told, name)
        else:
            header[column.name] = name
    for column in template.columns.values():
        given = column.name in header or column.default or column.name in defaults
        if column.required and not given:
            hint = f" or give --{SOURCE}" if column.name == SOURCE else ""
            told = f"is missing: add it, with {column.holds}{hint}"
            yield table.problem(1, told, column.name)


def _described(template: Template, table: Table, header: Mapping[str, str]) -> Iterator[str]:
    """The keys of the things that the table itself describes."""
    for form in template.blocks:
        columns = [template.columns[name] for name in form.subject.columns]
        if form.claim or not columns or not all(c.type == "key" or c.choices for c in columns):
            continue
        for row in table.rows:
            cells = {
                column.name: row.cells.get(header.get(column.name, "")) or column.default or ""
                for column in columns
            }
            yield form.subject.filled(cells)


def _unsure(table: Table, reader: CellReader) -> Iterator[Problem]:
    """One problem for each name that nobody told the meaning of, where it stands first."""
    cells: dict[tuple[str, str], list[tuple[int, Question]]] = {}
    for line, column, question in reader.unsure:
        cells.setdefault((column, question.written), []).append((line, question))
    for (column, _), places in cells.items():
        line, question = places[0]
        yield table.problem(line, unanswered(question, len(places) - 1), column)
