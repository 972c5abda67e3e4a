"""The home page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, make_response, render_template

from stancegraph.web.saved import example_address
from stancegraph.web.site import EXAMPLE, current_site

if TYPE_CHECKING:
    from flask import Response

bp = Blueprint("pages", __name__)


@bp.get("/")
def home() -> Response:
    """What this is, what the release holds, and what can be asked of it."""
    return make_response(
        render_template("home.html", site=current_site(), address=example_address, example=EXAMPLE)
    )
