"""A site whose release is elsewhere: what of it is needed here is fetched at the start."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

import click

from stancegraph.engine.remote import holdings, probe
from stancegraph.engine.remote.holdings import BadEngine
from stancegraph.engine.remote.http import Address, NotReached, Refused
from stancegraph.engine.remote.place import Place
from stancegraph.fetch import first
from stancegraph.serving.keeper import Keeper
from stancegraph.temporary import TemporaryFolder

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stancegraph.engine.remote.http import Client
    from stancegraph.engine.remote.layout import Layout


class Elsewhere:
    """A folder of releases that is filled from engines; it goes with the context.

    Attributes:
        releases: The folder.
        keeper: What keeps it in step with them, once it is started.
    """

    def __init__(
        self, urls: Sequence[str], base: str | None, *, accept_deviations: bool = False
    ) -> None:
        """Fetch the current release of the site *base*, or of the only one.

        Args:
            accept_deviations: Whether to use engines that get some questions wrong.

        Raises:
            OperationError: no engine holds one that can be served, or one cannot be used.
        """
        addresses = [Address.read(url) for url in dict.fromkeys(urls)]
        self._folder = TemporaryFolder()
        self.releases = self._folder.path
        try:
            release, clients = first(addresses, base, self.releases)
            layout = Place.read(release.engine_file).layout
            for client in clients:
                _check(client, layout, accept_deviations=accept_deviations)
        except BaseException:
            self._folder.remove()
            raise
        self.keeper = Keeper(self.releases, clients, release.base)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._folder.remove()


def _check(client: Client, layout: Layout, *, accept_deviations: bool) -> None:
    """Try an engine; one that is down now, or holds another release, is let pass.

    Raises:
        BadEngine: it gets some questions wrong.
    """
    try:
        if not holdings.is_whole(client, layout):
            return
        probe.check_dataset(client, layout)
        found = probe.deviations(client, layout)
    except (NotReached, Refused):
        return
    if not found:
        return
    told = f"it gets these wrong: {', '.join(probe.words(found))}"
    if not accept_deviations:
        problem = f"{told}; use another engine, or its answers as they are by --accept-deviations"
        raise BadEngine(client.address, problem)
    click.echo(f"stancegraph: {client.address.url}: {told}", err=True)
