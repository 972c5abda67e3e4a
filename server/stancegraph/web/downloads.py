"""Files to take away: what was exported from the release and lies with it."""

from __future__ import annotations

import mimetypes
from dataclasses import dataclass
from typing import TYPE_CHECKING

from flask import (
    Blueprint,
    Response,
    current_app,
    g,
    jsonify,
    make_response,
    render_template,
    request,
    send_file,
    url_for,
)

from stancegraph.build.release import EXPORTS
from stancegraph.engine import MediaType
from stancegraph.errors import UnknownFile
from stancegraph.export.kept import INDEX, SUMS, Kept, kept
from stancegraph.fingerprint import Fingerprint
from stancegraph.web import citing
from stancegraph.web.arguments import Arguments
from stancegraph.web.citing import Cited
from stancegraph.web.frame import LANGUAGE, translations
from stancegraph.web.negotiation import preferred
from stancegraph.web.saved import example_address
from stancegraph.web.site import current_site

if TYPE_CHECKING:
    from collections.abc import Mapping

    from flask import Flask

    from stancegraph.web.site import Site

bp = Blueprint("downloads", __name__)

FOLDERS = ("", "rdf", "tables", "networks", "codebook")
ENDINGS = {"json": "application/json", "html": "text/html"}
_KEPT = "stancegraph.kept"
# What mimetypes does not know everywhere.
_TYPES = {
    "nq": MediaType.N_QUADS, "trig": MediaType.TRIG, "ttl": MediaType.TURTLE,
    "rdf": MediaType.RDF_XML, "jsonld": MediaType.JSON_LD, "csv": MediaType.CSV,
    "json": "application/json", "parquet": "application/vnd.apache.parquet",
    "dta": "application/x-stata-dta", "graphml": "application/graphml+xml",
    "gexf": "application/gexf+xml", "pdf": "application/pdf", "html": "text/html",
    "xml": "application/xml", "md": "text/markdown",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Offered:
    """A file as the page shows it.

    Attributes:
        title: What is in it; empty where its name says that.
        use: What it is for.
    """

    file: Kept
    title: str
    use: str
    media_type: str
    address: str


@bp.get("/downloads")
@bp.get("/downloads.<ending>")
def page(ending: str = "") -> Response:
    """What can be downloaded, as HTML or JSON by Accept or the address's ending.

    200; 400 for another ending or argument.
    """
    arguments = Arguments("format")
    form = ENDINGS.get(arguments.choice("format", [*ENDINGS, ""], ending))
    arguments.check()
    site = current_site()
    offered = [_offered(site, each) for each in _files(site).values()]
    if (form or preferred(request.accept_mimetypes, tuple(ENDINGS.values())[::-1])) != "text/html":
        return jsonify({"release": site.release.id, "files": [_described(o) for o in offered]})
    offered.sort(key=lambda each: each.title)  # which leaves those of one title in their order
    groups = {
        folder: [each for each in offered if _folder(each.file) == folder] for folder in FOLDERS
    }
    text = render_template(
        "downloads.html",
        site=site,
        groups={folder: files for folder, files in groups.items() if files},
        exported=any(_folder(each.file) for each in offered),
        files={o.media_type: _whole(o.address) for o in offered if not _folder(o.file)},
        sums=url_for("downloads.file", name=SUMS),
        total=sum(each.file.size for each in offered),
        live=[query for query in site.catalog if query.table is not None],
        address=example_address,
        size=size_in_words,
    )
    response = make_response(text)
    address = url_for("downloads.page", ending="json")
    response.headers["Link"] = f'<{address}>; rel="alternate"; type="application/json"'
    return response


@bp.get("/downloads/<path:name>")
def file(name: str) -> Response:
    """One of the files, whole or in parts (RFC 9110, range requests).

    With ``cite``, how to cite it. 200 or 206; 304 for who has it; 404 for an unknown name; 416
    for a part that it has not.
    """
    site = current_site()
    found = _files(site)
    g.encoding = ""  # a part of what is compressed is of no use, and most of these are
    if name == SUMS:
        lines = "".join(f"{each.sha256}  {each.name}\n" for each in found.values())
        return Response(lines, content_type="text/plain; charset=utf-8")
    if name not in found:
        raise UnknownFile(name)
    wanted = found[name]
    if citing.is_asked():
        file_name = name.rpartition("/")[2]
        title = _title(site, wanted)
        told = f"{title} ({file_name})" if title else file_name
        citing.say(Cited(told, find=lambda: Fingerprint(None, wanted.sha256)))
        return make_response("")
    response = send_file(
        wanted.path,
        mimetype=_media_type(name),
        as_attachment=True,
        download_name=name.rpartition("/")[2],
        etag=wanted.sha256,
        conditional=True,
    )
    del response.headers["Cache-Control"]  # so that it is kept like all else
    return response


def prepare(app: Flask) -> None:
    """Let *app* look up its files once: what lies with a release is told when it is put there."""
    app.extensions[_KEPT] = {}


def _files(site: Site) -> Mapping[str, Kept]:
    """The files by name, the quads of the release first."""
    release = site.release
    index = release.path / EXPORTS / INDEX
    made = index.stat().st_mtime_ns if index.is_file() else 0
    known: dict[int, dict[str, Kept]] = current_app.extensions[_KEPT]
    if made not in known:
        quads, name = release.quads_file, f"{release.id}.nq"
        here = quads.is_file()  # else an engine elsewhere has them
        whole = [Kept(name, quads.stat().st_size, release.checksum, quads)] if here else []
        known.clear()
        known[made] = {each.name: each for each in (*whole, *kept(release))}
    return known[made]


def _folder(file: Kept) -> str:
    return file.name.rpartition("/")[0]


def _media_type(name: str) -> str:
    ending = name.rpartition(".")[2]
    return str(_TYPES.get(ending) or mimetypes.guess_type(name)[0] or "application/octet-stream")


def _offered(site: Site, each: Kept) -> Offered:
    address = url_for("downloads.file", name=each.name)
    return Offered(each, _title(site, each), _use(each.name), _media_type(each.name), address)


def _title(site: Site, each: Kept) -> str:
    """What the saved query says from which a table or network was made."""
    stem = each.name.rpartition("/")[2].partition(".")[0]
    folder = _folder(each)
    for query in site.catalog:
        short = query.name.rpartition("/")[2]
        if folder == "tables" and query.table is not None and query.network is None:
            if stem == short:
                return query.summary
            if query.table.wide is not None and stem == query.table.wide.name:
                return query.table.wide.unit
        if folder == "networks" and query.network is not None and stem.startswith(short):
            return query.summary
    return ""


def _use(name: str) -> str:
    """What a file is for."""
    _ = translations(LANGUAGE).gettext
    folder, _slash, file_name = name.rpartition("/")
    if folder == "networks" and name.endswith(".csv"):
        return _("nodes and edges for R, Excel and Cytoscape")
    uses = {
        "datapackage.json": _("says to programs what the columns are (Data Package)"),
        "csv-metadata.json": _("says to programs what the columns are (CSV on the Web)"),
        "codebook.html": _("to read: each column, unit, code and missing value"),
        "codebook.pdf": _("to read and to print, or to hand to a referee"),
        "codebook.json": _("the codebook for programs"),
        "codebook-ddi.xml": _("the codebook for data archives (DDI)"),
        "stated.nq": _("only what sources say, without what rules conclude"),
    }
    kinds = {
        "nq": _("for any RDF store; canonical and sorted, so that it can be compared and verified"),
        "trig": _("for people who read RDF, with its named graphs"),
        "ttl": _("for people who read RDF, each statement once"),
        "rdf": _("for older programs that read RDF/XML"),
        "jsonld": _("for programmers of the web"),
        "csv": _("for R, pandas and anything else"),
        "parquet": _("for Python, R and DuckDB, with types"),
        "xlsx": _("open this in Excel: data, codebook, sources, citation"),
        "dta": _("open this in Stata 14 or later, with labels"),
        "graphml": _("for networkx, igraph and Cytoscape"),
        "gexf": _("open this in Gephi; with spells for its timeline"),
    }
    return uses.get(file_name) or kinds.get(name.rpartition(".")[2], "")


def _described(each: Offered) -> dict[str, object]:
    return {
        "name": each.file.name,
        "address": each.address,
        "bytes": each.file.size,
        "sha256": each.file.sha256,
        "mediaType": each.media_type,
        "title": each.title or None,
        "use": each.use or None,
    }


def _whole(address: str) -> str:
    return request.host_url.rstrip("/") + address


def size_in_words(size: int) -> str:
    """A number of bytes as people read it, in powers of 1024."""
    amount = float(size)
    for unit in ("bytes", "KiB", "MiB", "GiB"):
        if amount < 1024 or unit == "GiB":  # noqa: PLR2004
            break
        amount /= 1024
    return f"{size} bytes" if unit == "bytes" else f"{amount:.1f} {unit}"
