"""What frames every page: its menus, and the language that it is written in."""

from __future__ import annotations

import gettext
import threading
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flask import current_app, request, url_for
from jinja2 import BaseLoader, BytecodeCache
from werkzeug.exceptions import HTTPException

from stancegraph.about import spdx_of
from stancegraph.sections import MENU
from stancegraph.web.assets import asset
from stancegraph.web.site import current_site

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, MutableMapping
    from types import CodeType

    from flask import Flask
    from jinja2 import Environment, Template
    from jinja2.bccache import Bucket

LANGUAGE = "en"  # of the pages; what the data says has languages of its own
CATALOGUES = Path(__file__).with_name("locale")
DOMAIN = "stancegraph"


@dataclass(frozen=True, slots=True)
class Item:
    """An entry of a menu.

    Attributes:
        current: Whether it leads to the page that shows it.
    """

    label: str
    href: str
    current: bool = False


def register(app: Flask) -> None:
    """Give the templates of *app* their menus and their language.

    Text between ``{% trans %}`` and in ``_()`` is what the catalogues in ``locale/`` translate.
    Where ``live`` is false, the page is a copy that no server gives.
    """
    words = translations(LANGUAGE)
    environment = app.jinja_env
    environment.loader = _OnceLoader(environment.loader)
    environment.bytecode_cache = _COMPILED
    environment.add_extension("jinja2.ext.i18n")
    environment.policies["ext.i18n.trimmed"] = True
    environment.install_gettext_translations(words, newstyle=True)  # type: ignore[attr-defined]
    environment.globals.update(
        menu=menu,
        has_page=has_page,
        language=LANGUAGE,
        as_dataset=as_dataset,
        live=True,
        licence_name=licence_name,
    )


class _OnceLoader(BaseLoader):
    """Loads each template once, however many threads ask for it first at the same time."""

    def __init__(self, loader: BaseLoader | None) -> None:
        assert loader is not None  # noqa: S101 - Flask's own
        self._loader = loader
        self._lock = threading.RLock()
        self._loaded: dict[str, Template] = {}

    def get_source(
        self, environment: Environment, template: str
    ) -> tuple[str, str | None, Callable[[], bool] | None]:
        """The text of a template."""
        return self._loader.get_source(environment, template)

    def list_templates(self) -> list[str]:
        """The names of all."""
        return self._loader.list_templates()

    def load(
        self,
        environment: Environment,
        name: str,
        globals: MutableMapping[str, Any] | None = None,  # noqa: A002 - jinja's word
    ) -> Template:
        """A template, ready to be filled."""
        with self._lock:
            if name not in self._loaded:
                self._loaded[name] = super().load(environment, name, globals)
            return self._loaded[name]


class _Compiled(BytecodeCache):
    """What templates were compiled to, for the applications of later releases too."""

    def __init__(self) -> None:
        self._codes: dict[tuple[str, str], CodeType] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        """Give what is known of a template with this very text."""
        bucket.code = self._codes.get((bucket.key, bucket.checksum))

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep what a template was compiled to."""
        if bucket.code is not None:
            self._codes[bucket.key, bucket.checksum] = bucket.code


_COMPILED = _Compiled()


@cache
def translations(language: str) -> gettext.NullTranslations:
    """What texts are in *language*; as they are written, where nobody has translated them."""
    return gettext.translation(DOMAIN, CATALOGUES, [language], fallback=True)


def menu(place: str = "main") -> list[Item]:
    """The entries of the menu at *place*: ``main``, or ``footer`` for what few look for.

    In the main one come first the saved queries that the graph puts there.
    """
    _ = translations(LANGUAGE).gettext
    site = current_site()
    listed = [
        (section.order, section.heading, url_for("saved.run_saved", name=query.name))
        for query in site.catalog
        for section in query.sections
        if section.at == MENU
    ]
    entries = {
        "main": [
            (_("Explore"), url_for("explore.all_lists")),
            (_("Compare"), url_for("compare.compare")),
            *((heading, address) for _order, heading, address in sorted(listed)),
            (_("Questions"), url_for("saved.list_queries")),
            (_("SPARQL"), url_for("sparql.get")),
            (_("Ontology"), f"{site.root}/ontology"),
        ],
        "footer": [
            (_("Downloads"), url_for("downloads.page")),
            (_("Changes"), url_for("changes.page")),
            (_("Disputes"), url_for("disputes.all_disputes")),
            (_("Coverage"), url_for("completeness.report")),
            (_("Codebook"), url_for("codebook.page")),
            (_("Quality"), url_for("quality.report")),
            (_("Shapes"), f"{site.root}/shapes"),
            (_("OpenAPI"), url_for("openapi.document")),
            (_("This release"), f"{site.root}/release/{site.release.id}"),
            (_("Licences of the scripts"), asset("licences.txt")),
        ],
    }
    here = request.script_root + request.path
    return [Item(label, href, current=here == href) for label, href in entries[place] if href]


def licence_name(licence: str) -> str:
    """What SPDX calls the licence at this address; the address, where that is not known."""
    return spdx_of(licence) or licence


def has_page(path: str) -> bool:
    """Whether the application answers at *path* itself."""
    adapter = current_app.create_url_adapter(request)
    try:
        return adapter is not None and bool(adapter.match(path, method="GET"))
    except HTTPException:
        return False


def as_dataset(
    name: str, description: str, iri: str, files: Mapping[str, str]
) -> dict[str, object]:
    """What search engines for data read of a page: a ``Dataset`` of schema.org, as JSON-LD.

    Args:
        iri: What it is called wherever it is served.
        files: The address of each file with its rows or statements, by media type.
    """
    release = current_site().release
    return {
        "@context": "https://schema.org/",
        "@type": "Dataset",
        "@id": iri,
        "name": name,
        "description": description or name,
        "url": iri,
        "version": release.id,
        "dateModified": release.date.isoformat(),
        "license": release.licence,
        "isAccessibleForFree": True,
        "isPartOf": {"@type": "DataCatalog", "name": release.title, "url": release.base},
        "distribution": [
            {"@type": "DataDownload", "encodingFormat": media_type, "contentUrl": address}
            for media_type, address in files.items()
        ],
    }
