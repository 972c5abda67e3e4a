"""Comparing things side by side: which saved queries tell of several, as headers declare it.

A query with ``compare`` has a list of things as one of its parameters (``by``). Its rows are the
cells of a table: ``row`` is what is compared, in the column named like the parameter stands the
thing, ``value`` is what holds of the two, and ``known`` how that is known. With the view
``matrix`` it compares each thing with each, and is drawn.

    #+ compare: {by: thing, heading: Treaties, order: 10}
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from stancegraph.parameters import Parameter

KEYS = ("by", "heading", "order", "dayAfter")
ROW, VALUE, KNOWN = "row", "value", "known"
ORDER = 100


class Known(StrEnum):
    """How it is known what a cell says."""

    YES = "yes"  # it is on record
    NO = "no"  # it is on record that it is not so
    UNKNOWN = "unknown"  # nothing is on record, which says nothing of how it is
    NOT_APPLICABLE = "not applicable"  # there is nothing to know


@dataclass(frozen=True, slots=True)
class Comparison:
    """How a query compares things.

    Attributes:
        by: The parameter for the things, and the column that has them.
        order: Those with a smaller one come first.
        day_after: The parameter that is set to the day after that of the comparison, for a
            query that answers for a span of time and not for a day; empty for none.
    """

    by: str
    heading: str
    order: float
    day_after: str = ""


def read(
    said: object, params: Mapping[str, Parameter], columns: Sequence[str], *, drawn: bool
) -> tuple[Comparison | None, list[str]]:
    """The comparison that a header declares, and what is wrong with the declaration.

    Args:
        said: What YAML made of it.
        drawn: Whether its view is a matrix.
    """
    if not isinstance(said, dict):
        return None, ["compare must name the parameter: {by: country, heading: Votes}"]
    problems = [
        f"compare has an unknown key {key!r}: write {', '.join(KEYS)}"
        for key in said.keys() - {*KEYS}
    ]
    by, heading, order = said.get("by"), said.get("heading"), said.get("order", ORDER)
    parameter = params.get(str(by))
    if parameter is None or parameter.type != "iri" or not parameter.is_list:
        problems.append(f"compare: by names a parameter that is a list of things, not {by!r}")
    others = [name for name, each in params.items() if each.needed and name != by]
    if others:
        problems.append(f"compare: {others[0]} would be needed too: give it a default")
    if not isinstance(heading, str):
        problems.append("compare: heading must be text")
    if isinstance(order, bool) or not isinstance(order, int | float):
        problems.append("compare: order must be a number")
    day_after = said.get("dayAfter", "")
    if day_after and (day_after not in params or params[day_after].type != "xsd:date"):
        problems.append(f"compare: dayAfter names a parameter that is a day, not {day_after!r}")
    needed = [] if drawn else [ROW, str(by), VALUE]
    if missing := [f"?{name}" for name in needed if name not in columns]:
        problems.append(f"a query with compare projects {', '.join(missing)} too")
    if problems:
        return None, problems
    return Comparison(str(by), str(heading), float(order), day_after), []
