"""What rules conclude from the shipped graph, against a plain reading of its files."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

import pyoxigraph as ox
import pytest

from stancegraph.folder import shipped

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from stancegraph.build.derive import DerivedGraph
    from stancegraph.build.parse import ParsedGraph

FOLDER = shipped()
ID = FOLDER.base + "id/"
SIDES = {"yes": "supports", "abstain": "neutral", "no": "opposes"}

Facts = dict[str, dict[str, set[str]]]  # of each thing its values, by the last words of both


def facts(triples: Iterable[ox.Triple]) -> Facts:
    """What *triples* say, things by their keys and properties by their names."""
    found: Facts = defaultdict(lambda: defaultdict(set))
    for subject, predicate, value in triples:
        if isinstance(subject, ox.NamedNode) and isinstance(value, ox.NamedNode | ox.Literal):
            name = predicate.value.rpartition("#")[2].rpartition("/")[2]
            found[subject.value.removeprefix(ID)][name].add(value.value.removeprefix(ID))
    return found


@pytest.fixture(scope="module")
def stated(shipped_graph: ParsedGraph) -> Facts:
    return facts(shipped_graph.triples("data"))


@pytest.fixture(scope="module")
def derived(shipped_derived: Mapping[str, DerivedGraph]) -> dict[str, Facts]:
    """What each rule concludes, by its name."""
    return {name: facts(made.triples) for name, made in shipped_derived.items()}


def one(values: set[str]) -> str:
    (value,) = values
    return value


def votes(stated: Facts) -> list[tuple[str, str, str]]:
    """Actor, text and choice of each vote that counts: recorded, and not known to be wrong."""
    return [
        (
            one(fact["actor"]),
            one(stated[one(fact["rollCall"])]["votedText"]),
            one(fact["choice"]).rpartition("/")[2],
        )
        for key, fact in stated.items()
        if key.startswith("vote/")
        and one(fact["rank"]) != "code/rank/deprecated"
        and "code/vote-sense/intended" not in fact["voteSense"]
    ]


def test_each_recorded_vote_implies_one_stance(stated: Facts, derived: dict[str, Facts]) -> None:
    """All yes, no and abstentions, and neither blanks nor votes that were only meant."""
    implied = {
        (
            one(fact["impliedHolder"]),
            one(fact["impliedObject"]),
            one(fact["impliedPosition"]).rpartition("/")[2],
        )
        for fact in derived["implied-stance"].values()
    }

    expected = {(who, text, SIDES[said]) for who, text, said in votes(stated) if said in SIDES}
    assert implied == expected
    assert len(derived["implied-stance"]) >= len(expected) > 0


def test_some_votes_were_meant_otherwise_and_imply_nothing(
    stated: Facts, derived: dict[str, Facts]
) -> None:
    """The graph has votes with the sense intended, and no stance rests on one."""
    intended = {
        key for key, fact in stated.items() if "code/vote-sense/intended" in fact["voteSense"]
    }
    rested_on = {one(fact["wasDerivedFrom"]) for fact in derived["implied-stance"].values()}

    assert not intended & rested_on


def test_who_voted_against_the_mandate_and_signed_is_found(
    stated: Facts, derived: dict[str, Facts]
) -> None:
    """From no on A/RES/74/247 to the signature of the convention: all, and nobody else."""
    voted_no = {
        who
        for who, text, said in votes(stated)
        if (text, said) == ("resolution/A-RES-74-247", "no")
    }
    signed = {
        one(fact["actor"])
        for key, fact in stated.items()
        if key.startswith("action/un-cybercrime-convention/")
        and one(fact["actionKind"]) == "code/action-kind/signature"
        and one(fact["rank"]) != "code/rank/deprecated"
        and fact["date"]
    }

    found = {
        one(fact["changeHolder"])
        for fact in derived["position-changes"].values()
        if one(fact["positionBefore"]) == "code/position/opposes"
        and any(key.startswith("vote/unga/A-RES-74-247/") for key in fact["claimBefore"])
        and "action/un-cybercrime-convention/" in one(fact["claimAfter"])
        and one(fact["claimAfter"]).endswith("/signature")
    }

    assert found == voted_no & signed
    assert len(found) > 10


def test_every_change_leads_from_one_side_to_another_in_time(derived: dict[str, Facts]) -> None:
    """The later side was taken after the earlier one, and is not the same."""
    side = {"supports": 1, "supports-with-conditions": 1, "opposes": -1}
    for change in derived["position-changes"].values():
        before, after = (
            side.get(one(change[f"position{when}"]).rpartition("/")[2], 0)
            for when in ("Before", "After")
        )
        assert before != after
        assert one(change["changedAfter"]) < one(change["changedBy"])


def test_every_stance_in_force_is_the_latest_or_overtaken(
    stated: Facts, derived: dict[str, Facts]
) -> None:
    """Each holder has a latest stance, or several that may be, on all it ever spoke of."""
    latest = derived["latest-stances"]
    spoken = {
        (holder, one(stated[key]["object"]))
        for key, fact in derived["counted-stances"].items()
        for holder in fact["countsFor"]
    }

    found = {
        (holder, one(stated[key]["object"]))
        for key, fact in latest.items()
        for relation in ("latestStanceOf", "perhapsLatestStanceOf")
        for holder in fact[relation]
    }

    assert found == spoken
    assert not [
        key
        for key, fact in latest.items()
        if fact["latestStanceOf"] & fact["perhapsLatestStanceOf"]
    ]
