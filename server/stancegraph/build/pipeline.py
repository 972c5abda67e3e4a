"""The steps of a build in their order: what is checked, derived, described and written."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import pyoxigraph as ox

from stancegraph import memory
from stancegraph.build import quality, shelf
from stancegraph.build.answers import kept_answers
from stancegraph.build.cache import Cache
from stancegraph.build.derive import derive, mixed_terms
from stancegraph.build.describe import count_claims, describe
from stancegraph.build.executables import executables
from stancegraph.build.lines import Graphs, Lines
from stancegraph.build.parse import ParsedGraph, parse
from stancegraph.build.progress import Progress
from stancegraph.build.quads import Quads
from stancegraph.build.queries import (
    Questions,
    unknown_words,
    unusable_parameters,
    unusable_sections,
)
from stancegraph.build.reads import Reads
from stancegraph.build.release import (
    QUADS,
    Release,
    date_of,
    description_iri,
    drafted,
    only_build,
    open_release,
    previous_of,
    refuse_another,
    release_id,
    write_release,
)
from stancegraph.build.tables import table_problems
from stancegraph.build.validate import Result, ValidationReport, validate
from stancegraph.engine import index
from stancegraph.errors import BadQueryFile, InvalidGraph
from stancegraph.names import Names, naming_properties
from stancegraph.problems import Problem, Severity
from stancegraph.queryfile import read_queries, read_rules
from stancegraph.terms import RDF, RDFS, SKOS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import date
    from pathlib import Path

    from stancegraph.build.derive import DerivedGraph
    from stancegraph.build.validate import EngineName
    from stancegraph.folder import GraphFolder
    from stancegraph.queryfile import Rule, SavedQuery

UNDESCRIBED = "undescribed.nq"  # what a draft holds before it says of itself what it is

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
    folder: GraphFolder,
    *,
    engine: EngineName = "fast",
    progress: Progress | None = None,
    cache: Cache | None = None,
) -> Check:
    """Read *folder* and validate it: everything that is wrong with it, in one run.

    Args:
        engine: What applies the shapes.
        progress: Is told of each stage.
        cache: What is known of files that have not changed.
    """
    progress = progress or Progress()
    cache = cache or Cache()
    with progress.stage("parse", cache):
        graph = parse(folder, progress=progress, cache=cache)
        rules, wrong_rules = read_rules(folder)
        queries, wrong_queries = read_queries(folder.root)
        wrong_tables = list(table_problems(graph))
    report = None
    problems = {*graph.problems, *wrong_rules, *wrong_queries, *wrong_tables}
    memory.give_back()
    with progress.stage("validate", cache):
        if not graph.lost_words:
            found = validate(graph, engine=engine, cache=cache)
            report = _without_follow_ups(found, graph)
            problems.update(report.problems(graph))
            severe = (each for each in problems if each.severity is Severity.VIOLATION)
            focuses = {problem.focus for problem in severe}
            problems.update(unknown_words(graph, focuses, queries))
        memory.give_back()
    return Check(graph, tuple(rules), tuple(queries), report, _in_file_order(problems))


def build(
    folder: GraphFolder,
    releases: Path,
    *,
    release_date: date | None = None,
    progress: Progress | None = None,
    fresh: bool = False,
    keep: int = shelf.KEPT,
    index_above: int = index.ABOVE,
) -> Release:
    """Build a release of *folder* into *releases* and make it the current one.

    The same files, date and release before give the same release, byte for byte. What an
    earlier build found out and nothing has changed since is taken from the cache.

    Args:
        release_date: That of the last commit of *folder*, else today, unless given.
        progress: Is told of each stage, and of what the checks found.
        fresh: Find out everything anew.
        keep: How many releases to leave there, the one that is built too; older ones are
            deleted, but never the one before it.
        index_above: How many triples a release may have that is held in memory when it is
            asked; a larger one is asked on disk.

    Raises:
        InvalidGraph: the files have violations; what is in *releases* stays as it was.
        OperationError: *releases* cannot be written to, another build is at work there, or
            what it holds is of another graph.
    """
    progress = progress or Progress()
    release_date = release_date or date_of(folder)
    with only_build(releases), Cache.of(releases, fresh=fresh) as cache:
        refuse_another(folder, releases)
        found = check(folder, progress=progress, cache=cache)
        try:
            with drafted(releases) as draft:
                release = _build(
                    found, draft, release_date, progress, cache, index_above=index_above
                )
        finally:
            found.graph.keep_places()
        shelf.prune(releases, keep)
        return release


def _build(
    found: Check,
    draft: Path,
    release_date: date,
    progress: Progress,
    cache: Cache,
    *,
    index_above: int,
) -> Release:
    """Make *draft* the release of a graph that was checked; raises as `build` does."""
    graph = found.graph
    with progress.stage("derive", cache):
        derived, problems = _derive(found, release_date, cache)
        memory.give_back()
    found = replace(found, problems=_in_file_order({*found.problems, *problems}))
    _stop_if_wrong(found, progress)
    made = _Made.of(graph, derived)
    names = _names(graph, made.graphs, release_date, cache)
    unusable = [
        *unusable_parameters(found.queries, names),
        *unusable_sections(found.queries, names),
    ]
    described = None
    with progress.stage("sort"):
        quads = Quads.write(made.graphs.graphs, draft / UNDESCRIBED)
    if is_large := quads.size > index_above:
        with progress.stage("index"):
            index.write_index(quads.path)
    with Questions(
        found.queries, names, made.graphs, base=graph.folder.base, cache=cache, quads=quads
    ) as questions:
        if not unusable:
            with progress.stage("describe"):
                described = _described(found, made, names, quads, release_date=release_date)
        with progress.stage("ask", cache):
            answers = questions.answers()
    problems = [*found.problems, *unusable, *answers.problems]
    found = replace(found, problems=_in_file_order(problems))
    _stop_if_wrong(found, progress)
    assert described is not None  # noqa: S101 - what is unusable is a violation
    progress.checked(found)
    findings = [finding.placed(graph) for finding in answers.findings]
    progress.judged(findings)
    base = graph.folder.base
    about = (description_iri(base), described.about)
    quads.path.unlink()
    if is_large:
        index.extend_index(draft, (ox.Quad(s, p, o, about[0]) for s, p, o in about[1].triples))
    with progress.stage("answer", cache):
        kept = kept_answers(
            found.queries,
            names,
            made.graphs,
            about,
            described.quads,
            release_id=release_id(release_date, described.digest),
            base=base,
            cache=cache,
        )
    with progress.stage("release"):
        return write_release(
            graph.folder,
            described.quads,
            release_date=release_date,
            digest=described.digest,
            previous=described.previous,
            counts={**_counts(graph, made.graphs), "triples": described.quads.size},
            things=names,
            findings=quality.as_json(findings, found.problems),
            answers=kept,
        )


def _stop_if_wrong(found: Check, progress: Progress) -> None:
    """Tell of what was *found* and raise InvalidGraph, if there is a violation in it."""
    if found.count(Severity.VIOLATION):
        progress.checked(found)
        raise InvalidGraph(found.problems)


@dataclass(frozen=True, slots=True)
class _Made:
    """What a release will hold.

    Attributes:
        graphs: What is stated and what is derived.
    """

    derived: Sequence[DerivedGraph]
    graphs: Graphs

    @classmethod
    def of(cls, graph: ParsedGraph, derived: Sequence[DerivedGraph]) -> _Made:
        """What *graph* states, and what was *derived* from it."""
        return cls(derived, Graphs({**graph.lines(), **{made.iri: made.lines for made in derived}}))


@dataclass(frozen=True, slots=True)
class _Described:
    """A release as it will be written.

    Attributes:
        digest: Of all graphs but the description.
        previous: The id of the release that it follows.
        about: What it says of itself.
        quads: All that it holds.
    """

    digest: str
    previous: str | None
    about: Lines
    quads: Quads


def _names(graph: ParsedGraph, graphs: Graphs, release_date: date, cache: Cache) -> Names:
    """What the things of the release are called."""
    naming = naming_properties(graphs.triples(RDFS.subPropertyOf))
    needed = (*naming, RDF.type, RDFS.subClassOf, RDFS.subPropertyOf, SKOS.inScheme)
    reads = Reads(frozenset(map(str, needed)))
    shared = [home.base for home in graph.folder.homes[1:]]
    today = release_date.isoformat()

    def find() -> str:
        triples = graphs.triples(*needed)
        return Names.of(graph.folder.base, triples, shared=shared, today=today).as_json()

    key = (graph.folder.base, *shared, today, graphs.digest(reads))
    return Names.read(cache.answer("names", *key, find=find))


def _derive(
    found: Check, release_date: date, cache: Cache
) -> tuple[list[DerivedGraph], list[Problem]]:
    """What the rules conclude, and what is wrong with them; nothing from a broken graph."""
    if found.count(Severity.VIOLATION):
        return [], []
    try:
        derived = derive(found.graph, found.rules, release_date=release_date, cache=cache)
    except BadQueryFile as error:
        return [], [Problem(error.path, error.line, Severity.VIOLATION, error.problem)]
    return derived, list(mixed_terms(found.graph, derived))


def _described(
    found: Check, made: _Made, names: Names, quads: Quads, *, release_date: date
) -> _Described:
    """The release that holds what was *made*, which *quads* are, in the draft of it."""
    folder = found.graph.folder
    digest = quads.digest()
    name = release_id(release_date, digest)
    previous = previous_of(quads.path.parents[1], name)
    described = describe(
        found.graph,
        made.derived,
        quads,
        release_id=name,
        release_date=release_date,
        digest=digest,
        previous=previous,
    )
    about = Lines.of({*described, *executables(found.queries, names, folder.base)})
    whole = quads.joined({description_iri(folder.base): about}, quads.path.with_name(QUADS))
    return _Described(digest, previous, about, whole)


def _counts(graph: ParsedGraph, graphs: Graphs) -> dict[str, int]:
    """How many files, named graphs, that of the description included, and claims there are."""
    return {
        "files": len(graph.files),
        "graphs": len(graphs.graphs) + 1,
        "claims": count_claims(graph),
    }


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
