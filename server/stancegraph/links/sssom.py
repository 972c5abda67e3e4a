"""Mappings as SSSOM 1.0 tables: tab-separated, with a YAML head in lines that begin with ``#``.

See https://mapping-commons.github.io/sssom/. What ``confidence`` means is left open there;
here it is what the program that proposed a match gave it, a measure of likeness from 0 to 1
and no probability, and empty where no program did. A rejected match has the
``predicate_modifier`` ``Not``; a search that found nothing the object ``sssom:NoTermFound``.
"""

from __future__ import annotations

import csv
import io
from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, Any

import yaml

from stancegraph.errors import BadTable
from stancegraph.problems import Problem, Severity

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

NO_TERM = "sssom:NoTermFound"
NOT = "Not"
SET_ID = "https://w3id.org/stancegraph/mappings"
LICENCE = "https://creativecommons.org/licenses/by/4.0/"

PREFIXES = {
    "semapv": "https://w3id.org/semapv/vocab/",
    "skos": "http://www.w3.org/2004/02/skos/core#",
    "sssom": "https://w3id.org/sssom/",
}


@dataclass(frozen=True, slots=True)
class Match:
    """One row. Identifiers are CURIEs; what is empty is not said."""

    subject_id: str
    subject_label: str
    predicate_id: str
    object_id: str
    mapping_justification: str
    predicate_modifier: str = ""
    object_label: str = ""
    author_id: str = ""
    mapping_date: str = ""
    confidence: str = ""
    mapping_tool: str = ""
    mapping_tool_version: str = ""
    comment: str = ""


COLUMNS = tuple(field.name for field in fields(Match))
REQUIRED = ("subject_id", "predicate_id", "object_id", "mapping_justification")


def write(
    mappings: Iterable[Match], prefixes: Mapping[str, str], *, title: str, version: str
) -> str:
    """The table of *mappings*, in order, without columns that are empty in all rows.

    Args:
        prefixes: Those of the identifiers, besides `PREFIXES`.
        version: Of the set, such as a release or a day.
    """
    rows = [asdict(mapping) for mapping in mappings]
    head: dict[str, Any] = {
        "mapping_set_id": SET_ID,
        "mapping_set_title": title,
        "mapping_set_version": version,
        "license": LICENCE,
        "curie_map": dict(sorted({**PREFIXES, **prefixes}.items())),
    }
    lines = yaml.safe_dump(head, sort_keys=False, allow_unicode=True).splitlines()
    columns = [name for name in COLUMNS if name in REQUIRED or any(row[name] for row in rows)]
    text = io.StringIO()
    text.writelines(f"#{line}\n" for line in lines)
    writer = csv.DictWriter(
        text, columns, delimiter="\t", lineterminator="\n", extrasaction="ignore"
    )
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


@dataclass(frozen=True, slots=True)
class Table:
    """What a file says.

    Attributes:
        prefixes: The ``curie_map`` of its head, and the prefixes that SSSOM builds in.
        mappings: With the line on which each stands.
    """

    prefixes: Mapping[str, str]
    mappings: tuple[tuple[int, Match], ...]

    def iri(self, curie: str) -> str:
        """The IRI that *curie* stands for; an IRI stands for itself, as does what has no prefix."""
        prefix, colon, local = curie.partition(":")
        return self.prefixes[prefix] + local if colon and prefix in self.prefixes else curie


def read(path: Path) -> Table:
    """The table *path*. Slots that this program has no use for are passed over.

    Raises:
        BadTable: it is no SSSOM table.
    """
    try:
        lines = path.read_text("utf-8").splitlines(keepends=True)
        count = next((n for n, line in enumerate(lines) if not line.startswith("#")), len(lines))
        head = yaml.safe_load("".join(line[1:] for line in lines[:count])) or {}
        prefixes = {str(k): str(v) for k, v in (head.get("curie_map") or {}).items()}
    except (OSError, UnicodeDecodeError, yaml.YAMLError, AttributeError) as error:
        raise BadTable(
            str(path), [_problem(path, 1, f"cannot be read as SSSOM: {error}")]
        ) from None
    reader = csv.DictReader(lines[count:], delimiter="\t")
    missing = [name for name in REQUIRED if name not in (reader.fieldnames or ())]
    if missing:
        told = f"has no column {', '.join(missing)}, which SSSOM wants"
        raise BadTable(str(path), [_problem(path, count + 1, told)])
    common = {name: str(head[name]) for name in COLUMNS if name in head}
    mappings = tuple(_rows(reader, count, common))
    problems = [
        _problem(path, line, f"column {name}: is empty")
        for line, mapping in mappings
        for name in REQUIRED
        if not getattr(mapping, name)
    ]
    if problems:
        raise BadTable(str(path), problems)
    return Table({**PREFIXES, **prefixes}, mappings)


def _rows(
    reader: csv.DictReader[str], offset: int, common: Mapping[str, str]
) -> Iterator[tuple[int, Match]]:
    """The rows; slots of the head hold for all rows that say nothing else."""
    for row in reader:
        said = {name: (row.get(name) or common.get(name, "")).strip() for name in COLUMNS}
        yield offset + reader.line_num, Match(**said)


def _problem(path: Path, line: int, message: str) -> Problem:
    return Problem(str(path), line, Severity.VIOLATION, message)
