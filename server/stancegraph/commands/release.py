"""The commands ``release list``, ``publish``, ``remove`` and ``use``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from stancegraph.build import shelf
from stancegraph.build.release import CURRENT
from stancegraph.commands.completion import complete_release
from stancegraph.commands.options import releases_option
from stancegraph.commands.table import table_lines

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stancegraph.build.shelf import Held
    from stancegraph.commands.options import Options

WITHOUT = ("mirror", "xlsx", "dta", "parquet")

_wanted = click.argument("wanted", metavar="ID", shell_complete=complete_release)


@click.group("release")
def release_command() -> None:
    """List the releases that were built, choose which is served, publish and remove them.

    \b
    Examples:
      stancegraph release list
      stancegraph release publish package
      stancegraph release use previous
      stancegraph release remove 2026-11-01
    """  # noqa: D301 - click's mark for lines to keep


@release_command.command("list")
@releases_option
@click.option(
    "--format",
    "style",
    type=click.Choice(["table", "json"]),
    default="table",
    show_default=True,
    help="The form of the list.",
)
@click.pass_obj
def list_command(options: Options, releases: Path | None, style: str) -> None:
    """List the releases, the one made last first, and tell which is current.

    \b
    Examples:
      stancegraph release list
      stancegraph release list --format json --releases /srv/releases
    """  # noqa: D301 - click's mark for lines to keep
    found = shelf.held(releases or options.folder.releases)
    if style == "json":
        click.echo(json.dumps([_described(each) for each in found], indent=2))
        return
    for line in table_lines([("id", "made", "triples", "size", ""), *map(_row, found)], None):
        click.echo(line)


@release_command.command("use")
@_wanted
@releases_option
@click.pass_obj
def use_command(options: Options, wanted: str, releases: Path | None) -> None:
    """Make the release ID the current one; a server that runs serves it within a second.

    ID may be the beginning of one that no other begins with, or `previous`: the release that
    the current one followed. Going back is the same as going on. A release that this version
    cannot serve, or that was changed since it was built, is refused.

    \b
    Examples:
      stancegraph release use previous
      stancegraph release use 2026-11-22
      stancegraph release use 2026-11-22-c6afcbdce150 --releases /srv/releases
    """  # noqa: D301 - click's mark for lines to keep
    click.echo(shelf.use(releases or options.folder.releases, wanted).id)


@release_command.command("remove")
@_wanted
@releases_option
@click.pass_obj
def remove_command(options: Options, wanted: str, releases: Path | None) -> None:
    """Delete the release ID, which must not be the current one.

    \b
    Examples:
      stancegraph release remove previous
      stancegraph release remove 2026-11-01
    """  # noqa: D301 - click's mark for lines to keep
    click.echo(shelf.remove(releases or options.folder.releases, wanted).id)


@release_command.command("publish")
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.option(
    "--id",
    "wanted",
    default=CURRENT,
    metavar="RELEASE",
    shell_complete=complete_release,
    help="The release; the current one, unless given.",
)
@click.option(
    "--without",
    multiple=True,
    type=click.Choice(WITHOUT),
    help="Leave this out; may be given several times.",
)
@click.option("--quiet", is_flag=True, help="Tell nothing on the way.")
@releases_option
@click.pass_obj
def publish_command(
    options: Options,
    *,
    folder: Path,
    wanted: str,
    without: Sequence[str],
    quiet: bool,
    releases: Path | None,
) -> None:
    """Write the research package of a release into DIR, which must not be there or be empty.

    It holds all exports, the codebook, the graph with its queries and their results, reports,
    the pages to be read without a server, and what archives read of it, as a BagIt bag. The
    same release gives the same bytes.

    \b
    Examples:
      stancegraph release publish package
      stancegraph release publish package --id 2026-11-22 --without mirror
      stancegraph verify package
    """  # noqa: D301 - click's mark for lines to keep
    # What it needs comes with the extra "export", and no other command waits for it.
    from stancegraph.export.everything import need_libraries  # noqa: PLC0415

    need_libraries()
    from stancegraph.package.publish import publish  # noqa: PLC0415

    release = shelf.find(releases or options.folder.releases, wanted)

    def told(sentence: str) -> None:
        if not quiet:
            click.echo(sentence, err=True)

    publish(release, folder, without=without, told=told)
    click.echo(str(folder))


def _row(each: Held) -> tuple[str, ...]:
    release = each.release
    told = [*(["current"] if each.is_current else []), *([each.flaw] if each.flaw else [])]
    return (
        each.name,
        f"{each.made:%Y-%m-%d %H:%M}",
        f"{release.counts['triples']:,}" if release else "",
        f"{each.size / 2**20:.1f} MiB",
        ", ".join(told),
    )


def _described(each: Held) -> dict[str, object]:
    release = each.release
    return {
        "id": each.name,
        "date": release.date.isoformat() if release else None,
        "made": each.made.isoformat(timespec="seconds"),
        "triples": release.counts["triples"] if release else None,
        "bytes": each.size,
        "previous": release.previous if release else None,
        "current": each.is_current,
        "flaw": each.flaw or None,
    }
