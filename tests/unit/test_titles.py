"""Titles that are made from templates of the ontology."""

from __future__ import annotations

import pytest

from stancegraph.terms import SG
from stancegraph.titles import Template

SAID = {
    (SG.actor,): ["Chile"],
    (SG.treaty,): ["Budapest Convention"],
    (SG.holder,): ["Australia", "Chile", "Japan", "Peru"],
    (SG.rollCall, SG.date): ["27 December 2019"],
    (SG.topic,): ["cybercrime", "terrorism"],
}


def title(text: str) -> str | None:
    return Template.read(text, {}).fill(lambda path: SAID.get(path, []))


@pytest.mark.parametrize(
    ("text", "made"),
    [
        ("{sg:actor} signed the {sg:treaty}", "Chile signed the Budapest Convention"),
        ("{sg:actor} voted[, {sg:rollCall/sg:date}]", "Chile voted, 27 December 2019"),
        ("{sg:actor} voted[, {sg:date}]", "Chile voted"),
        ("{sg:actor} voted, {sg:date}", None),
        ("{sg:topic}", "cybercrime and terrorism"),
        ("{sg:holder}", "Australia and 3 others"),
    ],
)
def test_values_stand_where_their_properties_do(text: str, made: str | None) -> None:
    """What is between brackets goes with a value that is missing; else there is no title."""
    assert title(text) == made


@pytest.mark.parametrize("text", ["", "{sg:actor", "[[{sg:actor}]]", "{actor}", "{xx:actor}"])
def test_what_is_no_template_is_told(text: str) -> None:
    with pytest.raises(ValueError, match="no "):
        Template.read(text, {})


def test_a_template_tells_what_it_names_of_the_thing_itself() -> None:
    made = Template.read("{sg:actor}[, {sg:rollCall/sg:date}]", {})

    assert made.properties == {SG.actor, SG.rollCall}
