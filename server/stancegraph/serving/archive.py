"""The releases beside the one that is served, loaded when somebody asks for them.

Web processes ask the process that started them, over a Unix socket, for a *lease* of a release:
the connection stays open as long as they answer from it. Only a few are loaded at a time; one
that nobody has a lease of gives way to the next, though not at once, so that whoever asks for all
of them in turn keeps the machine busy with one now and then, and one that nobody asks for
ends after a while. The same way they ask what changed between two releases, which a process
of its own finds out, once.
"""

from __future__ import annotations

import json
import socketserver
import subprocess
import sys
import threading
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from stancegraph.build import shelf
from stancegraph.build.release import open_release
from stancegraph.engine.embedded import SupervisorProcess
from stancegraph.errors import ContentError, OperationError
from stancegraph.temporary import TemporaryFolder

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from stancegraph.build.release import Release
    from stancegraph.engine.embedded import EngineOptions

STAY = 10.0  # seconds that a release stays loaded at least
IDLE = 300.0  # seconds after which one that nobody asks for ends
LOOK_PAUSE = 1.0  # seconds between looks for those
WORKERS, WAITING, PARKED = 2, 16, 4  # of the engine of a release beside the current one
COMPARED_IN = 120.0  # seconds in which two releases must be compared
MAX_ORDER = 2**12  # bytes


class NoLease(Exception):  # an answer, not an error of ours
    """A release cannot be had.

    Attributes:
        kind: ``unknown``, ``gone``, ``busy`` or ``broken``.
    """

    def __init__(self, kind: str, told: str) -> None:
        super().__init__(told)
        self.kind = kind


@dataclass(slots=True)
class _Loaded:
    """A release that is loaded, or about to be.

    Attributes:
        ready: Set when it is known whether it could be loaded.
        leases: How many answer from it.
        since, used: Monotonic times at which it was loaded, and last asked for.
    """

    checksum: str
    ready: threading.Event = field(default_factory=threading.Event)
    supervisor: SupervisorProcess | None = None
    why: str = ""
    leases: int = 0
    since: float = field(default_factory=time.monotonic)
    used: float = field(default_factory=time.monotonic)


class Archive:
    """The releases of a folder, of which some are loaded.

    Attributes:
        socket: Where web processes ask.
    """

    def __init__(self, releases: Path, engine: EngineOptions, *, room: int) -> None:
        """Answer for the folder *releases*.

        Args:
            engine: How the engine of the current release is started; the others have less.
            room: How many may be loaded at a time.
        """
        self._releases = releases
        self._engine = replace(engine, workers=WORKERS, waiting=WAITING, parked=PARKED)
        self._room = room
        self._loaded: dict[str, _Loaded] = {}
        self._lock = threading.Lock()
        self._comparing = threading.Lock()
        self._stopping = threading.Event()
        self._folder = TemporaryFolder()
        self.socket = self._folder.path / "archive"
        self._server = _Server(str(self.socket), self)
        self._threads = [
            threading.Thread(target=self._server.serve_forever, name="archive", daemon=True),
            threading.Thread(target=self._tidy, name="archive idle", daemon=True),
        ]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """End all that is loaded; the web processes have ended before."""
        self._stopping.set()
        self._server.shutdown()
        self._server.server_close()
        for thread in self._threads:
            thread.join()
        with self._lock:
            ended, self._loaded = list(self._loaded.values()), {}
        for each in ended:
            _end(each)
        self._folder.remove()

    def find(self, release_id: str) -> Release:
        """The release of this id.

        Raises:
            NoLease: there is none, or there is none any more.
        """
        try:
            return open_release(self._releases, release_id)
        except OperationError:
            pass
        held = [each.release for each in shelf.held(self._releases) if each.release is not None]
        if release_id in {release.previous for release in held}:
            raise NoLease("gone", f"release {release_id} is no longer kept here")
        raise NoLease("unknown", f"there is no release {release_id} here")

    @contextmanager
    def lease(self, release_id: str) -> Iterator[Path]:
        """The socket of an engine that holds a release, as long as the context lasts.

        Raises:
            NoLease: it cannot be had.
        """
        release = self.find(release_id)
        entry = self._enter(release)
        try:
            entry.ready.wait()
            if entry.supervisor is None:
                raise NoLease("broken", f"release {release_id} cannot be served: {entry.why}")
            yield entry.supervisor.socket
        finally:
            with self._lock:
                entry.leases -= 1
                entry.used = time.monotonic()

    def _enter(self, release: Release) -> _Loaded:
        """What is loaded of *release*, with one lease more; begun where nothing is."""
        ended: list[_Loaded] = []
        with self._lock:
            entry = self._loaded.get(release.id)
            if entry is not None and entry.checksum != release.checksum and not entry.leases:
                ended.append(self._loaded.pop(release.id))
                entry = None
            begun = entry is None
            if entry is None:
                ended += self._make_room()
                entry = self._loaded[release.id] = _Loaded(release.checksum)
            entry.leases += 1
            entry.used = time.monotonic()
        for each in ended:
            _end(each)
        if begun:
            self._load(release, entry)
        return entry

    def _make_room(self) -> list[_Loaded]:
        """What has to end for one more to be loaded; it is taken out of those that are.

        Raises:
            NoLease: all are being used, or were loaded just now.
        """
        if len(self._loaded) < self._room:
            return []
        free = {
            name: each
            for name, each in self._loaded.items()
            if not each.leases and time.monotonic() - each.since >= STAY
        }
        if not free:
            told = "other releases are being looked at, and only a few fit at a time; try again"
            raise NoLease("busy", f"{told} in {STAY:g} seconds")
        oldest = min(free, key=lambda name: free[name].used)
        return [self._loaded.pop(oldest)]

    def _load(self, release: Release, entry: _Loaded) -> None:
        """Load *release*, or note why that cannot be; then it is not kept."""
        try:
            shelf.open_catalog(release)
            entry.supervisor = SupervisorProcess(release.engine_file, self._engine).wait()
        except (ContentError, OperationError) as error:
            entry.why = "it was made by another version of the program"
            if not isinstance(error, ContentError) and "another version" not in str(error):
                entry.why = "its files are not whole"
        finally:
            entry.since = time.monotonic()
            if entry.supervisor is None:
                with self._lock:
                    if self._loaded.get(release.id) is entry:
                        del self._loaded[release.id]
            entry.ready.set()

    def _tidy(self) -> None:
        """End what nobody has asked for, for a while."""
        while not self._stopping.wait(LOOK_PAUSE):
            with self._lock:
                idle = [
                    name
                    for name, each in self._loaded.items()
                    if not each.leases and time.monotonic() - each.used >= IDLE
                ]
                ended = [self._loaded.pop(name) for name in idle]
            for each in ended:
                _end(each)

    def changes(self, before: str, after: str) -> Path:
        """The file that tells, as JSON, what changed between two releases; made once.

        Raises:
            NoLease: one is not there, or they cannot be compared.
        """
        old, new = self.find(before), self.find(after)
        path = self._folder.path / f"{old.checksum[:16]}-{new.checksum[:16]}.json"
        with self._comparing:
            if not path.exists():
                draft = path.with_suffix(".draft")
                command = [sys.executable, "-m", "stancegraph.comparing", str(self._releases)]
                with draft.open("wb") as output, suppress(subprocess.TimeoutExpired):
                    done = subprocess.run(  # noqa: S603 (our own module)
                        [*command, old.id, new.id], stdout=output, timeout=COMPARED_IN, check=False
                    )
                    if done.returncode == 0:
                        draft.replace(path)
                if not path.exists():
                    raise NoLease("broken", f"{before} and {after} cannot be compared")
        return path


def _end(entry: _Loaded) -> None:
    entry.ready.wait()
    if entry.supervisor is not None:
        entry.supervisor.stop()


class _Server(socketserver.ThreadingUnixStreamServer):
    """Has a thread for each lease; the turnstile of the web processes bounds these."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(self, path: str, archive: Archive) -> None:
        self.archive = archive
        super().__init__(path, _Handler)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A web process that has ended is no error."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)


class _Handler(socketserver.StreamRequestHandler):
    """Answers one order, a line of JSON, by another."""

    server: _Server

    def handle(self) -> None:
        """Answer; a lease lasts until the other end closes the connection."""
        order = json.loads(self.rfile.readline(MAX_ORDER) or "{}")
        archive = self.server.archive
        try:
            match order:
                case {"engine": str(release_id)}:
                    with archive.lease(release_id) as socket:
                        self._tell({"socket": str(socket)})
                        self.rfile.read(1)
                case {"changes": [str(before), str(after)]}:
                    self._tell({"file": str(archive.changes(before, after))})
        except NoLease as error:
            self._tell({"kind": error.kind, "told": str(error)})

    def _tell(self, told: dict[str, str]) -> None:
        self.wfile.write(json.dumps(told).encode() + b"\n")
        self.wfile.flush()
