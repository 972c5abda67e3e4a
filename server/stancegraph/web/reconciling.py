"""Reconciliation queries and results as JSON, in two versions of the W3C community group's API.

Version 0.2 is what OpenRefine speaks; the draft of 1.0 wraps queries and results in arrays and
calls what a query asks for conditions. Both are read into the same queries.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Literal, cast

import pyoxigraph as ox

from stancegraph.errors import BadRequest
from stancegraph.reconcile import Condition, Quantifier, Query
from stancegraph.search import plain
from stancegraph.terms import XSD

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from stancegraph.engine import Term
    from stancegraph.matching import Candidate
    from stancegraph.names import Names
    from stancegraph.wordlist import Word, Words

    Json = dict[str, Any]

Version = Literal["0.2", "1.0-draft"]
VERSIONS: tuple[Version, ...] = ("0.2", "1.0-draft")
OLD, DRAFT = VERSIONS

LIMIT = 5  # candidates, unless a query says otherwise
MOST = 50
MAX_CONDITIONS = 10
MAX_VALUES = 50
MAX_CLASSES = 10
MAX_TEXT = 1000  # characters of a value

_NUMBERS = {
    **dict.fromkeys((XSD.integer, XSD.int, XSD.long, XSD.nonNegativeInteger), "int"),
    **dict.fromkeys((XSD.decimal, XSD.double, XSD.float), "float"),
}


class Reader:
    """Reads queries; whoever wrote one that cannot be read is told why."""

    def __init__(self, types: Words, properties: Words) -> None:
        self._types = types
        self._properties = properties

    def query(self, given: object, version: Version) -> Query:
        """The query that *given*, as JSON holds it, is in that *version*.

        Raises:
            BadRequest: it is none.
        """
        if not isinstance(given, dict):
            raise BadRequest("a query is an object")
        query = self._conditions(given) if version == DRAFT else self._properties_of(given)
        if not query.texts and not query.conditions:
            raise BadRequest("a query has a name or a value of a property to look for")
        return query

    def _properties_of(self, given: Json) -> Query:
        """A query of version 0.2."""
        text = given.get("query", "")
        if not isinstance(text, str):
            raise BadRequest("query is a text")
        conditions = []
        for each in _list(given.get("properties", ()), "properties", MAX_CONDITIONS):
            if not isinstance(each, dict) or not isinstance(each.get("pid"), str):
                raise BadRequest("each of properties has a pid and a v")
            name = self._properties.read(each["pid"])
            conditions.append(Condition(name, _values(each.get("v"))))
        return Query(
            texts=(text,) if plain(text) else (),
            classes=self._classes(given.get("type")),
            conditions=tuple(each for each in conditions if each.values),
            limit=_limit(given.get("limit")),
        )

    def _conditions(self, given: Json) -> Query:
        """A query of the draft of 1.0."""
        texts: list[str] = []
        conditions = []
        for each in _list(given.get("conditions"), "conditions", MAX_CONDITIONS):
            if not isinstance(each, dict) or each.get("matchType") not in {"name", "property"}:
                raise BadRequest("each of conditions has a matchType, name or property")
            if "matchQualifier" in each:
                raise BadRequest("there are no values for matchQualifier")
            values = _values(each.get("v"))
            if each["matchType"] == "name":
                texts += (value for value in values if plain(value))
                continue
            pid = each.get("pid", each.get("propertyId"))
            if not isinstance(pid, str):
                raise BadRequest("a condition on a property has its pid")
            required, quantifier = each.get("required", False), each.get("matchQuantifier", "any")
            if not isinstance(required, bool) or quantifier not in {"any", "all", "none"}:
                raise BadRequest("required is true or false, matchQuantifier any, all or none")
            conditions.append(
                Condition(
                    self._properties.read(pid), values, required, cast("Quantifier", quantifier)
                )
            )
        return Query(
            texts=tuple(texts),
            classes=self._classes(given.get("type")),
            conditions=tuple(each for each in conditions if each.values),
            limit=_limit(given.get("limit")),
        )

    def _classes(self, given: object) -> tuple[str, ...]:
        """The IRIs of the classes that *given* names: one, a list, or none."""
        if given is None or given == "":
            return ()
        named = _list(given if isinstance(given, list) else [given], "type", MAX_CLASSES)
        texts = [each.get("id") if isinstance(each, dict) else each for each in named]
        if not all(isinstance(text, str) for text in texts):
            raise BadRequest("a type is named by its id")
        return tuple(dict.fromkeys(self._types.read(cast("str", text)) for text in texts))


def _list(given: object, name: str, most: int) -> Sequence[object]:
    if not isinstance(given, list | tuple):
        raise BadRequest(f"{name} is an array")
    if len(given) > most:
        raise BadRequest(f"{name} has {len(given)} entries, more than {most}")
    return given


def _values(given: object) -> tuple[str, ...]:
    """The values that *given* is: texts, numbers, yes or no, things by their ids; one or many.

    Raises:
        BadRequest: it is none of these.
    """
    texts = []
    for value in _list(given if isinstance(given, list) else [given], "v", MAX_VALUES):
        one = value.get("id") if isinstance(value, dict) else value
        if isinstance(one, bool):
            one = str(one).lower()
        if not isinstance(one, str | int | float):
            raise BadRequest("a value is a text, a number, true, false, or a thing with its id")
        text = f"{one}".strip()
        if len(text) > MAX_TEXT:
            raise BadRequest(f"a value has {len(text)} characters, more than {MAX_TEXT}")
        if text:
            texts.append(text)
    return tuple(texts)


def _limit(given: object) -> int:
    if given is None:
        return LIMIT
    if isinstance(given, bool) or not isinstance(given, int | float) or not given >= 1:
        raise BadRequest("limit is a whole number from 1 up")
    return int(min(given, MOST))


def told_candidate(candidate: Candidate, types: Sequence[Word], version: Version) -> Json:
    """*candidate* as a result has it."""
    features: list[Json] = [
        {"id": "whole_name", "name": "the text is a name", "value": candidate.way == 0},
        {"id": "words_alike", "name": "words in common, of 1", "value": candidate.alike},
        {"id": "mistakes", "name": "letters that differ", "value": candidate.mistakes},
    ]
    if version == OLD:
        features = [{"id": each["id"], "value": each["value"]} for each in features]
    told: Json = {
        "id": candidate.key,
        "name": candidate.label,
        "description": described(candidate.name, candidate.label, types),
        "type": [word.reference for word in types],
        "score": candidate.score,
        "match": candidate.certain,
        "features": features,
    }
    return told


def described(name: str, label: str, types: Sequence[Word]) -> str:
    """What a thing is, and by which name it was found where that is not its *label*."""
    sort = types[0].name if types else "thing"
    return sort if name == label else f"{sort}, also called {name}"


def told_value(term: Term, names: Names, version: Version) -> Json:
    """*term*, a value, as a data extension has it."""
    if isinstance(term, ox.NamedNode):
        key = names.key(term.value)
        if key is not None and key in names.by_key and key not in names.elsewhere:
            return {"id": key, "name": names.by_key[key][0]}
        return {"str": term.value}
    if not isinstance(term, ox.Literal):
        return {"str": str(term)}
    told: Json = {"str": term.value}
    kind = _NUMBERS.get(term.datatype)
    if kind == "int":
        told = {"int": int(term.value)}
    elif kind == "float" and math.isfinite(float(term.value)):
        told = {"float": float(term.value)}
    elif term.datatype == XSD.date and not term.value.startswith("-"):
        told = {"date": f"{term.value[:10]}T00:00:00Z"}
    elif term.language and version == DRAFT:
        told["lang"] = term.language
    return told


def in_language(terms: Iterable[Term], language: str) -> list[Term]:
    """*terms* without texts in other languages than *language*; all, if that is blank."""
    return [
        term
        for term in terms
        if not language
        or not isinstance(term, ox.Literal)
        or term.language is None
        or term.language == language
    ]


def told_rows(
    keys: Sequence[str],
    properties: Sequence[str],
    values: Mapping[tuple[str, str], Sequence[Json]],
    version: Version,
) -> Json | list[Json]:
    """The rows of a data extension: by thing, then property, the values."""
    if version == OLD:
        return {
            key: {name: list(values.get((key, name), ())) for name in properties} for key in keys
        }
    return [
        {
            "id": key,
            "properties": [
                {"id": name, "values": list(values.get((key, name), ()))} for name in properties
            ],
        }
        for key in keys
    ]
