"""The scripts of the pages: where the build of ``server/frontend`` put them, and their addresses.

Each is named by its content, so that a browser may keep it for good. Pages work without them,
so a build that is missing is nothing that a reader is told of.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from flask import Blueprint, abort, current_app, send_from_directory, url_for

if TYPE_CHECKING:
    from collections.abc import Mapping

    from flask import Flask, Response

bp = Blueprint("assets", __name__)

FOLDER = Path(__file__).parent / "built"
LICENCES = "licences.txt"
ICON = "icon.svg"  # which every browser of today can draw
DAY = 24 * 60 * 60  # seconds
YEAR = 365 * DAY


def register(app: Flask) -> None:
    """Let the templates of *app* name scripts: ``{{ asset("editor.js") }}``."""
    app.extensions["stancegraph.assets"] = _manifest()
    app.jinja_env.globals["asset"] = asset
    app.register_blueprint(bp)


def asset(name: str) -> str:
    """The address of a file of the build, as ``editor.js``; empty where it was not built."""
    file = current_app.extensions["stancegraph.assets"].get(name)
    return url_for("assets.file", name=file) if file else ""


def _manifest() -> Mapping[str, str]:
    """The files of the build by what templates call them; none without a build."""
    try:
        named: dict[str, str] = json.loads((FOLDER / "manifest.json").read_text("utf-8"))
    except FileNotFoundError:
        return {}
    return named | {LICENCES: LICENCES}


@bp.get("/favicon.ico")
def icon() -> Response:
    """The icon of the pages, where browsers look for it that read no page; always 200."""
    assert current_app.static_folder is not None  # noqa: S101 - Flask's default
    return send_from_directory(current_app.static_folder, ICON, max_age=DAY)


@bp.get("/assets/<name>")
def file(name: str) -> Response:
    """A file of the build, which never changes under its name; 404 where there is none."""
    if name not in {path.name for path in FOLDER.glob("*.*")} - {"manifest.json"}:
        abort(404)
    named_by_content = name != LICENCES
    response = send_from_directory(FOLDER, name, max_age=YEAR if named_by_content else None)
    if named_by_content:
        response.cache_control.immutable = True
    return response
