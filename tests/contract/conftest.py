"""The engines that the contract is tried on, each with the same release."""

from __future__ import annotations

import tomllib
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from stancegraph.build import build
from stancegraph.build.release import open_release
from stancegraph.cli import main
from stancegraph.engine.embedded import EmbeddedEngine, EngineOptions
from stancegraph.engine.remote.http import Address
from stancegraph.fetch import first
from stancegraph.folder import GraphFolder
from tests.conftest import DAY, SMALL
from tests.contract.servers import oxigraph, virtuoso

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.contract.servers import Running

DEVIATIONS = tomllib.loads((Path(__file__).parent / "deviations.toml").read_text("utf-8"))
OPTIONS = EngineOptions(workers=1)
ENGINES = ("embedded", "oxigraph", pytest.param("virtuoso", marks=pytest.mark.whole))


def push(*arguments: object) -> list[str]:
    """What ``stancegraph push`` tells on the way; it succeeds."""
    done = CliRunner().invoke(main, ["push", *map(str, arguments)])
    assert done.exit_code == 0, done.output
    return done.stderr.splitlines()


@contextmanager
def remote(folder: Path, *urls: str) -> Iterator[EmbeddedEngine]:
    """What asks the release that the engines at *urls* hold."""
    release, clients = first([Address.read(url) for url in urls], None, folder)
    for client in clients:
        client.close()
    with EmbeddedEngine(release.engine_file, release.id, OPTIONS) as engine:
        yield engine


def check(request: pytest.FixtureRequest, case: str, *, holds: bool) -> None:
    """A case comes out right, or is listed as one that does not for the engine of the test."""
    reason = DEVIATIONS.get(request.node.callspec.params["engine"], {}).get(case)
    if reason is None:
        assert holds, case
    else:
        assert not holds, f"{case} comes out right: take it from deviations.toml"
        pytest.xfail(reason)


@pytest.fixture(scope="session")
def pushed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a release of tests/small that this process alone uses."""
    folder = tmp_path_factory.mktemp("contract")
    build(GraphFolder.at(SMALL), folder, release_date=DAY)
    return folder


@pytest.fixture(scope="module")
def oxigraph_server(pushed: Path) -> Iterator[Running]:
    """The Oxigraph server, with that release."""
    with oxigraph() as server:
        push(server.url, "--releases", pushed)
        yield server


@pytest.fixture(scope="module", params=ENGINES)
def engine(
    request: pytest.FixtureRequest, pushed: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[EmbeddedEngine]:
    """Each engine, with that release."""
    with ExitStack() as stack:
        if request.param == "embedded":
            release = open_release(pushed)
            made = EmbeddedEngine(release.engine_file, release.id, OPTIONS)
            yield stack.enter_context(made)
            return
        if request.param == "oxigraph":
            server = request.getfixturevalue("oxigraph_server")
        else:
            server = stack.enter_context(virtuoso(tmp_path_factory.mktemp("virtuoso")))
            push(server.url, "--releases", pushed)
        yield stack.enter_context(remote(tmp_path_factory.mktemp("fetched"), server.url))
