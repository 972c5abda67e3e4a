"""The shipped graph in an engine elsewhere: as it was sent, and with the same answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from stancegraph import expected
from stancegraph.build.release import open_release
from stancegraph.catalog import Catalog, read_terms
from stancegraph.cli import main
from stancegraph.engine import Ask, MediaType
from stancegraph.engine.embedded import EmbeddedEngine
from stancegraph.folder import shipped
from stancegraph.queryfile import read_queries
from tests.contract.conftest import OPTIONS, check, push, remote
from tests.contract.servers import PATIENCE, oxigraph, virtuoso

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from stancegraph.engine import Engine
    from stancegraph.expected import Case

pytestmark = pytest.mark.whole

ROOT = shipped().root
# Those that ask other servers too are tested in test_federated_queries.py.
CASES = [
    case
    for query in read_queries(ROOT)[0]
    if not query.services
    for case in expected.cases(query, ROOT)
]


@pytest.fixture(scope="module")
def catalog(shipped_releases: Path) -> Catalog:
    """The saved queries of the release."""
    return Catalog.load(open_release(shipped_releases).path)


@pytest.fixture(scope="module")
def embedded(shipped_releases: Path) -> Iterator[Engine]:
    """The engine to compare with."""
    release = open_release(shipped_releases)
    with EmbeddedEngine(release.engine_file, release.id, OPTIONS) as engine:
        yield engine


@pytest.fixture(scope="module", params=["oxigraph"])
def engine(shipped_releases: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """The Oxigraph server, with the same release."""
    with oxigraph() as server:
        push(server.url, "--releases", shipped_releases)
        with remote(tmp_path_factory.mktemp("fetched"), server.url) as found:
            yield found


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_saved_query_has_the_answer_of_the_embedded_engine(
    case: Case, catalog: Catalog, embedded: Engine, engine: Engine, request: pytest.FixtureRequest
) -> None:
    """Byte for byte, with the types and languages of what is found, and with some rows."""
    text = case.query.bind(read_terms(case.query, case.values, catalog.names))
    ask = Ask(text, MediaType.JSON, base=catalog.names.base, deadline=PATIENCE)

    wanted, found = (b"".join(each.ask(ask)) for each in (embedded, engine))

    assert case.query.flaw or b'"type"' in wanted
    check(request, case.name, holds=found == wanted)


def test_virtuoso_gives_the_graph_back_as_it_was_sent(
    shipped_releases: Path, tmp_path: Path
) -> None:
    """Byte for byte, though its blank nodes have other labels."""
    folder = tmp_path / "virtuoso"
    folder.mkdir()
    target = tmp_path / "graph.nq"
    with virtuoso(folder) as server:
        push(server.url, "--releases", shipped_releases)
        arguments = ["export", "rdf", "--endpoint", server.url, "--to", str(target), "--quiet"]
        done = CliRunner().invoke(main, arguments)

    assert done.exit_code == 0, done.output
    assert target.read_bytes() == open_release(shipped_releases).quads_file.read_bytes()
