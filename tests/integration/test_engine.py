"""The embedded engine: real processes, a small release, hostile queries."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pyoxigraph as ox
import pytest

from stancegraph.build import build
from stancegraph.build.release import Release, open_release
from stancegraph.engine import Ask, MediaType, rows
from stancegraph.engine.embedded import EmbeddedEngine, EngineOptions
from stancegraph.engine.wire import HEAD, MAGIC, MAX_REQUEST
from stancegraph.errors import (
    BadRequest,
    EngineDown,
    NotAcceptable,
    OperationError,
    QueryFailed,
    QueryRefused,
    QuerySyntaxError,
    QueryTimeout,
    StancegraphError,
)
from stancegraph.folder import GraphFolder
from tests.conftest import DAY, SMALL
from tests.serving import processor_time, quickest, wait_until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    ChildrenOf = Callable[[int], set[int]]

BASE = "https://example.org/small/"
LABELS = """
    PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
    PREFIX sg: <https://w3id.org/stancegraph/ontology#>
    SELECT ?label { ?state a sg:State ; rdfs:label ?label }"""
ENDLESS = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l }"
FLOOD = "SELECT * { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l }"
LONG = """
    PREFIX rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#>
    SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g rdf:type ?i }"""
HUNGRY = f"{FLOOD} ORDER BY ?a ?l"

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")


@pytest.fixture(scope="module", params=["in memory", "on disk"])
def release(request: pytest.FixtureRequest, releases: Path) -> Release:
    """The same release, to be held in either way."""
    folder = releases
    if request.param == "on disk":
        folder = request.getfixturevalue("tmp_path_factory").mktemp("indexed")
        build(GraphFolder.at(SMALL), folder, release_date=DAY, index_above=0)
    return open_release(folder)


@pytest.fixture(scope="module")
def engine(release: Release) -> Iterator[EmbeddedEngine]:
    """Two workers, each with 64 MiB for a query."""
    options = EngineOptions(workers=2, memory=64 * 2**20)
    with EmbeddedEngine(release.quads_file, release.id, options) as engine:
        yield engine


def ask(
    engine: EmbeddedEngine, query: str, media_type: MediaType = MediaType.CSV, **more: object
) -> str:
    return b"".join(engine.ask(Ask(query, media_type, **more))).decode()  # type: ignore[arg-type]


def test_rows_are_terms_in_the_order_of_the_query(engine: EmbeddedEngine) -> None:
    """A SELECT gives RDF terms by variable; an unbound variable has no key."""
    found = rows(engine, Ask(f"{LABELS} ORDER BY DESC(?label) LIMIT 1", MediaType.JSON))
    partly = rows(engine, Ask("SELECT ?a ?b { VALUES (?a ?b) { (1 UNDEF) } }", MediaType.JSON))

    assert [row["label"] for row in found] == [ox.Literal("Peru", language="en")]
    assert partly == [{"a": ox.Literal(1)}]
    assert engine.release_id.startswith("2026-11-22-")


@pytest.mark.parametrize(
    ("query", "default", "named", "count"),
    [
        ("SELECT * { ?vote a <ont#Vote> }", (), (), 3),
        ("SELECT * { GRAPH ?g { ?vote a <ont#Vote> } }", (), (), 3),
        ("SELECT * FROM <g/74-247> { ?vote a <ont#Vote> }", (), (), 2),
        ("SELECT * FROM <g/74-247> FROM <g/75-282> { ?vote a <ont#Vote> }", (), (), 3),
        ("SELECT * FROM NAMED <g/74-247> { ?vote a <ont#Vote> }", (), (), 0),
        ("SELECT * FROM NAMED <g/74-247> { GRAPH ?g { ?vote a <ont#Vote> } }", (), (), 2),
        ("SELECT * { ?vote a <ont#Vote> }", ("g/75-282",), (), 1),
        ("SELECT * { GRAPH ?g { ?vote a <ont#Vote> } }", ("g/75-282",), (), 0),
        ("SELECT * { GRAPH ?g { ?vote a <ont#Vote> } }", (), ("g/75-282",), 1),
        ("SELECT * { ?vote a <ont#Vote> }", (), ("g/75-282",), 0),
        ("SELECT * FROM <g/74-247> { ?vote a <ont#Vote> }", ("g/75-282",), (), 1),
    ],
)
def test_the_dataset_is_the_requests_else_the_querys_else_all(
    engine: EmbeddedEngine, query: str, default: tuple[str, ...], named: tuple[str, ...], count: int
) -> None:
    """Without any dataset the default graph is the union; FROM is exact; a request overrides it."""
    graphs = f"{BASE}graph/data/votes/"
    query = query.replace("<g/", f"<{graphs}")
    query = query.replace("<ont#", "<https://w3id.org/stancegraph/ontology#")
    default, named = (
        tuple(iri.replace("g/", graphs) for iri in group) for group in (default, named)
    )

    answer = ask(engine, query, default_graphs=default, named_graphs=named)

    assert len(answer.splitlines()) - 1 == count


def test_relative_iris_have_the_base_of_the_query_else_of_the_request(
    engine: EmbeddedEngine,
) -> None:
    """SPARQL 1.1 Protocol wants a base of the service's own; without one they are errors."""
    query = "SELECT (STR(<id/state/CAN>) AS ?iri) {}"

    assert f"{BASE}id/state/CAN" in ask(engine, query, base=BASE)
    assert "http://x/id/state/CAN" in ask(engine, f"BASE <http://x/> {query}", base=BASE)
    with pytest.raises(QuerySyntaxError, match="column 13: <id/state/CAN> is a relative IRI"):
        ask(engine, query)
    with pytest.raises(QuerySyntaxError, match="column 27: unexpected 1"):
        ask(engine, "SELECT * { <id/state/CAN> 1 1 }", base=BASE)


@pytest.mark.parametrize(
    ("query", "media_type", "error", "told"),
    [
        ("SELECT * {\n ?s 'é' ?o }", MediaType.CSV, QuerySyntaxError, "line 2, column 5"),
        ("SELECT * { ?s ?p ?o", MediaType.CSV, QuerySyntaxError, "unexpected end"),
        ("INSERT DATA { <a:a> <a:b> 1 }", MediaType.CSV, QueryRefused, "updates"),
        ("SELECT * { SERVICE <http://x/> {} }", MediaType.CSV, QueryRefused, "SERVICE"),
        (r"SELECT * { \u0053ERVICE <http://x/> {} }", MediaType.CSV, QueryRefused, "SERVICE"),
        ("ASK { FILTER(<ex:f>(1)) }", MediaType.JSON, QueryRefused, "no function <ex:f>"),
        (LABELS, MediaType.TURTLE, NotAcceptable, "text/csv"),
        ("DESCRIBE <a:a>", MediaType.JSON, NotAcceptable, "text/turtle"),
        (
            "ASK {" + "(" * 5000 + ")" * 5000 + "}",
            MediaType.JSON,
            QueryRefused,
            "nested too deeply",
        ),
        (HUNGRY, MediaType.CSV, QueryFailed, "more than the 64 MiB of memory"),
    ],
)
def test_what_cannot_be_answered_is_told_and_ends_nothing_else(
    engine: EmbeddedEngine,
    query: str,
    media_type: MediaType,
    error: type[StancegraphError],
    told: str,
) -> None:
    """Each failure has its class and sentence; the supervisor lives on and answers."""
    supervisor = engine.supervisor.pid

    with pytest.raises(error, match=told):
        ask(engine, query, media_type)

    assert "Canada" in ask(engine, LABELS)
    assert engine.supervisor.pid == supervisor


def test_a_graph_that_has_no_absolute_iri_is_told(engine: EmbeddedEngine) -> None:
    """A relative default-graph-uri names no graph."""
    with pytest.raises(BadRequest, match="'votes' is no absolute IRI"):
        ask(engine, LABELS, default_graphs=("votes",))


def test_an_endless_query_is_gone_at_its_deadline(
    engine: EmbeddedEngine, children_of: ChildrenOf
) -> None:
    """Its worker is killed and replaced, and the next query answered."""

    def ask_in_vain() -> None:
        before = children_of(engine.supervisor.pid)
        with pytest.raises(QueryTimeout) as caught:
            ask(engine, ENDLESS, deadline=0.5)
        assert caught.value.seconds == 0.5
        wait_until(lambda: len(children_of(engine.supervisor.pid)) == 2)
        assert len(before & children_of(engine.supervisor.pid)) == 1

    assert 0.5 <= quickest(ask_in_vain, 2) < 2
    assert "Canada" in ask(engine, LABELS)


def test_a_failure_after_the_first_bytes_is_raised(engine: EmbeddedEngine) -> None:
    """Bytes come before evaluation ends; a deadline that then passes ends the iteration ill."""
    answer = engine.ask(Ask(FLOOD, MediaType.CSV, deadline=0.5))

    assert next(answer).startswith(b"a,")
    with pytest.raises(QueryTimeout):
        for _ in answer:
            pass


def test_a_reader_slower_than_the_deadline_learns_of_it(engine: EmbeddedEngine) -> None:
    """The supervisor's word reaches an asker that reads only after the worker was killed."""
    answer = engine.ask(Ask(FLOOD, MediaType.CSV, deadline=0.3))
    next(answer)
    time.sleep(0.6)

    with pytest.raises(QueryTimeout):
        for _ in answer:
            pass


def test_hanging_up_ends_the_work(engine: EmbeddedEngine, children_of: ChildrenOf) -> None:
    """Closing an answer from another thread wakes its reader and kills its worker."""
    before = children_of(engine.supervisor.pid)
    answer = engine.ask(Ask(ENDLESS, MediaType.CSV))
    threading.Timer(0.2, answer.close).start()

    with pytest.raises(EngineDown):
        next(answer)

    wait_until(lambda: len(before & children_of(engine.supervisor.pid)) == 1)
    assert "Canada" in ask(engine, LABELS)


def test_an_interrupt_ends_the_work_at_once(releases: Path) -> None:
    """Ctrl-C at the terminal does not wait for the query, nor for its deadline."""
    script = (
        "import sys; from pathlib import Path\n"
        "from stancegraph.engine import Ask, MediaType\n"
        "from stancegraph.engine.embedded import EmbeddedEngine, EngineOptions\n"
        "with EmbeddedEngine(Path(sys.argv[1]), 'r', EngineOptions(workers=2)) as engine:\n"
        "    print('ready', flush=True); list(engine.ask(Ask(sys.argv[2], MediaType.CSV)))"
    )
    quads = str(open_release(releases).quads_file)
    command = [sys.executable, "-c", script, quads, ENDLESS]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, process_group=0
    ) as asker:
        assert asker.stdout is not None
        asker.stdout.readline()
        time.sleep(0.3)
        started = time.monotonic()

        os.killpg(asker.pid, signal.SIGINT)
        _, errors = asker.communicate(timeout=20)

    assert time.monotonic() - started < 3
    assert errors.splitlines()[-1] == "KeyboardInterrupt"


def test_a_worker_can_open_nothing_else(
    engine: EmbeddedEngine, release: Release, children_of: ChildrenOf
) -> None:
    """With places for its two sockets and the files of an index alone; it dumps no core."""
    (pid, *_) = children_of(engine.supervisor.pid)
    files = len(list(release.path.glob("index/*")))

    limits = Path(f"/proc/{pid}/limits").read_text("ascii").splitlines()
    found = {line[:26].strip(): line[26:].split()[0] for line in limits}

    assert int(found["Max open files"]) == 5 + files
    assert found["Max core file size"] == "0"
    assert found["Max address space"].isdigit()


def test_a_worker_killed_at_work_is_told_of_and_replaced(
    engine: EmbeddedEngine, children_of: ChildrenOf
) -> None:
    """Whoever asked learns that the worker was ended; two idle ones stand ready again."""
    wait_until(lambda: len(children_of(engine.supervisor.pid)) == 2)
    before = children_of(engine.supervisor.pid)
    worked = {pid: processor_time(pid) for pid in before}
    killed: set[int] = set()

    def kill_busy() -> None:
        wait_until(lambda: any(processor_time(pid) > worked[pid] + 0.1 for pid in before))
        killed.update(pid for pid in before if processor_time(pid) > worked[pid] + 0.1)
        for pid in killed:
            os.kill(pid, signal.SIGKILL)

    thread = threading.Thread(target=kill_busy)
    thread.start()
    with pytest.raises(QueryFailed, match="ended from outside"):
        ask(engine, ENDLESS)
    thread.join()

    assert len(killed) == 1
    wait_until(lambda: len(children_of(engine.supervisor.pid) - killed) == 2)
    assert "Canada" in ask(engine, LABELS)


def test_a_killed_supervisor_is_replaced_unseen(
    engine: EmbeddedEngine, children_of: ChildrenOf
) -> None:
    """Its workers die with it; the next question waits for the new one."""
    supervisor = engine.supervisor.pid
    workers = children_of(supervisor)

    os.kill(supervisor, signal.SIGKILL)
    answer = ask(engine, LABELS)

    assert "Canada" in answer
    assert engine.supervisor.pid != supervisor
    wait_until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in workers))


@pytest.mark.parametrize(
    "garbage",
    [
        b"GET / HTTP/1.1\r\n\r\n",
        b"SG",
        HEAD.pack(MAGIC, 1.0, MAX_REQUEST + 1),
        HEAD.pack(MAGIC, float("nan"), 2) + b"{}",
        HEAD.pack(MAGIC, 1.0, 2) + b"{}",
        HEAD.pack(MAGIC, 1.0, 4) + b"\xff\xfe\x00\x00",
        HEAD.pack(MAGIC, 1.0, 2) + b"{}" + b"more than was announced",
        HEAD.pack(MAGIC, 1.0, 100) + b"half of it",
    ],
)
def test_garbage_on_its_socket_does_not_end_the_supervisor(
    engine: EmbeddedEngine, garbage: bytes
) -> None:
    """Bytes that are no request cost their own connection alone."""
    supervisor = engine.supervisor.pid

    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(str(engine.supervisor.socket))
        connection.sendall(garbage)
        connection.shutdown(socket.SHUT_WR)
        connection.settimeout(5)
        with suppress(ConnectionResetError):
            while connection.recv(1000):
                pass

    assert "Canada" in ask(engine, LABELS)
    assert engine.supervisor.pid == supervisor


def test_blank_nodes_have_the_names_that_the_release_gives_them(releases: Path) -> None:
    """Whichever process answers, so that the same question gets the same bytes."""
    release = open_release(releases)
    query = "SELECT ?node { ?node ?p ?o FILTER isBlank(?node) } ORDER BY STR(?node) LIMIT 5"
    answers = set()
    for _ in range(2):
        with EmbeddedEngine(release.quads_file, release.id, EngineOptions(workers=1)) as engine:
            answers.add(ask(engine, query))

    assert len(answers) == 1
    assert "_:c14n" in answers.pop()


def test_an_index_that_is_damaged_is_told_at_the_start(tmp_path: Path) -> None:
    """Before anybody asks."""
    release = build(GraphFolder.at(SMALL), tmp_path, release_date=DAY, index_above=0)
    (release.path / "index" / "CURRENT").unlink()

    with pytest.raises(OperationError, match=r"index/ is damaged\): build it again"):
        EmbeddedEngine(release.quads_file, release.id, EngineOptions(workers=1))


def test_an_index_holds_what_the_quads_do(tmp_path: Path) -> None:
    """What a release says of itself too, which is known only when the rest is indexed."""
    release = build(GraphFolder.at(SMALL), tmp_path, release_date=DAY, index_above=0)

    store = ox.Store.read_only(str(release.path / "index"))

    quads = release.quads_file.read_text("utf-8").splitlines()
    assert sorted(f"{quad} ." for quad in store) == sorted(quads)


def test_building_again_keeps_the_index(tmp_path: Path) -> None:
    """The release that is served is not exchanged for one that says the same."""
    release = build(GraphFolder.at(SMALL), tmp_path, release_date=DAY, index_above=0)
    before = release.path.stat().st_ino

    build(GraphFolder.at(SMALL), tmp_path, release_date=DAY, index_above=0)

    assert release.path.stat().st_ino == before


def test_a_queue_is_bounded_and_its_time_counts(releases: Path, children_of: ChildrenOf) -> None:
    """With the one worker stuck, one question waits, up to its deadline; more are refused."""
    release = open_release(releases)
    options = EngineOptions(workers=1, waiting=1)
    with EmbeddedEngine(release.quads_file, release.id, options) as engine:
        ask(engine, LABELS)
        (only,) = children_of(engine.supervisor.pid)
        time.sleep(0.2)  # it says that it is done a moment after its answer is read
        os.kill(only, signal.SIGSTOP)
        ends: list[StancegraphError | None] = []
        for _ in range(8):
            answer = engine.ask(Ask(LABELS, MediaType.CSV, deadline=0.8))
            threading.Thread(target=lambda answer=answer: ends.append(_exhaust(answer))).start()
        wait_until(lambda: len(ends) == 8)

        late = [end for end in ends if isinstance(end, QueryTimeout)]
        refused = [end for end in ends if isinstance(end, EngineDown)]
        assert len(late) + len(refused) == 8
        assert late
        assert all("too many queries are waiting" in str(end) for end in refused)
        assert refused
        assert "Canada" in ask(engine, LABELS)


def test_short_queries_do_not_wait_for_long_ones(releases: Path, children_of: ChildrenOf) -> None:
    """However many endless ones there are: few are worked on, some stand still, more are ended."""
    release = open_release(releases)
    options = EngineOptions(workers=1, parked=2)
    with EmbeddedEngine(release.quads_file, release.id, options) as engine:
        answers = [engine.ask(Ask(ENDLESS, MediaType.CSV, deadline=20)) for _ in range(5)]
        ends: list[StancegraphError | None] = []
        for answer in answers:
            threading.Thread(target=lambda answer=answer: ends.append(_exhaust(answer))).start()
        wait_until(lambda: len(ends) == 2)

        assert [str(end) for end in ends] == [
            "too many long queries are being worked on; try again soon"
        ] * 2
        assert "Canada" in ask(engine, LABELS)
        stopped = [_state(pid) for pid in children_of(engine.supervisor.pid)].count("T")
        assert stopped == 2
        for answer in answers:
            answer.close()
        wait_until(lambda: len(children_of(engine.supervisor.pid)) == 1)


def test_long_queries_take_turns(releases: Path) -> None:
    """One that ends is not begun anew, nor does it wait for one that never does."""
    release = open_release(releases)
    options = EngineOptions(workers=1, parked=1)
    with EmbeddedEngine(release.quads_file, release.id, options) as engine:
        endless = engine.ask(Ask(ENDLESS, MediaType.CSV, deadline=20))
        ends: list[StancegraphError | None] = []
        threading.Thread(target=lambda: ends.append(_exhaust(endless))).start()
        time.sleep(0.3)

        assert ask(engine, LONG).startswith("n\r\n")
        assert ends == []
        endless.close()


def test_of_too_many_long_queries_the_longest_is_ended(releases: Path) -> None:
    """So one that needs a second still gets it where others have had more."""
    release = open_release(releases)
    options = EngineOptions(workers=1, parked=0)
    with EmbeddedEngine(release.quads_file, release.id, options) as engine:
        endless = engine.ask(Ask(ENDLESS, MediaType.CSV, deadline=20))
        ends: list[StancegraphError | None] = []
        ended = threading.Thread(target=lambda: ends.append(_exhaust(endless)))
        ended.start()
        time.sleep(0.5)

        assert ask(engine, LONG).startswith("n\r\n")
        ended.join()
        assert [str(end) for end in ends] == [
            "too many long queries are being worked on; try again soon"
        ]


def _state(pid: int) -> str:
    """The letter by which Linux says what a process does; T for one that is stopped."""
    return Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(") ")[2][0]


def _exhaust(answer: Iterator[bytes]) -> StancegraphError | None:
    """The error that an answer ends with, if any."""
    try:
        for _ in answer:
            pass
    except StancegraphError as error:
        return error
    return None


def test_a_supervisor_ends_with_whoever_started_it(releases: Path, children_of: ChildrenOf) -> None:
    """A parent that is killed leaves no process and no socket behind."""
    script = (
        "import sys, time; from pathlib import Path\n"
        "from stancegraph.engine.embedded import EmbeddedEngine, EngineOptions\n"
        "engine = EmbeddedEngine(Path(sys.argv[1]), 'r', EngineOptions(workers=2))\n"
        "print(engine.supervisor.pid, engine.supervisor.socket, flush=True); time.sleep(60)"
    )
    quads = str(open_release(releases).quads_file)
    command = [sys.executable, "-c", script, quads]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        pid, path = parent.stdout.readline().split()
        wait_until(lambda: len(children_of(int(pid))) == 2)
        processes = {int(pid)} | children_of(int(pid))

        parent.kill()

        wait_until(lambda: not any(_runs(process) for process in processes))
        assert not Path(path).parent.exists()


def test_a_supervisor_whose_parent_is_gone_before_it_has_loaded_ends_quietly(
    releases: Path, tmp_path: Path
) -> None:
    """It has nobody to tell that it is ready, and leaves no socket behind."""
    folder = tmp_path / "engine"
    folder.mkdir()
    command = [sys.executable, "-m", "stancegraph.engine.supervisor"]
    command += [str(open_release(releases).quads_file), str(folder / "socket")]
    command += ["--workers", "1", "--waiting", "1", "--parked", "1", "--memory", "0"]
    unread, out = os.pipe()
    os.close(unread)

    done = subprocess.run(command, stdout=out, stderr=subprocess.PIPE, check=False, timeout=60)
    os.close(out)

    assert (done.returncode, done.stderr) == (0, b"")
    assert not folder.exists()


def _runs(pid: int) -> bool:
    with suppress(OSError):
        return ") Z " not in Path(f"/proc/{pid}/stat").read_text("utf-8")
    return False


def test_a_release_that_cannot_be_loaded_is_told(tmp_path: Path) -> None:
    """The operator learns in one line that the release must be built anew."""
    broken = tmp_path / "release.nq"
    broken.write_text("this is no N-Quads", "utf-8")

    with pytest.raises(OperationError, match=r"is no N-Quads .*build it again"):
        EmbeddedEngine(broken, "r", EngineOptions(workers=2))
