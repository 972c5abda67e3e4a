"""The command ``diff``: what changed from one release to another."""

from __future__ import annotations

import tempfile
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from stancegraph.build import shelf
from stancegraph.build.release import CURRENT
from stancegraph.changes import as_text, parts_of
from stancegraph.commands.completion import complete_release, complete_thing
from stancegraph.commands.describe import find
from stancegraph.commands.options import releases_option
from stancegraph.commands.output import echo_bytes
from stancegraph.differences import compare, grouped, patch, summary
from stancegraph.names import Names

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stancegraph.build.release import Release
    from stancegraph.commands.options import Options
    from stancegraph.differences import Difference

FILES = "files"  # what one may say for the release that the files of the graph would make


@click.command("diff")
@click.argument("before", metavar="[A]", default=shelf.PREVIOUS, shell_complete=complete_release)
@click.argument("after", metavar="[B]", default=CURRENT, shell_complete=complete_release)
@click.option(
    "--about",
    "things",
    metavar="THING",
    multiple=True,
    shell_complete=complete_thing,
    help="Tell only of what names this thing: a key, a name or an IRI; may be repeated.",
)
@click.option(
    "--by",
    type=click.Choice(["who", "what"]),
    default="who",
    show_default=True,
    help="Group claims by whose they are, or by what they are about.",
)
@click.option("--derived", is_flag=True, help="Tell also of what rules conclude.")
@click.option(
    "--format",
    "style",
    type=click.Choice(["text", "html", "json", "patch"]),
    default="text",
    show_default=True,
    help="The form of the answer; patch is an RDF patch.",
)
@releases_option
@click.pass_obj
def diff_command(
    options: Options,
    *,
    before: str,
    after: str,
    things: Sequence[str],
    by: str,
    derived: bool,
    style: str,
    releases: Path | None,
) -> None:
    """Tell what changed from the release A to the release B, claim by claim.

    A and B are ids, or beginnings of ids that no others have; `current`, which B is unless given;
    `previous`, the one that it followed, which A is unless given; or `files`, what a build would
    now make of the files of the graph.

    \b
    Examples:
      stancegraph diff
      stancegraph diff current files
      stancegraph diff 2026-11-01 2026-11-22 --about GHA
      stancegraph diff --about treaty/budapest-convention --by what
      stancegraph diff previous current --format html > changes.html
      stancegraph diff --derived --format patch > release.patch

    A claim is the same as long as its IRI is: it is added, withdrawn, corrected or ranked anew.
    Exit status: 0, whether or not anything changed.
    """  # noqa: D301 - click's mark for lines to keep
    if style == "patch" and things:
        raise click.BadOptionUsage("things", "--about: a patch is of everything")
    folder = releases or options.folder.releases
    with ExitStack() as stack:
        old, new = (_release(options, folder, wanted, stack) for wanted in (before, after))
        if style == "patch":
            echo_bytes(patch(old, new, derived=derived))
            return
        found = compare(old, new, derived=derived)
        if things:
            names = Names.load(new.names_file)
            found = found.concerning([find(thing, names).value for thing in things])
    if style == "json":
        click.echo(found.as_json(), nl=False)
        return
    if style == "html":
        click.echo(as_html(found, by_what=by == "what"))
        return
    for line in as_text(found, by_what=by == "what"):
        click.echo(line)


def _release(options: Options, folder: Path, wanted: str, stack: ExitStack) -> Release:
    """What *wanted* means; a build of the files is there until *stack* ends.

    Raises:
        InvalidGraph: the files have violations.
        OperationError: there is no such release.
    """
    if wanted != FILES:
        return shelf.find(folder, wanted)
    from stancegraph.build import build  # noqa: PLC0415 - only this needs what builds

    made = stack.enter_context(tempfile.TemporaryDirectory())
    return build(options.folder, Path(made))


def as_html(found: Difference, *, by_what: bool) -> str:
    """*found* as a page that needs no server; *by_what* as in `as_text`."""
    import jinja2  # noqa: PLC0415 - only this form needs it

    templates = Path(__file__).parents[1] / "web" / "templates"
    page = jinja2.Environment(
        loader=jinja2.FileSystemLoader(templates),
        autoescape=True,
        trim_blocks=True,
        extensions=["jinja2.ext.i18n"],
    ).get_template("diff.html")
    return page.render(
        found=found,
        parts=[(heading, changes) for heading, changes in parts_of(found) if changes],
        summary=summary,
        grouped=partial(grouped, by_what=by_what),
        gettext=str,
    )
