"""The command ``reconcile``: a table gains the things that the names in a column mean."""

from __future__ import annotations

import csv
import io
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click
import pyoxigraph as ox

from stancegraph.build.release import open_release
from stancegraph.catalog import Catalog
from stancegraph.commands.options import releases_option
from stancegraph.commands.output import open_engine
from stancegraph.errors import BadTable, OperationError
from stancegraph.importers.table import read_table
from stancegraph.matching import MISSING, Matcher
from stancegraph.reconcile import Query, Reconciler
from stancegraph.search import plain
from stancegraph.terms import SKOS
from stancegraph.vocabulary import Vocabulary, local_name
from stancegraph.wordlist import properties_of, types_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from stancegraph.build.release import Release
    from stancegraph.commands.options import Options
    from stancegraph.engine import Term
    from stancegraph.importers.table import Table
    from stancegraph.matching import Candidate
    from stancegraph.names import Names
    from stancegraph.wordlist import Word, Words

WIKIDATA = "http://www.wikidata.org/entity/"
DEADLINE = 60.0  # seconds for each question to the engine
CERTAIN, UNSURE, NOTHING, BLANK = STATES = ("certain", "unsure", "nothing", "blank")
HEADINGS = ("line", "text", "key", "label", "name", "way", "score")


@dataclass(frozen=True, slots=True)
class Found:
    """What the texts of a column mean.

    Attributes:
        candidates: By text, the things that it may mean, the likeliest first.
        columns: What is added: headings, each with what it has of a thing, by key.
    """

    candidates: Mapping[str, Sequence[Candidate]]
    columns: Mapping[str, Mapping[str, str]]

    def state(self, text: str) -> str:
        """How sure it is what *text* means: one of ``STATES``."""
        candidates = self.candidates.get(text, ())
        if candidates:
            return CERTAIN if candidates[0].certain else UNSURE
        return BLANK if not text or plain(text) in MISSING else NOTHING


@click.command("reconcile")
@click.argument(
    "table", metavar="TABLE.csv", type=click.Path(exists=True, dir_okay=False, path_type=Path)
)
@click.option("--column", required=True, help="The column that has the names.")
@click.option(
    "--type",
    "named",
    help="The class of what they name, by its label, as treaty, or its IRI; any if blank. "
    "That which the column is called after, if it is, unless given.",
)
@click.option(
    "--add",
    "added",
    multiple=True,
    metavar="PROPERTY",
    help="A property to add beside codes and Wikidata items, as sg:partyTo.",
)
@click.option(
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Where the table goes; TABLE.reconciled.csv, unless given.",
)
@click.option(
    "--unsure",
    "unsure_path",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Where the candidates of unsure rows go; TABLE.unsure.csv, unless given.",
)
@releases_option
@click.pass_obj
def reconcile_command(
    options: Options,
    *,
    table: Path,
    column: str,
    named: str | None,
    added: Sequence[str],
    output: Path | None,
    unsure_path: Path | None,
    releases: Path | None,
) -> None:
    """Tell which things the names in a column of TABLE.csv mean.

    \b
    Examples:
      stancegraph reconcile votes.csv --column country
      stancegraph reconcile texts.csv --column name --type treaty --add sg:adopted
      stancegraph reconcile votes.csv --column state --output - --unsure unsure.csv

    Every row is written, in its order, with the IRI, the codes, the Wikidata item, the score and
    how sure it is: certain, unsure, nothing found, or blank. What is not certain gets no IRI; its
    candidates go to a second file, for a person to choose among.
    """  # noqa: D301 - click's mark for lines to keep
    read = read_table(table)
    for problem in read.problems:
        click.echo(problem.as_text(), err=True)
    if read.problems:
        raise BadTable(str(table), read.problems)
    if column not in read.header:
        raise click.BadOptionUsage(
            "column", f"--column: {table} has no column {column!r}; it has {', '.join(read.header)}"
        )
    output = output or table.with_name(f"{table.stem}.reconciled.csv")
    unsure_path = unsure_path or table.with_name(f"{table.stem}.unsure.csv")
    if table.resolve() in {output.resolve(), unsure_path.resolve()}:
        raise click.UsageError(f"{table} would be overwritten: choose another file")
    release = open_release(releases or options.folder.releases)
    texts = dict.fromkeys(row.cells[column] for row in read.rows)
    found = _find(release, texts, column, named, added)
    if taken := sorted({*found.columns, *_own(column)} & set(read.header)):
        raise click.UsageError(f"{table} has a column {taken[0]!r} already: rename or remove it")
    _write(output, [[*read.header, *found.columns, *_own(column)], *_rows(read, column, found)])
    unsure = list(_unsure(read, column, found))
    _write(unsure_path, [HEADINGS, *unsure])
    counts = Counter(found.state(row.cells[column]) for row in read.rows)
    told = ", ".join(f"{counts[state]} {state}" for state in STATES if counts[state])
    click.echo(f"{len(read.rows)} rows: {told}; {output}, {unsure_path}", err=True)


def _find(
    release: Release, texts: Iterable[str], column: str, named: str | None, added: Sequence[str]
) -> Found:
    """What *texts* mean, and what is added to the rows of which it is certain."""
    names = Catalog.load(release.path).names
    with open_engine(release) as engine:
        vocabulary = Vocabulary(engine, base=release.base, queries=(), deadline=DEADLINE)
        kind = _kind(types_of(names, vocabulary), column, named)
        reconciler = Reconciler(names, Matcher(names), engine, deadline=DEADLINE)
        classes = (kind.iri,) if kind else ()
        asked = list(texts)
        answers = reconciler.answer([Query((text,), classes) for text in asked])
        candidates = {
            text: answer
            for text, answer in zip(asked, answers, strict=True)
            if isinstance(answer, list)  # names alone ask nothing of the engine
        }
        certain = {each[0].key for each in candidates.values() if each and each[0].certain}
        properties = properties_of(vocabulary)
        codes = {node.value for node in vocabulary.narrower(SKOS.notation)}
        wanted = [*sorted(codes & properties.by_iri.keys()), *map(properties.read, added)]
        values = reconciler.values(certain, {*wanted, SKOS.exactMatch.value})
    columns = {f"{column}_iri": {key: names.iri(key) for key in certain}}
    for iri in wanted:
        told = {key: _told(values.get((key, iri), ()), names) for key in certain}
        if any(told.values()) or iri not in codes:
            columns[f"{column}_{local_name(iri)}"] = told
    columns[f"{column}_qid"] = {
        key: _told(_items(values.get((key, SKOS.exactMatch.value), ())), names) for key in certain
    }
    return Found(candidates, columns)


def _kind(types: Words, column: str, named: str | None) -> Word | None:
    """The class of what a column names; None for any."""
    if named is not None:
        return types.by_iri[types.read(named)] if named.strip() else None
    kind = types.named(column)
    if kind is not None:
        click.echo(f"{column}: taken for names of {kind.name}; --type says otherwise", err=True)
    return kind


def _items(terms: Iterable[Term]) -> list[Term]:
    """The Wikidata items among *terms*, by their ids."""
    return [
        ox.Literal(term.value.removeprefix(WIKIDATA))
        for term in terms
        if isinstance(term, ox.NamedNode) and term.value.startswith(WIKIDATA)
    ]


def _told(terms: Iterable[Term], names: Names) -> str:
    """*terms* in one cell, things by their keys."""
    return "; ".join(
        (names.key(term.value) or term.value)
        if isinstance(term, ox.NamedNode)
        else getattr(term, "value", str(term))
        for term in terms
    )


def _own(column: str) -> list[str]:
    """The headings of what is added last."""
    return [f"{column}_score", f"{column}_match"]


def _rows(table: Table, column: str, found: Found) -> Iterable[list[str]]:
    """Each row of *table* with what is added."""
    for row in table.rows:
        text = row.cells[column]
        candidates = found.candidates.get(text, ())
        key = candidates[0].key if candidates and candidates[0].certain else ""
        score = f"{candidates[0].score:g}" if candidates else ""
        added = [values.get(key, "") for values in found.columns.values()]
        yield [*row.cells.values(), *added, score, found.state(text)]


def _unsure(table: Table, column: str, found: Found) -> Iterable[list[str]]:
    """The candidates of each row of which it is not certain; a line without one where none is."""
    for row in table.rows:
        text = row.cells[column]
        if found.state(text) in {CERTAIN, BLANK}:
            continue
        for each in found.candidates[text] or (None,):
            told = (
                [each.key, each.label, each.name, each.way.told, f"{each.score:g}"]
                if each
                else [""] * (len(HEADINGS) - 2)
            )
            yield [str(row.line), text, *told]


def _write(path: Path, rows: Iterable[Sequence[str]]) -> None:
    """Write *rows* as CSV, so that spreadsheets read it as UTF-8; ``-`` is standard output."""
    if str(path) == "-":
        written = io.StringIO()
        csv.writer(written, lineterminator="\n").writerows(rows)
        click.echo(written.getvalue(), nl=False)
        return
    try:
        with path.open("w", encoding="utf-8-sig", newline="") as file:
            csv.writer(file).writerows(rows)
    except OSError as error:
        raise OperationError(f"{path} cannot be written: {error.strerror}") from error
