"""The commands ``build`` and ``validate``, and how they tell what they find."""

from __future__ import annotations

import gc
import sys
from collections import Counter
from typing import TYPE_CHECKING

import click

from stancegraph.build import Progress, as_w3c_report, build, check
from stancegraph.build.lines import Graphs
from stancegraph.build.shelf import KEPT
from stancegraph.commands.options import releases_option
from stancegraph.engine.index import ABOVE
from stancegraph.problems import Severity, as_json

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from pathlib import Path

    from stancegraph.build import Check, Release
    from stancegraph.build.quality import Finding
    from stancegraph.build.validate import EngineName
    from stancegraph.commands.options import Options
    from stancegraph.problems import Problem


ALIKE = 3  # warnings of one shape that a build tells


class Telling(Progress):
    """Tells of a build: problems, the stage that runs on a terminal, and a summary.

    Attributes:
        style: The form of the problems, one of ``STYLES``.
        alike: How many warnings of one shape are told as text; all, where it is None.
    """

    def __init__(self, style: str, *, quiet: bool, alike: int | None = None) -> None:
        super().__init__()
        self.style = style
        self.alike = alike
        self.quiet = quiet
        self.found: Check | None = None
        self.findings: Sequence[Finding] = ()
        self._on_terminal = not quiet and sys.stderr.isatty()
        self._stage = ""

    def started(self, name: str) -> None:
        """Show the stage on a terminal, until it ends."""
        self._stage = name
        self._show(f"{name} …")

    def step(self, done: int, total: int) -> None:
        """Show how far the stage is, on a terminal."""
        if done % 20 == 0:
            self._show(f"{self._stage} {done}/{total}")

    def ended(self, name: str) -> None:
        """Clear what was shown."""
        self._show("")

    def _show(self, text: str) -> None:
        if self._on_terminal:
            click.echo(f"\r\x1b[2K{text}", nl=False, err=True)

    def checked(self, found: Check) -> None:
        """Tell the problems: as text to standard error, for machines to standard output."""
        self.found = found
        if self.style == "text":
            self._tell(found.problems)
        elif self.style == "github":
            for problem in found.problems:
                click.echo(problem.as_github())
        elif self.style == "json":
            click.echo(as_json(found.problems))
        else:
            click.echo(as_w3c_report(found), nl=False)

    def _tell(self, problems: Sequence[Problem]) -> None:
        """Tell problems as text, of warnings that are much alike only the first."""
        seen: Counter[str] = Counter()
        for problem in problems:
            if problem.severity is not Severity.VIOLATION and problem.shape:
                seen[problem.shape] += 1
                if self.alike is not None and seen[problem.shape] > self.alike:
                    continue
            click.echo(problem.as_text(), err=True)
        if self.alike is None:
            return
        if more := sum(max(0, number - self.alike) for number in seen.values()):
            click.echo(f"and {more:,} warnings like these: stancegraph validate", err=True)

    def judged(self, findings: Sequence[Finding]) -> None:
        """Keep what the quality queries find for the summary."""
        self.findings = findings

    def summary(self, release: Release | None = None) -> None:
        """Tell what was read, what is wrong, how long each stage took, and the quality."""
        if self.quiet or self.found is None:
            return
        graph = self.found.graph
        counts = (
            {name: release.counts[name] for name in ("files", "triples", "claims")}
            if release
            else {"files": len(graph.files), "triples": len(Graphs(graph.lines()))}
        )
        counts["violations"] = self.found.count(Severity.VIOLATION)
        counts["warnings"] = self.found.count(Severity.WARNING)
        told = [
            f"{number:,} {name.removesuffix('s') if number == 1 else name}"
            for name, number in counts.items()
        ]
        if self.found.report is None:
            told.append("shapes not applied: first mend ontology/ and shapes/")
        times = [
            f"{stage} {seconds:.1f} s" + (f" for {done}" if (done := self.done.get(stage)) else "")
            for stage, seconds in self.seconds.items()
        ]
        click.echo(f"{', '.join(told)} ({', '.join(times)})", err=True)
        for line in counted(self.findings):
            click.echo(line, err=True)


def counted(findings: Sequence[Finding]) -> list[str]:
    """How much each quality query finds, most first; a line for those that find nothing."""
    found = sorted(
        (finding for finding in findings if finding.count),
        key=lambda finding: (-finding.count, finding.query),
    )
    if not findings:
        return []
    names = max((len(finding.query) for finding in found), default=0)
    lines = [f"{each.count:>7,}  {each.query:<{names}}  {each.summary}" for each in found]
    nothing = len(findings) - len(found)
    told = f"quality: {len(found)} of {len(findings)} questions find something to mend"
    told += f", {nothing} nothing" if nothing and found else ""
    return [f"{told}; the rows: stancegraph quality" if found else told, *lines]


STYLES = ("text", "json", "turtle", "github")
_style = click.option(
    "--format",
    "style",
    type=click.Choice(STYLES),
    default="text",
    show_default=True,
    help="How problems are told: lines, JSON, a W3C validation report, GitHub annotations. "
    "All but text go to standard output.",
)
_quiet = click.option("-q", "--quiet", is_flag=True, help="Tell problems, nothing else.")


@click.command("build")
@releases_option
@click.option(
    "--date",
    "day",
    type=click.DateTime(["%Y-%m-%d"]),
    help="The day of the release; that of the last commit, else today, unless given.",
)
@click.option(
    "--fresh", is_flag=True, help="Find out everything anew, whatever earlier builds found out."
)
@click.option(
    "--keep",
    type=click.IntRange(min=1),
    default=KEPT,
    show_default=True,
    help="How many releases to leave; older ones are deleted, never the one before the current.",
)
@click.option(
    "--index-above",
    metavar="TRIPLES",
    type=click.IntRange(min=0),
    default=ABOVE,
    show_default=True,
    help="Ask a larger release on disk, not in memory: it starts at once and takes next to no "
    "memory, and answers take twice as long.",
)
@_style
@_quiet
@click.pass_obj
def build_command(
    options: Options,
    *,
    releases: Path | None,
    day: datetime | None,
    fresh: bool,
    keep: int,
    index_above: int,
    style: str,
    quiet: bool,
) -> None:
    """Check the graph and write a release.

    Prints the id of the release. Of warnings that are much alike the first few are told.
    Nothing is written if a file has a violation. What earlier builds found out of files,
    rules and queries that have not changed since is not found out again; the folder of
    releases keeps it.

    \b
    Examples:
      stancegraph build
      stancegraph build --releases /srv/releases --date 2026-01-01
      stancegraph --graph moon build
    """  # noqa: D301 - click's mark for lines to keep
    gc.disable()  # so many objects that live to the end, so few cycles, are not worth looking for
    folder = options.folder
    telling = Telling(style, quiet=quiet, alike=ALIKE)
    release = None
    try:
        release = build(
            folder,
            releases or folder.releases,
            release_date=day.date() if day else None,
            progress=telling,
            fresh=fresh,
            keep=keep,
            index_above=index_above,
        )
    finally:
        telling.summary(release)
    # A form for machines has standard output to itself.
    click.echo(release.id, err=style != "text")


@click.command("validate")
@click.option(
    "--engine",
    type=click.Choice(["fast", "pyshacl"]),
    default="fast",
    show_default=True,
    help="What applies the shapes; pyshacl is the slow reference.",
)
@_style
@_quiet
@click.pass_obj
def validate_command(options: Options, *, engine: EngineName, style: str, quiet: bool) -> None:
    """Check the graph, its queries and rules, and write nothing.

    \b
    Examples:
      stancegraph validate
      stancegraph validate --format github
      stancegraph --graph moon validate --engine pyshacl
    """  # noqa: D301 - click's mark for lines to keep
    telling = Telling(style, quiet=quiet)
    found = check(options.folder, engine=engine, progress=telling)
    telling.checked(found)
    telling.summary()
    if found.count(Severity.VIOLATION):
        click.get_current_context().exit(1)
