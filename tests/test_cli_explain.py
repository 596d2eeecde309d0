"""`flask statuskit explain`: what it says an exception is answered with is what a client gets."""

from __future__ import annotations

import builtins
import json
import logging
import re
import sys
from collections.abc import Callable
from importlib.util import find_spec
from inspect import signature
from pathlib import Path
from types import ModuleType
from typing import Any
from uuid import UUID

import pytest
from click.testing import CliRunner, Result
from flask import (
    Blueprint,
    Flask,
    abort,
    g,
    got_request_exception,
    jsonify,
    redirect,
    request,
    request_tearing_down,
    send_file,
)
from flask.views import MethodView
from support import Foreign, ForeignChild, call, kit_of, make_app, strict_json, view_raising
from test_cli import words
from werkzeug.exceptions import (
    BadRequestKeyError,
    HTTPException,
    InternalServerError,
    NotFound,
    Unauthorized,
)
from werkzeug.routing import RequestRedirect
from werkzeug.wrappers import Response

from flask_statuskit import Conflict, PaymentRequired, ServiceUnavailable, StatusError, StatusKit
from flask_statuskit.cli import group


class Overdrawn(PaymentRequired):
    """The balance does not cover the price."""

    type = "explained-out-of-credit"
    balance: int


class Wanting(Exception):
    """Its constructor wants what nobody here has."""

    def __init__(self, first: int, second: int, *, third: int) -> None:
        super().__init__(first)
        self.second = second


class WantingConflict(Conflict):
    def __init__(self, first: int, second: int, *, third: int) -> None:
        super().__init__("Never seen")


class WantingNotFound(NotFound):
    def __init__(self, first: int, second: int, *, third: int) -> None:
        super().__init__("Never seen")


class WantingChild(Wanting):
    pass


class Unmakeable(Exception):
    def __new__(cls, first: int, second: int, *, third: int) -> Unmakeable:
        return super().__new__(cls)


class OwnBody(NotFound):
    def get_body(self, *_: Any) -> str:
        return "my own words"


class WantingOwnBody(OwnBody):
    def __init__(self, first: int, second: int, *, third: int) -> None:
        super().__init__()


class OwnResponse(HTTPException):
    def __init__(self) -> None:
        super().__init__(response=Response("my own response", 418))


class Outer:
    class Inner(Exception):
        pass


class Stop(BaseException):
    pass


def dotted(cls: type) -> str:
    return f"{cls.__module__}.{cls.__qualname__}"


# Applications -------------------------------------------------------------------------------------

View = Callable[..., Any]
Builder = Callable[[View], Flask]


def app_with(
    *handlers: tuple[Any, Any], view: View, maps: tuple[Any, ...] = (), **config: Any
) -> Flask:
    """An application with handlers and mappings, whose endpoint `orders.order` is the view."""
    app = make_app(config)
    for exception, error in maps:
        kit_of(app).map(exception, error)
    for key, handler in handlers:
        app.register_error_handler(key, handler)
    blueprint = Blueprint("orders", __name__)
    blueprint.add_url_rule("/orders/<int:id>", "order", view)
    app.register_blueprint(blueprint)
    return app


def said(error: Exception) -> tuple[Any, int]:
    return jsonify(said=type(error).__name__, path=request.view_args), 499


def said_otherwise(error: Exception) -> tuple[str, int]:
    return f"otherwise: {type(error).__name__}", 498


async def said_later(error: Exception) -> tuple[str, int]:
    return f"later: {type(error).__name__}", 497


def fails(error: Exception) -> Any:
    raise KeyError("secret")


def passes_on(error: Exception) -> Any:
    raise error


def aborts(error: Exception) -> Any:
    raise Unauthorized(description="Log in")


def answers_nothing(error: Exception) -> Any:
    return None


def declines(error: Exception) -> StatusError | None:
    return None


def raises_conflict(error: Exception) -> StatusError:
    raise Conflict("Raised")


def reads(error: Any) -> StatusError:
    return Conflict(str(error.second))


def builder(*handlers: tuple[Any, Any], maps: Any = (), **config: Any) -> Builder:
    return lambda view: app_with(*handlers, view=view, maps=maps, **config)


def on_the_blueprint(*handlers: tuple[Any, Any]) -> Builder:
    def build(view: View) -> Flask:
        app = make_app()
        blueprint = Blueprint("orders", __name__)
        for key, handler in handlers:
            blueprint.register_error_handler(key, handler)
        blueprint.add_url_rule("/orders/<int:id>", "order", view)
        app.register_blueprint(blueprint)
        return app

    return build


BUG = (Foreign, 503)
APPS: dict[str, Builder] = {
    "bare": builder(),
    "no negotiation": builder(STATUSKIT_NEGOTIATE=False),
    "mapped": builder(maps=[(Foreign, 409), (LookupError, raises_conflict)]),
    "mapped to 5xx": builder(maps=[BUG, (LookupError, ServiceUnavailable)]),
    "child declines": builder(maps=[(Foreign, 409), (ForeignChild, declines)]),
    "own mapping of a 404": builder(maps=[(NotFound, Conflict)]),
    "mapping fails": builder(maps=[(HTTPException, fails), (LookupError, fails)]),
    "by class": builder((Foreign, said), (LookupError, said), (HTTPException, said)),
    "by our class": builder((Conflict, said), maps=[(Foreign, 409)]),
    "by code": builder((404, said), (409, said_otherwise), maps=[(Foreign, 409)]),
    "by 500": builder((500, said)),
    "by 500, mapped": builder((500, said), maps=[BUG]),
    "by 503, mapped": builder((503, said), maps=[BUG]),
    "catch-all": builder((Exception, said)),
    "catch-all, mapped": builder((Exception, said), maps=[(Foreign, 409), (LookupError, 503)]),
    "fails": builder((Foreign, fails), (HTTPException, fails), maps=[(LookupError, 410)]),
    "passes on": builder((Exception, passes_on), maps=[(ForeignChild, 409)]),
    "passes on 404": builder((404, passes_on), (LookupError, passes_on)),
    "aborts": builder((Foreign, aborts), (404, aborts)),
    "answers nothing": builder((Foreign, answers_nothing)),
    "500 fails": builder((500, fails)),
    "500 passes on": builder((500, passes_on)),
    "redirects": builder((404, lambda _: redirect("/login"))),
    "on the blueprint": on_the_blueprint((404, said), (LookupError, said_otherwise)),
    "elsewhere": builder((404, said), maps=[BUG], STATUSKIT_URL_PREFIXES=["/api"]),
    "elsewhere, failing": builder(
        maps=[(NotFound, fails), (LookupError, fails)], STATUSKIT_URL_PREFIXES=["/api"]
    ),
    "elsewhere, 500": builder((500, said), STATUSKIT_URL_PREFIXES=["/api"]),
    "trapped": builder(TRAP_HTTP_EXCEPTIONS=True, maps=[(NotFound, 409)]),
    "trapped, catch-all": builder((Exception, said), TRAP_HTTP_EXCEPTIONS=True),
    "trapped, declined": builder(TRAP_HTTP_EXCEPTIONS=True, maps=[(NotFound, declines)]),
    "trapped keys": builder(TRAP_BAD_REQUEST_ERRORS=True),
    "testing": builder(TESTING=True, maps=[BUG]),
    "testing, by class": builder((Foreign, said), (500, said), TESTING=True),
    "testing, passes on": builder((Exception, passes_on), TESTING=True),
    "debug": builder(DEBUG=True, maps=[BUG]),
    "debug, 500": builder((500, said), DEBUG=True),
    "development": builder(STATUSKIT_ENVIRONMENT="development", maps=[(Foreign, 409)]),
    "trusted hosts": builder(TRUSTED_HOSTS=["shop.example"]),
}

if find_spec("asgiref"):
    APPS["async"] = builder((Foreign, said_later), (404, said_later))

#: By the names they are explained by.
RAISED: dict[str, Callable[[], Any]] = {
    dotted(Foreign): Foreign,
    dotted(ForeignChild): ForeignChild,
    "ValueError": ValueError,
    "KeyError": KeyError,
    "404": NotFound,
    "409": lambda: abort(409),
    "werkzeug.exceptions.InternalServerError": InternalServerError,
    "Conflict": Conflict,
    "explained-out-of-credit": lambda: Overdrawn(balance=7),
    "werkzeug.exceptions.BadRequestKeyError": BadRequestKeyError,
    "werkzeug.routing.RequestRedirect": lambda: RequestRedirect("..."),
    dotted(OwnBody): OwnBody,
    dotted(OwnResponse): OwnResponse,
}
if sys.version_info >= (3, 11):
    RAISED["ExceptionGroup"] = lambda: builtins.ExceptionGroup("...", [ValueError(), ValueError()])


def invoke(app: Flask, *arguments: str, columns: int = 100, **extra: Any) -> Result:
    # Flask's commands set app.debug to what this variable says.
    env = {"COLUMNS": str(columns), "FLASK_DEBUG": str(int(app.debug))}
    return app.test_cli_runner(env=env).invoke(args=["statuskit", "explain", *arguments], **extra)


def run(app: Flask, *arguments: str, **extra: Any) -> str:
    result = invoke(app, *arguments, **extra)
    assert result.exit_code == 0, result.output
    return result.output


def explained(app: Flask, *arguments: str) -> Any:
    return strict_json(run(app, *arguments, "--json").encode())


def refused(app: Flask, *arguments: str) -> str:
    result = invoke(app, *arguments)
    assert result.exit_code != 0, result.output
    assert isinstance(result.exception, SystemExit), result.exception
    return " ".join(result.output.split())


def at_order(app: Flask, name: str, *arguments: str) -> Any:
    return explained(app, name, "--endpoint", "orders.order", *arguments)


_ID = re.compile(r"[0-9a-f]{32}")


def comparable(headers: Any, body: Any, *, debug: bool) -> tuple[dict[str, str], Any]:
    """What has to agree: all but the request id, and with `debug` the frames of the view."""
    known = {name: _ID.sub("(id)", value) for name, value in headers}
    if isinstance(body, dict):
        body = json.loads(_ID.sub("(id)", json.dumps(body)))
        body.get("debug", {}).pop("frames", None)
    else:
        body = _ID.sub("(id)", body)
    if debug:
        del known["Content-Length"]
        body = body if isinstance(body, dict) else re.sub("<ol.*</ol>", "", body, flags=re.S)
    return known, body


# The truth ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("accept", ["*/*", "text/html"])
@pytest.mark.parametrize("name", RAISED)
@pytest.mark.parametrize("build", APPS)
def test_what_is_explained_is_what_a_client_gets(build: str, name: str, accept: str) -> None:
    app = APPS[build](view_raising(RAISED[name]))
    told = at_order(app, name, "--accept", accept)
    if told["rule"] == "values":
        assert (build, told["response"]) == ("mapping fails", None)
        return
    try:
        answer = call(app, path="/orders/1", headers={"Accept": accept})
    except Exception:
        assert told["propagates"] or told["response"] is None
        return
    assert not told["propagates"]
    response, is_json = told["response"], (answer.header("Content-Type") or "").endswith("json")
    assert response["status"] == answer.status
    debug = bool(kit_of(app)) and app.extensions["statuskit"].settings(app).expose_internals
    assert comparable(response["headers"], response["body"], debug=debug) == comparable(
        answer.headers, answer.json if is_json else answer.body.decode(), debug=debug
    )


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST"])
def test_the_method_counts(method: str) -> None:
    app = make_app()
    app.add_url_rule(
        "/<uuid:id>/<float:x>/", "view", view_raising(NotFound), methods=["GET", "POST"]
    )
    told = explained(app, "404", "--endpoint", "view", "--method", method.lower())
    path = f"/{UUID(int=0)}/1.0/"
    answer = call(app, method, path, {"Accept": "*/*"})
    assert told["method"] == method
    assert told["response"]["status"] == answer.status
    if method == "HEAD":
        assert told["response"]["body"] == ""
    else:
        assert told["response"]["body"]["instance"] == answer.json["instance"] == path


# Who answers --------------------------------------------------------------------------------------

HERE = __name__
THEIRS = f"the application's handler {HERE}"


@pytest.mark.parametrize(
    ("build", "name", "rule", "by", "answers"),
    [
        ("bare", "ValueError", "fallback", "InternalServerError", "InternalServerError"),
        ("bare", "404", "status", "NotFound", "NotFound"),
        ("bare", "Conflict", "status", "Conflict", "Conflict"),
        ("bare", "werkzeug.routing.RequestRedirect", "flask", "Flask", None),
        ("bare", f"{HERE}.OwnBody", "flask", "Flask", None),
        ("elsewhere", "ValueError", "flask", "STATUSKIT_URL_PREFIXES", None),
        ("elsewhere", "409", "flask", "STATUSKIT_URL_PREFIXES", None),
        ("mapped", dotted(Foreign), "mapping", "StatusKit.map", "Conflict"),
        ("mapped", "KeyError", "mapping", "StatusKit.map", "Conflict"),
        ("mapped to 5xx", dotted(Foreign), "mapping", "StatusKit.map", "ServiceUnavailable"),
        ("testing", dotted(Foreign), "mapping", "StatusKit.map", "ServiceUnavailable"),
        ("own mapping of a 404", "404", "mapping", "StatusKit.map", "Conflict"),
        ("catch-all, mapped", dotted(Foreign), "mapping", "StatusKit.map", "Conflict"),
        ("catch-all", "ValueError", "handler", f"{HERE}.said for Exception", "ValueError"),
        ("by class", "KeyError", "handler", f"{HERE}.said for LookupError", "KeyError"),
        ("by class", "404", "handler", f"{HERE}.said for HTTPException", "NotFound"),
        ("by code", "404", "handler", f"{HERE}.said for 404", "NotFound"),
        ("by code", dotted(Foreign), "handler", f"{HERE}.said_otherwise for 409", "Conflict"),
        ("by our class", dotted(Foreign), "handler", f"{HERE}.said for Conflict", "Conflict"),
        ("by 500", "ValueError", "handler", f"{HERE}.said for 500", "InternalServerError"),
        ("by 500, mapped", dotted(Foreign), "mapping", "StatusKit.map", "ServiceUnavailable"),
        (
            "on the blueprint",
            "404",
            "handler",
            f"{HERE}.said for 404 on the blueprint orders",
            None,
        ),
        ("fails", dotted(Foreign), "mapping", "StatusKit.map", "Gone"),
        ("aborts", dotted(Foreign), "status", "Unauthorized", "Unauthorized"),
        ("trapped", "404", "fallback", "InternalServerError", "InternalServerError"),
        ("mapping fails", "404", "flask", "Flask", None),
        ("mapping fails", "KeyError", "values", "StatusKit.map", None),
    ],
)
def test_the_rule_that_wins(build: str, name: str, rule: str, by: str, answers: str | None) -> None:
    told = at_order(APPS[build](view_raising(Foreign)), name)
    assert (told["rule"], told["by"].removeprefix("flask_statuskit.exceptions.")) == (rule, by)
    if answers is not None:
        assert told["answers"].rpartition(".")[2] == answers


@pytest.mark.parametrize(
    ("build", "name", "asked"),
    [
        ("bare", "ValueError", []),
        ("bare", "404", []),
        (
            "child declines",
            dotted(ForeignChild),
            ["a mapping of the application does not answer it"],
        ),
        (
            "fails",
            dotted(Foreign),
            [
                f"{THEIRS}.fails for Foreign fails with KeyError",
                f"{THEIRS}.fails for HTTPException fails with KeyError",
            ],
        ),
        ("passes on", "KeyError", [f"{THEIRS}.passes_on for Exception passes it on"]),
        ("500 fails", "KeyError", [f"{THEIRS}.fails for 500 fails with KeyError"]),
        ("500 passes on", "KeyError", [f"{THEIRS}.passes_on for 500 passes it on"]),
        ("trapped, declined", "404", []),
        ("elsewhere, failing", "404", []),
        ("elsewhere, failing", "KeyError", []),
        ("mapping fails", "404", ["a mapping of the application fails with KeyError"]),
        (
            "answers nothing",
            dotted(Foreign),
            [f"{THEIRS}.answers_nothing for Foreign fails with TypeError"],
        ),
    ],
)
def test_who_was_asked_before(build: str, name: str, asked: list[str]) -> None:
    app = APPS[build](view_raising(Foreign))
    assert at_order(app, name)["asked"] == asked
    printed = " ".join(run(app, name, "--endpoint", "orders.order").split())
    assert ("Before " in printed) is bool(asked)
    for text in asked:
        assert text in printed


@pytest.mark.parametrize(
    ("build", "name", "words"),
    [
        ("bare", "404", "NotFound has a status of its own Told"),
        (
            "bare",
            "werkzeug.exceptions.RequestEntityTooLarge",
            "has a status of its own; it becomes ContentTooLarge Told",
        ),
        (
            "bare",
            "werkzeug.routing.RequestRedirect",
            "none of ours: Flask answers RequestRedirect itself Told nobody 308",
        ),
        ("bare", "KeyError", "none: nobody answers KeyError, so it is a bug Told"),
        ("trapped", "404", "none: the configuration traps NotFound, so it is a bug Told"),
        ("elsewhere", "409", "none of ours: STATUSKIT_URL_PREFIXES leaves Conflict to Flask Told"),
        ("mapped", "KeyError", "a mapping of the application: KeyError becomes Conflict Told"),
        ("by 500", "KeyError", "said for 500 KeyError is handed to it as InternalServerError Told"),
        ("by class", "KeyError", f"{THEIRS}.said for LookupError Told nobody 499"),
        ("passes on", "404", "But that leaves nobody: what a client gets is up to the server"),
        ("testing", "KeyError", "But Flask lets it through here, to the debugger or the test 500"),
    ],
)
def test_the_words_for_a_rule(build: str, name: str, words: str) -> None:
    app = APPS[build](view_raising(Foreign))
    assert words in " ".join(run(app, name, "--endpoint", "orders.order").split())


def test_handlers_of_a_blueprint_count_only_at_its_endpoints() -> None:
    app = APPS["on the blueprint"](view_raising(NotFound))
    assert explained(app, "404")["rule"] == "status"
    assert at_order(app, "404")["rule"] == "handler"


def test_a_handler_is_named_as_it_was_written() -> None:
    class Handlers:
        def lost(self, error: Exception) -> str:
            return "lost"

        def __call__(self, error: Exception) -> str:
            return "called"

    handlers = Handlers()
    app = make_app()
    app.register_error_handler(404, handlers.lost)
    app.register_error_handler(KeyError, handlers)
    named = f"{HERE}.{Handlers.__qualname__}"
    assert explained(app, "404")["by"] == f"{named}.lost for 404"
    assert explained(app, "KeyError")["by"] == f"{named} for KeyError"


def test_integrations_are_named() -> None:
    app = make_app(integrations=["sqlalchemy", "requests"])
    pytest.importorskip("sqlalchemy")
    told = explained(app, "sqlalchemy.exc.NoResultFound")
    assert (told["rule"], told["by"]) == ("integration", "sqlalchemy")
    assert told["response"]["status"] == 404


@pytest.mark.filterwarnings("ignore")
def test_a_library_that_gives_way_at_the_first_error_has_done_so() -> None:
    restx = pytest.importorskip("flask_restx")
    app = make_app(integrations=["flask_restx"])
    restx.Api(app).add_resource(restx.Resource, "/orders", endpoint="order", methods=["GET"])
    kit_of(app).map(Foreign, 409)
    assert explained(app, dotted(Foreign), "--endpoint", "order")["rule"] == "mapping"


# What an exception carries


@pytest.mark.parametrize("name", ["IntegrityError", "OperationalError", "DBAPIError"])
def test_nothing_is_claimed_where_the_exception_would_have_to_be_read(name: str) -> None:
    pytest.importorskip("sqlalchemy")
    app = make_app(integrations=["sqlalchemy"])
    told = explained(app, f"sqlalchemy.exc.{name}")
    assert (told["rule"], told["by"], told["asked"]) == ("values", "sqlalchemy", [])
    assert told["answers"] is told["response"] is told["reported"] is told["propagates"] is None
    printed = run(app, f"sqlalchemy.exc.{name}", columns=120)
    assert printed.splitlines()[1:] == [
        "",
        "Rule      it depends on what the exception carries: the integration sqlalchemy decides by"
        " that",
    ]


@pytest.mark.parametrize(
    ("handlers", "mapping", "rule"),
    [
        ([], reads, "values"),
        ([], lambda error: None, "values"),
        ([(Exception, said)], reads, "values"),
        ([(500, said)], reads, "values"),
        ([(Wanting, said)], reads, "handler"),
        ([], Conflict, "mapping"),
        ([(Exception, said)], Conflict, "mapping"),
    ],
)
def test_a_mapping_that_reads_decides_only_where_it_is_asked(
    handlers: Any, mapping: Any, rule: str
) -> None:
    app = app_with(*handlers, view=view_raising(Foreign), maps=((Wanting, mapping),))
    assert at_order(app, dotted(Wanting))["rule"] == rule


def test_what_a_mapping_leaves_to_that_of_a_base_class_is_no_open_question() -> None:
    maps = ((Wanting, 503), (WantingChild, declines))
    told = at_order(app_with(view=view_raising(Foreign), maps=maps), dotted(WantingChild))
    assert (told["rule"], told["response"]["status"]) == ("mapping", 503)


def test_a_mapping_that_nobody_asked_for_gives_way_to_a_catch_all() -> None:
    app = app_with((Exception, said), view=view_raising(Foreign))
    app.extensions["statuskit"].mapping.map(Wanting, reads, explicit=False)
    assert at_order(app, dotted(Wanting))["rule"] == "handler"


def test_what_a_handler_fails_with_is_as_it_is() -> None:
    app = app_with((Foreign, fails), view=view_raising(Foreign), maps=((KeyError, reads),))
    told = at_order(app, dotted(Foreign))
    assert (told["rule"], told["response"]["status"]) == ("fallback", 500)


def test_a_body_of_its_own_is_no_open_question() -> None:
    assert explained(make_app(), dotted(WantingOwnBody))["rule"] == "flask"


def test_a_mapping_of_the_application_that_reads_is_named() -> None:
    app = app_with(view=view_raising(Foreign), maps=((Wanting, reads),))
    printed = run(app, dotted(Wanting), columns=120)
    assert "what the exception carries: a mapping of the application decides by that" in printed


@pytest.mark.parametrize(
    ("cls", "status"), [(Wanting, 500), (WantingConflict, 409), (WantingNotFound, 404)]
)
def test_what_wants_arguments_is_made_without(cls: type, status: int) -> None:
    app = make_app()
    assert explained(app, dotted(cls))["response"]["status"] == status
    assert re.search(
        r"^Note  +it was made without the arguments that it wants$", run(app, dotted(cls)), re.M
    )
    assert "Note" not in run(app, dotted(Foreign))


@pytest.mark.parametrize(
    ("handlers", "maps"),
    [([], []), ([(Unmakeable, said)], [(Unmakeable, 409)]), ([(Exception, said)], [])],
)
def test_what_nobody_can_make_is_refused_where_no_mapping_decides(handlers: Any, maps: Any) -> None:
    app = app_with(*handlers, view=view_raising(Foreign), maps=maps)
    assert refused(app, dotted(Unmakeable)) == (
        f"Error: {dotted(Unmakeable)} cannot be made without arguments, and no mapping decides"
        " about it. Have a view raise it in a test: its response and the log say who answers."
    )


@pytest.mark.parametrize("handlers", [[], [(Exception, said)], [(KeyError, said)]])
def test_a_mapping_of_what_nobody_can_make_decides_by_what_that_carries(handlers: Any) -> None:
    app = app_with(*handlers, view=view_raising(Foreign), maps=[(Unmakeable, 409)])
    told = explained(app, dotted(Unmakeable))
    assert (told["exception"], told["rule"], told["by"]) == (
        dotted(Unmakeable),
        "values",
        "StatusKit.map",
    )
    assert told["answers"] is told["response"] is None
    assert "what the exception carries: a mapping of the application decides" in words(
        run(app, dotted(Unmakeable))
    )


def test_an_integration_of_what_nobody_can_make_is_named() -> None:
    pytest.importorskip("pydantic")
    told = explained(make_app(integrations=["pydantic"]), "pydantic.ValidationError")
    assert (told["rule"], told["by"]) == ("values", "pydantic")


LOG_AND_RECEIVERS = "the log, with a traceback, and the receivers of got_request_exception"

# Who hears of it ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("build", "name", "told"),
    [
        ("bare", "404", "the log, in a line at INFO"),
        ("bare", "503", "the log, in a line at ERROR"),
        ("bare", "KeyError", LOG_AND_RECEIVERS),
        ("mapped", "KeyError", "the log, in a line at INFO"),
        ("mapped to 5xx", "KeyError", LOG_AND_RECEIVERS),
        ("testing", dotted(Foreign), LOG_AND_RECEIVERS),
        ("testing", "KeyError", "the receivers of got_request_exception"),
        ("by class", "KeyError", "nobody"),
        ("by 500", "KeyError", LOG_AND_RECEIVERS),
        ("elsewhere", "404", "nobody"),
        ("elsewhere", "KeyError", LOG_AND_RECEIVERS),
    ],
)
def test_who_is_told(
    build: str, name: str, told: str, log: Any, signalled: list[BaseException]
) -> None:
    app = APPS[build](view_raising(RAISED.get(name, lambda: abort(503))))
    printed = run(app, name, "--endpoint", "orders.order")
    assert f"\nTold      {told}\n" in printed
    assert at_order(app, name)["reported"] is ("got_request_exception" in told)
    # That is what happens, and only when it does.
    assert (log.ours, log.apps, signalled) == ([], [], [])
    try:
        call(app, path="/orders/1", headers={"Accept": "*/*"})
    except Exception:
        assert "Flask lets it through here, to the debugger or the test" in printed
    assert bool(signalled) is ("got_request_exception" in told)
    assert bool(log.apps) is ("with a traceback" in told)
    assert any(r.levelname in told.split() for r in log.problems) is ("in a line at" in told)


@pytest.mark.parametrize("name", RAISED)
@pytest.mark.parametrize(
    "build", ["bare", "mapped to 5xx", "testing", "debug", "500 fails", "fails"]
)
def test_nobody_hears_of_what_has_not_happened(
    build: str, name: str, log: Any, signalled: list[Any], announced: list[Any]
) -> None:
    app = APPS[build](view_raising(Foreign))
    finder = vars(app)["_find_error_handler"]
    run(app, name, "--endpoint", "orders.order")
    assert (log.ours, log.apps, signalled, announced) == ([], [], [], [])
    # And all is as before.
    assert logging.root.manager.disable == logging.NOTSET
    assert not got_request_exception.is_muted
    assert vars(app)["_find_error_handler"] is finder


def test_functions_of_the_application_do_not_run() -> None:
    app, ran = make_app(), list[str]()
    app.before_request(lambda: ran.append("before"))
    app.add_url_rule("/", "index", lambda: ran.append("view") or "")

    @app.after_request
    def after(response: Any) -> Any:
        ran.append("after")
        return response

    for name in ("ValueError", "404"):
        run(app, name, "--endpoint", "index")
    assert ran == []


def test_teardown_finds_nothing_of_what_a_handler_has_left() -> None:
    app, found = make_app(), list[Any]()

    @app.errorhandler(404)
    def lost(error: Exception) -> str:
        g.begun = True
        return "lost"

    app.teardown_request(lambda _: found.append("request"))
    app.teardown_appcontext(lambda _: found.append("begun" in g))
    with request_tearing_down.connected_to(lambda *_, **__: found.append("signal"), app):
        run(app, "404")
    # What remains is the context of the command itself.
    assert found == [False]
    call(app)
    assert found[1:] == ["request", True]


def test_what_handlers_and_mappings_print_is_no_part_of_the_answer() -> None:
    app = make_app()

    @kit_of(app).map(Foreign)
    def prints(error: Foreign) -> StatusError:
        print("printed")
        return Conflict()

    # Click before 8.2 mixes both streams, unless it is told not to.
    apart = {"mix_stderr": False} if "mix_stderr" in signature(CliRunner).parameters else {}
    command = ["statuskit", "explain", dotted(Foreign), "--json"]
    result = app.test_cli_runner(**apart).invoke(args=command)
    assert strict_json(result.stdout.encode())["rule"] == "mapping"


def test_a_bare_name_of_what_has_been_imported_is_answered_with_the_dotted_one() -> None:
    assert f"Foreign is not known by its bare name: type {dotted(Foreign)}" in refused(
        make_app(), "Foreign"
    )


def test_an_application_may_be_explained_before_its_first_request() -> None:
    app = make_app()
    run(app, "404")
    app.add_url_rule("/", "late", lambda: "setup is not over")
    assert call(app).status == 200


# What can be named --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "exception"),
    [
        ("ZeroDivisionError", "ZeroDivisionError"),
        ("builtins.OSError", "OSError"),
        ("UnicodeDecodeError", "UnicodeDecodeError"),
        ("NotFound", "flask_statuskit.exceptions.NotFound"),
        ("TooManyRequests", "flask_statuskit.exceptions.RateLimited"),
        ("Overdrawn", dotted(Overdrawn)),
        ("explained-out-of-credit", dotted(Overdrawn)),
        ("418", "flask_statuskit.exceptions.ImATeapot"),
        ("404", "werkzeug.exceptions.NotFound"),
        (f"{HERE}.Outer.Inner", dotted(Outer.Inner)),
        ("json.JSONDecodeError", "json.decoder.JSONDecodeError"),
        (
            "werkzeug.routing.exceptions.RequestRedirect",
            "werkzeug.routing.exceptions.RequestRedirect",
        ),
    ],
)
def test_an_exception_is_known_by(name: str, exception: str) -> None:
    told = explained(make_app(), name)
    if name == "418":
        assert told["response"]["status"] == 418
    else:
        assert told["exception"] == exception


def test_a_module_is_imported_for_its_exception(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "explained_package"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "errors.py").write_text("class Lost(LookupError):\n    class Inner(Exception): pass")
    (package / "broken.py").write_text("raise RuntimeError('not today')")
    monkeypatch.syspath_prepend(tmp_path)
    app = make_app()
    kit_of(app).map("explained_package.errors.Lost", 410)
    assert explained(app, "explained_package.errors.Lost")["response"]["status"] == 410
    inner = explained(app, "explained_package.errors.Lost.Inner")
    assert inner["exception"] == "explained_package.errors.Lost.Inner"
    assert "RuntimeError: not today" in refused(app, "explained_package.broken.Lost")
    for name in [n for n in sys.modules if n.startswith("explained_package")]:
        monkeypatch.delitem(sys.modules, name)


def test_a_module_that_makes_its_names_on_access_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    lazy: Any = ModuleType("explained_lazily")
    lazy.__getattr__ = {"Lost": Foreign}.__getitem__
    monkeypatch.setitem(sys.modules, "explained_lazily", lazy)
    assert explained(make_app(), "explained_lazily.Lost")["exception"] == dotted(Foreign)


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["Nope"], "Nope is not known by its bare name: type a dotted name such as"),
        (["int"], "int is no class of exceptions"),
        (["ERRORS"], "ERRORS is no class of exceptions"),
        (["json.dumps"], "json.dumps is no class of exceptions"),
        (["json"], "json is not known by its bare name"),
        (
            ["no_such_package.Error"],
            "no_such_package.Error cannot be imported: ModuleNotFoundError:",
        ),
        (["json.decoder.Nope"], "json.decoder.Nope cannot be imported"),
        (["json..decoder"], "json..decoder cannot be imported"),
        ([".Error"], ".Error cannot be imported"),
        (["KeyboardInterrupt"], "KeyboardInterrupt is no Exception, so Flask lets it pass."),
        ([f"{HERE}.Stop"], f"{HERE}.Stop is no Exception, so Flask lets it pass."),
        (["499"], "499 is the status of no error that abort() knows: type one of `flask"),
        (["200"], "200 is the status of no error that abort() knows: type one of `flask"),
        (["404", "--endpoint", "nope"], "There is no endpoint nope. `flask statuskit routes`"),
        (
            ["404", "--endpoint", "unrouted"],
            "No URL leads to the endpoint unrouted. `flask statuskit routes`",
        ),
        (
            ["404", "--endpoint", "view", "--method", "PUT"],
            "view answers DELETE, POST, and not PUT.",
        ),
        ([], "Missing argument 'EXCEPTION'."),
    ],
)
def test_what_is_refused(arguments: list[str], complaint: str) -> None:
    app = make_app()
    app.add_url_rule("/<int:id>", "view", lambda id: "", methods=["POST", "DELETE"])
    app.endpoint("unrouted")(lambda: "")
    assert complaint in refused(app, *arguments)


def test_an_application_without_statuskit_is_told_so() -> None:
    result = Flask("bare").test_cli_runner().invoke(group, ["explain", "404"])
    assert result.exit_code == 1
    assert result.output == "Error: bare has no StatusKit. Add StatusKit(app) to it.\n"


# Where it is raised -------------------------------------------------------------------------------


def test_the_host_of_a_rule_is_that_of_the_request() -> None:
    app = Flask("shop", host_matching=True, static_host="static.example", static_folder=None)
    StatusKit(app)
    seen: list[Any] = []
    app.register_error_handler(404, lambda _: str(seen.append((request.host, request.view_args))))
    app.add_url_rule("/<int:id>", "view", lambda **_: "", host="<shop>.shop.example")
    run(app, "404", "--endpoint", "view")
    assert seen == [("1.shop.example", {"shop": "1", "id": 1})]


def test_a_subdomain_is_that_of_the_request() -> None:
    app = Flask("shop", subdomain_matching=True, static_folder=None)
    app.config["SERVER_NAME"] = "shop.example"
    StatusKit(app)
    app.add_url_rule("/", "view", lambda: "", subdomain="api", methods=["POST"])
    assert (
        dict(explained(app, "405", "--endpoint", "view")["response"]["headers"])["Allow"]
        == "OPTIONS"
    )


def test_variables_that_nothing_fits_have_a_value_all_the_same() -> None:
    app = make_app()
    seen: list[Any] = []
    app.register_error_handler(404, lambda _: str(seen.append(dict(request.view_args or {}))))
    app.add_url_rule("/<any(a, b):kind>/<string(length=4):code>", "view", lambda **_: "")
    told = explained(app, "404", "--endpoint", "view")
    assert told["endpoint"] == "view"
    assert seen == [{"kind": "1", "code": "1"}]


def test_an_endpoint_counts_where_no_url_was_found_for_it() -> None:
    app = make_app()
    blueprint = Blueprint("orders", __name__)
    blueprint.register_error_handler(404, said)
    blueprint.add_url_rule("/<any(a, b):kind>/<string(length=4):code>/", "view", lambda **_: "")
    app.register_blueprint(blueprint)
    assert explained(app, "404", "--endpoint", "orders.view")["rule"] == "handler"
    path = explained(app, "409", "--endpoint", "orders.view")["response"]["body"]["instance"]
    assert path == "/1/1/"


def test_a_view_may_be_a_class() -> None:
    app = make_app()

    class Order(MethodView):
        def delete(self, id: int) -> str:
            raise NotFound

        def post(self, id: int) -> str:
            raise NotFound

    app.add_url_rule("/orders/<int:id>", view_func=Order.as_view("order"))
    told = [explained(app, "404", "--endpoint", "order", *m) for m in ([], ["--method", "post"])]
    assert [t["method"] for t in told] == ["DELETE", "POST"]
    assert told[0]["response"]["body"]["instance"] == "/orders/1"


def test_without_an_endpoint_it_is_raised_outside_of_views() -> None:
    app = APPS["by code"](view_raising(Foreign))
    blueprint = Blueprint("start", __name__)
    blueprint.register_error_handler(404, said_otherwise)
    blueprint.add_url_rule("/", "index", lambda: "")
    app.register_blueprint(blueprint)
    printed = run(app, "404")
    assert printed.startswith("werkzeug.exceptions.NotFound outside of any view, in production\n\n")
    told = explained(app, "404")
    assert told["endpoint"] is None
    assert told["response"]["body"]["path"] is None


# The terminal -------------------------------------------------------------------------------------


def test_a_browser_is_shown_its_page() -> None:
    printed = run(make_app(), "404", "--accept", "text/html")
    assert "Content-Type: text/html; charset=utf-8" in printed
    assert "<title>404 Not Found</title>" in printed


def test_a_response_that_is_no_text_is_shown_all_the_same(tmp_path: Path) -> None:
    (tmp_path / "lost.gif").write_bytes(b"GIF89a\xff")
    app, closed = make_app(), list[str]()

    @app.errorhandler(404)
    def lost(_: Exception) -> Any:
        response = send_file(tmp_path / "lost.gif")
        response.call_on_close(lambda: closed.append("closed"))
        return response

    assert explained(app, "404")["response"]["body"] == "GIF89a\ufffd"
    assert closed == ["closed"]


@pytest.mark.parametrize("build", APPS)
def test_the_text_and_json_agree(build: str) -> None:
    app = APPS[build](view_raising(Foreign))
    for name in RAISED:
        told = at_order(app, name)
        printed = run(app, name, "--endpoint", "orders.order")
        if told["response"]:
            assert re.search(rf"^{told['response']['status']} ", printed, re.M)
        assert told["exception"] in printed.splitlines()[0]
        assert told["environment"] in printed.splitlines()[0]


@pytest.mark.parametrize("columns", [1, 30, 60, 100])
def test_no_explanation_is_wider_than_the_terminal(columns: int) -> None:
    app = APPS["passes on"](view_raising(Foreign))
    printed = run(app, "KeyError", "--endpoint", "orders.order", columns=columns)
    facts = printed.split("\n\n")[1].splitlines()
    assert all(len(line) <= max(columns, 26) or " " not in line[10:] for line in facts)


def test_colours_are_all_that_a_terminal_adds() -> None:
    app = make_app()
    plain, coloured = (_ID.sub("", run(app, "404", color=c)) for c in (False, True))
    assert re.findall("\x1b\\[1m(.*?) *\x1b\\[0m", coloured) == ["404 Not Found"]
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == plain
    assert "\x1b" not in run(app, "404", "--json", color=True)


def test_no_color_is_heard(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b" not in run(make_app(), "404", color=True)


@pytest.mark.parametrize("handlers", [(), ((500, fails),)])
def test_the_debug_member_shows_no_functions_of_ours(handlers: Any) -> None:
    app = app_with(*handlers, view=view_raising(Foreign), maps=(BUG,), DEBUG=True)
    assert "_handled" not in run(app, dotted(Foreign), "--endpoint", "orders.order")
    for name in (dotted(Foreign), "KeyError", "503"):
        assert at_order(app, name)["response"]["body"]["debug"]["frames"] == []
