"""The command ``quality``: what an editor would mend in the current release."""

from __future__ import annotations

import difflib
import textwrap
from typing import TYPE_CHECKING

import click

from stancegraph.build.quality import Finding, as_json, read
from stancegraph.build.release import open_release
from stancegraph.commands.completion import complete_query
from stancegraph.commands.options import releases_option
from stancegraph.errors import UnknownQuery

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from stancegraph.commands.options import Options

WIDTH = 96


@click.command("quality")
@click.argument("names", metavar="[NAME]...", nargs=-1, shell_complete=complete_query)
@click.option(
    "--rows",
    type=click.IntRange(min=0),
    default=20,
    show_default=True,
    help="How many rows of each to tell at most; 0 for the counts alone.",
)
@click.option(
    "--format",
    "style",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="The form of the report.",
)
@releases_option
@click.pass_obj
def quality_command(
    options: Options, *, names: Sequence[str], rows: int, style: str, releases: Path | None
) -> None:
    """Tell what the quality queries find in the current release: all of them, unless named.

    Of each what is wrong, why it matters, how to mend it, and where: file, line, thing. That
    something is found is no error: the exit status is 0.

    \b
    Examples:
      stancegraph quality
      stancegraph quality unused-sources --rows 200
      stancegraph quality --format json
    """  # noqa: D301 - click's mark for lines to keep
    release = open_release(releases or options.folder.releases)
    findings = _named(read(release.quality_file), names)
    if style == "json":
        click.echo(as_json(findings), nl=False)
        return
    for number, finding in enumerate(findings):
        for line in [*([""] if number and rows else []), *_report(finding, rows)]:
            click.echo(line)
    found = sum(1 for finding in findings if finding.count)
    told = f"{found} of {len(findings)} questions find something to mend"
    click.echo(f"{told} (release {release.id})", err=True)


def _named(findings: Sequence[Finding], names: Sequence[str]) -> list[Finding]:
    """Those with *names*, which may lack their theme; all without names. Most found first.

    Raises:
        UnknownQuery: no quality query has such a name.
    """
    known = {finding.query: finding for finding in findings}
    known |= {finding.query.rpartition("/")[2]: finding for finding in findings}
    for name in names:
        if name not in known:
            raise UnknownQuery(name, difflib.get_close_matches(name, known, cutoff=0.5))
    wanted = [known[name] for name in dict.fromkeys(names)] if names else findings
    return sorted(wanted, key=lambda finding: (-finding.count, finding.query))


def _report(finding: Finding, rows: int) -> Iterator[str]:
    """The lines that tell of *finding*, with up to *rows* of its rows."""
    yield f"{finding.count:,}  {finding.summary}  [{finding.query}]"
    if not rows or not finding.count:
        return
    for word, text in (("why", finding.why), ("mend", finding.mend)):
        yield from textwrap.wrap(
            text, WIDTH, initial_indent=f"  {word + ':':<6}", subsequent_indent=" " * 8
        )
    shown = finding.rows[:rows]
    for row in shown:
        yield f"  {row.place or row.thing}: {row.label or row.thing}: {row.wrong}"
    if more := finding.count - len(shown):
        yield f"  and {more:,} more: stancegraph query {finding.query}"
