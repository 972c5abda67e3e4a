"""Pages of things over HTTP: sections of saved queries, the day they are true of, their data."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest

from stancegraph.build import build
from stancegraph.build.release import open_release
from stancegraph.catalog import Catalog
from stancegraph.engine import first_rows
from stancegraph.engine.embedded import EmbeddedEngine, EngineOptions
from stancegraph.errors import EngineDown
from stancegraph.web import Site, create_app, sections

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from flask.testing import FlaskClient

    from stancegraph.engine import Ask, Engine
    from stancegraph.folder import GraphFolder

PAGE = {"Accept": "text/html"}
CANADA = "/id/state/CAN"


def site_of(releases: Path) -> Iterator[Site]:
    release = open_release(releases)
    with EmbeddedEngine(release.quads_file, release.id, EngineOptions(workers=1)) as engine:
        yield Site(
            release=release,
            engine=engine,
            catalog=Catalog.load(release.path),
            description="Who voted how",
            query_timeout=30.0,
        )


@pytest.fixture(scope="module")
def client(shipped_releases: Path) -> Iterator[FlaskClient]:
    for site in site_of(shipped_releases):
        yield create_app(site).test_client()


def section(page: str, anchor: str) -> str:
    """The section of *page* that is headed by *anchor*."""
    found = re.search(rf'aria-labelledby="{anchor}">.*?</section>', page, re.DOTALL)
    assert found, anchor
    return found[0]


def test_the_page_of_a_state_has_sections_of_saved_queries(client: FlaskClient) -> None:
    """In the order that their headers say, each with the way to its own page."""
    page = client.get(CANADA, headers=PAGE).text

    headings = re.findall(r'<h2 id="[^"]+">([^<]+?)(?: <|</h2>)', page)
    assert headings[:6] == [
        "Facts",
        "Treaties",
        "Votes",
        "Positions",
        "Changes of position",
        "Memberships",
    ]
    treaties = section(page, "treaties-status-of-country")
    assert 'href="/queries/treaties/status-of-country?country=CAN&amp;asOf=' in treaties
    assert '<time datetime="2015-07-08">8 July 2015</time>' in treaties


def test_rows_are_put_together_under_headings(client: FlaskClient) -> None:
    """Positions stand by what they are about, with the words that were said."""
    positions = section(client.get(CANADA, headers=PAGE).text, "countries-positions")

    head = '<th scope="rowgroup" colspan="'
    assert positions.count(head) < positions.count("<tr>")
    assert 'href="/id/treaty/budapest-convention">Budapest Convention</a></th>' in positions
    assert "best tool to fight cybercrime" in positions


def test_names_in_other_languages_stand_apart(client: FlaskClient) -> None:
    """With their languages; ways to write a name are for searches alone."""
    page = client.get("/id/state/COD", headers={"Accept": "text/html"}).text
    also = re.search(r'<p class="names">.*?</p>', page)

    assert also
    assert "DR Congo" in also[0]
    assert "Kinshasa" in also[0]
    assert "Kongo-Kinshasa" not in also[0]
    assert '<span lang="de">Kongo-Kinshasa</span>' in page
    assert '<span lang="zh">刚果民主共和国</span>' in page
    assert "Zaire" in page
    assert "DRC</span>" not in page


def test_a_section_without_rows_is_the_way_to_its_page(client: FlaskClient) -> None:
    """All that is claimed of a state would be too much here."""
    more = section(client.get(CANADA, headers=PAGE).text, "more")

    assert '<a href="/queries/countries/profile?country=CAN">All that is claimed</a>' in more


def test_a_status_stands_as_of_the_day_asked_for(client: FlaskClient) -> None:
    """In 2012 Canada had signed the Budapest Convention, and not yet ratified it."""
    then = client.get(f"{CANADA}?asOf=2012-01-01", headers=PAGE)

    treaties = section(then.text, "treaties-status-of-country")
    assert "signatory" in treaties
    assert "8 July 2015" not in treaties
    assert 'name="asOf" value="2012-01-01"' in then.text
    assert f"{CANADA}?asOf=2012-01-01</span> [asOf = 2012-01-01]" in " ".join(then.text.split())


def test_a_page_of_a_past_day_says_so_as_mementos_do(client: FlaskClient) -> None:
    """RFC 7089: when it is true of, and where it is that is true today."""
    then = client.get(f"{CANADA}?asOf=2012-01-31", headers=PAGE)
    now = client.get(CANADA, headers=PAGE)

    original = f'<http://localhost{CANADA}>; rel="original timegate"'
    assert then.headers["Memento-Datetime"] == "Tue, 31 Jan 2012 00:00:00 GMT"
    assert original in ", ".join(then.headers.getlist("Link"))
    assert "Memento-Datetime" not in now.headers
    assert original in ", ".join(now.headers.getlist("Link"))
    assert "Accept-Datetime" in now.headers["Vary"]


@pytest.mark.parametrize("path", [CANADA, "/queries/treaties/table?treaty=uncac"])
def test_a_client_is_led_to_the_day_it_accepts(client: FlaskClient, path: str) -> None:
    """What can be had for any day is a time gate; the day of the release leads nowhere."""
    wanted = {**PAGE, "Accept-Datetime": "Tue, 31 Jan 2012 12:00:00 GMT"}

    then = client.get(path, headers=wanted)
    later = client.get(path, headers={**PAGE, "Accept-Datetime": "Thu, 31 Jan 2999 12:00:00 GMT"})

    assert then.status_code == 302
    assert then.headers["Location"].endswith("asOf=2012-01-31")
    assert "Accept-Datetime" in then.headers["Vary"]
    assert later.status_code == 200


def test_a_page_without_a_status_is_of_no_day(client: FlaskClient) -> None:
    page = client.get("/id/source/atlas-china", headers=PAGE)

    assert 'name="asOf"' not in page.text
    assert "timegate" not in page.headers["Link"]


def test_what_is_no_day_is_refused(client: FlaskClient) -> None:
    reply = client.get(f"{CANADA}?asOf=2012", headers=PAGE)

    assert reply.status_code == 400
    assert "write year-month-day" in reply.text


def test_a_matrix_stands_as_a_table(client: FlaskClient) -> None:
    """Regions down, choices across, under the body that voted."""
    regions = section(client.get("/id/resolution/A-RES-74-247", headers=PAGE).text,
                      "votes-by-region")  # fmt: skip

    heads = re.findall(r'<th scope="col"[^>]*>([^<]*)</th>', regions)
    assert heads[:3] == ["region", "abstain", "no"]
    assert regions.count("Northern America") == 1


def test_a_claim_is_called_by_a_sentence(client: FlaskClient) -> None:
    page = client.get("/id/action/budapest-convention/CAN/ratification", headers=PAGE).text

    assert "<h1>Canada ratified the Budapest Convention, 8 July 2015</h1>" in page
    assert ">Canada acceded to the Budapest Convention, 2015</a>" in page


def test_every_page_is_data_at_the_same_address(client: FlaskClient) -> None:
    """With the ending of a format, and a link to it from the page."""
    thing = client.get("/id/state/CAN.json")
    rows = client.get("/queries/treaties/overview.csv", headers=PAGE)
    page = client.get("/queries/treaties/overview", headers=PAGE)
    queries = client.get("/queries.json", headers=PAGE)

    assert thing.mimetype == "application/ld+json"
    assert rows.mimetype == "text/csv"
    assert rows.text.startswith("treaty,treatyLabel,")
    assert 'type="text/csv" href="/queries/treaties/overview?format=csv"' in page.text
    assert 'rel="alternate"; type="text/csv"' in ", ".join(page.headers.getlist("Link"))
    assert len(queries.json["queries"]) > 70  # type: ignore[index]


@pytest.mark.parametrize("path", ["/", "/queries/treaties/overview"])
def test_a_page_describes_itself_to_search_engines(client: FlaskClient, path: str) -> None:
    """As a Dataset of schema.org, with its licence and files."""
    page = client.get(path, headers=PAGE).text

    (text,) = re.findall(r'<script type="application/ld\+json">(.*?)</script>', page)
    told = json.loads(text)
    assert told["@type"] == "Dataset"
    assert told["license"].startswith("https://creativecommons.org/")
    assert told["distribution"]
    assert '<meta property="og:title" content="' in page


def test_the_home_page_shows_what_the_graph_puts_there(client: FlaskClient) -> None:
    """A map, what was done and said last, and the entries of the menu."""
    page = client.get("/", headers=PAGE).text

    assert "<svg" in section(page, "treaties-table")
    assert "Solomon Islands" in section(page, "claims-latest")
    assert '<a href="/queries/treaties/overview">Treaties</a>' in page


def test_pages_have_an_icon(client: FlaskClient) -> None:
    """Where they say that it is, and where browsers ask of themselves."""
    named = re.search(r'<link rel="icon"[^>]* href="([^"]+)"', client.get("/", headers=PAGE).text)

    assert named
    for address in (named[1], "/favicon.ico"):
        with client.get(address) as reply:
            assert (reply.status_code, reply.mimetype) == (200, "image/svg+xml")


def test_a_section_without_an_answer_says_so_and_the_page_stands(
    small: GraphFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another graph gets sections by its own queries; one that fails hides no other."""
    votes = small.root / "queries" / "votes"
    text = (votes / "of-a-state.rq").read_text("utf-8")
    for name, heading in (("good", "How it voted"), ("slow", "Much work")):
        place = f"#+ page: {{of: sg:State, by: actor, heading: {heading}}}\n#+ columns"
        (votes / f"{name}.rq").write_text(text.replace("#+ columns", place, 1), "utf-8")
    build(small, tmp_path / "releases")

    def asked(engine: Engine, ask: Ask, bound: int | None) -> object:
        if "Much work" in ask.query:
            raise EngineDown("it is overloaded")
        return first_rows(engine, ask, bound)

    monkeypatch.setattr(sections, "first_rows", asked)
    for site in site_of(tmp_path / "releases"):
        page = create_app(site).test_client().get(CANADA, headers=PAGE)

    assert page.status_code == 200
    assert "could not be answered: it is overloaded" in " ".join(
        section(page.text, "votes-slow").split()
    )
    assert "<table" in section(page.text, "votes-good")
