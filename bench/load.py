"""Load from many connections at once, by ``wrk``, which costs less than what it measures."""

from __future__ import annotations

import json
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from bench import processes
from bench.client import request

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bench.peers import Server
    from bench.questions import Question

SCRIPT = Path(__file__).with_name("requests.lua")
GRACE = 60  # seconds beyond the measured ones after which wrk is not waited for
LONGEST = 60  # seconds that an answer may take


@dataclass(frozen=True, slots=True)
class Window:
    """What one server did in one span of time.

    Attributes:
        requests: Answers that came whole, errors among them.
        errors: Answers that were refusals or failures, and answers that did not come.
        seconds: How long it was.
        cpu: Processor seconds that the server used.
        median, p95: Milliseconds; 0 where nothing was answered.
        sent: How many different requests there were to send.
    """

    connections: int
    requests: int
    errors: int
    seconds: float
    cpu: float
    median: float
    p95: float
    sent: int

    @property
    def good(self) -> int:
        """Answers that were none of errors."""
        return max(0, self.requests - self.errors)


def window(
    server: Server, questions: Sequence[Question], *, connections: int, seconds: int
) -> Window:
    """Ask *questions* in their order, over and over, from *connections* for *seconds*.

    Raises:
        RuntimeError: wrk does not tell what it measured.
    """
    with tempfile.NamedTemporaryFile() as file:
        file.write(_script_input(server.endpoint, questions))
        file.flush()
        before = processes.cpu_seconds(server.pid)
        done = subprocess.run(
            ["wrk", "--threads", "1", "--connections", str(connections),
             "--duration", f"{seconds}s", "--timeout", f"{LONGEST}s", "--script", str(SCRIPT),
             server.endpoint, "--", file.name],
            capture_output=True, text=True, check=False, timeout=seconds + GRACE,
        )  # fmt: skip
        used = processes.cpu_seconds(server.pid) - before
    line = next((line for line in done.stdout.splitlines() if line.startswith("JSON ")), None)
    if line is None:
        raise RuntimeError(f"wrk failed: {done.stderr or done.stdout}")
    told = json.loads(line.removeprefix("JSON "))
    return Window(
        connections=connections,
        requests=told["requests"],
        errors=told["refused"] + told["timeouts"] + told["broken"],
        seconds=told["microseconds"] / 1e6,
        cpu=used,
        median=told["p50"] / 1000,
        p95=told["p95"] / 1000,
        sent=len(questions),
    )


def _script_input(endpoint: str, questions: Sequence[Question]) -> bytes:
    """What requests.lua reads: how many different requests, each of them, then their order."""
    numbers = {question: place for place, question in enumerate(dict.fromkeys(questions), 1)}
    texts = [request(endpoint, question) for question in numbers]
    order = " ".join(str(numbers[question]) for question in questions)
    parts = [b"%d\n%s" % (len(text), text) for text in texts]
    return b"%d\n%s%s\n" % (len(texts), b"".join(parts), order.encode())
