"""Where the variables of a query are bound, as far as text alone can tell.

SPARQL evaluates from the inside out: a variable that an outer VALUES binds has no value in
a MINUS, in a sub-SELECT, or in the FILTER or BIND of a nested group. A saved query repeats
its params line there; this module finds the places where that was forgotten.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from stancegraph.sparql import Kind, Token

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

QUERY, SELECT, MINUS, OPTIONAL, EXISTS, TEMPLATE, GROUP = (
    "query", "SELECT", "MINUS", "OPTIONAL", "EXISTS", "template", "group",
)  # fmt: skip


@dataclass(slots=True)
class Group:
    """What stands between two braces; the root, of kind QUERY, is the whole text.

    Attributes:
        values: Names that a VALUES block of this very group binds, each at its first place.
        projects: Names that a sub-SELECT hands out.
        patterns: Uses in triple patterns, in the SELECT clause and in solution modifiers.
        expressions: Uses inside parentheses, each with the keyword before these, such as
            ``FILTER`` or ``BIND``; empty where there is none.
    """

    kind: str
    parent: Group | None = None
    children: list[Group] = field(default_factory=list)
    values: dict[str, Token] = field(default_factory=dict)
    projects: set[str] = field(default_factory=set)
    patterns: list[Token] = field(default_factory=list)
    expressions: list[tuple[str, Token]] = field(default_factory=list)

    def walk(self) -> Iterator[Group]:
        """This group and all inside it, outer before inner, in the order of the text."""
        yield self
        for child in self.children:
            yield from child.walk()

    def binds(self, name: str) -> bool:
        """Whether a VALUES block gives *name* its value here, in a sub-SELECT's result too."""
        return name in self.values or any(
            child.kind == SELECT
            and name in child.projects
            and any(group.binds(name) for group in child.children)
            for child in self.children
        )

    def pattern_sees(self, name: str) -> bool:
        """Whether triple patterns here are joined with a VALUES block that binds *name*."""
        if self.kind == TEMPLATE:
            return True
        if self.kind in {QUERY, SELECT}:
            return any(child.binds(name) for child in self.children)
        if self.binds(name):
            return True
        outer = self.parent
        return (
            self.kind != MINUS
            and outer is not None
            and outer.kind not in {QUERY, SELECT}
            and outer.pattern_sees(name)
        )

    def expression_sees(self, name: str, keyword: str) -> bool:
        """Whether *name* has a value in an expression here that follows *keyword*."""
        if self.kind in {QUERY, SELECT}:
            return self.pattern_sees(name)
        if self.binds(name):
            return True
        if self.pattern_sees(name) and any(_name(token) == name for token in self.patterns):
            return True
        # The condition of an OPTIONAL, and an EXISTS, see what is bound outside.
        inherits = self.kind == EXISTS or (self.kind == OPTIONAL and keyword != "BIND")
        return inherits and self.parent is not None and self.parent.expression_sees(name, keyword)


def unbound(root: Group, name: str) -> Iterator[Token]:
    """The uses of the variable *name* (without ``?``) that no VALUES block reaches."""
    for group in root.walk():
        for token in group.patterns:
            if _name(token) == name and not group.pattern_sees(name):
                yield token
        for keyword, token in group.expressions:
            if _name(token) == name and not group.expression_sees(name, keyword):
                yield token


def groups(found: Sequence[Token]) -> Group:
    """The groups of a query, from its tokens; braces are taken to be balanced."""
    return _Builder(found).root


def projection(found: Sequence[Token]) -> list[str] | None:
    """The variables that the outermost SELECT projects, in order; None for ``SELECT *``."""
    names: list[str] = []
    depth = 0
    begun = False
    for before, token in zip([None, *found], found, strict=False):
        begun = begun or token.is_word("SELECT")
        if token.text == "{" or (begun and token.is_word("FROM", "WHERE")):
            break
        depth += {"(": 1, ")": -1}.get(token.text, 0)
        if begun and depth == 0 and token.text == "*":
            return None
        named = depth == 0 or (depth == 1 and before is not None and before.is_word("AS"))
        if begun and named and token.kind is Kind.VARIABLE:
            names.append(_name(token))
    return names


def is_ordered(found: Sequence[Token]) -> bool:
    """Whether the outermost query has ORDER BY."""
    depth = 0
    for token in found:
        depth += {"{": 1, "}": -1}.get(token.text, 0)
        if depth == 0 and token.is_word("ORDER"):
            return True
    return False


def _name(token: Token) -> str:
    return token.text[1:]


class _Builder:
    """Reads tokens once and puts each variable where it belongs."""

    def __init__(self, found: Sequence[Token]) -> None:
        self.root = Group(QUERY)
        self._group = self.root
        # Per open parenthesis of the current group: the keyword before the outermost one.
        self._keywords: list[str] = []
        self._outer: list[list[str]] = []
        self._in_values = False
        for before, token, after in zip([None, *found], found, [*found[1:], None], strict=False):
            self._read(before, token, after)

    def _read(self, before: Token | None, token: Token, after: Token | None) -> None:
        if token.is_word("VALUES"):
            self._in_values = True
        elif token.text == "{" and not self._in_values:
            self._open(before, after)
        elif token.text == "}":
            self._close()
        elif token.text == "(" and not self._in_values:
            word = before.text.upper() if before is not None and before.kind is Kind.WORD else ""
            self._keywords.append(self._keywords[0] if self._keywords else word)
        elif token.text == ")" and self._keywords:
            self._keywords.pop()
        elif token.kind is Kind.VARIABLE:
            self._use(before, token)

    def _open(self, before: Token | None, after: Token | None) -> None:
        kind = GROUP
        if after is not None and after.is_word("SELECT"):
            kind = SELECT
        elif before is not None and before.is_word("MINUS", "OPTIONAL", "EXISTS"):
            kind = before.text.upper()
        elif before is not None and before.is_word("CONSTRUCT"):
            kind = TEMPLATE
        inner = Group(kind, self._group)
        self._group.children.append(inner)
        self._group = inner
        self._outer.append(self._keywords)
        self._keywords = []

    def _close(self) -> None:
        if self._in_values:
            self._in_values = False
        elif self._group.parent is not None:
            self._group = self._group.parent
            self._keywords = self._outer.pop()

    def _use(self, before: Token | None, token: Token) -> None:
        if self._in_values:
            self._group.values.setdefault(_name(token), token)
        elif before is not None and before.is_word("AS"):
            return
        elif self._keywords:
            self._group.expressions.append((self._keywords[0], token))
        else:
            self._group.patterns.append(token)
            if self._group.kind == SELECT and not self._group.children:
                self._group.projects.add(_name(token))
