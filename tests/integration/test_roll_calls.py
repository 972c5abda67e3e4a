"""Roll calls as the endpoint answers of them: tallies, coverage, and who was no member."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.serving import asked, fetch

if TYPE_CHECKING:
    from collections.abc import Callable

    Ask = Callable[[str], list[dict[str, str]]]

PREFIXES = """\
PREFIX id: <https://w3id.org/stancegraph/id/>
PREFIX choice: <https://w3id.org/stancegraph/id/code/vote-choice/>
PREFIX sg: <https://w3id.org/stancegraph/ontology#>
"""
COUNTED = """
SELECT ?rollCall ?yes ?no ?abstain ?level ?total
  (COUNT(?vote) AS ?votes)
  (SUM(IF(?choice = choice:yes, 1, 0)) AS ?countedYes)
  (SUM(IF(?choice = choice:no, 1, 0)) AS ?countedNo)
  (SUM(IF(?choice = choice:abstain, 1, 0)) AS ?countedAbstain)
WHERE {
  ?rollCall a sg:RollCall ; sg:body ?body .
  ?vote sg:rollCall ?rollCall ; sg:choice ?choice .
  ?coverage sg:coverageOf ?rollCall ; sg:completeness ?completeness .
  OPTIONAL { ?rollCall sg:yesCount ?yes }
  OPTIONAL { ?rollCall sg:noCount ?no }
  OPTIONAL { ?rollCall sg:abstainCount ?abstain }
  OPTIONAL { ?coverage sg:officialTotal ?total }
  BIND (REPLACE(STR(?completeness), "^.*/", "") AS ?level)
}
GROUP BY ?rollCall ?yes ?no ?abstain ?level ?total
ORDER BY ?rollCall
"""


@pytest.fixture(scope="module")
def ask(live_server: str) -> Ask:
    """Puts a SELECT query to a running server of the shipped graph; its rows by column."""

    def rows(query: str) -> list[dict[str, str]]:
        return fetch(live_server, asked(PREFIXES + query), "text/csv").rows

    return rows


@pytest.fixture(scope="module")
def counted(ask: Ask) -> dict[str, dict[str, str]]:
    """What is counted and what is official of each roll call, by the last parts of its IRI."""
    return {row["rollCall"].partition("/id/rollcall/")[2]: row for row in ask(COUNTED)}


def test_counted_votes_equal_the_official_tally_of_each_plenary_roll_call(
    counted: dict[str, dict[str, str]],
) -> None:
    """All 17, each complete, with a vote or a blank for every member on the list."""
    plenary = {key: row for key, row in counted.items() if key.startswith("unga/")}

    assert len(plenary) == 17
    for key, row in plenary.items():
        official = [row["yes"], row["no"], row["abstain"]]
        assert [row["countedYes"], row["countedNo"], row["countedAbstain"]] == official, key
        assert row["votes"] == row["total"], key
        assert row["level"] == "complete", key


def test_partial_roll_calls_of_committees_keep_their_tally_and_say_so(
    counted: dict[str, dict[str, str]],
) -> None:
    """Six of 58 that voted no in the Third Committee; the First Committee's without the yes."""
    third = counted["unga-third-committee/A-C.3-74-L.11"]
    first = counted["unga-first-committee/A-C.1-74-L.49-Rev.1"]

    assert (third["no"], third["countedNo"], third["level"]) == ("58", "6", "incomplete")
    assert (first["no"], first["countedNo"], first["abstain"], first["countedAbstain"]) == (
        "10", "10", "8", "8",
    )  # fmt: skip
    assert (first["yes"], first["countedYes"], first["level"]) == ("161", "0", "incomplete")
    assert counted["unga-first-committee/A-RES-74-29"]["level"] == "incomplete"


@pytest.mark.parametrize(
    ("state", "roll_call", "voted"),
    [
        ("MNE", "A-RES-60-45", False),
        ("SRB", "A-RES-60-45", False),
        ("SCG", "A-RES-60-45", True),
        ("SCG", "A-RES-61-54", False),
        ("MNE", "A-RES-61-54", True),
        ("SSD", "A-RES-63-37", False),
        ("SSD", "A-RES-71-28", True),
        ("VAT", "A-RES-78-16", False),
    ],
)
def test_who_was_no_member_has_no_vote_and_no_blank(
    ask: Ask, state: str, roll_call: str, *, voted: bool
) -> None:
    """A blank in the record is a vote with the choice non-voting; no member, no vote at all."""
    query = f"""
        SELECT ?vote WHERE {{
          ?vote sg:rollCall <https://w3id.org/stancegraph/id/rollcall/unga/{roll_call}> ;
                sg:actor id:state\\/{state} .
        }}
    """

    assert bool(ask(query)) is voted


def test_no_vote_implies_two_positions(ask: Ask) -> None:
    """One implied stance for each yes, no and abstention, none for a blank."""
    query = """
        SELECT ?choice (COUNT(DISTINCT ?vote) AS ?votes) (COUNT(?stance) AS ?stances)
        WHERE {
          ?vote a sg:Vote ; sg:choice ?choice .
          OPTIONAL { ?stance <http://www.w3.org/ns/prov#wasDerivedFrom> ?vote ; a sg:ImpliedStance }
        }
        GROUP BY ?choice
    """
    found = {row["choice"].rpartition("/")[2]: row for row in ask(query)}

    assert set(found) == {"yes", "no", "abstain", "non-voting"}
    for choice, row in found.items():
        assert row["stances"] == ("0" if choice == "non-voting" else row["votes"]), choice
