"""Answers that were found when a release was made, given again without evaluating anything.

A build asks every saved query anyway. What it is told stands in the release, a file an answer,
named by the text of the query, so that the first who asks one need not wait for it.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from stancegraph.engine import Ask, EngineBefore, MediaType, Notice
from stancegraph.engine.wire import MAX_FRAME

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from stancegraph.engine import Answer, Engine

FOLDER = "answers"
MAX_KEPT = 2**20  # bytes of an answer
_ENDINGS = {MediaType.JSON: "json", MediaType.CSV: "csv"}


def file_name(query: str, media_type: MediaType) -> str:
    """Where the answer to the text *query* stands, below ``FOLDER``."""
    return f"{hashlib.sha256(query.encode()).hexdigest()[:32]}.{_ENDINGS[media_type]}"


class KeptAnswers(EngineBefore):
    """An engine that gives the answers of a release which are there, and asks another the rest."""

    def __init__(self, engine: Engine, release: Path, *, base: str) -> None:
        """Stand before *engine*.

        Args:
            release: The folder of the release that *engine* holds.
            base: The IRI against which its saved queries were asked.
        """
        super().__init__(engine)
        self._base = base
        found = (release / FOLDER).glob("*.*")
        self._files = {path.name: path for path in found}

    def ask(self, ask: Ask) -> Answer:
        """Start on a question, as :meth:`stancegraph.engine.Engine.ask` says."""
        content = self._kept(ask)
        return super().ask(ask) if content is None else _Kept(content)

    def _kept(self, ask: Ask) -> bytes | None:
        """The whole answer to *ask*, if it is there and is all that is wanted."""
        if (
            not self._files
            or ask.media_type not in _ENDINGS
            or ask.base != self._base
            or ask.default_graphs
            or ask.named_graphs
            or ask.limit is not None
            or ask.count
            or ask.explain
        ):
            return None
        path = self._files.get(file_name(ask.query, ask.media_type))
        if path is None:
            return None
        try:
            content = path.read_bytes()
        except OSError:  # the release was removed
            return None
        # A row takes more than a byte.
        fits = all(not bound or len(content) <= bound for bound in (ask.max_rows, ask.max_bytes))
        return content if fits else None


class _Kept:
    """An answer that is there, in pieces as an engine gives them."""

    def __init__(self, content: bytes) -> None:
        starts = range(0, len(content), MAX_FRAME)
        self._pieces = iter([content[start : start + MAX_FRAME] for start in starts])
        self.notice = Notice()

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        return next(self._pieces)

    def close(self) -> None:
        """Nothing goes on."""
