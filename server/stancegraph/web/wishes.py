"""What a request wishes for beside its question: a time, a number of rows, a count."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from stancegraph.errors import BadParameter

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from stancegraph.web.site import Site

_COUNTED = re.compile(r"\s*count\s*=\s*\"?exact\"?\s*(?:;.*)?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Wishes:
    """What one request wishes for.

    Attributes:
        timeout: Seconds after which the query is to be stopped; None for the server's bound.
        limit: Rows or triples that are wanted; None for all.
        comment: Whether a table of text is to end with a comment where it is cut.
        count: Whether to tell how many rows or triples there are in all.
        preferred: Whether the header Prefer asks for the count.
        explain: Whether to tell what the answer costs instead.
    """

    timeout: float | None = None
    limit: int | None = None
    comment: bool = False
    count: bool = False
    preferred: bool = False
    explain: bool = False

    @property
    def arguments(self) -> dict[str, str]:
        """What of it an address has to say for the same rows to be given in another format."""
        said = {"limit": "" if self.limit is None else str(self.limit)}
        said["count"] = "exact" if self.count and not self.preferred else ""
        said["truncation"] = "comment" if self.comment else ""
        return {name: text for name, text in said.items() if text}

    def deadline(self, site: Site) -> float:
        """Seconds that the query may take; never more than *site* allows."""
        bound = site.query_timeout
        return bound if self.timeout is None else min(self.timeout, bound)

    def rows(self, site: Site) -> int | None:
        """Rows that are wanted; never more than *site* allows."""
        if self.limit is None or not site.max_rows:
            return self.limit
        return min(self.limit, site.max_rows)


def read_wishes(given: Mapping[str, Sequence[str]], prefer: Sequence[str] = ()) -> Wishes:
    """The wishes among the arguments *given*, and in headers ``Prefer``.

    What else a Prefer asks for is passed over, as RFC 7240 wants it.

    Raises:
        BadParameter: an argument is wrong, or was given more than once; all are told.
    """
    problems: dict[str, str] = {}
    found: dict[str, object] = {}
    for name in NAMES & given.keys():
        texts = given[name]
        if len(texts) > 1:
            problems[name] = f"was given {len(texts)} times"
            continue
        try:
            found[name] = _READERS[name](texts[0])
        except ValueError:
            problems[name] = _RIGHT[name]
    if problems:
        first, *others = sorted(problems)
        raise BadParameter(first, problems[first], **{name: problems[name] for name in others})
    preferred = any(_COUNTED.fullmatch(part) for text in prefer for part in text.split(","))
    timeout, limit = found.get("timeout"), found.get("limit")
    return Wishes(
        timeout=timeout if isinstance(timeout, float) else None,
        limit=limit if isinstance(limit, int) else None,
        comment="truncation" in found,
        count="count" in found or preferred,
        preferred=preferred,
        explain="explain" in found,
    )


def _seconds(text: str) -> float:
    if not re.fullmatch(r"[0-9]{1,9}(?:\.[0-9]{0,30})?|\.[0-9]{1,30}", text):
        raise ValueError
    if not (seconds := float(text)):
        raise ValueError
    return seconds


def _rows(text: str) -> int:
    if not re.fullmatch("[0-9]{1,15}", text):
        raise ValueError
    return int(text)


def _word(word: str) -> Callable[[str], str]:
    def read(text: str) -> str:
        if text != word:
            raise ValueError
        return text

    return read


_READERS: dict[str, Callable[[str], object]] = {
    "count": _word("exact"),
    "explain": _word("true"),
    "limit": _rows,
    "timeout": _seconds,
    "truncation": _word("comment"),
}
_RIGHT = {
    "count": "is exact",
    "explain": "is true",
    "limit": "is a number of rows, such as 1000",
    "timeout": "is a number of seconds greater than 0, such as 2.5",
    "truncation": "is comment",
}
NAMES = frozenset(_READERS)
