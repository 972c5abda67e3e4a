"""The fast engine against pySHACL, result by result.

On all shape cases, on the shipped data, and on a sample of a generated graph too large for pySHACL.
"""

from __future__ import annotations

from collections import defaultdict
from functools import cache
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

import pyoxigraph as ox
import pytest

from stancegraph.build.lines import Graphs
from stancegraph.build.shacl import fast, reference, routing
from stancegraph.build.shacl.paths import as_term
from stancegraph.build.shacl.shapes import TARGETS, Shapes
from stancegraph.generate import generate, size_for
from stancegraph.terms import RDF, RDFS, SH

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from stancegraph.build.shacl.paths import Node, Term
    from stancegraph.build.shacl.report import Result

ROOT = Path(__file__).parents[2]
RANGES = {
    ox.NamedNode(f"http://www.w3.org/ns/shacl#{name}clusiveConstraintComponent")
    for name in ("MaxEx", "MaxIn", "MinEx", "MinIn")
}
NUMBERS = {
    ox.NamedNode(f"http://www.w3.org/2001/XMLSchema#{name}")
    for name in ("integer", "decimal", "double", "float")
}
CASES = sorted((ROOT / "tests" / "shapes").glob("*.ttl"))


@cache
def read(*files: Path) -> list[ox.Triple]:
    """The triples of Turtle files, each once."""
    quads = (quad for path in files for quad in ox.parse(path=path, format=ox.RdfFormat.TURTLE))
    return list(dict.fromkeys(quad.triple for quad in quads))


def files(folder: str) -> list[Path]:
    return sorted((ROOT / folder).rglob("*.ttl"))


@cache
def shapes() -> Shapes:
    return Shapes(read(*files("shapes")))


@cache
def routes() -> routing.Routes:
    return routing.routes(shapes())


def both(data: Sequence[ox.Triple]) -> tuple[list[Result], list[Result]]:
    """What the fast engine and pySHACL find in *data*."""
    roots = [*routes().trusted, *routes().left]
    graphs = Graphs.of(data)
    reports = fast.validate(graphs, shapes(), routes()), reference.validate(graphs, shapes(), roots)
    assert not any(report.failures for report in reports)
    return list(reports[0].results), list(reports[1].results)


def comparable(results: Iterable[Result]) -> list[Result]:
    """*results* without those on values that their bound cannot be compared with.

    SHACL (4.3) wants a result for these; pySHACL takes some of them, a date for less than 180.
    """
    return [
        result
        for result in results
        if result.component not in RANGES
        or (isinstance(result.value, ox.Literal) and result.value.datatype in NUMBERS)
    ]


def with_words(case: Iterable[ox.Triple]) -> list[ox.Triple]:
    """*case* with what it leads to in the ontology: codes, schemes, classes above its own.

    The rest of the ontology would be validated anew with each case.
    """
    about: dict[object, list[ox.Triple]] = {}
    for triple in read(*files("ontology")):
        about.setdefault(triple.subject, []).append(triple)
    found = dict.fromkeys(case)
    queue = list(found)
    for triple in queue:
        fresh = [each for each in about.get(triple.object, ()) if each not in found]
        found.update(dict.fromkeys(fresh))
        queue += fresh
    return list(found)


def damaged(data: Sequence[ox.Triple]) -> list[ox.Triple]:
    """*data* with every 40th triple missing and every 60th with the value of another.

    The same data give the same damage: they are taken in the order of their text.
    """
    triples = sorted(data, key=str)
    for at in range(0, len(triples), 60):
        triple, other = triples[at], triples[(at * 7 + 13) % len(triples)]
        triples[at] = ox.Triple(triple.subject, triple.predicate, other.object)
    return list(dict.fromkeys(each for at, each in enumerate(triples) if at % 40 != 1))


def shipped() -> list[ox.Triple]:
    return read(ROOT / "dataset.ttl", *files("ontology"), *files("data"))


def some_of_the_shipped() -> list[ox.Triple]:
    """The ontology, and of each folder of data every 20th file, the first among them."""
    by_folder: dict[Path, list[Path]] = {}
    for path in files("data"):
        by_folder.setdefault(path.parent, []).append(path)
    chosen = [path for paths in by_folder.values() for path in paths[::20]]
    return read(ROOT / "dataset.ttl", *files("ontology"), *chosen)


def test_the_fast_engine_is_trusted_with_all_shapes_that_ship() -> None:
    """No shape is left to pySHACL, which would make every build slow."""
    assert routes().left == {}


@pytest.mark.parametrize("case", CASES, ids=lambda path: path.stem)
def test_engines_agree_on_a_shape_case(case: Path) -> None:
    """Focus, path, value, shape, severity and message of each result are the same."""
    found, reference_found = both(with_words(read(case)))

    assert found == reference_found
    assert bool(found) == case.name.startswith("invalid.")


def test_engines_agree_on_some_of_the_shipped_data_when_damaged() -> None:
    """Data that conform show little; with triples lost and mixed up, many shapes are broken."""
    found, reference_found = both(damaged(some_of_the_shipped()))

    assert comparable(found) == comparable(reference_found)
    assert len({result.source_shape for result in found}) > 50


@pytest.mark.whole
def test_engines_agree_on_the_shipped_data() -> None:
    """All data, with all shapes: nothing is sampled. It takes pySHACL minutes."""
    found, reference_found = both(shipped())

    assert found == reference_found


@pytest.mark.whole
def test_engines_agree_on_the_shipped_data_when_damaged() -> None:
    """The same, with all of it damaged."""
    found, reference_found = both(damaged(shipped()))

    assert comparable(found) == comparable(reference_found)
    assert len({result.source_shape for result in found}) > 50


# How many focus nodes are drawn of each shape, of each class, and so on.
DRAWN = 10
# How many a release of the large graph would have; about half of them are stated.
TRIPLES = 1_000_000


def focus_nodes(store: ox.Store) -> dict[Node, set[Term]]:
    """What each shape with a target looks at (SHACL 2.1.3)."""
    forms = {
        SH.targetClass: f"?focus {RDF.type}/{RDFS.subClassOf}* %s",
        SH.targetSubjectsOf: "?focus %s ?any",
    }
    found: dict[Node, set[Term]] = {}
    for root in shapes().roots:
        stated = [(by, of) for by in TARGETS for of in shapes().objects(root, by)]
        patterns = " UNION ".join(f"{{ {forms[by] % of} }}" for by, of in stated)
        rows = store.query(f"SELECT DISTINCT ?focus {{ {patterns} }}")
        assert isinstance(rows, ox.QuerySolutions)
        found[root] = {as_term(row["focus"]) for row in rows}
    return found


def looking_at(focus: Mapping[Node, Iterable[Term]]) -> Shapes:
    """The shipped shapes, each with the nodes of *focus* for its target instead of its own."""
    kept = (triple for triple in shapes().triples if triple.predicate not in TARGETS)
    named = (ox.Triple(root, SH.targetNode, node) for root in focus for node in focus[root])
    return Shapes([*kept, *named])


def drawn(members: Iterable[tuple[str, Term]]) -> set[Term]:
    """Some nodes of each group; *members* has the group and the node."""
    groups: defaultdict[str, set[Term]] = defaultdict(set)
    for group, node in members:
        groups[group].add(node)
    found: set[Term] = set()
    for group, nodes in groups.items():
        random = Random(group)  # noqa: S311 - not for secrets
        found.update(random.sample(sorted(nodes, key=str), min(DRAWN, len(nodes))))
    return found


@pytest.mark.whole
def test_engines_agree_on_a_sample_of_a_large_graph_when_damaged(tmp_path: Path) -> None:
    """What the fast engine finds in all of it is what pySHACL finds, where pySHACL looks.

    That is at some of the focus nodes of each shape, of each class, of what lost or got a value
    of each property, and of each constraint that is broken somewhere. pySHACL too has all of the
    graph before it, since a node may break a shape by what is said elsewhere.
    """
    generate(tmp_path / "graph", size_for(TRIPLES, states=60, years=40, seed=7))
    whole = read(*files("ontology"), *sorted((tmp_path / "graph").rglob("*.ttl")))
    given = damaged(whole)
    data = Graphs.of(given)

    everywhere = fast.validate(data, shapes(), routes()).results

    focus = focus_nodes(data.store())
    chosen = drawn(
        [
            *((str(root), node) for root, nodes in focus.items() for node in nodes),
            *(
                (str(each.object), as_term(each.subject))
                for each in given
                if each.predicate == RDF.type
            ),
            *((str(each.predicate), as_term(each.subject)) for each in {*whole} ^ {*given}),
            *((f"{each.source_shape} {each.component}", each.focus) for each in everywhere),
        ]
    )
    sample = looking_at({root: chosen.intersection(nodes) for root, nodes in focus.items()})

    found = [each for each in everywhere if each.focus in chosen]
    reference_found = reference.validate(data, sample, sample.roots).results

    assert comparable(found) == comparable(reference_found)
    assert len({result.source_shape for result in comparable(found)}) > 50
    assert chosen > {result.focus for result in found}
