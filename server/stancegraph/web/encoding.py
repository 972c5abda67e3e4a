"""Answers compressed, as Zstandard or gzip, for clients that accept it.

It is done behind the cache, since it takes a processor's time, and an answer that is kept is
then compressed once. What the client holds is known by a tag for each encoding.
"""

from __future__ import annotations

import re
import zlib
from functools import lru_cache
from http import HTTPStatus
from typing import TYPE_CHECKING, Protocol

import zstandard
from flask import g, request

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from flask import Flask, Response

WORTH = 1000  # bytes of a body from which on it is worth it
GZIP_LEVEL = 5
ZSTD_LEVEL = 3
_GZIP_WINDOW = 31  # zlib's sign for a header of gzip
_ACCEPTED = re.compile(r"([a-z*]+)(?:;q=(0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?))?", re.IGNORECASE)
_TYPES = re.compile(
    r"text/.+|image/svg\+xml"
    r"|application/(?:.+\+(?:json|xml)|json|javascript|n-triples|n-quads|trig|xml)"
)


@lru_cache(64)
def chosen(accepted: str) -> str:
    """The encoding for who sends this Accept-Encoding: ``zstd``, ``gzip``, or empty for none."""
    weights: dict[str, float] = {}
    for part in accepted.split(","):
        if written := _ACCEPTED.fullmatch(re.sub(r"\s", "", part)):
            weights[written[1].lower()] = float(written[2] or 1)
    rest = weights.get("*", 0)
    best = max(_ENCODERS, key=lambda name: weights.get(name, rest))  # the first of equals
    weight = weights.get(best, rest)
    return best if weight and weight >= weights.get("identity", 0) else ""


def register(app: Flask) -> None:
    """Let *app* compress what it answers; to be called before any other hook is added."""
    app.before_request(_know_tags)
    app.after_request(_encode)


def _know_tags() -> None:
    """Take tags of what is compressed for those of the same as it is."""
    g.encoding = chosen(request.headers.get("Accept-Encoding", ""))
    held = request.environ.get("HTTP_IF_NONE_MATCH")
    if g.encoding and held:
        plain = plain_tags(held, g.encoding)
        request.environ["HTTP_IF_NONE_MATCH"] = plain
        g.holds_encoded = plain != held


def plain_tags(held: str, encoding: str) -> str:
    """An If-None-Match with the tags of what is as it is, for those of what is compressed."""
    return held.replace(f'-{encoding}"', '"')


def tag_of(tag: str, encoding: str) -> str:
    """The tag of what is compressed, of which *tag* names what is as it is."""
    return f"{tag}-{encoding}"


def _encode(response: Response) -> Response:
    if response.status_code == HTTPStatus.NOT_MODIFIED:
        response.vary.add("Accept-Encoding")
        if g.get("holds_encoded"):
            _tag(response, g.encoding)
        return response
    if not _TYPES.fullmatch(response.mimetype or "") or "Content-Encoding" in response.headers:
        return response
    response.vary.add("Accept-Encoding")
    encoding = g.get("encoding", "")
    if not encoding or "Range" in request.headers:
        return response
    if response.is_streamed and not response.direct_passthrough:
        response.headers.pop("Content-Length", None)
        response.response = _in_pieces(response.iter_encoded(), encoder(encoding))
    else:
        response.direct_passthrough = False
        body = response.get_data()
        if len(body) < WORTH:
            return response
        response.set_data(compressed(body, encoding))
    response.headers["Content-Encoding"] = encoding
    response.headers.pop("Accept-Ranges", None)
    _tag(response, encoding)
    return response


def _tag(response: Response, encoding: str) -> None:
    tag, weak = response.get_etag()
    if tag is not None:
        response.set_etag(tag_of(tag, encoding), weak=bool(weak))


def compressed(body: bytes, encoding: str) -> bytes:
    """The whole of *body*."""
    made = encoder(encoding)
    return made.add(body) + made.end()


def encoder(encoding: str) -> Encoder:
    """What compresses one answer, in an encoding that is not empty."""
    return _ENCODERS[encoding]()


def _in_pieces(pieces: Iterable[bytes], encoder: Encoder) -> Iterator[bytes]:
    """*pieces*, each as soon as it is there; what breaks off never ends as if it were whole."""
    for piece in pieces:
        if piece:
            yield encoder.add(piece) + encoder.go_on()
    yield encoder.end()


class Encoder(Protocol):
    """Compresses one answer."""

    def add(self, data: bytes) -> bytes:
        """Take *data*; gives what is done."""

    def go_on(self) -> bytes:
        """Give the rest of what was taken."""

    def end(self) -> bytes:
        """Give the rest, and the end."""


class _Gzip:
    def __init__(self) -> None:
        self._made = zlib.compressobj(GZIP_LEVEL, zlib.DEFLATED, _GZIP_WINDOW)
        self.add = self._made.compress

    def go_on(self) -> bytes:
        return self._made.flush(zlib.Z_SYNC_FLUSH)

    def end(self) -> bytes:
        return self._made.flush()


class _Zstandard:
    def __init__(self) -> None:
        self._made = zstandard.ZstdCompressor(level=ZSTD_LEVEL).compressobj()
        self.add = self._made.compress

    def go_on(self) -> bytes:
        return self._made.flush(zstandard.COMPRESSOBJ_FLUSH_BLOCK)

    def end(self) -> bytes:
        return self._made.flush()


_ENCODERS: dict[str, type[_Gzip | _Zstandard]] = {"zstd": _Zstandard, "gzip": _Gzip}
