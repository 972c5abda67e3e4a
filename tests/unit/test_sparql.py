"""The tokens of SPARQL text, and what a query asks for."""

from __future__ import annotations

import pyoxigraph as ox
import pytest
import rdflib
from hypothesis import example, given
from hypothesis import strategies as st

from stancegraph import sparql
from stancegraph.errors import QuerySyntaxError
from stancegraph.sparql import Kind

LEXEMES = {
    Kind.IRI: ["<http://example.org/a#b>", "<x:a>", "<>", "<#frag'ment>"],
    Kind.NAME: ["sg:actor", ":", ":a", "a-b.c:d.e%41\\,f", "é:ü", "rdf:", "x:1:2"],
    Kind.BLANK: ["_:b1", "_:é.x"],
    Kind.VARIABLE: ["?a", "$b", "?é1", "?0"],
    Kind.STRING: [
        '"a \\" # SERVICE"', "'it'", '""', "''", '"""a "b" \n ""c"""', "'''''a\n'''", "'\\\\'",
    ],
    Kind.LANGUAGE: ["@en", "@pt-BR"],
    Kind.NUMBER: ["1", "1.5", ".5", "1.0E-3", "007"],
    Kind.WORD: ["SELECT", "a", "true", "MD5", "encode_for_uri"],
    Kind.MARK: ["{", "}", "(", ")", "[", "]", "^^", "&&", "||", "!=", "<=", ">=", "!", "*", ";"],
    Kind.COMMENT: ["# SERVICE <x:a> { 'it\n", "#\n", "#+ summary: <\r\n"],
}  # fmt: skip
LEXEME = st.sampled_from([(kind, text) for kind, texts in LEXEMES.items() for text in texts])


@given(st.lists(LEXEME), st.sampled_from([" ", "\n", "\t", " \r\n ", "  "]))
def test_tokens_give_back_what_a_text_was_made_of(
    lexemes: list[tuple[Kind, str]], gap: str
) -> None:
    """Whatever stands in a text, in whatever order, each token keeps its kind and wording."""
    query = gap.join(text for _, text in lexemes)

    found = sparql.tokens(query, comments=True)

    expected = [(kind, text.rstrip("\r\n")) for kind, text in lexemes]
    assert [(token.kind, token.text) for token in found] == [
        (kind, text if kind is not Kind.COMMENT else text.rstrip("\r\n")) for kind, text in expected
    ]


@given(st.lists(LEXEME, min_size=1))
def test_line_and_column_name_the_place_where_the_token_stands(
    lexemes: list[tuple[Kind, str]],
) -> None:
    """An editor that jumps to a token's line and column lands on its first character."""
    query = " \n".join(text for _, text in lexemes).replace("\r\n", "\n")

    found = sparql.tokens(query)

    lines = query.split("\n")
    for token in found:
        first = token.text.split("\n")[0]
        assert lines[token.line - 1][token.column - 1 :].startswith(first)
        assert query[token.start :].startswith(token.text)


def test_codepoint_escapes_are_resolved_before_tokens_are_found() -> None:
    """An escape may spell any part of a query; places are those of the text as written."""
    query = "ASK {\n ?caf\\u00e9 a \\U00000073g:State }"

    found = sparql.tokens(query)

    assert [(token.text, token.line, token.column) for token in found[2:5]] == [
        ("?café", 2, 2),
        ("a", 2, 13),
        ("sg:State", 2, 15),
    ]


@pytest.mark.parametrize(
    ("query", "line", "column"),
    [
        ('ASK {\n ?s ?p "open }', 2, 8),
        ("ASK { ?s ?p '''open '' }", 1, 13),
        ("ASK { ?s § ?o }", 1, 10),
        ("ASK\r\n{ \\ }", 2, 3),
    ],
)
def test_a_text_that_breaks_off_names_the_place(query: str, line: int, column: int) -> None:
    """An open string or a stray character is told with its line and column."""
    with pytest.raises(QuerySyntaxError) as caught:
        sparql.tokens(query)

    assert (caught.value.line, caught.value.column) == (line, column)


@pytest.mark.parametrize(
    ("query", "form"),
    [
        ("SELECT * {}", "SELECT"),
        ("# ASK\nPREFIX select: <x:ask>\nBASE <x:y>\nask {}", "ASK"),
        ("VERSION '1.2' construct WHERE {}", "CONSTRUCT"),
        ("DESCRIBE<x:a>", "DESCRIBE"),
    ],
)
def test_query_form_is_the_first_verb_after_the_prologue(query: str, form: str) -> None:
    """Comments, PREFIX and BASE do not hide which form a query has."""
    assert sparql.query_form(query) == form
    assert not sparql.is_update(query)


@pytest.mark.parametrize("query", ["", "# no query", "PREFIX a: <x:>", "{}", "INSERT DATA {}"])
def test_what_is_no_query_has_no_form(query: str) -> None:
    """An empty text, a lone prologue or an update is a syntax error that says what is wanted."""
    with pytest.raises(QuerySyntaxError, match="SELECT, ASK, CONSTRUCT or DESCRIBE"):
        sparql.query_form(query)


@pytest.mark.parametrize("verb", sparql.UPDATE_VERBS)
def test_every_update_verb_makes_an_update(verb: str) -> None:
    """An update is known by its verb, in any case and after any prologue."""
    assert sparql.is_update(f"PREFIX select: <x:>\n# SELECT\n{verb.lower()} <x:a>")


def test_from_is_seen_only_where_it_names_a_dataset() -> None:
    """FROM counts before the pattern, not as a variable, a prefix or a word in a string."""
    assert sparql.dataset_clause("SELECT * FROM <x:g> { ?s ?p ?o }")
    assert sparql.dataset_clause("CONSTRUCT { ?s ?p 'x' } from named <x:g> WHERE { ?s ?p ?o }")
    assert sparql.dataset_clause("PREFIX : <x:> ASKFROM:g {}")
    assert not sparql.dataset_clause("PREFIX from: <x:> SELECT ?from { ?from from:p 'FROM' }")


HIDDEN_CALLS = [
    "SELECT * { SERVICE <x:evil> { ?a ?b ?c } }",
    "select*{service silent?x{}}",
    "SELECT * { ?s ?p trueSERVICE <x:evil> { ?a ?b ?c } }",
    "PREFIX : <x:> SELECT * { SERVICE:x { ?a ?b ?c } }",
    "PREFIX : <x:> SELECT * { ?s ?p ?o.SERVICESILENT:x #\n { ?a ?b ?c } }",
    "SELECT * { ?s ?p ?a FILTER(?a<2)#>'''\nSERVICE <x:evil> { ?a ?b ?c }\n#'''\n}",
    "SELECT * { ?s ?p ?a FILTER(?a<2#>'''\n)SERVICE <x:evil> { ?a ?b ?c }\n#'''\n}",
    'SELECT * { ?s ?p "\\u0022" . SERVICE <x:evil> { ?a ?b ?c } #"\n }',
    "SELECT * { VALUES ?x {''''} SERVICE <x:evil> { ?a ?b ?c } }",
    "SELECT * { \\u0053ERVICE <x:evil> { ?a ?b ?c } }",
]


@pytest.mark.parametrize("query", HIDDEN_CALLS)
def test_a_call_is_seen_however_it_is_hidden(query: str) -> None:
    """Texts that an engine which sees no word boundaries would act upon are calls."""
    assert sparql.calls_service(query)


@pytest.mark.parametrize(
    "query",
    [
        'SELECT ?service { ?service a \'SERVICE\', """SERVICE <x:a> {""" } # SERVICE <x:a> {}',
        "SELECT * { ?s <http://example.org/SERVICE#it's> ?o ; ?p '''a\nSERVICE''' }",
        "PREFIX service: <x:> SELECT * { ?s a service:Service ; service:a 1 }",
    ],
)
def test_the_word_alone_is_no_call(query: str) -> None:
    """SERVICE in a string, a comment, an IRI, a variable or a prefix asks nobody."""
    assert not sparql.calls_service(query)


CALLS = ["SERVICE", "SILENT", "<x:evil>", ":x", "{?a ?b ?c}"]
PATTERNS = ["?s ?p ?o", "VALUES ?x{", "OPTIONAL", "FILTER(?o<2)", "FILTER(?o<", "true", "1"]
MARKS = [")", "#>", "'''", "''", "'", '"', "\n", " ", ".", "<", ">", "#", "{", "}", "\\", "\\u0022"]
FRAGMENTS = st.sampled_from(CALLS + PATTERNS + MARKS)


@given(st.lists(FRAGMENTS, min_size=3, max_size=14).map("".join))
@example("?s ?p ?o FILTER(?o<2)#>'''\nSERVICE <x:evil>{?a ?b ?c}#'''\n")
def test_no_query_that_the_engine_would_call_out_for_is_missed(pattern: str) -> None:
    """Whenever the engine tries the address of a SERVICE, we had seen the call coming."""
    query = f"PREFIX : <x:> SELECT * {{ {pattern} }}"
    store = ox.Store()
    store.add(ox.Quad(ox.NamedNode("x:s"), ox.NamedNode("x:p"), ox.Literal(1)))

    called = False
    try:
        list(store.query(query))  # type: ignore[arg-type]
    except (SyntaxError, ValueError):
        pass
    except OSError:
        called = True

    assert sparql.calls_service(query) or not called


@pytest.mark.parametrize(
    "text", ["a-" * 50_000, "'''\\" * 25_000, "<#'" * 30_000, "a:" + "." * 90_000, '""' * 50_000]
)
def test_a_hostile_text_is_read_in_linear_time(text: str) -> None:
    """No text makes the reader go over it again and again: 100 kB take well under a second."""
    reads = 0

    class Counting(sparql._Reader):
        def at(self, position: int) -> tuple[str | None, int]:
            nonlocal reads
            reads += 1
            return super().at(position)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sparql, "_Reader", Counting)
        sparql.calls_service(text)

    assert reads <= len(text) + 1


TERMS = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"])).map(ox.Literal),
    st.text("\\uU0041\"'\n }", max_size=12).map(ox.Literal),
    st.text('abc\\"').map(lambda text: ox.Literal(text, language="en-gb")),
    st.dates().map(
        lambda day: ox.Literal(
            day.isoformat(), datatype=ox.NamedNode("http://www.w3.org/2001/XMLSchema#date")
        )
    ),
    st.text("abé/'()&", max_size=9).map(lambda text: ox.NamedNode(f"http://example.org/#{text}")),
)


@given(TERMS)
@example(ox.Literal("\\u0022 } INSERT"))
@example(ox.Literal('a\\\\U0000005C" } #'))
def test_a_bound_term_comes_back_as_it_went_in(term: sparql.Term) -> None:
    """No wording of a term changes the query around it, in either kind of engine."""
    query = f"SELECT ?t {{ {sparql.values_line({'t': [term]})} }}"

    (solution,) = ox.Store().query(query)  # type: ignore[misc]
    (row,) = rdflib.Graph().query(query)

    assert solution["t"] == term
    assert str(row[0]) == term.value  # type: ignore[index]
    assert len(sparql.tokens(query)) == len(sparql.tokens("SELECT ?t { VALUES (?t) { (1) } }")) + (
        len(sparql.tokens(sparql.term_text(term))) - 1
    )


@pytest.mark.parametrize(
    ("query", "line", "column", "told"),
    [
        ("SELECT *\n{ ?s foo:p ?o }", 2, 6, "no PREFIX line declares foo:"),
        ("SELECT * { ?s ?p . }", 1, 18, "unexpected ."),
        ("SELECT * { ?s ?p }", 1, 18, "before this } is not finished"),
        ("SELECT * { ?s ?p ?o", 1, 20, "unexpected end of the query"),
        ("SELECT ?a (1 AS ?a) {}", 1, 23, "Duplicated variable name in SELECT"),
        ("SELECT *\n{ # é€😀\n ?s <http://ex/é€😀> 'é€😀' ?x ?y }", 3, 27, "unexpected ?x"),
        ("SELECT * { ?s ?p 'é€😀' } LIMI 5", 1, 26, "unexpected LIMI"),
        ("SELECT * { ?s <x> ?o }", 1, 15, "<x> is a relative IRI"),
        ("SELECT *\r\n{ ?s ?p ?o }\r\n}", 3, 1, "before this }"),
        ("SELECT *\r{ ?s ?p ?o", 2, 11, "unexpected end of the query"),
        (r"SELECT * { ?s ?p '\u00e9' FILTER (?o > ) }", 1, 40, "unexpected )"),
    ],
)
def test_a_syntax_error_says_where_and_what(query: str, line: int, column: int, told: str) -> None:
    """The parser's complaint is told in words, with line and column, without its grammar."""
    with pytest.raises(QuerySyntaxError) as caught:
        sparql.check_syntax(query)

    assert (caught.value.line, caught.value.column) == (line, column)
    assert told in str(caught.value)
    assert "\\u" not in str(caught.value)


def test_prefixes_are_told_apart_from_their_uses() -> None:
    """A PREFIX line declares; every other prefixed name uses."""
    found = sparql.tokens("PREFIX a: <x:a#>\nPREFIX : <x:>\nASK { a:b :c d:e }")

    assert sparql.prefixes(found) == {"a": "x:a#", "": "x:"}
    assert {name: token.column for name, token in sparql.used_prefixes(found).items()} == {
        "a": 7,
        "": 11,
        "d": 14,
    }


@pytest.mark.parametrize(
    "query",
    [
        "SELECT * {}",
        "select?x{}",
        "PREFIX a: <b>\n# ASK\n prefix c-d_1:<e#f> # <\nCONSTRUCT{} WHERE{}",
        "BASE <http://a/> PREFIX : <b> ASK {}",
        "PREFIX a: <b> BASE <c> DESCRIBE <d>",
        "PREFIX a.b: <c> ASK{}",
        "PREFIX é: <c> ASK{}",
        "SELECT:a {}",
        "ASKé {}",
        "SELECT.a: {}",
        "PREFIX a:b <c> ASK {}",
        "PREFIX a: <b c> ASK {}",
        "INSERT DATA {}",
        "PREFIX a: <b> DELETE WHERE {}",
        "PREFIX",
        "PREFIX a:",
        "",
        "# ASK",
        "'ASK'",
        "VERSION '1.2' ASK {}",
    ],
)
def test_the_verb_is_the_same_read_at_once_or_by_tokens(query: str) -> None:
    """An escape, though in a comment, has a query read token by token."""
    escaped = "# \\u0041\n"

    def told(text: str) -> tuple[bool, str]:
        try:
            return sparql.is_update(text), "" if sparql.is_update(text) else sparql.query_form(text)
        except QuerySyntaxError as error:
            return False, error.message

    assert told(query) == told(escaped + query)
