"""What strangers may send to an endpoint on the open internet, and that it takes no harm."""

from __future__ import annotations

import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from contextlib import ExitStack, suppress
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

import pytest

from tests.serving import Client, fetch, processor_time, quickest, serving, wait_until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    ChildrenOf = Callable[[int], set[int]]

TIMEOUT = 2.0  # seconds that the server gives a query
ENDLESS = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l }"
FLOOD = "SELECT * { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l }"
HALF_A_QUERY = (
    b"POST /sparql HTTP/1.1\r\nHost: x\r\nContent-Type: application/sparql-query\r\n"
    b"Content-Length: 100\r\n\r\nASK"
)
ANY_STEP = "(<x:p>|!<x:p>)*"

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")


@pytest.fixture(scope="module")
def place(releases: Path) -> Iterator[str]:
    """Host and port of a server of two workers, with little time and memory for each query."""
    with serving(
        "--releases", releases, "--workers", "2",
        "--query-timeout", str(TIMEOUT), "--query-memory", "128",
    ) as server:  # fmt: skip
        yield urlsplit(server.address).netloc


def post(
    place: str, query: str | bytes, accept: str = "application/sparql-results+json"
) -> tuple[int, dict[str, str], bytes]:
    """Status, headers and body for *query*, sent as it is."""
    with Client(f"http://{place}") as client:
        reply = client.request(
            "POST", "/sparql", query, content_type="application/sparql-query", accept=accept
        )
    return reply.status, reply.headers, reply.body


def get(place: str, path: str) -> int:
    return fetch(f"http://{place}", path).status


def is_well(place: str) -> bool:
    """Whether a light query is answered now."""
    return post(place, "ASK {}")[0] == HTTPStatus.OK


def nested(start: str, inner: str, end: str, times: int) -> str:
    return start * times + inner + end * times


def many(form: str, times: int, between: str = " ") -> str:
    return between.join(form.format(i) for i in range(times))


MONSTERS = {
    "groups": f"SELECT * {{ {nested('{ ', '?s ?p ?o', ' }', 1000)} }} LIMIT 1",
    "optionals": f"SELECT * {{ {nested('OPTIONAL { ?s ?p ?o ', '', ' }', 1000)} }} LIMIT 1",
    "braces": f"SELECT * {nested('{', '', '}', 20_000)}",
    "open braces": f"SELECT * {'{' * 20_000}",
    "parentheses": f"SELECT * {{ FILTER ({nested('(', '1', ')', 5000)} = 1) }}",
    "negations": f"SELECT * {{ FILTER ({'!' * 50_000} true) }}",
    "sums": f"SELECT (1{'+1' * 20_000} AS ?x) {{}}",
    "patterns": f"SELECT * {{ {many('?s{0} ?p{0} ?o{0}', 10_000, ' . ')} }} LIMIT 1",
    "star": f"SELECT * {{ {many('?s ?p{0} ?o{0}', 10_000, ' . ')} }} LIMIT 1",
    "path steps": f"SELECT * {{ ?s {many('<x:p>', 10_000, '/')} ?o }}",
    "path choices": f"SELECT * {{ ?s {many('<x:p>', 10_000, '|')} ?o }}",
    "path groups": f"SELECT * {{ ?s {nested('(', '<x:p>', ')*', 5000)} ?o }}",
    "values": f"SELECT (COUNT(*) AS ?n) {{ VALUES ?x {{ {many('{}', 150_000)} }} }}",
    "unions": f"SELECT * {{ {many('{{ ?s a <x:{}> }}', 5000, ' UNION ')} }}",
    "differences": f"SELECT * {{ ?s a ?t {many('MINUS {{ ?s a <x:{}> }}', 3000)} }}",
    "exists": f"ASK {{ {nested('FILTER EXISTS { ?s ?p ?o ', '', ' }', 1000)} }}",
    "blank nodes": f"SELECT * {{ {nested('[ ?p ', '1', ' ]', 3000)} }}",
    "lists": f"SELECT * {{ ?s ?p {nested('(', '1', ')', 3000)} }}",
    "projection": f"SELECT {many('(1 AS ?v{})', 20_000)} {{}}",
    "grouping": f"SELECT (COUNT(*) AS ?n) {{ ?s ?p ?o }} GROUP BY {many('?v{}', 20_000)}",
    "prefixes": f"{many('PREFIX p{}: <x:y>', 40_000)} ASK {{}}",
    "long name": f"SELECT ?{'a' * 1_000_000} {{}}",
    "long iri": f"ASK {{ <x:{'a' * 1_000_000}> ?p ?o }}",
    "regex": "SELECT (COUNT(*) AS ?n) { ?s ?p ?o FILTER REGEX(STR(?o), '(a|a)*(.*a){25}$') }",
    "huge regex": "ASK { FILTER REGEX('aaaa', '((a{1,1000}){1,1000}){1,1000}') }",
    "cross product": ENDLESS,
    "cross product, sorted": f"{FLOOD} ORDER BY ?a ?l",
    "distinct": FLOOD.replace("*", "(COUNT(DISTINCT CONCAT(STR(?a), STR(?l))) AS ?n)"),
    "runaway path": f"SELECT (COUNT(*) AS ?n) {{ ?a {ANY_STEP} ?b . ?b {ANY_STEP} ?c . ?d ?e ?f }}",
    "concatenation": "SELECT (GROUP_CONCAT(?o) AS ?x) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?o }",
    "growing text": "SELECT (STRLEN(?d) AS ?n) { BIND(REPLACE('" + "a" * 32 + "', 'a', '" + "a" * 32
    + "') AS ?a) BIND(REPLACE(?a, 'a', ?a) AS ?b) BIND(REPLACE(?b, 'a', ?b) AS ?c)"
    + " BIND(REPLACE(?c, 'a', ?c) AS ?d) }",
}  # fmt: skip


@pytest.mark.parametrize("name", MONSTERS)
def test_a_monstrous_query_is_answered_or_refused_in_a_sentence(place: str, name: str) -> None:
    """Never a broken connection, a trace or a path; and the next query is answered."""
    status, headers, body = post(place, MONSTERS[name])

    assert is_well(place)
    if status == HTTPStatus.OK:
        assert json.loads(body)["head"] is not None
    else:
        assert status in {400, 413, 500, 504}
        problem = json.loads(body)
        assert headers["content-type"] == "application/problem+json"
        assert 20 < len(problem["detail"]) < 500
        assert "Traceback" not in problem["detail"]
        assert str(Path(__file__).parents[2]) not in body.decode()


def test_at_its_deadline_a_query_is_gone_and_the_processor_idle(
    place: str, children_of: ChildrenOf
) -> None:
    """A second later at most; the answer says how long it ran and what to try."""
    replies: list[tuple[int, dict[str, str], bytes]] = []
    bound = TIMEOUT + 1

    took = quickest(lambda: replies.append(post(place, ENDLESS + " #gone")), bound)

    assert TIMEOUT <= took < bound
    for status, _, body in replies:
        assert status == HTTPStatus.GATEWAY_TIMEOUT
        assert "stopped after 2 s; ask for less" in json.loads(body)["detail"]
    workers = _workers(place, children_of)
    before = {pid: processor_time(pid) for pid in workers}
    time.sleep(0.5)
    assert sum(processor_time(pid) - before[pid] for pid in workers) < 0.1


def test_many_at_once_are_answered_or_told_to_come_again(place: str) -> None:
    """Two hundred; who is sent away hears when to come back, and the pages are there."""
    found: list[tuple[int, dict[str, str], bytes]] = []
    query = "SELECT (COUNT(*) AS ?n) {{ ?a ?b ?c . ?d ?b ?f }} #{}"
    threads = [
        threading.Thread(target=lambda i=i: found.append(post(place, query.format(i))))
        for i in range(200)
    ]

    for thread in threads:
        thread.start()
    pages = [get(place, path) for path in ("/", "/queries/", "/health")]
    for thread in threads:
        thread.join()

    assert pages == [200, 200, 200]
    assert len(found) == len(threads)
    assert {status for status, _, _ in found} <= {200, 503, 504}
    assert sum(status == HTTPStatus.OK for status, _, _ in found) >= 100
    for status, headers, _ in found:
        assert (status == HTTPStatus.SERVICE_UNAVAILABLE) == ("retry-after" in headers)


def test_a_flood_of_endless_queries_leaves_pages_and_light_ones_alone(place: str) -> None:
    """As many as there is room for, and more."""
    threads = [threading.Thread(target=post, args=(place, f"{ENDLESS} #{i}")) for i in range(16)]
    for thread in threads:
        thread.start()
    time.sleep(0.3)

    light = [post(place, f"ASK {{}} #{i}")[0] for i in range(20)]
    page = get(place, "/queries/?q=again")
    for thread in threads:
        thread.join()

    assert Counter(light) == {200: 20}
    assert page == HTTPStatus.OK


def test_slow_connections_keep_nobody_waiting(place: str) -> None:
    """Some have sent half a request line, some half of their headers, some half of a body."""
    host, _, port = place.partition(":")
    starts = [
        b"GET /spar",
        b"GET / HTTP/1.1\r\nHost: x\r\nAccept: ",
        HALF_A_QUERY,
        b"POST /queries/ HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nASK",
        b"GET /sparql?query=ASK%7B%7D HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n",
        b"GET /search HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n",
    ]
    with ExitStack() as stack:
        for i in range(400):
            slow = stack.enter_context(socket.create_connection((host, int(port)), timeout=5))
            slow.sendall(starts[i % len(starts)])
        time.sleep(0.2)

        assert is_well(place)
        assert get(place, "/queries/?q=slow") == HTTPStatus.OK


def test_clients_that_do_not_read_keep_nobody_waiting(releases: Path) -> None:
    """What they asked for is made to its end and waits for them; the workers are free."""
    long = "SELECT * { ?s ?p ?o . ?a ?b ?c } LIMIT 20000 #"
    with serving("--releases", releases, "--workers", "2") as server, ExitStack() as stack:
        place = urlsplit(server.address).netloc
        _, _, whole = post(place, long)
        assert len(whole) > 5 * 10**6  # more than the sockets hold
        readers = []
        for number in range(50):
            reader = stack.enter_context(socket.socket())
            reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            reader.settimeout(30)
            reader.connect(_address(place))
            query = quote(f"{long} {number}")
            reader.sendall(f"GET /sparql?query={query} HTTP/1.0\r\n\r\n".encode())
            readers.append(reader)

        for number in range(20):
            assert post(place, f"ASK {{}} # {number}")[0] == HTTPStatus.OK
        wait_until(lambda: _counted(place, "whole") >= 1 + 50 + 20, 60)
        with readers[-1].makefile("rb") as file:
            assert whole in file.read()


def _counted(place: str, outcome: str) -> float:
    """Queries that the engine was asked, by how they ended."""
    lines = fetch(f"http://{place}", "/metrics").text.splitlines()
    name = f'stancegraph_queries_total{{outcome="{outcome}"}} '
    return sum(float(line.removeprefix(name)) for line in lines if line.startswith(name))


def _address(place: str) -> tuple[str, int]:
    host, _, port = place.rpartition(":")
    return host, int(port)


def test_a_body_that_does_not_come_is_told_so(place: str) -> None:
    """408 after ten seconds, in the one form that failures have."""
    host, _, port = place.partition(":")
    with socket.create_connection((host, int(port)), timeout=30) as slow:
        slow.sendall(HALF_A_QUERY)
        reply = http.client.HTTPResponse(slow)
        reply.begin()

        assert reply.status == HTTPStatus.REQUEST_TIMEOUT
        assert "within 10 seconds" in json.loads(reply.read())["detail"]


@pytest.mark.parametrize(
    "body",
    [
        b"zz\r\nASK {}\r\n0\r\n\r\n",
        b"-1\r\nASK {}\r\n0\r\n\r\n",
        b"ffffffffffffffffff\r\nASK {}\r\n",
        b"6\r\nASK {}",
        b"2\r\nASK {}\r\n0\r\n\r\n",
    ],
)
def test_malformed_chunks_end_their_connection_alone(place: str, body: bytes) -> None:
    """Such a request is never answered as if it were whole."""
    host, _, port = place.partition(":")
    with socket.create_connection((host, int(port)), timeout=30) as connection:
        connection.sendall(
            b"POST /sparql HTTP/1.1\r\nHost: x\r\nContent-Type: application/sparql-query\r\n"
            b"Transfer-Encoding: chunked\r\n\r\n" + body
        )
        connection.shutdown(socket.SHUT_WR)
        with suppress(ConnectionResetError):
            reply = connection.recv(65536)
            assert not reply or not reply.split(b" ")[1].startswith(b"2")

    assert is_well(place)


@pytest.mark.parametrize("chunked", [False, True])
def test_a_body_of_fifty_megabytes_is_refused(place: str, chunked: bool) -> None:
    """Whether or not it says beforehand how long it is."""
    megabyte = b" " * 2**20
    connection = http.client.HTTPConnection(place, timeout=60)
    headers = {"Content-Type": "application/sparql-query"}
    if chunked:
        headers["Transfer-Encoding"] = "chunked"
    else:
        headers["Content-Length"] = str(50 * 2**20)
    with suppress(BrokenPipeError, ConnectionResetError):
        connection.request(
            "POST", "/sparql", (megabyte for _ in range(50)), headers, encode_chunked=chunked
        )
    with suppress(http.client.RemoteDisconnected, ConnectionResetError, BrokenPipeError):
        reply = connection.getresponse()
        assert reply.status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE, reply.read()
    connection.close()

    assert is_well(place)


@pytest.mark.parametrize(
    "path",
    [
        "/?\xff", "/queries/?\xff=1", "/sparql?\xff=1", "/sparql?query=%FF%FE", "/%FF%FE",
        "/id/%00", "/id/state/%0d%0aX: y", "/static/../../x",
        "/static/%2e%2e/%2e%2e/pyproject.toml", "/id/" + "a/" * 3000, "/queries/" + "%2f" * 1000,
        "/sparql?" + "&".join(f"a{i}=1" for i in range(3000)), "//etc/passwd", "/graph/../../etc",
    ],
)  # fmt: skip
def test_odd_addresses_are_mistakes_of_the_caller(place: str, path: str) -> None:
    """4xx, or a redirect; never a failure of the server, and never a file."""
    host, _, port = place.partition(":")
    with socket.create_connection((host, int(port)), timeout=30) as connection:
        connection.sendall(
            f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode("latin-1")
        )
        reply = http.client.HTTPResponse(connection)
        reply.begin()

        assert 300 <= reply.status < 500
        assert b"root:" not in reply.read()


@pytest.mark.parametrize("named", [b'x"y', b"x/y", b"x@y", b"x y", b"\xff", b""])
def test_a_host_that_is_none_is_refused(place: str, named: bytes) -> None:
    """As RFC 9112 wants it: it would stand in the addresses on the page."""
    host, _, port = place.partition(":")
    with socket.create_connection((host, int(port)), timeout=30) as connection:
        connection.sendall(
            b"GET /sitemap.xml HTTP/1.1\r\nHost: " + named + b"\r\nConnection: close\r\n\r\n"
        )
        reply = http.client.HTTPResponse(connection)
        reply.begin()

        assert reply.status == HTTPStatus.BAD_REQUEST


def test_headers_without_end_are_refused(place: str) -> None:
    """Many, or one that is long, or one that says very much."""
    host, _, port = place.partition(":")
    floods = (b"X: y\r\n" * 50_000, b"X: " + b"y" * 5_000_000, b"Accept: " + b"a/b," * 50_000)
    for headers in floods:
        with (
            socket.create_connection((host, int(port)), timeout=30) as connection,
            suppress(BrokenPipeError, ConnectionResetError),
        ):
            connection.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n" + headers + b"\r\n\r\n")
            reply = connection.recv(65536)
            assert not reply or reply.split(b" ")[1].startswith(b"4")

    assert is_well(place)


@pytest.mark.parametrize(
    "query",
    [
        "SELECT * { SERVICE <http://127.0.0.1:{port}/> { ?s ?p ?o } }",
        "SELECT * { SERVICE SILENT <http://127.0.0.1:{port}/> { ?s ?p ?o } }",
        "SELECT * { BIND(<http://127.0.0.1:{port}/> AS ?x) SERVICE ?x { ?s ?p ?o } }",
        "SELECT * { { SELECT * { SERVICE <http://127.0.0.1:{port}/> { } } } }",
        "SELECT * { ?s ?p ?o FILTER EXISTS { SERVICE <http://127.0.0.1:{port}/> { } } }",
        "SELECT * { \\u0053ERVICE <http://127.0.0.1:{port}/> { } }",
        "SELECT * FROM <http://127.0.0.1:{port}/> { ?s ?p ?o }",
        "SELECT * FROM NAMED <http://127.0.0.1:{port}/> { GRAPH ?g { ?s ?p ?o } }",
        "SELECT * FROM <file:///etc/passwd> { ?s ?p ?o }",
        "DESCRIBE <http://127.0.0.1:{port}/>",
        "LOAD <http://127.0.0.1:{port}/>",
        "LOAD <file:///etc/passwd> INTO GRAPH <x:g>",
    ],
)
def test_no_query_makes_the_server_call_anybody(place: str, query: str) -> None:
    """A listener on this machine hears nothing, and no file is read."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0.2)
        text = query.replace("{port}", str(listener.getsockname()[1]))

        status, _, body = post(place, text, "*/*")

        with pytest.raises(TimeoutError):
            listener.accept()
    assert status in {200, 400}
    assert b"root:" not in body


def test_a_process_killed_at_any_moment_costs_no_whole_answer(
    place: str, children_of: ChildrenOf
) -> None:
    """Workers and the supervisor die again and again under load: each answer is whole or failed."""
    query = "SELECT ?a ?d { ?a ?b ?c . ?d ?e <http://www.w3.org/2002/07/owl#Class> } #"
    wait_until(lambda: is_well(place))
    status, _, body = post(place, query + "whole")
    assert status == HTTPStatus.OK
    whole = len(body)
    ends: Counter[str] = Counter()
    stop = threading.Event()

    def load(number: int) -> None:
        i = 0
        while not stop.is_set():
            i += 1
            try:
                status, _, body = post(place, f"{query}{number}-{i}")
            except (http.client.HTTPException, OSError):
                ends["broken off"] += 1
                continue
            good = status != HTTPStatus.OK or len(body) == whole
            ends["good" if good else "passed off as whole"] += 1

    threads = [threading.Thread(target=load, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for i in range(20):
        time.sleep(0.1)
        supervisor = _supervisor(place, children_of)
        workers = children_of(supervisor) if supervisor else set()
        victim = supervisor if i % 5 == 4 else next(iter(workers), supervisor)
        if victim:
            with suppress(ProcessLookupError):
                os.kill(victim, signal.SIGKILL)
    stop.set()
    for thread in threads:
        thread.join()

    assert ends["passed off as whole"] == 0
    assert ends["good"] > 0
    wait_until(lambda: is_well(place), seconds=2)


@pytest.mark.skipif(
    os.geteuid() != 0 or shutil.which("mount") is None, reason="mounting a small disk needs root"
)
def test_a_full_disk_ends_nothing(releases: Path, tmp_path: Path) -> None:
    """What the server keeps in the temporary folder has its room from the start."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=16m", "tmpfs", str(disk)], check=False
    )
    if mounted.returncode:
        pytest.skip("this machine lets nobody mount")
    try:
        env = {**os.environ, "TMPDIR": str(disk)}
        with serving("--releases", releases, env=env) as server:
            place = urlsplit(server.address).netloc
            with suppress(OSError), (disk / "filler").open("wb") as filler:
                while True:
                    filler.write(b"x" * 2**16)

            found = [post(place, f"ASK {{}} #{i}")[0] for i in range(50)]
            counts = get(place, "/metrics")
        assert set(found) == {200}
        assert counts == HTTPStatus.OK
    finally:
        subprocess.run(["umount", str(disk)], check=False)


def _answers(place: str) -> bool:
    try:
        return is_well(place)
    except OSError:
        return False


def _supervisor(place: str, children_of: ChildrenOf) -> int:
    """The supervisor's process; 0 while there is none."""
    for pid in children_of(_listener(place)):
        with suppress(OSError):
            if b"stancegraph.engine.supervisor" in Path(f"/proc/{pid}/cmdline").read_bytes():
                return pid
    return 0


def _listener(place: str) -> int:
    """The process of `stancegraph serve` that listens there; it is a child of this one."""
    port = place.rpartition(":")[2]
    for line in Path("/proc/net/tcp").read_text("utf-8").splitlines()[1:]:
        fields = line.split()
        if fields[1].endswith(f":{int(port):04X}") and fields[3] == "0A":
            inode = fields[9]
            for descriptor in Path("/proc").glob("[0-9]*/fd/*"):
                with suppress(OSError):
                    if str(descriptor.readlink()) == f"socket:[{inode}]":
                        return _oldest_server(int(descriptor.parts[2]))
    raise AssertionError("nobody listens")


def _oldest_server(pid: int) -> int:
    """The process above *pid*, or itself, that was started as the command."""
    while b"serve" not in Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0"):
        pid = int(Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(") ")[2].split()[1])
    return pid


def _workers(place: str, children_of: ChildrenOf) -> set[int]:
    return children_of(_supervisor(place, children_of))
