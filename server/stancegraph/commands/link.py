"""The commands ``link …``: proposals, decisions and checks of links to registers elsewhere."""

from __future__ import annotations

import os
from collections import Counter
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

from stancegraph import __version__
from stancegraph.build.parse import parse
from stancegraph.build.release import open_release
from stancegraph.catalog import Catalog, read_terms
from stancegraph.commands.options import releases_option
from stancegraph.commands.output import open_engine
from stancegraph.engine import Ask, MediaType, rows
from stancegraph.errors import BadTable, InvalidGraph, OperationError
from stancegraph.links import decisions, sssom
from stancegraph.links.check import DATES, HERE, THERE, gaps, stale
from stancegraph.links.lookup import Kept, Lookup
from stancegraph.links.proposals import Proposal, propose
from stancegraph.links.registers import correspondence, register_of
from stancegraph.links.reports import Report, as_page, as_statements, as_table
from stancegraph.links.things import Things

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from typing import Any

    from stancegraph.build.release import Release
    from stancegraph.commands.options import Options
    from stancegraph.engine import Engine
    from stancegraph.folder import GraphFolder
    from stancegraph.links.check import Gap
    from stancegraph.links.decisions import Made
    from stancegraph.links.registers import Correspondence, Fact, Register
    from stancegraph.links.things import Thing

_Command = TypeVar("_Command", bound="Callable[..., Any]")

WIKIDATA = "wikidata"
KEPT = Path("wikidata-answers")
CONTACT = "STANCEGRAPH_CONTACT"
PATIENCE = 60.0  # seconds for an answer of our own
_JUSTIFIED = {short: name for name, short in decisions.JUSTIFICATIONS.items()}
_RELATED = {short: name for name, short in decisions.RELATIONS.items()}
_WORDS = {"e": "exact", "c": "close", "b": "broad", "n": "narrow", "r": "related"}
_HELP = (
    "a number accepts that entry as the same; c, b, n or r before it as close, broader, narrower "
    "or related;\nx rejects all, 0 says that there is no entry; Enter leaves it open, q ends"
)


@click.group("link")
def link_command() -> None:
    """Link things to registers elsewhere: propose, review, check.

    Nothing enters the graph without a decision, and nothing is ever written to a register.

    \b
    Examples:
      stancegraph link wikidata --contact me@example.org
      stancegraph link review proposals.sssom.tsv
      stancegraph link check --contact me@example.org
    """  # noqa: D301 - click's mark for lines to keep


def lookup_options(command: _Command) -> _Command:
    """What commands that ask a register share."""
    options = (
        click.option("--endpoint", help="The SPARQL service; the register's own, unless given."),
        click.option(
            "--contact",
            default=lambda: os.environ.get(CONTACT, ""),
            help="A mail or web address of yours: services want to know who asks. "
            f"${CONTACT}, unless given.",
        ),
        click.option(
            "--kept",
            type=click.Path(file_okay=False, path_type=Path),
            default=KEPT,
            show_default=True,
            help="The folder where answers are kept, each with its query and day.",
        ),
        click.option("--offline", is_flag=True, help="Ask nothing; read what is kept."),
        click.option("--fresh", is_flag=True, help="Ask anew what is kept."),
    )
    for option in reversed(options):
        command = option(command)
    return command


@link_command.command(WIKIDATA)
@lookup_options
@click.option(
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    default=Path("proposals.sssom.tsv"),
    show_default=True,
    help="Where the proposals go.",
)
@click.option("--kind", "kinds", multiple=True, help="Only things of this kind: state, treaty, …")
@click.pass_obj
def wikidata_command(
    options: Options,
    *,
    endpoint: str | None,
    contact: str,
    kept: Path,
    offline: bool,
    fresh: bool,
    output: Path,
    kinds: Sequence[str],
) -> None:
    """Propose entries of Wikidata for the things that have none yet, as an SSSOM table.

    \b
    Examples:
      stancegraph link wikidata --contact me@example.org
      stancegraph link wikidata --offline --kind treaty --output treaties.sssom.tsv
    """  # noqa: D301 - click's mark for lines to keep
    folder = options.folder
    register, things = _known(folder, WIKIDATA)
    terms = correspondence(folder, WIKIDATA)
    lookup = _lookup(
        register, endpoint=endpoint, contact=contact, kept=kept, offline=offline, fresh=fresh
    )
    wanted = [t for t in things.open() if not kinds or t.key.partition("/")[0] in kinds]
    proposals = list(propose(wanted, terms, lookup, register.space, things.rejected()))
    matches = [_as_match(proposal, register, lookup.day) for proposal in proposals]
    prefixes = _prefixes(folder, register)
    title = f"Entries of {register.label} that things may have: to be reviewed"
    output.write_text(sssom.write(matches, prefixes, title=title, version=lookup.day), "utf-8")
    found = len({proposal.thing.key for proposal in proposals})
    click.echo(
        f"{output}: {len(matches):,} candidates for {found:,} of {len(wanted):,} things, "
        f"as of {lookup.day}",
        err=True,
    )


@link_command.command("review")
@click.argument("table", metavar="FILE", type=click.Path(exists=True, path_type=Path))
@click.option("--coded-by", default="agent/stancegraph", show_default=True, help="Who decides.")
@click.option("--source", default="", help="The source that was read; of the day, unless given.")
@click.pass_obj
def review_command(options: Options, *, table: Path, coded_by: str, source: str) -> None:
    """Decide on the proposals in FILE, one thing after the other.

    Decisions go into data/links, rejections and things without an entry among them, when the last
    is made or you end with q. What was decided is not asked again.

    \b
    Examples:
      stancegraph link review proposals.sssom.tsv
      stancegraph link review proposals.sssom.tsv --coded-by agent/jane-doe
    """  # noqa: D301 - click's mark for lines to keep
    folder = options.folder
    register, things = _known(folder, WIKIDATA)
    with _telling():
        read = sssom.read(table)
        rows = decisions.of_table(table, things, register, folder.base)
    matches = [match for _, match in read.mappings]
    waiting = {thing.key for thing in things.open()}
    rejected = things.rejected()
    made: list[Made] = []
    by_thing: dict[str, list[tuple[Made, sssom.Match]]] = {}
    for row, match in zip(rows, matches, strict=True):
        if row.thing in waiting and (row.thing, row.entry) not in rejected:
            by_thing.setdefault(row.thing, []).append((row, match))
    click.echo(_HELP)
    for number, (key, candidates) in enumerate(by_thing.items(), start=1):
        click.echo(f"\n{number} of {len(by_thing)}: {things.by_key[key].label} ({key})")
        for place, (row, match) in enumerate(candidates, start=1):
            click.echo(f"  {place}  {match.object_label} ({row.entry})  {row.score}  {row.note}")
        answer = _answer(candidates)
        if answer is None:
            break
        made += answer
    asked = max((match.mapping_date for match in matches), default="")
    _enter(folder, made, register, asked=asked, coded_by=coded_by, source=source)


def _answer(candidates: Sequence[tuple[Made, sssom.Match]]) -> list[Made] | None:
    """What a person decides on *candidates* of one thing; None to end."""
    while True:
        said = click.prompt("which", default="", show_default=False).strip().lower()
        if said == "q":
            return None
        if not said:
            return []
        rows = [row for row, _ in candidates]
        if said == "0":
            return [decisions.Made(rows[0].thing, decisions.NO_MATCH)]
        if said == "x":
            return [_decided(row, decisions.REJECTED) for row in rows]
        word, digits = (said[0], said[1:].strip()) if said[0] in _WORDS else ("e", said)
        if digits.isdigit() and 1 <= int(digits) <= len(rows):
            chosen = rows[int(digits) - 1]
            accepted = _decided(chosen, decisions.ACCEPTED, _WORDS[word])
            others = [row for row in rows if row is not chosen] if word == "e" else []
            return [accepted, *(_decided(row, decisions.REJECTED) for row in others)]
        click.echo(_HELP)


def _decided(row: Made, decision: str, relation: str = "exact") -> Made:
    return decisions.Made(row.thing, decision, row.entry, relation, "reviewed", row.score, row.note)


@link_command.command("import")
@click.argument("table", metavar="FILE", type=click.Path(exists=True, path_type=Path))
@click.option("--coded-by", default="agent/stancegraph", show_default=True, help="Who decided.")
@click.option("--source", default="", help="The source that was read; of the day, unless given.")
@click.pass_obj
def import_command(options: Options, *, table: Path, coded_by: str, source: str) -> None:
    """Take over the decisions in FILE, an SSSOM table, whose rows somebody has decided on.

    A row with the predicate_modifier Not is a rejection, one with sssom:NoTermFound says that the
    register has no entry. Take out what is not decided.

    \b
    Examples:
      stancegraph link import decided.sssom.tsv
    """  # noqa: D301 - click's mark for lines to keep
    folder = options.folder
    register, things = _known(folder, WIKIDATA)
    with _telling():
        made = decisions.of_table(table, things, register, folder.base)
        dates = [match.mapping_date for _, match in sssom.read(table).mappings]
    _enter(folder, made, register, asked=max(dates, default=""), coded_by=coded_by, source=source)


@link_command.command("export")
@click.option(
    "--register", "key", default=WIKIDATA, show_default=True, help="The register that is linked."
)
@click.pass_obj
def export_command(options: Options, *, key: str) -> None:
    """Write all decisions that the graph holds on a register, as an SSSOM table.

    \b
    Examples:
      stancegraph link export > wikidata.sssom.tsv
    """  # noqa: D301 - click's mark for lines to keep
    click.echo(exported(options.folder, key), nl=False)


def exported(folder: GraphFolder, key: str) -> str:
    """The decisions of the graph in *folder* on the register *key*, as an SSSOM table."""
    register, things = _known(folder, key)
    rows = [
        sssom.Match(
            subject_id=f"sgid:{made.thing}",
            subject_label=things.by_key[made.thing].label if made.thing in things.by_key else "",
            predicate_id=_RELATED.get(_relation(made.relation), "skos:exactMatch"),
            predicate_modifier=sssom.NOT if made.decision == decisions.REJECTED else "",
            object_id=f"{register.key}:{made.entry}" if made.entry else sssom.NO_TERM,
            mapping_justification=f"semapv:{made.justification}",
            author_id=f"sgid:{made.author}",
            mapping_date=made.day,
            confidence=made.score,
            comment=made.note,
        )
        for made in things.decisions
        if not made.deprecated
    ]
    title = f"Things of this graph in {register.label}"
    day = max((made.day for made in things.decisions), default="")
    return sssom.write(rows, _prefixes(folder, register), title=title, version=day)


def _relation(iri: str) -> str:
    return iri.rpartition("#")[2].removesuffix("Match")


def _known(folder: GraphFolder, key: str) -> tuple[Register, Things]:
    """The register *key*, and the things of the graph in *folder*.

    Raises:
        InvalidGraph: its files cannot be read as they are.
        OperationError: it has no such register.
    """
    graph = parse(folder)
    if graph.skipped or graph.lost:
        raise InvalidGraph(graph.problems, "mend its files before things are linked")
    register = register_of(graph, key)
    return register, Things(graph, register, correspondence(folder, key))


def _lookup(
    register: Register,
    *,
    endpoint: str | None,
    contact: str,
    kept: Path,
    offline: bool,
    fresh: bool,
) -> Lookup:
    service = endpoint or register.endpoint
    if not service:
        raise OperationError(f"{register.label} has no SPARQL service: give --endpoint")
    return Lookup(service, Kept(kept), contact, offline=offline, fresh=fresh)


def _prefixes(folder: GraphFolder, register: Register) -> dict[str, str]:
    return {"sgid": f"{folder.base}id/", register.key: register.space}


def _as_match(proposal: Proposal, register: Register, day: str) -> sssom.Match:
    return sssom.Match(
        subject_id=f"sgid:{proposal.thing.key}",
        subject_label=proposal.thing.label,
        predicate_id="skos:exactMatch",
        object_id=f"{register.key}:{proposal.entry.key}",
        object_label=proposal.entry.label,
        mapping_justification=_JUSTIFIED[proposal.by],
        mapping_date=day,
        confidence=f"{proposal.score:g}",
        mapping_tool="stancegraph",
        mapping_tool_version=__version__,
        comment=proposal.why,
    )


def _enter(
    folder: GraphFolder,
    made: Sequence[Made],
    register: Register,
    *,
    asked: str,
    coded_by: str,
    source: str,
) -> None:
    """Write what was decided, and tell."""
    if not made:
        click.echo("nothing was decided", err=True)
        return
    today = datetime.now().astimezone().date().isoformat()
    with _telling():
        new, files = decisions.enter(
            folder,
            made,
            register,
            day=today,
            asked=asked or today,
            coded_by=coded_by,
            source=source,
        )
    for name in files:
        click.echo(name, err=True)
    click.echo(f"{new:,} of {len(made):,} decisions are new", err=True)


@contextmanager
def _telling() -> Iterator[None]:
    """Tell every problem of a table that is refused."""
    try:
        yield
    except BadTable as error:
        for problem in error.problems:
            click.echo(problem.as_text(), err=True)
        raise


@link_command.command("check")
@lookup_options
@click.option(
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    default=Path("gaps.csv"),
    show_default=True,
    help="Where the table goes.",
)
@click.option(
    "--page", type=click.Path(dir_okay=False, path_type=Path), help="Where an HTML page goes."
)
@click.option(
    "--quickstatements",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Where commands for QuickStatements go, for a person to review.",
)
@releases_option
@click.pass_obj
def check_command(
    options: Options,
    *,
    endpoint: str | None,
    contact: str,
    kept: Path,
    offline: bool,
    fresh: bool,
    output: Path,
    page: Path | None,
    quickstatements: Path | None,
    releases: Path | None,
) -> None:
    """Tell which links to Wikidata went stale, and where it and the current release differ.

    Nothing is written to Wikidata: --quickstatements are proposals, with references.

    \b
    Examples:
      stancegraph link check --contact me@example.org --page gaps.html
      stancegraph link check --offline --quickstatements proposals.txt
    """  # noqa: D301 - click's mark for lines to keep
    folder = options.folder
    register, things = _known(folder, WIKIDATA)
    terms = correspondence(folder, WIKIDATA)
    lookup = _lookup(
        register, endpoint=endpoint, contact=contact, kept=kept, offline=offline, fresh=fresh
    )
    release = open_release(releases or folder.releases)
    found = _gaps(release, terms, things, lookup, register.space)
    report = Report(
        register, release.id, lookup.day,
        list(stale(things, terms, lookup, register.space)), found,
    )  # fmt: skip
    output.write_text(as_table(report), "utf-8")
    if page is not None:
        page.write_text(as_page(report), "utf-8")
    if quickstatements is not None:
        quickstatements.write_text(as_statements(report), "utf-8")
    sides = Counter(gap.side for gap in found)
    told = ", ".join(f"{sides[side]:,} {side}" for side in (HERE, THERE, DATES))
    click.echo(
        f"{output}: {len(report.stale):,} stale links; {told} (as of {report.day})", err=True
    )


def _gaps(
    release: Release, terms: Correspondence, things: Things, lookup: Lookup, space: str
) -> list[Gap]:
    """Where the register and *release* differ in facts that its saved queries tell."""
    catalog = Catalog.load(release.path)
    known = {query.name for query in catalog}
    found: list[Gap] = []
    with open_engine(release) as engine:
        for fact in terms.facts:
            if fact.query not in known:
                told = f"{fact.property} is not compared: this graph has no query {fact.query}"
                click.echo(told, err=True)
                continue
            ours = partial(_ours, engine, catalog, fact, base=release.base)
            found += gaps(fact, things, ours, lookup, space)
    return found


def _ours(
    engine: Engine, catalog: Catalog, fact: Fact, thing: Thing, *, base: str
) -> list[dict[str, str]]:
    """What the saved query of *fact* tells of *thing*, as texts."""
    query = catalog.query(fact.query)
    values = read_terms(query, {fact.parameter: [thing.key]}, catalog.names)
    asked = Ask(query.bind(values), MediaType.JSON, base=base, deadline=PATIENCE)
    return [
        {name: getattr(term, "value", "") for name, term in row.items()}
        for row in rows(engine, asked)
    ]
