"""What tests of failures share: errors of every kind, and functions that fail."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NoReturn

import pytest
from flask import Flask, abort
from support import PROBLEM_JSON, Answer, kit_of, raising

from flask_statuskit import STATUSES, BadGateway, Conflict, ServiceUnavailable


class Missing(Exception):
    """Mapped to a 404."""


class Outage(Exception):
    """Mapped to a 502."""


class Bug(Exception):
    """Mapped to nothing."""


def aborted(code: int, description: str) -> Exception:
    """What `abort` raises, for it returns nothing."""
    try:
        abort(code, description)
    except Exception as error:
        return error


@dataclass(frozen=True)
class Case:
    """An error, and the status that is meant."""

    make: Callable[[], Exception]
    status: int


CASES = {
    "typed 4xx": Case(lambda: Conflict("Taken.", sku="A1"), 409),
    "typed 5xx": Case(lambda: BadGateway("The pump is broken.", sku="A1"), 502),
    "exposed 5xx": Case(lambda: ServiceUnavailable("Closed.", retry_after=5, sku="A1"), 503),
    "mapped 4xx": Case(Missing, 404),
    "mapped 5xx": Case(Outage, 502),
    "bug": Case(Bug, 500),
    "abort 4xx": Case(lambda: aborted(409, "Taken."), 409),
    "abort 5xx": Case(lambda: aborted(500, "The pump is broken."), 500),
}
#: Those that Flask itself logs and signals, in production.
INCIDENTS = [CASES["mapped 5xx"], CASES["bug"]]
every_case = pytest.mark.parametrize("case", CASES.values(), ids=CASES)

#: What fails; with the last two, Python itself gives up.
FAILURES: list[type[Exception]] = [RuntimeError, RecursionError, MemoryError]
every_failure = pytest.mark.parametrize("failure", FAILURES)


def shop(case: Case, config: dict[str, Any] | None = None) -> tuple[Flask, Exception]:
    """An application that raises an error, and the error: always the same instance."""
    raised = case.make()
    app = raising(raised, config)
    kit_of(app).map(Missing, 404)
    kit_of(app).map(Outage, 502)
    return app, raised


def failing(failure: type[Exception]) -> tuple[list[Exception], Callable[..., NoReturn]]:
    """A function that fails, and what it has failed with."""
    failures: list[Exception] = []

    def fail(*_: Any, **__: Any) -> NoReturn:
        failures.append(failure("out of order"))
        raise failures[-1]

    return failures, fail


def times_logged(caplog: pytest.LogCaptureFixture, *errors: BaseException) -> int:
    """How often errors stand in the log with their tracebacks, whoever logged them."""
    return sum(1 for r in caplog.records if r.exc_info and r.exc_info[1] in errors)


def assert_constant(answer: Answer, status: int) -> None:
    """Check for the smallest problem there is."""
    phrase = STATUSES[status].phrase
    assert answer.status_line == f"{status} {phrase}"
    assert answer.json == {"type": "about:blank", "title": phrase, "status": status}
    assert answer.header("Content-Type") == PROBLEM_JSON
    assert answer.header("Content-Length") == str(len(answer.body))
    assert answer.header("Cache-Control") == "no-store"
    assert answer.header("X-Content-Type-Options") == "nosniff"
