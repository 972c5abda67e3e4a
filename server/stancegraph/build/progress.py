"""What a build tells of itself while it runs."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from stancegraph.build import Check
    from stancegraph.build.cache import Cache
    from stancegraph.build.quality import Finding


class Progress:
    """Measures the stages of a build and keeps silent; a command overrides what it shows.

    Attributes:
        seconds: How long each stage took that has ended, in the order of their ends.
        done: What a stage had to do, where earlier builds had done the rest: ``1 of 653 files``.
    """

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self.done: dict[str, str] = {}

    @contextmanager
    def stage(self, name: str, cache: Cache | None = None) -> Iterator[None]:
        """Run one stage.

        Args:
            name: A verb: ``parse``, ``validate``.
            cache: What the stage may take answers from.
        """
        self.started(name)
        start = time.perf_counter()
        before = cache.counts() if cache is not None else {}
        try:
            yield
        finally:
            self.seconds[name] = time.perf_counter() - start
            if cache is not None:
                self._note(name, before, cache.counts())
            self.ended(name)

    def _note(
        self, name: str, before: dict[str, tuple[int, int]], after: dict[str, tuple[int, int]]
    ) -> None:
        told = []
        for kind, (asked, missed) in after.items():
            asked_before, missed_before = before.get(kind, (0, 0))
            anew, whole = missed - missed_before, asked - asked_before
            if kind in SHOWN and anew < whole:
                told.append(f"{anew:,} of {whole:,} {kind}")
        if told:
            self.done[name] = ", ".join(told)

    def started(self, name: str) -> None:
        """The stage *name* begins."""

    def step(self, done: int, total: int) -> None:
        """*done* of *total* parts of the stage that runs are done."""

    def ended(self, name: str) -> None:
        """The stage *name* is over, well or not."""

    def checked(self, found: Check) -> None:
        """All files were read and checked; *found* is what is wrong with them."""

    def judged(self, findings: Sequence[Finding]) -> None:
        """The quality queries were asked; *findings* is what they find, in their order."""


# The kinds of answers whose number says something to people.
SHOWN = ("files", "constraints", "rules", "queries")
