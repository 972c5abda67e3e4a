"""Kinds of table are read from a graph folder, and what is wrong with one is told with its line."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from stancegraph.build import check
from stancegraph.errors import BadTemplate
from stancegraph.folder import GraphFolder, shipped
from stancegraph.tablefile import (
    CLAIM,
    COLUMN_KEYS,
    KEYS,
    ONCE,
    SECTION_KEYS,
    TYPES,
    Cell,
    Pattern,
    read_templates,
    template_of,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

VOTES = """\
#+ summary: A vote
#+ columns:
#+   state: {type: key, required: true, also: [iso3]}
#+   choice: {scheme: code/choice, written: {absent: none}}
#+   note: {type: text, lang: "{language}"}
#+   language: {type: language, default: en}

PREFIX small: <https://example.org/small/ontology#>
PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>

#= file: data/votes/{state}.ttl
#= head: "Votes, by {state.label}."
#= order: [state]

<vote/{state}>  #= claim
    a small:Vote ;
    rdfs:comment {note} ;
    small:choice {choice} ;
    small:seenIn <document/{state}> , <document/all> ;  # two values
.
"""


def problems_of(folder: GraphFolder, text: str) -> Sequence[str]:
    path = folder.root / "ontology" / "tables" / "votes.template"
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, "utf-8")
    return [problem.as_text() for problem in read_templates(folder)[1]]


def test_a_template_is_a_header_and_the_turtle_that_a_row_makes(small: GraphFolder) -> None:
    assert problems_of(small, VOTES) == []

    template = template_of(small, "votes")

    (block,) = template.blocks
    assert block.claim
    assert not block.once
    assert block.subject == Pattern("vote/{state}")
    assert block.section.file.text == "data/votes/{state}.ttl"
    assert block.lines[3].objects == (Pattern("document/{state}"), Pattern("document/all"))
    assert block.predicate_of("choice") == block.lines[2].predicate
    assert block.lines[1].objects == (Cell("note"),)
    assert template.columns["state"].names == ("state", "iso3")
    assert [column.name for column in template.in_reading_order][-2:] == ["language", "note"]


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("#+ summary: A vote\n", "", ":1: violation: the header has no summary"),
        ("#+ summary: A vote", "#+ sumary: A vote", ":1: violation: unknown header key 'sumary'"),
        ("#+ columns:", "#+ rivals: [chioce]\n#+ columns:",
         ":2: violation: unknown column 'chioce'; did you mean choice?"),
        ("{type: key, required", "{type: kee, required",
         ":3: violation: column state: unknown type 'kee'; did you mean key?"),
        ("scheme: code/choice,", "schema: code/choice,", ":4: violation: column choice"),
        ("also: [iso3]", "also: [choice]", "are both called choice: rename one"),
        ("\"{language}\"", "\"{tongue}\"", ":5: violation: unknown column 'tongue'"),
        ("default: en}", "default: en}\n#+   seat: {type: string}",
         ":7: violation: nothing uses the column seat"),
        ("#+   note: {type", "#+   note: [type", ":5: violation: the header is not YAML"),
        ("data/votes/{state}.ttl", "../votes/{state}.ttl", ":11: violation: file must be a path"),
        ("    small:choice {choice} ;", "    small:choice {chioce} ;",
         ":18: violation: unknown column 'chioce'; did you mean choice?"),
        ("    small:choice {choice} ;", "    small:choice {choice}",
         ":18: violation: a line has four spaces"),
        ("    small:choice {choice} ;", "    smal:choice {choice} ;",
         ":18: violation: smal:choice is no predicate with a PREFIX of this file"),
        ("    a small:Vote ;\n", "", ":15: violation: a block begins with a line"),
        ("#= claim", "#= clam", ":15: violation: a block begins with <…>"),
        (("#= file: data/votes/{state}.ttl\n#= head: \"Votes, by {state.label}.\"\n"
         "#= order: [state]\n"), "", ":12: violation: no file is named"),
        (VOTES, "", ":1: violation: has no header"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_template_is_told_with_its_line(
    small: GraphFolder, old: str, new: str, told: str
) -> None:
    problems = problems_of(small, VOTES.replace(old, new))

    assert any(f"votes.template{told}" in text or told in text for text in problems), problems
    assert all(text.startswith("ontology/tables/votes.template:") for text in problems)


def test_a_check_tells_of_words_and_codes_that_the_graph_does_not_have(
    small: GraphFolder,
) -> None:
    problems_of(small, VOTES)

    told = [p.as_text() for p in check(small).problems if p.path.endswith(".template")]

    assert any(":4: violation: nothing describes <code/choice/none>" in text for text in told)
    assert any(":19: violation: nothing describes <document/all>" in text for text in told)


def test_shared_columns_come_with_a_template_that_asks_for_them(small: GraphFolder) -> None:
    tables = small.root / "ontology" / "tables"
    tables.mkdir()
    (tables / "shared.yaml").write_text(
        "columns:\n  seen:\n    note: {type: text, many: true, lang: es}\n"
        "abbreviations: {rep: republic, no: north}\n",
        "utf-8",
    )
    text = VOTES.replace('note: {type: text, lang: "{language}"}', "note: {lang: fr}")
    text = text.replace("#+   language: {type: language, default: en}\n", "#+ with: [seen]\n")

    assert problems_of(small, text) == []

    note = template_of(small, "votes").columns["note"]
    assert (note.type, note.many, note.lang) == ("text", True, "fr")


@pytest.mark.parametrize("key", [*KEYS, *SECTION_KEYS, *COLUMN_KEYS, *TYPES, CLAIM, ONCE])
def test_the_page_on_import_names_every_key_of_a_template(key: str) -> None:
    page = (Path(__file__).parents[2] / "docs" / "import.md").read_text("utf-8")

    assert f"`{key}`" in page or f"`#= {key}`" in page


def test_a_graph_without_kinds_of_table_says_so(small: GraphFolder) -> None:
    with pytest.raises(BadTemplate, match="declares no kinds of table"):
        template_of(small, "votes")


def test_an_unknown_kind_is_told_with_the_likely_one() -> None:
    with pytest.raises(BadTemplate, match="did you mean memberships"):
        template_of(shipped(), "membership")


def test_a_graph_of_its_own_uses_the_kinds_of_the_words_that_it_shares(tmp_path: Path) -> None:
    example = Path(__file__).parents[2] / "examples" / "cluster-munitions"
    folder = GraphFolder.at(shutil.copytree(example, tmp_path / "graph"))
    own = folder.root / "ontology" / "tables" / "memberships.template"
    own.parent.mkdir(exist_ok=True)
    own.write_text(
        VOTES.replace("small:", "sg:").replace(
            "https://example.org/small/ontology#", "https://w3id.org/stancegraph/ontology#"
        ),
        "utf-8",
    )

    templates, problems = read_templates(folder)

    assert problems == []
    assert templates.keys() > read_templates(shipped())[0].keys()
    assert templates["memberships"].summary == "A vote"
