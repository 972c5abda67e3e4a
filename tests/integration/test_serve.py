"""`stancegraph serve` over real HTTP, with stock clients."""

from __future__ import annotations

import csv
import http.client
import io
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import suppress
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode, urlsplit
from xml.etree import ElementTree as ET

import pytest
import rdflib
from SPARQLWrapper import CSV, JSON, N3, POST, POSTDIRECTLY, XML, SPARQLWrapper

from tests.serving import COMMAND, Reply, Server, quickest, serving, wait_until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    ChildrenOf = Callable[[int], set[int]]

PREFIXES = """
PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
PREFIX sg: <https://w3id.org/stancegraph/ontology#>
"""
LABELS = PREFIXES + "SELECT ?label { ?state a sg:State ; rdfs:label ?label } ORDER BY ?label"
STATES = PREFIXES + "CONSTRUCT { ?state a sg:State } WHERE { ?state a sg:State }"
ENDLESS = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l }"
FLOOD = "SELECT * { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l }"
TIMEOUT = 1.0  # seconds that the server gives a query
FORM = "application/x-www-form-urlencoded"


@pytest.fixture(scope="module")
def server(releases: Path) -> Iterator[Server]:
    """One server for the tests that leave it running."""
    options = ("--query-timeout", str(TIMEOUT), "--workers", "2")
    with serving("--releases", releases, *options) as server:
        yield server


def test_the_three_forms_of_the_protocol_give_the_same(server: Server) -> None:
    """GET, a form by POST, and the query itself by POST."""
    form = urlencode({"query": LABELS})

    replies = [
        server.ask(LABELS, accept="text/csv"),
        server.request("POST", "/sparql", form, accept="text/csv", content_type=FORM),
        server.request(
            "POST",
            "/sparql",
            LABELS,
            accept="text/csv",
            content_type="application/sparql-query; charset=UTF-8",
        ),
    ]

    assert {reply.text for reply in replies} == {"label\r\nCanada\r\nPeru\r\n"}
    assert {reply.status for reply in replies} == {HTTPStatus.OK}


def test_each_format_is_read_by_a_stock_parser(server: Server) -> None:
    """JSON, XML, CSV, TSV for tables; Turtle and N-Triples for graphs; by format= too."""
    replies = {
        name: server.request("GET", f"/sparql?format={name}&query={quote(query)}")
        for query, names in ((LABELS, ("json", "xml", "csv", "tsv")), (STATES, ("ttl", "nt")))
        for name in names
    }

    bindings = json.loads(replies["json"].body)["results"]["bindings"]
    assert [row["label"]["value"] for row in bindings] == ["Canada", "Peru"]
    literals = ET.fromstring(replies["xml"].body).findall(".//{*}literal")  # noqa: S314 (our own)
    assert [literal.text for literal in literals] == ["Canada", "Peru"]
    assert list(csv.reader(io.StringIO(replies["csv"].text))) == [["label"], ["Canada"], ["Peru"]]
    assert replies["tsv"].text.split("\n") == ["?label", '"Canada"@en', '"Peru"@en', ""]
    graphs = [rdflib.Graph().parse(data=replies[name].text, format=name) for name in ("ttl", "nt")]
    assert [len(graph) for graph in graphs] == [2, 2]
    assert {reply.headers["content-type"] for reply in replies.values()} == {
        "application/sparql-results+json",
        "application/sparql-results+xml",
        "text/csv; charset=utf-8",
        "text/tab-separated-values; charset=utf-8",
        "text/turtle; charset=utf-8",
        "application/n-triples",
    }


@pytest.mark.filterwarnings("ignore::DeprecationWarning:SPARQLWrapper")
def test_sparqlwrapper_reads_answers(server: Server) -> None:
    """The usual client of Python, by GET and by both kinds of POST."""
    client = SPARQLWrapper(f"{server.address}/sparql")
    client.setQuery(LABELS)
    client.setReturnFormat(JSON)
    by_get: Any = client.queryAndConvert()
    client.setMethod(POST)
    client.setReturnFormat(CSV)
    by_form: Any = client.queryAndConvert()
    client.setRequestMethod(POSTDIRECTLY)
    client.setReturnFormat(XML)
    direct: Any = client.queryAndConvert()
    client.setQuery(STATES)
    client.setReturnFormat(N3)
    turtle: Any = client.queryAndConvert()
    graph = rdflib.Graph().parse(data=turtle, format="turtle")

    assert [row["label"]["value"] for row in by_get["results"]["bindings"]] == ["Canada", "Peru"]
    assert by_form.decode().split() == ["label", "Canada", "Peru"]
    assert "Canada" in direct.toxml()
    assert len(graph) == 2


def test_a_syntax_error_has_its_place(server: Server) -> None:
    """400 with line and column, as a problem document, or as text for those who prefer it."""
    wrong = "SELECT * {\n  ?s 'é€' ?o }"

    reply = server.ask(wrong)
    text = server.ask(wrong, accept="text/csv, text/plain")

    assert reply.status == HTTPStatus.BAD_REQUEST
    assert (reply.problem["line"], reply.problem["column"]) == (2, 6)
    assert reply.problem["error"] == "QuerySyntaxError"
    assert text.headers["content-type"] == "text/plain; charset=utf-8"
    assert text.text == (
        "400 Bad Request: line 2, column 6: unexpected 'é€'\n\n    ?s 'é€' ?o }\n       ^\n"
    )


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("DELETE WHERE { ?s ?p ?o }", "updates are refused"),
        ("SELECT * { SERVICE <http://127.0.0.1:1/> { ?s ?p ?o } }", "SERVICE is refused"),
        (r"SELECT * { \u0053ERVICE <http://x/> { ?s ?p ?o } }", "SERVICE is refused"),
        ("SELECT * { service silent <http://x/> { ?s ?p ?o } }", "SERVICE is refused"),
    ],
)
def test_updates_and_calls_to_other_servers_are_refused(
    server: Server, query: str, told: str
) -> None:
    """400 with the reason, however they are written."""
    reply = server.ask(query)

    assert reply.status == HTTPStatus.BAD_REQUEST
    assert told in str(reply.problem["detail"])


@pytest.mark.parametrize(
    ("path", "sent", "status", "told"),
    [
        ("/sparql", ("update=CLEAR+ALL", FORM), 400, "updates are refused"),
        ("/sparql", ("CLEAR ALL", "application/sparql-update"), 400, "updates are refused"),
        ("/sparql", ("", FORM), 400, "'query' is missing"),
        ("/sparql", ("query=%FF", FORM), 400, "UTF-8"),
        ("/sparql", ("query=ASK+{}&query=ASK+{}", FORM), 400, "given 2 times"),
        ("/sparql?query=ASK+{}", ("query=ASK+{}", FORM), 400, "given 2 times"),
        ("/sparql?query=ASK+{}", ("ASK {}", "application/sparql-query"), 400, "twice"),
        ("/sparql", (b"ASK {} #\xe9", "application/sparql-query"), 400, "not UTF-8"),
        ("/sparql", ("ASK {}", "application/sparql-query; charset=latin-1"), 415, "latin-1"),
        ("/sparql", ("ASK {}", "text/plain"), 415, "cannot read text/plain"),
        ("/sparql", ("query=" + "x" * 2**20, FORM), 413, "1048576 bytes"),
        ("/sparql?format=json", None, 400, "'query' is missing"),
        ("/sparql?query=ASK+{}&query=ASK+{}", None, 400, "given 2 times"),
        ("/sparql?query=ASK+{}&format=pdf", None, 400, "is one of json"),
        ("/sparql?query=ASK+{}&format=ttl", None, 406, "sparql-results+json"),
        ("/sparql?query=ASK+{}&default-graph-uri=x", None, 400, "no absolute IRI"),
        ("/nowhere", None, 404, ""),
        ("/queries/votes/of-a-stat", None, 404, "did you mean votes/of-a-state"),
        ("/queries/votes/of-a-state", None, 400, "actor"),
        ("/queries/votes/of-a-state?actor=ATLANTIS", None, 400, "actor"),
        ("/queries/votes/of-a-state?actor=CAN&actor=PER", None, 400, "actor"),
    ],
)
def test_a_bad_request_is_told_in_one_form(
    server: Server,
    path: str,
    sent: tuple[bytes | str, str] | None,
    status: int,
    told: str,
) -> None:
    """Every status that a caller can mend comes as a problem that says how."""
    path = path.replace("{}", "%7B%7D")

    if sent:
        reply = server.request("POST", path, sent[0], content_type=sent[1])
    else:
        reply = server.request("GET", path)

    assert reply.status == status
    assert told in str(reply.problem["detail"])


def test_another_method_is_told_which_are_allowed(server: Server) -> None:
    """405 with Allow."""
    reply = server.request("DELETE", "/sparql")

    assert reply.status == reply.problem["status"] == HTTPStatus.METHOD_NOT_ALLOWED
    assert set(reply.headers["allow"].split(", ")) == {"GET", "HEAD", "OPTIONS", "POST"}


def test_accept_is_negotiated_with_its_weights(server: Server) -> None:
    """The best accepted format is given; 406 names what can be had."""
    accept = "text/turtle, text/csv;q=0.4, application/sparql-results+xml;q=0.6"

    weighed = server.ask(LABELS, accept=accept)
    refused = server.ask(LABELS, accept="text/turtle")

    assert weighed.headers["content-type"] == "application/sparql-results+xml"
    assert "Accept" in weighed.headers["vary"]
    assert refused.status == HTTPStatus.NOT_ACCEPTABLE
    assert "text/csv" in refused.problem["offered"]  # type: ignore[operator]


def test_headers_say_the_release_and_let_scripts_read(server: Server) -> None:
    """Any site may read the answers; HEAD has the headers of GET; a preflight is answered."""
    got, head = server.ask(LABELS), server.ask(LABELS, "HEAD")
    preflight = server.request("OPTIONS", "/sparql", origin="https://example.org")

    assert got.headers["x-stancegraph-release"].startswith("2026-11-22-")
    assert got.headers["x-content-type-options"] == "nosniff"
    assert got.headers["access-control-allow-origin"] == "*"
    changing = {"date": "", "cache-status": "", "x-request-id": ""}
    assert {**head.headers, **changing} == {**got.headers, **changing}
    assert head.body == b""
    assert "POST" in preflight.headers["access-control-allow-methods"]
    assert "Content-Type" in preflight.headers["access-control-allow-headers"]


def test_an_answer_that_is_still_known_is_not_sent_again(server: Server) -> None:
    """An ETag names release, query and format; what changes each time has none."""
    tag = server.ask(LABELS).headers["etag"]

    assert server.ask(LABELS, if_none_match=tag).status == HTTPStatus.NOT_MODIFIED
    assert server.ask(LABELS, if_none_match=tag, accept="text/csv").status == HTTPStatus.OK
    assert "etag" not in server.ask("SELECT (now() AS ?t) {}").headers


def test_the_request_can_name_the_dataset(server: Server) -> None:
    """default-graph-uri bounds what is asked."""
    query = PREFIXES + "SELECT ?vote { ?vote a sg:Vote }"
    graph = "https://example.org/small/graph/data/votes/75-282"

    path = f"/sparql?format=csv&{urlencode({'query': query, 'default-graph-uri': graph})}"

    assert len(server.request("GET", path).text.split()) == 2
    assert len(server.ask(query, accept="text/csv").text.split()) == 4


def test_an_endless_query_is_gone_at_its_deadline(server: Server) -> None:
    """504 when the time is up, and the next query is answered."""
    replies: list[Reply] = []
    bound = TIMEOUT + 1.5

    took = quickest(lambda: replies.append(server.ask(ENDLESS)), bound)

    assert TIMEOUT <= took < bound
    for reply in replies:
        assert reply.status == HTTPStatus.GATEWAY_TIMEOUT
        assert "stopped after 1 s" in str(reply.problem["detail"])
    assert server.ask(LABELS).status == HTTPStatus.OK


def test_a_result_that_fails_midway_is_broken_off(server: Server) -> None:
    """Bytes flow before evaluation ends; at the deadline the connection breaks."""
    started = time.monotonic()
    connection = http.client.HTTPConnection(urlsplit(server.address).netloc, timeout=30)
    connection.request("GET", f"/sparql?format=csv&query={quote(FLOOD)}")
    answer = connection.getresponse()
    first = answer.read(10)
    begun = time.monotonic() - started

    with pytest.raises((http.client.IncompleteRead, ConnectionResetError)):
        answer.read()
    connection.close()

    assert (answer.status, first[:3]) == (HTTPStatus.OK, b"a,b")
    assert begun < TIMEOUT


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_a_client_that_hangs_up_stops_the_work(
    releases: Path, tmp_path: Path, children_of: ChildrenOf
) -> None:
    """Its worker is killed and replaced long before the deadline."""
    with serving("--releases", releases, "--query-timeout", "60", "--workers", "2") as server:
        workers = _workers(server, children_of)
        netloc = urlsplit(server.address)
        with socket.create_connection((netloc.hostname, netloc.port)) as client:
            client.sendall(
                f"GET /sparql?query={quote(ENDLESS)} HTTP/1.1\r\nHost: x\r\n\r\n".encode()
            )
            time.sleep(0.3)

        wait_until(lambda: len(_workers(server, children_of) & workers) == 1)


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_web_processes_end_with_the_process_they_were_forked_from(
    releases: Path, children_of: ChildrenOf
) -> None:
    """Others take their place; none is left over, which would keep the port."""
    with serving("--releases", releases) as server:

        def forks() -> set[int]:
            """The processes from which web processes are forked."""
            started = children_of(server.process.pid)
            commands = {pid: Path(f"/proc/{pid}/cmdline").read_bytes() for pid in started}
            return {pid for pid, command in commands.items() if b"forkserver" in command}

        (killed,) = forks()
        before = children_of(killed)
        os.kill(killed, signal.SIGKILL)

        wait_until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in before))
        wait_until(lambda: any(map(children_of, forks())))
        wait_until(lambda: _is_well(server))


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_nothing_is_left_over_when_the_first_process_is_killed(
    releases: Path, children_of: ChildrenOf
) -> None:
    """What was left would keep the port, so that no other server could be started."""
    with serving("--releases", releases) as server:
        started = children_of(server.process.pid)
        started |= {pid for process in started for pid in children_of(process)}

        server.process.kill()

        wait_until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in started))
        with pytest.raises(OSError, match="refused"):
            server.request("GET", "/health")


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_a_killed_supervisor_is_replaced(releases: Path, children_of: ChildrenOf) -> None:
    """Requests go on being answered; the release is the same."""
    with serving("--releases", releases, "--query-timeout", "30") as server:
        before = _supervisor(server, children_of)

        os.kill(before, signal.SIGKILL)
        reply = server.ask(LABELS + " #", accept="text/csv")

        assert reply.text == "label\r\nCanada\r\nPeru\r\n"
        assert _supervisor(server, children_of) != before


def _is_well(server: Server) -> bool:
    """Whether a web process answers."""
    with suppress(OSError):
        return server.request("GET", "/health").status == HTTPStatus.OK
    return False


def _supervisor(server: Server, children_of: ChildrenOf) -> int:
    """The process that says of itself that it is the supervisor."""
    for pid in children_of(server.process.pid):
        if b"stancegraph.engine.supervisor" in Path(f"/proc/{pid}/cmdline").read_bytes():
            return pid
    raise AssertionError("there is no supervisor")


def _workers(server: Server, children_of: ChildrenOf) -> set[int]:
    return children_of(_supervisor(server, children_of))


def test_a_saved_query_has_an_address(server: Server) -> None:
    """Its parameters are the arguments of the address."""
    iri = quote("https://example.org/small/id/state/PER")

    reply = server.request("GET", f"/queries/votes/of-a-state?format=csv&actor={iri}")

    vote = "https://example.org/small/id/vote/74-247/PER"
    assert reply.text == f"vote,choice\r\n{vote},abstain\r\n"


def test_the_pages_tell_what_can_be_asked(server: Server) -> None:
    """Home page and list name the release and its queries; the list is JSON where asked for."""
    home, questions, endpoint = (
        server.request("GET", path, accept="text/html").text
        for path in ("/", "/queries/", "/sparql")
    )
    listed = json.loads(server.request("GET", "/queries/", accept="application/json").body)

    assert "Three votes" in home
    assert "2026-11-22-" in home
    for page in (home, questions):
        assert "How a state voted" in page
        assert '<a href="/queries/votes/of-a-state?actor=' in page
    assert "application/sparql-query" in endpoint
    (query,) = listed["queries"]
    assert (query["name"], query["columns"]) == ("votes/of-a-state", ["vote", "choice"])
    assert server.request("GET", query["example"]).status == HTTPStatus.OK


def test_the_example_that_is_printed_works(server: Server) -> None:
    """What the command says to try can be pasted into a shell."""
    command = server.told.partition("Try: ")[2]

    done = subprocess.run(
        ["sh", "-c", command.replace("curl", "curl -sS")],
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout.startswith("class,things")


def test_a_busy_port_is_one_line(server: Server, releases: Path) -> None:
    """It names the option that helps."""
    port = urlsplit(server.address).port

    done = _run("--releases", str(releases), "--port", str(port))

    assert done.returncode == 1
    assert (
        done.stderr
        == f"stancegraph: port {port} of 127.0.0.1 is taken: choose another with --port\n"
    )


def test_no_release_is_one_line(tmp_path: Path) -> None:
    """It says what to do first."""
    done = _run("--releases", str(tmp_path))

    assert done.returncode == 1
    assert done.stderr == f"stancegraph: {tmp_path} holds no release: run `stancegraph build`\n"


def _run(*options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *options], capture_output=True, text=True, check=False, timeout=30
    )


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_lets_running_requests_finish(
    releases: Path, tmp_path: Path, number: signal.Signals, children_of: ChildrenOf
) -> None:
    """The answer comes whole, then the server ends well, without a trace or a leftover."""
    options = ("--releases", releases, "--query-timeout", "2", "--workers", "2")
    with serving(*options, process_group=0) as server:
        replies: list[Reply] = []
        client = threading.Thread(target=lambda: replies.append(server.ask(ENDLESS)))
        client.start()
        time.sleep(0.5)
        arguments = Path(f"/proc/{_supervisor(server, children_of)}/cmdline").read_text("utf-8")
        folder = next(Path(text).parent for text in arguments.split("\0") if "/engine" in text)
        assert folder.is_dir()

        if number == signal.SIGINT:
            os.killpg(server.process.pid, number)  # a terminal tells every process of the group
        else:
            os.kill(server.process.pid, number)
        client.join()

        assert server.process.wait(15) == 0
        assert replies[0].status == HTTPStatus.GATEWAY_TIMEOUT
        assert "Traceback" not in server.log.read_text("utf-8")
        assert not folder.exists()
        with pytest.raises(OSError, match="refused"):
            server.request("GET", "/")


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_an_interrupt_at_the_start_leaves_no_trace(releases: Path, host: str) -> None:
    """Ctrl-C while the processes still start ends them quietly; a host may be a name."""
    command = [*COMMAND, "--releases", str(releases), "--port", "0", "--host", host]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, process_group=0
    ) as process:
        assert process.stdout is not None
        first = process.stdout.readline()

        os.killpg(process.pid, signal.SIGINT)
        _, errors = process.communicate(timeout=20)

    assert f"at http://{host}:" in first
    assert (process.returncode, errors) == (0, "")


def test_a_release_of_another_version_is_one_line(releases: Path, tmp_path: Path) -> None:
    """What this version cannot read it says to build again, before it starts anything."""
    shutil.copytree(releases, tmp_path / "releases", symlinks=True)
    names = tmp_path / "releases" / "current" / "names.json"
    names.write_text("{}", "utf-8")

    done = _run("--releases", str(tmp_path / "releases"))

    assert done.returncode == 1
    assert done.stderr.endswith("is of another version: run `stancegraph build`\n")
    assert done.stderr.count("\n") == 1


def test_the_log_holds_no_query(releases: Path, tmp_path: Path) -> None:
    """Requests are logged by path and status; what people ask is not kept."""
    with serving("--releases", releases) as server:
        server.ask("SELECT ?secret { ?secret ?p ?o } LIMIT 1")
        server.request("GET", "/queries/votes/of-a-state?actor=PER")

        wait_until(lambda: "of-a-state" in server.log.read_text("utf-8"))
        server.process.terminate()
        server.process.wait()
        log = server.log.read_text("utf-8")

    assert {"method": "GET", "path": "/sparql", "status": 200}.items() <= json.loads(
        next(line for line in log.splitlines() if '"/sparql"' in line)
    ).items()
    assert "secret" not in log
    assert "PER" not in log


def test_it_says_how_it_does(releases: Path, tmp_path: Path) -> None:
    """All web processes count together; a failure, its header and the log have one id."""
    with serving("--releases", releases) as server:
        assert server.request("GET", "/health").text == "alive\n"
        assert server.request("GET", "/ready").text.startswith("ready: ")
        for _ in range(20):
            server.ask("ASK {}")
        failed = server.ask("ASK {", Accept="application/json")
        counts = server.request("GET", "/metrics").text
        number = str(failed.problem["request"])
        wait_until(lambda: number in server.log.read_text("utf-8"))

    assert 'stancegraph_requests_total{method="GET",route="sparql",status="200"} 20.0' in counts
    assert 'stancegraph_queries_total{outcome="refused"} 1.0' in counts
    assert failed.headers["x-request-id"] == number


def test_it_may_ask_the_endpoints_that_its_operator_names(
    server: Server, releases: Path, tmp_path: Path
) -> None:
    """And only those; what comes from there is not kept, for it may change."""
    other = f"{server.address}/sparql"
    query = (
        PREFIXES
        + f"""
        SELECT ?label {{
          SERVICE <{other}> {{ ?state a sg:State ; rdfs:label ?label }}
        }} ORDER BY ?label"""
    )
    with serving("--releases", releases, "--allow-service", other) as near:
        reply = near.ask(query, accept="text/csv")
        refused = near.ask("ASK { SERVICE <http://127.0.0.1:1/> {} }", accept="application/json")

    assert reply.text == "label\r\nCanada\r\nPeru\r\n"
    assert reply.headers["cache-control"] == "no-store"
    assert refused.status == HTTPStatus.BAD_REQUEST
    assert f"SERVICE may ask <{other}>, and nobody else" in str(refused.problem["detail"])


def test_it_is_not_ready_without_an_engine(
    releases: Path, tmp_path: Path, children_of: ChildrenOf
) -> None:
    """Alive it is all the same, and ready again when the next supervisor has loaded."""
    with serving("--releases", releases) as server:
        os.kill(_supervisor(server, children_of), signal.SIGKILL)

        wait_until(lambda: server.request("GET", "/ready").status == 503)
        assert server.request("GET", "/health").status == HTTPStatus.OK
        wait_until(lambda: server.request("GET", "/ready").status == HTTPStatus.OK)
