"""What a name in a table means, and when that is certain."""

from __future__ import annotations

import pytest

from stancegraph.matching import CERTAIN, UNSURE, Matcher, Way
from stancegraph.names import Names, Sorts

BASE = "https://example.org/"
COUNTRY = "https://example.org/ontology#Country"
NAMES = {
    "code/action/signature": ("signature",),
    "organisation/un": ("United Nations", "UN"),
    "region/micronesia": ("Micronesia",),
    "source/list": ("United Kingdom",),
    "state/AUS": ("Australia",),
    "state/AUT": ("Austria",),
    "state/CIV": ("Côte d'Ivoire",),
    "state/COD": ("Democratic Republic of the Congo", "The Congo", "Zaire"),
    "state/COG": ("Congo", "Congo, Rep."),
    "state/FSM": ("Micronesia",),
    "state/GBR": ("United Kingdom", "UK"),
    "state/IND": ("India",),
    "state/KOR": ("Republic of Korea", "South Korea"),
    "state/MMR": ("Myanmar", "Burma"),
    "state/NAM": ("Namibia", "NA"),
    "state/PHL": ("Philippines",),
    "state/PRK": ("Democratic People's Republic of Korea", "North Korea"),
    "state/RUS": ("Russia",),
    "state/WSM": ("Samoa",),
    "treaty/one": ("Convention 185",),
}


@pytest.fixture(scope="module")
def matcher() -> Matcher:
    countries = [key for key in NAMES if key.startswith("state/")]
    sorts = Sorts({COUNTRY: countries}, {f"{BASE}id/code/action": ["code/action/signature"]}, {})
    return Matcher(Names(BASE, NAMES, sorts=sorts))


@pytest.mark.parametrize(
    ("text", "key", "way"),
    [
        ("zaire", "state/COD", Way.WHOLE),
        ("Korea (Rep. of)", "state/KOR", Way.ABBREVIATED),
        ("Korea, Republic of", "state/KOR", Way.SAME_WORDS),
        ("Cote dIvoire", "state/CIV", Way.TOGETHER),
        ("U.K.", "state/GBR", Way.WHOLE),
        ("Myanmar (formerly Burma)", "state/MMR", Way.PARTS),
        ("United Nations (UN)", "organisation/un", Way.PARTS),
        ("S. Korea", "state/KOR", Way.ABBREVIATED),
        ("Dem. Rep. of the Congo", "state/COD", Way.ABBREVIATED),
        ("Phillipines", "state/PHL", Way.MISSPELT),
        ("Untied Kingdom", "state/GBR", Way.MISSPELT),
        ("Convention no. 185", "treaty/one", Way.SAME_WORDS),
    ],
)
def test_a_name_means_one_thing(matcher: Matcher, text: str, key: str, way: Way) -> None:
    """Whatever its order, marks, abbreviations and small mistakes."""
    best = matcher.match(text)[0]

    assert (best.key, best.way, best.certain) == (key, way, True)
    assert best.score >= CERTAIN


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("Congo", {"state/COD", "state/COG"}),
        ("Korea", {"state/KOR", "state/PRK"}),
        ("Micronesia", {"state/FSM", "region/micronesia"}),
        ("Austrlia", {"state/AUS", "state/AUT"}),
        ("Prussia", {"state/RUS"}),
        ("American Samoa", {"state/WSM"}),
        ("Samoa (American)", {"state/WSM"}),
        ("A. Samoa", {"state/WSM"}),
        ("Inda", {"state/IND"}),
        ("NA", {"state/NAM"}),
    ],
)
def test_where_two_may_be_meant_or_none_nothing_is_certain(
    matcher: Matcher, text: str, keys: set[str]
) -> None:
    """What may be meant is told all the same, with scores that are no match's."""
    found = matcher.match(text)

    assert {each.key for each in found} == keys
    assert not any(each.certain for each in found)
    assert all(each.score <= UNSURE for each in found)


@pytest.mark.parametrize("text", ["", "?!", "Atlantis", "N/A", "186", "x" * 5000, "a " * 500])
def test_what_means_nothing_has_no_candidate(matcher: Matcher, text: str) -> None:
    """However long or strange."""
    assert matcher.match(text) == []


def test_a_class_decides_between_namesakes(matcher: Matcher) -> None:
    """Only things of the classes asked for are candidates."""
    assert matcher.match("Micronesia", [COUNTRY])[0].certain
    assert "organisation/un" not in {each.key for each in matcher.match("UN", [COUNTRY])}
    assert matcher.match("Micronesia", [f"{BASE}ontology#Treaty"]) == []


def test_a_number_has_no_mistakes(matcher: Matcher) -> None:
    """Another number is another thing, however near."""
    assert not any(each.certain for each in matcher.match("Convention 186"))


def test_codes_and_sources_are_matched_on_request_alone(matcher: Matcher) -> None:
    """A source often bears the name of what it is about."""
    assert matcher.match("signature") == []
    assert [each.key for each in matcher.match("United Kingdom")] == ["state/GBR"]


def test_there_are_no_more_candidates_than_asked_for(matcher: Matcher) -> None:
    """The likeliest are kept."""
    assert len(matcher.match("Congo", limit=1)) == 1
