"""The commands ``queries``, ``queries new`` and ``queries test``."""

from __future__ import annotations

import difflib
from string import Template
from typing import TYPE_CHECKING

import click

from stancegraph.build.release import open_release
from stancegraph.catalog import Catalog, typed_example
from stancegraph.commands.completion import complete_query
from stancegraph.commands.options import releases_option
from stancegraph.engine.embedded import EmbeddedEngine, EngineOptions
from stancegraph.errors import BadParameter, BadQueryFile, EngineError, OperationError
from stancegraph.expected import Case, cases, lines_of, strays
from stancegraph.queryfile import NAME, read_queries

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from stancegraph.commands.options import Options
    from stancegraph.engine import Engine
    from stancegraph.folder import GraphFolder
    from stancegraph.names import Names
    from stancegraph.queryfile import SavedQuery

_NEW = Template("""\
#+ summary: What is said of a thing
#+ description: >
#+   Say here what a row is, what its columns mean where that is not plain, and what is left out.
#+ keywords: [statements]
#+ params:
#+   thing: {type: iri, description: the thing}
#+ columns: [property, value]
#+ view: table
#+ bound: 5

SELECT ?property ?value
WHERE {
  VALUES (?thing) { (<$example>) }  #= params
  ?thing ?property ?value .
}
ORDER BY ?property ?value
""")


@click.group("queries", invoke_without_command=True)
@click.pass_context
def queries_command(context: click.Context) -> None:
    """List the saved queries of the current release; start new ones, and test them.

    \b
    Examples:
      stancegraph queries
      stancegraph queries new votes/by-day
      stancegraph queries test votes/by-day --update
    """  # noqa: D301 - click's mark for lines to keep
    if context.invoked_subcommand is None:
        options: Options = context.obj
        echo_list(Catalog.load(open_release(options.folder.releases).path))


def echo_list(catalog: Catalog) -> None:
    """Tell each query's name, its parameters as in its own example, and what it asks."""
    for query in catalog:
        params = query.params.values()
        example = " ".join(typed_example(parameter, catalog.names) for parameter in params)
        click.echo(f"{query.name} {example}".rstrip() + f"\n    {query.summary}")


@queries_command.command("new")
@click.argument("name", metavar="THEME/NAME")
@click.pass_obj
def new_command(options: Options, *, name: str) -> None:
    """Start the saved query THEME/NAME from a template, which can be asked as it is.

    Prints the file. One that is there already is left as it is.

    \b
    Example:
      stancegraph queries new votes/by-day
    """  # noqa: D301 - click's mark for lines to keep
    if not NAME.fullmatch(name):
        told = f"{name!r} must be of small letters, digits and '-', as in votes/by-day"
        raise click.BadParameter(told, param_hint="THEME/NAME")
    folder = options.folder
    path = folder.root / "queries" / f"{name}.rq"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8") as file:
            file.write(_NEW.substitute(example=folder.base))
    except FileExistsError:
        raise OperationError(f"{path} is there already: give another name") from None
    except OSError as error:
        raise OperationError(f"cannot write {path}: {error.strerror}") from error
    click.echo(path)
    click.echo(
        "next: write the question, `stancegraph validate`, then "
        f"`stancegraph queries test {name} --update`",
        err=True,
    )


@queries_command.command("test")
@click.argument("names", metavar="[NAME]...", nargs=-1, shell_complete=complete_query)
@click.option("--update", is_flag=True, help="Keep the rows that differ as the expected ones.")
@releases_option
@click.pass_obj
def test_command(
    options: Options, *, names: Sequence[str], update: bool, releases: Path | None
) -> None:
    """Compare what saved queries give with the rows kept beside them; all queries, unless named.

    The queries are those of the graph folder as it is now, the data that of the current
    release. What differs is shown as lines with - and +. Exit status: 1 if anything differs
    and was not kept, or a query has no rows to compare with.

    \b
    Examples:
      stancegraph queries test
      stancegraph queries test votes/by-day --update
    """  # noqa: D301 - click's mark for lines to keep
    folder = options.folder
    queries = _queries(folder, names)
    release = open_release(releases or folder.releases)
    catalog = Catalog(queries, Catalog.load(release.path).names)
    passed = failed = kept = 0
    with EmbeddedEngine(release.quads_file, release.id, EngineOptions(workers=1)) as engine:
        for query in catalog:
            if query.services:
                continue  # what others answer is not ours to keep
            found = cases(query, folder.root)
            if not found and update:
                found = [Case.of_example(query, folder.root, catalog.names)]
            if not found:
                failed += 1
                click.echo(f"{query.name}: no rows are kept for it: keep some with --update")
            for case in found:
                same, rows = _compared(case, engine, catalog.names)
                if not same and rows is not None and update:
                    case.keep(rows)
                    kept += 1
                else:
                    passed, failed = passed + same, failed + (not same)
    for file in [] if names else strays(queries, folder.root):
        failed += 1
        click.echo(f"{file.relative_to(folder.root)}: there is no query for these rows")
    told = f"{passed} passed, {failed} failed"
    click.echo(f"{told}{f', {kept} kept' if kept else ''} (release {release.id})", err=True)
    if failed:
        click.get_current_context().exit(1)


def _queries(folder: GraphFolder, names: Sequence[str]) -> list[SavedQuery]:
    """The queries of the folder as it is now, those with *names* if any are given.

    Raises:
        BadQueryFile: one of them cannot be used.
        UnknownQuery: there is none of such a name.
    """
    queries, problems = read_queries(folder.root)
    for problem in problems:
        if not names or problem.path.removeprefix("queries/").removesuffix(".rq") in names:
            raise BadQueryFile(problem.path, problem.line or 1, problem.message)
    known = Catalog(queries, Catalog.nameless())
    return [known.query(name) for name in names] if names else queries


def _compared(case: Case, engine: Engine, names: Names) -> tuple[bool, list[list[str]] | None]:
    """Whether *case* gives what is expected, and its rows; what differs is told."""
    try:
        rows = case.rows(engine, names)
    except (BadParameter, EngineError) as error:
        click.echo(f"{case.name}: {error}")
        return False, None
    expected = case.expected
    if rows == expected:
        return True, rows
    click.echo(f"{case.name}:")
    shown = difflib.unified_diff(lines_of(expected or []), lines_of(rows), "expected", "found", n=1)
    click.echo("".join(shown), nl=False)
    return False, rows
