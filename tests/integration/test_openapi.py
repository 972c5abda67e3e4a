"""schemathesis asks what /openapi.json describes, and much that it does not."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.serving import serving

if TYPE_CHECKING:
    from tests.serving import Server

SETTINGS = Path(__file__).with_name("schemathesis.toml")
# Of what may fail the last three cannot be told by schemathesis: that a time-out is meant to be,
# that a query is none, or that nothing has a name; what nobody foresaw the log tells.
EXCLUDED = "not_a_server_error,positive_data_acceptance,ignored_auth"


def conforms(server: Server, examples: int) -> None:
    """Ask each operation that many times, by a fixed seed; each answer is as described."""
    command = [sys.executable, "-m", "schemathesis.cli", "--config-file", str(SETTINGS), "run"]
    command += [f"{server.address}/openapi.json", "--checks", "all", "--exclude-checks", EXCLUDED]
    command += ["--max-examples", str(examples), "--request-timeout", "60", "--continue-on-failure"]

    ended = subprocess.run(
        command, capture_output=True, text=True, check=False, env={**os.environ, "NO_COLOR": "1"}
    )

    assert ended.returncode == 0, ended.stdout[-20_000:] + ended.stderr[-2000:]
    assert "Traceback" not in server.log.read_text("utf-8")


@pytest.mark.parametrize("examples", [4, pytest.param(30, marks=pytest.mark.whole)])
def test_answers_are_as_openapi_describes_them(releases: Path, examples: int) -> None:
    """Statuses, types and forms; other methods are refused; of a graph with one saved query."""
    with serving("--releases", releases, "--query-timeout", "10") as server:
        conforms(server, examples)
