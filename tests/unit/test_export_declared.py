"""What headers may say of tables and networks, and what is told where they are wrong."""

from __future__ import annotations

from typing import Any

import pytest

from stancegraph.export.declared import read_network, read_table, snake, unique

COLUMNS = ("actor", "actorLabel", "year", "choice")
PREFIXES = {"ex": "https://example.org/", "code": "https://example.org/code/"}
GOOD: dict[str, Any] = {
    "unit": "an actor in a year",
    "claims": "ex:Vote",
    "columns": {
        "actor": {"is": "thing", "of": "ex:actor", "key": True},
        "year": {"is": "integer", "label": "year", "note": "Of the vote.", "key": True},
        "choice": {"is": "code", "of": "ex:choice", "scheme": "code:choice"},
    },
}


def told(**changes: Any) -> list[str]:
    """What is wrong with a table whose columns are changed; None removes one."""
    columns = {k: v for k, v in {**GOOD["columns"], **changes}.items() if v is not None}
    return read_table({**GOOD, "columns": columns}, COLUMNS, PREFIXES)[1]


def test_a_table_is_read_in_the_order_of_its_query() -> None:
    """With IRIs in place of prefixed names; a name of a thing needs no word of its own."""
    table, wrong = read_table(GOOD, COLUMNS, PREFIXES)

    assert (wrong, table is not None) == ([], True)
    assert table is not None
    assert list(table.columns) == ["actor", "year", "choice"]
    assert table.claims == ("https://example.org/Vote",)
    assert table.columns["choice"].scheme == "https://example.org/code/choice"
    assert table.columns["choice"].blank == ("not-coded",)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"year": None}, "say what year is"),
        ({"yaer": "text"}, "'yaer' is no column; did you mean year?"),
        ({"year": {"is": "whole", "of": "ex:year"}}, "'whole' is none of thing, code, text"),
        ({"year": "integer"}, "say what it is about"),
        ({"choice": {"is": "code", "of": "ex:choice"}}, "a code has a scheme"),
        ({"choice": {"is": "text", "of": "px:choice"}}, "'px:choice' is no IRI"),
        ({"choice": {"is": "text", "of": "ex:c", "blank": "none"}}, "'none' is none of unknown"),
        ({"choice": {"is": "text", "of": "ex:c", "kee": True}}, "unknown key 'kee': write key"),
        ({"choice": {"is": "text", "of": "ex:c", "label": "x" * 81}}, "more than 80 characters"),
    ],
)
def test_what_is_wrong_with_a_column_is_told(changes: dict[str, Any], sentence: str) -> None:
    """With what to write instead."""
    assert any(sentence in problem for problem in told(**changes)), told(**changes)


def test_rows_must_be_told_apart() -> None:
    """By at least one key."""
    plain = {name: {**said, "key": False} for name, said in GOOD["columns"].items()}

    assert told(**plain) == ["table: say which columns tell the rows apart: {key: true}"]


def test_a_network_needs_its_table() -> None:
    """And ends that are columns."""
    table, _ = read_table(GOOD, COLUMNS, PREFIXES)
    said = {"unit": "two actors", "source": "actor", "target": "othr"}

    _, wrong = read_network(said, COLUMNS, table)

    assert [problem.partition(";")[0] for problem in wrong] == [
        "network: target: 'othr' is no column"
    ]
    assert read_network({**said, "target": "actor"}, COLUMNS, None)[1] == [
        "network: say in table what the columns are"
    ]


def test_names_of_columns_fit_into_stata() -> None:
    """Small letters, at most 32, none twice."""
    assert snake("signedEarliest") == "signed_earliest"
    taken: set[str] = set()
    for title in ("A/RES/74/247, General Assembly", "A/RES/74/247, General Assembly", "74/247"):
        taken.add(unique(title, taken.__contains__))
    assert taken == {
        "a_res_74_247_general_assembly", "a_res_74_247_general_assembly_2", "c_74_247",
    }  # fmt: skip
    assert all(len(unique("x" * 40, {"x" * 32}.__contains__)) <= 32 for _ in range(1))
