"""A strict WSGI server without a socket, and the small applications that the tests send to it."""

from __future__ import annotations

import inspect
import io
import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote_to_bytes
from wsgiref.util import is_hop_by_hop
from wsgiref.validate import validator

from flask import Flask

from flask_statuskit import STATUSES, StatusKit

#: What the validator of the standard library knows; it warns of others.
_KNOWN_METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"}

#: What a browser asks for when somebody follows a link.
BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
#: What curl and fetch() ask for.
PROGRAM = {"Accept": "*/*"}

#: What they get.
PROBLEM_JSON = "application/problem+json"
PAGE = "text/html; charset=utf-8"
#: What each dialect is sent as.
CONTENT_TYPES = {
    "problem": "application/problem+json",
    "simple": "application/json",
    "jsonapi": "application/vnd.api+json",
    "xml": "application/problem+xml",
    "text": "text/plain; charset=utf-8",
    "html": "text/html; charset=utf-8",
}
#: Who asks, with what they get.
CLIENTS = [({}, PROBLEM_JSON), (PROGRAM, PROBLEM_JSON), (BROWSER, PAGE)]

UNSENT = object()


class Foreign(Exception):
    """An exception of some library, which knows nothing of HTTP."""


class ForeignChild(Foreign):
    """The same library is more precise."""


@dataclass(frozen=True)
class Answer:
    """A response as a WSGI server got it."""

    status_line: str
    headers: list[tuple[str, str]]
    body: bytes

    @property
    def status(self) -> int:
        return int(self.status_line[:3])

    def all(self, name: str) -> list[str]:
        return [value for key, value in self.headers if key.lower() == name.lower()]

    def header(self, name: str) -> str | None:
        """The value of a header that stands there once at most."""
        values = self.all(name)
        assert len(values) <= 1, f"{name} stands there {len(values)} times: {values}"
        return values[0] if values else None

    @property
    def json(self) -> Any:
        return strict_json(self.body)


def strict_json(body: bytes) -> Any:
    """Read JSON as RFC 8259 has it: no NaN, no name twice in one object, UTF-8 and nothing else."""

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        names = [name for name, _ in pairs]
        assert len(names) == len(set(names)), f"a name stands twice among {names}"
        return dict(pairs)

    def refuse(constant: str) -> None:
        raise AssertionError(f"{constant} is not JSON")

    value = json.loads(body.decode("utf-8"), object_pairs_hook=once, parse_constant=refuse)
    # A lone surrogate, written as an escape, passes the parser and is no text.
    json.dumps(value, ensure_ascii=False).encode("utf-8")
    return value


def call(
    app: Any,
    method: str = "GET",
    path: str = "/",
    headers: Mapping[str, str] | None = None,
    body: bytes = b"",
    environ_overrides: Mapping[str, Any] | None = None,
) -> Answer:
    """Send one request the way a server does, and refuse what PEP 3333 forbids in the answer.

    Parameters:
        app: any WSGI application.
        path: percent-encoded, with the query.
        environ_overrides: laid over the environ; a value of `UNSENT` removes the key.
    """
    environ = _environ(method, path, headers or {}, body)
    for key, value in (environ_overrides or {}).items():
        if value is UNSENT:
            del environ[key]
        else:
            environ[key] = value
    # The validator of the standard library refuses to read a body to its end, which a server
    # that terminates its input allows.
    checked = environ["REQUEST_METHOD"] in _KNOWN_METHODS and (
        "wsgi.input_terminated" not in environ
    )
    started: list[tuple[str, list[tuple[str, str]]]] = []
    chunks: list[bytes] = []

    def start_response(status: str, lines: list[tuple[str, str]], exc_info: Any = None) -> Any:
        assert not started or exc_info, "start_response was called twice"
        assert type(status) is str
        assert re.fullmatch(r"[1-5][0-9]{2} [ -~]+", status), status
        assert type(lines) is list
        for line in lines:
            _check_header(*line)
        started[:] = [(status, list(lines))]
        return chunks.append

    iterable = (validator(app) if checked else app)(environ, start_response)
    try:
        for chunk in iterable:
            assert type(chunk) is bytes
            assert started, "the body began before start_response was called"
            chunks.append(chunk)
    finally:
        if hasattr(iterable, "close"):
            iterable.close()
    [(status_line, lines)] = started
    answer = Answer(status_line, lines, b"".join(chunks))
    _check_framing(environ["REQUEST_METHOD"], answer)
    return answer


def _environ(method: str, path: str, headers: Mapping[str, str], body: bytes) -> dict[str, Any]:
    target, _, query = path.partition("?")
    environ = {
        "REQUEST_METHOD": method,
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(target).decode("latin-1"),
        "QUERY_STRING": query,
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "HTTP_HOST": "shop.example",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": io.StringIO(),
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    if body:
        environ["CONTENT_LENGTH"] = str(len(body))
    for name, value in headers.items():
        key = name.upper().replace("-", "_")
        environ[key if key in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{key}"] = value
    return environ


def _check_header(name: str, value: str) -> None:
    assert type(name) is str
    assert type(value) is str
    assert re.fullmatch(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+", name), f"{name!r} is no field name"
    assert re.fullmatch(r"[^\x00-\x1f\x7f]*", value), f"{name}: {value!r} has control characters"
    value.encode("latin-1")
    assert not is_hop_by_hop(name), f"{name} belongs to the connection, so to the server"


def _check_framing(method: str, answer: Answer) -> None:
    length = answer.header("Content-Length")
    if answer.status in (204, 304):
        assert answer.body == b""
        return
    assert len(answer.all("Content-Type")) == 1
    if method == "HEAD":
        assert answer.body == b""
    elif length is not None:
        assert length == str(len(answer.body))


def assert_error(answer: Answer, status: int, content_type: str) -> None:
    """Check what every error owes, whatever its status and its body format."""
    row = STATUSES.get(status)
    assert answer.status_line == f"{status} {row.phrase if row else 'Unknown'}", answer.body
    assert answer.header("Content-Type") == content_type
    assert answer.header("Content-Length") is not None
    assert answer.header("Cache-Control") == "no-store"
    assert answer.header("X-Content-Type-Options") == "nosniff"
    assert "Accept" in (answer.header("Vary") or "").split(", ")
    assert answer.header("ETag") is None
    assert answer.header("Last-Modified") is None


def assert_problem(answer: Answer, status: int, method: str = "GET") -> dict[str, Any]:
    """Check what every problem owes, whatever its status, and return its body ({} to HEAD)."""
    assert_error(answer, status, PROBLEM_JSON)
    if method == "HEAD":
        return {}
    body: dict[str, Any] = answer.json
    standard = [name for name in body if name in ("type", "title", "status", "detail", "instance")]
    assert list(body)[: len(standard)] == standard, "the standard members come first"
    assert body["status"] == status
    assert body["request_id"] == answer.header("X-Request-ID")
    retry_after = answer.header("Retry-After")
    assert (retry_after is None) == ("retry_after" not in body)
    if retry_after is not None and retry_after.isdigit():
        assert body["retry_after"] == int(retry_after)
    return body


def make_app(
    config: Mapping[str, Any] | None = None, *, kit: StatusKit | None = None, **options: Any
) -> Flask:
    """An application with StatusKit, configured before it is initialised.

    Parameters:
        config: what app.config has.
        kit: the StatusKit to initialise (default: a new one with `options`).
    """
    app = Flask("shop", root_path="/", static_folder=None)
    # Most of these applications send what the auditor would warn of, and warnings are errors here.
    app.config.update({"STATUSKIT_AUDIT": "off", **(config or {})})
    (StatusKit(**options) if kit is None else kit).init_app(app)
    return app


def raising(
    error: BaseException | Callable[[], Any],
    config: Mapping[str, Any] | None = None,
    *,
    kit: StatusKit | None = None,
    **options: Any,
) -> Flask:
    """An application whose view at "/" raises.

    Parameters:
        error: the exception, its class, or a function that raises it or returns it.
    """
    app = make_app(config, kit=kit, **options)
    app.add_url_rule("/", "index", view_raising(error), methods=["GET", "POST"])
    return app


def view_raising(error: BaseException | Callable[[], Any]) -> Callable[..., Any]:
    def view(**_arguments: Any) -> Any:
        raised = error if isinstance(error, BaseException) else error()
        if isinstance(raised, BaseException):
            raise raised
        return raised

    return view


def kit_of(app: Flask) -> StatusKit:
    kit: StatusKit = app.extensions["statuskit"].kit
    return kit


def mapped(
    error: Any,
    config: Mapping[str, Any] | None = None,
    *,
    raised: BaseException | Callable[[], Any] = Foreign,
    **hints: Any,
) -> Flask:
    """An application that maps `Foreign` to `error`, and whose view at "/" raises it."""
    app = raising(raised, config)
    kit_of(app).map(Foreign, error, **hints)
    return app


def names(values: Iterable[Any]) -> list[str]:
    """Ids for parametrized classes and functions."""
    return [value.__name__ if inspect.isclass(value) else str(value) for value in values]
