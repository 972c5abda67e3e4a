"""The applications that a web process stacks up for one release."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyoxigraph as ox

from stancegraph.engine.embedded import SocketEngine
from stancegraph.engine.kept import KeptAnswers
from stancegraph.engine.remote.state import any_up
from stancegraph.engine.stream import StreamEngine
from stancegraph.serving.switch import Served
from stancegraph.terms import DCTERMS, VOID
from stancegraph.web import Site, create_app, metrics
from stancegraph.web.bridge import Bridge
from stancegraph.web.cache import AnswerCache
from stancegraph.web.endpoint import Endpoint
from stancegraph.web.metrics import MeasuredEngine, MeasuredStreams
from stancegraph.web.recorder import Recorder
from stancegraph.web.site import MAX_BODY
from stancegraph.web.spool import Spool
from stancegraph.web.turnstile import Turnstile

if TYPE_CHECKING:
    from stancegraph.build.release import Release
    from stancegraph.serving.server import WebOptions


def serve_app(options: WebOptions) -> Served:
    """The application of one web process for one release, made in it."""
    release = options.release
    own = SocketEngine(options.engine, release.id, is_reached=lambda: any_up(release.path))
    asked = MeasuredEngine(own)
    engine = KeptAnswers(asked, release.path, base=release.base)
    site = Site(
        release=options.release,
        engine=engine,
        catalog=options.catalog,
        description=_description(options.release),
        query_timeout=options.query_timeout,
        services=options.services,
        max_rows=options.max_rows,
        max_bytes=options.max_bytes,
    )
    app = create_app(site)
    bridge = Bridge(app.wsgi_app, max_body=MAX_BODY)
    streams = MeasuredStreams(StreamEngine(options.engine))
    endpoint = Endpoint(bridge, site, streams)
    cache = AnswerCache(Turnstile(endpoint), size=options.cache_size, max_body=MAX_BODY)
    routes = {rule.rule.split("/", 2)[1] for rule in app.url_map.iter_rules()}
    recorder = Recorder(Spool(cache), engine, release_id=options.release.id, routes=routes)
    metrics.reserve()

    def end() -> None:
        bridge.close()
        engine.close()

    return Served(recorder, recorder.begin, recorder.leave, end)


def _description(release: Release) -> str:
    """What the release says of its graph; empty where it says nothing."""
    path = release.path / "dataset.ttl"
    stated = ox.Dataset(ox.parse(path=path, format=ox.RdfFormat.TURTLE))
    told = [
        quad.object.value
        for dataset in stated.quads_for_object(ox.Literal(release.base))
        for quad in stated.quads_for_subject(dataset.subject)
        if dataset.predicate == VOID.uriSpace
        and quad.predicate == DCTERMS.description
        and isinstance(quad.object, ox.Literal)
    ]
    return min(told, default="")
