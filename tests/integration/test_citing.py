"""How pages are cited, and whether what was cited is still so."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest

if TYPE_CHECKING:
    from flask.testing import FlaskClient
    from werkzeug.test import TestResponse

QUERY = "/queries/votes/resolution?resolution=A-RES-74-247"
SPARQL = f"/sparql?query={quote('SELECT ?s WHERE { ?s a <urn:none> }')}"
PAGES = (
    "/", "/id/area/ABW", "/explore/treaties", "/compare?things=CAN,PER", SPARQL, "/sparql",
    "/coverage", "/search?q=Canada", "/graph/data/treaties/untoc",
)  # fmt: skip


def get(client: FlaskClient, address: str, **headers: str) -> TestResponse:
    return client.get(address, headers={"Accept": "text/html", **headers})


def cited(client: FlaskClient, address: str) -> dict[str, object]:
    mark = "&" if "?" in address else "?"
    return told(client, f"{address}{mark}cite=json")


def told(client: FlaskClient, address: str) -> dict[str, object]:
    reply = client.get(address, headers={"Accept": "application/json"})
    assert reply.status_code == 200, reply.text
    found: dict[str, object] = json.loads(reply.data)
    return found


@pytest.mark.parametrize("page", PAGES)
def test_every_page_can_be_cited(client: FlaskClient, page: str) -> None:
    """It links to its citations, which name the release, the graph and a permanent address."""
    shown = get(client, page)
    mark = "&" if "?" in page else "?"
    text = client.get(f"{page}{mark}cite=text")

    assert shown.status_code == 200
    assert shown.text.count('id="cite"') == 1
    assert "cite=bibtex" in shown.text
    assert text.mimetype == "text/plain"
    assert "The Stancegraph developers (2026)." in text.text
    release = shown.headers["X-Stancegraph-Release"]
    assert f"https://w3id.org/stancegraph/release/{release}" in text.text
    assert text.headers["Cache-Control"] == "no-store"  # it names the day


def test_a_result_is_cited_with_its_rows_and_their_hash(client: FlaskClient) -> None:
    """The hash is that of the TSV with its lines sorted, which anybody can compute."""
    found = cited(client, QUERY)
    head, *lines = client.get(f"{QUERY}&format=tsv").data.splitlines(keepends=True)

    assert found["query"] == "votes/resolution"
    assert found["parameters"] == {"resolution": ["A-RES-74-247"]}
    assert found["rows"] == len(lines)
    assert found["sha256"] == hashlib.sha256(b"".join([head, *sorted(lines)])).hexdigest()
    assert str(found["address"]).endswith(f"&check={found['sha256']}")
    assert f"/release/{found['release']}{QUERY}" in str(found["address"])


def test_what_was_cited_is_checked(client: FlaskClient) -> None:
    """The same hash agrees, another does not; as a page and as JSON."""
    found = cited(client, QUERY)

    same = f"{QUERY}&check={found['sha256']}"
    other = f"{QUERY}&check={'0' * 64}"
    assert "It still agrees." in get(client, same).text
    assert "It does not agree." in get(client, other).text
    assert told(client, same)["agrees"] is True
    assert told(client, other)["agrees"] is False


@pytest.mark.parametrize(
    ("form", "begins"),
    [("bibtex", "@misc{stancegraph-"), ("ris", "TY  - DATA\r\n"), ("csl", "[\n")],
)
def test_each_form_is_at_an_address_of_its_own(client: FlaskClient, form: str, begins: str) -> None:
    """Whatever the client accepts; also where the address has the ending of another format."""
    reply = client.get(f"{QUERY}&cite={form}", headers={"Accept": "text/csv"})
    ended = client.get(QUERY.replace("?", ".csv?") + f"&cite={form}")

    assert reply.status_code == ended.status_code == 200
    assert reply.text.startswith(begins)
    assert ended.text == reply.text


def test_an_answer_typed_by_hand_is_cited_by_its_text(client: FlaskClient) -> None:
    """Its version is the hash of what was asked; the graphs that were chosen stay in it."""
    query = "SELECT ?s WHERE { ?s a <http://www.w3.org/2002/07/owl#Ontology> }"
    address = f"/sparql?query={quote(query)}"
    found = cited(client, address)
    narrowed = cited(client, f"{address}&default-graph-uri=urn:none")

    assert found["query"] is None
    assert found["version"] == hashlib.sha256(query.encode()).hexdigest()
    assert narrowed["rows"] == 0
    assert "default-graph-uri=urn:none" in str(narrowed["address"])
    assert found["sha256"] != narrowed["sha256"]


def test_a_query_with_another_answer_each_time_has_no_hash(client: FlaskClient) -> None:
    """Nobody could check it."""
    address = f"/sparql?query={quote('SELECT (NOW() AS ?now) {}')}"
    found = cited(client, address)

    assert found["sha256"] is None
    assert told(client, f"{address}&check={'0' * 64}")["agrees"] is None


@pytest.mark.parametrize(
    ("asked", "wrong"),
    [
        (f"{QUERY}&cite=endnote", "cite"),
        (f"{QUERY}&check=abc", "check"),
        (f"{QUERY}&cite=ris&cite=text", "cite"),
        ("/openapi.json?cite=text", "cite"),
    ],
)
def test_wrong_wishes_are_told(client: FlaskClient, asked: str, wrong: str) -> None:
    """400, in the form that the client accepts."""
    reply = client.get(asked, headers={"Accept": "application/json"})

    assert reply.status_code == 400
    assert wrong in json.loads(reply.data)["parameters"]


def test_what_cannot_be_shown_cannot_be_cited(client: FlaskClient) -> None:
    """The failure is that of the page."""
    assert client.get("/id/state/XXX?cite=text").status_code == 404
    assert client.get("/queries/votes/resolution?resolution=none&cite=ris").status_code == 400


def test_the_comparison_of_things_is_cited_at_its_one_address(client: FlaskClient) -> None:
    """A form's address leads there, and keeps the wish."""
    reply = client.get("/compare?things=CAN&things=PER&cite=bibtex")
    followed = client.get("/compare?things=CAN&things=PER&cite=bibtex", follow_redirects=True)

    assert reply.status_code == 302
    assert reply.headers["Location"].endswith("cite=bibtex")
    assert "Compare Canada, Peru" in followed.text
