"""What is known of the programs that may be asked: how they say that an answer is not whole.

A program is known by the header ``Server`` of its answers. One that is not known here is asked
as the standards have it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit, urlunsplit

if TYPE_CHECKING:
    from email.message import Message

# Told by Virtuoso of answers that it has cut: at its bound on rows, and at a time.
_ROWS_CUT, _STATE, _OUT_OF_TIME = "X-SPARQL-MaxRows", "X-SQL-State", "S1TAT"


@dataclass(frozen=True, slots=True)
class Kind:
    """A program.

    Attributes:
        server: What its header ``Server`` begins with.
        query: The end of the path at which it answers queries.
        store: What stands there instead for the Graph Store Protocol.
        patience: The parameter that bounds the time of a query; empty where it has none.
        milliseconds: Whether that is not in seconds.
    """

    name: str
    server: str
    query: str
    store: str
    patience: str = ""
    milliseconds: bool = False

    def bound(self, seconds: float) -> dict[str, str]:
        """The parameters with which it gives up a query after *seconds*."""
        if not self.patience:
            return {}
        number = seconds * 1000 if self.milliseconds else seconds
        return {self.patience: str(max(1, round(number)))}

    def store_of(self, url: str) -> str:
        """The address for the Graph Store Protocol, where that for queries is *url*."""
        parts = urlsplit(url)
        if not parts.path.endswith(self.query):
            return ""
        path = parts.path.removesuffix(self.query) + self.store
        return urlunsplit((parts.scheme, parts.netloc, path, "", ""))


KINDS = (
    Kind("Virtuoso", "Virtuoso", "/sparql", "/sparql-graph-crud-auth", "timeout", True),
    Kind("Oxigraph", "Oxigraph", "/query", "/store"),
    Kind("Fuseki", "Apache Jena Fuseki", "/query", "/data", "timeout"),
)
UNKNOWN = Kind("", "", "", "")


def kind_of(server: str) -> Kind:
    """The program that calls itself *server* in HTTP."""
    return next((kind for kind in KINDS if server.startswith(kind.server)), UNKNOWN)


def rows_cut(headers: Message) -> str:
    """The bound on rows at which an answer was cut; empty where it was not."""
    return headers.get(_ROWS_CUT, "")


def out_of_time(headers: Message) -> bool:
    """Whether an answer holds only what was found in time."""
    return headers.get(_STATE) == _OUT_OF_TIME
