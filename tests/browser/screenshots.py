"""Writes pictures of each kind of page to docs/screenshots/: wide, on a phone, in the dark.

``make screenshots`` runs it on the release that was built last.
"""

from __future__ import annotations

from pathlib import Path

from tests.browser.chromium import PHONE, WIDE, chromium
from tests.browser.kinds import KINDS
from tests.serving import serving

FOLDER = Path(__file__).parents[2] / "docs/screenshots"


def take(address: str) -> None:
    """Take the pictures of the site at *address*."""
    FOLDER.mkdir(exist_ok=True)
    with chromium() as browser:
        for suffix, (width, height), scheme in (
            ("", WIDE, "light"),
            ("-phone", PHONE, "light"),
            ("-dark", WIDE, "dark"),
        ):
            context = browser.new_context(
                base_url=address,
                viewport={"width": width, "height": height},
                color_scheme=scheme,  # type: ignore[arg-type]
            )
            page = context.new_page()
            for kind, path in KINDS.items():
                page.goto(path, wait_until="networkidle")
                page.evaluate("document.querySelector('figure.picture')?.scrollIntoView()")
                page.screenshot(path=FOLDER / f"{kind}{suffix}.png")
            context.close()


if __name__ == "__main__":
    with serving() as server:
        take(server.address)
