"""The shipped graph in an engine elsewhere: as it was sent."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from stancegraph.build.release import open_release
from stancegraph.cli import main
from tests.contract.conftest import push
from tests.contract.servers import virtuoso

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.whole


def test_virtuoso_gives_the_graph_back_as_it_was_sent(
    shipped_releases: Path, tmp_path: Path
) -> None:
    """Byte for byte, though its blank nodes have other labels."""
    folder = tmp_path / "virtuoso"
    folder.mkdir()
    target = tmp_path / "graph.nq"
    with virtuoso(folder) as server:
        push(server.url, "--releases", shipped_releases)
        arguments = ["export", "rdf", "--endpoint", server.url, "--to", str(target), "--quiet"]
        done = CliRunner().invoke(main, arguments)

    assert done.exit_code == 0, done.output
    assert target.read_bytes() == open_release(shipped_releases).quads_file.read_bytes()
