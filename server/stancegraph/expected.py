"""The rows that a saved query must give, kept beside it.

Beside ``queries/<theme>/<name>.rq`` stand files ``queries/<theme>/<name>/<parameters>.csv``.
Each holds what ``stancegraph query <theme>/<name> <parameters> --format csv`` must give; the
file's name is the query string of the address, or ``rows`` where nothing is set.
"""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, quote, urlencode

from stancegraph.catalog import read_terms, typed
from stancegraph.engine import Ask, MediaType
from stancegraph.errors import OperationError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from stancegraph.engine import Engine
    from stancegraph.names import Names
    from stancegraph.queryfile import SavedQuery

NOTHING_SET = "rows"


@dataclass(frozen=True, slots=True)
class Case:
    """A query with parameters, for which rows are expected.

    Attributes:
        file: Where the rows are, or will be.
        values: What the parameters are set to, as a caller writes it.
    """

    query: SavedQuery
    file: Path
    values: Mapping[str, Sequence[str]]

    @classmethod
    def of_file(cls, query: SavedQuery, file: Path) -> Case:
        """The case that *file* is kept for."""
        named = file.stem
        values = {} if named == NOTHING_SET else parse_qs(named, keep_blank_values=True)
        return cls(query, file, values)

    @classmethod
    def of_example(cls, query: SavedQuery, root: Path, names: Names) -> Case:
        """The case of the example that stands in the query, in the graph folder *root*."""
        values = {
            name: [typed(parameter, term, names) for term in parameter.examples]
            for name, parameter in query.params.items()
        }
        named = urlencode(values, doseq=True, quote_via=quote, safe="") or NOTHING_SET
        return cls(query, folder_of(query, root) / f"{named}.csv", values)

    @property
    def name(self) -> str:
        """How to tell of it: ``votes/agreement?country=CAN``."""
        return (
            self.query.name
            if self.file.stem == NOTHING_SET
            else (f"{self.query.name}?{self.file.stem}")
        )

    @property
    def expected(self) -> list[list[str]] | None:
        """The rows of the file, the columns first; None where there is no file.

        Raises:
            OperationError: the file cannot be read.
        """
        try:
            return rows_of(self.file.read_bytes())
        except FileNotFoundError:
            return None
        except (OSError, UnicodeDecodeError, csv.Error) as error:
            raise OperationError(f"{self.file} cannot be read: {error}") from error

    def rows(self, engine: Engine, names: Names) -> list[list[str]]:
        """What the query gives, the columns first.

        Raises:
            BadParameter: the file is named after what means nothing.
            EngineError: there is no answer.
        """
        text = self.query.bind(read_terms(self.query, self.values, names))
        ask = Ask(text, MediaType.CSV, base=names.base, deadline=self.query.bound)
        return rows_of(b"".join(engine.ask(ask)))

    def keep(self, rows: Iterable[Sequence[str]]) -> None:
        """Write *rows* as what is expected.

        Raises:
            OperationError: the file cannot be written.
        """
        try:
            self.file.parent.mkdir(parents=True, exist_ok=True)
            self.file.write_text("".join(lines_of(rows)), "utf-8")
        except OSError as error:
            raise OperationError(f"cannot write {self.file}: {error.strerror}") from error


def folder_of(query: SavedQuery, root: Path) -> Path:
    """Where the expected rows of *query* are in the graph folder *root*."""
    return root / query.path.removesuffix(".rq")


def cases(query: SavedQuery, root: Path) -> list[Case]:
    """What is expected of *query*, in the order of the files' names."""
    files = sorted(folder_of(query, root).glob("*.csv"))
    return [Case.of_file(query, file) for file in files]


def strays(queries: Iterable[SavedQuery], root: Path) -> list[Path]:
    """Files of expected rows that belong to none of *queries*, sorted."""
    known = {folder_of(query, root) for query in queries}
    return sorted(file for file in (root / "queries").rglob("*.csv") if file.parent not in known)


def rows_of(content: bytes) -> list[list[str]]:
    """The rows of CSV, the columns first."""
    return list(csv.reader(io.StringIO(content.decode("utf-8"), newline="")))


def lines_of(rows: Iterable[Sequence[str]]) -> list[str]:
    """*rows* as lines of CSV, each with its end."""
    written = io.StringIO()
    csv.writer(written, lineterminator="\n").writerows(rows)
    return written.getvalue().splitlines(keepends=True)
