"""Candidates for the entries of things: hard keys first, then names, scored.

A candidate with the same code is as good as certain; one with a like name is better if it is of
the right type, and worse if another has the name as well or if its codes are other ones. The
score orders candidates for a person to decide on; nothing is decided here.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

import pyoxigraph as ox
from rapidfuzz import fuzz

from stancegraph.search import plain
from stancegraph.sparql import term_text
from stancegraph.terms import RDFS, SKOS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from stancegraph.links.lookup import Lookup, Row
    from stancegraph.links.registers import Correspondence
    from stancegraph.links.things import Thing

WDT = "http://www.wikidata.org/prop/direct/"
BATCH = 50
MAX_NAME = 250  # characters of a label in Wikidata
MAX_CANDIDATES = 5  # of one thing
KEY_SCORE = 1.0
NAME_WEIGHT, TYPE_WEIGHT = 0.75, 0.2  # together less than a key
SHARED_NAME = 0.9  # for a candidate that is not the only one so good
OTHER_KEY = 0.3  # for one whose code is another
MIN_SCORE = 0.6

_Value = TypeVar("_Value")
_THE = re.compile(r"^the\s+", re.IGNORECASE)


@dataclass(slots=True)
class Entry:
    """An entry of the register, as far as it is known.

    Attributes:
        key: Such as ``Q16``.
        names: Labels and other names, labels first.
        types: Those asked about of which it is an instance.
        keys: Values by property.
    """

    key: str
    names: list[str] = field(default_factory=list)
    types: set[str] = field(default_factory=set)
    keys: dict[str, set[str]] = field(default_factory=dict)

    @property
    def label(self) -> str:
        """The first of its names."""
        return self.names[0] if self.names else self.key


@dataclass(frozen=True, slots=True)
class Proposal:
    """An entry that a thing may have.

    Attributes:
        by: ``identifier`` if a hard key led to it, ``lexical`` if a name did, ``composite`` if
            it is of the right type besides.
        why: In words.
    """

    thing: Thing
    entry: Entry
    score: float
    by: str
    why: str


def propose(
    things: Sequence[Thing],
    terms: Correspondence,
    lookup: Lookup,
    space: str,
    rejected: Iterable[tuple[str, str]] = (),
) -> Iterator[Proposal]:
    """Candidates for each of *things*, the best first, things in order.

    Args:
        space: What the IRIs of entries begin with.
        rejected: Things and entries that were found not to be the same.

    Raises:
        RegisterFailed: the register gives no answer.
    """
    seeker = Seeker(terms, lookup, space)
    found = seeker.by_keys(things)
    for key, entries in seeker.by_names([t for t in things if not found.get(t.key)]).items():
        found[key] = found.get(key, set()) | entries
    wrong = set(rejected)
    left = {key: {e for e in entries if (key, e) not in wrong} for key, entries in found.items()}
    known = seeker.details({entry for some in left.values() for entry in some})
    for thing in things:
        scored = [_scored(thing, known[key], terms) for key in left.get(thing.key, ())]
        yield from _ranked(scored)


class Seeker:
    """Looks for entries, and looks them up."""

    def __init__(self, terms: Correspondence, lookup: Lookup, space: str) -> None:
        self._terms = terms
        self._lookup = lookup
        self._space = space

    def by_keys(self, things: Sequence[Thing]) -> dict[str, set[str]]:
        """By thing the entries that share a hard key with it."""
        found: dict[str, set[str]] = defaultdict(set)
        for prop in dict.fromkeys(self._terms.keys.values()):
            holders = {t.keys[prop]: t.key for t in things if prop in t.keys}
            for part in _parts(sorted(holders)):
                values = " ".join(term_text(ox.Literal(value)) for value in part)
                pattern = f"VALUES ?value {{ {values} }} ?item <{WDT}{prop}> ?value"
                for row in self._select("?value ?item", pattern):
                    found[holders[_text(row, "value")]].add(self._entry(row))
        return found

    def by_names(self, things: Sequence[Thing]) -> dict[str, set[str]]:
        """By thing the entries with one of its names, in the languages that are asked."""
        holders: dict[ox.Literal, set[str]] = defaultdict(set)
        for thing in things:
            for literal in self._written(thing):
                holders[literal].add(thing.key)
        found: dict[str, set[str]] = defaultdict(set)
        ordered = sorted(holders, key=lambda literal: (literal.value, literal.language or ""))
        for part in _parts(ordered):
            values = " ".join(map(term_text, part))
            pattern = (
                f"VALUES ?value {{ {values} }} {{ ?item {term_text(RDFS.label)} ?value }} "
                f"UNION {{ ?item {term_text(SKOS.altLabel)} ?value }}"
            )
            for row in self._select("?value ?item", pattern):
                term = row["value"]
                if isinstance(term, ox.Literal):
                    for key in holders.get(term, ()):
                        found[key].add(self._entry(row))
        return found

    def details(self, keys: Iterable[str]) -> dict[str, Entry]:
        """What is known of entries."""
        entries = {key: Entry(key) for key in sorted(keys)}
        types = sorted({kind for kinds in self._terms.classes.values() for kind in kinds})
        tags = ", ".join(f'"{tag}"' for tag in self._terms.languages)
        for part in _parts(list(entries)):
            items = " ".join(f"<{self._space}{key}>" for key in part)
            for predicate in (RDFS.label, SKOS.altLabel):
                pattern = (
                    f"VALUES ?item {{ {items} }} ?item {term_text(predicate)} ?value "
                    f"FILTER (LANG(?value) IN ({tags}))"
                )
                for row in sorted(self._select("?item ?value", pattern), key=self._in_order):
                    entries[self._entry(row)].names.append(_text(row, "value"))
            kinds = " ".join(f"<{self._space}{kind}>" for kind in types)
            pattern = (
                f"VALUES ?item {{ {items} }} VALUES ?value {{ {kinds} }} "
                f"?item <{WDT}P31>/<{WDT}P279>* ?value"
            )
            for row in self._select("?item ?value", pattern) if types else ():
                kind = _text(row, "value").removeprefix(self._space)
                entries[self._entry(row)].types.add(kind)
            for prop in dict.fromkeys(self._terms.keys.values()):
                pattern = f"VALUES ?item {{ {items} }} ?item <{WDT}{prop}> ?value"
                for row in self._select("?item ?value", pattern):
                    values = entries[self._entry(row)].keys
                    values.setdefault(prop, set()).add(_text(row, "value"))
        return entries

    def _in_order(self, row: Row) -> tuple[int, str]:
        term = row["value"]
        tag = term.language or "" if isinstance(term, ox.Literal) else ""
        languages = self._terms.languages
        return (languages.index(tag) if tag in languages else len(languages), _text(row, "value"))

    def _written(self, thing: Thing) -> Iterator[ox.Literal]:
        """The names of *thing* as the register may write them."""
        for text, tag in thing.names:
            tags = [tag] if tag else [self._terms.languages[0]]
            for one in tags:
                if one in self._terms.languages and len(text) <= MAX_NAME:
                    yield ox.Literal(text, language=one)
                    if (bare := _THE.sub("", text)) != text:
                        yield ox.Literal(bare, language=one)

    def _select(self, columns: str, pattern: str) -> list[Row]:
        return self._lookup.select(f"SELECT DISTINCT {columns} WHERE {{ {pattern} }}")

    def _entry(self, row: Row) -> str:
        return _text(row, "item").removeprefix(self._space)


def _scored(thing: Thing, entry: Entry, terms: Correspondence) -> Proposal:
    """How likely *entry* is that of *thing*."""
    same = [f"{p} {v}" for p, v in thing.keys.items() if v in entry.keys.get(p, ())]
    other = [p for p, v in thing.keys.items() if p in entry.keys and v not in entry.keys[p]]
    wanted = {kind for name in thing.classes for kind in terms.classes[name]}
    fits = bool(wanted & entry.types) if wanted else None
    typed = {True: "of the type that is expected", False: "not of the type that is expected",
             None: "its type tells nothing"}[fits]  # fmt: skip
    if same and not other:
        return Proposal(thing, entry, KEY_SCORE, "identifier", f"same {', '.join(same)}; {typed}")
    likeness, ours, theirs = _alike(thing, entry)
    score = NAME_WEIGHT * likeness + TYPE_WEIGHT * {True: 1.0, None: 0.5, False: 0.0}[fits]
    why = f"{ours!r} is like {theirs!r}; {typed}"
    if other:
        score *= OTHER_KEY
        why += f"; another {', '.join(other)}"
    return Proposal(thing, entry, round(score, 3), "composite" if fits else "lexical", why)


def _alike(thing: Thing, entry: Entry) -> tuple[float, str, str]:
    """How like two of their names are, from 0 to 1, and which."""
    best = (0.0, thing.label, entry.label)
    for ours, _ in thing.names:
        for theirs in entry.names:
            likeness = fuzz.token_sort_ratio(plain(ours), plain(theirs)) / 100
            if likeness > best[0]:
                best = (likeness, ours, theirs)
    return best


def _ranked(scored: Iterable[Proposal]) -> list[Proposal]:
    """The good ones, the best first; less sure where several are as good."""
    ranked = sorted(scored, key=lambda p: (-p.score, len(p.entry.key), p.entry.key))
    good = [p for p in ranked if p.score >= MIN_SCORE][:MAX_CANDIDATES]
    if len(good) > 1 and good[0].score == good[1].score:
        top = good[0].score
        return [
            Proposal(p.thing, p.entry, round(p.score * SHARED_NAME, 3), p.by,
                     f"{p.why}; others are as like") if p.score == top else p
            for p in good
        ]  # fmt: skip
    return good


def _parts(values: Sequence[_Value]) -> Iterator[Sequence[_Value]]:
    for start in range(0, len(values), BATCH):
        yield values[start : start + BATCH]


def _text(row: Mapping[str, object], name: str) -> str:
    return str(getattr(row[name], "value", ""))
