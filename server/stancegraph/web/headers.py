"""What every response says in its headers."""

from __future__ import annotations

# Headers that scripts of other sites may read, beside those that they always may.
EXPOSED = (
    "Allow, Content-Location, ETag, Link, Location, Memento-Datetime, Preference-Applied, "
    "Retry-After, X-Request-Id, X-Stancegraph-Release, X-Stancegraph-Truncated, X-Total-Count"
)


def common_headers(release_id: str) -> dict[str, str]:
    """The release from which it is answered, and that any site's scripts may read the answer."""
    return {
        "X-Stancegraph-Release": release_id,
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": "default-src 'self'; img-src 'self' blob:",
        "Referrer-Policy": "no-referrer",
        "Access-Control-Allow-Origin": "*",
        "Access-Control-Expose-Headers": EXPOSED,
    }
