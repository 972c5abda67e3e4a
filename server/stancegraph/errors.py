"""Every error that stancegraph raises on purpose.

StancegraphError
├── RequestError          the caller can mend it; becomes the HTTP answer
│   ├── BadParameter 400, BadRequest 400
│   ├── QueryError 400        the query is what must be mended
│   │   └── QuerySyntaxError, QueryRefused
│   ├── UnknownFile 404, UnknownList 404, UnknownQuery 404, UnknownRelease 404, UnknownThing 404,
│   │   ReleaseGone 410, Retired 410
│   └── NotAcceptable 406, TooSlow 408, BatchTooLarge 413, TooLarge 413,
│       UnsupportedMediaType 415
├── EngineError           the engine let us down; becomes the HTTP answer
│   ├── QueryFailed 500, ServiceFailed 502, EngineDown 503
│   └── QueryTimeout 504
├── ContentError          a file must be mended; the build stops, the served release stays
│   └── BadFolder, BadQueryFile, BadTable, BadTemplate, InvalidGraph
└── OperationError        the operator can mend it: a busy port, a missing release
    ├── RegisterFailed        a register elsewhere gives no answer
    └── ServerFailed          a server that a client asks gives no answer
        └── AnotherRelease
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from stancegraph.problems import Problem


class StancegraphError(Exception):
    """The root of the tree; its text is one sentence for the person who can mend it."""


class RequestError(StancegraphError):
    """The caller can mend it."""

    status: ClassVar[int] = 400


class BadRequest(RequestError):
    """A request misses what it needs, says it twice, or is not readable."""


class BadParameter(RequestError):
    """A parameter is missing, unknown, or not of its declared type.

    Attributes:
        problems: What is wrong, by the name of the parameter; in the order of the request.
    """

    def __init__(self, name: str, problem: str, /, **others: str) -> None:
        self.problems = {name: problem, **others}
        told = (f"parameter {name!r}: {problem}" for name, problem in self.problems.items())
        super().__init__("; ".join(told))
        self.name = name


class QueryError(RequestError):
    """A query cannot be answered as it is written.

    Attributes:
        line, column: Where, counted from 1; None where it is no one place.
        hint: What would mend it, a sentence or PREFIX lines; empty where nothing is known.
    """

    def __init__(
        self, message: str, line: int | None = None, column: int | None = None, hint: str = ""
    ) -> None:
        place = f"line {line}, column {column}: " if line is not None else ""
        super().__init__(f"{place}{message}")
        self.message = message
        self.line = line
        self.column = column
        self.hint = hint


class QuerySyntaxError(QueryError):
    """A query is not SPARQL 1.1."""


class QueryRefused(QueryError):
    """A query asks for what is not done here: an update, another server, endless nesting."""


class UnknownQuery(RequestError):
    """No saved query has this name."""

    status = 404

    def __init__(self, name: str, near: Sequence[str] = ()) -> None:
        hint = f"; did you mean {' or '.join(near)}?" if near else ""
        super().__init__(f"no saved query is named {name!r}{hint}")
        self.name = name


class UnknownList(RequestError):
    """No list of things has this name."""

    status = 404

    def __init__(self, name: str, known: Sequence[str]) -> None:
        told = f"there are {', '.join(known)}" if known else "this graph declares none"
        super().__init__(f"no list is named {name!r}; {told}")
        self.name = name


class UnknownFile(RequestError):
    """No file is offered under this name."""

    status = 404

    def __init__(self, name: str) -> None:
        super().__init__(f"there is no file {name!r} to download; /downloads lists all")
        self.name = name


class UnknownThing(RequestError):
    """Nothing, or more than one thing, is what *text* calls it; *near* says what may be meant.

    *addresses* has the names of what may be meant by the addresses that lead there.
    """

    status = 404

    def __init__(
        self,
        text: str,
        near: Sequence[str] = (),
        *,
        found: bool = False,
        addresses: Mapping[str, str] | None = None,
    ) -> None:
        several = " or ".join(near)
        if found:
            message = f"{text!r} may mean {several}: write one of these"
        else:
            message = f"nothing is called {text!r}" + (f"; did you mean {several}?" if near else "")
        super().__init__(message)
        self.text = text
        self.addresses = dict(addresses or {})


class UnknownRelease(RequestError):
    """There is no release of this id; *addresses* has what there is, with its names."""

    status = 404

    def __init__(self, message: str, addresses: Mapping[str, str]) -> None:
        super().__init__(message)
        self.addresses = dict(addresses)


class ReleaseGone(UnknownRelease):
    """A release is there no longer, or cannot be served any more."""

    status = 410


class Retired(RequestError):
    """An IRI names nothing any more; *successors* are the IRIs of what took its place."""

    status = 410

    def __init__(self, iri: str, reason: str = "", successors: Sequence[str] = ()) -> None:
        message = f"<{iri}> is retired" + (f": {reason.rstrip('.')}" if reason else "")
        if successors:
            message += f"; see {' and '.join(f'<{successor}>' for successor in successors)}"
        super().__init__(message)
        self.iri = iri
        self.successors = tuple(successors)


class NotAcceptable(RequestError):
    """None of the formats asked for can hold the result."""

    status = 406

    def __init__(self, offered: Sequence[str]) -> None:
        super().__init__(f"this result can be written as {', '.join(offered)}")
        self.offered = tuple(offered)


class TooSlow(RequestError):
    """A request body did not come within *bound* seconds."""

    status = 408

    def __init__(self, bound: float) -> None:
        super().__init__(f"the request body must come within {bound:g} seconds")
        self.bound = bound


class TooLarge(RequestError):
    """A request body is larger than the bound, which is in bytes."""

    status = 413

    def __init__(self, bound: int) -> None:
        super().__init__(f"the request body may hold at most {bound} bytes")
        self.bound = bound


class BatchTooLarge(RequestError):
    """A batch has *count* entries, more than *bound*."""

    status = 413

    def __init__(self, count: int, bound: int) -> None:
        super().__init__(f"{count} at once are too many: send at most {bound}")
        self.bound = bound


class UnsupportedMediaType(RequestError):
    """A request body is of a media type that this address cannot read."""

    status = 415

    def __init__(self, given: str, read: Sequence[str]) -> None:
        super().__init__(
            f"cannot read {given or 'a body without a Content-Type'}; send {' or '.join(read)}"
        )
        self.read = tuple(read)


class EngineError(StancegraphError):
    """The engine let us down."""

    status: ClassVar[int] = 500


class QueryFailed(EngineError):
    """A query's evaluation ended without an answer: it broke a bound, or an expression failed."""


class ServiceFailed(EngineError):
    """Another endpoint, which a query asks and may ask, gave no answer within the bounds."""

    status = 502

    def __init__(self, service: str, problem: str) -> None:
        super().__init__(f"SERVICE <{service}>: {problem}")
        self.service = service


class EngineDown(EngineError):
    """The engine cannot be reached, or has no worker to spare."""

    status = 503


class QueryTimeout(EngineError):
    """A query was stopped at its deadline, *seconds* after its start."""

    status = 504

    def __init__(self, seconds: float) -> None:
        super().__init__(
            f"the query was stopped after {seconds:g} s; "
            "ask for less: fewer patterns without shared variables, or a LIMIT"
        )
        self.seconds = seconds


class ContentError(StancegraphError):
    """A file must be mended."""


class BadFolder(ContentError):
    """A folder has not the layout of a graph folder."""

    def __init__(self, root: Path, problem: str) -> None:
        super().__init__(f"{root}: {problem}")
        self.root = root


class BadQueryFile(ContentError):
    """A saved query or rule cannot be used; *line* counts from 1."""

    def __init__(self, path: str, line: int, problem: str) -> None:
        super().__init__(f"{path}:{line}: {problem}")
        self.path = path
        self.line = line
        self.problem = problem


class BadTemplate(ContentError):
    """A kind of table is not declared, or not as it should be."""


class BadTable(ContentError):
    """A table cannot be imported.

    Attributes:
        problems: What to mend, in the order of its lines.
        notes: What to look at besides, likewise.
    """

    def __init__(
        self, table: str, problems: Sequence[Problem], notes: Sequence[Problem] = ()
    ) -> None:
        count = f"{len(problems)} problem{'' if len(problems) == 1 else 's'}"
        super().__init__(f"{table} has {count}; nothing was written")
        self.problems = tuple(problems)
        self.notes = tuple(notes)


class InvalidGraph(ContentError):
    """The graph has violations; *problems* holds them and the warnings, in file order."""

    def __init__(self, problems: Sequence[Problem], effect: str = "no release was written") -> None:
        super().__init__(f"the graph has violations; {effect}")
        self.problems = tuple(problems)


class OperationError(StancegraphError):
    """The operator can mend it."""


class RegisterFailed(OperationError):
    """A register elsewhere, such as Wikidata, gave no answer that counts."""

    def __init__(self, endpoint: str, problem: str) -> None:
        super().__init__(f"{endpoint}: {problem}")
        self.endpoint = endpoint


class ServerFailed(OperationError):
    """A server that a client asks gave no answer, or not the whole."""

    def __init__(self, address: str, problem: str) -> None:
        super().__init__(f"{address}: {problem}")
        self.address = address


class AnotherRelease(ServerFailed):
    """A server holds another release, *held*, and does not have the one that is *wanted*."""

    def __init__(self, address: str, wanted: str, held: str) -> None:
        super().__init__(
            address,
            f"it holds release {held}, and {wanted} is not there: connect anew to go on with "
            f"{held}, or ask {wanted} from its folder",
        )
        self.wanted = wanted
        self.held = held
