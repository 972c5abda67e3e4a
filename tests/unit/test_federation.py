"""SERVICE over a local endpoint that answers well, or misbehaves."""

from __future__ import annotations

import json
import socket
import threading
import time
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

import pyoxigraph as ox
import pytest

from stancegraph.errors import QueryRefused, ServiceFailed
from stancegraph.web import federation
from stancegraph.web.federation import ask_service, federate

if TYPE_CHECKING:
    from collections.abc import Iterator

BASE = "https://example.org/"
RESULTS = "application/sparql-results+json"


class Endpoint(BaseHTTPRequestHandler):
    """Answers from a store; a path such as /slow misbehaves as it is called."""

    store = ox.Store()
    asked: list[str]

    def do_POST(self) -> None:
        """Answer one query."""
        form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        self.asked.append(form["query"][0])
        with suppress(BrokenPipeError, ConnectionResetError):
            getattr(self, f"do_{self.path.strip('/')}", self.do_well)()

    def do_well(self) -> None:
        """The answer."""
        found = self.store.query(self.asked[-1])
        assert isinstance(found, ox.QuerySolutions)
        self.give(200, found.serialize(format=ox.QueryResultsFormat.JSON) or b"")

    def do_redirect(self) -> None:
        """Elsewhere."""
        self.send_response(302)
        self.send_header("Location", "http://127.0.0.1:1/")
        self.end_headers()

    def do_html(self) -> None:
        """A page, as a proxy gives it."""
        self.give(200, b"<html>", "text/html")

    def do_broken(self) -> None:
        """JSON that ends midway."""
        self.give(200, b'{"head":{"vars":["x"]},"results":{"bindings":[{"x":')

    def do_cut(self) -> None:
        """Fewer bytes than promised."""
        self.give(200, b'{"head":{}', length=1000)

    def do_names(self) -> None:
        """A variable that would be more than a name in a query."""
        self.give(200, b'{"head":{"vars":["x) {} } #"]},"results":{"bindings":[]}}')

    def do_colon(self) -> None:
        """A variable that the parser of results lets pass, and that of queries does not."""
        self.give(200, b'{"head":{"vars":["x",":b"]},"results":{"bindings":[]}}')

    def do_endless(self) -> None:
        """White space for ever."""
        self.send_response(200)
        self.send_header("Content-Type", RESULTS)
        self.end_headers()
        while True:
            self.wfile.write(b" " * 2**20)

    def do_slow(self) -> None:
        """A byte now and then, so that no single wait is long."""
        self.send_response(200)
        self.send_header("Content-Type", RESULTS)
        self.end_headers()
        for _ in range(100):
            self.wfile.write(b" ")
            self.wfile.flush()
            time.sleep(0.05)

    def do_many(self) -> None:
        """More solutions than are taken."""
        row = {"x": {"type": "literal", "value": "1"}}
        bindings = [row] * (federation.MAX_ROWS + 1)
        told = {"head": {"vars": ["x"]}, "results": {"bindings": bindings}}
        self.give(200, json.dumps(told).encode())

    def give(
        self, status: int, body: bytes, content_type: str = RESULTS, length: int | None = None
    ) -> None:
        """Send an answer."""
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(length or len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@contextmanager
def endpoint() -> Iterator[tuple[str, list[str]]]:
    """The address of an endpoint, with its last slash, and what it is asked."""
    asked: list[str] = []
    handler = type("Handler", (Endpoint,), {"asked": asked})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/", asked
        server.shutdown()


@pytest.fixture(scope="module", autouse=True)
def _facts() -> None:
    """What the endpoint knows."""
    Endpoint.store.load(
        b'<x:a> <x:name> "A \\"quoted\\" name"@en ; <x:n> 1 . _:b <x:name> "blank" .',
        format=ox.RdfFormat.TURTLE,
    )


def answered(query: str, url: str) -> list[tuple[str, ...]]:
    """The solutions of *query* over an empty store, when *url* may be asked."""
    text = federate(query, {url}, base=BASE, deadline=5)
    found = ox.Store().query(text)
    assert isinstance(found, ox.QuerySolutions)
    return sorted(tuple(str(term) for term in row) for row in found)


def test_a_clause_is_replaced_by_what_its_endpoint_says() -> None:
    """Prefixes and the base of the query hold within; literals come over as they are."""
    with endpoint() as (url, asked):
        query = f"""
            BASE <x:> PREFIX p: <x:>
            SELECT ?s ?name {{
              SERVICE <{url}> {{ ?s <name> ?name ; p:n 1 . FILTER (STRLEN("}} {{") > 0) }}
            }}"""

        assert answered(query, url) == [("<x:a>", '"A \\"quoted\\" name"@en')]
    assert len(asked) == 1


def test_clauses_join_with_the_rest_and_optional_ones_may_be_empty() -> None:
    """Two endpoints' answers meet in the query; what finds nothing leaves variables unbound."""
    with endpoint() as (url, asked):
        query = f"""
            SELECT ?n ?none {{
              VALUES ?s {{ <x:a> }}
              SERVICE <{url}> {{ ?s <x:n> ?n }}
              OPTIONAL {{ SERVICE <{url}> {{ ?s <x:nothing> ?none }} }}
            }}"""

        assert answered(query, url) == [('"1"^^<http://www.w3.org/2001/XMLSchema#integer>', "None")]
    assert len(asked) == 2


def test_a_blank_node_becomes_an_iri_of_the_endpoint() -> None:
    """VALUES cannot hold blank nodes."""
    with endpoint() as (url, _):
        ((node,),) = answered(f'SELECT ?s {{ SERVICE <{url}> {{ ?s <x:name> "blank" }} }}', url)

    assert node.startswith(f"<{url}.well-known/genid/")


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("redirect", "status 302"),
        ("html", "not the SPARQL JSON"),
        ("broken", "not the SPARQL JSON"),
        ("cut", "could not be reached"),
        ("names", "not the SPARQL JSON"),
        ("colon", "not the SPARQL JSON"),
        ("endless", "longer than"),
        ("slow", "longer than 1 seconds"),
        ("many", "more than 10000 solutions"),
    ],
)
def test_a_misbehaving_endpoint_is_told_of(path: str, told: str) -> None:
    """Unless the query says SILENT, which makes of it one solution without bindings."""
    with endpoint() as (url, _):
        service = f"{url}{path}"
        clause = f"<{service}> {{ ?x <x:p> ?y }}"

        with pytest.raises(ServiceFailed, match=told) as failed:
            federate(f"SELECT * {{ SERVICE {clause} }}", {service}, base=BASE, deadline=1)
        silent = federate(
            f"SELECT * {{ SERVICE SILENT {clause} }}", {service}, base=BASE, deadline=1
        )

    assert service in str(failed.value)
    assert silent == "SELECT * { { } }"


def test_nobody_listens_is_told_of() -> None:
    """As any other failure."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        url = f"http://127.0.0.1:{free.getsockname()[1]}/"

    with pytest.raises(ServiceFailed, match="could not be reached"):
        ask_service(url, "SELECT * {}", 1)


def test_a_name_that_leads_into_a_private_network_is_not_followed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Whoever can change what a name means cannot have this machine's own network asked."""
    with endpoint() as (url, asked):
        port = int(url.split(":")[2].strip("/"))
        here = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: here)

        with pytest.raises(ServiceFailed, match="not public"):
            ask_service(f"http://allowed.example:{port}/", "SELECT * {}", 1)
    assert asked == []


@pytest.mark.parametrize(
    "query",
    [
        "SELECT * { SERVICE <http://other.example/> { } }",
        "SELECT * { SERVICE ?anybody { } }",
        "SELECT * { SERVICE <{url}> { SERVICE <{url}> { } } }",
        "SELECT * { SERVICE <{url}> ?x }",
        "SELECT * { SERVICE <{url}> { ?x ?y ?z",
        "SELECT * { SERVICE",
        "SELECT * { \\u0053ERVICE <{url}> { } }",
        "SELECT * { " + "SERVICE <{url}> { } " * 9 + "}",
        "SELECT * { SERVICE <http://[> { } }",
        "BASE <http://[> SELECT * { SERVICE <{url}> { } }",
    ],
)
def test_what_is_not_allowed_or_not_readable_is_refused(query: str) -> None:
    """Only what the operator has named is asked, and of that no more than a few things."""
    with endpoint() as (url, asked), pytest.raises(QueryRefused):
        federate(query.replace("{url}", url), {url}, base=BASE, deadline=5)
    assert asked == []
