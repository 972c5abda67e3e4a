"""The list of deviations is about tests that there are, and the page that tells of it is true."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.conformance.catalogue import SUITES, deviations
from tests.conformance.report import PAGE, page

pytestmark = pytest.mark.usefixtures("suites_here")


def test_each_listed_test_is_one_of_the_suites_that_it_is_listed_for() -> None:
    """A name that is written wrong, or a suite that a test is not in, would hide nothing."""
    there = {suite.name: set(suite.iris()) for suite in SUITES}

    for each in deviations():
        everywhere = set.union(*(there[name] for name in each.suites))
        assert set(each.tests) <= everywhere, set(each.tests) - everywhere
        assert all(there[name] & set(each.tests) for name in each.suites), each.suites


def test_each_test_is_listed_for_one_reason() -> None:
    """Of two reasons, one would never be looked at."""
    listed = Counter(
        (suite, iri) for each in deviations() for suite in each.suites for iri in each.tests
    )

    assert [key for key, times in listed.items() if times > 1] == []


def test_the_page_tells_what_is_so() -> None:
    """docs/conformance.md is what ``python -m tests.conformance.report`` writes."""
    assert PAGE.read_text("utf-8") == page()
