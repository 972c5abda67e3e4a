"""What a run found, kept as JSON so that the report can be written anew without measuring."""

from __future__ import annotations

import json
import os
import platform
import subprocess
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.load import Window
from bench.measure import Export, Result

if TYPE_CHECKING:
    from collections.abc import Mapping

GIB = 1 << 30


@dataclass(frozen=True, slots=True)
class Measured:
    """What was found with one graph.

    Attributes:
        size: Bytes of its N-Quads.
        built: Seconds that its build took; 0 if it was built before.
        different: How many different requests the mix draws from.
        skipped: Servers that were not given it, with the reason.
        results: In the order of the servers, ours first.
    """

    key: str
    title: str
    triples: int
    size: int
    built: float
    different: int
    skipped: Mapping[str, str]
    results: tuple[Result, ...]


@dataclass(frozen=True, slots=True)
class Records:
    """One run.

    Attributes:
        took: Seconds, all in all.
        busy: Processes that wanted a processor in the minute before; None if not known.
    """

    day: str
    revision: str
    machine: str
    python: str
    rounds: int
    seconds: int
    took: float
    graphs: tuple[Measured, ...]
    busy: float | None = None

    def write(self, path: Path) -> None:
        """Keep it in *path*."""
        path.write_text(json.dumps(asdict(self), indent=1) + "\n", "utf-8")

    @classmethod
    def read(cls, path: Path) -> Records:
        """What `write` kept."""
        found = json.loads(path.read_text("utf-8"))
        graphs = tuple(
            Measured(**{**graph, "results": tuple(_result(one) for one in graph["results"])})
            for graph in found.pop("graphs")
        )
        return cls(**found, graphs=graphs)


def _result(found: dict[str, Any]) -> Result:
    for name, kind in (("cold_windows", Window), ("mix_windows", Window), ("exports", Export)):
        found[name] = [kind(**one) for one in found[name]]
    return Result(**found)


def machine() -> str:
    """The processor, how many of it there are, the memory and the system, in a line."""
    lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    model = next((line.partition(":")[2].strip() for line in lines if "model name" in line), "")
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / GIB
    return (
        f"{len(os.sched_getaffinity(0))} x {model or platform.machine()}, {memory:.0f} GiB,"
        f" {platform.system()} {platform.release().partition('-')[0]}"
    )


def revision(root: Path) -> str:
    """The commit that was measured, with ``+`` where the files are not those of it.

    What a run itself writes does not count.
    """
    name = _git(root, "rev-parse", "--short", "HEAD").stdout.strip()
    changed = _git(root, "diff", "--quiet", "HEAD", "--", ":!docs").returncode
    return name + "+" * bool(changed) if name else "unknown"


def _git(root: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["git", *arguments], cwd=root, capture_output=True, text=True, check=False
    )


def today() -> str:
    """The day, as it is in UTC."""
    return datetime.now(UTC).date().isoformat()
