"""A build that knows what earlier ones found out gives what a build without does."""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pyoxigraph as ox
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stancegraph.build import Progress, build
from stancegraph.build import cache as cache_module
from stancegraph.build.cache import FILE, KEPT, Cache
from stancegraph.build.lines import Graphs
from stancegraph.build.quads import Quads
from stancegraph.build.reads import Reads
from stancegraph.build.release import open_release
from stancegraph.errors import InvalidGraph
from stancegraph.folder import GraphFolder, shipped
from tests.conftest import DAY, SMALL

if TYPE_CHECKING:
    from stancegraph.build import Check

VOTES, OTHERS = "data/votes/74-247.ttl", "data/states/PER.ttl"
SHAPE, RULE = "shapes/Vote.ttl", "ontology/rules/holders.rq"
QUERY, WORDS = "queries/votes/of-a-state.rq", "ontology/small.ttl"
MORE = {
    "shapes/Once.ttl": """\
PREFIX sg: <https://w3id.org/stancegraph/ontology#>
PREFIX sh: <http://www.w3.org/ns/shacl#>
PREFIX shape: <https://example.org/small/shapes#>

shape:Once
    a sh:NodeShape ;
    sh:severity sh:Warning ;
    sh:sparql shape:Once-a-day ;
    sh:targetClass sg:Vote ;
.

shape:Once-a-day
    sh:message "A state has one choice a day."@en ;
    sh:select '''
        SELECT $this ?value WHERE {
          $this <https://w3id.org/stancegraph/ontology#actor> ?actor .
          ?value <https://w3id.org/stancegraph/ontology#actor> ?actor .
          FILTER (?value != $this)
        }''' ;
.
""",
    "queries/things/all.rq": """\
#+ summary: Everything that is said
#+ columns: [thing, said]

SELECT DISTINCT ?thing ?said
WHERE {
  ?thing ?predicate ?said .
  FILTER (isIRI(?thing))
}
ORDER BY ?thing
""",
    "queries/things/of-votes.rq": """\
#+ summary: What is said of votes
#+ columns: [vote, said]

PREFIX sg: <https://w3id.org/stancegraph/ontology#>

SELECT ?vote ?said
WHERE {
  VALUES ?predicate { sg:choice sg:impliedHolder }
  ?vote ?predicate ?said .
}
ORDER BY ?vote ?said
""",
}
# What an edit puts into the place of what, or back. None: the file is gone, or back.
EDITS: dict[str, tuple[str, str, str | None]] = {
    "literal": (VOTES, 'sg:choice "no"', 'sg:choice "yes"'),
    "literal that a shape refuses": (VOTES, '"abstain"', '"perhaps"'),
    "actor": (VOTES, "<state/PER> ;", "<state/CAN> ;"),
    "class of a vote": (VOTES, "<vote/74-247/CAN>\n    a sg:Vote ;", "<vote/74-247/CAN>"),
    "missing semicolon": (VOTES, 'sg:choice "no" ;', 'sg:choice "no"'),
    "date as a year": (VOTES, '"2019-12-27"^^xsd:date', '"2019"^^xsd:gYear'),
    "date that is none": (VOTES, '"2019-12-27"^^xsd:date', '"2019-02-30"^^xsd:date'),
    "comment": (VOTES, "# Two votes", "# Both votes"),
    "label": (OTHERS, "Peru", "Perú"),
    "no votes": (VOTES, "", None),
    "no state": (OTHERS, "", None),
    "weaker shape": (SHAPE, "sh:maxCount 1", "sh:maxCount 2"),
    "other severity": (SHAPE, "sh:severity sh:Violation", "sh:severity sh:Warning"),
    "other message": ("shapes/Once.ttl", "one choice a day", "one choice each day"),
    "no constraint": ("shapes/Once.ttl", "", None),
    "rule": (RULE, "?vote sg:actor ?actor", '?vote sg:actor ?actor ; sg:choice "no"'),
    "rule that is none": (RULE, "WHERE {", "WHERE"),
    "query": (QUERY, "?vote sg:actor ?actor", "?vote a sg:Vote ; sg:actor ?actor"),
    "query without an order": (QUERY, "ORDER BY ?vote\n", "ORDER BY ?choice\n"),
    "query of a word that is none": (QUERY, "sg:choice", "sg:chosen"),
    "word": (WORDS, "sg:latest\n", "sg:later\n"),
    "title": ("dataset.ttl", "Three votes", "Some votes"),
}


@dataclass
class Kept(Progress):
    """What a build told of the files."""

    problems: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()

    def checked(self, found: Check) -> None:
        """Keep them."""
        self.problems = [problem.as_text() for problem in found.problems]


@dataclass(frozen=True)
class Outcome:
    """What comes of a build: the files of the release, by name, or None; and all problems."""

    release: dict[str, bytes] | None
    problems: list[str]


def outcome(folder: GraphFolder, releases: Path, *, fresh: bool) -> Outcome:
    kept = Kept()
    try:
        release = build(folder, releases, release_date=DAY, progress=kept, fresh=fresh)
    except InvalidGraph:
        return Outcome(None, kept.problems)
    files = {
        path.relative_to(release.path).as_posix(): path.read_bytes()
        for path in release.path.rglob("*")
        if path.is_file()
    }
    return Outcome(files, kept.problems)


def edit(root: Path, file: str, old: str, new: str | None, gone: dict[str, str]) -> None:
    path = root / file
    if new is None:
        if file in gone:
            path.write_text(gone.pop(file), "utf-8")
        else:
            gone[file] = path.read_text("utf-8")
            path.unlink()
    elif path.exists():
        text = path.read_text("utf-8")
        path.write_text(text.replace(old, new) if old in text else text.replace(new, old), "utf-8")


def without_cache(releases: Path, copy: Path) -> Path:
    shutil.copytree(releases, copy, symlinks=True)
    (copy / FILE).unlink()
    return copy


@pytest.mark.whole
@settings(
    max_examples=12,
    deadline=None,
    database=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)
@given(names=st.lists(st.sampled_from(sorted(EDITS)), min_size=1, max_size=5))
def test_a_build_after_edits_is_that_of_the_whole(names: list[str]) -> None:
    """The same release, byte for byte, the same problems; whatever was built in between."""
    with tempfile.TemporaryDirectory() as place:
        root = Path(place)
        folder = GraphFolder.at(shutil.copytree(SMALL, root / "small"))
        for file, text in MORE.items():
            path = folder.root / file
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, "utf-8")
        gone: dict[str, str] = {}
        outcome(folder, root / "releases", fresh=False)
        for name in names[:-1]:
            edit(folder.root, *EDITS[name], gone)
            outcome(GraphFolder.at(folder.root), root / "releases", fresh=False)
        edit(folder.root, *EDITS[names[-1]], gone)
        folder = GraphFolder.at(folder.root)
        other = without_cache(root / "releases", root / "other")

        changed = outcome(folder, root / "releases", fresh=False)

        assert changed == outcome(folder, other, fresh=True)


@pytest.mark.whole
def test_every_edit_changes_what_comes_of_a_build(small: GraphFolder, tmp_path: Path) -> None:
    """So that the property above says something of each."""
    for file, text in MORE.items():
        path = small.root / file
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, "utf-8")
    before = outcome(small, tmp_path / "releases", fresh=False)
    unseen = {"comment"}
    for name, (file, old, new) in EDITS.items():
        text = (small.root / file).read_text("utf-8")
        edit(small.root, file, old, new, {})
        after = outcome(GraphFolder.at(small.root), tmp_path / "releases", fresh=False)
        (small.root / file).write_text(text, "utf-8")

        assert (after == before) == (name in unseen), name


@pytest.mark.whole
def test_a_build_of_the_shipped_graph_after_edits_is_that_of_the_whole(
    shipped_releases: Path, tmp_path: Path
) -> None:
    """A vote, a locator, a label, a deleted source and a rule."""
    root = tmp_path / "graph"
    for part in ("data", "ontology", "shapes", "queries"):
        shutil.copytree(shipped().root / part, root / part)
    shutil.copyfile(shipped().root / "dataset.ttl", root / "dataset.ttl")
    folder = GraphFolder.at(root)
    shutil.copytree(shipped_releases, tmp_path / "releases", symlinks=True)
    edits = (
        ("data/rollcalls/unga/A-RES-74-247.ttl", "vote-choice/yes>", "vote-choice/abstain>"),
        ("data/treaties/budapest-convention.ttl", 'sg:locator "', 'sg:locator "see '),
        ("data/countries/CAN.ttl", '"Canada"', '"Kanada"'),
        ("ontology/rules/labels.rq", "#+ summary: ", "#+ summary: Once more: "),
    )
    for file, old, new in edits:
        path = root / file
        text = path.read_text("utf-8")
        assert old in text
        path.write_text(text.replace(old, new, 1), "utf-8")
    other = without_cache(tmp_path / "releases", tmp_path / "other")

    changed = outcome(folder, tmp_path / "releases", fresh=False)

    assert changed == outcome(folder, other, fresh=True)
    (root / "data" / "sources" / "atlas.ttl").unlink()
    assert outcome(folder, tmp_path / "releases", fresh=False) == outcome(folder, other, fresh=True)


@pytest.mark.whole
def test_queries_see_no_difference_in_what_they_can_read(shipped_releases: Path) -> None:
    """Each saved query gives the same rows of the triples that it reads as of all."""
    release = open_release(shipped_releases)
    whole = ox.Store()
    whole.load(path=release.quads_file, format=ox.RdfFormat.N_QUADS)
    quads = Quads(release.quads_file, release.counts["triples"])
    graphs = Graphs.of(ox.Triple(s, p, o) for s, p, o, _ in whole)
    wrong = []
    for path in sorted((release.path / "queries").rglob("*.rq")):
        text = path.read_text("utf-8")
        reads = Reads.of(text)
        if reads.slots is None or reads.volatile:
            continue
        store = ox.Store()
        read = b"".join(quads.covered(graphs.resolved(reads)))
        store.load(read, format=ox.RdfFormat.N_QUADS, lenient=True)  # a build wrote it
        rows = [list(map(str, each.query(text, use_default_graph_as_union=True)))  # type: ignore[arg-type]
                for each in (whole, store)]  # fmt: skip
        if rows[0] != rows[1]:
            wrong.append(path.name)
    assert wrong == []


@pytest.mark.parametrize("damage", ["no database", "cut", "changed", "empty", "a folder"])
def test_a_damaged_cache_is_not_believed(small: GraphFolder, tmp_path: Path, damage: str) -> None:
    """Whatever became of its file, a build gives what one without it does."""
    releases = tmp_path / "releases"
    expected = outcome(small, releases, fresh=False)
    file = releases / FILE
    content = file.read_bytes()
    if damage == "a folder":
        file.unlink()
        file.mkdir()
    elif damage == "changed":
        file.write_bytes(content.replace(b"sg:", b"gs:").replace(b'"no"', b'"on"'))
        with sqlite3.connect(file) as database:
            database.execute("UPDATE known SET value = CAST(value || 'x' AS BLOB)")
        database.close()
    else:
        harm = {"no database": b"x" * 5000, "cut": content[: len(content) // 2], "empty": b""}
        file.write_bytes(harm[damage])

    assert outcome(small, releases, fresh=False) == expected


def test_a_cache_that_another_build_holds_is_done_without(
    small: GraphFolder, tmp_path: Path
) -> None:
    """Two builds at once never wait for each other's answers."""
    releases = tmp_path / "releases"
    expected = outcome(small, releases, fresh=False)
    database = sqlite3.connect(releases / FILE)
    database.execute("BEGIN EXCLUSIVE")

    assert outcome(small, releases, fresh=False) == expected

    database.rollback()
    database.close()


def test_what_no_build_wants_is_dropped(tmp_path: Path) -> None:
    """A cache does not grow for ever, and keeps what each build wants."""
    for number in range(2 * KEPT + 2):
        with Cache(tmp_path / FILE) as cache:
            cache.answer("kind", "wanted", find=lambda: 1)
            cache.answer("kind", str(number), find=lambda: 2)

    with Cache(tmp_path / FILE) as cache:
        assert cache.answer("kind", "wanted", find=lambda: 3) == 1
        assert cache.answer("kind", "0", find=lambda: 3) == 3


@pytest.mark.parametrize("fresh", [False, True])
def test_much_is_written_as_it_comes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, fresh: bool
) -> None:
    """So that it is not held in memory; who put it there finds it again, and so do others."""
    monkeypatch.setattr(cache_module, "HELD", 100)
    with Cache(tmp_path / FILE, fresh=fresh) as cache:
        for number in range(10):
            cache.put(b"%d" % number, b"x" * 60)
        assert cache.get("kind", b"0") == cache.get("kind", b"9") == b"x" * 60
        with Cache(tmp_path / FILE) as other:
            assert other.get("kind", b"0") == b"x" * 60


def test_a_build_tells_what_it_had_to_do(small: GraphFolder, tmp_path: Path) -> None:
    """By stage, of how many: only what rests on the file that was edited.

    Of the answers, those that count things and statements do.
    """
    progress = Progress()
    build(small, tmp_path / "releases", release_date=DAY, progress=progress)
    assert progress.done == {}
    edit(small.root, *EDITS["literal"], {})

    build(small, tmp_path / "releases", release_date=DAY, progress=progress)

    assert progress.done == {
        "parse": "1 of 7 files", "derive": "0 of 2 rules", "answer": "6 of 8 answers",
    }  # fmt: skip
