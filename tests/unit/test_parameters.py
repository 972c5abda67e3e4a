"""Declarations of parameters at length, and what a caller may set them to."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyoxigraph as ox
import pytest

from stancegraph.catalog import Allowed, default_terms, read_terms, typed_example
from stancegraph.errors import BadParameter
from stancegraph.names import Names, Sorts
from stancegraph.queryfile import View, read_queries
from stancegraph.terms import XSD

if TYPE_CHECKING:
    from pathlib import Path

    from stancegraph.queryfile import SavedQuery

BASE = "https://example.org/g/"
WORDS = f"{BASE}ontology#"
NAMES = Names(
    BASE,
    {
        "code/kind/act": ("act",),
        "code/kind/vote-cast": ("vote cast",),
        "code/rank/preferred": ("preferred",),
        "state/CAN": ("Canada",),
        "treaty/a": ("First Treaty",),
        "treaty/b": ("Protocol",),
    },
    {},
    Sorts(
        {
            f"{WORDS}Treaty": ["treaty/a", "treaty/b"],
            f"{WORDS}Protocol": ["treaty/b"],
            f"{WORDS}State": ["state/CAN"],
        },
        {f"{BASE}id/code/kind": ["code/kind/act", "code/kind/vote-cast"]},
        {"vote": [f"{WORDS}Claim", f"{WORDS}Vote"]},
    ),
    "2026-11-22",
)


def read(folder: Path, params: str, row: str, names: str = "?p") -> tuple[SavedQuery | None, str]:
    """A query with these parameters, or the first thing that is wrong with it."""
    path = folder / "queries" / "t" / "q.rq"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(
        f"""#+ summary: s
#+ params:
#+   {params}
#+ columns: [s]

PREFIX g: <{WORDS}>
PREFIX code: <{BASE}id/code/>
PREFIX xsd: <http://www.w3.org/2001/XMLSchema#>

SELECT ?s WHERE {{
  VALUES ({names}) {{ {row} }}  #= params
  ?s ?x ?p .
}} ORDER BY ?s
""",
        "utf-8",
    )
    queries, problems = read_queries(folder)
    told = f"{problems[0].line}: {problems[0].message}" if problems else ""
    return (queries[0] if queries else None), told


def good(folder: Path, params: str, row: str) -> SavedQuery:
    query, told = read(folder, params, row)
    assert query is not None, told
    return query


CAN = f"(<{BASE}id/state/CAN>)"


@pytest.mark.parametrize(
    ("params", "row", "told"),
    [
        ("p: {type: iri, kinds: [state], class: g:State}", CAN,
         "3: parameter p: kinds and class say the same in two ways: keep one"),
        ("p: {type: iri, class: h:State}", CAN,
         "3: parameter p: 'h:State' is no IRI: write it whole, or with a PREFIX of this file"),
        ("p: {type: iri, class: 3}", CAN,
         "3: parameter p: class must be a name such as foaf:Person, or a list of them"),
        ("p: {type: 'xsd:string', scheme: 'code:kind'}", '("x")',
         "3: parameter p: only an iri has scheme"),
        ("p: {type: iri, choices: [a]}", CAN,
         "3: parameter p: only a string or an integer has choices; give an iri a scheme"),
        ("p: {type: 'xsd:string', choices: [a]}", '("x")',
         "3: parameter p: the example 'x' is none of the choices"),
        ("p: {type: iri, optional: true, default: CAN}", CAN,
         "3: parameter p: what has a default may be left out anyway: remove optional"),
        ("p: {type: iri, list: many}", CAN, "3: parameter p: list must be true or false"),
        ("p: {type: 'xsd:integer'}", "(1) (2)",
         "3: parameter p: the example has several values: keep one, or say list: true"),
        ("p: {type: 'xsd:integer', default: [1, 2]}", "(1)",
         "3: parameter p: the default has several values: keep one, or say list: true"),
        ("p: {type: 'xsd:integer', defaults: 1}", "(1)",
         "3: parameter p: unknown key 'defaults': write default"),
    ],
)  # fmt: skip
def test_a_declaration_that_makes_no_sense_is_told_at_its_line(
    tmp_path: Path, params: str, row: str, told: str
) -> None:
    """Each wrong key or value of a parameter is told where the parameter is declared."""
    assert read(tmp_path, params, row) == (None, told)


def test_a_list_binds_each_of_its_values(tmp_path: Path) -> None:
    """The params line has a row for each value, each once, in the order given."""
    query = good(tmp_path, "p: {type: 'xsd:integer', list: true}", "(1) (2)")

    terms = read_terms(query, {"p": ["7", "3", "+7", ""]}, NAMES)

    numbers = tuple(ox.Literal(n, datatype=XSD.integer) for n in ("7", "3"))
    assert terms == {"p": numbers}
    integer = "^^<http://www.w3.org/2001/XMLSchema#integer>"
    assert f'VALUES (?p) {{ ("7"{integer}) ("3"{integer}) }}' in query.bind(terms)


def test_lists_beside_each_other_are_combined(tmp_path: Path) -> None:
    """Each value of one comes with each of the other, in the file as when bound."""
    integers = '{type: "xsd:integer", list: true}'
    rows = "(1 3) (1 4) (2 3) (2 4)"

    query, _ = read(tmp_path, f"p: {integers}\n#+   r: {integers}", rows, "?p ?r")
    lost, told = read(tmp_path, f"p: {integers}\n#+   r: {integers}", rows[:-6], "?p ?r")

    assert query is not None
    assert query.bind({n: made.examples for n, made in query.params.items()}).count('"1"') == 2
    assert lost is None
    assert told.endswith("one VALUES block of one row; of lists, one of each combination")


def test_too_many_combinations_are_refused(tmp_path: Path) -> None:
    """Two long lists in one line would make a query that nobody can answer."""
    integers = '{type: "xsd:integer", list: true}'
    query, _ = read(tmp_path, f"p: {integers}\n#+   r: {integers}", "(1 1)", "?p ?r")
    assert query is not None
    many = tuple(ox.Literal(n) for n in range(40))

    with pytest.raises(BadParameter, match="p and r have 1600 combinations, more than 1000"):
        query.bind({"p": many, "r": many})
    with pytest.raises(BadParameter, match="takes up to 100 values, not 101"):
        read_terms(query, {"p": [str(n) for n in range(101)], "r": "1"}, NAMES)


def test_an_optional_parameter_that_is_left_out_is_unbound(tmp_path: Path) -> None:
    """UNDEF joins with anything, so a pattern alone needs no second query."""
    query = good(tmp_path, "p: {type: iri, optional: true}", CAN)
    state, act = ox.NamedNode("x:s"), ox.NamedNode("x:p")
    store = ox.Store()
    store.add(ox.Quad(state, act, ox.NamedNode("x:o")))

    assert read_terms(query, {"p": ""}, NAMES) == {}
    assert "{ (UNDEF) }" in query.bind({})
    assert len(list(store.query(query.bind({})))) == 1  # type: ignore[arg-type]
    assert list(store.query(query.text)) == []  # type: ignore[arg-type]


def test_a_default_is_read_as_a_caller_would_write_it(tmp_path: Path) -> None:
    """Names are found, and ``today`` is the day of the release."""
    state = good(tmp_path, "p: {type: iri, kinds: [state], default: Canada}", CAN)
    day = good(tmp_path, "p: {type: 'xsd:date', default: today}", '("2020-01-01"^^xsd:date)')
    wrong = good(tmp_path, "p: {type: iri, kinds: [state], default: Atlantis}", CAN)

    assert read_terms(state, {}, NAMES) == {"p": ox.NamedNode(f"{BASE}id/state/CAN")}
    assert read_terms(day, {}, NAMES) == {"p": ox.Literal("2026-11-22", datatype=XSD.date)}
    with pytest.raises(BadParameter, match="no state is called 'Atlantis'"):
        default_terms(wrong.params["p"], NAMES)


@pytest.mark.parametrize("text", ["act", "Act", "code/kind/act", f"{BASE}id/code/kind/act"])
def test_a_code_is_given_by_notation_name_or_iri(tmp_path: Path, text: str) -> None:
    """Codes of the list are found; those of other lists are not."""
    query = good(tmp_path, "p: {type: iri, scheme: 'code:kind'}", f"(<{BASE}id/code/kind/act>)")

    assert read_terms(query, {"p": text}, NAMES) == {"p": ox.NamedNode(f"{BASE}id/code/kind/act")}
    assert typed_example(query.params["p"], NAMES) == "p=act"
    with pytest.raises(BadParameter) as caught:
        read_terms(query, {"p": "preferred"}, NAMES)
    assert str(caught.value).endswith("'preferred'; write one of act, vote-cast")


def test_a_thing_must_be_of_the_class(tmp_path: Path) -> None:
    """A key, a name and an IRI of another class are refused, and what would be right is told."""
    query = good(tmp_path, "p: {type: iri, class: g:Protocol}", f"(<{BASE}id/treaty/b>)")

    assert read_terms(query, {"p": "protocol"}, NAMES) == {"p": ox.NamedNode(f"{BASE}id/treaty/b")}
    for text in ("a", "First Treaty", f"{BASE}id/treaty/a", f"{BASE}id/state/CAN"):
        with pytest.raises(BadParameter, match=f"<{WORDS}Protocol>.*as p=b"):
            read_terms(query, {"p": text}, NAMES)


def test_a_claim_is_taken_by_its_class_too(tmp_path: Path) -> None:
    """Claims have no names: those of a kind that has the class are taken by their keys."""
    query = good(tmp_path, "p: {type: iri, class: g:Claim}", f"(<{BASE}id/vote/x>)")

    assert read_terms(query, {"p": "vote/un/CAN"}, NAMES) == {
        "p": ox.NamedNode(f"{BASE}id/vote/un/CAN")
    }
    assert Allowed.by(query.params["p"], NAMES).classes(NAMES) == [f"{WORDS}Claim"]
    with pytest.raises(BadParameter, match="which is no"):
        read_terms(query, {"p": f"{BASE}id/state/CAN"}, NAMES)


@pytest.mark.parametrize(
    ("kind", "example", "text", "value"),
    [
        ("xsd:decimal", "0.5", "+1.50", "1.5"),
        ("xsd:decimal", "0.5", "100", "100"),
        ("xsd:boolean", "true", "False", "false"),
    ],
)
def test_numbers_and_truth_values_are_taken_in_canonical_form(
    tmp_path: Path, kind: str, example: str, text: str, value: str
) -> None:
    """The same value gives the same query, however it is written."""
    query = good(tmp_path, f"p: {{type: '{kind}'}}", f"({example})")

    datatype = XSD[kind.removeprefix("xsd:")]
    assert read_terms(query, {"p": text}, NAMES) == {"p": ox.Literal(value, datatype=datatype)}
    with pytest.raises(BadParameter, match="'1,5' is n"):
        read_terms(query, {"p": "1,5"}, NAMES)


def test_all_that_is_wrong_is_told_at_once(tmp_path: Path) -> None:
    """Whoever fills in a form sees every wrong field, by its name."""
    query = good(tmp_path, "p: {type: 'xsd:integer'}", "(1)")

    with pytest.raises(BadParameter) as caught:
        read_terms(query, {"p": ["1", "2"], "name": "x", "self": "y"}, NAMES)

    assert caught.value.problems == {
        "name": "is no parameter of this query; it has p",
        "self": "is no parameter of this query; it has p",
        "p": "takes one value, not 2",
    }


def header(folder: Path, line: str) -> tuple[list[SavedQuery], list[str]]:
    path = folder / "queries" / "t" / "q.rq"
    path.parent.mkdir(parents=True, exist_ok=True)
    text = f"#+ summary: s\n#+ columns: [who, votes]\n#+ {line}\n"
    path.write_text(f"{text}SELECT ?who ?votes {{ ?who ?x ?votes }} ORDER BY ?who ?votes\n")
    queries, problems = read_queries(folder)
    return queries, [f"{problem.line}: {problem.message}" for problem in problems]


def test_a_header_says_view_keywords_and_bound(tmp_path: Path) -> None:
    """Unless it does, the view is a table and the bound ten seconds."""
    (plain,), _ = header(tmp_path, "keywords: [voting, UN]")
    (bars,), _ = header(tmp_path, "view: {type: bars, label: who, value: votes}")
    (quick,), _ = header(tmp_path, "bound: 0.5")

    assert (plain.keywords, plain.view, plain.bound) == (("voting", "UN"), View(), 10)
    assert bars.view == View("bars", {"label": "who", "value": "votes"})
    assert quick.bound == 0.5


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("view: pie", "3: view must be one of table, map, bars, timeline, matrix, network"),
        ("view: bars",
         "3: the view needs label and value: {type: bars, label: column, value: column}"),
        ("view: {type: bars, label: who, value: vote}",
         "3: the view shows 'vote', which is no column; did you mean votes?"),
        ("view: {type: table, rows: who}", "3: the view table has no part 'rows'"),
        ("bound: soon", "3: bound must be a number of seconds, up to 3600"),
        ("bound: 0", "3: bound must be a number of seconds, up to 3600"),
        ("keywords: voting", "3: keywords must be a list of words: [one, two]"),
    ],
)  # fmt: skip
def test_a_wrong_header_key_is_told_at_its_line(tmp_path: Path, line: str, told: str) -> None:
    """What a page could not show, and what is no bound, is told when the file is read."""
    queries, problems = header(tmp_path, line)

    assert queries == []
    assert problems == [told]


def test_a_path_that_makes_no_address_is_told(tmp_path: Path) -> None:
    """The path of a file is the address of its query, so it is written like one."""
    path = tmp_path / "queries" / "By Day.rq"
    path.parent.mkdir()
    path.write_text("#+ summary: s\n#+ columns: [s]\nSELECT ?s { ?s ?p ?o } ORDER BY ?s\n")

    _, problems = read_queries(tmp_path)

    assert [problem.line for problem in problems] == [1]
    assert "small letters, digits and '-'" in problems[0].message
