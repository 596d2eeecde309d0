"""Servers in processes of their own, on ports of this machine that were free.

    apt install nginx-light; pip install -e .[servers]; pytest tests/servers

A server that is absent skips its tests.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from integrations.incident_support import missing
from wire import Reply, Wire

from example_app.stage import first_data

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
APP = "served:application"

#: The example's database, and how it was in the beginning; they lie beside the log.
DATABASE = "bookings.sqlite3"
FIRST = "first.sqlite3"

#: How long a server may take to answer for the first time (seconds).
PATIENCE = 30


@dataclass(frozen=True)
class Server:
    """A server that runs.

    Attributes:
        name: a key of `SERVERS`.
        port: where it listens.
        pid: of its process, the first of its group.
        log_files: what it and the app print.
        keeps_alive: whether one connection takes one request after the other.
    """

    name: str
    port: int
    pid: int
    log_files: tuple[Path, ...]
    keeps_alive: bool

    def connect(self) -> Wire:
        return Wire(self.port)

    def talk(self) -> Talk:
        return Talk(self)

    @property
    def log(self) -> str:
        return "".join(path.read_text(errors="replace") for path in self.log_files)

    def forget_changes(self) -> None:
        """Have the example's database as it was in the beginning."""
        directory = self.log_files[-1].parent
        with (
            closing(sqlite3.connect(directory / FIRST)) as first,
            closing(sqlite3.connect(directory / DATABASE)) as current,
        ):
            current.execute("PRAGMA synchronous = OFF")
            first.backup(current)

    @property
    def processes(self) -> list[int]:
        """All of its group that live."""
        found = []
        for stat in Path("/proc").glob("[0-9]*/stat"):
            with suppress(OSError):
                _, state, _, group, *_ = stat.read_text().rpartition(")")[2].split(" ")
                if int(group) == self.pid and state != "Z":
                    found.append(int(stat.parent.name))
        return found

    def descriptors(self) -> int:
        """How many files and sockets its processes have open."""
        return sum(len(list(Path(f"/proc/{pid}/fd").iterdir())) for pid in self.processes)


def wait_until(true: Callable[[], bool], what: str) -> None:
    """Wait for what happens beside the answers; fail where it does not."""
    deadline = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < deadline, what
        time.sleep(0.01)


class Talk:
    """One request after the other, over one connection if the server keeps it alive."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._wire = server.connect()

    def __enter__(self) -> Talk:
        return self

    def __exit__(self, *_: object) -> None:
        self._wire.close()

    def ask(
        self, method: str, path: str, headers: Mapping[str, str] | None = None, body: bytes = b""
    ) -> Reply:
        """Send a request and read the answer, behind which nothing may stand."""
        reply = self._wire.ask(method, path, headers, body)
        if self._server.keeps_alive and not reply.last:
            assert self._wire.is_quiet(), f"something stands behind {method} {path}"
            return reply
        # Errors tell their length. Not every server can go on behind content that does not, and
        # behind its own pages none has to.
        ours = reply.status >= 400 and reply.header("X-Request-ID")
        assert not (self._server.keeps_alive and ours), f"{reply} cost the connection"
        self._wire.expect_end()
        self._wire.close()
        self._wire = self._server.connect()
        return reply


@dataclass(frozen=True)
class Kind:
    """A server and how it is started.

    Attributes:
        command: what to run, given a port and a directory for what it needs.
        needs: modules and programs.
        keeps_alive: as in `Server`.
        behind: the server that this one passes requests on to; its port is given as well.
    """

    command: Callable[..., list[str]]
    needs: tuple[str, ...]
    keeps_alive: bool = True
    behind: str | None = None


def _python(*arguments: str) -> list[str]:
    return [sys.executable, "-m", *arguments]


def gunicorn(*options: str) -> Callable[..., list[str]]:
    # The control socket would be one for all gunicorns of the user.
    common = ("gunicorn", APP, "--log-level=warning", "--no-control-socket")
    return lambda port, _: _python(*common, f"--bind=127.0.0.1:{port}", *options)


def _waitress(port: int, _: Path) -> list[str]:
    return _python("waitress", f"--listen=127.0.0.1:{port}", APP)


def _werkzeug(port: int, _: Path) -> list[str]:
    return _python("served", str(port))


def _uwsgi(port: int, _: Path) -> list[str]:
    return [
        str(Path(sys.executable).with_name("uwsgi")),
        *(f"--http-socket=127.0.0.1:{port}", f"--home={sys.prefix}", f"--module={APP}"),
        *("--master", "--need-app", "--threads=4", "--disable-logging"),
    ]


def _nginx(port: int, directory: Path, upstream: int) -> list[str]:
    temporary = "".join(
        f"{kind}_temp_path {directory};\n"
        for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    configuration = directory / "nginx.conf"
    configuration.write_text(f"""
        daemon off; master_process off; pid {directory}/nginx.pid; error_log stderr;
        events {{}}
        http {{
            access_log off; {temporary}
            client_max_body_size 10m;
            upstream app {{ server 127.0.0.1:{upstream}; keepalive 4; }}
            server {{
                listen 127.0.0.1:{port};
                location / {{
                    proxy_pass http://app;
                    proxy_http_version 1.1;
                    proxy_set_header Connection "";
                    proxy_set_header Host $http_host;
                }}
            }}
        }}
    """)
    return ["nginx", "-e", "stderr", "-p", str(directory), "-c", str(configuration)]


SERVERS = {
    "gunicorn-sync": Kind(gunicorn("--workers=2"), ("gunicorn",), keeps_alive=False),
    "gunicorn-gthread": Kind(gunicorn("--threads=4"), ("gunicorn",)),
    "gunicorn-gevent": Kind(gunicorn("--worker-class=gevent"), ("gunicorn", "gevent")),
    "waitress": Kind(_waitress, ("waitress",)),
    "uwsgi": Kind(_uwsgi, ("uwsgi",), keeps_alive=False),
    "werkzeug": Kind(_werkzeug, (), keeps_alive=False),
    # waitress takes a request whole before it asks the app. Where a server gives up connections on
    # which a body was left unread, nginx now and then answers 502 in its place.
    "nginx": Kind(_nginx, ("nginx",), behind="waitress"),
}


@contextmanager
def serving(name: str, directory: Path, kind: Kind | None = None) -> Iterator[Server]:
    """Run a server, and end all of its processes.

    Parameters:
        name: a key of `SERVERS`, or a new one for a `kind`.
        directory: where it may write, and where its log goes.
    """
    kind = kind or SERVERS[name]
    require(*kind.needs)
    directory.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        port = free_port()
        log_files = (directory / "log",)
        given: tuple[int, ...] = ()
        if kind.behind:
            upstream = stack.enter_context(serving(kind.behind, directory / kind.behind))
            log_files += upstream.log_files
            given = (upstream.port,)
        command = kind.command(port, directory, *given)
        process = stack.enter_context(_running(command, directory, log_files[0]))
        server = Server(name, port, process.pid, log_files, kind.keeps_alive)
        _wait_for(server, process)
        yield server


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def require(*needed: str) -> None:
    """Skip a test that lacks one of these modules or programs."""
    for name in needed:
        if name == "nginx":
            found, how = shutil.which(name), "apt install nginx-light"
        elif name == "uwsgi":
            # Debian's is for Debian's Python.
            found, how = shutil.which(name, path=Path(sys.executable).parent), "pip install uwsgi"
        else:
            found, how = importlib.util.find_spec(name), f"pip install {name}"
        if found is None:
            missing(f"This test needs {name}: {how}")


@contextmanager
def _running(
    command: list[str], directory: Path, log_file: Path
) -> Iterator[subprocess.Popen[bytes]]:
    database = directory / DATABASE
    for path in (database, directory / FIRST):
        path.write_bytes(first_data())
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(map(str, (ROOT, HERE))),
        "PYTHONUNBUFFERED": "1",
        "DATABASE_URL": f"sqlite:///{database}",
    }
    with (
        log_file.open("wb") as log,
        subprocess.Popen(
            command, cwd=ROOT, env=environment, stdout=log, stderr=log, start_new_session=True
        ) as process,
    ):
        try:
            yield process
        finally:
            # All of its group, by force: there is nothing to be saved.
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)


def _wait_for(server: Server, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            with server.connect() as wire:
                wire.ask("GET", "/table/second", {"Connection": "close"})
        except OSError:
            if time.monotonic() > deadline or process.poll() is not None:
                raise AssertionError(f"{server.name} does not answer: {server.log}") from None
            time.sleep(0.05)
        else:
            return
