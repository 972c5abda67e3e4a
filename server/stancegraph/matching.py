"""Which thing a name in somebody's table means, and whether that is certain.

A search finds much and lets a person choose; a match is taken unseen. So a candidate is certain
only where one of its names is the whole text, but for order, filling words, abbreviations and a
mistake or two, and no other thing comes near. Both read one index of names.
"""

from __future__ import annotations

import functools
import math
import re
from bisect import bisect_right
from collections import Counter, defaultdict
from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING

from stancegraph.names import LAST
from stancegraph.search import LITTLE, SHORT, plain

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from stancegraph.names import Names

CERTAIN = 90  # of 100: the least score of a candidate that is certain
UNSURE = 85  # the most of one that is not
LONGEST = 300  # characters of a text that are looked at
MAX_WORDS = 40
MIN_ALIKE = 0.3  # of 1, for candidates that share some words only
MIN_TOGETHER = 3  # letters that are compared without the spaces between them
MIN_BEGUN = 2  # letters of an abbreviation, but for those of north, south, east and west
MIN_MISSPELT = 5  # letters of a word in which a mistake is overlooked
OVERLOOKED = (7, 11, 16)  # letters of a text from which one mistake, two, three are overlooked
SCORE_ALIKE = 80  # of a candidate that shares all words, mistakes and all

# Words that names have or lack without meaning another thing, in the languages of names.
FILLING = (LITTLE - {"a"}) | frozenset((
    "das", "del", "der", "des", "die", "do", "dos", "du", "el", "et", "la", "le", "les", "no",
    "und", "y",
))  # fmt: skip

# What tables write where nothing is known, though it is a country's code too.
MISSING = frozenset(("na", "n a", "nan", "nil", "none", "not available", "null", "unknown"))

CONTRACTED = {"st": "saint", "ste": "sainte"}
_QUARTERS = ("north", "south", "east", "west")
_BETWEEN_PARTS = re.compile(r"\s*[()\[\]/;|]\s*|\s+[-\N{EN DASH}\N{EM DASH}]\s+")
_BEFORE_PART = re.compile(
    r"^(?:also|aka|ex|formerly|now|previously)\b(?: known)?(?: as)?[\s-]+", re.IGNORECASE
)


class Way(IntEnum):
    """How a text comes to mean a thing, the surest first."""

    WHOLE = 0  # a name is the text
    SAME_WORDS = 1  # a name has the same words, their order and filling words aside
    TOGETHER = 2  # a name has the same letters, spaces and dots aside
    PARTS = 3  # each part of the text, such as what stands in brackets, is a name
    ABBREVIATED = 4  # as the same words, of which some are only begun
    MISSPELT = 5  # as the same words, of which some have mistakes
    ALIKE = 6  # some words are the same

    @property
    def told(self) -> str:
        """What it is called: ``same words``."""
        return self.name.lower().replace("_", " ")


@dataclass(frozen=True, slots=True)
class Candidate:
    """A thing that a text may mean.

    Attributes:
        key: ``<kind>/<key>``.
        label: Its best name.
        name: Its name that fits; the last part of the key where that does.
        way: How the text comes to mean it.
        mistakes: Letters that are wrong, missing, too many or transposed.
        alike: Of 1, how much the words have in common, weighed by how telling they are.
        score: From 0 to 100: at least `CERTAIN` for what is certain, at most `UNSURE` otherwise.
        certain: Whether it may be taken unseen.
    """

    key: str
    label: str
    name: str
    way: Way
    mistakes: int
    alike: float
    score: float
    certain: bool


@dataclass(frozen=True, slots=True)
class _Fit:
    """How one name, told by its number in the index, fits a text.

    Attributes:
        clear: Whether what differs may be overlooked.
        begins_so: Whether no misspelt word has another first letter.
    """

    number: int
    way: Way
    mistakes: int = 0
    alike: float = 1.0
    clear: bool = True
    begins_so: bool = True

    @property
    def order(self) -> tuple[int, int, bool, float]:
        """What fits better is smaller."""
        return self.way, self.mistakes, not self.clear, -self.alike


@dataclass(frozen=True, slots=True)
class _Reading:
    """A word of the index that a word of a text may stand for."""

    word: str
    mistakes: int = 0
    begun: bool = False
    kept: float = 1.0  # of 1: how much of the word is there
    clear: bool = True  # whether it may be overlooked that it is another word

    @property
    def order(self) -> tuple[int, bool]:
        """What is likelier is smaller."""
        return self.mistakes, self.begun


class Matcher:
    """Matches texts with the things that have names.

    Each text is matched on its own; what was learnt of its words is kept for the next.
    """

    def __init__(self, names: Names) -> None:
        self._names = names
        self._index = names.index()
        codes = {key for keys in names.sorts.schemes.values() for key in keys}
        self._common = frozenset(
            key
            for key in names.by_key
            if key not in codes and key not in names.elsewhere and not key.startswith(LAST)
        )
        self._words = [_telling(name.split()) for name in self._index.names]
        frequency = Counter(word for words in self._words for word in set(words))
        count = len(self._words)
        self._weights = {word: math.log(1 + count / n) for word, n in frequency.items()}
        self._rarest = math.log(1 + count)
        self._having: defaultdict[str, list[int]] = defaultdict(list)
        self._same: defaultdict[tuple[str, ...], list[int]] = defaultdict(list)
        self._together: defaultdict[str, list[int]] = defaultdict(list)
        for number, words in enumerate(self._words):
            for word in set(words):
                self._having[word].append(number)
            self._same[tuple(sorted(words))].append(number)
            self._together["".join(words)].append(number)
        self._readings = functools.lru_cache(maxsize=20_000)(self._read_word)
        # By a set of IRIs of classes, the keys of the things that are matched.
        self.things = functools.lru_cache(maxsize=200)(self._of_classes)

    def match(self, text: str, classes: Collection[str] = (), *, limit: int = 5) -> list[Candidate]:
        """The things that *text* may mean, the likeliest first; only the first may be certain.

        Args:
            text: As somebody wrote it.
            classes: IRIs of classes of which a thing must be of one. Where there are none,
                it may be of any, but neither a code nor a source: these often bear the name
                of what is meant.
            limit: How many to give at most.
        """
        text = text[:LONGEST]
        allowed = self.things(frozenset(classes))
        found = self._surely(text, allowed) or self._in_parts(text, allowed)
        found = found or self._nearly(text, allowed)
        return self._ranked(text, found, limit)

    def _of_classes(self, classes: frozenset[str]) -> frozenset[str]:
        if not classes:
            return self._common
        members = (self._names.sorts.classes.get(each, ()) for each in classes)
        return frozenset(
            key for keys in members for key in keys if key not in self._names.elsewhere
        )

    def _ranked(self, text: str, found: Mapping[str, _Fit], limit: int) -> list[Candidate]:
        """What was *found*, scored and in order."""
        best = min(found, key=lambda key: (found[key].order, key), default="")
        others = [fit for key, fit in found.items() if key != best]
        certain = bool(best) and plain(text) not in MISSING and _is_certain(found[best], others)
        scores = {key: _score(fit, certain=certain and key == best) for key, fit in found.items()}
        order = sorted(scores, key=lambda key: (-scores[key], key.startswith(LAST), key))
        return [
            self._candidate(key, found[key], scores[key], certain=certain and key == best)
            for key in order[:limit]
        ]

    def _candidate(self, key: str, fit: _Fit, score: float, *, certain: bool) -> Candidate:
        name = self._index.names[fit.number]
        named = (each for each in self._names.by_key[key] if plain(each) == name)
        return Candidate(
            key=key,
            label=self._names.by_key[key][0],
            name=next(named, key.partition("/")[2]),
            way=fit.way,
            mistakes=fit.mistakes,
            alike=round(fit.alike, 3),
            score=score,
            certain=certain,
        )

    def _surely(self, text: str, allowed: frozenset[str]) -> dict[str, _Fit]:
        """The things of which a name is *text*, its words, or its letters."""
        found = _Best(allowed)
        for written in dict.fromkeys((plain(text), plain(text.replace(".", "")))):
            words = _telling(written.split())
            together = "".join(words)
            numbers = self._together.get(together, ()) if len(together) >= MIN_TOGETHER else ()
            for number in {*numbers, *self._same.get(tuple(sorted(words)), ())}:
                name = self._index.names[number]
                if name == written:
                    way = Way.WHOLE
                else:
                    same = sorted(self._words[number]) == sorted(words)
                    way = Way.SAME_WORDS if same else Way.TOGETHER
                found.add(_Fit(number, way), self._index.keys(name))
        return found.fits

    def _in_parts(self, text: str, allowed: frozenset[str]) -> dict[str, _Fit]:
        """The things of which each part of *text* is a name, where there are parts."""
        parts = [_BEFORE_PART.sub("", part) for part in _BETWEEN_PARTS.split(text) if part.strip()]
        if len(parts) < 2:  # noqa: PLR2004 (one part is the whole)
            return {}
        each = [self._surely(part, allowed) for part in parts]
        shared = set.intersection(*map(set, each))
        return {key: _Fit(each[0][key].number, Way.PARTS) for key in shared}

    def _nearly(self, text: str, allowed: frozenset[str]) -> dict[str, _Fit]:
        """The things that have a name with nearly the words, or nearly the letters, of *text*."""
        words = _telling(plain(text).split()[:MAX_WORDS])
        found = _Best(allowed)
        for number in self._sharing(words):
            keys = self._index.keys(self._index.names[number])
            if not allowed.isdisjoint(keys):
                fit = self._compare(words, number)
                if fit.alike >= MIN_ALIKE:
                    found.add(fit, keys)
        if all(fit.way is Way.ALIKE for fit in found.fits.values()):
            self._add_letters(found, "".join(words))
        return found.fits

    def _add_letters(self, found: _Best, letters: str) -> None:
        """Add the names with nearly these *letters*, spaces aside, and with the same digits."""
        bound = _overlooked(letters)
        for number, mistakes in self._index.letters_near(
            letters, bound + 1 if bound else 0
        ).items():
            name = self._index.names[number]
            if _digits(name) == _digits(letters):
                begins_so = name[0] == letters[0]
                clear = mistakes <= bound and begins_so
                alike = 1 - mistakes / len(letters)
                fit = _Fit(number, Way.MISSPELT, mistakes, alike, clear, begins_so)
                found.add(fit, self._index.keys(name))

    def _sharing(self, words: Sequence[str]) -> set[int]:
        """The names that share so much of *words*, or their likes, that they may be alike.

        The least telling words, which many names have, find none of themselves, nor do
        abbreviations of a letter or two.
        """
        words = [word for word in words if len(word) > MIN_BEGUN] or words
        readings = {word: self._readings(word) for word in words}
        weights = {word: max(map(self._weight, meant)) for word, meant in readings.items() if meant}
        rest = whole = sum(weights.values())
        numbers: set[int] = set()
        for word in sorted(weights, key=weights.__getitem__, reverse=True):
            numbers.update(number for each in readings[word] for number in self._having[each])
            rest -= weights[word]
            if rest < MIN_ALIKE * whole:
                break
        return numbers

    def _compare(self, words: Sequence[str], number: int) -> _Fit:
        """How the name *number* fits the telling *words* of a text."""
        left = list(self._words[number])
        pairs: list[tuple[str, _Reading]] = []
        missing = []
        for word in words:
            readings = self._readings(word)
            known = [readings[each] for each in left if each in readings]
            if known:
                best = min(known, key=lambda reading: reading.order)
                left.remove(best.word)
                pairs.append((word, best))
            else:
                missing.append(word)
        shared = sum(self._weight(each.word) * each.kept for _, each in pairs)
        matched = sum(self._weight(each.word) for _, each in pairs)
        alike = shared / (matched + sum(map(self._weight, (*left, *missing))) or 1)
        if left or missing:
            return _Fit(number, Way.ALIKE, alike=alike)
        mistakes = sum(each.mistakes for _, each in pairs)
        as_written = any(each.word == word for word, each in pairs)
        return _Fit(
            number,
            Way.MISSPELT if mistakes else Way.ABBREVIATED,
            mistakes,
            alike,
            clear=mistakes <= _overlooked("".join(words))
            and all(each.clear for _, each in pairs)
            and (as_written or not any(each.begun for _, each in pairs)),
            begins_so=all(each.word[0] == word[0] for word, each in pairs),
        )

    def _weight(self, word: str) -> float:
        """How telling *word* is: the fewer names have it, the more."""
        return self._weights.get(word, self._rarest)

    def _read_word(self, word: str) -> dict[str, _Reading]:
        """What *word* of a text may stand for, by the words of names."""
        found: dict[str, _Reading] = {}
        bound = max(1, _overlooked(word))
        for each, mistakes in self._index.words_near(word, bound + 1).items():
            if len(each) <= SHORT:  # a code, most likely
                continue
            known = word in self._weights or len(word) < MIN_MISSPELT
            kept = 1 - mistakes / max(len(word), len(each))
            clear = not known and each[0] == word[0] and mistakes <= bound
            found[each] = _Reading(each, mistakes, kept=kept, clear=clear)
        begun = self._index.words_begun(word)
        if len(word) < MIN_BEGUN:
            begun = [each for each in begun if each.startswith(_QUARTERS)]
        for each in (*begun, *([CONTRACTED[word]] if word in CONTRACTED else ())):
            found[each] = _Reading(each, begun=True, kept=min(1.0, len(word) / len(each)))
        if word in self._weights:
            found[word] = _Reading(word)
        return {each: reading for each, reading in found.items() if each in self._weights}


class _Best:
    """The best of the names that fit, by the keys of the things that bear them."""

    def __init__(self, allowed: Collection[str]) -> None:
        self.fits: dict[str, _Fit] = {}
        self._allowed = allowed

    def add(self, fit: _Fit, keys: Iterable[str]) -> None:
        """Take note of a name that fits."""
        for key in keys:
            known = self.fits.get(key)
            if key in self._allowed and (known is None or fit.order < known.order):
                self.fits[key] = fit


def _telling(words: Sequence[str]) -> list[str]:
    """*words* without those that fill, all if there are only such, in one way of spelling."""
    telling = [word for word in words if word not in FILLING] or words
    return [word.replace("isation", "ization") for word in telling]


def _digits(text: str) -> str:
    return "".join(filter(str.isdigit, text))


def _overlooked(letters: str) -> int:
    """How many mistakes in *letters* may be overlooked."""
    return bisect_right(OVERLOOKED, len(letters))


def _score(fit: _Fit, *, certain: bool) -> float:
    """What *fit* is worth, from 0 to 100."""
    if certain:
        return 100.0 - fit.way - fit.mistakes
    if fit.way is Way.ALIKE:
        return round(SCORE_ALIKE * fit.alike, 1)
    return float(UNSURE - fit.mistakes)


def _is_certain(best: _Fit, others: Iterable[_Fit]) -> bool:
    """Whether the thing that *best* fits is meant, where *others* are of other things."""
    if best.way is Way.ALIKE or not best.clear:
        return False
    if best.way <= Way.PARTS:
        return not any(other.way <= Way.PARTS for other in others)
    return not any(
        other.way is not Way.ALIKE and other.mistakes <= best.mistakes + other.begins_so
        for other in others
    )
