"""How the application serves the scripts of its pages."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from flask import Flask

from stancegraph.web import assets

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def app(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Flask:
    """An application with one script."""
    (tmp_path / "editor-ABC.js").write_text("1")
    (tmp_path / "manifest.json").write_text('{"editor.js": "editor-ABC.js"}')
    return _app(tmp_path, monkeypatch)


def _app(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Flask:
    monkeypatch.setattr(assets, "FOLDER", folder)
    app = Flask(__name__)
    assets.register(app)
    return app


def test_a_script_is_kept_for_good(app: Flask) -> None:
    """Its address is that of its content, so nobody need ask for it twice."""
    with app.test_request_context():
        address = assets.asset("editor.js")
    with app.test_client().get(address) as response:
        content = response.data

    assert address == "/assets/editor-ABC.js"
    assert (response.status_code, content) == (200, b"1")
    assert response.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert response.mimetype == "text/javascript"


def test_without_a_build_there_is_no_address(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A template that asks for a script then leaves it out."""
    app = _app(tmp_path, monkeypatch)

    with app.test_request_context():
        assert assets.asset("editor.js") == ""


def test_nothing_but_the_build_is_served(app: Flask) -> None:
    """What is not in the folder is not found, wherever the name may lead."""
    for name in ("../assets.py", "%2e%2e/assets.py", "manifest.json", "nothing.js"):
        with app.test_client().get(f"/assets/{name}") as response:
            assert response.status_code == 404
