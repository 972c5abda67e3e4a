"""Data frames of pandas."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd  # type: ignore[import-untyped]

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from stancegraph.client.answer import Column
    from stancegraph.export.declared import Kind


def _texts(values: Sequence[Any]) -> Any:
    return pd.array(values, dtype="string")


def _days(values: Sequence[Any]) -> Any:
    days = np.array(["NaT" if day is None else day for day in values], dtype="datetime64[D]")
    return days.astype("datetime64[s]")


_ARRAYS: dict[Kind, Callable[[Sequence[Any]], Any]] = {
    "integer": lambda values: pd.array(values, dtype="Int64"),
    "number": lambda values: pd.array(values, dtype="Float64"),
    "truth": lambda values: pd.array(values, dtype="boolean"),
    "day": _days,
    "text": _texts,
}


def frame(columns: Sequence[Column], attrs: Mapping[str, Any]) -> Any:
    """*columns* as a data frame."""
    made = pd.DataFrame({column.name: _ARRAYS[column.kind](column.values) for column in columns})
    made.attrs.update(attrs)
    return made
