"""Queries made from a query: one of its first rows, one of those behind them, their number.

Only what stands outside all brackets is touched, so that subqueries stay as they are. An engine
may read words that run together otherwise than `stancegraph.sparql` does; what is made from such
a query may then be no SPARQL, so whoever runs it must be ready for that. And what is no SPARQL
itself may become it here, so whoever asks for a part has the engine read the whole before.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from stancegraph import sparql
from stancegraph.sparql import Kind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stancegraph.sparql import Token

_SLICE = re.compile(r"(LIMIT|OFFSET)([0-9]*)", re.IGNORECASE)
_DEPTHS = {"{": 1, "(": 1, "}": -1, ")": -1}


def sliced(query: str, skip: int, take: int) -> str:
    """The SELECT *query* for its rows after the first *skip*, *take* of them at most.

    Raises:
        QuerySyntaxError: a string is not closed, or a character can begin no token.
    """
    found = sparql.tokens(query, comments=True)
    starts = [*(token.start for token in found), len(query)]
    numbers: dict[str, int] = {}
    place = len(query)
    cut: list[tuple[int, int]] = []
    for at, token in _outermost(found):
        written = _SLICE.fullmatch(token.text) if token.kind is Kind.WORD else None
        if written is not None:
            behind = at + 1
            number = written[2]
            while not number and behind < len(found):
                if found[behind].kind is not Kind.COMMENT:
                    number = found[behind].text
                behind += 1
            numbers[written[1].upper()] = int(number) if number.isdecimal() else 0
            cut.append((token.start, starts[behind]))
        elif token.is_word("VALUES"):
            place = token.start
    own = numbers.get("LIMIT")
    limit = take if own is None else min(take, max(0, own - skip))
    added = f"\nLIMIT {limit} OFFSET {numbers.get('OFFSET', 0) + skip}\n"
    text = query[:place] + added + query[place:]
    for start, end in reversed(cut):  # all of which stand before VALUES
        text = text[:start] + " " + text[end:]
    return text


def counting(query: str) -> str:
    """A query whose one row has, as its one value, the number of rows of the SELECT *query*.

    Raises:
        QuerySyntaxError: a string is not closed, or a character can begin no token.
    """
    found = sparql.tokens(query)
    outer = [(at, token) for at, token in _outermost(found) if token.kind is Kind.WORD]
    starts = [*(token.start for token in found), len(query)]
    verb = next((token.start for _, token in outer if token.is_word("SELECT")), 0)
    dataset = [at for at, token in outer if token.is_word("FROM")]
    begin = end = starts[dataset[0]] if dataset else verb
    if dataset:
        named = found[dataset[-1] + 1].is_word("NAMED")
        end = starts[dataset[-1] + (3 if named else 2)]
    number = "number"
    while number in query:
        number += "_"
    return (
        f"{query[:verb]}SELECT (COUNT(*) AS ?{number}) {query[begin:end]}\nWHERE {{ "
        f"{query[verb:begin] if dataset else ''}{query[end:]}\n}}"
    )


def _outermost(found: list[Token]) -> Iterator[tuple[int, Token]]:
    """The tokens outside all brackets, each with its place among *found*."""
    depth = 0
    for at, token in enumerate(found):
        if token.kind is Kind.MARK:
            depth += _DEPTHS.get(token.text, 0)
        elif depth == 0:
            yield at, token
