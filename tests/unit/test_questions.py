"""Asking in words: which saved queries a text is about, and what it sets in them."""

from __future__ import annotations

import pyoxigraph as ox
import pytest

from stancegraph.names import Names, Sorts
from stancegraph.parameters import Parameter
from stancegraph.queryfile import Flaw, SavedQuery
from stancegraph.questions import Questions

BASE = "https://example.org/g/"
NAMES = Names(
    BASE,
    {
        "code/choice/no": ("no",),
        "state/CAN": ("Canada", "CA"),
        "state/PER": ("Peru",),
        "treaty/moon": ("Moon Treaty",),
        "treaty/space": ("Outer Space Treaty",),
    },
    sorts=Sorts({}, {f"{BASE}id/code/choice": ["code/choice/no"]}, {}),
)


def iri(name: str, kind: str, key: str, *, is_list: bool = False) -> Parameter:
    return Parameter(
        name, "iri", (kind,), (), "", ox.NamedNode(f"{BASE}id/{kind}/{key}"), is_list=is_list
    )


def query(name: str, summary: str, *params: Parameter, flaw: Flaw | None = None) -> SavedQuery:
    by_name = {parameter.name: parameter for parameter in params}
    return SavedQuery(name, f"{name}.rq", summary, "", by_name, "ASK {}", (), (), flaw=flaw)


QUESTIONS = Questions(
    [
        query("votes/of", "How a country voted", iri("country", "state", "PER")),
        query("votes/all", "All votes"),
        query("treaties/parties", "Who ratified a treaty", iri("treaty", "treaty", "moon")),
        query("countries/compare", "Compare countries",
              iri("country", "state", "PER", is_list=True)),
        query("countries/two", "Compare two countries", iri("one", "state", "PER"),
              iri("other", "state", "CAN")),
        query("quality/votes", "Votes that are wrong", flaw=Flaw("", "", "")),
    ],
    NAMES,
)  # fmt: skip


@pytest.mark.parametrize(
    ("text", "first", "values"),
    [
        ("how did canada vote?", "votes/of", {"country": ("CAN",)}),
        ("which states have ratified the outer space treaty", "treaties/parties",
         {"treaty": ("space",)}),
        ("votes", "votes/all", {}),
        ("comparing Peru with Canada", "countries/compare", {"country": ("PER", "CAN")}),
    ],
)  # fmt: skip
def test_a_text_finds_the_question_and_sets_what_it_names(
    text: str, first: str, values: dict[str, tuple[str, ...]]
) -> None:
    """Words count whatever their ending; a query that takes what is named counts more."""
    question = QUESTIONS.about(text)[0]

    assert question.query.name == first
    assert question.values == values


def test_each_thing_sets_one_parameter() -> None:
    """The second country is the other one, and what the text does not set is the example's."""
    about = {question.query.name: question for question in QUESTIONS.about("compare two: Peru")}

    question = about["countries/two"]
    assert question.values == {"one": ("PER",), "other": ("CAN",)}
    assert question.named == {"one": ("Peru",)}


@pytest.mark.parametrize("text", ["", "Canada", "who is this", "weather tomorrow", '" OR 1 ) *'])
def test_where_no_question_fits_there_is_none(text: str) -> None:
    """The name of a thing is no question, and neither are words that all questions have."""
    assert QUESTIONS.about(text) == []


def test_questions_on_the_quality_of_a_graph_are_for_its_editors() -> None:
    """They are not among the answers."""
    assert "quality/votes" not in {each.query.name for each in QUESTIONS.about("wrong votes")}
