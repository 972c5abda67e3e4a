"""Serving whatever release the link ``current`` names, from the moment when it names it.

The link is looked at some times a second, which costs a few microseconds, works on every file
system, and needs no library.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, TypeAlias

import click

from stancegraph.build.release import CURRENT, open_release
from stancegraph.errors import StancegraphError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from stancegraph.build.release import Release

PAUSE = 0.3  # seconds between looks

# What tells the release in a folder from any other, one of the same id too: name and inode.
Identity: TypeAlias = tuple[str, int]


class Follower:
    """Looks after the current release of a folder, and has it served when it is another."""

    def __init__(self, releases: Path, served: Release, switch: Callable[[Release], None]) -> None:
        """Look at the folder *releases*, of which *served* is being served.

        Args:
            switch: Serves a release from now on; what it raises of our own errors is told,
                and what was served before is served on.
        """
        self._releases = releases
        self._served = _identity(served.path)
        self._switch = switch
        self._asked = False
        self._stopping = False
        self._wake = threading.Event()
        self._thread = threading.Thread(target=self._run, name="follow", daemon=True)

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    def look(self) -> None:
        """Look now, and try again what failed before; a signal handler may call it."""
        self._asked = True
        self._wake.set()

    def stop(self) -> None:
        """Look no more; wait for a switch that is under way."""
        self._stopping = True
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        seen = tried = self._served
        while True:
            self._wake.wait(PAUSE)
            self._wake.clear()
            if self._stopping:
                return
            asked, self._asked = self._asked, False
            found = _identity(self._releases / CURRENT)
            # A build that writes a release anew lets the link name its draft for a moment.
            if asked or (found == seen and found != tried):
                tried = found
                self._go_over_to(found)
            seen = found

    def _go_over_to(self, found: Identity | None) -> None:
        """Have the current release served, unless it is."""
        try:
            release = open_release(self._releases)
            if found != self._served:
                self._switch(release)
                self._served = found
        except StancegraphError as error:
            click.echo(f"stancegraph: {error}", err=True)


def _identity(path: Path) -> Identity | None:
    """What tells the folder *path*, which may be a link to it, from others; None if none is."""
    try:
        path = path.resolve(strict=True)
        return path.name, path.stat().st_ino
    except OSError:
        return None
