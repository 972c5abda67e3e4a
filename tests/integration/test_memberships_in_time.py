"""Who belonged to what on a day, as a server of the shipped graph answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlencode

import pytest

from tests.serving import fetch

if TYPE_CHECKING:
    from collections.abc import Callable

    Members = Callable[[str, str], dict[str, list["Member"]]]


class Member(NamedTuple):
    """In what role, how certainly, and by which claim."""

    role: str
    certainty: str
    claim: str


@pytest.fixture(scope="module")
def members(live_server: str) -> Members:
    """Asks organisations/members of a day; the answers are by the member's key."""

    def ask(organisation: str, day: str) -> dict[str, list[Member]]:
        words = urlencode({"organisation": organisation, "asOf": day})
        address = f"/queries/organisations/members?{words}"
        found: dict[str, list[Member]] = {}
        for row in fetch(live_server, address, "text/csv").rows:
            member = Member(row["role"], row["certainty"], row["claim"])
            found.setdefault(row["member"].rpartition("/")[2], []).append(member)
        return found

    return ask


def full(found: dict[str, list[Member]], certainty: str | None = None) -> set[str]:
    """Who is a full member, certainly so if *certainty* says "yes"."""
    return {
        key
        for key, rows in found.items()
        if any(row.role == "member" and certainty in {None, row.certainty} for row in rows)
    }


def test_the_united_kingdom_leaves_the_european_union(members: Members) -> None:
    """28 members at the end of 2019, 27 from February 2020."""
    before, after = (full(members("eu", day), "yes") for day in ("2019-12-31", "2020-02-01"))

    assert (len(before), len(after)) == (28, 27)
    assert before - after == {"GBR"}
    assert after <= before


def test_the_european_union_grows(members: Members) -> None:
    """Six founders, and the ten that joined on 1 May 2004."""
    first, old, new = (
        full(members("eu", day), "yes") for day in ("1958-01-01", "2004-04-30", "2004-05-01")
    )

    assert first == {"BEL", "DEU", "FRA", "ITA", "LUX", "NLD"}
    assert (len(old), len(new)) == (15, 25)


def test_the_russian_federation_ceases_to_be_a_member_of_the_council_of_europe(
    members: Members,
) -> None:
    """47 members on the day before, 46 on the day after 16 March 2022."""
    before, after = (full(members("coe", day), "yes") for day in ("2022-03-15", "2022-03-17"))

    assert (len(before), len(after)) == (47, 46)
    assert before - after == {"RUS"}


def test_greece_is_absent_from_the_council_of_europe_for_five_years(members: Members) -> None:
    """It withdrew on 12 December 1969 and joined again on 28 November 1974."""
    days = ("1969-12-11", "1969-12-12", "1974-11-27", "1974-11-28")

    assert ["GRC" in full(members("coe", day)) for day in days] == [True, False, False, True]


def test_serbia_continues_serbia_and_montenegro_in_the_council_of_europe(
    members: Members,
) -> None:
    """One of them at a time, with effect from 3 June 2006."""
    before, after = (
        full(members("coe", day), "yes") & {"SCG", "SRB", "MNE"}
        for day in ("2006-06-02", "2006-06-03")
    )

    assert (before, after) == ({"SCG"}, {"SRB"})


def test_serbia_continues_serbia_and_montenegro_in_the_united_nations(members: Members) -> None:
    """191 members at the vote of December 2005; in June 2006 the sources give no day."""
    before, within, after = (
        members("un", day) for day in ("2005-12-08", "2006-06-15", "2006-07-01")
    )

    assert full(before) & {"SCG", "SRB", "MNE"} == {"SCG"}
    assert len(full(before, "yes")) == 191
    assert full(within) & {"SCG", "SRB", "MNE"} == {"SCG", "SRB"}
    assert full(within, "yes") & {"SCG", "SRB", "MNE"} == set()
    assert full(after) & {"SCG", "SRB", "MNE"} == {"SRB", "MNE"}
    assert len(full(after, "yes")) == 192


def test_the_commonwealth_of_independent_states_changes(members: Members) -> None:
    """Two signed first, seven followed; Georgia left in August 2009 and Ukraine only founded."""
    first, founded, before, after = (
        members("cis", day) for day in ("1991-12-20", "1991-12-21", "2009-07-31", "2009-09-01")
    )
    nine = {"ARM", "AZE", "BLR", "KAZ", "KGZ", "MDA", "RUS", "TJK", "UZB"}

    assert full(first, "yes") == {"BLR", "RUS"}
    assert full(founded, "yes") == full(after, "yes") == nine
    assert full(before) == {*nine, "GEO"}
    assert [row.certainty for row in before["GEO"]] == ["beginning not recorded"]
    assert full(after) == nine
    assert [row.role for row in after["TKM"]] == ["associate member"]
    assert [row.role for row in after["UKR"]] == ["founding state"]


@pytest.mark.parametrize(
    ("organisation", "day", "total"),
    [
        ("african-union", "2026-10-09", 55),
        ("arab-league", "2026-10-09", 22),
        ("asean", "2026-10-09", 11),
        ("brics", "2026-10-09", 10),
        ("eu", "2026-10-09", 27),
        ("g20", "2026-10-09", 21),
        ("g7", "2026-10-09", 7),
        ("nato", "2026-10-09", 32),
        ("oecd", "2026-10-09", 38),
        ("pif", "2026-10-09", 18),
        ("sco", "2025-09-01", 10),
        ("un", "2026-02-02", 193),
    ],
)
def test_a_complete_list_has_as_many_members_as_its_source_counts(
    members: Members, organisation: str, day: str, total: int
) -> None:
    """Those who may have left or not yet joined are none of them."""
    assert len(full(members(organisation, day))) == total


def test_a_partner_is_no_member(members: Members) -> None:
    """Mongolia observed the SCO until it became a partner of it; Belarus went all the way."""
    days = ("2014-06-01", "2016-06-01", "2024-07-03", "2024-09-01")
    belarus = [{row.role for row in members("sco", day)["BLR"]} for day in days]

    assert belarus == [{"dialogue partner"}, {"observer"}, {"observer"}, {"member"}]
    assert {row.role for row in members("sco", "2025-08-31")["MNG"]} == {"observer"}
    assert {row.role for row in members("sco", "2025-09-01")["MNG"]} == {"dialogue partner"}
