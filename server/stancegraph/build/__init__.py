"""From Turtle files to a release: parse, validate, derive, describe, release."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import pyoxigraph as ox

from stancegraph.build import quality
from stancegraph.build.derive import derive, mixed_terms
from stancegraph.build.describe import count_claims, describe
from stancegraph.build.executables import executables
from stancegraph.build.parse import ParsedGraph, parse
from stancegraph.build.progress import Progress
from stancegraph.build.quality import Finding
from stancegraph.build.queries import asked, unknown_words
from stancegraph.build.release import (
    Release,
    canonical_lines,
    date_of,
    description_iri,
    digest_of,
    only_build,
    open_release,
    previous_of,
    refuse_another,
    release_id,
    write_release,
)
from stancegraph.build.tables import table_problems
from stancegraph.build.validate import Result, ValidationReport, validate
from stancegraph.errors import BadQueryFile, InvalidGraph
from stancegraph.names import Names
from stancegraph.problems import Problem, Severity
from stancegraph.queryfile import read_queries, read_rules

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import date
    from pathlib import Path

    from stancegraph.build.derive import DerivedGraph
    from stancegraph.build.validate import EngineName
    from stancegraph.folder import GraphFolder
    from stancegraph.queryfile import Rule, SavedQuery

__all__ = [
    "Check",
    "Progress",
    "Release",
    "as_w3c_report",
    "build",
    "check",
    "open_release",
]


@dataclass(frozen=True, slots=True)
class Check:
    """A graph folder as it was found.

    Attributes:
        rules: Those that can be used, in the order of their names.
        queries: The saved queries that can be used, in the order of their paths.
        report: What the shapes say, without what only follows from *graph*'s own problems;
            None where it was not asked, because ontology/ or shapes/ could not be read.
        problems: All problems of all files, in file order, each once.
    """

    graph: ParsedGraph
    rules: tuple[Rule, ...]
    queries: tuple[SavedQuery, ...]
    report: ValidationReport | None
    problems: tuple[Problem, ...]

    def count(self, severity: Severity) -> int:
        """How many of the problems are of *severity*."""
        return sum(problem.severity is severity for problem in self.problems)


def check(
    folder: GraphFolder, *, engine: EngineName = "fast", progress: Progress | None = None
) -> Check:
    """Read *folder* and validate it: everything that is wrong with it, in one run."""
    progress = progress or Progress()
    with progress.stage("parse"):
        graph = parse(folder, progress=progress)
        rules, wrong_rules = read_rules(folder)
        queries, wrong_queries = read_queries(folder.root)
        wrong_tables = list(table_problems(graph))
    report = None
    with progress.stage("validate"):
        if not graph.lost_words:
            report = _without_follow_ups(validate(graph, engine=engine), graph)
    problems = {*graph.problems, *wrong_rules, *wrong_queries, *wrong_tables}
    if report is not None:
        problems.update(report.problems(graph))
    if not graph.lost_words:
        wrong = {problem.focus for problem in problems if problem.severity is Severity.VIOLATION}
        problems.update(unknown_words(graph, wrong))
    return Check(graph, tuple(rules), tuple(queries), report, _in_file_order(problems))


def build(
    folder: GraphFolder,
    releases: Path,
    *,
    release_date: date | None = None,
    progress: Progress | None = None,
) -> Release:
    """Build a release of *folder* into *releases* and make it the current one.

    The same files, date and release before give the same release, byte for byte.

    Args:
        release_date: That of the last commit of *folder*, else today, unless given.
        progress: Is told of each stage, and of what the checks found.

    Raises:
        InvalidGraph: the files have violations; what is in *releases* stays as it was.
        OperationError: *releases* cannot be written to, another build is at work there, or
            what it holds is of another graph.
    """
    progress = progress or Progress()
    release_date = release_date or date_of(folder)
    with only_build(releases):
        refuse_another(folder, releases)
        found = check(folder, progress=progress)
        with progress.stage("derive"):
            derived, problems = _derive(found, release_date)
        made = _Made.of(found.graph, derived, release_date)
        findings: list[Finding] = []
        if not found.count(Severity.VIOLATION) and not problems:
            with progress.stage("ask"):
                problems = list(
                    asked(
                        found.queries,
                        made.names,
                        made.quads,
                        folder.base,
                        found=lambda query, rows: findings.append(Finding.of(query, rows)),
                    )
                )
        found = replace(found, problems=_in_file_order({*found.problems, *problems}))
        progress.checked(found)
        if found.count(Severity.VIOLATION):
            raise InvalidGraph(found.problems)
        findings = [finding.placed(found.graph) for finding in findings]
        progress.judged(findings)
        return _release(found, made, releases, release_date, progress, findings=findings)


@dataclass(frozen=True, slots=True)
class _Made:
    """What a release will hold.

    Attributes:
        graphs: What is stated and what is derived, by named graph.
    """

    derived: Sequence[DerivedGraph]
    graphs: Mapping[ox.NamedNode, Sequence[ox.Triple]]
    names: Names

    @classmethod
    def of(cls, graph: ParsedGraph, derived: Sequence[DerivedGraph], release_date: date) -> _Made:
        graphs: dict[ox.NamedNode, Sequence[ox.Triple]] = {
            **graph.graphs,
            **{made.iri: made.triples for made in derived},
        }
        names = Names.of(
            graph.folder.base,
            (triple for triples in graphs.values() for triple in triples),
            shared=[home.base for home in graph.folder.homes[1:]],
            today=release_date.isoformat(),
        )
        return cls(derived, graphs, names)

    @property
    def quads(self) -> Iterator[ox.Quad]:
        for iri, triples in self.graphs.items():
            for triple in triples:
                yield ox.Quad(triple.subject, triple.predicate, triple.object, iri)


def _derive(found: Check, release_date: date) -> tuple[list[DerivedGraph], list[Problem]]:
    """What the rules conclude, and what is wrong with them; nothing from a broken graph."""
    if found.count(Severity.VIOLATION):
        return [], []
    try:
        derived = derive(found.graph, found.rules, release_date=release_date)
    except BadQueryFile as error:
        return [], [Problem(error.path, error.line, Severity.VIOLATION, error.problem)]
    return derived, list(mixed_terms(found.graph, derived))


def _release(
    found: Check,
    made: _Made,
    releases: Path,
    release_date: date,
    progress: Progress,
    *,
    findings: Sequence[Finding],
) -> Release:
    folder, graph = found.graph.folder, found.graph
    with progress.stage("describe"):
        lines = canonical_lines(made.graphs)
        digest = digest_of(lines)
        name = release_id(release_date, digest)
        previous = previous_of(releases, name)
        described = describe(
            graph,
            made.derived,
            release_id=name,
            release_date=release_date,
            digest=digest,
            previous=previous,
        )
        description = {*described, *executables(found.queries, made.names, folder.base)}
        lines += canonical_lines({description_iri(folder.base): description})
    with progress.stage("release"):
        return write_release(
            folder,
            releases,
            release_date=release_date,
            digest=digest,
            previous=previous,
            counts={
                "files": len(graph.files),
                "graphs": len(made.graphs) + 1,
                "triples": len(lines),
                "claims": count_claims(graph),
            },
            quads=lines,
            things=made.names,
            findings=quality.as_json(findings),
        )


def as_w3c_report(found: Check) -> str:
    """All problems as one SHACL validation report in Turtle.

    What no shape found is a result too: of the shape ``…/shapes#File``, on the thing
    concerned, else on the file's named graph.
    """
    graph = found.graph
    results = list(found.report.results) if found.report else []
    by_shapes = set(found.report.problems(graph)) if found.report else set()
    names = {graph.folder.relative(path): iri for iri, path in graph.files.items()}
    shapes = f"{graph.folder.base}shapes#"
    for problem in found.problems:
        if problem in by_shapes:
            continue
        place = ":".join(str(part) for part in (problem.path, problem.line, problem.column) if part)
        results.append(
            Result(
                focus=ox.NamedNode(problem.focus)
                if problem.focus
                else names.get(problem.path, ox.NamedNode(graph.folder.base)),
                path=ox.NamedNode(problem.property) if problem.property else None,
                value=None,
                source_shape=ox.NamedNode(f"{shapes}File"),
                component=ox.NamedNode(f"{shapes}FileConstraintComponent"),
                severity=problem.severity,
                message=ox.Literal(f"{place}: {problem.message}", language="en"),
            )
        )
    failures = found.report.failures if found.report else ()
    return ValidationReport.of(results, failures).as_turtle()


def _without_follow_ups(report: ValidationReport, graph: ParsedGraph) -> ValidationReport:
    """*report* without what only follows from what *graph* or the rest of it tells.

    A query over a property that breaks a shape of its own tells nothing new.
    """
    found = [(result, result.problem(graph)) for result in report.results]
    found = [(result, problem) for result, problem in found if not graph.follows(problem)]
    for _, problem in found:
        if problem.focus and problem.property and problem.severity is Severity.VIOLATION:
            graph.tell(problem.focus, problem.property)
    kept = [result for result, problem in found if problem.property or not graph.follows(problem)]
    return ValidationReport.of(kept, report.failures)


def _in_file_order(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """*problems* sorted; of those that differ only in the value, the first."""
    ordered = sorted(problems, key=lambda problem: problem.sort_key)
    return tuple({replace(problem, value=None): problem for problem in reversed(ordered)}.values())[
        ::-1
    ]
