"""What the things of a graph are called, so that people need not type IRIs.

A thing is an IRI ``<base>id/<kind>/<key>`` that has a name: a label, another name, a title,
a code. Claims have none and are not listed. A graph that shares the code lists of another
lists their codes too. The build writes the names beside the release.
"""

from __future__ import annotations

import functools
import json
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import pyoxigraph as ox

from stancegraph.search import Fit, Index, plain
from stancegraph.terms import DCTERMS, RDF, RDFS, SKOS

if TYPE_CHECKING:
    from collections.abc import Collection, Container, Iterable, Mapping, Sequence
    from pathlib import Path

FILE = "names.json"
MAX_NEAR = 3  # things that somebody may have meant

# Properties whose values name a thing, the best name first; also what specialises them.
NAMING = (
    RDFS.label, SKOS.prefLabel, SKOS.altLabel, DCTERMS.title, SKOS.notation, DCTERMS.identifier,
    SKOS.hiddenLabel,
)  # fmt: skip

# What says of what sort a thing is.
KINDS = (RDF.type, SKOS.inScheme)

# What people look for least, though it often bears the name of what they look for.
LAST = ("source/",)


@dataclass(frozen=True, slots=True)
class Match:
    """A thing that a search found.

    Attributes:
        key: ``<kind>/<key>``.
        label: Its best name.
        name: The name that fits what was sought; the last part of the key where that does.
        fit: How it does.
    """

    key: str
    label: str
    name: str
    fit: Fit

    @property
    def kind(self) -> str:
        """Of what kind the thing is: ``state``."""
        return self.key.partition("/")[0]


@dataclass(frozen=True, slots=True)
class Names:
    """The names of things, found by any of them, accents, case and punctuation aside.

    Attributes:
        base: The IRI that all IRIs of the graph start with; ends in ``/``.
        by_key: Per ``<kind>/<key>`` its names, the best one first.
        elsewhere: The base of the things that are not under *base*, by ``<kind>/<key>``.
        sorts: What things are of which class or code list.
        today: What the release takes for today; empty without one.
    """

    base: str
    by_key: Mapping[str, Sequence[str]]
    elsewhere: Mapping[str, str] = field(default_factory=dict)
    sorts: Sorts = field(default_factory=lambda: Sorts({}, {}, {}))
    today: str = ""
    _keys: dict[str, list[str]] = field(default_factory=dict, init=False, repr=False)
    _kinds: set[str] = field(default_factory=set, init=False, repr=False)
    _made: list[Index] = field(default_factory=list, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        for key, names in self.by_key.items():
            self._kinds.add(key.partition("/")[0])
            for name in dict.fromkeys(map(plain, (*names, key.partition("/")[2]))):
                self._keys.setdefault(name, []).append(key)

    @classmethod
    def of(
        cls,
        base: str,
        triples: Collection[ox.Triple],
        *,
        shared: Sequence[str] = (),
        today: str = "",
    ) -> Names:
        """Read the names that *triples* state; they hold the ontology too.

        Args:
            shared: The bases of other graphs of whose things some are listed; a thing of
                this graph hides one of them with the same key.
            today: The day of the release, as ``2026-11-22``.
        """
        found = _by_home((base, *shared), triples)
        by_key: dict[str, tuple[str, ...]] = {}
        elsewhere: dict[str, str] = {}
        for home, things in found.items():
            for key in things.keys() - by_key.keys():
                by_key[key] = tuple(things[key])
                if home != base:
                    elsewhere[key] = home
        named = cls(base, dict(sorted(by_key.items())), elsewhere)
        return replace(named, sorts=Sorts.of(named, triples), today=today)

    @classmethod
    def load(cls, path: Path) -> Names:
        """Read what :meth:`as_json` wrote into a file."""
        return cls.read(path.read_text("utf-8"))

    @classmethod
    def read(cls, text: str) -> Names:
        """Read what :meth:`as_json` wrote."""
        stored = json.loads(text)
        elsewhere = {
            key: home for home, keys in stored.get("elsewhere", {}).items() for key in keys
        }
        sorts = Sorts(stored["classes"], stored["schemes"], stored["unnamed"])
        return cls(stored["base"], stored["names"], elsewhere, sorts, stored["today"])

    def as_json(self) -> str:
        """The names as JSON text, a line per thing, sorted: the same names, the same bytes."""
        lines = ",\n".join(
            f"{json.dumps(key, ensure_ascii=False)}: {json.dumps(list(names), ensure_ascii=False)}"
            for key, names in sorted(self.by_key.items())
        )
        elsewhere: dict[str, list[str]] = {}
        for key, home in sorted(self.elsewhere.items()):
            elsewhere.setdefault(home, []).append(key)
        head = {"base": self.base, "today": self.today, "elsewhere": elsewhere}
        others = {"classes": self.sorts.classes, "schemes": self.sorts.schemes}
        parts = {**head, **others, "unnamed": self.sorts.unnamed}
        texts = [f"{json.dumps(part)}: {json.dumps(said)}" for part, said in parts.items()]
        return "{" + ",\n".join([*texts, f'"names": {{\n{lines}\n}}']) + "}\n"

    def iri(self, key: str) -> str:
        """The IRI of the thing ``<kind>/<key>``, whether or not it is listed."""
        return f"{self.elsewhere.get(key, self.base)}id/{key}"

    def key(self, iri: str) -> str | None:
        """The ``<kind>/<key>`` of a thing; None for an IRI under no base that is known."""
        place = _place(iri, {self.base, *self.elsewhere.values()})
        if place is None or place[0] != self.elsewhere.get(place[1], self.base):
            return None
        return place[1]

    def knows(self, kind: str) -> bool:
        """Whether things of this *kind* are listed at all."""
        return kind in self._kinds

    def find(
        self, text: str, kinds: Sequence[str], among: Container[str] | None = None
    ) -> list[str]:
        """The keys, ``<kind>/<key>``, of the things of these *kinds* that *text* may mean.

        A key as it is written wins over names; otherwise all things with that name, sorted.

        Args:
            kinds: What keys begin with: ``state``, ``code/rank``; all things, if none.
            among: The keys to look among; all, if None.
        """
        written = [f"{kind}/{text}" for kind in kinds] or [text]
        exact = [key for key in written if key in self.by_key and _is_of(key, kinds, among)]
        named = self._keys.get(plain(text), ())
        return exact or [key for key in named if _is_of(key, kinds, among)]

    def search(
        self, text: str, kinds: Sequence[str] = (), among: Container[str] | None = None
    ) -> list[Match]:
        """The things, of these *kinds* or of any, that *text* may be about, the likeliest first.

        How names fit, and in which order, is told by `search.Fit`. Of equals come first those
        with a real name before those whose key fits, things before the sources that tell of
        them, short names before long, and labels before other names. Each thing comes once,
        by the name that fits best.

        Args:
            kinds, among: As in `find`.
        """
        allowed = None
        if kinds or among is not None:
            allowed = functools.partial(_is_of, kinds=kinds, among=among)
        ranked = []
        for key, hit in self.index().find(plain(text), allowed).items():
            match = self._match(key, hit.name, hit.fit)
            named = match.name != key.partition("/")[2] or match.name in self.by_key[key]
            source = key.startswith(LAST)
            order = (hit.order, not named, source, len(hit.name), match.name != match.label, key)
            ranked.append((order, match))
        return [match for _, match in sorted(ranked, key=lambda pair: pair[0])]

    def mentioned(self, text: str) -> dict[str, list[Match]]:
        """The things that *text*, such as a question, names as a whole, in its order.

        Returns: by the words in the text, all things with that name.
        """
        found = self.index().mentioned(text)
        return {
            words: [self._match(key, name, Fit.WHOLE) for key in self._keys[name]]
            for name, words in found
        }

    def _match(self, key: str, fitting: str, fit: Fit) -> Match:
        """The thing *key*, one of whose names is *fitting* where it is plain."""
        named = [name for name in self.by_key[key] if plain(name) == fitting]
        return Match(key, self.by_key[key][0], named[0] if named else key.partition("/")[2], fit)

    def near(
        self, text: str, kinds: Sequence[str], among: Container[str] | None = None
    ) -> list[str]:
        """Up to three things that *text* may be meant for, as ``CAN (Canada)``."""
        allowed = functools.partial(_is_of, kinds=kinds, among=among)
        found = [match.key for match in self.search(text, kinds, among)]
        found = found or self.index().alike(plain(text), allowed)
        return [self.told(key, kinds) for key in found[:MAX_NEAR]]

    def index(self) -> Index:
        """The index of the names, which is made when it is first asked for."""
        if not self._made:
            self._made.append(Index(self._keys))
        return self._made[0]

    def told(self, key: str, kinds: Sequence[str] = ()) -> str:
        """How to tell people of the thing *key*: what they can type, and its best name."""
        return f"{short_key(key, kinds)} ({self.by_key[key][0]})"


@dataclass(frozen=True, slots=True)
class Sorts:
    """What the things of a graph are.

    Attributes:
        classes: By the IRI of a class, the keys of the named things of it or of one below it.
        schemes: By the IRI of a code list, the keys of its codes.
        unnamed: By the first part of their keys, the classes of things without a name.
    """

    classes: Mapping[str, Sequence[str]]
    schemes: Mapping[str, Sequence[str]]
    unnamed: Mapping[str, Sequence[str]]

    @classmethod
    def of(cls, names: Names, triples: Iterable[ox.Triple]) -> Sorts:
        """Read what *triples* say of the things that *names* lists, and of those without."""
        broader: dict[str, set[str]] = {}
        schemes: dict[str, set[str]] = {}
        named: dict[str, set[str]] = {}  # keys by the class that is stated
        others: dict[str, set[str]] = {}  # first parts of keys likewise
        for subject, predicate, term in triples:
            if not isinstance(subject, ox.NamedNode) or not isinstance(term, ox.NamedNode):
                continue
            if predicate == RDFS.subClassOf:
                broader.setdefault(subject.value, set()).add(term.value)
            elif predicate in KINDS and (key := names.key(subject.value)):
                if predicate == SKOS.inScheme:
                    schemes.setdefault(term.value, set()).add(key)
                elif key in names.by_key:
                    named.setdefault(term.value, set()).add(key)
                else:
                    others.setdefault(term.value, set()).add(key.partition("/")[0])
        return cls(
            _in_order(_with_broader(named, broader)),
            _in_order(schemes),
            _in_order(_turned(_with_broader(others, broader))),
        )


def _with_broader(
    found: Mapping[str, set[str]], broader: Mapping[str, set[str]]
) -> dict[str, set[str]]:
    """*found*, by class, with what is in a class in each that is above it too."""
    whole: dict[str, set[str]] = {}
    for direct, members in found.items():
        for above in _closure(direct, broader):
            whole.setdefault(above, set()).update(members)
    return whole


def _turned(found: Mapping[str, set[str]]) -> dict[str, set[str]]:
    turned: dict[str, set[str]] = {}
    for name, members in found.items():
        for member in members:
            turned.setdefault(member, set()).add(name)
    return turned


def _closure(term: str, broader: Mapping[str, set[str]]) -> set[str]:
    """*term* and all above it."""
    found: set[str] = set()
    queue = [term]
    while queue:
        if (head := queue.pop()) not in found:
            found.add(head)
            queue += broader.get(head, ())
    return found


def _in_order(found: Mapping[str, set[str]]) -> dict[str, list[str]]:
    return {name: sorted(found[name]) for name in sorted(found)}


def short_key(key: str, kinds: Sequence[str] = ()) -> str:
    """*key* without the longest of *kinds* that it begins with, or without its first part."""
    kind = max((kind for kind in kinds if key.startswith(f"{kind}/")), key=len, default=None)
    return key.partition("/")[2] if kind is None else key.removeprefix(f"{kind}/")


def _is_of(key: str, kinds: Sequence[str], among: Container[str] | None = None) -> bool:
    of_kind = not kinds or any(key.startswith(f"{kind}/") for kind in kinds)
    return of_kind and (among is None or key in among)


def _by_home(
    homes: Sequence[str], triples: Collection[ox.Triple]
) -> dict[str, dict[str, dict[str, None]]]:
    """For each of *homes* its things, each with the names that *triples* state, best first."""
    values: dict[ox.NamedNode, list[tuple[str, str]]] = {}
    for subject, predicate, term in triples:
        if isinstance(subject, ox.NamedNode) and isinstance(term, ox.Literal) and term.value:
            values.setdefault(predicate, []).append((subject.value, term.value))
    found: dict[str, dict[str, dict[str, None]]] = {home: {} for home in homes}
    for predicate in naming_properties(triples):
        for iri, name in sorted(values.get(predicate, ())):
            if (place := _place(iri, found)) is not None:
                home, key = place
                found[home].setdefault(key, {})[name] = None
    return found


def naming_properties(triples: Iterable[ox.Triple]) -> list[ox.NamedNode]:
    """The properties whose values are names, the best name first; *triples* hold the ontology."""
    narrower: dict[ox.NamedNode, set[ox.NamedNode]] = {}
    for subject, predicate, term in triples:
        if (
            predicate == RDFS.subPropertyOf
            and isinstance(subject, ox.NamedNode)
            and isinstance(term, ox.NamedNode)
        ):
            narrower.setdefault(term, set()).add(subject)
    return _with_narrower(NAMING, narrower)


def _place(iri: str, homes: Iterable[str]) -> tuple[str, str] | None:
    """The one of *homes* that *iri* is a thing of, and its ``<kind>/<key>`` there."""
    for home in homes:
        if iri.startswith(f"{home}id/"):
            return home, iri.removeprefix(f"{home}id/")
    return None


def _with_narrower(
    properties: Iterable[ox.NamedNode], narrower: Mapping[ox.NamedNode, set[ox.NamedNode]]
) -> list[ox.NamedNode]:
    """Each property, followed by those that specialise it at any depth, each once."""
    found: dict[ox.NamedNode, None] = {}
    queue = list(properties)
    while queue:
        head = queue.pop(0)
        if head not in found:
            found[head] = None
            queue[:0] = sorted(narrower.get(head, ()), key=lambda node: node.value)
    return list(found)
