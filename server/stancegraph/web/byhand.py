"""SPARQL typed by hand: the page with the editor, the result beneath it, and its pictures.

Programs ask the same address and get the rows alone; see `stancegraph.web.endpoint`.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import pyoxigraph as ox
from flask import g, make_response, render_template, request, url_for
from werkzeug.datastructures import MIMEAccept

from stancegraph import scopes
from stancegraph.citation import TYPED
from stancegraph.engine import EXAMPLE, OFFERED, SHORT_NAMES, TABLES, MediaType
from stancegraph.errors import BadParameter, BadRequest
from stancegraph.fingerprint import another_each_time
from stancegraph.queryfile import VIEWS, View, without_header
from stancegraph.sparql import kept_tokens, query_form
from stancegraph.terms import XSD
from stancegraph.web import citing
from stancegraph.web.answers import read_question
from stancegraph.web.cache import UNKEPT
from stancegraph.web.citing import Cited
from stancegraph.web.results import SVG, beginning, picture_file, show
from stancegraph.web.site import current_site
from stancegraph.web.tables import NAME_SUFFIXES
from stancegraph.web.views import places
from stancegraph.web.wishes import read_wishes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from flask import Response
    from werkzeug.datastructures import MultiDict

    from stancegraph.engine import Ask, Term
    from stancegraph.web.results import Shown

RAW = "raw"  # the view of rows as the engine writes them, each term whole
DATES = frozenset({XSD.date, XSD.dateTime, XSD.gYear, XSD.gYearMonth})
NUMBERS = frozenset({XSD.integer, XSD.decimal, XSD.double, XSD.float})
SORTS = 40  # values of a column at most that is taken for one of sorts
MOST_LIKELY = 0.5  # of the values in a column, from which on it is taken for one of a kind
# What a CONSTRUCT or DESCRIBE is drawn as: its triples that link two things.
TRIPLES = View("network", {"source": "subject", "target": "object", "label": "predicate"})


def page(arguments: MultiDict[str, str]) -> Response:
    """The page to type a query in, with the result of the one that *arguments* hold.

    200; 400 for what is no query (with line, column and a hint), an update, a service or a bad
    argument; 404 for an example that there is none of; 406 for a picture of what cannot be
    drawn; 500, 503, 504 as the endpoint.
    """
    site = current_site()
    texts = arguments.getlist("query")
    if len(texts) > 1:
        raise BadRequest(f"the argument 'query' was given {len(texts)} times")
    if not texts:
        example = arguments.get("example")
        text = without_header(site.catalog.query(example).text) if example else EXAMPLE
        return make_response(_rendered(text))
    text = g.query = texts[0]
    ask = _read(text, arguments)
    raw = arguments.get("view") == RAW
    view = View() if raw else _view(arguments, query_form(text))
    names = _names(text)
    if arguments.get("format") == SVG:
        return _picture(ask, view)
    typed = Address(text)
    graphs = {"default-graph-uri", "named-graph-uri", "limit"}
    beside = [pair for pair in arguments.items(multi=True) if pair[0] in graphs]
    version = hashlib.sha256(text.encode()).hexdigest()
    citing.say(Cited(TYPED, typed(beside=beside), version=version, find=citing.of_answer(ask)))
    result = show(ask, names, view, told=TYPED)
    if raw and result.columns:
        result = replace(result, text=beginning(ask, MediaType.TSV)[0])
    fits = [TRIPLES] if result.form in {"CONSTRUCT", "DESCRIBE"} else fitting(names, result.found)
    columns = names or list(dict.fromkeys(name for row in result.found for name in row))
    response = make_response(
        _rendered(
            text,
            result=result,
            raw=raw,
            view=view,
            fits=fits,
            columns=columns,
            address=typed,
        )
    )
    if another_each_time(text):
        response.headers["Cache-Control"] = UNKEPT
    return response


@dataclass(frozen=True, slots=True)
class Address:
    """The addresses of a query that was typed."""

    query: str

    def __call__(
        self, drawn: View | None = None, *, beside: Iterable[tuple[str, str]] = (), **more: str
    ) -> str:
        """That of its result: as a view draws it, with arguments *beside*, or *more*."""
        chosen = {"view": drawn.type, **drawn.columns} if drawn else {}
        asked = {"query": self.query, **chosen, **more}
        pairs = urlencode([*asked.items(), *beside], safe="/:?")
        return f"{url_for('sparql.get')}?{pairs}"


def _rendered(text: str, result: Shown | None = None, **more: object) -> str:
    site = current_site()
    offered = OFFERED[result.form] if result else ()
    return render_template(
        "sparql.html",
        site=site,
        query=text,
        title=TYPED,
        short_names=SHORT_NAMES,
        tables=TABLES,
        views=VIEWS,
        downloads={name: known for name, known in SHORT_NAMES.items() if known in offered},
        result=result,
        **more,
    )


def _read(text: str, arguments: MultiDict[str, str]) -> Ask:
    """The question that *arguments* ask, in whatever format a page reads.

    Raises:
        RequestError, EngineError: it cannot be asked.
    """
    question = read_question(
        current_site(),
        text,
        accept=MIMEAccept(),
        wishes=read_wishes(dict(arguments.lists()), request.headers.getlist("Prefer")),
        default_graphs=tuple(arguments.getlist("default-graph-uri")),
        named_graphs=tuple(arguments.getlist("named-graph-uri")),
    )
    return replace(question.ask, explain=False)


def _view(arguments: MultiDict[str, str], form: str) -> View:
    """The view that *arguments* name, each part by its column.

    Raises:
        BadParameter: there is no such view, or a part is missing.
    """
    kind = arguments.get("view", "table")
    if kind not in VIEWS:
        raise BadParameter("view", f"is one of {', '.join((*VIEWS, RAW))}")
    if form in {"CONSTRUCT", "DESCRIBE"} and kind == "network":
        return TRIPLES
    needed, others = VIEWS[kind]
    columns = {
        part: arguments[part].lstrip("?") for part in (*needed, *others) if arguments.get(part)
    }
    for part in needed:
        if part not in columns:
            raise BadParameter(part, f"names the column that is the {part} of the {kind}")
    return View(kind, columns)


def _names(text: str) -> list[str]:
    """The variables that a SELECT projects; none where it names none."""
    if query_form(text) != "SELECT":
        return []
    return scopes.projection(kept_tokens(text)) or []


def _picture(ask: Ask, view: View) -> Response:
    site = current_site()
    return picture_file(
        ask,
        view,
        title=f"{site.release.title}: {' by '.join(reversed(list(view.columns.values())))}",
        lines=[
            f"{site.release.title}, release {site.release.id}, {site.release.licence}.",
            " ".join(ask.query.split()),
        ],
    )


def fitting(names: Sequence[str], found: Sequence[Mapping[str, Term]]) -> list[View]:
    """The pictures that rows may make by the kinds of value in their columns, likeliest first."""
    names = names or list(dict.fromkeys(name for row in found for name in row))
    known = places(current_site())
    named = {name for name in names if name.endswith(NAME_SUFFIXES)}
    values = {name: [row[name] for row in found if name in row] for name in names}
    things = [n for n in names if _mostly(values[n], lambda term: isinstance(term, ox.NamedNode))]
    spots = [n for n in things if _mostly(values[n], lambda term: _iri(term) in known)]
    dates = [n for n in names if _mostly(values[n], lambda term: _datatype(term) in DATES)]
    numbers = [n for n in names if _mostly(values[n], lambda term: _datatype(term) in NUMBERS)]
    texts = [n for n in names if values[n] and n not in {*things, *dates, *numbers}]
    sorts = [n for n in texts if n not in named and len(set(values[n])) <= SORTS]
    labels = [n for n in texts if n in named] or texts or things
    made: list[View] = []

    def offer(kind: str, **columns: Sequence[str]) -> None:
        """Offer a view if each of its parts has a column, and none has two."""
        chosen: dict[str, str] = {}
        for part, among in columns.items():
            free = [name for name in among if name not in chosen.values()]
            if not free:
                return
            chosen[part] = free[0]
        made.append(View(kind, chosen))

    if spots:
        offer("map", place=spots, value=[*numbers, *sorts])
    offer("bars", label=labels, value=numbers)
    offer("timeline", start=dates, label=labels)
    nameless = [n for n in things if not named & {n + suffix for suffix in NAME_SUFFIXES}]
    kinds = [*labels, *sorts, *nameless]
    offer("matrix", row=kinds, column=kinds, value=[*numbers, *sorts])
    offer("network", source=things, target=things)
    return made


def _mostly(terms: Sequence[Term], fits: Callable[[Term], bool]) -> bool:
    """Whether most of *terms* are of a kind."""
    return bool(terms) and sum(map(fits, terms)) > MOST_LIKELY * len(terms)


def _iri(term: Term) -> str:
    return term.value if isinstance(term, ox.NamedNode) else ""


def _datatype(term: Term) -> ox.NamedNode | None:
    return term.datatype if isinstance(term, ox.Literal) else None
