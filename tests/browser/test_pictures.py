"""Pictures of saved queries in a browser: legend, keyboard, files, phone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.browser.chromium import serious_barriers

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Page

    Opener = Callable[..., Page]

VOTES = "/queries/votes/resolution?resolution=A-RES-74-247"
VIEWS = {
    "map": VOTES,
    "bars": "/queries/claims/counts",
    "timeline": "/queries/countries/timeline?country=PER",
    "matrix": "/queries/treaties/by-region?treaty=budapest-convention",
    "network": "/queries/cooperation/who-helps-whom",
}


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.usefixtures("axe")
def test_a_picture_keeps_nobody_out(open_page: Opener, view: str) -> None:
    """Named, linked and coloured so that all can use it; its table is beneath."""
    page = open_page(VIEWS[view])

    expect(page.locator(f".picture.{view} svg").first).to_be_visible()
    assert serious_barriers(page) == []
    assert page.locator("table.rows").count() == 1


@pytest.mark.parametrize("view", VIEWS)
def test_a_picture_fits_a_phone(open_page: Opener, view: str) -> None:
    """It is moved within its frame, and the page stays as wide as the window."""
    page = open_page(VIEWS[view], phone=True)

    expect(page.locator(f".picture.{view} svg").first).to_be_visible()
    assert not page.evaluate("document.documentElement.scrollWidth > innerWidth")


@pytest.mark.parametrize("view", [view for view in VIEWS if view != "network"])
def test_a_picture_needs_no_script(open_page: Opener, view: str) -> None:
    """Who has none sees it, and gets it as SVG."""
    page = open_page(VIEWS[view], script=False)

    expect(page.locator(f".picture.{view} svg").first).to_be_visible()
    expect(page.get_by_role("link", name="SVG")).to_be_visible()
    expect(page.get_by_role("button", name="PNG")).to_have_count(0)


def test_a_small_state_is_reached_by_keyboard(open_page: Opener) -> None:
    """Its dot is a link that says what it stands for, and leads to the page of the state."""
    page = open_page(VOTES)

    dot = page.get_by_role("link", name="Tuvalu: abstain", exact=True)
    dot.focus()
    page.keyboard.press("Enter")

    page.wait_for_url("**/id/state/TUV")


@pytest.mark.parametrize("view", ["map", "network"])
def test_a_picture_is_kept_as_png_and_svg(open_page: Opener, view: str) -> None:
    """Both are files with what they show in them."""
    page = open_page(VIEWS[view])

    for kind, start in (("PNG", b"\x89PNG"), ("SVG", b"<svg ")):
        with page.expect_download() as saved:
            page.get_by_text(kind, exact=True).click()
        assert saved.value.suggested_filename.endswith(kind.lower())
        assert saved.value.path().read_bytes().startswith(start)
