"""What holds for each kind of page: it loads without a fault and keeps nobody out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.browser.chromium import Watch, serious_barriers
from tests.browser.kinds import KINDS, MISSING

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Page

every_kind = pytest.mark.parametrize("kind", KINDS)


@every_kind
@pytest.mark.usefixtures("axe")
def test_no_serious_barriers(open_page: Callable[..., Page], watch: Watch, kind: str) -> None:
    """axe-core finds nothing serious by WCAG 2.2 AA."""
    page = open_page(KINDS[kind])

    assert serious_barriers(page) == []
    _forgive_missing(watch, kind)


@every_kind
@pytest.mark.usefixtures("axe")
def test_it_can_be_read_in_the_dark(
    open_page: Callable[..., Page], watch: Watch, kind: str
) -> None:
    """Colours keep their contrast where the system is set to dark."""
    page = open_page(KINDS[kind], dark=True)

    assert serious_barriers(page, rules=["color-contrast"]) == []
    _forgive_missing(watch, kind)


@every_kind
def test_it_fits_a_phone(open_page: Callable[..., Page], watch: Watch, kind: str) -> None:
    """Nobody need scroll sideways, except within a table or a picture."""
    page = open_page(KINDS[kind], phone=True)

    wide = page.evaluate("document.documentElement.scrollWidth > innerWidth")

    assert not wide
    _forgive_missing(watch, kind)


@every_kind
def test_it_is_there_without_script(
    open_page: Callable[..., Page], watch: Watch, kind: str
) -> None:
    """Heading and content are there where scripts are turned off."""
    page = open_page(KINDS[kind], script=False)

    assert page.locator("h1").count() == 1
    assert len(page.locator("main").inner_text()) > 100
    _forgive_missing(watch, kind)


def test_paper_has_what_is_read_and_where_it_is_from(open_page: Callable[..., Page]) -> None:
    """Menus and buttons are left out, the address is told, and tables are as wide as the page."""
    page = open_page(KINDS["answer"])
    page.emulate_media(media="print")
    page.set_viewport_size({"width": 720, "height": 1000})  # A4 within its margins

    assert page.get_by_role("button").count() == page.get_by_role("navigation").count() == 0
    assert page.locator("footer").get_by_text(page.url).is_visible()
    assert not page.evaluate("document.documentElement.scrollWidth > innerWidth")


def _forgive_missing(watch: Watch, kind: str) -> None:
    if kind in MISSING:
        watch.forgive("status of 404")
