"""Several applications in one process: side by side, within each other, and one after the other."""

from __future__ import annotations

import gc
import logging
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NoReturn

import pytest
from flask import Flask, current_app, render_template_string, request, signals
from flask_babel import Babel
from support import (
    BROWSER,
    PROGRAM,
    Answer,
    Foreign,
    assert_problem,
    call,
    kit_of,
    make_app,
    view_raising,
)
from werkzeug.middleware.dispatcher import DispatcherMiddleware

from flask_statuskit import (
    Conflict,
    NotFound,
    PaymentRequired,
    Problem,
    ServiceUnavailable,
    StatusKit,
    Unauthorized,
    ValidationError,
    problem_raised,
)
from flask_statuskit.class_table import ClassTable
from flask_statuskit.extension import State
from flask_statuskit.mapping import Mapping


class NoSeatLeft(Conflict):
    """All seats are taken. Choose another day."""

    seats: int


class NoMoneyLeft(PaymentRequired):
    """The balance does not cover the price. Top up first."""


# Side by side, and within each other --------------------------------------------------------------

RAISED: dict[str, Any] = {
    "foreign": Foreign,
    "login": Unauthorized,
    "invalid": lambda: ValidationError({"day": ["No such day."]}),
    "closed": ServiceUnavailable,
    "bug": ZeroDivisionError,
}
PATHS = ["/fine", "/nowhere", *(f"/{name}" for name in RAISED)]


def do_nothing() -> None:
    pass


def with_views(app: Flask, within: Callable[[], None]) -> Flask:
    """The application with views that fail, and with `within` run wherever it has a say."""

    def before(_response: Any = None) -> Any:
        within()
        return _response

    def view(name: str) -> Callable[[], Any]:
        def fail() -> Any:
            within()
            return view_raising(RAISED[name])()

        return fail

    for name in RAISED:
        app.add_url_rule(f"/{name}", name, view(name))
    app.add_url_rule("/fine", "fine", lambda: "fine")
    app.before_request(before)
    app.after_request(before)
    app.teardown_request(before)

    @app.errorhandler(NotFound)
    def not_found(error: NotFound) -> NoReturn:
        within()
        raise Conflict("It was here a moment ago.") from None

    return app


def cinema(within: Callable[[], None] = do_nothing) -> Flask:
    """Speaks German in a format of its own, and has a catalogue."""
    kit = StatusKit(
        catalog_url="/types",
        challenge='Basic realm="cinema"',
        request_id_header="X-Cinema-ID",
        dialect="application/vnd.cinema+json",
    )

    @kit.map(Foreign)
    def no_seat(error: Foreign) -> NoSeatLeft:
        within()
        return NoSeatLeft(seats=0)

    @kit.dialect("application/vnd.cinema+json")
    def ours(problem: Problem) -> dict[str, Any]:
        within()
        return {"cinema": problem.title, "type": problem.type, "at": problem.instance}

    def locale() -> str:
        within()
        return "de"

    app = make_app(kit=kit)
    Babel(app, locale_selector=locale)
    return with_views(app, within)


def shop(within: Callable[[], None] = do_nothing) -> Flask:
    """Speaks English, and answers what is not valid with a 400."""
    kit = StatusKit(type_base="https://shop.example/types", validation_status=400)
    kit.map(Foreign, NoMoneyLeft)
    app = make_app({"STATUSKIT_RETRY_AFTER": {503: 7}}, kit=kit)
    return with_views(app, within)


def asked(app: Flask) -> list[Answer]:
    """What an application answers to each path."""
    headers = {"X-Request-ID": "shop-1", "X-Cinema-ID": "cinema-1"}
    return [call(app, path=path, headers=headers) for path in PATHS]


def asked_by_its_client(app: Flask) -> list[tuple[str, list[tuple[str, str]], bytes]]:
    headers = {"X-Request-ID": "shop-1", "X-Cinema-ID": "cinema-1"}
    responses = [app.test_client().get(path, headers=headers) for path in PATHS]
    return [(r.status, list(r.headers), r.data) for r in responses]


@pytest.fixture(autouse=True)
def quiet(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("CRITICAL")


def test_each_application_has_its_own_settings_mappings_formats_and_language() -> None:
    answers = {
        (name, path): answer
        for name, app in {"cinema": cinema(), "shop": shop()}.items()
        for path, answer in zip(PATHS, asked(app), strict=True)
    }
    seat = answers["cinema", "/foreign"]
    assert (seat.status, seat.header("X-Cinema-ID")) == (409, "cinema-1")
    assert seat.json["type"] == "/types/no-seat-left"
    assert seat.header("Content-Type") == "application/vnd.cinema+json"
    money = answers["shop", "/foreign"]
    assert assert_problem(money, 402)["type"] == "https://shop.example/types/no-money-left"
    assert (money.header("X-Request-ID"), money.header("X-Cinema-ID")) == ("shop-1", None)
    assert answers["cinema", "/login"].header("WWW-Authenticate") == 'Basic realm="cinema"'
    assert answers["shop", "/login"].header("WWW-Authenticate") == "Bearer"
    assert [answers[name, "/invalid"].status for name in ("cinema", "shop")] == [422, 400]
    assert answers["cinema", "/closed"].json["cinema"] == "Dienst nicht verfügbar"
    assert answers["shop", "/closed"].json["retry_after"] == 7
    assert answers["cinema", "/closed"].header("Retry-After") is None


def test_applications_side_by_side_answer_as_each_does_alone() -> None:
    alone = [asked(cinema()), asked(shop())]
    apps = [cinema(), shop()]
    for _ in range(2):
        assert [asked(app) for app in apps] == alone
    assert [asked(app) for app in reversed(apps)] == alone[::-1]


@pytest.mark.parametrize("inner", [cinema, shop])
@pytest.mark.parametrize("outer", [cinema, shop])
def test_a_request_within_a_request_changes_neither(
    outer: Callable[..., Flask], inner: Callable[..., Flask]
) -> None:
    expected, expected_inside = asked(outer()), asked_by_its_client(inner())
    app, inside = inner(), 0

    def within() -> None:
        nonlocal inside
        inside += 1
        itself = current_app._get_current_object()  # type: ignore[attr-defined]
        path = request.full_path
        if inside % 5 == 0:
            assert asked_by_its_client(app) == expected_inside
        else:
            number = inside % len(PATHS)
            headers = {"X-Request-ID": "shop-1", "X-Cinema-ID": "cinema-1"}
            response = app.test_client().get(PATHS[number], headers=headers)
            assert (response.status, list(response.headers), response.data) == (
                expected_inside[number]
            )
        assert current_app._get_current_object() is itself  # type: ignore[attr-defined]
        assert request.full_path == path

    assert asked(outer(within)) == expected
    assert inside > 3 * len(PATHS)


def test_a_receiver_that_asks_the_same_application_changes_nothing() -> None:
    app = shop()
    expected, heard = asked(app), list[str]()

    def receive(_app: Flask, problem: Problem, **_: Any) -> None:
        if "X-Inner" not in request.headers:
            response = app.test_client().get("/login", headers={"X-Inner": "1"})
            assert response.status_code == 401
            heard.append(str(problem.members["request_id"]))

    with problem_raised.connected_to(receive, app):
        assert asked(app) == expected
    assert heard == ["shop-1"] * (len(PATHS) - 1)


# Mounts -------------------------------------------------------------------------------------------


def test_instances_and_types_are_those_of_the_mount_that_was_asked() -> None:
    app = cinema()
    app.config["STATUSKIT_DIALECT"] = "problem"
    kit_of(app).map(Foreign, NoSeatLeft, seats=1)
    inner = DispatcherMiddleware(shop(), {"/inner": app})
    site = DispatcherMiddleware(make_app(), {"/a": app, "/b": shop(), "/outer": inner})
    headers = {"Accept": "application/problem+json"}
    for mount in ("/a", "/outer/inner", "/a"):
        answer = call(site, path=f"{mount}/foreign", headers=headers)
        assert answer.json["instance"] == f"{mount}/foreign"
        assert answer.json["type"] == f"{mount}/types/no-seat-left"
        entry = call(site, path=answer.json["type"], headers=PROGRAM)
        assert (entry.status, entry.json["type"]) == (200, answer.json["type"])
        page = call(site, path=f"{mount}/foreign", headers=BROWSER)
        assert f'href="{mount}/types/no-seat-left"'.encode() in page.body
    for mount in ("/b", "/outer"):
        body = assert_problem(call(site, path=f"{mount}/foreign"), 402)
        assert (body["instance"], body["type"]) == (
            f"{mount}/foreign",
            "https://shop.example/types/no-money-left",
        )
    assert assert_problem(call(site, path="/elsewhere"), 404)["instance"] == "/elsewhere"


# Without a server ---------------------------------------------------------------------------------


def test_what_runs_before_a_view_may_be_run_by_hand() -> None:
    app = make_app()

    @app.before_request
    def refuse() -> None:
        raise Conflict("Not today.")

    with app.test_request_context("/orders"):
        with pytest.raises(Conflict) as raised:
            app.preprocess_request()
        response = app.make_response(app.handle_user_exception(raised.value))
        assert (response.status_code, response.get_json()["instance"]) == (409, "/orders")
        assert app.full_dispatch_request().get_json()["detail"] == "Not today."


@pytest.mark.parametrize("error", [Foreign(), Conflict(), ZeroDivisionError()], ids=repr)
def test_an_unhandled_exception_may_be_handled_by_hand(error: Exception) -> None:
    app = make_app()
    kit_of(app).map(Foreign, 504)
    with app.test_request_context("/orders"):
        response = app.handle_exception(error)
    status = {Foreign: 504, Conflict: 409}.get(type(error), 500)
    assert (response.status_code, response.get_json()["instance"]) == (status, "/orders")


def test_one_context_may_handle_the_errors_of_several_paths() -> None:
    app = shop()
    for path in ("/a", "/b"):
        with app.test_request_context(path, headers={"X-Request-ID": path[1:]}):
            for _ in range(2):
                response = app.make_response(app.handle_user_exception(Foreign()))
                body = response.get_json()
                assert (body["instance"], body["request_id"]) == (path, path[1:])


@pytest.mark.parametrize("error", [Conflict(), Foreign()], ids=repr)
def test_without_a_request_flask_says_what_it_says_without_statuskit(error: Exception) -> None:
    def said(app: Flask) -> tuple[type[Exception], str]:
        with app.app_context(), pytest.raises((RuntimeError, Foreign)) as raised:
            app.handle_user_exception(error)
        return raised.type, str(raised.value)

    assert said(shop()) == said(Flask("bare"))


# One after the other ------------------------------------------------------------------------------


@contextmanager
def counting_references() -> Iterator[None]:
    """What is part of a cycle stays."""
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
        gc.collect()


def ours_alive() -> dict[type, int]:
    gc.collect()
    alive = [type(thing) for thing in gc.get_objects()]
    return {cls: alive.count(cls) for cls in (Flask, StatusKit, State, Mapping, ClassTable)}


@pytest.fixture
def nothing_logged() -> Iterator[None]:
    """Records of incidents, which pytest keeps, refer to applications by their tracebacks."""
    logging.disable()
    yield
    logging.disable(logging.NOTSET)


@pytest.mark.usefixtures("nothing_logged")
def test_an_application_factory_leaves_nothing_behind() -> None:
    listening = [value for value in vars(signals).values() if hasattr(value, "receivers")]
    listening.append(problem_raised)
    paths = [*PATHS, "/types/", "/types/no-seat-left", "/types/409"]

    def run(number: int) -> None:
        app = cinema()
        for path in (paths[number % len(paths)], paths[-number % len(paths)]):
            assert call(app, path=path, headers=PROGRAM).status >= 200

    run(0)
    before, receivers = ours_alive(), [len(signal.receivers) for signal in listening]
    for number in range(200):
        run(number)
    # Those of other tests may have gone meanwhile.
    assert all(left <= before[cls] for cls, left in ours_alive().items())
    assert [len(signal.receivers) for signal in listening] == receivers


@pytest.mark.parametrize("path", ["/fine", "/foreign", "/types/", "/types/no-seat-left"])
def test_an_application_with_a_catalogue_and_formats_is_part_of_no_cycle(path: str) -> None:
    def factory() -> Flask:
        kit = StatusKit(catalog_url="/types", integrations=["sqlalchemy", "httpx", "redis"])
        kit.map(Foreign, NoSeatLeft, seats=0)
        kit.dialect("application/vnd.cinema+json")(lambda problem: problem.to_dict())
        app = make_app(kit=kit)
        app.add_url_rule("/fine", view_func=lambda: "fine")

        @app.get("/foreign")
        def fail() -> NoReturn:
            raise Foreign

        return app

    with counting_references():
        app = factory()
        call(app, path=path, headers=PROGRAM)
        gone = weakref.ref(app)
        del app
        assert gone() is None


class Watched(Exception):
    """Is seen to be gone."""

    seen: list[weakref.ref[Exception]]

    def __init__(self) -> None:
        super().__init__()
        self.seen.append(weakref.ref(self))


class WatchedConflict(Conflict):
    """Is seen to be gone."""

    def __init__(self, **members: Any) -> None:
        super().__init__(**members)
        Watched.seen.append(weakref.ref(self))


def answered(_error: Exception) -> Any:
    return "theirs", 409


def rendered(_error: Exception) -> Any:
    return render_template_string("<p>{{ code }}</p>", code=409), 409


def is_mapped(app: Flask) -> None:
    kit_of(app).map(Watched, Conflict)


def is_handed_over(app: Flask) -> None:
    kit_of(app).map(Watched, Conflict)
    app.register_error_handler(409, answered)


def is_an_incident(app: Flask) -> None:
    kit_of(app).map(Watched, 503)


def is_an_incident_for_a_handler(app: Flask) -> None:
    kit_of(app).map(Watched, 503)
    app.register_error_handler(503, answered)


def is_nothing(app: Flask) -> None:
    pass


def is_handled(app: Flask) -> None:
    app.register_error_handler(Watched, answered)
    app.register_error_handler(WatchedConflict, answered)


def is_handled_by_a_template(app: Flask) -> None:
    app.register_error_handler(Watched, rendered)
    app.register_error_handler(WatchedConflict, rendered)


#: How StatusKit answers, and how an application would that has to do without.
WAYS: dict[str, tuple[type[Exception], dict[str, Any], Any, Any, dict[str, str]]] = {
    "typed": (WatchedConflict, {}, is_nothing, is_handled, PROGRAM),
    "typed, for a handler": (WatchedConflict, {}, is_handled, is_handled, PROGRAM),
    "typed, as a page": (WatchedConflict, {}, is_nothing, is_handled_by_a_template, BROWSER),
    "mapped": (Watched, {}, is_mapped, is_handled, PROGRAM),
    "mapped, for a handler": (Watched, {}, is_handed_over, is_handled, PROGRAM),
    "mapped, as a page": (Watched, {}, is_mapped, is_handled_by_a_template, BROWSER),
    "mapped, with debug": (Watched, {"DEBUG": True}, is_mapped, is_handled, PROGRAM),
    "mapped to a 5xx, in a test": (Watched, {"TESTING": True}, is_an_incident, is_handled, PROGRAM),
    "a bug, with debug": (Watched, {"DEBUG": True}, is_nothing, is_handled, PROGRAM),
    # Flask itself keeps what nobody handles in a cycle.
    "mapped to a 5xx": (Watched, {}, is_an_incident, is_nothing, PROGRAM),
    "mapped to a 5xx, for a handler": (
        *(Watched, {}, is_an_incident_for_a_handler),
        *(is_nothing, PROGRAM),
    ),
    "a bug": (Watched, {}, is_nothing, is_nothing, PROGRAM),
}


@pytest.mark.parametrize("way", WAYS)
def test_an_error_is_part_of_no_cycle_that_flask_does_not_make(
    way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    error, settings, ours, bare, headers = WAYS[way]

    def view() -> NoReturn:
        raise error  # no local variable holds it, which would be a cycle

    def freed(app: Flask, prepare: Callable[[Flask], None]) -> tuple[bool, bool]:
        """Whether the exception and the application are gone, without the garbage collector."""
        monkeypatch.setattr(Watched, "seen", [], raising=False)
        app.config.update(settings)
        monkeypatch.setattr(app.logger, "disabled", True)
        app.add_url_rule("/", view_func=view)
        prepare(app)
        assert call(app, headers=headers).status >= 400
        gone = weakref.ref(app)
        del app
        [exception] = Watched.seen
        return exception() is None, gone() is None

    with counting_references():
        without = freed(Flask("bare", root_path="/", static_folder=None), bare)
    with counting_references():
        with_statuskit = freed(make_app(), ours)
    assert without[0] == (bare is not is_nothing)
    for gone_with, gone_without in zip(with_statuskit, without, strict=True):
        assert gone_with or not gone_without
