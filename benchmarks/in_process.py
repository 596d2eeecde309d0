"""µs per request: all contenders in one process, a few requests of each at a time, in turn.

python -m benchmarks.in_process [CONTENDER...] [PATH...]
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable, Iterable

from .calls import PATHS, environ, repeat
from .contenders import CONTENDERS, chosen, logging_for, notes
from .tables import table
from .timing import Timing, interleaved

#: How many requests are timed together, and how often each contender has its turn.
REQUESTS = 40
ROUNDS = 50


def report(names: Iterable[str] = CONTENDERS, paths: Iterable[str] = PATHS) -> str:
    present = {n: CONTENDERS[n].make() for n in ("floor", *names) if not CONTENDERS[n].absent}
    measured = {path: measure(path, present) for path in paths}
    overview = table(
        ["ratio of the medians", *measured],
        (
            [CONTENDERS[name].title, *(_ratio(of_path, name) for of_path in measured.values())]
            for name in present
        ),
    )
    details = (f"{PATHS[path].title}:\n\n{_details(of)}" for path, of in measured.items())
    return "\n\n".join([overview, notes(names), *details])


def measure(path: str, applications: dict[str, object]) -> dict[str, Timing]:
    """Time a request with all applications that answer it."""
    jobs = {
        name: _job(name, app, path)
        for name, app in applications.items()
        if path in CONTENDERS[name].paths
    }
    return interleaved(jobs, rounds=ROUNDS, requests=REQUESTS)


def _job(name: str, app: object, path: str) -> Callable[[], None]:
    contender = CONTENDERS[name]
    made, body = environ(PATHS[path], contender.accept), PATHS[path].body

    def job() -> None:
        with logging_for(contender, path):
            repeat(app, REQUESTS, made, body)

    return job


def _ratio(measured: dict[str, Timing], name: str) -> str:
    return f"{measured[name].middle / measured['floor'].middle:.2f}" if name in measured else ""


def _details(measured: dict[str, Timing]) -> str:
    floor = measured["floor"]
    return table(
        ["µs per request", "minimum", "median", "spread", "of minima", "of medians"],
        (
            [
                CONTENDERS[name].title,
                *(f"{µs:.1f}" for µs in (of.least, of.middle, of.spread)),
                f"{of.least / floor.least:.2f}",
                f"{of.middle / floor.middle:.2f}",
            ]
            for name, of in measured.items()
        ),
    )


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    print(report(*chosen(sys.argv[1:])))
