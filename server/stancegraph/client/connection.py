"""A place to ask, and the release of it that all answers are of."""

from __future__ import annotations

import warnings
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol, Self, TypeAlias

from stancegraph.client.answer import Asked, Column, texts_of
from stancegraph.client.local import Local
from stancegraph.client.remote import Remote
from stancegraph.errors import OperationError, QueryError, QueryRefused
from stancegraph.sparql import query_form

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import ModuleType

    from stancegraph.client.answer import Listed, Reading

Frames: TypeAlias = Literal["pandas", "polars"]

INSTALL = {"pandas": "pip install 'stancegraph[client]'", "polars": "pip install polars"}


class CutAnswer(UserWarning):
    """There are more rows than the `Connection` was to take."""


class Source(Protocol):
    """What answers: a server, or a release on this machine."""

    @property
    def place(self) -> str:
        """The address or the folder."""

    @property
    def release(self) -> str:
        """The id of the release that all answers are of."""

    def ask(self, asked: Asked, limit: int | None) -> Reading:
        """The answer, of *limit* rows at most."""

    def cite(self, asked: Asked, limit: int | None, form: str) -> str:
        """How to cite the answer."""

    def queries(self) -> Sequence[Listed]:
        """The saved queries, by name."""

    def close(self) -> None:
        """Let go of what it holds."""


def connect(
    source: str | Path | None = None,
    *,
    release: str | None = None,
    frames: Frames = "pandas",
    timeout: float = 60.0,
    limit: int | None = None,
) -> Connection:
    """Where to ask, and of which release.

    Args:
        source: The address of a server, such as ``http://127.0.0.1:8000``; or the folder of
            a release, or of several; None for the releases of this installation.
        release: The id of the release; None for the current one. Whichever it is: all answers
            are of it, or there is none.
        frames: What makes the data frames.
        timeout: Seconds that an answer may take.
        limit: Rows that are wanted at most; `CutAnswer` warns where there are more.

    Raises:
        OperationError: there is no such release, or no server; or the library is missing.
    """
    maker = _maker(frames)
    if isinstance(source, str) and source.startswith(("http://", "https://")):
        found: Source = Remote(source, release, timeout=timeout)
    else:
        found = Local(None if source is None else Path(source), release, timeout=timeout)
    return Connection(found, maker, limit)


def _maker(frames: Frames) -> ModuleType:
    """The module that makes data frames.

    Raises:
        OperationError: the library that it needs is missing.
    """
    if frames not in INSTALL:
        raise OperationError(f"frames are made by {' or '.join(INSTALL)}, not by {frames!r}")
    try:
        return import_module(f"stancegraph.client.{frames}_frame")
    except ModuleNotFoundError as error:
        if error.name != frames:
            raise
        message = f"data frames need {frames}: {INSTALL[frames]}"
        raise OperationError(message) from None


class Connection:
    """Asks one release; may be used in a ``with`` block, else it ends with the program."""

    def __init__(self, source: Source, maker: ModuleType, limit: int | None) -> None:
        self._source = source
        self._maker = maker
        self._limit = limit

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<Connection to {self._source.place}, release {self.release}>"

    @property
    def release(self) -> str:
        """The id of the release that all answers are of."""
        return self._source.release

    def close(self) -> None:
        """Let go of the release, which ends its engine."""
        self._source.close()

    def query(self, name: str, /, **parameters: object) -> Any:
        """The answer to the saved query *name*, as a data frame with a method ``cite``.

        Args:
            parameters: A key, a name or an IRI (``country="CAN"``), a day, a number, a truth
                value; of a list, several. What is None is left out.

        Returns:
            A row a result, in the query's order. ``attrs`` has the release, the query, its
            parameters and how complete the lists are on which the rows rest. Whole numbers
            are Int64, others Float64, truth values boolean, days dates; all else is text:
            IRIs, and dates of which not all are known to the day.

        Raises:
            UnknownQuery: there is none of this name.
            BadParameter: it says of each parameter that is wrong what would be right.
            EngineError, OperationError: there is no answer, or one of another release.
        """
        asked = Asked(name, values=texts_of(parameters))
        return self._frame(asked, self._source.ask(asked, self._limit))

    def sparql(self, text: str) -> Any:
        """The answer to a SELECT as a data frame, as `query` gives it; to an ASK, its truth.

        Relative IRIs are those of the graph, as ``<id/state/CAN>``.

        Raises:
            QueryError: it says where the query is wrong, and what would mend it.
            EngineError, OperationError: there is no answer, or one of another release.
        """
        asked = Asked(text=text)
        if query_form(text) not in {"SELECT", "ASK"}:
            raise QueryRefused("a data frame is made of a SELECT: for triples, use an RDF library")
        try:
            found = self._source.ask(asked, self._limit)
        except QueryError as error:
            if error.hint:
                error.add_note(f"hint: {error.hint}")
            raise
        return self._frame(asked, found)

    def queries(self) -> Any:
        """The saved queries as a data frame: what each asks, its parameters, an example."""
        listed = self._source.queries()
        columns = {
            "name": [each.name for each in listed],
            "summary": [each.summary for each in listed],
            "needed": [", ".join(each.needed) for each in listed],
            "optional": [", ".join(each.others) for each in listed],
            "columns": [", ".join(each.columns) for each in listed],
            "example": [each.call for each in listed],
        }
        texts = [Column(name, "text", values) for name, values in columns.items()]
        return self._maker.frame(texts, {"release": self.release}, None)

    def _frame(self, asked: Asked, found: Reading) -> Any:
        """What was found, as a data frame; of an ASK, its truth."""
        if found.truth is not None:
            return found.truth
        attrs = {
            "release": self.release,
            "source": self._source.place,
            "query": asked.query or asked.text,
            "parameters": {name: list(values) for name, values in asked.values.items()},
            "coverage": list(found.coverage),
            "cut": found.cut is not None,
        }
        if found.cut is not None:
            message = (
                f"there are more rows than the {found.cut} that were wanted: limit={found.cut}"
            )
            warnings.warn(message, CutAnswer, stacklevel=3)
        return self._maker.frame(
            found.columns, attrs, partial(self._source.cite, asked, self._limit)
        )
