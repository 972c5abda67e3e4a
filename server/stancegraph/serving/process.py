"""The applications that a web process stacks up for one release."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from stancegraph.about import About
from stancegraph.build.release import open_release
from stancegraph.build.shelf import open_catalog
from stancegraph.engine.embedded import SocketEngine
from stancegraph.engine.kept import KeptAnswers
from stancegraph.engine.remote.state import any_up
from stancegraph.engine.stream import StreamEngine
from stancegraph.errors import ContentError, OperationError, ReleaseGone
from stancegraph.serving.switch import Served
from stancegraph.web import Site, create_app, metrics
from stancegraph.web.archive import Archive, Mounted, instead
from stancegraph.web.bridge import Bridge
from stancegraph.web.cache import AnswerCache
from stancegraph.web.endpoint import Endpoint
from stancegraph.web.metrics import MeasuredEngine, MeasuredStreams
from stancegraph.web.recorder import Recorder
from stancegraph.web.site import MAX_BODY
from stancegraph.web.spool import Spool
from stancegraph.web.turnstile import Turnstile

if TYPE_CHECKING:
    from pathlib import Path

    from stancegraph.build.release import Release
    from stancegraph.engine import Engine
    from stancegraph.serving.server import WebOptions


def serve_app(options: WebOptions) -> Served:
    """The application of one web process for one release, made in it."""
    release = options.release
    site = Site(
        release=release,
        engine=_engine(release, options.engine),
        catalog=options.catalog,
        description=About.of(release).description,
        query_timeout=options.query_timeout,
        services=options.services,
        max_rows=options.max_rows,
        max_bytes=options.max_bytes,
        archive=options.archive,
        archived=options.archived,
    )
    served, routes = _mounted(site, options.engine)
    archive = Archive(served.app, site, make=partial(_under_its_address, site, options.engine))
    turnstile = Turnstile(archive, max_body=MAX_BODY)
    cache = AnswerCache(turnstile, size=options.cache_size, max_body=MAX_BODY)
    recorder = Recorder(Spool(cache), site.engine, release_id=release.id, routes=routes)
    metrics.reserve()

    def end() -> None:
        served.end()
        archive.end()

    return Served(recorder, recorder.begin, recorder.leave, end)


def _under_its_address(site: Site, served: Path, release_id: str, engine: Path | None) -> Mounted:
    """The application of a release under its own address, beside *site*.

    Args:
        served: The socket of the engine of *site*.
        engine: That of the release; None for the one that is served.

    Raises:
        ReleaseGone: it is not there any more.
    """
    release, catalog = site.release, site.catalog
    if engine is not None:
        try:
            release = open_release(site.release.path.parent, release_id)
            catalog = open_catalog(release)
        except (ContentError, OperationError) as error:
            told = f"release {release_id} is no longer kept here"
            raise ReleaseGone(told, instead(site, "/")) from error
    socket = engine or served
    beside = replace(
        site,
        release=release,
        engine=_engine(release, socket),
        catalog=catalog,
        description=About.of(release).description,
        root=f"/release/{release_id}",
        current=site.release,
    )
    return _mounted(beside, socket)[0]


def _engine(release: Release, socket: Path) -> Engine:
    """What answers from *release*: what was kept with it, else the engine at *socket*."""
    own = SocketEngine(socket, release.id, is_reached=lambda: any_up(release.path))
    asked = MeasuredEngine(own)
    return KeptAnswers(asked, release.path, base=release.base)


def _mounted(site: Site, socket: Path) -> tuple[Mounted, set[str]]:
    """The application that answers from *site*, and the first parts of the paths it knows."""
    app = create_app(site)
    bridge = Bridge(app.wsgi_app, max_body=MAX_BODY)
    endpoint = Endpoint(bridge, site, MeasuredStreams(StreamEngine(socket)))
    routes = {rule.rule.split("/", 2)[1] for rule in app.url_map.iter_rules()}

    def end() -> None:
        endpoint.close()
        bridge.close()
        site.engine.close()

    return Mounted(endpoint, end), routes
