"""The codebook as files: JSON, HTML, PDF, Data Package, CSVW and DDI Codebook, of one model."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

import jinja2
import typst

from stancegraph.export.book import TYPES
from stancegraph.export.declared import MISSING
from stancegraph.export.frame import MISSING_CODES
from stancegraph.export.tables import STATA_MISSING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from stancegraph.build.release import Release
    from stancegraph.export.book import ColumnEntry, TableEntry
    from stancegraph.export.declared import Kind
    from stancegraph.export.words import Words

TEMPLATES = Path(__file__).parent / "templates"
DDI = "ddi:codebook:2_5"
_TABLE_SCHEMA: Mapping[Kind, tuple[str, str]] = {
    "thing": ("string", "uri"),
    "code": ("string", "default"),
    "text": ("string", "default"),
    "integer": ("integer", "default"),
    "number": ("number", "default"),
    "day": ("date", "default"),
    "truth": ("boolean", "default"),
}
_CSVW: Mapping[Kind, str] = {
    "thing": "anyURI", "code": "string", "text": "string", "integer": "integer",
    "number": "double", "day": "date", "truth": "boolean",
}  # fmt: skip


@dataclass(frozen=True)
class Book:
    """All that a codebook says.

    Attributes:
        citation: How to cite it, a line for each part: its name and its text.
        sources: Rows under headings, as `evidence.sources_of` gives them; those of all tables.
        sources_of_table: How many sources each table rests on, by its name.
    """

    release: Release
    tables: Sequence[TableEntry]
    citation: Sequence[tuple[str, str]]
    sources: Sequence[Sequence[object]]
    sources_of_table: Mapping[str, int]
    words: Words

    @property
    def title(self) -> str:
        """What it is called."""
        return f"{self.release.title}: codebook"

    def as_json(self) -> dict[str, Any]:
        """Everything, as JSON has it; what HTML and PDF are made of too."""
        used = {column.scheme for table in self.tables for column in table.columns}
        names, *rows = self.sources
        return {
            "title": self.title,
            "release": self.release.id,
            "date": self.release.date.isoformat(),
            "citation": [list(part) for part in self.citation],
            "missing": [
                {"notation": each, "letter": STATA_MISSING[each], "definition": self._reason(each)}
                for each in MISSING
            ],
            "tables": [self._table(each) for each in self.tables],
            "schemes": [
                {
                    "iri": iri,
                    "label": iri.rpartition("/")[2].replace("-", " "),
                    "codes": [
                        {
                            "number": code.number,
                            "notation": code.notation,
                            "label": code.label,
                            "definition": code.definition,
                        }
                        for code in codes
                    ],
                }
                for iri, codes in sorted(self.words.codes.items())
                if iri in used
            ],
            "sources": [dict(zip(map(str, names), row, strict=True)) for row in rows],
        }

    def _reason(self, reason: str) -> str:
        codes = self.words.codes.get(MISSING_CODES.rstrip("/"), ())
        found = [code.definition for code in codes if code.notation == reason]
        return found[0] if found else reason.replace("-", " ")

    def _table(self, table: TableEntry) -> dict[str, Any]:
        return {
            "name": table.name,
            "title": table.title,
            "note": " ".join(table.note.split()),
            "unit": table.unit,
            "query": table.query,
            "rows": table.rows,
            "narrowed": {name: list(values) for name, values in table.asked.items()},
            "coverage": list(table.coverage),
            "sources": self.sources_of_table.get(table.name, 0),
            "columns": [_column(each) for each in table.columns],
        }


def _column(column: ColumnEntry) -> dict[str, Any]:
    return {
        "name": column.name,
        "label": column.label,
        "type": TYPES[column.kind],
        "note": column.note,
        "terms": list(column.terms),
        "scheme": column.scheme,
        "key": column.is_key,
        "codes": [
            {
                "notation": code.notation,
                "number": code.number,
                "label": code.label,
                "definition": code.definition,
                "iri": code.iri,
                "count": code.count,
            }
            for code in column.codes
        ],
        "values": column.values,
        "distinct": column.distinct,
        "least": column.least,
        "greatest": column.greatest,
        "missing": dict(column.missing),
    }


def write_json(book: Book, path: Path) -> None:
    """Everything, as JSON."""
    _dump(book.as_json(), path)


@cache
def _environment() -> jinja2.Environment:
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )


def write_html(book: Book, path: Path) -> None:
    """One page that needs nothing else."""
    made = _environment().get_template("codebook.html").render(book=book.as_json())
    path.write_text(made, "utf-8")


def write_pdf(book: Book, path: Path) -> None:
    """Pages to attach to a paper, typeset by Typst."""
    told = json.dumps(book.as_json(), ensure_ascii=False)
    typst.compile(str(TEMPLATES / "codebook.typ"), output=str(path), sys_inputs={"book": told})


def write_data_package(book: Book, path: Path) -> None:
    """``datapackage.json`` (Data Package 1, Table Schema) for the tables in CSV beside it."""
    release = book.release
    _dump(
        {
            "profile": "tabular-data-package",
            "name": "".join(c if c.isalnum() else "-" for c in release.title.lower()),
            "id": release.iri,
            "title": release.title,
            "version": release.id,
            "created": f"{release.date.isoformat()}T00:00:00Z",
            "homepage": release.base,
            "licenses": [{"path": release.licence}],
            "resources": [resource(each, f"{each.name}.csv") for each in book.tables],
        },
        path,
    )


def resource(table: TableEntry, path: str) -> dict[str, Any]:
    """What a Data Package says of *table*, whose CSV is at *path*."""
    fields = []
    for column in table.columns:
        kind, form = _TABLE_SCHEMA[column.kind]
        described: dict[str, Any] = {
            "name": column.name,
            "type": kind,
            "format": form,
            "title": column.label,
            "description": column.note,
        }
        constraints: dict[str, Any] = {"required": True} if column.is_key and not any(
            column.missing.values()
        ) else {}  # fmt: skip
        if column.codes:
            constraints["enum"] = [code.notation for code in column.codes]
        if constraints:
            described["constraints"] = constraints
        if column.terms:
            described["rdfType"] = column.terms[0]
        fields.append(described)
    keys = [c.name for c in table.columns if c.is_key]
    whole = len(keys) and not any(
        sum(column.missing.values()) for column in table.columns if column.is_key
    )
    return {
        "profile": "tabular-data-resource",
        "name": table.name,
        "path": path,
        "title": table.title,
        "description": " ".join(table.note.split()),
        "format": "csv",
        "mediatype": "text/csv",
        "encoding": "utf-8",
        "schema": {
            "fields": fields,
            "missingValues": ["", *MISSING],
            **({"primaryKey": keys} if whole else {}),
        },
    }


def write_csvw(book: Book, path: Path) -> None:
    """Metadata of CSV on the Web for the tables in CSV beside it."""
    release = book.release
    _dump(
        {
            "@context": ["http://www.w3.org/ns/csvw", {"@language": "en"}],
            "dc:title": release.title,
            "dc:identifier": release.iri,
            "dc:license": {"@id": release.licence},
            "dc:issued": {"@value": release.date.isoformat(), "@type": "xsd:date"},
            "tables": [
                {
                    "url": f"{table.name}.csv",
                    "dc:title": table.title,
                    "dc:description": " ".join(table.note.split()),
                    "tableSchema": {
                        "columns": [
                            {
                                "name": column.name,
                                "titles": column.name,
                                "dc:title": column.label,
                                "dc:description": column.note,
                                "datatype": _CSVW[column.kind],
                                "null": ["", *MISSING],
                                **({"propertyUrl": column.terms[0]} if column.terms else {}),
                            }
                            for column in table.columns
                        ]
                    },
                }
                for table in book.tables
            ],
        },
        path,
    )


def write_ddi(book: Book, path: Path) -> None:
    """DDI Codebook 2.5, as archives of social science read it."""
    release = book.release
    root = ET.Element("codeBook", {"xmlns": DDI, "version": "2.5", "ID": f"r{release.id}"})
    study = ET.SubElement(root, "stdyDscr")
    cited = ET.SubElement(study, "citation")
    titled = ET.SubElement(cited, "titlStmt")
    ET.SubElement(titled, "titl").text = release.title
    ET.SubElement(titled, "IDNo").text = release.iri
    version = ET.SubElement(cited, "verStmt")
    ET.SubElement(version, "version", {"date": release.date.isoformat()}).text = release.id
    files = {table.name: f"F{number}" for number, table in enumerate(book.tables, 1)}
    for table in book.tables:
        described = ET.SubElement(root, "fileDscr", {"ID": files[table.name]})
        named = ET.SubElement(described, "fileTxt")
        ET.SubElement(named, "fileName").text = f"{table.name}.csv"
        ET.SubElement(named, "fileCont").text = table.title
        sizes = ET.SubElement(named, "dimensns")
        ET.SubElement(sizes, "caseQnty").text = str(table.rows)
        ET.SubElement(sizes, "varQnty").text = str(len(table.columns))
    data = ET.SubElement(root, "dataDscr")
    for table in book.tables:
        for number, column in enumerate(table.columns, 1):
            _ddi_variable(data, files[table.name], number, column)
    ET.indent(root)
    path.write_bytes(
        b'<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root, "utf-8") + b"\n"
    )


def _ddi_variable(data: ET.Element, file: str, number: int, column: ColumnEntry) -> None:
    kind = "discrete" if column.codes else "contin"
    variable = ET.SubElement(
        data, "var", {"ID": f"{file}V{number}", "name": column.name, "files": file, "intrvl": kind}
    )
    ET.SubElement(variable, "labl").text = column.label
    ET.SubElement(variable, "sumStat", {"type": "vald"}).text = str(column.values)
    missing = sum(column.missing.values())
    ET.SubElement(variable, "sumStat", {"type": "invd"}).text = str(missing)
    for name, bound in (("min", column.least), ("max", column.greatest)):
        if bound and column.kind != "day":
            ET.SubElement(variable, "sumStat", {"type": name}).text = bound
    ET.SubElement(variable, "txt").text = column.note
    for code in column.codes:
        category = ET.SubElement(variable, "catgry")
        ET.SubElement(category, "catValu").text = code.notation
        ET.SubElement(category, "labl").text = code.label
        ET.SubElement(category, "txt").text = code.definition
        ET.SubElement(category, "catStat", {"type": "freq"}).text = str(code.count)
    for reason, count in column.missing.items():
        category = ET.SubElement(variable, "catgry", {"missing": "Y"})
        ET.SubElement(category, "catValu").text = reason
        ET.SubElement(category, "catStat", {"type": "freq"}).text = str(count)
    numeric = column.kind in {"integer", "number"}
    ET.SubElement(variable, "varFormat", {"type": "numeric" if numeric else "character"})


def _dump(said: object, path: Path) -> None:
    path.write_text(json.dumps(said, ensure_ascii=False, indent=2) + "\n", "utf-8")


WRITERS: Mapping[str, tuple[str, Callable[[Book, Path], None]]] = {
    "html": ("codebook.html", write_html),
    "pdf": ("codebook.pdf", write_pdf),
    "json": ("codebook.json", write_json),
    "datapackage": ("datapackage.json", write_data_package),
    "csvw": ("csv-metadata.json", write_csvw),
    "ddi": ("codebook-ddi.xml", write_ddi),
}
