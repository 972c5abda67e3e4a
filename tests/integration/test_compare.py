"""Compare over HTTP: things side by side, as pages, JSON and CSV."""

from __future__ import annotations

import csv
import html
import io
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from flask.testing import FlaskClient

HTML = {"Accept": "text/html"}
BASE = "https://w3id.org/stancegraph/id/"


def told(client: FlaskClient, asked: str) -> dict[str, Any]:
    reply = client.get(f"/compare.json?{asked}")
    assert reply.status_code == 200, reply.text
    found: dict[str, Any] = reply.get_json()
    return found


def row(compared: dict[str, Any], aspect: str, key: str) -> dict[str, Any]:
    """What one aspect says of one row."""
    (wanted,) = [each for each in compared["aspects"] if each["name"] == aspect]
    (found,) = [each for each in wanted["rows"] if each["row"] == f"{BASE}{key}"]
    assert isinstance(found, dict)
    return found


def test_what_is_so_and_is_not_and_is_unknown_are_told_apart(client: FlaskClient) -> None:
    """And where there is nothing to know: before a treaty was made, or for who has no vote."""
    compared = told(client, "things=CAN,CHN,RUS,eu&asOf=2021-12-31")

    budapest = row(compared, "treaties", "treaty/budapest-convention")
    later = row(compared, "treaties", "treaty/un-cybercrime-convention")
    vote = row(compared, "votes", "rollcall/unga/A-RES-74-247")
    ways = [cell["known"] for cell in budapest["cells"]]
    assert ways[:3] == ["yes", "no", "unknown"]
    assert [cell["values"] for cell in budapest["cells"]][:2] == [["party"], ["not a party"]]
    assert budapest["differs"]
    assert {cell["known"] for cell in later["cells"]} == {"not applicable"}
    assert not later["differs"]
    assert [cell["values"] for cell in vote["cells"]] == [["no"], ["yes"], ["yes"], []]
    assert vote["cells"][3]["known"] == "not applicable"


def test_each_cell_that_says_something_leads_to_what_it_rests_on(
    client: FlaskClient,
) -> None:
    """The claim, the derived statement, or the list that is complete."""
    compared = told(client, "things=CAN,CHN")

    for aspect in compared["aspects"]:
        for each in aspect["rows"]:
            for cell in each["cells"]:
                if cell["known"] in {"yes", "no"}:
                    assert cell["bases"], each
                    assert cell["values"], each
                else:
                    assert not cell["bases"], each
    assert client.get(
        row(compared, "treaties", "treaty/budapest-convention")["cells"][0]["bases"][0],
        headers=HTML,
    ).status_code == 200  # fmt: skip


def test_only_differences_leaves_out_what_is_alike_and_says_how_much(
    client: FlaskClient,
) -> None:
    """What differs in its last known day alone does not differ."""
    all_rows = told(client, "things=USA,GBR&rows=votes,treaties")
    different = told(client, "things=USA,GBR&rows=votes,treaties&only=differences")

    for whole, part in zip(all_rows["aspects"], different["aspects"], strict=True):
        kept = [each for each in whole["rows"] if each["differs"]]
        assert part["rows"] == kept
        assert part["hidden"] == len(whole["rows"]) - len(kept) > 0


def test_rows_may_be_chosen_one_by_one(client: FlaskClient) -> None:
    """By name or key, in whatever aspect they are."""
    compared = told(client, "things=CAN,CHN&rows=budapest-convention,coe")

    found = {
        each["row"].removeprefix(BASE) for aspect in compared["aspects"] for each in aspect["rows"]
    }
    assert found == {"treaty/budapest-convention", "organisation/coe"}


def test_the_day_changes_what_held(client: FlaskClient) -> None:
    """Of treaties and memberships, and which votes and stances there were."""
    before = told(client, "things=CAN,PER&rows=treaties,votes&asOf=2010-01-01")
    after = told(client, "things=CAN,PER&rows=treaties,votes&asOf=2021-01-01")

    key = "treaty/budapest-convention"
    assert row(before, "treaties", key)["cells"][0]["values"] == ["signatory"]
    assert row(after, "treaties", key)["cells"][0]["values"] == ["party"]
    votes = [len(compared["aspects"][1]["rows"]) for compared in (before, after)]
    assert votes[0] < votes[1]


def test_a_matrix_comes_with_its_formula_and_the_day(client: FlaskClient) -> None:
    """Each with each, in both directions; it counts no vote after the day."""
    now = told(client, "things=CAN,CHN,BRA&rows=agreement-matrix")["aspects"][0]["matrix"]
    then = told(client, "things=CAN,CHN,BRA&rows=agreement-matrix&asOf=2019-01-01")

    assert len(now["rows"]) == 6
    assert "Lijphart" in now["formula"]
    shared = int(then["aspects"][0]["matrix"]["rows"][0]["sharedVotes"])
    assert 0 < shared < int(now["rows"][0]["sharedVotes"])
    page = client.get("/compare?things=CAN,CHN,BRA&rows=agreement-matrix", headers=HTML).text
    assert "<svg" in page
    assert "index of agreement" in page


def test_csv_has_each_cell(client: FlaskClient) -> None:
    """With its evidence."""
    reply = client.get("/compare.csv?things=CAN,CHN&rows=treaties,budapest-convention")
    rows = list(csv.DictReader(io.StringIO(reply.text)))

    assert [(each["thingLabel"], each["value"], each["known"]) for each in rows] == [
        ("Canada", "party", "yes"),
        ("China", "not a party", "no"),
    ]
    assert rows[1]["valueBasis"] == "/id/status/budapest-convention/CHN/non-party"


@pytest.mark.parametrize(
    ("asked", "address"),
    [
        ("things=Canada&things=&things=china", "/compare?things=CAN,CHN"),
        ("things=Korea,+Republic+of&things=CAN&rows=votes", "/compare?things=KOR,CAN&rows=votes"),
        ("things=CAN,CHN&asOf=2026-11-22&only=", "/compare?things=CAN,CHN"),
        ("things=state/CAN,CAN,CHN&rows=treaties&rows=votes", None),
    ],
)
def test_a_form_leads_to_one_address(client: FlaskClient, asked: str, address: str | None) -> None:
    """Which can be shared: it is as short as can be, and leads to itself."""
    reply = client.get(f"/compare?{asked}", headers=HTML)

    assert reply.status_code == 302
    location = reply.headers["Location"]
    assert location == (address or "/compare?things=CAN,CHN&rows=treaties,votes")
    page = client.get(location, headers=HTML)
    assert page.status_code == 200
    assert f'<link rel="canonical" href="{location}">' in html.unescape(page.text)


def test_what_means_nothing_is_told_with_what_may_be_meant(client: FlaskClient) -> None:
    """On the page as links that keep the rest; in JSON for each argument."""
    page = client.get("/compare?things=CAN,korea,zzz", headers=HTML)
    problem = client.get("/compare.json?things=zzz&rows=planets&asOf=soon&only=some")

    links = html.unescape(page.text)
    assert page.status_code == 400
    assert 'href="/compare?things=CAN,PRK,zzz"' in links
    assert set(problem.get_json(force=True)["parameters"]) == {"things", "rows", "asOf", "only"}


def test_what_is_wrong_is_told_where_nothing_is_compared_yet(client: FlaskClient) -> None:
    """An argument that there is none of is a mistake in the address, and no blank form."""
    assert client.get("/compare?thing=CAN&asOf=soon", headers=HTML).status_code == 400
    assert client.get("/compare?things=&asOf=", headers=HTML).status_code == 200


def test_the_page_of_a_thing_leads_to_its_comparison(client: FlaskClient) -> None:
    """As of the same day; that of a thing which nothing compares does not."""
    canada = html.unescape(client.get("/id/state/CAN?asOf=2012-01-01", headers=HTML).text)
    source = client.get("/id/source/atlas-peru", headers=HTML).text

    assert 'href="/compare?things=CAN&asOf=2012-01-01"' in canada
    assert "/compare?things" not in source


def test_a_past_day_is_told_in_the_headers_of_memento(client: FlaskClient) -> None:
    """As on every page that is of a day."""
    reply = client.get("/compare?things=CAN,CHN&asOf=2012-01-01", headers=HTML)

    assert reply.headers["Memento-Datetime"] == "Sun, 01 Jan 2012 00:00:00 GMT"
