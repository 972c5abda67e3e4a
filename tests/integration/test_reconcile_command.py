"""``stancegraph reconcile``: a table gains what its names mean, and loses nothing."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from stancegraph.cli import main

if TYPE_CHECKING:
    from pathlib import Path

    from click.testing import Result

TABLE = """\
country,vote,note
Ivory Coast,yes,"first, of two"
"Korea, Rep.",no,
Congo,yes,
Atlantis,no,
NA,,
,abstain,
Zaire,yes,
Ivory Coast,no,second
"""


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "votes.csv"
    path.write_text(TABLE, "utf-8")
    return path


def run(releases: Path, *arguments: object) -> Result:
    return CliRunner().invoke(
        main, ["reconcile", *map(str, arguments), "--releases", str(releases)]
    )


def rows(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(path.read_text("utf-8-sig").splitlines()))


def test_a_table_gains_iris_codes_items_and_scores(shipped_releases: Path, table: Path) -> None:
    """Each row stays where it was, with what it had; what is not certain gets no IRI."""
    result = run(shipped_releases, table, "--column", "country")

    assert result.exit_code == 0, result.output
    assert "8 rows: 4 certain, 2 unsure, 1 nothing, 1 blank" in result.stderr
    assert "names of country or area" in result.stderr
    written = rows(table.with_name("votes.reconciled.csv"))
    before = list(csv.DictReader(TABLE.splitlines()))
    assert [{name: row[name] for name in before[0]} for row in written] == before
    assert written[0] | {} == before[0] | {
        "country_iri": "https://w3id.org/stancegraph/id/state/CIV",
        "country_iso2": "CI",
        "country_iso3": "CIV",
        "country_m49": "384",
        "country_qid": "Q1008",
        "country_score": "100",
        "country_match": "certain",
    }
    assert [row["country_iso3"] for row in written] == ["CIV", "KOR", "", "", "", "", "COD", "CIV"]
    assert [row["country_match"] for row in written[2:6]] == [
        "unsure",
        "nothing",
        "unsure",
        "blank",
    ]


def test_unsure_rows_go_to_a_second_file_with_their_candidates(
    shipped_releases: Path, table: Path
) -> None:
    """By the line on which they stand; a line without a candidate where there is none."""
    unsure = table.with_name("to-decide.csv")
    run(shipped_releases, table, "--column", "country", "--unsure", unsure)

    assert [(row["line"], row["text"], row["key"], row["score"]) for row in rows(unsure)] == [
        ("4", "Congo", "state/COD", "85"),
        ("4", "Congo", "state/COG", "85"),
        ("5", "Atlantis", "", ""),
        ("6", "NA", "state/NAM", "85"),
    ]


def test_the_type_and_more_properties_may_be_given(shipped_releases: Path, table: Path) -> None:
    """A type decides what may be meant; a blank one leaves it open."""
    output = table.with_name("out.csv")
    run(
        shipped_releases, table, "--column", "country", "--type", "treaty", "--output", output,
    )  # fmt: skip
    assert {row["country_iri"] for row in rows(output)} == {""}

    run(
        shipped_releases, table, "--column", "country", "--type", "", "--output", output,
        "--add", "sg:partyTo",
    )  # fmt: skip
    assert "treaty/budapest-convention; " in rows(output)[0]["country_partyTo"]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--column", "state"], "has no column 'state'; it has country, vote, note"),
        (["--column", "country", "--type", "kingdom"], "no type is 'kingdom'"),
        (["--column", "country", "--add", "sg:isoo3"], "no property is 'sg:isoo3'"),
    ],
)
def test_what_makes_no_sense_is_told(
    shipped_releases: Path, table: Path, arguments: list[str], told: str
) -> None:
    """And nothing is written."""
    result = run(shipped_releases, table, *arguments)

    assert result.exit_code in {1, 2}
    assert told in result.output
    assert [path.name for path in table.parent.iterdir()] == ["votes.csv"]


def test_a_table_is_never_overwritten(shipped_releases: Path, table: Path) -> None:
    """Nor are columns that an earlier run has added."""
    clash = run(shipped_releases, table, "--column", "country", "--output", table)
    assert "would be overwritten" in clash.output
    assert table.read_text("utf-8") == TABLE

    run(shipped_releases, table, "--column", "country")
    again = run(shipped_releases, table.with_name("votes.reconciled.csv"), "--column", "country")
    assert "has a column 'country_iri' already" in again.output
