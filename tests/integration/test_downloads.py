"""Files that lie with a release, and how a server gives them away."""

from __future__ import annotations

import hashlib
import json
import shutil
from typing import TYPE_CHECKING

import pytest

from stancegraph.build import build
from stancegraph.build.release import EXPORTS, open_release
from stancegraph.export.kept import INDEX, keeping, kept
from stancegraph.folder import GraphFolder
from tests.conftest import DAY, SMALL
from tests.serving import fetch, serving

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.conftest import Once
    from tests.serving import Server

TABLE = b"state,choice\r\n" + b"CAN,no\r\n" * 200_000
NAME = "/downloads/tables/votes.csv"


@pytest.fixture(scope="module")
def exported(once: Once) -> Path:
    """A folder with a release, with which a table lies."""

    def fill(folder: Path) -> None:
        build(GraphFolder.at(SMALL), folder, release_date=DAY)
        with keeping(open_release(folder)) as draft:
            (draft / "tables").mkdir()
            (draft / "tables" / "votes.csv").write_bytes(TABLE)

    return once("exported", fill)


@pytest.fixture(scope="module")
def server(exported: Path) -> Iterator[Server]:
    with serving("--releases", exported) as server:
        yield server


def test_each_file_is_listed_with_its_size_and_hash(server: Server, exported: Path) -> None:
    """As a page, as JSON, and as sha256sum reads it; the graph itself is always there."""
    release = open_release(exported)
    page = server.request("GET", "/downloads", accept="text/html").text
    listed = json.loads(server.request("GET", "/downloads.json").body)["files"]
    sums = server.request("GET", "/downloads/SHA256SUMS").text

    hashed = hashlib.sha256(TABLE).hexdigest()
    assert [(each["name"], each["bytes"], each["sha256"]) for each in listed] == [
        (f"{release.id}.nq", release.quads_file.stat().st_size, release.checksum),
        ("tables/votes.csv", len(TABLE), hashed),
    ]
    assert hashed in page
    assert release.licence in page
    assert f"{hashed}  tables/votes.csv\n" in sums
    assert str(exported) not in page + sums + json.dumps(listed)


def test_a_file_comes_whole_and_in_parts(server: Server) -> None:
    """RFC 9110: 206 for a part, 416 for one that is not there, If-Range for a file that changed."""
    whole = server.request("GET", NAME, accept_encoding="gzip")
    tag = whole.headers["etag"]
    part = server.request("GET", NAME, range="bytes=14-21")
    last = server.request("GET", NAME, range="bytes=-8")
    beyond = server.request("GET", NAME, range=f"bytes={len(TABLE)}-")
    same = server.request("GET", NAME, range="bytes=0-4", if_range=tag)
    other = server.request("GET", NAME, range="bytes=0-4", if_range='"other"')

    assert whole.body == TABLE
    assert whole.headers["content-length"] == str(len(TABLE))
    assert whole.headers["accept-ranges"] == "bytes"
    assert "content-encoding" not in whole.headers
    assert whole.headers["content-type"] == "text/csv; charset=utf-8"
    assert whole.headers["cache-control"] == "public, max-age=60, must-revalidate"
    assert (part.status, part.body) == (206, b"CAN,no\r\n")
    assert part.headers["content-range"] == f"bytes 14-21/{len(TABLE)}"
    assert (last.status, last.body) == (206, b"CAN,no\r\n")
    assert beyond.status == 416
    assert beyond.headers["content-range"] == f"bytes */{len(TABLE)}"
    assert (same.status, same.body) == (206, TABLE[:5])
    assert (other.status, other.body) == (200, TABLE)
    assert server.request("GET", NAME, if_none_match=tag).status == 304
    assert server.request("HEAD", NAME).headers["content-length"] == str(len(TABLE))


def test_a_file_is_cited_by_its_hash(server: Server) -> None:
    """Whoever has a file checks whether it is the one that was cited."""
    hashed = hashlib.sha256(TABLE).hexdigest()
    cited = json.loads(server.request("GET", f"{NAME}?cite=json").body)
    page = server.request("GET", f"{NAME}?check={hashed}", accept="text/html").text

    assert cited["sha256"] == hashed
    assert cited["title"].endswith("votes.csv")
    assert cited["address"].endswith(f"{NAME}?check={hashed}")
    assert "It agrees." in page
    assert "Hash of the file" in page


@pytest.mark.parametrize(
    "name",
    [
        "../release.json", "..%2Frelease.json", "tables/../../release.json", "exports.json",
        "tables/none.csv", "/etc/passwd", "tables", "%2e%2e/release.json",
    ],
)  # fmt: skip
def test_nothing_else_is_given_away(server: Server, name: str) -> None:
    """Only what the index names, by its name there."""
    assert server.request("GET", f"/downloads/{name}").status in {308, 404}


def test_an_index_leads_nowhere_else(exported: Path, tmp_path: Path) -> None:
    """Neither by dots nor by links, and not to what has another size."""
    folder = shutil.copytree(exported, tmp_path / "releases", symlinks=True)
    release = open_release(folder)
    index = release.path / EXPORTS / INDEX
    told = json.loads(index.read_text("utf-8"))
    size = (release.path / "release.json").stat().st_size
    (release.path / EXPORTS / "link").symlink_to(release.path / "release.json")
    entry = {"sha256": "0" * 64, "size": size}
    told["files"] += [{"name": name, **entry} for name in ("../release.json", "link")]
    told["files"] += [{"name": "tables/votes.csv", "sha256": "0" * 64, "size": 1}]
    index.write_text(json.dumps(told), "utf-8")

    assert [each.size for each in kept(release)] == [len(TABLE)]


def test_a_build_of_the_same_release_keeps_its_files(exported: Path, tmp_path: Path) -> None:
    """A build of another leaves them where they are."""
    folder = shutil.copytree(exported, tmp_path / "releases", symlinks=True)

    build(GraphFolder.at(SMALL), folder, release_date=DAY)

    assert [each.name for each in kept(open_release(folder))] == ["tables/votes.csv"]


def test_a_release_without_files_says_how_to_make_them(live_server: str) -> None:
    """And leads to the same rows as they are asked live."""
    page = fetch(live_server, "/downloads", "text/html").text

    assert "stancegraph export all --keep" in page
    assert 'href="/queries/tables/state-treaty' in page
