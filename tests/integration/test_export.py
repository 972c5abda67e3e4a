"""Every export of the shipped graph, read again by libraries that did not write it."""

from __future__ import annotations

import csv
import itertools
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import networkx as nx
import openpyxl
import pandas as pd  # type: ignore[import-untyped]
import pyarrow.parquet as pq
import pyoxigraph as ox
import pyreadstat
import pytest
import rdflib
from click.testing import CliRunner
from lxml import etree

from stancegraph.build.release import open_release
from stancegraph.cli import main
from stancegraph.export import rdf
from stancegraph.export.declared import MISSING
from stancegraph.export.job import Export
from stancegraph.export.narrowing import Narrowing
from stancegraph.export.sheets import Sheets
from stancegraph.terms import SG

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from stancegraph.build.release import Release

FORMATS = ("csv", "parquet", "xlsx", "dta")
TABLES = (
    "claims", "cooperation", "countries", "directed-dyad-year", "dyad-year", "memberships",
    "roll-calls", "sources", "stances", "state-treaty", "state-year", "treaty-actions", "votes",
    "votes-wide",
)  # fmt: skip
NETWORKS = ("co-voting", "cooperation", "memberships", "stance-agreement", "treaty-parties")
STATES = ("CAN", "PER", "CHN")
SYNTAXES = {
    "nq": ox.RdfFormat.N_QUADS, "trig": ox.RdfFormat.TRIG, "ttl": ox.RdfFormat.TURTLE,
    "rdf": ox.RdfFormat.RDF_XML, "jsonld": ox.RdfFormat.JSON_LD,
}  # fmt: skip
IN_RDFLIB = {"nq": "nquads", "trig": "trig", "ttl": "turtle", "rdf": "xml", "jsonld": "json-ld"}
WITH_GRAPHS = {"nq", "trig", "jsonld"}


@pytest.fixture(scope="module")
def release(shipped_releases: Path) -> Release:
    return open_release(shipped_releases)


@pytest.fixture(scope="module")
def export(release: Release) -> Iterator[Export]:
    """What is asked of the whole graph."""
    with Export(release) as made:
        yield made


@pytest.fixture(scope="module")
def some(release: Release, export: Export) -> Export:
    """What is asked about three states; answered by the engine of the other."""
    made = Export(release, Narrowing(states=STATES))
    made.engine = export.engine
    return made


def written(some: Export, folder: Path) -> Path:
    """All tables, networks and the codebook on three states, in *folder*."""
    sheets = Sheets(some)
    found = []
    for sheet, _ in sheets.write_tables(sheets.chosen(TABLES[:-1], sheets.tables), folder, FORMATS):
        found.append(sheets.entry(sheet))
    for _ in sheets.write_networks(
        sheets.chosen(NETWORKS, sheets.networks), folder, ("graphml", "gexf", "csv")
    ):
        pass
    sheets.write_book(found, folder, ("html", "pdf", "json", "datapackage", "csvw", "ddi"))
    return folder


@pytest.fixture(scope="module")
def files(some: Export, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return written(some, tmp_path_factory.mktemp("files"))


@pytest.fixture(scope="module")
def book(files: Path) -> dict[str, Any]:
    """The codebook, as JSON, by the names of its tables."""
    said = json.loads((files / "codebook.json").read_text("utf-8"))
    return {table["name"]: table for table in said["tables"]}


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def run(*arguments: str | Path) -> tuple[int, str, str]:
    done = CliRunner().invoke(main, ["export", *map(str, arguments)])
    return done.exit_code, done.stdout, done.stderr


# RDF


@pytest.mark.parametrize(
    "form",
    [
        pytest.param(form, marks=pytest.mark.whole if form == "jsonld" else ())
        for form in rdf.FORMATS
    ],
)
def test_the_whole_graph_is_read_again_as_it_was(
    export: Export, release: Release, tmp_path: Path, form: str
) -> None:
    """As many quads, or different triples, in each syntax; N-Quads are the release itself."""
    path = tmp_path / f"graph.{form}"

    done = export.write_rdf(export.lines(), path, form)

    assert form != "nq" or path.read_bytes() == release.quads_file.read_bytes()
    read = sum(1 for _ in ox.parse(path=path, format=SYNTAXES[form]))
    quads = list(ox.parse(path=release.quads_file, format=ox.RdfFormat.N_QUADS))
    triples = {quad.triple for quad in quads if isinstance(quad, ox.Quad)}
    assert done.rows == (len(quads) if form in WITH_GRAPHS else len(triples))
    # A node of JSON-LD repeats the names of what it mentions.
    assert read == done.rows or (form == "jsonld" and read > done.rows)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # that rdflib raises within itself
@pytest.mark.parametrize("form", rdf.FORMATS)
def test_a_part_is_the_same_graph_in_each_syntax(
    release: Release, export: Export, tmp_path: Path, form: str
) -> None:
    """One state, read by rdflib: no statement more or less than the lines that were chosen."""
    made = Export(release, Narrowing(states=("VAT",)))
    made.engine = export.engine
    lines = list(made.lines())
    path = tmp_path / f"graph.{form}"

    made.write_rdf(lines, path, form)

    assert lines == sorted(lines)
    expected = {q.triple for q in ox.parse(b"".join(lines), format=ox.RdfFormat.N_QUADS)
                if isinstance(q, ox.Quad)}  # fmt: skip
    dataset = rdflib.Dataset(default_union=True)
    dataset.parse(data=path.read_bytes(), format=IN_RDFLIB[form])
    assert len({(s, p, o) for s, p, o, _ in dataset.quads()}) == len(expected)
    assert len(expected) > 200


def test_what_rules_derived_can_be_left_out(export: Export, release: Release) -> None:
    """No line of a derived graph is left, and every other one is."""
    stated = set(export.lines(derived=False))

    left_out = [line for line in export.lines() if line not in stated]

    derived = f"<{release.base}graph/derived/".encode()
    assert left_out
    assert all(line.split(b" ")[-2].startswith(derived) for line in left_out)
    assert not any(line.split(b" ")[-2].startswith(derived) for line in stated)


def test_a_part_is_as_of_a_day(release: Release, export: Export) -> None:
    """In 2012 Canada had signed the Budapest Convention and had not ratified it."""
    made = Export(release, Narrowing(as_of="2012-01-01", states=("CAN",)))
    made.engine = export.engine

    quads = list(ox.parse(b"".join(made.lines()), format=ox.RdfFormat.N_QUADS))

    actions = {str(quad.subject) for quad in quads if "/action/" in str(quad.subject)}
    assert any(iri.endswith("budapest-convention/CAN/signature>") for iri in actions)
    assert not any("budapest-convention/CAN/ratification" in iri for iri in actions)
    days = [q.object.value for q in quads if q.predicate == SG.fromEarliest
            and isinstance(q.object, ox.Literal)]  # fmt: skip
    assert days
    assert max(days) <= "2012-01-01"
    assert not any(quad.predicate == SG.partyTo for quad in quads)


def test_a_construct_makes_rdf(shipped_releases: Path, tmp_path: Path) -> None:
    """Its triples, canonical and sorted; what is no CONSTRUCT is refused."""
    query = tmp_path / "treaties.rq"
    query.write_text(
        "PREFIX sg: <https://w3id.org/stancegraph/ontology#>\n"
        "CONSTRUCT { ?t sg:topic ?o } WHERE { ?t a sg:Treaty ; sg:topic ?o }"
    )

    code, told, _ = run("rdf", "--releases", shipped_releases, "--query", query)

    lines = told.splitlines()
    assert (code, lines) == (0, sorted(lines))
    assert len(lines) > 5
    query.write_text("SELECT * { ?s ?p ?o } LIMIT 1")
    code, _, told = run("rdf", "--releases", shipped_releases, "--query", query)
    assert code == 1
    assert "only a CONSTRUCT" in told


# Tables


@pytest.mark.parametrize("name", TABLES)
def test_a_table_is_the_same_in_each_format(files: Path, book: dict[str, Any], name: str) -> None:
    """pandas, pyarrow, openpyxl and pyreadstat find as many rows and the same columns."""
    flat = pd.read_csv(files / f"{name}.csv", dtype=str, keep_default_na=False)
    typed = pq.read_table(files / f"{name}.parquet")
    workbook = openpyxl.load_workbook(files / f"{name}.xlsx", read_only=True)
    stata, about = pyreadstat.read_dta(files / f"{name}.dta", user_missing=True)

    entry = book[name]
    sheet = list(workbook["data"].iter_rows(values_only=True))
    columns = [column["name"] for column in entry["columns"]]
    assert entry["rows"] > 0
    assert len(flat) == typed.num_rows == len(sheet) - 1 == len(stata) == entry["rows"]
    assert list(flat.columns) == list(sheet[0]) == columns
    assert [n for n in typed.column_names if not n.endswith("_missing")] == columns
    coded = {c["name"] for c in entry["columns"] if c["scheme"]}
    assert list(stata.columns) == [
        n for n in columns if not (n.endswith("_label") and n.removesuffix("_label") in coded)
    ]
    assert workbook.sheetnames == ["data", "codebook", "sources", "citation"]
    assert all(label and len(label) <= 80 for label in about.column_labels)
    assert all(len(column) <= 32 for column in columns)


@pytest.mark.parametrize("name", TABLES)
def test_the_codebook_tells_what_is_in_a_table(
    files: Path, book: dict[str, Any], name: str
) -> None:
    """Values, missing ones by reason, and codes, counted again in Stata's file and in Parquet."""
    stata, about = pyreadstat.read_dta(files / f"{name}.dta", user_missing=True)
    typed = pq.read_table(files / f"{name}.parquet")
    letters = dict(zip("abc", MISSING, strict=True))

    for column in book[name]["columns"]:
        there = typed.num_rows - typed[column["name"]].null_count
        assert column["values"] == there
        assert there + sum(column["missing"].values()) == book[name]["rows"]
        if not column["scheme"]:
            continue
        cells = stata[column["name"]].tolist()
        for letter, reason in letters.items():
            assert cells.count(letter) == column["missing"].get(reason, 0)
        labels = about.variable_value_labels[column["name"]]
        for code in column["codes"]:
            assert labels[code["number"]] == code["label"]
            assert cells.count(code["number"]) == code["count"]


def test_three_reasons_for_a_missing_day_stay_apart(files: Path) -> None:
    """Not recorded, since the list lacks some; not applicable, since it does not; a day unknown."""
    rows = {(r["state_iso3"], r["treaty_label"]): r for r in rows_of(files / "state-treaty.csv")}
    stata, _ = pyreadstat.read_dta(files / "state-treaty.dta", user_missing=True)
    by_key = {(r.state_iso3, r.treaty_label): r for r in stata.itertuples()}

    canada, peru = ("CAN", "Budapest Convention"), ("PER", "Budapest Convention")
    arab = ("CAN", "Arab Convention on IT Offences")
    assert rows[canada]["signed_earliest"] == "2001-11-23"
    assert by_key[canada].signed_earliest.isoformat() == "2001-11-23"
    assert (rows[peru]["signed_earliest"], by_key[peru].signed_earliest) == ("not-coded", "c")
    assert (rows[arab]["consented_latest"], by_key[arab].consented_latest) == (
        "not-applicable", "b",
    )  # fmt: skip
    unknown = [r for r in rows.values() if r["in_force_latest"] == "unknown"]
    assert unknown
    assert all(by_key[r["state_iso3"], r["treaty_label"]].in_force_latest == "a" for r in unknown)


def test_other_peoples_codes_stand_beside_each_state(files: Path) -> None:
    """ISO, M49, COW, Gleditsch and Ward, Wikidata; with none for an organisation."""
    canada = next(r for r in rows_of(files / "votes.csv") if r["state_iso3"] == "CAN")

    names = ("iso3", "iso2", "m49", "cow", "gw", "qid")
    assert [canada[f"state_{n}"] for n in names] == ["CAN", "CA", "124", "20", "20", "Q16"]
    dyad = rows_of(files / "dyad-year.csv")[0]
    assert (dyad["a_iso3"], dyad["b_iso3"]) == ("CAN", "CHN")
    assert "a" not in dyad


def test_a_roll_call_is_a_column_of_the_wide_table(files: Path) -> None:
    """Each vote of the long table stands in one cell, and no other cell is filled."""
    long, wide = rows_of(files / "votes.csv"), rows_of(files / "votes-wide.csv")

    columns = [name for name in wide[0] if not name.startswith("state")]
    assert len(columns) == len({row["roll_call"] for row in long})
    cells = [row[name] for row in wide for name in columns]
    assert sorted(cell for cell in cells if cell) == sorted(row["choice"] for row in long)


def test_agreement_is_that_of_the_votes(files: Path) -> None:
    """Lijphart's index, computed again from the table of votes in the General Assembly."""
    values = {"yes": 2, "abstain": 1, "no": 0}
    cast: dict[tuple[str, str], dict[str, int]] = {}
    for row in rows_of(files / "votes.csv"):
        if row["body"].endswith("/un-general-assembly") and row["choice"] in values:
            key = (row["state_iso3"], row["voted_on"][:4])
            cast.setdefault(key, {})[row["roll_call"]] = values[row["choice"]]
    pairs = {
        (row["a_iso3"], row["b_iso3"], row["year"]): row for row in rows_of(files / "dyad-year.csv")
    }

    for (one, other, year), row in pairs.items():
        first, second = cast[one, year], cast[other, year]
        apart = [abs(first[call] - second[call]) for call in first.keys() & second.keys()]
        assert int(row["shared_votes"]) == len(apart)
        assert float(row["agreement"]) == round(1 - sum(apart) / 2 / len(apart), 4)
    assert len(pairs) > 20
    assert len(rows_of(files / "directed-dyad-year.csv")) == 2 * len(pairs)


def test_excel_knows_days_and_numbers(files: Path) -> None:
    """And tells how to cite it, with the sources that it rests on."""
    workbook = openpyxl.load_workbook(files / "treaty-actions.xlsx", read_only=True)

    heading, *rows = workbook["data"].iter_rows(values_only=True)
    dated = [row[heading.index("earliest")] for row in rows]
    assert any(day is not None and day.year == 2001 for day in dated)
    cited = dict(workbook["citation"].iter_rows(values_only=True))
    assert cited["Query"] == "tables/treaty-actions"
    assert cited["Parameters"] == "states = CAN, states = PER, states = CHN"
    assert int(cited["Rows"]) == len(rows)
    assert len(list(workbook["sources"].iter_rows())) > 50


# Networks


@pytest.mark.parametrize("name", NETWORKS)
def test_a_network_is_the_same_in_each_format(files: Path, name: str) -> None:
    """Networkx finds the nodes and edges that stand in the tables."""
    graphml = nx.read_graphml(files / f"{name}.graphml")
    gexf = nx.read_gexf(files / f"{name}.gexf")

    nodes, edges = rows_of(files / f"{name}-nodes.csv"), rows_of(files / f"{name}-edges.csv")
    pairs = {(row["Source"], row["Target"]) for row in edges}
    assert set(graphml) == set(gexf) == {row["Id"] for row in nodes}
    assert len(pairs) == graphml.number_of_edges() == gexf.number_of_edges() > 0
    assert graphml.is_directed() == gexf.is_directed() == (edges[0]["Type"] == "Directed")
    weights = {(row["Source"], row["Target"]): float(row["Weight"]) for row in edges}
    for (one, other), weight in weights.items():
        assert graphml.edges[one, other]["weight"] == weight
    assert all(set(data) >= {"label"} for _, data in graphml.nodes(data=True))


@pytest.mark.parametrize("name", NETWORKS)
def test_gexf_is_what_its_schema_says(files: Path, name: str) -> None:
    """With a spell for each row of the edges, as Gephi's timeline reads them."""
    schema = etree.XMLSchema(etree.parse(Path(__file__).parents[1] / "data" / "gexf.xsd"))
    document = etree.parse(files / f"{name}.gexf")

    schema.assertValid(document)

    spells = document.findall(".//{http://gexf.net/1.3}spell")
    edges = rows_of(files / f"{name}-edges.csv")
    different = {(row["Source"], row["Target"], row["start"], row.get("end")) for row in edges}
    assert len(spells) == len(different)


# Codebook


def test_the_codebook_is_one_in_all_its_forms(files: Path, book: dict[str, Any]) -> None:
    """HTML, Data Package, CSVW and DDI name every column of every table; PDF is one."""
    columns = {(name, c["name"]) for name, table in book.items() for c in table["columns"]}
    page = (files / "codebook.html").read_text("utf-8")
    package = json.loads((files / "datapackage.json").read_text("utf-8"))
    csvw = json.loads((files / "csv-metadata.json").read_text("utf-8"))
    ddi = etree.parse(files / "codebook-ddi.xml").getroot()

    assert set(book) == set(TABLES)
    assert all(f'id="{name}-{column}"' in page for name, column in columns)
    assert {
        (resource["name"], field["name"])
        for resource in package["resources"]
        for field in resource["schema"]["fields"]
    } == columns
    assert {
        (table["url"].removesuffix(".csv"), column["name"])
        for table in csvw["tables"]
        for column in table["tableSchema"]["columns"]
    } == columns
    assert len(ddi.findall("{ddi:codebook:2_5}dataDscr/{ddi:codebook:2_5}var")) == len(columns)
    assert (files / "codebook.pdf").read_bytes().startswith(b"%PDF-")


def test_the_data_package_describes_its_files(files: Path) -> None:
    """Headings in order, keys that tell rows apart, codes that are in their list."""
    package = json.loads((files / "datapackage.json").read_text("utf-8"))

    for resource in package["resources"]:
        rows = rows_of(files / resource["path"])
        schema = resource["schema"]
        assert list(rows[0]) == [field["name"] for field in schema["fields"]]
        keys = [tuple(row[name] for name in schema.get("primaryKey", ())) for row in rows]
        assert "primaryKey" not in schema or len(set(keys)) == len(rows)
        for field in schema["fields"]:
            allowed = {*field.get("constraints", {}).get("enum", ()), *schema["missingValues"]}
            if "enum" in field.get("constraints", {}):
                assert {row[field["name"]] for row in rows} <= allowed


def test_each_column_says_what_it_means(book: dict[str, Any]) -> None:
    """In words of the ontology, or of the header of its query."""
    lacking = [
        (name, column["name"])
        for name, table in book.items()
        for column in table["columns"]
        if not column["note"] or not column["label"]
    ]
    assert lacking == []


# All of them


def test_the_same_release_gives_the_same_bytes(some: Export, files: Path, tmp_path: Path) -> None:
    """Whenever it is asked."""
    written(some, tmp_path)

    different = [
        path.name for path in sorted(files.iterdir())
        if path.read_bytes() != (tmp_path / path.name).read_bytes()
    ]  # fmt: skip
    assert different == []


def test_the_command_names_each_file(shipped_releases: Path, tmp_path: Path) -> None:
    """On standard output; how much is in it beside."""
    code, told, beside = run(
        "tables", "roll-calls", "--theme", "cybercrime", "--as-of", "2020-01-01",
        "--releases", shipped_releases, "--to", tmp_path,
    )  # fmt: skip

    assert (code, told) == (0, f"{tmp_path / 'roll-calls.csv'}\n")
    assert "3 rows" in beside
    assert len(rows_of(tmp_path / "roll-calls.csv")) == 3


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["tables", "vote"], "there is no 'vote' to export; there is claims, "),
        (["networks", "memberships", "--theme", "cybercrime"], "cannot be narrowed by theme"),
        (["tables", "votes", "--states", "Atlantis"], "'Atlantis'"),
        (["tables", "votes", "--as-of", "2019"], "'2019' is no day"),
        (["rdf", "--states", "Atlantis"], "'Atlantis'"),
    ],
)
def test_what_makes_no_sense_is_told(
    shipped_releases: Path, tmp_path: Path, arguments: Sequence[str], sentence: str
) -> None:
    """With what would make some, and without a file."""
    where = [] if arguments[0] == "rdf" else ["--to", str(tmp_path)]

    code, _, told = run(*arguments, "--releases", shipped_releases, *where)

    assert code == 1
    assert sentence in told
    assert list(tmp_path.iterdir()) == []


def test_what_no_theme_narrows_is_left_out_of_all(some: Export) -> None:
    """And told."""
    told: list[str] = []
    made = Export(some.release, Narrowing(theme=("cybercrime",)), told=told.append)
    made.engine = some.engine
    sheets = Sheets(made)

    chosen = [query.name for query in sheets.chosen((), sheets.tables)]

    assert "tables/memberships" not in chosen
    assert "tables/votes" in chosen
    assert "memberships: left out, since it cannot be narrowed by theme" in told


def test_a_missing_library_is_named(
    monkeypatch: pytest.MonkeyPatch, shipped_releases: Path, tmp_path: Path
) -> None:
    """With the way to get it; RDF needs none."""
    monkeypatch.setattr("stancegraph.export.everything.find_spec", lambda _: None)

    code, _, told = run("tables", "--releases", shipped_releases, "--to", tmp_path)

    assert code == 1
    assert "pip install 'stancegraph[export]'" in told
    code, told, _ = run("rdf", "--releases", shipped_releases, "--states", "VAT")
    assert code == 0
    assert told


def test_each_number_stands_for_one_code(export: Export) -> None:
    """Whether a list gives its codes numbers or not."""
    for codes in export.words.codes.values():
        numbers = [code.number for code in codes]
        assert len(set(numbers)) == len(numbers)
    assert sum(1 for _ in itertools.chain.from_iterable(export.words.codes.values())) > 100
