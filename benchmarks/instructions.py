"""Instructions per request, counted by valgrind: no other load on the machine moves them.

python -m benchmarks.instructions [CONTENDER...] [PATH...]

Each contender has a process of its own. Two runs of different length are compared there, so what
it takes to start cancels out. What is left is noise of about half a percent, from where things
happen to lie in memory: the same code lies elsewhere after another import.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

from .calls import PATHS, environ, repeat
from .contenders import CONTENDERS, chosen, logging_for
from .tables import table
from .timing import without_collection

#: The lengths of the two runs, in requests or whatever else is counted.
SHORT, LONG = 20, 80

#: A function of the C library that nothing else calls: valgrind writes down what it has counted.
_MARK = os.getppid
_TOTAL = re.compile(r"^totals: (\d+)$", re.M)


def absent() -> str | None:
    """Why nothing can be counted here."""
    missing = [name for name in ("valgrind", "callgrind_control") if not shutil.which(name)]
    return f"Not counted: no {' and no '.join(missing)}." if missing else None


def report(names: Iterable[str] = CONTENDERS, paths: Iterable[str] = PATHS) -> str:
    if reason := absent():
        return reason
    paths = [*paths]
    present = [name for name in dict.fromkeys(["floor", *names]) if not CONTENDERS[name].absent]
    # Several at a time: they do not disturb each other.
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        counted = dict(zip(present, pool.map(partial(count, paths=paths), present), strict=True))
    floor = counted["floor"]
    return table(
        ["instructions per request", *paths],
        (
            [
                CONTENDERS[name].title,
                *(f"{of[p]:,} ({of[p] / floor[p]:.2f})" if p in of else "" for p in paths),
            ]
            for name, of in counted.items()
        ),
    )


def count(name: str, paths: Iterable[str]) -> dict[str, int]:
    """Count the instructions of a request, for each of the paths that the contender answers."""
    paths = [path for path in paths if path in CONTENDERS[name].paths]
    return counted("benchmarks.instructions", name, *paths)


def counted(module: str, *words: str) -> dict[str, int]:
    """What the jobs take that a module gives to `count_here`, in a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        command = [
            *("valgrind", "-q", "--tool=callgrind", "--instr-atstart=no"),
            f"--dump-before={_MARK.__name__}",
            f"--callgrind-out-file={folder}/counted",
            *(sys.executable, "-m", module, "--in", folder, *words),
        ]
        # The order of sets, and with it the way through the code, is the same in each run.
        settings = {**os.environ, "PYTHONHASHSEED": "0"}
        ran = subprocess.run(command, env=settings, capture_output=True, text=True)
    if ran.returncode:
        raise RuntimeError(f"{' '.join(command)}\n{ran.stderr}")
    return {name: int(number) for name, number in map(str.split, ran.stdout.splitlines())}


def count_here(folder: Path, jobs: Mapping[str, Callable[[int], None]]) -> None:
    """What runs under valgrind, until here without counting.

    Parameters:
        folder: where valgrind writes.
        jobs: by their names, of one word each; they are told how many times to do what they do.
    """
    subprocess.run(
        ["callgrind_control", "--instr=on", str(os.getpid())],
        check=True,
        stdout=subprocess.DEVNULL,
    )
    for job in jobs.values():
        with without_collection():
            job(SHORT)
            for length in (SHORT, LONG):
                _MARK()
                job(length)
            _MARK()
    # Each call of the mark has written a file with the instructions since the one before.
    files = sorted(folder.glob("counted.*"), key=lambda file: int(file.suffix[1:]))
    totals = [int(_TOTAL.search(file.read_text())[1]) for file in files]
    for name, short, long in zip(jobs, totals[1::3], totals[2::3], strict=True):
        print(name, (long - short) // (LONG - SHORT))


def _requests(name: str, paths: Iterable[str]) -> dict[str, Callable[[int], None]]:
    contender = CONTENDERS[name]
    app = contender.make()

    def send(path: str, times: int) -> None:
        with logging_for(contender, path):
            repeat(app, times, environ(PATHS[path], contender.accept), PATHS[path].body)

    return {path: partial(send, path) for path in paths}


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    if sys.argv[1:2] == ["--in"]:
        count_here(Path(sys.argv[2]), _requests(sys.argv[3], sys.argv[4:]))
    else:
        print(report(*chosen(sys.argv[1:])))
