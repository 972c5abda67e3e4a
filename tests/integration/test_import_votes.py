"""Tables of all votes of the General Assembly, in the layouts in which they are published."""

from __future__ import annotations

import csv
import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyoxigraph as ox
import pytest

from bench.votes import UNDL, members, write_undl, write_voeten
from stancegraph.build import check
from stancegraph.errors import BadTable, BadTemplate
from stancegraph.folder import GraphFolder
from stancegraph.importers import Decisions
from stancegraph.importers.stream import Streamed, stream_table
from stancegraph.tablefile import template_of

if TYPE_CHECKING:
    from collections.abc import Callable

    Import = Callable[..., Streamed]

EXAMPLE = Path(__file__).parents[2] / "examples" / "un-votes"
BASE = "https://example.org/un-votes/id/"
SG = "https://w3id.org/stancegraph/ontology#"
CODE = "https://w3id.org/stancegraph/id/code/"
DEFAULTS = {
    "source": "undl-ga-votes",
    "coded_by": "agent/stancegraph",
    "coded_on": "2026-11-22",
}
STATES = members()
CALLS = 8


@pytest.fixture
def graph(tmp_path: Path) -> GraphFolder:
    """The example without votes, to be changed at will."""
    left_out = shutil.ignore_patterns("votes", "releases")
    return GraphFolder.at(shutil.copytree(EXAMPLE, tmp_path / "graph", ignore=left_out))


@pytest.fixture
def take(graph: GraphFolder) -> Import:
    """Imports a table of a kind into the graph."""

    def take(kind: str, path: Path, **options: Any) -> Streamed:
        decisions = options.pop("decisions", None) or Decisions()
        template = template_of(graph, kind)
        return stream_table(
            graph, template, path, defaults=DEFAULTS, decisions=decisions, **options
        )

    return take


@pytest.fixture
def undl(tmp_path: Path) -> Path:
    """A table as the UN Digital Library makes it."""
    path = tmp_path / "undl.csv"
    write_undl(path, CALLS, STATES)
    return path


@pytest.fixture
def voeten(tmp_path: Path) -> tuple[Path, Path]:
    """Votes and what is said of roll calls, as Voeten's data have them."""
    paths = tmp_path / "UNVotes.csv", tmp_path / "descriptions.csv"
    write_voeten(*paths, CALLS, STATES)
    return paths


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def write_rows(path: Path, rows: list[dict[str, str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0].keys(), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def votes_in(graph: GraphFolder) -> dict[str, str]:
    """The choice of each vote, by the key of its IRI."""
    return {
        quad.subject.value.removeprefix(BASE): quad.object.value.rpartition("/")[2]
        for path in (graph.root / "data/votes").rglob("*.ttl")
        for quad in ox.parse(path=path, format=ox.RdfFormat.TURTLE)
        if quad.predicate.value == f"{SG}choice"
        and isinstance(quad.subject, ox.NamedNode)
        and isinstance(quad.object, ox.NamedNode)
    }


def problems_of(take: Import, kind: str, path: Path, **options: Any) -> list[str]:
    """What is wrong with a table, each with its line."""
    with pytest.raises(BadTable) as found:
        take(kind, path, **options)
    return [f"{problem.line}: {problem.message}" for problem in found.value.problems]


def test_every_row_of_the_library_is_a_vote(take: Import, graph: GraphFolder, undl: Path) -> None:
    """By session, with its roll call, resolution and evidence; the graph has no problem then."""
    choices = {"Y": "yes", "N": "no", "A": "abstain", "X": "non-voting"}
    expected = {
        f"vote/unga/{row['resolution'].replace('/', '-')}/{row['ms_code']}": choices[row["ms_vote"]]
        for row in rows_of(undl)
    }

    found = take("undl-votes", undl)

    assert votes_in(graph) == expected
    assert found.rows == len(expected)
    assert [*found.blocks.values()] == [CALLS, CALLS, CALLS, len(expected)]
    assert all(re.fullmatch(r"data/votes/undl/session-\d+\.ttl", name) for name in found.files)
    assert check(graph).problems == ()


def test_rows_of_voeten_take_what_is_said_of_their_roll_call(
    take: Import, graph: GraphFolder, voeten: tuple[Path, Path]
) -> None:
    """From the other table; countries go by their numbers, and who was no member has no vote."""
    votes, calls = voeten
    codes = {member.cow: member.code for member in STATES}
    symbols = {row["rcid"]: row["unres"].replace("/", "-") for row in rows_of(calls)}
    choices = {"1": "yes", "2": "abstain", "3": "no", "8": "non-voting"}
    expected = {
        f"vote/unga/{symbols[row['rcid']]}-rcid-{row['rcid']}/{codes[row['ccode']]}":
            choices[row["vote"]]
        for row in rows_of(votes) if row["vote"] != "9"
    }  # fmt: skip

    found = take("voeten-votes", votes, joined=calls)

    assert votes_in(graph) == expected
    assert found.left_out == len(rows_of(votes)) - len(expected) > 0
    assert check(graph).problems == ()


def test_importing_again_changes_no_byte_and_leaves_nothing_of_before(
    take: Import, graph: GraphFolder, undl: Path
) -> None:
    """Files of a session that the table does not name any more are gone."""

    def state() -> dict[str, bytes]:
        return {str(p): p.read_bytes() for p in sorted(graph.root.rglob("*")) if p.is_file()}

    take("undl-votes", undl)
    first = state()
    take("undl-votes", undl)
    assert state() == first

    rows = rows_of(undl)
    write_rows(undl, [row for row in rows if row["session"] == rows[0]["session"]])
    found = take("undl-votes", undl)

    assert [path for path in state() if "/votes/undl/" in path] == [
        str(graph.root / name) for name in found.files
    ]


def test_the_example_is_what_its_table_says(take: Import, graph: GraphFolder) -> None:
    """Byte for byte, as the page on it has its reader do."""
    take("undl-votes", EXAMPLE / "tables/undl.csv")

    made = sorted((graph.root / "data/votes").rglob("*.ttl"))
    assert len(made) == 2
    for path in made:
        kept = EXAMPLE / path.relative_to(graph.root)
        assert path.read_text("utf-8") == kept.read_text("utf-8")


def test_codes_that_the_graph_does_not_know_are_told_and_never_guessed(
    take: Import, graph: GraphFolder, undl: Path
) -> None:
    """Once, with the first row and how many more there are; a decision settles them."""
    rows = rows_of(undl)
    for row in rows:
        row["ms_code"] = {"RUS": "SUN"}.get(row["ms_code"], row["ms_code"])
    write_rows(undl, rows)
    lines = [line for line, row in enumerate(rows, 2) if row["ms_code"] == "SUN"]

    (told,) = problems_of(take, "undl-votes", undl)

    assert told.startswith(f"{lines[0]}: column ms_code: 'SUN' is not known here")
    assert f"(as in {len(lines) - 1} more cells)" in told
    assert not (graph.root / "data/votes").exists()
    decisions = Decisions()
    decisions.take("SUN", "state/RUS")
    take("undl-votes", undl, decisions=decisions)
    assert sum(key.endswith("/RUS") for key in votes_in(graph)) == len(lines)


def test_a_number_that_several_states_have_had_is_asked(
    take: Import, graph: GraphFolder, voeten: tuple[Path, Path]
) -> None:
    """Yugoslavia, Serbia and Montenegro, and Serbia: who knows writes the code instead."""
    votes, calls = voeten
    rows = rows_of(votes)
    rows[0]["ccode"] = "345"
    write_rows(votes, rows)

    (told,) = problems_of(take, "voeten-votes", votes, joined=calls)

    assert told.startswith("2: column ccode: '345' may mean ")
    assert {"state/SCG", "state/SRB", "state/YUG"} == {*re.findall(r"state/[A-Z]{3}", told)}
    rows[0]["ccode"] = "YUG"
    write_rows(votes, rows)
    take("voeten-votes", votes, joined=calls)
    assert any(key.endswith("/YUG") for key in votes_in(graph))


def test_no_other_number_stands_in_for_one_that_is_not_known(
    take: Import, voeten: tuple[Path, Path]
) -> None:
    """100 is Colombia for the Correlates of War project, and Bulgaria in ISO 3166."""
    votes, calls = voeten
    rows = rows_of(votes)
    rows[0]["ccode"] = "999"
    write_rows(votes, rows)

    (told,) = problems_of(take, "voeten-votes", votes, joined=calls)

    assert "'999' is not known here, and nothing resembles it" in told


def test_what_is_wrong_is_told_with_its_row_and_nothing_is_written(
    take: Import, graph: GraphFolder, undl: Path
) -> None:
    """A choice, a date and a number that are none, and rows that contradict each other."""
    rows = rows_of(undl)
    rows[0]["ms_vote"] = "maybe"
    rows[1]["date"] = "1946-02-30"
    rows[2]["total_yes"] = "many"
    rows[4]["total_no"] = "7.0"
    other = {"Y": "N"}.get(rows[5]["ms_vote"], "Y")
    rows.append({**rows[5], "ms_vote": other})
    rows.append(dict(rows[6]))
    write_rows(undl, rows)

    told = problems_of(take, "undl-votes", undl)

    assert [line.partition(" is ")[0] for line in told[:3]] == [
        "2: column ms_vote: 'maybe'",
        "3: column date: 1946-02-30",
        "4: column total_yes: 'many'",
    ]
    assert told[3].startswith("6: says otherwise of rollcall/unga/A-RES-1-1 than rows before: ")
    assert told[4].startswith(f"{len(rows)}: vote/unga/A-RES-1-1/")
    assert len(told) == 5
    assert not (graph.root / "data/votes").exists()
    assert not list(graph.root.glob(".import-*"))


def test_a_row_that_comes_twice_counts_once(take: Import, graph: GraphFolder, undl: Path) -> None:
    """It is told how many do."""
    rows = rows_of(undl)
    write_rows(undl, [*rows, rows[0]])

    found = take("undl-votes", undl)

    assert found.repeated == 1
    assert len(votes_in(graph)) == len(rows)


def test_what_other_files_describe_keeps_its_place(
    take: Import, graph: GraphFolder, undl: Path
) -> None:
    """A resolution that somebody wrote by hand is not written again."""
    path = graph.root / "data/resolution.ttl"
    path.write_text(
        f"""\
BASE <{BASE}>
PREFIX dcterms: <http://purl.org/dc/terms/>
PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
PREFIX sg: <{SG}>

<resolution/A-RES-1-1>
    a sg:Resolution ;
    dcterms:source <source/undl-ga-votes> ;
    rdfs:label "the first of all"@en ;
    sg:adoptedBy <organisation/un-general-assembly> ;
    sg:symbol "A/RES/1/1" ;
.
""",
        "utf-8",
    )

    found = take("undl-votes", undl)

    assert found.standing == 1
    assert found.blocks["resolution/{text}"] == CALLS - 1
    assert check(graph).problems == ()


def test_a_row_without_its_roll_call_is_told(take: Import, voeten: tuple[Path, Path]) -> None:
    """Where the other table lacks it, or is not given at all."""
    votes, calls = voeten
    write_rows(calls, rows_of(calls)[1:])

    told = problems_of(take, "voeten-votes", votes, joined=calls)

    assert told[0] == f"2: column rcid: '1' is not in {calls}: add it there"
    without = problems_of(take, "voeten-votes", votes)
    assert "1: column date: is missing: add it, with day, month or year" in without[0]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "1: is empty: begin with the names of the columns"),
        (",".join(UNDL).encode() + b"\n", "1: holds no row: write one below the names"),
        (",".join(UNDL).encode() + b"\n1,AFG\n", "2: 2 cells where the header has 20"),
        (",".join(UNDL).encode() + b"\n\xff\n", "None: is not UTF-8"),
        (b"undl_id,colour\n1,red\n", "1: column colour: is no column of undl-votes"),
    ],
)
def test_a_table_of_another_form_is_told(
    take: Import, tmp_path: Path, content: bytes, told: str
) -> None:
    """What it should be, and where it is not."""
    path = tmp_path / "table.csv"
    path.write_bytes(content)

    assert any(line.startswith(told) for line in problems_of(take, "undl-votes", path))


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("rivals: [choice]", "no streamed table has rivals: leave it out"),
        ("stream: false", "only a streamed table has ignores: leave it out"),
    ],
)
def test_a_kind_of_long_table_declares_nothing_that_it_cannot_do(
    graph: GraphFolder, line: str, told: str
) -> None:
    """The build says so too, as of every template."""
    shared = Path(__file__).parents[2] / "ontology/tables/undl-votes.template"
    text = shared.read_text("utf-8").replace("#+ stream: true\n", f"#+ stream: true\n#+ {line}\n")
    if line.startswith("stream"):
        text = text.replace("#+ stream: true\n", "")
    own = graph.root / "ontology/tables/own.template"
    own.parent.mkdir(parents=True)
    own.write_text(text, "utf-8")

    with pytest.raises(BadTemplate, match=told):
        template_of(graph, "own")
