"""What a caller can set in a saved query or rule, as its header declares it."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, get_args

import pyoxigraph as ox

from stancegraph.terms import XSD

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from stancegraph.sparql import Term

ParameterType: TypeAlias = Literal[
    "iri", "xsd:boolean", "xsd:date", "xsd:decimal", "xsd:integer", "xsd:string"
]
# What parameters are set to: a term, or those of a list, by name.
Terms: TypeAlias = "Mapping[str, Term | Sequence[Term]]"

TYPES: tuple[ParameterType, ...] = get_args(ParameterType)
KEYS = (
    "type", "kinds", "class", "scheme", "choices", "list", "optional", "default", "description",
)  # fmt: skip
TODAY = "today"  # as the default of a date: the day of the release
MAX_VALUES = 100  # that a caller may give for one list


@dataclass(frozen=True, slots=True)
class Parameter:
    """What a caller sets in a query.

    Attributes:
        name: Without ``?``.
        kinds: For an iri: what it may name, as in IRIs (``state``); empty for anything.
        choices: For an integer or string: the values allowed; empty for all.
        example: The term that stands in the file; of a list, the first.
        more_examples: The other terms of a list that stand in the file.
        classes: For an iri: IRIs of the classes of one of which it must be; empty for any.
        scheme: For an iri: the IRI of the code list that it must be from; empty for any.
        is_list: Whether it may be given several times.
        optional: Whether it may be left out, which leaves the variable unbound.
        default: What it is when left out, as a caller would write it; None for nothing.
    """

    name: str
    type: ParameterType
    kinds: tuple[str, ...]
    choices: tuple[str, ...]
    description: str
    example: Term
    more_examples: tuple[Term, ...] = ()
    classes: tuple[str, ...] = ()
    scheme: str = ""
    is_list: bool = False
    optional: bool = False
    default: tuple[str, ...] | None = None

    @property
    def examples(self) -> tuple[Term, ...]:
        """All terms that stand in the file, in its order."""
        return (self.example, *self.more_examples)

    @property
    def needed(self) -> bool:
        """Whether a caller must give it."""
        return not self.optional and self.default is None

    def fits(self, term: Term) -> bool:
        """Whether *term* is of this parameter's type."""
        if isinstance(term, ox.NamedNode):
            return self.type == "iri"
        return self.type != "iri" and term.datatype == XSD[self.type.removeprefix("xsd:")]


def as_tuple(value: Term | Sequence[Term]) -> tuple[Term, ...]:
    """What a parameter is set to, however many terms that is."""
    return (value,) if isinstance(value, ox.NamedNode | ox.Literal) else tuple(value)


def declared(
    name: str,
    declaration: Mapping[str, Any] | str,
    examples: Sequence[Term],
    prefixes: Mapping[str, str],
) -> Parameter | str:
    """The parameter that a header declares, or what is wrong with it.

    Args:
        declaration: Its type, or all that is said of it, by the keys ``KEYS``.
        examples: At least one term.
        prefixes: Those of the file, for the names of classes and schemes.
    """
    said: Mapping[str, Any] = {"type": declaration} if isinstance(declaration, str) else declaration
    if wrong := wrong_declaration(said):
        return wrong
    classes = said.get("class", [])
    iris: dict[str, str | None] = {
        word: whole_iri(word, prefixes)
        for word in ([classes] if isinstance(classes, str) else classes)
    }
    scheme = said.get("scheme", "")
    for word, iri in {**iris, **({scheme: whole_iri(scheme, prefixes)} if scheme else {})}.items():
        if iri is None:
            return f"{word!r} is no IRI: write it whole, or with a PREFIX of this file"
    parameter = Parameter(
        name,
        said["type"],
        tuple(said.get("kinds", ())),
        tuple(str(choice) for choice in said.get("choices", ())),
        said.get("description", ""),
        examples[0],
        tuple(examples[1:]),
        classes=tuple(iri for iri in iris.values() if iri),
        scheme=whole_iri(scheme, prefixes) or "",
        is_list=said.get("list", False),
        optional=said.get("optional", False),
        default=_default(said.get("default")),
    )
    return _wrong_examples(parameter) or parameter


def wrong_declaration(said: Mapping[str, Any]) -> str | None:
    """What is wrong with the keys and values of a declaration; None if nothing is."""
    if said.get("type") not in TYPES:
        return f"give its type: {', '.join(TYPES)}"
    wrong = (_wrong_value(str(key), value) for key, value in said.items())
    return next((told for told in wrong if told), None) or _wrong_together(said)


def _wrong_value(key: str, value: object) -> str | None:
    """What is wrong with one key of a declaration, whatever the others say."""
    if key not in KEYS:
        near = difflib.get_close_matches(key, KEYS, n=1)
        return f"unknown key {key!r}: write {' or '.join(near) or ', '.join(KEYS)}"
    if key in {"kinds", "choices"} and not isinstance(value, list):
        return f"{key} must be a list: [one, two]"
    if key in {"list", "optional"} and not isinstance(value, bool):
        return f"{key} must be true or false"
    if key in {"scheme", "description"} and not isinstance(value, str):
        return f"{key} must be text; put it in quotes"
    if key == "class" and not _is_words(value):
        return "class must be a name such as foaf:Person, or a list of them"
    return None


def _wrong_together(said: Mapping[str, Any]) -> str | None:
    """What does not go together in a declaration."""
    limits = [key for key in ("kinds", "class", "scheme") if key in said]
    wrong = {
        f"only an iri has {' or '.join(limits)}": limits and said["type"] != "iri",
        f"{' and '.join(limits)} say the same in two ways: keep one": len(limits) > 1,
        "only a string or an integer has choices; give an iri a scheme": (
            "choices" in said and said["type"] not in {"xsd:string", "xsd:integer"}
        ),
        "what has a default may be left out anyway: remove optional": (
            said.get("optional") and "default" in said
        ),
    }
    return next((told for told, is_so in wrong.items() if is_so), None)


def _is_words(value: object) -> bool:
    return isinstance(value, str) or (
        isinstance(value, list) and bool(value) and all(isinstance(item, str) for item in value)
    )


def whole_iri(word: str, prefixes: Mapping[str, str]) -> str | None:
    """The IRI that *word* is or, with one of *prefixes*, stands for; None where it is none."""
    prefix, _, local = word.partition(":")
    if prefix in prefixes:
        return prefixes[prefix] + local
    whole = word.strip("<>")
    return whole if "://" in whole or whole.startswith("urn:") else None


def _default(value: object) -> tuple[str, ...] | None:
    """What YAML made of a default, as a caller would write it."""
    if value is None:
        return None
    if isinstance(value, list):
        return tuple(str(item) for item in value)
    return (str(value).lower() if isinstance(value, bool) else str(value),)


def _wrong_examples(parameter: Parameter) -> str | None:
    if not all(parameter.fits(term) for term in parameter.examples):
        return f"the example is not of type {parameter.type}"
    if parameter.more_examples and not parameter.is_list:
        return "the example has several values: keep one, or say list: true"
    if parameter.default is not None and len(parameter.default) > 1 and not parameter.is_list:
        return "the default has several values: keep one, or say list: true"
    for term in parameter.examples:
        if parameter.choices and term.value not in parameter.choices:
            return f"the example {term.value!r} is none of the choices"
    return None
