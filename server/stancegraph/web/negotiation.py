"""Which of the media types that can be had the caller prefers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stancegraph.engine import GRAPHS, OFFERED, SHORT_NAMES, MediaType
from stancegraph.errors import BadParameter, NotAcceptable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from werkzeug.datastructures import MIMEAccept

    from stancegraph.sparql import QueryForm

# General names that callers use for the special types.
ALIASES: dict[str, MediaType] = {
    "application/json": MediaType.JSON,
    "application/xml": MediaType.XML,
    "text/xml": MediaType.XML,
}

# What ``format=`` may say: our short names, those of common clients, and media types.
FORMATS: dict[str, MediaType] = {
    **{media_type.value: media_type for media_type in MediaType},
    **ALIASES,
    "json-ld": MediaType.JSON_LD,
    "n3": MediaType.TURTLE,
    "ntriples": MediaType.N_TRIPLES,
    "rdf+xml": MediaType.RDF_XML,
    "rdfxml": MediaType.RDF_XML,
    "turtle": MediaType.TURTLE,
    **SHORT_NAMES,
}
# Names that say no more than the syntax mean another type where the result is a graph.
FORMATS_OF_GRAPHS: dict[str, MediaType] = {
    **FORMATS,
    "application/json": MediaType.JSON_LD,
    "application/xml": MediaType.RDF_XML,
    "json": MediaType.JSON_LD,
    "text/xml": MediaType.RDF_XML,
    "xml": MediaType.RDF_XML,
}


def choose(
    form: QueryForm, accept: MIMEAccept, short_name: str | None = None
) -> tuple[MediaType, str]:
    """The media type of a result, and the Content-Type to call it by.

    Args:
        form: The form of the query, which bounds what can be had.
        accept: The Accept header; one that says nothing accepts anything.
        short_name: A ``format`` parameter, which overrides the header.

    Raises:
        BadParameter: no format has this short name.
        NotAcceptable: what is asked for cannot hold the result of such a query.
    """
    offered = OFFERED[form]
    if short_name is not None:
        formats = FORMATS_OF_GRAPHS if offered == GRAPHS else FORMATS
        if short_name not in formats:
            raise BadParameter("format", f"is one of {', '.join(SHORT_NAMES)}")
        if formats[short_name] not in offered:
            raise NotAcceptable(offered)
        return _named(formats[short_name])
    aliases = [alias for alias, media_type in ALIASES.items() if media_type in offered]
    best = preferred(accept, [*offered, *aliases])
    if best is None:
        raise NotAcceptable(offered)
    if best in ALIASES:
        return ALIASES[best], best
    return _named(MediaType(best))


def preferred(accept: MIMEAccept, offered: Sequence[str]) -> str | None:
    """The best of *offered*, whose first is the default; None where none is accepted."""
    if not accept:
        return offered[0]
    return accept.best_match(offered)


def _named(media_type: MediaType) -> tuple[MediaType, str]:
    text = media_type.startswith("text/")
    return media_type, f"{media_type}; charset=utf-8" if text else str(media_type)
