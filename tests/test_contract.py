"""The contract: what can declare problems, what is then declared, and what breaks it (SK700)."""

from __future__ import annotations

import enum
import gc
import http
import re
import sys
import warnings
import weakref
from collections.abc import Callable, Iterator
from functools import partial, wraps
from pathlib import Path
from typing import Any

import pytest
import werkzeug.exceptions
from flask import Blueprint, Flask, abort, current_app, g, redirect, request
from flask.views import MethodView, View
from hypothesis import given
from hypothesis import strategies as st
from support import Foreign, assert_problem, call, kit_of, make_app, view_raising
from werkzeug.test import EnvironBuilder

import flask_statuskit
from flask_statuskit import (
    AuditError,
    BadGateway,
    BadRequest,
    Conflict,
    Forbidden,
    Gone,
    HTTPAuditWarning,
    InternalServerError,
    Locked,
    NotFound,
    PaymentRequired,
    RangeNotSatisfiable,
    StatusError,
    StatusKit,
    Unauthorized,
    UnprocessableContent,
    ValidationError,
    conditional,
    contract,
    raises,
    require_match,
    testing,
)
from flask_statuskit.contract import (
    ANSWERED,
    declared,
    declared_by,
    functions_of,
    hooks_of,
    identity_of,
    is_declared,
    is_given,
    layers_of,
    operations,
    template_of,
    undeclared,
)
from flask_statuskit.exceptions import ERRORS

#: As a test module of an application has it.
http_audit = testing.http_audit

NOT_STORED = {"Cache-Control": "no-store"}

PACKAGE = str(Path(flask_statuskit.__file__).parent)


class OutOfSeats(Conflict):
    """The room is full."""


class PaidTwice(Conflict):
    """Cannot be built."""

    def __init__(self, order: int) -> None:
        raise AssertionError(order)


class BaseOnly(StatusError):
    """Has no status."""

    type = "base-only-of-the-contract"


@pytest.fixture
def warned() -> Iterator[list[warnings.WarningMessage]]:
    """The warnings of a test, each time they are given."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        yield caught


def view(**_arguments: Any) -> Any:
    return {}


def copy_of(function: Any = view) -> Any:
    """A function of its own, as a decorator marks what it is given."""

    def copy(*args: Any, **kwargs: Any) -> Any:
        return function(*args, **kwargs)

    return copy


def copy_of_none() -> Any:
    def before(*_: Any) -> None: ...

    return before


def wrapped(function: Any) -> Any:
    """What a decorator makes of a function that uses functools.wraps."""

    @wraps(function)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        return function(*args, **kwargs)

    return wrapper


def bare(function: Any) -> Any:
    """What a decorator makes of a function that does not."""
    return lambda *args, **kwargs: function(*args, **kwargs)


class Callable_:
    def __call__(self, **_arguments: Any) -> Any:
        return {}

    def method(self) -> Any:
        return {}

    @classmethod
    def of_class(cls) -> Any:
        return {}

    @staticmethod
    def of_nobody() -> Any:
        return {}


async def coroutine() -> Any:
    return {}


# Declaring ----------------------------------------------------------------------------------------

TARGETS: dict[str, Callable[[], Any]] = {
    "function": copy_of,
    "lambda": lambda: lambda: {},
    "coroutine function": lambda: wraps(coroutine)(copy_of(coroutine)),
    "bound method": lambda: type("C", (Callable_,), {"method": copy_of()})().method,
    "class method": lambda: classmethod(copy_of()),
    "static method": lambda: staticmethod(copy_of()),
    "partial": lambda: partial(view),
    "callable": Callable_,
    "class": lambda: type("C", (MethodView,), {}),
    "view of a class": lambda: type("C", (MethodView,), {}).as_view("c"),
    "blueprint": lambda: Blueprint("b", __name__),
    "application": lambda: Flask("shop"),
}


@pytest.mark.parametrize("kind", TARGETS)
def test_a_declaration_is_a_mark_on_the_object_which_stays_the_same(kind: str) -> None:
    target = TARGETS[kind]()
    assert declared(target) is None
    assert raises(NotFound, 409)(target) is target
    assert declared(target) == (NotFound, Conflict)
    assert raises(Conflict, Gone)(target) is target
    assert declared(target) == (NotFound, Conflict, Gone)


@pytest.mark.parametrize("kind", TARGETS)
def test_with_no_errors_it_is_declared_that_there_are_none(kind: str) -> None:
    target = raises()(TARGETS[kind]())
    assert declared(target) == ()
    assert declared(raises(Gone)(target)) == (Gone,)


@pytest.mark.parametrize("code", sorted(ERRORS))
def test_a_status_declares_the_class_that_raises_it(code: int) -> None:
    assert declared(raises(code)(copy_of())) == (ERRORS[code],)
    assert declared(raises(http.HTTPStatus.GONE)(copy_of())) == (Gone,)


def test_the_application_at_hand_can_be_marked() -> None:
    app = Flask("shop")
    with app.app_context():
        raises(Unauthorized)(current_app)
    assert declared(app) == (Unauthorized,)


class Colour(enum.Enum):
    RED = 404


WRONG: list[tuple[Any, type[Exception], str]] = [
    (ValueError, TypeError, "type the class that it is mapped to."),
    (Foreign("?"), TypeError, "type the class that it is mapped to."),
    (KeyboardInterrupt, TypeError, "type the class that it is mapped to."),
    (werkzeug.exceptions.NotFound, TypeError, "type flask_statuskit.NotFound."),
    (werkzeug.exceptions.NotFound(), TypeError, "type flask_statuskit.NotFound."),
    (werkzeug.exceptions.BadRequestKeyError, TypeError, "type flask_statuskit.BadRequest."),
    (werkzeug.exceptions.HTTPException, TypeError, "type the class that it is mapped to."),
    (NotFound(), TypeError, "type NotFound, without parentheses."),
    (OutOfSeats("Full."), TypeError, "type OutOfSeats, without parentheses."),
    (StatusError, TypeError, "StatusError has no status: declare its subclasses."),
    (BaseOnly, TypeError, "BaseOnly has no status: declare its subclasses."),
    (True, TypeError, "@raises(NotFound), with the errors in parentheses."),
    ("NotFound", TypeError, "@raises(NotFound), with the errors in parentheses."),
    ("404", TypeError, "@raises(NotFound), with the errors in parentheses."),
    (404.0, TypeError, "@raises(NotFound), with the errors in parentheses."),
    (None, TypeError, "@raises(NotFound), with the errors in parentheses."),
    ([NotFound], TypeError, "@raises(NotFound), with the errors in parentheses."),
    (Colour.RED, TypeError, "@raises(NotFound), with the errors in parentheses."),
    (view, TypeError, "@raises(NotFound), with the errors in parentheses."),
    (Users := type("Users", (MethodView,), {}), TypeError, "@raises(NotFound), with the errors"),
    (len, TypeError, "@raises(NotFound), with the errors in parentheses."),
    (Blueprint("b", __name__), TypeError, "@raises(NotFound), with the errors in parentheses."),
    (499, ValueError, "499 is no registered 4xx or 5xx status: declare your class that has it."),
    (599, ValueError, "599 is no registered 4xx or 5xx status: declare your class that has it."),
    (399, ValueError, "399 is the status of no error."),
    (600, ValueError, "600 is the status of no error."),
    (200, ValueError, "200 is the status of no error."),
    (0, ValueError, "0 is the status of no error."),
]


@pytest.mark.parametrize(("error", "refusal", "message"), WRONG, ids=[ascii(w[0]) for w in WRONG])
def test_what_is_no_error_is_refused_with_what_to_type(
    error: Any, refusal: type[Exception], message: str
) -> None:
    for errors in ((error,), (NotFound, error)):
        with pytest.raises(refusal) as caught:
            raises(*errors)
        assert message in str(caught.value)


def test_without_parentheses_nothing_is_decorated_silently() -> None:
    with pytest.raises(TypeError, match=r"^<function .*view.*cannot be declared: type @raises"):
        raises(view)  # type: ignore[arg-type]


class Slots:
    __slots__ = ()

    def __call__(self) -> Any:
        return {}


@pytest.mark.parametrize(
    "target", [len, int, [].append, Slots(), "view", 404, None, object(), ("a", view)], ids=ascii
)
def test_what_can_carry_no_mark_is_refused_with_what_can(target: Any) -> None:
    with pytest.raises(TypeError, match=r"put @raises on a function, a class, a blueprint or an"):
        raises(NotFound)(target)


@given(
    declarations=st.lists(
        st.lists(st.sampled_from([*ERRORS, *ERRORS.values(), OutOfSeats])), max_size=5
    ),
    wrapping=st.lists(st.sampled_from([wrapped, lambda function: function]), max_size=5),
)
def test_declarations_add_up_each_error_once(
    declarations: list[list[Any]], wrapping: list[Any]
) -> None:
    target, expected = copy_of(), set[Any]()
    for errors, wrap in zip(declarations, [*wrapping, *[wrapped] * 5], strict=False):
        target = wrap(raises(*errors)(target))
        expected |= {ERRORS[error] if isinstance(error, int) else error for error in errors}
    found = declared(target)
    assert (found is None) == (not declarations)
    assert set(found or ()) == expected
    assert len(found or ()) == len(expected)


# Reading ------------------------------------------------------------------------------------------


def test_what_decorators_wrap_is_looked_through() -> None:
    inner = raises(Gone)(copy_of())
    assert declared(wrapped(wrapped(inner))) == (Gone,)
    assert declared(raises(NotFound)(wrapped(inner))) == (Gone, NotFound)
    assert declared(partial(wrapped(partial(inner)), 7)) == (Gone,)
    assert declared(raises(NotFound)(bare(inner))) == (NotFound,)
    assert declared(bare(inner)) is None
    # What is put on a function later counts, too.
    outer = wrapped(inner)
    raises(Conflict)(inner)
    assert set(declared(outer) or ()) == {Gone, Conflict}


def test_the_layers_of_a_function_begin_with_the_outermost() -> None:
    inner = copy_of()
    middle = wrapped(inner)
    outer = partial(middle, 7)
    assert list(layers_of(outer)) == [outer, middle, inner]
    assert list(layers_of(Callable_().method)) == [Callable_.method]
    called = Callable_()
    assert list(layers_of(called)) == [called, Callable_.__call__]
    assert list(layers_of(None)) == []


def test_what_wraps_itself_has_an_end() -> None:
    loop, other = Callable_(), Callable_()
    loop.__wrapped__, other.__wrapped__ = other, loop  # type: ignore[attr-defined]
    raises(Gone)(other)
    assert list(layers_of(loop)) == [loop, other]
    assert declared(loop) == (Gone,)


def shop(view: Any = None, **options: Any) -> Flask:
    app = make_app(**options)
    if view is not None:
        app.add_url_rule("/", "index", view, methods=["GET", "POST"])
    return app


def of(view: Any, method: str = "GET") -> Any:
    return declared_by(shop(view), "index", method)


def test_an_endpoint_that_nobody_declares_anything_for_declares_nothing() -> None:
    app = shop(copy_of())
    assert declared_by(app, "index", "GET") is None
    assert declared_by(app, "elsewhere", "GET") is None


@pytest.mark.parametrize(
    "decorated",
    [
        raises(Gone)(copy_of()),
        raises(Gone)(wraps(coroutine)(copy_of(coroutine))),
        wrapped(raises(Gone)(copy_of())),
        raises(Gone)(bare(copy_of())),
        partial(raises(Gone)(copy_of())),
        raises(Gone)(partial(view)),
        raises(Gone)(Callable_()),
        raises(Gone)(type("C", (Callable_,), {}))(),
        type("C", (Callable_,), {"__call__": raises(Gone)(copy_of())})(),
        type("C", (Callable_,), {"method": raises(Gone)(copy_of())})().method,
        wrapped(wrapped(raises(Gone)(Callable_()))),
    ],
)
def test_a_view_declares_what_it_is_decorated_with(decorated: Any) -> None:
    assert of(decorated) == of(decorated, "POST") == of(decorated, "HEAD") == (Gone,)


def test_the_decorator_stands_above_or_below_the_route() -> None:
    app = make_app()

    @app.get("/above")
    @raises(Gone)
    def below() -> Any: ...

    @raises(Gone)
    @app.get("/below")
    @wrapped
    @raises(Conflict)
    def above() -> Any: ...

    assert declared_by(app, "below", "GET") == (Gone,)
    assert declared_by(app, "above", "GET") == (Conflict, Gone)


@raises(Unauthorized)
class Base(MethodView):
    @raises(Gone)
    def get(self) -> Any:
        raise Gone

    @raises(Conflict)
    def post(self) -> Any:
        raise Conflict


class Inheriting(Base):
    pass


@raises(Forbidden)
class Overriding(Base):
    decorators = [raises(Locked)]  # noqa: RUF012

    def get(self) -> Any:
        raise NotFound


class Dispatching(MethodView):
    @raises(Unauthorized)
    def dispatch_request(self, **arguments: Any) -> Any:
        return super().dispatch_request(**arguments)

    @raises(Gone)
    def get(self) -> Any:
        raise Gone

    def post(self) -> Any:
        raise Conflict

    @raises()
    def head(self) -> Any:
        return {}


class Plain(View):
    methods = ["GET", "POST"]  # noqa: RUF012
    init_every_request = False

    @raises(Gone)
    def dispatch_request(self) -> Any:
        raise Gone


@pytest.mark.parametrize(
    ("cls", "method", "expected"),
    [
        (Base, "GET", {Unauthorized, Gone}),
        (Base, "HEAD", {Unauthorized, Gone}),
        (Base, "POST", {Unauthorized, Conflict}),
        (Base, "OPTIONS", {Unauthorized}),
        (Inheriting, "GET", {Unauthorized, Gone}),
        (Inheriting, "POST", {Unauthorized, Conflict}),
        (Overriding, "GET", {Unauthorized, Forbidden, Locked}),
        (Overriding, "POST", {Unauthorized, Forbidden, Locked, Conflict}),
        (Dispatching, "GET", {Unauthorized, Gone}),
        (Dispatching, "HEAD", {Unauthorized}),
        (Dispatching, "POST", {Unauthorized}),
        (Plain, "GET", {Gone}),
        (Plain, "POST", {Gone}),
    ],
)
def test_a_class_declares_for_each_method_what_it_and_that_method_declare(
    cls: Any, method: str, expected: set[Any]
) -> None:
    bare_view = cls.as_view("index")
    for made in (bare_view, wrapped(bare_view), partial(bare_view)):
        assert set(of(made, method) or ()) == expected
    # What is made of a class once may be declared apart.
    assert set(of(raises(Gone)(cls.as_view("other")), method) or ()) == expected | {Gone}
    assert set(of(bare_view, method) or ()) == expected


def test_a_method_that_declares_makes_no_contract_of_another() -> None:
    class Users(MethodView):
        @raises(Gone)
        def get(self) -> Any: ...

        def post(self) -> Any: ...

    assert of(Users.as_view("users")) == (Gone,)
    assert of(Users.as_view("users"), "POST") is None


@pytest.mark.parametrize(
    ("view", "method", "expected"),
    [
        (view, "GET", [view]),
        (Base.as_view("x"), "GET", [Base.get]),
        (Base.as_view("x"), "HEAD", [Base.get]),
        (Base.as_view("x"), "DELETE", []),
        (Dispatching.as_view("x"), "HEAD", [Dispatching.dispatch_request, Dispatching.head]),
        (Dispatching.as_view("x"), "POST", [Dispatching.dispatch_request, Dispatching.post]),
        (Plain.as_view("x"), "POST", [Plain.dispatch_request]),
    ],
)
def test_a_view_runs_these_functions(view: Any, method: str, expected: list[Any]) -> None:
    is_class_based = hasattr(view, "view_class")
    assert functions_of(view, method) == [*([view] if is_class_based else []), *expected]


def test_a_blueprint_declares_for_its_views_and_those_of_nested_ones() -> None:
    outer, inner = raises(Unauthorized)(Blueprint("outer", "o")), Blueprint("inner", "i")
    raises(Forbidden)(inner)
    outer.add_url_rule("/outer", "view", copy_of())
    inner.add_url_rule("/inner", "view", raises(Gone)(copy_of()))
    outer.register_blueprint(inner)
    app = shop(copy_of())
    app.register_blueprint(outer)
    app.register_blueprint(outer, name="again", url_prefix="/again")
    for name in ("outer", "again"):
        assert declared_by(app, f"{name}.view", "GET") == (Unauthorized,)
        assert declared_by(app, f"{name}.inner.view", "GET") == (Gone, Forbidden, Unauthorized)
    assert declared_by(app, "index", "GET") is None


def test_an_application_declares_for_all_of_its_views() -> None:
    app = raises(Unauthorized)(shop(copy_of()))
    blueprint = Blueprint("b", "b")
    blueprint.add_url_rule("/b", "view", raises(Gone)(copy_of()))
    app.register_blueprint(blueprint)
    app.add_url_rule("/lost.found", "lost.found", copy_of())
    assert declared_by(app, "index", "GET") == (Unauthorized,)
    assert declared_by(app, "b.view", "GET") == (Gone, Unauthorized)
    assert declared_by(app, "lost.found", "GET") == (Unauthorized,)
    assert declared_by(shop(copy_of()), "index", "GET") is None


def with_hooks(app: Flask) -> Flask:
    outer, inner = Blueprint("outer", "o"), Blueprint("inner", "i")
    for blueprint in (outer, inner):
        blueprint.add_url_rule(f"/{blueprint.name}", "bare", copy_of())
        blueprint.add_url_rule(f"/{blueprint.name}/d", "declared", raises()(copy_of()))
    app.before_request(raises(Unauthorized)(copy_of()))
    app.url_value_preprocessor(raises(NotFound)(lambda *_: None))
    outer.before_request(raises(Forbidden)(copy_of()))
    outer.before_app_request(raises(Locked)(copy_of()))
    inner.before_request(wrapped(raises(Gone)(copy_of())))
    inner.before_request(copy_of())
    # These run when the view has answered.
    app.after_request(raises(BadGateway)(lambda response: response))
    app.teardown_request(raises(BadGateway)(copy_of_none()))
    outer.register_blueprint(inner)
    app.register_blueprint(outer)
    return app


def test_what_runs_before_a_view_adds_to_what_it_declares() -> None:
    app = with_hooks(shop(raises(Conflict)(copy_of())))
    everywhere = {NotFound, Unauthorized, Locked}
    assert set(declared_by(app, "index", "GET") or ()) == {Conflict, *everywhere}
    assert set(declared_by(app, "outer.declared", "GET") or ()) == {Forbidden, *everywhere}
    inner = declared_by(app, "outer.inner.declared", "GET")
    assert set(inner or ()) == {Forbidden, Gone, *everywhere}


def test_what_runs_before_a_view_makes_no_contract() -> None:
    app = with_hooks(shop())
    assert declared_by(app, "outer.bare", "GET") is None
    assert declared_by(app, "outer.inner.bare", "GET") is None


def test_what_runs_before_a_view_stands_in_the_order_of_flask() -> None:
    app, order = with_hooks(shop()), list[Any]()
    for registered in (app.url_value_preprocessors, app.before_request_funcs):
        for functions in registered.values():
            functions[:] = [
                wraps(f)(lambda *_, f=f: order.append(f))  # type: ignore[misc]
                for f in functions
            ]
    call(app, path="/inner")
    assert [hook.__wrapped__ for hook in hooks_of(app, "outer.inner.bare")] == order
    assert len(order) == 6


def test_files_of_flask_declare_what_they_are_answered_with() -> None:
    app = Flask("shop", static_folder="static")
    blueprint = Blueprint("docs", "docs", static_folder="static", url_prefix="/docs")
    app.register_blueprint(blueprint)
    app.add_url_rule("/mine", "mine.static", copy_of())
    for endpoint in ("static", "docs.static"):
        assert declared_by(app, endpoint, "GET") == (NotFound, RangeNotSatisfiable)
        assert is_given(app, endpoint)
    assert declared_by(app, "mine.static", "GET") is None
    assert not is_given(app, "mine.static")
    # Flask has other functions that are views.
    app.add_url_rule("/old", "old", partial(redirect, "/new"))
    assert declared_by(app, "old", "GET") is None
    assert not is_given(app, "old")
    assert not is_given(app, "nowhere")


@pytest.mark.parametrize("function", [require_match, conditional, declared])
def test_a_view_that_is_a_function_of_ours_is_the_applications(function: Any) -> None:
    app = shop(raises(Gone)(partial(function, "v1")))
    assert not is_given(app, "index")


def test_the_pages_of_the_catalogue_are_given() -> None:
    app = shop(config={"STATUSKIT_CATALOG_URL": "/problems"})
    assert is_given(app, "statuskit_catalog.index")
    assert is_given(app, "statuskit_catalog.entry")


def test_no_reference_to_an_application_is_kept() -> None:
    view = copy_of()
    app = shop(view)
    app.register_blueprint(Blueprint("b", "b"))
    raises(Gone)(view)
    raises(Gone)(app)
    declared_by(app, "index", "GET")
    freed = weakref.ref(app)
    gc.disable()
    try:
        del app
        assert freed() is None
    finally:
        gc.enable()


def test_a_request_of_a_view_that_declares_costs_nothing() -> None:
    app = shop(raises(Gone)(lambda: "All is well."))
    entered = set[str]()
    call(app)
    sys.setprofile(lambda frame, *_: entered.add(frame.f_code.co_filename))
    try:
        call(app)
    finally:
        sys.setprofile(None)
    assert not [name for name in entered if name.startswith(PACKAGE)]
    assert __file__ in entered


# Operations ---------------------------------------------------------------------------------------


class Heads(MethodView):
    """Answers HEAD by a method of its own."""

    @raises(NotFound)
    def get(self) -> Any:
        raise Gone

    @raises(Forbidden)
    def head(self) -> Any:
        raise Gone


def test_operations_are_what_views_answer_in_the_order_of_the_url_map() -> None:
    app = make_app()
    app.add_url_rule("/users", "users", copy_of(), methods=["POST", "GET"])
    app.add_url_rule("/users/<int:id>", "user", copy_of())
    app.add_url_rule("/ask", "ask", copy_of(), methods=["OPTIONS"])
    app.add_url_rule("/head", "head", copy_of(), methods=["HEAD"])
    app.add_url_rule("/things", view_func=Base.as_view("things"))
    app.add_url_rule("/heads", view_func=Heads.as_view("heads"))
    app.add_url_rule("/built", "built", copy_of(), build_only=True)
    app.add_url_rule("/nobody", "nobody")
    found = [(method, rule.rule) for rule, method in operations(app)]
    assert sorted(found) == [
        ("GET", "/heads"),
        ("GET", "/things"),
        ("GET", "/users"),
        ("GET", "/users/<int:id>"),
        ("HEAD", "/head"),
        ("HEAD", "/heads"),
        ("OPTIONS", "/ask"),
        ("POST", "/things"),
        ("POST", "/users"),
    ]
    rules = [rule.rule for rule in app.url_map.iter_rules()]
    assert found == sorted(found, key=lambda operation: (rules.index(operation[1]), operation[0]))


@pytest.mark.parametrize(
    ("path", "template"),
    [
        ("/", "/"),
        ("/users/<id>", "/users/{id}"),
        ("/users/<int:id>", "/users/{id}"),
        ("/a/<int(min=1, max=9):a>-<string(length=2):b>.json", "/a/{a}-{b}.json"),
        ("/files/<path:name>", "/files/{name}"),
        ("/x/<any(a, 'b>c', \"d)\"):kind>/y", "/x/{kind}/y"),
        ("/a/<a>/b/<b_2>", "/a/{a}/b/{b_2}"),
    ],
)
def test_templates_are_as_clients_write_them(path: str, template: str) -> None:
    app = make_app()
    app.add_url_rule(path, "index", copy_of())
    [(rule, _)] = operations(app)
    assert template_of(rule) == template
    assert rule.arguments == set(re.findall(r"{(\w+)}", template))


# Comparing ----------------------------------------------------------------------------------------


def settings_of(app: Flask) -> Any:
    return app.extensions["statuskit"].settings(app)


def test_a_problem_is_known_by_its_status_and_its_type() -> None:
    settings = settings_of(make_app())
    assert identity_of(NotFound, settings) == (404, "about:blank")
    assert identity_of(OutOfSeats, settings) == (409, "out-of-seats")
    known = identity_of(OutOfSeats, settings)
    assert is_declared(known, [NotFound, OutOfSeats], settings)
    assert not is_declared(known, [Conflict], settings)
    assert not is_declared(identity_of(Conflict, settings), [OutOfSeats], settings)
    assert not is_declared(known, [], settings)


def test_a_bug_need_not_be_declared() -> None:
    settings = settings_of(make_app())
    assert is_declared((500, "about:blank"), [], settings)
    assert not is_declared((500, "broken"), [InternalServerError], settings)


@pytest.mark.parametrize("status", [400, 422])
def test_a_validation_error_is_known_by_the_status_that_is_set(status: int) -> None:
    settings = settings_of(make_app(validation_status=status))
    known = identity_of(ValidationError, settings)
    assert known == (status, "about:blank")
    assert is_declared(known, [BadRequest], settings) == (status == 400)
    assert is_declared(known, [UnprocessableContent], settings) == (status == 422)


def test_a_class_is_known_whatever_its_constructor_wants() -> None:
    assert identity_of(PaidTwice, settings_of(make_app())) == (409, "paid-twice")


# SK700 --------------------------------------------------------------------------------------------


def audited(view: Any = None, config: dict[str, Any] | None = None, **options: Any) -> Flask:
    """An application whose auditor warns, with a view at "/"."""
    settings = {"STATUSKIT_AUDIT": "warn", "PROPAGATE_EXCEPTIONS": False}
    app = make_app({**settings, **(config or {})}, **options)
    if view is not None:
        app.add_url_rule("/", "index", view, methods=["GET", "POST"])
    return app


def told(warned: list[warnings.WarningMessage]) -> list[str]:
    """The endpoints and classes that the findings name; all are SK700."""
    pattern = r"SK700 \w+ (\S+): a problem that its view does not declare \(\d+ [^,]+, (.+?)\)\. "
    found = [re.match(pattern, str(warning.message)) for warning in warned]
    assert all(found), [str(warning.message) for warning in warned]
    return [f"{match[1]} {match[2]}" for match in found if match]


@pytest.mark.parametrize(
    ("error", "status", "name"),
    [
        (Gone, 410, "Gone"),
        (Gone("Deleted."), 410, "Gone"),
        (OutOfSeats, 409, "OutOfSeats"),
        (BadGateway, 502, "BadGateway"),
        (ValidationError(["Empty"]), 422, "ValidationError"),
        (lambda: abort(410), 410, "Gone"),
        (lambda: abort(402), 402, "PaymentRequired"),
        (werkzeug.exceptions.Gone(), 410, "Gone"),
        (lambda: request.get_json(), 415, "UnsupportedMediaType"),
        (lambda: request.args["page"], 400, "BadRequest"),
        (Foreign, 409, "Conflict"),
        (TimeoutError, 504, "GatewayTimeout"),
        (NotFound(type="lost"), 404, "NotFound with a type of its own"),
    ],
    ids=repr,
)
def test_a_problem_that_a_view_does_not_declare_is_found(
    error: Any, status: int, name: str, warned: list[Any]
) -> None:
    app = audited(raises(NotFound)(view_raising(error)))
    kit_of(app).map(Foreign, Conflict)
    kit_of(app).map(TimeoutError, 504)
    assert call(app).status == status
    assert told(warned) == [f"index {name}"]


@pytest.mark.parametrize(
    ("declares", "error"),
    [
        ([Gone], Gone("Deleted.")),
        ([410], werkzeug.exceptions.Gone()),
        ([Gone], lambda: abort(410)),
        ([Conflict], Foreign),
        ([OutOfSeats], OutOfSeats),
        ([422], ValidationError(["Empty"])),
        ([ValidationError], ValidationError(["Empty"])),
        ([ValidationError], lambda: abort(422)),
        ([BadRequest], lambda: request.args["page"]),
        ([PaymentRequired], lambda: abort(402)),
        # Bugs.
        ([], RuntimeError),
        ([], InternalServerError),
        ([], lambda: abort(500)),
        ([], lambda: 1 / 0),
        # No problems.
        ([], lambda: {"id": 7}),
        ([], lambda: ({"error": "mine"}, 410, {"Cache-Control": "no-store"})),
    ],
    ids=repr,
)
def test_what_a_view_declares_is_no_finding(
    declares: list[Any], error: Any, warned: list[Any], log: Any
) -> None:
    app = audited(raises(*declares)(view_raising(error)))
    kit_of(app).map(Foreign, Conflict)
    for method in ("GET", "HEAD"):
        call(app, method)
    assert told(warned) == []
    assert not [r for r in log.ours if "audited" in r.getMessage()]


def test_a_view_that_declares_nothing_may_answer_with_anything(warned: list[Any]) -> None:
    app = audited(view_raising(Gone))
    app.before_request(raises(Unauthorized)(copy_of_none()))
    app.add_url_rule("/other", "other", raises(Gone)(copy_of()))
    assert call(app).status == 410
    assert told(warned) == []


def test_a_view_that_declares_that_there_are_none_may_answer_with_none(warned: list[Any]) -> None:
    call(audited(raises()(view_raising(Gone))))
    assert told(warned) == ["index Gone"]


def test_a_class_does_not_declare_those_that_are_derived_from_it(warned: list[Any]) -> None:
    app = audited(raises(Conflict)(view_raising(OutOfSeats)))
    app.add_url_rule("/bare", "bare", raises(OutOfSeats)(view_raising(Conflict)))
    for path in ("/", "/bare"):
        assert call(app, path=path).status == 409
    assert told(warned) == ["index OutOfSeats", "bare Conflict"]


@pytest.mark.parametrize(("status", "found"), [(422, ["index ValidationError"]), (400, [])])
def test_a_validation_error_is_looked_up_by_the_status_that_is_set(
    status: int, found: list[str], warned: list[Any]
) -> None:
    view = raises(BadRequest)(view_raising(ValidationError(["Empty"])))
    assert call(audited(view, validation_status=status)).status == status
    assert told(warned) == found


def test_the_routing_has_no_view_that_could_declare(warned: list[Any]) -> None:
    app = raises()(audited(raises()(copy_of())))
    app.add_url_rule("/users/", "users", copy_of())
    for method, path, status in [
        ("GET", "/nowhere", 404),
        ("DELETE", "/", 405),
        ("GET", "/users", 308),
        ("OPTIONS", "/", 200),
    ]:
        assert call(app, method, path).status == status
    assert told(warned) == []


def test_what_a_handler_of_the_application_answers_is_its_own(warned: list[Any]) -> None:
    app = audited(raises(NotFound)(view_raising(Gone)))
    app.register_error_handler(410, lambda _: ("Gone.", 410, {"Cache-Control": "no-store"}))
    app.add_url_rule("/foreign", "foreign", raises(NotFound)(view_raising(Foreign)))
    app.register_error_handler(Foreign, lambda _: ("Busy.", 503, {"Retry-After": "1"}))
    assert call(app).body == b"Gone."
    assert call(app, path="/foreign").body == b"Busy."
    assert told(warned) == []


def test_what_runs_before_the_view_counts_as_its_problem(warned: list[Any]) -> None:
    app = audited(raises(Gone)(copy_of()))
    blueprint = Blueprint("b", "b", url_prefix="/<tenant>")
    blueprint.add_url_rule("/", "view", raises(Gone)(copy_of()))
    app.before_request(lambda: abort(401) if "login" in request.args else None)

    @blueprint.url_value_preprocessor
    @raises(NotFound)
    def find_tenant(_: str | None, values: dict[str, Any] | None) -> None:
        g.tenant = (values or {}).pop("tenant")
        if g.tenant == "nobody":
            abort(404)

    app.register_blueprint(blueprint)
    for path, status in [("/?login", 401), ("/nobody/", 404), ("/us/?login", 401), ("/us/", 200)]:
        assert call(app, path=path).status == status
    assert told(warned) == ["index Unauthorized", "b.view Unauthorized"]


def test_what_runs_before_views_that_nobody_could_decorate_is_not_theirs(
    warned: list[Any],
) -> None:
    app = Flask("shop", static_folder=Path(__file__).parent, root_path="/")
    app.config.update(STATUSKIT_AUDIT="warn", STATUSKIT_CATALOG_URL="/problems")
    StatusKit(app)
    app.before_request(lambda: abort(401))
    for path in ("/static/x", "/problems/", "/problems/404"):
        assert call(app, path=path).status == 401
    assert told(warned) == []


@pytest.mark.parametrize(
    ("path", "method", "expected"),
    [
        ("/things", "GET", []),
        ("/things", "HEAD", []),
        ("/things", "POST", []),
        ("/others", "GET", ["others NotFound"]),
        ("/others", "HEAD", ["others NotFound"]),
        ("/others", "POST", []),
        ("/dispatched", "POST", ["dispatched Conflict"]),
    ],
)
def test_of_a_class_that_method_counts_which_was_asked(
    path: str, method: str, expected: list[str], warned: list[Any]
) -> None:
    app = audited()
    app.add_url_rule("/things", view_func=Base.as_view("things"))
    app.add_url_rule("/others", view_func=Overriding.as_view("others"))
    app.add_url_rule("/dispatched", view_func=Dispatching.as_view("dispatched"))
    assert call(app, method, path).status >= 400
    assert told(warned) == expected


def test_an_async_view_is_held_to_what_it_declares(warned: list[Any]) -> None:
    pytest.importorskip("asgiref", reason="flask[async] is not installed")

    async def raise_later() -> Any:
        raise Gone

    assert call(audited(raises(NotFound)(raise_later))).status == 410
    assert told(warned) == ["index Gone"]


def test_it_is_told_once_for_each_operation_and_class(warned: list[Any], log: Any) -> None:
    app = audited()
    app.add_url_rule("/<what>", "one", raises()(raise_named), methods=["GET", "POST"])
    app.add_url_rule("/other/<what>", "other", raises()(raise_named))
    for _ in range(3):
        for path in ("/Gone", "/Conflict", "/other/Gone", "/Gone?again"):
            call(app, path=path)
        call(app, "HEAD", "/Gone")
    assert told(warned) == ["one Gone", "one Conflict", "other Gone"]
    assert len([r for r in log.ours if r.getMessage().startswith("SK700 ")]) == 3


@pytest.mark.parametrize("methods", [["GET", "POST", "HEAD"], ["HEAD", "GET", "POST"]])
def test_it_is_told_for_each_method_as_that_has_a_contract_of_its_own(
    methods: list[str], warned: list[Any]
) -> None:
    app = audited(raises()(view_raising(Gone)))
    app.add_url_rule("/heads", view_func=Heads.as_view("heads"))
    for _ in range(2):
        for method in methods:
            call(app, method)
            call(app, method, "/heads")
    # There is no POST of the class, and a HEAD of its own.
    assert sorted(told(warned)) == ["heads Gone", "heads Gone", "index Gone", "index Gone"]


def raise_named(what: str) -> Any:
    raise getattr(flask_statuskit, what)


def test_types_that_are_made_up_on_the_way_are_told_once(warned: list[Any]) -> None:
    app = audited()
    app.add_url_rule("/<type_>", "one", raises(NotFound)(raise_with_type))
    for type_ in ("one", "two", "three"):
        assert call(app, path=f"/{type_}").status == 404
    assert told(warned) == ["one NotFound with a type of its own"]
    assert len(app.extensions["statuskit"].told) == 1


def raise_with_type(type_: str) -> Any:
    raise NotFound(type=type_)


def test_a_finding_says_which_class_and_what_to_type() -> None:
    app = audited(raises(NotFound)(view_raising(OutOfSeats)), {"TESTING": True}, audit="raise")
    app.config["PROPAGATE_EXCEPTIONS"] = None
    with pytest.raises(AuditError) as caught:
        app.test_client().get("/")
    [finding] = caught.value.findings
    assert (finding.id, finding.error, finding.endpoint) == ("SK700", "OutOfSeats", "index")
    assert str(caught.value) == (
        "SK700 GET index: a problem that its view does not declare (409 Conflict, OutOfSeats). Add"
        " its class to the @raises(...) of the view, of its blueprint, or of the function that runs"
        " before it; a type of its own takes a class of its own. See RFC 9457 §4,"
        " docs/audit.md#sk700."
    )


def test_a_finding_about_something_else_names_no_class(http_audit: testing.HTTPAudit) -> None:
    call(audited(raises(NotFound)(view_raising(Gone(headers={"ETag": "v7"})))))
    assert [(f.id, f.error) for f in http_audit.take()] == [("SK603", None), ("SK700", "Gone")]


def test_raise_lets_pass_what_is_declared() -> None:
    app = audited(raises(Gone)(view_raising(Gone)), {"TESTING": True}, audit="raise")
    app.config["PROPAGATE_EXCEPTIONS"] = None
    assert app.test_client().get("/").status_code == 410


def test_a_warning_points_at_the_view(warned: list[Any]) -> None:
    view = raises(NotFound)(raise_named)
    app = audited()
    app.add_url_rule("/<what>", "one", wrapped(view))
    call(app, path="/Gone")
    [warning] = warned
    assert (warning.filename, warning.lineno) == (
        __file__,
        raise_named.__code__.co_firstlineno,
    )
    assert warning.category is HTTPAuditWarning


@pytest.mark.parametrize(
    ("ignored", "expected"),
    [
        ("SK700", []),
        ({"index": "SK700"}, []),
        ({"other": "SK700"}, ["index Gone"]),
        ("SK601", ["index Gone"]),
    ],
    ids=str,
)
def test_it_is_ignored_where_rules_are(
    ignored: Any, expected: list[str], warned: list[Any]
) -> None:
    call(audited(raises()(view_raising(Gone)), audit_ignore=ignored))
    assert told(warned) == expected


def test_the_fixture_of_tests_hears_of_it_every_time(http_audit: testing.HTTPAudit) -> None:
    app = audited(raises(NotFound)(view_raising(Gone)))
    for _ in range(2):
        call(app)
    assert [(f.id, f.error) for f in http_audit.take()] == [("SK700", "Gone")] * 2


@pytest.mark.parametrize("config", [{}, {"STATUSKIT_ENVIRONMENT": "production", "TESTING": True}])
def test_in_production_nobody_looks(
    monkeypatch: pytest.MonkeyPatch, config: dict[str, Any], warned: list[Any]
) -> None:
    monkeypatch.setattr(contract, "declared_by", lambda *_: pytest.fail("somebody looked"))
    app = Flask("shop", root_path="/")
    app.config.update(config)
    StatusKit(app)
    app.add_url_rule("/", "index", raises(NotFound)(view_raising(Gone)))
    assert_problem(call(app), 410)
    assert warned == []


def test_what_another_application_answered_before_is_not_held_against_this_one(
    warned: list[Any],
) -> None:
    first, second = audited(), audited(raises(Gone)(copy_of()))

    def cascade(environ: Any, start_response: Any) -> Any:
        # As middlewares do that ask the next application for what the first does not know.
        def keep(status: str, headers: Any, exc_info: Any = None) -> Any:
            return lambda _: None

        list(first(environ, keep))
        return second(environ, start_response)

    assert call(cascade).status == 200
    assert told(warned) == []


def test_what_an_after_request_function_made_a_success_of_is_no_problem(warned: list[Any]) -> None:
    app = audited(raises()(view_raising(Gone)))
    app.after_request(lambda _: app.response_class("It was here."))
    assert call(app).status == 200
    assert told(warned) == []


def test_what_is_answered_with_another_error_later_is_not_that_problem(warned: list[Any]) -> None:
    app = audited(raises(NotFound)(view_raising(Gone)))

    @app.after_request
    def replace(_: Any) -> Any:
        return app.response_class("Busy.", 503, {"Retry-After": "1"})

    assert call(app).status == 503
    assert told(warned) == []


def test_what_another_application_answered_is_not_the_error_of_this_one(warned: list[Any]) -> None:
    first, second = audited(), audited(raises(Gone)(lambda: ("Mine.", 410, NOT_STORED)))
    environ = EnvironBuilder("/").get_environ()
    for app in (first, second):
        assert app(environ, lambda *_: lambda _: None)
    assert environ[ANSWERED] == (404, "about:blank", NotFound)
    assert told(warned) == []


def test_the_environ_keeps_no_error() -> None:
    app, environs = make_app(), list[Any]()
    app.add_url_rule("/", "index", view_raising(OutOfSeats("Full.")))
    app.teardown_request(lambda _: environs.append(dict(request.environ)))
    call(app)
    assert environs[0][ANSWERED] == (409, "out-of-seats", OutOfSeats)


def test_without_statuskit_nothing_is_undeclared() -> None:
    app = Flask("plain")
    app.add_url_rule("/", "index", raises()(copy_of()))
    with app.test_request_context("/", environ_overrides={ANSWERED: (410, "about:blank", Gone)}):
        assert undeclared(app, request, 410) is None
