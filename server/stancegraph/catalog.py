"""The catalogue of saved queries, and what a caller means by a parameter."""

from __future__ import annotations

import datetime
import decimal
import difflib
import json
import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyoxigraph as ox

from stancegraph import names as naming
from stancegraph.errors import BadParameter, BadQueryFile, UnknownQuery
from stancegraph.names import short_key
from stancegraph.parameters import MAX_VALUES, TODAY
from stancegraph.queryfile import not_declared, read_queries
from stancegraph.terms import XSD, short

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from stancegraph.names import Names
    from stancegraph.parameters import Parameter, ParameterType
    from stancegraph.queryfile import SavedQuery
    from stancegraph.sparql import Term


class Catalog:
    """The saved queries of a graph folder or release, in the order of their names.

    Attributes:
        names: What things are called, for reading parameters; empty without a release.
    """

    def __init__(self, queries: Sequence[SavedQuery], names: Names) -> None:
        self._queries = {query.name: query for query in sorted(queries, key=lambda q: q.name)}
        self.names = names

    @classmethod
    def load(cls, root: Path) -> Catalog:
        """Read ``queries/`` under *root*, and the names of things where a build wrote them.

        Raises:
            BadQueryFile: a file cannot be used; the first problem of the first such file.
        """
        queries, problems = read_queries(root)
        for problem in problems:
            raise BadQueryFile(problem.path, problem.line or 1, problem.message)
        stored = root / naming.FILE
        return cls(queries, naming.Names.load(stored) if stored.is_file() else cls.nameless())

    @staticmethod
    def nameless() -> Names:
        """The names of a graph that has no release yet: none."""
        return naming.Names("", {})

    def query(self, name: str) -> SavedQuery:
        """The query *name*.

        Raises:
            UnknownQuery: there is none; the error names those that are written alike.
        """
        if name not in self._queries:
            raise UnknownQuery(name, difflib.get_close_matches(name, self._queries, cutoff=0.5))
        return self._queries[name]

    def __iter__(self) -> Iterator[SavedQuery]:
        return iter(self._queries.values())

    def __len__(self) -> int:
        return len(self._queries)


def read_terms(
    query: SavedQuery, values: Mapping[str, str | Sequence[str]], names: Names
) -> dict[str, Term | tuple[Term, ...]]:
    """The terms that a caller's *values* mean, keyed by parameter name; of a list, a tuple.

    An IRI may be given whole, by its key (``CAN``), with its kind (``state/CAN``), or by any
    name that *names* knows; a date as ``2024-12-31``. What may be left out has its default
    then, or no entry; a blank counts as left out.

    Raises:
        BadParameter: values are missing, undeclared, or mean nothing; the error says of each
            what would be right.
    """
    problems = {
        name: not_declared(name, query.params) for name in values if name not in query.params
    }
    terms: dict[str, Term | tuple[Term, ...]] = {}
    for name, parameter in query.params.items():
        given = values.get(name, ())
        try:
            found = read_values(parameter, [given] if isinstance(given, str) else given, names)
        except BadParameter as error:
            problems |= error.problems
            continue
        if parameter.is_list and found:
            terms[name] = found
        elif found:
            terms[name] = found[0]
    if problems:
        (first, told), *others = problems.items()
        raise BadParameter(first, told, **dict(others))
    return terms


def read_values(parameter: Parameter, given: Sequence[str], names: Names) -> tuple[Term, ...]:
    """The terms that the values *given* for a parameter mean, each once.

    Raises:
        BadParameter: one of them means nothing, or they are too few or too many.
    """
    name = parameter.name
    texts = [text.strip() for text in given]
    if parameter.is_list or not parameter.needed:
        texts = [text for text in texts if text]
    if not texts and parameter.default is not None:
        texts = [names.today if text == TODAY else text for text in parameter.default]
    if not texts and not parameter.optional:
        what = f": {parameter.description}" if parameter.description else ""
        raise BadParameter(name, f"is missing{what}; for example {typed_example(parameter, names)}")
    bound = MAX_VALUES if parameter.is_list else 1
    if len(texts) > bound:
        told = f"takes up to {bound} values" if parameter.is_list else "takes one value"
        raise BadParameter(name, f"{told}, not {len(texts)}")
    terms = [_READERS[parameter.type](parameter, text, names) for text in texts]
    for text, term in zip(texts, terms, strict=True):
        if parameter.choices and term.value not in parameter.choices:
            raise BadParameter(name, f"{text!r} is none of {', '.join(parameter.choices)}")
    return tuple(dict.fromkeys(terms))


def default_terms(parameter: Parameter, names: Names) -> tuple[Term, ...]:
    """What *parameter* is when a caller leaves it out; nothing without a default.

    Raises:
        BadParameter: the default means nothing in this graph.
    """
    return () if parameter.default is None else read_values(parameter, (), names)


@dataclass(frozen=True, slots=True)
class Allowed:
    """What an IRI parameter may name.

    Attributes:
        kinds: What keys begin with: ``state``, ``code/rank``; empty for anything.
        among: The keys allowed, where not all of these kinds are; None for all.
        unlisted: Those of *kinds* that have things without names, which no list holds.
        called: What to call one in a sentence: ``state, area or organisation``.
    """

    kinds: tuple[str, ...]
    among: frozenset[str] | None
    unlisted: frozenset[str]
    called: str

    @classmethod
    def by(cls, parameter: Parameter, names: Names) -> Allowed:
        """What *parameter* declares, as far as *names* knows."""
        sorts = names.sorts
        unnamed = {kind for kind in parameter.kinds if not names.knows(kind)}
        unnamed |= sorts.unnamed.keys() & set(parameter.kinds)
        kinds, among, called = parameter.kinds, None, _any(parameter.kinds)
        if parameter.scheme:
            among = frozenset(sorts.schemes.get(parameter.scheme, ()))
            kinds = tuple(sorted({key.rpartition("/")[0] for key in among}))
            called = _any([re.split("[/#]", parameter.scheme)[-1]])
        elif parameter.classes:
            wanted = set(parameter.classes)
            among = frozenset(
                key for iri in parameter.classes for key in sorts.classes.get(iri, ())
            )
            unnamed = {kind for kind, found in sorts.unnamed.items() if wanted.intersection(found)}
            kinds = tuple(sorted({key.partition("/")[0] for key in among} | unnamed))
            called = _any([short(iri) for iri in parameter.classes])
        return cls(kinds, among, frozenset(unnamed), called)

    @property
    def anything(self) -> bool:
        """Whether any IRI will do."""
        return not self.kinds and self.among is None

    def keys(self, names: Names) -> list[str]:
        """The keys of the things that *names* lists and that are allowed, by their names."""
        found = names.by_key.keys() if self.among is None else self.among
        of_kind = [
            key
            for key in found
            if not self.kinds or any(key.startswith(f"{kind}/") for kind in self.kinds)
        ]
        return sorted(of_kind, key=lambda key: (names.by_key[key][0].casefold(), key))

    def classes(self, names: Names) -> list[str]:
        """The classes that tell what is allowed: of each kind the narrowest that all are of."""
        unnamed = names.sorts.unnamed
        shared = Counter(iri for found in unnamed.values() for iri in found)
        by_class = {iri: set(keys) for iri, keys in names.sorts.classes.items()}
        found: dict[str, None] = {}
        for kind in self.kinds:
            keys = {key for key in names.by_key if key.startswith(f"{kind}/")}
            if self.among is not None:
                keys &= self.among
            fitting = [iri for iri, things in by_class.items() if keys and keys <= things]
            if not keys:
                fitting = list(unnamed.get(kind, ()))
            if not fitting:
                return []
            narrowest = min(fitting, key=lambda iri: (len(by_class.get(iri, ())), shared[iri], iri))
            found[narrowest] = None
        return list(found)

    def has(self, key: str, names: Names) -> bool:
        """Whether *key* may be meant: it is listed, or of a kind that lists cannot hold."""
        if key.partition("/")[0] in self.unlisted:
            return True
        return bool(names.find(key, (), self.among)) and (
            not self.kinds or any(key.startswith(f"{kind}/") for kind in self.kinds)
        )

    def short(self, key: str, names: Names) -> str:
        """The shortest that a caller can write for *key*, without leaving doubt."""
        text = short_key(key, self.kinds)
        return text if names.find(text, self.kinds, self.among) == [key] else key


def _read_iri(parameter: Parameter, text: str, names: Names) -> Term:
    bare = text[1:-1] if text.startswith("<") and text.endswith(">") else text
    allowed = Allowed.by(parameter, names)
    if re.match(r"[A-Za-z][A-Za-z0-9+.-]*:\S+$", bare):
        return _read_whole(parameter, bare, allowed, names)
    kinds = allowed.kinds
    kind = next((kind for kind in kinds if bare.startswith(f"{kind}/")), None)
    if kind is not None:
        bare, kinds = bare.removeprefix(f"{kind}/"), (kind,)
    found = names.find(bare, kinds, allowed.among)
    if len(found) == 1:
        return _named(parameter, names.iri(found[0]))
    if kind in allowed.unlisted and names.base:
        return _named(parameter, names.iri(f"{kind}/{bare}"))
    if found:
        raise BadParameter(
            parameter.name, f"{text!r} may mean {' or '.join(found)}: write one of these"
        )
    called = allowed.called if kind is None else _any(kinds)
    raise BadParameter(
        parameter.name, f"no {called} is called {bare!r}; {_instead(parameter, bare, kinds, names)}"
    )


def _read_whole(parameter: Parameter, text: str, allowed: Allowed, names: Names) -> ox.NamedNode:
    """The IRI *text*, where it may be meant.

    Raises:
        BadParameter: it is no IRI, or of nothing that is allowed.
    """
    iri = _named(parameter, text)
    if allowed.anything or not names.base:
        return iri
    key = names.key(text)
    if key is not None and allowed.has(key, names):
        return iri
    if key is not None and key in names.by_key:
        what = f"is {names.told(key, [key.partition('/')[0]])}, which is no {allowed.called}"
    else:
        what = f"names no {allowed.called} of this graph"
    words = (key or re.split("[/#]", text)[-1]).rpartition("/")[2]
    problem = f"<{text}> {what}; {_instead(parameter, words, allowed.kinds, names)}"
    raise BadParameter(parameter.name, problem)


def _instead(parameter: Parameter, text: str, kinds: Sequence[str], names: Names) -> str:
    """What a caller could write for *text*, which is wrong."""
    allowed = Allowed.by(parameter, names)
    if near := names.near(text, kinds, allowed.among):
        return f"did you mean {' or '.join(near)}?"
    if parameter.scheme and allowed.among:
        codes = [allowed.short(key, names) for key in allowed.keys(names)]
        return f"write one of {', '.join(codes)}"
    return f"give a key, a name or an IRI, as {typed_example(parameter, names)}"


def _any(words: Sequence[str]) -> str:
    """What to call things of any of these kinds: ``state, area or organisation``."""
    *more, last = [word.replace("-", " ") for word in words] or ["thing"]
    return f"{', '.join(more)} or {last}" if more else last


def _named(parameter: Parameter, iri: str) -> ox.NamedNode:
    try:
        return ox.NamedNode(iri)
    except ValueError as error:
        raise BadParameter(parameter.name, f"{iri!r} is no IRI: {error}") from error


def _read_date(parameter: Parameter, text: str, names: Names) -> Term:
    try:
        if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
            raise ValueError  # noqa: TRY301 - other ISO forms are no xsd:date
        datetime.date.fromisoformat(text)
    except ValueError:
        problem = f"{text!r} is no day; write year-month-day, as {typed_example(parameter, names)}"
        raise BadParameter(parameter.name, problem) from None
    return ox.Literal(text, datatype=XSD.date)


def _read_integer(parameter: Parameter, text: str, _names: Names) -> Term:
    if not re.fullmatch(r"[+-]?[0-9]{1,18}", text):
        raise BadParameter(parameter.name, f"{text!r} is no whole number of up to 18 digits")
    return ox.Literal(str(int(text)), datatype=XSD.integer)


def _read_decimal(parameter: Parameter, text: str, _names: Names) -> Term:
    if not re.fullmatch(r"[+-]?([0-9]{1,15}(\.[0-9]{0,15})?|\.[0-9]{1,15})", text):
        problem = f"{text!r} is no number; write digits with a point, as 0.5"
        raise BadParameter(parameter.name, problem)
    return ox.Literal(f"{decimal.Decimal(text).normalize():f}", datatype=XSD.decimal)


def _read_boolean(parameter: Parameter, text: str, _names: Names) -> Term:
    if text.casefold() not in {"true", "false"}:
        raise BadParameter(parameter.name, f"{text!r} is neither true nor false")
    return ox.Literal(text.casefold(), datatype=XSD.boolean)


def _read_string(_parameter: Parameter, text: str, _names: Names) -> Term:
    return ox.Literal(text)


_READERS: dict[ParameterType, Callable[[Parameter, str, Names], Term]] = {
    "iri": _read_iri,
    "xsd:boolean": _read_boolean,
    "xsd:date": _read_date,
    "xsd:decimal": _read_decimal,
    "xsd:integer": _read_integer,
    "xsd:string": _read_string,
}


def typed(parameter: Parameter, term: Term, names: Names) -> str:
    """What a caller would write to set *parameter* to *term*: ``CAN``."""
    key = names.key(term.value) if isinstance(term, ox.NamedNode) and names.base else None
    if key is None:
        return term.value
    allowed = Allowed.by(parameter, names)
    if key not in names.by_key:
        return key
    return allowed.short(key, names)


def typed_example(parameter: Parameter, names: Names) -> str:
    """The example of *parameter* as a caller may write it: ``country=CAN``."""
    texts = [typed(parameter, term, names) for term in parameter.examples]
    return " ".join(f"{parameter.name}={text}" for text in texts)


def python_call(query: str, values: Mapping[str, str | Sequence[str]]) -> str:
    """What asks a saved query by the client: ``query("votes/resolution", resolution="…")``."""
    # Texts and lists of them are written alike in JSON and in Python.
    words = [json.dumps(query)]
    words += [f"{name}={json.dumps(given, ensure_ascii=False)}" for name, given in values.items()]
    return f"query({', '.join(words)})"
