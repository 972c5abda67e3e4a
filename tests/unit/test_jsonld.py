"""Our JSON-LD says what the statements say, in keys that read well."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

import pyoxigraph as ox
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from stancegraph.facts import Facts
from stancegraph.jsonld import Context, Writer
from stancegraph.terms import OWL, RDF, RDFS, SG, SH, XSD
from stancegraph.vocabulary import PROPERTY_KINDS, Use
from stancegraph.web.documents import json_text

if TYPE_CHECKING:
    from stancegraph.vocabulary import Vocabulary

EX = "https://example.org/"
PREFIXES = """\
PREFIX : <https://example.org/>
PREFIX dc: <http://purl.org/dc/elements/1.1/>
PREFIX dcterms: <http://purl.org/dc/terms/>
PREFIX owl: <http://www.w3.org/2002/07/owl#>
PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
PREFIX sg: <https://w3id.org/stancegraph/ontology#>
PREFIX sh: <http://www.w3.org/ns/shacl#>
PREFIX xsd: <http://www.w3.org/2001/XMLSchema#>
"""
WORDS = """
sg:Vote a owl:Class .
sg:actor a owl:ObjectProperty .
sg:date a owl:DatatypeProperty ; sg:earliestBound sg:earliest .
sg:earliest a owl:DatatypeProperty .
sg:yesCount a owl:DatatypeProperty .
sg:source a owl:ObjectProperty .
sg:type a owl:ObjectProperty .
:shape sh:path rdfs:label ; sh:languageIn ( "en" ) .
:publisher sh:path dc:publisher ; sh:datatype xsd:string .
:otherPublisher sh:path dcterms:publisher .
:source sh:path dcterms:source .
"""


def facts(turtle: str) -> Facts:
    return Facts(
        quad if isinstance(quad, ox.Quad) else ox.Quad(*quad)
        for quad in ox.parse(PREFIXES + turtle, format=ox.RdfFormat.TURTLE)
    )


def context(**used: Use) -> Context:
    """A context for `WORDS`; *used* are the properties of :sg: with how they are used."""
    words = facts(WORDS)
    kinds = {
        subject: set(words.types(subject)) & {OWL.Class, *PROPERTY_KINDS}
        for subject in words.subjects
    }
    vocabulary = SimpleNamespace(
        facts=words,
        of_kind=lambda *wanted: [node for node, found in kinds.items() if found & set(wanted)],
        rules_on={
            path: [shape] for shape in words.subjects for path in words.nodes(shape, SH.path)
        },
        properties_used={SG[name]: use for name, use in used.items()},
        classes_used={},
    )
    return Context(cast("Vocabulary", vocabulary))


def written(turtle: str, **used: Use) -> dict[str, object]:
    """The document about :thing, without its context."""
    document = Writer(facts(turtle), context(**used)).thing(ox.NamedNode(f"{EX}thing"))
    return {key: said for key, said in document.items() if key != "@context"}


@pytest.mark.parametrize(
    ("statement", "key", "said"),
    [
        ("a sg:Vote", "type", "Vote"),
        ("a sg:Vote , rdfs:Class", "type", ["rdfs:Class", "Vote"]),
        ('sg:date "2015-07-08"^^xsd:date', "date", "2015-07-08"),
        ('sg:date "2015"^^xsd:gYear', "date", {"type": "xsd:gYear", "@value": "2015"}),
        ('sg:earliest "2015-07-08"^^xsd:date', "earliest", "2015-07-08"),
        ("sg:yesCount 79", "yesCount", 79),
        ('sg:yesCount "079"^^xsd:integer', "yesCount", {"type": "xsd:integer", "@value": "079"}),
        ("sg:yesCount true", "yesCount", True),
        ("sg:yesCount 1.50", "yesCount", {"type": "xsd:decimal", "@value": "1.50"}),
        ('rdfs:label "Canada"@en', "label", "Canada"),
        ('rdfs:label "Kanada"@de', "label", {"@value": "Kanada", "@language": "de"}),
        ('rdfs:label "CA"', "label", {"@value": "CA"}),
        ('sg:yesCount "many"@en', "yesCount", {"@value": "many", "@language": "en"}),
        ("sg:actor :other", "actor", f"{EX}other"),
        ("sg:actor :a , :b", "actor", [f"{EX}a", f"{EX}b"]),
        ('sg:actor "nobody"', "actor", {"@value": "nobody"}),
        ("sg:yesCount :other", "yesCount", {"id": f"{EX}other"}),
        ('dc:publisher "ACME"', "dc:publisher", "ACME"),
        ("dcterms:source :x", "dcterms:source", {"id": f"{EX}x"}),
        ("sg:type :x", "sg:type", f"{EX}x"),
        ("sg:actor ()", "actor", {"@list": []}),
        ('sg:actor ( :x "x" 1 )', "actor",
         {"@list": [f"{EX}x", {"@value": "x"}, {"type": "xsd:integer", "@value": "1"}]}),
        (":unknown 1", "https://example.org/unknown", 1),
    ],
)  # fmt: skip
def test_a_statement_is_written_as_short_as_it_can_be(
    statement: str, key: str, said: object
) -> None:
    """Coerced where the context says so, in full where it does not fit."""
    found = written(f":thing {statement} .", earliest=Use(1, None, XSD.date))

    assert found == {"id": f"{EX}thing", key: said}


def test_things_are_nested_around_the_thing() -> None:
    """What points at it stands beside it, claims apart; what is known of a value, within."""
    found = written("""
        :thing rdfs:label "Canada"@en .
        :vote sg:actor :thing ; sg:evidence :place .
        :place sg:source :record .
        :record rdfs:label "Record"@en .
        :town :country :thing .
    """)

    country = {"id": f"{EX}thing", "label": "Canada"}
    record = {"id": f"{EX}record", "label": "Record"}
    assert found == {
        **country,
        "claims": [
            {
                "id": f"{EX}vote",
                "actor": country,
                "sg:evidence": {"id": f"{EX}place", "source": record},
            }
        ],
        "links": [{"id": f"{EX}town", f"{EX}country": country}],
    }


def test_a_circle_ends() -> None:
    """Things that lead to each other are not nested for ever."""
    document = written(":thing sg:actor :a . :a sg:actor :b . :b sg:actor :a .")

    assert json.dumps(document).count(f"{EX}b") == 1


def test_a_context_is_on_few_lines() -> None:
    """A word a line, so that the data is in sight."""
    text = json_text({"@context": context().whole(), "id": "x"})

    assert '    "date": {"@id": "sg:date", "@type": "xsd:date"},\n' in text
    assert json.loads(text)["id"] == "x"


iris = st.sampled_from([ox.NamedNode(f"{EX}{name}") for name in ("thing", "a", "b", "c")])
blanks = st.sampled_from([ox.BlankNode(name) for name in ("x", "y", "z")])
properties = st.sampled_from(
    [SG.actor, SG.date, SG.yesCount, SG.evidence, RDFS.label, RDF.first, RDF.rest, RDF.type,
     ox.NamedNode(f"{EX}p")]
)  # fmt: skip
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=5)
literals = st.one_of(
    texts.map(ox.Literal),
    st.tuples(texts, st.sampled_from(["en", "de"])).map(lambda t: ox.Literal(t[0], language=t[1])),
    st.sampled_from(
        [ox.Literal("2015", datatype=XSD.gYear), ox.Literal("2015-01-01", datatype=XSD.date),
         ox.Literal("1", datatype=XSD.integer), ox.Literal("01", datatype=XSD.integer),
         ox.Literal("true", datatype=XSD.boolean), ox.Literal("1", datatype=XSD.boolean),
         ox.Literal("1.0E0", datatype=XSD.double), ox.Literal("1", datatype=XSD.decimal),
         ox.Literal("99999999999999999999", datatype=XSD.integer)]
    ),
)  # fmt: skip
quads = st.builds(
    ox.Quad,
    st.one_of(iris, blanks),
    properties,
    st.one_of(iris, blanks, st.just(RDF.nil), literals),
)


LIST_OF_THE_THING = [
    ox.Quad(ox.NamedNode(f"{EX}thing"), SG.actor, ox.BlankNode("x")),
    ox.Quad(ox.BlankNode("x"), RDF.first, ox.NamedNode(f"{EX}thing")),
    ox.Quad(ox.BlankNode("x"), RDF.rest, RDF.nil),
]


@settings(max_examples=300, deadline=None)
@example(LIST_OF_THE_THING, True)
@given(st.lists(quads, max_size=12), st.booleans())
def test_nothing_is_lost_or_added(statements: list[ox.Quad], around_a_thing: bool) -> None:
    """Whatever is said, however it hangs together, another reads the same graph."""
    writer = Writer(Facts(statements), context())
    document = writer.thing(ox.NamedNode(f"{EX}thing")) if around_a_thing else writer.graph()

    read = ox.Dataset(ox.parse(json_text(document), format=ox.RdfFormat.JSON_LD))

    said = ox.Dataset(statements)
    for dataset in (read, said):
        dataset.canonicalize(ox.CanonicalizationAlgorithm.RDFC_1_0)
    assert set(read) == set(said)
