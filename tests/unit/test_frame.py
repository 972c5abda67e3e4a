"""The frame of the pages: that what can be translated is in the catalogue."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import TYPE_CHECKING

from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po
from flask import Flask
from jinja2 import DictLoader, Environment

from stancegraph.web import frame

if TYPE_CHECKING:
    import pytest

ROOT = Path(__file__).parents[2]
METHODS = [
    ("stancegraph/web/**.py", "python"),
    ("stancegraph/web/templates/**.html", "jinja2"),
]


def test_the_catalogue_holds_every_text_of_the_pages() -> None:
    """Who changes a text runs ``make messages``, so that translators find it."""
    options = {"stancegraph/web/templates/**.html": {"trimmed": "true", "encoding": "utf-8"}}
    found = extract_from_dir(ROOT / "server", METHODS, options)
    written = {message for _, _, message, _, _ in found}
    with (frame.CATALOGUES / f"{frame.DOMAIN}.pot").open("rb") as file:
        catalogue = read_po(file)

    kept = {tuple(m.id) if isinstance(m.id, list) else m.id for m in catalogue if m.id}

    assert written
    assert kept == {tuple(m) if isinstance(m, tuple) else m for m in written}


def test_a_language_without_a_catalogue_is_read_as_it_is_written() -> None:
    words = frame.translations("tlh")

    assert words.gettext("Questions") == "Questions"


def test_a_template_is_compiled_once_however_many_ask_and_for_later_releases_too(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A server that starts, or goes over to a release, under load has no time to do it again."""
    compiled: list[str | None] = []
    compile_ = Environment.compile
    together = threading.Barrier(8)

    def slow(self: Environment, source: str, name: str | None = None, *rest: object) -> object:
        compiled.append(name)
        return compile_(self, source, name, *rest)  # type: ignore[call-overload]

    def ask(app: Flask) -> None:
        together.wait()
        assert app.jinja_env.get_template("page.html").render() == "Peru"

    monkeypatch.setattr(Environment, "compile", slow)
    for _ in range(2):
        app = Flask(__name__)
        app.jinja_env.loader = DictLoader({"page.html": "{% set name = 'Peru' %}{{ name }}"})
        frame.register(app)
        threads = [threading.Thread(target=ask, args=(app,)) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    assert compiled == ["page.html"]
