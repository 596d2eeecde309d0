"""What goes wrong around an app, made to happen while it answers one request.

Each of these is given the app, and makes a context: inside of it the trouble is there.
"""

import socket
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from socketserver import StreamRequestHandler, TCPServer
from threading import Thread
from typing import Any

from flask import Flask
from sqlalchemy import event

from .database import engine_of

Trouble = Callable[[Flask], AbstractContextManager[None]]

HOST = "127.0.0.1"


@contextmanager
def none(app: Flask) -> Iterator[None]:
    """All is well."""
    yield


@contextmanager
def somebody_is_faster(app: Flask) -> Iterator[None]:
    """Somebody else changes booking 1, after a view has read it and before it writes it."""
    engine = engine_of(app)
    changed: list[bool] = []

    def change(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if statement.startswith("UPDATE bookings") and not changed:
            changed.append(True)
            with engine.begin() as other:
                other.exec_driver_sql("UPDATE bookings SET version = version + 1 WHERE id = 1")

    event.listen(engine, "before_cursor_execute", change)
    try:
        yield
    finally:
        event.remove(engine, "before_cursor_execute", change)


@contextmanager
def database_is_locked(app: Flask) -> Iterator[None]:
    """Somebody else is writing a lot, and nobody can read meanwhile."""
    with engine_of(app).connect() as writing:
        writing.exec_driver_sql("BEGIN EXCLUSIVE")
        yield


@contextmanager
def rates_are_down(app: Flask) -> Iterator[None]:
    """Nobody listens where the source of rates was. The port is taken, so that nobody else does."""
    with socket.socket() as taken:
        taken.bind((HOST, 0))
        _get_rates_from(app, taken)
        yield


@contextmanager
def rates_are_slow(app: Flask) -> Iterator[None]:
    """The source of rates takes connections, and says nothing."""
    with socket.create_server((HOST, 0)) as silent:
        _get_rates_from(app, silent)
        yield


def rates_answer(answer: str) -> Trouble:
    """The source of rates sends this, whatever it is asked."""

    class Answering(StreamRequestHandler):
        def handle(self) -> None:
            self.request.recv(65536)
            self.wfile.write(answer.encode())

    @contextmanager
    def trouble(app: Flask) -> Iterator[None]:
        with TCPServer((HOST, 0), Answering) as server:
            server.timeout = 5  # seconds for the app to ask
            _get_rates_from(app, server.socket)
            thread = Thread(target=server.handle_request)
            thread.start()
            try:
                yield
            finally:
                thread.join()

    return trouble


def _get_rates_from(app: Flask, source: socket.socket) -> None:
    app.config["RATES_URL"] = f"http://{HOST}:{source.getsockname()[1]}/"
