"""The shapes, by cases: small graphs in tests/shapes/ that announce what validation must say.

Lines ``# expect: <Violation|Warning|Info> <local name of the shape>`` at the head of a case
name its results, one line each; a case called ``valid.…`` has none.
"""

from __future__ import annotations

import re
from collections import Counter
from functools import cache
from typing import TYPE_CHECKING, TypeAlias

import pyoxigraph as ox
import pytest

from stancegraph.build.lines import Graphs
from stancegraph.build.shacl import fast, routing
from stancegraph.build.shacl.shapes import Shapes
from stancegraph.terms import NAMESPACES, RDF, RDFS, SG, SH, SHAPE, SKOS, XSD
from tests.facts import ROOT, read, read_all

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

Term: TypeAlias = ox.NamedNode | ox.BlankNode | ox.Literal | ox.Triple

CASES = sorted((ROOT / "tests" / "shapes").glob("*.ttl"))
VALID = [case for case in CASES if case.name.startswith("valid.")]
INVALID = [case for case in CASES if case.name.startswith("invalid.")]

TARGETS = (SH.targetClass, SH.targetSubjectsOf)
# What a node shape can find wrong by itself, apart from what its property shapes find.
CONSTRAINTS = (SH.closed, SH.pattern, SH["or"], SH["not"], SH["class"], SH.sparql)
SG_TERM = re.compile(r"\bsg:(\w+)")
RULE_AND_REMEDY = re.compile(r"[A-Z].+\w: .+\.")


@cache
def shapes() -> Shapes:
    """All shapes."""
    return Shapes(read_all("shapes"))


@cache
def routes() -> routing.Routes:
    """Which engine each shape is evaluated by."""
    return routing.routes(shapes())


def named(kind: ox.NamedNode) -> list[ox.NamedNode]:
    """The shapes of a kind that have an IRI, in the order of their names."""
    found = [node for node in shapes().subjects(RDF.type, kind) if isinstance(node, ox.NamedNode)]
    return sorted(found, key=lambda node: node.value)


def local(term: Term) -> str:
    """The part of a shape's IRI that a case knows it by; other terms as they are."""
    if isinstance(term, ox.NamedNode) and term in SHAPE:
        return term.value.removeprefix(SHAPE.iri)
    return str(term)


def announced(case: Path) -> Counter[tuple[str, str]]:
    """What a case says that validation finds: severity and shape, with how many of each."""
    lines = case.read_text("utf-8").splitlines()
    found = Counter[tuple[str, str]]()
    for line in lines:
        if line.startswith("# expect: "):
            severity, shape = line.removeprefix("# expect: ").split()
            found[severity, shape] += 1
    return found


BROKEN = frozenset(shape for case in INVALID for _, shape in announced(case))


def superclasses(triples: Iterable[ox.Triple]) -> dict[Term, set[Term]]:
    """Each class with itself and all that it specialises."""
    above: dict[Term, set[Term]] = {}
    stated = [(t.subject, t.object) for t in triples if t.predicate == RDFS.subClassOf]
    for narrow, _ in stated:
        reached: list[Term] = [narrow]
        for each in reached:
            reached += [wide for part, wide in stated if part == each and wide not in reached]
        above[narrow] = set(reached)
    return above


@cache
def used_in_valid_cases() -> frozenset[tuple[Term, Term]]:
    """Class and property of each triple in valid cases, for each class that its subject has."""
    above = superclasses(read_all("ontology"))
    found = set()
    for case in VALID:
        kinds: dict[Term, set[Term]] = {}
        for triple in read(case):
            if triple.predicate == RDF.type:
                wider = above.get(triple.object, {triple.object})
                kinds.setdefault(triple.subject, set()).update(wider)
        found |= {
            (kind, triple.predicate)
            for triple in read(case)
            for kind in kinds.get(triple.subject, ())
        }
    return frozenset(found)


@pytest.mark.parametrize("case", CASES, ids=lambda path: path.stem)
def test_case_gives_exactly_the_results_it_announces(case: Path) -> None:
    """A case's ``# expect:`` lines name every result, and each as often as it comes."""
    data = [*read_all("ontology"), *read(case)]

    report = fast.validate(Graphs.of(data), shapes(), routes())

    found = Counter(
        (result.severity.name.capitalize(), local(result.source_shape)) for result in report.results
    )
    assert not report.failures
    assert found == announced(case), [
        f"{local(result.source_shape)}: {result.focus} {result.path} {result.value}"
        for result in report.results
    ]


def test_every_case_says_by_its_name_whether_it_is_valid() -> None:
    """Valid cases announce nothing, invalid ones at least one result."""
    assert set(CASES) == {*VALID, *INVALID}
    assert [case.name for case in VALID if announced(case)] == []
    assert [case.name for case in INVALID if not announced(case)] == []


def test_every_shape_can_be_evaluated() -> None:
    """No shape has a mistake that keeps the engines from evaluating it."""
    assert routes().failures == []


def test_a_case_breaks_each_property_shape() -> None:
    """Each property shape has an invalid case that announces a result of it."""
    assert [local(shape) for shape in named(SH.PropertyShape) if local(shape) not in BROKEN] == []


def test_a_case_conforms_to_each_property_shape() -> None:
    """Each has a valid case with a value for its property, on a thing of a class it is for."""
    unmet = []
    for shape in named(SH.PropertyShape):
        holders = [node for node in shapes().roots if shape in shapes().direct(node)]
        classes = {term for node in holders for term in shapes().objects(node, SH.targetClass)}
        paths = [path for path in shapes().objects(shape, SH.path) if path in properties()]
        # One that targets by property, or whose path is longer, is met where that property is.
        met = any((kind, path) in used_in_valid_cases() for kind in classes for path in paths)
        if classes and paths and not met:
            unmet.append(local(shape))

    assert unmet == []


@cache
def properties() -> frozenset[Term]:
    """The properties that shapes name as the whole of their path."""
    return frozenset(
        path
        for shape in named(SH.PropertyShape)
        for path in shapes().objects(shape, SH.path)
        if isinstance(path, ox.NamedNode)
    )


def targeted() -> list[ox.NamedNode]:
    """The node shapes that have a target."""
    return [
        shape
        for shape in named(SH.NodeShape)
        if any(shapes().objects(shape, target) for target in TARGETS)
    ]


def has_constraints(shape: ox.NamedNode) -> bool:
    """Whether a node shape can give a result of its own."""
    return any(shapes().objects(shape, constraint) for constraint in CONSTRAINTS)


def test_a_valid_case_has_a_thing_for_each_target() -> None:
    """Each node shape with a target has a valid case with a thing of its class or property."""
    used = used_in_valid_cases()
    kinds, predicates = {kind for kind, _ in used}, {predicate for _, predicate in used}

    assert [
        local(shape)
        for shape in targeted()
        if kinds.isdisjoint(shapes().objects(shape, SH.targetClass))
        and predicates.isdisjoint(shapes().objects(shape, SH.targetSubjectsOf))
    ] == []


def test_a_case_breaks_each_node_shape_that_has_constraints() -> None:
    """Each that is closed, has a pattern and so on has an invalid case that announces it."""
    able = {local(shape) for shape in targeted() if has_constraints(shape)}
    unable = {local(shape) for shape in targeted()} - able

    assert sorted(able - BROKEN) == []
    assert sorted(unable & BROKEN) == []


def test_each_shape_says_how_grave_its_results_are_and_how_to_mend() -> None:
    """Whatever gives results has one severity and one English message: rule, colon, remedy."""
    speaking = [*named(SH.PropertyShape), *filter(has_constraints, targeted())]

    for shape in speaking:
        (severity,) = shapes().objects(shape, SH.severity)
        (message,) = shapes().objects(shape, SH.message)
        assert severity in (SH.Violation, SH.Warning, SH.Info), local(shape)
        assert isinstance(message, ox.Literal), local(shape)
        assert message.language == "en", local(shape)
        assert RULE_AND_REMEDY.fullmatch(message.value), message.value


def test_every_shape_without_target_is_named_by_another() -> None:
    """A shape is reached from one that has a target, but for shape:Claim, which is a list."""
    reached = {node for root in shapes().roots for node in shapes().reached(root)}
    everything = {*named(SH.PropertyShape), *named(SH.NodeShape)}

    assert {local(shape) for shape in everything - reached} == {"Claim"}


def test_every_claim_has_what_all_claims_share() -> None:
    """The closed shape of each class of claims names each property shape of shape:Claim."""
    shared = set(shapes().objects(SHAPE.Claim, SH.property))
    claims = [
        kind
        for kind, above in superclasses(read_all("ontology")).items()
        if isinstance(kind, ox.NamedNode) and kind != SG.Claim and SG.Claim in above
    ]

    for kind in claims:
        (shape,) = (
            node
            for node in shapes().subjects(SH.targetClass, kind)
            if shapes().objects(node, SH.closed)
        )
        assert shared <= set(shapes().objects(shape, SH.property)), kind


def test_whatever_has_a_property_is_asked_for_its_class() -> None:
    """shape:Thing targets the subjects of every property that shapes name."""
    asked = set(shapes().objects(SHAPE.Thing, SH.targetSubjectsOf))

    assert asked == {path for path in properties() if path != RDF.type}


def test_shapes_name_only_terms_that_are_declared() -> None:
    """Our terms stand in the ontology; others are of vocabularies that the graph uses."""
    ontology = read_all("ontology")
    declared = {triple.subject for triple in ontology}
    stated = [*ontology, *read_all("data"), *read(ROOT / "dataset.ttl")]
    in_use = {
        namespace.prefix
        for triple in stated
        for namespace in NAMESPACES
        if triple.predicate in namespace or triple.object in namespace
    }
    ours, others = set(), set()
    for triple in read_all("shapes"):
        for term in triple:
            if isinstance(term, ox.Literal):
                ours |= {SG[name] for name in SG_TERM.findall(term.value)}
            elif term in SG:
                ours.add(term)
            else:
                others |= {space.prefix for space in NAMESPACES if term in space}

    assert sorted(str(term) for term in ours - declared) == []
    assert others - in_use <= {SH.prefix, SHAPE.prefix, XSD.prefix}


def test_every_scheme_has_a_shape_for_its_codes() -> None:
    """Each code list of the ontology has a shape that says what stands in it, used by some."""
    things = "https://w3id.org/stancegraph/"
    schemes = {triple.object.value.removeprefix(things) for triple in read_all("ontology")
               if triple.predicate == SKOS.inScheme
               and isinstance(triple.object, ox.NamedNode)}  # fmt: skip
    patterns = {
        pattern.value.removeprefix("^https?://.+/").removesuffix("/")
        for shape in named(SH.NodeShape)
        if local(shape).endswith("Code") and not shapes().objects(shape, SH.closed)
        for pattern in shapes().objects(shape, SH.pattern)
        if isinstance(pattern, ox.Literal)
    }

    # Why a value is missing is told in tables made of the graph, and by no statement in it.
    assert patterns == schemes - {"id/code/missing"}
