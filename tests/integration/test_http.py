"""What HTTP asks of a server, over real HTTP: methods, addresses, sizes, ranges, other sites."""

from __future__ import annotations

import re
import socket
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from tests.integration.test_serve import LABELS, STATES
from tests.serving import Server, serving

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PLACES = [
    "/",
    "/sparql",
    "/queries/",
    "/queries/votes/of-a-state",
    "/id/state/CAN",
    "/ontology",
    "/openapi.json",
    "/.well-known/void",
    "/static/style.css",
    "/health",
    "/ready",
    "/metrics",
]


@pytest.fixture(scope="module")
def server(releases: Path) -> Iterator[Server]:
    """One server for all tests here."""
    with serving("--releases", releases, "--workers", "2") as server:
        yield server


def raw(server: Server, request: bytes) -> bytes:
    """The beginning of what is answered to these bytes."""
    parts = urlsplit(server.address)
    with socket.create_connection((parts.hostname, parts.port), timeout=10) as connection:
        connection.sendall(request)
        return connection.recv(4096)


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "PROPFIND"])
def test_another_method_is_refused_with_those_there_are(
    server: Server, place: str, method: str
) -> None:
    """Everywhere; OPTIONS names the same ones."""
    refused = server.request(method, place)
    options = server.request("OPTIONS", place)

    assert refused.status == 405
    allowed = set(refused.headers["allow"].split(", "))
    assert {"GET", "HEAD", "OPTIONS"} <= allowed
    assert options.status == 200
    assert set(options.headers["allow"].split(", ")) == allowed


@pytest.mark.parametrize("place", PLACES)
def test_no_version_of_a_server_is_told_and_text_says_its_charset(
    server: Server, place: str
) -> None:
    """Nor is a type to be guessed."""
    reply = server.request("GET", place)

    assert reply.status < 500
    assert not re.search(r"[0-9]", reply.headers.get("server", ""))
    assert "x-powered-by" not in reply.headers
    assert reply.headers["x-content-type-options"] == "nosniff"
    kind = reply.headers["content-type"]
    assert not kind.startswith("text/") or "charset=utf-8" in kind


@pytest.mark.parametrize(
    ("path", "leads"),
    [
        ("/id/state/CAN/", "/id/state/CAN"),
        ("/ontology/?format=ttl", "/ontology?format=ttl"),
        ("/queries/votes/of-a-state/?actor=CAN", "/queries/votes/of-a-state?actor=CAN"),
        ("/quality/", "/quality"),
        ("//evil.example/", "/evil.example"),
        ("/a%0d%0aX:b/", "/a%0D%0AX:b"),
    ],
)
def test_a_slash_at_the_end_is_forgiven(server: Server, path: str, leads: str) -> None:
    """By a redirect that keeps what was asked, and leads to no other host."""
    reply = server.request("GET", path)

    assert (reply.status, reply.headers["location"]) == (308, leads)


def test_addresses_with_a_slash_stay(server: Server) -> None:
    """The endpoint answers under both; a list of queries has one."""
    assert server.request("GET", "/sparql/?query=ASK%7B%7D").status == 200
    assert server.request("GET", "/queries/").status == 200
    assert server.request("GET", "/queries").headers["location"].endswith("/queries/")


def test_the_description_is_at_its_well_known_address(server: Server) -> None:
    """It leads to what the graph says of itself."""
    reply = server.request("GET", "/.well-known/void")
    told = server.request("GET", reply.headers["location"], accept="text/turtle")

    assert reply.status == 302
    assert "void:" in told.text


@pytest.mark.parametrize("kind", ["application/sparql-query", "application/x-www-form-urlencoded"])
def test_scripts_of_other_sites_may_post(server: Server, kind: str) -> None:
    """A browser asks before, and is told so."""
    reply = server.request(
        "OPTIONS",
        "/sparql",
        Origin="https://example.org",
        Access_Control_Request_Method="POST",
        Access_Control_Request_Headers="content-type, prefer",
    )
    asked = server.request(
        "POST",
        "/sparql",
        LABELS if kind.endswith("query") else "query=ASK%7B%7D",
        Content_Type=kind,
        Origin="https://example.org",
    )

    allowed = reply.headers["access-control-allow-headers"].lower().split(", ")
    assert {"content-type", "prefer"} <= set(allowed)
    assert "POST" in reply.headers["access-control-allow-methods"]
    assert (asked.status, asked.headers["access-control-allow-origin"]) == (200, "*")


def test_what_is_too_long_for_an_address_is_told(server: Server) -> None:
    """By the status that says so; the same query may be sent by POST."""
    query = LABELS + " " * 100_000
    address = raw(server, b"GET /?" + 100_000 * b"a" + b" HTTP/1.1\r\nHost: x\r\n\r\n")
    header = raw(server, b"GET / HTTP/1.1\r\nHost: x\r\nX: " + 999_999 * b"a" + b"\r\n\r\n")
    posted = server.request("POST", "/sparql", query, Content_Type="application/sparql-query")

    assert address.startswith(b"HTTP/1.1 414 ")
    assert header.startswith(b"HTTP/1.1 431 ")
    assert posted.status == 200


def test_a_file_can_be_had_in_parts_but_no_answer(server: Server) -> None:
    """A part of an answer would be one of something that is made anew for each."""
    part = server.request("GET", "/static/style.css", Range="bytes=2-5")
    whole = server.request("GET", "/static/style.css")
    answer = server.ask(STATES, Range="bytes=2-5")

    assert part.status == 206
    assert part.body == whole.body[2:6]
    assert answer.status == 200
    assert answer.body == server.ask(STATES).body
