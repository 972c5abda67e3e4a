"""From any row of any saved query, the evidence is two clicks away."""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING

import pytest

from stancegraph.build.release import open_release
from stancegraph.catalog import Catalog
from stancegraph.engine.embedded import EmbeddedEngine, EngineOptions
from stancegraph.folder import shipped
from stancegraph.queryfile import read_queries
from stancegraph.web import Site, create_app
from stancegraph.web.saved import example_address
from stancegraph.web.tables import grounds

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from flask.testing import FlaskClient

    from stancegraph.queryfile import SavedQuery

LISTS = 5  # that are tried: one may be of a thing of which nothing is claimed
PAGE = {"Accept": "text/html"}
QUERIES = {query.name: query for query in read_queries(shipped().root)[0]}

# Queries with rows that rest on no claim, each with the reason.
WITHOUT = {
    "claims/counts": "sums over all claims",
    "compare/memberships": "that nothing is on record is a row as well",
    "compare/treaties": "that nothing is on record is a row as well",
    "links/mixnmatch": "rows are things with or without an entry, whose pages have each mapping",
    "links/register": "rows are things, whose pages have each mapping",
    "processes/meetings": "a meeting of which nobody has claimed a day is a row as well",
    "processes/origins": "rows are texts and meetings, whose pages name the sources",
    "quality/documents-without-issuer-or-date": "rows are documents, whose pages name the sources",
    "quality/nothing-links-here": "rows are things that no claim is about",
    "quality/status-beyond-sources": "rows are treaties, whose pages have each status",
    "exports/subgraph": "rows are things, whatever they are",
    "tables/countries": "rows are countries, whose pages name the sources",
    "votes/overview": "a text that was adopted without a roll call is a row as well",
    "things/by-name": "rows are things, whatever they are",
}


@pytest.fixture(scope="module")
def site(shipped_releases: Path) -> Iterator[Site]:
    release = open_release(shipped_releases)
    with EmbeddedEngine(release.quads_file, release.id, EngineOptions(workers=2)) as engine:
        yield Site(
            release=release,
            engine=engine,
            catalog=Catalog.load(release.path),
            description="",
            query_timeout=60.0,
        )


@pytest.fixture(scope="module")
def client(site: Site) -> FlaskClient:
    return create_app(site).test_client()


def rows_of(page: str) -> list[list[str]]:
    """The addresses that each row of the tables of *page* leads to."""
    bodies = re.findall(r"<tbody>(.*?)</tbody>", page, re.DOTALL)
    rows = [row for body in bodies for row in re.findall(r"<tr[^>]*>(.*?)</tr>", body, re.DOTALL)]
    return [[html.unescape(href) for href in re.findall(r'href="([^"]+)"', row)] for row in rows]


def leads_to_evidence(site: Site, href: str) -> bool:
    """Whether *href* is of a claim, a derived statement, a place in a source, or a source."""
    key = href.partition("/id/")[2]
    iri = f"{site.release.base}id/{key}"
    return bool(key) and (key.startswith("source/") or bool(grounds(site.catalog.names, iri)))


def shows_evidence(client: FlaskClient, href: str) -> bool:
    """Whether the page at *href* has a quotation or a place in a source, or leads to claims."""
    page = client.get(href, headers=PAGE).text
    kinds = ('class="evidence"', 'id="sources-claims"', 'id="derived"', 'id="facts"')
    return any(kind in page for kind in kinds)


@pytest.mark.parametrize("name", sorted(QUERIES))
def test_each_row_leads_to_evidence(client: FlaskClient, site: Site, name: str) -> None:
    """To a claim, a derived statement or a source; or to a list of those that it counts."""
    query: SavedQuery = site.catalog.query(name)
    with client.application.test_request_context():
        address = example_address(query)

    rows = rows_of(client.get(address, headers=PAGE).text)

    direct = [[href for href in row if leads_to_evidence(site, href)] for row in rows]
    listed = [[href for href in row if href.startswith("/queries/")] for row in rows]
    lacking = not all(here or there for here, there in zip(direct, listed, strict=True))
    assert lacking == (name in WITHOUT)
    for href in [hrefs[0] for hrefs in direct if hrefs][:1]:
        assert shows_evidence(client, href), href
    lists = list(dict.fromkeys(hrefs[0] for hrefs in listed if hrefs))[:LISTS]
    behind = [rows_of(client.get(href, headers=PAGE).text) for href in lists]
    found = [href for found in behind for row in found for href in row]
    assert not lists or any(leads_to_evidence(site, href) for href in found), lists


@pytest.mark.parametrize(
    "name",
    sorted(name for name, query in QUERIES.items() if query.view.type in {"matrix", "timeline"}),
)
def test_each_mark_of_a_picture_leads_to_evidence(
    client: FlaskClient, site: Site, name: str
) -> None:
    """As the row does that it stands for."""
    with client.application.test_request_context():
        address = example_address(site.catalog.query(name))
    page = client.get(address, headers=PAGE).text

    (picture,) = re.findall(r'<figure class="picture.*?</svg>', page, re.DOTALL)
    marks = re.findall(r"<(a|g)\b([^>]*)><title>[^<]*</title><(?:rect|circle)", picture)

    assert marks
    for tag, attributes in marks:
        hrefs = re.findall('href="([^"]+)"', html.unescape(attributes))
        assert tag == "a", attributes
        is_thing = name in WITHOUT and hrefs[0].startswith("/id/")
        is_list = hrefs[0].startswith("/queries/")
        assert leads_to_evidence(site, hrefs[0]) or is_list or is_thing, hrefs
