"""What tests of different modules share: ears for the log and for the signals."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

import pytest
from flask import got_request_exception
from hypothesis import settings

from flask_statuskit import problem_raised

# The first example of a test pays for imports and templates; how long one takes proves nothing.
settings.register_profile("statuskit", deadline=None, max_examples=150)
settings.load_profile("statuskit")


class Log:
    """The records of a test, by who wrote them."""

    def __init__(self, caplog: pytest.LogCaptureFixture) -> None:
        self._caplog = caplog

    @property
    def ours(self) -> list[logging.LogRecord]:
        return [r for r in self._caplog.records if r.name == "flask_statuskit"]

    @property
    def problems(self) -> list[logging.LogRecord]:
        """The records that stand for a problem; the others are warnings of the package."""
        return [r for r in self.ours if hasattr(r, "request_id")]

    @property
    def apps(self) -> list[logging.LogRecord]:
        """What stands on app.logger: there Flask, and whoever reads it, expects incidents."""
        return [r for r in self._caplog.records if r.name == "shop"]


@pytest.fixture
def log(caplog: pytest.LogCaptureFixture) -> Log:
    """Everything that is logged, down to DEBUG."""
    caplog.set_level(logging.DEBUG)
    caplog.set_level(logging.DEBUG, logger="flask_statuskit")
    return Log(caplog)


@pytest.fixture
def signalled() -> Iterator[list[BaseException]]:
    """The exceptions that got_request_exception was sent with: what Sentry sees."""
    exceptions: list[BaseException] = []

    def receive(_app: Any, exception: BaseException, **_: Any) -> None:
        exceptions.append(exception)

    with got_request_exception.connected_to(receive):
        yield exceptions


@pytest.fixture
def announced() -> Iterator[list[dict[str, Any]]]:
    """What problem_raised was sent with, the sender as "app"."""
    problems: list[dict[str, Any]] = []

    def receive(app: Any, **values: Any) -> None:
        # Sent along by Flask and blinker, not part of the promise.
        problems.append({"app": app, **values})

    with problem_raised.connected_to(receive):
        yield problems
