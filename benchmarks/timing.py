"""Times of things that are done in turn, so that whatever else the machine does hits all alike.

They are the processor's: a request without a server waits for nothing but the processor itself.
"""

from __future__ import annotations

import gc
import random
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from statistics import quantiles
from time import process_time


@dataclass(frozen=True)
class Timing:
    """What a number of rounds took.

    Attributes:
        least: the minimum.
        middle: the median.
        spread: from the first to the third quartile.
    """

    least: float
    middle: float
    spread: float

    @classmethod
    def of(cls, times: list[float]) -> Timing:
        low, middle, high = quantiles(times, n=4)
        return cls(min(times), middle, high - low)


def interleaved(
    jobs: Mapping[str, Callable[[], object]], *, rounds: int, requests: int
) -> dict[str, Timing]:
    """Do each job once a round, in an order that changes; the µs for each of its requests."""
    taken: dict[str, list[float]] = {name: [] for name in jobs}
    for job in jobs.values():
        # The interpreter is yet to specialise the code for the types that it meets.
        job()
    order = list(jobs)
    for _ in range(rounds):
        random.shuffle(order)
        for name in order:
            with without_collection():
                begin = process_time()
                jobs[name]()
                taken[name].append((process_time() - begin) / requests * 1e6)
    return {name: Timing.of(times) for name, times in taken.items()}


@contextmanager
def without_collection() -> Iterator[None]:
    """Have no collection of garbage begin in here, and none be left from before."""
    gc.collect()
    # Else the next one would look at all the libraries again.
    gc.freeze()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
