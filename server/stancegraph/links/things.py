"""The things of a graph as far as a search for their entries needs them, and what was decided."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pyoxigraph as ox

from stancegraph.names import naming_properties
from stancegraph.terms import DCTERMS, RDF, RDFS, SG, SKOS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from stancegraph.build.parse import ParsedGraph
    from stancegraph.links.registers import Correspondence, Register


@dataclass(slots=True)
class Thing:
    """A thing.

    Attributes:
        key: ``<kind>/<key>``.
        names: Text and language, the best first; also symbols, without a language.
        classes: IRIs of its classes for which the register has counterparts.
        keys: Values by the register's properties.
    """

    key: str
    label: str
    names: list[tuple[str, str]] = field(default_factory=list)
    classes: tuple[str, ...] = ()
    keys: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Decision:
    """What the graph says of a thing and a register.

    Attributes:
        mapping, thing, author: Keys.
        relation: An IRI; empty where there is no entry.
        justification: The last part of its IRI.
    """

    mapping: str
    thing: str
    decision: str
    entry: str
    relation: str
    justification: str
    author: str
    day: str
    score: str
    note: str
    deprecated: bool


class Things:
    """The things of a graph that may have entries in a register.

    Attributes:
        by_key: All of them.
        decisions: On any of them, in the order of their IRIs.
    """

    def __init__(self, graph: ParsedGraph, register: Register, terms: Correspondence) -> None:
        self._base = f"{graph.folder.base}id/"
        triples = list(dict.fromkeys(graph.triples("data", "ontology")))
        self.by_key = {thing.key: thing for thing in sorted(self._things(triples, terms), key=_key)}
        facts: dict[ox.NamedNode, dict[ox.NamedNode, str]] = {}
        for subject, predicate, term in triples:
            if isinstance(subject, ox.NamedNode) and f"{self._base}mapping/" in subject.value:
                facts.setdefault(subject, {})[predicate] = getattr(term, "value", "")
        at = f"{self._base}register/{register.key}"
        self.decisions = [
            Decision(
                mapping=iri.value.removeprefix(self._base),
                thing=said[SG.mappedThing].removeprefix(self._base),
                decision=said[SG.decision].rpartition("/")[2],
                entry=said.get(SG.entry, ""),
                relation=said.get(SG.mappingRelation, ""),
                justification=said[SG.justification].rpartition("/")[2],
                author=said[SG.codedBy].removeprefix(self._base),
                day=said[SG.codedOn],
                score=said.get(SG.matchScore, ""),
                note=said.get(RDFS.comment, ""),
                deprecated=said[SG.rank].endswith("/deprecated"),
            )
            for iri, said in sorted(facts.items(), key=lambda pair: pair[0].value)
            if said.get(SG.register) == at
        ]

    def accepted(self) -> dict[str, list[str]]:
        """By key of the thing its entries, those that are exactly the same first."""
        found: dict[str, list[tuple[bool, str]]] = {}
        for made in self.decisions:
            if made.decision == "accepted" and not made.deprecated:
                exact = made.relation == SKOS.exactMatch.value
                found.setdefault(made.thing, []).append((not exact, made.entry))
        return {key: [entry for _, entry in sorted(said)] for key, said in found.items()}

    def open(self) -> list[Thing]:
        """Those of which nobody has decided which entry they have, or that they have none."""
        closed = {m.thing for m in self.decisions if m.decision != "rejected" and not m.deprecated}
        return [thing for key, thing in self.by_key.items() if key not in closed]

    def rejected(self) -> set[tuple[str, str]]:
        """Things and entries of which it was decided that they are not the same."""
        return {(m.thing, m.entry) for m in self.decisions if m.decision == "rejected"}

    def _things(self, triples: Iterable[ox.Triple], terms: Correspondence) -> Iterator[Thing]:
        above = _above(triples)
        naming = [p for p in naming_properties(triples) if p not in _NO_NAMES]
        order = {p: n for n, p in enumerate([*map(ox.NamedNode, terms.symbols), *naming])}
        symbols = set(terms.symbols)
        classes: dict[str, set[str]] = {}
        named: dict[str, list[tuple[int, str, str]]] = {}
        keys: dict[str, dict[str, str]] = {}
        for subject, predicate, term in triples:
            if not isinstance(subject, ox.NamedNode) or not subject.value.startswith(self._base):
                continue
            iri = subject.value
            if predicate == RDF.type and isinstance(term, ox.NamedNode):
                wider = above.get(term.value, {term.value}) & terms.classes.keys()
                classes.setdefault(iri, set()).update(wider)
            elif isinstance(term, ox.Literal):
                if predicate.value in terms.keys:
                    keys.setdefault(iri, {})[terms.keys[predicate.value]] = term.value
                if predicate in order:
                    tag = "" if predicate.value in symbols else term.language or ""
                    named.setdefault(iri, []).append((order[predicate], term.value, tag))
        for iri, found in classes.items():
            if found and iri in named:
                names = [(text, tag) for _, text, tag in sorted(named[iri])]
                label = next((text for text, tag in names if tag == "en"), names[0][0])
                key = iri.removeprefix(self._base)
                yield Thing(key, label, names, tuple(sorted(found)), keys.get(iri, {}))


_NO_NAMES = {SKOS.notation, DCTERMS.identifier}


def _key(thing: Thing) -> str:
    return thing.key


def _above(triples: Iterable[ox.Triple]) -> Mapping[str, set[str]]:
    """Each class with itself and all above it."""
    direct: dict[str, set[str]] = {}
    for subject, predicate, term in triples:
        if predicate == RDFS.subClassOf and isinstance(subject, ox.NamedNode):
            direct.setdefault(subject.value, set()).add(getattr(term, "value", ""))
    found: dict[str, set[str]] = {}
    for narrow in direct:
        reached = [narrow]
        for each in reached:
            reached += [wide for wide in direct.get(each, ()) if wide not in reached]
        found[narrow] = set(reached)
    return found
