"""What a folder of releases holds, and how one becomes the current one."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pytest

from stancegraph.build import build
from stancegraph.build.release import open_release
from stancegraph.build.shelf import find, held, prune, remove, use
from stancegraph.errors import OperationError
from stancegraph.folder import GraphFolder
from tests.conftest import SMALL, copied

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import Once


@pytest.fixture
def three(once: Once, tmp_path: Path) -> tuple[Path, list[str]]:
    """A folder of three releases, and their ids in the order in which they were built."""

    def fill(folder: Path) -> None:
        for month in (1, 2, 3):
            build(GraphFolder.at(SMALL), folder, release_date=date(2026, month, 1))

    return copied(once("three", fill), tmp_path / "releases")


def test_going_back_and_on_is_the_same(three: tuple[Path, list[str]]) -> None:
    """By ``previous``, by the beginning of an id, by an id."""
    folder, (first, second, third) = three

    went = [use(folder, wanted).id for wanted in ("previous", "previous", "2026-03", second)]

    assert went == [second, first, third, second]
    assert open_release(folder).id == second
    assert [each.name for each in held(folder) if each.is_current] == [second]


@pytest.mark.parametrize(
    ("wanted", "told"),
    [
        ("2025", "there is no release '2025' in"),
        ("", "there is no release '' in"),
        ("../releases", "there is no release '../releases' in"),
        ("2026", "'2026' may be any of 2026-03-01-"),
    ],
)
def test_what_means_no_single_release_is_told(
    three: tuple[Path, list[str]], wanted: str, told: str
) -> None:
    """With what there is instead; nothing changes."""
    folder, ids = three

    with pytest.raises(OperationError, match=told.replace(".", r"\.")) as caught:
        use(folder, wanted)

    assert all(name in str(caught.value) for name in ids)
    assert open_release(folder).id == ids[-1]


def test_the_first_release_has_none_before(three: tuple[Path, list[str]]) -> None:
    """Which is told, not taken for the last."""
    folder, (first, *_) = three
    use(folder, first)

    with pytest.raises(OperationError, match=f"{first} followed no other release; there are"):
        find(folder, "previous")


@pytest.mark.parametrize(
    ("file", "content", "told", "flaw"),
    [
        ("names.json", "{}", "is of another version", "of another version"),
        ("release.json", "{}", "is no whole release", "not whole"),
        ("queries/votes/of-a-state.rq", "SELECT", "of-a-state.rq", "a saved query is broken"),
        ("release.nq", "", "was changed after it was built", ""),
    ],
)
def test_a_release_that_cannot_be_served_is_refused(
    three: tuple[Path, list[str]], file: str, content: str, told: str, flaw: str
) -> None:
    """Before anything is switched; the list says so, but for what only reading all would tell."""
    folder, (first, _, third) = three
    (folder / first / file).write_text(content, "utf-8")

    with pytest.raises(Exception, match=told):
        use(folder, first)

    assert open_release(folder).id == third
    assert {each.name: each.flaw for each in held(folder)}[first] == flaw


def test_the_current_release_is_not_removed(three: tuple[Path, list[str]]) -> None:
    """Any other is, with all its files."""
    folder, (first, _, third) = three

    assert remove(folder, first).id == first
    with pytest.raises(OperationError, match="is the current release: first use another"):
        remove(folder, third)

    assert [each.name[:7] for each in held(folder)] == ["2026-03", "2026-02"]
    assert not [path for path in folder.iterdir() if path.name.startswith(".old")]


def test_a_build_keeps_some_and_never_loses_the_way_back(
    small: GraphFolder, three: tuple[Path, list[str]]
) -> None:
    """The last ones, the current one, and the one before it, whatever is current."""
    folder, (first, second, third) = three
    use(folder, second)

    assert prune(folder, 1) == []
    use(folder, third)
    assert prune(folder, 1) == [first]

    last = build(small, folder, release_date=date(2026, 4, 1), keep=1).id

    assert {each.name for each in held(folder)} == {third, last}
    assert find(folder, "previous").id == third
