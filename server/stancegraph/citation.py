"""How to cite a release of a graph, or what was taken from it: as text, and for programs.

BibTeX, RIS and CSL-JSON are what Zotero, EndNote, JabRef, Mendeley and LaTeX read.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from stancegraph.about import About

if TYPE_CHECKING:
    import datetime

    from stancegraph.build.release import Release

# The media types of the forms, and the endings of their files.
FORMS: dict[str, tuple[str, str]] = {
    "text": ("text/plain", "txt"),
    "bibtex": ("application/x-bibtex", "bib"),
    "ris": ("application/x-research-info-systems", "ris"),
    "csl": ("application/vnd.citationstyles.csl+json", "csl.json"),
}
CITE, CHECK = "cite", "check"  # the arguments of an address that ask for these
TYPED = "Result of a query"  # what the answer to a query of one's own is called
_TEX = str.maketrans(
    {
        "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "~": r"\textasciitilde{}",
        "^": r"\textasciicircum{}", **{each: f"\\{each}" for each in "&%$#_"},
    }
)  # fmt: skip
_SHORT = 12  # hexadecimal digits of the version of a query, where there is little room


@dataclass(frozen=True, slots=True)
class Citation:
    """What is cited.

    Attributes:
        title: What was taken from the release, in a line; empty for the release itself.
        address: Where it is found again, for ever.
        query: The name of the saved query that gave it; empty for none.
        version: The SHA-256 of the text that asks: of the saved query's file, else of the query.
        asked: What its parameters were set to.
        rows: How many rows it has, where that is known.
        sha256: The hash of the rows, as `stancegraph.fingerprint` has it; empty if unknown.
        accessed: The day on which it was taken, where that is to be told.
    """

    release: Release
    title: str
    address: str
    query: str = ""
    version: str = ""
    asked: tuple[tuple[str, str], ...] = ()
    rows: int | None = None
    sha256: str = ""
    accessed: datetime.date | None = None

    @property
    def publisher(self) -> str:
        """Who is cited."""
        return About.of(self.release).publisher_name

    @property
    def heading(self) -> str:
        """What is cited, in a line."""
        return self.title or self.release.title

    @property
    def key(self) -> str:
        """What calls it in a bibliography: letters, digits and dashes, the same each time."""
        name = self.release.base.rstrip("/").rpartition("/")[2]
        told = f"{name}-{self.release.id}"
        if not self.title:
            return told
        return f"{told}-{hashlib.sha256(self.address.encode()).hexdigest()[:8]}"

    @property
    def facts(self) -> list[tuple[str, str]]:
        """All that is told of it, each part with its name."""
        release = self.release
        parts = [
            ("Title", self.heading),
            ("Publisher", self.publisher),
            ("Release", release.id),
            ("Release address", release.iri),
            ("Release digest (SHA-256)", release.digest),
            ("Date", release.date.isoformat()),
            ("Licence", release.licence),
        ]
        if self.query:
            parts.append(("Query", self.query))
        if self.version:
            parts.append(("Query version (SHA-256)", self.version))
        if self.asked:
            parts.append(("Parameters", _pairs(self.asked)))
        if self.rows is not None:
            parts.append(("Rows", str(self.rows)))
        if self.sha256:
            parts.append(("Rows (SHA-256)", self.sha256))
        if self.accessed is not None:
            parts.append(("Accessed", self.accessed.isoformat()))
        return [*parts, ("Permanent address", self.address), ("Cite as", self.as_text())]

    @property
    def notes(self) -> list[str]:
        """What a bibliography has no field for."""
        notes = [f"Digest of the release: SHA-256 {self.release.digest}"] if not self.title else []
        if self.query:
            notes.append(f"Query {self.query}, version {self.version[:_SHORT]}")
        elif self.version:
            notes.append(f"SPARQL query, SHA-256 {self.version[:_SHORT]}")
        if self.asked:
            notes.append(_pairs(self.asked))
        if self.rows is not None:
            notes.append(f"{self.rows} row{'' if self.rows == 1 else 's'}")
        if self.sha256:
            notes.append(f"SHA-256 {self.sha256}")
        return notes

    def write(self, form: str) -> str:
        """It in one of `FORMS`, as text that ends in a line break."""
        return {
            "text": lambda: self.as_text() + "\n",
            "bibtex": self.as_bibtex,
            "ris": self.as_ris,
            "csl": self.as_csl,
        }[form]()

    def as_text(self) -> str:
        """A sentence or two for a footnote or a list of references."""
        release = self.release
        whose = f"{self.publisher} ({release.date.year})."
        what = f"{self.title.rstrip('.')}. {release.title}" if self.title else release.title
        notes = [note for note in self.notes if self.sha256 not in note or not self.sha256]
        if self.sha256 and self.sha256 not in self.address:
            notes.append(f"SHA-256 {self.sha256}")
        if self.accessed is not None:
            notes.append(f"accessed {self.accessed.isoformat()}")
        told = f" [{'; '.join(notes)}]" if notes else ""
        return f"{whose} {what}, release {release.id}. {self.address}{told}"

    def as_bibtex(self) -> str:
        """An entry for BibTeX and biblatex."""
        release = self.release
        fields = {
            "author": f"{{{self.publisher.translate(_TEX)}}}",
            "title": f"{{{self.heading.translate(_TEX)}}}",
            "year": str(release.date.year),
            "date": release.date.isoformat(),
            "publisher": self.publisher.translate(_TEX),
            "howpublished": f"{release.title}, release {release.id}".translate(_TEX),
            "version": release.id,
            "url": self.address,
        }
        if self.accessed is not None:
            fields["urldate"] = self.accessed.isoformat()
        if self.notes:
            fields["note"] = "; ".join(self.notes).translate(_TEX)
        lines = "".join(f",\n  {name} = {{{text}}}" for name, text in fields.items())
        return f"@misc{{{self.key}{lines}\n}}\n"

    def as_ris(self) -> str:
        """A record of RIS, with its line ends."""
        release = self.release
        lines = [
            ("TY", "DATA"),
            ("ID", self.key),
            ("TI", self.heading),
            ("AU", f"{self.publisher},"),  # a comma ends the name of a corporate author
            ("T2", release.title),
            ("PB", self.publisher),
            ("PY", str(release.date.year)),
            ("DA", release.date.strftime("%Y/%m/%d")),
            ("ET", release.id),
            ("UR", self.address),
            *(("N1", note) for note in self.notes),
        ]
        if self.accessed is not None:
            lines.append(("Y2", self.accessed.strftime("%Y/%m/%d")))
        lines.append(("ER", ""))
        return "".join(f"{tag}  - {' '.join(text.split())}\r\n" for tag, text in lines)

    def as_csl(self) -> str:
        """An item of CSL-JSON, in a list of one, as citation processors read it."""
        release = self.release
        item: dict[str, object] = {
            "id": self.key,
            "type": "dataset",
            "title": self.heading,
            "author": [{"literal": self.publisher}],
            "publisher": self.publisher,
            "issued": _date_parts(release.date),
            "version": release.id,
            "URL": self.address,
        }
        if self.title:
            item["container-title"] = release.title
        if self.accessed is not None:
            item["accessed"] = _date_parts(self.accessed)
        if self.notes:
            item["note"] = "; ".join(self.notes)
        return json.dumps([item], ensure_ascii=False, indent=2) + "\n"

    def as_json(self) -> dict[str, object]:
        """All that is known of it, for programs."""
        release = self.release
        return {
            "title": self.heading,
            "publisher": self.publisher,
            "graph": release.title,
            "release": release.id,
            "releaseAddress": release.iri,
            "digest": release.digest,
            "date": release.date.isoformat(),
            "licence": release.licence,
            "query": self.query or None,
            "version": self.version or None,
            "parameters": _by_name(self.asked),
            "rows": self.rows,
            "sha256": self.sha256 or None,
            "accessed": self.accessed and self.accessed.isoformat(),
            "address": self.address,
            "text": self.as_text(),
        }


def _pairs(asked: tuple[tuple[str, str], ...]) -> str:
    return ", ".join(f"{name} = {value}" for name, value in asked)


def _by_name(asked: tuple[tuple[str, str], ...]) -> dict[str, list[str]]:
    """All values of each parameter."""
    found: dict[str, list[str]] = {}
    for name, value in asked:
        found.setdefault(name, []).append(value)
    return found


def _date_parts(day: datetime.date) -> dict[str, object]:
    return {"date-parts": [[day.year, day.month, day.day]]}
