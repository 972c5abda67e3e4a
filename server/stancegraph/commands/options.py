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
        envvar="STANCEGRAPH_RELEASES",
        help="Where releases are; $STANCEGRAPH_RELEASES or releases/ in the graph folder, "
        "unless given.",
    )(command)
