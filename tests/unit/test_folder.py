"""Where the parts of a graph folder are."""

from __future__ import annotations

from pathlib import Path

import pytest

from stancegraph.build import build
from stancegraph.errors import OperationError
from stancegraph.folder import GraphFolder, shipped


def test_releases_go_beside_the_files_that_people_edit(
    small: GraphFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The environment speaks of the shipped graph alone, so that graphs do not mix."""
    monkeypatch.setenv("STANCEGRAPH_RELEASES", "/elsewhere")

    assert small.releases == small.root / "releases"
    assert shipped().releases == Path("/elsewhere")


def test_the_releases_of_two_graphs_do_not_mix(small: GraphFolder, releases: Path) -> None:
    """A build does not become the current release where another graph is served from."""
    dataset = small.root / "dataset.ttl"
    dataset.write_text(dataset.read_text("utf-8").replace("/small/", "/other/"), "utf-8")
    other = GraphFolder.at(small.root)

    with pytest.raises(OperationError, match="holds releases of another graph, Three votes"):
        build(other, releases)
