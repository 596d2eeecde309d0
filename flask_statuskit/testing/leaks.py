"""`assert_no_leaks`: no endpoint tells clients in production what is for the log only.

operation, exception, Accept ─▶ _Probe ─ app(environ, start_response) ─▶ _Answer ─▶ leaks

A probe travels in the environ of its request. It says which URL rule the request matches, and what
the view raises, whichever that is.
"""

from __future__ import annotations

import base64
import builtins
import errno
import io
import logging
import re
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from contextvars import Context
from dataclasses import dataclass, field
from secrets import token_hex
from typing import Any
from unittest.mock import patch

from flask import Flask, request
from werkzeug.exceptions import HTTPException
from werkzeug.exceptions import InternalServerError as WerkzeugsServerError
from werkzeug.routing import MapAdapter, Rule
from werkzeug.test import create_environ, run_wsgi_app

from ..audit import collectors
from ..contract import operations, template_of
from ..current import find_state, unwrapped
from ..exceptions import BadGateway, GatewayTimeout, InternalServerError
from ..handlers import is_served
from ..log import one_line
from ..plain import text

#: Stands in the environ of requests that are to fail; nobody is to be told of what they find.
DELIBERATE = "flask_statuskit.deliberate"

_ACCEPTS = (
    "application/problem+json",
    "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
    "*/*",
    "application/xml",
    "text/plain",
    "application/vnd.api+json",
)

#: How many leaks a message tells of, how many characters around a secret, how many exceptions.
_MOST = 20
_AROUND = 60
_MOST_NAMES = 4


def assert_no_leaks(app: Flask) -> None:
    """Assert that no endpoint shows clients in production what an exception says.

    In every endpoint and with every method, exceptions are raised that hold a secret: those that
    anything may raise, bugs, and 5xx errors whose reason is hidden. Each is asked for in every body
    format. The secret is looked for in status line, headers and body.

    Meanwhile the application is in production, whatever its settings say, and logging is disabled.
    Views, and functions that run before them, are not called; those that run after them are, and
    may fail. All is as it was afterwards.

    Parameters:
        app: the application, with its endpoints; with StatusKit or without.

    Raises:
        AssertionError: the secret was found, or not looked for: a request did not get as far as
            the view, or an error handler failed.
        ValueError: the application has no endpoint.

    >>> app = Flask("shop")
    >>> @app.errorhandler(Exception)
    ... def show(error):
    ...     return {"error": str(error)}, 500
    >>> assert_no_leaks(app)  # doctest: +ELLIPSIS, +IGNORE_EXCEPTION_DETAIL
    Traceback (most recent call last):
    AssertionError: 1 of 1 operations shows clients in production what is for the log only ...
    """
    __tracebackhide__ = True
    app = unwrapped(app)
    probed = list(operations(app))
    if not probed:
        raise ValueError(f"{app.name} has no endpoints: call this once it is complete.")
    # Letters and digits look the same in JSON, HTML and URLs. No request id begins like it.
    secret = f"sesame{token_hex(6)}"
    report = _Report(len(probed))
    with _prepared(app):
        for rule, method in probed:
            for probe, answer in _asked(app, rule, method, secret):
                report.add(probe, answer, _leaks(secret, answer))
    if not report.is_clean:
        raise AssertionError(str(report))


# What is raised -----------------------------------------------------------------------------------


class _SecretError(RuntimeError):
    """An exception as libraries have them, with attributes for handlers to find."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.message = self.detail = self.description = self.reason = reason
        self.errors = self.messages = [reason]
        self.data = self.params = {"reason": reason}
        add_note: Any = getattr(self, "add_note", None)
        if add_note is not None:  # Python 3.11
            add_note(reason)
        self.__cause__ = LookupError(reason)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(reason={self.reason!r})"


def _exceptions(reason: str) -> Mapping[str, Callable[[], Exception]]:
    """How to make the exceptions, by what to call them."""
    made: list[Callable[[], Exception]] = [
        lambda: _SecretError(reason),
        *(
            # The class is bound now, not when the exception is made.
            lambda cls=cls: cls(reason)
            for cls in (
                *(ArithmeticError, AssertionError, AttributeError, BufferError, EOFError),
                *(ImportError, IndexError, KeyError, LookupError, NotImplementedError),
                *(RuntimeError, TypeError, ValueError),
            )
        ),
        lambda: FileNotFoundError(errno.ENOENT, reason, reason),
        lambda: PermissionError(errno.EACCES, reason, reason),
        lambda: ConnectionRefusedError(errno.ECONNREFUSED, reason),
        lambda: TimeoutError(reason),
        lambda: UnicodeDecodeError("utf-8", reason.encode(), 0, 1, reason),
    ]
    named = {type(make()).__name__.strip("_"): make for make in made}
    group: Any = getattr(builtins, "ExceptionGroup", None)
    if group is not None:  # Python 3.11
        named["ExceptionGroup"] = lambda: group(reason, [ValueError(reason)])
    return named


def _http_exceptions(reason: str) -> Mapping[str, Callable[[], Exception]]:
    """Those that are a 5xx already, whose reason is hidden where StatusKit answers.

    Elsewhere Flask shows clients what is given to ``abort``, and its authors know.
    """
    return {
        "abort(500, ...)": lambda: WerkzeugsServerError(description=reason),
        "InternalServerError": lambda: InternalServerError(reason, reason=reason),
        "BadGateway": lambda: BadGateway(reason, reason=reason, errors={"reason": [reason]}),
        "GatewayTimeout": lambda: GatewayTimeout(reason, reason=reason, retry_after=5),
    }


@dataclass
class _Probe:
    """A request, and what comes of it.

    Attributes:
        rule: the URL rule that it matches.
        method: its method.
        accept: what it accepts.
        name: what the exception is called.
        make: makes the exception.
        raised: the exception, once the view has raised it.
        reached: whether the view was called.
        handlers: the application's error handlers that were asked.
        failures: what went wrong on the way.
    """

    rule: Rule
    method: str
    accept: str
    name: str
    make: Callable[[], Exception]
    raised: Exception | None = None
    reached: bool = False
    handlers: list[str] = field(default_factory=list[str])
    failures: list[str] = field(default_factory=list[str])

    def match(self, *_: Any, return_rule: bool = False, **__: Any) -> tuple[Any, dict[str, Any]]:
        arguments = {**dict.fromkeys(self.rule.arguments, "1"), **(self.rule.defaults or {})}
        return (self.rule if return_rule else self.rule.endpoint), arguments

    def throw(self, error: Exception, reason: str) -> Any:
        """What stands in for the view; `reason` is a local variable of the frame."""
        self.reached = True
        self.raised = error
        self.raised.__context__ = LookupError(reason)
        raise self.raised


def _raise(app: Flask, **_: Any) -> Any:
    probe: _Probe = request.environ[DELIBERATE]
    made = probe.make()
    if isinstance(made, HTTPException) and (find_state(app) is None or not is_served(app)):
        probe.reached = True
        return ""
    return probe.throw(made, str(made))


# Where it is raised -------------------------------------------------------------------------------


@contextmanager
def _prepared(app: Flask) -> Iterator[None]:
    """The application in production, with views that raise; afterwards as it was."""
    # Made now, as whether it reloads templates is decided by DEBUG.
    _ = app.jinja_env
    silent = object()
    disabled = logging.root.manager.disable
    with ExitStack() as stack:
        stack.enter_context(
            patch.dict(
                app.config,
                DEBUG=False,
                TESTING=False,
                PROPAGATE_EXCEPTIONS=False,
                STATUSKIT_ENVIRONMENT="production",
            )
        )
        state = find_state(app)
        if state is not None:
            stack.callback(state.forget_settings)
            stack.enter_context(patch.dict(state.options, environment="production"))
            state.forget_settings()
        stack.enter_context(patch.multiple(app, create=True, **_attributes(app)))
        collectors.append(silent)
        stack.callback(collectors.remove, silent)
        logging.disable(logging.CRITICAL)
        stack.callback(logging.disable, disabled)
        yield


def _attributes(app: Flask) -> dict[str, Any]:
    """What an application is given for the time of the probes."""
    find_adapter, ensure_sync = app.create_url_adapter, app.ensure_sync

    def create_url_adapter(request: Any) -> MapAdapter | None:
        adapter = find_adapter(request)
        probe = None if request is None else request.environ.get(DELIBERATE)
        if adapter is not None and probe is not None:
            vars(adapter)["match"] = probe.match
        return adapter

    handlers = {
        id(handler)
        for by_code in app.error_handler_spec.values()
        for by_class in by_code.values()
        for handler in by_class.values()
    }

    def watched(function: Any) -> Any:
        run = ensure_sync(function)
        return _watched(run, function) if id(function) in handlers else run

    def view(**arguments: Any) -> Any:
        return _raise(app, **arguments)

    def tolerant(functions: Iterable[Any]) -> list[Any]:
        return [_tolerant(app, function) for function in functions]

    return {
        "create_url_adapter": create_url_adapter,
        "ensure_sync": watched,
        "view_functions": dict.fromkeys(app.view_functions, view),
        # They would answer in place of the view, count the request, or look for what it names.
        "url_value_preprocessors": {},
        "before_request_funcs": {},
        # They may miss what those have left them, and would then hide what a handler answers.
        "after_request_funcs": {k: tolerant(v) for k, v in app.after_request_funcs.items()},
        "teardown_request_funcs": {k: tolerant(v) for k, v in app.teardown_request_funcs.items()},
        "teardown_appcontext_funcs": tolerant(app.teardown_appcontext_funcs),
        # Setting it to what it is has it set back: Flask allows no setup after the first request.
        "_got_first_request": getattr(app, "_got_first_request", False),
    }


def _tolerant(app: Flask, function: Any) -> Any:
    def call(argument: Any) -> Any:
        try:
            return app.ensure_sync(function)(argument)
        except Exception:
            return argument

    return call


def _watched(run: Callable[[Exception], Any], function: Any) -> Callable[[Exception], Any]:
    """An error handler that leaves its name with the probe, and a note where it fails."""
    module = getattr(function, "__module__", "")
    name = f"{module}.{getattr(function, '__qualname__', type(function).__qualname__)}"

    def handle(error: Exception) -> Any:
        probe: _Probe | None = request.environ.get(DELIBERATE)
        if probe is None:  # somebody else's request, at the same time
            return run(error)
        probe.handlers.append(name)
        try:
            return run(error)
        except HTTPException:
            raise
        except Exception as failure:
            # To pass on what one does not own, or another error for it, is no failure.
            if failure is not error and failure.__cause__ is not error:
                probe.failures.append(f"its error handler {name} fails: {_said(failure)}")
            raise

    return handle


# What is answered ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Answer:
    """A response as a server gets it; empty where it gets an exception instead."""

    status: str
    headers: tuple[tuple[str, str], ...]
    body: str


def _asked(app: Flask, rule: Rule, method: str, secret: str) -> Iterator[tuple[_Probe, _Answer]]:
    """Ask an operation for each exception in each body format."""
    reason, state = f"{secret} is for the log only", find_state(app)
    accepts = (*_ACCEPTS, *(() if state is None else state.kit.dialects))
    bugs, hidden = _exceptions(reason), _http_exceptions(reason)
    seen_in_all = False
    for name, make in {**bugs, **hidden}.items():
        is_any_bug = False
        for accept in accepts:
            probe = _Probe(rule, method, accept, name, make)
            # A context of its own, as in a server: the test's may have an application pushed.
            answer = Context().run(_ask, app, probe)
            yield probe, answer
            # No handler and no mapping tells it from others: one of them in all formats is enough.
            is_any_bug = name in bugs and answer.status[:3] == "500" and not probe.handlers
            if is_any_bug and seen_in_all:
                break
        seen_in_all |= is_any_bug


def _ask(app: Flask, probe: _Probe) -> _Answer:
    host = (app.config["TRUSTED_HOSTS"] or [app.config["SERVER_NAME"] or "localhost"])[0]
    environ = create_environ(
        re.sub(r"\{.*?\}", "1", template_of(probe.rule)),
        f"https://{host.lstrip('.')}/",
        method=probe.method,
        headers={"Accept": probe.accept},
        errors_stream=io.StringIO(),
    )
    environ[DELIBERATE] = probe
    try:
        chunks, status, headers = run_wsgi_app(app, environ, buffered=True)
    except Exception as escaped:
        # What gets to the server it answers itself. That is no leak, but nothing to look at either.
        ours = probe.raised in (escaped, getattr(escaped, "original_exception", escaped))
        if not ours and not probe.failures:
            probe.failures.append(f"the server gets an exception: {_said(escaped)}")
        return _Answer("", (), "")
    return _Answer(status, tuple(headers), b"".join(chunks).decode("utf-8", "replace"))


def _leaks(secret: str, answer: _Answer) -> Iterator[tuple[str, str]]:
    """Where the secret stands in an answer, and what stands around it."""
    places = [("the status line", answer.status), ("the body", answer.body)]
    for name, value in answer.headers:
        places.append((f"the header {name}", value))
        if name.lower() == "set-cookie":
            places.append((f"the header {name}, decoded", _decoded(value)))
    for where, value in places:
        found = re.search(secret, value, re.IGNORECASE)
        if found is not None:
            start, end = max(0, found.start() - _AROUND), found.end() + _AROUND
            before, after = "..." if start else "", "..." if end < len(value) else ""
            yield where, f"{before}{one_line(value[start:end].strip())}{after}"


def _decoded(cookie: str) -> str:
    """What Flask's session keeps in a cookie, where `flash` leaves its messages; or nothing."""
    # Everybody can read it: it is signed, not encrypted. A dot stands before what is compressed.
    _, dot, packed = re.split(r"=\"?(\.?)", f"{cookie}=", maxsplit=1)
    packed = packed.partition(".")[0]
    try:
        content = base64.urlsafe_b64decode(packed + "=" * (-len(packed) % 4))
        return (zlib.decompress(content) if dot else content).decode("utf-8", "replace")
    except (ValueError, zlib.error):
        return ""


# Saying it ----------------------------------------------------------------------------------------


@dataclass
class _Leak:
    """What one operation shows in one place."""

    status: str
    accept: str
    excerpt: str
    handler: str | None
    exceptions: dict[str, None]

    def __str__(self) -> str:
        names = list(self.exceptions)
        if len(names) > _MOST_NAMES:
            names[_MOST_NAMES - 1 :] = [f"{len(names) - _MOST_NAMES + 1} other exceptions"]
        named = " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)
        who = f", by {self.handler}" if self.handler else ""
        return f"{named}, answered with {self.status} to Accept: {self.accept}{who}"


class _Report:
    """What was found in all answers."""

    def __init__(self, count: int) -> None:
        self._count = count
        self._leaks: dict[tuple[str, str], _Leak] = {}
        self._failures: dict[str, None] = {}

    @property
    def is_clean(self) -> bool:
        return not self._leaks and not self._failures

    def add(self, probe: _Probe, answer: _Answer, found: Iterable[tuple[str, str]]) -> None:
        where = f"{probe.method} {probe.rule.endpoint}"
        for place, excerpt in found:
            handler = probe.handlers[-1] if probe.handlers else None
            new = _Leak(one_line(answer.status), probe.accept, excerpt, handler, {})
            leak = self._leaks.setdefault((where, place), new)
            leak.exceptions[probe.name] = None
        if not probe.reached and not probe.failures:
            said = f"answered with {one_line(answer.status)} before the view is asked"
            probe.failures.append(f"the request is {said}")
        for failure in probe.failures:
            self._failures[f"{where}: {failure}"] = None

    def __str__(self) -> str:
        lines: list[str] = []
        if self._leaks:
            leaking = len({where for where, _ in self._leaks})
            show = "shows" if leaking == 1 else "show"
            lines.append(
                f"{leaking} of {self._count} operations {show} clients in production what is for"
                " the log only:"
            )
            entries = [
                f"{where}, in {place}: {leak}\n    {leak.excerpt}"
                for (where, place), leak in self._leaks.items()
            ]
            lines += _bounded(entries)
            lines.append(
                "Answer with words of your own, never with str(error) or a traceback. Take out the"
                " error handler or the\nmapping that does, and StatusKit answers; or map the"
                " exception to a status: statuskit.map(LookupError, 404).\nWhat is for clients,"
                " raise as a StatusError."
            )
        if self._failures:
            lines.append("Not looked at, because an answer to it did not come about as it does:")
            lines += _bounded(list(self._failures))
            lines.append(
                "No before_request function has run here. An error handler finds nothing of theirs"
                ' when they fail, either: type\ng.get("user") for g.user. Middleware that answers'
                " first is to be taken off for this test: app.wsgi_app."
            )
        return "\n".join(lines)


def _bounded(entries: list[str]) -> list[str]:
    more = len(entries) - _MOST
    return entries[:_MOST] + ([f"... and {more} more."] if more > 0 else [])


def _said(failure: Exception) -> str:
    return one_line(f"{type(failure).__name__}: {text(failure)}"[:200])
