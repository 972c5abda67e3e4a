"""Feeds of what changed between releases, as a feed reader takes them."""

from __future__ import annotations

import json
import shutil
from datetime import date
from typing import TYPE_CHECKING

import feedparser
import pytest

from stancegraph.build import build, shelf
from stancegraph.build.release import open_release
from stancegraph.catalog import Catalog
from stancegraph.differences import Difference, compare
from stancegraph.engine.embedded import EmbeddedEngine, EngineOptions
from stancegraph.folder import GraphFolder
from stancegraph.web import Site, create_app
from tests.conftest import SMALL

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from flask.testing import FlaskClient

    from tests.conftest import Once

BASE = "https://example.org/small/"
VOTE = "vote/unga/A-RES-74-247/CAN"


@pytest.fixture(scope="module")
def two(once: Once) -> Path:
    """A folder of two releases of tests/small: Canada's vote was corrected, and one withdrawn."""

    def fill(folder: Path) -> None:
        graph = shutil.copytree(SMALL, folder.with_name("two-graphs"))
        build(GraphFolder.at(graph), folder, release_date=date(2026, 11, 1))
        votes = graph / "data" / "votes" / "74-247.ttl"
        text = votes.read_text("utf-8")
        votes.write_text(text.replace('sg:choice "no"', 'sg:choice "yes"'), "utf-8")
        (graph / "data" / "votes" / "75-282.ttl").unlink()
        build(GraphFolder.at(graph), folder, release_date=date(2026, 11, 2))

    return once("two", fill)


@pytest.fixture(scope="module")
def client(two: Path) -> Iterator[FlaskClient]:
    release = open_release(two)
    with EmbeddedEngine(release.quads_file, release.id, EngineOptions(workers=1)) as engine:
        site = Site(release, engine, Catalog.load(release.path), "", query_timeout=60.0)
        yield create_app(site).test_client()


def read(client: FlaskClient, address: str) -> feedparser.FeedParserDict:
    """The feed at *address*, which is as RFC 4287 wants it."""
    reply = client.get(address)
    assert reply.status_code == 200, reply.text
    assert reply.mimetype == "application/atom+xml"
    found = feedparser.parse(reply.data)
    assert not found.bozo, found.bozo_exception
    assert found.version == "atom10"
    feed = found.feed
    assert feed.id.startswith(BASE)
    assert feed.title
    assert feed.updated_parsed
    assert feed.author == "Tests"
    links = {link.rel: link.href for link in feed.links}
    assert links["self"] == f"http://localhost{address}"
    assert "alternate" in links
    ids = [entry.id for entry in found.entries]
    assert len(ids) == len(set(ids))
    for entry in found.entries:
        assert entry.title
        assert entry.updated_parsed
        assert entry.link.startswith("http://localhost/")
        assert entry.content[0].type == "text/html"
    return found


def test_the_feed_of_everything_tells_each_change(client: FlaskClient, two: Path) -> None:
    """What became of it, its class, and in which release; the first release last."""
    last, first = shelf.names(two)
    found = read(client, "/changes.atom")

    told = {entry.title.partition(":")[0] for entry in found.entries[:-1]}
    assert told == {"corrected", "withdrawn"}
    assert found.entries[-1].title == f"Release {first}, the first that is kept here"
    assert all(entry.id.startswith(f"{BASE}release/{last}#") for entry in found.entries[:-1])
    withdrawn = next(entry for entry in found.entries if entry.title.startswith("withdrawn"))
    assert f"/release/{first}/id/" in withdrawn.link  # the last release that has it


def test_the_feed_of_a_thing_tells_what_names_it(client: FlaskClient) -> None:
    """Changes of others are not in it; a page of the thing leads to it."""
    found = read(client, "/changes.atom?about=state/CAN")
    page = client.get("/id/state/CAN", headers={"Accept": "text/html"}).text

    assert found.entries
    assert len(found.entries) < len(read(client, "/changes.atom").entries)
    assert 'type="application/atom+xml"' in page
    assert 'href="/changes.atom?about=state/CAN"' in page


def test_the_feed_of_a_query_tells_rows_that_came_and_went(client: FlaskClient) -> None:
    """In words; the feed is called the same in every release, though it means other rows."""
    found = read(client, "/queries/votes/of-a-state.atom?actor=CAN")

    (entry,) = found.entries
    assert entry.title == "1 row added, 2 rows removed"
    assert "yes" in entry.content[0].value
    assert found.feed.id == f"{BASE}queries/votes/of-a-state?actor=CAN"


def test_changes_are_a_page_and_data_too(client: FlaskClient, two: Path) -> None:
    """The page tells from what to what, and leads to the feed."""
    page = client.get("/changes", headers={"Accept": "text/html"})
    data = json.loads(client.get("/changes.json?about=state/CAN").data)

    assert page.status_code == 200
    assert "<del>no</del>" in page.text
    assert "<ins>yes</ins>" in page.text
    assert [each["release"] for each in data] == shelf.names(two)
    assert data[0]["counts"]
    assert data[1]["before"] is None


@pytest.mark.parametrize(
    "address",
    ["/changes.atom?about=nobody", "/changes.rss", "/changes?other=1"],
)
def test_what_means_nothing_is_told(client: FlaskClient, address: str) -> None:
    assert client.get(address).status_code == 400


def test_a_difference_is_read_as_it_was_written(two: Path) -> None:
    """A server finds it out in a process of its own."""
    last, first = shelf.names(two)
    found = compare(open_release(two, first), open_release(two, last))

    assert Difference.from_json(found.as_json()) == found
