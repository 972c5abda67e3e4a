"""SERVICE, for the SPARQL endpoints that the operator allows.

What evaluates a query can open no connection. So each SERVICE clause is asked here first, and
its solutions stand in its place as VALUES. That is the meaning which SPARQL 1.1 Federated
Query (section 2) gives it, of clauses that name their endpoint.

Only endpoints that the operator names are asked, with bounds on time and size. A redirect is
not followed. The address of a host is looked up once, and the connection goes to it: if it is
no public one, the host's name is a trick, unless the operator has written an address himself.
"""

from __future__ import annotations

import http.client
import ipaddress
import re
import socket
import ssl
import time
from contextlib import closing
from dataclasses import dataclass
from http import HTTPStatus
from itertools import islice, pairwise
from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode, urljoin, urlsplit

import pyoxigraph as ox

from stancegraph import __version__
from stancegraph.errors import QueryRefused, QuerySyntaxError, ServiceFailed
from stancegraph.sparql import Kind, prefixes, term_text, tokens

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from stancegraph.sparql import Token

MAX_BYTES = 8 * 2**20  # of an endpoint's answer
MAX_ROWS = 10_000
MAX_CLAUSES = 8
PATIENCE = 20.0  # seconds for one endpoint's answer
# Services such as Wikidata's refuse who does not say where to reach its makers.
USER_AGENT = f"stancegraph/{__version__} (federated query; https://w3id.org/stancegraph/)"
_JSON = "application/sparql-results+json"
_ESCAPE = re.compile(r"\\[uU]")
_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class _Clause:
    """A SERVICE clause: offsets of its whole text in the query, and of its group in braces."""

    service: str
    silent: bool
    start: int
    end: int
    group: int


def federate(query: str, allowed: Collection[str], *, base: str, deadline: float) -> str:
    """*query* with the solutions of its SERVICE clauses in their place.

    Args:
        allowed: IRIs of the endpoints that may be asked.
        base: The IRI against which relative ones are resolved.
        deadline: Seconds that all endpoints together may take.

    Raises:
        QueryRefused: it names another endpoint, or a clause cannot be read.
        ServiceFailed: an endpoint gave no answer within the bounds, and its clause does not
            say SILENT.
    """
    if _ESCAPE.search(query):
        raise QueryRefused(r"a query with SERVICE must be written without \u escapes")
    found = tokens(query)
    head = _prologue(found, base)
    until = time.monotonic() + deadline
    written: list[str] = []
    done = 0
    for clause in list(_clauses(found, allowed, base)):  # nobody is asked if one is refused
        asked = f"{head}SELECT * WHERE {query[clause.group : clause.end]} LIMIT {MAX_ROWS + 1}"
        patience = min(PATIENCE, until - time.monotonic())
        try:
            solutions = _values(clause.service, ask_service(clause.service, asked, patience))
        except ServiceFailed:
            if not clause.silent:
                raise
            solutions = "{ }"  # one solution that binds nothing
        written += query[done : clause.start], solutions
        done = clause.end
    return "".join((*written, query[done:]))


def _prologue(found: Sequence[Token], base: str) -> str:
    """What a clause needs of the query's own beginning.

    Raises:
        QueryRefused: it has a BASE that is no IRI.
    """
    bases = [
        token.text[1:-1]
        for word, token in pairwise(found)
        if word.is_word("BASE") and token.kind is Kind.IRI
    ]
    for text in bases:
        base = _resolved(base, text)
    lines = [f"BASE <{base}>"] if base else []
    lines += [f"PREFIX {name}: <{iri}>" for name, iri in prefixes(found).items()]
    return "\n".join((*lines, ""))


def _clauses(found: Sequence[Token], allowed: Collection[str], base: str) -> Iterator[_Clause]:
    """The SERVICE clauses, in order; none is within another.

    Raises:
        QueryRefused: one is not allowed, or not as the grammar wants it.
    """
    known = prefixes(found)
    end = count = 0
    for i, word in enumerate(found):
        if not word.is_word("SERVICE"):
            continue
        if word.start < end:
            raise QueryRefused("SERVICE within SERVICE is refused", word.line, word.column)
        count += 1
        if count > MAX_CLAUSES:
            told = f"a query may have {MAX_CLAUSES} SERVICE clauses"
            raise QueryRefused(told, word.line, word.column)
        rest = found[i + 1 :]
        silent = bool(rest) and rest[0].is_word("SILENT")
        rest = rest[silent:]
        service = _named(rest[0], known, base) if rest else ""
        if service not in allowed:
            told = f"SERVICE may ask {' or '.join(f'<{iri}>' for iri in sorted(allowed))}"
            raise QueryRefused(f"{told}, and nobody else", word.line, word.column)
        group = rest[1] if len(rest) > 1 else word
        end = _end_of_group(rest[1:])
        if not end:
            raise QueryRefused("SERVICE wants a group in braces", word.line, word.column)
        yield _Clause(service, silent, word.start, end, group.start)


def _named(token: Token, known: dict[str, str], base: str) -> str:
    """The IRI that a token is; empty where it is none, such as a variable.

    Raises:
        QueryRefused: what stands between < and > is none.
    """
    if token.kind is Kind.IRI:
        return _resolved(base, token.text[1:-1])
    if token.kind is Kind.NAME:
        prefix, _, local = token.text.partition(":")
        return known.get(prefix, "") + local
    return ""


def _resolved(base: str, text: str) -> str:
    """The IRI that *text* is against *base*.

    Raises:
        QueryRefused: it is none.
    """
    try:
        return urljoin(base, text)
    except ValueError as error:
        raise QueryRefused(f"<{text}> is no IRI") from error


def _end_of_group(found: Sequence[Token]) -> int:
    """The offset behind the brace that closes the group with which *found* begins; 0 for none."""
    depth = 0
    for token in found:
        depth += (token.text == "{") - (token.text == "}") if token.kind is Kind.MARK else 0
        if depth == 0:
            return token.end if token.text == "}" else 0
    return 0


def _values(service: str, answer: bytes) -> str:
    """Solutions as a VALUES clause; a blank node as an IRI, since VALUES can hold none.

    Raises:
        ServiceFailed: *answer* is no SPARQL JSON, or has too many solutions.
    """
    read = _read_solutions(answer, service)
    if read is None:
        raise ServiceFailed(service, "its answer is not the SPARQL JSON asked for")
    names, rows = read
    if len(rows) > MAX_ROWS:
        raise ServiceFailed(service, f"it has more than {MAX_ROWS} solutions; ask for less")
    return f"{{ VALUES ({' '.join(names)}) {{ {' '.join(rows)} }} }}"


def _read_solutions(answer: bytes, service: str) -> tuple[list[str], list[str]] | None:
    """Variables and solutions as VALUES writes them, one more than may be; None if unreadable.

    Nothing is raised, for the traceback would carry solutions to another thread, which
    pyoxigraph forbids.
    """
    try:
        solutions = ox.parse_query_results(answer, ox.QueryResultsFormat.JSON)
        if not isinstance(solutions, ox.QuerySolutions):
            return None
        names = [f"?{variable.value}" for variable in solutions.variables]
        # The parser lets other names pass.
        if any([token.kind for token in tokens(name)] != [Kind.VARIABLE] for name in names):
            return None
        rows = [
            f"({' '.join(_written(term, service) for term in solution)})"
            for solution in islice(solutions, MAX_ROWS + 1)
        ]
    except (SyntaxError, ValueError, QuerySyntaxError):
        return None
    return names, rows


def _written(
    term: ox.NamedNode | ox.BlankNode | ox.Literal | ox.Triple | None, service: str
) -> str:
    """A term as a query writes it; a blank node as RDF 1.1 Concepts (section 3.5) has it."""
    if isinstance(term, ox.BlankNode):
        return f"<{urljoin(service, f'/.well-known/genid/{quote(term.value)}')}>"
    return term_text(term) if isinstance(term, ox.NamedNode | ox.Literal) else "UNDEF"


def ask_service(service: str, query: str, patience: float) -> bytes:
    """What the endpoint answers to a SELECT, in SPARQL JSON.

    Args:
        patience: Seconds that the whole answer may take.

    Raises:
        ServiceFailed: it could not be reached, or broke a bound.
    """
    until = time.monotonic() + patience
    parts = urlsplit(service)
    body = urlencode({"query": query})
    headers = {
        "Accept": _JSON,
        "Content-Type": "application/x-www-form-urlencoded",
        "User-Agent": USER_AGENT,
    }
    target = parts.path or "/"
    if parts.query:
        target += f"?{parts.query}"
    try:
        with closing(_connect(service, until)) as connection:
            link: socket.socket = connection.sock
            connection.request("POST", target, body, headers)
            with connection.getresponse() as answer:
                if answer.status != HTTPStatus.OK:
                    raise ServiceFailed(service, f"it answered with status {answer.status}")
                if answer.headers.get_content_type() != _JSON:
                    raise ServiceFailed(service, "its answer is not the SPARQL JSON asked for")
                return _read(service, link, answer, until)
    except TimeoutError as error:
        raise ServiceFailed(service, f"it took longer than {patience:.0f} seconds") from error
    except (OSError, http.client.HTTPException) as error:
        raise ServiceFailed(service, "it could not be reached") from error


def _connect(service: str, until: float) -> http.client.HTTPConnection:
    """A connection to an address that the host has now, and that may be asked.

    Raises:
        ServiceFailed: it may not.
        OSError: it cannot be reached.
    """
    parts = urlsplit(service)
    host = parts.hostname or ""
    port = parts.port or _PORTS[parts.scheme]
    address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][4][0]
    if not (_is_address(host) or ipaddress.ip_address(address).is_global):
        raise ServiceFailed(service, "its name leads to an address that is not public")
    plain = socket.create_connection((str(address), port), timeout=_left(until))
    connection = http.client.HTTPConnection(host, port)
    try:
        secure = ssl.create_default_context() if parts.scheme == "https" else None
        connection.sock = secure.wrap_socket(plain, server_hostname=host) if secure else plain
    except BaseException:
        plain.close()
        raise
    return connection


def _is_address(host: str) -> bool:
    """Whether the operator has written an address, and so means it, private or not."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _read(
    service: str, link: socket.socket, answer: http.client.HTTPResponse, until: float
) -> bytes:
    """The whole body of *answer*, which comes over *link*.

    Raises:
        ServiceFailed: it is too long.
        TimeoutError: it does not come in time.
        OSError, http.client.HTTPException: it breaks off.
    """
    body = bytearray()
    while len(body) <= MAX_BYTES:
        link.settimeout(_left(until))
        piece = answer.read1(64 * 2**10)
        if piece:
            body += piece
        elif answer.length:
            raise http.client.IncompleteRead(bytes(body), answer.length)
        else:
            return bytes(body)
    raise ServiceFailed(service, f"its answer is longer than {MAX_BYTES} bytes")


def _left(until: float) -> float:
    """Seconds from now.

    Raises:
        TimeoutError: there are none.
    """
    left = until - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left
