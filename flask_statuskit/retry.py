"""Waiting times: one normaliser from what developers write to what clients read.

int, float, timedelta, datetime, header text ─▶ whole seconds ─▶ headers and body
"""

from __future__ import annotations

import math
import random
import re
import time
from datetime import datetime, timedelta, timezone
from logging import WARNING
from typing import Literal, TypeAlias

from werkzeug.http import parse_date

from .log import log

#: What a ``retry_after`` may be: seconds, a span, a point in time (naive means UTC), or the text of
#: a ``Retry-After`` header (RFC 9110 §10.2.3: seconds or an HTTP-date).
Delay: TypeAlias = int | float | timedelta | datetime | str
RateLimitStyle: TypeAlias = Literal["none", "legacy", "draft"]

#: Beyond 68 years a delay is a mistake, and 32-bit clients overflow.
_LONGEST = 2**31 - 1


def to_seconds(delay: Delay) -> int:
    """Whole seconds from now, rounded up and never negative (RFC 9110 §10.2.3 has neither).

    Parameters:
        delay: seconds, a `timedelta`, a `datetime` (naive means UTC), or header text.

    Raises:
        ValueError: `delay` is none of these, not finite, or more than 2**31 - 1 seconds.

    >>> to_seconds(timedelta(minutes=1, milliseconds=1))
    61
    """
    if isinstance(delay, str):
        delay = _parse(delay)
    if isinstance(delay, datetime):
        if delay.tzinfo is None:
            delay = delay.replace(tzinfo=timezone.utc)
        delay -= datetime.now(timezone.utc)
    if isinstance(delay, timedelta):
        delay = delay.total_seconds()
    # A bool is an int to Python, and a slip of the pen here.
    known = isinstance(delay, (int, float)) and not isinstance(delay, bool)
    if not (known and -math.inf < delay <= _LONGEST):  # a NaN is neither
        raise ValueError(f"{delay!r:.80} is no delay: give seconds, a timedelta or a datetime")
    return max(0, math.ceil(max(delay, -1)))


def _parse(text: str) -> int | datetime:
    if re.fullmatch(r"[0-9]{1,10}", text):
        return int(text)
    moment = read_date(text)
    if moment is None:
        raise ValueError(f"{text!r:.80} is neither seconds nor an HTTP-date")
    return moment


def read_date(text: str | None) -> datetime | None:
    """An HTTP-date (RFC 9110 §5.6.7), None where it is none."""
    try:
        return parse_date(text)
    except OverflowError:  # of a year that is too long, which Werkzeug lets through
        return None


def seconds_or_none(delay: Delay | None) -> int | None:
    """`to_seconds`, but garbage is logged and left out: an error keeps its status without it."""
    if delay is None:
        return None
    try:
        return to_seconds(delay)
    except Exception as error:  # whoever wrote it may have given any object
        reason = error if isinstance(error, ValueError) else f"a {type(delay).__name__} failed"
        log(WARNING, "Retry-After left out: %s", reason)
        return None


def lengthen(seconds: int, jitter: float) -> int:
    """Add up to the fraction `jitter` of `seconds`, so that waiting clients do not return at once.

    It only lengthens: before the announced time a repetition would fail again.
    """
    return math.ceil(seconds * (1 + random.uniform(0, jitter))) if jitter else seconds


def rate_limit_headers(
    style: RateLimitStyle,
    *,
    limit: int | None,
    remaining: int | None,
    reset: int | None,
    policy: str = "default",
) -> list[tuple[str, str]]:
    """The header lines that announce a rate limit.

    Parameters:
        style: ``"legacy"`` for ``X-RateLimit-*`` (reset is an epoch), ``"draft"`` for
            ``RateLimit-Policy`` and ``RateLimit`` (draft-ietf-httpapi-ratelimit-headers-11).
        limit: requests in one window.
        remaining: requests left in this window.
        reset: seconds until the window ends.
        policy: the name of the limit, printable ASCII; only the draft sends it.

    >>> rate_limit_headers("draft", limit=100, remaining=0, reset=30)
    [('RateLimit-Policy', '"default";q=100'), ('RateLimit', '"default";r=0;t=30')]
    """
    if style == "legacy":
        epoch = None if reset is None else int(time.time()) + reset
        values = {"Limit": limit, "Remaining": remaining, "Reset": epoch}
        return [(f"X-RateLimit-{k}", str(v)) for k, v in values.items() if v is not None]
    if style == "draft":
        # RFC 9651 §3.3.3: a String is printable ASCII in double quotes.
        name = re.sub(r"[^ -~]", "?", policy).replace("\\", "\\\\").replace('"', '\\"')
        lines: list[tuple[str, str]] = []
        if limit is not None:
            lines.append(("RateLimit-Policy", f'"{name}";q={limit}'))
        if remaining is not None:
            window = "" if reset is None else f";t={reset}"
            lines.append(("RateLimit", f'"{name}";r={remaining}{window}'))
        return lines
    return []
