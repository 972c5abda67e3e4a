"""What a description holds, by the query alone and by DESCRIBE."""

from __future__ import annotations

import pyoxigraph as ox
import pytest

from stancegraph.description import (
    MAX_CLAIMS,
    MAX_LINKS,
    NAMES,
    description_in,
    description_query,
)
from stancegraph.engine import Ask, MediaType
from stancegraph.engine.describe import describe, take_apart
from stancegraph.engine.graph import StoreGraph
from stancegraph.errors import QuerySyntaxError
from stancegraph.terms import FOAF, RDFS

GIVEN = "are given here; the SPARQL endpoint has all."
BASE = "https://example.org/"
PREFIXES = """\
PREFIX : <https://example.org/>
PREFIX rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#>
PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
PREFIX sg: <https://w3id.org/stancegraph/ontology#>
PREFIX sh: <http://www.w3.org/ns/shacl#>
PREFIX skos: <http://www.w3.org/2004/02/skos/core#>
"""
GRAPH = """
:peru a :State ; rdfs:label "Peru"@en ; :capital :lima .
:lima rdfs:label "Lima"@en ; :river :rimac .
:rimac rdfs:label "Rímac"@en .

:vote a :Vote ; :actor :peru ; :rollCall :call ; sg:rank :normal ;
    sg:evidence :place ; sg:restsOn :record .
:place sg:source :record ; sg:locator "row Peru" .
:record rdfs:label "Record of the meeting"@en ; :pages 12 .

:call :text :resolution ; :day "2019-12-27" .
:resolution rdfs:label "A/RES/74/247" ; :topic :cybercrime .

:normal skos:prefLabel "normal"@en ; skos:inScheme :ranks .
:member :country :peru ; :since 1945 .
"""


def iri(name: str) -> ox.NamedNode:
    return ox.NamedNode(BASE + name)


def stored(turtle: str, graph: str = "graph") -> ox.Store:
    store = ox.Store()
    store.load(PREFIXES + turtle, format=ox.RdfFormat.TURTLE, to_graph=iri(graph))
    return store


def described(store: ox.Store, name: str) -> set[ox.Triple]:
    """What the query constructs of *name*, which is what is found by looking it up."""
    found: set[ox.Triple] = set(
        store.query(description_query(iri(name)), use_default_graph_as_union=True)  # type: ignore[arg-type]
    )
    looked_up = description_in(store, iri(name))
    assert sorted(map(without_label, looked_up)) == sorted(map(without_label, found))
    return found


def without_label(triple: ox.Triple) -> str:
    """*triple* as text, in which notes, the one kind of node that is made anew, are alike."""
    made = triple.predicate == FOAF.primaryTopic or GIVEN in str(triple.object)
    return str(triple).replace(str(triple.subject), "_:note", 1) if made else str(triple)


def answer(store: ox.Store, query: str, default_graphs: tuple[str, ...] = ()) -> set[ox.Triple]:
    """What DESCRIBE gives."""
    ask = Ask(PREFIXES + query, MediaType.TURTLE, default_graphs, base=BASE)
    graph = StoreGraph(store, {})
    found = list(describe(ask, graph.evaluate, graph.description))
    assert len(found) == len(set(found)), "a triple is given twice"
    return set(found)


def about(triples: set[ox.Triple]) -> dict[str, int]:
    """How many statements there are about each thing."""
    names = [str(triple.subject)[1:-1].removeprefix(BASE) for triple in triples]
    return {name: names.count(name) for name in names}


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        pytest.param(
            "peru",
            # The claim, its evidence and source are whole; the membership has no name, so it
            # tells what it says, as the roll call does; Lima and the rank are but named.
            {"peru": 3, "vote": 6, "place": 2, "record": 2, "call": 2, "resolution": 1,
             "lima": 1, "normal": 1, "member": 2},
            id="thing",
        ),
        pytest.param(
            "vote",
            {"vote": 6, "place": 2, "record": 2, "call": 2, "resolution": 1, "peru": 1,
             "normal": 1},
            id="claim",
        ),
        pytest.param(
            "place",
            {"place": 2, "record": 2, "vote": 6, "call": 2, "resolution": 1, "peru": 1,
             "normal": 1},
            id="evidence",
        ),
        pytest.param(
            "record",
            {"record": 2, "place": 2, "vote": 6, "call": 2, "resolution": 1, "peru": 1,
             "normal": 1},
            id="source",
        ),
        pytest.param(
            "normal",
            # A code: what uses it is mentioned, with what it says, without its evidence.
            {"normal": 2, "vote": 6, "peru": 1, "record": 1},
            id="code",
        ),
        pytest.param("nothing", {}, id="unknown"),
    ],
)  # fmt: skip
def test_a_description_holds_claims_evidence_sources_and_names(
    name: str, expected: dict[str, int]
) -> None:
    """Each thing with as many statements as the definition of a description says."""
    found = described(stored(GRAPH), name)

    assert about(found) == expected


def test_a_class_is_described_without_its_members() -> None:
    """That something is of a class is no statement about the class."""
    store = stored(GRAPH + ':Vote rdfs:label "vote"@en .')

    found = described(store, "Vote")

    assert about(found) == {"Vote": 1}


def test_blank_nodes_of_a_shape_belong_to_it() -> None:
    """Lists and brackets come along however deep they are; other shapes do not."""
    store = stored("""
        :shape sh:or ( [ sh:not [ sh:in ( 1 2 ) ] ] [ sh:path [ sh:inversePath :p ] ] ) ;
            sh:property :other .
        :other rdfs:label "other" ; sh:in ( 3 ) .
    """)

    found = described(store, "shape")

    blank = {triple for triple in found if isinstance(triple.subject, ox.BlankNode)}
    # 2 + 2 cells of two statements each, sh:not, sh:in, sh:path, sh:inversePath
    assert len(blank) == 12
    assert about(found - blank) == {"shape": 2, "other": 1}


def test_a_long_description_is_cut_and_says_so() -> None:
    """Beyond the bounds a note tells how many there are."""
    claims = "".join(f":vote{n} :actor :peru ; sg:evidence :place .\n" for n in range(502))
    links = "".join(f':town{n:03} :country :peru ; rdfs:label "town" .\n' for n in range(202))
    store = stored(GRAPH + claims + links)

    found = described(store, "peru")

    subjects = about(found)
    assert sum(name.startswith("vote") for name in subjects) == MAX_CLAIMS
    assert sum(triple.predicate == iri("country") for triple in found) == MAX_LINKS
    notes = {triple.subject for triple in found if triple.predicate == FOAF.primaryTopic}
    told = {t.object.value for t in found if t.subject in notes and t.predicate == RDFS.comment}  # type: ignore[union-attr]
    assert told == {
        f"500 of 503 claims about this {GIVEN}",
        f"200 of 203 other statements that point at this {GIVEN}",
    }


def test_a_whole_description_has_no_note() -> None:
    """Nothing is said of bounds where they were not reached."""
    found = described(stored(GRAPH), "peru")

    assert not [triple for triple in found if triple.predicate == FOAF.primaryTopic]


def test_with_graphs_each_statement_tells_where_it_stands() -> None:
    """The SELECT finds the triples of the CONSTRUCT, with their graphs."""
    store = stored(GRAPH)

    rows = store.query(
        description_query(iri("peru"), with_graphs=True), use_default_graph_as_union=True
    )

    assert isinstance(rows, ox.QuerySolutions)
    quads = {(row["graph"], row["subject"], row["property"], row["value"]) for row in rows}
    assert quads == {(iri("graph"), *triple) for triple in described(store, "peru")}


@pytest.mark.parametrize(
    ("query", "things"),
    [
        ("DESCRIBE :peru", ["peru"]),
        ("DESCRIBE <peru>", ["peru"]),
        ("DESCRIBE :peru :lima", ["peru", "lima"]),
        ("DESCRIBE ?x { ?x :river ?y }", ["lima"]),
        ("DESCRIBE ?x WHERE { ?x :river ?y } ORDER BY ?y LIMIT 1", ["lima"]),
        ("DESCRIBE * { ?x :river ?y }", ["lima", "rimac"]),
        ("DESCRIBE :peru ?x # found\n { ?x :river ?y }", ["peru", "lima"]),
        ("DESCRIBE :peru ?x { ?x :river :nothing }", ["peru"]),
        ("DESCRIBE ?x VALUES ?x { :lima }", ["lima"]),
        ("DESCRIBE :lima LIMIT 1", ["lima"]),
        ("describe<lima>", ["lima"]),
        ("DESCRIBE ?label { :peru rdfs:label ?label }", []),
        ("DESCRIBE ?x", []),
        (r"DESCRIBE \u003Alima", ["lima"]),
    ],
)
def test_describe_describes_what_it_names_and_finds(query: str, things: list[str]) -> None:
    """The union of the descriptions, each triple once; literals have none."""
    store = stored(GRAPH)

    found = answer(store, query)

    assert found == set().union(*(described(store, name) for name in things))


@pytest.mark.parametrize(
    ("query", "default_graphs"),
    [
        ("DESCRIBE :peru FROM :two", ()),
        ("DESCRIBE ?x FROM :two WHERE { ?x :note ?y }", ()),
        ("DESCRIBE ?x FROM :two FROM NAMED :graph WHERE { GRAPH :graph { ?x :capital ?y } }", ()),
        ("DESCRIBE :peru FROM :graph", (f"{BASE}two",)),
    ],
)
def test_describe_keeps_to_the_dataset(query: str, default_graphs: tuple[str, ...]) -> None:
    """Only the default graph that FROM or the request names is described."""
    store = stored(GRAPH)
    store.load(PREFIXES + ':peru :note "x" .', format=ox.RdfFormat.TURTLE, to_graph=iri("two"))

    found = answer(store, query, default_graphs)

    assert found == {ox.Triple(iri("peru"), iri("note"), ox.Literal("x"))}


@pytest.mark.parametrize(
    "query", ["DESCRIBEx:a", "PREFIX DESCRIBEx: <urn:x:> SELECT (DESCRIBEx:a AS ?x) {}"]
)
def test_words_that_run_together_are_told(query: str) -> None:
    """Only a word of its own is taken for DESCRIBE."""
    with pytest.raises(QuerySyntaxError, match="a word of its own"):
        take_apart(query)


def test_describing_what_group_by_leaves_out_is_told() -> None:
    """SELECT refuses what DESCRIBE lets pass, and the caller can mend it."""
    with pytest.raises(QuerySyntaxError, match="GROUP BY"):
        answer(stored(GRAPH), "DESCRIBE ?x { ?x :river ?y } GROUP BY ?y")


def test_names_are_those_that_the_query_asks_for() -> None:
    """The list for programs and the query's own agree."""
    query = description_query(iri("x"))

    for name in NAMES:
        prefix = next(
            line.split()[1]
            for line in query.splitlines()
            if line.startswith("PREFIX") and name.value.startswith(line.split("<")[1][:-1])
        )
        local = name.value.rpartition("/")[2].rpartition("#")[2]
        assert f"{prefix}{local}" in query
