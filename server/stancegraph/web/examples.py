"""What the release says of its saved queries in RDF, for tools that read SPARQL examples."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, redirect, request, url_for

from stancegraph.build.executables import DOCUMENT, query_iri
from stancegraph.build.release import description_iri
from stancegraph.engine import GRAPHS
from stancegraph.web.answers import respond
from stancegraph.web.negotiation import preferred
from stancegraph.web.site import current_site

if TYPE_CHECKING:
    from flask import Response
    from flask.typing import ResponseReturnValue

bp = Blueprint("examples", __name__)

HTML = "text/html"


@bp.get(f"/{DOCUMENT}")
def all_examples() -> Response:
    """Every saved query as a ``sh:SPARQLExecutable``, as Turtle unless asked otherwise.

    200; 406 for no format of RDF.
    """
    base = current_site().release.base
    return _described(f"{base}query/", f"{base}{DOCUMENT}#")


@bp.get("/query/<path:name>")
def example(name: str) -> ResponseReturnValue:
    """One saved query as a ``sh:SPARQLExecutable``; for people, the way to its page.

    200; 303 to the page where HTML is preferred; 404 for an unknown name; 406 for no format.
    """
    site = current_site()
    query = site.catalog.query(name)
    short_name = request.args.get("format")
    if short_name is None and preferred(request.accept_mimetypes, (*GRAPHS, HTML)) == HTML:
        return redirect(url_for("saved.run_saved", name=query.name), 303)
    iri = query_iri(site.release.base, query.name)
    return _described(f"{iri}#", f"{site.release.base}{DOCUMENT}#", thing=iri)


def _described(*starts: str, thing: str | None = None) -> Response:
    """What the description says of things whose IRIs begin so, and of *thing*."""
    tests = [f"STRSTARTS(STR(?subject), {_quoted(start)})" for start in starts]
    if thing is not None:
        tests.append(f"STR(?subject) = {_quoted(thing)}")
    graph = description_iri(current_site().release.base)
    return respond(
        "CONSTRUCT { ?subject ?property ?value } WHERE { "
        f"GRAPH {graph} {{ ?subject ?property ?value . FILTER ({' || '.join(tests)}) }} }}",
        short_name=request.args.get("format"),
    )


def _quoted(text: str) -> str:
    """A string literal; IRIs hold neither quotes nor backslashes."""
    return f'"{text}"'
