"""What an engine is tried on before it is used: that it does what SPARQL 1.1 says.

Each probe is a query whose one right answer is known. Most ask what saved queries and pages
need, and what engines are known to get wrong; the last ask whether a dataset that is named
beside a query is the one that is asked.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from stancegraph.engine.remote.holdings import BadEngine, ask
from stancegraph.engine.remote.http import Refused
from stancegraph.terms import SD, VOID, XSD

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stancegraph.engine.remote.http import Client
    from stancegraph.engine.remote.layout import Layout

PATIENCE = 10.0  # seconds for an answer
_TRUE = f'"true"^^{XSD.boolean}'


@dataclass(frozen=True, slots=True)
class Probe:
    """A query and its right answer.

    Attributes:
        name: What is tried, as a message has it.
        rows: The solutions in any order, each the terms of its variables in N-Triples, with
            nothing for an unbound one.
    """

    name: str
    query: str
    rows: tuple[tuple[str, ...], ...]


def _of(name: str, expression: str, value: str) -> Probe:
    return Probe(name, f"SELECT ({expression} AS ?value) WHERE {{}}", ((value,),))


def _whether(name: str, condition: str, *, holds: bool = True) -> Probe:
    """A condition; what its truth value itself looks like is another matter."""
    return _of(name, f'IF({condition}, "yes", "no")', '"yes"' if holds else '"no"')


def _date(day: str) -> str:
    return f'"{day}"^^{XSD.date}'


def _number(number: int) -> str:
    return f'"{number}"^^{XSD.integer}'


PROBES = (
    _of("a truth value that is worked out", "1 = 1", _TRUE),
    _of("COALESCE of an error", "COALESCE(?unbound + 1, 7)", _number(7)),
    _of("CONCAT of what is unbound", 'COALESCE(CONCAT("a", ?unbound), "error")', '"error"'),
    _of("STR of what is unbound", 'COALESCE(STR(?unbound), "error")', '"error"'),
    _of("IF on an error", 'COALESCE(IF(?unbound, "a", "b"), "error")', '"error"'),
    _of("CONCAT of all scripts", 'CONCAT("Türkiye — ", "Ελλάδα")', '"Türkiye — Ελλάδα"'),
    _of("CONCAT of all scripts with STR", 'CONCAT(STR(<urn:a>), " — ")', '"urn:a — "'),
    _of("CONCAT of language tags", 'CONCAT("a"@en, "b"@en)', '"ab"@en'),
    _of("STRLANG", 'STRLANG("a", "en")', '"a"@en'),
    _whether("LANGMATCHES", 'LANGMATCHES(LANG("a"@en-GB), "en")'),
    _of("REPLACE", 'REPLACE("abcb", "b", "z")', '"azcz"'),
    _whether("REGEX with flags", 'REGEX("ABC", "^b|bc$", "i")'),
    _of("SUBSTR", 'SUBSTR("Ελλάδα", 2, 3)', '"λλά"'),
    _of("STRBEFORE and STRAFTER", 'CONCAT(STRBEFORE("a-b", "-"), STRAFTER("a-b", "-"))', '"ab"'),
    _of("ENCODE_FOR_URI", 'ENCODE_FOR_URI("a b/é")', '"a%20b%2F%C3%A9"'),
    _of("STRDT", f'STRDT("2020-01-02", {XSD.date})', _date("2020-01-02")),
    _of("casts to dates", f'{XSD.date}("2020-01-02")', _date("2020-01-02")),
    _whether("order of dates", f"{_date('2020-01-02')} < {_date('2020-02-01')}"),
    _of("YEAR of a date", f"YEAR({_date('2020-01-02')})", _number(2020)),
    _of("casts to decimals", f'{XSD.decimal}("1.5")', f'"1.5"^^{XSD.decimal}'),
    _of("division of integers", "1 / 2", f'"0.5"^^{XSD.decimal}'),
    _whether("equality of what has a language", '"a"@en = "a"', holds=False),
    _whether("IN and NOT IN", "2 IN (1, 2) && 3 NOT IN (1, 2)"),
    _of("SHA256", 'STRLEN(SHA256("a"))', _number(64)),
    Probe(
        "OPTIONAL with FILTER",
        "SELECT ?a ?b WHERE { VALUES ?a { 1 2 } "
        "OPTIONAL { VALUES (?a ?b) { (1 3) (2 0) } FILTER (?b > ?a) } }",
        ((_number(1), _number(3)), (_number(2), "")),
    ),
    Probe(
        "MINUS",
        "SELECT ?a WHERE { VALUES ?a { 1 2 } MINUS { VALUES ?a { 1 } } }",
        ((_number(2),),),
    ),
    Probe(
        "MINUS without shared variables",
        "SELECT ?a WHERE { VALUES ?a { 1 } MINUS { VALUES ?b { 1 } } }",
        ((_number(1),),),
    ),
    Probe(
        "UNDEF in VALUES",
        "SELECT ?a ?b WHERE { VALUES (?a ?b) { (1 UNDEF) } VALUES (?a ?b) { (1 2) (3 4) } }",
        ((_number(1), _number(2)),),
    ),
    Probe(
        "BIND of an error",
        "SELECT ?a ?b WHERE { VALUES ?a { 1 } BIND (?unbound + 1 AS ?b) }",
        ((_number(1), ""),),
    ),
    Probe(
        "BIND after UNION",
        "SELECT ?a ?b WHERE { { VALUES ?a { 1 } } UNION { VALUES ?c { 2 } } "
        "BIND (COALESCE(?a, ?c) AS ?b) }",
        ((_number(1), _number(1)), ("", _number(2))),
    ),
    Probe(
        "GROUP BY with HAVING",
        "SELECT ?a (COUNT(?b) AS ?n) WHERE { VALUES (?a ?b) { (1 1) (1 2) (2 1) } } "
        "GROUP BY ?a HAVING (COUNT(?b) > 1)",
        ((_number(1), _number(2)),),
    ),
    Probe(
        "counting nothing",
        "SELECT (COUNT(*) AS ?n) WHERE { VALUES ?a { 1 } FILTER (?a > 1) }",
        ((_number(0),),),
    ),
    Probe(
        "GROUP_CONCAT",
        'SELECT (GROUP_CONCAT(?a; SEPARATOR=", ") AS ?all) WHERE { VALUES ?a { "x" "x" } }',
        (('"x, x"',),),
    ),
    Probe(
        "MIN and MAX of texts",
        'SELECT (MIN(?a) AS ?least) (MAX(?a) AS ?most) WHERE { VALUES ?a { "b" "a" "c" } }',
        (('"a"', '"c"'),),
    ),
    Probe(
        "subqueries with LIMIT",
        "SELECT ?a WHERE { { SELECT ?a WHERE { VALUES ?a { 2 1 3 } } ORDER BY ?a LIMIT 1 } }",
        ((_number(1),),),
    ),
    Probe(
        "FILTER NOT EXISTS",
        "SELECT ?a WHERE { VALUES ?a { 1 2 } FILTER NOT EXISTS { VALUES ?a { 2 } } }",
        ((_number(1),),),
    ),
)


def deviations(client: Client, layout: Layout) -> list[str]:
    """What the engine gets wrong, of what `PROBES` try; in their order.

    Raises:
        NotReached: it has gone.
    """
    return [probe.name for probe in PROBES if not answers(client, probe, layout)]


def answers(client: Client, probe: Probe, layout: Layout) -> bool:
    """Whether the engine gives the right answer.

    Raises:
        NotReached: it has gone.
    """
    try:
        found = ask(client, probe.query, default=[layout.nothing], patience=PATIENCE)
    except (Refused, BadEngine):
        return False
    told = sorted(tuple("" if term is None else str(term) for term in row) for row in found)
    return told == sorted(probe.rows)


def check_dataset(client: Client, layout: Layout) -> None:
    """See to it that the engine asks the graphs that are named beside a query, and no others.

    Raises:
        BadEngine: it does not, or its default graph is not what it ought to be.
        NotReached, Refused: there is no answer.
    """
    told = f"SELECT ?n WHERE {{ GRAPH <{layout.whole}> {{ <{layout.root}> {VOID.triples} ?n }} }}"
    ((wanted,),) = ask(client, told) or [(None,)]
    count = "SELECT (COUNT(*) AS ?n) WHERE { ?s ?p ?o }"
    names = f"SELECT ?g WHERE {{ GRAPH ?g {{ ?here {SD.name} ?name }} }} LIMIT 1"
    problems = [
        problem
        for problem, holds in (
            (
                "default-graph-uri names a graph, and another is asked",
                ask(client, count, default=[layout.all]) == [(wanted,)],
            ),
            (
                "default-graph-uri names an empty graph, and others are asked",
                [str(row[0]) for row in ask(client, count, default=[layout.nothing])]
                == [_number(0)],
            ),
            (
                "named-graph-uri names a graph that GRAPH does not reach",
                [
                    row[0].value
                    for row in ask(client, names, default=[layout.nothing], named=[layout.names])
                ]
                == [layout.names],
            ),
            (
                "GRAPH reaches graphs that named-graph-uri does not name",
                not ask(client, names, default=[layout.nothing], named=[layout.nothing]),
            ),
        )
        if not holds
    ]
    if problems:
        raise BadEngine(client.address, f"it cannot be used: {'; '.join(problems)}")


def words(found: list[str]) -> Iterator[str]:
    """What was found wrong, a few of it by name."""
    yield from found[:SHOWN]
    if more := len(found[SHOWN:]):
        yield f"{more} more"


SHOWN = 5
