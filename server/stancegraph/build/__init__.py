"""From Turtle files to a release: parse, validate, derive, describe, release.

What makes a release is imported when it is first named, so that a command or a server that
only opens one starts without it.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from stancegraph.build.pipeline import (
        Check,
        Progress,
        Release,
        as_w3c_report,
        build,
        check,
        open_release,
    )

__all__ = [
    "Check",
    "Progress",
    "Release",
    "as_w3c_report",
    "build",
    "check",
    "open_release",
]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module("stancegraph.build.pipeline"), name)
