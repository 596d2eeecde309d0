"""`StatusKit`: how an application gets one, and what its methods promise."""

from __future__ import annotations

import gc
import sys
import weakref
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

import marshmallow
import pytest
import werkzeug.exceptions
from flask import Blueprint, Flask, abort
from support import (
    UNSENT,
    Foreign,
    ForeignChild,
    assert_problem,
    call,
    kit_of,
    make_app,
    mapped,
    raising,
    view_raising,
)
from werkzeug.exceptions import default_exceptions
from werkzeug.middleware.dispatcher import DispatcherMiddleware

from flask_statuskit import (
    ConfigError,
    Conflict,
    GatewayTimeout,
    Gone,
    MethodNotAllowed,
    NotFound,
    PaymentRequired,
    StatusError,
    StatusKit,
    Unauthorized,
    ValidationError,
    config,
    exceptions,
    problem_raised,
)


class OutOfCredit(PaymentRequired):
    """The balance does not cover the price."""

    type = "out-of-credit"
    balance: int


class BelowLimit(OutOfCredit):
    """Even the overdraft does not cover it."""


@pytest.fixture
def no_gc() -> Iterator[None]:
    gc.disable()
    yield
    gc.enable()


# Initialising


def by_constructor(app: Flask) -> StatusKit:
    return StatusKit(app)


def by_init_app(app: Flask) -> StatusKit:
    kit = StatusKit()
    kit.init_app(app)
    return kit


def twice(app: Flask) -> StatusKit:
    kit = StatusKit(app)
    kit.init_app(app)
    return kit


@pytest.mark.parametrize("initialise", [by_constructor, by_init_app, twice])
def test_each_way_to_initialise_answers_with_one_problem(
    initialise: Callable[[Flask], StatusKit], log: Any, announced: list[Any]
) -> None:
    app = Flask("shop")
    kit = initialise(app)
    app.add_url_rule("/", view_func=view_raising(Conflict))
    assert_problem(call(app), 409)
    assert app.extensions["statuskit"].kit is kit
    assert len(log.problems) == len(announced) == 1


def test_initialising_an_app_twice_keeps_its_state() -> None:
    app = make_app()
    state = app.extensions["statuskit"]
    kit_of(app).init_app(app)
    assert app.extensions["statuskit"] is state


def test_initialising_an_app_twice_is_no_error_after_its_first_request_either() -> None:
    app = raising(Conflict)
    call(app)
    kit_of(app).init_app(app)
    assert_problem(call(app), 409)


def test_a_second_instance_on_one_app_is_refused() -> None:
    app = make_app()
    with pytest.raises(RuntimeError, match="shop already has a StatusKit"):
        StatusKit(app)


def test_initialising_after_the_first_request_is_refused() -> None:
    app = Flask("shop")
    call(app)
    with pytest.raises(RuntimeError, match="already answered a request"):
        StatusKit(app)


def test_a_flask_that_finds_its_handlers_differently_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    app = Flask("shop")
    owner = next(cls for cls in Flask.__mro__ if "_find_error_handler" in vars(cls))
    monkeypatch.delattr(owner, "_find_error_handler")
    with pytest.raises(RuntimeError, match="does not know"):
        StatusKit(app)


def test_an_unknown_option_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(TypeError, match=r"type_bse.*Did you mean type_base"):
        StatusKit(type_bse="/problems")


def test_an_unknown_setting_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(ConfigError, match=r"STATUSKIT_INSTANC.*Did you mean STATUSKIT_INSTANCE"):
        make_app({"STATUSKIT_INSTANC": True})


@pytest.mark.parametrize(
    "make",
    [
        lambda: make_app(integrations=["marshmalow"]),
        lambda: make_app({"STATUSKIT_INTEGRATIONS": "marshmalow"}),
    ],
    ids=["constructor", "config"],
)
def test_an_unknown_integration_is_refused_with_the_nearest_name(make: Any) -> None:
    with pytest.raises(ValueError, match=r"'marshmalow'.*did you mean 'marshmallow'"):
        make()


def test_an_app_whose_initialisation_was_refused_can_be_mended_and_initialised() -> None:
    app, kit = Flask("shop"), StatusKit()
    app.add_url_rule("/", view_func=view_raising(Conflict))
    app.config["STATUSKIT_VALIDATION_STATUS"] = 409
    with pytest.raises(ConfigError, match=r"STATUSKIT_VALIDATION_STATUS is 409.*422 or 400"):
        kit.init_app(app)
    app.config["STATUSKIT_VALIDATION_STATUS"] = 400
    kit.init_app(app)
    assert_problem(call(app), 409)


def test_an_option_of_the_constructor_wins_over_the_configuration() -> None:
    config = {"STATUSKIT_TYPE_BASE": "https://config.example/"}
    app = raising(lambda: OutOfCredit(balance=3), config, type_base="https://option.example/")
    assert call(app).json["type"] == "https://option.example/out-of-credit"


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        ({}, 422),
        ({"integrations": ["marshmallow"]}, 422),
        ({"integrations": "marshmallow"}, 422),
        ({"default_integrations": False}, 500),
        ({"default_integrations": False, "integrations": ["marshmallow"]}, 422),
    ],
    ids=str,
)
def test_integrations_are_on_by_default_or_by_name(arguments: Any, status: int) -> None:
    app = raising(lambda: marshmallow.ValidationError({"age": ["Too low."]}), **arguments)
    assert_problem(call(app), status)


def test_an_integration_can_be_named_in_the_configuration() -> None:
    config = {"STATUSKIT_INTEGRATIONS": "marshmallow"}
    error = marshmallow.ValidationError({"age": ["Too low."]})
    app = raising(lambda: error, config, default_integrations=False)
    assert call(app).json["errors"] == [{"detail": "Too low.", "pointer": "#/age"}]


# No reference to an application


def raise_typed() -> None:
    raise Conflict


def raise_mapped() -> None:
    raise Foreign


def raise_werkzeugs() -> None:
    abort(409)


# A local variable with the exception, a routing error, and an unhandled exception are cycles in
# Flask itself.
@pytest.mark.usefixtures("no_gc")
@pytest.mark.parametrize("view", [raise_typed, raise_mapped, raise_werkzeugs])
def test_an_app_that_served_problems_is_freed_without_the_garbage_collector(view: Any) -> None:
    kit = StatusKit()
    kit.map(Foreign, Conflict)
    app = make_app(kit=kit)
    app.add_url_rule("/", view_func=view)
    assert_problem(call(app), 409)
    freed = weakref.ref(app)
    del app
    assert freed() is None


@pytest.mark.usefixtures("no_gc")
def test_an_app_that_never_served_is_freed_while_its_kit_lives_on() -> None:
    kit = StatusKit()
    freed = weakref.ref(make_app(kit=kit))
    assert freed() is None
    assert_problem(call(raising(Conflict, kit=kit)), 409)


# Several applications


def test_two_apps_in_one_process_keep_their_settings_apart() -> None:
    basic = raising(Unauthorized, {"STATUSKIT_CHALLENGE": 'Basic realm="a"'})
    bearer = raising(Unauthorized)
    for app, challenge in [(basic, 'Basic realm="a"'), (bearer, "Bearer")] * 2:
        assert call(app).header("WWW-Authenticate") == challenge


def test_two_apps_with_kits_of_their_own_keep_their_mappings_apart() -> None:
    here, there = mapped(Conflict), raising(Foreign)
    assert_problem(call(here), 409)
    assert_problem(call(there), 500)


def test_two_apps_of_one_kit_share_its_mappings_and_not_their_integrations() -> None:
    kit = StatusKit(default_integrations=False)
    kit.map(Foreign, Conflict)
    error = marshmallow.ValidationError("no")
    with_it = raising(lambda: error, {"STATUSKIT_INTEGRATIONS": "marshmallow"}, kit=kit)
    without = raising(lambda: error, kit=kit)
    assert_problem(call(with_it), 422)
    assert_problem(call(without), 500)
    for app in (with_it, without):
        app.view_functions["index"] = view_raising(Foreign)
        assert_problem(call(app), 409)


def test_an_application_factory_can_be_called_again_and_again() -> None:
    kit = StatusKit()

    @kit.map(Foreign)
    def conflict(error: Foreign) -> Conflict:
        return Conflict("Made in one place")

    def create_app() -> Flask:
        app = Flask("shop")
        app.add_url_rule("/", view_func=view_raising(Foreign))
        kit.init_app(app)
        return app

    for app in [create_app(), create_app(), create_app()]:
        assert assert_problem(call(app), 409)["detail"] == "Made in one place"


def test_an_app_without_statuskit_notices_nothing_of_one_with_it() -> None:
    make_app()
    plain = Flask("plain")
    plain.add_url_rule("/", "index", lambda: abort(402))
    plain.add_url_rule("/conflict", "conflict", lambda: abort(409))
    assert call(plain, path="/conflict").header("Content-Type") == "text/html; charset=utf-8"
    plain.testing = True
    with pytest.raises(LookupError, match="402"):
        call(plain)


# Mapping


def to_class(kit: StatusKit) -> None:
    kit.map(Foreign, Conflict)


def to_status(kit: StatusKit) -> None:
    kit.map(Foreign, 409)


def by_dotted_name(kit: StatusKit) -> None:
    kit.map("support.Foreign", Conflict)


def by_decorator(kit: StatusKit) -> None:
    @kit.map(Foreign)
    def build(error: Foreign) -> Conflict:
        return Conflict()


def by_decorated_dotted_name(kit: StatusKit) -> None:
    @kit.map("support.Foreign")
    def build(error: Foreign) -> Conflict:
        return Conflict()


def to_function(kit: StatusKit) -> None:
    kit.map(Foreign, lambda error: Conflict())


def to_function_that_raises(kit: StatusKit) -> None:
    def build(error: Foreign) -> Conflict:
        raise Conflict

    kit.map(Foreign, build)


FORMS = [
    to_class,
    to_status,
    by_dotted_name,
    by_decorator,
    by_decorated_dotted_name,
    to_function,
    to_function_that_raises,
]


@pytest.mark.parametrize("raised", [Foreign, ForeignChild])
@pytest.mark.parametrize("register", FORMS)
def test_each_form_of_mapping_holds_for_the_class_and_its_subclasses(
    register: Callable[[StatusKit], None], raised: type[Exception]
) -> None:
    app = raising(raised)
    register(kit_of(app))
    assert_problem(call(app), 409)


@pytest.mark.parametrize("register", FORMS)
def test_each_form_of_mapping_holds_when_it_comes_before_init_app(
    register: Callable[[StatusKit], None],
) -> None:
    kit = StatusKit()
    register(kit)
    assert_problem(call(raising(Foreign, kit=kit)), 409)


def test_a_mapping_that_comes_after_the_first_request_counts() -> None:
    app = raising(Foreign)
    assert_problem(call(app), 500)
    kit_of(app).map(Foreign, Gone)
    assert_problem(call(app), 410)


def test_the_hints_of_a_mapping_reach_the_client() -> None:
    app = mapped(
        GatewayTimeout,
        detail="The warehouse is slow.",
        retry_after=5,
        type="warehouse-slow",
        title="Warehouse",
        headers={"X-Warehouse": "north"},
        warehouse="north",
    )
    answer = call(app)
    body = assert_problem(answer, 504)
    assert answer.header("Retry-After") == "5"
    assert answer.header("X-Warehouse") == "north"
    del body["request_id"]
    assert body == {
        "type": "urn:problem-type:warehouse-slow",
        "title": "Warehouse",
        "status": 504,
        "detail": "The warehouse is slow.",
        "instance": "/",
        "retry_after": 5,
        "warehouse": "north",
    }


def test_a_builder_sees_the_very_exception_that_was_raised() -> None:
    raised, seen = Foreign("x"), []
    app = raising(raised)
    kit_of(app).map(Foreign, lambda error: seen.append(error) or Conflict())
    call(app)
    assert [error is raised for error in seen] == [True]


@pytest.mark.parametrize("order", [1, -1])
def test_the_nearest_mapped_class_wins_in_whatever_order_they_came(order: int) -> None:
    app = raising(ForeignChild)
    for exception, error in [(Foreign, Conflict), (ForeignChild, Gone)][::order]:
        kit_of(app).map(exception, error)
    assert_problem(call(app), 410)
    app.view_functions["index"] = view_raising(Foreign)
    assert_problem(call(app), 409)


def test_a_builder_that_returns_none_leaves_the_exception_to_the_next_class() -> None:
    app = raising(ForeignChild)
    kit_of(app).map(Foreign, Conflict)
    kit_of(app).map(ForeignChild, lambda error: None)
    assert_problem(call(app), 409)


def test_an_exception_that_no_builder_wants_is_a_bug(signalled: list[BaseException]) -> None:
    assert_problem(call(mapped(lambda error: None)), 500)
    assert [type(error) for error in signalled] == [Foreign]


def test_a_builder_that_fails_makes_the_exception_a_bug_and_is_logged(
    log: Any, signalled: list[BaseException]
) -> None:
    def build(error: Foreign) -> Conflict:
        raise KeyError("the bug of the builder")

    assert_problem(call(mapped(build)), 500)
    assert [type(error) for error in signalled] == [Foreign]
    assert "the bug of the builder" in [str(r.exc_info[1].args[0]) for r in log.ours if r.exc_info]


def test_mapping_a_class_again_replaces_what_it_was_mapped_to() -> None:
    app = mapped(Conflict)
    kit_of(app).map(Foreign, Gone)
    assert_problem(call(app), 410)


def test_a_class_of_werkzeugs_can_be_mapped() -> None:
    app = make_app()
    kit_of(app).map(werkzeug.exceptions.NotFound, Gone, detail="We moved.")
    assert assert_problem(call(app, path="/nowhere"), 410)["detail"] == "We moved."


def test_a_dotted_name_waits_for_its_module_and_never_imports_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    app = raising(Foreign)
    kit_of(app).map("json.tool.Late", Gone)
    kit_of(app).map("tabnanny.NannyNag", Conflict)
    monkeypatch.delitem(sys.modules, "tabnanny", raising=False)
    assert_problem(call(app), 500)
    assert "tabnanny" not in sys.modules
    module = ModuleType("tabnanny")
    module.NannyNag = Foreign  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "tabnanny", module)
    assert_problem(call(app), 409)


def nothing_to_build(kit: StatusKit) -> None:
    kit.map(Foreign, retry_after=5)  # type: ignore[call-overload]


def a_status_that_is_none(kit: StatusKit) -> None:
    kit.map(Foreign, 499)


def a_success(kit: StatusKit) -> None:
    kit.map(Foreign, 200)


def an_instance(kit: StatusKit) -> None:
    kit.map(Foreign(), Conflict)  # type: ignore[call-overload]


def a_base_exception(kit: StatusKit) -> None:
    kit.map(KeyboardInterrupt, Conflict)  # type: ignore[type-var]


def a_name_without_a_module(kit: StatusKit) -> None:
    kit.map("Foreign", Conflict)


def a_name_that_its_module_lacks(kit: StatusKit) -> None:
    kit.map("support.Missing", Conflict)


def a_class_of_werkzeugs_as_the_target(kit: StatusKit) -> None:
    kit.map(Foreign, werkzeug.exceptions.Conflict)  # type: ignore[arg-type]


def a_missing_member(kit: StatusKit) -> None:
    kit.map(Foreign, OutOfCredit)


def a_function_with_hints(kit: StatusKit) -> None:
    kit.map(Foreign, lambda error: Conflict(), retry_after=5)


@pytest.mark.parametrize(
    ("register", "error", "advice"),
    [
        (nothing_to_build, TypeError, r"Say what to build: map\(.*Foreign.*, Conflict"),
        (a_status_that_is_none, ValueError, "499 is no registered"),
        (a_success, ValueError, "200 is no registered 4xx or 5xx"),
        (an_instance, TypeError, "no subclass of Exception"),
        (a_base_exception, TypeError, "no subclass of Exception"),
        (a_name_without_a_module, ValueError, "type 'package.module.Class'"),
        (a_name_that_its_module_lacks, ValueError, "'support.Missing' does not exist"),
        (a_class_of_werkzeugs_as_the_target, TypeError, "type flask_statuskit.Conflict"),
        (a_missing_member, TypeError, "add balance="),
        (a_function_with_hints, TypeError, "maps to nothing"),
    ],
)
def test_a_mapping_that_cannot_work_is_refused_where_it_is_written(
    register: Callable[[StatusKit], None], error: type[Exception], advice: str
) -> None:
    with pytest.raises(error, match=advice):
        register(StatusKit())


@pytest.mark.skipif(sys.version_info < (3, 11), reason="there are no exception groups")
@pytest.mark.parametrize(
    ("leaves", "status"),
    [
        ([Conflict("leaf")], 409),
        ([Foreign("leaf")], 410),
        ([ZeroDivisionError()], 500),
        ([Conflict(), Conflict()], 500),
    ],
    ids=["typed", "mapped", "a bug", "two"],
)
def test_a_group_stands_for_its_leaf_when_it_has_only_one(leaves: Any, status: int) -> None:
    group = ExceptionGroup("all of them", leaves)  # type: ignore[name-defined] # noqa: F821
    app = raising(group)
    kit_of(app).map(Foreign, Gone)
    assert_problem(call(app), status)


def test_a_cause_is_not_guessed_at() -> None:
    def view() -> None:
        raise ZeroDivisionError from Foreign()

    app = raising(view)
    kit_of(app).map(Foreign, Conflict)
    assert_problem(call(app), 500)


# abort


@pytest.mark.parametrize("code", sorted(exceptions.ERRORS.keys() - default_exceptions))
@pytest.mark.filterwarnings("ignore:A 4(07|26) owes")
def test_abort_knows_the_codes_that_werkzeug_lacks(code: int) -> None:
    app = raising(lambda: abort(code, "Because."))
    body = assert_problem(call(app), code)
    assert (body["detail"] == "Because.") == (code < 500 or exceptions.ERRORS[code].expose)


@pytest.mark.parametrize("code", [407, 426])
def test_aborting_with_a_duty_that_wsgi_cannot_keep_warns_and_works(code: int) -> None:
    with pytest.warns(UserWarning, match=f"A {code} owes the header .* cannot send"):
        answer = call(raising(lambda: abort(code)))
    assert_problem(answer, code)


def test_abort_takes_members() -> None:
    assert call(raising(lambda: abort(402, balance=3))).json["balance"] == 3


def test_an_aborter_of_the_apps_own_is_kept() -> None:
    app = Flask("shop")
    app.aborter.mapping[402] = werkzeug.exceptions.ImATeapot
    StatusKit(app)
    app.add_url_rule("/", view_func=lambda: abort(402))
    assert_problem(call(app), 418)


# Settings are read for each request


@pytest.mark.parametrize(
    ("key", "value", "probe", "before", "after"),
    [
        ("CHALLENGE", "DPoP", lambda a: a.header("WWW-Authenticate"), "Bearer", "DPoP"),
        ("CACHE_CONTROL", "private", lambda a: a.header("Cache-Control"), "no-store", "private"),
        ("RETRY_AFTER", {401: 9}, lambda a: a.header("Retry-After"), None, "9"),
        ("URL_PREFIXES", ["/api"], lambda a: b"<!doctype" in a.body, False, True),
        ("TYPE_BASE", "/p", lambda a: a.json["type"], "urn:problem-type:own", "/p/own"),
        ("REQUEST_ID_HEADER", "X-Rid", lambda a: len(a.all("X-Rid")), 0, 1),
        ("INSTANCE", False, lambda a: "instance" in a.json, True, False),
        ("CACHE_CONTROL", None, lambda a: a.header("Cache-Control"), "no-store", None),
        ("REQUEST_ID_HEADER", None, lambda a: len(a.all("X-Request-ID")), 1, 0),
    ],
    ids=lambda value: None if callable(value) else repr(value),
)
def test_a_setting_that_changes_after_the_first_request_counts(
    key: str, value: Any, probe: Callable[[Any], Any], before: Any, after: Any
) -> None:
    app = raising(lambda: Unauthorized(type="own"))
    assert probe(call(app)) == before
    app.config[f"STATUSKIT_{key}"] = value
    assert probe(call(app)) == after


def test_settings_that_did_not_change_are_not_parsed_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    app = raising(Conflict, {"STATUSKIT_RETRY_AFTER": {503: 9}})
    parsed: list[Any] = []
    resolve = config.resolve
    monkeypatch.setattr(config, "resolve", lambda *a, **k: parsed.append(a) or resolve(*a, **k))
    for _ in range(3):
        call(app)
    assert parsed == []


def test_a_setting_that_is_taken_back_counts() -> None:
    app = raising(Unauthorized, {"STATUSKIT_CHALLENGE": "DPoP"})
    assert call(app).header("WWW-Authenticate") == "DPoP"
    del app.config["STATUSKIT_CHALLENGE"]
    assert call(app).header("WWW-Authenticate") == "Bearer"


def test_a_list_that_is_changed_in_place_counts() -> None:
    app = raising(Conflict, {"STATUSKIT_URL_PREFIXES": ["/api"]})
    assert call(app).header("Content-Type") == "text/html; charset=utf-8"
    for _ in range(2):
        app.config["STATUSKIT_URL_PREFIXES"].append("/")
        assert_problem(call(app), 409)
        app.config["STATUSKIT_URL_PREFIXES"].remove("/")
        assert call(app).header("Content-Type") == "text/html; charset=utf-8"


# Where errors are raised


@pytest.fixture
def nested() -> Flask:
    """A blueprint in a blueprint, each with a view that fails."""
    app = make_app()
    inner, outer = Blueprint("inner", "shop"), Blueprint("outer", "shop")
    inner.add_url_rule("/conflict", "conflict", view_raising(Conflict))
    inner.add_url_rule("/foreign", "foreign", view_raising(Foreign))
    inner.add_url_rule("/gone", "gone", view_raising(Gone))
    outer.add_url_rule("/gone", "gone", view_raising(Gone))
    inner.register_error_handler(409, lambda error: ("inner's", 418))
    outer.register_error_handler(409, lambda error: ("outer's", 418))
    outer.register_error_handler(Foreign, lambda error: ("outer's", 418))
    outer.register_blueprint(inner, url_prefix="/inner")
    app.register_blueprint(outer, url_prefix="/outer")
    return app


@pytest.mark.parametrize("path", ["/outer/gone", "/outer/inner/gone"])
def test_an_error_in_a_nested_blueprint_is_a_problem(nested: Flask, path: str) -> None:
    assert assert_problem(call(nested, path=path), 410)["instance"] == path


def test_the_innermost_blueprint_with_a_handler_answers(nested: Flask) -> None:
    assert call(nested, path="/outer/inner/conflict").body == b"inner's"


def test_a_handler_of_the_outer_blueprint_answers_for_the_inner_one(nested: Flask) -> None:
    kit_of(nested).map(Foreign, Gone)
    assert call(nested, path="/outer/inner/foreign").body == b"outer's"


def test_an_error_can_be_handled_in_a_test_request_context() -> None:
    app = make_app()
    with app.test_request_context("/users?page=2"):
        response = app.make_response(app.handle_user_exception(Conflict("Taken.")))
    assert response.status == "409 Conflict"
    assert response.get_json(force=True)["instance"] == "/users"


@pytest.mark.parametrize(
    ("path", "status"), [("/api/v1/", 409), ("/api/v1/nowhere", 404), ("/api/v1/post", 405)]
)
def test_the_instance_of_a_mounted_app_includes_the_mount(path: str, status: int) -> None:
    app = raising(Conflict)
    app.add_url_rule("/post", "post", view_raising(Conflict), methods=["POST"])
    site = DispatcherMiddleware(Flask("front"), {"/api/v1": app})
    assert assert_problem(call(site, path=path), status)["instance"] == path


def test_the_instance_is_the_path_without_the_query_as_a_uri_reference() -> None:
    answer = call(make_app(), path="/caf%C3%A9%20%3Cb%3E?token=secret")
    assert answer.json["instance"] == "/caf%C3%A9%20%3Cb%3E"


def test_the_instance_can_be_left_out() -> None:
    answer = call(raising(Conflict, {"STATUSKIT_INSTANCE": False}))
    assert "instance" not in answer.json


def test_a_request_without_a_host_and_without_a_query_is_answered() -> None:
    missing = {"HTTP_HOST": UNSENT, "SERVER_PROTOCOL": "HTTP/1.0"}
    assert_problem(call(raising(Conflict), environ_overrides=missing), 409)


# Problem types and the signal


def test_problem_types_are_the_classes_with_a_type_of_their_own_by_type() -> None:
    found = StatusKit().problem_types()
    assert {OutOfCredit, BelowLimit} <= set(found)
    assert not {StatusError, Conflict, PaymentRequired, ValidationError} & set(found)
    assert [cls.type for cls in found] == sorted(cls.type for cls in found)
    assert len(found) == len(set(found))


def test_the_signal_says_what_the_client_reads_and_what_was_raised(announced: list[Any]) -> None:
    raised = Conflict("Taken.", email="a@b.c")
    app = raising(raised)
    body = call(app).json
    [sent] = announced
    assert sent["app"] is app
    assert sent["error"] is raised
    assert sent["original"] is None
    assert sent["problem"].to_dict() == body


@pytest.mark.parametrize("status", [409, 503])
def test_the_signal_names_the_foreign_exception(announced: list[Any], status: int) -> None:
    raised = Foreign()
    call(mapped(status, raised=raised))
    [sent] = announced
    assert sent["original"] is raised
    assert type(sent["error"]) is exceptions.ERRORS[status]


def test_the_signal_for_a_bug_names_it_and_shows_the_receiver_what_the_client_reads(
    announced: list[Any],
) -> None:
    raised = ZeroDivisionError("secret")
    body = call(raising(raised)).json
    [sent] = announced
    assert sent["original"] is raised
    assert sent["problem"].to_dict() == body


def test_the_signal_for_werkzeugs_own_errors_names_them(announced: list[Any]) -> None:
    call(make_app(), path="/nowhere")
    [sent] = announced
    assert type(sent["error"]) is NotFound
    assert isinstance(sent["original"], werkzeug.exceptions.NotFound)


def test_the_signal_is_not_sent_for_successes_and_handled_errors(announced: list[Any]) -> None:
    app = raising(Conflict)
    app.register_error_handler(409, lambda error: ("theirs", 409))
    app.add_url_rule("/fine", view_func=lambda: "fine", endpoint="fine")
    assert call(app).body == b"theirs"
    assert call(app, path="/fine").status == 200
    assert announced == []


def test_a_receiver_hears_of_the_apps_that_it_asked_for() -> None:
    ours, others, heard = raising(Conflict), raising(Conflict), []

    def receive(app: Flask, **_: Any) -> None:
        heard.append(app)

    with problem_raised.connected_to(receive, ours):
        call(ours)
        call(others)
    assert heard == [ours]


def test_a_problem_names_the_methods_of_its_rule_when_the_error_does_not() -> None:
    answer = call(raising(MethodNotAllowed), "POST")
    assert answer.header("Allow") == "GET, HEAD, OPTIONS"
