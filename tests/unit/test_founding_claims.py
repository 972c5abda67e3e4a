"""The two founding documents, row by row, as the Turtle in data/ tells them.

tests/data/seed-rows.csv says which claim stands for which row of the documents, and which
words its evidence must quote. Rows CN and AU are in one document, PE and CA in the other, KR
in both.
"""

from __future__ import annotations

import csv
import re
from pathlib import Path
from typing import NamedTuple

import pyoxigraph as ox
import pytest

ROOT = Path(__file__).parents[2]
ID = "https://w3id.org/stancegraph/id/"
SG = "https://w3id.org/stancegraph/ontology#"
RDFS = "http://www.w3.org/2000/01/rdf-schema#"
EXACT = "http://www.w3.org/ns/oa#exact"

NAMING = {
    "http://www.w3.org/2000/01/rdf-schema#label",
    "http://www.w3.org/2004/02/skos/core#prefLabel",
    "http://www.w3.org/2004/02/skos/core#altLabel",
    "http://purl.org/dc/terms/title",
    SG + "acronym",
    SG + "symbol",
}

SOURCES = {
    "CN": ["atlas-china"],
    "AU": ["atlas-china"],
    "KR": ["atlas-china", "atlas-peru"],
    "PE": ["atlas-peru"],
    "CA": ["atlas-peru"],
}
ROWS_PER_SECTION = {"CN": 9, "AU": 8, "KR": 7, "PE": 6, "CA": 13}
NEGATIVE = ["CN3", "KR2"]
CONTRADICTED = ["CN5", "AU2", "PE1", "PE2", "CA3", "CA12"]


class SeedRow(NamedTuple):
    """One line of seed-rows.csv: a claim that stands for a row, and words of its evidence."""

    row: str
    claim: str
    fragment: str

    @property
    def sources(self) -> list[str]:
        """Keys of the sources in which the row stands."""
        return SOURCES[self.row[:2]]


def _read_rows() -> list[SeedRow]:
    with (ROOT / "tests" / "data" / "seed-rows.csv").open(encoding="utf-8", newline="") as file:
        return [SeedRow(**line) for line in csv.DictReader(file)]


ROWS = _read_rows()


@pytest.fixture(scope="module")
def facts() -> ox.Dataset:
    """All triples of data/, without inference."""
    files = sorted((ROOT / "data").rglob("*.ttl"))
    return ox.Dataset(quad for path in files for quad in ox.parse(path=path))


def _values(facts: ox.Dataset, subject: str, predicate: str) -> list[str]:
    """What *subject* has as *predicate*: lexical forms, IRIs of this graph from /id/ on."""
    return sorted(
        quad.object.value.removeprefix(ID)
        for quad in facts.quads_for_subject(ox.NamedNode(ID + subject))
        if quad.predicate.value == predicate and not isinstance(quad.object, ox.Triple)
    )


def _quotations(facts: ox.Dataset, claim: str, source: str) -> list[str]:
    """What the evidence of *claim* quotes from the source with the key *source*."""
    return [
        quotation
        for evidence in _values(facts, claim, SG + "evidence")
        if f"source/{source}" in _values(facts, evidence, SG + "source")
        for quotation in _values(facts, evidence, EXACT)
    ]


def test_what_the_documents_name_is_found_by_that_name(facts: ox.Dataset) -> None:
    """Each name of seed-entities.csv leads to its thing, and to no other."""
    with (ROOT / "tests" / "data" / "seed-entities.csv").open(encoding="utf-8", newline="") as file:
        expected = {line["name"]: {line["thing"]} for line in csv.DictReader(file)}

    found: dict[str, set[str]] = {name: set() for name in expected}
    for quad in facts:
        if quad.predicate.value in NAMING and quad.object.value in found:
            found[quad.object.value].add(quad.subject.value.removeprefix(ID))

    assert found == expected


def test_each_row_of_the_documents_has_a_claim() -> None:
    """The index leaves out no row and knows no other."""
    expected = {f"{key}{n}" for key, last in ROWS_PER_SECTION.items() for n in range(1, last + 1)}

    assert {row.row for row in ROWS} == expected


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.row}-{row.claim}")
def test_claim_quotes_the_row_from_each_document_that_has_it(
    facts: ox.Dataset, row: SeedRow
) -> None:
    """Evidence from each of the row's sources holds the fragment, word for word."""
    quotations = {source: _quotations(facts, row.claim, source) for source in row.sources}

    missing = [
        source
        for source, quoted in quotations.items()
        if not any(row.fragment in quotation for quotation in quoted)
    ]
    assert missing == [], f"{row.claim} quotes {quotations}"


@pytest.mark.parametrize("source", ["atlas-china", "atlas-peru"])
def test_both_documents_are_excerpts_of_one_work(facts: ox.Dataset, source: str) -> None:
    """A passage that stands in both is one witness, not two."""
    works = _values(facts, f"source/{source}", SG + "originWork")

    assert works == ["document/cyber-diplomacy-atlas"]


@pytest.mark.parametrize("name", CONTRADICTED)
def test_row_that_better_sources_contradict_gives_way_to_them(facts: ox.Dataset, name: str) -> None:
    """Some claim of the row is deprecated, and a preferred one contradicts it."""
    ranked = {
        row.claim
        for row in ROWS
        if row.row == name and "code/rank/deprecated" in _values(facts, row.claim, SG + "rank")
    }

    rivals = {
        rival
        for claim in ranked
        for rival in [*_values(facts, claim, SG + "contradicts"), *_contradicting(facts, claim)]
        if "code/rank/preferred" in _values(facts, rival, SG + "rank")
    }
    assert rivals, f"deprecated: {sorted(ranked)}"


def _contradicting(facts: ox.Dataset, claim: str) -> list[str]:
    return [
        quad.subject.value.removeprefix(ID)
        for quad in facts.quads_for_object(ox.NamedNode(ID + claim))
        if quad.predicate.value == SG + "contradicts" and isinstance(quad.subject, ox.NamedNode)
    ]


@pytest.mark.parametrize("name", NEGATIVE)
def test_what_is_not_so_is_claimed_not_left_out(facts: ox.Dataset, name: str) -> None:
    """A row that denies a relation to a treaty is a status claim of its own."""
    statuses = [
        status
        for row in ROWS
        if row.row == name
        for status in _values(facts, row.claim, SG + "status")
    ]

    assert statuses
    assert all(status.startswith("code/treaty-status/non-") for status in statuses)


def test_two_totals_of_one_year_stand_side_by_side(facts: ox.Dataset) -> None:
    """Where neither figure can be preferred, both keep their rank and the reason is given."""
    earlier = "observation/PER/cybercrime-reports/2021"

    later = _values(facts, earlier, SG + "contradicts")

    assert [_values(facts, claim, SG + "value") for claim in [earlier, *later]] == [
        ["18596"],
        ["18424"],
    ]
    for claim in [earlier, *later]:
        assert _values(facts, claim, SG + "rank") == ["code/rank/normal"]
        assert _values(facts, claim, SG + "unresolvedReason")


def test_no_quotation_is_longer_than_25_words(facts: ox.Dataset) -> None:
    """Quotations are fragments: the sources' texts are not ours to publish."""
    quotations = [
        quad.object.value
        for quad in facts.quads_for_predicate(ox.NamedNode(EXACT))
        if isinstance(quad.object, ox.Literal)
    ]

    too_long = [quotation for quotation in quotations if len(quotation.split()) > 25]
    assert quotations
    assert too_long == []


def test_deprecated_claims_say_why(facts: ox.Dataset) -> None:
    """A claim that is set aside has a reason that a reader can check."""
    deprecated = [
        quad.subject.value.removeprefix(ID)
        for quad in facts.quads_for_object(ox.NamedNode(ID + "code/rank/deprecated"))
        if quad.predicate.value == SG + "rank" and isinstance(quad.subject, ox.NamedNode)
    ]

    without_reason = [claim for claim in deprecated if not _values(facts, claim, SG + "rankReason")]
    assert deprecated
    assert without_reason == []


class Check(NamedTuple):
    """One line of seed-checks.csv: what an independent source says of a row, and where it is told.

    *told* is the claim or thing that rests on *source*; both are empty where no source could be
    found, and then the comment of *claim* says so.
    """

    check: str
    verdict: str
    claim: str
    told: str
    source: str


def _read_checks() -> list[Check]:
    with (ROOT / "tests" / "data" / "seed-checks.csv").open(encoding="utf-8", newline="") as file:
        return [Check(**line) for line in csv.DictReader(file)]


CHECKS = _read_checks()
UNVERIFIED = re.compile("[Uu]nverified|found in no other source|[Oo]nly the Atlas|was not found")


def _works(facts: ox.Dataset, sources: list[str]) -> set[str]:
    """Sources and the works of which they are copies."""
    return {
        work for source in sources for work in [source, *_values(facts, source, SG + "originWork")]
    }


def test_each_check_is_here() -> None:
    """Thirty checks were made."""
    assert {int(check.check) for check in CHECKS} == set(range(1, 31))


@pytest.mark.parametrize(
    "check", CHECKS, ids=lambda check: f"{check.check}-{check.claim}-{check.source}"
)
def test_what_others_say_of_the_documents_is_told(facts: ox.Dataset, check: Check) -> None:
    """Who confirms is evidence, who contradicts is preferred, and what nobody confirms says so."""
    if check.verdict == "unverified":
        assert UNVERIFIED.search(" ".join(_values(facts, check.claim, RDFS + "comment")))
        return
    sources = [
        *_values(facts, check.told, "http://purl.org/dc/terms/source"),
        *(
            source
            for evidence in _values(facts, check.told, SG + "evidence")
            for source in _values(facts, evidence, SG + "source")
        ),
    ]
    assert _works(facts, sources) & _works(facts, [f"source/{check.source}"])
    if check.verdict == "contradicted":
        assert _values(facts, check.claim, SG + "rank") == ["code/rank/deprecated"]
