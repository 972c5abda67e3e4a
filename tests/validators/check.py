"""What the reference validators of each standard say of a package; run in a venv of their own.

    .validators/bin/python tests/validators/check.py PACKAGE

They need versions of libraries that the project's own tests cannot have beside others. What
they find goes to standard output as JSON: by validator, a list of sentences.
"""

from __future__ import annotations

import json
import sys
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

import bagit
import frictionless
import mlcroissant
import requests
from rocrate_validator import services
from rocrate_validator.models import Severity
from rocrate_validator.utils.http import HttpRequester

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROWS = 100  # of each table that are read by its Croissant
CONTEXT = "https://w3id.org/ro/crate/1.2/context"


def bag(package: Path) -> Iterator[str]:
    """BagIt, by the library of the Library of Congress."""
    try:
        bagit.Bag(str(package)).validate()
    except bagit.BagError as error:
        yield str(error)


def data_package(package: Path) -> Iterator[str]:
    """The Data Package, each table with its Table Schema, by Frictionless."""
    report = frictionless.validate(str(package / "data" / "datapackage.json"))
    for path, row, kind, note in report.flatten(["path", "rowNumber", "type", "note"]):
        yield f"{path}: row {row}: {kind}: {note}"
    if not report.valid and not report.flatten(["type"]):
        yield str(report)


def crate(package: Path) -> Iterator[str]:
    """RO-Crate 1.2: what its specification requires, by rocrate-validator."""
    _without_network()
    result = services.validate(
        services.ValidationSettings(
            rocrate_uri=str(package / "data"),
            profile_identifier="ro-crate-1.2",
            requirement_severity=Severity.REQUIRED,
            skip_availability_check=True,
        )
    )
    for issue in result.get_issues():
        yield f"{issue.check.identifier}: {issue.message}"
    if not result.passed() and not result.get_issues():
        yield "it does not pass"


def _without_network() -> None:
    """Give the validator the context of crates from a disk: that of the ``rocrate`` library.

    It is that of version 1.3, in which the words that we use mean what they do in 1.2.
    """
    known = (resources.files("rocrate") / "data" / "ro-crate.jsonld").read_bytes()

    def get(_self: object, url: str, **_options: Any) -> requests.Response:
        if url != CONTEXT:
            raise requests.ConnectionError(f"{url}: there is no network here")
        answer = requests.Response()
        answer.status_code, answer.url = 200, url
        answer.headers["Content-Type"] = "application/ld+json"
        answer._content = known
        return answer

    HttpRequester.get = get


def croissant(package: Path) -> Iterator[str]:
    """Croissant, its record sets read from the files, by mlcroissant."""
    try:
        dataset = mlcroissant.Dataset(jsonld=str(package / "data" / "croissant.json"))
    except mlcroissant.ValidationError as error:
        yield str(error)
        return
    yield from dataset.metadata.issues.errors
    for table in dataset.metadata.record_sets:
        try:
            for number, _ in enumerate(dataset.records(table.id)):
                if number == ROWS:
                    break
        except Exception as error:  # noqa: BLE001 - of whatever kind, it is what was found
            yield f"{table.id}: {error!r}"


def main() -> None:
    """Tell what all of them find."""
    package = Path(sys.argv[1])
    validators: list[Callable[[Path], Iterator[str]]] = [bag, data_package, crate, croissant]
    json.dump({each.__name__: list(each(package)) for each in validators}, sys.stdout, indent=1)


if __name__ == "__main__":
    main()
