"""What Flask did for its users before, it does with StatusKit too (DESIGN §3)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NoReturn

import flask
import marshmallow
import pytest
import werkzeug.exceptions
from flask import Blueprint, Flask, abort, redirect, request
from support import (
    BROWSER,
    CLIENTS,
    PROGRAM,
    Answer,
    Foreign,
    ForeignChild,
    assert_error,
    assert_problem,
    call,
    kit_of,
    make_app,
    mapped,
    raising,
    view_raising,
)
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response

from flask_statuskit import (
    BadGateway,
    BadRequest,
    Conflict,
    Gone,
    InternalServerError,
    NotFound,
    PaymentRequired,
    ServiceUnavailable,
    StatusError,
    StatusKit,
    problem_raised,
)
from flask_statuskit.exceptions import ERRORS

TEXT = "text/plain; charset=utf-8"


class Handler:
    """An error handler of the application, which remembers what it was given."""

    def __init__(self, name: str = "theirs") -> None:
        self.name = name
        self.given: list[Exception] = []

    def __call__(self, error: Exception) -> Any:
        self.given.append(error)
        return Response(self.name, 418, content_type=TEXT)


@pytest.fixture
def handler() -> Handler:
    return Handler()


def reraise(error: Exception) -> NoReturn:
    raise error


def reraise_with_nothing_said(_error: Exception) -> NoReturn:
    raise


def reraise_what_it_stands_for(error: Exception) -> NoReturn:
    raise getattr(error, "original_exception", None) or error


def reraise_unless_http(error: Exception) -> HTTPException:
    """The handler that Flask's documentation shows for `Exception`."""
    if isinstance(error, HTTPException):
        return error
    raise error


Register = Callable[[Any, Any], None]


def build(when: str, where: str, raised: Any, register: Register, **config: Any) -> Flask:
    """An application whose own handlers come before or after StatusKit, on it or a blueprint.

    Parameters:
        register: registers the handlers, and is called with the application or the blueprint.
    """
    app, kit = Flask("shop", static_folder=None), StatusKit()
    app.config.update(config)
    blueprint = Blueprint("part", "shop")
    blueprint.add_url_rule("/", "index", view_raising(raised))
    if when == "after":
        kit.init_app(app)
    register(app if where == "app" else blueprint, kit)
    app.register_blueprint(blueprint)
    if when == "before":
        kit.init_app(app)
    return app


in_every_place = pytest.mark.parametrize("where", ["app", "blueprint"])
at_every_time = pytest.mark.parametrize("when", ["before", "after"])


# An application's own handlers win


@at_every_time
@in_every_place
@pytest.mark.parametrize(
    ("handled", "raised"),
    [
        (404, NotFound),
        (404, werkzeug.exceptions.NotFound),
        (PaymentRequired, lambda: abort(402)),
        (NotFound, NotFound),
        (NotFound, werkzeug.exceptions.NotFound),
        (werkzeug.exceptions.NotFound, NotFound),
        (werkzeug.exceptions.NotFound, werkzeug.exceptions.NotFound),
        (StatusError, NotFound),
        (StatusError, werkzeug.exceptions.NotFound),
        (HTTPException, NotFound),
        (HTTPException, werkzeug.exceptions.NotFound),
        (Exception, NotFound),
        (Exception, werkzeug.exceptions.NotFound),
        (Exception, Foreign),
        (Foreign, Foreign),
        (Foreign, ForeignChild),
        (500, InternalServerError),
        (500, lambda: abort(500)),
        (500, Foreign),
        (werkzeug.exceptions.InternalServerError, Foreign),
    ],
)
def test_a_handler_of_the_application_answers(
    handler: Handler, announced: list[Any], when: str, where: str, handled: Any, raised: Any
) -> None:
    app = build(when, where, raised, lambda part, _: part.register_error_handler(handled, handler))
    answer = call(app)
    assert (answer.status, answer.body) == (418, b"theirs")
    assert len(handler.given) == 1
    assert announced == []


def test_a_handler_gets_the_very_instance_that_was_raised(handler: Handler) -> None:
    raised = NotFound("gone fishing")
    app = raising(raised)
    app.register_error_handler(404, handler)
    call(app)
    assert [error is raised for error in handler.given] == [True]


def test_a_500_handler_gets_the_exception_as_original_exception(handler: Handler) -> None:
    raised = Foreign()
    app = raising(raised)
    app.register_error_handler(500, handler)
    call(app)
    [given] = handler.given
    assert isinstance(given, werkzeug.exceptions.InternalServerError)
    assert given.original_exception is raised


@pytest.mark.parametrize(
    ("method", "path", "error"),
    [
        ("GET", "/nowhere", werkzeug.exceptions.NotFound),
        ("DELETE", "/", werkzeug.exceptions.MethodNotAllowed),
        ("GET", "/", Conflict),
    ],
)
def test_a_catch_all_sees_http_exceptions(
    handler: Handler, method: str, path: str, error: type[Exception]
) -> None:
    app = raising(Conflict)
    app.register_error_handler(Exception, handler)
    assert call(app, method, path).body == b"theirs"
    assert [type(given) for given in handler.given] == [error]


def test_the_handler_of_a_blueprint_leaves_other_blueprints_alone(handler: Handler) -> None:
    app = raising(Conflict)
    blueprint = Blueprint("part", "shop")
    blueprint.register_error_handler(Conflict, handler)
    app.register_blueprint(blueprint)
    assert_problem(call(app), 409)


def test_a_handler_for_one_code_leaves_the_other_codes_to_statuskit(handler: Handler) -> None:
    app = raising(Conflict)
    app.register_error_handler(404, handler)
    assert_problem(call(app), 409)
    assert call(app, path="/nowhere").body == b"theirs"


def test_after_request_functions_see_problems() -> None:
    app = raising(Conflict)

    @app.after_request
    def allow_origin(response: Response) -> Response:
        response.headers["Access-Control-Allow-Origin"] = "*"
        return response

    for path, status in [("/", 409), ("/nowhere", 404)]:
        answer = call(app, path=path)
        assert_problem(answer, status)
        assert answer.header("Access-Control-Allow-Origin") == "*"


# Mappings and handlers


@at_every_time
@in_every_place
@pytest.mark.parametrize("status", [409, 503])
def test_a_mapping_beats_a_catch_all(handler: Handler, when: str, where: str, status: int) -> None:
    def register(part: Any, kit: StatusKit) -> None:
        part.register_error_handler(Exception, handler)
        kit.map(Foreign, status)

    assert_problem(call(build(when, where, Foreign, register)), status)
    assert handler.given == []


def test_a_mapping_of_werkzeugs_class_beats_a_catch_all(handler: Handler) -> None:
    app = raising(lambda: abort(404))
    app.register_error_handler(Exception, handler)
    kit_of(app).map(werkzeug.exceptions.NotFound, Gone)
    assert_problem(call(app), 410)


@pytest.mark.parametrize(
    ("integrations", "answered_by"), [((), b"theirs"), (["marshmallow"], b"statuskit")]
)
def test_an_integration_beats_a_catch_all_only_when_it_was_asked_for(
    handler: Handler, integrations: Any, answered_by: bytes
) -> None:
    app = raising(lambda: marshmallow.ValidationError("no"), integrations=integrations)
    app.register_error_handler(Exception, handler)
    answer = call(app)
    assert (b"theirs" if answer.status == 418 else b"statuskit") == answered_by


def test_malformed_json_goes_to_a_catch_all(handler: Handler) -> None:
    app = raising(lambda: request.get_json())
    app.register_error_handler(Exception, handler)
    answer = call(app, "POST", "/", {"Content-Type": "application/json"}, b"{")
    assert answer.body == b"theirs"


@at_every_time
@in_every_place
@pytest.mark.parametrize("status", [409, 503])
@pytest.mark.parametrize("handled", [Foreign, ForeignChild])
def test_a_mapping_does_not_beat_a_specific_handler(
    handler: Handler, when: str, where: str, handled: Any, status: int
) -> None:
    def register(part: Any, kit: StatusKit) -> None:
        part.register_error_handler(handled, handler)
        kit.map(ForeignChild, status)

    assert call(build(when, where, ForeignChild, register)).body == b"theirs"


def test_a_specific_handler_wins_although_the_same_function_is_the_catch_all(
    handler: Handler,
) -> None:
    app = mapped(409)
    app.register_error_handler(Exception, handler)
    app.register_error_handler(Foreign, handler)
    assert call(app).body == b"theirs"


def test_the_handler_of_the_mapped_error_is_asked_although_it_is_the_catch_all_too(
    handler: Handler,
) -> None:
    app = mapped(409)
    app.register_error_handler(Exception, handler)
    app.register_error_handler(409, handler)
    assert call(app).body == b"theirs"


@at_every_time
@in_every_place
@pytest.mark.parametrize(
    "handled", [409, Conflict, werkzeug.exceptions.Conflict, StatusError, HTTPException], ids=str
)
def test_a_handler_of_the_error_that_was_mapped_to_gets_that_error(
    handler: Handler, announced: list[Any], when: str, where: str, handled: Any
) -> None:
    def register(part: Any, kit: StatusKit) -> None:
        part.register_error_handler(handled, handler)
        kit.map(Foreign, Conflict, detail="Taken.", sku="A1")

    assert call(build(when, where, Foreign, register)).body == b"theirs"
    [given] = handler.given
    assert isinstance(given, Conflict)
    assert (given.description, given.members) == ("Taken.", {"sku": "A1"})
    assert announced == []


@pytest.mark.parametrize("config", [{}, {"TESTING": True}, {"DEBUG": True}], ids=str)
@pytest.mark.parametrize("handled", [503, ServiceUnavailable, HTTPException], ids=str)
def test_a_handler_of_the_5xx_that_was_mapped_to_gets_that_error_and_it_is_still_an_incident(
    handler: Handler, signalled: list[Any], log: Any, handled: Any, config: Any
) -> None:
    app = mapped(503, config)
    app.register_error_handler(handled, handler)
    assert call(app).body == b"theirs"
    assert [type(error) for error in handler.given] == [ServiceUnavailable]
    assert [type(error) for error in signalled] == [Foreign]
    assert [r.exc_info[0] for r in log.apps] == [Foreign]


# What is no error of ours


def own_response() -> NoReturn:
    abort(Response("mine", 409, {"ETag": '"1"'}, content_type=TEXT))


def own_response_of_an_exception() -> NoReturn:
    raise HTTPException(response=Response("mine", 503, content_type=TEXT))


def own_response_of_a_class() -> NoReturn:
    raise werkzeug.exceptions.NotFound(response=Response("mine", 200, content_type=TEXT))


def a_redirect() -> NoReturn:
    abort(redirect("/elsewhere"))


class SeeOther(HTTPException):
    code = 303
    description = "Elsewhere."


class OwnBody(werkzeug.exceptions.Conflict):
    def get_body(self, *_: Any) -> str:
        return "my body"


class OwnResponse(werkzeug.exceptions.Conflict):
    def get_response(self, *_: Any, **__: Any) -> Any:
        return Response("my response", 409, content_type=TEXT)


class OwnResponseOfATypedError(Conflict):
    def get_response(self, *_: Any, **__: Any) -> Any:
        return Response("my response", 409, content_type=TEXT)


@pytest.mark.parametrize(
    "error",
    [
        own_response,
        own_response_of_an_exception,
        own_response_of_a_class,
        a_redirect,
        SeeOther,
        OwnBody,
        OwnResponse,
        OwnResponseOfATypedError,
    ],
)
@pytest.mark.parametrize("debug", [False, True])
def test_what_brings_its_own_response_is_answered_as_without_statuskit(
    announced: list[Any], debug: bool, error: Any
) -> None:
    def answer(app: Flask) -> Answer:
        app.debug = debug
        app.add_url_rule("/", view_func=view_raising(error))
        return call(app, headers=PROGRAM)

    assert answer(make_app()) == answer(Flask("shop", static_folder=None))
    assert announced == []


@pytest.mark.parametrize("debug", [False, True])
def test_a_slash_redirect_stays_a_redirect(debug: bool) -> None:
    app = raising(Conflict, {"DEBUG": debug})
    app.add_url_rule("/users/", "users", view_raising(Conflict))
    answer = call(app, path="/users")
    assert (answer.status, answer.header("Location")) == (308, "http://shop.example/users/")


@pytest.mark.parametrize("error", [NotFound, werkzeug.exceptions.NotFound, Conflict])
def test_trapped_http_exceptions_propagate_under_testing(error: Any) -> None:
    app = raising(error, {"TRAP_HTTP_EXCEPTIONS": True, "TESTING": True})
    with pytest.raises(error):
        call(app)


@pytest.mark.parametrize("error", [NotFound, werkzeug.exceptions.NotFound])
def test_a_trapped_http_exception_is_an_incident_in_production(
    log: Any, signalled: list[Any], error: Any
) -> None:
    assert_problem(call(raising(error, {"TRAP_HTTP_EXCEPTIONS": True})), 500)
    assert [type(e) for e in signalled] == [error]
    assert [r.exc_info[0] for r in log.apps] == [error]


@pytest.mark.parametrize(
    ("config", "trapped"),
    [
        ({"TRAP_BAD_REQUEST_ERRORS": True}, {"key", "typed", "abort"}),
        ({"TRAP_BAD_REQUEST_ERRORS": None}, set()),
        ({"TRAP_BAD_REQUEST_ERRORS": None, "DEBUG": True}, {"key"}),
        ({"TRAP_BAD_REQUEST_ERRORS": False, "DEBUG": True}, set()),
    ],
    ids=str,
)
@pytest.mark.parametrize(
    ("name", "error"),
    [("key", lambda: request.form["sku"]), ("typed", BadRequest), ("abort", lambda: abort(400))],
    ids=["key", "typed", "abort"],
)
def test_bad_request_errors_are_trapped_as_flask_traps_them(
    config: dict[str, Any], trapped: set[str], name: str, error: Any
) -> None:
    app = raising(error, {"PROPAGATE_EXCEPTIONS": True, **config})
    if name in trapped:
        with pytest.raises(werkzeug.exceptions.BadRequest):
            call(app)
    else:
        assert_problem(call(app), 400)


@pytest.mark.parametrize("headers", [BROWSER, {}], ids=str)
def test_what_is_trapped_in_debug_mode_propagates_to_the_debugger(headers: Any) -> None:
    app = raising(lambda: request.form["sku"], {"DEBUG": True})
    with pytest.raises(werkzeug.exceptions.BadRequestKeyError):
        call(app, headers=headers)


def test_a_handler_gets_what_is_trapped(handler: Handler) -> None:
    app = raising(Conflict, {"TRAP_HTTP_EXCEPTIONS": True})
    app.register_error_handler(Conflict, handler)
    assert call(app).body == b"theirs"


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit, GeneratorExit])
def test_what_is_no_exception_escapes_untouched(
    announced: list[Any], signalled: list[Any], error: type[BaseException]
) -> None:
    app, torn_down = raising(error), []
    app.teardown_request(torn_down.append)
    app.register_error_handler(Exception, Handler())
    with pytest.raises(error):
        call(app)
    assert [type(e) for e in torn_down] == [error]
    assert announced == signalled == []


# An exception that nobody mapped


@pytest.fixture
def torn_down() -> list[Any]:
    """What the teardown functions of an application were given."""
    return []


def watched(app: Flask, torn_down: list[Any]) -> Flask:
    app.teardown_request(torn_down.append)
    return app


def assert_incident(
    error: type[Exception], log: Any, signalled: list[Any], torn_down: list[Any]
) -> None:
    """Logged once with its traceback, signalled once, and handed to teardown."""
    assert [type(e) for e in signalled] == [error]
    assert [type(e) for e in torn_down] == [error]
    [record] = log.apps
    assert record.levelname == "ERROR"
    assert record.getMessage() == "Exception on / [GET]"
    assert record.exc_info[0] is error
    assert record.exc_info[2] is not None
    assert not any(r.exc_info for r in log.ours)


@pytest.mark.parametrize(("headers", "content_type"), CLIENTS, ids=str)
def test_a_bug_takes_flasks_own_path_and_comes_back_as_a_problem(
    log: Any, signalled: list[Any], torn_down: list[Any], headers: Any, content_type: str
) -> None:
    answer = call(watched(raising(Foreign), torn_down), headers=headers)
    assert_error(answer, 500, content_type)
    assert_incident(Foreign, log, signalled, torn_down)


@pytest.mark.parametrize("status", [None, 503])
@pytest.mark.parametrize(
    ("handled", "function"),
    [
        (Foreign, reraise),
        (Foreign, reraise_with_nothing_said),
        (Foreign, reraise_unless_http),
        (Exception, reraise_unless_http),
    ],
)
def test_a_handler_that_raises_again_keeps_all_of_that(
    log: Any,
    signalled: list[Any],
    torn_down: list[Any],
    handled: Any,
    function: Any,
    status: int | None,
) -> None:
    app = watched(raising(Foreign), torn_down)
    app.register_error_handler(handled, function)
    if status is not None:
        kit_of(app).map(Foreign, status)
    assert call(app).status == (status or 500)
    assert_incident(Foreign, log, signalled, torn_down)


@pytest.mark.parametrize("status", [None, 503])
@pytest.mark.parametrize(
    "function", [reraise, reraise_with_nothing_said, reraise_what_it_stands_for]
)
@pytest.mark.parametrize("handled", [Exception, 500], ids=str)
def test_a_catch_all_that_raises_everything_again_keeps_all_of_that(
    log: Any,
    signalled: list[Any],
    torn_down: list[Any],
    handled: Any,
    function: Any,
    status: int | None,
) -> None:
    app = watched(raising(Foreign), torn_down)
    app.register_error_handler(handled, function)
    if status is not None:
        kit_of(app).map(Foreign, status)
    assert_problem(call(app), status or 500)
    assert [type(error) for error in signalled] == [Foreign]
    assert [type(error) for error in torn_down] == [Foreign]
    assert [record.exc_info[0] for record in log.apps] == [Foreign]


@pytest.mark.parametrize(
    "function",
    [
        reraise,
        reraise_with_nothing_said,
        reraise_what_it_stands_for,
    ],
)
@pytest.mark.parametrize("handled", [Exception, 500], ids=str)
def test_a_handler_of_everything_that_passes_a_bug_on_is_not_logged_as_one_that_failed(
    log: Any, handled: Any, function: Any
) -> None:
    app = raising(Foreign)
    app.register_error_handler(handled, function)
    call(app)
    assert not any(record.exc_info for record in log.ours)


@pytest.mark.parametrize(
    ("config", "propagates"),
    [
        ({"TESTING": True}, True),
        ({"PROPAGATE_EXCEPTIONS": True}, True),
        ({"DEBUG": True}, True),
        ({"TESTING": True, "DEBUG": True}, True),
        ({"TESTING": True, "PROPAGATE_EXCEPTIONS": False}, False),
        ({"DEBUG": True, "PROPAGATE_EXCEPTIONS": False}, False),
        ({}, False),
    ],
    ids=str,
)
@pytest.mark.parametrize("handled", [None, 500, "again"])
def test_a_bug_propagates_where_flask_propagates_it(
    signalled: list[Any], torn_down: list[Any], config: Any, propagates: bool, handled: Any
) -> None:
    app = watched(raising(Foreign, config), torn_down)
    if handled == "again":
        app.register_error_handler(Foreign, reraise)
    elif handled:
        app.register_error_handler(handled, Handler())
    if propagates:
        with pytest.raises(Foreign):
            call(app)
    else:
        assert call(app).status == (418 if handled == 500 else 500)
    assert [type(error) for error in signalled] == [Foreign]
    assert [type(error) for error in torn_down] == [Foreign]


@pytest.mark.parametrize("status", [401, 409, 500, 503])
def test_a_typed_error_is_rendered_where_flask_would_propagate(status: int) -> None:
    app = raising(lambda: abort(status), {"TESTING": True})
    assert_problem(call(app), status)


# A mapped 5xx is still an incident, a mapped 4xx is none


def test_a_mapped_5xx_takes_flasks_own_path_and_comes_back_with_its_status(
    log: Any, signalled: list[Any], torn_down: list[Any]
) -> None:
    assert_problem(call(watched(mapped(503), torn_down)), 503)
    assert_incident(Foreign, log, signalled, torn_down)


@pytest.mark.parametrize(
    ("handled", "function"),
    [(500, Handler()), (Exception, Handler()), (InternalServerError, Handler())],
    ids=["500", "Exception", "InternalServerError"],
)
def test_a_500_handler_in_the_way_of_a_mapped_5xx_takes_nothing_away(
    log: Any, signalled: list[Any], torn_down: list[Any], handled: Any, function: Handler
) -> None:
    app = watched(mapped(BadGateway), torn_down)
    app.register_error_handler(handled, function)
    assert_problem(call(app), 502)
    assert function.given == []
    assert_incident(Foreign, log, signalled, torn_down)


@pytest.mark.parametrize("handled", [None, 500, Exception])
@pytest.mark.parametrize(
    "config", [{"TESTING": True}, {"DEBUG": True}, {"PROPAGATE_EXCEPTIONS": True}], ids=str
)
@pytest.mark.parametrize(("headers", "content_type"), CLIENTS, ids=str)
def test_a_mapped_5xx_is_rendered_logged_and_signalled_where_flask_would_propagate(
    log: Any, signalled: list[Any], headers: Any, content_type: str, config: Any, handled: Any
) -> None:
    app = mapped(503, config)
    if handled:
        app.register_error_handler(handled, Handler())
    assert_error(call(app, headers=headers), 503, content_type)
    assert [type(error) for error in signalled] == [Foreign]
    assert [r.exc_info[0] for r in log.apps] == [Foreign]


def test_a_mapped_http_exception_that_becomes_a_5xx_is_logged_and_signalled(
    log: Any, signalled: list[Any]
) -> None:
    app = raising(lambda: abort(404))
    kit_of(app).map(werkzeug.exceptions.NotFound, 503)
    assert_problem(call(app), 503)
    assert [type(error) for error in signalled] == [werkzeug.exceptions.NotFound]
    assert [r.exc_info[0] for r in log.apps] == [werkzeug.exceptions.NotFound]


@pytest.mark.parametrize(
    "config", [{}, {"TESTING": True}, {"DEBUG": True}, {"PROPAGATE_EXCEPTIONS": True}], ids=str
)
def test_a_mapped_4xx_is_silent(
    log: Any, signalled: list[Any], torn_down: list[Any], config: Any
) -> None:
    assert_problem(call(watched(mapped(409, config), torn_down)), 409)
    assert signalled == log.apps == []
    assert torn_down == [None]
    assert [r.levelname for r in log.ours] == ["INFO"]


@pytest.mark.parametrize("error", [Conflict, BadGateway, lambda: abort(503)])
def test_a_typed_error_is_no_incident(log: Any, signalled: list[Any], error: Any) -> None:
    call(raising(error))
    assert signalled == log.apps == []


# Debug mode


@pytest.mark.parametrize(
    "headers",
    [
        BROWSER,
        {},
        {"Accept": "text/html"},
        {"Accept": "text/html, application/json;q=0.9"},
        {"Accept": "text/html, application/xhtml+xml, image/jxr, */*"},
        {"Accept": "text/*, */*;q=0.1"},
    ],
    ids=str,
)
def test_in_debug_mode_a_browser_and_a_test_client_get_the_exception(
    signalled: list[Any], announced: list[Any], headers: Any
) -> None:
    with pytest.raises(Foreign):
        call(raising(Foreign, {"DEBUG": True}), headers=headers)
    assert [type(error) for error in signalled] == [Foreign]
    assert announced == []


@pytest.mark.parametrize(
    "headers",
    [
        PROGRAM,
        {"Accept": "application/json"},
        {"Accept": "application/problem+json"},
        {"Accept": "application/json, text/html;q=0.9"},
        {"Accept": "application/json, text/html"},
        {"Accept": "application/problem+json, text/html;q=0.9"},
        {"Accept": "application/json, text/plain, */*"},
        {"Accept": "text/plain, */*"},
        {"Accept": "image/png"},
        {"Accept": ""},
    ],
    ids=str,
)
def test_in_debug_mode_a_program_gets_a_problem_with_the_bug_in_it(
    log: Any, signalled: list[Any], headers: Any
) -> None:
    raised = Foreign("the bolt is loose")
    body = assert_problem(call(raising(raised, {"DEBUG": True}), headers=headers), 500)
    assert body["debug"]["type"] == "support.Foreign"
    assert body["debug"]["message"] == "the bolt is loose"
    assert body["debug"]["frames"][-1]["function"] == "view"
    assert signalled == [raised]
    [record] = log.apps
    assert record.exc_info[1] is raised
    assert record.levelname == "ERROR"


@pytest.mark.parametrize(
    ("accept", "content_type"),
    [
        ("application/xml, text/html;q=0.9", "application/problem+xml"),
        ("text/plain, text/html;q=0.9", "text/plain; charset=utf-8"),
        ("application/vnd.api+json, text/html;q=0.9", "application/vnd.api+json"),
    ],
)
def test_in_debug_mode_a_program_gets_the_bug_in_the_format_that_it_likes(
    accept: str, content_type: str
) -> None:
    app = raising(Foreign("the bolt is loose"), {"DEBUG": True})
    answer = call(app, headers={"Accept": accept})
    assert_error(answer, 500, content_type)
    assert b"the bolt is loose" in answer.body


@pytest.mark.parametrize("config", [{"STATUSKIT_DIALECT": "html"}, {"STATUSKIT_NEGOTIATE": False}])
def test_in_debug_mode_the_debugger_is_for_browsers_whatever_errors_are_answered_with(
    config: Any,
) -> None:
    app = raising(Foreign, {"DEBUG": True, **config})
    assert call(app, headers=PROGRAM).status == 500
    with pytest.raises(Foreign):
        call(app, headers=BROWSER)


@pytest.mark.parametrize("headers", [PROGRAM, BROWSER, {}], ids=str)
def test_under_testing_debug_mode_changes_nothing(headers: Any) -> None:
    with pytest.raises(Foreign):
        call(raising(Foreign, {"DEBUG": True, "TESTING": True}), headers=headers)


@pytest.mark.parametrize("handled", [500, Exception, Foreign])
def test_in_debug_mode_handlers_of_the_application_are_asked_as_flask_asks_them(
    handler: Handler, handled: Any
) -> None:
    """Flask asks them for the bug itself, but a 500 handler not at all."""
    app = raising(Foreign, {"DEBUG": True})
    app.register_error_handler(handled, handler)
    if handled != 500:
        assert call(app, headers=PROGRAM).body == b"theirs"
    else:
        with pytest.raises(Foreign):
            call(app, headers=PROGRAM)


# Nothing of ours in a request that succeeds


def test_initialising_registers_no_hook_handler_route_or_template() -> None:
    app = make_app()
    plain = Flask("shop", static_folder=None)
    for registry in (
        "before_request_funcs",
        "after_request_funcs",
        "teardown_request_funcs",
        "teardown_appcontext_funcs",
        "url_value_preprocessors",
        "url_default_functions",
        "error_handler_spec",
        "shell_context_processors",
        "blueprints",
        "view_functions",
    ):
        assert getattr(app, registry) == getattr(plain, registry), registry
    assert app.template_context_processors.keys() == plain.template_context_processors.keys()
    assert len(app.template_context_processors[None]) == 1
    assert list(app.url_map.iter_rules()) == list(plain.url_map.iter_rules())
    assert app.jinja_env.list_templates() == plain.jinja_env.list_templates()
    assert app.jinja_env.globals.keys() == plain.jinja_env.globals.keys()
    assert type(app.json) is type(plain.json)
    assert app.session_interface is plain.session_interface


def test_initialising_connects_to_no_signal() -> None:
    signals = [value for value in vars(flask.signals).values() if hasattr(value, "receivers")]
    assert len(signals) >= 9
    signals.append(problem_raised)
    before = [len(signal.receivers) for signal in signals]
    call(raising(Conflict))
    assert [len(signal.receivers) for signal in signals] == before


def test_initialising_overrides_none_of_flasks_handle_methods() -> None:
    app = make_app()
    own = set(vars(app)) - set(vars(Flask("shop", static_folder=None)))
    assert own == {"_find_error_handler"}
    for name in ("handle_exception", "handle_user_exception", "handle_http_exception", "wsgi_app"):
        assert getattr(app, name).__func__ is getattr(Flask, name)


def test_a_successful_request_asks_nothing_of_statuskit(monkeypatch: pytest.MonkeyPatch) -> None:
    app = raising(lambda: "fine")
    monkeypatch.setitem(app.extensions, "statuskit", None)
    monkeypatch.delitem(vars(app), "_find_error_handler")
    assert call(app).body == b"fine"


def test_a_failure_of_statuskit_itself_leaves_the_error_to_flask(log: Any) -> None:
    app = raising(Conflict)
    app.extensions["statuskit"] = None
    answer = call(app)
    assert (answer.status, answer.header("Content-Type")) == (409, "text/html; charset=utf-8")
    assert [r.exc_info[0] for r in log.ours] == [AttributeError]


# What the classes of our own take over from Werkzeug's


@pytest.mark.parametrize("make", [Conflict, lambda **kw: abort(402, **kw)], ids=["class", "abort"])
def test_a_response_given_to_a_class_of_ours_is_the_answer(make: Any) -> None:
    def fail() -> None:
        raise make(response=Response("mine", 418))

    assert call(raising(fail)).body == b"mine"


def test_the_original_exception_of_a_500_is_no_member() -> None:
    error = InternalServerError(original_exception=KeyError("k"))
    assert isinstance(error.original_exception, KeyError)
    assert error.members == {}


def test_a_500_that_the_application_raises_for_another_exception_is_a_500() -> None:
    def fail() -> None:
        raise werkzeug.exceptions.InternalServerError(original_exception=Foreign())

    app = raising(fail)
    kit_of(app).map(Foreign, 404)
    assert_problem(call(app), 500)


def test_an_exception_may_have_a_code_of_any_type() -> None:
    class Odd(Foreign):
        code: Any = {"a": 1}  # noqa: RUF012 (a library's own business)

    app = raising(Odd)
    app.register_error_handler(Exception, lambda error: ("caught", 418))
    kit_of(app).map(Foreign, 409)
    assert_problem(call(app), 409)


@pytest.mark.parametrize("code", [409, 503])
@pytest.mark.parametrize("fails", [False, True])
def test_what_builds_an_error_runs_once_for_each_exception(code: int, fails: bool) -> None:
    runs: list[Exception] = []
    app = raising(Foreign)

    @kit_of(app).map(Foreign)
    def build(error: Exception) -> StatusError:
        runs.append(error)
        if fails:
            raise RuntimeError("broken")
        return ERRORS[code]()

    assert call(app).status == (500 if fails else code)
    assert len(runs) == 1


def test_in_debug_a_program_is_told_which_key_of_a_form_is_missing() -> None:
    app = raising(lambda: request.form["card"], {"DEBUG": True})
    body = assert_problem(call(app, "POST", headers={"Accept": "application/json"}), 400)
    assert "card" in body["detail"]
    with pytest.raises(KeyError):
        call(app, "POST", headers={"Accept": "text/html"})


def test_a_5xx_says_nothing_where_werkzeug_renders_it_either() -> None:
    app = raising(lambda: BadGateway("rates-2.internal"), {"STATUSKIT_URL_PREFIXES": ["/api"]})
    answer = call(app)
    assert answer.status == 502
    assert b"rates-2" not in answer.body


def test_all_problems_of_a_request_have_one_id(announced: list[dict[str, Any]]) -> None:
    app = raising(Conflict)

    @app.after_request
    def fail(response: Response) -> Response:
        raise RuntimeError("broken")

    call(app)
    assert len({told["problem"].members["request_id"] for told in announced}) == 1
    assert len(announced) == 2
