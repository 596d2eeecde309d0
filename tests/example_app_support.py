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

import marshmallow
import pytest
from flask import Flask
from jsonschema import Draft202012Validator
from support import Answer, call
from werkzeug.exceptions import HTTPException

from example_app.errors import OutOfCredit, QuotaExceeded, statuskit
from flask_statuskit.contract import template_of

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


# The document, OpenAPI 3.1.

#: apispec reads the schemas of this marshmallow, the first that has fields for enumerations.
APISPEC_WORKS = hasattr(marshmallow.fields, "Enum")


def operation_for(document: Mapping[str, Any], app: Flask, sent: Any) -> dict[str, Any] | None:
    """What a document says of a request; None of one that routing answers, and of other pages."""
    try:
        rule, _ = app.url_map.bind("localhost").match(
            sent.path.partition("?")[0], sent.method, return_rule=True
        )
    except HTTPException:
        return None
    method = "get" if sent.method == "HEAD" else sent.method.lower()
    operation: dict[str, Any] | None = document["paths"].get(template_of(rule), {}).get(method)
    return operation


def assert_documented(document: Mapping[str, Any], app: Flask, sent: Any, answer: Answer) -> None:
    """The answer is one that the document announces: status, headers, media type and body.

    Nobody announces bugs.
    """
    operation = operation_for(document, app, sent)
    if operation is None or answer.status == 500:
        return
    about = f"{sent.method} {sent.path}: {answer.status_line}"
    response = operation["responses"].get(str(answer.status))
    assert response, f"{about}, documented are {', '.join(operation['responses'])}"
    for name, reference in response.get("headers", {}).items():
        header, value = resolved(document, reference), answer.header(name)
        assert value is not None or not header.get("required"), f"{about} without {name}"
        if value is not None:
            is_number = header["schema"]["type"] == "integer"
            assert_valid(document, header["schema"], int(value) if is_number else value)
    content = response.get("content", {})
    if answer.body or not content:
        media_type = (answer.header("Content-Type") or "").partition(";")[0]
        assert media_type in (content or {""}), f"{about} is {media_type}, documented {[*content]}"
        schema = content.get(media_type, {}).get("schema")
        if schema:
            assert_valid(document, schema, answer.json)


def resolved(document: Mapping[str, Any], part: Mapping[str, Any]) -> Mapping[str, Any]:
    """A part of a document, or the component that it refers to."""
    found: Any = document if "$ref" in part else part
    for key in part.get("$ref", "#").split("/")[1:]:
        found = found[key]
    return dict(found)


def assert_valid(document: Mapping[str, Any], schema: Mapping[str, Any], value: Any) -> None:
    whole = {**schema, "components": document["components"]}
    Draft202012Validator(whole, format_checker=Draft202012Validator.FORMAT_CHECKER).validate(value)
