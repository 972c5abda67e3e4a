"""The file of a release's quads: canonical, sorted, and never in memory as a whole."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyoxigraph as ox
import pytest

from stancegraph.build import quads as quads_module
from stancegraph.build.lines import Lines
from stancegraph.build.quads import Quads
from stancegraph.build.reads import Reads
from stancegraph.terms import RDF

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

GRAPH, OTHER = ox.NamedNode("http://e/graph"), ox.NamedNode("http://e/other")


@pytest.fixture
def digest_of_turtle(tmp_path: Path) -> Callable[[str], str]:
    def digest(text: str) -> str:
        triples = [quad.triple for quad in ox.parse(text, format=ox.RdfFormat.TURTLE)]
        return Quads.write({GRAPH: Lines.of(triples)}, tmp_path / "quads.nq").digest()

    return digest


def test_digest_does_not_depend_on_labels_of_blank_nodes_or_on_order(
    digest_of_turtle: Callable[[str], str],
) -> None:
    """Renaming blank nodes and turning the statements around changes nothing."""
    first = "_:a <http://p> _:b . _:b <http://p> _:a . <http://s> <http://q> _:a ."
    second = "<http://s> <http://q> _:z . _:y <http://p> _:z . _:z <http://p> _:y ."

    assert digest_of_turtle(first) == digest_of_turtle(second)


@pytest.mark.parametrize(
    "other", ['<http://s> <http://p> "1.50" .', '<http://s> <http://p> "1.5"@en .', ""]
)
def test_digest_depends_on_every_triple(digest_of_turtle: Callable[[str], str], other: str) -> None:
    """Another literal, tag or number of triples is another digest."""
    assert digest_of_turtle('<http://s> <http://p> "1.5" .') != digest_of_turtle(other)


def test_digest_keeps_the_lexical_form(
    digest_of_turtle: Callable[[str], str],
) -> None:
    """It is over what was parsed: a store would take 1.50 and 1.5 for the same."""
    assert digest_of_turtle("<http://s> <http://p> 1.50 .") != digest_of_turtle(
        "<http://s> <http://p> 1.5 ."
    )


def test_lines_are_escaped_as_rdfc_says(tmp_path: Path) -> None:
    """Control characters are escaped, everything else stays as it is, sorted by code point."""
    triples = [
        ox.Triple(GRAPH, GRAPH, ox.Literal('a\t\n\r\x08\x0c"\\\x00\x7f')),
        ox.Triple(GRAPH, GRAPH, ox.Literal("é\u2028𝄞")),
    ]

    quads = Quads.write({GRAPH: Lines.of(triples)}, tmp_path / "quads.nq")

    iri = "<http://e/graph>"
    assert [line.decode() for line in quads] == [
        f'{iri} {iri} "a\\t\\n\\r\\b\\f\\"\\\\\\u0000\\u007F" {iri} .\n',
        f'{iri} {iri} "é\u2028𝄞" {iri} .\n',
    ]


def numbered(numbers: Sequence[int]) -> Lines:
    """A triple for each of *numbers*, the even ones of a class."""
    return Lines.of(
        ox.Triple(ox.NamedNode(f"http://e/{n}"), RDF.type, OTHER)
        if n % 2 == 0
        else ox.Triple(ox.NamedNode(f"http://e/{n}"), GRAPH, ox.Literal(str(n)))
        for n in numbers
    )


@pytest.mark.parametrize("run", [0, 300, 2**20])
def test_a_file_is_the_same_in_how_many_runs_it_is_sorted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, run: int
) -> None:
    """However little is sorted at a time, the file is sorted, and nothing else is left."""
    numbers = [number * 37 % 100 for number in range(100)]
    graphs = {GRAPH: numbered(numbers[:60]), OTHER: numbered(numbers[40:])}
    expected = sorted(
        line[:-2] + f"{graph} .\n".encode() for graph, lines in graphs.items() for line in lines
    )
    monkeypatch.setattr(quads_module, "RUN", run)

    quads = Quads.write(graphs, tmp_path / "quads.nq")

    assert list(quads) == expected
    assert quads.size == 120
    assert [path.name for path in tmp_path.iterdir()] == ["quads.nq"]


def test_no_graphs_are_an_empty_file(tmp_path: Path) -> None:
    quads = Quads.write({}, tmp_path / "quads.nq")

    assert (quads.size, list(quads), quads.path.read_bytes()) == (0, [], b"")


def test_other_graphs_are_joined_in_their_places(tmp_path: Path) -> None:
    quads = Quads.write({GRAPH: numbered(range(0, 20, 3))}, tmp_path / "quads.nq")

    joined = quads.joined({OTHER: numbered(range(0, 20, 2))}, tmp_path / "joined.nq")

    assert list(joined) == sorted(joined)
    assert joined.size == len(list(joined)) == 17
    assert set(quads) < set(joined)


def test_a_triple_of_two_graphs_counts_once(tmp_path: Path) -> None:
    graphs = {GRAPH: numbered([1, 2, 3]), OTHER: numbered([3, 4])}

    quads = Quads.write(graphs, tmp_path / "quads.nq")

    assert list(quads.triples()) == [
        b'<http://e/1> <http://e/graph> "1"',
        b"<http://e/2> " + f"{RDF.type} {OTHER}".encode(),
        b'<http://e/3> <http://e/graph> "3"',
        b"<http://e/4> " + f"{RDF.type} {OTHER}".encode(),
    ]


@pytest.mark.parametrize(
    ("slots", "expected"),
    [
        (None, 4),
        ([str(GRAPH)], 2),
        ([str(RDF.type)], 2),
        ([f"{RDF.type} {OTHER}"], 2),
        ([f"{RDF.type} {GRAPH}"], 0),
        ([str(GRAPH), f"{RDF.type} {OTHER}"], 4),
    ],
)
def test_what_a_query_reads_is_covered(
    tmp_path: Path, slots: list[str] | None, expected: int
) -> None:
    lines = numbered(range(4))
    reads = Reads(None if slots is None else frozenset(slots))

    found = list(Quads.write({GRAPH: lines}, tmp_path / "quads.nq").covered(reads))

    assert len(found) == expected
    assert len(lines.part(reads).splitlines()) == expected
