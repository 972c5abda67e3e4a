"""Explore: the lists that the graph declares, narrowed down by facets with counts."""

from __future__ import annotations

import csv
import io
import itertools
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, cast
from urllib.parse import urlencode

import pyoxigraph as ox
from flask import (
    Blueprint,
    Response,
    current_app,
    jsonify,
    make_response,
    render_template,
    request,
    url_for,
)

from stancegraph.build.reads import Reads
from stancegraph.catalog import read_values, typed
from stancegraph.engine import Ask, MediaType, rows
from stancegraph.errors import BadParameter, UnknownList
from stancegraph.listing import THING
from stancegraph.queryfile import MAX_ROWS
from stancegraph.terms import VOID, XSD
from stancegraph.web import citing, links
from stancegraph.web.arguments import Arguments
from stancegraph.web.citing import Cited
from stancegraph.web.negotiation import content_type, preferred
from stancegraph.web.site import current_site, current_vocabulary
from stancegraph.web.tables import cells, columns_of, merged, spaced

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from stancegraph.engine import Term
    from stancegraph.listing import Facet, Listing, Order
    from stancegraph.queryfile import SavedQuery
    from stancegraph.sparql import Term as Value
    from stancegraph.web.site import Site
    from stancegraph.web.tables import Column

bp = Blueprint("explore", __name__)

HTML, JSON, CSV = "text/html", "application/json", "text/csv"
ENDINGS = {"json": JSON, "csv": CSV, "html": HTML}
SHOWN = 50  # things a page, unless said
MOST = 200  # that may be asked for at once
MAX_PAGE = 100_000
OPEN = 8  # values of a facet that are in view
MAX_VALUES_SHOWN = 300  # of a facet, the most frequent first
LOOK_UP = 3  # statements that are read in the time in which one is looked up, about
_NUMBERS = "stancegraph.statistics"


@dataclass(frozen=True, slots=True)
class ValueShown:
    """A value of a facet.

    Attributes:
        text: What an address calls it.
        label: What is read.
        address: The list with it chosen; where it is, without it.
    """

    text: str
    label: str
    count: int
    chosen: bool
    address: str


@dataclass(frozen=True, slots=True)
class FacetShown:
    """A facet with its values, those that are chosen first, then by their number.

    Attributes:
        more: How many values it has that are not among these.
        cleared: The address of the list without any chosen.
    """

    name: str
    label: str
    values: tuple[ValueShown, ...]
    more: int
    cleared: str

    @property
    def chosen(self) -> tuple[ValueShown, ...]:
        """The values that are chosen."""
        return tuple(value for value in self.values if value.chosen)


class Selection:
    """What a reader has chosen of one list, and the addresses of what they may choose next."""

    def __init__(self, query: SavedQuery, arguments: Arguments) -> None:
        """Read the choice from the arguments of the request.

        Raises:
            BadParameter: one of them is wrong; all are told.
            EngineError: there is no answer.
        """
        assert query.listing is not None  # noqa: S101 - `_listed` has seen to it
        self.query = query
        self.listing: Listing = query.listing
        self._site = current_site()
        self._classes = _classes(self.listing)
        self._whole = _read_whole(self.listing, self._classes)
        orders = self.listing.orders
        names = [sign + name for name in orders for sign in ("", "-")]
        first = next(iter(orders.values()))
        self._default = f"-{first.name}" if first.falls else first.name
        self.sort = arguments.choice("sort", names, self._default)
        self.limit = arguments.number("limit", SHOWN, most=MOST)
        self.page = arguments.number("page", 1, most=MAX_PAGE)
        self.chosen: dict[str, tuple[Value, ...]] = {}
        for name, facet in self.listing.facets.items():
            if given := arguments.texts(name):
                try:
                    self.chosen[name] = self._terms(facet, given)
                except BadParameter as error:
                    arguments.wrong(name, error.problems[name])
        arguments.check()

    def _terms(self, facet: Facet, texts: Sequence[str]) -> tuple[Value, ...]:
        """The terms that *texts* mean, which may be prefixed names of the query's file.

        Raises:
            BadParameter: one of them means nothing.
        """
        prefixes = self.listing.prefixes
        whole = [
            prefixes[prefix] + local
            if facet.parameter.type == "iri" and prefix in prefixes
            else text
            for text in texts
            for prefix, _, local in [text.partition(":")]
        ]
        return read_values(facet.parameter, whole, self._site.catalog.names)

    @property
    def order(self) -> tuple[Order, bool]:
        """The order, and whether the greatest comes first."""
        return self.listing.orders[self.sort.removeprefix("-")], self.sort.startswith("-")

    def text_of(self, facet: Facet, term: Value) -> str:
        """What an address calls the value *term*."""
        names = self._site.catalog.names
        if isinstance(term, ox.NamedNode) and names.key(term.value) is None:
            for prefix, iri in self.listing.prefixes.items():
                if term.value.startswith(iri) and "/" not in term.value[len(iri) :]:
                    return f"{prefix}:{term.value[len(iri) :]}"
        return typed(facet.parameter, term, names)

    def label_of(self, facet: Facet, term: Value) -> str:
        """What people call the value *term*."""
        if isinstance(term, ox.Literal):
            is_boolean = facet.parameter.type == "xsd:boolean"
            return {"true": "yes", "false": "no"}[term.value] if is_boolean else term.value
        named = links.label(self._site, term.value)
        known = current_vocabulary().facts.name(term)
        return named or known or links.shown(self._site, term.value)

    def address(
        self,
        *,
        ending: str = "",
        page: int = 1,
        sort: str = "",
        chosen: Mapping[str, Sequence[Value]] | None = None,
    ) -> str:
        """The address of this list, or of one that is near.

        Args:
            ending: That of a format, such as ``csv``.
            sort: The order, if another one.
            chosen: The values of some facets, if others.
        """
        pairs: list[tuple[str, str]] = []
        for name, facet in self.listing.facets.items():
            terms = {**self.chosen, **(chosen or {})}.get(name, ())
            pairs += [(name, self.text_of(facet, term)) for term in terms]
        if (sort or self.sort) != self._default:
            pairs.append(("sort", sort or self.sort))
        if self.limit != SHOWN:
            pairs.append(("limit", str(self.limit)))
        if page > 1:
            pairs.append(("page", str(page)))
        name = short_name(self.query)
        path = url_for("explore.one", name=f"{name}.{ending}" if ending else name)
        return f"{path}?{urlencode(pairs, safe='/:')}" if pairs else path

    def with_value(self, facet: Facet, term: Value) -> str:
        """The address with *term* chosen where it is not, and without it where it is."""
        terms = self.chosen.get(facet.name, ())
        left = tuple(each for each in terms if each != term)
        return self.address(chosen={facet.name: left if term in terms else (*terms, term)})

    def counts(self) -> tuple[int, dict[str, dict[Value, int]]]:
        """How many things are chosen, and by facet how many have each value.

        Raises:
            EngineError: there is no answer.
        """
        found: dict[str, dict[Value, int]] = {name: {} for name in self.listing.facets}
        total = 0
        query = self.listing.counts(self._classes, self.chosen, whole=self._whole)
        for row in self._ask(query):
            number = int(cast("ox.Literal", row["things"]).value)
            facet, value = row.get("facet"), row.get("value")
            if not isinstance(facet, ox.Literal):
                total = number
            elif isinstance(value, ox.NamedNode | ox.Literal):
                found[facet.value][value] = number
        return total, found

    def things(self, *, whole: bool = False) -> list[ox.NamedNode]:
        """The things on the page, in order; all that are chosen for the *whole* list.

        Raises:
            EngineError: there is no answer.
        """
        order, falls = self.order
        part = None if whole else ((self.page - 1) * self.limit, self.limit)
        query = self.listing.selection(self._classes, self.chosen, order, falls=falls, part=part)
        found = [row.get(THING) for row in self._ask(query)]
        return [thing for thing in found if isinstance(thing, ox.NamedNode)]

    def rows(self, things: Sequence[ox.NamedNode]) -> list[dict[str, Term]]:
        """What the query tells of *things*, in their order.

        Raises:
            EngineError: there is no answer.
        """
        if not things:
            return []
        found = self._ask(self.query.bind({THING: tuple(things)}))
        place = {thing: number for number, thing in enumerate(things)}
        return sorted(found, key=lambda row: place.get(cast("ox.NamedNode", row[THING]), 0))

    def _ask(self, query: str) -> list[dict[str, Term]]:
        site = self._site
        ask = Ask(query, MediaType.JSON, base=site.release.base, deadline=site.query_timeout)
        return rows(site.engine, ask)


@bp.get("/explore")
@bp.get("/explore.<ending>")
def all_lists(ending: str = "") -> Response:
    """The lists that there are, as HTML or JSON by Accept or the address's ending.

    200; 400 for another ending or argument.
    """
    arguments = Arguments("format")
    form = ENDINGS.get(arguments.choice("format", ["html", "json", ""], ending))
    arguments.check()
    site = current_site()
    queries = lists(site)
    if (form or preferred(request.accept_mimetypes, (HTML, JSON))) == JSON:
        return jsonify(
            {
                "lists": [
                    {
                        "name": short_name(query),
                        "summary": query.summary,
                        "description": query.description,
                        "address": url_for("explore.one", name=short_name(query)),
                        "facets": list(query.listing.facets if query.listing else ()),
                    }
                    for query in queries
                ]
            }
        )
    page = render_template("explore.html", site=site, lists=queries, short_name=short_name)
    return make_response(page)


@bp.get("/explore/<name>")
def one(name: str) -> Response:
    """A part of a list, as HTML or JSON by Accept or the address's ending; or all of it as CSV.

    200, also where nothing fits; 400 for a choice that means nothing; 404 for an unknown list;
    500, 503, 504 as the endpoint.
    """
    site = current_site()
    stem, _, ending = name.partition(".")
    query = _listed(site, stem)
    if ending and ending not in ENDINGS:
        raise UnknownList(name, [short_name(each) for each in lists(site)])
    arguments = Arguments("sort", "limit", "page", "format", *_facets(query))
    named = "" if citing.is_asked() else arguments.choice("format", [*ENDINGS, ""], ending)
    selection = Selection(query, arguments)
    accepted = preferred(request.accept_mimetypes, (HTML, JSON, CSV)) or HTML
    form = ENDINGS.get(named, accepted)
    if form == CSV:
        lines = _csv(selection)
        first = next(lines)  # what fails before it becomes the status
        return Response(itertools.chain((first,), lines), content_type=content_type(CSV))
    asked = tuple(
        (name, selection.text_of(facet, term))
        for name, facet in _facets(query).items()
        for term in selection.chosen.get(name, ())
    )
    citing.say(
        Cited(
            query.summary,
            selection.address(),
            query.name,
            query.version,
            asked,
            citing.of_lines(_csv(selection)),
        )
    )
    start = time.perf_counter()
    with ThreadPoolExecutor(1) as pool:
        counting = pool.submit(selection.counts)
        found = selection.rows(selection.things())
    total, counts = counting.result()
    facets = [_shown(selection, facet, counts[key]) for key, facet in _facets(query).items()]
    if form == JSON:
        return jsonify(_as_json(selection, total, facets, found))
    columns = _columns(selection)
    page = render_template(
        "list.html",
        site=site,
        query=query,
        selection=selection,
        total=total,
        facets=facets,
        columns=columns,
        rows=merged(cells(site, columns, row) for row in found),
        pages=max(1, -(-total // selection.limit)),
        milliseconds=round(1000 * (time.perf_counter() - start)),
        open=OPEN,
        spaced=spaced,
    )
    return make_response(page)


def lists(site: Site) -> list[SavedQuery]:
    """The saved queries that declare a list, by their names."""
    return [query for query in site.catalog if query.listing is not None]


def short_name(query: SavedQuery) -> str:
    """What addresses call the list of *query*: the last part of its name."""
    return query.name.rpartition("/")[2]


def _classes(listing: Listing) -> list[ox.NamedNode]:
    """All classes that the things of a list can be of."""
    found: set[ox.NamedNode] = set()
    for iri in listing.classes:
        broad = ox.NamedNode(iri)
        narrow = current_vocabulary().narrower(broad)
        found |= {broad, *(node for node in narrow if isinstance(node, ox.NamedNode))}
    return sorted(found, key=lambda node: node.value)


def _read_whole(listing: Listing, classes: Sequence[ox.NamedNode]) -> frozenset[str]:
    """The facets whose paths have so few statements that all are read sooner than looked up.

    Raises:
        EngineError: there is no answer.
    """
    numbers = _statistics()
    things = sum(numbers.get(each.value, 0) for each in classes)
    found = []
    for name, facet in listing.facets.items():
        prologue = "".join(
            f"PREFIX {prefix}: <{iri}>\n" for prefix, iri in listing.prefixes.items()
        )
        reads = Reads.of(f"{prologue}ASK {{ ?thing {facet.path} ?value }}").slots or ()
        statements = [numbers.get(slot.strip("<>")) for slot in reads]
        if None not in statements and sum(filter(None, statements)) <= LOOK_UP * things:
            found.append(name)
    return frozenset(found)


def _statistics() -> Mapping[str, int]:
    """How many things of each class and statements of each property there are, by IRI.

    The release says so in VoID; it is asked once.

    Raises:
        EngineError: there is no answer.
    """
    extensions = current_app.extensions
    if _NUMBERS not in extensions:
        site = current_site()
        query = f"""
            PREFIX void: <{VOID[""].value}>
            SELECT ?term ?number
            WHERE {{
              {{ ?part void:class ?term ; void:entities ?number }} UNION
              {{ ?part void:property ?term ; void:triples ?number }}
            }}"""
        found = rows(site.engine, Ask(query, MediaType.JSON, deadline=site.query_timeout))
        extensions[_NUMBERS] = {
            cast("ox.NamedNode", row["term"]).value: int(cast("ox.Literal", row["number"]).value)
            for row in found
        }
    return cast("Mapping[str, int]", extensions[_NUMBERS])


def _facets(query: SavedQuery) -> Mapping[str, Facet]:
    return query.listing.facets if query.listing is not None else {}


def _listed(site: Site, name: str) -> SavedQuery:
    """The query that declares the list *name*.

    Raises:
        UnknownList: there is none.
    """
    for query in lists(site):
        if short_name(query) == name:
            return query
    raise UnknownList(name, [short_name(query) for query in lists(site)])


def _columns(selection: Selection) -> list[Column]:
    """The columns of the page; that of the things is called what they are."""
    classes = selection.listing.classes
    called = current_vocabulary().label(ox.NamedNode(classes[0])) if len(classes) == 1 else "thing"
    return [
        replace(column, heading=called) if column.name == THING else column
        for column in columns_of(selection.listing.columns or selection.query.columns)
    ]


def _shown(selection: Selection, facet: Facet, counts: Mapping[Value, int]) -> FacetShown:
    """*facet* as a page shows it."""
    chosen = selection.chosen.get(facet.name, ())
    counted = {**dict.fromkeys(chosen, 0), **counts}
    values = [
        ValueShown(
            text=selection.text_of(facet, term),
            label=selection.label_of(facet, term),
            count=number,
            chosen=term in chosen,
            address=selection.with_value(facet, term),
        )
        for term, number in counted.items()
    ]
    if facet.parameter.type == "xsd:integer":
        values.sort(key=lambda value: (not value.chosen, -int(value.text)))
    else:
        values.sort(key=lambda value: (not value.chosen, -value.count, value.label))
    return FacetShown(
        name=facet.name,
        label=spaced(facet.name),
        values=tuple(values[:MAX_VALUES_SHOWN]),
        more=max(0, len(values) - MAX_VALUES_SHOWN),
        cleared=selection.address(chosen={facet.name: ()}),
    )


def _as_json(
    selection: Selection,
    total: int,
    facets: Sequence[FacetShown],
    found: Sequence[Mapping[str, Term]],
) -> dict[str, object]:
    """A part of a list as JSON tells it; terms as in the results of SPARQL."""
    last = selection.page * selection.limit >= total
    return {
        "list": short_name(selection.query),
        "summary": selection.query.summary,
        "total": total,
        "page": selection.page,
        "limit": selection.limit,
        "sort": selection.sort,
        "next": None if last else selection.address(ending="json", page=selection.page + 1),
        "facets": [
            {
                "name": facet.name,
                "label": facet.label,
                "values": [
                    {
                        "value": value.text,
                        "label": value.label,
                        "count": value.count,
                        "chosen": value.chosen,
                    }
                    for value in facet.values
                ],
                "more": facet.more,
            }
            for facet in facets
        ],
        "columns": list(selection.query.columns),
        "rows": [{name: _term(term) for name, term in row.items()} for row in found],
    }


def _term(term: Term) -> dict[str, str]:
    """*term* as the SPARQL 1.1 Query Results JSON Format writes it."""
    if isinstance(term, ox.Literal):
        told = {"type": "literal", "value": term.value}
        if term.language:
            told["xml:lang"] = term.language
        elif term.datatype.value != XSD.string.value:
            told["datatype"] = term.datatype.value
        return told
    kind = "uri" if isinstance(term, ox.NamedNode) else "bnode"
    return {"type": kind, "value": getattr(term, "value", str(term))}


def _csv(selection: Selection) -> Iterator[bytes]:
    """All that is chosen, as CSV, a few things at a time."""
    columns = selection.query.columns
    things = selection.things(whole=True)
    yield _line(columns)
    for start in range(0, len(things), MAX_ROWS):
        for row in selection.rows(things[start : start + MAX_ROWS]):
            yield _line([getattr(row.get(name), "value", "") for name in columns])


def _line(texts: Sequence[str]) -> bytes:
    written = io.StringIO()
    csv.writer(written).writerow(texts)
    return written.getvalue().encode()
