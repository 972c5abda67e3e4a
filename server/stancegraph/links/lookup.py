"""Asking the SPARQL service of a register, which may be slow, busy, cut short or cross.

The public service of Wikidata asks clients to say who they are, allows each 60 s of work and
30 errors a minute, answers 429 with ``Retry-After`` to those who ask for more, and may give
status 200 with an error for a body, or JSON that ends midway. So each answer is checked
whole before it counts; what may pass is asked again, at the pace that is wanted; and an answer
that counts is kept in a file with its query and day, so that all can be done again offline.
"""

from __future__ import annotations

import hashlib
import http.client
import json
import time
import urllib.error
from collections import deque
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from importlib import import_module
from typing import TYPE_CHECKING, Any

import pyoxigraph as ox

from stancegraph import __version__
from stancegraph.errors import OperationError, RegisterFailed

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from stancegraph.engine import Term

MAX_BYTES = 64 * 2**20  # of one answer
TRIES = 5
SHOWN = 160  # characters of what a service says

_MINUTE = 60.0
_BUSY = {HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE}
_PASSING = {
    HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.INTERNAL_SERVER_ERROR, HTTPStatus.BAD_GATEWAY,
    HTTPStatus.GATEWAY_TIMEOUT,
}  # fmt: skip
_REMEDY = {
    HTTPStatus.FORBIDDEN: "it refuses this client: give --contact, an address of yours "
    "at which its operators can reach you",
    HTTPStatus.BAD_REQUEST: "it does not understand the query",
    HTTPStatus.NOT_FOUND: "there is no such service: check --endpoint",
}

Row = dict[str, "Term"]


class _Passing(Exception):  # never leaves the module
    """What another try may mend, after *wait* seconds if the service names a time."""

    def __init__(self, problem: str, wait: float | None = None) -> None:
        super().__init__(problem)
        self.wait = wait


@dataclass
class Pace:
    """How much may be asked: work and errors within the last minute.

    Attributes:
        work: Seconds that the service may work for us in a minute; fewer than it allows.
        errors: Errors in a minute, likewise.
    """

    work: float = 45.0
    errors: int = 20
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    _past: deque[tuple[float, float, bool]] = field(default_factory=deque)

    def wait(self) -> None:
        """Let time pass until another query may be asked."""
        while (until := self._until()) > self.clock():
            self.sleep(until - self.clock())

    def note(self, seconds: float, *, failed: bool) -> None:
        """Count a query that took *seconds*."""
        self._past.append((self.clock(), seconds, failed))

    def _until(self) -> float:
        now = self.clock()
        while self._past and self._past[0][0] <= now - _MINUTE:
            self._past.popleft()
        work = sum(seconds for _, seconds, _ in self._past)
        failed = sum(1 for *_, error in self._past if error)
        if self._past and (work >= self.work or failed >= self.errors):
            return self._past[0][0] + _MINUTE
        return now


@dataclass(frozen=True)
class Kept:
    """Answers in files, one each, with the query and the day on which it was asked."""

    folder: Path

    def path(self, endpoint: str, query: str) -> Path:
        """Where the answer to *query* is, or goes."""
        digest = hashlib.sha256(f"{endpoint}\n{query}".encode()).hexdigest()
        return self.folder / f"{digest[:16]}.json"

    def read(self, endpoint: str, query: str) -> Mapping[str, Any] | None:
        """What was kept; None where nothing is.

        Raises:
            OperationError: the file is not as it was written.
        """
        path = self.path(endpoint, query)
        try:
            found = json.loads(path.read_text("utf-8"))
            _rows(found["answer"]), found["asked"]
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise OperationError(f"{path} holds no answer: remove it ({error})") from None
        return found  # type: ignore[no-any-return]

    def write(self, endpoint: str, query: str, answer: Mapping[str, Any], asked: str) -> None:
        """Keep *answer*, which came at the time *asked*."""
        self.folder.mkdir(parents=True, exist_ok=True)
        said = {"asked": asked, "endpoint": endpoint, "query": query, "answer": answer}
        text = json.dumps(said, ensure_ascii=False, indent=1)
        self.path(endpoint, query).write_text(text + "\n", "utf-8")


@dataclass
class Lookup:
    """Asks one service, or answers from what is kept.

    Attributes:
        contact: An address at which the operators of the service can reach who asks.
        offline: Whether nothing may be asked, only read.
        fresh: Whether all is asked anew, whatever is kept.
        timeout: Seconds for one answer.
        patience: Seconds that a service may ask to wait; if it wants more, it is left alone.
        days: The days on which the answers given so far were asked.
    """

    endpoint: str
    kept: Kept
    contact: str = ""
    offline: bool = False
    fresh: bool = False
    timeout: int = 70
    patience: float = 300.0
    pace: Pace = field(default_factory=Pace)
    days: set[str] = field(default_factory=set)

    @property
    def agent(self) -> str:
        """How this client calls itself, with whom to write to."""
        return f"stancegraph/{__version__} (https://w3id.org/stancegraph/; {self.contact})"

    @property
    def day(self) -> str:
        """The oldest day on which an answer was asked: as of when all of them speak."""
        return min(self.days, default=datetime.now(UTC).date().isoformat())

    def select(self, query: str) -> list[Row]:
        """The solutions of the SELECT *query*.

        Raises:
            RegisterFailed: there is no answer, and none is kept.
        """
        found = None if self.fresh and not self.offline else self.kept.read(self.endpoint, query)
        if found is None:
            if self.offline:
                raise RegisterFailed(self.endpoint, "no answer is kept: ask it without --offline")
            answer = self._ask(query)
            asked = datetime.now(UTC).isoformat(timespec="seconds")
            self.kept.write(self.endpoint, query, answer, asked)
            found = {"asked": asked, "answer": answer}
        self.days.add(found["asked"][:10])
        return _rows(found["answer"])

    def _ask(self, query: str) -> Mapping[str, Any]:
        """The answer, however often it takes.

        Raises:
            RegisterFailed: it refuses, or gave none in `TRIES` tries.
        """
        if not self.contact:
            raise RegisterFailed(
                self.endpoint, "give --contact, an address at which its operators can reach you"
            )
        problem = ""
        for attempt in range(TRIES):
            self.pace.wait()
            start = self.pace.clock()
            try:
                answer = self._try(query)
            except _Passing as error:
                self.pace.note(self.pace.clock() - start, failed=True)
                problem = str(error)
                self._pause(attempt, error.wait, problem)
            else:
                self.pace.note(self.pace.clock() - start, failed=False)
                return answer
        raise RegisterFailed(self.endpoint, f"{problem} ({TRIES} tries)")

    def _pause(self, attempt: int, wanted: float | None, problem: str) -> None:
        """Wait as long as the service wants, or longer each time.

        Raises:
            RegisterFailed: it wants longer than anybody will wait.
        """
        if wanted is not None and wanted > self.patience:
            minutes = wanted / 60
            raise RegisterFailed(
                self.endpoint, f"{problem}; it wants to be left alone for {minutes:.0f} minutes"
            )
        if attempt < TRIES - 1:
            self.pace.sleep(2.0**attempt if wanted is None else wanted)

    def _try(self, query: str) -> Mapping[str, Any]:
        """One try.

        Raises:
            _Passing: it failed, and another may not.
            RegisterFailed: it refuses.
        """
        wrapper, failures = _sparqlwrapper()
        client = wrapper.SPARQLWrapper(self.endpoint, agent=self.agent)
        client.setMethod(wrapper.POST)
        client.setReturnFormat(wrapper.JSON)
        client.setTimeout(self.timeout)
        client.setQuery(query)
        try:
            response = client.query().response
            body: bytes = response.read(MAX_BYTES + 1)
        except urllib.error.HTTPError as error:
            raise self._refusal(error.code, error.read(4096), dict(error.headers)) from None
        except failures.SPARQLWrapperException as error:
            text = (error.args[0] if error.args else "").encode()
            raise self._refusal(_STATUS[type(error).__name__], text, {}) from None
        except TimeoutError:
            raise _Passing(f"no answer within {self.timeout} s") from None
        except urllib.error.URLError as error:
            if isinstance(error.reason, TimeoutError):
                raise _Passing(f"no answer within {self.timeout} s") from None
            raise _Passing(f"it cannot be reached: {error.reason}") from None
        except (OSError, http.client.HTTPException) as error:
            raise _Passing(f"the answer was cut off: {error or type(error).__name__}") from None
        return _checked(body, response.headers.get("Content-Type", ""))

    def _refusal(self, status: int, body: bytes, headers: Mapping[str, str]) -> Exception:
        """What to raise of an answer with the *status* of an error."""
        said = _told(body)
        if status in _BUSY:
            return _Passing(f"status {status}: {said}", _seconds(headers.get("Retry-After")))
        if status in _PASSING:
            return _Passing(f"status {status}: {said}")
        remedy = _REMEDY.get(HTTPStatus(status), "it refuses") if status in _KNOWN else "it refuses"
        return RegisterFailed(self.endpoint, f"status {status}: {remedy}. It says: {said}")


_KNOWN = {status.value for status in HTTPStatus}
# What SPARQLWrapper makes of the statuses that it knows.
_STATUS = {
    "QueryBadFormed": 400, "Unauthorized": 401, "EndPointNotFound": 404, "URITooLong": 414,
    "EndPointInternalError": 500,
}  # fmt: skip


def _sparqlwrapper() -> tuple[Any, Any]:
    """The library that speaks to services, and its errors.

    Raises:
        OperationError: it is not installed.
    """
    try:
        return import_module("SPARQLWrapper"), import_module("SPARQLWrapper.SPARQLExceptions")
    except ImportError:
        raise OperationError(
            "asking a register needs SPARQLWrapper: pip install 'stancegraph[links]'"
        ) from None


def _checked(body: bytes, content_type: str) -> Mapping[str, Any]:
    """The JSON in *body*, if it is a whole answer.

    Raises:
        _Passing: it is not.
    """
    if len(body) > MAX_BYTES:
        raise _Passing(f"the answer is larger than {MAX_BYTES // 2**20} MiB")
    if "json" not in content_type:
        raise _Passing(f"status 200 with {content_type or 'no type'}: {_told(body)}")
    try:
        answer = json.loads(body)
    except ValueError:
        raise _Passing(f"the JSON ends midway, or an error stands in it: …{_tail(body)}") from None
    if not (isinstance(answer, dict) and "bindings" in (answer.get("results") or {})):
        raise _Passing(f"JSON that is no answer: {_told(body)}")
    return answer


def _rows(answer: Mapping[str, Any]) -> list[Row]:
    text = json.dumps({"head": answer.get("head", {"vars": []}), "results": answer["results"]})
    found = ox.parse_query_results(text, ox.QueryResultsFormat.JSON)
    assert isinstance(found, ox.QuerySolutions)  # noqa: S101 (it has bindings)
    names = [variable.value for variable in found.variables]
    return [{n: term for n in names if (term := row[n]) is not None} for row in found]


def _seconds(text: str | None) -> float | None:
    """What ``Retry-After`` says: seconds, or a date (RFC 9110, section 10.2.3)."""
    if text is None:
        return None
    if text.strip().isdigit():
        return float(text)
    try:
        until = parsedate_to_datetime(text)
    except ValueError:
        return None
    until = until if until.tzinfo else until.replace(tzinfo=UTC)
    return max(0.0, (until - datetime.now(UTC)).total_seconds())


def _told(body: bytes) -> str:
    """The first words of *body*, on one line."""
    return " ".join(body.decode("utf-8", "replace").split())[:SHOWN] or "nothing"


def _tail(body: bytes) -> str:
    return " ".join(body.decode("utf-8", "replace").split())[-SHOWN:]
