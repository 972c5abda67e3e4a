"""Where links of the copied pages lead."""

from __future__ import annotations

import pytest

from stancegraph.package.addresses import MAX_STATEMENTS, Addresses, grouped, known

BASE = "https://example.org/g/"
RELEASE = f"{BASE}release/2026-11-22-0123456789ab/"


@pytest.fixture
def addresses() -> Addresses:
    return Addresses(
        BASE,
        RELEASE,
        files=known({"/": "index.html", "/id/a/1": "id/a/1.html", "/q?x=A B": "q.html"}),
        places={"/id/claim/x/2": ("claims/claim.html", "claim/x/2")},
        beyond={"/graph/data/a": "graph/data/a.ttl"},
    )


@pytest.mark.parametrize(
    ("address", "target"),
    [
        ("/", "../../index.html"),
        ("/id/a/1", "1.html"),
        ("/id/a/1#facts", "#facts"),
        ("/q?x=A+B", "../../q.html"),
        ("/q?x=A%20B#row", "../../q.html#row"),
        ("/id/claim/x/2", "../../claims/claim.html#claim/x/2"),
        ("/graph/data/a", "../../../graph/data/a.ttl"),
        ("#here", "#here"),
        ("https://elsewhere.org/x", "https://elsewhere.org/x"),
        ("/describe?iri=https://elsewhere.org/o#term", "https://elsewhere.org/o#term"),
    ],
)
def test_a_link_leads_to_a_file(addresses: Addresses, address: str, target: str) -> None:
    """From the folder of the page, to the place that is meant; or to where others are."""
    assert addresses.link(address, "id/a/1.html") == (target, False)


@pytest.mark.parametrize(
    ("address", "target"),
    [
        ("/q?x=C", f"{RELEASE}q?x=C"),
        ("http://localhost/sparql", f"{RELEASE}sparql"),
        ("/changes", f"{BASE}changes"),
    ],
)
def test_what_no_file_has_leads_to_the_server(
    addresses: Addresses, address: str, target: str
) -> None:
    """Under the address of the release, but for what is of all releases."""
    assert addresses.link(address, "index.html") == (target, True)


def test_a_page_is_rewritten(addresses: Addresses) -> None:
    """Links, forms and addresses in the text; modules of scripts go."""
    page = (
        '<a href="/id/a/1?y=1&amp;z=2">x</a><form action="/id/a/1"></form>'
        '<form action="/search"></form><p>http://localhost/id/a/1</p>'
        '<script type="module" src="/assets/x.js"></script>\n'
    )

    assert addresses.rewritten(page, "index.html") == (
        f'<a href="{RELEASE}id/a/1?y=1&amp;z=2" data-live>x</a>'
        f'<form action="{RELEASE}id/a/1" data-live></form>'
        f'<form action="{RELEASE}search" data-live></form><p>{BASE}id/a/1</p>'
    )


def test_statements_stand_together_by_their_keys() -> None:
    """Few of a kind on one page, more by what their keys begin with, many under numbers."""
    many = [f"vote/{n:04}" for n in range(MAX_STATEMENTS + 1)]
    by_first = [f"act/{treaty}/{n:03}" for treaty in "ab" for n in range(MAX_STATEMENTS - 50)]

    pages = grouped(["note/1", "note/2", *many, *by_first])

    assert list(pages) == ["act/a", "act/b", "note", "vote-1", "vote-2"]
    assert pages["note"] == ["note/1", "note/2"]
    assert pages["vote-2"] == [many[-1]]
    assert sum(map(len, pages.values())) == 2 + len(many) + len(by_first)
