"""Citations as other programs read them, and the hashes of answers."""

from __future__ import annotations

import json
import warnings
from dataclasses import replace
from datetime import date
from pathlib import Path

import jsonschema
import pytest
import rispy
import yaml
from citeproc import Citation as Cluster
from citeproc import CitationItem, CitationStylesBibliography, CitationStylesStyle, formatter
from citeproc.source.json import CiteProcJSON
from pybtex.database import parse_string

from stancegraph import __version__
from stancegraph.about import About
from stancegraph.build.release import open_release
from stancegraph.citation import FORMS, Citation
from stancegraph.fingerprint import of_csv, of_table, of_triples

ROOT = Path(__file__).parents[2]
HASH = "ab" * 32
TITLE = "Yes & no: 50 % of {all} votes, in C#_1"


@pytest.fixture
def cited(releases: Path) -> Citation:
    release = open_release(releases)
    return Citation(
        release,
        TITLE,
        f"{release.iri}/queries/votes/of?state=A%26B&check={HASH}",
        query="votes/of",
        version="cd" * 32,
        asked=(("state", "A&B"), ("state", "C")),
        rows=3,
        sha256=HASH,
        accessed=date(2027, 1, 2),
    )


def test_bibtex_is_read_by_pybtex_as_it_was_meant(cited: Citation) -> None:
    """Signs that mean something to TeX are escaped; the address is as it is."""
    (entry,) = parse_string(cited.as_bibtex(), "bibtex").entries.values()

    assert entry.type == "misc"
    assert str(entry.fields["title"]) == r"{Yes \& no: 50 \% of \{all\} votes, in C\#\_1}"
    assert entry.fields["url"] == cited.address
    assert entry.fields["urldate"] == "2027-01-02"
    assert entry.fields["version"] == cited.release.id
    assert HASH in entry.fields["note"]
    assert [str(person) for person in entry.persons["author"]] == [f"{{{cited.publisher}}}"]


def test_ris_is_read_by_rispy_as_it_was_meant(cited: Citation) -> None:
    """One record of the type for data, with all notes."""
    (entry,) = rispy.loads(cited.as_ris())

    assert entry["type_of_reference"] == "DATA"
    assert entry["title"] == TITLE
    assert entry["urls"] == [cited.address]
    assert entry["year"] == "2026"
    assert "3 rows" in entry["notes"]
    assert f"SHA-256 {HASH}" in entry["notes"]


def test_csl_json_is_typeset_by_a_citation_processor(cited: Citation) -> None:
    """In the style of Harvard, who, when, what and where are there."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        source = CiteProcJSON(json.loads(cited.as_csl()))
        style = CitationStylesStyle("harvard-cite-them-right", validate=False)
        made = CitationStylesBibliography(style, source, formatter.plain)
        made.register(Cluster([CitationItem(cited.key)]))
        (text,) = ("".join(map(str, item)) for item in made.bibliography())

    assert cited.publisher in text
    assert "2026" in text
    assert "Yes & no" in text


def test_text_names_all_that_identifies_an_answer_once(cited: Citation) -> None:
    """Who, what, which release, where, and what the rows are."""
    text = cited.as_text()

    for part in (cited.publisher, TITLE, cited.release.id, "votes/of", "state = A&B", "3 rows"):
        assert part in text
    assert text.count(HASH) == 1


def test_the_release_itself_is_called_by_the_title_of_the_graph(cited: Citation) -> None:
    """Its key is short, and its digest is told."""
    whole = Citation(cited.release, "", cited.release.iri)

    assert whole.as_text().count(cited.release.title) == 1 + whole.publisher.count(
        cited.release.title
    )
    assert cited.release.digest in whole.as_text()
    assert whole.key != cited.key
    assert {form: bool(whole.write(form)) for form in FORMS} == dict.fromkeys(FORMS, True)


def test_another_graph_cites_its_own_publisher(releases: Path, tmp_path: Path) -> None:
    """It stands in dataset.ttl; where that names none, the graph's title stands for it."""
    release = open_release(releases)
    (tmp_path / "dataset.ttl").write_text(
        f"""PREFIX void: <http://rdfs.org/ns/void#> PREFIX dcterms: <http://purl.org/dc/terms/>
        <{release.base}> void:uriSpace "{release.base}" ; dcterms:publisher <urn:p> .
        <urn:p> <http://xmlns.com/foaf/0.1/name> "A University" ."""
    )
    named = replace(release, path=tmp_path)
    nameless = replace(release, path=tmp_path / "none")

    assert About.of(named).publisher_name == "A University"
    assert About.of(nameless).publisher_name == release.title


def test_the_order_of_rows_does_not_count() -> None:
    """The headings do, and how often a row is there; labels of blank nodes do not."""
    one = of_table(b"?a\t?b\n1\t_:x\n2\t2\n2\t2\n")

    assert one == of_table(b"?a\t?b\n2\t2\n1\t_:other\n2\t2\n")
    assert one.rows == 3
    assert one != of_table(b"?b\t?a\n1\t_:x\n2\t2\n2\t2\n")
    assert one != of_table(b"?a\t?b\n1\t_:x\n2\t2\n")
    assert of_table(b"?a\n").rows == 0
    assert of_table(b'?a\n"_:x"\n') != of_table(b'?a\n"_:y"\n')


def test_triples_are_the_same_whatever_their_blank_nodes_are_called() -> None:
    """And in whatever order they come."""
    one = of_triples(b"<urn:a> <urn:p> _:x .\n_:x <urn:p> <urn:b> .\n")

    assert one == of_triples(b"_:y <urn:p> <urn:b> .\n<urn:a> <urn:p> _:y .\n")
    assert one != of_triples(b"_:y <urn:p> <urn:b> .\n<urn:a> <urn:p> _:z .\n")
    assert of_triples(b"<urn:a> <urn:p> <urn:b> .\n").rows == 1


def test_a_table_of_csv_may_have_line_breaks_in_its_cells() -> None:
    """Rows end as RFC 4180 has it."""
    found = of_csv([b"a,b\r\n", b'"x\ny",1\r\nz,2\r\n'])

    assert found is not None
    assert found.rows == 2


def test_the_repository_is_cited_as_the_program_by_its_version() -> None:
    """Data are cited by their release, of which the package of a release tells."""
    told = (ROOT / "CITATION.cff").read_text("utf-8")
    schema = json.loads((ROOT / "tests/data/cff-1.2.0.schema.json").read_text("utf-8"))

    cited = yaml.safe_load(told)

    jsonschema.validate({**cited, "date-released": str(cited["date-released"])}, schema)
    assert (cited["type"], cited["version"]) == ("software", __version__)
