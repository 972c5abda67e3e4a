"""Runs the notebooks in docs/notebooks, and keeps what comes out in them.

``python -m tests.notebooks`` does so for all, against the current release of this installation;
``--to FOLDER`` writes them there instead. A cell that is tagged ``varies`` gives something else
with each release; all others give the same as long as the data do.
"""

from __future__ import annotations

import argparse
from importlib import import_module
from pathlib import Path
from typing import Any

NOTEBOOKS = sorted((Path(__file__).parents[1] / "docs" / "notebooks").glob("*.ipynb"))
VARIES = "varies"
METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}


def run(path: Path) -> Any:
    """The notebook *path* with what its cells give now.

    Raises:
        nbclient.exceptions.CellExecutionError: a cell fails.
    """
    # Not for who only compares.
    nbclient, manager = import_module("nbclient"), import_module("jupyter_client.manager")
    notebook = _format().read(path, as_version=4)
    kernel = manager.AsyncKernelManager(transport="ipc")
    nbclient.NotebookClient(notebook, km=kernel, timeout=300, record_timing=False).execute()
    notebook.metadata = METADATA
    for cell in notebook.cells:
        if cell.cell_type == "code":
            # What libraries say of themselves is no result.
            cell.outputs = [out for out in cell.outputs if out.get("name") != "stderr"]
    _format().validate(notebook)
    return notebook


def _format() -> Any:
    return import_module("nbformat")


def results(notebook: Any) -> list[tuple[str, list[dict[str, str]]]]:
    """The code of each cell that does not vary, with its results as texts.

    Of a picture there is its size: its bytes may be others on another machine.
    """
    return [
        (
            "".join(cell["source"]),
            [
                {
                    kind: "".join(text)
                    for kind, text in {"text": out.get("text", ""), **out.get("data", {})}.items()
                    if kind.startswith("text")
                }
                for out in cell["outputs"]
            ],
        )
        for cell in notebook["cells"]
        if cell["cell_type"] == "code" and VARIES not in cell["metadata"].get("tags", [])
    ]


def main() -> None:
    """Run all notebooks."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--to", type=Path, default=NOTEBOOKS[0].parent)
    folder = parser.parse_args().to
    for path in NOTEBOOKS:
        _format().write(run(path), folder / path.name)


if __name__ == "__main__":
    main()
