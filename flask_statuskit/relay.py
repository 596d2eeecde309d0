"""One request on its way through `StatusKitMiddleware`, by the rules of PEP 3333.

              start_response ─▶ Relay.start
application                        ▼                                              server
                        body ─▶ Relay.passing ─ the body begins ─▶ start_response, body

A start waits in the `Relay` until the first chunk of the body is there: then a server sends the
headers. An error up to then has an answer of its own, and no server is ever told to start twice.
"""

from __future__ import annotations

import html
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from itertools import chain, islice
from logging import ERROR
from typing import TYPE_CHECKING

from werkzeug.exceptions import HTTPException, default_exceptions

from .dialects import PROBLEM_JSON
from .exceptions import InternalServerError
from .log import log, one_line
from .mapping import Resolution, adopt
from .reply import constant_body, log_failure
from .statuses import status_line

if TYPE_CHECKING:
    from _typeshed import OptExcInfo
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

    from .middleware import StatusKitMiddleware

Lines = list[tuple[str, str]]

# Made at import: when all else has failed, it takes nothing that could fail as well.
_STATUS_500 = status_line(500)
_BODY_500 = constant_body(500)
_HEADERS_500 = [
    ("Cache-Control", "no-store"),
    ("X-Content-Type-Options", "nosniff"),
    ("Content-Type", PROBLEM_JSON),
    ("Content-Length", str(len(_BODY_500))),
    ("Vary", "Accept"),
]

#: What HTTPExceptions say of their pages.
_PAGE = ("Content-Type", "text/html; charset=utf-8")

_ABSENT = object()


class Relay:
    """The `start_response` that the application gets, and the body that the server gets.

    Parameters:
        middleware: decides what an error is answered with.
        environ: the request.
        start_response: that of the server.
    """

    #: What the application has started with, until the server is told.
    _held: tuple[str, Lines] | None = None
    #: Whether the server has been told of a start.
    _started = False
    _body: Iterable[bytes] | None = None
    #: Those of a body that is watched.
    _chunks: Iterator[bytes] | None = None

    def __init__(
        self,
        middleware: StatusKitMiddleware,
        environ: WSGIEnvironment,
        start_response: StartResponse,
    ) -> None:
        self._middleware = middleware
        self._environ = environ
        self._start_response = start_response
        # Werkzeug's debugger, outside, leaves one of its own here.
        self._request = environ.get("werkzeug.request", _ABSENT)

    # For the application

    def start(
        self, status: str, headers: Lines, exc_info: OptExcInfo | None = None
    ) -> Callable[[bytes], object]:
        """`start_response`; the last start counts, as long as none has reached the server."""
        if self._started:
            again = () if exc_info is None else (exc_info,)
            self._start_response(status, headers, *again)  # which refuses it
        elif self._held is not None and exc_info is None:
            raise AssertionError("The application has called start_response twice.")
        self._held = status, headers
        return self._write

    def _write(self, data: bytes) -> None:
        if not self._started:
            self._pass_start()
        self._servers_write(data)

    def _pass_start(self) -> None:
        if self._held is None:
            raise AssertionError("The application has not called start_response.")
        # First: of what a server refuses, it may have kept a part.
        self._started = True
        self._servers_write = self._start_response(*self._held)

    # For the server

    def passing(self, body: Iterable[bytes]) -> Iterable[bytes]:
        """Start the response, and return the body; lists, and files to be sent, as they are."""
        self._body = body
        if isinstance(body, (list, tuple)):
            first = body[:1]
        elif self._is_file(body):
            first = ()
        else:
            chunks = iter(body)
            first = [*islice(chunks, 1)]
            self._chunks = chain(first, chunks)
        if not self._started:
            held = self._held
            if held is not None and held[0] >= "4" and self._may_be_a_page(held[1]):
                _raise_if_page(*held, b"".join(first), self._environ)
            self._pass_start()
        return body if self._chunks is None else self

    def _is_file(self, body: Iterable[bytes]) -> bool:
        wrapper = self._environ.get("wsgi.file_wrapper")
        if isinstance(wrapper, type):
            return isinstance(body, wrapper)
        # uWSGI's is a function that returns the file.
        return wrapper is not None and hasattr(body, "read")

    def _may_be_a_page(self, headers: Lines) -> bool:
        # A Flask application leaves its request in the environ, and has chosen what it answers.
        return (
            _PAGE in headers
            and self._environ.get("werkzeug.request", _ABSENT) is self._request
            and self._middleware._serves(self._environ)
        )

    def __iter__(self) -> Iterator[bytes]:
        try:
            yield from self._chunks or ()
        except Exception as error:
            self._log_late(error)
            raise

    def close(self) -> None:
        """Close the body of the application; whoever has the body calls this once."""
        close: Callable[[], object] | None = getattr(self._body, "close", None)
        if close is not None:
            try:
                close()
            except Exception as error:
                self._log_late(error)
                raise

    # When the application fails

    def abandon(self) -> None:
        """Close the body that the server never gets; what that fails at is in the log."""
        with suppress(Exception):
            self.close()

    def fail(self, error: Exception) -> Iterable[bytes] | None:
        """Answer an error; None where it is to go on to the server."""
        self.abandon()
        if self._started:
            self._log_late(error)
            return None
        try:
            answer = self._middleware._answer(self._environ, error)
            return None if answer is None else answer(self._environ, self._start_answer)
        except Exception as failure:
            # Out of memory, even to tell of it may be too much.
            with suppress(Exception):
                log_failure(Resolution(InternalServerError(), error), failure)
        if self._started:
            return None
        self._start_response(_STATUS_500, list(_HEADERS_500))
        return [] if self._environ.get("REQUEST_METHOD") == "HEAD" else [_BODY_500]

    def _start_answer(
        self, status: str, headers: Lines, exc_info: OptExcInfo | None = None
    ) -> Callable[[bytes], object]:
        # First: of what a server refuses, it may have kept a part.
        self._started = True
        return self._start_response(status, headers)

    def _log_late(self, error: Exception) -> None:
        said = one_line(self._environ.get("REQUEST_METHOD", "")), one_line(path_of(self._environ))
        log(ERROR, "%s %s failed too late for an answer.", *said, exc_info=error)


def path_of(environ: WSGIEnvironment) -> str:
    """The path of a request as the client sees it, decoded, wherever a layer has cut it in two."""
    path: str = environ.get("SCRIPT_NAME", "").rstrip("/") + environ.get("PATH_INFO", "")
    # PEP 3333: bytes, written as if they were ISO 8859-1.
    return "/" + path.encode("latin-1", "replace").decode("utf-8", "replace").lstrip("/")


def _raise_if_page(status: str, headers: Lines, body: bytes, environ: WSGIEnvironment) -> None:
    """Raise the error that Werkzeug has made a page of, if this is exactly such a page."""
    code = int(status[:3]) if status[:3].isdecimal() else 0
    if not body and environ.get("REQUEST_METHOD") == "HEAD" and code in default_exceptions:
        # Then its length has to tell: that of the page with Werkzeug's own description.
        body = default_exceptions[code]().get_body().encode()
    # NUL stands in no description, and is nothing that HTML escapes.
    before, after = _Called(code, "\0", []).get_body().encode().split(b"\0")
    said = body[len(before) : -len(after)].decode("utf-8", "replace").replace("<br>", "\n")
    if (
        ("Content-Length", str(len(body))) in headers
        and body.startswith(before)
        and body.endswith(after)
        and "<" not in said
    ):
        raise adopt(_Called(code, html.unescape(said), headers), environ)


class _Called(HTTPException):
    """An exception that was called as the WSGI application it is, as far as its answer shows."""

    def __init__(self, code: int, description: str, headers: Lines) -> None:
        super().__init__(description)
        self.code = code
        # The problem has another body than these are of.
        self._headers = [h for h in headers if h[0].lower() not in ("etag", "last-modified")]

    def get_headers(self, environ: object = None, scope: object = None) -> Lines:
        return self._headers
