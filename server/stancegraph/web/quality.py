"""The page of what an editor would mend in the release."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import asdict
from typing import TYPE_CHECKING

from flask import Blueprint, jsonify, make_response, render_template, request, url_for

from stancegraph.build.quality import read, read_problems
from stancegraph.web import links
from stancegraph.web.arguments import Arguments
from stancegraph.web.negotiation import preferred
from stancegraph.web.site import current_site

if TYPE_CHECKING:
    from collections.abc import Iterable

    from flask import Response

    from stancegraph.problems import Problem

bp = Blueprint("quality", __name__)

HTML, JSON = "text/html", "application/json"
ENDINGS = {"html": HTML, "json": JSON}


@bp.get("/quality")
@bp.get("/quality.<ending>")
def report(ending: str = "") -> Response:
    """What quality queries and shapes find, most first, as HTML or JSON.

    By Accept or the address's ending. 200; 400 for another ending or argument.
    """
    arguments = Arguments("format")
    form = ENDINGS.get(arguments.choice("format", [*ENDINGS, ""], ending))
    arguments.check()
    site = current_site()
    problems = read_problems(site.release.quality_file)
    findings = sorted(
        read(site.release.quality_file), key=lambda finding: (-finding.count, finding.query)
    )
    if (form or preferred(request.accept_mimetypes, (HTML, JSON))) == JSON:
        told = [
            {**asdict(each), "address": url_for("saved.run_saved", name=each.query)}
            for each in findings
        ]
        problems_told = [asdict(each) for each in problems]
        return jsonify({"release": site.release.id, "findings": told, "problems": problems_told})
    return make_response(
        render_template(
            "quality.html",
            site=site,
            findings=findings,
            broken=_by_rule(problems),
            problems=len(problems),
            address=lambda iri: links.address(site, iri),
            short=lambda iri: links.shown(site, iri),
        )
    )


def _by_rule(problems: Iterable[Problem]) -> list[tuple[Problem, list[Problem]]]:
    """*problems* by the rule that they break, the rule most broken first, each with its first."""
    found: defaultdict[tuple[str | None, str], list[Problem]] = defaultdict(list)
    for problem in problems:
        found[problem.shape, problem.message].append(problem)
    ordered = sorted(found.items(), key=lambda each: (-len(each[1]), each[0][1]))
    return [(each[0], each) for _, each in ordered]
