"""Hypothesis strategies for whatever may be raised, and for what is told of it.

texts, values, delays, header_lines, messages ─▶ options ─▶ typed, declared, ... ─▶ errors

All texts are harmless: none holds what `INTERNAL` lists, so that what is found of it in an answer
has come from elsewhere.
"""

from __future__ import annotations

import builtins
import enum
import errno
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta, timezone
from secrets import token_hex
from typing import Any

from hypothesis import strategies as st
from werkzeug.exceptions import HTTPException, default_exceptions
from werkzeug.http import http_date

from flask_statuskit import (
    BadGateway,
    Conflict,
    FieldError,
    Forbidden,
    MethodNotAllowed,
    NetworkAuthenticationRequired,
    RangeNotSatisfiable,
    RateLimited,
    RequestHeaderFieldsTooLarge,
    ServiceUnavailable,
    StatusError,
    Unauthorized,
    UnavailableForLegalReasons,
    UnsupportedMediaType,
    ValidationError,
)
from flask_statuskit.exceptions import ERRORS
from flask_statuskit.problem import json_pointer

#: Stands where no client may see it. Made anew, for Hypothesis tries what it finds in the source.
CANARY = f"canary{token_hex(8)}"

#: What an answer shows that shows where it was made.
INTERNAL = ("Traceback (most recent", 'File "', "site-packages", ".py", " object at 0x", "<class ")

# Values -------------------------------------------------------------------------------------------

_tricky = st.sampled_from(
    [
        *(
            "\ud800",
            "a\udfff",
            "\0",
            "\x1b[31m",
            "\r\nX-Own: 1",
            "\t\n",
            "\x85",
            "\u2028",
            "\ufffe",
        ),
        *(
            "<script>",
            "]]>",
            "&amp;",
            "--",
            "'\"",
            "{{ 1 }}",
            "%s",
            "\\",
            "~0/~1",
            "\U0001f600",
            " ",
        ),
    ]
)
#: Everything that Python can write into a string, lone surrogates included.
texts = (_tricky | st.text(st.characters(exclude_categories=()))).filter(
    lambda text: not any(word in text for word in INTERNAL)
)
#: Long enough to be cut.
long_texts = st.builds(lambda text, times: text[:20] * times, texts, st.sampled_from([100, 5_000]))

#: What may be given as a detail or a title.
sayings = st.none() | texts | long_texts | st.binary() | st.integers()


class Colour(enum.Enum):
    RED = "red"


@dataclass(frozen=True)
class Price:
    """A value that Flask's encoder knows."""

    amount: float


class Unknown:
    """A value that no encoder knows."""


scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(10, 6_000).map(lambda digits: -(10**digits))
    | st.floats()
    | texts
    | long_texts
    | st.binary()
    | st.dates()
    | st.datetimes()
    | st.timedeltas()
    | st.decimals()
    | st.uuids()
    | st.sampled_from([Colour.RED, Unknown(), Unknown, len, ...])
    | st.builds(Price, st.floats())
)
#: What may be given as a member.
values = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner)
        | st.tuples(inner)
        | st.dictionaries(texts | st.integers() | st.none(), inner)
    ),
    max_leaves=8,
)
#: With an x in front, for what the constructors take themselves is no member.
members = st.dictionaries(st.from_regex(r"x[A-Za-z0-9_]{0,9}", fullmatch=True), values, max_size=4)

#: Everything that `retry_after` may be, and everything that it may not.
delays: st.SearchStrategy[Any] = (
    st.none()
    | st.integers(-5, 2**33)
    | st.floats()
    | st.timedeltas(timedelta(days=-1), timedelta(days=40_000))
    | st.datetimes()
    | st.datetimes(timezones=st.sampled_from([timezone.utc, timezone(timedelta(hours=5.5))]))
    | st.integers(0, 2**33).map(str)
    | st.integers(0, 2**32).map(http_date)
    | texts
    | st.booleans()
    | st.just(Unknown())
)

# What is sent -------------------------------------------------------------------------------------

header_names = (
    st.sampled_from(
        [
            *("Content-Type", "Content-Length", "Content-Encoding", "Transfer-Encoding"),
            *("Connection", "Upgrade", "Keep-Alive", "WWW-Authenticate", "Allow", "Set-Cookie"),
            *("Retry-After", "ETag", "Link", "Vary", "Date", "Cache-Control", "X-Request-ID"),
            *("X-Content-Type-Options", "Content-Language", "x-own", "X-OWN"),
        ]
    )
    # wsgiref's validator knows no names of our making but those that begin with a letter.
    | texts.filter(lambda name: not name.isascii() or not name.isprintable() or " " in name)
)
header_values = texts | st.sampled_from(["1", "no-cache", 'W/"a"', "en", "a\r\nSet-Cookie: b=c"])
header_lines = st.lists(st.tuples(header_names, header_values), max_size=4) | st.dictionaries(
    header_names, header_values, max_size=4
)

# Validation ---------------------------------------------------------------------------------------

places = st.sampled_from(["parameter", "header", "cookie", "path"])
field_errors = (
    st.builds(FieldError, texts, code=st.none() | texts)
    | st.builds(
        FieldError, texts, pointer=st.lists(texts).map(json_pointer), code=st.none() | texts
    )
    | st.builds(
        lambda place, detail, name: FieldError(detail, **{place: name}), places, texts, texts
    )
)
#: Nested as marshmallow writes them, ready, both, and what is neither.
messages = st.recursive(
    texts | st.lists(texts, max_size=3) | field_errors,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(texts | st.integers(0, 3) | st.just("_schema"), inner, max_size=3)
    ),
    max_leaves=8,
) | st.integers(1, 3_000).map(lambda count: {i: ["Wrong"] for i in range(count)})

# Who asks -----------------------------------------------------------------------------------------

_media_types = st.sampled_from(
    [
        *("*/*", "application/*", "text/*", "application/json", "application/problem+json"),
        *("application/vnd.api+json", "application/xml", "text/xml", "application/problem+xml"),
        *("text/html", "application/xhtml+xml", "text/plain", "image/png", "application/hal+json"),
    ]
)
_qualities = st.sampled_from(["", ";q=0", ";q=0.5", "; q=1.0", ";q=x", ';profile="a,b"'])
#: What a server lets through as the value of a header.
_garbage = st.text(st.characters(max_codepoint=255, exclude_characters="\r\n\0"), max_size=20)
#: Values of the header ``Accept``.
accepts = _media_types | st.lists(
    st.builds("{}{}".format, _media_types, _qualities) | _garbage, max_size=4
).map(", ".join)

# Errors -------------------------------------------------------------------------------------------


class RunwayOccupied(Conflict):
    """Another plane is on it."""

    title = "The runway is occupied"
    plane: Any
    length: Any = 1


class TurbineBroken(BadGateway):
    """Hidden, as any 5xx."""

    part: Any


class TunnelFlooded(ServiceUnavailable):
    """Shown, although a 5xx."""

    until: Any = None


class LuggageTooHeavy(ValidationError):
    """A validation error with a member of its own."""

    limit: Any


class Lost(Exception):
    """To be mapped to a 404."""


class Late(Exception):
    """To be mapped to a 503 with a retry_after of 5."""


@dataclass(frozen=True)
class Raised:
    """An error, and the status that is meant."""

    error: Exception
    status: int


options = st.fixed_dictionaries(
    {},
    optional={
        "detail": sayings,
        "title": sayings,
        "type": sayings,
        "headers": header_lines,
        "retry_after": delays,
        "errors": messages,
    },
)
_of_statuses = [cls for code, cls in sorted(ERRORS.items()) if code not in (407, 426)]


def _typed(cls: type[StatusError], **own: st.SearchStrategy[Any]) -> st.SearchStrategy[Raised]:
    """The errors of a class, with parameters of its own."""
    return st.builds(
        lambda options, own: Raised(cls(**{**options, **own}), cls.code or 0),
        options,
        st.fixed_dictionaries({}, optional=own),
    )


def _problem_type(cls: type[StatusError], *own: str) -> st.SearchStrategy[Raised]:
    given = st.fixed_dictionaries(dict.fromkeys(own, values))
    return st.builds(lambda o, g: Raised(cls(**o, **g), cls.code or 0), options, given)


#: Of the classes of the statuses, with any members.
typed = st.builds(
    lambda cls, options, members: Raised(cls(**options, **members), cls.code or 0),
    st.sampled_from(_of_statuses),
    options,
    members,
)
#: Of the classes whose constructors take more.
particular = st.one_of(
    _typed(
        RateLimited,
        limit=st.integers() | texts,
        remaining=st.integers(),
        reset=delays,
        policy=texts,
    ),
    _typed(Unauthorized, realm=texts, error=st.just("invalid_token"), scope=st.lists(texts)),
    _typed(MethodNotAllowed, valid_methods=st.lists(texts)),
    _typed(RangeNotSatisfiable, length=st.integers()),
    _typed(UnsupportedMediaType, accept=st.lists(texts), accept_encoding=texts),
    _typed(UnavailableForLegalReasons, blocked_by=st.text()),
    _typed(NetworkAuthenticationRequired, login_url=texts),
    _typed(RequestHeaderFieldsTooLarge, field=texts),
    _typed(Forbidden, scope=texts, realm=texts),
)
#: Of problem types with members of their own.
declared = st.one_of(
    _problem_type(RunwayOccupied, "plane"),
    _problem_type(TurbineBroken, "part"),
    _problem_type(TunnelFlooded, "until"),
    _problem_type(LuggageTooHeavy, "limit"),
)
#: What `abort` raises in Flask itself.
of_werkzeug = st.builds(
    lambda cls, description: Raised(cls(description), cls.code),
    st.sampled_from([c for code, c in sorted(default_exceptions.items()) if 400 <= code < 600]),
    st.none() | texts | long_texts,
)

#: Those whose reason clients are not to read.
hidden = st.builds(
    lambda cls, options, members: Raised(
        cls(
            **{
                **options,
                "detail": f"{CANARY} {options.get('detail')}",
                "errors": {CANARY: CANARY},
            },
            **{**members, "x1": CANARY, CANARY: 1},
        ),
        cls.code or 0,
    ),
    st.sampled_from([cls for cls in _of_statuses if (cls.code or 0) >= 500 and not cls.expose]),
    options,
    members,
)


class Unregistered(HTTPException):
    """A status that no registry has."""

    code = 499


_foreign: list[Callable[[str], Exception]] = [
    *(KeyError, ValueError, RuntimeError, LookupError, NotImplementedError, EOFError),
    lambda text: FileNotFoundError(errno.ENOENT, text, text),
    lambda text: UnicodeDecodeError("utf-8", text.encode("utf-8", "replace"), 0, 1, text),
]
#: Those of others: whatever they say is for the log.
foreign = st.builds(
    lambda make, text: Raised(make(f"{CANARY} {text}"), 500), st.sampled_from(_foreign), texts
) | st.builds(
    lambda make, text: Raised(make[0](f"{CANARY} {text}"), make[1]),
    st.sampled_from([(Lost, 404), (Late, 503)]),
    texts,
)


def _alone(raised: Raised) -> Raised:
    group: Any = getattr(builtins, "ExceptionGroup", None)  # Python 3.11
    return Raised(group(CANARY, [raised.error]), raised.status) if group else raised


def _with_reasons(raised: Raised) -> Raised:
    """The error with everything behind it that is not to be seen."""
    vars(raised.error)["__notes__"] = [CANARY]
    vars(raised.error)["original_exception"] = KeyError(CANARY)
    raised.error.__cause__ = KeyError(CANARY)
    raised.error.__context__ = OSError(CANARY)
    return raised


#: Everything that there is to raise.
errors = st.one_of(
    typed,
    particular,
    declared,
    hidden,
    of_werkzeug,
    st.builds(lambda text: Raised(Unregistered(text), 499), st.none() | texts),
    foreign,
    typed.map(_alone),
).map(_with_reasons)
