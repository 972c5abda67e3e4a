"""Facts as people read them: names for IRIs, words for dates, links that stay on this host."""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

import pyoxigraph as ox

from stancegraph.terms import DCTERMS, RDF, RDFS, SCHEMA, SG, SKOS, XSD, short
from stancegraph.web import links

if TYPE_CHECKING:
    from collections.abc import Container, Iterable

    from stancegraph.facts import Facts, Node, Value
    from stancegraph.titles import Path, Template
    from stancegraph.vocabulary import Vocabulary
    from stancegraph.web.site import Site

DATES = (XSD.date, XSD.gYearMonth, XSD.gYear)
# What an IRI is never made of, though their keys may be alike.
_NOT_NAMING = (RDF.type, SG.evidence, SG.contradicts, SG.contestedBy)
_COMMAS_FROM = 10_000
_MAX_DEPTH = 3  # of titles within titles
_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September",
    "October", "November", "December",
)  # fmt: skip


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


class Reader:
    """Reads facts for one page.

    Attributes:
        facts: What is known for the page.
        vocabulary: What the words of the graph mean.
    """

    def __init__(self, site: Site, vocabulary: Vocabulary, facts: Facts) -> None:
        self._site = site
        self._hrefs: dict[ox.NamedNode, str | None] = {}
        self._titles: dict[tuple[Node, tuple[Node, ...], int], str] = {}
        self.facts = facts
        self.vocabulary = vocabulary

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

    def title(self, node: Node, *, apart_from: tuple[Node, ...] = (), depth: int = 0) -> str:
        """What to call *node*: its name, else what the ontology makes of it, else of its IRI.

        A claim has no name; its class may have a template. Where it has none, or a value for
        it is missing, there is the IRI, which is made of the keys of things: of these the
        names are put together, then the codes of its kind: ``Canada · A/RES/74/247 · no``.

        Args:
            apart_from: Things that go without saying, but for in a sentence.
        """
        key = (node, apart_from, depth)
        if key not in self._titles:
            self._titles[key] = self.facts.name(node) or self._made_title(*key)
        return self._titles[key]

    def _made_title(self, node: Node, apart_from: tuple[Node, ...], depth: int) -> str:
        if isinstance(node, ox.BlankNode):
            return "…"
        if depth < _MAX_DEPTH and (sentence := self._sentence(node, depth)):
            return sentence
        parts = self._parts(node, apart_from, depth) if depth < _MAX_DEPTH else []
        return " · ".join(dict.fromkeys(parts)) or links.shown(self._site, node.value)

    def _template(self, node: Node) -> Template | None:
        """That of the narrowest class of *node* that has one."""
        templates = self.vocabulary.templates
        kinds = self.facts.types(node)
        own = [kind for kind in kinds if kind in templates]
        wide = [
            broad for broad in templates for kind in kinds if self.vocabulary.below(kind, broad)
        ]
        return templates[(own or wide)[0]] if own or wide else None

    def _sentence(self, node: Node, depth: int) -> str | None:
        """The title of *node* by the template of its class; None where that does not do."""
        template = self._template(node)

        def named(path: Path) -> list[str]:
            reached: list[Value] = [node]
            for step in path:
                reached = [
                    value
                    for each in reached
                    if not isinstance(each, ox.Literal)
                    for value in self.facts.values(each, step)
                ]
            texts = {
                literal_text(value)
                if isinstance(value, ox.Literal)
                else self._phrase(value) or self.title(value, depth=depth + 1)
                for value in reached
            }
            return sorted(texts)

        return None if template is None else template.fill(named)

    def _phrase(self, node: Node) -> str:
        return self.vocabulary.phrases.get(node, "") if isinstance(node, ox.NamedNode) else ""

    def told_in_title(self, node: Node) -> set[ox.NamedNode]:
        """The properties whose values make up the title of a thing without a name."""
        if self.facts.name(node) or isinstance(node, ox.BlankNode):
            return set()
        if (template := self._template(node)) is not None and self._sentence(node, 0):
            return template.properties
        named = {part for part in self._key_parts(node) if not isinstance(part, str)}
        return {
            predicate
            for predicate, values in self.facts.about(node).items()
            if self._is_kind(predicate) or not named.isdisjoint(values)
        }

    def _parts(self, node: ox.NamedNode, apart_from: tuple[Node, ...], depth: int) -> list[str]:
        parts = self._key_parts(node)
        for predicate, values in self.facts.about(node).items():
            if self._is_kind(predicate):
                parts += [value for value in values if isinstance(value, ox.NamedNode)]
        return [
            part if isinstance(part, str) else self.title(part, depth=depth + 1)
            for part in parts
            if part not in apart_from
        ]

    def _key_parts(self, node: ox.NamedNode) -> list[ox.NamedNode | str]:
        """What the parts of an IRI name, in their order; as words where the last name nothing."""
        said = self.facts.about(node)
        values = [v for predicate in said if predicate not in _NOT_NAMING for v in said[predicate]]
        nodes = [value for value in values if isinstance(value, ox.NamedNode)]
        told = {value.value for value in values if isinstance(value, ox.Literal)}
        parts: list[ox.NamedNode | str] = []
        rest = _segments(node)
        while rest:
            found, length = _named_by(rest, nodes)
            if found is not None:
                # What stands before is of what this names.
                parts = [*(part for part in parts if not isinstance(part, str)), found]
            elif rest[0] not in told:
                parts.append(rest[0].replace("-", " "))
            rest = rest[length:]
        return parts

    def _is_kind(self, predicate: ox.NamedNode) -> bool:
        """Whether the values of *predicate* say of what kind a thing is."""
        return predicate != RDF.type and self.vocabulary.below(predicate, DCTERMS.type)

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


def literal_text(value: ox.Literal) -> str:
    """A literal as people write it: ``8 July 2015``, ``18,596``."""
    if value.datatype in DATES:
        return date_text(value.value)
    if value.datatype == XSD.integer and abs(int(value.value)) >= _COMMAS_FROM:
        return f"{int(value.value):,}"
    return value.value


def date_text(lexical: str) -> str:
    """``2015-07-08``, ``2015-07`` or ``2015`` in words; anything else as it is."""
    parts = lexical.split("-")
    try:
        numbers = [int(part) for part in parts]
        day = date(*[*numbers, 1, 1][:3])
    except (TypeError, ValueError):
        return lexical
    month = _MONTHS[day.month - 1]
    return (lexical, f"{month} {day.year}", f"{day.day} {month} {day.year}")[len(parts) - 1]


def between_text(earliest: str, latest: str) -> str:
    """The days from *earliest* to *latest* in words; either may be empty for unknown.

    A whole month or year is called so.
    """
    if earliest == latest:
        return date_text(earliest)
    if not earliest:
        return f"by {date_text(latest)}"
    if not latest:
        return f"{date_text(earliest)} or later"
    for length, first, last in ((4, "-01-01", "-12-31"), (7, "-01", f"-{_last_day(latest)}")):
        if earliest[:length] == latest[:length] and (
            earliest[length:] == first and latest[length:] == last
        ):
            return date_text(earliest[:length])
    return f"between {date_text(earliest)} and {date_text(latest)}"


def _last_day(lexical: str) -> str:
    """The last day of the month in which a day is; empty for what is no day."""
    try:
        day = date.fromisoformat(lexical)
    except ValueError:
        return ""
    return str(monthrange(day.year, day.month)[1])


def _segments(node: ox.NamedNode) -> list[str]:
    """The parts of a thing's key, behind its kind."""
    return node.value.partition("/id/")[2].split("/")[1:]


def _named_by(segments: list[str], nodes: list[ox.NamedNode]) -> tuple[ox.NamedNode | None, int]:
    """Which of *nodes* the first of *segments* name, and how many these are.

    A thing is named by its whole key or, if there is none like that, by the end of it.
    """
    for length in range(len(segments), 0, -1):
        sought = segments[:length]
        keys = [(node, _segments(node)) for node in nodes]
        for node, key in keys:
            if key == sought:
                return node, length
        for node, key in keys:
            if key[-length:] == sought:
                return node, length
    return None, 1
