"""Chromium as the tests use it: the one that the system has, watched for all that goes wrong."""

from __future__ import annotations

import re
import shutil
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from playwright.sync_api import sync_playwright

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from playwright.sync_api import Browser, Page

PROGRAM = shutil.which("chromium") or shutil.which("chromium-browser")
AXE = Path(__file__).parents[2] / "server/frontend/node_modules/axe-core/axe.min.js"
WIDE, PHONE = (1280, 900), (390, 844)  # pixels
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
SERIOUS = {"serious", "critical"}
ALIKE = 5
# Leaves so many of what stands in a row and looks alike: the rows of a long table take a minute.
THIN_OUT = """most => {
  for (const parent of document.querySelectorAll("main *")) {
    const seen = {};
    for (const child of [...parent.children]) {
      const kind = `${child.tagName} ${child.getAttribute("class")}`;
      seen[kind] = (seen[kind] ?? 0) + 1;
      if (seen[kind] > most) child.remove();
    }
  }
}"""


@contextmanager
def chromium() -> Iterator[Browser]:
    """A browser without a window, for a ``with`` block."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=PROGRAM, args=["--no-sandbox", "--disable-quic"]
        )
        try:
            yield browser
        finally:
            browser.close()


@dataclass
class Watch:
    """What went wrong in a page that is watched.

    Attributes:
        told: What the console tells as an error or warning, exceptions in scripts, requests
            that failed, and those to other hosts.
        forgiven: Patterns of what is expected.
    """

    host: str
    told: list[str] = field(default_factory=list)
    forgiven: list[str] = field(default_factory=list)

    def over(self, page: Page) -> None:
        """Watch *page*, which asks no other host: such a request is told and stopped."""
        page.on("console", lambda said: self._note(said.type in {"error", "warning"}, said.text))
        page.on("pageerror", lambda error: self._note(True, str(error)))
        page.on("requestfailed", lambda asked: self._failed(asked.url, asked.failure))
        page.on("response", lambda got: self._note(got.status >= 500, f"{got.status} {got.url}"))
        elsewhere = re.compile(rf"^https?://(?!{re.escape(self.host)}(?:/|$))")
        page.route(elsewhere, self._stop)

    def forgive(self, pattern: str) -> None:
        """Take what matches *pattern* for expected; it must be told before the test ends."""
        self.forgiven.append(pattern)

    def settle(self) -> None:
        """Hold what was told against what was forgiven, when all pages are closed.

        A page tells of a request some time after its answer is shown.

        Raises:
            AssertionError: something else was told, or what was forgiven was not told.
        """
        for pattern in self.forgiven:
            assert any(re.search(pattern, told) for told in self.told), f"not told: {pattern}"
        assert not [
            told for told in self.told if not any(re.search(each, told) for each in self.forgiven)
        ]

    def _note(self, wrong: bool, told: str) -> None:
        if wrong:
            self.told.append(told)

    def _failed(self, url: str, failure: str | None) -> None:
        # Who leaves a page, or asks again, breaks off what is still loading.
        self._note("ERR_ABORTED" not in str(failure), f"{failure} {url}")

    def _stop(self, route: Any) -> None:
        self._note(True, f"asks another host: {route.request.url}")
        route.abort()


def host_of(address: str) -> str:
    """The host and port of *address*."""
    return urlsplit(address).netloc


def serious_barriers(page: Page, *, rules: Sequence[str] = ()) -> list[str]:
    """What keeps people from using *page*, as axe-core finds it; worst kinds only.

    It looks at the first five of things alike, and the page has no more of them after that.

    Args:
        rules: Those of axe-core to go by; all for WCAG 2.2 AA and good practice, if none.

    Returns:
        A line each: the rule, what it asks for, and the first elements that break it.
    """
    page.evaluate(AXE.read_text("utf-8"))
    page.evaluate(THIN_OUT, ALIKE)
    only = {"type": "rule", "values": rules} if rules else {"type": "tag", "values": TAGS}
    found = page.evaluate("only => axe.run(document, {runOnly: only})", only)
    return [
        f"{rule['id']}: {rule['help']}: {[node['html'][:200] for node in rule['nodes'][:4]]}"
        for rule in found["violations"]
        if rule["impact"] in SERIOUS
    ]
