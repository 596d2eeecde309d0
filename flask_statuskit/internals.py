"""The member ``debug``: what an exception was, for the developer who chose to see it."""

from __future__ import annotations

import os
import re
import traceback
from typing import Any

from .plain import text

_MOST_FRAMES = 20
_MOST_CAUSES = 5
_LONGEST = 2000

#: A name that promises a secret, and the value that follows it.
_SECRET = re.compile(
    r"(?i)((?<![\w.-])[\w.-]*(?:pass(?:word|wd|phrase)|pwd|secret|token|api[_-]?key|access[_-]?key|private[_-]?key"
    r"|authorization|cookie|session|credential|signature|dsn)[\w.-]*"
    r"(?:['\")\]]?\s*(?:=>|[:=]|\bis\b)\s*|['\"],\s*(?=['\"])))"
    r"(?:(?:bearer|basic|digest|token)\s+)?(?:'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"|[^\s,;&)}\]]+)"
)
_CREDENTIALS = re.compile(r"(?i)\b(bearer|basic)\s+[A-Za-z0-9._~+/=-]{6,}")
#: A header with any number of them, to the end of its line.
_COOKIES = re.compile(r"(?i)(\b(?:set-)?cookie['\"]?\s*[:=]\s*).+")
#: What pydantic quotes of the input.
_INPUTS = re.compile(r"(?s)(\binput_value=).*?(?=, input_type=|$)")
_USER_INFO = re.compile(r"(?<=://)[^\s/@'\"]+@")


def mask(string: str) -> str:
    """`string` without what looks like a password, a token or the user of a URL.

    >>> mask("connect to postgres://ann:hunter2@db/main with token=abc")
    'connect to postgres://***@db/main with token=***'
    """
    string = _INPUTS.sub(r"\1***", string)
    string = _COOKIES.sub(r"\1***", string)
    string = _USER_INFO.sub("***@", string)
    string = _SECRET.sub(r"\1***", string)
    return _CREDENTIALS.sub(r"\1 ***", string)


def debug_member(exception: BaseException) -> dict[str, Any]:
    """Type, message, frames and causes of an exception, secrets masked."""
    return {**_summary(exception), "frames": _frames(exception), "causes": _causes(exception)}


def _summary(exception: BaseException) -> dict[str, Any]:
    cls = type(exception)
    name = (
        cls.__qualname__ if cls.__module__ == "builtins" else f"{cls.__module__}.{cls.__qualname__}"
    )
    return {"type": name, "message": mask(_message(exception)[: _LONGEST * 4])[:_LONGEST]}


def _message(exception: BaseException) -> str:
    if hasattr(exception, "statement") and exception.args:
        # SQLAlchemy's text goes on with SQL and parameters, a driver's with values of a row.
        return text(exception.args[0]).partition("\n")[0]
    return text(exception)


def _frames(exception: BaseException) -> list[dict[str, Any]]:
    # The innermost frames tell most; extract_tb reads no local variables.
    frames = traceback.extract_tb(exception.__traceback__)[-_MOST_FRAMES:]
    return [
        {
            "file": os.path.basename(os.path.dirname(f.filename))
            + "/"
            + os.path.basename(f.filename),
            "line": f.lineno,
            "function": f.name,
            "code": mask((f.line or "")[:200]),
        }
        for f in frames
    ]


def _causes(exception: BaseException) -> list[dict[str, Any]]:
    causes: list[dict[str, Any]] = []
    cause = _cause(exception)
    while cause is not None and len(causes) < _MOST_CAUSES:
        causes.append(_summary(cause))
        cause = _cause(cause)
    return causes


def _cause(exception: BaseException) -> BaseException | None:
    hidden = exception.__suppress_context__
    if exception.__cause__ is not None:
        return exception.__cause__
    return None if hidden else exception.__context__
