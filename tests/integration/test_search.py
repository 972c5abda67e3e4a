"""Search over HTTP: the page, and the same as JSON."""

from __future__ import annotations

import html
import json
import re
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from flask.testing import FlaskClient

HTML = {"Accept": "text/html"}


def found(client: FlaskClient, **arguments: Any) -> dict[str, Any]:
    reply = client.get("/search.json", query_string=arguments)
    assert reply.status_code == 200, reply.text
    told: dict[str, Any] = reply.get_json()
    return told


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("ETS 185", "treaty/budapest-convention"),
        ("a/res/74/247", "resolution/A-RES-74-247"),
        ("Cote d'Ivoire", "state/CIV"),
        ("KOR", "state/KOR"),
        ("North Korea", "state/PRK"),
        ("turkiye", "state/TUR"),
        ("Phillipines", "state/PHL"),
        ("UNODC", "organisation/unodc"),
        ("budapset convention", "treaty/budapest-convention"),
        ("Zaire", "state/COD"),
        ("FYROM", "state/MKD"),
        ("Elfenbeinküste", "state/CIV"),
        ("Германия", "state/DEU"),
        ("Republic of China", "area/TWN"),
    ],
)
def test_a_thing_is_found_by_what_people_call_it(client: FlaskClient, text: str, key: str) -> None:
    """Codes, symbols, acronyms, names of other times and languages, with mistakes, plain."""
    assert found(client, q=text)["things"][0]["key"] == key


def test_kinds_are_counted_and_chosen(client: FlaskClient) -> None:
    """The counts are those of all kinds, whichever are chosen."""
    all_kinds = found(client, q="cybercrime")
    treaties = found(client, q="cybercrime", kind="treaty")

    counts = {each["kind"]: each["count"] for each in all_kinds["kinds"]}
    assert treaties["kinds"] == all_kinds["kinds"]
    assert treaties["total"] == counts["treaty"]
    assert all_kinds["total"] == sum(counts.values())
    assert {thing["kind"] for thing in treaties["things"]} == {"treaty"}


def test_pages_follow_each_other(client: FlaskClient) -> None:
    """Each thing stands on one of them; there is none after the last."""
    pages = [found(client, q="convention", limit=7, page=page) for page in (1, 2)]
    keys = [thing["key"] for page in pages for thing in page["things"]]

    assert len(set(keys)) == 14
    assert keys == [t["key"] for t in found(client, q="convention", limit=14)["things"]]
    assert found(client, q="convention", page=1000)["things"] == []


def test_a_search_for_a_parameter_tells_what_to_write(client: FlaskClient) -> None:
    """Only what the parameter takes is found, and nothing that is a question."""
    told = found(client, **{"q": "budapest", "for": "treaties/participants/treaty"})

    assert {thing["kind"] for thing in told["things"]} == {"treaty"}
    assert told["things"][0]["value"] == "budapest-convention"
    assert told["questions"] == []


def test_a_question_leads_to_the_saved_query_with_what_it_names(
    client: FlaskClient,
) -> None:
    """And its address answers."""
    text = "Who voted against A/RES/74/247 and then signed the UN cybercrime convention?"
    told = found(client, q=text)

    assert told["questions"][0]["named"] == {
        "resolution": ["A/RES/74/247"],
        "treaty": ["UN Convention against Cybercrime"],
    }
    assert {"resolution/A-RES-74-247", "treaty/un-cybercrime-convention"} <= {
        thing["key"] for thing in told["mentioned"]
    }
    assert client.get(told["questions"][0]["address"], headers=HTML).status_code == 200


@pytest.mark.parametrize(
    ("arguments", "wrong"),
    [
        ({"q": "x" * 301}, {"q"}),
        ({"q": ["a", "b"]}, {"q"}),
        ({"q": "a", "limit": "0", "page": "x", "kind": "planet"}, {"limit", "page", "kind"}),
        ({"q": "a", "for": "treaties/nothing/treaty"}, {"for"}),
        ({"q": "a", "for": "treaties/participants/asOf"}, {"for"}),
        ({"q": "a", "kinds": "state"}, {"kinds"}),
    ],
)
def test_what_is_wrong_is_told_of_each_argument(
    client: FlaskClient, arguments: dict[str, str], wrong: set[str]
) -> None:
    """As a problem document, with what would be right."""
    reply = client.get("/search.json", query_string=arguments)

    assert reply.status_code == 400
    assert reply.mimetype == "application/problem+json"
    assert set(json.loads(reply.text)["parameters"]) == wrong


def test_the_page_shows_what_json_tells(client: FlaskClient) -> None:
    """Kinds, names that fit, the questions, and links to narrow it down."""
    reply = client.get("/search", query_string={"q": "sponsors of A/RES/75/32"}, headers=HTML)
    text = html.unescape(reply.text)

    assert 'href="/id/resolution/A-RES-75-32"' in text
    assert 'href="/queries/votes/sponsors?resolution=A-RES-75-32"' in text
    narrowed = html.unescape(
        client.get("/search", query_string={"q": "south korea"}, headers=HTML).text
    )
    assert re.search(r'<a href="/search\?q=south\+korea&kind=state">state', narrowed)
    assert "also called South Korea" in narrowed


def test_the_page_and_json_are_one_address_by_accept(client: FlaskClient) -> None:
    """As everywhere else; and a page without a text is the form."""
    assert client.get("/search?q=peru", headers={"Accept": "application/json"}).is_json
    empty = client.get("/search", headers=HTML)
    assert empty.status_code == 200
    assert 'name="q"' in empty.text
    assert "<ol" not in empty.text


def test_a_text_is_shown_as_text(client: FlaskClient) -> None:
    """Whatever it would be in HTML, in SQL or as an address."""
    reply = client.get("/search", query_string={"q": "<b>\"x' OR 1&kind=</b>"}, headers=HTML)

    assert reply.status_code == 200
    assert "<b>" not in reply.text
    assert "&lt;b&gt;" in reply.text
