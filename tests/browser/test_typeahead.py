"""Type-ahead: the search of the banner, and the fields of forms, by keyboard and by mouse."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.browser.chromium import Watch, serious_barriers

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Page

PARTICIPANTS = "/queries/treaties/participants"


def type_ahead(page: Page, label: str, text: str) -> None:
    """Write *text* into the field of this *label*, and wait for its choices."""
    field = page.get_by_role("combobox", name=label, exact=True)
    field.press_sequentially(text)
    expect(field).to_have_attribute("aria-expanded", "true")


def test_a_thing_is_chosen_by_keyboard(open_page: Callable[..., Page]) -> None:
    """The field keeps the focus and names the active choice; Enter goes to its page."""
    page = open_page("/quality")
    type_ahead(page, "Search", "cote divoir")
    field = page.get_by_role("combobox", name="Search")
    expect(field).not_to_have_attribute("aria-activedescendant", re.compile("."))

    page.keyboard.press("ArrowDown")

    active = page.get_by_role("option", selected=True)
    expect(active).to_contain_text("Côte d'Ivoire")
    expect(active).to_contain_text("state")
    expect(field).to_be_focused()
    expect(field).to_have_attribute("aria-activedescendant", active.get_attribute("id") or "")
    page.keyboard.press("Enter")
    page.wait_for_url("**/id/state/CIV")


def test_the_ends_of_the_list_lead_to_the_field(open_page: Callable[..., Page]) -> None:
    """Up from the field is the last choice, and down from it the field again."""
    page = open_page("/quality")
    type_ahead(page, "Search", "budapest")
    options = page.get_by_role("option")

    page.keyboard.press("ArrowUp")
    expect(options.last).to_have_attribute("aria-selected", "true")
    page.keyboard.press("ArrowDown")

    expect(page.get_by_role("option", selected=True)).to_have_count(0)


def test_escape_closes_the_list_and_enter_searches(open_page: Callable[..., Page]) -> None:
    """Who chooses nothing sees all that there is."""
    page = open_page("/quality")
    type_ahead(page, "Search", "korea")

    page.keyboard.press("Escape")
    expect(page.get_by_role("listbox")).to_be_hidden()
    page.keyboard.press("Enter")

    page.wait_for_url("**/search?q=korea")
    expect(page.get_by_role("heading", level=1)).to_have_text("Search: korea")


def test_a_question_is_among_the_choices(open_page: Callable[..., Page]) -> None:
    """With what it names filled in."""
    page = open_page("/quality")
    type_ahead(page, "Search", "who ratified the budapest convention")

    page.get_by_role("option", name="Who was a party").click()

    page.wait_for_url(f"**{PARTICIPANTS}?treaty=budapest-convention")


def test_a_field_of_a_form_takes_a_name_and_sends_a_key(open_page: Callable[..., Page]) -> None:
    """It offers only what fits, and shows the name also where the page comes back."""
    page = open_page(PARTICIPANTS)
    field = page.get_by_role("combobox", name="treaty")
    field.fill("")
    type_ahead(page, "treaty", "palermo")
    for option in page.get_by_role("option").all():
        expect(option).to_contain_text("treaty")

    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(field).to_have_value("UNTOC")
    page.get_by_role("button", name="Ask").click()

    page.wait_for_url("**treaty=untoc**")
    expect(page.get_by_role("combobox", name="treaty")).to_have_value("UNTOC")


def test_what_is_typed_and_not_chosen_is_sent(open_page: Callable[..., Page]) -> None:
    """The server reads names itself."""
    page = open_page(PARTICIPANTS)
    page.get_by_role("combobox", name="treaty").fill("Hanoi Convention")

    page.get_by_role("button", name="Ask").click()

    page.wait_for_url("**treaty=Hanoi+Convention**")
    expect(page.get_by_role("table")).to_be_visible()


def test_without_script_the_page_offers_what_a_name_may_mean(
    open_page: Callable[..., Page], watch: Watch
) -> None:
    """A form that gets what is no key answers with links to what it can be."""
    page = open_page(PARTICIPANTS, script=False)
    page.get_by_role("textbox", name="treaty").fill("protocol")
    page.get_by_role("button", name="Ask").click()
    choices = page.locator(".meant")

    watch.forgive("status of 400")
    expect(choices).to_contain_text("First Additional Protocol")
    choices.get_by_role("link", name="Second Additional Protocol").click()

    page.wait_for_url("**treaty=budapest-protocol-2**")
    expect(page.get_by_role("table")).to_be_visible()


def test_the_search_works_without_script(open_page: Callable[..., Page]) -> None:
    """The banner's field is part of a form."""
    page = open_page("/", script=False)
    banner = page.get_by_role("banner")
    banner.get_by_role("searchbox", name="Search").fill("ETS 185")
    banner.get_by_role("button", name="Search").click()

    expect(
        page.get_by_role("main").get_by_role("link", name="Budapest Convention").first
    ).to_be_visible()


@pytest.mark.usefixtures("axe")
@pytest.mark.parametrize("phone", [False, True])
def test_an_open_list_keeps_nobody_out(open_page: Callable[..., Page], phone: bool) -> None:
    """Nothing serious by axe-core, and nothing beside the window."""
    page = open_page(PARTICIPANTS, phone=phone)
    type_ahead(page, "Search", "convention")

    assert serious_barriers(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
