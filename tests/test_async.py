"""Async views, error handlers, hooks and receivers, as Flask lets them be written."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask, abort, got_request_exception
from support import PROGRAM, Foreign, assert_problem, call, kit_of, make_app

from flask_statuskit import Conflict, ServiceUnavailable, problem_raised

pytest.importorskip("asgiref", reason="flask[async] is not installed")


def app_raising(error: Any, **config: Any) -> Flask:
    app = make_app(config)

    @app.get("/")
    async def index() -> None:
        raised = error()
        if isinstance(raised, Exception):
            raise raised

    return app


async def theirs(error: Exception) -> tuple[str, int]:
    return f"theirs: {type(error).__name__}", 418


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (Conflict, 409),
        (lambda: abort(404), 404),
        (lambda: abort(402), 402),
        (Foreign, 503),
        (ZeroDivisionError, 500),
    ],
)
def test_an_async_view_may_raise_whatever_a_view_may(error: Any, code: int) -> None:
    app = app_raising(error)
    kit_of(app).map(Foreign, 503)
    assert_problem(call(app), code)


@pytest.mark.parametrize("config", [{}, {"TESTING": True}, {"DEBUG": True}], ids=str)
def test_a_mapped_5xx_of_an_async_view_is_an_incident_once(
    config: Any, log: Any, signalled: list[Any]
) -> None:
    app = app_raising(Foreign, **config)
    kit_of(app).map(Foreign, 503)
    assert_problem(call(app), 503)
    assert [type(error) for error in signalled] == [Foreign]
    assert [record.exc_info[0] for record in log.apps] == [Foreign]


@pytest.mark.parametrize("handled", [409, Conflict, Exception], ids=str)
def test_an_async_handler_of_the_application_answers(handled: Any) -> None:
    app = app_raising(Conflict)
    app.register_error_handler(handled, theirs)
    assert call(app).body == b"theirs: Conflict"


@pytest.mark.parametrize("config", [{}, {"TESTING": True}, {"DEBUG": True}], ids=str)
@pytest.mark.parametrize("code", [409, 503])
def test_an_async_handler_gets_the_error_that_was_mapped_to(config: Any, code: int) -> None:
    app = app_raising(Foreign, **config)
    kit_of(app).map(Foreign, code)
    app.register_error_handler(code, theirs)
    name = {409: Conflict, 503: ServiceUnavailable}[code].__name__
    assert call(app).body == f"theirs: {name}".encode()


def test_an_async_handler_of_a_late_error_answers() -> None:
    app = make_app()

    @app.after_request
    async def fail(response: Any) -> Any:
        raise Foreign

    kit_of(app).map(Foreign, 409)
    app.register_error_handler(409, theirs)
    assert call(app, path="/nowhere").body == b"theirs: Conflict"


def test_an_async_handler_of_a_late_error_that_fails_gives_way_to_the_problem(log: Any) -> None:
    app = app_raising(Foreign)
    kit_of(app).map(Foreign, 503)

    @app.errorhandler(503)
    async def fail(error: Exception) -> Any:
        raise ZeroDivisionError

    assert_problem(call(app), 503)
    assert ZeroDivisionError in [record.exc_info[0] for record in log.ours if record.exc_info]


@pytest.mark.parametrize("hook", ["before_request", "after_request"])
@pytest.mark.parametrize("error", [Conflict, Foreign])
def test_an_async_hook_may_raise(hook: str, error: Any) -> None:
    app = make_app()
    app.add_url_rule("/", view_func=lambda: "fine")
    kit_of(app).map(Foreign, 409)

    async def fail(*_: Any) -> None:
        raise error

    getattr(app, hook)(fail)
    assert_problem(call(app), 409)


def test_an_async_receiver_hears_of_a_problem() -> None:
    heard: list[int] = []

    async def receive(app: Flask, problem: Any, **_: Any) -> None:
        heard.append(problem.status)

    with problem_raised.connected_to(receive):
        assert_problem(call(app_raising(Conflict)), 409)
    assert heard == [409]


def test_an_async_receiver_that_fails_does_not_spoil_the_response(log: Any) -> None:
    async def receive(app: Flask, **_: Any) -> None:
        raise ZeroDivisionError

    with problem_raised.connected_to(receive):
        assert_problem(call(app_raising(Conflict)), 409)
    assert ZeroDivisionError in [record.exc_info[0] for record in log.ours if record.exc_info]


@pytest.mark.parametrize(
    ("error", "config"),
    [(Foreign, {"TESTING": True}), (ZeroDivisionError, {"DEBUG": True}), (Foreign, {})],
    ids=str,
)
def test_an_async_receiver_hears_of_an_incident_however_it_is_reported(
    error: Any, config: Any
) -> None:
    heard: list[type] = []

    async def receive(app: Flask, exception: Exception, **_: Any) -> None:
        heard.append(type(exception))

    app = app_raising(error, **config)
    kit_of(app).map(Foreign, 503)
    with got_request_exception.connected_to(receive):
        assert call(app, headers=PROGRAM).status in (500, 503)
    assert heard == [error]
