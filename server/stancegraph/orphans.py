"""Processes that end when the one that started them does, however that ended."""

from __future__ import annotations

import ctypes
import sys

_PR_SET_PDEATHSIG = 1


def end_with_parent(signal: int) -> None:
    """Let the system send *signal* to this process when its parent is gone; on Linux alone."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal)
