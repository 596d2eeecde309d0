"""Requests to the example app, over WSGI and over a socket, and strict readings of the answers."""

from __future__ import annotations

import http.client
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from http import HTTPStatus
from typing import Any

from flask import Flask
from support import Answer
from werkzeug.datastructures import Headers
from werkzeug.test import EnvironBuilder, run_wsgi_app

BOUNDARY = "a-boundary"

# What Python's http.HTTPStatus and Werkzeug call by older names, or depending on their version.
PHRASES = {413: "Content Too Large", 422: "Unprocessable Content"}


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
    builder = EnvironBuilder(
        sent.path, method=sent.method, headers=Headers(sent.headers), data=sent.body or None
    )
    chunks, status_line, headers = run_wsgi_app(app.wsgi_app, builder.get_environ(), buffered=True)
    builder.close()
    return Answer(status_line, list(headers.items()), b"".join(chunks))


def send_socket(port: int, sent: Request) -> Answer:
    """Send the request to a server on this machine."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request(sent.method, sent.path, sent.body or None, dict(sent.headers))
        response = connection.getresponse()
        status_line = f"{response.status} {response.reason}"
        return Answer(status_line, response.getheaders(), response.read())
    finally:
        connection.close()


def assert_problem(answer: Answer, status: int, detail: str | None = None) -> dict[str, Any]:
    """Check all that every problem owes, whatever its status, and return its body."""
    phrase = PHRASES.get(status, HTTPStatus(status).phrase)
    assert answer.status_line == f"{status} {phrase}", answer.body
    assert answer.header("Content-Type") == "application/problem+json"
    assert answer.header("Content-Length") == str(len(answer.body))
    assert answer.header("Cache-Control") == "no-store"
    assert answer.header("X-Content-Type-Options") == "nosniff"
    assert answer.header("ETag") is None
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
