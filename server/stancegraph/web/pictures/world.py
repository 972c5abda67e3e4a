"""The outlines of countries and areas in an equal-area projection, by their codes.

They are those of Natural Earth, keyed by the numeric code of ISO 3166-1; ``outlines.json`` is
written by ``server/frontend/outlines.mjs``. What lies where is projected likewise here, so that
a dot can stand for a place that is too small to be seen, or has no outline.
"""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

TENTH = 10  # paths are in tenths of a unit
SEEN = 16.0  # square units of land from which on a place can be seen without a dot
POLICY = (
    "Borders are those of Natural Earth, which draws who is in control; that is no statement "
    "on any border, name or status. Land that has no code of its own is left blank."
)

# The polynomial of the projection (Šavrič, Patterson, Jenny 2018).
_A = (1.340264, -0.081106, 0.000893, 0.003796)
_M = math.sqrt(3) / 2
_PAIR = re.compile(r"(-?\d+)[, ]?(-?\d+)")


@dataclass(frozen=True, slots=True)
class Outlines:
    """Where the land is, in units of the drawing.

    Attributes:
        source: Whose the outlines are, and how they may be used.
        shapes: By code, an SVG path in tenths of a unit.
        others: The land without a code.
        tiny: The codes of those of which there is too little to be seen.
    """

    source: str
    width: int
    height: int
    scale: float
    translate: tuple[float, float]
    shapes: Mapping[str, str]
    others: str
    tiny: frozenset[str]

    def point(self, latitude: float, longitude: float) -> tuple[float, float]:
        """Where a place is, given in degrees."""
        lam, phi = math.radians(longitude), math.radians(latitude)
        a1, a2, a3, a4 = _A
        theta = math.asin(_M * math.sin(phi))
        square = theta * theta
        sixth = square**3
        slope = a1 + 3 * a2 * square + sixth * (7 * a3 + 9 * a4 * square)
        x = lam * math.cos(theta) / (_M * slope)
        y = theta * (a1 + a2 * square + sixth * (a3 + a4 * square))
        return self.translate[0] + self.scale * x, self.translate[1] - self.scale * y


@cache
def outlines() -> Outlines:
    """The outlines that come with the program."""
    read = json.loads(Path(__file__).with_name("outlines.json").read_text("utf-8"))
    tiny = frozenset(code for code, path in read["shapes"].items() if land(path) < SEEN)
    return Outlines(**read, tiny=tiny)


def land(path: str) -> float:
    """How much land an outline encloses, in square units."""
    whole = 0.0
    for ring in path.split("z")[:-1]:
        x = y = 0
        points = []
        for dx, dy in _PAIR.findall(ring):
            x, y = x + int(dx), y + int(dy)
            points.append((x, y))
        following = points[1:] + points[:1]
        turned = zip(points, following, strict=True)
        whole += sum(a * d - c * b for (a, b), (c, d) in turned) / 2
    return abs(whole) / TENTH**2
