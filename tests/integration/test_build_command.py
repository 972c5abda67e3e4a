"""The commands ``build`` and ``validate``, as people and machines run them."""

from __future__ import annotations

import json
import os
import pty
import random
import re
import select
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pyoxigraph as ox
import pytest

from stancegraph.build.release import open_release
from stancegraph.terms import RDF, SH

if TYPE_CHECKING:
    from pathlib import Path

    from stancegraph.folder import GraphFolder

VOTES = "data/votes/74-247.ttl"
WARNING = (
    "data/votes/75-282.ttl:5: warning: A vote without sg:date stands nowhere in time: give it if "
    "you know it. [shape Vote-date; focus vote/75-282/CAN]"
)
VIOLATION = (
    f"{VOTES}:9: violation: A choice is yes, no or abstain: write one of them. "
    '[shape Vote-choice; focus vote/74-247/CAN; value "never"]'
)


def command(folder: GraphFolder, *arguments: str) -> list[str]:
    return [sys.executable, "-m", "stancegraph", "--graph", str(folder.root), *arguments]


def run(folder: GraphFolder, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(folder, *arguments), capture_output=True, text=True, check=False, timeout=60
    )


def break_it(folder: GraphFolder) -> None:
    """Make a violation in line 9 of the first file of votes."""
    path = folder.root / VOTES
    path.write_text(path.read_text("utf-8").replace('"no"', '"never"'), "utf-8")


def test_build_prints_the_release_and_tells_the_rest_aside(
    small: GraphFolder, tmp_path: Path
) -> None:
    """Standard output has the id alone; warnings and a summary go to standard error."""
    done = run(small, "build", "--releases", str(tmp_path / "r"), "--date", "2026-01-01")

    assert done.returncode == 0
    assert done.stdout.strip() == open_release(tmp_path / "r").id
    lines = done.stderr.splitlines()
    assert lines[0] == WARNING
    assert lines[1].startswith("7 files, ")
    assert " 3 claims, 0 violations, 1 warning (parse 0." in lines[1]
    assert len(lines) == 2


def test_a_build_tells_the_first_of_many_warnings_alike(small: GraphFolder, tmp_path: Path) -> None:
    """And how many more there are; `validate` tells each."""
    path = small.root / "data/votes/75-282.ttl"
    vote = re.search(
        r"^<vote/75-282/CAN>.*?^\.$", path.read_text("utf-8"), re.MULTILINE | re.DOTALL
    )
    assert vote is not None
    more = (vote[0].replace("/CAN>", f"/CAN/{n}>", 1) for n in range(10))
    path.write_text("\n\n".join((path.read_text("utf-8"), *more)) + "\n", "utf-8")

    built = run(small, "build", "--releases", str(tmp_path / "r")).stderr.splitlines()
    validated = run(small, "validate").stderr.splitlines()

    assert sum("without sg:date" in line for line in built) == 3
    assert sum("without sg:date" in line for line in validated) == 11
    assert "and 8 warnings like these: stancegraph validate" in built


def test_quiet_build_tells_problems_only(small: GraphFolder, tmp_path: Path) -> None:
    """With -q there is no summary."""
    done = run(small, "build", "-q", "--releases", str(tmp_path / "r"))

    assert done.stderr.splitlines() == [WARNING]


def test_build_with_a_violation_leaves_the_release(small: GraphFolder, tmp_path: Path) -> None:
    """The exit status is 1, every problem has a line, and the current release stays."""
    run(small, "build", "--releases", str(tmp_path / "r"))
    before = open_release(tmp_path / "r")
    break_it(small)

    done = run(small, "build", "--releases", str(tmp_path / "r"))

    assert done.returncode == 1
    assert done.stdout == ""
    lines = done.stderr.splitlines()
    assert lines[:2] == [VIOLATION, WARNING]
    assert " 1 violation, 1 warning (" in lines[2]
    assert lines[3] == "stancegraph: the graph has violations; no release was written"
    assert open_release(tmp_path / "r") == before


def test_validate_writes_nothing(small: GraphFolder) -> None:
    """It tells the same problems; its exit status tells whether there are violations."""
    sound = run(small, "validate")
    break_it(small)
    broken = run(small, "validate", "--engine", "pyshacl", "-q")

    assert (sound.returncode, broken.returncode) == (0, 1)
    assert broken.stderr.splitlines() == [VIOLATION, WARNING]
    assert not (small.root / "releases").exists()


def test_json_form(small: GraphFolder) -> None:
    """Standard output is one JSON array, problems in file order."""
    break_it(small)

    done = run(small, "validate", "--format", "json")

    rows = json.loads(done.stdout)
    assert [(row["path"], row["line"], row["severity"]) for row in rows] == [
        (VOTES, 9, "violation"),
        ("data/votes/75-282.ttl", 5, "warning"),
    ]
    assert rows[0]["focus"] == f"{small.base}id/vote/74-247/CAN"
    assert done.returncode == 1


def test_json_form_of_a_sound_build_is_json(small: GraphFolder, tmp_path: Path) -> None:
    """The id does not spoil it: it goes to standard error."""
    done = run(small, "build", "--format", "json", "-q", "--releases", str(tmp_path / "r"))

    assert len(json.loads(done.stdout)) == 1
    assert done.stderr.strip() == open_release(tmp_path / "r").id


def test_github_form(small: GraphFolder) -> None:
    """Each problem is a workflow command."""
    break_it(small)

    done = run(small, "validate", "--format", "github")

    assert [line.partition("::A")[0] for line in done.stdout.splitlines()] == [
        f"::error file={VOTES},line=9",
        "::warning file=data/votes/75-282.ttl,line=5",
    ]


def test_turtle_form_is_a_validation_report(small: GraphFolder) -> None:
    """Shapes' results and what is wrong with files, as SHACL says, and it does not conform."""
    break_it(small)
    state = small.root / "data" / "states" / "PER.ttl"
    state.write_text(state.read_text("utf-8").replace('"Peru"@en', '"Peru@en'), "utf-8")

    done = run(small, "validate", "--format", "turtle")

    store = ox.Store()
    store.load(done.stdout, format=ox.RdfFormat.TURTLE)
    results = [quad.object for quad in store.quads_for_pattern(None, SH.result, None)]
    assert len(results) == 3
    assert len(list(store.quads_for_pattern(None, RDF.type, SH.ValidationReport))) == 1
    conforms = next(store.quads_for_pattern(None, SH.conforms, None)).object
    assert isinstance(conforms, ox.Literal)
    assert conforms.value == "false"
    for predicate in (SH.focusNode, SH.resultSeverity, SH.sourceConstraintComponent):
        assert len(list(store.quads_for_pattern(None, predicate, None))) == 3
    messages = [
        quad.object.value
        for quad in store.quads_for_pattern(None, SH.resultMessage, None)
        if isinstance(quad.object, ox.Literal)
    ]
    assert any(text.startswith("data/states/PER.ttl:8:16: not Turtle") for text in messages)


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (["build", "--date", "2026-02-30"], 2, "does not match the format"),
        (["build", "--format", "xml"], 2, "is not one of"),
        (["bild"], 2, "No such command"),
        (["--graph", "/nowhere", "build"], 2, "does not exist"),
    ],
)
def test_options_that_make_no_sense(
    small: GraphFolder, arguments: list[str], status: int, message: str
) -> None:
    """They are told on standard error, with exit status 2."""
    done = run(small, *arguments)

    assert (done.returncode, done.stdout) == (status, "")
    assert message in done.stderr


def test_folder_that_is_no_graph_is_one_line(small: GraphFolder, tmp_path: Path) -> None:
    """No trace, unless -v asks for it."""
    empty = tmp_path / "empty"
    empty.mkdir()

    plain = run(small, "--graph", str(empty), "validate")
    verbose = run(small, "--graph", str(empty), "-v", "validate")

    assert plain.returncode == 1
    assert plain.stderr == f"stancegraph: {empty}: is no graph folder: it has no data/\n"
    assert "Traceback" in verbose.stderr


def test_wrong_queries_and_rules_stop_a_build(small: GraphFolder, tmp_path: Path) -> None:
    """They are told in the same run as what is wrong with the data."""
    break_it(small)
    query = small.root / "queries" / "votes" / "of-a-state.rq"
    query.write_text(query.read_text("utf-8").replace("SELECT", "SELEKT"), "utf-8")
    rule = small.root / "ontology" / "rules" / "holders.rq"
    rule.write_text(rule.read_text("utf-8").replace("#+ inputs", "#+ input"), "utf-8")

    done = run(small, "build", "-q", "--releases", str(tmp_path / "r"))

    places = {line.partition(" violation")[0] for line in done.stderr.splitlines()}
    assert done.returncode == 1
    assert any(place.startswith("queries/votes/of-a-state.rq:8:") for place in places)
    assert any(place.startswith("ontology/rules/holders.rq:2:") for place in places)
    assert f"{VOTES}:9:" in places


def test_broken_shapes_are_not_applied(small: GraphFolder) -> None:
    """A graph is not blamed for what half a shape says; the summary says that it was not asked."""
    break_it(small)
    shape = small.root / "shapes" / "Vote.ttl"
    shape.write_text(shape.read_text("utf-8").replace("sh:minCount 1 ;", "sh:minCount 1", 1))

    done = run(small, "validate")

    lines = done.stderr.splitlines()
    assert len(lines) == 2
    assert lines[0].startswith("shapes/Vote.ttl:24:5: violation: not Turtle: ")
    assert "shapes not applied: first mend ontology/ and shapes/" in lines[1]


def test_interrupt_is_quiet(small: GraphFolder, tmp_path: Path) -> None:
    """Ctrl-C during a build gives the exit status of shells, and no trace."""
    for number in range(4000):
        (small.root / "data" / f"x{number}.ttl").symlink_to(small.root / VOTES)
    process = subprocess.Popen(
        command(small, "build", "--releases", str(tmp_path / "r")),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    deadline = time.monotonic() + 30
    while not (tmp_path / "r" / ".lock").exists() and time.monotonic() < deadline:
        time.sleep(0.01)

    process.send_signal(signal.SIGINT)
    _, told = process.communicate(timeout=60)

    assert process.returncode == 130
    assert told == "stancegraph: interrupted\n"


def test_progress_shows_on_a_terminal_and_is_gone_at_the_end(
    small: GraphFolder, tmp_path: Path
) -> None:
    """Each stage is written over the one before; a summary is what remains."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        command(small, "build", "--releases", str(tmp_path / "r")),
        stdout=subprocess.DEVNULL,
        stderr=theirs,
    )
    os.close(theirs)
    shown = b""
    while select.select([ours], [], [], 30)[0]:
        try:
            chunk = os.read(ours, 4096)
        except OSError:  # Linux says so when the other end is closed
            break
        if not chunk:
            break
        shown += chunk
    os.close(ours)
    assert process.wait(timeout=30) == 0

    text = shown.decode()
    for stage in ("parse", "validate", "derive", "describe", "release"):
        assert f"\r\x1b[2K{stage} …" in text
    assert text.rpartition("\x1b[2K")[2].startswith("7 files, ")


@pytest.mark.whole
def test_killed_builds_leave_a_whole_current_release(small: GraphFolder, tmp_path: Path) -> None:
    """Whenever a build is killed, ``current`` opens and verifies, and the next build works."""
    releases = tmp_path / "r"
    run(small, "build", "--releases", str(releases), "--date", "2026-01-01")
    started = time.monotonic()
    query = small.root / "queries" / "votes" / "of-a-state.rq"
    text = query.read_text("utf-8")
    run(small, "build", "--releases", str(releases), "--date", "2026-01-02")
    whole = time.monotonic() - started
    dice = random.Random(20260101)  # noqa: S311 - where to kill is no secret
    killed = 0

    for number in range(15):
        # Every other time only the queries change, so that a release is exchanged.
        query.write_text(text.replace("How", f"How, in try {number},"), "utf-8")
        day = f"2026-02-{number // 2 + 1:02}"
        process = subprocess.Popen(
            command(small, "build", "-q", "--releases", str(releases), "--date", day),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            # The last third of a build is where it writes.
            process.wait(whole * dice.uniform(0.6, 1.0))
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            killed += 1
        open_release(releases).verify()

    done = run(small, "build", "--releases", str(releases), "--date", "2026-03-01")
    assert done.returncode == 0
    assert open_release(releases).id == done.stdout.strip()
    assert killed > 0


CRASH = """
import os, sys
from datetime import date
from pathlib import Path
from stancegraph.build import build
from stancegraph.build.release import open_release
from stancegraph.folder import GraphFolder

folder, releases = GraphFolder.at(Path(sys.argv[1])), Path(sys.argv[2]).resolve()
WRITING = {"open", "os.mkdir", "os.rename", "os.symlink", "os.remove", "os.rmdir", "shutil.rmtree"}

def crash_at(number):
    left = [number]
    def hook(event, arguments):
        path = arguments[1 if event == "os.symlink" else 0] if arguments else ""
        if event in WRITING and str(path).startswith(str(releases)):
            left[0] -= 1
            if left[0] == 0:
                os._exit(9)
    sys.addaudithook(hook)

query = folder.root / "queries" / "votes" / "of-a-state.rq"
text = query.read_text("utf-8")
whole = sorted(path.relative_to(folder.root) for path in folder.root.rglob("*.rq"))
for number in range(1, 1000):
    query.write_text(text.replace("How", f"How, in try {number},"), "utf-8")
    child = os.fork()
    if child == 0:
        crash_at(number)
        build(folder, releases, release_date=date(2026, 1, int(sys.argv[3])))
        os._exit(0)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    current = open_release(releases)
    current.verify()
    assert all((current.path / path).is_file() for path in whole), number
    assert current.path.name == current.id or status == 9, number
    if status == 0:
        break
    assert status == 9
print(number)
"""


@pytest.mark.whole
@pytest.mark.parametrize("day", [1, 2], ids=["the same release anew", "another release"])
def test_build_that_dies_at_any_write_leaves_a_whole_current_release(
    small: GraphFolder, tmp_path: Path, day: int
) -> None:
    """It dies at its first write in the releases folder, at its second, and so on to the last."""
    releases = tmp_path / "r"
    run(small, "build", "--releases", str(releases), "--date", "2026-01-01")

    done = subprocess.run(
        [sys.executable, "-c", CRASH, str(small.root), str(releases), str(day)],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )

    assert done.stderr == ""
    assert int(done.stdout) > 20
