"""Everything that can be taken away from a release, in every form, in folders of one layout."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING

from stancegraph.errors import OperationError
from stancegraph.export import rdf
from stancegraph.export.job import NEEDED

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    from stancegraph.export.book import TableEntry
    from stancegraph.export.job import Export, Written
    from stancegraph.export.sheets import Sheets

TABLE_FORMATS = ("csv", "parquet", "xlsx", "dta")
NETWORK_FORMATS = ("graphml", "gexf", "csv")
BOOK_FORMATS = ("html", "pdf", "json", "ddi")
BESIDE_TABLES = ("datapackage", "csvw")  # codebooks whose readers look for the tables beside them
FOLDERS = ("rdf", "tables", "networks", "codebook")
LIBRARIES = ("numpy", "pyarrow", "typst", "xlsxwriter")


def sheets_of(export: Export) -> Sheets:
    """What makes tables and networks; imported only where they are asked for.

    Raises:
        OperationError: libraries are missing; the message says how to get them.
    """
    need_libraries()
    made: Sheets = import_module("stancegraph.export.sheets").Sheets(export)
    return made


def need_libraries() -> None:
    """Make sure that what tables, networks and codebooks are made with is there.

    Raises:
        OperationError: libraries are missing; the message says how to get them.
    """
    lacking = [name for name in LIBRARIES if find_spec(name) is None]
    if lacking:
        raise OperationError(f"{' and '.join(lacking)} is missing: install {NEEDED}")


def write_everything(
    export: Export,
    folder: Path,
    *,
    written: Callable[[Iterable[Written]], None],
    tables: Sequence[str] = TABLE_FORMATS,
    beside: Sequence[str] = BESIDE_TABLES,
) -> list[TableEntry]:
    """Write RDF, tables, networks and the codebook into `FOLDERS` of *folder*, which are made.

    Args:
        written: Is given the files as they are there.
        tables: The formats of tables.
        beside: The codebooks that go beside the tables.

    Returns:
        What the codebook says of each table.

    Raises:
        StancegraphError: something cannot be asked or written.
    """
    sheets = sheets_of(export)
    at = {name: folder / name for name in FOLDERS}
    for path in at.values():
        path.mkdir(parents=True, exist_ok=True)
    for form in rdf.FORMATS:
        written([export.write_rdf(export.lines(), at["rdf"] / f"graph.{form}", form)])
    written([export.write_rdf(export.lines(derived=False), at["rdf"] / "stated.nq", "nq")])
    found = []
    for sheet, files in sheets.write_tables(sheets.chosen((), sheets.tables), at["tables"], tables):
        written(files)
        found.append(sheets.entry(sheet))
    for _, files in sheets.write_networks(
        sheets.chosen((), sheets.networks), at["networks"], NETWORK_FORMATS
    ):
        written(files)
    written(sheets.write_book(found, at["tables"], beside))
    written(sheets.write_book(found, at["codebook"], BOOK_FORMATS))
    return found
