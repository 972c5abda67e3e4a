"""One run: all servers are given one graph, and asked by turns.

While one is measured, all others are stopped, so that nothing that they do weighs on it. Each
round goes through all of them, so that what else the machine does weighs on all alike.
"""

from __future__ import annotations

import time
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from math import inf
from random import Random
from statistics import fmean
from typing import TYPE_CHECKING

from bench import answers, processes
from bench.client import Client, request
from bench.load import Window, window
from bench.mix import Mix
from bench.peers import (
    Graph,
    Peer,
    PeerFailed,
    Server,
    free_port,
    start,
    wait_until_listening,
    wait_until_ready,
)
from bench.questions import EXPORTS, KINDS, Constants, Question, ask, unique

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from bench.answers import Answer
    from bench.client import Reply

CONNECTIONS = (1, 8, 32)
NOTHING = 0.1  # seconds that doing nothing takes at most
LONG_START = 5.0  # seconds; one is enough
STARTS = 3  # of a server that has its graph on disk, to the first answer
PATIENCE = 10.0  # seconds for one answer
WARM_UP = 20  # seconds of the mix that come before it is measured
EXPORT_PATIENCE = 60.0
READY_PATIENCE = 900.0
KIND_SECONDS = 1.5  # for the questions of one kind in one round
PER_KIND = 15  # questions of one kind in one round, where they fit
COMPARED = 4  # questions of each kind whose answers are compared
COMPARING_SECONDS = 40.0  # for each server
SETTLING = 10.0  # seconds that a server may go on with what nobody waits for
SLOW = 0.25  # seconds for an answer, above which one connection and one round must do
SENT = 6_000  # different questions of a window
EXPORT_ROUNDS = 2


@dataclass(slots=True)
class Export:
    """One large answer.

    Attributes:
        first, last: Seconds to the first and to the last byte.
        size: Bytes.
        failure: Why it failed; empty if it did not.
    """

    name: str
    first: float
    last: float
    size: int
    failure: str = ""


@dataclass(slots=True)
class Result:
    """What was found of one server with one graph.

    Attributes:
        load: Seconds that putting the graph on disk took; 0 where nothing is put there.
        ready: Seconds from starting to the first answer, per start.
        memory: MiB, by when.
        cold: Milliseconds per answer, by kind; one that took too long counts as that long.
        errors: How many answers were errors, by kind.
        cold_windows, mix_windows: What came of many connections.
        deviations: In what answers differ from ours, with how many do, by kind.
        compared: How many answers were compared, by kind.
        failure: Why there is nothing; empty if there is.
    """

    key: str
    title: str
    version: str
    how: str
    load: float = 0.0
    ready: list[float] = field(default_factory=list)
    memory: dict[str, float] = field(default_factory=dict)
    cold: dict[str, list[float]] = field(default_factory=dict)
    errors: dict[str, int] = field(default_factory=dict)
    cold_windows: list[Window] = field(default_factory=list)
    mix_windows: list[Window] = field(default_factory=list)
    exports: list[Export] = field(default_factory=list)
    deviations: dict[str, dict[str, int]] = field(default_factory=dict)
    compared: dict[str, int] = field(default_factory=dict)
    failure: str = ""

    def remember(self, when: str, server: Server) -> None:
        """Keep what memory the server takes; of several times the most."""
        self.memory[when] = max(self.memory.get(when, 0.0), processes.memory_mib(server.pid))


@dataclass(frozen=True, slots=True)
class Plan:
    """How much is measured.

    Attributes:
        rounds: In each of which every server has its turn.
        seconds: Of each window.
        seed: What draws begin with.
    """

    rounds: int
    seconds: int
    seed: int


class Run:
    """The servers that run with one graph, the first of which is ours."""

    def __init__(
        self,
        graph: Graph,
        peers: Sequence[Peer],
        folder: Path,
        plan: Plan,
        tell: Callable[[str], None],
    ) -> None:
        self._graph = graph
        self._folder = folder
        self._plan = plan
        self._tell = tell
        self._servers: dict[str, Server] = {}
        self.results = {
            peer.key: Result(peer.key, peer.title, peer.version(), peer.how) for peer in peers
        }
        self._peers = {peer.key: peer for peer in peers}
        self._slow: set[str] = set()
        self._warm: set[str] = set()
        self.different = 0

    def measure(self, queries: Path) -> None:
        """Do all of it; the results are kept as they come.

        Args:
            queries: A folder with the ``queries/`` of which the mix is made.
        """
        with ExitStack() as stack:
            stack.callback(self._end_all)
            for key in self._peers:
                self._begin(key)
            ours = self._servers[next(iter(self._peers))]
            processes.resume(ours.pid)
            constants = Constants(ours.endpoint)
            release = self._graph.quads.parent.resolve()
            mix = Mix(queries, release, constants.things, Random(self._plan.seed))
            self.different = len(mix.requests)
            self._compare(constants, mix)
            # The constants are as many as the graph has; a question comes once.
            questions = unique(constants, Random(self._plan.seed + 1))
            for number in range(1, self._plan.rounds + 1):
                self._round(number, questions, mix)
            for number in range(EXPORT_ROUNDS):
                self._for_each("exports", partial(self._export, number))

    def _for_each(self, what: str, step: Callable[[str], None]) -> None:
        """Take *step* with every server while the others do nothing."""
        for key in list(self._servers):
            began = time.monotonic()
            self._tell(f"{self._graph.title}: {self.results[key].title}: {what}")
            processes.resume(self._servers[key].pid)
            step(key)
            self._calm(key)
            if key in self._servers:
                self.results[key].remember("at the end", self._servers[key])
                processes.pause(self._servers[key].pid)
            self._tell(f"  {time.monotonic() - began:.1f} s")

    def _begin(self, key: str) -> None:
        """Load and start a server; then it does nothing until its turn."""
        peer, result = self._peers[key], self.results[key]
        folder = self._folder / self._graph.key / key
        folder.mkdir(parents=True, exist_ok=True)
        self._tell(f"{self._graph.title}: {peer.title}: load and start")
        try:
            began = time.monotonic()
            peer.load(self._graph, folder)
            took = time.monotonic() - began
            result.load = took if took > NOTHING else 0.0
            for _ in range(STARTS if result.load or key == next(iter(self._peers)) else 1):
                if key in self._servers:
                    self._servers.pop(key).end()
                result.ready.append(self._start(key))
                if result.ready[-1] > LONG_START:
                    break
        except PeerFailed as error:
            result.failure = str(error)
            self._tell(f"  {error}")
            return
        self._calm(key)
        result.remember("loaded", self._servers[key])
        processes.pause(self._servers[key].pid)

    def _start(self, key: str) -> float:
        """Start a server; the seconds to its first answer."""
        peer, port = self._peers[key], free_port()
        began = time.monotonic()
        server = start(peer, self._graph, self._folder / self._graph.key / key, port)
        self._servers[key] = server
        try:
            wait_until_listening(server, port, READY_PATIENCE)
            peer.fill(self._graph, port)
            wait_until_ready(server, READY_PATIENCE)
        except PeerFailed:
            self._servers.pop(key).end()
            raise
        return time.monotonic() - began

    def _calm(self, key: str) -> None:
        """Wait until the server is idle; if it is not soon, start it anew."""
        server = self._servers[key]
        if server.process.poll() is None and processes.settle(server.pid, bound=SETTLING):
            return
        self._tell("  does not come to rest: started anew")
        self._servers.pop(key).end()
        try:
            self._start(key)
            processes.settle(self._servers[key].pid, bound=SETTLING)
        except PeerFailed as error:
            self.results[key].failure = str(error)

    def _end_all(self) -> None:
        for server in self._servers.values():
            with suppress(ProcessLookupError):
                server.end()

    def _compare(self, constants: Constants, mix: Mix) -> None:
        """Ask all servers the same and note in what their answers differ from the first's."""
        random = Random(self._plan.seed + 2)
        asked = [ask(kind, constants, random) for kind in KINDS for _ in range(COMPARED)]
        asked += [mix.of(query, random) for query in mix.queries]
        expected: list[Answer] = []

        def compare(key: str) -> None:
            until, endless = time.monotonic() + COMPARING_SECONDS, set()
            for number, question in enumerate(asked):
                if time.monotonic() > until or key not in self._servers:
                    break
                if question.kind in endless:
                    continue
                reply = self._ask(key, question)
                if not reply.status:
                    endless.add(question.kind)
                found = answers.read(question, reply)
                if len(expected) == number:
                    expected.append(found)
                self._note(key, question.kind, answers.difference(expected[number], found))

        self._for_each("answers compared", compare)

    def _ask(self, key: str, question: Question) -> Reply:
        """One answer, over a connection of its own; what is given up does not go on."""
        endpoint = self._servers[key].endpoint
        with Client(endpoint) as client:
            reply = client.ask(request(endpoint, question), timeout=PATIENCE)
        if not reply.status:
            self._calm(key)
        return reply

    def _note(self, key: str, kind: str, told: str) -> None:
        """Keep that an answer was compared, and in what it differs."""
        result = self.results[key]
        result.compared[kind] = result.compared.get(kind, 0) + 1
        if told:
            found = result.deviations.setdefault(kind, {})
            found[told] = found.get(told, 0) + 1

    def _round(self, number: int, questions: Iterator[Question], mix: Mix) -> None:
        """Let every server have its turn with questions that none has seen."""
        by_kind: dict[str, list[Question]] = {kind: [] for kind in KINDS}
        for question in islice(questions, PER_KIND * len(KINDS)):
            by_kind[question.kind].append(question)
        unseen = {count: list(islice(questions, SENT)) for count in CONNECTIONS}
        random = Random(f"{self._plan.seed}/{number}")
        drawn = {count: [mix.draw(random) for _ in range(SENT)] for count in CONNECTIONS}
        before = [mix.draw(random) for _ in range(SENT)]

        def turn(key: str) -> None:
            if key in self._slow:
                return
            counts: Sequence[int] = CONNECTIONS
            if self._one_by_one(key, by_kind) > SLOW:
                self._slow.add(key)
                counts = CONNECTIONS[:1]
            self._windows(key, self.results[key].cold_windows, unseen, counts)
            if key not in self._warm | self._slow and key in self._servers:
                self._warm.add(key)
                window(self._servers[key], before, connections=8, seconds=WARM_UP)
                self._calm(key)
            self._windows(key, self.results[key].mix_windows, drawn, counts)

        self._for_each(f"round {number} of {self._plan.rounds}", turn)

    def _windows(
        self,
        key: str,
        windows: list[Window],
        asked: Mapping[int, Sequence[Question]],
        counts: Sequence[int],
    ) -> None:
        """Ask from ever more connections, while answers come."""
        for count in counts:
            if key not in self._servers:
                return
            server, seconds = self._servers[key], self._plan.seconds
            windows.append(window(server, asked[count], connections=count, seconds=seconds))
            self._calm(key)
            if not windows[-1].good:
                return

    def _one_by_one(self, key: str, by_kind: dict[str, list[Question]]) -> float:
        """Ask on one connection; the mean of the seconds that a kind takes."""
        result, means = self.results[key], []
        for kind, questions in by_kind.items():
            if key not in self._servers:
                break
            took = self._kind(key, kind, questions)
            result.cold.setdefault(kind, []).extend(1000 * seconds for seconds in took)
            means.append(fmean(took))
        return fmean(means) if means else inf

    def _kind(self, key: str, kind: str, questions: Sequence[Question]) -> list[float]:
        """Ask questions of one kind while the time for them lasts; the seconds of each."""
        took: list[float] = []
        until = time.monotonic() + KIND_SECONDS
        endpoint, errors = self._servers[key].endpoint, self.results[key].errors
        with Client(endpoint) as client:
            for question in questions:
                reply = client.ask(request(endpoint, question), timeout=PATIENCE)
                took.append(reply.last)
                if not reply.ok:
                    errors[kind] = errors.get(kind, 0) + 1
                if not reply.status:
                    # What nobody waits for any more must not weigh on the next kind.
                    self._calm(key)
                    break
                if time.monotonic() > until:
                    break
        return took

    def _export(self, number: int, key: str) -> None:
        if number and key in self._slow:
            return
        for name, make in EXPORTS.items():
            if key not in self._servers:
                return
            endpoint = self._servers[key].endpoint
            with Client(endpoint) as client:
                reply = client.ask(request(endpoint, make(number)), timeout=EXPORT_PATIENCE)
            told = "" if reply.ok else f"{reply.status or 'no answer'}: {reply.body[:100]!r}"
            self.results[key].exports.append(
                Export(name, reply.first, reply.last, len(reply.body), told)
            )
            self.results[key].remember("with exports", self._servers[key])
            if not reply.status:
                self._calm(key)
