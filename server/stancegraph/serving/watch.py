"""Building a graph anew whenever a file of it is saved.

The release that is built becomes the current one, which the server follows.

The files are looked at some times a second: that takes 10 ms for 800 of them, works on every
file system, however an editor replaces a file, and needs no library. (watchfiles and watchdog
are told by the kernel, which file systems of a network or of a virtual machine do not do.)
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from stancegraph.folder import GraphFolder

PAUSE = 0.3  # seconds between looks; what is saved within one is built in one go
PARTS = ("data", "ontology", "queries", "shapes")
# What tells a state of a file from the one before, of an editor that writes in place too.
Stamp: TypeAlias = tuple[int, int, int]


class Watch:
    """Looks after the files of a graph, and builds a release when they have changed."""

    def __init__(self, folder: GraphFolder, releases: Path) -> None:
        """Take what the files are now for what the first :meth:`build` builds."""
        self._folder = folder
        self._releases = releases
        self._seen = stamps(folder)
        self._stopping = threading.Event()
        self._process: subprocess.Popen[bytes] | None = None
        self._thread: threading.Thread | None = None

    def build(self) -> bool:
        """Build once, in a process of its own that tells what it finds; whether it succeeded."""
        command = [sys.executable, "-m", "stancegraph", "--graph", str(self._folder.root),
                   "build", "--releases", str(self._releases)]  # fmt: skip
        with subprocess.Popen(  # noqa: S603 (our own program)
            command,
            stdout=subprocess.DEVNULL,
            process_group=0,  # Ctrl-C is for whoever started it
        ) as self._process:
            try:
                if self._stopping.is_set():
                    self._process.terminate()
                self._process.wait()
            except BaseException:  # Ctrl-C, before anything is served
                self._process.terminate()
                raise
        return self._process.returncode == 0

    def start(self) -> None:
        """Go on in the background: build whenever files have changed."""
        self._thread = threading.Thread(target=self._run, name="watch", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End, and end a build that runs."""
        self._stopping.set()
        if self._process is not None:
            with suppress(ProcessLookupError):
                self._process.terminate()
        if self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        while not self._stopping.wait(PAUSE):
            if self._changed():
                self.build()

    def _changed(self) -> bool:
        """Whether a file is not as it was; waits until nothing more is saved."""
        now = stamps(self._folder)
        if now == self._seen:
            return False
        while now != self._seen:
            self._seen = now
            if self._stopping.wait(PAUSE):
                return False
            now = stamps(self._folder)
        return True


def stamps(folder: GraphFolder) -> dict[str, Stamp]:
    """The state of each file that a build of *folder* may read, by path."""
    roots = [str(home.root / part) for home in folder.homes for part in PARTS]
    found = dict(stamp for root in roots for stamp in _below(root))
    for home in folder.homes:
        with suppress(OSError):
            path = home.root / "dataset.ttl"
            found[str(path)] = _stamp(path.stat())
    return found


def _below(root: str) -> Iterator[tuple[str, Stamp]]:
    """The files below *root*; those that vanish meanwhile are left out."""
    with suppress(OSError), os.scandir(root) as entries:
        for entry in entries:
            with suppress(OSError):
                if entry.is_dir():
                    yield from _below(entry.path)
                else:
                    yield entry.path, _stamp(entry.stat())


def _stamp(status: os.stat_result) -> Stamp:
    return status.st_mtime_ns, status.st_size, status.st_ino
