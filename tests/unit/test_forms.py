"""Forms, tables and OpenAPI for parameters of every sort, on a query made up for that."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyoxigraph as ox
import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from stancegraph.build.release import Release
from stancegraph.catalog import Catalog
from stancegraph.engine import Notice
from stancegraph.names import Names, Sorts
from stancegraph.queryfile import read_queries
from stancegraph.web import Site, create_app
from stancegraph.web.forms import fields
from stancegraph.web.tables import cells, columns_of

if TYPE_CHECKING:
    from flask.testing import FlaskClient

    from stancegraph.engine import Ask, Term
    from stancegraph.queryfile import SavedQuery

BASE = "https://example.org/g/"
QUERY = f"""\
#+ summary: Anything
#+ params:
#+   who: {{type: iri, kinds: [state], list: true}}
#+   kind: {{type: iri, scheme: code:kind, default: vote}}
#+   kinds: {{type: iri, scheme: code:kind, list: true, optional: true}}
#+   body: {{type: xsd:string, choices: [plenary, committee]}}
#+   since: {{type: xsd:date, default: today}}
#+   many: {{type: xsd:integer, optional: true}}
#+   share: {{type: xsd:decimal, default: 0.5}}
#+   intended: {{type: xsd:boolean, default: false}}
#+ columns: [who, whoLabel, n]

PREFIX code: <{BASE}id/code/>
PREFIX xsd: <http://www.w3.org/2001/XMLSchema#>

SELECT ?who ?whoLabel ?n WHERE {{
  VALUES (?who) {{ (<{BASE}id/state/CAN>) (<{BASE}id/state/PER>) }}  #= params
  VALUES (?kind) {{ (code:kind\\/act) }}  #= params
  VALUES (?kinds) {{ (code:kind\\/act) }}  #= params
  VALUES (?body ?since) {{ ("plenary" "2020-01-01"^^xsd:date) }}  #= params
  VALUES (?many ?share ?intended) {{ (3 0.5 true) }}  #= params
  ?who ?kind ?whoLabel ; ?kinds ?body ; ?since ?many . ?share ?intended ?n .
}} ORDER BY ?who
"""
NAMES = Names(
    BASE,
    {
        "code/kind/act": ("act",),
        "code/kind/vote": ("a vote",),
        "state/CAN": ("Canada",),
        "state/PER": ("Peru",),
    },
    {},
    Sorts({}, {f"{BASE}id/code/kind": ["code/kind/act", "code/kind/vote"]}, {}),
    "2026-11-22",
)


class Silent:
    """An engine that is asked nothing but what gives no rows."""

    release_id = "2026-11-22-0123456789ab"

    def __init__(self) -> None:
        self.asked: list[str] = []

    def is_up(self) -> bool:
        """It always is."""
        return True

    def ask(self, ask: Ask) -> Any:
        """An empty result."""
        self.asked.append(ask.query)
        parts = iter([b'{"head":{"vars":["who","whoLabel","n"]},"results":{"bindings":[]}}'])

        class Answer:
            notice = Notice()

            def __iter__(self) -> Any:
                return parts

            def __next__(self) -> bytes:
                return next(parts)

            def close(self) -> None:
                """Nothing is open."""

        return Answer()

    def close(self) -> None:
        """Nothing is open."""


@pytest.fixture
def query(tmp_path: Path) -> SavedQuery:
    path = tmp_path / "queries" / "t" / "q.rq"
    path.parent.mkdir(parents=True)
    path.write_text(QUERY, "utf-8")
    queries, problems = read_queries(tmp_path)
    assert problems == []
    return queries[0]


@pytest.fixture
def site(query: SavedQuery) -> Site:
    release = Release(
        id=Silent.release_id, date=date(2026, 11, 22), digest="", checksum="", base=BASE,
        title="T", licence="https://example.org/licence", previous=None, counts={},
        path=Path("/nowhere"),
    )  # fmt: skip
    return Site(
        release=release, engine=Silent(), catalog=Catalog([query], NAMES), description="",
        query_timeout=1.0,
    )  # fmt: skip


@pytest.fixture
def client(site: Site) -> FlaskClient:
    return create_app(site).test_client()


def test_each_sort_of_parameter_has_its_control(query: SavedQuery) -> None:
    """Codes, choices and truth values are picked, days and numbers typed, things suggested."""
    made = fields(query, {}, {}, NAMES, fill=True)

    assert {field.parameter.name: field.control for field in made} == {
        "who": "text",
        "kind": "select",
        "kinds": "checkboxes",
        "body": "select",
        "since": "date",
        "many": "number",
        "share": "number",
        "intended": "select",
    }
    assert {field.parameter.name: field.values for field in made} == {
        "who": ("CAN", "PER", "", ""),
        "kind": ("vote",),
        "kinds": ("",),
        "body": ("plenary",),
        "since": ("2026-11-22",),
        "many": ("",),
        "share": ("0.5",),
        "intended": ("false",),
    }


def test_a_form_sends_what_the_query_is_bound_to(client: FlaskClient, site: Site) -> None:
    """What a browser sends for the form as it is filled, blanks and all, is understood."""
    page = client.get("/queries/t/q", headers={"Accept": "text/html"}).text
    inputs = re.findall(r'<input [^>]*name="(\w+)"[^>]*type="text"[^>]*value="(\w*)"', page)
    assert [value for name, value in inputs if name == "who"] == ["CAN", "PER", "", ""]

    sent = "who=CAN&who=PER&who=&who=&kind=act&kinds=vote&body=plenary&since=2026-11-22&many="
    reply = client.get(f"/queries/t/q?{sent}&share=.25&intended=", headers={"Accept": "text/html"})

    assert reply.status_code == 200
    assert isinstance(site.engine, Silent)
    asked = site.engine.asked[-1]
    assert f"(<{BASE}id/state/CAN>) (<{BASE}id/state/PER>)" in asked
    assert "(UNDEF " in asked
    assert '"0.25"^^<http://www.w3.org/2001/XMLSchema#decimal>' in asked
    assert f"VALUES (?kinds) {{ (<{BASE}id/code/kind/vote>) }}" in asked
    assert '<input type="checkbox" name="kinds" value="vote" checked>' in reply.text
    assert "/queries/t/q?who=CAN&amp;who=PER&amp;kind=act" in reply.text


def test_openapi_has_the_types_of_all_parameters(client: FlaskClient) -> None:
    """Lists are arrays, codes and choices enums, and what has a default is not required."""
    document = client.get("/openapi.json").get_json()

    assert list(OpenAPIV31SpecValidator(document).iter_errors()) == []
    parameters = document["paths"]["/queries/t/q"]["get"]["parameters"]
    schemas = {parameter["name"]: parameter["schema"] for parameter in parameters}
    assert schemas["who"] == {"type": "array", "items": {"type": "string"}, "maxItems": 100}
    assert schemas["kind"] == {"type": "string", "enum": ["vote", "act"], "default": "vote"}
    assert schemas["kinds"]["items"]["enum"] == ["vote", "act"]
    assert schemas["body"]["enum"] == ["plenary", "committee"]
    assert schemas["many"] == {"type": "integer"}
    assert schemas["share"] == {"type": "number", "default": 0.5}
    assert schemas["intended"] == {"type": "boolean", "default": False}
    required = [parameter["name"] for parameter in parameters if parameter["required"]]
    assert required == ["who", "body"]


def test_a_table_shows_things_by_their_names(site: Site) -> None:
    """A column of names goes into that of the things; without one, known names are used."""
    columns = columns_of(["who", "whoLabel", "since", "n", "sourceTitle"])
    row: dict[str, Term] = {
        "who": ox.NamedNode(f"{BASE}id/state/CAN"),
        "whoLabel": ox.Literal("Kanada", language="de"),
        "since": ox.NamedNode("http://example.com/x"),
        "n": ox.Literal(3),
        "sourceTitle": ox.Literal("T"),
    }

    first, since, number, _ = cells(site, columns, row)
    known, *_ = cells(site, columns_of(["who"]), row)

    assert [column.heading for column in columns] == ["who", "since", "n", "source"]
    assert (first.text, first.href, first.aside) == ("Kanada", "/id/state/CAN", "state/CAN")
    assert (known.text, known.aside) == ("Canada", "state/CAN")
    assert (since.text, since.href) == ("http://example.com/x", "http://example.com/x")
    assert (number.text, number.kind) == ("3", "number")
    assert cells(site, columns, {})[0].text == ""
