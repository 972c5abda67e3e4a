"""A SPARQL constraint as one query over all its focus nodes.

SHACL evaluates the SELECT of a ``sh:sparql`` constraint once per focus node, with ``$this``
bound to it beforehand. Here a pattern that binds ``$this`` to each focus node in turn is put
into every group in which ``$this`` occurs, so that one evaluation gives the rows of all of
them. This is the same only if the query says nothing of its rows as a whole, as LIMIT does:
`refusal` tells. (An aggregate must be grouped by ``$this``, or SPARQL itself forbids to give
``$this``.)
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

import pyoxigraph as ox

from stancegraph.build.shacl.paths import as_predicate, as_sparql, as_term
from stancegraph.build.shacl.report import Result
from stancegraph.build.shacl.shapes import PLACEHOLDER, with_text
from stancegraph.sparql import Kind, tokens
from stancegraph.terms import RDF, RDFS, SH

if TYPE_CHECKING:
    import re
    from collections.abc import Iterable, Iterator, Sequence

    from stancegraph.build.shacl.paths import Node, Path, Term
    from stancegraph.build.shacl.shapes import SelectConstraint, Shapes
    from stancegraph.sparql import Token

THIS = frozenset(("?this", "$this"))
PATH = frozenset(("?PATH", "$PATH"))
FORBIDDEN = {
    "FROM": "a shape sees the union of all graphs",
    "GRAPH": "a shape sees the union of all graphs",
    "MINUS": "SHACL does not allow it",
    "SERVICE": "SHACL does not allow it",
    "VALUES": "SHACL does not allow it",
}
COUNTING = ("LIMIT", "OFFSET")
BY_PYSHACL = frozenset(
    mark + name for mark in "?$" for name in ("currentShape", "failure", "shapesGraph")
)
# The store says in a graph of this name, by a predicate of this name, which focus nodes a
# shape has.
FOCUS = ox.NamedNode("urn:stancegraph:focus")


def results(data: Iterable[ox.Triple], shapes: Shapes, roots: Sequence[Node]) -> Iterator[Result]:
    """The results of the SPARQL constraints of *roots* and their property shapes, on *data*.

    The store writes literals in their canonical form; `checks` sees to it that files do too.
    """
    sharing: defaultdict[Node, list[Node]] = defaultdict(list)
    for root in roots:
        for shape in shapes.direct(root):
            if shapes.selects(shape):
                sharing[shape].append(root)
    if not sharing:
        return
    store = ox.Store()
    store.bulk_extend(ox.Quad(*triple) for triple in data)
    for shape, owners in sharing.items():
        nodes = {node for root in owners for node in _focus_nodes(store, shapes, root)}
        store.bulk_extend(ox.Quad(shape, FOCUS, node, FOCUS) for node in nodes)
        for constraint in shapes.selects(shape):
            yield from _run(store, shapes, constraint)


def _focus_nodes(store: ox.Store, shapes: Shapes, root: Node) -> Iterator[Term]:
    """The focus nodes of *root* by its targets, some of them several times."""

    def quads(predicate: Term, value: Term | None = None) -> Iterator[ox.Quad]:
        return store.quads_for_pattern(None, as_predicate(predicate), value)

    yield from shapes.objects(root, SH.targetNode)
    for target in shapes.objects(root, SH.targetClass):
        classes = [target]
        for wider in classes:
            narrower = (as_term(quad.subject) for quad in quads(RDFS.subClassOf, wider))
            classes += [term for term in narrower if term not in classes]
            yield from (as_term(quad.subject) for quad in quads(RDF.type, wider))
    for target in shapes.objects(root, SH.targetSubjectsOf):
        yield from (as_term(quad.subject) for quad in quads(target))
    for target in shapes.objects(root, SH.targetObjectsOf):
        yield from (as_term(quad.object) for quad in quads(target))


def _run(store: ox.Store, shapes: Shapes, constraint: SelectConstraint) -> Iterator[Result]:
    shape = constraint.shape
    path = shapes.path(shape)
    focus = f"GRAPH {FOCUS} {{ {shape} {FOCUS} ?this }} ."
    rows = store.query(over_all(constraint.select, focus=focus, path=path))
    if not isinstance(rows, ox.QuerySolutions):
        raise TypeError(f"the sh:select of {shape} is no SELECT")
    names = [variable.value for variable in rows.variables]
    for row in rows:
        found = {name: as_term(row[name]) for name in names if row[name] is not None}
        this, given = found["this"], found.get("path")
        yield Result(
            focus=this,
            path=given if isinstance(given, ox.NamedNode) else path,
            value=found.get("value", None if path else this),
            source_shape=shapes.written(shape),
            component=SH.SPARQLConstraintComponent,
            severity=shapes.severity(shape),
            message=_filled(constraint.message, found),
            constraint=shapes.written(constraint.node),
        )


def _filled(template: ox.Literal, found: dict[str, Term]) -> ox.Literal:
    """*template* with ``{?name}`` replaced by the value of that variable where it has one."""

    def value(match: re.Match[str]) -> str:
        return found[match[1]].value if match[1] in found else match[0]

    return with_text(template, PLACEHOLDER.sub(value, template.value))


def refusal(select: str) -> str | None:
    """Why *select* cannot run over all focus nodes at once; None if it can.

    Raises:
        QuerySyntaxError: *select* cannot be split into tokens.
        ValueError: no shape may have it.
    """
    found = tokens(select)
    for before, token in zip([found[0], *found], found, strict=False):
        if token.kind is Kind.WORD and (reason := FORBIDDEN.get(token.text.upper())):
            raise ValueError(f"sh:select cannot use {token.text.upper()}: {reason}")
        if before.is_word("AS") and token.text in THIS:
            raise ValueError("sh:select cannot bind $this by AS: SHACL does not allow it")
        if token.is_word(*COUNTING):
            return f"{token.text.upper()} counts the rows of one focus node"
        if token.text in BY_PYSHACL:
            return f"{token.text} means something to pySHACL only"
    if not all(_names_this(head) for head in _select_heads(found)):
        return "a SELECT does not name $this"
    return None


def over_all(select: str, *, focus: str, path: Path | None) -> str:
    """*select*, a query that `refusal` lets pass, over all focus nodes.

    Args:
        select: As ``sh:select`` has it.
        focus: A group element that binds ``?this`` to each focus node once.
        path: The path of the shape, put for ``$PATH``; None for a node shape.
    """
    found = tokens(select)
    written, end = [], 0
    for index, token in enumerate(found):
        if token.text == "{" and _needs_focus(found, index):
            written += [select[end : token.start + 1], f" {focus} "]
            end = token.start + 1
        elif path is not None and token.text in PATH:
            written += [select[end : token.start], as_sparql(path)]
            end = token.start + len(token.text)
    return "".join(written) + select[end:]


def _select_heads(found: Sequence[Token]) -> Iterator[Sequence[Token]]:
    """What the SELECTs of a query give: the tokens from SELECT to the brace after it."""
    for start, token in enumerate(found):
        if token.is_word("SELECT"):
            opening = (at for at in range(start, len(found)) if found[at].text == "{")
            yield found[start + 1 : next(opening, len(found))]


def _names_this(head: Sequence[Token]) -> bool:
    depth = 0
    for token in head:
        depth += (token.text == "(") - (token.text == ")")
        if depth == 0 and token.text in THIS:
            return True
    return False


def _needs_focus(found: Sequence[Token], opening: int) -> bool:
    """Whether the group opened at *opening* must bind ``$this`` itself: if ``$this`` is in it.

    A sub-SELECT binds it in its own WHERE; in an EXISTS the variables of the row are bound.
    """
    if opening + 1 < len(found) and found[opening + 1].is_word("SELECT"):
        return False
    open_groups: list[bool] = []
    for index in range(opening + 1):
        if found[index].text == "{":
            open_groups.append(index > 0 and found[index - 1].is_word("EXISTS"))
        elif found[index].text == "}" and open_groups:
            open_groups.pop()
    if any(open_groups):
        return False
    inside = found[opening : _closing(found, opening)]
    return len(open_groups) == 1 or any(token.text in THIS for token in inside)


def _closing(found: Sequence[Token], opening: int) -> int:
    """Where the brace at *opening* is closed; the length of *found* if it is not."""
    depth = 0
    for at in range(opening, len(found)):
        depth += (found[at].text == "{") - (found[at].text == "}")
        if depth == 0:
            return at
    return len(found)
