"""How accepted links and the facts behind them fare: stale links, and gaps on either side."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from stancegraph.links.proposals import BATCH, Seeker
from stancegraph.terms import OWL

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from stancegraph.links.lookup import Lookup
    from stancegraph.links.registers import Correspondence, Fact
    from stancegraph.links.things import Thing, Things

P = "http://www.wikidata.org/prop/"
WIKIBASE = "http://wikiba.se/ontology#"

HERE, THERE, DATES = "here only", "there only", "other dates"


@dataclass(frozen=True, slots=True)
class Stale:
    """A link that should be looked at again.

    Attributes:
        thing: ``<kind>/<key>``.
        problem: What is wrong with the entry, in words.
    """

    thing: str
    label: str
    entry: str
    problem: str


@dataclass(frozen=True, slots=True)
class Gap:
    """A fact that one side has, or that has other dates there.

    Attributes:
        side: One of `HERE`, `THERE`, `DATES`.
        property: The register's.
        subject, subject_label: Entry on which the register keeps, or would keep, the statement.
        value, value_label: The entry that is its value.
        ours, theirs: Dates by column, as precise as each side has them.
        claim, source, url, retrieved: Of ours; the last is the day on which the source was read.
        proposable: Whether the register may be told: see `Fact.kinds`.
    """

    side: str
    property: str
    subject: str
    subject_label: str
    value: str
    value_label: str
    ours: Mapping[str, str]
    theirs: Mapping[str, str]
    claim: str = ""
    source: str = ""
    url: str = ""
    retrieved: str = ""
    proposable: bool = False


def stale(things: Things, terms: Correspondence, lookup: Lookup, space: str) -> Iterator[Stale]:
    """The accepted links whose entry is gone, merged, of another type or has another code.

    Raises:
        RegisterFailed: the register gives no answer.
    """
    accepted = [
        (things.by_key[key], entry)
        for key, entries in things.accepted().items()
        for entry in entries[:1]
        if key in things.by_key
    ]
    seeker = Seeker(terms, lookup, space)
    known = seeker.details(entry for _, entry in accepted)
    merged = _merged(lookup, space, sorted(known))
    for thing, entry in accepted:
        found = known[entry]
        problems = [f"is merged into {merged[entry]}"] if entry in merged else []
        if not found.names and not problems:
            problems = ["is gone, or has no name in the languages that are asked"]
        elif not problems:
            wanted = {kind for name in thing.classes for kind in terms.classes[name]}
            if wanted and not wanted & found.types:
                problems.append(f"is no longer any of {', '.join(sorted(wanted))}")
            problems += [
                f"has {prop} {', '.join(sorted(values))}, not {thing.keys[prop]}"
                for prop, values in found.keys.items()
                if prop in thing.keys and thing.keys[prop] not in values
            ]
        yield from (Stale(thing.key, thing.label, entry, problem) for problem in problems)


def _merged(lookup: Lookup, space: str, entries: Sequence[str]) -> dict[str, str]:
    """Entries that lead to others, by key."""
    found = {}
    for start in range(0, len(entries), BATCH):
        items = " ".join(f"<{space}{key}>" for key in entries[start : start + BATCH])
        pattern = f"VALUES ?item {{ {items} }} ?item <{OWL.sameAs.value}> ?value"
        for row in lookup.select(f"SELECT DISTINCT ?item ?value WHERE {{ {pattern} }}"):
            found[_key(row, "item", space)] = _key(row, "value", space)
    return found


def gaps(
    fact: Fact,
    things: Things,
    ours: Callable[[Thing], Iterable[Mapping[str, str]]],
    lookup: Lookup,
    space: str,
) -> Iterator[Gap]:
    """Where the graph and the register differ in one sort of fact, by thing that is asked of.

    Args:
        ours: The rows of the saved query on a thing.

    Raises:
        RegisterFailed: the register gives no answer.
    """
    accepted = {key: entries[0] for key, entries in things.accepted().items()}
    labels = {entry: things.by_key[key].label for key, entry in accepted.items()
              if key in things.by_key}  # fmt: skip
    asked = [
        (things.by_key[key], entry)
        for key, entry in sorted(accepted.items())
        if key in things.by_key and fact.of in things.by_key[key].classes
    ]
    theirs = _theirs(fact, [entry for _, entry in asked], lookup, space)
    for thing, entry in asked:
        rows: dict[str, list[Mapping[str, str]]] = defaultdict(list)
        for row in ours(thing):
            rows[row["otherEntry"].removeprefix(space)].append(row)
        there = theirs.get(entry, {})
        for other in sorted(rows.keys() | there.keys()):
            gap = _compared(fact, rows.get(other, []), there.get(other, []))
            if gap is None:
                continue
            side, row, mine, said = gap
            subject, value = (entry, other) if fact.on_asked else (other, entry)
            yield Gap(
                side, fact.property, subject, labels.get(subject, subject), value,
                labels.get(value, value), mine, said, row.get("claim", ""),
                row.get("sourceTitle", ""), row.get("url", ""),
                row.get("retrieved", ""),
                proposable=side == HERE and bool(row.get("url"))
                and (not fact.kinds or row.get("kind") in fact.kinds),
            )  # fmt: skip


def _theirs(
    fact: Fact, entries: Sequence[str], lookup: Lookup, space: str
) -> dict[str, dict[str, list[dict[str, str]]]]:
    """What the register states: by the entry that is asked of and the other one, the dates."""
    found: dict[str, dict[str, list[dict[str, str]]]] = {}
    keeper, value = ("asked", "other") if fact.on_asked else ("other", "asked")
    dates = " ".join(
        f"OPTIONAL {{ ?statement <{P}qualifier/{prop}> ?{name} }}"
        for name, prop in fact.qualifiers.items()
    )
    names = " ".join(f"?{name}" for name in fact.qualifiers)
    for start in range(0, len(entries), BATCH):
        items = " ".join(f"<{space}{key}>" for key in entries[start : start + BATCH])
        query = (
            f"SELECT DISTINCT ?asked ?other {names} WHERE {{ VALUES ?asked {{ {items} }} "
            f"?{keeper} <{P}{fact.property}> ?statement . "
            f"?statement <{P}statement/{fact.property}> ?{value} . {dates} "
            f"MINUS {{ ?statement <{WIKIBASE}rank> <{WIKIBASE}DeprecatedRank> }} }}"
        )
        for row in lookup.select(query):
            said = {name: _day(row, name) for name in fact.qualifiers if name in row}
            by_other = found.setdefault(_key(row, "asked", space), {})
            by_other.setdefault(_key(row, "other", space), []).append(said)
    return found


def _compared(
    fact: Fact, ours: Sequence[Mapping[str, str]], theirs: Sequence[Mapping[str, str]]
) -> tuple[str, Mapping[str, str], dict[str, str], dict[str, str]] | None:
    """The side, our row and the dates on both; None where both sides say the same."""
    dated = [
        {
            n: _stated(row.get(f"{n}Earliest", ""), row.get(f"{n}Latest", ""))
            for n in fact.qualifiers
        }
        for row in ours
    ]
    mine = [{name: date for name, date in row.items() if date} for row in dated]
    if not theirs:
        # The most that we know of it, with a place to read it.
        best = max(range(len(ours)), key=lambda i: (bool(ours[i].get("url")), len(mine[i])))
        return HERE, ours[best], mine[best], {}
    if not ours:
        return THERE, {}, {}, dict(theirs[0])
    if any(_agree(a, b) for a in mine for b in theirs):
        return None
    return DATES, ours[0], mine[0], dict(theirs[0])


def _agree(ours: Mapping[str, str], theirs: Mapping[str, str]) -> bool:
    """Whether dates may be the same: one that is missing may be any, a year any day in it."""
    return all(
        ours[name].startswith(theirs[name]) or theirs[name].startswith(ours[name])
        for name in ours.keys() & theirs.keys()
    )


def _stated(first: str, last: str) -> str:
    """The day, month or year whose first and last days these are; empty for none."""
    if first == last:
        return first
    return first[:7] if first[:7] == last[:7] else first[:4] if first[:4] == last[:4] else ""


def _key(row: Mapping[str, object], name: str, space: str) -> str:
    return str(getattr(row[name], "value", "")).removeprefix(space)


def _day(row: Mapping[str, object], name: str) -> str:
    """A date of the register, which pads: the first of January may be the year alone."""
    day = str(getattr(row[name], "value", ""))[:10]
    return day[:4] if day.endswith("-01-01") else day
