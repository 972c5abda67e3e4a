"""What a query worker asks where there is no store: the engines that hold the release."""

from __future__ import annotations

import io
import json
import os
import time
from contextlib import suppress
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlencode

import pyoxigraph as ox

from stancegraph.engine.graph import graph_names
from stancegraph.engine.remote import holdings, kinds, state
from stancegraph.engine.remote.dataset import Writer
from stancegraph.engine.remote.http import Body, Client, Ended, NotReached, Refused, trust
from stancegraph.engine.remote.place import Place
from stancegraph.errors import EngineDown, QueryFailed, QueryTimeout
from stancegraph.sparql import query_form

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from stancegraph.engine import Ask
    from stancegraph.engine.remote.dataset import Written

TABLE = "application/sparql-results+json"
TRIPLES = "application/n-triples, text/turtle;q=0.5, application/rdf+xml;q=0.2"
_RDF = {
    "application/n-triples": ox.RdfFormat.N_TRIPLES,
    "text/plain": ox.RdfFormat.N_TRIPLES,
    "text/turtle": ox.RdfFormat.TURTLE,
    "application/rdf+xml": ox.RdfFormat.RDF_XML,
}
BUFFER = 64 * 2**10  # bytes to read at a time
PAUSE = 0.2  # seconds, at least, before asking again where all have refused for now
GRACE = 5.0  # seconds beyond the deadline, at which the supervisor has long ended a worker


class Without(NotReached):
    """An engine answers, but does not hold the release."""


class RemoteSource:
    """The engines that hold a release, for a process and those that are forked from it.

    Attributes:
        files: How many files a process may open to ask them: connections.
    """

    def __init__(self, file: Path) -> None:
        """Read ``engine.json``.

        Raises:
            OSError, ValueError: it cannot be read.
        """
        self._place = Place.read(file)
        self.files = 4 * len(self._place.addresses) + 8
        self._states = file.with_name(state.FILE)
        self.open()
        if any(address.url.startswith("https:") for address in self._place.addresses):
            trust()

    def open(self) -> RemoteGraph:
        """What this process alone asks.

        Raises:
            OSError: the file that tells which engines can be asked cannot be read.
        """
        return RemoteGraph(self._place, self._states)


class RemoteGraph:
    """Asks the engines of a release.

    Attributes:
        prefixes: Those that people use for what the release holds.
    """

    def __init__(self, place: Place, states: Path) -> None:
        """Ask the engines of *place*, of which the file *states* tells which can be asked."""
        self.prefixes = place.prefixes
        self.description = None  # must be asked for
        self._clients = [[Client(address)] for address in place.addresses]
        self._kinds = [kinds.kind_of(server) for server in place.servers]
        self._state = state.State(states)
        self._layout = place.layout
        self._store = ox.Store()  # an empty one, which reads queries
        self._writer = Writer(
            place.layout, place.graphs, iris=self._iris, variables=self._variables
        )
        self._body: Body | None = None
        self._asked = 0
        self._base = ""

    def evaluate(self, ask: Ask) -> Any:
        """The result of the query in *ask*: solutions, a truth value, or triples.

        Raises:
            SyntaxError, RuntimeError: it is no query, or calls a function that there is not.
            BadRequest, QueryRefused: it cannot be asked.
            QueryFailed, QueryTimeout, EngineDown: there is no answer.
        """
        graph_names((*ask.default_graphs, *ask.named_graphs))
        form = query_form(ask.query)
        self._base = ask.base
        self._store.query(ask.query, base_iri=ask.base or None)
        written = self._writer.write(ask)
        query = f"BASE <{ask.base}>\n{written.query}" if ask.base else written.query
        is_table = form in {"SELECT", "ASK"}
        body = self._asked_of_one(query, written, ask.deadline, TABLE if is_table else TRIPLES)
        self._body = body
        reader = io.BufferedReader(body, BUFFER)
        media_type = body.headers.get_content_type()
        if not is_table:
            if media_type not in _RDF or not body.has_end:
                raise QueryFailed("the engine gives no triples that are known to be whole")
            return _triples(reader, _RDF[media_type])
        if media_type not in {TABLE, "application/json"}:
            raise QueryFailed("the engine gives no SPARQL JSON, which it is asked for")
        try:
            found = ox.parse_query_results(cast("Any", reader), ox.QueryResultsFormat.JSON)
            if form == "ASK" and isinstance(found, ox.QuerySolutions):
                # So says Virtuoso: by a row for yes, and none for no.
                return _truth(holds=next(found, None) is not None)
        except SyntaxError as error:
            raise self.lost() or _unreadable() from error
        return found

    def lost(self) -> EngineDown | None:
        """What to tell where an answer has broken off; None where none has."""
        if self._body is None or self._body.failure is None:
            return None
        self._body = None
        self._state[self._asked] = state.DOWN
        return EngineDown("the engine broke off; ask again")

    def rest(self) -> None:
        """A question is answered: hang up where an answer was not wanted to its end."""
        self._body = None
        for clients in self._clients:
            for client in clients:
                if not client.is_free:
                    client.close()
            del clients[1:]

    def can_ask_again(self) -> bool:
        """Whether another engine may be asked what one has broken off."""
        return state.UP in self._state

    def _iris(self, prologue: str, names: Sequence[str]) -> list[str]:
        """The whole IRIs of *names*, as a query with this prologue means them."""
        if not names:
            return []
        constants = " ".join(f"({name} AS ?named{number})" for number, name in enumerate(names))
        query = f"{prologue}SELECT {constants} WHERE {{}}"
        found = self._store.query(query, base_iri=self._base or None)
        (row,) = cast("ox.QuerySolutions", found)
        return [cast("ox.NamedNode", term).value for term in row]

    def _variables(self, query: str) -> list[str]:
        found = self._store.query(query, base_iri=self._base or None)
        return [variable.value for variable in cast("ox.QuerySolutions", found).variables]

    def _asked_of_one(self, query: str, written: Written, deadline: float, accept: str) -> Body:
        """The answer of the first engine that gives one.

        Raises:
            QueryFailed, QueryTimeout, EngineDown: there is none.
        """
        until = time.monotonic() + deadline
        while True:
            wait: float | None = None
            for number in self._order():
                try:
                    return self._asked_of(number, query, written, until, accept)
                except Without:
                    pass
                except NotReached:
                    self._state[number] = state.DOWN
                except Refused as error:
                    if not error.passing:
                        raise _told(error, deadline) from error
                    pause = max(PAUSE, error.after or 0.0)
                    wait = pause if wait is None else min(wait, pause)
            if wait is None or time.monotonic() + wait >= until:
                raise EngineDown("no engine answers; ask again soon")
            time.sleep(wait)

    def _order(self) -> list[int]:
        """Which engines to ask, in turn: each worker begins with another.

        One that is thought to be down is asked last, when it may be up again.
        """
        numbers = [n for n, told in enumerate(self._state) if told != state.WITHOUT]
        turn = os.getpid() % (len(numbers) or 1)
        turned = numbers[turn:] + numbers[:turn]
        return sorted(turned, key=lambda number: self._state[number] != state.UP)

    def _see(self, number: int, client: Client, patience: float) -> None:
        """See to it that an engine to which there was no connection has the release, whole.

        It may have been started anew, with nothing in it: any answer would be wrong.

        Raises:
            NotReached, Refused: it has not, or does not answer.
        """
        try:
            if not holdings.is_whole(client, self._layout, patience=patience):
                self._state[number] = state.WITHOUT
                raise Without("it does not hold the release")
        except holdings.BadEngine as error:
            raise NotReached(str(error)) from error
        self._state[number] = state.UP

    def _free_client(self, number: int) -> Client:
        """A connection on which no answer is under way; a description needs two at a time."""
        clients = self._clients[number]
        for client in clients:
            if client.is_free:
                return client
        clients.append(Client(clients[0].address))
        return clients[-1]

    def _asked_of(
        self, number: int, query: str, written: Written, until: float, accept: str
    ) -> Body:
        """The answer of one engine, known to be whole as far as its head tells.

        Raises:
            NotReached, Refused: there is none.
            QueryFailed, QueryTimeout: it says that it is not whole.
        """
        left = max(0.001, until - time.monotonic())
        form = [
            ("query", query),
            *(("default-graph-uri", iri) for iri in written.default),
            *(("named-graph-uri", iri) for iri in written.named),
            *self._kinds[number].bound(left).items(),
        ]
        self._asked = number
        client = self._free_client(number)
        headers = {"Accept": accept, "Content-Type": "application/x-www-form-urlencoded"}
        text = urlencode(form).encode()
        body = None
        while body is None:
            if not client.is_connected:
                self._see(number, client, left)
            with suppress(Ended):
                body = client.send(
                    "POST", text, headers=headers, patience=left + GRACE, again=False
                )
        self._kinds[number] = kinds.kind_of(client.server)
        if kinds.out_of_time(body.headers):
            client.close()
            raise QueryTimeout(round(left, 3))
        if bound := kinds.rows_cut(body.headers):
            client.close()
            raise QueryFailed(
                f"the answer has more than the {bound} rows that the engine gives; "
                "ask for it in parts, with LIMIT and OFFSET"
            )
        return body


def _told(error: Refused, deadline: float) -> QueryFailed | QueryTimeout | EngineDown:
    """What is told of a refusal that will not pass; nothing of what the engine says.

    A query was read before it was sent, so what an engine dislikes is its own matter.
    """
    if error.status in {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.GATEWAY_TIMEOUT}:
        return QueryTimeout(deadline)
    if error.status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND}:
        return EngineDown("the engine refuses this front end; its operator must look after that")
    if HTTPStatus.MULTIPLE_CHOICES <= error.status < HTTPStatus.BAD_REQUEST:
        return EngineDown("the engine sends elsewhere, where nobody goes")
    return QueryFailed(f"the engine cannot answer this query (status {error.status})")


def _truth(*, holds: bool) -> ox.QueryBoolean:
    text = json.dumps({"head": {}, "boolean": holds})
    return cast("ox.QueryBoolean", ox.parse_query_results(text, ox.QueryResultsFormat.JSON))


def _unreadable() -> EngineDown:
    return EngineDown("the engine's answer cannot be read; ask again")


def _triples(reader: io.BufferedReader[Body], form: ox.RdfFormat) -> Iterator[ox.Triple]:
    try:
        for quad in ox.parse(cast("Any", reader), form):
            yield quad.triple
    except SyntaxError as error:
        with suppress(OSError):
            reader.close()
        raise _unreadable() from error
