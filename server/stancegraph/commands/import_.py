"""The command ``import``."""

from __future__ import annotations

import sys
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click
import pyoxigraph as ox

from stancegraph.commands.table import table_lines
from stancegraph.errors import BadTable, BadTemplate, InvalidGraph
from stancegraph.tablefile import read_templates, template_of
from stancegraph.terms import DCTERMS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stancegraph.commands.options import Options
    from stancegraph.folder import GraphFolder
    from stancegraph.importers import Import, Question
    from stancegraph.importers.stream import Streamed
    from stancegraph.problems import Problem
    from stancegraph.tablefile import Column, Template


@click.command("import")
@click.argument("kind", required=False)
@click.argument(
    "table",
    metavar="[TABLE.csv]",
    required=False,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
)
@click.option(
    "--source",
    metavar="KEY",
    help="The source of rows that name none, such as fedlex-0.311.43-2025.",
)
@click.option("--dry-run", is_flag=True, help="Show what would change as a diff; write nothing.")
@click.option(
    "--names",
    metavar="FILE.csv",
    type=click.Path(dir_okay=False, path_type=Path),
    help="What names mean that are not sure: is read, and gains what you decide.",
)
@click.option(
    "--join",
    "joined",
    metavar="OTHER.csv",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A table with more columns for the rows of TABLE.csv, for kinds that have one.",
)
@click.option(
    "--coded-on",
    metavar="DATE",
    type=click.DateTime(["%Y-%m-%d"]),
    help="The day on which new claims were coded; today, unless given.",
)
@click.option(
    "--coded-by",
    metavar="KEY",
    help="Who coded new claims, such as agent/stancegraph; the publisher of the graph, "
    "unless given.",
)
@click.option("--list", "listed", is_flag=True, help="List the kinds of table.")
@click.option("--columns", is_flag=True, help="Show the columns that tables of KIND have.")
@click.pass_obj
def import_command(
    options: Options,
    *,
    kind: str | None,
    table: Path | None,
    source: str | None,
    dry_run: bool,
    names: Path | None,
    joined: Path | None,
    coded_on: datetime | None,
    coded_by: str | None,
    listed: bool,
    columns: bool,
) -> None:
    """Import TABLE.csv, whose rows are of one KIND, into the files of the graph.

    The table is checked whole, and so is the graph as it would be: unless all is well,
    every problem is told with its line, nothing is written, and the exit status is 1.
    Importing a table twice changes nothing.

    Kinds of very long tables are written as they are read, into files of their own; the graph
    is checked when it is built.

    \b
    Examples:
      stancegraph import --list
      stancegraph import treaty-actions --columns
      stancegraph import treaty-actions deposits.csv --source coe-chart-185-2015 --dry-run
      stancegraph import memberships members.csv --names names.csv
      stancegraph import voeten-votes UNVotes.csv --join descriptions.csv --source voeten
    """  # noqa: D301 - click's mark for lines to keep
    if listed:
        _list_kinds(options.folder)
        return
    if kind is None:
        raise click.UsageError("name the kind of table; --list shows them")
    if columns:
        _show_columns(options.folder, kind)
        return
    if table is None:
        raise click.UsageError("name the table")
    # Other commands need not wait for what only this one loads.
    from stancegraph.importers import Decisions, import_table  # noqa: PLC0415
    from stancegraph.importers.stream import stream_table  # noqa: PLC0415

    folder = options.folder
    template = template_of(folder, kind)
    _check_use(template, dry_run=dry_run, joins=joined is not None)
    decisions = Decisions(names)
    agent = coded_by or _publisher(folder)
    day = coded_on or datetime.now().astimezone()
    defaults = {
        **({"source": source} if source else {}),
        **({"coded_by": agent} if agent else {}),
        "coded_on": day.date().isoformat(),
    }
    asks = sys.stdin.isatty() and sys.stderr.isatty()
    try:
        if template.stream:
            streamed = stream_table(
                folder, template, table, defaults=defaults, decisions=decisions,
                ask=_ask if asks else None, joined=joined,
            )  # fmt: skip
            _tell_streamed(streamed)
        else:
            found = import_table(
                folder, kind, table, defaults=defaults, decisions=decisions,
                ask=_ask if asks else None,
            )  # fmt: skip
            _tell(found, dry_run=dry_run)
    except (BadTable, InvalidGraph) as error:
        _tell_problems(error)
        raise
    finally:
        # What somebody decided is not asked again, whatever else is wrong.
        decisions.save()


def _tell_problems(error: BadTable | InvalidGraph) -> None:
    """Tell what is wrong with a table, or with the graph."""
    if isinstance(error, InvalidGraph):
        for problem in error.problems:
            click.echo(problem.as_text(), err=True)
        return
    _tell_notes(error.notes)
    for problem in error.problems:
        place = f"{problem.path}:{problem.line}" if problem.line else problem.path
        click.echo(f"{place}: {problem.message}", err=True)


def _check_use(template: Template, *, dry_run: bool, joins: bool) -> None:
    """Refuse options that tables of this kind have no use for.

    Raises:
        click.UsageError: one is given.
    """
    if joins and not template.joins:
        raise click.UsageError(f"tables of the kind {template.kind} have no other beside them")
    if dry_run and template.stream:
        raise click.UsageError(f"a table of the kind {template.kind} is too long for --dry-run")


def _tell(found: Import, *, dry_run: bool) -> None:
    """Tell what an import does, and do it unless it is a *dry_run*."""
    from stancegraph.importers import write  # noqa: PLC0415

    _tell_notes(found.notes)
    if dry_run:
        for change in found.changes:
            click.echo(change.diff(), nl=False)
    else:
        write(found.changes)
        for change in found.changes:
            told = "new" if change.before is None else "changed"
            click.echo(f"{change.name} ({told})", err=True)
    would = "would be " if dry_run else ""
    files = f"{len(found.changes)} file{'' if len(found.changes) == 1 else 's'}"
    click.echo(
        f"{found.new:,} {would}new, {found.extended:,} {would}extended, "
        f"{found.unchanged:,} unchanged; {files}",
        err=True,
    )


def _tell_streamed(found: Streamed) -> None:
    """Tell what a long table has become."""
    counts = (f"{count:,} {form.partition('/')[0]}" for form, count in found.blocks.items())
    told = [f"{found.rows:,} rows", *counts, f"{len(found.files):,} files"]
    if found.left_out:
        told.append(f"{found.left_out:,} rows say nothing")
    if found.repeated:
        told.append(f"{found.repeated:,} rows say what another said")
    if found.standing:
        told.append(f"{found.standing:,} blocks stand in other files already")
    click.echo("; ".join(told), err=True)


def _tell_notes(notes: Sequence[Problem]) -> None:
    for note in notes:
        click.echo(f"{note.path}:{note.line}: note: {note.message}", err=True)


def _ask(question: Question) -> str | None:
    """Ask at the terminal what a name means."""
    click.echo(f"column {question.column}: what is {question.written!r}?", err=True)
    for number, candidate in enumerate(question.candidates, start=1):
        click.echo(f"  {number}  {candidate}", err=True)
    click.echo("  0  none of these", err=True)
    number = click.prompt(
        "which", type=click.IntRange(0, len(question.candidates)), err=True, show_choices=False
    )
    return question.candidates[number - 1].key if number else None


def _publisher(folder: GraphFolder) -> str | None:
    """The key of who publishes the graph, as its dataset.ttl says; None if it does not."""
    things = f"{folder.base}id/"
    for quad in ox.parse(path=folder.root / "dataset.ttl", format=ox.RdfFormat.TURTLE):
        agent = quad.object
        if quad.predicate == DCTERMS.publisher and isinstance(agent, ox.NamedNode):
            return agent.value.removeprefix(things)
    return None


def _list_kinds(folder: GraphFolder) -> None:
    templates, problems = read_templates(folder)
    if problems:
        raise BadTemplate("\n".join(problem.as_text() for problem in problems))
    if not templates:
        template_of(folder, "")
    rows = [(template.kind, template.summary) for template in templates.values()]
    for line in table_lines([("kind", "what a row says"), *rows], None):
        click.echo(line)


def _show_columns(folder: GraphFolder, kind: str) -> None:
    template = template_of(folder, kind)
    rows = [
        (name, _needed(column), _described(column)) for name, column in template.columns.items()
    ]
    for line in table_lines([("column", "", "what it holds"), *rows], None):
        click.echo(line)


def _needed(column: Column) -> str:
    return "needed" if column.required else ""


def _described(column: Column) -> str:
    parts = [column.description or column.holds]
    if column.description and not column.type:
        parts[0] += f": {column.holds}"
    if column.many:
        parts.append("several with ';'")
    if column.default:
        parts.append(f"{column.default} unless given")
    if column.also:
        parts.append(f"also called {' or '.join(column.also)}")
    return "; ".join(parts)
