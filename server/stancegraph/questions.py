"""Asking in words: which saved queries a text is about, and what it sets in them.

Nothing is made up: a text finds queries that were written and checked before, by their words,
and things of the graph, by their names. Where no query fits there is none.
"""

from __future__ import annotations

import re
import sqlite3
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

from stancegraph.catalog import Allowed, typed
from stancegraph.parameters import MAX_VALUES
from stancegraph.search import LITTLE, plain

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from stancegraph.names import Match, Names
    from stancegraph.queryfile import SavedQuery

# Words that questions have whatever they are about.
ASKING = LITTLE | frozenset((
    "all", "am", "any", "are", "as", "be", "been", "but", "can", "did", "do", "does",
    "from", "give", "had", "has", "have", "her", "his", "how", "i", "if", "into", "is",
    "it", "its", "list", "many", "me", "much", "my", "or", "our", "show", "so", "such",
    "tell", "than", "that", "their", "them", "then", "there", "these", "they", "this",
    "those", "us", "was", "we", "were", "what", "when", "where", "which", "who", "whom",
    "whose", "why", "will", "with", "would", "you",
))  # fmt: skip
# By how much more a word counts in the name, the summary and the keywords than in the
# description; in the order of the columns.
WEIGHTS = (3.0, 5.0, 4.0, 1.0)
WORTH = 0.4  # of the best one's, that the worth of a further query must be


@dataclass(frozen=True, slots=True)
class Question:
    """A saved query that a text may be asking.

    Attributes:
        values: What the text sets, by parameter, as a caller would write it; for what else is
            needed the example of the query.
        named: The labels of what the text sets, by parameter.
    """

    query: SavedQuery
    values: Mapping[str, tuple[str, ...]]
    named: Mapping[str, tuple[str, ...]]


class Wording:
    """The words of saved queries: name, summary, keywords and description.

    Any thread may ask.
    """

    def __init__(self, queries: Iterable[SavedQuery]) -> None:
        self._queries = list(queries)
        self._lock = threading.Lock()
        # SQLite stems words and weighs them (BM25): no dependency, and no code of ours.
        self._index = sqlite3.connect(":memory:", check_same_thread=False)
        self._index.execute(
            "CREATE VIRTUAL TABLE query USING fts5 (name, summary, keywords, description,"
            " tokenize = 'porter unicode61 remove_diacritics 2')"
        )
        self._index.executemany(
            "INSERT INTO query (rowid, name, summary, keywords, description)"
            " VALUES (?, ?, ?, ?, ?)",
            [(number, *_words(query)) for number, query in enumerate(self._queries)],
        )

    def find(self, text: str) -> list[SavedQuery]:
        """The queries that have any of the telling words of *text*, the likeliest first."""
        words = plain(text).split()
        telling = [word for word in words if word not in ASKING] or words
        if not telling:
            return []
        found = sorted(self.ranked(telling), key=lambda each: (-each[1], each[0].name))
        return [query for query, _ in found]

    def ranked(self, words: Sequence[str]) -> list[tuple[SavedQuery, float]]:
        """The queries that have any of *words*, with what they are worth."""
        wanted = " OR ".join(f'"{word}"' for word in dict.fromkeys(words))
        weights = ", ".join(map(str, WEIGHTS))
        asked = f"SELECT rowid, -bm25(query, {weights}) FROM query WHERE query MATCH ?"  # noqa: S608
        with self._lock:
            found = list(self._index.execute(asked, (wanted,)))
        return [(self._queries[number], worth) for number, worth in found]


class Questions:
    """The saved queries of a graph, but for those on its quality and for lists, by their words.

    Any thread may ask.
    """

    def __init__(self, queries: Iterable[SavedQuery], names: Names) -> None:
        self._queries = [each for each in queries if each.flaw is None and each.listing is None]
        self._names = names
        self._allowed = {
            (query.name, parameter.name): Allowed.by(parameter, names)
            for query in self._queries
            for parameter in query.params.values()
            if parameter.type == "iri"
        }
        self._words = Wording(self._queries)

    def about(self, text: str) -> list[Question]:
        """The questions that *text* may be asking, the likeliest first; none where none fits.

        A query fits if it has words of *text* that are not in the names of things; it fits
        better the more things that *text* names it takes, and worse the more it leaves out, or
        needs beside.
        """
        mentioned = self._names.mentioned(text)
        # Things that a query takes as parameters are not what it is about; codes may be.
        things = [words for words, matches in mentioned.items() if not self._are_codes(matches)]
        in_names = {word for words in things for word in words.split()}
        words = [word for word in plain(text).split() if word not in ASKING]
        telling = [word for word in words if word not in in_names and not word.isdigit()]
        if not telling:
            return []
        found = []
        for query, worth in self._words.ranked(telling):
            set_by_text = self._set(query, mentioned.values())
            taken = sum(map(len, set_by_text.values()))
            missed = max(len(things) - taken, 0)
            if things:  # who names one thing asks for no second one
                missed += sum(
                    parameter.needed and parameter.type == "iri" and name not in set_by_text
                    for name, parameter in query.params.items()
                )
            found.append((worth * (1 + taken) / (1 + missed), query, set_by_text))
        found.sort(key=lambda each: (-each[0], each[1].name))
        return [
            self._question(query, set_by_text)
            for worth, query, set_by_text in found
            if worth >= WORTH * found[0][0]
        ]

    def _are_codes(self, matches: Iterable[Match]) -> bool:
        """Whether *matches* are codes, or lists of codes."""
        schemes = self._names.sorts.schemes
        codes = {key for keys in schemes.values() for key in keys}
        codes |= {key for key in map(self._names.key, schemes) if key}
        return codes.issuperset(match.key for match in matches)

    def _set(
        self, query: SavedQuery, mentioned: Iterable[Sequence[Match]]
    ) -> dict[str, list[Match]]:
        """What the things *mentioned*, each by a name that several may have, set in *query*."""
        found: dict[str, list[Match]] = {}
        for matches in mentioned:
            for name, parameter in query.params.items():
                bound = MAX_VALUES if parameter.is_list else 1
                fitting = [match for match in matches if self._takes(query, name, match.key)]
                if fitting and len(found.get(name, ())) < bound:
                    found.setdefault(name, []).append(fitting[0])
                    break
        return found

    def _takes(self, query: SavedQuery, name: str, key: str) -> bool:
        """Whether the parameter *name* of *query* takes the thing *key*, and not just anything."""
        allowed = self._allowed.get((query.name, name))
        return allowed is not None and not allowed.anything and allowed.has(key, self._names)

    def _question(self, query: SavedQuery, found: Mapping[str, Sequence[Match]]) -> Question:
        values: dict[str, tuple[str, ...]] = {}
        for name, parameter in query.params.items():
            if name in found:
                allowed = self._allowed[query.name, name]
                values[name] = tuple(allowed.short(m.key, self._names) for m in found[name])
            elif parameter.needed:
                values[name] = tuple(
                    typed(parameter, term, self._names) for term in parameter.examples
                )
        named = {name: tuple(match.label for match in found[name]) for name in found}
        return Question(query, values, named)


def _words(query: SavedQuery) -> tuple[str, str, str, str]:
    """The words of *query* by column."""
    name = re.sub(r"[/-]", " ", query.name)
    return name, query.summary, " ".join(query.keywords), query.description
