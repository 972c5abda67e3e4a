"""From rows to blocks: what a table says of each subject, held against what stands in the graph.

A row makes the blocks of its template. Those about one subject are united. A claim that
stands already gains evidence; one that differs in a rival column stands beside it, under an
IRI of its own, and says that they contradict each other.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field, replace
from enum import Enum, auto
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

import pyoxigraph as ox

from stancegraph.importers.cells import Value
from stancegraph.problems import Problem, Severity
from stancegraph.tablefile import Cell, Pattern
from stancegraph.terms import RDF, SG, XSD, short

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from stancegraph.build.parse import ParsedGraph
    from stancegraph.importers.cells import Reading
    from stancegraph.importers.table import Table
    from stancegraph.names import Names
    from stancegraph.tablefile import BlockForm, LineForm, Template

Term: TypeAlias = ox.NamedNode | ox.BlankNode | ox.Literal | ox.Triple
Facts: TypeAlias = "Mapping[ox.NamedNode, Iterable[Term]]"

CONTRADICTS = "contradicts"  # the column of the claims that a claim contradicts
SETTLING = ("rank", "unresolved_reason")  # those that tell which of two claims to prefer
DATES = frozenset({XSD.date, XSD.gYearMonth, XSD.gYear})


class Origin(NamedTuple):
    """Where a fact of a new block comes from.

    Attributes:
        line: The row.
        column: A column of the template; empty for what every row says.
        given: Whether the table fills the cell, rather than a default.
        many: Whether a subject may have several such values.
        kept: Whether what stands in the graph stays, whatever the table says.
    """

    line: int
    column: str
    given: bool
    many: bool
    kept: bool


@dataclass
class NewBlock:
    """A block that the graph does not hold yet.

    Attributes:
        facts: The values of each predicate, in the order of the template.
        after: The block that it belongs to; None for one that has a place of its own.
    """

    form: BlockForm
    subject: ox.NamedNode
    reading: Reading
    facts: dict[ox.NamedNode, dict[Term, Origin]]
    after: ox.NamedNode | None = None

    def rename(self, names: Mapping[ox.NamedNode, ox.NamedNode]) -> None:
        """Call things by what *names* has for them, as subject and as values."""
        self.subject = names.get(self.subject, self.subject)
        for predicate, values in self.facts.items():
            self.facts[predicate] = {
                names.get(term, term) if isinstance(term, ox.NamedNode) else term: origin
                for term, origin in values.items()
            }


@dataclass
class Standing:
    """What stands in the graph, by subject.

    Attributes:
        facts: The values of each predicate, in file order.
        below: The subjects whose IRIs go on behind another's, by that other IRI.
        homes: The graph that says of which class a subject is, else the first that names it.
    """

    graph: ParsedGraph
    facts: dict[ox.NamedNode, dict[ox.NamedNode, list[Term]]] = field(default_factory=dict)
    below: defaultdict[str, list[ox.NamedNode]] = field(default_factory=lambda: defaultdict(list))
    homes: dict[ox.NamedNode, ox.NamedNode] = field(default_factory=dict)

    @classmethod
    def of(cls, graph: ParsedGraph) -> Standing:
        """Read what *graph* states."""
        made = cls(graph)
        kind = RDF.type
        for iri, triples in graph.graphs.items():
            for subject, predicate, term in triples:
                if not isinstance(subject, ox.NamedNode):
                    continue
                if subject not in made.facts:
                    made.facts[subject] = {}
                    made.below[subject.value.rpartition("/")[0]].append(subject)
                    made.homes[subject] = iri
                if predicate == kind:
                    made.homes[subject] = iri
                made.facts[subject].setdefault(predicate, []).append(term)
        return made

    def place(self, subject: ox.NamedNode, predicate: ox.NamedNode) -> str:
        """Where a fact stands, as ``path:line``."""
        path, line = self.graph.place(subject, predicate)
        return f"{path}:{line}" if line else path


class Relation(Enum):
    """What a row's claim is to another about the same."""

    SAME = auto()
    SHARPER = auto()
    OTHER = auto()
    RIVAL = auto()


@dataclass
class Union:
    """What the rows of a table add up to.

    Attributes:
        made: The blocks that are new, in the order in which rows made them.
        gained: What standing blocks gain: predicate and value, with where it comes from.
        restated: The standing claims that rows are about; the things, if a kind has no claims.
        problems: Where the table disagrees with itself or with the graph.
        notes: What a person should look at.
    """

    template: Template
    table: Table
    standing: Standing
    names: Names
    made: dict[ox.NamedNode, NewBlock] = field(default_factory=dict)
    gained: dict[ox.NamedNode, dict[tuple[ox.NamedNode, Term], Origin]] = field(
        default_factory=dict
    )
    restated: set[ox.NamedNode] = field(default_factory=set)
    problems: list[Problem] = field(default_factory=list)
    notes: list[Problem] = field(default_factory=list)
    _below: defaultdict[str, list[ox.NamedNode]] = field(default_factory=lambda: defaultdict(list))
    _lists: dict[int, tuple[bool, bool]] = field(default_factory=dict)

    def add(self, readings: Iterable[Reading]) -> None:
        """Unite what all *readings* say, whatever their order."""
        columns = self.template.rivals
        # Who says it more precisely comes first: who says it less precisely then agrees.
        ordered = sorted(
            readings,
            key=lambda reading: [-_precision(reading.values[column]) for column in columns],
        )
        for reading in ordered:
            self._row(reading)

    def facts(self, subject: ox.NamedNode) -> Facts | None:
        """What is said of *subject*, in the graph or by rows before; None if nothing."""
        if subject in self.standing.facts:
            return self.standing.facts[subject]
        return self.made[subject].facts if subject in self.made else None

    def counts(self, form: BlockForm) -> bool:
        """Whether blocks of *form* are what the rows are about: claims, or else things."""
        has_claims = any(other.claim for other in self.template.blocks)
        return form.claim if has_claims else form is self.template.blocks[0]

    def _row(self, reading: Reading) -> None:
        named: dict[ox.NamedNode, ox.NamedNode] = {}
        for form in self.template.blocks:
            if form.claim:
                reading = self._as_claim(form, reading, named)
        blocks = [block for form in self.template.blocks for block in self._blocks(form, reading)]
        for block in blocks:
            if block.form.claim:  # what its row says that it contradicts keeps its name
                block.subject = named.get(block.subject, block.subject)
            else:
                block.rename(named)
        apart = self._apart_from_others(blocks)
        for block in blocks:
            block.rename(apart)
        same = self._restated(blocks)
        owner: NewBlock | None = None
        for block in blocks:
            if block.subject not in same:
                block.rename(same)
                self._unite(block, blocks, owner)
                owner = block

    def _as_claim(
        self, form: BlockForm, reading: Reading, named: dict[ox.NamedNode, ox.NamedNode]
    ) -> Reading:
        """*reading* with the rivals of its claim; *named* gets the IRI of the claim.

        The claim is one that stands, or was made before, where they agree; else a new one.
        """
        rivals: dict[ox.NamedNode, None] = {}
        for block in self._blocks(form, reading):
            relations = {iri: self._relation(block, iri) for iri in self._alike(block)}
            same = [iri for iri, relation in relations.items() if relation is Relation.SAME]
            if self._own_words(reading) and (own := self._own_iri(block)) in relations:
                same = [own]
            if same:
                named[block.subject] = self._best(same, block)
                continue
            named[block.subject] = iri = self._free(block)
            found = [
                other
                for other, relation in relations.items()
                if relation is Relation.RIVAL and not _is_ranked(self.facts(other), "deprecated")
            ]
            rivals |= dict.fromkeys(found)
            vaguer = [o for o, relation in relations.items() if relation is Relation.SHARPER]
            self._tell_beside(reading, iri, found, vaguer)
        if not rivals or reading.values.get(CONTRADICTS, ()):
            return reading
        values = tuple(Value(other, "", "") for other in rivals)
        return replace(reading, values={**reading.values, CONTRADICTS: values})

    def _tell_beside(
        self,
        reading: Reading,
        iri: ox.NamedNode,
        rivals: Sequence[ox.NamedNode],
        vaguer: Sequence[ox.NamedNode],
    ) -> None:
        """Tell a person beside what the new claim *iri* will stand."""
        for other in vaguer:
            told = f"is more precise than {self._named(other)}: look whether that has to stand"
            self._note(reading.line, f"{self._key(iri)} {told}")
        if rivals and not reading.values.get(CONTRADICTS, ()):
            names = " and ".join(map(self._named, rivals))
            hint = ": prefer one by its rank, or say in unresolved_reason why neither can be"
            settled = not reading.given.isdisjoint(SETTLING)
            self._note(
                reading.line, f"{self._key(iri)} contradicts {names}{'' if settled else hint}"
            )

    def _alike(self, block: NewBlock) -> list[ox.NamedNode]:
        """The claims of the class of *block* that have its IRI, or one that goes on behind it."""
        iri = block.subject
        below = [*self.standing.below.get(iri.value, ()), *self._below.get(iri.value, ())]
        kinds = set(block.facts.get(RDF.type, {}))
        return [
            other
            for other in dict.fromkeys([iri, *below])
            if (facts := self.facts(other)) is not None
            and not kinds.isdisjoint(facts.get(RDF.type, ()))
        ]

    def _relation(self, block: NewBlock, other: ox.NamedNode) -> Relation:
        facts = self.facts(other) or {}
        reading, form = block.reading, block.form
        for column in self.template.differs:
            predicate = form.predicate_of(column)
            if predicate and {v.term for v in reading.values[column]} != set(
                facts.get(predicate, ())
            ):
                return Relation.OTHER
        found = Relation.SAME
        for column in self.template.rivals:
            predicate = form.predicate_of(column)
            said = {value.term for value in reading.values[column]}
            if predicate is None or not said:
                continue
            there = set(facts.get(predicate, ()))
            if said <= there:
                continue
            vaguer = all(any(_agrees(term, known) for known in there) for term in said)
            if vaguer and self._own_words(reading):
                return Relation.OTHER
            if vaguer:
                continue
            if not there or all(any(_agrees(known, term) for term in said) for known in there):
                found = Relation.SHARPER if found is Relation.SAME else found
            else:
                found = Relation.RIVAL
        if found is Relation.RIVAL and (self._repeats(reading) or self._apart(block, facts)):
            return Relation.OTHER
        return found

    def _repeats(self, reading: Reading) -> bool:
        """Whether what the row claims may happen again, so that two such claims are no rivals."""
        return any(
            value.word in words
            for column, words in self.template.repeats.items()
            for value in reading.values[column]
        )

    def _apart(self, block: NewBlock, facts: Facts) -> bool:
        """Whether the time of *block* and that of *facts* do not overlap."""
        if not self.template.spell:
            return False
        mine, theirs = [], []
        for column in self.template.spell:
            predicate = block.form.predicate_of(column)
            mine.append(_text(value.term for value in block.reading.values[column]))
            theirs.append(_text(facts.get(predicate, ())) if predicate else "")
        if len(mine) == 1:
            return bool(mine[0] and theirs[0] and mine != theirs)
        (start, end), (first, last) = mine, theirs
        return bool((end and first and end <= first) or (last and start and last <= start))

    def _best(self, same: list[ox.NamedNode], block: NewBlock) -> ox.NamedNode:
        """The one of several claims that a row restates: that which has its evidence, else the
        one that is preferred, else the first that is not deprecated.
        """  # noqa: D205 - one sentence
        if len(same) == 1:
            return same[0]
        terms = {term for values in block.facts.values() for term in values}

        def order(iri: ox.NamedNode) -> tuple[bool, bool, bool]:
            facts = self.facts(iri) or {}
            shares = sum(term in terms for term in _iris(facts))
            fewest = max(
                sum(term in terms for term in _iris(self.facts(other) or {})) for other in same
            )
            return (
                shares < fewest,
                not _is_ranked(facts, "preferred"),
                _is_ranked(facts, "deprecated"),
            )

        return min(same, key=order)

    def _own_words(self, reading: Reading) -> str:
        """The words that the row itself gives for the IRI of its claim; empty without."""
        return next(
            (
                value.word
                for column in self.template.apart
                if self.template.columns[column].type == "words" and column in reading.given
                for value in reading.values[column]
            ),
            "",
        )

    def _own_iri(self, block: NewBlock) -> ox.NamedNode:
        words = self._own_words(block.reading)
        return ox.NamedNode(f"{block.subject.value}/{words}") if words else block.subject

    def _free(self, block: NewBlock) -> ox.NamedNode:
        """The IRI of *block*, with a word of the row appended if others are about the same."""
        if not self._alike(block):
            return block.subject
        words = [
            value.word
            for column in self.template.apart
            for value in block.reading.values[column][:1]
        ]
        for word in [*words, *("-".join(words[n:]) for n in range(len(words) - 1))]:
            iri = ox.NamedNode(f"{block.subject.value}/{word}")
            if self.facts(iri) is None:
                return iri
        return block.subject

    def _blocks(self, form: BlockForm, reading: Reading) -> Iterator[NewBlock]:
        """The blocks that a row makes of *form*: one for each value of a list in its subject."""
        for path, values in reading.paths(form.subject):
            one = reading.narrowed(values)
            facts: dict[ox.NamedNode, dict[Term, Origin]] = {}
            for line in form.lines:
                origin = self._origin(line, one)
                terms = dict.fromkeys(self._terms(line, one), origin)
                if terms:
                    facts.setdefault(line.predicate, {}).update(terms)
            yield NewBlock(form, self._iri(path), one, facts)

    def _terms(self, line: LineForm, reading: Reading) -> Iterator[Term]:
        for form in line.objects:
            if isinstance(form, Cell):
                yield from (value.term for value in reading.values[form.column])
            elif isinstance(form, Pattern):
                yield from (self._iri(path) for path, _ in reading.paths(form))
            else:
                yield form

    def _origin(self, line: LineForm, reading: Reading) -> Origin:
        if line.number not in self._lists:
            columns = [self.template.columns[name] for name in line.columns]
            self._lists[line.number] = (
                any(column.many for column in columns),
                any(column.kept for column in columns),
            )
        many, kept = self._lists[line.number]
        given = next((name for name in line.columns if name in reading.given), None)
        column = given or next(iter(line.columns), "")
        return Origin(reading.line, column, given is not None, many, kept)

    def _iri(self, path: str) -> ox.NamedNode:
        """The thing *path*, which may be one of a graph that is shared."""
        return ox.NamedNode(self.names.iri(path))

    def _apart_from_others(self, blocks: list[NewBlock]) -> dict[ox.NamedNode, ox.NamedNode]:
        """Other IRIs for *blocks* whose words nobody gave and that another block has.

        Two places in a source, for one state, are two pieces of evidence: ``CAN``, ``CAN-2``.
        """
        found: dict[ox.NamedNode, ox.NamedNode] = {}
        for block in blocks:
            columns = self.template.columns
            words = [name for name in block.form.subject.columns if columns[name].type == "words"]
            if block.form.claim or not words or not block.reading.given.isdisjoint(words):
                continue
            iri, number = block.subject, 1
            while not self._fits(block, iri):
                number += 1
                iri = ox.NamedNode(f"{block.subject.value}-{number}")
            if iri != block.subject:
                found[block.subject] = iri
        return found

    def _fits(self, block: NewBlock, iri: ox.NamedNode) -> bool:
        """Whether nothing that is known of *iri* differs from what the table says in *block*."""
        known = self.facts(iri) or {}
        return all(
            not origin.given
            or origin.many
            or origin.kept
            or term in (there := list(known.get(predicate, ())))
            or not there
            for predicate, values in block.facts.items()
            for term, origin in values.items()
        )

    def _restated(self, blocks: list[NewBlock]) -> dict[ox.NamedNode, ox.NamedNode]:
        """Which of *blocks* say no more than a block that their owner already names.

        A source that a claim rests on already is not named a second time in other words.
        """
        subjects = {block.subject: block for block in blocks}
        found: dict[ox.NamedNode, ox.NamedNode] = {}
        for block in blocks:
            standing = self.standing.facts.get(block.subject, {})
            for predicate, values in block.facts.items():
                for term in values:
                    part = subjects.get(term) if isinstance(term, ox.NamedNode) else None
                    if part is None or part.subject in standing.get(predicate, ()):
                        continue
                    for other in standing.get(predicate, ()):
                        if isinstance(other, ox.NamedNode) and self._says(other, part):
                            found[part.subject] = other
                            break
        return found

    def _says(self, subject: ox.NamedNode, block: NewBlock) -> bool:
        """Whether all that the table gives for *block* is said of *subject* in the graph."""
        stands = self.standing.facts.get(subject, {})
        named = [
            name
            for name in block.form.subject.columns
            if name in block.reading.given and not self.template.columns[name].classes
        ]
        given = [
            (predicate, term)
            for predicate, values in block.facts.items()
            for term, origin in values.items()
            if origin.given
        ]
        # What only a default or an option says, the source of a whole table, counts too.
        named_things = [
            (predicate, term)
            for predicate, values in block.facts.items()
            for term, origin in values.items()
            if origin.column in block.form.subject.columns
        ]
        return not named and all(
            term in stands.get(predicate, ()) for predicate, term in [*given, *named_things]
        )

    def _unite(self, block: NewBlock, row: list[NewBlock], owner: NewBlock | None) -> None:
        """Add what *block* says to what is known of its subject."""
        stands = self.facts(block.subject)
        if stands is None:
            block.after = next(
                (
                    other.subject
                    for other in row
                    if other is not block
                    and not (other.form.once and self.made.get(other.subject) is not other)
                    and any(block.subject in values for values in other.facts.values())
                ),
                owner.subject if owner and owner.form.section is block.form.section else None,
            )
            self.made[block.subject] = block
            self._below[block.subject.value.rpartition("/")[0]].append(block.subject)
            return
        if block.subject in self.standing.facts and self.counts(block.form):
            self.restated.add(block.subject)
        for predicate, values in block.facts.items():
            for term, origin in values.items():
                self._unite_fact(block, predicate, term, origin)

    def _unite_fact(
        self, block: NewBlock, predicate: ox.NamedNode, term: Term, origin: Origin
    ) -> None:
        """Add one fact of *block* to what is known of its subject, where it fits."""
        subject = block.subject
        there = list((self.facts(subject) or {}).get(predicate, ()))
        there += [value for name, value in self.gained.get(subject, {}) if name == predicate]
        if term in there:
            return
        if origin.many:
            if not block.form.once:
                self._gain(subject, predicate, term, origin)
        elif not origin.given or self._is_vaguer(block, predicate, term, there):
            pass  # a default, or a claim that the row agrees with: see _relation
        elif origin.kept and (there or subject in self.standing.facts):
            where = self._where(subject, predicate)
            keeps = f"keeps {shown(there[0])}" if there else "stays without"
            told = f"{where} {keeps}: write {shown(term)} there if that is better"
            self._note(origin.line, told, origin.column)
        elif there:
            self.problems.append(self._disagreement(block, predicate, there[0], term, origin))
        else:
            self._gain(subject, predicate, term, origin)

    def _is_vaguer(
        self, block: NewBlock, predicate: ox.NamedNode, term: Term, there: list[Term]
    ) -> bool:
        """Whether *predicate* is one in which rivals differ, and *term* fits what is there."""
        predicates = map(block.form.predicate_of, self.template.rivals)
        rival = block.form.claim and predicate in predicates
        return rival and (not there or any(_agrees(term, known) for known in there))

    def _disagreement(
        self,
        block: NewBlock,
        predicate: ox.NamedNode,
        known: Term,
        term: Term,
        origin: Origin,
    ) -> Problem:
        where = self._where(block.subject, predicate)
        told = f"{shown(term)} is not what {where} has, {shown(known)}: correct one of them"
        names = (*block.form.subject.columns, *(self.template.apart if block.form.claim else ()))
        for name in names:
            if self.template.columns[name].type == "words":
                told += f", or give other words in the column {name}"
        return self.table.problem(origin.line, told, origin.column)

    def _gain(
        self, subject: ox.NamedNode, predicate: ox.NamedNode, term: Term, origin: Origin
    ) -> None:
        if subject in self.made:
            self.made[subject].facts.setdefault(predicate, {})[term] = origin
        else:
            self.gained.setdefault(subject, {})[predicate, term] = origin

    def _where(self, subject: ox.NamedNode, predicate: ox.NamedNode) -> str:
        """Where a fact stands: in the graph, or in an earlier row; else where its subject does."""
        made = self.made.get(subject)
        origins = [o for (name, _), o in self.gained.get(subject, {}).items() if name == predicate]
        if made is not None:
            origins = [*made.facts.get(predicate, {}).values()] or [
                Origin(made.reading.line, "", given=False, many=False, kept=False)
            ]
        if origins and predicate not in self.standing.facts.get(subject, {}):
            return f"line {origins[0].line}"
        return self.standing.place(subject, predicate)

    def _named(self, subject: ox.NamedNode) -> str:
        """The key of a claim, and where it stands."""
        made = self.made.get(subject)
        place = f"line {made.reading.line}" if made else self.standing.place(subject, RDF.type)
        return f"{self._key(subject)} ({place})"

    def _key(self, iri: ox.NamedNode) -> str:
        return iri.value.partition("/id/")[2] or iri.value

    def _note(self, line: int, message: str, column: str = "") -> None:
        problem = self.table.problem(line, message, column)
        self.notes.append(Problem(problem.path, line, Severity.WARNING, problem.message))


def shown(term: Term) -> str:
    """A term as a person reads it: a thing by its key, a text in quotes, a date as it is."""
    if isinstance(term, ox.NamedNode):
        return term.value.partition("/id/")[2] or short(term)
    if isinstance(term, ox.Literal) and term.datatype not in DATES:
        return repr(term.value)
    return term.value if isinstance(term, ox.Literal) else str(term)


def _is_ranked(facts: Facts | None, rank: str) -> bool:
    ranks = (facts or {}).get(SG.rank, ())
    return any(_is_code(term, f"/code/rank/{rank}") for term in ranks)


def _is_code(term: Term, ending: str) -> bool:
    return isinstance(term, ox.NamedNode) and term.value.endswith(ending)


def _iris(facts: Facts | None) -> Iterator[ox.NamedNode]:
    for values in (facts or {}).values():
        for term in values:
            if isinstance(term, ox.NamedNode):
                yield term


def _agrees(term: Term, known: Term) -> bool:
    """Whether *term* is *known*, or the year or month in which that day lies."""
    if term == known:
        return True
    dates = [t for t in (term, known) if isinstance(t, ox.Literal) and t.datatype in DATES]
    return len(dates) == 2 and dates[1].value.startswith(f"{dates[0].value}-")  # noqa: PLR2004


def _precision(values: tuple[Value, ...]) -> int:
    """How much the first of *values* tells, to be compared among dates."""
    return len(values[0].word) if values and values[0].term in _dated(values) else bool(values)


def _dated(values: tuple[Value, ...]) -> list[Term]:
    return [
        value.term
        for value in values
        if isinstance(value.term, ox.Literal) and value.term.datatype in DATES
    ]


def _text(terms: Iterable[Term]) -> str:
    return next((term.value for term in terms if isinstance(term, ox.Literal)), "")
