"""Which pictures are offered for the rows of a query that somebody typed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyoxigraph as ox
import pytest

from stancegraph.terms import XSD
from stancegraph.web import byhand
from stancegraph.web.pictures import Place

if TYPE_CHECKING:
    from stancegraph.engine import Term

CANADA, PERU = (ox.NamedNode(f"http://example.org/{name}") for name in ("CAN", "PER"))
NUMBER = ox.Literal(3)
DAY = ox.Literal("2001-11-23", datatype=XSD.date)
NAME, OTHER = ox.Literal("Canada"), ox.Literal("Peru")


@pytest.fixture(autouse=True)
def _two_places(monkeypatch: pytest.MonkeyPatch) -> None:
    """A graph that has Canada and Peru on its map."""
    known = {place.value: Place("", "", (0.0, 0.0)) for place in (CANADA, PERU)}
    monkeypatch.setattr(byhand, "places", lambda _: known)
    monkeypatch.setattr(byhand, "current_site", lambda: None)


@pytest.mark.parametrize(
    ("row", "offered"),
    [
        ({"state": CANADA, "stateLabel": NAME, "votes": NUMBER}, {"map", "bars"}),
        ({"stateLabel": NAME, "on": DAY}, {"timeline"}),
        ({"a": CANADA, "b": PERU}, {"network"}),
        ({"aLabel": NAME, "bLabel": OTHER, "share": NUMBER}, {"bars", "matrix"}),
        ({"what": NAME}, set()),
    ],
)
def test_a_picture_is_offered_where_each_part_has_a_column(
    row: dict[str, Term], offered: set[str]
) -> None:
    """Places with a value are a map, and so on; a thing and its name are no two columns."""
    views = byhand.fitting(list(row), [row])

    assert {view.type for view in views} == offered
    for view in views:
        assert len(set(view.columns.values())) == len(view.columns)
