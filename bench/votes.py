"""Importing all roll calls of the General Assembly, by ``python -m bench.votes``.

Makes up tables of the size and in the layouts of the two that are published, imports each into
a copy of examples/un-votes, and writes docs/votes-at-size.md. No vote in them is true.
"""

from __future__ import annotations

import argparse
import csv
import os
import re
import shutil
import sys
import tempfile
import time
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

from bench import records

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

ROOT = Path(__file__).parents[1]
WRITTEN = ROOT / "docs/votes-at-size.md"
EXAMPLE = ROOT / "examples/un-votes"
FIRST, LAST = 1946, 2025  # years
FOUNDERS = 51  # members in the first of them
MIB = 2**20
UNDL = (
    "undl_id", "ms_code", "ms_name", "ms_vote", "date", "session", "resolution", "draft",
    "committee_report", "meeting", "title", "agenda_title", "subjects", "vote_note", "total_yes",
    "total_no", "total_abstentions", "total_non_voting", "total_ms", "undl_link",
)  # fmt: skip
VOETEN_VOTES = ("rcid", "ccode", "member", "vote", "Country", "Countryname")
VOETEN_CALLS = (
    "rcid", "session", "abstain", "yes", "no", "importantvote", "date", "unres", "amend", "para",
    "short", "descr", "me", "nu", "di", "hr", "co", "ec",
)  # fmt: skip
HEAD = """\
# All votes since 1946

What `stancegraph import` takes for tables of the size of those that hold all roll calls of the
General Assembly ([import-votes.md](import-votes.md)): made-up votes in exactly their layouts, into
a copy of `examples/un-votes`. {machine}, revision {revision}, {day};
`python -m bench.votes`. Before it began, {busy:.1f} processors were busy with other things.

| kind | rows | CSV, MB | seconds | rows/s | most memory, MiB | files | Turtle, MB |
|---|--:|--:|--:|--:|--:|--:|--:|
"""
BUILT = """
Built with them, the graph of `{kind}` has {triples} triples: {seconds:,.0f} s and {memory:,.0f} MiB
at most.
"""


@dataclass(frozen=True, slots=True)
class Member:
    """A state that votes."""

    code: str
    cow: str
    name: str


@dataclass(frozen=True, slots=True)
class RollCall:
    """A roll call: its number, its day, and a letter for each member that there is by then."""

    number: int
    day: date
    letters: str

    @property
    def session(self) -> int:
        """Sessions begin in September."""
        return max(1, self.day.year - FIRST + (self.day.month >= 9))  # noqa: PLR2004

    @property
    def symbol(self) -> str:
        """Of a text that nobody has adopted."""
        return f"A/RES/{self.session}/{self.number}"


def members() -> list[Member]:
    """The states of the example that are members, with their numbers."""
    text = (EXAMPLE / "data/states.ttl").read_text("utf-8")
    found = []
    for block in re.findall(r"^<state/.*?^\.$", text, re.MULTILINE | re.DOTALL):
        told = {
            name: match[1]
            for name in ("iso3", "cowNumber")
            if (match := re.search(rf'sg:{name} "(\w+)"', block))
        }
        label = re.search(r'rdfs:label "(.+)"@en', block)
        if "international-status:un-member" in block and label and len(told) == 2:  # noqa: PLR2004
            found.append(Member(told["iso3"], told["cowNumber"], label[1].upper()))
    # One number of the Correlates of War project has been of several states.
    return [member for member in found if member.cow != "345"]


def roll_calls(count: int, states: int, seed: int) -> Iterator[RollCall]:
    """*count* roll calls from 1946 on, more and more members of *states* voting in each."""
    random = Random(seed)
    start = date(FIRST, 1, 1)
    days = (date(LAST, 12, 31) - start).days
    for number in range(count):
        day = start + timedelta(days * number // count)
        there = min(states, FOUNDERS + (states - FOUNDERS) * (day.year - FIRST) // 50)
        yield RollCall(number + 1, day, "".join(random.choices("YYYYYYYNAAX", k=there)))


def write_undl(path: Path, count: int, states: Sequence[Member], seed: int = 1) -> int:
    """Write votes as the UN Digital Library does; the rows that were written."""
    rows = 0
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(UNDL)
        for call in roll_calls(count, len(states), seed):
            totals = [f"{call.letters.count(letter)}.0" for letter in "YNAX"]
            title = f"Made-up question {call.number} : resolution / adopted by nobody"
            for member, letter in zip(states, call.letters, strict=False):
                writer.writerow(
                    (call.number, member.code, member.name, letter, call.day, call.session,
                     call.symbol, f"A/{call.session}/L.{call.number}", "",
                     f"A/{call.session}/PV.{call.number}", title, "Made-up item",
                     "MADE-UP--VOTES|NOBODY", "", *totals, f"{len(call.letters)}.0",
                     f"https://digitallibrary.un.org/record/{call.number}")
                )  # fmt: skip
                rows += 1
    return rows


def write_voeten(
    votes: Path, calls: Path, count: int, states: Sequence[Member], seed: int = 1
) -> int:
    """Write votes as Voeten's data have them, in two files; the rows of votes."""
    rows = 0
    numbers = {"Y": 1, "A": 2, "N": 3, "X": 8}
    with (
        votes.open("w", encoding="utf-8", newline="") as votes_file,
        calls.open("w", encoding="utf-8", newline="") as calls_file,
    ):
        votes_writer = csv.writer(votes_file, lineterminator="\n")
        calls_writer = csv.writer(calls_file, lineterminator="\n")
        votes_writer.writerow(VOETEN_VOTES)
        calls_writer.writerow(VOETEN_CALLS)
        for call in roll_calls(count, len(states), seed):
            totals = [call.letters.count(letter) for letter in "AYN"]
            calls_writer.writerow(
                (call.number, call.session, *totals, "NA", call.day, call.symbol, 0, 0, "MADE UP",
                 f"To adopt made-up question {call.number}", 0, 0, 0, 0, 0, 0)
            )  # fmt: skip
            for place, member in enumerate(states):
                there = place < len(call.letters)
                vote = numbers[call.letters[place]] if there else 9
                votes_writer.writerow(
                    (call.number, member.cow, int(there), vote, member.code, member.name.title())
                )
                rows += 1
    return rows


def run(*arguments: str | Path) -> tuple[float, float]:
    """Run the program: its seconds, and its MiB at most.

    Raises:
        SystemExit: it fails; it has told why.
    """
    began = time.perf_counter()
    process = os.posix_spawn(
        sys.executable, [sys.executable, "-m", "stancegraph", *map(str, arguments)], os.environ
    )
    _, status, used = os.wait4(process, 0)
    if status:
        sys.exit(f"stancegraph {arguments[0]} failed")
    return time.perf_counter() - began, used.ru_maxrss / 1024


def measured(kind: str, rows: int, tables: Sequence[Path], folder: Path) -> str:
    """Import *tables* into the graph *folder*; a row of the page."""
    joined: list[str | Path] = ["--join", *tables[1:]] if tables[1:] else []
    seconds, memory = run(
        "--graph", folder, "import", kind, tables[0], *joined, "--source", "undl-ga-votes",
        "--coded-on", "2026-11-22",
    )  # fmt: skip
    files = list((folder / "data/votes").rglob("*.ttl"))
    size, written = (sum(p.stat().st_size for p in paths) / 1e6 for paths in (tables, files))
    figures = (f"{rows:,}", f"{size:,.0f}", f"{seconds:,.0f}", f"{rows / seconds:,.0f}",
               f"{memory:,.0f}", f"{len(files)}", f"{written:,.0f}")  # fmt: skip
    return f"| `{kind}` | {' | '.join(figures)} |\n"


def main() -> None:
    """Measure both layouts, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=7_600, help="roll calls (%(default)s)")
    parser.add_argument("--build", action="store_true", help="build the graph of the first, too")
    parser.add_argument("--out", type=Path, default=WRITTEN, help="the page to write")
    options = parser.parse_args()
    busy = os.getloadavg()[0]
    states = members()
    with tempfile.TemporaryDirectory() as place:
        work = Path(place)
        rows = []
        undl, votes, calls = work / "undl.csv", work / "UNVotes.csv", work / "descriptions.csv"
        counts = {
            "undl-votes": (write_undl(undl, options.calls, states), [undl]),
            "voeten-votes": (write_voeten(votes, calls, options.calls, states), [votes, calls]),
        }
        built = ""
        for kind, (count, tables) in counts.items():
            folder = work / kind
            shutil.copytree(EXAMPLE, folder, ignore=shutil.ignore_patterns("votes", "releases"))
            rows.append(measured(kind, count, tables, folder))
            if options.build and not built:
                seconds, memory = run("--graph", folder, "build", "--quiet")
                release = (folder / "releases/current/release.nq").open("rb")
                with release:
                    triples = sum(1 for _ in release)
                built = BUILT.format(
                    kind=kind, triples=f"{triples:,}", seconds=seconds, memory=memory
                )
    head = HEAD.format(
        machine=records.machine(), revision=records.revision(ROOT), day=records.today(), busy=busy
    )
    options.out.write_text(head + "".join(rows) + built, "utf-8")


if __name__ == "__main__":
    main()
