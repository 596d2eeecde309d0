"""What is answered: from a resolved error to the response, the log and the signal.

Resolution ─ describe ─▶ Problem ─ redacted ─▶ Problem ─ render ─▶ Response
"""

from __future__ import annotations

import json
from dataclasses import replace
from functools import partial
from logging import ERROR, WARNING

from blinker import Namespace
from flask import Flask, Response, request
from flask.json.provider import DefaultJSONProvider
from werkzeug.exceptions import HTTPException

from .config import Settings
from .describe import Occurrence, describe, request_id, status_of
from .dialects import PROBLEM_JSON, Dumps, render
from .internals import debug_member
from .log import log, logger, one_line
from .mapping import Resolution
from .problem import Problem
from .statuses import phrase

_REQUEST_ID = "flask_statuskit.request_id"

#: Sent for each problem that is answered, with the application as sender; `problem` is what the
#: client reads, `error` the `StatusError`, `original` the foreign exception or None.
problem_raised = Namespace().signal("problem-raised")


def respond(
    app: Flask, settings: Settings, resolution: Resolution, *, reported: bool = False
) -> Response:
    """Answer an error, tell of it, and fail at neither.

    Parameters:
        app: the application; its request is being handled.
        settings: the settings that hold.
        resolution: the error, and what it was made from.
        reported: whether the application's log has it at ERROR already, with its traceback.
    """
    try:
        problem = _problem(app, settings, resolution)
        response = app.response_class(
            render(problem, _dumps(app), settings.max_body_bytes),
            status=_status_line(problem.status),
            headers=list(problem.headers),
            content_type=PROBLEM_JSON,
        )
    except Exception as failure:
        return _last_resort(resolution, settings, failure)
    _announce(app, settings, resolution, problem, reported)
    return response


def _problem(app: Flask, settings: Settings, resolution: Resolution) -> Problem:
    error, original = resolution.error, resolution.original
    occurrence = Occurrence(
        request_id=_request_id(settings),
        path=request.root_path + request.path,
        allowed_methods=partial(_allowed_methods, app),
        environ=request.environ,
    )
    problem = describe(error, settings, occurrence)
    if settings.expose_internals:
        # A typed 4xx says itself what happened; what was mapped or is a bug does not.
        if resolution.entry is not None or problem.status >= 500:
            debug = debug_member(original or error)
            problem = replace(problem, members={**problem.members, "debug": debug})
        return problem
    # The one place where the reason of a failure of ours is hidden.
    return problem.redacted() if problem.status >= 500 and not error.expose else problem


def _request_id(settings: Settings) -> str:
    # One for all problems of a request: an after_request function may fail over the first.
    environ = request.environ
    if _REQUEST_ID not in environ:
        environ[_REQUEST_ID] = request_id(request.headers, settings.request_id_header)
    return str(environ[_REQUEST_ID])


def _allowed_methods(app: Flask) -> set[str]:
    try:
        adapter = app.create_url_adapter(request._get_current_object())  # type: ignore[attr-defined]
    except HTTPException:
        # The host is not trusted, so there is no telling which rules hold.
        return set()
    return set(adapter.allowed_methods()) - {request.method} if adapter else set()


def _dumps(app: Flask) -> Dumps:
    """The application's JSON encoder, told to keep the members in their order."""
    provider = app.json
    if type(provider).dumps is DefaultJSONProvider.dumps:
        return partial(provider.dumps, sort_keys=False)
    return provider.dumps


def _status_line(status: int) -> str:
    # In full, because Werkzeug would add the phrases of RFC 7231.
    return f"{status} {phrase(status)}"


def _last_resort(resolution: Resolution, settings: Settings, failure: Exception) -> Response:
    """A constant body with the intended status, for when the real one cannot be made."""
    log(
        ERROR, "This error could not be rendered.", exc_info=resolution.original or resolution.error
    )
    log(ERROR, "That is because rendering failed.", exc_info=failure)
    status = status_of(resolution.error, settings)
    body = {"type": "about:blank", "title": phrase(status), "status": status}
    headers = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
    return Response(
        json.dumps(body) + "\n", _status_line(status), headers, content_type=PROBLEM_JSON
    )


def _announce(
    app: Flask, settings: Settings, resolution: Resolution, problem: Problem, reported: bool
) -> None:
    """Tell the log and the receivers of the signal; none of them can spoil the response."""
    try:
        level = settings.log_level(problem.status)
        reason = None
        if level is not None and reported:
            # Sentry makes an event of each record at ERROR: one incident would be two.
            level = min(level, WARNING)
        elif problem.status >= 500:
            # What the client is not told, and nobody else has logged.
            reason = resolution.original or resolution.error
        if level is not None and logger.isEnabledFor(level):
            _log(level, problem, reason)
        problem_raised.send(
            app,
            _async_wrapper=app.ensure_sync,
            problem=problem,
            error=resolution.error,
            original=resolution.original,
        )
    except Exception as failure:
        log(ERROR, "A problem was answered, but not everybody could be told.", exc_info=failure)


def _log(level: int, problem: Problem, reason: Exception | None) -> None:
    method, path = one_line(request.method), one_line(request.path)
    title = one_line(problem.title or "")
    extra = {
        "status": problem.status,
        "type": problem.type,
        "endpoint": request.endpoint,
        "method": method,
        "request_id": problem.members["request_id"],
    }
    message = "%s %s: %d %s"
    log(level, message, method, path, problem.status, title, extra=extra, exc_info=reason)
