"""Who answers: a handler of the application, ours, or Flask itself.

Flask asks one method of the application which function handles an error. It asks for what a view
raised; for what no handler caught, it asks again with a 500 that has the exception as its
`original_exception`. `find_error_handler` stands in for that method. docs/design.md says why it is
this one.

1. Handlers of the application win, but a catch-all gives way to a mapping asked for by name.
2. A bug takes Flask's own path, and so does an exception that is mapped to a 5xx: it is logged with
   its traceback, signalled, and handed to teardown functions. Then Flask asks again.
3. All else is ours.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from logging import ERROR
from typing import cast

from flask import Flask, Response, got_request_exception
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException
from werkzeug.exceptions import InternalServerError as FlasksServerError

from .current import Here, state_of, this_app, this_request
from .dialects import PROBLEM, negotiate
from .exceptions import InternalServerError
from .log import log, one_line
from .mapping import Resolution, resolve
from .pages import HTML
from .reply import BY_ACCEPT
from .response import respond

Handler = Callable[[Exception], ResponseReturnValue]

#: Where the environ of a request keeps what an exception was resolved to, and which.
_RESOLVED = "flask_statuskit.resolved"


def find_error_handler(error: Exception, blueprints: list[str]) -> Handler | None:
    """The handler of an error, None for Flask's own way; has the signature of Flask's method."""
    app = this_app()
    try:
        request, state = this_request(), state_of(app)
        settings = state.settings(app)
        if settings.serves(request.path):
            return _choose(Here(app, request, state, settings), error, blueprints)
    except Exception as failure:
        log(ERROR, "Choosing a handler failed; Flask goes its own way.", exc_info=failure)
    return cast("Handler | None", type(app)._find_error_handler(app, error, blueprints))


def is_served(app: Flask) -> bool:
    """Whether the request is for a part of the site in which problems are wanted."""
    return state_of(app).settings(app).serves(this_request().path)


def _choose(here: Here, error: Exception, blueprints: list[str]) -> Handler | None:
    app, request, state, _ = here
    state.clear_the_way(app)
    # Flask's own look-up would leave an empty table for each status where there are no handlers.
    has_handlers = app.error_handler_spec or _finds_itself(app)
    theirs = _find(here, error, blueprints) if has_handlers else None
    cause = _cause(error) if isinstance(error, FlasksServerError) else None
    late = cause is not None
    raised = error if cause is None else cause
    known, resolution = request.environ.pop(_RESOLVED, (None, None))
    if known is not raised and not _is_trapped(here, raised, blueprints):
        resolution = resolve(raised, state.mapping, request.environ)
    if resolution is None:
        return _handler_of_a_bug(here, error, blueprints, cause, theirs)

    entry = resolution.entry
    if theirs is not None:
        asked_for = entry is not None and entry.explicit
        if not (asked_for if _catches_all(app, theirs, error, blueprints) else late):
            return theirs
    incident = entry is not None and _is_incident(resolution)
    answer: Handler = Answer(respond, here, resolution, late or incident)
    if resolution.error is not error and has_handlers:
        theirs = _find(here, resolution.error, blueprints)
        if theirs is not None and not _catches_all(app, theirs, resolution.error, blueprints):
            answer = HandOver(app, theirs, resolution.error, answer if late else None)
    if late or not incident:
        return answer
    if isinstance(error, HTTPException) or propagates(app):
        # Flask's own path would end in a debugger or a test, or there is none.
        return Report(app, raised, answer)
    # Flask asks about it once more, and what built the error is not to run again.
    request.environ[_RESOLVED] = raised, resolution
    return None


def _find(here: Here, error: Exception, blueprints: list[str]) -> Handler | None:
    """The application's handler for an error, by Flask's rules.

    The default handler of an integrated library gives way to us, and to a catch-all as we do. It
    does not leave its place to handlers of base classes, which never saw these errors.
    """
    app, found = here.app, None
    for wanted in (error, Exception()):
        found = cast("Handler | None", type(app)._find_error_handler(app, wanted, blueprints))
        if found is None or not here.state.gives_way(app, found):
            return found
    return None


def _finds_itself(app: Flask) -> bool:
    """Whether a subclass of Flask has its own idea of where handlers are."""
    return type(app)._find_error_handler is not Flask._find_error_handler


def _catches_all(app: Flask, handler: Handler, error: Exception, blueprints: list[str]) -> bool:
    """Whether a handler was found only because it handles every Exception."""
    registered = app.error_handler_spec
    code = error.code if isinstance(error, HTTPException) else None
    return not any(
        registered[name][key].get(cls) is handler
        for name in (*blueprints, None)
        for key in {code, None}
        for cls in type(error).__mro__
        if cls is not Exception
    )


def _cause(error: FlasksServerError) -> Exception | None:
    """What Flask made this 500 of, and has logged and signalled by now.

    No handler caught it, or it was raised where none is asked: in after_request functions, the
    session, URL converters, error handlers.
    """
    if error.__traceback__ is not None:
        # Flask raises it nowhere: this one is an application's own.
        return None
    cause = error.original_exception
    return cause if isinstance(cause, Exception) else None


def _is_trapped(here: Here, raised: Exception, blueprints: list[str]) -> bool:
    """Whether TRAP_HTTP_EXCEPTIONS or its kin make a bug of an HTTPException."""
    app = here.app
    if not isinstance(raised, HTTPException) or not app.trap_http_exception(raised):
        return False
    asked_for = app.config["TRAP_HTTP_EXCEPTIONS"] or app.config["TRAP_BAD_REQUEST_ERRORS"]
    # Nobody did: debug mode traps missing keys of forms, for the debugger to show them.
    return bool(asked_for) or not _is_for_a_program(here, raised, blueprints)


def _is_incident(resolution: Resolution) -> bool:
    """Whether what was mapped is a 5xx that stands for another exception: somebody has to know."""
    original = resolution.original
    # abort(503), also of another library, was meant as it is.
    is_meant = isinstance(original, HTTPException) and (original.code or 0) >= 500
    return not is_meant and (resolution.error.code or 500) >= 500


def propagates(app: Flask) -> bool:
    """Whether Flask lets an unhandled exception through to the server."""
    configured: bool | None = app.config["PROPAGATE_EXCEPTIONS"]
    return bool(app.testing or app.debug) if configured is None else bool(configured)


def _handler_of_a_bug(
    here: Here,
    error: Exception,
    blueprints: list[str],
    cause: Exception | None,
    theirs: Handler | None,
) -> Handler | None:
    app = here.app
    if cause is not None:
        answer = Answer(respond, here, Resolution(InternalServerError(), cause), True)
        return answer if theirs is None else HandOver(app, theirs, error, answer)
    # An HTTPException here is a redirect, has a response of its own, or is trapped.
    if theirs is None and not isinstance(error, HTTPException):
        if _is_for_a_program(here, error, blueprints):
            answer = Answer(respond, here, Resolution(InternalServerError(), error), True)
            return Report(app, error, answer)
        if not propagates(app):
            here.request.environ[_RESOLVED] = error, None
    return theirs


def _is_for_a_program(here: Here, error: Exception, blueprints: list[str]) -> bool:
    """Whether Werkzeug's debugger would answer a client that cannot use it.

    A browser is to have its debugger. A client that sends no Accept at all is most often Flask's
    own test client, whose users expect the exception itself.
    """
    app = here.app
    if not app.debug or app.testing or app.config["PROPAGATE_EXCEPTIONS"] is not None:
        return False
    accept = here.request.headers.get("Accept")
    if accept is None or negotiate(accept, PROBLEM, BY_ACCEPT) is HTML:
        return False
    return _find(here, FlasksServerError(original_exception=error), blueprints) is None


# What the handlers do -----------------------------------------------------------------------------


class Answer(partial[Response]):
    """Answers with the problem of an error: `respond`, with its first three parameters.

    Flask asks of each handler whether it is a coroutine function, and objects that are neither
    functions nor partial take longest to deny it.
    """

    @property
    def resolution(self) -> Resolution:
        """The error, and what it was made from."""
        resolution: Resolution = self.args[1]
        return resolution

    @property
    def reported(self) -> bool:
        """Whether the log has the error at ERROR."""
        return bool(self.args[2])


@dataclass(eq=False, slots=True)
class HandOver:
    """Lets a handler of the application answer `error`, which was made of what was raised.

    Where Flask catches nothing any more, `fallback` answers what the handler fails at; the server
    would send a page of its own. To pass on what one does not own is no failure.
    """

    app: Flask
    handler: Handler
    error: Exception
    fallback: Handler | None

    def __call__(self, raised: Exception) -> ResponseReturnValue:
        error = self.error
        try:
            answered: ResponseReturnValue = self.app.ensure_sync(self.handler)(error)
        except Exception as failure:
            if self.fallback is None:
                raise
            if failure is not error and failure is not getattr(error, "original_exception", None):
                log(ERROR, f"The handler of {type(error).__name__} failed.", exc_info=failure)
            return self.fallback(raised)
        return answered


@dataclass(eq=False, slots=True)
class Report:
    """Logs and signals an incident that does not take Flask's own path, then has it answered."""

    app: Flask
    raised: Exception
    answer: Handler

    def __call__(self, error: Exception) -> ResponseReturnValue:
        app, raised, request = self.app, self.raised, this_request()
        try:
            got_request_exception.send(app, _async_wrapper=app.ensure_sync, exception=raised)
        except Exception as failure:
            log(ERROR, "A receiver of got_request_exception failed.", exc_info=failure)
        method, path = one_line(request.method), one_line(request.path)
        try:
            app.logger.error("Exception on %s [%s]", path, method, exc_info=raised)
        except Exception as failure:
            log(ERROR, "The application's log failed.", exc_info=failure)
        return self.answer(error)
