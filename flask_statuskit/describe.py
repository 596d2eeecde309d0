"""From an error to the problem that says the same: body members and header lines.

Everything that a status owes, and everything that settings add, is decided here. The stage knows
no Flask; what it has to know of the request is an `Occurrence`.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable
from logging import WARNING
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import quote
from wsgiref.util import is_hop_by_hop

from werkzeug.exceptions import HTTPException
from werkzeug.http import http_date, parse_date

from .config import Settings
from .exceptions import TOKEN, RateLimited, StatusError, ValidationError
from .log import log
from .plain import text
from .problem import OWN_MEMBERS, STANDARD_MEMBERS, Problem
from .retry import lengthen, rate_limit_headers, seconds_or_none
from .statuses import STATUSES, Status

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

Line = tuple[str, str]

_RESERVED = STANDARD_MEMBERS | OWN_MEMBERS

#: OWASP ASVS 3.4.4: no browser is to guess that an error body is a script.
_NOSNIFF = ("X-Content-Type-Options", "nosniff")

#: Those of the body are written by whoever renders it, Retry-After together with its member, and
#: the last by us on every problem.
_WRITTEN_ELSEWHERE = frozenset(
    {"content-type", "content-length", "content-encoding", "retry-after", "x-content-type-options"}
)


class Occurrence(NamedTuple):
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


def request_id(environ: WSGIEnvironment, key: str | None) -> str:
    """The id of a request: what the client calls it, else its trace, else a new one.

    Parameters:
        environ: the request.
        key: what the environ calls the header that may bring an id. Anything but 1 to 128 letters,
            digits, dots, underscores and hyphens of ASCII is not taken over, as it ends up in logs.
    """
    brought: str | None = environ.get(key) if key else None
    if brought and re.fullmatch(r"[A-Za-z0-9._-]{1,128}", brought):
        return brought
    traceparent: str | None = environ.get("HTTP_TRACEPARENT")
    return (traceparent and _trace_id(traceparent)) or os.urandom(16).hex()


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
    # The code as well: an error may have another than its class.
    known = type(error), error.code
    outline: _Outline | None = settings.outlines.get(known)
    if outline is None:
        if len(settings.outlines) >= _MOST_OUTLINES:
            # Somebody makes classes while requests are handled.
            settings.outlines.clear()
        outline = settings.outlines[known] = _outline(error, settings)
    status, row, lines = outline
    members: dict[str, Any] = {"request_id": occurrence.request_id}
    if lines is None or error.headers or error.retry_after is not None:
        retry_after, lines = _lines(error, status, row, settings, occurrence)
        if retry_after is not None:
            members["retry_after"] = retry_after
    if error.errors:
        members["errors"] = error.errors
    own = error.get_members()
    if not _RESERVED.isdisjoint(own):
        # What a method of a subclass says cannot be refused when the error is built.
        own = {name: value for name, value in own.items() if name not in _RESERVED}
    members |= own
    type_, title, detail = error.type, error.title, error.detail
    if settings.request_id_header:
        lines = (*lines, (settings.request_id_header, occurrence.request_id))
    return Problem(
        status=status,
        type=type_ if type_ == "about:blank" else _type(error, settings, occurrence),
        title=text(title) if title else row.phrase if row else text(error.name),
        detail=None if detail is None else text(detail),
        instance=uri_path(occurrence.path) if settings.instance else None,
        members=members,
        headers=lines,
    )


_MOST_OUTLINES = 1000


class _Outline(NamedTuple):
    """What the problems of a class have in common as long as the settings hold.

    Attributes:
        status: their status.
        row: its row, None where it is not registered.
        lines: the header lines of an error that was given none, but for the id of the request; None
            where they are not always the same.
    """

    status: int
    row: Status | None
    lines: tuple[Line, ...] | None


def _outline(error: StatusError, settings: Settings) -> _Outline:
    status, cls = status_of(error, settings), type(error)
    row = STATUSES.get(status)
    # Who else writes headers may read the request, or a clock; a delay may be lengthened at random;
    # and a duty without a value is worked out for each request: Allow, WWW-Authenticate.
    writers = {base for base in cls.__mro__ if "get_headers" in vars(base)}
    varies = (
        bool(writers - {StatusError, HTTPException})
        or status in settings.retry_after
        or row is None
        or any(duty.value is None for duty in row.duties)
    )
    lines = None if varies else (*_owed(row, [], settings, tuple), _NOSNIFF)
    return _Outline(status, row, lines)


def _lines(
    error: StatusError,
    status: int,
    row: Status | None,
    settings: Settings,
    occurrence: Occurrence,
) -> tuple[int | None, tuple[Line, ...]]:
    """The seconds of Retry-After, and all header lines but for the id of the request."""
    given = error.get_headers(occurrence.environ)
    retry_after, retry_line = _retry_after(status, given, settings)
    return retry_after, (
        *_owed(row, _sendable(given, settings), settings, occurrence.allowed_methods),
        *retry_line,
        *_sendable(_rate_limit(error, settings), settings),
        _NOSNIFF,
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


#: A path that can be sent as it is, as most can.
_is_plain = re.compile(f"(?!//)[A-Za-z0-9._{re.escape(_PATH)}-]*").fullmatch


def uri_path(path: str) -> str:
    """A path as it stands in a URI."""
    return path if _is_plain(path) else _of_this_host(quote(path, safe=_PATH))


def _type(error: StatusError, settings: Settings, occurrence: Occurrence) -> str:
    type_ = text(error.type)
    base = settings.type_base
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
    """The lines that a WSGI server takes, without those that are written elsewhere.

    One that others add to has one spelling only.
    """
    ours = (settings.request_id_header or "").lower()
    kept: list[Line] = []
    for name, value in lines:
        if (lowered := name.lower()) in _WRITTEN_ELSEWHERE or lowered == ours:
            continue
        value = value.strip(" ")
        # PEP 3333: ISO 8859-1, no control characters, and nothing that belongs to the connection.
        if (
            TOKEN.fullmatch(name)
            and re.fullmatch(r"[ -~\xa0-\xff]*", value)
            and not is_hop_by_hop(name)
        ):
            kept.append(("Vary" if lowered == "vary" else name, value))
        else:
            log(WARNING, "The header %r is left out: a WSGI server would refuse it.", name)
    return kept


def _owed(
    row: Status | None,
    lines: list[Line],
    settings: Settings,
    allowed_methods: Callable[[], Iterable[str]],
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
                lines.append((duty.header, ", ".join(sorted(allowed_methods()))))
    if settings.cache_control and not any(name.lower() == "cache-control" for name, _ in lines):
        # Caches may keep a 404, 405, 410, 414, 451 or 501 that does not say otherwise (§15.1).
        lines.append(("Cache-Control", settings.cache_control))
    return lines


def _rate_limit(error: StatusError, settings: Settings) -> list[Line]:
    if not isinstance(error, RateLimited):
        return []
    members = error.get_members()
    numbers = {
        name: value if isinstance(value := members.get(name), int) and value >= 0 else None
        for name in ("limit", "remaining", "reset")
    }
    return rate_limit_headers(settings.ratelimit_headers, policy=text(error.policy), **numbers)
