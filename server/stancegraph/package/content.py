"""The files of a package: what each is, and how large."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from stancegraph.package.bag import files_in, sha256

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

MIRROR = "site"  # of which the metadata tell as a whole
MEDIA_TYPES = {
    "cff": "application/yaml",
    "css": "text/css",
    "csv": "text/csv",
    "dta": "application/x-stata-dta",
    "gexf": "application/gexf+xml",
    "graphml": "application/graphml+xml",
    "html": "text/html",
    "js": "text/javascript",
    "json": "application/json",
    "jsonld": "application/ld+json",
    "md": "text/markdown",
    "nq": "application/n-quads",
    "parquet": "application/vnd.apache.parquet",
    "pdf": "application/pdf",
    "rdf": "application/rdf+xml",
    "rq": "application/sparql-query",
    "svg": "image/svg+xml",
    "trig": "application/trig",
    "ttl": "text/turtle",
    "txt": "text/plain",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "xml": "application/xml",
}
FORMS = {
    "csv": "CSV", "dta": "Stata", "gexf": "GEXF, for Gephi", "graphml": "GraphML", "html": "HTML",
    "json": "JSON", "jsonld": "JSON-LD", "nq": "N-Quads", "parquet": "Parquet", "pdf": "PDF",
    "rdf": "RDF/XML", "rq": "SPARQL", "trig": "TriG", "ttl": "Turtle", "xlsx": "Excel",
    "xml": "XML",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class File:
    """A file of the payload.

    Attributes:
        path: From the root of the payload, with ``/``.
        size: In bytes.
        sha256: In hexadecimal.
        title: What it is, in a line.
    """

    path: str
    size: int
    sha256: str
    media_type: str
    title: str


def contents(payload: Path, titles: Mapping[str, str]) -> list[File]:
    """The files of the folder *payload*, by path, without those of the mirror.

    Args:
        titles: What files are: by path, or by the path without its ending, where the same
            stands in several forms.
    """
    return [
        File(name, path.stat().st_size, sha256(path), media_type(name), title_of(name, titles))
        for name, path in files_in(payload).items()
        if not name.startswith(f"{MIRROR}/")
    ]


def media_type(path: str) -> str:
    """That of a file by its name; of one without an ending, plain text."""
    return MEDIA_TYPES.get(ending(path), "text/plain")


def ending(path: str) -> str:
    """What stands after the last dot of the name of a file."""
    return path.rpartition("/")[2].rpartition(".")[2]


def title_of(path: str, titles: Mapping[str, str]) -> str:
    """What the file at *path* is; its path where nothing says."""
    if path in titles:
        return titles[path]
    told = titles.get(path.rpartition(".")[0], "")
    form = FORMS.get(ending(path), "")
    return f"{told} ({form})" if told and form else told or path


def total(files: Sequence[File]) -> int:
    """How large *files* are together, in bytes."""
    return sum(file.size for file in files)
