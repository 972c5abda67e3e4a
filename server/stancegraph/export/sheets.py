"""The tables, networks and codebook of one export, and the files that they become.

What it needs comes with the extra ``export``; without it, a release is exported as RDF alone.
"""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING

from stancegraph.coverage import coverage_of
from stancegraph.engine import Ask, MediaType
from stancegraph.errors import BadParameter, OperationError
from stancegraph.export import book_files
from stancegraph.export.book import entry, rows_of
from stancegraph.export.evidence import citation, sources_of
from stancegraph.export.frame import Making, identified, widened
from stancegraph.export.job import DEADLINE, Written
from stancegraph.export.narrowing import Narrowing
from stancegraph.export.networks import WRITERS as NETWORK_WRITERS
from stancegraph.export.networks import graph_of
from stancegraph.export.tables import WRITERS as TABLE_WRITERS
from stancegraph.export.tables import Context

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from stancegraph.export.book import TableEntry
    from stancegraph.export.frame import Identified, Sheet
    from stancegraph.export.job import Export
    from stancegraph.export.networks import Graph
    from stancegraph.queryfile import SavedQuery

EXCEL_ROWS = 100_000  # more are left out of Excel where all tables are asked for


class Sheets:
    """Makes the tables and networks of an export, and their codebook."""

    excel_rows = EXCEL_ROWS

    def __init__(self, export: Export) -> None:
        self._export = export
        self._known: dict[str, Identified] = {}
        self._sources: dict[tuple[str, ...], list[list[object]]] = {}
        self._making = Making(export.words, self._identified)

    @property
    def tables(self) -> list[SavedQuery]:
        """The queries that are tables and no networks, by name."""
        return [query for query in self._export.catalog if query.table and not query.network]

    @property
    def networks(self) -> list[SavedQuery]:
        """The queries that are networks, by name."""
        return [query for query in self._export.catalog if query.network]

    def chosen(self, names: Sequence[str], offered: Sequence[SavedQuery]) -> list[SavedQuery]:
        """Those of *offered* that *names* means, by the last part of their name; all for none.

        What cannot be narrowed as is asked is left out of all, and told.

        Raises:
            OperationError: one means none, or one cannot be narrowed as is asked.
        """
        by_name = {_short(query): query for query in offered}
        by_name |= {q.table.wide.name: q for q in offered if q.table and q.table.wide}
        for name in names:
            if name not in by_name:
                there = ", ".join(sorted(by_name)) or "none: no saved query declares one"
                raise OperationError(f"there is no {name!r} to export; there is {there}")
        found = [by_name[name] for name in names] if names else list(offered)
        fitting: list[SavedQuery] = []
        for query in found:
            lacking = " and ".join(self._export.narrowing.lacking(query))
            if lacking and names:
                raise OperationError(f"{_short(query)} cannot be narrowed by {lacking}")
            if lacking:
                self._export.told(
                    f"{_short(query)}: left out, since it cannot be narrowed by {lacking}"
                )
            elif query not in fitting:
                fitting.append(query)
        return fitting

    def sheets(self, queries: Sequence[SavedQuery]) -> Iterator[tuple[SavedQuery, Sheet]]:
        """The table of each of *queries*, asked while the one before is worked on; wide ones too.

        Raises:
            BadParameter: the narrowing means nothing.
            EngineError: one has no answer.
            OperationError: one is not what its header says.
        """
        with ThreadPoolExecutor(1) as pool:
            asked = [pool.submit(self._answer, query, self._export.narrowing) for query in queries]
            try:
                for query, answer in zip(queries, asked, strict=True):
                    assert query.table is not None  # noqa: S101 - they were chosen for it
                    sheet = self._making.sheet(
                        query,
                        query.table,
                        answer.result(),
                        asked=self._said(query),
                        coverage=self._coverage(query),
                    )
                    yield query, sheet
                    if query.table.wide and not query.network:
                        yield query, widened(sheet, query.table)
            finally:
                pool.shutdown(cancel_futures=True)

    def write_tables(
        self,
        queries: Sequence[SavedQuery],
        folder: Path,
        formats: Sequence[str],
        *,
        excel_rows: int = EXCEL_ROWS,
    ) -> Iterator[tuple[Sheet, list[Written]]]:
        """Write the tables of *queries* into *folder*, and tell of each with its files.

        Args:
            formats: Of `TABLE_WRITERS`.
            excel_rows: Tables with more rows are left out of Excel, which is told.
        """
        for _, sheet in self.sheets(queries):
            context = self.context(sheet)
            written: list[Written] = []
            for form in formats:
                if form == "xlsx" and len(sheet) > excel_rows:
                    self._export.told(f"{sheet.name}: {len(sheet):,} rows, left out of Excel")
                    continue
                path = folder / f"{sheet.name}.{form}"
                with _timed(written, path, len(sheet)):
                    TABLE_WRITERS[form](sheet, path, context)
            yield sheet, written

    def write_networks(
        self, queries: Sequence[SavedQuery], folder: Path, formats: Sequence[str]
    ) -> Iterator[tuple[Graph, list[Written]]]:
        """Write the networks of *queries* into *folder*, and tell of each with its files."""
        for query, sheet in self.sheets(queries):
            assert query.network is not None  # noqa: S101 - they were chosen for it
            graph = graph_of(sheet, query.network, base=self._export.release.base)
            context = self.context(sheet)
            written: list[Written] = []
            for form in formats:
                for ending, write in NETWORK_WRITERS[form]:
                    path = folder / f"{graph.name}{ending}"
                    with _timed(written, path, len(graph.edges)):
                        write(graph, path, context)
            yield graph, written

    def context(self, sheet: Sheet) -> Context:
        """What stands beside the data of *sheet* in its files."""
        return Context(
            release=self._export.release.id,
            day=self._export.release.date,
            citation=self.citation(sheet),
            codebook=rows_of(entry(sheet)),
            sources=self.sources(sheet.claims),
        )

    def citation(self, sheet: Sheet) -> list[tuple[str, str]]:
        """How to cite *sheet*."""
        query = self._export.catalog.query(sheet.query)
        return citation(
            self._export.release,
            what=sheet.title,
            query=query.name,
            version=query.version,
            asked=sheet.asked,
            rows_given=len(sheet),
        )

    def sources(self, classes: Sequence[str]) -> list[list[object]]:
        """The sources on which claims of *classes* rest, headings first."""
        key = tuple(classes)
        if key not in self._sources:
            self._sources[key] = sources_of(self._export.engine, key, deadline=DEADLINE)
        return self._sources[key]

    def _said(self, query: SavedQuery) -> dict[str, tuple[str, ...]]:
        """What the narrowing sets in *query*, as a caller writes it."""
        said = self._export.narrowing.values
        return {name: values for name, values in said.items() if name in query.params}

    def _answer(self, query: SavedQuery, narrowing: Narrowing) -> bytes:
        text = query.bind(narrowing.terms(query, self._export.catalog.names))
        ask = Ask(text, MediaType.CSV, base=self._export.release.base, deadline=DEADLINE)
        return b"".join(self._export.engine.ask(ask))

    def _identified(self, name: str) -> Identified:
        """The identifiers that the query *name* has, of all things."""
        if name not in self._known:
            query = self._export.catalog.query(name)
            if query.table is None or not query.table.identifies:
                raise OperationError(f"{query.path} does not say in its header what it identifies")
            answer = self._answer(query, Narrowing())
            sheet = self._making.sheet(query, query.table, answer, asked={})
            self._known[name] = identified(sheet, query.table.identifies)
        return self._known[name]

    def _coverage(self, query: SavedQuery) -> tuple[str, ...]:
        """How complete the lists are on which the rows of *query* rest."""
        try:
            found = coverage_of(
                query,
                self._export.narrowing.terms(query, self._export.catalog.names),
                companions=self._export.catalog.query,
                names=self._export.catalog.names,
                engine=self._export.engine,
                deadline=DEADLINE,
            )
        except BadParameter as error:
            raise OperationError(f"{query.path}: coverage: {error}") from error
        return found.statements if found else ()

    def entry(self, sheet: Sheet) -> TableEntry:
        """What the codebook says of *sheet*."""
        return entry(sheet)

    def write_book(
        self, found: Sequence[TableEntry], folder: Path, formats: Sequence[str]
    ) -> list[Written]:
        """Write the codebook to the tables *found* into *folder*.

        Args:
            formats: Of `book_files.WRITERS`.
        """
        release = self._export.release
        classes = tuple(dict.fromkeys(iri for table in found for iri in table.claims))
        book = book_files.Book(
            release=release,
            tables=found,
            citation=citation(release, what="Codebook"),
            sources=self.sources(classes),
            sources_of_table={each.name: len(self.sources(each.claims)) - 1 for each in found},
            words=self._export.words,
        )
        written: list[Written] = []
        for form in formats:
            name, write = book_files.WRITERS[form]
            with _timed(written, folder / name, len(found)):
                write(book, folder / name)
        return written


def _short(query: SavedQuery) -> str:
    return query.name.rpartition("/")[2]


@contextmanager
def _timed(written: list[Written], path: Path, rows: int) -> Iterator[None]:
    begun = time.perf_counter()
    yield
    written.append(Written(path, rows, time.perf_counter() - begun))
