"""A release on this machine, asked without a server."""

from __future__ import annotations

import hashlib
import weakref
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from stancegraph.build.release import FACTS, open_release
from stancegraph.build.shelf import find, open_catalog
from stancegraph.catalog import read_terms, typed
from stancegraph.citation import CHECK, TYPED, Citation
from stancegraph.client.answer import Listed, read
from stancegraph.coverage import coverage_of
from stancegraph.engine import Ask, MediaType
from stancegraph.engine.embedded import EmbeddedEngine, EngineOptions
from stancegraph.errors import OperationError
from stancegraph.fingerprint import another_each_time, fingerprint
from stancegraph.folder import shipped
from stancegraph.known import check_known
from stancegraph.parameters import as_tuple

if TYPE_CHECKING:
    from pathlib import Path

    from stancegraph.build.release import Release
    from stancegraph.client.answer import Asked, Reading
    from stancegraph.parameters import Parameter, Terms
    from stancegraph.queryfile import SavedQuery


class Local:
    """Answers from a release in a folder; its engine starts with the first question."""

    def __init__(self, folder: Path | None, wanted: str | None, *, timeout: float) -> None:
        """Open the release *wanted*, or the current one.

        Args:
            folder: That of a release, or of several; None for where this program's are.

        Raises:
            OperationError, BadQueryFile: there is none, or it cannot be read.
        """
        self._release = _opened(shipped().releases if folder is None else folder, wanted)
        self._catalog = open_catalog(self._release)
        self._timeout = timeout
        self._engine: EmbeddedEngine | None = None

    @property
    def place(self) -> str:
        """The folder of the release."""
        return str(self._release.path)

    @property
    def release(self) -> str:
        """Its id."""
        return self._release.id

    def ask(self, asked: Asked, limit: int | None) -> Reading:
        """The answer, of *limit* rows at most.

        Raises:
            RequestError: the question is wrong; the error says what would be right.
            EngineError: there is no answer.
        """
        engine, coverage = self._started(), None
        query, terms, text = self._bound(asked)
        if query is not None:
            coverage = coverage_of(
                query, terms, companions=self._catalog.query, names=self._catalog.names,
                engine=engine, deadline=self._timeout,
            )  # fmt: skip
        answer = engine.ask(self._question(text, limit))
        found = read(b"".join(answer))
        told = () if coverage is None else coverage.statements
        return replace(found, coverage=told, cut=answer.notice.cut)

    def cite(self, asked: Asked, limit: int | None, form: str) -> str:
        """How to cite the answer, as a server of this release tells it.

        Raises:
            EngineError: the answer, whose rows are hashed, is not given.
        """
        query, terms, text = self._bound(asked)
        more = [] if limit is None else [("limit", str(limit))]
        if query is not None:
            title, name, version = query.summary, query.name, query.version
            pairs = [
                (name, typed(made, term, self._catalog.names))
                for name, made in query.params.items()
                for term in as_tuple(terms.get(name, ()))
            ]
            path = f"/queries/{query.name}?{urlencode([*pairs, *more], safe='/:')}".rstrip("?")
        else:
            title, name, version = TYPED, "", hashlib.sha256(text.encode()).hexdigest()
            pairs = [("query", text), *more]
            path = f"/sparql?{urlencode(pairs, safe='/:?')}"
        found = None
        if not another_each_time(text):
            found = fingerprint(self._started(), self._question(text, limit))
        if found is not None:
            path += f"{'&' if '?' in path else '?'}{CHECK}={found.sha256}"
        return Citation(
            self._release,
            title,
            self._release.iri + path,
            name,
            version,
            tuple(pairs) if name else (),
            found.rows if found else None,
            found.sha256 if found else "",
            datetime.now(UTC).date(),
        ).write(form)

    def _bound(self, asked: Asked) -> tuple[SavedQuery | None, Terms, str]:
        """The saved query, if it is one, what its parameters are set to, and the text to ask.

        Raises:
            RequestError: as `ask` says.
        """
        if not asked.query:
            return None, {}, asked.text
        query, names = self._catalog.query(asked.query), self._catalog.names
        terms = read_terms(query, asked.values, names)
        check_known(query, terms, names, self._started(), deadline=self._timeout)
        return query, terms, query.bind(terms)

    def _question(self, text: str, limit: int | None) -> Ask:
        base = self._release.base
        return Ask(text, MediaType.JSON, base=base, deadline=self._timeout, limit=limit)

    def queries(self) -> list[Listed]:
        """The saved queries, by name."""
        return [
            Listed(
                query.name,
                query.summary,
                [name for name, made in query.params.items() if made.needed],
                [name for name, made in query.params.items() if not made.needed],
                query.columns,
                {name: self._example(made) for name, made in query.params.items()},
            )
            for query in self._catalog
        ]

    def _example(self, parameter: Parameter) -> str | list[str]:
        texts = [typed(parameter, term, self._catalog.names) for term in parameter.examples]
        return texts if parameter.is_list else texts[0]

    def close(self) -> None:
        """End the engine; a question starts another one."""
        if self._engine is not None:
            self._engine.close()
            self._engine = None

    def _started(self) -> EmbeddedEngine:
        if self._engine is None:
            options = EngineOptions(workers=1)
            self._engine = EmbeddedEngine(self._release.quads_file, self._release.id, options)
            weakref.finalize(self, self._engine.close)
        return self._engine


def _opened(folder: Path, wanted: str | None) -> Release:
    """The release *wanted* in *folder*, or the current one, or the one that the folder is.

    Raises:
        OperationError: there is none.
    """
    if not (folder / FACTS).is_file():
        return open_release(folder) if wanted is None else find(folder, wanted)
    release = open_release(folder.parent, folder.name)
    if wanted is not None and not release.id.startswith(wanted):
        raise OperationError(f"{folder} is release {release.id}, not {wanted}")
    return release
