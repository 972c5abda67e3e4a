"""Reads the copy of the pages in a package as a browser would: what leads where."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@dataclass
class Page(HTMLParser):
    """What one page holds.

    Attributes:
        links: Where it leads, or what it loads, each with whether it is marked as leading to
            the server.
        anchors: Places on it that others may lead to.
    """

    links: list[tuple[str, bool]] = field(default_factory=list)
    anchors: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note what *tag* says."""
        named = dict(attrs)
        if identifier := named.get("id"):
            self.anchors.add(identifier)
        for name in ("href", "src", "action"):
            if (target := named.get(name)) is not None:
                self.links.append((target, "data-live" in named))


def broken(site: Path, base: str) -> Iterator[str]:
    """What leads nowhere on the pages in *site*, a line each.

    Args:
        base: What the addresses of the server begin with.
    """
    pages: dict[Path, Page] = {}
    for path in sorted(site.rglob("*.html")):
        pages[path] = Page()
        pages[path].feed(path.read_text("utf-8"))
    for path, page in pages.items():
        at = path.relative_to(site)
        for target, is_live in page.links:
            parts = urlsplit(target)
            if is_live and not target.startswith(base):
                yield f"{at}: {target} is marked as the server's"
            if parts.scheme or parts.netloc:
                if parts.hostname == "localhost":
                    yield f"{at}: {target}"
                continue
            file = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            if target.startswith("/") or not file.is_file():
                yield f"{at}: {target} is no file"
            elif (
                parts.fragment
                and file in pages
                and (unquote(parts.fragment) not in pages[file].anchors)
            ):
                yield f"{at}: {target} is no place there"
