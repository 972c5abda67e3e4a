"""Citations: every page says how to cite it, and tells it to programs too.

``cite=bibtex`` at a page's own address gives its citation in that form, ``cite=html`` as a page
with all that identifies it: for the answer to a query also the number of rows and their hash.
``check=`` and a hash asks again, and tells whether the answer still has that hash.
"""

from __future__ import annotations

import re
import threading
from collections import OrderedDict
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, cast
from urllib.parse import parse_qsl, urlencode

from flask import Response, current_app, g, jsonify, make_response, render_template, request
from markupsafe import Markup

from stancegraph.citation import CHECK, CITE, FORMS, Citation
from stancegraph.errors import BadParameter, EngineDown
from stancegraph.fingerprint import MAX_HASHED, Fingerprint, another_each_time, fingerprint, of_csv
from stancegraph.sparql import calls_service
from stancegraph.web.arguments import read_arguments
from stancegraph.web.cache import UNKEPT
from stancegraph.web.negotiation import content_type, preferred
from stancegraph.web.site import current_site

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from flask import Flask
    from werkzeug.datastructures import MultiDict

    from stancegraph.build.release import Release
    from stancegraph.engine import Ask

    Find = Callable[[], Fingerprint | None]

HTML, JSON = "html", "json"
WAYS = (*FORMS, JSON, HTML)
NAMES = {"text": "Text", "bibtex": "BibTeX", "ris": "RIS", "csl": "CSL-JSON", JSON: "JSON"}
KEPT = 512  # fingerprints
WITHOUT = ("format", "explain")  # what a page is not asked with
ROOM = 4  # of them that are found at a time
PATIENCE = 10.0  # seconds that one more waits
_HASH = re.compile(r"[0-9a-f]{64}")
_FOUND = "stancegraph.fingerprints"


@dataclass(frozen=True, slots=True)
class Cited:
    """What a page is about, as far as its view says more of it than its title.

    Attributes:
        title: In a line; empty for the release itself.
        address: The path and arguments that lead to it, in the release that is served; empty
            for those of the request.
        find: Finds the fingerprint of an answer; None for what is none.
        release: Of which it is, where that is another one.
    """

    title: str
    address: str = ""
    query: str = ""
    version: str = ""
    asked: tuple[tuple[str, str], ...] = ()
    find: Find | None = None
    release: Release | None = None


def register(app: Flask) -> None:
    """Let *app* cite its pages; to be called after what reads requests otherwise."""
    app.extensions[_FOUND] = _Kept()
    app.jinja_env.globals.update(cited_as=cited_as, cite_address=cite_address)
    app.before_request(_answer)


def say(cited: Cited) -> None:
    """Say what the page of the current request is about."""
    g.cited = cited


def say_where(address: str) -> None:
    """Say by which address the page is cited, where others lead to it too."""
    g.cited_address = address


def of_answer(ask: Ask) -> Find | None:
    """What finds the fingerprint of the answer to *ask*; None if it is another one each time."""
    if another_each_time(ask.query) or calls_service(ask.query):
        return None
    engine = current_site().engine
    key = (ask.query, ask.default_graphs, ask.named_graphs, ask.limit)
    kept = cast("_Kept", current_app.extensions[_FOUND])
    return lambda: kept.get(key, lambda: fingerprint(engine, ask))


def of_lines(lines: Iterable[bytes]) -> Find:
    """What finds the fingerprint of a table in CSV, of which the first line has the headings."""
    return lambda: of_csv(lines)


def is_asked() -> bool:
    """Whether the current request asks for a citation, so for no other form of its page."""
    return CITE in g


def cited_as(title: str) -> Citation:
    """How the page with this *title*, as templates write it, is cited."""
    if "cited" not in g:
        told = " ".join(Markup(title).striptags().split())  # noqa: S704 (only unescaped)
        g.cited = Cited(told, g.get("cited_address", ""))
    return _citation(g.cited)


def cite_address(way: str) -> str:
    """Where the page of the current request is cited in one of `WAYS`."""
    address = request.script_root + _local(g.cited)
    return f"{address}{'&' if '?' in address else '?'}{CITE}={way}"


def _local(cited: Cited) -> str:
    """The path and arguments of what is cited, in the release that is served."""
    if cited.address:
        return cited.address.removeprefix(request.script_root)
    asked = request.query_string.decode("latin-1")
    return f"{request.path}?{asked}" if asked else request.path


def _citation(cited: Cited, found: Fingerprint | None = None) -> Citation:
    """What is cited, with what was *found* of its rows."""
    release = cited.release or current_site().release
    local = _local(cited)
    if local == "/" or local.startswith(f"/release/{release.id}"):
        local = ""
    address = release.iri + local
    if found is not None:
        address += f"{'&' if '?' in address else '?'}{CHECK}={found.sha256}"
    asked = cited.asked
    if not (asked or cited.version):
        asked = tuple(parse_qsl(local.partition("?")[2]))
    return Citation(
        release,
        cited.title if local else "",
        address,
        cited.query,
        cited.version,
        asked,
        found.rows if found else None,
        found.sha256 if found else "",
    )


def _answer() -> Response | None:
    """The citation of the page that the request would get; None where none is asked for.

    Raises:
        BadParameter: there is no such form, the hash is none, or what is there is no page.
    """
    way, check = _wish()
    if not way:
        return None
    g.cite = way
    with _as_page():
        made = current_app.make_response(current_app.dispatch_request())
    if "Location" in made.headers:
        made.headers["Location"] = _with_wish(made.headers["Location"], way, check)
        return made
    if made.status_code != HTTPStatus.OK:
        return made
    if "cited" not in g:
        raise BadParameter(CITE, "cites pages: leave out the ending or format of other data")
    return _given(g.cited, way, check)


def _wish() -> tuple[str, str]:
    """The form that is asked for, and the hash to check; both are taken out of the request.

    Where a saved query has a parameter of that name, that is what is meant.
    """
    asked = request.query_string
    if request.method not in {"GET", "HEAD"} or not (b"cite=" in asked or b"check=" in asked):
        return "", ""
    given = read_arguments(asked)
    view = request.view_args or {}
    named = next((q for q in current_site().catalog if q.name == view.get("name")), None)
    taken = {CITE, CHECK} - (named.params.keys() if named is not None else set())
    way, check = (_one(given, name) if name in taken else "" for name in (CITE, CHECK))
    if check and not _HASH.fullmatch(check):
        raise BadParameter(CHECK, "is a SHA-256 in 64 hexadecimal digits")
    if check and not way:
        best = preferred(request.accept_mimetypes, ("text/html", "application/json"))
        way = JSON if best == "application/json" else HTML
    if not way:
        return "", ""
    if way not in WAYS:
        raise BadParameter(CITE, f"is one of {', '.join(WAYS)}")
    gone = {name.encode() for name in (*taken, *WITHOUT)}
    left = [each for each in asked.split(b"&") if each.partition(b"=")[0] not in gone]
    request.query_string = b"&".join(left)
    request.environ["QUERY_STRING"] = request.query_string.decode()
    return way, check


@contextmanager
def _as_page() -> Iterator[None]:
    """Let the request ask for a page, as long as nothing goes wrong, which is told as it wants."""
    accepted = request.environ.get("HTTP_ACCEPT", "")
    _accept("text/html")
    try:
        yield
    finally:
        _accept(accepted)


def _accept(accepted: str) -> None:
    request.environ["HTTP_ACCEPT"] = accepted
    request.__dict__.pop("accept_mimetypes", None)  # which Werkzeug keeps


def _one(given: MultiDict[str, str], name: str) -> str:
    found = given.getlist(name)
    if len(found) > 1:
        raise BadParameter(name, f"was given {len(found)} times")
    return found[0].strip() if found else ""


def _with_wish(address: str, way: str, check: str) -> str:
    wish = urlencode({CITE: way, **({CHECK: check} if check else {})})
    return f"{address}{'&' if '?' in address else '?'}{wish}"


def _given(cited: Cited, way: str, check: str) -> Response:
    """The citation in the form that is asked for; it names the day, so nobody keeps it."""
    found = cited.find() if cited.find is not None else None
    citation = replace(_citation(cited, found), accessed=datetime.now(UTC).date())
    agrees = found.sha256 == check if found is not None and check else None
    if way in FORMS:
        media_type, ending = FORMS[way]
        response = Response(citation.write(way), content_type=content_type(media_type))
        name = f"{citation.key}.{ending}"
        response.headers["Content-Disposition"] = f'inline; filename="{name}"'
    elif way == JSON:
        response = jsonify({**citation.as_json(), "check": check or None, "agrees": agrees})
    else:
        page = render_template(
            "citation.html",
            site=current_site(),
            citation=citation,
            cited=cited,
            page_address=request.script_root + _local(cited),
            is_file=found is not None and found.rows is None,
            check=check,
            agrees=agrees,
            too_long=cited.find is not None and found is None,
            bound=MAX_HASHED // 2**20,
            forms={name: citation.write(name) for name in FORMS},
            names=NAMES,
            endings={name: ending for name, (_, ending) in FORMS.items()},
            page_of_release=f"{request.script_root}/release/{citation.release.id}",
        )
        response = make_response(page)
        response.headers["X-Robots-Tag"] = "noindex"
    response.headers["Cache-Control"] = UNKEPT
    return response


class _Kept:
    """The fingerprints that were found last; any thread may use it.

    Few are found at a time, since each takes the memory of a whole answer.
    """

    def __init__(self) -> None:
        self._found: OrderedDict[object, Fingerprint | None] = OrderedDict()
        self._lock = threading.Lock()
        self._room = threading.BoundedSemaphore(ROOM)

    def get(self, key: object, find: Find) -> Fingerprint | None:
        """The one of *key*, which *find* finds where it is not kept.

        Raises:
            EngineDown: too many are being found.
            EngineError: *find* does.
        """
        with self._lock:
            if key in self._found:
                self._found.move_to_end(key)
                return self._found[key]
        if not self._room.acquire(timeout=PATIENCE):
            raise EngineDown("too many citations are being made; try again soon")
        try:
            found = find()
        finally:
            self._room.release()
        with self._lock:
            self._found[key] = found
            while len(self._found) > KEPT:
                self._found.popitem(last=False)
        return found
