"""Hints: what would mend a query that cannot be answered."""

from __future__ import annotations

import pyoxigraph as ox
import pytest

from stancegraph.errors import QueryError
from stancegraph.functions import EXTENSIONS, FUNCTIONS
from stancegraph.mistakes import syntax_error, unknown_function
from stancegraph.sparql import excerpt, query_form
from stancegraph.terms import NAMESPACES

KNOWN = {namespace.prefix: namespace.iri for namespace in NAMESPACES}
PROLOGUE = (
    "".join(f"PREFIX {prefix}: <{KNOWN[prefix]}> " for prefix in ("rdfs", "sg", "xsd")) + "\n"
)


def told_of(query: str) -> QueryError:
    """What is told of *query*, which has a mistake."""
    try:
        query_form(query)
        ox.Store().query(query)
    except SyntaxError as error:
        return syntax_error(query, error, base=None, known=KNOWN)
    except RuntimeError as error:
        function = str(error).partition("<")[2].partition(">")[0]
        return unknown_function(query, function, base=None, known=KNOWN)
    except QueryError as error:
        return error
    raise AssertionError(f"no mistake in {query}")


@pytest.mark.parametrize(
    ("query", "hint"),
    [
        ("SELECT * { ?s ?p ?o", "the { in line 1, column 10 is not closed: add } at the end"),
        ("SELECT * { { ?s ?p ?o # }", "2 brackets are not closed: add } } at the end"),
        (
            "SELECT * { ?s ?p ?o FILTER (?o > 3 }",
            "the ( in line 1, column 28 is not closed: write ) before }",
        ),
        (
            "SELECT * { ?s ?p ?o ORDER BY ?s",
            "the { in line 1, column 10 is not closed: write } before ORDER",
        ),
        ("SELECT * { ?s ?p ?o } }", "take out this }"),
        ("SELECT * WHERE ?s ?p ?o }", "write { before the pattern"),
        ("SELECT * { ?s a sg:State ?t a ?c }", "a . is missing after sg:State"),
        ("SELECT * { ?s a sg:State rdfs:label ?l }", "a ; is missing after sg:State"),
        ("SELECT * { ?s ?p ?o FILTER (CONTAINS(?o 'x')) }", "a , is missing after ?o"),
        ("SELECT ?s, ?p { ?s ?p ?o }", "take out this ,"),
        ("SELECT ?s { ?s ?p ?o } LIMIT 3;", "take out this ;"),
        ("SELECT * { OPTONAL { ?s ?p ?o } }", "did you mean OPTIONAL instead of OPTONAL?"),
        ("SELECT ?s { ?s ?p ?o } GRUOP BY ?s", "did you mean GROUP instead of GRUOP?"),
        ("SELECT ?s { ?s ?p ?o } ORDER ?s", "write BY after ORDER"),
        ("SELECT ?s { ?s ?p ?o } ORDER BT ?s", "did you mean BY instead of BT?"),
        ("SELECT ?s { ?s ?p ?o } ORDER BY ?s DESC", "write DESC(?s)"),
        ("SELECT ?s { ?s ?p ?o } LIMIT 3 ORDER BY ?s", "write ORDER BY before LIMIT"),
        ("SELECT * { ?s a sg=State }", "a prefix ends with a colon: write sg:State"),
        ("SELECT * { ?s ?p ?o FILTER (?o == 3) }", "write one = to compare, not two"),
        ("SELECT * { ?s ?p ?o FILTER (?o <> 3) }", "write != instead of <>"),
        ("SELECT * { ?s ?p ?o FILTER (?o > 3 AND ?o < 5) }", "write && instead of AND"),
        ("SELECT * { ?s ?p ?o FILTER (?o > 3 & ?o < 5) }", "write && instead of &"),
        ("SELECT * { ?s ?p ?o FILTER ?o > 3 }", "brackets are missing: FILTER (?o > 3)"),
        (
            "SELECT COUNT(?s) { ?s ?p ?o }",
            "a computed column needs brackets and a name: (COUNT(?s) AS ?count)",
        ),
        (
            "SELECT COUNT(?s) AS ?n { ?s ?p ?o }",
            "a computed column needs brackets and a name: (COUNT(?s) AS ?n)",
        ),
        (
            "SELECT (COUNT(?s)) { ?s ?p ?o }",
            "a computed column needs a name: write AS ?value before this )",
        ),
        ("SELECT ?s AS ?n { ?s ?p ?o }", "write (?s AS ?n)"),
        ("SELECT * { ?s ?p ?o } GROUP BY ?s", "write SELECT ?s (COUNT(*) AS ?count), not *"),
        ("SELECT ?s (COUNT(?o) AS ?n) { ?s ?p ?o }", "add GROUP BY ?s after the pattern"),
        (
            "SELECT ?s ?o { ?s ?p ?o } GROUP BY ?s",
            "add ?o to GROUP BY, or choose one of the group's: (SAMPLE(?o) AS ?any)",
        ),
        ("SELECT ?s", "say what to look for, such as WHERE { ?subject ?property ?value }"),
        ("SELECT * { ?s ?p ?o FILTER (BOND(?o)) }", "did you mean BOUND instead of BOND?"),
        (
            "SELECT * { ?s ?p ?o FILTER (LENGTH(?o) > 3) }",
            "did you mean STRLEN instead of LENGTH?",
        ),
        (
            "SELECT * { ?s ?p ?o FILTER (xsd:int(?o) > 3) }",
            "did you mean xsd:integer instead of xsd:int?",
        ),
        (
            "SELECT * { FILTER (<http://www.w3.org/2005/xpath-functions#lower-case>(?o)) }",
            "did you mean LCASE instead of <http://www.w3.org/2005/xpath-functions#lower-case>?",
        ),
    ],
)
def test_a_known_mistake_has_a_hint(query: str, hint: str) -> None:
    """It is the edit with which the query reads."""
    assert told_of(PROLOGUE + query).hint == hint.replace("line 1", "line 2")


@pytest.mark.parametrize(
    ("query", "hint"),
    [
        ("SELECT * { ?s dct:title ?t }", "add PREFIX dct: <http://purl.org/dc/terms/>"),
        (
            "SELECT * { ?s skos:notation ?n ; dcterms:title ?t ; ours:name ?o }",
            f"add\nPREFIX skos: <{KNOWN['skos']}>\nPREFIX dcterms: <{KNOWN['dcterms']}>",
        ),
        ("SELECT * { ?s skoss:notation ?n }", "did you mean skos: instead of skoss:?"),
    ],
)
def test_an_undeclared_prefix_comes_with_its_line(query: str, hint: str) -> None:
    """Those that are known, also by another name; else one that is nearly the same."""
    assert told_of(query).hint == hint


@pytest.mark.parametrize(
    ("query", "line", "column", "hint"),
    [
        ("SELCT * { ?s ?p ?o }", 1, 1, "did you mean SELECT?"),
        ("PREFX a: <b:c>\nASK {}", 1, 1, "did you mean PREFIX?"),
        ("PREFIX a <b:c> ASK {}", 1, 8, "write PREFIX a: <b:c>"),
        ("PREFIX a= <b:c> ASK {}", 1, 8, "write PREFIX a: <b:c>"),
        ("PREFIX a: http://b/c# ASK {}", 1, 11, "write PREFIX a: <http://b/c#>"),
        ("a: <b:c>\nASK {}", 1, 1, "write PREFIX a: <b:c>"),
        (
            "@prefix a: <b:c> .\nASK {}",
            1,
            1,
            "write PREFIX, without @, and no dot at the end of the line",
        ),
        (
            "PREFIX a: <b:c> .\nASK {}",
            1,
            17,
            "take out this .: a PREFIX line has none at its end",
        ),
        ("PREFIX a:", 1, 10, ""),
        ("", 1, 1, ""),
        ("hello", 1, 1, ""),
    ],
)
def test_a_mistake_before_the_verb_is_told_of_its_place(
    query: str, line: int, column: int, hint: str
) -> None:
    """PREFIX lines, and a verb that is none."""
    told = told_of(query)

    assert (told.line, told.column, told.hint) == (line, column, hint)


@pytest.mark.parametrize(
    "query",
    [
        "SELECT * { ?s ?p }",
        "SELECT * { ?s ?p ?o ?q }",
        "SELECT * { ?s ?p 'open }",
        "SELECT * { ?s ours:name ?o }",
        "SELECT * { OPTONAL { ?s ?p ?o } FILTR(?o) }",
        "SELECT * { FILTER (<urn:quite-another>(1)) }",
        r"SELECT * { ?s ?p '\u0041' OPTONAL { ?s ?p ?o } }",
        "SELECT * { " + "?s ?p ?o . " * 10_000 + "OPTONAL { ?s ?p ?o } }",
    ],
    ids=range(8),
)
def test_where_no_edit_helps_there_is_no_hint(query: str) -> None:
    """Two mistakes, none that is known, or a text that is not edited."""
    assert told_of(query).hint == ""


def test_grouping_is_told_of_the_variable_to_blame() -> None:
    """The parser stops at the end of the query; what is wrong stands in its first line."""
    told = told_of("SELECT ?s\n  (COUNT(*) AS ?n) ?o\n{ ?s ?p ?o }\nGROUP BY ?s")

    assert (told.line, told.column) == (2, 20)
    assert told.message == "?o is not in GROUP BY, and in no aggregate"


@pytest.mark.parametrize(
    ("query", "line", "column", "expected"),
    [
        ("a\r\nbc\td\re", 2, 3, ("bc d", 2)),
        ("ab", 1, 3, ("ab", 2)),
        ("", 1, 1, ("", 0)),
        ("x" * 500, 1, 250, ("…" + "x" * 100 + "…", 51)),
    ],
)
def test_an_excerpt_is_the_line_around_a_place(
    query: str, line: int, column: int, expected: tuple[str, int]
) -> None:
    """One line, its tabs as wide as any character, and not too long for a window."""
    assert excerpt(query, line, column) == expected


@pytest.mark.parametrize("function", FUNCTIONS)
def test_the_engine_has_each_function_that_is_named(function: str) -> None:
    """It accepts a call; one that it does not have is an error before evaluation."""
    ox.Store().query(f"ASK {{ FILTER (BOUND(?x) && <{function}>(?x)) }}")


@pytest.mark.parametrize("name", ["buffer", "boundary", "isMeasured", "maxX", "aggUnion"])
def test_the_engine_lacks_what_is_not_named(name: str) -> None:
    """GeoSPARQL has more functions than the engine."""
    function = f"http://www.opengis.net/def/function/geosparql/{name}"

    assert function not in EXTENSIONS
    with pytest.raises(RuntimeError, match="not supported"):
        ox.Store().query(f"ASK {{ FILTER (<{function}>(?x)) }}")
