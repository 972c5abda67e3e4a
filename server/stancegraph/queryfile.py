"""Files of saved queries and rules: their header, their parameters, and binding these.

A file begins with lines ``#+``, which together are YAML: ``summary`` and ``description``;
``params``, the type of each parameter; for a saved query ``columns``, what it projects;
for a rule ``inputs``, the graphs it reads. A line marked ``#= params`` is a VALUES block of
one row: a real example, so that the file runs as it stands. Binding rebuilds each such line
from RDF terms; text of a caller never becomes text of a query.
"""

from __future__ import annotations

import difflib
import hashlib
import itertools
import re
from dataclasses import dataclass, field
from math import prod
from typing import TYPE_CHECKING, Any, TypeVar

import pyoxigraph as ox
import yaml

from stancegraph import comparison, listing, scopes, sparql
from stancegraph.errors import BadParameter, QuerySyntaxError
from stancegraph.export.declared import read_network, read_table
from stancegraph.parameters import Parameter, as_tuple, declared, wrong_declaration
from stancegraph.problems import FOUND, Problem, Severity
from stancegraph.sections import read_sections
from stancegraph.sparql import Kind, Term, Token

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Mapping, Sequence
    from pathlib import Path

    from stancegraph.comparison import Comparison
    from stancegraph.export.declared import Network, Table
    from stancegraph.folder import GraphFolder
    from stancegraph.listing import Listing
    from stancegraph.parameters import Terms
    from stancegraph.sections import Section
    from stancegraph.sparql import QueryForm

_Yaml = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the one in C may be missing
QUALITY_KEYS = ("problem", "why", "mend")
QUERY_KEYS = (
    *("summary", "description", "keywords", "params", "columns", "view", "bound", "coverage"),
    *("behind", "compare", "list", "page", "services", "table", "network", "subgraph"),
    *QUALITY_KEYS,
)
RULE_KEYS = ("summary", "description", "params", "inputs")
MARK = "#= params"
NAME = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*(?:/[a-z0-9]+(?:-[a-z0-9]+)*)*")
BOUND = 10.0  # seconds that a query may take unless its header says otherwise
MAX_BOUND = 3600.0
STATEMENT = "statement"  # the column in which a query says how complete a list is
MAX_ROWS = 1000  # of a params line, which has one for each combination of the lists in it

# The views of a result, and the parts of each that columns play, needed ones first.
VIEWS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "table": ((), ()),
    "map": (("place", "value"), ("label",)),
    "bars": (("label", "value"), ()),
    "timeline": (("start", "label"), ("end",)),
    "matrix": (("row", "column", "value"), ()),
    "network": (("source", "target"), ("label",)),
}
# What else the header says of a view whose values have colours: their order in the legend, by
# which a thing with several has the first where they are ranked, and those among them which say
# that it is not known.
VALUES = ("order", "ranked", "unknown")


@dataclass(frozen=True, slots=True)
class QueryFile:
    """What saved queries and rules have in common.

    Attributes:
        name: ``theme/name`` of a saved query, the file's stem for a rule.
        path: As in the graph folder, with ``/``.
        params: By name, in the order of the header.
        text: The whole file, which runs as it stands.
    """

    name: str
    path: str
    summary: str
    description: str
    params: Mapping[str, Parameter]
    text: str
    _lines: tuple[tuple[int, int, tuple[str, ...]], ...] = field(repr=False)

    @property
    def version(self) -> str:
        """What tells this text from any other: its SHA-256, in hexadecimal."""
        return hashlib.sha256(self.text.encode()).hexdigest()

    def bind(self, terms: Terms) -> str:
        """The text with its parameters set to *terms*, one term or more for each.

        One that is optional may be left out, and only a list has several.

        Raises:
            BadParameter: *terms* lacks a declared name, holds an undeclared one, or a term
                is not of the declared type; or lists have too many combinations.
        """
        for name in terms:
            if name not in self.params:
                raise BadParameter(name, not_declared(name, self.params))
        values = {name: _values(parameter, terms) for name, parameter in self.params.items()}
        parts: list[str] = []
        end = 0
        for start, stop, variables in self._lines:
            row = {name: values[name] for name in variables}
            lists = [name for name in variables if len(values[name]) > 1]
            if (rows := prod(len(values[name]) for name in lists)) > MAX_ROWS:
                names = " and ".join(lists)
                raise BadParameter(
                    lists[0], f"{names} have {rows} combinations, more than {MAX_ROWS}: give fewer"
                )
            parts += (self.text[end:start], sparql.values_line(row))
            end = stop
        return "".join([*parts, self.text[end:]])


def _values(parameter: Parameter, terms: Terms) -> tuple[Term, ...]:
    """What *terms* set *parameter* to; none where an optional one is left out.

    Raises:
        BadParameter: they do not fit it.
    """
    values = as_tuple(terms.get(parameter.name, ()))
    if not values and not parameter.optional:
        problem = f"is missing; for example {_shown(parameter.example)}"
        raise BadParameter(parameter.name, problem)
    if len(values) > 1 and not parameter.is_list:
        raise BadParameter(parameter.name, "takes one value")
    if not all(parameter.fits(term) for term in values):
        raise BadParameter(parameter.name, f"is not of type {parameter.type}")
    return values


@dataclass(frozen=True, slots=True)
class View:
    """Which view of the result fits a query.

    Attributes:
        type: One of ``VIEWS``.
        columns: The columns that it shows, by the part that they play in it.
        order: Values that have colours of their own, as the legend lists them.
        ranked: Whether a thing with several of these has the first of them.
        unknown: Values which say that it is not known.
    """

    type: str = "table"
    columns: Mapping[str, str] = field(default_factory=dict)
    order: tuple[str, ...] = ()
    ranked: bool = False
    unknown: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Companion:
    """A query that tells more of the rows of another.

    Attributes:
        query: Its name.
        values: By parameter of it, names of parameters of the other query, whose values it
            gets; or values as a caller would write them; or, where it tells of one row,
            names of columns.
    """

    query: str
    values: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Flaw:
    """What a quality query finds in a graph.

    Attributes:
        problem: What is wrong with each row, in a line.
        why: Why it matters.
        mend: What to do about it.
    """

    problem: str
    why: str
    mend: str


@dataclass(frozen=True, slots=True)
class SavedQuery(QueryFile):
    """A question of ``queries/<theme>/<name>.rq``.

    Attributes:
        columns: The variables it projects, in order; empty unless it is a SELECT.
        keywords: What it is about, for whoever looks for it.
        bound: Seconds that it may take; a build tells where it is slower.
        coverage: What says how complete the lists are; None where no absence could mislead.
        behind: What lists the claims on which one row rests; None where the row leads to them.
        flaw: What it finds, if it is a quality query; then it projects ``FOUND``.
        sections: The pages that show its rows.
        listing: The list whose things it shows; None for most queries.
        comparison: How it compares things side by side; None for most queries.
        services: IRIs of the endpoints that it asks by SERVICE. Such a query is answered where
            the operator allows these; no build asks it, and no rows of it are kept.
        table: What its rows and columns hold, as a table to take away; None for most queries.
        network: How its rows are edges; None for most queries.
        subgraph: Whether its rows are the things of a part of the graph.
    """

    columns: tuple[str, ...]
    keywords: tuple[str, ...] = ()
    view: View = View()
    bound: float = BOUND
    coverage: Companion | None = None
    behind: Companion | None = None
    flaw: Flaw | None = None
    sections: tuple[Section, ...] = ()
    listing: Listing | None = None
    comparison: Comparison | None = None
    services: tuple[str, ...] = ()
    table: Table | None = None
    network: Network | None = None
    subgraph: bool = False

    @property
    def theme(self) -> str:
        """The folder it is in; empty for a query directly in ``queries/``."""
        return self.name.rpartition("/")[0]


@dataclass(frozen=True, slots=True)
class Rule(QueryFile):
    """A CONSTRUCT of ``ontology/rules/<name>.rq``, which writes ``graph/derived/<name>``.

    Attributes:
        inputs: The graphs it reads, as prefixes of graph names: ``data`` for all under
            ``graph/data/``, ``derived/dates`` for what that rule wrote.
    """

    inputs: tuple[str, ...]


_AnyFile = TypeVar("_AnyFile", SavedQuery, Rule)


def read_queries(root: Path) -> tuple[list[SavedQuery], list[Problem]]:
    """The saved queries under *root*/queries, in order, and all that is wrong in them."""
    queries, problems = _read_all(root, sorted((root / "queries").rglob("*.rq")), _read_query)
    broken = {problem.path.removeprefix("queries/").removesuffix(".rq") for problem in problems}
    by_name = {query.name: query for query in queries}
    for query in queries:
        for key, companion in (("coverage", query.coverage), ("behind", query.behind)):
            # What a broken companion has cannot be told before it is mended.
            if companion is not None and companion.query not in broken:
                wrong = _wrong_companion(key, companion, query, by_name)
                line = line_of(query, rf"^#\+ {key}:")
                problems += [Problem(query.path, line, Severity.VIOLATION, told) for told in wrong]
    return queries, sorted(problems, key=lambda problem: problem.sort_key)


def _wrong_companion(
    key: str, companion: Companion, query: SavedQuery, by_name: Mapping[str, SavedQuery]
) -> list[str]:
    """What is wrong with the companion that *key* of the header of *query* names."""
    made = by_name.get(companion.query)
    if made is None:
        near = difflib.get_close_matches(companion.query, by_name, n=1)
        hint = f"; did you mean {near[0]}?" if near else ""
        return [f"{key}: there is no query {companion.query!r}{hint}"]
    told = [f"{key}: {n} {not_declared(n, made.params)}" for n in companion.values
            if n not in made.params]  # fmt: skip
    told += [
        f"{key}: {made.name} needs {name}: add it, as {{query: {made.name}, {name}: …}}"
        for name, parameter in made.params.items()
        if parameter.needed and name not in companion.values
    ]
    if key == "coverage" and STATEMENT not in made.columns:
        told.append(f"{key}: {made.name} projects no ?{STATEMENT}, which would be shown")
    if key == "behind":
        told += [
            f"behind: {value!r} is neither a column nor a parameter of this query"
            for values in companion.values.values()
            for value in values
            if value not in {*query.columns, *query.params}
        ]
    return told


def line_of(query: QueryFile, pattern: str) -> int:
    """The first line of the query's file that *pattern* matches in, else 1."""
    found = re.search(pattern, query.text, re.MULTILINE)
    return query.text.count("\n", 0, found.start()) + 1 if found else 1


def read_rules(folder: GraphFolder) -> tuple[list[Rule], list[Problem]]:
    """The rules that hold for *folder*, by name, and all that is wrong in them.

    Those of the ontology that it shares come with its own.
    """
    rules, problems = _read_all(folder.root, folder.rule_files, _read_rule)
    if folder.vocabulary is None:
        return rules, problems
    shared, wrong = read_rules(folder.vocabulary)
    names = {rule.name for rule in shared}
    problems += wrong
    for rule in rules:
        if rule.name in names:
            message = "the shared ontology has a rule of this name: give this one another"
            problems.append(Problem(rule.path, 1, Severity.VIOLATION, message))
    return sorted([*shared, *rules], key=lambda rule: rule.name), problems


def read_release_rules(root: Path) -> list[Rule]:
    """The rules that a release holds, which its build has checked, by name."""
    return _read_all(root, sorted((root / "ontology" / "rules").glob("*.rq")), _read_rule)[0]


def _read_all(
    root: Path, paths: Sequence[Path], read: Callable[[_Reading], _AnyFile]
) -> tuple[list[_AnyFile], list[Problem]]:
    files: list[_AnyFile] = []
    problems: list[Problem] = []
    for path in paths:
        reading = _Reading(root, path)
        made = read(reading)
        if reading.problems:
            problems += sorted(set(reading.problems), key=lambda problem: problem.sort_key)
        else:
            files.append(made)
    return files, problems


def without_header(text: str) -> str:
    """The text of a query file behind its header."""
    lines = text.splitlines(keepends=True)
    kept = [line for line in lines if not line.startswith("#+")]
    return "".join(kept).strip() + "\n"


def not_declared(name: str, params: Mapping[str, Parameter]) -> str:
    """What to tell a caller who set the undeclared parameter *name*."""
    has = f"it has {', '.join(params)}" if params else "it has none"
    near = difflib.get_close_matches(name, params, n=1)
    return f"is no parameter of this query; {f'did you mean {near[0]}?' if near else has}"


def _shown(term: Term) -> str:
    return str(term) if isinstance(term, ox.NamedNode) else term.value


class _Reading:
    """One file being read: its text, its tokens, its header, and what is wrong with it."""

    def __init__(self, root: Path, path: Path) -> None:
        self.path = path.relative_to(root).as_posix()
        self.problems: list[Problem] = []
        self.parsed = False
        self.unread: set[str] = set()  # what params lines name that could not be read
        self.text = ""
        self.all: list[Token] = []
        self.tokens: list[Token] = []
        self.header: dict[str, Any] = {}
        self._lines: dict[str, int] = {}
        self._params: dict[str, int] = {}
        try:
            self.text = path.read_bytes().decode("utf-8")
        except UnicodeDecodeError as error:
            self.problem(1, f"is not UTF-8 (byte {error.start}): save it as UTF-8")
            return
        except OSError as error:
            self.problem(1, f"cannot be read: {error.strerror}")
            return
        try:
            self.all = list(sparql.kept_tokens(self.text, comments=True))
            self.tokens = list(sparql.kept_tokens(self.text))
            # A missing prefix is told for itself, and hides nothing else that is wrong.
            missing = self._missing_prefixes()
            declared = "".join(f"PREFIX {p}: <urn:x:> " for p in missing)
            sparql.check_syntax(declared + self.text, federated=True)
            self.parsed = True
        except QuerySyntaxError as error:
            self.problem(error.line or 1, error.message, error.column)
        self._read_header()

    def _missing_prefixes(self) -> list[str]:
        declared = sparql.prefixes(self.tokens)
        used = sparql.used_prefixes(self.tokens)
        for prefix, token in used.items():
            if prefix not in declared:
                message = f"no PREFIX line declares {prefix}: of {token.text}"
                self.problem(token.line, message, token.column)
        return [prefix for prefix in used if prefix not in declared]

    @property
    def form(self) -> QueryForm | None:
        """The form of the query; None where it cannot be parsed."""
        return sparql.query_form(self.text) if self.parsed else None

    def problem(self, line: int, message: str, column: int | None = None) -> None:
        self.problems.append(Problem(self.path, line, Severity.VIOLATION, message, column))

    def _read_header(self) -> None:
        lines = self.text.splitlines()
        begun = next((i for i, line in enumerate(lines) if line.startswith("#+")), None)
        if begun is None:
            self.problem(1, "has no header: begin with lines '#+ summary: …' and so on")
            return
        kept = []
        for line in lines[begun:]:
            if not line.startswith("#+"):
                break
            kept.append(line[2:].removeprefix(" "))
        try:
            header = yaml.load("\n".join(kept), Loader=_Yaml)  # noqa: S506 - both are safe
        except yaml.YAMLError as error:
            mark = getattr(error, "problem_mark", None)
            at = begun + 1 + min(mark.line if mark else 0, len(kept) - 1)
            self.problem(at, f"the header is not YAML: {getattr(error, 'problem', error)}")
            return
        if not isinstance(header, dict):
            self.problem(begun + 1, "the header must be YAML of the form 'key: value'")
            return
        self.header = header
        last = ""
        for number, line in enumerate(kept, begun + 1):
            if key := re.match(r"(\w+):", line):
                last = key[1]
                self._lines.setdefault(last, number)
            elif last == "params" and (key := re.match(r"\s+(\w+):", line)):
                self._params.setdefault(key[1], number)

    def line_of(self, key: str) -> int:
        """The line of a header key; 1 where it is missing."""
        return self._lines.get(key, 1)

    def line_of_param(self, name: str) -> int:
        """The line that declares the parameter *name*; that of params where it shares it."""
        return self._params.get(name, self.line_of("params"))

    def check_keys(self, allowed: Sequence[str], needed: Sequence[str]) -> None:
        if not self.header:
            return
        for key in self.header:
            if key not in allowed:
                hint = " or ".join(difflib.get_close_matches(str(key), allowed, n=1) or allowed)
                self.problem(self.line_of(str(key)), f"unknown header key {key!r}: write {hint}")
        for key in needed:
            if not self.header.get(key):
                self.problem(1, f"the header has no {key}: add a line '#+ {key}: …'")

    def text_of(self, key: str) -> str:
        value = self.header.get(key, "")
        if not isinstance(value, str):
            self.problem(self.line_of(key), f"{key} must be text; put it in quotes")
            return ""
        return value.strip()

    def list_of(self, key: str) -> tuple[str, ...]:
        value = self.header.get(key) or []
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            self.problem(self.line_of(key), f"{key} must be a list of words: [one, two]")
            return ()
        return tuple(value)

    def check_prologue(self) -> None:
        """Absolute IRIs and declared prefixes only, so that the text runs anywhere."""
        for token in self.tokens:
            if token.is_word("BASE"):
                self.problem(token.line, "BASE is not used here: write absolute IRIs")
            if token.kind is Kind.IRI and not re.match(r"<[A-Za-z][A-Za-z0-9+.-]*:", token.text):
                self.problem(token.line, f"{token.text} is relative: write an absolute IRI")


@dataclass(frozen=True, slots=True)
class _Line:
    """A params line: where its VALUES block stands in the text, and what it binds."""

    number: int
    start: int
    stop: int
    terms: dict[str, tuple[Term, ...]]


def _params_lines(reading: _Reading) -> list[_Line]:
    by_line: dict[int, list[Token]] = {}
    for token in reading.all:
        by_line.setdefault(token.line, []).append(token)
    lines = []
    for number, row in by_line.items():
        if not (row[-1].kind is Kind.COMMENT and row[-1].text.startswith(MARK)):
            continue
        block = row[:-1]
        whole = bool(block) and block[0].is_word("VALUES") and block[-1].text == "}"
        terms = _examples(reading, block) if whole else None
        if terms is None:
            message = f"a line marked {MARK} holds one VALUES block of one row"
            reading.problem(number, f"{message}; of lists, one of each combination")
            reading.unread |= {t.text[1:] for t in block if t.kind is Kind.VARIABLE}
            continue
        last = block[-1]
        lines.append(_Line(number, block[0].start, last.start + len(last.text), terms))
    return lines


def _examples(reading: _Reading, block: list[Token]) -> dict[str, tuple[Term, ...]] | None:
    """The terms of each variable of a VALUES block, as the engine reads them.

    None if the rows are not each combination of these once, in any order.
    """
    prologue = "".join(
        f"PREFIX {name}: <{iri}>\n" for name, iri in sparql.prefixes(reading.tokens).items()
    )
    text = " ".join(token.text for token in block).replace(" ^^ ", "^^")
    try:
        variables = dict.fromkeys(token.text for token in block if token.kind is Kind.VARIABLE)
        results = ox.Store().query(f"{prologue}SELECT {' '.join(variables)} {{ {text} }}")
    except SyntaxError:
        return None
    assert isinstance(results, ox.QuerySolutions)  # noqa: S101 - it is a SELECT
    names = [variable.value for variable in results.variables]
    rows = [tuple(row) for row in results]
    if not rows or not names or not all(isinstance(term, Term) for row in rows for term in row):
        return None
    values = [tuple(dict.fromkeys(column)) for column in zip(*rows, strict=True)]
    if sorted(map(str, rows)) != sorted(map(str, itertools.product(*values))):
        return None
    return dict(zip(names, values, strict=True))


def _parameters(reading: _Reading, lines: Sequence[_Line]) -> dict[str, Parameter]:
    """The declared parameters that are in order; the others are told as problems."""
    announced = reading.header.get("params") or {}
    if not isinstance(announced, dict):
        reading.problem(
            reading.line_of("params"), "params must give each name its type: {country: iri}"
        )
        return {}
    examples = _agreed(reading, lines, announced)
    prefixes = sparql.prefixes(reading.tokens)
    params = {}
    for name, declaration in announced.items():
        at = reading.line_of_param(name)
        said: dict[str, Any] = (
            declaration if isinstance(declaration, dict) else {"type": declaration}
        )
        if wrong := wrong_declaration(said):
            reading.problem(at, f"parameter {name}: {wrong}")
        elif name not in examples and name in reading.unread:
            continue
        elif name not in examples:
            reading.problem(at, f"parameter {name} is bound by no line marked {MARK}")
        elif isinstance(made := declared(name, said, examples[name], prefixes), str):
            reading.problem(at, f"parameter {name}: {made}")
        else:
            params[name] = made
    return params


def _agreed(
    reading: _Reading, lines: Sequence[_Line], announced: Container[str]
) -> dict[str, tuple[Term, ...]]:
    """What the params lines bind each variable to; that they differ is told."""
    examples: dict[str, tuple[Term, ...]] = {}
    for line in lines:
        for name, terms in line.terms.items():
            if name not in announced:
                reading.problem(line.number, f"?{name} is not declared: add it to params")
            if examples.setdefault(name, terms) != terms:
                reading.problem(line.number, f"?{name} has another value in an earlier params line")
    return examples


def _check_scopes(reading: _Reading, names: Sequence[str], lines: Sequence[_Line]) -> None:
    if not reading.parsed:
        return
    root = scopes.groups(reading.tokens)
    numbers = {line.number for line in lines}
    for name in names:
        for group in root.walk():
            token = group.values.get(name)
            if token is not None and token.line not in numbers:
                reading.problem(token.line, f"VALUES binds ?{name}: mark the line {MARK}")
        for number in dict.fromkeys(token.line for token in scopes.unbound(root, name)):
            reading.problem(
                number,
                f"?{name} is not bound in this scope: repeat the params line inside the MINUS, "
                "sub-SELECT or nested group",
            )


def _read_query(reading: _Reading) -> SavedQuery:
    reading.check_keys(QUERY_KEYS, ["summary"])
    columns = reading.list_of("columns")
    if reading.form == "SELECT":
        _check_select(reading, columns)
    stem = reading.path.removeprefix("queries/").removesuffix(".rq")
    if not NAME.fullmatch(stem):
        message = (
            "a query's path is its address: use small letters, digits and '-', as votes/by-day"
        )
        reading.problem(1, message)
    common = _common(reading, stem)
    table = _table(reading, columns)
    return SavedQuery(
        *common,
        columns=columns,
        keywords=reading.list_of("keywords"),
        view=_view(reading, columns),
        bound=_bound(reading),
        coverage=_companion(reading, "coverage"),
        behind=_companion(reading, "behind"),
        flaw=_flaw(reading, columns),
        sections=_sections(reading, common[4], columns),
        listing=_listing(reading, columns),
        comparison=_comparison(reading, common[4], columns),
        services=_services(reading),
        table=table,
        network=_network(reading, columns, table),
        subgraph=_subgraph(reading, columns),
    )


def _services(reading: _Reading) -> tuple[str, ...]:
    """The endpoints that it asks by SERVICE: those that the header declares, and no others."""
    declared = reading.list_of("services")
    asked = sparql.services(reading.text) if reading.parsed else []
    for iri, token in asked:
        if iri not in declared:
            message = "SERVICE asks another server: name its IRI in services, or leave it out"
            reading.problem(token.line, message, token.column)
    for iri in declared:
        if reading.parsed and iri not in {named for named, _ in asked}:
            reading.problem(reading.line_of("services"), f"services: the query never asks {iri}")
    return declared


def _table(reading: _Reading, columns: tuple[str, ...]) -> Table | None:
    """What the rows and columns hold as a table to take away; None for most queries."""
    if "table" not in reading.header:
        return None
    found, wrong = read_table(reading.header["table"], columns, sparql.prefixes(reading.tokens))
    if any(parameter.get("default") is None and not parameter.get("optional")
           for parameter in _declared(reading)):  # fmt: skip
        wrong.append("table: it is asked for as a whole: let each parameter be left out")
    for told in wrong:
        reading.problem(reading.line_of("table"), told)
    return found


def _subgraph(reading: _Reading, columns: tuple[str, ...]) -> bool:
    """Whether the rows are the things of a part of the graph."""
    said = reading.header.get("subgraph", False)
    if not isinstance(said, bool) or (said and columns != (listing.THING,)):
        told = f"subgraph is true or false, and where true the one column is {listing.THING}"
        reading.problem(reading.line_of("subgraph"), told)
    return said is True


def _network(reading: _Reading, columns: tuple[str, ...], table: Table | None) -> Network | None:
    """How the rows are edges; None for most queries."""
    if "network" not in reading.header:
        return None
    found, wrong = read_network(reading.header["network"], columns, table)
    for told in wrong:
        reading.problem(reading.line_of("network"), told)
    return found


def _sections(
    reading: _Reading, params: Mapping[str, Parameter], columns: tuple[str, ...]
) -> tuple[Section, ...]:
    said = reading.header.get("page")
    if said is None:
        return ()
    prefixes = sparql.prefixes(reading.tokens)
    sections, problems = read_sections(said, params, columns, prefixes)
    for problem in problems:
        reading.problem(reading.line_of("page"), problem)
    if sections and reading.form not in {None, "SELECT"}:
        reading.problem(reading.line_of("page"), "page: only a SELECT has rows to show")
    return sections


def _companion(reading: _Reading, key: str) -> Companion | None:
    """The query that *key* of the header names, and what it is asked."""
    said = reading.header.get(key)
    if said is None:
        return None
    parts = said if isinstance(said, dict) else {"query": said}
    at = reading.line_of(key)
    if not isinstance(parts.get("query"), str):
        reading.problem(at, f"{key} must name a query: {{query: coverage/lists, of: treaty}}")
        return None
    values: dict[str, tuple[str, ...]] = {}
    for name, given in parts.items():
        found = given if isinstance(given, list) else [given]
        if name != "query" and all(isinstance(value, str) for value in found):
            values[str(name)] = tuple(found)
        elif name != "query":
            reading.problem(at, f"{key}: {name} must be text or a list of texts")
    return Companion(parts["query"], values)


def _comparison(
    reading: _Reading, params: Mapping[str, Parameter], columns: tuple[str, ...]
) -> Comparison | None:
    """How the query compares things; None for a query of another kind."""
    if "compare" not in reading.header:
        return None
    view = reading.header.get("view")
    drawn = (view.get("type") if isinstance(view, dict) else view) == "matrix"
    found, wrong = comparison.read(reading.header["compare"], params, columns, drawn=drawn)
    for told in wrong:
        reading.problem(reading.line_of("compare"), told)
    return found


def _listing(reading: _Reading, columns: tuple[str, ...]) -> Listing | None:
    """The list whose things the query shows; None for a query of another kind."""
    if "list" not in reading.header:
        return None
    found, wrong = listing.read(reading.header["list"], sparql.prefixes(reading.tokens), columns)
    params = reading.header.get("params")
    declared = params.get(listing.THING) if isinstance(params, dict) else None
    if not isinstance(declared, dict) or not declared.get("list") or len(params or ()) > 1:
        told = f"a query with a list has one parameter, {listing.THING}: {{type: iri, list: true}}"
        wrong.append(told)
    if listing.THING not in columns:
        wrong.append(f"a query with a list projects ?{listing.THING}: which row is of which")
    for told in wrong:
        reading.problem(reading.line_of("list"), told)
    return found


def _flaw(reading: _Reading, columns: tuple[str, ...]) -> Flaw | None:
    """What a quality query finds; None for a query of another kind."""
    given = [key for key in QUALITY_KEYS if reading.header.get(key)]
    if not given:
        return None
    for key in QUALITY_KEYS:
        if key not in given:
            message = f"a query with {given[0]} is a quality query: add a line '#+ {key}: …'"
            reading.problem(reading.line_of(given[0]), message)
    if missing := [f"?{name}" for name in FOUND if name not in columns]:
        message = f"a quality query projects {', '.join(missing)} too: what is wrong with which"
        reading.problem(reading.line_of("columns"), message)
    if any(parameter.get("default") is None for parameter in _declared(reading)):
        message = "a quality query is asked without parameters: give each a default"
        reading.problem(reading.line_of("params"), message)
    return Flaw(*(reading.text_of(key) for key in QUALITY_KEYS))


def _declared(reading: _Reading) -> list[dict[str, Any]]:
    """The declarations of parameters that are written at length or by their type."""
    said = reading.header.get("params")
    found = said.values() if isinstance(said, dict) else ()
    return [each if isinstance(each, dict) else {} for each in found]


def _view(reading: _Reading, columns: tuple[str, ...]) -> View:
    said = reading.header.get("view", "table")
    parts = said if isinstance(said, dict) else {"type": said}
    at = reading.line_of("view")
    if parts.get("type") not in VIEWS:
        reading.problem(at, f"view must be one of {', '.join(VIEWS)}")
        return View()
    needed, others = VIEWS[parts["type"]]
    values = {key: _values_of_view(reading, parts, key) for key in VALUES}
    found = {part: column for part, column in parts.items() if part not in {"type", *VALUES}}
    if missing := [part for part in needed if part not in found]:
        shown = ", ".join(f"{part}: column" for part in needed)
        message = f"the view needs {' and '.join(missing)}: {{type: {parts['type']}, {shown}}}"
        reading.problem(at, message)
    for part, column in found.items():
        if part not in (*needed, *others):
            reading.problem(at, f"the view {parts['type']} has no part {part!r}")
        elif column not in columns:
            near = difflib.get_close_matches(str(column), columns, n=1)
            hint = f"; did you mean {near[0]}?" if near else ""
            reading.problem(at, f"the view shows {column!r}, which is no column{hint}")
    return View(
        parts["type"],
        found,
        order=values["ranked"] or values["order"],
        ranked=bool(values["ranked"]),
        unknown=values["unknown"],
    )


def _values_of_view(reading: _Reading, parts: Mapping[str, Any], key: str) -> tuple[str, ...]:
    """The values that the header lists for a view under *key*."""
    said = parts.get(key, [])
    listed = said if isinstance(said, list) else [said]
    if listed and "value" not in VIEWS[parts["type"]][0]:
        reading.problem(reading.line_of("view"), f"the view {parts['type']} has no {key} of values")
    elif not all(isinstance(value, str) for value in listed):
        message = f"view: {key} must be a list of texts; put yes and no in quotes: ['yes', 'no']"
        reading.problem(reading.line_of("view"), message)
    else:
        return tuple(listed)
    return ()


def _bound(reading: _Reading) -> float:
    seconds = reading.header.get("bound", BOUND)
    if isinstance(seconds, bool) or not isinstance(seconds, int | float):
        seconds = 0
    if not 0 < seconds <= MAX_BOUND:
        message = f"bound must be a number of seconds, up to {MAX_BOUND:g}"
        reading.problem(reading.line_of("bound"), message)
    return float(seconds)


def _check_select(reading: _Reading, columns: tuple[str, ...]) -> None:
    at = reading.line_of("columns")
    projected = scopes.projection(reading.tokens)
    if not columns:
        reading.problem(1, "the header has no columns: add a line '#+ columns: […]'")
    elif projected is None:
        reading.problem(at, "SELECT * projects what it finds: name the columns instead")
    elif list(columns) != projected:
        told = ", ".join(projected)
        reading.problem(at, f"columns are not what SELECT projects, in its order: {told}")
    if not scopes.is_ordered(reading.tokens):
        last = reading.tokens[-1].line
        reading.problem(last, "a SELECT needs ORDER BY: its rows must always come in one order")


def _read_rule(reading: _Reading) -> Rule:
    reading.check_keys(RULE_KEYS, ["summary", "inputs"])
    if reading.form not in {None, "CONSTRUCT"}:
        reading.problem(1, "a rule is a CONSTRUCT")
    for _, token in sparql.services(reading.text) if reading.parsed else []:
        reading.problem(
            token.line, "SERVICE is refused: a rule asks this graph alone", token.column
        )
    stem = reading.path.rpartition("/")[2].removesuffix(".rq")
    return Rule(*_common(reading, stem), inputs=reading.list_of("inputs"))


def _common(
    reading: _Reading, name: str
) -> tuple[
    str, str, str, str, dict[str, Parameter], str, tuple[tuple[int, int, tuple[str, ...]], ...]
]:
    reading.check_prologue()
    lines = _params_lines(reading)
    params = _parameters(reading, lines)
    _check_scopes(reading, list(params), lines)
    return (
        name,
        reading.path,
        reading.text_of("summary"),
        reading.text_of("description"),
        params,
        reading.text,
        tuple((line.start, line.stop, tuple(line.terms)) for line in lines),
    )
