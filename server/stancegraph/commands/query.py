"""The command ``query``: answers a saved query at the terminal."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

import click

from stancegraph.build.release import open_release
from stancegraph.catalog import Catalog, read_terms
from stancegraph.commands.completion import complete_query, complete_values
from stancegraph.commands.output import answer_options, echo_answer, open_engine
from stancegraph.commands.queries import echo_list
from stancegraph.coverage import coverage_of
from stancegraph.errors import BadParameter

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from stancegraph.commands.options import Options
    from stancegraph.coverage import Coverage
    from stancegraph.names import Names

SHOWN_STATEMENTS = 6


@click.command("query")
@click.argument("name", required=False, shell_complete=complete_query)
@click.argument("values", nargs=-1, metavar="[KEY=VALUE]...", shell_complete=complete_values)
@answer_options()
@click.pass_obj
def query_command(
    options: Options,
    *,
    name: str | None,
    values: Sequence[str],
    style: str | None,
    releases: Path | None,
    query_timeout: float,
) -> None:
    """Answer the saved query NAME from the current release; without NAME, list them all.

    \b
    Examples:
      stancegraph query
      stancegraph query votes/resolution resolution=A-RES-74-247
      stancegraph query treaties/status-of-country country=Canada asOf=2012-01-01 --format csv

    A value is a key (country=CAN), a name (country=Canada), a whole IRI or a date; a list is
    given by its KEY several times. How complete the lists are on which the answer rests goes to
    standard error. Exit status: 0 with an answer, be it empty; 1 when there is
    none; 2 for options that make no sense.
    """  # noqa: D301 - click's mark for lines to keep
    release = open_release(releases or options.folder.releases)
    catalog = Catalog.load(release.path)
    if name is None:
        echo_list(catalog)
        return
    query = catalog.query(name)
    terms = read_terms(query, _split(values), catalog.names)
    with open_engine(release) as engine:
        echo_answer(release, query.bind(terms), engine, style=style, timeout=query_timeout)
        coverage = coverage_of(
            query,
            terms,
            companions=catalog.query,
            names=catalog.names,
            engine=engine,
            deadline=query_timeout,
        )
    if coverage is not None:
        _echo_coverage(coverage, catalog.names)


def _echo_coverage(coverage: Coverage, names: Names) -> None:
    """Tell, beside the answer, how complete the lists are on which it rests."""
    told = coverage.statements or ("nobody has said how complete the lists are",)
    for statement in told[:SHOWN_STATEMENTS]:
        click.echo(f"coverage: {statement}", err=True)
    if more := len(told[SHOWN_STATEMENTS:]):
        words = [coverage.query.name, *(f"{n}={value}" for n, value in coverage.arguments(names))]
        asked = f"stancegraph query {shlex.join(words)}"
        click.echo(f"coverage: and {more} more lists: {asked}", err=True)


def _split(values: Iterable[str]) -> dict[str, list[str]]:
    """What each KEY is given as, in order.

    Raises:
        BadParameter: one has no ``=``.
    """
    found: dict[str, list[str]] = {}
    for given in values:
        key, equals, value = given.partition("=")
        if not equals:
            raise BadParameter(given, "write it as KEY=VALUE, for example country=CAN")
        found.setdefault(key, []).append(value)
    return found
