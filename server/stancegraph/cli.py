"""The command ``stancegraph``: each command reads its options, calls one function, and tells.

Results go to standard output, what is told on the way to standard error. The exit status is
0 when all is well, 1 when something must be mended, 2 for options that make no sense.
"""

from __future__ import annotations

import traceback
from pathlib import Path
from typing import Any

import click

from stancegraph import __version__
from stancegraph.commands.build import build_command, validate_command
from stancegraph.commands.check_quotes import check_quotes_command
from stancegraph.commands.completion import completion_command
from stancegraph.commands.describe import describe_command
from stancegraph.commands.import_ import import_command
from stancegraph.commands.init import init_command
from stancegraph.commands.options import Options
from stancegraph.commands.quality import quality_command
from stancegraph.commands.queries import queries_command
from stancegraph.commands.query import query_command
from stancegraph.commands.search import search_command
from stancegraph.commands.serve import serve_command
from stancegraph.commands.sparql import sparql_command
from stancegraph.errors import QueryError, StancegraphError

INTERRUPTED = 130


class Commands(click.Group):
    """The commands, and the one place where errors become a line and an exit status."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command that was asked for."""
        try:
            return super().invoke(ctx)
        except StancegraphError as error:
            if ctx.params.get("verbose"):
                traceback.print_exc()
            click.echo(f"stancegraph: {error}", err=True)
            if isinstance(error, QueryError) and error.hint:
                click.echo(f"hint: {error.hint}", err=True)
            ctx.exit(1)
        except KeyboardInterrupt:
            click.echo("stancegraph: interrupted", err=True)
            ctx.exit(INTERRUPTED)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--graph",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="The graph folder to work on; the shipped graph, unless given.",
)
@click.option("-v", "--verbose", is_flag=True, help="Show where an error comes from.")
@click.version_option(__version__, prog_name="stancegraph")
@click.pass_context
def main(ctx: click.Context, graph: Path | None, verbose: bool) -> None:
    """Build, check, serve and query a graph of sourced claims."""
    ctx.obj = Options(graph, verbose)


main.add_command(build_command)
main.add_command(check_quotes_command)
main.add_command(completion_command)
main.add_command(describe_command)
main.add_command(import_command)
main.add_command(init_command)
main.add_command(quality_command)
main.add_command(queries_command)
main.add_command(query_command)
main.add_command(search_command)
main.add_command(serve_command)
main.add_command(sparql_command)
main.add_command(validate_command)
