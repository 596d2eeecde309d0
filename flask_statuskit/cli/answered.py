"""Who answers an exception, and with what.

Flask, and we, handle it as if a view had raised it, and what they ask for is overheard.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, NamedTuple

import click
from flask import Flask, Response, request
from werkzeug.exceptions import HTTPException, InternalServerError, default_exceptions

from ..exceptions import StatusError
from ..handlers import Answer, Handler, HandOver, Report, find_error_handler, is_served, propagates
from ..mapping import Entry
from .raised import Made, class_name

if TYPE_CHECKING:
    from ..extension import State

#: Who else was asked, and what came of it.
Asked = list[tuple[str, str]]
Found = tuple[Exception, "Handler | None"]


class Sent(NamedTuple):
    """A response as it leaves the application."""

    status: str
    headers: list[tuple[str, str]]
    body: str

    @property
    def code(self) -> int:
        return int(self.status[:3])


@dataclass(frozen=True, kw_only=True)
class Explanation:
    """Who answers.

    Attributes:
        rule: which kind of rule decides: "handler", "mapping", "integration", "status", "fallback";
            "flask", where it is not ours to answer; "values", where it depends on what the
            exception carries.
        by: the function, the integration or the class that decides.
        subject: what is answered: the exception, or that with which its handler failed; None where
            it could not be made.
        error: what it has become, None where Flask answers it as it is.
        asked: who comes first and does not answer.
        reported: whether it is logged with its traceback, and signalled.
        propagates: whether it reaches the debugger, or the test, in place of the response.
        sent: what a client gets otherwise; None where the last handler fails.
    """

    rule: str
    by: str
    subject: Exception | None
    error: Exception | None = None
    asked: Asked = field(default_factory=Asked)
    reported: bool | None = None
    propagates: bool | None = None
    sent: Sent | None = None


def explain(app: Flask, state: State, made: Made) -> Explanation:
    """Have an exception answered in the request at hand, and say who did it."""
    # Before the first error libraries still stand in the way, and this may be it.
    state.clear_the_way(app)
    response, subject, asked = None, made.error, Asked()
    with _overheard(app) as found:
        try:
            response = _handled(app, subject)
        except Exception as escaped:
            subject = escaped
    # To a developer it would show these functions, and no view.
    made.error.__traceback__ = None
    error, handler = found[-1] if found else (subject, None)
    late = response is None
    if late and handler:
        asked.append((_handler(app, handler, error), _failing(subject, made.error)))
    entries, is_mapped = _passed_over(app, state, subject) if found else ([], False)
    # Those that are on by default look at every error that has a status.
    shown = [
        (e, f) for e, f in entries if f or e.explicit or not isinstance(subject, HTTPException)
    ]
    asked += [(mapper(_by(entry)), failure or "does not answer it") for entry, failure in shown]
    if response is None:
        error = InternalServerError(original_exception=subject)
        handler, response = _handled_late(app, error, asked)

    rule, by, became = _decided(app, handler, error, subject)
    if made.origin != "abort" and subject is made.error and not is_mapped:
        catches_all = _catches_all(app, handler)
        for entry, failure in entries:
            gives_way = late or rule in ("fallback", "flask") or (entry.explicit and catches_all)
            if gives_way and (failure or (made.origin == "empty" and rule != "flask")):
                return Explanation(rule="values", by=_by(entry), subject=subject)
    return Explanation(
        rule=rule,
        by=by,
        subject=subject,
        error=became,
        asked=list(dict.fromkeys(asked)),
        reported=late or isinstance(handler, Report),
        propagates=late and propagates(app),
        sent=None if response is None else _sent(response),
    )


def explain_class(app: Flask, state: State, cls: type[Exception]) -> Explanation:
    """Say who reads the exceptions of a class of which none can be made.

    Raises:
        ClickException: nobody does, or a handler comes first, and would have to be asked.
    """
    entry = next(iter(state.mapping.entries(cls)), None) if is_served(app) else None
    handled = {
        handled
        for scope in (*request.blueprints, None)
        for handled in app.error_handler_spec.get(scope, {}).get(None, {})
        if issubclass(cls, handled)
    }
    if entry is None or handled - ({Exception} if entry.explicit else set[type[Exception]]()):
        raise click.ClickException(
            f"{class_name(cls)} cannot be made without arguments, and no mapping decides about it."
            " Have a view raise it in a test: its response and the log say who answers."
        )
    return Explanation(rule="values", by=_by(entry), subject=None)


@contextmanager
def _overheard(app: Flask) -> Iterator[list[Found]]:
    """What Flask looks for a handler for, and what it finds."""
    found: list[Found] = []

    def find(error: Exception, blueprints: list[str]) -> Handler | None:
        handler = find_error_handler(error, blueprints)
        found.append((error, handler))
        return handler

    vars(app)["_find_error_handler"] = find
    try:
        yield found
    finally:
        vars(app)["_find_error_handler"] = find_error_handler


def _handled(app: Flask, error: Exception) -> Response:
    """What Flask makes of an exception that a view has raised."""
    try:
        raise error
    except Exception:
        error.__traceback__ = None  # as in `explain`, for what is answered at once
        return app.make_response(app.handle_user_exception(error))


def _handled_late(
    app: Flask, error: InternalServerError, asked: Asked
) -> tuple[Handler | None, Response | None]:
    """What Flask makes of an exception that has escaped, short of the functions that run after."""
    handler = find_error_handler(error, request.blueprints)
    answered: Any = error
    try:
        if isinstance(handler, HandOver):
            handler, answered = _handed_over(app, handler, asked)
        elif handler:
            answered = app.ensure_sync(handler)(error)
        return handler, app.make_response(answered)
    except Exception as failure:
        said = _failing(failure, error, error.original_exception)
        asked.append((_handler(app, handler, error), said))
        return handler, None


def _handed_over(app: Flask, handler: HandOver, asked: Asked) -> tuple[Handler, Any]:
    error = handler.error
    try:
        return handler, replace(handler, fallback=None)(error)
    except Exception as failure:
        if handler.fallback is None:
            raise
        owned = error, getattr(error, "original_exception", None)
        asked.append((_handler(app, handler, error), _failing(failure, *owned)))
        return handler.fallback, handler.fallback(error)


def _passed_over(
    app: Flask, state: State, error: Exception
) -> tuple[list[tuple[Entry, str | None]], bool]:
    """The mappings of a class that do not answer it, each with its failure; whether one does."""
    passed_over: list[tuple[Entry, str | None]] = []
    if _is_trapped(app, error) or not is_served(app):
        return passed_over, False
    for entry in state.mapping.entries(type(error)):
        try:
            built = entry.build(error)
        except StatusError:
            return passed_over, True
        except Exception as failure:
            # The exception counts as unmapped then.
            return [*passed_over, (entry, f"fails with {name_of(failure)}")], False
        if built is not None:
            return passed_over, True
        passed_over.append((entry, None))
    return passed_over, False


def _decided(
    app: Flask, handler: Handler | None, error: Exception, subject: Exception
) -> tuple[str, str, Exception | None]:
    """The rule, who decides by it, and what the exception has become."""
    if handler is None:
        return "flask", "Flask" if is_served(app) else "STATUSKIT_URL_PREFIXES", None
    if isinstance(handler, Report):
        handler = handler.answer
    if not isinstance(handler, Answer):
        given = handler.error if isinstance(handler, HandOver) else error
        return "handler", _handler_name(app, handler, error), given
    entry, original = handler.resolution.entry, handler.resolution.original
    became = handler.resolution.error
    if entry:
        return "integration" if entry.author else "mapping", _by(entry), became
    has_status = original is None or isinstance(original, HTTPException)
    is_bug = not has_status or (handler.reported and _is_trapped(app, subject))
    return "fallback" if is_bug else "status", name_of(became), became


def _is_trapped(app: Flask, error: Exception) -> bool:
    return isinstance(error, HTTPException) and app.trap_http_exception(error)


def _catches_all(app: Flask, handler: Handler | None) -> bool:
    """Whether a handler of the application handles every Exception, so gives way to mappings."""
    plain = type(app)._find_error_handler(app, Exception(), request.blueprints)
    return plain is not None and handler is plain


def _sent(response: Response) -> Sent:
    chunks, status, headers = response.get_wsgi_response(request.environ)
    body = b"".join(chunks).decode("utf-8", "replace")
    response.close()
    return Sent(status, list(headers), body)


# Names --------------------------------------------------------------------------------------------


def name_of(error: Exception) -> str:
    return class_name(type(error))


def _by(entry: Entry) -> str:
    return entry.author or "StatusKit.map"


def mapper(by: str) -> str:
    return "a mapping of the application" if by == "StatusKit.map" else f"the integration {by}"


def _failing(failure: Exception, *owned: object) -> str:
    passes_on = any(failure is error for error in owned)
    return "passes it on" if passes_on else f"fails with {name_of(failure)}"


def _handler(app: Flask, handler: Handler | None, error: Exception) -> str:
    return f"the application's handler {_handler_name(app, handler, error)}"


def _handler_name(app: Flask, handler: Handler | None, error: Exception) -> str:
    """What a handler of the application is called, and what it is for."""
    if isinstance(handler, HandOver):
        error, handler = handler.error, handler.handler
    function: Any = inspect.unwrap(handler) if handler else None
    named = function if hasattr(function, "__qualname__") else type(function)
    name = f"{named.__module__}.{named.__qualname__}"
    # In the order in which Flask looks.
    for key in (getattr(error, "code", None), None):
        for scope in (*request.blueprints, None):
            classes = app.error_handler_spec.get(scope, {}).get(key, {})
            for cls in type(error).__mro__:
                if classes.get(cls) is handler:
                    on = f" on the blueprint {scope}" if scope else ""
                    # To Flask, handlers of 404 and of Werkzeug's NotFound are the same.
                    is_code = key is not None and cls is default_exceptions.get(key)
                    return f"{name} for {key if is_code else cls.__name__}{on}"
    return name
