"""What the libraries for REST APIs have in common: payloads of `abort`, and locations of values.

Their `abort` takes anything as a keyword and lets the client read it. The status decides the class;
the message, the headers and the validation errors have places of their own, the rest are members.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from logging import DEBUG
from typing import Any
from urllib.parse import unquote

from werkzeug.exceptions import HTTPException

from ..exceptions import ERRORS, StatusError, ValidationError, why_no_member
from ..log import log
from ..mapping import adopt, is_ours_to_render
from ..problem import FieldError


def payload_of(error: HTTPException) -> Mapping[str, Any] | None:
    """The keywords of `abort`, which it leaves on the exception; None where there are none."""
    if isinstance(error, StatusError) and type(error) is not ERRORS.get(error.code or 0):
        # A problem type of the application: its `data` would be a member that it declares.
        return None
    data = getattr(error, "data", None)
    return data if isinstance(data, Mapping) and is_ours_to_render(error) else None


def with_payload(error: HTTPException, payload: Mapping[str, Any]) -> StatusError:
    """The error of ours that has the status of an exception, and says what its payload says.

    Parameters:
        error: the exception; its own headers stay.
        payload: ``message`` becomes the detail; ``headers``, ``errors`` and ``retry_after`` are
            what they are everywhere; the others become members. Names that no member can have are
            left out.
    """
    adopted = adopt(error)
    headers = payload.get("headers") or {}
    given = headers.items() if hasattr(headers, "items") else headers
    members = {name: value for name, value in payload.items() if name not in _NO_MEMBERS}
    # Not through the constructor of its class: there, `error` or `limit` would be parameters.
    StatusError.__init__(
        adopted,
        payload.get("message"),
        headers=[*adopted.headers, *given],
        retry_after=payload.get("retry_after", adopted.retry_after),
        errors=payload.get("errors"),
        **{name: value for name, value in members.items() if _can_be_member(name)},
    )
    return adopted


def bare(code: int) -> HTTPException:
    """An exception that has a status, registered or not, and says nothing."""
    error = HTTPException()
    error.code = code
    return error


def invalid(code: int, payload: Mapping[str, Any]) -> StatusError:
    """The error of a validation that a library refuses with this status."""
    if code != ValidationError.code:
        return with_payload(bare(code), payload)
    # Of this class, because then STATUSKIT_VALIDATION_STATUS decides.
    message, headers = payload.get("message"), payload.get("headers")
    return ValidationError(payload["errors"], message, headers=headers)


_NO_MEMBERS = frozenset({"message", "headers", "errors", "retry_after"})


def _can_be_member(name: str) -> bool:
    reason = why_no_member(name)
    if reason is not None:
        log(DEBUG, "%r is left out of a problem: %s", name, reason)
    return reason is None


#: Where values came from, by what webargs and APIFlask call the locations of a request. All others
#: are parts of the body: json, form, files, json_or_form, and locations of the application's own.
PLACES = {
    "query": "parameter",
    "querystring": "parameter",
    "path": "path",
    "view_args": "path",
    "headers": "header",
    "cookies": "cookie",
}


def placed(errors: Iterable[FieldError], place: str) -> list[FieldError]:
    """Field errors whose pointers begin with the name of a parameter, a header, ..., and it alone.

    Parameters:
        errors: as they are read from a nested structure; two that say the same become one.
        place: an attribute of `FieldError`; "pointer" for the body, where nothing changes.

    >>> placed([FieldError("Not a number", pointer="#/page")], "parameter")[0].parameter
    'page'
    """
    if place == "pointer":
        return list(errors)
    return list(dict.fromkeys(_placed(error, place) for error in errors))


def _placed(error: FieldError, place: str) -> FieldError:
    first = (error.pointer or "#").removeprefix("#").removeprefix("/").partition("/")[0]
    # RFC 6901 §4: in this order, or ~01 would become a slash.
    name = unquote(first).replace("~1", "/").replace("~0", "~")
    if place == "header":
        # A model cannot have a hyphen in a name, and no server tells the two apart.
        name = name.replace("_", "-")
    return replace(error, pointer=None, **({place: name} if name else {}))
