"""The tables of members, row by row, as data/memberships tells them.

tests/data/membership-rows.csv has the 1,034 rows that were gathered, those alike in all but the
member on one line. A row is a claim of its own, but for two kinds: that a member founded the
organisation is a flag of its membership, and five members of the Quintet stand in two tables.
Claims that no row has are named below, each with its reason. Dates are those of the row, but that
a chair of 2024 ends with the year after, which is how spells are told, and that another source
has when the members of CARICOM joined; a row without dates agrees with a claim that has them
from another row.
"""

from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path
from typing import NamedTuple

import pyoxigraph as ox
import pytest

ROOT = Path(__file__).parents[2]
ID = "https://w3id.org/stancegraph/id/"
ORG = "http://www.w3.org/ns/org#"
SG = "https://w3id.org/stancegraph/ontology#"

ROLES = {"associate_member": "associate", "dialogue_partner": "dialogue-partner"}
LEADERS = {"lead", "lead negotiator"}

BEYOND = {
    "membership/SCG/un/member": "the state that Serbia continues, by the records of 2006",
    "membership/SRB/un/member/2006-06": "Serbia under its own name",
    "membership/SCG/coe/member": "the state that Serbia continues, by the decision of 14 June 2006",
    "membership/SRB/coe/member/2006-06-03": "Serbia under its own name",
    "membership/DEU/coe/associate": "an encyclopedia has Germany as an associate first",
    "membership/DEU/coe/member/enwiki-coe": "and as a full member only from 1951",
    "membership/TUR/coe/member/enwiki-coe": "an encyclopedia dates Türkiye otherwise",
    "membership/BRN/asean/member/kuni-groupings": "two lists of ASEAN differ by a day",
    "membership/BLR/sco/member/gyaankosh-sco": "two sources on Belarus differ by a month",
    "membership/african-union/g20/member": "a member since 2023 that the table leaves out",
}


class Row(NamedTuple):
    """One row: of whom, in what role, when, by which sources."""

    organisation: str
    role: str
    start: str
    end: str
    sources: frozenset[str]
    member: str


class Claim(NamedTuple):
    """What a membership in data/ says, and on which sources it rests."""

    role: str
    start: str
    end: str
    founder: bool
    sources: frozenset[str]


def _read_rows() -> list[Row]:
    path = ROOT / "tests" / "data" / "membership-rows.csv"
    with path.open(encoding="utf-8", newline="") as file:
        return [
            Row(
                line["organisation"],
                line["role"],
                line["start"],
                line["end"],
                frozenset(line["sources"].split()),
                member,
            )
            for line in csv.DictReader(file)
            for member in line["members"].split()
        ]


ROWS = _read_rows()
ORGANISATIONS = sorted({row.organisation for row in ROWS})


@pytest.fixture(scope="module")
def claims() -> dict[str, Claim]:
    """All memberships of organisations that the rows name, by key."""
    facts: dict[str, dict[str, set[str]]] = {}
    for path in sorted((ROOT / "data").rglob("*.ttl")):
        for quad in ox.parse(path=path):
            if isinstance(quad.subject, ox.NamedNode) and not isinstance(quad.object, ox.Triple):
                of_subject = facts.setdefault(quad.subject.value.removeprefix(ID), {})
                values = of_subject.setdefault(quad.predicate.value, set())
                values.add(quad.object.value.removeprefix(ID))

    def one(key: str, predicate: str) -> str:
        return next(iter(facts[key].get(predicate, {""})))

    return {
        key: Claim(
            one(key, ORG + "role").rpartition("/")[2],
            one(key, SG + "start"),
            one(key, SG + "end"),
            one(key, SG + "founder") == "true",
            frozenset(
                one(evidence, SG + "source").removeprefix("source/")
                for evidence in facts[key][SG + "evidence"]
            ),
        )
        for key in facts
        if key.startswith("membership/") and key.split("/")[2] in ORGANISATIONS
    }


def claim_of(row: Row, claims: dict[str, Claim]) -> str | None:
    """The key of the claim that stands for *row*."""
    member = "eu" if row.member == "EUE" else row.member
    role = "member" if row.role in {"founder", *LEADERS} else ROLES.get(row.role, row.role)
    key = f"membership/{member}/{row.organisation}/{role}"
    if row.role == "founder" and key not in claims:
        key = f"membership/{member}/{row.organisation}/founding-state"
    if row.start and f"{key}/{row.start}" in claims and f"{key}/{row.start}" not in BEYOND:
        return f"{key}/{row.start}"
    return key if key in claims else None


@pytest.mark.parametrize("organisation", ORGANISATIONS)
def test_each_row_stands_as_a_claim(organisation: str, claims: dict[str, Claim]) -> None:
    """Same member, role and dates, resting on the sources of the row."""
    for row in (row for row in ROWS if row.organisation == organisation):
        claim = claims.get(claim_of(row, claims) or "")

        assert claim, row
        assert row.sources <= claim.sources, row
        assert claim.founder or row.role != "founder", row
        if row.role == "chair":
            assert (claim.start, claim.end) == (row.start, str(int(row.end) + 1))
        elif organisation == "caricom":
            assert not row.start
            assert claim.start
        elif row.start or organisation != "quintet-of-attorneys-general":
            assert (claim.start, claim.end) == (row.start, row.end), row


def test_no_claim_stands_without_a_row_or_a_reason(claims: dict[str, Claim]) -> None:
    """What the rows do not have is named above."""
    assert set(claims) - {claim_of(row, claims) for row in ROWS} == set(BEYOND)


def test_the_counts_of_rows_and_claims_differ_by_what_is_explained(
    claims: dict[str, Claim],
) -> None:
    """1,034 rows, 57 of founders that another row has as members, 5 twice, 10 beyond: 982."""
    twice = sum(count - 1 for count in Counter(claim_of(row, claims) for row in ROWS).values())
    members = {(row.organisation, row.member) for row in ROWS if row.role == "member"}
    founders = sum(
        row.role == "founder" and (row.organisation, row.member) in members for row in ROWS
    )

    assert (len(ROWS), twice, founders) == (1034, 62, 57)
    assert len(claims) == len(ROWS) - twice + len(BEYOND)
