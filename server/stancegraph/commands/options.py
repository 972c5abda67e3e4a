"""Options that several commands share."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

from stancegraph.folder import GraphFolder, shipped

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

Command = TypeVar("Command", bound="Callable[..., Any]")


@dataclass(frozen=True, slots=True)
class Options:
    """What holds for every command.

    Attributes:
        graph: The graph folder that was named; None for the shipped graph.
    """

    graph: Path | None
    verbose: bool

    @property
    def folder(self) -> GraphFolder:
        """The graph folder to work on.

        Raises:
            BadFolder: it is none.
        """
        return GraphFolder.at(self.graph) if self.graph else shipped()


def releases_option(command: Command) -> Command:
    """``--releases``: the folder where releases are, or go."""
    return click.option(
        "--releases",
        type=click.Path(file_okay=False, path_type=Path),
        help="Where releases are; releases/ in the graph folder or, for the shipped graph, "
        "$STANCEGRAPH_RELEASES, unless given.",
    )(command)
