"""The auditor: looks at finished responses in development and tests, and says what is broken.

request, response ─▶ Exchange ─▶ RULES ─▶ findings ─▶ a warning and a log line, or an AuditError

It listens to `request_finished`, so it sees what `after_request` functions have added. Where
STATUSKIT_AUDIT is "off" it is not connected.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from logging import ERROR, WARNING
from typing import TYPE_CHECKING, Any

from flask import Flask, has_request_context, request, request_finished
from werkzeug.serving import is_running_from_reloader
from werkzeug.wrappers import Request, Response

from .config import Settings, resolve
from .contract import class_of, functions_of, layers_of, method_that_answers, undeclared
from .current import find_state, state_of, this_app
from .handlers import is_served
from .log import log, one_line
from .statuses import phrase

if TYPE_CHECKING:
    from flask.testing import FlaskClient

    from .extension import State
    from .rules import RULES, Rule
else:

    def __getattr__(name: str) -> Any:
        if name not in ("RULES", "Rule"):
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        # Only here and in `check`, since production has no use for the rules.
        from . import rules

        return getattr(rules, name)


__all__ = ["RULES", "AuditError", "Finding", "HTTPAuditWarning", "Rule", "check"]

#: Content is parsed up to this size, in bytes.
LARGEST_PARSED = 2**18

#: The fixtures of tests that take all findings now, so that the auditor itself has none to report.
collectors: list[object] = []


class HTTPAuditWarning(UserWarning):
    """A response breaks a rule of the auditor; the message begins with the rule's id."""


class AuditError(Exception):
    """A response breaks rules of the auditor, and STATUSKIT_AUDIT is "raise".

    Attributes:
        findings: what is broken, a tuple of `Finding`.
    """

    def __init__(self, findings: Iterable[Finding]) -> None:
        self.findings: tuple[Finding, ...] = tuple(findings)
        super().__init__("\n".join(map(str, self.findings)))


@dataclass(frozen=True)
class Finding:
    """One rule that one response breaks.

    Attributes:
        rule: the row of `RULES`.
        method: the method of the request.
        path: its path.
        endpoint: the endpoint that answered, None where no URL matched.
        status: the status of the response.
        error: the class of the problem, where the finding is about that.
    """

    rule: Rule
    method: str
    path: str
    endpoint: str | None
    status: int
    error: str | None = None

    @property
    def id(self) -> str:
        return self.rule.id

    def __str__(self) -> str:
        rule = self.rule
        where = f"{one_line(self.method)} {one_line(self.endpoint or self.path)}"
        named = f", {self.error}" if self.error else ""
        what = f"{rule.summary} ({self.status} {phrase(self.status)}{named})"
        reading = f"{rule.section}, docs/audit.md#{self.id.lower()}"
        return f"{self.id} {where}: {what}. {rule.hint} See {reading}."


def check(request: Request, response: Response) -> list[Finding]:
    """What is broken in a response to a request, in the order of `RULES`.

    Parameters:
        request: the request, Flask's or Werkzeug's.
        response: the response, finished, but not sent. A stream in it is not read.

    >>> app = Flask("shop")
    >>> with app.test_request_context("/users", method="POST") as context:
    ...     [finding.id for finding in check(context.request, Response(status=201))]
    ['SK201']
    """
    from . import rules  # see `__getattr__`

    length = _length(response)
    encoded = response.headers.get("Content-Encoding", "identity") != "identity"
    exchange = rules.Exchange(
        method=request.method,
        asked=request.headers,
        status=response.status_code,
        headers=response.headers,
        length=length,
        content=None
        if length is None or length > LARGEST_PARSED or encoded
        else b"".join(response.iter_encoded()),
        undeclared=undeclared(this_app(), request, response.status_code)
        if has_request_context()
        else None,
    )
    endpoint = getattr(request, "endpoint", None)
    return [
        Finding(
            rule,
            request.method,
            request.path,
            endpoint,
            exchange.status,
            exchange.undeclared if rule.id == "SK700" else None,
        )
        for rule in rules.RULES.values()
        if rule.is_broken(exchange)
    ]


def _length(response: Response) -> int | None:
    # All else may be a stream: `tqdm` and the like know their length and can be read once.
    return sum(map(len, response.iter_encoded())) if response.is_sequence else None


def findings_in(app: Flask, response: Response) -> list[Finding]:
    """What is broken in the answer to the current request, as far as the settings let it count.

    Parameters:
        app: the application; without StatusKit, all counts.
        response: its response.
    """
    state = find_state(app)
    if state is None:
        return check(request, response)
    if not is_served(app):
        return []
    ignored = state.settings(app).audit_ignore
    return [
        finding
        for finding in check(request, response)
        if not any(
            finding.id in ids and fnmatchcase(finding.endpoint or "", pattern)
            for pattern, ids in ignored.items()
        )
    ]


def install(app: Flask) -> None:
    """Connect the auditor to an application if it is on there, now or where that shows later.

    Whether it is on may follow from DEBUG and TESTING, and those are often set after `init_app`, by
    ``app.run(debug=True)`` and before a test client is made. Looking there costs a request nothing.
    """
    state = state_of(app)
    # Nobody runs production under Werkzeug's reloader.
    debug = app.debug or is_running_from_reloader()
    _connect(app, resolve(app.config, state.options, debug=debug, testing=app.testing))
    under_test = resolve(app.config, state.options, debug=debug, testing=True)
    if under_test.audit != "off" and app.test_client_class is None:
        app.test_client_class = _test_client_class()


@cache
def _test_client_class() -> type[FlaskClient]:
    """Flask's own. That one is made is the last sign of TESTING before the first request."""
    from flask.testing import FlaskClient  # here, since it imports that part of Click as well

    class TestClient(FlaskClient):
        def __init__(self, *args: Any, **options: Any) -> None:
            super().__init__(*args, **options)
            app = self.application
            state = find_state(app)
            if state is not None:
                _connect(app, state.settings(app))

    return TestClient


def _connect(app: Flask, settings: Settings) -> None:
    if settings.audit != "off":
        request_finished.connect(_audit, app)


def _audit(app: Flask, response: Response, **_: Any) -> None:
    """Look at a response that is about to be sent.

    Raises:
        AuditError: it is broken, STATUSKIT_AUDIT is "raise", and the application is under test.
        HTTPAuditWarning: it is broken, and the filters of `warnings` make errors of warnings.
    """
    try:
        state = state_of(app)
        settings = state.settings(app)
        if collectors or settings.audit == "off":
            return
        found = findings_in(app, response)
    except Exception as failure:
        log(ERROR, "A response could not be audited.", exc_info=failure)
        return
    try:
        # Elsewhere it would make a 500 of a response that may be good enough.
        if found and settings.audit == "raise" and app.testing:
            raise AuditError(found)
        for finding in found:
            _tell(app, state, finding)
    except (AuditError, HTTPAuditWarning):
        response.close()  # which the server would do
        raise


def _tell(app: Flask, state: State, finding: Finding) -> None:
    """Log and warn, the first time that this is found at this endpoint of this application."""
    told = finding.endpoint, finding.id, finding.error and _for_method(app, finding)
    if state.told.setdefault(told, finding) is not finding:
        return  # atomic, for threads
    log(WARNING, "%s", finding)
    try:
        # Without a registry: Python's own would keep it from other applications of the process.
        warnings.warn_explicit(str(finding), HTTPAuditWarning, *_place(app, finding))
    except HTTPAuditWarning:
        # Filters make errors of warnings. Then every such request fails, not only the first one.
        del state.told[told]
        raise


def _for_method(app: Flask, finding: Finding) -> str:
    # A contract is that of a method.
    view = app.view_functions.get(finding.endpoint or "")
    return f"{method_that_answers(view, finding.method)} {finding.error}"


def _place(app: Flask, finding: Finding) -> tuple[str, int, str]:
    """File, line and module of what is to be mended, the view; ours where it cannot be known."""
    try:
        function = _function_of(app.view_functions[finding.endpoint or ""], finding.method)
        code = function.__code__
        return code.co_filename, code.co_firstlineno, function.__module__
    except Exception:  # a view may be anything that can be called
        return __file__, 1, __name__


def _function_of(view: Any, method: str) -> Any:
    *_, function = functions_of(view, method)
    if function is view and class_of(view):
        raise LookupError(f"{class_of(view)} has no {method}; Flask answers.")
    *_, innermost = layers_of(function)
    return innermost
