"""``engine.json``: where a release is asked whose quads are elsewhere."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from stancegraph.engine.remote.http import Address
from stancegraph.engine.remote.layout import Layout

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

FILE = "engine.json"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a release lies.

    Attributes:
        addresses: Of the engines that may hold it.
        servers: What each calls itself in HTTP; empty where that is not known.
        layout: How it lies there.
        graphs: What it calls its graphs.
        prefixes: Those that people use for what it holds.
    """

    addresses: tuple[Address, ...]
    servers: tuple[str, ...]
    layout: Layout
    graphs: tuple[str, ...]
    prefixes: Mapping[str, str]

    def write(self, folder: Path) -> None:
        """Write it into *folder*, for this user's eyes alone: it holds credentials."""
        descriptor = os.open(folder / FILE, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump(
                {
                    "addresses": [asdict(address) for address in self.addresses],
                    "servers": self.servers,
                    "root": self.layout.root,
                    "graphs": self.graphs,
                    "prefixes": dict(self.prefixes),
                },
                file,
            )

    @classmethod
    def read(cls, path: Path) -> Place:
        """What `write` wrote.

        Raises:
            OSError, ValueError: it cannot be read.
        """
        told = json.loads(path.read_text("utf-8"))
        try:
            return cls(
                tuple(Address(**each) for each in told["addresses"]),
                tuple(told["servers"]),
                Layout(told["root"]),
                tuple(told["graphs"]),
                told["prefixes"],
            )
        except (KeyError, TypeError) as error:
            raise ValueError(f"it lacks {error}") from error
