"""The countries and organisations that the tables of facts name, in data/."""

from __future__ import annotations

from collections import Counter, defaultdict
from pathlib import Path

import pyoxigraph as ox
import pytest

ROOT = Path(__file__).parents[2]
ID = "https://w3id.org/stancegraph/id/"
SG = "https://w3id.org/stancegraph/ontology#"
SKOS = "http://www.w3.org/2004/02/skos/core#"

Facts = dict[str, dict[str, set[str]]]

ORGANISATIONS = """
    ad-hoc-committee african-union arab-league asean bka brics ccpcj cis coe
    commonwealth-secretariat csto ec3 ecowas eu eurojust european-commission europol fbi five-eyes
    g20 g7 interpol itu korea-supreme-prosecutors-office microsoft nato oas oecd pif
    quintet-of-attorneys-general sco t-cy un un-general-assembly un-ieg-cybercrime
    un-security-council unodc wipo
"""
NAMED_ONLY_BY_OTHER_TABLES = """
    australian-signals-directorate caricom freedom-online-coalition icap
    like-minded-joint-statement-2023 like-minded-safeguards-2024
    malaysia-ministry-of-home-affairs parliamentarians-for-global-action
    peru-criminal-policy-observatory peru-cybercrime-prosecution-unit
    peru-public-prosecutors-office pilon royal-malaysia-police royal-thai-police
    un-secretary-general united-nations-treaty-collection
"""


@pytest.fixture(scope="module")
def facts() -> Facts:
    """What is said of each country, area and organisation, by key."""
    found: Facts = defaultdict(lambda: defaultdict(set))
    for folder in ("countries", "organisations"):
        for path in sorted((ROOT / "data" / folder).glob("*.ttl")):
            for quad in ox.parse(path=path):
                if isinstance(quad.subject, ox.NamedNode) and not isinstance(
                    quad.object, ox.Triple
                ):
                    key = quad.subject.value.removeprefix(ID)
                    found[key][quad.predicate.value].add(quad.object.value.removeprefix(ID))
    return found


def test_the_208_rows_of_states_are_207_countries_and_the_european_union(facts: Facts) -> None:
    """193 members and 2 observers of the UN, a former state and 11 areas; the EU is none."""
    kinds = Counter(
        (key.partition("/")[0], *facts[key][SG + "internationalStatus"])
        for key in facts
        if key.startswith(("state/", "area/"))
    )

    assert kinds == {
        ("state", "code/international-status/un-member"): 193,
        ("state", "code/international-status/un-observer"): 2,
        ("state", "code/international-status/other"): 1,
        ("area", "code/international-status/other"): 11,
    }
    assert "organisation/eu" in facts


def test_serbia_continues_serbia_and_montenegro(facts: Facts) -> None:
    """Its own state until 2006, so that what it did stays its own."""
    assert facts["state/SRB"][SG + "continues"] == {"state/SCG"}


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("Ivory Coast", "CIV"),
        ("Korea, Rep.", "KOR"),
        ("North Korea", "PRK"),
        ("Congo, Dem. Rep.", "COD"),
        ("Swaziland", "SWZ"),
        ("Cape Verde", "CPV"),
        ("Laos", "LAO"),
    ],
)
def test_a_country_is_known_by_what_tables_call_it(name: str, key: str, facts: Facts) -> None:
    """The name stands as another label, and for one country only."""
    called = [which for which in facts if name in facts[which].get(SKOS + "altLabel", ())]

    assert called == [f"state/{key}"]


@pytest.mark.parametrize("key", (ORGANISATIONS + NAMED_ONLY_BY_OTHER_TABLES).split())
def test_an_organisation_is_described(key: str, facts: Facts) -> None:
    """With its kind and the sources that name it."""
    said = facts.get(f"organisation/{key}", {})

    assert said.get("http://www.w3.org/ns/org#classification")
    assert said.get("http://purl.org/dc/terms/source")
