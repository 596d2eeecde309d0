"""The auditor: when it is there, what it looks at, and what it does about a finding."""

from __future__ import annotations

import gc
import io
import logging
import sys
import threading
import warnings
import weakref
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial, wraps
from pathlib import Path
from typing import Any

import pytest
from flask import Blueprint, Flask, Response, request, request_finished, send_file
from flask.testing import FlaskClient
from flask.views import MethodView, View
from support import assert_problem, call, raising
from werkzeug.wsgi import wrap_file

import flask_statuskit
from flask_statuskit import (
    AuditError,
    ConfigError,
    HTTPAuditWarning,
    NotFound,
    StatusKit,
    audit,
    rules,
)
from flask_statuskit.audit import LARGEST_PARSED, RULES, check
from flask_statuskit.rules import Exchange

PACKAGE = str(Path(flask_statuskit.__file__).parent)


@pytest.fixture
def warned() -> Iterator[list[warnings.WarningMessage]]:
    """The warnings of a test, each time they are given."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        yield caught


def shop(config: dict[str, Any] | None = None, **options: Any) -> Flask:
    """An application that creates users without saying where, and is all right otherwise."""
    app = Flask("shop", static_folder=None)
    app.config.update(config or {})
    StatusKit(app, **options)
    return with_views(app)


def with_views(app: Flask) -> Flask:
    app.add_url_rule("/users", "users.create", create_user, methods=["POST"])
    app.add_url_rule("/rooms", "rooms.create", lambda: ({"id": 7}, 201), methods=["POST"])
    app.add_url_rule("/", "index", lambda: "All is well.")
    return app


def create_user() -> Any:
    return {"id": 7}, 201


def auditors(app: Flask) -> list[Any]:
    return list(request_finished.receivers_for(app))


def ids(caught: list[warnings.WarningMessage]) -> list[str]:
    assert all(warning.category is HTTPAuditWarning for warning in caught)
    return [str(warning.message)[:5] for warning in caught]


# Where it is there --------------------------------------------------------------------------------

OFF: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({}, {}),
    ({"DEBUG": False, "TESTING": False}, {}),
    ({"STATUSKIT_AUDIT": "off"}, {}),
    ({"STATUSKIT_AUDIT": "off", "TESTING": True, "DEBUG": True}, {}),
    ({"STATUSKIT_ENVIRONMENT": "production", "TESTING": True, "DEBUG": True}, {}),
    ({"TESTING": True}, {"audit": "off"}),
    ({"TESTING": True}, {"environment": "production"}),
]
ON: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({"DEBUG": True}, {}),
    ({"TESTING": True}, {}),
    ({"STATUSKIT_ENVIRONMENT": "development"}, {}),
    ({"STATUSKIT_ENVIRONMENT": "testing"}, {}),
    ({"STATUSKIT_AUDIT": "warn"}, {}),
    ({"STATUSKIT_AUDIT": "raise"}, {}),
    ({"STATUSKIT_AUDIT": "off"}, {"audit": "warn"}),
    ({"STATUSKIT_ENVIRONMENT": "production", "STATUSKIT_AUDIT": "warn"}, {}),
]


@pytest.mark.parametrize(("config", "options"), OFF, ids=str)
def test_where_it_is_off_nothing_is_connected(
    config: dict[str, Any], options: dict[str, Any], warned: list[Any]
) -> None:
    app = shop(config, **options)
    assert auditors(app) == []
    assert app.test_client().post("/users").status_code == 201
    assert auditors(app) == warned == []


@pytest.mark.parametrize("path", ["/", "/users"])
@pytest.mark.parametrize(("config", "options"), OFF, ids=str)
def test_where_it_is_off_a_request_that_goes_well_costs_nothing(
    config: dict[str, Any], options: dict[str, Any], path: str
) -> None:
    app = shop(config, **options)
    client = app.test_client()
    client.get("/")
    entered: set[str] = set()
    sys.setprofile(lambda frame, *_: entered.add(frame.f_code.co_filename))
    try:
        client.open(path, method="POST" if path == "/users" else "GET")
        call(app)
    finally:
        sys.setprofile(None)
    assert not [name for name in entered if name.startswith(PACKAGE)]
    assert __file__ in entered


@pytest.mark.parametrize(("config", "options"), ON, ids=str)
def test_where_it_is_on_it_warns(
    config: dict[str, Any], options: dict[str, Any], warned: list[Any]
) -> None:
    assert call(shop(config, **options), "POST", "/users").status == 201
    assert ids(warned) == ["SK201"]


@pytest.mark.parametrize(
    "switch_on",
    [
        lambda app: app.config.update(TESTING=True),
        lambda app: setattr(app, "testing", True),
        lambda app: setattr(app, "debug", True),
        lambda app: app.config.update(STATUSKIT_AUDIT="warn"),
        lambda app: app.config.update(STATUSKIT_ENVIRONMENT="testing"),
    ],
)
def test_what_is_set_between_init_app_and_the_test_client_counts(
    switch_on: Callable[[Flask], None], warned: list[Any]
) -> None:
    app = shop()
    switch_on(app)
    app.test_client().post("/users")
    assert ids(warned) == ["SK201"]


def test_every_client_counts_and_none_connects_it_twice(warned: list[Any]) -> None:
    app = shop()
    app.test_client().post("/users")
    app.testing = True
    for _ in range(3):
        app.test_client().post("/users")
    assert len(auditors(app)) == 1
    assert ids(warned) == ["SK201"]


def test_what_is_switched_off_and_on_later_counts(warned: list[Any]) -> None:
    app = shop({"TESTING": True})
    for setting, path in [("off", "/users"), ("warn", "/rooms"), ("off", "/users")]:
        app.config["STATUSKIT_AUDIT"] = setting
        call(app, "POST", path)
    assert ["rooms.create" in str(warning.message) for warning in warned] == [True]


@pytest.mark.parametrize(
    ("config", "debug", "expected"),
    [
        ({}, True, ["SK201"]),
        ({}, False, []),
        ({"STATUSKIT_AUDIT": "off"}, True, []),
        ({"STATUSKIT_ENVIRONMENT": "production"}, True, []),
    ],
    ids=str,
)
def test_under_the_reloader_debug_may_be_set_after_init_app(
    monkeypatch: pytest.MonkeyPatch,
    warned: list[Any],
    config: dict[str, Any],
    debug: bool,
    expected: list[str],
) -> None:
    monkeypatch.setenv("WERKZEUG_RUN_MAIN", "true")
    app = shop(config)
    assert bool(auditors(app)) == (not config)
    app.debug = debug  # as app.run(debug=True) sets it
    call(app, "POST", "/users")
    assert ids(warned) == expected


class Client(FlaskClient):
    """A test client of the application's own."""


class FlaskWithClient(Flask):
    test_client_class = Client


def test_a_test_client_of_the_applications_own_is_left_alone(warned: list[Any]) -> None:
    early, late = FlaskWithClient("shop"), Flask("shop")
    for app in (early, late):
        app.testing = True
        StatusKit(app)
        with_views(app)
    late.test_client_class = Client
    for app in (early, late):
        assert app.test_client_class is Client
        client = app.test_client()
        assert type(client) is Client
        client.post("/users")
    assert ids(warned) == ["SK201", "SK201"]


def test_the_class_of_test_clients_can_be_inherited_from(warned: list[Any]) -> None:
    app = shop()

    class Mine(app.test_client_class or FlaskClient):  # type: ignore[misc]
        pass

    app.test_client_class = Mine
    app.testing = True
    app.test_client().post("/users")
    assert ids(warned) == ["SK201"]


def test_the_class_of_test_clients_serves_an_application_without_statuskit() -> None:
    plain = with_views(Flask("plain"))
    plain.test_client_class = shop().test_client_class
    assert plain.test_client(use_cookies=False).post("/users").status_code == 201


# Warnings -----------------------------------------------------------------------------------------


def test_it_warns_and_logs_once_for_each_endpoint_and_rule(warned: list[Any], log: Any) -> None:
    app = shop({"TESTING": True})
    app.add_url_rule("/old", "old", lambda: ("", 302, {"ETag": "v7"}))
    for _ in range(3):
        for method, path in [("POST", "/users"), ("POST", "/rooms"), ("GET", "/old"), ("GET", "/")]:
            call(app, method, path)
    assert ids(warned) == ["SK201", "SK201", "SK302", "SK603"]
    assert [record.levelno for record in log.ours] == [logging.WARNING] * 4
    assert [record.getMessage() for record in log.ours] == [str(w.message) for w in warned]


def test_each_application_is_warned_of(warned: list[Any]) -> None:
    for _ in range(2):
        call(shop({"TESTING": True}), "POST", "/users")
    assert ids(warned) == ["SK201", "SK201"]


def test_applications_keep_their_settings_apart(warned: list[Any]) -> None:
    silent = shop({"TESTING": True}, audit_ignore="SK201")
    strict = shop({"TESTING": True}, audit="raise")
    plain, off = with_views(Flask("plain")), shop()
    warns = shop({"TESTING": True})
    for _ in range(2):
        for app in (silent, plain, off, warns):
            call(app, "POST", "/users")
        with pytest.raises(AuditError):
            call(strict, "POST", "/users")
    assert ids(warned) == ["SK201"]


def decorated(view: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(view)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        return view(*args, **kwargs)

    return wrapper


async def create_user_async() -> Any:
    return {"id": 7}, 201


class Users(MethodView):
    def get(self) -> Any:
        return {"id": 7}, 201

    def post(self) -> Any:
        return {"id": 7}, 201


class DecoratedUsers(Users):
    decorators = [decorated]  # noqa: RUF012


class OldUsers(View):
    methods = ["POST"]  # noqa: RUF012

    def dispatch_request(self) -> Any:
        return {"id": 7}, 201


class CallableUsers:
    def __call__(self) -> Any:
        return {"id": 7}, 201

    def bound(self) -> Any:
        return {"id": 7}, 201


def create_with(status: int) -> Any:
    return {"id": 7}, status


class LoopingUsers:
    """What is no use to anybody but a test: its __wrapped__ never ends."""

    def __init__(self) -> None:
        self.__wrapped__ = self

    def __call__(self) -> Any:
        return {"id": 7}, 201


HERE, ITSELF = Path(__file__), Path(audit.__file__)


@pytest.mark.parametrize(
    ("view", "method", "function"),
    [
        (create_user, "POST", create_user),
        (decorated(decorated(create_user)), "POST", create_user),
        (create_user_async, "POST", create_user_async),
        (partial(create_with, 201), "POST", create_with),
        (partial(decorated(partial(create_with)), 201), "POST", create_with),
        (CallableUsers(), "POST", CallableUsers.__call__),
        (CallableUsers().bound, "POST", CallableUsers.bound),
        (Users.as_view("users"), "POST", Users.post),
        (Users.as_view("users"), "GET", Users.get),
        (Users.as_view("users"), "HEAD", Users.get),
        (decorated(Users.as_view("users")), "POST", Users.post),
        (DecoratedUsers.as_view("users"), "POST", Users.post),
        (OldUsers.as_view("users"), "POST", OldUsers.dispatch_request),
        # Of these nobody knows the place.
        (LoopingUsers(), "POST", None),
        (partial(Response, "", 201), "POST", None),
    ],
)
def test_a_warning_names_the_place_of_the_view(
    warned: list[Any], view: Any, method: str, function: Any
) -> None:
    app = raising(Exception, {"TESTING": True}, audit="warn")
    app.add_url_rule("/users", "users", view, methods=["GET", "POST"])
    call(app, method, "/users")
    [warning] = warned
    assert str(warning.message).startswith(f"SK201 {method} users: ")
    if function is None:
        assert Path(warning.filename) == ITSELF
    else:
        place = Path(warning.filename), warning.lineno
        assert place == (HERE, function.__code__.co_firstlineno)


def test_a_warning_about_what_flask_answers_for_a_class_names_no_function(
    warned: list[Any],
) -> None:
    app = shop({"TESTING": True})
    app.add_url_rule("/class", view_func=Users.as_view("class"))
    app.after_request(lambda response: response.headers.update({"ETag": "v7"}) or response)
    call(app, "OPTIONS", "/class")
    [warning] = warned
    assert Path(warning.filename) == ITSELF
    assert str(warning.message).startswith("SK603 OPTIONS class: ")


def test_a_warning_about_a_url_that_nobody_answers_names_no_view(warned: list[Any]) -> None:
    app = shop({"TESTING": True})
    app.register_error_handler(404, lambda _: ("There is nothing.", 404))
    for path in ("/nowhere", "/elsewhere"):
        call(app, "GET", path)
    [warning] = warned
    assert Path(warning.filename) == ITSELF
    assert str(warning.message).startswith("SK601 GET /nowhere: ")


def test_a_filter_by_the_module_of_the_view_holds(warned: list[Any]) -> None:
    warnings.filterwarnings("ignore", category=HTTPAuditWarning, module=__name__)
    call(shop({"TESTING": True}), "POST", "/users")
    assert warned == []


def test_a_filter_that_hides_the_warning_leaves_the_record(warned: list[Any], log: Any) -> None:
    warnings.simplefilter("ignore", HTTPAuditWarning)
    call(shop({"TESTING": True}), "POST", "/users")
    assert (warned, len(log.ours)) == ([], 1)


def test_a_filter_that_makes_errors_of_warnings_fails_every_such_request() -> None:
    app = shop({"TESTING": True})
    client = app.test_client()
    for _ in range(2):  # the filter of this suite
        with pytest.raises(HTTPAuditWarning, match=r"^SK201 POST users\.create: "):
            client.post("/users")
    assert client.get("/").status_code == 200


# Errors -------------------------------------------------------------------------------------------


def test_raise_fails_the_request_under_testing_with_all_findings(warned: list[Any]) -> None:
    app = shop({"TESTING": True, "STATUSKIT_AUDIT": "raise"})
    app.add_url_rule("/old", "old", lambda: ("", 302, {"ETag": "v7"}))
    for _ in range(2):
        with pytest.raises(AuditError) as caught:
            app.test_client().get("/old")
        assert [finding.id for finding in caught.value.findings] == ["SK302", "SK603"]
        assert str(caught.value).splitlines() == list(map(str, caught.value.findings))
    assert app.test_client().get("/").status_code == 200
    assert warned == []


@pytest.mark.parametrize("config", [{}, {"DEBUG": True}, {"STATUSKIT_ENVIRONMENT": "testing"}])
def test_raise_warns_where_nothing_is_under_test(config: dict[str, Any], warned: list[Any]) -> None:
    app = shop({**config, "STATUSKIT_AUDIT": "raise"})
    assert call(app, "POST", "/users").status == 201
    assert ids(warned) == ["SK201"]


def test_raise_is_seen_through_the_handlers_of_the_application() -> None:
    app = shop({"TESTING": True, "STATUSKIT_AUDIT": "raise"})
    app.register_error_handler(Exception, lambda _: "Sorry.")
    with pytest.raises(AuditError):
        app.test_client().post("/users")


def test_raise_is_a_500_where_exceptions_do_not_propagate() -> None:
    config = {"TESTING": True, "PROPAGATE_EXCEPTIONS": False, "STATUSKIT_AUDIT": "raise"}
    assert_problem(call(shop(config), "POST", "/users"), 500)


def test_a_problem_that_breaks_a_rule_is_raised_too() -> None:
    app = shop({"TESTING": True, "STATUSKIT_AUDIT": "raise"})
    app.add_url_rule(
        "/gone", "gone", raising(NotFound(headers={"ETag": "v7"})).view_functions["index"]
    )
    with pytest.raises(AuditError, match="SK603 GET gone: "):
        app.test_client().get("/gone")


@pytest.mark.parametrize(("setting", "error"), [("raise", AuditError), ("warn", HTTPAuditWarning)])
def test_a_file_is_closed_when_its_response_is_refused(setting: str, error: Any) -> None:
    app = shop({"TESTING": True, "STATUSKIT_AUDIT": setting})
    file = io.BytesIO(b"hello")

    @app.get("/file")
    def get_file() -> Response:
        response = send_file(file, "text/plain")
        response.headers["ETag"] = "v7"
        return response

    with pytest.raises(error):
        app.test_client().get("/file")
    assert file.closed


# Rules that do not apply --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ignored", "expected"),
    [
        (["SK201"], []),
        (("SK201", "SK603"), []),
        ("SK201", []),
        (" SK603 , SK201 ", []),
        ("", ["SK201", "SK201"]),
        ([], ["SK201", "SK201"]),
        ({}, ["SK201", "SK201"]),
        (["SK603"], ["SK201", "SK201"]),
        ({"users.*": ["SK201"]}, ["SK201"]),
        ({"users.create": "SK603, SK201"}, ["SK201"]),
        ({"*": "SK201"}, []),
        ({"*.create": ["SK201"]}, []),
        ({"users": ["SK201"], "create": ["SK201"], "USERS.*": ["SK201"]}, ["SK201", "SK201"]),
        ({"users.*": ["SK603"], "rooms.*": ["SK201"]}, ["SK201"]),
    ],
    ids=str,
)
@pytest.mark.parametrize("how", ["config", "option"])
def test_rules_are_ignored_everywhere_or_for_endpoints(
    warned: list[Any], ignored: Any, expected: list[str], how: str
) -> None:
    if how == "config":
        app = shop({"TESTING": True, "STATUSKIT_AUDIT_IGNORE": ignored})
    else:
        app = shop({"TESTING": True}, audit_ignore=ignored)
    call(app, "POST", "/users")
    call(app, "POST", "/rooms")
    assert ids(warned) == expected


def test_what_is_ignored_is_not_raised_and_the_rest_is() -> None:
    app = shop({"TESTING": True}, audit="raise", audit_ignore={"old": ["SK302"]})
    app.add_url_rule("/old", "old", lambda: ("", 302, {"ETag": "v7"}))
    with pytest.raises(AuditError) as caught:
        app.test_client().get("/old")
    assert [finding.id for finding in caught.value.findings] == ["SK603"]


@pytest.mark.parametrize(
    ("ignored", "expected"),
    [(["SK601"], []), ({"*": "SK601"}, []), ({"users.*": "SK601"}, ["SK601"])],
    ids=str,
)
def test_where_there_is_no_endpoint_those_rules_are_ignored_that_are_everywhere(
    warned: list[Any], log: Any, ignored: Any, expected: list[str]
) -> None:
    app = shop({"TESTING": True}, audit_ignore=ignored)
    app.register_error_handler(404, lambda _: ("There is nothing.", 404))
    call(app, "GET", "/nowhere")
    assert ids(warned) == expected
    assert logging.ERROR not in [record.levelno for record in log.ours]


@pytest.mark.parametrize(
    "ignored",
    ["SK999", ["SK201", "sk201"], {"users.*": "201"}, {"users.*": None}, 201, ["SK201", 7], True],
    ids=str,
)
def test_what_is_no_rule_is_refused_at_start_up(ignored: Any) -> None:
    with pytest.raises(ConfigError, match="STATUSKIT_AUDIT_IGNORE is "):
        shop({"STATUSKIT_AUDIT_IGNORE": ignored})
    with pytest.raises(ConfigError, match="audit_ignore is "):
        shop(audit_ignore=ignored)


@pytest.mark.parametrize("value", ["on", "True", "", True, None, "WARN"], ids=str)
def test_what_is_no_way_to_audit_is_refused_at_start_up(value: Any) -> None:
    with pytest.raises(ConfigError, match=r'STATUSKIT_AUDIT is .*"off" or "warn" or "raise"'):
        shop({"STATUSKIT_AUDIT": value})


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({"AUDIT": "warn"}, ["SK201", "SK201"]),
        ({"AUDIT": "off"}, []),
        ({"AUDIT": "warn", "AUDIT_IGNORE": "SK201, SK603"}, []),
        ({"AUDIT": "warn", "AUDIT_IGNORE": '["SK201"]'}, []),
        ({"AUDIT": "warn", "AUDIT_IGNORE": '{"users.*": ["SK201"]}'}, ["SK201"]),
        ({"AUDIT": "warn", "AUDIT_IGNORE": '{"users.*": "SK201"}'}, ["SK201"]),
    ],
    ids=str,
)
def test_it_can_be_set_by_environment_variables(
    monkeypatch: pytest.MonkeyPatch,
    warned: list[Any],
    variables: dict[str, str],
    expected: list[str],
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(f"FLASK_STATUSKIT_{name}", value)
    app = Flask("shop")
    app.config.from_prefixed_env()
    StatusKit(app)
    with_views(app)
    call(app, "POST", "/users")
    call(app, "POST", "/rooms")
    assert ids(warned) == expected


def test_the_rest_of_a_site_is_not_audited(warned: list[Any]) -> None:
    app = shop({"TESTING": True}, url_prefixes=["/api"])
    api = Blueprint("api", "shop", url_prefix="/api")
    api.add_url_rule("/users", "create", create_user, methods=["POST"])
    app.register_blueprint(api)
    for path in ("/users", "/rooms", "/api/users"):
        call(app, "POST", path)
    assert ["api.create" in str(warning.message) for warning in warned] == [True]


# What it looks at ---------------------------------------------------------------------------------


def answering(response: Callable[[], Any], **options: Any) -> Flask:
    """An application that answers a POST with what a function returns, and is audited."""
    app = Flask("shop", static_folder=None)
    app.testing = True
    StatusKit(app, **options)
    app.add_url_rule("/", "index", response, methods=["POST"])
    return app


def test_it_sees_what_after_request_functions_have_mended_and_broken(warned: list[Any]) -> None:
    app = answering(create_user)

    @app.after_request
    def change(response: Response) -> Response:
        response.headers.update({"Location": "/users/7", "ETag": "v7"})
        return response

    call(app, "POST")
    assert ids(warned) == ["SK603"]


class Stream:
    """A body that notes how much of it was read, and knows its length although it is no list."""

    def __init__(self) -> None:
        self.read = 0

    def __len__(self) -> int:
        return 2

    def __iter__(self) -> Iterator[bytes]:
        for chunk in (b'{"error":', b' "none"}'):
            self.read += 1
            yield chunk

    def close(self) -> None:
        self.read = -1


@pytest.mark.parametrize("wrap", [iter, lambda stream: stream], ids=["generator", "sized"])
@pytest.mark.parametrize("passthrough", [False, True])
def test_a_stream_is_read_by_the_server_only(
    warned: list[Any], passthrough: bool, wrap: Callable[[Stream], Any]
) -> None:
    stream, seen = Stream(), []
    app = answering(
        lambda: Response(
            wrap(stream), 201, mimetype="application/json", direct_passthrough=passthrough
        )
    )

    def look(*_: Any, **__: Any) -> None:
        seen.append((stream.read, ids(warned)))

    app.teardown_request(look)
    answer = call(app, "POST")
    assert (answer.status, answer.json) == (201, {"error": "none"})
    assert seen == [(0, ["SK201"])]


def test_a_file_is_read_by_the_server_only(warned: list[Any]) -> None:
    file, read = io.BytesIO(b"hello"), list[int]()
    app = answering(
        lambda: Response(wrap_file(request.environ, file), 201, direct_passthrough=True)
    )
    app.teardown_request(lambda _: read.append(file.tell()))
    assert call(app, "POST").body == b"hello"
    assert (read, ids(warned)) == ([0], ["SK201"])


def exchange_of(
    monkeypatch: pytest.MonkeyPatch, response: Callable[[], Any], **headers: str
) -> Exchange:
    """What rules get to see of a response."""
    exchanges: list[Exchange] = []

    def look(exchange: Exchange) -> bool:
        exchanges.append(exchange)
        return False

    monkeypatch.setattr(rules, "RULES", {"SK200": replace(RULES["SK200"], is_broken=look)})
    call(answering(response), "POST", headers=headers)
    [exchange] = exchanges
    return exchange


@pytest.mark.parametrize(
    ("body", "length", "content"),
    [
        ("", 0, b""),
        ("ü", 2, b"\xc3\xbc"),
        (["ü", b"\xff", ""], 3, b"\xc3\xbc\xff"),
        (b"x" * LARGEST_PARSED, LARGEST_PARSED, b"x" * LARGEST_PARSED),
        (b"x" * (LARGEST_PARSED + 1), LARGEST_PARSED + 1, None),
        (iter(["x"]), None, None),
    ],
    ids=["empty", "text", "list", "largest", "larger", "stream"],
)
def test_content_is_looked_at_up_to_a_bound(
    monkeypatch: pytest.MonkeyPatch, body: Any, length: int | None, content: bytes | None
) -> None:
    exchange = exchange_of(monkeypatch, lambda: Response(body))
    assert (exchange.length, exchange.content) == (length, content)


@pytest.mark.parametrize(
    ("coding", "is_read"), [("gzip", False), ("br", False), ("identity", True)]
)
def test_content_that_is_encoded_is_not_looked_at(
    monkeypatch: pytest.MonkeyPatch, coding: str, is_read: bool
) -> None:
    exchange = exchange_of(monkeypatch, lambda: ("hello", {"Content-Encoding": coding}))
    assert (exchange.length, exchange.content is not None) == (5, is_read)


def test_rules_see_the_request_and_the_response(monkeypatch: pytest.MonkeyPatch) -> None:
    exchange = exchange_of(monkeypatch, create_user, Authorization="Bearer 7")
    assert (exchange.method, exchange.status) == ("POST", 201)
    assert exchange.asked["authorization"] == "Bearer 7"
    assert exchange.headers["content-type"] == "application/json"


@pytest.mark.parametrize(
    "body",
    ["", "héllo", b"\x00\xff", ["a", "é", b"\xff"], (b"a", b""), '{"error": "x"}', b"x" * 2**19],
    ids=lambda body: repr(body)[:20],
)
def test_a_body_is_sent_as_it_is(warned: list[Any], body: Any) -> None:
    audited = answering(lambda: Response(body, 201))
    bare = answering(lambda: Response(body, 201), audit="off")
    assert call(audited, "POST") == call(bare, "POST")
    assert "SK201" in ids(warned)


# When it fails itself -----------------------------------------------------------------------------


def fail(*_: Any) -> bool:
    raise RuntimeError("a bug of ours")


class FailsOnce(Response):
    """A response whose content cannot be looked at, only sent."""

    automatically_set_content_length = False
    looks = 0

    def iter_encoded(self) -> Iterator[bytes]:
        self.looks += 1
        return super().iter_encoded() if self.looks > 1 else iter([fail()])  # type: ignore[list-item]


@pytest.mark.parametrize("setting", ["warn", "raise"])
@pytest.mark.parametrize("what", ["a rule", "the response", "the state"])
def test_a_response_that_cannot_be_audited_is_sent_and_the_log_says_why(
    monkeypatch: pytest.MonkeyPatch, log: Any, warned: list[Any], setting: str, what: str
) -> None:
    app = answering(lambda: FailsOnce('{"id": 7}', 201), audit=setting)
    if what != "the response":
        app.view_functions["index"] = create_user
    if what == "a rule":
        monkeypatch.setattr(rules, "RULES", {"SK201": replace(RULES["SK201"], is_broken=fail)})
    if what == "the state":
        app.extensions["statuskit"] = None
    answer = call(app, "POST")
    assert (answer.status, answer.json) == (201, {"id": 7})
    [record] = log.ours
    assert (record.levelno, warned) == (logging.ERROR, [])
    assert record.exc_info[0] in (RuntimeError, AttributeError)


# What it says -------------------------------------------------------------------------------------


def test_a_message_says_where_what_how_and_why() -> None:
    with pytest.raises(AuditError) as caught:
        shop({"TESTING": True}, audit="raise").test_client().post("/users")
    assert str(caught.value) == (
        "SK201 POST users.create: a 201 without Location (201 Created). Return created(location,"
        " body) with the URL of what was created. See RFC 9110 §9.3.3, docs/audit.md#sk201."
    )


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_a_message_is_one_line_with_all_of_its_rule(rule: Any) -> None:
    finding = audit.Finding(rule, "GET", "/", "index", 499)
    message = str(finding)
    assert message.startswith(f"{rule.id} GET index: {rule.summary} (499 Unknown). {rule.hint} ")
    about = str(replace(finding, error="NotFound"))
    assert about == message.replace("(499 Unknown)", "(499 Unknown, NotFound)")
    assert message.endswith(f"See {rule.section}, docs/audit.md#{rule.id.lower()}.")
    assert message.isprintable()
    assert finding.id == rule.id


@pytest.mark.parametrize(
    "nasty", ["\n", "\r\nSK999", "\x1b[31m", "\x00", "\u2028", "\x85"], ids=ascii
)
def test_nothing_of_a_request_can_break_the_line(warned: list[Any], log: Any, nasty: str) -> None:
    app = shop({"TESTING": True})
    app.register_error_handler(404, lambda _: ("There is nothing.", 404))
    app.register_error_handler(405, lambda _: ("No.", 405, {"Cache-Control": "no-store"}))
    app.add_url_rule("/x", f"x{nasty}", create_user)
    call(app, environ_overrides={"PATH_INFO": f"/{nasty}".encode().decode("latin-1")})
    call(app, path="/x")
    call(app, environ_overrides={"REQUEST_METHOD": f"X{nasty}"})
    assert ids(warned) == ["SK601", "SK201", "SK405"]
    for message in [*(str(w.message) for w in warned), *(r.getMessage() for r in log.ours)]:
        assert message.isprintable()


def test_any_request_and_response_can_be_checked() -> None:
    app = shop()
    with app.test_request_context("/users", method="POST") as context:
        [finding] = check(context.request, Response(status=201))
    assert (finding.method, finding.path, finding.status) == ("POST", "/users", 201)
    assert (finding.endpoint, finding.rule) == ("users.create", RULES["SK201"])


# Applications and threads -------------------------------------------------------------------------


@pytest.fixture
def no_gc() -> Iterator[None]:
    gc.disable()
    yield
    gc.enable()


@pytest.mark.usefixtures("no_gc", "warned")
@pytest.mark.parametrize(("config", "options"), [*OFF[:1], *ON], ids=str)
def test_an_audited_application_is_freed_without_the_garbage_collector(
    config: dict[str, Any], options: dict[str, Any]
) -> None:
    app = shop(config, **options)
    if app.config.get("STATUSKIT_AUDIT") != "raise":
        call(app, "POST", "/users")
    freed = weakref.ref(app)
    del app
    assert freed() is None


@pytest.mark.usefixtures("no_gc")
def test_a_client_keeps_its_application_and_both_are_freed(warned: list[Any]) -> None:
    client = shop({"TESTING": True}).test_client()
    assert client.post("/users").status_code == 201
    assert ids(warned) == ["SK201"]
    freed = weakref.ref(client.application)
    del client
    assert freed() is None


def test_what_threads_find_at_once_is_told_once(warned: list[Any], log: Any) -> None:
    threads, app = 16, shop({"TESTING": True})
    together = threading.Barrier(threads)

    def post(_: int) -> int:
        together.wait(timeout=30)
        return call(app, "POST", "/users").status

    with ThreadPoolExecutor(threads) as pool:
        assert list(pool.map(post, range(threads))) == [201] * threads
    assert ids(warned) == ["SK201"]
    assert len(log.ours) == 1
