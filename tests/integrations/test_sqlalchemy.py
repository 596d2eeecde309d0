"""SQLAlchemy's errors on PostgreSQL, MariaDB and SQLite, with every driver that SQLAlchemy has."""

from __future__ import annotations

import gc
import logging
import re
import socket
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from threading import Barrier
from typing import Any

import pytest
import sqlalchemy
from databases import (
    CANARY,
    MARIADB,
    POSTGRESQL,
    Database,
    PrivateMariaDB,
    PrivatePostgreSQL,
    account,
    new_database,
)
from flask import Flask, request
from incident_support import Incident, assert_reported, fail_with
from library_support import ROOT, assert_imports_nothing, assert_page_is_true
from sqlalchemy import URL, Connection, select, text
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column
from upstream import UNKNOWN_HOST, deaf, refusing

from flask_statuskit import Conflict, StatusKit
from flask_statuskit.integrations import sqlalchemy as integration
from flask_statuskit.statuses import STATUSES

# pg8000 leaves the socket of a connection open that was not made, or is lost.
pytestmark = pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")

SERVERS = [*POSTGRESQL, *MARIADB]
Fail = Callable[..., Incident]

DUPLICATE = f"INSERT INTO {CANARY}_user (id, email) VALUES (3, 'ann@{CANARY}.example')"


@pytest.fixture(scope="module")
def database(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Any:
    with new_database(request.param, tmp_path_factory.mktemp(request.param)) as database:
        yield database
    gc.collect()  # for sockets that are still open: see pytestmark


def on(*drivers: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("database", drivers, indirect=True, scope="module")


@pytest.fixture
def fail(caplog: pytest.LogCaptureFixture) -> Fail:
    """Do something in a view of an application that has the integration on."""
    # It tells, with a traceback of its own, when a connection that is gone cannot be closed.
    caplog.set_level(logging.CRITICAL, "sqlalchemy.pool")

    def fail(view: Callable[[], Any], *arguments: Any) -> Incident:
        return fail_with(view, caplog, ["sqlalchemy"], *arguments)

    return fail


def assert_answer(
    incident: Incident,
    status: int,
    detail: str | None = None,
    *,
    columns: tuple[str, ...] = (),
    code: str | None = None,
    retry_after: int | None = None,
) -> None:
    """The client reads exactly this, and others learn of it as they should."""
    response = incident.response
    assert response.status_code == status
    body = response.get_json()
    expected: dict[str, Any] = {
        "type": "about:blank",
        "title": STATUSES[status].phrase,
        "status": status,
        "detail": detail or STATUSES[status].sentence,
        "instance": "/rates",
        "request_id": body["request_id"],
    }
    if retry_after is not None:
        expected["retry_after"] = retry_after
    if columns:
        expected["errors"] = [
            {"detail": detail, "pointer": f"#/{column}", "code": code} for column in columns
        ]
    assert body == expected
    seconds = None if retry_after is None else str(retry_after)
    assert response.headers.get("Retry-After") == seconds
    said = f"{response.headers} {response.get_data(as_text=True)}".lower()
    for internal in (CANARY, "select", "insert", "update", "127.0.0.1", "postgres", "root"):
        assert internal not in said
    if status >= 500:
        assert_reported(incident)
    else:
        assert (incident.tracebacks, incident.signalled, incident.torn_down) == ([], [], [None])


# What a client did wrong

UNIQUE = "A record with this value already exists."
UNIQUE_TOGETHER = "A record with these values already exists."
REFERENCE = "The request refers to a missing record, or removes one that is in use."
REQUIRED = "A value is required."


@on(*SERVERS, "sqlite")
def test_duplicate_is_409_and_names_the_column(database: Database, fail: Fail) -> None:
    incident = fail(lambda: database.run(DUPLICATE))
    # MariaDB tells the key, and not what it is made of.
    columns = () if database.driver in MARIADB else ("email",)
    assert_answer(incident, 409, UNIQUE, columns=columns, code="unique")


@on(*SERVERS, "sqlite")
def test_duplicate_of_several_columns_names_each(database: Database, fail: Fail) -> None:
    values = f"(3, 'eve@{CANARY}.example', 1, 'ann')"
    incident = fail(
        lambda: database.run(f"INSERT INTO {CANARY}_user (id, email, tenant, name) VALUES {values}")
    )
    if database.driver in MARIADB:
        assert_answer(incident, 409, UNIQUE)
    else:
        columns = ("tenant", "name")
        assert_answer(incident, 409, UNIQUE_TOGETHER, columns=columns, code="unique")


@on(*SERVERS, "sqlite")
def test_duplicate_primary_key_is_409(database: Database, fail: Fail) -> None:
    incident = fail(
        lambda: database.run(f"INSERT INTO {CANARY}_user (id, email) VALUES (1, '{CANARY}')")
    )
    columns = () if database.driver in MARIADB else ("id",)
    assert_answer(incident, 409, UNIQUE, columns=columns, code="unique")


@on(*POSTGRESQL, "sqlite")
def test_duplicate_of_an_expression_names_no_column(database: Database, fail: Fail) -> None:
    incident = fail(
        lambda: database.run(
            f"CREATE TABLE {CANARY}_mail (email varchar(100))",
            f"CREATE UNIQUE INDEX {CANARY}_lower ON {CANARY}_mail (lower(email))",
            f"INSERT INTO {CANARY}_mail VALUES ('{CANARY}'), ('{CANARY.upper()}')",
        )
    )
    assert_answer(incident, 409, UNIQUE)


@on(*SERVERS, "sqlite")
@pytest.mark.parametrize("value", ["'' for key ''name", "x)=(name", "Column ''name'' cannot"])
def test_value_cannot_pass_for_a_column(database: Database, fail: Fail, value: str) -> None:
    insert = f"INSERT INTO {CANARY}_user (id, email) VALUES"
    incident = fail(lambda: database.run(f"{insert} (3, '{value}'), (4, '{value}')"))
    columns = () if database.driver in MARIADB else ("email",)
    assert_answer(incident, 409, UNIQUE, columns=columns, code="unique")


@on(*SERVERS, "sqlite")
@pytest.mark.parametrize(
    "statement",
    [
        f"INSERT INTO {CANARY}_order VALUES (2, 99)",
        # SQLite has the code of a trigger for this one.
        f"DELETE FROM {CANARY}_user WHERE id = 1",
    ],
    ids=["missing", "in-use"],
)
def test_foreign_key_is_409(database: Database, fail: Fail, statement: str) -> None:
    def enforce(connection: Connection) -> None:
        if database.driver == "pysqlite":
            connection.exec_driver_sql("PRAGMA foreign_keys = on")

    assert_answer(fail(lambda: database.run(enforce, statement)), 409, REFERENCE)


@on(*SERVERS, "sqlite")
@pytest.mark.parametrize("columns", ["(id) VALUES (3)", "(id, email) VALUES (3, NULL)"])
def test_not_null_is_422_and_names_the_column(database: Database, fail: Fail, columns: str) -> None:
    incident = fail(lambda: database.run(f"INSERT INTO {CANARY}_user {columns}"))
    assert_answer(incident, 422, REQUIRED, columns=("email",), code="not_null")


@on(*SERVERS, "sqlite")
def test_check_is_422_and_keeps_the_constraint_to_itself(database: Database, fail: Fail) -> None:
    incident = fail(lambda: database.run(f"UPDATE {CANARY}_user SET age = -1"))
    assert_answer(incident, 422, "A value is not allowed.")


@on(*POSTGRESQL)
def test_exclusion_is_409(database: Database, fail: Fail) -> None:
    incident = fail(
        lambda: database.run(
            f"CREATE TABLE {CANARY}_stay (days int4range, EXCLUDE USING gist (days WITH &&))",
            f"INSERT INTO {CANARY}_stay VALUES ('[1, 5]'), ('[5, 7]')",
        )
    )
    assert_answer(incident, 409, "The record conflicts with one that exists.")


# What is over when the request is repeated

COLLISION = "The request collided with another; repeat it."
TIMED_OUT = "The request took too long; repeat it."


@on(*SERVERS)
def test_deadlock_is_503_in_a_second(database: Database, fail: Fail) -> None:
    both = Barrier(2)

    def cross(first: int, second: int) -> None:
        settings = ["SET LOCAL deadlock_timeout = 20"] if database.driver in POSTGRESQL else []
        update = f"UPDATE {CANARY}_user SET age = 40 WHERE id = "
        database.run(*settings, f"{update}{first}", lambda _: both.wait(10), f"{update}{second}")

    def view() -> None:
        with ThreadPoolExecutor(2) as pool:
            futures = [pool.submit(cross, 1, 2), pool.submit(cross, 2, 1)]
        (deadlock,) = [error for error in (f.exception() for f in futures) if error]
        raise deadlock

    assert_answer(fail(view), 503, COLLISION, retry_after=1)


@on(*SERVERS)
def test_serialization_failure_is_503_in_a_second(database: Database, fail: Fail) -> None:
    if database.driver in POSTGRESQL:
        begin = ["SET TRANSACTION ISOLATION LEVEL SERIALIZABLE"]
    else:  # since 10.11.8
        begin = ["SET SESSION innodb_snapshot_isolation = ON"]
    update = f"UPDATE {CANARY}_user SET age = age + 1 WHERE id = 1"

    def view() -> None:
        database.run(*begin, f"SELECT * FROM {CANARY}_user", lambda _: database.run(update), update)

    assert_answer(fail(view), 503, COLLISION, retry_after=1)


@on(*SERVERS)
def test_statement_timeout_is_503(database: Database, fail: Fail) -> None:
    if database.driver in POSTGRESQL:
        steps = ["SET LOCAL statement_timeout = 20", "SELECT pg_sleep(10)"]
    else:
        steps = [
            "SET SESSION max_statement_time = 0.02",
            f"SELECT sleep(10) FROM {CANARY}_user",
        ]
    assert_answer(fail(lambda: database.run(*steps)), 503, TIMED_OUT, retry_after=5)


@on(*SERVERS)
@pytest.mark.parametrize("patience", ["timeout", "nowait"])
def test_lock_timeout_is_503(database: Database, fail: Fail, patience: str) -> None:
    lock = f"SELECT * FROM {CANARY}_user WHERE id = 1 FOR UPDATE"
    if patience == "nowait":
        steps = [f"{lock} NOWAIT"]
    elif database.driver in POSTGRESQL:
        steps = ["SET LOCAL lock_timeout = 20", lock]
    else:
        steps = ["SET SESSION innodb_lock_wait_timeout = 1", lock]
    incident = fail(lambda: database.run(lock, lambda _: database.run(*steps)))
    assert_answer(incident, 503, TIMED_OUT, retry_after=5)


@on("sqlite")
def test_file_that_another_process_writes_to_is_503(database: Database, fail: Fail) -> None:
    lock = f"UPDATE {CANARY}_user SET age = 50"
    impatient = {"connect_args": {"timeout": 0.02}}
    incident = fail(
        lambda: database.run(lock, lambda _: database.run(lock, **impatient)),
    )
    assert_answer(incident, 503, TIMED_OUT, retry_after=5)


@on("sqlite")
def test_snapshot_that_is_out_of_date_is_503(database: Database, fail: Fail) -> None:
    update = f"UPDATE {CANARY}_user SET age = age + 1"
    incident = fail(
        lambda: database.run(
            # Nothing but a snapshot: the default of sqlite3 begins with the first change.
            *("PRAGMA journal_mode = wal", "BEGIN", f"SELECT * FROM {CANARY}_user"),
            lambda _: database.run(update),
            update,
        )
    )
    if sys.version_info >= (3, 11):
        assert_answer(incident, 503, COLLISION, retry_after=1)
    else:  # whose sqlite3 has no codes, and the same text as for a lock
        assert_answer(incident, 503, TIMED_OUT, retry_after=5)


def test_table_that_another_connection_of_a_shared_cache_changes_is_503(fail: Fail) -> None:
    query = {"mode": "memory", "cache": "shared", "uri": "true"}
    database = Database(URL.create("sqlite", database=f"file:{CANARY}", query=query))
    incident = fail(
        lambda: database.run(
            f"CREATE TABLE {CANARY} (id integer)",
            f"INSERT INTO {CANARY} VALUES (1)",
            lambda _: database.run(f"SELECT * FROM {CANARY}"),
        )
    )
    assert_answer(incident, 503, TIMED_OUT, retry_after=5)


# Servers that are full, or not there

FULL = "The service is busy; repeat the request."
UNREACHABLE = "The service is not available."


@on("sqlite")
def test_pool_that_is_exhausted_is_503(database: Database, fail: Fail) -> None:
    engine = sqlalchemy.create_engine(
        database.url, poolclass=sqlalchemy.QueuePool, pool_size=1, max_overflow=0, pool_timeout=0.02
    )
    with ExitStack() as stack:
        stack.callback(engine.dispose)
        stack.enter_context(engine.connect())
        incident = fail(engine.connect)
    assert_answer(incident, 503, FULL, retry_after=5)


@on(*SERVERS)
def test_account_with_too_many_connections_is_503(database: Database, fail: Fail) -> None:
    # To MariaDB, a limit of zero is none.
    limit = 0 if database.driver in POSTGRESQL else 1
    with account(database, CANARY, limit) as user:

        def view() -> None:
            database.run(lambda _: database.run(username=user), username=user)

        assert_answer(fail(view), 503, FULL, retry_after=5)


@on(*SERVERS)
def test_refused_connection_is_503(database: Database, fail: Fail) -> None:
    with refusing() as address:
        port = int(address.split(":")[1])
        incident = fail(lambda: database.run(port=port))
    assert_answer(incident, 503, UNREACHABLE, retry_after=10)


@on(*SERVERS)
def test_unknown_host_is_503(database: Database, fail: Fail) -> None:
    incident = fail(lambda: database.run(host=UNKNOWN_HOST))
    assert_answer(incident, 503, UNREACHABLE, retry_after=10)


@on(*SERVERS)
def test_server_that_never_answers_is_503(database: Database, fail: Fail) -> None:
    patience = {
        "pg8000": {"timeout": 0.2},
        "asyncpg": {"timeout": 0.2},
        "pymysql": {"read_timeout": 1},
    }
    arguments = patience.get(database.driver, {"connect_timeout": 1})
    with deaf() as address:
        port = int(address.split(":")[1])
        incident = fail(lambda: database.run(port=port, connect_args=arguments))
    if database.driver in ("pg8000", "asyncpg"):  # to which it is the same for a statement
        assert_answer(incident, 503, TIMED_OUT, retry_after=5)
    else:
        assert_answer(incident, 503, UNREACHABLE, retry_after=10)


@on("pg8000", "asyncpg")
def test_timeout_that_the_driver_keeps_itself_is_503(database: Database, fail: Fail) -> None:
    option = "timeout" if database.driver == "pg8000" else "command_timeout"
    incident = fail(lambda: database.run("SELECT pg_sleep(10)", connect_args={option: 0.2}))
    if database.driver == "asyncpg":
        assert_answer(incident, 503, TIMED_OUT, retry_after=5)
    else:  # its rollback fails as well, and which of the two a view sees depends on versions
        assert incident.response.status_code == 503
        assert_reported(incident)


def end(database: Database, connection: Connection) -> None:
    """End a connection from another one."""
    if database.driver in POSTGRESQL:
        number, kill = "SELECT pg_backend_pid()", "SELECT pg_terminate_backend({})"
    else:
        number, kill = "SELECT connection_id()", "KILL {}"
    database.administer(kill.format(connection.exec_driver_sql(number).scalar()))


@on(*SERVERS)
def test_connection_that_is_ended_between_two_statements_is_503(
    database: Database, fail: Fail
) -> None:
    incident = fail(lambda: database.run(lambda c: end(database, c), "SELECT 1"))
    assert_answer(incident, 503, UNREACHABLE, retry_after=10)


@on(*SERVERS)
def test_connection_that_is_ended_during_a_statement_is_503(database: Database, fail: Fail) -> None:
    if database.driver in POSTGRESQL:
        kill = "SELECT pg_terminate_backend(pg_backend_pid()), pg_sleep(10)"
    else:
        kill = "KILL CONNECTION_ID()"
    incident = fail(lambda: database.run(kill))
    assert_answer(incident, 503, UNREACHABLE, retry_after=10)


def nested(database: Database, connections: int) -> None:
    """Have so many connections at a time."""
    database.run(lambda _: nested(database, connections - 1) if connections > 1 else None)


@pytest.fixture(scope="module")
def mariadb() -> Iterator[PrivateMariaDB]:
    with ExitStack() as stack:
        yield PrivateMariaDB(stack)


@on(*MARIADB)
def test_mariadb_with_too_many_connections_is_503(
    database: Database, mariadb: PrivateMariaDB, fail: Fail
) -> None:
    private = Database(mariadb.url.set(drivername=database.url.drivername))
    # Besides the ten there is one for superusers, such as we are.
    assert_answer(fail(lambda: nested(private, 12)), 503, FULL, retry_after=5)


@pytest.fixture(scope="module")
def postgresql() -> Iterator[PrivatePostgreSQL]:
    with ExitStack() as stack:
        yield PrivatePostgreSQL(stack)


@on(*POSTGRESQL)
# pg8000 closes the socket that is refused, and leaves the file on it to the garbage collector.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("user", ["postgres", "anybody"])
def test_postgresql_with_too_many_connections_is_503(
    database: Database, postgresql: PrivatePostgreSQL, fail: Fail, user: str
) -> None:
    drivername = database.url.drivername
    with postgresql.running():
        # Of its three connections, one is for superusers; they read another text.
        private = Database(postgresql.url.set(drivername=drivername, username=user))
        incident = fail(lambda: nested(private, 4))
    assert_answer(incident, 503, FULL, retry_after=5)


@on(*POSTGRESQL)
def test_postgresql_that_stops_is_503(
    database: Database, postgresql: PrivatePostgreSQL, fail: Fail
) -> None:
    private = Database(postgresql.url.set(drivername=database.url.drivername))
    incidents = []

    def connect_until_it_fails() -> None:
        while True:
            private.run()

    with postgresql.running():
        # It waits for the connection that stops it, and meanwhile accepts no other.
        private.run(
            lambda _: postgresql.stop("smart", "--no-wait"),
            lambda _: incidents.append(fail(connect_until_it_fails)),
        )
    assert_answer(incidents[0], 503, UNREACHABLE, retry_after=10)


@on(*POSTGRESQL)
def test_postgresql_that_starts_is_503(
    database: Database, postgresql: PrivatePostgreSQL, fail: Fail
) -> None:
    private = Database(postgresql.url.set(drivername=database.url.drivername))
    with postgresql.starting():
        incident = fail(private.run)
    assert_answer(incident, 503, UNREACHABLE, retry_after=10)


# Bugs


@on(*SERVERS, "sqlite")
@pytest.mark.parametrize(
    "statement",
    [
        f"SELEC {CANARY}",
        f"SELECT * FROM {CANARY}_nowhere",
        f"SELECT {CANARY}_nothing FROM {CANARY}_user",
        f"INSERT INTO {CANARY}_user VALUES (1, 2, 3, 4, 5, 6)",
    ],
    ids=["syntax", "table", "column", "values"],
)
def test_wrong_statement_is_500(database: Database, fail: Fail, statement: str) -> None:
    assert_answer(fail(lambda: database.run(statement)), 500)


@on(*SERVERS)
def test_unknown_database_is_500(database: Database, fail: Fail) -> None:
    assert_answer(fail(lambda: database.run(database=f"{CANARY}_nowhere")), 500)


@on(*SERVERS)
def test_unknown_account_is_500(database: Database, fail: Fail) -> None:
    assert_answer(fail(lambda: database.run(username=f"{CANARY}_nobody")), 500)


@on("sqlite")
def test_file_that_cannot_be_opened_is_500(database: Database, fail: Fail) -> None:
    incident = fail(lambda: database.run(database=f"/{CANARY}/nowhere"))
    assert_answer(incident, 500)


@on("sqlite")
def test_what_a_trigger_refuses_is_500(database: Database, fail: Fail) -> None:
    incident = fail(
        lambda: database.run(
            f"CREATE TABLE {CANARY}_log (line text)",
            f"CREATE TRIGGER {CANARY}_no BEFORE INSERT ON {CANARY}_log"
            f" BEGIN SELECT raise(abort, '{CANARY} says no'); END",
            f"INSERT INTO {CANARY}_log VALUES ('{CANARY}')",
        )
    )
    assert_answer(incident, 500)


@on("asyncpg")
def test_value_that_a_driver_quotes_is_500(database: Database, fail: Fail) -> None:
    # Its error has no SQLSTATE, and a text that the client could have a say in.
    def insert(connection: Connection) -> None:
        connection.execute(text("SELECT CAST(:id AS integer)"), {"id": "database is locked"})

    assert_answer(fail(lambda: database.run(insert)), 500)


def test_socket_that_is_not_a_databases_is_500(fail: Fail) -> None:
    with refusing() as address:
        host, port = address.split(":")
        incident = fail(lambda: socket.create_connection((host, int(port))))
    assert_answer(incident, 500)


# Sessions, and what is asked of results


class Base(DeclarativeBase):
    pass


class User(Base):
    __tablename__ = f"{CANARY}_user"

    id: Mapped[int] = mapped_column(primary_key=True)
    tenant: Mapped[int]


@pytest.fixture
def session(database: Database) -> Iterator[Session]:
    engine = sqlalchemy.create_engine(database.url)
    with Session(engine) as session:
        yield session
    engine.dispose()


@on("sqlite")
def test_record_that_is_not_there_is_404(session: Session, fail: Fail) -> None:
    nobody = select(User).where(User.id == 99)
    assert_answer(fail(lambda: session.scalars(nobody).one()), 404, "There is no such record.")


@on("sqlite")
def test_more_records_than_one_are_500(session: Session, fail: Fail) -> None:
    assert_answer(fail(lambda: session.scalars(select(User)).one()), 500)


@on("sqlite")
def test_record_that_is_gone_meanwhile_is_409(
    database: Database, session: Session, fail: Fail
) -> None:
    database.run(f"INSERT INTO {CANARY}_user (id, email) VALUES (7, '{CANARY}')")
    user = session.get(User, 7)
    assert user is not None

    def view() -> None:
        database.run(f"DELETE FROM {CANARY}_user WHERE id = 7")
        user.tenant = 2
        session.commit()

    expected = "The record has been changed or deleted since it was read."
    assert_answer(fail(view), 409, expected)


@on("sqlite")
def test_session_that_was_not_rolled_back_is_500(session: Session, fail: Fail) -> None:
    session.add(User(id=1))
    with pytest.raises(sqlalchemy.exc.IntegrityError):
        session.flush()
    assert_answer(fail(lambda: session.get(User, 1)), 500)


# What the application decides itself


@on("sqlite")
def test_integration_that_is_not_named_maps_nothing(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    assert_answer(fail_with(lambda: database.run(DUPLICATE), caplog, []), 500)


@on("sqlite")
def test_applications_own_mapping_wins_where_it_answers(database: Database, fail: Fail) -> None:
    def set_up(statuskit: StatusKit) -> None:
        @statuskit.map("sqlalchemy.exc.IntegrityError")
        def email_taken(error: Any) -> Conflict | None:
            taken = f"UNIQUE constraint failed: {CANARY}_user.email"
            return Conflict("Log in instead.") if str(error.orig) == taken else None

    assert_answer(fail(lambda: database.run(DUPLICATE), set_up), 409, "Log in instead.")
    incident = fail(lambda: database.run(f"UPDATE {CANARY}_user SET email = NULL"), set_up)
    assert_answer(incident, 422, REQUIRED, columns=("email",), code="not_null")


@on("sqlite")
def test_handler_that_catches_everything_gives_way(database: Database) -> None:
    app = Flask("shop")
    app.register_error_handler(Exception, lambda error: ("caught", 500))
    StatusKit(app, integrations=["sqlalchemy"])
    app.add_url_rule("/", view_func=lambda: database.run(DUPLICATE))
    assert app.test_client().get("/").status_code == 409


def test_naming_the_integration_imports_neither_sqlalchemy_nor_a_driver() -> None:
    assert_imports_nothing("sqlalchemy", "asyncpg", "asyncio", integrations=("sqlalchemy",))


# A program in a page does not clear up; Python 3.13 notices that.
@pytest.mark.filterwarnings("ignore:unclosed database:ResourceWarning")
def test_page_is_true() -> None:
    assert_page_is_true("sqlalchemy.md")
    gc.collect()


# What cannot be made to happen here


class Said(Exception):
    """What a driver raises: a text or a number, and attributes."""

    def __init__(self, *args: Any, **attributes: Any) -> None:
        super().__init__(*args)
        vars(self).update(attributes)


class SaidByPyMySQL(Said):
    __module__ = "pymysql.err"


class SaidByMySQLsConnector(Said):
    __module__ = "mysql.connector.errors"


class SaidByMariaDBsConnector(Said):
    __module__ = "mariadb"


class SaidByPymssql(Said):
    __module__ = "pymssql.exceptions"


def raise_wrapped(orig: Exception) -> None:
    raise sqlalchemy.exc.OperationalError(f"SELECT {CANARY}", {}, orig)


def assert_status(incident: Incident, answer: str) -> None:
    response = incident.response
    assert f"{response.status_code} {response.headers.get('Retry-After', '')}".strip() == answer
    assert CANARY not in f"{response.headers} {response.get_data(as_text=True)}"


# Typed out here from the manuals of the databases, and not taken from the module.
CODES: dict[str, list[str | int]] = {
    "409": [
        *("23505", "23P01", "23503", "23001", 1062, 1586, 1216, 1217, 1451, 1452),
        *("SQLITE_CONSTRAINT_UNIQUE", "SQLITE_CONSTRAINT_PRIMARYKEY", "SQLITE_CONSTRAINT_ROWID"),
        "SQLITE_CONSTRAINT_FOREIGNKEY",
    ],
    "422": [
        *("23502", "23514", 1048, 1364, 4025, 3819),
        *("SQLITE_CONSTRAINT_NOTNULL", "SQLITE_CONSTRAINT_CHECK"),
    ],
    "503 1": ["40001", "40P01", 1213, 1020, "SQLITE_BUSY_SNAPSHOT"],
    "503 5": [
        *(
            "57014",
            "25P04",
            "55P03",
            "53300",
            "08P01",
            1205,
            3572,
            1969,
            3024,
            1317,
            1040,
            1203,
            1226,
        ),
        *("SQLITE_BUSY", "SQLITE_BUSY_RECOVERY", "SQLITE_BUSY_TIMEOUT"),
        *("SQLITE_LOCKED", "SQLITE_LOCKED_SHAREDCACHE"),
    ],
    "503 10": [
        *("57P01", "57P02", "57P03", "57P05"),
        *("08000", "08001", "08003", "08004", "08006", "08007"),
        *(1047, 1053, 1927, 2002, 2003, 2005, 2006, 2013, 2055),
    ],
}
BUGS: list[str | int] = [
    *("42601", "42P01", "42703", "22P02", "25P02", "28P01", "3D000", "23000", "XX000"),
    *(1044, 1045, 1049, 1054, 1064, 1146, 1366, 1406),
    *("SQLITE_ERROR", "SQLITE_CANTOPEN", "SQLITE_READONLY", "SQLITE_FULL", "unknown"),
]


@pytest.mark.parametrize(
    ("code", "answer"),
    [
        *((code, answer) for answer, codes in CODES.items() for code in codes),
        *((code, "500") for code in BUGS),
    ],
)
def test_code_decides_and_not_the_text(code: str | int, answer: str, fail: Fail) -> None:
    text = "FOREIGN KEY constraint failed"
    if isinstance(code, int):
        orig = SaidByPyMySQL(code, text, sqlstate="23000")  # PyMySQL has one, for a hundred numbers
    else:
        name = "sqlite_errorname" if code[:1] in "Su" else "sqlstate"
        orig = Said(text, **{name: code})
    assert_status(fail(lambda: raise_wrapped(orig)), answer)


@pytest.mark.parametrize(
    ("orig", "answer"),
    [
        (SaidByMySQLsConnector(1048, "1048 (23000): Column 'email' cannot be null", "23000"), 422),
        (SaidByMariaDBsConnector("Column 'email' cannot be null", errno=1048), 422),
        # Microsoft's SQL Server has numbers as well, and this one is about a locking hint.
        (SaidByPymssql(1048, b"Conflicting locking hints"), 500),
    ],
)
def test_number_means_what_the_driver_says(orig: Exception, answer: int, fail: Fail) -> None:
    incident = fail(lambda: raise_wrapped(orig))
    if answer == 422:
        assert_answer(incident, 422, REQUIRED, columns=("email",), code="not_null")
    else:
        assert_answer(incident, 500)


def test_every_code_is_tested_and_documented() -> None:
    codes = {code for codes in CODES.values() for code in codes}
    assert set(integration._CODES) == codes
    page = (ROOT / "docs" / "integrations" / "sqlalchemy.md").read_text()
    documented = set(re.findall(r"`(\w+)`", page))
    assert {str(code) for code in codes} <= documented


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        # libpq: on a socket, as old as PostgreSQL 13, and slow
        (
            f'connection to server on socket "/{CANARY}" failed: No such file or directory\n'
            "\tIs the server running locally and accepting connections on that socket?",
            "503 10",
        ),
        ("could not connect to server: Connection refused\n\tIs the server running", "503 10"),
        ("FATAL:  the database system is in recovery mode", "503 10"),
        (f"FATAL:  too many connections for database {CANARY}", "503 5"),
        (f"connection to {CANARY} failed: FATAL:  no more connections allowed", "503 5"),
        (f'connection to server at "{CANARY}" failed: timeout expired', "503 10"),
        ("could not receive data from server: Connection timed out", "503 10"),
        (f'FATAL:  password authentication failed for user "{CANARY}"', "500"),
        ("fe_sendauth: no password supplied", "500"),
        # sqlite3 before Python 3.11
        (f"UNIQUE constraint failed: index '{CANARY}'", "409"),
        ("FOREIGN KEY constraint failed", "409"),
        (f"NOT NULL constraint failed: {CANARY}.{CANARY} 1", "422"),
        (f"CHECK constraint failed: {CANARY}", "422"),
        ("database is locked", "503 5"),
        (f"database table is locked: {CANARY}", "503 5"),
        ("database schema is locked: main", "503 5"),
        (f"no such table: {CANARY}", "500"),
        # what a client could have put into it
        (f"invalid input: '{CANARY}: FATAL:  the database system is starting up'", "500"),
        ("invalid input: 'UNIQUE constraint failed: name'", "500"),
        ("", "500"),
    ],
)
def test_text_decides_where_there_is_no_code(text: str, answer: str, fail: Fail) -> None:
    assert_status(fail(lambda: raise_wrapped(Said(text))), answer)


def postgresql_says(detail: str | None) -> Exception:
    return Said({"C": "23505", "D": detail})


@pytest.mark.parametrize(
    ("orig", "columns"),
    [
        (postgresql_says("Schlüssel »(email)=(x)« existiert bereits."), ["email"]),
        (postgresql_says('Key ("eMail", tenant)=(x, 1) already exists.'), ["eMail", "tenant"]),
        (postgresql_says('Key ("e mail", tenant)=(x, 1) already exists.'), []),
        (postgresql_says("Key (lower(email))=(x) already exists."), []),
        (postgresql_says("Key ((a + b))=(x) already exists."), []),
        (postgresql_says(None), []),
        # before Python 3.11
        (Said("UNIQUE constraint failed: users.tenant, users.name"), ["tenant", "name"]),
        (Said("NOT NULL constraint failed: users.email"), ["email"]),
        (Said("UNIQUE constraint failed: index 'lower_email'"), []),
    ],
)
def test_columns_are_named_if_they_are_certain(
    orig: Exception, columns: list[str], fail: Fail
) -> None:
    errors = fail(lambda: raise_wrapped(orig)).response.get_json().get("errors", [])
    assert [error["pointer"] for error in errors] == [f"#/{column}" for column in columns]


def test_row_that_postgresql_quotes_is_not_taken_for_columns(fail: Fail) -> None:
    orig = Said({"C": "23502", "D": f"Failing row contains ({CANARY}, x)=(y, null)."})
    incident = fail(lambda: raise_wrapped(orig))
    assert_answer(incident, 422, REQUIRED)


def test_exception_that_says_nothing_is_500(fail: Fail) -> None:
    assert_answer(fail(lambda: raise_wrapped(Said())), 500)


def test_the_debug_member_shows_neither_the_statement_nor_its_values() -> None:
    app = Flask("shop")
    app.debug = True
    StatusKit(app, integrations=["sqlalchemy"])

    @app.post("/")
    def insert() -> None:
        engine = sqlalchemy.create_engine("sqlite://", poolclass=sqlalchemy.NullPool)
        with engine.begin() as connection:
            connection.exec_driver_sql("CREATE TABLE users (email TEXT UNIQUE)")
            for _ in range(2):
                statement = text("INSERT INTO users VALUES (:email)")
                connection.execute(statement, request.get_json())

    row = {"email": "canary@example.com"}
    answer = app.test_client().post("/", json=row, headers={"Accept": "application/json"})
    debug = answer.get_json()["debug"]
    assert debug["message"] == "(sqlite3.IntegrityError) UNIQUE constraint failed: users.email"
    assert "canary" not in answer.text
    assert [cause["type"] for cause in debug["causes"]] == ["sqlite3.IntegrityError"]
