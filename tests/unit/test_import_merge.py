"""What is added to a file leaves all else in it as it was."""

from __future__ import annotations

import pyoxigraph as ox
from hypothesis import given
from hypothesis import strategies as st

from stancegraph.importers.merge import Addition, Edit, Key, merged, new_file
from stancegraph.terms import NAMESPACES, RDF, RDFS, SG, XSD

BASE = "https://example.org/id/"
PREFIXES = {space.prefix: space.iri for space in NAMESPACES}
FILE = f"""# Votes, by state.
BASE <{BASE}>
PREFIX sg: <{SG.iri}>

<rollcall/x>
    a sg:RollCall ;
    sg:yesCount 2 ;
.

# Canada
<vote/CAN>
    a sg:Vote ; # as recorded
    sg:actor <state/CAN> ;
    sg:evidence <evidence/b> , <evidence/d> ;
.

<evidence/b> a sg:Evidence .
<evidence/d> a sg:Evidence ; sg:locator "p. 1" .

# Peru
<vote/PER> a sg:Vote ; sg:actor <state/PER>
.
"""


def parse_text(text: str) -> list[ox.Triple]:
    return [quad.triple for quad in ox.parse(text, format=ox.RdfFormat.TURTLE)]


def thing(key: str) -> ox.NamedNode:
    return ox.NamedNode(BASE + key)


def vote(state: str, *, evidence: str | None = None) -> Addition:
    facts: dict[ox.NamedNode, list[ox.NamedNode | ox.Literal]] = {
        RDF.type: [SG.Vote],
        SG.actor: [thing(f"state/{state}")],
    }
    if evidence:
        facts[SG.evidence] = [thing(evidence)]
    return Addition(thing(f"vote/{state}"), facts, key=(state,))


def merge(text: str, edit: Edit) -> str:
    facts = {}
    kinds = {}
    for subject, predicate, value in parse_text(text):
        if predicate == SG.actor and isinstance(value, ox.NamedNode):
            facts[subject] = (value.value.rpartition("/")[2],)
        if predicate == RDF.type:
            kinds[subject] = value

    def key_of(subject: ox.NamedNode) -> Key | None:
        return facts.get(subject)

    return merged(text, edit, prefixes=PREFIXES, key_of=key_of, class_of=kinds.get)


def subjects(text: str) -> list[str]:
    """The keys of the blocks of *text*, in its order."""
    return [line.split()[0][1:-1] for line in text.splitlines() if line.startswith("<")]


def test_a_block_goes_where_its_neighbours_have_it() -> None:
    text = merge(FILE, Edit([vote("CHN"), vote("AUS"), vote("USA")]))

    assert subjects(text) == [
        "rollcall/x", "vote/AUS", "vote/CAN", "evidence/b", "evidence/d", "vote/CHN",
        "vote/PER", "vote/USA",
    ]  # fmt: skip
    assert "\n\n# Peru\n<vote/PER>" in text
    assert text.startswith(FILE[: FILE.index("# Canada")])


def test_what_belongs_to_a_block_follows_it() -> None:
    evidence = Addition(thing("evidence/c"), {RDF.type: [SG.Evidence]}, after=thing("vote/CAN"))
    other = Addition(thing("evidence/n"), {RDF.type: [SG.Evidence]}, after=thing("vote/AUS"))
    edit = Edit([evidence, vote("AUS", evidence="evidence/n"), other])
    edit.values[thing("vote/CAN")] = [(SG.evidence, thing("evidence/c"))]

    text = merge(FILE, edit)

    assert "    sg:evidence <evidence/b> , <evidence/c> , <evidence/d> ;\n" in text
    assert subjects(text) == [
        "rollcall/x", "vote/AUS", "evidence/n", "vote/CAN", "evidence/b", "evidence/d",
        "evidence/c", "vote/PER",
    ]  # fmt: skip


def test_a_list_that_is_in_no_order_gains_at_its_end() -> None:
    text = f"BASE <{BASE}>\nPREFIX sg: <{SG.iri}>\n<a> sg:evidence <d> , <b> .\n"

    edit = Edit(values={thing("a"): [(SG.evidence, thing("c"))]})

    assert merge(text, edit).endswith("<a> sg:evidence <d> , <b> , <c> .\n")


def test_a_line_goes_where_the_names_of_predicates_have_it() -> None:
    """Also where the last line lacks its ``;``, and with the prefix that it needs."""
    comment = ox.Literal("so", language="en")
    edit = Edit(
        values={
            thing("vote/CAN"): [(RDFS.comment, comment)],
            thing("vote/PER"): [(SG.rank, thing("rank/normal"))],
        }
    )

    text = merge(FILE, edit)

    assert f"PREFIX rdfs: <{RDFS.iri}>\nPREFIX sg:" in text
    assert '    a sg:Vote ; # as recorded\n    rdfs:comment "so"@en ;\n    sg:actor' in text
    assert "sg:actor <state/PER> ;\n    sg:rank <rank/normal>\n.\n" in text


def test_other_prefixes_bases_and_line_ends_are_kept() -> None:
    text = f"@prefix s: <{SG.iri}> .\r\n\r\n<{BASE}vote/CAN> s:actor <{BASE}state/CAN> .\r\n"

    found = merge(text, Edit([vote("AUS"), vote("PER")]))

    assert found.startswith(text[: text.index("<https://example.org/id/vote")])
    assert (
        f"<{BASE}vote/AUS>\r\n    a s:Vote ;\r\n    s:actor <{BASE}state/AUS> ;\r\n.\r\n" in found
    )
    assert "\n" not in found.replace("\r\n", "")


def test_a_new_file_has_a_head_and_declares_what_it_uses() -> None:
    dated = Addition(
        thing("a"),
        {RDF.type: [SG.Claim], SG.date: [ox.Literal("2019", datatype=XSD.gYear)],
         SG.value: [ox.Literal("1", datatype=XSD.decimal)]},
    )  # fmt: skip

    text = new_file(Edit([dated]), head="What it is.", base=BASE, prefixes=PREFIXES)

    assert text == (
        f"# What it is.\nBASE <{BASE}>\nPREFIX sg: <{SG.iri}>\nPREFIX xsd: <{XSD.iri}>\n\n"
        '<a>\n    a sg:Claim ;\n    sg:date "2019"^^xsd:gYear ;\n'
        '    sg:value "1"^^xsd:decimal ;\n.\n'
    )


states = st.lists(st.sampled_from(["AUS", "BRA", "CHN", "PRY", "ZWE"]), unique=True)
gains = st.lists(
    st.tuples(st.sampled_from(["vote/CAN", "vote/PER", "evidence/d"]),
              st.sampled_from([SG.evidence, RDFS.comment, SG.zeal]),
              st.sampled_from([thing("evidence/a"), thing("evidence/z"),
                               ox.Literal('say "no"\n', language="en")])),
    unique=True,
)  # fmt: skip
endings = st.sampled_from(["", "\n", "\n\n", "\n# The end.", " # The end.\n"])


@given(states, gains, endings, st.booleans())
def test_additions_add_their_triples_and_take_nothing_away(
    new: list[str],
    values: list[tuple[str, ox.NamedNode, ox.NamedNode | ox.Literal]],
    ending: str,
    crlf: bool,
) -> None:
    """What stood in the file stands there still, character by character and in its order."""
    text = FILE.rstrip("\n") + ending
    text = text.replace("\n", "\r\n") if crlf else text
    edit = Edit([vote(state, evidence="evidence/new") for state in new])
    for key, predicate, value in values:
        edit.values.setdefault(thing(key), []).append((predicate, value))

    found = merge(text, edit)

    rest = iter(found)
    assert all(character in rest for character in text)
    added = {ox.Triple(thing(key), predicate, value) for key, predicate, value in values}
    added |= {
        ox.Triple(block.subject, predicate, value)
        for block in edit.blocks
        for predicate, terms in block.facts.items()
        for value in terms
        if not isinstance(value, ox.Triple)
    }
    assert set(parse_text(found)) == set(parse_text(text)) | added
