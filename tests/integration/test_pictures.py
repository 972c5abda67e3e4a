"""Pictures of saved queries over HTTP: as files, and within their pages."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pytest

from tests.serving import asked, fetch

if TYPE_CHECKING:
    from collections.abc import Sequence

SVG = "{http://www.w3.org/2000/svg}"
MEMBERS = """
PREFIX code: <https://w3id.org/stancegraph/id/code/international-status/>
PREFIX sg: <https://w3id.org/stancegraph/ontology#>
SELECT ?state WHERE { ?state sg:internationalStatus code:un-member }"""


def test_every_member_of_the_united_nations_is_on_the_map(live_server: str) -> None:
    """Each of the 193 has an outline or a dot, with a link to its page."""
    states = [row["state"] for row in fetch(live_server, asked(MEMBERS), "text/csv").rows]
    base = "https://w3id.org/stancegraph"

    picture = fetch(live_server, "/queries/countries/record-size?format=svg")

    hrefs = {link.get("href") for link in ET.fromstring(picture.text).iter(f"{SVG}a")}  # noqa: S314
    assert len(states) == 193
    assert {state.removeprefix(base) for state in states} <= hrefs
    assert picture.media_type == "image/svg+xml"


VIEWS: Sequence[tuple[str, str]] = (
    ("votes/resolution?resolution=A-RES-74-247", "a"),
    ("claims/counts", "rect"),
    ("votes/of-country?country=PER", "circle"),
    ("treaties/by-region?treaty=budapest-convention", "rect"),
)


@pytest.mark.parametrize(("question", "mark"), VIEWS, ids=["map", "bars", "timeline", "matrix"])
def test_a_page_shows_the_picture_beside_its_table(
    live_server: str, question: str, mark: str
) -> None:
    """It is in the page itself, so no script is needed, and the table follows it."""
    page = fetch(live_server, f"/queries/{question}", "text/html").text

    figure = page.partition('<figure class="picture')[2].partition("</figure>")[0]

    assert f"<{mark} " in figure
    assert page.index("<figure") < page.index('<table class="rows"')


def test_a_file_names_the_question_the_release_and_the_outlines(live_server: str) -> None:
    """Who finds the picture elsewhere can tell what it shows, and of when."""
    address = "/queries/votes/resolution?resolution=A-RES-74-247&format=svg"
    picture = fetch(live_server, address)
    release = picture.headers["x-stancegraph-release"]

    told = " ".join(node.text or "" for node in ET.fromstring(picture.text).iter(f"{SVG}text"))  # noqa: S314

    assert "Who voted how" in told
    assert f"release {release}" in told
    assert "Natural Earth" in told
    assert "no statement on any border" in told
