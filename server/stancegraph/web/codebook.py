"""The codebook of the release, for who must judge its data or work with it."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from flask import Blueprint, Response, jsonify, make_response, render_template, request

from stancegraph.vocabulary import local_name
from stancegraph.web import links
from stancegraph.web.arguments import Arguments
from stancegraph.web.negotiation import content_type, preferred
from stancegraph.web.site import current_site, current_vocabulary

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stancegraph.codebook import Class, Codebook, Property

bp = Blueprint("codebook", __name__)

FORMATS = {"html": "text/html", "json": "application/json", "csv": "text/csv"}


@bp.get("/codebook")
@bp.get("/codebook.<ending>")
def page(ending: str = "") -> Response:
    """Every class with its properties, as HTML, JSON or CSV by Accept or the address's ending.

    200; 400 for another ending or argument; 500, 503, 504 as the endpoint.
    """
    arguments = Arguments("format")
    named = arguments.choice("format", [*FORMATS, ""], "") or ending
    if named not in {*FORMATS, ""}:
        arguments.wrong("format", f"is one of {', '.join(FORMATS)}")
    arguments.check()
    site = current_site()
    made = current_vocabulary().codebook
    accepted = preferred(request.accept_mimetypes, tuple(FORMATS.values())) or FORMATS["html"]
    form = FORMATS.get(named, accepted)
    if form == FORMATS["csv"]:
        response = Response(made.as_csv(), content_type=content_type(form))
    elif form == FORMATS["json"]:
        tables = [asdict(each) for each in current_vocabulary().tables]
        response = jsonify(
            {"release": site.release.id, "classes": _as_json(made), "tables": tables}
        )
    else:
        response = make_response(
            render_template(
                "codebook.html",
                site=site,
                codebook=made,
                tables=current_vocabulary().tables,
                anchor=local_name,
                address=lambda iri: links.address(site, iri),
                short=lambda iri: links.shown(site, iri),
                name=_names(made),
            )
        )
    response.headers["Link"] = ", ".join(
        f'<{site.root}/codebook.{name}>; rel="alternate"; type="{media_type}"'
        for name, media_type in FORMATS.items()
        if media_type != form
    )
    return response


def _names(made: Codebook) -> Mapping[str, str]:
    """What the classes are called, by IRI."""
    return {each.iri: each.label for each in made.classes}


def _as_json(made: Codebook) -> list[dict[str, object]]:
    return [_class(each) for each in made.classes]


def _class(made: Class) -> dict[str, object]:
    return {**asdict(made), "properties": [_property(each) for each in made.properties]}


def _property(made: Property) -> dict[str, object]:
    return {
        **asdict(made),
        "classes": [{"class": kind, "statements": count} for kind, count in made.classes],
        "without": made.without,
        "coverage": made.coverage,
    }
