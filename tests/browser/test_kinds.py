"""What holds for each kind of page: it loads without a fault and keeps nobody out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.browser.chromium import WIDE, Watch, serious_barriers
from tests.browser.kinds import KINDS, MISSING

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Page

every_kind = pytest.mark.parametrize("kind", KINDS)


@every_kind
@pytest.mark.usefixtures("axe")
def test_it_keeps_nobody_out(open_page: Callable[..., Page], watch: Watch, kind: str) -> None:
    """On a phone, nobody need scroll sideways, except within a table or a picture.

    axe-core finds nothing serious by WCAG 2.2 AA, and colours keep their contrast in the dark.
    """
    page = open_page(KINDS[kind], phone=True)
    assert not page.evaluate("document.documentElement.scrollWidth > innerWidth")

    width, height = WIDE
    page.set_viewport_size({"width": width, "height": height})
    assert serious_barriers(page) == []

    page.emulate_media(color_scheme="dark")
    assert serious_barriers(page, rules=["color-contrast"]) == []
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
