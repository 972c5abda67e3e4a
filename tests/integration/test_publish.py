"""The package of a release: what it holds, and what is told of one that was changed."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import bagit
import jsonschema
import pytest
import rdflib
import yaml
from click.testing import CliRunner

from stancegraph.build import build
from stancegraph.build.release import open_release
from stancegraph.cli import main
from stancegraph.folder import GraphFolder
from stancegraph.package.bag import PAYLOAD, info_of, write_bag
from tests.conftest import DAY
from tests.mirror import Page, broken

if TYPE_CHECKING:
    from collections.abc import Callable

    from stancegraph.build.release import Release
    from tests.conftest import Once

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "cluster-munitions"
CFF = ROOT / "tests" / "data" / "cff-1.2.0.schema.json"
MUNITIONS = "https://example.org/cluster-munitions/"
METADATA = (
    "CITATION.cff", ".zenodo.json", "datapackage.json", "ro-crate-metadata.json",
    "croissant.json", "catalog.ttl", "void.ttl",
)  # fmt: skip


def run(*arguments: str | Path) -> tuple[int, str, str]:
    """The command, as it is typed."""
    done = CliRunner().invoke(main, list(map(str, arguments)))
    return done.exit_code, done.stdout, done.stderr


@pytest.fixture(scope="module")
def release(once: Once) -> Release:
    """A release of the example."""
    example = GraphFolder.at(EXAMPLE)
    return open_release(once("munitions", lambda folder: build(example, folder, release_date=DAY)))


@pytest.fixture(scope="module")
def package(release: Release, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Its package; not to be changed."""
    folder = tmp_path_factory.mktemp("package") / "package"
    code, told, _ = run("release", "publish", folder, "--releases", release.path.parent)
    assert (code, told) == (0, f"{folder}\n")
    return folder


@pytest.fixture
def copy(package: Path, tmp_path: Path) -> Path:
    """A copy of it, to be changed at will."""
    return shutil.copytree(package, tmp_path / "copy")


def findings(folder: Path) -> list[str]:
    """What `verify` tells of the package in *folder*."""
    code, told, _ = run("verify", folder)
    assert code == (0 if told == f"{folder} is whole\n" else 1), told
    return [] if code == 0 else told.splitlines()


def bagged_anew(folder: Path) -> None:
    """Let the manifests of *folder* tell of its files as they are now."""
    about = info_of(folder)
    del about["Payload-Oxum"]
    write_bag(folder, about)


def as_json(path: Path) -> dict[str, Any]:
    said: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return said


# What it holds


def test_a_package_is_a_bag(package: Path) -> None:
    """As the library of the Library of Congress reads it; `verify` says so too."""
    bag = bagit.Bag(str(package))

    bag.validate()
    assert bag.version_info == (1, 0)
    assert set(bag.algorithms) == {"sha256"}
    assert findings(package) == []


def test_everything_is_there(package: Path, release: Release) -> None:
    """Each kind of export, the graph, its queries with their results, reports and metadata."""
    data = package / PAYLOAD
    for name in (
        *METADATA, "README.md", "CHANGELOG.md", "release.json",
        "rdf/graph.nq", "rdf/graph.trig", "rdf/graph.ttl", "rdf/graph.rdf", "rdf/graph.jsonld",
        "rdf/stated.nq", "tables/destroyed.csv", "tables/destroyed.parquet",
        "tables/destroyed.xlsx", "tables/destroyed.dta", "tables/csv-metadata.json",
        "codebook/codebook.html", "codebook/codebook.pdf", "codebook/codebook.json",
        "graph/dataset.ttl", "graph/data/stances.ttl", "graph/ontology/cluster-munitions.ttl",
        "site/index.html", "site/search.html", "site/queries/treaties/acts.html",
        "graph/shapes/StockpileDestruction.ttl", "graph/queries/treaties/acts.rq",
        "results/treaties/acts.csv", "results/treaties/acts.json", "validation/report.txt",
    ):  # fmt: skip
        assert (data / name).is_file(), name
    assert (data / "rdf" / "graph.nq").read_bytes() == release.quads_file.read_bytes()
    with (data / "results" / "index.csv").open(newline="") as file:
        listed = {row["query"]: row for row in csv.DictReader(file)}
    with (data / "results" / "treaties" / "acts.csv").open(newline="") as file:
        assert len(list(csv.DictReader(file))) == int(listed["treaties/acts"]["rows"]) > 1


def test_the_graph_of_a_package_is_built_again(
    package: Path, release: Release, tmp_path: Path
) -> None:
    """Into a release with the same digest, though no file is as its author wrote it."""
    again = build(GraphFolder.at(package / PAYLOAD / "graph"), tmp_path, release_date=DAY)

    assert (again.id, again.digest) == (release.id, release.digest)


def test_one_version_stands_in_all_metadata(package: Path, release: Release) -> None:
    """The id of the release, wherever a standard has a place for it."""
    data = package / PAYLOAD
    cff = yaml.safe_load((data / "CITATION.cff").read_text("utf-8"))
    crate = {each["@id"]: each for each in as_json(data / "ro-crate-metadata.json")["@graph"]}
    graph = rdflib.Graph().parse(data / "catalog.ttl").parse(data / "void.ttl")
    versions = {
        cff["version"],
        as_json(data / ".zenodo.json")["version"],
        as_json(data / "datapackage.json")["version"],
        as_json(data / "croissant.json")["version"],
        crate["./"]["version"],
        *map(str, graph.objects(None, rdflib.URIRef(f"{rdflib.DCAT}version"))),
    }

    assert versions == {release.id}
    jsonschema.validate({**cff, "date-released": str(cff["date-released"])}, as_json(CFF))
    assert release.id in info_of(package)["External-Identifier"]


def test_the_catalogue_tells_of_each_file_where_it_stands(package: Path) -> None:
    """By addresses that are relative to it, with size and checksum."""
    data = package / PAYLOAD
    graph = rdflib.Graph().parse(data / "catalog.ttl")
    places = {
        Path(str(graph.value(made, rdflib.DCAT.downloadURL)).removeprefix("file://")): made
        for made in graph.objects(None, rdflib.DCAT.distribution)
    }
    sizes = {
        path: int(str(graph.value(made, rdflib.DCAT.byteSize))) for path, made in places.items()
    }

    assert sizes == {path: path.stat().st_size for path in sizes}
    assert {data / "rdf" / "graph.nq", data / "tables" / "destroyed.csv"} <= sizes.keys()


# The copy of the pages


def test_every_link_of_the_copy_leads_somewhere(package: Path, release: Release) -> None:
    """To a file and a place in it, to the graph and results beside it, or to the server."""
    site = package / PAYLOAD / "site"

    assert list(broken(site, MUNITIONS)) == []
    page = Page()
    page.feed((site / "id" / "state" / "CAN.html").read_text("utf-8"))
    assert ("../treaty/convention-on-cluster-munitions.html", False) in page.links
    assert any(
        target.startswith("../../claims/action.html#action/convention-on-cluster-munitions/CAN/")
        for target, _ in page.links
    )
    assert ("../../../graph/data/states.ttl", False) in page.links
    assert (f"{release.iri}/compare", True) in page.links
    asking = Page()
    asking.feed((site / "queries" / "treaties" / "acts.html").read_text("utf-8"))
    assert (f"{release.iri}/queries/treaties/acts", True) in asking.links  # the form
    assert ("../../search.html", False) in asking.links


def test_what_is_lost_in_the_copy_would_be_found(copy: Path) -> None:
    """The test above sees a page that lacks, and a place that lacks on one."""
    site = copy / PAYLOAD / "site"
    (site / "claims" / "vote.html").unlink()
    stances = site / "claims" / "stance.html"
    stances.write_text(stances.read_text("utf-8").replace(' id="stance/', ' id="other/'), "utf-8")

    found = list(broken(site, MUNITIONS))

    assert any("claims/vote.html#vote/" in line and "is no file" in line for line in found)
    assert any("claims/stance.html#stance/" in line and "no place" in line for line in found)


def test_a_claim_of_the_copy_stands_there_with_its_evidence(package: Path) -> None:
    """The quotation, the source and the place in it, though no page is of the claim alone."""
    text = (package / PAYLOAD / "site" / "claims" / "stance.html").read_text("utf-8")

    assert "Such conventions are significant when all countries adhere to them." in text
    assert "third paragraph, the Minister of National Defence" in text


def test_no_page_of_the_copy_loads_what_browsers_refuse_from_a_disk(package: Path) -> None:
    """Neither modules nor anything from elsewhere; nor does one tell how long it took."""
    for path in (package / PAYLOAD / "site").rglob("*.html"):
        text = path.read_text("utf-8")
        assert 'type="module"' not in text, path
        assert " ms in release" not in text, path
        assert '<script src="http' not in text, path


def test_changes_since_the_release_before_are_told(small: GraphFolder, tmp_path: Path) -> None:
    """Claim by claim, where it lies beside the one that is published."""
    build(small, tmp_path / "releases", release_date=DAY)
    path = small.root / "data" / "votes" / "75-282.ttl"
    path.write_text(path.read_text("utf-8").replace("vote/75-282/CAN", "vote/75-282/CAN-2"))
    build(small, tmp_path / "releases", release_date=DAY)

    code, *_ = run(
        "release", "publish", tmp_path / "package", "--releases", tmp_path / "releases",
        "--without", "mirror",
    )  # fmt: skip

    told = (tmp_path / "package" / PAYLOAD / "CHANGELOG.md").read_text("utf-8")
    assert code == 0
    assert "+ added: " in told
    assert "- withdrawn: " in told


# What is refused


def test_a_folder_that_is_not_empty_is_left_alone(release: Release, tmp_path: Path) -> None:
    """With a sentence that says what to do."""
    (tmp_path / "mine.txt").touch()

    code, _, told = run("release", "publish", tmp_path, "--releases", release.path.parent)

    assert code == 1
    assert "is there and not empty: name a folder that is to be made" in told
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_a_package_that_fails_leaves_nothing(
    release: Release, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither under its name nor beside it."""

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("stancegraph.package.publish.write_graph", fail)

    code, _, told = run("release", "publish", tmp_path / "p", "--releases", release.path.parent)

    assert (code, list(tmp_path.iterdir())) == (1, [])
    assert "No space left on device" in told


# What is told of a package that was changed


def flip(folder: Path) -> None:
    """Change one byte of a table."""
    path = folder / PAYLOAD / "tables" / "destroyed.csv"
    content = bytearray(path.read_bytes())
    content[-4] ^= 1
    path.write_bytes(content)


def lose(folder: Path) -> None:
    (folder / PAYLOAD / "tables" / "destroyed.csv").unlink()


def add(folder: Path) -> None:
    (folder / PAYLOAD / "tables" / "mine.csv").write_text("a,b\n1,2\n")


def shorten(folder: Path) -> None:
    """Take the last row from a table, and let the manifests agree."""
    path = folder / PAYLOAD / "tables" / "destroyed.csv"
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:-1]))
    bagged_anew(folder)


def withdraw(folder: Path) -> None:
    """Take a statement from the graph, and let the manifests agree."""
    path = folder / PAYLOAD / "rdf" / "graph.nq"
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[1:]))
    bagged_anew(folder)


def rename(folder: Path) -> None:
    """Let a release be called otherwise, and the manifests agree."""
    path = folder / PAYLOAD / "release.json"
    path.write_text(path.read_text("utf-8").replace('"id": "2026-', '"id": "2027-'), "utf-8")
    bagged_anew(folder)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (flip, ["data/tables/destroyed.csv: is not what it was: its SHA-256 differs; get it"]),
        (lose, ["data/tables/destroyed.csv: is missing; get it again"]),
        (add, ["data/tables/mine.csv: is in no manifest (manifest-sha256.txt); take it away"]),
        (shorten, ["data/datapackage.json: tells of tables/destroyed.csv as ", "has 1 rows, and "]),
        (withdraw, ["rdf/graph.nq: the digest of its statements (RDFC-1.0) is not that of "]),
        (rename, ["data/release.json: its id is not made of its date and its digest"]),
    ],
)
def test_a_change_is_told_with_its_file(
    copy: Path, change: Callable[[Path], None], told: list[str]
) -> None:
    """What is wrong and what to do, a line each; also where the manifests were made to agree."""
    change(copy)

    found = findings(copy)

    assert all(any(each in line for line in found) for each in told), found
    assert all(line.count(": ") and "; " in line for line in found)


@pytest.mark.parametrize("name", METADATA)
def test_metadata_of_another_version_are_told(copy: Path, release: Release, name: str) -> None:
    """Also where the manifests were made to agree with them; and no other file is blamed."""
    path = copy / PAYLOAD / name
    other = f"{release.date}-0123456789ab"
    path.write_text(path.read_text("utf-8").replace(release.id, other), "utf-8")
    bagged_anew(copy)

    found = findings(copy)

    assert any(
        line.startswith(f"data/{name}: tells of the version '{other}', and release.json of ")
        for line in found
    ), found
    listing = {f"data/{name}" for name in (*METADATA[2:4], "catalog.ttl")}  # sizes of all files
    assert {line.partition(": ")[0] for line in found} <= {f"data/{name}", *listing}


def test_metadata_that_cannot_be_read_are_told(copy: Path) -> None:
    """Each once, in a line without a trace of the program."""
    for name in METADATA:
        (copy / PAYLOAD / name).write_text("{", "utf-8")
    bagged_anew(copy)

    told = findings(copy)

    for name in METADATA:
        lines = [line for line in told if line.startswith(f"data/{name}: ")]
        assert len(lines) == 1, lines
        assert "cannot be read" in lines[0]


def test_what_is_no_package_is_told(tmp_path: Path) -> None:
    """Instead of a hundred findings."""
    assert run("verify", tmp_path)[2] == (
        f"stancegraph: {tmp_path} is no package: it has no folder data/\n"
    )
    assert "there is no folder" in run("verify", tmp_path / "none")[2]
