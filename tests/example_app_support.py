"""Requests to the example app, over WSGI and over a socket, and strict readings of the answers."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from http import HTTPStatus
from typing import Any

import pytest
from flask import Flask
from support import Answer, call

from example_app.errors import OutOfCredit, QuotaExceeded, statuskit

BOUNDARY = "a-boundary"

# What Python's http.HTTPStatus and Werkzeug call by older names, or depending on their version.
PHRASES = {
    413: "Content Too Large",
    416: "Range Not Satisfiable",
    422: "Unprocessable Content",
}


@dataclass(frozen=True)
class Request:
    """A request. ``account`` is whose token it carries: a key of the ``tokens`` fixture."""

    method: str
    path: str
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    account: str | None = None


Send = Callable[..., Answer]


def request(
    method: str,
    path: str,
    json_body: Any = None,
    account: str | None = None,
    **headers: str,
) -> Request:
    """Build a request. Header names are written with underscores: ``X_Signature="..."``.

    A body in bytes is sent as it is, anything else as JSON.
    """
    lines = {name.replace("_", "-"): value for name, value in headers.items()}
    if json_body is None:
        return Request(method, path, b"", lines, account)
    body = json_body if isinstance(json_body, bytes) else json.dumps(json_body).encode()
    return Request(method, path, body, {"Content-Type": "application/json"} | lines, account)


get = partial(request, "GET")
post = partial(request, "POST")
put = partial(request, "PUT")
delete = partial(request, "DELETE")


def upload(size: int, account: str | None = "ann", name: str = "file") -> Request:
    """Build a form with one file of ``size`` bytes."""
    head = f'Content-Disposition: form-data; name="{name}"; filename="plan.pdf"'
    form = f"--{BOUNDARY}\r\n{head}\r\n\r\n{'x' * size}\r\n--{BOUNDARY}--".encode()
    media_type = f"multipart/form-data; boundary={BOUNDARY}"
    return post("/files", form, account, Content_Type=media_type)


def send_wsgi(app: Flask, sent: Request) -> Answer:
    """Call the WSGI app itself: no test client, which would follow, decode and merge."""
    return call(app, sent.method, sent.path, sent.headers, sent.body)


def send_socket(port: int, sent: Request) -> Answer:
    """Send the request to a server on this machine, and read each byte until it closes.

    An HTTP client would not notice content after a 204, a 304, or the headers to a HEAD.
    """
    lines = {"Host": f"127.0.0.1:{port}", "Connection": "close", **sent.headers}
    if sent.body or sent.method in ("POST", "PUT"):
        lines["Content-Length"] = str(len(sent.body))
    head = [f"{sent.method} {sent.path} HTTP/1.1", *(f"{n}: {v}" for n, v in lines.items()), "", ""]
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall("\r\n".join(head).encode("latin-1") + sent.body)
        # Werkzeug's server reads what an application has left of a request, up to its end.
        connection.shutdown(socket.SHUT_WR)
        received = b"".join(iter(lambda: connection.recv(65536), b""))
    received_head, _, body = received.partition(b"\r\n\r\n")
    status_line, *headers = received_head.decode("latin-1").split("\r\n")
    version, _, status_line = status_line.partition(" ")
    assert version == "HTTP/1.1"
    pairs = [line.partition(": ") for line in headers]
    answer = Answer(status_line, [(name, value) for name, _, value in pairs], body)
    assert_framed(sent.method, answer)
    return answer


@contextmanager
def only_its_types() -> Iterator[None]:
    """Hide the problem types of other tests: in their process they are the example's as well."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(statuskit, "problem_types", lambda: [OutOfCredit, QuotaExceeded])
        yield


def assert_framed(method: str, answer: Answer) -> None:
    """Content is as long as it says, and there is none where there can be none (RFC 9112 6.3)."""
    length = answer.header("Content-Length")
    if answer.status == 204:
        assert length is None
    if method == "HEAD" or answer.status in (204, 304):
        assert answer.body == b""
    else:
        assert length == str(len(answer.body))
    assert answer.header("Transfer-Encoding") is None


def assert_problem(answer: Answer, status: int, detail: str | None = None) -> dict[str, Any]:
    """Check all that every problem owes, whatever its status, and return its body."""
    phrase = PHRASES.get(status, HTTPStatus(status).phrase)
    assert answer.status_line == f"{status} {phrase}", answer.body
    assert answer.header("Content-Type") == "application/problem+json"
    assert answer.header("Content-Length") == str(len(answer.body))
    assert answer.header("Cache-Control") == "no-store"
    assert answer.header("X-Content-Type-Options") == "nosniff"
    # A 412 names the version that is the current one.
    assert answer.header("ETag") is None or status == 412
    body: dict[str, Any] = answer.json
    assert body["status"] == status
    assert list(body)[:3] == ["type", "title", "status"]
    assert body["title"] == phrase or body["type"] != "about:blank"
    assert body["detail"]
    assert body["request_id"]
    if detail is not None:
        assert body["detail"] == detail
    assert_retry_after_agrees(answer, body)
    assert_no_internals(answer)
    return body


def assert_retry_after_agrees(answer: Answer, body: Mapping[str, Any]) -> None:
    """The header is whole seconds, and the member says the same."""
    value = answer.header("Retry-After")
    assert value is None or (value.isascii() and value.isdigit()), value
    assert body.get("retry_after") == (None if value is None else int(value))


def assert_no_internals(answer: Answer) -> None:
    """Nothing that helps an attacker, neither in the body nor in a header."""
    text = answer.body.decode() + str(answer.headers)
    for secret in (
        "Traceback",
        "hunter2",
        "RuntimeError",
        "sqlalchemy",
        "sqlite",
        ".py",
        "-secret",
    ):
        assert secret not in text
    assert "debug" not in answer.json
