"""How commands are found, and what starting one does not wait for."""

from __future__ import annotations

import subprocess
import sys

import click
import pytest

from stancegraph.cli import COMMANDS, main


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_is_found_by_its_name(name: str) -> None:
    """And calls itself that in its help."""
    command = main.get_command(click.Context(main), name)

    assert command
    assert command.name == name


@pytest.mark.parametrize(
    "module", ["commands.query", "commands.search", "serving.server", "serving.process"]
)
def test_what_asks_a_release_starts_without_what_builds_one(module: str) -> None:
    """A command at the terminal, and each process of a server."""
    code = f"import sys, stancegraph.{module}; print(*sys.modules, sep='\\n')"

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)

    modules = done.stdout.split()
    assert f"stancegraph.{module}" in modules
    assert not {"stancegraph.build.pipeline", "stancegraph.build.shacl", "pyshacl"} & {*modules}


def test_the_process_that_starts_the_others_does_so_without_the_web() -> None:
    """So that these start while it reads what they will serve."""
    code = "import sys, stancegraph.serving.server; print(*sys.modules, sep='\\n')"

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)

    assert not {"flask", "jinja2", "stancegraph.web"} & {*done.stdout.split()}
