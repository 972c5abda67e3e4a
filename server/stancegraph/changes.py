"""What changed between two releases, as lines of text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stancegraph.differences import grouped, summary

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from stancegraph.differences import Change, Correction, Difference

MARKS = {"added": "+", "withdrawn": "-", "corrected": "~", "ranked anew": "^"}


def as_text(found: Difference, *, by_what: bool) -> Iterator[str]:
    """*found* as lines of text.

    Args:
        by_what: Group claims by what they are about, and only then by whose they are.
    """
    yield f"{found.before} -> {found.after}"
    if not found.changes and not found.unnamed:
        yield "Nothing changed."
    for heading, changes in parts_of(found):
        if changes:
            yield ""
            yield f"{heading}: {summary(changes)}"
            yield from _groups(changes, by_what=by_what)
    if found.unnamed:
        yield ""
        yield f"Statements about things without an IRI, as in shapes: {found.unnamed:,} differ"


def parts_of(found: Difference) -> list[tuple[str, tuple[Change, ...]]]:
    """The parts of a report, under their headings."""
    return [
        ("Claims", found.claims),
        ("Other things", found.others),
        ("Derived", found.derived),
    ]


def _groups(changes: Sequence[Change], *, by_what: bool) -> Iterator[str]:
    for group in grouped(changes, by_what=by_what):
        yield ""
        told = summary(group.changes)
        yield told if told.startswith(f"{group.name}:") else f"{group.name}: {told}"
        for about, inside in group.parts:
            if about:
                yield f"  {about}"
            for change in inside:
                yield from _change(change, "    " if about else "  ")


def _change(change: Change, indent: str) -> Iterator[str]:
    sources = "" if change.corrections or not change.sources else _sources(change.sources)
    yield f"{indent}{MARKS[change.what]} {change.what}: {change.title}{sources}"
    for each in change.corrections:
        yield f"{indent}    {each.label}: {_corrected(each)}"


def _sources(sources: Sequence[str]) -> str:
    return f" ({'source' if len(sources) == 1 else 'sources'}: {'; '.join(sources)})"


def _corrected(each: Correction) -> str:
    before, after = (", ".join(values) for values in (each.before, each.after))
    if before and after:
        return f"{before} -> {after}"
    return f"{after} added" if after else f"{before} withdrawn"
