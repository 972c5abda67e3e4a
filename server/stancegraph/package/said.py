"""What the metadata of a package say of it: of which release they are, and of which files."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import pyoxigraph as ox
import yaml

from stancegraph.about import spdx_of
from stancegraph.package import metadata
from stancegraph.terms import DCAT, DCTERMS, RDF, SPDX, VOID

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Listed:
    """A file of which something is said.

    Attributes:
        path: From the root of the payload.
        size: In bytes; None where that is not said.
        sha256: In hexadecimal; empty where that is not said.
    """

    path: str
    size: int | None
    sha256: str


@dataclass(frozen=True, slots=True)
class Said:
    """What a file of metadata says.

    Attributes:
        facts: Of the release, as texts: ``version``, ``day``, ``licence``, ``address``,
            ``digest``; those that its standard has a place for, empty where it says none.
        files: Those that it lists.
    """

    facts: Mapping[str, str]
    files: tuple[Listed, ...] = ()


def _citation(path: Path) -> Said:
    said = _mapping(yaml.safe_load(path.read_text("utf-8")))
    digests = [
        each["value"].removeprefix("sha256:")
        for each in said.get("identifiers", ())
        if str(each.get("value", "")).startswith("sha256:")
    ]
    return Said(
        {
            "version": _text(said.get("version")),
            "day": _text(said.get("date-released")),
            "licence": _text(said.get("license") or said.get("license-url")),
            "address": _text(said.get("url")),
            "digest": next(iter(digests), ""),
        }
    )


def _zenodo(path: Path) -> Said:
    said = _json(path)
    facts = {"version": _text(said.get("version")), "day": _text(said.get("publication_date"))}
    if "license" in said:
        facts["licence"] = _text(said["license"])
    return Said(facts)


def _data_package(path: Path) -> Said:
    said = _json(path)
    licences = said.get("licenses") or [{}]
    return Said(
        {
            "version": _text(said.get("version")),
            "day": _text(said.get("created")).partition("T")[0],
            "licence": _text(licences[0].get("path")),
            "address": _text(said.get("id")),
        },
        tuple(
            Listed(each["path"], each.get("bytes"), _text(each.get("hash")).rpartition(":")[2])
            for each in said.get("resources", ())
        ),
    )


def _crate(path: Path) -> Said:
    entities = {each["@id"]: each for each in _json(path).get("@graph", ())}
    root = entities.get("./", {})
    files = [each for each in entities.values() if each.get("@type") == "File"]
    return Said(
        {
            "version": _text(root.get("version")),
            "day": _text(root.get("datePublished")),
            "licence": _text(root.get("license", {}).get("@id")),
            "address": _text(root.get("identifier")),
        },
        tuple(
            Listed(unquote(each["@id"]), int(each["contentSize"]), _text(each.get("sha256")))
            for each in files
        ),
    )


def _croissant(path: Path) -> Said:
    said = _json(path)
    return Said(
        {
            "version": _text(said.get("version")),
            "day": _text(said.get("datePublished")),
            "licence": _text(said.get("license")),
            "address": _text(said.get("url")),
        },
        tuple(
            Listed(
                each["contentUrl"], int(each["contentSize"].split()[0]), _text(each.get("sha256"))
            )
            for each in said.get("distribution", ())
        ),
    )


def _catalogue(path: Path) -> Said:
    here = "https://files.invalid/"
    stated = ox.Dataset(ox.parse(path=path, format=ox.RdfFormat.TURTLE, base_iri=here))
    release = _subject(stated, DCAT.Dataset)
    files = []
    for made in _values(stated, release, DCAT.distribution):
        place = _one(stated, made, DCAT.downloadURL).removeprefix(here)
        checksum = next(iter(_values(stated, made, SPDX.checksum)), None)
        size = _one(stated, made, DCAT.byteSize)
        summed = "" if checksum is None else _one(stated, checksum, SPDX.checksumValue)
        files.append(Listed(unquote(place), int(size) if size else None, summed))
    return Said(
        {
            "version": _one(stated, release, DCAT.version),
            "day": _one(stated, release, DCTERMS.issued),
            "licence": _one(stated, release, DCTERMS.license),
            "address": "" if release is None else release.value,
        },
        tuple(files),
    )


def _statistics(path: Path) -> Said:
    stated = ox.Dataset(ox.parse(path=path, format=ox.RdfFormat.TURTLE))
    release = _subject(stated, VOID.Dataset)
    return Said(
        {
            "version": _one(stated, release, DCAT.version),
            "day": _one(stated, release, DCTERMS.issued),
            "licence": _one(stated, release, DCTERMS.license),
            "address": "" if release is None else release.value,
            "digest": next(
                (_text(quad.object) for quad in stated.quads_for_predicate(SPDX.checksumValue)), ""
            ),
        }
    )


READERS: Mapping[str, Callable[[Path], Said]] = {
    metadata.CITATION: _citation,
    metadata.ZENODO: _zenodo,
    metadata.DATA_PACKAGE: _data_package,
    metadata.CRATE: _crate,
    metadata.CROISSANT: _croissant,
    metadata.CATALOGUE: _catalogue,
    metadata.STATISTICS: _statistics,
}
# What a file that cannot be read raises, or one that says something else than it should.
UNREADABLE = (OSError, ValueError, SyntaxError, LookupError, TypeError, AttributeError,
              yaml.YAMLError)  # fmt: skip


def licence_name(text: str) -> str:
    """One name for a licence, which some files give by its address and some by its name."""
    return (spdx_of(text) or text).lower()


def _json(path: Path) -> dict[str, Any]:
    return _mapping(json.loads(path.read_text("utf-8")))


def _mapping(said: object) -> dict[str, Any]:
    if not isinstance(said, dict):
        raise TypeError("it holds no names with values")
    return said


def _text(value: object) -> str:
    if isinstance(value, ox.NamedNode | ox.Literal):
        return value.value
    return "" if value is None else str(value)


def _subject(stated: ox.Dataset, kind: ox.NamedNode) -> ox.NamedNode | None:
    """The first thing of a class that has an IRI."""
    found = [
        quad.subject
        for quad in stated.quads_for_object(kind)
        if quad.predicate == RDF.type and isinstance(quad.subject, ox.NamedNode)
    ]
    return min(found, key=str, default=None)


def _values(
    stated: ox.Dataset, subject: ox.NamedNode | None, predicate: ox.NamedNode
) -> list[ox.NamedNode]:
    if subject is None:
        return []
    found = [quad for quad in stated.quads_for_subject(subject) if quad.predicate == predicate]
    return sorted((q.object for q in found if isinstance(q.object, ox.NamedNode)), key=str)


def _one(stated: ox.Dataset, subject: ox.NamedNode | None, predicate: ox.NamedNode) -> str:
    if subject is None:
        return ""
    found = [quad for quad in stated.quads_for_subject(subject) if quad.predicate == predicate]
    return min((_text(quad.object) for quad in found), default="")
