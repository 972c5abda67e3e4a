"""Tables as wide as their window."""

from __future__ import annotations

from stancegraph.commands.table import table_lines


def test_columns_are_as_wide_as_their_widest_cell() -> None:
    """Without a bound, nothing is cut and no line ends in blanks."""
    lines = table_lines([["state", "choice"], ["state/CAN", "no"], ["state/PER", ""]], None)

    assert lines == ["state      choice", "state/CAN  no", "state/PER"]


def test_the_widest_columns_are_cut_to_the_window() -> None:
    """Narrow columns stay whole as long as wider ones can give."""
    lines = table_lines([["key", "title"], ["CAN", "a title that is much too long"]], 20)

    assert lines == ["key  title", "CAN  a title that i…"]


def test_rows_that_no_cutting_fits_become_paragraphs() -> None:
    """A line a cell, empty cells left out, so that a narrow window shows every column."""
    rows = [["state", "label", "note"], ["state/CAN" * 3, "Canada" * 3, ""], ["a" * 14, "b", "c"]]

    lines = table_lines(rows, 20)

    assert lines == [
        "state  state/CANsta…",
        "label  CanadaCanada…",
        "",
        "state  aaaaaaaaaaaa…",
        "label  b",
        "note   c",
    ]


def test_wide_letters_take_two_places_and_accents_none() -> None:
    """Columns behind Chinese names or combining accents still line up."""
    lines = table_lines([["name", "x"], ["中国", "1"], ["Pe\u0301ru", "2"]], None)

    assert lines == ["name  x", "中国  1", "Pe\u0301ru  2"]


def test_a_table_without_rows_is_its_headings() -> None:
    """Nothing found is still an answer."""
    assert table_lines([["state", "choice"]], 5) == ["state  choice"]
