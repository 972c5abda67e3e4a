"""Fixtures that tests of several modules share."""

from __future__ import annotations

import fcntl
import os
import shutil
import signal
from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import hypothesis
import pytest

from stancegraph.build import build
from stancegraph.build.derive import derive
from stancegraph.build.parse import parse
from stancegraph.build.release import open_release
from stancegraph.catalog import Catalog
from stancegraph.engine.embedded import EmbeddedEngine, EngineOptions
from stancegraph.engine.kept import KeptAnswers
from stancegraph.folder import GraphFolder, shipped
from stancegraph.queryfile import read_rules
from stancegraph.web import Site, create_app
from tests.serving import serving

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from flask.testing import FlaskClient

    from stancegraph.build.derive import DerivedGraph
    from stancegraph.build.parse import ParsedGraph

    Once = Callable[[str, Callable[[Path], object]], Path]

# How long an example takes says more of what else the machine does.
hypothesis.settings.register_profile("untimed", deadline=None)
hypothesis.settings.load_profile("untimed")

# A shell that starts the tests in the background makes them ignore Ctrl-C, and what they start.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

DAY = date(2026, 11, 22)
SMALL = Path(__file__).parent / "small"


def copied(releases: Path, folder: Path) -> tuple[Path, list[str]]:
    """A copy of the folder *releases*, to be changed at will, and the ids in it by their dates."""
    shutil.copytree(releases, folder, symlinks=True)
    return folder, sorted(path.name for path in folder.glob("[0-9]*"))


@pytest.fixture
def small(tmp_path: Path) -> GraphFolder:
    """A copy of the graph of three votes in tests/small, to be changed at will."""
    return GraphFolder.at(shutil.copytree(SMALL, tmp_path / "small"))


@pytest.fixture(scope="session")
def once(tmp_path_factory: pytest.TempPathFactory) -> Once:
    """Has a folder filled by the process of this run that first asks for it.

    The others wait until it is, and get the same folder. Two modules may give it the same name.
    """
    own = tmp_path_factory.getbasetemp()
    shared = own.parent if "PYTEST_XDIST_WORKER" in os.environ else own

    def once(name: str, fill: Callable[[Path], object]) -> Path:
        name = f"{fill.__module__.rpartition('.')[2]}-{name}"
        folder, filled = shared / name, shared / f"{name}.filled"
        with (shared / f"{name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not filled.exists():
                fill(folder)
                filled.touch()
        return folder

    return once


@pytest.fixture
def two(once: Once, tmp_path: Path) -> tuple[Path, list[str]]:
    """A folder of two releases that say another thing, and their ids; the second is current."""

    def fill(folder: Path) -> None:
        small = GraphFolder.at(shutil.copytree(SMALL, folder.with_name("two-graph")))
        build(small, folder, release_date=date(2026, 1, 1))
        votes = small.root / "data/votes/74-247.ttl"
        text = votes.read_text("utf-8")
        votes.write_text(text.replace('sg:choice "no"', 'sg:choice "yes"'), "utf-8")
        build(small, folder, release_date=date(2026, 1, 2))

    return copied(once("two", fill), tmp_path / "releases")


@pytest.fixture(scope="session")
def releases(once: Once) -> Path:
    """A folder that holds one release of tests/small; not to be changed."""
    small = GraphFolder.at(SMALL)
    return once("releases", lambda folder: build(small, folder, release_date=DAY))


@pytest.fixture(scope="session")
def shipped_releases(once: Once) -> Path:
    """A folder that holds one release of the shipped graph; not to be changed.

    Its day is that for which the rows beside the saved queries were checked.
    """
    return once("shipped", lambda folder: build(shipped(), folder, release_date=DAY))


@pytest.fixture(scope="session")
def shipped_graph() -> ParsedGraph:
    """What the files of the shipped graph say; not to be changed."""
    return parse(shipped())


@pytest.fixture(scope="session")
def shipped_derived(shipped_graph: ParsedGraph) -> Mapping[str, DerivedGraph]:
    """What each rule concludes from the shipped graph, by the name of the rule."""
    found = derive(shipped_graph, read_rules(shipped())[0], release_date=DAY)
    return {made.rule.name: made for made in found}


@pytest.fixture(scope="session")
def live_server(shipped_releases: Path) -> Iterator[str]:
    """The address of a server of the shipped graph, such as ``http://127.0.0.1:43210``."""
    with serving("--releases", shipped_releases) as server:
        yield server.address


@pytest.fixture(scope="session")
def client(shipped_releases: Path) -> Iterator[FlaskClient]:
    """A client of the application over the shipped graph, in this process."""
    release = open_release(shipped_releases)
    with EmbeddedEngine(release.quads_file, release.id, EngineOptions(workers=1)) as engine:
        kept = KeptAnswers(engine, release.path, base=release.base)
        site = Site(release, kept, Catalog.load(release.path), "", query_timeout=60.0)
        yield create_app(site).test_client()


@pytest.fixture(scope="session")
def children_of() -> Callable[[int], set[int]]:
    """Tells the processes whose parent is a given one; of Linux alone."""

    def children(parent: int) -> set[int]:
        found = set()
        for stat in Path("/proc").glob("[0-9]*/stat"):
            with suppress(OSError):
                pid, _, rest = stat.read_text("utf-8").partition(" (")
                state, above = rest.rpartition(") ")[2].split()[:2]
                if int(above) == parent and state != "Z":
                    found.add(int(pid))
        return found

    return children
