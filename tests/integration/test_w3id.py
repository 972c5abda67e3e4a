"""The redirects of the permanent name, as Apache follows them on w3id.org."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.serving import Client, accepts, wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator

RULES = Path(__file__).parents[2] / "deploy/w3id/.htaccess"
MODULES = Path("/usr/lib/apache2/modules")
APACHE = shutil.which("apache2", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
pytestmark = [
    pytest.mark.whole,
    pytest.mark.skipif(not (APACHE and MODULES.is_dir()), reason="Apache is not installed"),
]

CONFIGURATION = """
ServerRoot {folder}
ServerName w3id.org
Listen 127.0.0.1:{port}
PidFile {folder}/pid
ErrorLog {folder}/error.log
{modules}
{user}
DocumentRoot {folder}/root
<Directory {folder}/root>
    AllowOverride All
    Options FollowSymLinks
    Require all granted
</Directory>
"""


@pytest.fixture(scope="module")
def w3id() -> Iterator[str]:
    """The address of an Apache that has the rules where w3id.org would have them."""
    with tempfile.TemporaryDirectory() as folder, socket.create_server(("127.0.0.1", 0)) as probe:
        Path(folder).chmod(0o755)  # its processes may be another user's
        root = Path(folder, "root/stancegraph")
        root.mkdir(parents=True)
        shutil.copy(RULES, root)
        port = probe.getsockname()[1]
        modules = "\n".join(
            f"LoadModule {name}_module {MODULES}/mod_{name}.so"
            for name in ("mpm_event", "authz_core", "dir", "rewrite")
        )
        user = f"User #{pwd.getpwnam('nobody').pw_uid}" if os.geteuid() == 0 else ""
        file = Path(folder, "apache.conf")
        file.write_text(
            CONFIGURATION.format(folder=folder, port=port, modules=modules, user=user), "utf-8"
        )
        probe.close()
        command = [str(APACHE), "-f", str(file), "-D", "FOREGROUND"]
        with subprocess.Popen(command, stderr=subprocess.DEVNULL) as process:
            try:
                wait_until(lambda: process.poll() is not None or accepts(port))
                assert process.poll() is None, Path(folder, "error.log").read_text("utf-8")
                yield f"http://127.0.0.1:{port}"
            finally:
                process.terminate()


@pytest.mark.parametrize(
    "path",
    [
        "",
        "id/state/CAN",
        "id/action/budapest-convention/CAN/ratification",
        "id/state/C%C3%B4te%20d",
        "ontology",
        "queries/votes/of-a-state?actor=CAN&x=a%26b",
        ".well-known/void",
    ],
)
def test_every_path_leads_to_the_same_path_of_the_server(w3id: str, path: str) -> None:
    """Byte for byte, whatever is asked for: the server chooses the format."""
    with Client(w3id) as client:
        reply = client.request("GET", f"/stancegraph/{path}", Accept="text/turtle")

    assert (reply.status, reply.headers["location"]) == (302, f"https://stancegraph.example/{path}")


def test_other_names_stay_with_others(w3id: str) -> None:
    """The rules begin and end at the folder."""
    with Client(w3id) as client:
        assert client.request("GET", "/stancegraph-of-others/id").status == 404
