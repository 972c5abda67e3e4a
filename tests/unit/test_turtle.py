"""Reading Turtle: what is kept, what is told, and where it stands."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pyoxigraph as ox
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stancegraph import turtle
from stancegraph.turtle import Positions, TurtleFile, read

if TYPE_CHECKING:
    from pathlib import Path

HEAD = "BASE <http://e/>\nPREFIX p: <http://p/>\n"


def node(name: str) -> ox.NamedNode:
    return ox.NamedNode(f"http://e/{name}")


def word(name: str) -> ox.NamedNode:
    return ox.NamedNode(f"http://p/{name}")


def read_text(tmp_path: Path, text: str | bytes) -> TurtleFile:
    path = tmp_path / "file.ttl"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read(path, "data/file.ttl")


def places(found: TurtleFile) -> list[tuple[int | None, int | None]]:
    return [(problem.line, problem.column) for problem in found.problems]


def subjects(found: TurtleFile) -> set[str]:
    return {str(triple.subject).strip("<>").removeprefix("http://e/") for triple in found.triples}


def test_sound_file_gives_its_triples_once_in_order(tmp_path: Path) -> None:
    """Without errors there is nothing but the triples, lexical forms kept."""
    found = read_text(tmp_path, HEAD + "<a> p:b 01.50 , 01.50 .\n<a> p:a <b> .\n")

    decimal = ox.NamedNode("http://www.w3.org/2001/XMLSchema#decimal")
    assert found.triples == [
        ox.Triple(node("a"), word("b"), ox.Literal("01.50", datatype=decimal)),
        ox.Triple(node("a"), word("a"), node("b")),
    ]
    assert (found.problems, found.skipped, found.lost) == ([], set(), False)


def test_every_broken_statement_is_told_and_the_others_kept(tmp_path: Path) -> None:
    """Errors in three statements are three problems, at their lines and columns."""
    text = HEAD + (
        "<a> p:b <http://not an iri> .\n"
        "<b> p:b 1 .\n"
        "<c> p:b 1\n"
        "    p:c 2 ;\n"
        ".\n"
        "<d> p:b [ p:c 1 ;\n"
        ".\n"
        "<e> p:b 1 .\n"
    )

    found = read_text(tmp_path, text)

    assert places(found) == [(3, 9), (6, 5), (9, 1)]
    assert all(problem.message.startswith("not Turtle: ") for problem in found.problems)
    assert {"b", "e"} <= subjects(found)
    assert found.skipped == {node("a"), node("c"), node("d")}


def test_readable_part_of_a_broken_statement_is_kept(tmp_path: Path) -> None:
    """Only the triple with the error is missing, so that little else seems to be."""
    text = HEAD + '<a>\n    p:a 1 ;\n    p:b "open ;\n    p:c 3 , 4 ;\n.\n'

    found = read_text(tmp_path, text)

    assert places(found) == [(5, 9)]
    assert [str(triple.predicate) for triple in found.triples] == [
        "<http://p/a>",
        "<http://p/c>",
        "<http://p/c>",
    ]


def test_dot_in_string_iri_comment_or_number_ends_no_statement(tmp_path: Path) -> None:
    """The cut into statements knows what a dot is part of."""
    text = HEAD + (
        '<a.b> p:a "x . y" , """\n. \n""" , \'.\' , 1.5 , .5 , p:x.y ; # a . here\n'
        "    p:b <oops .\n"
        "<c> p:a 1 .\n"
    )

    found = read_text(tmp_path, text)

    assert [line for line, _ in places(found)] == [6]
    assert found.skipped == {node("a.b")}
    assert len(found.triples) == 7


def test_statement_without_its_dot_is_told_where_it_ends(tmp_path: Path) -> None:
    """The next block is not blamed, and both blocks are kept."""
    text = HEAD + "<a>\n    p:a 1 ;\n\n<b>\n    p:a 2 ;\n.\n<c> p:a 3"

    found = read_text(tmp_path, text)

    assert places(found) == [(4, 12), (9, 10)]
    assert all("lacks its '.'" in problem.message for problem in found.problems)
    assert subjects(found) == {"a", "b", "c"}
    assert found.skipped == set()


@pytest.mark.parametrize(
    ("head", "place"),
    [
        ("BASE <http://e/>\nPREFIX p <http://p/>\n", (2, 8)),
        ("BASE <http://e/>\n", (2, 5)),
        ("BASE <http://e/\nPREFIX p: <http://p/>\n", (1, 6)),
        ("PREFIX p: <http://p/>\n", (2, 1)),
        ("@base <http://e/> .\n@prefix p: <http://p/>\n", (2, 23)),
    ],
    ids=["broken prefix", "no prefix", "broken base", "no base", "prefix without dot"],
)
def test_broken_head_is_told_once(tmp_path: Path, head: str, place: tuple[int, int]) -> None:
    """Statements that only lack what the head should declare are not told one by one."""
    found = read_text(tmp_path, head + "<a> p:a 1 .\n<b> p:a 1 .\n<c> p:a 1 .\n")

    assert places(found) == [place]


def test_unknown_subjects_make_a_file_lost(tmp_path: Path) -> None:
    """Without BASE nobody can tell what the statements are about."""
    found = read_text(tmp_path, "<a> <http://p/a> 1 .\n")

    assert found.lost
    assert found.triples == []


@pytest.mark.parametrize(
    ("content", "message", "place"),
    [
        (b"", "holds no triple", (None, None)),
        (b"# nothing\n", "holds no triple", (None, None)),
        (b"\xef\xbb\xbf<http://a> <http://b> 1 .", "byte order mark", (1, 1)),
        ("<http://a> <http://b> 1 .\n# caf\xe9".encode("latin-1"), "is not UTF-8", (2, 6)),
        ("<http://a> <http://b> 1 .".encode("utf-16"), "is not UTF-8", (1, 1)),
    ],
    ids=["empty", "only a comment", "byte order mark", "Latin-1", "UTF-16"],
)
def test_file_that_is_no_turtle_text_is_told(
    tmp_path: Path, content: bytes, message: str, place: tuple[int | None, int | None]
) -> None:
    """What is wrong with a whole file is the first problem told of it."""
    found = read_text(tmp_path, content)

    assert message in found.problems[0].message
    assert places(found)[0] == place


def test_file_of_another_encoding_still_gives_its_triples(tmp_path: Path) -> None:
    """One byte that is no UTF-8 does not make everything else seem missing."""
    found = read_text(tmp_path, HEAD.encode() + b'<a> p:a "caf\xe9" .\n<b> p:a 1 .\n')

    assert len(found.problems) == 1
    assert subjects(found) == {"a", "b"}


def test_huge_file_is_told_and_not_read(tmp_path: Path) -> None:
    """A sparse file beyond the bound gives one problem that names the bound."""
    path = tmp_path / "huge.ttl"
    with path.open("wb") as file:
        file.truncate(turtle.MAX_BYTES + 1)

    found = read(path, "huge.ttl")

    assert [problem.message for problem in found.problems] == [
        "holds 32.0 MiB, and a file may hold 32: split it"
    ]
    assert found.lost


@pytest.mark.parametrize("kind", ["folder", "pipe", "dangling link", "loop"])
def test_what_is_no_plain_file_is_told(tmp_path: Path, kind: str) -> None:
    """Nothing that stands in a file's place hangs or crashes the reading."""
    path = tmp_path / "x.ttl"
    if kind == "folder":
        path.mkdir()
    elif kind == "pipe":
        os.mkfifo(path)
    else:
        path.symlink_to("nowhere" if kind == "dangling link" else "x.ttl")

    found = read(path, "x.ttl")

    assert len(found.problems) == 1
    assert found.lost


def test_blank_nodes_of_two_files_are_never_one(tmp_path: Path) -> None:
    """A label is local to its file."""
    first = read_text(tmp_path, "_:b <http://p> 1 .")
    second = read_text(tmp_path, "_:b <http://p> 2 .")

    assert first.triples[0].subject != second.triples[0].subject


@settings(derandomize=True)
@given(st.text(alphabet=st.sampled_from(list("<>a:.;,\"'[]()#@^ \n\\_p1{}|")), max_size=60))
def test_any_text_is_read_in_finite_time_without_a_crash(text: str) -> None:
    """Whatever stands in a file, reading it ends, and it has triples or problems."""
    source = HEAD + text

    try:
        whole = turtle._parse(source)
    except SyntaxError:
        found = turtle._Recovery(source, "x.ttl").run()
        assert found.problems
        assert all(problem.line for problem in found.problems)
    else:
        again = turtle._Recovery(source, "x.ttl").run()
        assert len(again.triples) == len(whole)
        assert again.problems == []
    Positions(source)


def test_lines_of_subject_predicate_and_object() -> None:
    """Each is found where it is first written, whatever the brackets and strings between."""
    positions = Positions(
        HEAD
        + '<a>\n    a p:C ;\n    p:b 1 ,\n        2 ;\n    p:c [ p:d """two\nlines""" ] ;\n'
        + '    p:e <b> ;\n.\n<a> p:e\n    <c> ,\n    "mail me @home ^^ now"@en .\n'
    )

    integer = ox.NamedNode("http://www.w3.org/2001/XMLSchema#integer")
    assert positions.line(node("a")) == 3
    assert positions.line(node("a"), word("b")) == 5
    assert positions.line(node("a"), word("b"), ox.Literal("2", datatype=integer)) == 6
    assert positions.line(node("a"), word("c")) == 7
    assert positions.line(node("a"), word("e"), node("b")) == 9
    assert positions.line(node("a"), word("e"), node("c")) == 12
    assert (
        positions.line(node("a"), word("e"), ox.Literal("mail me @home ^^ now", language="en"))
        == 13
    )
    assert positions.line(node("b")) is None


def test_lines_beside_a_broken_statement_are_known() -> None:
    """An error in one statement does not hide where the others stand."""
    positions = Positions(HEAD + '<a> p:b "open .\n.\n<b> p:b 1 .\n')

    assert positions.line(node("b"), word("b")) == 5


def test_statements_about_blank_nodes_are_listed() -> None:
    """Their lines are kept apart, since nothing names them."""
    positions = Positions(HEAD + "[] p:a 1 .\n_:x p:a 1 .\n[ p:a 1 ] p:b 2 .\n<a> p:a [] .\n")

    assert positions.blank_subjects == [3, 4, 5]


def test_line_with_a_word_does_not_take_parts_of_words() -> None:
    """``actor`` is not found in ``actorKind``."""
    positions = Positions("# p:actorKind\n# p:actor-x\n# p:actor\n")

    assert positions.line_with("actor") == 3
    assert positions.line_with("act") is None
