"""The notebooks run, and give what stands in them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.notebooks import NOTEBOOKS, results

ROOT = Path(__file__).parents[2]


@pytest.mark.whole
def test_notebooks_give_what_stands_in_them(shipped_releases: Path, tmp_path: Path) -> None:
    """Numbers, tables and words are those of the data; `make notebooks` brings them up to date."""
    env = os.environ | {"STANCEGRAPH_RELEASES": str(shipped_releases)}
    env.pop("STANCEGRAPH_SOURCE", None)

    done = subprocess.run(
        [sys.executable, "-m", "tests.notebooks", "--to", str(tmp_path)],
        cwd=ROOT, env=env, capture_output=True, check=False, text=True, timeout=500,
    )  # fmt: skip

    assert done.returncode == 0, done.stderr[-4000:]
    for path in NOTEBOOKS:
        stored, fresh = (
            json.loads((folder / path.name).read_text("utf-8"))
            for folder in (path.parent, tmp_path)
        )
        for (code, kept), (same, given) in zip(results(stored), results(fresh), strict=True):
            assert code == same
            assert kept == given, code
        pictures = [out for cell in stored["cells"] for out in cell.get("outputs", [])
                    if "image/png" in out.get("data", {})]  # fmt: skip
        assert len(pictures) >= 2
