"""Running rules: their order, what they read, and what they may not do."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pyoxigraph as ox
import pytest

from stancegraph.build.content import Content
from stancegraph.build.derive import DerivedGraph, derive, in_order, mixed_terms
from stancegraph.build.parse import parse
from stancegraph.errors import BadQueryFile
from stancegraph.folder import shipped
from stancegraph.queryfile import read_rules
from stancegraph.terms import SG, XSD
from tests.conftest import DAY as RELEASE_DAY

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stancegraph.build.parse import ParsedGraph
    from stancegraph.folder import GraphFolder

DAY = date(2026, 1, 1)
PREFIX = "PREFIX sg: <https://w3id.org/stancegraph/ontology#>\n"


def write_rule(folder: GraphFolder, name: str, header: str, query: str) -> None:
    text = f"#+ summary: A rule\n{header}\n\n{PREFIX}{query}\n"
    (folder.root / "ontology" / "rules" / f"{name}.rq").write_text(text, "utf-8")


def run(folder: GraphFolder) -> list[DerivedGraph]:
    rules, problems = read_rules(folder)
    assert problems == []
    return derive(parse(folder), rules, release_date=DAY)


def test_rules_run_after_those_whose_graphs_they_read(small: GraphFolder) -> None:
    """``as-of`` sorts before ``holders``, but reads it."""
    found = run(small)

    assert [made.rule.name for made in found] == ["holders", "as-of"]
    assert [made.iri.value for made in found] == [
        f"{small.base}graph/derived/holders",
        f"{small.base}graph/derived/as-of",
    ]
    assert found[1].inputs == (found[0].iri,)


def test_results_are_sorted_and_know_the_day_of_the_release(small: GraphFolder) -> None:
    """``today`` in a rule is the release's date, never that of the clock."""
    holders, as_of = run(small)

    assert list(holders.triples) == sorted(holders.triples, key=str)
    assert len(holders.triples) == 3
    assert {triple.object for triple in as_of.triples} == {
        ox.Literal("2026-01-01", datatype=XSD.date)
    }


def test_rule_reads_only_its_inputs(small: GraphFolder) -> None:
    """A rule that names one folder sees nothing of the others."""
    write_rule(
        small,
        "holders",
        "#+ inputs: [data/votes/75-282]",
        "CONSTRUCT { ?vote sg:impliedHolder ?actor } WHERE { ?vote sg:actor ?actor }",
    )

    holders = run(small)[0]

    assert [iri.value.removeprefix(small.base) for iri in holders.inputs] == [
        "graph/data/votes/75-282"
    ]
    assert len(holders.triples) == 1


def test_rules_that_depend_on_each_other_are_refused(small: GraphFolder) -> None:
    """The error names one of them, the line of its inputs, and the whole circle."""
    query = "CONSTRUCT { ?vote sg:impliedHolder ?actor } WHERE { ?vote sg:actor ?actor }"
    write_rule(small, "holders", "#+ inputs: [derived/as-of]", query)
    rules, _ = read_rules(small)

    circle = r"(as-of -> holders -> as-of|holders -> as-of -> holders)"
    with pytest.raises(BadQueryFile, match=rf"rules/.*\.rq:[23]: .*on itself \({circle}\)"):
        in_order(rules)


REFUSED = {
    "input that is not there": (
        "#+ inputs: [dta]",
        "CONSTRUCT { ?s sg:latest ?o } WHERE { ?s sg:date ?o }",
        "'dta'",
    ),
    "blank node": (
        "#+ inputs: [data]",
        "CONSTRUCT { [] sg:latest ?o } WHERE { ?s sg:date ?o }",
        "blank node",
    ),
}


@pytest.mark.parametrize(("header", "query", "message"), REFUSED.values(), ids=REFUSED)
def test_rule_that_cannot_be_used_is_refused(
    small: GraphFolder, header: str, query: str, message: str
) -> None:
    """The error names the file, the line and what is wrong."""
    write_rule(small, "wrong", header, query)

    with pytest.raises(BadQueryFile, match=rf"ontology/rules/wrong\.rq:\d+: .*{message}"):
        run(small)


def test_word_that_is_stated_and_derived_is_told(small: GraphFolder) -> None:
    """A rule may not write what data/ states: the problem names the rule, its line, the word."""
    write_rule(
        small,
        "holders",
        "#+ inputs: [data]",
        "CONSTRUCT { ?vote sg:impliedHolder ?actor ; a sg:Vote }\nWHERE { ?vote sg:actor ?actor }",
    )

    problems = list(mixed_terms(parse(small), run(small)))

    assert [problem.as_text().partition(": derive")[0] for problem in problems] == [
        "ontology/rules/holders.rq:5: violation: the rule derives sg:Vote, which data/ states too"
    ]


def test_no_shipped_rule_mixes_derived_and_stated(
    shipped_graph: ParsedGraph, shipped_derived: Mapping[str, DerivedGraph]
) -> None:
    """Everyone can query the shipped graph with what is derived or without."""
    _, problems = read_rules(shipped_graph.folder)

    assert problems == []
    assert len(shipped_derived) == len(shipped_graph.folder.rule_files) > 0
    assert list(mixed_terms(shipped_graph, [*shipped_derived.values()])) == []


def test_running_the_shipped_rules_on_their_results_adds_nothing(
    shipped_derived: Mapping[str, DerivedGraph],
) -> None:
    """No rule feeds on what it or a rule before it concluded, however often they run."""
    graph = parse(shipped())
    rules, _ = read_rules(graph.folder)
    once = list(shipped_derived.values())
    everything = ox.NamedNode(f"{graph.folder.base}graph/data/derived-before")
    content = Content.of(triple for made in once for triple in made.triples)
    graph.add(everything, graph.folder.root / "data" / "derived-before.ttl", content)

    twice = derive(graph, rules, release_date=RELEASE_DAY)

    for before, after in zip(once, twice, strict=True):
        assert after.iri == before.iri
        assert set(after.triples) <= set(before.triples), before.rule.name
        assert before.triples, before.rule.name


def test_shipped_words_of_rules_are_declared(
    shipped_graph: ParsedGraph, shipped_derived: Mapping[str, DerivedGraph]
) -> None:
    """What rules derive in our own namespace stands in the ontology."""
    declared = {triple.subject for triple in shipped_graph.triples("ontology")}

    used = {triple.predicate for made in shipped_derived.values() for triple in made.triples}

    assert [word.value for word in used - declared if word in SG] == []
