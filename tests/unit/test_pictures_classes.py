"""The picture of the classes: who has most to say stands in the middle, each class is a link."""

from __future__ import annotations

from stancegraph.codebook import Class, Codebook, Property
from stancegraph.web.pictures import inline
from stancegraph.web.pictures.classes import draw, links


def made(name: str, *properties: Property, broader: tuple[str, ...] = (), count: int = 3) -> Class:
    return Class(name, name[4:], "", (), (), broader, count, "", (), properties)


def leading(name: str, to: str, statements: int, *, derived: bool = False) -> Property:
    return Property(
        iri=name,
        label=name[4:],
        definition="",
        notes=(),
        examples=(),
        needed=False,
        cardinality="any number",
        values="",
        scheme="",
        codes=(),
        classes=((to, statements),),
        rules=(),
        derived=derived,
        things=1,
        of=3,
        statements=statements,
    )


BOOK = Codebook(
    (
        made("urn:claim", count=0),
        made(
            "urn:vote",
            leading("urn:actor", "urn:state", 9),
            leading("urn:about", "urn:state", 7, derived=True),
            broader=("urn:claim",),
        ),
        made("urn:state", leading("urn:cites", "urn:vote", 2)),
        made("urn:unused", count=0),
    )
)


def href(iri: str) -> str:
    return f"/ontology#{iri[4:]}"


def test_only_what_is_stated_connects() -> None:
    assert [(each.source, each.property, each.target, each.count) for each in links(BOOK)] == [
        ("urn:vote", "actor", "urn:state", 9),
        ("urn:state", "cites", "urn:vote", 2),
    ]


def test_each_class_in_use_is_a_link_with_its_number() -> None:
    drawing = draw(BOOK, href)
    assert drawing is not None

    svg = inline(drawing, told="Classes")

    assert 'href="/ontology#vote"' in svg
    assert "<title>vote 3</title>" in svg
    assert 'href="/ontology#claim"' in svg  # above one that is in use
    assert "unused" not in svg
    assert "actor" in svg
    assert "cites" in svg
    assert "about" not in svg


def test_nothing_is_drawn_of_what_nothing_connects() -> None:
    assert draw(Codebook((made("urn:state"),)), href) is None
