"""What it takes to import the package and to set up an application, and the memory of errors."""

from __future__ import annotations

import gc
import json
import os
import subprocess
import sys
import tempfile
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

from flask import Flask

from .calls import PATHS, environ, repeat
from .contenders import CONTENDERS, logging_for
from .tables import table
from .timing import Timing, without_collection

#: How many processes are started, one after the other.
STARTS = 30
#: Over how many applications, and errors of each kind, memory is averaged.
APPS = 50
ERRORS = 500

_STEPS = {
    "import flask": "`import flask`",
    "import flask_statuskit": "`import flask_statuskit`, after it",
    "flask_statuskit.StatusKit(flask.Flask('shop'))": "`StatusKit(Flask(...))`, the first",
}

# What measures is imported before, so that no step pays for it.
_PROCESS = """
import json, resource, sys, time

def resident():
    with open("/proc/self/statm") as statm:
        return int(statm.read().split()[1]) * resource.getpagesize()

steps = []
for step in sys.argv[1:]:
    code, size, modules = compile(step, step, "exec"), resident(), set(sys.modules)
    begin = time.process_time()
    exec(code)
    ms = (time.process_time() - begin) * 1000
    steps.append([ms, resident() - size, sorted(set(sys.modules) - modules)])
print(json.dumps(steps))
"""


def report() -> str:
    return f"{_starts()}\n\n{_memory()}"


def _starts() -> str:
    if not Path("/proc/self/statm").exists():
        return "Imports not measured: no /proc."
    with tempfile.TemporaryDirectory() as compiled:
        # The first start compiles everything, and is not counted.
        starts = [_start(compiled) for _ in range(STARTS + 1)][1:]
    rows, imported = [], set()
    for title, measured in zip(_STEPS.values(), zip(*starts, strict=True), strict=True):
        took = Timing.of([ms for ms, _, _ in measured])
        grown = Timing.of([size / 1024 for _, size, _ in measured]).middle
        modules = measured[0][2]
        times = (f"{ms:.1f}" for ms in (took.least, took.middle, took.spread))
        rows.append([title, *times, f"{grown:,.0f}", str(len(modules))])
        if "statuskit" in title.lower():
            imported |= {name.partition(".")[0] for name in modules}
    libraries = ", ".join(sorted(imported - sys.stdlib_module_names))
    head = ["", "minimum, ms", "median, ms", "spread, ms", "resident, KiB", "modules"]
    return (
        f"{table(head, rows)}\n\n"
        f"The modules of the last two are of {libraries}, and of the standard library."
    )


def _start(compiled: str) -> list[Any]:
    command = [sys.executable, "-c", _PROCESS, *_STEPS]
    settings = {**os.environ, "PYTHONDONTWRITEBYTECODE": "", "PYTHONPYCACHEPREFIX": compiled}
    ran = subprocess.run(command, env=settings, check=True, capture_output=True)
    return list(json.loads(ran.stdout))


def _memory() -> str:
    plain, ours = _of_each(lambda: Flask("shop")), _of_each(_with_statuskit)
    rows = []
    for path in PATHS:
        floor, _ = _of_requests("floor", path)
        peak, left = _of_requests("statuskit", path)
        rows.append([PATHS[path].title, *(f"{size:,.0f}" for size in (floor, peak, left))])
    head = ["memory of a request, bytes", "peak, floor", "peak, StatusKit", "left, StatusKit"]
    plain_kib, our_kib = f"{plain / 1024:.0f} KiB", f"{ours / 1024:.0f} KiB"
    return f"An application takes {plain_kib}, one with StatusKit {our_kib}.\n\n{table(head, rows)}"


def _with_statuskit() -> Flask:
    from flask_statuskit import StatusKit

    app = Flask("shop")
    StatusKit(app)
    return app


def _of_each(make: Callable[[], object]) -> float:
    """The bytes that an application takes, once everything is imported."""
    make()
    gc.collect()
    tracemalloc.start()
    kept = [make() for _ in range(APPS)]
    gc.collect()
    size, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return size / len(kept)


def _of_requests(name: str, path: str) -> tuple[float, float]:
    """The bytes that a request takes at a time, and those that it leaves behind."""
    contender, app = CONTENDERS[name], CONTENDERS[name].make()
    made, body = environ(PATHS[path], contender.accept), PATHS[path].body
    with logging_for(contender, path):
        repeat(app, ERRORS, made, body)
        with without_collection():
            tracemalloc.start()
            repeat(app, 1, made, body)
            _, peak = tracemalloc.get_traced_memory()
        repeat(app, ERRORS, made, body)
        gc.collect()
        left, _ = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    return peak, left / ERRORS


if __name__ == "__main__":
    print(report())
