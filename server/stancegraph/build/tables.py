"""Whether the kinds of table that a graph declares fit its words, things and codes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stancegraph.build.checks import Near, words_and_things
from stancegraph.problems import Problem, Severity
from stancegraph.tablefile import read_templates
from stancegraph.terms import short

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stancegraph.build.parse import ParsedGraph


def table_problems(graph: ParsedGraph) -> Iterator[Problem]:
    """What is wrong with the templates of tables that *graph* declares itself, in any order."""
    folder = graph.folder
    templates, problems = read_templates(folder)
    yield from problems
    if graph.lost_words or graph.lost:
        return
    wrong: list[tuple[str, int, str, str]] = []
    declared, known = words_and_things(graph)
    for template in templates.values():
        if not (folder.root / template.path).is_file():
            continue  # one of the graph whose words this one shares
        for line, iri in dict.fromkeys(template.words):
            if iri.startswith(graph.words) and f"<{iri}>" not in declared:
                told = f"the ontology does not declare {short(iri)}"
                wrong.append((template.path, line, told, iri))
        for line, key in dict.fromkeys(template.keys):
            iris = [f"{home.base}id/{key}" for home in folder.homes]
            if not any(f"<{iri}>" in known for iri in iris):
                wrong.append((template.path, line, f"nothing describes <{key}>", iris[0]))
    if wrong:
        near = Near(graph)
        for path, line, told, iri in wrong:
            yield Problem(path, line, Severity.VIOLATION, told + near.hint(iri)[0])
