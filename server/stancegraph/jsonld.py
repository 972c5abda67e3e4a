"""JSON-LD that reads like JSON: short keys from the ontology, things nested where they belong.

The context is made from the ontology and the shapes. Each word of an ontology goes by its own
name, each further property or class that the graph uses by its local name, or with its prefix
where that would be taken twice. Values are coerced where the ontology or the shapes leave no
choice: links, dates, English.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Any, TypeAlias

import pyoxigraph as ox

from stancegraph.terms import NAMESPACES, OWL, RDF, RDFS, SG, SH, XSD, short
from stancegraph.vocabulary import PROPERTY_KINDS, local_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from stancegraph.facts import Facts, Node, Value
    from stancegraph.vocabulary import Vocabulary

Json: TypeAlias = Any

LANGUAGE = "en"
CLAIMS, LINKS = "claims", "links"
MAX_NESTING = 6
_CANONICAL = re.compile(r"0|-?[1-9][0-9]{0,14}")  # numbers that JavaScript reads as they are

# Keywords under names of their own. What is included beside a thing has one of two names.
KEYWORDS = {"id": "@id", "type": "@type", CLAIMS: "@included", LINKS: "@included"}


class Context:
    """What the keys of our JSON-LD mean.

    Attributes:
        keys: The key of each term.
        definitions: What a JSON-LD context says of each key.
    """

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._vocabulary = vocabulary
        self._prefixes = {namespace.prefix: namespace.iri for namespace in NAMESPACES}
        reserved = {*KEYWORDS, *self._prefixes}
        self.keys: dict[ox.NamedNode, str] = {}
        for terms in self._terms():
            names = Counter(local_name(term) for term in terms)
            taken = reserved | set(self.keys.values())
            for term in terms:
                name = local_name(term)
                clash = not name or name in taken or names[name] > 1
                self.keys[term] = short(term).strip("<>") if clash else name
        self.definitions = {self.keys[term]: self._defined(term) for term in self.keys}

    def whole(self) -> dict[str, Json]:
        """The whole context, for everything that the graph may say."""
        return self._context(self.definitions, self._prefixes)

    def of(self, terms: Iterable[ox.NamedNode], datatypes: Iterable[str]) -> dict[str, Json]:
        """The part that a document with these terms, and prefixed datatypes, needs."""
        keys = {self.keys[term] for term in terms if term in self.keys}
        used = {key: self.definitions[key] for key in sorted(keys)}
        named = [*datatypes, *used]
        for definition in used.values():
            named += definition.values() if isinstance(definition, dict) else [definition]
        starts = {name.partition(":")[0] for name in named if isinstance(name, str)}
        prefixes = {name: iri for name, iri in self._prefixes.items() if name in starts}
        return self._context(used, prefixes)

    def _context(self, terms: dict[str, Json], prefixes: dict[str, str]) -> dict[str, Json]:
        return {"@version": 1.1, **KEYWORDS, **prefixes, **dict(sorted(terms.items()))}

    def _terms(self) -> Iterator[list[ox.NamedNode]]:
        """The terms of the graph, first those that have the first claim to a short name.

        These are the words of the ontologies, then those of others that the shapes let
        things have, then what else is used, by shapes or by the release's own description.
        """
        vocabulary = self._vocabulary
        own = vocabulary.of_kind(OWL.Class, *PROPERTY_KINDS)
        yield own
        ruled = {term for term in vocabulary.rules_on if isinstance(term, ox.NamedNode)}
        yield _sorted_terms(ruled - {*own, RDF.type})
        used = {*vocabulary.properties_used, *vocabulary.classes_used}
        yield _sorted_terms(used - ruled - {*own, RDF.type})

    def _defined(self, term: ox.NamedNode) -> Json:
        """The IRI of a term, with the coercion of its values where there is one."""
        iri = short(term).strip("<>")
        coercion = self._coercion(term)
        return {"@id": iri, **coercion} if coercion else iri

    def _coercion(self, term: ox.NamedNode) -> dict[str, str]:
        facts = self._vocabulary.facts
        use = self._vocabulary.properties_used.get(term)
        links = use is not None and use.links
        if links or OWL.ObjectProperty in facts.types(term):
            return {"@type": "@id"}
        datatype = self._datatype(term) or (use.datatype if use else None)
        if datatype == RDF.langString:
            return {"@language": LANGUAGE}
        if datatype is None or datatype in {XSD.string, XSD.boolean, XSD.integer}:
            return {}
        return {"@type": short(datatype).strip("<>")}

    def _datatype(self, term: ox.NamedNode) -> ox.NamedNode | None:
        """The datatype that the shapes want, the first of several."""
        facts = self._vocabulary.facts
        if facts.values(term, SG.earliestBound):
            return XSD.date
        for rule in self._vocabulary.rules_on.get(term, []):
            for datatype in facts.nodes(rule, SH.datatype):
                if isinstance(datatype, ox.NamedNode):
                    return datatype
            if facts.values(rule, SH.languageIn):
                return RDF.langString
        return None


class Writer:
    """Writes one document; what it wrote is told by its context."""

    def __init__(self, facts: Facts, context: Context) -> None:
        self._facts = facts
        self._context = context
        self._terms: set[ox.NamedNode] = set()
        self._datatypes: set[str] = set()
        self._written: set[Node] = set()
        self._apart: set[Node] = set()

    def thing(self, thing: ox.NamedNode) -> dict[str, Json]:
        """A document around *thing*: what it is, the claims about it, what else links to it."""
        linking = {subject for subject, _ in self._facts.pointing(thing)} - {thing}
        claims = [node for node in linking if self._facts.values(node, SG.evidence)]
        self._apart = {thing, *linking}
        document = self._node(thing)
        included = {
            CLAIMS: [self._node(node) for node in _sorted(claims)],
            LINKS: [self._node(node) for node in _sorted(linking - set(claims))],
        }
        rest = [node for node in self._facts.subjects if node not in self._written]
        included[LINKS] += [self._node(node) for node in rest if node not in self._written]
        return self._with_context({**document, **{k: v for k, v in included.items() if v}})

    def graph(self) -> dict[str, Json]:
        """A document of all things alike, in the order of their IRIs."""
        return self._with_context({"@graph": self.nodes()})

    def nodes(self) -> list[dict[str, Json]]:
        """All things alike, in the order of their IRIs, for a document with the whole context."""
        named = [node for node in self._facts.subjects if isinstance(node, ox.NamedNode)]
        self._apart = set(named)
        nodes = [self._node(node) for node in _sorted(named)]
        rest = [node for node in self._facts.subjects if node not in self._written]
        return nodes + [self._node(node) for node in rest if node not in self._written]

    def _with_context(self, document: dict[str, Json]) -> dict[str, Json]:
        return {"@context": self._context.of(self._terms, self._datatypes), **document}

    def _node(self, node: Node, path: tuple[Node, ...] = ()) -> dict[str, Json]:
        """Everything that is said of *node*, what it links to within."""
        self._written.add(node)
        written: dict[str, Json] = {"id": _id(node)}
        said = self._facts.about(node)
        types = [self._key(kind) for kind in self._facts.types(node)]
        if types:
            written["type"] = types[0] if len(types) == 1 else types
        # Names come first, as in any good entry.
        order = sorted(said, key=lambda p: (p != RDFS.label, self._key(p)))
        for predicate in order:
            values = [
                self._value(predicate, value, (*path, node))
                for value in said[predicate]
                if predicate != RDF.type or not isinstance(value, ox.NamedNode)
            ]
            if values:
                written[self._key(predicate)] = values[0] if len(values) == 1 else values
        return written

    def _value(self, predicate: ox.NamedNode, value: Value, path: tuple[Node, ...]) -> Json:
        if isinstance(value, ox.Literal):
            return self._literal(predicate, value)
        if (members := self._list(value)) is not None:
            return {"@list": [self._value(predicate, member, path) for member in members]}
        if value in self._apart:
            return self._reference(value)
        if value in self._facts and value not in path and len(path) < MAX_NESTING:
            return self._node(value, path)
        coerced = self._definition(predicate).get("@type") == "@id"
        return _id(value) if coerced else {"id": _id(value)}

    def _reference(self, node: Node) -> dict[str, Json]:
        """A thing that has its own place in the document: its IRI and its name."""
        written: dict[str, Json] = {"id": _id(node)}
        for label in self._facts.values(node, RDFS.label)[:1]:
            if isinstance(label, ox.Literal):
                written[self._key(RDFS.label)] = self._literal(RDFS.label, label)
        return written

    def _literal(self, predicate: ox.NamedNode, value: ox.Literal) -> Json:
        coerced = self._definition(predicate)
        if value.language:
            if coerced.get("@language") == value.language:
                return value.value
            return {"@value": value.value, "@language": value.language}
        if value.datatype == XSD.string:
            return {"@value": value.value} if coerced else value.value
        if "@type" not in coerced:
            if value.datatype == XSD.boolean and value.value in {"true", "false"}:
                return value.value == "true"
            if value.datatype == XSD.integer and _CANONICAL.fullmatch(value.value):
                return int(value.value)
        same = coerced.get("@type") == short(value.datatype).strip("<>")
        return value.value if same else self._typed(value)

    def _definition(self, predicate: ox.NamedNode) -> dict[str, str]:
        """What the context says of a property, where it says more than its IRI."""
        definition = self._context.definitions.get(self._context.keys.get(predicate, ""))
        return definition if isinstance(definition, dict) else {}

    def _typed(self, value: ox.Literal) -> dict[str, str]:
        datatype = short(value.datatype).strip("<>")
        self._datatypes.add(datatype)
        return {"type": datatype, "@value": value.value}

    def _list(self, head: Node) -> list[Value] | None:
        """The members, where *head* is nothing but a list, and has no place of its own."""
        if head == RDF.nil:
            return []
        members: list[Value] = []
        cells: list[Node] = []
        while head != RDF.nil:
            said = self._facts.about(head)
            plain = _is_blank(head) and said.keys() == {RDF.first, RDF.rest}
            if (
                head in self._apart
                or not plain
                or head in cells
                or len(self._facts.pointing(head)) != 1
            ):
                return None
            if any(len(values) != 1 for values in said.values()):
                return None
            (first,), (rest,) = said[RDF.first], said[RDF.rest]
            if isinstance(rest, ox.Literal):
                return None
            members.append(first)
            cells.append(head)
            head = rest
        self._written.update(cells)
        return members

    def _key(self, term: ox.NamedNode) -> str:
        self._terms.add(term)
        if term not in self._context.keys:
            name = short(term).strip("<>")
            self._datatypes.add(name)
            return name
        key = self._context.keys[term]
        self._datatypes.add(key)
        return key


def _sorted_terms(terms: Iterable[ox.NamedNode]) -> list[ox.NamedNode]:
    return sorted(terms, key=lambda term: term.value)


def _id(node: Node) -> str:
    return str(node) if _is_blank(node) else node.value


def _is_blank(node: Node) -> bool:
    return isinstance(node, ox.BlankNode)


def _sorted(nodes: Iterable[Node]) -> list[Node]:
    return sorted(nodes, key=lambda node: (_is_blank(node), node.value))
