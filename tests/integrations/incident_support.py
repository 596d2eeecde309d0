"""One request to an application in production, and everybody who learnt of its failure."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, NoReturn

import pytest
from flask import Flask, got_request_exception
from werkzeug.test import TestResponse

from flask_statuskit import StatusKit
from flask_statuskit.statuses import STATUSES

BUSY_UPSTREAM = "Another service that the request depends on is busy; try again later."


def missing(reason: str) -> NoReturn:
    """Skip a test that lacks a server or a program; fail it where all of them are to be there."""
    if os.environ.get("STATUSKIT_REQUIRE_SERVICES") == "1":
        pytest.fail(reason)
    pytest.skip(reason)


@dataclass
class Incident:
    """What came of a request.

    Attributes:
        response: what the client sees.
        signalled: the exceptions that `got_request_exception` was sent with.
        torn_down: the exceptions that a teardown function was called with.
        tracebacks: the exceptions of the log records that carry one.
        log: all of the log, as text.
    """

    response: TestResponse
    signalled: list[BaseException | None] = field(default_factory=list)
    torn_down: list[BaseException | None] = field(default_factory=list)
    tracebacks: list[BaseException | None] = field(default_factory=list)
    log: str = ""


def fail_with(
    view: Callable[[], Any],
    caplog: pytest.LogCaptureFixture,
    integrations: Iterable[str],
    set_up: Callable[[StatusKit], None] = lambda statuskit: None,
) -> Incident:
    """Call a view through an application that has these integrations on, in production."""
    app = Flask("shop")
    set_up(StatusKit(app, integrations=integrations))
    app.add_url_rule("/rates", "rates", view)
    signalled: list[BaseException | None] = []
    torn_down: list[BaseException | None] = []
    app.teardown_request(torn_down.append)
    caplog.clear()

    def receive(_sender: Flask, exception: BaseException) -> None:
        signalled.append(exception)

    with (
        got_request_exception.connected_to(receive, app),
        caplog.at_level(logging.INFO, "shop"),
        caplog.at_level(logging.INFO, "flask_statuskit"),
    ):
        response = app.test_client().get("/rates")
    tracebacks = [record.exc_info[1] for record in caplog.records if record.exc_info]
    return Incident(response, signalled, torn_down, tracebacks, caplog.text)


def assert_reported(incident: Incident) -> BaseException:
    """It was logged once with its traceback, signalled once, and torn down with; return it."""
    assert len(incident.tracebacks) == 1
    exception = incident.tracebacks[0]
    assert exception is not None
    assert incident.signalled == [exception]
    assert incident.torn_down == [exception]
    return exception


def assert_problem(
    incident: Incident, status: int, *, detail: str | None = None, retry_after: int | None = None
) -> None:
    """The client reads this status, its sentence or `detail`, when to retry, and no more."""
    response, row = incident.response, STATUSES[status]
    assert response.status == f"{status} {row.phrase}"
    assert response.content_type == "application/problem+json"
    body = response.get_json()
    expected = {
        "type": "about:blank",
        "title": row.phrase,
        "status": status,
        "detail": detail or row.sentence,
        "instance": "/rates",
        "request_id": body["request_id"],
    }
    if retry_after is not None:
        expected["retry_after"] = retry_after
    assert body == expected
    sent = response.headers.getlist("Retry-After")
    assert sent == ([] if retry_after is None else [str(retry_after)])
