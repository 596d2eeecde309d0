"""The dialect for browsers: a problem as a page, from a template that an application may replace.

Looked for are ``statuskit/404.html`` (of any status) and ``statuskit/problem.html`` among the
templates of the application, then our own. Ours need nothing else: no script, no font, no image,
and a style sheet inside of the page that a Content-Security-Policy can allow by its `STYLE_HASH`.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any

from flask import Flask, render_template
from jinja2 import BaseLoader, ChoiceLoader, Environment, FunctionLoader, Template

from .current import state_of, this_app
from .dialects import Dialect
from .languages import ENGLISH, Language, client_language
from .plain import Sentence
from .problem import Problem
from .statuses import STATUSES

TEMPLATES = Path(__file__).parent / "templates"
STYLE = (TEMPLATES / "statuskit" / "style.css").read_text(encoding="utf-8")
#: What allows the style sheet of our pages: ``style-src 'sha256-...'`` (CSP Level 3 §2.3.1).
STYLE_HASH = "sha256-" + base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()

#: The members that the page shows in places of their own.
_PLACED = ("request_id", "retry_after", "errors", "errors_omitted", "debug")


def page(problem: Problem) -> str:
    """A problem as HTML."""
    with client_language() as language:
        names = [f"statuskit/{problem.status}.html", "statuskit/problem.html"]
        return _sound(render_page(names, language, **_shown(problem, language)))


def our_page(problem: Problem) -> str:
    """A problem as HTML where there is no application: from our own template, in English."""
    template = _our_environment(is_async=False).get_template("statuskit/problem.html")
    return _sound(template.render(_shown(problem, ENGLISH), **_frame(ENGLISH)))


#: Control characters and noncharacters.
_NO_HTML = re.compile(
    "[\0-\x08\x0b\x0e-\x1f\x7f-\x9f\ufdd0-\ufdef"
    + "".join(chr(plane << 16 | last) for plane in range(17) for last in (0xFFFE, 0xFFFF))
    + "]"
)


def _sound(said: str) -> str:
    """A page without what no page may hold (HTML §13.2.3.5)."""
    return _NO_HTML.sub("\ufffd", said)


def _shown(problem: Problem, language: Language) -> dict[str, Any]:
    members = problem.members
    return {
        "problem": problem,
        "advice": language.say(advice(problem)),
        "errors": members.get("errors") or [],
        "errors_omitted": members.get("errors_omitted"),
        "retry_after": members.get("retry_after"),
        "request_id": members.get("request_id"),
        "debug": members.get("debug"),
        "members": {n: v for n, v in members.items() if n not in _PLACED},
    }


HTML = Dialect("text/html", page, ("application/xhtml+xml",))


def render_page(names: list[str], language: Language, **values: Any) -> str:
    """Render the first template there is, the application's own before ours.

    Parameters:
        names: names of templates.
        language: what the client is spoken to in.
        values: what they show.
    """
    environment = _environment(this_app())
    template = environment.select_template(names)
    values |= _frame(language)
    if template.environment is environment:
        # As any other of the application's, with its context processors and signals.
        return render_template(template, **values)
    return template.render(values)


def _frame(language: Language) -> dict[str, Any]:
    """What is around all that a page shows."""
    return {
        # Not "_": in the application's templates that is its own.
        "say": language.say,
        "language": language.of_ours,
        "style": STYLE,
        "style_hash": STYLE_HASH,
    }


def _environment(app: Flask) -> Environment:
    """The application's own Jinja environment, with our templates behind its own.

    A loader or a blueprint added to the application would show up in what it lists of its own.
    """
    state = state_of(app)
    if state.pages is None:
        loaders = [app.jinja_env.loader, _OurLoader()]
        state.pages = app.jinja_env.overlay(loader=ChoiceLoader([x for x in loaders if x]))
    return state.pages


class _OurLoader(BaseLoader):
    """Our templates as they are meant, whatever delimiters and options the application has."""

    def load(self, environment: Environment, name: str, globals: Any = None) -> Template:
        return _our_environment(environment.is_async).get_template(name)


@lru_cache
def _our_environment(is_async: bool) -> Environment:
    return Environment(
        loader=FunctionLoader(_source),
        autoescape=True,
        trim_blocks=True,
        auto_reload=False,
        # Has to be the same in a template and in what it extends.
        enable_async=is_async,
    )


def _source(name: str) -> tuple[str, str, Callable[[], bool]] | None:
    path = TEMPLATES / name
    if not path.is_file():
        return None
    # Never up to date: where templates are reloaded, one that comes to stand before it is found.
    return path.read_text(encoding="utf-8"), str(path), lambda: False


def advice(problem: Problem) -> Sentence:
    """What somebody who meets a problem can do about it, in one sentence."""
    if problem.status in (401, 407, 511):
        return Sentence("Log in, then try again.")
    if problem.status in (403, 451):
        return Sentence("If you should be allowed to, ask whoever runs this service.")
    if problem.status in (404, 410):
        return Sentence("Check the address, or go back to where you came from.")
    if problem.members.get("errors"):
        return Sentence("Correct what is listed below, then try again.")
    row = STATUSES.get(problem.status)
    if "retry_after" in problem.members or (row and row.retry):
        return Sentence("Wait a moment, then try again.")
    if problem.status >= 500:
        return Sentence("This is not your fault. Try again later.")
    return Sentence("Go back, change the request, then try again.")
