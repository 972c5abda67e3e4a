"""What the conformance tests share: the suites, and one server that holds their data."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.conformance import suites
from tests.conformance.endpoint import PATH, Endpoint, write_suites
from tests.serving import serving

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.conftest import Once


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
def endpoint(suites_here: None, once: Once) -> Iterator[Endpoint]:
    """A real server, over HTTP, with the data of the suites."""
    with serving("--releases", once("conformance", write_suites) / "releases") as server:
        yield Endpoint(server.address + PATH)
