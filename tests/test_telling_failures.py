"""Who is told of a problem, or asked about it, fails: that costs the client nothing."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NoReturn

import pytest
from failure_support import (
    CASES,
    INCIDENTS,
    Bug,
    Case,
    Outage,
    every_case,
    every_failure,
    failing,
    shop,
    times_logged,
)
from flask import Flask, got_request_exception, request
from flask_babel import Babel
from support import PROGRAM, assert_problem, call, kit_of, raising, view_raising
from werkzeug.exceptions import HTTPException

from flask_statuskit import STATUSES, problem_raised

# The log ------------------------------------------------------------------------------------------


class Formatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> NoReturn:
        raise RuntimeError("no formatting today")


@contextmanager
def broken_logging(name: str | None, part: str, fail: Any) -> Iterator[None]:
    """Break a part of a logger, by its name."""
    logger, handler = logging.getLogger(name), logging.StreamHandler(io.StringIO())
    level = logger.level
    logger.addHandler(handler)
    logger.setLevel("DEBUG")
    if part == "handler":
        handler.emit = fail  # type: ignore[method-assign]
    elif part == "formatter":
        handler.setFormatter(Formatter())
    else:
        (handler if part == "filter of a handler" else logger).addFilter(fail)
    try:
        yield
    finally:
        logger.removeHandler(handler)
        logger.removeFilter(fail)
        logger.setLevel(level)


@every_failure
@pytest.mark.parametrize("part", ["handler", "formatter", "filter", "filter of a handler"])
@pytest.mark.parametrize("name", ["flask_statuskit", "shop", None])
def test_a_log_that_fails_costs_nothing(
    name: str | None, part: str, failure: type[Exception]
) -> None:
    for case in CASES.values():
        if name != "flask_statuskit" and part != "formatter" and case in INCIDENTS:
            continue  # It is Flask that logs them; below.
        app, _ = shop(case)
        with broken_logging(name, part, failing(failure)[1]):
            assert_problem(call(app), case.status)


# Incidents ----------------------------------------------------------------------------------------


def receiver(app: Flask, fail: Any) -> Any:
    return got_request_exception.connected_to(fail, app)


def log_of_the_application(_: Flask, fail: Any) -> Any:
    return broken_logging("shop", "handler", fail)


def log_of_all(_: Flask, fail: Any) -> Any:
    return broken_logging(None, "handler", fail)


everybody = pytest.mark.parametrize("told", [receiver, log_of_the_application, log_of_all])


@everybody
@pytest.mark.parametrize("case", INCIDENTS, ids=["mapped 5xx", "bug"])
def test_where_flask_tells_of_an_incident_a_failure_is_for_the_server(
    told: Any, case: Case
) -> None:
    # As without StatusKit: on Flask's own path nobody is asked in between.
    bare = Flask("shop")
    bare.add_url_rule("/", "index", view_raising(case.make))
    for app in (bare, shop(case)[0]):
        failures, fail = failing(RuntimeError)
        with told(app, fail), pytest.raises(RuntimeError) as escaped:
            call(app)
        assert escaped.value in failures


class Gone(HTTPException):
    """Mapped to a 503. Flask logs no HTTPException."""

    code = 410


@everybody
@pytest.mark.parametrize(
    ("raised", "config", "status"),
    [
        (Gone, {}, 503),
        (Outage, {"TESTING": True}, 502),
        (Outage, {"DEBUG": True}, 502),
        (Bug, {"DEBUG": True}, 500),
    ],
)
def test_where_statuskit_tells_of_an_incident_a_failure_costs_nothing(
    told: Any, raised: Any, config: Any, status: int
) -> None:
    failures, fail = failing(RuntimeError)
    app, _ = shop(Case(raised, status), config)
    kit_of(app).map(Gone, 503)
    with told(app, fail):
        answer = call(app, headers=PROGRAM)
    assert failures
    assert_problem(answer, status)


@every_case
@every_failure
def test_a_receiver_of_problems_that_fails_costs_nothing(
    failure: type[Exception], case: Case, caplog: pytest.LogCaptureFixture
) -> None:
    failures, fail = failing(failure)
    app, raised = shop(case)
    with problem_raised.connected_to(fail, app):
        assert_problem(call(app), case.status)
    assert times_logged(caplog, *failures) == len(failures) == 1
    # Why a client was told what it did wrong, nobody needs to know.
    assert times_logged(caplog, raised) == (case.status >= 500)


# Who is asked -------------------------------------------------------------------------------------


@every_failure
def test_a_mapping_that_fails_leaves_a_bug_and_both_errors_in_the_log(
    failure: type[Exception], caplog: pytest.LogCaptureFixture
) -> None:
    failures, fail = failing(failure)
    raised = Bug()
    app = raising(raised)
    kit_of(app).map(Bug, fail)
    assert_problem(call(app), 500)
    assert times_logged(caplog, raised) == times_logged(caplog, *failures) == len(failures) == 1


@every_case
@every_failure
def test_a_selector_of_languages_that_fails_costs_the_language_alone(
    failure: type[Exception], case: Case, caplog: pytest.LogCaptureFixture
) -> None:
    failures, fail = failing(failure)
    app, _ = shop(case)
    Babel(app, locale_selector=fail)
    body = assert_problem(call(app, headers={"Accept-Language": "de"}), case.status)
    assert body["title"] == STATUSES[case.status].phrase
    assert times_logged(caplog, *failures) == 1


class Nothing:
    def __repr__(self) -> str:
        return "Nothing()"


@pytest.mark.parametrize("value", [None, 5, b"an-id", Nothing(), ["a"]], ids=repr)
@pytest.mark.parametrize(
    "key", ["HTTP_X_REQUEST_ID", "HTTP_TRACEPARENT", "HTTP_ACCEPT", "HTTP_ACCEPT_LANGUAGE"]
)
def test_an_environ_that_no_server_makes_costs_no_status(key: str, value: Any) -> None:
    for case in CASES.values():
        app, _ = shop(case)
        Babel(app, locale_selector=lambda: request.accept_languages.best_match(["de"]))
        # The second keeps the validator of the standard library from refusing the first.
        answer = call(app, environ_overrides={key: value, "wsgi.input_terminated": True})
        assert answer.status == answer.json["status"] == case.status
        assert answer.json.get("request_id") in (None, answer.header("X-Request-ID"))


def test_an_application_that_makes_no_response_makes_none_of_an_error() -> None:
    # As without StatusKit: Flask puts each answer through this method.
    for app in (Flask("shop"), shop(CASES["typed 4xx"])[0]):
        failures, app.make_response = failing(RuntimeError)  # type: ignore[method-assign]
        with pytest.raises(RuntimeError):
            call(app)
        assert len(failures) == 2
