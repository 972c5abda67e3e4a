"""Which triples a query can read, as far as its text tells.

The answer to a query depends on the triples whose predicates stand in it; of those of
``rdf:type``, on those whose class does. A build asks a query again only if some of these
changed, and gives it only these. `Reads.of` errs on the safe side: what it cannot follow
reads everything.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from stancegraph import sparql
from stancegraph.errors import QuerySyntaxError
from stancegraph.sparql import Kind
from stancegraph.terms import RDF

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from stancegraph.sparql import Token

TYPE = str(RDF.type)
# What a query with one of these says may differ from one evaluation to the next.
VOLATILE = frozenset(("BNODE", "NOW", "RAND", "STRUUID", "UUID"))
_BLANK = "_:"
_TERMS = frozenset((Kind.IRI, Kind.NAME, Kind.VARIABLE, Kind.BLANK, Kind.STRING, Kind.NUMBER))
_SIGNS = frozenset("+-")


@dataclass(frozen=True, slots=True)
class Reads:
    """What a query can read.

    Attributes:
        slots: Names of slots as `lines.Lines` has them: ``<predicate>``, for the types of
            things ``<rdf:type> <class>``, or ``<rdf:type>`` for all types; None for everything.
        volatile: Whether the same triples may give another answer.
        through: Slots whose subjects (``True``) or objects (``False``) are predicates that
            it reads too, as where the graph itself says which properties hold dates.
    """

    slots: frozenset[str] | None
    volatile: bool = False
    through: frozenset[tuple[str, bool]] = frozenset()

    @classmethod
    def of(cls, query: str) -> Reads:
        """What *query*, which is SPARQL, can read."""
        try:
            found = sparql.kept_tokens(query)
        except QuerySyntaxError:
            return cls(None, volatile=True)
        volatile = any(token.is_word(*VOLATILE) for token in found)
        try:
            walk = _Walk(found)
            return cls(frozenset(walk.slots()), volatile, frozenset(walk.through))
        except _LostError:
            return cls(None, volatile)

    @classmethod
    def joined(cls, reads: Iterable[Reads]) -> Reads:
        """What all of *reads* can read together."""
        parts = list(reads)
        slots: set[str] | None = set()
        for part in parts:
            slots = None if slots is None or part.slots is None else slots | part.slots
        return cls(
            None if slots is None else frozenset(slots),
            any(part.volatile for part in parts),
            frozenset(pair for part in parts for pair in part.through),
        )

    def covers(self, slot: str) -> bool:
        """Whether the triples of *slot* are among what can be read."""
        if self.slots is None or slot in self.slots:
            return True
        return slot.startswith(TYPE) and TYPE in self.slots


EVERYTHING = Reads(None)


class _LostError(Exception):  # never leaves this module
    """The query reads everything, or has what this module does not follow."""


@dataclass(slots=True)
class _Group:
    """One pair of braces.

    A path such as ``p*`` also joins each node of the graph with itself, and a graph of fewer
    triples has fewer nodes. This makes no difference where a triple pattern beside it has one
    of its variables.

    Attributes:
        bound: The variables of its triple patterns.
        nullable: The variables at the ends of each path that may have no length.
        verbs: The variables that stand for predicates.
        values: For variables that its VALUES bind to IRIs and nothing else, these.
        of_slots: For variables that are subjects (``True``) or objects of triples of one
            predicate, this slot.
    """

    bound: set[str] = field(default_factory=set)
    nullable: list[set[str]] = field(default_factory=list)
    verbs: set[str] = field(default_factory=set)
    values: dict[str, set[str]] = field(default_factory=dict)
    of_slots: dict[str, tuple[str, bool]] = field(default_factory=dict)


class _Verb(NamedTuple):
    """What joins a subject and an object: the slot of one predicate, or something else."""

    slot: str | None = None
    nullable: bool = False


class _Walk:
    """Reads the patterns of a query from its tokens."""

    def __init__(self, found: Sequence[Token]) -> None:
        self._tokens = found
        self._prefixes = sparql.prefixes(found)
        self._at = 0
        self._slots: set[str] = set()
        self.through: set[tuple[str, bool]] = set()

    def slots(self) -> set[str]:
        """What all its triple patterns read.

        Raises:
            _LostError: this cannot be told.
        """
        if any(token.is_word("BASE", "DESCRIBE", "GRAPH", "SERVICE") for token in self._tokens):
            raise _LostError
        while self._at < len(self._tokens):
            token = self._take()
            if token.is_word("CONSTRUCT") and self._sees("{"):
                self._skip_braces()
            elif token.is_word("VALUES"):
                self._values()
            elif token.text == "{":
                self._group()
        return self._slots

    def _sees(self, *texts: str) -> bool:
        return self._at < len(self._tokens) and self._tokens[self._at].text in texts

    def _next(self) -> Token:
        if self._at >= len(self._tokens):
            raise _LostError
        return self._tokens[self._at]

    def _take(self) -> Token:
        token = self._next()
        self._at += 1
        return token

    def _skip_braces(self) -> None:
        """Pass over braces and what is in them."""
        depth = 0
        while True:
            depth += {"{": 1, "}": -1}.get(self._take().text, 0)
            if depth == 0:
                return

    def _values(self) -> dict[str, set[str]]:
        """Read what follows VALUES: for each variable, the IRIs, if it has nothing else."""
        names = []
        while not self._sees("{"):
            token = self._take()
            names += [token.text[1:]] if token.kind is Kind.VARIABLE else []
        start = self._at
        self._skip_braces()
        terms = [t for t in self._tokens[start + 1 : self._at - 1] if t.text not in {"(", ")"}]
        if any(token.kind not in (Kind.IRI, Kind.NAME) for token in terms):
            return {}
        return {
            name: {self._iri(token) for token in terms[number :: len(names)]}
            for number, name in enumerate(names)
        }

    def _group(self) -> None:
        """Read a group whose brace has been taken."""
        group = _Group()
        if self._next().is_word("SELECT"):
            self._select()
            return
        while not self._sees("}"):
            token = self._next()
            if token.text in {".", "{"}:
                self._take()
                if token.text == "{":
                    self._group()
            elif token.is_word("OPTIONAL", "MINUS", "UNION"):
                self._take()
            elif token.is_word("VALUES"):
                self._take()
                group.values |= self._values()
            elif token.is_word("FILTER", "BIND"):
                self._take()
                self._expression()
            else:
                self._triples(group)
        self._take()
        self._close(group)

    def _close(self, group: _Group) -> None:
        """Add what the variables of a whole *group* read that stand for predicates."""
        if any(not ends & group.bound for ends in group.nullable):
            raise _LostError
        for name in group.verbs:
            if name in group.values:
                self._slots |= group.values[name]
            elif name in group.of_slots:
                self.through.add(group.of_slots[name])
            else:
                raise _LostError

    def _select(self) -> None:
        """Read a sub-SELECT and the brace behind it."""
        while not self._sees("}"):
            token = self._take()
            if token.is_word("VALUES"):
                self._values()
            elif token.text == "{":
                self._group()
            elif token.text == "(":
                self._at -= 1
                self._expression()
        self._take()

    def _expression(self) -> None:
        """Read what follows FILTER or BIND: a bracket, a call, or [NOT] EXISTS and a group."""
        while not self._sees("(", "{"):
            if self._take().text == "}":
                raise _LostError
        if self._take().text == "{":
            self._group()
            return
        depth = 1
        while depth:
            token = self._take()
            depth += {"(": 1, ")": -1}.get(token.text, 0)
            if token.text == "{":
                self._group()

    def _triples(self, group: _Group) -> None:
        """Read a subject and all that is said of it."""
        if self._sees("["):
            self._take()
            self._said_of(_BLANK, group, end="]")
            if self._sees(".", "}"):
                return
            subject = _BLANK
        else:
            subject = self._term()
        self._said_of(subject, group, end="")

    def _said_of(self, subject: str, group: _Group, *, end: str) -> None:
        """Read verbs and objects, up to the bracket *end* or to what ends a statement."""
        while True:
            while self._sees(";"):
                self._take()
            if self._sees(end) and end:
                self._take()
                return
            if not end and self._sees(".", "}"):
                return
            if self._next().kind is Kind.VARIABLE:
                group.verbs.add(self._take().text[1:])
                verb = _Verb()
            else:
                verb = self._path()
            while True:
                self._object(subject, verb, group)
                if not self._sees(","):
                    break
                self._take()
            if not self._sees(";", end or "."):
                # A statement may end without its dot before a brace or a keyword.
                if end:
                    raise _LostError
                return

    def _object(self, subject: str, verb: _Verb, group: _Group) -> None:
        if self._sees("["):
            self._take()
            value = _BLANK
            self._said_of(_BLANK, group, end="]")
        else:
            value = self._term()
        if verb.slot == TYPE:
            self._slots.add(f"{TYPE} {value}" if value.startswith("<") else TYPE)
        ends = {end[1:]: end is subject for end in (value, subject) if end[0] in "?$"}
        if verb.nullable:
            group.nullable.append(set(ends))
            return
        group.bound |= ends.keys()
        if verb.slot is not None:
            group.of_slots |= {end: (verb.slot, is_subject) for end, is_subject in ends.items()}

    def _term(self) -> str:
        """An IRI as ``<…>``, a variable as written, ``_:`` or ``""`` for anything else."""
        token = self._take()
        if token.text in _SIGNS:
            token = self._take()
        if token.kind in (Kind.IRI, Kind.NAME):
            return self._iri(token)
        if token.kind is Kind.VARIABLE:
            return token.text
        if token.kind is Kind.STRING:
            if self._at < len(self._tokens) and self._next().kind is Kind.LANGUAGE:
                self._take()
            elif self._sees("^^"):
                self._take()
                self._take()
        elif token.kind not in _TERMS and not token.is_word("TRUE", "FALSE"):
            raise _LostError
        return '""' if token.kind is not Kind.BLANK else _BLANK

    def _iri(self, token: Token) -> str:
        if token.kind is Kind.IRI:
            return token.text
        prefix, _, local = token.text.partition(":")
        if prefix not in self._prefixes:
            raise _LostError
        local = re.sub(r"\\(.)", r"\1", local)
        return f"<{self._prefixes[prefix]}{local}>"

    def _path(self) -> _Verb:
        """Read a verb."""
        start = self._at
        nullable = self._alternatives()
        words = self._tokens[start : self._at]
        if len(words) == 1:
            return _Verb(TYPE if self._is_type(words[0]) else self._iri(words[0]))
        if any(self._is_type(token) for token in words):
            self._slots.add(TYPE)
        return _Verb(nullable=nullable)

    def _is_type(self, token: Token) -> bool:
        if token.kind in (Kind.IRI, Kind.NAME):
            return self._iri(token) == TYPE
        return token.kind is Kind.WORD and token.text == "a"

    def _alternatives(self) -> bool:
        nullable = self._sequence()
        while self._sees("|"):
            self._take()
            nullable = self._sequence() or nullable
        return nullable

    def _sequence(self) -> bool:
        nullable = self._step()
        while self._sees("/"):
            self._take()
            nullable = self._step() and nullable
        return nullable

    def _step(self) -> bool:
        if self._sees("^"):
            self._take()
        token = self._take()
        nullable = False
        if token.text == "(":
            nullable = self._alternatives()
            if self._take().text != ")":
                raise _LostError
        elif token.kind in (Kind.IRI, Kind.NAME):
            if not self._is_type(token):
                self._slots.add(self._iri(token))
        elif not self._is_type(token):
            raise _LostError  # a variable, a negated set, or no verb at all
        if self._sees("*", "?", "+"):
            nullable = self._take().text != "+" or nullable
        return nullable
