"""What things are called, and how they are found by it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyoxigraph as ox
import pytest

from stancegraph.names import Names

if TYPE_CHECKING:
    from pathlib import Path

BASE = "https://example.org/g/"
TURTLE = f"""
BASE <{BASE}id/>
PREFIX dcterms: <http://purl.org/dc/terms/>
PREFIX g: <{BASE}ontology#>
PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
PREFIX skos: <http://www.w3.org/2004/02/skos/core#>

g:acronym rdfs:subPropertyOf g:shortName .
g:shortName rdfs:subPropertyOf skos:altLabel .
g:Vote rdfs:label "vote" .
<state/CIV> rdfs:label "Côte d'Ivoire"@en ; skos:altLabel "Ivory Coast"@en .
<state/CAN> rdfs:label "Canada"@en .
<state/COG> rdfs:label "Congo"@en .
<state/COD> rdfs:label "Democratic Republic of the Congo"@en ; skos:altLabel "Congo"@en .
<organisation/un> g:acronym "UN" ; rdfs:label "United Nations"@en .
<resolution/A-RES-74-247> rdfs:label "A/RES/74/247"@en ; dcterms:title "Countering"@en .
<vote/un/CAN> g:actor <state/CAN> .
"""


@pytest.fixture
def names() -> Names:
    return Names.of(BASE, [quad.triple for quad in ox.parse(TURTLE, format=ox.RdfFormat.TURTLE)])


def test_a_thing_is_listed_with_all_its_names_the_best_first(names: Names) -> None:
    """Label before other names before titles; what specialises a naming property names too."""
    assert dict(names.by_key) == {
        "organisation/un": ("United Nations", "UN"),
        "resolution/A-RES-74-247": ("A/RES/74/247", "Countering"),
        "state/CAN": ("Canada",),
        "state/CIV": ("Côte d'Ivoire", "Ivory Coast"),
        "state/COD": ("Democratic Republic of the Congo", "Congo"),
        "state/COG": ("Congo",),
    }


@pytest.mark.parametrize(
    ("text", "kinds", "found"),
    [
        ("CAN", ["state"], ["state/CAN"]),
        ("can", ["state"], ["state/CAN"]),
        ("Canada", ["organisation", "state"], ["state/CAN"]),
        ("cote d'ivoire", ["state"], ["state/CIV"]),
        ("ivory coast", ["state"], ["state/CIV"]),
        ("A/RES/74/247", ["resolution"], ["resolution/A-RES-74-247"]),
        ("UN", ["organisation"], ["organisation/un"]),
        ("Congo", ["state"], ["state/COD", "state/COG"]),
        ("Canada", ["organisation"], []),
        ("", ["state"], []),
    ],
)
def test_a_thing_is_found_by_key_or_name_of_the_right_kind(
    names: Names, text: str, kinds: list[str], found: list[str]
) -> None:
    """Case, accents and punctuation do not matter; a name of several things finds all."""
    assert names.find(text, kinds) == found


def test_a_key_as_written_wins_over_names() -> None:
    """Who types a key means that thing, even where another thing bears it as a name."""
    names = Names(BASE, {"state/A": ("Aland",), "state/B": ("A",)})

    assert names.find("A", ["state"]) == ["state/A"]
    assert names.find("a", ["state"]) == ["state/A", "state/B"]


def test_near_names_help_with_misspellings(names: Names) -> None:
    """A near miss is answered with what can be typed, and what it is called."""
    assert names.near("Cannada", ["state"]) == ["CAN (Canada)"]
    assert names.near("Cannada", ["organisation"]) == []


def test_names_come_back_from_their_file(names: Names, tmp_path: Path) -> None:
    """What a build writes is what a server reads, byte for byte the same each time."""
    path = tmp_path / "names.json"
    path.write_text(names.as_json(), "utf-8")

    loaded = Names.load(path)

    assert loaded.as_json() == names.as_json()
    assert loaded.base == BASE
    assert loaded.find("UN", ["organisation"]) == ["organisation/un"]


def test_shared_codes_are_found_and_keep_their_iris(tmp_path: Path) -> None:
    """Codes of another graph's lists have names too; a thing of one's own hides the like."""
    own, other = "https://example.org/covid/", "https://w3id.org/stancegraph/"
    turtle = f"""
        PREFIX skos: <http://www.w3.org/2004/02/skos/core#>
        <{own}id/code/position/neutral> skos:prefLabel "impartial"@en .
        <{other}id/code/position/neutral> skos:prefLabel "neutral"@en .
        <{other}id/code/position/opposes> skos:prefLabel "opposes"@en .
        <https://elsewhere.example/id/code/x> skos:prefLabel "x"@en .
    """
    triples = [quad.triple for quad in ox.parse(turtle, format=ox.RdfFormat.TURTLE)]
    path = tmp_path / "names.json"
    path.write_text(Names.of(own, triples, shared=[other]).as_json(), "utf-8")

    names = Names.load(path)

    assert names.find("opposes", ["code/position"]) == ["code/position/opposes"]
    assert names.iri("code/position/opposes") == f"{other}id/code/position/opposes"
    assert names.iri("code/position/neutral") == f"{own}id/code/position/neutral"
    assert names.key(f"{other}id/code/position/opposes") == "code/position/opposes"
    assert names.key(f"{other}id/code/position/neutral") is None
    assert names.key("https://elsewhere.example/id/code/x") is None
    assert len(names.by_key) == 2


def test_it_is_known_which_kinds_have_names(names: Names) -> None:
    """Claims have none, so their keys cannot be checked against this list."""
    assert names.knows("state")
    assert not names.knows("vote")
    assert not names.knows("stat")


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("congo", [("state/COG", "Congo"), ("state/COD", "Congo")]),
        ("ivory", [("state/CIV", "Ivory Coast")]),
        ("nations united", [("organisation/un", "United Nations")]),
        ("74 247", [("resolution/A-RES-74-247", "A/RES/74/247")]),
        ("anad", [("state/CAN", "Canada")]),
        ("Cannada", [("state/CAN", "Canada")]),
        ("zzz", []),
        ("", []),
    ],
)
def test_a_search_gives_each_thing_once_by_the_name_that_fits(
    names: Names, text: str, first: list[tuple[str, str]]
) -> None:
    """Whole names, words, beginnings, parts; where nothing fits, names that are spelt alike."""
    found = [(match.key, match.name) for match in names.search(text)]

    assert sorted(found) == sorted(first)


def test_a_search_puts_the_likeliest_first() -> None:
    """The name itself, then whole words, beginnings of words, parts; sources after things."""
    names = Names(
        BASE,
        {
            "source/korea": ("Korea",),
            "state/KOR": ("Republic of Korea", "South Korea"),
            "organisation/kps": ("Koreans abroad",),
            "organisation/x": ("Xkorea",),
            "topic/korea": ("The peninsula",),
            "state/PRK": ("Democratic People's Republic of Korea",),
        },
    )

    found = [match.key for match in names.search("KOREA")]

    assert found == [
        "source/korea",
        "topic/korea",
        "state/KOR",
        "state/PRK",
        "organisation/kps",
        "organisation/x",
    ]


def test_a_search_can_be_for_some_kinds_of_things(names: Names) -> None:
    """Others are not found, however well they fit."""
    assert [match.key for match in names.search("congo", ["state"])] == ["state/COG", "state/COD"]
    assert names.search("congo", ["treaty"]) == []
