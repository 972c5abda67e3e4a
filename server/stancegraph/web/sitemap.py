"""The list of pages that search engines may read, as sitemaps.org has it."""

from __future__ import annotations

from urllib.parse import quote
from xml.sax.saxutils import escape

from flask import Blueprint, Response, request

from stancegraph.errors import UnknownList
from stancegraph.web.site import current_site

bp = Blueprint("sitemap", __name__)

MAX_PAGES = 50_000  # that one file may list
_SPACE = "http://www.sitemaps.org/schemas/sitemap/0.9"


@bp.get("/robots.txt")
def robots() -> Response:
    """What robots may read: pages, and not each answer that can be asked for. 200."""
    closed = ("/sparql", "/describe", "/reconcile", "/release/*/")
    lines = ("User-agent: *", *(f"Disallow: {path}" for path in closed))
    text = "\n".join((*lines, f"Sitemap: {request.url_root}sitemap.xml", ""))
    return Response(text, content_type="text/plain; charset=utf-8")


@bp.get("/sitemap.xml")
def sitemap() -> Response:
    """The pages of all things with a name, or, if they are many, the files that list them. 200."""
    pages = _pages()
    if len(pages) <= MAX_PAGES:
        return _xml("urlset", "url", pages)
    count = -(-len(pages) // MAX_PAGES)
    return _xml("sitemapindex", "sitemap", [f"sitemap-{n}.xml" for n in range(1, count + 1)])


@bp.get("/sitemap-<int:number>.xml")
def part(number: int) -> Response:
    """One of the files that list the pages. 200; 404 beyond the last."""
    pages = _pages()[(number - 1) * MAX_PAGES : number * MAX_PAGES] if number else []
    if not pages:
        raise UnknownList(f"sitemap-{number}.xml", ["sitemap.xml"])
    return _xml("urlset", "url", pages)


def _pages() -> list[str]:
    """The paths of all pages that are to be found: what the site offers, then its things."""
    site = current_site()
    queries = [f"queries/{query.name}" for query in site.catalog]
    names = site.catalog.names
    things = [f"id/{key}" for key in sorted(names.by_key) if key not in names.elsewhere]
    return [
        "",
        "queries/",
        *queries,
        "downloads",
        "changes",
        "quality",
        "codebook",
        "ontology",
        *things,
    ]


def _xml(root: str, item: str, paths: list[str]) -> Response:
    day = current_site().release.date.isoformat()
    dated = f"<lastmod>{day}</lastmod>"
    found = [escape(request.url_root + quote(path)) for path in paths]
    rows = "".join(f"<{item}><loc>{place}</loc>{dated}</{item}>\n" for place in found)
    text = f'<?xml version="1.0" encoding="UTF-8"?>\n<{root} xmlns="{_SPACE}">\n{rows}</{root}>\n'
    return Response(text, content_type="application/xml")
