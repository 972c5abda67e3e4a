"""What changed from one release to another, claim by claim, in the words of the ontology.

The files of quads are canonical and sorted, so that what differs is a difference of sets of
lines; only what these name is parsed. A statement that moved to another file is no change.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from functools import cached_property
from itertools import groupby
from typing import TYPE_CHECKING, cast

import pyoxigraph as ox

from stancegraph.build.release import description_iri
from stancegraph.facts import Facts
from stancegraph.terms import RDF, SG, SKOS, short
from stancegraph.texts import literal_text
from stancegraph.titles import Titles
from stancegraph.vocabulary import Words

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from stancegraph.build.release import Release
    from stancegraph.facts import Node, Value
    from stancegraph.titles import Path

_RANKING = frozenset({SG.rank, SG.rankReason, SG.codedBy, SG.codedOn})
_DEPTH = 3  # links from what changed to what is named in telling of it


class What(StrEnum):
    """What became of a claim or a thing."""

    ADDED = "added"
    WITHDRAWN = "withdrawn"
    CORRECTED = "corrected"
    RANKED = "ranked anew"


@dataclass(frozen=True, slots=True)
class Correction:
    """A property whose values differ, with those that only one of both releases has.

    Attributes:
        label: What the property is called; of a place in a source also which that is.
        before, after: In words, sorted; empty where there are none.
    """

    property: str
    label: str
    before: tuple[str, ...]
    after: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Change:
    """What became of one claim, or of another thing.

    Attributes:
        kind: What its class is called.
        title: As the later release that has it tells it.
        who: The first thing that its title names; empty where its class has no title.
        about: The second, if there is one.
        things: The IRIs of all things that it names.
        sources: On what a claim rests.
        is_claim: Whether it is a claim.
        derived: Whether rules concluded it.
        corrections: Of one that both releases have.
    """

    what: What
    iri: str
    kind: str
    title: str
    who: str
    about: str
    things: tuple[str, ...]
    sources: tuple[str, ...]
    is_claim: bool
    derived: bool
    corrections: tuple[Correction, ...]


@dataclass(frozen=True, slots=True)
class Difference:
    """What changed between two releases.

    Attributes:
        before, after: Their ids.
        changes: Claims first, then other things, then what is derived; each by who, about
            what, and title.
        unnamed: How many statements about blank nodes, as shapes have them, differ.
    """

    before: str
    after: str
    changes: tuple[Change, ...]
    unnamed: int

    @property
    def claims(self) -> tuple[Change, ...]:
        """The claims that changed."""
        return tuple(each for each in self.changes if each.is_claim and not each.derived)

    @property
    def others(self) -> tuple[Change, ...]:
        """The other things that changed."""
        return tuple(each for each in self.changes if not each.is_claim and not each.derived)

    @property
    def derived(self) -> tuple[Change, ...]:
        """What rules conclude otherwise."""
        return tuple(each for each in self.changes if each.derived)

    def concerning(self, iris: Iterable[str]) -> Difference:
        """Only what names any of *iris*, or is one."""
        sought = set(iris)
        kept = [each for each in self.changes if sought & {each.iri, *each.things}]
        return replace(self, changes=tuple(kept), unnamed=0)

    @classmethod
    def from_json(cls, text: str) -> Difference:
        """What `as_json` has written."""
        told = json.loads(text)
        changes = tuple(
            Change(
                **{
                    **each,
                    "what": What(each["what"]),
                    "things": tuple(each["things"]),
                    "sources": tuple(each["sources"]),
                    "corrections": tuple(
                        Correction(
                            **{**c, "before": tuple(c["before"]), "after": tuple(c["after"])}
                        )
                        for c in each["corrections"]
                    ),
                }
            )
            for each in told["changes"]
        )
        return cls(told["before"], told["after"], changes, told["unnamed"])

    def as_json(self) -> str:
        """The difference as JSON text that ends in a line break."""
        told = {
            "before": self.before,
            "after": self.after,
            "claims": counted(self.claims),
            "other": counted(self.others),
            "derived": counted(self.derived),
            "unnamed": self.unnamed,
            "changes": [asdict(each) for each in self.changes],
        }
        return json.dumps(told, ensure_ascii=False, indent=2) + "\n"


def counted(changes: Iterable[Change]) -> dict[str, int]:
    """How many of *changes* are of each sort, without those of which there are none."""
    found = Counter(each.what for each in changes)
    return {what.value: found[what] for what in What if found[what]}


def summary(changes: Sequence[Change]) -> str:
    """*changes* in a line: ``stance: 3 corrected, 1 withdrawn; treaty action: 1 added``."""
    by_kind: defaultdict[str, list[Change]] = defaultdict(list)
    for each in changes:
        by_kind[each.kind].append(each)
    return "; ".join(
        f"{kind}: " + ", ".join(f"{n:,} {what}" for what, n in counted(found).items())
        for kind, found in sorted(by_kind.items())
    )


@dataclass(frozen=True, slots=True)
class Group:
    """Changes that belong together.

    Attributes:
        name: Whose they are, or what they are about; their class, where nothing says.
        parts: By the other of both.
    """

    name: str
    changes: tuple[Change, ...]
    parts: tuple[tuple[str, tuple[Change, ...]], ...]


def grouped(changes: Iterable[Change], *, by_what: bool) -> list[Group]:
    """*changes* by whose they are and then by what they are about, in the order of names.

    Args:
        by_what: The other way round.
    """

    def outer(change: Change) -> str:
        return (change.about if by_what else change.who) or change.kind

    def inner(change: Change) -> str:
        return change.who if by_what else change.about

    groups = []
    for name, group in groupby(sorted(changes, key=lambda c: (outer(c), inner(c))), outer):
        members = tuple(group)
        parts = tuple((about, tuple(inside)) for about, inside in groupby(members, inner))
        groups.append(Group(name, members, parts))
    return groups


def compare(before: Release, after: Release, *, derived: bool = False) -> Difference:
    """What is other in *after* than in *before*, not counting what they say of themselves.

    Args:
        derived: Tell also of what rules conclude.
    """
    old, new = _Side(before), _Side(after)
    parts = [old.stated ^ new.stated, *([old.derived ^ new.derived] if derived else [])]
    changed = [{_subject(line) for line in part} for part in parts]
    for side in (old, new):
        side.read(set().union(*changed))
    found: list[Change] = []
    for number, subjects in enumerate(changed):
        found += _Comparison(old, new, derived=bool(number)).changes(
            ox.NamedNode(name[1:-1].decode()) for name in subjects if name.startswith(b"<")
        )
    return Difference(
        before.id,
        after.id,
        tuple(sorted(found, key=_order)),
        sum(_subject(line).startswith(b"_:") for part in parts for line in part),
    )


def patch(before: Release, after: Release, *, derived: bool = False) -> Iterator[bytes]:
    """The lines of an RDF patch that makes the quads of *before* those of *after*.

    Blank nodes have the labels that they have in the files of the releases.

    Args:
        derived: Patch all graphs; else only those that are stated.
    """
    old, new = _Side(before), _Side(after)
    gone, come = old.stated - new.stated, new.stated - old.stated
    if derived:
        gone, come = old.all - new.all, new.all - old.all
    yield f"H id <{after.iri}> .\nH prev <{before.iri}> .\nTX .\n".encode()
    for letter, lines in ((b"D ", gone), (b"A ", come)):
        for line in sorted(lines):
            yield letter + line
    yield b"TC .\n"


def _subject(line: bytes) -> bytes:
    return line.partition(b" ")[0]


def _order(change: Change) -> tuple[bool, bool, str, str, str, str]:
    return (
        change.derived, not change.is_claim, change.who, change.about, change.title, change.iri,
    )  # fmt: skip


class _Side:
    """One of the two releases.

    Attributes:
        all: Its quads.
        stated: Those of files.
        derived: Those that rules conclude.
    """

    def __init__(self, release: Release) -> None:
        self.base = release.base
        lines = release.quads_file.read_bytes().splitlines(keepends=True)
        self.all = frozenset(lines)
        inferred = f" <{release.base}graph/derived/".encode()
        itself = f" {description_iri(release.base)} .\n".encode()
        self.derived = frozenset(line for line in lines if inferred in line)
        self.stated = frozenset(
            line for line in self.all - self.derived if not line.endswith(itself)
        )

    @cached_property
    def _by_subject(self) -> dict[bytes, list[bytes]]:
        found: defaultdict[bytes, list[bytes]] = defaultdict(list)
        for line in (*self.stated, *self.derived):
            found[_subject(line)].append(line)
        return dict(found)

    @cached_property
    def words(self) -> Words:
        """What its ontologies and code lists say."""
        return Words(_facts(line for line in self.stated if b"/graph/ontology/" in line))

    def read(self, subjects: set[bytes]) -> None:
        """Read what is known of *subjects*, of what they lead to, and what leads to them."""
        evidence = str(SG.evidence).encode()
        needed = subjects | {
            _subject(line)
            for line in self.stated
            if (parts := line.split(b" ", 3))[1] == evidence and parts[2] in subjects
        }
        reached = needed
        for _ in range(_DEPTH):
            lines = [line for name in reached for line in self._by_subject.get(name, ())]
            reached = {line.split(b" ", 3)[2] for line in lines} - needed
            needed = needed | reached
        lines = [line for name in needed for line in self._by_subject.get(name, ())]
        self.facts = _facts(lines)
        self.titles = _Titles(self.facts, self.words, self.base)


def _facts(lines: Iterable[bytes]) -> Facts:
    return Facts(ox.parse(b"".join(sorted(lines)), format=ox.RdfFormat.N_QUADS))


class _Titles(Titles):
    """The titles of one release, with things by their keys where nothing names them."""

    def __init__(self, facts: Facts, vocabulary: Words, base: str) -> None:
        super().__init__(facts, vocabulary)
        self._things = f"{base}id/"

    def shown_iri(self, node: ox.NamedNode) -> str:
        if node.value.startswith(self._things):
            return node.value.removeprefix(self._things)
        return super().shown_iri(node)

    def text(self, value: Value) -> str:
        """A value in words."""
        return literal_text(value) if isinstance(value, ox.Literal) else self.title(value)

    def kind(self, node: Node) -> str:
        """What the narrowest class of *node* is called; empty where it has none."""
        kinds = self.facts.types(node)
        words = self.vocabulary
        narrow = [kind for kind in kinds if not any(words.below(other, kind) for other in kinds)]
        return words.label((narrow or kinds)[0]) if kinds else ""

    def is_claim(self, node: Node) -> bool:
        """Whether *node* is of the class of claims."""
        words = self.vocabulary
        return any(k == SG.Claim or words.below(k, SG.Claim) for k in self.facts.types(node))

    def named(self, node: Node) -> list[Node]:
        """The things that the title of *node* must name, in their order, but for codes.

        Of several at one place, the first. Without a template, those that its key names; none,
        where it has a name of its own.
        """
        if isinstance(node, ox.BlankNode) or self.facts.name(node):
            return []
        if (template := self.template(node)) is None:
            parts = self.key_parts(node)
            places: list[list[Node]] = [[part] for part in parts if not isinstance(part, str)]
        else:
            paths = [part for part in template.parts if isinstance(part, tuple)]
            places = [self._reached(node, path) for path in paths]
        kept = [[n for n in nodes if not self.facts.values(n, SKOS.inScheme)] for nodes in places]
        return [nodes[0] for nodes in kept if nodes]

    def _reached(self, node: Node, path: Path) -> list[Node]:
        reached = [node]
        for step in path:
            reached = [value for each in reached for value in self.facts.nodes(each, step)]
        return reached

    def sources(self, node: Node) -> tuple[str, ...]:
        """What the sources of a claim are called."""
        return tuple(
            dict.fromkeys(
                self.title(source)
                for place in self.facts.nodes(node, SG.evidence)
                for source in self.facts.nodes(place, SG.source)
            )
        )


class _Comparison:
    """Compares what two releases say of some things, either what is stated or what is derived."""

    def __init__(self, old: _Side, new: _Side, *, derived: bool) -> None:
        self._old = old
        self._new = new
        self._derived = derived

    def changes(self, subjects: Iterable[ox.NamedNode]) -> Iterator[Change]:
        """What became of *subjects*; a place in a source is told of with the claims on it."""
        corrected: defaultdict[ox.NamedNode, list[Correction]] = defaultdict(list)
        whole: list[tuple[What, ox.NamedNode]] = []
        for node in subjects:
            there = [bool(self._said(side, node)) for side in (self._old, self._new)]
            claims = self._resting_on(node)
            if not all(there):
                if not claims:  # with a new place in a source, its claim has a new value
                    whole.append((What.ADDED if there[1] else What.WITHDRAWN, node))
                continue
            corrections = self._corrections(node)
            for claim in claims or [node]:
                if all(self._said(side, claim) for side in (self._old, self._new)):
                    corrected[claim] += self._placed(node, corrections) if claims else corrections
        for what, node in whole:
            yield self._change(what, node, ())
        for node, found in corrected.items():
            if found:
                told = {each.property for each in found}
                ranked = SG.rank.value in told and told <= {term.value for term in _RANKING}
                what = What.RANKED if ranked else What.CORRECTED
                yield self._change(what, node, tuple(sorted(found, key=lambda c: c.label)))

    def _said(self, side: _Side, node: Node) -> dict[ox.NamedNode, list[Value]]:
        """What is stated, or derived, of *node*."""
        return {
            predicate: kept
            for predicate, values in side.facts.about(node).items()
            if (
                kept := [
                    value
                    for value in values
                    if any(
                        ("/graph/derived/" in graph.value) == self._derived
                        for graph in side.facts.graphs(node, predicate, value)
                    )
                ]
            )
        }

    def _resting_on(self, node: ox.NamedNode) -> list[ox.NamedNode]:
        """The claims for which *node* is evidence in either release."""
        return sorted(
            {
                cast("ox.NamedNode", claim)
                for side in (self._old, self._new)
                for claim, predicate in side.facts.pointing(node)
                if predicate == SG.evidence
            },
            key=str,
        )

    def _corrections(self, node: ox.NamedNode) -> list[Correction]:
        before, after = self._said(self._old, node), self._said(self._new, node)
        found = []
        for predicate in sorted({*before, *after}, key=str):
            had, has = before.get(predicate, []), after.get(predicate, [])
            gone = [self._old.titles.text(value) for value in had if value not in has]
            come = [self._new.titles.text(value) for value in has if value not in had]
            if gone or come:
                side = self._new if predicate in after else self._old
                label = "class" if predicate == RDF.type else side.words.label(predicate)
                found.append(
                    Correction(predicate.value, label, tuple(sorted(gone)), tuple(sorted(come)))
                )
        return found

    def _placed(self, node: ox.NamedNode, found: Iterable[Correction]) -> list[Correction]:
        """What is corrected in a place in a source, as part of a claim."""
        place = self._new.titles.title(node)
        return [replace(each, label=f"{place}: {each.label}") for each in found]

    def _change(
        self, what: What, node: ox.NamedNode, corrections: tuple[Correction, ...]
    ) -> Change:
        side = self._old if what is What.WITHDRAWN else self._new
        titles = side.titles
        named = [titles.title(each) for each in titles.named(node)]
        named += [""] * (2 - len(named))
        linked: set[Value] = set()
        for each in (self._old, self._new):
            linked.update(each.titles.named(node), *each.facts.about(node).values())
        things = {value.value for value in linked if isinstance(value, ox.NamedNode)}
        return Change(
            what=what,
            iri=node.value,
            kind=titles.kind(node) or short(node).strip("<>"),
            title=titles.title(node),
            who=named[0],
            about=named[1],
            things=tuple(sorted(things)),
            sources=titles.sources(node),
            is_claim=titles.is_claim(node),
            derived=self._derived,
            corrections=corrections,
        )
