"""Graphs of the shipped one's shape and of any size, drawn at random, to measure with.

States, treaties and what states did about them, roll calls and votes, organisations and
members, documents, stances, evidence and sources, in the proportions of the shipped graph, as
a folder that builds like any other. Everything is called synthetic and has a base of its own.
The same numbers give the same bytes. Files are written one by one and none is kept.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Final

from stancegraph.errors import OperationError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

BASE: Final = "https://example.org/synthetic/"
BLOCKS: Final = Path(__file__).parent / "synthetic" / "blocks.ttl"
LAST_YEAR: Final = 2025
TOLD: Final = "2025-12-31"  # the day for which all evidence speaks
RETRIEVED: Final = "2026-01-15"
CODED: Final = "2026-01-20"
# ISO 3166 leaves these codes to everybody: no real state has one.
CODES: Final = [
    first + second + third
    for first, seconds in (("X", "ABCDEFGHIJKLMNOPQRSTUVWXYZ"), ("Q", "MNOPQRSTUVWXYZ"))
    for second in seconds
    for third in "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
]
MAX_YEARS: Final = 1000
BLOCS: Final = 5
REGIONS: Final = 5
SUBREGIONS: Final = 4
PRINCIPLES: Final = 24
TOPICS: Final = 14
SERIES_YEARS: Final = 8  # for which a question comes back each year under one title
WORDS: Final = (
    "access", "archive", "barter", "beacon", "canal", "charter", "compass", "courier", "custom",
    "dialect", "drainage", "ferry", "festival", "footpath", "glacier", "granary", "harbour",
    "harvest", "heritage", "lantern", "ledger", "lighthouse", "market", "meadow", "mountain",
    "orchard", "parcel", "pasture", "pilotage", "postage", "quarry", "railway", "rainfall",
    "reservoir", "river", "signal", "summit", "survey", "telegraph", "tide", "timber",
    "tollgate", "transit", "valley", "village", "volcano", "watermill", "weather", "wharf",
    "workshop",
)  # fmt: skip
POSITIONS: Final = ("supports", "supports-with-conditions", "neutral", "non-committal", "opposes")

# How much there is of each kind for one roll call a year, and how likely things are.
TREATIES: Final = 0.375
ORGANISATIONS: Final = 1.2
STANCES: Final = 0.1  # of each state
STANCES_A_DOCUMENT: Final = 2
SIGNS: Final = 0.55
CONSENTS: Final = 0.6  # after signing
ACCEDES: Final = 0.25  # without
IN_FORCE: Final = 0.1  # known for the party
LEAVES: Final = 0.01
DISPUTED: Final = 0.02
STATED: Final = 0.02
JOINS: Final = 0.25
LEFT: Final = 0.02
# Triples of a release: those of the shared ontology and shapes, and so many for each that is
# stated here, the derived ones and the description included.
SHARED: Final = 10_000
DERIVED: Final = 2.03


@dataclass(frozen=True, slots=True)
class Size:
    """How large a graph is.

    Attributes:
        states: At least 2.
        years: Up to 2025, at least 1.
        roll_calls: How many there are a year; the rest is in proportion.
        seed: What the draws begin with.
    """

    states: int
    years: int
    roll_calls: float
    seed: int

    def __post_init__(self) -> None:
        if not 2 <= self.states <= len(CODES):  # noqa: PLR2004 - one has nobody to differ from
            raise OperationError(f"{self.states} states: choose from 2 to {len(CODES)}")
        if not 1 <= self.years <= MAX_YEARS:
            raise OperationError(f"{self.years} years: choose from 1 to {MAX_YEARS}")

    def __str__(self) -> str:
        return (
            f"{self.states} states, {self.years} years, {self.total(1)} roll calls,"
            f" {self.total(TREATIES)} treaties, seed {self.seed}"
        )

    def total(self, share: float) -> int:
        """How many things there are of a kind, of which *share* come to a roll call."""
        return max(1, round(self.roll_calls * self.years * share))

    @property
    def triples(self) -> int:
        """About how many a release of it has."""
        blocks = Blocks.read()
        stated = sum(blocks.triples[name] * count for name, count in self._expected())
        return SHARED + round(DERIVED * stated)

    def _expected(self) -> Iterator[tuple[str, float]]:
        """How many blocks of each kind are to be expected, of the kinds that count."""
        states, roll_calls = self.states, self.total(1)
        treaties, organisations = self.total(TREATIES), self.total(ORGANISATIONS)
        acting = treaties * states * (SIGNS + (1 - SIGNS) * ACCEDES)
        consents = treaties * states * (SIGNS * CONSENTS + (1 - SIGNS) * ACCEDES)
        stances = states * self.total(STANCES)
        yield "vote", states * roll_calls
        yield "act", treaties * states * SIGNS + consents * (1 + IN_FORCE + LEAVES)
        yield "disputed act", consents * DISPUTED
        yield "membership", organisations * states * JOINS
        yield "stance", stances
        yield "quotation", stances
        for name in ("document", "issue"):
            yield name, stances / STANCES_A_DOCUMENT
        yield "evidence", acting + states + roll_calls + treaties + stances / STANCES_A_DOCUMENT
        yield "source", roll_calls + treaties + stances / STANCES_A_DOCUMENT
        for name in ("resolution", "roll call", "coverage"):
            yield name, roll_calls
        yield "organisation", organisations
        yield "treaty", treaties
        yield "state", states


def size_for(triples: int, *, states: int, years: int, seed: int) -> Size:
    """The size of which a release has about *triples*.

    Raises:
        OperationError: that is too few for so many states.
    """
    probe = 1000.0
    few, many = (Size(states, years, count, seed).triples for count in (0.0, probe))
    roll_calls = probe * (triples - few) / (many - few)
    if roll_calls * years < 1:
        raise OperationError(
            f"{triples} triples are too few for {states} states: choose {few * 2} or more, or"
            " fewer states"
        )
    return Size(states, years, roll_calls, seed)


@dataclass(frozen=True, slots=True)
class Blocks:
    """The pieces of Turtle that a graph is put together from.

    Attributes:
        texts: Keyed by name, with ``%(name)s`` where something is filled in.
        triples: How many triples each is.
    """

    texts: Mapping[str, str]
    triples: Mapping[str, int]

    @classmethod
    def read(cls) -> Blocks:
        """Read those that come with the program."""
        texts, triples = {}, {}
        _, *parts = re.split(r"^#: (.+)\n", BLOCKS.read_text("utf-8"), flags=re.MULTILINE)
        for name, text in zip(parts[::2], parts[1::2], strict=True):
            escaped = text.strip().replace("%", "%%") + "\n\n"
            texts[name] = re.sub(r"\$\{?(\w+)\}?", r"%(\1)s", escaped)
            triples[name] = len(re.findall(r" [;,]$| , ", text, re.MULTILINE))
        return cls(texts, triples)


def generate(folder: Path, size: Size) -> None:
    """Write a graph of *size* into *folder*, which is new or empty.

    Raises:
        OperationError: the folder holds something, or cannot be written to.
    """
    try:
        if folder.exists() and any(folder.iterdir()):
            raise OperationError(f"{folder} is not empty: name a new folder")
        for path, text in _files(size):
            target = folder / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text, "utf-8")
    except OSError as error:
        raise OperationError(f"cannot write to {folder}: {error.strerror}") from error


def _files(size: Size) -> Iterator[tuple[str, str]]:
    """The files of a graph, each with its path and its text."""
    world = _World(size)
    yield "dataset.ttl", world.block("dataset", size=str(size))
    yield "data/concepts/concepts.ttl", "".join(world.concepts())
    for index, state in enumerate(world.states):
        yield f"data/countries/{state}.ttl", "".join(world.state(state, index))
    yield "data/sources/gazetteer.ttl", "".join(world.gazetteer())
    yield "data/organisations/assembly.ttl", "".join(world.assembly())
    for name in world.organisations:
        yield f"data/organisations/{name}.ttl", "".join(world.organisation(name))
        yield f"data/memberships/{name}.ttl", "".join(world.memberships(name))
    for name, adopted in world.treaties.items():
        yield f"data/treaties/{name}.ttl", "".join(world.treaty(name, adopted))
    for text, (day, series) in world.texts.items():
        yield f"data/resolutions/{text}.ttl", "".join(world.resolution(text, day, series))
        yield f"data/rollcalls/assembly/{text}.ttl", "".join(world.roll_call(text, day, series))
    for state in world.states:
        yield f"data/stances/{state}.ttl", "".join(world.stances(state))


class _World:
    """What all files of one graph speak of; each draws from a generator of its own."""

    def __init__(self, size: Size) -> None:
        self._size = size
        self._blocks = Blocks.read().texts
        self._first = LAST_YEAR + 1 - size.years
        random = self._random("world")
        self.states = CODES[: size.states]
        self.blocs = {state: random.randrange(BLOCS) for state in self.states}
        self.organisations = [f"union-{n}" for n in range(1, size.total(ORGANISATIONS) + 1)]
        self.treaties = {
            f"convention-{n}": self._day_within(random, self._first, LAST_YEAR)
            for n in range(1, size.total(TREATIES) + 1)
        }
        self.texts: dict[str, tuple[date, int]] = {}
        total = size.total(1)
        side_by_side = max(1, round(total / size.years))  # questions of one year
        for n in range(total):
            year = self._first + n * size.years // total
            series = n % side_by_side + side_by_side * ((year - self._first) // SERIES_YEARS)
            day = self._day_within(random, year, year)
            self.texts[f"S-RES-{year}-{n + 1}"] = (day, series + 1)

    def _random(self, what: str) -> Random:
        return Random(f"{self._size.seed}/{what}")  # noqa: S311 - not for secrets

    def block(self, name: str, **values: object) -> str:
        """A block with its gaps filled."""
        return self._blocks[name] % {"base": BASE, "coded": CODED, "told": TOLD, **values}

    def _head(self, what: str) -> str:
        return self.block("head", what=what)

    def _source(self, source: str, title: str) -> str:
        return self.block("source", source=source, title=title, retrieved=RETRIEVED)

    @staticmethod
    def _day_within(random: Random, first: int, last: int) -> date:
        """A day from the beginning of the year *first* to the end of *last*."""
        start = date(first, 1, 1)
        return start + timedelta(random.randrange((date(last + 1, 1, 1) - start).days))

    @staticmethod
    def _literal(random: Random, day: date) -> str:
        """*day* as precise as a source may have it: now and then the month or year alone."""
        draw = random.random()
        if draw < 0.95:  # noqa: PLR2004
            return f'"{day}"^^xsd:date'
        if draw < 0.98:  # noqa: PLR2004
            return f'"{day:%Y-%m}"^^xsd:gYearMonth'
        return f'"{day:%Y}"^^xsd:gYear'

    @staticmethod
    def _words(random: Random) -> str:
        return " and ".join(random.sample(WORDS, 2))

    def gazetteer(self) -> Iterator[str]:
        """The source of what states, regions and organisations are, and of who is a member."""
        yield self._head("the source of names and memberships")
        yield self._source("gazetteer", "gazetteer")
        for state in self.states:
            yield self.block(
                "evidence", source="gazetteer", place=state, attestation="reported",
                locator=f"row {state}",
            )  # fmt: skip

    def concepts(self) -> Iterator[str]:
        """Regions in two layers, principles and topics."""
        random = self._random("concepts")
        yield self._head("regions, principles and topics")
        for region in range(1, REGIONS + 1):
            yield self.block("region", region=region)
            for part in range(1, SUBREGIONS + 1):
                yield self.block("subregion", region=f"{region}-{part}", broader=region)
        for n in range(1, PRINCIPLES + 1):
            yield self.block("principle", principle=f"principle-{n}", words=self._words(random))
        for n in range(1, TOPICS + 1):
            yield self.block("topic", topic=f"topic-{n}", words=self._words(random))

    def state(self, state: str, index: int) -> Iterator[str]:
        """One state."""
        random = self._random(f"state/{state}")
        yield self._head(f"the state {state}")
        yield self.block(
            "state", state=state,
            region=f"{index % REGIONS + 1}-{index // REGIONS % SUBREGIONS + 1}",
            # Canonical decimals end in no zero.
            latitude=f"{random.uniform(-60, 75):.3f}1",
            longitude=f"{random.uniform(-180, 180):.3f}1",
        )  # fmt: skip

    def assembly(self) -> Iterator[str]:
        """The organ that votes, and the organisation that it is of."""
        yield self._head("the assembly that votes")
        yield self.block("organisation", organisation="union", year=self._first)
        yield self.block("organ", organisation="assembly", whole="union", year=self._first)

    def organisation(self, name: str) -> Iterator[str]:
        """One organisation."""
        yield self._head(f"the organisation {name}")
        year = self._random(f"organisation/{name}").randrange(self._first, LAST_YEAR + 1)
        yield self.block("organisation", organisation=name, year=year)

    def memberships(self, name: str) -> Iterator[str]:
        """Who belongs to the organisation *name*."""
        random = self._random(f"memberships/{name}")
        yield self._head(f"who belongs to {name}")
        members = [state for state in self.states if random.random() < JOINS]
        for state in members or [random.choice(self.states)]:
            start, *end = sorted(
                self._day_within(random, self._first, LAST_YEAR)
                for _ in range(1 + (random.random() < LEFT))
            )
            yield self.block(
                "former membership" if end else "membership",
                state=state, organisation=name, source="gazetteer",
                role="observer" if random.random() < 0.2 else "member",  # noqa: PLR2004
                day=self._literal(random, start),
                end=self._literal(random, end[0]) if end else "",
            )  # fmt: skip

    def treaty(self, name: str, adopted: date) -> Iterator[str]:
        """A treaty, and what the states did about it."""
        random = self._random(f"treaty/{name}")
        source = f"participants-of-{name}"
        yield self._head(f"the treaty {name} and what states did about it")
        yield self._source(source, f"participants of {name}")
        yield self.block(
            "treaty", treaty=name, source=source, adopted=adopted, words=self._words(random),
            organisation="union", topic=f"topic-{random.randint(1, TOPICS)}",
        )  # fmt: skip
        parties = 0
        for state in self.states:
            values = {"treaty": name, "state": state, "source": source}
            acts = list(self._acts(random, adopted))
            if not acts and random.random() >= STATED:
                continue
            yield self.block(
                "evidence", **values, place=state, attestation="primary", locator=f"row {state}"
            )
            if not acts:
                yield self.block("status", **values)
            for kind, day in acts:
                consent = kind in {"ratification", "accession"}
                parties += consent
                rival = consent and random.random() < DISPUTED and day > adopted
                rank = "preferred" if rival else "normal"
                literal = self._literal(random, day)
                yield self.block("act", **values, kind=kind, day=literal, rank=rank)
                if rival:
                    other = adopted + timedelta(random.randrange((day - adopted).days))
                    yield self.block("disputed act", **values, kind=kind, other=other)
        yield self.block(
            "evidence", source=source, place="total", attestation="primary", locator="total"
        )
        yield self.block(
            "coverage", covered=f"treaty/{name}", list="parties", source=source, place="total",
            total=parties,
        )  # fmt: skip

    def _acts(self, random: Random, adopted: date) -> Iterator[tuple[str, date]]:
        """What one state did about a treaty, in the order of time."""
        last = date(LAST_YEAR, 12, 31)
        day = min(last, adopted + timedelta(random.randrange(700)))
        signs = random.random() < SIGNS
        if signs:
            yield "signature", day
        if random.random() >= (CONSENTS if signs else ACCEDES):
            return
        day = min(last, day + timedelta(1 + int(random.expovariate(1 / 1500))))
        yield "ratification" if signs else "accession", day
        if random.random() < IN_FORCE:
            yield "entry-into-force", min(last, day + timedelta(90))
        if random.random() < LEAVES and day < last:
            yield "denunciation", min(last, day + timedelta(random.randrange(400, 6000)))

    def resolution(self, text: str, day: date, series: int) -> Iterator[str]:
        """A text that was voted on."""
        random = self._random(f"series/{series}")
        yield self._head(f"the resolution {text}")
        yield self._source(f"record-{text.lower()}", f"voting record of {text}")
        yield self.block(
            "resolution", text=text, symbol=text.replace("-", "/"), date=day, series=series,
            source=f"record-{text.lower()}", words=self._words(random),
            topic=f"topic-{random.randint(1, TOPICS)}",
        )  # fmt: skip

    def roll_call(self, text: str, day: date, series: int) -> Iterator[str]:
        """A roll call and its votes, which go by the blocs of the states."""
        leanings = self._random(f"leanings/{series}")
        bounds = []
        for _ in range(BLOCS):
            yes = leanings.choice((0.1, 0.5, 0.85, 0.95))
            against = yes + (1 - yes) * leanings.choice((0.1, 0.4, 0.7))
            bounds.append((yes * 0.93, against * 0.93))
        random = self._random(f"roll call/{text}")
        choices = []
        for bloc in self.blocs.values():
            yes, against = bounds[bloc]
            draw = random.random()
            choices.append(
                "yes" if draw < yes
                else "no" if draw < against
                else "abstain" if draw < 0.93  # noqa: PLR2004
                else "non-voting"
            )  # fmt: skip
        source = {"source": f"record-{text.lower()}", "place": "roll-call", "text": text}
        yield self._head(f"the vote on {text}")
        yield self.block(
            "roll call", **source, date=day, yes=choices.count("yes"), no=choices.count("no"),
            abstain=choices.count("abstain"),
        )  # fmt: skip
        yield self.block(
            "evidence", **source, attestation="primary", locator="tally and list of states"
        )
        yield self.block(
            "coverage", **source, covered=f"rollcall/assembly/{text}", list="votes",
            total=len(self.states),
        )  # fmt: skip
        vote = self._blocks["vote"]
        values = {**source, "coded": CODED}
        for state, choice in zip(self.states, choices, strict=True):
            values["state"], values["choice"] = state, choice
            yield vote % values

    def stances(self, state: str) -> Iterator[str]:
        """The documents of a state, and the positions that it takes in them."""
        random = self._random(f"stances/{state}")
        treaties, texts = list(self.treaties.items()), list(self.texts.items())
        yield self._head(f"documents of {state} and the positions in them")
        for n in range(self._size.total(STANCES)):
            number = n // STANCES_A_DOCUMENT + 1
            document = f"statement-{state.lower()}-{number}"
            source = {"source": document, "document": document, "state": state}
            if n % STANCES_A_DOCUMENT == 0:
                treaty, adopted = random.choice(treaties)
                day = self._literal(random, self._day_within(random, adopted.year, LAST_YEAR))
                yield self._source(document, f"statement {number} of {state}")
                yield self.block(
                    "document", **source, words=self._words(random), concerned=f"treaty/{treaty}",
                    topic=f"topic-{random.randint(1, TOPICS)}",
                )  # fmt: skip
                yield self.block(
                    "evidence", **source, place="issue", attestation="primary", locator="date line"
                )
                yield self.block("issue", **source, place="issue", day=day)
            kind, key = random.choice((
                ("treaty", treaty),
                ("resolution", random.choice(texts)[0]),
                ("principle", f"principle-{random.randint(1, PRINCIPLES)}"),
            ))  # fmt: skip
            words = self._words(random)
            yield self.block(
                "stance", **source, kind=kind, object=key, place=f"position-{n + 1}", words=words,
                confidence=random.choice(("high", "medium", "low")), day=day,
                position=random.choice(POSITIONS),
            )  # fmt: skip
            yield self.block(
                "quotation", **source, place=f"position-{n + 1}", words=f"we think of {words}",
                locator=f"paragraph {n + 1}",
            )  # fmt: skip
