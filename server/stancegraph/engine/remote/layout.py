"""How a release lies in an engine: what its graphs are called there.

The graphs of a release stand under names that no other release has, so that several can be in
one engine and none of them is ever changed once it is whole. Readers see the names that the
release itself uses: ``names`` tells for each of its graphs which one that is, and `dataset`
writes a query accordingly. All triples together stand in ``all`` besides, since a query over
seven hundred graphs that are named one by one would take an engine too long.

Which release is current is told by one triple, in a graph of its own that is replaced in one
step: ``<base> dcat:hasCurrentVersion <root>``.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from urllib.parse import quote

HELD = "held-"


def current_graph(base: str) -> str:
    """The graph that tells which release of a site is current."""
    return f"{base}release/current"


def register_graph(base: str) -> str:
    """The graph that tells which releases of a site are there, whole or not."""
    return f"{base}release/{HELD.rstrip('-')}"


@dataclass(frozen=True, slots=True)
class Layout:
    """The graphs of one release in an engine.

    Attributes:
        root: What their names begin with; it also names the release as it lies there.
    """

    root: str

    @classmethod
    def of(cls, base: str, release_id: str, *parts: str) -> Layout:
        """That of a release whose files have *parts* as their checksums."""
        key = hashlib.sha256(" ".join(parts).encode()).hexdigest()[:16]
        return cls(f"{base}release/{release_id}/{HELD}{key}/")

    @property
    def all(self) -> str:
        """The graph of all triples: the default graph of a query that names none."""
        return f"{self.root}all"

    @property
    def names(self) -> str:
        """The graph that tells what the release calls each graph, and how many triples it has."""
        return f"{self.root}names"

    @property
    def files(self) -> str:
        """The graph that holds the small files of the release."""
        return f"{self.root}files"

    @property
    def parts(self) -> str:
        """The graph that tells which parts of large graphs have been loaded."""
        return f"{self.root}parts"

    @property
    def whole(self) -> str:
        """The graph that is there once everything else is, and was found to be right."""
        return f"{self.root}whole"

    @property
    def nothing(self) -> str:
        """A graph that is never there."""
        return f"{self.root}nothing"

    def graph(self, iri: str) -> str:
        """What the graph is called here that the release calls *iri*."""
        return f"{self.root}graph/{quote(iri, safe='')}"
