"""The triples of a graph as text, cut so that who asks for some predicates gets just these.

A slot holds the triples of one predicate, named by it as N-Triples write it: ``<predicate>``.
Those of ``rdf:type`` have a slot for each class, ``<rdf:type> <class>``. What a step of the
build concludes from some slots is known again by the digests of these.
"""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

import pyoxigraph as ox

from stancegraph.build.reads import EVERYTHING, TYPE, Reads

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

Term: TypeAlias = ox.NamedNode | ox.BlankNode | ox.Literal | ox.Triple

_TYPE = TYPE.encode()
# Of a line that has one: the label of its subject, that of its object.
_LABELS = re.compile(rb"^(?=_:|[^ \n]+ [^ \n]+ _:)(?:_:([^ \n]+)|[^ \n]+) [^ \n]+ (?:_:([^ \n]+))?",
                     re.MULTILINE)  # fmt: skip


class Slot(NamedTuple):
    """Where the triples of a slot stand in the text, how many they are, and their digest."""

    start: int
    end: int
    size: int
    digest: str


@dataclass(frozen=True)
class Lines:
    """The triples of one graph, each once, as canonical N-Triples.

    Attributes:
        text: A line a triple, those of a slot together, in the order in which they were given.
        slots: By name, in the order of the text.
    """

    text: bytes
    slots: Mapping[str, Slot]

    @classmethod
    def of(cls, triples: Iterable[ox.Triple]) -> Lines:
        """Write *triples*, each of which comes once."""
        return cls.cut(as_ntriples(triples))

    @classmethod
    def cut(cls, text: bytes) -> Lines:
        """Sort the lines of *text*, canonical N-Triples, each once, into slots."""
        found: defaultdict[bytes, list[bytes]] = defaultdict(list)
        for line in text.splitlines(keepends=True):
            _, predicate, value = line.split(b" ", 2)
            found[slot_of(predicate, value[:-3])].append(line)
        parts, slots, start = [], {}, 0
        for name, lines in found.items():
            part = b"".join(lines)
            end = start + len(part)
            digest = hashlib.sha256(part).hexdigest()[:32]
            slots[name.decode()] = Slot(start, end, len(lines), digest)
            parts.append(part)
            start = end
        return cls(b"".join(parts), slots)

    def as_json(self) -> dict[str, Any]:
        """The slots, as `from_json` reads them; the text is to be kept beside them."""
        return {name: list(slot) for name, slot in self.slots.items()}

    @classmethod
    def from_json(cls, text: bytes, slots: Mapping[str, Any]) -> Lines:
        """What was written by `as_json`."""
        return cls(text, {name: Slot(*slot) for name, slot in slots.items()})

    def __len__(self) -> int:
        """How many triples there are."""
        return sum(slot.size for slot in self.slots.values())

    def __iter__(self) -> Iterator[bytes]:
        """The lines, each with its end."""
        return iter(self.text.splitlines(keepends=True))

    @cached_property
    def has_blank(self) -> bool:
        """Whether a blank node stands in any of the triples."""
        return bool(blank_labels(self.text))

    @cached_property
    def triples(self) -> tuple[ox.Triple, ...]:
        """The triples, in the order of the text."""
        return parsed(self.text)

    def part(self, reads: Reads) -> bytes:
        """The lines that *reads* covers."""
        if reads.slots is None:
            return self.text
        kept = [slot for name in reads.slots if (slot := self.slots.get(name)) is not None]
        if TYPE in reads.slots:
            kept = [slot for name, slot in self.slots.items() if reads.covers(name)]
        kept.sort()
        return b"".join(self.text[slot.start : slot.end] for slot in kept)


def slot_of(predicate: bytes, value: bytes) -> bytes:
    """The name of the slot of a triple."""
    return predicate if predicate != _TYPE else b"%b %b" % (_TYPE, value)


def as_ntriples(triples: Iterable[ox.Triple]) -> bytes:
    """*triples*, a line each."""
    return ox.serialize(triples, format=ox.RdfFormat.N_TRIPLES) or b""


def parsed(text: bytes) -> tuple[ox.Triple, ...]:
    """The triples of N-Triples, under the labels that their blank nodes have there."""
    return tuple(Triples(text))


def terms(texts: Iterable[str]) -> dict[str, Term]:
    """The terms that *texts* write in N-Triples, by text."""
    numbered = list(dict.fromkeys(texts))
    lines = "".join(f"<urn:{n}> <urn:is> {text} .\n" for n, text in enumerate(numbered))
    found = parsed(lines.encode())
    return {text: triple.object for text, triple in zip(numbered, found, strict=True)}


def blank_labels(text: bytes) -> set[bytes]:
    """The labels of the blank nodes of N-Triples."""
    if b"_:" not in text:  # as in most, and told at once
        return set()
    return {label for found in _LABELS.findall(text) for label in found if label}


@dataclass(frozen=True, slots=True)
class Triples(Collection[ox.Triple]):
    """Triples that are made anew each time they are looked at, which takes less than to hold them.

    Attributes:
        text: They, as N-Triples.
    """

    text: bytes

    def __iter__(self) -> Iterator[ox.Triple]:
        return (quad.triple for quad in ox.parse(self.text, format=ox.RdfFormat.N_TRIPLES))

    def __len__(self) -> int:
        """How many there are."""
        return self.text.count(b"\n")

    def __contains__(self, triple: object) -> bool:
        """Whether *triple* is one of them."""
        return any(each == triple for each in self)


class Graphs:
    """Some graphs together, and what is known of them by the slots that a query reads."""

    def __init__(self, graphs: Mapping[ox.NamedNode, Lines]) -> None:
        self.graphs = graphs

    @classmethod
    def of(cls, triples: Iterable[ox.Triple]) -> Graphs:
        """One graph that holds *triples*."""
        return cls({ox.NamedNode("urn:stancegraph:graph"): Lines.of(dict.fromkeys(triples))})

    def __len__(self) -> int:
        """How many triples there are, those of two graphs counted twice."""
        return sum(map(len, self.graphs.values()))

    def digest(self, reads: Reads) -> str:
        """What stays the same as long as the graphs hold the same triples that *reads* covers.

        Which graph holds a triple counts too.
        """
        reads = self.resolved(reads)
        kept = sorted(
            f"{name} {digest}" for name, digest in self._digests.items() if reads.covers(name)
        )
        return hashlib.sha256("\n".join(kept).encode()).hexdigest()

    @cached_property
    def _digests(self) -> dict[str, str]:
        """By name of slot."""
        found: defaultdict[str, list[str]] = defaultdict(list)
        for iri, lines in self.graphs.items():
            for name, slot in lines.slots.items():
                found[name].append(f"{iri} {slot.digest}")
        return {
            name: hashlib.sha256("\n".join(sorted(digests)).encode()).hexdigest()
            for name, digests in found.items()
        }

    def text(self, reads: Reads = EVERYTHING) -> bytes:
        """The triples that *reads* covers, as N-Triples; one of two graphs comes twice."""
        reads = self.resolved(reads)
        return b"".join(lines.part(reads) for lines in self.graphs.values())

    def quads(self) -> Iterator[bytes]:
        """The lines of N-Quads."""
        for iri, lines in self.graphs.items():
            end = f"{iri} .\n".encode()
            for line in lines:
                yield line[:-2] + end

    def resolved(self, reads: Reads) -> Reads:
        """*reads* with the predicates that it reads through others."""
        if reads.slots is None or not reads.through:
            return reads
        slots = set(reads.slots)
        for name, is_subject in reads.through:
            text = self.text(Reads(frozenset((name,))))
            terms = (line[:-2].split(b" ", 2)[0 if is_subject else 2] for line in text.splitlines())
            slots.update(term.decode() for term in terms if term.startswith(b"<"))
        return Reads(frozenset(slots), reads.volatile)

    def store(self, reads: Reads = EVERYTHING) -> ox.Store:
        """A store whose default graph holds what *reads* covers of all graphs."""
        text, store = self.text(reads), ox.Store()
        if not blank_labels(text):
            store.load(text, format=ox.RdfFormat.N_TRIPLES)
        else:  # loading would give blank nodes other labels
            store.extend(ox.parse(text, format=ox.RdfFormat.N_TRIPLES))
        return store

    def triples(self, *predicates: ox.NamedNode) -> Triples:
        """The triples of some predicates."""
        return Triples(self.text(Reads(frozenset(map(str, predicates)))))

    def subjects(self, of_class: Term) -> set[bytes]:
        """What is said to be of a class, as N-Triples write it."""
        text = self.text(Reads(frozenset((f"{TYPE} {of_class}",))))
        return {line.partition(b" ")[0] for line in text.splitlines()}


def is_in(path: str, *parts: str) -> bool:
    """Whether *path* is one of *parts*, or in a folder that is."""
    return any(path == part or path.startswith(f"{part}/") for part in parts)
