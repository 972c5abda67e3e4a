"""A release on its way into an engine: whole or not at all, taken up where it was left."""

from __future__ import annotations

import gzip
import subprocess
from contextlib import closing
from datetime import date
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from stancegraph.build import build
from stancegraph.build.release import open_release
from stancegraph.cli import main
from stancegraph.engine import Ask, MediaType
from stancegraph.engine.remote import holdings
from stancegraph.engine.remote.holdings import BadEngine
from stancegraph.engine.remote.http import Address, Client
from stancegraph.push import Bundle, Parts, Push
from tests.contract.conftest import push, remote
from tests.contract.servers import HOST, oxigraph, virtuoso

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from stancegraph.folder import GraphFolder
    from tests.contract.servers import Running

CHOICES = (
    "SELECT ?choice { ?vote <https://w3id.org/stancegraph/ontology#choice> ?choice } "
    "ORDER BY ?choice"
)


@pytest.fixture
def server() -> Iterator[Running]:
    """An engine with nothing in it."""
    with oxigraph() as running:
        yield running


def choices(folder: Path, url: str) -> str:
    """What the engine's current release says of votes."""
    folder.mkdir()
    with remote(folder, url) as engine:
        return b"".join(engine.ask(Ask(CHOICES, MediaType.CSV))).decode().replace("\r\n", " ")


def another(small: GraphFolder, releases: Path, choice: str, day: int = 1) -> str:
    """A release in which a vote is another one; its id."""
    path = small.root / "data" / "votes" / "75-282.ttl"
    path.write_text(path.read_text("utf-8").replace('"yes"', f'"{choice}"'), "utf-8")
    return build(small, releases, release_date=date(2026, 12, day)).id


def load(server: Running, quads: bytes) -> None:
    """Give the Oxigraph server N-Quads, as its own loader takes them."""
    url = f"http://{HOST}:{server.port}/store"
    headers = {"Content-Type": "application/n-quads"}
    with closing(Client(Address(url))) as client:
        client.send("POST", quads, headers=headers, patience=30).read()


def ids_in(url: str) -> set[str]:
    """The ids of the releases of which the engine holds graphs."""
    query = "SELECT DISTINCT ?graph { GRAPH ?graph { ?s ?p ?o } }"
    with closing(Client(Address.read(url))) as client:
        found = [graph.value for (graph,) in holdings.ask(client, query)]
    return {name.split("/")[5] for name in found if "/held-" in name}


def test_readers_change_over_in_one_step(
    server: Running, small: GraphFolder, pushed: Path, tmp_path: Path
) -> None:
    """Until the switch they have the release before, whole, though all of the next is there."""
    push(server.url, "--releases", pushed)
    another(small, tmp_path / "next", "no")
    bundle = Bundle(open_release(tmp_path / "next"))
    with (
        Parts(bundle.release) as parts,
        closing(Push(bundle, parts, Address.read(server.url), told=print)) as pushing,
    ):
        pushing.load()
        pushing.verify()
        before = choices(tmp_path / "before", server.url)
        pushing.switch()
        after = choices(tmp_path / "after", server.url)

    assert before == "choice abstain no yes "
    assert after == "choice abstain no no "


def test_a_push_is_taken_up(server: Running, pushed: Path) -> None:
    """Only what is not there yet is sent; what is there in part is sent anew."""
    bundle = Bundle(open_release(pushed))
    with (
        Parts(bundle.release) as parts,
        closing(Push(bundle, parts, Address.read(server.url), told=print)) as pushing,
    ):
        everything = pushing.load()
        lost = parts.graphs[0]
        pushing._send("PUT", bundle.layout.graph(lost), b"<urn:a> <urn:b> <urn:c> .\n")
        with pytest.raises(BadEngine, match="push again"):
            pushing.verify(fully=False)
        again = pushing.load()
        pushing.verify()

    assert everything == 2 * parts.all.count
    assert again == parts.sum_of(lost).count


def test_large_graphs_are_taken_up_within(
    server: Running, pushed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The engine is told which parts it has."""
    monkeypatch.setattr("stancegraph.push.PART", 20)
    bundle = Bundle(open_release(pushed))
    with (
        Parts(bundle.release) as parts,
        closing(Push(bundle, parts, Address.read(server.url), told=print)) as pushing,
    ):
        sent = list(parts.parts(""))
        send, count = pushing._send, 0

        def ended(method: str, graph: str, body: bytes | None) -> None:
            nonlocal count
            count += graph == bundle.layout.all
            if count == len(sent):
                raise KeyboardInterrupt
            send(method, graph, body)

        pushing._send = ended  # type: ignore[method-assign]
        with pytest.raises(KeyboardInterrupt):
            pushing.load()
        pushing._send = send  # type: ignore[method-assign]
        again = pushing.load()
        pushing.verify()

    assert len(sent) > 2
    assert again == sent[-1].count(b"\n")


def test_what_an_engine_has_changed_is_told(server: Running, pushed: Path) -> None:
    """By the graph and a triple of it; counting alone would not find it."""
    bundle = Bundle(open_release(pushed))
    graph = f"{bundle.release.base}graph/data/votes/75-282"
    with (
        Parts(bundle.release) as parts,
        closing(Push(bundle, parts, Address.read(server.url), told=print)) as pushing,
    ):
        pushing.load()
        changed = b"".join(parts.parts(graph)).replace(b'"yes"', b'"no"')
        pushing._send("PUT", bundle.layout.graph(graph), changed)
        pushing.verify(fully=False)

        with pytest.raises(BadEngine, match=r'1 triples of <.*75-282> .* "yes"'):
            pushing.verify()


def test_old_releases_go(
    server: Running,
    small: GraphFolder,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """All but the two pushed last, unless told otherwise."""
    monkeypatch.setattr("stancegraph.push.PRUNE_PAUSE", 0)
    releases = tmp_path / "releases"
    ids = []
    for day, choice in enumerate(["no", "abstain", "yes"], 1):
        ids.append(another(small, releases, choice, day))
        push(server.url, "--releases", releases)
    kept = ids_in(server.url)
    push(server.url, "--releases", releases, "--keep", "1")
    last = ids_in(server.url)

    assert kept == set(ids[1:])
    assert last == {ids[2]}


def test_several_engines_at_once(pushed: Path, tmp_path: Path) -> None:
    """Each has it then."""
    with oxigraph() as one, oxigraph() as two:
        push(one.url, two.url, "--releases", pushed)

        assert choices(tmp_path / "one", one.url) == choices(tmp_path / "two", two.url)


def test_an_engine_loads_a_file_by_itself(pushed: Path, tmp_path: Path) -> None:
    """Then nothing is sent any more; it is checked and made current."""
    dump = tmp_path / "dump.nq.gz"
    push("--dump", dump, "--releases", pushed)
    with oxigraph() as server:
        load(server, gzip.decompress(dump.read_bytes()))

        told = push(server.url, "--releases", pushed)

        assert told == [f"{server.url}: 0 triples sent, all found right"]
        assert choices(tmp_path / "fetched", server.url) == "choice abstain no yes "


def test_a_file_may_say_that_it_is_current(pushed: Path, tmp_path: Path) -> None:
    """For an engine that is only read."""
    dump = tmp_path / "dump.nq"
    push("--dump", dump, "--current", "--releases", pushed)
    with oxigraph() as server:
        load(server, dump.read_bytes())

        assert choices(tmp_path / "fetched", server.url) == "choice abstain no yes "


def test_an_export_of_what_is_elsewhere(server: Running, pushed: Path, tmp_path: Path) -> None:
    """It is that of the release which was pushed, byte for byte."""
    push(server.url, "--releases", pushed)
    target = tmp_path / "graph.nq"

    arguments = ["export", "rdf", "--endpoint", server.url, "--to", str(target), "--quiet"]
    done = CliRunner().invoke(main, arguments)

    assert done.exit_code == 0, done.output
    assert target.read_bytes() == open_release(pushed).quads_file.read_bytes()


def test_an_engine_of_no_known_kind_needs_to_be_told(pushed: Path) -> None:
    """Where its Graph Store Protocol is."""
    with oxigraph() as server:
        url = server.url.replace("/query", "/query?x=1")
        push(url, "--releases", pushed, "--store", server.url.replace("/query", "/store"))


@pytest.mark.whole
def test_virtuoso_loads_a_file_by_itself(pushed: Path, tmp_path: Path) -> None:
    """Its bulk loader reads N-Quads; its Graph Store Protocol wants digest authentication."""
    folder = tmp_path / "virtuoso"
    folder.mkdir()
    with virtuoso(folder) as server:
        push("--dump", folder / "dump.nq", "--releases", pushed)
        loaded = subprocess.run(
            ["isql-vt", f"{HOST}:{server.client_port}", "dba", "dba", "VERBOSE=OFF",
             f"exec=ld_dir('{folder}', 'dump.nq', 'urn:none'); rdf_loader_run(); checkpoint;"],
            capture_output=True, text=True, check=True,
        )  # fmt: skip
        assert "Error" not in loaded.stdout + loaded.stderr

        told = push(server.url, "--releases", pushed)

        assert [line.partition(": ")[2] for line in told] == ["0 triples sent, all found right"]
        assert choices(tmp_path / "fetched", server.url) == "choice abstain no yes "


@pytest.mark.whole
def test_virtuoso_tells_that_it_cuts(pushed: Path, tmp_path: Path) -> None:
    """An answer of more rows than it gives fails; it is not taken for a whole one."""
    folder = tmp_path / "virtuoso"
    folder.mkdir()
    with (
        virtuoso(folder, rows=50) as server,
        pytest.raises(AssertionError, match="raise its bound on rows"),
    ):
        push(server.url, "--releases", pushed)
