"""Pictures of rows: what is drawn, in which colour, and what is said of the rest."""

from __future__ import annotations

import re
from xml.etree import ElementTree as ET

import pytest

from stancegraph.queryfile import View
from stancegraph.web.pictures import GROUND, Drawing, Part, Place, draw, inline, whole
from stancegraph.web.pictures.scales import HATCH, NOTHING, RISING, Scale, contrast
from stancegraph.web.pictures.world import land, outlines

CANADA, TUVALU, PERU = (f"http://example.org/{name}" for name in ("CAN", "TUV", "PER"))
PLACES = {
    CANADA: Place("124", "Canada", (60.3, -101.9)),
    TUVALU: Place("798", "Tuvalu", (-8.5, 179.2)),
    PERU: Place("604", "Peru", (-12.9, -72.9)),
}
MAP = View("map", {"place": "state", "value": "choice"}, order=("yes", "no"), unknown=("?",))


def row(place: str, value: str) -> dict[str, Part]:
    return {"place": Part(place, place, f"/{place[-3:]}"), "value": Part(value)}


def drawn(view: View, rows: list[dict[str, Part]]) -> Drawing:
    drawing = draw(view, rows, PLACES)
    assert drawing is not None
    return drawing


def legend(drawing: Drawing) -> dict[str, tuple[str, int]]:
    return {made.label: (made.fill, made.count) for made in drawing.classes}


def test_a_map_colours_each_place_by_its_value() -> None:
    """The legend counts them, and those that no row names."""
    drawing = drawn(MAP, [row(CANADA, "no"), row(TUVALU, "yes")])

    assert {name: count for name, (_, count) in legend(drawing).items()} == {
        "yes": 1, "no": 1, "not among these rows": 1,
    }  # fmt: skip
    assert inline(drawing, told="votes").count(legend(drawing)["no"][0]) == 1


def test_a_value_keeps_its_colour_whoever_has_it() -> None:
    """What the header orders has the same colour in every picture."""
    both = legend(drawn(MAP, [row(CANADA, "no"), row(PERU, "yes")]))
    one = legend(drawn(MAP, [row(CANADA, "no")]))

    assert one["no"][0] == both["no"][0]


def test_what_is_not_known_is_hatched_and_no_answer() -> None:
    """It differs from every answer and from what no row names; a known value outweighs it."""
    drawing = drawn(MAP, [row(CANADA, "?"), row(PERU, "?"), row(PERU, "no"), row(TUVALU, "")])

    colours = legend(drawing)
    assert colours["?"] == (HATCH, 1)
    assert colours["nothing on record"] == (HATCH, 1)
    assert colours["no"][1] == 1
    assert NOTHING not in {fill for fill, _ in colours.values()}


def test_a_place_with_two_values_is_told_apart() -> None:
    """Nothing is resolved in silence; where values are ranked, the first of them counts."""
    rows = [row(PERU, "no"), row(PERU, "yes")]
    ranked = View("map", MAP.columns, order=("yes", "no"), ranked=True)

    assert legend(drawn(MAP, rows))["more than one value"][1] == 1
    assert legend(drawn(ranked, rows))["yes"][1] == 1


def test_a_place_too_small_for_an_outline_is_a_dot() -> None:
    """It has its own link and says what it stands for, as a large one does."""
    made = ET.fromstring(inline(drawn(MAP, [row(TUVALU, "yes")]), told="votes"))  # noqa: S314

    dots = [link for link in made.iter("a") if link.find("circle") is not None]

    assert [(dot.get("href"), dot.findtext("title")) for dot in dots] == [("/TUV", "Tuvalu: yes")]


def test_a_map_tells_what_is_not_on_it() -> None:
    """An actor that is no place, such as the European Union, is named beneath."""
    drawing = drawn(MAP, [row(CANADA, "yes"), row("http://example.org/EUE", "yes")])

    assert drawing.notes[0] == "Not on the map: http://example.org/EUE."


def test_places_lie_where_their_outlines_are() -> None:
    """The projection of a dot is that of the outlines: Canada's label is within Canada."""
    world = outlines()
    numbers = [int(number) for number in re.findall(r"-?\d+", world.shapes["124"])]
    x, y = world.point(60.3243, -101.9107)

    assert world.point(0, 0) == pytest.approx(world.translate)
    assert numbers[0] / 10 - 200 < x < numbers[0] / 10 + 200
    assert 0 < y < world.point(40, -101.9)[1]


def test_the_projection_keeps_areas() -> None:
    """Brazil has as much land as it should have beside the Democratic Republic of the Congo."""
    world = outlines()

    # 8.36 and 2.27 million square kilometres of land, by the World Bank.
    assert land(world.shapes["076"]) / land(world.shapes["180"]) == pytest.approx(3.66, rel=0.05)


def test_numbers_rise_in_one_hue() -> None:
    """Few numbers have a step each, many share five."""
    few = Scale.of(["1", "10", "3"], (), ())
    many = Scale.of([str(number) for number in range(100)], (), ())

    assert [made.label for made in few.classes] == ["1", "3", "10"]
    assert [made.fill for made in many.classes] == list(RISING)
    assert next(made.label for made in many.classes) == "0 to 19"


def test_text_is_read_on_every_colour() -> None:
    """It is white on the dark and black on the light."""
    assert [contrast(fill) for fill in (RISING[0], RISING[-1])] == ["#000000", "#ffffff"]


def test_bars_are_as_long_as_their_numbers() -> None:
    """From zero, so that one twice as long is twice as much; what has no number is counted."""
    view = View("bars", {"label": "what", "value": "count"})
    rows = [
        {"label": Part(name), "value": Part(text)}
        for name, text in (("a", "10"), ("b", "20"), ("c", ""))
    ]
    drawing = drawn(view, rows)

    made = ET.fromstring(inline(drawing, told="counts"))  # noqa: S314
    long = [float(bar.get("width", "")) for bar in made.iter("rect") if bar.get("height") == "14"]

    assert long[1] == pytest.approx(2 * long[0], rel=0.01)
    assert drawing.notes == ["1 rows have no number and no bar."]


def test_a_timeline_marks_what_is_dated() -> None:
    """A day is a dot, a year the length of a year; rows with one label share a line."""
    view = View("timeline", {"start": "from", "end": "to", "label": "what"})
    rows = [
        {"label": Part("signed"), "start": Part("2001-11-23"), "end": Part("2001-11-23")},
        {"label": Part("bound"), "start": Part("2004"), "end": Part("2004")},
        {"label": Part("bound"), "start": Part(""), "end": Part("")},
    ]
    drawing = drawn(view, rows)

    made = ET.fromstring(inline(drawing, told="acts"))  # noqa: S314
    titles = [title.text for title in made.iter("title")]

    assert "signed: 2001-11-23" in titles
    assert len(list(made.iter("circle"))) == 1
    assert drawing.notes == ["1 rows have no date and no mark."]


def test_a_heat_map_has_a_cell_for_each_row() -> None:
    """Its row, column and value are told, it leads to its claim; without a row there is none."""
    view = View("matrix", {"row": "who", "column": "what", "value": "choice"})
    rows = [
        {"row": Part("Peru"), "column": Part("A"), "value": Part("yes"), GROUND: Part(href="/1")},
        {"row": Part("Chile"), "column": Part("B"), "value": Part("no")},
    ]
    drawing = drawn(view, rows)

    text = inline(drawing, told="votes")

    assert '<a href="/1"><title>Peru, A: yes</title>' in text
    assert "Peru, B" not in text
    assert drawing.notes == ["An empty cell has no row."]


def test_each_with_each_is_read_along_the_diagonal() -> None:
    """The columns of such a heat map stand in the order of its rows."""
    view = View("matrix", {"row": "one", "column": "other", "value": "agreement"})
    pairs = [("Chile", "Peru"), ("Chile", "Cuba"), ("Cuba", "Peru"), ("Cuba", "Chile"),
             ("Peru", "Cuba"), ("Peru", "Chile")]  # fmt: skip
    rows = [{"row": Part(one), "column": Part(other), "value": Part("0.5")} for one, other in pairs]

    picture = inline(drawn(view, rows), told="agreement")

    heads = [picture.index(f">{name}</text>") for name in ("Chile", "Cuba", "Peru")]
    assert heads == sorted(heads)


def test_a_file_says_what_it_shows_and_where_it_is_from() -> None:
    """Title, legend and source are in it, whatever markup they hold."""
    drawing = drawn(MAP, [row(CANADA, "yes")])

    text = whole(drawing, title="Who <voted>", lines=["Release 2026"])

    assert next(node.text for node in ET.fromstring(text).iter() if node.text) == "Who <voted>"  # noqa: S314
    assert "Release 2026" in text
    assert "yes (1)" in text


@pytest.mark.parametrize("view", ["map", "bars", "timeline", "matrix"])
def test_nothing_is_drawn_of_nothing(view: str) -> None:
    """Without a row that can be drawn there is no picture."""
    assert draw(View(view), [], PLACES) is None
