"""``stancegraph import``: a table becomes Turtle in the files of a graph, or nothing is written."""

from __future__ import annotations

import os
import pty
import shutil
import subprocess
import sys
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING

import pyoxigraph as ox
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from stancegraph.build import check
from stancegraph.folder import GraphFolder
from stancegraph.importers import Decisions, import_table, write
from stancegraph.problems import Severity

if TYPE_CHECKING:
    from collections.abc import Mapping

EXAMPLE = Path(__file__).parents[2] / "examples" / "cluster-munitions"
TREATY = "convention-on-cluster-munitions"
ACTS = "treaty,actor,action,date,source,locator,attestation"
CONVENTION = "data/convention.ttl"


def parse_text(text: str) -> list[ox.Triple]:
    return [quad.triple for quad in ox.parse(text, format=ox.RdfFormat.TURTLE)]


@pytest.fixture
def graph(tmp_path: Path) -> Path:
    """A graph of six states and a treaty, which shares the kinds of table of the shipped one."""
    return shutil.copytree(EXAMPLE, tmp_path / "graph")


def files_of(graph: Path) -> dict[str, str]:
    return {
        path.relative_to(graph).as_posix(): path.read_bytes().decode()
        for path in sorted(graph.rglob("*.ttl"))
    }


def table(folder: Path, *lines: str, name: str = "table.csv") -> Path:
    path = folder / name
    path.write_text("\n".join([*lines, ""]), "utf-8")
    return path


def run_import(
    graph: Path, kind: str, path: Path, *options: str, status: int = 0
) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [sys.executable, "-m", "stancegraph", "--graph", str(graph), "import", kind,
         path.name, *options],
        cwd=path.parent, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert done.returncode == status, done.stderr
    return done


def changed(before: Mapping[str, str], after: Mapping[str, str]) -> set[str]:
    return {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)}


def test_rows_become_claims_with_evidence_where_the_file_has_them(
    graph: Path, tmp_path: Path
) -> None:
    before = files_of(graph)
    acts = table(
        tmp_path,
        ACTS,
        'CCM,Mexico,signature,2008-12-03,untc-xxvi-6,"table, row Mexico",primary',
        f'{TREATY},MEX,ratification,2009-05,untc-xxvi-6,"table, row Mexico",primary',
    )

    done = run_import(graph, "treaty-actions", acts)

    after = files_of(graph)
    assert changed(before, after) == {CONVENTION}
    text = after[CONVENTION]
    mexico = text[text.index("<action/convention-on-cluster-munitions/MEX/signature>") :]
    assert mexico.startswith(
        "<action/convention-on-cluster-munitions/MEX/signature>\n    a sg:TreatyAction ;\n"
        "    sg:actionKind action-kind:signature ;\n    sg:actor <state/MEX> ;\n"
        "    sg:codedBy <agent/stancegraph> ;\n"
    )
    assert '    sg:date "2009-05"^^xsd:gYearMonth ;\n' in mexico
    assert mexico.count("<evidence/untc-xxvi-6/MEX>\n") == 1
    assert "\n# Norway\n" in mexico
    assert "2 new, 0 extended, 0 unchanged; 1 file" in done.stderr
    assert not [
        problem
        for problem in check(GraphFolder.at(graph)).problems
        if problem.severity is Severity.VIOLATION
    ]


def test_importing_again_changes_nothing_not_even_on_another_day(
    graph: Path, tmp_path: Path
) -> None:
    acts = table(tmp_path, ACTS, f"{TREATY},MEX,signature,2008-12-03,untc-xxvi-6,row,primary")
    run_import(graph, "treaty-actions", acts, "--coded-on", "2026-11-22")
    before = files_of(graph)

    done = run_import(graph, "treaty-actions", acts, "--coded-on", "2031-01-01")

    assert files_of(graph) == before
    assert "0 new, 0 extended, 1 unchanged; 0 files" in done.stderr


def test_a_claim_that_stands_gains_evidence_and_nothing_else(graph: Path, tmp_path: Path) -> None:
    """A year agrees with a day in it; a source that is named already is not named again."""
    before = files_of(graph)[CONVENTION]
    acts = table(
        tmp_path,
        ACTS,
        f"{TREATY},CAN,signature,2008,cmc-canada-2015,p. 1,reported",
        f"{TREATY},CAN,signature,2008-12-03,untc-xxvi-6,,",
    )

    done = run_import(graph, "treaty-actions", acts)

    after = files_of(graph)[CONVENTION]
    lines = [line for line in before.splitlines() if line not in after.splitlines()]
    (line,) = lines
    assert line.lstrip().startswith("sg:evidence <evidence/canada-gazette-si-2015-22/signature>")
    assert (
        line.replace(" , <evidence/untc", " , <evidence/cmc-canada-2015/CAN> , <evidence/untc")
        in after
    )
    assert "0 new, 1 extended, 0 unchanged" in done.stderr


def test_another_date_stands_beside_the_first_and_contradicts_it(
    graph: Path, tmp_path: Path
) -> None:
    acts = table(
        tmp_path,
        f"{ACTS},confidence,unresolved_reason",
        f"{TREATY},NOR,signature,2008-12-04,press-gadis3540,p. 2,reported,low,Nothing tells.",
    )

    done = run_import(graph, "treaty-actions", acts)

    text = files_of(graph)[CONVENTION]
    block = text[text.index(f"<action/{TREATY}/NOR/signature/2008-12-04>") :].partition("\n.\n")[0]
    assert f"    sg:contradicts <action/{TREATY}/NOR/signature> ;" in block
    assert '    sg:unresolvedReason "Nothing tells."@en ;' in block
    assert (
        f"NOR/signature/2008-12-04 contradicts action/{TREATY}/NOR/signature (data/" in done.stderr
    )
    assert run_import(graph, "treaty-actions", acts).stderr.startswith("0 new")


def test_a_contradiction_that_nobody_settles_is_a_violation_of_the_row(
    graph: Path, tmp_path: Path
) -> None:
    """The shapes judge the graph as it would be; what they say names the row."""
    before = files_of(graph)
    acts = table(tmp_path, ACTS, f"{TREATY},NOR,signature,2008-12-04,press-gadis3540,p. 2,reported")

    done = run_import(graph, "treaty-actions", acts, status=1)

    assert "table.csv:2: note: " in done.stderr
    assert "table.csv:2: action/" in done.stderr
    assert "set sg:rank, or add sg:unresolvedReason" in done.stderr
    assert files_of(graph) == before


def test_every_problem_is_told_in_one_run_and_nothing_is_written(
    graph: Path, tmp_path: Path
) -> None:
    before = files_of(graph)
    acts = table(
        tmp_path,
        f"{ACTS},colour",
        f"{TREATY},MEX,signature,2019-02-30,untc-xxvi-6,row,primary,",
        f"{TREATY},MEX,signed,2008-12-03,untc-xxvi-6,row,primary,",
        "treaty-of-zenda,MEX,signature,03/04/2019,untc-xxvi-6,row,primary,",
        f"{TREATY},,signature,2008-12-03,,row,primary,",
        f"{TREATY},Ruritania,signature,2008-12-03,no-such-source,row,primary,",
        f"{TREATY},CAN,accession,2008,untc-xxvi-6,row,primary,",
        f"{TREATY},CAN,accession,2008,untc-xxvi-6,row,primary,",
    )

    done = run_import(graph, "treaty-actions", acts, status=1)

    told = [line for line in done.stderr.splitlines() if line.startswith("table.csv:")]
    for number, (start, part) in enumerate(
        [
            ("table.csv:1: column colour: is no column of treaty-actions", ""),
            ("table.csv:2: column date: 2019-02-30 is not in the calendar", "correct it"),
            ("table.csv:3: column action: 'signed' is no code", "signature"),
            ("table.csv:4: column date: 03/04/2019 may be 2019-03-04 or 2019-04-03", "which"),
            ("table.csv:4: column treaty: 'treaty-of-zenda' is not known here", "--names"),
            ("table.csv:5: column actor: is empty", "give the key or name"),
            ("table.csv:5: column source: is empty", "give --source"),
            ("table.csv:6: column actor: 'Ruritania' is not known here", "it may mean"),
            ("table.csv:6: column source: 'no-such-source' is not known here", "--names"),
            ("table.csv:8: says the same as line 7", "leave one out"),
        ]
    ):
        assert told[number].startswith(start), told
        assert part in told[number]
    assert len(told) == 10
    assert done.stderr.endswith("table.csv has 10 problems; nothing was written\n")
    assert files_of(graph) == before


def test_two_places_in_one_source_are_two_pieces_of_evidence(graph: Path, tmp_path: Path) -> None:
    """Their IRIs are told apart by a number, unless the table has words for them."""
    acts = table(
        tmp_path,
        f"{ACTS},evidence",
        f"{TREATY},MEX,signature,2008-12-03,untc-xxvi-6,page 1,primary,",
        f"{TREATY},MEX,ratification,2009-05-06,untc-xxvi-6,page 2,primary,",
        f"{TREATY},MEX,declaration,2009-05-06,untc-xxvi-6,page 3,primary,declaration-MEX",
    )

    run_import(graph, "treaty-actions", acts)

    text = files_of(graph)[CONVENTION]
    for words, locator in [("MEX", "page 1"), ("MEX-2", "page 2"), ("declaration-MEX", "page 3")]:
        block = text[text.index(f"\n<evidence/untc-xxvi-6/{words}>\n") :].partition("\n.\n")[0]
        assert f'sg:locator "{locator}"' in block
    assert run_import(graph, "treaty-actions", acts).stderr.startswith("0 new")


def test_what_people_decided_of_a_claim_stays_and_is_told(graph: Path, tmp_path: Path) -> None:
    before = files_of(graph)
    acts = table(
        tmp_path,
        f"{ACTS},confidence,note",
        f"{TREATY},NOR,signature,2008-12-03,monitor-norway-2014,,,low,A note.",
    )

    done = run_import(graph, "treaty-actions", acts)

    assert "table.csv:2: note: column confidence: data/convention.ttl:" in done.stderr
    assert "keeps code/confidence/" in done.stderr
    assert "stays without: write 'A note.' there if that is better" in done.stderr
    assert files_of(graph) == before


def test_an_agent_that_nothing_describes_is_told_once(graph: Path, tmp_path: Path) -> None:
    acts = table(
        tmp_path,
        ACTS,
        f"{TREATY},MEX,signature,2008-12-03,untc-xxvi-6,row,primary",
        f"{TREATY},MEX,ratification,2009-05-06,untc-xxvi-6,row,primary",
    )

    done = run_import(graph, "treaty-actions", acts, "--coded-by", "agent/nobody", status=1)

    assert done.stderr.count("nothing describes agent/nobody") == 1


def test_two_rows_that_disagree_are_told_with_both_values(graph: Path, tmp_path: Path) -> None:
    rows = table(
        tmp_path,
        "key,collection,title,publisher,retrieved,url",
        "a-source,press,A title,One,2026-11-21,",
        "a-source,press,A title,Another,2026-11-21,https://example.org/",
        "cmc-canada-2015,press,Another title,One,2026-11-21,",
    )

    done = run_import(graph, "sources", rows, status=1)

    assert "table.csv:3: column publisher: 'Another' is not what line 2 has, 'One'" in done.stderr
    assert "table.csv:4: column title: 'Another title' is not what data/sources.ttl:" in done.stderr


def test_a_required_column_that_is_missing_is_told_once(graph: Path, tmp_path: Path) -> None:
    acts = table(tmp_path, "treaty,actor,date", *[f"CCM,MEX,20{n}" for n in range(10, 20)])

    done = run_import(graph, "treaty-actions", acts, status=1)

    assert done.stderr.splitlines()[:-1] == [
        "table.csv:1: column action: is missing: add it, with a code of code/action-kind",
        (
            "table.csv:1: column source: is missing: "
            "add it, with the key or name of a Source or give --source"
        ),
    ]


def test_a_dry_run_prints_a_diff_that_patch_reads(graph: Path, tmp_path: Path) -> None:
    acts = table(
        tmp_path,
        "treaty,actor,action,date,locator",
        f"{TREATY},MEX,signature,2008-12-03,row",
        f"{TREATY},CAN,signature,,row",
    )
    options = ("--source", "cmc-canada-2015")
    before = files_of(graph)

    done = run_import(graph, "treaty-actions", acts, "--dry-run", *options)

    assert files_of(graph) == before
    assert "1 would be new, 1 would be extended" in done.stderr
    patched = shutil.copytree(graph, tmp_path / "patched")
    subprocess.run(["patch", "-p1", "-s"], input=done.stdout, cwd=patched, check=True, text=True)
    run_import(graph, "treaty-actions", acts, *options)
    assert files_of(patched) == files_of(graph)


def test_a_roll_call_that_stands_gains_votes(graph: Path, tmp_path: Path) -> None:
    votes = table(
        tmp_path,
        "text,body,date,actor,choice,yes,no,abstain,meeting_record",
        *[
            f"A/C.1/70/L.49/Rev.1,unga-first-committee,2015,{state},{choice},130,2,40,"
            for state, choice in [("CAN", "yes"), ("NO", "Yes"), ("RUS", "no")]
        ],
    )

    done = run_import(graph, "roll-calls", votes, "--source", "press-gadis3540")

    text = files_of(graph)["data/vote-2015.ttl"]
    order = [line for line in text.splitlines() if line.startswith("<vote/")]
    assert [line[-4:-1] for line in order] == ["CAN", "NOR", "RUS", "ZWE"]
    assert "2 new, 0 extended, 1 unchanged; 1 file" in done.stderr


def test_a_new_roll_call_rests_on_the_sources_of_its_first_row(graph: Path, tmp_path: Path) -> None:
    votes = table(
        tmp_path,
        "text,body,date,actor,choice,yes,source,evidence,locator",
        "A/C.1/70/L.49/Rev.1,un,2015-12-07,ZWE,no,139,press-gadis3540,plenary,tally",
        "A/C.1/70/L.49/Rev.1,un,2015-12-07,NOR,abstain,,norway-2024,NOR,p. 2",
    )

    run_import(graph, "roll-calls", votes)

    text = files_of(graph)["data/rollcalls/un/A-C.1-70-L.49-Rev.1.ttl"]
    blocks = [line[1:-1] for line in text.splitlines() if line.startswith("<")]
    assert blocks == [
        "rollcall/un/A-C.1-70-L.49-Rev.1",
        "evidence/press-gadis3540/plenary",
        "vote/un/A-C.1-70-L.49-Rev.1/NOR",
        "evidence/norway-2024/NOR",
        "vote/un/A-C.1-70-L.49-Rev.1/ZWE",
    ]
    made = text[text.index("<rollcall/") : text.index("\n.\n")]
    assert "norway-2024" not in made
    assert "    sg:yesCount 139 ;" in made


def test_a_tally_that_differs_from_the_one_that_stands_is_told(graph: Path, tmp_path: Path) -> None:
    votes = table(
        tmp_path,
        "text,body,date,actor,choice,yes",
        "A/C.1/70/L.49/Rev.1,unga-first-committee,2015,CAN,yes,140",
    )

    done = run_import(graph, "roll-calls", votes, "--source", "press-gadis3540", status=1)

    assert "table.csv:2: column yes: '140' is not what data/vote-2015.ttl:" in done.stderr


def test_a_name_is_asked_for_at_a_terminal_and_the_answer_kept(graph: Path, tmp_path: Path) -> None:
    acts = table(tmp_path, ACTS, f"{TREATY},Mexiko,signature,2008-12-03,untc-xxvi-6,row,primary")
    ours, theirs = pty.openpty()
    try:
        process = subprocess.Popen(
            [sys.executable, "-m", "stancegraph", "--graph", str(graph), "import",
             "treaty-actions", str(acts), "--names", str(tmp_path / "names.csv")],
            stdin=theirs, stdout=theirs, stderr=theirs,
        )  # fmt: skip
        os.write(ours, b"1\n")
        assert process.wait(timeout=60) == 0
        shown = os.read(ours, 65536).decode()
    finally:
        os.close(ours)
        os.close(theirs)

    assert "column actor: what is 'Mexiko'?" in shown
    assert "1  state/MEX (Mexico)" in shown
    assert "0  none of these" in shown
    assert (tmp_path / "names.csv").read_text() == "written,kind,key\nMexiko,state,MEX\n"
    again = run_import(graph, "treaty-actions", acts, "--names", "names.csv")
    assert "0 new, 0 extended, 1 unchanged" in again.stderr


def test_a_file_that_cannot_be_written_leaves_all_as_it_was(graph: Path, tmp_path: Path) -> None:
    """Two files are to change; the folder of one is a file."""
    (graph / "data" / "memberships").write_text("in the way", "utf-8")
    rows = table(
        tmp_path,
        "key,name,member,locator",
        "friends,Friends of the Convention,NOR,p. 1",
    )
    before = files_of(graph)

    done = run_import(graph, "coalitions", rows, "--source", "norway-2024", status=1)

    assert "nothing was written" in done.stderr
    assert files_of(graph) == before
    assert not list(graph.rglob(".*.new"))


def test_a_graph_with_a_syntax_error_is_mended_first(graph: Path, tmp_path: Path) -> None:
    (graph / "data" / "broken.ttl").write_text("<a> <b> .\n", "utf-8")
    acts = table(tmp_path, ACTS, f"{TREATY},MEX,signature,2008,untc-xxvi-6,row,primary")

    done = run_import(graph, "treaty-actions", acts, status=1)

    assert "data/broken.ttl" in done.stderr


def test_kinds_and_columns_are_listed(graph: Path) -> None:
    command = [sys.executable, "-m", "stancegraph", "--graph", str(graph), "import"]

    kinds = subprocess.run([*command, "--list"], capture_output=True, text=True, check=True)
    columns = subprocess.run(
        [*command, "treaty-actions", "--columns"], capture_output=True, text=True, check=True
    )

    listed = {line.split()[0] for line in kinds.stdout.splitlines()[1:]}
    assert listed >= {
        "coalitions", "cooperation", "countries", "documents", "indicators", "memberships",
        "organisations", "roll-calls", "sources", "sponsorships", "stances", "treaty-actions",
        "treaty-statuses",
    }  # fmt: skip
    assert "actor" in columns.stdout
    assert "also called iso3" in columns.stdout


STATES = ("CAN", "Lithuania", "MX", "Kingdom of Norway", "RUS")
DATES = ("", "2008", "2008-12", "2008-12-03", "2009-01-15", "2010-02-11")
SOURCES = ("untc-xxvi-6", "cmc-canada-2015", "untc-xxvi-6; phl-13msp-2025")
ROWS = [
    f"{TREATY},{','.join(row)},words-{number},Nothing tells.,row"
    for number, row in enumerate(product(STATES, ("signature", "declaration"), DATES, SOURCES))
]


@pytest.mark.whole
@settings(max_examples=10, deadline=None, phases=(Phase.reuse, Phase.generate))
@given(rows=st.lists(st.sampled_from(ROWS), min_size=1, max_size=9, unique=True))
def test_importing_twice_is_importing_once_and_takes_nothing_away(
    tmp_path_factory: pytest.TempPathFactory, rows: list[str]
) -> None:
    """Whatever rows agree, repeat or contradict each other and the graph."""
    folder = tmp_path_factory.mktemp("twice")
    graph = shutil.copytree(EXAMPLE, folder / "graph")
    before = files_of(graph)
    header = "treaty,actor,action,date,source,evidence,unresolved_reason,locator"
    acts = table(folder, header, *rows)

    def imported(day: str) -> dict[str, str]:
        defaults = {"coded_on": day, "coded_by": "agent/stancegraph"}
        kind = "treaty-actions"
        found = import_table(
            GraphFolder.at(graph), kind, acts, defaults=defaults, decisions=Decisions()
        )
        write(found.changes)
        return files_of(graph)

    once = imported("2026-01-01")

    assert imported("2027-01-01") == once
    for name, text in before.items():
        rest = iter(once[name])
        assert all(character in rest for character in text)
        if name.startswith("data/"):
            assert set(parse_text(text)) <= set(parse_text(once[name]))
