"""What must hold of all files together, or of every triple, before shapes look at them."""

from __future__ import annotations

import calendar
import re
from collections import defaultdict
from difflib import get_close_matches
from typing import TYPE_CHECKING

import pyoxigraph as ox

from stancegraph.problems import Problem, Severity
from stancegraph.terms import RDF, XSD, short

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from stancegraph.build.parse import ParsedGraph

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


def problems(graph: ParsedGraph) -> Iterator[Problem]:
    """Everything that is wrong with *graph* apart from what shapes say, in any order.

    Triples that no RDF 1.1 graph can hold are removed from *graph*; what a problem makes
    other checks say is added to its ``told``.
    """
    yield from _triple_terms(graph)
    yield from _blank_nodes(graph)
    yield from _foreign(graph)
    yield from _untyped(graph)
    yield from _duplicates(graph)
    yield from _undescribed(graph)
    yield from _literals(graph)


def _problem(
    graph: ParsedGraph, iri: ox.NamedNode, triple: ox.Triple, message: str, *, whole: bool = False
) -> Problem:
    """A violation by *triple* in the graph *iri*; *whole* if nothing else of its subject counts."""
    subject, predicate, value = triple
    path, line = graph.place(subject, predicate, value, within=iri)
    focus = subject.value if isinstance(subject, ox.NamedNode) else None
    if focus is not None:
        graph.tell(focus, None if whole else predicate.value)
    return Problem(
        path=path,
        line=line,
        severity=Severity.VIOLATION,
        message=message,
        focus=focus,
        property=predicate.value,
        value=str(value),
    )


def _triple_terms(graph: ParsedGraph) -> Iterator[Problem]:
    """RDF 1.2 has more than these files may hold: triples as objects, directions of strings."""
    message = "this is RDF 1.2, which not every tool reads: say it in RDF 1.1"
    for iri, triples in graph.graphs.items():
        wrong = {
            triple
            for triple in triples
            if isinstance(triple.object, ox.Triple)
            or (isinstance(triple.object, ox.Literal) and triple.object.direction is not None)
        }
        for triple in wrong:
            yield _problem(graph, iri, triple, message)
        if wrong:
            graph.graphs[iri] = [triple for triple in triples if triple not in wrong]


def _data(graph: ParsedGraph) -> Iterator[tuple[ox.NamedNode, ox.Triple]]:
    """The triples of data/, each with its graph."""
    for iri, triples in graph.graphs.items():
        if graph.part(iri).startswith("data/"):
            for triple in triples:
                yield iri, triple


def _blank_nodes(graph: ParsedGraph) -> Iterator[Problem]:
    message = "a blank node stands for a thing, so nobody can cite it: give it an IRI"
    blank_graphs = set()
    for iri, triple in _data(graph):
        if isinstance(triple.subject, ox.BlankNode):
            blank_graphs.add(iri)
            graph.tell(str(triple.subject), None)
        elif isinstance(triple.object, ox.BlankNode):
            yield _problem(graph, iri, triple, message)
    for iri in blank_graphs:
        path = graph.folder.relative(graph.files[iri])
        for line in graph.positions(iri).blank_subjects:
            yield Problem(path, line, Severity.VIOLATION, message)


def _foreign(graph: ParsedGraph) -> Iterator[Problem]:
    """Things of data/ that dataset.ttl does not let it describe; once a file."""
    things = f"{graph.folder.base}id/"
    found: defaultdict[ox.NamedNode, dict[ox.NamedNode, None]] = defaultdict(dict)
    for iri, triple in _data(graph):
        if isinstance(triple.subject, ox.NamedNode) and not triple.subject.value.startswith(things):
            found[iri][triple.subject] = None
    for iri, subjects in found.items():
        first = next(iter(subjects))
        others = f" (as {len(subjects) - 1} more here)" if len(subjects) > 1 else ""
        message = (
            f"{first} is no thing of this graph{others}: by void:uriSpace in dataset.ttl, "
            f"its IRI begins with {things}; look at BASE"
        )
        path, line = graph.place(first, within=iri)
        for subject in subjects:
            graph.tell(subject.value, None)
        yield Problem(path, line, Severity.VIOLATION, message, focus=first.value)


def _untyped(graph: ParsedGraph) -> Iterator[Problem]:
    typed = {triple.subject for triple in graph.triples() if triple.predicate == RDF.type}
    first: dict[ox.NamedNode, tuple[ox.NamedNode, ox.Triple]] = {}
    for iri, triple in _data(graph):
        if isinstance(triple.subject, ox.NamedNode) and triple.subject not in typed:
            first.setdefault(triple.subject, (iri, triple))
    for subject, (iri, _) in first.items():
        if subject in graph.skipped:
            continue
        path, line = graph.place(subject, within=iri)
        message = "nothing says what this is: begin its block with `a` and a class"
        graph.tell(subject.value, None)
        yield Problem(path, line, Severity.VIOLATION, message, focus=subject.value)


def _duplicates(graph: ParsedGraph) -> Iterator[Problem]:
    first: dict[ox.Triple, ox.NamedNode] = {}
    for iri, triples in graph.graphs.items():
        for triple in triples:
            # What a blank node stands for differs from file to file.
            if isinstance(triple.subject, ox.BlankNode) or isinstance(triple.object, ox.BlankNode):
                continue
            if (other := first.setdefault(triple, iri)) != iri:
                subject, predicate, value = triple
                path, line = graph.place(subject, predicate, value, within=other)
                message = f"this triple also stands in {path}:{line}: keep it in one file only"
                yield _problem(graph, iri, triple, message)


def _undescribed(graph: ParsedGraph) -> Iterator[Problem]:
    """Words of the ontology that it does not declare, things that nothing describes."""
    things = own_and_shared(graph)
    declared = {triple.subject for triple in graph.triples("ontology")} | graph.skipped
    known = graph.described.keys() | graph.skipped
    near = Near(term.value for term in known if isinstance(term, ox.NamedNode))
    for iri, triples in graph.graphs.items():
        for triple in triples:
            subject, predicate, value = triple
            if predicate.value.startswith(graph.words) and predicate not in declared:
                hint, meant = near.hint(predicate.value)
                message = f"the ontology does not declare {short(predicate)}{hint}"
                yield _problem(graph, iri, triple, message)
                if meant and isinstance(subject, ox.NamedNode):
                    graph.tell(subject.value, meant)
            if not isinstance(value, ox.NamedNode):
                continue
            if value.value.startswith(graph.words) and value not in declared:
                hint, _ = near.hint(value.value)
                message = f"the ontology does not declare {short(value)}{hint}"
                yield _problem(graph, iri, triple, message, whole=predicate == RDF.type)
            elif value.value.startswith(things) and value not in known and not graph.lost:
                hint, _ = near.hint(value.value)
                name = value.value.partition("/id/")[2] or value.value
                yield _problem(graph, iri, triple, f"nothing describes <{name}>{hint}")


def own_and_shared(graph: ParsedGraph) -> tuple[str, ...]:
    """What IRIs begin with that the files of the graph, or those it shares, must describe."""
    own, *shared = (home.base for home in graph.folder.homes)
    starts = [(f"{base}shapes#", f"{base}id/code/") for base in shared]
    return (f"{own}shapes#", f"{own}id/", *(start for pair in starts for start in pair))


class Near:
    """Finds which of the known IRIs a wrong one was meant to be."""

    def __init__(self, known: Iterable[str]) -> None:
        self._kinds: defaultdict[str, list[str]] = defaultdict(list)
        self._keys: defaultdict[str, list[str]] = defaultdict(list)
        for iri in sorted(known):
            kind, key = _kind_and_key(iri)
            self._kinds[kind].append(key)
            self._keys[key].append(iri)
        self._hints: dict[str, tuple[str, str | None]] = {}

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
        if near := get_close_matches(key, self._kinds[kind], n=1, cutoff=0.75):
            return kind + near[0]
        return next(iter(self._keys[key]), None)


def _kind_and_key(iri: str) -> tuple[str, str]:
    """An IRI cut behind its namespace, or behind the kind of thing that it names."""
    if "#" in iri:
        namespace, mark, name = iri.rpartition("#")
        return namespace + mark, name
    before, mark, path = iri.partition("/id/")
    kind, slash, key = path.partition("/")
    return before + mark + kind + slash, key


def _literals(graph: ParsedGraph) -> Iterator[Problem]:
    """Literals whose value cannot be read, or that a store would write in another way."""
    places: defaultdict[ox.Literal, list[tuple[ox.NamedNode, ox.Triple]]] = defaultdict(list)
    for iri, triples in graph.graphs.items():
        for triple in triples:
            if isinstance(triple.object, ox.Literal) and triple.object.datatype not in (
                XSD.string,
                RDF.langString,
            ):
                places[triple.object].append((iri, triple))
    for literal, message in literal_mistakes(list(places)):
        for iri, triple in places[literal]:
            yield _problem(graph, iri, triple, message)


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
