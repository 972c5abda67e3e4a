"""The command ``search``: finds things by what they are called."""

from __future__ import annotations

import csv
import json
import sys
from typing import TYPE_CHECKING

import click

from stancegraph.build.release import open_release
from stancegraph.commands.options import releases_option
from stancegraph.commands.output import TABLE, echo_table
from stancegraph.errors import UnknownThing
from stancegraph.names import Names

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from stancegraph.commands.options import Options

HEADINGS = ("key", "label", "name", "iri")


@click.command("search")
@click.argument("text", nargs=-1, required=True)
@click.option("--kind", "kinds", multiple=True, help="Only things of this kind: state, treaty, …")
@click.option(
    "--limit",
    type=click.IntRange(min=1),
    default=20,
    show_default=True,
    help="How many to tell at most.",
)
@click.option(
    "--format",
    "style",
    type=click.Choice([TABLE, "csv", "json"]),
    default=TABLE,
    show_default=True,
    help="The form of the answer.",
)
@releases_option
@click.pass_obj
def search_command(
    options: Options,
    *,
    text: Sequence[str],
    kinds: Sequence[str],
    limit: int,
    style: str,
    releases: Path | None,
) -> None:
    """Find things by TEXT: labels, other names, official names, acronyms, titles, codes, keys.

    \b
    Examples:
      stancegraph search budapest
      stancegraph search south korea
      stancegraph search --kind treaty cybercrime --format csv

    The likeliest comes first; accents and case do not matter. The key is what `describe` and
    `query` take. Exit status: 0 if something was found, 1 if nothing was.
    """  # noqa: D301 - click's mark for lines to keep
    release = open_release(releases or options.folder.releases)
    names = Names.load(release.names_file)
    sought = " ".join(text)
    found = names.search(sought, kinds)
    if not found:
        raise UnknownThing(sought)
    rows = [(match.key, match.label, match.name, names.iri(match.key)) for match in found[:limit]]
    if style == "json":
        click.echo(
            json.dumps([dict(zip(HEADINGS, row, strict=True)) for row in rows],
                       ensure_ascii=False, indent=2)
        )  # fmt: skip
    elif style == "csv":
        csv.writer(sys.stdout).writerows([HEADINGS, *rows])
    else:
        echo_table(HEADINGS[:2], [_told(key, label, name) for key, label, name, _ in rows])
    if len(found) > limit:
        click.echo(f"{len(found)} in all: --limit {len(found)} tells them", err=True)


def _told(key: str, label: str, name: str) -> tuple[str, str]:
    """A row of the table: the key, the label, and the name that fits, where it is another."""
    return key, label if name in {label, key.partition("/")[2]} else f"{label} ({name})"
