"""What every document says alike: any problem, field errors, headers, members of our classes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ..exceptions import (
    NetworkAuthenticationRequired,
    RateLimited,
    RequestHeaderFieldsTooLarge,
    StatusError,
)
from ..statuses import STATUSES

#: A part of a document.
Json = dict[str, Any]
Classes = Iterable[type[StatusError]]

STRING: Json = {"type": "string"}
COUNT: Json = {"type": "integer", "minimum": 0}
REFERENCE: Json = {"type": "string", "format": "uri-reference"}

#: What every problem may have (RFC 9457 §3.1, and the members that this package writes).
PROBLEM: Json = {
    "title": "Problem",
    "description": "What went wrong (RFC 9457).",
    "type": "object",
    "properties": {
        "type": {**REFERENCE, "description": "The problem type."},
        "title": {**STRING, "description": "What is common to all problems of the type."},
        "status": {"type": "integer", "minimum": 400, "maximum": 599},
        "detail": {**STRING, "description": "What happened this time, and how to mend it."},
        "instance": {**REFERENCE, "description": "The path of the request."},
        "request_id": {**STRING, "description": "What to name when you report the problem."},
        "retry_after": {**COUNT, "description": "Seconds until a repetition may succeed."},
        "errors": {
            "type": "array",
            "items": {"$ref": "#/components/schemas/FieldError"},
            "description": "The values to mend.",
        },
        "errors_omitted": {**COUNT, "description": "How many more values there are to mend."},
    },
    "required": ["type", "title", "status"],
}
FIELD_ERROR: Json = {
    "title": "Field error",
    "description": "One value that has to be mended, and one place where it stood.",
    "type": "object",
    "properties": {
        "detail": {**STRING, "description": "What is wrong with it."},
        "pointer": {**STRING, "description": "A JSON Pointer into the body, such as #/age."},
        "parameter": {**STRING, "description": "The parameter of the query."},
        "header": {**STRING, "description": "The header of the request."},
        "cookie": {**STRING, "description": "The cookie."},
        "path": {**STRING, "description": "The variable part of the path."},
        "code": {**STRING, "description": "What is wrong with it, for programs."},
    },
    "required": ["detail"],
}
BASE: Mapping[str, Json] = {"Problem": PROBLEM, "FieldError": FIELD_ERROR}

#: Members that classes of our own have without annotations; those of others are annotated.
OPTIONAL: Mapping[type[StatusError], Json] = {
    RateLimited: {"limit": COUNT, "remaining": COUNT, "reset": COUNT},
    RequestHeaderFieldsTooLarge: {"field": STRING},
    NetworkAuthenticationRequired: {"login_url": STRING},
}

HEADERS: Mapping[str, str] = {
    "Accept": "The media types that would do.",
    "Accept-Encoding": "The codings that would do.",
    "Accept-Patch": "The patch formats that would do.",
    "Allow": "The methods that would do.",
    "Content-Range": "The length of the resource, such as bytes */1234.",
    "Link": 'Who demands this, with rel="blocked-by".',
    "RateLimit": "What is left of the limit.",
    "RateLimit-Policy": "The limit.",
    "Retry-After": "Seconds until a repetition may succeed.",
    "WWW-Authenticate": "How to authenticate.",
    "X-RateLimit-Limit": "Requests in one window.",
    "X-RateLimit-Remaining": "Requests left in this window.",
    "X-RateLimit-Reset": "When the window ends, in seconds since 1970.",
}
INTEGERS = {"Retry-After", "X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset"}
#: Never theirs: what belongs to the body, and what is said of every error.
LEFT_OUT = {"Content-Type", "Cache-Control"}
#: Those without which a response of their status is wrong.
ALWAYS = {
    duty.header
    for row in STATUSES.values()
    for duty in row.duties
    if duty.level == "must" and row.code >= 400 and not duty.hop_by_hop
}
