"""The log of problems: one record each, of the level that was asked for, safe to print."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from flask import abort
from support import PROGRAM, Foreign, call, kit_of, make_app, mapped, raising, view_raising

from flask_statuskit import BadGateway, Conflict, PaymentRequired, RateLimited, ValidationError


class OutOfCredit(PaymentRequired):
    """The balance does not cover the price."""


@pytest.mark.parametrize(
    ("app", "code"),
    [
        (lambda: raising(Conflict), 409),
        (lambda: raising(BadGateway), 502),
        (lambda: raising(lambda: abort(404)), 404),
        (lambda: raising(lambda: ValidationError({"a": ["no", "no"]})), 422),
        (lambda: raising(Foreign), 500),
        (lambda: mapped(409), 409),
        (lambda: mapped(503), 503),
        (lambda: mapped(503, {"TESTING": True}), 503),
    ],
)
def test_each_problem_is_one_record(app: Any, code: int, log: Any) -> None:
    call(app())
    [record] = log.ours
    assert record.status == code


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda: BadGateway("rates-2 sent HTML"), "rates-2 sent HTML"),
        (lambda: abort(500, "disk full"), "disk full"),
        (lambda: Conflict("Taken"), None),
    ],
    ids=["typed", "abort", "4xx"],
)
def test_the_record_alone_tells_why_a_5xx_was_raised(make: Any, told: str | None, log: Any) -> None:
    call(raising(make))
    [record] = log.ours
    assert (record.exc_info is None) == (told is None)
    if told is not None:
        assert told in str(record.exc_info[1])
        assert not log.apps


def test_what_flask_has_logged_is_not_told_twice(log: Any) -> None:
    call(raising(Foreign))
    [record] = log.ours
    assert record.exc_info is None


def test_a_record_says_in_one_line_what_happened(log: Any) -> None:
    call(raising(OutOfCredit), "POST", "/?card=4111")
    [record] = log.ours
    assert record.getMessage() == f"POST /: 402 Out of credit [{record.request_id}]"


def test_a_record_carries_what_a_search_needs(log: Any) -> None:
    answer = call(raising(OutOfCredit), "POST", headers={"X-Request-ID": "the-request"})
    [record] = log.ours
    assert record.name == "flask_statuskit"
    extra = ("status", "type", "endpoint", "method", "request_id")
    assert {name: getattr(record, name) for name in extra} == {
        "status": 402,
        "type": "urn:problem-type:out-of-credit",
        "endpoint": "index",
        "method": "POST",
        "request_id": "the-request",
    }
    assert answer.json["request_id"] == answer.header("X-Request-ID") == "the-request"


def test_a_generated_request_id_is_the_same_everywhere(log: Any) -> None:
    answer = call(raising(Conflict))
    assert log.ours[0].request_id == answer.json["request_id"] == answer.header("X-Request-ID")


def test_each_request_has_an_id_of_its_own(log: Any) -> None:
    app = raising(Conflict)
    for _ in range(20):
        call(app)
    assert len({record.request_id for record in log.ours}) == 20


def test_a_request_that_no_view_answers_has_no_endpoint(log: Any) -> None:
    call(make_app(), path="/nowhere")
    assert log.ours[0].endpoint is None


def test_a_success_is_not_logged(log: Any) -> None:
    call(raising(lambda: "fine"))
    assert log.ours == []


def test_what_the_application_answers_itself_is_not_logged(log: Any) -> None:
    app = raising(Conflict)
    app.register_error_handler(409, lambda error: ("theirs", 409))
    call(app)
    assert log.ours == []


@pytest.mark.parametrize("error", [Conflict, ValidationError, RateLimited, lambda: abort(400)])
@pytest.mark.parametrize("config", [{}, {"DEBUG": True}, {"TESTING": True}], ids=str)
def test_a_4xx_has_no_traceback_and_is_below_error(error: Any, config: Any, log: Any) -> None:
    call(raising(error, config))
    assert log.apps == []
    [record] = log.ours
    assert (record.exc_info, record.exc_text, record.stack_info) == (None, None, None)
    assert record.levelno < logging.ERROR


# Levels


@pytest.mark.parametrize(
    ("levels", "code", "level"),
    [
        ({}, 404, "INFO"),
        ({}, 503, "ERROR"),
        ({"4xx": "WARNING"}, 404, "WARNING"),
        ({"4xx": "WARNING"}, 503, "ERROR"),
        ({"4xx": "WARNING", 404: "DEBUG"}, 404, "DEBUG"),
        ({"4xx": "WARNING", 404: "DEBUG"}, 409, "WARNING"),
        ({"404": "DEBUG"}, 404, "DEBUG"),
        ({404: "debug"}, 404, "DEBUG"),
        ({404: logging.CRITICAL}, 404, "CRITICAL"),
        ({503: 25}, 503, "Level 25"),
        ({404: "OFF"}, 404, None),
        ({404: None}, 404, None),
        ({404: "OFF"}, 409, "INFO"),
        ({"4xx": "OFF"}, 404, None),
        ({"4xx": "OFF", 404: "INFO"}, 404, "INFO"),
        ({"5xx": "OFF"}, 503, None),
        ({"5xx": "OFF"}, 404, "INFO"),
    ],
    ids=str,
)
def test_a_status_beats_its_class_and_both_beat_the_default(
    levels: Any, code: int, level: str | None, log: Any, announced: list[Any]
) -> None:
    call(raising(lambda: abort(code), {"STATUSKIT_LOG_LEVELS": levels}))
    assert [record.levelname for record in log.ours] == ([level] if level else [])
    assert len(announced) == 1


def test_switching_the_log_off_hides_no_incident(log: Any) -> None:
    levels = {"STATUSKIT_LOG_LEVELS": {"4xx": "OFF", "5xx": "OFF"}}
    call(raising(Foreign, levels))
    call(mapped(503, levels))
    assert log.ours == []
    assert [record.exc_info[0] for record in log.apps] == [Foreign, Foreign]


@pytest.mark.parametrize("config", [{}, {"TESTING": True}, {"DEBUG": True}], ids=str)
@pytest.mark.parametrize("level", ["WARNING", "ERROR", "CRITICAL"])
def test_an_incident_is_at_error_only_once(level: str, config: Any, log: Any) -> None:
    # Error trackers make an incident of each record at ERROR.
    call(mapped(503, {"STATUSKIT_LOG_LEVELS": {503: level}, **config}))
    assert [record.levelname for record in log.apps] == ["ERROR"]
    assert [record.levelname for record in log.ours] == ["WARNING"]


def test_an_incident_can_be_logged_at_a_lower_level_still(log: Any) -> None:
    call(mapped(503, {"STATUSKIT_LOG_LEVELS": {503: "DEBUG"}}))
    assert [record.levelname for record in log.ours] == ["DEBUG"]


def test_a_level_that_changes_after_the_first_request_counts(log: Any) -> None:
    app = raising(Conflict)
    call(app)
    app.config["STATUSKIT_LOG_LEVELS"] = {409: "WARNING"}
    call(app)
    assert [record.levelname for record in log.ours] == ["INFO", "WARNING"]


# What a client writes into the log

INJECTIONS = [
    "\r\nERROR forged",
    "\n",
    "\x1b[31mred",
    "\x00",
    "\x85",
    "\u2028",
    "\u202eabc",
    "\x7f",
]


def wsgi(text: str) -> str:
    """Text of a client's as a server puts it into the environ."""
    return text.encode().decode("latin-1")


@pytest.mark.parametrize("injected", INJECTIONS, ids=ascii)
@pytest.mark.parametrize("key", ["PATH_INFO", "REQUEST_METHOD"])
def test_nothing_a_client_sends_begins_a_line_or_colours_a_terminal(
    injected: str, key: str, log: Any
) -> None:
    start = {"PATH_INFO": "/nowhere", "REQUEST_METHOD": "GET"}[key]
    call(make_app(), environ_overrides={key: start + wsgi(injected)})
    [record] = log.ours
    assert record.getMessage().isprintable()
    assert record.method.isprintable()


@pytest.mark.parametrize("injected", INJECTIONS, ids=ascii)
def test_a_request_id_from_a_client_is_printable(injected: str, log: Any) -> None:
    call(make_app(), environ_overrides={"HTTP_X_REQUEST_ID": "a" + wsgi(injected)})
    assert log.ours[0].request_id.isalnum()


@pytest.mark.parametrize("injected", INJECTIONS, ids=ascii)
@pytest.mark.parametrize("code", [None, 503])
def test_an_incident_that_statuskit_logs_itself_is_one_line(
    injected: str, code: int | None, log: Any
) -> None:
    app = make_app({"DEBUG": True})
    app.before_request(view_raising(Foreign))
    if code is not None:
        kit_of(app).map(Foreign, code)
    call(app, headers=PROGRAM, environ_overrides={"PATH_INFO": "/x" + wsgi(injected)})
    [record] = log.apps
    assert record.getMessage().isprintable()


@pytest.mark.parametrize(
    ("path", "logged"), [("/caf%C3%A9", "/café"), ("/a%20b", "/a b"), ("/%E2%86%92", "/→")]
)
def test_what_is_harmless_is_logged_as_it_is(path: str, logged: str, log: Any) -> None:
    call(make_app(), path=path)
    assert log.ours[0].getMessage().startswith(f"GET {logged}: 404 Not Found [")


def test_the_query_is_not_logged(log: Any) -> None:
    call(make_app(), path="/nowhere?token=secret")
    assert "secret" not in log.ours[0].getMessage()
