"""Reconciliation: names, with what else is known of the things meant, against the graph.

The matcher reads names alone; what a thing is besides is asked from the engine, once for all
queries together.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, cast

import pyoxigraph as ox

from stancegraph.engine import Ask, MediaType, rows
from stancegraph.errors import EngineError
from stancegraph.matching import CERTAIN, UNSURE, Candidate, Way
from stancegraph.search import plain
from stancegraph.sparql import term_text

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from stancegraph.engine import Engine, Term
    from stancegraph.matching import Matcher
    from stancegraph.names import Names

    Values = Mapping[tuple[str, str], Sequence[Term]]

CONSIDERED = 25  # candidates of which the conditions of a query are asked
MOST_BY_VALUE = 200  # things that are found by a value alone
FAILED = 20  # points of a score that a condition takes which does not hold

Quantifier = Literal["any", "all", "none"]


@dataclass(frozen=True, slots=True)
class Condition:
    """What a thing that is meant has as the values of a property.

    Attributes:
        property: Its IRI.
        values: Texts, keys or IRIs; capitals, accents and punctuation do not matter.
        required: Whether what does not meet it is no candidate.
        quantifier: How many of *values* a thing is to have.
    """

    property: str
    values: tuple[str, ...]
    required: bool = False
    quantifier: Quantifier = "any"


@dataclass(frozen=True, slots=True)
class Query:
    """What somebody wants to know the thing of.

    Attributes:
        texts: Its names, of which any may fit; where there are none, the conditions decide.
        classes: IRIs of classes of which it is of one.
        limit: How many candidates are wanted at most.
    """

    texts: tuple[str, ...]
    classes: tuple[str, ...] = ()
    conditions: tuple[Condition, ...] = ()
    limit: int = 5


class Reconciler:
    """Answers such queries from one release."""

    def __init__(self, names: Names, matcher: Matcher, engine: Engine, *, deadline: float) -> None:
        """Args: deadline: Seconds for each question to the engine."""
        self._names = names
        self._matcher = matcher
        self._engine = engine
        self._deadline = deadline

    def answer(self, queries: Sequence[Query]) -> list[list[Candidate] | EngineError]:
        """The candidates of each of *queries*, the likeliest first; only the first may be certain.

        A query that the engine did not answer has the error in their place.
        """
        found: list[list[Candidate] | EngineError] = [self._candidates(query) for query in queries]
        asked = {
            (each.key, condition.property)
            for query, candidates in zip(queries, found, strict=True)
            if not isinstance(candidates, EngineError)
            for each in candidates
            for condition in query.conditions
        }
        if not asked:
            return [self._limited(c, query) for query, c in zip(queries, found, strict=True)]
        try:
            values: Values = self.values({k for k, _ in asked}, {p for _, p in asked})
        except EngineError as error:
            return [
                error if query.conditions else self._limited(candidates, query)
                for query, candidates in zip(queries, found, strict=True)
            ]
        return [
            candidates
            if isinstance(candidates, EngineError)
            else self._weighed(query, candidates, values)[: query.limit]
            for query, candidates in zip(queries, found, strict=True)
        ]

    def values(
        self, keys: Collection[str], properties: Collection[str]
    ) -> dict[tuple[str, str], list[Term]]:
        """What the things *keys* have as values of *properties*, which are IRIs; in order.

        Raises:
            EngineError: as :meth:`stancegraph.engine.Answer.__next__` does.
        """
        if not keys or not properties:
            return {}
        things = " ".join(term_text(ox.NamedNode(self._names.iri(key))) for key in sorted(keys))
        named = " ".join(term_text(ox.NamedNode(iri)) for iri in sorted(properties))
        found: defaultdict[tuple[str, str], list[Term]] = defaultdict(list)
        for row in self._rows(f"""
            SELECT DISTINCT ?thing ?property ?value
            WHERE {{
              VALUES ?thing {{ {things} }}
              VALUES ?property {{ {named} }}
              ?thing ?property ?value
            }} ORDER BY ?thing ?property ?value"""):
            thing, name = cast("ox.NamedNode", row["thing"]), cast("ox.NamedNode", row["property"])
            if key := self._names.key(thing.value):
                found[key, name.value].append(row["value"])
        return found

    @staticmethod
    def _limited(
        candidates: list[Candidate] | EngineError, query: Query
    ) -> list[Candidate] | EngineError:
        return candidates if isinstance(candidates, EngineError) else candidates[: query.limit]

    def _candidates(self, query: Query) -> list[Candidate] | EngineError:
        """What *query* may mean by the names alone; by the conditions, if it has no name."""
        if not query.texts:
            try:
                return self._having(query)
            except EngineError as error:
                return error
        limit = max(query.limit, CONSIDERED) if query.conditions else query.limit
        found = [
            each
            for text in query.texts
            for each in self._matcher.match(text, query.classes, limit=limit)
        ]
        return found if len(query.texts) == 1 else _merged(found)

    def _having(self, query: Query) -> list[Candidate]:
        """The things of the classes of *query* that have a value of its first condition."""
        if not query.conditions:
            return []
        condition = query.conditions[0]
        wanted = {text.casefold() for text in condition.values}
        for text in condition.values:
            wanted.add(self._names.iri(text).casefold())
            meant = self._matcher.match(text, limit=1)
            wanted.update(self._names.iri(m.key).casefold() for m in meant if m.certain)
        texts = ", ".join(term_text(ox.Literal(text)) for text in sorted(wanted))
        found = self._rows(f"""
            SELECT DISTINCT ?thing
            WHERE {{
              ?thing {term_text(ox.NamedNode(condition.property))} ?value
              FILTER (LCASE(STR(?value)) IN ({texts}))
            }} ORDER BY ?thing""")
        keys = [self._names.key(cast("ox.NamedNode", row["thing"]).value) for row in found]
        allowed = self._matcher.things(frozenset(query.classes))
        return [
            Candidate(key, label := self._names.by_key[key][0], label, Way.ALIKE, 0, 0.0, 0, False)
            for key in keys
            if key is not None and key in allowed
        ][:MOST_BY_VALUE]

    def _weighed(
        self, query: Query, candidates: Iterable[Candidate], values: Values
    ) -> list[Candidate]:
        """*candidates* in the light of the conditions of *query*.

        Who alone of those with the whole name meets all of them is certain; who does not meet
        one is not, unless nothing is known of it.
        """
        if not query.conditions:
            return list(candidates)
        kept: list[Candidate] = []
        meeting = []
        for each in candidates:
            held = [self._holds(each.key, condition, values) for condition in query.conditions]
            if any(
                condition.required and not holds
                for condition, holds in zip(query.conditions, held, strict=True)
            ):
                continue
            failed = held.count(False)
            score = max(0.0, min(each.score, UNSURE) - FAILED * failed) if failed else each.score
            kept.append(replace(each, score=score, certain=each.certain and not failed))
            if all(held) and (each.way is not Way.ALIKE or not query.texts):
                meeting.append(each.key)
        if not any(each.certain for each in kept) and len(meeting) == 1:
            kept = [
                replace(each, certain=True, score=float(CERTAIN)) if each.key in meeting else each
                for each in kept
            ]
        elif not query.texts:
            kept = [replace(each, score=float(UNSURE)) for each in kept if each.key in meeting]
        return sorted(kept, key=lambda each: (-each.score, each.key))

    def _holds(self, key: str, condition: Condition, values: Values) -> bool | None:
        """Whether the thing *key* meets *condition*; None where nothing is known of it."""
        stated = values.get((key, condition.property), ())
        if not stated:
            return True if condition.quantifier == "none" else None
        has = [any(self._is(term, text) for term in stated) for text in condition.values]
        match condition.quantifier:
            case "any":
                return any(has)
            case "all":
                return all(has)
            case "none":
                return not any(has)

    def _is(self, term: Term, text: str) -> bool:
        """Whether *term* is what *text* says: its text, its IRI, its key or any of its names."""
        if isinstance(term, ox.Literal):
            return plain(term.value) == plain(text)
        if not isinstance(term, ox.NamedNode):
            return False
        key = self._names.key(term.value) or ""
        names = (*self._names.by_key.get(key, ()), key.partition("/")[2])
        return text in {term.value, key} or plain(text) in map(plain, names)

    def _rows(self, query: str) -> list[dict[str, Term]]:
        return rows(self._engine, Ask(query, MediaType.JSON, deadline=self._deadline))


def _merged(candidates: Iterable[Candidate]) -> list[Candidate]:
    """*candidates* for several names of one thing, each once; certain only if they agree."""
    best: dict[str, Candidate] = {}
    for each in candidates:
        if each.key not in best or each.score > best[each.key].score:
            best[each.key] = each
    certain = [each for each in best.values() if each.certain]
    if len(certain) > 1:
        for each in certain:
            best[each.key] = replace(each, certain=False, score=float(UNSURE))
    return sorted(best.values(), key=lambda each: (-each.score, each.key))
