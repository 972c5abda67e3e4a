"""Linked data: every IRI of the graph answers, as a page or in any RDF format."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast
from urllib.parse import quote

import pyoxigraph as ox
from flask import Blueprint, Response, current_app, redirect, request

from stancegraph.build.release import description_iri
from stancegraph.errors import BadRequest
from stancegraph.facts import Facts, describe, read_graphs
from stancegraph.jsonld import Context
from stancegraph.sparql import term_text
from stancegraph.web import citing, links, mementos
from stancegraph.web.answers import respond
from stancegraph.web.arguments import read_arguments
from stancegraph.web.asof import asked_day, tell_the_day, to_the_day
from stancegraph.web.documents import json_text, write
from stancegraph.web.entries import thing_page
from stancegraph.web.holdings import graph_page, release_page
from stancegraph.web.negotiation import DOCUMENTS, HTML, choose_document, content_type
from stancegraph.web.reference import ontology_page, shapes_page
from stancegraph.web.sections import places_of
from stancegraph.web.site import current_site, current_vocabulary
from stancegraph.web.targets import Kind, Target, find

if TYPE_CHECKING:
    from werkzeug.wrappers import Response as BaseResponse

    from stancegraph.vocabulary import Vocabulary
    from stancegraph.web.site import Site

bp = Blueprint("entities", __name__)

# A graph of more statements is passed on as the engine writes it, and not held here.
MAX_HELD = 50_000


@bp.get("/id/<path:rest>")
@bp.get("/ontology")
@bp.get("/ontology.<rest>")
@bp.get("/ontology/<path:rest>")
@bp.get("/shapes")
@bp.get("/shapes.<rest>")
@bp.get("/graph/<path:rest>")
@bp.get("/release/<path:rest>")
def tell(rest: str = "") -> BaseResponse:
    """Tell of an IRI of the graph, as the address's ending, ``format`` or Accept says.

    200 with a document about it; 302 from a graph that has no words, or no rules, of its own
    to those that it shares; 404 for what is unknown, with what is called alike; 406 for no
    format; 410 for what is retired; 500, 503, 504 as the endpoint.
    """
    site = current_site()
    base = site.release.base
    part = request.path.removeprefix("/")
    if not rest and (home := _shared_home(base, part)):
        return redirect(links.describe_address(site, f"{home}{part}"))
    response = document(f"{base}{part}")
    if not part.startswith("release/"):
        response.headers.add("Link", mementos.timemap_link())
    return response


def _shared_home(base: str, part: str) -> str | None:
    """Whose ontology, or shapes, a graph uses that has none of its own."""
    vocabulary = current_vocabulary()
    homes = [home for home in vocabulary.homes if vocabulary.document(home, part)]
    return homes[0] if homes and base not in homes else None


@bp.get("/describe")
def tell_of() -> BaseResponse:
    """Tell of the IRI in ``iri``, the graph's own or another's; statuses as above."""
    iri = read_arguments(request.query_string).get("iri")
    if iri is None:
        raise BadRequest("the argument 'iri' is missing: give the IRI of a thing")
    return document(iri)


@bp.get("/.well-known/void")
def void() -> BaseResponse:
    """Where the release describes itself, in VoID among others: 302."""
    return redirect(f"{current_site().root}/graph/description")


@bp.get("/context.jsonld")
def whole_context() -> Response:
    """The JSON-LD context for whatever the graph may say."""
    text = json_text({"@context": current_context().whole()})
    return Response(text, content_type="application/ld+json")


def document(text: str, *, default: str = "ttl") -> BaseResponse:
    """The document about the IRI *text*, in the *default* format where any will do.

    Raises:
        UnknownThing, Retired, BadParameter, NotAcceptable: see :func:`tell`.
        EngineError: as :meth:`stancegraph.engine.Answer.__next__` does.
    """
    site, vocabulary = current_site(), current_vocabulary()
    target = find(site, vocabulary, text)
    asked = read_arguments(request.query_string).get("format")
    ending = None if citing.is_asked() else target.ending
    form = choose_document(request.accept_mimetypes, ending or asked, default)
    if form == HTML and target.ending and (address := links.address(site, target.iri.value)):
        asked = request.query_string.decode("latin-1")
        citing.say_where(f"{address}?{asked}" if asked else address)
    if form == HTML and target.kind is Kind.THING:
        return _thing(site, vocabulary, target)
    if form == HTML:
        page = _page(site, vocabulary, target)
        response = Response(page, content_type=content_type(DOCUMENTS[HTML]))
    elif vocabulary.graphs.get(target.iri.value, 0) > MAX_HELD:
        graph = f"GRAPH {term_text(target.iri)} {{ ?subject ?property ?value }}"
        query = f"CONSTRUCT {{ ?subject ?property ?value }} WHERE {{ {graph} }}"
        response = respond(query, short_name=form)
    else:
        facts = _facts(site, target)
        about = None if target.kind in {Kind.ONTOLOGY, Kind.SHAPES, Kind.GRAPH} else target.iri
        body = write(facts, form, current_context(), about)
        response = Response(body, content_type=content_type(DOCUMENTS[form]))
    say_where(response, site, target.iri.value, form)
    return response


def _thing(site: Site, vocabulary: Vocabulary, target: Target) -> BaseResponse:
    """The page of a thing; the way to another day's where Accept-Datetime asks for one.

    Raises:
        BadParameter: the day in ``asOf`` is none.
        EngineError: there is no answer; a section without one says so itself.
    """
    day, today = asked_day(), site.catalog.names.today
    places = places_of(site, vocabulary, target.iri, target.classes, day)
    dated = any(place.dated for place in places)
    if dated and (elsewhere := to_the_day(today)) is not None:
        return elsewhere
    alternates = _alternates(site, target)
    page = thing_page(site, vocabulary, target, alternates, places=places, day=day)
    response = Response(page, content_type=content_type(DOCUMENTS[HTML]))
    say_where(response, site, target.iri.value, HTML)
    if dated:
        tell_the_day(response, day, today)
    return response


def say_where(response: Response, site: Site, iri: str, form: str) -> None:
    """Let *response*, the document about *iri* in the format *form*, link to all the others."""
    response.headers["Content-Location"] = _in_header(address_as(site, iri, form))
    response.headers["Link"] = ", ".join(_links(site, iri, form))


def current_context() -> Context:
    """The JSON-LD context of the site, made when it is first needed."""
    extensions = current_app.extensions
    if "stancegraph.context" not in extensions:
        extensions["stancegraph.context"] = Context(current_vocabulary())
    return cast("Context", extensions["stancegraph.context"])


def address_as(site: Site, iri: str, form: str) -> str:
    """Where on this host the document about *iri* is in one format."""
    if not iri.startswith(site.release.base) or "#" in iri:
        return f"{links.describe_address(site, iri)}&format={form}"
    path = iri.removeprefix(site.release.base)
    return f"{site.root}/{path}.{form}" if path else f"{site.root}/?format={form}"


def _facts(site: Site, target: Target) -> Facts:
    """What the document holds."""
    if target.kind is Kind.THING:
        return describe(site.engine, target.iri, deadline=site.query_timeout)
    if target.graphs:
        return read_graphs(site.engine, target.graphs, deadline=site.query_timeout)
    release = target.release
    assert release is not None  # noqa: S101 (a target without graphs is one)
    end = f" {description_iri(release.base)} .\n"
    with release.quads_file.open(encoding="utf-8") as lines:
        kept = "".join(line for line in lines if line.endswith(end))
    return Facts(ox.parse(kept, format=ox.RdfFormat.N_QUADS))


def _page(site: Site, vocabulary: Vocabulary, target: Target) -> str:
    """The document as a page."""
    pages = {
        Kind.ONTOLOGY: ontology_page,
        Kind.SHAPES: shapes_page,
        Kind.GRAPH: graph_page,
        Kind.RELEASE: release_page,
    }
    return pages[target.kind](site, vocabulary, target, _alternates(site, target))


def _alternates(site: Site, target: Target) -> list[tuple[str, str, str]]:
    """The other formats of the document: their names, media types and addresses."""
    return [
        (name, media_type, address_as(site, target.iri.value, name))
        for name, media_type in DOCUMENTS.items()
        if name != HTML
    ]


def _links(site: Site, iri: str, form: str) -> list[str]:
    """The links from the document about *iri* in the format *form*: a header for programs."""
    found = [
        f'<{_in_header(address_as(site, iri, name))}>; rel="alternate"; type="{media_type}"'
        for name, media_type in DOCUMENTS.items()
        if name != form
    ]
    described = _in_header(address_as(site, iri, "ttl"))
    return [
        f'<{_in_header(iri)}>; rel="canonical"',
        f'<{described}>; rel="describedby"; type="{DOCUMENTS["ttl"]}"',
        f'<{_in_header(site.release.licence)}>; rel="license"',
        *found,
    ]


def _in_header(address: str) -> str:
    """An address or IRI in the characters that a header may have."""
    return quote(address, safe=":/?#[]@!$&'()*+,;=%~")
