"""Facts written in each of the RDF formats."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pyoxigraph as ox

from stancegraph.description import in_reading_order
from stancegraph.engine import RDF_FORMATS, MediaType
from stancegraph.engine.prefixes import OWN, used_prefixes
from stancegraph.jsonld import Writer
from stancegraph.tidy import tidy_turtle, tidy_xml
from stancegraph.web.negotiation import DOCUMENTS

if TYPE_CHECKING:
    from stancegraph.facts import Facts
    from stancegraph.jsonld import Context, Json

WITH_GRAPHS = (MediaType.TRIG, MediaType.N_QUADS)


def write(facts: Facts, form: str, context: Context, thing: ox.NamedNode | None = None) -> bytes:
    """*facts* as a document, with what is said of *thing* first.

    TriG and N-Quads name the graph that each statement stands in; the others have each
    statement once.

    Args:
        form: The short name of an RDF format.
        thing: What the document is about; None where it is about nothing more than others.
    """
    media_type = MediaType(DOCUMENTS[form])
    if media_type is MediaType.JSON_LD:
        writer = Writer(facts, context)
        return json_text(writer.graph() if thing is None else writer.thing(thing)).encode()
    quads: list[ox.Quad] = []
    if media_type in WITH_GRAPHS:
        by_graph: dict[str, list[ox.Quad]] = {}
        for quad in facts.quads:
            by_graph.setdefault(str(quad.graph_name), []).append(quad)
        for name in sorted(by_graph):
            graph = by_graph[name][0].graph_name
            triples = in_reading_order(thing, [quad.triple for quad in by_graph[name]])
            quads += [ox.Quad(t.subject, t.predicate, t.object, graph) for t in triples]
    else:
        triples = in_reading_order(thing, facts.triples)
        quads = [ox.Quad(t.subject, t.predicate, t.object) for t in triples]
    prefixes = used_prefixes(facts.triples, OWN)
    written = ox.serialize(quads, format=RDF_FORMATS[media_type], prefixes=prefixes) or b""
    return _TIDY.get(media_type, _as_it_is)(written)


def _as_it_is(written: bytes) -> bytes:
    return written


_TIDY = {
    MediaType.TURTLE: tidy_turtle,
    MediaType.TRIG: tidy_turtle,
    MediaType.RDF_XML: tidy_xml,
}


def json_text(document: dict[str, Json]) -> str:
    """JSON with two spaces a level, but each entry of the context on one line."""
    context = document.get("@context", {})
    lines = [f"    {_json(key)}: {_json(said)}" for key, said in context.items()]
    head = '{\n  "@context": {\n' + ",\n".join(lines) + "\n  }"
    rest = {key: said for key, said in document.items() if key != "@context"}
    if not rest:
        return head + "\n}\n"
    body = json.dumps(rest, ensure_ascii=False, indent=2)
    return head + "," + body.removeprefix("{") + "\n"


def _json(said: Json) -> str:
    return json.dumps(said, ensure_ascii=False)
