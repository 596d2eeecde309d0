"""Waiting times: what developers write, in whole seconds from now, on the wire."""

from __future__ import annotations

import logging
import math
import random
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone, tzinfo
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.http import http_date

from flask_statuskit import retry
from flask_statuskit.retry import lengthen, rate_limit_headers, seconds_or_none, to_seconds

LONGEST = 2**31 - 1
NOW = datetime(2026, 3, 1, 12, tzinfo=timezone.utc)
EPOCH = int(NOW.timestamp())


class _AnyDatetime(type):
    def __instancecheck__(cls, value: object) -> bool:
        return isinstance(value, datetime)


class _StoppedClock(datetime, metaclass=_AnyDatetime):
    @classmethod
    def now(cls, tz: tzinfo | None = None) -> Any:
        return NOW.astimezone(tz)


@contextmanager
def stopped_clock() -> Iterator[None]:
    """It is `NOW`, for as long as the test takes. Not a fixture, since Hypothesis runs it often."""
    with (
        patch.object(retry, "datetime", _StoppedClock),
        patch.object(retry, "time", SimpleNamespace(time=lambda: EPOCH + 0.75)),
    ):
        yield


@pytest.mark.parametrize(
    ("delay", "seconds"),
    [
        (0, 0),
        (60, 60),
        (LONGEST, LONGEST),
        (0.0, 0),
        (0.001, 1),
        (1.5, 2),
        (59.0, 59),
        (-1, 0),
        (-0.001, 0),
        pytest.param(-(10**400), 0, id="a huge negative number"),
        (timedelta(minutes=1), 60),
        (timedelta(microseconds=1), 1),
        (timedelta(minutes=1, milliseconds=1), 61),
        (timedelta(days=-1), 0),
        (timedelta.min, 0),
        ("0", 0),
        ("60", 60),
        ("0000000060", 60),
    ],
)
def test_a_delay_is_whole_seconds_rounded_up_and_never_negative(delay: Any, seconds: int) -> None:
    result = to_seconds(delay)
    assert result == seconds
    assert type(result) is int


@pytest.mark.parametrize(
    ("moment", "seconds"),
    [
        pytest.param(NOW + timedelta(seconds=90), 90, id="aware"),
        pytest.param(NOW, 0, id="now"),
        pytest.param(NOW - timedelta(days=400), 0, id="past"),
        pytest.param(NOW + timedelta(microseconds=1), 1, id="fraction of a second"),
        pytest.param(datetime(2026, 3, 1, 12, 1), 60, id="naive means UTC"),
        pytest.param(
            datetime(2026, 3, 2, 2, 1, tzinfo=timezone(timedelta(hours=14))), 60, id="the east"
        ),
        pytest.param(
            datetime(2026, 3, 1, 0, 1, tzinfo=timezone(timedelta(hours=-12))), 60, id="the west"
        ),
        pytest.param(datetime.min, 0, id="the first"),
        pytest.param(datetime.min.replace(tzinfo=timezone.max), 0, id="before the first"),
        pytest.param("Sun, 01 Mar 2026 12:02:00 GMT", 120, id="IMF-fixdate"),
        pytest.param("Sunday, 01-Mar-26 12:02:00 GMT", 120, id="RFC 850"),
        pytest.param("Sun Mar  1 12:02:00 2026", 120, id="asctime"),
        pytest.param("Sat, 01 Mar 2025 12:00:00 GMT", 0, id="a date in the past"),
    ],
)
def test_a_point_in_time_is_counted_from_now(moment: Any, seconds: int) -> None:
    with stopped_clock():
        assert to_seconds(moment) == seconds


GARBAGE = [
    True,
    False,
    math.nan,
    math.inf,
    -math.inf,
    LONGEST + 1,
    pytest.param(10**5000, id="a huge number"),
    1e300,
    timedelta.max,
    datetime.max,
    datetime.max.replace(tzinfo=timezone.min),
    [],
    b"60",
    1j,
    object,
    "",
    "soon",
    "-5",
    "+5",
    "1.5",
    "1e3",
    "0x10",
    "60 seconds",
    "0:01:00",
    "\uff16\uff10",
    "\u00b2",
    "9999999999",
    "00000000060",
    "Sun, 32 Mar 2026 12:02:00 GMT",
    "60\r\nX-Evil: 1",
]


@pytest.mark.parametrize("delay", [*GARBAGE, None])
def test_what_is_no_delay_is_a_value_error(delay: Any) -> None:
    with pytest.raises(ValueError, match=r"no delay|neither seconds nor|[Ee]xceeds the limit"):
        to_seconds(delay)


@pytest.mark.parametrize("delay", GARBAGE)
def test_garbage_is_logged_in_one_line_and_left_out(
    delay: Any, caplog: pytest.LogCaptureFixture
) -> None:
    assert seconds_or_none(delay) is None
    [record] = caplog.records
    assert (record.name, record.levelno) == ("flask_statuskit", logging.WARNING)
    assert record.getMessage().startswith("Retry-After left out: ")
    assert len(record.getMessage().splitlines()) == 1


class _NoRepr:
    def __repr__(self) -> str:
        raise RuntimeError("broken")


class _NoOffset(tzinfo):
    pass


@pytest.mark.parametrize(
    "delay",
    [
        _NoRepr(),
        _NoOffset(),
    ],
    ids=["broken __repr__", "broken tzinfo"],
)
def test_garbage_that_breaks_when_it_is_looked_at_is_left_out_too(
    delay: Any, caplog: pytest.LogCaptureFixture
) -> None:
    if isinstance(delay, tzinfo):
        delay = datetime(2026, 3, 1, tzinfo=delay)
    name = "_NoRepr" if isinstance(delay, _NoRepr) else "datetime"
    assert seconds_or_none(delay) is None
    [record] = caplog.records
    assert record.getMessage() == f"Retry-After left out: a {name} failed"


def test_no_delay_is_left_out_in_silence(caplog: pytest.LogCaptureFixture) -> None:
    assert seconds_or_none(None) is None
    assert not caplog.records


def test_a_good_delay_is_normalised_in_silence(caplog: pytest.LogCaptureFixture) -> None:
    assert seconds_or_none(timedelta(seconds=1.5)) == 2
    assert not caplog.records


@given(st.floats(0, LONGEST) | st.integers(0, LONGEST))
def test_a_number_is_rounded_up_by_less_than_a_second(delay: float) -> None:
    assert to_seconds(delay) - 1 < delay <= to_seconds(delay)


@given(st.timedeltas(max_value=timedelta(seconds=LONGEST)))
def test_a_span_equals_its_seconds_but_for_the_past(delay: timedelta) -> None:
    whole = -(-delay // timedelta(seconds=1))
    assert to_seconds(delay) == max(0, whole)


@given(
    st.integers(-LONGEST, LONGEST // 2),
    st.timedeltas(timedelta(hours=-23), timedelta(hours=23)).map(timezone),
)
def test_a_point_in_time_is_the_same_in_every_time_zone(seconds: int, zone: timezone) -> None:
    moment = NOW + timedelta(seconds=seconds)
    expected = max(0, seconds)
    with stopped_clock():
        assert to_seconds(moment.astimezone(zone)) == expected
        assert to_seconds(moment.replace(tzinfo=None)) == expected
        assert to_seconds(http_date(moment)) == expected


@given(st.integers(0, LONGEST))
def test_header_text_reads_as_the_number_it_was_written_from(seconds: int) -> None:
    assert to_seconds(str(to_seconds(seconds))) == seconds


@given(st.text() | st.floats() | st.integers() | st.binary() | st.datetimes() | st.timedeltas())
def test_whatever_is_given_becomes_a_sendable_number_or_nothing(delay: Any) -> None:
    seconds = seconds_or_none(delay)
    assert seconds is None or 0 <= seconds <= LONGEST


@given(st.integers(0, LONGEST), st.floats(0, 10))
def test_jitter_only_lengthens_and_by_no_more_than_its_fraction(
    seconds: int, jitter: float
) -> None:
    lengthened = lengthen(seconds, jitter)
    assert seconds <= lengthened <= math.ceil(seconds * (1 + jitter))


@pytest.mark.parametrize(
    ("drawn", "seconds"), [(0.0, 100), (0.5, 150), (0.001, 101)], ids=["none", "all", "rounded up"]
)
def test_jitter_adds_the_fraction_that_was_drawn(drawn: float, seconds: int) -> None:
    with patch.object(random, "uniform", lambda low, high: {(0, 0.5): drawn}[low, high]):
        assert lengthen(100, 0.5) == seconds


def test_jitter_spreads_the_clients() -> None:
    assert len({lengthen(1000, 1.0) for _ in range(50)}) > 1


def test_without_jitter_a_delay_stays() -> None:
    assert lengthen(100, 0) == 100


@pytest.mark.parametrize(
    ("style", "limit", "remaining", "reset", "lines"),
    [
        ("none", 100, 0, 30, []),
        (
            "legacy",
            100,
            0,
            30,
            [
                ("X-RateLimit-Limit", "100"),
                ("X-RateLimit-Remaining", "0"),
                ("X-RateLimit-Reset", str(EPOCH + 30)),
            ],
        ),
        ("legacy", None, 0, None, [("X-RateLimit-Remaining", "0")]),
        ("legacy", None, None, 0, [("X-RateLimit-Reset", str(EPOCH))]),
        ("legacy", None, None, None, []),
        (
            "draft",
            100,
            0,
            30,
            [("RateLimit-Policy", '"burst";q=100'), ("RateLimit", '"burst";r=0;t=30')],
        ),
        ("draft", 100, None, 30, [("RateLimit-Policy", '"burst";q=100')]),
        ("draft", None, 5, None, [("RateLimit", '"burst";r=5')]),
        ("draft", None, 5, 0, [("RateLimit", '"burst";r=5;t=0')]),
        ("draft", None, None, None, []),
    ],
)
def test_a_limit_is_announced_in_the_style_that_was_asked_for(
    style: Any, limit: Any, remaining: Any, reset: Any, lines: list[tuple[str, str]]
) -> None:
    with stopped_clock():
        said = rate_limit_headers(
            style, limit=limit, remaining=remaining, reset=reset, policy="burst"
        )
    assert said == lines


@pytest.mark.parametrize(
    ("policy", "written"),
    [
        ("per hour", '"per hour"'),
        ('a "b"', r'"a \"b\""'),
        ("back\\slash", r'"back\\slash"'),
        ("caf\u00e9", '"caf?"'),
        ('";q=1\r\nX-Evil: 1', r'"\";q=1??X-Evil: 1"'),
    ],
)
def test_a_policy_is_named_in_an_rfc_9651_string(policy: str, written: str) -> None:
    lines = rate_limit_headers("draft", limit=1, remaining=0, reset=None, policy=policy)
    assert lines == [("RateLimit-Policy", f"{written};q=1"), ("RateLimit", f"{written};r=0")]


def test_a_policy_without_a_name_is_the_default_one() -> None:
    lines = rate_limit_headers("draft", limit=1, remaining=None, reset=None)
    assert lines == [("RateLimit-Policy", '"default";q=1')]


@given(st.text())
def test_no_policy_name_leaves_its_quotes(policy: str) -> None:
    [(_, line)] = rate_limit_headers("draft", limit=1, remaining=None, reset=None, policy=policy)
    # RFC 9651 §3.3.3: printable ASCII, with backslash and quote escaped by a backslash.
    assert re.fullmatch(r'"([ !#-\[\]-~]|\\["\\])*";q=1', line)
