"""The graph of a release as files: what can be built again, and what its queries answered."""

from __future__ import annotations

import csv
import io
import json
import shutil
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyoxigraph as ox

from stancegraph.build import quality
from stancegraph.build.release import description_iri
from stancegraph.engine import Ask, MediaType
from stancegraph.engine.kept import KeptAnswers
from stancegraph.engine.prefixes import OWN, used_prefixes
from stancegraph.errors import EngineError, QueryError
from stancegraph.problems import Severity
from stancegraph.sparql import query_form
from stancegraph.terms import DCTERMS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from stancegraph.build.release import Release
    from stancegraph.engine import Engine
    from stancegraph.export.job import Export
    from stancegraph.queryfile import SavedQuery

INDEX = "index.csv"
INDEX_COLUMNS = ("query", "summary", "form", "parameters", "rows", "files")


def write_graph(release: Release, folder: Path) -> None:
    """Write what the files of the graph state into *folder*, to be built again.

    A build of it at the date of the release gives a release with the same digest. Comments
    in the files are not kept, for a release does not hold them; words, rules and shapes that it
    shares with another graph are left to that.
    """
    start = f"{release.base}graph/"
    derived, itself = f"{start}derived/", description_iri(release.base).value
    by_graph: defaultdict[str, list[ox.Triple]] = defaultdict(list)
    own_rules = f"{release.base}ontology/rules/"
    files: list[str] = []
    for quad in ox.parse(path=release.quads_file, format=ox.RdfFormat.N_QUADS):
        if isinstance(quad, ox.Quad) and isinstance(quad.graph_name, ox.NamedNode):
            name = quad.graph_name.value
            if name.startswith(start) and not name.startswith(derived) and name != itself:
                by_graph[name].append(quad.triple)
            elif quad.predicate == DCTERMS.identifier and own_rules in str(quad.subject):
                files.append(getattr(quad.object, "value", ""))
    for name, triples in by_graph.items():
        path = folder / f"{name.removeprefix(start)}.ttl"
        path.parent.mkdir(parents=True, exist_ok=True)
        prefixes = used_prefixes(triples, OWN)
        path.write_bytes(
            ox.serialize(triples, format=ox.RdfFormat.TURTLE, prefixes=prefixes) or b""
        )
    queries = sorted((release.path / "queries").rglob("*.rq"))
    for source in (*queries, *(release.path / rule for rule in files)):
        target = folder / source.relative_to(release.path)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)
    for source in licences(release):
        shutil.copyfile(source, folder / source.name)


def licences(release: Release) -> list[Path]:
    """The texts of the licences that a release has, sorted."""
    return sorted(release.path.glob("LICENSE*"))


@dataclass(frozen=True, slots=True)
class Result:
    """What a saved query answered with its example.

    Attributes:
        files: Their names, from the folder of the results.
        rows: Of a SELECT; None for other forms.
    """

    query: SavedQuery
    form: str
    parameters: Mapping[str, str]
    rows: int | None
    files: tuple[str, ...]


def write_results(export: Export, folder: Path) -> list[Result]:
    """Write the answers of all saved queries to their examples into *folder*, with an index.

    Those that have none, since other endpoints would have to be asked, are told and left out.
    """
    engine = KeptAnswers(export.engine, export.release.path, base=export.release.base)
    found = []
    for query in export.catalog:
        try:
            found.append(_write_result(export, engine, query, folder))
        except (EngineError, QueryError) as error:
            export.told(f"{query.name}: left out of the results: {error}")
    _write_index(found, folder / INDEX)
    return found


def _write_result(export: Export, engine: Engine, query: SavedQuery, folder: Path) -> Result:
    terms = {name: parameter.examples for name, parameter in query.params.items()}
    text, form = query.bind(terms), query_form(query.text)
    path = folder / query.name
    path.parent.mkdir(parents=True, exist_ok=True)
    rows = None
    files = {}
    if form in {"SELECT", "ASK"}:
        ask = Ask(text, MediaType.JSON, base=export.release.base, deadline=query.bound)
        files["json"] = b"".join(engine.ask(ask))
    if form == "SELECT":
        solutions = ox.parse_query_results(files["json"], ox.QueryResultsFormat.JSON)
        assert isinstance(solutions, ox.QuerySolutions)  # noqa: S101 (for the type checker)
        files["csv"] = solutions.serialize(format=ox.QueryResultsFormat.CSV) or b""
        rows = len(json.loads(files["json"])["results"]["bindings"])
    for short, content in files.items():
        path.with_name(f"{path.name}.{short}").write_bytes(content)
    if not files:
        files["ttl"] = b""
        export.write_rdf(export.lines(query=text), path.with_name(f"{path.name}.ttl"), "ttl")
    asked = {
        name: " ".join(str(getattr(term, "value", term)) for term in given)
        for name, given in terms.items()
    }
    return Result(query, form, asked, rows, tuple(f"{query.name}.{short}" for short in files))


def _write_index(found: Iterable[Result], path: Path) -> None:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(INDEX_COLUMNS)
    for each in found:
        asked = "; ".join(f"{name}={value}" for name, value in each.parameters.items())
        rows = "" if each.rows is None else each.rows
        writer.writerow(
            (each.query.name, each.query.summary, each.form, asked, rows, " ".join(each.files))
        )
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.getvalue().encode())


def write_reports(release: Release, folder: Path) -> None:
    """Write what the shapes and the quality queries found into *folder*, to read and as JSON."""
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(release.quality_file, folder / "report.json")
    (folder / "report.txt").write_text("\n".join([*_report(release), ""]), "utf-8")


def _report(release: Release) -> Iterator[str]:
    problems = quality.read_problems(release.quality_file)
    counts = {s: sum(problem.severity is s for problem in problems) for s in Severity}
    yield f"{release.title}, release {release.id}: what its checks found"
    yield ""
    yield "Shapes (SHACL): " + ", ".join(f"{n:,} of severity {s}" for s, n in counts.items())
    yield from (problem.as_text() for problem in problems)
    for finding in quality.read(release.quality_file):
        yield ""
        yield f"{finding.query}: {finding.count:,}: {finding.problem}"
        if finding.count:
            yield f"  Why it matters: {finding.why}"
            yield f"  To mend it: {finding.mend}"
        for row in finding.rows:
            place = f" ({row.place})" if row.place else ""
            yield f"  - {row.label or row.thing}: {row.wrong}{place}"
