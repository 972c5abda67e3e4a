#!/usr/bin/env python3
"""Write the nginx configuration for replicas of Stancegraph, to standard output.

    python3 deploy/nginx.py --replica 127.0.0.1:8001 --replica 127.0.0.1:8002 \
        --name stancegraph.example > /etc/nginx/sites-available/stancegraph

With --standalone FOLDER it is a whole configuration, for an nginx that anybody may start:

    python3 deploy/nginx.py --standalone /tmp/proxy --replica 127.0.0.1:8001 > /tmp/proxy.conf
    nginx -c /tmp/proxy.conf

It needs nothing but Python, since nginx may run where Stancegraph does not.
"""

from __future__ import annotations

import argparse
import ipaddress
import re
import string
import sys
from pathlib import Path

TEMPLATE = Path(__file__).with_name("nginx.conf.in")
CACHE = Path("/var/cache/nginx/stancegraph")
STANDALONE = """\
pid {folder}/nginx.pid;
error_log {folder}/error.log;
worker_processes auto;

events {{
    worker_connections 4096;
}}

http {{
    access_log off;
    sendfile on;
    tcp_nopush on;
{temporary}

{site}}}
"""
TEMPORARY = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")


class _Template(string.Template):
    """A text with ``@name`` where something goes, for ``$`` is nginx's own mark."""

    delimiter = "@"
    idpattern = "(?:shares|upstreams|cache|listen|name|trusted|burst|strict|rate)"
    flags = re.ASCII


def main() -> None:
    """Write it as the arguments have it."""
    options = _options()
    site = configuration(
        options.replica,
        listen=options.listen,
        name=options.name,
        certificate=options.certificate,
        trusted=options.trust,
        rate=options.rate,
        cache=options.standalone / "cache" if options.standalone else options.cache,
    )
    if options.standalone:
        for part in ("cache", *TEMPORARY):
            (options.standalone / part).mkdir(parents=True, exist_ok=True)
        site = standalone(site, options.standalone)
    sys.stdout.write(site)


def configuration(
    replicas: list[str],
    *,
    listen: str = "80",
    name: str = "_",
    certificate: Path | None = None,
    trusted: list[str] | None = None,
    rate: int = 50,
    cache: Path = CACHE,
) -> str:
    """What goes into ``http { }`` of nginx.

    Args:
        replicas: Each as ``host:port``; at least one.
        listen: Address and port, or port alone, without TLS; with a certificate it is
            where readers are sent on to HTTPS.
        name: The host names that readers ask for, separated by spaces.
        certificate: A folder that holds ``fullchain.pem`` and ``privkey.pem``.
        trusted: Networks of proxies before this one, whose X-Forwarded-For is believed.
        rate: Requests a second that one client may send, on the long run.
        cache: Where answers are kept.
    """
    numbers = range(1, len(replicas) + 1)
    return _Template(TEMPLATE.read_text("utf-8")).substitute(
        shares="\n".join(_shares(len(replicas))),
        upstreams="\n".join(_upstream(number, replicas) for number in numbers),
        cache=cache,
        listen=_listen(listen, certificate),
        name=name,
        trusted=_trusted(trusted or []),
        rate=rate,
        burst=4 * rate,
        strict="" if certificate is None else _STRICT,
    )


_STRICT = '\n        add_header Strict-Transport-Security "max-age=31536000" always;'


def standalone(site: str, folder: Path) -> str:
    """A whole configuration around *site*, which writes into *folder* alone."""
    temporary = "\n".join(f"    {part}_temp_path {folder / part};" for part in TEMPORARY)
    return STANDALONE.format(folder=folder, temporary=temporary, site=_indented(site))


def _shares(count: int) -> list[str]:
    """An equal share of all clients for each replica; the last has the rest."""
    part = 10_000 // count / 100
    lines = [f"    {part:.2f}% stancegraph_{number};" for number in range(1, count)]
    return [*lines, f"    * stancegraph_{count};"]


def _upstream(number: int, replicas: list[str]) -> str:
    """One replica, with those after it, in a circle, for when it is away."""
    home, *others = replicas[number - 1 :] + replicas[: number - 1]
    servers = [f"    server {home} max_fails=1 fail_timeout=5s;"]
    servers += [f"    server {other} max_fails=1 fail_timeout=5s backup;" for other in others]
    name = f"stancegraph_{number}"
    lines = [f"upstream {name} {{", f"    zone {name} 64k;", *servers, "    keepalive 32;", "}"]
    return "\n".join(lines)


def _listen(listen: str, certificate: Path | None) -> str:
    plain = [f"    listen {listen};"]
    if listen.isdigit():
        plain.append(f"    listen [::]:{listen};")
    if certificate is None:
        return "\n".join(plain)
    return "\n".join(
        [
            *plain,
            "    listen 443 ssl http2;",
            "    listen [::]:443 ssl http2;",
            f"    ssl_certificate {certificate / 'fullchain.pem'};",
            f"    ssl_certificate_key {certificate / 'privkey.pem'};",
            "    ssl_protocols TLSv1.2 TLSv1.3;",
            "    ssl_session_cache shared:stancegraph_tls:10m;",
            "    ssl_session_timeout 1d;",
            "    ssl_session_tickets off;",
            "    if ($scheme = http) {",
            "        return 308 https://$host$request_uri;",
            "    }",
        ]
    )


def _trusted(networks: list[str]) -> str:
    if not networks:
        return ""
    lines = [f"    set_real_ip_from {network};" for network in networks]
    return "\n".join(["", *lines, "    real_ip_header X-Forwarded-For;", ""])


def _indented(text: str) -> str:
    return "".join(f"    {line}" if line.strip() else line for line in text.splitlines(True))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--replica", action="append", required=True, type=_place, metavar="HOST:PORT",
        help="where a replica listens; once for each",
    )  # fmt: skip
    parser.add_argument("--listen", default="80", help="where to listen without TLS (80)")
    parser.add_argument("--name", default="_", help="the host name that readers ask for (any)")
    parser.add_argument(
        "--certificate", type=Path, metavar="FOLDER",
        help="of fullchain.pem and privkey.pem: listens on 443 too, and sends readers there",
    )  # fmt: skip
    parser.add_argument(
        "--trust", action="append", default=[], type=_network, metavar="NETWORK",
        help="of a proxy or CDN before this one, which tells the client in X-Forwarded-For",
    )  # fmt: skip
    parser.add_argument("--rate", type=int, default=50, help="requests a second of a client (50)")
    parser.add_argument("--cache", type=Path, default=CACHE, help=f"for what is kept ({CACHE})")
    parser.add_argument(
        "--standalone", type=Path, metavar="FOLDER", help="write a whole configuration"
    )
    return parser.parse_args()


def _place(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9.-]+:[0-9]{1,5}|\[[0-9a-fA-F:]+\]:[0-9]{1,5}", text):
        raise argparse.ArgumentTypeError(f"{text} is no place such as 127.0.0.1:8001")
    return text


def _network(text: str) -> str:
    try:
        return str(ipaddress.ip_network(text))
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


if __name__ == "__main__":
    main()
