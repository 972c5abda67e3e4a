"""Headers, params lines and scopes of saved queries and rules, and binding parameters."""

from __future__ import annotations

from pathlib import Path

import pyoxigraph as ox
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from stancegraph import sparql
from stancegraph.errors import BadParameter
from stancegraph.folder import GraphFolder
from stancegraph.parameters import Parameter
from stancegraph.queryfile import SavedQuery, read_queries, read_rules
from stancegraph.terms import XSD

CANADA = ox.NamedNode("http://example.org/CAN")
GOOD = """\
#+ summary: What a state did
#+ description: >
#+   Two lines
#+   of it.
#+ params: {actor: iri, asOf: "xsd:date"}
#+ columns: [act, day]

PREFIX sg: <https://w3id.org/stancegraph/ontology#>
PREFIX xsd: <http://www.w3.org/2001/XMLSchema#>

SELECT ?act ?day
WHERE {
  VALUES (?actor ?asOf) { (<http://example.org/CAN> "2020-12-31"^^xsd:date) }  #= params
  ?act sg:actor ?actor ; sg:earliest ?day .
  FILTER (?day <= ?asOf)
  MINUS {
    VALUES (?asOf) { ("2020-12-31"^^xsd:date) }  #= params
    ?act sg:latest ?later .
    FILTER (?later > ?asOf)
  }
}
ORDER BY ?act ?day
"""


def read(folder: Path, text: str | bytes) -> tuple[list[SavedQuery], list[tuple[int, str]]]:
    """The query of *text*, and its problems as line and message."""
    path = folder / "queries" / "acts" / "of-a-state.rq"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    queries, problems = read_queries(folder)
    assert all(problem.path == "queries/acts/of-a-state.rq" for problem in problems)
    return queries, [(problem.line or 0, problem.message) for problem in problems]


def good(folder: Path, text: str = GOOD) -> SavedQuery:
    queries, problems = read(folder, text)
    assert problems == []
    return queries[0]


def test_a_query_is_what_its_header_says(tmp_path: Path) -> None:
    """Name and theme come from the path, all else from the header; the example from the text."""
    query = good(tmp_path)

    assert (query.name, query.theme, query.summary) == (
        "acts/of-a-state",
        "acts",
        "What a state did",
    )
    assert query.description == "Two lines of it."
    assert query.columns == ("act", "day")
    assert {name: (p.type, p.example) for name, p in query.params.items()} == {
        "actor": ("iri", CANADA),
        "asOf": ("xsd:date", ox.Literal("2020-12-31", datatype=XSD.date)),
    }


def test_a_parameter_can_be_declared_at_length(tmp_path: Path) -> None:
    """Kinds, choices and a description help whoever asks."""
    long = "{actor: {type: iri, kinds: [state, area], description: who acted}, asOf: 'xsd:date'}"

    query = good(tmp_path, GOOD.replace('{actor: iri, asOf: "xsd:date"}', long))

    assert query.params["actor"].kinds == ("state", "area")
    assert query.params["actor"].description == "who acted"


PROBLEMS = [
    ("#+ summary: What a state did\n", "", 1, "the header has no summary"),
    ("#+ columns: [act, day]\n", "", 1, "the header has no columns"),
    ("[act, day]", "[day, act]", 6, "columns are not what SELECT projects, in its order: act, day"),
    ("[act, day]", "act", 6, "columns must be a list of words"),
    ("#+ columns", "#+ colums", 6, "unknown header key 'colums': write columns"),
    ("#+ summary: What", "#+ summary: What: ever", 1, "the header is not YAML"),
    ("#+ summary: What a state did", "#+ summary: [1]", 1, "summary must be text"),
    ("PREFIX sg: <https://w3id.org/stancegraph/ontology#>\n", "", 13,
     "no PREFIX line declares sg: of sg:actor"),
    ("PREFIX sg:", "BASE <http://example.org/>\nPREFIX sg:", 8, "BASE is not used here"),
    ("?act sg:latest", "<act> sg:latest", 18, "<act> is relative"),
    ("WHERE {", "WHERE { ?act }", 12, "SPARQL"),
    ("?act ?day\nWHERE", "*\nWHERE", 6, "SELECT * projects what it finds"),
    ("ORDER BY ?act ?day\n", "", 21, "a SELECT needs ORDER BY"),
    ("{actor: iri,", "{actor: date,", 5, "parameter actor: give its type"),
    ("{actor: iri,", "{actor: {type: iri, kind: [state]},", 5, "parameter actor: unknown key"),
    ("{actor: iri,", "{actor: 'xsd:string',", 5, "parameter actor: the example is not of type"),
    ("{actor: iri,", "{actor: {type: iri, kinds: state},", 5, "parameter actor: kinds must be a"),
    ("{actor: iri,", "{actor: iri, more: iri,", 5, "parameter more is bound by no line marked"),
    ('iri, asOf: "xsd:date"', "iri", 13, "?asOf is not declared"),
    ('   VALUES (?asOf) { ("2020', '   VALUES (?asOf) { ("2019',
     17, "?asOf has another value in an earlier params line"),
    ('    VALUES (?asOf) { ("2020-12-31"^^xsd:date) }  #= params\n', "", 18,
     "?asOf is not bound in this scope"),
    ("    VALUES (?asOf)", "    ?act ?p ?o . VALUES (?asOf)", 17,
     "a line marked #= params holds one VALUES block of one row"),
    ("    VALUES (?asOf) {", "    VALUES (?asOf) { (UNDEF)", 17,
     "a line marked #= params holds one VALUES block of one row"),
    ("}  #= params\n    ?act", "}\n    ?act", 17, "VALUES binds ?asOf: mark the line #= params"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "line", "message"), PROBLEMS)
def test_what_is_wrong_is_told_with_its_line(
    tmp_path: Path, old: str, new: str, line: int, message: str
) -> None:
    """Each departure from the form is one problem at the line to mend."""
    assert old in GOOD

    queries, problems = read(tmp_path, GOOD.replace(old, new, 1))

    assert queries == []
    assert min(found for found, text in problems if message in text) == line


def test_a_file_without_a_header_is_told(tmp_path: Path) -> None:
    """A query that says nothing of itself is no saved query."""
    queries, problems = read(tmp_path, GOOD.replace("#+", "#"))

    assert queries == []
    assert problems[0] == (1, "has no header: begin with lines '#+ summary: …' and so on")


def test_all_problems_of_a_file_are_told_at_once(tmp_path: Path) -> None:
    """Who mends a file sees everything that is wrong with it, in the order of its lines."""
    text = (
        GOOD.replace("summary", "sumary").replace("ORDER BY ?act ?day", "").replace("?later >", ">")
    )

    _, problems = read(tmp_path, text)

    assert [line for line, _ in problems] == [1, 1, 19]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"#+ summary: \xff", "is not UTF-8 (byte 12)"),
        (b"", "has no header"),
        (b"\xef\xbb\xbf", ""),
    ],
)
def test_a_file_that_is_no_text_is_told(tmp_path: Path, content: bytes, message: str) -> None:
    """A binary or empty file is a problem of its first line, not a crash."""
    queries, problems = read(tmp_path, content)

    assert queries == []
    assert any(line == 1 and message in text for line, text in problems)


def test_binding_rebuilds_every_params_line(tmp_path: Path) -> None:
    """Each line takes the new terms for its own variables; nothing else of the text changes."""
    query = good(tmp_path)
    day = ox.Literal("2016-01-01", datatype=XSD.date)

    text = query.bind({"asOf": day, "actor": ox.NamedNode("http://example.org/x")})

    xsd_date = '"2016-01-01"^^<http://www.w3.org/2001/XMLSchema#date>'
    changed = [line for line in text.splitlines() if line not in GOOD.splitlines()]
    assert changed == [
        f"  VALUES (?actor ?asOf) {{ (<http://example.org/x> {xsd_date}) }}  #= params",
        f"    VALUES (?asOf) {{ ({xsd_date}) }}  #= params",
    ]


def test_binding_the_examples_asks_the_same_as_the_file(tmp_path: Path) -> None:
    """A file that runs as it stands runs as when its own examples are bound."""
    query = good(tmp_path)

    bound = query.bind({name: parameter.example for name, parameter in query.params.items()})

    expanded = GOOD.replace("xsd:date)", "<http://www.w3.org/2001/XMLSchema#date>)")
    assert [token.text for token in sparql.tokens(bound)] == [
        token.text for token in sparql.tokens(expanded)
    ]


@given(st.text(st.characters(exclude_categories=["Cs"])), st.text("\\uU0041\"'\n}#", max_size=9))
@example("", '"^^<x:y>) } } SELECT * { ?s ?p ?o } #')
def test_no_value_can_change_the_query_around_it(free: str, hostile: str) -> None:
    """Whatever a string holds, the bound text has the same tokens but for that one."""
    text = """#+ summary: s\n#+ params: {t: "xsd:string"}\n#+ columns: [t]
SELECT ?t { VALUES (?t) { ("x") }
  VALUES (?t) { ("x") }  #= params
} ORDER BY ?t"""
    lines = ((text.index("  VALUES") + 2, text.index("  #= params"), ("t",)),)
    parameter = Parameter("t", "xsd:string", (), (), "", ox.Literal("x"))
    query = SavedQuery("q", "q", "", "", {"t": parameter}, text, lines, ("t",))
    value = ox.Literal(free + hostile)

    bound = query.bind({"t": value})

    kinds = [token.kind for token in sparql.tokens(text)]
    assert [token.kind for token in sparql.tokens(bound)] == kinds
    rows = list(ox.Store().query(bound))  # type: ignore[arg-type]
    assert len(rows) == (value.value == "x")


@pytest.mark.parametrize(
    ("terms", "message"),
    [
        ({"actor": CANADA}, "parameter 'asOf': is missing; for example 2020-12-31"),
        (
            {"actor": CANADA, "asOf": ox.Literal("2020-12-31")},
            "parameter 'asOf': is not of type xsd:date",
        ),
        (
            {"actor": ox.Literal("CAN"), "asOf": ox.Literal("2020-12-31", datatype=XSD.date)},
            "parameter 'actor': is not of type iri",
        ),
        (
            {"actor": CANADA, "asof": CANADA},
            "parameter 'asof': is no parameter of this query; did you mean asOf?",
        ),
        (
            {"x": CANADA},
            "parameter 'x': is no parameter of this query; it has actor, asOf",
        ),
    ],
)
def test_binding_refuses_terms_that_do_not_fit(
    tmp_path: Path, terms: dict[str, sparql.Term], message: str
) -> None:
    """Each declared parameter needs one term of its type, and no other is taken."""
    query = good(tmp_path)

    with pytest.raises(BadParameter) as caught:
        query.bind(terms)

    assert str(caught.value) == message


def rule(folder: Path, header: str, query: str) -> list[str]:
    (folder / "data").mkdir()
    (folder / "dataset.ttl").write_bytes((Path(__file__).parents[2] / "dataset.ttl").read_bytes())
    path = folder / "ontology" / "rules" / "r.rq"
    path.parent.mkdir(parents=True)
    path.write_text(f"{header}\n{query}\n", "utf-8")
    _, problems = read_rules(GraphFolder.at(folder))
    return [problem.message for problem in problems]


def test_a_rule_says_what_it_reads(tmp_path: Path) -> None:
    """Without inputs nobody could tell on what a derived graph rests."""
    told = rule(tmp_path, "#+ summary: s", "CONSTRUCT { ?s ?p ?o } WHERE { ?s ?p ?o }")

    assert told == ["the header has no inputs: add a line '#+ inputs: …'"]


def test_a_rule_constructs(tmp_path: Path) -> None:
    """A SELECT makes no triples."""
    told = rule(tmp_path, "#+ summary: s\n#+ inputs: [data]", "SELECT ?s { ?s ?p ?o }")

    assert told == ["a rule is a CONSTRUCT"]


SCOPES = [
    ("?s ?p ?t", True),
    ("FILTER (?t = 1)", True),
    ("OPTIONAL { ?s ?p ?o FILTER (?o = ?t) }", True),
    ("OPTIONAL { ?s ?p ?o BIND (?t AS ?u) }", False),
    ("{ ?s ?p ?t } UNION { ?s ?p ?o }", True),
    ("{ ?s ?p ?o FILTER (?o = ?t) } UNION { ?s ?p ?o }", False),
    ("{ ?s ?p ?t FILTER (?t = 1) } UNION { ?s ?p ?o }", True),
    ("GRAPH ?g { ?s ?p ?o BIND (STR(?t) AS ?u) }", False),
    ("MINUS { ?s ?p ?t }", False),
    ("MINUS { VALUES (?t) { (1) } ?s ?p ?o FILTER (?o = ?t) }", True),
    ("FILTER EXISTS { ?s ?p ?t }", True),
    ("FILTER NOT EXISTS { ?s ?p ?o FILTER (?o = ?t) }", True),
    ("{ SELECT ?s { ?s ?p ?t } }", False),
    ("{ SELECT ?s (MAX(?t) AS ?m) { ?s ?p ?o } GROUP BY ?s }", False),
    ("{ SELECT ?s { VALUES (?t) { (1) } ?s ?p ?t } }", True),
    ("{ { SELECT ?s ?t { VALUES (?t) { (1) } ?s ?p ?o } } BIND (?t AS ?u) }", True),
    ("{ { SELECT ?s { VALUES (?t) { (1) } ?s ?p ?o } } BIND (?t AS ?u) }", False),
]  # fmt: skip


@pytest.mark.parametrize(("pattern", "bound"), SCOPES)
def test_a_parameter_must_be_bound_in_each_scope_that_uses_it(
    tmp_path: Path, pattern: str, bound: bool
) -> None:
    """Exactly the scopes in which SPARQL would see no value are told."""
    pattern = pattern.replace("VALUES (?t) { (1) }", "\n VALUES (?t) { (1) }  #= params\n")
    text = f"""#+ summary: s
#+ params: {{t: "xsd:integer"}}
#+ columns: [s]
SELECT ?s WHERE {{
  VALUES (?t) {{ (1) }}  #= params
  {pattern}
}} ORDER BY ?s
"""

    _, problems = read(tmp_path, text)

    told = [message for _, message in problems]
    assert told == [] if bound else all("?t is not bound in this scope" in each for each in told)
    assert bool(problems) is not bound


def test_the_scopes_that_are_told_are_those_that_lose_rows() -> None:
    """The engine itself sees no value where we say so: each unbound use changes the answer."""
    store = ox.Store()
    node, same = ox.NamedNode("x:s"), ox.Literal(1)
    store.add(ox.Quad(node, ox.NamedNode("x:p"), same))
    outer = "SELECT ?s { VALUES ?t { 1 } %s }"

    for pattern in (
        "{ ?s ?p ?o FILTER (?o = ?t) }",
        "{ ?s ?p ?o BIND (?t AS ?u) FILTER (BOUND(?u)) }",
    ):
        repeated = pattern.replace("{ ?s", "{ VALUES ?t { 1 } ?s")
        assert list(store.query(outer % pattern)) == []  # type: ignore[arg-type]
        assert len(list(store.query(outer % repeated))) == 1  # type: ignore[arg-type]


def with_page(said: str) -> str:
    return GOOD.replace("#+ columns:", f"#+ page: {said}\n#+ columns:")


def test_a_header_tells_on_which_pages_a_query_is_a_section(tmp_path: Path) -> None:
    said = "{of: [sg:State], by: actor, heading: Acts, order: 5, rows: 3, with: {asOf: today}}"
    menu = "{at: menu, heading: Acts}"

    first, second = good(tmp_path, with_page(f"[{said}, {menu}]")).sections

    assert first.classes == ("https://w3id.org/stancegraph/ontology#State",)
    assert (first.by, first.heading, first.order, first.rows) == ("actor", "Acts", 5, 3)
    assert first.values == {"asOf": ("today",)}
    assert (second.at, second.classes) == ("menu", ())


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("acts", "page: write a place as {of: class, by: parameter, heading: words}"),
        ("{at: menu}", "page: heading must be text: heading: Treaties"),
        ("{at: footer, heading: A}", "page: at must be one of home, menu"),
        ("{heading: A}", "page: give either the class that it is of, or at: home or menu"),
        ("{at: menu, headng: A, heading: A}", "page: unknown key 'headng': write heading"),
        (
            "{of: sg:State, by: asOf, heading: A}",
            "page: 'asOf' is no parameter of type iri; there is actor",
        ),
        (
            "{of: sg:State, by: actor, heading: A}",
            "page: the query needs asOf too: give it a default, or with: {asOf: …}",
        ),
        (
            "{of: State, by: actor, heading: A, with: {asOf: today}}",
            "page: 'State' is no IRI: write it whole, or with a PREFIX of this file",
        ),
        (
            "{of: sg:State, by: actor, heading: A, with: {asOf: today}, columns: [days]}",
            "page: 'days' is no column; did you mean day?",
        ),
        ("{at: menu, heading: A, rows: 2000}", "page: rows must be a whole number up to 1000"),
    ],
)
def test_what_is_wrong_with_a_section_is_told_with_its_line(
    tmp_path: Path, said: str, told: str
) -> None:
    _, problems = read(tmp_path, with_page(said))

    assert (6, told) in problems


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("{query: acts/of-a-state, actor: act}", None),
        ("{query: acts/of-a-state, actor: deed}",
         "behind: 'deed' is neither a column nor a parameter of this query"),
        ("{query: acts/of-a-stat, actor: act}",
         "behind: there is no query 'acts/of-a-stat'; did you mean acts/of-a-state?"),
        ("{query: acts/of-a-state}",
         "behind: acts/of-a-state needs actor: add it, as {query: acts/of-a-state, actor: …}"),
    ],
)  # fmt: skip
def test_a_header_names_the_list_behind_a_row(tmp_path: Path, said: str, told: str | None) -> None:
    text = GOOD.replace("#+ columns:", f"#+ behind: {said}\n#+ columns:")
    text = text.replace('asOf: "xsd:date"', 'asOf: {type: "xsd:date", default: today}')

    queries, problems = read(tmp_path, text)

    assert problems == ([(6, told)] if told else [])
    assert queries[0].behind is not None


ELSEWHERE = """\
#+ summary: What another graph says
#+ services: ["https://a.example/sparql"]
#+ columns: [act]

PREFIX a: <https://a.example/>

SELECT ?act WHERE { ?act a:b ?c . SERVICE SILENT a:sparql { ?act a:d ?e } } ORDER BY ?act
"""


def test_a_query_names_whom_else_it_asks(tmp_path: Path) -> None:
    """Nobody is asked while it is read."""
    assert good(tmp_path, ELSEWHERE).services == ("https://a.example/sparql",)
    assert good(tmp_path).services == ()


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ('#+ services: ["https://a.example/sparql"]\n', "",
         [(6, "SERVICE asks another server: name its IRI in services, or leave it out")]),
        ("SILENT a:sparql", "?where",
         [(2, "services: the query never asks https://a.example/sparql"),
          (7, "SERVICE asks another server: name its IRI in services, or leave it out")]),
        ("SERVICE SILENT a:sparql ", "",
         [(2, "services: the query never asks https://a.example/sparql")]),
    ],
)  # fmt: skip
def test_a_header_names_exactly_those_that_are_asked(
    tmp_path: Path, before: str, after: str, told: list[tuple[int, str]]
) -> None:
    assert read(tmp_path, ELSEWHERE.replace(before, after)) == ([], told)


def test_a_rule_asks_nobody_else(tmp_path: Path) -> None:
    told = rule(
        tmp_path,
        "#+ summary: s\n#+ inputs: [data]",
        "CONSTRUCT { ?s ?p ?o } WHERE { SERVICE <https://a.example/> { ?s ?p ?o } }",
    )

    assert told == ["SERVICE is refused: a rule asks this graph alone"]
