"""Facts as people read them: names for IRIs, words for dates, links that stay on this host."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyoxigraph as ox

from stancegraph.terms import DCTERMS, RDFS, SCHEMA, SKOS, short
from stancegraph.texts import DATES, literal_text
from stancegraph.titles import Titles
from stancegraph.web import links

if TYPE_CHECKING:
    from collections.abc import Container, Iterable

    from stancegraph.facts import Facts, Node, Value
    from stancegraph.vocabulary import Vocabulary
    from stancegraph.web.site import Site


@dataclass(frozen=True, slots=True)
class Shown:
    """A value or a name as it is read.

    Attributes:
        href: Where it leads; None for plain text.
        machine: A date in the form that programs read; empty for anything else.
        language: Of the text, where that is said.
    """

    text: str
    href: str | None = None
    machine: str = ""
    language: str | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """A property with its values."""

    label: Shown
    definition: str
    values: tuple[Shown, ...]


class Reader(Titles):
    """Reads facts for one page.

    Attributes:
        facts: What is known for the page.
        vocabulary: What the words of the graph mean.
    """

    def __init__(self, site: Site, vocabulary: Vocabulary, facts: Facts) -> None:
        super().__init__(facts, vocabulary)
        self._site = site
        self._hrefs: dict[ox.NamedNode, str | None] = {}
        self.vocabulary: Vocabulary = vocabulary

    def href(self, node: Node) -> str | None:
        """Where *node* leads, on this host if it can."""
        if isinstance(node, ox.BlankNode):
            return None
        if node not in self._hrefs:
            self._hrefs[node] = links.address(self._site, node.value)
        return self._hrefs[node]

    def shown_iri(self, node: ox.NamedNode) -> str:
        """The IRI of a thing in short: ``state/CAN``, ``sg:actor``."""
        return links.shown(self._site, node.value)

    def link(self, node: Node, *, apart_from: tuple[Node, ...] = ()) -> Shown:
        """*node* by its title, as a link."""
        return Shown(self.title(node, apart_from=apart_from), self.href(node))

    def term(self, term: ox.NamedNode) -> Shown:
        """A class or property by its label, as a link to where it is documented."""
        return Shown(self.vocabulary.label(term), self.href(term))

    def kind(self, node: Node) -> Shown | None:
        """The class of *node*, the narrowest if there are several."""
        kinds = self.facts.types(node)
        narrow = [kind for kind in kinds if not any(self.vocabulary.below(k, kind) for k in kinds)]
        return self.term((narrow or kinds)[0]) if kinds else None

    def shown(self, value: Value) -> Shown:
        """*value* as it is read."""
        if isinstance(value, ox.Literal):
            language = value.language if value.language != "en" else None
            machine = value.value if value.datatype in DATES else ""
            return Shown(literal_text(value), machine=machine, language=language)
        return self.link(value)

    def rows(
        self, node: Node, *, leave_out: Container[ox.NamedNode] = (), derived: bool | None = None
    ) -> tuple[Row, ...]:
        """The properties of *node* by their labels.

        Args:
            leave_out: Properties that are shown elsewhere.
            derived: Only what rules derived, or only what was stated; all, if None.
        """
        rows = []
        for predicate, values in self.facts.about(node).items():
            if predicate in leave_out:
                continue
            kept = [
                value
                for value in values
                if derived is None or derived == self.is_derived(node, predicate, value)
            ]
            if kept:
                rows.append(self.row(predicate, kept))
        return tuple(sorted(rows, key=lambda row: row.label.text))

    def row(self, predicate: ox.NamedNode, values: Iterable[Value]) -> Row:
        """One property with these values, in the order of their texts."""
        shown = sorted((self.shown(v) for v in values), key=lambda s: (s.machine, s.text))
        definition = self.vocabulary.facts.text(predicate, SKOS.definition, RDFS.comment)
        label = Shown(self.vocabulary.label(predicate), self.href(predicate))
        return Row(label, definition or short(predicate), tuple(dict.fromkeys(shown)))

    def is_derived(self, node: Node, predicate: ox.NamedNode, value: Value) -> bool:
        """Whether only rules say so."""
        graphs = self.facts.graphs(node, predicate, value)
        return bool(graphs) and all("/graph/derived/" in graph.value for graph in graphs)

    def dates(self, node: Node, *, within: bool = True) -> tuple[Shown, ...]:
        """The days, months or years that were stated of *node*, in order.

        Where it has none, those of the unnamed things that it is part of: a vote is dated by
        its roll call.

        Args:
            within: Whether to look at these.
        """
        dating = self.dating(node)
        found = [
            self._dated(value, predicate, alone=len(dating) == 1)
            for predicate in dating
            for value in self.facts.values(node, predicate)
        ]
        if not found and within:
            parts = [
                value
                for predicate, values in self.facts.about(node).items()
                if self.vocabulary.below(predicate, DCTERMS.isPartOf)
                for value in values
            ]
            found = [
                day
                for part in parts
                if not isinstance(part, ox.Literal)
                for day in self.dates(part, within=False)
            ]
        return tuple(sorted(set(found), key=lambda day: day.machine))

    def _dated(self, value: Value, predicate: ox.NamedNode, *, alone: bool) -> Shown:
        """A date; whether it is a beginning or an end, where it has no counterpart."""
        shown = self.shown(value)
        for bound, word in ((SCHEMA.startDate, "since"), (SCHEMA.endDate, "until")):
            if alone and self.vocabulary.below(predicate, bound):
                return Shown(f"{word} {shown.text}", machine=shown.machine)
        return shown

    def dating(self, node: Node) -> list[ox.NamedNode]:
        """The properties by which a date was stated of *node* itself, not of the coding."""
        return [
            predicate
            for predicate, values in self.facts.about(node).items()
            if not self.vocabulary.below(predicate, DCTERMS.created)
            and any(
                isinstance(value, ox.Literal)
                and value.datatype in DATES
                and not self.is_derived(node, predicate, value)
                for value in values
            )
        ]
