"""Writing, opening and describing a release."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

import pyoxigraph as ox
import pytest

from stancegraph.build import build
from stancegraph.build import release as release_module
from stancegraph.build.release import (
    Release,
    date_of,
    drafted,
    only_build,
    open_release,
    point_to,
)
from stancegraph.errors import OperationError
from stancegraph.names import Names
from stancegraph.terms import DCAT, DCTERMS, PROV, RDF, SD, SPDX, VOID

if TYPE_CHECKING:
    from pathlib import Path

    from stancegraph.folder import GraphFolder

DAY = date(2026, 1, 1)


def tree(folder: Path) -> dict[str, bytes]:
    """The content of all files of *folder*, by path."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def description(release: Release) -> ox.Store:
    """What *release* says of itself."""
    store = ox.Store()
    store.load(path=release.quads_file, format=ox.RdfFormat.N_QUADS)
    described = ox.Store()
    graph = ox.NamedNode(f"{release.base}graph/description")
    for quad in store.quads_for_pattern(None, None, None, graph):
        described.add(ox.Quad(quad.subject, quad.predicate, quad.object))
    return described


def one(store: ox.Store, subject: str, predicate: ox.NamedNode) -> str:
    """The only value of *predicate*."""
    found = [
        quad.object for quad in store.quads_for_pattern(ox.NamedNode(subject), predicate, None)
    ]
    assert len(found) == 1, (subject, predicate)
    assert not isinstance(found[0], ox.Triple)
    return found[0].value


def test_a_draft_goes_unless_it_is_the_current_release(tmp_path: Path) -> None:
    """By whatever way the folder is named; a build may fail while its draft is current."""
    (tmp_path / "there").mkdir()
    releases = tmp_path / "link"
    releases.symlink_to("there")

    with drafted(releases) as gone:
        pass
    with drafted(releases) as kept:
        point_to(releases, kept.name)

    assert not gone.exists()
    assert (releases / "current").resolve(strict=True) == kept.resolve()


def test_release_opens_and_verifies(small: GraphFolder, tmp_path: Path) -> None:
    """What is opened, as the current one or by its id, is what was built."""
    built = build(small, tmp_path / "releases", release_date=DAY)

    opened = open_release(tmp_path / "releases")

    assert opened == built == open_release(tmp_path / "releases", built.id)
    assert opened.id == f"2026-01-01-{opened.digest[:12]}"
    assert opened.iri == f"{small.base}release/{opened.id}"
    assert (opened.counts["files"], opened.counts["claims"]) == (7, 3)
    opened.verify()


def test_release_holds_what_a_server_needs(small: GraphFolder, tmp_path: Path) -> None:
    """Quads, facts, names, answers, queries, rules and dataset.ttl; nothing else."""
    release = build(small, tmp_path / "releases", release_date=DAY)

    found = list(tree(release.path))
    answers = [name for name in found if name.startswith("answers/")]
    assert {name.rpartition(".")[2] for name in answers} == {"csv", "json"}
    assert [name for name in found if name not in answers] == [
        "dataset.ttl",
        "names.json",
        "ontology/rules/as-of.rq",
        "ontology/rules/holders.rq",
        "quality.json",
        "queries/votes/of-a-state.rq",
        "release.json",
        "release.nq",
    ]
    names = Names.load(release.path / "names.json")
    assert names.find("Canada", ["state"]) == ["state/CAN"]


@pytest.mark.parametrize("damage", ["cut", "changed", "described anew"])
def test_damaged_release_does_not_verify(small: GraphFolder, tmp_path: Path, damage: str) -> None:
    """Neither a lost line nor a changed one goes unseen, not even in the description."""
    release = build(small, tmp_path / "releases", release_date=DAY)
    content = release.quads_file.read_bytes()
    harm = {
        "cut": content[: content.rindex(b"\n", 0, -1) + 1],
        "changed": content.replace(b'"no"', b'"yes"'),
        "described anew": content.replace(b"Three votes, release", b"Four votes, release"),
    }
    release.quads_file.write_bytes(harm[damage])

    with pytest.raises(OperationError, match="was changed after it was built"):
        release.verify()


def test_missing_release_says_what_to_do(tmp_path: Path) -> None:
    """An operator who starts a server too early reads the remedy."""
    with pytest.raises(OperationError, match="holds no release: run `stancegraph build`"):
        open_release(tmp_path)
    with pytest.raises(OperationError, match="holds no release 2026-01-01-0"):
        open_release(tmp_path, "2026-01-01-0")


@pytest.mark.parametrize("facts", ["", "{}", "[]", '{"date": 3}'])
def test_release_with_broken_facts_is_told(small: GraphFolder, tmp_path: Path, facts: str) -> None:
    """A file that is no release.json is an operator's matter, not a crash."""
    release = build(small, tmp_path / "releases", release_date=DAY)
    (release.path / "release.json").write_text(facts, "utf-8")

    with pytest.raises(OperationError, match="is no whole release"):
        open_release(tmp_path / "releases")


def test_same_input_gives_the_same_bytes_elsewhere(small: GraphFolder, tmp_path: Path) -> None:
    """Two folders, two orders of files on disk, another place: the same trees."""
    other = tmp_path / "other place"
    other.mkdir()
    for path in sorted(small.root.rglob("*"), reverse=True):
        target = other / path.relative_to(small.root)
        if path.is_file():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target)

    first = build(small, tmp_path / "r1", release_date=DAY)
    second = build(type(small).at(other), tmp_path / "r2" / "deep", release_date=DAY)

    assert tree(first.path) == tree(second.path)


def test_building_again_changes_nothing(small: GraphFolder, tmp_path: Path) -> None:
    """The same release built twice is one folder with the same bytes, and so after another."""
    releases = tmp_path / "releases"
    first = build(small, releases, release_date=DAY)
    before = tree(first.path)
    again = build(small, releases, release_date=DAY)
    other = build(small, releases, release_date=date(2026, 1, 2))

    back = build(small, releases, release_date=DAY)

    assert (again, back) == (first, first)
    assert tree(first.path) == before
    assert other.previous == first.id
    assert open_release(releases).id == first.id
    assert sorted(path.name for path in releases.iterdir()) == [
        ".cache.sqlite",
        ".lock",
        first.id,
        other.id,
        "current",
    ]


def test_changed_queries_reach_a_release_of_the_same_graph(
    small: GraphFolder, tmp_path: Path
) -> None:
    """The digest is of the graph alone; the release still has the queries of the last build."""
    releases = tmp_path / "releases"
    first = build(small, releases, release_date=DAY)
    query = small.root / "queries" / "votes" / "of-a-state.rq"
    query.write_text(query.read_text("utf-8").replace("How a", "In which way a"), "utf-8")

    second = build(small, releases, release_date=DAY)

    assert second.id == first.id
    current = open_release(releases)
    assert "In which way a" in (current.path / "queries/votes/of-a-state.rq").read_text("utf-8")
    assert current.path == (releases / first.id).resolve()
    build(small, releases, release_date=DAY)
    assert sorted(path.name for path in releases.iterdir()) == [
        ".cache.sqlite",
        ".lock",
        first.id,
        "current",
    ]


def test_release_describes_itself(small: GraphFolder, tmp_path: Path) -> None:
    """DCAT, VoID, the digest and the graphs, in IRIs only."""
    releases = tmp_path / "releases"
    before = build(small, releases, release_date=date(2025, 12, 31))
    release = build(small, releases, release_date=DAY)

    store = description(release)

    assert one(store, release.iri, DCAT.version) == release.id
    assert one(store, release.iri, DCAT.previousVersion) == before.iri
    assert one(store, release.iri, DCAT.isVersionOf) == small.base
    assert one(store, release.iri, DCTERMS.issued) == "2026-01-01"
    assert one(store, release.iri, DCTERMS.license) == small.licence
    assert one(store, release.iri, DCTERMS.publisher) == f"{small.base}id/agent/tests"
    checksum = one(store, release.iri, SPDX.checksum)
    assert one(store, checksum, SPDX.checksumValue) == release.digest
    vote = f"{release.iri}#class-sg:Vote"
    assert one(store, vote, VOID.entities) == "3"
    assert one(store, f"{release.iri}#property-sg:actor", VOID.triples) == "3"
    graphs = store.quads_for_pattern(ox.NamedNode(release.iri), SD.namedGraph, None)
    assert len(list(graphs)) == release.counts["graphs"] - 1
    assert not any(
        isinstance(term, ox.BlankNode) for quad in store for term in (quad.subject, quad.object)
    )


def test_numbers_of_the_description_are_those_of_the_quads(
    small: GraphFolder, tmp_path: Path
) -> None:
    """Each partition says what a query over everything but the description counts."""
    release = build(small, tmp_path / "releases", release_date=DAY)
    store = ox.Store()
    store.load(path=release.quads_file, format=ox.RdfFormat.N_QUADS)
    about = ox.NamedNode(f"{release.base}graph/description")
    triples = {quad.triple for quad in store if quad.graph_name != about}

    described = description(release)

    assert one(described, release.iri, VOID.triples) == str(len(triples))
    assert one(described, release.iri, VOID.properties) == str(
        len({triple.predicate for triple in triples})
    )
    assert one(described, release.iri, VOID.classes) == str(
        len({triple.object for triple in triples if triple.predicate == RDF.type})
    )
    parts = list(described.quads_for_pattern(None, VOID.property, None))
    assert len(parts) == len({triple.predicate for triple in triples})
    for part in parts:
        assert isinstance(part.subject, ox.NamedNode)
        assert one(described, part.subject.value, VOID.triples) == str(
            sum(triple.predicate == part.object for triple in triples)
        )


def test_derived_graph_says_what_made_it(small: GraphFolder, tmp_path: Path) -> None:
    """An activity used the graphs that were read, by the plan that is the rule."""
    release = build(small, tmp_path / "releases", release_date=DAY)

    store = description(release)

    activity = one(store, f"{release.base}graph/derived/as-of", PROV.wasGeneratedBy)
    assert one(store, activity, PROV.used) == f"{release.base}graph/derived/holders"
    plan = one(store, one(store, activity, PROV.qualifiedAssociation), PROV.hadPlan)
    assert one(store, plan, DCTERMS.identifier) == "ontology/rules/as-of.rq"


def test_second_build_says_that_another_is_at_work(small: GraphFolder, tmp_path: Path) -> None:
    """Two builds do not write into one folder at a time."""
    with (
        only_build(tmp_path / "releases"),
        pytest.raises(OperationError, match="another build is writing to"),
    ):
        build(small, tmp_path / "releases", release_date=DAY)


def test_what_a_killed_build_left_is_cleared(small: GraphFolder, tmp_path: Path) -> None:
    """Except what ``current`` points to, whatever its name."""
    releases = tmp_path / "releases"
    release = build(small, releases, release_date=DAY)
    for name in (".tmp-abc", ".old-abc"):
        shutil.copytree(release.path, releases / name)
    (releases / ".link-1").symlink_to("nowhere")
    release.path.replace(releases / ".tmp-current")
    release_module.point_to(releases, ".tmp-current")

    with only_build(releases):
        left = sorted(path.name for path in releases.iterdir())

    assert left == [".cache.sqlite", ".lock", ".tmp-current", "current"]
    assert open_release(releases).id == release.id


def test_folder_that_cannot_be_written_to_is_told(small: GraphFolder, tmp_path: Path) -> None:
    """A file in the way is a message, not a trace."""
    (tmp_path / "file").write_text("")

    with pytest.raises(OperationError, match=r"cannot write to .*: Not a directory"):
        build(small, tmp_path / "file" / "releases", release_date=DAY)


def test_date_is_that_of_the_last_commit_else_today(small: GraphFolder) -> None:
    """Only a commit that touched the folder counts."""
    today = datetime.now(UTC).date()
    assert date_of(small) in {today, datetime.now(UTC).date()}
    environment = {
        "PATH": os.environ["PATH"],
        "GIT_AUTHOR_DATE": "2020-02-03T12:00:00Z",
        "GIT_COMMITTER_DATE": "2020-02-03T12:00:00Z",
    }
    who = ["-c", "user.name=t", "-c", "user.email=t@example.org"]
    for arguments in (["init", "-q"], ["add", "."], ["commit", "-q", "-m", "All"]):
        subprocess.run(["git", *who, *arguments], cwd=small.root, env=environment, check=True)

    assert date_of(small) == date(2020, 2, 3)


def test_facts_hold_neither_times_nor_places(small: GraphFolder, tmp_path: Path) -> None:
    """release.json says nothing that differs from machine to machine."""
    release = build(small, tmp_path / "releases", release_date=DAY)

    facts = json.loads((release.path / "release.json").read_text("utf-8"))

    assert sorted(facts) == [
        "base", "checksum", "counts", "date", "digest", "id", "licence", "previous", "title",
    ]  # fmt: skip
    assert str(tmp_path) not in json.dumps(facts)
