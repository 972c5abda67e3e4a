"""What a build tells of saved queries that only the graph, or an answer, can tell."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pyoxigraph as ox
import pytest

from stancegraph.build import build, check
from stancegraph.errors import InvalidGraph
from stancegraph.problems import Severity
from stancegraph.queryfile import without_header
from stancegraph.terms import RDF, SCHEMA, SH

if TYPE_CHECKING:
    from pathlib import Path

    from stancegraph.build import Check
    from stancegraph.folder import GraphFolder

DAY = date(2026, 11, 22)
BASE = "https://example.org/small/"
GOOD = f"""\
#+ summary: How a state voted
#+ keywords: [voting]
#+ params:
#+   actor: {{type: iri, class: sg:State, description: who voted}}
#+   from: {{type: "xsd:date", default: today}}
#+ columns: [vote, choice]
#+ bound: 5

PREFIX sg: <https://w3id.org/stancegraph/ontology#>
PREFIX xsd: <http://www.w3.org/2001/XMLSchema#>

SELECT ?vote ?choice
WHERE {{
  VALUES (?actor ?from) {{ (<{BASE}id/state/CAN> "2019-01-01"^^xsd:date) }}  #= params
  ?vote sg:actor ?actor ;
        sg:choice ?choice .
}}
ORDER BY ?vote
"""


def write(folder: GraphFolder, text: str) -> None:
    (folder.root / "queries" / "votes" / "new.rq").write_text(text, "utf-8")


def told(found: Check | tuple[object, ...]) -> list[str]:
    problems = found if isinstance(found, tuple) else found.problems
    lines = [problem.as_text() for problem in problems]  # type: ignore[attr-defined]
    return [line.removeprefix("queries/votes/") for line in lines if "queries/votes/" in line]


def built(folder: GraphFolder, releases: Path) -> list[str]:
    """What a build tells of the queries, written or not."""
    from stancegraph.build import Progress  # noqa: PLC0415

    class Kept(Progress):
        def checked(self, found: Check) -> None:
            self.found = found

    progress = Kept()
    try:
        build(folder, releases, release_date=DAY, progress=progress)
    except InvalidGraph:
        assert progress.found.count(Severity.VIOLATION)
    return told(progress.found)


def test_a_good_query_is_told_of_by_nothing(small: GraphFolder, tmp_path: Path) -> None:
    """The query that the other tests break passes every check."""
    write(small, GOOD)

    assert built(small, tmp_path / "releases") == []


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("sg:choice ?", "sg:choise ?",
         "16:9: violation: the ontology does not declare sg:choise; did you mean sg:choice?"),
        ("sg:choice ?", "a sg:Vot ; sg:choice ?",
         "16:11: violation: the ontology does not declare sg:Vot; did you mean sg:Vote?"),
        ("sg:choice ?", "<https://w3id.org/stancegraph/ontology#choise> ?",
         "16:9: violation: the ontology does not declare sg:choise; did you mean sg:choice?"),
        ("state/CAN", "state/CAM",
         "14:28: violation: nothing describes <state/CAM>"),
    ],
)  # fmt: skip
def test_words_that_the_graph_does_not_have_are_told(
    small: GraphFolder, old: str, new: str, problem: str
) -> None:
    """A misspelt class, property or thing would only ever give no rows."""
    write(small, GOOD.replace(old, new))

    assert told(check(small)) == [f"new.rq:{problem}"]


def test_words_of_others_are_not_judged(small: GraphFolder) -> None:
    """What another namespace holds, only its owner knows; its beginning is no word."""
    text = GOOD.replace("sg:choice ?choice", "<http://example.com/any> ?choice")
    write(small, text.replace("ORDER", "# sg:nothing\nORDER"))

    assert told(check(small)) == []


def test_words_of_rules_are_told_too(small: GraphFolder) -> None:
    """A rule that asks for a word that nobody uses derives nothing."""
    rule = small.root / "ontology" / "rules" / "holders.rq"
    rule.write_text(rule.read_text("utf-8").replace("sg:actor", "sg:actr"), "utf-8")

    problems = [problem.as_text() for problem in check(small).problems]

    assert [line for line in problems if line.startswith("ontology/")] == [
        (
            "ontology/rules/holders.rq:7:15: violation: the ontology does not declare sg:actr; "
            "did you mean sg:actor?"
        )
    ]


def test_everything_is_told_in_one_run(small: GraphFolder) -> None:
    """Header, syntax and words of one file come together, in the order of its lines."""
    text = GOOD.replace("summary", "sumary").replace("sg:choice ?", "sg:choise ?")
    write(small, text.replace("ORDER BY ?vote\n", ""))

    lines = [line.split(":")[1] for line in told(check(small))]

    assert lines == ["1", "1", "16", "17"]


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("class: sg:State", "class: sg:Treaty",
         "4: violation: parameter actor: nothing is of the class sg:Treaty"),
        ("class: sg:State", "scheme: sg:list",
         "4: violation: parameter actor: there is no code list sg:list"),
        ("default: today", "default: tomorrow",
         "5: violation: parameter from: the default means nothing: 'tomorrow' is no day;"),
        ("ORDER BY ?vote", "ORDER BY ?choice",
         "18: warning: rows 1 and 2 have the same place in the order, so that another engine"),
        ("#+ bound: 5", "#+ bound: 0.000001",
         "7: warning: the query took more than 1e-06 s, more than its bound of 1e-06 s:"),
    ],
)  # fmt: skip
def test_what_only_asking_shows_is_told_with_its_line(
    small: GraphFolder, tmp_path: Path, old: str, new: str, problem: str
) -> None:
    """A build asks each query with its example; what depends on data or time is a warning."""
    assert old in GOOD
    text = GOOD.replace("sg:choice ?choice", 'sg:choice ?any . BIND ("x" AS ?choice)')
    write(small, text.replace(old, new))

    (line,) = built(small, tmp_path / "releases")
    assert line.startswith(f"new.rq:{problem}")


def test_a_query_that_never_ends_is_stopped_at_its_bound(
    small: GraphFolder, tmp_path: Path
) -> None:
    """A build goes on, and tells the query that would have held it up."""
    endless = "?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l . ?m ?n ?o . FILTER (?a = ?o)"
    text = GOOD.replace("?vote sg:actor", f"{endless} ?vote sg:actor")
    write(small, text.replace("bound: 5", "bound: 0.3"))

    problems = built(small, tmp_path / "releases")

    assert len(problems) == 1
    assert problems[0].startswith("new.rq:7: warning: the query took more than 0.3 s")


def described(folder: GraphFolder, releases: Path) -> ox.Dataset:
    release = build(folder, releases, release_date=DAY)
    quads = ox.parse(path=release.quads_file, format=ox.RdfFormat.N_QUADS)
    return ox.Dataset(quad for quad in quads if "description" in str(quad.graph_name))


def test_a_release_describes_its_queries(small: GraphFolder, tmp_path: Path) -> None:
    """Each is an executable with its text, what it asks, and what it is for."""
    write(small, GOOD)

    graph = described(small, tmp_path / "releases")

    query = ox.NamedNode(f"{BASE}query/votes/new")
    about = [(quad.predicate, quad.object) for quad in graph.quads_for_subject(query)]
    assert (RDF.type, SH.SPARQLSelectExecutable) in about
    assert (SH.select, ox.Literal(without_header(GOOD))) in about
    assert (SCHEMA.target, ox.NamedNode(f"{BASE}sparql")) in about
    assert (SCHEMA.keywords, ox.Literal("voting")) in about
    assert not [quad for quad in graph if "_:" in f"{quad.subject}{quad.object}"[:2]]


def test_a_release_describes_parameters(small: GraphFolder, tmp_path: Path) -> None:
    """The path's last part is the name of the variable, as SHACL has it."""
    write(small, GOOD)

    graph = described(small, tmp_path / "releases")

    home = f"{BASE}query/votes/new#"
    said = {
        (str(quad.predicate.value).rpartition("#")[2], quad.object.value)  # type: ignore[union-attr]
        for name in ("actor", "from")
        for quad in graph.quads_for_subject(ox.NamedNode(f"{home}parameter-{name}"))
    }
    assert {
        ("path", f"{home}actor"),
        ("class", "https://w3id.org/stancegraph/ontology#State"),
        ("description", "who voted"),
        ("optional", "false"),
        ("path", f"{home}from"),
        ("datatype", "http://www.w3.org/2001/XMLSchema#date"),
        ("defaultValue", "2026-11-22"),
        ("optional", "true"),
    } <= said


@pytest.mark.parametrize(
    ("page", "told"),
    [
        (
            "{of: sg:Stat, by: actor, heading: Votes}",
            "page: nothing is of the class sg:Stat",
        ),
        (
            "{of: sg:State, by: actor, heading: Votes, with: {from: yesterday}}",
            "page: from 'yesterday' is no day; write year-month-day, as from=2019-01-01",
        ),
    ],
)
def test_a_section_that_no_page_could_have_is_told(
    small: GraphFolder, tmp_path: Path, page: str, told: str
) -> None:
    """Of a class without things, or with values that mean nothing."""
    write(small, GOOD.replace("#+ bound", f"#+ page: {page}\n#+ bound"))

    assert built(small, tmp_path / "releases") == [f"new.rq:7: violation: {told}"]
