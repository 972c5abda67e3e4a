"""Search: what bears a name like this, and which saved queries answer words like these."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast
from urllib.parse import urlencode

from flask import Blueprint, current_app, jsonify, make_response, render_template, request, url_for

from stancegraph.catalog import Allowed
from stancegraph.errors import BadParameter, UnknownQuery
from stancegraph.questions import Questions, Wording
from stancegraph.search import Fit
from stancegraph.web import links
from stancegraph.web.arguments import Arguments
from stancegraph.web.forms import Option
from stancegraph.web.negotiation import preferred
from stancegraph.web.site import current_site

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flask import Flask, Response

    from stancegraph.names import Match, Names
    from stancegraph.questions import Question

bp = Blueprint("search", __name__)

HTML = "text/html"
JSON = "application/json"
LONGEST = 300  # characters of a text
SHOWN = 20  # things a page, unless said
MOST = 100  # that may be asked for at once
MAX_PAGE = 1000
MAX_QUESTIONS = 5
MAX_SIMILAR = 8
WORDING = "stancegraph.wording"
_QUESTIONS = "stancegraph.questions"


@dataclass(frozen=True, slots=True)
class Search:
    """What was asked for, and what was found.

    Attributes:
        text: What was sought.
        kinds: The kinds that things must be of; empty for any.
        counts: How many things of each kind fit, most first, whatever *kinds* says.
        found: The things of these kinds, the likeliest first.
        first, limit: Which part of them to show.
        near: Whether none fits as it is written.
        mentioned: The things that the text names, where none fits it as a whole.
        questions: The saved queries that the text may be asking.
        allowed: What a parameter allows, where the search is for one.
    """

    text: str
    kinds: tuple[str, ...]
    counts: tuple[tuple[str, int], ...]
    found: tuple[Match, ...]
    first: int
    limit: int
    mentioned: tuple[Match, ...]
    questions: tuple[Question, ...]
    allowed: Allowed | None

    @property
    def shown(self) -> tuple[Match, ...]:
        """The part of the things to show."""
        return self.found[self.first : self.first + self.limit]

    @property
    def near(self) -> bool:
        """Whether nothing fits as it is written."""
        return bool(self.found) and all(match.fit >= Fit.NEAR for match in self.found)

    @property
    def page(self) -> int:
        """The number of the page, from 1."""
        return self.first // self.limit + 1

    @property
    def pages(self) -> int:
        """How many pages there are; at least 1."""
        return max(1, -(-len(self.found) // self.limit))

    def address(self, *, kinds: Sequence[str] | None = None, page: int = 1) -> str:
        """The address of the same search for other *kinds*, or of another *page* of it."""
        wanted = self.kinds if kinds is None else kinds
        pairs = [("q", self.text), *(("kind", kind) for kind in wanted)]
        if page > 1:
            pairs.append(("page", str(page)))
        return f"{url_for('search.page')}?{urlencode(pairs, safe='/:')}"


def prepare(app: Flask) -> None:
    """Make what searches need before the first comes."""
    catalog = app.extensions["stancegraph"].catalog
    app.extensions[WORDING] = Wording(catalog)
    app.extensions[_QUESTIONS] = Questions(catalog, catalog.names)
    catalog.names.search("prepare")


@bp.get("/search")
def page() -> Response:
    """What bears a name like ``q``, and questions about it, as HTML or JSON by Accept.

    200, also where nothing is found; 400 for an argument that is wrong.
    """
    if preferred(request.accept_mimetypes, (HTML, JSON)) != HTML:
        return as_json()
    site = current_site()
    return make_response(
        render_template(
            "search.html",
            site=site,
            search=_read(),
            address=lambda match: links.address(site, site.catalog.names.iri(match.key)),
            question_address=_question_address,
        )
    )


@bp.get("/search.json")
def as_json() -> Response:
    """What bears a name like ``q``, and questions about it, as JSON.

    200, also where nothing is found; 400 for an argument that is wrong.
    """
    site = current_site()
    search = _read()
    return jsonify(
        {
            "q": search.text,
            "total": len(search.found),
            "page": search.page,
            "limit": search.limit,
            "kinds": [{"kind": kind, "count": count} for kind, count in search.counts],
            "things": [_told(match, site.catalog.names, search.allowed) for match in search.shown],
            "mentioned": [_told(match, site.catalog.names, None) for match in search.mentioned],
            "questions": [
                {
                    "name": question.query.name,
                    "summary": question.query.summary,
                    "address": _question_address(question),
                    "values": question.values,
                    "named": question.named,
                }
                for question in search.questions
            ],
        }
    )


def _read() -> Search:
    """The search that the current request asks for.

    Raises:
        BadParameter: an argument is wrong; all are told.
    """
    names = current_site().catalog.names
    arguments = Arguments("q", "kind", "for", "limit", "page")
    text = arguments.text("q", longest=LONGEST)
    limit = arguments.number("limit", SHOWN, most=MOST)
    first = (arguments.number("page", 1, most=MAX_PAGE) - 1) * limit
    kinds = tuple(arguments.texts("kind"))
    for kind in kinds:
        if not names.knows(kind):
            arguments.wrong("kind", f"nothing that has a name is of the kind {kind!r}")
    allowed = _allowed(arguments)
    arguments.check()
    if allowed is not None:
        everything = names.search(text, allowed.kinds, allowed.among)
    else:
        everything = names.search(text)
    counts = Counter(match.kind for match in everything)
    found = names.search(text, kinds) if kinds and allowed is None else everything
    if kinds and allowed is not None:
        found = [match for match in everything if match.kind in kinds]
    asked = allowed is None
    mentioned = _mentioned(text, names) if asked and _only_parts(found) else ()
    if mentioned:
        found, counts = [], Counter()
    return Search(
        text=text,
        kinds=kinds,
        counts=tuple(sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))),
        found=tuple(found),
        first=first,
        limit=limit,
        mentioned=mentioned,
        questions=tuple(_questions().about(text)[:MAX_QUESTIONS]) if asked else (),
        allowed=allowed,
    )


def _allowed(arguments: Arguments) -> Allowed | None:
    """What the parameter allows that ``for`` names; None without it, or where it is wrong."""
    named = arguments.text("for", longest=LONGEST)
    try:
        return _taken(named) if named else None
    except (BadParameter, UnknownQuery) as error:
        arguments.wrong("for", str(error))
        return None


def _taken(named: str) -> Allowed:
    """What the parameter takes that is called ``THEME/QUERY/PARAMETER``.

    Raises:
        UnknownQuery, BadParameter: there is none.
    """
    catalog = current_site().catalog
    query_name, _, name = named.rpartition("/")
    query = catalog.query(query_name)
    if name not in query.params or query.params[name].type != "iri":
        raise BadParameter(name, f"is no parameter of {query_name} that is an IRI")
    return Allowed.by(query.params[name], catalog.names)


def similar(parameter: str, text: str) -> list[Option]:
    """A few things that *text* may mean for *parameter*, as ``for`` of a search names it."""
    names = current_site().catalog.names
    allowed = _taken(parameter)
    found = names.search(text, allowed.kinds, allowed.among)[:MAX_SIMILAR]
    return [Option(allowed.short(match.key, names), match.label) for match in found]


def _only_parts(found: Sequence[Match]) -> bool:
    """Whether nothing was found that has all words of the text."""
    return all(match.fit is Fit.PART for match in found)


def _mentioned(text: str, names: Names) -> tuple[Match, ...]:
    """The things that *text* names, codes apart, each once."""
    codes = {key for keys in names.sorts.schemes.values() for key in keys}
    found = {
        match.key: match
        for matches in names.mentioned(text).values()
        for match in matches
        if match.key not in codes
    }
    return tuple(found.values())


def _questions() -> Questions:
    return cast("Questions", current_app.extensions[_QUESTIONS])


def _question_address(question: Question) -> str:
    """The address that asks *question* with what the text sets in it."""
    address = url_for("saved.run_saved", name=question.query.name)
    pairs = urlencode(dict(question.values), doseq=True, safe="/:")
    return f"{address}?{pairs}" if pairs else address


def _told(match: Match, names: Names, allowed: Allowed | None) -> dict[str, object]:
    """*match* as JSON tells it."""
    iri = names.iri(match.key)
    return {
        "key": match.key,
        "kind": match.kind,
        "label": match.label,
        "name": match.name,
        "fit": match.fit.told,
        "iri": iri,
        "address": links.address(current_site(), iri),
        "value": match.key if allowed is None else allowed.short(match.key, names),
    }
