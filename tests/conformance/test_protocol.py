"""SPARQL 1.1 Protocol: the requests that the suite's manifest describes in a sentence each.

The sentences are made requests as the working group's own validator has them, with graphs
of our own in place of its documents.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import pytest

from tests.conformance.catalogue import cases, described
from tests.conformance.endpoint import DOCUMENTS, FORM
from tests.conformance.results import JSON, TABLES, XML, read_answer

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.conformance.endpoint import Endpoint
    from tests.conformance.manifests import SparqlTest
    from tests.serving import Reply

QUERY = "application/sparql-query"
UPDATE = "application/sparql-update"
RDF_TYPES = {
    "text/turtle", "application/n-triples", "application/rdf+xml", "application/ld+json",
    "application/trig", "application/n-quads",
}  # fmt: skip

ONE, TWO, THREE = DOCUMENTS
BOTH = f"ASK {{ <{ONE}> a ?type . <{TWO}> a ?type }}"
BOTH_NAMED = f"ASK {{ GRAPH ?g1 {{ <{ONE}> a ?type }} GRAPH ?g2 {{ <{TWO}> a ?type }} }}"
ALL = f"ASK {{ <{THREE}> a ?type {BOTH_NAMED.removeprefix('ASK ')} }}"
DEFAULT_GRAPHS = (("default-graph-uri", ONE), ("default-graph-uri", TWO))
NAMED_GRAPHS = (("named-graph-uri", ONE), ("named-graph-uri", TWO))
INSERT = "INSERT DATA { GRAPH <http://example.org/g> { <http://example.org/s> a <test> } }"
COPY = "INSERT { GRAPH <http://example.org/g> { ?s a ?type } } WHERE { ?s a ?type }"


@dataclass(frozen=True, slots=True)
class Request:
    """What to send, and what to look for in the reply."""

    holds: Callable[[Reply], bool]
    method: str = "POST"
    arguments: tuple[tuple[str, str], ...] = ()
    body: bytes | None = None
    content_type: str | None = None


def is_done(reply: Reply) -> bool:
    """Whether it is a success or a redirection."""
    return reply.status // 100 in {2, 3}


def is_refused(reply: Reply) -> bool:
    """Whether it is the caller's mistake."""
    return reply.status // 100 == 4


def is_true(reply: Reply) -> bool:
    """Whether it says true, in a form in which a result can say so."""
    return is_boolean(reply) and read_answer(reply.body, reply.media_type) is True


def is_boolean(reply: Reply) -> bool:
    """Whether it is in a form that can hold the answer to an ASK."""
    return is_done(reply) and reply.media_type in {JSON, XML}


def is_table(reply: Reply) -> bool:
    """Whether it is in a form that can hold the answer to a SELECT."""
    return is_done(reply) and reply.media_type in TABLES.values()


def is_graph(reply: Reply) -> bool:
    """Whether it is in a form that can hold RDF."""
    return is_done(reply) and reply.media_type in RDF_TYPES


def _get(
    holds: Callable[[Reply], bool], *arguments: tuple[str, str], method: str = "GET"
) -> Request:
    return Request(holds, method, arguments)


def _form(holds: Callable[[Reply], bool], *fields: tuple[str, str]) -> Request:
    return Request(holds, body=urlencode(fields).encode(), content_type=FORM)


def _body(
    holds: Callable[[Reply], bool],
    text: str,
    *arguments: tuple[str, str],
    content_type: str | None = QUERY,
    encoding: str = "utf-8",
) -> Request:
    return Request(holds, "POST", arguments, text.encode(encoding), content_type)


_update = partial(_body, content_type=UPDATE)

REQUESTS: dict[str, Request] = {
    "query_get": _get(is_true, ("query", "ASK {}")),
    "query_post_form": _form(is_true, ("query", "ASK {}")),
    "query_post_direct": _body(is_true, "ASK {}"),
    "query_dataset_default_graphs_get": _get(is_true, ("query", BOTH), *DEFAULT_GRAPHS),
    "query_dataset_default_graphs_post": _body(is_true, BOTH, *DEFAULT_GRAPHS),
    "query_dataset_named_graphs_get": _get(is_true, ("query", BOTH_NAMED), *NAMED_GRAPHS),
    "query_dataset_named_graphs_post": _body(is_true, BOTH_NAMED, *NAMED_GRAPHS),
    "query_dataset_full": _body(is_true, ALL, ("default-graph-uri", THREE), *NAMED_GRAPHS),
    "query_multiple_dataset": _body(
        is_true, BOTH_NAMED.replace("ASK", f"ASK FROM <{THREE}>"), *NAMED_GRAPHS
    ),
    "query_content_type_select": _body(is_table, "SELECT (1 AS ?value) {}"),
    "query_content_type_ask": _body(is_boolean, "ASK {}"),
    "query_content_type_describe": _body(is_graph, "DESCRIBE <http://example.org/>"),
    "query_content_type_construct": _body(is_graph, "CONSTRUCT { <s> <p> 1 } WHERE {}"),
    "bad_query_method": _get(is_refused, ("query", "ASK {}"), method="PUT"),
    "bad_multiple_queries": _get(is_refused, ("query", "ASK {}"), ("query", "SELECT * {}")),
    "bad_query_wrong_media_type": _body(is_refused, "ASK {}", content_type="text/plain"),
    "bad_query_missing_form_type": _body(is_refused, "query=ASK%20%7B%7D", content_type=None),
    "bad_query_missing_direct_type": _body(is_refused, "ASK {}", content_type=None),
    "bad_query_non_utf8": _body(
        is_refused, "ASK {}", content_type=f"{QUERY}; charset=UTF-16", encoding="utf-16"
    ),
    "bad_query_syntax": _get(is_refused, ("query", "ASK {")),
    "update_post_form": _form(is_done, ("update", "CLEAR ALL")),
    "update_post_direct": _update(is_done, "CLEAR ALL"),
    "update_dataset_default_graph": _update(is_done, COPY, ("using-graph-uri", ONE)),
    "update_dataset_default_graphs": _update(
        is_done, COPY, ("using-graph-uri", ONE), ("using-graph-uri", TWO)
    ),
    "update_dataset_named_graphs": _update(
        is_done, COPY, ("using-named-graph-uri", ONE), ("using-named-graph-uri", TWO)
    ),
    "update_dataset_full": _update(
        is_done, COPY, ("using-graph-uri", ONE), ("using-named-graph-uri", TWO)
    ),
    "update_base_uri": _update(is_done, INSERT),
    "bad_update_get": _get(is_refused, ("update", "CLEAR ALL")),
    "bad_multiple_updates": _form(
        is_refused, ("update", "CLEAR NAMED"), ("update", "CLEAR DEFAULT")
    ),
    "bad_update_wrong_media_type": _body(is_refused, "CLEAR NAMED", content_type="text/plain"),
    "bad_update_missing_form_type": _body(is_refused, "update=CLEAR%20NAMED", content_type=None),
    "bad_update_non_utf8": _update(
        is_refused, "CLEAR NAMED", content_type=f"{UPDATE}; charset=UTF-16", encoding="utf-16"
    ),
    "bad_update_syntax": _form(is_refused, ("update", "CLEAR XYZ")),
    "bad_update_dataset_conflict": _form(
        is_refused,
        ("using-named-graph-uri", ONE),
        ("update", COPY.replace("WHERE", f"USING <{TWO}> WHERE")),
    ),
}


@pytest.mark.parametrize(
    "test", cases("sparql11-protocol", partial(described, "sparql11-protocol"))
)
def test_request_is_answered_as_the_protocol_says(endpoint: Endpoint, test: SparqlTest) -> None:
    """One request for each sentence of the manifest."""
    request = REQUESTS[test.iri.rpartition("#")[2]]
    headers = {"Content-Type": request.content_type} if request.content_type else {}

    reply = endpoint.send(request.method, request.arguments, headers=headers, body=request.body)

    assert request.holds(reply), f"{request}\n{reply}"


@pytest.mark.usefixtures("suites_here")
def test_each_request_is_of_the_suite() -> None:
    """No request is left here for a test that the manifest no longer has."""
    names = {test.iri.rpartition("#")[2] for test in described("sparql11-protocol")}

    assert names == REQUESTS.keys()
