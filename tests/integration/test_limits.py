"""Bounds of an answer over real HTTP: the client's own, the operator's, and how cuts are told."""

from __future__ import annotations

import http.client
import json
from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode

import pyoxigraph as ox
import pytest

from stancegraph.engine.wire import MAX_FRAME
from tests.integration.test_serve import ENDLESS, FLOOD, LABELS, STATES
from tests.serving import Reply, Server, quickest, serving
from tests.unit.test_encoding import READERS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NUMBERS = "SELECT ?n { VALUES ?n { " + " ".join(map(str, range(100))) + " } }"
TEXTS = 'SELECT ?t { VALUES ?n { 1 2 3 } BIND ("a\\n},{\\n</result>},{\\n" AS ?t) }'
LONG = "SELECT * { ?a ?b ?c . ?d ?e ?f } LIMIT 3000"  # more than a frame
JSON = "application/json"
SAVED = "/queries/votes/of-a-state?actor=CAN&"
BOUND = 5000  # rows that the operator allows


@pytest.fixture(scope="module")
def server(releases: Path) -> Iterator[Server]:
    """One server with bounds that tests can reach."""
    bounds = ["--query-timeout", "5", "--max-rows", str(BOUND), "--max-bytes", "3000000"]
    with serving("--releases", releases, "--workers", "2", *bounds) as server:
        yield server


def asked(query: str, **wishes: object) -> str:
    return f"/sparql?{urlencode({'query': query, 'format': 'csv', **wishes})}"


@pytest.mark.parametrize("name", ["json", "xml", "csv", "tsv"])
@pytest.mark.parametrize("query", [NUMBERS, TEXTS, LONG], ids=["numbers", "texts", "long"])
def test_a_cut_is_told_in_a_header(server: Server, query: str, name: str) -> None:
    """Whatever the format, and however long the rest is; an answer that fits is not cut."""
    whole = server.request("GET", asked(query, count="exact", format=name))
    total = int(whole.headers["x-total-count"])
    cut = server.request("GET", asked(query, limit=total - 1, format=name))
    fits = server.request("GET", asked(query, limit=total, format=name))
    longer = server.request("GET", asked(query, limit=total + 1, format=name))

    assert total == {NUMBERS: 100, TEXTS: 3, LONG: 3000}[query]
    assert cut.headers["x-stancegraph-truncated"] == f"rows {total - 1}"
    assert cut.headers["etag"] != whole.headers["etag"]
    assert len(cut.body) < len(fits.body)
    for reply in (whole, fits, longer):
        assert reply.status == 200
        assert "x-stancegraph-truncated" not in reply.headers


def test_a_cut_is_told_in_json(server: Server) -> None:
    """Beside the head, with the count where that was asked for."""
    reply = server.request("GET", asked(NUMBERS, limit=2, count="exact", format="json"))
    found = json.loads(reply.body)

    assert len(found["results"]["bindings"]) == 2
    assert found["truncated"] == {"rows": 2}
    assert found["count"] == 100


def test_a_cut_is_told_in_xml(server: Server) -> None:
    """In comments within the head, for which the standard has no element."""
    cut = server.request("GET", asked(NUMBERS, limit=2, count="exact", format="xml"))
    whole = server.request("GET", asked(NUMBERS, format="xml"))

    assert b"<!-- truncated: rows 2 --><!-- count: 100 --></head>" in cut.body
    solutions = ox.parse_query_results(cut.body, ox.QueryResultsFormat.XML)
    assert isinstance(solutions, ox.QuerySolutions)
    assert len(list(solutions)) == 2
    assert b"<!--" not in whole.body


@pytest.mark.parametrize("query", [NUMBERS, LONG], ids=["short", "long"])
@pytest.mark.parametrize("name", ["csv", "tsv"])
def test_a_cut_is_told_in_a_comment_where_asked_for(server: Server, query: str, name: str) -> None:
    """As the last line, which readers of plain tables would take for a row."""
    cut, plain, whole = (
        server.request("GET", asked(query, format=name, **wishes)).text
        for wishes in (
            {"limit": 99, "truncation": "comment"},
            {"limit": 99},
            {"truncation": "comment"},
        )
    )

    assert cut == f"{plain}# truncated: rows 99\r\n"
    assert not whole.splitlines()[-1].startswith("#")


@pytest.mark.parametrize("name", ["ttl", "nt", "jsonld", "rdf"])
def test_triples_are_rows_too(server: Server, name: str) -> None:
    """A limit bounds what a CONSTRUCT or DESCRIBE gives."""
    query = "CONSTRUCT { ?s ?p ?o } { ?s ?p ?o }"
    total = server.request("HEAD", asked(query, format=name, count="exact"))
    cut = server.request("GET", asked(query, format=name, limit=3))
    number = int(total.headers["x-total-count"])
    whole = server.request("GET", asked(query, format=name, limit=number))

    assert number > 3
    assert cut.headers["x-stancegraph-truncated"] == "rows 3"
    assert "x-stancegraph-truncated" not in whole.headers
    if name == "nt":
        assert (cut.text.count("\n"), whole.text.count("\n")) == (3, number)


def test_a_limit_of_the_query_stands_beside_that_of_the_request(server: Server) -> None:
    """The smaller one holds; only the request's is a cut."""
    own = server.request("GET", asked(f"{NUMBERS} LIMIT 2", limit=5))
    smaller = server.request("GET", asked(f"{NUMBERS} LIMIT 5 # all", limit=2))

    assert own.text.split() == ["n", "0", "1"] == smaller.text.split()
    assert "x-stancegraph-truncated" not in own.headers
    assert smaller.headers["x-stancegraph-truncated"] == "rows 2"


def test_a_request_may_shorten_the_time(server: Server) -> None:
    """Below the operator's bound; a longer one is that bound."""
    replies: list[Reply] = []
    query = asked(ENDLESS, timeout="0.3")

    took = quickest(lambda: replies.append(server.request("GET", query, accept=JSON)), 3)
    long = server.request("GET", asked(ENDLESS, timeout="60"), accept=JSON)

    assert took < 3
    assert {reply.status for reply in (*replies, long)} == {504}
    assert all("after 0.3 s" in str(reply.problem["detail"]) for reply in replies)
    assert "after 5 s" in str(long.problem["detail"])


@pytest.mark.parametrize("address", ["/sparql?query=ASK%7B%7D&", SAVED])
def test_a_bad_wish_is_told(server: Server, address: str) -> None:
    """All at once, each by its name."""
    reply = server.request("GET", f"{address}timeout=soon&limit=-1", accept="application/json")

    assert reply.status == 400
    assert reply.problem["parameters"] == {
        "limit": "is a number of rows, such as 1000",
        "timeout": "is a number of seconds greater than 0, such as 2.5",
    }


@pytest.mark.parametrize(
    "query",
    [FLOOD, "CONSTRUCT { ?a ?b ?f } { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }"],
    ids=["rows", "triples"],
)
def test_what_is_too_long_is_broken_off(server: Server, query: str) -> None:
    """Never is it ended as if it were whole."""
    with pytest.raises((http.client.IncompleteRead, ConnectionError)):
        server.request("GET", asked(query, format="nt" if "CONSTR" in query else "csv"))


def test_what_is_too_long_and_short_to_write_is_refused(
    releases: Path,
) -> None:
    """Before its first byte, with a sentence that says what to do; a limit within it is not."""
    with serving("--releases", releases, "--max-rows", "10", "--max-bytes", "1000") as server:
        rows = server.request("GET", asked(NUMBERS), accept="application/json")
        size = server.request(
            "GET", asked('SELECT ("' + 2000 * "x" + '" AS ?x) {}'), accept="application/json"
        )
        named = server.request("GET", asked(NUMBERS, limit="50"))
        fits = server.request("GET", asked(f"{NUMBERS} LIMIT 10"))
        texts = server.request("GET", asked(TEXTS, format="json"))

    assert rows.status == size.status == 500
    assert "longer than the 10 rows that one may have" in str(rows.problem["detail"])
    assert "longer than the 1000 bytes" in str(size.problem["detail"])
    assert named.headers["x-stancegraph-truncated"] == "rows 10"
    assert fits.status == texts.status == 200


def test_a_count_is_told_where_it_is_preferred(server: Server) -> None:
    """With or without rows; what was kept for others does not hold for who prefers one."""
    address = asked(NUMBERS, limit=0)
    plain = server.request("GET", address)
    counted = server.request("GET", address, Prefer="count=exact")
    again = server.request("GET", address)
    held = server.request(
        "GET", address, Prefer="count=exact", If_None_Match=counted.headers["etag"]
    )

    assert counted.headers["x-total-count"] == "100"
    assert counted.headers["preference-applied"] == "count=exact"
    assert plain.body == counted.body == b"n\r\n"
    assert counted.headers["x-stancegraph-truncated"] == "rows 0"
    for reply in (plain, again):
        assert "x-total-count" not in reply.headers
        assert "Prefer" in reply.headers["vary"]
    assert held.status == 304


def test_a_count_has_the_deadline_of_the_query(server: Server) -> None:
    """It is work as any other."""
    reply = server.request("GET", asked(f"{FLOOD} LIMIT 99999999", count="exact", timeout=0.3))

    assert reply.status in {500, 504}


def test_saved_questions_take_wishes_too(server: Server) -> None:
    """In their address, beside their own parameters; a page shows no more than is wished for."""
    whole = server.request("GET", f"{SAVED}format=csv")
    cut = server.request("GET", f"{SAVED}format=csv&limit=1&count=exact")
    page = server.request("GET", f"{SAVED}limit=1", accept="text/html")

    rows = len(whole.text.splitlines()) - 1
    assert rows == 2
    assert cut.headers["x-stancegraph-truncated"] == "rows 1"
    assert cut.headers["x-total-count"] == str(rows)
    assert len(cut.text.splitlines()) == 2
    assert "1 rows of more" in page.text


@pytest.mark.parametrize(
    "query",
    [
        "SELECT * {\n ?s ?p }",
        "SELECT * { ?s ?p ?o }\nLIMIT ?s",
        "SELECT * { ?s ?p ?o }\nLIMIT " + 5000 * "9",
        "SELECT * { ?s ?p ?o } LIMIT 1\nLIMIT 2",
    ],
)
def test_mistakes_are_told_as_without_a_limit(server: Server, query: str) -> None:
    """At their place in the query as it was sent, in its limit too."""
    plain, limited = (
        server.request("GET", asked(query, **wishes), accept="application/json")
        for wishes in ({}, {"limit": 1, "count": "exact"})
    )

    assert plain.status == limited.status == 400
    assert limited.problem["line"] == plain.problem["line"] == 2
    assert limited.problem["detail"] == plain.problem["detail"]


def test_what_a_limit_does_not_change_is_as_without(server: Server) -> None:
    """An ASK has no rows; an empty answer none to cut."""
    told = server.request("GET", f"/sparql?query={quote('ASK {}')}&limit=0&count=exact&format=csv")
    none = server.request("GET", asked("SELECT * { <x:a> <x:b> ?c }", limit=0))

    assert told.text == "true"
    assert "x-total-count" not in told.headers
    assert "x-stancegraph-truncated" not in none.headers
    assert len(server.request("GET", asked(LABELS)).body) < MAX_FRAME
    assert server.request("GET", asked(STATES, format="ttl", limit=10**9)).status == 200


@pytest.mark.parametrize("encoding", ["gzip", "zstd"])
@pytest.mark.parametrize("query", [NUMBERS, LONG], ids=["held", "long"])
def test_answers_are_compressed_for_who_accepts_it(
    server: Server, query: str, encoding: str
) -> None:
    """From memory or not, with a tag of their own; HEAD tells the same, and 304 nothing more."""
    address = asked(query, format="json")
    plain = server.request("GET", address)
    packed = [server.request("GET", address, Accept_Encoding=encoding) for _ in range(4)]
    head = server.request("HEAD", address, Accept_Encoding=encoding)
    held = server.request(
        "GET", address, Accept_Encoding=encoding, If_None_Match=packed[0].headers["etag"]
    )

    for reply in packed:
        assert READERS[encoding](reply.body) == plain.body
        assert reply.headers["content-encoding"] == encoding
        assert reply.headers["etag"] == plain.headers["etag"][:-1] + f'-{encoding}"'
        assert "Accept-Encoding" in reply.headers["vary"]
    assert "content-encoding" not in plain.headers
    assert (head.body, head.headers["etag"]) == (b"", packed[0].headers["etag"])
    assert (held.status, held.body) == (304, b"")
    assert held.headers["etag"] == packed[0].headers["etag"]


@pytest.mark.parametrize("encoding", ["gzip", "zstd"])
def test_a_compressed_answer_breaks_off_too(server: Server, encoding: str) -> None:
    """It never ends as if it were whole."""
    with pytest.raises((http.client.IncompleteRead, ConnectionError)):
        server.request("GET", asked(FLOOD), Accept_Encoding=encoding)


def test_a_redirect_that_is_compressed_says_no_wrong_length(server: Server) -> None:
    """What it says is what comes, however it was made."""
    reply = server.request("GET", "/id/%2Fstate/CAN", Accept_Encoding="gzip")

    assert reply.status == 308
    assert b"/id/state/CAN" in READERS["gzip"](reply.body)
    assert int(reply.headers.get("content-length", len(reply.body))) == len(reply.body)


def test_pages_and_documents_are_compressed(server: Server) -> None:
    """What is not asked of the engine is compressed as well."""
    for path in ("/", "/openapi.json", "/static/style.css"):
        plain = server.request("GET", path)
        packed = server.request("GET", path, Accept_Encoding="gzip")
        assert READERS["gzip"](packed.body) == plain.body, path
        assert packed.headers["etag"] != plain.headers["etag"]


@pytest.mark.parametrize(
    ("query", "rows"),
    [
        (NUMBERS, 100),
        ("CONSTRUCT { ?n ?n2 ?n } { VALUES (?n ?n2) { (<x:a> <x:b>) } }", 1),
        ("ASK {}", None),
        ("DESCRIBE <x:a>", 0),
    ],
)
def test_what_an_answer_costs_is_explained(server: Server, query: str, rows: int | None) -> None:
    """Its rows, bytes and times; anew each time, within the same time."""
    address = asked(query, explain="true", format="nt" if query[0] in "CD" else "csv")
    told = json.loads(server.request("GET", address).body)
    again = server.request("GET", address)

    whole = server.request("GET", address.replace("&explain=true", ""))
    assert told["rows"] == rows
    assert told["bytes"] == len(whole.body)
    assert min(v for name, v in told.items() if name.endswith("_ms") and v is not None) >= 0
    assert (told["first_row_ms"] is None) == (not rows)
    assert again.headers["cache-control"] == "no-store"
    assert again.headers["content-type"] == "application/json"
    assert "etag" not in again.headers


def test_what_cannot_be_answered_cannot_be_explained(server: Server) -> None:
    """It fails as it would unexplained; a limit bounds what is explained."""
    wrong = server.request("GET", asked("SELECT * { ?s }", explain="true"), accept="text/plain")
    slow = server.request("GET", asked(ENDLESS, explain="true", timeout=0.2))
    few = server.request("GET", asked(NUMBERS, explain="true", limit=7))
    saved = server.request("GET", f"{SAVED}explain=true")

    assert (wrong.status, slow.status) == (400, 504)
    assert json.loads(few.body)["rows"] == 7
    assert json.loads(saved.body)["rows"] == 2
