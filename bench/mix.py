"""A realistic mix: saved queries with parameters as people ask them, a few of them often.

So many different requests there are, and which comes next is drawn by Zipf's law: the second
most popular is asked half as often as the first, the third a third as often. What is popular
is drawn likewise, the query and each of its parameters. All are sent as the plain SPARQL that
the catalogue makes of them. Quality queries are not among them: they are for editors, and
heavy.
"""

from __future__ import annotations

from bisect import bisect
from itertools import accumulate
from typing import TYPE_CHECKING, Generic, TypeVar

import pyoxigraph as ox

from bench.questions import TABLE, TRIPLES, Question, random_day
from stancegraph.catalog import Allowed, Catalog, default_terms
from stancegraph.errors import BadParameter
from stancegraph.names import FILE, Names
from stancegraph.sparql import query_form
from stancegraph.terms import XSD

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path
    from random import Random

    from stancegraph.parameters import Parameter
    from stancegraph.queryfile import SavedQuery
    from stancegraph.sparql import Term

Item = TypeVar("Item")
DIFFERENT = 2_000  # requests
DRAWN = 50_000  # to find them
OFTEN = 0.3  # how often somebody sets what may be left out


class Zipf(Generic[Item]):
    """Items from the most popular to the least."""

    def __init__(self, items: Sequence[Item], random: Random | None = None) -> None:
        """Rank *items* as they come, or as *random* has it."""
        self._items = random.sample(items, len(items)) if random else items
        self._bounds = list(accumulate(1 / rank for rank in range(1, len(items) + 1)))

    def draw(self, random: Random) -> Item:
        """An item, the first of n items with n times the chance of the last."""
        return self._items[bisect(self._bounds, random.random() * self._bounds[-1])]


class Mix:
    """The saved queries and the values that their parameters may have in one graph."""

    def __init__(self, queries: Path, release: Path, things: Sequence[str], random: Random) -> None:
        """Read what there is to ask.

        Args:
            queries: A folder with ``queries/``.
            release: The folder of the release that is asked.
            things: IRIs of things without names, for parameters that take any.
            random: Draws what is popular.
        """
        self._names = Names.load(release / FILE)
        self._things = things
        catalog = Catalog.load(queries)
        self._values: dict[tuple[str, str], Zipf[Term] | None] = {}
        askable = []
        for query in catalog:
            if query.flaw is not None or query.services:  # which nobody answers alone
                continue
            found = {name: self._candidates(one) for name, one in query.params.items()}
            if all(found[name] or self._spared(one) for name, one in query.params.items()):
                askable.append(query)
                for name, terms in found.items():
                    self._values[query.name, name] = Zipf(terms, random) if terms else None
        self.queries: Sequence[SavedQuery] = askable
        popular = Zipf(askable, random)
        different: dict[str, Question] = {}
        for _ in range(DRAWN):
            question = self.of(popular.draw(random), random)
            different.setdefault(question.text, question)
            if len(different) == DIFFERENT:
                break
        # What is drawn early is likely to be popular: the order of drawing is the rank.
        self.requests = list(different.values())
        self._popular = Zipf(self.requests)

    def _candidates(self, parameter: Parameter) -> list[Term]:
        """The terms that a caller may give; nothing where only the default will do."""
        if parameter.type == "iri":
            allowed = Allowed.by(parameter, self._names)
            if allowed.anything or allowed.unlisted:
                kinds = tuple(f"/id/{kind}/" for kind in allowed.kinds)
                return [
                    ox.NamedNode(iri)
                    for iri in self._things
                    if not kinds or any(kind in iri for kind in kinds)
                ]
            return [ox.NamedNode(self._names.iri(key)) for key in allowed.keys(self._names)]
        if parameter.choices:
            return [ox.Literal(choice, datatype=XSD[parameter.type.removeprefix("xsd:")])
                    for choice in parameter.choices]  # fmt: skip
        return [] if parameter.default is not None or parameter.optional else [parameter.example]

    def _spared(self, parameter: Parameter) -> bool:
        """Whether a caller may leave it out; not where its default is of another graph."""
        try:
            return bool(default_terms(parameter, self._names)) or parameter.optional
        except BadParameter:
            return False

    def draw(self, random: Random) -> Question:
        """What somebody asks next."""
        return self._popular.draw(random)

    def of(self, query: SavedQuery, random: Random) -> Question:
        """The question *query*, one of `queries`, with parameters as popular as may be."""
        terms: dict[str, Term | tuple[Term, ...]] = {}
        for name, parameter in query.params.items():
            values = self._values[query.name, name]
            if parameter.type == "xsd:date":
                terms[name] = ox.Literal(str(random_day(random)), datatype=XSD.date)
            elif values and (not self._spared(parameter) or random.random() < OFTEN):
                terms[name] = values.draw(random)
            elif default := default_terms(parameter, self._names):
                terms[name] = default
        return plain(query, terms)


def plain(query: SavedQuery, terms: dict[str, Term | tuple[Term, ...]]) -> Question:
    """The query as SPARQL, without what its header tells."""
    lines = query.bind(terms).splitlines(keepends=True)
    text = "".join(line for line in lines if not line.startswith("#+"))
    accept = TABLE if query_form(text) in {"SELECT", "ASK"} else TRIPLES
    return Question(query.name, text, accept)
