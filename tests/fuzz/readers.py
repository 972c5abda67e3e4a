"""What holds of each reader of strangers' bytes, whatever these are.

Each function here reads a text as a part of the program does that strangers reach, and asserts
what must hold: that nothing but the errors of ``errors.py`` is raised, that places lie within
the text, that what is made of it means the same. Hypothesis calls them in the test run
(tests/unit/test_readers.py), atheris for as long as one likes (``make fuzz``).
"""

from __future__ import annotations

import atexit
import re
import shutil
import tempfile
from contextlib import suppress
from functools import cache
from itertools import islice, pairwise
from pathlib import Path
from typing import TYPE_CHECKING
from unittest.mock import patch

import pyoxigraph as ox
from werkzeug.datastructures import MIMEAccept
from werkzeug.http import parse_accept_header

from stancegraph import mistakes, queryfile, scopes, sparql, turtle
from stancegraph.catalog import read_terms, typed
from stancegraph.engine import TABLES, wire
from stancegraph.engine.rewrite import counting, sliced
from stancegraph.errors import (
    BadParameter,
    BadRequest,
    EngineDown,
    NotAcceptable,
    OperationError,
    QueryError,
    QuerySyntaxError,
    ServiceFailed,
    StancegraphError,
)
from stancegraph.fingerprint import another_each_time
from stancegraph.importers.table import read_table
from stancegraph.names import Names, Sorts
from stancegraph.parameters import as_tuple
from stancegraph.search import plain
from stancegraph.sparql import Kind
from stancegraph.web import federation
from stancegraph.web.arguments import read_arguments
from stancegraph.web.cache import normalised
from stancegraph.web.encoding import chosen
from stancegraph.web.negotiation import DOCUMENTS, choose, choose_document, is_document
from stancegraph.web.wishes import read_wishes
from tests.fuzz.here import FAILURES, THERE, Request, ask_here

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from stancegraph.queryfile import SavedQuery

BASE = "https://example.org/g/"
GRAPH = ox.NamedNode("x:g")
STORE = ox.Store()
STORE.extend(
    ox.Quad(ox.NamedNode(f"x:{n}"), ox.NamedNode("x:p"), ox.Literal(n), graph)
    for n in range(4)
    for graph in (ox.DefaultGraph(), GRAPH)
)
MAX_ROWS = 200  # of a query, for what compares its rows with those of others
ALLOWED = "https://allowed.example/sparql"
ELSEWHERE = {"rdfs": "http://www.w3.org/2000/01/rdf-schema#", "sg": f"{BASE}ontology#"}
KNOWN = Names(
    BASE,
    {
        "code/rank/normal": ("normal",),
        "code/rank/preferred": ("preferred",),
        "state/CAN": ("Canada",),
        "state/CIV": ("Côte d'Ivoire", "Ivory Coast"),
        "state/COD": ("Democratic Republic of the Congo", "Congo"),
        "state/COG": ("Congo",),
        "treaty/a.b": ("First Treaty",),
    },
    {},
    Sorts({}, {f"{BASE}id/code/rank": ["code/rank/normal", "code/rank/preferred"]}, {}),
    "2026-11-22",
)
PARAMETERS = f"""#+ summary: s
#+ params:
#+   any: iri
#+   state: {{type: iri, kinds: [state]}}
#+   rank: {{type: iri, scheme: {BASE}id/code/rank, list: true}}
#+   date: xsd:date
#+   decimal: xsd:decimal
#+   integer: {{type: xsd:integer, optional: true}}
#+   boolean: xsd:boolean
#+   word: {{type: xsd:string, choices: [one, two], default: one}}
#+   string: xsd:string
#+ columns: [any]

PREFIX id: <{BASE}id/>
PREFIX rank: <{BASE}id/code/rank/>
PREFIX state: <{BASE}id/state/>
PREFIX xsd: <http://www.w3.org/2001/XMLSchema#>

SELECT ?any WHERE {{
  VALUES (?any ?state ?rank ?date ?decimal ?integer ?boolean ?word ?string) {{ (id:a state:CAN rank:normal "2024-12-31"^^xsd:date 0.5 1 true "one" "s") }}  #= params
  ?any ?state ?rank, ?date, ?decimal, ?integer, ?boolean, ?word, ?string
}}
ORDER BY ?any
"""  # noqa: E501 (a params line is one)


def reads_tokens(text: str) -> None:
    """Tokens stand where they say, in order, and between them only white space."""
    try:
        found = sparql.tokens(text, comments=True)
    except QuerySyntaxError as error:
        _is_within(text, error.line, error.column)
        return
    lines = _line_starts(text)
    for token in found:
        assert lines[token.line - 1] + token.column - 1 == token.start < len(text)
        assert token.text
    for one, other in pairwise(found):
        assert one.start < other.start
    assert [token for token in found if token.kind is not Kind.COMMENT] == sparql.tokens(text)
    if "\\" not in text:
        assert all(text[token.start : token.end] == token.text for token in found)
        ends = [0, *(token.end for token in found)]
        starts = [*(token.start for token in found), len(text)]
        between = "".join(text[end:start] for end, start in zip(ends, starts, strict=True))
        assert not between.strip(" \t\r\n")


def reads_queries(text: str) -> None:
    """What the engine would run is known for what it is, and never calls anybody unseen."""
    found: object = None
    with suppress(SyntaxError, ValueError, RuntimeError):
        found = STORE.query(text, base_iri=BASE)
    with suppress(QuerySyntaxError):
        sparql.is_update(text)
        sparql.dataset_clause(text)
        another_each_time(text)
    calls = sparql.calls_service(text)
    sparql.place_of_word(text, "SERVICE")
    if found is None:
        with suppress(QuerySyntaxError):
            sparql.query_form(text)
        return
    assert not sparql.is_update(text)
    forms = {
        ox.QueryBoolean: {"ASK"},
        ox.QuerySolutions: {"SELECT"},
        ox.QueryTriples: {"CONSTRUCT", "DESCRIBE"},
    }
    with suppress(QuerySyntaxError):  # a prologue whose words run together, which is no SPARQL
        assert sparql.query_form(text) in forms[type(found)]
    if not calls and not isinstance(found, ox.QueryBoolean):
        with suppress(ValueError, RuntimeError):  # but no OSError, for a call that failed
            next(iter(found), None)  # type: ignore[call-overload]


def rewrites_queries(text: str) -> None:
    """Rows of a part, and their number, are those of the whole, if the engine reads it."""
    if sparql.calls_service(text):
        return
    rows = _rows(text)  # of what the engine reads; what is made of anything else is never run
    try:
        if rows is None or len(rows) > MAX_ROWS or another_each_time(text):
            return
    except QuerySyntaxError:
        return
    for skip, take in ((0, 2), (1, 1), (0, MAX_ROWS)):
        some = _rows(sliced(text, skip, take))  # None where words of it run together
        assert some is None or len(some) == len(rows[skip : skip + take])
    number = _rows(counting(text))
    assert number is None or [str(row) for row in number] == [str(len(rows))]


def tells_mistakes(text: str) -> None:
    """A mistake has a place within the text, and comes whole over the engine's wire."""
    try:
        ox.Store().query(text)
    except SyntaxError as error:
        told: QueryError = mistakes.syntax_error(text, error, base=None, known=ELSEWHERE)
    except RuntimeError as error:
        name = re.search(r"custom function <([^>]*)>", str(error))
        told = mistakes.unknown_function(text, name[1] if name else "", base=None, known=ELSEWHERE)
    except ValueError:
        return
    else:
        return
    assert told.message
    if told.line is not None and told.column is not None:
        _is_within(text, told.line, told.column)
        _, offset = sparql.excerpt(text, told.line, told.column)
        assert 0 <= offset <= 102  # of about as many characters
    frame = wire.error_frame(told)
    assert len(frame) <= wire.FRAME.size + wire.MAX_FRAME + len(wire.END_MARK)
    found = wire.read_error(frame[wire.FRAME.size : -1])
    assert type(found) is type(told)
    assert len(wire.trailer(told)) == wire.TRAILER_SIZE


def finds_scopes(text: str) -> None:
    """Each variable of a query belongs to one group, each group to another or the whole."""
    try:
        found = sparql.tokens(text)
    except QuerySyntaxError:
        return
    root = scopes.groups(found)
    groups = list(root.walk())
    used = [token for group in groups for token in group.patterns]
    used += [token for group in groups for _, token in group.expressions]
    starts = [token.start for token in used]
    assert len(starts) == len(set(starts))
    assert set(starts) <= {token.start for token in found if token.kind is Kind.VARIABLE}
    for name in {token.text[1:] for token in used}:
        assert {token.start for token in scopes.unbound(root, name)} <= set(starts)
    scopes.is_ordered(found)
    projected = scopes.projection(found)
    rows: object = None
    with suppress(SyntaxError, ValueError, RuntimeError):
        rows = ox.Store().query(text)
    # Words that run together are told apart by the engine alone.
    if isinstance(rows, ox.QuerySolutions) and any(token.is_word("SELECT") for token in found):
        assert projected is None or set(projected) <= {v.value for v in rows.variables}


def sets_parameters(text: str) -> None:
    """Lines ``name=value``: what is taken binds a query that runs, and comes back as it was."""
    query = _parameters()
    values: dict[str, list[str]] = {}
    for line in text.split("\n"):
        name, _, value = line.partition("=")
        values.setdefault(name, []).append(value)
    given = {name: values[name] for name in query.params if name in values}
    strays = values.keys() - given.keys()
    for name, parameter in query.params.items():
        if name not in given and parameter.needed:
            given[name] = [typed(parameter, term, KNOWN) for term in parameter.examples]
    try:
        terms = read_terms(query, given, KNOWN)
    except BadParameter as error:
        named = error.problems.keys() <= query.params.keys()
        assert named
        return
    if strays:
        with suppress(BadParameter):
            read_terms(query, values, KNOWN)
            raise AssertionError
    bound = query.bind(terms)
    assert not sparql.calls_service(bound)
    STORE.query(bound)
    again = {
        name: [typed(query.params[name], term, KNOWN) for term in as_tuple(found)]
        for name, found in terms.items()
    }
    assert read_terms(query, again, KNOWN) == terms or any(
        text != text.strip() or not text for texts in again.values() for text in texts
    )


def negotiates(text: str) -> None:
    """A line of Accept, one of Accept-Encoding, and a format: what is given was offered."""
    accept, encoding, name, *_ = [*text.split("\n", 2), "", ""]
    read = parse_accept_header(accept, MIMEAccept)
    raw = accept.encode("utf-8")
    assert list(parse_accept_header(normalised(raw).decode("utf-8"), MIMEAccept)) == list(read)
    assert normalised(normalised(raw)) == normalised(raw)
    for short_name in (None, name):
        with suppress(NotAcceptable, BadParameter):
            media_type, content_type = choose("SELECT", read, short_name)
            assert content_type.isascii()
            assert "\n" not in content_type
            assert media_type in TABLES
        with suppress(NotAcceptable, BadParameter):
            assert choose_document(read, short_name, "ttl") in DOCUMENTS
    is_document(name)
    assert chosen(encoding) in {"", "gzip", "zstd"}


def reads_arguments(data: bytes) -> None:
    """The arguments of an address or form, and the wishes among them."""
    try:
        arguments = read_arguments(data)
    except BadRequest:
        return
    assert all(isinstance(name, str) for name in arguments)
    with suppress(BadParameter):
        wishes = read_wishes(dict(arguments.lists()), arguments.getlist("prefer"))
        assert wishes.timeout is None or 0 < wishes.timeout < 10**9
        assert wishes.limit is None or 0 <= wishes.limit < 10**15


def reads_wire(data: bytes) -> None:
    """Bytes that are no request are refused; any error can be read, and one is always there."""
    with suppress(wire.BrokenRequest):
        head = wire.read_head(data)
        if head is not None:
            assert 0 < head[0] <= wire.MAX_DEADLINE
            assert wire.HEAD.size <= head[1] <= wire.HEAD.size + wire.MAX_REQUEST
    with suppress(wire.BrokenRequest):
        ask = wire.read_ask(data)
        assert wire.read_ask(wire.request_bytes(ask)) == ask
    assert isinstance(wire.read_error(data), StancegraphError)
    whole, slow = wire.FrameReader(), wire.FrameReader()
    frames = whole.feed(data)
    pieces = [slow.feed(data[at : at + 3]) for at in range(0, len(data), 3)]
    assert [frame for piece in pieces for frame in piece] == frames
    assert str(whole.failure()) == str(slow.failure())
    with suppress(EngineDown):
        wire.read_notice(data)


def federates(text: str) -> None:
    """A query and, behind a line of ``---``, what an endpoint answers.

    Only the allowed one is asked, and what becomes of the query asks nobody.
    """
    query, _, answer = text.partition("\n---\n")
    asked: list[str] = []

    def ask_nobody(service: str, query: str, _patience: float) -> bytes:
        asked.append(service)
        assert sparql.tokens(query)[-1].kind is Kind.NUMBER  # its own LIMIT
        return answer.encode("utf-8", "surrogatepass")

    with patch.object(federation, "ask_service", ask_nobody):
        try:
            made = federation.federate(query, {ALLOWED}, base=BASE, deadline=9.0)
        except (QueryError, ServiceFailed):
            return
        finally:
            assert set(asked) <= {ALLOWED}
    if asked:
        assert not any(token.is_word("SERVICE") for token in sparql.tokens(made))


def reads_answers(data: bytes) -> None:
    """What another endpoint answers becomes one VALUES clause, or a failure."""
    try:
        clause = federation._values(ALLOWED, data)
    except ServiceFailed:
        return
    found = sparql.tokens(clause)
    marks = [token.text for token in found if token.kind is Kind.MARK and token.text in "{}"]
    assert marks == ["{", "{", "}", "}"]
    assert found[1].is_word("VALUES")
    assert found[-1].end == len(clause)
    assert not sparql.calls_service(clause)
    ox.Store().query(f"SELECT * {clause}")


def finds_names(text: str) -> None:
    """Whatever is sought, what is found is there; and a name is as plain as can be."""
    assert plain(plain(text)) == plain(text)
    for kinds in ([], ["state"], ["state", "code/rank"]):
        for key in KNOWN.find(text, kinds):
            assert key in KNOWN.by_key
        for match in KNOWN.search(text, kinds):
            assert match.label == KNOWN.by_key[match.key][0]
            assert not kinds or match.key.startswith(tuple(kinds))
        assert len(KNOWN.near(text, kinds)) <= 3
    named = KNOWN.key(text)
    assert named is None or KNOWN.iri(named) == text


def reads_tables(data: bytes) -> None:
    """A file of CSV has rows as wide as its header, or problems with their lines."""
    path = _folder() / "table.csv"
    path.write_bytes(data)
    with suppress(OperationError):
        table = read_table(path)
        lines = len(re.findall(rb"\r\n|\r|\n", data)) + 1
        assert table.rows or table.problems
        for row in table.rows:
            assert table.problems or tuple(row.cells) == table.header
            assert 1 < row.line <= lines
        for problem in table.problems:
            assert problem.line is None or 1 <= problem.line <= lines


def reads_query_files(data: bytes) -> None:
    """A file of a saved query is one, or has problems with their lines."""
    path = _folder() / "queries" / "t" / "q.rq"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    queries, problems = queryfile.read_queries(_folder())
    assert queries or problems
    for query in queries:
        examples = {name: made.examples for name, made in query.params.items()}
        ox.Store().query(query.bind(examples))
    lines = data.count(b"\n") + data.count(b"\r") + 1
    assert all(1 <= (problem.line or 1) <= lines for problem in problems)


def reads_turtle(data: bytes) -> None:
    """A file of Turtle has what the parser finds in it, or problems with their lines."""
    found = turtle.read(Path("t.ttl"), "t.ttl", data)
    assert found.triples or found.problems
    lines = data.count(b"\n") + data.count(b"\r") + 1
    assert all(1 <= (problem.line or 1) <= lines for problem in found.problems)


def answers_requests(data: bytes) -> None:
    """A request is answered, by no failure that nobody foresaw, and alike when it comes again.

    It is written as HTTP writes it: a line of method and address, headers, then a body.
    """
    request = Request.read(data)
    first, again = ask_here(request), ask_here(request)
    assert not FAILURES.seen
    for reply in (first, again):
        assert b"Traceback" not in reply.body
        assert str(THERE).encode() not in reply.body
        assert reply.headers["x-content-type-options"] == "nosniff"
        length = reply.headers.get("content-length")
        whole = request.method != "HEAD" and reply.status != 304
        assert not whole or length is None or int(length) == len(reply.body)
        assert reply.status != 405 or reply.headers["allow"]
    changes = "no-store" in first.headers.get("cache-control", "")
    assert (first.status, changes or first.body) == (again.status, changes or again.body)


READERS: dict[str, Callable[[str], None] | Callable[[bytes], None]] = {
    "tokens": reads_tokens,
    "queries": reads_queries,
    "rewrites": rewrites_queries,
    "mistakes": tells_mistakes,
    "scopes": finds_scopes,
    "parameters": sets_parameters,
    "negotiation": negotiates,
    "arguments": reads_arguments,
    "wire": reads_wire,
    "federation": federates,
    "answers": reads_answers,
    "names": finds_names,
    "tables": reads_tables,
    "queryfiles": reads_query_files,
    "turtle": reads_turtle,
    "requests": answers_requests,
}
OF_BYTES = frozenset({"arguments", "wire", "answers", "tables", "queryfiles", "turtle", "requests"})


def read(name: str, data: bytes) -> None:
    """Let a reader read *data*, as UTF-8 where it reads text.

    Raises:
        AssertionError: what must hold does not.
        Exception: what the reader should never raise.
    """
    reader: Callable[..., None] = READERS[name]
    reader(data if name in OF_BYTES else data.decode("utf-8", "replace"))


def _is_within(text: str, line: int | None, column: int | None) -> None:
    """Assert that a place is one of *text*, or just behind it."""
    lines = re.split(r"\r\n|\n|\r", text)
    assert line is None or 1 <= line <= len(lines)
    if line is not None and column is not None:
        assert 1 <= column <= len(lines[line - 1]) + 2


def _line_starts(text: str) -> list[int]:
    return [0, *(match.end() for match in re.finditer(r"\r\n|\n|\r", text))]


def _rows(query: str) -> list[object] | None:
    """Up to a row more than are compared; None where the engine has none."""
    try:
        found = STORE.query(query, base_iri=BASE)
        if not isinstance(found, ox.QuerySolutions):
            return None
        rows: Iterable[ox.QuerySolution] = islice(found, MAX_ROWS + 1)
        return [getattr(next(iter(row), None), "value", None) for row in rows]
    except (SyntaxError, ValueError, RuntimeError):
        return None


@cache
def _folder() -> Path:
    folder = tempfile.mkdtemp(prefix="stancegraph-readers-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return Path(folder)


@cache
def _parameters() -> SavedQuery:
    """A query with a parameter of each kind."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "queries" / "t" / "q.rq"
        path.parent.mkdir(parents=True)
        path.write_text(PARAMETERS, "utf-8")
        (query,), problems = queryfile.read_queries(Path(folder))
    assert not problems
    return query
