"""Compare: any number of things side by side, by the saved queries that compare them."""

from __future__ import annotations

import csv
import datetime
import io
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import pyoxigraph as ox
from flask import (
    Blueprint,
    Response,
    jsonify,
    make_response,
    redirect,
    render_template,
    request,
    url_for,
)

from stancegraph.catalog import Allowed, read_terms, typed
from stancegraph.comparison import KNOWN, ROW, VALUE, Known
from stancegraph.engine import Ask, MediaType, rows
from stancegraph.errors import BadParameter
from stancegraph.queryfile import without_header
from stancegraph.texts import date_text
from stancegraph.web import citing, links
from stancegraph.web.arguments import Arguments
from stancegraph.web.asof import AS_OF, asked_day, is_dated, tell_the_day, to_the_day
from stancegraph.web.behind import behind
from stancegraph.web.citing import Cited
from stancegraph.web.explore import CSV, ENDINGS, HTML, JSON
from stancegraph.web.negotiation import content_type, preferred
from stancegraph.web.results import show
from stancegraph.web.saved import address_of
from stancegraph.web.search import similar
from stancegraph.web.site import current_site
from stancegraph.web.tables import Cell, cell

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from flask import Flask
    from werkzeug.wrappers import Response as BaseResponse

    from stancegraph.comparison import Comparison
    from stancegraph.engine import Term
    from stancegraph.queryfile import SavedQuery
    from stancegraph.web.results import Shown
    from stancegraph.web.site import Site

bp = Blueprint("compare", __name__)

MOST = 40  # things side by side
BLANKS = 2  # empty fields for more of them
DIFFERENCES = "differences"
BASIS, LAST_KNOWN, LABEL = f"{VALUE}Basis", "lastKnown", f"{ROW}Label"
COLUMNS = ("aspect", ROW, LABEL, "thing", "thingLabel", VALUE, KNOWN, LAST_KNOWN, BASIS)


@dataclass(frozen=True, slots=True)
class Compared:
    """What holds of a thing and a row.

    Attributes:
        values: What is said; several where records differ, or more than one holds.
        known: How it is known.
        last_known: The day up to which the sources speak, where that is before the day asked.
    """

    values: tuple[Cell, ...]
    known: Known
    last_known: str = ""

    @property
    def told(self) -> tuple[Known, tuple[str, ...]]:
        """What makes it differ from another."""
        return self.known, tuple(sorted({value.text for value in self.values}))


@dataclass(frozen=True, slots=True)
class RowShown:
    """A row of the table.

    Attributes:
        head: What is compared.
        iri: Its IRI; empty for what is none.
        cells: For each thing, in their order.
    """

    head: Cell
    iri: str
    cells: tuple[Compared, ...]

    @property
    def differs(self) -> bool:
        """Whether not all cells say the same."""
        return len({cell.told for cell in self.cells}) > 1


@dataclass(frozen=True, slots=True)
class Aspect:
    """What one query tells of the things.

    Attributes:
        name: What addresses call it.
        rows: Those that are shown.
        hidden: How many are not, because nothing in them differs.
        picture: Of a matrix: the answer.
        address: The page of the query with these things.
        formula: The text of the query, where it computes what a matrix shows.
    """

    name: str
    query: SavedQuery
    comparison: Comparison
    address: str
    rows: tuple[RowShown, ...] = ()
    hidden: int = 0
    matrix: Shown | None = None
    formula: str = ""


@dataclass(frozen=True, slots=True)
class Choice:
    """What a reader has chosen.

    Attributes:
        things: IRIs, in the order that was given.
        aspects: The queries, in their own order.
        only: Keys of what is compared; empty for all.
        day: As of when; empty for the day of the release.
        differences: Whether only rows with differences are shown.
    """

    things: tuple[ox.NamedNode, ...]
    aspects: tuple[SavedQuery, ...]
    only: tuple[str, ...]
    day: str
    differences: bool


@bp.get("/compare")
@bp.get("/compare.<ending>")
def compare(ending: str = "") -> BaseResponse:
    """Things side by side, as HTML, JSON or CSV by Accept or the address's ending.

    200; 302 to the one address of what a form asks for; 400 for things, rows or a day that
    mean nothing; 500, 503, 504 as the endpoint.
    """
    site = current_site()
    arguments = Arguments("things", "rows", AS_OF, "only", "format")
    named = "" if citing.is_asked() else arguments.choice("format", [*ENDINGS, ""], ending)
    form = ENDINGS.get(named) or preferred(request.accept_mimetypes, (HTML, JSON, CSV)) or HTML
    texts, wrong = _split(site, arguments.texts("things"))
    choice = _choice(site, arguments, texts, wrong)
    if form == HTML and (wrong or not choice.things):
        if not wrong:
            arguments.check()
        return _page(site, choice, texts, wrong)
    if wrong:
        arguments.wrong("things", "; ".join(wrong.values()))
    arguments.check()
    if form == HTML:
        if (way := to_the_day(site.catalog.names.today)) is not None:
            return way
        address = address_of_choice(site, choice)
        if not named and request.script_root + request.full_path.rstrip("?") != address:
            return redirect(address, HTTPStatus.FOUND)
        things = ", ".join(_head(site, choice, thing)[0].text for thing in choice.things)
        citing.say(Cited(f"Compare {things}", address, find=citing.of_lines(_lines(site, choice))))
        return _page(site, choice, texts, {})
    aspects = [_aspect(site, choice, query) for query in choice.aspects]
    if form == CSV:
        return Response(_csv(site, choice, aspects), content_type=content_type(CSV))
    return jsonify(_as_json(site, choice, aspects))


def prepare(app: Flask) -> None:
    """Let the templates of *app* lead from a thing to what it is compared with."""
    app.jinja_env.globals["comparison_with"] = comparison_with


def comparison_with(iri: str, day: str = "") -> str:
    """The address that compares the thing *iri* as of *day*; empty where nothing compares it."""
    site = current_site()
    key = site.catalog.names.key(iri)
    takes = (query.params[_comparison(query).by] for query in comparing(site))
    allowed = (Allowed.by(parameter, site.catalog.names) for parameter in takes)
    if key is None or not any(each.has(key, site.catalog.names) for each in allowed):
        return ""
    pairs = {"things": _key(site, ox.NamedNode(iri)), **({AS_OF: day} if day else {})}
    return f"{url_for('compare.compare')}?{urlencode(pairs, safe='/:,')}"


def comparing(site: Site) -> list[SavedQuery]:
    """The saved queries that compare things, in their order."""
    found = [query for query in site.catalog if query.comparison is not None]
    return sorted(found, key=lambda query: (_comparison(query).order, query.name))


def short_name(query: SavedQuery) -> str:
    """What addresses call what *query* compares: the last part of its name."""
    return query.name.rpartition("/")[2]


def _comparison(query: SavedQuery) -> Comparison:
    assert query.comparison is not None  # noqa: S101 - only such queries come here
    return query.comparison


def _split(site: Site, given: Sequence[str]) -> tuple[list[str], dict[str, str]]:
    """The texts that stand for things, and what is wrong with those that mean none.

    Commas stand between them, but may also be part of a name.
    """
    texts: list[str] = []
    for text in given:
        whole = _iri(site, text) is not None
        texts += [text] if whole else [part.strip() for part in text.split(",") if part.strip()]
    wrong = {}
    for text in texts:
        if _iri(site, text) is None:
            wrong[text] = _told(site, text)
    return list(dict.fromkeys(texts)), wrong


def _iri(site: Site, text: str) -> ox.NamedNode | None:
    """The thing that *text* means in some comparison; None where it means none, or several."""
    for query in comparing(site):
        try:
            return _thing(site, query, text)
        except BadParameter:
            continue
    return None


def _told(site: Site, text: str) -> str:
    """What is wrong with *text*."""
    for query in comparing(site):
        try:
            _thing(site, query, text)
        except BadParameter as error:
            return error.problems[_comparison(query).by]
    return "this graph compares nothing"


def _thing(site: Site, query: SavedQuery, text: str) -> ox.NamedNode:
    by = _comparison(query).by
    found = read_terms(query, {by: [text]}, site.catalog.names)[by]
    (thing,) = found if isinstance(found, tuple) else (found,)
    if not isinstance(thing, ox.NamedNode):
        raise BadParameter(by, "is no thing")
    return thing


def _choice(
    site: Site, arguments: Arguments, texts: Sequence[str], wrong: Mapping[str, str]
) -> Choice:
    """What the arguments choose; what is wrong with them is noted there."""
    found = (_iri(site, text) for text in texts if text not in wrong)
    things = tuple(dict.fromkeys(thing for thing in found if thing is not None))
    if len(things) > MOST:
        arguments.wrong("things", f"are {len(things)}, more than {MOST}")
    queries = {short_name(query): query for query in comparing(site)}
    names = site.catalog.names
    chosen: dict[str, SavedQuery] = {}
    only: dict[str, None] = {}
    for text in (part.strip() for given in arguments.texts("rows") for part in given.split(",")):
        if text in queries:
            chosen[text] = queries[text]
        elif len(keys := names.find(text, ())) == 1:
            only[keys[0]] = None
        elif text:
            told = f"{text!r} is neither of {', '.join(queries)} nor the name of one thing"
            arguments.wrong("rows", told)
    day = ""
    try:
        day = asked_day()
    except BadParameter as error:
        arguments.wrong(AS_OF, error.problems[AS_OF])
    aspects = [query for name, query in queries.items() if not chosen or name in chosen]
    differences = arguments.choice("only", [DIFFERENCES, ""], "") == DIFFERENCES
    return Choice(things, tuple(aspects), tuple(only), day, differences)


def address_of_choice(
    site: Site,
    choice: Choice,
    *,
    things: Iterable[ox.NamedNode] | None = None,
    differences: bool | None = None,
    ending: str = "",
) -> str:
    """The address of *choice*, or of one that differs from it in some things."""
    names = site.catalog.names
    kept = choice.things if things is None else tuple(things)
    keys = [_key(site, thing) for thing in kept]
    chosen = () if len(choice.aspects) == len(comparing(site)) else choice.aspects
    wanted = [*map(short_name, chosen), *choice.only]
    pairs = [("things", ",".join(keys))] if keys else []
    pairs += [("rows", ",".join(wanted))] if wanted else []
    pairs += [(AS_OF, choice.day)] if choice.day and choice.day != names.today else []
    if choice.differences if differences is None else differences:
        pairs.append(("only", DIFFERENCES))
    path = url_for("compare.compare", ending=ending or None)
    return f"{path}?{urlencode(pairs, safe='/:,')}" if pairs else path


def _key(site: Site, thing: ox.NamedNode) -> str:
    """The shortest that addresses can call *thing*."""
    query = comparing(site)[0]
    return typed(query.params[_comparison(query).by], thing, site.catalog.names)


def _page(site: Site, choice: Choice, texts: Sequence[str], wrong: Mapping[str, str]) -> Response:
    """The form, and the things side by side unless something is *wrong* with what was given."""
    queries = comparing(site)
    today = site.catalog.names.today
    aspects = [] if wrong else [_aspect(site, choice, query) for query in choice.aspects]
    given = list(texts) + [""] * BLANKS
    page = render_template(
        "compare.html",
        site=site,
        choice=choice,
        things=[_head(site, choice, thing) for thing in choice.things],
        aspects=aspects if choice.things else [],
        queries=queries,
        short_name=short_name,
        fields=[(text, _label(site, text)) for text in given],
        wrong={
            text: (told, similar(_parameter_name(queries), text)) for text, told in wrong.items()
        },
        instead=lambda text, key: _instead(site, choice, texts, (text, key)),
        typeahead=_parameter_name(queries),
        example=_example(site, queries),
        today=today,
        address=lambda **changed: address_of_choice(site, choice, **changed),
        known=Known,
        date_text=date_text,
    )
    response = make_response(page, HTTPStatus.BAD_REQUEST if wrong else HTTPStatus.OK)
    if not wrong:
        tell_the_day(response, choice.day, today)
    return response


def _parameter_name(queries: Sequence[SavedQuery]) -> str:
    """What type-ahead looks for: what the first comparison takes."""
    return f"{queries[0].name}/{_comparison(queries[0]).by}" if queries else ""


def _label(site: Site, text: str) -> str:
    thing = _iri(site, text) if text else None
    return links.label(site, thing.value) if thing is not None else ""


def _head(site: Site, choice: Choice, thing: ox.NamedNode) -> tuple[Cell, str]:
    """The head of a column, and the address of the comparison without it."""
    others = [other for other in choice.things if other != thing]
    return cell(site, thing, None), address_of_choice(site, choice, things=others)


def _instead(site: Site, choice: Choice, texts: Sequence[str], change: tuple[str, str]) -> str:
    """The address of *choice* with the second text of *change* in place of the first."""
    wrong, right = change
    things = [right if text == wrong else text for text in texts]
    pairs = [("things", ",".join(things))]
    path, _, rest = address_of_choice(site, choice, things=()).partition("?")
    asked = urlencode(pairs, safe="/:,")
    return f"{path}?{asked}&{rest}" if rest else f"{path}?{asked}"


def _example(site: Site, queries: Sequence[SavedQuery]) -> str:
    """The address that compares the examples of the first query."""
    if not queries:
        return ""
    parameter = queries[0].params[_comparison(queries[0]).by]
    keys = [typed(parameter, term, site.catalog.names) for term in parameter.examples]
    asked = urlencode([("things", ",".join(keys))], safe="/:,")
    return f"{url_for('compare.compare')}?{asked}"


def _aspect(site: Site, choice: Choice, query: SavedQuery) -> Aspect:
    """What *query* tells of the things that are chosen.

    Raises:
        EngineError: there is no answer.
    """
    names = site.catalog.names
    comparison = _comparison(query)
    allowed = Allowed.by(query.params[comparison.by], names)
    fitting = [
        thing.value
        for thing in choice.things
        if (key := names.key(thing.value)) is not None and allowed.has(key, names)
    ]
    name = short_name(query)
    if not fitting:
        return Aspect(name, query, comparison, address_of(query, {}))
    terms = read_terms(query, {comparison.by: fitting, **_day(choice, query)}, names)
    text = query.bind(terms)
    address = address_of(query, terms)
    if query.view.type == "matrix":
        # Each with each wants two, and what is chosen are rows, of which a matrix has none.
        if len(fitting) < 2 or choice.only:  # noqa: PLR2004
            return Aspect(name, query, comparison, address)
        told = without_header(text)
        ask = Ask(told, MediaType.JSON, base=site.release.base, deadline=site.query_timeout)
        grounds = behind(site, query, terms)
        shown = show(ask, query.columns, query.view, told=query.summary, behind=grounds)
        return Aspect(name, query, comparison, address, matrix=shown, formula=told)
    ask = Ask(text, MediaType.JSON, base=site.release.base, deadline=site.query_timeout)
    found = _pivoted(site, comparison, choice, set(fitting), rows(site.engine, ask))
    kept = [row for row in found if row.differs or not choice.differences]
    return Aspect(name, query, comparison, address, tuple(kept), len(found) - len(kept))


def _day(choice: Choice, query: SavedQuery) -> dict[str, str]:
    """What sets *query* to the day of the comparison."""
    if choice.day and is_dated(query):
        return {AS_OF: choice.day}
    if choice.day and (name := _comparison(query).day_after):
        day = datetime.date.fromisoformat(choice.day)
        return {name: (day + datetime.timedelta(1)).isoformat()} if day < day.max else {}
    return {}


def _pivoted(
    site: Site,
    comparison: Comparison,
    choice: Choice,
    fitting: set[str],
    found: Sequence[Mapping[str, Term]],
) -> list[RowShown]:
    """The rows of an answer, which are cells, as rows of a table.

    What the answer leaves out is unknown, but for things that the query does not take.
    """
    heads: dict[Term, Cell] = {}
    by_place: dict[tuple[Term, str], list[Mapping[str, Term]]] = {}
    for each in found:
        row, thing = each.get(ROW), each.get(comparison.by)
        if row is None or not isinstance(thing, ox.NamedNode):
            continue
        if choice.only and _key_of(site, row) not in choice.only:
            continue
        heads.setdefault(row, cell(site, row, each.get(LABEL)))
        by_place.setdefault((row, thing.value), []).append(each)
    return [
        RowShown(
            head,
            row.value if isinstance(row, ox.NamedNode) else "",
            tuple(
                _compared(site, by_place.get((row, thing.value), ()), thing.value in fitting)
                for thing in choice.things
            ),
        )
        for row, head in heads.items()
    ]


def _key_of(site: Site, term: Term) -> str:
    return (site.catalog.names.key(term.value) or "") if isinstance(term, ox.NamedNode) else ""


def _compared(site: Site, said: Sequence[Mapping[str, Term]], fits: bool) -> Compared:
    """A cell of the table, from the rows that tell of it."""
    if not fits:
        return Compared((), Known.NOT_APPLICABLE)
    values: dict[str, Cell] = {}
    for each in said:
        made = cell(site, each.get(VALUE), each.get(f"{VALUE}Label"))
        basis = each.get(BASIS)
        shown = cell(site, basis, None) if basis is not None else Cell()
        # The same may rest on several things; the first leads on.
        values.setdefault(made.text, Cell(made.text, shown.href, shown.aside or shown.text))
    ways = [known for each in said if (known := _known(each)) is not None]
    known = next((way for way in Known if way in ways), Known.YES if said else Known.UNKNOWN)
    days = [day.value for each in said if isinstance(day := each.get(LAST_KNOWN), ox.Literal)]
    return Compared(tuple(values.values()), known, max(days, default=""))


def _known(said: Mapping[str, Term]) -> Known | None:
    term = said.get(KNOWN)
    try:
        return Known(term.value) if isinstance(term, ox.Literal) else None
    except ValueError:
        return None


def _as_json(site: Site, choice: Choice, aspects: Sequence[Aspect]) -> dict[str, object]:
    """The comparison as JSON tells it."""
    return {
        "things": [
            {
                "key": site.catalog.names.key(thing.value),
                "iri": thing.value,
                "label": links.label(site, thing.value),
                "address": links.address(site, thing.value),
            }
            for thing in choice.things
        ],
        AS_OF: choice.day or site.catalog.names.today,
        "only": DIFFERENCES if choice.differences else None,
        "aspects": [
            {
                "name": aspect.name,
                "heading": aspect.comparison.heading,
                "query": aspect.query.name,
                "address": aspect.address,
                "hidden": aspect.hidden,
                "rows": [
                    {
                        ROW: row.iri or row.head.text,
                        "label": row.head.text,
                        "differs": row.differs,
                        "cells": [
                            {
                                "values": [value.text for value in made.values],
                                KNOWN: made.known,
                                LAST_KNOWN: made.last_known or None,
                                "bases": [value.href for value in made.values if value.href],
                            }
                            for made in row.cells
                        ],
                    }
                    for row in aspect.rows
                ],
                "matrix": _matrix(aspect),
            }
            for aspect in aspects
        ],
    }


def _matrix(aspect: Aspect) -> dict[str, object] | None:
    """What a matrix shows, as JSON tells it."""
    if aspect.matrix is None:
        return None
    headings = [column.name for column in aspect.matrix.columns]
    return {
        "formula": aspect.query.description,
        "rows": [
            {name: made.text for name, made in zip(headings, row, strict=True)}
            for row in aspect.matrix.rows
        ],
    }


def _lines(site: Site, choice: Choice) -> Iterator[bytes]:
    """The whole table as CSV, made when it is read."""
    yield _csv(site, choice, [_aspect(site, choice, query) for query in choice.aspects]).encode()


def _csv(site: Site, choice: Choice, aspects: Sequence[Aspect]) -> str:
    """A row for each cell and value; a matrix has a form of its own at its query's address."""
    written = io.StringIO()
    writer = csv.writer(written)
    writer.writerow(COLUMNS)
    for aspect in aspects:
        for row in aspect.rows:
            for thing, made in zip(choice.things, row.cells, strict=True):
                label = links.label(site, thing.value)
                head = (aspect.name, row.iri, row.head.text, thing.value, label)
                for value in made.values or (Cell(),):
                    basis = (value.href or "").removeprefix(site.root)
                    told = (value.text, made.known, made.last_known, basis)
                    writer.writerow((*head, *told))
    return written.getvalue()
