"""The command ``completion``, and what it completes: queries, parameters, things, releases."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
from click.shell_completion import CompletionItem, get_completion_class

from stancegraph.build.release import open_release
from stancegraph.build.shelf import PREVIOUS, held
from stancegraph.catalog import Allowed, Catalog
from stancegraph.errors import StancegraphError
from stancegraph.folder import GraphFolder, shipped
from stancegraph.names import Names

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from stancegraph.build.release import Release
    from stancegraph.parameters import Parameter
    from stancegraph.queryfile import SavedQuery

PROGRAM = "stancegraph"
VARIABLE = "_STANCEGRAPH_COMPLETE"
MOST = 100  # completions told at a time; a shell asks before it shows so many
# Bash ends each completion with a blank, which must not come between KEY= and VALUE.
NO_BLANK = """\
    if [[ ${COMPREPLY[*]-} =~ ^[A-Za-z0-9_]+=$ ]]; then
        compopt -o nospace
    fi

    return 0
"""


@click.command("completion")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion_command(ctx: click.Context, shell: str) -> None:
    """Print what lets SHELL complete commands, options, saved queries, parameters and things.

    \b
    Examples, each for the shell that runs; the last keeps it for those to come:
      eval "$(stancegraph completion bash)"
      eval "$(stancegraph completion zsh)"
      stancegraph completion fish | source
      stancegraph completion bash >> ~/.bashrc
    """  # noqa: D301 - click's mark for lines to keep
    made = get_completion_class(shell)
    assert made is not None  # noqa: S101 (click knows the three)
    script = made(ctx.find_root().command, {}, PROGRAM, VARIABLE).source()
    if shell == "bash":
        script = script.replace("    return 0\n", NO_BLANK, 1)
    click.echo(script)


def complete_query(
    ctx: click.Context, _parameter: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """The names of saved queries that begin with *incomplete*, each with what it asks."""
    release = _release(ctx)
    if release is None:
        return []
    try:
        catalog = Catalog.load(release.path)
    except StancegraphError:
        return []
    return [
        CompletionItem(query.name, help=query.summary)
        for query in catalog
        if query.name.startswith(incomplete)
    ]


def complete_values(
    ctx: click.Context, _parameter: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """``KEY=`` for the parameters of the query that was named, then what the key may be.

    Bash takes ``country=CA`` for three words, other shells for one.
    """
    release = _release(ctx)
    if release is None:
        return []
    try:
        catalog = Catalog.load(release.path)
        query = catalog.query(ctx.params.get("name") or "")
    except StancegraphError:
        return []
    given = list(ctx.params.get("values") or ())
    key, equals, begun = incomplete.partition("=")
    if equals:
        return _values(query, key, begun, catalog.names, before=f"{key}=")
    if given[-1:] == ["="]:
        return _values(query, given[-2] if given[1:] else "", incomplete, catalog.names)
    if not incomplete and given and given[-1] in query.params:
        return _values(query, given[-1], "", catalog.names)
    return list(_keys(query, given, incomplete))


def complete_thing(
    ctx: click.Context, _parameter: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """The keys of things that begin with *incomplete*, with their labels."""
    release = _release(ctx)
    if release is None:
        return []
    names = Names.load(release.names_file)
    keys = [key for key in names.by_key if key.startswith(incomplete)]
    return [CompletionItem(key, help=names.by_key[key][0]) for key in keys[:MOST]]


def complete_release(
    ctx: click.Context, _parameter: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """The ids of releases that begin with *incomplete*, and ``previous``."""
    folder = _releases(ctx)
    found = [] if folder is None else held(folder)
    offered = [(each.name, "current" if each.is_current else "") for each in found]
    offered += [(PREVIOUS, "the one that the current one followed")] if found else []
    return [
        CompletionItem(name, help=told or None)
        for name, told in offered
        if name.startswith(incomplete)
    ]


def _keys(query: SavedQuery, given: list[str], incomplete: str) -> Iterator[CompletionItem]:
    """The parameters that are not set yet, or may be set again."""
    taken = {word.partition("=")[0] for word in given}
    for name, parameter in query.params.items():
        if name.startswith(incomplete) and (parameter.is_list or name not in taken):
            yield CompletionItem(f"{name}=", help=parameter.description or None)


def _values(
    query: SavedQuery, key: str, begun: str, names: Names, *, before: str = ""
) -> list[CompletionItem]:
    """What the parameter *key* may be, where *begun* is typed of it or, failing that, its label."""
    parameter = query.params.get(key)
    if parameter is None:
        return []
    choices = list(_choices(parameter, names))
    begin_so = [choice for choice in choices if choice[0].startswith(begun)]
    called_so = [choice for choice in choices if choice[1].casefold().startswith(begun.casefold())]
    return [
        CompletionItem(before + value, help=label or None)
        for value, label in (begin_so or called_so)[:MOST]
    ]


def _choices(parameter: Parameter, names: Names) -> Iterator[tuple[str, str]]:
    """What *parameter* may be, as people type it, with a label; its example, if anything."""
    if parameter.choices:
        yield from ((choice, "") for choice in parameter.choices)
    elif parameter.type == "xsd:boolean":
        yield from (("true", ""), ("false", ""))
    elif parameter.type == "iri":
        allowed = Allowed.by(parameter, names)
        for key in allowed.keys(names):
            yield allowed.short(key, names), names.by_key[key][0]
    else:
        yield parameter.example.value, "example"


def _release(ctx: click.Context) -> Release | None:
    """The release that the command line so far is about; None where there is none."""
    folder = _releases(ctx)
    try:
        return None if folder is None else open_release(folder)
    except StancegraphError:
        return None


def _releases(ctx: click.Context) -> Path | None:
    """The folder of releases that the command line so far is about; None where there is none."""
    given: Path | None = ctx.params.get("releases")
    graph: Path | None = ctx.find_root().params.get("graph")
    try:
        return given or (GraphFolder.at(graph) if graph else shipped()).releases
    except StancegraphError:
        return None
