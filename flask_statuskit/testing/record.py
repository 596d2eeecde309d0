"""`record_problems`: what a run of tests was answered, held against what views declare."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from threading import Lock
from typing import Any, NamedTuple

from flask import Flask, request

from ..contract import (
    ANSWERED,
    class_of,
    declared,
    declared_by,
    functions_of,
    hooks_of,
    identity_of,
    is_declared,
    is_given,
    known_as,
    method_that_answers,
    operations,
    registered_hooks,
)
from ..current import find_state, state_of, unwrapped
from ..exceptions import StatusError
from ..log import one_line
from ..reply import problem_raised

#: Method and endpoint. Those of what a blueprint or an application declares are "*" and "users.*".
Operation = tuple[str, str]


class KnownProblem(NamedTuple):
    """A problem as a declaration knows it.

    Attributes:
        status: its status.
        type: its type, as its class has it: a slug, a URI or "about:blank".
        name: the name of its class.
    """

    status: int
    type: str
    name: str

    def __str__(self) -> str:
        type_ = "" if self.type == "about:blank" else f" ({one_line(self.type)})"
        return f"{self.status} {self.name}{type_}"


Problems = Mapping[Operation, tuple[KnownProblem, ...]]


class ProblemRecord:
    """What the endpoints of an application were seen to answer.

    Each attribute is a mapping from method and endpoint to problems, in order, without those that
    have none; `str` of the whole is a report of the last two.

    Attributes:
        seen: what they answered.
        undeclared: what they answered, and no ``@raises`` declares. A bug is never among it.
        unseen: what they declare, and was not answered so far.
    """

    def __init__(self, app: Flask) -> None:
        self._app = app
        self._lock = Lock()
        self._seen: defaultdict[Operation, set[KnownProblem]] = defaultdict(set)
        self._undeclared: defaultdict[Operation, set[KnownProblem]] = defaultdict(set)
        self._kept: defaultdict[Operation, set[type[StatusError]]] = defaultdict(set)

    @property
    def seen(self) -> Problems:
        with self._lock:
            return _sorted(self._seen)

    @property
    def undeclared(self) -> Problems:
        with self._lock:
            return _sorted(self._undeclared)

    @property
    def unseen(self) -> Problems:
        app = self._app
        settings = state_of(app).settings(app)
        with self._lock:
            kept = {operation: set(classes) for operation, classes in self._kept.items()}
        unseen: dict[Operation, Iterable[KnownProblem]] = {}
        for operation, holders in _promises(app):
            classes = {cls for holder in holders for cls in declared(holder) or ()}
            for seen in _within(operation, kept):
                classes -= kept[seen]
            unseen[operation] = (
                KnownProblem(*identity_of(cls, settings), cls.__name__) for cls in classes
            )
        return _sorted(unseen)

    def _note(self, app: Flask, **_: Any) -> None:
        # Anybody may send the signal.
        answered = request.environ.get(ANSWERED) if request else None
        rule = request.url_rule if request else None
        # Nobody declares what routing answers. `assert_no_leaks` puts a view of ours in all places.
        if answered is None or rule is None or is_given(app, rule.endpoint):
            return
        method, endpoint = request.method, rule.endpoint
        if "GET" in (rule.methods or ()):
            method = method_that_answers(app.view_functions[endpoint], method)
        errors = declared_by(app, endpoint, method)
        if errors is None:
            # A function that runs before all views may say it for one that says nothing.
            hooks = hooks_of(app, endpoint)
            errors = tuple(error for hook in hooks for error in declared(hook) or ())
        # Compared here, as tests change settings, and ValidationError has the status of one.
        settings = state_of(app).settings(app)
        known, name = known_as(*answered)
        problem = KnownProblem(*known, name)
        kept = {cls for cls in errors if identity_of(cls, settings) == known}
        with self._lock:
            self._seen[method, endpoint].add(problem)
            self._kept[method, endpoint] |= kept
            if not is_declared(known, errors, settings):
                self._undeclared[method, endpoint].add(problem)

    def __str__(self) -> str:
        undeclared, unseen = self.undeclared, self.unseen
        if not undeclared and not unseen:
            return "All problems that were answered are declared, and all that are declared were."
        lines: list[str] = []
        if undeclared:
            lines += [
                "Answered, and not declared. Add it to the @raises of the view, or mend the view:",
                *_listed(undeclared),
            ]
        if unseen:
            lines += [
                "Declared, and never answered. Test it, or take it out of @raises:",
                *_listed(unseen),
            ]
        return "\n".join(lines)

    def __repr__(self) -> str:
        counts = (sum(map(len, p.values())) for p in (self.seen, self.undeclared, self.unseen))
        seen, undeclared, unseen = counts
        return f"<ProblemRecord: {seen} seen, {undeclared} undeclared, {unseen} unseen>"


@contextmanager
def record_problems(app: Flask) -> Iterator[ProblemRecord]:
    """Record the problems that an application answers, and compare them with `raises`.

    Parameters:
        app: the application, or `current_app`; it has a StatusKit.

    Yields:
        the record. It can be read at any time, and goes on to be readable after the end.

    Raises:
        RuntimeError: `app` has no StatusKit.

    >>> from functools import partial
    >>> from flask import abort
    >>> app = Flask("shop")
    >>> _ = StatusKit(app)
    >>> app.add_url_rule("/old", "old", partial(abort, 410))
    >>> with record_problems(app) as record:
    ...     _ = app.test_client().get("/old")
    >>> print(record)
    Answered, and not declared. Add it to the @raises of the view, or mend the view:
      GET old  410 Gone
    """
    app = unwrapped(app)
    if find_state(app) is None:
        raise RuntimeError(
            f"{app.name} has no StatusKit, so there is nothing to record: StatusKit(app) first."
        )
    record = ProblemRecord(app)
    with problem_raised.connected_to(record._note, sender=app):
        yield record


def _promises(app: Flask) -> Iterator[tuple[Operation, list[Any]]]:
    """Who declares what of an application, and for which operations it stands.

    What a view or its class declares is for each of its operations to show. What runs before many
    views, or is declared for all of them, is one promise: if each of eighty endpoints had to show
    its own 401, the one error that nobody has ever seen would not stand out among them.
    """
    for rule, method in operations(app):
        if not is_given(app, rule.endpoint):
            view = app.view_functions[rule.endpoint]
            yield (method, rule.endpoint), [*functions_of(view, method), class_of(view)]
    tables = registered_hooks(app)
    for name in (None, *app.blueprints):
        hooks = [function for registered in tables for function in registered.get(name, ())]
        holder = app if name is None else app.blueprints[name]
        yield ("*", f"{name}.*" if name else "*"), [holder, *hooks]


def _within(operation: Operation, others: Iterable[Operation]) -> list[Operation]:
    """Those of others that an operation stands for."""
    method, endpoint = operation
    if method != "*":
        return [other for other in others if other == operation]
    return [other for other in others if other[1].startswith(endpoint[:-1])]


def _sorted(problems: Mapping[Operation, Iterable[KnownProblem]]) -> Problems:
    found = {operation: tuple(sorted(set(known))) for operation, known in problems.items()}
    by_endpoint = sorted(found, key=lambda operation: operation[::-1])
    return {operation: found[operation] for operation in by_endpoint if found[operation]}


def _listed(problems: Problems) -> list[str]:
    methods = max(len(method) for method, _ in problems)
    endpoints = max(len(endpoint) for _, endpoint in problems)
    return [
        f"  {method:{methods}} {endpoint:{endpoints}}  {known}"
        for (method, endpoint), entries in problems.items()
        for known in entries
    ]
