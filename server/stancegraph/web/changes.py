"""What changed from release to release: as a page, as JSON, and as Atom feeds (RFC 4287).

There is a feed of everything, one of each thing (``about``), and one of the rows of each saved
query. Releases never change, so that what differs between two of them is found out once.
"""

from __future__ import annotations

import threading
from collections import Counter, OrderedDict
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, TypeVar, cast

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

from stancegraph.build.release import open_release
from stancegraph.differences import Difference, compare, counted, summary
from stancegraph.engine import Ask, MediaType, first_rows
from stancegraph.engine.embedded import EmbeddedEngine, EngineOptions, SocketEngine
from stancegraph.engine.kept import KeptAnswers
from stancegraph.errors import BadParameter, OperationError
from stancegraph.web import atom, links
from stancegraph.web.archive import changes_file, lease
from stancegraph.web.arguments import Arguments
from stancegraph.web.negotiation import preferred
from stancegraph.web.site import current_site
from stancegraph.web.tables import columns_of

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Mapping, Sequence

    from stancegraph.build.release import Release
    from stancegraph.differences import Change, Correction
    from stancegraph.engine import Answer, Engine, Term
    from stancegraph.queryfile import SavedQuery
    from stancegraph.web.site import Site

bp = Blueprint("changes", __name__)

RELEASES = 10  # that are looked back at
SHOWN = 100  # changes from one release to the next that a page or feed tells one by one
SHOWN_ROWS = 100  # rows added, and rows removed
MOST_ROWS = 20_000  # of an answer of which changes are told
LONGEST = 300  # characters of what names a thing
KEPT = 128  # differences
ENDINGS = {"html": "text/html", "json": "application/json", "atom": atom.MEDIA_TYPE}
_KEPT = "stancegraph.differences"

Found = TypeVar("Found")


@dataclass(frozen=True, slots=True)
class Step:
    """The way from a release to the next.

    Attributes:
        before: The release that *after* followed; None where it is not kept.
        found: What changed; None where that cannot be said.
    """

    before: Release | None
    after: Release
    found: Difference | None


@bp.get("/changes")
@bp.get("/changes.<ending>")
def page(ending: str = "") -> Response:
    """What changed in the releases that are kept, as HTML, JSON or Atom by Accept or the ending.

    With ``about``, only what names that thing. 200; 400 for another ending or argument; 503
    where it is still being found out.
    """
    arguments = Arguments("about", "format")
    form = ENDINGS.get(arguments.choice("format", [*ENDINGS, ""], ending))
    site = current_site()
    iri = _thing(site, arguments)
    arguments.check()
    form = form or preferred(request.accept_mimetypes, tuple(ENDINGS.values())) or "text/html"
    steps = [_step(site, before, after, iri) for before, after in history(site)]
    title = _title(site, iri)
    if form == ENDINGS["json"]:
        return jsonify([_described(each) for each in steps])
    if form == atom.MEDIA_TYPE:
        return _feed(site, steps, iri, title)
    text = render_template(
        "changes.html",
        site=site,
        steps=steps,
        title=title,
        iri=iri,
        about=arguments.text("about", longest=LONGEST),
        shown=SHOWN,
        summary=summary,
        address=lambda change, step: _address(site, change, step),
        feed=feed_address(iri),
    )
    return make_response(text)


def feed_address(iri: str = "") -> str:
    """Where the feed of the changes of the thing *iri* is; of everything, without one."""
    if not iri:
        return url_for("changes.page", ending="atom")
    key = current_site().catalog.names.key(iri)
    return url_for("changes.page", ending="atom", about=key or iri)


def history(site: Site) -> list[tuple[Release | None, Release]]:
    """The releases that led to the one of *site*, each with the one before it, the latest first."""
    found: list[tuple[Release | None, Release]] = []
    release: Release | None = site.release
    while release is not None and len(found) < RELEASES:
        before = None
        if release.previous is not None:
            try:
                before = open_release(release.path.parent, release.previous)
            except OperationError:
                before = None
            if not (release.quads_file.is_file() and before and before.quads_file.is_file()):
                before = None  # an engine elsewhere has what it holds
        found.append((before, release))
        release = before
    return found


def _thing(site: Site, arguments: Arguments) -> str:
    """The IRI of what the argument names; empty where it names nothing."""
    text = arguments.text("about", longest=LONGEST)
    if not text:
        return ""
    names = site.catalog.names
    if text.startswith(site.release.base):
        return text
    if text in names.by_key:
        return names.iri(text)
    keys = names.find(text, ())
    if len(keys) != 1:
        arguments.wrong("about", "is the key, the IRI or the name of one thing")
        return ""
    return names.iri(keys[0])


def _title(site: Site, iri: str) -> str:
    return links.label(site, iri) or links.shown(site, iri) if iri else ""


def _step(site: Site, before: Release | None, after: Release, iri: str) -> Step:
    if before is None:
        return Step(None, after, None)
    found = difference(site, before, after)
    return Step(before, after, found.concerning([iri]) if iri else found)


def difference(site: Site, before: Release, after: Release) -> Difference:
    """What changed between two releases, but for what rules conclude.

    Raises:
        EngineDown, ReleaseGone: it cannot be found out.
    """

    def find() -> Difference:
        if site.archive is None:
            return compare(before, after)
        return Difference.from_json(changes_file(site, before.id, after.id).read_text("utf-8"))

    return _kept((before.checksum, after.checksum), find)


def _kept(key: Hashable, find: Callable[[], Found]) -> Found:
    """What was found under *key* before, else what *find* finds now."""
    kept = current_app.extensions.setdefault(_KEPT, (OrderedDict(), threading.Lock()))
    found, lock = cast("tuple[OrderedDict[Hashable, Found], threading.Lock]", kept)
    with lock:
        if key in found:
            found.move_to_end(key)
            return found[key]
    new = find()
    with lock:
        found[key] = new
        while len(found) > KEPT:
            found.popitem(last=False)
    return new


def _described(step: Step) -> dict[str, object]:
    found = step.found
    return {
        "release": step.after.id,
        "date": step.after.date.isoformat(),
        "before": step.before.id if step.before else None,
        "counts": dict(counted(found.changes)) if found else None,
        "changes": [
            {
                "what": change.what,
                "iri": change.iri,
                "kind": change.kind,
                "title": change.title,
                "sources": list(change.sources),
                "corrections": [
                    {"label": each.label, "before": list(each.before), "after": list(each.after)}
                    for each in change.corrections
                ],
            }
            for change in (found.changes if found else ())
        ],
    }


def _address(site: Site, change: Change, step: Step) -> str:
    """Where the page of what changed is: that of the last release that has it."""
    address = links.address(site, change.iri) or ""
    if change.what == "withdrawn" and step.before is not None and not site.root:
        return f"/release/{step.before.id}{address}"
    return address


def _feed(site: Site, steps: Sequence[Step], iri: str, title: str) -> Response:
    """The feed of *steps*."""
    base = site.release.base.rstrip("/")
    named = f"{base}/changes{f'?about={iri}' if iri else ''}"
    entries: list[atom.Entry] = []
    for step in steps:
        if step.found is None:
            if not iri:
                entries.append(_first(step))
            continue
        changes = step.found.changes
        entries += [_entry(site, change, step, iri) for change in changes[:SHOWN]]
        if len(changes) > SHOWN:
            entries.append(
                atom.Entry(
                    id=f"{step.after.iri}#more{f'-{iri}' if iri else ''}",
                    title=f"{len(changes) - SHOWN:,} more changes in release {step.after.id}",
                    updated=step.after.date,
                    link=_whole(url_for("changes.page", about=iri or None)),
                    content=atom.paragraph(summary(changes)),
                )
            )
    return atom.respond(
        iri=named,
        title=f"{site.release.title}: changes{f', {title}' if title else ''}",
        page=_whole(url_for("changes.page", about=iri or None)),
        entries=entries,
        release=site.release,
    )


def _first(step: Step) -> atom.Entry:
    return atom.Entry(
        id=f"{step.after.iri}#first",
        title=f"Release {step.after.id}, the first that is kept here",
        updated=step.after.date,
        link=_whole(f"{current_site().root}/release/{step.after.id}"),
        content=atom.paragraph(f"{step.after.counts.get('claims', 0):,} claims"),
    )


def _entry(site: Site, change: Change, step: Step, iri: str) -> atom.Entry:
    lines = [f"{each.label}: {_corrected(each)}" for each in change.corrections]
    lines += [f"source: {source}" for source in change.sources]
    key = change.iri.removeprefix(site.release.base)
    return atom.Entry(
        id=f"{step.after.iri}#{key}{f'-{iri}' if iri else ''}",
        title=f"{change.what}: {change.title}",
        updated=step.after.date,
        link=_whole(_address(site, change, step)),
        content=atom.listed(f"{change.kind}, {change.what} in release {step.after.id}", lines),
        categories=tuple(filter(None, (change.kind, change.who, change.about))),
    )


def _corrected(each: Correction) -> str:
    before, after = (", ".join(values) for values in (each.before, each.after))
    if before and after:
        return f"{before} → {after}"
    return f"{after} added" if after else f"{before} withdrawn"


def _whole(address: str) -> str:
    """*address* with the host."""
    if address.startswith("/"):
        return request.host_url.rstrip("/") + address
    return address


# The rows of a saved query.


@dataclass(frozen=True, slots=True)
class RowsChanged:
    """How the rows of an answer differ between two releases, as texts."""

    added: tuple[str, ...]
    removed: tuple[str, ...]


def feed_of_query(query: SavedQuery, text: str, asked: str, page: str) -> Response:
    """The feed of how the rows of *query* changed, asked as *text* of each release.

    As many releases are asked as may be loaded at a time; those before them are looked at as
    long as they keep the answer. 200; 503 where others are loaded.

    Args:
        asked: What the parameters were set to, in a line.
        page: The address of its page.

    Raises:
        BadParameter: it has no rows, or too many.
        EngineError, RequestError: there is no answer.
    """
    site = current_site()
    if not query.columns or query.services:
        raise BadParameter("format", "atom is for queries with rows of this graph")
    entries = []
    for number, (before, after) in enumerate(history(site)):
        if before is None:
            continue
        key = (before.checksum, after.checksum, text)
        may_load = number < max(1, site.archived)
        find = partial(_rows_changed, site, query, text, (before, after), may_load=may_load)
        try:
            found = _kept(key, find)
        except _NotKeptError:
            break
        if not found.added and not found.removed:
            continue
        told = [(_count(found.added), "added"), (_count(found.removed), "removed")]
        entries.append(
            atom.Entry(
                id=f"{after.iri}{page.removeprefix(site.root)}",
                title=", ".join(f"{count} {what}" for count, what in told if count),
                updated=after.date,
                link=_whole(page),
                content="".join(
                    atom.listed(f"{what} in release {after.id}", rows[:SHOWN_ROWS])
                    for what, rows in (("Added", found.added), ("Removed", found.removed))
                    if rows
                ),
            )
        )
    return atom.respond(
        iri=f"{site.release.base.rstrip('/')}{page.removeprefix(site.root)}",
        title=f"{site.release.title}: {query.summary}{f' ({asked})' if asked else ''}",
        page=_whole(page),
        entries=entries,
        release=site.release,
    )


def _count(rows: Sequence[str]) -> str:
    return f"{len(rows):,} row{'' if len(rows) == 1 else 's'}" if rows else ""


def _rows_changed(
    site: Site, query: SavedQuery, text: str, between: tuple[Release, Release], *, may_load: bool
) -> RowsChanged:
    found = (_rows(site, query, text, release, may_load=may_load) for release in between)
    old, new = map(Counter, found)
    return RowsChanged(tuple((new - old).elements()), tuple((old - new).elements()))


def _rows(
    site: Site, query: SavedQuery, text: str, release: Release, *, may_load: bool
) -> list[str]:
    """The rows of the answer of *release*, each in words.

    Raises:
        _NotKeptError: it does not keep the answer, and may not be loaded.
    """
    ask = Ask(text, MediaType.JSON, base=site.release.base, deadline=site.query_timeout)
    with ExitStack() as stack:
        engine: Engine = site.engine
        if release.id != site.release.id:
            own = _Leased(site, release, stack if may_load else None)
            engine = KeptAnswers(own, release.path, base=release.base)
        found, more = first_rows(engine, ask, MOST_ROWS)
    if more:
        raise BadParameter("format", f"atom is for answers of at most {MOST_ROWS:,} rows")
    return [_in_words(query, row) for row in found]


class _NotKeptError(Exception):  # never leaves this module
    """An answer would have to be found anew."""


class _Leased:
    """The engine of another release, loaded when it is asked.

    Without a *stack*, which would end it, it may not be loaded: it raises `_NotKeptError`.
    """

    def __init__(self, site: Site, release: Release, stack: ExitStack | None) -> None:
        self._site = site
        self._release = release
        self._stack = stack

    @property
    def release_id(self) -> str:
        """The release that it holds."""
        return self._release.id

    def is_up(self) -> bool:
        """Whether it takes questions, which it does once it is asked."""
        return True

    def ask(self, ask: Ask) -> Answer:
        """Start on a question, as :meth:`stancegraph.engine.Engine.ask` says."""
        if self._stack is None:
            raise _NotKeptError
        if self._site.archive is None:
            options = EngineOptions(workers=1)
            made = EmbeddedEngine(self._release.quads_file, self._release.id, options)
            return self._stack.enter_context(made).ask(ask)
        socket = self._stack.enter_context(lease(self._site, self._release.id))
        return SocketEngine(socket, self._release.id).ask(ask)

    def close(self) -> None:
        """What was loaded ends with the context."""


def _in_words(query: SavedQuery, row: Mapping[str, Term]) -> str:
    """A row in a line: each column with its heading, things by the names beside them."""
    parts = []
    for column in columns_of(query.columns):
        names = (column.named_by or column.name, column.until or column.name)
        found = [row.get(name) or row.get(column.name) for name in names]
        texts = dict.fromkeys(_text(term) for term in found if term is not None)
        if texts and column.until:
            parts.append(f"{column.heading}: {' to '.join(texts)}")
        elif texts:
            parts.append(f"{column.heading}: {next(iter(texts))}")
    return "; ".join(parts)


def _text(term: Term) -> str:
    if isinstance(term, ox.NamedNode):
        return links.shown(current_site(), term.value)
    return term.value if isinstance(term, ox.Literal | ox.BlankNode) else str(term)
