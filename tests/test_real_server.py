"""Problems over a socket: the threaded server of Werkzeug and the one of the standard library."""

from __future__ import annotations

import http.client
import threading
import wsgiref.simple_server
from collections.abc import Iterator
from typing import Any

import pytest
import werkzeug.serving
from flask import Flask, abort, request
from support import Answer, Foreign, assert_problem, kit_of, make_app, view_raising

from flask_statuskit import (
    STATUSES,
    BadGateway,
    Conflict,
    MethodNotAllowed,
    RateLimited,
    Unauthorized,
    ValidationError,
)


class QuietOfWerkzeug(werkzeug.serving.WSGIRequestHandler):
    def log(self, *_: Any) -> None:
        pass


class QuietOfWsgiref(wsgiref.simple_server.WSGIRequestHandler):
    def log_message(self, *_: Any) -> None:
        pass


def werkzeugs(app: Flask) -> Any:
    return werkzeug.serving.make_server(
        "127.0.0.1", 0, app, threaded=True, request_handler=QuietOfWerkzeug
    )


def wsgirefs(app: Flask) -> Any:
    return wsgiref.simple_server.make_server(
        "127.0.0.1", 0, app.wsgi_app, handler_class=QuietOfWsgiref
    )


ERRORS: dict[str, Any] = {
    "/400": lambda: abort(400),
    "/401": lambda: Unauthorized(realm="shop", error="invalid_token"),
    "/402": lambda: abort(402),
    "/405": MethodNotAllowed,
    "/409": lambda: Conflict("Vergeben: Käse → 🧀", sku="Käse"),
    "/422": lambda: ValidationError({"items": {0: ["Too dear."]}}),
    "/429": lambda: RateLimited(retry_after=9),
    "/500": Foreign,
    "/502": BadGateway,
    "/503": TimeoutError,
    "/507": lambda: abort(507),
}


@pytest.fixture(scope="module", params=[werkzeugs, wsgirefs])
def port(request: pytest.FixtureRequest) -> Iterator[int]:
    app = make_app({"MAX_CONTENT_LENGTH": 1000})
    kit_of(app).map(TimeoutError, 503, retry_after=5)
    for path, error in ERRORS.items():
        app.add_url_rule(path, path, view_raising(error))
    app.add_url_rule("/echo", "echo", echo, methods=["POST"])
    server = request.param(app)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server.server_port
    server.shutdown()
    thread.join()
    server.server_close()


def echo() -> Any:
    return {"read": request.get_json()}


@pytest.fixture
def connection(port: int) -> Iterator[http.client.HTTPConnection]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    yield connection
    connection.close()


def send(connection: http.client.HTTPConnection, method: str, path: str, **request: Any) -> Answer:
    connection.request(method, path, **request)
    response = connection.getresponse()
    status_line = f"{response.status} {response.reason}"
    return Answer(status_line, response.getheaders(), response.read())


@pytest.mark.parametrize("path", ERRORS)
def test_a_problem_arrives_whole(connection: http.client.HTTPConnection, path: str) -> None:
    code = int(path[1:])
    answer = send(connection, "GET", path)
    body = assert_problem(answer, code)
    assert body["instance"] == path
    assert answer.header("Content-Length") == str(len(answer.body))
    for duty in STATUSES[code].duties:
        if duty.level == "must":
            assert answer.all(duty.header)


def test_text_arrives_as_it_was_written(connection: http.client.HTTPConnection) -> None:
    body = send(connection, "GET", "/409").json
    assert (body["detail"], body["sku"]) == ("Vergeben: Käse → 🧀", "Käse")


@pytest.mark.parametrize("path", [*ERRORS, "/nowhere"])
def test_head_gets_the_headers_of_get_and_no_body(
    connection: http.client.HTTPConnection, path: str
) -> None:
    head = send(connection, "HEAD", path, headers={"X-Request-ID": "a"})
    got = send(connection, "GET", path, headers={"X-Request-ID": "a"})
    assert head.body == b""
    assert head.status_line == got.status_line
    changing = ("Date", "Allow", "Connection")
    assert [h for h in head.headers if h[0] not in changing] == [
        h for h in got.headers if h[0] not in changing
    ]


def test_a_connection_stays_usable_after_problems(connection: http.client.HTTPConnection) -> None:
    sent = [*ERRORS, "/nowhere"]
    for method in ("GET", "HEAD", "GET"):
        for path in sent:
            answer = send(connection, method, path)
            assert answer.status == (404 if path == "/nowhere" else int(path[1:]))
    answer = send(
        connection, "POST", "/echo", body=b"[1]", headers={"Content-Type": "application/json"}
    )
    assert answer.json == {"read": [1]}


@pytest.mark.parametrize(
    ("body", "media_type", "code"),
    [
        (b"{", "application/json", 400),
        (b"<a/>", "application/xml", 415),
        (b"1" * 1001, "application/json", 413),
    ],
)
def test_a_body_that_cannot_be_read_is_a_problem(
    connection: http.client.HTTPConnection, body: bytes, media_type: str, code: int
) -> None:
    answer = send(connection, "POST", "/echo", body=body, headers={"Content-Type": media_type})
    assert_problem(answer, code)


def test_requests_at_the_same_time_get_their_own_problems(port: int) -> None:
    answers: dict[str, Answer] = {}

    def request(path: str) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        try:
            answers[path] = send(connection, "GET", path, headers={"X-Request-ID": path[1:]})
        finally:
            connection.close()

    threads = [threading.Thread(target=request, args=(path,)) for path in ERRORS]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for path in ERRORS:
        assert assert_problem(answers[path], int(path[1:]))["request_id"] == path[1:]
