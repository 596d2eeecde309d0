"""StatusKitMiddleware: which problem an error in a WSGI layer becomes."""

from __future__ import annotations

import gc
import io
import logging
import threading
from collections.abc import Iterable
from datetime import datetime, timezone
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from support import (
    BROWSER,
    PAGE,
    PROBLEM_JSON,
    UNSENT,
    Foreign,
    ForeignChild,
    assert_error,
    assert_problem,
    call,
    make_app,
    raising,
)
from werkzeug import exceptions as werkzeugs
from werkzeug.debug import DebuggedApplication
from werkzeug.exceptions import HTTPException
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.routing import RequestRedirect
from werkzeug.wrappers import Response
from wsgi_support import (
    GET_AND_HEAD,
    PAGE_BODY,
    Body,
    answering,
    failing,
    raises_after_the_start,
    raises_at_once,
    raises_at_the_first_next,
    served,
    wrapped,
)

from flask_statuskit import (
    STATUSES,
    ConfigError,
    Conflict,
    Problem,
    ServiceUnavailable,
    StatusKitMiddleware,
    middleware,
    problem_raised,
    relay,
)

# What fails


@pytest.mark.parametrize("app", [raises_at_once, raises_after_the_start, raises_at_the_first_next])
def test_a_mapped_exception_gets_its_status(app: Any) -> None:
    layer = wrapped(app)
    layer.map(Foreign, 504, retry_after=5)
    answer = served(layer)
    assert assert_problem(answer, 504)["retry_after"] == 5


def test_map_decorates_a_function_that_builds_the_error() -> None:
    layer = wrapped(failing(ForeignChild("seven")))

    @layer.map(Foreign)
    def build(exception: Foreign) -> Conflict:
        return Conflict("Taken.", name=str(exception))

    assert assert_problem(served(layer), 409)["name"] == "seven"
    assert build(Foreign("x")).detail == "Taken."


def test_a_mapping_that_fails_counts_as_none(log: Any) -> None:
    layer = wrapped(failing(Foreign("what was raised")))

    @layer.map(Foreign)
    def build(exception: Foreign) -> Conflict:
        raise KeyError("what the builder raised")

    assert_problem(served(layer), 500)
    told = [record.exc_info[1] for record in log.ours if record.exc_info]
    assert [type(error) for error in told] == [KeyError, Foreign]


def test_a_mapping_of_an_http_exception_that_fails_is_no_page_of_werkzeugs() -> None:
    layer = wrapped(failing(werkzeugs.NotFound()))
    layer.map(werkzeugs.NotFound, lambda error: error.no_such_attribute)
    assert_problem(served(layer), 500)


def test_field_errors_of_a_validation_library_are_read() -> None:
    marshmallow = pytest.importorskip("marshmallow")
    error = marshmallow.ValidationError({"age": ["Must be positive."]})
    body = assert_problem(served(wrapped(failing(error))), 422)
    assert body["errors"] == [{"detail": "Must be positive.", "pointer": "#/age"}]
    assert_problem(served(wrapped(failing(error), default_integrations=False)), 500)


@pytest.mark.parametrize("options", [{"integrations": "redis"}, {"integrations": ["redis"]}])
def test_integrations_can_be_named(options: dict[str, Any]) -> None:
    redis = pytest.importorskip("redis")
    layer = wrapped(failing(redis.ConnectionError("redis-3.internal:6379")), **options)
    answer = served(layer)
    assert_problem(answer, 503)
    assert b"internal:" not in answer.body


def test_a_status_error_of_a_layer_brings_its_headers_and_members() -> None:
    error = Conflict("Taken.", headers={"X-Why": "shop"}, retry_after=3, sku="a7")
    answer = served(wrapped(failing(error)))
    body = assert_problem(answer, 409)
    assert (body["detail"], body["sku"]) == ("Taken.", "a7")
    assert answer.header("X-Why") == "shop"
    assert answer.header("Retry-After") == "3"


def test_an_error_may_make_its_headers_of_the_request() -> None:
    class Echoed(Conflict):
        type = "about:blank"

        def get_headers(self, environ: Any = None, scope: Any = None) -> list[tuple[str, str]]:
            return [("X-Path", environ["PATH_INFO"])]

    answer = served(wrapped(failing(Echoed())), path="/users")
    assert_problem(answer, 409)
    assert answer.header("X-Path") == "/users"


def test_the_reason_of_a_5xx_stays_hidden_unless_its_class_says_otherwise() -> None:
    hidden = served(wrapped(failing(werkzeugs.BadGateway("db-3 is down"))))
    assert b"db-3" not in hidden.body
    shown = served(wrapped(failing(ServiceUnavailable("Back at noon."))))
    assert assert_problem(shown, 503)["detail"] == "Back at noon."


def test_values_that_json_lacks_are_written_as_flask_writes_them() -> None:
    members = {
        "at": datetime(2026, 1, 2, tzinfo=timezone.utc),
        "price": Decimal("1.50"),
        "sku": UUID(int=7),
    }
    by_flask = call(raising(Conflict(**members))).json
    by_layer = served(wrapped(failing(Conflict(**members)))).json
    assert {n: by_layer[n] for n in members} == {n: by_flask[n] for n in members}


@pytest.mark.parametrize("error", [SystemExit(3), KeyboardInterrupt(), GeneratorExit()])
@pytest.mark.parametrize("late", [False, True])
def test_what_is_no_exception_passes(error: BaseException, late: bool, log: Any) -> None:
    body = Body(error)
    layer = wrapped(answering(body) if late else failing(error))
    with pytest.raises(type(error)):
        layer({"REQUEST_METHOD": "GET"}, lambda *_: None)
    assert body.closed == int(late)
    assert log.ours == []


class WritesItself(HTTPException):
    code = 409

    def get_body(self, *_: Any) -> str:
        return "mine"


@pytest.mark.parametrize(
    ("error", "status", "header"),
    [
        (RequestRedirect("http://shop.example/users/"), 308, "http://shop.example/users/"),
        (HTTPException(response=Response("mine", 403, {"Location": "/x"})), 403, "/x"),
        (WritesItself(), 409, None),
    ],
)
@pytest.mark.parametrize("late", [False, True])
@GET_AND_HEAD
def test_http_exceptions_with_a_response_of_their_own_send_it(
    error: HTTPException, status: int, header: str | None, late: bool, method: str, log: Any
) -> None:
    answer = served(wrapped(answering(Body(error)) if late else failing(error)), method)
    assert answer.status == status
    assert answer.header("Content-Type") != PROBLEM_JSON
    assert answer.header("Location") == header
    assert log.ours == []


@pytest.mark.parametrize("late", [False, True])
@pytest.mark.parametrize("end", [list, lambda body: next(iter(body))], ids=["read", "in part"])
def test_the_response_that_an_exception_brings_is_closed_once(end: Any, late: bool) -> None:
    brought, body = Body(b"mine", b"too"), Body()
    error = HTTPException(response=Response(brought, 403))
    body.chunks = (error,)
    sent: Any = wrapped(answering(body) if late else failing(error))(
        {"REQUEST_METHOD": "GET", "PATH_INFO": "/"}, lambda *_: None
    )
    end(sent)
    sent.close()
    del sent
    gc.collect()
    assert (brought.closed, body.closed) == (1, int(late))


def test_a_response_of_an_exception_that_fails_is_a_500(log: Any) -> None:
    class Broken(HTTPException):
        code = 409

        def get_response(self, *_: Any) -> Any:
            raise KeyError("template")

    answer = served(wrapped(failing(Broken())))
    assert answer.status == 500
    assert answer.json == {"type": "about:blank", "title": "Internal Server Error", "status": 500}
    told = [type(record.exc_info[1]) for record in log.ours if record.exc_info]
    assert told == [Broken, KeyError]


# When rendering fails

#: What stands in the way of a problem, with the status that can be answered nevertheless.
BREAKING = {
    "describe": 409,
    "id_of": 409,
    "as_shown": 409,
    "negotiate": 409,
    "render": 409,
    "headers_of": 409,
    "status_line": 409,
    "Response": 409,
    "resolve": 500,
    "Request": 500,
    "path_of": 500,
}


@pytest.mark.parametrize(("name", "status"), BREAKING.items(), ids=BREAKING)
@pytest.mark.parametrize("app", [failing(Conflict()), answering(Body(Conflict()))])
@GET_AND_HEAD
def test_an_error_is_answered_whatever_fails_on_the_way(
    name: str, status: int, app: Any, method: str, monkeypatch: pytest.MonkeyPatch, log: Any
) -> None:
    def fail(*_: Any, **__: Any) -> Any:
        raise KeyError("broken")

    layer = wrapped(app)
    monkeypatch.setattr(middleware, name, fail)
    answer = served(layer, method)
    assert_error(answer, status, PROBLEM_JSON)
    if method == "GET":
        assert answer.json == {
            "type": "about:blank",
            "title": STATUSES[status].phrase,
            "status": status,
        }
    told = [type(record.exc_info[1]) for record in log.ours if record.exc_info]
    assert told == [Conflict, KeyError]


def test_the_constant_500_needs_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any, **__: Any) -> Any:
        raise MemoryError

    layer = wrapped(raises_after_the_start)
    for module in (middleware, relay):
        for name, value in vars(module).copy().items():
            origin = getattr(value, "__module__", "").partition(".")[0]
            if origin in ("flask_statuskit", "werkzeug") and name != "Relay":
                monkeypatch.setattr(module, name, fail)
    for _ in range(2):
        answer = served(layer)
        assert_error(answer, 500, PROBLEM_JSON)
        assert answer.json["status"] == 500
        # A server may do to the list what it likes.
        assert_error(served(mutilated(layer)), 500, PROBLEM_JSON)


def mutilated(app: Any) -> Any:
    def layer(environ: Any, start_response: Any) -> Any:
        def start(status: str, headers: Any, exc_info: Any = None) -> Any:
            kept = list(headers)
            if status.startswith("500"):
                headers.clear()
            return start_response(status, kept, exc_info)

        return app(environ, start)

    return layer


class Unspeakable(Exception):
    def __str__(self) -> str:
        raise KeyError("no words")

    __repr__ = __str__


def endless() -> None:
    endless()


@pytest.mark.parametrize("late", [False, True])
@pytest.mark.parametrize(
    "raised",
    [MemoryError, RecursionError, Unspeakable, UnicodeError, StopIteration, AssertionError],
)
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_any_exception_is_answered(raised: type[Exception], late: bool, log: Any) -> None:
    logging.getLogger("flask_statuskit").addHandler(handler := logging.StreamHandler(io.StringIO()))
    try:
        app = answering(Body(raised())) if late else failing(raised())
        # Without the validator of the standard library, which writes down what it is given.
        answer = served(wrapped(app), environ_overrides={"wsgi.input_terminated": True})
        assert_problem(answer, 500)
    finally:
        logging.getLogger("flask_statuskit").removeHandler(handler)


def test_an_application_that_recurses_without_end_is_answered() -> None:
    def app(environ: Any, start_response: Any) -> Iterable[bytes]:
        endless()
        return []

    assert_problem(served(wrapped(app)), 500)


class BrokenHandler(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        raise OSError("the disk is full")


@pytest.mark.parametrize("error", [Foreign(), Conflict()])
def test_a_log_handler_that_fails_spoils_nothing(
    error: Exception, capsys: pytest.CaptureFixture[str]
) -> None:
    logger = logging.getLogger("flask_statuskit")
    logger.addHandler(handler := BrokenHandler())
    try:
        logger.setLevel(logging.DEBUG)
        answer = served(wrapped(failing(error)))
        with pytest.raises(Foreign):
            served(wrapped(answering(Body(b"one", Foreign()))))
    finally:
        logger.setLevel(logging.NOTSET)
        logger.removeHandler(handler)
    assert_problem(answer, 409 if isinstance(error, Conflict) else 500)
    assert "the disk is full" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("error", "status", "level"),
    [(Conflict(), 409, logging.INFO), (Foreign(), 500, logging.WARNING)],
)
def test_a_dialect_that_fails_leaves_status_and_headers(
    error: Exception, status: int, level: int, log: Any
) -> None:
    def broken(problem: Problem) -> Any:
        raise KeyError("template")

    layer = wrapped(failing(error), dialect=broken)
    answer = served(layer, headers={"X-Request-ID": "web-7"})
    assert_error(answer, status, PROBLEM_JSON)
    assert answer.header("X-Request-ID") == "web-7"
    assert answer.json == {
        "type": "about:blank",
        "title": STATUSES[status].phrase,
        "status": status,
    }
    told = [type(record.exc_info[1]) for record in log.ours if record.exc_info]
    assert told == [type(error), KeyError]
    assert [record.levelno for record in log.problems] == [level]


# The log and the signal


def test_a_4xx_is_logged_without_a_traceback(log: Any) -> None:
    body = served(wrapped(werkzeugs.NotFound()), path="/a%0Ab").json
    [record] = log.problems
    assert record.levelno == logging.INFO
    assert not record.exc_info
    assert record.getMessage() == f"GET /a\\nb: 404 Not Found [{body['request_id']}]"
    known = vars(record)
    assert (known["status"], known["method"], known["endpoint"]) == (404, "GET", None)
    assert known["type"] == "about:blank"


@pytest.mark.parametrize(
    ("error", "level"),
    [
        (Foreign(), logging.ERROR),
        (ForeignChild(), logging.ERROR),
        (werkzeugs.BadGateway(), None),
        (Conflict(), None),
    ],
)
def test_the_log_always_has_what_nobody_else_logs(
    error: Exception, level: int | None, log: Any
) -> None:
    layer = wrapped(failing(error), log_levels={"5xx": "OFF", "4xx": "OFF"})
    layer.map(ForeignChild, 503)
    served(layer)
    assert [record.levelno for record in log.problems] == ([level] if level else [])


def test_a_level_above_error_is_kept(log: Any) -> None:
    served(wrapped(failing(Foreign()), log_levels={500: "CRITICAL"}))
    assert [record.levelno for record in log.problems] == [logging.CRITICAL]


def test_the_signal_has_the_middleware_as_its_sender(announced: list[dict[str, Any]]) -> None:
    foreign, conflict = Foreign(), Conflict()
    layers = [wrapped(failing(foreign)), wrapped(failing(conflict)), wrapped(werkzeugs.NotFound())]
    for layer in layers:
        served(layer)
    assert [sent["app"] for sent in announced] == layers
    assert [sent["original"] for sent in announced] == [foreign, None, None]
    assert [sent["problem"].status for sent in announced] == [500, 409, 404]
    assert announced[1]["error"] is conflict


def test_a_receiver_that_fails_spoils_nothing(log: Any) -> None:
    def receive(sender: Any, **_: Any) -> None:
        raise KeyError("receiver")

    with problem_raised.connected_to(receive):
        assert_problem(served(wrapped(werkzeugs.NotFound())), 404)
    assert [type(r.exc_info[1]) for r in log.ours if r.exc_info] == [KeyError]


def test_a_receiver_may_be_asynchronous(log: Any) -> None:
    pytest.importorskip("asgiref")
    statuses: list[int] = []

    async def receive(sender: Any, *, problem: Problem, **_: Any) -> None:
        statuses.append(problem.status)

    with problem_raised.connected_to(receive):
        served(wrapped(werkzeugs.NotFound()))
    assert statuses == [404]
    assert not [record for record in log.ours if record.exc_info]


# Around Flask


def around(app: Flask, **options: Any) -> Flask:
    app.wsgi_app = StatusKitMiddleware(app.wsgi_app, **options)  # type: ignore[method-assign]
    return app


def broken_behind_flask(**config: Any) -> Flask:
    """An application whose teardown function fails, which Flask lets out."""
    app = make_app(config)

    @app.teardown_request
    def fail(_: BaseException | None) -> None:
        raise Foreign("teardown")

    return app


@GET_AND_HEAD
def test_what_flask_lets_out_is_a_500_problem(method: str) -> None:
    answer = served(around(broken_behind_flask()), method)
    assert_problem(answer, 500, method)


def test_a_layer_between_the_middleware_and_flask_may_fail() -> None:
    def layer(environ: Any, start_response: Any) -> Any:
        if environ["PATH_INFO"] == "/limited":
            raise werkzeugs.TooManyRequests(retry_after=9)
        return flask_app(environ, start_response)

    app = raising(Conflict("Taken."))
    flask_app = app.wsgi_app
    app.wsgi_app = wrapped(layer)  # type: ignore[method-assign]
    assert assert_problem(call(app), 409)["detail"] == "Taken."
    assert assert_problem(call(app, path="/limited"), 429)["retry_after"] == 9


@pytest.mark.parametrize(
    ("headers", "brought"),
    [
        ({"X-Request-ID": "web-7"}, "web-7"),
        (
            {"traceparent": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"},
            "4bf92f3577b34da6a3ce929d0e0e4736",
        ),
        ({}, None),
    ],
)
def test_a_request_has_one_id_inside_and_outside_of_flask(
    headers: dict[str, str], brought: str | None, log: Any
) -> None:
    app = around(broken_behind_flask())
    answer = served(app, headers=headers)
    ids = [vars(record)["request_id"] for record in log.problems]
    # The 404 of Flask's, and the 500 that came out of it.
    assert [vars(record)["status"] for record in log.problems] == [404, 500]
    assert ids == [answer.json["request_id"]] * 2
    assert brought is None or ids[0] == brought


def test_the_header_of_the_request_id_can_be_named() -> None:
    layer = wrapped(werkzeugs.NotFound(), request_id_header="X-Trace")
    answer = served(layer, headers={"X-Trace": "t-1", "X-Request-ID": "web-7"})
    assert answer.header("X-Trace") == answer.json["request_id"] == "t-1"
    assert answer.header("X-Request-ID") is None


@pytest.mark.parametrize(
    ("config", "options", "environ", "passes"),
    [
        ({}, {}, {}, False),
        ({"TESTING": True}, {}, {}, True),
        ({"DEBUG": True}, {}, {}, False),
        ({"DEBUG": True}, {}, {"werkzeug.debug.preserve_context": lambda _: None}, True),
        ({"TESTING": True}, {"environment": "production"}, {}, False),
        ({}, {"environment": "testing"}, {}, True),
        ({}, {"environment": "development"}, {}, False),
        (
            {},
            {"environment": "development"},
            {"werkzeug.debug.preserve_context": lambda _: None},
            True,
        ),
        ({}, {}, {"werkzeug.debug.preserve_context": lambda _: None}, False),
        ({"PROPAGATE_EXCEPTIONS": True}, {}, {}, False),
    ],
)
@pytest.mark.parametrize("whole", [False, True], ids=["app.wsgi_app", "app"])
def test_a_bug_reaches_tests_and_debuggers_only(
    config: Any, options: Any, environ: Any, passes: bool, whole: bool, log: Any
) -> None:
    app = make_app(config)
    app.request_context = failing_context  # type: ignore[method-assign]
    layer = wrapped(app if whole else app.wsgi_app, **options)
    if passes:
        with pytest.raises(Foreign):
            served(layer, environ_overrides=environ)
        assert log.ours == []
    else:
        answer = served(layer, environ_overrides=environ)
        assert "debug" not in assert_problem(answer, 500)


def test_a_debugger_alone_is_no_reason_to_let_a_bug_pass() -> None:
    environ = {"werkzeug.debug.preserve_context": lambda _: None}
    assert_problem(served(wrapped(failing(Foreign())), environ_overrides=environ), 500)


def failing_context(environ: Any) -> Any:
    raise Foreign("before Flask could catch it")


@pytest.mark.parametrize("environment", ["testing", "development", "production"])
def test_errors_that_are_meant_are_answered_in_every_environment(environment: str) -> None:
    layer = wrapped(failing(Foreign()), environment=environment)
    layer.map(Foreign, 503)
    assert_problem(served(layer), 503)
    assert_problem(served(wrapped(failing(Conflict()), environment=environment)), 409)
    assert_problem(served(wrapped(werkzeugs.NotFound(), environment=environment)), 404)


def test_internals_are_never_shown() -> None:
    options: Any = {"environment": "development", "expose_internals": True}
    answer = served(wrapped(failing(Foreign("hunter2")), **options))
    assert "debug" not in assert_problem(answer, 500)
    assert b"hunter2" not in answer.body


def test_the_debugger_shows_what_flask_lets_out_in_debug_mode() -> None:
    app = raising(Foreign("for the developer"), {"DEBUG": True})
    page = call(DebuggedApplication(around(app), evalex=True), headers=BROWSER)
    assert page.status == 500
    assert b"for the developer" in page.body


# Where, and in which format


def test_mounts_share_one_middleware() -> None:
    shop, bare = raising(Conflict()), Flask("bare")
    mounts: Any = {
        "/shop": shop,
        "/bare": bare,
        "/broken": failing(Foreign()),
        "/wsgi": answering([b"wsgi"]),
    }
    app = wrapped(DispatcherMiddleware(werkzeugs.NotFound(), mounts))
    assert assert_problem(served(app, path="/shop/"), 409)["instance"] == "/shop/"
    assert assert_problem(served(app, path="/shop/x"), 404)["instance"] == "/shop/x"
    assert assert_problem(served(app, path="/broken/x"), 500)["instance"] == "/broken/x"
    assert assert_problem(served(app, path="/broken"), 500)["instance"] == "/broken"
    assert assert_problem(served(app, path="/"), 404)["instance"] == "/"
    assert served(app, path="/bare/x").body == PAGE_BODY
    assert served(app, path="/wsgi").body == b"wsgi"


@pytest.mark.parametrize("outside", [False, True])
@pytest.mark.parametrize("page", [werkzeugs.NotFound(), failing(werkzeugs.NotFound())])
def test_the_prefix_that_a_proxy_tells_of_is_part_of_the_instance(outside: bool, page: Any) -> None:
    inside: Any = wrapped(ProxyFix(page, x_prefix=1))
    app = ProxyFix(wrapped(page), x_prefix=1) if outside else inside
    answer = served(app, path="/users", headers={"X-Forwarded-Prefix": "/api"})
    assert assert_problem(answer, 404)["instance"] == "/api/users"


@pytest.mark.parametrize(
    ("script", "path", "instance"),
    [
        ("", "", "/"),
        ("/api", "", "/api"),
        ("/api/", "/users", "/api/users"),
        ("", "//evil.example/x", "/evil.example/x"),
        ("", "/caf\xc3\xa9", "/caf%C3%A9"),
        ("", "/\xff", "/%EF%BF%BD"),
        ("", "no slash", "/no%20slash"),
        (UNSENT, UNSENT, "/"),
    ],
)
def test_the_instance_is_the_path_that_the_client_sees(
    script: Any, path: Any, instance: str
) -> None:
    environ = {"SCRIPT_NAME": script, "PATH_INFO": path, "wsgi.input_terminated": True}
    answer = served(wrapped(failing(Foreign())), environ_overrides=environ)
    assert assert_problem(answer, 500)["instance"] == instance


@pytest.mark.parametrize(
    ("path", "is_served"),
    [("/api", True), ("/api/users", True), ("/apix", False), ("/", False), ("/shop/api", False)],
)
def test_outside_of_url_prefixes_everything_is_left_to_the_server(
    path: str, is_served: bool, log: Any
) -> None:
    def app(environ: Any, start_response: Any) -> Any:
        if environ["QUERY_STRING"]:
            raise Foreign
        return werkzeugs.NotFound()(environ, start_response)

    # A mount moves a part of the path.
    mounts: Any = {"/api": app}
    layer = wrapped(DispatcherMiddleware(app, mounts), url_prefixes=["/api"])
    if is_served:
        assert_problem(served(layer, path=path), 404)
        assert_problem(served(layer, path=f"{path}?fail"), 500)
    else:
        assert served(layer, path=path).body == PAGE_BODY
        with pytest.raises(Foreign):
            served(layer, path=f"{path}?fail")
        assert log.ours == []


FORMATS = [
    ("", PROBLEM_JSON),
    ("*/*", PROBLEM_JSON),
    ("application/json", PROBLEM_JSON),
    ("application/xml", "application/problem+xml"),
    ("application/vnd.api+json", "application/vnd.api+json"),
    ("text/plain", "text/plain; charset=utf-8"),
    (BROWSER["Accept"], PAGE),
    ("image/png", PROBLEM_JSON),
]


@pytest.mark.parametrize(("accept", "content_type"), FORMATS)
@pytest.mark.parametrize("page", [werkzeugs.NotFound(), failing(werkzeugs.NotFound())])
@GET_AND_HEAD
def test_clients_get_the_format_that_they_ask_for(
    accept: str, content_type: str, page: Any, method: str
) -> None:
    answer = served(wrapped(page), method, headers={"Accept": accept})
    assert_error(answer, 404, content_type)


@pytest.mark.parametrize("error", [Conflict("<b>Taken</b>", retry_after=7, sku="a7"), Foreign()])
def test_a_browser_gets_our_page_without_an_application(error: Exception) -> None:
    answer = served(wrapped(failing(error)), headers={**BROWSER, "X-Request-ID": "web-7"})
    page = answer.body.decode()
    assert page.startswith('<!doctype html>\n<html lang="en">')
    assert "web-7" in page
    if isinstance(error, Conflict):
        assert "&lt;b&gt;Taken&lt;/b&gt;" in page
        assert "a7" in page


def test_the_page_is_the_one_that_an_application_would_send() -> None:
    headers = {**BROWSER, "X-Request-ID": "web-7"}
    by_flask = call(raising(Conflict("Taken.")), headers=headers)
    assert served(wrapped(failing(Conflict("Taken."))), headers=headers) == by_flask


@pytest.mark.parametrize(
    ("dialect", "accept", "content_type"),
    [
        ("simple", "", "application/json"),
        ("html", "", PAGE),
        ("text/html", "", PAGE),
        ("application/problem+xml", "", "application/problem+xml"),
        ({"api": "simple", "*": "jsonapi"}, "", "application/vnd.api+json"),
        ({"api": "simple"}, "", PROBLEM_JSON),
        (lambda problem: {"fault": problem.title}, "", "application/json"),
        ("text", "text/html", PAGE),
    ],
)
def test_the_default_format_is_a_setting(dialect: Any, accept: str, content_type: str) -> None:
    answer = served(wrapped(werkzeugs.NotFound(), dialect=dialect), headers={"Accept": accept})
    assert_error(answer, 404, content_type)


def test_without_negotiation_all_get_the_same() -> None:
    answer = served(wrapped(werkzeugs.NotFound(), negotiate=False), headers=BROWSER)
    assert answer.header("Content-Type") == PROBLEM_JSON
    assert answer.header("Vary") is None


def test_a_body_is_bounded() -> None:
    error = Conflict("x" * 100_000, many=["y" * 1000] * 100)
    assert len(served(wrapped(failing(error), max_body_bytes=2048)).body) <= 2048


def test_options_are_those_of_statuskit() -> None:
    options: Any = {"validation_status": 400, "cache_control": "private", "instance": False}
    answer = served(wrapped(failing(Conflict()), **options, type_base="/problems"))
    assert answer.header("Cache-Control") == "private"
    assert "instance" not in answer.json


@pytest.mark.parametrize(
    ("options", "error", "hint"),
    [
        ({"enviroment": "testing"}, TypeError, "Did you mean environment?"),
        ({"environment": "staging"}, ConfigError, "environment is 'staging'"),
        ({"dialect": "application/vnd.acme+json"}, ConfigError, "pass the function"),
        ({"integrations": ["rediss"]}, ValueError, "did you mean 'redis'?"),
    ],
)
def test_what_is_no_option_is_refused(options: Any, error: type[Exception], hint: str) -> None:
    with pytest.raises(error) as refused:
        wrapped(werkzeugs.NotFound(), **options)
    assert hint in str(refused.value)


# Together


def test_requests_at_once_keep_their_answers_apart() -> None:
    shared = Conflict("Taken.")

    def app(environ: Any, start_response: Any) -> Any:
        if environ["PATH_INFO"].startswith("/page"):
            return werkzeugs.NotFound()(environ, start_response)
        if environ["PATH_INFO"].startswith("/well"):
            return answering(Body(b"well"))(environ, start_response)
        raise shared

    layer, wrong, gate = wrapped(app), [], threading.Barrier(16)

    def ask(number: int) -> None:
        gate.wait()
        for turn in range(20):
            name = f"{number}-{turn}"
            status, path = [(404, "/page"), (409, "/raised"), (200, "/well")][turn % 3]
            answer = call(layer, path=f"{path}/{name}", headers={"X-Request-ID": name})
            well = status == 200 and answer.body == b"well"
            if not well and (answer.status, answer.header("X-Request-ID")) != (status, name):
                wrong.append(answer)
            if not well and answer.json["instance"] != f"{path}/{name}":
                wrong.append(answer)

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
