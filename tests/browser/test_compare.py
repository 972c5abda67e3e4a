"""Comparing and exploring in a browser, by keyboard and mouse, with script and without."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playwright.sync_api import expect

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Page

    from tests.browser.chromium import Watch


def test_things_are_put_side_by_side_by_their_names(open_page: Callable[..., Page]) -> None:
    """Chosen from what is offered, narrowed to what differs, and followed to the evidence."""
    page = open_page("/compare")
    for number, text, name in ((1, "canad", "Canada"), (2, "russia", "Russian Federation")):
        field = page.get_by_role("combobox", name=f"Compared, {number}")
        field.press_sequentially(text)
        expect(field).to_have_attribute("aria-expanded", "true")
        page.keyboard.press("ArrowDown")
        page.keyboard.press("Enter")
        expect(field).to_have_value(name)
    page.get_by_label("Memberships").uncheck()
    page.get_by_role("button", name="Compare").click()

    page.wait_for_url("**/compare?things=CAN,RUS&rows=treaties,votes,positions,agreement-matrix")
    votes = page.get_by_role("region", name="Votes").first
    expect(votes.get_by_role("columnheader", name="Russian Federation").first).to_be_visible()
    page.get_by_role("link", name="only differences").click()
    page.wait_for_url("**only=differences")
    row = votes.get_by_role("row", name="A/RES/74/247, United Nations General Assembly")
    row.get_by_role("link", name="no", exact=True).click()
    page.wait_for_url("**/id/vote/unga/A-RES-74-247/CAN")


def test_a_thing_is_taken_out_by_a_link(open_page: Callable[..., Page]) -> None:
    """At the head of its column."""
    page = open_page("/compare?things=CAN,CHN,PER&rows=treaties")

    page.get_by_role("link", name="Compare without China").click()

    page.wait_for_url("**/compare?things=CAN,PER&rows=treaties")


def test_comparing_works_without_script(open_page: Callable[..., Page], watch: Watch) -> None:
    """A name that is none comes back with what it may be."""
    page = open_page("/compare", script=False)
    page.get_by_role("textbox", name="Compared, 1").fill("Peru")
    page.get_by_role("textbox", name="Compared, 2").fill("Korea")
    page.get_by_role("button", name="Compare").click()

    page.get_by_role("alert").get_by_role("link", name="Republic of Korea", exact=True).click()

    page.wait_for_url("**/compare?things=PER,KOR")
    expect(page.get_by_role("columnheader", name="Republic of Korea").first).to_be_visible()
    watch.forgive("status of 400")


def test_a_list_is_narrowed_down_by_links(open_page: Callable[..., Page]) -> None:
    """Each choice is an address, and can be taken back."""
    page = open_page("/explore/stances", script=False)
    facets = page.get_by_role("complementary", name="Narrow the list down")

    facets.get_by_role("link", name="opposes").click()
    page.wait_for_url("**/explore/stances?position=opposes")
    facets.get_by_role("link", name="Budapest Convention").click()
    page.wait_for_url("**object=**")
    expect(page.get_by_role("list", name="Chosen").get_by_role("listitem")).to_have_count(2)
    page.get_by_role("link", name="position: opposes").click()

    page.wait_for_url("**/explore/stances?object=budapest-convention")


def test_facets_are_a_step_away_on_a_phone(open_page: Callable[..., Page]) -> None:
    """The list comes first there."""
    page = open_page("/explore/states", phone=True)
    facets = page.get_by_role("complementary", name="Narrow the list down")
    expect(facets).to_be_hidden()

    page.get_by_role("link", name="Narrow down").click()

    expect(facets).to_be_visible()
