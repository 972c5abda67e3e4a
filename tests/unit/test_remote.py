"""What becomes of engines elsewhere that fail: each a server that answers as it is told."""

from __future__ import annotations

import socket
import threading
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING

import pytest

from stancegraph.engine import Ask, MediaType
from stancegraph.engine.remote import state
from stancegraph.engine.remote.http import Address
from stancegraph.engine.remote.layout import Layout
from stancegraph.engine.remote.place import Place
from stancegraph.engine.remote.source import RemoteGraph
from stancegraph.errors import EngineDown, OperationError, QueryFailed, QueryTimeout

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LAYOUT = Layout("https://example.org/release/1/held-0/")
JSON = "Content-Type: application/sparql-results+json"
TRIPLES = "Content-Type: application/n-triples"
ROWS = b'{"head":{"vars":["a"]},"results":{"bindings":[{"a":{"type":"literal","value":"1"}}]}}'
QUERY = "SELECT ?a { ?s ?p ?a }"
CONSTRUCT = "CONSTRUCT { ?s ?p ?a } WHERE { ?s ?p ?a }"


def answer(
    body: bytes = ROWS, *headers: str, status: str = "200 OK", length: int | None = None
) -> bytes:
    """An answer in HTTP; its Content-Length is true unless *length* is given."""
    size = len(body) if length is None else length
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {size}", *(headers or (JSON,))]
    return "\r\n".join([*lines, "", ""]).encode() + body


@dataclass
class Scripted:
    """A server that gives one answer after another, and hangs up after those that it breaks off.

    Attributes:
        requests: Heads of what it was asked, in order.
        connections: How many were made.
    """

    url: str
    answers: list[bytes]
    requests: list[str] = field(default_factory=list)
    connections: int = 0

    def serve(self, listener: socket.socket) -> None:
        """Answer until the script is over."""
        with suppress(OSError):  # nobody asks on
            while self.answers:
                connection, _ = listener.accept()
                self.connections += 1
                with connection, connection.makefile("rb") as reader, suppress(OSError):
                    while self.answers and self._answered(connection, reader):
                        pass

    def _answered(self, connection: socket.socket, reader: IO[bytes]) -> bool:
        lines = []
        while (line := reader.readline().decode()) not in {"\r\n", ""}:
            lines.append(line.rstrip())
        if not lines:
            return False
        size = next(int(line[15:]) for line in lines if line.lower().startswith("content-length:"))
        reader.read(size)
        self.requests.append("\n".join(lines))
        given = self.answers.pop(0)
        connection.sendall(given)
        head, _, body = given.partition(b"\r\n\r\n")
        told = [line for line in head.decode().split("\r\n") if line.startswith("Content-Length")]
        return bool(told) and int(told[0][15:]) == len(body) and b"close" not in head


@contextmanager
def scripted(*answers: bytes) -> Iterator[Scripted]:
    """A server that gives *answers*."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = Scripted(f"http://127.0.0.1:{listener.getsockname()[1]}/query", list(answers))
        thread = threading.Thread(target=server.serve, args=(listener,), daemon=True)
        thread.start()
        yield server
        server.answers.clear()


@contextmanager
def graph_at(folder: Path, *urls: str, servers: tuple[str, ...] = ()) -> Iterator[RemoteGraph]:
    """What asks the engines at *urls*, all thought to be up; the first is asked first."""
    addresses = tuple(map(Address.read, urls))
    place = Place(addresses, servers or ("",) * len(urls), LAYOUT, (), {})
    state.write_state(folder / state.FILE, bytes([state.UP]) * len(urls))
    graph = RemoteGraph(place, folder / state.FILE)
    graph._order = lambda: sorted(  # type: ignore[method-assign]
        range(len(urls)), key=lambda number: graph._state[number] != state.UP
    )
    graph._see = lambda *_: None  # type: ignore[method-assign]
    yield graph
    graph._body = None
    for clients in graph._clients:
        for client in clients:
            client.close()
    graph._state.close()


def rows(graph: RemoteGraph, query: str = QUERY, deadline: float = 10.0) -> list[str]:
    """The first term of each row, or the object of each triple."""
    found = graph.evaluate(Ask(query, MediaType.JSON, deadline=deadline))
    graph_wanted = query == CONSTRUCT
    values = [row.object.value if graph_wanted else row[0].value for row in found]
    graph.rest()
    return values


def test_a_connection_is_kept(tmp_path: Path) -> None:
    """One question after another goes over it."""
    with scripted(answer(), answer(), answer()) as server, graph_at(tmp_path, server.url) as graph:
        found = [rows(graph) for _ in range(3)]

    assert found == [["1"]] * 3
    assert server.connections == 1


def test_a_kept_connection_may_have_ended(tmp_path: Path) -> None:
    """Then there is another, and nobody notices."""
    ended = answer(ROWS, JSON, "Connection: close")
    with scripted(ended, answer()) as server, graph_at(tmp_path, server.url) as graph:
        assert (rows(graph), rows(graph)) == (["1"], ["1"])


@pytest.mark.parametrize(
    ("query", "body", "kind"),
    [(QUERY, ROWS, JSON), (CONSTRUCT, b'<urn:a> <urn:b> "1" .\n' * 3, TRIPLES)],
    ids=["rows", "triples"],
)
def test_half_an_answer_is_known_for_one(
    tmp_path: Path, query: str, body: bytes, kind: str
) -> None:
    """It breaks off where less comes than was announced, even at the end of a line."""
    half = body[: body.rindex(b"\n", 0, -1) + 1] if query == CONSTRUCT else body[:-20]
    with (
        scripted(answer(half, kind, length=len(body))) as server,
        graph_at(tmp_path, server.url) as graph,
    ):
        with pytest.raises((OSError, SyntaxError, EngineDown)):
            rows(graph, query)
        lost = graph.lost()

        assert isinstance(lost, EngineDown)
        assert not graph.can_ask_again()


def test_triples_without_an_end_are_refused(tmp_path: Path) -> None:
    """Where only the end of the connection ends an answer, half of one would look whole."""
    endless = b"HTTP/1.1 200 OK\r\n" + TRIPLES.encode() + b"\r\n\r\n<urn:a> <urn:b> <urn:c> .\n"
    with (
        scripted(endless) as server,
        graph_at(tmp_path, server.url) as graph,
        pytest.raises(QueryFailed, match="known to be whole"),
    ):
        rows(graph, CONSTRUCT)


def test_a_cancelled_answer_is_none(tmp_path: Path) -> None:
    """Oxigraph ends it as if it were whole, with a sentence for its last line."""
    body = b"<urn:a> <urn:b> <urn:c> .\nThe SPARQL operation has been cancelled"
    with (
        scripted(answer(body, TRIPLES)) as server,
        graph_at(tmp_path, server.url) as graph,
        pytest.raises(EngineDown, match="cannot be read"),
    ):
        rows(graph, CONSTRUCT)


@pytest.mark.parametrize(
    ("header", "error"),
    [("X-SPARQL-MaxRows: 10000", QueryFailed), ("X-SQL-State: S1TAT", QueryTimeout)],
)
def test_a_cut_answer_is_none(tmp_path: Path, header: str, error: type[Exception]) -> None:
    """So Virtuoso says that it has left rows out."""
    with (
        scripted(answer(ROWS, JSON, header)) as server,
        graph_at(tmp_path, server.url) as graph,
        pytest.raises(error),
    ):
        rows(graph)


def test_another_engine_takes_over(tmp_path: Path) -> None:
    """One that does not listen is left out from then on."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        gone = f"http://127.0.0.1:{taken.getsockname()[1]}/query"
    with (
        scripted(answer(), answer()) as server,
        graph_at(tmp_path, gone, server.url) as graph,
    ):
        assert (rows(graph), rows(graph)) == (["1"], ["1"])
        assert list(graph._state) == [state.DOWN, state.UP]


def test_nobody_answers(tmp_path: Path) -> None:
    """That is told at once, not at the deadline."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        gone = f"http://127.0.0.1:{taken.getsockname()[1]}/query"
    with graph_at(tmp_path, gone) as graph, pytest.raises(EngineDown, match="ask again soon"):
        rows(graph)


def test_one_without_the_release_is_not_asked(tmp_path: Path) -> None:
    """It would answer from nothing."""
    with scripted(answer()) as server, graph_at(tmp_path, server.url) as graph:
        graph._order = RemoteGraph._order.__get__(graph)  # type: ignore[method-assign]
        graph._state[0] = state.WITHOUT
        with pytest.raises(EngineDown):
            rows(graph)

    assert server.requests == []


def test_retry_after_is_waited_for(tmp_path: Path) -> None:
    """Where it fits into the deadline."""
    busy = answer(b"", "Retry-After: 0", status="503 Service Unavailable")
    with scripted(busy, answer()) as server, graph_at(tmp_path, server.url) as graph:
        assert rows(graph) == ["1"]


def test_retry_after_the_deadline_is_not(tmp_path: Path) -> None:
    """An answer that would come too late is not waited for."""
    busy = answer(b"", "Retry-After: 60", status="503 Service Unavailable")
    with (
        scripted(busy) as server,
        graph_at(tmp_path, server.url) as graph,
        pytest.raises(EngineDown),
    ):
        rows(graph, deadline=5.0)


def test_redirects_are_not_followed(tmp_path: Path) -> None:
    """Nobody is asked whom the operator has not named."""
    with scripted(answer()) as elsewhere:
        away = answer(b"", f"Location: {elsewhere.url}", status="307 Temporary Redirect")
        with (
            scripted(away) as server,
            graph_at(tmp_path, server.url) as graph,
            pytest.raises(EngineDown, match="sends elsewhere"),
        ):
            rows(graph)

        assert elsewhere.connections == 0


def test_what_an_engine_says_is_not_passed_on(tmp_path: Path) -> None:
    """Its failures may hold what concerns nobody."""
    failed = answer(b"secret at /var/lib", "Content-Type: text/plain", status="500 Oh")
    with (
        scripted(failed) as server,
        graph_at(tmp_path, server.url) as graph,
        pytest.raises(QueryFailed) as caught,
    ):
        rows(graph)

    assert "secret" not in str(caught.value)
    assert "127.0.0.1" not in str(caught.value)


def test_an_answer_in_another_format_is_none(tmp_path: Path) -> None:
    """A page of HTML, say."""
    with (
        scripted(answer(b"<html>", "Content-Type: text/html")) as server,
        graph_at(tmp_path, server.url) as graph,
        pytest.raises(QueryFailed, match="SPARQL JSON"),
    ):
        rows(graph)


def test_the_deadline_is_told_where_a_parameter_is_known(tmp_path: Path) -> None:
    """Virtuoso wants milliseconds; one that is not known is told nothing."""
    url = "http://example.org/"
    with graph_at(tmp_path, url, url, servers=("Virtuoso/07.20", "Other/1")) as graph:
        told = [kind.bound(1.5) for kind in graph._kinds]

    assert told == [{"timeout": "1500"}, {}]


@pytest.mark.parametrize(
    ("challenge", "proof"),
    [
        ('Basic realm="x"', "Authorization: Basic ZGJhOnNlOmNyZXQ="),
        (
            'Digest realm="x", nonce="abc", qop="auth", algorithm="MD5"',
            'Authorization: Digest username="dba", realm="x", nonce="abc", uri="/query"',
        ),
    ],
    ids=["basic", "digest"],
)
def test_credentials_are_given_when_they_are_demanded(
    tmp_path: Path, challenge: str, proof: str
) -> None:
    """Not before; and with the next question at once."""
    demand = answer(b"", f"WWW-Authenticate: {challenge}", status="401 Unauthorized")
    with scripted(demand, answer(), answer()) as server:
        url = server.url.replace("//", "//dba:se%3Acret@")
        with graph_at(tmp_path, url) as graph:
            assert (rows(graph), rows(graph)) == (["1"], ["1"])

    assert "Authorization" not in server.requests[0]
    assert all(proof in request for request in server.requests[1:])
    assert "cret" not in "".join(server.requests)


def test_wrong_credentials_are_told_once(tmp_path: Path) -> None:
    """They are not sent again and again."""
    demand = answer(b"", 'WWW-Authenticate: Basic realm="x"', status="401 Unauthorized")
    with (
        scripted(demand, demand) as server,
        graph_at(tmp_path, server.url.replace("//", "//a:b@")) as graph,
        pytest.raises(EngineDown, match="operator"),
    ):
        rows(graph)


def test_credentials_stand_in_no_text() -> None:
    """Neither in what is shown of an address, nor in what is told of a wrong one."""
    address = Address.read("https://dba:secret@example.org:8890/sparql")

    assert address.url == "https://example.org:8890/sparql"
    assert "secret" not in repr(address)
    with pytest.raises(OperationError) as caught:
        Address.read("ftp://dba:secret@example.org/")
    assert "secret" not in str(caught.value)


def test_credentials_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the address has none."""
    monkeypatch.setenv("STANCEGRAPH_ENGINE_USER", "reader")
    monkeypatch.setenv("STANCEGRAPH_ENGINE_PASSWORD", "word")

    address = Address.read("http://example.org/sparql")

    assert (address.user, address.password) == ("reader", "word")


def test_only_its_user_reads_where_a_release_is(tmp_path: Path) -> None:
    """For credentials stand there."""
    address = Address.read("http://a:b@example.org/")
    Place((address,), ("",), LAYOUT, ("https://example.org/g",), {}).write(tmp_path)

    found = Place.read(tmp_path / "engine.json")

    assert (tmp_path / "engine.json").stat().st_mode & 0o077 == 0
    assert found.addresses == (address,)
