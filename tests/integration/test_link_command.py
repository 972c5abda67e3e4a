"""``stancegraph link``: proposals, decisions and checks, against a service in Wikidata's shape."""

from __future__ import annotations

import csv
import re
import shutil
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import pyoxigraph as ox
import pytest
from click.testing import CliRunner, Result

from stancegraph.build import build, check
from stancegraph.cli import main
from stancegraph.folder import GraphFolder
from stancegraph.links import sssom
from stancegraph.problems import Severity
from tests.wikidata import (
    BUDAPEST,
    COUNTRY,
    ORGANISATION,
    STATE,
    TREATY,
    WD,
    Service,
    item,
    serving,
    statement,
    store,
)  # fmt: skip

if TYPE_CHECKING:
    from collections.abc import Iterator

SHIPPED = Path(__file__).parents[2]
EXAMPLE = SHIPPED / "examples" / "cluster-munitions"
REGISTERS = SHIPPED / "data" / "links" / "registers.ttl"
CONVENTION = "treaty/convention-on-cluster-munitions"
ASEAN = "Q7768"

# Wikidata's identifiers, but for those from Q900000000 on, which are invented.
ITEMS = (
    item("Q37", "Lithuania", STATE, 'wdt:P298 "LTU"')
    + item("Q20", "Norway", STATE, 'wdt:P298 "NOR"')
    + item("Q900000100", "Norway", "Q900000101")
    + item("Q900000102", "Convention on Cluster Munitions", TREATY)
    + item("Q900000103", "Convention on Cluster Munitions", "Q900000104")
    + item(BUDAPEST, "Convention on Cybercrime", TREATY)
)


def run(*arguments: str, folder: Path | None = None, text: str = "", status: int = 0) -> Result:
    graph = ["--graph", str(folder)] if folder else []
    done = CliRunner().invoke(main, [*graph, "link", *arguments], input=text)
    assert done.exit_code == status, done.output
    return done


@pytest.fixture(scope="module")
def service() -> Iterator[Service]:
    with serving(store(ITEMS)) as found:
        yield found


@pytest.fixture
def graph(tmp_path: Path) -> Path:
    """Six states and a treaty, in a graph that links to Wikidata."""
    return linked_example(tmp_path / "graph")


def linked_example(target: Path) -> Path:
    """A copy of the example, made at *target*, that describes Wikidata."""
    folder = shutil.copytree(EXAMPLE, target)
    base = GraphFolder.at(folder).base
    (folder / "data" / "links").mkdir()
    text = REGISTERS.read_text("utf-8").replace("https://w3id.org/stancegraph/id/", f"{base}id/")
    (folder / "data" / "links" / "registers.ttl").write_text(text, "utf-8")
    return folder


@pytest.fixture
def proposals(graph: Path, service: Service, tmp_path: Path) -> Path:
    path = tmp_path / "proposals.sssom.tsv"
    run(
        "wikidata", "--endpoint", service.address, "--contact", "me@example.org",
        "--kept", str(tmp_path / "kept"), "--output", str(path), folder=graph,
    )  # fmt: skip
    return path


def decided(graph: Path) -> dict[str, tuple[str, str]]:
    """By thing and entry the decision and relation that the files of *graph* state."""
    found: dict[str, dict[str, str]] = {}
    for quad in ox.parse(path=graph / "data" / "links" / "wikidata.ttl"):
        subject, name = str(quad.subject), quad.predicate.value.rpartition("#")[2]
        found.setdefault(subject, {})[name] = str(getattr(quad.object, "value", ""))
    return {
        f"{said['mappedThing'].rpartition('/id/')[2]} {said.get('entry', 'none')}": (
            said["decision"].rpartition("/")[2],
            said.get("mappingRelation", "").rpartition("#")[2],
        )
        for said in found.values()
        if "decision" in said
    }


def test_proposals_are_a_table_for_people_and_programs(proposals: Path) -> None:
    """Hard keys first: with them nothing else is proposed; a name alone may fit two."""
    table = sssom.read(proposals)

    said = [(row.subject_id, row.object_id, row.confidence) for _, row in table.mappings]
    assert said == [
        ("sgid:state/LTU", "wikidata:Q37", "1"),
        ("sgid:state/NOR", "wikidata:Q20", "1"),
        (f"sgid:{CONVENTION}", "wikidata:Q900000102", "0.95"),
        (f"sgid:{CONVENTION}", "wikidata:Q900000103", "0.75"),
    ]
    assert {row.mapping_justification for _, row in table.mappings} == {
        "semapv:DatabaseCrossReference", "semapv:CompositeMatching", "semapv:LexicalMatching",
    }  # fmt: skip
    assert all(row.mapping_date and row.comment for _, row in table.mappings)


def test_a_run_can_be_repeated_offline(proposals: Path, graph: Path, service: Service) -> None:
    first, asked = proposals.read_text("utf-8"), len(service.asked)

    run(
        "wikidata", "--endpoint", service.address, "--offline", "--output", str(proposals),
        "--kept", str(proposals.parent / "kept"), folder=graph,
    )  # fmt: skip

    assert proposals.read_text("utf-8") == first
    assert len(service.asked) == asked


def test_nothing_enters_the_graph_without_a_decision(proposals: Path, graph: Path) -> None:
    assert proposals.is_file()
    assert not (graph / "data" / "links" / "wikidata.ttl").exists()


def test_a_person_decides_and_every_decision_is_kept(proposals: Path, graph: Path) -> None:
    """Accepting one rejects the others; so the next run has nothing to propose for it."""
    done = run("review", str(proposals), folder=graph, text="c1\n0\nwhat\n1\n")

    assert "Lithuania (state/LTU)" in done.output
    assert decided(graph) == {
        "state/LTU Q37": ("accepted", "closeMatch"),
        "state/NOR none": ("no-match", ""),
        f"{CONVENTION} Q900000102": ("accepted", "exactMatch"),
        f"{CONVENTION} Q900000103": ("rejected", "exactMatch"),
    }
    problems = check(GraphFolder.at(graph)).problems
    assert [p.as_text() for p in problems if p.severity is Severity.VIOLATION] == []
    again = run("review", str(proposals), folder=graph)
    assert "nothing was decided" in again.output


def test_what_is_left_open_is_asked_again(proposals: Path, graph: Path) -> None:
    run("review", str(proposals), folder=graph, text="\nx\nq\n")

    assert decided(graph) == {"state/NOR Q20": ("rejected", "exactMatch")}
    done = run("review", str(proposals), folder=graph, text="q\n")
    assert "1 of 2: " in done.output
    assert "Norway" not in done.output


def test_decisions_come_out_as_they_went_in(proposals: Path, graph: Path, tmp_path: Path) -> None:
    run("review", str(proposals), folder=graph, text="1\n0\n1\n")
    first = run("export", folder=graph).output
    path = tmp_path / "decided.sssom.tsv"
    path.write_text(first, "utf-8")
    (graph / "data" / "links" / "wikidata.ttl").unlink()

    run("import", str(path), folder=graph)

    assert run("export", folder=graph).output == first
    modifiers = {row.object_id: row.predicate_modifier for _, row in sssom.read(path).mappings}
    assert modifiers["wikidata:Q900000103"] == "Not"
    assert sssom.NO_TERM in modifiers


def test_a_table_that_is_wrong_is_told_with_its_lines(graph: Path, tmp_path: Path) -> None:
    path = tmp_path / "wrong.sssom.tsv"
    path.write_text(
        "#curie_map:\n#  wikidata: http://www.wikidata.org/entity/\n"
        "subject_id\tpredicate_id\tobject_id\tmapping_justification\n"
        "state/XXX\tskos:exactMatch\twikidata:Q1\tsemapv:MappingReview\n"
        "state/NOR\towl:sameAs\thttps://example.org/Q20\tguess\n",
        "utf-8",
    )

    done = run("import", str(path), folder=graph, status=1)

    assert "wrong.sssom.tsv:4: violation: column subject_id: 'state/XXX' is no thing" in done.output
    for column in ("object_id", "predicate_id", "mapping_justification"):
        assert f"wrong.sssom.tsv:5: violation: column {column}: " in done.output
    assert not (graph / "data" / "links" / "wikidata.ttl").exists()


# The shipped graph, checked against a register that states some of its facts and others.
MEMBERS = (
    item(ASEAN, "Association of Southeast Asian Nations", ORGANISATION)
    + item("Q921", "Brunei", STATE, 'wdt:P298 "BRN"')
    + statement("Q921", "P463", ASEAN, P580="1984-01-07")
    + item("Q252", "Indonesia", STATE, 'wdt:P298 "XXX"')
    + statement("Q252", "P463", ASEAN, P580="1999-08-08")
    + item("Q833", "Malaysia", "Q900000105", 'wdt:P298 "MYS"')
    + statement("Q833", "P463", ASEAN, P580="1967-01-01")
    + item("Q691", "Papua New Guinea", COUNTRY, 'wdt:P298 "PNG"')
    + statement("Q691", "P463", ASEAN)
    + "wd:Q928 owl:sameAs wd:Q900000106 .\n"
)


@pytest.fixture(scope="module")
def report(shipped_releases: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """What a check of the shipped graph writes."""
    folder = tmp_path_factory.mktemp("check")
    paths = {name: folder / name for name in ("gaps.csv", "gaps.html", "statements.txt")}
    with serving(store(MEMBERS)) as found:
        run(
            "check", "--endpoint", found.address, "--contact", "me@example.org",
            "--kept", str(folder / "kept"), "--releases", str(shipped_releases),
            "--output", str(paths["gaps.csv"]), "--page", str(paths["gaps.html"]),
            "--quickstatements", str(paths["statements.txt"]),
        )  # fmt: skip
    return paths


@pytest.fixture(scope="module")
def found(report: dict[str, Path]) -> list[dict[str, str]]:
    return list(csv.DictReader(report["gaps.csv"].read_text("utf-8").splitlines()))


def of_asean(rows: list[dict[str, str]]) -> dict[str, tuple[str, str, str]]:
    return {
        row["subject"]: (row["side"], row["ours"], row["theirs"])
        for row in rows
        if row["value"] == ASEAN
    }


def test_stale_links_are_told_with_what_is_wrong(found: list[dict[str, str]]) -> None:
    stale = {row["subject"]: row["theirs"] for row in found if row["side"] == "stale link"}

    assert "Q921" not in stale
    assert stale["Q252"] == "Q252 has P298 XXX, not IDN"
    assert stale["Q833"].startswith("Q833 is no longer any of ")
    assert stale["Q928"] == "Q928 is merged into Q900000106"
    assert stale["Q16"] == "Q16 is gone, or has no name in the languages that are asked"


def test_gaps_are_told_in_both_directions(found: list[dict[str, str]]) -> None:
    """Wikidata pads dates: 1 January may be the year, with which a day in it agrees."""
    gaps = of_asean(found)

    assert "Q921" not in gaps
    assert "Q833" not in gaps
    assert gaps["Q252"] == ("other dates", "start 1967-08-08", "start 1999-08-08")
    assert gaps["Q691"] == ("there only", "", "")
    assert gaps["Q334"] == ("here only", "start 1967-08-08", "")


def test_what_only_we_state_becomes_a_proposal_with_its_source(report: dict[str, Path]) -> None:
    lines = report["statements.txt"].read_text("utf-8").splitlines()

    (singapore,) = (line.split("\t") for line in lines if line.startswith(f"Q334\tP463\t{ASEAN}"))
    assert singapore[3:5] == ["P580", "+1967-08-08T00:00:00Z/11"]
    assert singapore[5] == "S854"
    assert singapore[6].startswith('"https://')
    assert singapore[7:] == ["S813", "+2026-11-21T00:00:00Z/11"]
    assert not [
        line for line in lines if line.startswith((f"Q691\tP463\t{ASEAN}", f"Q252\tP463\t{ASEAN}"))
    ]
    assert {line.split("\t")[1] for line in lines} == {"P463"}


def test_the_page_tells_the_same(report: dict[str, Path], found: list[dict[str, str]]) -> None:
    page = report["gaps.html"].read_text("utf-8")

    for side, heading in (
        ("stale link", "Links to look at again"),
        ("here only", "Stated here and not in Wikidata"),
        ("there only", "Stated in Wikidata and not here"),
        ("other dates", "Stated on both sides with other dates"),
    ):
        count = sum(1 for row in found if row["side"] == side)
        assert f"{heading} ({count})" in page
    assert f'<a href="{WD}Q334">Singapore</a>' in page


# The treaty of the example, whose acts a register states in part, and otherwise in part.
CCM = "Q900000102"
ACTS = (
    item("Q16", "Canada", STATE, 'wdt:P298 "CAN"')
    + item("Q37", "Lithuania", STATE, 'wdt:P298 "LTU"')
    + item("Q96", "Mexico", STATE, 'wdt:P298 "MEX"')
    + item("Q20", "Norway", STATE, 'wdt:P298 "NOR"')
    + item("Q954", "Zimbabwe", STATE, 'wdt:P298 "ZWE"')
    + item(CCM, "Convention on Cluster Munitions", TREATY)
    + statement(CCM, "P1891", "Q16", P585="2008-12-03")
    + statement(CCM, "P1891", "Q37", P585="2010-12-03")
    + statement(CCM, "P1891", "Q96", P585="2008-12-03")
    + statement(CCM, "P6193", "Q16", P585="2015-01-01")
    + statement(CCM, "P6193", "Q37", P585="2011-03-24")
)
# In truth Zimbabwe has not joined: what matters is an accession.
ACCESSION = """
<action/convention-on-cluster-munitions/ZWE/accession>
    a sg:TreatyAction ;
    sg:actionKind action-kind:accession ;
    sg:actor <state/ZWE> ;
    sg:codedBy <agent/stancegraph> ;
    sg:codedOn "2026-11-22"^^xsd:date ;
    sg:confidence confidence:high ;
    sg:date "2015-03-16"^^xsd:date ;
    sg:evidence <evidence/untc-xxvi-6/CAN> ;
    sg:rank rank:normal ;
    sg:treaty <treaty/convention-on-cluster-munitions> ;
.
"""


@pytest.fixture(scope="module")
def acts(
    tmp_path_factory: pytest.TempPathFactory,
) -> tuple[list[dict[str, str]], list[list[str]], str]:
    """What a check of a treaty with an entry finds: gaps, proposals, and what it says."""
    folder = tmp_path_factory.mktemp("acts")
    graph = linked_example(folder / "graph")
    with (graph / "data" / "convention.ttl").open("a", encoding="utf-8") as file:
        file.write(ACCESSION)
    base = GraphFolder.at(graph).base
    for name in ("signatures", "consents"):
        query = (SHIPPED / "queries" / "links" / f"{name}.rq").read_text("utf-8")
        query = query.replace(
            "https://w3id.org/stancegraph/id/treaty/budapest-protocol-2", f"{base}id/{CONVENTION}"
        )
        (graph / "queries" / "links").mkdir(exist_ok=True)
        (graph / "queries" / "links" / f"{name}.rq").write_text(
            re.sub(r"#\+ coverage:.*\n", "", query), "utf-8"
        )
    pairs = {"CAN": "Q16", "LTU": "Q37", "MEX": "Q96", "NOR": "Q20", "ZWE": "Q954"}
    mapped = {f"state/{code}": entry for code, entry in pairs.items()} | {CONVENTION: CCM}
    table = folder / "decided.sssom.tsv"
    table.write_text(
        f"#curie_map:\n#  wikidata: {WD}\n#  sgid: {base}id/\n"
        "subject_id\tpredicate_id\tobject_id\tmapping_justification\n"
        + "".join(
            f"sgid:{thing}\tskos:exactMatch\twikidata:{entry}\tsemapv:ManualMappingCuration\n"
            for thing, entry in mapped.items()
        ),
        "utf-8",
    )
    run("import", str(table), folder=graph)
    build(GraphFolder.at(graph), folder / "releases", release_date=date(2026, 11, 22))
    with serving(store(ACTS)) as found:
        done = run(
            "check", "--endpoint", found.address, "--contact", "me@example.org",
            "--kept", str(folder / "kept"), "--releases", str(folder / "releases"),
            "--output", str(folder / "gaps.csv"), "--quickstatements", str(folder / "acts.txt"),
            folder=graph,
        )  # fmt: skip
    gaps = list(csv.DictReader((folder / "gaps.csv").read_text("utf-8").splitlines()))
    lines = (folder / "acts.txt").read_text("utf-8").splitlines()
    return gaps, [line.split("\t") for line in lines], done.output


def test_acts_on_a_treaty_are_compared_in_both_directions(
    acts: tuple[list[dict[str, str]], list[list[str]], str],
) -> None:
    """Signatures and consents, which Wikidata keeps on the treaty; one of two dates is enough."""
    found, _, _ = acts

    assert {
        (row["property"], row["value"], row["side"], row["ours"], row["theirs"]) for row in found
    } == {
        ("P1891", "Q37", "other dates", "2008-12-03", "2010-12-03"),
        ("P1891", "Q96", "there only", "", "2008-12-03"),
        ("P1891", "Q20", "here only", "2008-12-03", ""),
        ("P6193", "Q20", "here only", "2008-12-03", ""),
        ("P6193", "Q954", "here only", "2015-03-16", ""),
    }
    assert {row["subject"] for row in found} == {CCM}


def test_an_accession_is_compared_and_never_proposed_as_a_ratification(
    acts: tuple[list[dict[str, str]], list[list[str]], str],
) -> None:
    """P6193 merges the two on Wikidata; what is proposed has its date and source."""
    _, proposed, _ = acts

    assert [line[:5] for line in proposed] == [
        [CCM, "P1891", "Q20", "P585", "+2008-12-03T00:00:00Z/11"],
        [CCM, "P6193", "Q20", "P585", "+2008-12-03T00:00:00Z/11"],
    ]
    assert all(line[5] == "S854" and line[6].startswith('"http') for line in proposed)


def test_facts_that_a_graph_has_no_query_for_are_told(
    acts: tuple[list[dict[str, str]], list[list[str]], str],
) -> None:
    assert "P463 is not compared: this graph has no query links/memberships" in acts[2]
