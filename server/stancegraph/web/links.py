"""Where an IRI leads to on this host, and what it is called."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from stancegraph.terms import short

if TYPE_CHECKING:
    from stancegraph.web.site import Site


def address(site: Site, iri: str) -> str | None:
    """Where a reader follows *iri*: on this host, if it is the graph's own; else where it says.

    What the graph shares with another, and what only data tells of a release, is described on
    this host too. None for what no browser follows, such as ``urn:``.
    """
    base = site.release.base
    if iri.startswith(f"{base}release/") and "#" in iri:
        return describe_address(site, iri)
    if iri.startswith(base):
        return f"{site.root}/{iri.removeprefix(base)}"
    if iri.startswith(tuple(set(site.catalog.names.elsewhere.values()))):
        document, mark, fragment = iri.partition("#")
        return f"{describe_address(site, document)}{mark}{fragment}"
    return iri if iri.startswith(("http://", "https://")) else None


def describe_address(site: Site, iri: str) -> str:
    """Where *site* describes *iri*, whoever's it is."""
    return f"{site.root}/describe?iri={quote(iri, safe=':/')}"


def label(site: Site, iri: str) -> str:
    """The best name of the thing *iri*; empty where it has none."""
    names = site.catalog.names
    key = names.key(iri)
    return names.by_key[key][0] if key is not None and key in names.by_key else ""


def shown(site: Site, iri: str) -> str:
    """*iri* as people read it: ``state/CAN``, ``sg:actor``, else whole."""
    return site.catalog.names.key(iri) or short(iri).strip("<>")
