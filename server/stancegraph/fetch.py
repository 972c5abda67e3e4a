"""Fetches a release from an engine elsewhere, as far as a front end needs it."""

from __future__ import annotations

import shutil
import tempfile
from contextlib import closing
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

import pyoxigraph as ox

from stancegraph.build.release import open_release, point_to, writing
from stancegraph.engine.prefixes import DECLARED, prefixes_in
from stancegraph.engine.remote import place, state
from stancegraph.engine.remote.holdings import (
    BadEngine,
    ask,
    current,
    told_of,
    triples,
    unpack,
)
from stancegraph.engine.remote.http import Client, NotReached, Refused
from stancegraph.engine.remote.lines import has_blank, relabelled
from stancegraph.errors import OperationError
from stancegraph.terms import DCAT, RDF, SD, SPDX

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

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


def fetch_whole(address: Address, base: str | None, releases: Path) -> Release:
    """Fetch the current release of an engine into the folder *releases*, with its quads.

    These are the canonical N-Quads that were pushed, byte for byte.

    Raises:
        OperationError: the engine holds none, or not what was pushed.
    """
    release, (client,) = first([address], base, releases)
    here = release.engine_file
    where = place.Place.read(here)
    try:
        with closing(client), writing(releases):
            lines = [line for graph in where.graphs for line in _quads(client, where, graph)]
            release.quads_file.write_bytes(b"".join(_canonical(lines)))
            here.unlink()
    except (NotReached, Refused) as error:
        raise BadEngine(address, str(error)) from error
    try:
        release.verify()
    except OperationError as error:
        raise BadEngine(address, "it does not give what was pushed: push it again") from error
    return release


def _quads(client: Client, where: place.Place, graph: str) -> Iterator[bytes]:
    """The quads of one graph, as lines; its blank nodes have labels of their own.

    Raises:
        NotReached, Refused, BadEngine: they are not to be had.
    """
    number = where.graphs.index(graph)
    for triple in triples(client, where.layout.graph(graph)):
        line = f"{triple} <{graph}> .\n".encode()
        if has_blank(line):
            line = relabelled(line, b"g%d" % number)
        yield line


def _canonical(lines: Sequence[bytes]) -> list[bytes]:
    """*lines* with canonical labels of blank nodes (RDFC-1.0), sorted."""
    blank = [line for line in lines if has_blank(line)]
    dataset = ox.Dataset(ox.parse(b"".join(blank), ox.RdfFormat.N_QUADS))
    dataset.canonicalize(ox.CanonicalizationAlgorithm.RDFC_1_0)
    ground = [line for line in lines if not has_blank(line)]
    return sorted([*ground, *(f"{quad} .\n".encode() for quad in dataset)])


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
