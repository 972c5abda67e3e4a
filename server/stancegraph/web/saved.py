"""Saved queries: questions that have an address, a page and a form."""

from __future__ import annotations

import itertools
from dataclasses import asdict
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from flask import Blueprint, current_app, jsonify, make_response, render_template, request, url_for

from stancegraph.catalog import python_call, read_terms, typed
from stancegraph.coverage import coverage_of
from stancegraph.engine import OFFERED, SHORT_NAMES, Ask, MediaType
from stancegraph.errors import BadParameter, BadRequest
from stancegraph.fingerprint import another_each_time
from stancegraph.known import check_known
from stancegraph.parameters import as_tuple
from stancegraph.queryfile import without_header
from stancegraph.sparql import query_form
from stancegraph.web import citing
from stancegraph.web.answers import Told, respond
from stancegraph.web.arguments import Arguments, read_arguments
from stancegraph.web.asof import asked_day, is_dated, tell_the_day, to_the_day
from stancegraph.web.behind import behind
from stancegraph.web.cache import UNKEPT
from stancegraph.web.changes import feed_of_query
from stancegraph.web.citing import Cited
from stancegraph.web.forms import fields
from stancegraph.web.negotiation import ALIASES, preferred
from stancegraph.web.pictures import DRAWN
from stancegraph.web.results import SVG, picture_file, show
from stancegraph.web.search import LONGEST, WORDING
from stancegraph.web.site import current_site
from stancegraph.web.wishes import NAMES, Wishes, read_wishes

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from flask import Response
    from werkzeug.wrappers import Response as BaseResponse

    from stancegraph.coverage import Coverage
    from stancegraph.parameters import Parameter, Terms
    from stancegraph.queryfile import SavedQuery
    from stancegraph.questions import Wording

bp = Blueprint("saved", __name__)

HTML = "text/html"
ATOM = "atom"
ENDINGS = frozenset({*SHORT_NAMES, SVG, ATOM, "html"})  # that the name of a query may have


@bp.get("/queries/")
def list_queries() -> Response:
    """The saved queries, what they ask and their parameters, as HTML or JSON by Accept.

    With ``q``, those that have its words, the likeliest first; always 200, but 400 for another
    argument.
    """
    if preferred(request.accept_mimetypes, (HTML, "application/json")) != HTML:
        return list_as_json()
    sought, found = _sought()
    page = render_template(
        "queries.html",
        site=current_site(),
        sought=sought,
        themes=[] if sought else by_theme(found),
        found=found if sought else [],
        address=example_address,
    )
    response = make_response(page)
    response.headers["Link"] = (
        f'<{url_for("saved.list_as_json")}>; rel="alternate"; type="application/json"'
    )
    return response


@bp.get("/queries.json")
def list_as_json() -> Response:
    """The saved queries, what they ask and their parameters, as JSON; statuses as above."""
    return jsonify({"queries": [_described(query) for query in _sought()[1]]})


def _sought() -> tuple[str, list[SavedQuery]]:
    """What ``q`` says, and the saved queries that have its words; all where it says nothing."""
    arguments = Arguments("q", "format")
    sought = arguments.text("q", longest=LONGEST)
    arguments.check()
    wording: Wording = current_app.extensions[WORDING]
    return sought, wording.find(sought) if sought else list(current_site().catalog)


def by_theme(queries: Iterable[SavedQuery]) -> list[tuple[str, list[SavedQuery]]]:
    """*queries*, which come in the order of their names, by the folders that they are in."""
    themes = itertools.groupby(queries, key=lambda query: query.theme)
    return [(theme, list(found)) for theme, found in themes]


@bp.get("/queries/<path:name>")
def run_saved(name: str) -> BaseResponse:
    """Answer a saved query; its parameters are the address's arguments.

    The name may end in that of a format: ``/queries/treaties/overview.csv``. A query that
    answers for any day leads to that in Accept-Datetime: 302.

    200 with the result as ``Accept`` or ``format`` prefers it, or with a page that has a form
    and the result, each with how complete the lists are on which it rests; 400 for bad
    parameters; 404 for an unknown name; 406 for no format; 500, 503, 504 as the endpoint.
    """
    stem, _, ending = name.partition(".")
    query = current_site().catalog.query(stem if ending in ENDINGS else name)
    values = dict(read_arguments(request.query_string).lists())
    if ending in ENDINGS and not citing.is_asked():
        values.setdefault("format", []).append(ending)
    if is_dated(query) and (elsewhere := to_the_day(_today())) is not None:
        return elsewhere
    response = _answered(query, values)
    if is_dated(query) and response.status_code < HTTPStatus.BAD_REQUEST:
        tell_the_day(response, asked_day(), _today())
    return response


def _today() -> str:
    return current_site().catalog.names.today


def _answered(query: SavedQuery, values: dict[str, list[str]]) -> Response:
    """The answer to *query* as the arguments *values* ask for it."""
    formats = [] if "format" in query.params else values.pop("format", [])
    if len(formats) > 1:
        raise BadRequest(f"the argument 'format' was given {len(formats)} times")
    short_name = formats[0] if formats else None
    # Where the question has a parameter of that name, that is what is meant.
    given = {name: values.pop(name) for name in NAMES - query.params.keys() if name in values}
    wishes = read_wishes(given, request.headers.getlist("Prefer"))
    offered = (*OFFERED[query_form(query.text)], *ALIASES, HTML)
    if not wishes.explain and (
        short_name in {"html", HTML}
        or (short_name is None and preferred(request.accept_mimetypes, offered) == HTML)
    ):
        return _page(query, values, wishes)
    terms = _terms(query, values)
    if short_name == ATOM:
        # Only what was given: a default may be another one in the next release.
        said = {name: term for name, term in terms.items() if name in values}
        asked = "; ".join(f"{name} = {value}" for name, value in _pairs(query, said))
        return feed_of_query(query, query.bind(terms), asked, address_of(query, said))
    if short_name == SVG and query.view.type in DRAWN:
        return _picture(query, terms, wishes)
    coverage = _coverage(query, terms)
    told = None
    if coverage is not None:
        address = address_of(coverage.query, coverage.terms, whole=True)
        told = Told(coverage.statements, address)
    return respond(query.bind(terms), short_name=short_name, coverage=told, wishes=wishes)


def _picture(query: SavedQuery, terms: Terms, wishes: Wishes) -> Response:
    """The picture of the result alone, which says what it shows and where it is from."""
    site = current_site()
    asked = "; ".join(f"{name} = {value}" for name, value in _pairs(query, terms))
    return picture_file(
        _ask(query.bind(terms), wishes),
        query.view,
        title=f"{query.summary} ({asked})" if asked else query.summary,
        lines=[
            f"{site.release.title}, release {site.release.id}, {site.release.licence}.",
            f"{site.release.base.rstrip('/')}{address_of(query, terms)}",
        ],
    )


def example_address(query: SavedQuery) -> str:
    """The address that asks *query* with the parameters of its own example."""
    return address_of(query, {name: made.examples for name, made in query.params.items()})


def address_of(query: SavedQuery, terms: Terms, *, whole: bool = False, **more: str) -> str:
    """The address that asks *query* with *terms*, which are written as short as can be.

    Args:
        whole: Whether it begins with ``http``.
        more: Arguments to add.
    """
    pairs = [*_pairs(query, terms), *more.items()]
    address = url_for("saved.run_saved", name=query.name, _external=whole)
    return f"{address}?{urlencode(pairs, safe='/:')}" if pairs else address


def _instead(
    query: SavedQuery, values: Mapping[str, Sequence[str]], name: str, texts: tuple[str, str]
) -> str:
    """The address with the *values* given, but for one of *name*, the first of *texts*.

    The second stands in its place.
    """
    wrong, right = texts
    pairs = [
        (each, right if each == name and text == wrong else text)
        for each, given in values.items()
        for text in given
    ]
    return f"{url_for('saved.run_saved', name=query.name)}?{urlencode(pairs, safe='/:')}"


def _call(query: SavedQuery, terms: Terms) -> str:
    """What asks *query* with *terms* by the client for Python."""
    given: dict[str, list[str]] = {}
    for name, text in _pairs(query, terms):
        given.setdefault(name, []).append(text)
    lists = {name for name, made in query.params.items() if made.is_list}
    return python_call(query.name, {n: t if n in lists else t[0] for n, t in given.items()})


def _pairs(query: SavedQuery, terms: Terms) -> list[tuple[str, str]]:
    """*terms* as a caller may type them, by parameter."""
    names = current_site().catalog.names
    return [
        (name, typed(parameter, term, names))
        for name, parameter in query.params.items()
        for term in as_tuple(terms.get(name, ()))
    ]


def _coverage(query: SavedQuery, terms: Terms) -> Coverage | None:
    """How complete the lists are on which the answer to *query* rests.

    Raises:
        EngineError: there is no answer.
    """
    site = current_site()
    return coverage_of(
        query,
        terms,
        companions=site.catalog.query,
        names=site.catalog.names,
        engine=site.engine,
        deadline=site.query_timeout,
    )


def _page(query: SavedQuery, values: Mapping[str, Sequence[str]], wishes: Wishes) -> Response:
    """The page of *query*: the form, and the result unless the form is still to be filled."""
    site = current_site()
    terms, problems = _read(query, values)
    waiting = not values and terms is None
    text = without_header(query.bind(terms)) if terms is not None else ""
    if terms is not None:
        citing.say(
            Cited(
                query.summary,
                address_of(query, terms, whole=False, **wishes.arguments),
                query.name,
                query.version,
                tuple(_pairs(query, terms)),
                citing.of_answer(_ask(text, wishes)),
            )
        )
    page = render_template(
        "saved.html",
        site=site,
        query=query,
        fields=fields(query, values, {} if waiting else problems, site.catalog.names, fill=waiting),
        strays={}
        if waiting
        else {n: told for n, told in problems.items() if n not in query.params},
        wrong=bool(problems) and not waiting,
        pairs=[] if terms is None else _pairs(query, terms),
        call="" if terms is None else _call(query, terms),
        result=show(
            _ask(text, wishes),
            query.columns,
            query.view,
            told=query.summary,
            behind=behind(site, query, terms or {}),
        )
        if text
        else None,
        text=text,
        formats=_formats(query),
        coverage=None if terms is None else _coverage(query, terms),
        coverage_address=address_of,
        address=lambda **more: address_of(query, terms or {}, **{**wishes.arguments, **more}),
        example_address=example_address(query),
        instead=lambda name, wrong, right: _instead(query, values, name, (wrong, right)),
    )
    response = make_response(page, 400 if problems and not waiting else 200)
    if text and another_each_time(text):
        response.headers["Cache-Control"] = UNKEPT
    if terms is not None:
        for short, media_type in _formats(query).items():
            address = address_of(query, terms, format=short)
            response.headers.add("Link", f'<{address}>; rel="alternate"; type="{media_type}"')
    return response


def _terms(query: SavedQuery, values: Mapping[str, Sequence[str]]) -> Terms:
    """The terms that *values* mean, of which the graph knows something.

    Raises:
        BadParameter: as `read_terms` and `check_known` do.
        EngineError: there is no answer.
    """
    site = current_site()
    names = site.catalog.names
    terms = read_terms(query, values, names)
    check_known(query, terms, names, site.engine, deadline=site.query_timeout)
    return terms


def _read(
    query: SavedQuery, values: Mapping[str, Sequence[str]]
) -> tuple[Terms | None, Mapping[str, str]]:
    """The terms that *values* mean, or what is wrong with them."""
    try:
        return _terms(query, values), {}
    except BadParameter as error:
        return None, error.problems


def _ask(text: str, wishes: Wishes) -> Ask:
    """How a page asks *text*."""
    site = current_site()
    media_type = OFFERED[query_form(text)][0]
    deadline = wishes.deadline(site)
    return Ask(text, media_type, base=site.release.base, deadline=deadline, limit=wishes.limit)


def _formats(query: SavedQuery) -> dict[str, MediaType]:
    """The formats that the result can be downloaded in, by their short names."""
    offered = OFFERED[query_form(query.text)]
    return {short: full for short, full in SHORT_NAMES.items() if full in offered}


def _described(query: SavedQuery) -> dict[str, object]:
    return {
        "name": query.name,
        "summary": query.summary,
        "description": query.description,
        "keywords": list(query.keywords),
        "example": example_address(query),
        "parameters": [_parameter(parameter) for parameter in query.params.values()],
        "columns": list(query.columns),
        "view": {"type": query.view.type, **query.view.columns},
        "coverage": query.coverage and {"query": query.coverage.query, **query.coverage.values},
        "behind": query.behind and {"query": query.behind.query, **query.behind.values},
        "quality": query.flaw and asdict(query.flaw),
    }


def _parameter(parameter: Parameter) -> dict[str, object]:
    names = current_site().catalog.names
    examples = [typed(parameter, term, names) for term in parameter.examples]
    default = list(parameter.default) if parameter.default is not None else None
    return {
        "name": parameter.name,
        "type": parameter.type,
        "kinds": list(parameter.kinds),
        "classes": list(parameter.classes),
        "scheme": parameter.scheme or None,
        "choices": list(parameter.choices),
        "list": parameter.is_list,
        "required": parameter.needed,
        "default": default if parameter.is_list or default is None else default[0],
        "description": parameter.description,
        "example": examples if parameter.is_list else examples[0],
    }
