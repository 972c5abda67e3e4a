"""What a query worker asks, wherever it is; and the kind that is a store of its own."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Protocol, Self

import pyoxigraph as ox

from stancegraph import sparql
from stancegraph.description import description_in
from stancegraph.engine.prefixes import known_prefixes
from stancegraph.errors import BadRequest

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from stancegraph.engine import Ask
    from stancegraph.errors import StancegraphError


class Graph(Protocol):
    """What is asked."""

    @property
    def prefixes(self) -> Mapping[str, str]:
        """Those that people use for what it holds."""

    @property
    def description(self) -> Callable[[ox.NamedNode], set[ox.Triple]] | None:
        """Tells what it says of a thing; None where that must be asked for."""

    def evaluate(self, ask: Ask) -> Any:
        """The result of the query in *ask*: solutions, a truth value, or triples.

        Raises:
            SyntaxError: it is no query.
            RuntimeError: evaluation failed.
            StancegraphError: what else there is to tell.
        """

    def lost(self) -> StancegraphError | None:
        """What to tell where a result broke off as it was read; None where none did."""

    def can_ask_again(self) -> bool:
        """Whether what broke off may be had elsewhere."""

    def rest(self) -> None:
        """A question is answered."""


class StoreGraph:
    """The graph in a store."""

    def __init__(self, store: ox.Store, prefixes: Mapping[str, str]) -> None:
        self.store = store
        self.prefixes = prefixes
        self.description = partial(description_in, store)

    @classmethod
    def of(cls, store: ox.Store) -> Self:
        """The graph in *store*."""
        return cls(store, known_prefixes(store))

    def evaluate(self, ask: Ask) -> ox.QuerySolutions | ox.QueryBoolean | ox.QueryTriples:
        """Apply the rule for datasets: what the request names, else FROM, else the union of all.

        Raises:
            SyntaxError: it is no query.
            RuntimeError: evaluation failed.
            BadRequest: what is to name a graph is no absolute IRI.
        """
        base = ask.base or None
        if ask.default_graphs or ask.named_graphs:
            default, named = graph_names(ask.default_graphs), graph_names(ask.named_graphs)
            return self.store.query(
                ask.query, base_iri=base, default_graph=default, named_graphs=named
            )
        union = not sparql.dataset_clause(ask.query)
        return self.store.query(ask.query, base_iri=base, use_default_graph_as_union=union)

    def lost(self) -> None:
        """Nothing breaks off."""

    def can_ask_again(self) -> bool:
        """Nothing is elsewhere."""
        return False

    def rest(self) -> None:
        """Nothing is held."""


def graph_names(iris: tuple[str, ...]) -> list[Any]:
    """Graph names.

    Raises:
        BadRequest: one is no absolute IRI.
    """
    names = []
    for iri in iris:
        try:
            names.append(ox.NamedNode(iri))
        except ValueError as error:
            raise BadRequest(f"{iri!r} is no absolute IRI, so it names no graph") from error
    return names
