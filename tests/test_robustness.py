"""Whatever is raised, passed or broken: the intended status, strict JSON, no leaks."""

from __future__ import annotations

import dataclasses
import json
import logging
import re
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, NoReturn
from uuid import UUID

import pytest
from flask import Flask, Response
from flask.json.provider import DefaultJSONProvider, JSONProvider
from hypothesis import given
from hypothesis import strategies as st
from support import (
    Answer,
    Foreign,
    assert_problem,
    call,
    kit_of,
    make_app,
    mapped,
    raising,
    view_raising,
)
from werkzeug import exceptions as werkzeug_exceptions
from werkzeug.exceptions import HTTPException

from flask_statuskit import (
    STATUSES,
    BadGateway,
    Conflict,
    FieldError,
    InternalServerError,
    RateLimited,
    ServiceUnavailable,
    StatusError,
    StatusKit,
    Unauthorized,
    ValidationError,
    problem_raised,
)
from flask_statuskit.exceptions import ERRORS

MAX_BODY_BYTES = 65_536

# Everything that Python can write into a string, lone surrogates included.
any_text = st.text(st.characters(exclude_categories=()))
scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | any_text
    | st.binary()
    | st.dates()
    | st.decimals()
    | st.uuids()
)
any_value = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner)
        | st.tuples(inner)
        | st.dictionaries(any_text | st.integers() | st.none(), inner)
    ),
    max_leaves=20,
)
# With a prefix, for what the constructors take themselves is no member.
members = st.dictionaries(st.from_regex(r"x[A-Za-z0-9_]{0,9}", fullmatch=True), any_value)
classes = st.sampled_from([cls for code, cls in sorted(ERRORS.items()) if code not in (407, 426)])


class Broken:
    """An object in which everything fails that can be asked of it."""

    def _fail(self, *_: Any) -> NoReturn:
        raise RuntimeError("broken")

    __str__ = __repr__ = __eq__ = __hash__ = __iter__ = __len__ = __format__ = _fail  # type: ignore


class BrokenError(Exception):
    def __str__(self) -> str:
        raise RuntimeError("broken")

    __repr__ = __str__


Send = Callable[..., Answer]


@pytest.fixture(scope="module")
def send() -> Send:
    """Raise an error in an application that is made once, and bring its answer."""
    pending: list[Callable[[], BaseException]] = []
    app = raising(lambda: pending.pop()())

    def answer(make: Callable[[], BaseException], **request: Any) -> Answer:
        pending[:] = [make]
        answer = call(app, **request)
        assert len(answer.body) <= MAX_BODY_BYTES
        return answer

    return answer


# Whatever is raised


@given(classes, any_text | st.none() | st.binary(), members)
def test_any_detail_and_members_make_a_strict_problem(
    send: Send, cls: type[StatusError], detail: Any, members: dict[str, Any]
) -> None:
    body = assert_problem(send(lambda: cls(detail, **members)), cls.code or 0)
    if cls.code < 500 or cls.expose:
        assert members.keys() <= body.keys()


@given(any_text, any_text)
def test_any_type_and_title_make_a_strict_problem(send: Send, type_: str, title: str) -> None:
    body = assert_problem(send(lambda: Conflict(type=type_, title=title)), 409)
    assert re.fullmatch(r"[!-~]+", body["type"])


@given(any_value)
def test_any_validation_messages_make_a_strict_problem(send: Send, messages: Any) -> None:
    body = assert_problem(send(lambda: ValidationError(messages)), 422)
    for error in body.get("errors", ()):
        assert re.fullmatch(r"#(/[!-~]*)?", error["pointer"])


@given(any_value)
def test_any_retry_after_keeps_the_status(send: Send, delay: Any) -> None:
    assert_problem(send(lambda: ServiceUnavailable(retry_after=delay)), 503)


known_names = st.sampled_from(
    [
        *("Content-Type", "Content-Length", "Content-Encoding", "Transfer-Encoding", "Connection"),
        *("Upgrade", "Keep-Alive", "WWW-Authenticate", "Allow", "Retry-After", "Set-Cookie"),
        *("ETag", "X-Own", "Link", "Vary", "Date"),
    ]
)
# wsgiref's validator knows no field names but those that begin with a letter.
garbage_names = any_text.filter(lambda name: not re.fullmatch(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+", name))


@given(classes, st.lists(st.tuples(known_names | garbage_names, any_text)))
def test_any_headers_leave_a_response_that_a_wsgi_server_takes(
    send: Send, cls: type[StatusError], headers: list[tuple[str, str]]
) -> None:
    answer = send(lambda: cls(headers=headers))
    assert answer.status == cls.code
    assert answer.header("Content-Type") == "application/problem+json"
    assert answer.json["status"] == cls.code


@given(any_text, st.lists(any_text))
def test_no_message_of_an_exception_reaches_the_client(
    send: Send, message: str, notes: list[str]
) -> None:
    def make() -> Foreign:
        error = Foreign(f"canary-{message}", *notes)
        vars(error)["__notes__"] = notes
        return error

    answer = send(make)
    assert assert_problem(answer, 500)["detail"] == STATUSES[500].sentence
    assert "canary" not in str(answer)


latin_1 = st.text(st.characters(max_codepoint=255))
# What a server lets through as the value of a header.
header_text = st.text(st.characters(max_codepoint=255, exclude_characters="\r\n\0"))


@given(
    path=latin_1,
    method=st.sampled_from(
        ["GET", "POST", "DELETE", "PATCH", "OPTIONS", "get", "BREW", "\x1b[31m"]
    ),
    headers=st.dictionaries(
        st.sampled_from(
            [
                *("HTTP_X_REQUEST_ID", "HTTP_TRACEPARENT", "HTTP_ACCEPT", "HTTP_HOST"),
                *("CONTENT_TYPE", "HTTP_COOKIE", "HTTP_RANGE", "HTTP_IF_MATCH", "QUERY_STRING"),
            ]
        ),
        header_text,
    ),
)
def test_whatever_a_client_sends_it_reads_a_problem_and_no_server_error(
    path: str, method: str, headers: dict[str, str]
) -> None:
    environ = {**headers, "PATH_INFO": "/nowhere/" + path, "REQUEST_METHOD": method}
    answer = call(make_app(), environ_overrides=environ)
    assert answer.status in (400, 404)
    assert re.fullmatch(r"[A-Za-z0-9._-]{1,128}", answer.header("X-Request-ID") or "")
    assert re.fullmatch(r"[!-~]+", answer.json["instance"])
    assert_problem(answer, answer.status)


# Objects that fail


@pytest.mark.parametrize(
    "make",
    [
        lambda: Conflict(Broken()),
        lambda: Conflict(title=Broken()),
        lambda: Conflict(type=Broken()),
        lambda: Conflict(member=Broken()),
        lambda: Conflict(member={"a": [Broken()]}),
        lambda: Conflict(errors=[Broken()]),
        lambda: Conflict(errors={"a": Broken()}),
        lambda: Conflict(retry_after=Broken()),
        lambda: Conflict(headers={"X-Own": Broken()}),
    ],
)
def test_a_broken_object_keeps_the_status(make: Any) -> None:
    answer = call(raising(make))
    assert answer.status == 409
    assert answer.json["status"] == 409


@pytest.mark.parametrize("config", [{}, {"DEBUG": True}], ids=str)
@pytest.mark.parametrize("code", [None, 409, 503])
def test_an_exception_that_cannot_be_printed_keeps_its_status(config: Any, code: Any) -> None:
    app = raising(BrokenError, config)
    if code:
        kit_of(app).map(BrokenError, code)
    assert_problem(call(app, headers={"Accept": "*/*"}), code or 500)


@dataclasses.dataclass
class Price:
    amount: Any


@pytest.mark.parametrize(
    ("value", "read"),
    [
        (Price(3), {"amount": 3}),
        (date(2024, 2, 29), "Thu, 29 Feb 2024 00:00:00 GMT"),
        (UUID(int=1), "00000000-0000-0000-0000-000000000001"),
        (Decimal("1.10"), "1.10"),
        (float("nan"), None),
        (float("-inf"), None),
        ([float("inf"), 1], [None, 1]),
        (b"\xff\x00", "�\x00"),
        ("\ud800", "?"),
        (10**5000, None),
        ({7: 1, None: 2, True: 3}, {"7": 1, "null": 2, "true": 3}),
        ((1, 2), [1, 2]),
        (timedelta(1), "<timedelta>"),
        (object(), "<object>"),
        (Price(float("nan")), {"amount": None}),
        (Price("\ud800"), {"amount": "?"}),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_member_is_written_as_json_can_say_it(value: Any, read: Any) -> None:
    body = assert_problem(call(raising(lambda: Conflict(member=value))), 409)
    assert body["member"] == read


# Size


def cycle() -> dict[str, Any]:
    value: dict[str, Any] = {}
    value["self"] = [value, value]
    return value


def nested(depth: int) -> list[Any]:
    value: list[Any] = []
    for _ in range(depth):
        value = [value]
    return value


MEGABYTES = "é" * 2_500_000


@pytest.mark.parametrize(
    ("make", "code"),
    [
        (lambda: Conflict(MEGABYTES), 409),
        (lambda: Conflict(title=MEGABYTES, type=MEGABYTES), 409),
        (lambda: Conflict(member=MEGABYTES), 409),
        (lambda: Conflict(member=MEGABYTES.encode()), 409),
        (lambda: Conflict(member={MEGABYTES: 1}), 409),
        (lambda: Conflict(member=list(range(1_000_000))), 409),
        (lambda: Conflict(**{f"member_{i}": i for i in range(20_000)}), 409),
        (lambda: Conflict(member=cycle()), 409),
        (lambda: Conflict(member=nested(100_000)), 409),
        (lambda: ValidationError({"a": ["no"] * 50_000}), 422),
        (lambda: ValidationError({str(i): ["no"] for i in range(50_000)}), 422),
        (lambda: ValidationError([FieldError(MEGABYTES, pointer="#/a")]), 422),
        (lambda: ValidationError(cycle()), 422),
        (lambda: ValidationError(nested(100_000)), 422),
        (lambda: Foreign(MEGABYTES), 500),
        (lambda: ServiceUnavailable(MEGABYTES, member=MEGABYTES), 503),
    ],
)
def test_a_response_is_of_bounded_size(send: Send, make: Any, code: int) -> None:
    answer = send(make)
    assert answer.json["status"] == answer.status == code


@pytest.mark.parametrize(
    "make",
    [
        lambda: ValidationError({"a": ["no"] * 5_000}, retry_after=3),
        lambda: ValidationError([FieldError(MEGABYTES, pointer="#/a")], retry_after=3),
        lambda: Conflict(**{f"member_{i}": i for i in range(20_000)}, retry_after=3),
    ],
)
def test_what_is_cut_is_neither_the_request_id_nor_retry_after(send: Send, make: Any) -> None:
    answer = send(make)
    assert answer.json.get("retry_after") == 3
    assert answer.json.get("request_id") == answer.header("X-Request-ID")


def test_a_problem_for_a_very_long_path_is_of_bounded_size() -> None:
    answer = call(make_app(), path="/" + "%C3%A9" * 200_000)
    assert_problem(answer, 404)
    assert len(answer.body) <= MAX_BODY_BYTES


@given(any_text.map(lambda text: text * 40), any_text.map(lambda text: text * 40), members)
def test_the_smallest_bound_that_can_be_set_is_kept(
    detail: str, title: str, members: dict[str, Any]
) -> None:
    app = raising(
        lambda: RateLimited(detail, title=title, type=title[:3], retry_after=3, **members),
        {"STATUSKIT_MAX_BODY_BYTES": 1024},
    )
    answer = call(app)
    assert len(answer.body) <= 1024
    assert answer.json["status"] == answer.status == 429


def test_a_type_that_is_too_long_counts_for_the_bound_as_what_is_sent() -> None:
    app = raising(
        lambda: Conflict(type="long-" * 50, member="a" * 2000), {"STATUSKIT_MAX_BODY_BYTES": 1024}
    )
    answer = call(app)
    assert answer.json["type"] == "about:blank"
    assert len(answer.body) <= 1024


@pytest.mark.parametrize("count", [5_000, 50_000])
def test_field_errors_that_had_to_go_are_counted_up_to_ten_thousand(count: int) -> None:
    body = call(raising(lambda: ValidationError({"a": ["no"] * count}))).json
    assert len(body["errors"]) + body["errors_omitted"] == min(count, 10_000)
    assert body["errors"][0] == {"detail": "no", "pointer": "#/a"}


class Verbose:
    """What the encoder of the application writes at great length."""


def test_a_member_that_its_encoder_makes_too_long_takes_no_other_with_it() -> None:
    app = raising(lambda: RateLimited(retry_after=3, member=Verbose()))
    app.json.default = lambda value: "a" * 200_000  # type: ignore[attr-defined]
    answer = call(app)
    assert len(answer.body) <= MAX_BODY_BYTES
    assert assert_problem(answer, 429)["retry_after"] == 3


# Rendering fails


class Raises(DefaultJSONProvider):
    def dumps(self, obj: Any, **_: Any) -> str:
        raise RuntimeError("no JSON today")


class Bytes(JSONProvider):
    """As orjson and msgspec have it."""

    def dumps(self, obj: Any, **_: Any) -> Any:
        return json.dumps(obj, ensure_ascii=False, separators=(",", ":")).encode()

    def loads(self, s: str | bytes, **_: Any) -> Any:
        return json.loads(s)


class NoText(DefaultJSONProvider):
    def dumps(self, obj: Any, **_: Any) -> Any:
        return None


class Sorts(DefaultJSONProvider):
    sort_keys = True
    compact = False
    ensure_ascii = False


@pytest.mark.parametrize(
    ("provider", "complete"), [(Raises, True), (Bytes, True), (Sorts, True), (NoText, False)]
)
def test_the_status_does_not_depend_on_the_json_provider(provider: Any, complete: bool) -> None:
    app = raising(lambda: Conflict("Täken.", sku="A1"))
    app.json = provider(app)
    answer = call(app)
    assert (answer.status, answer.json["status"]) == (409, 409)
    if complete:
        body = assert_problem(answer, 409)
        assert (body["detail"], body["sku"]) == ("Täken.", "A1")


class RaisingResponse(Response):
    def __init__(self, *_: Any, **__: Any) -> None:
        raise RuntimeError("no response today")


class BadHeaders(Conflict):
    def get_headers(self, *_: Any) -> NoReturn:
        raise RuntimeError("no headers today")


class BadMembers(Conflict):
    def get_members(self) -> NoReturn:
        raise RuntimeError("no members today")


def with_response_class(error: Any) -> Flask:
    app = raising(error)
    app.response_class = RaisingResponse
    return app


@pytest.mark.parametrize(
    ("make_app", "error", "code"),
    [
        (with_response_class, Conflict, 409),
        (with_response_class, Unauthorized, 401),
        (with_response_class, Foreign, 500),
        (with_response_class, HTTPException, None),
        (raising, BadHeaders, 409),
        (raising, BadMembers, 409),
    ],
)
def test_a_problem_that_cannot_be_rendered_becomes_a_constant_one(
    make_app: Any, error: Any, code: int | None, log: Any
) -> None:
    if code is None:  # a code that no registry has
        error, code = type("Unregistered", (HTTPException,), {"code": 499}), 499
    raised = error()
    answer = call(make_app(raised))
    phrase = STATUSES[code].phrase if code in STATUSES else "Unknown"
    assert answer.status_line == f"{code} {phrase}"
    assert answer.json == {"type": "about:blank", "title": phrase, "status": code}
    assert answer.header("Content-Type") == "application/problem+json"
    assert answer.header("Cache-Control") == "no-store"
    assert answer.header("X-Content-Type-Options") == "nosniff"
    # A bug is in the log of the application already.
    logged = [record.exc_info[1] for record in (*log.apps, *log.ours) if record.exc_info]
    assert logged[0] is raised
    assert isinstance(logged[1], RuntimeError)
    assert len(logged) == 2


def test_what_is_mapped_is_logged_when_its_problem_cannot_be_rendered(log: Any) -> None:
    raised = Foreign()
    app = with_response_class(raised)
    kit_of(app).map(Foreign, 409)
    assert call(app).status == 409
    assert raised in [record.exc_info[1] for record in log.ours if record.exc_info]


def test_the_constant_problem_has_the_status_of_the_settings() -> None:
    app = raising(lambda: ValidationError("no"), {"STATUSKIT_VALIDATION_STATUS": 400})
    app.response_class = RaisingResponse
    assert call(app).status == 400


def test_an_http_exception_of_others_with_broken_headers_keeps_its_status() -> None:
    class Teapot(HTTPException):
        code = 418

        def get_headers(self, *_: Any) -> NoReturn:
            raise RuntimeError("no headers today")

    assert call(raising(Teapot)).status == 418


def test_after_request_functions_see_a_problem_that_could_not_be_rendered() -> None:
    app = with_response_class(Conflict)
    seen: list[int] = []
    app.after_request(lambda response: seen.append(response.status_code) or response)
    call(app)
    assert seen == [409]


# Telling others fails


class RaisingFilter(logging.Filter):
    def filter(self, record: logging.LogRecord) -> NoReturn:
        raise RuntimeError("no filtering today")


class RaisingHandler(logging.Handler):
    def emit(self, record: logging.LogRecord) -> NoReturn:
        raise RuntimeError("no logging today")


@pytest.fixture(params=["filter", "handler"])
def broken_logging(request: pytest.FixtureRequest) -> Iterator[None]:
    logger = logging.getLogger("flask_statuskit")
    level, broken = logger.level, {"filter": RaisingFilter, "handler": RaisingHandler}
    part = broken[request.param]()
    logger.setLevel("DEBUG")
    if request.param == "filter":
        logger.addFilter(part)
    else:
        logger.addHandler(part)
    yield
    logger.removeFilter(part)
    logger.removeHandler(part)
    logger.setLevel(level)


@pytest.mark.usefixtures("broken_logging")
@pytest.mark.parametrize("error", [Conflict, Foreign, lambda: Conflict(headers={"X": "\r\n"})])
def test_a_log_that_fails_does_not_spoil_the_response(error: Any) -> None:
    app = raising(error)
    kit_of(app).map(Foreign, 409)
    assert_problem(call(app), 409)


@pytest.mark.usefixtures("broken_logging")
def test_a_log_that_fails_does_not_spoil_the_last_resort() -> None:
    assert call(with_response_class(Conflict)).status == 409


@pytest.mark.parametrize("error", [Conflict, InternalServerError, Foreign])
def test_a_receiver_that_fails_does_not_spoil_the_response(error: Any, log: Any) -> None:
    def receive(_app: Any, **_: Any) -> NoReturn:
        raise RuntimeError("no metrics today")

    app = raising(error)
    with problem_raised.connected_to(receive):
        answer = call(app)
    assert_problem(answer, getattr(error, "code", 500))
    assert "no metrics today" in [str(r.exc_info[1]) for r in log.ours if r.exc_info]


def test_a_request_without_settings_for_them_is_answered_with_a_broken_configuration() -> None:
    app = raising(Conflict)
    app.config["STATUSKIT_LOG_LEVELS"] = "loud"
    assert_problem(call(app), 409)


# Request ids


@pytest.mark.parametrize(
    "garbage",
    ["", " ", "a b", "a" * 129, "é", "a\tb", "\x1b[31m", "<script>", '"', "a,b", "../x", "a\x7f"],
    ids=repr,
)
def test_a_request_id_that_is_garbage_is_not_taken_over(garbage: str) -> None:
    answer = call(raising(Conflict), headers={"X-Request-ID": garbage})
    assert re.fullmatch(r"[0-9a-f]{32}", assert_problem(answer, 409)["request_id"])


@pytest.mark.parametrize("good", ["a", "a" * 128, "A-1_b.c"])
def test_a_request_id_that_is_one_is_taken_over(good: str) -> None:
    answer = call(raising(Conflict), headers={"X-Request-ID": good})
    assert assert_problem(answer, 409)["request_id"] == good


def test_a_trace_id_stands_in_for_a_request_id() -> None:
    trace = "0af7651916cd43dd8448eb211c80319c"
    headers = {"X-Request-ID": "not one", "traceparent": f"00-{trace}-b7ad6b7169203331-01"}
    assert call(raising(Conflict), headers=headers).json["request_id"] == trace


# Leaks

CANARY = "canary-hunter2"
SQL = f"SELECT * FROM users WHERE token = '{CANARY}'"


def in_the_message() -> NoReturn:
    raise Foreign(CANARY)


def in_the_arguments() -> NoReturn:
    raise Foreign("failed", {"password": CANARY}, (CANARY,))


def in_a_note() -> NoReturn:
    error = Foreign()
    vars(error)["__notes__"] = [CANARY]
    raise error


def in_an_attribute() -> NoReturn:
    error = Foreign()
    vars(error).update(detail=CANARY, description=CANARY, headers={"X": CANARY}, members=CANARY)
    raise error


def in_the_cause() -> NoReturn:
    raise Foreign from KeyError(CANARY)


def in_the_context() -> NoReturn:
    try:
        raise KeyError(CANARY)
    except KeyError:
        raise Foreign  # noqa: B904


def in_a_statement() -> NoReturn:
    raise Foreign(f"(psycopg.OperationalError) connection lost\n[SQL: {SQL}]")


def in_a_local_variable() -> NoReturn:
    password = CANARY
    raise Foreign(len(password))


SOURCES = [
    in_the_message,
    in_the_arguments,
    in_a_note,
    in_an_attribute,
    in_the_cause,
    in_the_context,
    in_a_statement,
    in_a_local_variable,
]


def assert_silent(answer: Answer) -> None:
    assert "canary" not in f"{answer.status_line} {answer.headers} {answer.body!r}"
    assert "Traceback" not in answer.body.decode()
    assert "support" not in answer.body.decode()


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("code", [None, 404, 409, 500, 502, 503])
@pytest.mark.parametrize(
    "config",
    [
        {},
        {"TESTING": True, "PROPAGATE_EXCEPTIONS": False},
        {"STATUSKIT_ENVIRONMENT": "development"},
        {"STATUSKIT_EXPOSE_INTERNALS": True},
        {"DEBUG": True, "STATUSKIT_ENVIRONMENT": "production"},
        {"DEBUG": True, "STATUSKIT_EXPOSE_INTERNALS": False},
    ],
    ids=str,
)
def test_a_foreign_exception_leaks_nothing(source: Any, code: int | None, config: Any) -> None:
    app = raising(source, config)
    if code:
        kit_of(app).map(Foreign, code)
    answer = call(app, headers={"Accept": "*/*"})
    assert_problem(answer, code or 500)
    assert_silent(answer)


@pytest.mark.parametrize(
    "make",
    [
        lambda: InternalServerError(CANARY),
        lambda: InternalServerError(member=CANARY),
        lambda: InternalServerError(errors={"field": [CANARY]}),
        lambda: BadGateway(SQL, query=SQL),
        lambda: BadGateway(member={"deep": [{"deeper": CANARY}]}),
    ],
)
def test_a_hidden_5xx_leaks_nothing(make: Any, announced: list[Any]) -> None:
    assert_silent(call(raising(make)))
    assert "canary" not in str([sent["problem"] for sent in announced])


def test_what_a_builder_puts_into_a_5xx_leaks_nothing() -> None:
    app = mapped(lambda error: BadGateway(str(error), query=str(error)), raised=in_a_statement)
    assert_silent(call(app))


@pytest.mark.parametrize("source", SOURCES)
def test_the_last_resort_leaks_nothing(source: Any) -> None:
    assert_silent(call(with_response_class(source)))


@pytest.mark.parametrize("source", SOURCES)
def test_an_encoder_that_fails_leaks_nothing(source: Any) -> None:
    class Fails(DefaultJSONProvider):
        def dumps(self, obj: Any, **_: Any) -> NoReturn:
            source()

    app = raising(Conflict)
    app.json = Fails(app)
    assert_silent(call(app))


def test_a_builder_that_fails_leaks_nothing() -> None:
    assert_silent(call(mapped(lambda error: in_a_statement())))


# One instance in many threads


@pytest.mark.parametrize("code", [409, 401, 429, 503, None])
def test_one_instance_raised_in_many_threads_mixes_nothing(code: int | None) -> None:
    threads = 32
    together = threading.Barrier(threads)
    raised: Any = {
        409: Conflict("Taken.", sku="A1"),
        401: Unauthorized(realm="shop"),
        429: RateLimited(limit=3, remaining=0, reset=9),
        503: ServiceUnavailable("Closed.", retry_after=5, headers={"X-Own": "1"}),
        None: Foreign(),
    }[code]
    app = raising(raised)
    kit_of(app).map(Foreign, Conflict, headers={"X-Own": "1"}, sku="A1")
    app.add_url_rule("/other", "other", view_raising(Conflict))
    expected = call(app, headers={"X-Request-ID": "alone"})

    def request(number: int) -> tuple[Answer, Answer]:
        together.wait(timeout=30)
        headers = {"X-Request-ID": f"thread-{number}"}
        return call(app, headers=headers), call(app, path="/other", headers=headers)

    with ThreadPoolExecutor(threads) as pool:
        for number, (answer, other) in enumerate(pool.map(request, range(threads))):
            body = assert_problem(answer, expected.status)
            assert body == {**expected.json, "request_id": f"thread-{number}"}
            assert [
                h for h in answer.headers if h[0] not in ("X-Request-ID", "Content-Length")
            ] == [h for h in expected.headers if h[0] not in ("X-Request-ID", "Content-Length")]
            # Nothing of the shared instance is left in another error of the same thread.
            unrelated = assert_problem(other, 409)
            assert "sku" not in unrelated
            assert other.header("X-Own") is None
            assert other.header("Retry-After") is None


def test_an_instance_is_not_changed_by_being_answered() -> None:
    raised = RateLimited("Slow down.", limit=3, reset=timedelta(seconds=9), headers={"X-Own": "1"})
    before = {name: repr(value) for name, value in vars(raised).items()}
    app = raising(raised)
    first, second = (call(app, headers={"X-Request-ID": "1"}) for _ in range(2))
    assert first == second
    assert {name: repr(value) for name, value in vars(raised).items()} == before


# Classes and values of the application's own


class KeywordResponse(Response):
    """Made as Flask makes responses, and in no other way."""

    def __init__(self, response: Any = None, **options: Any) -> None:
        assert response is None or isinstance(response, (bytes, str))
        super().__init__(response, **options)


def test_a_response_class_of_the_applications_own_is_made_as_flask_makes_it() -> None:
    app = raising(lambda: Conflict("Taken."))
    app.response_class = KeywordResponse
    assert assert_problem(call(app), 409)["detail"] == "Taken."


class Incomparable:
    """A value such as an array: whether two are equal is no question of yes or no."""

    def __eq__(self, other: object) -> Any:
        raise ValueError("ambiguous")

    __hash__ = None  # type: ignore[assignment]


def test_values_that_cannot_be_compared_may_change_in_the_configuration(log: Any) -> None:
    app = raising(Conflict)
    app.config["TABLE"] = Incomparable()
    for _ in range(2):
        app.config["TABLE"] = Incomparable()
        assert_problem(call(app), 409)
    app.config["STATUSKIT_INSTANCE"] = False
    assert "instance" not in assert_problem(call(app), 409)
    assert not [record for record in log.ours if record.exc_info]


def test_members_that_hold_each_other_many_times_are_not_encoded_in_full() -> None:
    many: list[Any] = [1] * 10
    for _ in range(30):  # 10 to the 31st numbers
        many = [many] * 10
    assert len(call(raising(lambda: Conflict(many=many))).body) <= 64 * 1024


def test_an_error_of_the_applications_own_need_not_know_what_flask_makes_of_bugs() -> None:
    class OwnFailure(werkzeug_exceptions.InternalServerError):
        def __init__(self) -> None:
            HTTPException.__init__(self, "Mine.")

    assert_problem(call(raising(OwnFailure)), 500)


@pytest.mark.parametrize(
    ("members", "said"),
    [
        ({"x": [FieldError("Late.")]}, {"x": [{"detail": "Late."}]}),
        ({"x": {1: "a", "1": "b"}}, {"x": {"1": "b"}}),
        ({"x": 10**700}, {"x": None}),
    ],
    ids=["field error", "keys", "number"],
)
def test_a_short_problem_says_what_a_long_one_would(members: Any, said: Any) -> None:
    short = assert_problem(call(raising(lambda: Conflict(**members))), 409)
    long = assert_problem(call(raising(lambda: Conflict("x" * 3000, **members))), 409)
    assert {name: short[name] for name in said} == {name: long[name] for name in said} == said


def test_classes_that_requests_make_do_not_fill_the_memory() -> None:
    app = make_app()

    def index() -> NoReturn:
        raise type("MadeHere", (Conflict,), {}, init=False)("Again.")

    app.add_url_rule("/", "index", index)
    for _ in range(1100):
        assert call(app).status == 409
    assert len(app.extensions["statuskit"].settings(app).outlines) <= 1000


def test_a_flask_that_finds_handlers_itself_is_asked() -> None:
    class Own(Flask):
        def _find_error_handler(self, *_: Any) -> Any:
            return lambda _: ("mine", 418)

    app = Own("shop")
    StatusKit(app)
    assert call(app, path="/lost").status == 418
