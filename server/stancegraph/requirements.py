"""What SHACL shapes ask for, in sentences: how many values, of what kind, within what bounds.

The sentences are made of the constraints themselves, so that they are there, and true, also
where a shape's author has written no message.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, TypeAlias, cast

import pyoxigraph as ox

from stancegraph.terms import RDF, SH, XSD, short

if TYPE_CHECKING:
    from stancegraph.facts import Facts, Node, Value

Name: TypeAlias = Callable[["Value"], str]

DATATYPES = {
    XSD.anyURI: "an address",
    XSD.boolean: "true or false",
    XSD.date: "a day",
    XSD.dateTime: "a moment",
    XSD.decimal: "a number",
    XSD.gYear: "a year",
    XSD.gYearMonth: "a month",
    XSD.hexBinary: "hexadecimal digits",
    XSD.integer: "a whole number",
    XSD.string: "plain text",
    RDF.langString: "text in a language that it names",
}
NODE_KINDS = {
    SH.IRI: "an IRI",
    SH.Literal: "a literal",
    SH.BlankNode: "a blank node",
    SH.BlankNodeOrIRI: "no literal",
    SH.BlankNodeOrLiteral: "no IRI",
    SH.IRIOrLiteral: "no blank node",
}
_BOUNDS = {
    SH.minInclusive: "at least",
    SH.minExclusive: "more than",
    SH.maxInclusive: "at most",
    SH.maxExclusive: "less than",
    SH.minLength: "as long as, in characters, at least",
    SH.maxLength: "as long as, in characters, at most",
}
_PAIRS = {
    SH.equals: "the same as those of",
    SH.disjoint: "none of those of",
    SH.lessThan: "less than those of",
    SH.lessThanOrEquals: "no more than those of",
}


def counts(facts: Facts, shape: Node) -> tuple[int, int | None]:
    """The least and the most values that the property shape *shape* allows; None for any."""
    least, most = facts.text(shape, SH.minCount), facts.text(shape, SH.maxCount)
    return int(least) if least else 0, int(most) if most else None


def cardinality(least: int, most: int | None) -> str:
    """How many values there are: ``exactly one``, ``any number``."""
    words = {0: "no", 1: "one", 2: "two", 3: "three"}
    low = words.get(least, str(least))
    if most is None:
        return f"at least {low}" if least else "any number"
    high = words.get(most, str(most))
    if least == most:
        return "none" if most == 0 else f"exactly {high}"
    return f"from {low} to {high}" if least else f"at most {high}"


def sentences(facts: Facts, shape: Node, name: Name) -> list[str]:
    """What *shape* asks for, a sentence each.

    Args:
        facts: What the shapes say.
        name: What to call a class, a property or another term.
    """
    found = []
    least, most = counts(facts, shape)
    if least or most is not None:
        found.append(f"There is {cardinality(least, most)}.")
    kinds = list(_kinds(facts, shape, name))
    if kinds:
        subject = "Each value" if facts.values(shape, SH.path) else "It"
        found.append(f"{subject} is {_joined(kinds, 'and')}.")
    found += [f"One of the values is {name(value)}." for value in facts.values(shape, SH.hasValue)]
    found += [
        f"Its values are {told} “{name(other)}”."
        for predicate, told in _PAIRS.items()
        for other in facts.values(shape, predicate)
    ]
    if facts.text(shape, SH.uniqueLang) == "true":
        found.append("There is one value a language.")
    if facts.text(shape, SH.closed) == "true":
        found.append("It has no other properties.")
    if facts.values(shape, SH.sparql):
        found.append("A query of the rule checks it.")
    return found


def wanted(facts: Facts, shape: Node, name: Name) -> str:
    """What each value is that a property shape asks for: ``a day``; empty where it says nothing."""
    return _joined(list(_kinds(facts, shape, name)), "and")


def members(facts: Facts, head: Node) -> Iterator[Value]:
    """The members of the RDF list *head*."""
    seen = set()
    while head != RDF.nil and head not in seen:
        seen.add(head)
        yield from facts.values(head, RDF.first)
        head = next(iter(facts.nodes(head, RDF.rest)), RDF.nil)


def predicates(facts: Facts, shape: Node) -> list[ox.NamedNode]:
    """The properties whose values *shape* judges: one, or each of an alternative path."""
    found: list[ox.NamedNode] = []
    for path in facts.nodes(shape, SH.path):
        if isinstance(path, ox.NamedNode):
            found.append(path)
        for head in facts.nodes(path, SH.alternativePath):
            found += [each for each in members(facts, head) if isinstance(each, ox.NamedNode)]
    return found


def _kinds(facts: Facts, shape: Node, name: Name) -> Iterator[str]:
    """What each value is, a part of a sentence each."""
    yield from (f"of the class “{name(kind)}”" for kind in facts.nodes(shape, SH["class"]))
    yield from map(_datatype, facts.nodes(shape, SH.datatype))
    for kind in facts.nodes(shape, SH.nodeKind):
        yield NODE_KINDS.get(cast("ox.NamedNode", kind), kind.value)
    for head in facts.nodes(shape, SH["in"]):
        yield f"one of {_joined([name(each) for each in members(facts, head)], 'or')}"
    for predicate, told in _BOUNDS.items():
        yield from (f"{told} {name(bound)}" for bound in facts.values(shape, predicate))
    for head in facts.nodes(shape, SH.languageIn):
        languages = _joined([name(each) for each in members(facts, head)], "or")
        yield f"in the language {languages}"
    yield from _logical(facts, shape, name)
    yield from (f"written as {name(pattern)}" for pattern in facts.values(shape, SH.pattern))


def _logical(facts: Facts, shape: Node, name: Name) -> Iterator[str]:
    """What the shapes within *shape* say each value is; what cannot be told whole is not told."""

    def told(inner: Node) -> str:
        return _joined(list(_kinds(facts, inner, name)), "and")

    for inner in facts.nodes(shape, SH.node):
        yield from _kinds(facts, inner, name)
    for predicate, word in ((SH["or"], "or"), (SH.xone, "or else"), (SH["and"], "and")):
        for head in facts.nodes(shape, predicate):
            parts = [
                told(each) for each in members(facts, head) if not isinstance(each, ox.Literal)
            ]
            if parts and all(parts):
                yield _joined(parts, word)
    yield from (f"not {part}" for part in map(told, facts.nodes(shape, SH["not"])) if part)


def _datatype(datatype: Node) -> str:
    if isinstance(datatype, ox.NamedNode) and datatype in DATATYPES:
        return DATATYPES[datatype]
    return f"of the datatype {short(datatype.value)}"


def _joined(parts: Sequence[str], word: str) -> str:
    """*parts* as a sentence has them: ``a, b or c``."""
    if len(parts) < 2:  # noqa: PLR2004
        return "".join(parts)
    return f"{', '.join(parts[:-1])} {word} {parts[-1]}"
