"""From an error to the problem that says the same: body members and header lines.

Everything that a status owes, and everything that settings add, is decided here. The stage knows
no Flask; what it has to know of the request is an `Occurrence`.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from logging import WARNING
from typing import TYPE_CHECKING, Any
from urllib.parse import quote
from wsgiref.util import is_hop_by_hop

from werkzeug.datastructures import Headers
from werkzeug.http import http_date, parse_date

from .config import Settings
from .exceptions import TOKEN, RateLimited, StatusError, ValidationError
from .log import log
from .plain import text
from .problem import Problem
from .retry import lengthen, rate_limit_headers, seconds_or_none
from .statuses import STATUSES, Status

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

Line = tuple[str, str]

#: Those of the body are written by whoever renders it, Retry-After together with its member, and
#: the last by us on every problem.
_WRITTEN_ELSEWHERE = frozenset(
    {"content-type", "content-length", "content-encoding", "retry-after", "x-content-type-options"}
)


@dataclass(frozen=True)
class Occurrence:
    """What a problem has to know of the request in which it occurred.

    Attributes:
        request_id: the id that body, response header and log record share.
        path: the path of the request, decoded.
        allowed_methods: the methods that the target knows, asked for a 405 that does not say.
        environ: the request, for errors whose headers depend on it.
        catalog: where the pages of the problem types are, None where there are none; asked for a
            type that is a slug.
    """

    request_id: str
    path: str
    allowed_methods: Callable[[], Iterable[str]] = tuple
    environ: WSGIEnvironment | None = None
    catalog: Callable[[], str | None] = lambda: None


def request_id(headers: Headers, name: str | None) -> str:
    """The id of a request: what the client calls it, else its trace, else a new one.

    Parameters:
        headers: the headers of the request.
        name: the header that may bring an id. Anything but 1 to 128 letters, digits, dots,
            underscores and hyphens of ASCII is not taken over, as it ends up in logs.
    """
    brought = headers.get(name, "") if name else ""
    if re.fullmatch(r"[A-Za-z0-9._-]{1,128}", brought):
        return brought
    return _trace_id(headers.get("traceparent", "")) or secrets.token_hex(16)


def _trace_id(traceparent: str) -> str | None:
    """The trace id of a valid header (W3C Trace Context §3.2.2)."""
    match = re.fullmatch(
        r"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}(-.*)?", traceparent.strip()
    )
    if match is None:
        return None
    version, trace, parent, more = match.groups()
    # All zeros is "none"; ff is forbidden; only later versions may go on.
    void = not trace.strip("0") or not parent.strip("0") or version == "ff"
    return None if void or (version == "00" and more) else trace


def describe(error: StatusError, settings: Settings, occurrence: Occurrence) -> Problem:
    """The problem of an error, nothing hidden yet.

    Parameters:
        error: the error.
        settings: the settings that hold.
        occurrence: what to say of the request.
    """
    status = status_of(error, settings)
    row = STATUSES.get(status)
    lines = error.get_headers(occurrence.environ)
    retry_after, retry_line = _retry_after(status, lines, settings)
    members: dict[str, Any] = {"request_id": occurrence.request_id}
    if retry_after is not None:
        members["retry_after"] = retry_after
    if error.errors:
        members["errors"] = error.errors
    members |= error.get_members()
    return Problem(
        status=status,
        type=_type(error, settings, occurrence),
        title=text(error.title or (row.phrase if row else error.name)),
        detail=text(error.detail) if error.detail is not None else None,
        instance=_uri_path(occurrence.path) if settings.instance else None,
        members=members,
        headers=(
            *_owed(row, _sendable(lines, settings), settings, occurrence),
            *retry_line,
            *_sendable(_rate_limit(error, members, settings), settings),
            *_added(settings, occurrence),
        ),
    )


def status_of(error: StatusError, settings: Settings) -> int:
    """The status to answer an error with."""
    follows_setting = isinstance(error, ValidationError) and error.code == ValidationError.code
    return settings.validation_status if follows_setting else error.code or 500


def status_of_class(cls: type[StatusError], settings: Settings) -> int:
    """The status to answer the errors of a class with."""
    # One that nobody constructs: a constructor may want anything.
    return status_of(Exception.__new__(cls), settings)


#: RFC 3986 §3.3: what a path may hold unescaped.
_PATH = "/!$&'()*+,;=:@~"


def _uri_path(path: str) -> str:
    return _of_this_host(quote(path, safe=_PATH))


def _type(error: StatusError, settings: Settings, occurrence: Occurrence) -> str:
    type_ = text(error.type)
    base = None if is_uri(type_) else settings.type_base
    # The catalogue has a page for each class, and none for a type that is made up on the way.
    if base is None and not is_uri(type_) and type_ == text(type(error).type):
        base = occurrence.catalog()
    return type_uri(type_, base)


def escaped(uri: str) -> str:
    """A URI, or a path of ours, that may have characters in it that no URI has."""
    return _of_this_host(quote(uri, safe="/!#$%&'()*+,;=:@?~[]"))


def _of_this_host(path: str) -> str:
    # Two slashes would begin with the name of another host (RFC 3986 §4.2).
    return f"/%2F{path[2:]}" if path.startswith("//") else path


def is_uri(type_: str) -> bool:
    """Whether a problem type is a URI or a path already, not a slug."""
    return re.match(r"/|[A-Za-z][A-Za-z0-9+.-]*:", type_) is not None


def type_uri(type_: str, base: str | None) -> str:
    """The URI of a problem type; what is a URI or a path already stays.

    Parameters:
        type_: a slug, a URI or a path.
        base: what a slug is appended to.
    """
    if is_uri(type_):
        return escaped(type_)
    slug = quote(type_, safe=_PATH)
    if base is None:
        return f"urn:problem-type:{slug}"
    return f"{base}{slug}" if base.endswith(("/", "#", ":", "=")) else f"{base}/{slug}"


def _retry_after(
    status: int, lines: list[Line], settings: Settings
) -> tuple[int | None, list[Line]]:
    """The seconds for the body, and the line that says the same."""
    said = [value for name, value in lines if name.lower() == "retry-after"]
    seconds = seconds_or_none(said[-1] if said else settings.retry_after.get(status))
    if seconds is None:
        return None, []
    if said and not said[-1].isdigit():
        # A date that was given as a header on purpose; in the one form that may be sent.
        return seconds, [("Retry-After", http_date(parse_date(said[-1])))]
    seconds = lengthen(seconds, settings.retry_after_jitter)
    return seconds, [("Retry-After", str(seconds))]


def _sendable(lines: list[Line], settings: Settings) -> list[Line]:
    """The lines that a WSGI server takes, without those that are written elsewhere."""
    elsewhere = {*_WRITTEN_ELSEWHERE, (settings.request_id_header or "").lower()}
    kept: list[Line] = []
    for name, value in lines:
        value = value.strip(" ")
        if name.lower() in elsewhere:
            continue
        # PEP 3333: ISO 8859-1, no control characters, and nothing that belongs to the connection.
        if (
            TOKEN.fullmatch(name)
            and re.fullmatch(r"[ -~\xa0-\xff]*", value)
            and not is_hop_by_hop(name)
        ):
            kept.append((name, value))
        else:
            log(WARNING, "The header %r is left out: a WSGI server would refuse it.", name)
    return kept


def _owed(
    row: Status | None, lines: list[Line], settings: Settings, occurrence: Occurrence
) -> list[Line]:
    """The lines, completed by those that the status owes and nobody gave."""
    for duty in row.duties if row else ():
        if duty.value is not None and not duty.hop_by_hop:
            lines = [line for line in lines if line[0].lower() != duty.header.lower()]
            lines.append((duty.header, duty.value))
        elif not any(name.lower() == duty.header.lower() for name, _ in lines):
            if duty.header == "WWW-Authenticate" and duty.level == "must":
                lines.append((duty.header, settings.challenge))
            elif duty.header == "Allow":
                lines.append((duty.header, ", ".join(sorted(occurrence.allowed_methods()))))
    if settings.cache_control and not any(name.lower() == "cache-control" for name, _ in lines):
        # Caches may keep a 404, 405, 410, 414, 451 or 501 that does not say otherwise (§15.1).
        lines.append(("Cache-Control", settings.cache_control))
    return lines


def _rate_limit(error: StatusError, members: dict[str, Any], settings: Settings) -> list[Line]:
    if not isinstance(error, RateLimited):
        return []
    numbers = {
        name: value if isinstance(value := members.get(name), int) and value >= 0 else None
        for name in ("limit", "remaining", "reset")
    }
    return rate_limit_headers(settings.ratelimit_headers, policy=text(error.policy), **numbers)


def _added(settings: Settings, occurrence: Occurrence) -> list[Line]:
    # OWASP ASVS 3.4.4: no browser is to guess that an error body is a script.
    lines = [("X-Content-Type-Options", "nosniff")]
    if settings.request_id_header:
        lines.append((settings.request_id_header, occurrence.request_id))
    return lines
