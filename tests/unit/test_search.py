"""Finding names by what somebody types."""

from __future__ import annotations

import pytest

from stancegraph.search import Fit, Index, plain

KEYS = {
    "congo": ["state/COG", "state/COD"],
    "cote d ivoire": ["state/CIV"],
    "council of europe convention on cybercrime": ["treaty/budapest"],
    "budapest convention": ["treaty/budapest"],
    "un convention against cybercrime": ["treaty/un"],
    "hanoi convention": ["treaty/un"],
    "ets 185": ["treaty/budapest"],
    "a res 74 247": ["resolution/A-RES-74-247"],
    "philippines": ["state/PHL"],
    "russian federation": ["state/RUS"],
    plain("Россия"): ["state/RUS"],
    "in": ["state/IND"],
    "india": ["state/IND"],
    "who": ["organisation/who"],
    "356": ["state/IND"],
}


@pytest.fixture(scope="module")
def index() -> Index:
    return Index(KEYS)


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("Côte d\u2019Ivoire", "cote d ivoire"),
        ("A/RES/74/247", "a res 74 247"),
        ("Łódź, Ørsted & Straße", "lodz orsted strasse"),
        ("I\u0307stanbul", "istanbul"),
        ("\uff35\uff2e", "un"),
        ("  a_b\t\u200bc ", "a b c"),
        ("!?", ""),
    ],
)
def test_case_accents_and_punctuation_do_not_count(text: str, same: str) -> None:
    """Also those letters that Unicode does not take apart."""
    assert plain(text) == same


def test_vowel_signs_are_no_accents() -> None:
    """A word of Hindi stays one word, with all that is spoken in it."""
    assert plain("कानून") == "कानून"
    assert plain("कानून") != plain("कनन")


@pytest.mark.parametrize(
    ("text", "key", "fit"),
    [
        ("congo", "state/COD", Fit.WHOLE),
        ("convention", "treaty/un", Fit.WORDS),
        ("budapest conv", "treaty/budapest", Fit.BEGINNING),
        ("cyber conv", "treaty/un", Fit.EACH_WORD),
        ("the convention on cybercrime of the council of europe", "treaty/budapest",
         Fit.EACH_WORD),
        ("hanoi cybercrime", "treaty/un", Fit.ACROSS),
        ("udapes", "treaty/budapest", Fit.INSIDE),
        ("ETS185", "treaty/budapest", Fit.INSIDE),
        ("ARES74/247", "resolution/A-RES-74-247", Fit.INSIDE),
        ("budapset", "treaty/budapest", Fit.NEAR),
        ("Phillip", "state/PHL", Fit.NEAR),
        ("russianfedration", "state/RUS", Fit.NEAR),
        ("россия", "state/RUS", Fit.WHOLE),
        ("росия", "state/RUS", Fit.NEAR),
        ("budapest treaty", "treaty/budapest", Fit.PART),
    ],
)  # fmt: skip
def test_a_thing_is_found_by_the_best_fit_of_its_names(
    index: Index, text: str, key: str, fit: Fit
) -> None:
    """Whole names before words, words before beginnings, and all before what is misspelt."""
    assert index.find(plain(text))[key].fit is fit


@pytest.mark.parametrize("text", ["", "zzz qqq", "186", "inn"])
def test_what_is_not_there_is_not_found(index: Index, text: str) -> None:
    """Neither in numbers nor in short words is a mistake forgiven."""
    assert index.find(text) == {}


def test_only_what_is_allowed_is_found(index: Index) -> None:
    """What is not allowed does not count among the few fits either."""
    found = index.find("convention", lambda key: key == "treaty/un")

    assert set(found) == {"treaty/un"}


def test_names_are_found_in_a_sentence(index: Index) -> None:
    """The longest of those that overlap; misspelt words are mended first."""
    text = "Did India sign the Hanoi Convetion before the A/RES/74/247 vote?"

    assert index.mentioned(text) == [
        ("india", "india"),
        ("hanoi convention", "hanoi convetion"),
        ("a res 74 247", "a res 74 247"),
    ]


def test_short_words_are_names_in_capitals_alone(index: Index) -> None:
    """Else every question would be about India and the WHO; numbers are never names."""
    assert index.mentioned("who was in the WHO in 356") == [("who", "who")]
    assert index.mentioned("WHO WAS IN") == []


def test_any_text_is_searched_without_an_error(index: Index) -> None:
    """However long and strange."""
    for text in (
        "a " * 500,
        "x" * 5000,
        "%_\\'\"*",
        "\u202e\ufdfa",
        "가" * 300,
        "\n\n",
        "conv" * 80,
    ):
        index.find(plain(text))
        index.mentioned(text)
