"""What an application keeps of its site, without a graph."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING
from unittest.mock import MagicMock

from flask import Flask

from stancegraph.web import site

if TYPE_CHECKING:
    import pytest


def test_the_words_of_a_site_are_read_once_however_many_are_the_first(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Where a release begins under load, reading them takes all processors else."""
    made: list[object] = []
    found: list[object] = []
    together = threading.Barrier(8)
    app = Flask(__name__)
    app.extensions["stancegraph"] = MagicMock()

    def read(*_: object, **__: object) -> object:
        made.append(object())
        time.sleep(0.01)
        return made[-1]

    def ask() -> None:
        together.wait()
        with app.app_context():
            found.append(site.current_vocabulary())

    monkeypatch.setattr(site, "Vocabulary", read)
    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(made) == 1
    assert found == made * 8
