"""Which shapes the fast engine must leave to pySHACL, and why.

The rule is by construct and errs on the safe side; a shape with a target is left to pySHACL
as a whole, with all that it names.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pyoxigraph as ox

from stancegraph.build.shacl import select
from stancegraph.build.shacl.report import Failure
from stancegraph.build.shacl.shapes import LOGICAL, LOGICAL_LISTS, TARGETS
from stancegraph.errors import QuerySyntaxError
from stancegraph.sparql import check_syntax
from stancegraph.terms import RDF, RDFS, SH, short

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stancegraph.build.shacl.paths import Node
    from stancegraph.build.shacl.shapes import Shapes

CORE = frozenset(
    SH[name]
    for name in (
        "class", "closed", "datatype", "deactivated", "defaultValue", "description", "disjoint",
        "equals", "flags", "group", "hasValue", "ignoredProperties", "in", "languageIn",
        "lessThan", "lessThanOrEquals", "maxCount", "maxExclusive", "maxInclusive", "maxLength",
        "message", "minCount", "minExclusive", "minInclusive", "minLength", "name", "nodeKind",
        "order", "path", "pattern", "property", "qualifiedMaxCount", "qualifiedMinCount",
        "qualifiedValueShapesDisjoint", "severity", "sparql", "uniqueLang",
    )
).union(TARGETS, LOGICAL, LOGICAL_LISTS)  # fmt: skip

# Regular expressions that Rust, Python and XPath read alike: no group options, no look-around,
# no sets within sets, and only the common escapes.
_ODD_REGEX = re.compile(r"\(\?|&&|~~|--|\[\[|\[:|\\[^dDsSwWnrt.\\?*+{}()|^$\[\]\-/]")


@dataclass(frozen=True, slots=True)
class Routes:
    """Where the shapes that have targets are evaluated.

    Attributes:
        trusted: By the fast engine.
        left: By pySHACL, each with the reason.
        failures: Nowhere: they have a mistake that neither engine would tell as well.
    """

    trusted: list[Node] = field(default_factory=list)
    left: dict[Node, str] = field(default_factory=dict)
    failures: list[Failure] = field(default_factory=list)


def routes(shapes: Shapes) -> Routes:
    """Where each shape of *shapes* that has a target is evaluated."""
    found = Routes()
    parameters = _custom_parameters(shapes)
    for root in shapes.roots:
        try:
            reason = next(_reasons(shapes, root, parameters), None)
            _check_selects(shapes, root)
        except (ValueError, QuerySyntaxError) as error:
            told = f"sh:select, {error}" if isinstance(error, QuerySyntaxError) else str(error)
            found.failures.append(Failure(shapes.written(root), told))
            continue
        if reason:
            found.left[root] = reason
        else:
            found.trusted.append(root)
    return found


def _reasons(shapes: Shapes, root: Node, parameters: set[ox.NamedNode]) -> Iterator[str]:
    indirect = shapes.indirect(root)
    for shape in shapes.reached(root):
        for predicate in shapes.predicates(shape):
            if predicate in SH and predicate not in CORE:
                yield f"{short(predicate)} is not SHACL Core"
            if predicate in parameters:
                yield f"{short(predicate)} is a parameter of a constraint component of its own"
        for pattern in shapes.objects(shape, SH.pattern):
            if _ODD_REGEX.search(pattern.value):
                yield f"regular expressions differ on {pattern.value!r}"
        if shapes.selects(shape) and shape in indirect:
            yield "a sh:sparql is not on a shape with a target or a property shape of one"
        if shapes.selects(shape) and shapes.is_class(root):
            yield "the targets of a sh:sparql are not stated but those of a class"
        yield from filter(None, (select.refusal(each.select) for each in shapes.selects(shape)))


def _custom_parameters(shapes: Shapes) -> set[ox.NamedNode]:
    """The predicates with which shapes use constraint components that the shapes graph declares."""
    kinds = [SH.ConstraintComponent, *shapes.subjects(RDFS.subClassOf, SH.ConstraintComponent)]
    components = [node for kind in kinds for node in shapes.subjects(RDF.type, kind)]
    return {
        path
        for component in components
        for parameter in shapes.objects(component, SH.parameter)
        if not isinstance(parameter, ox.Literal)
        for path in shapes.objects(parameter, SH.path)
        if isinstance(path, ox.NamedNode)
    }


def _check_selects(shapes: Shapes, root: Node) -> None:
    """Raise QuerySyntaxError if a SPARQL constraint in *root* is not SPARQL."""
    for shape in shapes.reached(root):
        path = shapes.path(shape)
        for constraint in shapes.selects(shape):
            check_syntax(select.over_all(constraint.select, focus="", path=path))
