"""Answers as data frames, from a server or from a release on this machine, alike.

    from stancegraph import client

    graph = client.connect("http://127.0.0.1:8000")
    votes = graph.query("votes/resolution", resolution="A-RES-74-247")
    print(votes.cite())

`connect` says where to ask; `query`, `sparql` and `queries` of this module ask the server or
folder that the environment names, ``STANCEGRAPH_SOURCE``, else the releases of this
installation. Frames are made by pandas, which the extra ``client`` installs, or by polars.
"""

from __future__ import annotations

import os
from functools import lru_cache
from typing import Any

from stancegraph.client.connection import Connection, CutAnswer, connect

__all__ = ["Connection", "CutAnswer", "connect", "queries", "query", "sparql"]


@lru_cache(1)
def _usual() -> Connection:
    return connect(os.environ.get("STANCEGRAPH_SOURCE"))


def query(name: str, /, **parameters: object) -> Any:
    """The answer to the saved query *name*, as `Connection.query` gives it."""
    return _usual().query(name, **parameters)


def sparql(text: str) -> Any:
    """The answer to a query of one's own, as `Connection.sparql` gives it."""
    return _usual().sparql(text)


def queries() -> Any:
    """What can be asked, as `Connection.queries` gives it."""
    return _usual().queries()
