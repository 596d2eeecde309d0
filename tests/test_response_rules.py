"""The response that each error gets: status, headers and body (DESIGN §4)."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
import werkzeug.exceptions
from flask import Flask, abort, request, send_file
from support import (
    Answer,
    Foreign,
    assert_problem,
    call,
    make_app,
    mapped,
    raising,
)
from werkzeug.datastructures import WWWAuthenticate
from werkzeug.exceptions import HTTPException, default_exceptions
from werkzeug.http import http_date

from flask_statuskit import (
    STATUSES,
    BadGateway,
    Conflict,
    ContentTooLarge,
    InternalServerError,
    MethodNotAllowed,
    NotFound,
    PreconditionRequired,
    RangeNotSatisfiable,
    RateLimited,
    ServiceUnavailable,
    StatusError,
    Unauthorized,
    UnavailableForLegalReasons,
    UnsupportedMediaType,
    ValidationError,
)
from flask_statuskit.exceptions import ERRORS

# A 407 and a 426 warn when they are built; test_extension.py holds that.
pytestmark = pytest.mark.filterwarnings("ignore:A 4(07|26) owes")

ID = {"X-Request-ID": "the-request"}
JSON = {"Content-Type": "application/json"}
SECRET = "the password of the database is hunter2"

every_error = pytest.mark.parametrize("code", sorted(ERRORS))


# Every status


@every_error
def test_every_class_is_answered_with_its_status_phrase_and_sentence(code: int) -> None:
    body = assert_problem(call(raising(ERRORS[code]), headers=ID), code)
    row = STATUSES[code]
    retry_after = {"retry_after": body["retry_after"]} if "retry_after" in body else {}
    assert list(body.items()) == [
        ("type", "about:blank"),
        ("title", row.phrase),
        ("status", code),
        ("detail", row.sentence),
        ("instance", "/"),
        ("request_id", "the-request"),
        *retry_after.items(),
    ]


@every_error
def test_head_gets_the_headers_of_get_and_no_body(code: int) -> None:
    app = raising(ERRORS[code])
    got, head = call(app, "GET", headers=ID), call(app, "HEAD", headers=ID)
    assert_problem(head, code, "HEAD")
    if code == 405:
        # The methods that are left depend on the one that was refused.
        got, head = without(got, "Allow"), without(head, "Allow")
    assert head == replace(got, body=b"")


def without(answer: Answer, name: str) -> Answer:
    return replace(answer, headers=[line for line in answer.headers if line[0] != name])


@every_error
def test_every_status_carries_the_headers_that_it_must(code: int) -> None:
    answer = call(raising(ERRORS[code]))
    for duty in STATUSES[code].duties:
        if duty.level == "must" and not duty.hop_by_hop:
            assert answer.all(duty.header), duty
            if duty.value is not None:
                assert answer.header(duty.header) == duty.value


@pytest.mark.parametrize(
    ("error", "header", "value"),
    [
        (Unauthorized, "WWW-Authenticate", "Bearer"),
        (lambda: Unauthorized(realm="a"), "WWW-Authenticate", 'Bearer realm="a"'),
        (MethodNotAllowed, "Allow", "OPTIONS, POST"),
        (lambda: MethodNotAllowed(valid_methods=["PUT"]), "Allow", "PUT"),
        (lambda: MethodNotAllowed(valid_methods=[]), "Allow", ""),
        (lambda: UnsupportedMediaType(accept="text/csv"), "Accept", "text/csv"),
        (lambda: RangeNotSatisfiable(length=9), "Content-Range", "bytes */9"),
        (
            lambda: UnavailableForLegalReasons(blocked_by="https://court.example/1"),
            "Link",
            '<https://court.example/1>; rel="blocked-by"',
        ),
        (lambda: RateLimited(retry_after=3), "Retry-After", "3"),
        (lambda: ContentTooLarge(retry_after=4), "Retry-After", "4"),
    ],
)
def test_a_typed_error_pays_the_duty_of_its_status(error: Any, header: str, value: str) -> None:
    assert call(raising(error)).header(header) == value


@pytest.mark.parametrize("code", sorted(default_exceptions))
def test_a_bare_abort_gets_what_the_typed_error_gets(code: int) -> None:
    aborted, typed = raising(lambda: abort(code)), raising(ERRORS[code])
    assert call(aborted, headers=ID) == call(typed, headers=ID)


@pytest.mark.parametrize("code", [code for code in sorted(default_exceptions) if code < 500])
def test_the_description_of_an_abort_is_the_detail(code: int) -> None:
    body = assert_problem(call(raising(lambda: abort(code, description="Because."))), code)
    assert body["detail"] == "Because."


class Unregistered(HTTPException):
    code = 599
    description = "Somebody's own."


class UnregisteredOfTheClient(Unregistered):
    code = 499


@pytest.mark.parametrize(
    ("error", "code", "detail"),
    [(Unregistered, 599, None), (UnregisteredOfTheClient, 499, "Somebody's own.")],
)
def test_a_code_that_is_in_no_registry_keeps_its_number(
    error: Any, code: int, detail: str | None
) -> None:
    body = assert_problem(call(raising(error)), code)
    assert body.get("detail") == detail


def test_a_header_of_an_error_replaces_the_one_of_its_class() -> None:
    app = raising(lambda: MethodNotAllowed(valid_methods=["PUT"], headers={"allow": "PATCH"}))
    assert call(app).all("Allow") == ["PATCH"]


def test_an_error_may_say_itself_what_caches_may_keep() -> None:
    app = raising(lambda: NotFound(headers={"Cache-Control": "max-age=60"}))
    assert call(app).header("Cache-Control") == "max-age=60"


@pytest.mark.parametrize("code", [428, 429, 431, 511])
@pytest.mark.parametrize("setting", [None, "max-age=60"])
def test_some_statuses_are_never_stored_whatever_anybody_says(
    code: int, setting: str | None
) -> None:
    app = raising(
        lambda: ERRORS[code](headers={"Cache-Control": "max-age=60"}),
        {"STATUSKIT_CACHE_CONTROL": setting},
    )
    assert call(app).header("Cache-Control") == "no-store"


def test_what_is_not_ours_to_say_of_caches_can_be_left_out() -> None:
    app = raising(NotFound, {"STATUSKIT_CACHE_CONTROL": None})
    assert call(app).header("Cache-Control") is None


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Content-Type", "text/html"),
        ("Content-Length", "1"),
        ("Content-Encoding", "gzip"),
        ("Connection", "close"),
        ("Transfer-Encoding", "chunked"),
        ("Proxy-Authenticate", "Basic"),
        ("X-Split", "a\r\nSet-Cookie: b=1"),
        ("X-Split\r\nSet-Cookie", "b=1"),
        ("X-Unicode", "→"),
        ("X-Null", "a\0b"),
        ("X Space", "a"),
        ("", "a"),
        ("X-Tab", "a\tb"),
    ],
)
def test_a_header_that_would_break_the_response_does_not_reach_the_server(
    name: str, value: str
) -> None:
    answer = call(raising(lambda: Conflict(headers=[(name, value), ("X-Good", "1")])))
    assert_problem(answer, 409)
    assert answer.header("X-Good") == "1"
    assert answer.header("Set-Cookie") is None
    assert (name, value) not in answer.headers


@pytest.mark.parametrize("name", ["X-Request-ID", "X-Content-Type-Options"])
def test_a_header_of_an_error_is_not_doubled_by_what_is_added(name: str) -> None:
    answer = call(raising(lambda: Conflict(headers={name: "its-own"})))
    assert len(answer.all(name)) == 1


def test_a_405_carries_allow_for_an_untrusted_host_too() -> None:
    app = make_app({"TRUSTED_HOSTS": ["elsewhere.example"]})

    @app.before_request
    def refuse() -> None:
        raise MethodNotAllowed

    assert call(app).header("Allow") == ""


# The headers of Werkzeug's exceptions


def test_a_405_of_the_router_keeps_allow() -> None:
    answer = call(raising(Conflict), "DELETE")
    assert_problem(answer, 405)
    assert set((answer.header("Allow") or "").split(", ")) == {"GET", "HEAD", "OPTIONS", "POST"}


def test_every_challenge_of_a_401_is_kept_on_a_line_of_its_own() -> None:
    challenges = [WWWAuthenticate("basic", {"realm": "a b"}), WWWAuthenticate("bearer")]
    answer = call(raising(lambda: abort(401, www_authenticate=challenges)))
    assert_problem(answer, 401)
    assert answer.all("WWW-Authenticate") == ['Basic realm="a b"', "Bearer"]


def test_the_challenge_of_the_settings_supplies_what_a_bare_401_forgets() -> None:
    app = raising(lambda: abort(401), {"STATUSKIT_CHALLENGE": 'Basic realm="shop"'})
    assert call(app).header("WWW-Authenticate") == 'Basic realm="shop"'


@pytest.fixture
def downloads(tmp_path: Path) -> Flask:
    """An application that sends a file of nine bytes."""
    file = tmp_path / "nine.txt"
    file.write_bytes(b"123456789")
    return raising(lambda: send_file(file, conditional=True, max_age=60))


def test_a_416_of_send_file_keeps_content_range_and_no_validator_survives(
    downloads: Flask,
) -> None:
    fine = call(downloads)
    assert fine.body == b"123456789"
    assert fine.header("ETag")
    assert fine.header("Last-Modified")
    answer = call(downloads, headers={"Range": "bytes=100-"})
    assert_problem(answer, 416)
    assert answer.header("Content-Range") == "bytes */9"


def test_a_412_of_a_conditional_response_has_no_validator() -> None:
    def view() -> Any:
        response = request.environ["test.app"].response_class("fine")
        response.set_etag("1")
        response.last_modified = datetime(2024, 1, 1)
        if "1" not in request.if_match:
            abort(412)
        return response

    app = raising(view)
    answer = call(app, headers={"If-Match": '"2"'}, environ_overrides={"test.app": app})
    assert_problem(answer, 412)


def soon() -> datetime:
    return datetime.now(timezone.utc) + timedelta(minutes=2)


RETRY_AFTER = [
    (60, 60, 60),
    (0, 0, 0),
    (-5, 0, 0),
    (1.2, 2, 2),
    (timedelta(minutes=1, milliseconds=1), 61, 61),
    (datetime(1999, 1, 1), 0, 0),
    (soon, 115, 120),
    (lambda: soon().replace(tzinfo=None), 115, 120),
]


@pytest.mark.parametrize(("delay", "least", "most"), RETRY_AFTER)
@pytest.mark.parametrize(
    "error",
    [
        RateLimited,
        ServiceUnavailable,
        werkzeug.exceptions.TooManyRequests,
        werkzeug.exceptions.ServiceUnavailable,
    ],
)
def test_retry_after_is_sent_in_whole_seconds(
    error: Any, delay: Any, least: int, most: int
) -> None:
    answer = call(
        raising(lambda: error(retry_after=delay() if callable(delay) else delay)),
    )
    assert_problem(answer, error.code)
    assert least <= int(answer.header("Retry-After") or "") <= most


@pytest.mark.parametrize(
    "garbage",
    [
        "soon",
        "1.5",
        "-1",
        "",
        "1\r\nSet-Cookie: a=b",
        float("nan"),
        float("inf"),
        True,
        b"soon",
        {},
    ],
    ids=repr,
)
@pytest.mark.parametrize("form", ["typed", "header", "werkzeug"])
def test_garbage_in_retry_after_never_reaches_the_wire(log: Any, form: str, garbage: Any) -> None:
    error: Any = {
        "typed": lambda: ServiceUnavailable(retry_after=garbage),
        "header": lambda: ServiceUnavailable(headers={"Retry-After": garbage}),
        "werkzeug": lambda: werkzeug.exceptions.ServiceUnavailable(retry_after=garbage),
    }[form]
    answer = call(raising(error))
    assert "retry_after" not in assert_problem(answer, 503)
    assert answer.header("Retry-After") is None
    assert any(record.levelname == "WARNING" for record in log.ours)


def test_retry_after_is_sent_as_a_date_on_request() -> None:
    date = http_date(soon())
    answer = call(raising(lambda: ServiceUnavailable(headers={"Retry-After": date})))
    assert answer.header("Retry-After") == date
    assert 115 <= assert_problem(answer, 503)["retry_after"] <= 120


def test_the_settings_supply_retry_after_where_an_error_carries_none() -> None:
    config = {"STATUSKIT_RETRY_AFTER": {503: 30}}
    assert call(raising(lambda: abort(503), config)).header("Retry-After") == "30"
    own = raising(lambda: ServiceUnavailable(retry_after=5), config)
    assert call(own).header("Retry-After") == "5"
    assert call(raising(Conflict, config)).header("Retry-After") is None


def test_jitter_only_lengthens_and_header_and_body_stay_equal() -> None:
    app = raising(lambda: RateLimited(retry_after=100), {"STATUSKIT_RETRY_AFTER_JITTER": 0.5})
    seconds = [assert_problem(call(app), 429)["retry_after"] for _ in range(50)]
    assert min(seconds) >= 100
    assert max(seconds) <= 150
    assert len(set(seconds)) > 1


# What a client may read of a 5xx


class Announced(BadGateway):
    """The partner is closed."""

    expose = True
    partner: str


def declined(error: Foreign) -> BadGateway:
    return BadGateway(str(error))


def with_builder() -> Flask:
    return mapped(declined, raised=lambda: Foreign(SECRET))


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (lambda: InternalServerError(SECRET), 500),
        (lambda: BadGateway(SECRET, query=SECRET), 502),
        (lambda: BadGateway(errors={"field": [SECRET]}), 502),
        (lambda: BadGateway(retry_after=5, query=SECRET), 502),
        (lambda: abort(500, SECRET), 500),
        (lambda: abort(502, description=SECRET), 502),
        (lambda: abort(507, SECRET, disk=SECRET), 507),
        (lambda: werkzeug.exceptions.GatewayTimeout(SECRET), 504),
        (lambda: Foreign(SECRET), 500),
    ],
)
@pytest.mark.parametrize("config", [{}, {"TESTING": True}], ids=str)
def test_the_reason_of_a_5xx_stays_hidden(error: Any, code: int, config: Any) -> None:
    answer = call(raising(error, {"PROPAGATE_EXCEPTIONS": False, **config}))
    body = assert_problem(answer, code)
    assert body["detail"] == STATUSES[code].sentence
    assert body.keys() - {"retry_after"} == {
        "type",
        "title",
        "status",
        "detail",
        "instance",
        "request_id",
    }
    assert SECRET not in str(answer)


def test_what_werkzeugs_abort_says_of_a_500_is_no_detail_in_debug_mode_either() -> None:
    body = assert_problem(call(raising(lambda: abort(500, SECRET), {"DEBUG": True})), 500)
    assert body["detail"] == STATUSES[500].sentence


@pytest.mark.parametrize(
    ("app", "code", "members"),
    [
        (lambda: raising(lambda: ServiceUnavailable(SECRET, until="noon")), 503, {"until": "noon"}),
        (lambda: raising(lambda: abort(503, SECRET)), 503, {}),
        (lambda: raising(lambda: Announced(SECRET, partner="x")), 502, {"partner": "x"}),
        (lambda: mapped(502, detail=SECRET), 502, {}),
        (lambda: mapped(502, detail=SECRET, upstream="x"), 502, {"upstream": "x"}),
        (lambda: mapped(InternalServerError, detail=SECRET), 500, {}),
    ],
)
def test_what_the_author_of_a_5xx_wrote_for_clients_is_shown(
    app: Any, code: int, members: Mapping[str, Any]
) -> None:
    body = assert_problem(call(app()), code)
    assert body["detail"] == SECRET
    assert {name: body[name] for name in members} == members


def test_what_a_builder_writes_into_a_5xx_stays_hidden() -> None:
    assert SECRET not in str(call(with_builder()))


def test_a_detail_of_a_mapping_exposes_no_other_error_of_the_class() -> None:
    call(mapped(502, detail="Shown."))
    assert SECRET not in str(call(raising(lambda: BadGateway(SECRET))))


def test_the_detail_and_members_of_a_4xx_are_shown() -> None:
    body = assert_problem(call(raising(lambda: Conflict("Taken.", sku="A1"))), 409)
    assert (body["detail"], body["sku"]) == ("Taken.", "A1")


# Bodies that cannot be read


def reads_json() -> Any:
    return {"read": request.get_json()}


in_every_mode = pytest.mark.parametrize("debug", [False, True], ids=["production", "debug"])


@in_every_mode
@pytest.mark.parametrize(
    ("body", "line", "column"),
    [
        (b'{"a": 1,\n "b": ]}', 2, 7),
        (b"{", 1, 2),
        (b"[1,\n\n  nope]", 3, 3),
        (b'{"a": 1} {"a": 2}', 1, 10),
    ],
)
def test_malformed_json_is_a_400_with_line_and_column(
    debug: bool, body: bytes, line: int, column: int
) -> None:
    answer = call(raising(reads_json, {"DEBUG": debug}), "POST", "/", JSON, body)
    detail = assert_problem(answer, 400)["detail"]
    assert f"line {line}" in detail
    assert f"column {column}" in detail


@in_every_mode
@pytest.mark.parametrize(
    ("body", "said"), [(b"", "empty"), (b" \n", "empty"), (b'{"a": "\xff"}', "UTF-8")]
)
def test_a_body_that_is_empty_or_no_text_is_a_400_that_says_so(
    debug: bool, body: bytes, said: str
) -> None:
    answer = call(raising(reads_json, {"DEBUG": debug}), "POST", "/", JSON, body)
    detail = assert_problem(answer, 400)["detail"]
    # In debug mode Flask says in its own words what is wrong.
    assert said in detail or (debug and "Failed to decode JSON" in detail)


def test_malformed_json_does_not_come_back_to_the_client() -> None:
    answer = call(raising(reads_json), "POST", "/", JSON, b'{"password": hunter2}')
    assert_problem(answer, 400)
    assert "hunter2" not in str(answer)


@in_every_mode
@pytest.mark.parametrize("bracket", [b"[", b'{"a":'])
def test_json_that_is_nested_too_deeply_is_a_400(
    debug: bool, signalled: list[Any], bracket: bytes
) -> None:
    answer = call(raising(reads_json, {"DEBUG": debug}), "POST", "/", JSON, bracket * 200_000)
    assert "nested too deeply" in assert_problem(answer, 400)["detail"]
    assert signalled == []


def test_a_recursion_of_the_applications_own_is_a_bug(signalled: list[Any]) -> None:
    def recurse() -> Any:
        return recurse()

    assert_problem(call(raising(recurse)), 500)
    assert [type(error) for error in signalled] == [RecursionError]


@in_every_mode
@pytest.mark.parametrize("media_type", ["application/xml", "text/plain", ""])
def test_a_body_that_is_not_json_is_a_415_that_names_what_would_do(
    debug: bool, media_type: str
) -> None:
    headers = {"Content-Type": media_type}
    answer = call(raising(reads_json, {"DEBUG": debug}), "POST", "/", headers, b"<a/>")
    assert_problem(answer, 415)
    assert answer.header("Accept") == "application/json"


def test_a_415_and_a_400_of_the_applications_own_are_not_taken_for_json() -> None:
    answer = call(raising(lambda: abort(415)))
    assert_problem(answer, 415)
    assert answer.header("Accept") is None
    assert call(raising(lambda: abort(400))).json["detail"] == STATUSES[400].sentence


@pytest.mark.parametrize("config", [{}, {"TRAP_BAD_REQUEST_ERRORS": False}], ids=str)
def test_a_missing_form_field_is_a_400(config: Any) -> None:
    assert_problem(call(raising(lambda: request.form["sku"], config), "POST"), 400)


# Bodies that are too large


class Wire(io.RawIOBase):
    """The body of a request, which must not be read any more once an error was raised."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks = chunks
        self.closed_to_readers = False

    def read(self, size: int = -1, /) -> bytes:
        assert not self.closed_to_readers, "the body was touched again"
        return next(self._chunks, b"")[: None if size < 0 else size]

    def readinto(self, buffer: Any) -> int:
        data = self.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def readline(self, size: int | None = -1, /) -> bytes:
        raise AssertionError("nobody reads lines")


def unread() -> Iterator[bytes]:
    raise AssertionError("the body was touched")
    yield b""


def endless() -> Iterator[bytes]:
    while True:
        yield b"a" * 64


MULTIPART = b'--x\r\nContent-Disposition: form-data; name="%d"\r\n\r\n%s\r\n'


def large_field() -> Iterator[bytes]:
    yield MULTIPART % (1, b"a" * 4096)
    yield from endless()


def many_fields() -> Iterator[bytes]:
    number = 0
    while True:
        number += 1
        yield MULTIPART % (number, b"a")


LENGTH = {"CONTENT_LENGTH": "1000000"}
CHUNKED = {"HTTP_TRANSFER_ENCODING": "chunked", "wsgi.input_terminated": True}
FORM = {"CONTENT_TYPE": "application/x-www-form-urlencoded"}
FIELDS = {"CONTENT_TYPE": "multipart/form-data; boundary=x"}


@pytest.mark.parametrize(
    ("limit", "environ", "chunks"),
    [
        ({"MAX_CONTENT_LENGTH": 100}, LENGTH, unread),
        ({"MAX_CONTENT_LENGTH": 100}, {**LENGTH, **FORM}, unread),
        ({"MAX_CONTENT_LENGTH": 100}, {**LENGTH, **FIELDS}, unread),
        ({"MAX_CONTENT_LENGTH": 100}, {**LENGTH, "CONTENT_TYPE": "application/json"}, unread),
        ({"MAX_CONTENT_LENGTH": 100}, CHUNKED, endless),
        ({"MAX_CONTENT_LENGTH": 100}, {**CHUNKED, **FIELDS}, large_field),
        ({"MAX_FORM_MEMORY_SIZE": 100}, {**LENGTH, **FIELDS}, large_field),
        ({"MAX_FORM_PARTS": 5}, {**LENGTH, **FIELDS}, many_fields),
    ],
    ids=str,
)
@in_every_mode
def test_a_body_that_is_too_large_is_a_413_and_is_not_touched_again(
    debug: bool, limit: Any, environ: Any, chunks: Any
) -> None:
    wire = Wire(chunks())

    def view() -> Any:
        try:
            if request.form:
                return "a form"
            # Werkzeug cuts off what `request.data` reads of a body without a length.
            while request.stream.read(64):
                pass
            return request.get_json()
        except werkzeug.exceptions.RequestEntityTooLarge:
            wire.closed_to_readers = True
            raise

    app = raising(view, {"DEBUG": debug, **limit})
    answer = call(app, "POST", environ_overrides={**environ, "wsgi.input": wire})
    assert wire.closed_to_readers
    assert_problem(answer, 413)


def test_json_that_is_too_large_and_has_no_length_is_a_413() -> None:
    app = raising(reads_json, {"MAX_CONTENT_LENGTH": 100})
    body = io.BytesIO(b'["' + b"a" * 5000 + b'"]')
    environ = {**CHUNKED, "wsgi.input": body}
    assert_problem(call(app, "POST", "/", JSON, environ_overrides=environ), 413)


# Hosts


@pytest.mark.parametrize("host", ["evil.example", "a b", "<script>", "é", "", "shop.example.evil"])
@in_every_mode
def test_a_host_that_is_not_trusted_is_a_400(debug: bool, host: str) -> None:
    app = raising(lambda: "fine", {"TRUSTED_HOSTS": ["shop.example"], "DEBUG": debug})
    assert call(app).body == b"fine"
    assert_problem(call(app, environ_overrides={"HTTP_HOST": host}), 400)


@pytest.mark.parametrize("error", [Conflict, PreconditionRequired, lambda: ValidationError("no")])
def test_an_error_before_routing_is_answered_for_an_untrusted_host_too(error: Any) -> None:
    app = make_app({"TRUSTED_HOSTS": ["elsewhere.example"]})

    @app.before_request
    def refuse() -> None:
        raise error()

    assert call(app).status in (409, 428, 422)


@pytest.mark.parametrize("host", ["a b", "<script>", "é", "[::1", "a:b", "", "a\x7f", "x" * 5000])
@pytest.mark.parametrize("error", [Conflict, MethodNotAllowed, NotFound])
def test_a_host_that_is_none_does_not_spoil_a_problem(host: str, error: type[StatusError]) -> None:
    answer = call(raising(error), environ_overrides={"HTTP_HOST": host})
    # Werkzeug itself refuses some of them, which ones depends on its version.
    assert answer.status in (400, error.code)
    assert_problem(answer, answer.status)
