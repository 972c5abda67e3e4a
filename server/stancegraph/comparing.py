"""What changed between two releases, found by a process of its own for a server.

``python -m stancegraph.comparing FOLDER BEFORE AFTER`` writes it to standard output as JSON:
the members of `stancegraph.differences.Difference.as_json`, without what rules conclude.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from stancegraph.build.release import open_release
from stancegraph.differences import compare

LOWEST = 19  # of Unix priorities: whoever waits for an answer goes first


def main(folder: str, before: str, after: str) -> None:
    """Compare two releases of *folder* by their ids."""
    os.nice(LOWEST)
    releases = Path(folder)
    found = compare(open_release(releases, before), open_release(releases, after))
    sys.stdout.write(found.as_json())


if __name__ == "__main__":
    main(*sys.argv[1:])
