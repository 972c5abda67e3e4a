"""The research package of a release, written in one step."""

from __future__ import annotations

import shutil
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import jinja2

from stancegraph import __version__
from stancegraph.about import About
from stancegraph.build.release import FACTS, open_release, writing
from stancegraph.changes import as_text
from stancegraph.citation import Citation
from stancegraph.differences import compare
from stancegraph.errors import OperationError
from stancegraph.export.declared import MISSING
from stancegraph.export.everything import TABLE_FORMATS, write_everything
from stancegraph.export.job import Export
from stancegraph.export.tables import STATA_MISSING
from stancegraph.package import metadata
from stancegraph.package.bag import PAYLOAD, files_in, write_bag
from stancegraph.package.content import MIRROR, contents, total
from stancegraph.package.graph import (
    INDEX,
    licences,
    write_graph,
    write_reports,
    write_results,
)
from stancegraph.package.mirror import write_mirror

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Sequence

    from stancegraph.build.release import Release
    from stancegraph.export.book import TableEntry
    from stancegraph.export.job import Written
    from stancegraph.package.graph import Result

TEMPLATES = Path(__file__).parent / "templates"


def publish(
    release: Release,
    target: Path,
    *,
    without: Collection[str] = (),
    told: Callable[[str], None] = lambda _: None,
) -> None:
    """Write the package of *release* as the folder *target*, at once and whole.

    The same release gives the same bytes, given the release that it follows lies beside it or
    not; both are of one version of this program.

    Args:
        without: ``mirror``, and formats of tables but CSV, to leave out.
        told: Is given a sentence on each step, and on what is left out.

    Raises:
        OperationError: *target* is there and not empty, cannot be written, or libraries lack.
        StancegraphError: the release cannot be read or asked.
    """
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise OperationError(f"{target} is there and not empty: name a folder that is to be made")
    release.verify()
    release = open_release(release.path.parent, release.id)  # as it stands there, word for word
    with _drafted(target) as draft:
        payload = draft / PAYLOAD
        payload.mkdir()
        with Export(release, told=told) as export:
            _Package(export, payload, without, told).write()
        about = About.of(release)
        write_bag(
            draft,
            {
                "Source-Organization": about.publisher_name,
                "External-Identifier": release.iri,
                "External-Description": about.abstract,
                "Bagging-Date": about.day,
                "Bag-Software-Agent": f"stancegraph {__version__}",
            },
        )


@contextmanager
def _drafted(target: Path) -> Iterator[Path]:
    """A folder beside *target* that takes its name once it is whole, and else is removed."""
    with writing(target.parent):
        target.parent.mkdir(parents=True, exist_ok=True)
        draft = Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=target.parent))
    try:
        with writing(target):
            draft.chmod(0o755)
            yield draft
            draft.rename(target)
    finally:
        shutil.rmtree(draft, ignore_errors=True)


class _Package:
    """Writes the payload of a package, a step after the other."""

    def __init__(
        self,
        export: Export,
        payload: Path,
        without: Collection[str],
        told: Callable[[str], None],
    ) -> None:
        self._export = export
        self._release = export.release
        self._about = About.of(export.release)
        self._payload = payload
        self._without = without
        self._told = told

    def write(self) -> None:
        """Write everything."""
        with self._step("exports"):
            tables = self._exports()
        with self._step("graph, queries and results"):
            results = self._graph()
        with self._step("changes"):
            self._changes()
        mirrored = "mirror" not in self._without
        if mirrored:
            with self._step("mirror"):
                write_mirror(self._export, self._payload, self._about, told=self._told)
        with self._step("metadata"):
            self._metadata(tables, results, mirrored=mirrored)

    @contextmanager
    def _step(self, name: str) -> Iterator[None]:
        begun = time.perf_counter()
        yield
        self._told(f"{name}: {time.perf_counter() - begun:.1f} s")

    def _exports(self) -> list[TableEntry]:
        def written(_files: Iterable[Written]) -> None:
            """Files are told of together, at the end."""

        return write_everything(
            self._export,
            self._payload,
            written=written,
            tables=[form for form in TABLE_FORMATS if form not in self._without],
            beside=["csvw"],  # the Data Package is of all files
        )

    def _graph(self) -> list[Result]:
        write_graph(self._release, self._payload / "graph")
        write_reports(self._release, self._payload / "validation")
        return write_results(self._export, self._payload / "results")

    def _changes(self) -> None:
        """Write what changed since the release before, if that is at hand."""
        lines = [f"# What changed to release {self._release.id}", ""]
        if self._release.previous is None:
            lines += ["This release follows no other."]
        else:
            try:
                before = open_release(self._release.path.parent, self._release.previous)
            except OperationError:
                told = "which was not at hand when this package was made."
                lines += [f"This release follows {self._release.previous}, {told}"]
            else:
                found = compare(before, self._release)
                lines += ["```text", *as_text(found, by_what=False), "```"]
                (self._payload / "changes.json").write_text(found.as_json(), "utf-8")
        (self._payload / "CHANGELOG.md").write_text("\n".join([*lines, ""]), "utf-8")

    def _metadata(
        self, tables: Sequence[TableEntry], results: Sequence[Result], *, mirrored: bool
    ) -> None:
        payload, about = self._payload, self._about
        shutil.copyfile(self._release.path / FACTS, payload / FACTS)
        for licence in licences(self._release):
            shutil.copyfile(licence, payload / licence.name)
        (payload / metadata.CITATION).write_text(metadata.citation(about), "utf-8")
        (payload / metadata.ZENODO).write_text(metadata.zenodo(about), "utf-8")
        titles = self._titles(tables, results)
        readme = self._readme(tables, mirrored=mirrored)
        (payload / "README.md").write_text(readme, "utf-8")
        files = contents(payload, titles)
        metadata.write_metadata(about, payload, files, tables)
        (payload / metadata.CRATE).write_text(
            metadata.crate(
                about, contents(payload, titles), program=__version__, mirrored=mirrored
            ),
            "utf-8",
        )
        self._told(f"{len(files):,} files, {total(files):,} bytes, without the mirror")

    def _titles(self, tables: Sequence[TableEntry], results: Sequence[Result]) -> dict[str, str]:
        """What the files are: by path, or by path without the ending."""
        told = dict(_TITLES)
        told |= {f"tables/{table.name}": table.title for table in tables}
        told |= {f"graph/queries/{q.name}": f"Question: {q.summary}" for q in self._export.catalog}
        told |= {f"results/{r.query.name}": f"Answer: {r.query.summary}" for r in results}
        for query in self._export.catalog:
            if query.network:
                name = query.name.rpartition("/")[2]
                network = f"Network: {query.summary}"
                told[f"networks/{name}"] = network
                told[f"networks/{name}-nodes"] = f"{network}: nodes"
                told[f"networks/{name}-edges"] = f"{network}: edges"
        for name in files_in(self._payload / "graph"):
            told.setdefault(f"graph/{name}", f"Of the graph: {name}")
        for query in self._export.catalog:
            del told[f"graph/queries/{query.name}.rq"]  # for the question says more
        return told

    def _readme(self, tables: Sequence[TableEntry], *, mirrored: bool) -> str:
        environment = jinja2.Environment(
            loader=jinja2.FileSystemLoader(TEMPLATES),
            autoescape=False,  # noqa: S701 - it is no HTML
            trim_blocks=True,
            lstrip_blocks=True,
            keep_trailing_newline=True,
            undefined=jinja2.StrictUndefined,
        )
        return environment.get_template("README.md").render(
            about=self._about,
            release=self._release,
            citation=Citation(self._release, "", self._release.iri).as_text(),
            tables=tables,
            networks=[query for query in self._export.catalog if query.network],
            missing={reason: STATA_MISSING[reason] for reason in MISSING},
            licences=[path.name for path in licences(self._release)],
            mirror=MIRROR if mirrored else "",
            index=INDEX,
        )


_TITLES = {
    "rdf/graph": "All statements",
    "rdf/stated": "All statements that sources make, without what rules derive of them",
    "codebook/codebook": "The codebook to the tables",
    "codebook/codebook-ddi.xml": "The codebook to the tables (DDI Codebook 2.5)",
    "tables/csv-metadata.json": "The codebook to the tables (CSV on the Web)",
    f"results/{INDEX}": "The saved queries, their parameters, and how many rows they answer",
    "validation/report.json": "What shapes and quality queries found (JSON)",
    "validation/report.txt": "What shapes and quality queries found",
    "release.json": "The release: its id, day, digest and counts",
    "changes.json": "What changed since the release before (JSON)",
    "CHANGELOG.md": "What changed since the release before",
    "README.md": "What is in this package, and how to use it",
    "LICENSE": "The licence of the program, its queries and its shapes",
    "LICENSE-DATA": "The licence of the data",
    "CITATION.cff": "How to cite this release (Citation File Format)",
    ".zenodo.json": "What Zenodo reads of a deposit",
    "datapackage.json": "All files, and the columns of the tables (Data Package)",
    "croissant.json": "The tables, for machine learning (Croissant)",
    "catalog.ttl": "The release and its files (DCAT)",
    "void.ttl": "The numbers of the release, and what rules made (VoID, PROV)",
}
