"""SQLAlchemy's errors, told apart by the code that the database gives.

DBAPIError ─ read ─▶ code, or else text ─ look up ─▶ Outcome ─ build ─▶ StatusError
                                            └▶ unknown: a bug

The class of an exception decides nothing: a syntax error and a lock are OperationalErrors of
SQLite; an unknown column, a violated CHECK and a lost server are OperationalErrors of MariaDB.
"""

from __future__ import annotations

import re
import traceback
from dataclasses import dataclass
from typing import Any

from ..exceptions import Conflict, NotFound, ServiceUnavailable, StatusError, ValidationError
from ..mapping import Builder, Mapping
from ..plain import Sentence
from ..problem import FieldError, json_pointer


@dataclass(frozen=True)
class Outcome:
    """What one kind of failure is answered with.

    Attributes:
        error: the class of the answer.
        detail: the sentence for the client. It names nothing of the database.
        code: the word for a column that is to blame.
        retry_after: seconds after which a repetition may succeed.
    """

    error: type[StatusError]
    detail: Sentence
    code: str | None = None
    retry_after: int | None = None

    def build(self, columns: tuple[str, ...] = ()) -> StatusError:
        errors = [FieldError(self.detail, json_pointer([c]), code=self.code) for c in columns]
        return self.error(detail=self.detail, retry_after=self.retry_after, errors=errors)


ABSENT = Outcome(NotFound, Sentence("There is no such record."))
UNIQUE = Outcome(Conflict, Sentence("A record with this value already exists."), "unique")
UNIQUE_TOGETHER = Outcome(
    Conflict, Sentence("A record with these values already exists."), "unique"
)
EXCLUDED = Outcome(Conflict, Sentence("The record conflicts with one that exists."))
REFERENCE = Outcome(
    Conflict, Sentence("The request refers to a missing record, or removes one that is in use.")
)
STALE = Outcome(Conflict, Sentence("The record has been changed or deleted since it was read."))
REQUIRED = Outcome(ValidationError, Sentence("A value is required."), "not_null")
CHECK = Outcome(ValidationError, Sentence("A value is not allowed."))
# A collision was rolled back and is over. A lock is held for as long as somebody's work takes. A
# server that restarts needs some seconds.
COLLISION = Outcome(
    ServiceUnavailable, Sentence("The request collided with another; repeat it."), retry_after=1
)
TIMED_OUT = Outcome(
    ServiceUnavailable, Sentence("The request took too long; repeat it."), retry_after=5
)
FULL = Outcome(
    ServiceUnavailable, Sentence("The service is busy; repeat the request."), retry_after=5
)
# Nobody knows whether the work was done before the connection broke: no advice to repeat it.
UNREACHABLE = Outcome(ServiceUnavailable, Sentence("The service is not available."), retry_after=10)

_CODES: dict[str | int, Outcome] = {
    # PostgreSQL: SQLSTATE, its manual's appendix A
    "23505": UNIQUE,  # unique_violation
    "23P01": EXCLUDED,  # exclusion_violation
    "23503": REFERENCE,  # foreign_key_violation
    "23001": REFERENCE,  # restrict_violation, from PostgreSQL 18 on
    "23502": REQUIRED,  # not_null_violation
    "23514": CHECK,  # check_violation
    "40001": COLLISION,  # serialization_failure
    "40P01": COLLISION,  # deadlock_detected
    "57014": TIMED_OUT,  # query_canceled: statement_timeout
    "25P04": TIMED_OUT,  # transaction_timeout
    "55P03": TIMED_OUT,  # lock_not_available: lock_timeout, NOWAIT
    "53300": FULL,  # too_many_connections
    "08P01": FULL,  # protocol_violation, as PgBouncer has it: max_client_conn, query_wait_timeout
    "57P01": UNREACHABLE,  # admin_shutdown
    "57P02": UNREACHABLE,  # crash_shutdown
    "57P03": UNREACHABLE,  # cannot_connect_now: it starts or stops
    "57P05": UNREACHABLE,  # idle_session_timeout
    "08000": UNREACHABLE,  # connection_exception
    "08001": UNREACHABLE,  # sqlclient_unable_to_establish_sqlconnection
    "08003": UNREACHABLE,  # connection_does_not_exist
    "08004": UNREACHABLE,  # sqlserver_rejected_establishment_of_sqlconnection
    "08006": UNREACHABLE,  # connection_failure
    "08007": UNREACHABLE,  # transaction_resolution_unknown
    # MariaDB and MySQL: the numbers of the server (from 1000 on) and of the client (2000 to 2999)
    1062: UNIQUE,  # ER_DUP_ENTRY
    1586: UNIQUE,  # ER_DUP_ENTRY_WITH_KEY_NAME
    1216: REFERENCE,  # ER_NO_REFERENCED_ROW
    1217: REFERENCE,  # ER_ROW_IS_REFERENCED
    1451: REFERENCE,  # ER_ROW_IS_REFERENCED_2
    1452: REFERENCE,  # ER_NO_REFERENCED_ROW_2
    1048: REQUIRED,  # ER_BAD_NULL_ERROR
    1364: REQUIRED,  # ER_NO_DEFAULT_FOR_FIELD
    4025: CHECK,  # ER_CONSTRAINT_FAILED (MariaDB)
    3819: CHECK,  # ER_CHECK_CONSTRAINT_VIOLATED (MySQL)
    1213: COLLISION,  # ER_LOCK_DEADLOCK
    1020: COLLISION,  # ER_CHECKREAD: innodb_snapshot_isolation
    1205: TIMED_OUT,  # ER_LOCK_WAIT_TIMEOUT
    3572: TIMED_OUT,  # ER_LOCK_NOWAIT (MySQL)
    1969: TIMED_OUT,  # ER_STATEMENT_TIMEOUT (MariaDB)
    3024: TIMED_OUT,  # ER_QUERY_TIMEOUT (MySQL)
    1317: TIMED_OUT,  # ER_QUERY_INTERRUPTED: KILL QUERY
    1040: FULL,  # ER_CON_COUNT_ERROR
    1203: FULL,  # ER_TOO_MANY_USER_CONNECTIONS
    1226: FULL,  # ER_USER_LIMIT_REACHED
    1047: UNREACHABLE,  # ER_UNKNOWN_COM_ERROR: a node of Galera that is not ready
    1053: UNREACHABLE,  # ER_SERVER_SHUTDOWN
    1927: UNREACHABLE,  # ER_CONNECTION_KILLED
    2002: UNREACHABLE,  # CR_CONNECTION_ERROR
    2003: UNREACHABLE,  # CR_CONN_HOST_ERROR
    2005: UNREACHABLE,  # CR_UNKNOWN_HOST
    2006: UNREACHABLE,  # CR_SERVER_GONE_ERROR
    2013: UNREACHABLE,  # CR_SERVER_LOST
    2055: UNREACHABLE,  # CR_SERVER_LOST_EXTENDED
    # SQLite: the names of its extended result codes
    "SQLITE_CONSTRAINT_UNIQUE": UNIQUE,
    "SQLITE_CONSTRAINT_PRIMARYKEY": UNIQUE,
    "SQLITE_CONSTRAINT_ROWID": UNIQUE,
    "SQLITE_CONSTRAINT_FOREIGNKEY": REFERENCE,
    "SQLITE_CONSTRAINT_NOTNULL": REQUIRED,
    "SQLITE_CONSTRAINT_CHECK": CHECK,
    "SQLITE_BUSY_SNAPSHOT": COLLISION,
    "SQLITE_BUSY": TIMED_OUT,
    "SQLITE_BUSY_RECOVERY": TIMED_OUT,
    "SQLITE_BUSY_TIMEOUT": TIMED_OUT,
    "SQLITE_LOCKED": TIMED_OUT,
    "SQLITE_LOCKED_SHAREDCACHE": TIMED_OUT,
}

# Only for what comes without a code: libpq (psycopg, psycopg2) gives none for a connection that was
# not made, sqlite3 none before Python 3.11. All match from the beginning of the message, where no
# value of a client's can stand.
_LIBPQ = r"(?s:connection .*?|could not connect .*?)?"
_TEXTS = {
    _LIBPQ + r"FATAL:\s+(sorry, too many clients|(too many|remaining|no more) connection)": FULL,
    _LIBPQ + r"FATAL:\s+the database system is ": UNREACHABLE,
    _LIBPQ + r"(Is the server running|timeout expired)": UNREACHABLE,
    _LIBPQ + r"(server closed the connection|could not (receive|send) data)": UNREACHABLE,
    r"could not translate host name|failed to resolve host|\[Errno -\d+\] ": UNREACHABLE,
    r"UNIQUE constraint failed": UNIQUE,
    r"FOREIGN KEY constraint failed": REFERENCE,
    r"NOT NULL constraint failed": REQUIRED,
    r"CHECK constraint failed": CHECK,
    r"database( table| schema)? is locked": TIMED_OUT,
}

# Where the columns stand, by code; None is sqlite3 without codes. PostgreSQL's DETAIL goes on with
# their values. MariaDB's 1062 is not here: it names a key, which may be called like a column and
# hold others, too.
_IN_QUOTES = r"[^']*'([^']+)'"
_AFTER_COLON = r"(?:UNIQUE|NOT NULL) constraint failed: (.+)"
_COLUMNS: dict[str | int | None, str] = {
    "23505": r"[^()]*\(([^()]+)\)=\(",
    "23502": r"(.+)",
    1048: _IN_QUOTES,
    1364: _IN_QUOTES,
    "SQLITE_CONSTRAINT_UNIQUE": _AFTER_COLON,
    "SQLITE_CONSTRAINT_PRIMARYKEY": _AFTER_COLON,
    "SQLITE_CONSTRAINT_NOTNULL": _AFTER_COLON,
    None: _AFTER_COLON,
}

# Their exceptions have MariaDB's numbers. Those of other drivers mean something else.
_MARIADB_DRIVERS = {"pymysql", "MySQLdb", "asyncmy", "mysql", "mariadb"}

# They let errors of their sockets through, and so does SQLAlchemy; before 2.1, it lets all through
# that asyncpg raises while it connects.
_LEAKY_DRIVERS = {"asyncpg", "pg8000"}


def install(mapping: Mapping, *, explicit: bool) -> None:
    builders: dict[str, Builder] = {
        "sqlalchemy.exc.DBAPIError": lambda e: _answer(e.orig, lost=e.connection_invalidated),
        "sqlalchemy.exc.TimeoutError": lambda _: FULL.build(),  # only pools raise it
        "sqlalchemy.exc.NoResultFound": lambda _: ABSENT.build(),
        "sqlalchemy.orm.exc.StaleDataError": lambda _: STALE.build(),
        "asyncpg.PostgresError": lambda e: _answer(e) if _is_leaked(e) else None,
        "builtins.OSError": lambda e: UNREACHABLE.build() if _is_leaked(e) else None,
        "builtins.TimeoutError": lambda e: TIMED_OUT.build() if _is_leaked(e) else None,
        "asyncio.TimeoutError": lambda e: TIMED_OUT.build() if _is_leaked(e) else None,
    }
    for name, builder in builders.items():
        mapping.map(name, builder, explicit=explicit)


def _is_leaked(exception: Exception) -> bool:
    """Whether it came from such a driver, through SQLAlchemy. By its class, it may be anybody's."""
    frames = traceback.walk_tb(exception.__traceback__)
    packages = {_package(frame.f_globals.get("__name__")) for frame, _ in frames}
    return "sqlalchemy" in packages and not packages.isdisjoint(_LEAKY_DRIVERS)


def _package(module: object) -> str:
    return str(module).partition(".")[0]


def _answer(orig: Any, *, lost: bool = False) -> StatusError | None:
    """The answer to a driver's exception, None for a bug.

    Parameters:
        orig: the exception.
        lost: whether SQLAlchemy noticed that the connection is gone.
    """
    code, said = _read(orig)
    if code is not None:
        outcome = _CODES.get(code)
    else:
        outcome = next((found for text, found in _TEXTS.items() if re.match(text, said)), None)
    if outcome is None and (lost or isinstance(orig.__cause__, OSError)):
        outcome = UNREACHABLE
    columns = _columns(code, said)
    if outcome is UNIQUE and len(columns) > 1:
        outcome = UNIQUE_TOGETHER
    return outcome.build(columns) if outcome else None


def _read(orig: Any) -> tuple[str | int | None, str]:
    """The code, None where there is none, and the text that the database gives with it."""
    first = orig.args[0] if orig.args else ""
    if _package(type(orig).__module__) in _MARIADB_DRIVERS:
        # PyMySQL has a `sqlstate` as well: "23000" for all constraints, "HY000" for most else.
        return first if isinstance(first, int) else getattr(orig, "errno", None), str(orig)
    if isinstance(first, dict):  # pg8000: the fields of PostgreSQL's report by their letters
        fields: dict[str, str] = first
        return fields.get("C"), fields.get("c") or fields.get("D") or ""
    codes = (getattr(orig, name, None) for name in ("sqlstate", "pgcode", "sqlite_errorname"))
    code = next(filter(None, codes), None)
    if code == "SQLITE_CONSTRAINT_TRIGGER":  # of ON DELETE RESTRICT as well: the text decides
        code = None
    # psycopg and psycopg2 keep PostgreSQL's report in `diag`; asyncpg's own exception is the cause.
    report = getattr(orig, "diag", None) or orig.__cause__
    texts = (getattr(report, n, None) for n in ("column_name", "message_detail", "detail"))
    return code, next(filter(None, texts), str(first))


def _columns(code: str | int | None, said: str) -> tuple[str, ...]:
    """The columns that are to blame; none unless all of them are plain names."""
    listed = re.match(_COLUMNS.get(code, "(?!)"), said)
    names = listed[1].split(", ") if listed else []
    found = [re.fullmatch(r"(?:\w+\.)?(\"?)(\w+)\1", name) for name in names]
    return tuple(match[2] for match in found if match) if all(found) else ()
