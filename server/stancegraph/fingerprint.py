"""What tells whether a query still has the same answer: how many rows, and their hash.

The order of rows does not count. Of a SELECT it is the SHA-256 of the answer as TSV
(SPARQL 1.1 Query Results CSV and TSV Formats) with the line of the variables first and the
other lines sorted by their bytes, each ending in a line feed; equal lines stay; of
an ASK that of the line ``true`` or ``false``. Of a CONSTRUCT
or DESCRIBE it is that of its triples as N-Triples, canonical (RDFC-1.0) and sorted.
Of a table that is no answer of SPARQL it is that of its CSV, sorted alike.
A blank node in a row is written ``_:``, for its label says nothing.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import pyoxigraph as ox

from stancegraph.engine import MediaType
from stancegraph.sparql import Kind, query_form, resolved, scan

if TYPE_CHECKING:
    from collections.abc import Iterable

    from stancegraph.engine import Ask, Engine

MAX_HASHED = 16 * 2**20  # bytes of an answer
# Functions whose value is another one each time, called anywhere in a query; maybe behind a
# comment, whose end is not looked for: with many such words that would take for ever.
_VOLATILE = re.compile(r"(?:NOW|RAND|UUID|BNODE)\s*+[(#]", re.IGNORECASE)
_BLANK = re.compile(rb"(?:^|(?<=\t))_:[^\t\n]+")


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """What tells an answer from others.

    Attributes:
        rows: How many rows, or triples; None for a file.
        sha256: The hash, in hexadecimal.
    """

    rows: int | None
    sha256: str


def another_each_time(query: str) -> bool:
    """Whether the answer may be another one each time: it calls a clock, or makes new nodes.

    It errs on the safe side: text in a string may count as a call.
    """
    # N\u004FW() is a call too.
    return bool(_VOLATILE.search(resolved(query))) or _makes_blank_nodes(query)


def _makes_blank_nodes(query: str) -> bool:
    """Whether the template of a CONSTRUCT has blank nodes, which each answer names anew."""
    if query_form(query) != "CONSTRUCT":
        return False
    begun = False
    for token in scan(query):
        word = token.text.upper() if token.kind is Kind.WORD else ""
        if word.startswith("CONSTRUCT"):
            begun = True
        elif begun and (token.kind is Kind.BLANK or token.text in {"[", "("}):
            return True
        elif begun and (token.text == "}" or word in {"FROM", "WHERE"}):
            return False
    return False


def fingerprint(engine: Engine, ask: Ask) -> Fingerprint | None:
    """That of the whole answer to *ask*; None where it has more than ``MAX_HASHED`` bytes.

    Raises:
        EngineError, RequestError: as :meth:`stancegraph.engine.Answer.__next__` does.
    """
    form = query_form(ask.query)
    is_graph = form in {"CONSTRUCT", "DESCRIBE"}
    media_type = MediaType.N_TRIPLES if is_graph else MediaType.TSV
    content = _read(engine, replace(ask, media_type=media_type))
    if content is None:
        return None
    if form == "ASK":
        return _of([], content.splitlines())
    return of_triples(content) if is_graph else of_table(content)


def of_table(content: bytes) -> Fingerprint:
    """That of a table whose first line has its headings."""
    head, *lines = content.removesuffix(b"\n").split(b"\n")
    return _of([head], sorted(_BLANK.sub(b"_:", line) for line in lines))


def of_csv(lines: Iterable[bytes]) -> Fingerprint | None:
    """That of a table as CSV, whose first line has its headings; None as `fingerprint`.

    The lines, which end as RFC 4180 wants it, are sorted as those of TSV are.
    """
    pieces: list[bytes] = []
    size = 0
    for line in lines:
        size += len(line)
        if size > MAX_HASHED:
            return None
        pieces.append(line)
    head, *rows = b"".join(pieces).removesuffix(b"\r\n").split(b"\r\n")
    return _of([head], sorted(rows))


def of_triples(content: bytes) -> Fingerprint:
    """That of N-Triples."""
    if b"_:" not in content:
        return _of([], sorted(set(content.splitlines())))
    triples = ox.parse(content, format=ox.RdfFormat.N_TRIPLES)
    dataset = ox.Dataset(triples)
    dataset.canonicalize(ox.CanonicalizationAlgorithm.RDFC_1_0)
    return _of([], sorted(f"{quad.triple} .".encode() for quad in dataset))


def _of(head: list[bytes], rows: list[bytes]) -> Fingerprint:
    hashed = hashlib.sha256()
    for line in (*head, *rows):
        hashed.update(line + b"\n")
    return Fingerprint(len(rows), hashed.hexdigest())


def _read(engine: Engine, ask: Ask) -> bytes | None:
    """The whole answer, unless it is too long."""
    answer: Iterable[bytes] = (made := engine.ask(ask))
    pieces: list[bytes] = []
    size = 0
    try:
        for piece in answer:
            size += len(piece)
            if size > MAX_HASHED:
                return None
            pieces.append(piece)
    finally:
        made.close()
    return b"".join(pieces)
