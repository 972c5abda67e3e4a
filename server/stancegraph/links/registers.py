"""Registers elsewhere: what the graph says of one, and how its terms and ours correspond."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pyoxigraph as ox
import yaml

from stancegraph.errors import OperationError
from stancegraph.terms import NAMESPACES, RDF, RDFS, SG, VOID, short

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from stancegraph.build.parse import ParsedGraph
    from stancegraph.folder import GraphFolder


@dataclass(frozen=True, slots=True)
class Register:
    """A register as the graph describes it.

    Attributes:
        key: ``wikidata``, the last part of its IRI.
        space: What the IRIs of its entries begin with.
        endpoint: Its SPARQL service; empty where it has none.
    """

    key: str
    label: str
    space: str
    endpoint: str


@dataclass(frozen=True, slots=True)
class Fact:
    """A sort of fact that both the graph and the register state.

    Attributes:
        query: The saved query that gives ours, a row each.
        parameter: Its parameter, which takes a thing of the class *of*.
        property: The register's, such as ``P463``.
        on_asked: Whether the register keeps the statement on the entry of the thing asked of;
            else on that of the other one.
        qualifiers: The register's properties by the columns of dates.
        kinds: The values of the column ``kind`` that may be proposed; all, if empty.
    """

    query: str
    parameter: str
    of: str
    property: str
    on_asked: bool
    qualifiers: Mapping[str, str]
    kinds: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Correspondence:
    """How the terms of a graph and those of a register correspond.

    Attributes:
        classes: By the IRI of a class of ours, the entries of which an entry is an instance.
        keys: By the IRI of a property of ours, the register's.
        symbols: IRIs of properties whose values are looked for as names.
        languages: Of the names by which entries are sought.
    """

    classes: Mapping[str, tuple[str, ...]]
    keys: Mapping[str, str]
    symbols: tuple[str, ...]
    languages: tuple[str, ...]
    facts: tuple[Fact, ...]


def register_of(graph: ParsedGraph, key: str) -> Register:
    """The register *key* that *graph* describes.

    Raises:
        OperationError: it describes none of that name.
    """
    iri = ox.NamedNode(f"{graph.folder.base}id/register/{key}")
    told = {t.predicate: t.object for t in graph.triples("data") if t.subject == iri}
    if told.get(RDF.type) != SG.Register or VOID.uriSpace not in told:
        raise OperationError(f"this graph describes no register {key!r}: see data/links")
    text = {p: str(getattr(o, "value", "")) for p, o in told.items()}
    return Register(
        key, text.get(RDFS.label, key), text[VOID.uriSpace], text.get(VOID.sparqlEndpoint, "")
    )


def correspondence(folder: GraphFolder, key: str) -> Correspondence:
    """What ``ontology/registers/<key>.yaml`` says, of the graph or of one whose words it shares.

    Raises:
        OperationError: there is none, or it cannot be read.
    """
    paths = [home.root / "ontology" / "registers" / f"{key}.yaml" for home in folder.homes]
    path = next((path for path in paths if path.is_file()), None)
    if path is None:
        raise OperationError(f"there is no {paths[0]}, which says how its terms correspond")
    try:
        return _read(path)
    except (yaml.YAMLError, KeyError, TypeError, AttributeError, ValueError) as error:
        raise OperationError(f"{path} cannot be read: {error}") from None


def _read(path: Path) -> Correspondence:
    said: Mapping[str, Any] = yaml.safe_load(path.read_text("utf-8"))
    return Correspondence(
        classes={_iri(name): tuple(found or ()) for name, found in said["classes"].items()},
        keys={_iri(name): found for name, found in said["keys"].items()},
        symbols=tuple(_iri(name) for name in said["symbols"]),
        languages=tuple(said["languages"]),
        facts=tuple(
            Fact(
                query=fact["query"],
                parameter=fact["parameter"],
                of=_iri(fact["class"]),
                property=fact["property"],
                on_asked=fact["from"] == "asked",
                qualifiers=dict(fact["qualifiers"]),
                kinds=tuple(fact.get("kinds", ())),
            )
            for fact in said["facts"]
        ),
    )


def _iri(name: str) -> str:
    """The IRI of a term that is written ``sg:symbol``."""
    prefix, _, local = name.partition(":")
    for namespace in NAMESPACES:
        if namespace.prefix == prefix:
            return f"{namespace.iri}{local}"
    raise ValueError(f"{name!r} has no prefix that is known here, as {short(SG.symbol)} has")
