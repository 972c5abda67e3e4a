"""What earlier builds found out, for the next one: answers by a digest of all they rest on.

Nothing in it is ever out of date, for what rests on something else has another key; and
nothing in it is needed, so whatever is wrong with it, a build goes on without. It lies in the
folder of releases, as an SQLite database.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
import sys
from contextlib import suppress
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import pyoxigraph as ox

import stancegraph

if TYPE_CHECKING:
    from collections.abc import Callable

FILE = ".cache.sqlite"
HELD = 16 * 2**20  # bytes of answers that are held before they are written
KEPT = 20  # builds after which an answer that none of them wanted is dropped
# Whoever changes the table gives it another name.
_TABLES = """
    CREATE TABLE IF NOT EXISTS known (
        key BLOB PRIMARY KEY, used INTEGER NOT NULL, seal BLOB NOT NULL, value BLOB NOT NULL
    );
"""


class Cache:
    """Answers by key; without a file it holds nothing."""

    def __init__(self, path: Path | None = None, *, fresh: bool = False) -> None:
        """Open the cache *path*, or begin it; *fresh*, for writing only."""
        self._counts: dict[str, tuple[int, int]] = {}
        self._path = path
        self._fresh = fresh
        self._used: set[bytes] = set()
        self._new: dict[bytes, bytes] = {}
        self._held = 0
        self._written: set[bytes] = set()
        self._database = self._open() if path is not None else None

    @classmethod
    def of(cls, releases: Path, *, fresh: bool = False) -> Cache:
        """The cache of the builds that write into the folder *releases*."""
        return cls(releases / FILE, fresh=fresh)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def answer(self, kind: str, *rests_on: str | bytes, find: Callable[[], Any]) -> Any:
        """What *find* gives, which is JSON and depends on nothing but *rests_on*."""
        key = key_of(kind, *rests_on)
        stored = self.get(kind, key)
        if stored is not None:
            return json.loads(stored)
        found = find()
        self.put(key, json.dumps(found, ensure_ascii=False).encode())
        return found

    def get(self, kind: str, key: bytes) -> bytes | None:
        """The answer of this key, if it is there and whole."""
        value = self._new.get(key) or self._stored(key)
        asked, missed = self._counts.get(kind, (0, 0))
        self._counts[kind] = (asked + 1, missed + (value is None))
        return value

    def counts(self) -> dict[str, tuple[int, int]]:
        """By kind, how many answers were wanted, and how many of these were not there."""
        return dict(self._counts)

    def put(self, key: bytes, value: bytes) -> None:
        """Keep an answer; it is written when some have come together, or the cache is closed."""
        if self._database is None:
            return
        self._new[key] = value
        self._held += len(value)
        if self._held > HELD:
            with suppress(sqlite3.Error), self._database:  # another build writes: done without
                self._write(self._database, self._builds(self._database) + 1)
            self._new.clear()
            self._held = 0

    def close(self) -> None:
        """Write what is new, and drop what no build has wanted for long."""
        database, self._database = self._database, None
        if database is None:
            return
        try:
            with database:
                build = self._builds(database) + 1
                self._write(database, build)
                # Seldom, for this writes the whole answer anew.
                old = build - KEPT // 2
                used = ((build, key, old) for key in self._used)
                database.executemany("UPDATE known SET used = ? WHERE key = ? AND used < ?", used)
                database.execute("DELETE FROM known WHERE used <= ?", (build - KEPT,))
                database.execute(f"PRAGMA user_version = {build}")
        except sqlite3.Error:
            pass  # another build writes, or the disk is full
        finally:
            database.close()

    def _write(self, database: sqlite3.Connection, build: int) -> None:
        """Write what is held, as wanted by the build of this number."""
        rows = ((key, build, _seal(key, value), value) for key, value in self._new.items())
        database.executemany("INSERT OR REPLACE INTO known VALUES (?, ?, ?, ?)", rows)
        self._written |= self._new.keys()

    def _open(self) -> sqlite3.Connection | None:
        """The database; a damaged one is begun anew."""
        assert self._path is not None  # noqa: S101 (for the type checker)
        for _ in range(2):
            try:
                self._path.parent.mkdir(parents=True, exist_ok=True)
                database = sqlite3.connect(self._path, timeout=1)
            except (OSError, sqlite3.Error):
                return None
            try:
                database.execute("PRAGMA synchronous = OFF")
                database.executescript(_TABLES)
                self._builds(database)
            except sqlite3.OperationalError:  # it is locked, or cannot be written
                database.close()
                return None
            except sqlite3.Error:
                database.close()
                with suppress(OSError):
                    self._path.unlink()
            else:
                return database
        return None

    def _builds(self, database: sqlite3.Connection) -> int:
        return int(database.execute("PRAGMA user_version").fetchone()[0])

    def _stored(self, key: bytes) -> bytes | None:
        if self._database is None or (self._fresh and key not in self._written):
            return None
        try:
            query = "SELECT value, seal FROM known WHERE key = ?"
            row = self._database.execute(query, (key,)).fetchone()
        except sqlite3.Error:
            self._forget()
            return None
        if row is None:
            return None
        value, seal = row
        if not isinstance(value, bytes) or seal != _seal(key, value):
            return None
        self._used.add(key)
        return value

    def _forget(self) -> None:
        """Do without a database that turns out to be damaged; the next build begins another."""
        database, self._database = self._database, None
        if database is not None:
            database.close()
        if self._path is not None:
            with suppress(OSError):
                self._path.unlink()


def key_of(kind: str, *rests_on: str | bytes) -> bytes:
    """The key of the answer of one *kind* that rests on these, and on the program itself."""
    key = hashlib.sha256(_program())
    for part in (kind, *rests_on):
        content = part.encode() if isinstance(part, str) else part
        key.update(b"%d:%b" % (len(content), content))
    return key.digest()


def _seal(key: bytes, value: bytes) -> bytes:
    return hashlib.sha256(key + value).digest()


@cache
def _program() -> bytes:
    """A digest of the program: its own source, and the libraries that find answers."""
    digest = hashlib.sha256(f"{sys.version} {ox.__version__}".encode())
    for name in ("pyshacl", "rdflib", "shacl"):
        digest.update(metadata.version(name).encode())
    root = Path(stancegraph.__file__).parent
    parts = (root.glob("*.py"), *((root / part).rglob("*.py") for part in ("build", "engine")))
    for path in (path for found in parts for path in sorted(found)):
        digest.update(path.read_bytes())
    return digest.digest()
