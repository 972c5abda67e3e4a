"""What the readers are first given, and the words that what follows is made of."""

from __future__ import annotations

import json
from pathlib import Path

from stancegraph.engine import Ask, MediaType, Notice
from stancegraph.engine.wire import error_frame, notice_frame, request_bytes
from stancegraph.errors import QuerySyntaxError, QueryTimeout
from tests.fuzz.readers import ALLOWED, BASE, OF_BYTES, PARAMETERS, READERS

ROOT = Path(__file__).parents[2]
QUERIES = [
    "SELECT ?s ?n { ?s <x:p> ?n } ORDER BY ?n LIMIT 3 OFFSET 1",
    "ASK { ?s ?p ?o FILTER (?o<2 && ?o>NOW()) }",
    "CONSTRUCT { ?s <x:q> [] } WHERE { GRAPH ?g { ?s ?p ?o } }",
    "DESCRIBE <x:1>",
    "SELECT DISTINCT * FROM <x:g> FROM NAMED <x:g> {{ ?s ?p ?o } UNION { GRAPH ?g { ?s ?p 1 } } }",
    "SELECT (COUNT(*) AS ?n) { ?s ?p ?o OPTIONAL { ?s ?q ?n MINUS { ?s ?p 2 } } } GROUP BY ?s",
    "PREFIX : <x:> SELECT ?a { VALUES (?a ?b) { (:1 UNDEF) (1 'x'@en) } FILTER EXISTS {?a :p 2} }",
    'BASE <x:y> PREFIX a: <b> SELECT * { <c> a a:d ; a:e/a:f* \'g\\u0022\', """h"i""" . }',
    "SELECT * { SERVICE SILENT <https://allowed.example/sparql> { ?s ?p ?o } }",
    "SELECT * { { SELECT ?s { ?s ?p ?o } LIMIT 1 } BIND (STR(?s) AS ?t) } VALUES ?s { <x:1> } #",
]
WORDS = [
    "SELECT", "ASK", "CONSTRUCT", "DESCRIBE", "WHERE", "FROM", "NAMED", "PREFIX a: <x:>", "BASE",
    "VALUES", "OPTIONAL", "MINUS", "EXISTS", "FILTER", "BIND", "AS", "GRAPH", "SERVICE", "SILENT",
    "UNION", "LIMIT", "OFFSET", "ORDER BY", "GROUP BY", "HAVING", "DISTINCT", "COUNT(*)", "NOW()",
    "{", "}", "(", ")", "[", "]", "<", ">", ".", ";", ",", "|", "/", "^", "*", "+", "?", "!", "=",
    "<x:p>", "<1)#>", "?s", "?p", "?o", "$x", "a:b", ":", "_:b", "1", "-.5e3", "9" * 20,
    "'", '"', "'''", '"""', "\\", "\\u0022", "\\u0053ERVICE", "@en", "^^", "#", "\n", "\r", "\t",
    "INSERT DATA", "LOAD", "é", "\U0001f600", "\ufeff", "\x00", "&&", "&", "true", "trueSERVICE",
]  # fmt: skip
HTTP = [
    "GET /", "GET /sparql?query=ASK%7B%7D", "HEAD /queries/votes/of-a-state?actor=CAN&format=csv",
    "POST /sparql\nContent-Type: application/sparql-query\n\nSELECT * { ?s ?p ?o } LIMIT 2",
    "POST /sparql\nContent-Type: application/x-www-form-urlencoded\n\nquery=ASK%7B%7D&limit=3",
    "GET /id/state/CAN\nAccept: text/turtle;q=0.5, text/html\nAccept-Encoding: gzip;q=0.1, zstd",
    "GET /describe?iri=https%3A%2F%2Fexample.org%2Fsmall%2Fid%2Fstate%2FCAN&format=jsonld",
    'GET /static/style.css\nRange: bytes=0-3,5-\nIf-None-Match: W/"a", "b"\nIf-Range: "c"',
    "OPTIONS /sparql\nOrigin: https://example.org\nAccess-Control-Request-Method: POST",
    "GET /queries/\nAccept: application/json\nPrefer: count=exact\nX-Forwarded-For: ::1, 10.0.0.1",
    "GET /openapi.json", "GET /context.jsonld", "GET /.well-known/void", "GET /graph/description",
    "GET /queries/votes/of-a-state?timeout=1&limit=0&count=exact&explain=true&truncation=comment",
    "GET /ontology/?a\nHost: [::1", "GET /release/2026-11-22-000000000000", "GET /quality",
    "PUT /metrics", "GET /query/votes/of-a-state\nAccept: text/html", "GET /shapes.ttl",
]  # fmt: skip
HTTP_WORDS = [
    "/", "%2f", "%2e%2e", "..", "%00", "%ff", "%0d%0a", "?", "&", "=", "#", "\n", ": ", ",", ";",
    "*/*", "text/html", "text/csv", "format", "format=html", "query=", "limit=", "iri=", "actor=",
    "id", "sparql", "queries", "graph", "ontology", "release", "static", "describe", ".ttl", "q=",
    "Accept", "Accept-Encoding", "Accept-Language", "Content-Type", "Cookie", "Host", "If-Match",
    "If-Modified-Since", "If-None-Match", "If-Range", "If-Unmodified-Since", "Prefer", "Range",
    "Authorization", "User-Agent", "X-Forwarded-For", "X-Forwarded-Host", "X-Request-Id", "Expect",
    "bytes=0-", '"', "W/", "[", "]", "é", "charset=utf-16", "curl/8", "multipart/form-data",
]  # fmt: skip
SOLUTIONS = {
    "head": {"vars": ["a", "b"]},
    "results": {
        "bindings": [
            {"a": {"type": "uri", "value": "https://example.org/a"}},
            {"b": {"type": "literal", "value": "é\\u0022\n'\"", "xml:lang": "en"}},
            {"a": {"type": "bnode", "value": "n1"}, "b": {"type": "literal", "value": "1",
             "datatype": "http://www.w3.org/2001/XMLSchema#integer"}},
        ]
    },
}  # fmt: skip
TURTLE = f"""@prefix a: <{BASE}> .
PREFIX b: <x:>
a:s a a:T ; b:p 1 , 0.5 , true , "x"@en , '''y
z'''^^a:D , [ b:q ( 1 2 ) ] . # end
<< a:s b:p 1 >> b:r 2 .
"""
JSON_WORDS = ["{", "}", "[", "]", ",", ":", '"', "\\", "\\u0000", "null", "true", "1e999", "NaN",
              '"type"', '"value"', '"uri"', '"bnode"']  # fmt: skip


def _seeds() -> dict[str, list[bytes]]:
    files = sorted([*ROOT.glob("queries/*/*.rq"), *ROOT.glob("ontology/rules/*.rq")])
    texts = [path.read_text("utf-8") for path in files]
    queries = [*QUERIES, *texts]
    answer = json.dumps(SOLUTIONS)
    made: dict[str, list[str]] = {
        **dict.fromkeys(("tokens", "queries", "rewrites", "mistakes", "scopes"), queries),
        "parameters": [
            "any=https://example.org/a\nstate=Canada\nrank=normal\nrank=preferred\ndate=2024-02-30",
            "date=2024-02-29\ndecimal=-.5\ninteger=+007\nboolean=TRUE\nword=two\nstring='\\u0022\"",
            "state=state/CAN\nany=<x:y>\nstate=Ivory coast\nelse=1",
        ],
        "negotiation": [
            "text/turtle;q=0.5 , application/*;q=0.1\ngzip;q=0.5, zstd, *;q=0\nttl",
            'text/html;level="1,2", */*\nidentity;q=0\njson',
        ],
        "arguments": ["query=ASK%7B%7D&timeout=2.5&limit=10&count=exact&format=json", "a=%FF&a;b"],
        "wire": [],
        "federation": [
            f"SELECT * {{ SERVICE <{ALLOWED}> {{ ?a ?b 1 }} }}\n---\n{answer}",
            f"PREFIX s: <{ALLOWED}> BASE <x:> SELECT * {{ SERVICE SILENT s: {{ }} }}\n---\n",
        ],
        "answers": [answer, '{"head":{},"boolean":true}'],
        "names": ["Canada", "state/CAN", "côte d'ivoire", "congo", "A/RES/74/247", "ﷺ ǅ ß"],
        "tables": ['a,b\n1,"x, ""y""\nz"\n', "\ufeffa;b\r\n1;2\r\n", "a\tb\n", '"'],
        "queryfiles": [PARAMETERS, *texts],
        "turtle": [TURTLE],
        "requests": HTTP,
    }
    seeds = {name: [text.encode() for text in made[name]] for name in READERS}
    seeds["wire"] = [
        request_bytes(Ask("ASK {}", MediaType.JSON, limit=5)),
        error_frame(QuerySyntaxError("wrong", 1, 2, "hint"))[5:-1],
        error_frame(QueryTimeout(2))[5:-1],
        notice_frame(Notice(3, None))[5:-1],
    ]
    return seeds


SEEDS = _seeds()
LEXICON: dict[str, list[str]] = {
    **dict.fromkeys(READERS, WORDS),
    **dict.fromkeys(("negotiation", "arguments", "requests"), HTTP_WORDS),
    "wire": JSON_WORDS,
    "answers": JSON_WORDS,
    "federation": [*WORDS, f"<{ALLOWED}>", "SERVICE", "\n---\n", "<http://[>"],
    "names": ["/", " ", "-", "can", "congo", "é", "e\u0301", "\u0345", "\ufdfa", "ǅ", "İ", "ß"],
    "parameters": ["=", "\n", "any", "state", "rank", "date", "decimal", "integer", "boolean",
                   "word", "string", "CAN", "<", ">", "x:", "'", '"', "\\u0022", "\\", "2024-12-31",
                   "1e5", "+0", "-.5", "SERVICE <x:y> {", "}", "#", "true", "one", "\x00", "٣"],
    "tables": [",", ";", "\t", '"', "\n", "\r", "a", "b", " ", "\x00", "é", "\ufeff"],
}  # fmt: skip
assert OF_BYTES <= READERS.keys() == SEEDS.keys()
