"""webargs: values that its parser refused, and JSON that it could not read.

The parser aborts with an exception of Werkzeug's and leaves on it what has happened:

error.data["messages"]   {location: messages}, as marshmallow writes them ─▶ field errors
error.data["headers"]    `error_headers` of the parser                    ─▶ header lines
error.exc                what the JSON decoder raised                     ─▶ line and column
"""

from __future__ import annotations

from collections.abc import Iterator
from json import JSONDecodeError
from typing import Any

from werkzeug.exceptions import HTTPException

from ..exceptions import ERRORS, BadRequest, StatusError, ValidationError
from ..mapping import Mapping
from ..problem import FieldError
from ..problem import field_errors as flatten
from ..request_json import NESTED_TOO_DEEPLY, raised_in, why_malformed
from ._payload import PLACES, placed


def install(mapping: Mapping, *, explicit: bool) -> None:
    # Werkzeug's own class, by the name that it has there: as long as webargs is not used, nobody
    # is asked about HTTP errors.
    mapping.map("webargs.flaskparser.HTTPException", refused, explicit=explicit)
    mapping.map(RecursionError, too_deep, explicit=explicit)


def refused(error: HTTPException) -> StatusError | None:
    """The status that webargs chose, with its headers, field errors, or line and column."""
    # Other libraries leave `data` on an exception as well; what is in it tells webargs apart.
    data: Any = getattr(error, "data", None)
    if not isinstance(data, dict) or "messages" not in data:
        return None
    # As a ValidationError the usual 422 follows STATUSKIT_VALIDATION_STATUS.
    error_class = ValidationError if error.code == 422 else ERRORS.get(error.code or 0)
    if error_class is None:
        return None
    if "schema" in data:
        return error_class(errors=field_errors(error), headers=data.get("headers"))
    reason = getattr(error, "exc", None)
    if isinstance(reason, (JSONDecodeError, UnicodeDecodeError)):
        # Bytes that are not UTF-8 arrive as a JSONDecodeError, made of the one that knows more.
        made_of = reason.__context__
        return error_class(why_malformed(made_of if isinstance(made_of, UnicodeError) else reason))
    return None


def too_deep(error: RecursionError) -> StatusError | None:
    """400 for a body whose nesting exhausts the JSON decoder."""
    deep = raised_in(error, "parse_json", ("webargs",))
    return BadRequest(NESTED_TOO_DEEPLY) if deep else None


def field_errors(error: HTTPException) -> Iterator[FieldError]:
    """The messages of all locations, each with the place of its value."""
    messages: dict[str, Any] = error.data["messages"]  # type: ignore[attr-defined]
    for location, about in messages.items():
        # The others are parts of the body: json, form, files, and the application's own locations.
        yield from placed(flatten(about), PLACES.get(location, "pointer"))
