"""Where the pages of a release stand as files, and where links lead from one to another."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, field
from html import escape, unescape
from posixpath import dirname, relpath
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote, urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

MAX_STATEMENTS = 250  # on one page, where their keys allow to part them
LIVE = "data-live"  # the attribute of what leads to the server
_OF_ALL = ("/changes", "/release/")  # addresses that are of all releases
SEARCH = "/search"  # the form that a file answers
HOST = "http://localhost/"  # what pages that are made here take for their server
_LINK = re.compile(r'(\s(?:href|src|action)=)"([^"]*)"')
_MODULE = re.compile(r'<script type="module"[^>]*></script>\n?')


def file_name(path: str) -> str:
    """The path of a file that may stand on any disk: without what some take for more."""
    return re.sub(r'[<>:"\\|?*%]', "_", path)


def grouped(keys: Iterable[str]) -> dict[str, list[str]]:
    """Keys of statements, ``<kind>/<first>/…``, by the page that has them, sorted.

    Those of one kind stand together if they are few, else by what comes first in their keys;
    of more than `MAX_STATEMENTS` each has a number.
    """
    pages: dict[str, list[str]] = {}
    by_kind: defaultdict[str, list[str]] = defaultdict(list)
    for key in sorted(keys):
        by_kind[key.partition("/")[0]].append(key)
    for kind, members in by_kind.items():
        if len(members) <= MAX_STATEMENTS:
            pages[kind] = members
            continue
        by_first: defaultdict[str, list[str]] = defaultdict(list)
        for key in members:
            by_first["/".join(key.split("/")[:-1][:2])].append(key)
        for first, found in by_first.items():
            parts = [found[n : n + MAX_STATEMENTS] for n in range(0, len(found), MAX_STATEMENTS)]
            for number, part in enumerate(parts, 1):
                pages[first if len(parts) == 1 else f"{first}-{number}"] = part
    return pages


@dataclass(slots=True)
class Addresses:
    """Which file each address of the server is in, and how to link to it.

    Attributes:
        base: What all IRIs of the graph begin with, and so the addresses of the server.
        release: The address of the release on the server, under which all its pages stand.
        files: The file of each address, a path with its arguments.
        places: The file and the anchor of each address that is a part of a page.
        beyond: Files of the package outside the mirror, by address, relative to the mirror.
        missing: Addresses that a page leads to and that no file has: the server has them.
    """

    base: str
    release: str
    files: dict[str, str] = field(default_factory=dict)
    places: dict[str, tuple[str, str]] = field(default_factory=dict)
    beyond: dict[str, str] = field(default_factory=dict)
    missing: set[str] = field(default_factory=set)

    def rewritten(self, page: str, at: str) -> str:
        """*page*, which is to stand in the file *at*, with links that work from there.

        What no file has leads to the server, and says so by the attribute `LIVE`; so do forms,
        but for the search. Modules of scripts are left out: browsers load none from a disk.
        """

        def link(found: re.Match[str]) -> str:
            address = unescape(found[2])
            if "action" in found[1] and address != SEARCH:
                target, live = self._on_server(address), True
            else:
                target, live = self.link(address, at)
            return f'{found[1]}"{escape(target)}"{f" {LIVE}" if live else ""}'

        made = _LINK.sub(link, _MODULE.sub("", page))
        return made.replace(HOST, self.base)

    def link(self, address: str, at: str) -> tuple[str, bool]:
        """Where *address* leads from the file *at*, and whether that is the server."""
        if address.startswith(HOST):
            address = f"/{address.removeprefix(HOST)}"
        if not address.startswith("/") or address.startswith("//"):
            return address, False
        parts = urlsplit(address)
        asked = _known(f"{parts.path}?{parts.query}" if parts.query else parts.path)
        place = parts.fragment
        if asked in self.places:
            file, place = self.places[asked]
        elif asked in self.files:
            file = self.files[asked]
        elif asked in self.beyond:
            file = f"../{self.beyond[asked]}"
        else:
            self.missing.add(address)
            described = parts.query.removeprefix("iri=") if parts.path == "/describe" else ""
            if described.startswith("http") and "&" not in described:
                mark = f"#{parts.fragment}" if parts.fragment else ""
                return f"{unquote(described)}{mark}", False  # another's, who tells of it
            return self._on_server(address), True
        path = quote(relpath(file, dirname(at) or "."), safe="/@!$&'()*+,;=~")
        mark = f"#{quote(unquote(place), safe='/@!$()*+,;=~:')}" if place else ""
        return (mark if file == at and mark else f"{path}{mark}"), False

    def _on_server(self, address: str) -> str:
        """The permanent address of *address*: under that of the release, if it is of one."""
        home = self.base if address.startswith(_OF_ALL) else self.release
        return f"{home}{address.removeprefix('/')}"


def _known(address: str) -> str:
    """One way to write an address, of those that mean the same."""
    return unquote(address.replace("+", "%20"))


def known(files: Mapping[str, str]) -> dict[str, str]:
    """*files* by addresses as `Addresses` looks for them."""
    return {_known(address): file for address, file in files.items()}
