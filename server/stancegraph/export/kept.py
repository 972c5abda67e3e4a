"""The files that were exported from a release and lie with it, for a server to give away.

They stand in the folder ``exports`` of the release, with ``SHA256SUMS``, which ``sha256sum
--check`` reads, and ``exports.json``, which tells of each its size and hash; both are made once,
when the files are.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from stancegraph.build.release import EXPORTS, writing

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stancegraph.build.release import Release

INDEX = "exports.json"
SUMS = "SHA256SUMS"


@dataclass(frozen=True, slots=True)
class Kept:
    """A file that lies with a release.

    Attributes:
        name: From the folder of the exports, with ``/``.
        size: In bytes.
        sha256: In hexadecimal.
        path: Where it is.
    """

    name: str
    size: int
    sha256: str
    path: Path


@contextmanager
def keeping(release: Release) -> Iterator[Path]:
    """A new folder for the exports of *release*, which takes its place when the context ends.

    Raises:
        OperationError: the folder of the releases cannot be written to.
    """
    releases = release.path.parent
    with writing(releases):
        draft = Path(tempfile.mkdtemp(prefix=".tmp-", dir=releases))
        draft.chmod(0o755)
    try:
        yield draft
        with writing(releases):
            _index(release, draft)
            target = release.path / EXPORTS
            if target.exists():
                target.rename(releases / f".old-{draft.name}")
                shutil.rmtree(releases / f".old-{draft.name}", ignore_errors=True)
            draft.rename(target)
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _index(release: Release, folder: Path) -> None:
    found = [
        Kept(path.relative_to(folder).as_posix(), path.stat().st_size, _sha256(path), path)
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    ]
    lines = "".join(f"{each.sha256}  {each.name}\n" for each in found)
    (folder / SUMS).write_text(lines, "utf-8")
    files = [{n: v for n, v in asdict(each).items() if n != "path"} for each in found]
    told = {"release": release.id, "checksum": release.checksum, "files": files}
    (folder / INDEX).write_text(json.dumps(told, indent=2) + "\n", "utf-8")


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def kept(release: Release) -> list[Kept]:
    """The files that lie with *release*, by name; none where none were exported.

    What is no longer as it was told, or leads out of the folder, is left out.
    """
    folder = (release.path / EXPORTS).resolve()
    try:
        told = json.loads((folder / INDEX).read_text("utf-8"))
        if told["checksum"] != release.checksum:
            return []
        named = [(str(f["name"]), int(f["size"]), str(f["sha256"])) for f in told["files"]]
    except (OSError, ValueError, TypeError, KeyError):
        return []
    found = [Kept(name, size, sha256, folder / name) for name, size, sha256 in named]
    return sorted(
        (
            each
            for each in found
            if each.path.resolve().is_relative_to(folder)
            and each.path.is_file()
            and each.path.stat().st_size == each.size
        ),
        key=lambda each: each.name,
    )
