"""Tables are read as they are written, and each cell for what its column holds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyoxigraph as ox
import pytest

from stancegraph.errors import OperationError
from stancegraph.importers.cells import CellReader, Wrong, _literal
from stancegraph.importers.resolve import Resolver
from stancegraph.importers.table import Row, read_table
from stancegraph.names import Names
from stancegraph.tablefile import Column, Template
from stancegraph.terms import XSD

if TYPE_CHECKING:
    from pathlib import Path

BASE = "https://example.org/"


def table_of(tmp_path: Path, content: bytes) -> Path:
    path = tmp_path / "table.csv"
    path.write_bytes(content)
    return path


def test_a_row_knows_its_line_whatever_line_breaks_its_cells_hold(tmp_path: Path) -> None:
    content = b'state,note\r\nCAN,"two\r\nlines"\r\n\r\nPER,"a ""quoted"" word"\r\n'

    table = read_table(table_of(tmp_path, content))

    assert [(row.line, dict(row.cells)) for row in table.rows] == [
        (2, {"state": "CAN", "note": "two\r\nlines"}),
        (5, {"state": "PER", "note": 'a "quoted" word'}),
    ]
    assert not table.problems


def test_a_byte_order_mark_is_no_part_of_the_first_column(tmp_path: Path) -> None:
    table = read_table(table_of(tmp_path, "\ufeffstate\nCôte d'Ivoire\n".encode()))

    assert table.header == ("state",)
    assert table.rows[0].cells["state"] == "Côte d'Ivoire"


def test_nothing_but_an_empty_cell_is_missing(tmp_path: Path) -> None:
    """``NA`` is Namibia, and a row of empty cells is no row."""
    table = read_table(table_of(tmp_path, b"iso2,note\nNA,n/a\n,\nNULL, \n"))

    assert [tuple(row.cells.values()) for row in table.rows] == [("NA", "n/a"), ("NULL", "")]


@pytest.mark.parametrize(
    ("content", "line", "told"),
    [
        (b"a,b\n1,2\n1,2,3\n", 3, "3 cells where the header has 2"),
        (b"a,b\n1\n", 2, "1 cells where the header has 2"),
        (b"a,b\n,\n", 1, "holds no row"),
        (b"a,a\n1,2\n", 1, "two columns are called a"),
        (b"a,,c\n1,2,3\n", 1, "cell 2 of the header is empty"),
        (b"a;b\n1;2\n", 1, "separated by ';'"),
        (b"a\tb\n1\t2\n", 1, "separated by tabs"),
        (b"", 1, "is empty"),
        (b"a\n\xe9\n", 2, "is not UTF-8 (byte 0xE9)"),
        (b'a\n"x" y\n', 2, "is no CSV"),
    ],
)
def test_what_is_no_table_is_told_with_its_line(
    tmp_path: Path, content: bytes, line: int, told: str
) -> None:
    problems = read_table(table_of(tmp_path, content)).problems

    assert [problem.line for problem in problems] == [line]
    assert told in problems[0].message


def test_a_table_that_cannot_be_read_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(OperationError, match="cannot be read"):
        read_table(tmp_path / "none.csv")


@pytest.mark.parametrize(
    ("kind", "text", "term"),
    [
        ("date", "2019-12-27", ox.Literal("2019-12-27", datatype=XSD.date)),
        ("date", "2019-12", ox.Literal("2019-12", datatype=XSD.gYearMonth)),
        ("date", "2019", ox.Literal("2019", datatype=XSD.gYear)),
        ("day", "2020-02-29", ox.Literal("2020-02-29", datatype=XSD.date)),
        ("decimal", "92.90", ox.Literal("92.9", datatype=XSD.decimal)),
        ("decimal", "18596", ox.Literal("18596", datatype=XSD.decimal)),
        ("decimal", "1.0", ox.Literal("1", datatype=XSD.decimal)),
        ("integer", "0", ox.Literal("0", datatype=XSD.integer)),
        ("boolean", "Yes", ox.Literal("true", datatype=XSD.boolean)),
        ("string", "A/74/PV.52", ox.Literal("A/74/PV.52")),
        ("text", "a word", ox.Literal("a word", language="en")),
        ("url", "https://example.org/a?b", ox.NamedNode("https://example.org/a?b")),
    ],
)
def test_a_cell_becomes_a_term_no_more_precise_than_it_is(
    kind: str, text: str, term: ox.Literal | ox.NamedNode
) -> None:
    assert _literal(text, Column("c", kind), {}).term == term


@pytest.mark.parametrize(
    ("kind", "text", "told"),
    [
        ("date", "2019-02-30", "2019-02-30 is not in the calendar"),
        ("date", "03/04/2019", "may be 2019-03-04 or 2019-04-03: write which"),
        ("date", "13/04/2019", "write 2019-04-13"),
        ("date", "2019-3-4", "write 2019-03-04"),
        ("date", "circa 2019", "write 2019-12-27, 2019-12 or 2019"),
        ("day", "2019-03", "write 2019-03"),
        ("decimal", "18,596", "nothing between thousands"),
        ("integer", "2.5", "no whole number"),
        ("boolean", "maybe", "neither true nor false"),
        ("url", "www.example.org", "write https://"),
        ("url", "https://exa mple.org", "write https://"),
        ("words", "two words", "cannot stand in an IRI"),
        ("words", "../up", "cannot stand in an IRI"),
        ("language", "English (UK)", "no language tag"),
    ],
)
def test_what_a_column_does_not_hold_is_told_with_what_to_write(
    kind: str, text: str, told: str
) -> None:
    with pytest.raises(Wrong) as error:
        _literal(text, Column("c", kind), {})

    assert told in str(error.value)


def test_an_address_may_hold_the_mark_that_stands_between_addresses() -> None:
    columns = {"url": Column("url", "url", many=True), "name": Column("name", "string", many=True)}
    template = Template("kind", "kind.template", "", "", columns, (), {})
    reader = CellReader(template, Resolver(Names(BASE, {})))
    cells = {"url": "https://example.org/a;b=1; https://example.org/c", "name": "one;two ;; one"}

    reading, wrong = reader.read(Row(2, cells), {name: name for name in columns})

    assert [value.word for value in reading.values["url"]] == [
        "https://example.org/a;b=1",
        "https://example.org/c",
    ]
    assert [value.word for value in reading.values["name"]] == ["one", "two"]
    assert not wrong


def test_defaults_may_name_columns_that_come_later() -> None:
    columns = {
        "title": Column("title", "text", lang="{language}"),
        "place": Column("place", "string", default="row {title.label}", when="title"),
        "language": Column("language", "language", default="en"),
    }
    template = Template("kind", "kind.template", "", "", columns, (), {})
    reader = CellReader(template, Resolver(Names(BASE, {})))

    full, _ = reader.read(Row(2, {"title": "Ley", "language": "es"}), {n: n for n in columns})
    empty, _ = reader.read(Row(3, {}), {})

    assert full.values["title"][0].term == ox.Literal("Ley", language="es")
    assert full.values["place"][0].term == ox.Literal("row Ley")
    assert empty.values["place"] == ()
    assert full.given == {"title", "language"}
