"""The command ``generate``: makes a large graph to measure with."""

from __future__ import annotations

import shlex
from pathlib import Path

import click

from stancegraph.generate import CODES, MAX_YEARS, Size, generate, size_for

ROLL_CALLS = 4.0  # a year


@click.command("generate")
@click.argument("folder", metavar="DIR", type=click.Path(file_okay=False, path_type=Path))
@click.option(
    "--states",
    type=click.IntRange(2, len(CODES)),
    default=193,
    show_default=True,
    help="How many states there are.",
)
@click.option(
    "--years",
    type=click.IntRange(1, MAX_YEARS),
    default=80,
    show_default=True,
    help="Over how many years, up to 2025, treaties and votes are spread.",
)
@click.option(
    "--triples",
    type=click.IntRange(min=1),
    help="About how many triples a release of it has, derived ones included; as many as four "
    "roll calls a year make, unless given.",
)
@click.option(
    "--seed",
    type=int,
    default=1,
    show_default=True,
    help="What the draws begin with: the same numbers give the same files.",
)
def generate_command(
    folder: Path, *, states: int, years: int, triples: int | None, seed: int
) -> None:
    """Make a graph of the shipped one's shape and of any size in DIR, which is new or empty.

    \b
    Examples:
      stancegraph generate big --triples 1000000
      stancegraph generate small --states 10 --years 5 --seed 7

    Nothing in it is true, and everything is called synthetic: it is made to measure programs
    with. It builds and serves like any other graph.
    """  # noqa: D301 - click's mark for lines to keep
    size = (
        Size(states, years, ROLL_CALLS, seed)
        if triples is None
        else size_for(triples, states=states, years=years, seed=seed)
    )
    generate(folder, size)
    click.echo(f"made {folder}: {size}; about {size.triples:,} triples once built", err=True)
    click.echo(f"stancegraph --graph {shlex.quote(str(folder))} build")
