"""Sections of a page: answers to saved queries whose headers say that they belong there."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeVar

import pyoxigraph as ox

from stancegraph.catalog import Allowed, read_terms
from stancegraph.engine import Ask, MediaType, first_rows
from stancegraph.errors import EngineError
from stancegraph.facts import describe_all
from stancegraph.sections import MAX_ROWS
from stancegraph.web.asof import AS_OF, is_dated
from stancegraph.web.behind import COLUMN, behind
from stancegraph.web.frame import LANGUAGE, translations
from stancegraph.web.reading import Reader
from stancegraph.web.saved import address_of
from stancegraph.web.tables import (
    NAME_SUFFIXES,
    Cell,
    Column,
    cells,
    columns_of,
    filled,
    merged,
)
from stancegraph.web.views import picture_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from concurrent.futures import Future

    from stancegraph.engine import Term
    from stancegraph.parameters import Terms
    from stancegraph.queryfile import SavedQuery
    from stancegraph.sections import Section
    from stancegraph.vocabulary import Vocabulary
    from stancegraph.web.site import Site
    from stancegraph.web.views import Picture

    _Made = TypeVar("_Made")

AT_ONCE = 4  # questions of one page that wait for the engine together


@dataclass(frozen=True, slots=True)
class Place:
    """A saved query where it is a section of a page.

    Attributes:
        terms: What its parameters are set to.
        dated: Whether it answers for a day.
        behind: What leads from a row to the claims it rests on; None where the row does.
        vocabulary: For the titles of claims; None where there are none.
    """

    query: SavedQuery
    section: Section
    terms: Terms
    dated: bool
    behind: Callable[[Mapping[str, Term]], Cell] | None
    vocabulary: Vocabulary | None = None


@dataclass(frozen=True, slots=True)
class Group:
    """Rows that have one value in common; the only group has no heading."""

    heading: Cell | None
    rows: tuple[tuple[Cell, ...], ...]


@dataclass(frozen=True, slots=True)
class Shown:
    """A section as it is read.

    Attributes:
        anchor: Its place on the page.
        about: What the query says of itself.
        total: How many rows there are.
        more: Whether there are more than *total*.
        ranks: The column whose codes strike a row out, by its number; None without one.
        address: The page of the query.
        failure: Why there is no answer; empty where there is one.
        picture: Of all rows, where the section has one.
        asked: Whether it was asked at all; one that shows no rows is only the way to its page.
    """

    anchor: str
    query: SavedQuery
    heading: str
    about: str
    address: str
    dated: bool
    columns: tuple[Column, ...] = ()
    groups: tuple[Group, ...] = ()
    total: int = 0
    more: bool = False
    failure: str = ""
    picture: Picture | None = None
    asked: bool = True

    @property
    def count(self) -> int:
        """How many rows are shown."""
        return sum(len(group.rows) for group in self.groups)

    @property
    def derives(self) -> bool:
        """Whether a value in it is one that a rule derived."""
        bases = (cell.basis for group in self.groups for row in group.rows for cell in row)
        return any(basis is not None and basis.grounds == "derived" for basis in bases)


def places_of(
    site: Site,
    vocabulary: Vocabulary,
    thing: ox.NamedNode,
    classes: Iterable[ox.NamedNode],
    as_of: str = "",
) -> list[Place]:
    """The sections of the page of *thing*, which is of these *classes*, in their order.

    Args:
        as_of: The day for which those that can are to answer; their own default, if empty.
    """
    names = site.catalog.names
    key = names.key(thing.value)
    kinds = list(classes)
    found = []
    for query in site.catalog:
        for section in query.sections:
            here = any(
                kind.value == broad or vocabulary.below(kind, type(kind)(broad))
                for broad in section.classes
                for kind in kinds
            )
            if here and key and Allowed.by(query.params[section.by], names).has(key, names):
                place = _place(site, query, section, as_of, {section.by: thing.value})
                found.append(replace(place, vocabulary=vocabulary))
    return _in_order(found)


def places_at(site: Site, where: str) -> list[Place]:
    """The sections of a page that every graph has, in their order."""
    found = [
        _place(site, query, section, "", {})
        for query in site.catalog
        for section in query.sections
        if section.at == where
    ]
    return _in_order(found)


def _in_order(places: list[Place]) -> list[Place]:
    return sorted(places, key=lambda place: (place.section.order, place.query.name))


def _place(
    site: Site, query: SavedQuery, section: Section, as_of: str, thing: Mapping[str, str]
) -> Place:
    """What *section* asks.

    Raises:
        BadParameter: *as_of* is no day.
    """
    dated = is_dated(query)
    given: dict[str, str | Sequence[str]] = {**section.values, **thing}
    if dated and as_of:
        given[AS_OF] = as_of
    terms = read_terms(query, given, site.catalog.names)
    return Place(query, section, terms, dated, behind(site, query, terms))


@contextmanager
def asking(site: Site, places: Sequence[Place]) -> Iterator[Callable[[], list[Shown]]]:
    """Ask what *places* ask, while a ``with`` block does something else.

    Gives what waits for the answers. A section without an answer says why.
    """
    addresses = [address_of(place.query, place.terms) for place in places]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        asked: list[Future[tuple[Shown, list[dict[str, Term]]]]] = [
            pool.submit(_shown, site, place, address)
            for place, address in zip(places, addresses, strict=True)
        ]
        try:
            yield lambda: [
                _pictured(site, place, *each.result())
                for place, each in zip(places, asked, strict=True)
            ]
        finally:
            pool.shutdown(cancel_futures=True)


def _pictured(site: Site, place: Place, shown: Shown, found: list[dict[str, Term]]) -> Shown:
    """*shown* with the picture of the rows *found*, if it is to have one."""
    if not place.section.picture:
        return shown
    picture = picture_of(site, place.query.view, found, shown.heading, place.behind)
    return replace(shown, picture=picture)


def _shown(site: Site, place: Place, address: str) -> tuple[Shown, list[dict[str, Term]]]:
    """The answer to what *place* asks, and its rows."""
    query, section = place.query, place.section
    anchor = query.name.replace("/", "-")
    head = (anchor, query, section.heading, query.description, address, place.dated)
    if not section.rows and not section.picture:
        return Shown(*head, asked=False), []
    ask = Ask(
        query.bind(place.terms),
        MediaType.JSON,
        base=site.release.base,
        deadline=site.query_timeout,
    )
    try:
        found, more = first_rows(site.engine, ask, MAX_ROWS)
    except EngineError as error:
        return Shown(*head, failure=str(error)), []
    group = [name for name in query.columns if name in _with_name(section.group)]
    if query.view.type == "matrix" and not section.columns:
        columns, groups = _crossed(site, place, group, found)
        total = sum(len(each.rows) for each in groups)
    else:
        named = section.columns or query.columns
        try:
            titles = _titles(site, place, found[: section.rows])
        except EngineError as error:
            return Shown(*head, failure=str(error)), []
        columns, groups, total = _listed(site, place, group, named, found, titles=titles)
    shown = Shown(*head, columns=tuple(columns), groups=tuple(groups), total=total, more=more)
    return shown, found


def _titles(
    site: Site, place: Place, found: Sequence[Mapping[str, Term]]
) -> dict[Term | None, str]:
    """What to call the things that the rows *found* name in the section's column for them.

    Raises:
        EngineError: there is no answer.
    """
    terms = (row.get(place.section.titles) for row in found)
    things = list(dict.fromkeys(term for term in terms if isinstance(term, ox.NamedNode)))
    if place.vocabulary is None or not things:
        return {}
    facts = describe_all(site.engine, things, deadline=site.query_timeout)
    reader = Reader(site, place.vocabulary, facts)
    return {thing: reader.title(thing) for thing in things}


def _with_name(variable: str) -> tuple[str, ...]:
    """The column of a thing, and that with its name; nothing for no column."""
    return (variable, f"{variable}{NAME_SUFFIXES[0]}") if variable else ()


def _listed(
    site: Site,
    place: Place,
    group: Sequence[str],
    variables: Sequence[str],
    found: Sequence[Mapping[str, Term]],
    *,
    titles: Mapping[Term | None, str],
) -> tuple[list[Column], list[Group], int]:
    """The columns *variables* of the rows *found*, by the value of *group*, and how many there are.

    Rows that differ only in what they rest on are one; but claims with *titles* are told apart.
    """
    headed = columns_of(group)
    whole = [*headed, *columns_of([name for name in variables if name not in group])]
    lines = [
        [
            replace(cell, text=titles[term], aside=cell.aside or cell.text, grounds="")
            if column.name == place.section.titles and (term := row.get(column.name)) in titles
            else cell
            for column, cell in zip(whole, cells(site, whole, row), strict=True)
        ]
        for row in found
    ]
    if place.behind is not None:
        whole.append(COLUMN)
        lines = [[*line, place.behind(row)] for line, row in zip(lines, found, strict=True)]
    rows = merged(lines)
    kept, shown = filled(whole, rows[: place.section.rows])
    apart = len([column for column in kept if column in headed])
    groups: dict[Cell | None, list[tuple[Cell, ...]]] = {}
    for row in shown:
        groups.setdefault(row[0] if apart else None, []).append(row[apart:])
    made = [Group(heading, tuple(members)) for heading, members in groups.items()]
    return kept[apart:], made, len(rows)


def _crossed(
    site: Site, place: Place, group: Sequence[str], found: Sequence[Mapping[str, Term]]
) -> tuple[list[Column], list[Group]]:
    """The rows *found* as the matrix that the query's view describes, by the value of *group*.

    Where a row rests on one claim, or leads to a list of them, its value does.
    """
    query = place.query
    view = query.view.columns
    across, value = columns_of([view["column"], view["value"]])
    down = columns_of([n for n in query.columns if n in _with_name(_thing_of(view["row"]))])[:1]
    headed = columns_of(group)
    rest = columns_of([n for n in query.columns if n not in {*group, *view.values()}])
    groups: dict[Cell | None, dict[Cell, dict[str, Cell]]] = {}
    for row in found:
        heading = cells(site, headed, row)[0] if headed else None
        line, above, told = cells(site, [*down, across, value], row)
        if not line.text:
            line = replace(line, text=translations(LANGUAGE).gettext("not on record"))
        grounds = [cell for cell in cells(site, rest, row) if cell.grounds]
        if place.behind is not None:
            grounds.append(place.behind(row))
        if len(grounds) == 1 and told.text and grounds[0].href:
            told = replace(told, basis=grounds[0])
        cell = groups.setdefault(heading, {}).setdefault(line, {})
        before = cell.get(above.text)
        joined = before and replace(told, text=f"{before.text}, {told.text}", basis=None)
        cell[above.text] = joined or told
    names = sorted({name for lines in groups.values() for told in lines.values() for name in told})
    made = [
        Group(
            heading,
            tuple(
                (line, *(told.get(name, Cell()) for name in names)) for line, told in lines.items()
            ),
        )
        for heading, lines in groups.items()
    ]
    return [*down, *(Column(name, None, name) for name in names)], made


def _thing_of(variable: str) -> str:
    """The column of the things that *variable* names; itself, if it names none."""
    return variable.removesuffix(NAME_SUFFIXES[0])
