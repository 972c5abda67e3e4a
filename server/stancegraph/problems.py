"""What is wrong in a file, and the forms in which it is told.

A problem names its place as compilers do, ``path:line:column``, so that editors and
terminals can jump there. Paths are relative to the graph folder and use ``/``.
"""

from __future__ import annotations

import builtins
import json
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


FOUND = ("thing", "thingLabel", "wrong")  # the columns that tell what a quality query finds


class Severity(StrEnum):
    """How grave a problem is; a violation stops the build, the others are reported."""

    VIOLATION = "violation"
    WARNING = "warning"
    INFO = "info"


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing to mend in one place.

    Attributes:
        path: The file, relative to the graph folder; ``-`` where no file can be named.
        line: Counted from 1; None where only the file is known.
        column: Counted from 1; given for syntax errors.
        message: The rule, then the remedy.
        shape: IRI of the property shape or node shape that was broken.
        focus: IRI of the thing that breaks it.
        property: IRI of the property concerned.
        value: The offending term, as in N-Triples.
    """

    path: str
    line: int | None
    severity: Severity
    message: str
    column: int | None = None
    shape: str | None = None
    focus: str | None = None
    property: str | None = None
    value: str | None = None

    @builtins.property  # the field above hides the plain name
    def sort_key(self) -> tuple[str, int, int, str, str]:
        """File order: path, line, column, then message and value."""
        return (self.path, self.line or 0, self.column or 0, self.message, self.value or "")

    def as_text(self) -> str:
        """One line: ``path:line: severity: message [shape …; focus …; value …]``."""
        place = ":".join(str(part) for part in (self.path, self.line, self.column) if part)
        named = {"shape": self.shape, "focus": self.focus, "value": self.value}
        details = "; ".join(f"{name} {_local(text)}" for name, text in named.items() if text)
        line = f"{place}: {self.severity}: {self.message}" + (f" [{details}]" if details else "")
        return line.replace("\n", " ")

    def as_github(self) -> str:
        """One workflow command of GitHub Actions, which marks the line in a pull request."""
        level = {Severity.VIOLATION: "error", Severity.WARNING: "warning"}.get(
            self.severity, "notice"
        )
        places = {"file": self.path, "line": self.line, "col": self.column}
        fields = ",".join(
            f"{key}={_escape(str(place), ',:')}" for key, place in places.items() if place
        )
        return f"::{level} {fields}::{_escape(self.message)}"


def as_json(problems: Iterable[Problem]) -> str:
    """All problems as one JSON array of objects, absent fields left out."""
    rows = [
        {key: field for key, field in asdict(problem).items() if field is not None}
        for problem in problems
    ]
    return json.dumps(rows, indent=2, ensure_ascii=False)


def _local(term: str) -> str:
    """The part of an IRI that a reader of the file knows it by."""
    for mark in ("/shapes#", "/id/"):
        if mark in term and not term.startswith('"'):
            return term.split(mark, 1)[1].rstrip(">")
    return term


def _escape(text: str, more: str = "") -> str:
    for mark in "%\r\n" + more:
        text = text.replace(mark, f"%{ord(mark):02X}")
    return text
