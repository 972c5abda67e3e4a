"""What things the names in a table mean: sure matches, and questions where none is sure.

A name is sure when exactly one thing of the class that a column holds bears it: as its key,
as a code, or as a label or other name, case, accents and punctuation aside; else with the
same words in another order, abbreviations written out (``Korea, Rep.``). Anything else is a
question: likenesses only put the candidates in order.
"""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from stancegraph.errors import OperationError
from stancegraph.search import SHORT, plain

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence
    from pathlib import Path

    from stancegraph.names import Names
    from stancegraph.tablefile import Column

HEADER = ("written", "kind", "key")  # of a file of names
CANDIDATES = 5
LEAST_ALIKE = 45.0  # of 100, for a candidate
SMALL_WORDS = frozenset({"the", "of", "and", "s"})


@dataclass(frozen=True, slots=True)
class Candidate:
    """A thing that a name may mean: its ``<kind>/<key>``, and its best name."""

    key: str
    label: str

    def __str__(self) -> str:
        return f"{self.key} ({self.label})"


@dataclass(frozen=True, slots=True)
class Question:
    """A name that is not sure.

    Attributes:
        written: As it stands in the table.
        column: The column in which it stands.
        several: Whether just this name is borne by several things, the candidates.
        candidates: The likeliest first.
    """

    written: str
    column: str
    several: bool
    candidates: tuple[Candidate, ...]


class Decisions:
    """What people decided that names mean, and the file where that stands.

    Attributes:
        taken: The keys, ``<kind>/<key>``, by the name as it is written.
        new: Those that the file does not hold yet, in the order in which they were taken.
    """

    def __init__(self, path: Path | None = None) -> None:
        self.taken: dict[str, list[str]] = {}
        self.new: list[tuple[str, str]] = []
        self._path = path
        if path is not None and path.exists():
            for written, key in _read_decisions(path):
                self.taken.setdefault(written, []).append(key)

    def take(self, written: str, key: str) -> None:
        """Note that *written* means the thing *key*."""
        self.taken.setdefault(written, []).append(key)
        self.new.append((written, key))

    def save(self) -> None:
        """Add what is new to the file; nothing without one.

        Raises:
            OperationError: it cannot be written to.
        """
        if self._path is None or not self.new:
            return
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        try:
            before = self._path.read_text("utf-8") if self._path.exists() else ""
            if not before:
                writer.writerow(HEADER)
            elif not before.endswith("\n"):
                text.write("\n")
            writer.writerows((written, *key.split("/", 1)) for written, key in self.new)
            self._path.write_text(before + text.getvalue(), "utf-8")
        except OSError as error:
            raise OperationError(f"{self._path} cannot be written: {error.strerror}") from error
        self.new = []


def _read_decisions(path: Path) -> list[tuple[str, str]]:
    try:
        rows = list(csv.reader(io.StringIO(path.read_text("utf-8-sig"), newline="")))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise OperationError(f"{path} cannot be read: {error}") from error
    if rows and tuple(cell.strip() for cell in rows[0]) != HEADER:
        raise OperationError(f"{path}: the first line of a file of names is {','.join(HEADER)}")
    found = []
    for number, row in enumerate(rows[1:], start=2):
        if not any(row):
            continue
        if len(row) != len(HEADER) or not all(cell.strip() for cell in row):
            raise OperationError(f"{path}:{number}: write a name, a kind and a key")
        written, kind, key = (cell.strip() for cell in row)
        found.append((written, f"{kind}/{key}"))
    return found


@dataclass
class Resolver:
    """Finds what names in a table mean.

    Attributes:
        own: The keys of what the table itself describes.
        ask: Asks a person, once for each name; gives a key of the candidates or None.
        codes: The keys of things by their values of a property, for columns of such values.
    """

    names: Names
    abbreviations: Mapping[str, str] = field(default_factory=dict)
    decisions: Decisions = field(default_factory=Decisions)
    own: Collection[str] = ()
    ask: Callable[[Question], str | None] | None = None
    codes: Mapping[str, Mapping[str, Sequence[str]]] = field(default_factory=dict)
    _found: dict[tuple[str, tuple[str, ...]], str | Question] = field(default_factory=dict)
    _among: dict[tuple[str, ...], _Among] = field(default_factory=dict)

    def find(self, text: str, column: Column) -> str | Question:
        """The key, ``<kind>/<key>``, of what *text* means in *column*; a question if unsure.

        A question is put to ``ask`` once, where there is somebody to ask.
        """
        place = (text, (column.by, *column.classes))
        if place not in self._found:
            found = self._by_code(text, column) if column.by else self._look(text, column)
            if isinstance(found, Question) and self.ask is not None:
                answer = self.ask(found)
                if answer is not None:
                    self.decisions.take(text, answer)
                    found = answer
            self._found[place] = found
        return self._found[place]

    def code(self, text: str, column: Column) -> str | None:
        """The key of what *text* means in a column of codes; None if nothing or not sure."""
        keys = self.names.find(text, [column.scheme])
        return keys[0] if len(keys) == 1 else None

    def near_codes(self, text: str, column: Column) -> list[str]:
        """The codes of a column that *text* resembles; all of them where there is none."""
        near = [
            key if plain(key) == plain(label.rstrip(")")) else f"{key} ({label}"
            for key, _, label in (
                told.partition(" (") for told in self.names.near(text, [column.scheme])
            )
        ]
        prefix = f"{column.scheme}/"
        every = [key.removeprefix(prefix) for key in self.names.by_key if key.startswith(prefix)]
        return near or every

    def label(self, key: str) -> str:
        """The best name of the thing *key*; its key where it has none."""
        names = self.names.by_key.get(key)
        return names[0] if names else key.partition("/")[2] or key

    def _look(self, text: str, column: Column) -> str | Question:
        if text in column.written:
            return column.written[text]
        among = self._things(column.classes)
        key = self.names.key(text) or text
        if key in among.keys or key in self.own:
            return key
        decided = [key for key in self.decisions.taken.get(text, ()) if key in among.keys]
        if len(decided) == 1:
            return decided[0]
        kinds = among.kinds or {key.partition("/")[0] for key in self.own}
        own = [key for key in self.own if key in {f"{kind}/{text}" for kind in kinds}]
        if len(own) == 1:
            return own[0]
        keys = self.names.find(text, among.kinds, among.keys) or among.same_words(text)
        if len(keys) == 1:
            return keys[0]
        several = bool(keys)
        found = keys if several else among.likeliest(text)
        candidates = tuple(Candidate(key, self.label(key)) for key in found)
        return Question(text, column.name, several, candidates)

    def _by_code(self, text: str, column: Column) -> str | Question:
        """The thing that has *text* as the value of the property of *column*, or as its key."""
        among = self._things(column.classes)
        keys = [key for key in among.keys if text in {key, key.partition("/")[2]}]
        if len(keys) == 1:
            return keys[0]
        decided = [key for key in self.decisions.taken.get(text, ()) if key in among.keys]
        if len(decided) == 1:
            return decided[0]
        keys = [key for key in self.codes[column.by].get(text, ()) if key in among.keys]
        if len(keys) == 1:
            return keys[0]
        candidates = tuple(Candidate(key, self.label(key)) for key in keys)
        return Question(text, column.name, bool(keys), candidates)

    def _things(self, classes: tuple[str, ...]) -> _Among:
        if classes not in self._among:
            keys = {key for iri in classes for key in self.names.sorts.classes.get(iri, ())}
            self._among[classes] = _Among(keys, self.names, self.abbreviations)
        return self._among[classes]


class _Among:
    """The things that a column may name.

    Attributes:
        keys: Their keys.
        kinds: The first parts of these, sorted.
    """

    def __init__(self, keys: set[str], names: Names, abbreviations: Mapping[str, str]) -> None:
        self.keys = keys
        self.kinds = sorted({key.partition("/")[0] for key in keys})
        self._abbreviations = abbreviations
        self._plain = {
            (key, name): plain(name)
            for key in sorted(keys)
            for name in (key.partition("/")[2], *names.by_key[key])
        }
        self._words: dict[tuple[str, ...], set[str]] = {}
        for (key, _), name in self._plain.items():
            if words := self._bag(name):
                self._words.setdefault(words, set()).add(key)

    def same_words(self, text: str) -> list[str]:
        """The things with a name of the same words, whatever their order; sorted."""
        return sorted(self._words.get(self._bag(plain(text)), ()))

    def likeliest(self, text: str) -> list[str]:
        """The keys of the things whose names are most like *text*, the likeliest first."""
        from rapidfuzz import fuzz, process  # noqa: PLC0415 (most tables leave no question)

        wanted = " ".join(self._bag(plain(text))) or plain(text)
        # Codes of two or three letters resemble anything.
        names = {
            place: " ".join(self._bag(name)) or name
            for place, name in self._plain.items()
            if len(name) > SHORT
        }
        scores: dict[str, float] = {}
        for scorer in (fuzz.token_sort_ratio, fuzz.token_set_ratio, fuzz.WRatio):
            best: dict[str, float] = {}
            for _, score, (key, _) in process.extract(wanted, names, scorer=scorer, limit=None):
                best[key] = max(best.get(key, 0.0), score)
            for key, score in best.items():
                scores[key] = scores.get(key, 0.0) + score / 3
        ranked = sorted(scores, key=lambda key: (-scores[key], key))
        return [key for key in ranked if scores[key] >= LEAST_ALIKE][:CANDIDATES]

    def _bag(self, name: str) -> tuple[str, ...]:
        """The words of a plain name, abbreviations written out, sorted."""
        words = (self._abbreviations.get(word, word) for word in name.split())
        return tuple(sorted(word for word in words if word not in SMALL_WORDS))


def unanswered(question: Question, more: int) -> str:
    """What to tell of a *question* that nobody answered, and of *more* cells with it."""
    shown = ", ".join(map(str, question.candidates))
    if question.several:
        told = f"{question.written!r} may mean {shown}"
    elif question.candidates:
        told = f"{question.written!r} is not known here; it may mean {shown}"
    else:
        told = f"{question.written!r} is not known here, and nothing resembles it"
    also = f" (as in {more} more cell{'' if more == 1 else 's'})" if more else ""
    return f"{told}{also}; write a key, or decide in a file of names (--names)"
