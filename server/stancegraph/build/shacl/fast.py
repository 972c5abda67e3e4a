"""The fast engine: core constraints in Rust, each SPARQL constraint once over all focus nodes.

What `routing` says that it cannot be trusted with goes to pySHACL.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from stancegraph.build.cache import Cache
from stancegraph.build.shacl import core, select
from stancegraph.build.shacl.report import ValidationReport

if TYPE_CHECKING:
    from stancegraph.build.lines import Graphs
    from stancegraph.build.shacl.routing import Routes
    from stancegraph.build.shacl.shapes import Shapes


def validate(
    data: Graphs, shapes: Shapes, routes: Routes, cache: Cache | None = None
) -> ValidationReport:
    """Validate *data* against those of *shapes* that *routes* names."""
    reports = [core.validate(data.text(), shapes, routes.trusted)]
    broken = {failure.shape for failure in reports[0].failures}
    roots = [root for root in routes.trusted if shapes.written(root) not in broken]
    reports.append(ValidationReport.of(select.results(data, shapes, roots, cache or Cache())))
    if routes.left:
        from stancegraph.build.shacl import reference  # noqa: PLC0415 (pySHACL takes a while)

        reports.append(reference.validate(data, shapes, list(routes.left)))
    return ValidationReport.joined(reports)
