"""Strict reading of the problems that applications of other frameworks on Flask answer with."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import pytest
from flask import Flask, got_request_exception
from werkzeug.test import TestResponse

from flask_statuskit.statuses import STATUSES

#: What no problem may repeat.
SECRET = "hunter2-5e7f"


def assert_problem(
    response: TestResponse,
    status: int,
    detail: str | None = None,
    *,
    headers: Mapping[str, str | None] | None = None,
    **members: Any,
) -> None:
    """The response is this problem: status line, headers, and a body with these members only.

    Without a detail, it is the sentence of the status. A header that is None must not be there.
    """
    row = STATUSES[status]
    assert response.status == f"{status} {row.phrase}"
    expected_headers = {
        "Content-Type": "application/problem+json",
        "Content-Length": str(len(response.data)),
        "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",
        "WWW-Authenticate": "Bearer" if status == 401 else None,
        "Retry-After": str(members["retry_after"]) if "retry_after" in members else None,
        **(headers or {}),
    }
    for name, value in expected_headers.items():
        assert response.headers.getlist(name) == ([] if value is None else [value]), name
    body = response.get_json()
    expected = {
        "type": "about:blank",
        "title": row.phrase,
        "status": status,
        "detail": detail or row.sentence,
        "instance": response.request.path,
        "request_id": response.headers["X-Request-ID"],
        **members,
    }
    assert list(body.items()) == list(expected.items())
    assert SECRET not in response.get_data(as_text=True)


@contextmanager
def reports_of(app: Flask, caplog: pytest.LogCaptureFixture) -> Iterator[list[BaseException]]:
    """The exceptions that are logged with a traceback, if each is signalled as well."""
    signalled: list[BaseException] = []
    reported: list[BaseException] = []

    def receive(_sender: Flask, exception: BaseException, **_: Any) -> None:
        signalled.append(exception)

    caplog.clear()
    with got_request_exception.connected_to(receive, app), caplog.at_level(logging.INFO):
        yield reported
    reported += [r.exc_info[1] for r in caplog.records if r.exc_info and r.exc_info[1]]
    assert signalled == reported
