"""What would mend a query that is not SPARQL, or calls a function that there is none of.

A hint is an edit that was tried: the query is only said to want a dot where it can be read
with one. So a hint is right as far as the grammar goes, and where no edit helps there is none.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import get_close_matches
from itertools import islice, pairwise
from typing import TYPE_CHECKING

import pyoxigraph as ox

from stancegraph import sparql
from stancegraph.errors import QueryRefused, QuerySyntaxError
from stancegraph.functions import FUNCTIONS
from stancegraph.sparql import Kind, Token, prefixes, tokens, used_prefixes

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

MAX_QUERY = 64 * 2**10  # characters; trying edits of more would take too long
MAX_EDITS = 50
MAX_PREFIXES = 20

KEYWORDS = (
    "ALL", "AS", "ASC", "ASK", "BASE", "BIND", "BY", "CONSTRUCT", "DESC", "DESCRIBE", "DISTINCT",
    "EXISTS", "FILTER", "FROM", "GRAPH", "GROUP", "HAVING", "IN", "LIMIT", "MINUS", "NAMED",
    "NOT", "OFFSET", "OPTIONAL", "ORDER", "PREFIX", "REDUCED", "SELECT", "SEPARATOR", "UNDEF",
    "UNION", "VALUES", "WHERE",
)  # fmt: skip
BUILTINS = (
    "ABS", "AVG", "BNODE", "BOUND", "CEIL", "COALESCE", "CONCAT", "CONTAINS", "COUNT",
    "DATATYPE", "DAY", "ENCODE_FOR_URI", "EXISTS", "FLOOR", "GROUP_CONCAT", "HOURS", "IF", "IRI",
    "ISBLANK", "ISIRI", "ISLITERAL", "ISNUMERIC", "ISURI", "LANG", "LANGMATCHES", "LCASE", "MAX",
    "MD5", "MIN", "MINUTES", "MONTH", "NOW", "RAND", "REGEX", "REPLACE", "ROUND", "SAMETERM",
    "SAMPLE", "SECONDS", "SHA1", "SHA256", "SHA384", "SHA512", "STR", "STRAFTER", "STRBEFORE",
    "STRDT", "STRENDS", "STRLANG", "STRLEN", "STRSTARTS", "STRUUID", "SUBSTR", "SUM", "TIMEZONE",
    "TZ", "UCASE", "URI", "UUID", "YEAR",
)  # fmt: skip
# What other languages call the functions of SPARQL; letters alone, in capitals.
OTHER_NAMES = {
    "AVERAGE": "AVG", "CEILING": "CEIL", "CONCATENATE": "CONCAT", "ENDSWITH": "STRENDS",
    "GROUPCONCAT": "GROUP_CONCAT", "IFNULL": "COALESCE", "ISBOUND": "BOUND", "LEN": "STRLEN",
    "LENGTH": "STRLEN", "LOWER": "LCASE", "LOWERCASE": "LCASE", "MATCHES": "REGEX",
    "MEAN": "AVG", "NVL": "COALESCE", "STARTSWITH": "STRSTARTS", "STRING": "STR",
    "STRINGLENGTH": "STRLEN", "SUBSTRING": "SUBSTR", "SUBSTRINGAFTER": "STRAFTER",
    "SUBSTRINGBEFORE": "STRBEFORE", "TOLOWER": "LCASE", "TOSTRING": "STR", "TOUPPER": "UCASE",
    "UPPER": "UCASE", "UPPERCASE": "UCASE",
}  # fmt: skip
# Other names that people know vocabularies by: the namespace goes by the first elsewhere.
OTHER_PREFIXES = {
    "dc11": "dc", "dce": "dc", "dct": "dcterms", "dcterm": "dcterms", "rdfschema": "rdfs",
    "schemaorg": "schema", "sdo": "schema", "shacl": "sh", "xs": "xsd", "void_": "void",
}  # fmt: skip
MODIFIERS = ("GROUP", "HAVING", "ORDER", "LIMIT", "OFFSET")  # LIMIT and OFFSET in either order
_CLAUSES = {"GROUP": "GROUP BY", "ORDER": "ORDER BY"}
CLOSING = {"{": "}", "(": ")", "[": "]"}
OPERATORS = {"AND": "&&", "OR": "||", "NOT": "!"}


@dataclass(frozen=True, slots=True)
class Edit:
    """A change of a query: *text* in place of what stands from *start* to *end*.

    Attributes:
        hint: What to do, in words.
        place: The token that is to blame, where it is not the one that the parser stopped at.
        message: What is wrong with it, where the parser does not say.
    """

    start: int
    end: int
    text: str
    hint: str
    place: Token | None = None
    message: str = ""

    def of(self, query: str) -> str:
        """*query* so changed."""
        return query[: self.start] + self.text + query[self.end :]


def syntax_error(
    query: str, error: SyntaxError, *, base: str | None, known: Mapping[str, str]
) -> QuerySyntaxError:
    """What pyoxigraph says of *query*, as :func:`stancegraph.sparql.syntax_error`, and a hint.

    Args:
        base: What relative IRIs were resolved against, if anything.
        known: The prefixes that people use for what the graph holds.
    """
    told = sparql.syntax_error(query, error, base)
    if told.hint or len(query) > MAX_QUERY or re.search(r"\\[uU]", query):
        return told  # as it is, where places in the tokens are not those in the text
    try:
        found = tokens(query)
    except QuerySyntaxError:
        return _with_hint(told, _first_that_reads(query, _single_ampersands(query, told), base))
    declared = prefixes(found)
    missing = [prefix for prefix in used_prefixes(found) if prefix not in declared]
    if missing:
        told.hint = _declarations(missing, {**known, **declared}, declared)
        return told
    place = (told.line or 0, told.column or 0)
    behind = (n for n, token in enumerate(found) if (token.line, token.column) >= place)
    mending = _Mending(query, found, next(behind, len(found)))
    return _with_hint(told, _first_that_reads(query, mending.edits(), base))


def unknown_function(
    query: str, function: str, *, base: str | None, known: Mapping[str, str]
) -> QueryRefused:
    """What to tell of *query*, which calls the function of this IRI, and there is none."""
    message = f"this endpoint has no function <{function}>"
    call = _call_of(query, function)
    if call is None:
        return QueryRefused(message)
    found = None
    if len(query) <= MAX_QUERY and not re.search(r"\\[uU]", query):
        names = {**known, **prefixes(tokens(query))}
        found = _first_that_reads(query, _other_functions(call, function, names), base)
    return QueryRefused(message, call.line, call.column, found.hint if found else "")


def _first_that_reads(query: str, edits: Iterable[Edit], base: str | None) -> Edit | None:
    """The first edit with which *query* can be read."""
    tried = islice(edits, MAX_EDITS)
    return next((edit for edit in tried if _reads(edit.of(query), base)), None)


def _with_hint(told: QuerySyntaxError, edit: Edit | None) -> QuerySyntaxError:
    if edit is None:
        return told
    line, column = told.line, told.column
    if edit.place is not None:
        line, column = edit.place.line, edit.place.column
    return QuerySyntaxError(edit.message or told.message, line, column, edit.hint)


def _reads(query: str, base: str | None) -> bool:
    """Whether *query* is SPARQL that calls no unknown function."""
    try:
        ox.Store().query(query, base_iri=base)
    except (SyntaxError, RuntimeError):
        return False
    return True


def _declarations(
    missing: Sequence[str], known: Mapping[str, str], declared: Mapping[str, str]
) -> str:
    """The PREFIX lines to add for *missing*, or which prefix was meant."""
    lines = []
    for prefix in missing[:MAX_PREFIXES]:
        iri = known.get(prefix) or known.get(OTHER_PREFIXES.get(prefix, ""))
        if iri:
            lines.append(f"PREFIX {prefix}: <{iri}>")
    if lines:
        return "\n".join(["add", *lines]) if len(lines) > 1 else f"add {lines[0]}"
    near = get_close_matches(missing[0], [*declared, *known], n=1, cutoff=0.6)
    return f"did you mean {near[0]}: instead of {missing[0]}:?" if near else ""


def _single_ampersands(query: str, told: QuerySyntaxError) -> Iterator[Edit]:
    """SPARQL has no ``&`` alone: all of them doubled."""
    if told.message.endswith("'&'"):
        yield Edit(0, len(query), re.sub(r"(?<!&)&(?!&)", "&&", query), "write && instead of &")


def _call_of(query: str, function: str) -> Token | None:
    """The token that names *function* where *query* calls it."""
    found = tokens(query)
    declared = prefixes(found)
    for token, following in pairwise(found):
        if following.text == "(" and token.kind in {Kind.IRI, Kind.NAME}:
            prefix, _, local = token.text.partition(":")
            named = token.kind is Kind.NAME and declared.get(prefix, "") + local == function
            if named or token.text == f"<{function}>":
                return token
    return None


def _other_functions(call: Token, function: str, names: Mapping[str, str]) -> Iterator[Edit]:
    """Calls of what has nearly the same name."""
    local = re.split(r"[#/:]", function)[-1]
    for builtin in _near_builtins(local):
        yield _replaced(call, builtin)
    space = function.removesuffix(local)
    others = {iri.removeprefix(space): iri for iri in FUNCTIONS if iri.startswith(space)}
    for near in get_close_matches(local, others, n=2, cutoff=0.5):
        prefix = next((name for name, iri in names.items() if iri == space), None)
        written = f"<{others[near]}>" if call.kind is Kind.IRI else f"{prefix}:{near}"
        yield _replaced(call, written)


def _near_builtins(name: str) -> list[str]:
    """The functions of SPARQL that *name* may be meant for, the likeliest first."""
    letters = re.sub(r"[^A-Z0-9]", "", name.upper())
    exact = [OTHER_NAMES[letters]] if letters in OTHER_NAMES else []
    near = get_close_matches(name.upper(), BUILTINS, n=3, cutoff=0.7)
    same = [builtin for builtin in BUILTINS if builtin == letters]
    return list(dict.fromkeys([*same, *exact, *near]))


def _replaced(token: Token, text: str) -> Edit:
    return Edit(token.start, token.end, text, f"did you mean {text} instead of {token.text}?")


class _Mending:
    """Edits of a query at the first token that cannot stand where it does."""

    def __init__(self, query: str, found: Sequence[Token], number: int) -> None:
        """*number* is that of the wrong token among *found*; their count if more must follow."""
        self._query = query
        self._found = found
        self._number = number
        self._wrong = found[number] if number < len(found) else None
        self._before = found[number - 1] if 0 < number <= len(found) else None
        self._after = found[number + 1] if number + 1 < len(found) else None
        self._open = _open_brackets(found[:number])

    def edits(self) -> Iterator[Edit]:
        """What may mend the query, the likeliest first."""
        if self._wrong is None:
            yield from self._at_the_end()
        else:
            yield from self._spelling(self._wrong)
            yield from self._brackets(self._wrong)
            yield from self._marks(self._wrong)
            yield from self._wrapping(self._wrong)
            yield from self._between_triples(self._wrong)
            yield from self._order_of_clauses(self._wrong)
        yield from self._grouping()

    def _at_the_end(self) -> Iterator[Edit]:
        end = len(self._query)
        if self._open:
            closers = " ".join(CLOSING[token.text] for token in reversed(self._open))
            first = self._open[-1]
            what = f"the {first.text} in line {first.line}, column {first.column} is not closed"
            if len(self._open) > 1:
                what = f"{len(self._open)} brackets are not closed"
            yield Edit(end, end, f"\n{closers}", f"{what}: add {closers} at the end")
        elif self._before and self._before.is_word("ASC", "DESC") and len(self._found) > 1:
            wrong, before = self._before, self._found[-2]
            text = f"{wrong.text}({before.text})"
            told = f"{wrong.text} stands before what it sorts by, in brackets"
            yield Edit(before.start, wrong.end, text, f"write {text}", wrong, told)
        else:
            pattern = "WHERE { ?subject ?property ?value }"
            yield Edit(end, end, f"\n{pattern}", f"say what to look for, such as {pattern}")

    def _spelling(self, wrong: Token) -> Iterator[Edit]:
        """The wrong word, or the one before it, as a keyword or function of nearly that name."""
        before = self._before
        if before and before.is_word("ORDER", "GROUP"):
            if self._after and wrong.kind is Kind.WORD:
                yield _replaced(wrong, "BY")
            yield self._insert_before(wrong, "BY", f"write BY after {before.text}")
        for token in (wrong, before):
            if token is None or token.kind is not Kind.WORD:
                continue
            if token.text.upper() in OPERATORS:
                operator = OPERATORS[token.text.upper()]
                hint = f"write {operator} instead of {token.text}"
                yield Edit(token.start, token.end, operator, hint)
            near = get_close_matches(token.text.upper(), KEYWORDS, n=3, cutoff=0.7)
            for word in dict.fromkeys([*_near_builtins(token.text), *near]):
                if word != token.text.upper():
                    yield _replaced(token, word)

    def _brackets(self, wrong: Token) -> Iterator[Edit]:
        """One that is not opened, not closed, or one too many."""
        clause = wrong.is_word(*MODIFIERS, "VALUES")
        if self._open and (clause or wrong.text in CLOSING.values()):
            first = self._open[-1]
            closer = CLOSING[first.text]
            place = f"line {first.line}, column {first.column}"
            hint = f"the {first.text} in {place} is not closed: write {closer} before {wrong.text}"
            yield self._insert_before(wrong, closer, hint)
        if not self._open and wrong.text in CLOSING.values():
            yield self._without(wrong)
        if self._before and (self._before.kind is Kind.WORD or self._before.text == "*"):
            yield self._insert_before(wrong, "{", "write { before the pattern")

    def _marks(self, wrong: Token) -> Iterator[Edit]:
        """One mark for another, or one too many."""
        before = self._before
        if wrong.text == "=" and before and before.text == "=":
            yield Edit(before.start, wrong.end, "=", "write one = to compare, not two")
        following = self._found[self._number + 1 : self._number + 3]
        if [token.kind for token in (wrong, *following)] == [Kind.WORD, Kind.MARK, Kind.WORD]:
            name = f"{wrong.text}:{following[1].text}"
            hint = f"a prefix ends with a colon: write {name}"
            yield Edit(wrong.start, following[1].end, name, hint)
        if wrong.text == "<>":
            yield Edit(wrong.start, wrong.end, "!=", "write != instead of <>")
        if wrong.kind is Kind.MARK and wrong.text in {",", ";", ".", "="}:
            yield self._without(wrong)

    def _wrapping(self, wrong: Token) -> Iterator[Edit]:
        """What must stand in brackets."""
        before, after = self._before, self._after
        if wrong.is_word("AS") and before and after:
            text = f"({before.text} AS {after.text})"
            yield Edit(before.start, after.end, text, f"write {text}")
        if wrong.is_word("ASC", "DESC") and before:
            text = f"{wrong.text}({before.text})"
            yield Edit(before.start, wrong.end, text, f"write {text}")
        if wrong.kind is Kind.WORD and after and after.text == "(":
            close = self._closing(self._number + 1)
            if close is not None:
                yield from self._named(wrong, close)
        if wrong.text == ")" and self._open and self._open[-1].text == "(":
            name = self._fresh("value")
            hint = f"a computed column needs a name: write AS {name} before this )"
            yield Edit(wrong.start, wrong.start, f" AS {name}", hint)
        if before and before.is_word(*BUILTINS):
            text = f"{before.text}({wrong.text})"
            yield Edit(before.start, wrong.end, text, f"write {text}")
        if before and before.is_word("FILTER", "HAVING", "BIND"):
            for end in self._ends_of_expression():
                inside = self._query[wrong.start : end].strip()
                hint = f"brackets are missing: {before.text} ({_shortened(inside)})"
                yield Edit(wrong.start, end, f"({inside}) ", hint)

    def _named(self, call: Token, close: int) -> Iterator[Edit]:
        """A computed column, in brackets and with a name."""
        found = self._found
        inside = self._query[call.start : found[close].end]
        following = found[close + 1 : close + 3]
        if len(following) == 2 and following[0].is_word("AS"):  # noqa: PLR2004 (AS and a name)
            end, name = following[1].end, following[1].text
        else:
            end, name = found[close].end, self._fresh(call.text.lower())
        text = f"({inside} AS {name})"
        hint = f"a computed column needs brackets and a name: {_shortened(text)}"
        yield Edit(call.start, end, text, hint)

    def _between_triples(self, wrong: Token) -> Iterator[Edit]:
        """A dot or semicolon that is missing."""
        if self._before is None or (wrong.kind is Kind.MARK and wrong.text not in "[("):
            return
        for mark in (",",) if self._open and self._open[-1].text == "(" else (".", ";"):
            end = self._before.end
            hint = f"a {mark} is missing after {_shortened(self._before.text)}"
            yield Edit(end, end, f" {mark}", hint)

    def _order_of_clauses(self, wrong: Token) -> Iterator[Edit]:
        """A clause that stands before the one which it must follow."""
        if not wrong.is_word("GROUP", "HAVING", "ORDER"):
            return
        rank = MODIFIERS.index(wrong.text.upper())
        depth = len(self._open)
        later = [
            token
            for number, token in enumerate(self._found[: self._number])
            if token.is_word(*MODIFIERS[rank + 1 :])
            and len(_open_brackets(self._found[:number])) == depth
        ]
        ends = [
            token.start
            for token in self._found[self._number + 1 :]
            if token.is_word(*MODIFIERS) or token.text == "}"
        ]
        if later:
            end = ends[0] if ends else len(self._query)
            clause = self._query[wrong.start : end].strip()
            between = self._query[later[0].start : wrong.start]
            first, second = (
                _CLAUSES.get(t.text.upper(), t.text.upper()) for t in (wrong, later[0])
            )
            hint = f"write {first} before {second}"
            yield Edit(later[0].start, end, f"{clause}\n{between.rstrip()}\n", hint)

    def _grouping(self) -> Iterator[Edit]:
        """SELECT and GROUP BY that do not go together."""
        select = next((n for n, token in enumerate(self._found) if token.is_word("SELECT")), None)
        if select is None:
            return
        chosen = self._chosen(select + 1)
        grouped = self._grouped_by()
        if chosen and chosen[0].text == "*" and grouped:
            count = f"(COUNT(*) AS {self._fresh('count')})"
            text = " ".join([*(token.text for token in grouped), count])
            hint = f"write SELECT {text}, not *"
            yield Edit(chosen[0].start, chosen[0].end, text, hint, chosen[0])
        by = {token.text for token in grouped}
        missing = [t for t in chosen if t.kind is Kind.VARIABLE and t.text not in by]
        if missing:
            yield from self._grouped(missing, grouped)

    def _grouped(self, missing: Sequence[Token], grouped: Sequence[Token]) -> Iterator[Edit]:
        """GROUP BY with the variables *missing* beside those that it has."""
        names = " ".join(dict.fromkeys(token.text for token in missing))
        told = f"{missing[0].text} is not in GROUP BY, and in no aggregate"
        if grouped:
            end = grouped[-1].end
            one = f"(SAMPLE({missing[0].text}) AS {self._fresh('any')})"
            hint = f"add {names} to GROUP BY, or choose one of the group's: {one}"
            yield Edit(end, end, f" {names}", hint, missing[0], told)
            return
        close = max((n for n, token in enumerate(self._found) if token.text == "}"), default=None)
        if close is not None:
            end, clause = self._found[close].end, f"GROUP BY {names}"
            hint = f"add {clause} after the pattern"
            yield Edit(end, end, f"\n{clause}", hint, missing[0], told)

    def _chosen(self, start: int) -> list[Token]:
        """The variables, or the star, that the SELECT before *start* names; no computed ones."""
        chosen, depth = [], 0
        for token in self._found[start:]:
            depth += {"(": 1, ")": -1}.get(token.text, 0)
            if token.text == "{" or token.is_word("WHERE", "FROM"):
                break
            if depth == 0 and (token.kind is Kind.VARIABLE or token.text == "*"):
                chosen.append(token)
        return chosen

    def _grouped_by(self) -> list[Token]:
        """The variables of the GROUP BY behind the pattern."""
        depth, grouped, inside = 0, [], False
        for before, token in pairwise(self._found):
            depth += {"{": 1, "}": -1}.get(before.text, 0)
            if depth == 0 and before.is_word("GROUP") and token.is_word("BY"):
                inside = True
            elif inside and token.is_word(*MODIFIERS, "VALUES"):
                break
            elif inside and token.kind is Kind.VARIABLE:
                grouped.append(token)
        return grouped

    def _closing(self, opening: int) -> int | None:
        """The number of the token that closes the bracket which is token *opening*."""
        depth = 0
        for number in range(opening, len(self._found)):
            depth += {"(": 1, ")": -1}.get(self._found[number].text, 0)
            if depth == 0:
                return number
        return None

    def _ends_of_expression(self) -> Iterator[int]:
        """Where an expression that begins at the wrong token may end, the nearest first."""
        for token in self._found[self._number + 1 :]:
            if token.text in {".", "}"} or token.kind is Kind.WORD:
                yield token.start

    def _insert_before(self, wrong: Token, text: str, hint: str) -> Edit:
        return Edit(wrong.start, wrong.start, f"{text} ", hint)

    def _without(self, wrong: Token) -> Edit:
        return Edit(wrong.start, wrong.end, " ", f"take out this {wrong.text}")

    def _fresh(self, name: str) -> str:
        """A variable that the query does not have yet."""
        used = {token.text[1:] for token in self._found if token.kind is Kind.VARIABLE}
        names = [name, *(f"{name}{number}" for number in range(2, len(used) + 3))]
        return f"?{next(each for each in names if each not in used)}"


def _open_brackets(found: Iterable[Token]) -> list[Token]:
    """The brackets among these tokens that none of them closes, the outermost first."""
    opened: list[Token] = []
    for token in found:
        if token.kind is Kind.MARK and token.text in CLOSING:
            opened.append(token)
        elif opened and token.text == CLOSING[opened[-1].text]:
            opened.pop()
    return opened


def _shortened(text: str) -> str:
    """*text* on one line, its middle left out if it is long."""
    line, bound = " ".join(text.split()), 60
    return line if len(line) <= bound else f"{line[: bound - 10]} … {line[-8:]}"
