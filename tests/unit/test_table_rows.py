"""The tables of votes, resolutions, documents, cooperation and indicators, as data/ tells them.

tests/data/ has their rows: vote-rows.csv (3,306 recorded votes, those alike in all but the state
on one line), resolution-rows.csv, document-rows.csv, cooperation-rows.csv, indicator-rows.csv.
Where what stands in the graph says otherwise than a row, the columns ``differs`` and ``because``
say in what, and why; what stands there and in no row is named below.
"""

from __future__ import annotations

import csv
from collections import Counter
from typing import TypeAlias

import pytest

from tests.facts import ROOT, Facts

DCTERMS = "http://purl.org/dc/terms/"
PAGE = "http://xmlns.com/foaf/0.1/page"

PLENARY = "rollcall/unga/"
CHOICES = {"absent": "non-voting"}

BEYOND_COOPERATION = {
    "cooperation/CHN/sco/fight-against-crime": "the founding documents",
}

BEYOND_DOCUMENTS = {
    "document/can-scope-objectives-structure": "the founding documents",
    "instrument/arg-law-2017": "a coded stance that became a domestic approval",
    "instrument/bra-decree-2023": "a coded stance that became a domestic approval",
}

Row: TypeAlias = dict[str, str]


def rows(name: str) -> list[Row]:
    """The lines of a table in tests/data."""
    path = ROOT / "tests" / "data" / f"{name}-rows.csv"
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def facts() -> Facts:
    """The graph as it is stated."""
    return Facts()


def code(scheme: str, found: set[str]) -> set[str]:
    """The keys of codes of *scheme*."""
    return {value.removeprefix(f"code/{scheme}/") for value in found}


def explained(row: Row) -> set[str]:
    """In what a row says that the graph differs; an explanation comes with it and only with it."""
    assert bool(row["differs"]) == bool(row["because"])
    return set(row["differs"].split(";")) - {""}


# Votes


def test_every_vote_of_the_tables_stands_as_recorded(facts: Facts) -> None:
    """Roll call, day, choice, source and state of each row; and no vote beside them."""
    expected = {
        (row["roll_call"], row["date"], CHOICES.get(row["vote"], row["vote"]), state)
        for row in rows("vote")
        for state in row["states"].split()
    }
    found = set()
    for vote in facts.things("Vote"):
        [roll_call] = facts.of(vote, "rollCall")
        [date] = facts.of(roll_call, "date")
        [choice] = code("vote-choice", facts.of(vote, "choice"))
        [state] = facts.of(vote, "actor")
        found.add((roll_call, date, choice, state.removeprefix("state/")))

    assert len(expected) == 3306
    assert found == expected
    assert len(facts.things("Vote")) == len(expected)


def test_each_vote_rests_on_the_source_of_its_row(facts: Facts) -> None:
    """And those of the plenary on one evidence a roll call, beside what else tells of them."""
    for row in rows("vote"):
        body = row["roll_call"].removeprefix("rollcall/")
        for state in row["states"].split():
            assert row["source"] in facts.sources(f"vote/{body}/{state}")
            if row["roll_call"].startswith(PLENARY):
                own = facts.of(f"vote/{body}/{state}", "evidence")
                assert f"evidence/{row['source']}/roll-call" in own


# Resolutions


@pytest.mark.parametrize("row", rows("resolution"), ids=lambda row: row["resolution"])
def test_resolution_is_as_in_its_row(facts: Facts, row: Row) -> None:
    """Day and mode of adoption, draft, tally, sponsors, topic and sources."""
    text = row["resolution"]
    draft = "C.3" in text
    roll_calls = {each for each in facts.subjects("votedText", text) if draft or PLENARY in each}
    drafts = facts.subjects("draftOf", text)
    sponsorships = {
        claim for each in {text} | drafts for claim in facts.subjects("sponsoredText", each)
    }

    days = {day for each in roll_calls for day in facts.of(each, "date")}
    assert facts.of(text, "adopted") | days == {row["date"]}
    if row["draft"]:
        assert row["draft"] in drafts | {text}
    if not draft:
        assert code("adoption-mode", facts.of(text, "adoptionMode")) == {row["adopted_by"]}
    for column, name in {"yes": "yesCount", "no": "noCount", "abstain": "abstainCount"}.items():
        counts = {count for each in roll_calls for count in facts.of(each, name)}
        assert counts == ({row[column]} if row[column] else set())
    sponsors = {actor for claim in sponsorships for actor in facts.of(claim, "actor")}
    assert {each.removeprefix("state/") for each in sponsors} == set(row["sponsors"].split())
    assert facts.of(text, "topic") == {f"topic/{row['topic']}"}
    assert set(row["sources"].split()) <= facts.sources(text, *drafts, *roll_calls, *sponsorships)


def test_a_sponsor_is_told_once_with_its_part(facts: Facts) -> None:
    """Eight first sponsors of A/C.3/74/L.11 and 39 who joined; the others are main sponsors."""
    roles = Counter(
        (text.rpartition("/")[2] if text.endswith("L.11") else "", role)
        for claim in facts.things("Sponsorship")
        for text in facts.of(claim, "sponsoredText")
        for role in code("sponsor-role", facts.of(claim, "sponsorRole"))
    )

    assert roles == {
        ("A-C.3-74-L.11", "first-sponsor"): 8,
        ("A-C.3-74-L.11", "co-sponsor"): 39,
        ("", "main-sponsor"): 10,
    }


def test_the_mandate_and_its_outcome_are_linked(facts: Facts) -> None:
    """A/RES/74/247 mandated the committee and the process; A/RES/79/243 adopts what came of it."""
    process = "process/un-cybercrime-convention"

    assert facts.of(process, "mandatedBy") == {"resolution/A-RES-74-247"}
    assert facts.of(process, "conductedBy", "mandatedBy") == {"resolution/A-RES-74-247"}
    assert facts.of("resolution/A-RES-79-243", "adopts") == facts.of(process, "ledTo")


# Documents


@pytest.mark.parametrize("row", rows("document"), ids=lambda row: row["doc_id"])
def test_document_is_as_in_its_row(facts: Facts, row: Row) -> None:
    """Kind, issuers, day, address and sources, but for what the row explains."""
    thing = row["thing"]
    acts = facts.subjects("document", thing)
    found = set()
    if code("document-kind", facts.of(thing, "documentKind")) != {row["kind"]}:
        found.add("kind")
    if thing.startswith(("document/", "instrument/")):
        if facts.of(thing, "issuedBy") != set(row["issuers"].split()):
            found.add("issuers")
        dates = {date for act in acts for date in facts.of(act, "date")}
        if not ({row["date"]} <= dates if row["date"] else not dates):
            found.add("date")
        if row["url"] and row["url"] not in facts.of(thing, PAGE) | pages(facts, thing, acts):
            found.add("url")
    if not set(row["sources"].split()) <= facts.sources(thing, *acts):
        found.add("sources")

    assert found == explained(row)


def pages(facts: Facts, thing: str, acts: set[str]) -> set[str]:
    """The addresses at which the sources of a document were read."""
    sources = facts.of(thing, DCTERMS + "source")
    for act in acts:
        sources |= facts.of(act, "evidence", "source")
    derived = "http://www.w3.org/ns/prov#wasDerivedFrom"
    return {page for source in sources for page in facts.of(source, derived)}


def test_replies_that_were_not_read_say_so_and_carry_no_stance(facts: Facts) -> None:
    """The 37 replies in A/74/130 are documents, part of the report, and nothing is coded."""
    replies = {row["thing"] for row in rows("document") if row["doc_id"].startswith("a74130-")}
    comment = "http://www.w3.org/2000/01/rdf-schema#comment"

    assert len(replies) == 37
    for reply in replies:
        assert facts.of(reply, DCTERMS + "isPartOf") == {"document/un-a74130"}
        assert all("was not read" in text for text in facts.of(reply, comment))
        assert facts.of(reply, comment)
        assert not facts.subjects("expressedIn", reply)
        assert not facts.subjects("quotedDocument", reply)


def test_no_document_comes_from_nowhere(facts: Facts) -> None:
    """Without a row, it is one that a stance was expressed in, a source quotes or copies."""
    known = {row["thing"] for row in rows("document")}
    of_stances = {
        document
        for stance in facts.things("Stance")
        for document in facts.of(stance, "expressedIn")
    }
    of_sources = {
        work for source in facts.things("Source") for work in facts.of(source, "originWork")
    }
    of_evidence = {
        document
        for evidence in facts.things("Evidence")
        for document in facts.of(evidence, "quotedDocument")
    }
    documents = facts.things("Document") | facts.things("NationalInstrument")

    assert documents - known - of_stances - of_sources - of_evidence == set(BEYOND_DOCUMENTS)


# Cooperation


@pytest.mark.parametrize("row", rows("cooperation"), ids=lambda row: row["coop_id"])
def test_cooperation_is_as_in_its_row(facts: Facts, row: Row) -> None:
    """Kind, who takes part, who is helped, spell and source, but for what the row explains."""
    claims = row["claims"].split()
    found = set()
    for claim in claims:
        if code("cooperation-kind", facts.of(claim, "cooperationKind")) != {row["kind"]}:
            found.add("kind")
        if facts.of(claim, "participant") != set(row["actors"].split()):
            found.add("actors")
        if facts.of(claim, "recipient") != set(row["recipients"].split()):
            found.add("recipients")
        for column in ("start", "end"):
            if facts.of(claim, column) != ({row[column]} if row[column] else set()):
                found.add(column)
        if row["source"] not in facts.sources(claim):
            found.add("source")

    assert found == explained(row)


def test_no_cooperation_comes_from_nowhere(facts: Facts) -> None:
    """Each is in a row, or in the founding documents."""
    known = {claim for row in rows("cooperation") for claim in row["claims"].split()}

    assert facts.things("Cooperation") - known == set(BEYOND_COOPERATION)


# Indicators


@pytest.mark.parametrize("row", rows("indicator"), ids=lambda row: row["claim"])
def test_indicator_is_as_in_its_row(facts: Facts, row: Row) -> None:
    """Subject, value, unit, year and source, but for what the row explains."""
    claim = row["claim"]
    found = set()
    if facts.of(claim, "subject") != {row["subject"]}:
        found.add("subject")
    if {float(value) for value in facts.of(claim, "value")} != {float(row["value"])}:
        found.add("value")
    unit = row["unit"].removesuffix(" (more than)").lower().split()
    [measured] = code("unit", facts.of(claim, "unit"))
    if sorted(unit) != sorted(measured.split("-")):
        found.add("unit")
    if facts.of(claim, "qualifier") == {"more than"} and "more than" not in row["unit"]:
        found.add("qualifier")
    start, _, end = row["year"].partition("-")
    end = start[: 4 - len(end)] + end
    times = facts.of(claim, "period") or facts.of(claim, "start") | facts.of(claim, "end")
    if times != {start, end}:
        found.add("year")
    if row["source"] not in facts.sources(claim):
        found.add("source")

    assert found == explained(row)


def test_no_observation_comes_from_nowhere(facts: Facts) -> None:
    """Each is in a row."""
    assert facts.things("Observation") == {row["claim"] for row in rows("indicator")}
