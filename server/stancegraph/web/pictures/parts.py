"""What pictures are drawn of, and what they are made of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from xml.etree.ElementTree import Element

    from stancegraph.web.pictures.scales import Class


@dataclass(frozen=True, slots=True)
class Part:
    """A value that plays a part in a picture.

    Attributes:
        text: As people read it; empty where there is none.
        iri: Of a thing.
        href: Where the page on it is.
    """

    text: str = ""
    iri: str = ""
    href: str | None = None


GROUND = "ground"  # the part of a row that leads to what it rests on, if that is known
Row: TypeAlias = "Mapping[str, Part]"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a thing is.

    Attributes:
        code: The key of its outline; empty without one.
        name: What it is called.
        at: Latitude and longitude in degrees, if the graph states them.
    """

    code: str
    name: str
    at: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class Drawing:
    """A picture without its frame.

    Attributes:
        content: What is drawn, within *width* and *height*, in pixels.
        classes: What the legend says.
        notes: What else must be said beneath it, a sentence each.
    """

    content: Sequence[Element]
    width: int
    height: int
    classes: Sequence[Class] = ()
    notes: Sequence[str] = ()


def ground_of(row: Row) -> str | None:
    """Where the claims are on which *row* rests."""
    return row[GROUND].href if GROUND in row else None


def fill_of(made: Class, hatched: str) -> str:
    """The attribute ``fill`` of what is of a class; *hatched* names the pattern."""
    return made.fill if made.fill.startswith("#") else f"url(#{hatched})"
