"""Where the parts of a graph folder are, and what its dataset.ttl says of it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import platformdirs
import pyoxigraph as ox

from stancegraph.errors import BadFolder

DCTERMS = "http://purl.org/dc/terms/"
DCAT = "http://www.w3.org/ns/dcat#"
VOID = "http://rdfs.org/ns/void#"

PACKAGED = Path(__file__).parent / "graph"


@dataclass(frozen=True, slots=True)
class GraphFolder:
    """A folder that holds a graph: ontology/, data/, shapes/, queries/ and dataset.ttl.

    Attributes:
        root: The folder, as an absolute path.
        base: The IRI that all IRIs of this graph start with; ends in ``/``.
        title: What the graph is called.
        licence: IRI of the licence of the data.
    """

    root: Path
    base: str
    title: str
    licence: str

    @classmethod
    def at(cls, root: Path) -> GraphFolder:
        """Read the folder *root*.

        Raises:
            BadFolder: it has no data/, or its dataset.ttl is missing, not Turtle, or lacks
                a dcat:Dataset with void:uriSpace, dcterms:title and dcterms:license.
        """
        root = root.resolve()
        if not (root / "data").is_dir():
            raise BadFolder(root, "is no graph folder: it has no data/")
        try:
            triples = list(ox.parse(path=root / "dataset.ttl", format=ox.RdfFormat.TURTLE))
        except FileNotFoundError:
            raise BadFolder(root, "is no graph folder: it has no dataset.ttl") from None
        except (SyntaxError, ValueError) as error:
            raise BadFolder(root / "dataset.ttl", str(error)) from error
        graph = ox.Dataset(triples)
        dataset = next((quad.subject for quad in graph.quads_for_object(ox.NamedNode(DCAT + "Dataset"))), None)
        if dataset is None:
            raise BadFolder(root / "dataset.ttl", "describes no dcat:Dataset")

        def value(predicate: str) -> str:
            for quad in graph.quads_for_subject(dataset):
                if quad.predicate.value == predicate and not isinstance(quad.object, ox.Triple):
                    return quad.object.value
            raise BadFolder(root / "dataset.ttl", f"the dataset has no <{predicate}>")

        base = value(VOID + "uriSpace")
        if not base.endswith("/"):
            raise BadFolder(root / "dataset.ttl", f"void:uriSpace {base!r} must end in /")
        return cls(root, base, value(DCTERMS + "title"), value(DCTERMS + "license"))

    @property
    def turtle_files(self) -> list[Path]:
        """Every Turtle file of the graph, sorted: dataset.ttl, ontology/, data/, shapes/."""
        found = [path for part in ("data", "ontology", "shapes") for path in (self.root / part).rglob("*.ttl")]
        return [self.root / "dataset.ttl", *sorted(found)]

    @property
    def rule_files(self) -> list[Path]:
        """The rules, in the order of their names."""
        return sorted((self.root / "ontology" / "rules").glob("*.rq"))

    @property
    def query_files(self) -> list[Path]:
        """The saved queries, in the order of their paths."""
        return sorted((self.root / "queries").rglob("*.rq"))

    @property
    def releases(self) -> Path:
        """Where releases of this graph go unless told otherwise.

        Beside a folder that people edit; in the user's data folder for the graph that is
        packaged with the program, whose own place may not be writable.
        """
        if self.root == PACKAGED.resolve():
            return platformdirs.user_data_path("stancegraph", appauthor=False) / "releases"
        return self.root / "releases"

    def relative(self, path: Path) -> str:
        """*path* as people name it: from the root, with ``/``."""
        return path.relative_to(self.root).as_posix()

    def graph_iri(self, path: Path) -> str:
        """The IRI of the named graph that the Turtle file *path* becomes."""
        return f"{self.base}graph/{self.relative(path.with_suffix(''))}"


def shipped() -> GraphFolder:
    """The graph that comes with the program: packaged in a wheel, else the checkout's own."""
    return GraphFolder.at(PACKAGED if PACKAGED.is_dir() else Path(__file__).parents[2])
