"""Which encoding an answer gets, and that a compressed one is told from what it was made of."""

from __future__ import annotations

import itertools
import zlib
from typing import TYPE_CHECKING

import pytest
import zstandard
from flask import Flask, Response, request
from hypothesis import given
from hypothesis import strategies as st

from stancegraph.web import encoding
from stancegraph.web.encoding import chosen

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from flask.testing import FlaskClient

TEXT = b"subject,property,value\r\n" * 500
READERS: dict[str | None, Callable[[bytes], bytes]] = {
    "gzip": lambda body: zlib.decompress(body, 31),
    "zstd": lambda body: zstandard.ZstdDecompressor().decompressobj().decompress(body),
    None: bytes,
}


@pytest.fixture
def client() -> FlaskClient:
    """Of an application with an answer of each sort."""
    app = Flask(__name__)
    encoding.register(app)

    def pieces(*, broken: bool) -> Iterator[bytes]:
        for at in range(0, len(TEXT), 1000):
            yield TEXT[at : at + 1000]
        if broken:
            raise RuntimeError

    @app.get("/whole")
    def whole() -> Response:
        response = Response(TEXT, content_type="text/csv; charset=utf-8")
        response.set_etag("t")
        response.make_conditional(request)
        return response

    @app.get("/pieces")
    def in_pieces() -> Response:
        return Response(
            pieces(broken="broken" in request.args),
            content_type="application/sparql-results+json",
        )

    @app.get("/small")
    def small() -> Response:
        return Response(b"yes", content_type="text/plain")

    @app.get("/picture")
    def picture() -> Response:
        return Response(TEXT, content_type="image/png")

    return app.test_client()


@pytest.mark.parametrize(
    ("accepted", "expected"),
    [
        ("", ""),
        ("identity", ""),
        ("br", ""),
        ("gzip", "gzip"),
        ("gzip, deflate, br, zstd", "zstd"),
        ("gzip;q=1.0, zstd; q=0.5", "gzip"),
        ("zstd;q=0, gzip;q=0.000", ""),
        ("*", "zstd"),
        ("zstd;q=0, *;q=0.1", "gzip"),
        ("identity, gzip;q=0.5", ""),
        ("GZIP", "gzip"),
        ("gzip;q=2, zstd;q=x", ""),
    ],
)
def test_the_encoding_is_the_one_preferred(accepted: str, expected: str) -> None:
    """Of those that can be had; nothing where none is, or the header says nothing."""
    assert chosen(accepted) == expected


@given(st.text())
def test_any_header_can_be_read(accepted: str) -> None:
    """Whatever a client sends."""
    assert chosen(accepted) in {"", "gzip", "zstd"}


@pytest.mark.parametrize("path", ["/whole", "/pieces"])
@pytest.mark.parametrize("accepted", ["gzip", "zstd", "identity"])
def test_what_is_read_is_what_was_answered(client: FlaskClient, path: str, accepted: str) -> None:
    """Whether it comes at once or in pieces."""
    reply = client.get(path, headers={"Accept-Encoding": accepted})

    name = reply.headers.get("Content-Encoding")
    assert name == (None if accepted == "identity" else accepted)
    assert READERS[name](reply.data) == TEXT
    assert reply.headers["Vary"] == "Accept-Encoding"
    assert name is None or len(reply.data) < len(TEXT) / 4


@pytest.mark.parametrize("path", ["/small", "/picture"])
def test_what_does_not_pay_stays_as_it_is(client: FlaskClient, path: str) -> None:
    """Few bytes, and pictures."""
    reply = client.get(path, headers={"Accept-Encoding": "gzip"})

    assert "Content-Encoding" not in reply.headers


@pytest.mark.parametrize("accepted", ["gzip", "zstd"])
def test_rows_do_not_wait_for_each_other(client: FlaskClient, accepted: str) -> None:
    """What was answered so far can be read, also of an answer that breaks off later."""
    reply = client.get("/pieces?broken", headers={"Accept-Encoding": accepted}, buffered=False)
    first = b"".join(itertools.islice(reply.iter_encoded(), 2))

    reader = (
        zlib.decompressobj(31)
        if accepted == "gzip"
        else zstandard.ZstdDecompressor().decompressobj()
    )
    assert reader.decompress(first) == TEXT[:2000]
    reply.close()


def test_tags_tell_encodings_apart(client: FlaskClient) -> None:
    """Each client is told that what it holds still holds, by the tag that it has."""
    tags = {
        name: client.get("/whole", headers={"Accept-Encoding": name}).headers["ETag"]
        for name in ("identity", "gzip", "zstd")
    }
    held = {
        name: client.get("/whole", headers={"Accept-Encoding": name, "If-None-Match": tag})
        for name, tag in tags.items()
    }
    other = client.get(
        "/whole", headers={"Accept-Encoding": "identity", "If-None-Match": tags["gzip"]}
    )

    assert len(set(tags.values())) == 3
    for name, reply in held.items():
        assert (reply.status_code, reply.headers["ETag"]) == (304, tags[name])
        assert reply.data == b""
        assert reply.headers["Vary"] == "Accept-Encoding"
    assert other.status_code == 200


def test_a_part_is_one_of_what_is_not_compressed(client: FlaskClient) -> None:
    """Since places in a compressed answer mean nothing."""
    reply = client.get("/whole", headers={"Accept-Encoding": "gzip", "Range": "bytes=0-6"})

    assert "Content-Encoding" not in reply.headers
