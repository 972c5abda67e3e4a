"""The ontology and its code lists: what each term says of itself, and that each is in use."""

from __future__ import annotations

import re
from collections import Counter
from functools import cache
from typing import TYPE_CHECKING, TypeAlias

import pyoxigraph as ox
import pytest

from stancegraph.terms import OWL, RDF, RDFS, SG, SH, SKOS
from tests.facts import ROOT, read, read_all

if TYPE_CHECKING:
    from pathlib import Path

Term: TypeAlias = ox.NamedNode | ox.BlankNode | ox.Literal | ox.Triple

HOME = ox.NamedNode("https://w3id.org/stancegraph/ontology")
SCHEMES = sorted((ROOT / "ontology" / "schemes").glob("*.ttl"))
TEXTS = sorted([*(ROOT / "ontology" / "rules").glob("*.rq"), *(ROOT / "queries").rglob("*.rq")])

# In SPARQL text: sg:actor, or the whole IRI.
SG_NAME = re.compile(rf"(?<![\w:-])sg:(\w+)|<{re.escape(SG.iri)}(\w+)>")
UNUSED = "Not used yet:"


def ontology() -> tuple[ox.Triple, ...]:
    """The triples of the ontology without its code lists."""
    return read(ROOT / "ontology" / "stancegraph.ttl")


@cache
def index(triples: tuple[ox.Triple, ...]) -> dict[tuple[Term, Term], list[Term]]:
    """The objects in *triples* by subject and predicate."""
    found: dict[tuple[Term, Term], list[Term]] = {}
    for triple in triples:
        found.setdefault((triple.subject, triple.predicate), []).append(triple.object)
    return found


def values(triples: tuple[ox.Triple, ...], subject: Term, predicate: ox.NamedNode) -> list[Term]:
    """What *triples* say of *subject* by *predicate*."""
    return index(triples).get((subject, predicate), [])


def terms() -> list[Term]:
    """The terms that the ontology declares, in its order."""
    return list(dict.fromkeys(t.subject for t in ontology() if t.subject in SG))


def named_in_texts() -> set[Term]:
    """The terms that rules and saved queries name, comments aside."""
    found: set[Term] = set()
    for path in TEXTS:
        lines = path.read_text("utf-8").splitlines()
        body = "\n".join(line for line in lines if not line.lstrip().startswith("#"))
        found |= {SG[short or whole] for short, whole in SG_NAME.findall(body)}
    return found


def named_in(triples: list[ox.Triple]) -> set[Term]:
    """The terms of the ontology that stand in *triples*, in text of SPARQL constraints too."""
    found: set[Term] = set()
    for triple in triples:
        found |= {term for term in (triple.predicate, triple.object) if term in SG}
        if triple.predicate == SH.select and isinstance(triple.object, ox.Literal):
            found |= {SG[short or whole] for short, whole in SG_NAME.findall(triple.object.value)}
    return found


def wider_than(narrow: set[Term]) -> set[Term]:
    """The classes that those in *narrow* specialise, over any number of steps."""
    found = set(narrow)
    while True:
        above = {
            t.object
            for t in ontology()
            if t.predicate == RDFS.subClassOf and t.subject in found and t.object in SG
        }
        if above <= found:
            return found
        found |= above


@cache
def in_use() -> frozenset[Term]:
    """Terms that data, rules or queries use; wider classes; what the ontology says of dates."""
    of_facts = named_in(read_all("data")) | named_in_texts()
    said = read_all("ontology")
    of_terms = {term for t in said if t.predicate in SG for term in (t.predicate, t.object)}
    return frozenset(wider_than(of_facts | of_terms))


def notes(term: Term) -> list[str]:
    """The editorial notes of *term* that say why it is not used."""
    found = values(ontology(), term, SKOS.editorialNote)
    texts = [note.value for note in found if isinstance(note, ox.Literal)]
    return [text for text in texts if text.startswith(UNUSED)]


def test_every_term_that_is_named_is_declared() -> None:
    """Data, shapes, rules and queries name no term that the ontology lacks."""
    named = named_in(read_all("data")) | named_in(read_all("shapes")) | named_in_texts()

    assert sorted(str(term) for term in named - set(terms())) == []


def test_every_term_is_used_or_says_why_not() -> None:
    """A term that data, rules and queries do without carries a note; shapes name them all."""
    unused = [term for term in terms() if term not in in_use()]

    assert [str(term) for term in unused if not notes(term)] == []


def test_no_term_in_use_says_that_it_is_not() -> None:
    """A note that a term is not used yet goes when it is."""
    assert [str(term) for term in terms() if notes(term) and term in in_use()] == []


@pytest.mark.parametrize("predicate", [RDFS.label, SKOS.definition], ids=["label", "definition"])
def test_every_term_has_one_english_text(predicate: ox.NamedNode) -> None:
    """Label and definition: exactly one each, in English."""
    wrong = []
    for term in terms():
        found = values(ontology(), term, predicate)
        if [each.language for each in found if isinstance(each, ox.Literal)] != ["en"]:
            wrong.append(str(term))

    assert wrong == []


def test_every_term_in_use_has_an_example() -> None:
    """Something of this graph, which tells a reader sooner than the definition."""
    without = [term for term in terms() if not values(ontology(), term, SKOS.example)]

    assert [str(term) for term in without if not notes(term)] == []


def test_no_two_terms_of_a_kind_share_a_label() -> None:
    """Two classes, or two properties, are told apart by their labels."""
    kinds = (OWL.Class, OWL.ObjectProperty, OWL.DatatypeProperty, OWL.AnnotationProperty)
    labels = Counter(
        (kind, label)
        for term in terms()
        for kind in values(ontology(), term, RDF.type)
        if kind in kinds
        for label in values(ontology(), term, RDFS.label)
    )

    assert [label for label, count in labels.items() if count > 1] == []


def test_every_term_names_its_home() -> None:
    """Each term is defined by the ontology, which is an IRI that can be fetched."""
    assert [
        str(term) for term in terms() if values(ontology(), term, RDFS.isDefinedBy) != [HOME]
    ] == []


def test_a_definition_is_a_sentence() -> None:
    """It ends in a full stop and says more than the label."""
    definitions = [t.object for t in ontology() if t.predicate == SKOS.definition]

    assert [
        str(text)
        for text in definitions
        if not isinstance(text, ox.Literal) or not re.fullmatch(r"[A-Z].{7,}[.?]", text.value)
    ] == []


@pytest.mark.parametrize("path", SCHEMES, ids=lambda path: path.stem)
def test_every_code_says_what_it_is(path: Path) -> None:
    """Each has one name, one definition, and the end of its IRI as notation; one scheme a file."""
    triples = read(path)
    (scheme,) = (t.subject for t in triples if t.object == SKOS.ConceptScheme)
    codes = [t.subject for t in triples if t.object == SKOS.Concept]

    assert isinstance(scheme, ox.NamedNode)
    assert scheme.value == f"https://w3id.org/stancegraph/id/code/{path.stem}"
    assert codes
    for code in [scheme, *codes]:
        assert len(values(triples, code, SKOS.prefLabel)) == 1, code
        assert len(values(triples, code, SKOS.definition)) == 1, code
    for code in codes:
        assert isinstance(code, ox.NamedNode)
        key = code.value.removeprefix(f"{scheme.value}/")
        assert values(triples, code, SKOS.notation) == [ox.Literal(key)]
        assert values(triples, code, SKOS.inScheme) == [scheme]


def test_a_broader_code_is_of_the_same_scheme() -> None:
    """skos:broader stays within a code list."""
    triples = tuple(read_all("ontology/schemes"))

    for triple in triples:
        if triple.predicate == SKOS.broader:
            own = values(triples, triple.subject, SKOS.inScheme)
            assert values(triples, triple.object, SKOS.inScheme) == own, triple.subject
