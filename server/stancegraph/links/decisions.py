"""Decisions on proposals: from a table, or a person at a terminal, into the files of the graph."""

from __future__ import annotations

import csv
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from stancegraph.errors import BadTable
from stancegraph.importers import Decisions, import_table, write
from stancegraph.links import sssom
from stancegraph.problems import Problem, Severity

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from stancegraph.folder import GraphFolder
    from stancegraph.links.registers import Register
    from stancegraph.links.things import Things

ACCEPTED, REJECTED, NO_MATCH = "accepted", "rejected", "no-match"
# What the template of mappings calls them, by the names in SSSOM.
RELATIONS = {
    "skos:exactMatch": "exact", "skos:closeMatch": "close", "skos:broadMatch": "broad",
    "skos:narrowMatch": "narrow", "skos:relatedMatch": "related",
}  # fmt: skip
JUSTIFICATIONS = {
    "semapv:ManualMappingCuration": "manual", "semapv:LexicalMatching": "lexical",
    "semapv:DatabaseCrossReference": "identifier", "semapv:CompositeMatching": "composite",
    "semapv:MappingReview": "reviewed", "semapv:UnspecifiedMatching": "unspecified",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Made:
    """A decision.

    Attributes:
        thing: ``<kind>/<key>``.
        entry: Key in the register; empty for none.
        relation, justification: Words of the template of mappings.
        score: Of the program that proposed it; empty for none.
    """

    thing: str
    decision: str
    entry: str = ""
    relation: str = "exact"
    justification: str = "manual"
    score: str = ""
    note: str = ""


def of_table(path: Path, things: Things, register: Register, base: str) -> list[Made]:
    """The decisions that the SSSOM table *path* holds: each row is one.

    Raises:
        BadTable: a row names what is unknown here, or says what cannot be kept.
    """
    table = sssom.read(path)
    found, problems = [], []
    for line, row in table.mappings:
        thing = table.iri(row.subject_id).removeprefix(f"{base}id/")
        entry = table.iri(row.object_id).removeprefix(register.space)
        none = row.object_id == sssom.NO_TERM
        wrong = {
            f"column subject_id: {row.subject_id!r} is no thing of this graph": (
                thing not in things.by_key
            ),
            f"column object_id: {row.object_id!r} is no entry of {register.label}": (
                not none and (":" in entry or "/" in entry)
            ),
            f"column predicate_id: {row.predicate_id!r} is none of {', '.join(RELATIONS)}": (
                row.predicate_id not in RELATIONS
            ),
            f"column mapping_justification: {row.mapping_justification!r} is none of "
            f"{', '.join(JUSTIFICATIONS)}": row.mapping_justification not in JUSTIFICATIONS,
            f"column predicate_modifier: {row.predicate_modifier!r} is not {sssom.NOT}": (
                row.predicate_modifier not in {"", sssom.NOT}
            ),
        }
        told = [message for message, is_wrong in wrong.items() if is_wrong]
        problems += [Problem(str(path), line, Severity.VIOLATION, text) for text in told]
        if not told:
            found.append(
                Made(
                    thing=thing,
                    decision=NO_MATCH if none else REJECTED if row.predicate_modifier else ACCEPTED,
                    entry="" if none else entry,
                    relation="" if none else RELATIONS[row.predicate_id],
                    justification=JUSTIFICATIONS[row.mapping_justification],
                    score=row.confidence,
                    note=row.comment,
                )
            )
    if problems:
        raise BadTable(str(path), problems)
    return found


def enter(
    folder: GraphFolder,
    made: Sequence[Made],
    register: Register,
    *,
    day: str,
    asked: str,
    coded_by: str,
    source: str = "",
) -> tuple[int, list[str]]:
    """Write decisions into the files of *folder*, as mappings with their evidence.

    Args:
        day: When they were made.
        asked: As of when the register was read; names a source, unless *source* does.

    Returns: how many are new, and the names of the files that changed.

    Raises:
        ContentError: as :func:`stancegraph.importers.import_table` does.
    """
    defaults = {"coded_by": coded_by, "coded_on": day}
    files: dict[str, None] = {}
    if not source:
        source = f"{register.key}-{asked}"
        row = {
            "key": source, "collection": "registers", "title": f"{register.label}, as of {asked}",
            "publisher": register.label, "url": register.endpoint, "retrieved": asked,
            "note": f"Answers of its SPARQL service to the queries of stancegraph link, {asked}.",
        }  # fmt: skip
        _import(folder, "sources", [row], {}, files)
    rows = [
        {
            "thing": one.thing, "register": f"register/{register.key}", "entry": one.entry,
            "entry_iri": f"{register.space}{one.entry}" if one.entry else "",
            "entry_word": one.entry, "relation": one.relation if one.entry else "",
            "decision": one.decision, "justification": one.justification, "score": one.score,
            "source": source, "attestation": "primary", "as_of": asked, "note": one.note,
            "locator": one.entry or "no entry of that name or code", "confidence": "high",
            "evidence": f"{one.thing.partition('/')[2]}-{one.entry or 'none'}",
        }
        for one in made
    ]  # fmt: skip
    new = _import(folder, "mappings", rows, defaults, files)
    return new, list(files)


def _import(
    folder: GraphFolder,
    kind: str,
    rows: Iterable[Mapping[str, str]],
    defaults: Mapping[str, str],
    files: dict[str, None],
) -> int:
    """Import *rows* as a table of one *kind*; *files* learns what changed."""
    listed = list(rows)
    with tempfile.TemporaryDirectory() as place:
        path = Path(place) / f"{kind}.csv"
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, list(listed[0]))
            writer.writeheader()
            writer.writerows(listed)
        done = import_table(folder, kind, path, defaults=defaults, decisions=Decisions())
    write(done.changes)
    files.update(dict.fromkeys(change.name for change in done.changes))
    return done.new
