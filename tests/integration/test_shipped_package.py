"""The package of the shipped graph, and what the validators of other projects say of packages."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from stancegraph.build import build
from stancegraph.build.release import open_release
from stancegraph.folder import GraphFolder
from stancegraph.package.bag import PAYLOAD, files_in
from stancegraph.package.publish import publish
from stancegraph.package.verify import verify
from tests.browser.chromium import PROGRAM, chromium
from tests.conftest import DAY
from tests.mirror import broken

if TYPE_CHECKING:
    from stancegraph.build.release import Release
    from tests.conftest import Once

pytestmark = pytest.mark.whole
ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "cluster-munitions"
VALIDATORS = ROOT / ".validators" / "bin" / "python"
CHECK = ROOT / "tests" / "validators" / "check.py"


@pytest.fixture(scope="module")
def release(shipped_releases: Path) -> Release:
    return open_release(shipped_releases)


@pytest.fixture(scope="module")
def package(once: Once, release: Release) -> Path:
    """The package of the shipped graph; not to be changed."""
    return once("shipped-package", lambda folder: publish(release, folder))


@pytest.fixture(scope="module")
def example(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package of an example."""
    folder = tmp_path_factory.mktemp("example")
    publish(build(GraphFolder.at(EXAMPLE), folder / "releases"), folder / "package")
    return folder / "package"


def test_the_same_release_gives_the_same_package(example: Path, tmp_path: Path) -> None:
    """Pages and all, byte for byte, and so under the same checksums."""
    publish(open_release(example.parent / "releases"), tmp_path / "again")

    names = ("manifest-sha256.txt", "tagmanifest-sha256.txt")
    assert [(tmp_path / "again" / name).read_text() for name in names] == [
        (example / name).read_text() for name in names
    ]


def told_of(package: Path) -> dict[str, list[str]]:
    """What each validator finds in *package*."""
    if not VALIDATORS.exists():
        pytest.skip("there are no validators: make validators")
    done = subprocess.run(
        [VALIDATORS, CHECK, package], capture_output=True, check=False, text=True, timeout=900
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, list[str]] = json.loads(done.stdout)
    return found


def test_it_is_whole(package: Path) -> None:
    """By our own check, from checksums to the digest of the statements."""
    assert verify(package) == []


def test_the_reference_validators_find_nothing(package: Path) -> None:
    """BagIt, Data Package with the schemas of all tables, RO-Crate 1.2, Croissant."""
    assert told_of(package) == {"bag": [], "data_package": [], "crate": [], "croissant": []}


def test_the_reference_validators_find_what_is_wrong(example: Path, tmp_path: Path) -> None:
    """Each of them, in a package with one mistake for each: the test above can fail."""
    data = shutil.copytree(example, tmp_path / "package") / PAYLOAD
    table = data / "tables" / "destroyed.csv"
    table.write_text(table.read_text("utf-8") + "one cell\n", "utf-8")
    crate = data / "ro-crate-metadata.json"
    crate.write_text(crate.read_text("utf-8").replace('"license"', '"terms"'), "utf-8")
    parquet = data / "tables" / "destroyed.parquet"
    parquet.write_bytes(parquet.read_bytes()[:-9])

    told = told_of(tmp_path / "package")

    assert all(told.values()), told


def test_every_link_of_its_copy_leads_somewhere(package: Path, release: Release) -> None:
    """On all of its pages, some thousands."""
    site = package / PAYLOAD / "site"

    assert list(broken(site, release.base)) == []
    named = json.loads(release.names_file.read_text("utf-8"))["names"]
    assert len(list(site.rglob("*.html"))) > len(named)


def test_its_copy_is_searched_without_a_server(package: Path) -> None:
    """From a disk, without accents, by a name that is not the best one; and it leads on."""
    if PROGRAM is None:
        pytest.skip("there is no Chromium: apt-get install chromium")
    site = (package / PAYLOAD / "site").resolve()
    with chromium() as browser:
        page = browser.new_page()
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.goto((site / "index.html").as_uri())
        page.fill("#search", "cote d'ivoire")
        page.press("#search", "Enter")
        page.wait_for_url("**/search.html?q=*")
        page.click("#results li:has-text('state') a")
        page.wait_for_url("**/id/state/CIV.html")
        assert "Ivoire" in page.inner_text("h1")
        assert all(address.startswith(site.as_uri()) for address in asked)


def test_it_is_published_again_with_the_same_bytes(
    package: Path, release: Release, tmp_path: Path
) -> None:
    """All but what tells of the copy of the pages, which the second goes without."""
    publish(release, tmp_path / "again", without=("mirror",))

    again = files_in(tmp_path / "again" / PAYLOAD)
    there = files_in(package / PAYLOAD)
    different = {name for name in again if again[name].read_bytes() != there[name].read_bytes()}
    assert {name for name in there if not name.startswith("site/")} == again.keys()
    assert different <= {
        "README.md", "croissant.json", "catalog.ttl", "datapackage.json", "ro-crate-metadata.json"
    }  # fmt: skip
    assert "site/index.html" not in again


def test_its_graph_is_built_again(package: Path, release: Release, tmp_path: Path) -> None:
    """Into a release with the same digest, though the files were written by the program."""
    folder = GraphFolder.at(package / PAYLOAD / "graph")

    assert build(folder, tmp_path, release_date=DAY).digest == release.digest
