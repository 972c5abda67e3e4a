"""What an editor of queries may suggest: the prefixes, classes and properties of the graph.

Things it asks for at ``/search.json``, which forgives mistakes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, jsonify

from stancegraph.engine.prefixes import OWN
from stancegraph.terms import OWL, SKOS, VANN
from stancegraph.web.site import current_vocabulary

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import pyoxigraph as ox
    from flask import Response

    from stancegraph.vocabulary import Use, Vocabulary

bp = Blueprint("completion", __name__)


@bp.get("/terms.json")
def terms() -> Response:
    """The prefixes with their namespaces, and the terms that have one, the most used first.

    200 with ``prefixes``, and ``terms`` with ``name``, ``kind`` (class or property), ``label``,
    ``definition`` and ``count``, how often the graph uses them.
    """
    vocabulary = current_vocabulary()
    prefixes = _prefixes(vocabulary)
    found = [
        *_told(vocabulary, prefixes, "class", vocabulary.classes_used),
        *_told(vocabulary, prefixes, "property", vocabulary.properties_used),
    ]
    found.sort(key=lambda term: (-int(str(term["count"])), str(term["name"])))
    return jsonify({"prefixes": prefixes, "terms": found})


def _prefixes(vocabulary: Vocabulary) -> dict[str, str]:
    """Each prefix with its namespace: those that the ontologies declare, and the usual ones."""
    facts = vocabulary.facts
    declared = {
        facts.text(ontology, VANN.preferredNamespacePrefix): facts.text(
            ontology, VANN.preferredNamespaceUri
        )
        for ontology in vocabulary.of_kind(OWL.Ontology)
    }
    own = {prefix: iri for prefix, iri in declared.items() if prefix and iri}
    return dict(sorted((OWN | own).items()))


def _told(
    vocabulary: Vocabulary,
    prefixes: Mapping[str, str],
    kind: str,
    used: Mapping[ox.NamedNode, Use],
) -> Iterator[dict[str, object]]:
    for term, use in used.items():
        name = next(
            (
                f"{prefix}:{term.value.removeprefix(namespace)}"
                for prefix, namespace in prefixes.items()
                if term.value.startswith(namespace)
            ),
            "",
        )
        # What has a slash behind its prefix cannot be written so.
        if name and name.partition(":")[2].replace("-", "").replace("_", "").isalnum():
            yield {
                "name": name,
                "kind": kind,
                "label": vocabulary.label(term),
                "definition": vocabulary.facts.text(term, SKOS.definition) or "",
                "count": use.count,
            }
