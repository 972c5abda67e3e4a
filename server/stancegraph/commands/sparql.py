"""The command ``sparql``: answers any SPARQL query at the terminal."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from stancegraph.build.release import open_release
from stancegraph.commands.output import answer_options, echo_answer, open_engine
from stancegraph.errors import OperationError

if TYPE_CHECKING:
    from stancegraph.commands.options import Options


@click.command("sparql")
@click.argument("file", required=False, type=click.Path(allow_dash=True, path_type=Path))
@click.option("-q", "--query", metavar="TEXT", help="The query itself, instead of FILE.")
@click.option("--explain", is_flag=True, help="Tell what the answer costs, as JSON, instead.")
@answer_options()
@click.pass_obj
def sparql_command(
    options: Options,
    *,
    file: Path | None,
    query: str | None,
    explain: bool,
    style: str | None,
    releases: Path | None,
    query_timeout: float,
) -> None:
    """Answer the SPARQL query in FILE, or in standard input if FILE is -.

    \b
    Examples:
      stancegraph sparql -q 'SELECT * { ?s ?p ?o } LIMIT 5'
      stancegraph sparql queries/claims/disputed.rq --format csv
      echo 'ASK { ?s ?p ?o }' | stancegraph sparql -
      stancegraph sparql --explain queries/claims/disputed.rq

    Relative IRIs are those of the graph: <id/state/CAN>. Exit status: 0 with an answer, be it
    empty; 1 when there is none; 2 for options that make no sense.
    """  # noqa: D301 - click's mark for lines to keep
    if file is not None and query is None:
        query = _read(file)
    elif file is not None or query is None:
        raise click.UsageError("give the query either as FILE or with --query")
    release = open_release(releases or options.folder.releases)
    with open_engine(release) as engine:
        echo_answer(release, query, engine, style=style, timeout=query_timeout, explain=explain)


def _read(file: Path) -> str:
    """The text of *file*, or of standard input for ``-``.

    Raises:
        OperationError: it cannot be read, or is not UTF-8.
    """
    is_input = str(file) == "-"
    name = "standard input" if is_input else file
    try:
        content = sys.stdin.buffer.read() if is_input else file.read_bytes()
        return content.decode("utf-8")
    except OSError as error:
        raise OperationError(f"cannot read {name}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise OperationError(f"{name} is not UTF-8: save it as UTF-8") from error
