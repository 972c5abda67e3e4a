"""What type a column of an answer has, and what a caller may give for a parameter."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from stancegraph.client.answer import read, texts_of
from stancegraph.errors import BadParameter
from stancegraph.terms import XSD

INF = float("inf")
MIDNIGHT = datetime(2020, 1, 1)  # noqa: DTZ001 - as pandas has days


def answer(name: str, *values: str | tuple[str, str] | None) -> bytes:
    """SPARQL JSON with one column: of IRIs, of literals with their type, or of nothing."""
    bindings: list[dict[str, object]] = []
    for value in values:
        if isinstance(value, tuple):
            text, datatype = value
            bindings.append(
                {name: {"type": "literal", "value": text, "datatype": XSD[datatype].value}}
            )
        else:
            bindings.append({} if value is None else {name: {"type": "uri", "value": value}})
    return json.dumps({"head": {"vars": [name]}, "results": {"bindings": bindings}}).encode()


@pytest.mark.parametrize(
    ("values", "kind", "held"),
    [
        ((("1", "integer"), None, ("-2", "long")), "integer", [1, None, -2]),
        ((("1", "integer"), ("9223372036854775808", "integer")), "text", None),
        ((("1", "integer"), ("0.5", "decimal"), ("-INF", "double")), "number", [1, 0.5, -INF]),
        ((("true", "boolean"), ("0", "boolean"), None), "truth", [True, False, None]),
        ((("2001-11-23", "date"), None), "day", ["2001-11-23", None]),
        ((("2001-11-23", "date"), ("2001", "gYear")), "text", ["2001-11-23", "2001"]),
        ((("2001-11-23Z", "date"),), "text", ["2001-11-23Z"]),
        (("https://example.org/", ("7", "integer")), "text", ["https://example.org/", "7"]),
    ],
)  # fmt: skip
def test_a_column_is_of_the_narrowest_type_that_holds_all_its_values(
    values: tuple[str | tuple[str, str] | None, ...], kind: str, held: list[object] | None
) -> None:
    """A date of which only the year is known stays what it is, and with it its column."""
    (column,) = read(answer("found", *values)).columns

    assert column.kind == kind
    if held is not None:
        assert column.values == held


@pytest.mark.parametrize(
    ("name", "kind"), [("earliest", "day"), ("sinceLatest", "day"), ("label", "text")]
)
def test_a_column_without_values_is_of_days_if_it_bounds_one(name: str, kind: str) -> None:
    """So that what is done with days works on any answer, one without rows too."""
    (column,) = read(answer(name)).columns

    assert (column.kind, column.values) == (kind, [])


def test_half_an_answer_is_none() -> None:
    whole = answer("found", ("1", "integer"), ("2", "integer"))

    for part in (whole[:-4], b"[]", b'{"head": {"vars": ["found"]}}'):
        with pytest.raises(ValueError, match=r"Expecting|object|'results'"):
            read(part)


def test_parameters_are_given_as_python_has_them() -> None:
    given = {
        "country": "CAN", "asOf": date(2019, 12, 27), "since": MIDNIGHT, "kappa": True,
        "least": 0.5, "most": Decimal("1E+2"), "rows": 3, "states": ["CAN", "PER"], "theme": None,
    }  # fmt: skip

    assert texts_of(given) == {
        "country": ["CAN"], "asOf": ["2019-12-27"], "since": ["2020-01-01"], "kappa": ["true"],
        "least": ["0.5"], "most": ["100"], "rows": ["3"], "states": ["CAN", "PER"],
    }  # fmt: skip


@pytest.mark.parametrize("value", [b"CAN", datetime(2020, 1, 1, 12, tzinfo=UTC), object()])
def test_what_is_no_value_is_told(value: object) -> None:
    """Bytes, a time of day: nothing is cut off to make them fit."""
    with pytest.raises(BadParameter, match="neither text, a number, a truth value nor a day"):
        texts_of({"country": value})
