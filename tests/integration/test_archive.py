"""Releases side by side, each under its own address, over real HTTP."""

from __future__ import annotations

import re
import shutil
from datetime import date
from typing import TYPE_CHECKING

import pytest

from stancegraph.build import build, shelf
from stancegraph.build.release import open_release
from stancegraph.engine.embedded import EngineOptions
from stancegraph.folder import GraphFolder
from stancegraph.serving import archive
from stancegraph.serving.archive import Archive, NoLease
from tests.conftest import SMALL
from tests.serving import serving

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from stancegraph.build.release import Release
    from tests.conftest import Once
    from tests.serving import Server

BROWSER = "text/html,application/xhtml+xml"
VOTES = "/queries/votes/of-a-state?actor=CAN"
DAYS = [date(2026, 11, day) for day in (1, 2, 3)]


@pytest.fixture(scope="module")
def three(once: Once) -> Path:
    """A folder of three releases of tests/small, in each of which Canada's vote is another."""

    def fill(folder: Path) -> None:
        graph = shutil.copytree(SMALL, folder.with_name("three-graphs"))
        votes = graph / "data" / "votes" / "74-247.ttl"
        text = votes.read_text("utf-8")
        for day, choice in zip(DAYS, ("no", "yes", "abstain"), strict=True):
            votes.write_text(text.replace('sg:choice "no"', f'sg:choice "{choice}"'), "utf-8")
            build(GraphFolder.at(graph), folder, release_date=day)

    return once("three", fill)


@pytest.fixture(scope="module")
def ids(three: Path) -> list[str]:
    """The ids of the three, the first made first; the last is served."""
    return sorted(shelf.names(three))


@pytest.fixture(scope="module")
def server(three: Path) -> Iterator[Server]:
    with serving("--releases", three, "--archive", "1") as server:
        yield server


def test_each_release_answers_under_its_own_address(server: Server, ids: list[str]) -> None:
    """With its own rows, by its own name; no address leads out of it, but for one on each page."""
    root = f"/release/{ids[0]}"

    old, new = (server.request("GET", f"{path}{VOTES}&format=csv") for path in (root, ""))
    page = server.request("GET", f"{root}{VOTES}", accept=BROWSER)
    posted = server.request(
        "POST", f"{root}/sparql", "query=ASK{}", content_type="application/x-www-form-urlencoded"
    )

    assert (old.headers["x-stancegraph-release"], new.headers["x-stancegraph-release"]) == (
        ids[0],
        ids[2],
    )
    assert old.body != new.body
    assert posted.headers["x-stancegraph-release"] == ids[0]
    addresses = re.findall(r'(?:href|src|action)="(/[^"]*)"', page.text)
    assert {each for each in addresses if not each.startswith(root)} == {VOTES}
    assert f"You are looking at release <code>{ids[0]}</code>" in page.text
    assert f"The current one is <code>{ids[2]}</code>" in page.text


def test_data_lasts_and_pages_are_asked_for_again(server: Server, ids: list[str]) -> None:
    """Nothing of an old release changes but what pages say of the current one; tags hold."""
    root = f"/release/{ids[0]}"
    for path in (f"{VOTES}&format=csv", "/id/state/CAN.ttl", "/sparql?query=ASK%7B%7D"):
        reply = server.request("GET", root + path)
        again = server.request("GET", root + path, if_none_match=reply.headers["etag"])

        assert reply.status == 200
        assert "immutable" in reply.headers["cache-control"]
        assert again.status == 304
    page = server.request("GET", f"{root}/", accept=BROWSER)
    assert "must-revalidate" in page.headers["cache-control"]
    assert page.headers["x-robots-tag"] == "noindex"
    assert page.links("latest-version") == ["/"]


def test_the_release_that_is_served_has_its_address_too(server: Server, ids: list[str]) -> None:
    """So what is cited today stays where it is; and the release itself is told of as before."""
    rows = server.request("GET", f"/release/{ids[2]}{VOTES}&format=csv")
    page = server.request("GET", f"/release/{ids[2]}{VOTES}", accept=BROWSER)
    itself = server.request("GET", f"/release/{ids[0]}.ttl")

    assert rows.body == server.request("GET", f"{VOTES}&format=csv").body
    assert "which is the current one" in page.text
    assert itself.media_type == "text/turtle"


def test_a_page_of_a_release_is_a_memento_and_its_timemap_lists_all(
    server: Server, ids: list[str]
) -> None:
    """RFC 7089: of what, and as of when; the list names the same page in every release."""
    page, host = "/id/state/CAN", server.address
    now = server.request("GET", page, accept=BROWSER)
    old = server.request("GET", f"/release/{ids[0]}{page}", accept=BROWSER)
    listed = server.request("GET", now.links("timemap")[0].removeprefix(host))
    inside = server.request("GET", f"/release/{ids[0]}/timemap{page}")

    assert "memento-datetime" not in now.headers
    assert old.headers["memento-datetime"] == "Sun, 01 Nov 2026 00:00:00 GMT"
    assert old.links("original") == [f"{host}{page}"]
    assert old.links("timemap") == now.links("timemap") == [f"{host}/timemap{page}"]
    assert old.links("timegate") == []
    assert listed.media_type == "application/link-format"
    first, second, last = (f"{host}/release/{name}{page}" for name in ids)
    span = 'from="Sun, 01 Nov 2026 00:00:00 GMT"; until="Tue, 03 Nov 2026 00:00:00 GMT"'
    assert listed.text.splitlines() == [
        f'<{host}{page}>; rel="original",',
        f'<{host}/timemap{page}>; rel="self"; type="application/link-format"; {span},',
        f'<{first}>; rel="first memento"; datetime="Sun, 01 Nov 2026 00:00:00 GMT",',
        f'<{second}>; rel="memento"; datetime="Mon, 02 Nov 2026 00:00:00 GMT",',
        f'<{last}>; rel="last memento"; datetime="Tue, 03 Nov 2026 00:00:00 GMT"',
    ]
    assert (inside.status, inside.headers["location"]) == (308, f"{host}/timemap{page}")


def test_a_timemap_keeps_the_form_and_day_that_are_asked_for(
    server: Server, ids: list[str]
) -> None:
    """Where an address has an ending or arguments, so have its mementos, which are of it."""
    page = "/id/state/CAN.ttl?asOf=2012-01-01"
    listed = server.request("GET", f"/timemap{page}")
    old = server.request("GET", f"/release/{ids[0]}{page}")

    assert f"<{server.address}/release/{ids[0]}{page}>" in listed.text
    assert old.links("original") == [f"{server.address}{page}"]
    assert old.headers["memento-datetime"] == "Sun, 01 Nov 2026 00:00:00 GMT"


def test_what_no_release_knows_has_no_timemap(server: Server) -> None:
    reply = server.request("GET", "/timemap/id/state/XYZ", accept="application/json")

    assert (reply.status, reply.media_type) == (404, "application/problem+json")


def test_a_thing_that_was_withdrawn_has_a_timemap(three: Path, tmp_path: Path) -> None:
    """It lists the releases that had it, which the current one is none of."""
    folder = shutil.copytree(three, tmp_path / "releases", symlinks=True)
    graph = shutil.copytree(three.with_name("three-graphs"), tmp_path / "graph")
    votes = graph / "data" / "votes" / "74-247.ttl"
    text = votes.read_text("utf-8")
    block = re.search(r"^<vote/[^>]*/CAN>\n.*?^\.\n", text, re.DOTALL | re.MULTILINE)
    assert block is not None
    votes.write_text(text.replace(block.group(), ""), "utf-8")
    made = build(GraphFolder.at(graph), folder, release_date=date(2026, 11, 4))
    key = re.sub(r">.*", "", block.group().partition("<")[2], flags=re.DOTALL)
    with serving("--releases", folder) as server:
        listed = server.request("GET", f"/timemap/id/{key}")

    assert listed.status == 200
    assert listed.text.count("/release/") == len(DAYS)
    assert made.id not in listed.text


def test_the_feed_of_a_query_looks_back_where_releases_keep_its_answer(three: Path) -> None:
    """Beyond the one that may be loaded; not where the answer would have to be found anew."""
    with serving("--releases", three, "--archive", "1") as server:
        kept, other = (
            server.request("GET", f"/queries/votes/of-a-state.atom?actor={state}")
            for state in ("CAN", "PER")
        )

    titles = re.findall("<title>([^<]* row[^<]*)</title>", kept.text)
    assert titles == ["1 row added, 1 row removed"] * (len(DAYS) - 1)
    assert other.status == 200


def test_a_citation_is_checked_on_the_release_that_it_names(server: Server, ids: list[str]) -> None:
    """The permanent address agrees for ever; the same question to another release does not."""
    cited = server.request("GET", f"/release/{ids[0]}{VOTES}&cite=json")
    address = re.sub("^.*(?=/release/)", "", cited.text.split('"address":"')[1].split('"')[0])

    there = server.request("GET", address, accept="application/json")
    here = server.request("GET", address.removeprefix(f"/release/{ids[0]}"), accept="text/html")

    assert address.startswith(f"/release/{ids[0]}/queries/")
    assert '"agrees":true' in there.text
    assert "It does not agree." in here.text


def test_a_release_that_is_not_there_is_told(server: Server, three: Path) -> None:
    """404 where it never was; what there is instead is named."""
    reply = server.request("GET", f"/release/2020-01-01-0123456789ab{VOTES}", accept=BROWSER)

    assert reply.status == 404
    assert "there is no release 2020-01-01-0123456789ab here" in reply.text
    assert f'href="{VOTES.partition("?")[0]}"' in reply.text
    for name in shelf.names(three):
        assert f'href="/release/{name}"' in reply.text


@pytest.fixture
def kept(three: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[int], Archive]]:
    """Makes archives of the three releases, in which nothing has to stay."""
    monkeypatch.setattr(archive, "STAY", 0.0)
    made: list[Archive] = []

    def make(room: int) -> Archive:
        made.append(Archive(three, EngineOptions(workers=1), room=room))
        return made[-1]

    yield make
    for each in made:
        each.stop()


def test_no_more_are_loaded_than_there_is_room_for(
    kept: Callable[[int], Archive], ids: list[str]
) -> None:
    """Who has a lease keeps it; the next is told to wait, and then takes the place."""
    held = kept(1)
    with held.lease(ids[0]) as engine, held.lease(ids[0]) as same:
        assert engine == same
        with pytest.raises(NoLease, match="only a few fit") as refused, held.lease(ids[1]):
            pass
        assert engine.exists()
    assert refused.value.kind == "busy"

    with held.lease(ids[1]) as other:
        assert other.exists()
        assert not engine.exists()


def test_one_that_was_loaded_just_now_stays(
    kept: Callable[[int], Archive], ids: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever asks for all of them in turn does not keep the machine busy with loading."""
    monkeypatch.setattr(archive, "STAY", 3600.0)
    held = kept(1)
    with held.lease(ids[0]):
        pass

    with pytest.raises(NoLease, match="try again"), held.lease(ids[1]):
        pass


def test_a_release_that_was_removed_is_told_apart_from_one_that_never_was(
    three: Path, tmp_path: Path
) -> None:
    """By those that followed it."""
    folder = shutil.copytree(three, tmp_path / "releases", symlinks=True)
    current: Release = open_release(folder)
    assert current.previous is not None
    shutil.rmtree(folder / current.previous)
    held = Archive(folder, EngineOptions(workers=1), room=1)

    with pytest.raises(NoLease) as gone, held.lease(current.previous):
        pass
    with pytest.raises(NoLease) as unknown, held.lease("2020-01-01-0123456789ab"):
        pass
    held.stop()

    assert (gone.value.kind, unknown.value.kind) == ("gone", "unknown")


def test_what_changed_is_found_out_once(kept: Callable[[int], Archive], ids: list[str]) -> None:
    """It stays in a file as long as the server runs."""
    held = kept(1)
    found = held.changes(ids[0], ids[1])
    made = found.stat().st_mtime_ns

    assert '"what": "corrected"' in found.read_text("utf-8")
    assert held.changes(ids[0], ids[1]).stat().st_mtime_ns == made
