"""Which entries of a register are proposed for things, and how they are scored."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from stancegraph.links.lookup import Kept, Lookup
from stancegraph.links.proposals import KEY_SCORE, Proposal, propose
from stancegraph.links.registers import Correspondence
from stancegraph.links.things import Thing
from stancegraph.terms import SG
from tests.wikidata import COUNTRY, ORGANISATION, TREATY, WD, item, serving, store

if TYPE_CHECKING:
    from pathlib import Path

COUNTRIES, ORGANISATIONS, TREATIES = SG.CountryOrArea.value, SG.Organisation.value, SG.Treaty.value
TERMS = Correspondence(
    classes={COUNTRIES: (COUNTRY,), ORGANISATIONS: (ORGANISATION,), TREATIES: (TREATY,)},
    keys={SG.iso3.value: "P298", SG.iso2.value: "P297"},
    symbols=(SG.seriesNumber.value,),
    languages=("en", "fr"),
    facts=(),
)
# Identifiers are Wikidata's; those from Q900000000 on are invented.
ITEMS = (
    item("Q230", "Georgia", "Q3624078", 'wdt:P298 "GEO"', 'wdt:P297 "GE"')
    + item("Q1428", "Georgia", "Q900000001", aliases=("State of Georgia",))
    + item("Q974", "Democratic Republic of the Congo", COUNTRY, 'wdt:P298 "COD"')
    + item("Q8908", "Council of Europe", ORGANISATION)
    + item("Q900000002", "Council of Europe", "Q900000003")
    + item("Q900000185", "Convention on Cybercrime", TREATY, aliases=("ETS 185",))
    + item("Q900000004", "Pact", TREATY)
    + item("Q900000005", "Pact", TREATY)
)


def country(key: str, label: str, **keys: str) -> Thing:
    return Thing(f"state/{key}", label, [(label, "en")], (COUNTRIES,), {"P298": key, **keys})


@pytest.fixture(scope="module")
def lookup(tmp_path_factory: pytest.TempPathFactory) -> Lookup:
    """What the service answered to all things, so that each test is answered offline."""
    folder: Path = tmp_path_factory.mktemp("kept")
    with serving(store(ITEMS)) as service:
        online = Lookup(service.address, Kept(folder), "me@example.org")
        for thing in THINGS.values():
            list(propose([thing], TERMS, online, WD))
        list(propose([THINGS["coe"]], TERMS, online, WD, [("organisation/coe", "Q8908")]))
        return Lookup(service.address, Kept(folder), offline=True)


THINGS = {
    "georgia": country("GEO", "Georgia", P297="GE"),
    "congo": country("COG", "Democratic Republic of the Congo"),
    "coe": Thing("organisation/coe", "Council of Europe", [("Council of Europe", "en")],
                 (ORGANISATIONS,)),
    "budapest": Thing("treaty/budapest", "Budapest Convention",
                      [("ETS 185", ""), ("Budapest Convention", "en")], (TREATIES,)),
    "pact": Thing("treaty/pact", "The Pact", [("The Pact", "en")], (TREATIES,)),
    "unknown": Thing("treaty/unknown", "Unknown", [("Unknown", "en")], (TREATIES,)),
}  # fmt: skip


def proposed(lookup: Lookup, name: str, *rejected: tuple[str, str]) -> list[Proposal]:
    return list(propose([THINGS[name]], TERMS, lookup, WD, rejected))


def test_a_hard_key_decides_whatever_bears_the_name(lookup: Lookup) -> None:
    """Georgia the state has the codes; the one of the same name in America is not even asked."""
    (found,) = proposed(lookup, "georgia")

    assert (found.entry.key, found.score, found.by) == ("Q230", KEY_SCORE, "identifier")
    assert found.why == "same P298 GEO, P297 GE; of the type that is expected"


def test_another_code_makes_the_same_name_worthless(lookup: Lookup) -> None:
    """The two Congos: a name that fits a country with another code is not proposed."""
    assert proposed(lookup, "congo") == []


def test_the_right_type_comes_first(lookup: Lookup) -> None:
    first, second = proposed(lookup, "coe")

    assert (first.entry.key, first.by) == ("Q8908", "composite")
    assert (second.entry.key, second.by) == ("Q900000002", "lexical")
    assert first.score > second.score
    assert first.score < KEY_SCORE


def test_a_symbol_is_looked_for_among_names(lookup: Lookup) -> None:
    (found,) = proposed(lookup, "budapest")

    assert found.entry.key == "Q900000185"
    assert "'ETS 185' is like 'ETS 185'" in found.why


def test_two_that_are_as_good_are_both_less_sure(lookup: Lookup) -> None:
    """So is an article before a name, which registers leave out."""
    found = proposed(lookup, "pact")

    assert [p.entry.key for p in found] == ["Q900000004", "Q900000005"]
    assert len({p.score for p in found}) == 1
    assert all(p.why.endswith("others are as like") for p in found)


def test_what_was_rejected_is_not_proposed_again(lookup: Lookup) -> None:
    found = proposed(lookup, "coe", ("organisation/coe", "Q8908"))

    assert [p.entry.key for p in found] == ["Q900000002"]


def test_nothing_is_proposed_for_what_is_unknown(lookup: Lookup) -> None:
    assert proposed(lookup, "unknown") == []
