"""Writing SVG, and setting text in it where nobody can measure text."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

if TYPE_CHECKING:
    from collections.abc import Iterable
    from xml.etree.ElementTree import Element

INK = "#1d2733"  # of text in a file; on a page it takes the colour of the page's text
QUIET = "#5c6773"
FONT = "system-ui, sans-serif"
# Width of a letter as a part of the font size, near enough to keep text from running over.
LETTER = 0.56


def node(
    tag: str, children: Iterable[Element] = (), /, text: str = "", **attributes: object
) -> Element:
    """An element; of names of attributes, ``_`` stands for ``-`` and one at the end for nothing.

    Numbers are written with two decimals at most, and what is None is left out.
    """
    made = ET.Element(
        tag,
        {
            name.rstrip("_").replace("_", "-"): _written(value)
            for name, value in attributes.items()
            if value is not None
        },
    )
    made.text = text or None
    made.extend(children)
    return made


def _written(value: object) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)


def write(element: Element) -> str:
    """*element* as text."""
    return ET.tostring(element, encoding="unicode")


def label(x: float, y: float, text: str, *, size: float = 12, **attributes: object) -> Element:
    """Text whose baseline begins at a place, ``text_anchor="end"`` where it ends there."""
    return node(
        "text", x=float(x), y=float(y), font_size=size, fill="currentColor", text=text, **attributes
    )


def linked(children: Iterable[Element], told: str, href: str | None) -> Element:
    """What is told of *children* when one points at them, and the way to the page on it."""
    drawn = list(children)
    title = node("title", text=told)
    if href is None:
        return node("g", [title, *drawn])
    # Where there is text, it is the name of the link.
    named = any(child.tag == "text" for child in drawn)
    return node("a", [title, *drawn], href=href, aria_label=None if named else told)


def width_of(text: str, size: float = 12) -> float:
    """About how wide *text* is."""
    return len(text) * size * LETTER


def shortened(text: str, width: float, size: float = 12) -> str:
    """*text*, cut so that it is about *width* wide."""
    letters = int(width / (size * LETTER))
    return text if len(text) <= letters else text[: max(letters - 1, 1)].rstrip() + "…"


def wrapped(text: str, width: float, size: float = 12) -> list[str]:
    """*text* in lines of about *width*."""
    lines: list[str] = []
    for word in text.split():
        if lines and width_of(f"{lines[-1]} {word}", size) <= width:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return lines
