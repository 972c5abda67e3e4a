"""Folders as BagIt bags (RFC 8493): a payload, and the SHA-256 of each of its files."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

PAYLOAD = "data"
DECLARATION = "bagit.txt"
INFO = "bag-info.txt"
MANIFEST = "manifest-sha256.txt"
TAG_MANIFEST = "tagmanifest-sha256.txt"
_DECLARED = "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"
_PIECE = 2**20  # bytes
_LINE = re.compile(r"([0-9a-fA-F]{64})[ \t]+(.+)")
_NOT_IN_PATHS = str.maketrans({"%": "%25", "\n": "%0A", "\r": "%0D"})


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """What is wrong in a package.

    Attributes:
        file: From the root of the bag.
        what: What is wrong with it.
        mend: What to do about it.
    """

    file: str
    what: str
    mend: str

    def __str__(self) -> str:
        return f"{self.file}: {self.what}; {self.mend}"


AGAIN = "get it again from where the package is from"


def sha256(path: Path) -> str:
    """The SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def files_in(folder: Path) -> dict[str, Path]:
    """All files of *folder*, sorted, by their paths from there with ``/``."""
    found = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*")}
    return {name: path for name, path in sorted(found.items()) if not path.is_dir()}


def write_bag(bag: Path, info: Mapping[str, str]) -> None:
    """Make the folder *bag*, whose payload is there, a bag.

    Args:
        info: What ``bag-info.txt`` says, beside the size of the payload.
    """
    payload = files_in(bag / PAYLOAD)
    size = sum(path.stat().st_size for path in payload.values())
    told = {**info, "Payload-Oxum": f"{size}.{len(payload)}"}
    texts = {
        DECLARATION: _DECLARED,
        INFO: "".join(f"{name}: {' '.join(text.split())}\n" for name, text in told.items()),
        MANIFEST: _lines({f"{PAYLOAD}/{name}": path for name, path in payload.items()}),
    }
    for name, text in texts.items():
        (bag / name).write_text(text, "utf-8")
    (bag / TAG_MANIFEST).write_text(_lines({name: bag / name for name in sorted(texts)}), "utf-8")


def _lines(files: Mapping[str, Path]) -> str:
    return "".join(
        f"{sha256(path)}  {name.translate(_NOT_IN_PATHS)}\n" for name, path in files.items()
    )


def check_bag(bag: Path) -> Iterator[Finding]:
    """What is wrong with the folder *bag* as a bag: files that lack, are too many, or differ."""
    for name in (DECLARATION, MANIFEST, TAG_MANIFEST):
        if not (bag / name).is_file():
            yield Finding(name, "is missing", AGAIN)
    listed: dict[str, str] = {}
    for manifest in (TAG_MANIFEST, MANIFEST):
        try:
            text = (bag / manifest).read_text("utf-8")
        except FileNotFoundError:
            continue
        except UnicodeDecodeError:
            yield Finding(manifest, "is not UTF-8", AGAIN)
            continue
        for number, line in enumerate(text.splitlines(), 1):
            if found := _LINE.fullmatch(line):
                listed[_path(found[2])] = found[1].lower()
            else:
                yield Finding(manifest, f"line {number} is no checksum and path", AGAIN)
    there = files_in(bag)
    yield from _compared(listed, there)
    yield from _size(bag, there)


def _compared(listed: Mapping[str, str], there: Mapping[str, Path]) -> Iterator[Finding]:
    for name, checksum in sorted(listed.items()):
        if name not in there:
            yield Finding(name, "is missing", AGAIN)
        elif sha256(there[name]) != checksum:
            yield Finding(name, "is not what it was: its SHA-256 differs", AGAIN)
    for name in sorted(there.keys() - listed.keys() - {TAG_MANIFEST}):
        if name not in {DECLARATION, INFO, MANIFEST}:
            yield Finding(name, f"is in no manifest ({MANIFEST})", "take it away")


def _size(bag: Path, there: Mapping[str, Path]) -> Iterator[Finding]:
    """Whether the payload is as large as ``bag-info.txt`` tells."""
    told = info_of(bag).get("Payload-Oxum")
    payload = [path for name, path in there.items() if name.startswith(f"{PAYLOAD}/")]
    size = f"{sum(path.stat().st_size for path in payload)}.{len(payload)}"
    if told is not None and told != size:
        what = f"tells of a payload of {told} (bytes.files), and there is {size}"
        yield Finding(INFO, what, "mend the files that the other lines name")


def info_of(bag: Path) -> dict[str, str]:
    """What ``bag-info.txt`` of *bag* says; empty where it cannot be read."""
    try:
        lines = (bag / INFO).read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return {}
    found = (line.partition(":") for line in lines)
    return {name.strip(): text.strip() for name, mark, text in found if mark}


def _path(written: str) -> str:
    """A path as a manifest writes it, read."""
    for character, escape in (("\n", "%0A"), ("\r", "%0D"), ("%", "%25")):
        written = written.replace(escape, character)
    return written.removeprefix("./")
