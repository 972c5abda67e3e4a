"""``from stancegraph import client``: the same data frames from a server and from a release."""

from __future__ import annotations

import gzip
import sys
import threading
from contextlib import contextmanager
from datetime import date
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import pandas as pd  # type: ignore[import-untyped]
import polars as pl
import pytest

from stancegraph import client
from stancegraph.build import build
from stancegraph.build.shelf import use
from stancegraph.errors import (
    AnotherRelease,
    BadParameter,
    OperationError,
    QueryRefused,
    QuerySyntaxError,
    QueryTimeout,
    ServerFailed,
    UnknownQuery,
)
from tests.serving import serving, wait_until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from stancegraph.folder import GraphFolder

RELEASE = "2026-11-22-0123456789ab"
ROWS = b'{"head":{"vars":["n"]},"results":{"bindings":[]}}'


@pytest.fixture(scope="module")
def local(shipped_releases: Path) -> Iterator[client.Connection]:
    """Asks the release itself."""
    with client.connect(shipped_releases) as connection:
        yield connection


@pytest.fixture(scope="module")
def remote(live_server: str) -> client.Connection:
    """Asks a server of it."""
    return client.connect(live_server)


@pytest.fixture(params=["local", "remote"])
def graph(request: pytest.FixtureRequest) -> client.Connection:
    """Asks the one, then the other."""
    found: client.Connection = request.getfixturevalue(request.param)
    return found


@pytest.mark.parametrize(
    ("name", "parameters"),
    [
        ("votes/resolution", {"resolution": "A/RES/74/247"}),
        ("votes/agreement", {"country": "CAN", "since": date(2015, 1, 1)}),
        ("treaties/participants", {"treaty": "budapest-convention", "asOf": "2012-01-01"}),
        ("claims/evidence", {"claim": "vote/unga/A-RES-74-247/CAN"}),
    ],
)
def test_server_and_release_give_the_same_frame(
    local: client.Connection, remote: client.Connection, name: str, parameters: dict[str, object]
) -> None:
    """Rows, their order, types, and how complete the lists are; only the place differs."""
    here, there = local.query(name, **parameters), remote.query(name, **parameters)

    assert len(here)
    pd.testing.assert_frame_equal(pd.DataFrame(here), pd.DataFrame(there))
    assert {**here.attrs, "source": ""} == {**there.attrs, "source": ""}
    assert here.attrs["query"] == name


@pytest.mark.whole
def test_server_and_release_give_the_same_frame_for_every_saved_query(
    local: client.Connection, remote: client.Connection
) -> None:
    """Each with its own example, but for those that ask other servers."""
    listed = local.queries()
    own = listed[~listed["name"].str.startswith("federated/")]

    for call in own["example"]:
        here, there = eval(f"local.{call}"), eval(f"remote.{call}")  # noqa: S307 - our own text

        pd.testing.assert_frame_equal(pd.DataFrame(here), pd.DataFrame(there))
        assert here.attrs["coverage"] == there.attrs["coverage"]


def test_columns_have_the_types_of_what_they_hold(graph: client.Connection) -> None:
    """Missing values are missing, and no code of a country is taken for one."""
    found = graph.sparql("""
        PREFIX xsd: <http://www.w3.org/2001/XMLSchema#>
        SELECT ?vote ?code ?votes ?share ?known ?earliest ?date ?none
        WHERE {
          VALUES (?code ?votes ?share ?known) { ("NA" 3 0.5 true) ("NZ" UNDEF UNDEF UNDEF) }
          VALUES (?vote ?date) { (<id/vote/unga/A-RES-74-247/CAN> "2019"^^xsd:gYear) }
        } ORDER BY ?code""")

    assert found.dtypes.astype(str).to_dict() == {
        "vote": "string", "code": "string", "votes": "Int64", "share": "Float64",
        "known": "boolean", "earliest": "datetime64[s]", "date": "string", "none": "string",
    }  # fmt: skip
    assert found["code"].tolist() == ["NA", "NZ"]
    assert found["vote"][0] == "https://w3id.org/stancegraph/id/vote/unga/A-RES-74-247/CAN"
    assert found.isna().sum().to_dict() == {
        "vote": 0, "code": 0, "votes": 1, "share": 1, "known": 1, "earliest": 2, "date": 0,
        "none": 2,
    }  # fmt: skip


def test_an_ask_is_true_or_false(graph: client.Connection) -> None:
    assert graph.sparql("ASK { <id/state/CAN> ?property ?value }") is True
    assert graph.sparql("ASK { <id/state/NARNIA> ?property ?value }") is False


def test_polars_has_the_same_values(live_server: str, remote: client.Connection) -> None:
    """The same rows, with the types of polars."""
    parameters = {"treaty": "budapest-convention", "asOf": "2012-01-01"}
    polars = client.connect(live_server, frames="polars").query(
        "treaties/participants", **parameters
    )
    pandas = remote.query("treaties/participants", **parameters)

    assert issubclass(type(polars), pl.DataFrame)
    assert polars.schema["sinceEarliest"] == pl.Date
    assert polars["actor"].to_list() == pandas["actor"].tolist()
    assert [day and day.isoformat() for day in polars["sinceEarliest"]] == [
        None if pd.isna(day) else day.date().isoformat() for day in pandas["sinceEarliest"]
    ]
    assert polars.attrs["release"] == pandas.attrs["release"]


def test_what_can_be_asked_is_a_frame_with_examples_that_run(
    local: client.Connection, remote: client.Connection
) -> None:
    """The same from both."""
    listed = local.queries().set_index("name")

    assert listed.equals(remote.queries().set_index("name"))
    one = listed.loc["votes/resolution"]
    assert (one["needed"], one["optional"]) == ("resolution", "")
    call = one["example"]
    assert len(eval(f"local.{call}"))  # noqa: S307 - our own text


@pytest.mark.parametrize(
    ("ask", "error", "told"),
    [
        (lambda graph: graph.query("votes/resolutoin"), UnknownQuery, "did you mean votes/reso"),
        (
            lambda graph: graph.query("votes/resolution", resoluton="A-RES-74-247"),
            BadParameter,
            "'resoluton': is no parameter of this query; did you mean resolution?",
        ),
        (
            lambda graph: graph.query("votes/resolution", resolution=["A-RES-74-247", "x"]),
            BadParameter,
            "takes one value, not 2",
        ),
        (
            lambda graph: graph.sparql("SELECT ?state { ?state a sg:State }"),
            QuerySyntaxError,
            "line 1, column 26: no PREFIX line declares sg:",
        ),
        (
            lambda graph: graph.sparql("DESCRIBE <id/state/CAN>"),
            QueryRefused,
            "a data frame is made of a SELECT",
        ),
    ],
)
def test_a_mistake_is_told_alike_by_server_and_release(
    graph: client.Connection,
    ask: Callable[[client.Connection], object],
    error: type[Exception],
    told: str,
) -> None:
    """By the same error, which says what would be right."""
    with pytest.raises(error) as raised:
        ask(graph)

    assert told in str(raised.value)
    if isinstance(raised.value, QuerySyntaxError):
        assert raised.value.__notes__ == [
            "hint: add PREFIX sg: <https://w3id.org/stancegraph/ontology#>"
        ]
    if isinstance(raised.value, BadParameter):
        assert "resolution" in " ".join(raised.value.problems.values()) or raised.value.problems


@pytest.mark.parametrize("form", ["text", "bibtex", "ris", "csl"])
def test_an_answer_is_cited_alike_by_server_and_release(
    local: client.Connection, remote: client.Connection, form: str
) -> None:
    """With its release, its query and the hash of its rows."""
    here, there = (
        graph.query("votes/resolution", resolution="A/RES/74/247") for graph in (local, remote)
    )

    assert here.cite(form) == there.cite(form)
    assert local.release in here.cite(form)
    assert "votes/resolution?resolution=A-RES-74-247&check=" in here.cite(form)


def test_the_answer_to_a_query_of_ones_own_is_cited(
    local: client.Connection, remote: client.Connection
) -> None:
    """With its text; one that is another each time has no hash."""
    for text in ("SELECT ?n { VALUES ?n { 1 2 } }", "SELECT (RAND() AS ?n) {}"):
        assert local.sparql(text).cite() == remote.sparql(text).cite()


def test_what_is_made_of_an_answer_cites_nothing(local: client.Connection) -> None:
    """Nor does the list of queries; and there is no other form."""
    found = local.query("votes/resolution", resolution="A/RES/74/247")

    for made in (local.queries(), found[found["choice"] == "no"]):
        assert not hasattr(made, "cite") or made.citing is None
    with pytest.raises(BadParameter, match="is one of text, bibtex, ris, csl"):
        found.cite("apa")


def test_rows_beyond_the_limit_are_told_of(live_server: str, shipped_releases: Path) -> None:
    """A warning, and a word in what the frame says of itself."""
    for source in (live_server, shipped_releases):
        with (
            client.connect(source, limit=5) as few,
            pytest.warns(client.CutAnswer, match="than the 5"),
        ):
            found = few.query("votes/resolution", resolution="A-RES-74-247")

        assert (len(found), found.attrs["cut"]) == (5, True)
        assert "limit=5" in found.cite()


def test_a_query_that_takes_too_long_is_stopped(live_server: str, shipped_releases: Path) -> None:
    """By the time limit of the connection, which the server keeps."""
    endless = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }"
    for source in (live_server, shipped_releases):
        with client.connect(source, timeout=0.2) as hasty, pytest.raises(QueryTimeout) as raised:
            hasty.sparql(endless)

        assert raised.value.seconds == 0.2


def test_the_environment_says_where_the_module_itself_asks(
    live_server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STANCEGRAPH_SOURCE", live_server)
    client._usual.cache_clear()
    try:
        found = client.query("votes/resolution", resolution="A-RES-74-247")

        assert found.attrs["source"] == live_server
        assert client.sparql("ASK {}") is True
        assert "votes/resolution" in set(client.queries()["name"])
    finally:
        client._usual.cache_clear()


def test_a_release_is_asked_by_its_own_folder_or_its_name(shipped_releases: Path) -> None:
    own = (shipped_releases / "current").resolve()

    assert client.connect(own).release == own.name
    assert client.connect(shipped_releases, release=own.name[:12]).release == own.name
    with pytest.raises(OperationError, match=f"is release {own.name}, not 1999"):
        client.connect(own, release="1999")


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_a_missing_library_is_told_with_how_to_get_it(
    library: str, shipped_releases: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(sys.modules, f"stancegraph.client.{library}_frame", raising=False)
    monkeypatch.setitem(sys.modules, library, None)

    with pytest.raises(OperationError, match=f"data frames need {library}: pip install"):
        client.connect(shipped_releases, frames=library)  # type: ignore[arg-type]


Reply = tuple[int, dict[str, str], bytes]


@contextmanager
def odd_server(
    answer: Reply, listed: Reply | None = None, kept: Reply | None = None
) -> Iterator[str]:
    """A server that gives a list of no queries, and to whatever else is asked *answer*.

    What it is asked of the release that it held first gets *kept*, where there is one.
    """
    ready = listed or (200, {"X-Stancegraph-Release": RELEASE}, b'{"queries": []}')

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._reply(*ready)

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            old = self.path.startswith(f"/release/{RELEASE}/")
            self._reply(*(kept if kept is not None and old else answer))

        def _reply(self, status: int, headers: dict[str, str], body: bytes) -> None:
            self.send_response(status)
            for name, text in {"Content-Length": str(len(body)), **headers}.items():
                self.send_header(name, text)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/"
        finally:
            server.shutdown()
            thread.join()


HELD = {"X-Stancegraph-Release": RELEASE}
PACKED = {"Content-Encoding": "gzip"}


@pytest.mark.parametrize(
    ("answer", "error", "told"),
    [
        (
            (200, {"X-Stancegraph-Release": "2027-01-01-ba9876543210"}, ROWS),
            AnotherRelease,
            f"holds release 2027-01-01-ba9876543210, and {RELEASE} is not there: connect anew",
        ),
        ((200, {}, ROWS), ServerFailed, "is no Stancegraph server"),
        ((200, {**HELD, "Content-Length": "4000"}, ROWS), ServerFailed, "broken off"),
        ((200, HELD, ROWS[:-3]), ServerFailed, "not whole"),
        ((200, {**HELD, **PACKED}, gzip.compress(ROWS)[:-9]), ServerFailed, "broken off"),
        ((200, {**HELD, "X-Stancegraph-Truncated": "rows 3"}, ROWS), ServerFailed, "than 3 rows"),
        ((502, {}, b"<h1>Bad Gateway</h1>"), ServerFailed, "status 502: Bad Gateway"),
        ((500, HELD, b'{"detail": "it broke"}'), ServerFailed, "status 500: it broke"),
    ],
)  # fmt: skip
def test_what_is_not_the_whole_answer_of_this_release_is_none(
    answer: Reply, error: type[Exception], told: str
) -> None:
    """Nothing that a server or a proxy does is taken for fewer rows."""
    with odd_server(answer) as address:
        graph = client.connect(address)

        with pytest.raises(error) as raised:
            graph.sparql("SELECT ?n {}")

    assert told in str(raised.value)


def test_a_packed_answer_is_read() -> None:
    with odd_server((200, {**HELD, **PACKED}, gzip.compress(ROWS))) as address:
        assert list(client.connect(address).sparql("SELECT ?n {}")) == ["n"]


@pytest.mark.parametrize(
    ("listed", "told"),
    [
        ((200, {}, b"{}"), "is no Stancegraph server"),
        ((200, HELD, b"{}"), "its list of queries cannot be read"),
        ((200, HELD, b"<html>"), "is no JSON"),
        ((404, {}, b""), "status 404"),
    ],
)
def test_a_server_of_something_else_is_told_at_once(listed: Reply, told: str) -> None:
    with odd_server((200, HELD, ROWS), listed) as address, pytest.raises(ServerFailed, match=told):
        client.connect(address)


def test_a_server_must_hold_the_release_that_is_wanted(live_server: str) -> None:
    held = client.connect(live_server).release

    assert client.connect(live_server, release=held).release == held
    with pytest.raises(AnotherRelease, match=f"it holds release {held}, and 1999 is not there"):
        client.connect(live_server, release="1999")


def test_a_server_that_goes_over_to_another_release_is_asked_where_it_keeps_ours() -> None:
    """All answers of a connection are of one release."""
    later = (200, {"X-Stancegraph-Release": "2027-01-01-ba9876543210"}, b"{}")
    with odd_server(later, kept=(200, HELD, ROWS)) as address:
        graph = client.connect(address)

        for _ in range(2):
            assert list(graph.sparql("SELECT ?n {}")) == ["n"]
        assert graph.release == RELEASE


@pytest.mark.whole
def test_a_release_is_asked_as_long_as_a_server_keeps_it(
    small: GraphFolder, tmp_path: Path
) -> None:
    """Over the switch to the next one, and afterwards by its id; then it is told as gone."""
    folder = tmp_path / "releases"
    ids = [build(small, folder, release_date=date(2026, 11, day)).id for day in (21, 22)]
    use(folder, ids[0])
    with serving("--releases", folder, graph=small.root) as server:
        graph = client.connect(server.address)
        asked = graph.query("votes/of-a-state", actor="CAN")

        use(folder, ids[1])
        wait_until(lambda: client.connect(server.address).release == ids[1])

        for same in (graph, client.connect(server.address, release=ids[0])):
            again = same.query("votes/of-a-state", actor="CAN")
            assert again.attrs["release"] == ids[0]
            pd.testing.assert_frame_equal(pd.DataFrame(again), pd.DataFrame(asked))
            assert ids[0] in again.cite()
        with pytest.raises(AnotherRelease, match=f"holds release {ids[1]}"):
            client.connect(server.address, release="2020-01-01-0123456789ab")
