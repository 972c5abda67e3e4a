"""The pages of a release as plain files, to be read and searched without a server.

They are those that the server gives, with links between files. What takes a server, such as a
question with other values, leads to the permanent address of it, and is marked.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from html import unescape
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote

import pyoxigraph as ox
from flask import render_template

from stancegraph.engine.kept import KeptAnswers
from stancegraph.errors import OperationError
from stancegraph.facts import Facts
from stancegraph.package.addresses import Addresses, file_name, grouped, known
from stancegraph.package.content import MIRROR
from stancegraph.web import Site, assets, create_app
from stancegraph.web.entries import entry
from stancegraph.web.explore import MOST, lists, short_name
from stancegraph.web.saved import example_address
from stancegraph.web.site import current_vocabulary

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from flask import Flask

    from stancegraph.about import About
    from stancegraph.export.job import Export

STATIC = Path(__file__).parent / "site"
SEARCH = "search.html"
DEADLINE = 120.0  # seconds for each question of a page
THREADS = 2
MAX_WHOLE = 20_000_000  # characters of all answers to one question of which pages show a part
FAILED = " data-failed>"  # in a page, a part of which could not be answered
_WHOLE = re.compile(r'<a href="([^"]*)" data-whole>')  # to all rows of what a page shows some of
_NEXT = re.compile(r'<a rel="next" href="([^"]*)"')
_PAGES = {
    "/": "index.html",
    "/queries/": "queries/index.html",
    "/explore": "explore/index.html",
    "/ontology": "ontology.html",
    "/shapes": "shapes.html",
    "/codebook": "codebook.html",
    "/quality": "quality.html",
    "/coverage": "coverage.html",
    "/disputes": "disputes.html",
}


def write_mirror(
    export: Export, payload: Path, about: About, *, told: Callable[[str], None]
) -> None:
    """Write the pages of the release of *export* into the folder `MIRROR` of *payload*.

    The graph and the results of its queries stand in *payload* already, which pages link to.

    Args:
        told: Is given a sentence on what was made.

    Raises:
        OperationError: a page has no answer.
    """
    mirror = _Mirror(export, payload, about)
    mirror.write()
    told(f"mirror: {mirror.count:,} pages")


class _Mirror:
    """Makes the pages of one release."""

    def __init__(self, export: Export, payload: Path, about: About) -> None:
        release = export.release
        self._export = export
        self._release = release
        self._payload = payload
        self._folder = payload / MIRROR
        self._site = Site(
            release,
            KeptAnswers(export.engine, release.path, base=release.base),
            export.catalog,
            about.description,
            query_timeout=DEADLINE,
        )
        self._app = self._application()
        self._addresses = Addresses(release.base, f"{release.iri}/")
        self.count = 0

    def _application(self) -> Flask:
        """The application of the server, whose pages know that they are a copy."""
        app = create_app(self._site)
        app.jinja_env.globals["live"] = False
        return app

    def write(self) -> None:
        """Write everything."""
        self._copy_files()
        pages = self._pages()
        facts = Facts(
            quad
            for quad in ox.parse(path=self._release.quads_file, format=ox.RdfFormat.N_QUADS)
            if isinstance(quad, ox.Quad)
        )
        statements = self._statements(facts)
        pages |= self._further(pages)
        pages |= self._whole(pages)
        self._addresses.files = known({**self._addresses.files, **pages})
        self._addresses.beyond = known(self._beyond())
        # Each file once: several addresses may stand for one.
        first = {file: address for address, file in reversed(pages.items())}
        for file, page in zip(first, self._made(first.values()), strict=True):
            self._put(file, page)
        self._write_statements(statements, facts)
        self._write_search()

    # Which files there are

    def _pages(self) -> dict[str, str]:
        """The file of each page that the server gives, by its address; the best one first."""
        catalog, release = self._site.catalog, self._release
        found = {address: file for address, file in _PAGES.items() if self._page(address)}
        found[f"/release/{release.id}"] = "release.html"
        with self._app.test_request_context("/"):
            for query in catalog:
                file = f"queries/{query.name}.html"
                if not query.services:
                    found[example_address(query)] = file
                found.setdefault(f"/queries/{query.name}", file)
            for query in lists(self._site):
                name = short_name(query)
                found[f"/explore/{name}?limit={MOST}"] = f"explore/{name}.html"
                found[f"/explore/{name}"] = f"explore/{name}.html"
        for key in catalog.names.by_key:
            if key not in catalog.names.elsewhere:
                found[f"/id/{key}"] = file_name(f"id/{key}.html")
        return found

    def _further(self, pages: Mapping[str, str]) -> dict[str, str]:
        """The file of each further page of a list, by its address."""
        found = {}
        for start, file in pages.items():
            if not start.endswith(f"?limit={MOST}"):
                continue
            address, number = start, 1
            while after := _NEXT.search(self._page(address)):
                address, number = unescape(after[1]), number + 1
                found[address] = f"{file.removesuffix('.html')}-{number}.html"
        return found

    def _whole(self, pages: Mapping[str, str]) -> dict[str, str]:
        """The file of each answer that *pages* show some rows of and lead to, by its address.

        Questions whose answers take too much are left to the server, and to the tables.
        """
        found = {}
        for page in self._made(dict.fromkeys(pages)):
            for link in _WHOLE.findall(page):
                address = unescape(link)
                path, _, asked = address.partition("?")
                if address not in pages and path.startswith("/queries/"):
                    name = unquote(asked).replace("/", "-").replace("&", ",")
                    found[address] = f"{path.removeprefix('/')}/{file_name(name)}.html"
        sizes: Counter[str] = Counter()
        for address, page in zip(found, self._made(found), strict=True):
            sizes[address.partition("?")[0]] += len(page)
        kept = (a for a in found if sizes[a.partition("?")[0]] <= MAX_WHOLE)
        return {address: found[address] for address in sorted(kept)}

    def _made(self, addresses: Iterable[str]) -> Iterator[str]:
        """The pages at *addresses*, in their order."""
        with ThreadPoolExecutor(THREADS) as pool:
            yield from pool.map(self._page, addresses)

    def _statements(self, facts: Facts) -> dict[str, list[str]]:
        """The keys of what has no name, by the file that tells of it."""
        start = f"{self._release.base}id/"
        named = self._site.catalog.names.by_key
        keys = [
            key
            for subject in facts.subjects
            if isinstance(subject, ox.NamedNode)
            and subject.value.startswith(start)
            and (key := subject.value.removeprefix(start)) not in named
        ]
        files = {}
        for prefix, members in grouped(keys).items():
            files[file_name(f"claims/{prefix}.html")] = members
        for file, members in files.items():
            self._addresses.places |= {f"/id/{key}": (file, key) for key in members}
        return files

    def _beyond(self) -> dict[str, str]:
        """Files of the package outside the mirror that addresses of the server give."""
        graph, results = self._payload / "graph", self._payload / "results"
        found = {
            f"/graph/{path.relative_to(graph).with_suffix('').as_posix()}": "graph/"
            + path.relative_to(graph).as_posix()
            for path in sorted(graph.rglob("*.ttl"))
        }
        found["/graph/description"] = "void.ttl"
        with self._app.test_request_context("/"):
            for query in self._site.catalog:
                address = example_address(query)
                for form in ("csv", "json", "ttl"):
                    if (results / f"{query.name}.{form}").is_file():
                        mark = "&" if "?" in address else "?"
                        found[f"{address}{mark}format={form}"] = f"results/{query.name}.{form}"
        return found

    def _copy_files(self) -> None:
        """Copy what pages look like, and the search."""
        files = {
            "/static/style.css": Path(assets.__file__).parent / "static" / "style.css",
            f"/static/{assets.ICON}": Path(assets.__file__).parent / "static" / assets.ICON,
            f"/assets/{assets.LICENCES}": assets.FOLDER / assets.LICENCES,
            "/mirror.css": STATIC / "mirror.css",
            "/search.js": STATIC / "search.js",
        }
        for address, path in files.items():
            if path.is_file():
                name = f"assets/{path.name}"
                self._put(name, path.read_bytes())
                self._addresses.files[address] = name
        self._addresses.files |= {"/names.js": "assets/names.js", "/search": SEARCH}

    # What stands in them

    @cache  # noqa: B019 - as long as the mirror is made
    def _page(self, address: str) -> str:
        """The page at *address*, as the server gives it; empty where it knows of none.

        Raises:
            OperationError: it gives none, for some other reason.
        """
        with self._app.test_client() as client:
            response = client.get(address, headers={"Accept": "text/html"}, follow_redirects=True)
        if response.status_code == HTTPStatus.NOT_FOUND:
            return ""
        if response.status_code != HTTPStatus.OK or response.mimetype != "text/html":
            raise OperationError(f"no page for {address}: status {response.status_code}")
        if FAILED in response.text:
            raise OperationError(f"a part of {address} has no answer: publish again with less load")
        return response.text

    def _put(self, file: str, content: str | bytes) -> None:
        """Write a file; of a page, with links that lead to files."""
        path = self._folder / file
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, str):
            content = self._addresses.rewritten(content, file).encode()
            self.count += 1
        path.write_bytes(content)

    def _write_statements(self, statements: Mapping[str, Sequence[str]], facts: Facts) -> None:
        """Write the pages of what has no name: claims, evidence, and what rules derive."""
        for file, keys in statements.items():
            with self._app.test_request_context("/"):
                vocabulary = current_vocabulary()
                page = render_template(
                    "statements.html",
                    site=self._site,
                    prefix=keys[0] if len(keys) == 1 else _common(keys),
                    things=[
                        (key, entry(self._site, vocabulary, facts, self._thing(key)))
                        for key in keys
                    ],
                )
            self._put(file, page)

    def _thing(self, key: str) -> ox.NamedNode:
        return ox.NamedNode(f"{self._release.base}id/{key}")

    def _write_search(self) -> None:
        """Write the page that searches names in the browser, and the script that has them."""
        with self._app.test_request_context("/"):
            self._put(SEARCH, render_template("mirror-search.html", site=self._site))
        lines = ",\n".join(
            json.dumps(each, ensure_ascii=False, separators=(",", ":")) for each in self._named()
        )
        script = f"window.stancegraphNames = [\n{lines}\n];\n"
        self._put("assets/names.js", script.encode())

    def _named(self) -> Iterator[list[object]]:
        """What can be found: its kind, its file, its best name, and the others."""
        names = self._site.catalog.names
        for key, (label, *others) in names.by_key.items():
            if key not in names.elsewhere:
                last = key.partition("/")[2]
                yield [key.partition("/")[0], file_name(f"id/{key}.html"), label, [*others, last]]
        for query in self._site.catalog:
            words = [" ".join(query.keywords)] if query.keywords else []
            yield ["question", f"queries/{query.name}.html", query.summary, words]


def _common(keys: Sequence[str]) -> str:
    """What *keys* begin with, up to a slash."""
    parts = [key.split("/") for key in keys]
    shared = []
    for column in zip(*parts, strict=False):
        if len(set(column)) > 1:
            break
        shared.append(column[0])
    return "/".join(shared)
