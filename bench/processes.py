"""What a server costs: the processor time and the memory of a process and all that it started."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

PROC = Path("/proc")
TICKS = os.sysconf("SC_CLK_TCK")  # a second
IDLE = 0.05  # of a processor; a tree that takes less does nothing
SPELL = 0.4  # seconds


def tree(root: int) -> list[int]:
    """The process *root* and its descendants that live now."""
    children: dict[int, list[int]] = {}
    for entry in PROC.iterdir():
        if entry.name.isdigit() and (fields := _stat(int(entry.name))):
            children.setdefault(int(fields[1]), []).append(int(entry.name))
    found = [root]
    for process in found:
        found.extend(children.get(process, ()))
    return found


def cpu_seconds(root: int) -> float:
    """Processor time that the tree has used, that of children waited for included."""
    used = 0
    for process in tree(root):
        if fields := _stat(process):
            used += sum(int(ticks) for ticks in fields[11:15])
    return used / TICKS


def memory_mib(root: int) -> float:
    """Proportional set size of the tree: what is shared is counted once."""
    kib = 0
    for process in tree(root):
        try:
            text = (PROC / str(process) / "smaps_rollup").read_text("ascii")
        except OSError:  # it ended
            continue
        kib += sum(int(line.split()[1]) for line in text.splitlines() if line.startswith("Pss:"))
    return kib / 1024


def pause(root: int) -> None:
    """Let the tree do nothing until `resume`."""
    _signal(root, signal.SIGSTOP)


def resume(root: int) -> None:
    """Let the tree go on."""
    _signal(root, signal.SIGCONT)


def settle(root: int, *, bound: float) -> bool:
    """Wait until the tree is idle, *bound* seconds at most; whether it is."""
    until = time.monotonic() + bound
    while time.monotonic() < until:
        before = cpu_seconds(root)
        time.sleep(SPELL)
        if cpu_seconds(root) - before < IDLE * SPELL:
            return True
    return False


def _signal(root: int, number: signal.Signals) -> None:
    for process in tree(root):
        try:
            os.kill(process, number)
        except ProcessLookupError:
            continue


def _stat(process: int) -> list[str]:
    """The fields of /proc/PID/stat from the state on; empty if the process ended."""
    try:
        text = (PROC / str(process) / "stat").read_text("utf-8", "replace")
    except OSError:
        return []
    return text.rpartition(")")[2].split()
