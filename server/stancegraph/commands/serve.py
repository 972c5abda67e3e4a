"""The command ``serve``."""

from __future__ import annotations

import os
from contextlib import ExitStack
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import click

from stancegraph.commands.options import releases_option
from stancegraph.engine.embedded import EngineOptions

if TYPE_CHECKING:
    from pathlib import Path

    from stancegraph.commands.options import Options
    from stancegraph.serving.keeper import Keeper
    from stancegraph.serving.watch import Watch

MEBIBYTE = 2**20
# Questions that may wait, for each web process: more than all requests ask at a time that one
# lets in, so that who was let in is never turned away by the engine.
WAITING = 160


def _endpoints(
    _context: click.Context, _parameter: click.Parameter, given: tuple[str, ...]
) -> frozenset[str]:
    """Endpoints that are named by absolute addresses of HTTP.

    Raises:
        click.BadParameter: one is not.
    """
    for url in given:
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise click.BadParameter(f"{url} is no address such as https://example.org/sparql")
    return frozenset(given)


@click.command("serve")
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=8000,
    show_default=True,
    help="The port to listen on; 0 for any that is free.",
)
@releases_option
@click.option(
    "--workers",
    type=click.IntRange(min=1),
    default=max(2, os.cpu_count() or 2),
    show_default="one a processor, at least 2",
    help="How many queries run at a time.",
)
@click.option(
    "--query-timeout",
    type=click.FloatRange(min=0, max=86400, min_open=True),
    default=30.0,
    show_default=True,
    help="Seconds after which a query is stopped.",
)
@click.option(
    "--query-memory",
    type=click.IntRange(min=64),
    default=512,
    show_default=True,
    help="MiB that one query may use, beside what the release takes.",
)
@click.option(
    "--max-rows",
    type=click.IntRange(min=0),
    default=5_000_000,
    show_default=True,
    help="Rows or triples that an answer may have; 0 for no bound.",
)
@click.option(
    "--max-bytes",
    type=click.IntRange(min=0),
    default=2**30,
    show_default=True,
    help="Bytes that an answer may have; 0 for no bound.",
)
@click.option(
    "--cache-size",
    type=click.IntRange(min=0),
    default=64,
    show_default=True,
    help="MiB of answers that each web process keeps; 0 keeps none.",
)
@click.option(
    "--archive",
    "archived",
    type=click.IntRange(min=0),
    default=2,
    show_default=True,
    help="How many older releases may be loaded at a time, each when /release/ID/ is asked for.",
)
@click.option(
    "--allow-service",
    "services",
    metavar="URL",
    multiple=True,
    callback=_endpoints,
    help="A SPARQL endpoint that queries may ask by SERVICE; none unless named.",
)
@click.option(
    "--endpoint",
    "engines",
    metavar="URL",
    multiple=True,
    help="An engine elsewhere that holds the release, by `push`; several, if they hold the same.",
)
@click.option("--base", help="Which site, where engines hold several: what its IRIs begin with.")
@click.option(
    "--accept-deviations",
    is_flag=True,
    help="Serve from an engine that gets some questions wrong, as it was found at the start.",
)
@click.option(
    "--watch",
    is_flag=True,
    help="Build first, and again whenever a file of the graph is saved; serve what was built.",
)
@click.pass_obj
def serve_command(
    options: Options,
    *,
    host: str,
    port: int,
    releases: Path | None,
    workers: int,
    query_timeout: float,
    query_memory: int,
    max_rows: int,
    max_bytes: int,
    cache_size: int,
    archived: int,
    services: frozenset[str],
    engines: tuple[str, ...],
    base: str | None,
    accept_deviations: bool,
    watch: bool,
) -> None:
    """Serve the current release over HTTP.

    When another release becomes the current one, by `build` or `release use`, that is served
    within a second; SIGHUP has it look at once. Ends on SIGTERM or Ctrl-C, or when its
    terminal is closed, when it has answered what it was asked. With --watch it shows
    what an editor does: a file that is saved is built and served some seconds later; one with
    a violation is told, and what was served before stays.

    With --endpoint the release is asked of SPARQL 1.1 servers elsewhere, where `push` has put
    it, and nothing is read here; when another is pushed there, that is served. One that is lost
    is asked again when it is back. Who may ask is told in the URL, or by
    STANCEGRAPH_ENGINE_USER and STANCEGRAPH_ENGINE_PASSWORD.

    \b
    Examples:
      stancegraph serve
      stancegraph serve --watch
      stancegraph serve --host 0.0.0.0 --port 80 --releases /srv/releases
      stancegraph --graph moon serve --port 8001
      stancegraph serve --endpoint http://one:7878/query --endpoint http://two:7878/query
    """  # noqa: D301 - click's mark for lines to keep
    if engines and (watch or releases):
        raise click.UsageError("--endpoint goes with neither --watch nor --releases")
    if (base or accept_deviations) and not engines:
        raise click.UsageError("--base and --accept-deviations go with --endpoint")
    bounds = EngineOptions(
        workers=workers,
        waiting=WAITING * (os.cpu_count() or 1),
        memory=query_memory * MEBIBYTE,
    )
    with ExitStack() as stack:
        # No other command needs these; what follows the first is imported while that works.
        helper: Keeper | Watch | None = None
        if engines:
            from stancegraph.serving.elsewhere import Elsewhere  # noqa: PLC0415

            elsewhere = stack.enter_context(
                Elsewhere(engines, base, accept_deviations=accept_deviations)
            )
            releases, helper = elsewhere.releases, elsewhere.keeper
        else:
            releases = releases or options.folder.releases
        if watch:
            from stancegraph.serving.watch import Watch  # noqa: PLC0415

            helper = Watch(options.folder, releases)
            helper.build()
        from stancegraph.serving.begin import Begun  # noqa: PLC0415

        begun = stack.enter_context(Begun(releases, bounds))
        from stancegraph.serving.server import serve  # noqa: PLC0415

        serve(
            begun,
            releases,
            host=host,
            port=port,
            query_timeout=query_timeout,
            cache_size=cache_size * MEBIBYTE,
            services=services,
            max_rows=max_rows,
            max_bytes=max_bytes,
            helper=helper,
            archived=archived,
        )
