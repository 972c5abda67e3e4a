"""Writes pictures of each kind of page to docs/screenshots/; of some on a phone and in the dark.

``make screenshots`` runs it on the release that was built last. The pictures are WebP, which
keeps all of them below 2.5 MB.
"""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.request import urlopen

from tests.browser.chromium import PHONE, WIDE, chromium
from tests.browser.kinds import KINDS
from tests.serving import serving

if TYPE_CHECKING:
    from playwright.sync_api import Page

FOLDER = Path(__file__).parents[2] / "docs/screenshots"
OLD = "old-release"  # of which the address is another each time
ON_A_PHONE = (
    *("home", "state", "answer", "compare", "map", "list"),
    *("changes", "citation", "downloads", OLD),
)
IN_THE_DARK = ("home", "treaty", "map", "sparql-answer", "citation")
PICTURED = ("map", "network", "matrix", "timeline")  # which are about their picture
TO_PICTURE = "document.querySelector('figure.picture').scrollIntoView()"
QUALITY = 60  # of 100


def take(address: str) -> None:
    """Take the pictures of the site at *address*."""
    FOLDER.mkdir(exist_ok=True)
    for old in FOLDER.glob("*.webp"):
        old.unlink()
    kinds_of_page = {**KINDS, OLD: _of_an_old_release(address)}
    with chromium() as browser:
        for suffix, (width, height), scheme, kinds in (
            ("", WIDE, "light", tuple(kinds_of_page)),
            ("-phone", PHONE, "light", ON_A_PHONE),
            ("-dark", WIDE, "dark", IN_THE_DARK),
        ):
            context = browser.new_context(
                base_url=address,
                viewport={"width": width, "height": height},
                color_scheme=scheme,  # type: ignore[arg-type]
                locale="en-GB",
            )
            page = context.new_page()
            for kind in kinds:
                page.goto(kinds_of_page[kind], wait_until="networkidle")
                if kind in PICTURED:
                    page.evaluate(TO_PICTURE)
                (FOLDER / f"{kind}{suffix}.webp").write_bytes(_taken(page))
            context.close()


def _of_an_old_release(address: str) -> str:
    """Where a state is in the release before; in that which is served, where it is the first."""
    with urlopen(f"{address}/changes.json") as told:  # noqa: S310 (our own server)
        latest = json.load(told)[0]
    return f"/release/{latest['before'] or latest['release']}{KINDS['state']}"


def _taken(page: Page) -> bytes:
    """What *page* shows, as WebP, which Playwright itself does not write."""
    session = page.context.new_cdp_session(page)
    taken = session.send("Page.captureScreenshot", {"format": "webp", "quality": QUALITY})
    return base64.b64decode(taken["data"])


if __name__ == "__main__":
    with serving() as server:
        take(server.address)
