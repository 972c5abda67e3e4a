"""The command ``diff``: what changed between two releases, claim by claim."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from stancegraph.build.release import FACTS, QUADS, open_release

if TYPE_CHECKING:
    from pathlib import Path

BASE = "https://w3id.org/stancegraph/"
ID = f"{BASE}id/"
ACCESSION = "action/budapest-convention/GHA/accession"
EVIDENCE = "evidence/fedlex-0.311.43-2025/GHA"
POSITION = "stance/CAN/budapest-convention/best-tool"
DATED = "action/budapest-protocol-2/GHA/signature"
RANKED = "action/malabo-convention/GHA/ratification"
LOCATED = "stance/AGO/new-un-treaty/help-create-treaty"
LOCATOR = "evidence/ago-angop-2022/help-create-treaty"
SHOWN = "stance/AGO/capacity-building/24-7-contact"
WITHDRAWN = "stance/CAN/transparency/position-paper"
VOTE = "vote/unga-first-committee/A-C.1-74-L.49-Rev.1/BDI"
NAMED = "state/GHA"
NEW_STANCE = "stance/CAN/transparency/second-paper"

# Most of the shipped graph, which the edits do not concern.
NOT_NEEDED = [
    f"/graph/{part}"
    for part in ("derived/dates", "derived/rests-on", "data/memberships/", "description", "shapes/")
]

# What became of what: the ten edits.
EDITS = {
    (ACCESSION, "added"),
    (NEW_STANCE, "added"),
    (VOTE, "added"),
    (WITHDRAWN, "withdrawn"),
    (POSITION, "corrected"),
    (DATED, "corrected"),
    (LOCATED, "corrected"),
    (SHOWN, "corrected"),
    (RANKED, "ranked anew"),
    (NAMED, "corrected"),
}


def about(lines: list[str], key: str) -> list[str]:
    start = f"<{ID}{key}> "
    return [line for line in lines if line.startswith(start)]


def sub(lines: list[str], key: str, old: str, new: str) -> list[str]:
    """*lines* with *old* replaced in those about *key*, which must make a difference."""
    concerned = set(about(lines, key))
    found = [line.replace(old, new) if line in concerned else line for line in lines]
    assert found != lines, (key, old)
    return found


def is_stated(line: str) -> bool:
    return "/graph/derived/" not in line


@pytest.fixture(scope="module")
def two(shipped_releases: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of two releases that differ by ten edits, and in what is no change of a claim."""
    shipped = open_release(shipped_releases)
    with shipped.quads_file.open(encoding="utf-8") as quads:
        before = [line for line in quads if not any(part in line for part in NOT_NEEDED)]
    after = list(before)
    # Added: an act with its evidence, a vote, a stance that is like one that goes.
    gone_before = {*about(before, ACCESSION), *about(before, EVIDENCE), *about(before, VOTE)}
    before = [line for line in before if line not in gone_before]
    gone_after = about(after, WITHDRAWN)
    after += [line.replace(WITHDRAWN, NEW_STANCE) for line in gone_after if is_stated(line)]
    # Withdrawn, with all that was derived of it.
    after = [line for line in after if line not in gone_after]
    # Corrected: a position, a day, where in the source it stands, a further place, a name.
    after = sub(after, POSITION, "position/supports>", "position/opposes>")
    after = sub(after, DATED, '"20', '"19')
    after = sub(after, LOCATOR, "4th paragraph", "5th paragraph")
    place = f"<{ID}{SHOWN}> <{BASE}ontology#evidence> <{ID}{EVIDENCE}> "
    after.append(f"{place}<{BASE}graph/data/stances/AGO> .\n")
    label = "<http://www.w3.org/2000/01/rdf-schema#label> "
    name = next(line for line in about(after, NAMED) if label in line and '"Ghana"@en' in line)
    after = [line.replace('"Ghana"', '"Republic of Ghana"') if line == name else line
             for line in after]  # fmt: skip
    after = sub(after, RANKED, "rank/normal>", "rank/deprecated>")
    # No change of a claim: a statement in another file, a conclusion, what a release is called.
    after = sub(after, "state/PER", "/graph/data/", "/graph/data/moved/")
    after.append(f"<{ID}state/PER> <{BASE}ontology#partyTo> <{ID}treaty/malabo-convention> "
                 f"<{BASE}graph/derived/parties> .\n")  # fmt: skip
    after.append(f'<{BASE}> <{BASE}ontology#date> "2027" <{BASE}graph/description> .\n')

    folder = tmp_path_factory.mktemp("two")
    previous = None
    for release_id, lines in (("2026-01-01-aaa", before), ("2026-02-02-bbb", after)):
        path = folder / release_id
        path.mkdir()
        (path / QUADS).write_text("".join(sorted(set(lines))), "utf-8")
        facts = json.loads((shipped.path / FACTS).read_text("utf-8"))
        (path / FACTS).write_text(
            json.dumps({**facts, "id": release_id, "previous": previous}), "utf-8"
        )
        (path / "names.json").symlink_to(shipped.names_file)
        previous = release_id
    (folder / "current").symlink_to("2026-02-02-bbb")
    return folder


def diff(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "stancegraph", "diff", "--releases", str(folder), *arguments],
        capture_output=True, check=False, text=True, timeout=60,
    )  # fmt: skip


@pytest.fixture(scope="module")
def told(two: Path) -> dict[str, object]:
    """The difference from the release before to the current one, as JSON."""
    told: dict[str, object] = json.loads(diff(two, "--format", "json").stdout)
    return told


def changes(told: dict[str, object]) -> dict[str, dict[str, object]]:
    """The changes by key."""
    found = told["changes"]
    assert isinstance(found, list)
    return {each["iri"].removeprefix(ID): each for each in found}


def test_ten_edits_are_exactly_the_ten_that_are_named(told: dict[str, object]) -> None:
    """Not what moved to another file, what rules concluded, or what a release is called."""
    found = {(key, each["what"]) for key, each in changes(told).items()}

    assert found == EDITS
    assert (told["before"], told["after"]) == ("2026-01-01-aaa", "2026-02-02-bbb")
    assert told["claims"] == {"added": 3, "withdrawn": 1, "corrected": 4, "ranked anew": 1}
    assert told["other"] == {"corrected": 1}
    assert (told["derived"], told["unnamed"]) == ({}, 0)


@pytest.mark.parametrize(
    ("key", "label", "before", "after"),
    [
        (POSITION, "position", ["supports"], ["opposes"]),
        (RANKED, "rank", ["normal"], ["deprecated"]),
        (NAMED, "name", ["Ghana"], ["Republic of Ghana"]),
        (LOCATED, "locator", ["4th paragraph"], ["5th paragraph"]),
        (SHOWN, "evidence", [], ["sr 0.311.43"]),
    ],
)
def test_a_correction_names_what_changed_from_what_to_what(
    told: dict[str, object], key: str, label: str, before: list[str], after: list[str]
) -> None:
    """In words; of a place in a source, with the claim that rests on it."""
    corrections = changes(told)[key]["corrections"]

    assert isinstance(corrections, list)
    (found,) = corrections
    assert found["label"].endswith(label)
    for values, parts in ((found["before"], before), (found["after"], after)):
        assert len(values) == len(parts)
        assert all(part in value.lower() or part == value
                   for part, value in zip(parts, values, strict=True))  # fmt: skip


def test_the_text_tells_it_in_sentences(two: Path) -> None:
    """By who and about what, with the source of what is new."""
    done = diff(two, "2026-01", "current", "--about", ACCESSION)

    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert "Republic of Ghana: treaty action: 1 added" in lines
    assert "  Budapest Convention" in lines
    sentence = "    + added: Republic of Ghana acceded to the Budapest Convention, 3 December 2018"
    assert any(line.startswith(f"{sentence} (source: ") for line in lines)


def test_the_page_tells_the_same(two: Path) -> None:
    """Each change with a link, what was there struck out; no markup of the data gets through."""
    page = diff(two, "--format", "html").stdout

    assert set(re.findall(rf'href="{ID}([^"]+)"', page)) == {key for key, _ in EDITS}
    assert "position: <del>supports</del> → <ins>opposes</ins>" in page
    assert page.count("<strong>") == len(EDITS)


def test_a_thing_has_its_own_changes(two: Path) -> None:
    """Claims that name it, and what is said of it itself."""
    done = diff(two, "--about", "GHA", "--format", "json")

    assert set(changes(json.loads(done.stdout))) == {ACCESSION, DATED, RANKED, NAMED}


def test_conclusions_are_told_when_asked_for(two: Path) -> None:
    """Apart from what is stated."""
    derived = diff(two, "--derived", "--about", "PER").stdout

    assert "party to: Malabo Convention added" in derived
    assert "Derived: " in derived
    assert "Claims: " not in derived


def test_a_patch_of_all_graphs_makes_the_later_release(two: Path) -> None:
    """Byte for byte, from the file of the release before."""
    done = diff(two, "--derived", "--format", "patch")

    head, *rest = done.stdout.splitlines(keepends=True)
    quads = set((two / "2026-01-01-aaa" / QUADS).read_text("utf-8").splitlines(keepends=True))
    for line in rest:
        letter, _, quad = line.partition(" ")
        if letter == "D":
            quads.remove(quad)
        elif letter == "A":
            assert quad not in quads
            quads.add(quad)
    assert head == f"H id <{BASE}release/2026-02-02-bbb> .\n"
    assert "".join(sorted(quads)) == (two / "current" / QUADS).read_text("utf-8")


def test_a_release_differs_from_itself_in_nothing(two: Path) -> None:
    """And that is no error."""
    done = diff(two, "current", "current")

    assert done.returncode == 0
    assert done.stdout.splitlines()[1:] == ["Nothing changed."]


@pytest.mark.parametrize(
    ("arguments", "status", "error"),
    [
        (["2025"], 1, "stancegraph: there is no release '2025' in"),
        (["--about", "Cannada"], 1, "stancegraph: nothing is called 'Cannada'"),
        (["--about", "CAN", "--format", "patch"], 2, "Error: --about: a patch is of everything"),
    ],
)
def test_what_makes_no_sense_is_one_line(
    two: Path, arguments: list[str], status: int, error: str
) -> None:
    """And nothing on standard output."""
    done = diff(two, *arguments)

    assert (done.returncode, done.stdout) == (status, "")
    assert done.stderr.splitlines()[-1].startswith(error)
