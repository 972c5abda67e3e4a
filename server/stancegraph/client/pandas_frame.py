"""Data frames of pandas."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd  # type: ignore[import-untyped]

from stancegraph.client.cited import Cited

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from stancegraph.client.answer import Column
    from stancegraph.export.declared import Kind


class Frame(Cited, pd.DataFrame):  # type: ignore[misc]
    """An answer. What is made of it, be it a copy, is a plain frame, which cites nothing."""

    @property
    def _constructor(self) -> Any:
        return pd.DataFrame


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


def frame(
    columns: Sequence[Column], attrs: Mapping[str, Any], cite: Callable[[str], str] | None
) -> Frame:
    """*columns* as a data frame."""
    made = Frame({column.name: _ARRAYS[column.kind](column.values) for column in columns})
    made.attrs.update(attrs)
    made.citing = cite
    return made
