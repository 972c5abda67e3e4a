"""The command ``query``: from a name and values at the terminal to rows."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from stancegraph.cli import main

if TYPE_CHECKING:
    from pathlib import Path

    from click.testing import Result

CANADA = "https://example.org/small/id/state/CAN"


def run(releases: Path, *arguments: str) -> Result:
    return CliRunner().invoke(main, ["query", *arguments, "--releases", str(releases)])


def test_without_a_name_all_queries_are_listed(releases: Path) -> None:
    """Each with its parameters as they can be typed, and with what it asks."""
    result = run(releases)

    assert result.exit_code == 0
    first, summary = result.stdout.splitlines()[:2]
    assert first.startswith("votes/of-a-state actor=")
    assert summary.strip() == "How a state voted"


def test_the_rows_come_in_the_form_asked_for(releases: Path) -> None:
    """CSV is what SPARQL defines, so that it can be read by machines."""
    result = run(releases, "votes/of-a-state", f"actor={CANADA}", "--format", "csv")

    assert result.exit_code == 0
    rows = list(csv.DictReader(io.StringIO(result.stdout)))
    assert [row["vote"].removeprefix("https://example.org/small/id/") for row in rows] == [
        "vote/74-247/CAN",
        "vote/75-282/CAN",
    ]


def test_people_get_a_table(releases: Path) -> None:
    """Unless told otherwise, the rows stand under their headings."""
    result = run(releases, "votes/of-a-state", f"actor={CANADA}")

    assert result.exit_code == 0
    heading, *_ = result.stdout.splitlines()
    assert heading.split() == ["vote", "choice"]
    assert "vote/74-247/CAN" in result.stdout


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["votes/of-state"], "did you mean votes/of-a-state?"),
        (["votes/of-a-state"], "parameter 'actor': is missing"),
        (["votes/of-a-state", "actor"], "write it as KEY=VALUE"),
        (["votes/of-a-state", f"actr={CANADA}"], "did you mean actor?"),
        (["votes/of-a-state", f"actor={CANADA}", f"actor={CANADA}2"], "parameter 'actor'"),
    ],
)
def test_what_cannot_be_asked_is_one_line_and_status_1(
    releases: Path, arguments: list[str], told: str
) -> None:
    """A wrong name or value ends the command with a line that says what would be right."""
    result = run(releases, *arguments)

    assert result.exit_code == 1
    assert result.stdout == ""
    assert told in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_without_a_release_the_remedy_is_told(tmp_path: Path) -> None:
    """Who has not built yet learns how."""
    result = run(tmp_path)

    assert result.exit_code == 1
    assert "run `stancegraph build`" in result.stderr
