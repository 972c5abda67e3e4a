r"""Reading SPARQL 1.1 text as far as the program must: its tokens, and what they ask for.

Engines disagree about where tokens end: some read keywords without looking for a word
boundary (``trueSERVICE`` is two words to them), take ``<1)#>`` for a comparison and a
comment rather than for an IRI, or resolve ``\u0022`` only inside strings. Whoever refuses
queries must see what the engine sees, so :func:`calls_service` looks at every such reading,
while :func:`tokens` gives the one that the grammar prescribes: the longest token first.
"""

from __future__ import annotations

import heapq
import itertools
import re
import sys
from contextlib import suppress
from dataclasses import dataclass
from difflib import get_close_matches
from enum import StrEnum
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING, Literal, TypeAlias

import pyoxigraph as ox

from stancegraph.errors import QuerySyntaxError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

Term: TypeAlias = ox.NamedNode | ox.Literal
QueryForm: TypeAlias = Literal["SELECT", "ASK", "CONSTRUCT", "DESCRIBE"]

QUERY_FORMS: tuple[QueryForm, ...] = ("SELECT", "ASK", "CONSTRUCT", "DESCRIBE")
UPDATE_VERBS = (
    "ADD", "CLEAR", "COPY", "CREATE", "DELETE", "DROP", "INSERT", "LOAD", "MOVE", "WITH",
)  # fmt: skip


class Kind(StrEnum):
    """What a token is; the names are those of the SPARQL grammar where it has one."""

    COMMENT = "comment"
    IRI = "IRI"
    NAME = "prefixed name"
    BLANK = "blank node"
    VARIABLE = "variable"
    STRING = "string"
    LANGUAGE = "language tag"
    NUMBER = "number"
    WORD = "word"
    MARK = "mark"


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of query text.

    Attributes:
        text: As written, codepoint escapes resolved; a comment begins with ``#``.
        start: Offset in the query text, which *line* and *column* (from 1) name too.
    """

    kind: Kind
    text: str
    start: int
    line: int
    column: int

    @property
    def end(self) -> int:
        """Offset just behind it, in a query text without codepoint escapes."""
        return self.start + len(self.text)

    def is_word(self, *words: str) -> bool:
        """Whether it is one of these keywords, written in any case."""
        return self.kind is Kind.WORD and self.text.upper() in words


# The character classes of the grammar: PN_CHARS_BASE, PN_CHARS. Quantifiers of characters are
# possessive (``*+``) and no two branches of a group begin alike, so that no text, however
# hostile, is read more than a few times. Groups are not possessive: before Python 3.11.5
# such a group may match too little (gh-106052).
_BASE = (
    "A-Za-z\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u02ff\u0370-\u037d\u037f-\u1fff\u200c-\u200d"
    "\u2070-\u218f\u2c00-\u2fef\u3001-\ud7ff\uf900-\ufdcf\ufdf0-\ufffd\U00010000-\U000effff"
)
_CHARS = rf"{_BASE}_\-0-9\u00b7\u0300-\u036f\u203f-\u2040"
_ESCAPED = r"%[0-9A-Fa-f]{2}|\\[_~.\-!$&'()*,;=/?#@%]"
_LOCAL = rf"(?:[{_BASE}_:0-9]|{_ESCAPED})(?:\.*+(?:[{_CHARS}:]|{_ESCAPED}))*"
_PREFIX = rf"[{_BASE}](?:\.*+[{_CHARS}])*"
_UCHAR = r"\\u[0-9A-Fa-f]{4}|\\U[0-9A-Fa-f]{8}"

_TOKEN = re.compile(
    rf"""
      (?P<space>[ \t\r\n]++)
    | (?P<COMMENT>\#[^\r\n]*+)
    | (?P<IRI><(?:[^<>"{{}}|^`\\\x00-\x20]|{_UCHAR})*>)
    | (?P<STRING>\"\"\"(?:\"{{0,2}}(?:[^"\\]|\\.))*\"\"\"|'''(?:'{{0,2}}(?:[^'\\]|\\.))*'''
        |\"(?!\"\")(?:[^"\\\n\r]|\\.)*\"|'(?!'')(?:[^'\\\n\r]|\\.)*')
    | (?P<BLANK>_:[{_BASE}_0-9](?:\.*+[{_CHARS}])*)
    | (?P<VARIABLE>[?$][{_BASE}_0-9\u00b7\u0300-\u036f\u203f-\u2040]++)
    | (?P<LANGUAGE>@[A-Za-z]++(?:-[A-Za-z0-9]++)*)
    | (?P<NUMBER>(?:[0-9]++(?:\.[0-9]*+)?|\.[0-9]++)(?:[eE][+-]?[0-9]++)?)
    | (?P<WORD>[A-Za-z][A-Za-z0-9_]*+)
    | (?P<MARK>\^\^|&&|\|\||!=|<=|>=|[<>{{}}()\[\].,;|/^?*+\-!=@~])
    """,
    re.VERBOSE | re.DOTALL,
)
_NAME = re.compile(rf"(?P<run>{_PREFIX})?(?P<NAME>:(?:{_LOCAL})?)?")
# A prologue as nearly all queries have it, and the verb: read at once, without tokens.
_PLAIN_VERB = re.compile(
    r"""(?:[ \t\r\n]++ | \#[^\r\n]*+
      | PREFIX[ \t\r\n]++[a-z][a-z0-9_-]*+:[ \t\r\n]*+<[^<>"{}|^`\x00-\x20]*+>)*
    ([a-z][a-z0-9_]*+)(?=[ \t\r\n{(*?$<"'\#]|$)""",
    re.VERBOSE | re.IGNORECASE | re.ASCII,
)
_CODEPOINT = re.compile(r"\\u([0-9A-Fa-f]{4})|\\U([0-9A-Fa-f]{8})")
_SURROGATES = range(0xD800, 0xE000)
# After a comparison, `http://` cannot begin an operand: a second slash may not follow.
_SURELY_IRI = re.compile(r"<[A-Za-z][A-Za-z0-9+.\-]*+://")


def tokens(query: str, *, comments: bool = False) -> list[Token]:
    r"""Split *query* into its tokens, in order; white space is left out.

    Codepoint escapes (``\u00e9``) are resolved first, anywhere in the text; positions are
    those in the text as given.

    Args:
        query: The text of a query or update.
        comments: Whether comments are kept.

    Raises:
        QuerySyntaxError: a string is not closed, or a character can begin no token.
    """
    return list(scan(query, comments=comments))


@lru_cache(maxsize=1024)
def kept_tokens(query: str, *, comments: bool = False) -> tuple[Token, ...]:
    """What `tokens` gives, kept for the next time: for texts of the graph's own files.

    Raises:
        QuerySyntaxError: as `tokens` does.
    """
    if comments:
        return tuple(tokens(query, comments=True))
    whole = kept_tokens(query, comments=True)
    return tuple(token for token in whole if token.kind is not Kind.COMMENT)


def scan(query: str, *, comments: bool = False) -> Iterator[Token]:
    """The tokens of *query*, as `tokens` has them, each read when it is asked for.

    Raises:
        QuerySyntaxError: as `tokens` does, when the place is reached.
    """
    text, offsets = _resolved(query)
    read, place = _Reader(text), _Places(query)
    position = 0
    while position < len(text):
        kind, end = read.at(position)
        if kind is None:
            raise QuerySyntaxError(_broken(text[position]), *place.of(offsets[position]))
        if kind != "space" and (comments or kind != "COMMENT"):
            start = offsets[position]
            yield Token(Kind[kind], text[position:end], start, *place.of(start))
        position = end


def query_form(query: str) -> QueryForm:
    """Which of the four forms *query* has; no more of it is read than tells.

    Raises:
        QuerySyntaxError: it has none: it is empty, an update, or not SPARQL.
    """
    verb = _verb(query)
    for form in QUERY_FORMS:
        if verb.startswith(form):
            return form
    raise _prologue_mistake(query, tokens(query)) or QuerySyntaxError(_BEGINNING, 1, 1)


def is_update(query: str) -> bool:
    """Whether *query* is an update (``INSERT``, ``DELETE``, ``LOAD``, …) by its first verb.

    Raises:
        QuerySyntaxError: a string is not closed, or a character can begin no token.
    """
    return _verb(query).startswith(UPDATE_VERBS)


def dataset_clause(query: str) -> bool:
    """Whether *query* names its dataset by ``FROM`` or ``FROM NAMED``.

    Raises:
        QuerySyntaxError: a string is not closed, or a character can begin no token.
    """
    if "FROM" not in resolved(query).upper():
        return False
    found = tokens(query)
    declared = prefixes(found)
    depth = 0
    for token in found:
        depth += {"{": 1, "}": -1}.get(token.text, 0)
        if depth == 0 and token.kind is Kind.WORD and "FROM" in token.text.upper():
            return True
        # `FROM:g` is FROM and a name to engines that see no word boundary.
        if depth == 0 and token.kind is Kind.NAME:
            prefix = token.text.partition(":")[0]
            if "FROM" in prefix.upper() and prefix not in declared:
                return True
    return False


def resolved(query: str) -> str:
    """*query* without codepoint escapes."""
    return _resolved(query)[0]


def calls_service(query: str) -> bool:
    """Whether *query* may ask another server, by ``SERVICE``, in any engine's reading of it.

    It errs on the safe side: a name such as ``GRAPH service:x {`` counts as a call, for an
    engine that sees no word boundary could take it for one. A text that no engine can read
    calls nobody.
    """
    escaped = resolved(query)
    readings = [text for text in {query, escaped} if "SERVICE" in text.upper()]
    return any(map(_reaches_service, readings))


def place_of_word(query: str, word: str) -> tuple[int, int] | tuple[None, None]:
    """Line and column where *query* has this keyword; None twice where no token is it."""
    try:
        places = ((t.line, t.column) for t in scan(query) if t.is_word(word))
        return next(places, (None, None))
    except QuerySyntaxError:
        return (None, None)


def prefixes(found: Iterable[Token]) -> dict[str, str]:
    """The prefixes that these tokens declare, each with its IRI, in order."""
    declared: dict[str, str] = {}
    rest = (token for token in found if token.kind is not Kind.COMMENT)
    for word in rest:
        if word.is_word("PREFIX"):
            name, iri = next(rest, None), next(rest, None)
            if name and iri and (name.kind, iri.kind) == (Kind.NAME, Kind.IRI):
                declared[name.text.removesuffix(":")] = iri.text[1:-1]
        elif word.kind is Kind.WORD and not word.is_word("BASE"):
            break  # the prologue ends with the verb
    return declared


def used_prefixes(found: Iterable[Token]) -> dict[str, Token]:
    """The prefixes that these tokens use, each with the first name that uses it."""
    used: dict[str, Token] = {}
    queue = [token for token in found if token.kind is not Kind.COMMENT]
    for before, token in pairwise([*queue[:1], *queue]):
        if token.kind is Kind.NAME and not before.is_word("PREFIX"):
            used.setdefault(token.text.partition(":")[0], token)
    return used


def named(found: Sequence[Token]) -> Iterator[tuple[Token, str]]:
    """The IRIs and prefixed names behind the prologue, each with the IRI that it stands for.

    What is the beginning of IRIs, not one itself, is left out.
    """
    declared = prefixes(found)
    for before, token in zip([None, *found], found, strict=False):
        declares = before is not None and before.kind is Kind.NAME and before.text.endswith(":")
        if token.kind is Kind.IRI and not declares:
            iri = token.text[1:-1]
        elif token.kind is Kind.NAME and not (before is not None and before.is_word("PREFIX")):
            prefix, _, local = token.text.partition(":")
            iri = declared.get(prefix, "") + re.sub(r"\\(.)", r"\1", local)
        else:
            continue
        if iri and not iri.endswith(("/", "#")):
            with suppress(ValueError):
                ox.NamedNode(iri)
                yield token, iri


def term_text(term: Term) -> str:
    r"""*term* as SPARQL text that needs no prefix: its N-Triples form.

    A backslash before ``u`` is written so that an engine that resolves codepoint escapes
    anywhere reads the same literal as one that resolves them only in strings.
    """
    text = str(term)
    # An even run of backslashes stands for backslashes; an odd one ends in an escape.
    even = r"(?<!\\)((?:\\\\)+)([uU])"
    return re.sub(even, lambda match: rf"{match[1]}\U{ord(match[2]):08X}", text)


def values_line(values: Mapping[str, Sequence[Term]]) -> str:
    """A VALUES block that binds each variable, named without ``?``, to its terms.

    It has a row for each combination of these; a variable without a term is left unbound.
    """
    names = " ".join(f"?{name}" for name in values)
    texts = [[term_text(term) for term in terms] or ["UNDEF"] for terms in values.values()]
    rows = " ".join(f"({' '.join(row)})" for row in itertools.product(*texts))
    return f"VALUES ({names}) {{ {rows} }}"


def services(query: str) -> list[tuple[str, Token]]:
    """The IRIs of the endpoints that *query* asks by SERVICE, each with its place, in order.

    Empty text for one that is not written as an IRI, such as a variable.
    """
    found = tokens(query)
    known = prefixes(found)
    named = []
    for i, word in enumerate(found):
        if word.is_word("SERVICE"):
            token = found[min(i + 1 + _is_silent(found, i), len(found) - 1)]
            prefix, _, local = token.text.partition(":")
            iri = token.text[1:-1] if token.kind is Kind.IRI else known.get(prefix, "") + local
            named.append((iri if token.kind in {Kind.IRI, Kind.NAME} else "", token))
    return named


def _is_silent(found: Sequence[Token], at: int) -> bool:
    return at + 1 < len(found) and found[at + 1].is_word("SILENT")


def _without_services(query: str) -> str:
    """*query* with each SERVICE clause as the group that it holds; all else is in its place."""
    found = tokens(query)
    text = query
    for i, word in enumerate(found):
        if word.is_word("SERVICE"):
            last = found[min(i + 1 + _is_silent(found, i), len(found) - 1)]
            blank = re.sub(r"[^\n]", " ", text[word.start : last.end])
            text = text[: word.start] + blank + text[last.end :]
    return text


def check_syntax(query: str, *, federated: bool = False) -> None:
    """Parse a trusted *query*, one from a file of the graph, as the engine will.

    Args:
        federated: Whether it may call another server; nobody is called here.

    Raises:
        QuerySyntaxError: it is not SPARQL 1.1, or calls another server.
    """
    asked = _without_services(query) if federated and calls_service(query) else query
    if calls_service(asked):
        raise QuerySyntaxError("SERVICE is refused: a query asks this graph alone")
    try:
        ox.Store().query(asked)
    except SyntaxError as error:
        raise syntax_error(query, error) from error


def excerpt(query: str, line: int, column: int, width: int = 100) -> tuple[str, int]:
    """The line of *query* at a place, and the offset in it of that place.

    Of a longer line about *width* characters around the place are given, ``…`` for the rest;
    a control character or tab has become a space.
    """
    lines = re.split(r"\r\n|\n|\r", query)
    text = re.sub(r"[\x00-\x1f\x7f]", " ", lines[min(line, len(lines)) - 1])
    offset = min(column - 1, len(text))
    start = max(0, offset - width // 2)
    end = start + width
    before, after = "…" if start else "", "…" if end < len(text) else ""
    return f"{before}{text[start:end]}{after}".rstrip(), offset - start + len(before)


def syntax_error(query: str, error: SyntaxError, base: str | None = None) -> QuerySyntaxError:
    """What pyoxigraph says of *query*, in words that help to mend it, with line and column.

    Args:
        base: What relative IRIs were resolved against, if anything.
    """
    try:
        found = tokens(query)
    except QuerySyntaxError as lexical:
        return lexical
    mistake = _prologue_mistake(query, found)
    if mistake is not None:
        return mistake
    declared = prefixes(found)
    for prefix, token in used_prefixes(found).items():
        if prefix not in declared:
            message = f"no PREFIX line declares {_shown(prefix)}: of {_shown(token.text)}"
            return QuerySyntaxError(message, token.line, token.column)
    told = _sentence(str(error))
    wrong = _first_wrong(query, found, base)
    if wrong is None:
        return QuerySyntaxError(told or "unexpected end of the query", *_end(query))
    if wrong.kind is Kind.IRI and ":" not in wrong.text and base is None:
        told = f"{wrong.text} is a relative IRI: write it whole"
    elif not told and wrong.text == "}":
        told = "what stands before this } is not finished, or breaks a rule of SPARQL"
    return QuerySyntaxError(told or f"unexpected {_shown(wrong.text)}", wrong.line, wrong.column)


_BEGINNING = "a query begins with PREFIX lines, then SELECT, ASK, CONSTRUCT or DESCRIBE"


def _prologue_mistake(query: str, found: Sequence[Token]) -> QuerySyntaxError | None:
    """What is wrong before or at the verb of *query*, whose tokens are *found*; None if nothing."""
    at = 0
    while at < len(found) and found[at].is_word("PREFIX", "BASE", "VERSION"):
        if not found[at].is_word("PREFIX"):
            at += 2
        elif mistake := _declaration_mistake(query, found[at : at + 4]):
            return mistake
        else:
            at += 3
    rest = found[at : at + 2]
    if not rest:
        return QuerySyntaxError(f"this query ends before it asks: {_BEGINNING}", *_end(query))
    verb = rest[0]
    if verb.kind is Kind.WORD and verb.text.upper().startswith(QUERY_FORMS):
        return None
    hint = ""
    near = get_close_matches(verb.text.upper(), (*QUERY_FORMS, "PREFIX", "BASE"), 1, 0.6)
    if verb.text.lower() in {"@prefix", "@base"}:
        hint = f"write {verb.text[1:].upper()}, without @, and no dot at the end of the line"
    elif near:
        hint = f"did you mean {near[0]}?"
    elif verb.kind is Kind.NAME and len(rest) > 1 and rest[1].kind is Kind.IRI:
        hint = f"write PREFIX {verb.text} {rest[1].text}"
    elif verb.text in {".", ";", ","} and verb is not found[0]:
        hint = f"take out this {verb.text}: a PREFIX line has none at its end"
    told = f"{_BEGINNING}, not with {_shown(verb.text)!r}"
    return QuerySyntaxError(told, verb.line, verb.column, hint)


def _declaration_mistake(query: str, found: Sequence[Token]) -> QuerySyntaxError | None:
    """What is wrong with the PREFIX line that begins with *found*, a token more than it has."""
    told = "PREFIX takes a name that ends with a colon, then an IRI between < and >"
    name, *rest = [*found[1:], None, None][:3]
    if name is None:
        return QuerySyntaxError(told, *_end(query))
    iri = next((token for token in rest if token and token.kind is Kind.IRI), None)
    if name.kind is not Kind.NAME or not name.text.endswith(":"):
        hint = f"write PREFIX {name.text}: {iri.text}" if name.kind is Kind.WORD and iri else ""
        return QuerySyntaxError(told, name.line, name.column, hint)
    wrong = rest[0]
    if wrong is None or wrong.kind is Kind.IRI:
        return None if wrong else QuerySyntaxError(told, *_end(query))
    written = query[wrong.start :].split(maxsplit=1)[0].strip("\"'")
    plausible = re.fullmatch(r"https?://[^\s<>\"]+", written)
    hint = f"write PREFIX {name.text} <{written}>" if plausible else ""
    return QuerySyntaxError(told, wrong.line, wrong.column, hint)


def _shown(text: str, bound: int = 80) -> str:
    """*text* as a message has it: on one line, cut if it is long."""
    line = " ".join(text.split())
    return line if len(line) <= bound else f"{line[: bound - 1]}…"


def _sentence(message: str) -> str:
    """The rule that the parser says was broken; empty where it only lists what it expected."""
    _, _, alternatives = message.partition(": expected ")
    sentences = [
        part
        for part in alternatives.removeprefix("one of ").split(", ")
        if re.fullmatch(r"[A-Z][A-Za-z]*(?: (?:[A-Za-z]+|\*))+", part)
    ]
    return "; ".join(sentences)


def _first_wrong(query: str, found: Sequence[Token], base: str | None) -> Token | None:
    """The first token that cannot follow those before it; None if more tokens would help.

    The parser's own position is that of the longest keyword which it tried, up to a word
    further on. But a text that could go on fails at its very end, so the first wrong token
    is the last one of the shortest beginning that does not.
    """
    ends = [token.start for token in found[1:]] + [len(query)]
    low, high = 0, len(found)
    while low < high:
        middle = (low + high) // 2
        if _could_go_on(query[: ends[middle]], base):
            low = middle + 1
        else:
            high = middle
    return found[low] if low < len(found) else None


def _could_go_on(beginning: str, base: str | None) -> bool:
    """Whether *beginning*, which ends between two tokens, fails at its end or not at all."""
    padded = beginning + " " * 32  # longer than any keyword
    try:
        ox.Store().query(padded, base_iri=base)
    except SyntaxError as error:
        # To the engine, a carriage return alone ends no line.
        line, column = padded.count("\n") + 1, len(padded) - padded.rfind("\n")
        return str(error).startswith(f"error at {line}:{column}: ")
    except RuntimeError:  # it is SPARQL, but calls what this engine does not have
        return True
    return True


def _end(text: str) -> tuple[int, int]:
    """Line and column just behind *text*."""
    return _Places(text).of(len(text))


@lru_cache(maxsize=8)
def _verb(query: str) -> str:
    """The word after the prologue, in upper case; empty where there is none.

    It is asked for more than once of a query, but not for long.

    Raises:
        QuerySyntaxError: as `tokens` does, of what stands up to there.
    """
    plain = None if "\\" in query else _PLAIN_VERB.match(query)
    if plain is not None and plain[1].upper() not in _DECLARING:
        return plain[1].upper()
    token = _first_verb(scan(query))
    return token.text.upper() if token is not None and token.kind is Kind.WORD else ""


_DECLARING = ("PREFIX", "BASE", "VERSION")


def _first_verb(found: Iterable[Token]) -> Token | None:
    """The token after the prologue."""
    skip = 0
    for token in found:
        if skip:
            skip -= 1
        elif token.is_word(*_DECLARING):
            skip = 2 if token.is_word("PREFIX") else 1
        else:
            return token
    return None


def _resolved(query: str) -> tuple[str, Sequence[int]]:
    """*query* without codepoint escapes, and the offset in *query* of each of its characters."""
    if "\\" not in query or not _CODEPOINT.search(query):
        return query, range(len(query) + 1)
    parts: list[str] = []
    offsets: list[int] = []
    end = 0
    for match in _CODEPOINT.finditer(query):
        code = int(match[1] or match[2], 16)
        if code > sys.maxunicode or code in _SURROGATES:
            continue
        parts += (query[end : match.start()], chr(code))
        offsets += range(end, match.start() + 1)
        end = match.end()
    parts.append(query[end:])
    offsets += range(end, len(query) + 1)
    return "".join(parts), offsets


def _reaches_service(text: str) -> bool:
    """Whether SERVICE stands at a place that tokens, in some reading of *text*, lead to."""
    read = _Reader(text)
    places = [0]
    seen = -1
    while places:
        position = heapq.heappop(places)
        if position == seen:
            continue
        seen = position
        kind, end = read.at(position)
        if kind is None and text.startswith(('""', "''"), position):
            end = position + 2  # an empty string, to an engine that found no long one
        elif kind is None:
            continue
        if kind == "IRI" and not _SURELY_IRI.match(text, position):
            heapq.heappush(places, position + 1)
        if _may_call(read, kind, position, end):
            return True
        heapq.heappush(places, end)
    return False


def _may_call(read: _Reader, kind: str | None, start: int, end: int) -> bool:
    token = read.text[start:end].upper()
    if kind == "WORD":
        return "SERVICE" in token
    if kind == "NAME" and "SERVICE" in token.partition(":")[0]:
        after, gap = read.at(end)
        while after in {"space", "COMMENT"}:
            end, (after, gap) = gap, read.at(gap)
        return read.text.startswith("{", end)
    return False


class _Reader:
    """Reads the token at any place of a text; quick when places are asked for in rising order."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._nameless = 0

    def at(self, position: int) -> tuple[str | None, int]:
        """The kind of the token at *position* and its end; None where no token begins."""
        if position >= self._nameless:
            name = _NAME.match(self.text, position)
            if name is not None and name["NAME"]:
                return "NAME", name.end()
            if name is not None and name["run"]:
                # No prefix can begin before the end of this run of letters, digits, dots
                # and hyphens either, for no colon follows it.
                self._nameless = name.end()
        match = _TOKEN.match(self.text, position)
        return (match.lastgroup, match.end()) if match else (None, position)


def _broken(character: str) -> str:
    if character in "'\"":
        return f"a string that begins with {character} is not closed"
    if character == "\\":
        return "a backslash outside a string is no valid escape"
    return f"no token begins with {character!r}"


class _Places:
    """Line and column of offsets that are asked for in rising order."""

    def __init__(self, text: str) -> None:
        self._lines: Iterator[int] = (match.end() for match in re.finditer(r"\r\n|\n|\r", text))
        self._line, self._start = 1, 0
        self._next = next(self._lines, None)

    def of(self, offset: int) -> tuple[int, int]:
        while self._next is not None and self._next <= offset:
            self._line, self._start = self._line + 1, self._next
            self._next = next(self._lines, None)
        return self._line, offset - self._start + 1
