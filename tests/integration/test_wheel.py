"""The wheel alone, away from any checkout, builds and asks the graph that it carries."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PARTS = ("data", "ontology", "queries", "shapes")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wheel of this checkout."""
    out = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", out],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    return next(out.glob("stancegraph-*.whl"))


def test_it_carries_every_file_of_the_graph(wheel: Path) -> None:
    """Each file of ontology/, data/, shapes/ and queries/ is in it, and dataset.ttl."""
    files = [path for part in PARTS for path in (ROOT / part).rglob("*.*") if path.is_file()]

    carried = set(zipfile.ZipFile(wheel).namelist())

    expected = {f"stancegraph/graph/{path.relative_to(ROOT).as_posix()}" for path in files}
    assert expected | {"stancegraph/graph/dataset.ttl"} <= carried


def test_it_carries_the_scripts_of_the_pages(wheel: Path) -> None:
    """They are built unless they are there; the sources and npm's packages stay behind."""
    carried = zipfile.ZipFile(wheel).namelist()

    assert "stancegraph/web/built/manifest.json" in carried
    assert "stancegraph/web/built/licences.txt" in carried
    assert not [name for name in carried if "frontend" in name or "node_modules" in name]


@pytest.mark.whole
def test_it_builds_and_answers_away_from_the_checkout(wheel: Path, tmp_path: Path) -> None:
    """Installed elsewhere, ``build`` and ``query`` work on the graph inside it."""
    site = tmp_path / "site"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(site)
    alone = {name: text for name, text in os.environ.items() if "STANCEGRAPH" not in name}
    env = alone | {"PYTHONPATH": str(site), "XDG_DATA_HOME": str(tmp_path / "home")}

    def run(*arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "stancegraph", *arguments],
            cwd=tmp_path,
            env=env,
            check=True,
            capture_output=True,
            text=True,
        )
        return done.stdout

    release = run("build", "--quiet").strip()
    answer = run(
        "query", "treaties/status-of-country", "country=CAN", "asOf=2020-01-01", "--format", "csv"
    )

    assert (tmp_path / "home/stancegraph/releases" / release / "release.json").is_file()
    assert "budapest-convention" in answer
