"""Memory that is free, given back to the system; elsewhere than under glibc nothing is done.

glibc keeps what was freed in the midst of a heap, and has many heaps where there are many
threads, so that a process which now and then needs much at a time seems to grow.
"""

from __future__ import annotations

import ctypes
import sys
from functools import cache

_ARENA_MAX = -8  # M_ARENA_MAX in <malloc.h>
_ARENAS = 2


@cache
def _glibc() -> ctypes.CDLL | None:
    """The C library, where it is glibc."""
    if sys.platform != "linux":
        return None
    library = ctypes.CDLL(None)
    return library if hasattr(library, "gnu_get_libc_version") else None


def share_heaps() -> None:
    """Let threads that are started from now on share a few heaps."""
    if (library := _glibc()) is not None:
        library.mallopt(_ARENA_MAX, _ARENAS)


def give_back() -> None:
    """Give back all that is free."""
    if (library := _glibc()) is not None:
        library.malloc_trim(0)
