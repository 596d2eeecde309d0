"""`flask statuskit explain EXCEPTION`: who answers an exception, and with what."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import redirect_stdout
from typing import Any

import click
from flask.cli import with_appcontext
from werkzeug.exceptions import HTTPException

from ..config import Settings, level_name
from .answered import Explanation, Sent, explain, explain_class, mapper, name_of
from .output import echo, json_option, print_json, print_wrapped, this_app_and_state
from .raised import GROUPS, class_name, make, operation, unheard, unsent_request


@click.command("explain")
@click.argument("exception")
@click.option("--endpoint", metavar="E", help="Where it is raised (default: outside of any view).")
@click.option("--method", metavar="M", help="The method of the request (default: the first).")
@click.option("--accept", default="*/*", metavar="A", help="What the client accepts.")
@with_appcontext
@json_option
def explain_exception(
    exception: str, endpoint: str | None, method: str | None, accept: str, as_json: bool
) -> None:
    """Say who answers EXCEPTION, and show the answer.

    EXCEPTION is the dotted name of a class, which is imported; the bare name of a built-in one, of
    one of flask-statuskit's or of a problem type; or a status, for abort(CODE). It is made without
    arguments where that can be done. Functions of the application that run before and after a view
    do not run, nor those for teardown, and nothing is logged.
    """
    app, state = this_app_and_state()
    cls, made = make(exception, app, state)
    rule, method = operation(app, endpoint, method)
    # What handlers and mappings print is no part of the answer.
    with unsent_request(app, rule, method, accept), unheard(), redirect_stdout(sys.stderr):
        explanation = explain(app, state, made) if made else explain_class(app, state, cls)
    settings = state.settings(app)
    if as_json:
        print_json(
            {
                "exception": class_name(cls),
                "endpoint": endpoint,
                "method": method,
                "environment": settings.environment,
                **_as_json(explanation),
            }
        )
        return
    where = f"at {endpoint} ({method} {rule.rule})" if rule else "outside of any view"
    echo(f"{class_name(cls)} {where}, in {settings.environment}\n")
    for head, said in _in_words(explanation, settings):
        print_wrapped(said, 10, head)
    if explanation.sent:
        if made and made.origin == "empty":
            print_wrapped("it was made without the arguments that it wants", 10, "Note")
        _print_sent(explanation.sent)


def _in_words(explanation: Explanation, settings: Settings) -> Iterator[tuple[str, str]]:
    by, subject, error = explanation.by, explanation.subject, explanation.error
    if subject is None or explanation.rule == "values":
        yield "Rule", f"it depends on what the exception carries: {mapper(by)} decides by that"
        return
    cls, became = type(subject).__name__, type(error).__name__
    answered = f"Flask answers {cls} itself" if by == "Flask" else f"{by} leaves {cls} to Flask"
    adopted = "" if became == cls else f"; it becomes {became}"
    yield (
        "Rule",
        {
            "handler": f"the application's handler {by}",
            "mapping": f"{mapper(by)}: {cls} becomes {became}",
            "integration": f"{mapper(by)}: {cls} becomes {became}",
            "status": f"{cls} has a status of its own{adopted}",
            "fallback": f"none: {_bug(subject)}",
            "flask": f"none of ours: {answered}",
        }[explanation.rule],
    )
    if explanation.rule == "handler" and error is not subject:
        yield "", f"{cls} is handed to it as {became}"
    for number, (who, said) in enumerate(explanation.asked):
        yield "" if number else "Before", f"{who} {said}"
    yield "Told", _told(explanation, settings)
    if explanation.propagates:
        yield "But", "Flask lets it through here, to the debugger or the test"
    elif explanation.sent is None:
        yield "But", "that leaves nobody: what a client gets is up to the server"


def _bug(subject: Exception) -> str:
    cls = type(subject).__name__
    if isinstance(subject, GROUPS):
        return f"nobody answers {cls}, so it is a bug; a group of one is answered as the one in it"
    if isinstance(subject, HTTPException):
        return f"the configuration traps {cls}, so it is a bug"
    return f"nobody answers {cls}, so it is a bug"


def _told(explanation: Explanation, settings: Settings) -> str:
    if explanation.reported:
        listeners = "the receivers of got_request_exception"
        # The debugger and the test show the traceback themselves.
        logged = "" if explanation.propagates else "the log, with a traceback, and "
        return f"{logged}{listeners}"
    level = None
    if explanation.sent and explanation.rule not in ("handler", "flask"):
        level = settings.log_level(explanation.sent.code)
    return "nobody" if level is None else f"the log, in a line at {level_name(level)}"


def _print_sent(sent: Sent) -> None:
    echo(f"\n{click.style(sent.status, bold=True)}")
    for name, value in sent.headers:
        echo(f"{name}: {value}")
    if sent.body:
        echo(f"\n{sent.body.rstrip()}")


def _as_json(explanation: Explanation) -> dict[str, Any]:
    sent = explanation.sent
    return {
        "rule": explanation.rule,
        "by": explanation.by,
        "answers": explanation.error and name_of(explanation.error),
        "asked": [f"{who} {said}" for who, said in explanation.asked],
        "reported": explanation.reported,
        "propagates": explanation.propagates,
        "response": sent
        and {
            "status": sent.code,
            "headers": [list(line) for line in sent.headers],
            "body": _parsed(sent.body),
        },
    }


def _parsed(body: str) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return body
