"""The command ``stancegraph``: each command reads its options, calls one function, and tells.

Results go to standard output, what is told on the way to standard error. The exit status is
0 when all is well, 1 when something must be mended, 2 for options that make no sense.
"""

from __future__ import annotations

import traceback
from importlib import import_module
from pathlib import Path
from typing import Any

import click

from stancegraph import __version__
from stancegraph.commands.options import Options
from stancegraph.errors import QueryError, StancegraphError

INTERRUPTED = 130

# In which module each command stands; only the one that is asked for is imported.
COMMANDS = {
    "build": "build",
    "check-quotes": "check_quotes",
    "completion": "completion",
    "describe": "describe",
    "diff": "diff",
    "export": "export",
    "generate": "generate",
    "import": "import_",
    "init": "init",
    "link": "link",
    "push": "push",
    "quality": "quality",
    "queries": "queries",
    "query": "query",
    "reconcile": "reconcile",
    "release": "release",
    "search": "search",
    "serve": "serve",
    "sparql": "sparql",
    "validate": "build",
    "verify": "verify",
}


class Commands(click.Group):
    """The commands, and the one place where errors become a line and an exit status."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names of all commands, sorted."""
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name; None where there is none."""
        if cmd_name not in COMMANDS:
            return None
        module = import_module(f"stancegraph.commands.{COMMANDS[cmd_name]}")
        command: click.Command = getattr(module, f"{cmd_name.replace('-', '_')}_command")
        return command

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
