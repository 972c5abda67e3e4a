"""Saved queries over HTTP: their pages, their REST addresses, OpenAPI and RDF."""

from __future__ import annotations

import html
import json
import re
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pyoxigraph as ox
import pytest
import rdflib
from openapi_spec_validator import OpenAPIV31SpecValidator
from rdflib.namespace import RDF, SH

from stancegraph.build.release import open_release
from stancegraph.catalog import Catalog
from stancegraph.engine import Ask, MediaType
from stancegraph.engine.embedded import EmbeddedEngine, EngineOptions
from stancegraph.engine.kept import KeptAnswers
from stancegraph.web import Site, create_app
from stancegraph.web.results import SHOWN_ROWS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from flask.testing import FlaskClient
    from werkzeug.test import TestResponse

HTML = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
BASE = "https://w3id.org/stancegraph/"
PARTICIPATION = "/queries/treaties/participation"
PROFILE = "/queries/countries/profile"


@pytest.fixture(scope="module")
def site(shipped_releases: Path) -> Iterator[Site]:
    release = open_release(shipped_releases)
    with EmbeddedEngine(release.quads_file, release.id, EngineOptions(workers=1)) as engine:
        yield Site(
            release=release,
            engine=KeptAnswers(engine, release.path, base=release.base),
            catalog=Catalog.load(release.path),
            description="",
            query_timeout=30.0,
        )


@pytest.fixture(scope="module")
def client(site: Site) -> FlaskClient:
    return create_app(site).test_client()


class Page(HTMLParser):
    """What a page holds: its elements, each with its attributes."""

    def __init__(self, reply: TestResponse) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        assert reply.mimetype == "text/html"
        self.text = reply.text
        self.feed(reply.text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep the element."""
        self.elements.append((tag, dict(attrs)))

    def all(self, tag: str, **attributes: str) -> list[dict[str, str | None]]:
        """The elements of this kind that have these attributes."""
        return [
            found
            for name, found in self.elements
            if name == tag and attributes.items() <= found.items()
        ]


def page(client: FlaskClient, path: str, **arguments: str) -> Page:
    return Page(client.get(path, query_string=arguments, headers=HTML))


def test_a_page_without_arguments_is_a_form_to_fill(client: FlaskClient) -> None:
    """Nothing is wrong yet: the fields hold the example, and no result is shown."""
    found = client.get(PARTICIPATION, headers=HTML)

    form = Page(found)
    assert found.status_code == 200
    assert form.all("input", name="treaty")[0]["value"] == "budapest-convention"
    assert form.all("input", name="asOf", type="date")
    assert not form.all("table")
    assert 'role="alert"' not in found.text


def test_a_page_shows_rows_with_links_to_this_host(client: FlaskClient) -> None:
    """Things lead to their pages here, under their names; a column holds both bounds of a day."""
    found = page(client, PARTICIPATION, treaty="budapest-convention", asOf="2026-01-01")

    assert [heading["scope"] for heading in found.all("th")] == ["col"] * 7
    assert found.all("a", href="/id/state/CAN")
    assert f'<a href="/id/state/CAN" title="{BASE}id/state/CAN">Canada</a>' in found.text
    assert '<time datetime="2015-07-08">8 July 2015</time>' in found.text
    rows = client.get(f"{PARTICIPATION}?treaty=budapest-convention&asOf=2026-01-01&format=csv").text
    assert f"{len(rows.splitlines()) - 1} rows" in found.text


def test_a_page_tells_how_to_use_and_cite_its_result(client: FlaskClient, site: Site) -> None:
    """Downloads in every format, the SPARQL as run, snippets, and the release to cite."""
    found = page(client, PARTICIPATION, treaty="Budapest Convention", asOf="2026-01-01")

    address = f"{PARTICIPATION}?treaty=budapest-convention&asOf=2026-01-01"
    for name in ("json", "xml", "csv", "tsv"):
        assert found.all("a", href=f"{address}&format={name}")
    links = [str(link["href"]) for link in found.all("a")]
    (sparql,) = [link for link in links if link.startswith("/sparql?query=")]
    text = parse_qs(urlsplit(sparql).query)["query"][0]
    assert b"".join(site.engine.ask(Ask(text, MediaType.CSV))).startswith(b"actor,actorLabel,")
    assert found.text.count(site.release.id) >= 2
    assert f"{BASE}queries/treaties/participation?" in found.text


def test_a_snippet_runs_as_it_stands(client: FlaskClient) -> None:
    """Each way from Python that a page shows compiles: our client, SPARQLWrapper, pandas."""
    found = page(client, "/queries/claims/disputed")

    blocks = re.findall(r"<pre[^>]*><code>(.*?)</code></pre>", found.text, re.DOTALL)
    scripts = [html.unescape(block) for block in blocks if "import " in block]
    assert len(scripts) == 3
    for script in scripts:
        compile(script, "snippet", "exec")


def test_wrong_values_are_told_at_their_fields(client: FlaskClient) -> None:
    """400, and each field says what would be right, linked to it for screen readers."""
    reply = client.get(f"{PARTICIPATION}?treaty=budapst&asOf=2026&x=1", headers=HTML)

    found = Page(reply)
    assert reply.status_code == 400
    treaty = found.all("input", name="treaty")[0]
    assert treaty["value"] == "budapst"
    assert treaty["aria-invalid"] == "true"
    assert str(treaty["aria-describedby"]).split()[1] == "field-treaty-problem"
    assert found.all("p", id="field-treaty-problem")
    assert "did you mean" in found.text
    assert found.all("input", name="asOf")[0]["value"] == "2026"
    assert "<code>x</code> is no parameter of this query" in found.text


def test_what_a_caller_writes_is_text_on_the_page(client: FlaskClient) -> None:
    """No markup of a caller becomes markup of ours."""
    reply = client.get(PARTICIPATION, query_string={"treaty": '"><script>'}, headers=HTML)

    assert reply.status_code == 400
    assert "<script>" not in reply.text


@pytest.mark.whole
def test_every_field_has_a_label_and_every_id_is_one(client: FlaskClient, site: Site) -> None:
    """Whoever hears the page, or only has a keyboard, can fill in every form."""
    for query in site.catalog:
        found = page(client, f"/queries/{query.name}")
        ids = [attributes["id"] for _, attributes in found.elements if "id" in attributes]
        assert len(ids) == len(set(ids)), query.name
        labelled = {label["for"] for label in found.all("label") if "for" in label}
        for tag in ("input", "select"):
            for control in found.all(tag):
                named = control.get("id") in labelled or "aria-label" in control
                assert named or control["type"] == "checkbox", query.name
        described = {
            part
            for _, attributes in found.elements
            for part in str(attributes.get("aria-describedby") or "").split()
        }
        assert described <= set(ids), query.name
        # A script is a file of ours, or data: the policy of the page lets no other run.
        for script in found.all("script"):
            local = str(script.get("src", "")).startswith("/assets/")
            data = script.get("type") in {"application/json", "application/ld+json"}
            assert local or data, query.name


def test_a_field_for_a_thing_shows_its_name_and_looks_others_up(client: FlaskClient) -> None:
    """What the script needs stands in the field; long lists of choices do not."""
    found = page(client, PROFILE, country="CAN")

    assert found.all("input", id="field-country", value="CAN") == found.all(
        "input", **{"data-typeahead": "countries/profile/country", "data-label": "Canada"}
    )
    assert not found.all("datalist")


def test_a_name_that_may_mean_several_things_comes_back_with_a_link_for_each(
    client: FlaskClient,
) -> None:
    """All else that was given is kept."""
    arguments = {"treaty": "convention", "asOf": "2020-01-01"}
    reply = client.get(PARTICIPATION, query_string=arguments, headers=HTML)

    assert reply.status_code == 400
    links = [str(link["href"]) for link in Page(reply).all("a")]
    address = f"{PARTICIPATION}?treaty=budapest-convention&asOf=2020-01-01"
    assert address in links
    assert client.get(address, headers=HTML).status_code == 200


def test_the_catalogue_lists_questions_by_theme(client: FlaskClient, site: Site) -> None:
    """Each theme has a heading to link to, each question an example to follow."""
    found = page(client, "/queries/")

    for query in site.catalog:
        assert found.all("h2", id=query.theme)
        assert found.all("article", id=query.name)
    first = next(str(link["href"]) for link in found.all("a") if "/queries/c" in str(link["href"]))
    assert client.get(first, headers=HTML).status_code == 200


CANADA = ["CAN", "can", "CA", "Canada", "state/CAN", f"{BASE}id/state/CAN", f"<{BASE}id/state/CAN>"]


@pytest.mark.parametrize("text", CANADA)
def test_a_country_may_be_given_in_every_way_that_is_clear(client: FlaskClient, text: str) -> None:
    """Codes, names, keys and IRIs ask the same."""
    found = client.get(PROFILE, query_string={"country": text, "format": "csv"})

    assert found.data == client.get(f"{PROFILE}?country=CAN&format=csv").data
    assert len(found.data) > 1000


def test_a_resolution_may_be_given_by_its_symbol(client: FlaskClient) -> None:
    """What stands on the document is enough."""
    path = "/queries/votes/resolution"

    found = client.get(path, query_string={"resolution": "A/RES/74/247", "format": "csv"})

    assert found.data == client.get(f"{path}?resolution=A-RES-74-247&format=csv").data


@pytest.mark.parametrize(
    ("path", "arguments", "problems"),
    [
        (PROFILE, {}, {"country": "is missing"}),
        (PROFILE, {"country": "Cannada"}, {"country": "did you mean CAN (Canada)?"}),
        (PROFILE, {"country": f"{BASE}id/treaty/budapest-convention"},
         {"country": "which is no state, area or organisation"}),
        (PROFILE, {"country": ["CAN", "PER"]}, {"country": "takes one value, not 2"}),
        (PROFILE, {"country": "CAN", "contry": "PER"},
         {"contry": "is no parameter of this query; did you mean country?"}),
        ("/queries/claims/evidence", {"claim": "vote/unga/A-RES-74-247/CAM"},
         {"claim": "nothing is known of 'vote/unga/A-RES-74-247/CAM'; "
                   "did you mean vote/unga/A-RES-74-247/"}),
        (PARTICIPATION, {"treaty": "x", "asOf": "1.1.2020"},
         {"treaty": "no treaty is called 'x'", "asOf": "write year-month-day"}),
    ],
)  # fmt: skip
def test_a_wrong_value_is_a_problem_that_names_the_parameter(
    client: FlaskClient, path: str, arguments: dict[str, str], problems: dict[str, str]
) -> None:
    """400 as RFC 9457 has it, with what would be right for each parameter."""
    reply = client.get(f"{path}?{urlencode(arguments, doseq=True)}")

    told = json.loads(reply.data)
    assert (reply.status_code, reply.mimetype) == (400, "application/problem+json")
    assert told["parameters"].keys() == problems.keys()
    for name, part in problems.items():
        assert part in told["parameters"][name]


def test_programs_get_rows_and_people_get_pages(client: FlaskClient) -> None:
    """Only who prefers HTML gets it; anything, or nothing said, means JSON."""
    path = f"{PROFILE}?country=TUV"  # an answer that comes in one piece
    for accept, expected in {
        "": "application/sparql-results+json",
        "*/*": "application/sparql-results+json",
        "application/json": "application/json",
        "application/json, text/html;q=0.5": "application/json",
        "text/csv, text/html;q=0.5": "text/csv",
        HTML["Accept"]: "text/html",
    }.items():
        assert client.get(path, headers={"Accept": accept}).mimetype == expected
    assert client.get(f"{path}&format=html").mimetype == "text/html"
    assert client.get(path, headers={"Accept": "image/png"}).status_code == 406


def test_a_long_result_is_cut_on_the_page_only(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A page stays small; it says that there is more, and where."""
    assert SHOWN_ROWS == 1000
    monkeypatch.setattr("stancegraph.web.results.SHOWN_ROWS", 5)

    found = page(client, PROFILE, country="CAN")

    assert "5 rows of more" in found.text
    assert "The rest is in the downloads." in found.text
    assert len(found.all("tr")) == 6


def test_a_limit_is_in_the_downloads_too(client: FlaskClient) -> None:
    """They hold what the page shows; it says that there is more than was asked for."""
    found = page(client, PROFILE, country="CAN", limit="3")

    assert found.all("a", href=f"{PROFILE}?country=CAN&limit=3&format=csv")
    assert "3 rows of more" in found.text
    assert "The rest is in the downloads." not in found.text


@pytest.fixture(scope="module")
def openapi(client: FlaskClient) -> dict[str, Any]:
    found: dict[str, Any] = client.get("/openapi.json").get_json()
    return found


def test_openapi_is_valid(openapi: dict[str, Any]) -> None:
    """The document holds against the schema of OpenAPI 3.1, references and all."""
    assert openapi["openapi"] == "3.1.0"
    assert list(OpenAPIV31SpecValidator(openapi).iter_errors()) == []


def test_openapi_has_an_operation_for_each_query(openapi: dict[str, Any], site: Site) -> None:
    """Typed parameters with descriptions and examples, and nothing that is not there."""
    paths = {path for path in openapi["paths"] if path.startswith("/queries/")}
    here = [query for query in site.catalog if not query.services]
    assert paths == {f"/queries/{query.name}" for query in here}
    day = openapi["paths"][PARTICIPATION]["get"]["parameters"][1]
    assert (day["name"], day["required"]) == ("asOf", False)
    assert day["schema"] == {
        "type": "string",
        "anyOf": [{"format": "date"}, {"const": ""}],
        "default": site.catalog.names.today,
    }


def test_each_example_of_openapi_answers_as_it_says(
    openapi: dict[str, Any], client: FlaskClient
) -> None:
    """Asked with the examples alone, each operation gives rows with just its columns."""
    for path, item in openapi["paths"].items():
        if not path.startswith("/queries/"):
            continue
        operation = item["get"]
        values = {
            parameter["name"]: parameter["examples"]["example"]["value"]
            for parameter in operation["parameters"]
            if "examples" in parameter
        }
        reply = client.get(f"{path}?{urlencode(values, doseq=True)}")
        assert reply.status_code == 200, (path, reply.text)
        content = operation["responses"]["200"]["content"][reply.mimetype]["schema"]
        columns = content["properties"]["head"]["properties"]["vars"]["items"]["enum"]
        assert reply.get_json()["head"]["vars"] == columns


def test_openapi_tells_of_pictures(openapi: dict[str, Any], client: FlaskClient) -> None:
    """Of each query that is drawn, and of no other."""
    drawn = {
        path
        for path, item in openapi["paths"].items()
        for parameter in item.get("get", {}).get("parameters", [])
        if parameter["name"] == "format" and "svg" in parameter["schema"]["enum"]
    }

    assert drawn == {
        path
        for path, item in openapi["paths"].items()
        if item.get("get", {}).get("x-view", {}).get("type")
        in {"map", "bars", "timeline", "matrix"}
    }
    for path in ("/queries/claims/counts", "/queries/countries/record-size"):
        content = openapi["paths"][path]["get"]["responses"]["200"]["content"]
        assert client.get(f"{path}?format=svg").mimetype in content


def test_openapi_tells_of_every_page_that_is_json(
    openapi: dict[str, Any], client: FlaskClient
) -> None:
    """By the addresses that the application knows; each answers without arguments."""
    rules = {rule.rule for rule in client.application.url_map.iter_rules()}
    stems = {rule.removesuffix(".<ending>") for rule in rules if rule.endswith(".<ending>")}
    paths = {rule for rule in rules if rule.endswith(".json")} | {f"{stem}.json" for stem in stems}

    assert paths - {"/openapi.json"} <= openapi["paths"].keys()
    for path in paths:
        reply = client.get(path)
        assert (reply.status_code, reply.mimetype) == (200, "application/json"), path


def test_queries_are_described_as_sparql_examples(client: FlaskClient, site: Site) -> None:
    """Tools that read SIB's form find each query, its text and its parameters, in Turtle."""
    reply = client.get("/.well-known/sparql-examples")

    assert reply.mimetype == "text/turtle"
    graph = rdflib.Graph().parse(data=reply.text, format="turtle")
    found = {str(query) for query in graph.subjects(RDF.type, SH.SPARQLExecutable)}
    assert found == {f"{BASE}query/{query.name}" for query in site.catalog}
    assert not [node for triple in graph for node in triple if isinstance(node, rdflib.BNode)]
    for query in graph.subjects(SH.select):
        assert graph.value(query, rdflib.RDFS.comment)
        assert graph.value(query, SH.prefixes)
        text = str(graph.value(query, SH.select))
        assert site.catalog.query(str(query).removeprefix(f"{BASE}query/")).text.endswith(text)
        ox.Store().query(text)


def test_a_querys_iri_leads_to_its_description_or_page(client: FlaskClient) -> None:
    """RDF for programs; for people, 303 to the page with the form."""
    path = "/query/treaties/participation"

    described = client.get(path, headers={"Accept": "text/turtle"})
    led = client.get(path, headers=HTML)

    graph = rdflib.Graph().parse(data=described.text, format="turtle")
    iri = rdflib.URIRef(f"{BASE}query/treaties/participation")
    assert len(list(graph.objects(iri, SH.parameter))) == 2
    assert (led.status_code, led.headers["Location"]) == (303, PARTICIPATION)
    assert client.get("/query/treaties/none").status_code == 404
