"""Finding names by what somebody types: in any script, without accents, with mistakes.

An index is made once of the plain names of things; it knows nothing else of them. Comparing
spellings is rapidfuzz's; what a fit is worth is said here.
"""

from __future__ import annotations

import math
import re
import unicodedata
from bisect import bisect_left
from collections import Counter, defaultdict
from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

MAX_WORDS = 40  # of a text that are looked at
MAX_LETTERS = 300  # of a text that are looked at
MAX_GRAM = 12  # words of a name that is found within a text
MAX_MENDED = 12  # words of a text whose spelling is mended to find names in it
FEW = 5  # fits; with fewer, names that are spelt nearly so follow
MIN_INSIDE = 3  # letters that are looked for within words
MIN_SQUEEZED = 5  # letters that are looked for across words
MIN_ALIKE = 0.8  # of 1, for names that are compared as a whole, spaces aside
MIN_RESEMBLING = 0.6  # of 1, for what somebody is asked about: "did you mean …?"
MIN_PART = 0.5  # of the weight of all words that those which fit must have
SHORT = 3  # letters of a word that within a sentence is a name only in capitals

# Words that tell nothing of what is looked for; they may be missing from a name.
LITTLE = frozenset(("a", "an", "and", "at", "by", "de", "for", "in", "of", "on", "the", "to"))

# Letters that Unicode does not take apart, though people type them without the stroke.
_LETTERS = str.maketrans(
    {
        "æ": "ae",
        "ð": "d",
        "ø": "o",
        "þ": "th",
        "đ": "d",
        "ħ": "h",
        "\u0131": "i",
        "ł": "l",
        "œ": "oe",
    }
)


class Fit(IntEnum):
    """How a name fits a text, the best first."""

    WHOLE = 0  # it is the text
    WORDS = 1  # it has the text as words
    BEGINNING = 2  # it begins with the text
    EACH_WORD = 3  # each word of the text begins one of its words
    ACROSS = 4  # each word of the text begins a word of some name of the thing
    INSIDE = 5  # it has the text within words, or across them
    NEAR = 6  # it is spelt nearly so
    PART = 7  # it has the most telling of the words

    @property
    def told(self) -> str:
        """What it is called: ``each word``."""
        return self.name.lower().replace("_", " ")


@dataclass(frozen=True, slots=True)
class Hit:
    """A name that fits.

    Attributes:
        number: Its number in the index.
        name: As the index has it.
        fit: How it fits.
        distance: By how much it does not, among names of that fit.
    """

    number: int
    name: str
    fit: Fit
    distance: float = 0.0

    @property
    def order(self) -> tuple[int, float]:
        """What comes first is smaller."""
        return self.fit, self.distance


def plain(text: str) -> str:
    """*text* without case, accents and punctuation, its words one space apart.

    Vowel signs, which some scripts write as marks, stay: they are no accents.
    """
    decomposed = unicodedata.normalize("NFKD", text).casefold().translate(_LETTERS)
    if decomposed.isascii():
        kept = decomposed
    else:
        kept = "".join(
            letter if unicodedata.category(letter)[0] in "LMN" else " "
            for letter in decomposed
            if not unicodedata.combining(letter)
        )
        return " ".join(kept.split())
    return " ".join(re.sub(r"[\W_]+", " ", kept).split())


class Index:
    """Names by their words.

    A name is plain, as `plain` makes it, and belongs to one thing or more, known by keys.
    """

    def __init__(self, keys: Mapping[str, Sequence[str]]) -> None:
        """Make the index of the names in *keys*, each with the things that bear it.

        Of names that fit alike the one that stands first counts.
        """
        self._keys = keys
        self._names = list(keys)
        postings: defaultdict[str, list[int]] = defaultdict(list)
        for number, name in enumerate(self._names):
            for word in dict.fromkeys(name.split()):
                postings[word].append(number)
        self._words = sorted(postings)
        self._postings = [postings[word] for word in self._words]
        self._by_word = {word: at for at, word in enumerate(self._words)}
        self._whole = _Blob(self._names)
        self._squeezed = _Blob([name.replace(" ", "") for name in self._names])

    def find(self, text: str, allowed: Callable[[str], bool] | None = None) -> dict[str, Hit]:
        """By key, how the things that *text* may mean fit it, each by the name that fits best.

        Args:
            text: Plain.
            allowed: Which keys to find; all, if None.
        """
        text = text[:MAX_LETTERS].rstrip()
        words = text.split()[:MAX_WORDS]
        words = [word for word in words if word not in LITTLE] or words
        found = _Found(self._keys, allowed)
        if not words:
            return found.hits
        begun = [self._begun(word) for word in words]
        found.add(self._with_words(text, begun))
        if len(words) > 1:
            found.add_things(self._across(begun))
        found.add(self._inside(text))
        if len(found.hits) < FEW:
            found.add(self._near(words))
        if not found.hits:
            found.add(self._in_part(words, begun))
        return found.hits

    @property
    def names(self) -> Sequence[str]:
        """All names, each at its number."""
        return self._names

    def keys(self, name: str) -> Sequence[str]:
        """The things that bear *name*, one of the index."""
        return self._keys[name]

    def words_begun(self, word: str) -> list[str]:
        """The words of names that begin with *word*, itself included."""
        return [self._words[at] for at in self._begun(word)]

    def words_near(self, word: str, bound: int) -> dict[str, int]:
        """The words of names within *bound* mistakes of *word*, itself included, with how many.

        None is where digits are: no mistake in a number is forgiven.
        """
        if any(map(str.isdigit, word)):
            return {}
        return {self._words[at]: distance for at, distance in _close(word, self._words, bound)}

    def letters_near(self, letters: str, bound: int) -> dict[int, int]:
        """The numbers of the names within *bound* mistakes of *letters*, spaces aside."""
        return dict(_close(letters, self._squeezed.texts, bound)) if bound else {}

    def alike(self, text: str, allowed: Callable[[str], bool] | None = None) -> list[str]:
        """The keys of a few things with a name that as a whole resembles *text*, however short.

        Args:
            text, allowed: As in `find`.
        """
        from rapidfuzz import process  # noqa: PLC0415
        from rapidfuzz.distance import OSA  # noqa: PLC0415

        close = process.extract(
            text[:MAX_LETTERS],
            self._names,
            scorer=OSA.normalized_similarity,
            score_cutoff=MIN_RESEMBLING,
            limit=None,
        )
        keys = (key for name, _, _ in close for key in self._keys[name])
        return list(dict.fromkeys(key for key in keys if allowed is None or allowed(key)))[:FEW]

    def mentioned(self, text: str) -> list[tuple[str, str]]:
        """The names that stand in *text*, which is as somebody wrote it, in their order.

        Of names that overlap the longer counts. A short word is a name only where it stands in
        capitals: ``WHO`` is, ``who`` is not; a number alone never is.

        Returns: pairs of a name and the words for which it stands, plain.
        """
        written = re.findall(r"\S+", text)[:MAX_WORDS]
        shouted = text.isupper()
        pieces = [(word, part) for word in written for part in plain(word).split()]
        words = [part for _, part in pieces]
        mended = self._mended(words)
        found: list[tuple[str, str]] = []
        at = 0
        while at < len(words):
            size = min(MAX_GRAM, len(words) - at)
            while size:
                gram = " ".join(mended[at : at + size])
                is_word = size > 1 or _may_be_name(gram, pieces[at][0], shouted=shouted)
                if is_word and gram in self._keys:
                    found.append((gram, " ".join(words[at : at + size])))
                    break
                size -= 1
            at += size or 1
        return found

    def _mended(self, words: Sequence[str]) -> list[str]:
        """*words*, the unknown ones replaced by the known ones that are spelt nearly so."""
        mended = list(words)
        unknown = [at for at, word in enumerate(words) if word not in self._by_word]
        for at in unknown[:MAX_MENDED]:
            near = self._spelt_like(words[at])
            best = min(near.values(), default=None)
            nearest = [word for word, distance in near.items() if distance == best]
            if len(nearest) == 1:
                mended[at] = self._words[nearest[0]]
        return mended

    def _begun(self, word: str) -> range:
        """Where the words stand that begin with *word*."""
        return range(bisect_left(self._words, word), bisect_left(self._words, word + "\U0010ffff"))

    def _with_words(self, text: str, begun: Sequence[Collection[int]]) -> Iterable[Hit]:
        """The names that begin with *text*, or in which each of its telling words begins a word."""
        rarest_first = sorted(begun, key=self._frequency)
        numbers = self._names_with(rarest_first[0])
        for each in rarest_first[1:]:
            numbers &= self._names_with(each)
        for number in numbers:
            name = self._names[number]
            if name == text:
                fit = Fit.WHOLE
            elif f" {text} " in f" {name} ":
                fit = Fit.WORDS
            elif name.startswith(text):
                fit = Fit.BEGINNING
            else:
                fit = Fit.EACH_WORD
            yield self._hit(number, fit)

    def _hit(self, number: int, fit: Fit, distance: float = 0.0) -> Hit:
        return Hit(number, self._names[number], fit, distance)

    def _across(self, begun: Sequence[Collection[int]]) -> dict[str, Hit]:
        """The things among whose names each word of a text begins a word of some name."""
        names: dict[str, int] = {}
        keys: set[str] | None = None
        for each in sorted(begun, key=self._frequency):
            here: set[str] = set()
            for number in sorted(self._names_with(each)):
                for key in self._keys[self._names[number]]:
                    if keys is None or key in keys:
                        here.add(key)
                        names.setdefault(key, number)
            keys = here
            if not keys:
                break
        return {key: self._hit(names[key], Fit.ACROSS) for key in keys or ()}

    def _inside(self, text: str) -> Iterable[Hit]:
        """The names that hold *text* anywhere, spaces apart or not."""
        if len(text) >= MIN_INSIDE or not text.isascii():
            for number in self._whole.having(text):
                yield self._hit(number, Fit.INSIDE)
        squeezed = text.replace(" ", "")
        if len(squeezed) >= MIN_SQUEEZED:
            for number in self._squeezed.having(squeezed):
                yield self._hit(number, Fit.INSIDE, 1)

    def _near(self, words: Sequence[str]) -> Iterable[Hit]:
        """The names whose words, or which as a whole, are spelt nearly as *words*."""
        from rapidfuzz import process  # noqa: PLC0415 (most searches need no library)
        from rapidfuzz.distance import OSA  # noqa: PLC0415

        distances: dict[int, int] | None = None
        for at, word in enumerate(words):
            near = self._spelt_like(word, begun=at == len(words) - 1)
            here: dict[int, int] = {}
            for known, distance in near.items():
                for number in self._postings[known]:
                    if distances is None or number in distances:
                        here[number] = min(distance, here.get(number, distance))
            distances = {n: d + (distances or {}).get(n, 0) for n, d in here.items()}
            if not distances:
                break
        for number, distance in (distances or {}).items():
            yield self._hit(number, Fit.NEAR, distance)
        squeezed = "".join(words)
        if len(squeezed) >= MIN_SQUEEZED:
            alike = process.extract(
                squeezed,
                self._squeezed.texts,
                scorer=OSA.normalized_similarity,
                score_cutoff=MIN_ALIKE,
                limit=FEW,
            )
            for _, score, number in alike:
                yield self._hit(number, Fit.NEAR, round((1 - score) * len(squeezed)))

    def _spelt_like(self, word: str, *, begun: bool = False) -> dict[int, int]:
        """The words within a few mistakes of *word*, with how many these are.

        Args:
            begun: Whether *word* may be no more than the beginning of one.
        """
        bound = _forgiven(word)
        found: dict[int, int] = {}
        if bound:
            known: list[Sequence[str]] = [self._words]
            if begun:
                lengths = range(len(word) - 1, len(word) + 2)
                known += [[each[:length] for each in self._words] for length in lengths]
            for texts in known:
                for at, distance in _close(word, texts, bound):
                    found[at] = min(distance, found.get(at, bound))
        else:
            found = dict.fromkeys(self._begun(word), 0) if begun else {}
            if word in self._by_word:
                found[self._by_word[word]] = 0
        return found

    def _in_part(self, words: Sequence[str], begun: Sequence[Collection[int]]) -> Iterable[Hit]:
        """The names that have the most telling of *words*: those that few names have."""
        count = len(self._names)
        weights = [math.log(1 + count / max(self._frequency(each), 1)) for each in begun]
        whole = sum(weights)
        scores: Counter[int] = Counter()
        for word, each, weight in zip(words, begun, weights, strict=True):
            if len(word) > SHORT or word.isdigit():
                for number in self._names_with(each):
                    scores[number] += weight  # type: ignore[assignment]
        for number, score in scores.items():
            if score >= MIN_PART * whole:
                yield self._hit(number, Fit.PART, 1 - score / whole)

    def _names_with(self, words: Collection[int]) -> set[int]:
        return {number for word in words for number in self._postings[word]}

    def _frequency(self, words: Collection[int]) -> int:
        """How many names have one of *words*; those that have several count as many times."""
        return sum(len(self._postings[word]) for word in words)


class _Found:
    """What a search has found, by key."""

    def __init__(
        self, keys: Mapping[str, Sequence[str]], allowed: Callable[[str], bool] | None
    ) -> None:
        self.hits: dict[str, Hit] = {}
        self._keys = keys
        self._allowed = allowed

    def add(self, hits: Iterable[Hit]) -> None:
        """Keep for each thing the best of its names, *hits* and those that were added."""
        for hit in hits:
            for key in self._keys[hit.name]:
                best = self.hits.get(key)
                if best is None or (hit.order, hit.number) < (best.order, best.number):
                    self._keep(key, hit)

    def add_things(self, hits: Mapping[str, Hit]) -> None:
        """Keep the *hits* of things, by key, that were not found otherwise."""
        for key, hit in hits.items():
            if key not in self.hits:
                self._keep(key, hit)

    def _keep(self, key: str, hit: Hit) -> None:
        if self._allowed is None or self._allowed(key):
            self.hits[key] = hit


class _Blob:
    """Texts in one, so that all are searched at once."""

    def __init__(self, texts: Sequence[str]) -> None:
        self.texts = texts
        self._joined = "\n".join(texts)
        self._starts = [0]
        for text in texts:
            self._starts.append(self._starts[-1] + len(text) + 1)

    def having(self, part: str) -> Iterable[int]:
        """The numbers of the texts that hold *part*, which has no line break."""
        at = self._joined.find(part)
        while at >= 0:
            number = bisect_left(self._starts, at + 1) - 1
            yield number
            at = self._joined.find(part, self._starts[number + 1])


def _close(text: str, texts: Sequence[str], bound: int) -> list[tuple[int, int]]:
    """Where in *texts* those within *bound* mistakes of *text* stand, each with how many."""
    from rapidfuzz import process  # noqa: PLC0415 (most searches need no library)
    from rapidfuzz.distance import OSA  # noqa: PLC0415

    close = process.extract(text, texts, scorer=OSA.distance, score_cutoff=bound, limit=None)
    return [(at, int(distance)) for _, distance, at in close]


def _forgiven(word: str) -> int:
    """How many mistakes in *word* are forgiven."""
    if word.isdigit() or len(word) <= SHORT:
        return 0
    return 1 if len(word) < 8 else 2  # noqa: PLR2004 (about one in five letters)


def _may_be_name(word: str, written: str, *, shouted: bool) -> bool:
    """Whether *word*, which stands alone as *written*, may be a name within a sentence."""
    if word.isdigit():
        return False
    if not word.isascii() or len(word) > SHORT:
        return True
    letters = "".join(filter(str.isalpha, written))
    return not shouted and letters.isupper()
