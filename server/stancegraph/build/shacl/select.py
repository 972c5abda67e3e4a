"""A SPARQL constraint as one query over all its focus nodes.

SHACL evaluates the SELECT of a ``sh:sparql`` constraint once per focus node, with ``$this``
bound to it beforehand. Here a pattern that binds ``$this`` to each focus node in turn is put
into every group in which ``$this`` occurs, so that one evaluation gives the rows of all of
them. This is the same only if the query says nothing of its rows as a whole, as LIMIT does:
`refusal` tells. (An aggregate must be grouped by ``$this``, or SPARQL itself forbids to give
``$this``.)
"""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyoxigraph as ox

from stancegraph.build.cache import key_of
from stancegraph.build.lines import terms
from stancegraph.build.reads import TYPE, Reads
from stancegraph.build.shacl.paths import as_sparql, as_term
from stancegraph.build.shacl.report import Result
from stancegraph.build.shacl.shapes import PLACEHOLDER, TARGETS, with_text
from stancegraph.sparql import Kind, kept_tokens
from stancegraph.terms import RDFS, SH

if TYPE_CHECKING:
    import re
    from collections.abc import Iterator, Sequence

    from stancegraph.build.cache import Cache
    from stancegraph.build.lines import Graphs
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


# How often constraints were evaluated, and what they gave is known from before.
KIND = "constraints"


@dataclass(frozen=True, slots=True)
class _Asked:
    """A SPARQL constraint, and the shapes with a target through which it is reached.

    Attributes:
        focus: The focus nodes of these, as N-Triples write them.
        query: Over all focus nodes.
        reads: What it can read, and what tells its focus nodes.
    """

    constraint: SelectConstraint
    owners: tuple[Node, ...]
    focus: set[str]
    query: str
    reads: Reads


def results(data: Graphs, shapes: Shapes, roots: Sequence[Node], cache: Cache) -> Iterator[Result]:
    """The results of the SPARQL constraints of *roots* and their property shapes, on *data*.

    The store writes literals in their canonical form; `checks` sees to it that files do too.
    """
    asked = list(_asked(data, shapes, roots))
    keys = [
        key_of(KIND, each.query, *map(str, _targets(shapes, each.owners)), data.digest(each.reads))
        for each in asked
    ]
    stored = [None if each.reads.volatile else cache.get(KIND, key)
              for each, key in zip(asked, keys, strict=True)]  # fmt: skip
    missing = [each.reads for each, found in zip(asked, stored, strict=True) if found is None]
    store = data.store(Reads.joined(missing))
    given: list[list[dict[str, str]]] = []
    for each, key, found in zip(asked, keys, stored, strict=True):
        if found is not None:
            given.append(json.loads(found))
        else:
            given.append(_rows(store, each))
            cache.put(key, json.dumps(given[-1], ensure_ascii=False).encode())
    known = terms(text for rows in given for row in rows for text in row.values())
    for each, rows in zip(asked, given, strict=True):
        for row in rows:
            found_terms = {name: as_term(known[text]) for name, text in row.items()}
            yield _result(shapes, each.constraint, found_terms)


def _asked(data: Graphs, shapes: Shapes, roots: Sequence[Node]) -> Iterator[_Asked]:
    """The SPARQL constraints of *roots* that have focus nodes in *data*, each once."""
    classes = _Classes(data)
    sharing: defaultdict[Node, list[Node]] = defaultdict(list)
    for root in roots:
        for shape in shapes.direct(root):
            if shapes.selects(shape):
                sharing[shape].append(root)
    for shape, owners in sharing.items():
        nodes = _focus(data, shapes, owners, classes)
        if not nodes:
            continue
        path = shapes.path(shape)
        focus = f"GRAPH {FOCUS} {{ {shape} {FOCUS} ?this }} ."
        targets = frozenset(
            slot for root in owners for slot in _target_slots(shapes, root, classes)
        )
        for constraint in shapes.selects(shape):
            reads = Reads.of(over_all(constraint.select, focus="", path=path))
            query = over_all(constraint.select, focus=focus, path=path)
            reads = Reads.joined([reads, Reads(targets)])
            yield _Asked(constraint, tuple(owners), nodes, query, reads)


class _Classes:
    """What is below each class in *data*, and what is said to be of it."""

    def __init__(self, data: Graphs) -> None:
        self._data = data
        self._members: dict[Term, set[str]] = {}
        self._narrower: defaultdict[Term, list[Term]] = defaultdict(list)
        for narrow, _, wide in data.triples(RDFS.subClassOf):
            self._narrower[as_term(wide)].append(as_term(narrow))

    def below(self, target: Term) -> list[Term]:
        """*target* and every class below it, each once."""
        found = [target]
        for wider in found:
            found += [term for term in self._narrower.get(wider, ()) if term not in found]
        return found

    def members(self, of_class: Term) -> set[str]:
        """What is said to be of just this class, as N-Triples write it."""
        if of_class not in self._members:
            found = self._data.subjects(of_class)
            self._members[of_class] = {subject.decode() for subject in found}
        return self._members[of_class]


def _targets(shapes: Shapes, owners: Sequence[Node]) -> list[Term]:
    """What says which the focus nodes of *owners* are: each predicate, then its values."""
    return [
        term
        for root in owners
        for target in TARGETS
        for term in (target, *shapes.objects(root, target))
    ]


def _target_slots(shapes: Shapes, root: Node, classes: _Classes) -> Iterator[str]:
    """The slots of the triples that tell which the focus nodes of *root* are."""
    for target in shapes.objects(root, SH.targetClass):
        yield str(RDFS.subClassOf)
        yield from (f"{TYPE} {narrow}" for narrow in classes.below(target))
    for predicate in (SH.targetSubjectsOf, SH.targetObjectsOf):
        yield from map(str, shapes.objects(root, predicate))


def _focus(data: Graphs, shapes: Shapes, owners: Sequence[Node], classes: _Classes) -> set[str]:
    """The focus nodes of *owners* by their targets, as N-Triples write them."""
    found: set[str] = set()
    for root in owners:
        found.update(map(str, shapes.objects(root, SH.targetNode)))
        for target in shapes.objects(root, SH.targetClass):
            for narrow in classes.below(target):
                found |= classes.members(narrow)
        for predicate, place in ((SH.targetSubjectsOf, 0), (SH.targetObjectsOf, 2)):
            for target in shapes.objects(root, predicate):
                text = data.text(Reads(frozenset((str(target),)))).decode()
                rows = (line[:-2].split(" ", 2) for line in text.split("\n")[:-1])
                found.update(row[place] for row in rows)
    return found


def _rows(store: ox.Store, asked: _Asked) -> list[dict[str, str]]:
    """What the constraint gives: for each row the values that it has, as N-Triples write them."""
    shape = asked.constraint.shape
    quads = "".join(f"{shape} {FOCUS} {node} {FOCUS} .\n" for node in asked.focus)
    store.extend(ox.parse(quads, format=ox.RdfFormat.N_QUADS))
    rows = store.query(asked.query)
    if not isinstance(rows, ox.QuerySolutions):
        raise TypeError(f"the sh:select of {shape} is no SELECT")
    names = [variable.value for variable in rows.variables]
    return [{name: str(row[name]) for name in names if row[name] is not None} for row in rows]


def _result(shapes: Shapes, constraint: SelectConstraint, found: dict[str, Term]) -> Result:
    shape = constraint.shape
    path = shapes.path(shape)
    this, given = found["this"], found.get("path")
    return Result(
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
    found = kept_tokens(select)
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
    found = kept_tokens(select)
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
