"""Errors where Flask asks no error handler: around the view, the session, the router, a handler."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NoReturn

import pytest
from flask import (
    Flask,
    abort,
    got_request_exception,
    redirect,
    render_template_string,
    request_finished,
    request_started,
)
from flask.sessions import SecureCookieSessionInterface
from support import Foreign, assert_problem, call, kit_of, make_app, view_raising
from werkzeug.exceptions import HTTPException
from werkzeug.routing import BaseConverter

from flask_statuskit import Conflict, ServiceUnavailable, Unauthorized

Boom = Callable[[], NoReturn]


def fine() -> str:
    return "fine"


def in_after_request(app: Flask, boom: Boom) -> None:
    app.add_url_rule("/", "index", fine)
    app.after_request(lambda response: boom())


def in_before_request(app: Flask, boom: Boom) -> None:
    app.add_url_rule("/", "index", fine)
    app.before_request(boom)


def in_a_url_value_preprocessor(app: Flask, boom: Boom) -> None:
    app.add_url_rule("/", "index", fine)
    app.url_value_preprocessor(lambda endpoint, values: boom())


def in_a_context_processor(app: Flask, boom: Boom) -> None:
    app.add_url_rule("/", "index", lambda: render_template_string("fine"))
    app.context_processor(boom)


def in_a_template(app: Flask, boom: Boom) -> None:
    app.add_url_rule("/", "index", lambda: render_template_string("{{ boom() }}", boom=boom))


def when_the_session_is_opened(app: Flask, boom: Boom) -> None:
    class Session(SecureCookieSessionInterface):
        def open_session(self, *_: Any) -> NoReturn:
            boom()

    app.session_interface = Session()
    app.add_url_rule("/", "index", fine)


def when_the_session_is_saved(app: Flask, boom: Boom) -> None:
    class Session(SecureCookieSessionInterface):
        def save_session(self, *_: Any) -> NoReturn:
            boom()

    app.session_interface = Session()
    app.secret_key = "secret"
    app.add_url_rule("/", "index", fine)


def in_a_url_converter(app: Flask, boom: Boom) -> None:
    class Converter(BaseConverter):
        regex = ".*"

        def to_python(self, value: str) -> NoReturn:
            boom()

    app.url_map.converters["boom"] = Converter
    app.add_url_rule("/<boom:value>", "index", fine)


def in_an_error_handler(app: Flask, boom: Boom) -> None:
    app.register_error_handler(404, lambda error: boom())


def in_a_receiver_of_request_started(app: Flask, boom: Boom) -> None:
    app.add_url_rule("/", "index", fine)
    request_started.connect(_receiver(boom), app, weak=False)


def in_a_receiver_of_request_finished(app: Flask, boom: Boom) -> None:
    app.add_url_rule("/", "index", fine)
    request_finished.connect(_receiver(boom), app, weak=False)


def _receiver(boom: Boom) -> Callable[..., None]:
    def receive(app: Flask, **_: Any) -> None:
        boom()

    return receive


PLACES = [
    in_after_request,
    in_before_request,
    in_a_url_value_preprocessor,
    in_a_context_processor,
    in_a_template,
    when_the_session_is_opened,
    when_the_session_is_saved,
    in_a_url_converter,
    in_an_error_handler,
    in_a_receiver_of_request_started,
    in_a_receiver_of_request_finished,
]
#: There even a typed error goes to Flask's 500 path.
LATE = [
    in_after_request,
    when_the_session_is_opened,
    when_the_session_is_saved,
    in_an_error_handler,
    in_a_receiver_of_request_finished,
]

everywhere = pytest.mark.parametrize("place", PLACES)


def failing(place: Callable[[Flask, Boom], None], error: Any, **config: Any) -> Flask:
    """An application in which `error` is raised in one place."""
    app = make_app(config)

    def boom() -> NoReturn:
        view_raising(error)()
        raise AssertionError("nothing was raised")

    place(app, boom)
    return app


@everywhere
@pytest.mark.parametrize(
    ("error", "code"),
    [
        (lambda: Conflict("Taken.", sku="A1"), 409),
        (lambda: ServiceUnavailable("Closed.", retry_after=5, sku="A1"), 503),
    ],
    ids=["4xx", "5xx"],
)
def test_a_typed_error_keeps_its_status_headers_and_body(place: Any, error: Any, code: int) -> None:
    answer = call(failing(place, error))
    body = assert_problem(answer, code)
    assert body["sku"] == "A1"
    assert answer.header("Retry-After") == (None if code == 409 else "5")


@everywhere
def test_an_abort_keeps_its_status_and_its_duties(place: Any) -> None:
    answer = call(failing(place, lambda: abort(401)))
    assert_problem(answer, 401)
    assert answer.header("WWW-Authenticate") == "Bearer"


@everywhere
@pytest.mark.parametrize("code", [409, 503])
def test_a_mapped_exception_gets_its_status(place: Any, code: int) -> None:
    app = failing(place, Foreign)
    kit_of(app).map(Foreign, code)
    assert_problem(call(app), code)


@everywhere
def test_a_bug_is_logged_signalled_and_a_500_problem(
    place: Any, log: Any, signalled: list[Any]
) -> None:
    raised = Foreign("secret")
    answer = call(failing(place, raised))
    assert_problem(answer, 500)
    assert "secret" not in str(answer)
    assert signalled == [raised]
    # Flask finishes the response as far as it can, and logs what fails again on the way.
    incidents = [r for r in log.apps if r.getMessage() == "Exception on / [GET]"]
    assert [r.exc_info[1] for r in incidents] == [raised]


@everywhere
def test_a_mapped_5xx_is_an_incident_once(place: Any, log: Any, signalled: list[Any]) -> None:
    app = failing(place, Foreign)
    kit_of(app).map(Foreign, 503)
    assert_problem(call(app), 503)
    assert [type(error) for error in signalled] == [Foreign]
    incidents = [r for r in log.apps if r.getMessage() == "Exception on / [GET]"]
    assert [r.exc_info[0] for r in incidents] == [Foreign]


@everywhere
def test_a_problem_is_announced_once(place: Any, announced: list[Any], log: Any) -> None:
    call(failing(place, Conflict))
    assert [sent["problem"].status for sent in announced] == [409]
    assert len(log.problems) == 1


@pytest.mark.parametrize("place", LATE)
def test_under_testing_even_a_typed_error_propagates_as_flask_lets_it(place: Any) -> None:
    with pytest.raises(Conflict):
        call(failing(place, Conflict, TESTING=True))


@pytest.mark.parametrize("place", LATE)
def test_a_redirect_where_flask_takes_none_is_a_500_problem(place: Any) -> None:
    assert_problem(call(failing(place, lambda: abort(redirect("/elsewhere")))), 500)


# Handlers of the application


def remember(given: list[Exception]) -> Callable[[Exception], Any]:
    def handler(error: Exception) -> Any:
        given.append(error)
        return "theirs", 418

    return handler


@pytest.mark.parametrize("place", LATE)
@pytest.mark.parametrize("handled", [409, Conflict, HTTPException], ids=str)
@pytest.mark.parametrize("raised", [Foreign, Conflict])
def test_the_handler_of_the_mapped_error_is_asked(place: Any, handled: Any, raised: Any) -> None:
    given: list[Exception] = []
    app = failing(place, raised)
    kit_of(app).map(Foreign, Conflict)
    app.register_error_handler(handled, remember(given))
    assert call(app).body == b"theirs"
    assert [type(error) for error in given] == [Conflict]


@pytest.mark.parametrize("place", LATE)
@pytest.mark.parametrize("raised", [Foreign, Unauthorized])
def test_a_500_handler_takes_no_error_that_has_a_status(place: Any, raised: Any) -> None:
    given: list[Exception] = []
    app = failing(place, raised)
    kit_of(app).map(Foreign, 401)
    app.register_error_handler(500, remember(given))
    assert_problem(call(app), 401)
    assert given == []


@pytest.mark.parametrize("place", LATE)
def test_a_500_handler_answers_a_bug(place: Any) -> None:
    given: list[Any] = []
    app = failing(place, ZeroDivisionError)
    app.register_error_handler(500, remember(given))
    assert call(app).body == b"theirs"
    assert [type(error.original_exception) for error in given] == [ZeroDivisionError]


@pytest.mark.parametrize("place", [p for p in LATE if p is not in_an_error_handler])
def test_a_catch_all_sees_the_500_of_a_late_typed_error(place: Any) -> None:
    given: list[Any] = []
    app = failing(place, Conflict)
    app.register_error_handler(Exception, remember(given))
    assert call(app).body == b"theirs"
    assert [type(error.original_exception) for error in given] == [Conflict]


@pytest.mark.parametrize("place", [p for p in LATE if p is not in_an_error_handler])
@pytest.mark.parametrize("code", [409, 503])
def test_a_mapping_beats_a_catch_all_here_too(place: Any, code: int) -> None:
    given: list[Any] = []
    app = failing(place, Foreign)
    kit_of(app).map(Foreign, code)
    app.register_error_handler(Exception, remember(given))
    assert_problem(call(app), code)
    assert given == []


# Handlers that fail themselves


def fail(_error: Exception) -> NoReturn:
    raise ZeroDivisionError("the bug of the handler")


def test_a_handler_of_the_mapped_error_that_fails_is_a_bug(signalled: list[Any], log: Any) -> None:
    app = make_app()
    app.add_url_rule("/", view_func=view_raising(Foreign))
    kit_of(app).map(Foreign, 409)
    app.register_error_handler(409, fail)
    assert_problem(call(app), 500)
    assert [type(error) for error in signalled] == [ZeroDivisionError]
    assert [r.exc_info[0] for r in log.apps] == [ZeroDivisionError]


@pytest.mark.parametrize("code", [409, 503])
@pytest.mark.parametrize("place", LATE)
def test_a_handler_of_a_late_mapped_error_that_fails_gives_way_to_the_problem(
    place: Any, code: int, log: Any
) -> None:
    app = failing(place, Foreign)
    kit_of(app).map(Foreign, code)
    app.register_error_handler(code, fail)
    assert_problem(call(app), code)
    failures = [r for r in log.ours if r.exc_info]
    assert [r.exc_info[0] for r in failures] == [ZeroDivisionError]


def test_a_handler_of_a_mapped_5xx_that_fails_gives_way_to_the_problem(
    signalled: list[Any],
) -> None:
    app = make_app()
    app.add_url_rule("/", view_func=view_raising(Foreign))
    kit_of(app).map(Foreign, 503)
    app.register_error_handler(503, fail)
    assert_problem(call(app), 503)
    assert [type(error) for error in signalled] == [Foreign]


@pytest.mark.parametrize("handled", [500, Exception], ids=str)
@pytest.mark.parametrize("place", [p for p in LATE if p is not in_an_error_handler])
def test_a_500_handler_that_fails_gives_way_to_the_problem_of_the_bug(
    place: Any, handled: Any, log: Any, signalled: list[Any]
) -> None:
    app = failing(place, Foreign)
    app.register_error_handler(handled, fail)
    assert_problem(call(app), 500)
    assert len(signalled) == 1
    assert ZeroDivisionError in [record.exc_info[0] for record in log.ours if record.exc_info]


def test_a_handler_that_raises_what_is_mapped_to_its_own_error_does_not_go_in_circles() -> None:
    app = make_app()
    app.add_url_rule("/", view_func=view_raising(Foreign))
    kit_of(app).map(Foreign, Conflict)
    app.register_error_handler(Conflict, view_raising_again)
    assert_problem(call(app), 409)


def view_raising_again(_error: Exception) -> NoReturn:
    raise Foreign


def test_a_handler_may_raise_a_typed_error() -> None:
    app = make_app()

    @app.errorhandler(404)
    def refuse(error: Exception) -> NoReturn:
        raise Unauthorized("Log in first.", realm="shop")

    answer = call(app, path="/nowhere")
    assert assert_problem(answer, 401)["detail"] == "Log in first."
    assert answer.header("WWW-Authenticate") == 'Bearer realm="shop"'


# What comes after the response


@pytest.mark.parametrize("error", [Conflict, Foreign])
@pytest.mark.parametrize("kind", ["teardown_request", "teardown_appcontext"])
def test_an_error_in_teardown_escapes_as_without_statuskit(
    announced: list[Any], kind: str, error: Any
) -> None:
    app = make_app()
    kit_of(app).map(Foreign, 409)
    app.add_url_rule("/", view_func=fine)
    getattr(app, kind)(lambda exception: view_raising(error)())
    with pytest.raises(error):
        call(app)
    assert announced == []


def test_a_view_that_returns_nothing_is_a_bug(signalled: list[Any]) -> None:
    app = make_app()
    app.add_url_rule("/", view_func=lambda: None)
    assert_problem(call(app), 500)
    assert [type(error) for error in signalled] == [TypeError]


def test_receivers_of_got_request_exception_hear_of_a_late_error_before_it_is_answered() -> None:
    order: list[str] = []
    app = failing(in_after_request, Foreign)
    kit_of(app).map(Foreign, lambda error: order.append("built") or Conflict())

    def receive(_app: Flask, **_: Any) -> None:
        order.append("signalled")

    with got_request_exception.connected_to(receive, app):
        assert_problem(call(app), 409)
    assert order == ["signalled", "built"]
