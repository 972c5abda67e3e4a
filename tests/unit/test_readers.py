"""Readers of strangers' bytes: nothing that is sent is more than wrong."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

import pyoxigraph as ox
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stancegraph import mistakes
from stancegraph.fingerprint import another_each_time
from stancegraph.names import Names
from stancegraph.web.cache import normalised
from stancegraph.web.encoding import chosen
from tests.fuzz.readers import READERS, read
from tests.fuzz.seeds import LEXICON, SEEDS

if TYPE_CHECKING:
    from collections.abc import Callable


def pieces_of(seed: bytes) -> st.SearchStrategy[bytes]:
    """Parts of *seed*, which may be cut anywhere."""
    cut = st.integers(0, len(seed))
    return st.tuples(cut, cut).map(lambda ends: seed[min(ends) : max(ends)])


def texts_for(name: str) -> st.SearchStrategy[bytes]:
    """Any bytes; words of the reader's language; pieces of what it should read, and these mixed."""
    words = st.sampled_from([word.encode() for word in LEXICON[name]])
    seeds = st.sampled_from(SEEDS[name])
    glued = st.lists(words, max_size=20).map(b" ".join) | st.lists(words, max_size=20).map(b"".join)
    piece = (
        words
        | seeds.flatmap(pieces_of)
        | st.text(max_size=3).map(lambda text: text.encode("utf-8", "replace"))
    )
    return glued | seeds | st.lists(piece, max_size=6).map(b"".join) | st.binary(max_size=60)


@pytest.mark.parametrize("name", READERS)
@settings(max_examples=40, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_nothing_that_is_read_is_more_than_wrong(name: str, data: st.DataObject) -> None:
    """No error but our own; places within the text; what is made of it means the same."""
    read(name, data.draw(texts_for(name)))


@pytest.mark.parametrize(("name", "seed"), [(n, i) for n in SEEDS for i in range(len(SEEDS[n]))])
def test_what_should_be_read_is(name: str, seed: int) -> None:
    """Each seed."""
    read(name, SEEDS[name][seed])


LIMIT = 10.0  # seconds of processor time
BODY = 2**20
MANY = Names("x:", {f"thing/{i}": (f"A thing among others, {i}",) for i in range(3000)})
COLUMNS = " ".join(f"?a{i}" for i in range(8000))
# Texts as long as they can be sent, of which whoever reads on from each place anew reads a
# hundred thousand times as much: minutes instead of milliseconds.
LONG: dict[str, Callable[[], object]] = {
    "white space in Accept": lambda: normalised(b"a" + b" " * 300_000 + b"b"),
    "words before comments": lambda: another_each_time("ASK {} " + "NOW#" * (BODY // 4)),
    "words before white space": lambda: another_each_time("ASK {} NOW" + " " * BODY),
    "a template": lambda: another_each_time("CONSTRUCT { [] " + "a " * (BODY // 2)),
    "words sought": lambda: MANY.search("a " * 30_000),
    "letters sought": lambda: MANY.near("\ufdfa" * 20_000, ["thing"]),
    "marks sought": lambda: MANY.find("\u0301\u0316" * 15_000, []),
    "limits": lambda: _mended("SELECT * {} " + "LIMIT 1 " * 7000 + "ORDER BY ?a"),
    "columns": lambda: _mended(f"SELECT {COLUMNS} {{}} GROUP BY ?b"),
    "brackets": lambda: _mended("SELECT * { " + "} " * 30_000),
    "encodings": lambda: chosen("gzip ;q=1," * 10_000),
}  # fmt: skip


def _mended(query: str) -> None:
    with pytest.raises(SyntaxError) as caught:
        ox.Store().query(query)
    assert mistakes.syntax_error(query, caught.value, base=None, known={}).message


@pytest.mark.skipif(not hasattr(signal, "ITIMER_PROF"), reason="counts processor time")
@pytest.mark.parametrize("name", LONG)
def test_no_text_takes_for_ever(name: str) -> None:
    """However long, and however often a part of it could be taken for the beginning of another."""

    def give_up(*_: object) -> None:
        raise AssertionError(f"{name} took {LIMIT:g} s of processor time")

    before = signal.signal(signal.SIGPROF, give_up)
    signal.setitimer(signal.ITIMER_PROF, LIMIT)
    try:
        LONG[name]()
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)
