"""What archives, search engines and programs read of a package, each in its own standard.

All say the same: the version is the id of the release everywhere, the day is its day, and
sizes and checksums are those of the files.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pyoxigraph as ox
import yaml

from stancegraph.build.release import description_iri
from stancegraph.citation import Citation
from stancegraph.engine.prefixes import OWN, used_prefixes
from stancegraph.export.book_files import resource
from stancegraph.package.content import MIRROR, ending
from stancegraph.terms import DCAT, DCTERMS, RDF, SPDX, XSD

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from stancegraph.about import About
    from stancegraph.export.book import TableEntry
    from stancegraph.export.declared import Kind
    from stancegraph.package.content import File

CITATION = "CITATION.cff"
ZENODO = ".zenodo.json"
DATA_PACKAGE = "datapackage.json"
CRATE = "ro-crate-metadata.json"
CROISSANT = "croissant.json"
CATALOGUE = "catalog.ttl"
STATISTICS = "void.ttl"
CRATE_VERSION = "https://w3id.org/ro/crate/1.2"
CROISSANT_VERSION = "http://mlcommons.org/croissant/1.1"
TABLES = "tables"
_MEDIA = "https://www.iana.org/assignments/media-types/"
_CROISSANT_TYPES: Mapping[Kind, str] = {
    "thing": "sc:URL", "code": "sc:Text", "text": "sc:Text", "integer": "sc:Integer",
    "number": "sc:Float", "day": "sc:Date", "truth": "sc:Boolean",
}  # fmt: skip


def citation(about: About) -> str:
    """How to cite the package: Citation File Format 1.2.0."""
    licence = {"license": about.spdx} if about.spdx else {"license-url": about.licence}
    told = {
        "cff-version": "1.2.0",
        "message": "This cites the data of one release, whose identifier, a date and a digest, is "
        "the version here; the program has another. Cite the sources that its claims name, too.",
        "type": "dataset",
        "title": f"{about.title}, release {about.version}",
        "abstract": about.abstract,
        "version": about.version,
        "date-released": about.day,
        **licence,
        "url": about.release.iri,
        "authors": [{"name": about.publisher_name}],
        "identifiers": [
            {"type": "url", "value": about.release.iri, "description": "This release"},
            {"type": "url", "value": about.release.base, "description": "All releases"},
            {
                "type": "other",
                "value": f"sha256:{about.release.digest}",
                "description": "SHA-256 of the canonical N-Quads (RDFC-1.0) of its graphs",
            },
        ],
        **({"keywords": list(about.keywords)} if about.keywords else {}),
    }
    text: str = yaml.safe_dump(told, allow_unicode=True, sort_keys=False, width=100)
    return text


def zenodo(about: About) -> str:
    """What Zenodo reads of a deposit."""
    return _as_json(
        {
            "title": f"{about.title}, release {about.version}",
            "description": f"<p>{_escaped(about.abstract)}</p>",
            "upload_type": "dataset",
            "access_right": "open",
            "version": about.version,
            "publication_date": about.day,
            **({"license": about.spdx.lower()} if about.spdx else {}),
            "creators": [{"name": about.publisher_name}],
            **({"keywords": list(about.keywords)} if about.keywords else {}),
            "related_identifiers": [
                {
                    "identifier": about.release.iri,
                    "relation": "isAlternateIdentifier",
                    "resource_type": "dataset",
                },
                {
                    "identifier": about.release.base,
                    "relation": "isVersionOf",
                    "resource_type": "dataset",
                },
            ],
            "notes": f"The licence of the data is {about.licence}; quotations belong to their "
            f"authors. SHA-256 of the canonical N-Quads: {about.release.digest}.",
        }
    )


def data_package(about: About, files: Sequence[File], tables: Sequence[TableEntry]) -> str:
    """The Data Package of *files*; those that are CSV of *tables* with their Table Schema."""
    by_path = {f"{TABLES}/{table.name}.csv": table for table in tables}
    licence = {"name": about.spdx} if about.spdx else {}
    return _as_json(
        {
            "profile": "data-package",
            "name": about.name,
            "id": about.release.iri,
            "title": f"{about.title}, release {about.version}",
            "description": about.abstract,
            "version": about.version,
            "created": f"{about.day}T00:00:00Z",
            "homepage": about.release.base,
            "licenses": [{**licence, "path": about.licence}],
            "contributors": [{"title": about.publisher_name, "role": "publisher"}],
            **({"keywords": list(about.keywords)} if about.keywords else {}),
            "resources": [_resource(file, by_path.get(file.path)) for file in files],
        }
    )


def _resource(file: File, table: TableEntry | None) -> dict[str, Any]:
    known = {"bytes": file.size, "hash": f"sha256:{file.sha256}"}
    if table is not None:
        return {**resource(table, file.path), **known, "rows": table.rows}
    name = "".join(c if c.isalnum() or c == "." else "-" for c in file.path.lower()).strip("-.")
    return {
        "name": name,
        "type": "file",
        "path": file.path,
        "title": file.title,
        "format": ending(file.path),
        "mediatype": file.media_type,
        **known,
    }


def crate(about: About, files: Sequence[File], *, program: str, mirrored: bool) -> str:
    """The RO-Crate 1.2 of *files*, and of the mirror, if there is one.

    Args:
        program: The version of what made the package.
    """
    publisher = about.publisher or "#publisher"
    parts = [*(file.path for file in files), *([f"{MIRROR}/"] if mirrored else [])]
    maker = "https://w3id.org/stancegraph/#program"
    graph: list[dict[str, Any]] = [
        {
            "@id": CRATE,
            "@type": "CreativeWork",
            "about": {"@id": "./"},
            "conformsTo": {"@id": CRATE_VERSION},
        },
        {
            "@id": "./",
            "@type": "Dataset",
            "identifier": about.release.iri,
            "name": f"{about.title}, release {about.version}",
            "description": about.abstract,
            "version": about.version,
            "datePublished": about.day,
            "license": {"@id": about.licence},
            "publisher": {"@id": publisher},
            "author": {"@id": publisher},
            "url": about.release.iri,
            **({"inLanguage": list(about.languages)} if about.languages else {}),
            **({"keywords": ", ".join(about.keywords)} if about.keywords else {}),
            "mainEntity": {"@id": "rdf/graph.nq"},
            "hasPart": [{"@id": _address(path)} for path in parts],
            "mentions": {"@id": "#made"},
        },
        {
            "@id": publisher,
            "@type": "Organization",
            "name": about.publisher_name,
            "url": about.release.base,
        },
        {
            "@id": about.licence,
            "@type": "CreativeWork",
            "name": about.spdx or about.licence,
            "description": "The licence of the data; quotations belong to their authors.",
            **({"identifier": f"https://spdx.org/licenses/{about.spdx}"} if about.spdx else {}),
        },
        {
            "@id": "#made",
            "@type": "CreateAction",
            "name": "Publication of the release",
            "description": "All files follow from rdf/graph.nq and graph/queries.",
            "endTime": about.day,
            "agent": {"@id": publisher},
            "instrument": {"@id": maker},
            "object": {"@id": "rdf/graph.nq"},
            "result": {"@id": "./"},
        },
        {
            "@id": maker,
            "@type": "SoftwareApplication",
            "name": "stancegraph",
            "version": program,
            "url": "https://w3id.org/stancegraph/",
        },
        *(
            {
                "@id": _address(file.path),
                "@type": "File",
                "name": file.title,
                "encodingFormat": file.media_type,
                "contentSize": str(file.size),
                "sha256": file.sha256,
            }
            for file in files
        ),
    ]
    if mirrored:
        graph.append(
            {
                "@id": f"{MIRROR}/",
                "@type": "Dataset",
                "name": "The pages of the release, to be read without a server",
                "description": f"Open {MIRROR}/index.html in a browser.",
            }
        )
    return _as_json({"@context": f"{CRATE_VERSION}/context", "@graph": graph})


def croissant(about: About, files: Sequence[File], tables: Sequence[TableEntry]) -> str:
    """The Croissant 1.1 of *tables*, of which the Parquet files are the typed ones."""
    by_path = {file.path: file for file in files}
    pairs = [
        (table, by_path[path])
        for table in tables
        if (path := f"{TABLES}/{table.name}.parquet") in by_path
    ]
    return _as_json(
        {
            "@context": _CROISSANT_CONTEXT,
            "@type": "sc:Dataset",
            "name": about.name,
            "description": about.abstract,
            "conformsTo": CROISSANT_VERSION,
            "url": about.release.iri,
            "license": about.licence,
            "version": about.version,
            "datePublished": about.day,
            "citeAs": Citation(about.release, "", about.release.iri).as_text(),
            "creator": {"@type": "sc:Organization", "name": about.publisher_name},
            **({"inLanguage": list(about.languages)} if about.languages else {}),
            **({"keywords": list(about.keywords)} if about.keywords else {}),
            "isLiveDataset": False,
            "distribution": [
                {
                    "@type": "cr:FileObject",
                    "@id": f"{table.name}.parquet",
                    "name": f"{table.name}.parquet",
                    "description": file.title,
                    "contentUrl": file.path,
                    "contentSize": f"{file.size} B",
                    "encodingFormat": "application/x-parquet",
                    "sha256": file.sha256,
                }
                for table, file in pairs
            ],
            "recordSet": [_record_set(table) for table, _ in pairs],
        }
    )


def _record_set(table: TableEntry) -> dict[str, Any]:
    keys = [column.name for column in table.columns if column.is_key]
    return {
        "@type": "cr:RecordSet",
        "@id": table.name,
        "name": table.name,
        "description": " ".join(f"{table.title}. {table.note}".split()),
        **({"key": [{"@id": f"{table.name}/{name}"} for name in keys]} if keys else {}),
        "field": [
            {
                "@type": "cr:Field",
                "@id": f"{table.name}/{column.name}",
                "name": column.name,
                "description": column.note or column.label,
                "dataType": _CROISSANT_TYPES[column.kind],
                "source": {
                    "fileObject": {"@id": f"{table.name}.parquet"},
                    "extract": {"column": column.name},
                },
            }
            for column in table.columns
        ],
    }


def catalogue(about: About, files: Sequence[File]) -> bytes:
    """The release and its files in DCAT 3, as Turtle; addresses of files are relative to it."""
    release = ox.NamedNode(about.release.iri)
    day = ox.Literal(about.day, datatype=XSD.date)
    triples = [
        ox.Triple(release, RDF.type, DCAT.Dataset),
        ox.Triple(release, DCTERMS.title, ox.Literal(f"{about.title}, release {about.version}")),
        ox.Triple(release, DCTERMS.description, ox.Literal(about.abstract)),
        ox.Triple(release, DCTERMS.identifier, ox.Literal(about.release.iri)),
        ox.Triple(release, DCTERMS.issued, day),
        ox.Triple(release, DCTERMS.license, ox.NamedNode(about.licence)),
        ox.Triple(release, DCAT.version, ox.Literal(about.version)),
        ox.Triple(release, DCAT.isVersionOf, ox.NamedNode(about.release.base)),
        ox.Triple(release, DCAT.landingPage, ox.NamedNode(about.release.base)),
    ]
    if about.publisher:
        triples.append(ox.Triple(release, DCTERMS.publisher, ox.NamedNode(about.publisher)))
    if about.release.previous:
        before = ox.NamedNode(f"{about.release.base}release/{about.release.previous}")
        triples.append(ox.Triple(release, DCAT.previousVersion, before))
    triples += [ox.Triple(release, DCTERMS.language, _language(each)) for each in about.languages]
    triples += [ox.Triple(release, DCAT.keyword, ox.Literal(word)) for word in about.keywords]
    for file in files:
        triples += _distribution(release, file)
    return _turtle(triples).replace(f"<{_HERE}".encode(), b"<")


_HERE = "https://files.invalid/"  # what stands for the folder of the file until it is written


def _distribution(release: ox.NamedNode, file: File) -> list[ox.Triple]:
    place = ox.NamedNode(f"{_HERE}{_address(file.path)}")
    made, checksum = (ox.NamedNode(f"{place.value}#{part}") for part in ("file", "sha256"))
    return [
        ox.Triple(release, DCAT.distribution, made),
        ox.Triple(made, RDF.type, DCAT.Distribution),
        ox.Triple(made, DCTERMS.title, ox.Literal(file.title)),
        ox.Triple(made, DCAT.downloadURL, place),
        ox.Triple(made, DCAT.mediaType, ox.NamedNode(f"{_MEDIA}{file.media_type}")),
        ox.Triple(made, DCAT.byteSize, ox.Literal(str(file.size), datatype=XSD.nonNegativeInteger)),
        ox.Triple(made, SPDX.checksum, checksum),
        ox.Triple(checksum, RDF.type, SPDX.Checksum),
        ox.Triple(checksum, SPDX.algorithm, SPDX.checksumAlgorithm_sha256),
        ox.Triple(checksum, SPDX.checksumValue, ox.Literal(file.sha256, datatype=XSD.hexBinary)),
    ]


def _language(code: str) -> ox.NamedNode:
    return ox.NamedNode(f"http://id.loc.gov/vocabulary/iso639-1/{code}")


def statistics(about: About) -> bytes:
    """What the release says of itself, as Turtle: its numbers (VoID), what rules made (PROV)."""
    end = f" <{description_iri(about.release.base).value}> .\n".encode()
    with about.release.quads_file.open("rb") as lines:
        said = b"".join(line for line in lines if line.endswith(end))
    quads = ox.parse(said, format=ox.RdfFormat.N_QUADS)
    return _turtle([quad.triple for quad in quads if isinstance(quad, ox.Quad)])


def _turtle(triples: Sequence[ox.Triple]) -> bytes:
    ordered = sorted(set(triples), key=lambda t: (str(t.subject), t.predicate != RDF.type, str(t)))
    prefixes = used_prefixes(ordered, OWN)
    return ox.serialize(ordered, format=ox.RdfFormat.TURTLE, prefixes=prefixes) or b""


def write_metadata(
    about: About,
    payload: Path,
    files: Sequence[File],
    tables: Sequence[TableEntry],
) -> None:
    """Write into *payload* what tells of *files*, but for the crate, which tells of this too."""
    (payload / DATA_PACKAGE).write_text(data_package(about, files, tables), "utf-8")
    (payload / CROISSANT).write_text(croissant(about, files, tables), "utf-8")
    (payload / CATALOGUE).write_bytes(catalogue(about, files))
    (payload / STATISTICS).write_bytes(statistics(about))


def _address(path: str) -> str:
    """*path* as a relative address."""
    return quote(path, safe="/@:!$&'()*+,;=~")


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _as_json(told: object) -> str:
    return json.dumps(told, ensure_ascii=False, indent=2) + "\n"


# Word for word that of the specification, as readers ask for.
_CROISSANT_CONTEXT: Mapping[str, object] = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "citeAs": "cr:citeAs",
    "column": "cr:column",
    "conformsTo": "dct:conformsTo",
    "cr": "http://mlcommons.org/croissant/",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/",
    "equivalentProperty": "cr:equivalentProperty",
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "extract": "cr:extract",
    "field": "cr:field",
    "fileProperty": "cr:fileProperty",
    "fileObject": "cr:fileObject",
    "fileSet": "cr:fileSet",
    "format": "cr:format",
    "includes": "cr:includes",
    "isLiveDataset": "cr:isLiveDataset",
    "jsonPath": "cr:jsonPath",
    "key": "cr:key",
    "md5": "cr:md5",
    "parentField": "cr:parentField",
    "path": "cr:path",
    "recordSet": "cr:recordSet",
    "references": "cr:references",
    "regex": "cr:regex",
    "repeated": "cr:repeated",
    "replace": "cr:replace",
    "samplingRate": "cr:samplingRate",
    "sc": "https://schema.org/",
    "separator": "cr:separator",
    "source": "cr:source",
    "subField": "cr:subField",
    "transform": "cr:transform",
}
