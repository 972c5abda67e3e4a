"""Data frames of polars."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from stancegraph.client.cited import Cited

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from stancegraph.client.answer import Column
    from stancegraph.export.declared import Kind


class Frame(Cited, pl.DataFrame):
    """An answer. What is made of it cites nothing.

    Attributes:
        attrs: As `Connection.query` tells, which polars has no place of its own for.
    """

    attrs: Mapping[str, Any]


_TYPES: dict[Kind, Any] = {
    "integer": pl.Int64,
    "number": pl.Float64,
    "truth": pl.Boolean,
    "day": pl.Date,
    "text": pl.String,
}


def frame(
    columns: Sequence[Column], attrs: Mapping[str, Any], cite: Callable[[str], str] | None
) -> Frame:
    """*columns* as a data frame."""
    made = Frame([_series(column) for column in columns])
    made.attrs = attrs
    made.citing = cite
    return made


def _series(column: Column) -> pl.Series:
    if column.kind == "day":
        return pl.Series(column.name, column.values, dtype=pl.String).str.to_date("%Y-%m-%d")
    return pl.Series(column.name, column.values, dtype=_TYPES[column.kind])
