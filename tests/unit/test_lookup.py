"""Asking a register that answers well, is busy, or misbehaves in the ways that are known."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from stancegraph.errors import OperationError, RegisterFailed
from stancegraph.links.lookup import Kept, Lookup, Pace
from tests.wikidata import COUNTRY, Service, item, serving, store

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

QUERY = (
    "SELECT ?item ?label WHERE { ?item <http://www.w3.org/2000/01/rdf-schema#label> ?label } "
    "ORDER BY ?item"
)


class Clock:
    """A clock that only moves when somebody sleeps."""

    def __init__(self) -> None:
        self.now = 0.0
        self.slept: list[float] = []

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        self.slept.append(seconds)
        self.now += seconds


@pytest.fixture(scope="module")
def running() -> Iterator[Service]:
    with serving(store(item("Q16", "Canada", COUNTRY) + item("Q419", "Peru", COUNTRY))) as found:
        yield found


@pytest.fixture
def service(running: Service) -> Service:
    running.faults.clear()
    running.asked.clear()
    running.agents.clear()
    return running


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def lookup(service: Service, clock: Clock, tmp_path: Path) -> Lookup:
    pace = Pace(clock=lambda: clock.now, sleep=clock.sleep)
    return Lookup(service.address, Kept(tmp_path / "kept"), "me@example.org", timeout=1, pace=pace)


def labels(lookup: Lookup) -> list[str]:
    return [str(getattr(row["label"], "value", "")) for row in lookup.select(QUERY)]


def test_who_asks_says_so(lookup: Lookup, service: Service) -> None:
    assert labels(lookup) == ["Canada", "Peru"]
    (agent,) = service.agents
    assert agent.startswith("stancegraph/")
    assert "me@example.org" in agent


def test_nobody_is_asked_without_a_contact(lookup: Lookup, service: Service) -> None:
    lookup.contact = ""

    with pytest.raises(RegisterFailed, match="--contact"):
        lookup.select(QUERY)
    assert service.asked == []


def test_a_refusal_is_told_with_its_remedy(lookup: Lookup, service: Service) -> None:
    """A service that does not like the contact answers 403: asking again would not help."""
    lookup.contact = "somebody"

    with pytest.raises(RegisterFailed, match=r"403: it refuses this client: give --contact.*robot"):
        lookup.select(QUERY)
    assert len(service.asked) == 1


@pytest.mark.parametrize(
    "fault",
    ["text", "page", "cut", "short", "trace", "timeout", "gateway", "empty", "slow"],
)
def test_what_passes_is_asked_again(
    fault: str, lookup: Lookup, service: Service, clock: Clock
) -> None:
    """Errors with status 200, JSON that ends midway, gateways, and a service that is slow."""
    service.faults = [fault, fault]

    assert labels(lookup) == ["Canada", "Peru"]
    assert len(service.asked) == 3
    assert clock.slept == [1.0, 2.0]


@pytest.mark.parametrize(("fault", "seconds"), [("busy", 3), ("busy_till", 30)])
def test_a_busy_service_is_left_alone_as_long_as_it_wants(
    fault: str, seconds: float, lookup: Lookup, service: Service, clock: Clock
) -> None:
    service.faults = [fault]

    assert labels(lookup) == ["Canada", "Peru"]
    assert clock.slept == [pytest.approx(seconds, abs=2)]


def test_who_is_sent_away_for_hours_gives_up(lookup: Lookup, service: Service) -> None:
    service.faults = ["banned"]

    with pytest.raises(RegisterFailed, match="left alone for 600 minutes"):
        lookup.select(QUERY)
    assert len(service.asked) == 1


def test_a_service_that_never_answers_is_told_of(lookup: Lookup, service: Service) -> None:
    service.faults = ["cut"] * 9

    with pytest.raises(RegisterFailed, match=r"JSON ends midway.*\(5 tries\)"):
        lookup.select(QUERY)
    assert len(service.asked) == 5


def test_a_query_that_is_not_understood_is_asked_once(lookup: Lookup, service: Service) -> None:
    service.faults = ["bad"]

    with pytest.raises(RegisterFailed, match=r"status 400.*Malformed"):
        lookup.select(QUERY)
    assert len(service.asked) == 1


def test_nothing_that_failed_is_kept(lookup: Lookup, service: Service) -> None:
    service.faults = ["cut"] * 5
    with pytest.raises(RegisterFailed):
        lookup.select(QUERY)

    lookup.offline = True

    with pytest.raises(RegisterFailed, match="no answer is kept"):
        lookup.select(QUERY)


def test_an_answer_is_kept_with_its_query_and_day(lookup: Lookup, service: Service) -> None:
    asked = labels(lookup)
    lookup.offline = True

    assert labels(lookup) == asked
    assert len(service.asked) == 1
    (path,) = lookup.kept.folder.iterdir()
    kept = json.loads(path.read_text("utf-8"))
    assert kept["query"] == QUERY
    assert kept["asked"].startswith(lookup.day)


def test_fresh_answers_take_the_place_of_kept_ones(lookup: Lookup, service: Service) -> None:
    labels(lookup)
    lookup.fresh = True

    labels(lookup)

    assert len(service.asked) == 2


def test_a_file_that_is_no_answer_is_told_of(lookup: Lookup, service: Service) -> None:
    labels(lookup)
    (path,) = lookup.kept.folder.iterdir()
    path.write_text('{"asked": "2026-11-22"}', "utf-8")

    with pytest.raises(OperationError, match="holds no answer: remove it"):
        lookup.select(QUERY)


def test_a_service_that_is_not_there_is_told_of(tmp_path: Path, clock: Clock) -> None:
    pace = Pace(clock=lambda: clock.now, sleep=clock.sleep)
    lookup = Lookup("http://127.0.0.1:1/", Kept(tmp_path), "me@example.org", timeout=1, pace=pace)

    with pytest.raises(RegisterFailed, match="cannot be reached"):
        lookup.select(QUERY)


def test_no_more_work_is_asked_in_a_minute_than_is_allowed(clock: Clock) -> None:
    pace = Pace(work=45, clock=lambda: clock.now, sleep=clock.sleep)
    for _ in range(3):
        pace.wait()
        clock.now += 20
        pace.note(20, failed=False)

    pace.wait()

    assert sum(clock.slept) == 20  # the first of them is then a minute ago


def test_no_more_errors_are_made_in_a_minute_than_are_allowed(clock: Clock) -> None:
    pace = Pace(errors=3, clock=lambda: clock.now, sleep=clock.sleep)
    for _ in range(3):
        pace.note(0.1, failed=True)

    pace.wait()

    assert clock.now == 60
