"""The sources: every one that was gathered, and which of them are one witness."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

import pyoxigraph as ox
import pytest

ROOT = Path(__file__).parents[2]
SOURCE = "https://w3id.org/stancegraph/id/source/"
DERIVED = "http://www.w3.org/ns/prov#wasDerivedFrom"
ORIGIN = "https://w3id.org/stancegraph/ontology#originWork"


@pytest.fixture(scope="module")
def sources() -> dict[str, dict[str, str]]:
    """What is said of each source, by its key; of each property one value."""
    found: dict[str, dict[str, str]] = defaultdict(dict)
    for path in sorted((ROOT / "data" / "sources").glob("*.ttl")):
        for quad in ox.parse(path=path):
            if isinstance(quad.subject, ox.NamedNode) and not isinstance(quad.object, ox.Triple):
                iri = quad.subject.value
                if iri.startswith(SOURCE):
                    found[iri.removeprefix(SOURCE)][quad.predicate.value] = quad.object.value
    return found


def test_each_source_that_was_gathered_is_described(sources: dict[str, dict[str, str]]) -> None:
    """tests/data/source-keys.txt has one key a line."""
    keys = (ROOT / "tests" / "data" / "source-keys.txt").read_text("utf-8").split()

    assert len(keys) == 428
    assert set(keys) <= set(sources)


def test_what_was_read_at_one_address_is_one_witness(sources: dict[str, dict[str, str]]) -> None:
    """Two sources with one address share their origin work, or one is the other's."""
    works = defaultdict(set)
    for key, facts in sources.items():
        if DERIVED in facts:
            works[facts[DERIVED]].add(facts.get(ORIGIN, SOURCE + key))

    assert {address: found for address, found in works.items() if len(found) > 1} == {}


def test_a_source_that_stands_for_others_is_no_copy(sources: dict[str, dict[str, str]]) -> None:
    """The origin work of a source has none itself, so that one step leads to the witness."""
    origins = {facts[ORIGIN].removeprefix(SOURCE) for facts in sources.values() if ORIGIN in facts}

    assert [key for key in origins & set(sources) if ORIGIN in sources[key]] == []
