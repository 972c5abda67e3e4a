"""The catalogue of saved queries, and what callers mean by their parameters."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyoxigraph as ox
import pytest

from stancegraph.catalog import Catalog, read_terms
from stancegraph.errors import BadParameter, BadQueryFile, UnknownQuery
from stancegraph.names import FILE, Names
from stancegraph.parameters import Parameter
from stancegraph.queryfile import SavedQuery
from stancegraph.terms import XSD

if TYPE_CHECKING:
    from pathlib import Path

BASE = "https://example.org/g/"
NAMES = Names(
    BASE,
    {
        "area/NIU": ("Niue",),
        "organisation/congo-watch": ("Congo",),
        "state/CAN": ("Canada",),
        "state/COG": ("Congo",),
    },
)
CANADA = ox.NamedNode(f"{BASE}id/state/CAN")
DAY = ox.Literal("2024-12-31", datatype=XSD.date)


def query(**params: Parameter) -> SavedQuery:
    return SavedQuery("t/q", "queries/t/q.rq", "", "", params, "ASK {}", (), ())


def iri(*kinds: str) -> SavedQuery:
    return query(who=Parameter("who", "iri", kinds, (), "who acted", CANADA))


ACTOR = iri("state", "area", "organisation")


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("CAN", "state/CAN"),
        ("state/CAN", "state/CAN"),
        (" Canada ", "state/CAN"),
        ("niue", "area/NIU"),
        ("state/Congo", "state/COG"),
        (f"{BASE}id/state/CAN", "state/CAN"),
        (f"<{BASE}id/state/COG>", "state/COG"),
    ],
)
def test_a_thing_may_be_named_in_every_way_that_is_clear(text: str, key: str) -> None:
    """A key, a kind and key, a name or a whole IRI mean the same thing."""
    assert read_terms(ACTOR, {"who": text}, NAMES) == {"who": ox.NamedNode(f"{BASE}id/{key}")}


ANY = "no state, area or organisation is called"
EXAMPLE = "give a key, a name or an IRI, as who=CAN"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("Kanada", f"{ANY} 'Kanada'; did you mean CAN (Canada)?"),
        ("xyz", f"{ANY} 'xyz'; {EXAMPLE}"),
        ("", f"{ANY} ''; {EXAMPLE}"),
        ("http://a b", f"{ANY} 'http://a b'; {EXAMPLE}"),
        ("state/CAM", "no state is called 'CAM'; did you mean CAN (Canada)?"),
        ("Congo", "'Congo' may mean organisation/congo-watch or state/COG: write one of these"),
        ("http://a<b", "'http://a<b' is no IRI: Invalid IRI code point '<'"),
        (
            f"{BASE}id/state/CAM",
            (
                f"<{BASE}id/state/CAM> names no state, area or organisation of this graph; "
                "did you mean CAN (Canada)?"
            ),
        ),
        (
            "http://www.wikidata.org/entity/Q16",
            (
                "<http://www.wikidata.org/entity/Q16> names no state, area or organisation of this "
                "graph; give a key, a name or an IRI, as who=CAN"
            ),
        ),
    ],
)
def test_a_name_that_means_nothing_is_told_with_what_would_be_right(
    text: str, problem: str
) -> None:
    """The error says what was not found, and what is near it or clear."""
    with pytest.raises(BadParameter) as caught:
        read_terms(ACTOR, {"who": text}, NAMES)

    assert str(caught.value) == f"parameter 'who': {problem}"


def test_a_claim_is_taken_by_its_kind_and_key() -> None:
    """Claims are not in the list of names: their keys are taken as they are."""
    terms = read_terms(iri("vote", "stance"), {"who": "vote/unga/A-RES-74-247/CAN"}, NAMES)

    assert terms == {"who": ox.NamedNode(f"{BASE}id/vote/unga/A-RES-74-247/CAN")}


def test_a_key_that_cannot_stand_in_an_iri_is_refused() -> None:
    """No text of a caller reaches a query unless it is an IRI."""
    with pytest.raises(BadParameter, match="is no IRI"):
        read_terms(iri("vote"), {"who": "vote/a> } #"}, NAMES)


@pytest.mark.parametrize("text", ["2024-12-31", " 2024-12-31 "])
def test_a_day_is_written_in_full(text: str) -> None:
    """Year, month and day, as in xsd:date."""
    day = query(day=Parameter("day", "xsd:date", (), (), "", DAY))

    assert read_terms(day, {"day": text}, NAMES) == {"day": DAY}


@pytest.mark.parametrize("text", ["2023-02-29", "2024", "2024-1-1", "20241231", "31.12.2024", ""])
def test_what_is_no_day_is_refused(text: str) -> None:
    """A month, another notation or a day that does not exist is told with an example."""
    day = query(day=Parameter("day", "xsd:date", (), (), "", DAY))

    with pytest.raises(BadParameter) as caught:
        read_terms(day, {"day": text}, NAMES)

    told = f"{text!r} is no day; write year-month-day, as day=2024-12-31"
    assert str(caught.value) == f"parameter 'day': {told}"


def test_a_number_is_taken_in_canonical_form() -> None:
    """The same number gives the same query, however it is written."""
    count = query(n=Parameter("n", "xsd:integer", (), (), "", ox.Literal(1)))

    assert read_terms(count, {"n": "+007"}, NAMES) == {"n": ox.Literal("7", datatype=XSD.integer)}
    with pytest.raises(BadParameter, match="no whole number"):
        read_terms(count, {"n": "1.5"}, NAMES)


def test_a_choice_is_one_of_those_allowed() -> None:
    """Where a parameter lists its values, no other is taken."""
    mode = query(mode=Parameter("mode", "xsd:string", (), ("plenary", "committee"), "", DAY))

    assert read_terms(mode, {"mode": "plenary"}, NAMES) == {"mode": ox.Literal("plenary")}
    with pytest.raises(BadParameter, match="'hall' is none of plenary, committee"):
        read_terms(mode, {"mode": "hall"}, NAMES)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({}, "parameter 'who': is missing: who acted; for example who=CAN"),
        (
            {"who": "CAN", "whom": "CAN"},
            "parameter 'whom': is no parameter of this query; did you mean who?",
        ),
    ],
)
def test_missing_and_unknown_parameters_are_told(values: dict[str, str], message: str) -> None:
    """A caller learns which parameter is meant, and sees an example."""
    with pytest.raises(BadParameter) as caught:
        read_terms(ACTOR, values, NAMES)

    assert str(caught.value) == message


def folder(root: Path, *names: str) -> Path:
    for name in names:
        path = root / "queries" / f"{name}.rq"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("#+ summary: s\n#+ columns: [s]\nSELECT ?s { ?s ?p ?o } ORDER BY ?s\n")
    return root


def test_a_catalogue_lists_its_queries_by_name(tmp_path: Path) -> None:
    """The order does not depend on the file system."""
    catalog = Catalog.load(folder(tmp_path, "votes/b", "votes/a", "acts/c"))

    assert [query.name for query in catalog] == ["acts/c", "votes/a", "votes/b"]
    assert len(catalog) == 3


def test_a_catalogue_without_a_release_knows_no_names(tmp_path: Path) -> None:
    """The names are written by a build; with them, keys can be given for IRIs."""
    folder(tmp_path, "votes/a")
    assert Catalog.load(tmp_path).names.by_key == {}

    (tmp_path / FILE).write_text(NAMES.as_json(), "utf-8")

    assert Catalog.load(tmp_path).names.find("Niue", ["area"]) == ["area/NIU"]


def test_an_unknown_query_is_told_with_those_alike(tmp_path: Path) -> None:
    """A misspelt name is answered with what may be meant."""
    catalog = Catalog.load(folder(tmp_path, "votes/resolution"))

    assert catalog.query("votes/resolution").summary == "s"
    with pytest.raises(UnknownQuery) as caught:
        catalog.query("votes/resolutions")

    assert str(caught.value) == (
        "no saved query is named 'votes/resolutions'; did you mean votes/resolution?"
    )


def test_a_catalogue_with_a_bad_file_does_not_load(tmp_path: Path) -> None:
    """No server starts with a query that cannot be asked; the error names file and line."""
    folder(tmp_path, "votes/a")
    (tmp_path / "queries" / "votes" / "b.rq").write_text("#+ summary: s\nSELECT ?s {\n")

    with pytest.raises(BadQueryFile) as caught:
        Catalog.load(tmp_path)

    assert str(caught.value).startswith("queries/votes/b.rq:")
