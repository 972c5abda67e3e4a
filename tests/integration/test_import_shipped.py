"""Tables that say what the shipped graph says change nothing in it, claim by claim."""

from __future__ import annotations

import csv
import re
from typing import TYPE_CHECKING

import pyoxigraph as ox
import pytest

from stancegraph.folder import shipped
from stancegraph.importers import Decisions, import_table
from stancegraph.importers.blocks import Standing
from stancegraph.tablefile import PLACEHOLDER, Cell, read_templates
from stancegraph.terms import RDF, SG

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from stancegraph.build.parse import ParsedGraph
    from stancegraph.importers.blocks import Term
    from stancegraph.tablefile import BlockForm, Column, Template

THINGS = f"{shipped().base}id/"


def claim_of(template: Template) -> BlockForm | None:
    return next((block for block in template.blocks if block.claim), None)


def columns_of(form: BlockForm) -> set[str]:
    """The columns that a claim of this form tells by itself."""
    return {name for line in form.lines for name in line.columns} | {*form.subject.columns, "words"}


# Those whose rows tell nothing but a claim and its evidence: a row of a vote dates the roll call.
TEMPLATES = [
    template
    for template in read_templates(shipped())[0].values()
    if (form := claim_of(template))
    and {c.name for c in template.columns.values() if c.required} <= columns_of(form)
]


@pytest.fixture(scope="module")
def standing(shipped_graph: ParsedGraph) -> Standing:
    return Standing.of(shipped_graph)


def written(terms: Sequence[Term], column: Column) -> str:
    """*terms* as a cell of *column* has them."""
    words = {term.value: word for word, term in column.choices.items()}
    values = [
        words.get(term.value, term.value)
        for term in terms
        if isinstance(term, ox.NamedNode | ox.Literal)
    ]
    keys = [value.removeprefix(THINGS).removeprefix(f"{column.scheme}/") for value in values]
    return ";".join(keys)


def rows_of(standing: Standing, template: Template) -> Iterator[tuple[str, dict[str, str]]]:
    """A row for each claim of the graph that the template could have made, with its IRI, and for
    each piece of its evidence.
    """  # noqa: D205 - one sentence
    form = claim_of(template)
    assert form is not None
    names = [name for name, _ in PLACEHOLDER.findall(form.subject.text)]
    shape = re.sub(r"\\\{\w+\\\}", "([^/]+)", re.escape(form.subject.text))
    for subject, facts in standing.facts.items():
        found = re.fullmatch(f"{shape}(?:/(.+))?", subject.value.removeprefix(THINGS))
        if found is None or form.lines[0].objects[0] not in facts[RDF.type]:
            continue
        row = {"words": found.groups()[-1] or ""}
        row |= dict(zip(names, found.groups(), strict=False))
        for line in form.lines:
            for cell in line.objects:
                if isinstance(cell, Cell) and line.predicate in facts:
                    terms = facts[line.predicate]
                    row[cell.column] = written(terms, template.columns[cell.column])
        for evidence in facts[SG.evidence]:
            assert isinstance(evidence, ox.NamedNode)
            _, source, words = evidence.value.removeprefix(THINGS).split("/", 2)
            yield subject.value, {**row, "source": source, "evidence": words}


@pytest.mark.parametrize(
    "template",
    [
        pytest.param(each, marks=() if each.kind == "stances" else pytest.mark.whole)
        for each in TEMPLATES
    ],
    ids=lambda template: template.kind,
)
def test_a_table_of_what_stands_changes_nothing(
    template: Template, standing: Standing, tmp_path: Path
) -> None:
    found = list(rows_of(standing, template))
    path = tmp_path / "table.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, sorted({name for _, row in found for name in row}))
        writer.writeheader()
        writer.writerows(row for _, row in found)
    options = {"coded_on": "2031-01-01", "coded_by": "agent/stancegraph"}

    done = import_table(shipped(), template.kind, path, defaults=options, decisions=Decisions())

    assert done.changes == ()
    assert done.new == 0
    assert done.unchanged == len({claim for claim, _ in found}) > 0
