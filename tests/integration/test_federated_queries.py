"""Queries over two servers, each asking the other: this graph's, and one in Wikidata's shape."""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import pyoxigraph as ox
import pytest

from stancegraph.folder import shipped
from stancegraph.queryfile import read_queries
from tests import serving as stancegraph
from tests.wikidata import STATE, Service, item, serving, store

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flask.testing import FlaskClient

    from stancegraph.queryfile import SavedQuery

QUERIES = {q.name: q for q in read_queries(shipped().root)[0] if q.services}
DOCS = Path(__file__).parents[2] / "docs" / "links.md"
TERM = "http://www.wikidata.org/entity/statement/"


def term(key: str, leader: str, start: str, end: str = "") -> str:
    """Turtle of a term of office."""
    node = f"<{TERM}{key}-P6-{leader}>"
    until = f' ; pq:P582 "{end}T00:00:00Z"^^xsd:dateTime' if end else ""
    began = f'pq:P580 "{start}T00:00:00Z"^^xsd:dateTime'
    return f"wd:{key} p:P6 {node} . {node} ps:P6 wd:{leader} ; {began}{until} .\n"


# Figures and leaders are invented, as their identifiers show; the vote was on 27 December 2019.
ITEMS = (
    item("Q16", "Canada", STATE, 'wdt:P297 "CA"', "wdt:P1082 100", "wdt:P36 wd:Q900000300")
    + item("Q30", "United States of America", STATE, 'wdt:P297 "US"', "wdt:P1082 300")
    + item("Q148", "China", STATE, 'wdt:P297 "CN"', "wdt:P1082 1000")
    + item("Q900000300", "A Capital")
    + item("Q900000301", "Earlier Leader")
    + item("Q900000302", "Leader at the Time")
    + term("Q16", "Q900000301", "2010-01-01", "2019-01-01")
    + term("Q16", "Q900000302", "2019-01-01")
    + term("Q30", "Q900000301", "2020-01-20")
)


@pytest.fixture(scope="module")
def wikidata() -> Iterator[Service]:
    with serving(store(ITEMS)) as found:
        yield found


@pytest.fixture(scope="module")
def ours(wikidata: Service, shipped_releases: Path) -> Iterator[str]:
    """The address of a server of this graph, which may ask the other one and nobody else."""
    options = ("--allow-service", wikidata.address)
    with stancegraph.serving("--releases", shipped_releases, *options) as server:
        yield server.address


def asked(ours: str, query: SavedQuery, wikidata: Service) -> list[dict[str, str]]:
    """The rows of *query*, of which only the address of the other server is another one."""
    (service,) = query.services
    text = query.text.replace(f"<{service}>", f"<{wikidata.address}>")
    reply = stancegraph.fetch(ours, f"/sparql?{urlencode({'query': text})}", "text/csv")
    return reply.rows


def test_votes_are_weighed_by_population(ours: str, wikidata: Service) -> None:
    """States without a figure are counted, and tell so."""
    rows = {row["choice"]: row for row in asked(ours, QUERIES["federated/population"], wikidata)}

    assert (rows["no"]["states"], rows["no"]["population"]) == ("60", "400")
    assert (rows["no"]["withFigure"], rows["yes"]["withFigure"]) == ("2", "1")
    assert rows["yes"]["population"] == "1000"


def test_leaders_are_those_of_the_day(ours: str, wikidata: Service) -> None:
    rows = asked(ours, QUERIES["federated/leaders"], wikidata)

    by_label = {row["actorLabel"]: row for row in rows}
    assert len(rows) == len(by_label)
    assert by_label["Canada"]["leaderLabel"] == "Leader at the Time"
    assert by_label["Canada"]["capital"] == "A Capital"
    assert by_label["United States of America"]["leader"] == ""
    assert by_label["Peru"]["choice"] == "abstain"


def test_a_server_that_may_not_ask_says_so(client: FlaskClient) -> None:
    """As rows and as a page; the query itself is there to be read and taken elsewhere."""
    for accept in ("text/csv", "text/html"):
        reply = client.get(
            "/queries/federated/population?resolution=A-RES-74-247", headers={"Accept": accept}
        )
        assert reply.status_code == 400
        assert "SERVICE is refused" in reply.text


def test_each_federated_query_is_tested() -> None:
    assert set(QUERIES) == {"federated/population", "federated/leaders"}


def test_the_documented_query_asks_this_graph_from_wikidata(ours: str) -> None:
    """The engine that stands for Wikidata's asks our endpoint over HTTP."""
    (text,) = re.findall(r"```sparql\n(.*?)```", DOCS.read_text("utf-8"), re.DOTALL)

    found = store(ITEMS).query(text.replace("https://stancegraph.example", ours))

    assert isinstance(found, ox.QuerySolutions)
    written = found.serialize(format=ox.QueryResultsFormat.CSV) or b""
    rows = [(r["name"], r["choice"]) for r in csv.DictReader(io.StringIO(written.decode()))]
    assert rows == [("Canada", "no"), ("United States of America", "no"), ("China", "yes")]
    assert "SERVICE" in text
