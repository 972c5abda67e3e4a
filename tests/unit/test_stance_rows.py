"""The tables of coded stances, row by row, as the Turtle in data/ tells them.

tests/data/stance-rows.csv has the 579 rows that were coded, and which claim each became: a
stance of its own; a co-holder of a joint one; one that aligns with another's; evidence of a
claim that stood already; or, since acts are not stances, a treaty action, a treaty status, a
vote or a sponsorship. Where the claim says otherwise than the row, the columns ``differs`` and
``because`` say in what, and why.
"""

from __future__ import annotations

import csv
from collections import Counter
from typing import NamedTuple

import pytest

from tests.facts import ROOT, Facts

STANCES = {"stance", "co-holder", "alignment", "merge"}
CLASSES = {
    "act": {"TreatyAction"},
    "status": {"TreatyStatus"},
    "vote": {"Vote"},
    "sponsorship": {"Sponsorship"},
    "merge": {"Stance", "Vote"},
    **{kind: {"Stance"} for kind in STANCES - {"merge"}},
}
CHOICES = {"yes": "supports", "no": "opposes", "abstain": "neutral"}
# The Quintet's own stance of 2014, with which the rows of its five members align.
COALITION = "stance/quintet-of-attorneys-general/budapest-convention/consistent-laws"
FOR = {"supports", "supports-with-conditions"}


class Row(NamedTuple):
    """One line of stance-rows.csv."""

    stance_id: str
    holder: str
    object: str
    position: str
    date: str
    sources: str
    became: str
    claim: str
    differs: str
    because: str


def _read_rows() -> list[Row]:
    with (ROOT / "tests" / "data" / "stance-rows.csv").open(encoding="utf-8", newline="") as file:
        return [Row(**line) for line in csv.DictReader(file)]


ROWS = _read_rows()


@pytest.fixture(scope="module")
def facts() -> Facts:
    """The graph as it is stated."""
    return Facts()


def differences(facts: Facts, row: Row) -> set[str]:
    """In what the claim of *row* says otherwise than the row."""
    claim = row.claim
    found = set()
    if row.holder not in (
        facts.of(claim, "holder") | facts.of(claim, "coHolder") | facts.of(claim, "actor")
    ):
        found.add("holder")
    texts = (
        facts.of(claim, "object")
        | facts.of(claim, "treaty")
        | facts.of(claim, "sponsoredText")
        | facts.of(claim, "rollCall", "votedText")
    )
    if row.object not in texts | {draft for text in texts for draft in facts.of(text, "draftOf")}:
        found.add("object")
    if not _says(facts, row):
        found.add("position")
    if not _same_time(facts, row):
        found.add("date")
    wanted = set(row.sources.split(";"))
    if not wanted & _sources(facts, claim):
        found.add("source")
    return found


def _says(facts: Facts, row: Row) -> bool:
    """Whether the claim has the position of the row, or an act that goes with it."""
    positions = {code.rpartition("/")[2] for code in facts.of(row.claim, "position")}
    if positions:
        return positions == {row.position}
    choices = {code.rpartition("/")[2] for code in facts.of(row.claim, "choice")}
    if choices:
        return {CHOICES.get(choice) for choice in choices} == {row.position}
    statuses = {code.rpartition("/")[2] for code in facts.of(row.claim, "status")}
    if any(status.startswith("non-") for status in statuses):
        return row.position == "non-committal"
    return row.position in FOR


def _same_time(facts: Facts, row: Row) -> bool:
    """Whether a stance has the very date of the row; an act one that may be the same."""
    dates = facts.of(row.claim, "date") | facts.of(row.claim, "rollCall", "date")
    if row.became in STANCES and not facts.of(row.claim, "rollCall"):
        return dates == ({row.date} if row.date else set())
    return (
        not dates
        or not row.date
        or any(date.startswith(row.date) or row.date.startswith(date) for date in dates)
    )


def _sources(facts: Facts, claim: str) -> set[str]:
    """Keys of the sources of a claim, and of those that are copies of the same work."""
    found = facts.of(claim, "evidence", "source")
    works = {work for source in found for work in facts.of(source, "originWork")}
    copies = {
        source
        for source in (facts.things("Source") if works else ())
        if facts.of(source, "originWork") & works
    }
    return {source.removeprefix("source/") for source in found | copies | works}


def test_each_row_is_here_once() -> None:
    """393 rows of the first table, 186 of the second."""
    expected = [f"st{n:04d}" for n in (*range(1, 394), *range(1001, 1187))]

    assert [row.stance_id for row in ROWS] == expected


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.stance_id)
def test_row_is_told_by_its_claim(facts: Facts, row: Row) -> None:
    """The claim is of the class that the row became, and differs only as is explained."""
    assert facts.classes(row.claim) & CLASSES[row.became], row.claim
    explained = set(row.differs.split(";")) - {""}

    assert differences(facts, row) == explained, row.claim
    assert bool(row.because) == bool(explained)


def test_no_two_rows_became_one_stance_unless_they_say_the_same() -> None:
    """Only what is joint, or restates a claim, shares one."""
    shared = Counter(row.claim for row in ROWS if row.became in {"stance", "alignment"})

    assert [claim for claim, rows in shared.items() if rows > 1] == []


def test_every_stance_comes_from_a_row_or_from_the_founding_documents(facts: Facts) -> None:
    """Nothing was coded twice, and nothing from nowhere."""
    with (ROOT / "tests" / "data" / "seed-rows.csv").open(encoding="utf-8", newline="") as file:
        founding = {line["claim"] for line in csv.DictReader(file)}

    unaccounted = facts.things("Stance") - {row.claim for row in ROWS} - founding - {COALITION}

    assert unaccounted == set()


def test_joint_statement_is_one_stance_of_all_who_made_it(facts: Facts) -> None:
    """Three sentences of the eleven states of October 2023."""
    joint = {row.claim for row in ROWS if row.became == "co-holder" and "RUS" in row.claim}

    assert len(joint) == 3
    for claim in joint:
        assert facts.of(claim, "holder") == {"state/RUS"}
        assert len(facts.of(claim, "coHolder")) == 10


def test_alignment_names_the_stance_that_it_follows(facts: Facts) -> None:
    """On the same object, with the same position, by somebody else."""
    for row in ROWS:
        if row.became == "alignment":
            leads = facts.of(row.claim, "alignsWith")
            assert len(leads) == 1, row.claim
            for part in ("object", "position"):
                assert facts.of(row.claim, part) == facts.of(row.claim, "alignsWith", part)
            assert facts.of(row.claim, "holder") != facts.of(row.claim, "alignsWith", "holder")


def test_only_stances_of_the_tables_lack_a_quotation(facts: Facts) -> None:
    """The rows have no words of their sources, so each such stance is warned of; no other is."""
    from_tables = {row.claim for row in ROWS if row.became in {"stance", "alignment"}}

    silent = {claim for claim in facts.things("Stance") if not facts.quotations(claim)}

    assert silent == from_tables | {COALITION}


def test_every_object_of_a_stance_says_that_its_list_is_not_complete(facts: Facts) -> None:
    """So that nobody reads the absence of a stance as neutrality."""
    objects = {thing for claim in facts.things("Stance") for thing in facts.of(claim, "object")}

    said = {
        thing
        for thing in objects
        if facts.of(f"coverage/{thing}/stances", "completeness") == {"code/completeness/incomplete"}
    }

    assert objects
    assert objects - said == set()


def test_weak_sources_make_no_confident_stance(facts: Facts) -> None:
    """Reports of a machine are low and say so; what the Atlas alone tells is at most medium."""
    for claim in facts.things("Stance"):
        sources = facts.of(claim, "evidence", "source")
        confidence = facts.of(claim, "confidence")
        if any(source.startswith("source/digwatch-ahc-") for source in sources):
            assert confidence == {"code/confidence/low"}, claim
            assert "machine-written" in " ".join(facts.comments(claim)), claim
        if all(source.startswith("source/atlas-") for source in sources):
            assert confidence != {"code/confidence/high"}, claim
