"""What each rule derives, on graphs as small as the case allows."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import pyoxigraph as ox
import pytest

from stancegraph.folder import GraphFolder
from stancegraph.queryfile import Rule, read_rules
from stancegraph.terms import XSD, short

if TYPE_CHECKING:
    from collections.abc import Iterable

FOLDER = GraphFolder.at(Path(__file__).parents[2])
RULES = {rule.name: rule for rule in read_rules(FOLDER)[0]}
ID = FOLDER.base + "id/"
ONTOLOGY = [
    quad.triple
    for path in sorted((FOLDER.root / "ontology").rglob("*.ttl"))
    for quad in ox.parse(path=path, format=ox.RdfFormat.TURTLE)
]
PROLOGUE = f"""
BASE <{ID}>
PREFIX dcterms: <http://purl.org/dc/terms/>
PREFIX org: <http://www.w3.org/ns/org#>
PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
PREFIX sg: <{FOLDER.base}ontology#>
PREFIX skos: <http://www.w3.org/2004/02/skos/core#>
PREFIX xsd: <http://www.w3.org/2001/XMLSchema#>
"""
STATUS_RULES = ("dates", "counted-acts", "treaty-status", "parties")
MEMBERSHIP_RULES = ("dates", "contested-by", "membership-spells")
STANCE_RULES = ("dates", "contested-by", "counted-stances")
REUSED = {"rdf:type", "rdfs:label", "prov:wasDerivedFrom", "skos:exactMatch"}
BOUNDS = ("sg:fromEarliest", "sg:fromLatest", "sg:untilEarliest", "sg:untilLatest")


class World:
    """A tiny graph of stated facts, to which rules are applied one after the other."""

    def __init__(self, turtle: str) -> None:
        self.store = ox.Store()
        for triple in ONTOLOGY:
            self._add("ontology", triple)
        for quad in ox.parse(PROLOGUE + turtle, format=ox.RdfFormat.TURTLE):
            self._add("data", quad.triple)

    def derive(self, *names: str, today: date = date(2026, 11, 22)) -> set[tuple[str, str, str]]:
        """Apply the rules in this order; what the last one wrote, in short words."""
        written: list[ox.Triple] = []
        for name in names:
            written = self.apply(RULES[name], today)
            for triple in written:
                self._add(f"derived/{name}", triple)
        return {(told(s), told(p), told(o)) for s, p, o in written}

    def apply(self, rule: Rule, today: date) -> list[ox.Triple]:
        """What *rule* constructs from the graphs that it names as its inputs."""
        terms = {name: ox.Literal(today.isoformat(), datatype=XSD.date) for name in rule.params}
        graphs: list[ox.NamedNode | ox.BlankNode | ox.DefaultGraph] = [
            ox.NamedNode(f"x:{name}") for name in rule.inputs
        ]
        results = self.store.query(rule.bind(terms), default_graph=graphs)
        assert isinstance(results, ox.QueryTriples)
        return list(results)

    def _add(self, graph: str, triple: ox.Triple) -> None:
        subject, predicate, term = triple
        self.store.add(ox.Quad(subject, predicate, term, ox.NamedNode(f"x:{graph}")))


def told(term: object) -> str:
    if isinstance(term, ox.NamedNode):
        return term.value.removeprefix(ID) if term.value.startswith(ID) else short(term)
    assert isinstance(term, ox.Literal)
    return term.value


def act(
    kind: str, when: str = "", *, actor: str = "CAN", rank: str = "normal", words: str = ""
) -> str:
    """A treaty action on the treaty ``t``, told of by a source as of the end of 2020."""
    datatype = ("gYear", "gYearMonth", "date")[when.count("-")]
    dated = f'sg:date "{when}"^^xsd:{datatype} ;' if when else ""
    return f"""
    <action/t/{actor}/{words or kind}> a sg:TreatyAction ;
        sg:actionKind <code/action-kind/{kind}> ; sg:actor <state/{actor}> ; {dated}
        sg:evidence <evidence/s/{actor}> ; sg:rank <code/rank/{rank}> ; sg:treaty <treaty/t> .
    <evidence/s/{actor}> sg:source <source/s> ; sg:statedAsOf "2020-12-31"^^xsd:date .
    <source/s> sg:retrieved "2021-06-30"^^xsd:date .
    """


IN_FORCE = '<treaty/t> sg:inForceSince "2004-07-01"^^xsd:date .'


def spells(*stated: str) -> dict[str, tuple[str, ...]]:
    """Per spell its bounds: from earliest, from latest, until earliest, until latest."""
    world = World("".join(stated))
    rows: dict[str, dict[str, str]] = {}
    written = world.derive(*STATUS_RULES[:3]) | world.derive("parties")
    for subject, predicate, term in written:
        rows.setdefault(subject.removeprefix("spell/t/"), {})[predicate] = term
    return {spell: tuple(row.get(bound, "") for bound in BOUNDS) for spell, row in rows.items()}


def sources_of(spell: str, *stated: str) -> set[str]:
    world = World("".join(stated))
    written = world.derive(*STATUS_RULES[:3]) | world.derive("parties")
    return {o for s, p, o in written if s == f"spell/t/{spell}" and p == "prov:wasDerivedFrom"}


@pytest.mark.parametrize(
    ("value", "datatype", "first", "last"),
    [
        ("2015-07-08", "date", "2015-07-08", "2015-07-08"),
        ("2012", "gYear", "2012-01-01", "2012-12-31"),
        ("2012-11", "gYearMonth", "2012-11-01", "2012-11-30"),
        ("2012-12", "gYearMonth", "2012-12-01", "2012-12-31"),
        ("1900-02", "gYearMonth", "1900-02-01", "1900-02-28"),
        ("2000-02", "gYearMonth", "2000-02-01", "2000-02-29"),
        ("2023-02", "gYearMonth", "2023-02-01", "2023-02-28"),
        ("2024-02", "gYearMonth", "2024-02-01", "2024-02-29"),
    ],
)
def test_dates_bounds_a_date_as_precisely_as_it_is_given(
    value: str, datatype: str, first: str, last: str
) -> None:
    """A year and a month mean their first to their last day, in leap years too."""
    world = World(f'<vote/v> sg:date "{value}"^^xsd:{datatype} .')

    derived = world.derive("dates")

    assert derived == {("vote/v", "sg:earliest", first), ("vote/v", "sg:latest", last)}


def test_dates_writes_the_bounds_that_the_ontology_names() -> None:
    """Each property for dates has bounds of its own; where only one is meant, only one comes."""
    world = World("""
        <membership/m> sg:start "1984"^^xsd:gYear ; sg:end "1990-03"^^xsd:gYearMonth .
        <treaty/t> sg:adopted "2001-11-08"^^xsd:date ; sg:inForceSince "2004"^^xsd:gYear .
        <evidence/e> sg:statedNotBefore "2021-05"^^xsd:gYearMonth .
        <evidence/f> sg:statedNotAfter "2022"^^xsd:gYear ; sg:retrieved "2026-11-21"^^xsd:date .
    """)

    derived = world.derive("dates")

    assert derived == {
        ("membership/m", "sg:earliestStart", "1984-01-01"),
        ("membership/m", "sg:latestStart", "1984-12-31"),
        ("membership/m", "sg:earliestEnd", "1990-03-01"),
        ("membership/m", "sg:latestEnd", "1990-03-31"),
        ("treaty/t", "sg:earliestAdoption", "2001-11-08"),
        ("treaty/t", "sg:latestAdoption", "2001-11-08"),
        ("treaty/t", "sg:earliestInForce", "2004-01-01"),
        ("treaty/t", "sg:latestInForce", "2004-12-31"),
        ("evidence/e", "sg:earliest", "2021-05-01"),
        ("evidence/f", "sg:latest", "2022-12-31"),
    }


def test_labels_gives_concepts_the_label_that_things_have() -> None:
    """A concept's preferred label, not its other names, becomes its rdfs:label."""
    world = World('<topic/a> skos:prefLabel "a topic"@en ; skos:altLabel "other"@en .')

    derived = world.derive("labels")

    assert ("code/rank/preferred", "rdfs:label", "preferred") in derived
    assert {row for row in derived if row[0] == "topic/a"} == {("topic/a", "rdfs:label", "a topic")}


def test_rests_on_counts_two_copies_of_one_work_as_one_witness() -> None:
    """A claim rests on each source, and on the works behind these, each once."""
    world = World("""
        <stance/a> sg:evidence <evidence/x/1> , <evidence/y/1> , <evidence/z/1> .
        <evidence/x/1> sg:source <source/x> . <source/x> sg:originWork <document/w> .
        <evidence/y/1> sg:source <source/y> . <source/y> sg:originWork <document/w> .
        <evidence/z/1> sg:source <source/z> .
    """)

    derived = world.derive("rests-on")

    assert derived == {
        ("stance/a", "sg:restsOn", "source/x"),
        ("stance/a", "sg:restsOn", "source/y"),
        ("stance/a", "sg:restsOn", "source/z"),
        ("stance/a", "sg:restsOnWork", "document/w"),
        ("stance/a", "sg:restsOnWork", "source/z"),
    }


def test_contested_by_leads_both_ways() -> None:
    """A contradiction stated on one side is found from the other too."""
    derived = World("<vote/a> sg:contradicts <vote/b> .").derive("contested-by")

    assert derived == {
        ("vote/a", "sg:contestedBy", "vote/b"),
        ("vote/b", "sg:contestedBy", "vote/a"),
    }


def counted(*stated: str) -> set[tuple[str, str]]:
    derived = World("".join(stated)).derive("dates", "counted-acts")
    return {
        (s.removeprefix("action/t/CAN/"), o.removeprefix("code/action-kind/"))
        for s, p, o in derived
        if p == "sg:countsAs"
    }


@pytest.mark.parametrize(
    "kind",
    ["ratification", "acceptance", "approval", "accession", "succession", "definitive-signature",
     "formal-confirmation", "consent-form-not-stated", "consent-to-be-bound"],
)  # fmt: skip
def test_counted_acts_takes_consent_in_any_form(kind: str) -> None:
    """All forms of consent to be bound are one step."""
    assert counted(act(kind, "2015-07-08")) == {(kind, "consent-to-be-bound")}


@pytest.mark.parametrize("kind", ["domestic-approval", "reservation", "invitation-to-accede"])
def test_counted_acts_leaves_out_what_moves_no_status(kind: str) -> None:
    """A law at home, a reservation or an invitation is no step towards being bound."""
    assert counted(act(kind, "2015-07-08")) == set()


def test_counted_acts_never_takes_a_deprecated_act() -> None:
    """A signature of 1985 that is known to be impossible counts for nothing."""
    assert counted(act("signature", "1985", rank="deprecated")) == set()


def test_counted_acts_lets_a_preferred_act_set_aside_the_others() -> None:
    """Where one record of a step is preferred, the normal ones do not count; other steps do."""
    stated = (
        act("accession", "2019-08-26", rank="preferred"),
        act("ratification", "2019-03-09"),
        act("signature", "2018"),
    )

    assert counted(*stated) == {("accession", "consent-to-be-bound"), ("signature", "signature")}


def test_counted_acts_lets_a_dated_act_set_aside_one_without_a_date() -> None:
    """An undated record says nothing that the dated record of the same step does not."""
    stated = (act("signature", "2001-11-23"), act("signature", words="signature/other-source"))

    assert counted(*stated) == {("signature", "signature")}


def test_counted_acts_keeps_a_preferred_act_without_a_date() -> None:
    """A date does not outweigh a rank."""
    stated = (
        act("signature", "2001-11-23"),
        act("signature", words="signature/better", rank="preferred"),
    )

    assert counted(*stated) == {("signature/better", "signature")}


def test_an_undated_act_was_done_by_the_day_its_evidence_speaks_for() -> None:
    """Without a date, the day for which the source speaks is the latest possible one."""
    derived = World(act("signature")).derive("dates", "counted-acts")

    assert ("action/t/CAN/signature", "sg:doneBy", "2020-12-31") in derived


def test_an_undated_act_was_done_before_its_source_was_read() -> None:
    """Where a source does not say for when it speaks, the day of reading is the bound."""
    stated = act("signature").replace('sg:statedAsOf "2020-12-31"^^xsd:date', "a sg:Evidence")

    derived = World(stated).derive("dates", "counted-acts")

    assert ("action/t/CAN/signature", "sg:doneBy", "2021-06-30") in derived


def test_a_signatory_ceases_to_be_one_when_it_consents() -> None:
    """Signed in 2001, ratified in 2015: signatory until then, contracting state from then."""
    derived = spells(act("signature", "2001-11-23"), act("ratification", "2015-07-08"))

    assert derived == {
        "CAN/signatory": ("2001-11-23", "2001-11-23", "2015-07-08", "2015-07-08"),
        "CAN/contracting-state": ("2015-07-08", "2015-07-08", "", ""),
    }


def test_a_signature_alone_lasts() -> None:
    """Who signed and did nothing more is a signatory to this day."""
    assert spells(act("signature", "2001-11")) == {
        "CAN/signatory": ("2001-11-01", "2001-11-30", "", "")
    }


def test_consent_on_the_day_of_signing_leaves_no_spell_as_a_signatory() -> None:
    """A spell of no days is none."""
    derived = spells(act("signature", "2001-11-23"), act("acceptance", "2001-11-23"))

    assert list(derived) == ["CAN/contracting-state"]


def test_an_undated_consent_ends_the_signature_within_bounds() -> None:
    """The signature ended at some time before the source spoke of the consent."""
    derived = spells(act("signature", "2001-11-23"), act("consent-form-not-stated"))

    assert derived == {
        "CAN/signatory": ("2001-11-23", "2001-11-23", "", "2020-12-31"),
        "CAN/contracting-state": ("", "2020-12-31", "", ""),
    }


def test_sources_that_differ_give_a_spell_bounds() -> None:
    """Of two dates for one accession, neither preferred, the spell begins within them."""
    derived = spells(
        act("accession", "2019-08-26"), act("accession", "2019-09", words="accession/other-source")
    )

    assert derived == {"CAN/contracting-state": ("2019-08-26", "2019-09-30", "", "")}


def test_a_preferred_accession_decides_against_a_deprecated_ratification() -> None:
    """The deprecated date leaves no trace in the statuses."""
    stated = (
        IN_FORCE,
        act("ratification", "2019-03-09", rank="deprecated"),
        act("accession", "2019-08-26", rank="preferred"),
        act("entry-into-force", "2019-12-01"),
    )

    assert spells(*stated) == {
        "CAN/contracting-state": ("2019-08-26", "2019-08-26", "", ""),
        "CAN/party": ("2019-12-01", "2019-12-01", "", ""),
    }
    assert sources_of("CAN/party", *stated) == {
        "action/t/CAN/accession",
        "action/t/CAN/entry-into-force",
    }


def test_a_deprecated_signature_gives_no_status_at_all() -> None:
    """The impossible signature of 1985 makes nobody a signatory."""
    assert spells(IN_FORCE, act("signature", "1985", rank="deprecated")) == {}


def test_a_party_whose_entry_into_force_is_not_recorded_has_no_latest_beginning() -> None:
    """It is bound from some day after its consent and after the treaty's entry into force."""
    early = spells(IN_FORCE, act("ratification", "2002-05-13"))
    late = spells(IN_FORCE, act("ratification", "2015-11-05"))

    assert early["CAN/party"] == ("2004-07-01", "", "", "")
    assert late["CAN/party"] == ("2015-11-05", "", "", "")


def test_an_undated_consent_makes_a_party_of_a_treaty_in_force() -> None:
    """Without a date of consent, the treaty's own entry into force is the earliest beginning."""
    assert spells(IN_FORCE, act("ratification"))["CAN/party"] == ("2004-07-01", "", "", "")


def test_an_entry_into_force_shows_that_consent_was_given() -> None:
    """In force since July 2018, no deposit on record: it consented by then, and is a party."""
    stated = (act("signature", "2018-01-01"), act("entry-into-force", "2018-07-01"))

    assert spells(*stated) == {
        "CAN/signatory": ("2018-01-01", "2018-01-01", "", "2018-07-01"),
        "CAN/contracting-state": ("", "2018-07-01", "", ""),
        "CAN/party": ("2018-07-01", "2018-07-01", "", ""),
    }
    assert sources_of("CAN/party", *stated) == {"action/t/CAN/entry-into-force"}


def test_an_undated_entry_into_force_makes_a_party_by_the_day_its_source_speaks_for() -> None:
    """Neither consent nor entry is dated: both were by the day for which the source speaks."""
    derived = spells(act("entry-into-force"))

    assert derived == {
        "CAN/contracting-state": ("", "2020-12-31", "", ""),
        "CAN/party": ("", "2020-12-31", "", ""),
    }


def test_an_undated_consent_was_given_by_the_entry_into_force() -> None:
    """The day from which it is bound is a better bound than the day its source was written."""
    derived = spells(act("consent-form-not-stated"), act("entry-into-force", "2014-12-01"))

    assert derived["CAN/contracting-state"] == ("", "2014-12-01", "", "")
    assert derived["CAN/party"] == ("2014-12-01", "2014-12-01", "", "")


def test_a_successor_may_be_bound_from_a_day_before_it_said_so() -> None:
    """Notified in December, in force since independence in June; an accession never is."""
    entry = act("entry-into-force", "2006-06-03")

    succeeded = spells(IN_FORCE, act("succession", "2006-12-04"), entry)
    acceded = spells(IN_FORCE, act("accession", "2006-12-04"), entry)

    assert succeeded["CAN/party"] == ("2006-06-03", "2006-06-03", "", "")
    assert acceded["CAN/party"] == ("2006-12-04", "", "", "")


def test_a_treaty_that_is_not_in_force_has_contracting_states_and_no_parties() -> None:
    """Consent binds nobody before the treaty enters into force."""
    assert list(spells(act("ratification", "2025-12-01"))) == ["CAN/contracting-state"]


def test_a_denunciation_ends_consent_and_being_a_party() -> None:
    """Who denounced is neither contracting state nor party from that day; the spells remain."""
    stated = (
        IN_FORCE,
        act("ratification", "2006-01-01"),
        act("entry-into-force", "2006-05-01"),
        act("denunciation", "2010-03"),
    )

    assert spells(*stated) == {
        "CAN/contracting-state/until-2010-03-31": (
            "2006-01-01", "2006-01-01", "2010-03-01", "2010-03-31",
        ),
        "CAN/party/until-2010-03-31": ("2006-05-01", "2006-05-01", "2010-03-01", "2010-03-31"),
    }  # fmt: skip
    assert "action/t/CAN/denunciation" in sources_of(
        "CAN/contracting-state/until-2010-03-31", *stated
    )


def test_consent_given_again_after_a_denunciation_is_a_spell_of_its_own() -> None:
    """Ratified, denounced, acceded: two spells, each resting on its own acts."""
    stated = (
        IN_FORCE,
        act("ratification", "2006-01-01"),
        act("entry-into-force", "2006-05-01"),
        act("denunciation", "2010-03-31"),
        act("accession", "2018-01-01"),
        act("entry-into-force", "2018-05-01", words="entry-into-force/2018-05-01"),
    )

    derived = spells(*stated)

    assert derived["CAN/contracting-state"] == ("2018-01-01", "2018-01-01", "", "")
    assert derived["CAN/party"] == ("2018-05-01", "2018-05-01", "", "")
    assert derived["CAN/party/until-2010-03-31"][:2] == ("2006-05-01", "2006-05-01")
    assert sources_of("CAN/party", *stated) == {
        "action/t/CAN/accession",
        "action/t/CAN/entry-into-force/2018-05-01",
    }


def test_consent_withdrawn_before_the_treaty_was_in_force_made_no_party() -> None:
    """Nobody becomes party to a treaty that it left before it began."""
    derived = spells(IN_FORCE, act("ratification", "2002-01-01"), act("denunciation", "2003-01-01"))

    assert list(derived) == ["CAN/contracting-state/until-2003-01-01"]


def now(*stated: str, today: date) -> set[str]:
    world = World("".join(stated))
    world.derive(*STATUS_RULES)
    return {p.removeprefix("sg:") for _, p, _ in world.derive("treaty-status-now", today=today)}


@pytest.mark.parametrize(
    ("today", "relations"),
    [
        (date(2001, 11, 22), set()),
        (date(2001, 11, 23), {"signatoryOf"}),
        (date(2015, 7, 7), {"signatoryOf"}),
        (date(2015, 7, 8), {"contractingStateOf"}),
        (date(2015, 11, 1), {"contractingStateOf", "partyTo"}),
        (date(2020, 1, 1), set()),
    ],
)
def test_the_short_cuts_hold_what_is_certain_on_the_day_of_the_release(
    today: date, relations: set[str]
) -> None:
    """From signature over ratification and entry into force to denunciation, day by day."""
    stated = (
        IN_FORCE,
        act("signature", "2001-11-23"),
        act("ratification", "2015-07-08"),
        act("entry-into-force", "2015-11-01"),
        act("denunciation", "2020-01-01"),
    )

    assert now(*stated, today=today) == relations


def test_a_short_cut_waits_until_a_vague_beginning_is_certain() -> None:
    """Signed in 2001, and no more is known: a signatory for certain on the last day of 2001."""
    assert now(act("signature", "2001"), today=date(2001, 12, 30)) == set()
    assert now(act("signature", "2001"), today=date(2001, 12, 31)) == {"signatoryOf"}


def vote(choice: str, *, rank: str = "normal", words: str = "r/CAN", more: str = "") -> str:
    return f"""
    <vote/{words}> a sg:Vote ; sg:actor <state/CAN> ; sg:choice <code/vote-choice/{choice}> ;
        sg:rank <code/rank/{rank}> ; sg:rollCall <rollcall/r> {more} .
    <rollcall/r> sg:votedText <resolution/A-RES-74-247> .
    """


@pytest.mark.parametrize(
    ("choice", "position"), [("yes", "supports"), ("no", "opposes"), ("abstain", "neutral")]
)
def test_a_recorded_vote_implies_a_position_on_the_text(choice: str, position: str) -> None:
    """Yes supports, no opposes, abstention is neutral."""
    derived = World(vote(choice)).derive("implied-stance")

    assert derived == {
        ("implied-stance/r/CAN", "rdf:type", "sg:ImpliedStance"),
        ("implied-stance/r/CAN", "prov:wasDerivedFrom", "vote/r/CAN"),
        ("implied-stance/r/CAN", "sg:impliedHolder", "state/CAN"),
        ("implied-stance/r/CAN", "sg:impliedObject", "resolution/A-RES-74-247"),
        ("implied-stance/r/CAN", "sg:impliedPosition", f"code/position/{position}"),
    }


@pytest.mark.parametrize(
    "stated",
    [
        vote("non-voting"),
        vote("yes", rank="deprecated"),
        vote("yes", more="; sg:voteSense <code/vote-sense/intended>"),
    ],
)
def test_blanks_deprecated_and_intended_votes_imply_nothing(stated: str) -> None:
    """What is not on the record, or is known to be wrong, implies no position."""
    assert World(stated).derive("implied-stance") == set()


def test_a_preferred_record_of_a_vote_sets_aside_the_others() -> None:
    """Of two records of one vote the preferred one implies the position; an intent does not."""
    stated = (
        vote("yes", words="r/CAN/press"),
        vote("no", rank="preferred"),
        vote(
            "abstain",
            rank="preferred",
            words="r/CAN/intended",
            more="; sg:voteSense <code/vote-sense/intended>",
        ),
    )

    derived = World("".join(stated)).derive("implied-stance")

    assert {s for s, _, _ in derived} == {"implied-stance/r/CAN"}


def membership(
    *dates: str,
    member: str = "RUS",
    role: str = "member",
    rank: str = "normal",
    words: str = "",
    more: str = "",
) -> str:
    """A membership in the organisation ``o`` from the first of *dates* to the second."""
    stated = "".join(
        f'sg:{edge} "{day}"^^xsd:{("gYear", "gYearMonth", "date")[day.count("-")]} ;'
        for edge, day in zip(("start", "end"), dates, strict=False)
        if day
    )
    key = f"{member}/o/{role}{words}"
    return f"""
    <membership/{key}> a sg:Membership ; org:member <state/{member}> ; {stated} {more}
        org:organization <organisation/o> ; org:role <code/membership-role/{role}> ;
        sg:evidence <evidence/s/{key}> ; sg:rank <code/rank/{rank}> .
    <evidence/s/{key}> sg:source <source/s> ; sg:statedAsOf "2020-12"^^xsd:gYearMonth .
    <source/s> sg:retrieved "2021-06-30"^^xsd:date .
    """


def membership_spells(*stated: str) -> dict[str, tuple[str, ...]]:
    """Per spell its bounds: from earliest, from latest, until earliest, until latest."""
    rows: dict[str, dict[str, str]] = {}
    for subject, predicate, term in World("".join(stated)).derive(*MEMBERSHIP_RULES):
        rows.setdefault(subject.removeprefix("spell/o/"), {})[predicate] = term
    return {spell: tuple(row.get(bound, "") for bound in BOUNDS) for spell, row in rows.items()}


def test_a_membership_is_a_spell_with_the_bounds_of_its_dates() -> None:
    """Of a year the first and the last day; no end, no bounds of it."""
    assert membership_spells(
        membership("1996-02-28", "2022-03-16"), membership("1949", member="GRC")
    ) == {
        "RUS/member": ("1996-02-28", "1996-02-28", "2022-03-16", "2022-03-16"),
        "GRC/member": ("1949-01-01", "1949-12-31", "", ""),
    }


def test_a_membership_without_a_beginning_had_begun_when_its_source_spoke() -> None:
    """At the latest on the last day for which it may speak, if that is before the end."""
    assert membership_spells(membership()) == {"RUS/member": ("", "2020-12-31", "", "")}
    assert membership_spells(membership("", "2009-08")) == {
        "RUS/member": ("", "", "2009-08-01", "2009-08-31")
    }


def test_who_left_and_came_back_has_two_spells() -> None:
    """Two memberships that do not contradict each other stand side by side."""
    stated = membership("1949", "1969-12-12"), membership("1974-11-28", words="/1974-11-28")

    assert membership_spells(*stated) == {
        "RUS/member": ("1949-01-01", "1949-12-31", "1969-12-12", "1969-12-12"),
        "RUS/member/1974-11-28": ("1974-11-28", "1974-11-28", "", ""),
    }


def test_memberships_that_contradict_each_other_make_one_spell_with_bounds() -> None:
    """It begins within both dates; that only one of them ends it leaves its end open."""
    stated = (
        membership("2002", "2019-03-02"),
        membership("2004-05", words="/b", more="sg:contradicts <membership/RUS/o/member> ;"),
    )

    derived = World("".join(stated)).derive(*MEMBERSHIP_RULES)

    assert membership_spells(*stated) == {
        "RUS/member": ("2002-01-01", "2004-05-31", "2019-03-02", "")
    }
    assert {o for _, p, o in derived if p == "prov:wasDerivedFrom"} == {
        "membership/RUS/o/member",
        "membership/RUS/o/member/b",
    }


def test_a_preferred_membership_sets_aside_what_contradicts_it() -> None:
    """Nor does a deprecated one count; those that contradict nothing stay."""
    stated = (
        membership("2002", words="/a", more="sg:contradicts <membership/RUS/o/member> ;"),
        membership("2004", rank="preferred"),
        membership("1990", words="/c", rank="deprecated"),
        membership("1950", "1960", words="/d"),
    )

    assert sorted(membership_spells(*stated)) == ["RUS/member", "RUS/member/d"]


@pytest.mark.parametrize(
    ("today", "relations"),
    [
        (date(1996, 2, 27), {"observerIn"}),
        (date(1996, 2, 28), {"observerIn", "memberOf"}),
        (date(2022, 3, 15), {"observerIn", "memberOf"}),
        (date(2022, 3, 16), {"observerIn"}),
    ],
)
def test_membership_short_cuts_hold_from_the_first_day_to_before_the_last(
    today: date, relations: set[str]
) -> None:
    """Spells are half-open; each role has a property of its own."""
    stated = membership("1996-02-28", "2022-03-16") + membership("1990", role="observer")
    world = World(stated)
    world.derive(*MEMBERSHIP_RULES)

    derived = world.derive("memberships-now", today=today)

    assert {p.removeprefix("sg:") for _, p, _ in derived} == relations


def test_membership_short_cuts_leave_out_what_is_not_certain() -> None:
    """Neither who may have left by now nor who may not have joined yet is a member."""
    world = World(membership("2019", "2026") + membership("2026-11", member="GRC"))
    world.derive(*MEMBERSHIP_RULES)

    assert world.derive("memberships-now", today=date(2026, 11, 22)) == set()


def last_known(*stated: str) -> dict[str, str]:
    world = World("".join(stated))
    world.derive("contested-by", *STATUS_RULES, "membership-spells")
    return {s.removeprefix("spell/"): o for s, _, o in world.derive("last-known")}


def coverage(of: str, kind: str, completeness: str, when: str) -> str:
    return f"""
    <coverage/{of}/{kind}> a sg:Coverage ; sg:asOf "{when}"^^xsd:date ; sg:coverageOf <{of}> ;
        sg:completeness <code/completeness/{completeness}> ; sg:list <code/list/{kind}> ;
        sg:rank <code/rank/normal> .
    """


def test_a_spell_is_known_until_its_sources_speak() -> None:
    """The first day for which a source may speak is what is certain; an act tells of its day."""
    assert last_known(membership("1996"), act("signature", "2021-02-01")) == {
        "o/RUS/member": "2020-12-01",
        "t/CAN/signatory": "2021-02-01",
    }


def test_a_complete_list_tells_of_all_that_are_on_it() -> None:
    """As of its day, of those who were there then; one that is incomplete tells nothing."""
    stated = (
        membership("1996"),
        membership("1990", role="observer"),
        membership("1990", "2022", member="GRC"),
        act("ratification", "2015-07-08"),
        act("ratification", "2025-07-08", actor="AUS"),
        coverage("organisation/o", "members", "complete", "2023-01-01"),
        coverage("treaty/t", "parties", "complete", "2024-01-01"),
    )
    incomplete = "".join(stated).replace("completeness/complete", "completeness/incomplete")

    assert last_known(*stated) == {
        "o/RUS/member": "2023-01-01",
        "o/RUS/observer": "2020-12-01",
        "o/GRC/member": "2022-12-31",
        "t/CAN/contracting-state": "2024-01-01",
        "t/AUS/contracting-state": "2025-07-08",
    }
    assert set(last_known(incomplete).values()) == {
        "2020-12-01",
        "2020-12-31",
        "2022-12-31",
        "2025-07-08",
    }


def test_a_source_that_names_no_time_leaves_what_is_known_open() -> None:
    """Of an undated membership from an undated source it is not known when it held."""
    stated = membership().replace('sg:statedAsOf "2020-12"^^xsd:gYearMonth', "a sg:Evidence")

    assert last_known(stated) == {}


def stance(
    position: str,
    when: str = "",
    *,
    words: str = "",
    holder: str = "CAN",
    on: str = "treaty/t",
    rank: str = "normal",
    more: str = "",
) -> str:
    """A stance that a source tells of which speaks of 2020."""
    datatype = ("gYear", "gYearMonth", "date")[when.count("-")]
    dated = f'sg:date "{when}"^^xsd:{datatype} ;' if when else ""
    key = f"{holder}/{on.rpartition('/')[2]}/{words or position}"
    return f"""
    <stance/{key}> a sg:Stance ; sg:holder <state/{holder}> ; sg:object <{on}> ; {dated} {more}
        sg:position <code/position/{position}> ; sg:rank <code/rank/{rank}> ;
        sg:evidence <evidence/s/{key}> .
    <evidence/s/{key}> sg:source <source/s> ; sg:statedAsOf "2020"^^xsd:gYear .
    <source/s> sg:retrieved "2021-06-30"^^xsd:date .
    """


def latest(*stated: str, holder: str = "CAN") -> tuple[set[str], set[str]]:
    """Words of the stances that are a holder's latest, and of those that perhaps are."""
    world = World("".join(stated))
    world.derive(*STANCE_RULES)
    derived = world.derive("latest-stances")
    found = [
        {s.rpartition("/")[2] for s, p, o in derived if (p, o) == (relation, f"state/{holder}")}
        for relation in ("sg:latestStanceOf", "sg:perhapsLatestStanceOf")
    ]
    return found[0], found[1]


def test_a_later_stance_on_the_same_object_overtakes_an_earlier_one() -> None:
    """What was said of another object has no part in it."""
    stated = (
        stance("opposes", "2019-12"),
        stance("neutral", "2021"),
        stance("supports", "2022", on="process/p"),
    )

    assert latest(*stated) == ({"neutral", "supports"}, set())


def test_the_only_stance_is_the_latest_even_without_a_date() -> None:
    """There is no other on record."""
    assert latest(stance("supports")) == ({"supports"}, set())


def test_two_stances_of_one_day_are_both_the_latest() -> None:
    """Even where they differ: neither is silently dropped."""
    stated = stance("opposes", "2021-05-12"), stance("supports", "2021-05-12")

    assert latest(*stated) == ({"opposes", "supports"}, set())


def test_dates_that_do_not_tell_which_was_later_leave_both_perhaps_the_latest() -> None:
    """A year may hold the day that another stance names."""
    stated = stance("opposes", "2021"), stance("supports", "2021-05-12")

    assert latest(*stated) == (set(), {"opposes", "supports"})


def test_a_stance_without_a_date_does_not_win_silently() -> None:
    """Beside a dated one it is perhaps the latest, and makes that one perhaps the latest."""
    undated = stance("supports")

    assert latest(undated, stance("opposes", "2019")) == (set(), {"opposes", "supports"})


def test_a_stance_without_a_date_is_overtaken_by_one_after_its_source() -> None:
    """It was taken by the end of 2020, of which its source speaks."""
    assert latest(stance("supports"), stance("opposes", "2021")) == ({"opposes"}, set())


def test_who_joined_in_a_stance_holds_it_too() -> None:
    """A joint statement is the latest of each; what one aligned with is not its own."""
    stated = (
        stance("opposes", "2019", holder="AUS"),
        stance("supports", "2020", words="joint", more="sg:coHolder <state/AUS> ;"),
        stance("neutral", "2021", holder="ALB", more="sg:alignsWith <stance/CAN/t/joint> ;"),
    )

    assert latest(*stated, holder="AUS") == ({"joint"}, set())
    assert latest(*stated, holder="CAN") == ({"joint"}, set())
    assert latest(*stated, holder="ALB") == ({"neutral"}, set())


def test_neither_deprecated_nor_set_aside_stances_are_the_latest() -> None:
    """A preferred one sets aside what contradicts it, however late."""
    stated = (
        stance("supports", "2018", rank="preferred"),
        stance("opposes", "2020", more="sg:contradicts <stance/CAN/t/supports> ;"),
        stance("neutral", "2022", rank="deprecated"),
    )

    assert latest(*stated) == ({"supports"}, set())


def changes(*stated: str) -> set[tuple[str, str, str, str, str]]:
    """Per change: the claims before and after, the positions, and the days between."""
    world = World("".join(stated))
    world.derive(*STATUS_RULES)
    world.derive("contested-by")
    world.derive("counted-stances")
    world.derive("implied-stance")
    rows: dict[str, dict[str, str]] = {}
    for subject, predicate, term in world.derive("position-changes"):
        rows.setdefault(subject, {})[predicate.removeprefix("sg:")] = term
    return {
        (
            row["changeHolder"],
            row["claimBefore"],
            row["claimAfter"],
            f"{row['positionBefore']} {row['positionAfter']}".replace("code/position/", ""),
            f"{row['changedAfter']} {row['changedBy']}",
        )
        for row in rows.values()
    }


def ballot(text: str, when: str, choice: str, *, body: str = "unga", more: str = "") -> str:
    return f"""
    <vote/{body}/{text}/CAN> a sg:Vote ; sg:actor <state/CAN> ; sg:rank <code/rank/normal> ; {more}
        sg:choice <code/vote-choice/{choice}> ; sg:rollCall <rollcall/{body}/{text}> .
    <rollcall/{body}/{text}> sg:votedText <resolution/{text}> ; sg:body <organisation/{body}> ;
        sg:date "{when}"^^xsd:date .
    """


PROCESS = "<process/p> sg:mandatedBy <resolution/A> ; sg:ledTo <treaty/t> ."


def test_a_stance_on_the_other_side_is_a_change() -> None:
    """It leads from the last claim before; conditions do not change sides."""
    stated = (
        stance("opposes", "2018"),
        stance("neutral", "2019"),
        stance("supports-with-conditions", "2020-03"),
        stance("supports", "2021"),
    )

    assert changes(*stated) == {
        ("state/CAN", "stance/CAN/t/opposes", "stance/CAN/t/neutral",
         "opposes neutral", "2018-12-31 2019-12-31"),
        ("state/CAN", "stance/CAN/t/neutral", "stance/CAN/t/supports-with-conditions",
         "neutral supports-with-conditions", "2019-12-31 2020-03-31"),
    }  # fmt: skip


@pytest.mark.parametrize(
    "stated",
    [
        [stance("opposes", "2020"), stance("supports", "2020-05-12")],
        [stance("opposes"), stance("supports", "2020-05-12")],
        [stance("opposes", "2018", rank="deprecated"), stance("supports", "2020")],
        [stance("opposes", "2018"), stance("supports", "2020", on="treaty/u")],
        [stance("opposes", "2018"), stance("supports", "2020", holder="AUS")],
        [stance("neutral", "2018"), stance("non-committal", "2020")],
    ],
)
def test_no_change_is_found_where_the_data_do_not_show_one(stated: list[str]) -> None:
    """The order is not certain, a claim is deprecated, or it is of another matter or actor."""
    assert changes(*stated) == set()


def test_a_no_to_the_mandate_and_then_a_signature_is_a_change() -> None:
    """From the vote on the text over the process that it set up to the treaty."""
    stated = PROCESS, ballot("A", "2019-12-27", "no"), act("signature", "2025-10-25")

    assert changes(*stated) == {
        ("state/CAN", "vote/unga/A/CAN", "action/t/CAN/signature",
         "opposes supports", "2019-12-27 2025-10-25")
    }  # fmt: skip


@pytest.mark.parametrize("choice", ["yes", "non-voting"])
def test_a_signature_after_a_yes_or_a_blank_is_no_change(choice: str) -> None:
    """A blank in the record is no side."""
    stated = PROCESS, ballot("A", "2019-12-27", choice), act("signature", "2025-10-25")

    assert changes(*stated) == set()


def test_an_intended_vote_is_no_side() -> None:
    """Only the record counts."""
    intended = "sg:voteSense <code/vote-sense/intended> ;"
    stated = PROCESS, ballot("A", "2019-12-27", "no", more=intended), act("signature", "2025")

    assert changes(*stated) == set()


def test_a_denunciation_turns_against_what_was_agreed_to() -> None:
    """It comes after the last act that agreed."""
    stated = act("signature", "2001"), act("ratification", "2005"), act("denunciation", "2010-03")

    assert changes(*stated) == {
        ("state/CAN", "action/t/CAN/ratification", "action/t/CAN/denunciation",
         "supports opposes", "2005-12-31 2010-03-31")
    }  # fmt: skip


@pytest.mark.parametrize(
    "related",
    ["<resolution/B> sg:followsUp <resolution/A> .", "<resolution/A> sg:draftOf <resolution/B> ."],
)
def test_votes_on_texts_that_belong_together_are_compared(related: str) -> None:
    """A text and the one that it became or that follows it up, and no others."""
    stated = ballot("A", "2018-12-17", "yes"), ballot("B", "2019-12-27", "abstain")

    assert changes(*stated) == set()
    assert changes(related, *stated) == {
        ("state/CAN", "vote/unga/A/CAN", "vote/unga/B/CAN",
         "supports neutral", "2018-12-17 2019-12-27")
    }  # fmt: skip


def test_votes_on_texts_of_one_title_are_compared_from_one_to_the_next() -> None:
    """The same body takes up a matter again; what another body voted on is not between."""
    titles = """
    <resolution/A> dcterms:title "On x"@en . <resolution/B> dcterms:title "On x"@en .
    <resolution/C> dcterms:title "On x"@en . <resolution/D> dcterms:title "On y"@en .
    """
    stated = (
        ballot("A", "2016-12-05", "yes"),
        ballot("B", "2018-12-05", "no", body="committee"),
        ballot("C", "2018-12-05", "no"),
        ballot("D", "2019-12-05", "yes"),
    )

    assert changes(titles, *stated) == {
        ("state/CAN", "vote/unga/A/CAN", "vote/unga/C/CAN",
         "supports opposes", "2016-12-05 2018-12-05")
    }  # fmt: skip


def mapping(
    entry: str, decision: str = "accepted", relation: str = "exactMatch", rank: str = "normal"
) -> str:
    """A decision on whether an entry of a register is Canada."""
    return f"""
    <mapping/CAN/r/{entry}> a sg:Mapping ; sg:decision <code/decision/{decision}> ;
        sg:mappedThing <state/CAN> ; sg:mappedTo <https://r.example/{entry}> ;
        sg:mappingRelation skos:{relation} ; sg:rank <code/rank/{rank}> .
    """


def test_accepted_mappings_are_links_and_others_are_not() -> None:
    """A rejected entry, and one that was accepted and is deprecated now, is no link."""
    stated = (
        mapping("Q16"),
        mapping("Q29999", relation="closeMatch"),
        mapping("Q1904", "rejected"),
        mapping("Q17", rank="deprecated"),
        """<mapping/CAN/r/none> sg:decision <code/decision/no-match> ;
            sg:mappedThing <state/CAN> ; sg:rank <code/rank/normal> .""",
    )

    assert World("".join(stated)).derive("links") == {
        ("state/CAN", "skos:exactMatch", "<https://r.example/Q16>"),
        ("state/CAN", "skos:closeMatch", "<https://r.example/Q29999>"),
    }


def everything() -> World:
    return World(
        "".join(
            [
                IN_FORCE,
                act("signature", "2001"),
                act("ratification", "2015-07"),
                act("entry-into-force", "2015-11-01"),
                act("accession", "2012-11-30", actor="AUS"),
                act("denunciation", "2020", actor="AUS"),
                vote("no"),
                "<vote/a> sg:contradicts <vote/b> .",
                membership("1996"),
                stance("opposes", "2000"),
                stance("supports", "2000", words="b"),
                stance("supports", "2001-05", on="process/p"),
                mapping("Q16"),
            ]
        )
    )


def ordered(rules: Iterable[Rule]) -> list[str]:
    """The rules, each after those that it reads; fails where they go round in a circle."""
    waiting = {rule.name: {i.removeprefix("derived/") for i in rule.inputs} for rule in rules}
    done: list[str] = []
    while waiting:
        ready = sorted(name for name, inputs in waiting.items() if not inputs & waiting.keys())
        assert ready, f"these rules wait for each other: {sorted(waiting)}"
        done += ready
        for name in ready:
            del waiting[name]
    return done


def test_no_rule_depends_on_itself() -> None:
    """Each rule reads stated graphs and what earlier rules wrote; the inputs all exist."""
    names = ordered(RULES.values())

    for rule in RULES.values():
        for graph in rule.inputs:
            assert graph in {"data", "ontology"} or graph.removeprefix("derived/") in names


def test_applying_all_rules_twice_adds_nothing() -> None:
    """What the rules wrote gives them nothing new to say, even if they could read all of it."""
    world = everything()
    names = ordered(RULES.values())
    first = {name: world.derive(name) for name in names}
    assert all(first.values())

    everything_known = {quad.triple for quad in world.store}
    again = World("")
    again.store.clear()
    for triple in everything_known:
        again._add("data", triple)
    for name in names:
        assert again.derive(name) <= first[name], name


def test_rules_write_derived_terms_that_no_fact_may_state() -> None:
    """Each sg: term that a rule writes stands among the derived terms of the ontology."""
    text = (FOLDER.root / "ontology" / "stancegraph.ttl").read_text("utf-8")
    _, mark, derived = text.partition("# Derived by rules")
    assert mark
    world = everything()

    for name in ordered(RULES.values()):
        for _, predicate, term in world.derive(name):
            for word in {predicate, term if predicate == "rdf:type" else predicate}:
                assert word in REUSED or (f"\n{word}\n" in derived), f"{name} writes {word}"
