"""The page of what an editor would mend in the release."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from flask import Blueprint, jsonify, make_response, render_template, request, url_for

from stancegraph.build.quality import read
from stancegraph.web.negotiation import preferred
from stancegraph.web.site import current_site

if TYPE_CHECKING:
    from flask import Response

bp = Blueprint("quality", __name__)

HTML = "text/html"


@bp.get("/quality")
def report() -> Response:
    """What each quality query finds, most first, as HTML or JSON by Accept; always 200."""
    site = current_site()
    findings = sorted(
        read(site.release.quality_file), key=lambda finding: (-finding.count, finding.query)
    )
    if preferred(request.accept_mimetypes, [HTML, "application/json"]) != HTML:
        told = [
            {**asdict(each), "address": url_for("saved.run_saved", name=each.query)}
            for each in findings
        ]
        return jsonify({"release": site.release.id, "findings": told})
    return make_response(render_template("quality.html", site=site, findings=findings))
