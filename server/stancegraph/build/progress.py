"""What a build tells of itself while it runs."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from stancegraph.build import Check
    from stancegraph.build.quality import Finding


class Progress:
    """Measures the stages of a build and keeps silent; a command overrides what it shows.

    Attributes:
        seconds: How long each stage took that has ended, in the order of their ends.
    """

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Run one stage; *name* is a verb: ``parse``, ``validate``."""
        start = time.perf_counter()
        self.started(name)
        try:
            yield
        finally:
            self.seconds[name] = time.perf_counter() - start
            self.ended(name)

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
