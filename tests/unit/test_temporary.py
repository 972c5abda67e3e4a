"""Folders for the time that a process lives."""

from __future__ import annotations

import signal
import subprocess
import sys
import tempfile
from typing import TYPE_CHECKING

import pytest

from stancegraph.temporary import TemporaryFolder

if TYPE_CHECKING:
    from pathlib import Path

KILLED = """
import os, signal
from stancegraph import temporary
temporary.MAX_PATH = 4096
folder = temporary.TemporaryFolder()
(folder.path / "engine").touch()
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture
def above(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder for temporary ones."""
    folder = tmp_path_factory.mktemp("t")
    monkeypatch.setenv("TMPDIR", str(folder))
    monkeypatch.setattr(tempfile, "tempdir", None)
    monkeypatch.setattr("stancegraph.temporary.MAX_PATH", 4096)
    return folder


def test_what_a_killed_process_left_goes_with_the_next_start(above: Path) -> None:
    """What lives, and what is another's, stays."""
    lives = TemporaryFolder()
    (above / "stancegraph-of-another").mkdir()
    ended = subprocess.run([sys.executable, "-c", KILLED], check=False)
    left = set(above.iterdir())

    made = TemporaryFolder()

    assert ended.returncode == -signal.SIGKILL
    assert len(left) == 3
    assert set(above.iterdir()) == {lives.path, made.path, above / "stancegraph-of-another"}
    for folder in (lives, made):
        folder.remove()
    assert [path.name for path in above.iterdir()] == ["stancegraph-of-another"]


def test_only_its_owner_can_look_into_it(above: Path) -> None:
    """It holds the socket at which queries are taken."""
    folder = TemporaryFolder()

    assert folder.path.parent == above
    assert folder.path.stat().st_mode & 0o077 == 0
    folder.remove()
