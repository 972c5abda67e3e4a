"""Folders for the time that a process lives, which go even when it is killed.

Who makes one holds a lock on a file in it, which the system lets go of with the process. So
whoever makes the next one finds those that nobody holds any more, and removes them.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path

PREFIX = "stancegraph-"
LOCK = "lock"
MAX_PATH = 90  # bytes of the path of a socket; systems allow little over 100
LONGEST_NAME = "engine"  # of a file that may be in it


class TemporaryFolder:
    """A new folder that only this user can enter, its path short enough for a socket.

    Attributes:
        path: Where it is.
    """

    def __init__(self) -> None:
        """Make it, and remove those of processes that are gone."""
        above = tempfile.gettempdir()
        if len(os.fsencode(f"{above}/{PREFIX}12345678/{LONGEST_NAME}")) > MAX_PATH:
            above = "/tmp"  # noqa: S108 (mkdtemp makes a private folder there)
        _sweep(Path(above))
        self.path = Path(tempfile.mkdtemp(prefix=PREFIX, dir=above))
        draft = self.path / "draft"
        self._lock = draft.open("w")
        fcntl.flock(self._lock, fcntl.LOCK_EX)
        draft.rename(self.path / LOCK)  # at no moment is there one that nobody holds

    def remove(self) -> None:
        """Remove it with all that is in it."""
        shutil.rmtree(self.path, ignore_errors=True)
        self._lock.close()


def _sweep(above: Path) -> None:
    """Remove the folders in *above* that processes have left which are gone."""
    for lock in above.glob(f"{PREFIX}*/{LOCK}"):
        with suppress(OSError), lock.open("r+") as held:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(lock.parent, ignore_errors=True)
