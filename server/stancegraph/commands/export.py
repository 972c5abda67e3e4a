"""The commands ``export rdf``, ``tables``, ``networks``, ``codebook`` and ``all``."""

from __future__ import annotations

import sys
import time
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from stancegraph.build.release import open_release, writing
from stancegraph.build.shelf import find
from stancegraph.commands.completion import complete_release
from stancegraph.commands.options import releases_option
from stancegraph.errors import OperationError
from stancegraph.export import rdf
from stancegraph.export.everything import (
    BESIDE_TABLES,
    NETWORK_FORMATS,
    TABLE_FORMATS,
    sheets_of,
    write_everything,
)
from stancegraph.export.everything import BOOK_FORMATS as READ_FORMATS
from stancegraph.export.job import Export
from stancegraph.export.kept import keeping, kept
from stancegraph.export.narrowing import Narrowing
from stancegraph.temporary import TemporaryFolder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from stancegraph.build.release import Release
    from stancegraph.commands.options import Options
    from stancegraph.export.job import Written

_Command = TypeVar("_Command", bound="Callable[..., Any]")

BOOK_FORMATS = (*READ_FORMATS, *BESIDE_TABLES)


def _narrowing(command: _Command) -> _Command:
    """What all exports have: from which release, and how it is narrowed."""
    options = (
        click.option("--as-of", default="", metavar="DAY", help="What is on record by that day."),
        click.option("--states", multiple=True, metavar="STATE",
                     help="Only about this state; may be given several times."),
        click.option("--theme", multiple=True, metavar="TOPIC",
                     help="Only on this topic; may be given several times."),
        click.option("--release", "wanted", default="", metavar="ID",
                     shell_complete=complete_release,
                     help="The release; the current one, unless given."),
        click.option("--endpoint", default="", metavar="URL",
                     help="The engine elsewhere that holds the release, by `push`."),
        click.option("--quiet", is_flag=True, help="Tell nothing on the way."),
    )  # fmt: skip
    for option in reversed(options):
        command = option(command)
    return releases_option(command)


def _folder(command: _Command) -> _Command:
    return click.option(
        "--to",
        "folder",
        type=click.Path(file_okay=False, path_type=Path),
        default=Path("export"),
        show_default=True,
        help="The folder for the files, which is made.",
    )(command)


def _formats(known: Sequence[str], default: Sequence[str]) -> Callable[[_Command], _Command]:
    return click.option(
        "--format",
        "formats",
        multiple=True,
        type=click.Choice(known),
        default=default,
        show_default=True,
        help="The form of the files; may be given several times.",
    )


@click.group("export")
def export_command() -> None:
    """Write files to take away: RDF, tables, networks, and the codebook to them.

    \b
    Examples:
      stancegraph export tables state-treaty --format dta --format xlsx
      stancegraph export rdf --states CAN --format ttl --to canada.ttl
      stancegraph export all --to files
      stancegraph export all --keep
      stancegraph export all --endpoint http://127.0.0.1:7878/query --to files

    All are narrowed alike: --as-of, --states, --theme. The same release gives the same bytes.
    """  # noqa: D301 - click's mark for lines to keep


@export_command.command("rdf")
@click.option("--format", "form", type=click.Choice(rdf.FORMATS), default="nq", show_default=True,
              help="nq is canonical and sorted.")  # fmt: skip
@click.option("--to", "target", type=click.Path(dir_okay=False, allow_dash=True, path_type=Path),
              default=Path("-"), help="The file; standard output, unless given.")  # fmt: skip
@click.option("--stated", is_flag=True, help="Without what rules derived.")
@click.option("--query", default="", metavar="FILE",
              help="Instead, what this CONSTRUCT makes.")  # fmt: skip
@_narrowing
@click.pass_obj
def rdf_command(
    options: Options, /, *, form: str, target: Path, stated: bool, query: str, **given: Any
) -> None:
    """Write statements.

    \b
    Examples:
      stancegraph export rdf > graph.nq
      stancegraph export rdf --stated --format trig --to graph.trig
      stancegraph export rdf --theme information-security --format jsonld
      stancegraph export rdf --query my-construct.rq --format ttl

    nq, trig and jsonld keep the named graphs; ttl and rdf have each statement once.
    """  # noqa: D301 - click's mark for lines to keep
    text = _read(query) if query else ""
    if query and (given["as_of"] or given["states"] or given["theme"]):
        raise click.UsageError("--query says itself what it is about: leave the others out")
    with _export(options, given) as export:
        lines = export.lines(derived=not stated, query=text)
        if str(target) == "-":
            output = sys.stdout.buffer
            rdf.write(lines, form, output, lambda: export.json_context)
            output.flush()
            return
        with writing(target.parent):
            _told_written(export, [export.write_rdf(lines, target, form)])


@export_command.command("tables")
@click.argument("names", nargs=-1)
@_formats(TABLE_FORMATS, ("csv",))
@_folder
@_narrowing
@click.pass_obj
def tables_command(
    options: Options, /, *, names: Sequence[str], formats: Sequence[str], folder: Path, **given: Any
) -> None:
    """Write tables, those of these NAMES or all.

    \b
    Examples:
      stancegraph export tables
      stancegraph export tables state-year votes --format parquet --as-of 2019-12-31
      stancegraph export tables dyad-year --states CAN --states PER --format dta

    Excel's workbooks hold the codebook, the sources and how to cite them beside the data.
    """  # noqa: D301 - click's mark for lines to keep
    with _export(options, given) as export, _made(folder):
        sheets = sheets_of(export)
        chosen = sheets.chosen(names, sheets.tables)
        bound = sys.maxsize if names else sheets.excel_rows
        for _, written in sheets.write_tables(chosen, folder, formats, excel_rows=bound):
            _told_written(export, written)


@export_command.command("networks")
@click.argument("names", nargs=-1)
@_formats(NETWORK_FORMATS, ("gexf",))
@_folder
@_narrowing
@click.pass_obj
def networks_command(
    options: Options, /, *, names: Sequence[str], formats: Sequence[str], folder: Path, **given: Any
) -> None:
    """Write networks, those of these NAMES or all.

    \b
    Examples:
      stancegraph export networks co-voting
      stancegraph export networks --format graphml --format csv --to networks

    GEXF has spells, which Gephi shows on its timeline.
    """  # noqa: D301 - click's mark for lines to keep
    with _export(options, given) as export, _made(folder):
        sheets = sheets_of(export)
        chosen = sheets.chosen(names, sheets.networks)
        for _, written in sheets.write_networks(chosen, folder, formats):
            _told_written(export, written)


@export_command.command("codebook")
@_formats(BOOK_FORMATS, BOOK_FORMATS)
@_folder
@_narrowing
@click.pass_obj
def codebook_command(
    options: Options, /, *, formats: Sequence[str], folder: Path, **given: Any
) -> None:
    """Write the codebook to the tables: each column, unit, code, missing value and source.

    \b
    Examples:
      stancegraph export codebook --format pdf
      stancegraph export codebook --format datapackage --format ddi --to files

    It is made of the ontology, the code lists, the saved queries and the data.
    """  # noqa: D301 - click's mark for lines to keep
    with _export(options, given) as export, _made(folder):
        sheets = sheets_of(export)
        found = [sheets.entry(s) for _, s in sheets.sheets(sheets.chosen((), sheets.tables))]
        _told_written(export, sheets.write_book(found, folder, formats))


@export_command.command("all")
@_folder
@click.option("--keep", is_flag=True,
              help="Instead, keep them with the release, for a server to give away.")  # fmt: skip
@_narrowing
@click.pass_obj
def all_command(options: Options, /, *, folder: Path, keep: bool, **given: Any) -> None:
    """Write everything in every form: RDF, tables, networks and the codebook.

    \b
    Examples:
      stancegraph export all --to files
      stancegraph export all --states CAN --states PER --to canada-and-peru

    Tables of more than a hundred thousand rows are left out of Excel, which is told.
    """  # noqa: D301 - click's mark for lines to keep
    if keep and (given["as_of"] or given["states"] or given["theme"]):
        raise click.UsageError("--keep keeps everything: leave the others out")
    if keep and given["endpoint"]:
        raise click.UsageError("--keep goes with a release that lies here, not with --endpoint")
    begun = time.perf_counter()
    with _export(options, given) as export:
        if keep:
            with keeping(export.release) as draft:
                write_everything(export, draft, written=lambda files: _told_sizes(export, files))
            for each in kept(export.release):
                click.echo(str(each.path))
        else:
            with _made(folder):
                write_everything(export, folder, written=lambda files: _told_written(export, files))
        export.told(f"all in {time.perf_counter() - begun:.1f} s")


@contextmanager
def _export(options: Options, given: dict[str, Any]) -> Iterator[Export]:
    """The export that the options ask for."""
    if given["endpoint"] and (given["releases"] or given["wanted"]):
        raise click.UsageError("--endpoint goes with neither --releases nor --release")
    narrowing = Narrowing(given["as_of"], tuple(given["states"]), tuple(given["theme"]))
    with ExitStack() as stack:
        release: Release
        if given["endpoint"]:
            from stancegraph.engine.remote.http import Address  # noqa: PLC0415 (rarely needed)
            from stancegraph.fetch import fetch_whole  # noqa: PLC0415

            folder = TemporaryFolder()
            stack.callback(folder.remove)
            release = fetch_whole(Address.read(given["endpoint"]), None, folder.path)
        elif given["wanted"]:
            release = find(given["releases"] or options.folder.releases, given["wanted"])
        else:
            release = open_release(given["releases"] or options.folder.releases)
        told = _silent if given["quiet"] else _tell
        yield stack.enter_context(Export(release, narrowing, told=told))


def _tell(sentence: str) -> None:
    click.echo(sentence, err=True)


def _silent(_sentence: str) -> None:
    """Tell nothing."""


def _told_written(export: Export, written: Iterable[Written]) -> None:
    """Name each file on standard output, with its size and the rest beside it."""
    for each in written:
        click.echo(str(each.path))
        _told_sizes(export, [each])


def _told_sizes(export: Export, written: Iterable[Written]) -> None:
    """Tell of each file how much it is."""
    for each in written:
        size = each.path.stat().st_size
        export.told(f"  {each.rows:,} rows, {size:,} bytes, {each.seconds:.1f} s")


class _made:  # noqa: N801 - used as a function
    """Make some folders, and raise what the system refuses as an OperationError."""

    def __init__(self, *folders: Path) -> None:
        self._folders = folders
        self._writing = writing(folders[0])

    def __enter__(self) -> None:
        self._writing.__enter__()
        for folder in self._folders:
            folder.mkdir(parents=True, exist_ok=True)

    def __exit__(self, *error: Any) -> bool | None:
        return self._writing.__exit__(*error)


def _read(path: str) -> str:
    try:
        return sys.stdin.read() if path == "-" else Path(path).read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise OperationError(f"cannot read {path}: {error}") from error
