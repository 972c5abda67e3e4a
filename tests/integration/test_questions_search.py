"""Who knows a word of a question finds the question among all."""

from __future__ import annotations

from stancegraph.folder import shipped
from stancegraph.queryfile import read_queries
from stancegraph.questions import Wording
from tests.serving import fetch


def test_words_find_questions() -> None:
    """Words are stemmed, and those that say nothing are left out."""
    queries, _ = read_queries(shipped().root)
    wording = Wording(queries)

    assert wording.find("which votes?") == wording.find("vote")
    assert all("vote" in query.text.lower() for query in wording.find("vote"))
    assert wording.find("vote")
    assert wording.find("xylophone") == []


def test_the_page_shows_what_fits(live_server: str) -> None:
    """The words stand in the address, so that no script is needed."""
    queries, _ = read_queries(shipped().root)
    found = {query.name for query in Wording(queries).find("ratification")}

    page = fetch(live_server, "queries/?q=ratification", "text/html").text

    assert 'value="ratification"' in page
    assert {each.name for each in queries if f'id="{each.name}"' in page} == found
    assert 0 < len(found) < len(queries)


def test_nothing_that_fits_is_no_fault(live_server: str) -> None:
    page = fetch(live_server, "queries/?q=xylophone", "text/html")

    assert page.status == 200
    assert "0 questions fit" in page.text
