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

from stancegraph.terms import NAMESPACES

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    Path: TypeAlias = tuple[ox.NamedNode, ...]
    Values: TypeAlias = Callable[[Path], Sequence[str]]

MANY = 3  # values of one property; of more, the first is named and the others are counted
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
