"""A served release that holds the data of the suites, asked over HTTP as any client would."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING
from urllib.parse import urlencode, urlsplit

import pyoxigraph as ox

from stancegraph.build import quality
from stancegraph.build.lines import Lines
from stancegraph.build.quads import Quads
from stancegraph.build.release import QUADS, drafted, only_build, write_release
from stancegraph.folder import GraphFolder
from stancegraph.names import Names
from tests.conformance.catalogue import evaluation
from tests.conformance.manifests import path_of
from tests.serving import Client, Reply

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

PATH = "/sparql"
FORM = "application/x-www-form-urlencoded"

EVALUATED = (
    "sparql10-evaluation", "sparql11-query", "sparql11-results-csv-tsv", "sparql11-results-json",
)  # fmt: skip
FORMATS = {
    "ttl": ox.RdfFormat.TURTLE,
    "rdf": ox.RdfFormat.RDF_XML,
    "nt": ox.RdfFormat.N_TRIPLES,
}

# The protocol's tests are about three documents; each says that it is one.
DOCUMENTS = tuple(f"http://example.org/protocol/data{number}" for number in (1, 2, 3))

BASE = "http://example.org/conformance/"
DATASET = f"""\
<{BASE}> a <http://www.w3.org/ns/dcat#Dataset> ;
    <http://purl.org/dc/terms/title> "Data of the W3C test suites" ;
    <http://purl.org/dc/terms/license> <https://www.w3.org/copyright/test-suites-licenses/> ;
    <http://rdfs.org/ns/void#uriSpace> "{BASE}" .
"""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An endpoint that runs; *address* is its IRI."""

    address: str

    def send(
        self,
        method: str,
        arguments: Sequence[tuple[str, str]] = (),
        *,
        headers: dict[str, str] | None = None,
        body: bytes | None = None,
    ) -> Reply:
        """Send one request, with *arguments* in its address, and read the whole answer."""
        parts = urlsplit(self.address)
        target = f"{parts.path}?{urlencode(arguments)}" if arguments else parts.path
        with Client(self.address) as client:
            return client.request(method, target, body, **(headers or {}))

    def ask(
        self,
        query: str,
        accept: str,
        dataset: tuple[Sequence[str], Sequence[str]] = ((), ()),
    ) -> Reply:
        """Ask a query by POST, as a form.

        Args:
            dataset: The default graphs and the named graphs to name in the request.
        """
        default, named = dataset
        fields = [("query", query)]
        fields += [("default-graph-uri", iri) for iri in default]
        fields += [("named-graph-uri", iri) for iri in named]
        headers = {"Accept": accept, "Content-Type": FORM}
        return self.send("POST", headers=headers, body=urlencode(fields).encode())


def write_suites(into: Path) -> Path:
    """Write a release that holds each data file of the suites as a named graph of its IRI.

    Returns the folder of releases.
    """
    source = into / "graph"
    (source / "data").mkdir(parents=True)
    (source / "dataset.ttl").write_text(DATASET, "utf-8")
    graphs = {ox.NamedNode(iri): _parse(iri) for iri in _data_files()}
    for iri in DOCUMENTS:
        triple = f"<{iri}> a <http://xmlns.com/foaf/0.1/Document> ."
        graphs[ox.NamedNode(iri)] = _triples(triple.encode(), ox.RdfFormat.TURTLE, iri)
    lines = {iri: Lines.of(triples) for iri, triples in graphs.items()}
    releases = into / "releases"
    with only_build(releases), drafted(releases) as draft:
        quads = Quads.write(lines, draft / QUADS)
        write_release(
            GraphFolder.at(source),
            quads,
            release_date=date(2026, 11, 22),
            digest=quads.digest(),
            previous=None,
            counts={
                "files": len(graphs),
                "graphs": len(graphs),
                "triples": quads.size,
                "claims": 0,
            },
            things=Names(BASE, {}),
            findings=quality.as_json(()),
            answers={},
        )
    return releases


def _data_files() -> list[str]:
    return sorted({iri for name in EVALUATED for test in evaluation(name) for iri in test.files})


def _parse(iri: str) -> list[ox.Triple]:
    return _triples(path_of(iri).read_bytes(), FORMATS[iri.rpartition(".")[2]], iri)


def _triples(text: bytes, form: ox.RdfFormat, iri: str) -> list[ox.Triple]:
    """The triples in *text*, their blank nodes unlike those of any other file."""
    return [quad.triple for quad in ox.parse(text, form, base_iri=iri, rename_blank_nodes=True)]
