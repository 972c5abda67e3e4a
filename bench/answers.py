"""Whether two servers gave the same answer, and if not, in what they differ."""

from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING

import pyoxigraph as ox

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from bench.client import Reply
    from bench.questions import Question

XSD = "http://www.w3.org/2001/XMLSchema#"
NUMBERS = {
    f"{XSD}{name}"
    for name in ("integer", "decimal", "double", "float", "int", "nonNegativeInteger")
}
# A row is its bindings; a triple its three terms; a term what kind it is of, its text, its type.
Term = tuple[str, str, str]
Rows = Counter[frozenset[tuple[str, Term]]]


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server answered, as a multiset of rows, of triples, or a truth value.

    Attributes:
        failure: Why there is none; empty if there is.
    """

    rows: Rows
    failure: str = ""


def read(question: Question, reply: Reply) -> Answer:
    """The answer in *reply*; nothing of its order is kept, and no label of a blank node."""
    if not reply.ok:
        told = " ".join(reply.body[:300].decode("utf-8", "replace").split())
        return Answer(Counter(), f"{reply.status or 'no answer'}: {told}")
    try:
        rows = _table(reply.body) if question.is_table else _triples(reply.body)
    except (ValueError, SyntaxError, KeyError) as error:
        return Answer(Counter(), f"unreadable: {error}")
    return Answer(rows)


def _table(body: bytes) -> Rows:
    found = json.loads(body)
    if "boolean" in found:
        return Counter([_truth(bool(found["boolean"]))])
    rows = found["results"]["bindings"]
    if found["head"]["vars"] == ["__ASK_RETVAL"]:  # how Virtuoso 7 writes what an ASK finds
        return Counter([_truth(any(row["__ASK_RETVAL"]["value"] == "1" for row in rows))])
    return Counter(frozenset((name, _term(term)) for name, term in row.items()) for row in rows)


def _truth(value: bool) -> frozenset[tuple[str, Term]]:
    return frozenset([("", ("boolean", str(value), ""))])


def _term(term: Mapping[str, Any]) -> Term:
    """A term of SPARQL JSON; xsd:string is what a literal is without saying so."""
    kind = str(term["type"])
    if kind == "bnode":
        return ("blank", "", "")
    if kind == "uri":
        return ("iri", str(term["value"]), "")
    more = str(term.get("xml:lang", "")).casefold() or str(term.get("datatype", ""))
    return ("literal", str(term["value"]), "" if more == f"{XSD}string" else more)


def _triples(body: bytes) -> Rows:
    return Counter({
        frozenset((name, _rdf(term)) for name, term in zip("spo", triple, strict=False))
        for triple in ox.parse(body, format=ox.RdfFormat.TURTLE)
    })  # fmt: skip


def _rdf(term: object) -> Term:
    if isinstance(term, ox.NamedNode):
        return ("iri", term.value, "")
    if isinstance(term, ox.Literal):
        more = (term.language or "").casefold() or term.datatype.value
        return ("literal", term.value, "" if more == f"{XSD}string" else more)
    return ("blank", "", "")


def difference(ours: Answer, theirs: Answer) -> str:
    """In what *theirs* differs from *ours*; empty if in nothing.

    What differs in one way alone, such as how numbers are written, is called so.
    """
    if theirs.failure or ours.failure:
        return f"error: {theirs.failure or ours.failure}"
    if ours.rows == theirs.rows:
        return ""
    for name, alike in ALIKE.items():
        if _through(alike, ours.rows) == _through(alike, theirs.rows):
            return name
    if set(ours.rows) == set(theirs.rows):
        return "the same rows, not as often"
    lacking = sum((ours.rows - theirs.rows).values())
    more = sum((theirs.rows - ours.rows).values())
    return f"{lacking} of {sum(ours.rows.values())} rows are not there, {more} others are"


def _through(alike: Callable[[Term], Term], rows: Rows) -> Rows:
    found: Rows = Counter()
    for row, times in rows.items():
        found[frozenset((name, alike(term)) for name, term in row)] += times
    return found


def _number(term: Term) -> Term:
    kind, text, datatype = term
    if datatype not in NUMBERS:
        return term
    try:
        return (kind, str(Decimal(text).normalize()), datatype)
    except InvalidOperation:
        return term


def _value(term: Term) -> Term:
    """A number whatever its type, to nine digits."""
    kind, text, datatype = term
    if datatype not in NUMBERS:
        return term
    try:
        return (kind, f"{float(text):.9g}", "number")
    except ValueError:
        return term


def _untyped(term: Term) -> Term:
    """A literal by its text alone; numbers and days to what all engines keep of them."""
    kind, text, _ = _value(term)
    if kind != "literal":
        return term
    return (kind, re.sub(r"^(\d{4}-\d\d(-\d\d)?)(Z|[+-]\d\d:\d\d)$", r"\1", text), "")


ALIKE: Mapping[str, Callable[[Term], Term]] = {
    "numbers are written otherwise": _number,
    "numbers have another type": _value,
    "literals have another type": _untyped,
}
