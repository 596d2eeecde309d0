"""Flask-Limiter: a 429 that says when to come back, from the window that is used up."""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING, Any

from flask import Flask, current_app, request

from ..exceptions import RateLimited
from ..mapping import Mapping
from ..reply import problem_raised

if TYPE_CHECKING:
    from flask import Response

#: What both Flask-Limiter and a problem may say of a limit.
_HEADERS = ("Retry-After", "X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset")
_ANSWERED = "flask_statuskit.answered"


def install(mapping: Mapping, *, explicit: bool) -> None:
    mapping.map("flask_limiter.RateLimitExceeded", rate_limited, explicit=explicit)


def rate_limited(exception: Any) -> RateLimited | None:
    """The breached limit as a `RateLimited`, None where `on_breach` gave a response of its own."""
    if exception.response is not None:
        return None
    limit = exception.limit
    item, remaining, reset = limit.limit, 0, limit.limit.get_expiry()
    windows = [window for limiter in _limiters(current_app) for window in limiter.current_limits]
    breached = [window for window in windows if window.breached]
    if breached:
        # A client that waits for the last of several windows need not be refused again.
        last = max(breached, key=lambda window: window.reset_at)
        item, remaining = last.limit, last.remaining
        # reset_at is up to a second late, and no window is longer than its limit says.
        reset = min(last.reset_at - time.time(), item.get_expiry())
    return RateLimited(
        # Without an error_message the description is the limit's notation, "5 per 1 minute".
        exception.description if limit.error_message else None,
        limit=item.amount,
        remaining=remaining,
        reset=reset,
        policy=str(item),
    )


def _limiters(app: Flask) -> set[Any]:
    limiters = app.extensions.get("limiter")
    return limiters if isinstance(limiters, set) else set()


def give_way(app: Flask) -> None:
    """Keep the headers of a problem from being contradicted by those of Flask-Limiter.

    With `headers_enabled` it adds its own after each request. It would say X-RateLimit-* twice, and
    replace Retry-After, which the body repeats, by a second less or by the end of a window.
    """
    functions = app.after_request_funcs.get(None, [])
    for limiter in _limiters(app):
        for index, function in enumerate(functions):
            is_its_own = isinstance(function, partial) and function.args == (limiter,)
            if is_its_own and getattr(limiter, "_headers_enabled", True):
                functions[index] = partial(_add_what_is_missing, function)
                problem_raised.connect(_remember, app)


def _remember(_app: Flask, **_: Any) -> None:
    request.environ[_ANSWERED] = True


def _add_what_is_missing(add_headers: Any, response: Response) -> Response:
    said = dict(response.headers) if _ANSWERED in request.environ else {}
    response = add_headers(response)
    for name in _HEADERS:
        if name in said:
            response.headers[name] = said[name]
    return response
