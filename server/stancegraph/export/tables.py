"""Tables as files: CSV, Parquet, Excel, Stata. The same sheet gives the same bytes."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import xlsxwriter

from stancegraph.errors import OperationError
from stancegraph.export import stata
from stancegraph.export.declared import MISSING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from stancegraph.export.frame import Sheet, Variable

EXCEL_ROWS = 1_048_575  # below the heading
EXCEL_CELL = 32_767  # characters
# The extended missing values of Stata, in the order of ``MISSING``: .a, .b, .c.
STATA_MISSING = dict(zip(MISSING, "abc", strict=True))
STATA_EPOCH, UNIX_EPOCH = date(1960, 1, 1), date(1970, 1, 1)
PAPER = "0C4A6E"


@dataclass(frozen=True)
class Context:
    """What stands beside the data in a file.

    Attributes:
        release: The id of the release.
        day: Its date.
        citation: How to cite the table, a line for each part: its name and its text.
        codebook: A row for each column, the headings first.
        sources: A row for each source on which the table rests, the headings first.
    """

    release: str
    day: date
    citation: Sequence[tuple[str, str]]
    codebook: Sequence[Sequence[object]]
    sources: Sequence[Sequence[object]]


def write_csv(sheet: Sheet, path: Path, _context: Context) -> None:
    """RFC 4180, in UTF-8; where several reasons can be why a value is missing, it says which."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([each.name for each in sheet.variables])
        for batch in sheet.batches([_plain(each.with_reasons()) for each in sheet.variables]):
            writer.writerows(zip(*batch, strict=True))


def _plain(values: pa.ChunkedArray[Any]) -> pa.ChunkedArray[Any]:
    """Truths and days as CSV has them."""
    if pa.types.is_boolean(values.type):
        return pc.cast(values, pa.string())
    return values


def write_parquet(sheet: Sheet, path: Path, context: Context) -> None:
    """Typed columns; beside one whose values are missing for several reasons stands the reason.

    The label and meaning of a column are metadata of it, and how to cite that of the file.
    """
    fields: list[pa.Field[Any]] = []
    columns: list[pa.ChunkedArray[Any]] = []
    for each in sheet.variables:
        about = {"label": each.label, "description": each.note, "missing": each.blank[0]}
        values = each.values
        if pa.types.is_string(values.type):
            values = pc.dictionary_encode(values)
        if each.tells_reasons:
            about["missing"] = f"see {each.name}_missing"
        fields.append(pa.field(each.name, values.type, metadata=about))
        columns.append(values)
        if each.tells_reasons:
            reasons = pc.dictionary_encode(pc.cast(each.reasons, pa.string()))
            about = {"label": f"{each.name}: why it is missing"}
            fields.append(pa.field(f"{each.name}_missing", reasons.type, metadata=about))
            columns.append(reasons)
    schema = pa.schema(fields, metadata={k.lower(): text for k, text in context.citation})
    pq.write_table(pa.table(columns, schema=schema), path, compression="zstd")


def write_excel(sheet: Sheet, path: Path, context: Context) -> None:
    """A workbook of four sheets: data, codebook, sources, citation.

    Raises:
        OperationError: there are more rows than Excel has.
    """
    if len(sheet) > EXCEL_ROWS:
        raise OperationError(f"{sheet.name} has more rows than Excel: take csv or parquet")
    book = xlsxwriter.Workbook(str(path), {"constant_memory": True})
    book.set_properties(
        {"title": sheet.title, "created": datetime.combine(context.day, time(), UTC)}
    )
    heading = book.add_format({"bold": True, "font_color": "white", "bg_color": f"#{PAPER}"})
    days = book.add_format({"num_format": "yyyy-mm-dd"})
    wrapped = book.add_format({"text_wrap": True, "valign": "top"})
    data = book.add_worksheet("data")
    data.freeze_panes(1, 0)
    _heading(data, [each.name for each in sheet.variables], heading)
    for number, each in enumerate(sheet.variables):
        data.set_column(number, number, _width(each), days if each.kind == "day" else None)
    writers = [_cell_writer(data, each) for each in sheet.variables]
    row = 1
    for batch in sheet.batches([each.with_reasons() for each in sheet.variables]):
        for cells in zip(*batch, strict=True):
            for number, (write, cell) in enumerate(zip(writers, cells, strict=True)):
                if cell is not None:
                    write(row, number, cell)
            row += 1
    if len(sheet):
        data.autofilter(0, 0, len(sheet), len(sheet.variables) - 1)
    for name, rows in (
        ("codebook", context.codebook),
        ("sources", context.sources),
        ("citation", [("what", "text"), *context.citation]),
    ):
        _listing(book.add_worksheet(name), rows, heading, wrapped)
    book.close()


def _heading(worksheet: Any, names: Sequence[object], style: Any) -> None:
    for number, name in enumerate(names):
        worksheet.write_string(0, number, str(name), style)


def _listing(worksheet: Any, rows: Sequence[Sequence[object]], heading: Any, wrapped: Any) -> None:
    worksheet.freeze_panes(1, 0)
    for number, name in enumerate(rows[0]):
        longest = max((len(str(row[number])) for row in rows), default=0)
        worksheet.set_column(number, number, min(max(longest, len(str(name))) + 2, 60), wrapped)
    _heading(worksheet, rows[0], heading)
    for line, cells in enumerate(rows[1:], 1):
        for number, cell in enumerate(cells):
            if isinstance(cell, int | float):
                worksheet.write_number(line, number, cell)
            elif cell is not None:
                worksheet.write_string(line, number, str(cell)[:EXCEL_CELL])


def _width(variable: Variable) -> int:
    return {"thing": 24, "text": 20, "day": 12}.get(variable.kind, 14)


def _cell_writer(worksheet: Any, variable: Variable) -> Callable[[int, int, Any], None]:
    """What writes a cell of *variable* into *worksheet*; never a formula, nor a link."""
    if variable.tells_reasons:
        typed = _typed_writer(variable)
        return lambda row, column, cell: typed(worksheet, row, column, cell)
    writers: dict[str, Callable[[int, int, Any], None]] = {
        "day": worksheet.write_datetime,
        "truth": worksheet.write_boolean,
        "integer": worksheet.write_number,
        "number": worksheet.write_number,
    }
    if variable.kind in writers:
        return writers[variable.kind]
    return lambda row, column, cell: worksheet.write_string(row, column, cell[:EXCEL_CELL])


def _typed_writer(variable: Variable) -> Callable[[Any, int, int, str], None]:
    """What writes a value of *variable* that stands as text, or the reason why there is none."""

    def write(worksheet: Any, row: int, column: int, cell: str) -> None:
        if cell in MISSING:
            worksheet.write_string(row, column, cell)
        elif variable.kind == "day":
            worksheet.write_datetime(row, column, date.fromisoformat(cell))
        elif variable.kind in {"integer", "number"}:
            worksheet.write_number(row, column, float(cell))
        else:
            worksheet.write_string(row, column, cell[:EXCEL_CELL])

    return write


def write_stata(sheet: Sheet, path: Path, context: Context) -> None:
    """Format 118. Codes are numbers with labels; .a is unknown, .b not applicable, .c not coded.

    Days are numbers that Stata shows as days. A text has no reasons: where it is missing it is
    empty. What codes are called stands in their labels, not in columns of its own.
    """
    coded = {each.name for each in sheet.variables if each.kind == "code"}
    columns = [
        _stata_column(each)
        for each in sheet.variables
        if not (each.role == "label" and each.name.removesuffix("_label") in coded)
    ]
    stata.write(path, columns, label=f"{sheet.name}, {context.release}", day=context.day)


def _stata_column(variable: Variable) -> stata.Column:
    if variable.kind in {"thing", "text"}:
        cells = stata.texts(variable.values.to_pylist())
        return stata.Column(variable.name, variable.label, cells)
    labels: dict[int | str, str] = {
        letter: reason.replace("-", " ") for reason, letter in STATA_MISSING.items()
    }
    if variable.kind == "code":
        labels |= {code.number: code.label for code in variable.codes}
    elif variable.kind == "truth":
        labels |= {0: "no", 1: "yes"}
    places = pa.array(MISSING)
    missing = pc.add(pc.fill_null(pc.index_in(variable.reasons, places), -1), 1)
    return stata.Column(
        variable.name,
        variable.label,
        _stata_numbers(variable),
        missing=missing.to_numpy(),
        form="%td" if variable.kind == "day" else "",
        labels=labels,
    )


def _stata_numbers(variable: Variable) -> Any:
    """The values as numbers, 0 for those that are missing."""
    values = variable.values
    if variable.kind == "code":
        notations = pa.array([code.notation for code in variable.codes], pa.string())
        numbers = pa.array([code.number for code in variable.codes], pa.int32())
        values = numbers.take(pc.index_in(values, notations).combine_chunks())
    elif variable.kind == "day":
        values = pc.subtract(pc.cast(values, pa.int32()), (STATA_EPOCH - UNIX_EPOCH).days)
    elif variable.kind == "truth":
        values = pc.cast(values, pa.int32())
    kind = pa.float64() if variable.kind == "number" else pa.int32()
    return pc.fill_null(pc.cast(values, kind), 0).to_numpy()


WRITERS: dict[str, Callable[[Sheet, Path, Context], None]] = {
    "csv": write_csv,
    "parquet": write_parquet,
    "xlsx": write_excel,
    "dta": write_stata,
}
