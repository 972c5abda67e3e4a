"""SPARQL queries: what they give, in each format of results, and which texts are none."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import pytest
from rdflib import Graph

from tests.conformance.catalogue import cases, evaluation, syntax
from tests.conformance.manifests import NOTHING, path_of
from tests.conformance.results import JSON, TABLES, TURTLE, difference, read_answer, read_expected

if TYPE_CHECKING:
    from tests.conformance.endpoint import Endpoint
    from tests.conformance.manifests import SparqlTest

ANY = "*/*"


@pytest.mark.parametrize(
    "test",
    [
        *cases("sparql10-evaluation", partial(evaluation, "sparql10-evaluation")),
        *cases("sparql11-evaluation", partial(evaluation, "sparql11-query")),
        *cases("sparql11-results-csv-tsv", partial(evaluation, "sparql11-results-csv-tsv")),
        *cases("sparql11-results-json", partial(evaluation, "sparql11-results-json")),
    ],
)
def test_query_gives_the_expected_result(endpoint: Endpoint, test: SparqlTest) -> None:
    """Asked for in the format of the expected result, over the dataset that the test names."""
    file = path_of(test.result)
    expected = read_expected(file, test.result)
    media_type = TURTLE if isinstance(expected, Graph) else TABLES.get(file.suffix, JSON)

    reply = endpoint.ask(test.based_text, media_type, test.dataset)

    assert (reply.status, reply.media_type) == (200, media_type), f"{test.text}\n{reply}"
    found = read_answer(reply.body, media_type)
    told = difference(expected, found, lax=test.lax)
    assert not told, f"{test.text}\n{told}"


@pytest.mark.parametrize(
    "test",
    [
        *cases("sparql10-syntax", partial(syntax, "sparql10-syntax")),
        *cases("sparql11-syntax", partial(syntax, "sparql11-query")),
        *cases("sparql11-federated-query", partial(syntax, "sparql11-federated-query")),
    ],
)
def test_query_is_answered_if_and_only_if_it_is_one(endpoint: Endpoint, test: SparqlTest) -> None:
    """200 for SPARQL 1.1, whatever it asks for; 400 for everything else."""
    expected = 200 if test.kind == "positive syntax" else 400

    reply = endpoint.ask(test.text, ANY, ((NOTHING,), ()))

    assert reply.status == expected, f"{test.text}\n{reply}"
