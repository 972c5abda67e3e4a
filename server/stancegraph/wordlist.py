"""The classes and properties of a graph as lists to choose from, by what people call them."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyoxigraph as ox

from stancegraph.errors import BadRequest
from stancegraph.search import Fit, Index, plain
from stancegraph.terms import RDFS, SKOS, short

if TYPE_CHECKING:
    from collections.abc import Iterable

    from stancegraph.names import Names
    from stancegraph.vocabulary import Vocabulary


@dataclass(frozen=True, slots=True)
class Word:
    """A class or property that a query may name.

    Attributes:
        broader: IRIs of the words directly above it, where these are words too.
    """

    iri: str
    name: str
    definition: str
    broader: tuple[str, ...] = ()

    @property
    def reference(self) -> dict[str, str]:
        """As results name it."""
        return {"id": self.iri, "name": self.name}


class Words:
    """The classes, or the properties, that queries may name, found as names are."""

    def __init__(self, words: Iterable[Word], what: str) -> None:
        """Args: what: What they are called in messages: ``type``."""
        self.by_iri = {word.iri: word for word in words}
        self._what = what
        called: dict[str, list[str]] = {}
        for word in self.by_iri.values():
            local = short(word.iri).strip("<>").rpartition(":")[2]
            for name in dict.fromkeys(map(plain, (word.name, local, short(word.iri)))):
                called.setdefault(name, []).append(word.iri)
        self._called = called
        self._index = Index(called)

    def read(self, text: str) -> str:
        """The IRI of the word that *text* names: its IRI, ``sg:State``, or what it is called.

        Raises:
            BadRequest: there is none.
        """
        if text in self.by_iri:
            return text
        named = self._called.get(plain(text), ())
        if len(named) == 1:
            return named[0]
        near = difflib.get_close_matches(plain(text), self._called, n=1)
        hint = f"; did you mean {self.by_iri[self._called[near[0]][0]].iri}?" if near else ""
        raise BadRequest(f"no {self._what} is {text!r}{hint}")

    def named(self, text: str) -> Word | None:
        """The one word whose name is *text*, or has it as words; None where there is no such."""
        found = {iri: hit.fit for iri, hit in self._index.find(plain(text)).items()}
        for fit in (Fit.WHOLE, Fit.WORDS):
            fitting = [iri for iri, each in found.items() if each is fit]
            if fitting:
                return self.by_iri[fitting[0]] if len(fitting) == 1 else None
        return None

    def suggest(self, prefix: str) -> list[Word]:
        """The words that *prefix* may be the beginning of; all, if it is blank."""
        if prefix in self.by_iri:
            return [self.by_iri[prefix]]
        if not plain(prefix):
            return sorted(self.by_iri.values(), key=lambda word: word.name)
        found = self._index.find(plain(prefix))
        return [
            self.by_iri[iri]
            for iri in sorted(found, key=lambda iri: (found[iri].order, self.by_iri[iri].name))
        ]


def types_of(names: Names, vocabulary: Vocabulary) -> Words:
    """The classes of the ontologies that things with names are of."""
    own = {
        iri
        for iri, keys in names.sorts.classes.items()
        if iri.startswith(vocabulary.homes) and not set(keys) <= names.elsewhere.keys()
    }
    return Words(
        (
            _word(vocabulary, iri, own & _above(vocabulary, iri))
            for iri in sorted(own)
        ),
        "type",
    )  # fmt: skip


def properties_of(vocabulary: Vocabulary) -> Words:
    """The properties that the graph uses."""
    used = sorted(term.value for term in vocabulary.properties_used)
    return Words((_word(vocabulary, iri) for iri in used), "property")


def _above(vocabulary: Vocabulary, iri: str) -> set[str]:
    nodes = vocabulary.facts.values(ox.NamedNode(iri), RDFS.subClassOf)
    return {node.value for node in nodes if isinstance(node, ox.NamedNode)}


def _word(vocabulary: Vocabulary, iri: str, broader: Iterable[str] = ()) -> Word:
    term = ox.NamedNode(iri)
    definition = vocabulary.facts.text(term, SKOS.definition)
    return Word(iri, vocabulary.label(term), definition, tuple(sorted(broader)))
