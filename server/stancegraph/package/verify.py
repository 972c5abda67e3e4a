"""Whether a package is what it was, and whether what it says of itself agrees."""

from __future__ import annotations

import csv
import json
import tempfile
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyoxigraph as ox

from stancegraph.build.lines import Lines
from stancegraph.build.quads import Quads
from stancegraph.build.release import FACTS, description_iri
from stancegraph.errors import OperationError
from stancegraph.package import metadata
from stancegraph.package.bag import AGAIN, INFO, PAYLOAD, Finding, check_bag, info_of, sha256
from stancegraph.package.said import READERS, UNREADABLE, Said, licence_name
from stancegraph.terms import VOID

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

GRAPH = "rdf/graph.nq"
_ANEW = "publish the release anew"
_FACTS = ("id", "date", "digest", "checksum", "base", "licence", "counts")
_Facts = dict[str, Any]


def verify(bag: Path) -> list[Finding]:
    """What is wrong with the package in the folder *bag*, sorted by file.

    What a file says is not looked into where the file itself is missing or not what it was.

    Raises:
        OperationError: there is no such folder, or it is no package.
    """
    if not bag.is_dir():
        raise OperationError(f"there is no folder {bag}")
    if not (bag / PAYLOAD).is_dir():
        raise OperationError(f"{bag} is no package: it has no folder {PAYLOAD}/")
    broken = list(check_bag(bag))
    spared = {finding.file for finding in broken}
    told = [finding for finding in _said(bag) if finding.file not in spared]
    return sorted({*broken, *told})


def _said(bag: Path) -> Iterator[Finding]:
    """What the files of *bag* say that cannot be."""
    payload = bag / PAYLOAD
    try:
        facts = json.loads((payload / FACTS).read_text("utf-8"))
        release = {name: facts[name] for name in _FACTS}
    except UNREADABLE as error:
        yield _found(FACTS, f"does not say which release this is ({_line(error)})", AGAIN)
    else:
        yield from _metadata(bag, release)
        yield from _graph(payload, release)
    yield from _tables(payload)


def _metadata(bag: Path, release: _Facts) -> Iterator[Finding]:
    """Whether all metadata tell of *release*, and of the files that are there."""
    truth = {
        "version": release["id"],
        "day": release["date"],
        "licence": licence_name(release["licence"]),
        "address": f"{release['base']}release/{release['id']}",
        "digest": release["digest"],
    }
    about = info_of(bag)
    yield from _disagreeing(
        INFO,
        Said(
            {
                "address": about.get("External-Identifier", ""),
                "day": about.get("Bagging-Date", ""),
            }
        ),
        truth,
    )
    checksum = cache(sha256)
    for name, read in READERS.items():
        path = bag / PAYLOAD / name
        try:
            said = read(path)
        except UNREADABLE as error:
            told = "is missing" if not path.exists() else f"cannot be read ({_line(error)})"
            yield _found(name, told, AGAIN)
            continue
        yield from _disagreeing(f"{PAYLOAD}/{name}", said, truth)
        for listed in said.files:
            file = bag / PAYLOAD / listed.path
            if not file.is_file():
                yield _found(name, f"tells of {listed.path}, which is not there", _ANEW)
            elif listed.size not in {None, file.stat().st_size}:
                size = f"{listed.size} bytes, and it has {file.stat().st_size}"
                yield _found(name, f"tells of {listed.path} as {size}", _ANEW)
            elif listed.sha256 not in {"", checksum(file)}:
                yield _found(name, f"tells another SHA-256 of {listed.path} than it has", _ANEW)


def _disagreeing(name: str, said: Said, truth: Mapping[str, str]) -> Iterator[Finding]:
    for what, text in said.facts.items():
        given = licence_name(text) if what == "licence" else text
        if given != truth[what]:
            told = f"tells of the {what} {text!r}" if text else f"tells of no {what}"
            yield Finding(name, f"{told}, and {FACTS} of {truth[what]!r}", _ANEW)


def _graph(payload: Path, release: _Facts) -> Iterator[Finding]:
    """Whether the statements are those after which *release* is called."""
    if release["id"] != f"{release['date']}-{release['digest'][:12]}":
        yield _found(FACTS, "its id is not made of its date and its digest", AGAIN)
    path = payload / GRAPH
    if not path.is_file():
        yield _found(GRAPH, "is missing", AGAIN)
        return
    if sha256(path) != release["checksum"]:
        yield _found(GRAPH, f"is not the file of which {FACTS} tells the SHA-256", AGAIN)
    try:
        graphs, count = _read(path)
    except (SyntaxError, ValueError) as error:
        yield _found(GRAPH, f"cannot be read ({_line(error)})", AGAIN)
        return
    itself = graphs.pop(description_iri(release["base"]), Lines.of(()))
    with tempfile.TemporaryDirectory(prefix="stancegraph-") as folder:
        quads = Quads.write(graphs, Path(folder, "graph.nq"))
        digest, distinct = quads.digest(), sum(1 for _ in quads.triples())
    if digest != release["digest"]:
        told = f"the digest of its statements (RDFC-1.0) is not that of {release['id']}"
        yield _found(GRAPH, told, AGAIN)
    if count != release["counts"]["triples"]:
        told = f"has {count} statements, and {FACTS} tells of {release['counts']['triples']}"
        yield _found(GRAPH, told, AGAIN)
    told_of = [t.object for t in itself.triples if t.predicate == VOID.triples]
    if told_of and str(distinct) not in {getattr(number, "value", "") for number in told_of}:
        told = f"what it says of itself is not that it has {distinct} different triples"
        yield _found(GRAPH, told, AGAIN)


def _read(path: Path) -> tuple[dict[ox.NamedNode, Lines], int]:
    """The named graphs of a file of N-Quads, and how many statements it has."""
    triples: dict[ox.NamedNode, list[ox.Triple]] = {}
    count = 0
    for quad in ox.parse(path=path, format=ox.RdfFormat.N_QUADS):
        count += 1
        if isinstance(quad, ox.Quad) and isinstance(quad.graph_name, ox.NamedNode):
            triples.setdefault(quad.graph_name, []).append(quad.triple)
    return {name: Lines.of(found) for name, found in triples.items()}, count


def _tables(payload: Path) -> Iterator[Finding]:
    """Whether tables have the columns and as many rows as the data package tells."""
    try:
        package = json.loads((payload / metadata.DATA_PACKAGE).read_text("utf-8"))
        resources = [each for each in package["resources"] if "rows" in each]
        for each in resources:
            with (payload / each["path"]).open(encoding="utf-8", newline="") as file:
                reader = csv.reader(file)
                header = next(reader, [])
                rows = sum(1 for _ in reader)
            if header != [field["name"] for field in each["schema"]["fields"]]:
                told = f"has not the columns that {metadata.DATA_PACKAGE} tells of"
                yield _found(each["path"], told, _ANEW)
            if rows != each["rows"]:
                told = f"has {rows} rows, and {metadata.DATA_PACKAGE} tells of {each['rows']}"
                yield _found(each["path"], told, _ANEW)
    except UNREADABLE:
        return  # which was told before


def _found(name: str, what: str, mend: str) -> Finding:
    return Finding(f"{PAYLOAD}/{name}", what, mend)


def _line(error: Exception) -> str:
    """What an error says, in a line."""
    return " ".join(str(error).split()) or type(error).__name__
