"""Stata's format 118, which knows Unicode and 27 kinds of missing values.

Written by hand: the writers at hand put the time of writing into the file, cannot write extended
missing values, or mistake a column that begins with many of them for text. The layout is that of
https://www.stata.com/help.cgi?dta.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date
    from pathlib import Path

    from numpy.typing import NDArray

    Cells: TypeAlias = "NDArray[Any]"

MAX_TEXT = 2045  # bytes of a text
MAX_LABEL = 80  # characters of the label of a variable, or of the file
_LONG, _DOUBLE = 65528, 65526
_MISSING_LONG = 2147483621  # the plain one; .a is the next, and so on
_MISSING_DOUBLE = 0x7FE0000000000000
_STEP_DOUBLE = 0x0000010000000000
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@dataclass(frozen=True)
class Column:
    """A variable of Stata.

    Attributes:
        label: Of at most 80 characters.
        cells: Texts as bytes, whole numbers as int32, or numbers as float64.
        missing: Of numbers, for each row 0 where there is a value, 1 for ``.a``, 2 for ``.b`` …
        form: How Stata shows it: ``%td`` for a day.
        labels: What its values are called, and its missing ones, by letter.
    """

    name: str
    label: str
    cells: Cells
    missing: Cells | None = None
    form: str = ""
    labels: Mapping[int | str, str] | None = None


def write(path: Path, columns: Sequence[Column], *, label: str, day: date) -> None:
    """Write *columns*, which have as many cells each, to *path*.

    Args:
        label: What the file is called, in at most 80 characters.
        day: The day that it says it was written on.
    """
    count = len(columns[0].cells) if columns else 0
    title = label[:MAX_LABEL].encode()
    written = f"{day.day:02d} {_MONTHS[day.month - 1]} {day.year} 00:00".encode()
    head = b"".join((
        b"<stata_dta><header><release>118</release><byteorder>LSF</byteorder>",
        b"<K>", struct.pack("<H", len(columns)), b"</K>",
        b"<N>", struct.pack("<Q", count), b"</N>",
        b"<label>", struct.pack("<H", len(title)), title, b"</label>",
        b"<timestamp>", struct.pack("<B", len(written)), written, b"</timestamp></header>",
    ))  # fmt: skip
    plain = [_numbers(each) if each.missing is not None else each.cells for each in columns]
    parts = [
        _tagged("variable_types", b"".join(struct.pack("<H", _type(c)) for c in plain)),
        _tagged("varnames", b"".join(_padded(each.name, 129) for each in columns)),
        _tagged("sortlist", bytes(2 * (len(columns) + 1))),
        _tagged("formats", b"".join(_padded(_form(e, c), 57)
                                    for e, c in zip(columns, plain, strict=True))),
        _tagged("value_label_names",
                b"".join(_padded(e.name if e.labels else "", 129) for e in columns)),
        _tagged("variable_labels",
                b"".join(_padded(each.label[:MAX_LABEL], 321) for each in columns)),
        _tagged("characteristics", b""),
        _tagged("data", _rows(plain, count)),
        _tagged("strls", b""),
        _tagged("value_labels",
                b"".join(_labels(each.name, each.labels) for each in columns if each.labels)),
    ]  # fmt: skip
    size = len(b"<map></map>") + 14 * 8
    places = [0, len(head), len(head) + size]
    for part in parts:
        places.append(places[-1] + len(part))
    places.append(places[-1] + len(b"</stata_dta>"))
    with path.open("wb") as file:
        file.write(head)
        file.write(_tagged("map", struct.pack("<14Q", *places)))
        file.writelines(parts)
        file.write(b"</stata_dta>")


def _tagged(name: str, content: bytes) -> bytes:
    tag = name.encode()
    return b"<" + tag + b">" + content + b"</" + tag + b">"


def _padded(text: str, size: int) -> bytes:
    """*text* in UTF-8, cut at a whole character, with zeros up to *size* bytes."""
    cut = text.encode()[: size - 1].decode("utf-8", "ignore").encode()
    return cut.ljust(size, b"\0")


def _type(cells: Cells) -> int:
    if cells.dtype.kind == "S":
        return max(int(cells.dtype.itemsize), 1)
    return _LONG if cells.dtype == np.int32 else _DOUBLE


def _form(column: Column, cells: Cells) -> str:
    if column.form:
        return column.form
    if cells.dtype.kind == "S":
        return f"%-{min(max(int(cells.dtype.itemsize), 1), 60)}s"
    return "%12.0g" if cells.dtype == np.int32 else "%10.0g"


def _numbers(column: Column) -> Cells:
    """The cells of *column* with the values that Stata has for those that are missing."""
    assert column.missing is not None  # noqa: S101 - who calls has looked
    missing = column.missing
    if column.cells.dtype == np.int32:
        return np.where(missing > 0, _MISSING_LONG + missing, column.cells).astype(np.int32)
    bits = column.cells.astype(np.float64).view(np.uint64)
    lacking = np.uint64(_MISSING_DOUBLE) + missing.astype(np.uint64) * np.uint64(_STEP_DOUBLE)
    return np.where(missing > 0, lacking, bits).view(np.float64)


def _rows(columns: Sequence[Cells], count: int) -> bytes:
    kinds = [
        (
            f"c{number}",
            f"S{_type(cells)}" if cells.dtype.kind == "S" else cells.dtype.newbyteorder("<"),
        )
        for number, cells in enumerate(columns)
    ]
    rows = np.empty(count, dtype=np.dtype(kinds))
    for number, cells in enumerate(columns):
        rows[f"c{number}"] = cells
    return rows.tobytes()


def _labels(name: str, labels: Mapping[int | str, str]) -> bytes:
    """A table of what values are called, in the order of the values."""
    values = {
        value if isinstance(value, int) else _MISSING_LONG + ord(value) - ord("a") + 1: text
        for value, text in labels.items()
    }
    texts, places, place = b"", [], 0
    for value in sorted(values):
        text = values[value].encode() + b"\0"
        places.append(place)
        place += len(text)
        texts += text
    count = len(values)
    table = struct.pack(f"<ii{count}i{count}i", count, len(texts), *places, *sorted(values)) + texts
    return _tagged("lbl", struct.pack("<i", len(table)) + _padded(name, 129) + bytes(3) + table)


def texts(values: Sequence[str | None]) -> Cells:
    """Texts in UTF-8, of at most 2045 bytes, cut at a whole character."""
    found = [(value or "").encode() for value in values]
    cut = [
        t if len(t) <= MAX_TEXT else t[:MAX_TEXT].decode("utf-8", "ignore").encode() for t in found
    ]
    return np.array(cut, dtype=f"S{max((len(text) for text in cut), default=1) or 1}")
