"""The releases that a folder holds: what there is, which is current, and which may go."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from stancegraph.build.release import CURRENT, FACTS, open_release, point_to, writing
from stancegraph.catalog import Catalog
from stancegraph.errors import ContentError, OperationError

if TYPE_CHECKING:
    from pathlib import Path

    from stancegraph.build.release import Release

PREVIOUS = "previous"  # what one may say for the release that the current one followed
KEPT = 10  # releases that a build leaves there, unless told otherwise


@dataclass(frozen=True, slots=True)
class Held:
    """A release in a folder of releases.

    Attributes:
        name: Its id.
        made: When it was written, in UTC.
        size: The bytes of its files.
        release: What it says of itself; None where it is not whole.
        is_current: Whether it is the one to be served.
    """

    name: str
    made: datetime
    size: int
    release: Release | None
    is_current: bool

    @property
    def flaw(self) -> str:
        """Why it cannot be served; empty where it can."""
        if self.release is None:
            return "not whole"
        try:
            open_catalog(self.release)
        except ContentError:
            return "a saved query is broken"
        except OperationError:
            return "of another version"
        return ""


def open_catalog(release: Release) -> Catalog:
    """The saved queries of a release, as far as this version can read them.

    Raises:
        BadQueryFile: a saved query cannot be used.
        OperationError: the release does not hold what this version reads.
    """
    try:
        return Catalog.load(release.path)
    except (KeyError, TypeError, ValueError) as error:
        message = f"{release.path} is of another version: run `stancegraph build`"
        raise OperationError(message) from error


def held(releases: Path) -> list[Held]:
    """The releases in the folder *releases*, the one made last first."""
    if not releases.is_dir():
        return []
    current = (releases / CURRENT).resolve()
    found = [
        _held(path, is_current=path.resolve() == current)
        for path in releases.iterdir()
        if path.is_dir() and not path.is_symlink() and not path.name.startswith(".")
    ]
    return sorted(found, key=lambda each: (each.made, each.name), reverse=True)


def names(releases: Path) -> list[str]:
    """The names of the whole releases in the folder *releases*, the latest first."""
    found = [path.parent for path in releases.glob(f"*/{FACTS}") if not path.parent.is_symlink()]
    return sorted((path.name for path in found if not path.name.startswith(".")), reverse=True)


def _held(path: Path, *, is_current: bool) -> Held:
    facts = path / FACTS
    made = (facts if facts.is_file() else path).stat().st_mtime
    size = sum(file.stat().st_size for file in path.rglob("*") if file.is_file())
    try:
        release = open_release(path.parent, path.name)
    except OperationError:
        release = None
    return Held(path.name, datetime.fromtimestamp(made, UTC), size, release, is_current)


def find(releases: Path, wanted: str) -> Release:
    """The release that *wanted* means: an id, the beginning of one, ``current`` or ``previous``.

    Raises:
        OperationError: it means none, or several; the message says which there are.
    """
    if wanted == CURRENT:
        return open_release(releases)
    if wanted == PREVIOUS:
        current = open_release(releases)
        if current.previous is None:
            raise OperationError(f"{current.id} followed no other release{_there(releases)}")
        wanted = current.previous
    names = [each.name for each in held(releases)]
    meant = [wanted] if wanted in names else [name for name in names if name.startswith(wanted)]
    if not meant or not wanted:
        raise OperationError(f"there is no release {wanted!r} in {releases}{_there(releases)}")
    if len(meant) > 1:
        raise OperationError(f"{wanted!r} may be any of {', '.join(meant)}: say more of it")
    return open_release(releases, meant[0])


def _there(releases: Path) -> str:
    """The end of a message: what there is."""
    names = [each.name for each in held(releases)]
    return f"; there are {', '.join(names)}" if names else ": run `stancegraph build`"


def use(releases: Path, wanted: str) -> Release:
    """Make the release that *wanted* means, as `find` says, the current one, in one step.

    Raises:
        BadQueryFile, OperationError: it means none, or one that cannot be served or was
            changed since it was built. What is current stays so then.
    """
    release = find(releases, wanted)
    open_catalog(release)
    release.verify()
    with writing(releases):
        point_to(releases, release.id)
    return release


def remove(releases: Path, wanted: str) -> Release:
    """Delete the release that *wanted* means, as `find` says.

    Raises:
        OperationError: it means none, it is the current one, or the folder cannot be written.
    """
    release = find(releases, wanted)
    if release.path == (releases / CURRENT).resolve():
        raise OperationError(f"{release.id} is the current release: first use another")
    with writing(releases):
        _discard(releases, release.id)
    return release


def prune(releases: Path, keep: int) -> list[str]:
    """Delete all releases but the *keep* made last, the current one, and the one before it.

    Returns:
        The ids of those that were deleted.
    """
    found = held(releases)
    spared = {each.name for each in found[:keep]}
    for each in found:
        if each.is_current:
            spared.add(each.name)
            if each.release is not None and each.release.previous is not None:
                spared.add(each.release.previous)
    gone = [each.name for each in found if each.name not in spared]
    with writing(releases):
        for name in gone:
            _discard(releases, name)
    return gone


def _discard(releases: Path, name: str) -> None:
    """Take a release out of sight in one step, then delete its files."""
    hidden = releases / f".old-{name}"
    (releases / name).rename(hidden)
    shutil.rmtree(hidden, ignore_errors=True)  # what is left, the next build clears away
