"""Importing tables: what a table says, as Turtle in the files of a graph folder.

What kinds of table there are, and what a row of one becomes, a graph folder declares itself:
see `stancegraph.tablefile`. A table is read and checked whole before anything is written,
what the graph would then be is validated too, and files change together or not at all::

    table ──> rows ──> blocks ──> files ──> write
              cells    (united)   merge
              resolve
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyoxigraph as ox

from stancegraph.build.parse import changed, parse
from stancegraph.build.validate import validate
from stancegraph.errors import BadTable, InvalidGraph
from stancegraph.importers.blocks import Standing, Union
from stancegraph.importers.files import FileChange, Placement, write
from stancegraph.importers.resolve import Decisions, Question, Resolver
from stancegraph.importers.rows import read_rows
from stancegraph.importers.table import read_table
from stancegraph.names import Names
from stancegraph.problems import Problem, Severity
from stancegraph.tablefile import abbreviations, template_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from stancegraph.build.parse import ParsedGraph
    from stancegraph.folder import GraphFolder
    from stancegraph.importers.blocks import Origin, Term

__all__ = ["Decisions", "FileChange", "Import", "Question", "import_table", "write"]


@dataclass(frozen=True, slots=True)
class Import:
    """What importing a table would do.

    Attributes:
        changes: Sorted by path.
        new: How many claims, or things where the kind has no claims, are new.
        extended: How many that stand already gain something.
        unchanged: How many stand already as the table has them.
        notes: What a person should look at, in the order of the rows.
    """

    changes: tuple[FileChange, ...]
    new: int
    extended: int
    unchanged: int
    notes: tuple[Problem, ...]


def import_table(
    folder: GraphFolder,
    kind: str,
    path: Path,
    *,
    defaults: Mapping[str, str],
    decisions: Decisions,
    ask: Callable[[Question], str | None] | None = None,
) -> Import:
    """What importing the table *path* would do to *folder*; nothing is written.

    Args:
        kind: One of the kinds of table that the folder declares.
        defaults: What cells that are empty stand for, by column; of columns that the kind
            does not have, nothing.
        decisions: What names mean; is told what *ask* answers.
        ask: Asks a person what a name means, and gives a key of the candidates or None.

    Raises:
        BadTemplate: there is no such kind.
        BadTable: the table has problems, or the graph would have.
        InvalidGraph: files of the graph cannot be read as they are.
        OperationError: the table cannot be read.
    """
    template = template_of(folder, kind)
    table = read_table(path)
    graph = parse(folder)
    if graph.skipped or graph.lost:
        raise InvalidGraph(graph.problems, "mend its files before a table is imported")
    shared = [home.base for home in folder.homes[1:]]
    names = Names.of(folder.base, list(graph.triples()), shared=shared)
    resolver = Resolver(names, abbreviations(folder), decisions, ask=ask)
    usable = {name: text for name, text in defaults.items() if name in template.columns}
    readings, problems = read_rows(template, table, resolver, usable)
    _stop_at(problems, table.name)
    union = Union(template, table, Standing.of(graph), names)
    union.add(readings)
    _stop_at([*union.problems, *_undescribed(union)], table.name)
    changes = tuple(Placement(union).changes())
    _stop_at(_violations(changes, union), table.name, union.notes)
    return _counted(union, changes)


def _stop_at(problems: Iterable[Problem], table: str, notes: Iterable[Problem] = ()) -> None:
    """Go on only where there are no *problems*.

    Raises:
        BadTable: there are.
    """
    if found := _in_order(problems):
        raise BadTable(table, found, _in_order(notes))


def _counted(union: Union, changes: tuple[FileChange, ...]) -> Import:
    new = sum(union.counts(block.form) for block in union.made.values())
    extended = sum(subject in union.restated for subject in union.gained)
    unchanged = len(union.restated) - extended
    return Import(changes, new, extended, unchanged, _in_order(union.notes))


def _undescribed(union: Union) -> Iterator[Problem]:
    """Things that the table names and neither it nor the graph describes."""
    things = f"{union.standing.graph.folder.base}id/"
    told: set[Term] = set()
    for term, origin in _facts(union):
        if not isinstance(term, ox.NamedNode) or not term.value.startswith(things):
            continue
        if union.facts(term) is not None or term in told:
            continue
        if not origin.given:  # every row has it from an option
            told.add(term)
        key = term.value.removeprefix(things)
        message = f"nothing describes {key}: describe it first, or write the key of another"
        yield union.table.problem(origin.line, message, origin.column)


def _facts(union: Union) -> Iterator[tuple[Term, Origin]]:
    """All values that the table adds."""
    for block in union.made.values():
        for values in block.facts.values():
            yield from values.items()
    for gains in union.gained.values():
        for (_, term), origin in gains.items():
            yield term, origin


def _violations(changes: Sequence[FileChange], union: Union) -> Iterator[Problem]:
    """What would be wrong with the graph after *changes*, and is not before them."""
    before = union.standing.graph
    sources = {change.path: change.after.encode("utf-8") for change in changes}
    found = _wrong(changed(before, sources)) if changes else ()
    known = {_same(problem) for problem in _wrong(before)} if found else set()
    lines = {subject.value: block.reading.line for subject, block in union.made.items()}
    for subject, gains in union.gained.items():
        lines[subject.value] = next(iter(gains.values())).line
    for problem in found:
        if _same(problem) in known:
            continue
        value = (problem.value or "").strip("<>")
        line = lines.get(problem.focus or "", lines.get(value))
        focus = (problem.focus or "").partition("/id/")[2]
        yield union.table.problem(line, f"{focus}: {problem.message}" if focus else problem.message)


def _wrong(graph: ParsedGraph) -> tuple[Problem, ...]:
    """The violations of *graph*, in the order of its files."""
    found = [*graph.problems, *validate(graph).problems(graph)]
    return _in_order(problem for problem in found if problem.severity is Severity.VIOLATION)


def _same(problem: Problem) -> tuple[str, str | None, str | None]:
    """What tells a problem from others wherever it stands."""
    return problem.message, problem.focus, problem.value


def _in_order(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    return tuple(sorted(set(problems), key=lambda problem: problem.sort_key))
