"""From an error to the problem that says the same: members, and the headers that a status owes."""

from __future__ import annotations

import logging
import re
from datetime import datetime, timedelta, timezone
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.datastructures import WWWAuthenticate
from werkzeug.http import http_date, parse_date

from flask_statuskit import (
    BadRequest,
    Conflict,
    FieldError,
    Forbidden,
    MethodNotAllowed,
    NotFound,
    PaymentRequired,
    RateLimited,
    ServiceUnavailable,
    StatusError,
    Unauthorized,
    UnprocessableContent,
    UnsupportedMediaType,
    ValidationError,
    config,
)
from flask_statuskit.describe import Occurrence, describe, request_id
from flask_statuskit.exceptions import ERRORS
from flask_statuskit.problem import Problem
from flask_statuskit.statuses import STATUSES

REQUEST_ID = "0af7651916cd43dd8448eb211c80319c"


def described(error: StatusError, *, path: str = "/users", **options: Any) -> Problem:
    occurrence = Occurrence(REQUEST_ID, path, allowed_methods=lambda: {"HEAD", "GET"})
    settings = config.resolve({}, options, debug=False, testing=False)
    return describe(error, settings, occurrence)


def lines(problem: Problem, name: str) -> list[str]:
    return [value for key, value in problem.headers if key.lower() == name.lower()]


# Request ids

TRACE = "0af7651916cd43dd8448eb211c80319c"
PARENT = "b7ad6b7169203331"


@pytest.mark.parametrize(
    "brought", ["a", "A-b_c.9", "0", ".", "x" * 128, "550e8400-e29b-41d4-a716-446655440000"]
)
def test_the_id_that_a_client_brings_is_taken_over(brought: str) -> None:
    environ = {"HTTP_X_REQUEST_ID": brought, "HTTP_TRACEPARENT": f"00-{TRACE}-{PARENT}-01"}
    assert request_id(environ, "HTTP_X_REQUEST_ID") == brought


@pytest.mark.parametrize(
    "brought",
    ["", " ", "x" * 129, "a b", "a/b", "a\tb", "caf\u00e9", "a;b", "<b>", "${x}", "\uff11"],
)
def test_an_id_of_another_form_is_not_taken_over(brought: str) -> None:
    environ = {"HTTP_X_REQUEST_ID": brought, "HTTP_TRACEPARENT": f"00-{TRACE}-{PARENT}-01"}
    assert request_id(environ, "HTTP_X_REQUEST_ID") == TRACE


def test_the_header_that_brings_an_id_can_be_another_or_none() -> None:
    environ = {"HTTP_X_REQUEST_ID": "one", "HTTP_X_CORRELATION_ID": "two"}
    settings = config.resolve(
        {}, {"request_id_header": "x-correlation-id"}, debug=False, testing=False
    )
    assert request_id(environ, settings.request_id_key) == "two"
    assert request_id(environ, None) not in ("one", "two")


@pytest.mark.parametrize(
    ("traceparent", "valid"),
    [
        (f"00-{TRACE}-{PARENT}-01", True),
        (f"00-{TRACE}-{PARENT}-00", True),
        (f"00-{TRACE}-{PARENT}-ff", True),
        (f" 00-{TRACE}-{PARENT}-01 ", True),
        (f"01-{TRACE}-{PARENT}-01", True),
        (f"cc-{TRACE}-{PARENT}-01-what-the-future-brings", True),
        (f"cc-{TRACE}-{PARENT}-01-", True),
        (f"00-{TRACE}-{PARENT}-01-more", False),
        (f"00-{TRACE}-{PARENT}-01-", False),
        (f"cc-{TRACE}-{PARENT}-01.more", False),
        (f"cc-{TRACE}-{PARENT}-011", False),
        (f"ff-{TRACE}-{PARENT}-01", False),
        (f"00-{'0' * 32}-{PARENT}-01", False),
        (f"00-{TRACE}-{'0' * 16}-01", False),
        (f"00-{TRACE.upper()}-{PARENT}-01", False),
        (f"00-{TRACE}-{PARENT.upper()}-01", False),
        (f"00-{TRACE[:-1]}-{PARENT}-01", False),
        (f"00-{TRACE}0-{PARENT}-01", False),
        (f"00-{TRACE}-{PARENT}", False),
        (f"00-{TRACE}-{PARENT}-1", False),
        (f"00-{TRACE}-{PARENT}-0g", False),
        (f"0-{TRACE}-{PARENT}-01", False),
        (f"00_{TRACE}_{PARENT}_01", False),
        (f"00-{TRACE[:-1]}g-{PARENT}-01", False),
        (TRACE, False),
        ("", False),
    ],
)
def test_a_trace_id_is_taken_from_a_valid_traceparent_alone(traceparent: str, valid: bool) -> None:
    found = request_id({"HTTP_TRACEPARENT": traceparent}, "HTTP_X_REQUEST_ID")
    assert (found == TRACE) is valid
    assert re.fullmatch("[0-9a-f]{32}", found)


def test_a_generated_id_is_new_each_time() -> None:
    ids = {request_id({}, "HTTP_X_REQUEST_ID") for _ in range(100)}
    assert len(ids) == 100
    assert all(re.fullmatch("[0-9a-f]{32}", found) for found in ids)


@given(st.text(), st.text())
def test_no_id_holds_what_could_break_a_log(brought: str, traceparent: str) -> None:
    environ = {"HTTP_X_REQUEST_ID": brought, "HTTP_TRACEPARENT": traceparent}
    assert re.fullmatch(r"[A-Za-z0-9._-]{1,128}", request_id(environ, "HTTP_X_REQUEST_ID"))


# Members


def test_a_problem_is_what_the_design_shows() -> None:
    problem = described(Conflict("An account with this email already exists", email="a@b.c"))
    assert list(problem.to_dict().items()) == [
        ("type", "about:blank"),
        ("title", "Conflict"),
        ("status", 409),
        ("detail", "An account with this email already exists"),
        ("instance", "/users"),
        ("request_id", REQUEST_ID),
        ("email", "a@b.c"),
    ]
    assert problem.headers == (
        ("Cache-Control", "no-store"),
        ("X-Content-Type-Options", "nosniff"),
        ("X-Request-ID", REQUEST_ID),
    )


def test_members_of_the_package_come_before_those_of_the_error() -> None:
    error = Conflict(errors={"a": ["Wrong"]}, retry_after=5, zulu=1, alpha=2)
    assert list(described(error).members) == [
        "request_id",
        "retry_after",
        "errors",
        "zulu",
        "alpha",
    ]
    assert described(error).members["errors"] == (FieldError("Wrong", pointer="#/a"),)


@pytest.mark.parametrize("code", ERRORS)
@pytest.mark.filterwarnings("ignore:A (407|426) owes")
def test_a_bare_error_says_what_its_row_says(code: int) -> None:
    problem = described(ERRORS[code]())
    row = STATUSES[code]
    assert (problem.status, problem.title, problem.detail) == (code, row.phrase, row.sentence)
    assert problem.type == "about:blank"


def test_describing_an_error_changes_nothing_of_it() -> None:
    error = RateLimited(limit=1, reset=5, headers={"X-A": "1"}, errors=["Wrong"], plan="free")
    before = dict(vars(error))
    members = dict(error.members)
    assert described(error) == described(error)
    assert vars(error) == before
    assert error.members == members


class OutOfCredit(PaymentRequired):
    title = "You do not have enough credit"
    balance: int


class Closed(StatusError):
    code = 499
    title = "Client closed the request"


@pytest.mark.parametrize(
    ("error", "title"),
    [
        (OutOfCredit(balance=1), "You do not have enough credit"),
        (OutOfCredit(balance=1, title="Other"), "Other"),
        (Closed(), "Client closed the request"),
        (Conflict(title=""), "Conflict"),
        (Conflict(title=b"caf\xc3\xa9"), "caf\u00e9"),  # type: ignore[arg-type]
    ],
)
def test_a_title_is_that_of_the_error_of_its_class_or_of_its_status(
    error: StatusError, title: str
) -> None:
    assert described(error).title == title


@pytest.mark.parametrize(
    ("detail", "said"),
    [
        ("text", "text"),
        (b"caf\xc3\xa9", "caf\u00e9"),
        (7, "7"),
        ("a\ud800", "a?"),
        (["a"], "['a']"),
    ],
)
def test_a_detail_is_text_whatever_was_given(detail: Any, said: str) -> None:
    assert described(Conflict(detail)).detail == said


def test_an_unregistered_status_needs_no_detail() -> None:
    assert "detail" not in described(Closed()).to_dict()


@pytest.mark.parametrize(
    ("path", "instance"),
    [
        ("/users", "/users"),
        ("/", "/"),
        ("/a b", "/a%20b"),
        ("/caf\u00e9", "/caf%C3%A9"),
        ("/100%", "/100%25"),
        ("/a?b#c", "/a%3Fb%23c"),
        ("/it's/(a)/~b/*;c=1,2:@+!$&", "/it's/(a)/~b/*;c=1,2:@+!$&"),
        ('/<">\r\n', "/%3C%22%3E%0D%0A"),
        ("//evil.example/x", "/%2Fevil.example/x"),
    ],
)
def test_the_instance_is_the_escaped_path(path: str, instance: str) -> None:
    assert described(NotFound(), path=path).instance == instance


def test_the_instance_can_be_left_out() -> None:
    assert described(NotFound(), instance=False).instance is None


@pytest.mark.parametrize(
    ("type_", "base", "uri"),
    [
        ("about:blank", None, "about:blank"),
        ("about:blank", "/problems", "about:blank"),
        ("out-of-credit", None, "urn:problem-type:out-of-credit"),
        ("out-of-credit", "/problems", "/problems/out-of-credit"),
        ("out-of-credit", "/problems/", "/problems/out-of-credit"),
        ("out-of-credit", "https://a.example/errors#", "https://a.example/errors#out-of-credit"),
        ("out-of-credit", "urn:shop:", "urn:shop:out-of-credit"),
        ("out-of-credit", "https://a.example/?type=", "https://a.example/?type=out-of-credit"),
        ("https://a.example/x?y#z", "/problems", "https://a.example/x?y#z"),
        ("/problems/x", "https://a.example", "/problems/x"),
        ("tag:a@b.example,2026:x", "/problems", "tag:a@b.example,2026:x"),
        ("out of credit", None, "urn:problem-type:out%20of%20credit"),
        ("caf\u00e9\r\n", None, "urn:problem-type:caf%C3%A9%0D%0A"),
        ("https://a.example/%C3%A9<>", None, "https://a.example/%C3%A9%3C%3E"),
    ],
)
def test_a_slug_becomes_a_uri_and_a_uri_stays(type_: str, base: str | None, uri: str) -> None:
    assert described(Conflict(type=type_), type_base=base).type == uri


class InvalidOrder(ValidationError):
    pass


class Broken(ValidationError):
    code = 400


@pytest.mark.parametrize(
    ("error", "setting", "status"),
    [
        (ValidationError("Wrong"), 422, 422),
        (ValidationError("Wrong"), 400, 400),
        (InvalidOrder("Wrong"), 400, 400),
        (UnprocessableContent("Wrong"), 400, 422),
        (BadRequest("Wrong"), 422, 400),
        (Broken("Wrong"), 422, 400),
    ],
)
def test_validation_status_is_that_of_validation_errors(
    error: StatusError, setting: int, status: int
) -> None:
    assert described(error, validation_status=setting).status == status


def test_a_validation_error_has_the_title_of_its_status() -> None:
    assert described(ValidationError("Wrong"), validation_status=400).title == "Bad Request"


# Retry-After


@pytest.mark.parametrize(
    ("error", "seconds"),
    [
        (Conflict(retry_after=5), 5),
        (Conflict(retry_after=0), 0),
        (Conflict(retry_after=1.5), 2),
        (Conflict(retry_after=timedelta(minutes=1)), 60),
        (Conflict(retry_after=-5), 0),
        (Conflict(retry_after=datetime(2020, 1, 1)), 0),
        (Conflict(headers={"retry-after": "60"}), 60),
        (Conflict(headers={"Retry-After": "60"}, retry_after=5), 5),
        (RateLimited(reset=30), 30),
        (ServiceUnavailable(retry_after=10), 10),
    ],
)
def test_header_and_member_say_the_same_delay(error: StatusError, seconds: int) -> None:
    problem = described(error)
    assert problem.members["retry_after"] == seconds
    assert lines(problem, "Retry-After") == [str(seconds)]


@pytest.mark.parametrize(
    "error",
    [
        Conflict(),
        Conflict(retry_after=float("nan")),
        Conflict(retry_after="soon"),
        Conflict(headers={"Retry-After": "soon"}),
        Conflict(headers={"Retry-After": "1.5"}),
        Conflict(headers={"Retry-After": "-5"}),
        Conflict(headers={"Retry-After": "\u00b2"}),
    ],
)
def test_without_a_delay_neither_header_nor_member_is_there(error: StatusError) -> None:
    problem = described(error)
    assert "retry_after" not in problem.members
    assert lines(problem, "Retry-After") == []
    assert problem.status == 409


TOMORROW = http_date(datetime.now(timezone.utc) + timedelta(days=1))


def test_an_http_date_given_as_a_header_stays_a_date() -> None:
    problem = described(Conflict(headers={"Retry-After": TOMORROW}), retry_after_jitter=1)
    assert lines(problem, "Retry-After") == [TOMORROW]
    assert 0 < problem.members["retry_after"] <= 86_400


@pytest.mark.parametrize(
    "date",
    [
        f"{TOMORROW}\r\nX-Evil: 1",
        f"{TOMORROW} (caf\u20ac)",
        TOMORROW.replace("GMT", "+0000"),
        "1 jan 2035 0:0",
    ],
)
def test_whatever_is_read_as_a_date_is_sent_as_an_http_date(date: str) -> None:
    problem = described(Conflict(headers={"Retry-After": date}))
    for line in lines(problem, "Retry-After"):
        assert line.isdigit() or (line.isascii() and http_date(parse_date(line)) == line)
    assert ("retry_after" in problem.members) == bool(lines(problem, "Retry-After"))


@pytest.mark.parametrize(
    ("error", "sent"),
    [
        (ServiceUnavailable(), ["30"]),
        (ServiceUnavailable(retry_after=5), ["5"]),
        (ServiceUnavailable(retry_after=0), ["0"]),
        (NotFound(), []),
    ],
)
def test_a_delay_can_be_set_for_errors_that_carry_none(error: Any, sent: list[str]) -> None:
    problem = described(error, retry_after={503: 29.5})
    assert lines(problem, "Retry-After") == sent
    assert ("retry_after" in problem.members) is bool(sent)


@pytest.mark.parametrize("options", [{}, {"retry_after": {503: 100}}])
def test_jitter_lengthens_header_and_member_alike(options: dict[str, Any]) -> None:
    error = ServiceUnavailable(retry_after=None if options else 100)
    with patch("random.uniform", lambda low, high: high):
        problem = described(error, retry_after_jitter=0.5, **options)
    assert problem.members["retry_after"] == 150
    assert lines(problem, "Retry-After") == ["150"]


# Headers that a status owes


@pytest.mark.parametrize(
    ("error", "challenges"),
    [
        (Unauthorized(), ['Basic realm="api"']),
        (Unauthorized(scheme="Bearer"), ["Bearer"]),
        (Unauthorized(headers={"www-authenticate": "DPoP"}), ["DPoP"]),
        (
            Unauthorized(www_authenticate=[WWWAuthenticate(name, {"realm": "1"}) for name in "xy"]),
            ["X realm=1", "Y realm=1"],
        ),
        (Forbidden(), []),
        (Forbidden(scope="admin"), ['Bearer error="insufficient_scope", scope="admin"']),
        (NotFound(), []),
    ],
)
def test_a_401_always_has_a_challenge(error: StatusError, challenges: list[str]) -> None:
    problem = described(error, challenge='Basic realm="api"')
    assert lines(problem, "WWW-Authenticate") == challenges


@pytest.mark.parametrize(
    ("error", "allow"),
    [
        (MethodNotAllowed(), ["GET, HEAD"]),
        (MethodNotAllowed(valid_methods=["PUT"]), ["PUT"]),
        (MethodNotAllowed(valid_methods=[]), [""]),
        (MethodNotAllowed(headers={"allow": "PATCH"}), ["PATCH"]),
        (NotFound(), []),
    ],
)
def test_a_405_always_has_an_allow(error: StatusError, allow: list[str]) -> None:
    assert lines(described(error), "Allow") == allow


def test_the_methods_of_a_target_are_asked_for_only_when_they_are_needed() -> None:
    def fails() -> list[str]:
        raise AssertionError("asked")

    settings = config.resolve({}, {}, debug=False, testing=False)
    for error in (NotFound(), MethodNotAllowed(valid_methods=["GET"])):
        describe(error, settings, Occurrence(REQUEST_ID, "/", allowed_methods=fails))


@pytest.mark.parametrize("code", ERRORS)
@pytest.mark.filterwarnings("ignore:A (407|426) owes")
def test_every_duty_that_must_be_kept_and_can_be_is_kept(code: int) -> None:
    problem = described(ERRORS[code]())
    owed = {d.header for d in STATUSES[code].duties if d.level == "must" and not d.hop_by_hop}
    assert all(len(lines(problem, header)) == 1 for header in owed)


@pytest.mark.parametrize("code", ERRORS)
@pytest.mark.parametrize("given", [{}, {"Cache-Control": "public, max-age=60"}])
@pytest.mark.parametrize("setting", ["no-store", "private", None])
@pytest.mark.filterwarnings("ignore:A (407|426) owes")
def test_caching_is_as_said_unless_the_standard_forbids_it(
    code: int, given: dict[str, str], setting: str | None
) -> None:
    problem = described(ERRORS[code](headers=given), cache_control=setting)
    if code in (428, 429, 431, 511):
        expected: list[str | None] = ["no-store"]
    else:
        expected = [*given.values()] or [setting]
    assert lines(problem, "Cache-Control") == [value for value in expected if value is not None]


# Headers that cannot be sent


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("X-A", "a\r\nX-Evil: 1"),
        ("X-A", "a\n"),
        ("X-A", "a\0"),
        ("X-A", "\x7f"),
        ("X-A", "\x85"),
        ("X-A", "\u20ac"),
        ("X A", "1"),
        ("X-A:", "1"),
        ("X-A\r\nX-Evil", "1"),
        ("X-\u00c4", "1"),
        ("", "1"),
        ("Connection", "close"),
        ("upgrade", "h2c"),
        ("Proxy-Authenticate", "Basic"),
        ("Transfer-Encoding", "chunked"),
        ("Keep-Alive", "5"),
        ("TE", "x"),
    ],
)
def test_a_header_that_a_server_would_refuse_is_left_out_and_logged(
    name: str, value: str, caplog: pytest.LogCaptureFixture
) -> None:
    problem = described(NotFound(headers=[("X-Before", "1"), (name, value), ("X-After", "2")]))
    assert [line for line in problem.headers if line[0].startswith("X-Before")] == [
        ("X-Before", "1")
    ]
    assert lines(problem, "X-After") == ["2"]
    assert (name, value) not in problem.headers
    [record] = caplog.records
    assert (record.name, record.levelno) == ("flask_statuskit", logging.WARNING)
    assert record.module == "describe"
    assert record.getMessage() == f"The header {name!r} is left out: a WSGI server would refuse it."
    assert record.getMessage().isprintable()


class _Failing(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        raise RuntimeError("the disk is full")


@pytest.mark.parametrize("shown", [True, False])
def test_a_log_that_fails_costs_nothing(
    shown: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(logging, "raiseExceptions", shown)
    monkeypatch.setattr(logging.getLogger("flask_statuskit"), "handlers", [_Failing()])
    problem = described(NotFound(headers=[("X-A", "\n"), ("X-B", "1")], retry_after="soon"))
    assert lines(problem, "X-B") == ["1"]
    # As logging does with handlers that fail.
    assert ("the disk is full" in capsys.readouterr().err) is shown


@pytest.mark.parametrize(
    "value", ["", "a b", "caf\u00e9", '"quoted", <link>; rel="x"', "~!@#$%^&*()"]
)
def test_a_header_that_can_be_sent_is_sent(value: str, caplog: pytest.LogCaptureFixture) -> None:
    assert lines(described(NotFound(headers={"X-A": value})), "X-A") == [value]
    assert not caplog.records


def test_blanks_around_a_value_are_no_part_of_it() -> None:
    # RFC 9110 §5.5
    assert lines(described(NotFound(headers={"X-A": "  a b "})), "X-A") == ["a b"]


@pytest.mark.parametrize(
    "name", ["Content-Type", "content-length", "Content-Encoding", "CONTENT-TYPE"]
)
def test_headers_of_the_body_are_left_to_who_writes_it(
    name: str, caplog: pytest.LogCaptureFixture
) -> None:
    assert lines(described(NotFound(headers={name: "1"})), name) == []
    assert not caplog.records


def test_a_duty_that_cannot_be_sent_is_supplied_anew() -> None:
    error = Unauthorized(headers={"WWW-Authenticate": "Bearer\r\nX-Evil: 1"})
    assert lines(described(error), "WWW-Authenticate") == ["Bearer"]


def test_what_a_status_owes_is_sent_with_it() -> None:
    problem = described(UnsupportedMediaType(accept=["application/json", "text/csv"]))
    assert lines(problem, "Accept") == ["application/json, text/csv"]


@given(
    st.lists(
        st.tuples(
            st.text(st.characters(codec=None, exclude_categories=())),
            st.text(st.characters(codec=None, exclude_categories=())),
        )
    )
)
def test_whatever_headers_an_error_has_the_lines_can_be_sent(headers: list[Any]) -> None:
    for name, value in described(Conflict(headers=headers)).headers:
        assert re.fullmatch(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+", name)
        value.encode("latin-1")  # PEP 3333
        assert not re.search(r"[\0-\x1f\x7f]", value)


# Headers that settings add


@pytest.mark.parametrize(
    ("style", "expected"),
    [
        ("none", []),
        ("legacy", ["X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset"]),
        ("draft", ["RateLimit-Policy", "RateLimit"]),
    ],
)
def test_a_limit_is_announced_as_the_setting_says(style: str, expected: list[str]) -> None:
    problem = described(RateLimited(limit=100, remaining=0, reset=30), ratelimit_headers=style)
    assert [name for name, _ in problem.headers if "RateLimit" in name] == expected


def test_the_draft_names_the_policy() -> None:
    error = RateLimited(limit=100, remaining=0, reset=timedelta(seconds=30), policy="burst")
    problem = described(error, ratelimit_headers="draft")
    assert lines(problem, "RateLimit-Policy") == ['"burst";q=100']
    assert lines(problem, "RateLimit") == ['"burst";r=0;t=30']


def test_only_a_429_announces_a_limit() -> None:
    problem = described(Conflict(limit=100, remaining=0, reset=30), ratelimit_headers="draft")
    assert not [name for name, _ in problem.headers if "RateLimit" in name]


@pytest.mark.parametrize("style", ["legacy", "draft"])
def test_a_limit_cannot_add_a_line(style: str) -> None:
    error = RateLimited(limit="1\r\nX-Evil: 1", remaining=0)  # type: ignore[arg-type]
    assert all(
        value.isprintable() for _, value in described(error, ratelimit_headers=style).headers
    )


@pytest.mark.parametrize("code", [404, 503])
def test_every_problem_forbids_to_guess_its_type(code: int) -> None:
    assert lines(described(ERRORS[code]()), "X-Content-Type-Options") == ["nosniff"]


@pytest.mark.parametrize(
    ("setting", "expected"),
    [("X-Request-ID", [("X-Request-ID", REQUEST_ID)]), ("X-B", [("X-B", REQUEST_ID)]), (None, [])],
)
def test_the_request_id_is_sent_in_the_header_of_the_setting(
    setting: str | None, expected: list[tuple[str, str]]
) -> None:
    problem = described(NotFound(), request_id_header=setting)
    assert [line for line in problem.headers if line[1] == REQUEST_ID] == expected
    assert problem.members["request_id"] == REQUEST_ID


@pytest.mark.parametrize("name", ["X-Request-ID", "x-request-id", "X-Content-Type-Options"])
def test_a_header_that_every_problem_has_is_sent_once(name: str) -> None:
    assert len(lines(described(NotFound(headers={name: "other"})), name)) == 1
    assert "other" not in lines(described(NotFound(headers={name: "other"})), name)


def test_an_error_sees_the_request_when_it_writes_its_headers() -> None:
    class Echo(NotFound):
        def get_headers(self, environ: Any = None, scope: Any = None) -> list[tuple[str, str]]:
            return [("X-Method", environ["REQUEST_METHOD"])]

    environ: Any = {"REQUEST_METHOD": "GET"}
    settings = config.resolve({}, {}, debug=False, testing=False)
    problem = describe(Echo(), settings, Occurrence(REQUEST_ID, "/", environ=environ))
    assert lines(problem, "X-Method") == ["GET"]


@pytest.mark.parametrize("style", ["legacy", "draft"])
def test_a_limit_that_is_no_number_is_not_sent(style: str) -> None:
    error = RateLimited(limit="many", remaining=object(), reset=60)  # type: ignore[arg-type]
    lines = described(error, ratelimit_headers=style).headers
    assert not [value for name, value in lines if "many" in value or "object" in value]
