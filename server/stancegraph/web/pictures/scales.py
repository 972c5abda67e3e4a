"""Which colour stands for which value, and what the legend says.

The colours can be told apart by the colour-blind, and in the dark as in the light. What is not
known is hatched, so that nobody takes it for one of the answers.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from stancegraph.web.pictures.svg import node

if TYPE_CHECKING:
    from collections.abc import Sequence
    from xml.etree.ElementTree import Element

# After Okabe and Ito, and Paul Tol.
DISTINCT = (
    "#3b73b9", "#e0701a", "#e3b505", "#168c6a", "#a6458f", "#63b5e5", "#8a5a3c", "#4a3f9f",
)  # fmt: skip
RISING = ("#cfe1f2", "#93c1e0", "#4f97cb", "#1f66ad", "#0b3a75")  # of one hue, light to dark
SEVERAL = "#6b2737"
REST = "#8b949e"
NOTHING = "#dfe3e6"  # a place that the rows do not name
HATCH = "hatch"  # the kind of fill of what is not known
STEPS = len(RISING)


@dataclass(frozen=True, slots=True)
class Class:
    """Values of one colour.

    Attributes:
        label: What the legend says.
        fill: The colour; ``HATCH`` for the pattern.
        count: How many have such a value.
    """

    label: str
    fill: str
    count: int = 0


@dataclass(frozen=True, slots=True)
class Scale:
    """Which class each value is in.

    Attributes:
        classes: In the order of the legend.
    """

    classes: tuple[Class, ...]
    _by_text: dict[str, Class] = field(repr=False)

    @classmethod
    def of(cls, texts: Sequence[str], order: Sequence[str], unknown: Sequence[str]) -> Scale:
        """The scale for values, each as it is written, once for each that has it.

        Numbers rise in one hue; other values are told apart, the first of *order* always by
        the same colours, and those that it does not name by how many have them.

        Args:
            unknown: Values that mean that it is not known.
        """
        counts = Counter(text for text in texts if text and text not in unknown)
        numbers = {text: number(text) for text in counts}
        if counts and not order and None not in numbers.values():
            groups = _steps({text: value for text, value in numbers.items() if value is not None})
        else:
            groups = _sorts(counts, order)
        by_text: dict[str, Class] = {}
        classes = []
        for name, fill, members in groups:
            made = Class(name, fill, sum(counts[text] for text in members))
            classes.append(made)
            by_text |= dict.fromkeys(members, made)
        for text in (*unknown, ""):
            if count := list(texts).count(text):
                by_text[text] = Class(text or "nothing on record", HATCH, count)
                classes.append(by_text[text])
        return cls(tuple(classes), by_text)

    def class_of(self, text: str) -> Class:
        """The class of a value that is on the scale."""
        return self._by_text[text]


def number(text: str) -> float | None:
    """The number that *text* is; None where it is none."""
    try:
        return float(text)
    except ValueError:
        return None


def _steps(numbers: dict[str, float]) -> list[tuple[str, str, list[str]]]:
    """Up to five steps with about as many different numbers each."""
    rising = sorted(numbers, key=lambda text: numbers[text])
    count = min(STEPS, len(rising))
    bounds = [round(step * len(rising) / count) for step in range(count + 1)]
    groups = []
    for step in range(count):
        members = rising[bounds[step] : bounds[step + 1]]
        first, last = members[0], members[-1]
        fill = RISING[round(step * (STEPS - 1) / max(count - 1, 1))]
        groups.append((first if first == last else f"{first} to {last}", fill, members))
    return groups


def _sorts(counts: Counter[str], order: Sequence[str]) -> list[tuple[str, str, list[str]]]:
    """A colour for each value, as far as colours go; the rest has one together."""
    fills = {text: DISTINCT[place] for place, text in enumerate(order[: len(DISTINCT)])}
    free = [fill for fill in DISTINCT if fill not in fills.values()]
    others = sorted((text for text in counts if text not in fills), key=lambda t: (-counts[t], t))
    fills |= dict(zip(others, free, strict=False))
    groups = [(text, fill, [text]) for text, fill in fills.items() if text in counts]
    if rest := [text for text in counts if text not in fills]:
        groups.append((f"{len(rest)} other values", REST, rest))
    return groups


def hatch(name: str) -> Element:
    """The pattern of what is not known; *name* is its own in the page."""
    return node(
        "pattern",
        [
            node("rect", width=6, height=6, fill="#ffffff"),
            node("path", d="M-1,1l2,-2M0,6l6,-6M5,7l2,-2", stroke="#6f7882", stroke_width=1.4),
        ],
        id=name,
        width=6,
        height=6,
        patternUnits="userSpaceOnUse",
    )


def contrast(fill: str) -> str:
    """Black or white, whichever is read better on *fill*."""
    if fill == HATCH:
        return "#000000"
    red, green, blue = (
        channel / 12.92 if channel <= 0.03928 else ((channel + 0.055) / 1.055) ** 2.4  # noqa: PLR2004
        for channel in (int(fill[at : at + 2], 16) / 255 for at in (1, 3, 5))
    )
    luminance = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    return "#000000" if luminance > 0.179 else "#ffffff"  # noqa: PLR2004 (where both are alike)
