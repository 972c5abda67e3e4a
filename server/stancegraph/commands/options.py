"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

Command = TypeVar("Command", bound="Callable[..., Any]")


def releases_option(command: Command) -> Command:
    """``--releases``: the folder where releases are, or go."""
    return click.option(
        "--releases",
        type=click.Path(file_okay=False, path_type=Path),
        help="Where releases are; releases/ in the graph folder or, for the shipped graph, "
        "$STANCEGRAPH_RELEASES, unless given.",
    )(command)
