"""The command ``query``: answers a saved query at the terminal."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click
import pyoxigraph as ox

from stancegraph import engine as engines
from stancegraph.build.release import open_release
from stancegraph.catalog import Catalog, read_terms, typed_example
from stancegraph.engine import OFFERED, SHORT_NAMES, Ask, MediaType
from stancegraph.engine.embedded import EmbeddedEngine, EngineOptions
from stancegraph.errors import BadParameter, NotAcceptable
from stancegraph.sparql import query_form

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from stancegraph.cli import Options
    from stancegraph.engine import Engine, Term
    from stancegraph.names import Names
    from stancegraph.queryfile import SavedQuery

TABLE = "table"
NARROWEST = 12  # characters that a column of a table is never cut below
GAP = "  "


@click.command("query")
@click.argument("name", required=False)
@click.argument("values", nargs=-1, metavar="[KEY=VALUE]...")
@click.option(
    "--format",
    "style",
    type=click.Choice([TABLE, *SHORT_NAMES]),
    help="The form of the answer; a table, or ttl for triples, unless given.",
)
@click.option(
    "--releases",
    type=click.Path(file_okay=False, path_type=Path),
    help="Where releases are; releases/ in the graph folder, unless given.",
)
@click.option(
    "--query-timeout",
    type=click.FloatRange(min=0, max=86400, min_open=True),
    default=30.0,
    show_default=True,
    help="Seconds after which the query is stopped.",
)
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

    A value is a key (country=CAN), a name (country=Canada), a whole IRI or a date.
    """
    release = open_release(releases or options.folder.releases)
    catalog = Catalog.load(release.path)
    if name is None:
        click.echo("\n".join(_listed(query, catalog.names) for query in catalog))
        return
    query = catalog.query(name)
    form = query_form(query.text)
    style = style or (TABLE if form in {"SELECT", "ASK"} else "ttl")
    media_type = MediaType.JSON if style == TABLE else SHORT_NAMES[style]
    if media_type not in OFFERED[form]:
        offered = [short for short, full in SHORT_NAMES.items() if full in OFFERED[form]]
        raise NotAcceptable(offered)
    terms = read_terms(query, _split(values), catalog.names)
    ask = Ask(query.bind(terms), media_type, deadline=query_timeout)
    with EmbeddedEngine(release.quads_file, release.id, EngineOptions(workers=1)) as engine:
        if style == TABLE and form == "SELECT":
            _echo_table(engine, ask, query.columns, f"{release.base}id/")
        else:
            _echo_bytes(engine.ask(ask))


def _listed(query: SavedQuery, names: Names) -> str:
    """A query's name, its parameters as in its own example, and what it asks."""
    example = " ".join(typed_example(parameter, names) for parameter in query.params.values())
    return f"{query.name} {example}".rstrip() + f"\n    {query.summary}"


def _split(values: Iterable[str]) -> dict[str, str]:
    """Each KEY=VALUE as an entry.

    Raises:
        BadParameter: one has no ``=``, or a key comes twice.
    """
    found: dict[str, str] = {}
    for given in values:
        key, equals, value = given.partition("=")
        if not equals:
            raise BadParameter(given, "write it as KEY=VALUE, for example country=CAN")
        if key in found:
            raise BadParameter(key, "is given twice")
        found[key] = value
    return found


def _echo_bytes(parts: Iterable[bytes]) -> None:
    last = b""
    for part in parts:
        click.echo(part, nl=False)
        last = part or last
    if not last.endswith(b"\n"):
        click.echo()


def _echo_table(engine: Engine, ask: Ask, columns: Sequence[str], things: str) -> None:
    """The rows under their headings, things by their keys; on a terminal, cut to its width."""
    rows = [
        [_cell(row.get(column), things) for column in columns] for row in engines.rows(engine, ask)
    ]
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
    for line in table_lines([list(columns), *rows], width):
        click.echo(line)
    click.echo(f"{len(rows)} row{'' if len(rows) == 1 else 's'}", err=True)


def _cell(term: Term | None, things: str) -> str:
    if term is None:
        return ""
    text = term.value if isinstance(term, ox.NamedNode | ox.Literal) else str(term)
    return " ".join(text.removeprefix(things).split())


def table_lines(rows: Sequence[Sequence[str]], width: int | None) -> list[str]:
    """*rows*, the headings first, in columns as wide as their widest cell.

    Args:
        width: Characters that a line may have; the widest columns are cut until all lines
            fit, or every column is as narrow as it may be. None for no bound.
    """
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    while width is not None and sum(widths) + len(GAP) * (len(widths) - 1) > width:
        widest = widths.index(max(widths))
        if widths[widest] <= NARROWEST:
            break
        widths[widest] -= 1
    return [
        GAP.join(_fitted(cell, size) for cell, size in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]


def _fitted(cell: str, size: int) -> str:
    return f"{cell[: size - 1]}…" if len(cell) > size else cell.ljust(size)
