"""Databases to fail in: a new one for each driver, on the servers of this machine, or in a file.

Whatever could betray a database to a client has `CANARY` in its name.
"""

from __future__ import annotations

import asyncio
import importlib
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from glob import glob
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import uuid4

import sqlalchemy
from incident_support import missing
from sqlalchemy import URL, Connection
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

#: What may never reach a client.
CANARY = "canary"

#: What to do in a transaction: a statement, or whatever a function does meanwhile.
Step = str | Callable[[Connection], Any]

# By the name that a driver has in a URL: the modules to import, and what to install for them.
POSTGRESQL = {
    "psycopg": (["psycopg"], "psycopg[binary]"),
    "psycopg2": (["psycopg2"], "psycopg2-binary"),
    "pg8000": (["pg8000"], "pg8000"),
    "asyncpg": (["asyncpg", "greenlet"], "asyncpg greenlet"),
}
MARIADB = {"pymysql": (["pymysql"], "PyMySQL"), "mysqldb": (["MySQLdb"], "mysqlclient")}

_TABLES = f"""
    CREATE TABLE {CANARY}_user (
        id integer PRIMARY KEY,
        email varchar(100) NOT NULL UNIQUE,
        tenant integer,
        name varchar(100),
        age integer,
        UNIQUE (tenant, name),
        CONSTRAINT {CANARY}_age CHECK (age > 0)
    );
    CREATE TABLE {CANARY}_order (
        id integer PRIMARY KEY,
        user_id integer,
        FOREIGN KEY (user_id) REFERENCES {CANARY}_user (id) ON DELETE RESTRICT
    );
    INSERT INTO {CANARY}_user VALUES (1, 'ann@{CANARY}.example', 1, 'ann', 30);
    INSERT INTO {CANARY}_user VALUES (2, 'bob@{CANARY}.example', 1, 'bob', 30);
    INSERT INTO {CANARY}_order VALUES (1, 1)
"""


@dataclass(frozen=True)
class Database:
    """Where to run statements, and how to get there."""

    url: URL

    @property
    def driver(self) -> str:
        return self.url.get_driver_name()

    def run(self, *steps: Step, **options: Any) -> None:
        """Take the steps in one transaction, on a connection of its own.

        Parameters:
            steps: statements, and functions of the connection.
            options: parts of the URL, or of the engine, that shall be different.
        """
        parts = {name: options.pop(name) for name in list(options) if hasattr(URL, name)}
        url = self.url.set(**parts)

        def take(connection: Connection) -> None:
            for step in steps:
                if isinstance(step, str):
                    connection.exec_driver_sql(step)
                else:
                    step(connection)

        if self.driver != "asyncpg":
            with sqlalchemy.create_engine(url, poolclass=NullPool, **options).begin() as connection:
                return take(connection)

        async def take_asynchronously() -> None:
            engine = create_async_engine(url, poolclass=NullPool, **options)
            async with engine.begin() as connection:
                await connection.run_sync(take)

        # In a thread of its own, for a step may run something as well.
        with ThreadPoolExecutor(1) as pool:
            pool.submit(asyncio.run, take_asynchronously()).result()

    def administer(self, *steps: Step) -> None:
        """Take steps that need no transaction, or suffer none, where no database is in use."""
        system = "postgres" if self.driver in POSTGRESQL else "mysql"
        self.run(*steps, database=system, isolation_level="AUTOCOMMIT")

    def make_tables(self) -> None:
        self.run(*_TABLES.split(";"))


@contextmanager
def new_database(driver: str, directory: Path) -> Iterator[Database]:
    """A database with tables, reached by this driver; it is removed in the end."""
    if driver == "sqlite":
        database = Database(URL.create("sqlite", database=f"{directory}/{CANARY}.db"))
        database.make_tables()
        yield database
        return
    modules, requirement = {**POSTGRESQL, **MARIADB}[driver]
    try:
        for module in modules:
            importlib.import_module(module)
    except ImportError:
        missing(f"This test needs a driver: pip install {requirement}")
    name = f"statuskit_{CANARY}_{uuid4().hex[:8]}"
    if driver in POSTGRESQL:
        url = URL.create(f"postgresql+{driver}", "postgres", None, "127.0.0.1", 5432, name)
        hint = "PostgreSQL: service postgresql start; pg_hba.conf: host all all 127.0.0.1/32 trust"
        drop = f"DROP DATABASE {name} WITH (FORCE)"
    else:
        url = URL.create(f"mysql+{driver}", "root", None, "127.0.0.1", 3306, name)
        hint = (
            "MariaDB: service mariadb start; GRANT ALL ON *.* TO root@127.0.0.1 WITH GRANT OPTION"
        )
        drop = f"DROP DATABASE {name}"
    database = Database(url)
    try:
        database.administer(f"CREATE DATABASE {name}")
    except (OSError, sqlalchemy.exc.DBAPIError) as error:
        reason = str(error).splitlines()[0]
        missing(f"This test needs {hint} ({reason})")
    try:
        database.make_tables()
        yield database
    finally:
        database.administer(drop)


@contextmanager
def account(database: Database, name: str, limit: int) -> Iterator[str]:
    """An account that may have so many connections at a time; 0 stands for none."""
    user = f"{name}_{uuid4().hex[:8]}"
    if database.driver in POSTGRESQL:
        create = [f"CREATE ROLE {user} LOGIN CONNECTION LIMIT {limit}"]
        drop = f"DROP ROLE {user}"
    else:
        create = [
            f"CREATE USER {user}@'127.0.0.1' WITH MAX_USER_CONNECTIONS {limit}",
            f"GRANT ALL ON {database.url.database}.* TO {user}@'127.0.0.1'",
        ]
        drop = f"DROP USER {user}@'127.0.0.1'"
    database.administer(*create)
    try:
        yield user
    finally:
        database.administer(drop)


def _program(name: str, package: str) -> str:
    """The path of a server's program."""
    places = [shutil.which(name), f"/usr/sbin/{name}", *glob(f"/usr/lib/postgresql/*/bin/{name}")]
    found = [place for place in places if place and os.access(place, os.X_OK)]
    return found[-1] if found else missing(f"This test needs {name}: apt install {package}")


class _PrivateServer:
    """A server of the tests' own, on a free port; it runs as `user` where the tests run as root."""

    user: str

    def __init__(self, stack: ExitStack) -> None:
        self.directory = stack.enter_context(TemporaryDirectory())
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port: int = free.getsockname()[1]
        self._as: dict[str, Any] = {}
        if os.getuid() == 0:  # as which no server starts
            shutil.chown(self.directory, self.user)
            self._as = {"user": self.user, "extra_groups": []}

    def call(self, *command: str, stdin: bytes = b"") -> None:
        # Not a pipe: a server that stays would keep it open.
        with open(f"{self.directory}/log", "ab") as log:
            subprocess.run(command, input=stdin, check=True, stdout=log, stderr=log, **self._as)


class PrivatePostgreSQL(_PrivateServer):
    """A server with three connections, one of them for superusers, and an account "anybody"."""

    user = "postgres"

    def __init__(self, stack: ExitStack) -> None:
        super().__init__(stack)
        self.url = URL.create("postgresql", "postgres", None, "127.0.0.1", self.port, "postgres")
        self._data = Path(self.directory, "data")
        self.call(
            *(_program("initdb", "postgresql"), f"--pgdata={self._data}"),
            *("--no-sync", "--auth=trust", "--username=postgres"),
        )
        with open(self._data / "postgresql.auto.conf", "a") as settings:
            settings.write(
                f"port = {self.port}\n"
                "listen_addresses = '127.0.0.1'\n"
                "unix_socket_directories = ''\n"
                "max_connections = 3\n"
                "superuser_reserved_connections = 1\n"
                "max_wal_senders = 0\n"
                "restore_command = 'sleep 60'\n"
            )
        self.call(
            *(_program("postgres", "postgresql"), "--single", "-D", f"{self._data}", "postgres"),
            stdin=b"CREATE ROLE anybody LOGIN",
        )

    def _control(self, action: str, *options: str) -> None:
        self.call(_program("pg_ctl", "postgresql"), action, f"--pgdata={self._data}", *options)

    @contextmanager
    def running(self) -> Iterator[None]:
        self._control("start", "--wait")
        try:
            yield
        finally:
            with suppress(subprocess.CalledProcessError):  # it may have stopped
                self.stop("fast")

    @contextmanager
    def starting(self) -> Iterator[None]:
        """A standby server is not ready before it has read its first log file."""
        signal = self._data / "standby.signal"
        signal.touch()
        self._control("start", "--no-wait")
        try:
            _wait_for(self.port)
            yield
        finally:
            self.stop("immediate")
            signal.unlink()

    def stop(self, mode: str, *options: str) -> None:
        self._control("stop", f"--mode={mode}", *options)


class PrivateMariaDB(_PrivateServer):
    """A server with ten connections."""

    user = "mysql"

    def __init__(self, stack: ExitStack) -> None:
        super().__init__(stack)
        self.url = URL.create("mysql", "root", None, "127.0.0.1", self.port, "mysql")
        self.call(
            *(_program("mariadb-install-db", "mariadb-server"), "--no-defaults"),
            *(f"--datadir={self.directory}/data", "--auth-root-authentication-method=normal"),
        )
        with open(f"{self.directory}/log", "ab") as log:
            server = subprocess.Popen(
                [
                    *(_program("mariadbd", "mariadb-server"), "--no-defaults"),
                    *(f"--datadir={self.directory}/data", f"--socket={self.directory}/socket"),
                    *("--bind-address=127.0.0.1", f"--port={self.port}", "--max-connections=10"),
                ],
                stdout=log,
                stderr=log,
                **self._as,
            )
        stack.callback(server.wait)
        stack.callback(server.terminate)
        _wait_for(self.port)


def _wait_for(port: int) -> None:
    for _ in range(1000):
        try:
            return socket.create_connection(("127.0.0.1", port)).close()
        except ConnectionRefusedError:
            time.sleep(0.01)
    raise TimeoutError(f"nobody listens on {port}")
