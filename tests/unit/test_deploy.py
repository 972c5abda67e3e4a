"""What stands in deploy/ fits the program that it runs; nothing is started here."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
from fnmatch import fnmatch
from pathlib import Path

import pytest

from stancegraph.commands.serve import serve_command

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"


def _served(arguments: list[str]) -> dict[str, object]:
    """The options of ``stancegraph serve`` that *arguments* come to; fails for unknown ones."""
    assert arguments[0] == "serve"
    return serve_command.make_context("serve", arguments[1:]).params


def _instructions() -> list[tuple[str, str]]:
    """The instructions of the Containerfile: name and the rest, continued lines joined."""
    text = re.sub(r"^#.*\n", "", (DEPLOY / "Containerfile").read_text("utf-8"), flags=re.MULTILINE)
    lines = text.replace("\\\n", " ").splitlines()
    return [(name, rest.strip()) for name, _, rest in (ln.partition(" ") for ln in lines if ln)]


def test_the_unit_starts_a_server_of_its_port() -> None:
    """Its command has options that there are, and the port is the name of the instance."""
    unit = (DEPLOY / "stancegraph@.service").read_text("utf-8")
    command = re.search(r"^ExecStart=(.+)$", unit, re.MULTILINE)

    assert command
    program, *arguments = shlex.split(command[1].replace("%i", "8001"))

    assert program.endswith("/stancegraph")
    assert _served(arguments)["port"] == 8001
    assert _served(arguments)["host"] == "127.0.0.1"


def test_the_image_runs_a_server_as_nobody_in_particular() -> None:
    """Its command has options that there are; it listens where the check of its health asks."""
    told = dict(_instructions())
    options = _served(json.loads(told["CMD"]))

    assert told["USER"].partition(":")[0].isdigit()
    assert int(told["USER"].partition(":")[0]) > 0
    assert told["EXPOSE"] == str(options["port"])
    assert f"http://127.0.0.1:{options['port']}/ready" in told["HEALTHCHECK"]
    assert told["VOLUME"] == str(options["releases"])


def test_the_image_is_built_from_what_is_there() -> None:
    """Files that it copies and names exist, and what is pinned is what it installs."""
    bases = {rest.partition(" ")[0] for name, rest in _instructions() if name == "FROM"}
    runs = " ".join(rest for name, rest in _instructions() if name == "RUN")
    kept = (DEPLOY / "Containerfile.dockerignore").read_text("utf-8")
    project = (ROOT / "pyproject.toml").read_text("utf-8")

    assert len(bases) == 1
    assert re.fullmatch(r"docker\.io/library/python:3\.\d+-slim", bases.pop())
    assert "--require-hashes --requirement requirements/run.txt" in runs
    named = re.findall(r"^!(\S+)", kept, re.MULTILINE)
    assert all(list(ROOT.glob(name)) for name in named)
    inside = re.findall(r'^"(\S+)" = "stancegraph/graph/', project, re.MULTILINE)
    assert inside
    for path in (*inside, "pyproject.toml", "requirements/run.txt", "server"):
        assert any(fnmatch(path, pattern) for pattern in named), path


def _nginx(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(DEPLOY / "nginx.py"), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("count", [1, 3])
def test_each_replica_is_one_home_and_stands_in_for_the_others(count: int) -> None:
    """In the configuration of nginx; all clients have a home."""
    places = [f"192.0.2.{n}:8000" for n in range(1, count + 1)]

    done = _nginx(*(word for place in places for word in ("--replica", place)))

    assert done.returncode == 0, done.stderr
    groups = re.findall(r"upstream (\w+) \{(.*?)\}", done.stdout, re.DOTALL)
    homes = re.search(r"split_clients \S+ \S+ \{(.*?)\}", done.stdout, re.DOTALL)
    assert homes
    assert [name for _, name in re.findall(r"(\S+) (\w+);", homes[1])] == [g for g, _ in groups]
    assert homes[1].strip().splitlines()[-1].strip().startswith("* ")
    for place, (_, servers) in zip(places, groups, strict=True):
        found = re.findall(r"server (\S+) [^;]*?( backup)?;", servers)
        assert sorted(each for each, _ in found) == places
        assert [each for each, backup in found if not backup] == [place]
    assert "@" not in done.stdout.replace("@unreachable", "")


def test_what_is_no_place_of_a_replica_is_told() -> None:
    """Nothing that a caller writes becomes a line of the configuration."""
    done = _nginx("--replica", "127.0.0.1:8001; include /etc/passwd")

    assert done.returncode == 2
    assert "is no place such as 127.0.0.1:8001" in done.stderr
    assert done.stdout == ""
