"""Names of countries: how many are matched, how many rightly, and how fast, beside others.

    python -m bench.names

needs a release, and besides what the tests need ``country_converter`` and ``pycountry``, which
neither the program nor its tests use (the first is GPL), from an environment on PYTHONPATH:
``pip install country_converter pycountry 'pandas<3'``, for its version 1.3.2 fails with pandas 3.

The names are the rows on countries of tests/data/messy-names.csv, with answers checked by hand. The
others answer or do not; stancegraph says too where it is unsure, which counts as no answer. A
row that has no answer, since two countries may be meant or none, is wrong for whoever gives one;
those on territories that the graph does not have are left out, for the others may know them.
The speed is that of the same 10,000 names, half of them misspelt, a process each; those of
stancegraph go over HTTP in batches, from two clients at once, as two cores allow.
"""

from __future__ import annotations

import csv
import http.client
import json
import logging
import os
import random
import re
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urlsplit

from stancegraph.build.release import open_release
from stancegraph.folder import shipped
from stancegraph.names import Names

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    Answer = Callable[[str], str | None]

SHEET = Path(__file__).parents[1] / "tests" / "data" / "messy-names.csv"
CLASS = "https://w3id.org/stancegraph/ontology#CountryOrArea"
MANY = 10_000
BATCH = 500
CLIENTS = 2
SAMPLE = 300  # names that the slowest of the others is timed with
SEED = 7


def messy() -> list[tuple[str, str | None]]:
    """The rows on countries: a name, and the ISO alpha-3 code of the answer, if there is one."""
    with SHEET.open(encoding="utf-8", newline="") as file:
        rows = [
            row
            for row in csv.DictReader(file)
            if row["kind"] == "country" and "not in the graph" not in row["why"]
        ]
    return [
        (row["name"], row["answer"].rpartition("/")[2] if "/" in row["answer"] else None)
        for row in rows
    ]


def many(names: Names) -> list[str]:
    """The names that speed is measured with, drawn with a fixed seed."""
    drawn = random.Random(SEED)
    known = sorted({name for key in names.sorts.classes[CLASS] for name in names.by_key[key]})
    found = [drawn.choice(known) for _ in range(MANY)]
    return [_misspelt(name, drawn) if drawn.random() < 0.5 else name for name in found]  # noqa: PLR2004


def _misspelt(name: str, drawn: random.Random) -> str:
    at = drawn.randrange(len(name))
    return drawn.choice((
        name[:at] + name[at + 1 :],
        name[:at] + drawn.choice("aeiounrst") + name[at:],
        name[:at] + name[at : at + 2][::-1] + name[at + 2 :],
    ))  # fmt: skip


class Service:
    """A server of the current release, asked as OpenRefine does."""

    def __init__(self, releases: Path) -> None:
        command = [sys.executable, "-m", "stancegraph", "serve", "--port", "0"]
        self.process = subprocess.Popen(
            [*command, "--releases", str(releases)],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        assert self.process.stdout is not None
        told = self.process.stdout.readline()
        self.address = urlsplit(re.findall(r"http://\S+", told)[0]).netloc

    def close(self) -> None:
        """End the server."""
        self.process.terminate()
        self.process.wait()

    def ask(self, names: Sequence[str]) -> list[list[dict[str, Any]]]:
        """The candidates for each of *names*, in batches on one connection."""
        connection = http.client.HTTPConnection(self.address, timeout=60)
        found = []
        for at in range(0, len(names), BATCH):
            batch = {
                str(number): {"query": name, "type": CLASS}
                for number, name in enumerate(names[at : at + BATCH])
            }
            connection.request(
                "POST",
                "/reconcile",
                urlencode({"queries": json.dumps(batch)}),
                {"Content-Type": "application/x-www-form-urlencoded"},
            )
            told = json.loads(connection.getresponse().read())
            found += [told[number]["result"] for number in batch]
        connection.close()
        return found

    def answer(self, name: str) -> str | None:
        """The code of what is certain."""
        candidates = self.ask([name])[0]
        sure = candidates and candidates[0]["match"]
        return candidates[0]["id"].rpartition("/")[2] if sure else None

    def all_at_once(self, names: Sequence[str]) -> None:
        """Ask for *names* from two clients at a time."""
        parts = [names[each::CLIENTS] for each in range(CLIENTS)]
        with ThreadPoolExecutor(CLIENTS) as pool:
            list(pool.map(self.ask, parts))


def country_converter() -> Answer:
    """Its patterns; of several countries it gives a list, which is no answer."""
    import country_converter as coco  # noqa: PLC0415

    logging.getLogger("country_converter").setLevel(logging.CRITICAL)
    converter = coco.CountryConverter()

    def answer(name: str) -> str | None:
        found = converter.convert(name, to="ISO3", not_found="?")
        return found if isinstance(found, str) and found != "?" else None

    return answer


def pycountry() -> Answer:
    """The first that its fuzzy search finds."""
    import pycountry as peer  # noqa: PLC0415

    def answer(name: str) -> str | None:
        try:
            return str(peer.countries.search_fuzzy(name)[0].alpha_3)
        except LookupError:
            return None

    return answer


def measured(answer: Answer) -> str:
    """How many answers *answer* gives to the messy names, and how many are right."""
    rows = messy()
    given = [(answer(name), right) for name, right in rows]
    answered = [(found, right) for found, right in given if found is not None]
    rightly = sum(found == right for found, right in answered)
    answerable = sum(right is not None for _, right in rows)
    return (
        f"{len(answered):4} answers, {len(answered) - rightly:3} wrong; precision "
        f"{rightly / len(answered):.3f}, recall {rightly / answerable:.3f}"
    )


def seconds(work: Callable[[], object]) -> float:
    """The least time of three that *work* takes."""
    found = []
    for _ in range(3):
        begun = time.perf_counter()
        work()
        found.append(time.perf_counter() - begun)
    return min(found)


def _each(answer: Answer, names: Sequence[str]) -> None:
    for name in names:
        answer(name)


def main() -> None:
    """Measure and tell."""
    releases = Path(os.environ.get("STANCEGRAPH_RELEASES", shipped().releases))
    names = many(Names.load(open_release(releases).names_file))
    peers = {"country_converter": country_converter(), "pycountry fuzzy": pycountry()}
    service = Service(releases)
    try:
        answers = sum(answer is not None for _, answer in messy())
        print(f"{len(messy())} messy names of countries, {answers} with an answer")
        print(f"  {'stancegraph':18} {measured(service.answer)}")
        for name, answer in peers.items():
            print(f"  {name:18} {measured(answer)}")
        ours = seconds(lambda: service.all_at_once(names)) / len(names)
        print(f"{MANY} names, half misspelt, over HTTP in batches of {BATCH}: {ours * MANY:.1f} s")
    finally:
        service.close()
    sample = names[:SAMPLE]
    for name, answer in peers.items():
        theirs = seconds(partial(_each, answer, sample)) / len(sample)
        print(f"  {name} takes {theirs / ours:.1f} times as long a name, in one process")


if __name__ == "__main__":
    main()
