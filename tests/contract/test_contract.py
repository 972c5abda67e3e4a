"""What every engine owes those who ask it: the same questions, the same answers."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pyoxigraph as ox
import pytest

from stancegraph.engine import Ask, MediaType, Notice, rows
from stancegraph.engine.remote.probe import PROBES
from stancegraph.errors import (
    BadRequest,
    NotAcceptable,
    QueryFailed,
    QueryRefused,
    QuerySyntaxError,
    QueryTimeout,
    StancegraphError,
)
from tests.contract.conftest import DEVIATIONS, check

if TYPE_CHECKING:
    from stancegraph.engine.embedded import EmbeddedEngine

BASE = "https://example.org/small/"
SG = "https://w3id.org/stancegraph/ontology#"
VOTES = f"{BASE}graph/data/votes/74-247"
OTHER_VOTES = f"{BASE}graph/data/votes/75-282"
PREFIXES = f"PREFIX sg: <{SG}>\n"

# What is asked, and the rows in CSV, in any order unless the query has one.
CASES = {
    "union": (
        "SELECT ?vote ?choice { ?vote sg:choice ?choice } ORDER BY ?vote",
        ["id/vote/74-247/CAN,no", "id/vote/74-247/PER,abstain", "id/vote/75-282/CAN,yes"],
    ),
    "triple counted once": (
        "SELECT (COUNT(*) AS ?n) { <id/vote/74-247/CAN> sg:choice ?choice }",
        ["1"],
    ),
    "GRAPH with a variable": (
        "SELECT ?g ?choice { GRAPH ?g { ?vote sg:choice ?choice } } ORDER BY ?choice",
        [
            "graph/data/votes/74-247,abstain",
            "graph/data/votes/74-247,no",
            "graph/data/votes/75-282,yes",
        ],
    ),
    "GRAPH with a name": (
        "SELECT ?choice { GRAPH <graph/data/votes/75-282> { ?vote sg:choice ?choice } }",
        ["yes"],
    ),
    "GRAPH with a prefixed name": (
        (
            "PREFIX g: <graph/data/>\n"
            "SELECT ?choice { GRAPH g:votes\\/75-282 { ?vote sg:choice ?choice } }"
        ),
        ["yes"],
    ),
    "GRAPH that is not there": ("SELECT ?s { GRAPH <graph/none> { ?s ?p ?o } }", []),
    "GRAPH and the union": (
        "SELECT ?g { ?vote sg:choice 'yes' . GRAPH ?g { ?vote sg:actor ?actor } }",
        ["graph/data/votes/75-282"],
    ),
    "GRAPH described by another": (
        (
            "SELECT DISTINCT ?rule { GRAPH ?g { ?vote sg:earliest ?day } "
            "?g <http://www.w3.org/ns/prov#wasGeneratedBy> ?rule }"
        ),
        [],
    ),
    "GRAPH in MINUS": (
        (
            "SELECT ?choice { ?vote sg:choice ?choice MINUS "
            "{ GRAPH <graph/data/votes/74-247> { ?vote sg:choice ?choice } } }"
        ),
        ["yes"],
    ),
    "SELECT * with GRAPH": (
        "SELECT * { GRAPH ?g { ?vote sg:choice 'yes' } }",
        ["graph/data/votes/75-282,id/vote/75-282/CAN"],
    ),
    "FROM": (
        "SELECT ?choice FROM <graph/data/votes/75-282> { ?vote sg:choice ?choice }",
        ["yes"],
    ),
    "FROM two graphs": (
        (
            "SELECT (COUNT(*) AS ?n) FROM <graph/data/votes/75-282> FROM <graph/data/votes/74-247> "
            "{ ?vote sg:choice ?choice }"
        ),
        ["3"],
    ),
    "FROM NAMED": (
        (
            "SELECT ?g ?choice FROM NAMED <graph/data/votes/75-282> "
            "{ GRAPH ?g { ?vote sg:choice ?choice } }"
        ),
        ["graph/data/votes/75-282,yes"],
    ),
    "FROM NAMED has no default graph": (
        "SELECT ?s FROM NAMED <graph/data/votes/75-282> { ?s ?p ?o }",
        [],
    ),
    "FROM has no named graphs": (
        "SELECT ?g FROM <graph/data/votes/75-282> { GRAPH ?g { ?s ?p ?o } }",
        [],
    ),
    "paths": (
        "SELECT ?other { <id/vote/74-247/CAN> sg:actor/^sg:actor ?other } ORDER BY ?other",
        ["id/vote/74-247/CAN", "id/vote/75-282/CAN"],
    ),
    "OPTIONAL": (
        "SELECT ?vote ?none { ?vote sg:choice 'yes' OPTIONAL { ?vote sg:none ?none } }",
        ["id/vote/75-282/CAN,"],
    ),
    "dates": (
        (
            'SELECT ?vote { ?vote sg:date ?day FILTER (?day < "2020-06-01"^^'
            "<http://www.w3.org/2001/XMLSchema#date>) }"
        ),
        ["id/vote/74-247/CAN", "id/vote/74-247/PER"],
    ),
    "nothing": ("SELECT ?s { ?s sg:none ?o }", []),
}


def asked(engine: EmbeddedEngine, query: str, media_type: MediaType, **more: object) -> bytes:
    """The whole answer."""
    wanted = {"base": BASE, "deadline": 20.0, **more}
    return b"".join(engine.ask(Ask(PREFIXES + query, media_type, **wanted)))  # type: ignore[arg-type]


@pytest.mark.parametrize("case", CASES)
def test_answer(engine: EmbeddedEngine, case: str, request: pytest.FixtureRequest) -> None:
    """Rows are those that the release has."""
    query, wanted = CASES[case]

    try:
        found = asked(engine, query, MediaType.CSV).decode().splitlines()[1:]
    except StancegraphError as error:
        found = [str(error)]

    found = [line.replace(BASE, "") for line in found]
    if "ORDER BY" not in query:
        found, wanted = sorted(found), sorted(wanted)
    check(request, case, holds=found == wanted)


@pytest.mark.parametrize("probe", PROBES, ids=lambda probe: probe.name)
def test_probe(engine: EmbeddedEngine, probe: object, request: pytest.FixtureRequest) -> None:
    """What an engine is tried on at the start is what it must do."""
    assert probe in PROBES
    found = next(each for each in PROBES if each is probe)

    try:
        solutions = rows(engine, Ask(found.query, MediaType.JSON, base=BASE))
    except StancegraphError:
        check(request, found.name, holds=False)
        return

    names = [token.strip("?()") for token in _selected(found.query)]
    told = sorted(
        tuple(str(row[name]) if name in row else "" for name in names) for row in solutions
    )
    check(request, found.name, holds=told == sorted(found.rows))


def _selected(query: str) -> list[str]:
    """The variables that a probe selects, in their order."""
    found = ox.Store().query(query)
    assert isinstance(found, ox.QuerySolutions)
    return [variable.value for variable in found.variables]


@pytest.mark.parametrize(
    ("media_type", "wanted"),
    [
        (MediaType.JSON, (b'{"head":{"vars":["choice"]},"results":{"bindings":'
                         b'[{"choice":{"type":"literal","value":"yes"}}]}}')),
        (MediaType.CSV, b"choice\r\nyes\r\n"),
        (MediaType.TSV, b'?choice\n"yes"\n'),
        (MediaType.XML, (b'<?xml version="1.0"?><sparql xmlns="http://www.w3.org/2005/sparql-results#">'
                        b'<head><variable name="choice"/></head><results><result>'
                        b'<binding name="choice"><literal>yes</literal></binding>'
                        b'</result></results></sparql>')),
    ],
    ids=lambda value: value.name if isinstance(value, MediaType) else "",
)  # fmt: skip
def test_table_formats(engine: EmbeddedEngine, media_type: MediaType, wanted: bytes) -> None:
    """All engines write rows alike, byte for byte."""
    query = "SELECT ?choice { <id/vote/75-282/CAN> sg:choice ?choice }"

    assert asked(engine, query, media_type) == wanted


@pytest.mark.parametrize("wanted", [True, False])
def test_ask(engine: EmbeddedEngine, wanted: bool) -> None:
    """ASK is answered with a truth value."""
    query = f"ASK {{ ?vote sg:choice {'?choice' if wanted else '1'} }}"

    assert asked(engine, query, MediaType.JSON) == (
        b'{"head":{},"boolean":%s}' % (b"true" if wanted else b"false")
    )


@pytest.mark.parametrize("media_type", [MediaType.N_TRIPLES, MediaType.TURTLE, MediaType.RDF_XML])
def test_construct(engine: EmbeddedEngine, media_type: MediaType) -> None:
    """Triples come in the format that is asked for."""
    query = "CONSTRUCT { ?vote sg:choice ?choice } WHERE { ?vote sg:choice ?choice }"

    found = ox.parse(asked(engine, query, media_type), ox.RdfFormat.from_media_type(media_type))

    assert sorted(quad.object.value for quad in found) == ["abstain", "no", "yes"]


def test_describe(engine: EmbeddedEngine, request: pytest.FixtureRequest) -> None:
    """A description is ours, not the engine's."""
    try:
        text = asked(engine, "DESCRIBE <id/vote/75-282/CAN>", MediaType.N_TRIPLES)
    except QueryFailed:
        text = b""

    subjects = {str(quad.subject) for quad in ox.parse(text, ox.RdfFormat.N_TRIPLES)}
    check(request, "DESCRIBE", holds=f"<{BASE}id/vote/75-282/CAN>" in subjects)


def test_dataset_of_the_protocol(engine: EmbeddedEngine) -> None:
    """What a request names is the dataset, whatever the query says."""
    query = f"SELECT ?choice FROM <{VOTES}> {{ ?vote sg:choice ?choice }}"  # noqa: S608

    found = asked(engine, query, MediaType.CSV, default_graphs=(OTHER_VOTES,))

    assert found == b"choice\r\nyes\r\n"


def test_named_graphs_of_the_protocol(engine: EmbeddedEngine) -> None:
    """Of named graphs too."""
    query = "SELECT ?g (COUNT(*) AS ?n) { GRAPH ?g { ?vote sg:choice ?choice } } GROUP BY ?g"

    found = asked(engine, query, MediaType.CSV, named_graphs=(VOTES,))

    assert found == b"g,n\r\n%s,2\r\n" % VOTES.encode()


def test_a_graph_is_named_by_an_iri(engine: EmbeddedEngine) -> None:
    """What is none is told."""
    with pytest.raises(BadRequest, match="names no graph"):
        asked(engine, "ASK {}", MediaType.JSON, default_graphs=("none",))


def test_limit_and_count(engine: EmbeddedEngine) -> None:
    """What is cut is told, and how many there are in all."""
    query = PREFIXES + "SELECT ?vote { ?vote sg:choice ?choice } ORDER BY ?vote"
    answer = engine.ask(Ask(query, MediaType.CSV, limit=2, count=True))

    text = b"".join(answer)

    assert text.count(b"\r\n") == 3
    assert answer.notice == Notice(cut=2, count=3)


def test_bound_on_rows(engine: EmbeddedEngine) -> None:
    """A longer answer fails, and is not cut."""
    with pytest.raises(QueryFailed, match="longer than the 2 rows"):
        asked(engine, "SELECT ?vote { ?vote sg:choice ?choice }", MediaType.CSV, max_rows=2)


@pytest.mark.parametrize(
    ("query", "error"),
    [
        ("SELECT ?s { ?s ?p", QuerySyntaxError),
        ("DEFINE get:soft 'replace' SELECT ?s { ?s ?p ?o }", QuerySyntaxError),
        ("INSERT DATA { <urn:a> <urn:b> 1 }", QueryRefused),
        ("SELECT ?s { SERVICE <http://127.0.0.1:9/sparql> { ?s ?p ?o } }", QueryRefused),
        ("SELECT (<bif:sys_stat>(1) AS ?x) {}", QueryRefused),
        ("SELECT ?s { ?s <http://[> ?o }", QuerySyntaxError),
    ],
)
def test_refused(engine: EmbeddedEngine, query: str, error: type[Exception]) -> None:
    """What is no query, or asks for more than an answer, reaches no engine."""
    with pytest.raises((error, QuerySyntaxError)):
        asked(engine, query, MediaType.JSON)


def test_no_such_format(engine: EmbeddedEngine) -> None:
    """Rows are no triples."""
    with pytest.raises(NotAcceptable):
        asked(engine, "SELECT ?s { ?s ?p ?o }", MediaType.TURTLE)


def test_deadline(engine: EmbeddedEngine) -> None:
    """A query ends at its deadline, and the next is answered."""
    many = " ".join(f"?a{n} ?b{n} ?c{n} ." for n in range(12))
    with pytest.raises((QueryTimeout, QueryFailed)) as caught:
        asked(engine, f"SELECT (COUNT(*) AS ?n) {{ {many} }}", MediaType.CSV, deadline=0.3)

    assert isinstance(caught.value, QueryTimeout)
    assert asked(engine, "ASK {}", MediaType.JSON) == b'{"head":{},"boolean":true}'


def test_deviations_are_told_in_the_docs() -> None:
    """Each has its row, with the reason, in docs/engines.md."""
    page = (Path(__file__).parents[2] / "docs" / "engines.md").read_text("utf-8")

    missing = [
        (name, case)
        for name, cases in DEVIATIONS.items()
        for case, reason in cases.items()
        if f"| {name} | {case} | {reason} |" not in page
    ]

    assert not missing
