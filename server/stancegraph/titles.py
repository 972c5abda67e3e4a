"""Titles for things without a name, from templates that the ontology declares.

``sg:titleTemplate`` of a class, ``"{sg:actor} {sg:actionKind} the {sg:treaty}[, {sg:date}]"``,
says what a thing of it is called: between braces stands a property, or several joined by
``/``, whose values are named there; what is between brackets is left out where a value in it
is missing. A code is named by its ``sg:phrase``, if it has one: ``ratified``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import pyoxigraph as ox

from stancegraph.terms import DCTERMS, NAMESPACES, RDF, SG, short
from stancegraph.texts import literal_text

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from stancegraph.facts import Facts, Node, Value
    from stancegraph.vocabulary import Words

    Path: TypeAlias = tuple[ox.NamedNode, ...]
    Values: TypeAlias = Callable[[Path], Sequence[str]]

MANY = 3  # values of one property; of more, the first is named and the others are counted
_MAX_DEPTH = 3  # of titles within titles
# What an IRI is never made of, though their keys may be alike.
_NOT_NAMING = (RDF.type, SG.evidence, SG.contradicts, SG.contestedBy)
_PARTS = re.compile(r"\[([^\[\]]*)\]|\{([^{}]*)\}|([^\[\]{}]+)")


@dataclass(frozen=True, slots=True)
class Template:
    """How to make a title.

    Attributes:
        parts: Texts as they are, paths of properties, and templates that may be left out.
    """

    parts: tuple[str | Path | Template, ...]

    @classmethod
    def read(cls, text: str, prefixes: Mapping[str, str]) -> Template:
        """Read the *text* of a template.

        Args:
            prefixes: What prefixes stand for, beside those that the program knows.

        Raises:
            ValueError: it is none.
        """
        known = {namespace.prefix: namespace.iri for namespace in NAMESPACES} | dict(prefixes)
        if not text or "".join(found[0] for found in _PARTS.finditer(text)) != text:
            raise ValueError(f"no template: {text}")
        parts: list[str | Path | Template] = []
        for found in _PARTS.finditer(text):
            optional, path, plain = found.groups()
            if optional is not None:
                parts.append(cls.read(optional, prefixes))
            elif path is not None:
                parts.append(tuple(_iri(word, known) for word in path.split("/")))
            else:
                parts.append(plain)
        return cls(tuple(parts))

    @property
    def properties(self) -> set[ox.NamedNode]:
        """The properties of the thing itself whose values it names."""
        found: set[ox.NamedNode] = set()
        for part in self.parts:
            if isinstance(part, Template):
                found |= part.properties
            elif isinstance(part, tuple):
                found.add(part[0])
        return found

    def fill(self, values: Values) -> str | None:
        """The title; None where a value is missing.

        Args:
            values: What the values at the end of a path are called.
        """
        made = ""
        for part in self.parts:
            if isinstance(part, Template):
                made += part.fill(values) or ""
            elif isinstance(part, tuple):
                named = _listed(values(part))
                if not named:
                    return None
                made += named
            else:
                made += part
        return made


def _iri(word: str, prefixes: Mapping[str, str]) -> ox.NamedNode:
    prefix, _, local = word.partition(":")
    if prefix not in prefixes:
        raise ValueError(f"no prefix: {word}")
    return ox.NamedNode(prefixes[prefix] + local)


def _listed(names: Sequence[str]) -> str:
    """One name, some joined, or the first of many."""
    if len(names) > MANY:
        return f"{names[0]} and {len(names) - 1} others"
    *more, last = names or ("",)
    return f"{', '.join(more)} and {last}" if more else last


class Titles:
    """What things are called, by what is known of them and the words of the graph.

    Attributes:
        facts: What is known.
        vocabulary: What the words of the graph mean.
    """

    def __init__(self, facts: Facts, vocabulary: Words) -> None:
        self.facts = facts
        self.vocabulary = vocabulary
        self._titles: dict[tuple[Node, tuple[Node, ...], int], str] = {}

    def shown_iri(self, node: ox.NamedNode) -> str:
        """The IRI of a thing in short."""
        return short(node).strip("<>")

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
        return " · ".join(dict.fromkeys(parts)) or self.shown_iri(node)

    def template(self, node: Node) -> Template | None:
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
        template = self.template(node)

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
        if (template := self.template(node)) is not None and self._sentence(node, 0):
            return template.properties
        named = {part for part in self.key_parts(node) if not isinstance(part, str)}
        return {
            predicate
            for predicate, values in self.facts.about(node).items()
            if self._is_kind(predicate) or not named.isdisjoint(values)
        }

    def _parts(self, node: ox.NamedNode, apart_from: tuple[Node, ...], depth: int) -> list[str]:
        parts = self.key_parts(node)
        for predicate, values in self.facts.about(node).items():
            if self._is_kind(predicate):
                parts += [value for value in values if isinstance(value, ox.NamedNode)]
        return [
            part if isinstance(part, str) else self.title(part, depth=depth + 1)
            for part in parts
            if part not in apart_from
        ]

    def key_parts(self, node: ox.NamedNode) -> list[ox.NamedNode | str]:
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
