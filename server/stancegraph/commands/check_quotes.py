"""The command ``check-quotes``."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING

import click
import pyoxigraph as ox

from stancegraph.build.parse import parse
from stancegraph.errors import OperationError
from stancegraph.quotes import check_quotes, digest_of, digests, quotations
from stancegraph.terms import RDF, SG

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from stancegraph.build.parse import ParsedGraph
    from stancegraph.commands.options import Options
    from stancegraph.quotes import Place, Quotation


@click.command("check-quotes")
@click.argument(
    "files",
    metavar="FILE...",
    nargs=-1,
    required=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
)
@click.option(
    "--source",
    metavar="ID",
    help="The source that the files are the text of, such as atlas-china; unless given, "
    "the one whose sg:sha256 is that of the file.",
)
@click.pass_obj
def check_quotes_command(options: Options, *, files: Sequence[Path], source: str | None) -> None:
    """Tell which quotations of the evidence stand in FILE..., and where.

    Looks for the evidence of the sources that the files are the text of. The exit status is
    1 if a quotation is missing or a file is the text of no source.

    \b
    Example:
      stancegraph check-quotes profile-of-china.txt --source atlas-china
    """  # noqa: D301 - click's mark for lines to keep
    graph = parse(options.folder)
    if graph.problems:
        told = f"{len(graph.problems)} problems may hide evidence: see stancegraph validate"
        click.echo(f"stancegraph: {told}", err=True)
    texts, unknown = _texts_by_source(graph, {str(path): _bytes(path) for path in files}, source)
    found: dict[Quotation, Place | None] = {}
    wanted = list(quotations(graph.triples("data")))
    for name, contents in texts.items():
        found |= check_quotes((each for each in wanted if each.source == name), contents)
    for quotation in sorted(found, key=lambda each: (each.evidence, each.exact)):
        evidence = quotation.evidence.removeprefix(f"{options.folder.base}id/")
        click.echo(_line(evidence, quotation.exact, found[quotation]))
    missing = sum(place is None for place in found.values())
    click.echo(f"{len(found) - missing} found, {missing} missing", err=True)
    if missing or unknown:
        click.get_current_context().exit(1)


def _line(evidence: str, exact: str, place: Place | None) -> str:
    if place is None:
        return f'missing {evidence} "{exact}"'
    return f"found   {evidence} {place.text}:{place.line} (offset {place.offset})"


def _texts_by_source(
    graph: ParsedGraph, contents: Mapping[str, bytes], source: str | None
) -> tuple[dict[str, dict[str, str]], list[str]]:
    """The texts of each source by their names, and the names of those that no source has."""
    known = digests(graph.triples("data"))
    tied = [_source_iri(graph, source)] if source else None
    texts: defaultdict[str, dict[str, str]] = defaultdict(dict)
    unknown = []
    for name, content in contents.items():
        digest = digest_of(content)
        sources = tied or known.get(digest)
        if not sources:
            told = f"{name} is the text of no source: its SHA-256 is {digest}; name one by --source"
            click.echo(f"stancegraph: {told}", err=True)
            unknown.append(name)
        for iri in sources or ():
            texts[iri][name] = _decoded(name, content)
    return texts, unknown


def _source_iri(graph: ParsedGraph, source: str) -> str:
    """The IRI of the source that is called *source*: an IRI, ``source/<key>`` or ``<key>``."""
    sources = {
        triple.subject.value
        for triple in graph.triples("data")
        if triple.predicate == RDF.type
        and triple.object == SG.Source
        and isinstance(triple.subject, ox.NamedNode)
    }
    things = f"{graph.folder.base}id/"
    for iri in (source, things + source, f"{things}source/{source}"):
        if iri in sources:
            return iri
    raise click.BadParameter(f"no sg:Source is called {source!r}", param_hint="--source")


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise OperationError(f"{path} cannot be read: {error.strerror}") from error


def _decoded(name: str, content: bytes) -> str:
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        raise OperationError(
            f"{name} is not UTF-8 text (byte {error.start}): give the text that was read"
        ) from error
