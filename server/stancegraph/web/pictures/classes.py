"""The classes of an ontology in boxes, and by which properties their things point at each other.

The box from which most statements lead to others stands in the middle, so that its arrows are
straight; what points neither from nor at it is drawn at the outer edges, the most used first.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from stancegraph.terms import short
from stancegraph.web.pictures.parts import Drawing
from stancegraph.web.pictures.svg import label, linked, node, shortened, wrapped

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from xml.etree.ElementTree import Element

    from stancegraph.codebook import Class, Codebook

COLUMN, GAP, MARGIN = 230, 200, 56  # pixels
LINE, HEAD, PAD, SPACE = 21, 28, 8, 22
LABEL, SMALL = 13.0, 11.5
NAMED = 4  # properties that an arrow names
AROUND = 2  # arrows at an outer edge


@dataclass
class Group:
    """Classes that have a broader one in common, in one box.

    Attributes:
        classes: With how deep each stands below the first.
        out, into: Statements by property from it to the group in the middle, and back.
    """

    key: str
    title: str
    classes: list[tuple[Class, int]] = field(default_factory=list)
    out: Counter[str] = field(default_factory=Counter)
    into: Counter[str] = field(default_factory=Counter)
    x: float = 0.0
    y: float = 0.0
    height: float = 0.0

    @property
    def needed(self) -> float:
        """How high the box must be for its classes and the labels of its arrows."""
        labels = sum(34 for links in (self.out, self.into) if links)
        return max(HEAD + LINE * len(self.classes) + PAD, labels + PAD)


@dataclass(frozen=True, slots=True)
class Link:
    """How often things of one class point at things of another by a property, and its IRI."""

    source: str
    property: str
    iri: str
    target: str
    count: int


def links(codebook: Codebook) -> list[Link]:
    """What points at what in the data as it is stated, most first."""
    known = {made.iri for made in codebook.classes}
    found = [
        Link(made.iri, each.label, each.iri, kind, count)
        for made in codebook.classes
        for each in made.properties
        for kind, count in each.classes
        if kind in known and not each.derived
    ]
    return sorted(found, key=lambda link: (-link.count, link.source, link.property, link.target))


def draw(codebook: Codebook, href: Callable[[str], str | None]) -> Drawing | None:
    """The picture of the classes in *codebook*; None where nothing points at anything.

    Args:
        href: Where the page on a class is.
    """
    groups = _groups(codebook)
    of = {made.iri: group.key for group in groups.values() for made, _ in group.classes}
    between: defaultdict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for link in links(codebook):
        ends = of.get(link.source), of.get(link.target)
        if ends[0] is not None and ends[1] is not None and ends[0] != ends[1]:
            between[ends[0], ends[1]][link.property] += link.count
    if not between:
        return None
    weights: Counter[str] = Counter()
    for (source, _), found in between.items():
        weights[source] += found.total()
    hub = groups[max(weights, key=lambda key: (weights[key], key))]
    for key, group in groups.items():
        group.out = between.get((key, hub.key), Counter())
        group.into = between.get((hub.key, key), Counter())
    height = _place(hub, [group for group in groups.values() if group is not hub])
    content: list[Element] = [_arrowhead()]
    for group in groups.values():
        if group is not hub:
            content += _arrows(group, hub)
    content += _around(groups, hub, between)
    for group in groups.values():
        content += _box(group, href)
    return Drawing(content, round(3 * COLUMN + 2 * GAP + 2 * MARGIN), round(height))


def _groups(codebook: Codebook) -> dict[str, Group]:
    """The classes that are used, or specialised by others, with those that are like them."""
    known = {made.iri: made for made in codebook.classes}
    narrower: defaultdict[str, list[Class]] = defaultdict(list)
    for made in codebook.classes:
        broad = next((iri for iri in made.broader if iri in known), "")
        narrower[broad].append(made)
    groups: dict[str, Group] = {}
    for top in narrower[""]:
        outside = min(made.broader) if (made := top).broader else ""
        key = top.iri if top.iri in narrower else outside or top.iri
        title = top.label if key == top.iri else short(key).strip("<>")
        classes = [each for each in _below(top, narrower) if each[0].count or each[1] == 0]
        if any(each.count for each, _ in classes):
            group = groups.setdefault(key, Group(key, title))
            group.classes += classes
    return groups


def _below(
    top: Class, narrower: dict[str, list[Class]], depth: int = 0
) -> Iterable[tuple[Class, int]]:
    yield top, depth
    for made in narrower.get(top.iri, ()):
        yield from _below(made, narrower, depth + 1)


def _place(hub: Group, others: Sequence[Group]) -> float:
    """Put *hub* in the middle and the *others* left and right of it; give the height of all."""
    heights = [float(SPACE), float(SPACE)]
    for group in sorted(others, key=lambda each: (-each.needed, each.key)):
        side = 0 if heights[0] <= heights[1] else 1
        group.x = MARGIN + side * 2 * (COLUMN + GAP)
        group.y = heights[side]
        group.height = group.needed
        heights[side] += group.height + SPACE
    height = max(*heights, hub.needed + 2 * SPACE)
    hub.x, hub.y, hub.height = float(MARGIN + COLUMN + GAP), float(SPACE), height - 2 * SPACE
    return height


def _box(group: Group, href: Callable[[str], str | None]) -> list[Element]:
    """A box with its classes, each a link."""
    found = [
        node(
            "rect", x=group.x, y=group.y, width=COLUMN, height=group.height, rx=4,
            class_="box", stroke="currentColor",
        )
    ]  # fmt: skip
    y = group.y + 19
    titled = group.classes[0][0].label != group.title
    if titled:
        text = shortened(group.title, COLUMN - 20, SMALL)
        found.append(label(group.x + 10, y, text, size=SMALL, opacity=0.75))
        y += LINE
    for made, depth in group.classes:
        first = not titled and depth == 0
        told = f"{made.label} {made.count:,}" if made.count else made.label
        x = group.x + 10 + 14 * depth
        text = shortened(made.label, COLUMN - 55 - 14 * depth, LABEL)
        parts = [
            label(x, y, text, size=LABEL, font_weight=600 if first else None),
        ]
        if made.count:
            number = f"{made.count:,}"
            parts.append(
                label(group.x + COLUMN - 10, y, number, size=SMALL, text_anchor="end", opacity=0.75)
            )
        found.append(linked(parts, told, href(made.iri)))
        y += LINE
    return found


def _arrows(group: Group, hub: Group) -> list[Element]:
    """The arrows between a box at a side and the one in the middle, with what they mean."""
    left = group.x < hub.x
    near, far = (group.x + COLUMN, hub.x) if left else (group.x, hub.x + COLUMN)
    found: list[Element] = []
    pairs = [(links, way) for links, way in ((group.into, 1), (group.out, -1)) if links]
    for place, (counted, way) in enumerate(pairs):
        y = group.y + group.height * (place + 1) / (len(pairs) + 1) + 12
        start, end = (far, near) if way > 0 else (near, far)
        found.append(_arrow(f"M{start:.0f} {y:.0f}H{end:.0f}"))
        for at, line in enumerate(reversed(wrapped(_told(counted), GAP - 28, SMALL)[:2])):
            middle = (near + far) / 2
            found.append(label(middle, y - 6 - 14 * at, line, size=SMALL, text_anchor="middle"))
    return found


def _around(
    groups: dict[str, Group], hub: Group, between: dict[tuple[str, str], Counter[str]]
) -> list[Element]:
    """The arrows between boxes of one side, at the outer edge."""
    found: list[Element] = []
    for left in (True, False):
        pairs = [
            (groups[source], groups[target], counted)
            for (source, target), counted in between.items()
            if hub.key not in {source, target}
            and groups[source].x == groups[target].x
            and (groups[source].x < hub.x) == left
        ]
        pairs.sort(key=lambda pair: (-pair[2].total(), pair[0].key, pair[1].key))
        for place, (source, target, counted) in enumerate(pairs[:AROUND]):
            edge = source.x if left else source.x + COLUMN
            sign = -1 if left else 1
            lane = edge + sign * (16 + 22 * place)
            y1 = source.y + source.height * (place + 1) / (AROUND + 2)
            y2 = target.y + target.height * (place + 2) / (AROUND + 2)
            found.append(_arrow(f"M{edge:.0f} {y1:.0f}H{lane:.0f}V{y2:.0f}H{edge:.0f}"))
            text = shortened(_told(counted), abs(y2 - y1), SMALL)
            x, y = lane + sign * 4, (y1 + y2) / 2
            turn = f"rotate({-90 if left else 90} {x:.0f} {y:.0f})"
            found.append(label(x, y, text, size=SMALL, text_anchor="middle", transform=turn))
    return found


def _told(counted: Counter[str]) -> str:
    """The properties of an arrow, the most used first."""
    names = [name for name, _ in sorted(counted.items(), key=lambda each: (-each[1], each[0]))]
    more = f" +{len(names) - NAMED}" if len(names) > NAMED else ""
    return ", ".join(names[:NAMED]) + more


def _arrow(path: str) -> Element:
    return node(
        "path", d=path, fill="none", stroke="currentColor", opacity=0.6,
        marker_end="url(#arrowhead)",
    )  # fmt: skip


def _arrowhead() -> Element:
    head = node("path", d="M0 0L8 4L0 8Z", fill="currentColor")
    marker = node(
        "marker", [head], id="arrowhead", viewBox="0 0 8 8", refX=8, refY=4,
        markerWidth=8, markerHeight=8, orient="auto",
    )  # fmt: skip
    return node("defs", [marker])
