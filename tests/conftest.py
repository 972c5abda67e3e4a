"""Fixtures that tests of several modules share."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from stancegraph.folder import GraphFolder

SMALL = Path(__file__).parent / "small"


@pytest.fixture
def small(tmp_path: Path) -> GraphFolder:
    """A copy of the graph of three votes in tests/small, to be changed at will."""
    return GraphFolder.at(shutil.copytree(SMALL, tmp_path / "small"))
