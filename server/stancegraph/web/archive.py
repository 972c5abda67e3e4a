"""Every release under an address of its own: ``/release/ID/…``, beside the one that is served.

This ASGI application stands before that of the release which is served. What is asked under
``/release/ID/`` it hands to one that is made for that release when it is first asked for; there
are few of these at a time. Whoever started the web processes loads what they answer from, and
is asked over a Unix socket; see `stancegraph.serving.archive`.
"""

from __future__ import annotations

import asyncio
import json
import re
import socket
from collections import OrderedDict
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from stancegraph.build.shelf import names
from stancegraph.errors import EngineDown, ReleaseGone, UnknownRelease
from stancegraph.web.bridge import REFUSED

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator

    from stancegraph.errors import StancegraphError
    from stancegraph.web.bridge import Message, Receive, Send
    from stancegraph.web.cache import Application
    from stancegraph.web.site import Site

PATIENCE = 60.0  # seconds in which an answer must come, which may take loading a release
LISTED = 10  # releases that are told instead of one that is gone
_PLACE = re.compile(r"/release/([0-9]{4}-[0-9]{2}-[0-9]{2}-[0-9a-f]{12})(/.*)", re.DOTALL)


@dataclass(slots=True)
class Mounted:
    """The application of a release under an address of its own.

    Attributes:
        end: Called when it is let go of.
        requests: Those that are being answered.
    """

    app: Application
    end: Callable[[], None]
    requests: int = 0


class Archive:
    """The ASGI application that lets each release answer under its own address.

    An instance belongs to one event loop.
    """

    def __init__(
        self, app: Application, site: Site, *, make: Callable[[str, Path | None], Mounted]
    ) -> None:
        """Stand before *app*, which serves *site*.

        Args:
            make: Makes the application of a release, which asks the engine at a socket; that
                of *site* where no socket is given.
        """
        self._app = app
        self._site = site
        self._make = make
        self._mounted: OrderedDict[tuple[str, Path | None], Mounted] = OrderedDict()
        self._making = asyncio.Lock()

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer one request.

        Raises:
            Exception: what the application raised; the answer is not whole then.
        """
        place = _PLACE.fullmatch(scope["path"])
        if place is None or REFUSED in scope:
            await self._app(scope, receive, send)
            return
        release_id, path = place.groups()
        try:
            async with self._engine(release_id, path) as engine:
                mounted = await self._get(release_id, engine)
                mounted.requests += 1
                try:
                    root = f"/release/{release_id}"
                    inner = {**scope, "path": path, "root_path": root}
                    await mounted.app(inner, receive, send)
                finally:
                    mounted.requests -= 1
        except _Refused as refused:
            await self._app({**scope, REFUSED: refused.error}, receive, send)

    def end(self) -> None:
        """Let go of all applications; their last requests are answered."""
        for each in self._mounted.values():
            each.end()

    @asynccontextmanager
    async def _engine(self, release_id: str, path: str) -> AsyncIterator[Path | None]:
        """The socket of an engine that holds a release; None for the one that is served.

        Raises:
            _Refused: there is none.
        """
        if release_id == self._site.release.id:
            yield None
            return
        if self._site.archive is None:
            told = f"only release {self._site.release.id} is served here"
            raise _Refused(ReleaseGone(told, instead(self._site, path)))
        try:
            reader, writer = await asyncio.open_unix_connection(str(self._site.archive))
        except OSError:
            raise _Refused(EngineDown("the server is ending; ask again soon")) from None
        try:
            writer.write(_order(engine=release_id))
            async with asyncio.timeout(PATIENCE):
                told = json.loads(await reader.readline() or "{}")
            if "socket" not in told:
                raise _Refused(_error(self._site, told, path))
            yield Path(told["socket"])
        except TimeoutError:
            raise _Refused(EngineDown(f"release {release_id} takes too long to load")) from None
        finally:
            writer.close()

    async def _get(self, release_id: str, engine: Path | None) -> Mounted:
        """The application of a release, made where there is none yet."""
        key = (release_id, engine)
        async with self._making:
            if key not in self._mounted:
                try:
                    made = await asyncio.to_thread(self._make, release_id, engine)
                except Exception as error:
                    raise _Refused(error) from error
                self._mounted[key] = made
                self._let_go()
            self._mounted.move_to_end(key)
            return self._mounted[key]

    def _let_go(self) -> None:
        """Let go of those that were not asked for longest, where there are many."""
        resting = [key for key, each in self._mounted.items() if not each.requests]
        for key in resting[: max(0, len(self._mounted) - self._site.archived - 1)]:
            self._mounted.pop(key).end()


class _Refused(Exception):  # an answer, not an error of ours
    """A request that the application of the release that is served is to refuse."""

    def __init__(self, error: Exception) -> None:
        super().__init__(str(error))
        self.error = error


@contextmanager
def lease(site: Site, release_id: str) -> Iterator[Path]:
    """The socket of an engine that holds a release, as long as the context lasts.

    Raises:
        EngineDown, ReleaseGone, UnknownRelease: there is none.
    """
    with _asking(site) as connection:
        yield Path(_told(site, connection, _order(engine=release_id))["socket"])


def changes_file(site: Site, before: str, after: str) -> Path:
    """The file that tells, as JSON, what changed between two releases.

    Raises:
        EngineDown, ReleaseGone, UnknownRelease: there is none.
    """
    with _asking(site) as connection:
        return Path(_told(site, connection, _order(changes=[before, after]))["file"])


@contextmanager
def _asking(site: Site) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(PATIENCE)
        try:
            connection.connect(str(site.archive))
        except OSError as error:
            raise EngineDown("the server is ending; ask again soon") from error
        yield connection


def _told(site: Site, connection: socket.socket, order: bytes) -> dict[str, str]:
    try:
        connection.sendall(order)
        with connection.makefile("rb") as reader:
            told: dict[str, str] = json.loads(reader.readline() or "{}")
    except OSError as error:
        raise EngineDown("other releases take too long to load; try again soon") from error
    if "told" in told or not told:
        raise _error(site, told, "/")
    return told


def _order(**order: object) -> bytes:
    return json.dumps(order).encode() + b"\n"


def _error(site: Site, told: dict[str, str], path: str) -> StancegraphError:
    """The error that tells a client what the archive told."""
    said = told.get("told", "the server is ending; ask again soon")
    match told.get("kind"):
        case "unknown":
            return UnknownRelease(said, instead(site, path))
        case "gone" | "broken":
            return ReleaseGone(said, instead(site, path))
        case _:
            return EngineDown(said)


def instead(site: Site, path: str) -> dict[str, str]:
    """Addresses of what is there in place of *path* of a release, with what to call them."""
    here = site.release.id
    others = [name for name in names(site.release.path.parent) if name != here]
    return {
        path: f"the same in the release that is served, {here}",
        **{f"/release/{name}": f"release {name}" for name in (here, *others[:LISTED])},
    }
