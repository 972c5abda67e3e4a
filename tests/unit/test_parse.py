"""What is checked of a graph's files before shapes look at them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyoxigraph as ox
import pytest

from stancegraph.build import checks
from stancegraph.build.parse import parse
from stancegraph.problems import Problem, Severity
from stancegraph.terms import SG, XSD

if TYPE_CHECKING:
    from stancegraph.folder import GraphFolder

VOTES = "data/votes/74-247.ttl"
BLANK = "a blank node stands for a thing, so nobody can cite it: give it an IRI"


def change(folder: GraphFolder, file: str, old: str, new: str) -> None:
    path = folder.root / file
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), "utf-8")


def told(folder: GraphFolder) -> list[str]:
    """The problems of *folder*, as lines without the details in brackets."""
    return [problem.as_text().partition(" [")[0] for problem in parse(folder).problems]


def thing(folder: GraphFolder, key: str) -> ox.NamedNode:
    return ox.NamedNode(f"{folder.base}id/{key}")


def test_each_file_is_a_named_graph(small: GraphFolder) -> None:
    """The graph's name is the file's path without its ending, and graphs come sorted."""
    graph = parse(small)

    assert [graph.part(iri) for iri in graph.graphs] == [
        "data/states/CAN",
        "data/states/PER",
        "data/votes/74-247",
        "data/votes/75-282",
        "dataset",
        "ontology/small",
        "shapes/Vote",
    ]
    assert graph.problems == []


def test_parts_of_the_graph(small: GraphFolder) -> None:
    """A part is a folder or a file; a name that merely begins alike is not in it."""
    change(small, VOTES, "# Two", "# Two")
    (small.root / "data" / "states-2.ttl").write_text(
        (small.root / "data/states/PER.ttl").read_text("utf-8").replace("PER", "ZZZ"), "utf-8"
    )

    graph = parse(small)

    assert len(list(graph.triples("data/states"))) == 4
    assert len(list(graph.triples("data/states/CAN", "data/votes"))) == 2 + 11
    assert len(list(graph.triples("data"))) == 6 + 11


def test_place_of_a_triple_its_predicate_and_its_subject(small: GraphFolder) -> None:
    """A place is as precise as what is asked for can be found."""
    graph = parse(small)
    vote = thing(small, "vote/74-247/PER")

    assert graph.place(vote) == (VOTES, 13)
    assert graph.place(vote, SG.choice) == (VOTES, 16)
    assert graph.place(vote, SG.choice, ox.Literal("abstain")) == (VOTES, 16)
    assert graph.place(vote, SG.choice, ox.Literal("no")) == (VOTES, 16)
    assert graph.place(vote, SG.rank) == (VOTES, 13)
    assert graph.place(thing(small, "vote/none")) == ("-", None)


def test_blank_node_of_a_shape_is_placed_by_what_it_names(small: GraphFolder) -> None:
    """Its line is that of the word in question."""
    graph = parse(small)
    bracket = next(
        triple
        for triple in graph.triples("shapes")
        if triple.object == XSD.gYear and isinstance(triple.subject, ox.BlankNode)
    )

    assert graph.place(bracket.subject, bracket.predicate, bracket.object) == (
        "shapes/Vote.ttl",
        40,
    )


LITERALS = [
    ("01", "integer", '"01"^^xsd:integer is not in canonical form: write "1"^^xsd:integer'),
    ("1.50", "decimal", '"1.50"^^xsd:decimal is not in canonical form: write "1.5"^^xsd:decimal'),
    ("1", "boolean", '"1"^^xsd:boolean is not in canonical form: write "true"^^xsd:boolean'),
    ("1e3", "double", '"1e3"^^xsd:double is not in canonical form: write "1000"^^xsd:double'),
    ("1", "int", '"1"^^xsd:int is not in canonical form: write "1"^^xsd:integer'),
    ("one", "integer", '"one"^^xsd:integer is no integer'),
    ("2021-02-29", "date", '"2021-02-29"^^xsd:date is no date'),
    ("2021-2-9", "date", '"2021-2-9"^^xsd:date is no date'),
    ("2021-13", "gYearMonth", '"2021-13"^^xsd:gYearMonth is no gYearMonth'),
    ("21", "gYear", '"21"^^xsd:gYear is no gYear'),
    ("--02-30", "gMonthDay", '"--02-30"^^xsd:gMonthDay is no gMonthDay'),
    ("2021-01-01T25:00:00", "dateTime", '"2021-01-01T25:00:00"^^xsd:dateTime is no dateTime'),
    ("P", "duration", '"P"^^xsd:duration is no duration'),
    ("abc", "hexBinary", '"abc"^^xsd:hexBinary is no hexBinary'),
    ("2021", "gyear", "there is no datatype xsd:gyear; did you mean xsd:gYear?"),
]


@pytest.mark.parametrize(("value", "datatype", "message"), LITERALS)
def test_literal_that_is_unreadable_or_not_canonical(
    small: GraphFolder, value: str, datatype: str, message: str
) -> None:
    """It is told at its line, with what to write instead."""
    change(small, VOTES, '"2019-12-27"^^xsd:date', f'"{value}"^^xsd:{datatype}')

    assert [line for line in told(small) if line.startswith(f"{VOTES}:10: violation: {message}")]
    assert len(told(small)) == 1


@pytest.mark.parametrize(
    ("value", "datatype"),
    [
        ("34.1643", "decimal"),
        ("-90", "decimal"),
        ("true", "boolean"),
        ("2020-02-29", "date"),
        ("2021-01-01+02:00", "date"),
        ("-0044-03-15", "date"),
        ("2021-11", "gYearMonth"),
        ("--02-29", "gMonthDay"),
        ("2021-01-01T23:59:59Z", "dateTime"),
        ("P1Y2M3DT4H5M6.7S", "duration"),
        ("en-GB", "language"),
        ("a\nb", "string"),
    ],
)
def test_canonical_literal_is_left_alone(value: str, datatype: str) -> None:
    """What a store keeps as it is, and the datatype allows, is no problem."""
    literal = ox.Literal(value, datatype=XSD[datatype])

    assert list(checks.literal_mistakes([literal])) == []


MISTAKES = {
    "undeclared property": (
        "sg:actor <state/PER>",
        "sg:actr <state/PER>",
        f"{VOTES}:15: violation: the ontology does not declare sg:actr; did you mean sg:actor?",
    ),
    "undeclared class": (
        "a sg:Vote",
        "a sg:Note",
        f"{VOTES}:7: violation: the ontology does not declare sg:Note; did you mean sg:Vote?",
    ),
    "key misspelt": (
        "<state/PER>",
        "<state/PERU>",
        f"{VOTES}:15: violation: nothing describes <state/PERU>; did you mean <state/PER>?",
    ),
    "kind mistaken": (
        "<state/PER>",
        "<area/PER>",
        f"{VOTES}:15: violation: nothing describes <area/PER>; did you mean <state/PER>?",
    ),
    "nothing alike": (
        "<state/PER>",
        "<state/Utopia>",
        f"{VOTES}:15: violation: nothing describes <state/Utopia>",
    ),
    "no type": (
        "    a sg:Vote ;\n",
        "",
        f"{VOTES}:6: violation: nothing says what this is: begin its block with `a` and a class",
    ),
    "bracket": (
        "<state/PER>",
        "[]",
        f"{VOTES}:15: violation: {BLANK}",
    ),
    "statement about a blank node": (
        "<vote/74-247/CAN>\n    a",
        "_:vote\n    a",
        f"{VOTES}:6: violation: {BLANK}",
    ),
    "triple term": (
        "<state/PER>",
        "<<( <state/PER> a sg:State )>>",
        f"{VOTES}:15: violation: this is RDF 1.2, which not every tool reads: say it in RDF 1.1",
    ),
    "direction": (
        '"abstain"',
        '"abstain"@en--ltr',
        f"{VOTES}:16: violation: this is RDF 1.2, which not every tool reads: say it in RDF 1.1",
    ),
}


@pytest.mark.parametrize(("old", "new", "line"), MISTAKES.values(), ids=MISTAKES)
def test_mistake_is_told_once_at_its_line(
    small: GraphFolder, old: str, new: str, line: str
) -> None:
    """One planted mistake gives one line, with the likeliest right name where there is one."""
    change(small, VOTES, old, new)

    assert told(small) == [line]


def test_triple_of_two_files_names_both(small: GraphFolder) -> None:
    """The second place is where it is told, the first is named."""
    change(small, "data/states/PER.ttl", "<state/PER>", "<state/CAN> a sg:State .\n<state/PER>")

    assert told(small) == [
        (
            "data/states/PER.ttl:6: violation: "
            "this triple also stands in data/states/CAN.ttl:7: keep it in one file only"
        )
    ]


def test_file_whose_name_makes_no_iri_is_told(small: GraphFolder) -> None:
    """A blank in a file's name would break the name of its graph."""
    (small.root / "data" / "a b.ttl").write_text("<http://a> a <http://b> .", "utf-8")

    assert told(small) == [
        "data/a b.ttl: violation: the name makes no IRI: use letters, digits, '-', '_' and '.'"
    ]


def test_syntax_error_hides_no_name_and_makes_none_unknown(small: GraphFolder) -> None:
    """What leads to a thing whose block is broken is not told; other mistakes are."""
    change(small, "data/states/CAN.ttl", '"Canada"@en', '"Canada@en')
    change(small, VOTES, "<state/PER>", "<state/Utopia>")

    assert told(small) == [
        (
            "data/states/CAN.ttl:8:16: violation: not Turtle: "
            "a quotation mark opens a string that nothing closes on its line"
        ),
        f"{VOTES}:15: violation: nothing describes <state/Utopia>",
    ]


def test_lost_file_makes_no_thing_undescribed(small: GraphFolder) -> None:
    """Where a file could not be read, nobody can say that something is missing."""
    change(small, "data/states/CAN.ttl", "BASE <https://example.org/small/id/>\n", "")

    assert [line.partition(" violation")[0] for line in told(small)] == ["data/states/CAN.ttl:5:1:"]


def test_problem_of_shapes_follows_from_what_was_told(small: GraphFolder) -> None:
    """It does if it is about the same property, the one meant, or an untyped node."""
    change(small, VOTES, "sg:actor <state/PER>", "sg:actr <state/PER>")
    change(small, "data/states/CAN.ttl", "    a sg:State ;\n", "")
    graph = parse(small)
    vote, state = (thing(small, key).value for key in ("vote/74-247/PER", "state/CAN"))

    def follows(focus: str, word: str, value: str | None = None) -> bool:
        return graph.follows(
            Problem(VOTES, 1, Severity.VIOLATION, "", focus=focus, property=word, value=value)
        )

    assert follows(vote, SG.actr.value)
    assert follows(vote, SG.actor.value)
    assert not follows(vote, SG.choice.value)
    assert follows(state, SG.label.value)
    assert follows(vote, SG.choice.value, f"<{state}>")
