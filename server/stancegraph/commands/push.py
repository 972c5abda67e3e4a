"""The command ``push``: puts a release into engines elsewhere."""

from __future__ import annotations

import gzip
from contextlib import ExitStack, closing
from pathlib import Path
from typing import IO, TYPE_CHECKING, cast

import click

from stancegraph.build.release import open_release
from stancegraph.build.shelf import find
from stancegraph.commands.options import releases_option
from stancegraph.errors import OperationError

if TYPE_CHECKING:
    from stancegraph.build.release import Release
    from stancegraph.commands.options import Options

KEPT = 2  # releases that stay in an engine: the current one, and the one before it


@click.command("push")
@click.argument("urls", nargs=-1, metavar="[URL]...")
@click.option("--release", "wanted", help="Its id; the current one, unless given.")
@releases_option
@click.option(
    "--store",
    metavar="URL",
    default="",
    help="Where the engine has the Graph Store Protocol, if its kind does not tell.",
)
@click.option(
    "--verify",
    type=click.Choice(["full", "counts"]),
    default="full",
    show_default=True,
    help="Whether to read all of it again, or only to count.",
)
@click.option(
    "--keep",
    type=click.IntRange(min=1),
    default=KEPT,
    show_default=True,
    help="Releases, pushed last, that stay there; older ones are removed.",
)
@click.option(
    "--dump",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write what would be sent, as N-Quads for the engine's own loader, and send nothing.",
)
@click.option(
    "--current",
    "is_current",
    is_flag=True,
    help="With --dump: write too that it is the current release, for an engine that is only read.",
)
@click.pass_obj
def push_command(
    options: Options,
    *,
    urls: tuple[str, ...],
    wanted: str | None,
    releases: Path | None,
    store: str,
    verify: str,
    keep: int,
    dump: Path | None,
    is_current: bool,
) -> None:
    """Put a release into the engines that answer queries at URL, for `serve --endpoint`.

    \b
    Examples:
      stancegraph push http://127.0.0.1:7878/query
      stancegraph push http://dba:secret@127.0.0.1:8890/sparql
      stancegraph push http://one:7878/query http://two:7878/query --keep 1
      stancegraph push --dump release.nq.gz

    Readers see the release before, whole, until all engines have this one and what they hold
    was read and found right. A push that was ended goes on where it was. What an engine has
    loaded by its own means, from --dump, need not be sent: it is counted, read, and made
    current. Who may write is told in the URL, or by STANCEGRAPH_ENGINE_USER and
    STANCEGRAPH_ENGINE_PASSWORD.
    """  # noqa: D301 - click's mark for lines to keep
    if bool(urls) == bool(dump):
        raise click.UsageError("give either URL or --dump")
    if store and len(urls) != 1:
        raise click.UsageError("--store goes with one URL")
    if is_current and not dump:
        raise click.UsageError("--current goes with --dump")
    folder = releases or options.folder.releases
    release = find(folder, wanted) if wanted else open_release(folder)
    if dump:
        _dump(release, dump, is_current=is_current)
    else:
        _push(release, urls, store, fully=verify == "full", keep=keep)


def _push(release: Release, urls: tuple[str, ...], store: str, *, fully: bool, keep: int) -> None:
    from stancegraph.engine.remote.http import Address  # noqa: PLC0415
    from stancegraph.push import Bundle, Parts, Push  # noqa: PLC0415

    addresses = [Address.read(url) for url in urls]
    bundle = Bundle(release)
    with Parts(release) as parts, ExitStack() as stack:
        pushes = []
        for address in addresses:
            place = Address.read(store).url if store else ""
            push = Push(bundle, parts, address, place, told=_tell)
            pushes.append(stack.enter_context(closing(push)))
        for address, push in zip(addresses, pushes, strict=True):
            sent = push.load()
            push.verify(fully=fully)
            _tell(f"{address.url}: {sent} triples sent, all found right")
        for push in pushes:
            push.switch()
        click.echo(release.id)
        removed = max(push.prune(keep) for push in pushes)
    if removed:
        _tell(f"{removed} older release{'' if removed == 1 else 's'} removed")


def _dump(release: Release, path: Path, *, is_current: bool) -> None:
    from stancegraph.push import Bundle, Parts  # noqa: PLC0415

    try:
        with Parts(release) as parts, _opened(path) as file:
            Bundle(release).write(parts, file, is_current=is_current)
    except OSError as error:
        raise OperationError(f"cannot write {path}: {error.strerror}") from error
    _tell(f"wrote {path}")


def _opened(path: Path) -> IO[bytes]:
    return cast("IO[bytes]", gzip.open(path, "wb")) if path.suffix == ".gz" else path.open("wb")


def _tell(told: str) -> None:
    click.echo(told, err=True)
