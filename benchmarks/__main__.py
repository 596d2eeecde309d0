"""Measure everything: ``python -m benchmarks``; ``--write`` puts the figures into the docs."""

from __future__ import annotations

import sys
import time
import warnings

from . import growth, in_process, instructions, servers, stages, startup
from .contenders import CONTENDERS
from .tables import PAGE, machine, written

SECTIONS = {
    "requests": in_process.report,
    "instructions": instructions.report,
    "stages": stages.report,
    "throughput": servers.report,
    "startup": startup.report,
    "growth": growth.report,
}


def main(*, write: bool) -> None:
    begin, figures = time.monotonic(), {}
    for name, report in SECTIONS.items():
        figures[name] = report()
        print(f"\n{name}\n\n{figures[name]}", flush=True)
    figures["machine"] = machine(contender.distribution for contender in CONTENDERS.values())
    print(f"\n{figures['machine']}\n\n{time.monotonic() - begin:.0f} s in all")
    if write:
        page = PAGE.read_text(encoding="utf-8")
        PAGE.write_text(written(page, figures), encoding="utf-8")
        print(f"{PAGE.relative_to(PAGE.parent.parent)} has them.")


if __name__ == "__main__":
    # Those of the peers about their own dependencies.
    warnings.simplefilter("ignore")
    main(write="--write" in sys.argv[1:])
