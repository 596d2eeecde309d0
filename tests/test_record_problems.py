"""`record_problems`: what it notes, what it holds that against, and what it reports."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from typing import Any

import pytest
from flask import Blueprint, Flask, abort, current_app, request
from flask.views import MethodView, View
from support import call, make_app, view_raising

from flask_statuskit import (
    BadGateway,
    Conflict,
    Forbidden,
    Gone,
    InternalServerError,
    NotFound,
    PaymentRequired,
    StatusKit,
    Unauthorized,
    ValidationError,
    problem_raised,
    raises,
    require_match,
)
from flask_statuskit.testing import KnownProblem, ProblemRecord, record_problems

pytest_plugins = ["pytester"]

NOT_FOUND = KnownProblem(404, "about:blank", "NotFound")
CONFLICT = KnownProblem(409, "about:blank", "Conflict")
GONE = KnownProblem(410, "about:blank", "Gone")
UNAUTHORIZED = KnownProblem(401, "about:blank", "Unauthorized")


class NoTokensLeft(PaymentRequired):
    """A problem type of an application."""

    type = "no-tokens-left"


NO_TOKENS = KnownProblem(402, "no-tokens-left", "NoTokensLeft")


def shop(error: Any = Conflict, *declared: Any, config: dict[str, Any] | None = None) -> Flask:
    """An application whose view at /orders raises one error, and declares others."""
    app = make_app(config)
    view = view_raising(error)
    if declared:
        raises(*(() if declared == (None,) else declared))(view)
    app.add_url_rule("/orders", "orders", view, methods=["GET", "POST"])
    return app


def recorded(app: Flask, *requests: str) -> ProblemRecord:
    with record_problems(app) as record:
        for line in requests:
            method, _, path = line.partition(" ")
            call(app, method, path)
    return record


# What was answered --------------------------------------------------------------------------------


def test_what_is_answered_is_seen_by_method_and_endpoint() -> None:
    app = shop()
    app.add_url_rule("/tokens", "tokens", view_raising(NoTokensLeft))
    record = recorded(app, "GET /orders", "POST /orders", "POST /orders", "GET /tokens")
    assert record.seen == {
        ("GET", "orders"): (CONFLICT,),
        ("POST", "orders"): (CONFLICT,),
        ("GET", "tokens"): (NO_TOKENS,),
    }
    assert list(record.seen) == [("GET", "orders"), ("POST", "orders"), ("GET", "tokens")]


def test_several_problems_of_one_endpoint_are_sorted() -> None:
    app = shop(lambda: abort(int(request.args["code"])))
    record = recorded(app, "GET /orders?code=410", "GET /orders?code=404", "GET /orders?code=409")
    assert record.seen == {("GET", "orders"): (NOT_FOUND, CONFLICT, GONE)}


def test_head_counts_as_get() -> None:
    record = recorded(shop(), "HEAD /orders")
    assert list(record.seen) == [("GET", "orders")]
    app = make_app()
    app.add_url_rule("/ping", "ping", raises(Conflict)(view_raising(Conflict)), methods=["HEAD"])
    # Here no GET is answered.
    app.url_map._rules[0].methods = {"HEAD"}
    record = recorded(app, "HEAD /ping")
    assert (list(record.seen), record.unseen) == ([("HEAD", "ping")], {})


def test_head_is_itself_where_a_class_has_a_method_for_it() -> None:
    class Items(MethodView):
        @raises(NotFound)
        def get(self) -> None:
            raise NotFound

        @raises(Conflict)
        def head(self) -> None:
            raise Conflict

    app = make_app()
    app.add_url_rule("/items", view_func=Items.as_view("items"))
    record = recorded(app, "GET /items")
    assert (record.undeclared, record.unseen) == ({}, {("HEAD", "items"): (CONFLICT,)})
    record = recorded(app, "HEAD /items")
    assert record.seen == {("HEAD", "items"): (CONFLICT,)}
    assert (record.undeclared, record.unseen) == ({}, {("GET", "items"): (NOT_FOUND,)})


@pytest.mark.parametrize("line", ["GET /nowhere", "DELETE /orders"])
def test_what_routing_answers_is_nobodys(line: str) -> None:
    record = recorded(shop(), line)
    assert (record.seen, record.undeclared) == ({}, {})


def test_files_and_the_catalogue_are_left_out() -> None:
    app = Flask("shop", static_folder="static")
    app.config.update(STATUSKIT_AUDIT="off", STATUSKIT_CATALOG_URL="/problems")
    StatusKit(app)
    record = recorded(app, "GET /static/none.css", "GET /problems/none")
    assert (record.seen, record.undeclared, record.unseen) == ({}, {}, {})


def test_only_its_own_application_is_recorded() -> None:
    app, other = shop(), shop()
    with record_problems(app) as record, record_problems(other) as record_of_other:
        call(other, "GET", "/orders")
    assert record.seen == {}
    assert record_of_other.seen == {("GET", "orders"): (CONFLICT,)}


def test_the_application_at_hand_can_be_recorded() -> None:
    app = shop()
    with app.app_context(), record_problems(current_app) as record:
        call(app, "GET", "/orders")
    assert record.seen == {("GET", "orders"): (CONFLICT,)}
    assert record.unseen == {}


def test_what_somebody_else_announces_is_not_recorded() -> None:
    app = shop(lambda: "")
    with record_problems(app) as record:
        for context in (app.app_context(), app.test_request_context("/orders")):
            with context:
                problem_raised.send(app, problem=None, error=NotFound(), original=None)
    assert record.seen == {}


def test_a_view_that_is_a_function_of_ours_is_recorded() -> None:
    app = make_app()
    app.add_url_rule("/old", "old", raises(Gone)(partial(require_match, "v1")))
    record = recorded(app, "GET /old")
    # It declares these itself.
    required = KnownProblem(428, "about:blank", "PreconditionRequired")
    failed = KnownProblem(412, "about:blank", "PreconditionFailed")
    assert record.seen == {("GET", "old"): (required,)}
    assert (record.undeclared, record.unseen) == ({}, {("GET", "old"): (GONE, failed)})


def test_nothing_is_recorded_before_or_after() -> None:
    app = shop()
    call(app, "GET", "/orders")
    with record_problems(app) as record:
        pass
    call(app, "GET", "/orders")
    assert record.seen == {}


def test_nothing_stays_connected_even_where_a_test_fails() -> None:
    app, before = shop(), set(problem_raised.receivers)
    with pytest.raises(ZeroDivisionError), record_problems(app):
        raise ZeroDivisionError
    assert set(problem_raised.receivers) == before


def test_it_can_be_read_meanwhile() -> None:
    app = shop()
    with record_problems(app) as record:
        assert not record.undeclared
        call(app, "GET", "/orders")
        assert record.undeclared


def test_it_can_be_started_and_stopped() -> None:
    app, stack = shop(), ExitStack()
    record = stack.enter_context(record_problems(app))
    call(app, "GET", "/orders")
    stack.close()
    call(app, "POST", "/orders")
    assert list(record.seen) == [("GET", "orders")]


def test_records_may_overlap() -> None:
    app = shop()
    with record_problems(app) as outer:
        with record_problems(app) as inner:
            call(app, "GET", "/orders")
        call(app, "POST", "/orders")
    assert list(inner.seen) == [("GET", "orders")]
    assert list(outer.seen) == [("GET", "orders"), ("POST", "orders")]


def test_requests_in_threads_are_recorded() -> None:
    app = make_app()
    for number in range(40):
        app.add_url_rule(f"/{number}", f"view{number}", view_raising(Conflict))
    with record_problems(app) as record:
        threads = [
            threading.Thread(target=lambda n=number: [call(app, "GET", f"/{n}"), record.seen])
            for number in range(40)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len(record.seen) == 40


def test_an_application_without_statuskit_is_refused() -> None:
    with (
        pytest.raises(RuntimeError, match=r"shop has no StatusKit.*StatusKit\(app\) first"),
        record_problems(Flask("shop")),
    ):
        pass


# What is not declared -----------------------------------------------------------------------------


@pytest.mark.parametrize("declared", [(), (None,), (NotFound,), (PaymentRequired, NotFound)])
def test_what_a_view_does_not_declare_is_undeclared(declared: Any) -> None:
    record = recorded(shop(Conflict, *declared), "POST /orders")
    assert record.undeclared == {("POST", "orders"): (CONFLICT,)}


@pytest.mark.parametrize("declared", [(Conflict,), (409, NotFound)])
def test_what_a_view_declares_is_not_undeclared(declared: Any) -> None:
    assert recorded(shop(Conflict, *declared), "POST /orders").undeclared == {}


def test_a_problem_type_is_not_declared_by_its_base_class() -> None:
    assert recorded(shop(NoTokensLeft, PaymentRequired), "GET /orders").undeclared == {
        ("GET", "orders"): (NO_TOKENS,)
    }
    assert recorded(shop(NoTokensLeft, NoTokensLeft), "GET /orders").undeclared == {}


def test_a_type_that_was_made_up_is_undeclared() -> None:
    app = shop(lambda: Conflict(type="made-up"), Conflict)
    record = recorded(app, "GET /orders")
    [[known]] = record.undeclared.values()
    assert (known.status, known.type) == (409, "made-up")


@pytest.mark.parametrize("error", [ZeroDivisionError, InternalServerError, lambda: abort(500)])
@pytest.mark.parametrize("declared", [(), (NotFound,)])
def test_a_bug_is_never_undeclared(error: Any, declared: Any) -> None:
    record = recorded(shop(error, *declared), "GET /orders")
    assert record.undeclared == {}
    assert [known.status for [known] in record.seen.values()] == [500]


def test_another_5xx_is_undeclared() -> None:
    assert recorded(shop(BadGateway), "GET /orders").undeclared


@pytest.mark.parametrize("later", [422, 400])
@pytest.mark.parametrize("status", [422, 400])
def test_a_validation_error_is_known_by_the_status_that_held_then(status: int, later: int) -> None:
    app = shop(ValidationError, ValidationError, config={"STATUSKIT_VALIDATION_STATUS": status})
    record = recorded(app, "GET /orders", "POST /orders")
    app.config["STATUSKIT_VALIDATION_STATUS"] = later
    assert (record.undeclared, record.unseen) == ({}, {})


def test_what_runs_before_a_view_may_declare_for_it() -> None:
    app = shop(Conflict)
    app.before_request(raises(Unauthorized)(view_raising(Unauthorized)))
    record = recorded(app, "GET /orders")
    assert record.seen == {("GET", "orders"): (UNAUTHORIZED,)}
    assert record.undeclared == {}


def test_what_a_blueprint_or_an_application_declares_is_declared() -> None:
    for holder in ("blueprint", "app"):
        blueprint = Blueprint("users", __name__)
        blueprint.add_url_rule("/users", "show", view_raising(Conflict))
        app = make_app()
        raises(Conflict)(blueprint if holder == "blueprint" else app)
        app.register_blueprint(blueprint)
        assert recorded(app, "GET /users").undeclared == {}


# What was never answered --------------------------------------------------------------------------


def test_what_a_view_declares_and_nobody_saw_is_unseen_for_each_method() -> None:
    record = recorded(shop(Conflict, Conflict, NotFound), "GET /orders")
    assert record.unseen == {
        ("GET", "orders"): (NOT_FOUND,),
        ("POST", "orders"): (NOT_FOUND, CONFLICT),
    }


def test_what_was_seen_is_not_unseen() -> None:
    assert recorded(shop(Conflict, Conflict), "GET /orders", "POST /orders").unseen == {}


def test_what_was_answered_by_another_endpoint_is_unseen() -> None:
    app = shop(Conflict, Conflict)
    app.add_url_rule("/other", "other", raises(Conflict)(view_raising(Conflict)))
    record = recorded(app, "GET /orders", "POST /orders")
    assert record.unseen == {("GET", "other"): (CONFLICT,)}


def test_two_urls_of_one_endpoint_are_one() -> None:
    app = shop(Conflict, Conflict)
    app.add_url_rule("/also", "orders", methods=["GET", "POST"])
    assert recorded(app, "GET /also", "POST /orders").unseen == {}


def test_two_classes_that_clients_cannot_tell_apart_are_seen_together() -> None:
    app = shop(ValidationError, ValidationError, 422)
    assert recorded(app, "GET /orders", "POST /orders").unseen == {}


@pytest.mark.parametrize("kind", [MethodView, View])
def test_what_a_class_declares_is_for_each_of_its_methods(kind: type[View]) -> None:
    def get(self: Any) -> None:
        raise NotFound

    attributes: dict[str, Any] = {"methods": ["GET", "PUT"], "dispatch_request": get}
    if kind is MethodView:
        attributes = {"get": get, "put": raises(Conflict)(lambda self: "")}
    items = raises(NotFound)(type("Items", (kind,), attributes))
    app = make_app()
    app.add_url_rule("/items", view_func=items.as_view("items"))
    unseen = recorded(app, "GET /items").unseen
    assert unseen == {
        ("PUT", "items"): (NOT_FOUND, CONFLICT) if kind is MethodView else (NOT_FOUND,)
    }


def nested() -> Flask:
    outer, inner = raises(Gone)(Blueprint("outer", __name__)), Blueprint("inner", __name__)
    raises(Conflict)(inner)
    inner.add_url_rule("/in", "view", view_raising(lambda: _asked_for()))
    inner.add_url_rule("/in2", "view2", view_raising(lambda: _asked_for()))
    outer.add_url_rule("/out", "view", view_raising(lambda: _asked_for()))
    outer.register_blueprint(inner)
    app = raises(Forbidden)(make_app())
    app.register_blueprint(outer)
    app.add_url_rule("/outerly", "outerly", view_raising(lambda: _asked_for()))
    return app


def _asked_for() -> Any:
    abort(int(request.args["code"]))


def test_what_is_declared_for_many_views_is_one_promise() -> None:
    assert recorded(nested()).unseen == {
        ("*", "*"): (KnownProblem(403, "about:blank", "Forbidden"),),
        ("*", "outer.*"): (GONE,),
        ("*", "outer.inner.*"): (CONFLICT,),
    }


@pytest.mark.parametrize(
    ("lines", "unseen"),
    [
        (["GET /in?code=409"], {"*", "outer.*"}),
        (["GET /in2?code=410"], {"*", "outer.inner.*"}),
        (["GET /out?code=410"], {"*", "outer.inner.*"}),
        (["GET /out?code=409"], {"*", "outer.*", "outer.inner.*"}),
        (["GET /outerly?code=410"], {"*", "outer.*", "outer.inner.*"}),
        (["GET /in?code=403"], {"outer.*", "outer.inner.*"}),
        (["GET /outerly?code=403", "GET /in?code=409", "GET /in?code=410"], set[str]()),
    ],
)
def test_one_view_of_them_keeps_the_promise(lines: list[str], unseen: set[str]) -> None:
    assert {endpoint for _, endpoint in recorded(nested(), *lines).unseen} == unseen


def test_a_view_whose_name_begins_like_a_blueprint_keeps_no_promise_of_it() -> None:
    app = nested()
    app.add_url_rule("/outermost", "outermost", raises(Gone)(view_raising(Gone)))
    assert ("*", "outer.*") in recorded(app, "GET /outermost").unseen


@pytest.mark.parametrize("register", ["before_request", "url_value_preprocessor"])
def test_what_runs_before_many_views_is_one_promise(register: str) -> None:
    blueprint = Blueprint("users", __name__)
    blueprint.add_url_rule("/users", "show", lambda: "")
    blueprint.add_url_rule("/users/new", "new", lambda: "")

    @raises(Unauthorized)
    def log_in(*_: Any) -> None:
        if "token" not in request.args:
            raise Unauthorized

    getattr(blueprint, register)(log_in)
    app = shop(Conflict)
    app.register_blueprint(blueprint)
    assert recorded(app, "GET /users?token=1").unseen == {("*", "users.*"): (UNAUTHORIZED,)}
    assert recorded(app, "GET /users").unseen == {}


def test_a_view_that_is_added_later_counts() -> None:
    app = make_app()
    with record_problems(app) as record:
        app.add_url_rule("/", "index", raises(Gone)(view_raising(Gone)))
        assert record.unseen == {("GET", "index"): (GONE,)}
        call(app)
        assert record.unseen == {}


# What it reports ----------------------------------------------------------------------------------


def test_the_report_has_a_line_for_each_endpoint_and_error() -> None:
    app = shop(Conflict, NotFound, NoTokensLeft)
    app.add_url_rule("/a", "users.show", view_raising(NoTokensLeft), methods=["DELETE"])
    record = recorded(app, "GET /orders", "DELETE /a")
    assert str(record).splitlines() == [
        "Answered, and not declared. Add it to the @raises of the view, or mend the view:",
        "  GET    orders      409 Conflict",
        "  DELETE users.show  402 NoTokensLeft (no-tokens-left)",
        "Declared, and never answered. Test it, or take it out of @raises:",
        "  GET  orders  402 NoTokensLeft (no-tokens-left)",
        "  GET  orders  404 NotFound",
        "  POST orders  402 NoTokensLeft (no-tokens-left)",
        "  POST orders  404 NotFound",
    ]
    assert repr(record) == "<ProblemRecord: 2 seen, 2 undeclared, 4 unseen>"


def test_the_report_of_what_was_answered_alone_and_declared_alone() -> None:
    assert "Declared" not in str(recorded(shop(), "GET /orders"))
    assert "Answered" not in str(recorded(shop(Conflict, Conflict)))


def test_the_report_of_an_application_that_keeps_its_promises() -> None:
    record = recorded(shop(Conflict, Conflict), "GET /orders", "POST /orders")
    assert str(record) == (
        "All problems that were answered are declared, and all that are declared were."
    )


Run = Callable[..., pytest.RunResult]


def test_a_session_can_be_held_against_it(pytester: pytest.Pytester) -> None:
    pytester.makeconftest("""
        import pytest
        from flask import Flask
        from flask_statuskit import Conflict, NotFound, StatusKit, raises
        from flask_statuskit.testing import record_problems

        @pytest.fixture(scope="session")
        def app():
            app = Flask("shop")
            StatusKit(app)

            @app.get("/orders")
            @raises(NotFound)
            def orders():
                raise Conflict

            with record_problems(app) as record:
                yield app
            assert not record.undeclared, str(record)
    """)
    pytester.makepyfile("""
        def test_orders(app):
            assert app.test_client().get("/orders").status_code == 409
    """)
    result = pytester.runpytest_inprocess("-W", "ignore")
    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(
        [
            "E*AssertionError: Answered, and not declared. Add it to the @raises*",
            "E*GET orders  409 Conflict",
            "E*Declared, and never answered. Test it, or take it out of @raises:",
            "E*GET orders  404 NotFound",
        ]
    )
