"""Stock clients of Python and of the shell, on the shipped graph, over real HTTP.

Each asks in its own way for what a person would look up, and must come back with the rows.
"""

from __future__ import annotations

import csv
import html
import io
import json
import re
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import pandas as pd  # type: ignore[import-untyped]
import pyoxigraph as ox
import pytest
import rdflib
from openapiclient import OpenAPIClient  # type: ignore[import-untyped]
from rdflib.compare import isomorphic
from rdflib.namespace import RDF, RDFS
from rdflib.plugins.stores.sparqlstore import SPARQLStore
from SPARQLWrapper import GET, POST, POSTDIRECTLY, URLENCODED, SPARQLWrapper

from tests.integration.questions import (
    DISPUTED,
    EVIDENCE,
    GRAPHS,
    PREFIXES,
    SG,
    SIGNED,
    THINGS,
    VOTE,
    VOTE_EVIDENCE,
    VOTE_PATH,
    VOTED,
    VOTES,
)
from tests.serving import fetch

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Run = Callable[..., str]


@pytest.fixture
def run(live_server: str, tmp_path: Path) -> Run:
    """Runs a command of the shell in a folder of its own, and gives what it prints.

    ``{}`` in an argument stands for the address of the server.
    """

    def run(*command: str, given: str | None = None, status: int = 0) -> str:
        if shutil.which(command[0]) is None:
            pytest.skip(f"{command[0]} is not on this machine")
        done = subprocess.run(
            [argument.replace("{}", live_server) for argument in command],
            cwd=tmp_path,
            input=given,
            capture_output=True,
            text=True,
            check=False,
            timeout=30,
        )
        assert done.returncode == status, done.stderr
        return done.stdout

    return run


# curl


def _votes(text: str) -> dict[str, str]:
    """Who voted how, in an answer to VOTES as CSV."""
    return {row["state"]: row["choice"] for row in csv.DictReader(io.StringIO(text))}


@pytest.mark.parametrize(
    "how",
    [
        ["--get", "--data-urlencode", "query@-"],
        ["--data-urlencode", "query@-"],
        ["--data-binary", "@-", "--header", "Content-Type: application/sparql-query"],
    ],
    ids=["get", "form", "direct"],
)
def test_curl_asks_in_the_three_forms_of_the_protocol(run: Run, how: list[str]) -> None:
    """The query comes from standard input; the rows are those of the voting record."""
    answer = run("curl", "-sS", *how, "--header", "Accept: text/csv", "{}/sparql", given=VOTES)

    assert _votes(answer) == VOTED


def test_curl_keeps_an_answer_until_it_changes(run: Run) -> None:
    """It saves the ETag; the second time there is nothing to send, and the file stays."""
    options = ["--etag-save", "tag", "--etag-compare", "tag", "--output", "votes.csv"]
    address = "{}/queries/votes/resolution?resolution=A-RES-74-247&format=csv"

    statuses = [
        run("curl", "-sS", *options, "--write-out", "%{http_code}", address) for _ in range(2)
    ]

    assert statuses == ["200", "304"]
    assert "Canada,no,recorded" in run("cat", "votes.csv")


def test_curl_fails_on_a_bad_query_and_can_show_where(run: Run) -> None:
    """Exit status 22, for scripts; the body tells line and column."""
    options = ["-sS", "--fail-with-body", "--get", "--data-urlencode", "query@-"]
    query = "SELECT ?s WHERE {\n  ?s rdfs:label 'Canada'@en\n}"

    answer = run("curl", *options, "{}/sparql", given=query, status=22)

    assert "line 2" in answer
    assert "rdfs:" in answer


# jq


def test_jq_reads_rows(run: Run) -> None:
    """From SPARQL JSON, as its specification says it is laid out."""
    address = "{}/queries/votes/resolution?resolution=A-RES-74-247"
    rows = '.results.bindings[] | select(.textLabel.value == "A/RES/74/247")'
    votes = f"[{rows} | {{(.actorLabel.value): .choice.value}}] | add"

    answer = run("jq", votes, given=run("curl", "-sSf", address))

    assert json.loads(answer).items() >= VOTED.items()


def test_jq_reads_a_claim_with_its_evidence(run: Run) -> None:
    """The JSON-LD of a vote reads as the thing that it is, with labels and sources in it."""
    document = run("curl", "-sSf", "-H", "Accept: application/ld+json", f"{{}}/{VOTE_PATH}")
    told = "[.type, .actor.label, .choice.label] + [.evidence[].source.title]"

    answer = run("jq", told, given=document)

    assert json.loads(answer)[:3] == ["Vote", "Canada", "no"]
    assert "Voting record 3841023: A/RES/74/247" in json.loads(answer)


def test_jq_finds_each_name_in_the_context(run: Run) -> None:
    """What a name means in a document, it means in the context that has them all."""
    documents = [
        run("curl", "-sSf", f"{{}}/{path}") for path in (f"{VOTE_PATH}.jsonld", "context.jsonld")
    ]
    compared = 'map(.["@context"] | to_entries) | (.[0] | length), (.[0] - .[1])'

    answer = run("jq", "--slurp", compared, given="\n".join(documents))

    number, others = (json.loads(part) for part in answer.split("\n", 1))
    assert number > 20
    assert others == []


# SPARQLWrapper


def _wrapped(
    address: str, query: str, form: str, method: str = GET, request_method: str = URLENCODED
) -> Any:
    """What SPARQLWrapper makes of the answer in the format *form*."""
    client = SPARQLWrapper(f"{address}/sparql", returnFormat=form)
    client.setQuery(query)
    client.setMethod(method)
    client.setRequestMethod(request_method)
    return client.queryAndConvert()


@pytest.mark.parametrize(
    ("method", "request_method"),
    [(GET, URLENCODED), (POST, URLENCODED), (POST, POSTDIRECTLY)],
    ids=["get", "form", "direct"],
)
def test_sparqlwrapper_asks_in_each_of_its_ways(
    live_server: str, method: str, request_method: str
) -> None:
    """By GET, by a form and by the query as it is: the same rows."""
    answer = _wrapped(live_server, VOTES, "json", method, request_method)

    rows = answer["results"]["bindings"]
    assert {row["state"]["value"]: row["choice"]["value"] for row in rows} == VOTED


def test_sparqlwrapper_reads_each_form_of_a_table(live_server: str) -> None:
    """XML, which it asks for unless told, and text; the format that it names twice is one."""
    formats = ("xml", "csv", "tsv")

    xml, as_csv, as_tsv = (_wrapped(live_server, VOTES, form) for form in formats)

    cells = [node.firstChild.data for node in xml.getElementsByTagName("literal")]
    assert dict(zip(cells[::2], cells[1::2], strict=True)) == VOTED
    assert _votes(as_csv.decode()) == VOTED
    assert '"Canada"@en\t"no"@en\n' in as_tsv.decode()


def test_sparqlwrapper_learns_that_a_claim_is_disputed(live_server: str) -> None:
    """The claim of 1985 has the record against it, and gives no status."""
    disputed, signed = (_wrapped(live_server, query, "json") for query in (DISPUTED, SIGNED))

    assert (disputed["boolean"], signed["boolean"]) == (True, False)


@pytest.mark.filterwarnings("ignore:.*ConjunctiveGraph:DeprecationWarning")
@pytest.mark.parametrize("form", ["xml", "rdf+xml", "turtle", "n3", "json-ld"])
def test_sparqlwrapper_reads_each_form_of_a_graph(live_server: str, form: str) -> None:
    """RDF/XML is what it asks for unless told; a format has other names here than elsewhere."""
    found = _wrapped(live_server, EVIDENCE, form)

    graph = rdflib.Graph().parse(data=found, format="turtle") if isinstance(found, bytes) else found
    assert set(graph) == {(VOTE, SG.evidence, evidence) for evidence in VOTE_EVIDENCE}


# rdflib


@pytest.mark.parametrize("method", ["GET", "POST", "POST_FORM"])
def test_rdflib_sees_the_endpoint_as_a_graph(live_server: str, method: str) -> None:
    """Patterns, lookups and queries through SPARQLStore, as on a graph in memory."""
    graph = rdflib.Graph(SPARQLStore(f"{live_server}/sparql", method=method))

    rows = graph.query(VOTES)
    copy = graph.query(EVIDENCE).graph

    assert {str(state): str(choice) for state, choice in rows} == VOTED  # type: ignore[misc]
    assert graph.value(VOTE, SG.choice) == THINGS["code/vote-choice/no"]
    assert (VOTE, RDF.type, SG.Vote) in graph
    assert graph.query(DISPUTED).askAnswer
    assert copy is not None
    assert set(copy.objects(VOTE, SG.evidence)) == VOTE_EVIDENCE


def test_rdflib_sees_one_named_graph(live_server: str) -> None:
    """The identifier of a graph bounds it: the votes of one roll call, and no more."""
    iri = GRAPHS["data/rollcalls/unga/A-RES-74-247"]
    graph = rdflib.Graph(SPARQLStore(f"{live_server}/sparql"), identifier=iri)

    votes = set(graph.subjects(RDF.type, SG.Vote))

    assert VOTE in votes
    assert {str(vote).rpartition("/")[0] for vote in votes} == {f"{THINGS}vote/unga/A-RES-74-247"}
    assert not list(graph.triples((THINGS["state/CAN"], None, None)))


GROUP = f"""
PREFIX state: <{THINGS}state/>
<http://example.org/group> <{rdflib.ORG.hasMember}> state:CAN , state:CHN .
"""
GROUP_VOTED = {"Canada": "no", "China": "yes"}


def _by_service(address: str) -> str:
    """Asks how the members of GROUP voted, which the endpoint is called for."""
    return f"""{PREFIXES}
PREFIX org: <{rdflib.ORG}>
SELECT ?label ?choice
WHERE {{
  ?group org:hasMember ?state .
  SERVICE <{address}/sparql> {{
    ?vote sg:rollCall <{THINGS}rollcall/unga/A-RES-74-247> ;
          sg:actor ?state ;
          sg:choice/rdfs:label ?choice .
    ?state rdfs:label ?label .
  }}
}}"""


def test_rdflib_joins_data_of_its_own_by_service(live_server: str) -> None:
    """A query over a graph in memory calls the endpoint for the rest."""
    graph = rdflib.Graph().parse(data=GROUP, format="turtle")

    rows = graph.query(_by_service(live_server))

    assert {str(label): str(choice) for label, choice in rows} == GROUP_VOTED  # type: ignore[misc]


@pytest.mark.filterwarnings("ignore:.*ConjunctiveGraph:DeprecationWarning")
def test_rdflib_reads_an_iri_as_a_graph(live_server: str) -> None:
    """The address of a thing is all that parse needs; each syntax says the same."""
    address = f"{live_server}/{VOTE_PATH}"

    graph = rdflib.Graph().parse(address)

    assert list(graph.objects(VOTE, SG.choice / RDFS.label)) == [rdflib.Literal("no", "en")]
    assert set(graph.objects(VOTE, SG.evidence)) == VOTE_EVIDENCE
    for ending in ("jsonld", "rdf", "nt"):
        assert isomorphic(graph, rdflib.Graph().parse(f"{address}.{ending}"))


# Oxigraph


def test_oxigraph_joins_data_of_its_own_by_service(live_server: str) -> None:
    """Another engine with another HTTP client, and the same rows."""
    store = ox.Store()
    store.load(GROUP, ox.RdfFormat.TURTLE)

    rows = store.query(_by_service(live_server))

    assert isinstance(rows, ox.QuerySolutions)
    assert {row["label"].value: row["choice"].value for row in rows} == GROUP_VOTED


# pandas


def test_pandas_reads_an_answer_as_a_frame(live_server: str) -> None:
    """The address of a query is all that read_csv needs."""
    address = f"{live_server}/sparql?{urlencode({'query': VOTES, 'format': 'csv'})}"

    frame = pd.read_csv(address, index_col="state")

    assert frame["choice"].to_dict() == VOTED


def test_pandas_reads_a_saved_query_as_a_frame(live_server: str) -> None:
    """Dates are dates, numbers are numbers, and what is not known is missing."""
    disputed = pd.read_csv(
        f"{live_server}/queries/claims/disputed?format=csv",
        parse_dates=["earliest", "otherEarliest"],
    )
    agreement = pd.read_csv(
        f"{live_server}/queries/votes/agreement?country=CAN&format=csv", index_col="otherLabel"
    )

    (claim,) = disputed[disputed["otherEarliest"].dt.year == 1985].itertuples()
    assert claim.otherClaim == str(THINGS["action/wipo-copyright-treaty/CHN/signature"])
    assert claim.earliest == pd.Timestamp("2007-03-09")
    assert (claim.rank, claim.otherRank) == ("preferred", "deprecated")
    assert pd.isna(claim.unresolvedReason)
    assert agreement["sharedVotes"].dtype == "int64"
    assert agreement.loc["Australia", "share"] > agreement.loc["China", "share"]


# The code on the page of a saved query

PROGRAMS = {
    "curl": ["bash", "-c"],
    "Python": [sys.executable, "-c"],
    "pandas": [sys.executable, "-c"],
    "R": ["Rscript", "-e"],
    "SPARQLWrapper": [sys.executable, "-c"],
}


@pytest.mark.parametrize("program", PROGRAMS)
def test_the_code_on_a_page_gives_its_rows(live_server: str, run: Run, program: str) -> None:
    """For each program that the page has code for."""
    page = fetch(live_server, "/queries/votes/agreement?country=CAN&limit=3", "text/html").text
    code = re.search(rf"<summary>{program}</summary>\s*<pre.*?><code>(.*?)</code>", page, re.DOTALL)

    assert code
    assert "GEO" in run(*PROGRAMS[program], html.unescape(code[1]))


# A generic client of OpenAPI


def test_a_generic_client_calls_what_openapi_describes(live_server: str) -> None:
    """Saved queries and the endpoint are its methods; a wrong value is told what is right."""
    api = OpenAPIClient(definition=f"{live_server}/openapi.json")

    # Such clients read as JSON what is called application/json, and nothing else.
    with api.Client(headers={"Accept": "application/json"}) as client:
        votes = client.votes_resolution(resolution="A/RES/74/247")
        wrong = client.votes_resolution(resolution="A/RES/74/274")
        disputed = client.sparql_get(query=DISPUTED)

    found = votes["data"]["results"]["bindings"]  # on the draft in committee as well
    rows = [row for row in found if row["textLabel"]["value"] == "A/RES/74/247"]
    told = {row["actorLabel"]["value"]: row["choice"]["value"] for row in rows}
    assert told.items() >= VOTED.items()
    assert wrong["status"] == 400
    assert "did you mean" in wrong["data"]
    assert disputed["data"]["boolean"] is True
