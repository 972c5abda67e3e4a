"""What the web application serves, made once and handed to it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from flask import current_app

if TYPE_CHECKING:
    from stancegraph.build.release import Release
    from stancegraph.catalog import Catalog
    from stancegraph.engine import Engine

MAX_BODY = 2**20  # bytes of a request's body, so also of a query sent by POST


@dataclass(frozen=True, slots=True)
class Site:
    """One release, and what is needed to answer from it.

    Attributes:
        description: What the graph holds, in its own words; empty where it says nothing.
        query_timeout: Seconds that one query may take.
        services: IRIs of the other endpoints that a query may ask by SERVICE.
        max_rows, max_bytes: Bounds of an answer to a stranger's query; 0 for none.
    """

    release: Release
    engine: Engine
    catalog: Catalog
    description: str
    query_timeout: float
    services: frozenset[str] = frozenset()
    max_rows: int = 0
    max_bytes: int = 0


def current_site() -> Site:
    """The site of the application that handles the current request."""
    return cast("Site", current_app.extensions["stancegraph"])
