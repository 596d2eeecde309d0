"""What `flask.Request.get_json` raises, in words that help a client.

Outside debug mode Flask hides why a body could not be read, and it never says which media type it
wanted. Both are known here. And what servers raise where a client breaks its body off.
"""

from __future__ import annotations

import json
from traceback import walk_tb

from flask import request
from werkzeug import exceptions

from .exceptions import BadRequest, ContentTooLarge, StatusError, UnsupportedMediaType
from .mapping import Mapping
from .plain import Sentence

NESTED_TOO_DEEPLY = Sentence("The body is nested too deeply.")
BROKEN_OFF = Sentence("The body is not complete.")

#: What the standard library says of broken JSON, with the "at" of some cut off.
_REASONS = {
    str(said): said
    for said in (
        Sentence("Expecting value"),
        Sentence("Expecting property name enclosed in double quotes"),
        Sentence("Expecting ':' delimiter"),
        Sentence("Expecting ',' delimiter"),
        Sentence("Illegal trailing comma before end of object"),
        Sentence("Illegal trailing comma before end of array"),
        Sentence("Extra data"),
        Sentence("Unterminated string starting"),
        Sentence("Invalid control character"),
        Sentence(r"Invalid \escape"),
        Sentence(r"Invalid \uXXXX escape"),
    )
}


def install(mapping: Mapping) -> None:
    mapping.map(exceptions.BadRequest, malformed, explicit=False)
    mapping.map(exceptions.UnsupportedMediaType, not_json, explicit=False)
    mapping.map(RecursionError, too_deep, explicit=False)
    for exception in (OSError, "gunicorn.http.errors.ParseException"):
        mapping.map(exception, broken_off, explicit=False)


def malformed(error: exceptions.BadRequest) -> StatusError | None:
    """400 with line and column, where Flask hides them; in debug mode it tells them itself."""
    if not raised_in(error, "on_json_loading_failed"):
        return None
    if _was_cut():
        return ContentTooLarge()
    if error.description != exceptions.BadRequest.description:
        return None
    return BadRequest(why_malformed(error))


def _was_cut() -> bool:
    """Whether the body has no announced length and went on beyond MAX_CONTENT_LENGTH.

    Werkzeug ends it there without a word, in the middle of the JSON.
    """
    limit = request.max_content_length
    return (
        limit is not None
        and request.content_length is None
        # get_json has read and kept it; nothing is read from the client.
        and len(request.get_data()) >= limit
    )


def why_malformed(error: BaseException) -> str:
    """A sentence that says where JSON stopped making sense.

    Parameters:
        error: what the decoder raised, or an exception that came of it.
    """
    reason: BaseException | None = error
    while reason is not None and not isinstance(reason, (json.JSONDecodeError, UnicodeDecodeError)):
        reason = reason.__cause__ or reason.__context__
    if isinstance(reason, UnicodeDecodeError):
        return Sentence(
            "The body is not valid UTF-8: byte {byte} is out of place.", byte=reason.start
        )
    if reason is None:
        return Sentence("The body is not valid JSON.")
    if not reason.doc.strip():
        return Sentence("The body is empty; it has to be JSON.")
    return Sentence(
        "The body is not valid JSON: {what}, line {line}, column {column}.",
        what=_REASONS.get(what := reason.msg.removesuffix(" at"), what),
        line=reason.lineno,
        column=reason.colno,
    )


def not_json(error: exceptions.UnsupportedMediaType) -> StatusError | None:
    """415 with the media type that would do (RFC 9110 §15.5.16)."""
    if not raised_in(error, "on_json_loading_failed"):
        return None
    return UnsupportedMediaType(
        Sentence("The body has to be application/json."), accept="application/json"
    )


def too_deep(error: RecursionError) -> StatusError | None:
    """400 for a body whose nesting exhausts the JSON decoder, which Flask takes for a bug."""
    return BadRequest(NESTED_TOO_DEEPLY) if raised_in(error, "get_json") else None


#: Who reads the body where Werkzeug leaves that to the server ("wsgi.input_terminated").
_READERS = {"gunicorn.http.body", "werkzeug.serving"}


def broken_off(error: Exception) -> StatusError | None:
    """400 for a body that ends too early, or in broken chunks: no failure of ours.

    Werkzeug says the same of a client that goes away (ClientDisconnected), but only where it reads
    the body itself.
    """
    modules = {frame.f_globals.get("__name__") for frame, _ in walk_tb(error.__traceback__)}
    return BadRequest(BROKEN_OFF) if modules & _READERS else None


def raised_in(
    error: BaseException, function: str, packages: tuple[str, ...] = ("flask", "werkzeug")
) -> bool:
    """Whether a function of this name, in one of these packages, let the error escape."""
    return any(
        frame.f_code.co_name == function
        and frame.f_globals.get("__name__", "").partition(".")[0] in packages
        for frame, _ in walk_tb(error.__traceback__)
    )
