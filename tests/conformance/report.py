"""Writes ``docs/conformance.md``: ``python -m tests.conformance.report``.

The numbers follow from the manifests and the list of deviations alone, for the tests see to
it that what is listed fails and that nothing else does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.conformance.catalogue import SUITES, deviations, reason
from tests.conformance.manifests import label
from tests.conformance.suites import HERE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.conformance.catalogue import Deviation, Suite

PAGE = HERE.parents[1] / "docs" / "conformance.md"

HEAD = """\
# Conformance

The test suites of the W3C are run on every change. The SPARQL suites are run over HTTP, against
a server as `stancegraph serve` starts it: the data of a test are named graphs of one release, and
the request selects them with `default-graph-uri` and `named-graph-uri`. The SHACL suite is run
through both engines of `stancegraph validate`.

Results are compared as the suites ask for it: tables as bags, graphs up to the names of blank
nodes, literals by value and datatype, reports by everything but messages that the suite does not
expect. Each test that fails is listed below with the reason; the run fails when a test that is not
listed fails, and when one that is listed passes.

The list is `tests/conformance/deviations.toml`, and this page is made from it by
`python -m tests.conformance.report`; a test compares them.
"""

LEFT_OUT = """\
## Left out

| suite | why |
|---|---|
| SPARQL 1.1 Update | A release never changes; the endpoint refuses updates. |
| SPARQL 1.1 Graph Store HTTP Protocol | It is for updates, too; its suite is prose. |
| SPARQL 1.1 Federated Query, evaluation | It takes two other servers, and SERVICE is refused. |
| SPARQL 1.1 Entailment Regimes | The endpoint answers from what the release states; what rules \
derive is stated in graphs of its own. |
| Tests that were withdrawn, or never approved | The working group does not count them. |
"""

SIDES = {
    "design": "What we mean to do",
    "engine": "What the engines do",
    "suite": "What has changed since the suites were made",
    "to do": "What is not built yet",
}


def page() -> str:
    """The text of the page."""
    return "\n".join((HEAD, *_table(), *_reasons(), LEFT_OUT))


def _table() -> Iterator[str]:
    yield "| suite | tests | passed | listed deviations |\n|---|--:|--:|--:|"
    for suite in SUITES:
        tests, listed = len(suite.iris()), len(_listed(suite))
        yield f"| {suite.title} | {tests} | {tests - listed} | {listed} |"
    yield ""


def _reasons() -> Iterator[str]:
    yield "## Deviations\n"
    for side, title in SIDES.items():
        listed = [each for each in deviations() if each.side == side]
        if not listed:
            continue
        yield f"### {title}\n"
        for each in listed:
            yield f"- {each.reason}"
            yield from _where(each)
        yield ""


def _where(deviation: Deviation) -> Iterator[str]:
    for suite in SUITES:
        if suite.name in deviation.suites:
            there = [f"`{label(iri)}`" for iri in suite.iris() if iri in deviation.tests]
            yield f"  - {suite.title}: {', '.join(there)}"


def _listed(suite: Suite) -> list[str]:
    return [iri for iri in suite.iris() if reason(suite.name, iri)]


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
