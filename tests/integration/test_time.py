"""What was so on a day, on the shipped graph: memberships, their short cuts, and how certain.

docs/time.md says what the answers mean. The days are those on which history turned.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pyoxigraph as ox
import pytest

from stancegraph.folder import shipped
from stancegraph.queryfile import read_queries
from stancegraph.terms import SG, XSD

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stancegraph.build.derive import DerivedGraph
    from stancegraph.build.parse import ParsedGraph
    from stancegraph.sparql import Term

FOLDER = shipped()
ID = FOLDER.base + "id/"
QUERIES = {query.name: query for query in read_queries(FOLDER.root)[0]}
DAY = date(2026, 11, 22)
OPEN = "beginning not recorded"
LATER = "may have begun later"
ENDED = "may have ended before"


@pytest.fixture(scope="module")
def store(shipped_graph: ParsedGraph, shipped_derived: Mapping[str, DerivedGraph]) -> ox.Store:
    """What is stated and what is derived."""
    loaded = ox.Store()
    loaded.extend(ox.Quad(*triple) for triple in shipped_graph.triples())
    for made in shipped_derived.values():
        loaded.extend(ox.Quad(*triple) for triple in made.triples)
    return loaded


def members(store: ox.Store, organisation: str, day: str) -> list[dict[str, str]]:
    """The rows of ``organisations/members``, keys in place of IRIs."""
    query = QUERIES["organisations/members"]
    values: dict[str, Term] = {
        "organisation": ox.NamedNode(f"{ID}organisation/{organisation}"),
        "asOf": ox.Literal(day, datatype=XSD.date),
    }
    answer = store.query(query.bind(values), use_default_graph_as_union=True)
    assert isinstance(answer, ox.QuerySolutions)
    return [
        {
            name: value.value.removeprefix(f"{ID}state/")
            for name in query.columns
            if (value := row[name]) is not None
        }
        for row in answer
    ]


def standing(store: ox.Store, organisation: str, day: str, member: str) -> set[tuple[str, str]]:
    """In which roles *member* may have belonged to *organisation* on *day*, and how certainly."""
    rows = members(store, organisation, day)
    return {(row["role"], row["certainty"]) for row in rows if row["member"] == member}


@pytest.mark.parametrize(
    ("day", "number"),
    [
        ("2004-04-30", 15),
        ("2004-05-01", 25),
        ("2006-12-31", 25),
        ("2007-01-01", 27),
        ("2013-06-30", 27),
        ("2013-07-01", 28),
        ("2020-01-30", 28),
        ("2020-01-31", 27),
    ],
)
def test_the_european_union_grows_and_shrinks(store: ox.Store, day: str, number: int) -> None:
    """Each enlargement since 2004, and the exit of the United Kingdom, to the day."""
    rows = members(store, "eu", day)

    sure = {row["member"] for row in rows if (row["role"], row["certainty"]) == ("member", "yes")}
    assert len(sure) == number


@pytest.mark.parametrize(
    ("organisation", "day", "member", "expected"),
    [
        # The exits of the United Kingdom and of the Russian Federation.
        ("eu", "1972-12-31", "GBR", set()),
        ("eu", "1973-01-01", "GBR", {("member", "yes")}),
        ("eu", "2020-01-30", "GBR", {("member", "yes")}),
        ("eu", "2020-01-31", "GBR", set()),
        ("coe", "1996-02-27", "RUS", set()),
        ("coe", "1996-02-28", "RUS", {("member", "yes")}),
        ("coe", "2022-03-15", "RUS", {("member", "yes")}),
        ("coe", "2022-03-16", "RUS", set()),
        # Greece left the Council of Europe and came back.
        ("coe", "1969-12-11", "GRC", {("member", "yes")}),
        ("coe", "1972-01-01", "GRC", set()),
        ("coe", "1974-11-28", "GRC", {("member", "yes")}),
        # Georgia left the CIS in August 2009; when it joined is not in the sources.
        ("cis", "2009-07-31", "GEO", {("member", OPEN)}),
        ("cis", "2009-09-01", "GEO", set()),
        # Ukraine founded it and is no member; Turkmenistan became an associate.
        ("cis", "2015-01-01", "UKR", {("founding state", "yes")}),
        ("cis", "2005-08-25", "TKM", set()),
        ("cis", "2005-08-26", "TKM", {("associate member", "yes")}),
        # Serbia carries on the seat of Serbia and Montenegro from some day of June 2006.
        ("un", "2000-10-31", "SCG", set()),
        ("un", "2005-12-08", "SCG", {("member", "yes")}),
        ("un", "2005-12-08", "SRB", set()),
        ("un", "2006-06-15", "SCG", {("member", ENDED)}),
        ("un", "2006-06-15", "SRB", {("member", LATER)}),
        ("un", "2006-07-01", "SCG", set()),
        ("un", "2006-07-01", "SRB", {("member", "yes")}),
        ("un", "2006-06-27", "MNE", set()),
        ("un", "2006-06-28", "MNE", {("member", "yes")}),
        # Belarus in the Shanghai Cooperation Organisation: partner, observer, member.
        ("sco", "2012-07-01", "BLR", {("dialogue partner", "yes")}),
        ("sco", "2020-01-01", "BLR", {("observer", "yes")}),
        ("sco", "2024-07-04", "BLR", {("member", "yes")}),
    ],
)
def test_history_comes_out_right(
    store: ox.Store, organisation: str, day: str, member: str, expected: set[tuple[str, str]]
) -> None:
    """Spells are half-open: the day of leaving is the first without."""
    assert standing(store, organisation, day, member) == expected


@pytest.mark.parametrize(
    ("member", "relation", "organisation", "holds"),
    [
        ("GBR", "memberOf", "eu", False),
        ("FRA", "memberOf", "eu", True),
        ("RUS", "memberOf", "coe", False),
        ("SCG", "memberOf", "un", False),
        ("SRB", "memberOf", "un", True),
        ("BLR", "memberOf", "sco", True),
        ("BLR", "observerIn", "sco", False),
        ("TKM", "associateMemberOf", "cis", True),
        ("CAN", "memberOf", "freedom-online-coalition", True),
        ("AUS", "memberOf", "quintet-of-attorneys-general", True),
    ],
)
def test_short_cuts_tell_of_the_day_of_the_release(
    shipped_derived: Mapping[str, DerivedGraph],
    member: str,
    relation: str,
    organisation: str,
    holds: bool,
) -> None:
    """Of organisations and coalitions alike, each role with a word of its own."""
    triple = ox.Triple(
        ox.NamedNode(f"{ID}state/{member}"),
        SG[relation],
        ox.NamedNode(f"{ID}organisation/{organisation}"),
    )

    assert (triple in shipped_derived["memberships-now"].triples) is holds


def test_a_day_after_the_sources_is_answered_as_last_known(store: ox.Store) -> None:
    """On the day of which a source speaks nothing is said; the day after, of when it spoke."""
    (row,) = [row for row in members(store, "eu", "2026-11-22") if row["member"] == "FRA"]
    known = row["lastKnown"]

    (then,) = [row for row in members(store, "eu", known) if row["member"] == "FRA"]

    assert known < "2026-11-22"
    assert "lastKnown" not in then


@pytest.mark.parametrize(
    "bounds", [("fromEarliest", "fromLatest"), ("untilEarliest", "untilLatest")]
)
def test_no_bound_of_a_spell_is_after_the_bound_that_it_precedes(
    store: ox.Store, bounds: tuple[str, str]
) -> None:
    """Of all spells, in treaties and organisations; nor does a spell end before it may begin."""
    found = store.query(
        f"""
        PREFIX sg: <{SG.iri}>
        SELECT ?spell WHERE {{
          {{ ?spell sg:{bounds[0]} ?first ; sg:{bounds[1]} ?last }}
          UNION {{ ?spell sg:fromEarliest ?first ; sg:untilLatest ?last }}
          FILTER (?first > ?last)
        }}
        """
    )

    assert isinstance(found, ox.QuerySolutions)
    assert [str(row["spell"]) for row in found] == []


def test_only_what_is_on_record_is_short_cut(shipped_derived: Mapping[str, DerivedGraph]) -> None:
    """Every short cut stands for a spell of its actor."""
    spells = {
        (triple.subject, triple.predicate.value.rpartition("#")[2]): triple.object
        for rule in ("membership-spells", "treaty-status", "parties")
        for triple in shipped_derived[rule].triples
    }
    known = {
        (spells[spell, "spellActor"], value)
        for (spell, word), value in spells.items()
        if word in {"spellOrganisation", "spellTreaty"}
    }

    for rule in ("memberships-now", "treaty-status-now"):
        assert {(t.subject, t.object) for t in shipped_derived[rule].triples} <= known
