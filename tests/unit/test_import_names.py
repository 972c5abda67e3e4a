"""Names in tables are sure, or they are asked; they are never guessed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from stancegraph.errors import OperationError
from stancegraph.importers.resolve import Decisions, Question, Resolver, unanswered
from stancegraph.names import Names, Sorts
from stancegraph.tablefile import Column

if TYPE_CHECKING:
    from pathlib import Path

STATE = "https://example.org/ontology#State"
BODY = "https://example.org/ontology#Body"
NAMES = {
    "state/CIV": ("Côte d'Ivoire", "Republic of Côte d'Ivoire", "CI", "384"),
    "state/COD": ("Democratic Republic of the Congo", "CD"),
    "state/COG": ("Congo", "Republic of the Congo", "CG"),
    "state/CRI": ("Costa Rica", "CR"),
    "state/FSM": ("Micronesia (Federated States of)", "FM"),
    "state/HRV": ("Croatia", "HR"),
    "state/KOR": ("Republic of Korea", "South Korea", "KR", "410"),
    "state/LCA": ("Saint Lucia", "LC"),
    "state/NAM": ("Namibia", "NA"),
    "state/PRK": ("Democratic People's Republic of Korea", "KP"),
    "body/georgia-office": ("Georgia",),
    "state/GEO": ("Georgia", "GE"),
}
SORTS = Sorts(
    {
        STATE: [key for key in NAMES if key.startswith("state/")],
        BODY: [key for key in NAMES if key.startswith("body/")],
    },
    {},
    {},
)
ACTOR = Column("actor", classes=(STATE,))
SHORT = {"rep": "republic", "dem": "democratic", "fed": "federated", "sts": "states", "st": "saint"}


def resolver(decisions: Decisions | None = None) -> Resolver:
    names = Names("https://example.org/", NAMES, sorts=SORTS)
    return Resolver(names, SHORT, decisions or Decisions())


@pytest.mark.parametrize(
    ("written", "key"),
    [
        ("state/CIV", "state/CIV"),
        ("https://example.org/id/state/CIV", "state/CIV"),
        ("CIV", "state/CIV"),
        ("civ", "state/CIV"),
        ("384", "state/CIV"),
        ("NA", "state/NAM"),
        ("Cote d'Ivoire", "state/CIV"),
        ("CÔTE D\u2019IVOIRE", "state/CIV"),
        ("Korea, Rep.", "state/KOR"),
        ("Korea, Republic of", "state/KOR"),
        ("Korea, Dem. People's Rep.", "state/PRK"),
        ("Congo, Rep.", "state/COG"),
        ("Congo, Dem. Rep.", "state/COD"),
        ("Micronesia, Fed. Sts.", "state/FSM"),
        ("St. Lucia", "state/LCA"),
    ],
)
def test_a_name_is_sure_that_one_thing_of_the_class_bears(written: str, key: str) -> None:
    assert resolver().find(written, ACTOR) == key


@pytest.mark.parametrize(
    ("written", "first"), [("Ivory Coast", "state/CIV"), ("Korea", "state/KOR")]
)
def test_what_is_only_alike_is_a_question_with_the_likeliest_first(
    written: str, first: str
) -> None:
    question = resolver().find(written, ACTOR)

    assert isinstance(question, Question)
    assert question.candidates[0].key == first
    assert not question.several


def test_a_name_of_several_things_is_a_question() -> None:
    column = Column("actor", classes=(STATE, BODY))

    question = resolver().find("Georgia", column)

    assert isinstance(question, Question)
    assert {candidate.key for candidate in question.candidates} == {
        "state/GEO",
        "body/georgia-office",
    }
    assert "'Georgia' may mean" in unanswered(question, 0)
    assert resolver().find("Georgia", ACTOR) == "state/GEO"


def test_nothing_that_resembles_a_name_is_told_as_that() -> None:
    question = resolver().find("Zzyzx", ACTOR)

    assert isinstance(question, Question)
    assert "nothing resembles it (as in 3 more cells)" in unanswered(question, 3)


def test_an_answer_counts_for_every_cell_and_is_asked_once() -> None:
    asked = []

    def ask(question: Question) -> str | None:
        asked.append(question.written)
        return question.candidates[0].key

    found = resolver()
    found.ask = ask

    assert [found.find("Ivory Coast", ACTOR) for _ in range(3)] == ["state/CIV"] * 3
    assert asked == ["Ivory Coast"]
    assert found.decisions.new == [("Ivory Coast", "state/CIV")]


def test_decisions_are_kept_and_settle_the_next_run(tmp_path: Path) -> None:
    path = tmp_path / "names.csv"
    path.write_text("written,kind,key\nKorea,state,KOR", "utf-8")
    first = Decisions(path)
    first.take("Ivory Coast, the", "state/CIV")

    first.save()

    assert path.read_text("utf-8") == (
        'written,kind,key\nKorea,state,KOR\n"Ivory Coast, the",state,CIV\n'
    )
    again = resolver(Decisions(path))
    assert again.find("Ivory Coast, the", ACTOR) == "state/CIV"
    assert again.find("Korea", ACTOR) == "state/KOR"


def test_a_decision_holds_only_where_the_column_may_hold_the_thing(tmp_path: Path) -> None:
    decisions = Decisions()
    decisions.take("Georgia", "body/georgia-office")

    assert resolver(decisions).find("Georgia", ACTOR) == "state/GEO"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("name,key\nKorea,KOR\n", "the first line of a file of names is written,kind,key"),
        ("written,kind,key\nKorea,state\n", "names.csv:2: write a name, a kind and a key"),
    ],
)
def test_a_file_of_names_of_another_form_is_an_error(tmp_path: Path, text: str, told: str) -> None:
    path = tmp_path / "names.csv"
    path.write_text(text, "utf-8")

    with pytest.raises(OperationError, match=told):
        Decisions(path)


def test_a_table_may_name_what_it_describes_itself_where_the_column_may_hold_it() -> None:
    found = resolver()
    found.own = {"state/XXK", "law/KOS"}

    assert found.find("XXK", ACTOR) == "state/XXK"
    assert isinstance(found.find("KOS", ACTOR), Question)
