"""What the web application serves, made once and handed to it."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from flask import current_app, has_request_context, request

from stancegraph.engine import EngineBefore
from stancegraph.vocabulary import Vocabulary
from stancegraph.web.bridge import on_hang_up

if TYPE_CHECKING:
    from pathlib import Path

    from stancegraph.build.release import Release
    from stancegraph.catalog import Catalog
    from stancegraph.engine import Answer, Ask, Engine

MAX_BODY = 2**20  # bytes of a request's body, so also of a query sent by POST
VOCABULARY = "stancegraph.vocabulary"
_READING = threading.Lock()  # of a vocabulary


@dataclass(frozen=True, slots=True)
class Site:
    """One release, and what is needed to answer from it.

    Attributes:
        description: What the graph holds, in its own words; empty where it says nothing.
        query_timeout: Seconds that one query may take.
        services: IRIs of the other endpoints that a query may ask by SERVICE.
        max_rows, max_bytes: Bounds of an answer to a stranger's query; 0 for none.
        root: What the paths of its addresses begin with; empty where the site has the host for
            itself, ``/release/ID`` where it is that of a release under an address of its own.
        current: The release that is served without such a beginning; None for this one.
        archive: Where other releases are asked for; None where none is served beside this one.
        archived: How many of them are loaded at a time.
    """

    release: Release
    engine: Engine
    catalog: Catalog
    description: str
    query_timeout: float
    services: frozenset[str] = frozenset()
    max_rows: int = 0
    max_bytes: int = 0
    root: str = ""
    current: Release | None = None
    archive: Path | None = None
    archived: int = 0


class AttendedEngine(EngineBefore):
    """An engine that works on the questions of a request as long as its client is there.

    A page asks many; once its client has hung up, each is told that the engine broke off.
    """

    def ask(self, ask: Ask) -> Answer:
        """Start on a question, as :meth:`stancegraph.engine.Engine.ask` says."""
        answer = super().ask(ask)
        if has_request_context():
            on_hang_up(request.environ, answer.close)
        return answer


def current_site() -> Site:
    """The site of the application that handles the current request."""
    return cast("Site", current_app.extensions["stancegraph"])


def current_vocabulary() -> Vocabulary:
    """What is known of the words of that site; read when it is first asked for, and once."""
    extensions = current_app.extensions
    if VOCABULARY not in extensions:
        with _READING:  # many may be the first, where a release begins under load
            if VOCABULARY not in extensions:
                site = current_site()
                extensions[VOCABULARY] = Vocabulary(
                    site.engine,
                    base=site.release.base,
                    queries=site.catalog,
                    deadline=site.query_timeout,
                )
    return cast("Vocabulary", extensions[VOCABULARY])
