"""`assert_no_leaks`: it finds what is shown, wherever and however, and leaves nothing behind."""

from __future__ import annotations

import inspect
import json
import logging
import sys
import traceback
import warnings
from collections.abc import Callable
from html import escape
from typing import Any, cast
from urllib.parse import quote

import pytest
from flask import (
    Blueprint,
    Flask,
    Response,
    abort,
    current_app,
    flash,
    g,
    got_request_exception,
    redirect,
    render_template_string,
    request,
)
from flask.views import MethodView
from support import call, make_app
from werkzeug.exceptions import HTTPException

from example_app import create_app
from example_app.database import engine_of
from flask_statuskit import BadGateway, Conflict, NotFound, StatusKit, raises
from flask_statuskit.audit import collectors
from flask_statuskit.testing import assert_no_leaks, http_audit, record_problems  # noqa: F401
from flask_statuskit.testing.leaks import _ACCEPTS, _exceptions

SetUp = Callable[[Flask], Any]


def shop(
    set_up: SetUp | None = None, config: dict[str, Any] | None = None, **options: Any
) -> Flask:
    """An application with two endpoints, set up as a test has it."""
    app = make_app({"SECRET_KEY": "for sessions", **(config or {})}, **options)
    add_endpoints(app)
    if set_up is not None:
        set_up(app)
    return app


def plain(set_up: SetUp | None = None) -> Flask:
    """The same without StatusKit."""
    app = Flask("shop", static_folder=None)
    add_endpoints(app)
    if set_up is not None:
        set_up(app)
    return app


def add_endpoints(app: Flask) -> None:
    app.add_url_rule("/", "index", lambda: "Nothing fails here.")
    app.add_url_rule("/orders/<int:id>", "order", lambda id: {"id": id}, methods=["PUT", "DELETE"])


def leaks_of(app: Flask) -> str:
    with pytest.raises(AssertionError) as caught:
        assert_no_leaks(app)
    return str(caught.value)


# What it finds ------------------------------------------------------------------------------------


def handler(*errors: Any) -> Callable[[Callable[[Any], Any]], SetUp]:
    """Register an error handler for classes or codes."""

    def decorate(function: Callable[[Any], Any]) -> SetUp:
        def set_up(app: Flask) -> None:
            for error in errors:
                app.register_error_handler(error, function)

        set_up.__name__ = function.__name__
        return set_up

    return decorate


@handler(Exception)
def text_of_the_exception(error: Exception) -> Any:
    return str(error), 500


@handler(Exception)
def repr_of_the_exception(error: Exception) -> Any:
    return {"error": repr(error)}, 500


@handler(LookupError)
def handler_of_a_class(error: Exception) -> Any:
    return {"error": str(error)}, 404


@handler(PermissionError)
def handler_of_a_rarer_class(error: Exception) -> Any:
    return {"error": str(error)}, 403


@handler(500)
def handler_of_the_code(error: Any) -> Any:
    return {"error": str(error.original_exception)}, 500


@handler(502)
def description_of_a_hidden_error(error: Any) -> Any:
    return {"error": error.description}, 502


@handler(BadGateway)
def members_of_a_hidden_error(error: BadGateway) -> Any:
    return error.get_members(), 502


@handler(504)
def field_of_an_error_of_a_class_of_ours(error: Any) -> Any:
    return {"why": error.detail}, 504


@handler(HTTPException)
def description_that_was_given_to_abort(error: HTTPException) -> Any:
    code = error.code or 500
    return {"error": error.description}, code if type(error).__module__ != __name__ else 500


@handler(Exception)
def status_line(error: Exception) -> Any:
    return "Sorry", f"500 {error.args[0] if error.args else 'Oops'}"


@handler(Exception)
def header(error: Exception) -> Any:
    return "Sorry", 500, {"X-Error": str(error).replace("\n", " ")}


@handler(Exception)
def name_of_a_header(error: Exception) -> Any:
    response = Response("Sorry", 500)
    response.set_cookie("error", "".join(filter(str.isalnum, str(error))))
    return response


@handler(Exception)
def location(error: Exception) -> Any:
    return redirect(f"/sorry?why={quote(str(error))}")


@handler(Exception)
def flashed_into_the_session(error: Exception) -> Any:
    flash(str(error))
    return redirect("/")


@handler(Exception)
def flashed_into_a_session_that_is_compressed(error: Exception) -> Any:
    flash(f"{'Sorry, this did not work. ' * 20}{error}")
    return redirect("/")


@handler(Exception)
def comment_in_html(error: Exception) -> Any:
    return f"<h1>Sorry</h1><!-- {escape(repr(error))} -->", 500


@handler(Exception)
def template(error: Exception) -> Any:
    return render_template_string("<h1>Sorry</h1><p>{{ error|upper }}</p>", error=error), 500


@handler(Exception)
def json_with_escapes(error: Exception) -> Any:
    return json.dumps({"error": f'"{error}" ☹'}), 500


@handler(Exception)
def traceback_of_the_exception(error: Exception) -> Any:
    return traceback.format_exc(), 500


@handler(Exception)
def local_variables(error: Exception) -> Any:
    frames = inspect.getinnerframes(error.__traceback__) if error.__traceback__ else []
    return "\n".join(repr(frame.frame.f_locals.get("reason")) for frame in frames), 500


@handler(RuntimeError)
def cause(error: Exception) -> Any:
    return str(error.__cause__), 500


@handler(ValueError)
def context(error: Exception) -> Any:
    return str(error.__context__), 500


@handler(RuntimeError)
def attributes(error: Any) -> Any:
    return getattr(error, "message", ""), 500


@handler(RuntimeError)
def data_of_a_library(error: Any) -> Any:
    return getattr(error, "data", {}), 422


@handler(OSError)
def name_of_a_file(error: OSError) -> Any:
    return str(error.filename), 500


@handler(UnicodeDecodeError)
def bytes_that_could_not_be_read(error: UnicodeDecodeError) -> Any:
    return error.object, 400


@handler(Exception)
def a_stream(error: Exception) -> Any:
    said = str(error)
    return Response((f"{part}\n" for part in ("Sorry", said)), 500)


@handler(Exception)
def only_for_browsers(error: Exception) -> Any:
    if request.accept_mimetypes.accept_html and "text/html" in str(request.accept_mimetypes):
        return f"<p>{error}</p>", 500
    return "Sorry", 500


@handler(Exception)
def only_as_xml(error: Exception) -> Any:
    best = request.accept_mimetypes.best_match(["text/plain", "application/xml"])
    return (f"<e>{error}</e>" if best == "application/xml" else "Sorry"), 500


@handler(Exception)
def only_under_one_path(error: Exception) -> Any:
    return (str(error) if request.path.startswith("/orders/") else "Sorry"), 500


@handler(Exception)
def only_to_one_method(error: Exception) -> Any:
    return (str(error) if request.method == "DELETE" else "Sorry"), 500


@handler(Exception)
def by_a_switch_of_its_own(error: Exception) -> Any:
    return (str(error) if current_app.config.get("SHOW_ERRORS", True) else "Sorry"), 500


@handler(Exception)
async def an_async_handler(error: Exception) -> Any:
    return str(error), 500


def after_request(app: Flask) -> None:
    @app.errorhandler(Exception)
    def handle(error: Exception) -> Any:
        g.error = error
        return "Sorry", 500

    @app.after_request
    def show(response: Response) -> Response:
        response.headers["X-Error"] = type(g.error).__name__ + str(g.error).replace("\n", " ")
        return response


def after_another_function_that_fails_here(app: Flask) -> None:
    text_of_the_exception(app)
    app.before_request(lambda: setattr(g, "started", 0))

    @app.after_request
    def measure(response: Response) -> Response:
        response.headers["X-Time"] = str(g.started)
        return response


def before_a_teardown_that_fails_here(app: Flask) -> None:
    text_of_the_exception(app)
    app.teardown_request(lambda _: g.database.close())
    app.teardown_appcontext(lambda _: g.database.close())


LEAKS = [
    *(text_of_the_exception, repr_of_the_exception, handler_of_a_class, handler_of_a_rarer_class),
    *(handler_of_the_code, status_line, header, name_of_a_header, location, comment_in_html),
    *(flashed_into_the_session, flashed_into_a_session_that_is_compressed, template),
    *(json_with_escapes, traceback_of_the_exception, local_variables, cause, context, attributes),
    *(data_of_a_library, name_of_a_file, bytes_that_could_not_be_read),
    *(a_stream, only_for_browsers, only_as_xml, only_under_one_path, only_to_one_method),
    *(by_a_switch_of_its_own, an_async_handler, after_request),
    *(after_another_function_that_fails_here, before_a_teardown_that_fails_here),
]


@pytest.mark.parametrize("set_up", LEAKS, ids=lambda set_up: set_up.__name__)
def test_a_leak_is_found(set_up: SetUp) -> None:
    said = leaks_of(shop(set_up))
    assert "operations show" in said or "operations shows" in said


@pytest.mark.parametrize("set_up", LEAKS[:6], ids=lambda set_up: set_up.__name__)
def test_a_leak_is_found_without_statuskit(set_up: SetUp) -> None:
    assert "3 of 3 operations show" in leaks_of(plain(set_up))


@pytest.mark.parametrize(
    "set_up",
    [
        *(description_of_a_hidden_error, members_of_a_hidden_error),
        *(field_of_an_error_of_a_class_of_ours, description_that_was_given_to_abort),
    ],
    ids=lambda set_up: set_up.__name__,
)
def test_the_reason_of_a_hidden_error_is_found_where_statuskit_answers(set_up: SetUp) -> None:
    assert "in the body" in leaks_of(shop(set_up))
    # Elsewhere, what is given to abort() is for clients.
    assert_no_leaks(plain(set_up))
    assert_no_leaks(shop(set_up, {"STATUSKIT_URL_PREFIXES": "/api"}))


def test_a_handler_of_a_blueprint_is_found_where_it_answers() -> None:
    outer, inner = Blueprint("outer", __name__), Blueprint("inner", __name__)
    inner.add_url_rule("/in", "view", lambda: "")
    outer.add_url_rule("/out", "view", lambda: "")
    inner.register_error_handler(Exception, lambda error: (str(error), 500))
    outer.register_blueprint(inner)
    app = shop(lambda app: app.register_blueprint(outer))
    said = leaks_of(app)
    assert said.startswith("1 of 5 operations shows")
    assert "GET outer.inner.view, in the body" in said


def test_a_dialect_of_its_own_is_asked_for() -> None:
    app = shop()

    @app.extensions["statuskit"].kit.dialect("application/vnd.shop.error+json")
    def render(problem: Any) -> Any:
        return {"fault": problem.title, "why": str(sys.exc_info()[1])}

    said = leaks_of(app)
    assert "to Accept: application/vnd.shop.error+json" in said
    assert "in the body" in said


def test_a_default_dialect_of_its_own_is_found() -> None:
    app = shop(dialect=lambda problem: {"why": str(sys.exc_info()[1])})
    assert "in the body" in leaks_of(app)


def test_an_error_that_exposes_the_text_of_another_exception_is_found() -> None:
    class Exposed(BadGateway):
        type = "about:blank"
        expose = True

    app = shop()
    app.extensions["statuskit"].kit.map(LookupError, lambda error: Exposed(str(error)))
    said = leaks_of(app)
    assert "IndexError, KeyError and LookupError, answered" in said
    assert "502 Bad Gateway" in said


def test_a_mapping_that_repeats_an_exception_as_a_4xx_is_found() -> None:
    app = shop()
    app.extensions["statuskit"].kit.map(ValueError, lambda error: Conflict(str(error)))
    assert "409 Conflict" in leaks_of(app)
    assert "the error handler or the mapping that does" in " ".join(leaks_of(app).split())


def test_the_application_may_be_that_of_the_context() -> None:
    app = shop()
    with app.app_context():
        assert_no_leaks(current_app)
        app.register_error_handler(KeyError, lambda error: (str(error), 500))
        assert "KeyError" in leaks_of(cast("Any", current_app))


def test_an_exception_is_made_once_for_each_request(monkeypatch: pytest.MonkeyPatch) -> None:
    made, asked = list[str](), list[str]()

    def make() -> Exception:
        made.append("once")
        return ValueError("sesame")

    monkeypatch.setattr(
        "flask_statuskit.testing.leaks._exceptions", lambda reason: {"ValueError": make}
    )
    app = plain()

    @app.errorhandler(ValueError)
    def sorry(_: ValueError) -> Any:
        asked.append("it")
        return "Sorry", 500

    assert_no_leaks(app)
    assert made == ["once"] * len(asked)


def test_a_page_of_the_applications_own_is_found(tmp_path: Any) -> None:
    (tmp_path / "statuskit").mkdir()
    (tmp_path / "statuskit" / "500.html").write_text("<p>Sorry: {{ why() }}</p>")
    app = Flask("shop", template_folder=str(tmp_path), static_folder=None)
    StatusKit(app)
    add_endpoints(app)
    app.template_global("why")(lambda: str(sys.exc_info()[1]))
    assert "to Accept: text/html" in leaks_of(app)


def test_debug_that_cannot_be_switched_off_is_found() -> None:
    class AlwaysInDebug(Flask):
        debug = True  # type: ignore[assignment]

    app = AlwaysInDebug("shop", static_folder=None)
    add_endpoints(app)
    app.register_error_handler(
        Exception, lambda error: (str(error) if current_app.debug else "Sorry", 500)
    )
    assert "in the body" in leaks_of(app)


def test_a_middleware_that_shows_what_gets_to_the_server_is_found() -> None:
    app = plain()

    @app.errorhandler(Exception)
    def pass_on(error: Exception) -> Any:
        request.environ["shop.error"] = error
        raise error

    inner = app.wsgi_app

    def middleware(environ: Any, start_response: Any) -> Any:
        try:
            return inner(environ, start_response)
        except Exception as error:
            start_response("500 Internal Server Error", [("Content-Type", "text/plain")])
            return [str(getattr(error, "original_exception", error)).encode()]

    app.wsgi_app = middleware  # type: ignore[method-assign]
    assert "in the body" in leaks_of(app)


@pytest.mark.parametrize("key", ["DEBUG", "TESTING", "PROPAGATE_EXCEPTIONS"])
@pytest.mark.parametrize("make", [shop, plain])
def test_what_answers_in_production_only_is_found(make: Callable[..., Flask], key: str) -> None:
    app = make(handler_of_the_code)
    app.config[key] = True
    assert "3 of 3 operations show" in leaks_of(app)


def test_methods_of_a_class_are_found() -> None:
    class Items(MethodView):
        def get(self) -> str:
            return ""

        async def patch(self) -> str:
            return ""

    app = plain(only_to_one_method)
    app.add_url_rule("/items", view_func=Items.as_view("items"))
    assert_named = leaks_of(plain(text_of_the_exception))
    assert "items" not in assert_named
    app = plain(text_of_the_exception)
    app.add_url_rule("/items", view_func=Items.as_view("items"))
    said = leaks_of(app)
    assert "GET items, in the body" in said
    assert "PATCH items, in the body" in said


def test_each_exception_is_raised_in_each_operation_and_format() -> None:
    seen: set[tuple[str, str, str]] = set()

    def note(error: Exception) -> Any:
        name = type(error).__name__.strip("_")
        seen.add((name, request.method, str(request.accept_mimetypes)))
        return "Sorry", 500

    assert_no_leaks(plain(lambda app: app.register_error_handler(Exception, note)))
    names, methods, formats = (set(values) for values in zip(*seen, strict=True))
    assert names >= set(_exceptions("reason"))
    assert methods == {"GET", "PUT", "DELETE"}
    assert len(formats) == len(_ACCEPTS)
    assert len(seen) == len(names) * len(methods) * len(formats)


def test_a_bug_is_asked_for_in_each_format_where_a_handler_takes_others() -> None:
    app = shop(lambda app: app.register_error_handler(RuntimeError, lambda _: ("Sorry", 500)))
    seen: set[str] = set()

    @app.after_request
    def note(response: Response) -> Response:
        seen.add(response.mimetype)
        return response

    assert_no_leaks(app)
    assert {"application/problem+json", "text/html", "application/problem+xml"} <= seen
    assert {"text/plain", "application/vnd.api+json"} <= seen


@pytest.mark.parametrize("name", _exceptions("reason"))
def test_each_exception_has_the_secret_in_its_text(name: str) -> None:
    assert "sesame" in str(_exceptions("sesame")[name]())
    assert _exceptions("sesame")[name]() is not _exceptions("sesame")[name]()


@pytest.mark.skipif(sys.version_info < (3, 11), reason="there are no groups before")
def test_a_group_is_raised_where_there_are_groups() -> None:
    assert "ExceptionGroup" in _exceptions("reason")


# What passes --------------------------------------------------------------------------------------


def guarded(app: Flask) -> None:
    """What runs before the view answers, fails, or needs a database."""
    app.before_request(lambda: abort(401))
    app.url_value_preprocessor(lambda endpoint, values: values.pop("language"))


def with_a_blueprint(app: Flask) -> None:
    blueprint = Blueprint("orders", __name__, url_prefix="/<tenant>")
    blueprint.add_url_rule("/<uuid:id>/<path:rest>", "show", lambda **_: "")
    blueprint.before_request(lambda: ("Log in", 401))
    blueprint.register_error_handler(Exception, lambda _: ("Sorry", 500))
    app.register_blueprint(blueprint)


def with_async_views(app: Flask) -> None:
    @app.get("/async")
    async def view() -> str:
        return ""


def with_words_of_its_own(app: Flask) -> None:
    @app.errorhandler(Exception)
    def handle(error: Exception) -> Any:
        code = error.code if isinstance(error, HTTPException) else 500
        return {"error": "Sorry", "class": type(error).__name__}, code


def that_passes_on_what_it_does_not_own(app: Flask) -> None:
    @app.errorhandler(Exception)
    def handle(error: Exception) -> Any:
        raise error


def that_raises_another_error_for_it(app: Flask) -> None:
    @app.errorhandler(LookupError)
    def handle(error: Exception) -> Any:
        raise RuntimeError("Nothing was found.") from error

    @app.errorhandler(ValueError)
    def abort_with_another(error: Exception) -> Any:
        raise NotFound("There is none.")


def with_mappings(app: Flask) -> None:
    kit = app.extensions.get("statuskit")
    if kit is not None:
        kit.kit.map(LookupError, NotFound)
        kit.kit.map(TimeoutError, 504, retry_after=5, detail="The bank is slow. Try again.")


def with_functions_that_miss_what_ran_before(app: Flask) -> None:
    app.after_request(lambda response: g.user and response)
    app.teardown_request(lambda _: g.database.close())
    app.teardown_appcontext(lambda _: g.pool.close())


def with_urls_in_an_error_handler(app: Flask) -> None:
    @app.errorhandler(Exception)
    def handle(error: Exception) -> Any:
        from flask import url_for

        values = request.view_args or {}
        return {"self": url_for(request.endpoint or "", **values), "path": request.path}, 500


def in_debug(app: Flask) -> None:
    app.debug = True


def that_shows_more_in_debug(app: Flask) -> None:
    app.debug = True
    app.register_error_handler(
        Exception, lambda error: (str(error) if current_app.debug else "Sorry", 500)
    )


def that_shows_more_under_test(app: Flask) -> None:
    app.testing = True
    app.register_error_handler(
        Exception, lambda error: (str(error) if current_app.testing else "Sorry", 500)
    )


def under_test(app: Flask) -> None:
    app.testing = True


def that_propagates(app: Flask) -> None:
    app.config.update(PROPAGATE_EXCEPTIONS=True, DEBUG=True)


def that_traps(app: Flask) -> None:
    app.config.update(TRAP_HTTP_EXCEPTIONS=True)


def with_a_name(app: Flask) -> None:
    app.config.update(SERVER_NAME="shop.example:8443", APPLICATION_ROOT="/shop")


def with_trusted_hosts(app: Flask) -> None:
    app.config.update(TRUSTED_HOSTS=[".shop.example"])


GOOD: list[SetUp] = [
    *(guarded, with_a_blueprint, with_async_views, with_words_of_its_own, with_mappings),
    *(that_passes_on_what_it_does_not_own, that_raises_another_error_for_it, in_debug, under_test),
    *(with_functions_that_miss_what_ran_before, with_urls_in_an_error_handler, that_propagates),
    *(that_traps, with_a_name, with_trusted_hosts),
    *(that_shows_more_in_debug, that_shows_more_under_test),
]


@pytest.mark.parametrize("make", [shop, plain])
@pytest.mark.parametrize("set_up", GOOD, ids=lambda set_up: set_up.__name__)
def test_what_is_right_passes(make: Callable[[SetUp], Flask], set_up: SetUp) -> None:
    assert_no_leaks(make(set_up))


@pytest.mark.parametrize(
    ("options", "config"),
    [
        ({"environment": "development", "expose_internals": True}, {"DEBUG": True}),
        ({"environment": "testing"}, {"TESTING": True, "DEBUG": True}),
        ({"negotiate": False, "dialect": "simple"}, {}),
        ({"audit": "raise", "environment": "testing"}, {"TESTING": True}),
        ({"catalog_url": "/problems"}, {"STATUSKIT_EXPOSE_INTERNALS": True, "DEBUG": True}),
    ],
    ids=str,
)
def test_options_of_another_environment_pass(
    options: dict[str, Any], config: dict[str, Any]
) -> None:
    assert_no_leaks(shop(None, config, **options))


def test_production_that_is_set_already_wins_over_an_option() -> None:
    # Nothing else changes then that settings are derived from.
    config = {"STATUSKIT_ENVIRONMENT": "production", "DEBUG": False, "TESTING": False}
    kit_options = {"environment": "development", "log_levels": {}}
    seen: list[str] = []
    app = shop(None, config, **kit_options)
    state = app.extensions["statuskit"]
    app.after_request(lambda response: seen.append(state.settings(app).environment) or response)
    assert_no_leaks(app)
    assert set(seen) == {"production"}
    assert state.settings(app).environment == "development"


def test_the_example_passes() -> None:
    app = create_app("testing")
    try:
        assert_no_leaks(app)
    finally:
        engine_of(app).dispose()


def test_hosts_and_subdomains_are_reached() -> None:
    hosts = Flask("shop", static_folder=None, host_matching=True)
    hosts.add_url_rule("/", "tenant", lambda tenant: "", host="<tenant>.shop.example")
    hosts.add_url_rule("/", "admin", lambda: "", host="admin.shop.example")
    subdomains = Flask("shop", static_folder=None, subdomain_matching=True)
    subdomains.config["SERVER_NAME"] = "shop.example"
    subdomains.add_url_rule("/", "tenant", lambda tenant: "", subdomain="<tenant>")
    for app in (hosts, subdomains):
        assert_no_leaks(app)
        app.register_error_handler(Exception, lambda error: (str(error), 500))
        assert "GET tenant, in the body" in leaks_of(app)


def test_it_works_after_the_application_has_served_and_with_a_context_pushed() -> None:
    def handle(error: Exception) -> Any:
        g.kept = "lost"
        return str(error), 500

    app = shop(lambda app: app.register_error_handler(Exception, handle))
    assert call(app).status == 200
    with app.app_context():
        g.kept = "here"
        assert "3 of 3 operations" in leaks_of(app)
        assert g.kept == "here"


# What it leaves behind ----------------------------------------------------------------------------


def state_of(app: Flask) -> dict[str, Any]:
    """What of an application somebody could notice."""
    # Those that Flask makes when they are asked for.
    _ = app.json, app.logger, app.jinja_env, app.jinja_loader, app.name
    kit = app.extensions.get("statuskit")
    kept = {name: value for name, value in vars(app).items() if name != "jinja_env"}
    settings = None if kit is None else (dict(kit.options), kit.settings(app), kit.told.copy())
    return {
        "attributes": {name: id(value) for name, value in kept.items()},
        "config": dict(app.config),
        "views": dict(app.view_functions),
        "hooks": {name: list(hooks) for name, hooks in app.before_request_funcs.items()},
        "settings": settings,
        "logging": logging.root.manager.disable,
        "collectors": list(collectors),
        "reloads": app.jinja_env.auto_reload,
    }


@pytest.mark.parametrize("make", [shop, plain])
@pytest.mark.parametrize(
    "set_up", [guarded, in_debug, that_propagates, header], ids=lambda set_up: set_up.__name__
)
@pytest.mark.parametrize("served", [True, False])
def test_all_is_as_it_was(make: Callable[[SetUp], Flask], set_up: SetUp, served: bool) -> None:
    app = make(set_up)
    if served:
        app._got_first_request = True
    before = state_of(app)
    try:
        assert_no_leaks(app)
    except AssertionError:
        assert set_up is header
    assert state_of(app) == before


def test_all_is_as_it_was_where_it_is_interrupted() -> None:
    app = shop()

    def interrupt(error: Exception) -> Any:
        raise KeyboardInterrupt

    app.register_error_handler(ValueError, interrupt)
    before = state_of(app)
    with pytest.raises(KeyboardInterrupt):
        assert_no_leaks(app)
    assert state_of(app) == before


def test_templates_are_reloaded_in_debug_as_before() -> None:
    app = shop(None, {"DEBUG": True})
    assert "jinja_env" not in vars(app)
    assert_no_leaks(app)
    assert app.jinja_env.auto_reload


def test_an_application_that_has_not_served_can_still_be_set_up() -> None:
    app = shop()
    assert_no_leaks(app)
    app.get("/later")(lambda: "Later.")
    assert call(app, "GET", "/later").status == 200


def test_a_bug_propagates_into_a_test_as_before() -> None:
    app = shop(under_test)
    app.add_url_rule("/bug", "bug", lambda: 1 / 0)
    assert_no_leaks(app)
    with pytest.raises(ZeroDivisionError):
        app.test_client().get("/bug")


def test_views_and_what_runs_before_them_are_not_called() -> None:
    called: list[str] = []
    app = shop()
    app.add_url_rule("/view", "view", lambda: called.append("view") or "")
    app.before_request(lambda: called.append("before"))
    app.url_value_preprocessor(lambda *_: called.append("values"))
    assert_no_leaks(app)
    assert called == []


@pytest.mark.parametrize("make", [shop, plain])
def test_nothing_is_logged_or_printed(
    make: Callable[[], Flask], log: Any, capfd: pytest.CaptureFixture[str]
) -> None:
    assert_no_leaks(make())
    assert not log.ours
    assert not log.apps
    assert capfd.readouterr() == ("", "")


def test_logging_that_was_disabled_stays_disabled() -> None:
    previous = logging.root.manager.disable
    logging.disable(logging.INFO)
    try:
        assert_no_leaks(shop())
        assert logging.root.manager.disable == logging.INFO
    finally:
        logging.disable(previous)


def test_signals_are_sent() -> None:
    seen: list[Exception] = []
    app = plain()

    def receive(_: Any, exception: Exception, **__: Any) -> None:
        seen.append(exception)

    with got_request_exception.connected_to(receive, app):
        assert_no_leaks(app)
    assert {type(error).__name__ for error in seen} >= {"ValueError", "KeyError"}


@pytest.mark.parametrize("make", [shop, plain])
def test_the_auditor_and_its_fixture_are_not_told(
    make: Callable[[SetUp], Flask],
    http_audit: Any,  # noqa: F811
) -> None:
    @raises(NotFound)
    def nothing(app: Flask) -> None:
        """The application declares one error only, and answers with bare words."""
        raises(NotFound)(app)
        app.register_error_handler(500, lambda _: ("Sorry", 500, {"Cache-Control": "public"}))

    app = make(nothing)
    assert_no_leaks(app)
    assert http_audit.findings == []
    app.add_url_rule("/users", "users", lambda: ("", 201), methods=["POST"])
    call(app, "POST", "/users")
    assert [finding.id for finding in http_audit.take()] == ["SK201"]


def test_the_auditor_is_silent_even_where_it_is_on() -> None:
    app = shop(None, {"STATUSKIT_AUDIT": "warn"})
    app.register_error_handler(
        ValueError, lambda _: ("Sorry", 500, {"Cache-Control": "public, max-age=60"})
    )
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        assert_no_leaks(app)
    assert warned == []
    assert app.extensions["statuskit"].told == {}


def test_a_record_does_not_note_it() -> None:
    app = shop()
    with record_problems(app) as record:
        assert_no_leaks(app)
    assert record.seen == {}


# What it says -------------------------------------------------------------------------------------


def test_the_message_says_where_by_whom_and_what_to_do() -> None:
    app = shop()

    @app.errorhandler(KeyError)
    def show_everything(error: KeyError) -> Any:
        return {"error": f"Key {error}"}, 500, {"X-Error": str(error)}

    lines = leaks_of(app).splitlines()
    assert lines[0] == "3 of 3 operations show clients in production what is for the log only:"
    assert lines[1].startswith(
        "GET index, in the body: KeyError, answered with 500 INTERNAL SERVER ERROR to Accept:"
        " application/problem+json, by test_assert_no_leaks.test_the_message_says_where_by_whom_and"
    )
    assert lines[1].endswith(".show_everything")
    assert lines[2].startswith('    {"error":"Key \'sesame')
    assert lines[3].startswith("GET index, in the header X-Error: KeyError,")
    assert len([line for line in lines if line.startswith("    ")]) == 6
    assert "statuskit.map(LookupError, 404)" in "\n".join(lines)


def test_the_message_counts_exceptions() -> None:
    assert "in the body: IndexError, KeyError and LookupError, answered" in leaks_of(
        shop(handler_of_a_class)
    )
    others = len(_exceptions("reason")) - 3
    named = f"SecretError, ArithmeticError, AssertionError and {others} other exceptions, answered"
    assert named in leaks_of(plain(text_of_the_exception))


def test_the_message_is_bounded() -> None:
    app = plain(lambda app: app.register_error_handler(Exception, lambda e: (f"{e}" * 9999, 500)))
    for number in range(30):
        app.add_url_rule(f"/{number}", f"view{number}", lambda: "")
    said = leaks_of(app)
    assert "33 of 33 operations show" in said
    assert "... and 13 more." in said
    assert len(said) < 20_000


def test_a_leak_by_nobodys_handler_names_none() -> None:
    said = leaks_of(shop(dialect=lambda problem: {"why": str(sys.exc_info()[1])}))
    assert ", by " not in said


def test_a_handler_that_fails_without_before_request_is_told() -> None:
    app = shop(lambda app: app.before_request(lambda: setattr(g, "user", "ann")))

    @app.errorhandler(Exception)
    def show(error: Exception) -> Any:
        return {"error": str(error), "user": g.user}, 500

    said = leaks_of(app)
    assert "shows clients" not in said
    assert ".show fails: AttributeError: user" in said
    assert 'g.get("user")' in said


def test_a_500_handler_that_fails_is_told_although_statuskit_answers() -> None:
    app = shop(lambda app: app.register_error_handler(500, lambda error: {"user": g.user}))
    assert "fails: AttributeError" in leaks_of(app)


def test_middleware_that_answers_first_is_told() -> None:
    app = shop()

    def closed(environ: Any, start_response: Any) -> Any:
        start_response("401 Unauthorized", [("Content-Type", "text/plain")])
        return [b"Log in."]

    app.wsgi_app = closed  # type: ignore[method-assign]
    said = leaks_of(app)
    assert "GET index: the request is answered with 401 Unauthorized before the view" in said
    assert "app.wsgi_app" in said


def test_an_exception_that_gets_to_the_server_is_told_if_it_is_another_one() -> None:
    app = plain()

    def failing(environ: Any, start_response: Any) -> Any:
        raise OSError("The pool is empty.")

    app.wsgi_app = failing  # type: ignore[method-assign]
    assert "the server gets an exception: OSError: The pool is empty." in leaks_of(app)


def test_an_application_without_endpoints_is_refused() -> None:
    with pytest.raises(ValueError, match="shop has no endpoints"):
        assert_no_leaks(Flask("shop", static_folder=None))


def test_a_response_is_closed() -> None:
    closed: list[bool] = []

    def handle(_: Exception) -> Response:
        response = Response("Sorry", 500)
        response.call_on_close(lambda: closed.append(True))
        return response

    assert_no_leaks(plain(lambda app: app.register_error_handler(Exception, handle)))
    assert closed
