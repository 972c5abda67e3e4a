"""Memento (RFC 7089) over releases: what an address answered when an older one was current.

``/release/ID/id/state/CAN`` is a memento of ``/id/state/CAN``, as of the day of that release, and
says so in its headers; ``/timemap/id/state/CAN`` lists all of them. This is the time at which
something was told; `stancegraph.web.asof` is about the time that it was told of.
"""

from __future__ import annotations

import mmap
from bisect import bisect_left
from datetime import UTC, datetime, time
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import quote

from flask import Blueprint, Response, redirect, request
from werkzeug.http import http_date

from stancegraph.build import shelf
from stancegraph.build.release import open_release
from stancegraph.errors import OperationError
from stancegraph.web.negotiation import ENDINGS
from stancegraph.web.site import current_site, current_vocabulary
from stancegraph.web.targets import find

if TYPE_CHECKING:
    from werkzeug.wrappers import Response as BaseResponse

    from stancegraph.build.release import Release
    from stancegraph.web.site import Site

bp = Blueprint("mementos", __name__)

MEDIA_TYPE = "application/link-format"  # RFC 6690, as RFC 7089 wants it


@bp.get("/timemap/<path:page>")
def timemap(page: str) -> BaseResponse:
    """The TimeMap of the address */page* of a thing: what releases that are kept have it.

    200 with links, the oldest memento first; 308 from that of a release, since there is one for
    all; 404 for what no release knows; 500, 503, 504 as the endpoint.
    """
    site = current_site()
    if site.root:
        return redirect(_address(request.path), HTTPStatus.PERMANENT_REDIRECT)
    original = f"/{page}"
    found = _that_have(site, f"{site.release.base}{page}")
    days = [memento_datetime(release) for release in found]
    self = f'rel="self"; type="{MEDIA_TYPE}"; from="{days[0]}"; until="{days[-1]}"'
    links = [f'<{_address(original)}>; rel="original"', f"<{_address(request.path)}>; {self}"]
    for number, (release, day) in enumerate(zip(found, days, strict=True), 1):
        places = ["first"] * (number == 1) + ["last"] * (number == len(found)) + ["memento"]
        address = _address(f"/release/{release.id}{original}")
        links.append(f'<{address}>; rel="{" ".join(places)}"; datetime="{day}"')
    return Response(",\n".join(links) + "\n", content_type=MEDIA_TYPE)


def tell_the_release(response: Response) -> None:
    """Let *response*, from the address of a release, say of what it is a memento."""
    day = memento_datetime(current_site().release)
    response.headers["Memento-Datetime"] = day
    here = _address(request.script_root + request.path)
    response.headers.add("Link", f'<{_address(request.path)}>; rel="original"')
    response.headers.add("Link", f'<{here}>; rel="memento"; datetime="{day}"')


def timemap_link() -> str:
    """Where the TimeMap of the address of the request is, for the header ``Link``."""
    address = _address(f"/timemap{request.path}")
    return f'<{address}>; rel="timemap"; type="{MEDIA_TYPE}"'


def memento_datetime(release: Release) -> str:
    """From when on *release* tells what it does, as HTTP writes times: its day in UTC."""
    return http_date(datetime.combine(release.date, time(), UTC))


def _address(path: str) -> str:
    """*path* on this host, with the arguments of the request."""
    asked = request.query_string.decode("latin-1")
    whole = request.host_url.rstrip("/") + quote(path, safe="/:@!$&'()*+,;=~")
    return f"{whole}?{asked}" if asked else whole


def _that_have(site: Site, text: str) -> list[Release]:
    """The releases that can be asked here and know the IRI *text*, the oldest first.

    *text* may end in the name of a format, as addresses do.

    Raises:
        UnknownThing, Retired: no release has it.
        EngineError: there is no answer.
    """
    stem, dot, ending = text.rpartition(".")
    iris = [text, *([stem] if dot and ending in ENDINGS else [])]
    found = [release for release in _askable(site) if any(_has(release, iri) for iri in iris)]
    if not found:
        find(site, current_vocabulary(), text)
        return [site.release]
    return found


def _askable(site: Site) -> list[Release]:
    """The releases that answer under their own addresses, the oldest first."""
    if site.archive is None:
        return [site.release]
    releases = []
    for name in reversed(shelf.names(site.release.path.parent)):
        try:
            releases.append(open_release(site.release.path.parent, name))
        except OperationError:
            continue  # it is being deleted
    return releases


def _has(release: Release, iri: str) -> bool:
    """Whether *release* says anything of *iri*: its file has a line for each quad, sorted."""
    path = release.quads_file
    if not path.is_file() or not path.stat().st_size:
        return False  # an engine elsewhere has what it holds
    beginning = f"<{iri}> ".encode()
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as lines:
        return _begins_a_line(lines, beginning)


def _begins_a_line(lines: mmap.mmap, beginning: bytes) -> bool:
    """Whether any of the sorted *lines* begins so; few of them are looked at."""

    def line_at(place: int) -> bytes:
        start = lines.rfind(b"\n", 0, place) + 1
        return lines[start : start + len(beginning)]

    first = bisect_left(range(len(lines)), beginning, key=line_at)
    return first < len(lines) and line_at(first) == beginning
