"""What `flask.Request.get_json` raises, in words that help a client.

Outside debug mode Flask hides why a body could not be read, and it never says which media type it
wanted. Both are known here.
"""

from __future__ import annotations

import json
from types import FrameType, TracebackType

from werkzeug import exceptions

from .exceptions import BadRequest, StatusError, UnsupportedMediaType
from .mapping import Mapping


def install(mapping: Mapping) -> None:
    mapping.map(exceptions.BadRequest, malformed, explicit=False)
    mapping.map(exceptions.UnsupportedMediaType, not_json, explicit=False)
    mapping.map(RecursionError, too_deep, explicit=False)


def malformed(error: exceptions.BadRequest) -> StatusError | None:
    """400 with line and column, where Flask hides them; in debug mode it tells them itself."""
    hidden = error.description == exceptions.BadRequest.description
    if not hidden or not _raised_in(error, "on_json_loading_failed"):
        return None
    reason: BaseException | None = error
    while reason is not None and not isinstance(reason, (json.JSONDecodeError, UnicodeDecodeError)):
        reason = reason.__cause__ or reason.__context__
    if isinstance(reason, UnicodeDecodeError):
        return BadRequest(f"The body is not valid UTF-8: byte {reason.start} is out of place.")
    if reason is None:
        return BadRequest("The body is not valid JSON.")
    if not reason.doc.strip():
        return BadRequest("The body is empty; it has to be JSON.")
    what = reason.msg.removesuffix(" at")
    return BadRequest(
        f"The body is not valid JSON: {what}, line {reason.lineno}, column {reason.colno}."
    )


def not_json(error: exceptions.UnsupportedMediaType) -> StatusError | None:
    """415 with the media type that would do (RFC 9110 §15.5.16)."""
    if not _raised_in(error, "on_json_loading_failed"):
        return None
    return UnsupportedMediaType("The body has to be application/json.", accept="application/json")


def too_deep(error: RecursionError) -> StatusError | None:
    """400 for a body whose nesting exhausts the JSON decoder, which Flask takes for a bug."""
    return BadRequest("The body is nested too deeply.") if _raised_in(error, "get_json") else None


def _raised_in(error: BaseException, function: str) -> bool:
    """Whether Flask's or Werkzeug's own method of this name let the error escape."""
    return any(
        frame.f_code.co_name == function
        and frame.f_globals.get("__name__", "").partition(".")[0] in ("flask", "werkzeug")
        for frame in _frames(error.__traceback__)
    )


def _frames(traceback: TracebackType | None) -> list[FrameType]:
    frames: list[FrameType] = []
    while traceback is not None:
        frames.append(traceback.tb_frame)
        traceback = traceback.tb_next
    return frames
