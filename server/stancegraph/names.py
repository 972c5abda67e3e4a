"""What the things of a graph are called, so that people need not type IRIs.

A thing is an IRI ``<base>id/<kind>/<key>`` that has a name: a label, another name, a title,
a code. Claims have none and are not listed. A graph that shares the code lists of another
lists their codes too. The build writes the names beside the release.
"""

from __future__ import annotations

import difflib
import json
import re
import unicodedata
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pyoxigraph as ox

from stancegraph.terms import DCTERMS, RDFS, SKOS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

FILE = "names.json"

# Properties whose values name a thing, the best name first; also what specialises them.
NAMING = (
    RDFS.label, SKOS.prefLabel, SKOS.altLabel, DCTERMS.title, SKOS.notation, DCTERMS.identifier,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Names:
    """The names of things, found by any of them, accents, case and punctuation aside.

    Attributes:
        base: The IRI that all IRIs of the graph start with; ends in ``/``.
        by_key: Per ``<kind>/<key>`` its names, the best one first.
        elsewhere: The base of the things that are not under *base*, by ``<kind>/<key>``.
    """

    base: str
    by_key: Mapping[str, Sequence[str]]
    elsewhere: Mapping[str, str] = field(default_factory=dict)
    _keys: dict[str, list[str]] = field(default_factory=dict, init=False, repr=False)

    def __post_init__(self) -> None:
        for key, names in self.by_key.items():
            for name in {_plain(name) for name in (key.partition("/")[2], *names)}:
                self._keys.setdefault(name, []).append(key)

    @classmethod
    def of(cls, base: str, triples: Iterable[ox.Triple], *, shared: Sequence[str] = ()) -> Names:
        """Read the names that *triples* state; they hold the ontology too.

        Args:
            shared: The bases of other graphs of whose things some are listed; a thing of
                this graph hides one of them with the same key.
        """
        found = _by_home((base, *shared), triples)
        by_key: dict[str, tuple[str, ...]] = {}
        elsewhere: dict[str, str] = {}
        for home, things in found.items():
            for key in things.keys() - by_key.keys():
                by_key[key] = tuple(things[key])
                if home != base:
                    elsewhere[key] = home
        return cls(base, dict(sorted(by_key.items())), elsewhere)

    @classmethod
    def load(cls, path: Path) -> Names:
        """Read what :meth:`as_json` wrote."""
        stored = json.loads(path.read_text("utf-8"))
        elsewhere = {
            key: home for home, keys in stored.get("elsewhere", {}).items() for key in keys
        }
        return cls(stored["base"], stored["names"], elsewhere)

    def as_json(self) -> str:
        """The names as JSON text, a line per thing, sorted: the same names, the same bytes."""
        lines = ",\n".join(
            f"{json.dumps(key, ensure_ascii=False)}: {json.dumps(list(names), ensure_ascii=False)}"
            for key, names in sorted(self.by_key.items())
        )
        elsewhere: dict[str, list[str]] = {}
        for key, home in sorted(self.elsewhere.items()):
            elsewhere.setdefault(home, []).append(key)
        return (
            f'{{"base": {json.dumps(self.base)}, "elsewhere": {json.dumps(elsewhere)}, '
            f'"names": {{\n{lines}\n}}}}\n'
        )

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
        return any(key.startswith(f"{kind}/") for key in self.by_key)

    def find(self, text: str, kinds: Sequence[str]) -> list[str]:
        """The keys, ``<kind>/<key>``, of the things of these *kinds* that *text* may mean.

        A key as it is written wins over names; otherwise all things with that name, sorted.
        """
        exact = [key for kind in kinds if (key := f"{kind}/{text}") in self.by_key]
        return exact or [key for key in self._keys.get(_plain(text), ()) if _is_of(key, kinds)]

    def near(self, text: str, kinds: Sequence[str]) -> list[str]:
        """Up to three things whose key or name resembles *text*, as ``CAN (Canada)``."""
        names = [name for name, keys in self._keys.items() if any(_is_of(k, kinds) for k in keys)]
        close = difflib.get_close_matches(_plain(text), sorted(names), n=3, cutoff=0.6)
        keys = dict.fromkeys(
            key for name in close for key in self._keys[name] if _is_of(key, kinds)
        )
        return [self.told(key) for key in list(keys)[:3]]

    def told(self, key: str) -> str:
        """How to tell people of the thing *key*: what they can type, and its best name."""
        return f"{key.partition('/')[2]} ({self.by_key[key][0]})"


def _is_of(key: str, kinds: Sequence[str]) -> bool:
    return any(key.startswith(f"{kind}/") for kind in kinds)


def _by_home(
    homes: Sequence[str], triples: Iterable[ox.Triple]
) -> dict[str, dict[str, dict[str, None]]]:
    """For each of *homes* its things, each with the names that *triples* state, best first."""
    narrower: dict[ox.NamedNode, set[ox.NamedNode]] = {}
    values: dict[ox.NamedNode, list[tuple[str, str]]] = {}
    for subject, predicate, term in triples:
        if not isinstance(subject, ox.NamedNode):
            continue
        if predicate == RDFS.subPropertyOf and isinstance(term, ox.NamedNode):
            narrower.setdefault(term, set()).add(subject)
        elif isinstance(term, ox.Literal) and term.value:
            values.setdefault(predicate, []).append((subject.value, term.value))
    found: dict[str, dict[str, dict[str, None]]] = {home: {} for home in homes}
    for predicate in _with_narrower(NAMING, narrower):
        for iri, name in sorted(values.get(predicate, ())):
            if (place := _place(iri, found)) is not None:
                home, key = place
                found[home].setdefault(key, {})[name] = None
    return found


def _place(iri: str, homes: Iterable[str]) -> tuple[str, str] | None:
    """The one of *homes* that *iri* is a thing of, and its ``<kind>/<key>`` there."""
    for home in homes:
        if iri.startswith(f"{home}id/"):
            return home, iri.removeprefix(f"{home}id/")
    return None


def _plain(text: str) -> str:
    decomposed = unicodedata.normalize("NFKD", text).casefold()
    kept = "".join(mark for mark in decomposed if not unicodedata.combining(mark))
    return re.sub(r"[\W_]+", " ", kept).strip()


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
