"""What takes longest when a site starts, begun before all else.

The engine loads the release, and another process imports what web processes need, while this
one imports the rest and reads the saved queries.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
from multiprocessing import forkserver, resource_tracker
from typing import TYPE_CHECKING, Self

from stancegraph.build.release import open_release
from stancegraph.engine.embedded import SupervisorProcess
from stancegraph.serving import COUNTS
from stancegraph.temporary import TemporaryFolder

if TYPE_CHECKING:
    from pathlib import Path

    from stancegraph.engine.embedded import EngineOptions

# Who stops a site from the terminal sends these to all of its processes; the first one decides.
LEFT_TO_PARENT = frozenset((signal.SIGINT, signal.SIGHUP))


class Begun:
    """A site that is starting; what it began is ended with the context.

    Attributes:
        engine: How every supervisor of the site is to be started.
        supervisor: The first one, which may still be loading *release*.
    """

    def __init__(self, releases: Path, engine: EngineOptions) -> None:
        """Begin to serve the current release.

        Raises:
            OperationError: there is none, or it is of another version.
        """
        self.engine = engine
        self.release = open_release(releases)
        self.supervisor = SupervisorProcess(self.release.engine_file, engine)
        self._counts = TemporaryFolder()
        os.environ[COUNTS] = str(self._counts.path)  # the web processes inherit it
        # Else the first web process starts it, which unblocks signals that are blocked for that.
        resource_tracker.ensure_running()
        multiprocessing.set_start_method("forkserver" if _can_fork() else "spawn", force=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.supervisor.stop()
        self._counts.remove()


def _can_fork() -> bool:
    """Start the process from which web processes are forked; whether there is one.

    It has imported what they need, and does nothing else: a fork of this one would carry along
    its threads and sockets. Elsewhere than on Linux they must start with nothing, for they get
    the listening socket from this one; on Linux each opens its own.
    """
    multiprocessing.set_forkserver_preload(["stancegraph.serving.warm"])
    if sys.platform != "linux":
        return False
    # What is blocked here is blocked in the new process and all that are forked from it.
    signal.pthread_sigmask(signal.SIG_BLOCK, LEFT_TO_PARENT)
    try:
        forkserver.ensure_running()
    except OSError:  # the folder for temporary files has too long a name for a socket in it
        return False
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, LEFT_TO_PARENT)
    return True
