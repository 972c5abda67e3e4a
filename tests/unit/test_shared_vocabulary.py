"""Another graph on the same program: what it shares with the shipped one, and what is its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyoxigraph as ox
import pytest

from stancegraph.build import build, check
from stancegraph.folder import GraphFolder, shipped
from stancegraph.problems import Severity
from stancegraph.queryfile import read_rules

if TYPE_CHECKING:
    from pathlib import Path

BASE = "https://example.org/moon/"
DATASET = f"""\
PREFIX dcat: <http://www.w3.org/ns/dcat#>
PREFIX dcterms: <http://purl.org/dc/terms/>
PREFIX foaf: <http://xmlns.com/foaf/0.1/>
PREFIX void: <http://rdfs.org/ns/void#>

<{BASE}>
    a dcat:Dataset , void:Dataset ;
    dcterms:conformsTo <https://w3id.org/stancegraph/ontology> ;
    dcterms:description "Who signed what about the Moon."@en ;
    dcterms:language "en" ;
    dcterms:license <https://creativecommons.org/publicdomain/zero/1.0/> ;
    dcterms:publisher <{BASE}id/agent/tests> ;
    dcterms:title "Moon"@en ;
    void:uriSpace "{BASE}" ;
.

<{BASE}id/agent/tests>
    a foaf:Agent ;
    foaf:name "Tests" ;
.
"""
DATA = f"""\
BASE <{BASE}id/>
PREFIX action-kind: <https://w3id.org/stancegraph/id/code/action-kind/>
PREFIX attestation: <https://w3id.org/stancegraph/id/code/attestation/>
PREFIX confidence: <https://w3id.org/stancegraph/id/code/confidence/>
PREFIX dc: <http://purl.org/dc/elements/1.1/>
PREFIX dcterms: <http://purl.org/dc/terms/>
PREFIX international-status: <https://w3id.org/stancegraph/id/code/international-status/>
PREFIX rank: <https://w3id.org/stancegraph/id/code/rank/>
PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
PREFIX sg: <https://w3id.org/stancegraph/ontology#>
PREFIX xsd: <http://www.w3.org/2001/XMLSchema#>

<state/CHL>
    a sg:State ;
    dcterms:source <source/list> ;
    rdfs:label "Chile"@en ;
    sg:internationalStatus international-status:un-member ;
    sg:iso3 "CHL" ;
.

<treaty/moon>
    a sg:Treaty ;
    dcterms:source <source/list> ;
    dcterms:title "A treaty of the Moon"@en ;
    rdfs:label "Moon treaty"@en ;
    sg:adopted "1979"^^xsd:gYear ;
.

<source/list>
    a sg:Source ;
    dc:publisher "Tests" ;
    dcterms:title "A list"@en ;
    sg:retrieved "2026-11-21"^^xsd:date ;
.

<action/moon/CHL/signature>
    a sg:TreatyAction ;
    sg:actionKind action-kind:signature ;
    sg:actor <state/CHL> ;
    sg:codedBy <agent/tests> ;
    sg:codedOn "2026-11-22"^^xsd:date ;
    sg:confidence confidence:high ;
    sg:date "1980"^^xsd:gYear ;
    sg:evidence <evidence/list/CHL> ;
    sg:rank rank:normal ;
    sg:treaty <treaty/moon> ;
.

<evidence/list/CHL>
    a sg:Evidence ;
    sg:attestation attestation:primary ;
    sg:locator "row Chile" ;
    sg:source <source/list> ;
.
"""
SHARED = "https://w3id.org/stancegraph/graph/"


@pytest.fixture
def moon(tmp_path: Path) -> GraphFolder:
    """A graph of one signature, which shares the words, codes, rules and shapes."""
    root = tmp_path / "moon"
    (root / "data").mkdir(parents=True)
    (root / "dataset.ttl").write_text(DATASET, "utf-8")
    (root / "data" / "moon.ttl").write_text(DATA, "utf-8")
    return GraphFolder.at(root)


def messages(folder: GraphFolder) -> list[str]:
    """What is wrong with *folder*, warnings aside, as people read it."""
    return [
        f"{problem.path}:{problem.line}: {problem.message}"
        for problem in check(folder).problems
        if problem.severity is Severity.VIOLATION
    ]


def rewrite(folder: GraphFolder, name: str, old: str, new: str) -> None:
    """Exchange *old*, which must be there, for *new* in the file *name*."""
    path = folder.root / name
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new), "utf-8")


def test_a_graph_without_an_ontology_shares_the_shipped_one(moon: GraphFolder) -> None:
    """By dcterms:conformsTo; nothing is missing and nothing is wrong."""
    found = messages(moon)

    assert moon.vocabulary == shipped()
    assert found == []


def test_shared_files_keep_their_names_and_data_gets_its_own(
    moon: GraphFolder, tmp_path: Path
) -> None:
    """Named graphs of the shared ontology/ and shapes/ are those of the shipped release."""
    release = build(moon, tmp_path / "releases")

    quads = ox.parse(path=release.quads_file, format=ox.RdfFormat.N_QUADS)
    names = {quad.graph_name.value for quad in quads if isinstance(quad.graph_name, ox.NamedNode)}
    assert f"{SHARED}ontology/stancegraph" in names
    assert f"{SHARED}shapes/TreatyAction" in names
    assert f"{BASE}graph/data/moon" in names
    assert f"{BASE}graph/derived/treaty-status" in names
    assert not any(name.startswith(f"{SHARED}data") for name in names)


def test_shared_rules_conclude_things_of_the_graph(moon: GraphFolder, tmp_path: Path) -> None:
    """A spell gets an IRI under the graph's own base; its rule keeps the shared name."""
    release = build(moon, tmp_path / "releases")

    store = ox.Store()
    store.bulk_load(path=release.quads_file, format=ox.RdfFormat.N_QUADS)
    spell = ox.NamedNode(f"{BASE}id/spell/moon/CHL/signatory")
    assert any(store.quads_for_pattern(spell, None, None, None))
    plan = ox.NamedNode("https://w3id.org/stancegraph/ontology/rules/treaty-status")
    assert any(store.quads_for_pattern(plan, None, None, None))
    assert (release.path / "ontology" / "rules" / "treaty-status.rq").is_file()


def test_own_words_and_shapes_come_on_top(moon: GraphFolder) -> None:
    """A property of its own is allowed once a shape of its own adds it to a shared class."""
    (moon.root / "ontology").mkdir()
    (moon.root / "ontology" / "moon.ttl").write_text(
        f"""\
PREFIX moon: <{BASE}ontology#>
PREFIX owl: <http://www.w3.org/2002/07/owl#>
PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
PREFIX skos: <http://www.w3.org/2004/02/skos/core#>
moon:landings a owl:DatatypeProperty ;
    rdfs:isDefinedBy <{BASE}ontology> ;
    rdfs:label "landings"@en ;
    skos:definition "How often a state has put something down on the Moon."@en .
""",
        "utf-8",
    )
    rewrite(moon, "data/moon.ttl", 'sg:iso3 "CHL"', f'<{BASE}ontology#landings> 0 ; sg:iso3 "CHL"')
    without = messages(moon)
    (moon.root / "shapes").mkdir()
    (moon.root / "shapes" / "State.ttl").write_text(
        f"""\
PREFIX moon: <{BASE}ontology#>
PREFIX moon-shape: <{BASE}shapes#>
PREFIX sh: <http://www.w3.org/ns/shacl#>
PREFIX shape: <https://w3id.org/stancegraph/shapes#>
PREFIX xsd: <http://www.w3.org/2001/XMLSchema#>
shape:CountryOrArea sh:property moon-shape:State-landings .
moon-shape:State-landings a sh:PropertyShape ;
    sh:path moon:landings ; sh:datatype xsd:integer ;
    sh:severity sh:Violation ; sh:message "Landings are counted."@en .
""",
        "utf-8",
    )

    found = messages(moon)

    assert [message.split(": ")[1][:50] for message in without] == [
        "A country or area has only the properties that sha"
    ]
    assert found == []


def test_a_list_of_codes_gets_a_sister(moon: GraphFolder) -> None:
    """Where a shared list lacks a code, one under the graph's own base does as well."""
    (moon.root / "ontology").mkdir()
    (moon.root / "ontology" / "action-kind.ttl").write_text(
        f"""\
BASE <{BASE}id/>
PREFIX skos: <http://www.w3.org/2004/02/skos/core#>
<code/action-kind> a skos:ConceptScheme ;
    skos:definition "What states do towards treaties of the Moon, besides the shared list."@en ;
    skos:prefLabel "More kinds of treaty action"@en .
<code/action-kind/landing> a skos:Concept ;
    skos:definition "The actor binds itself by landing."@en ;
    skos:inScheme <code/action-kind> ;
    skos:notation "landing" ;
    skos:prefLabel "landing"@en .
""",
        "utf-8",
    )
    rewrite(moon, "data/moon.ttl", "action-kind:signature", "<code/action-kind/landing>")
    rewrite(moon, "data/moon.ttl", "<action/moon/CHL/signature>", "<action/moon/CHL/landing>")

    found = messages(moon)

    assert found == []


def test_a_thing_under_another_base_is_told_once_a_file(moon: GraphFolder) -> None:
    """The commonest slip in a copied file is its BASE."""
    rewrite(moon, "data/moon.ttl", BASE, "https://w3id.org/stancegraph/")

    found = messages(moon)

    assert found == [
        (
            "data/moon.ttl:13: <https://w3id.org/stancegraph/id/state/CHL> is no thing "
            "of this graph (as 4 more here): by void:uriSpace in dataset.ttl, its IRI begins with "
            f"{BASE}id/; look at BASE"
        )
    ]


def test_a_wrong_shared_code_is_told_with_the_one_meant(moon: GraphFolder) -> None:
    """Codes of the shared lists are looked up like things of the graph itself."""
    rewrite(moon, "data/moon.ttl", "action-kind:signature", "action-kind:signatur")

    found = messages(moon)

    assert found == [
        (
            "data/moon.ttl:38: nothing describes <code/action-kind/signatur>; "
            "did you mean <code/action-kind/signature>?"
        )
    ]


def test_a_rule_may_not_take_the_name_of_a_shared_one(moon: GraphFolder) -> None:
    """Both would write one derived graph."""
    rules = moon.root / "ontology" / "rules"
    rules.mkdir(parents=True)
    dates = shipped().root / "ontology" / "rules" / "dates.rq"
    (rules / "dates.rq").write_text(dates.read_text("utf-8"), "utf-8")

    _, problems = read_rules(moon)

    assert [(problem.path, problem.line) for problem in problems] == [
        ("ontology/rules/dates.rq", 1)
    ]


def test_a_folder_that_conforms_to_nothing_stands_alone(small: GraphFolder) -> None:
    """Its own ontology/ and shapes/ are all that holds."""
    assert small.vocabulary is None
    assert small.homes == (small,)
