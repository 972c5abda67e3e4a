"""A server, asked over HTTP, whose answers must all be of one release."""

from __future__ import annotations

import gzip
import http.client
import json
import urllib.error
import urllib.request
from dataclasses import replace
from difflib import get_close_matches
from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from stancegraph import __version__
from stancegraph.citation import CITE
from stancegraph.client.answer import Listed, read
from stancegraph.engine import MediaType
from stancegraph.errors import (
    AnotherRelease,
    BadParameter,
    EngineDown,
    QueryFailed,
    QueryRefused,
    QuerySyntaxError,
    QueryTimeout,
    ServerFailed,
    UnknownQuery,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from stancegraph.client.answer import Asked, Reading
    from stancegraph.errors import QueryError, StancegraphError

RELEASE = "X-Stancegraph-Release"
TRUNCATED = "X-Stancegraph-Truncated"
MARGIN = 5.0  # seconds beyond its time limit that a server may take to say that it passed


class Remote:
    """Answers from a server; once it goes over to another release, from where it keeps ours."""

    def __init__(self, address: str, wanted: str | None, *, timeout: float) -> None:
        """Learn which release the server at *address* holds, and what can be asked.

        Raises:
            AnotherRelease: it is not the one that is *wanted*.
            ServerFailed: there is no such server.
        """
        self._address = self._base = address.rstrip("/")
        self._timeout = timeout
        self._release = self._held = ""
        told = self._json("/queries.json")
        if wanted is not None and not self._release.startswith(wanted):
            self._held, self._release = self._release, wanted
            self._go_back()
            told = self._json("/queries.json")
        try:
            self._listed = {each.name: each for each in map(_listed, told["queries"])}
        except (KeyError, TypeError) as error:
            raise ServerFailed(self._address, "its list of queries cannot be read") from error

    @property
    def place(self) -> str:
        """The address."""
        return self._address

    @property
    def release(self) -> str:
        """The id of the release that it held at first, and must hold."""
        return self._release

    def ask(self, asked: Asked, limit: int | None) -> Reading:
        """The answer, of *limit* rows at most.

        Raises:
            RequestError: the question is wrong; the error says what would be right.
            EngineError: the server has no answer.
            AnotherRelease: it is of another release by now.
            ServerFailed: the server gives none, or not the whole.
        """
        pairs = self._pairs(asked, {"limit": limit, "timeout": f"{self._timeout:f}"})
        if asked.query:
            path = f"/queries/{quote(asked.query)}?{urlencode(pairs)}"
            content, headers = self._fetch(path, asked=asked)
        else:
            form = urlencode([*pairs, ("query", asked.text)]).encode()
            content, headers = self._fetch("/sparql", form, asked=asked)
        cut = _cut(headers)
        if cut is not None and limit is None:
            raise ServerFailed(self._address, f"it gave no more than {cut} rows of the answer")
        try:
            return replace(read(content), cut=cut)
        except ValueError as error:
            raise ServerFailed(self._address, f"the answer is not whole: {error}") from error

    def cite(self, asked: Asked, limit: int | None, form: str) -> str:
        """How to cite the answer.

        Raises:
            as `ask` says.
        """
        path = f"/queries/{quote(asked.query)}" if asked.query else "/sparql"
        pairs = self._pairs(asked, {"limit": limit, CITE: form})
        if asked.text:
            pairs.append(("query", asked.text))
        content, _ = self._fetch(f"{path}?{urlencode(pairs)}", accept="*/*", asked=asked)
        return content.decode()

    def _pairs(self, asked: Asked, wishes: Mapping[str, object]) -> list[tuple[str, str]]:
        """The arguments of an address; a parameter of the query means more than a wish."""
        known = self._listed.get(asked.query)
        own = {*known.needed, *known.others} if known else set()
        given = [(name, text) for name, texts in asked.values.items() for text in texts]
        wished = ((n, wish) for n, wish in wishes.items() if wish is not None and n not in own)
        return [*given, *((name, str(wish)) for name, wish in wished)]

    def queries(self) -> list[Listed]:
        """The saved queries, by name."""
        return list(self._listed.values())

    def close(self) -> None:
        """Nothing is held between questions."""

    def _json(self, path: str) -> Any:
        content, _ = self._fetch(path, accept="application/json")
        try:
            return json.loads(content)
        except ValueError as error:
            raise ServerFailed(self._address, f"{path} is no JSON") from error

    def _fetch(
        self,
        path: str,
        form: bytes | None = None,
        *,
        accept: str = MediaType.JSON,
        asked: Asked | None = None,
    ) -> tuple[bytes, Mapping[str, str]]:
        """What is at *path*, whole, and its headers.

        Raises:
            as `ask` says.
        """
        headers = {
            "Accept": accept,
            "Accept-Encoding": "gzip",
            "User-Agent": f"stancegraph-client/{__version__}",
        }
        address = self._base + path
        request = urllib.request.Request(address, form, headers)  # noqa: S310 - as `connect` saw
        try:
            with urllib.request.urlopen(request, timeout=self._timeout + MARGIN) as response:  # noqa: S310
                if self._is_ours(response.headers):
                    return _whole(response), response.headers
        except urllib.error.HTTPError as error:
            with error:
                raise self._failure(error, asked) from None
        except TimeoutError as error:
            raise ServerFailed(self._address, f"no answer within {self._timeout:g} s") from error
        except urllib.error.URLError as error:
            raise ServerFailed(self._address, f"cannot be reached: {error.reason}") from error
        except (OSError, EOFError, http.client.HTTPException) as error:
            told = f"the answer was broken off: {error or type(error).__name__}"
            raise ServerFailed(self._address, told) from error
        self._go_back()
        return self._fetch(path, form, accept=accept, asked=asked)

    def _is_ours(self, headers: Mapping[str, str]) -> bool:
        """Whether an answer is of the release that all are to be of; the first one is.

        Raises:
            ServerFailed: it does not say of which it is.
        """
        found = headers.get(RELEASE)
        if found is None:
            raise ServerFailed(self._address, f"is no Stancegraph server: it sends no {RELEASE}")
        self._held = found
        self._release = self._release or found
        return found == self._release

    def _go_back(self) -> None:
        """Ask from now on where a server keeps its releases.

        Raises:
            AnotherRelease: that was asked already.
        """
        kept = f"{self._address}/release/{self._release}"
        if self._base == kept:
            raise AnotherRelease(self._address, self._release, self._held)
        self._base = kept

    def _failure(self, error: urllib.error.HTTPError, asked: Asked | None) -> StancegraphError:
        """What to raise for an answer with the status of an error."""
        try:
            problem = json.loads(_whole(error))
            detail = str(problem["detail"])
        except (OSError, EOFError, ValueError, KeyError, TypeError, http.client.HTTPException):
            return ServerFailed(self._address, f"status {error.code}: {error.reason}")
        kind = problem.get("error")
        elsewhere = self._base != self._address and kind != "UnknownQuery"
        if elsewhere and error.code in {HTTPStatus.NOT_FOUND, HTTPStatus.GONE}:
            return AnotherRelease(self._address, self._release, self._held)
        if kind == "UnknownQuery" and asked is not None:
            near = get_close_matches(asked.query, self._listed, cutoff=0.5)
            return UnknownQuery(asked.query, near)
        if kind in _ERRORS:
            return _ERRORS[kind](problem, detail)
        return ServerFailed(self._address, f"status {error.code}: {detail}")


def _whole(response: http.client.HTTPResponse | urllib.error.HTTPError) -> bytes:
    """The body, unpacked.

    Raises:
        OSError, EOFError, HTTPException: it ends early.
    """
    body = response.read()
    return gzip.decompress(body) if response.headers.get("Content-Encoding") == "gzip" else body


def _listed(told: Mapping[str, Any]) -> Listed:
    """A saved query, as ``/queries.json`` tells of it."""
    made = told["parameters"]
    return Listed(
        told["name"],
        told["summary"],
        [each["name"] for each in made if each["required"]],
        [each["name"] for each in made if not each["required"]],
        told["columns"],
        {each["name"]: each["example"] for each in made},
    )


def _cut(headers: Mapping[str, str]) -> int | None:
    """The rows after which the answer was cut, as its header says: ``rows 1000``."""
    told = headers.get(TRUNCATED, "").rpartition(" ")[2]
    return int(told) if told.isdigit() else None


def _bad_parameter(problem: Mapping[str, Any], _detail: str) -> BadParameter:
    (first, told), *others = problem["parameters"].items()
    return BadParameter(first, told, **dict(others))


def _query_error(kind: type[QueryError], problem: Mapping[str, Any], detail: str) -> QueryError:
    """What is wrong with a query; its place is said apart."""
    line, column = problem.get("line"), problem.get("column")
    message = detail.removeprefix(f"line {line}, column {column}: ")
    return kind(message, line, column, problem.get("hint", ""))


# What a problem document tells of (`stancegraph.web.errors`), by the error that it names.
_ERRORS: dict[str, Callable[[Mapping[str, Any], str], StancegraphError]] = {
    "BadParameter": _bad_parameter,
    "QuerySyntaxError": partial(_query_error, QuerySyntaxError),
    "QueryRefused": partial(_query_error, QueryRefused),
    "QueryTimeout": lambda problem, _: QueryTimeout(problem["seconds"]),
    "QueryFailed": lambda _, detail: QueryFailed(detail),
    "EngineDown": lambda _, detail: EngineDown(detail),
}
