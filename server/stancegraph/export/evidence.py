"""The sources on which tables rest, and how to cite what was taken away."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlencode

import pyoxigraph as ox

from stancegraph.citation import Citation
from stancegraph.engine import Ask, MediaType, rows
from stancegraph.terms import DC, DCTERMS, PROV, RDF, RDFS, SG

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from stancegraph.build.release import Release
    from stancegraph.engine import Engine, Term

SOURCE_COLUMNS = ("source", "title", "publisher", "address", "retrieved", "terms", "claims")


def sources_of(engine: Engine, classes: Sequence[str], *, deadline: float) -> list[list[object]]:
    """The sources on which claims of *classes* rest, and how many do, by IRI; headings first.

    Args:
        classes: IRIs; what is below them counts too.
        deadline: Seconds that it may take.

    Raises:
        EngineError: there is no answer.
    """
    some = " ".join(f"<{iri}>" for iri in classes)
    query = f"""
        SELECT ?source ?claims (MIN(?name) AS ?title) (MIN(?by) AS ?publisher)
          (MIN(STR(?page)) AS ?address) (MAX(?read) AS ?retrieved) (MIN(?rights) AS ?terms)
        WHERE {{
          {{
            SELECT ?source (COUNT(DISTINCT ?claim) AS ?claims)
            WHERE {{
              VALUES ?broad {{ {some} }}
              ?claim {RDF.type}/{RDFS.subClassOf}* ?broad ; {SG.evidence}/{SG.source} ?source
            }} GROUP BY ?source
          }}
          OPTIONAL {{ ?source {DCTERMS.title} ?name }}
          OPTIONAL {{ ?source {DC.publisher} ?by }}
          OPTIONAL {{ ?source {PROV.wasDerivedFrom} ?page }}
          OPTIONAL {{ ?source {SG.retrieved} ?read }}
          OPTIONAL {{ ?source {DC.rights} ?rights }}
        }} GROUP BY ?source ?claims ORDER BY ?source"""
    found = rows(engine, Ask(query, MediaType.JSON, deadline=deadline)) if classes else []
    listed: list[list[object]] = [list(SOURCE_COLUMNS)]
    for row in found:
        cells: list[object] = [_text(row.get(name)) for name in SOURCE_COLUMNS]
        cells[-1] = int(_text(row["claims"]))
        listed.append(cells)
    return listed


def citation(
    release: Release,
    *,
    what: str,
    query: str = "",
    version: str = "",
    asked: Mapping[str, Sequence[str]] | None = None,
    rows_given: int | None = None,
) -> list[tuple[str, str]]:
    """How to cite something taken from *release*: the name and text of each part.

    Args:
        what: What was taken, in a line.
        query: The name of the saved query that gave it; empty for none.
        version: That of the query.
        asked: What the parameters of the query were set to.
        rows_given: How many rows it gave.
    """
    pairs = tuple((name, value) for name, values in (asked or {}).items() for value in values)
    address = release.iri
    if query:
        address = f"{address}/queries/{query}"
        address += f"?{urlencode(pairs, safe='/:')}" if pairs else ""
    made = Citation(release, what, address, query, version, pairs, rows_given)
    return made.facts


def _text(term: Term | None) -> str:
    return term.value if isinstance(term, ox.NamedNode | ox.Literal) else ""
