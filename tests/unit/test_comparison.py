"""Comparing things side by side: how a header declares it."""

from __future__ import annotations

from typing import Any

import pyoxigraph as ox
import pytest

from stancegraph.comparison import Comparison, read
from stancegraph.parameters import Parameter
from stancegraph.terms import XSD

THING = ox.NamedNode("https://example.org/id/state/CAN")
DAY = ox.Literal("2020-01-01", datatype=XSD.date)
PARAMS = {
    "thing": Parameter("thing", "iri", ("state",), (), "", THING, is_list=True),
    "before": Parameter("before", "xsd:date", (), (), "", DAY, optional=True),
}
COLUMNS = ["row", "thing", "value"]
DECLARED: dict[str, Any] = {"by": "thing", "heading": "Treaties", "order": 10}


def test_a_comparison_names_the_list_of_things() -> None:
    """And may name the parameter that ends the time which it looks at."""
    found, problems = read({**DECLARED, "dayAfter": "before"}, PARAMS, COLUMNS, drawn=False)

    assert problems == []
    assert found == Comparison("thing", "Treaties", 10.0, "before")


def test_a_matrix_has_columns_of_its_own() -> None:
    """They are those of its view."""
    found, problems = read(DECLARED, PARAMS, ["actor", "other", "agreement"], drawn=True)

    assert problems == []
    assert found is not None


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("thing", "compare must name the parameter"),
        ({**DECLARED, "rows": 3}, "compare has an unknown key 'rows'"),
        ({**DECLARED, "by": "before"}, "compare: by names a parameter that is a list of things"),
        ({**DECLARED, "heading": 3}, "compare: heading must be text"),
        ({**DECLARED, "order": "first"}, "compare: order must be a number"),
        ({**DECLARED, "dayAfter": "thing"}, "compare: dayAfter names a parameter that is a day"),
    ],
)
def test_what_is_wrong_with_a_comparison_is_told(said: object, told: str) -> None:
    """Whatever YAML made of it."""
    found, problems = read(said, PARAMS, COLUMNS, drawn=False)

    assert found is None
    assert any(problem.startswith(told) for problem in problems), problems


def test_the_cells_need_a_row_a_thing_and_a_value() -> None:
    """And nothing that a reader would have to set beside the things."""
    needed = Parameter("treaty", "iri", ("treaty",), (), "", THING)

    _, missing = read(DECLARED, PARAMS, ["row", "value"], drawn=False)
    _, more = read(DECLARED, {**PARAMS, "treaty": needed}, COLUMNS, drawn=False)

    assert missing == ["a query with compare projects ?thing too"]
    assert more == ["compare: treaty would be needed too: give it a default"]
