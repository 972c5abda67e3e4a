"""The editor of SPARQL as one uses it: type, complete, ask, err, stop, leave."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest
from playwright.sync_api import expect

from tests.browser.chromium import Watch, serious_barriers

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Page

    Opener = Callable[..., Page]

TREATIES = """PREFIX sg: <https://w3id.org/stancegraph/ontology#>
SELECT ?treaty { ?treaty a sg:Treaty }"""
ROWS = re.compile(r"^\d+ rows$")
# Far more steps than the time allows; nothing is there that it finds.
ENDLESS = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i FILTER (?c = ?i && ?f = ?a) }"


def asked(query: str, **more: str) -> str:
    """The address of the page with the result of *query*."""
    return f"/sparql?query={quote(query)}" + "".join(f"&{k}={v}" for k, v in more.items())


def write(page: Page, text: str) -> None:
    """Put *text* in place of what stands in the editor, at once as if it were pasted."""
    page.locator(".cm-content").click()
    page.keyboard.press("ControlOrMeta+A")
    page.keyboard.press("Delete")
    page.keyboard.insert_text(text)


def take(page: Page) -> None:
    """Take the first suggestion, once they are up to date and have stood there for a moment."""
    page.wait_for_timeout(200)
    ready = ".cm-tooltip-autocomplete:not(.cm-tooltip-autocomplete-disabled)"
    expect(page.locator(ready)).to_be_visible()
    page.wait_for_timeout(200)
    page.keyboard.press("Enter")


def test_a_query_is_typed_and_asked_by_keys_alone(open_page: Opener) -> None:
    """Ctrl+Enter asks; the table names things, tells rows and time, and the address keeps it."""
    page = open_page("/sparql")

    write(page, TREATIES)
    page.keyboard.press("Control+Enter")

    expect(page.locator("#result")).to_have_text(ROWS)
    expect(page.locator("#answer")).to_contain_text("Found in")
    link = page.get_by_role("link", name="Budapest Convention")
    expect(link).to_have_attribute("href", "/id/treaty/budapest-convention")
    iri = "https://w3id.org/stancegraph/id/treaty/budapest-convention"
    expect(link).to_have_attribute("title", iri)
    assert "query=PREFIX" in page.url
    expect(page.locator("#result")).to_be_focused()


def test_what_is_written_is_there_after_a_reload(open_page: Opener) -> None:
    """Also where it was not asked yet."""
    page = open_page("/sparql")
    write(page, "SELECT ?half { ?finished")

    page.reload()

    expect(page.locator(".cm-content")).to_contain_text("?finished")


def test_classes_are_suggested_and_bring_their_prefix(open_page: Opener) -> None:
    """A class is found by its own name, and the PREFIX line comes with it."""
    page = open_page("/sparql")
    write(page, "SELECT ?x { ?x a ")

    page.keyboard.type("TreatyAct")
    option = page.get_by_role("option", name="sg:TreatyAction", exact=False).first
    expect(option).to_be_visible()
    take(page)

    text = page.locator(".cm-content")
    expect(text).to_contain_text("?x a sg:TreatyAction")
    expect(text).to_contain_text("PREFIX sg: <https://w3id.org/stancegraph/ontology#>")


def test_things_are_suggested_by_their_names(open_page: Opener) -> None:
    """Whoever writes Canad is offered the IRI of Canada."""
    page = open_page("/sparql")
    write(page, "SELECT ?p { ?x ?p ")

    page.keyboard.type("Canad")
    expect(page.get_by_role("option", name="Canada").first).to_be_visible()
    take(page)

    expect(page.locator(".cm-content")).to_contain_text(
        "<https://w3id.org/stancegraph/id/state/CAN>"
    )


def test_a_known_prefix_that_is_missing_is_put_in(open_page: Opener) -> None:
    """So that nobody must know the namespaces by heart."""
    page = open_page("/sparql")

    write(page, 'SELECT ?x { ?x a sg:Treaty ; rdfs:label ?l FILTER (?l != "foaf: <x>") }')
    page.keyboard.press("Control+Enter")

    expect(page.locator("#result")).to_contain_text("rows")
    text = page.locator(".cm-content").inner_text()
    assert text.startswith("PREFIX rdfs:")
    assert "PREFIX foaf" not in text


def test_a_mistake_is_underlined_and_told(open_page: Opener, watch: Watch) -> None:
    """At its line and column, in the editor and beneath it."""
    page = open_page("/sparql")

    write(page, "SELECT ?x\n{ ?x a }")
    page.keyboard.press("Control+Enter")

    expect(page.get_by_role("alert")).to_contain_text("line 2, column 8")
    expect(page.locator(".cm-lintRange-error")).to_have_text("}")
    watch.forgive("status of 400")


def test_a_mistake_is_underlined_on_the_page_of_its_address(
    open_page: Opener, watch: Watch
) -> None:
    """Who was sent the link sees the same."""
    page = open_page(asked("SELECT ?x { ?x a }"))

    expect(page.locator(".cm-lintRange-error")).to_have_text("}")
    watch.forgive("status of 400")


def test_escape_leaves_the_editor(open_page: Opener) -> None:
    """Nobody is trapped in it who has only a keyboard."""
    page = open_page("/sparql")
    write(page, "ASK {}")

    page.keyboard.press("Escape")

    expect(page.get_by_role("button", name="Ask", exact=True)).to_be_focused()


def test_a_cut_cannot_be_missed(open_page: Opener) -> None:
    """A banner says that there are more rows, and where they are."""
    page = open_page(asked("SELECT ?s { ?s ?p ?o } LIMIT 2000"))

    expect(page.locator("#result")).to_have_text("The first 1,000 rows")
    expect(page.locator(".cut")).to_contain_text("the downloads have them")


def test_a_query_that_takes_too_long_can_be_stopped(open_page: Opener) -> None:
    """The button stops what it began, and the page says so."""
    page = open_page("/sparql")

    write(page, ENDLESS)
    page.keyboard.press("Control+Enter")
    page.get_by_role("button", name="Stop").click()

    expect(page.locator("#answer")).to_contain_text("Nothing was shown")
    expect(page.get_by_role("button", name="Ask", exact=True)).to_be_visible()


def test_a_time_out_is_told_as_one(open_page: Opener, watch: Watch) -> None:
    """What happened and what to try, where the result would be."""
    page = open_page(asked(ENDLESS, timeout="0.2"))

    expect(page.locator("#answer")).to_contain_text("0.2")
    watch.forgive("50[34]")


@pytest.mark.parametrize("script", [True, False], ids=["with-script", "without"])
def test_triples_are_shown_as_turtle(open_page: Opener, *, script: bool) -> None:
    """A CONSTRUCT and a DESCRIBE have a result as a SELECT has."""
    page = open_page(asked("DESCRIBE <https://w3id.org/stancegraph/id/state/CAN>"), script=script)

    expect(page.locator("#answer pre").first).to_contain_text('"Canada"@en')


def test_triples_are_drawn_as_a_network(open_page: Opener) -> None:
    """Each thing is a link, which the keyboard reaches, and the text stands beneath."""
    query = "DESCRIBE <https://w3id.org/stancegraph/id/state/CAN>"
    page = open_page(asked(query, view="network"))

    node = page.locator('.network a[href="/id/state/CAN"]')

    expect(node).to_have_count(1)
    node.focus()
    expect(node).to_be_focused()
    expect(page.locator("#answer pre").first).to_contain_text("Canada")


def test_rows_that_fit_are_offered_as_pictures(open_page: Opener) -> None:
    """A column of places and a number make a map, with columns to choose."""
    query = """PREFIX sg: <https://w3id.org/stancegraph/ontology#>
        SELECT ?actor (COUNT(*) AS ?votes) { ?v a sg:Vote ; sg:actor ?actor } GROUP BY ?actor"""
    page = open_page(asked(query))

    page.get_by_role("navigation", name="Views").get_by_role("link", name="map").click()

    expect(page.locator(".picture svg a").first).to_be_attached()
    expect(page.get_by_label("value")).to_have_value("votes")
    with page.expect_download() as saved:
        page.get_by_role("button", name="PNG").click()
    assert saved.value.path().read_bytes().startswith(b"\x89PNG")


def test_rows_are_shown_as_they_are_written(open_page: Opener) -> None:
    """Whole IRIs and datatypes, for who must see them."""
    page = open_page(asked(TREATIES))

    page.get_by_role("navigation", name="Views").get_by_role("link", name="raw").click()

    expect(page.locator("#answer pre")).to_contain_text(
        "<https://w3id.org/stancegraph/id/treaty/budapest-convention>"
    )


def test_the_form_does_without_script(open_page: Opener) -> None:
    """A field, a button, and a page with a table."""
    page = open_page("/sparql", script=False)

    page.get_by_label("SPARQL query").fill(TREATIES)
    page.get_by_role("button", name="Ask", exact=True).click()

    expect(page.locator("#result")).to_have_text(ROWS)
    expect(page.get_by_role("link", name="Budapest Convention")).to_be_visible()


def test_an_example_is_put_into_the_editor(open_page: Opener) -> None:
    """It is a saved query, which can be changed before it is asked."""
    page = open_page("/sparql")

    page.locator("summary", has_text="Treaties").click()
    page.get_by_role("link", name="Who was a party", exact=False).click()

    expect(page.locator(".cm-content")).to_contain_text("sg:spellTreaty")


@pytest.mark.usefixtures("axe")
def test_no_serious_barriers_beside_a_result(open_page: Opener) -> None:
    """Editor, table and views keep nobody out."""
    page = open_page(asked(TREATIES))
    expect(page.locator(".cm-content")).to_be_visible()

    assert serious_barriers(page) == []
