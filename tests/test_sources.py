"""What the source of a view raises: each view here is one way to write it."""

from __future__ import annotations

import contextlib
import functools
import http
import itertools
import linecache
import operator
import sys
import textwrap
import warnings
from collections.abc import Callable, Iterator
from contextlib import suppress
from http import HTTPStatus
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import flask
import pytest
from flask import Blueprint, Flask, Response, abort, current_app
from flask.views import MethodView, View
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from support import make_app
from werkzeug import exceptions
from werkzeug.exceptions import HTTPException

import flask_statuskit
from flask_statuskit import (
    Conflict,
    Forbidden,
    Gone,
    NotFound,
    PaymentRequired,
    StatusError,
    StatusKit,
    Unauthorized,
    raises,
    require_match,
)
from flask_statuskit.contract import operations
from flask_statuskit.sources import hooks, is_own, missing, missing_of_hook, read, read_operation

condition: Any = None
unknown: Any = None
CODE = 409
NOT_FOUND = NotFound("Made once")
ODD = NotFound("Made once", type="odd")
BOTH = (NotFound, Gone)
errors = SimpleNamespace(Missing=NotFound)


class Base(StatusError):
    """A base class without a status."""


class HasOwnBody(exceptions.NotFound):
    def get_body(self, *_: Any, **__: Any) -> str:
        return "mine"


class Redirect(HTTPException):
    code = 302


class OutOfCredit(PaymentRequired):
    balance: int


@raises(Forbidden, Gone)
def ensure_member() -> Any: ...


def helper() -> Any:
    raise NotFound


class Service:
    error = NotFound

    @raises(Conflict)
    def save(self) -> None: ...


service = Service()


def view(*expected: type[StatusError]) -> Callable[[Any], Any]:
    """A row of the table: a view, and the errors that its source raises."""

    def enter(function: Any) -> Any:
        VIEWS[function.__name__] = function, expected
        return function

    return enter


VIEWS: dict[str, tuple[Any, tuple[type[StatusError], ...]]] = {}


def names(found: Any) -> list[str]:
    return sorted(one.error.__name__ for one in found)


# raise


@view()
def nothing():
    return "fine"


@view(NotFound)
def a_class():
    raise NotFound


@view(NotFound)
def an_instance():
    raise NotFound("There is none.")


@view(OutOfCredit)
def a_problem_type():
    raise OutOfCredit(balance=1)


@view(Conflict)
def of_a_module():
    raise flask_statuskit.Conflict("Taken") from ValueError()


@view(NotFound)
def of_an_object():
    raise errors.Missing()


@view(NotFound)
def of_werkzeug():
    raise exceptions.NotFound


@view(NotFound, Gone)
def either():
    raise NotFound() if condition else Gone()


@view(NotFound, Gone)
def either_class():
    raise (NotFound if condition else Gone)("Away")


@view(NotFound)
def made_once():
    raise NOT_FOUND


@view(NotFound)
def with_a_traceback():
    raise NotFound().with_traceback(None)


@view()
def of_a_type_that_no_class_has():
    raise NotFound(type="odd")


@view()
def made_once_with_a_type_that_no_class_has():
    raise ODD


@view()
def with_a_response_of_its_own():
    raise NotFound(response=Response("mine"))


@view()
def foreign():
    raise ValueError


@view()
def without_a_status():
    raise Base


@view()
def with_a_body_of_its_own():
    raise HasOwnBody


@view()
def a_redirect():
    raise Redirect


@view()
def of_a_function():
    raise helper()


@view()
def of_a_parameter(NotFound=Gone):
    raise NotFound


@view()
def what_is_unknown():
    raise unknown.Error


@view()
def what_does_not_exist():
    raise NoSuchName  # noqa: F821


@view(NotFound)
def imported_inside():
    from flask_statuskit import NotFound as Missing

    raise Missing


@view(Conflict)
def module_imported_inside():
    import flask_statuskit.exceptions as ours

    raise ours.Conflict


@view()
def imported_by_nobody():
    from flask_statuskit.no_such_module import NotFound

    raise NotFound


# Variables


@view(NotFound)
def a_variable():
    error = NotFound("There is none.")
    raise error


@view(NotFound, Gone)
def assigned_in_branches():
    if condition:
        error: Any = NotFound()
    else:
        error = Gone()
    raise error


@view(NotFound)
def maybe_assigned():
    error = None
    for _ in condition:
        error = NotFound()
    if error:
        raise error
    return "fine"


@view(NotFound)
def assigned_in_an_earlier_round():
    error = None
    while condition:
        if error:
            raise error
        error = NotFound()
    return "fine"


@view()
def unpacked():
    NotFound, _ = condition
    raise NotFound


@view(NotFound)
def assigned_in_an_expression():
    if error := NotFound():
        raise error


@view()
def bound_by_with():
    with condition as NotFound:
        raise NotFound


@view()
def bound_by_for():
    for NotFound in condition:  # noqa: F402
        raise NotFound


@view()
def bound_by_match():
    match condition:
        case [NotFound]:
            raise NotFound
        case {**Gone}:  # type: ignore[misc]
            raise Gone


@view(NotFound)
def in_a_case():
    match condition:
        case 1:
            raise NotFound


# What runs


@view(NotFound)
def after_a_loop_that_is_left():
    while True:
        if condition:
            break
    raise NotFound


@view(NotFound)
def after_a_loop():
    for one in condition:
        if one:
            return one
    else:
        raise NotFound


# abort


@view(NotFound)
def abort_status():
    abort(404)


@view(NotFound)
def abort_of_flask():
    flask.abort(code=404)


@view(NotFound, Gone)
def abort_with_a_name():
    if condition:
        abort(HTTPStatus.NOT_FOUND)
    abort(http.HTTPStatus.GONE.value)


@view(Conflict)
def abort_with_a_constant():
    abort(CODE, description="Taken")


@view(PaymentRequired)
def abort_that_only_we_know():
    abort(402)


@view(NotFound)
def abort_in_an_expression():
    return condition or abort(404)


@view()
def abort_with_what_is_unknown():
    abort(condition.code)


@view()
def abort_with_a_response():
    abort(Response("mine"))


@view()
def abort_with_a_response_of_its_own():
    abort(404, response=Response("mine"))


@view()
def abort_of_an_unknown_object():
    job = condition
    job.abort(404)


@view()
def abort_with_no_error():
    abort(302)


@view()
def abort_with_an_error():
    abort(NotFound())  # a LookupError


@view(NotFound)
def abort_of_the_application():
    from flask import abort as stop

    abort = stop
    abort(404)


# Calls


@view(Forbidden, Gone)
def a_helper_that_declares():
    ensure_member()


@view(flask_statuskit.PreconditionFailed, flask_statuskit.PreconditionRequired)
def a_helper_of_ours():
    require_match("v7")


@view(Conflict)
def a_method_that_declares():
    service.save()


@view()
def a_helper_that_does_not_declare():
    helper()


@view(Forbidden, Gone)
def a_helper_in_another_statement():
    with condition:
        raise ValueError(ensure_member())


@view(Forbidden, Gone)
def a_helper_that_makes_a_context():
    with ensure_member():
        return "fine"


@view()
def a_proxy_that_is_nothing_yet():
    current_app()


@view()
def any_function_with_a_status():
    print(404)


@view()
def a_helper_that_is_not_called():
    return ensure_member


@view(NotFound)
def nested():
    def fail() -> None:
        raise NotFound

    fail()


@view()
def nested_and_not_called():
    def fail() -> None:
        raise NotFound

    return fail


@view()
def nested_and_decorated_with_who_knows_what():
    @condition
    def fail() -> None:
        raise NotFound

    fail()


@view(NotFound)
def nested_that_calls_itself():
    def fail(again: bool) -> None:
        if again:
            fail(False)
        raise NotFound

    fail(True)


@view()
def nested_that_streams():
    def rows() -> Iterator[str]:
        yield "one"
        raise NotFound

    return Response(rows())


@view(Gone)
def nested_with_a_variable_of_its_own():
    error = Gone

    def fail() -> Any:
        error = NotFound
        return error

    fail()
    raise error


@view(NotFound)
def nested_with_a_variable_of_the_view():
    error = NotFound

    def fail() -> None:
        raise error

    fail()


@view(NotFound)
def a_lambda():
    return condition(lambda: abort(404))


@view()
def a_lambda_with_names_of_its_own():
    return lambda ensure_member: ensure_member()


@view(Forbidden, Gone)
def a_comprehension():
    return [ensure_member() for _ in condition]


@view()
def a_comprehension_with_names_of_its_own():
    return [ensure_member() for ensure_member in condition]


@view(Forbidden, Gone)
async def awaited():
    await ensure_member()


@view()
def streamed():
    yield "one"
    raise NotFound


# What is caught


@view()
def caught():
    try:
        raise NotFound
    except NotFound:
        return "fine"


@view()
def caught_as_its_base():
    try:
        raise NotFound
    except HTTPException:
        return "fine"


@view()
def caught_whatever_it_is():
    try:
        raise NotFound
    except:  # noqa: E722
        return "fine"


@view()
def caught_by_what_is_unknown():
    try:
        raise NotFound
    except unknown.Error:
        return "fine"


@view()
def one_of_several_caught():
    try:
        abort(404)
    except (ValueError, exceptions.NotFound):
        return "fine"


@view()
def caught_by_a_tuple():
    try:
        raise NotFound
    except BOTH:
        return "fine"


@view(Gone)
def another_is_caught():
    try:
        ensure_member()
    except Forbidden:
        return "fine"


@view()
def caught_further_out():
    try:
        try:
            raise NotFound
        except Gone:
            return "fine"
    except NotFound:
        return "fine"


@view(NotFound)
def raised_again():
    try:
        raise NotFound
    except Exception:
        print("There is none.")
        raise


@view(NotFound)
def raised_again_by_name():
    try:
        raise NotFound
    except HTTPException as error:
        raise error from None


@view(NotFound)
def caught_from_who_knows_where():
    try:
        helper()
    except NotFound as error:
        print(error)
        raise


@view(NotFound, Gone)
def several_caught_from_who_knows_where():
    try:
        helper()
    except (NotFound, Gone) as error:
        raise error


@view(Gone)
def raised_again_behind_another_try():
    try:
        helper()
    except Gone:
        try:
            helper()
        except NotFound:
            print("There is none.")
        raise


@view()
def what_is_caught_is_no_object_at_hand():
    try:
        raise NotFound
    except NotFound as error:
        raise error.error from None  # type: ignore[attr-defined]


@view()
def raised_again_in_a_case():
    try:
        helper()
    except (NotFound, Gone) as error:
        match error:
            case NotFound():
                raise
        return "fine"


@view(Gone)
def each_raised_again_by_the_same_name():
    try:
        helper()
    except NotFound as error:
        print(error)
    except Gone as error:
        raise error


@view(Conflict)
def another_by_the_same_name():
    try:
        raise NotFound
    except HTTPException as error:
        print(error)
        error = Conflict()
        raise error


@view(Conflict)
def another_instead():
    try:
        raise NotFound
    except NotFound as error:
        raise Conflict from error


@view()
def raised_again_if_it_is_the_right_one():
    try:
        abort(404)
    except HTTPException as error:
        if error.code == 404:
            return "fine"
        raise


@view()
def one_of_several_raised_again():
    try:
        helper()
    except (NotFound, Gone) as error:
        if isinstance(error, Gone):
            raise
        return "fine"


@view(NotFound)
def in_the_else():
    try:
        helper()
    except NotFound:
        return "fine"
    else:
        raise NotFound


@view(NotFound, Gone)
def in_the_finally():
    try:
        raise NotFound
    finally:
        if condition:
            raise Gone


@view(NotFound)
def assigned_before_it_failed():
    error = None
    try:
        error = NotFound()
        helper()
    except ValueError:
        raise error from None


@view(Conflict)
def assigned_where_it_was_caught():
    error = None
    try:
        helper()
    except ValueError:
        error = Conflict()
        raise
    finally:
        if error:
            raise error


@view()
def suppressed():
    with suppress(NotFound):
        raise NotFound


@view()
def suppressed_by_its_base():
    with contextlib.suppress(ValueError, HTTPException):
        abort(404)


@view()
def suppressed_by_what_is_unknown():
    with suppress(unknown.Error):
        raise NotFound


@view(NotFound)
def another_is_suppressed():
    with suppress(Gone):
        raise NotFound


@view(NotFound)
def in_any_other_context():
    with condition:
        raise NotFound


@pytest.mark.parametrize("name", VIEWS)
def test_a_source_raises(name: str) -> None:
    function, expected = VIEWS[name]
    found = read(make_app(), function).found
    assert names(found) == sorted(cls.__name__ for cls in expected)


def test_every_view_of_the_table_can_be_read() -> None:
    assert {name for name, (f, _) in VIEWS.items() if read(make_app(), f).unread} == set()


@pytest.mark.skipif(sys.version_info < (3, 11), reason="there are no groups of exceptions")
def test_a_group_of_exceptions_catches_as_one_does(tmp_path: Path) -> None:
    [function] = defined(
        tmp_path,
        """
        def grouped():
            try:
                raise NotFound
            except* NotFound:
                pass
        """,
    )
    assert read(make_app(), function) == read(make_app(), nothing)


def defined(directory: Path, source: str) -> list[Any]:
    """The functions of a source, which is in a file."""
    file = directory / "defined.py"
    file.write_text(textwrap.dedent(source), encoding="utf-8")
    scope: dict[str, Any] = {**vars(flask_statuskit), "abort": abort}
    before = set(scope)
    exec(compile(file.read_text(encoding="utf-8"), str(file), "exec"), scope)
    return [value for name, value in scope.items() if name not in before and callable(value)]


# Where it is


def test_an_error_is_found_where_it_is_raised(tmp_path: Path) -> None:
    [function] = defined(
        tmp_path,
        '''
        @raises(
            NotFound,
        )
        def several_lines():
            """It has
        lines that begin at the margin."""
            if CODE:
                abort(
                    404,
                )
            try:
                raise Gone
            except Gone:
                raise
        ''',
    )
    found = read(make_app(), function).found
    assert [(one.error, one.line) for one in found] == [(NotFound, 9), (Gone, 13)]
    assert {one.file for one in found} == {str(tmp_path / "defined.py")}


def test_the_lines_of_a_function_inside_of_another_are_those_of_the_file() -> None:
    def inside() -> None:
        """What follows is
no code, and begins at the margin."""  # fmt: skip
        raise NotFound

    [found] = read(make_app(), inside).found
    lines = Path(found.file).read_text(encoding="utf-8").splitlines()
    assert lines[found.line - 1].strip() == "raise NotFound"
    assert inside.__code__.co_firstlineno < found.line < inside.__code__.co_firstlineno + 5


def test_a_source_that_has_changed_since_is_not_read(tmp_path: Path) -> None:
    [function] = defined(tmp_path, "def older():\n    raise NotFound\n")
    (tmp_path / "defined.py").write_text("def newer():\n    raise Gone\n", encoding="utf-8")
    assert read(make_app(), function).found == ()
    assert read(make_app(), function).unread == ("older",)


no_source: dict[str, Any] = {"NotFound": NotFound}
exec("def executed():\n    raise NotFound", no_source)


@pytest.mark.parametrize(
    ("function", "name"),
    [
        (lambda: abort(404), "<lambda>"),
        (no_source["executed"], "executed"),
        (len, "len"),
        (operator.itemgetter(1), "itemgetter.__call__"),
    ],
)
def test_what_has_no_source_is_reported(function: Any, name: str) -> None:
    reading = read(make_app(), function)
    assert reading.found == ()
    assert [unread.rpartition(".")[2] for unread in reading.unread] == [name.rpartition(".")[2]]


def test_a_name_that_is_bound_later_is_not_the_one_outside() -> None:
    def outer() -> Any:
        def view() -> None:
            raise Gone

        return view
        Gone = ValueError

    assert read(make_app(), outer()).found == ()


# Decorators and classes


def logged_in(function: Any) -> Any:
    @functools.wraps(function)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        if not condition:
            raise Unauthorized
        return function(*args, **kwargs)

    return wrapper


def forgiving(function: Any) -> Any:
    @functools.wraps(function)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        try:
            return function(*args, **kwargs)
        except NotFound:
            return ""

    return wrapper


def by_other_means(function: Any) -> Any:
    @functools.wraps(function)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        return current_app.ensure_sync(function)(*args, **kwargs)

    return wrapper


class Callable_:
    error = Gone

    def __call__(self) -> None:
        raise self.error


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        (logged_in(a_class), ["NotFound", "Unauthorized"]),
        (forgiving(a_class), []),
        (forgiving(logged_in(a_class)), ["Unauthorized"]),
        (logged_in(forgiving(a_class)), ["Unauthorized"]),
        (by_other_means(a_class), ["NotFound"]),
        (functools.partial(a_class), ["NotFound"]),
        (forgiving(functools.partial(a_class)), []),
        (functools.lru_cache(a_class), ["NotFound"]),
        (Callable_(), ["Gone"]),
        (forgiving(Callable_()), ["Gone"]),
        (service.save, []),
    ],
)
def test_what_decorators_raise_and_catch_counts(function: Any, expected: list[str]) -> None:
    reading = read(make_app(), function)
    assert names(reading.found) == expected
    assert reading.unread == ()


class Rooms(MethodView):
    init_every_request = False
    decorators = [logged_in]  # noqa: RUF012
    error = NotFound

    def get(self) -> None:
        raise self.error

    @raises(Conflict)
    def check(self) -> None: ...

    def put(self) -> None:
        self.check()

    @classmethod
    def delete(cls) -> None:
        raise cls.error()

    def patch(self) -> None:
        raise self.unknown  # type: ignore[attr-defined]

    def post(self) -> None:
        error = self.error
        raise error


class Cellars(Rooms):
    error = Gone  # type: ignore[assignment]


class Page(View):
    def dispatch_request(self) -> Any:
        abort(410)


@pytest.mark.parametrize(
    ("cls", "method", "expected"),
    [
        (Rooms, "GET", ["NotFound", "Unauthorized"]),
        (Rooms, "PUT", ["Conflict", "Unauthorized"]),
        (Rooms, "DELETE", ["NotFound", "Unauthorized"]),
        (Rooms, "PATCH", ["Unauthorized"]),
        (Rooms, "POST", ["NotFound", "Unauthorized"]),
        (Cellars, "GET", ["Gone", "Unauthorized"]),
        (Page, "GET", ["Gone"]),
    ],
)
def test_a_class_raises_what_it_answers_the_method_with(
    cls: Any, method: str, expected: list[str]
) -> None:
    app = make_app()
    app.add_url_rule("/rooms", view_func=cls.as_view("rooms"))
    assert names(read_operation(app, "rooms", method).found) == expected


# What the application decides


def test_the_applications_aborter_decides_what_abort_raises() -> None:
    app = make_app()
    app.aborter.mapping[404] = OutOfCredit
    assert names(read(app, abort_status).found) == ["OutOfCredit"]
    app.aborter.mapping[404] = HasOwnBody
    assert names(read(app, abort_status).found) == []


@pytest.mark.parametrize(
    ("module", "call"),
    [
        ("flask_smorest", "lib.abort(404, message='Away')"),
        ("flask_smorest", "lib.abort(http_status_code=404)"),
        ("apiflask", "lib.abort(404)"),
        ("apiflask", "lib.abort(status_code=404)"),
        ("flask_restx", "lib.abort(404)"),
        ("flask_restx", "lib.abort(code=404)"),
        ("flask_restx", "lib.Namespace.abort(lib, 404)"),
    ],
)
def test_abort_of_other_libraries_counts(module: str, call: str, tmp_path: Path) -> None:
    lib = pytest.importorskip(module)
    [function] = defined(tmp_path, f"def view():\n    {call}\n")
    function.__globals__["lib"] = lib
    expected = [] if "Namespace" in call else ["NotFound"]
    assert names(read(make_app(), function).found) == expected


# What is missing


def route(app: Any, function: Any, **options: Any) -> None:
    app.add_url_rule("/it", endpoint="it", view_func=function, **options)


def missing_in(app: Flask) -> list[str]:
    return names(found for rule, method in operations(app) for found in missing(app, rule, method))


def test_a_view_that_declares_nothing_misses_what_it_raises() -> None:
    app = make_app()
    route(app, either)
    assert missing_in(app) == ["Gone", "NotFound"]


@pytest.mark.parametrize(
    ("declared", "expected"),
    [
        ([], ["Gone", "NotFound"]),
        ([NotFound], ["Gone"]),
        ([NotFound, Gone], []),
        ([404, 410, 500], []),
        ([OutOfCredit], ["Gone", "NotFound"]),
    ],
)
def test_what_is_declared_is_not_missing(declared: list[Any], expected: list[str]) -> None:
    app = make_app()
    route(app, raises(*declared)(forgiving_nothing()))
    assert missing_in(app) == expected


def forgiving_nothing() -> Any:
    """A function of its own each time, as a declaration stays where it is put."""

    def view() -> None:
        raise NotFound() if condition else Gone()

    return view


def test_a_problem_type_is_another_than_its_status() -> None:
    app = make_app()
    app.add_url_rule("/it", view_func=raises(PaymentRequired)(lambda_free(OutOfCredit)))
    assert missing_in(app) == ["OutOfCredit"]


def lambda_free(error: Any) -> Any:
    def view() -> None:
        raise error

    return view


def test_a_bug_need_not_be_declared() -> None:
    app = make_app()
    route(app, lambda_free(flask_statuskit.InternalServerError))
    assert missing_in(app) == []


def test_a_blueprint_declares_for_its_views() -> None:
    app = make_app()
    blueprint = raises(NotFound)(Blueprint("shop", __name__))
    blueprint.add_url_rule("/it", view_func=a_class)
    app.register_blueprint(blueprint)
    assert missing_in(app) == []


@pytest.mark.parametrize(
    ("handled", "expected"), [(404, ["Gone"]), (exceptions.Gone, ["NotFound"]), (Exception, [])]
)
@pytest.mark.parametrize("on_blueprint", [True, False])
def test_what_a_handler_of_the_application_answers_is_not_missing(
    handled: Any, expected: list[str], on_blueprint: bool
) -> None:
    app, blueprint = make_app(), Blueprint("shop", __name__)
    holder: Any = blueprint if on_blueprint else app
    holder.register_error_handler(handled, lambda error: "mine")
    blueprint.add_url_rule("/it", view_func=either)
    app.register_blueprint(blueprint)
    assert missing_in(app) == expected


def test_the_handler_of_a_library_that_gives_way_answers_nothing() -> None:
    smorest = pytest.importorskip("flask_smorest")
    settings = {"API_TITLE": "shop", "API_VERSION": "1", "OPENAPI_VERSION": "3.1.0"}
    for integrations, expected in [([], []), (["flask_smorest"], ["NotFound"])]:
        app = make_app(settings, integrations=integrations)
        smorest.Api(app)
        route(app, a_class)
        assert missing_in(app) == expected


@pytest.mark.parametrize(
    ("prefixes", "expected"), [("/api", []), ("/i", []), ("/it", ["NotFound"])]
)
def test_nothing_is_missing_where_no_problems_are_served(
    prefixes: str, expected: list[str]
) -> None:
    app = make_app(url_prefixes=prefixes)
    route(app, a_class)
    assert missing_in(app) == expected


def test_what_nobody_could_mend_is_not_missing(tmp_path: Path) -> None:
    app = Flask(__name__, static_folder=str(tmp_path))
    StatusKit(app, catalog_url="/problems")
    assert missing_in(app) == []


def installed(directory: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A package that was installed, with a view that raises."""
    packages = directory / "site-packages"
    packages.mkdir()
    source = "from flask_statuskit import NotFound\ndef view():\n    raise NotFound\n"
    (packages / "shop_of_others.py").write_text(source, encoding="utf-8")
    monkeypatch.syspath_prepend(packages)
    monkeypatch.delitem(sys.modules, "shop_of_others", raising=False)
    return import_module("shop_of_others")


def test_views_of_installed_libraries_are_not_the_developers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = installed(tmp_path, monkeypatch)
    app = make_app()
    route(app, module.view)
    app.before_request(module.view)
    assert names(read_operation(app, "it", "GET").found) == ["NotFound"]
    assert missing_in(app) == []
    assert list(hooks(app)) == []
    assert not is_own(app, textwrap.dedent)
    assert is_own(app, a_class)


def test_an_application_that_is_installed_itself_is_its_developers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = installed(tmp_path, monkeypatch)
    app = Flask("shop_of_others")
    StatusKit(app)
    route(app, module.view)
    assert missing_in(app) == ["NotFound"]


# What runs before views


def undeclared_hooks(app: Flask) -> list[list[str]]:
    return [names(missing_of_hook(app, hook, blueprint)) for hook, blueprint in hooks(app)]


def test_what_runs_before_views_is_to_declare_what_it_raises() -> None:
    app = make_app()
    app.before_request(lambda_free(NotFound))
    app.before_request(raises(Gone)(lambda_free(Gone)))
    app.url_value_preprocessor(lambda_free(Conflict))
    assert undeclared_hooks(app) == [["Conflict"], ["NotFound"], []]


def test_a_blueprint_declares_for_what_runs_before_its_views() -> None:
    app = make_app()
    blueprint = raises(NotFound)(Blueprint("shop", __name__))
    blueprint.before_request(lambda_free(NotFound))
    blueprint.before_request(lambda_free(Gone))
    blueprint.register_error_handler(409, lambda error: "mine")
    blueprint.before_request(lambda_free(Conflict))
    app.register_blueprint(blueprint)
    assert undeclared_hooks(app) == [[], ["Gone"], []]


def test_an_application_declares_for_what_runs_before_its_views() -> None:
    app = raises(NotFound)(make_app())
    app.before_request(lambda_free(NotFound))
    assert undeclared_hooks(app) == [[]]


def test_what_runs_before_a_view_is_not_the_views() -> None:
    app = make_app()
    app.before_request(lambda_free(NotFound))
    app.add_url_rule("/it", view_func=nothing)
    assert missing_in(app) == []


# Whatever is written


APP = make_app()


class Over(BaseException):
    """All decisions of a run are made."""


def indented(head: str, body: str) -> str:
    return f"{head}:\n{textwrap.indent(body, '  ')}"


HEADS = [
    *("if decide()", "while decide()", "for _ in range(2)", "with suppress(Gone)"),
    # Without a decision it would have no end.
    "while True:\n  decide()\nif True",
]
CAUGHT = ["Gone", "NotFound as caught", "Exception"]
programs = st.recursive(
    st.sampled_from(
        [
            *("pass", "return", "break", "continue", "raise NotFound", "abort(404)"),
            *("error = Gone()", "error = NotFound", "raise error", "f = Gone; raise f()"),
        ]
    ),
    lambda inner: st.one_of(
        st.lists(inner, min_size=2, max_size=4).map("\n".join),
        st.builds(indented, st.sampled_from(HEADS), inner),
        inner.map(lambda body: f"{indented('def g()', body)}\ng()"),
        st.tuples(inner, inner).map(
            lambda t: f"{indented('if decide()', t[0])}\n{indented('else', t[1])}"
        ),
        st.builds(
            lambda body, caught, handler, again, last: "\n".join(
                [
                    indented("try", body),
                    indented(f"except {caught}", f"{handler}\n{again}"),
                    indented("finally", last),
                ]
            ),
            *(inner, st.sampled_from(CAUGHT), inner, st.sampled_from(["", "raise"]), inner),
        ),
    ),
    max_leaves=10,
)


def compiled(program: str, scope: dict[str, Any]) -> Any:
    """A view whose source can be read, None if Python refuses it."""
    source = indented("def view()", f"error = None\n{program}")
    file = f"<{source}>"
    try:
        code = compile(source, file, "exec", dont_inherit=True)
    except SyntaxError:
        return None
    linecache.cache[file] = len(source), None, source.splitlines(keepends=True), file
    exec(code, scope)
    return scope["view"]


@settings(max_examples=200, deadline=None)
@given(programs)
def test_whatever_a_view_does_raise_is_found(program: str) -> None:
    decisions: list[bool] = []

    def decide() -> bool:
        if not decisions:
            raise Over
        return decisions.pop()

    scope = {**vars(flask_statuskit), "abort": abort, "suppress": suppress, "decide": decide}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SyntaxWarning)  # a `return` in a `finally`
        view = compiled(program, scope)
    assume(view is not None)
    reading = read(APP, view)
    assert reading.unread == ()
    raised: set[int | None] = set()
    found = {one.error.code for one in reading.found}
    for made in itertools.product([True, False], repeat=5):
        decisions[:] = made
        try:
            view()
        except (NotFound, Gone, exceptions.NotFound) as error:
            raised.add(error.code)
        except (Over, RuntimeError, TypeError, NameError):
            pass
    assert raised <= found
