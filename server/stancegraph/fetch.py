"""Fetches a release from an engine elsewhere, as far as a front end needs it."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from stancegraph.build.release import open_release, point_to, writing
from stancegraph.engine.prefixes import DECLARED, prefixes_in
from stancegraph.engine.remote import place, state
from stancegraph.engine.remote.holdings import BadEngine, ask, current, told_of, unpack
from stancegraph.engine.remote.http import Client, NotReached, Refused
from stancegraph.errors import OperationError
from stancegraph.terms import DCAT, RDF, SD, SPDX

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stancegraph.build.release import Release
    from stancegraph.engine.remote.holdings import Current
    from stancegraph.engine.remote.http import Address


def fetch(
    client: Client, found: Current, releases: Path, clients: Sequence[Client], states: bytes
) -> Release:
    """Fetch the files of a release into the folder *releases*, and make it the current one there.

    Its quads stay where they are.

    Args:
        clients: Of the engines that are to be asked about it.
        states: Which of these can be.

    Raises:
        NotReached, Refused: there is no answer.
        BadEngine: the release is not whole there.
        OperationError: it cannot be written.
    """
    layout = found.layout
    told = told_of(client, layout)
    literals = ask(
        client,
        f"SELECT ?part ?text WHERE {{ GRAPH <{layout.files}> {{ ?part {RDF.value} ?text }} }}",
    )
    chunks = [text.value for _, text in sorted(literals, key=lambda row: str(row[0].value))]
    files = unpack(chunks, told.get(SPDX.checksumValue.value, ""))
    name = told.get(DCAT.version.value, "")
    if files is None or not name or not all(map(_is_inside, [*files, name])):
        raise BadEngine(client.address, "its current release is not whole: push it again")
    graphs = [
        graph.value
        for (graph,) in ask(
            client,
            f"SELECT ?graph WHERE {{ GRAPH <{layout.names}> {{ ?here {SD.name} ?graph }} }}",
        )
    ]
    declared = prefixes_in(ask(client, DECLARED, default=[layout.all]))
    where = place.Place(
        tuple(each.address for each in clients),
        tuple(each.server for each in clients),
        layout,
        tuple(sorted(graphs)),
        declared,
    )
    with writing(releases):
        draft = Path(tempfile.mkdtemp(prefix=".tmp-", dir=releases))
        for path, text in files.items():
            target = draft / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(text.encode())  # whose ends of lines may be of CSV
        where.write(draft)
        state.write_state(draft / state.FILE, states)
        target = releases / name
        if target.exists():  # the same graph with another description, or other queries
            target = releases / f"{name}-{Path(layout.root).name}"
            shutil.rmtree(target, ignore_errors=True)
        draft.rename(target)
        point_to(releases, target.name)
    return open_release(releases)


def _is_inside(path: str) -> bool:
    """Whether *path* leads nowhere but into the folder to which it is added."""
    parts = PurePosixPath(path).parts
    return bool(parts) and not PurePosixPath(path).is_absolute() and ".." not in parts


def first(
    addresses: Sequence[Address], base: str | None, releases: Path
) -> tuple[Release, list[Client]]:
    """Fetch the release that the first of *addresses* holds which answers; and a client of each.

    Where they differ, that which most of them have is taken.

    Raises:
        OperationError: none answers, or holds a release.
    """
    clients = [Client(address) for address in addresses]
    problems: list[str] = []
    holding: list[tuple[Client, Current]] = []
    for client in clients:
        try:
            found = current(client, base)
            if found is not None:
                holding.append((client, found))
            else:
                problems.append(str(BadEngine(client.address, _EMPTY)))
        except (NotReached, Refused) as error:
            problems.append(f"{client.address.url}: {error}")
        except BadEngine as error:
            problems.append(str(error))
    roots = [found.layout.root for _, found in holding]
    for client, found in sorted(
        holding, key=lambda each: roots.count(each[1].layout.root), reverse=True
    ):
        try:
            states = bytes(
                state.UP if found.layout.root in _root_of(holding, each) else state.DOWN
                for each in clients
            )
            return fetch(client, found, releases, clients, states), clients
        except (NotReached, Refused) as error:
            problems.append(f"{client.address.url}: {error}")
        except BadEngine as error:
            problems.append(str(error))
    raise OperationError("; ".join(dict.fromkeys(problems)))


_EMPTY = "it holds no release: put one there with `stancegraph push`"


def _root_of(holding: Sequence[tuple[Client, Current]], client: Client) -> list[str]:
    return [found.layout.root for each, found in holding if each is client]
