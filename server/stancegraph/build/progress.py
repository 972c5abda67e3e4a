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


# By stage, the kind of answers whose number says something to people.
KINDS = {
    "parse": "files",
    "validate": "constraints",
    "derive": "rules",
    "ask": "queries",
    "answer": "answers",
}


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
        try:
            yield
        finally:
            self.seconds[name] = time.perf_counter() - start
            if cache is not None:
                self._note(name, cache)
            self.ended(name)

    def _note(self, name: str, cache: Cache) -> None:
        """Note how much of the stage *name* was not in *cache*, if some of it was."""
        kind = KINDS.get(name, "")
        asked, missed = cache.counts().get(kind, (0, 0))
        if missed < asked:
            self.done[name] = f"{missed:,} of {asked:,} {kind}"

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
