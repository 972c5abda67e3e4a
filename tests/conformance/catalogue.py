"""The suites that are run, the tests in each, and where we deviate from them.

``deviations.toml`` lists each test that does not pass, with the reason. A test that fails
must be listed, and one that is listed must fail: `cases` marks those so that pytest sees to
both.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, TypeVar

import pytest

from tests.conformance.manifests import (
    SHACL,
    SPARQL10,
    SPARQL11,
    ShaclTest,
    SparqlTest,
    label,
    required,
    shacl_tests,
    sparql_tests,
)
from tests.conformance.suites import HERE, SuitesMissing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from _pytest.mark import ParameterSet

LISTED = HERE / "deviations.toml"

AnyTest = TypeVar("AnyTest", SparqlTest, ShaclTest)


@dataclass(frozen=True, slots=True)
class Suite:
    """Tests that are counted together.

    Attributes:
        name: As in the list of deviations.
        title: For people: the specification, and what of it.
        iris: Reads what the tests are called; raises SuitesMissing.
    """

    name: str
    title: str
    iris: Callable[[], Sequence[str]]


@dataclass(frozen=True, slots=True)
class Deviation:
    """Tests that do not pass for one reason.

    Attributes:
        suites: The names of the suites that they fail in.
        side: Whose it is: ``design``, ``engine``, ``suite`` or ``to do``.
        tests: Their IRIs.
    """

    suites: tuple[str, ...]
    side: str
    reason: str
    tests: tuple[str, ...]


def evaluation(name: str) -> tuple[SparqlTest, ...]:
    """The tests of the suite *name* that compare the result of a query."""
    return tuple(test for test in _sparql(name) if test.kind == "evaluation")


def syntax(name: str) -> tuple[SparqlTest, ...]:
    """The tests of the suite *name* that ask whether a text is a query."""
    return tuple(test for test in _sparql(name) if test.kind.endswith("syntax"))


def described(name: str) -> tuple[SparqlTest, ...]:
    """The tests of the suite *name* for which the manifest has a sentence, but no files."""
    return tuple(test for test in _sparql(name) if test.kind == "described")


def shacl(part: str) -> tuple[ShaclTest, ...]:
    """The tests of one part of SHACL: ``core`` or ``sparql``."""
    return shacl_tests(f"{SHACL}{part}/manifest.ttl")


@cache
def _sparql(name: str) -> tuple[SparqlTest, ...]:
    manifests: tuple[str, ...] = {
        "sparql10-evaluation": (f"{SPARQL10}manifest-evaluation.ttl",),
        "sparql10-syntax": (f"{SPARQL10}manifest-syntax.ttl",),
        # Of federation, only the syntax: to evaluate it takes other servers.
        "sparql11-federated-query": (f"{SPARQL11}syntax-fed/manifest.ttl",),
    }.get(name) or required(name)
    return tuple(test for manifest in manifests for test in sparql_tests(manifest))


def _iris(
    tests: Callable[[str], Iterable[SparqlTest | ShaclTest]], name: str
) -> Callable[[], Sequence[str]]:
    return lambda: [test.iri for test in tests(name)]


SUITES = (
    Suite(
        "sparql10-evaluation",
        "SPARQL 1.0, query evaluation",
        _iris(evaluation, "sparql10-evaluation"),
    ),
    Suite(
        "sparql10-syntax",
        "SPARQL 1.0, query syntax",
        _iris(syntax, "sparql10-syntax"),
    ),
    Suite(
        "sparql11-evaluation",
        "SPARQL 1.1, query evaluation",
        _iris(evaluation, "sparql11-query"),
    ),
    Suite(
        "sparql11-syntax",
        "SPARQL 1.1, query syntax",
        _iris(syntax, "sparql11-query"),
    ),
    Suite(
        "sparql11-federated-query",
        "SPARQL 1.1, syntax of federated queries",
        _iris(syntax, "sparql11-federated-query"),
    ),
    Suite(
        "sparql11-results-csv-tsv",
        "SPARQL 1.1, results as CSV and TSV",
        _iris(evaluation, "sparql11-results-csv-tsv"),
    ),
    Suite(
        "sparql11-results-json",
        "SPARQL 1.1, results as JSON",
        _iris(evaluation, "sparql11-results-json"),
    ),
    Suite(
        "sparql11-protocol",
        "SPARQL 1.1 Protocol",
        _iris(described, "sparql11-protocol"),
    ),
    Suite(
        "sparql11-service-description",
        "SPARQL 1.1 Service Description",
        _iris(described, "sparql11-service-description"),
    ),
    Suite("shacl-core-fast", "SHACL Core, fast engine", _iris(shacl, "core")),
    Suite("shacl-core-pyshacl", "SHACL Core, pySHACL", _iris(shacl, "core")),
    Suite("shacl-sparql-fast", "SHACL-SPARQL, fast engine", _iris(shacl, "sparql")),
    Suite("shacl-sparql-pyshacl", "SHACL-SPARQL, pySHACL", _iris(shacl, "sparql")),
)


@cache
def deviations() -> tuple[Deviation, ...]:
    """The list of deviations, in the order of its file."""
    return tuple(
        Deviation(
            suites=tuple(entry["suites"]),
            side=entry["side"],
            reason=" ".join(entry["reason"].split()),
            tests=tuple(entry["tests"]),
        )
        for entry in tomllib.loads(LISTED.read_text("utf-8"))["deviation"]
    )


def reason(suite: str, iri: str) -> str | None:
    """Why a test of a suite may fail; None if it may not."""
    return next(
        (each.reason for each in deviations() if suite in each.suites and iri in each.tests), None
    )


def cases(suite: str, tests: Callable[[], Iterable[AnyTest]]) -> list[ParameterSet]:
    """The tests of a suite as parameters of a test function, the listed ones to fail.

    Where the suites are missing there is one parameter, so that the function has a test whose
    fixture ``suites_here`` says what is missing.
    """
    try:
        found = list(tests())
    except SuitesMissing:
        return [pytest.param(None, id="suites-missing")]
    return [pytest.param(test, id=label(test.iri), marks=_marks(suite, test.iri)) for test in found]


def _marks(suite: str, iri: str) -> list[pytest.MarkDecorator]:
    told = reason(suite, iri)
    return [pytest.mark.xfail(reason=told, strict=True)] if told else []
