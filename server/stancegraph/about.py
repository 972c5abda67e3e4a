"""What all that tells of a release says alike: what it is, whose, of when, and on what terms."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import pyoxigraph as ox

from stancegraph.terms import DCAT, DCTERMS, FOAF, RDFS, SCHEMA, VOID

if TYPE_CHECKING:
    from pathlib import Path

    from stancegraph.build.release import Release

# The licences that graphs of data have, by the beginnings of their addresses.
_CREATIVE_COMMONS = re.compile(
    r"https?://creativecommons\.org/licenses/(?P<kind>[a-z-]+)/(?P<version>\d\.\d)/?"
)
_DEDICATIONS = {
    "://creativecommons.org/publicdomain/zero/1.0": "CC0-1.0",
    "://opendatacommons.org/licenses/by/1": "ODC-By-1.0",
    "://opendatacommons.org/licenses/odbl/1": "ODbL-1.0",
    "://opendatacommons.org/licenses/pddl/1": "PDDL-1.0",
}


@dataclass(frozen=True, slots=True)
class About:
    """What a release says of its graph, in its dataset.ttl.

    Attributes:
        description: What the graph holds; empty where it does not say.
        name: What the graph is called, in the letters that identifiers have: ``stancegraph``.
        licence: IRI of the licence of the data.
        spdx: What SPDX calls it; empty where that is not known.
        publisher: IRI of whoever publishes the graph; empty where it says none.
        publisher_name: What that is called; the title of the graph where it names none.
    """

    release: Release
    name: str
    title: str
    description: str
    licence: str
    spdx: str
    languages: tuple[str, ...]
    keywords: tuple[str, ...]
    publisher: str
    publisher_name: str

    @property
    def abstract(self) -> str:
        """What the graph holds, or else what it is called."""
        return self.description or self.title

    @property
    def version(self) -> str:
        """The version of everything in the package: the id of the release."""
        return self.release.id

    @property
    def day(self) -> str:
        """The day of everything in the package: that of the release."""
        return self.release.date.isoformat()

    @classmethod
    def of(cls, release: Release) -> About:
        """What *release* says of its graph, in its ``dataset.ttl``."""
        stated = _stated(release.path / "dataset.ttl", release.checksum)

        def values(subject: str, predicate: ox.NamedNode) -> tuple[str, ...]:
            found = stated.quads_for_subject(ox.NamedNode(subject))
            said = [quad.object for quad in found if quad.predicate == predicate]
            return tuple(sorted(o.value for o in said if isinstance(o, ox.NamedNode | ox.Literal)))

        datasets = [
            quad.subject.value
            for quad in stated.quads_for_predicate(VOID.uriSpace)
            if isinstance(quad.subject, ox.NamedNode)
        ]
        dataset = datasets[0] if datasets else release.base
        publisher = next(iter(values(dataset, DCTERMS.publisher)), "")
        named = [
            name
            for predicate in (FOAF.name, SCHEMA.name, RDFS.label)
            for name in (values(publisher, predicate) if publisher else ())
        ]
        return cls(
            release=release,
            name=re.sub(r"[^a-z0-9]+", "-", release.title.lower()).strip("-") or "graph",
            title=release.title,
            description=next(iter(values(dataset, DCTERMS.description)), ""),
            licence=release.licence,
            spdx=spdx_of(release.licence),
            languages=values(dataset, DCTERMS.language),
            keywords=values(dataset, DCAT.keyword),
            publisher=publisher,
            publisher_name=named[0] if named else publisher or release.title,
        )


@lru_cache(16)
def _stated(path: Path, _checksum: str) -> ox.Dataset:
    """What stands in a dataset.ttl; nothing where there is none, as in a release just removed."""
    try:
        return ox.Dataset(ox.parse(path=path, format=ox.RdfFormat.TURTLE))
    except FileNotFoundError:
        return ox.Dataset()


def spdx_of(licence: str) -> str:
    """What SPDX calls the licence at the address *licence*; empty where that is not known."""
    if found := _CREATIVE_COMMONS.match(licence):
        return f"CC-{found['kind'].upper()}-{found['version']}"
    return next((name for start, name in _DEDICATIONS.items() if start in licence), "")
