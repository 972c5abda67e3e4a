"""How alike two states vote: the measures of ``queries/votes/agreement*``.

Against worked examples that others published, and for all pairs of states against a
computation that reads the Turtle files and shares nothing with the queries.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from fractions import Fraction
from functools import cache
from itertools import combinations
from math import floor
from typing import TYPE_CHECKING

import pyoxigraph as ox
import pytest

from stancegraph.folder import shipped
from stancegraph.queryfile import read_queries
from stancegraph.terms import RDFS, SG, XSD

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from stancegraph.build.derive import DerivedGraph
    from stancegraph.build.parse import ParsedGraph
    from stancegraph.queryfile import SavedQuery
    from stancegraph.sparql import Term

FOLDER = shipped()
ID = FOLDER.base + "id/"
QUERIES = {query.name: query for query in read_queries(FOLDER.root)[0]}
PLENARY = ox.NamedNode(f"{ID}organisation/un-general-assembly")
MEASURES = ("agreement", "share", "kappa", "pi", "weightedKappa", "weightedPi")
COUNTS = ("sharedVotes", "sameVotes", "nearVotes", "opposedVotes")

WORTH = {"yes": Fraction(1), "abstain": Fraction(1, 2), "no": Fraction(0)}

Row = dict[str, str]
Ballot = tuple[str, str]  # what two voters chose in one roll call


def thing(path: str) -> ox.NamedNode:
    return ox.NamedNode(ID + path)


def ask(store: ox.Store, query: SavedQuery, **values: list[Term] | Term) -> list[Row]:
    """The rows of *query*, what is bound of each as text, with its parameters set to *values*."""
    answer = store.query(query.bind(values), use_default_graph_as_union=True)
    assert isinstance(answer, ox.QuerySolutions)
    return [
        {name: value.value for name in query.columns if (value := row[name]) is not None}
        for row in answer
    ]


# Worked examples


def ballots(pairs: Iterable[tuple[str, str, int]]) -> ox.Store:
    """A graph in which X and Y cast these votes in so many roll calls of the plenary."""
    position = {"yes": "supports", "abstain": "neutral", "no": "opposes"}
    store = ox.Store()

    def say(subject: ox.NamedNode, predicate: ox.NamedNode, value: Term) -> None:
        store.add(ox.Quad(subject, predicate, value))

    derived = ox.NamedNode("http://www.w3.org/ns/prov#wasDerivedFrom")
    number = 0
    for x, y, times in pairs:
        for _ in range(times):
            number += 1
            roll_call = thing(f"rollcall/unga/R{number}")
            say(roll_call, SG.body, PLENARY)
            say(roll_call, SG.earliest, ox.Literal("2020-01-01", datatype=XSD.date))
            for actor, choice in (("XXX", x), ("YYY", y)):
                if choice not in position:
                    continue
                vote = thing(f"vote/unga/R{number}/{actor}")
                implied = thing(f"implied-stance/unga/R{number}/{actor}")
                say(vote, SG.rollCall, roll_call)
                say(implied, SG.impliedHolder, thing(f"state/{actor}"))
                say(implied, SG.impliedPosition, thing(f"code/position/{position[choice]}"))
                say(implied, derived, vote)
    for actor in ("XXX", "YYY"):
        say(thing(f"state/{actor}"), RDFS.label, ox.Literal(actor))
    return store


def measured(*pairs: tuple[str, str, int]) -> Row:
    """What the query says of X and Y who cast these votes."""
    rows = ask(ballots(pairs), QUERIES["votes/agreement"], country=thing("state/XXX"), body=PLENARY)
    (row,) = rows
    return row


def table(rows: Sequence[Sequence[int]]) -> list[tuple[str, str, int]]:
    """A contingency table, with a row per choice of X and a column per choice of Y."""
    names = ("yes", "abstain", "no")
    return [
        (names[i], names[j], count) for i, row in enumerate(rows) for j, count in enumerate(row)
    ]


def test_kappa_of_fifty_grant_proposals() -> None:
    """Two readers who say yes or no: 20 and 15 alike, 5 and 10 not; kappa is 0.4.

    The example of the article on Cohen's kappa in Wikipedia and of many textbooks, as
    http://howcodex.com/statistics/cohen_kappa_coefficient.htm.
    """
    row = measured(("yes", "yes", 20), ("yes", "no", 5), ("no", "yes", 10), ("no", "no", 15))

    assert (row["share"], row["kappa"]) == ("0.7", "0.4")


def test_pi_of_forty_five_items_in_three_categories() -> None:
    """Observed 0.333, expected 0.369, so that (0.333 - 0.369) / (1 - 0.369) is -0.057.

    The worked example of the article on Scott's pi in Wikipedia, with the marginal sums 6, 15
    and 24 of one annotator and 12, 15 and 18 of the other. It rounds on the way; exactly, pi is
    (1/3 - 83/225) / (1 - 83/225) = -4/71.
    """
    row = measured(*table([[1, 2, 3], [4, 5, 6], [7, 8, 9]]))

    assert row["share"] == "0.333"
    assert float(row["pi"]) == rounded(Fraction(-4, 71)) == pytest.approx(-0.057, abs=0.0011)


def test_kappa_of_dialogue_acts() -> None:
    """A share of 0.7 that comes to 0.348 when corrected for chance, and 0.801 in three categories.

    Tables 1 and 4 of Artstein and Poesio, Inter-coder agreement for computational linguistics,
    Computational Linguistics 34(4), 2008, with the values to which scikit-learn tests its own.
    """
    two = measured(("yes", "yes", 20), ("yes", "no", 20), ("no", "yes", 10), ("no", "no", 50))
    three = measured(*table([[46, 0, 0], [6, 32, 6], [0, 0, 10]]))

    assert (two["share"], two["kappa"]) == ("0.7", "0.348")
    assert (three["share"], three["kappa"]) == ("0.88", "0.801")


def test_weighted_kappa_counts_a_step_as_half_the_way() -> None:
    """0.9315 unweighted and 0.9412 with linear weights, in the example of scikit-learn's tests.

    https://github.com/scikit-learn/scikit-learn, ``test_cohen_kappa``: one codes 46, 44 and 10
    items in three ordered categories, the other codes four of the second as the first.
    """
    row = measured(*table([[46, 0, 0], [4, 40, 0], [0, 0, 10]]))

    assert float(row["kappa"]) == pytest.approx(0.9315, abs=0.0006)
    assert float(row["weightedKappa"]) == pytest.approx(0.9412, abs=0.0006)


def test_the_index_of_agreement_counts_abstention_as_half() -> None:
    """Lijphart's index is (f + g/2) / t: f votes alike, g in which one of them abstained, of t.

    American Political Science Review 57(4), 1963.
    """
    row = measured(("yes", "yes", 5), ("yes", "abstain", 2), ("abstain", "no", 1), ("no", "yes", 2))

    assert [row[name] for name in COUNTS] == ["10", "5", "3", "2"]
    assert (row["agreement"], row["share"]) == ("0.65", "0.5")


def test_votes_that_never_differ_are_full_agreement() -> None:
    """All measures are 1, if there was any other choice."""
    row = measured(("yes", "yes", 3), ("no", "no", 1))

    assert {name: row[name] for name in MEASURES} == dict.fromkeys(MEASURES, "1")
    assert "undefined" not in row


def test_without_any_variance_chance_cannot_be_told_from_agreement() -> None:
    """The corrected measures are empty, and why is said; the others are not."""
    row = measured(("yes", "yes", 4))

    assert (row["agreement"], row["share"]) == ("1", "1")
    assert not {"kappa", "pi", "weightedKappa", "weightedPi"} & row.keys()
    assert row["undefined"].startswith("both always made the same choice")


def test_one_that_varies_and_one_that_does_not_have_no_more_than_chance() -> None:
    """Kappa takes each one's own habits as given: 0. Pi takes them together: below 0."""
    row = measured(("yes", "yes", 3), ("yes", "no", 1))

    assert (row["kappa"], row["weightedKappa"]) == ("0", "0")
    assert row["pi"] == "-0.143"


def test_blanks_in_the_record_do_not_count() -> None:
    """Roll calls in which one of them is blank are left out of all numbers."""
    row = measured(("yes", "yes", 2), ("yes", "no", 1), ("non-voting", "yes", 5), ("no", "", 7))

    assert row["sharedVotes"] == "3"


def test_a_roll_call_with_two_records_that_differ_does_not_count() -> None:
    """Neither of them is picked silently."""
    store = ballots([("yes", "yes", 2), ("yes", "no", 1)])
    store.add(
        ox.Quad(
            thing("implied-stance/unga/R1/XXX"), SG.impliedPosition, thing("code/position/opposes")
        )
    )

    (row,) = ask(store, QUERIES["votes/agreement"], country=thing("state/XXX"), body=PLENARY)

    assert (row["sharedVotes"], row["share"]) == ("2", "0.5")


@pytest.mark.parametrize(
    ("since", "before", "shared"),
    [("2020-01-01", None, 1), ("2020-01-02", None, 0), (None, "2020-01-01", 0)],
)
def test_a_period_bounds_the_roll_calls(since: str | None, before: str | None, shared: int) -> None:
    """From its first day to before its last."""
    days = {
        name: ox.Literal(day, datatype=XSD.date)
        for name, day in (("since", since), ("before", before))
        if day
    }

    rows = ask(
        ballots([("yes", "no", 1)]),
        QUERIES["votes/agreement"],
        country=thing("state/XXX"),
        body=PLENARY,
        **days,
    )

    assert [row["sharedVotes"] for row in rows] == ["1"] * shared


# All pairs of the shipped graph


@pytest.fixture(scope="module")
def store(shipped_graph: ParsedGraph, shipped_derived: Mapping[str, DerivedGraph]) -> ox.Store:
    """What is stated, and what the rules make of dates and votes."""
    loaded = ox.Store()
    loaded.extend(ox.Quad(*triple) for triple in shipped_graph.triples())
    for name in ("dates", "implied-stance", "labels"):
        loaded.extend(ox.Quad(*triple) for triple in shipped_derived[name].triples)
    return loaded


@pytest.fixture(scope="module")
def votes(shipped_graph: ParsedGraph) -> dict[str, dict[str, str]]:
    return recorded(shipped_graph)


@pytest.fixture(scope="module")
def matrix(store: ox.Store, votes: dict[str, dict[str, str]]) -> list[Row]:
    """What the query says of all actors on record."""
    actors: list[Term] = [thing(f"state/{key}") for key in sorted(votes)]
    return ask(store, QUERIES["votes/agreement-matrix"], country=actors, body=PLENARY)


def recorded(graph: ParsedGraph) -> dict[str, dict[str, str]]:
    """Per actor its choice in each roll call of the plenary, by key, from the files alone."""
    facts: dict[str, dict[str, str]] = defaultdict(dict)
    for subject, predicate, value in graph.triples("data/rollcalls"):
        if isinstance(subject, ox.NamedNode) and isinstance(value, ox.NamedNode):
            facts[subject.value.removeprefix(ID)][predicate.value.rpartition("#")[2]] = (
                value.value.removeprefix(ID)
            )
    found: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for key, fact in facts.items():
        counts = key.startswith("vote/") and fact["rank"] != "code/rank/deprecated"
        if not counts or fact.get("voteSense") == "code/vote-sense/intended":
            continue
        if facts[fact["rollCall"]]["body"] == "organisation/un-general-assembly":
            choice = fact["choice"].rpartition("/")[2]
            found[fact["actor"].rpartition("/")[2]][fact["rollCall"]].add(choice)
    assert all(len(choices) == 1 for calls in found.values() for choices in calls.values())
    return {actor: {call: min(c) for call, c in calls.items()} for actor, calls in found.items()}


def rounded(value: Fraction) -> float:
    """To three places, a half upwards, as SPARQL rounds."""
    return floor(value * 1000 + Fraction(1, 2)) / 1000


def ballots_of(x: Mapping[str, str], y: Mapping[str, str]) -> frozenset[tuple[Ballot, int]]:
    """How often two voters chose what, of the roll calls in which both chose."""
    pairs = Counter((x[call], y[call]) for call in x.keys() & y.keys())
    return frozenset((pair, n) for pair, n in pairs.items() if WORTH.keys() >= {*pair})


@cache
def by_the_book(ballots: frozenset[tuple[Ballot, int]]) -> dict[str, float]:
    """The measures of two voters, as their definitions have them; without those undefined."""
    n = sum(times for _, times in ballots)
    if not n:
        return {}
    p, q = Counter[str](), Counter[str]()
    for (x, y), times in ballots:
        p[x] += times
        q[y] += times

    def expected(distance: Mapping[Ballot, Fraction], *, pooled: bool) -> Fraction:
        total = Fraction(0)
        for (a, b), apart in distance.items():
            if pooled:
                chance = Fraction(p[a] + q[a], 2 * n) * Fraction(p[b] + q[b], 2 * n)
            else:
                chance = Fraction(p[a], n) * Fraction(q[b], n)
            total += apart * chance
        return total

    steps = {(a, b): abs(WORTH[a] - WORTH[b]) for a in WORTH for b in WORTH}
    unlike = {pair: Fraction(pair[0] != pair[1]) for pair in steps}
    found: dict[str, Fraction] = {"sharedVotes": Fraction(n)}
    for distance, names in (
        (unlike, ("share", "kappa", "pi")),
        (steps, ("agreement", "weightedKappa", "weightedPi")),
    ):
        observed = sum((distance[pair] * times for pair, times in ballots), Fraction(0)) / n
        found[names[0]] = 1 - observed
        for name, pooled in ((names[1], False), (names[2], True)):
            if chance := expected(distance, pooled=pooled):
                found[name] = 1 - observed / chance
    return {name: rounded(value) for name, value in found.items()}


def test_all_pairs_are_measured_as_by_the_book(
    votes: dict[str, dict[str, str]], matrix: list[Row]
) -> None:
    """Each pair of actors on record in the plenary, in both directions, and no other pair."""
    expected = {}
    for one, other in combinations(sorted(votes), 2):
        if measures := by_the_book(ballots_of(votes[one], votes[other])):
            expected[one, other] = expected[other, one] = measures

    found = {
        (row["actor"].rpartition("/")[2], row["other"].rpartition("/")[2]): {
            name: float(row[name]) for name in ("sharedVotes", *MEASURES) if name in row
        }
        for row in matrix
    }

    assert len(found) > 0
    assert found == expected


def test_one_against_all_says_what_the_matrix_says(store: ox.Store, matrix: list[Row]) -> None:
    """The same numbers, most alike first."""
    told = ("other", *COUNTS, *MEASURES, "undefined")

    for key in ("CHN", "PER", "USA"):
        state = thing(f"state/{key}")
        rows = ask(store, QUERIES["votes/agreement"], country=state, body=PLENARY)
        assert [[row.get(name) for name in told] for row in rows] == [
            [row.get(name) for name in told] for row in matrix if row["actor"] == state.value
        ]
        agreements = [float(row["agreement"]) for row in rows]
        assert agreements == sorted(agreements, reverse=True)


@pytest.mark.parametrize(("one", "other"), [("CAN", "CHN"), ("PER", "USA")])
def test_the_roll_calls_add_up_to_the_numbers(one: str, other: str, store: ox.Store) -> None:
    """What ``agreement-roll-calls`` lists is what ``agreement`` counts."""
    values = {"country": thing(f"state/{one}"), "body": PLENARY}
    rows = ask(store, QUERIES["votes/agreement"], **values)
    (row,) = [row for row in rows if row["other"] == thing(f"state/{other}").value]

    listed = ask(
        store, QUERIES["votes/agreement-roll-calls"], other=thing(f"state/{other}"), **values
    )

    counts = Counter(row["counts"] for row in listed)
    assert [counts[word] for word in ("same", "near", "opposed")] == [
        int(row[name]) for name in COUNTS[1:]
    ]
