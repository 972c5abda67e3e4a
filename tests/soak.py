"""A server under mixed load for minutes, while releases are switched: ``python -m tests.soak``.

It builds two releases of the shipped graph, serves them with a temporary folder of its own, and
lets clients of every kind ask at once: those who look things up and read pages, and those who
ask for too much, hang up, read slowly, or send what no client should. Every answer must be one
that is meant to be, of one release as a whole. Memory, open files and processes are sampled; at
the end memory must be flat, and nothing left over. It prints what it saw; 1 if anything is wrong.
"""

from __future__ import annotations

import argparse
import http.client
import itertools
import json
import os
import random
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter, defaultdict
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

from stancegraph.build.shelf import use
from stancegraph.folder import shipped
from stancegraph.queryfile import read_queries
from tests.fuzz.seeds import SEEDS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    Process = subprocess.Popen[str]

PAUSE = 2.0  # seconds between samples
QUERY_TIMEOUT = 30  # seconds that the server gives a query, as it does unless told
ENDLESS = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l }"
FLOOD = "SELECT * { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }"
HUNGRY = "SELECT * { ?a ?b ?c . ?d ?e ?f } ORDER BY ?c ?f ?a"
RELEASE = """
    PREFIX prov: <http://www.w3.org/ns/prov#>
    SELECT DISTINCT (STRBEFORE(STRAFTER(STR(?by), "/release/"), "#") AS ?release)
    WHERE { ?graph prov:wasGeneratedBy ?by . FILTER CONTAINS(STR(?by), "/release/") }"""
REFUSED = {503}  # that too much is asked at once is meant to be
GROWTH = 0.05  # of its mean, by which memory may seem to grow over the second half
LEEWAY = 16 * 2**20  # bytes that it may in any case
QUIET = 45.0  # seconds for all to end when nobody asks any more


@dataclass
class Client:
    """What one kind of client does, and what it met.

    Attributes:
        act: Asks something once; raises AssertionError if the answer is wrong.
        pause: Seconds that it waits between.
    """

    act: Callable[[random.Random, Asked], None]
    number: int = 1
    pause: float = 0.01


@dataclass
class Asked:
    """Where a client asks, and how that was answered."""

    host: str
    port: int
    statuses: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)

    def get(
        self, path: str, expected: Sequence[int] = (200,), **headers: str
    ) -> tuple[int, dict[str, str], bytes]:
        """A GET, whose status must be an expected one, or tell that too much is asked."""
        connection = http.client.HTTPConnection(self.host, self.port, timeout=60)
        try:
            named = {name.replace("_", "-"): text for name, text in headers.items()}
            connection.request("GET", path, headers=named)
            reply = connection.getresponse()
            body = reply.read()
        finally:
            connection.close()
        told = {name.lower(): text for name, text in reply.getheaders()}
        self.statuses[str(reply.status)] += 1
        assert reply.status in {*expected, *REFUSED}, (path[:200], reply.status, _words(body))
        assert reply.status not in REFUSED or "retry-after" in told, (path[:200], body[:300])
        return reply.status, told, body

    def ask(
        self, query: str, expected: Sequence[int] = (200,), **headers: str
    ) -> tuple[int, dict[str, str], bytes]:
        """A query by GET, in CSV."""
        headers = {"Accept": "text/csv", **headers}
        return self.get(f"/sparql?query={quote(query)}", expected, **headers)

    def send(self, data: bytes) -> socket.socket:
        """A connection on which *data* was sent."""
        link = socket.create_connection((self.host, self.port), timeout=60)
        link.sendall(data)
        return link


def look_up(chance: random.Random, asked: Asked) -> None:
    """A light query that nobody asked before."""
    asked.ask(f"SELECT ?p ?o {{ ?s ?p ?o }} LIMIT {chance.randrange(1, 50)} #{chance.random()}")


def repeat(chance: random.Random, asked: Asked) -> None:
    """One of a few queries, so that most answers come from memory; some compressed."""
    encoding = chance.choice(["identity", "gzip", "zstd"])
    query = f"SELECT * {{ ?s ?p ?o }} LIMIT {chance.randrange(1, 9) * 100}"
    asked.ask(query, Accept_Encoding=encoding)


def tell_release(chance: random.Random, asked: Asked) -> None:
    """What the data says of its release is what the header says; later a 304 may hold."""
    status, told, body = asked.ask(RELEASE + f"# {chance.randrange(5)}")
    if status == 200:
        assert body.split() == [b"release", told["x-stancegraph-release"].encode()], (told, body)
        asked.ask(RELEASE, (200, 304), If_None_Match=told["etag"])


def wait_in_vain(chance: random.Random, asked: Asked) -> None:
    """A query without end, but for that of its time or memory."""
    asked.ask(f"{ENDLESS} #{chance.random()}", (500, 504))


def take_too_much(chance: random.Random, asked: Asked) -> None:
    """A query that wants more memory than one may have, or all the time there is."""
    asked.ask(f"{HUNGRY} #{chance.random()}", (500, 504))


def hang_up(chance: random.Random, asked: Asked) -> None:
    """Leave before an answer, or in its middle."""
    query = quote(f"{chance.choice([ENDLESS, FLOOD])} #{chance.random()}")
    head = f"GET /sparql?query={query} HTTP/1.1\r\nHost: x\r\n\r\n".encode()
    with asked.send(head) as link:
        link.settimeout(chance.random())
        with suppress(TimeoutError):
            for _ in range(chance.randrange(20)):
                link.recv(2**16)
        asked.statuses["left"] += 1


def read_slowly(chance: random.Random, asked: Asked) -> None:
    """Take an answer in small bites, for a while."""
    query = quote(f"SELECT * {{ ?a ?b ?c }} LIMIT 20000 #{chance.random()}")
    head = f"GET /sparql?query={query} HTTP/1.1\r\nHost: x\r\n\r\n".encode()
    with asked.send(head) as link:
        until = time.monotonic() + 5
        while time.monotonic() < until and link.recv(4096):
            time.sleep(0.05)
        asked.statuses["left"] += 1


def send_slowly(chance: random.Random, asked: Asked) -> None:
    """Send half a request, and leave."""
    whole = b"POST /sparql HTTP/1.1\r\nHost: x\r\nContent-Type: application/sparql-query\r\n"
    whole += b"Content-Length: 1000\r\n\r\nSELECT"
    with asked.send(whole[: chance.randrange(1, len(whole))]):
        time.sleep(chance.random() * 4)
        asked.statuses["left"] += 1


def send_rubbish(chance: random.Random, asked: Asked) -> None:
    """Bytes that are hardly HTTP, on a connection that is closed by one side or the other."""
    data = bytearray(chance.choice(SEEDS["requests"]).replace(b"\n", b"\r\n") + b"\r\n\r\n")
    data = data.replace(b"\r\n", b" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n", 1)
    for _ in range(chance.randrange(8)):
        at = chance.randrange(len(data))
        data[at : at + chance.randrange(2)] = chance.randbytes(chance.randrange(4))
    with asked.send(bytes(data)) as link, suppress(OSError):
        link.shutdown(socket.SHUT_WR)
        reply = link.recv(2**16)
        status = reply[9:12].decode("latin-1") or "closed"
        asked.statuses[status] += 1
        assert status in {"closed", "503", "504"} or status < "500", (bytes(data), reply[:500])


def read_pages(chance: random.Random, asked: Asked) -> None:
    """What people read."""
    path = chance.choice(["/", "/queries/", "/id/state/CAN", "/ontology", "/sparql", "/quality"])
    asked.get(path, Accept="text/html")


class SavedQueries:
    """Asks the saved queries by their examples, in some format; a page asked again may be held.

    Those that ask other endpoints, which this server asks nothing, are left out.
    """

    def __init__(self) -> None:
        self._addresses: list[str] = []
        self._elsewhere = {
            query.name for query in read_queries(shipped().root)[0] if query.services
        }

    def __call__(self, chance: random.Random, asked: Asked) -> None:
        """Ask one."""
        if not self._addresses:
            _, _, body = asked.get("/queries/", Accept="application/json")
            self._addresses = [
                query["example"]
                for query in json.loads(body)["queries"]
                if query["name"] not in self._elsewhere
            ]
        path = chance.choice(self._addresses)
        accept = chance.choice(["text/csv", "application/sparql-results+json", "text/html", "*/*"])
        status, told, _ = asked.get(path, (200, 406), Accept=accept)
        if status == 200 and "etag" in told:
            asked.get(path, (200, 304), Accept=accept, If_None_Match=told["etag"])


def watch_over(_chance: random.Random, asked: Asked) -> None:
    """What those ask who run it."""
    for path in ("/health", "/ready", "/metrics"):
        asked.get(path)


CLIENTS = {
    "lookups": Client(look_up, 3),
    "repeats": Client(repeat, 2),
    "releases": Client(tell_release, 1, 0.05),
    "endless": Client(wait_in_vain, 2),
    "hungry": Client(take_too_much, 1, 1.0),
    "hang-ups": Client(hang_up, 2, 0.2),
    "slow readers": Client(read_slowly, 3),
    "slow senders": Client(send_slowly, 3),
    "rubbish": Client(send_rubbish, 1, 0.02),
    "pages": Client(read_pages, 2, 0.05),
    "saved queries": Client(SavedQueries(), 2, 0.05),
    "operators": Client(watch_over, 1, 1.0),
}


@dataclass(frozen=True)
class Sample:
    """What a server takes at a moment.

    Attributes:
        memory: Bytes, by what its processes are, pages that several share by their share.
        processes: How many there are of each.
        files: Open ones of all.
        dead: Processes that ended and were not waited for.
    """

    at: float
    memory: dict[str, int]
    processes: Counter[str]
    files: int
    dead: int

    @property
    def total(self) -> int:
        """Bytes of all."""
        return sum(self.memory.values())

    @property
    def lasting(self) -> int:
        """Bytes of all but the workers, which take what the queries of the moment want."""
        return self.total - self.memory.get("worker", 0)


def sample(pid: int, at: float) -> Sample:
    """What process *pid* and all below it take."""
    memory: defaultdict[str, int] = defaultdict(int)
    processes: Counter[str] = Counter()
    files = dead = 0
    for each, parent_kind, state in _tree(pid):
        with suppress(OSError, AttributeError):
            if state == "Z":
                dead += 1
                continue
            place = Path(f"/proc/{each}")
            kind = _kind(place, parent_kind)
            told = re.search(r"^Pss: +(\d+) kB", (place / "smaps_rollup").read_text(), re.MULTILINE)
            memory[kind] += int(told[1]) * 1024 if told else 0
            files += len(list((place / "fd").iterdir()))
            processes[kind] += 1
    return Sample(at, dict(memory), processes, files, dead)


def _tree(pid: int) -> Iterator[tuple[int, str, str]]:
    """Each process from *pid* down, with the kind of its parent and its state."""
    children: defaultdict[int, list[tuple[int, str]]] = defaultdict(list)
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            number, _, rest = stat.read_text("utf-8", "replace").partition(" (")
            state, parent = rest.rpartition(") ")[2].split()[:2]
            children[int(parent)].append((int(number), state))
    queue = [(pid, "", "S")]
    for each, above, state in queue:
        yield each, above, state
        kind = "" if state == "Z" else _kind(Path(f"/proc/{each}"), above)
        queue += [(child, kind, state) for child, state in children[each]]


def _kind(place: Path, above: str) -> str:
    """What a process is."""
    if above in {"supervisor", "worker"}:
        return "worker"
    command = b""
    with suppress(OSError):
        command = (place / "cmdline").read_bytes()
    if b"stancegraph.engine.supervisor" in command:
        return "supervisor"
    if b"forkserver" in command:
        return "web"
    return "main" if b"serve" in command else "other"


def slope(samples: Sequence[Sample]) -> float:
    """By how many bytes lasting memory grew over all *samples*, by the line that fits them best."""
    times = [each.at for each in samples]
    fit = statistics.linear_regression(times, [each.lasting for each in samples])
    return fit.slope * (times[-1] - times[0])


def main() -> int:
    """Soak; 1 where anything is wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=300)
    parser.add_argument("--switch", type=float, default=10.0, help="seconds between releases")
    parser.add_argument("--seed", type=int, default=0, help="of what chance decides")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="stancegraph-soak-") as folder:
        wrong = _soak(Path(folder), options.seconds, options.switch, options.seed)
    for each in wrong:
        print(f"WRONG: {each}")  # noqa: T201
    print("soak: " + ("failed" if wrong else "all well"))  # noqa: T201
    return bool(wrong)


def _soak(folder: Path, seconds: int, switch: float, seed: int) -> list[str]:
    """Run it in *folder*, tell what was seen; what is wrong."""
    releases, own = folder / "releases", folder / "tmp"
    own.mkdir()
    ids = [_built(releases, day) for day in ("2026-01-01", "2026-01-02")]
    with _server(releases, own, folder / "log") as (process, host, port):
        met = {name: Asked(host, port) for name in CLIENTS}
        stop = threading.Event()
        threads = [
            threading.Thread(target=_go_on, args=(each, met[name], stop, f"{seed} {name} {number}"))
            for name, each in CLIENTS.items()
            for number in range(each.number)
        ]
        before = sample(process.pid, 0)
        begun = time.monotonic()
        for thread in threads:
            thread.start()
        samples, switches = [], 0
        turns = itertools.cycle(ids)
        while (at := time.monotonic() - begun) < seconds and process.poll() is None:
            samples.append(sample(process.pid, at))
            if at >= switch * (switches + 1):
                use(releases, next(turns))
                switches += 1
            time.sleep(PAUSE)
        stop.set()
        for thread in threads:
            thread.join()
        after = _quiet(process.pid, before)
        lives = process.poll() is None
        process.terminate()
        ended = process.wait(60)
    _tell(met, samples, before, after, switches)
    left = [str(path.relative_to(own)) for path in own.rglob("*")]
    return [
        *_wrong(met, samples, before, after),
        *([] if lives else ["the server ended by itself"]),
        *([] if ended == 0 else [f"the server ended with {ended}"]),
        *([f"left in the temporary folder: {', '.join(left)}"] if left else []),
        *[f"logged: {line}" for line in _troubles(folder / "log")],
    ]


def _go_on(client: Client, asked: Asked, stop: threading.Event, seed: str) -> None:
    """Let a client act until told to stop."""
    chance = random.Random(seed)  # noqa: S311 (nothing is secret)
    while not stop.wait(client.pause * chance.random() * 2):
        try:
            client.act(chance, asked)
        except AssertionError as error:
            asked.wrong.append(str(error))
        except (OSError, http.client.HTTPException) as error:
            asked.wrong.append(repr(error))


def _built(releases: Path, day: str) -> str:
    """The id of a release of the shipped graph that was built."""
    command = [sys.executable, "-m", "stancegraph", "build", "--quiet"]
    command += ["--releases", str(releases), "--date", day]
    subprocess.run(command, check=True, capture_output=True)
    return (releases / "current").resolve().name


@contextmanager
def _server(releases: Path, own: Path, log: Path) -> Iterator[tuple[Process, str, int]]:
    """A server with a temporary folder of its own: its process, host and port."""
    command = [sys.executable, "-m", "stancegraph", "serve", "--port", "0", "--workers", "2"]
    command += ["--query-timeout", str(QUERY_TIMEOUT), "--query-memory", "128"]
    command += ["--cache-size", "8", "--releases", str(releases)]
    with (
        log.open("w") as errors,
        subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=errors, text=True,
            env={**os.environ, "TMPDIR": str(own)},
        ) as process,
    ):  # fmt: skip
        assert process.stdout is not None
        parts = urlsplit(process.stdout.readline().split()[-1])
        try:
            yield process, parts.hostname or "", parts.port or 0
        finally:
            process.kill()


def _quiet(pid: int, before: Sample) -> Sample:
    """A sample once all has ended that clients have asked, or when that should have been."""
    until = time.monotonic() + QUIET
    while True:
        time.sleep(PAUSE)
        now = sample(pid, 0)
        calm = now.processes == before.processes and not now.dead
        if calm or time.monotonic() > until:
            return now


def _troubles(log: Path) -> list[str]:
    """The first lines of what the server logged beside requests and releases."""
    lines = log.read_text("utf-8", "replace").splitlines()
    # Workers that run out of memory at once may write into each other's lines.
    usual = re.compile(
        r"\{|serving release |.* broken off: |.*(?:memory alloc|bytes fail|note: run)"
    )
    return [line for line in lines if line and not usual.match(line)][:20]


def _wrong(
    met: dict[str, Asked], samples: Sequence[Sample], before: Sample, after: Sample
) -> list[str]:
    """What is not as it should be."""
    wrong = [
        f"{name}: {len(asked.wrong)} times, such as {each}"
        for name, asked in met.items()
        for each in asked.wrong[:3]
    ]
    half = samples[len(samples) // 2 :]
    mean = statistics.mean(each.lasting for each in half)
    if (grown := slope(half)) > max(LEEWAY, GROWTH * mean):
        wrong.append(f"memory grew by {_mebibytes(int(grown))} in the second half")
    if after.processes != before.processes:
        wrong.append(f"processes were {dict(before.processes)}, are {dict(after.processes)}")
    if after.dead:
        wrong.append(f"{after.dead} processes ended and were not waited for")
    if after.files > before.files + 64:  # connections to the engine that are kept
        wrong.append(f"{before.files} files were open, now {after.files}")
    return wrong


def _tell(
    met: dict[str, Asked], samples: Sequence[Sample], before: Sample, after: Sample, switches: int
) -> None:
    """Print what was seen."""
    halves = samples[: len(samples) // 2], samples[len(samples) // 2 :]
    print(f"{samples[-1].at:.0f} s, {switches} switches of the release, {len(samples)} samples\n")  # noqa: T201
    print("| client | answers | wrong |\n|---|---|--:|")  # noqa: T201
    for name, asked in met.items():
        told = ", ".join(f"{count} x {status}" for status, count in sorted(asked.statuses.items()))
        print(f"| {name} | {told} | {len(asked.wrong)} |")  # noqa: T201
    print("\n| | at first | 1st half | 2nd half | growth in it | at last |")  # noqa: T201
    print("|---|--:|--:|--:|--:|--:|")  # noqa: T201
    means = [_mebibytes(int(statistics.mean(s.lasting for s in half))) for half in halves]
    grown = f"{slope(halves[1]) / 2**20:+.1f} MiB"
    row = [_mebibytes(before.lasting), *means, grown, _mebibytes(after.lasting)]
    print(f"| memory (PSS) but for queries | {' | '.join(row)} |")  # noqa: T201
    for kind in sorted(before.memory):
        means = [_mebibytes(int(statistics.mean(s.memory[kind] for s in half))) for half in halves]
        row = [_mebibytes(before.memory[kind]), *means, "", _mebibytes(after.memory[kind])]
        print(f"| of that, {kind} | {' | '.join(row)} |")  # noqa: T201
    files = [f"{statistics.mean(s.files for s in half):.0f}" for half in halves]
    print(f"| open files | {before.files} | {' | '.join(files)} | | {after.files} |")  # noqa: T201
    counts = [f"{statistics.mean(s.processes.total() for s in half):.1f}" for half in halves]
    first, last = before.processes.total(), after.processes.total()
    print(f"| processes | {first} | {' | '.join(counts)} | | {last} |")  # noqa: T201
    most = max(samples, key=lambda each: each.total)
    parts = ", ".join(f"{kind} {_mebibytes(size)}" for kind, size in sorted(most.memory.items()))
    print(f"\nmost memory: {_mebibytes(most.total)} after {most.at:.0f} s ({parts})")  # noqa: T201


def _words(body: bytes) -> str:
    """What an answer says, to people who read a line."""
    text = re.sub(r"<(script|style|head).*?</\1>|<[^>]*>", " ", body.decode("utf-8", "replace"))
    return " ".join(text.split())[:500]


def _mebibytes(size: int) -> str:
    return f"{size / 2**20:.0f} MiB"


if __name__ == "__main__":
    if sys.platform != "linux" or shutil.which("true") is None:
        sys.exit("the soak reads /proc, which only Linux has")
    sys.exit(main())
