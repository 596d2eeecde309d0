"""WSGI applications in every shape, and servers for them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pytest
from support import (
    Answer,
    Foreign,
    call,
)
from werkzeug import exceptions as werkzeugs

from flask_statuskit import (
    Conflict,
    StatusKitMiddleware,
)

TEXT = [("Content-Type", "text/plain; charset=utf-8")]
HTML = [("Content-Type", "text/html; charset=utf-8")]
GET_AND_HEAD = pytest.mark.parametrize("method", ["GET", "HEAD"])


class Server:
    """A layer that holds an application to PEP 3333: no start after the first bytes of the body.

    Attributes:
        starts: the status lines of all calls of start_response.
        sent: the bytes of the body so far.
    """

    def __init__(self, app: Any) -> None:
        self.app = app
        self.starts: list[str] = []
        self.sent = b""

    def __call__(self, environ: Any, start_response: Any) -> Iterator[bytes]:
        def start(status: str, headers: Any, exc_info: Any = None) -> Callable[[bytes], None]:
            self.starts.append(status)
            if exc_info is None:
                assert len(self.starts) == 1, "Headers already set"
                servers_write = start_response(status, headers)
            else:
                assert len(self.starts) > 1, "Werkzeug's client would raise it"
                if self.sent:
                    raise exc_info[1].with_traceback(exc_info[2])
                servers_write = start_response(status, headers, exc_info)

            def write(data: bytes) -> None:
                self.sent += data
                servers_write(data)

            return write

        body = self.app(environ, start)
        try:
            for chunk in body:
                assert self.starts, "the body began before start_response was called"
                self.sent += chunk
                yield chunk
        finally:
            if hasattr(body, "close"):
                body.close()


def served(app: Any, *arguments: Any, **options: Any) -> Answer:
    return call(Server(app), *arguments, **options)


class Body:
    """A body that can be closed, and fails where it is told to.

    Attributes:
        closed: how often close() was called.
    """

    def __init__(self, *chunks: bytes | BaseException, closing: Exception | None = None) -> None:
        self.chunks = chunks
        self.closing = closing
        self.closed = 0

    def __iter__(self) -> Iterator[bytes]:
        for chunk in self.chunks:
            if isinstance(chunk, BaseException):
                raise chunk
            yield chunk

    def close(self) -> None:
        self.closed += 1
        if self.closing is not None:
            raise self.closing


def answering(
    body: Iterable[bytes], status: str = "200 OK", headers: Iterable[Any] = tuple(TEXT)
) -> Any:
    """An application that answers with this."""

    def app(_environ: Any, start_response: Any) -> Iterable[bytes]:
        start_response(status, list(headers))
        return body

    return app


def failing(error: BaseException) -> Any:
    """An application that raises this."""

    def app(_environ: Any, _start_response: Any) -> Iterable[bytes]:
        raise error

    return app


def wrapped(app: Any, **options: Any) -> StatusKitMiddleware:
    return StatusKitMiddleware(app, **options)


def raises_at_once(environ: Any, start_response: Any) -> Iterable[bytes]:
    raise Foreign("dsn=postgres://ann:hunter2@db")


def raises_a_conflict(environ: Any, start_response: Any) -> Iterable[bytes]:
    raise Conflict


def raises_after_the_start(environ: Any, start_response: Any) -> Iterable[bytes]:
    start_response("200 OK", TEXT)
    raise Foreign


def raises_after_the_start_of_a_page(environ: Any, start_response: Any) -> Iterable[bytes]:
    start_response("404 NOT FOUND", HTML)
    raise Foreign


def raises_at_the_first_next(environ: Any, start_response: Any) -> Iterator[bytes]:
    raise Foreign
    yield b""


def raises_after_a_late_start(environ: Any, start_response: Any) -> Iterator[bytes]:
    start_response("200 OK", TEXT)
    raise Foreign
    yield b""


def raises_after_an_empty_chunk(environ: Any, start_response: Any) -> Iterator[bytes]:
    start_response("200 OK", TEXT)
    yield b""
    raise Foreign


def with_header(name: str, value: str) -> Callable[[Any], Any]:
    def layer(app: Any) -> Any:
        def inner(environ: Any, start_response: Any) -> Any:
            def start(status: str, headers: Any, exc_info: Any = None) -> Any:
                return start_response(status, [*headers, (name, value)], exc_info)

            return app(environ, start)

        return inner

    return layer


def lazy(app: Any) -> Any:
    def inner(environ: Any, start_response: Any) -> Iterator[bytes]:
        yield from app(environ, start_response)

    return inner


PAGE_BODY = werkzeugs.NotFound().get_body().encode()


def page(*chunks: bytes, status: str = "404 NOT FOUND", headers: Any = HTML) -> Any:
    length = ("Content-Length", str(sum(map(len, chunks))))
    return answering(list(chunks), status, [*headers, length])


def received(app: Any, method: str = "GET", **environ: Any) -> tuple[Any, ...]:
    """What a lenient server gets: statuses, headers, writes, chunks, and how it ended."""
    got: list[Any] = []

    def start(*started: Any) -> Callable[[bytes], None]:
        status, headers, *_ = started
        got.append((status, list(headers)))
        return lambda data: got.append(("write", data))

    ended: Any = None
    body = app({"REQUEST_METHOD": method, "PATH_INFO": "/", **environ}, start)
    try:
        got.extend(body)
    except Exception as error:
        ended = error
    finally:
        if hasattr(body, "close"):
            body.close()
    return (*got, ended)
