"""Requests per second under gunicorn, with wrk on the same machine.

One worker and one thread that asks it, so two processors are busy. The sync worker of gunicorn
closes each connection, and what that takes is the same for all contenders.
"""

from __future__ import annotations

import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from importlib.metadata import PackageNotFoundError, version
from statistics import median
from urllib.request import urlopen

from .calls import JSON_CLIENT, PATHS
from .contenders import CONTENDERS
from .tables import table

NAMES = ("floor", "statuskit", "bare", "jsonify")
MEASURED = ("success", "conflict", "unknown")
ROUNDS = 3
SECONDS = 2


def absent() -> str | None:
    """Why nothing can be measured here."""
    if not shutil.which("wrk"):
        return "Not measured: no wrk."
    try:
        version("gunicorn")
    except PackageNotFoundError:
        return "Not measured: no gunicorn."
    return None


def report() -> str:
    if reason := absent():
        return reason
    reached: dict[tuple[str, str], list[float]] = {
        (name, path): [] for name in NAMES for path in MEASURED
    }
    with ExitStack() as servers:
        ports = {name: servers.enter_context(_served(name)) for name in NAMES}
        for _ in range(ROUNDS):
            for name, path in reached:
                reached[name, path].append(_ask(ports[name], PATHS[path].url))
    return table(
        ["requests per second", *(f"{path} (least to most)" for path in MEASURED)],
        (
            [CONTENDERS[name].title, *(_cell(reached[name, path]) for path in MEASURED)]
            for name in NAMES
        ),
    )


def _cell(rates: list[float]) -> str:
    return f"{median(rates):,.0f} ({min(rates):,.0f} to {max(rates):,.0f})"


@contextmanager
def _served(name: str) -> Iterator[int]:
    """A server of a contender that has answered once; the port that it listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        fd, port = listening.fileno(), listening.getsockname()[1]
        options = ["--bind", f"fd://{fd}", "--workers", "1", "--log-level", "error"]
        made = f"benchmarks.apps:{CONTENDERS[name].make.__name__}()"
        server = subprocess.Popen([sys.executable, "-m", "gunicorn", *options, made], pass_fds=[fd])
    try:
        urlopen(f"http://127.0.0.1:{port}{PATHS['success'].url}", timeout=60).close()
        yield port
    finally:
        server.terminate()
        server.wait()


def _ask(port: int, url: str) -> float:
    command = ["wrk", "-t1", "-c8", f"-d{SECONDS}s", "-H", f"Accept: {JSON_CLIENT}"]
    target = f"http://127.0.0.1:{port}{url}"
    ran = subprocess.run([*command, target], check=True, capture_output=True, text=True)
    found = re.search(r"^Requests/sec: +([\d.]+)$", ran.stdout, re.M)
    if not found:
        raise RuntimeError(ran.stdout)
    return float(found[1])


if __name__ == "__main__":
    print(report())
