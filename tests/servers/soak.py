"""A soak: several clients cause mixed errors at gunicorn for a time, and its worker must not grow.

    make soak                 five minutes
    make soak SECONDS=120

Every answer is read to the letter and has a status that was asked for; no id comes twice; the log
has no failure of the package. There are never more than `THREADS` threads, and when the clients
have gone, no descriptor is left. Over the last two thirds of the time, memory stays within `SLOPE`
and `GROWTH`.
"""

from __future__ import annotations

import argparse
import random
import statistics
import sys
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from server_support import DATABASE, PATIENCE, Server, serving
from soak_shots import Shot, all_shots
from table_app import FAILURE
from wire import BrokenOff, Garbled, Wire

#: How memory may grow: KiB in 1000 requests, by the line of best fit, and the median of the last
#: third beside that of the second. To keep no more than each path would be more.
SLOPE = 50.0
GROWTH = 1.02

#: The one that accepts, and those that answer.
THREADS = 5

#: In less, what is made once for all looks like a trend (seconds).
SHORTEST_TREND = 120


@dataclass
class Tally:
    """What the clients have seen.

    Attributes:
        statuses: how often each came; None where the connection ended instead.
        faults: what was wrong with answers.
        ids: of the problems.
    """

    statuses: Counter[int | None] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)
    ids: set[str] = field(default_factory=set)
    connections: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def requests(self) -> int:
        return sum(self.statuses.values())


@dataclass
class Sample:
    """What the worker has at one time.

    Attributes:
        rss: in KiB.
        descriptors: open files and sockets, but for the pool of the example's database.
        requests: sent until then.
    """

    rss: int
    descriptors: int
    threads: int
    requests: int


class Client(threading.Thread):
    """Takes one shot after the other, over one connection as long as that lasts."""

    def __init__(
        self, server: Server, shots: list[Shot], tally: Tally, seed: int, pause: float
    ) -> None:
        super().__init__(daemon=True)
        self._server, self._shots, self._tally = server, shots, tally
        self._random = random.Random(seed)
        self._pause = pause
        self._wire: Wire | None = None
        self.stop = threading.Event()

    def run(self) -> None:
        due = time.monotonic()
        while not self.stop.is_set():
            shot = self._random.choice(self._shots)
            try:
                self._take(shot)
            except Exception as error:
                self._leave()
                self._note(f"{shot.name}: {error!r}"[:500])
            due += self._pause
            self.stop.wait(max(0, due - time.monotonic()))
        self._leave()

    def _take(self, shot: Shot) -> None:
        if self._wire is None:
            self._wire = self._server.connect()
            self._tally.connections += 1
        wire = self._wire
        (wire.send_meanwhile if len(shot.sent) > 50_000 else wire.send)(shot.sent)
        if shot.leaves:
            time.sleep(self._random.random() / 100)
            self._leave(reset=self._random.random() < 0.5)
            self._count(None)
            return
        for _ in range(shot.answers):
            self._receive(wire, shot)
        if shot.ends:
            self._leave()

    def _receive(self, wire: Wire, shot: Shot) -> None:
        try:
            answer = wire.receive(shot.method)
        except BrokenOff:
            self._leave()
            self._count(None)
            if None not in shot.statuses:
                self._note(f"{shot.name}: the connection ended")
            return
        self._count(answer.status)
        if answer.status not in shot.statuses:
            self._note(f"{shot.name}: {answer}"[:500])
        if answer.last:
            self._leave()
        elif shot.answers == 1 and not wire.is_quiet():
            raise Garbled(f"something stands behind {answer}")
        if answer.body and answer.header("Content-Type") == "application/problem+json":
            self._remember(answer.json["request_id"])

    def _leave(self, *, reset: bool = False) -> None:
        if self._wire is not None:
            (self._wire.reset if reset else self._wire.close)()
            self._wire = None

    def _count(self, status: int | None) -> None:
        with self._tally.lock:
            self._tally.statuses[status] += 1

    def _remember(self, request_id: str) -> None:
        with self._tally.lock:
            known = request_id in self._tally.ids
            self._tally.ids.add(request_id)
        if known:
            self._note(f"the id {request_id} came twice")

    def _note(self, fault: str) -> None:
        with self._tally.lock:
            self._tally.faults.append(fault)


def worker_of(server: Server) -> int:
    [worker] = set(server.processes) - {server.pid}
    return worker


def sample(worker: int, tally: Tally) -> Sample:
    process = Path(f"/proc/{worker}")
    status = dict(line.split(":\t", 1) for line in (process / "status").read_text().splitlines())
    descriptors = [descriptor for descriptor in (process / "fd").iterdir() if is_open(descriptor)]
    return Sample(
        int(status["VmRSS"].split()[0]), len(descriptors), int(status["Threads"]), tally.requests
    )


def is_open(descriptor: Path) -> bool:
    try:
        return DATABASE not in str(descriptor.readlink())
    except FileNotFoundError:  # closed meanwhile
        return False


def soak(server: Server, seconds: float, rate: float, clients: int) -> tuple[Tally, list[Sample]]:
    """Let the clients loose; return what they saw, and a sample before, each second, and after."""
    tally, worker, shots = Tally(), worker_of(server), all_shots(server)
    samples = [sample(worker, tally)]
    # The first of each kind pays for imports, templates, threads and connections.
    for pause, lasting in ((0, min(2, seconds / 4)), (clients / rate, seconds)):
        loose = [Client(server, shots, tally, seed, pause) for seed in range(clients)]
        for client in loose:
            client.start()
        begun = time.monotonic()
        while time.monotonic() < begun + lasting:
            time.sleep(1)
            samples.append(sample(worker, tally))
        for client in loose:
            client.stop.set()
        for client in loose:
            client.join()
    samples.append(sample(worker, tally))
    # gunicorn keeps what it closes for two seconds, lest the last bytes are lost.
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline and samples[-1].descriptors > samples[0].descriptors:
        time.sleep(0.2)
        samples[-1] = sample(worker, tally)
    return tally, samples


def slope(samples: list[Sample]) -> float:
    """How much memory grows with each 1000 requests (KiB)."""
    line = statistics.linear_regression([s.requests for s in samples], [s.rss for s in samples])
    return line.slope * 1000


def judge(server: Server, tally: Tally, samples: list[Sample], seconds: float) -> list[str]:
    """Print the figures; return the criteria that are not met."""
    first, *during, last = samples
    print(
        f"{tally.requests} requests in {seconds:.0f} s, {tally.connections} connections,"
        f" {len(tally.ids)} ids"
    )
    known = sorted((s, n) for s, n in tally.statuses.items() if s is not None)
    print(", ".join(f"{status}: {n}" for status, n in known), f"ended: {tally.statuses[None]}")
    highest = max(s.descriptors for s in samples)
    print(f"descriptors: {first.descriptors}, {highest} at most, {last.descriptors} in the end")
    print(f"threads: {max(s.threads for s in samples)} at most")
    failed = [f"{len(tally.faults)} faults: {fault}" for fault in tally.faults[:10]]
    if FAILURE in server.log:
        failed.append("the log: " + server.log.partition(FAILURE)[2][:500])
    if last.descriptors > first.descriptors:
        failed.append("descriptors are left open")
    if any(s.threads > THREADS for s in samples):
        failed.append(f"there are more than {THREADS} threads")
    if seconds >= SHORTEST_TREND:
        failed += judge_memory(during)
    return failed


def judge_memory(during: list[Sample]) -> list[str]:
    third = len(during) // 3
    medians = [
        statistics.median(s.rss for s in part)
        for part in (during[:third], during[third : 2 * third], during[2 * third :])
    ]
    grown = slope(during[third:])
    print(f"memory: medians of the thirds {', '.join(f'{m:.0f}' for m in medians)} KiB;", end=" ")
    print(f"{grown:+.2f} KiB in 1000 requests after the first third")
    failed = []
    if grown > SLOPE:
        failed.append(f"memory grows by more than {SLOPE} KiB in 1000 requests")
    if medians[2] > medians[1] * GROWTH:
        failed.append(f"memory in the last third is more than {GROWTH} of the second")
    return failed


def main() -> int:
    parser = argparse.ArgumentParser(description="mixed errors at gunicorn for a time")
    parser.add_argument("--seconds", type=float, default=300)
    parser.add_argument("--rate", type=float, default=100, help="requests in a second, of all")
    parser.add_argument("--clients", type=int, default=6)
    arguments = parser.parse_args()
    with TemporaryDirectory() as directory, serving("gunicorn-gthread", Path(directory)) as server:
        tally, samples = soak(server, arguments.seconds, arguments.rate, arguments.clients)
        failed = judge(server, tally, samples, arguments.seconds)
    print(*(f"FAILED: {criterion}" for criterion in failed), sep="\n", end="\n" if failed else "")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
