"""Which of the media types that can be had the caller prefers."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from werkzeug.datastructures import MIMEAccept

from stancegraph.engine import GRAPHS, OFFERED, SHORT_NAMES, MediaType
from stancegraph.errors import BadParameter, NotAcceptable

if TYPE_CHECKING:
    from stancegraph.sparql import QueryForm

# General names that callers use for the special types.
ALIASES: dict[str, MediaType] = {
    "application/json": MediaType.JSON,
    "application/xml": MediaType.XML,
    "text/xml": MediaType.XML,
}

ALIASES_OF_GRAPHS: dict[str, MediaType] = {"application/json": MediaType.JSON_LD}

# What ``format=`` may say: our short names, those of common clients, and media types.
FORMATS: dict[str, MediaType] = {
    **{media_type.value: media_type for media_type in MediaType},
    **ALIASES,
    "json-ld": MediaType.JSON_LD,
    "n-quads": MediaType.N_QUADS,
    "n-triples": MediaType.N_TRIPLES,
    "n3": MediaType.TURTLE,
    "nquads": MediaType.N_QUADS,
    "ntriples": MediaType.N_TRIPLES,
    "rdf+xml": MediaType.RDF_XML,
    "rdf/xml": MediaType.RDF_XML,
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

# What a document about a thing can be: the formats of graphs, and a page. The short names are
# the endings of addresses.
HTML = "html"
DOCUMENTS: dict[str, str] = {
    **{name: str(form) for name, form in SHORT_NAMES.items() if form in GRAPHS},
    HTML: "text/html",
}
# What the address of a document may end in.
ENDINGS: dict[str, str] = {**{name: name for name in DOCUMENTS}, "json": "jsonld"}
QUADS = frozenset({MediaType.TRIG, MediaType.N_QUADS})
WORTH_OF_QUADS = 0.85
MAX_RANGES = 100  # media ranges of an Accept that are looked at, of which browsers send ten
_DOCUMENT_ALIASES: dict[str, str] = {
    "application/json": "jsonld",
    "application/xhtml+xml": HTML,
    "application/xml": "rdf",
    "text/n3": "ttl",
    "text/plain": "nt",
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
    aliases = ALIASES_OF_GRAPHS if offered == GRAPHS else ALIASES
    best = preferred(accept, (*offered, *aliases))
    if best is None:
        raise NotAcceptable(offered)
    if best in aliases:
        return aliases[best], best
    return _named(MediaType(best))


def choose_document(accept: MIMEAccept, short_name: str | None, default: str) -> str:
    """The short name of the format of a document.

    Args:
        accept: The Accept header; one that says nothing, or anything, gets the *default*.
        short_name: The ending of the address, or its ``format``, which overrides the header.

    Raises:
        BadParameter: no format has this short name.
        NotAcceptable: a document cannot be had in any of the formats asked for.
    """
    if short_name is not None:
        if short_name in DOCUMENTS:
            return short_name
        if short_name in FORMATS and FORMATS[short_name] in GRAPHS:
            return next(n for n, known in DOCUMENTS.items() if known == FORMATS[short_name])
        raise BadParameter("format", f"is one of {', '.join(DOCUMENTS)}")
    names = {media_type: name for name, media_type in DOCUMENTS.items()}
    offered = sorted(names, key=lambda media_type: names[media_type] != default)
    best = preferred(_for_documents(accept), (*offered, *_DOCUMENT_ALIASES))
    if best is None:
        raise NotAcceptable(tuple(names))
    return names.get(best) or _DOCUMENT_ALIASES[best]


def _for_documents(accept: MIMEAccept) -> MIMEAccept:
    """*accept*, with formats that name graphs weighed down.

    Clients such as Comunica ask for N-Quads a little rather than for all else, and then look
    for what is known of a thing in the default graph, which is empty there.
    """
    return MIMEAccept(
        (media_type, quality * (WORTH_OF_QUADS if media_type in QUADS else 1))
        for media_type, quality in accept
    )


def is_document(short_name: str) -> bool:
    """Whether a document can be had in the format of this short name."""
    return short_name in DOCUMENTS or FORMATS.get(short_name) in GRAPHS


def content_type(media_type: str) -> str:
    """What to call *media_type* in a header: text says its encoding."""
    return f"{media_type}; charset=utf-8" if media_type.startswith("text/") else media_type


def preferred(accept: MIMEAccept, offered: tuple[str, ...]) -> str | None:
    """The best of *offered*, whose first is the default; None where none is accepted.

    Of a header with more than `MAX_RANGES` only the most specific of them count: each is held
    against all that is offered, which thousands would make slow.
    """
    if not accept:
        return offered[0]
    return _best(MIMEAccept(accept[:MAX_RANGES]) if len(accept) > MAX_RANGES else accept, offered)


@lru_cache(512)  # clients send few headers Accept, and again and again
def _best(accept: MIMEAccept, offered: tuple[str, ...]) -> str | None:
    return accept.best_match(offered)


def _named(media_type: MediaType) -> tuple[MediaType, str]:
    return media_type, content_type(media_type)
