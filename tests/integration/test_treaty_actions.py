"""What states did about treaties, against the rows that were gathered, through the endpoint.

tests/data/treaty-actions.csv has an act as one source or several tell it; where the graph
tells it as an act of another kind, treaty-actions-differences.csv says why.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlencode

import pytest

from tests.serving import fetch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    Ask = Callable[..., list[dict[str, str]]]

DATA = Path(__file__).parents[1] / "data"
ID = "https://w3id.org/stancegraph/id/"
CONSENT = {"ratification", "acceptance", "approval", "accession", "succession"}
DOMESTIC = "domestic-approval"
ACTS = """
PREFIX sg: <https://w3id.org/stancegraph/ontology#>
SELECT ?act ?treaty ?actor ?kind ?date ?source ?rank ?unresolved ?other WHERE {
  ?act a sg:TreatyAction ;
       sg:actionKind ?kind ;
       sg:actor ?actor ;
       sg:evidence/sg:source ?source ;
       sg:rank ?rank ;
       sg:treaty ?treaty .
  OPTIONAL { ?act sg:date ?date }
  OPTIONAL { ?act sg:contestedBy ?other }
  OPTIONAL { ?act sg:unresolvedReason ?unresolved }
}
"""


class Act(NamedTuple):
    """An act as a source tells it; the date is empty where it gives none."""

    treaty: str
    actor: str
    kind: str
    date: str
    source: str


class Row(NamedTuple):
    """A line of the table: an act, with the sources that tell it."""

    treaty: str
    actor: str
    action: str
    date: str
    source: str

    def as_acts(self, kind: str) -> list[Act]:
        """The act, by source, as one of this kind."""
        return [
            Act(self.treaty, self.actor, kind, self.date, source)
            for source in self.source.split(";")
        ]


def lines_of(name: str) -> list[dict[str, str]]:
    with (DATA / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


ROWS = [Row(**line) for line in lines_of("treaty-actions.csv")]
STANDS_AS = {
    Row(*(line[column] for column in Row._fields)): line["stands_as"]
    for line in lines_of("treaty-actions-differences.csv")
}


@pytest.fixture(scope="module")
def ask(live_server: str) -> Ask:
    """Asks a server of the shipped graph at a path; rows of CSV, IRIs without their beginning."""

    def get(path: str, **words: str) -> list[dict[str, str]]:
        rows = fetch(live_server, f"{path}?{urlencode(words)}", "text/csv").rows
        return [{name: cell.removeprefix(ID) for name, cell in row.items()} for row in rows]

    return get


@pytest.fixture(scope="module")
def acts(ask: Ask) -> list[dict[str, str]]:
    """All acts on treaties, a row per source and contradicting claim."""
    return ask("/sparql", query=ACTS)


def told(acts: Iterable[dict[str, str]]) -> set[Act]:
    """Each act of *acts* by source, with its date and without it."""
    found = set()
    for row in acts:
        keys = [row[name].rpartition("/")[2] for name in ("treaty", "actor", "kind", "source")]
        treaty, actor, kind, source = keys
        found |= {Act(treaty, actor, kind, date, source) for date in (row["date"], "")}
    return found


def test_every_act_of_the_table_comes_back_with_its_sources(acts: list[dict[str, str]]) -> None:
    """1,514 rows: who did what about which treaty, when, by which source."""
    stated = told(acts)

    missing = [
        act
        for row in ROWS
        for act in row.as_acts(STANDS_AS.get(row, row.action))
        if act not in stated
    ]

    assert len(ROWS) == 1514
    assert missing == []


def test_each_explained_difference_is_one(acts: list[dict[str, str]]) -> None:
    """What stands as an act of another kind does not stand as the table has it."""
    stated = told(acts)

    assert set(STANDS_AS) <= set(ROWS)
    assert [row for row in STANDS_AS if stated.issuperset(row.as_acts(row.action))] == []


def test_an_act_at_home_is_no_deposit_and_feeds_no_status(ask: Ask) -> None:
    """No domestic approval has a step that it counts as, and no spell rests on one."""
    query = f"""
    PREFIX prov: <http://www.w3.org/ns/prov#>
    PREFIX sg: <https://w3id.org/stancegraph/ontology#>
    SELECT ?act (COUNT(?step) AS ?steps) (COUNT(?spell) AS ?spells) WHERE {{
      ?act sg:actionKind <{ID}code/action-kind/{DOMESTIC}> .
      OPTIONAL {{ ?act sg:countsAs ?step }}
      OPTIONAL {{ ?spell prov:wasDerivedFrom ?act ; sg:spellStatus ?status }}
    }} GROUP BY ?act"""

    found = ask("/sparql", query=query)

    assert len(found) > len([kind for kind in STANDS_AS.values() if kind == DOMESTIC])
    assert {(row["steps"], row["spells"]) for row in found} == {("0", "0")}


def rivals() -> dict[tuple[str, str, str], set[tuple[str, str]]]:
    """Where rows of the table differ on one step: its kinds and dates, domestic acts aside."""
    steps: dict[tuple[str, str, str], set[tuple[str, str]]] = defaultdict(set)
    for row in ROWS:
        kind = STANDS_AS.get(row, row.action)
        if kind not in {DOMESTIC, "consent-form-not-stated"} and row.date:
            step = "consent" if kind in CONSENT else kind
            steps[row.treaty, row.actor, step].add((kind, row.date))
    return {step: told for step, told in steps.items() if len(told) > 1}


@pytest.mark.parametrize(("treaty", "actor", "step"), rivals())
def test_rows_that_differ_stand_on_both_sides_and_are_ranked(
    acts: list[dict[str, str]], treaty: str, actor: str, step: str
) -> None:
    """One of them is preferred, or one says why none can be; both contradict each other."""
    found = {
        row["act"]: row
        for row in acts
        if (row["treaty"], row["actor"].rpartition("/")[2]) == (f"treaty/{treaty}", actor)
        and ("consent" if (kind := row["kind"].rpartition("/")[2]) in CONSENT else kind) == step
        and row["date"]
    }

    preferred = [row for row in found.values() if row["rank"] == "code/rank/preferred"]

    assert len(found) == len(rivals()[treaty, actor, step])
    assert all(row["other"] in found for row in found.values())
    assert len(preferred) == 1 or (
        not preferred and any(row["unresolved"] for row in found.values())
    )


@pytest.mark.parametrize(
    ("treaty", "actor", "kind", "date"),
    [
        ("budapest-convention", "ARG", "accession", "2018-06-05"),
        ("budapest-convention", "BEN", "accession", "2024-06-20"),
        ("budapest-convention", "BRA", "accession", "2022-11-30"),
        ("budapest-convention", "CHL", "accession", "2017-04-20"),
        ("budapest-convention", "CMR", "accession", "2023-12-15"),
        ("budapest-convention", "TON", "accession", "2017-05-09"),
        ("budapest-convention", "JPN", "acceptance", "2012-07-03"),
        ("budapest-convention", "LTU", "signature", "2003-06-23"),
        ("budapest-convention", "LUX", "entry-into-force", "2015-02-01"),
        ("budapest-convention", "NGA", "accession", "2022-07-06"),
        ("budapest-protocol-2", "JPN", "acceptance", "2023-08-10"),
        ("uncac", "ARM", "ratification", "2007-03-08"),
        ("untoc", "MHL", "accession", "2011-06-15"),
    ],
)
def test_the_side_that_is_preferred_in_a_conflict(
    acts: list[dict[str, str]], treaty: str, actor: str, kind: str, date: str
) -> None:
    """Better attested, nearer to the depositary or to the actor than what it contradicts."""
    found = {
        (row["kind"].rpartition("/")[2], row["date"])
        for row in acts
        if row["act"].startswith(f"action/{treaty}/{actor}/")
        and row["rank"] == "code/rank/preferred"
        and row["other"]
    }

    assert found == {(kind, date)}


def gathered(treaty: str, day: str) -> tuple[set[str], set[str]]:
    """By the rows alone: who had consented by *day*, and for whom the treaty was in force.

    For whom it is in force, it has consented; without a date, neither counts here.
    """
    consented, bound = set(), set()
    for row in ROWS:
        if row.treaty == treaty and row.date and row.date <= day and row not in STANDS_AS:
            if row.action in CONSENT:
                consented.add(row.actor)
            elif row.action == "entry-into-force":
                bound.add(row.actor)
    return consented | bound, bound


def participants(ask: Ask, treaty: str, day: str) -> dict[str, set[str]]:
    """By status the actors that the saved query has for *day*, certainly so."""
    found: dict[str, set[str]] = defaultdict(set)
    for row in ask("/queries/treaties/participants", treaty=treaty, asOf=day):
        if row["certainty"] == "yes":
            found[row["status"]].add(row["actor"].rpartition("/")[2])
    return found


@pytest.mark.parametrize(
    ("day", "contracting", "parties"),
    [("2019-12-27", 63, 63), ("2021-12-31", 65, 65), ("2025-09-01", 80, 77)],
)
def test_the_parties_to_the_budapest_convention_on_a_day(
    ask: Ask, day: str, contracting: int, parties: int
) -> None:
    """Contracting states have deposited their consent; for parties it is in force, too."""
    found = participants(ask, "budapest-convention", day)

    assert (len(found["contracting state"]), len(found["party"])) == (contracting, parties)
    assert (found["contracting state"], found["party"]) == gathered("budapest-convention", day)


def test_the_answer_says_how_complete_the_list_of_parties_is(ask: Ask) -> None:
    """Every row tells that the list is incomplete; the query beside it tells by how much."""
    rows = ask("/queries/treaties/participants", treaty="budapest-convention", asOf="2025-09-01")
    note = ask("/queries/coverage/lists", of="treaty/budapest-convention")

    assert {row["list"] for row in rows if row["status"] == "party"} == {"incomplete"}
    assert {
        row["listLabel"]: (row["completeness"], row["officialTotal"], row["entries"])
        for row in note
        if row["listLabel"] == "parties"
    } == {"parties": ("incomplete", "76", "75")}


def test_a_total_without_a_day_is_not_told_as_if_it_counted_the_same_entries(ask: Ask) -> None:
    """As many signatures are here as the depositary once counted, and yet some are missing."""
    (row,) = ask("/queries/coverage/lists", of="treaty/un-cybercrime-convention", list="signatures")
    (lack,) = [
        each
        for each in ask("/queries/coverage/missing")
        if each["of"] == "treaty/un-cybercrime-convention" and each["list"] == "signatures"
    ]

    assert row["statement"].endswith(
        "incomplete, 72 on record here; official total 72, its day not stated"
    )
    assert "74 in February 2026" in row["note"]
    assert (lack["entries"], lack["officialTotal"], lack["missing"]) == ("72", "72", "")


@pytest.mark.parametrize("treaty", ["un-cybercrime-convention", "budapest-protocol-2"])
def test_nobody_is_party_to_a_treaty_that_is_not_in_force(ask: Ask, treaty: str) -> None:
    """Whatever the day, and however uncertain."""
    rows = ask("/queries/treaties/participants", treaty=treaty, asOf="2026-11-22")

    assert [row["actor"] for row in rows if row["status"] == "party"] == []


@pytest.mark.parametrize(
    ("treaty", "day", "official", "lacks"),
    [
        ("budapest-convention", "2024-02-07", 69, 1),
        ("budapest-convention", "2024-06-20", 75, 1),
        ("budapest-convention", "2024-10-09", 76, 1),
        ("budapest-protocol-2", "2024-06-20", 2, 0),
        ("untoc", "2014-01-27", 179, 0),
        ("untoc", "2016-06-30", 187, 0),
        ("untoc", "2026-09-11", 195, 0),
        ("uncac", "2015-12-14", 178, 0),
        ("uncac", "2024-04-20", 190, 0),
        ("uncac", "2024-08-06", 191, 0),
    ],
)
def test_contracting_states_are_as_many_as_a_source_counted(
    ask: Ask, treaty: str, day: str, official: int, lacks: int
) -> None:
    """Of the Budapest Convention one is missing throughout: Paraguay, whose deposit no source has.

    UNCAC counts Bhutan from the day on which it may have consented first.
    """
    rows = ask("/queries/treaties/participants", treaty=treaty, asOf=day)

    found = {row["actor"] for row in rows if row["status"] == "contracting state"}

    assert len(found) == official - lacks
    assert "state/PRY" in found or treaty.startswith("budapest")


def test_two_states_had_signed_the_budapest_convention_and_done_no_more(ask: Ask) -> None:
    """As the Council of Europe counted on 20 June 2024: all others that signed have consented."""
    found = participants(ask, "budapest-convention", "2024-06-20")

    assert found["signatory"] == {"IRL", "ZAF"}


def test_a_list_that_is_said_to_be_complete_has_its_official_total(ask: Ask) -> None:
    """coverage/missing finds no list of a treaty that is complete and has another number."""
    rows = ask("/queries/coverage/missing")

    assert [
        row["claim"]
        for row in rows
        if row["of"].startswith("treaty/") and row["completeness"] == "complete"
    ] == []
