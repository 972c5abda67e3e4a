"""The commands in README.md and docs/ run, and print what the page says that they print.

A block that opens with ```` ```console ```` is a session: lines after ``$ `` are commands
(``> `` continues one), all others are the expected output, in which ``…`` stands for any
text. A block that opens with ```` ```python ```` or ```` ```r ```` is a script, its output in
the ``text`` block behind it. All run from the root of the checkout, against a server of their
own; what a page has its reader put into /tmp goes into a folder of the test's.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
SCRIPTS = {"python": [sys.executable, "-c"], "r": ["Rscript", "-e"]}
PUBLISHED = "http://127.0.0.1:8000"
# Pages whose examples take too long for every run.
WHOLE = {"exports.md", "packages.md", "python-client.md", "r-and-stata.md"}
SCRATCH = "/tmp/"  # noqa: S108 - where pages put what their reader tries out


@dataclass(frozen=True)
class Example:
    """What a page tells its reader to run, and what it says comes out."""

    page: Path
    line: int
    command: list[str]
    expected: str

    def __str__(self) -> str:
        return f"{self.page.relative_to(ROOT)}:{self.line}"


def examples(page: Path) -> Iterator[Example]:
    """Each example of *page*, in the order of the page."""
    text = page.read_text("utf-8")
    blocks = list(BLOCK.finditer(text))
    for block, following in zip_longest(blocks, blocks[1:]):
        line = text.count("\n", 0, block.start()) + 2
        if block[1] == "console":
            yield from session(page, line, block[2])
        elif block[1] in SCRIPTS:
            output = following[2] if following and following[1] == "text" else ""
            yield Example(page, line, [*SCRIPTS[block[1]], block[2]], output)


def session(page: Path, start: int, block: str) -> Iterator[Example]:
    """Each command of a console block, with its output."""
    prompts = [m.start() for m in re.finditer(r"^\$ ", block, re.MULTILINE)]
    for begin, end in zip(prompts, [*prompts[1:], len(block)], strict=True):
        lines = block[begin:end].splitlines(keepends=True)
        count = 1 + sum(1 for line in lines[1:] if line.startswith("> "))
        command = "".join(line[2:] for line in lines[:count])
        line = start + block.count("\n", 0, begin)
        yield Example(
            page, line, ["bash", "-euo", "pipefail", "-c", command], "".join(lines[count:])
        )


def matches(expected: str, output: str) -> bool:
    """Whether *output* is *expected*, with any text for each ``…``."""
    pattern = ".*?".join(re.escape(part) for part in expected.strip().split("…"))
    return re.fullmatch(pattern, output.strip(), re.DOTALL) is not None


@pytest.fixture(scope="module")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A folder for what the examples of the pages leave to those behind them."""
    return f"{tmp_path_factory.mktemp('scratch')}/"


@pytest.mark.parametrize(
    "example",
    [
        pytest.param(each, marks=pytest.mark.whole if page.name in WHOLE else ())
        for page in PAGES
        for each in examples(page)
    ],
    ids=str,
)
def test_an_example_prints_what_the_page_says(
    example: Example, live_server: str, shipped_releases: Path, scratch: str
) -> None:
    """Run as written, only the addresses of server and folder exchanged for the test's own.

    Skipped where the machine lacks a client that the example is about.
    """
    for program in ("jq", "Rscript"):
        named = [example.command[0], *example.command[-1].split()]
        if program in named and shutil.which(program) is None:
            pytest.skip(f"{program} is not on this machine")
    *interpreter, text = example.command
    command = [*interpreter, text.replace(PUBLISHED, live_server).replace(SCRATCH, scratch)]
    env = os.environ | {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "STANCEGRAPH_RELEASES": str(shipped_releases),
    }

    done = subprocess.run(
        command, cwd=ROOT, env=env, capture_output=True, check=False, text=True, timeout=60
    )

    if lacking := re.search("there is no package called .(\\w+)", done.stderr):
        pytest.skip(f"R has no package {lacking[1]} here")
    printed = re.sub("[ ]+$", "", done.stdout, flags=re.MULTILINE)
    output = printed.replace(live_server, PUBLISHED).replace(scratch, SCRATCH)
    assert matches(example.expected, output), output + done.stderr
