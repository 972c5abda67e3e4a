"""Front ends before engines that fail, come back, and get another release."""

from __future__ import annotations

import http.client
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import urlencode, urlsplit

import pytest

from stancegraph.build.release import open_release
from tests.contract.conftest import push
from tests.contract.servers import oxigraph
from tests.contract.test_push import CHOICES, another
from tests.serving import asked, serving, wait_until

if TYPE_CHECKING:
    from pathlib import Path

    from stancegraph.folder import GraphFolder
    from tests.serving import Server

ENDLESS = "SELECT * { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l }"


def fresh(server: Server, number: int) -> int:
    """The status of a question that nobody has asked before."""
    query = f"SELECT (COUNT(*) AS ?n{number}) {{ ?s ?p ?o }}"
    return server.request("GET", asked(query)).status


def told(server: Server, text: str) -> bool:
    """Whether the front end has said so."""
    return text in server.log.read_text("utf-8")


def test_one_of_two_engines_fails_and_comes_back(pushed: Path) -> None:
    """No question fails meanwhile; with both gone, that is told, until one is back."""
    with oxigraph() as one, oxigraph() as two:
        push(one.url, two.url, "--releases", pushed)
        with serving("--endpoint", one.url, "--endpoint", two.url) as server:
            before = {fresh(server, number) for number in range(10)}
            one.kill()
            during = {fresh(server, number) for number in range(10, 40)}
            wait_until(lambda: told(server, f"{one.url} is lost"))
            two.kill()
            gone = fresh(server, 50)
            wait_until(lambda: server.request("GET", "/ready").status != HTTPStatus.OK)
            with oxigraph(one.port) as again:
                empty = fresh(server, 51)
                push(again.url, "--releases", pushed)
                wait_until(lambda: server.request("GET", "/ready").status == HTTPStatus.OK)
                back = {fresh(server, number) for number in range(60, 70)}

    assert before == during == back == {HTTPStatus.OK}
    assert gone == empty == HTTPStatus.SERVICE_UNAVAILABLE


def test_half_an_answer_ends_as_one(pushed: Path) -> None:
    """An engine that dies while it answers breaks the connection of whoever reads."""
    with oxigraph() as engine:
        push(engine.url, "--releases", pushed)
        with serving("--endpoint", engine.url, "--max-rows", "0", "--max-bytes", "0") as server:
            connection = http.client.HTTPConnection(urlsplit(server.address).netloc, timeout=60)
            connection.request("GET", f"/sparql?{urlencode({'query': ENDLESS})}")
            answer = connection.getresponse()
            first = answer.read(1000)
            engine.kill()
            with pytest.raises((http.client.IncompleteRead, ConnectionError)):
                answer.read()
            connection.close()

    assert (answer.status, len(first)) == (HTTPStatus.OK, 1000)


def test_another_release_is_served_when_all_engines_have_it(
    small: GraphFolder, pushed: Path, tmp_path: Path
) -> None:
    """Without a restart; the header names it from then on, and each answer is of one release."""
    new = another(small, tmp_path / "next", "no")
    with oxigraph() as one, oxigraph() as two:
        push(one.url, two.url, "--releases", pushed)
        with serving("--endpoint", one.url, "--endpoint", two.url) as server:

            def served() -> tuple[str, str]:
                reply = server.ask(CHOICES, accept="text/csv")
                return reply.headers["x-stancegraph-release"], reply.text

            found = [served()]

            def changed() -> bool:
                found.append(served())
                return found[-1][0] == new

            push(one.url, "--releases", tmp_path / "next")
            push(two.url, "--releases", tmp_path / "next")
            wait_until(changed)
            ready = server.request("GET", "/ready").text

    old = (open_release(pushed).id, "choice\r\nabstain\r\nno\r\nyes\r\n")
    assert set(found) == {old, (new, "choice\r\nabstain\r\nno\r\nno\r\n")}
    assert ready == f"ready: {new}\n"


def test_pages_come_from_the_engine(pushed: Path) -> None:
    """Saved queries, things and pages, with no file but what the engine gave."""
    with oxigraph() as engine:
        push(engine.url, "--releases", pushed)
        with serving("--endpoint", engine.url) as server, serving("--releases", pushed) as local:
            for path in ("/", "/queries/votes/of-a-state?actor=CAN", "/id/vote/74-247/CAN.ttl",
                         "/graph/description.ttl", "/sparql", "/openapi.json"):  # fmt: skip
                found, wanted = server.request("GET", path), local.request("GET", path)

                assert (path, found.status) == (path, wanted.status)
                here, there = server.address, local.address
                assert found.text.replace(here, there) == wanted.text, path


def test_an_engine_that_is_empty_is_refused() -> None:
    """With a sentence that says what to do."""
    with (
        oxigraph() as engine,
        pytest.raises(AssertionError, match="stancegraph push"),
        serving("--endpoint", engine.url),
    ):
        pass


@pytest.mark.parametrize("arguments", [("--watch",), ("--releases", ".")])
def test_options_that_make_no_sense_together(arguments: tuple[str, ...]) -> None:
    """What is elsewhere is not built here."""
    with (
        pytest.raises(AssertionError, match="--endpoint goes with neither"),
        serving("--endpoint", "http://127.0.0.1:9/query", *arguments),
    ):
        pass
