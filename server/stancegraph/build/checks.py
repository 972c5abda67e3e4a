"""What must hold of all files together, or of every triple, before shapes look at them."""

from __future__ import annotations

import calendar
import re
from collections import defaultdict
from difflib import get_close_matches
from functools import cached_property
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

import pyoxigraph as ox

from stancegraph.build.lines import is_in, parsed
from stancegraph.problems import Problem, Severity
from stancegraph.terms import RDF, XSD, short
from stancegraph.turtle import Positions

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from stancegraph.build.content import Content
    from stancegraph.build.lines import Lines
    from stancegraph.build.parse import ParsedGraph
    from stancegraph.folder import GraphFolder

Term: TypeAlias = ox.NamedNode | ox.BlankNode | ox.Literal | ox.Triple

# Comparing a name with thousands takes a while: only so many wrong names get a suggestion.
MAX_SUGGESTIONS = 50

_ZONE = r"(?:Z|[+-](?:0\d|1[0-4]):[0-5]\d)?"
_TIME = r"(?:[01]\d|2[0-4]):[0-5]\d:[0-5]\d(?:\.\d+)?"
_DIGITS = r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)"
_FLOAT = rf"(?:{_DIGITS}(?:[eE][+-]?\d+)?|[+-]?INF|NaN)"
_DAYS = r"(?:\d+Y)?(?:\d+M)?(?:\d+D)?"
_HOURS = r"(?:T(?=.)(?:\d+H)?(?:\d+M)?(?:\d+(?:\.\d+)?S)?)?"
_YEAR, _MONTH, _DAY = r"(?P<year>-?\d{4,})", r"(?P<month>0[1-9]|1[0-2])", r"(?P<day>\d\d)"
_ANY = r"(?s:.*)"
_LEXICAL_FORMS = {
    "anyURI": r"[^\s<>\"{}|\\^`]*",
    "base64Binary": r"[A-Za-z0-9+/=\s]*",
    "boolean": r"true|false|1|0",
    "date": rf"{_YEAR}-{_MONTH}-{_DAY}{_ZONE}",
    "dateTime": rf"{_YEAR}-{_MONTH}-{_DAY}T{_TIME}{_ZONE}",
    "dateTimeStamp": rf"{_YEAR}-{_MONTH}-{_DAY}T{_TIME}{_ZONE[:-1]}",
    "dayTimeDuration": rf"-?P(?=.)(?:\d+D)?{_HOURS}",
    "decimal": _DIGITS,
    "double": _FLOAT,
    "duration": rf"-?P(?=.){_DAYS}{_HOURS}",
    "float": _FLOAT,
    "gDay": rf"---{_DAY}{_ZONE}",
    "gMonth": rf"--{_MONTH}{_ZONE}",
    "gMonthDay": rf"--{_MONTH}-{_DAY}{_ZONE}",
    "gYear": rf"{_YEAR}{_ZONE}",
    "gYearMonth": rf"{_YEAR}-{_MONTH}{_ZONE}",
    "hexBinary": r"(?:[0-9a-fA-F]{2})*",
    "language": r"[a-zA-Z]{1,8}(?:-[a-zA-Z0-9]{1,8})*",
    "time": rf"{_TIME}{_ZONE}",
    "yearMonthDuration": r"-?P(?=.)(?:\d+Y)?(?:\d+M)?",
    **dict.fromkeys(
        ("byte", "int", "integer", "long", "negativeInteger", "nonNegativeInteger",
         "nonPositiveInteger", "positiveInteger", "short", "unsignedByte", "unsignedInt",
         "unsignedLong", "unsignedShort"), r"[+-]?\d+"),
    **dict.fromkeys(
        ("Name", "NCName", "NMTOKEN", "normalizedString", "string", "token"), _ANY),
}  # fmt: skip
LEXICAL_FORMS = {name: re.compile(form) for name, form in _LEXICAL_FORMS.items()}


class OneFile:
    """A file that is checked by itself.

    Attributes:
        name: What problems call it.
        triples: What it states, in its order.
        told: What its problems are about, to be added to.
    """

    def __init__(
        self,
        name: str,
        triples: list[ox.Triple],
        source: bytes,
        told: list[tuple[str, str | None]],
    ) -> None:
        self.name = name
        self.triples = triples
        self.told = told
        self._source = source

    @cached_property
    def positions(self) -> Positions:
        """The lines of its statements."""
        return Positions.in_content(self._source)

    def place(self, subject: Term, predicate: ox.NamedNode, value: Term) -> tuple[str, int | None]:
        """The file and line of a triple."""
        return self.name, line_of(self.positions, subject, predicate, value)

    def tell(self, node: str, word: str | None) -> None:
        """Note that a problem is about the property *word* of *node*; None: about all of it."""
        self.told.append((node, word))


def line_of(positions: Positions, *triple: Term | None) -> int | None:
    """The line of *triple* as far as it can be told: of its value, predicate or subject."""
    for length in (3, 2, 1):
        if (line := positions.line(*triple[:length])) is not None:
            return line
    return line_that_names(positions, *triple[:0:-1])


def line_that_names(positions: Positions, *terms: Term | None) -> int | None:
    """The first line with the last word of the first of *terms* that has any."""
    for term in terms:
        if isinstance(term, ox.NamedNode):
            word = term.value.replace("#", "/").rpartition("/")[2]
            if (line := positions.line_with(word)) is not None:
                return line
    return None


def in_file(
    file: OneFile, things: str, literals: dict[ox.Literal, str | None]
) -> Iterator[Problem]:
    """Everything that is wrong with *file* that neither other files nor shapes must tell.

    Triples that no RDF 1.1 graph can hold are removed from *file*.

    Args:
        things: What the IRIs of the graph's things begin with.
        literals: What is wrong with each literal, as far as it is known; to be added to.
    """
    yield from _triple_terms(file)
    if file.name.startswith("data/"):
        yield from _blank_nodes(file)
        yield from _foreign(file, things)
    yield from _literals(file, literals)


def problems(graph: ParsedGraph) -> Iterator[Problem]:
    """Everything that is wrong with the files of *graph* beside each other, in any order.

    What a problem makes other checks say is added to the ``told`` of *graph*.
    """
    yield from _untyped(graph)
    yield from _duplicates(graph)
    yield from _undescribed(graph)


class _Placed(Protocol):
    """What can tell where a triple stands, and note what a problem is about."""

    def place(
        self, subject: Term, predicate: ox.NamedNode, value: Term, /
    ) -> tuple[str, int | None]:
        """The file and line of a triple."""

    def tell(self, node: str, word: str | None, /) -> None:
        """Note that a problem is about a property of a node, or about all of it."""


class _Within:
    """One of the files of a graph."""

    def __init__(self, graph: ParsedGraph, iri: ox.NamedNode) -> None:
        self._graph = graph
        self._iri = iri

    def place(self, *triple: Any) -> tuple[str, int | None]:
        return self._graph.place(*triple, within=self._iri)

    def tell(self, node: str, word: str | None) -> None:
        self._graph.tell(node, word)


def _problem(file: _Placed, triple: ox.Triple, message: str, *, whole: bool = False) -> Problem:
    """A violation by *triple* in *file*; *whole* if nothing else of its subject counts."""
    subject, predicate, value = triple
    path, line = file.place(subject, predicate, value)
    focus = subject.value if isinstance(subject, ox.NamedNode) else None
    if focus is not None:
        file.tell(focus, None if whole else predicate.value)
    return Problem(
        path=path,
        line=line,
        severity=Severity.VIOLATION,
        message=message,
        focus=focus,
        property=predicate.value,
        value=str(value),
    )


def _triple_terms(file: OneFile) -> Iterator[Problem]:
    """RDF 1.2 has more than these files may hold: triples as objects, directions of strings."""
    message = "this is RDF 1.2, which not every tool reads: say it in RDF 1.1"
    kept = []
    for triple in file.triples:
        value = triple.object
        if isinstance(value, ox.Triple) or (isinstance(value, ox.Literal) and value.direction):
            yield _problem(file, triple, message)
        else:
            kept.append(triple)
    file.triples = kept


def _blank_nodes(file: OneFile) -> Iterator[Problem]:
    message = "a blank node stands for a thing, so nobody can cite it: give it an IRI"
    found = False
    for triple in file.triples:
        if isinstance(triple.subject, ox.BlankNode):
            found = True
            file.tell(str(triple.subject), None)
        elif isinstance(triple.object, ox.BlankNode):
            yield _problem(file, triple, message)
    for line in file.positions.blank_subjects if found else ():
        yield Problem(file.name, line, Severity.VIOLATION, message)


def _foreign(file: OneFile, things: str) -> Iterator[Problem]:
    """Things that dataset.ttl does not let a file of data/ describe; once a file."""
    subjects = list(
        dict.fromkeys(
            triple.subject
            for triple in file.triples
            if isinstance(triple.subject, ox.NamedNode)
            and not triple.subject.value.startswith(things)
        )
    )
    if not subjects:
        return
    first = subjects[0]
    others = f" (as {len(subjects) - 1} more here)" if len(subjects) > 1 else ""
    message = (
        f"{first} is no thing of this graph{others}: by void:uriSpace in dataset.ttl, "
        f"its IRI begins with {things}; look at BASE"
    )
    for subject in subjects:
        file.tell(subject.value, None)
    line = line_of(file.positions, first)
    yield Problem(file.name, line, Severity.VIOLATION, message, focus=first.value)


def _data(graph: ParsedGraph) -> Iterator[tuple[ox.NamedNode, Content]]:
    """The files of data/."""
    for iri, content in graph.contents.items():
        if graph.part(iri).startswith("data/"):
            yield iri, content


def _untyped(graph: ParsedGraph) -> Iterator[Problem]:
    wanted = {term for _, content in _data(graph) for term in content.untyped}
    if not wanted:
        return
    for content in graph.contents.values():
        wanted -= set(content.subjects) - set(content.untyped)
    told: set[str] = set()
    for iri, content in _data(graph):
        for term in content.untyped:
            if term not in wanted or term in told or term in graph.skipped:
                continue
            told.add(term)
            subject = ox.NamedNode(term[1:-1])
            path, line = graph.place(subject, within=iri)
            message = "nothing says what this is: begin its block with `a` and a class"
            graph.tell(subject.value, None)
            yield Problem(path, line, Severity.VIOLATION, message, focus=subject.value)


def _duplicates(graph: ParsedGraph) -> Iterator[Problem]:
    again = set(_twice(graph))
    if not again:
        return
    first: dict[ox.Triple, ox.NamedNode] = {}
    for iri, content in graph.contents.items():
        for triple in parsed(b"".join(line for line in content.lines if line in again)):
            # What a blank node stands for differs from file to file.
            if isinstance(triple.subject, ox.BlankNode) or isinstance(triple.object, ox.BlankNode):
                continue
            if (other := first.setdefault(triple, iri)) != iri:
                path, line = graph.place(*triple, within=other)
                message = f"this triple also stands in {path}:{line}: keep it in one file only"
                yield _problem(_Within(graph, iri), triple, message)


def _twice(graph: ParsedGraph) -> Iterator[bytes]:
    """The lines that stand in two files, some of them twice.

    Those of one slot are looked at together, so that few are held at a time.
    """
    holders: defaultdict[str, list[Lines]] = defaultdict(list)
    for content in graph.contents.values():
        for name in content.lines.slots:
            holders[name].append(content.lines)
    for name, holding in holders.items():
        seen: set[bytes] = set()
        for lines in holding if len(holding) > 1 else ():
            slot = lines.slots[name]
            found = lines.text[slot.start : slot.end].splitlines(keepends=True)
            yield from seen.intersection(found)
            seen.update(found)


def _undescribed(graph: ParsedGraph) -> Iterator[Problem]:
    """Words of the ontology that it does not declare, things that nothing describes."""
    declared, known = words_and_things(graph)
    words = tuple(f"<{word}" for word in graph.words)
    near = Near(graph)
    for iri, content in graph.contents.items():
        wrong = {
            term
            for term in content.mentions
            if term not in (declared if term.startswith(words) else known)
        }
        if graph.lost:
            wrong = {term for term in wrong if term.startswith(words)}
        for subject, predicate, value in content.lines.triples if wrong else ():
            triple, file = ox.Triple(subject, predicate, value), _Within(graph, iri)
            if str(predicate) in wrong and str(predicate).startswith(words):
                hint, meant = near.hint(predicate.value)
                message = f"the ontology does not declare {short(predicate)}{hint}"
                yield _problem(file, triple, message)
                if meant and isinstance(subject, ox.NamedNode):
                    graph.tell(subject.value, meant)
            if not isinstance(value, ox.NamedNode) or str(value) not in wrong:
                continue
            hint, _ = near.hint(value.value)
            if str(value).startswith(words):
                message = f"the ontology does not declare {short(value)}{hint}"
                yield _problem(file, triple, message, whole=predicate == RDF.type)
            else:
                name = value.value.partition("/id/")[2] or value.value
                yield _problem(file, triple, f"nothing describes <{name}>{hint}")


def words_and_things(graph: ParsedGraph) -> tuple[set[str], set[str]]:
    """The words that the ontology declares, and all that is described, as N-Triples write them.

    What could not be read whole is among both.
    """
    declared = {
        subject
        for iri, content in graph.contents.items()
        if is_in(graph.part(iri), "ontology")
        for subject in content.subjects
    }
    return declared | graph.skipped, graph.described.keys() | graph.skipped


def own_and_shared(folder: GraphFolder) -> tuple[str, ...]:
    """What IRIs begin with that the files of the graph, or those it shares, must describe."""
    own, *shared = (home.base for home in folder.homes)
    starts = [(f"{base}shapes#", f"{base}id/code/") for base in shared]
    return (f"{own}shapes#", f"{own}id/", *(start for pair in starts for start in pair))


class Near:
    """Finds which of the known IRIs a wrong one was meant to be."""

    def __init__(self, graph: ParsedGraph) -> None:
        self._graph = graph
        self._hints: dict[str, tuple[str, str | None]] = {}

    @cached_property
    def _known(self) -> tuple[Mapping[str, list[str]], Mapping[str, list[str]]]:
        """The last parts of what is described, by the part before; and IRIs by their last part."""
        kinds: defaultdict[str, list[str]] = defaultdict(list)
        keys: defaultdict[str, list[str]] = defaultdict(list)
        known = self._graph.described.keys() | self._graph.skipped
        for iri in sorted(term[1:-1] for term in known if term.startswith("<")):
            kind, key = _kind_and_key(iri)
            kinds[kind].append(key)
            keys[key].append(iri)
        return kinds, keys

    def hint(self, iri: str) -> tuple[str, str | None]:
        """``; did you mean …?`` with the likeliest IRI, or an empty string and None."""
        if iri not in self._hints:
            meant = self._meant(iri) if len(self._hints) < MAX_SUGGESTIONS else None
            shown = short(meant) if meant else ""
            if shown.startswith("<") and meant:
                shown = f"<{meant.partition('/id/')[2] or meant}>"
            self._hints[iri] = (f"; did you mean {shown}?" if meant else "", meant)
        return self._hints[iri]

    def _meant(self, iri: str) -> str | None:
        kind, key = _kind_and_key(iri)
        kinds, keys = self._known
        if near := get_close_matches(key, kinds.get(kind, ()), n=1, cutoff=0.75):
            return kind + near[0]
        return next(iter(keys.get(key, ())), None)


def _kind_and_key(iri: str) -> tuple[str, str]:
    """An IRI cut behind its namespace, or behind the kind of thing that it names."""
    if "#" in iri:
        namespace, mark, name = iri.rpartition("#")
        return namespace + mark, name
    before, mark, path = iri.partition("/id/")
    kind, slash, key = path.partition("/")
    return before + mark + kind + slash, key


def _literals(file: OneFile, known: dict[ox.Literal, str | None]) -> Iterator[Problem]:
    """Literals whose value cannot be read, or that a store would write in another way."""
    plain = (XSD.string, RDF.langString)
    typed = [
        (value, triple)
        for triple in file.triples
        if isinstance(value := triple.object, ox.Literal) and value.datatype not in plain
    ]
    fresh = list(dict.fromkeys(value for value, _ in typed if value not in known))
    known.update(dict.fromkeys(fresh))
    known.update(literal_mistakes(fresh))
    for value, triple in typed:
        if (message := known[value]) is not None:
            yield _problem(file, triple, message)


def literal_mistakes(literals: Sequence[ox.Literal]) -> Iterator[tuple[ox.Literal, str]]:
    """Each of *literals* that is not as it should be, with what it should be."""
    store = ox.Store()
    marks = [ox.NamedNode(f"literal:{number}") for number in range(len(literals))]
    store.extend(
        ox.Quad(mark, RDF.value, literal) for mark, literal in zip(marks, literals, strict=True)
    )
    for mark, literal in zip(marks, literals, strict=True):
        if (reason := unreadable(literal)) is not None:
            yield literal, reason
            continue
        stored = next(store.quads_for_pattern(mark, None, None)).object
        if stored != literal and isinstance(stored, ox.Literal):
            yield (
                literal,
                (f"{_written(literal)} is not in canonical form: write {_written(stored)}"),
            )


def _written(literal: ox.Literal) -> str:
    return f'"{literal.value}"^^{short(literal.datatype)}'


def unreadable(literal: ox.Literal) -> str | None:
    """Why *literal* has no value in its XSD datatype, or None; other datatypes are not judged."""
    if literal.datatype not in XSD:
        return None
    name = literal.datatype.value.removeprefix(XSD.iri)
    if name not in LEXICAL_FORMS:
        near = get_close_matches(name, LEXICAL_FORMS, n=1) or ["string"]
        return f"there is no datatype xsd:{name}; did you mean xsd:{near[0]}?"
    form = LEXICAL_FORMS[name].fullmatch(literal.value)
    if form is not None and _is_day(form):
        return None
    return f"{_written(literal)} is no {name}: write one, or give it the datatype that it has"


def _is_day(form: re.Match[str]) -> bool:
    """Whether the calendar has the day that was read, if one was."""
    parts = form.groupdict()
    if parts.get("day") is None:
        return True
    # The calendar repeats every 400 years; without a year, 29 February is a day.
    year = int(parts.get("year") or "2000") % 400 + 2000
    month = int(parts.get("month") or "1")
    return 1 <= int(parts["day"]) <= calendar.monthrange(year, month)[1]
