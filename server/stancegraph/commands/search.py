"""The command ``search``: finds things by what they are called."""

from __future__ import annotations

import csv
import json
import shlex
import sys
from typing import TYPE_CHECKING

import click

from stancegraph.build.release import open_release
from stancegraph.catalog import Catalog
from stancegraph.commands.options import releases_option
from stancegraph.commands.output import TABLE, echo_table
from stancegraph.errors import UnknownThing
from stancegraph.questions import Questions

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from stancegraph.commands.options import Options
    from stancegraph.questions import Question

HEADINGS = ("key", "label", "name", "iri")
MAX_QUESTIONS = 3


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
      stancegraph search 'who ratified the budapest convention?'

    The likeliest comes first; accents, case and small mistakes do not matter. The key is what
    `describe` and `query` take. The table is followed by the saved queries that TEXT may be
    asking. Exit status: 0 if something was found, 1 if nothing was.
    """  # noqa: D301 - click's mark for lines to keep
    release = open_release(releases or options.folder.releases)
    catalog = Catalog.load(release.path)
    names = catalog.names
    sought = " ".join(text)
    found = names.search(sought, kinds)
    in_words = style == TABLE and not kinds
    questions = Questions(catalog, names).about(sought)[:MAX_QUESTIONS] if in_words else []
    if not found and not questions:
        raise UnknownThing(sought)
    rows = [(match.key, match.label, match.name, names.iri(match.key)) for match in found[:limit]]
    if style == "json":
        click.echo(
            json.dumps([dict(zip(HEADINGS, row, strict=True)) for row in rows],
                       ensure_ascii=False, indent=2)
        )  # fmt: skip
    elif style == "csv":
        csv.writer(sys.stdout).writerows([HEADINGS, *rows])
    elif rows:
        echo_table(HEADINGS[:2], [_told(key, label, name) for key, label, name, _ in rows])
    told = [f"{question.query.summary}\n  {_command(question)}" for question in questions]
    if told:
        click.echo(("\n" if rows else "") + "\n\n".join(told))
    if len(found) > limit:
        click.echo(f"{len(found)} in all: --limit {len(found)} tells them", err=True)


def _told(key: str, label: str, name: str) -> tuple[str, str]:
    """A row of the table: the key, the label, and the name that fits, where it is another."""
    return key, label if name in {label, key.partition("/")[2]} else f"{label} ({name})"


def _command(question: Question) -> str:
    """How to ask *question* at the terminal."""
    values = [f"{name}={value}" for name, given in question.values.items() for value in given]
    return shlex.join(["stancegraph", "query", question.query.name, *values])
