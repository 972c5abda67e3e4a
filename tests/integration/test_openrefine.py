"""OpenRefine itself, without its pages, against the reconciliation service of the shipped graph."""

from __future__ import annotations

import csv
import io
import json
import os
import shutil
import signal
import socket
import subprocess
import urllib.request
from contextlib import contextmanager, suppress
from http.cookiejar import CookieJar
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from stancegraph.names import Names
from tests.serving import fetch, wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator

ONTOLOGY = "https://w3id.org/stancegraph/ontology#"
SHEET = Path(__file__).parents[1] / "data" / "messy-names.csv"
CODE = "ISO alpha-3 code"
COUNTRY = {"id": f"{ONTOLOGY}CountryOrArea", "name": "country or area"}
COLUMNS = [
    {"id": f"{ONTOLOGY}iso3", "name": CODE},
    {
        "id": "http://www.w3.org/2004/02/skos/core#exactMatch",
        "name": "same as",
        "settings": {"limit": "1"},
    },
]
EVERY_ROW = {"facets": [], "mode": "row-based"}
BOUNDARY = "stancegraph"


class OpenRefine:
    """One that runs, called as its pages call it."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))

    def get(self, command: str, **arguments: str) -> Any:
        """What a command that changes nothing gives."""
        with self._opener.open(f"{self._url(command)}?{urlencode(arguments)}") as reply:
            return json.load(reply)

    def post(self, command: str, arguments: dict[str, str], **form: object) -> Any:
        """What a command gives; what is no text of its form is sent as JSON."""
        fields = {n: v if isinstance(v, str) else json.dumps(v) for n, v in form.items()}
        with self._send(command, arguments, urlencode(fields).encode()) as reply:
            return json.load(reply)

    def project(self, table: str) -> str:
        """The number of a project that is made of a CSV."""
        options = {"separator": ",", "headerLines": 1, "processQuotes": True, "encoding": "UTF-8"}
        arguments = {"format": "text/line-based/*sv", "options": json.dumps(options)}
        parts = {'name="project-file"; filename="names.csv"': table, 'name="project-name"': "names"}
        body = "".join(
            f"--{BOUNDARY}\r\nContent-Disposition: form-data; {head}\r\n\r\n{text}\r\n"
            for head, text in parts.items()
        )
        body += f"--{BOUNDARY}--\r\n"
        kind = f"multipart/form-data; boundary={BOUNDARY}"
        with self._send("create-project-from-upload", arguments, body.encode(), kind) as reply:
            found: str = parse_qs(urlsplit(reply.geturl()).query)["project"][0]
        return found

    def done(self, project: str) -> bool:
        """Whether nothing goes on in a project."""
        return not self.get("get-processes", project=project)["processes"]

    def export(self, project: str) -> list[dict[str, str]]:
        """Its rows."""
        fields = urlencode({"engine": json.dumps(EVERY_ROW)}).encode()
        arguments = {"project": project, "format": "csv"}
        with self._send("export-rows/names.csv", arguments, fields) as reply:
            return list(csv.DictReader(reply.read().decode().splitlines()))

    def _send(
        self, command: str, arguments: dict[str, str], body: bytes,
        kind: str = "application/x-www-form-urlencoded",
    ) -> Any:  # fmt: skip
        query = urlencode({**arguments, "csrf_token": self.get("get-csrf-token")["token"]})
        address = f"{self._url(command)}?{query}"
        request = urllib.request.Request(address, body, {"Content-Type": kind})  # noqa: S310 - http
        return self._opener.open(request)

    def _url(self, command: str) -> str:
        return f"{self._address}/command/core/{command}"


@contextmanager
def running(folder: Path) -> Iterator[OpenRefine]:
    """OpenRefine on a free port, with its projects in *folder*, once it answers."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = ["openrefine", "-i", "127.0.0.1", "-p", str(port), "-d", str(folder), "-m", "600M",
               "-x", "refine.headless=true"]  # fmt: skip
    with (
        (folder / "log").open("w") as log,
        subprocess.Popen(command, stdout=log, stderr=log, process_group=0) as process,
    ):
        try:
            refine = OpenRefine(f"http://127.0.0.1:{port}")
            wait_until(lambda: _answers(refine), 120)
            yield refine
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGTERM)  # the shell that started it, and Java


def _answers(refine: OpenRefine) -> bool:
    try:
        return "version" in refine.get("get-version")
    except OSError:
        return False


@pytest.mark.whole
@pytest.mark.skipif(shutil.which("openrefine") is None, reason="OpenRefine is not on this machine")
def test_openrefine_matches_what_is_certain_and_adds_columns(
    live_server: str, shipped_releases: Path, tmp_path: Path
) -> None:
    """It guesses the type, matches a sheet of messy names without a mistake, and extends it."""
    sheet = list(csv.DictReader(SHEET.read_text("utf-8").splitlines()))
    names = Names.load(shipped_releases / "current" / "names.json")
    text = io.StringIO()
    csv.writer(text).writerows([["name"], *([row["name"]] for row in sheet)])
    service = f"{live_server}/reconcile"
    manifest = json.loads(fetch(live_server, "/reconcile").body)
    spaces = {name: manifest[name] for name in ("identifierSpace", "schemaSpace")}
    with running(tmp_path) as refine:
        project = {"project": refine.project(text.getvalue())}

        guessed = refine.post(
            "guess-types-of-column", {**project, "columnName": "name", "service": service}
        )
        assert [each["id"] for each in guessed["types"][:2]] == [f"{ONTOLOGY}State", COUNTRY["id"]]

        config = {
            "mode": "standard-service", "service": service, **spaces, "type": COUNTRY,
            "autoMatch": True, "columnDetails": [], "limit": 0,
        }  # fmt: skip
        refine.post("reconcile", project, columnName="name", config=config, engine=EVERY_ROW)
        wait_until(lambda: refine.done(project["project"]), 120)
        refine.post(
            "extend-data", project, baseColumnName="name", endpoint=service, **spaces,
            extension={"properties": COLUMNS}, columnInsertIndex="1", engine=EVERY_ROW,
        )  # fmt: skip
        wait_until(lambda: refine.done(project["project"]), 120)
        rows = refine.export(project["project"])

    found = [(asked, row) for asked, row in zip(sheet, rows, strict=True) if row[CODE]]
    assert len(found) > 200
    for asked, row in found:
        assert names.by_key[asked["answer"]][0] == row["name"]
        assert asked["answer"].endswith(f"/{row[CODE]}")
        assert not row["same as"] or row["same as"].startswith("http://www.wikidata.org/entity/Q")
