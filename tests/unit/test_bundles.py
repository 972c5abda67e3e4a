"""What holds for the scripts of the pages as they are built."""

from __future__ import annotations

import gzip
import json
import re

import pytest

from stancegraph.web.assets import FOLDER, LICENCES

# Names in code that are no addresses to ask: namespaces of XML, and links in messages.
NEVER_ASKED = {"http://www.w3.org/1999/xhtml", "http://www.w3.org/2000/svg"}
BOUND = 100_000  # bytes that a script of a page and what it imports take, compressed
HEAVY = {"editor.js", "network.js"}  # which may be more: an editor, a graph
IMPORTED = re.compile(r'(?:from|import)\s*\(?"\./([^"]+)"')


@pytest.fixture(scope="module")
def manifest() -> dict[str, str]:
    """The files of the build by the name that a template gives."""
    file = FOLDER / "manifest.json"
    if not file.exists():
        pytest.skip("the scripts are not built: make serve builds them")
    named: dict[str, str] = json.loads(file.read_text("utf-8"))
    return named


@pytest.mark.usefixtures("manifest")
def test_they_name_no_other_host() -> None:
    """Nothing is there that a script could ask of another host."""
    named = {
        url
        for path in FOLDER.glob("*.js")
        for url in re.findall(r"https?://[\w./#-]+", path.read_text("utf-8"))
    }

    assert named <= NEVER_ASKED


def test_a_page_stays_light(manifest: dict[str, str]) -> None:
    """A script with all that it imports is less than 100 kB, compressed."""
    sizes = {
        name: sum(len(gzip.compress((FOLDER / part).read_bytes())) for part in _with_imports(file))
        for name, file in manifest.items()
    }

    assert {name: size for name, size in sizes.items() if size > BOUND and name not in HEAVY} == {}


@pytest.mark.usefixtures("manifest")
def test_every_licence_allows_it() -> None:
    """Each bundled package is listed with a licence that asks for its notice and no more."""
    told = (FOLDER / LICENCES).read_text("utf-8")
    licences = re.findall(r"^-{72}\n\n\S+ \S+ \(([^)]+)\)$", told, re.MULTILINE)

    assert set(licences) <= {"MIT", "ISC", "BSD-3-Clause", "Apache-2.0"}


def _with_imports(file: str) -> set[str]:
    """*file* and all that it imports."""
    found: set[str] = set()
    queue = [file]
    while queue:
        if (head := queue.pop()) not in found:
            found.add(head)
            queue += IMPORTED.findall((FOLDER / head).read_text("utf-8"))
    return found
