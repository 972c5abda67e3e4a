"""Looks after the engines elsewhere: which can be asked, and which release is current there.

It asks each of them some times a minute, by two short queries. What it learns of them goes
into the file that query workers read (`stancegraph.engine.remote.state`); another release is
fetched into the folder of releases, where `stancegraph.serving.follow` finds it.
"""

from __future__ import annotations

import shutil
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from stancegraph.build.release import CURRENT
from stancegraph.engine.remote import holdings, place, state
from stancegraph.engine.remote.http import NotReached, Refused
from stancegraph.engine.remote.layout import Layout
from stancegraph.errors import OperationError
from stancegraph.fetch import fetch

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from stancegraph.engine.remote.holdings import Current
    from stancegraph.engine.remote.http import Client

PAUSE = 1.0  # seconds between looks
PATIENCE = 5.0  # seconds for an answer, after which an engine counts as down
LEFT = 3  # releases that stay in the folder: the current one, and those that are seen off


@dataclass(frozen=True, slots=True)
class _Seen:
    """What one engine said.

    Attributes:
        current: Its current release; None where it said none.
        whole: For each release that is in the folder, whether it has it.
        problem: Why it said nothing; empty where it did.
    """

    current: Current | None
    whole: dict[str, bool]
    problem: str = ""


class Keeper:
    """Keeps a folder of releases in step with engines; made where the first one is fetched."""

    def __init__(self, releases: Path, clients: Sequence[Client], base: str) -> None:
        """Look at the site *base* by *clients*, each for an engine, that nobody else uses."""
        self._releases = releases
        self._clients = clients
        self._base = base
        self._told = [""] * len(clients)
        self._stopping = threading.Event()
        self._threads = ThreadPoolExecutor(len(clients), thread_name_prefix="engine")
        self._thread = threading.Thread(target=self._run, name="keeper", daemon=True)

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    def stop(self) -> None:
        """Look no more."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join()
        self._threads.shutdown()
        for client in self._clients:
            client.close()

    def _run(self) -> None:
        while not self._stopping.wait(PAUSE):
            try:
                self._look()
            except OperationError as error:
                click.echo(f"stancegraph: {error}", err=True)

    def _look(self) -> None:
        """Ask all once, and act on what they say.

        Raises:
            OperationError: another release cannot be fetched.
        """
        folders = self._folders()
        roots = set(folders.values())
        seen = list(self._threads.map(lambda client: self._see(client, roots), self._clients))
        for folder, root in folders.items():
            with suppress(OSError, ValueError), closing(state.State(folder / state.FILE)) as told:
                for number, each in enumerate(seen):
                    told[number] = _state_of(each, root)
        self._tell(seen)
        self._go_over(seen, folders)

    def _folders(self) -> dict[Path, str]:
        """The releases that were fetched, with what each is called in the engines."""
        found = {}
        for path in self._releases.glob(f"[!.]*/{place.FILE}"):
            if not path.parent.is_symlink():
                with suppress(OSError, ValueError):
                    found[path.parent] = place.Place.read(path).layout.root
        return found

    def _see(self, client: Client, roots: set[str]) -> _Seen:
        try:
            found = holdings.current(client, self._base, patience=PATIENCE)
            whole = {
                root: holdings.is_whole(client, Layout(root), patience=PATIENCE) for root in roots
            }
        except (NotReached, Refused, OperationError) as error:
            client.close()
            return _Seen(None, {}, str(error))
        return _Seen(found, whole)

    def _tell(self, seen: Sequence[_Seen]) -> None:
        """Say which engines are lost, and which are back."""
        for number, each in enumerate(seen):
            if bool(each.problem) != bool(self._told[number]):
                told = f"is lost: {each.problem}" if each.problem else "is back"
                click.echo(f"engine {self._clients[number].address.url} {told}", err=True)
            self._told[number] = each.problem

    def _go_over(self, seen: Sequence[_Seen], folders: dict[Path, str]) -> None:
        """Fetch the release that all engines which answer now call current, if it is another."""
        found = [each.current for each in seen if not each.problem]
        wanted = {each.layout.root for each in found if each is not None}
        here = (self._releases / CURRENT).resolve()
        if len(wanted) != 1 or None in found or wanted == {folders.get(here)}:
            return
        number = next(n for n, each in enumerate(seen) if each.current is not None)
        release = seen[number].current
        assert release is not None  # noqa: S101 (it is the one that is wanted)
        states = bytes(state.DOWN if each.problem else state.UP for each in seen)
        try:
            fetch(self._clients[number], release, self._releases, self._clients, states)
        except (NotReached, Refused):  # the next look tells
            return
        old = sorted(folders, key=lambda path: path.stat().st_mtime)
        for path in old[: max(0, len(old) - LEFT + 1)]:
            if path != (self._releases / CURRENT).resolve():
                shutil.rmtree(path, ignore_errors=True)


def _state_of(seen: _Seen, root: str) -> int:
    if seen.problem:
        return state.DOWN
    return state.UP if seen.whole.get(root) else state.WITHOUT
