"""Whether quotations stand in the texts that they are quoted from.

A quotation is compared word by word and case by case; only what typesetting changes is left
aside: runs of white space (non-breaking spaces and soft hyphens count as such) and the
shapes of quotation marks and apostrophes.
"""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import pyoxigraph as ox

from stancegraph.terms import OA, SG

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

# In a str pattern \s holds non-breaking spaces too; U+00AD is the soft hyphen.
_SPACE = re.compile(r"[\s\u00ad]+")
_SHAPES = str.maketrans(
    {
        **dict.fromkeys("\u2018\u2019\u201a\u201b\u2032\u2035\u00b4\u0060\u02bc\u2039\u203a", "'"),
        **dict.fromkeys("\u201c\u201d\u201e\u201f\u2033\u2036\u00ab\u00bb", '"'),
    }
)


@dataclass(frozen=True, slots=True)
class Quotation:
    """What a piece of evidence quotes, and from where.

    Attributes:
        evidence: IRI of the evidence.
        exact: The words.
        source: IRI of the source.
    """

    evidence: str
    exact: str
    source: str


@dataclass(frozen=True, slots=True)
class Place:
    """Where a quotation begins.

    Attributes:
        text: The name of the text.
        offset: In characters, from 0.
        line: From 1.
    """

    text: str
    offset: int
    line: int


@dataclass(frozen=True)
class Text:
    """A text in which quotations are looked for."""

    name: str
    content: str

    def find(self, exact: str) -> Place | None:
        """Where *exact* stands first, as whole words; None if nowhere."""
        wanted = _plain(exact)
        if not wanted:
            return None
        form = re.compile(
            (r"\b" if wanted[0].isalnum() else "")
            + re.escape(wanted)
            + (r"\b" if wanted[-1].isalnum() else "")
        )
        found = form.search(self._plain)
        if found is None:
            return None
        offset = self._offsets[found.start()]
        return Place(self.name, offset, self.content.count("\n", 0, offset) + 1)

    @cached_property
    def _plain(self) -> str:
        return _one_spaced(self.content)

    @cached_property
    def _offsets(self) -> list[int]:
        """The offset in *content* of each character of the plain text."""
        offsets: list[int] = []
        end = 0
        for run in _SPACE.finditer(self.content):
            offsets += range(end, run.start() + 1)
            end = run.end()
        return [*offsets, *range(end, len(self.content))]


def check_quotes(
    quotations: Iterable[Quotation], texts: Mapping[str, str]
) -> dict[Quotation, Place | None]:
    """Look for each of *quotations* in *texts*.

    Args:
        quotations: In any order.
        texts: Contents by name; the first that holds a quotation counts.

    Returns:
        The place of each quotation, None for one that is in no text; in the order given.
    """
    readings = [Text(name, content) for name, content in texts.items()]
    return {
        quotation: next(filter(None, (text.find(quotation.exact) for text in readings)), None)
        for quotation in quotations
    }


def quotations(triples: Iterable[ox.Triple]) -> list[Quotation]:
    """What the evidence in *triples* quotes, by IRI of the evidence, then as text."""
    words: defaultdict[str, list[str]] = defaultdict(list)
    sources: dict[str, str] = {}
    for triple in triples:
        subject, value = triple.subject, triple.object
        if isinstance(subject, ox.NamedNode) and triple.predicate == OA.exact:
            words[subject.value].append(_value(value))
        elif isinstance(subject, ox.NamedNode) and triple.predicate == SG.source:
            sources[subject.value] = _value(value)
    return [
        Quotation(evidence, exact, sources[evidence])
        for evidence in sorted(words.keys() & sources.keys())
        for exact in sorted(words[evidence])
    ]


def digests(triples: Iterable[ox.Triple]) -> dict[str, list[str]]:
    """The IRIs of the sources in *triples* whose text has a SHA-256, by that digest."""
    found: defaultdict[str, list[str]] = defaultdict(list)
    for triple in triples:
        if triple.predicate == SG.sha256 and isinstance(triple.subject, ox.NamedNode):
            found[_value(triple.object).lower()].append(triple.subject.value)
    return {digest: sorted(sources) for digest, sources in found.items()}


def digest_of(content: bytes) -> str:
    """The SHA-256 of *content*, in lower-case hexadecimal digits."""
    return hashlib.sha256(content).hexdigest()


def _plain(text: str) -> str:
    return _one_spaced(text).strip()


def _one_spaced(text: str) -> str:
    return _SPACE.sub(" ", text).translate(_SHAPES)


def _value(term: ox.NamedNode | ox.BlankNode | ox.Literal | ox.Triple) -> str:
    return "" if isinstance(term, ox.Triple) else term.value
