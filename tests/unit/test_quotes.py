"""Quotations against the texts that they are quoted from, and the command that does it."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from stancegraph.cli import main
from stancegraph.quotes import Place, Quotation, Text, check_quotes

if TYPE_CHECKING:
    from pathlib import Path

    from click.testing import Result

CONTENT = (
    "Canada ratified\nthe Convention  in 2015;\r\nit is called the \u201cbest\u00a0tool\u201d.\n"
)


@pytest.mark.parametrize(
    ("exact", "place"),
    [
        ("Canada ratified", (0, 1)),
        ("ratified the Convention in 2015", (7, 1)),
        ("the Convention\tin", (16, 2)),
        ('the "best tool".', (55, 3)),
        ("  best tool ", (60, 3)),
    ],
)
def test_quotation_is_found_whatever_its_spaces_and_marks(
    exact: str, place: tuple[int, int]
) -> None:
    """White space and the shapes of quotation marks aside, at its offset and line."""
    found = Text("a.txt", CONTENT).find(exact)

    assert found == Place("a.txt", *place)
    assert CONTENT[place[0]] == exact.strip()[0].replace('"', "\u201c")


@pytest.mark.parametrize(
    "exact",
    ["canada ratified", "Canada ratifies", "ratified Convention", "best-tool", "anada", " "],
)
def test_quotation_with_another_word_or_case_is_missing(exact: str) -> None:
    """Case, words, hyphens and the ends of words are exact; nothing is quoted by no word."""
    assert Text("a.txt", CONTENT).find(exact) is None


@pytest.mark.parametrize("mark", "\u2018\u2019\u201b\u00b4\u2032'`")
def test_every_shape_of_an_apostrophe_is_one(mark: str) -> None:
    """A typewriter's apostrophe finds a typesetter's, and the other way round."""
    typeset = Text("a.txt", f"a State{mark}s duty")

    assert typeset.find("State's duty") == Place("a.txt", 2, 1)
    assert Text("a.txt", "a State's duty").find(f"State{mark}s") == Place("a.txt", 2, 1)


def test_soft_hyphens_and_non_breaking_spaces_are_white_space() -> None:
    """What a typesetter puts between words does not hide them."""
    text = Text("a.txt", "the\u00ad\u202f\u00a0Budapest\u00adConvention")

    assert text.find("the Budapest Convention") == Place("a.txt", 0, 1)


def test_check_quotes_names_the_first_text_that_holds_each_quotation() -> None:
    """Each quotation comes back in the order given, with its text or without a place."""
    quotations = [Quotation("e/1", "two", "s"), Quotation("e/2", "three", "s")]

    found = check_quotes(quotations, {"a.txt": "one", "b.txt": "one\ntwo", "c.txt": "two"})

    assert found == {quotations[0]: Place("b.txt", 4, 2), quotations[1]: None}
    assert list(found) == quotations


BASE = "https://example.org/g/"
TEXT = "We support it.\nWe do so \u2019fully\u2019.\n"


@pytest.fixture
def graph(tmp_path: Path) -> Path:
    """A graph folder with two sources, of which the first is the text TEXT, and a file of it."""
    (tmp_path / "data").mkdir()
    (tmp_path / "dataset.ttl").write_text(
        f"""PREFIX dcat: <http://www.w3.org/ns/dcat#>
PREFIX dcterms: <http://purl.org/dc/terms/>
PREFIX void: <http://rdfs.org/ns/void#>
<{BASE}> a dcat:Dataset ; dcterms:title "A graph"@en ; void:uriSpace "{BASE}" ;
    dcterms:license <https://creativecommons.org/licenses/by/4.0/> ."""
    )
    (tmp_path / "data" / "all.ttl").write_text(
        f"""BASE <{BASE}id/>
PREFIX oa: <http://www.w3.org/ns/oa#>
PREFIX sg: <https://w3id.org/stancegraph/ontology#>
<source/paper> a sg:Source ; sg:sha256 "{hashlib.sha256(TEXT.encode()).hexdigest()}" .
<source/other> a sg:Source .
<evidence/paper/1> sg:source <source/paper> ; oa:exact "We do so 'fully'"@en .
<evidence/paper/2> sg:source <source/paper> ; sg:locator "page 1" .
<evidence/other/1> sg:source <source/other> ; oa:exact "We oppose it"@en ."""
    )
    (tmp_path / "paper.txt").write_text(TEXT, "utf-8")
    return tmp_path


def run(graph: Path, *args: str) -> Result:
    return CliRunner().invoke(main, ["--graph", str(graph), "check-quotes", *args])


def test_command_checks_the_evidence_of_the_source_with_the_digest_of_the_file(
    graph: Path,
) -> None:
    """One line a quotation, with its place; evidence of other sources is left alone."""
    paper = graph / "paper.txt"

    result = run(graph, str(paper))

    assert result.stdout == f"found   evidence/paper/1 {paper}:2 (offset 15)\n"
    assert result.stderr.endswith("1 found, 0 missing\n")
    assert result.exit_code == 0


def test_command_fails_for_a_missing_quotation(graph: Path) -> None:
    """The words that were looked for are told, and the exit status is 1."""
    result = run(graph, "--source", "other", str(graph / "paper.txt"))

    assert result.stdout == 'missing evidence/other/1 "We oppose it"\n'
    assert result.exit_code == 1


@pytest.mark.parametrize("name", ["paper", "source/paper", f"{BASE}id/source/paper"])
def test_command_ties_a_file_to_a_source_by_hand(graph: Path, name: str) -> None:
    """A file with another digest is the text of the source that --source names."""
    (graph / "page.txt").write_text("Page 1. We do so \u2018fully\u2019.", "utf-8")

    result = run(graph, "--source", name, str(graph / "page.txt"))

    assert result.stdout == f"found   evidence/paper/1 {graph / 'page.txt'}:1 (offset 8)\n"
    assert result.exit_code == 0


def test_command_tells_the_digest_of_a_file_that_no_source_has(graph: Path) -> None:
    """A text that belongs to no source is no success: nothing of it was checked."""
    (graph / "page.txt").write_bytes(b"Page 1")

    result = run(graph, str(graph / "page.txt"))

    assert result.stdout == ""
    assert f"no source: its SHA-256 is {hashlib.sha256(b'Page 1').hexdigest()}" in result.stderr
    assert result.exit_code == 1


def test_command_refuses_a_source_that_is_none(graph: Path) -> None:
    """A mistyped --source is an error of the options."""
    result = run(graph, "--source", "papper", str(graph / "paper.txt"))

    assert "no sg:Source is called 'papper'" in result.stderr
    assert result.exit_code == 2


def test_command_refuses_what_is_not_utf_8(graph: Path) -> None:
    """The PDF itself is not the text that was read."""
    (graph / "paper.pdf").write_bytes(b"%PDF-1.7\n\xe2\xe3")

    result = run(graph, "--source", "paper", str(graph / "paper.pdf"))

    assert "paper.pdf is not UTF-8 text" in result.stderr
    assert result.exit_code == 1
