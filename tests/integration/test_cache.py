"""Caching as clients see it, over real HTTP: kept answers, ETags, 304, releases that follow."""

from __future__ import annotations

import http.client
import re
import shutil
from datetime import date
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import pytest

from stancegraph.build import build
from tests.serving import Client, asked, serving

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from stancegraph.folder import GraphFolder

FRESH = "public, max-age=60, must-revalidate"
OPTIONS = ("--workers", "2", "--query-timeout", "1")
FORM = "application/x-www-form-urlencoded"
LABELS = """
PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
PREFIX sg: <https://w3id.org/stancegraph/ontology#>
SELECT ?label { ?state a sg:State ; rdfs:label ?label } ORDER BY ?label"""
LONG = "SELECT * { ?a ?b ?c . ?d ?e ?f } LIMIT 1000"
ENDLESS = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l }"
FLOOD = "SELECT * { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l }"


@pytest.fixture(scope="module")
def places(releases: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of releases of its own, to which a release may be added."""
    return shutil.copytree(releases, tmp_path_factory.mktemp("cache") / "releases", symlinks=True)


@pytest.fixture(scope="module")
def place(places: Path) -> Iterator[str]:
    """Where one server for most tests listens."""
    with serving("--releases", places, *OPTIONS) as server:
        yield server.address


@pytest.fixture
def client(place: str) -> Iterator[Client]:
    with Client(place) as client:
        yield client


@pytest.mark.parametrize("query", [LABELS + "# twice", LONG], ids=["short", "long"])
def test_the_second_answer_is_the_first_byte_for_byte(client: Client, query: str) -> None:
    """So is its ETag; that it was kept is said in Cache-Status alone."""
    first, second = client.ask(query), client.ask(query)

    assert (first.status, first.kept) == (200, False)
    assert (second.status, second.kept) == (200, True)
    assert second.body == first.body
    assert len(second.body) == int(second.headers["content-length"])
    changing = {"date", "cache-status", "content-length", "transfer-encoding", "x-request-id"}
    assert {n: t for n, t in second.headers.items() if n not in changing} == {
        n: t for n, t in first.headers.items() if n not in changing
    }


def test_every_answer_says_how_long_it_may_be_kept(client: Client) -> None:
    """A CDN may keep results and pages a minute, never errors nor what is not the same twice."""
    kept = {
        path: client.request("GET", path).headers["cache-control"]
        for path in ("/", "/queries/", asked(LABELS), "/queries/votes/of-a-state?actor=PER")
    }
    not_kept = {
        path: client.request("GET", path).headers["cache-control"]
        for path in (
            "/nowhere",
            asked("SELEC"),
            asked("SELECT (NOW() AS ?t) {}"),
            asked(r"SELECT (N\u004fW() AS ?t) {}"),
            asked("SELECT (UUID #\r() AS ?t) {}"),
        )
    }

    assert set(kept.values()) == {FRESH}
    assert set(not_kept.values()) == {"no-store"}


@pytest.mark.parametrize("path", [asked(LABELS + "# known"), "/", "/static/style.css"])
def test_what_a_client_holds_is_not_sent_again(client: Client, path: str) -> None:
    """304 for results, pages and files; with what still holds, and without what is not there."""
    held = client.request("GET", path)
    tag = held.headers["etag"]

    found = [
        client.request("GET", path, if_none_match=f'"other", {tag}'),
        client.request("GET", path, if_none_match=f"W/{tag}"),
        client.request("HEAD", path, if_none_match=tag),
    ]
    other = client.request("GET", path, if_none_match='"other"')

    assert re.fullmatch(r'"[^"]+"', tag)
    for reply in found:
        assert (reply.status, reply.body, reply.kept) == (304, b"", True)
        assert reply.headers["etag"] == tag
        for name in ("cache-control", "vary", "access-control-allow-origin"):
            assert reply.headers[name] == held.headers[name]
        assert "x-stancegraph-release" in reply.headers
    assert (other.status, other.body) == (200, held.body)


def test_a_client_may_hold_what_no_process_keeps(place: str, client: Client) -> None:
    """The ETag of a result comes from release and query, so that no process need have made it."""
    tag = client.ask(LABELS + "# held").headers["etag"]

    found = []
    for _ in range(4):  # connections go to whichever process takes them
        with Client(place) as other:
            found.append(other.ask(LABELS + "# held", if_none_match=tag))

    assert {reply.status for reply in found} == {304}
    assert {reply.headers["etag"] for reply in found} == {tag}


def test_head_is_answered_from_the_get(client: Client) -> None:
    """Same headers, no body; and the other way round."""
    got, head = client.ask(LABELS + "# head"), client.ask(LABELS + "# head", "HEAD")
    first, second = client.ask(LABELS + "# 2", "HEAD"), client.ask(LABELS + "# 2")

    assert (head.kept, head.body) == (True, b"")
    changing = {"date": "", "cache-status": "", "x-request-id": ""}
    assert {**head.headers, **changing} == {**got.headers, **changing}
    assert (first.body, second.kept, second.body) == (b"", True, got.body)


def test_a_query_by_post_is_kept_too(client: Client) -> None:
    """As a form and as it is; bytes and ETag are those of GET."""
    query = LABELS + "# posted"
    form = urlencode({"query": query})

    found = [
        client.request("POST", "/sparql", body, accept="text/csv", content_type=kind)
        for body, kind in ((form, FORM), (query, "application/sparql-query"))
        for _ in range(2)
    ]
    got = client.ask(query, accept="text/csv")
    conditional = client.request(
        "POST", "/sparql", form, content_type=FORM, if_none_match=got.headers["etag"]
    )

    assert [reply.kept for reply in found] == [False, True, False, True]
    assert {reply.body for reply in found} == {got.body}
    assert {reply.headers["etag"] for reply in found} == {got.headers["etag"]}
    assert conditional.status == 200


def test_each_accept_gets_its_own_format_and_tag(client: Client) -> None:
    """Asked in turn, so that what is kept for one would be there for another."""
    accepts = ("text/csv", "application/sparql-results+json", "application/sparql-results+xml")
    query = LABELS + "# formats"

    rounds = [[client.ask(query, accept=accept) for accept in accepts] for _ in range(2)]

    for found in rounds:
        types = [reply.headers["content-type"].partition(";")[0] for reply in found]
        assert types == list(accepts)
        assert len({reply.headers["etag"] for reply in found}) == len(accepts)
        assert {reply.headers["vary"] for reply in found} == {"Prefer, Accept, Accept-Encoding"}
    assert [reply.kept for reply in rounds[0]] == [False] * 3
    assert [reply.kept for reply in rounds[1]] == [True] * 3
    assert [reply.body for reply in rounds[0]] == [reply.body for reply in rounds[1]]


@pytest.mark.parametrize(
    ("path", "status"),
    [
        (asked("SELEC"), 400),
        ("/nowhere", 404),
        (asked(LABELS) + "&format=ttl", 406),
        (asked(ENDLESS), 504),
        (asked("SELECT (NOW() AS ?t) {}"), 200),
        (asked("CONSTRUCT { [] a ?c } WHERE { ?s a ?c }"), 200),
    ],
)
def test_errors_and_what_is_never_the_same_are_not_kept(
    client: Client, path: str, status: int
) -> None:
    """They are made anew each time, and have no tag."""
    found = [client.request("GET", path) for _ in range(2)]

    assert [reply.status for reply in found] == [status] * 2
    assert not any(reply.kept or "etag" in reply.headers for reply in found)


def test_a_wrong_query_is_not_made_right_by_a_condition(client: Client) -> None:
    """``If-None-Match: *`` names whatever there is, and of this there is nothing."""
    assert client.ask("SELECT * { ?s ?p }", if_none_match="*").status == 400


def test_a_page_that_tells_what_is_wrong_is_not_kept(client: Client) -> None:
    """The page of a saved query with a bad parameter is an error like others."""
    path = "/queries/votes/of-a-state?actor=ATLANTIS"

    found = [client.request("GET", path, accept="text/html") for _ in range(2)]

    for reply in found:
        assert (reply.status, reply.kept) == (400, False)
        assert reply.headers["content-type"] == "text/html; charset=utf-8"
        assert reply.headers["cache-control"] == "no-store"


def test_a_page_with_a_result_that_is_never_the_same_is_not_kept(
    small: GraphFolder, tmp_path: Path
) -> None:
    """What a saved query says of the time is said anew each time, on its page too."""
    query = next(small.root.rglob("of-a-state.rq"))
    text = query.read_text("utf-8").replace("?choice\nWHERE", "?choice (NOW() AS ?now)\nWHERE")
    query.write_text(text.replace("[vote, choice]", "[vote, choice, now]"))
    build(small, tmp_path / "releases", release_date=date(2026, 11, 22))

    with (
        serving("--releases", tmp_path / "releases", *OPTIONS) as server,
        Client(server.address) as client,
    ):
        path = "/queries/votes/of-a-state?actor=PER"
        found = [client.request("GET", path, accept="text/html") for _ in range(2)]

    assert [(reply.status, reply.kept) for reply in found] == [(200, False)] * 2
    assert {reply.headers["cache-control"] for reply in found} == {"no-store"}


def test_a_result_that_is_broken_off_is_not_kept(place: str) -> None:
    """Nobody gets its beginning as though it were the whole."""
    for _ in range(3):
        with Client(place) as client:
            client.connection.request("GET", asked(FLOOD) + "&format=csv")
            answer = client.connection.getresponse()

            assert answer.getheader("cache-status") is None
            with pytest.raises((http.client.IncompleteRead, ConnectionResetError)):
                answer.read()


def test_without_a_cache_answers_and_tags_are_the_same(
    places: Path, client: Client, tmp_path: Path
) -> None:
    """``--cache-size 0``: nothing is kept, but a client that holds an answer gets 304."""
    paths = [asked(LABELS), "/", "/static/style.css"]
    expected = [client.request("GET", path, host="h") for path in paths]

    with (
        serving("--releases", places, *OPTIONS, "--cache-size", "0") as server,
        Client(server.address) as other,
    ):
        found = [other.request("GET", path, host="h") for path in paths for _ in range(2)]
        held = [
            other.request("GET", path, host="h", if_none_match=reply.headers["etag"])
            for path, reply in zip(paths, expected, strict=True)
        ]

    assert not any("cache-status" in reply.headers for reply in found)
    assert [reply.body for reply in found[::2]] == [reply.body for reply in expected]
    assert [reply.headers["etag"] for reply in found[1::2]] == [
        reply.headers["etag"] for reply in expected
    ]
    assert [reply.status for reply in held] == [304] * 3


def test_the_next_release_has_tags_of_its_own(
    places: Path, client: Client, small: GraphFolder, tmp_path: Path
) -> None:
    """A running server keeps to its release; one that starts after the switch serves the next."""
    old = client.ask(LABELS)
    source = next(small.root.rglob("PER.ttl"))
    source.write_text(source.read_text("utf-8").replace('"Peru"@en', '"Republic of Peru"@en'))

    build(small, places, release_date=date(2026, 11, 23))
    still = client.ask(LABELS)
    with (
        serving("--releases", places, *OPTIONS) as server,
        Client(server.address) as other,
    ):
        new = other.ask(LABELS, if_none_match=old.headers["etag"])

    assert (still.status, still.body) == (200, old.body)
    assert new.status == 200
    assert b"Republic of Peru" in new.body
    assert new.headers["etag"] != old.headers["etag"] == still.headers["etag"]
    assert new.headers["x-stancegraph-release"] != old.headers["x-stancegraph-release"]
