"""The codebook tells of each class what the graph says, and the same in each format."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Any

import pyoxigraph as ox
import pytest
from markupsafe import escape

from stancegraph.build.release import open_release
from stancegraph.catalog import Catalog
from stancegraph.codebook import COLUMNS
from stancegraph.engine import Ask, MediaType, rows
from stancegraph.engine.embedded import EmbeddedEngine, EngineOptions
from stancegraph.web import Site, create_app

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from flask.testing import FlaskClient

SG = "https://w3id.org/stancegraph/ontology#"


@pytest.fixture(scope="module")
def site(shipped_releases: Path) -> Iterator[Site]:
    release = open_release(shipped_releases)
    with EmbeddedEngine(release.quads_file, release.id, EngineOptions(workers=1)) as engine:
        yield Site(release, engine, Catalog.load(release.path), "", 30.0)


@pytest.fixture(scope="module")
def client(site: Site) -> FlaskClient:
    return create_app(site).test_client()


@pytest.fixture(scope="module")
def classes(client: FlaskClient) -> dict[str, dict[str, Any]]:
    """Classes as JSON tells them, by the last part of their IRIs."""
    found = client.get("/codebook.json").get_json()["classes"]
    return {each["iri"].rpartition("#")[2]: each for each in found}


def properties(made: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {each["iri"].removeprefix(SG): each for each in made["properties"]}


def test_counts_are_those_of_the_graph(site: Site, classes: dict[str, dict[str, Any]]) -> None:
    """How many stances there are, and how many of them have a date, is what SPARQL answers."""
    query = f"""
        SELECT (COUNT(DISTINCT ?stance) AS ?all) (COUNT(DISTINCT ?dated) AS ?with)
        WHERE {{
          ?stance a <{SG}Stance> .
          OPTIONAL {{ ?stance <{SG}date> ?date BIND (?stance AS ?dated) }}
        }}"""
    (row,) = rows(site.engine, Ask(query, MediaType.JSON, deadline=30))
    stances, dated = (value_of(row[name]) for name in ("all", "with"))

    stance = classes["Stance"]
    date = properties(stance)["date"]

    assert stance["count"] == stances > 0
    assert date["things"] == dated > 0
    assert date["without"] == stances - dated


def test_a_property_has_meaning_values_and_rules(classes: dict[str, dict[str, Any]]) -> None:
    choice = properties(classes["Vote"])["choice"]

    assert choice["definition"]
    assert choice["needed"]
    assert choice["cardinality"] == "exactly one"
    assert choice["scheme"].endswith("code/vote-choice")
    assert sum(code["count"] for code in choice["codes"]) == choice["things"]
    assert any("There is exactly one." in rule["text"] for rule in choice["rules"])
    assert all(rule["message"] for rule in choice["rules"])


def test_what_rules_derive_is_marked(classes: dict[str, dict[str, Any]]) -> None:
    """A reader sees which columns no source states."""
    found = properties(classes["Vote"])

    assert found["restsOn"]["derived"]
    assert not found["choice"]["derived"]


def test_the_table_has_a_row_for_each_property(
    client: FlaskClient, classes: dict[str, dict[str, Any]]
) -> None:
    """CSV and JSON agree."""
    rows = list(csv.DictReader(io.StringIO(client.get("/codebook.csv").text)))

    assert tuple(rows[0]) == COLUMNS
    told = [
        (made["iri"], each["iri"], str(each["things"]))
        for made in classes.values()
        for each in made["properties"]
    ]
    assert [(row["class"], row["property"], row["with"]) for row in rows if row["property"]] == told


def test_the_page_tells_of_each_class(
    client: FlaskClient, classes: dict[str, dict[str, Any]]
) -> None:
    page = client.get("/codebook", headers={"Accept": "text/html"}).text

    for name, made in classes.items():
        assert f'id="{name}"' in page
        assert str(escape(made["definition"])) in page


@pytest.mark.parametrize("path", ["/codebook.xlsx", "/codebook?format=xml", "/codebook?class=Vote"])
def test_what_there_is_not_is_refused(client: FlaskClient, path: str) -> None:
    assert client.get(path).status_code == 400


def value_of(term: object) -> int:
    """The number that a literal is."""
    assert isinstance(term, ox.Literal)
    return int(term.value)


def test_tables_to_take_away_are_described(site: Site, client: FlaskClient) -> None:
    """Each with its columns, on the page and in JSON, in the words of the ontology."""
    page = client.get("/codebook", headers={"Accept": "text/html"}).text
    told = {each["name"]: each for each in client.get("/codebook.json").get_json()["tables"]}

    declared = [query for query in site.catalog if query.table and not query.network]
    assert {query.name.rpartition("/")[2] for query in declared} == set(told)
    assert all(f'id="table-{name}"' in page for name in told)
    choice = next(each for each in told["votes"]["columns"] if each["name"] == "choice")
    assert (choice["label"], choice["values"]) == ("choice", "code")
    assert choice["note"]
    assert str(escape(choice["note"])) in page
