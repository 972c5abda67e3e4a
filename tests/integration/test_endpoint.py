"""The SPARQL endpoint over real HTTP: what it says of itself, of mistakes, and in which form."""

from __future__ import annotations

import http.client
import json
import re
import subprocess
import sys
import warnings
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

import pytest
import rdflib
from rdflib import RDF, Graph, Namespace, URIRef
from rdflib.compare import isomorphic

from stancegraph.engine import GRAPHS, OFFERED, SHORT_NAMES, TABLES, MediaType
from stancegraph.web.service import FORMAT_NAMES
from tests.integration.test_serve import LABELS, STATES
from tests.serving import COMMAND, Server, serving

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SD = Namespace("http://www.w3.org/ns/sparql-service-description#")
VOID = Namespace("http://rdfs.org/ns/void#")
PROBLEM = "application/problem+json"
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8"
LAST_RESORT = "application/sparql-results+json,application/xml;q=0.9,text/html;q=0.2"
CURL = "curl/8.5.0"
WRONG = "SELECT * {\n  ?s a sg:State }"
FRESH = "CONSTRUCT { [] ?p ?o } { ?s ?p ?o . ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }"  # endless
RDFLIB_FORMATS = {
    "ttl": "turtle",
    "nt": "nt",
    "trig": "trig",
    "nq": "nquads",
    "jsonld": "json-ld",
    "rdf": "xml",
}


@pytest.fixture(scope="module")
def server(releases: Path) -> Iterator[Server]:
    """One server for all tests here."""
    with serving("--releases", releases, "--query-timeout", "1", "--workers", "2") as server:
        yield server


def read(body: bytes, name: str) -> Graph:
    """What rdflib makes of *body*, which is in the format of this short name."""
    dataset = rdflib.Dataset(default_union=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of rdflib's own parsers
        dataset.parse(data=body, format=RDFLIB_FORMATS[name])
    graph = Graph()
    for subject, predicate, value, _ in dataset.quads():
        graph.add((subject, predicate, value))
    return graph


def described(server: Server) -> Graph:
    """What the endpoint says of itself."""
    return Graph().parse(data=server.request("GET", "/sparql").body, format="turtle")


# The service description


def test_without_a_query_the_endpoint_describes_itself(server: Server) -> None:
    """In every format of RDF the same, without a blank node; programs get Turtle."""
    by_name = {
        name: server.request("GET", f"/sparql?format={name}", accept=BROWSER)
        for name in RDFLIB_FORMATS
    }
    plain = [server.request("GET", "/sparql", **asked) for asked in ({}, {"accept": "*/*"})]

    graphs = []
    for name, reply in by_name.items():
        assert reply.headers["content-type"].partition(";")[0] == SHORT_NAMES[name]
        graphs.append(read(reply.body, name))
    assert all(isomorphic(graphs[0], other) for other in graphs[1:])
    assert not [node for triple in graphs[0] for node in triple if isinstance(node, rdflib.BNode)]
    assert {reply.text for reply in plain} == {by_name["ttl"].text}
    assert (None, SD.endpoint, URIRef(f"{server.address}/sparql")) in graphs[0]


def test_browsers_get_a_page_that_leads_to_the_description(server: Server) -> None:
    """A form to ask with, and a link to the description for programs that read pages."""
    reply = server.request("GET", "/sparql", accept=BROWSER)

    assert reply.headers["content-type"] == "text/html; charset=utf-8"
    assert '<textarea id="query" name="query"' in reply.text
    address = re.search(r'<([^>]*)>; rel="alternate"', reply.headers["link"])
    assert address
    assert server.request("GET", address[1]).headers["content-type"].startswith("text/turtle")


def test_the_described_features_and_formats_are_those_there_are(server: Server) -> None:
    """The union of all graphs is the default graph; SERVICE is refused; no format is left out."""
    graph = described(server)
    service = graph.value(predicate=RDF.type, object=SD.Service)
    whole, named = (
        server.ask(f"SELECT (COUNT(*) AS ?n) {{ {pattern} }}", accept="text/csv").text.split()[1]
        for pattern in ("?s ?p ?o", "{ SELECT DISTINCT ?s ?p ?o { GRAPH ?g { ?s ?p ?o } } }")
    )

    assert set(graph.objects(service, SD.feature)) == {SD.UnionDefaultGraph}
    assert whole == named
    assert set(graph.objects(service, SD.supportedLanguage)) == {SD.SPARQL11Query}
    assert FORMAT_NAMES.keys() == set(MediaType)
    assert {str(iri) for iri in graph.objects(service, SD.resultFormat)} == {
        name.value for name in FORMAT_NAMES.values()
    }


def test_the_described_functions_can_be_called(server: Server) -> None:
    """Each of them, by its IRI."""
    functions = sorted(map(str, described(server).objects(predicate=SD.extensionFunction)))
    calls = " ".join(f"BIND (<{iri}>(?x) AS ?y{number})" for number, iri in enumerate(functions))

    assert len(functions) > 50
    assert server.ask(f"SELECT * {{ {calls} }}").status == HTTPStatus.OK


def test_the_described_graphs_hold_what_is_said(server: Server) -> None:
    """Each named graph and the default graph, with their numbers of triples."""
    graph = described(server)
    dataset = graph.value(predicate=RDF.type, object=SD.Dataset)
    query = "SELECT ?g (COUNT(*) AS ?n) { GRAPH ?g { ?s ?p ?o } } GROUP BY ?g"
    counted = dict(
        line.split(",") for line in server.ask(query, accept="text/csv").text.split()[1:]
    )
    total = server.ask("SELECT (COUNT(*) AS ?n) { ?s ?p ?o }", accept="text/csv").text.split()[1]

    told = {
        str(graph.value(node, SD.name)): str(graph.value(node, VOID.triples))
        for node in graph.objects(dataset, SD.namedGraph)
    }
    default = graph.value(dataset, SD.defaultGraph)
    assert told == counted
    assert "https://example.org/small/graph/description" in told
    assert str(graph.value(default, VOID.triples)) == total
    assert graph.value(predicate=SD.defaultDataset, object=dataset) is not None


# Mistakes


@pytest.mark.parametrize(
    ("accept", "agent", "content_type"),
    [
        (None, None, PROBLEM),
        ("*/*", "python-requests/2.32", PROBLEM),
        ("*/*", CURL, "text/plain; charset=utf-8"),
        ("text/csv", CURL, "text/plain; charset=utf-8"),
        ("text/csv", "pandas", PROBLEM),
        ("application/json", CURL, PROBLEM),
        ("application/problem+json, text/csv, text/html;q=0.5", None, PROBLEM),
        ("text/csv, text/plain", None, "text/plain; charset=utf-8"),
        ("text/plain;q=0.2, application/json", None, PROBLEM),
        (BROWSER, "Mozilla/5.0", "text/html; charset=utf-8"),
        (LAST_RESORT, "Mozilla/5.0", PROBLEM),
    ],
)
def test_a_mistake_is_told_in_the_form_that_suits_the_caller(
    server: Server, accept: str | None, agent: str | None, content_type: str
) -> None:
    """Programs get a problem document, terminals text, browsers a page; nobody keeps it."""
    headers = {"accept": accept, "user_agent": agent}

    reply = server.ask(WRONG, **{name: text for name, text in headers.items() if text})

    assert (reply.status, reply.headers["content-type"]) == (400, content_type)
    assert reply.headers["cache-control"] == "no-store"
    assert "PREFIX sg: " in reply.text


def test_a_problem_has_the_place_and_what_would_help(server: Server) -> None:
    """Line, column, that line of the query with a caret, and the PREFIX line to add."""
    problem = server.ask(WRONG).problem

    assert (problem["line"], problem["column"]) == (2, 8)
    assert problem["excerpt"] == "  ?s a sg:State }\n       ^"
    assert problem["hint"] == "add PREFIX sg: <https://w3id.org/stancegraph/ontology#>"
    assert problem["detail"] == "line 2, column 8: no PREFIX line declares sg: of sg:State"


def test_text_for_a_terminal_points_to_the_place(server: Server) -> None:
    """The caret stands below it."""
    reply = server.ask(WRONG, user_agent=CURL, accept="*/*")

    assert reply.text.splitlines() == [
        "400 Bad Request: line 2, column 8: no PREFIX line declares sg: of sg:State",
        "",
        "    ?s a sg:State }",
        "         ^",
        "",
        "hint: add PREFIX sg: <https://w3id.org/stancegraph/ontology#>",
    ]


def test_the_page_of_a_mistake_lets_the_query_be_mended(server: Server) -> None:
    """The query stands in a form; nothing in it becomes HTML."""
    reply = server.ask(f"{WRONG} # <script>alert(1)</script></textarea>", accept=BROWSER)

    assert "<script>" not in reply.text
    assert reply.text.count("</textarea>") == 1
    assert "?s a sg:State } # &lt;script&gt;" in reply.text
    assert "What would help" in reply.text


def test_a_query_with_its_hints_taken_is_answered(server: Server) -> None:
    """One PREFIX line after the other, until all are there."""
    query = "SELECT ?label { ?s a sg:State ; rdfs:label ?label } ORDER BY ?label"

    hint = str(server.ask(query).problem["hint"])
    answer = server.ask(hint.removeprefix("add\n") + "\n" + query, accept="text/csv")

    assert answer.text == "label\r\nCanada\r\nPeru\r\n"


@pytest.mark.parametrize(
    ("query", "line", "hint"),
    [
        ("SELECT * {\n?s ?p ?o", 2, "the { in line 1, column 10 is not closed"),
        ("SELECT * {\n?s ?p ?o FILTER (LENGTH(?o) > 3) }", 2, "did you mean STRLEN"),
        ("ASK {\nFILTER (<http://www.w3.org/2001/XMLSchema#int>(1)) }", 2, "XMLSchema#integer>"),
        ("SELECT *\n{ SERVICE <http://x/> {} }", 2, ""),
        ("SELCT * { ?s ?p ?o }", 1, "did you mean SELECT?"),
    ],
)
def test_other_mistakes_have_their_hints_too(
    server: Server, query: str, line: int, hint: str
) -> None:
    """Whether the engine found them or the front end."""
    problem = server.ask(query).problem

    assert problem["line"] == line
    assert hint in str(problem.get("hint", ""))
    assert str(problem["excerpt"]).startswith(query.splitlines()[line - 1])


def test_what_cannot_be_written_or_read_is_told_with_what_can(server: Server) -> None:
    """406 and 415 have a list, in either form."""
    unwritable = server.ask(STATES, accept="text/csv, image/png")
    shown = server.ask(STATES, accept="image/png", user_agent=CURL)
    unreadable = server.request("POST", "/sparql", "<a/>", content_type="application/xml")

    assert unwritable.status == HTTPStatus.NOT_ACCEPTABLE
    assert unwritable.problem["offered"] == list(GRAPHS)
    assert shown.text.startswith("406 Not Acceptable: this result can be written as text/turtle, ")
    assert unreadable.status == HTTPStatus.UNSUPPORTED_MEDIA_TYPE
    read = ["application/x-www-form-urlencoded", "application/sparql-query"]
    assert unreadable.problem["offered"] == read
    assert unreadable.headers["accept-post"] == ", ".join(read)


# Methods


@pytest.mark.parametrize("path", ["/sparql", "/sparql/"])
def test_a_slash_at_the_end_makes_no_difference(server: Server, path: str) -> None:
    """Neither for a query by GET or POST, nor for the description."""
    got = server.request("GET", f"{path}?query={quote(LABELS)}", accept="text/csv")
    posted = server.request(
        "POST", path, LABELS, content_type="application/sparql-query", accept="text/csv"
    )
    itself = server.request("GET", path)

    assert got.text == posted.text == "label\r\nCanada\r\nPeru\r\n"
    assert f"<{server.address}/sparql>" in itself.text


@pytest.mark.parametrize(
    ("path", "methods"),
    [
        ("/", {"GET", "HEAD", "OPTIONS"}),
        ("/queries/", {"GET", "HEAD", "OPTIONS"}),
        ("/sparql", {"GET", "HEAD", "OPTIONS", "POST"}),
        ("/sparql/", {"GET", "HEAD", "OPTIONS", "POST"}),
    ],
)
def test_each_address_says_what_it_allows(server: Server, path: str, methods: set[str]) -> None:
    """OPTIONS, which answers a preflight of another site's script, and 405 agree."""
    preflight = server.request(
        "OPTIONS",
        path,
        origin="https://example.org",
        access_control_request_method="GET",
        access_control_request_headers="x-anything",
    )
    refused = server.request("DELETE", path)

    assert preflight.status == HTTPStatus.OK
    assert preflight.headers["access-control-allow-origin"] == "*"
    assert "*" in preflight.headers["access-control-allow-headers"]
    assert refused.status == HTTPStatus.METHOD_NOT_ALLOWED
    for reply, header in (
        (preflight, "allow"),
        (preflight, "access-control-allow-methods"),
        (refused, "allow"),
    ):
        assert set(reply.headers[header].split(", ")) == methods
    assert "DELETE is not allowed here" in str(refused.problem["detail"])
    assert refused.headers["access-control-allow-origin"] == "*"


@pytest.mark.parametrize("path", ["/", "/sparql", "/queries/", "/nowhere", "/sparql?query=ASK"])
def test_head_has_the_headers_of_get(server: Server, path: str) -> None:
    """And no body, be it an answer or a mistake."""
    got, head = server.request("GET", path), server.request("HEAD", path)

    changing = {"date": "", "cache-status": "", "age": "", "x-request-id": ""}
    assert (head.status, head.body) == (got.status, b"")
    assert {**head.headers, **changing} == {**got.headers, **changing}


# Formats


@pytest.mark.parametrize("name", SHORT_NAMES)
def test_each_short_name_gives_its_format(server: Server, name: str) -> None:
    """Text says its encoding; whatever is written can be read, and has the whole result."""
    media_type = SHORT_NAMES[name]
    query = LABELS if media_type in TABLES else STATES

    reply = server.request("GET", f"/sparql?format={name}&query={quote(query)}")

    text = media_type.startswith("text/")
    assert reply.headers["content-type"] == media_type + ("; charset=utf-8" if text else "")
    if media_type in TABLES:
        assert "Canada" in reply.text
    else:
        assert len(read(reply.body, name)) == 2


@pytest.mark.parametrize(
    ("name", "media_type"),
    [
        ("json", MediaType.JSON_LD),
        ("rdf%2Fxml", MediaType.RDF_XML),
        ("rdf/xml", MediaType.RDF_XML),
        ("n-triples", MediaType.N_TRIPLES),
        ("nquads", MediaType.N_QUADS),
        ("application/trig", MediaType.TRIG),
    ],
)
def test_formats_go_by_other_names_too(server: Server, name: str, media_type: MediaType) -> None:
    """Those of other servers and clients."""
    reply = server.request("GET", f"/sparql?format={name}&query={quote(STATES)}")

    assert reply.headers["content-type"].partition(";")[0] == media_type


def test_a_program_that_wants_json_gets_json_ld_for_a_graph(server: Server) -> None:
    """Under the name by which it asked."""
    reply = server.ask(STATES, accept="application/json")

    assert reply.headers["content-type"] == "application/json"
    assert "@graph" in json.loads(reply.body) or isinstance(json.loads(reply.body), list)


@pytest.mark.parametrize(("query", "word"), [("ASK { ?s ?p ?o }", "true"), ("ASK {1 2 3}", None)])
def test_ask_is_one_word_in_csv_and_tsv(server: Server, query: str, word: str | None) -> None:
    """The W3C has no form for it; a table of one cell without a header is what others give."""
    for accept in ("text/csv", "text/tab-separated-values"):
        reply = server.ask(query, accept=accept)

        assert reply.headers["content-type"] == f"{accept}; charset=utf-8" if word else PROBLEM
        assert word is None or reply.text == word
    assert server.ask("ASK { FILTER (false) }", accept="text/csv").text == "false"


@pytest.mark.parametrize("query", [STATES, "DESCRIBE <id/state/CAN>"])
def test_turtle_has_the_prefixes_that_it_uses(server: Server, query: str) -> None:
    """Those of the graph, and no others."""
    text = server.ask(query, accept="text/turtle").text

    declared = re.findall(r"^@prefix (\w+): <", text, re.MULTILINE)
    assert "sg" in declared
    assert "a sg:State" in text
    body = re.sub(r"^@prefix.*$", "", text, flags=re.MULTILINE)
    assert [prefix for prefix in declared if f"{prefix}:" not in body and prefix != "rdf"] == []


@pytest.mark.parametrize("media_type", OFFERED["CONSTRUCT"])
def test_graphs_are_written_as_they_come(server: Server, media_type: MediaType) -> None:
    """The first bytes are there long before the deadline that then breaks the answer off."""
    connection = http.client.HTTPConnection(urlsplit(server.address).netloc, timeout=30)
    headers = {"Accept": media_type}
    connection.request("GET", f"/sparql?query={quote(FRESH)}", headers=headers)
    answer = connection.getresponse()

    first = answer.read(10)

    assert (answer.status, len(first)) == (HTTPStatus.OK, 10)
    with pytest.raises((http.client.IncompleteRead, ConnectionResetError)):
        answer.read()
    connection.close()


# The command


def test_the_address_is_printed_when_it_answers(releases: Path, tmp_path: Path) -> None:
    """Whoever reads the line can ask at once."""
    command = [*COMMAND, "--releases", str(releases), "--port", "0"]
    with (
        (tmp_path / "log").open("w") as log,
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True) as process,
    ):
        assert process.stdout is not None
        address = process.stdout.readline().split()[-1]
        server = Server(process, address, "", tmp_path / "log")
        try:
            reply = server.ask("ASK { ?s ?p ?o }", accept="text/csv")
        finally:
            process.terminate()

    assert reply.text == "true"
    assert sys.platform == "win32" or "Traceback" not in (tmp_path / "log").read_text("utf-8")
