"""The frame of the pages: that what can be translated is in the catalogue."""

from __future__ import annotations

from pathlib import Path

from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

from stancegraph.web import frame

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
