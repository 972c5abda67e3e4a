"""Names as they stand in spreadsheets, with the answers that were checked by hand."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from stancegraph.build.release import open_release
from stancegraph.catalog import Catalog
from stancegraph.matching import CERTAIN, UNSURE, Matcher

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stancegraph.matching import Candidate

ONTOLOGY = "https://w3id.org/stancegraph/ontology#"
CLASSES = {"country": "CountryOrArea", "treaty": "Treaty", "organisation": "Organisation"}
# Answers of rows of which nothing may be certain: two may be meant, or nothing in the graph is.
OPEN = {"?", "-"}

SHEET = Path(__file__).parents[1] / "data" / "messy-names.csv"
ROWS = list(csv.DictReader(SHEET.read_text("utf-8").splitlines()))


@pytest.fixture(scope="module")
def matcher(shipped_releases: Path) -> Matcher:
    return Matcher(Catalog.load(open_release(shipped_releases).path).names)


def found(matcher: Matcher, row: Mapping[str, str]) -> list[Candidate]:
    return matcher.match(row["name"], [ONTOLOGY + CLASSES[row["kind"]]])


def certain(matcher: Matcher, row: Mapping[str, str]) -> str | None:
    return next((each.key for each in found(matcher, row) if each.certain), None)


def test_the_sheet_names_things_that_are_there(matcher: Matcher) -> None:
    """300 rows and more; what has an answer is a thing of the kind that the row says."""
    wrong = [
        row["name"]
        for row in ROWS
        if row["answer"] not in OPEN
        and row["answer"] not in matcher.things(frozenset((ONTOLOGY + CLASSES[row["kind"]],)))
    ]

    assert len(ROWS) > 300
    assert not wrong


def test_what_is_certain_is_right(matcher: Matcher) -> None:
    """Precision 1: not one row is given to another thing, or to anything where it is open."""
    wrong = {
        row["name"]: key
        for row in ROWS
        if (key := certain(matcher, row)) is not None and key != row["answer"]
    }

    assert wrong == {}


def test_nearly_all_are_certain(matcher: Matcher) -> None:
    """Recall over 0.95 of the rows with an answer; of nearly all others it is listed."""
    answered = [row for row in ROWS if row["answer"] not in OPEN]
    sure = [row for row in answered if certain(matcher, row) == row["answer"]]
    listed = [
        row for row in answered if row["answer"] in {each.key for each in found(matcher, row)}
    ]

    assert len(sure) > 0.95 * len(answered)
    assert len(listed) > 0.99 * len(answered)


def test_scores_part_the_certain_from_the_others(matcher: Matcher) -> None:
    """No score lies between the two."""
    scores = [(each.score, each.certain) for row in ROWS for each in found(matcher, row)]

    assert all(score >= CERTAIN if sure else score <= UNSURE for score, sure in scores)
    assert all(0 < score <= 100 for score, _ in scores)
