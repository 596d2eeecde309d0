"""What exceptions say is for the log: of no source, raised anywhere, a client reads anything."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import leak_sources
import pytest
from flask import Flask, Response, stream_template_string, stream_with_context
from leak_sources import CANARY, SECRETS, SOURCES, Source, error_of
from support import Answer, call, kit_of, raising
from test_late_errors import PLACES, failing
from werkzeug.test import create_environ

from flask_statuskit import Conflict, Problem
from flask_statuskit.dialects import NAMES
from flask_statuskit.integrations import INTEGRATIONS


def all_there_is(problem: Problem) -> Any:
    """A dialect of an application's, as open as it can be."""
    return {**problem.to_dict(), "problem": repr(problem), "headers": problem.headers}


DIALECTS: dict[str, Any] = {**{name: name for name in NAMES}, "own": all_there_is}
#: In all of which, but for the last, internals are hidden.
ENVIRONMENTS: dict[str, dict[str, Any]] = {
    "production": {},
    "development": {"STATUSKIT_ENVIRONMENT": "development", "STATUSKIT_EXPOSE_INTERNALS": True},
    "testing": {"TESTING": True, "PROPAGATE_EXCEPTIONS": False},
    "debug": {"DEBUG": True, "STATUSKIT_EXPOSE_INTERNALS": False},
    "production in debug": {"DEBUG": True, "STATUSKIT_ENVIRONMENT": "production"},
    "shown": {"DEBUG": True, "STATUSKIT_EXPOSE_INTERNALS": True},
}
#: What is sent, so that not even in debug somebody else answers.
ASKED = {"Accept": "*/*"}

pending: list[Callable[[], Any]] = []


@pytest.fixture(autouse=True)
def silence() -> Iterator[None]:
    """The log is where all of this belongs. To write it takes longer than all the rest."""
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


@cache
def application(dialect: str, environment: str, integrated: bool, code: int | None = None) -> Flask:
    """An application that raises what is pending, and may map it; made once."""
    app = raising(
        lambda: pending[-1](),
        {**ENVIRONMENTS[environment], "STATUSKIT_DIALECT": DIALECTS[dialect]},
        integrations=INTEGRATIONS if integrated else (),
        default_integrations=integrated,
    )
    if code:
        kit_of(app).map(Exception, code)
    return app


def assert_silent(answer: Answer) -> None:
    shown = f"{answer.status_line} {answer.headers} {answer.body.decode()}"
    assert CANARY not in shown.lower()


def answers_to(make: Callable[[], Any], *application_of: Any) -> Iterator[Answer]:
    """The answers to one error, in every body format."""
    pending[:] = [lambda: error_of(make)]
    for dialect in DIALECTS:
        answer = call(application(dialect, *application_of), headers=ASKED)
        assert 400 <= answer.status <= 599
        yield answer


every_source = pytest.mark.parametrize("source", SOURCES.values(), ids=SOURCES)


@every_source
def test_each_source_holds_the_canary(source: Source) -> None:
    with application("problem", "production", False).test_request_context():
        error = error_of(source)
    held = [*traceback.format_exception(error), repr(error.args), repr(vars(error))]
    held += [repr(error.__context__), getattr(error, "object", b""), getattr(error, "detail", "")]
    frames = [frame for frame, _ in traceback.walk_tb(error.__traceback__)]
    held += [repr(f.f_locals) for f in frames if f.f_code.co_filename == leak_sources.__file__]
    assert CANARY in str(held)


@every_source
@pytest.mark.parametrize("integrated", [True, False], ids=["integrated", "alone"])
def test_no_source_leaks_in_production(source: Source, integrated: bool) -> None:
    for answer in answers_to(source, "production", integrated):
        assert_silent(answer)


@every_source
def test_no_source_leaks_where_internals_are_hidden(source: Source) -> None:
    for environment in ENVIRONMENTS.keys() - {"production", "shown"}:
        for answer in answers_to(source, environment, True):
            assert_silent(answer)


@every_source
@pytest.mark.parametrize("code", [409, 502])
def test_no_source_leaks_that_is_mapped(source: Source, code: int) -> None:
    for answer in answers_to(source, "production", False, code):
        assert_silent(answer)


@every_source
def test_no_source_leaks_that_a_typed_error_was_raised_from(source: Source) -> None:
    def make() -> Exception:
        error = Conflict("Taken.")
        error.__cause__ = error.__context__ = error_of(source)
        return error

    for answer in answers_to(make, "production", True):
        assert answer.status == 409
        assert_silent(answer)


@pytest.mark.parametrize("source", SECRETS.values(), ids=SECRETS)
@pytest.mark.parametrize("integrated", [True, False], ids=["integrated", "alone"])
def test_what_looks_like_a_secret_is_masked_where_internals_are_shown(
    source: Source, integrated: bool
) -> None:
    for answer in answers_to(source, "shown", integrated):
        assert_silent(answer)


# Where it is raised -------------------------------------------------------------------------------

#: A bug, a hidden error, one that is chained, one that holds it in everything, one of a library.
SOME = ["file", "hidden members", "abort", "cause", "attributes", "marshmallow values"]
some = pytest.mark.parametrize("source", [SOURCES[name] for name in SOME], ids=SOME)


@some
@pytest.mark.parametrize("place", PLACES)
def test_no_source_leaks_wherever_it_is_raised(place: Any, source: Source) -> None:
    for dialect in DIALECTS.values():
        for environment in ("production", "testing"):
            config = {**ENVIRONMENTS[environment], "STATUSKIT_DIALECT": dialect}
            answer = call(failing(place, lambda: error_of(source), **config))
            assert 400 <= answer.status <= 599
            assert_silent(answer)


def in_a_stream(app: Flask, fail: Callable[[], Any]) -> None:
    def stream() -> Iterator[str]:
        yield fail()

    app.view_functions["index"] = lambda: Response(stream_with_context(stream()))


def in_a_template_that_is_streamed(app: Flask, fail: Callable[[], Any]) -> None:
    app.view_functions["index"] = lambda: stream_template_string("a{{ fail() }}", fail=fail)


def in_teardown_of_the_request(app: Flask, fail: Callable[[], Any]) -> None:
    app.teardown_request(lambda _: fail())


def in_teardown_of_the_application(app: Flask, fail: Callable[[], Any]) -> None:
    app.teardown_appcontext(lambda _: fail())


def when_the_response_is_closed(app: Flask, fail: Callable[[], Any]) -> None:
    @app.after_request
    def register(response: Response) -> Response:
        response.call_on_close(fail)
        return response


@some
@pytest.mark.parametrize(
    "place",
    [
        in_a_stream,
        in_a_template_that_is_streamed,
        in_teardown_of_the_request,
        in_teardown_of_the_application,
        when_the_response_is_closed,
    ],
)
def test_what_is_raised_once_the_response_has_begun_is_for_the_server(
    place: Any, source: Source
) -> None:
    # As without StatusKit. What was sent by then says nothing of it.
    raised: list[Exception] = []

    def fail() -> Any:
        raised.append(error_of(source))
        raise raised[-1]

    for dialect in DIALECTS.values():
        app = raising(lambda: Conflict("Taken."), {"STATUSKIT_DIALECT": dialect})
        place(app, fail)
        sent: list[Any] = []
        assert escaping(app, sent) is raised[-1]
        assert sent
        assert CANARY not in str(sent)


def escaping(app: Flask, sent: list[Any]) -> Exception | None:
    """What a server has to catch; what it sends by then is noted."""
    try:
        iterable: Any = app(create_environ(), lambda *started: sent.append(started))
        sent.extend(iterable)
        iterable.close()
    except Exception as escaped:
        return escaped
    return None
