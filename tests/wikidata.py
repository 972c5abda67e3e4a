"""A small SPARQL service in the shape of Wikidata's, which can also misbehave as that one does.

Its items carry the identifiers that the shipped graph is mapped to and facts of the shipped
graph itself; those that the graph has no identifier for bear invented ones, from Q900000000 on.
"""

from __future__ import annotations

import re
import threading
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

import pyoxigraph as ox

if TYPE_CHECKING:
    from collections.abc import Iterator

LOOPBACK = "127.0.0.1"
WD = "http://www.wikidata.org/entity/"
RESULTS = "application/sparql-results+json"
PROLOGUE = """
PREFIX owl: <http://www.w3.org/2002/07/owl#>
PREFIX p: <http://www.wikidata.org/prop/>
PREFIX pq: <http://www.wikidata.org/prop/qualifier/>
PREFIX ps: <http://www.wikidata.org/prop/statement/>
PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
PREFIX schema: <http://schema.org/>
PREFIX skos: <http://www.w3.org/2004/02/skos/core#>
PREFIX wd: <http://www.wikidata.org/entity/>
PREFIX wdt: <http://www.wikidata.org/prop/direct/>
PREFIX wikibase: <http://wikiba.se/ontology#>
PREFIX xsd: <http://www.w3.org/2001/XMLSchema#>
"""
COUNTRY, STATE, ORGANISATION, TREATY = "Q6256", "Q3624078", "Q43229", "Q131569"
BUDAPEST = "Q900000185"


def item(key: str, label: str, kind: str = "", *more: str, aliases: tuple[str, ...] = ()) -> str:
    """Turtle of an item with an English label, of a kind, with *more* of it."""
    lines = [f'rdfs:label "{label}"@en', *(f'skos:altLabel "{alias}"@en' for alias in aliases)]
    if kind:
        lines.append(f"wdt:P31 wd:{kind}")
    return f"wd:{key} {' ; '.join([*lines, *more])} .\n"


def statement(key: str, prop: str, value: str, **dates: str) -> str:
    """Turtle of a statement, with its qualifiers, by property, as days."""
    node = f"<http://www.wikidata.org/entity/statement/{key}-{prop}-{value}>"
    said = "".join(
        f' ; pq:{name} "{day}T00:00:00Z"^^xsd:dateTime' for name, day in sorted(dates.items())
    )
    return (
        f"wd:{key} p:{prop} {node} ; wdt:{prop} wd:{value} . {node} ps:{prop} wd:{value}{said} .\n"
    )


def store(turtle: str) -> ox.Store:
    """A store with these items; states are countries."""
    found = ox.Store()
    found.load(
        f"{PROLOGUE}wd:{STATE} wdt:P279 wd:{COUNTRY} .\n{turtle}".encode(),
        format=ox.RdfFormat.TURTLE,
    )
    return found


@dataclass
class Service:
    """A service that runs.

    Attributes:
        faults: What the next requests get instead of an answer, first to last.
        asked: The queries, in order.
        agents: What clients call themselves, likewise.
    """

    store: ox.Store
    address: str = ""
    faults: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    agents: list[str] = field(default_factory=list)


class _Handler(BaseHTTPRequestHandler):
    service: Service

    def do_POST(self) -> None:
        """Answer, or misbehave."""
        length = int(self.headers["Content-Length"])
        query = parse_qs(self.rfile.read(length).decode())["query"][0]
        self.service.asked.append(query)
        agent = self.headers.get("User-Agent", "")
        self.service.agents.append(agent)
        with suppress(BrokenPipeError, ConnectionResetError):
            if not re.search(r"; [^)]*[@/][^)]*\)", agent):
                self._give(
                    403, b"Please set a user-agent and respect our robot policy", "text/plain"
                )
            elif self.service.faults:
                getattr(self, f"_{self.service.faults.pop(0)}")(query)
            else:
                self._give(200, self._answer(query))

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Say nothing."""

    def _answer(self, query: str) -> bytes:
        found = self.service.store.query(query)
        assert isinstance(found, ox.QuerySolutions)
        return found.serialize(format=ox.QueryResultsFormat.JSON) or b""

    def _give(
        self, status: int, body: bytes, kind: str = RESULTS, length: int = 0, **headers: str
    ) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(length or len(body)))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def _busy(self, _: str) -> None:
        self._give(429, b"Too Many Requests", "text/plain", Retry_After="3")

    def _busy_till(self, _: str) -> None:
        until = time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime(time.time() + 30))
        self._give(503, b"Maintenance", "text/html", Retry_After=until)

    def _banned(self, _: str) -> None:
        self._give(429, b"Banned", "text/plain", Retry_After="36000")

    def _text(self, _: str) -> None:
        self._give(200, b"Rate limit exceeded", "text/plain")

    def _page(self, _: str) -> None:
        self._give(200, b"<html><title>Wikimedia Error</title></html>", "text/html")

    def _cut(self, query: str) -> None:
        self._give(200, self._answer(query)[:-25])

    def _short(self, query: str) -> None:
        body = self._answer(query)
        self._give(200, body[:-25], length=len(body))

    def _trace(self, query: str) -> None:
        trace = b"\njava.util.concurrent.TimeoutException\n\tat java.base/..."
        self._give(200, self._answer(query)[:40] + trace)

    def _timeout(self, _: str) -> None:
        self._give(500, b"java.util.concurrent.TimeoutException", "text/plain")

    def _gateway(self, _: str) -> None:
        self._give(502, b"<html>Bad Gateway</html>", "text/html")

    def _empty(self, _: str) -> None:
        self._give(200, b'{"error": "no results"}')

    def _slow(self, query: str) -> None:
        time.sleep(1.5)
        self._give(200, self._answer(query))

    def _bad(self, _: str) -> None:
        self._give(400, b"MalformedQueryException", "text/plain")


@contextmanager
def serving(items: ox.Store) -> Iterator[Service]:
    """A service over *items*, while it is needed."""
    service = Service(items)
    handler = type("Handler", (_Handler,), {"service": service})
    server = ThreadingHTTPServer((LOOPBACK, 0), handler)
    service.address = f"http://{LOOPBACK}:{server.server_port}/sparql"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield service
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
