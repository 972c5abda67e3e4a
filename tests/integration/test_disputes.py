"""Disputes and coverage over HTTP: contradictions with both sides, and how complete lists are."""

from __future__ import annotations

import csv
import html
import io
from typing import TYPE_CHECKING, Any

import pyoxigraph as ox

from stancegraph.web.disputes import Side, clusters

if TYPE_CHECKING:
    from flask.testing import FlaskClient

HTML = {"Accept": "text/html"}
CHINA = "/id/action/wipo-copyright-treaty/CHN/signature"


def told(client: FlaskClient, address: str) -> dict[str, Any]:
    reply = client.get(address)
    assert reply.status_code == 200, reply.text
    found: dict[str, Any] = reply.get_json()
    return found


def test_claims_that_contradict_each_other_stand_together() -> None:
    """Through others too; what is not settled comes first, what is deprecated last."""
    a, b, c, d, e = (ox.NamedNode(f"https://example.org/{letter}") for letter in "abcde")
    sides = [
        Side(a, frozenset({b}), deprecated=True),
        Side(b, frozenset({a, c}), deprecated=False),
        Side(c, frozenset({b}), deprecated=True),
        Side(d, frozenset({e}), deprecated=False),
        Side(e, frozenset({d}), deprecated=False),
    ]

    found = clusters(sides)

    assert [[side.claim for side in cluster] for cluster in found] == [[d, e], [b, a, c]]


def test_every_contradiction_is_there_with_both_sides(client: FlaskClient) -> None:
    """As many claims as the saved query has, each with what it rests on."""
    asked = client.get("/queries/claims/disputed?format=csv").text
    pairs = list(csv.DictReader(io.StringIO(asked)))
    rows = list(csv.DictReader(io.StringIO(client.get("/disputes.csv").text)))

    base = "https://w3id.org/stancegraph"
    known = {row[name] for row in pairs for name in ("claim", "otherClaim")}
    assert {f"{base}{row['claim']}" for row in rows} == known
    assert all(row["source"] and row["rank"] for row in rows)
    assert {row["settled"] for row in rows} == {"true", "false"}
    assert all(row["rankReason"] for row in rows if row["rank"] == "deprecated")


def test_what_is_not_settled_says_why(client: FlaskClient) -> None:
    """The first page begins with these."""
    first = told(client, "/disputes.json")

    assert not first["disputes"][0]["settled"]
    for dispute in first["disputes"]:
        assert len(dispute["claims"]) > 1
        if not dispute["settled"]:
            reasons = [side["rankReasons"] for side in dispute["claims"] if side["rankReasons"]]
            assert dispute["unresolvedReason"] or reasons


def test_disputes_about_a_thing_are_those_in_which_a_side_names_it(
    client: FlaskClient,
) -> None:
    """It may be given by its name; the page says which it is."""
    china = told(client, "/disputes.json?of=China")
    page = client.get("/disputes?of=CHN", headers=HTML)

    addresses = {side["address"] for each in china["disputes"] for side in each["claims"]}
    assert CHINA in addresses
    assert "Disputes about China" in page.text
    assert china["total"] < told(client, "/disputes.json")["total"]


def test_who_asks_of_what_is_unknown_is_told(client: FlaskClient) -> None:
    """With what may be meant."""
    reply = client.get("/disputes?of=Chinna", headers={"Accept": "application/json"})

    assert reply.status_code == 400
    assert "state/CHN" in reply.get_json(force=True)["parameters"]["of"]


def test_coverage_tells_of_every_list_in_words(client: FlaskClient) -> None:
    """As the query that other queries name; and by how complete they are."""
    (lists,) = told(client, "/coverage.json")["lists"]
    (complete,) = told(client, "/coverage.json?completeness=complete")["lists"]

    assert lists["query"] == "coverage/lists"
    assert len(lists["statements"]) == sum(lists["counts"].values())
    assert len(complete["statements"]) == lists["counts"]["complete"]
    assert all(": complete" in statement for statement in complete["statements"])
    page = html.unescape(client.get("/coverage?completeness=incomplete", headers=HTML).text)
    assert 'href="/coverage?completeness=not+covered"' in page
    assert "/id/coverage/" in page


def test_a_completeness_of_which_there_is_no_list_is_told(client: FlaskClient) -> None:
    """With those that there are."""
    reply = client.get("/coverage?completeness=half", headers={"Accept": "application/json"})

    assert reply.status_code == 400
    assert "incomplete" in reply.get_json(force=True)["parameters"]["completeness"]
