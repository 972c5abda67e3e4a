"""From a query to an HTTP response that carries its result as it comes."""

from __future__ import annotations

import hashlib
import itertools
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote
from xml.sax.saxutils import quoteattr

from flask import Response, request

from stancegraph import __version__
from stancegraph.engine import UPDATE_REFUSED, Ask, MediaType, Notice
from stancegraph.engine.wire import MAX_FRAME
from stancegraph.errors import QueryRefused
from stancegraph.fingerprint import another_each_time
from stancegraph.sparql import calls_service, is_update, query_form
from stancegraph.web.cache import UNKEPT
from stancegraph.web.federation import federate
from stancegraph.web.negotiation import choose
from stancegraph.web.site import current_site
from stancegraph.web.wishes import Wishes

if TYPE_CHECKING:
    from werkzeug.datastructures import MIMEAccept

    from stancegraph.sparql import QueryForm
    from stancegraph.web.site import Site

MAX_TOLD = 4  # statements that a header holds
_COMMENTED = (MediaType.CSV, MediaType.TSV)
_JSON_HEAD = b'{"head":{"vars"'


@dataclass(frozen=True, slots=True)
class Told:
    """How complete the lists are on which an answer rests, as it is told beside it.

    Attributes:
        statements: A sentence a list.
        address: Where these and more can be asked.
    """

    statements: tuple[str, ...]
    address: str

    @property
    def header(self) -> str:
        """The value of the header ``Link`` (RFC 8288)."""
        told = "; ".join(self.statements[:MAX_TOLD])
        if more := len(self.statements[MAX_TOLD:]):
            told += f"; and {more} more"
        return f"<{self.address}>; rel=\"describedby\"; title*=UTF-8''{quote(told, safe='')}"


def _tell_in_json(first: bytes, coverage: Told | None, notice: Notice) -> bytes:
    """SPARQL JSON that begins with *first*, with what is told beside it before and in its head.

    ``link`` is the standard's word for where more is told; whatever else an object holds is
    passed over by who reads it.
    """
    if (coverage is None and notice == Notice()) or not first.startswith(_JSON_HEAD):
        return first
    said: dict[str, object] = {}
    if coverage is not None:
        said["coverage"] = coverage.statements
    if notice.cut is not None:
        said["truncated"] = {"rows": notice.cut}
    if notice.count is not None:
        said["count"] = notice.count
    before = "".join(f"{_json(name)}:{_json(value)}," for name, value in said.items())
    link = f'"link":{_json([coverage.address])},' if coverage is not None else ""
    head = f'{{{before}"head":{{{link}"vars"'
    return head.encode() + first.removeprefix(_JSON_HEAD)


def _tell_in_xml(first: bytes, coverage: Told | None, notice: Notice) -> bytes:
    """SPARQL XML that begins with *first*, with what is told beside it in its head.

    The standard lets a head link to where more is told, which is what is told of lists. For a
    cut and a count it has no element, so they are told in comments, which every reader passes.
    """
    head, end, rest = first.partition(b"</head>")
    if not end or b"<results>" in head:
        return first
    said = ""
    if coverage is not None:
        said += f"<link href={quoteattr(coverage.address)}/>"
    if notice.cut is not None:
        said += f"<!-- truncated: rows {notice.cut} -->"
    if notice.count is not None:
        said += f"<!-- count: {notice.count} -->"
    return head + said.encode() + end + rest


def _json(said: object) -> str:
    return json.dumps(said, ensure_ascii=False)


_TELLING = {MediaType.JSON: _tell_in_json, MediaType.XML: _tell_in_xml}


@dataclass(frozen=True, slots=True)
class Question:
    """What one request asks, read and bounded, and how its answer is to be given.

    Attributes:
        tag: What names the answer for ever; None where asking again gives another one.
    """

    ask: Ask
    form: QueryForm
    content_type: str
    wishes: Wishes
    coverage: Told | None
    tag: str | None

    def headers(self, notice: Notice) -> dict[str, str]:
        """What is told beside the answer; of the tag only that there is none."""
        told = _headers(notice)
        if self.coverage is not None:
            told["Link"] = self.coverage.header
        if self.tag is None:
            told["Cache-Control"] = UNKEPT
        if self.wishes.preferred and self.form != "ASK" and not self.ask.explain:
            told["Preference-Applied"] = "count=exact"
        return told

    def first(self, first: bytes, notice: Notice) -> bytes:
        """The first bytes of the answer, with what is told in them."""
        tell = None if self.ask.explain else _TELLING.get(self.ask.media_type)
        return tell(first, self.coverage, notice) if tell else first

    def last(self, notice: Notice) -> bytes:
        """What is told after the answer."""
        commented = self.wishes.comment and self.ask.media_type in _COMMENTED
        return _comment(notice) if commented and not self.ask.explain else b""


def is_whole(first: bytes) -> bool:
    """Whether the *first* bytes of an answer are all: a frame that is not full is the last."""
    return len(first) < MAX_FRAME


def read_question(
    site: Site,
    query: str,
    *,
    accept: MIMEAccept,
    short_name: str | None = None,
    coverage: Told | None = None,
    wishes: Wishes = Wishes(),  # noqa: B008 (it never changes)
    default_graphs: tuple[str, ...] = (),
    named_graphs: tuple[str, ...] = (),
) -> Question:
    """What a request asks of *site*, in the format that it prefers.

    Args:
        accept: Its header Accept.
        short_name: The ``format`` parameter, where one was given.
        coverage: How complete the lists are on which the result rests: told in the header
            ``Link``, and in JSON also in the result.
        wishes: What the request wishes for beside.

    Raises:
        RequestError, EngineError: it cannot be asked, or no format fits.
    """
    if is_update(query):
        raise QueryRefused(UPDATE_REFUSED)
    form = query_form(query)
    media_type, content_type = choose(form, accept, short_name)
    asks_others = bool(site.services) and calls_service(query)
    deadline = wishes.deadline(site)
    if asks_others:
        base = site.release.base
        query = federate(query, site.services, base=base, deadline=deadline)
    ask = Ask(
        query,
        media_type,
        default_graphs,
        named_graphs,
        base=site.release.base,
        deadline=deadline,
        limit=wishes.rows(site),
        count=wishes.count,
        max_rows=site.max_rows,
        max_bytes=site.max_bytes,
        explain=wishes.explain,
    )
    tag = None
    if wishes.explain:
        content_type = "application/json"
    elif not asks_others:
        tag = _tag(site.release.checksum, ask, content_type, (coverage, wishes.comment))
    return Question(ask, form, content_type, wishes, coverage, tag)


def respond(
    query: str,
    *,
    short_name: str | None = None,
    coverage: Told | None = None,
    wishes: Wishes = Wishes(),  # noqa: B008 (it never changes)
) -> Response:
    """Evaluate *query* and answer in the format that the request prefers.

    Errors up to the first bytes of the result are raised here, and so become the status;
    one that comes later is raised while the response is read, which breaks it off.

    Args:
        short_name, coverage, wishes: As `read_question` has them.

    Raises:
        RequestError, EngineError: as :meth:`stancegraph.engine.Answer.__next__` does, and
            where no format fits.
    """
    site = current_site()
    question = read_question(
        site,
        query,
        accept=request.accept_mimetypes,
        short_name=short_name,
        coverage=coverage,
        wishes=wishes,
    )
    notice = Notice()
    if question.tag and _known_to_client(question.tag):
        response = Response(status=304)
    else:
        answer = site.engine.ask(question.ask)
        first = next(answer, b"")
        whole = is_whole(first)
        notice = answer.notice
        first, last = question.first(first, notice), question.last(notice)
        if whole:
            response = Response(first + b"".join(answer) + last)
        else:
            response = Response(itertools.chain((first,), answer, (last,)))
            response.call_on_close(answer.close)
        response.content_type = question.content_type
    response.headers.update(question.headers(notice))
    if question.tag:
        response.set_etag(question.tag)
    response.vary.add("Prefer")
    return response


def _headers(notice: Notice) -> dict[str, str]:
    """What is told beside an answer, in headers."""
    told: dict[str, str] = {}
    if notice.cut is not None:
        told["X-Stancegraph-Truncated"] = f"rows {notice.cut}"
    if notice.count is not None:
        told["X-Total-Count"] = str(notice.count)
    return told


def _comment(notice: Notice) -> bytes:
    """A last line that tells of a cut; nothing where there is none."""
    return b"" if notice.cut is None else f"# truncated: rows {notice.cut}\r\n".encode()


def _tag(
    checksum: str, ask: Ask, content_type: str, beside: tuple[Told | None, bool]
) -> str | None:
    """What names this answer for ever; None where asking again gives another one."""
    if another_each_time(ask.query):
        return None
    # The program's version stands for how it writes a result.
    release = (checksum, __version__)
    asked = (ask.query, ask.default_graphs, ask.named_graphs, ask.limit, ask.count)
    key = repr((release, content_type, *asked, *beside))
    return hashlib.sha256(key.encode()).hexdigest()[:32]


def _known_to_client(tag: str) -> bool:
    """Whether the client of a GET holds the answer that *tag* names.

    Compared weakly, since a proxy that compresses weakens the tag; and ``*`` counts for
    nothing here, where it is not known whether there is an answer at all.
    """
    known = request.if_none_match
    held = known.is_strong(tag) or known.is_weak(tag)
    return held and request.method in {"GET", "HEAD"}
