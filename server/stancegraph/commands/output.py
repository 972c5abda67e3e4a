"""How commands ask a release and write its answers, and the options that they share."""

from __future__ import annotations

import shutil
import sys
from typing import TYPE_CHECKING, TypeVar

import click
import pyoxigraph as ox

from stancegraph.commands.options import releases_option
from stancegraph.commands.table import table_lines
from stancegraph.engine import OFFERED, SHORT_NAMES, Ask, MediaType
from stancegraph.engine.embedded import EmbeddedEngine, EngineOptions
from stancegraph.errors import NotAcceptable
from stancegraph.sparql import query_form
from stancegraph.terms import short

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from typing import Any

    from stancegraph.build.release import Release
    from stancegraph.engine import Engine, Term

_Command = TypeVar("_Command", bound="Callable[..., Any]")

TABLE = "table"
TRIPLE = ("subject", "predicate", "object")


def answer_options(
    *, forms: Sequence[str] = (TABLE, *SHORT_NAMES), default: str | None = None
) -> Callable[[_Command], _Command]:
    """``--format``, ``--releases`` and ``--query-timeout``, for a command that runs a query.

    Args:
        forms: What the format may be.
        default: The format, unless given; None for what fits the query.
    """
    style = click.option(
        "--format",
        "style",
        type=click.Choice(forms),
        default=default,
        show_default=default is not None,
        help="The form of the answer"
        + ("." if default else "; a table, or ttl for triples, unless given."),
    )
    timeout = click.option(
        "--query-timeout",
        type=click.FloatRange(min=0, max=86400, min_open=True),
        default=30.0,
        show_default=True,
        help="Seconds after which the query is stopped.",
    )
    return lambda command: style(releases_option(timeout(command)))


def echo_answer(
    release: Release,
    query: str,
    engine: Engine,
    *,
    style: str | None,
    timeout: float,
    explain: bool = False,
) -> None:
    """Run *query* on *engine*, which holds *release*, and write the answer to standard output.

    Args:
        style: ``table``, one of `SHORT_NAMES`, or None for what fits the query's form.
        timeout: Seconds after which the query is stopped.
        explain: Whether to write what the answer costs instead.

    Raises:
        BadOptionUsage: *style* cannot hold an answer to such a query.
        StancegraphError: as an engine's answer raises.
    """
    form = query_form(query)
    is_graph = form in {"CONSTRUCT", "DESCRIBE"}
    if style is None:
        style = "ttl" if is_graph else TABLE
    in_table = MediaType.N_TRIPLES if is_graph else MediaType.JSON
    media_type = in_table if style == TABLE else SHORT_NAMES[style]
    if media_type not in OFFERED[form]:
        offered = [name for name, offer in SHORT_NAMES.items() if offer in OFFERED[form]]
        raise click.BadOptionUsage("style", f"--format: {NotAcceptable([TABLE, *offered])}")
    asked = Ask(query, media_type, base=release.base, deadline=timeout, explain=explain)
    answer = engine.ask(asked)
    if explain or style != TABLE:
        echo_bytes(answer)
    elif is_graph:
        echo_triples(b"".join(answer), release)
    else:
        _echo_solutions(b"".join(answer), release)


def open_engine(release: Release) -> EmbeddedEngine:
    """An engine for one command, to be closed by it."""
    return EmbeddedEngine(release.engine_file, release.id, EngineOptions(workers=1))


def echo_table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Write *rows* under *headings*, on a terminal as wide as its window, and count them."""
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
    for line in table_lines([headings, *rows], width):
        click.echo(line)
    click.echo(f"{len(rows)} row{'' if len(rows) == 1 else 's'}", err=True)


def echo_bytes(parts: Iterable[bytes]) -> None:
    """Write *parts* as they come, and end the last line."""
    last = b""
    for part in parts:
        click.echo(part, nl=False)
        last = part or last
    if last and not last.endswith(b"\n"):
        click.echo()


def _echo_solutions(text: bytes, release: Release) -> None:
    found = ox.parse_query_results(text, ox.QueryResultsFormat.JSON)
    if isinstance(found, ox.QuerySolutions):
        headings = [variable.value for variable in found.variables]
        echo_table(headings, [[_cell(term, release) for term in row] for row in found])
    else:
        click.echo("yes" if found else "no")


def echo_triples(text: bytes, release: Release) -> None:
    """Write the N-Triples *text* as a table."""
    triples = ox.parse(text, ox.RdfFormat.N_TRIPLES)
    echo_table(
        TRIPLE,
        [
            [_cell(quad.subject, release), _cell(quad.predicate, release),
             _cell(quad.object, release)]
            for quad in triples
        ],
    )  # fmt: skip


def _cell(term: Term | None, release: Release) -> str:
    """A term in a word: a thing by its key, a known name by its prefix, a literal by its text."""
    if term is None:
        return ""
    if isinstance(term, ox.NamedNode):
        things = f"{release.base}id/"
        if term.value.startswith(things):
            return term.value.removeprefix(things)
        return short(term).removeprefix("<").removesuffix(">")
    text = term.value if isinstance(term, ox.Literal) else str(term)
    return " ".join(text.split())
