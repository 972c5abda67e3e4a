"""Answers to saved queries that a release keeps: they are those that its engine gives."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from stancegraph.build import build, cache, open_release
from stancegraph.catalog import Catalog
from stancegraph.codebook import QUESTIONS
from stancegraph.engine import Ask, MediaType
from stancegraph.engine.embedded import EmbeddedEngine, EngineOptions
from stancegraph.engine.kept import FOLDER, KeptAnswers, file_name
from stancegraph.errors import EngineDown

if TYPE_CHECKING:
    from pathlib import Path

    from stancegraph.engine import Answer
    from stancegraph.folder import GraphFolder

FORMS = (MediaType.JSON, MediaType.CSV)


class NoEngine:
    """An engine that is not there."""

    release_id = "none"

    def ask(self, _ask: Ask) -> Answer:
        """Nothing answers."""
        raise EngineDown("no engine")

    def is_up(self) -> bool:
        """It is not."""
        return False

    def close(self) -> None:
        """Nothing is held."""


@pytest.mark.parametrize(
    "folder", ["releases", pytest.param("shipped_releases", marks=pytest.mark.whole)]
)
def test_the_answers_that_are_kept_are_those_of_the_engine(
    folder: str, request: pytest.FixtureRequest
) -> None:
    """Of nearly every saved query with its example; byte for byte, in both forms.

    Likewise of what the codebook asks, which reads most of the graph.
    """
    release = open_release(request.getfixturevalue(folder))
    kept = KeptAnswers(NoEngine(), release.path, base=release.base)
    there = {path.name for path in (release.path / FOLDER).iterdir()}
    queries = list(Catalog.load(release.path))
    texts = {
        query.name: query.bind({name: made.examples for name, made in query.params.items()})
        for query in queries
    }
    texts |= {f"codebook {number}": text for number, text in enumerate(QUESTIONS)}
    texts = {name: text for name, text in texts.items() if file_name(text, FORMS[0]) in there}
    with EmbeddedEngine(release.quads_file, release.id, EngineOptions(workers=2)) as engine:
        wrong = [
            (name, form)
            for name, text in texts.items()
            for form in FORMS
            if file_name(text, form) in there
            and b"".join(kept.ask(Ask(text, form, base=release.base)))
            != b"".join(engine.ask(Ask(text, form, base=release.base)))
        ]

    assert wrong == []
    assert len(texts) > len(queries) * 0.9
    assert {text for text in texts.values() if text in QUESTIONS} == set(QUESTIONS)


def test_a_build_after_an_edit_keeps_what_a_fresh_one_does(
    small: GraphFolder, tmp_path: Path
) -> None:
    """Though it asks anew only what the edit may change."""
    build(small, tmp_path / "r")
    shutil.copytree(tmp_path / "r", tmp_path / "other", symlinks=True)
    (tmp_path / "other" / cache.FILE).unlink()
    votes = small.root / "data/votes/74-247.ttl"
    text = votes.read_text("utf-8")
    votes.write_text(text.replace('sg:choice "no"', 'sg:choice "yes"'), "utf-8")

    after, fresh = build(small, tmp_path / "r"), build(small, tmp_path / "other")

    found = [
        {path.name: path.read_bytes() for path in (release.path / FOLDER).iterdir()}
        for release in (after, fresh)
    ]
    assert found[0] == found[1]
    assert any(b"yes" in content for content in found[0].values())
