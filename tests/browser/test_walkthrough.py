"""The walk of docs/walkthrough.md, taken in a browser, step by step as it is written."""

from __future__ import annotations

import csv
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Locator, Page

WALK = Path(__file__).parents[2] / "docs/walkthrough.md"


def told() -> list[str]:
    """The steps, and the paragraphs between that quote what is to be seen, in their order."""
    text = WALK.read_text("utf-8").partition("\n## ")[2]
    parts = re.split(r"\n\n|\n(?=\d+\. )", text)
    lines = (" ".join(part.split()) for part in parts)
    return [line for line in lines if re.match(r"\d+\. ", line) or "“" in line]


class Walker:
    """Takes the steps on a page; remembers where each led."""

    def __init__(self, open_page: Callable[..., Page], folder: Path) -> None:
        self._open = open_page
        self._folder = folder
        self.page: Any = None
        self.stops: dict[int, str] = {}

    def take(self, line: str) -> None:
        """Take a numbered step, or see what a paragraph quotes."""
        number, _, step = line.partition(". ")
        if not number.isdigit():
            self.see(line)
            return
        for pattern, act in STEPS.items():
            if found := re.match(pattern, step):
                act(self, *found.groups())
                self.page.wait_for_load_state()
                self.stops[int(number)] = self.page.url
                return
        pytest.fail(f"step {number} is in no form that can be taken: {step}")

    def see(self, paragraph: str) -> None:
        """Everything in quotation marks is on the page."""
        for words in re.findall("“(.+?)”", paragraph):
            expect(self.page.get_by_text(words).first).to_be_attached()

    def open(self, path: str) -> None:
        """Open the page at *path*."""
        self.page = self._open(path)

    def search(self, words: str) -> None:
        """Write into the search box of the page, and press Enter."""
        box = self.page.get_by_role("main").get_by_role("searchbox")
        box.fill(words)
        box.press("Enter")
        self.page.wait_for_url("**/search?*")

    def follow(self, name: str, among: Locator | None = None) -> None:
        """Follow the link called *name*, until another page is there."""
        link = (among or self.page.get_by_role("main")).get_by_role("link", name=name)
        before = self.page.url
        link.first.click()
        self.page.wait_for_url(lambda address: address != before)

    def follow_in_row(self, row: str, name: str) -> None:
        """Follow the link *name* in the first row that has the words *row*."""
        self.follow(name, self.page.get_by_role("row").filter(has_text=row).first)

    def follow_in_section(self, heading: str, row: str, name: str) -> None:
        """The same in the section called *heading*."""
        section = self.page.locator("section").filter(
            has=self.page.get_by_role("heading", name=re.compile(f"^{heading}"), level=2)
        )
        self.follow(name, section.get_by_role("row").filter(has_text=row).first)

    def fill_in(self, label: str, choice: str, button: str) -> None:
        """Choose in the field *label*, and press *button*."""
        self.page.get_by_label(label, exact=True).select_option(label=choice)
        self.page.get_by_role("button", name=button).click()
        self.page.wait_for_url("**voted=no**")

    def go_back(self, number: str) -> None:
        """Open the page to which step *number* led."""
        self.page.goto(self.stops[int(number)])

    def download(self, name: str, rows: str) -> None:
        """Download by the link *name*; the file has so many rows of CSV."""
        with self.page.expect_download() as waiting:
            self.page.get_by_role("link", name=name, exact=True).click()
        path = self._folder / waiting.value.suggested_filename
        waiting.value.save_as(path)
        with path.open(newline="", encoding="utf-8") as file:
            assert len(list(csv.DictReader(file))) == int(rows)


STEPS: dict[str, Any] = {
    r"Open `(.+)`\.": Walker.open,
    r"Write “(.+)” and search\.": Walker.search,
    r"Follow “(.+?)”\.": Walker.follow,
    r"Set “(.+)” to “(.+)” and press “(.+)”\.": Walker.fill_in,
    r"In the row “(.+)”, follow “(.+)”\.": Walker.follow_in_row,
    r"In the section “(.+)”, in the row “(.+)”, follow “(.+)”\.": Walker.follow_in_section,
    r"Go back to the answer of step (\d+)\.": Walker.go_back,
    r"Download “(.+)”\. It has (\d+) rows": Walker.download,
}


def test_walk_leads_where_it_says(open_page: Callable[..., Page], tmp_path: Path) -> None:
    walker = Walker(open_page, tmp_path)
    lines = told()
    for line in lines:
        walker.take(line)
    assert len(walker.stops) == sum(line[0].isdigit() for line in lines) >= 8


@pytest.mark.parametrize("path", ["/", "/search?q=A/RES/74/247"])
def test_walk_can_begin_without_script(open_page: Callable[..., Page], path: str) -> None:
    page = open_page(path, script=False)
    box = page.get_by_role("searchbox").first
    box.fill("who voted against A/RES/74/247 but signed the UN convention")
    box.press("Enter")
    page.wait_for_url("**/search?q=who*")
    expect(
        page.get_by_role("link", name="How states voted on a resolution and where")
    ).to_be_visible()
