"""How complete the lists are on which an answer rests is told wherever the answer is given."""

from __future__ import annotations

import html
import json
import re
from datetime import date
from typing import TYPE_CHECKING
from urllib.parse import unquote

import pyoxigraph as ox
import pytest
from click.testing import CliRunner

from stancegraph.build import build
from stancegraph.build.release import open_release
from stancegraph.catalog import Catalog
from stancegraph.cli import main
from stancegraph.engine.embedded import EmbeddedEngine, EngineOptions
from stancegraph.web import Site, create_app

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from flask.testing import FlaskClient

    from stancegraph.folder import GraphFolder

COMPANION = """\
#+ summary: How complete the list of a state's votes is
#+ params:
#+   state: {type: iri, kinds: [state], list: true, optional: true}
#+   body: {type: "xsd:string", optional: true}
#+ columns: [statement]

PREFIX sg: <https://w3id.org/stancegraph/ontology#>

SELECT DISTINCT ?statement
WHERE {
  VALUES (?state ?body) { (<https://example.org/small/id/state/PER> "Assembly") }  #= params
  ?vote sg:actor ?state .
  BIND (COALESCE(CONCAT(" in the ", ?body), "") AS ?where)
  BIND (CONCAT("votes of ", STR(?state), ?where, ": incomplete") AS ?statement)
}
ORDER BY ?statement
"""
STATEMENT = "votes of https://example.org/small/id/state/CAN in the Assemblé: incomplete"
ADDRESS = "/queries/votes/of-a-state?actor=CAN"


def tell_coverage(folder: GraphFolder, header: str) -> None:
    """Let the query of the graph name its companion, which is written too."""
    votes = folder.root / "queries" / "votes"
    (votes / "completeness.rq").write_text(COMPANION, "utf-8")
    query = votes / "of-a-state.rq"
    query.write_text(f"#+ coverage: {header}\n{query.read_text('utf-8')}", "utf-8")


@pytest.fixture
def releases(small: GraphFolder, tmp_path: Path) -> Path:
    tell_coverage(small, "{query: votes/completeness, state: actor, body: Assemblé}")
    build(small, tmp_path / "releases", release_date=date(2026, 11, 22))
    return tmp_path / "releases"


@pytest.fixture
def client(releases: Path) -> Iterator[FlaskClient]:
    release = open_release(releases)
    with EmbeddedEngine(release.quads_file, release.id, EngineOptions(workers=1)) as engine:
        site = Site(
            release=release,
            engine=engine,
            catalog=Catalog.load(release.path),
            description="",
            query_timeout=10.0,
        )
        yield create_app(site).test_client()


def test_the_page_tells_it_and_leads_to_the_claims(client: FlaskClient) -> None:
    """Before the rows, with the address of the companion as it was asked."""
    page = client.get(ADDRESS, headers={"Accept": "text/html"}).get_data(as_text=True)

    assert STATEMENT in page
    assert page.index(STATEMENT) < page.index("vote/74-247/CAN")
    assert '<a href="/queries/votes/completeness?state=CAN&amp;body=Assembl%C3%A9">' in page


def test_xml_links_to_it_in_its_head(client: FlaskClient) -> None:
    """By the element that the standard has for this."""
    head = client.get(f"{ADDRESS}&format=xml").text.partition("</head>")[0]

    (address,) = re.findall('<link href="([^"]*)"/>', head)
    assert client.get(html.unescape(address)).status_code == 200


@pytest.mark.parametrize("form", ["csv", "tsv", "xml", "json"])
def test_every_format_has_it_in_the_header_link(client: FlaskClient, form: str) -> None:
    """RFC 8288: where it can be asked, and the statements themselves as title."""
    link = client.get(f"{ADDRESS}&format={form}").headers["Link"]

    address, relation, title = link.split("; ", 2)
    assert address.startswith("<http://localhost/queries/votes/completeness?state=")
    assert relation == 'rel="describedby"'
    assert unquote(title) == f"title*=UTF-8''{STATEMENT}"


def test_json_holds_it_and_stays_what_every_client_reads(client: FlaskClient) -> None:
    """The statements beside head and results, the address in the standard's head.link."""
    content = client.get(f"{ADDRESS}&format=json").data

    told = json.loads(content)
    assert told["coverage"] == [STATEMENT]
    assert told["head"]["vars"] == ["vote", "choice"]
    assert client.get(told["head"]["link"][0]).status_code == 200
    rows = ox.parse_query_results(content, ox.QueryResultsFormat.JSON)
    assert isinstance(rows, ox.QuerySolutions)
    assert len(list(rows)) == 2


def test_an_answer_without_it_is_another_answer(client: FlaskClient) -> None:
    """What is told beside the rows is part of what the ETag names."""
    saved = client.get(f"{ADDRESS}&format=json").headers["ETag"]
    query = client.get("/queries/", headers={"Accept": "application/json"}).get_json()["queries"]

    assert query[1]["coverage"]["query"] == "votes/completeness"
    assert saved == client.get(f"{ADDRESS}&format=json").headers["ETag"]
    assert saved != client.get(f"{ADDRESS}&format=csv").headers["ETag"]


def test_the_terminal_tells_it_beside_the_answer(releases: Path) -> None:
    """On standard error, so that the rows stay what a machine reads."""
    asked = ["query", "votes/of-a-state", "actor=CAN", "--format", "csv"]

    result = CliRunner().invoke(main, [*asked, "--releases", str(releases)])

    assert result.exit_code == 0
    assert f"coverage: {STATEMENT}" in result.stderr.splitlines()
    assert "coverage" not in result.stdout


def test_the_page_of_a_thing_tells_of_its_lists(client: FlaskClient) -> None:
    """Where the companion can be asked of such a thing."""
    state = client.get("/id/state/PER", headers={"Accept": "text/html"}).get_data(as_text=True)
    vote = client.get("/id/vote/75-282/CAN", headers={"Accept": "text/html"}).get_data(as_text=True)

    assert "votes of https://example.org/small/id/state/PER: incomplete" in state
    assert '<a href="/queries/votes/completeness?state=PER">' in state
    assert "How complete this is" not in vote


def test_a_query_that_says_nothing_of_it_has_none(small: GraphFolder, tmp_path: Path) -> None:
    """No header, no words."""
    build(small, tmp_path / "r", release_date=date(2026, 11, 22))

    result = CliRunner().invoke(
        main, ["query", "votes/of-a-state", "actor=CAN", "--releases", str(tmp_path / "r")]
    )

    assert "coverage" not in result.stderr


@pytest.mark.parametrize(
    ("header", "told"),
    [
        ("votes/completenes", "there is no query 'votes/completenes'; did you mean votes/comple"),
        ("{query: votes/completeness, sate: actor}", "sate is no parameter of this query; did you"),
        ("{query: votes/of-a-state, actor: actor}", "votes/of-a-state projects no ?statement"),
        ("{query: votes/of-a-state}", "votes/of-a-state needs actor: add it"),
        ("{state: actor}", "coverage must name a query"),
        ("{query: votes/completeness, state: 7}", "state must be text or a list of texts"),
    ],
)
def test_a_header_that_names_no_fitting_companion_is_told(
    small: GraphFolder, header: str, told: str
) -> None:
    """With file and line, as all that is wrong."""
    tell_coverage(small, header)

    result = CliRunner().invoke(main, ["--graph", str(small.root), "validate"])

    assert result.exit_code == 1
    assert "queries/votes/of-a-state.rq:1: violation: coverage" in result.stderr
    assert told in result.stderr
