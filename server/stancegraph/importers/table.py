"""Reading a table: CSV as RFC 4180 has it, with the line on which each row begins.

Nothing is taken for a missing value but the empty cell: ``NA`` is Namibia.
"""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from stancegraph.errors import OperationError
from stancegraph.problems import Problem, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path
    from typing import TextIO

MAX_BYTES = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a table.

    Attributes:
        line: Where it begins, counted from 1.
        cells: By column, in the order of the table, without white space around.
    """

    line: int
    cells: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Table:
    """A table as it was read.

    Attributes:
        name: What problems call it.
        header: The names of its columns, in order; the line of the header is 1.
        problems: What is wrong with its form, in the order of its lines.
    """

    name: str
    header: tuple[str, ...] = ()
    rows: list[Row] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    def problem(self, line: int | None, message: str, column: str = "") -> Problem:
        """A violation in this table."""
        told = f"column {column}: {message}" if column else message
        return Problem(self.name, line, Severity.VIOLATION, told)


def read_table(path: Path) -> Table:
    """Read the table *path*: UTF-8, with a byte order mark or without, a header, rows.

    Rows without any text are left out. What is wrong with the form of the table is told in
    its ``problems``, and what is wrong is left out too.

    Raises:
        OperationError: the system does not let it be read, or it is too large.
    """
    try:
        if (size := path.stat().st_size) > MAX_BYTES:
            told = f"{path} holds {size / 2**20:.1f} MiB, and a table may hold {MAX_BYTES // 2**20}"
            raise OperationError(f"{told}: split it")
        content = path.read_bytes()
    except OSError as error:
        raise OperationError(f"{path} cannot be read: {error.strerror}") from error
    table = Table(str(path))
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        message = f"is not UTF-8 (byte 0x{content[error.start]:02X}): save it as UTF-8"
        table.problems.append(table.problem(line, message))
        return table
    return _parse(table, text)


def _parse(table: Table, text: str) -> Table:
    try:
        lines = list(lines_of(io.StringIO(text, newline="")))
    except csv.Error as error:
        reader_line = int(getattr(error, "line", 1))
        message = f"is no CSV ({error}): put a cell with a quotation mark in quotes and double it"
        table.problems.append(table.problem(reader_line, message))
        return table
    if not lines:
        table.problems.append(table.problem(1, "is empty: begin with the names of the columns"))
        return table
    _, names = lines[0]
    header = tuple(name.strip() for name in names)
    problems = list(_header_problems(table, header))
    rows = []
    for line, cells in lines[1:]:
        if len(cells) != len(header):
            message = (
                f"{len(cells)} cells where the header has {len(header)}: "
                "put a cell with a comma in quotes, or add the commas of empty cells"
            )
            problems.append(table.problem(line, message))
        else:
            stripped = (cell.strip() for cell in cells)
            rows.append(Row(line, dict(zip(header, stripped, strict=True))))
    if len(lines) == 1:
        problems.append(table.problem(1, "holds no row: write one below the names of the columns"))
    return Table(table.name, header, rows, problems)


def lines_of(file: TextIO) -> Iterator[tuple[int, list[str]]]:
    """Each record of *file* that holds text, with the line on which it begins.

    Raises:
        csv.Error: with the line as ``line``.
    """
    reader = csv.reader(file, strict=True)
    begun = 1
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield begun, cells
            begun = reader.line_num + 1
    except csv.Error as error:
        error.line = begun  # type: ignore[attr-defined]
        raise


def _header_problems(table: Table, header: tuple[str, ...]) -> Iterator[Problem]:
    if len(header) == 1 and (mark := next((m for m in ";\t|" if m in header[0]), None)):
        told = "tabs" if mark == "\t" else f"{mark!r}"
        yield table.problem(1, f"its cells are separated by {told}: save it with commas")
        return
    for number, name in enumerate(header):
        if not name:
            yield table.problem(1, f"cell {number + 1} of the header is empty: name the column")
        elif name in header[:number]:
            yield table.problem(1, f"two columns are called {name}: leave one out", name)
