"""A browser for the tests, and pages that fail a test when anything in them goes wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.browser.chromium import AXE, PHONE, PROGRAM, WIDE, Watch, chromium, host_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playwright.sync_api import Browser, Page


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium, without a window; while it is there, no event loop of a test can run."""
    if PROGRAM is None:
        pytest.skip("there is no Chromium: apt-get install chromium")
    with chromium() as started:
        yield started


@pytest.fixture
def watch(live_server: str) -> Iterator[Watch]:
    """What goes wrong in the pages of a test; what is not forgiven fails it."""
    watching = Watch(host_of(live_server))
    yield watching
    watching.settle()


@pytest.fixture
def open_page(browser: Browser, live_server: str, watch: Watch) -> Iterator[Callable[..., Page]]:
    """Opens a page at a path of the served graph; with ``phone``, ``dark`` or ``script=False``."""
    contexts = []

    def opened(path: str, *, phone: bool = False, dark: bool = False, script: bool = True) -> Page:
        width, height = PHONE if phone else WIDE
        context = browser.new_context(
            base_url=live_server,
            viewport={"width": width, "height": height},
            has_touch=phone,
            color_scheme="dark" if dark else "light",
            java_script_enabled=script,
            accept_downloads=True,
        )
        contexts.append(context)
        page = context.new_page()
        watch.over(page)
        page.goto(path)
        return page

    yield opened
    for context in contexts:
        context.close()


@pytest.fixture(scope="session")
def axe() -> None:
    """That axe-core is there, which finds barriers."""
    if not AXE.exists():
        pytest.skip("axe-core is missing: make lint installs it")
