"""What the quality queries of a graph find: what no shape can say.

A build asks each, keeps what they find in the release as ``quality.json``, and tells how much.
"""

from __future__ import annotations

import json
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any, TypeAlias

import pyoxigraph as ox

from stancegraph.errors import OperationError
from stancegraph.problems import FOUND, Problem, Severity

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from stancegraph.build.parse import ParsedGraph
    from stancegraph.queryfile import SavedQuery

# A row as SPARQL results in JSON have it: by variable, the term with its ``value``.
Binding: TypeAlias = "Mapping[str, Mapping[str, str]]"

FILE = "quality.json"
MAX_KEPT = 1000  # rows of one query that a release keeps; the count is of all


@dataclass(frozen=True, slots=True)
class Row:
    """One thing with which something is wrong.

    Attributes:
        thing: Its IRI.
        label: What it is called; empty where it has no name.
        wrong: What is wrong with it.
        place: ``file:line`` where it stands; empty where no file describes it.
    """

    thing: str
    label: str
    wrong: str
    place: str = ""


@dataclass(frozen=True, slots=True)
class Finding:
    """What one quality query finds.

    Attributes:
        query: Its name.
        count: How many rows it has.
        rows: The first of them, in its order.
    """

    query: str
    summary: str
    problem: str
    why: str
    mend: str
    count: int
    rows: tuple[Row, ...]

    @classmethod
    def of(cls, query: SavedQuery, count: int, rows: Sequence[Sequence[str]]) -> Finding:
        """What *query*, a quality query, finds: *count* rows, the first as `texts` gives them.

        Places are not told yet.
        """
        assert query.flaw is not None  # noqa: S101 - who calls has looked
        kept = tuple(Row(*row) for row in rows)
        flaw = query.flaw
        return cls(query.name, query.summary, flaw.problem, flaw.why, flaw.mend, count, kept)

    def placed(self, graph: ParsedGraph) -> Finding:
        """With the places at which *graph* describes the things of its rows."""
        rows = []
        for row in self.rows:
            node = ox.NamedNode(row.thing)
            if str(node) in graph.described:
                file, line = graph.place(node)
                rows.append(replace(row, place=f"{file}:{line}" if line else file))
            else:
                rows.append(row)
        return replace(self, rows=tuple(rows))


def texts(rows: Sequence[Binding]) -> list[list[str]]:
    """The thing, its label and what is wrong with it, of the rows that are kept."""
    return [[row.get(name, {}).get("value", "") for name in FOUND] for row in rows[:MAX_KEPT]]


def as_json(findings: Iterable[Finding], problems: Iterable[Problem] = ()) -> str:
    """What `read` and `read_problems` read: *findings* by query, *problems* in their order."""
    ordered = sorted(findings, key=lambda finding: finding.query)
    told = {
        "findings": [asdict(finding) for finding in ordered],
        "problems": [asdict(problem) for problem in problems],
    }
    return json.dumps(told, indent=1, ensure_ascii=False) + "\n"


def read(path: Path) -> tuple[Finding, ...]:
    """The findings in the file *path* of a release; none where the release has no such file.

    Raises:
        OperationError: the file is not what `as_json` wrote.
    """
    with _reading(path) as told:
        return tuple(
            Finding(**{**each, "rows": tuple(Row(**row) for row in each["rows"])})
            for each in told.get("findings", ())
        )


def read_problems(path: Path) -> tuple[Problem, ...]:
    """What the shapes found, in the file *path* of a release; as `read`."""
    with _reading(path) as told:
        return tuple(
            Problem(**{**each, "severity": Severity(each["severity"])})
            for each in told.get("problems", ())
        )


@contextmanager
def _reading(path: Path) -> Iterator[dict[str, Any]]:
    """What is in the file *path*, of which whatever goes wrong is told as an OperationError."""
    try:
        yield json.loads(path.read_text("utf-8")) if path.exists() else {}
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise OperationError(f"{path} cannot be read ({error}): build the release again") from error
