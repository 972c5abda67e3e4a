"""Reading Turtle files: every error of a file in one go, and where its statements stand.

pyoxigraph parses; it stops at the first error and tells no lines. So a file that it
rejects is cut into statements, which are parsed one by one; the same cut, done again
for a file that has problems, tells on which line a triple stands.
"""

from __future__ import annotations

import re
import stat
from bisect import bisect_right
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import pyoxigraph as ox

from stancegraph.problems import Problem, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

MAX_BYTES = 32 * 1024 * 1024

# Looser than the grammar, so that what the parser will reject is still one token. A
# quotation mark that nothing closes takes the rest of its line; the next line is read afresh.
# No group is possessive: before Python 3.11.5 such a group may match too little (gh-106052).
_TOKEN = re.compile(
    r"""(?P<space>\s+|\#[^\n]*)
    |(?P<open><<\(?|\{\||[\[(])|(?P<close>\)?>>|\|\}|[\])])
    |(?P<iri><[^>\n]*>)
    |(?P<string>\"{3}(?:[^"\\]++|\\.|"(?!""))*\"{3}|'{3}(?:[^'\\]++|\\.|'(?!''))*'{3}
        |"(?:[^"\\\n]++|\\.)*"|'(?:[^'\\\n]++|\\.)*')
    |(?P<unclosed>["'][^\n]*)
    |(?P<word>(?:\.(?=\d))?(?:[^\s<>"'.;,()\[\]{}|^\#\\]|\\.)+
        (?:\.++(?:[^\s<>"'.;,()\[\]{}|^\#\\]|\\.)+)*)
    |(?P<mark>\^\^|.)""",
    re.VERBOSE | re.DOTALL,
)
_DIRECTIVE = re.compile(
    r"""(?P<word>@?(?:prefix|base|version))(?![\w:.-])
    (?P<rest>\s*(?P<prefix>[^\s<]*:)?\s*<[^>\n]*>(?:[^\S\n]*\.)?|[^\n]*)""",
    re.VERBOSE | re.IGNORECASE,
)
_UNDECLARED = re.compile(r"The prefix (\S*:) has not been declared")
_PARSER_PLACE = re.compile(r"^Parser error .*?: |\s*\(line \d+\)$")
_NO_BASE = "No scheme found in an absolute IRI"


@dataclass(frozen=True, slots=True)
class TurtleFile:
    """What was read from one file.

    Attributes:
        triples: In file order, each once; of a statement with a syntax error, those that
            can be read by themselves.
        problems: In file order; each is a violation.
        skipped: Subjects of statements with a syntax error: more is said of them than was read.
        lost: Whether subjects are unknown: nothing could be read, or not where a statement's
            subject is.
    """

    triples: list[ox.Triple] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    skipped: set[ox.NamedNode] = field(default_factory=set)
    lost: bool = False


def content_of(path: Path) -> bytes | None:
    """The bytes of *path*; None where `read` would tell why it cannot read them."""
    try:
        return _content(path)
    except _Unreadable:
        return None


def read(path: Path, name: str, content: bytes | None = None) -> TurtleFile:
    """Read the Turtle file *path*, which problems call *name*.

    Of a statement with a syntax error the first is reported; the others are kept. A file
    that is unreadable, not UTF-8, without a triple or larger than ``MAX_BYTES`` is one
    problem. Nothing is raised.

    Args:
        content: What the file holds, where it has been read.
    """
    try:
        content = _content(path) if content is None else content
    except _Unreadable as error:
        return TurtleFile(problems=[_problem(name, str(error))], lost=True)
    problems = [_problem(name, *mistake) for mistake in _encoding_mistakes(content)]
    text = _text(content)
    try:
        found = TurtleFile(_parse(text, renamed=True), problems)
    except SyntaxError as error:
        found = _Recovery(text, name).run()
        if not found.problems:
            # The cut into statements hid the error: then the file is told as one.
            message = f"not Turtle: {_PARSER_PLACE.sub('', error.msg)}"
            found.problems.append(_problem(name, message, error.lineno, error.offset))
        found.problems[:0] = problems
    if not found.triples and not found.problems:
        found.problems.append(
            _problem(name, "holds no triple: write what it is for, or remove the file")
        )
    return found


class Positions:
    """The lines on which the statements of one Turtle text stand, counted from 1.

    What stands inside brackets has no place of its own.

    Attributes:
        blank_subjects: The lines of statements about a blank node, in order.
    """

    def __init__(self, text: str) -> None:
        self.blank_subjects: list[int] = []
        self._text = text
        self._lines: dict[tuple[object, ...], int] = {}
        source = _Source(text)
        for statement in source.statements():
            if not (statement.directive or self._learn(source, statement)):
                for part in source.parts(statement):
                    self._learn(source, part)

    @classmethod
    def of(cls, path: Path) -> Positions:
        """The positions in the file *path*; none, where it cannot be read."""
        try:
            return cls(_text(_content(path)))
        except _Unreadable:
            return cls("")

    @classmethod
    def in_content(cls, content: bytes) -> Positions:
        """The positions in what a file holds."""
        return cls(_text(content))

    def line(self, *part: object) -> int | None:
        """The line where *part* first stands: a subject, with predicate, with object."""
        return self._lines.get(part)

    def line_with(self, word: str) -> int | None:
        """The first line on which *word* occurs, not as part of a longer one."""
        found = re.search(rf"(?<![\w-]){re.escape(word)}(?![\w-])", self._text)
        return self._text.count("\n", 0, found.start()) + 1 if found else None

    def _learn(self, source: _Source, statement: _Statement) -> bool:
        """Note the places of *statement*; False for one that does not parse."""
        try:
            triples = _cut_triples(statement)
        except SyntaxError:
            return False
        subject_line = source.place(statement.tokens[0].start)[0]
        if statement.tokens[0].text.startswith(("[", "_:")):
            self.blank_subjects.append(subject_line)
        for cut, (subject, predicate, value) in triples:
            if isinstance(subject, ox.NamedNode):
                self._lines.setdefault((subject,), subject_line)
                for key, token in (((), cut.verb), ((value,), cut.object)):
                    line = source.place(token.start)[0]
                    self._lines.setdefault((subject, predicate, *key), line)
        return True


class Value(NamedTuple):
    """One object of a statement as it is written; *start* and *end* are offsets in the text."""

    predicate: ox.NamedNode
    term: ox.NamedNode | ox.BlankNode | ox.Literal | ox.Triple
    verb: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Block:
    """One statement about an IRI, and where it stands; *end* is behind its ``.``."""

    subject: ox.NamedNode
    start: int
    end: int


class Blocks:
    """A Turtle text without errors, cut so that it can be added to and else stays as it is.

    Attributes:
        blocks: The statements about IRIs, in order.
        prologue_end: The offset behind the last directive before the first statement; 0 if none.
        directives: Start, end and, for a prefix, its name with ``:``; in order.
        prefixes: The namespace of each prefix, by its name without ``:``.
        base: The base IRI; empty without one.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self.blocks: list[Block] = []
        self.prologue_end = 0
        self.directives: list[tuple[int, int, str]] = []
        self.prefixes: dict[str, str] = {}
        self.base = ""
        self._statements: dict[int, _Statement] = {}
        statements = list(_Source(text).statements())
        for statement in statements:
            if statement.directive:
                self._direct(statement, first=not self._statements)
            else:
                self._statements[statement.tokens[0].start] = statement
        # All subjects are read at once: mark and subject by turns.
        lines = [
            f"{statement.prologue}\n{next(_terms(statement.tokens)).text} <mark:> {number} ."
            for number, statement in enumerate(self._statements.values())
        ]
        ordered = list(self._statements.values())
        for subject, mark, number in _parse("\n".join(lines)) if lines else ():
            if mark.value != "mark:" or not isinstance(number, ox.Literal):
                continue
            if isinstance(subject, ox.NamedNode):
                tokens = ordered[int(number.value)].tokens
                self.blocks.append(Block(subject, tokens[0].start, tokens[-1].end))

    def _direct(self, statement: _Statement, *, first: bool) -> None:
        token = statement.tokens[0]
        found = _DIRECTIVE.match(token.text)
        assert found is not None  # noqa: S101 - the text was cut with it
        prefix = found["prefix"] or ""
        self.directives.append((token.start, token.end, prefix))
        iri = re.search(r"<([^>]*)>", token.text)
        if prefix and iri:
            self.prefixes[prefix.removesuffix(":")] = iri[1]
        elif iri and "base" in found["word"].lower():
            self.base = iri[1]
        if first:
            self.prologue_end = token.end

    def values(self, block: Block) -> list[Value]:
        """What *block* says outside of brackets, in order."""
        return [
            Value(predicate, term, cut.verb.start, cut.object.start, cut.object.end)
            for cut, (subject, predicate, term) in _cut_triples(self._statements[block.start])
            if subject == block.subject
        ]


class _Unreadable(Exception):  # never leaves this module
    """A file has no content that could be parsed."""


def _content(path: Path) -> bytes:
    """The bytes of *path*.

    Raises:
        _Unreadable: it is no plain file, too large, or the system does not let it be read.
    """
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise _Unreadable("is not a plain file: move it away or rename it")
        if status.st_size > MAX_BYTES:
            raise _Unreadable(
                f"holds {status.st_size / 2**20:.1f} MiB, and a file may hold "
                f"{MAX_BYTES // 2**20}: split it"
            )
        return path.read_bytes()
    except OSError as error:
        raise _Unreadable(f"cannot be read: {error.strerror or error}") from error


def _text(content: bytes) -> str:
    """*content* as text of the same lines; what is not UTF-8 in it is replaced by U+FFFD."""
    text = content.decode("utf-8", errors="replace")
    return f" {text[1:]}" if text.startswith("\ufeff") else text


def _encoding_mistakes(content: bytes) -> Iterator[tuple[str, int, int]]:
    """Message, line and column of what is wrong with the encoding of a file."""
    if content.startswith(b"\xef\xbb\xbf"):
        yield "starts with a byte order mark: save it as UTF-8 without one", 1, 1
    try:
        content.decode("utf-8")
    except UnicodeDecodeError as error:
        before = content[: error.start].decode("utf-8")
        line_start = before.rfind("\n") + 1
        message = f"is not UTF-8 (byte 0x{content[error.start]:02X}): save it as UTF-8"
        yield message, before.count("\n") + 1, len(before) - line_start + 1


def _parse(text: str, *, renamed: bool = False) -> list[ox.Triple]:
    """The distinct triples of a Turtle text, in its order; its blank nodes *renamed*, or not.

    Raises:
        SyntaxError: from pyoxigraph, with ``lineno`` and ``offset`` counted from 1.
    """
    quads = ox.parse(text, format=ox.RdfFormat.TURTLE, rename_blank_nodes=renamed)
    return list(dict.fromkeys(quad.triple for quad in quads))


def _problem(
    name: str, message: str, line: int | None = None, column: int | None = None
) -> Problem:
    return Problem(name, line, Severity.VIOLATION, message, column)


class _Token(NamedTuple):
    """A word, mark, IRI, string or bracketed group, and where it stands in the text."""

    kind: str
    start: int
    end: int
    text: str


class _Cut(NamedTuple):
    """One triple as it is written."""

    subject: _Token
    verb: _Token
    object: _Token


class _Statement(NamedTuple):
    """One statement or directive: its tokens, and the directives that hold for it."""

    tokens: tuple[_Token, ...]
    directive: bool
    prologue: str


class _Source:
    """A Turtle text, cut into statements."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._line_starts = [0, *(mark.end() for mark in re.finditer("\n", text))]

    def place(self, position: int) -> tuple[int, int]:
        """Line and column of a position, both counted from 1."""
        line = bisect_right(self._line_starts, position)
        return line, position - self._line_starts[line - 1] + 1

    def statements(self) -> Iterator[_Statement]:
        """Every statement and directive in order; a ``.`` ends a statement, brackets or not."""
        prologue = ""
        tokens: list[_Token] = []
        position = 0
        while position < len(self.text):
            directive = None if tokens else _DIRECTIVE.match(self.text, position)
            found = directive or _TOKEN.match(self.text, position)
            assert found is not None  # noqa: S101 - the last alternative matches anything
            position = found.end()
            if found.lastgroup == "space":
                continue
            kind = "directive" if directive else str(found.lastgroup)
            tokens.append(_Token(kind, found.start(), found.end(), found[0]))
            if directive or found[0] == ".":
                yield _Statement(tuple(tokens), directive is not None, prologue)
                tokens = []
            if directive and _parses(f"{prologue} {found[0]}"):
                prologue = f"{prologue} {found[0]}".replace("\n", " ").strip()
        if tokens:
            yield _Statement(tuple(tokens), directive=False, prologue=prologue)

    def parts(self, statement: _Statement) -> list[_Statement]:
        """*statement*, cut before each line that is not indented, save one with only a ``.``."""
        tokens = statement.tokens
        starts = [
            number
            for number, token in enumerate(tokens)
            if number == 0 or (self.place(token.start)[1] == 1 and token.text != ".")
        ]
        return [
            statement._replace(tokens=tokens[start:end])
            for start, end in pairwise([*starts, len(tokens)])
        ]

    def parse(self, statement: _Statement, *, end: str = "") -> list[ox.Triple]:
        """The triples of *statement*, with *end* written after it.

        Raises:
            SyntaxError: ``lineno`` and ``offset`` are those in the whole text.
        """
        start = statement.tokens[0].start
        line, column = self.place(start)
        text = self.text[start : statement.tokens[-1].end]
        try:
            return _parse(f"{statement.prologue}\n{' ' * (column - 1)}{text}{end}")
        except SyntaxError as error:
            error.lineno = (error.lineno or 2) - 2 + line
            raise


def _parses(text: str) -> bool:
    try:
        _parse(text)
    except SyntaxError:
        return False
    return True


def _cuts(tokens: Sequence[_Token]) -> Iterator[_Cut]:
    """The triples of a statement outside of brackets, in order."""
    terms = list(_terms(tokens))
    subject, before = terms[0], terms[0]
    verb = None
    for term in terms[1:]:
        if term.text in {";", "."}:
            verb = None
        elif verb is None or (before.text != "," and before is not verb and term.text != ","):
            # Where a ';' is missing, or within a string that nothing closes, go on like this.
            verb = term
        elif term.text != ",":
            yield _Cut(subject, verb, term)
        before = term


def _cut_triples(statement: _Statement) -> list[tuple[_Cut, ox.Triple]]:
    """The triples of *statement*, each with where it is written.

    Raises:
        SyntaxError: it does not parse.
    """
    cuts = list(_cuts(statement.tokens))
    # Each triple is parsed by itself, with a mark before it that tells which it is.
    text = "\n".join(
        f"<mark:{number}> <mark:> <mark:> .\n{cut.subject.text} {cut.verb.text} {cut.object.text} ."
        for number, cut in enumerate(cuts)
    )
    found: list[tuple[_Cut, ox.Triple]] = []
    cut = None
    for triple in _parse(f"{statement.prologue}\n{text}"):
        subject = triple.subject
        if isinstance(subject, ox.NamedNode) and subject.value.startswith("mark:"):
            cut = cuts[int(subject.value.removeprefix("mark:"))]
        elif cut is not None:
            found.append((cut, triple))
    return found


def _terms(tokens: Sequence[_Token]) -> Iterator[_Token]:
    """*tokens* with a bracketed group, or a literal with its tag or datatype, as one."""
    group: list[_Token] = []
    depth = 0
    for token, after in zip(tokens, [*tokens[1:], None], strict=True):
        group.append(token)
        depth += (token.kind == "open") - (token.kind == "close")
        goes_on = token.text == "^^" or (
            token.kind == "string"
            and after is not None
            and (after.text == "^^" or after.text.startswith("@"))
        )
        if (depth <= 0 and not goes_on) or after is None:
            yield _joined(group)
            group, depth = [], 0


def _joined(group: Sequence[_Token]) -> _Token:
    """*group* as one token; nothing stands between a literal and its tag or datatype."""
    text = group[0].text
    for before, token in pairwise(group):
        tight = token.text.startswith(("@", "^^")) or before.text == "^^"
        text += token.text if tight else f" {token.text}"
    kind = group[0].kind if len(group) == 1 else "group"
    return _Token(kind, group[0].start, group[-1].end, text)


class _Recovery:
    """Reads the statements of a text that has errors, one by one.

    What only follows from an error that was told is not told again: the use of a prefix
    whose declaration is broken or missing, or of relative IRIs without a BASE.
    """

    def __init__(self, text: str, name: str) -> None:
        self._triples: dict[ox.Triple, None] = {}
        self._problems: list[Problem] = []
        self._skipped: set[ox.NamedNode] = set()
        self._lost = False
        self._name = name
        self._source = _Source(text)
        self._told: set[str] = set()

    def run(self) -> TurtleFile:
        """Read all statements."""
        for statement in self._source.statements():
            if statement.directive:
                self._directive(statement)
            else:
                self._statement(statement)
        return TurtleFile(list(self._triples), self._problems, self._skipped, self._lost)

    def _directive(self, statement: _Statement) -> None:
        try:
            self._source.parse(statement)
        except SyntaxError as error:
            self._tell(error)
            written = _DIRECTIVE.match(statement.tokens[0].text)
            words = written["rest"].split() if written else []
            is_base = "base" in statement.tokens[0].text[:5].lower()
            self._told.add(_NO_BASE if is_base or not words else f"{words[0].rstrip(':')}:")

    def _statement(self, statement: _Statement) -> None:
        try:
            self._triples.update(dict.fromkeys(self._source.parse(statement)))
        except SyntaxError as error:
            if not self._unended(statement):
                self._tell(error, statement)
                for part in self._source.parts(statement):
                    self._salvage(part)

    def _unended(self, statement: _Statement) -> bool:
        """Read *statement* as one or several that lack only their ``.``, if it is so."""
        parts = self._source.parts(statement)
        try:
            read = [self._source.parse(part, end=" .") for part in parts[:-1]]
            whole = parts[-1].tokens[-1].text == "."
            read.append(self._source.parse(parts[-1], end="" if whole else " ."))
        except SyntaxError:
            return False
        for part, triples in zip(parts, read, strict=True):
            self._triples.update(dict.fromkeys(triples))
            if part.tokens[-1].text != ".":
                message = "not Turtle: the statement that ends here lacks its '.': write it"
                place = self._source.place(part.tokens[-1].end)
                self._problems.append(_problem(self._name, message, *place))
        return True

    def _tell(self, error: SyntaxError, statement: _Statement | None = None) -> None:
        message = _PARSER_PLACE.sub("", error.msg)
        undeclared = _UNDECLARED.search(message)
        cause = undeclared[1] if undeclared else _NO_BASE if message == _NO_BASE else None
        if cause in self._told:
            return
        line, column = error.lineno, error.offset
        start = self._source.place(statement.tokens[0].start) if statement else None
        if "A dot is expected" in message or (
            "is not a valid subject" in message and (line, column) != start
        ):
            message = "a ';', ',' or '.' is missing before this, or a \\ before a quotation mark"
        if undeclared:
            message = f"the prefix {cause} is not declared: add its PREFIX line"
        elif cause:
            message = "an IRI is relative, but no BASE is declared: add the BASE line"
        if cause:
            self._told.add(cause)
        for token in statement.tokens if statement else ():
            if token.kind == "unclosed":
                message = "a quotation mark opens a string that nothing closes on its line"
                line, column = self._source.place(token.start)
                break
        self._problems.append(_problem(self._name, f"not Turtle: {message}", line, column))

    def _salvage(self, statement: _Statement) -> None:
        """Keep what can be read of a broken statement, so that little else seems missing."""
        subject = next(_terms(statement.tokens))
        try:
            triples = _parse(f"{statement.prologue} {subject.text} <skipped:> <skipped:> .")
        except SyntaxError:
            self._lost = True
            return
        self._skipped.update(
            triple.subject for triple in triples if isinstance(triple.subject, ox.NamedNode)
        )
        for cut in _cuts(statement.tokens):
            text = f"{cut.subject.text} {cut.verb.text} {cut.object.text} ."
            with suppress(SyntaxError):
                self._triples.update(dict.fromkeys(_parse(f"{statement.prologue} {text}")))
