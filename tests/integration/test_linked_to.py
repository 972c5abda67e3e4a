"""What lets others link here: linksets, the catalogue for Mix'n'match, the map of the site."""

from __future__ import annotations

import csv
import xml.etree.ElementTree as ET
from collections import Counter
from typing import TYPE_CHECKING

import pyoxigraph as ox

from stancegraph.terms import SKOS, VOID

if TYPE_CHECKING:
    from flask.testing import FlaskClient

SITEMAP = "{http://www.sitemaps.org/schemas/sitemap/0.9}"
REGISTERS = "https://w3id.org/stancegraph/id/register/"


def test_void_counts_the_links_to_each_register(client: FlaskClient) -> None:
    """At the address that clients know; as many as the table of links has."""
    found = client.get("/.well-known/void", headers={"Accept": "text/turtle"})
    described = client.get(found.headers["Location"], headers={"Accept": "text/turtle"})
    triples = [q.triple for q in ox.parse(described.data, format=ox.RdfFormat.TURTLE)]
    linksets = {t.subject for t in triples if t.object == VOID.Linkset}
    said = [
        {t.predicate: str(getattr(t.object, "value", "")) for t in triples if t.subject == each}
        for each in linksets
    ]
    assert linksets == {t.object for t in triples if t.predicate == VOID.subset}
    counted = {
        (each[VOID.objectsTarget], each[VOID.linkPredicate]): int(each[VOID.triples])
        for each in said
    }
    listed: Counter[tuple[str, str]] = Counter()
    for register in ("eurovoc", "wikidata"):
        rows = client.get(f"/queries/links/register.csv?register={register}").text.splitlines()
        for row in csv.DictReader(rows):
            listed[f"{REGISTERS}{register}", SKOS[row["relation"]].value] += 1
    assert counted == dict(listed)
    assert len(counted) == 4


def test_the_page_of_a_thing_carries_its_links(client: FlaskClient) -> None:
    page = client.get("/id/state/NLD", headers={"Accept": "text/html"}).text

    assert "The same elsewhere" in page
    for entry in ("Q55", "Q29999"):
        assert f'href="http://www.wikidata.org/entity/{entry}"' in page


def test_mixnmatch_can_read_the_catalogue(client: FlaskClient) -> None:
    """At one address, in its columns, with an entry only where it is exactly the same."""
    reply = client.get("/queries/links/mixnmatch.tsv")
    rows = list(csv.DictReader(client.get("/queries/links/mixnmatch.csv").text.splitlines()))

    assert reply.status_code == 200
    assert list(rows[0]) == ["id", "name", "desc", "url", "type", "q"]
    by_id = {row["id"]: row for row in rows}
    assert len(by_id) == len(rows)
    assert by_id["state/CAN"]["q"] == "Q16"
    assert by_id["state/VAT"]["q"] == ""
    assert by_id["treaty/budapest-convention"]["url"].endswith("/id/treaty/budapest-convention")
    assert client.get(f"/id/{rows[0]['id']}", headers={"Accept": "text/html"}).status_code == 200


def test_the_sitemap_lists_pages_that_are_there(client: FlaskClient) -> None:
    robots = client.get("/robots.txt").text
    reply = client.get("/sitemap.xml")
    places = [each.text or "" for each in ET.fromstring(reply.data).iter(f"{SITEMAP}loc")]  # noqa: S314

    assert "Sitemap: http://localhost/sitemap.xml" in robots
    assert reply.content_type == "application/xml"
    assert len(places) == len(set(places)) > 1000
    assert "http://localhost/id/state/CAN" in places
    for place in (*places[:6], *places[-3:]):
        assert client.get(place, headers={"Accept": "text/html"}).status_code == 200, place
    assert client.get("/sitemap-2.xml").status_code == 404
