"""Atom feeds (RFC 4287), written."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from flask import Response, request

from stancegraph.about import About

if TYPE_CHECKING:
    import datetime
    from collections.abc import Iterable, Sequence

    from stancegraph.build.release import Release

MEDIA_TYPE = "application/atom+xml"
_SPACE = "http://www.w3.org/2005/Atom"


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry of a feed.

    Attributes:
        id: An IRI that is the same each time.
        updated: The day of the release that it tells of.
        link: The address of a page about it.
        content: HTML.
    """

    id: str
    title: str
    updated: datetime.date
    link: str
    content: str
    categories: tuple[str, ...] = ()


def paragraph(text: str) -> str:
    """*text* as HTML."""
    return f"<p>{escape(text)}</p>"


def listed(text: str, lines: Sequence[str]) -> str:
    """*text* and below it a list of *lines*, as HTML."""
    items = "".join(f"<li>{escape(line)}</li>" for line in lines)
    return paragraph(text) + (f"<ul>{items}</ul>" if items else "")


def respond(
    *,
    iri: str,
    title: str,
    page: str,
    entries: Iterable[Entry],
    release: Release,
) -> Response:
    """A feed.

    Args:
        iri: One that is the same each time.
        page: The address of the page that shows the same.
        release: The latest of which it tells.
    """
    ET.register_namespace("", _SPACE)
    feed = ET.Element(f"{{{_SPACE}}}feed")
    _add(feed, "id", iri)
    _add(feed, "title", title)
    _add(feed, "updated", _moment(release.date))
    author = _add(feed, "author")
    _add(author, "name", About.of(release).publisher_name)
    _add(feed, "link", rel="self", type=MEDIA_TYPE, href=request.url)
    _add(feed, "link", rel="alternate", type="text/html", href=page)
    _add(feed, "rights", release.licence)
    for each in entries:
        entry = _add(feed, "entry")
        _add(entry, "id", each.id)
        _add(entry, "title", each.title)
        _add(entry, "updated", _moment(each.updated))
        _add(entry, "link", rel="alternate", type="text/html", href=each.link)
        for category in each.categories:
            _add(entry, "category", term=category)
        _add(entry, "content", each.content, type="html")
    text = ET.tostring(feed, encoding="utf-8", xml_declaration=True)
    return Response(text + b"\n", content_type=f"{MEDIA_TYPE}; charset=utf-8")


def _add(parent: ET.Element, name: str, text: str = "", **attributes: str) -> ET.Element:
    child = ET.SubElement(parent, f"{{{_SPACE}}}{name}", attributes)
    child.text = _legal(text) or None
    return child


def _legal(text: str) -> str:
    """*text* without what XML 1.0 cannot hold."""
    return "".join(c for c in text if c in "\t\n\r" or (c >= " " and c not in "\ufffe\uffff"))


def _moment(day: datetime.date) -> str:
    return f"{day.isoformat()}T00:00:00Z"
