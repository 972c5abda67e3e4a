"""Rows of a result as tables: which columns go together, and which rows."""

from __future__ import annotations

import pytest

from stancegraph.texts import between_text
from stancegraph.web.tables import Cell, columns_of, filled, merged


@pytest.mark.parametrize(
    ("earliest", "latest", "text"),
    [
        ("2015-07-08", "2015-07-08", "8 July 2015"),
        ("2015-01-01", "2015-12-31", "2015"),
        ("2016-02-01", "2016-02-29", "February 2016"),
        ("2015-07-08", "2015-07-10", "between 8 July 2015 and 10 July 2015"),
        ("2015-07-08", "", "8 July 2015 or later"),
        ("", "2015-07-08", "by 8 July 2015"),
    ],
)
def test_the_bounds_of_a_day_are_read_as_one(earliest: str, latest: str, text: str) -> None:
    """A whole month or year is called so, since that is all that was stated."""
    assert between_text(earliest, latest) == text


def test_columns_that_belong_together_are_one() -> None:
    """Names go with their things, the latest day with the earliest, a basis with its value."""
    names = ["who", "whoLabel", "sinceEarliest", "sinceLatest", "sinceBasis", "earliest", "latest"]

    columns = columns_of(names)

    assert [column.heading for column in columns] == ["who", "since", "date"]
    assert (columns[1].until, columns[1].rests_on) == ("sinceLatest", "sinceBasis")


def test_rows_that_differ_only_in_their_evidence_are_one() -> None:
    """The first keeps its place, and leads to the evidence of all."""
    rows = [
        [Cell("party"), Cell("a", "/a", grounds="claim")],
        [Cell("signatory"), Cell("b", "/b", grounds="claim")],
        [Cell("party"), Cell("c", "/c", grounds="claim")],
    ]

    first, second = merged(rows)

    assert [cell.text for cell in first] == ["party", "a"]
    assert [cell.text for cell in first[1].more] == ["c"]
    assert second[1].more == ()


def test_a_column_without_values_is_left_out() -> None:
    columns = columns_of(["a", "b"])

    kept, rows = filled(columns, [(Cell("1"), Cell()), (Cell("2"), Cell())])

    assert [column.name for column in kept] == ["a"]
    assert rows == [(Cell("1"),), (Cell("2"),)]
