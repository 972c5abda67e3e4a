"""What the conformance tests share: the suites, and one server that holds their data."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.conformance import suites
from tests.conformance.endpoint import serve, write_suites

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.conformance.endpoint import Endpoint


@pytest.fixture(scope="session")
def suites_here() -> None:
    """The files of the suites; what needs them fails, and says why, where they cannot be had."""
    try:
        suites.folder()
    except suites.SuitesMissing as missing:
        told = str(missing)
    else:
        return
    pytest.fail(told, pytrace=False)


@pytest.fixture(scope="session")
def endpoint(suites_here: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Endpoint]:
    """A real server, over HTTP, with the data of the suites."""
    folder = tmp_path_factory.mktemp("conformance")
    with serve(write_suites(folder), folder / "server.log") as running:
        yield running
