"""Explore over HTTP: lists with facets and counts, as pages, JSON and CSV."""

from __future__ import annotations

import csv
import html
import io
import re
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from flask.testing import FlaskClient

HTML = {"Accept": "text/html"}


def told(client: FlaskClient, address: str, **arguments: Any) -> dict[str, Any]:
    reply = client.get(address, query_string=arguments, headers={"Accept": "application/json"})
    assert reply.status_code == 200, reply.text
    found: dict[str, Any] = reply.get_json()
    return found


def counts(listed: dict[str, Any], facet: str) -> dict[str, int]:
    """How many things have each value of a facet."""
    (found,) = [each for each in listed["facets"] if each["name"] == facet]
    return {value["value"]: value["count"] for value in found["values"]}


def keys(listed: dict[str, Any]) -> list[str]:
    """The things on a part of a list, each once, in order."""
    return list(dict.fromkeys(row["thing"]["value"] for row in listed["rows"]))


def lists(client: FlaskClient) -> list[str]:
    return [each["name"] for each in told(client, "/explore")["lists"]]


def test_every_list_answers_in_each_form(client: FlaskClient) -> None:
    """The page has as many things as JSON says, and every value that it offers leads on."""
    assert {"states", "claims", "stances", "documents", "sources"} <= set(lists(client))
    for name in lists(client):
        listed = told(client, f"/explore/{name}", limit=3)
        page = client.get(f"/explore/{name}", headers=HTML)
        assert page.status_code == 200, name
        assert f"{listed['total']:,} things" in page.text
        assert len(keys(listed)) == min(3, listed["total"])
        assert all(facet["values"] for facet in listed["facets"]), name
        for facet in listed["facets"]:
            value = facet["values"][0]
            narrowed = told(client, f"/explore/{name}", **{facet["name"]: value["value"]}, limit=1)
            assert narrowed["total"] == value["count"], (name, facet["name"])


def test_counts_are_those_of_the_things_that_are_listed(client: FlaskClient) -> None:
    """All of them, counted from the rows."""
    listed = told(client, "/explore/treaties", limit=200)
    signed = told(client, "/explore/treaty-actions", treaty="budapest-convention", limit=200)

    assert listed["total"] == len(keys(listed))
    by_depositary: dict[str, set[str]] = {}
    for row in listed["rows"]:
        if "depositary" in row:
            key = row["depositary"]["value"].rpartition("/")[2]
            by_depositary.setdefault(key, set()).add(row["thing"]["value"])
    assert counts(listed, "depositary") == {key: len(found) for key, found in by_depositary.items()}
    assert sum(counts(signed, "kind").values()) == signed["total"]


def test_choices_of_one_facet_add_up_and_of_two_narrow_down(client: FlaskClient) -> None:
    """Any of the values of a facet, and all facets."""
    listed = told(client, "/explore/stances")
    positions = counts(listed, "position")

    either = told(client, "/explore/stances", position=["supports", "opposes"])
    both = told(client, "/explore/stances", position="supports", region="Europe")

    assert either["total"] == positions["supports"] + positions["opposes"]
    assert 0 < both["total"] < positions["supports"]
    assert counts(both, "position")["supports"] == both["total"]


def test_pages_follow_each_other_in_one_order(client: FlaskClient) -> None:
    """Each thing stands on one of them, and the last has no next."""
    first = told(client, "/explore/resolutions", limit=12, sort="symbol")
    second = client.get(first["next"]).get_json()

    assert second["next"] is None
    assert len(keys(first) + keys(second)) == first["total"]
    turned = told(client, "/explore/resolutions", limit=30, sort="-symbol")
    assert keys(turned) == (keys(first) + keys(second))[::-1]


def test_csv_has_all_that_is_chosen(client: FlaskClient) -> None:
    """However many pages that is."""
    listed = told(client, "/explore/votes", choice="no")
    reply = client.get("/explore/votes.csv?choice=no")

    rows = list(csv.DictReader(io.StringIO(reply.text)))
    assert reply.mimetype == "text/csv"
    assert list(rows[0]) == listed["columns"]
    assert len({row["thing"] for row in rows}) == listed["total"] > listed["limit"]
    assert {row["choice"] for row in rows} == {"no"}


def test_the_page_links_to_what_else_can_be_chosen(client: FlaskClient) -> None:
    """A value adds itself to the address, and one that is chosen takes itself away."""
    reply = client.get("/explore/claims?rank=deprecated&page=1", headers=HTML)
    links = [
        html.unescape(link) for link in re.findall(r'href="(/explore/claims[^"]*)"', reply.text)
    ]

    assert "/explore/claims?rank=deprecated&contradicted=true" in links
    assert "/explore/claims" in links
    assert "/explore/claims.csv?rank=deprecated" in links
    assert "/explore/claims?kind=sg:TreatyAction&rank=deprecated" in links


@pytest.mark.parametrize(
    ("address", "wrong"),
    [
        ("/explore/claims?rank=best", {"rank"}),
        ("/explore/claims?ranks=normal", {"ranks"}),
        ("/explore/claims?sort=size&limit=1000&page=0", {"sort", "limit", "page"}),
        ("/explore/claims?contradicted=maybe&year=soon", {"contradicted", "year"}),
    ],
)
def test_a_choice_that_means_nothing_is_told(
    client: FlaskClient, address: str, wrong: set[str]
) -> None:
    """All that is wrong at once, with what would be right."""
    reply = client.get(address, headers={"Accept": "application/json"})

    assert reply.status_code == 400
    assert set(reply.get_json(force=True)["parameters"]) == wrong


def test_an_unknown_list_is_told_with_those_that_there_are(client: FlaskClient) -> None:
    """Also where only the ending is unknown."""
    for address in ("/explore/planets", "/explore/states.pdf"):
        reply = client.get(address, headers={"Accept": "application/json"})
        assert reply.status_code == 404
        assert "states" in reply.get_json(force=True)["detail"]


def test_a_choice_without_things_is_no_error(client: FlaskClient) -> None:
    """And does not say that there are none in the world."""
    reply = client.get("/explore/stances?position=opposes&year=1950", headers=HTML)

    assert reply.status_code == 200
    assert "That nothing is on record does not mean that it is not so." in reply.text
