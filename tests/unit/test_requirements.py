"""Shapes are told in sentences that are made of their constraints."""

from __future__ import annotations

import pyoxigraph as ox
import pytest

from stancegraph.facts import Facts
from stancegraph.requirements import cardinality, predicates, sentences
from stancegraph.terms import SG, short

PREFIXES = """
PREFIX sg: <https://w3id.org/stancegraph/ontology#>
PREFIX sh: <http://www.w3.org/ns/shacl#>
PREFIX xsd: <http://www.w3.org/2001/XMLSchema#>
"""
SHAPE = ox.NamedNode("urn:shape")


def told(text: str) -> str:
    return " ".join(sentences(facts(text), SHAPE, name))


def facts(text: str) -> Facts:
    triples = ox.parse(f"{PREFIXES}<urn:shape> {text} .", format=ox.RdfFormat.TURTLE)
    return Facts(ox.Quad(each.subject, each.predicate, each.object) for each in triples)


def name(term: ox.NamedNode | ox.BlankNode | ox.Literal) -> str:
    return short(term) if isinstance(term, ox.NamedNode) else term.value


@pytest.mark.parametrize(
    ("least", "most", "words"),
    [
        (0, None, "any number"),
        (0, 0, "none"),
        (0, 1, "at most one"),
        (1, 1, "exactly one"),
        (1, None, "at least one"),
        (2, 5, "from two to 5"),
    ],
)
def test_how_many(least: int, most: int | None, words: str) -> None:
    assert cardinality(least, most) == words


@pytest.mark.parametrize(
    ("shape", "sentence"),
    [
        (
            "sh:path sg:treaty ; sh:minCount 1 ; sh:maxCount 1 ; sh:class sg:Treaty",
            "There is exactly one. Each value is of the class “sg:Treaty”.",
        ),
        (
            "sh:path sg:date ; sh:or ( [ sh:datatype xsd:date ] [ sh:datatype xsd:gYear ] )",
            "Each value is a day or a year.",
        ),
        (
            "sh:path sg:rank ; sh:node [ sh:in ( 1 2 3 ) ]",
            "Each value is one of 1, 2 or 3.",
        ),
        (
            "sh:path sg:value ; sh:datatype xsd:decimal ; sh:minInclusive 0",
            "Each value is a number and at least 0.",
        ),
        (
            "sh:pattern '^urn:' ; sh:closed true",
            "It is written as ^urn:. It has no other properties.",
        ),
        ("sh:path sg:actor ; sh:sparql [ sh:select '' ]", "A query of the rule checks it."),
        ("sh:path sg:actor ; sh:message 'An actor.'@en", ""),
    ],
)
def test_sentences(shape: str, sentence: str) -> None:
    assert told(shape) == sentence


def test_a_part_that_cannot_be_told_is_left_out() -> None:
    """Half of an alternative would say something that the shape does not."""
    shape = "sh:path sg:actor ; sh:or ( [ sh:class sg:Actor ] [ sh:path sg:rank ; sh:minCount 1 ] )"

    assert told(shape) == ""


def test_an_alternative_path_is_of_each_property() -> None:
    shape = facts("sh:path [ sh:alternativePath ( sg:holder sg:coHolder ) ]")

    assert predicates(shape, SHAPE) == [SG.holder, SG.coHolder]
