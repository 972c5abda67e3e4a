"""The day for which a page is true: one argument of every address, ``asOf=2012-01-31``.

It is a day of valid time: what was so on that day, by what this release knows of it. What an
earlier release knew is another matter, and has an address of its own.

Such a page tells in the headers of RFC 7089 (Memento) for which day it is, and where the page
is that is true today; that one leads a client to the day which it names in Accept-Datetime.
No list of days is promised (there is one page for every day there ever was). Under the address
of a release these headers are about the release; see `stancegraph.web.mementos`.
"""

from __future__ import annotations

import datetime
import re
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from flask import redirect, request
from werkzeug.http import http_date, parse_date

from stancegraph.errors import BadParameter
from stancegraph.web.site import current_site

if TYPE_CHECKING:
    from flask import Response
    from werkzeug.wrappers import Response as BaseResponse

    from stancegraph.queryfile import SavedQuery

AS_OF = "asOf"
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def is_dated(query: SavedQuery) -> bool:
    """Whether *query* answers for any day, and for one when none is given."""
    parameter = query.params.get(AS_OF)
    return parameter is not None and parameter.type == "xsd:date" and not parameter.needed


def asked_day() -> str:
    """The day in ``asOf`` of the request, as ``2012-01-31``; empty where there is none.

    Raises:
        BadParameter: it is no day.
    """
    text = request.args.get(AS_OF, "").strip()
    if text and _as_date(text) is None:
        raise BadParameter(AS_OF, f"{text!r} is no day; write year-month-day, as 2012-01-31")
    return text


def _as_date(text: str) -> datetime.date | None:
    try:
        return datetime.date.fromisoformat(text) if _DAY.fullmatch(text) else None
    except ValueError:
        return None


def to_the_day(today: str) -> BaseResponse | None:
    """The way to the page of the day that the request names in Accept-Datetime.

    None where it names none that can be read, or the address names a day or a release itself.
    After the day of the release, *today*, nothing is known: whoever asks for a later one is led
    to the page as it is, as RFC 7089 wants the nearest.
    """
    wanted = parse_date(request.headers.get("Accept-Datetime"))
    if wanted is None or request.args.get(AS_OF) or current_site().root:
        return None
    day = wanted.date().isoformat()
    if today and day >= today:
        return None
    response = redirect(_address(day), HTTPStatus.FOUND)
    response.vary.add("Accept-Datetime")
    response.headers["Link"] = f'<{_address("")}>; rel="original timegate"'
    return response


def tell_the_day(response: Response, day: str, today: str) -> None:
    """Let *response*, a page that can be had for any day, say for which it is.

    Args:
        day: The day in its address; empty for the page that is true today.
        today: The day of the release; a page of that day or a later one is no past one.
    """
    if current_site().root:
        return
    original = f'<{_address("")}>; rel="original timegate"'
    date = _as_date(day)
    if date is None:
        response.vary.add("Accept-Datetime")
        response.headers.add("Link", original)
    elif not today or day < today:
        told = http_date(datetime.datetime.combine(date, datetime.time(), datetime.UTC))
        response.headers["Memento-Datetime"] = told
        memento = f'<{_address(day)}>; rel="memento"; datetime="{told}"'
        response.headers.add("Link", f"{original}, {memento}")


def _address(day: str) -> str:
    """The address of the request with another day, or with none."""
    pairs = [(name, value) for name, value in request.args.items(multi=True) if name != AS_OF]
    pairs += [(AS_OF, day)] if day else []
    return f"{request.base_url}?{urlencode(pairs, safe='/:')}" if pairs else request.base_url
