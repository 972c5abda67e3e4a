"""Blank nodes in lines of N-Triples and N-Quads, whose labels hold in one file alone."""

from __future__ import annotations


def has_blank(line: bytes) -> bool:
    """Whether a blank node may stand in *line*; a literal may look like one."""
    return b"_:" in line and (line.startswith(b"_:") or b" _:" in line)


def relabelled(line: bytes, label: bytes) -> bytes:
    """*line* with *label* before the labels of its subject and object, where these have one."""
    subject, predicate, rest = line.split(b" ", 2)
    if subject.startswith(b"_:"):
        subject = b"_:" + label + subject[2:]
    if rest.startswith(b"_:"):
        rest = b"_:" + label + rest[2:]
    return b" ".join((subject, predicate, rest))
