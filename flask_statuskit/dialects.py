"""Body formats: from a problem to bytes.

problem ─▶ bounded ─▶ dialect ─▶ bytes, no more than the bound
"""

from __future__ import annotations

import json
from collections.abc import Callable
from logging import ERROR
from typing import Any, TypeAlias

from .log import log
from .problem import Problem

#: Encodes JSON the way the application does; text or bytes.
Dumps: TypeAlias = Callable[[Any], "str | bytes"]

#: The media type of the default dialect (RFC 9457 §3).
PROBLEM_JSON = "application/problem+json"


def render(problem: Problem, dumps: Dumps, max_bytes: int) -> bytes:
    """The body of a problem as ``application/problem+json``.

    Parameters:
        problem: what to say.
        dumps: the application's JSON encoder. It also says how values of its own types are written.
        max_bytes: the size, in bytes, that the body does not exceed.
    """
    body = problem.bounded(max_bytes, lambda value: json.loads(dumps(value))).to_dict()
    try:
        encoded = _as_bytes(dumps(body))
    except Exception as error:
        log(
            ERROR,
            "The application's JSON encoder failed; the standard library's steps in.",
            exc_info=error,
        )
        return _as_bytes(json.dumps(body))
    # An encoder may indent, and so take more than was counted.
    return encoded if len(encoded) <= max_bytes else _as_bytes(json.dumps(body))


def _as_bytes(encoded: str | bytes) -> bytes:
    # With a line break, as Flask's own JSON: terminals show the prompt on a line of its own.
    return (encoded.encode() if isinstance(encoded, str) else encoded).rstrip() + b"\n"
