"""Where the parts of a graph folder are, and what its dataset.ttl says of it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import platformdirs
import pyoxigraph as ox

from stancegraph.errors import BadFolder

DCTERMS = "http://purl.org/dc/terms/"
DCAT = "http://www.w3.org/ns/dcat#"
VOID = "http://rdfs.org/ns/void#"

# What a dataset that uses the shipped words, code lists, rules and shapes conforms to.
ONTOLOGY = "https://w3id.org/stancegraph/ontology"

PACKAGED = Path(__file__).parent / "graph"


@dataclass(frozen=True, slots=True)
class GraphFolder:
    """A folder that holds a graph: ontology/, data/, shapes/, queries/ and dataset.ttl.

    Attributes:
        root: The folder, as an absolute path.
        base: The IRI that all IRIs of this graph start with; ends in ``/``.
        title: What the graph is called.
        licence: IRI of the licence of the data.
        vocabulary: The shipped graph, where this one's dataset.ttl says that it conforms to
            its ontology: the ontology/ and shapes/ of both hold; None for a folder that
            stands alone.
    """

    root: Path
    base: str
    title: str
    licence: str
    vocabulary: GraphFolder | None = None

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
        dataset = next(
            (quad.subject for quad in graph.quads_for_object(ox.NamedNode(DCAT + "Dataset"))), None
        )
        if dataset is None:
            raise BadFolder(root / "dataset.ttl", "describes no dcat:Dataset")

        values = [
            (quad.predicate.value, quad.object.value)
            for quad in graph.quads_for_subject(dataset)
            if not isinstance(quad.object, ox.Triple)
        ]

        def value(predicate: str) -> str:
            for found, text in values:
                if found == predicate:
                    return text
            raise BadFolder(root / "dataset.ttl", f"the dataset has no <{predicate}>")

        base = value(VOID + "uriSpace")
        if not base.endswith("/"):
            raise BadFolder(root / "dataset.ttl", f"void:uriSpace {base!r} must end in /")
        shares = (DCTERMS + "conformsTo", ONTOLOGY) in values and root != shipped_root()
        vocabulary = shipped() if shares else None
        return cls(root, base, value(DCTERMS + "title"), value(DCTERMS + "license"), vocabulary)

    @property
    def homes(self) -> tuple[GraphFolder, ...]:
        """This folder, then the one whose ontology/ and shapes/ hold too, if there is one."""
        return (self,) if self.vocabulary is None else (self, self.vocabulary)

    @property
    def turtle_files(self) -> list[Path]:
        """Every Turtle file of the graph, sorted: dataset.ttl, ontology/, data/, shapes/.

        Last come those of the shared ontology/ and shapes/.
        """
        found = self.turtle_in("data", "ontology", "shapes")
        shared = self.vocabulary.turtle_in("ontology", "shapes") if self.vocabulary else []
        return [self.root / "dataset.ttl", *found, *shared]

    def turtle_in(self, *parts: str) -> list[Path]:
        """The folder's own Turtle files under *parts*, sorted."""
        return sorted(path for part in parts for path in (self.root / part).rglob("*.ttl"))

    @property
    def rule_files(self) -> list[Path]:
        """The folder's own rules, in the order of their names."""
        return sorted((self.root / "ontology" / "rules").glob("*.rq"))

    @property
    def licence_files(self) -> list[Path]:
        """The texts of the folder's licences, sorted."""
        return sorted(self.root.glob("LICENSE*"))

    @property
    def query_files(self) -> list[Path]:
        """The saved queries, in the order of their paths."""
        return sorted((self.root / "queries").rglob("*.rq"))

    @property
    def releases(self) -> Path:
        """Where releases of this graph go unless told otherwise.

        Beside a folder that people edit. Those of the graph that comes with the program go
        where the environment says, ``STANCEGRAPH_RELEASES``, else beside it too; of the one
        that is packaged, whose own place may not be writable, into the user's data folder.
        """
        if self.root == shipped_root():
            if told := os.environ.get("STANCEGRAPH_RELEASES"):
                return Path(told)
            if self.root == PACKAGED.resolve():
                return platformdirs.user_data_path("stancegraph", appauthor=False) / "releases"
        return self.root / "releases"

    def home(self, path: Path) -> GraphFolder:
        """Which of the `homes` the file *path* stands in."""
        return next(folder for folder in self.homes if path.is_relative_to(folder.root))

    def relative(self, path: Path) -> str:
        """*path* as people name it: from the root of its home, with ``/``."""
        return path.relative_to(self.home(path).root).as_posix()

    def graph_iri(self, path: Path) -> str:
        """The IRI of the named graph that the Turtle file *path* becomes."""
        return f"{self.home(path).base}graph/{self.relative(path.with_suffix(''))}"


def shipped_root() -> Path:
    """Where the graph is that comes with the program: packaged in a wheel, else the checkout."""
    return (PACKAGED if PACKAGED.is_dir() else Path(__file__).parents[2]).resolve()


def shipped() -> GraphFolder:
    """The graph that comes with the program."""
    return GraphFolder.at(shipped_root())
