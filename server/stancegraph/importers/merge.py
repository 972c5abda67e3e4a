"""Putting blocks and values into a Turtle file whose other bytes stay as they are.

A new block goes where the order of its neighbours has it, a new value into the line of its
predicate, a new line where the names of the predicates have it, a missing PREFIX line among
the others. Everything is an insertion; nothing is moved, removed or written anew.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass, field, replace
from itertools import groupby, pairwise
from typing import TYPE_CHECKING, TypeAlias

import pyoxigraph as ox

from stancegraph.terms import RDF, XSD
from stancegraph.turtle import Blocks

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from stancegraph.turtle import Block, Value

Term: TypeAlias = ox.NamedNode | ox.BlankNode | ox.Literal | ox.Triple
Key: TypeAlias = "tuple[str, ...]"

INDENT = "    "
_LOCAL = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
_BARE = {  # literals that Turtle writes without quotes, as the files do
    XSD.boolean: re.compile(r"true|false"),
    XSD.decimal: re.compile(r"-?\d+\.\d+"),
    XSD.integer: re.compile(r"-?\d+"),
}


@dataclass(frozen=True, slots=True)
class Addition:
    """A block to be added to a file.

    Attributes:
        facts: The values of each predicate, in the order in which they are written.
        after: The subject of the block behind whose group it goes; None for a place of its own.
        key: What it is sorted by; None for one that has no place in the order.
    """

    subject: ox.NamedNode
    facts: Mapping[ox.NamedNode, Sequence[Term]]
    after: ox.NamedNode | None = None
    key: Key | None = None


@dataclass
class Edit:
    """What a file gains.

    Attributes:
        blocks: New blocks; of those that have the same place, in this order.
        values: Predicates and values that standing blocks gain, by subject.
    """

    blocks: list[Addition] = field(default_factory=list)
    values: dict[ox.NamedNode, list[tuple[ox.NamedNode, Term]]] = field(default_factory=dict)


class Writer:
    """Writes terms with the base and prefixes of one file, and notes which prefixes it needs.

    Attributes:
        missing: The namespaces of prefixes that the file does not declare, by name.
    """

    def __init__(self, base: str, declared: Mapping[str, str], known: Mapping[str, str]) -> None:
        self.missing: dict[str, str] = {}
        self._base = base
        self._by_iri = {iri: name for name, iri in declared.items()}
        self._taken = set(declared)
        self._known = {iri: name for name, iri in known.items()}

    def term(self, term: Term) -> str:
        """*term* in Turtle."""
        if isinstance(term, ox.NamedNode):
            return self._iri(term.value)
        if not isinstance(term, ox.Literal):
            return str(term)
        quoted = str(ox.Literal(term.value))
        if term.language:
            return f"{quoted}@{term.language}"
        if term.datatype == XSD.string:
            return quoted
        if (bare := _BARE.get(term.datatype)) and bare.fullmatch(term.value):
            return term.value
        return f"{quoted}^^{self._iri(term.datatype.value)}"

    def verb(self, predicate: ox.NamedNode) -> str:
        """*predicate* in Turtle; ``a`` for the type."""
        return "a" if predicate == RDF.type else self._iri(predicate.value)

    def _iri(self, iri: str) -> str:
        for namespaces in (self._by_iri, self._known):
            for namespace, name in namespaces.items():
                local = iri.removeprefix(namespace)
                if local != iri and _LOCAL.fullmatch(local):
                    if namespaces is self._known:
                        if name in self._taken:
                            continue
                        self.missing[name] = namespace
                    return f"{name}:{local}"
        if self._base and iri.startswith(self._base) and iri != self._base:
            return f"<{iri.removeprefix(self._base)}>"
        return f"<{iri}>"

    def block(self, addition: Addition) -> str:
        """A whole block, a line a predicate, values sorted."""
        lines = [self.term(addition.subject)]
        for predicate, terms in addition.facts.items():
            values = " , ".join(sorted(map(self.term, terms)))
            lines.append(f"{INDENT}{self.verb(predicate)} {values} ;")
        return "\n".join([*lines, "."]) + "\n"


def new_file(edit: Edit, *, head: str, base: str, prefixes: Mapping[str, str]) -> str:
    """The text of a file that holds the blocks of *edit* and nothing else.

    Args:
        head: The comment that it begins with.
        base: What it declares as BASE.
        prefixes: The namespaces that it may declare, by prefix.
    """
    writer = Writer(base, {}, prefixes)
    groups = _arranged(edit.blocks)
    body = "\n".join(writer.block(block) for _, group in groups for block in group)
    lines = [f"# {head}"] if head else []
    lines.append(f"BASE <{base}>")
    lines += [f"PREFIX {name}: <{writer.missing[name]}>" for name in sorted(writer.missing)]
    return "\n".join([*lines, "", body])


def merged(
    text: str,
    edit: Edit,
    *,
    prefixes: Mapping[str, str],
    key_of: Callable[[ox.NamedNode], Key | None],
    class_of: Callable[[ox.NamedNode], Term | None],
) -> str:
    """*text* with what *edit* adds.

    Args:
        text: Turtle without errors.
        prefixes: The namespaces that may be declared on top, by prefix.
        key_of: What a standing block is sorted by; None for one outside of the order.
        class_of: Of which class it is. Blocks of one class may have an order of their own.
    """
    blocks = Blocks(text)
    writer = Writer(blocks.base, blocks.prefixes, prefixes)
    inserted: list[tuple[int, str]] = []
    if edit.blocks:
        inserted += _placed(blocks, edit.blocks, writer, _Orders(blocks, key_of, class_of))
    standing = {block.subject: block for block in reversed(blocks.blocks)}
    for subject, values in edit.values.items():
        inserted += _gained(blocks, standing[subject], values, writer)
    inserted += _prefix_lines(blocks, writer.missing)
    newline = "\r\n" if "\r\n" in text else "\n"
    parts, end = [], 0
    for offset, addition in sorted(inserted, key=lambda pair: pair[0]):
        parts += [text[end:offset], addition.replace("\n", newline)]
        end = offset
    return "".join([*parts, text[end:]])


def _arranged(blocks: Sequence[Addition]) -> list[tuple[Key | None, list[Addition]]]:
    """*blocks* in groups, each led by one with a place of its own, in order.

    Groups without a key come first, as they were given.
    """
    groups: dict[ox.NamedNode, list[Addition]] = {}
    leaders: dict[ox.NamedNode, ox.NamedNode] = {}
    keys: dict[ox.NamedNode, Key | None] = {}
    for block in _after_leaders(blocks):
        leader = leaders.get(block.after) if block.after is not None else None
        if block.key is not None or leader is None:
            leader = block.subject
            keys[leader] = block.key
        leaders[block.subject] = leader
        groups.setdefault(leader, []).append(block)
    without = [(None, group) for leader, group in groups.items() if keys[leader] is None]
    ordered = sorted(
        ((key, groups[leader]) for leader, key in keys.items() if key is not None),
        key=lambda pair: pair[0],
    )
    return [*without, *ordered]


def _behind_first(blocks: Sequence[Addition]) -> Iterator[Addition]:
    """*blocks*; what several with keys name belongs to the first of them in the order."""
    first: dict[Term, Addition] = {}
    for block in sorted((b for b in blocks if b.key is not None), key=lambda b: b.key or ()):
        for terms in block.facts.values():
            for term in terms:
                first.setdefault(term, block)
    keyed = {block.subject for block in blocks if block.key is not None}
    for block in blocks:
        if block.key is None and block.after in keyed and block.subject in first:
            yield replace(block, after=first[block.subject].subject)
        else:
            yield block


def _after_leaders(blocks: Sequence[Addition]) -> list[Addition]:
    """*blocks*, each behind the one that it belongs to."""
    by_subject = {block.subject: block for block in _behind_first(blocks)}
    blocks = list(by_subject.values())
    found: dict[ox.NamedNode, Addition] = {}

    def visit(block: Addition, above: frozenset[ox.NamedNode] = frozenset()) -> None:
        if block.subject in found or block.subject in above:
            return
        if block.after in by_subject and block.key is None:
            visit(by_subject[block.after], above | {block.subject})
        found[block.subject] = block

    for block in blocks:
        visit(block)
    return list(found.values())


def _placed(
    blocks: Blocks,
    additions: Sequence[Addition],
    writer: Writer,
    orders: _Orders,
) -> list[tuple[int, str]]:
    """Where the new blocks go, and their text."""
    standing = {block.subject for block in blocks.blocks}
    inserted: list[tuple[int, str]] = []
    own = [block for block in additions if block.key is not None or block.after not in standing]
    guests = [block for block in additions if block not in own]
    # What follows a guest follows it to its place.
    places = {block.subject: block.after for block in guests}
    for block in list(own):
        if block.key is None and block.after in places:
            own.remove(block)
            guests.append(block)
            places[block.subject] = places[block.after]
    by_place: dict[int, list[Addition]] = {}
    for block in guests:
        leader = places[block.subject]
        assert leader is not None  # noqa: S101 - a guest is one that follows a standing block
        by_place.setdefault(orders.group_end(leader), []).append(block)
    for key, group in _arranged(own):
        order = orders.of(group[0])
        by_place.setdefault(order.end_for(key), []).extend(group)
    for place, group in by_place.items():
        inserted.append((place, _framed(blocks.text, place, map(writer.block, group))))
    return inserted


class _Orders:
    """Where the blocks of a file stand, and the orders that they show."""

    def __init__(
        self,
        blocks: Blocks,
        key_of: Callable[[ox.NamedNode], Key | None],
        class_of: Callable[[ox.NamedNode], Term | None],
    ) -> None:
        self.blocks = blocks.blocks
        self._source = blocks
        self._text = blocks.text
        self._class_of = class_of
        self._keyed = [
            (number, key)
            for number, block in enumerate(blocks.blocks)
            if (key := key_of(block.subject)) is not None
        ]
        self._all = _Order(self, self._keyed)

    def of(self, addition: Addition) -> _Order:
        """The order of all blocks or, where there is none, of those of the class of *addition*."""
        if self._all.depth:
            return self._all
        classes = set(addition.facts.get(RDF.type, ()))
        alike = [
            (number, key)
            for number, key in self._keyed
            if self._class_of(self.blocks[number].subject) in classes
        ]
        return _Order(self, alike)

    @property
    def end(self) -> int:
        """The offset behind the last block."""
        return self.behind(len(self.blocks) - 1) if self.blocks else len(self._text)

    def behind(self, number: int) -> int:
        """The offset behind the block *number* and the end of its line."""
        end = self.blocks[number].end
        newline = self._text.find("\n", end)
        rest = self._text[end : newline if newline >= 0 else len(self._text)]
        if rest.strip() and not rest.strip().startswith("#"):
            return end  # another statement stands on the line
        return newline + 1 if newline >= 0 else len(self._text)

    def group_end(self, leader: ox.NamedNode) -> int:
        """The offset behind the block *leader* and those behind it that it names."""
        numbers = (number for number, block in enumerate(self.blocks) if block.subject == leader)
        number = next(numbers, None)
        if number is None:
            return self.end
        named = {value.term for value in self._source.values(self.blocks[number])}
        while number + 1 < len(self.blocks) and self.blocks[number + 1].subject in named:
            number += 1
        return self.behind(number)


class _Order:
    """An order that blocks of a file show.

    Attributes:
        depth: How many parts of their keys are in order.
    """

    def __init__(self, orders: _Orders, keyed: Sequence[tuple[int, Key]]) -> None:
        self._orders = orders
        self._keyed = keyed
        keys = [key for _, key in keyed]
        self.depth = 0
        for depth in range(1, max(map(len, keys), default=0) + 1):
            if any(before[:depth] > after[:depth] for before, after in pairwise(keys)):
                break
            self.depth = depth

    def end_for(self, key: Key | None) -> int:
        """The offset at which a group with *key* begins."""
        if key is None or not self.depth:
            return self._orders.end
        keys = [known[: self.depth] for _, known in self._keyed]
        place = bisect_right(keys, key[: self.depth])
        blocks = self._orders.blocks
        if place == len(keys):
            return self._orders.group_end(blocks[self._keyed[-1][0]].subject)
        before = self._keyed[place][0] - 1
        return self._orders.behind(before) if before >= 0 else blocks[0].start


def _framed(text: str, place: int, blocks: Iterable[str]) -> str:
    """*blocks* with an empty line between them and what stands before and behind *place*."""
    body = "\n".join(blocks)
    before = text[:place]
    if not before or before.endswith(("\n\n", "\n\r\n")):
        return f"{body}\n" if text[place:].strip() else body
    lead = "\n" if before.endswith("\n") else "\n\n"
    behind = text[place:]
    tail = "" if not behind or behind.startswith(("\n", "\r\n")) else "\n"
    return f"{lead}{body}{tail}"


def _gained(
    blocks: Blocks, block: Block, values: Sequence[tuple[ox.NamedNode, Term]], writer: Writer
) -> list[tuple[int, str]]:
    """Where the values go that a standing block gains, and their text."""
    known = blocks.values(block)
    inserted: list[tuple[int, str]] = []
    by_predicate = sorted(values, key=lambda pair: writer.verb(pair[0]))
    lines: dict[int, list[str]] = {}
    for predicate, group in groupby(by_predicate, key=lambda pair: pair[0]):
        terms = sorted((writer.term(term) for _, term in group))
        there = [value for value in known if value.predicate == predicate]
        if there:
            inserted += _into_list(blocks.text, there, terms)
        else:
            line = f"{INDENT}{writer.verb(predicate)} {' , '.join(terms)} ;"
            lines.setdefault(_line_place(blocks, known, predicate, writer), []).append(line)
    for place, added in lines.items():
        inserted.append(_as_lines(blocks.text, block, place, added))
    return inserted


def _into_list(text: str, there: Sequence[Value], terms: Sequence[str]) -> list[tuple[int, str]]:
    """New values among those of a predicate: in order if they are, else at the end."""
    shown = [text[value.start : value.end] for value in there]
    found: dict[tuple[int, bool], list[str]] = {}
    ordered = shown == sorted(shown)
    for term in terms:
        number = bisect_right(shown, term) if ordered else len(shown)
        place = (there[0].start, True) if number == 0 else (there[number - 1].end, False)
        found.setdefault(place, []).append(term)
    return [
        (offset, "".join(f"{term} , " if first else f" , {term}" for term in added))
        for (offset, first), added in found.items()
    ]


def _line_place(
    blocks: Blocks, known: Sequence[Value], predicate: ox.NamedNode, writer: Writer
) -> int:
    """The end of the last value behind which a line of *predicate* goes."""
    verb = writer.verb(predicate)
    ends = [
        value.end
        for value in known
        if value.predicate == RDF.type or writer.verb(value.predicate) < verb
    ]
    return max(ends, default=known[0].end)


def _as_lines(text: str, block: Block, place: int, lines: Sequence[str]) -> tuple[int, str]:
    """*lines* behind the value that ends at *place*, whose ``;`` may be missing."""
    rest = text[place : block.end]
    mark = re.match(r"\s*;[^\S\n]*(?:#[^\n]*)?", rest)
    if mark is not None:
        return place + mark.end(), "".join(f"\n{line}" for line in lines)
    added = "".join(f"\n{line}" for line in lines)
    return place, f" ;{added.removesuffix(' ;')}"


def _prefix_lines(blocks: Blocks, missing: Mapping[str, str]) -> list[tuple[int, str]]:
    """Where the PREFIX lines go that a file lacks, and their text."""
    declared = [
        (name.removesuffix(":"), start, end)
        for start, end, name in blocks.directives
        if end <= blocks.prologue_end and name
    ]
    found: dict[int, str] = {}
    for name in sorted(missing):
        line = f"PREFIX {name}: <{missing[name]}>"
        later = [start for other, start, _ in declared if other > name]
        if later:
            place, text = later[0], f"{line}\n"
        elif blocks.prologue_end:
            place, text = blocks.prologue_end, f"\n{line}"
        else:
            place, text = (blocks.blocks[0].start if blocks.blocks else 0), f"{line}\n"
        found[place] = found.get(place, "") + text
    return list(found.items())
