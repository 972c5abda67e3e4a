"""A query over the graphs of a release, written for the names that these have in an engine.

What a query asks of graphs it says in three places: FROM and FROM NAMED, GRAPH with a name,
and GRAPH with a variable. The first become the dataset that the protocol names beside a query
(SPARQL 1.1 Protocol, section 2.1.4). A name is exchanged for the one in the engine. For a
variable, another takes its place, and the graph ``names`` tells which value it stands for:
``GRAPH ?g {…}`` is written ``GRAPH <names> { ?v sd:name ?g } GRAPH ?v {…}``. That is what
SPARQL 1.1 Query (section 18.6) means by it: solutions joined with the name of their graph.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import count, pairwise
from typing import TYPE_CHECKING

from stancegraph import sparql
from stancegraph.engine.describe import is_dataset
from stancegraph.errors import QueryRefused
from stancegraph.sparql import Kind
from stancegraph.terms import SD

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from stancegraph.engine import Ask
    from stancegraph.engine.remote.layout import Layout
    from stancegraph.sparql import Token

_BRACKETS = {"{": 1, "(": 1, "}": -1, ")": -1}
_TARGETS = (Kind.IRI, Kind.NAME)


@dataclass(frozen=True, slots=True)
class Written:
    """A query as an engine is asked it.

    Attributes:
        default, named: The graphs of its default graph, and those that GRAPH reaches.
    """

    query: str
    default: tuple[str, ...]
    named: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Edit:
    start: int
    end: int
    text: str


class Writer:
    """Writes queries for one release as it lies in an engine."""

    def __init__(
        self,
        layout: Layout,
        graphs: Sequence[str],
        *,
        iris: Callable[[str, Sequence[str]], list[str]],
        variables: Callable[[str], list[str]],
    ) -> None:
        """Write for the release of *layout*.

        Args:
            graphs: What it calls its graphs.
            iris: Tells the whole IRIs of names in a query, given its prologue and the names.
            variables: Tells what ``SELECT *`` selects, in which order.
        """
        self._layout = layout
        self._here = {layout.graph(iri) for iri in graphs}
        self._iris = iris
        self._variables = variables

    def write(self, ask: Ask) -> Written:
        """The question *ask*, whose query has been found to be SPARQL.

        Raises:
            QueryRefused: its words run together.
        """
        query = ask.query
        upper = sparql.resolved(query).upper()
        uses = "GRAPH" in upper
        names_dataset = "FROM" in upper and sparql.dataset_clause(query)
        selects_all = "SELECT" in upper and "*" in query
        default, named = ask.default_graphs, ask.named_graphs
        explicit = bool(default or named)
        if not (uses or names_dataset or selects_all):
            return self._with_dataset(query, default, named, explicit=explicit)
        query = sparql.resolved(query)
        found = sparql.tokens(query, comments=True)
        reading = [token for token in found if token.kind is not Kind.COMMENT]
        prologue = query[: _verb(reading).start]
        edits = list(self._all_selected(query, reading))
        if names_dataset:
            clauses = _dataset(reading)
            if not clauses:
                raise QueryRefused("FROM is a word of its own: write a space around it")
            edits += [_Edit(clauses[0].start, clauses[-1].end, " ")]
            if not explicit:
                default, named = self._named_in(prologue, clauses)
                explicit = True
        reached: list[str] = []
        if uses:
            more, reached = self._graphs(query, prologue, reading)
            edits += more
        return self._with_dataset(
            _edited(query, edits), default, named, explicit=explicit, reached=reached
        )

    def _with_dataset(
        self,
        query: str,
        default: Sequence[str],
        named: Sequence[str],
        *,
        explicit: bool,
        reached: Sequence[str] = (),
    ) -> Written:
        """The query with the dataset that it is asked over.

        Args:
            reached: The graphs that its GRAPH clauses may reach where it names no dataset, by
                their names in the engine.
        """
        layout = self._layout
        nothing = (layout.nothing,)
        if not explicit:
            return Written(query, (layout.all,), tuple(reached) or nothing)
        graphs = tuple(layout.graph(iri) for iri in named)
        names = (layout.names,) if layout.names in reached else ()
        return Written(
            query,
            tuple(layout.graph(iri) for iri in default) or nothing,
            (*graphs, *names) or nothing,
        )

    def _named_in(
        self, prologue: str, clauses: Sequence[Token]
    ) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """The graphs that FROM names, and those that FROM NAMED does."""
        default: list[str] = []
        named: list[str] = []
        target = default
        for token in clauses:
            if token.kind is Kind.WORD:
                target = named if token.text.upper().endswith("NAMED") else default
            else:
                target.append(token.text)
        iris = self._iris(prologue, [*default, *named])
        return tuple(iris[: len(default)]), tuple(iris[len(default) :])

    def _all_selected(self, query: str, reading: Sequence[Token]) -> Iterator[_Edit]:
        """The variables that are selected, in place of an outermost ``*``.

        Engines have each their own order of these, and a variable of ours must not be one.
        """
        at = reading.index(_verb(reading))
        rest = [token for token in reading[at : at + 3] if not token.is_word("DISTINCT", "REDUCED")]
        if len(rest) > 1 and rest[0].is_word("SELECT") and rest[1].text == "*":
            names = self._variables(query)
            if names:
                text = " ".join(f"?{name}" for name in names)
                yield _Edit(rest[1].start, rest[1].end, f" {text} ")

    def _graphs(
        self, query: str, prologue: str, reading: Sequence[Token]
    ) -> tuple[list[_Edit], list[str]]:
        """What becomes of GRAPH clauses, and which graphs they may reach."""
        layout = self._layout
        fresh = _fresh(query)
        edits: list[_Edit] = []
        constants: list[Token] = []
        varies = False
        for word, target in pairwise(reading):
            if not word.is_word("GRAPH"):
                continue
            if target.kind is Kind.VARIABLE:
                varies = True
                name = next(fresh)
                known = f" GRAPH <{layout.names}> {{ ?{name} {SD.name} ?{target.text[1:]} }} "
                edits.append(_Edit(word.start, target.end, f"{known}GRAPH ?{name}"))
            elif target.kind in _TARGETS:
                constants.append(target)
        reached = [
            layout.graph(iri) for iri in self._iris(prologue, [each.text for each in constants])
        ]
        for target, iri in zip(constants, reached, strict=True):
            edits.append(_Edit(target.start, target.end, f"<{iri}>"))
        if varies:
            reached = [*sorted(self._here), layout.names]
        return edits, list(dict.fromkeys(reached))


def _verb(reading: Sequence[Token]) -> Token:
    """The token with which the query itself begins."""
    return next(token for token in reading if token.is_word(*sparql.QUERY_FORMS))


def _dataset(reading: Sequence[Token]) -> list[Token]:
    """The tokens of the FROM clauses, which stand together."""
    depth = 0
    found: list[Token] = []
    for token in reading[reading.index(_verb(reading)) :]:
        depth += _BRACKETS.get(token.text, 0) if token.kind is Kind.MARK else 0
        begins = depth == 0 and token.is_word("FROM")
        if begins or (found and is_dataset(token)):
            found.append(token)
        elif found:
            break
    return found


def _fresh(query: str) -> Iterator[str]:
    """Names of variables that *query* does not use."""
    stem = "graph_here"
    while stem in query:
        stem += "_"
    return (f"{stem}{number}" for number in count())


def _edited(query: str, edits: Sequence[_Edit]) -> str:
    for edit in sorted(edits, key=lambda each: each.start, reverse=True):
        query = query[: edit.start] + edit.text + query[edit.end :]
    return query
