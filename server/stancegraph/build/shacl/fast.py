"""The fast engine: core constraints in Rust, each SPARQL constraint once over all focus nodes.

What `routing` says that it cannot be trusted with goes to pySHACL.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from stancegraph.build.shacl import core, select
from stancegraph.build.shacl.report import ValidationReport

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pyoxigraph as ox

    from stancegraph.build.shacl.routing import Routes
    from stancegraph.build.shacl.shapes import Shapes


def validate(data: Sequence[ox.Triple], shapes: Shapes, routes: Routes) -> ValidationReport:
    """Validate *data* against those of *shapes* that *routes* names."""
    reports = [core.validate(data, shapes, routes.trusted)]
    broken = {failure.shape for failure in reports[0].failures}
    roots = [root for root in routes.trusted if shapes.written(root) not in broken]
    reports.append(ValidationReport.of(select.results(data, shapes, roots)))
    if routes.left:
        from stancegraph.build.shacl import reference  # noqa: PLC0415 (pySHACL takes a while)

        reports.append(reference.validate(data, shapes, list(routes.left)))
    return ValidationReport.joined(reports)
