"""The database: plain SQLAlchemy 2, one session per request."""

from pathlib import Path
from typing import TypeVar

from flask import Flask, current_app, g
from sqlalchemy import Connection, Engine, create_engine, func, inspect, select
from sqlalchemy.orm import Session

from flask_statuskit import Gone, NotFound, ServiceUnavailable, raises

from .models import Base, User
from .seed import seed

Record = TypeVar("Record", bound=Base)


def init_app(app: Flask) -> None:
    """Connect to ``DATABASE_URL``, create the tables and, when they are empty, the first data."""
    engine = create_engine(app.config["DATABASE_URL"] or _file_in(Path(app.instance_path)))
    app.extensions["bookings_engine"] = engine
    app.teardown_appcontext(_close_session)

    with Session(engine) as session, session.begin():
        if engine.dialect.name == "postgresql":
            # Workers that start at the same time would all make the tables.
            session.execute(select(func.pg_advisory_xact_lock(1)))
        Base.metadata.create_all(session.connection())
        _add_versions(session.connection())
        if session.scalar(select(User).limit(1)) is None:
            seed(session)


def _add_versions(connection: Connection) -> None:
    """Add the column that bookings did not have in the first version of this app.

    ``create_all`` makes tables and leaves those alone that exist. This is enough for one column; an
    application that lives longer has its migrations made by Alembic.
    """
    columns = {column["name"] for column in inspect(connection).get_columns("bookings")}
    if "version" not in columns:
        statement = "ALTER TABLE bookings ADD COLUMN version INTEGER NOT NULL DEFAULT 1"
        connection.exec_driver_sql(statement)


def _file_in(folder: Path) -> str:
    """Name a SQLite file that is the same whichever directory the app is started from."""
    folder.mkdir(parents=True, exist_ok=True)
    return f"sqlite:///{folder / 'bookings.sqlite3'}"


def engine_of(app: Flask) -> Engine:
    """Return the engine, for whoever has to dispose of it."""
    engine: Engine = app.extensions["bookings_engine"]
    return engine


@raises(ServiceUnavailable)
def db_session() -> Session:
    """Return this request's session. It is opened on first use.

    Whatever it is used for, the database may be away or too busy: SQLAlchemy's OperationalError.
    """
    if "db_session" not in g:
        g.db_session = Session(engine_of(current_app))
    session: Session = g.db_session
    return session


def _close_session(exc: BaseException | None) -> None:
    """Close this request's session, which rolls back what no view has committed.

    Views commit when all is done. So an exception, at whichever line, leaves nothing half-done.
    """
    session: Session | None = g.pop("db_session", None)
    if session is not None:
        session.close()


@raises(NotFound, Gone)
def find(model: type[Record], number: int, viewer: User | None = None) -> Record:
    """Return a record that exists and that ``viewer`` may know of.

    Raises:
        NotFound: There is none, or the viewer must not learn that there is one. The answer is the
            same for both, to the letter (RFC 9110 section 15.5.4).
        Gone: There was one.
    """
    name = model.__name__.lower()
    record = db_session().get(model, number)
    if record is None or not record.visible_to(viewer):
        raise NotFound(f"There is no {name} {number}.")
    if record.deleted_at:
        raise Gone(f"The {name} {number} was deleted.")
    return record
