"""Turtle and RDF/XML in the same order each time, with air between the blocks."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pyoxigraph as ox

from stancegraph.description import in_reading_order
from stancegraph.engine.prefixes import OWN, used_prefixes

if TYPE_CHECKING:
    from collections.abc import Iterable


def turtle(thing: ox.NamedNode, triples: Iterable[ox.Triple]) -> str:
    """*triples* in Turtle, with what is said of *thing* first."""
    ordered = in_reading_order(thing, triples)
    prefixes = used_prefixes(ordered, OWN)
    written = ox.serialize(ordered, format=ox.RdfFormat.TURTLE, prefixes=prefixes) or b""
    return tidy_turtle(written).decode()


def tidy_turtle(written: bytes) -> bytes:
    """Turtle or TriG with its prefixes in order, and a blank line before each block.

    The serializer writes the prefixes in another order each time, which would make the same
    document another one to whoever compares bytes. A line never begins within a literal.
    """
    lines = written.splitlines(keepends=True)
    prefixes = sorted(line for line in lines if line.startswith(b"@prefix "))
    blocks = [
        b"\n" + line if line[:1] not in b"\t}" else line
        for line in lines
        if not line.startswith(b"@prefix ")
    ]
    return b"".join(prefixes + blocks)


_ROOT = re.compile(rb"<rdf:RDF ([^>]*)>")


def tidy_xml(written: bytes) -> bytes:
    """RDF/XML with its namespaces in order."""
    return _ROOT.sub(
        lambda root: b"<rdf:RDF " + b" ".join(sorted(root[1].split())) + b">", written, count=1
    )
