"""The fast engine against pySHACL, result by result, on all shape cases and the shipped data."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import pyoxigraph as ox
import pytest

from stancegraph.build.lines import Graphs
from stancegraph.build.shacl import fast, reference, routing
from stancegraph.build.shacl.shapes import Shapes

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

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
