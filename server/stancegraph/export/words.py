"""What the ontology and the code lists of a release say, for whoever describes its tables."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import pyoxigraph as ox

from stancegraph.engine import Ask, MediaType, rows
from stancegraph.terms import SG, SKOS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stancegraph.engine import Engine, Term
    from stancegraph.vocabulary import Vocabulary


@dataclass(frozen=True, slots=True)
class Code:
    """A code of a list.

    Attributes:
        number: What stands for it where only numbers can; of no other code of its list.
    """

    iri: str
    notation: str
    label: str
    definition: str
    number: int


class Words:
    """The words and codes of a release; read when they are first asked for."""

    def __init__(self, engine: Engine, vocabulary: Vocabulary, *, deadline: float) -> None:
        self._engine = engine
        self._deadline = deadline
        self.vocabulary = vocabulary

    def label(self, iri: str) -> str:
        """What a class or property is called."""
        return self.vocabulary.label(ox.NamedNode(iri))

    def definition(self, iri: str) -> str:
        """What a class or property means; empty where nothing says."""
        return self.vocabulary.facts.text(ox.NamedNode(iri), SKOS.definition)

    @cached_property
    def codes(self) -> Mapping[str, tuple[Code, ...]]:
        """The codes of each list, by its IRI, in the order of their numbers.

        A code without a number has the next beyond those of its list, in the order of IRIs.
        """
        query = f"""
            PREFIX skos: <{SKOS.iri}>
            SELECT ?scheme ?code (MIN(?text) AS ?label) (MIN(?short) AS ?notation)
              (MIN(?meaning) AS ?definition) (MIN(?given) AS ?number)
            WHERE {{
              ?code skos:inScheme ?scheme ; skos:prefLabel ?text .
              FILTER (LANG(?text) = "en")
              OPTIONAL {{ ?code skos:notation ?short }}
              OPTIONAL {{ ?code skos:definition ?meaning FILTER (LANG(?meaning) = "en") }}
              OPTIONAL {{ ?code {SG.number} ?given }}
            }} GROUP BY ?scheme ?code ORDER BY ?scheme ?code"""
        found: defaultdict[str, list[tuple[int | None, dict[str, str]]]] = defaultdict(list)
        for row in rows(self._engine, Ask(query, MediaType.JSON, deadline=self._deadline)):
            said = {name: _text(term) for name, term in row.items()}
            number = int(said["number"]) if "number" in said else None
            found[said["scheme"]].append((number, said))
        return {scheme: _numbered(codes) for scheme, codes in found.items()}


def _numbered(codes: list[tuple[int | None, dict[str, str]]]) -> tuple[Code, ...]:
    free = max((number for number, _ in codes if number is not None), default=0) + 1
    made = []
    for number, said in codes:
        own = number
        if own is None:
            own, free = free, free + 1
        made.append(
            Code(
                iri=said["code"],
                notation=said.get("notation") or said["code"].rpartition("/")[2],
                label=said["label"],
                definition=said.get("definition", ""),
                number=own,
            )
        )
    return tuple(sorted(made, key=lambda code: code.number))


def _text(term: Term) -> str:
    return str(term) if isinstance(term, ox.Triple | ox.BlankNode) else term.value
