"""What is asked of each server: queries of sixteen kinds, none of them twice.

Their constants are drawn from the graph itself, so that most find something, and so that no
server has an answer ready. Every SELECT fixes its order as far as rows are cut by it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

from bench.client import Client, request

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from random import Random

TABLE = "application/sparql-results+json"
TRIPLES = "text/turtle"
LINES = "application/n-triples"
TRIES = 100  # to draw constants that were not drawn before
SHORTEST = 4  # letters of a word that is looked for
PATIENCE = 60.0  # seconds for a question about the graph itself
PROLOGUE = """\
PREFIX dc: <http://purl.org/dc/elements/1.1/>
PREFIX dcterms: <http://purl.org/dc/terms/>
PREFIX org: <http://www.w3.org/ns/org#>
PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
PREFIX sg: <https://w3id.org/stancegraph/ontology#>
PREFIX skos: <http://www.w3.org/2004/02/skos/core#>
PREFIX xsd: <http://www.w3.org/2001/XMLSchema#>
"""
CODE = "https://w3id.org/stancegraph/id/code"
CHOICES = ("yes", "no", "abstain", "non-voting")
FIRST_DAY = date(1990, 1, 1)
DAYS = 13_000  # from there; beyond lies little
LARGEST = 50_000_000  # rows; no graph here has so many


@dataclass(frozen=True, slots=True)
class Question:
    """A query and the form in which its answer is wanted."""

    kind: str
    text: str
    accept: str = TABLE

    @property
    def is_table(self) -> bool:
        """Whether the answer is rows or a truth value, not triples."""
        return self.accept == TABLE


class Constants:
    """IRIs and words of one graph from which the constants of queries are drawn."""

    def __init__(self, endpoint: str) -> None:
        """Ask the server of the graph for them."""
        with Client(endpoint) as client:
            self.states = _column(client, endpoint, "?it a sg:State")
            self.treaties = _column(client, endpoint, "?act a sg:TreatyAction ; sg:treaty ?it")
            self.roll_calls = _column(client, endpoint, "?it a sg:RollCall")
            self.bodies = _column(client, endpoint, "?member org:organization ?it")
            self.sources = _column(client, endpoint, "?it a sg:Source")
            self.regions = _column(client, endpoint, "?state a sg:State ; sg:inRegion ?it")
            self.claims = _column(client, endpoint, "?it sg:evidence ?evidence")
            self.evidence = _column(client, endpoint, "?it a sg:Evidence")
            labels = _column(client, endpoint, "?thing rdfs:label ?it")
        words = {word.strip("(),.'\"").casefold() for label in labels for word in label.split()}
        self.words = sorted(word for word in words if len(word) >= SHORTEST and word.isalpha())
        self.things = [*self.claims, *self.evidence, *self.sources, *self.states]


def _column(client: Client, endpoint: str, pattern: str) -> list[str]:
    """Up to 50,000 values of ``?it``, sorted.

    Raises:
        RuntimeError: the server gives no answer.
    """
    text = f"{PROLOGUE}SELECT DISTINCT ?it {{ {pattern} }} ORDER BY ?it LIMIT 50000"
    reply = client.ask(request(endpoint, Question("constants", text)), timeout=PATIENCE)
    if not reply.ok:
        raise RuntimeError(f"no constants for {pattern}: {reply.status} {reply.body[:200]!r}")
    return [row["it"]["value"] for row in json.loads(reply.body)["results"]["bindings"]]


def unique(constants: Constants, random: Random) -> Iterator[Question]:
    """Questions of all kinds by turns, never one twice.

    Raises:
        RuntimeError: the graph has not enough constants for another.
    """
    seen = set()
    while True:
        for kind in KINDS:
            for _ in range(TRIES):
                question = ask(kind, constants, random)
                if question.text not in seen:
                    break
            else:
                raise RuntimeError(f"the graph is too small for more queries of kind {kind!r}")
            seen.add(question.text)
            yield question


def ask(kind: str, constants: Constants, random: Random) -> Question:
    """A question of the kind *kind*, one of KINDS."""
    accept = TRIPLES if kind in {"construct", "describe"} else TABLE
    return Question(kind, PROLOGUE + KINDS[kind](constants, random), accept)


def random_day(random: Random) -> date:
    """A day in the years of which graphs tell most."""
    return FIRST_DAY + timedelta(random.randrange(DAYS))


def _day(random: Random) -> str:
    return f'"{random_day(random)}"^^xsd:date'


def _lookup(of: Constants, random: Random) -> str:
    return f"SELECT ?property ?value {{ <{random.choice(of.things)}> ?property ?value }}"


def _star(of: Constants, random: Random) -> str:
    return f"""SELECT ?act ?actorLabel ?kindLabel ?day
{{
  ?act sg:treaty <{random.choice(of.treaties)}> ;
       sg:actor ?actor ;
       sg:actionKind ?kind ;
       sg:rank ?rank ;
       sg:confidence ?confidence ;
       sg:earliest ?day .
  ?actor rdfs:label ?actorLabel .
  ?kind rdfs:label ?kindLabel .
  FILTER (?day >= {_day(random)})
}}"""


def _group(of: Constants, random: Random) -> str:
    return f"""SELECT ?choice (COUNT(*) AS ?votes)
{{
  ?vote sg:actor <{random.choice(of.states)}> ;
        sg:choice ?choice ;
        sg:rollCall ?rollCall .
  ?rollCall sg:earliest ?day .
  FILTER (?day >= {_day(random)})
}}
GROUP BY ?choice"""


def _group_by_region(of: Constants, random: Random) -> str:
    choice = random.choice(CHOICES)
    return f"""SELECT ?region ?choice (COUNT(DISTINCT ?actor) AS ?actors)
{{
  ?vote sg:rollCall <{random.choice(of.roll_calls)}> ;
        sg:choice ?choice ;
        sg:actor ?actor .
  ?actor sg:inRegion/rdfs:label ?region .
  FILTER (?actor != <{random.choice(of.states)}>)
  FILTER (?choice != <{CODE}/vote-choice/{choice}>)
}}
GROUP BY ?region ?choice"""


def _compare(of: Constants, random: Random) -> str:
    one, other = random.sample(of.states, 2)
    return f"""SELECT ?treaty ?oneDay ?otherDay
{{
  ?treaty a sg:Treaty .
  OPTIONAL {{
    ?act sg:treaty ?treaty ;
         sg:actor <{one}> ;
         sg:actionKind <{CODE}/action-kind/signature> ;
         sg:earliest ?oneDay .
  }}
  OPTIONAL {{
    ?otherAct sg:treaty ?treaty ;
              sg:actor <{other}> ;
              sg:actionKind <{CODE}/action-kind/signature> ;
              sg:earliest ?otherDay .
  }}
}}"""


def _path(of: Constants, random: Random) -> str:
    one, other = random.sample(of.states, 2)
    return f"""SELECT ?region ?label
{{
  <{one}> sg:inRegion/skos:broader* ?region .
  <{other}> sg:inRegion/skos:broader* ?region .
  ?region rdfs:label ?label .
}}"""


def _text(of: Constants, random: Random) -> str:
    one, other = random.sample(of.words, 2)
    return f"""SELECT ?thing ?label
{{
  ?thing rdfs:label ?label .
  FILTER (CONTAINS(LCASE(STR(?label)), "{one}") || CONTAINS(LCASE(STR(?label)), "{other}"))
}}"""


def _latest(of: Constants, random: Random) -> str:
    return f"""SELECT DISTINCT ?day ?label
{{
  ?act sg:treaty <{random.choice(of.treaties)}> ;
       sg:actor/rdfs:label ?label ;
       sg:latest ?day .
  FILTER (?day <= {_day(random)})
}}
ORDER BY DESC(?day) ?label
LIMIT 20"""


def _construct(of: Constants, random: Random) -> str:
    return f"""CONSTRUCT {{ ?act ?property ?value . ?evidence ?of ?what }}
{{
  ?act a sg:TreatyAction ;
       sg:actor <{random.choice(of.states)}> ;
       sg:earliest ?day ;
       ?property ?value ;
       sg:evidence ?evidence .
  ?evidence ?of ?what .
  FILTER (?day >= {_day(random)})
}}"""


def _describe(of: Constants, random: Random) -> str:
    return f"DESCRIBE <{random.choice(of.things)}>"


def _count(of: Constants, random: Random) -> str:
    choice = random.choice(CHOICES)
    return f"""SELECT (COUNT(DISTINCT ?vote) AS ?votes)
{{
  ?vote sg:actor <{random.choice(of.states)}> ;
        sg:choice <{CODE}/vote-choice/{choice}> ;
        sg:rollCall/sg:latest ?day .
  FILTER (?day <= {_day(random)})
}}"""


def _union(of: Constants, random: Random) -> str:
    state = random.choice(of.states)
    return f"""SELECT ?claim ?object
{{
  {{ ?claim sg:actor <{state}> ; sg:treaty ?object }}
  UNION {{ ?claim sg:actor <{state}> ; sg:rollCall/sg:votedText ?object }}
  UNION {{ ?claim sg:holder <{state}> ; sg:object ?object }}
  FILTER (?object != <{random.choice(of.treaties)}> && ?claim != <{random.choice(of.claims)}>)
}}"""


def _minus(of: Constants, random: Random) -> str:
    choice = random.choice(("yes", "no", "abstain"))
    return f"""SELECT DISTINCT ?actor
{{
  ?vote sg:rollCall <{random.choice(of.roll_calls)}> ;
        sg:choice <{CODE}/vote-choice/{choice}> ;
        sg:actor ?actor .
  FILTER (?actor != <{random.choice(of.states)}>)
  MINUS {{ ?actor sg:partyTo <{random.choice(of.treaties)}> }}
}}"""


def _between(of: Constants, random: Random) -> str:
    since = random_day(random)
    until = since + timedelta(random.randrange(30, 365))
    return f"""SELECT ?act ?actor ?day
{{
  ?act a sg:TreatyAction ;
       sg:actor ?actor ;
       sg:earliest ?day .
  FILTER (?day >= "{since}"^^xsd:date && ?day < "{until}"^^xsd:date)
}}"""


def _provenance(of: Constants, random: Random) -> str:
    return f"""SELECT ?evidence ?locator ?title ?publisher ?origin
{{
  <{random.choice(of.claims)}> sg:evidence ?evidence .
  ?evidence sg:source ?source .
  ?source dcterms:title ?title ; dc:publisher ?publisher .
  OPTIONAL {{ ?evidence sg:locator ?locator }}
  OPTIONAL {{ ?source sg:originWork/dcterms:title ?origin }}
}}"""


def _whether(of: Constants, random: Random) -> str:
    choice = random.choice(CHOICES)
    return f"""ASK {{
  ?vote sg:rollCall <{random.choice(of.roll_calls)}> ;
        sg:actor <{random.choice(of.states)}> ;
        sg:choice <{CODE}/vote-choice/{choice}> .
}}"""


KINDS: dict[str, Callable[[Constants, Random], str]] = {
    "lookup": _lookup,
    "star join": _star,
    "group by": _group,
    "group by region": _group_by_region,
    "optional comparison": _compare,
    "path": _path,
    "text filter": _text,
    "distinct, order, limit": _latest,
    "construct": _construct,
    "describe": _describe,
    "count": _count,
    "union": _union,
    "minus": _minus,
    "date range": _between,
    "provenance, two hops": _provenance,
    "ask": _whether,
}


def _export(accept: str, text: str) -> Callable[[int], Question]:
    """A large answer; the number makes it another query, for an answer kept would tell nothing."""
    return lambda number: Question("export", f"{PROLOGUE}{text} LIMIT {LARGEST + number}", accept)


EXPORTS: dict[str, Callable[[int], Question]] = {
    "every triple, CONSTRUCT, N-Triples": _export(
        LINES, "CONSTRUCT { ?s ?p ?o } WHERE { ?s ?p ?o }"
    ),
    "every triple, SELECT, CSV": _export("text/csv", "SELECT ?s ?p ?o { ?s ?p ?o }"),
    "every vote with actor, choice and day, SELECT, JSON": _export(
        TABLE,
        """SELECT ?vote ?actor ?actorLabel ?choice ?day ?source
{
  ?vote a sg:Vote ;
        sg:actor ?actor ;
        sg:choice/rdfs:label ?choice ;
        sg:rollCall/sg:earliest ?day ;
        sg:restsOn ?source .
  ?actor rdfs:label ?actorLabel .
}""",
    ),
}
