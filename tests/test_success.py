"""Success helpers: what each status owes, and what a request's preconditions make of a version."""

from __future__ import annotations

import http.client
import inspect
import io
import os
import threading
import wsgiref.simple_server
from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest
from flask import (
    Flask,
    Response,
    jsonify,
    request,
    send_file,
    send_from_directory,
    stream_with_context,
)
from hypothesis import example, given
from hypothesis import strategies as st
from support import Answer, assert_problem, call, make_app

from flask_statuskit import (
    accepted,
    conditional,
    created,
    no_content,
    redirect_to,
    require_match,
    reset_content,
)

METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]
#: A helper never makes what the auditor objects to.
AUDITED = {"TESTING": True, "STATUSKIT_AUDIT": "raise"}


def answering(view: Callable[[], Any]) -> Flask:
    app = make_app(AUDITED)
    app.add_url_rule("/", "index", view, methods=METHODS)
    return app


def assert_failed(answer: Answer, status: int, method: str = "GET", **validators: str) -> None:
    """Check a problem that says which version there is, which other problems must not."""
    for name in ("ETag", "Last-Modified"):
        assert answer.header(name) == validators.get(name)
    others = [line for line in answer.headers if line[0] not in validators]
    assert_problem(replace(answer, headers=others), status, method)


# Locations ----------------------------------------------------------------------------------------

HELPERS_WITH_LOCATION = [created, accepted, redirect_to]

LOCATIONS = [
    ("/users/7", "/users/7"),
    ("7", "7"),
    ("../users/7", "../users/7"),
    ("https://shop.example:8443/users/7", "https://shop.example:8443/users/7"),
    ("//shop.example/users/7", "//shop.example/users/7"),
    ("/users/7?as=json&q=a+b%20c#name", "/users/7?as=json&q=a+b%20c#name"),
    ("/users?next=https://shop.example/?a=b", "/users?next=https://shop.example/?a=b"),
    ("/a%2Fb%C3%A4", "/a%2Fb%C3%A4"),
    ("/two words", "/two%20words"),
    ("/käse/🧀?ort=Köln#größe", "/k%C3%A4se/%F0%9F%A7%80?ort=K%C3%B6ln#gr%C3%B6%C3%9Fe"),
    ("https://käse.example/ü", "https://xn--kse-qla.example/%C3%BC"),
]


@pytest.mark.parametrize(("location", "sent"), LOCATIONS)
@pytest.mark.parametrize("helper", HELPERS_WITH_LOCATION)
def test_a_location_is_sent_as_a_uri(helper: Any, location: str, sent: str) -> None:
    answer = call(answering(lambda: helper(location)), "POST")
    assert answer.header("Location") == sent


@pytest.mark.parametrize(
    "location",
    [
        "",
        "?",  # of which nothing is left
        "\n",
        "/a\r\nSet-Cookie: b=c",
        "/a\nb",
        "/a\tb",
        "/a\x00b",
        "/a\x7f",
        "/\ud800",
        "http://[",
        "http://shop.example:http/",
        "http://shop..example/",
    ],
)
@pytest.mark.parametrize("helper", HELPERS_WITH_LOCATION)
def test_a_location_that_cannot_be_sent_is_refused_at_the_call(helper: Any, location: str) -> None:
    with (
        make_app().test_request_context(),
        pytest.raises(ValueError, match=r"is no URL: give one, as url_for\("),
    ):
        helper(location)


# 201 ----------------------------------------------------------------------------------------------


def chunks() -> Iterator[str]:
    yield "ma"
    yield "de"


BODIES = [
    (lambda: None, "text/html; charset=utf-8", b""),
    (lambda: "", "text/html; charset=utf-8", b""),
    (lambda: {}, "application/json", b"{}\n"),
    (lambda: [], "application/json", b"[]\n"),
    (lambda: {"id": 7}, "application/json", b'{"id":7}\n'),
    (lambda: [{"id": 7}], "application/json", b'[{"id":7}]\n'),
    (lambda: "made", "text/html; charset=utf-8", b"made"),
    (lambda: b"made", "text/html; charset=utf-8", b"made"),
    (chunks, "text/html; charset=utf-8", b"made"),
    (lambda: Response("made", mimetype="text/plain"), "text/plain; charset=utf-8", b"made"),
    (lambda: Response("made", 400), "text/html; charset=utf-8", b"made"),
    (lambda: ("made", 200), "text/html; charset=utf-8", b"made"),
    (lambda: ({"id": 7}, "404 GONE ASTRAY"), "application/json", b'{"id":7}\n'),
    (lambda: ("made", {"Content-Type": "text/plain"}), "text/plain", b"made"),
    (lambda: ("made", 204, {"Content-Type": "text/plain"}), "text/plain", b"made"),
    (lambda: ("made", {"Location": "/other"}), "text/html; charset=utf-8", b"made"),
]


@pytest.mark.parametrize(("body", "content_type", "content"), BODIES)
def test_created_is_a_201_whatever_the_body_says(
    body: Callable[[], Any], content_type: str, content: bytes
) -> None:
    answer = call(answering(lambda: created("/users/7", body())), "POST")
    assert answer.status == 201
    assert answer.header("Location") == "/users/7"
    assert answer.header("Content-Type") == content_type
    assert answer.body == content


def test_created_keeps_the_headers_of_its_body() -> None:
    body = {"id": 7}, 200, {"ETag": '"v1"', "X-Kind": "user"}
    answer = call(answering(lambda: created("/users/7", body)), "POST")
    assert (answer.header("ETag"), answer.header("X-Kind")) == ('"v1"', "user")


def test_created_sends_no_body_to_head() -> None:
    app = answering(lambda: created("/users/7", {"id": 7}))
    head, got = call(app, "HEAD"), call(app, "GET")
    assert head.body == b""
    assert (head.status_line, head.headers) == (got.status_line, got.headers)


# 202 ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "members"),
    [
        (None, {}),
        ({}, {}),
        ({"state": "running"}, {"state": "running"}),
        ({"monitor": "/elsewhere"}, {}),
        (OrderedDict(state="running"), {"state": "running"}),
        (MappingProxyType({"done": 0.5}), {"done": 0.5}),
    ],
)
def test_accepted_names_its_monitor_in_header_and_body(body: Any, members: dict[str, Any]) -> None:
    answer = call(answering(lambda: accepted("/reports/7/status", body)), "POST")
    assert answer.status == 202
    assert answer.header("Content-Type") == "application/json"
    assert answer.header("Location") == "/reports/7/status"
    assert answer.json == {"monitor": "/reports/7/status", **members}
    assert answer.header("Retry-After") is None


def test_accepted_leaves_the_mapping_as_it_was() -> None:
    body = {"state": "running"}
    call(answering(lambda: accepted("/reports/7/status", body)), "POST")
    assert body == {"state": "running"}


@pytest.mark.parametrize(("monitor", "sent"), LOCATIONS)
def test_header_and_body_of_accepted_name_the_same_monitor(monitor: str, sent: str) -> None:
    answer = call(answering(lambda: accepted(monitor)), "POST")
    assert answer.header("Location") == answer.json["monitor"] == sent


def soon() -> datetime:
    return datetime.now(timezone.utc) + timedelta(minutes=2)


@pytest.mark.parametrize(
    ("delay", "least", "most"),
    [
        (lambda: 0, 0, 0),
        (lambda: 2, 2, 2),
        (lambda: -2, 0, 0),
        (lambda: 1.2, 2, 2),
        (lambda: "120", 120, 120),
        (lambda: timedelta(minutes=1, milliseconds=1), 61, 61),
        (lambda: datetime(1999, 1, 1), 0, 0),
        (soon, 115, 120),
        (lambda: soon().replace(tzinfo=None), 115, 120),
        (lambda: soon().astimezone(timezone(timedelta(hours=9))), 115, 120),
    ],
)
def test_accepted_says_in_whole_seconds_when_to_ask(
    delay: Callable[[], Any], least: int, most: int
) -> None:
    answer = call(answering(lambda: accepted("/status", retry_after=delay())), "POST")
    assert least <= int(answer.header("Retry-After") or "") <= most


@pytest.mark.parametrize(
    "garbage",
    [
        "soon",
        "1.5",
        "",
        "1\r\nSet-Cookie: a=b",
        "Mon, 01 Jan 99999999999999999999 00:00:00 GMT",
        float("nan"),
        float("inf"),
        2**31,
        True,
        b"2",
        [2],
    ],
)
def test_accepted_refuses_what_is_no_delay_at_the_call(garbage: Any) -> None:
    with make_app().test_request_context(), pytest.raises(ValueError, match=r"delay|HTTP-date"):
        accepted("/status", retry_after=garbage)


@pytest.mark.parametrize(
    "body", ["running", "", b"", [], [("state", "running")], (), 0, False, Response()]
)
def test_accepted_refuses_a_body_that_cannot_name_its_monitor(body: Any) -> None:
    with make_app().test_request_context(), pytest.raises(TypeError) as raised:
        accepted("/status", body)
    assert str(raised.value) == (
        f"The body of a 202 is a {type(body).__name__}, so it cannot name its monitor:"
        " pass a mapping of members, accepted(monitor, {...})."
    )


# 204, 205 -----------------------------------------------------------------------------------------


class Bare(Response):
    """A class of responses that have no type unless they are given one."""

    default_mimetype = None


@pytest.mark.parametrize("response_class", [Response, Bare])
@pytest.mark.parametrize("method", METHODS)
def test_a_204_has_neither_content_nor_its_headers(method: str, response_class: Any) -> None:
    app = answering(no_content)
    app.response_class = response_class
    answer = call(app, method)
    assert answer.status == 204
    assert answer.headers == []
    assert answer.body == b""


@pytest.mark.parametrize("method", METHODS)
def test_a_205_is_empty_and_says_so(method: str) -> None:
    answer = call(answering(reset_content), method)
    assert answer.status == 205
    assert answer.header("Content-Length") == "0"
    assert answer.body == b""


@pytest.mark.parametrize("helper", [no_content, reset_content])
def test_after_request_functions_see_an_empty_answer(helper: Any) -> None:
    app = answering(helper)

    @app.after_request
    def add(response: Response) -> Response:
        response.set_cookie("seen", "1")
        response.headers["X-Kind"] = "empty"
        return response

    answer = call(app, "DELETE")
    assert answer.header("X-Kind") == "empty"
    assert answer.header("Set-Cookie") == "seen=1; Path=/"


@pytest.mark.parametrize("helper", [no_content, reset_content])
def test_an_empty_answer_is_of_the_applications_class(helper: Any) -> None:
    app = make_app()
    app.response_class = Bare
    with app.test_request_context():
        assert type(helper()) is Bare


# 301, 303, 307, 308 -------------------------------------------------------------------------------


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(
    ("options", "status"),
    [
        ({}, 307),
        ({"permanent": True}, 308),
        ({"keep_method": False}, 303),
        ({"permanent": True, "keep_method": False}, 301),
    ],
)
def test_the_status_of_a_redirect_says_what_is_meant(
    options: dict[str, bool], status: int, method: str
) -> None:
    app = make_app()  # not audited: a 301 to a PUT is what was asked for
    app.add_url_rule("/", "index", lambda: redirect_to("/rooms?a=b", **options), methods=METHODS)
    answer = call(app, method)
    assert answer.status == status
    assert answer.header("Location") == "/rooms?a=b"
    assert (answer.body == b"") == (method == "HEAD")


def test_the_page_of_a_redirect_is_escaped() -> None:
    answer = call(answering(lambda: redirect_to("/?a=1&b=<script>'\"")))
    assert b"<script>" not in answer.body
    assert b'href="/?a=1&amp;b=%3Cscript%3E&#39;%22"' in answer.body


# 200, 304, 412 ------------------------------------------------------------------------------------

NOON = datetime(2024, 5, 1, 12, tzinfo=timezone.utc)
BEFORE = "Wed, 01 May 2024 11:59:59 GMT"
AT_NOON = "Wed, 01 May 2024 12:00:00 GMT"
AFTER = "Wed, 01 May 2024 12:00:01 GMT"

STRONG = {"etag": '"v7"'}
WEAK = {"etag": 'W/"v7"'}
DATED = {"last_modified": NOON}
BOTH = {**STRONG, **DATED}

#: What a version has, what a request asks, and what that makes. RFC 9110 §13.1, §13.2.2.
PRECONDITIONS: list[tuple[dict[str, Any], dict[str, str], int]] = [
    (BOTH, {}, 200),
    # If-None-Match: any of them, weak or not
    (STRONG, {"If-None-Match": '"v7"'}, 304),
    (STRONG, {"If-None-Match": 'W/"v7"'}, 304),
    (STRONG, {"If-None-Match": '"v5", W/"v6" ,\t"v7"'}, 304),
    (STRONG, {"If-None-Match": '"v5",,W/"v7"'}, 304),
    (STRONG, {"If-None-Match": "*"}, 304),
    (STRONG, {"If-None-Match": '"*"'}, 200),
    (STRONG, {"If-None-Match": '"v6"'}, 200),
    (STRONG, {"If-None-Match": '"V7"'}, 200),
    (STRONG, {"If-None-Match": '"v7,"'}, 200),
    (WEAK, {"If-None-Match": '"v7"'}, 304),
    (WEAK, {"If-None-Match": 'W/"v7"'}, 304),
    (WEAK, {"If-None-Match": 'W/"v6"'}, 200),
    (DATED, {"If-None-Match": "*"}, 304),
    (DATED, {"If-None-Match": '"v7"'}, 200),
    (DATED, {"If-None-Match": '""'}, 200),
    # If-Modified-Since
    (DATED, {"If-Modified-Since": BEFORE}, 200),
    (DATED, {"If-Modified-Since": AT_NOON}, 304),
    (DATED, {"If-Modified-Since": AFTER}, 304),
    (BOTH, {"If-Modified-Since": AT_NOON}, 304),
    (STRONG, {"If-Modified-Since": AFTER}, 200),
    # the two other forms of a date that a recipient must read (§5.6.7)
    (DATED, {"If-Modified-Since": "Wednesday, 01-May-24 12:00:00 GMT"}, 304),
    (DATED, {"If-Modified-Since": "Wed May  1 12:00:00 2024"}, 304),
    # which If-None-Match overrides
    (BOTH, {"If-None-Match": '"v6"', "If-Modified-Since": AFTER}, 200),
    (BOTH, {"If-None-Match": '"v7"', "If-Modified-Since": BEFORE}, 304),
    (DATED, {"If-None-Match": '"v7"', "If-Modified-Since": AFTER}, 200),
    (BOTH, {"If-None-Match": "v6 v7", "If-Modified-Since": AFTER}, 200),
    # If-Match: any of them, both sides strong
    (STRONG, {"If-Match": '"v7"'}, 200),
    (STRONG, {"If-Match": '"v6", "v7"'}, 200),
    (STRONG, {"If-Match": "*"}, 200),
    (STRONG, {"If-Match": '"*"'}, 412),
    (STRONG, {"If-Match": '"v6"'}, 412),
    (STRONG, {"If-Match": 'W/"v7"'}, 412),
    (STRONG, {"If-Match": 'W/"v7", "v7"'}, 200),
    (WEAK, {"If-Match": '"v7"'}, 412),
    (WEAK, {"If-Match": 'W/"v7"'}, 412),
    (WEAK, {"If-Match": "*"}, 200),
    (DATED, {"If-Match": '"v7"'}, 412),
    (DATED, {"If-Match": '""'}, 412),
    (DATED, {"If-Match": "*"}, 200),
    # If-Unmodified-Since
    (DATED, {"If-Unmodified-Since": BEFORE}, 412),
    (DATED, {"If-Unmodified-Since": AT_NOON}, 200),
    (DATED, {"If-Unmodified-Since": AFTER}, 200),
    (STRONG, {"If-Unmodified-Since": BEFORE}, 200),
    # which If-Match overrides
    (BOTH, {"If-Match": '"v7"', "If-Unmodified-Since": BEFORE}, 200),
    (BOTH, {"If-Match": '"v6"', "If-Unmodified-Since": AFTER}, 412),
    # what holds is followed by what may still be known, what fails is not
    (BOTH, {"If-Match": '"v7"', "If-None-Match": '"v7"'}, 304),
    (BOTH, {"If-Match": "*", "If-Modified-Since": AT_NOON}, 304),
    (BOTH, {"If-Match": '"v6"', "If-None-Match": '"v7"'}, 412),
    (BOTH, {"If-Unmodified-Since": AFTER, "If-None-Match": '"v7"'}, 304),
    (BOTH, {"If-Unmodified-Since": BEFORE, "If-None-Match": '"v7"'}, 412),
    # What is for parts asks nothing of the whole
    (BOTH, {"If-Range": '"v6"'}, 200),
    (BOTH, {"Range": "bytes=0-1"}, 200),
]


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize(("version", "asked", "status"), PRECONDITIONS)
def test_preconditions_decide_between_200_304_and_412(
    version: dict[str, Any], asked: dict[str, str], status: int, method: str
) -> None:
    answer = call(answering(lambda: conditional({"id": 7}, **version)), method, headers=asked)
    validators = {"ETag": version["etag"]} if "etag" in version else {}
    validators |= {"Last-Modified": AT_NOON} if "last_modified" in version else {}
    if status == 412:
        assert_failed(answer, 412, method, **validators)
        return
    assert answer.status == status
    assert answer.header("ETag") == validators.get("ETag")
    assert answer.body == (b'{"id":7}\n' if (status, method) == (200, "GET") else b"")
    if status == 200:
        assert answer.header("Last-Modified") == validators.get("Last-Modified")
        assert answer.header("Content-Length") == "9"
    else:
        assert answer.header("Content-Type") is None
        assert answer.header("Content-Length") is None


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize(
    "asked",
    [
        {"If-None-Match": "*"},
        {"If-Modified-Since": AFTER},
        {"If-Match": '"v6"'},
        {"If-Unmodified-Since": BEFORE},
    ],
)
def test_preconditions_of_other_methods_were_not_for_what_they_made(
    asked: dict[str, str], method: str
) -> None:
    answer = call(answering(lambda: conditional({"id": 7}, **BOTH)), method, headers=asked)
    assert answer.status == 200
    assert (answer.header("ETag"), answer.header("Last-Modified")) == ('"v7"', AT_NOON)


@pytest.mark.parametrize("status", [200, 203, 226])
def test_any_success_may_turn_out_to_be_known(status: int) -> None:
    app = answering(lambda: conditional((jsonify(id=7), status), etag="v7"))
    assert call(app).status == status
    assert call(app, headers={"If-None-Match": '"v7"'}).status == 304


@pytest.mark.parametrize("status", [300, 302, 400, 404, 500])
@pytest.mark.parametrize("asked", [{"If-None-Match": "*"}, {"If-Match": '"v6"'}])
def test_an_answer_that_is_no_success_has_no_versions(asked: dict[str, str], status: int) -> None:
    app = make_app()
    app.add_url_rule("/", "index", lambda: conditional(("gone", status), etag="v7"))
    answer = call(app, headers=asked)
    assert (answer.status, answer.body) == (status, b"gone")


ETAG_HEADERS = ["If-Match", "If-None-Match"]
DATE_HEADERS = ["If-Modified-Since", "If-Unmodified-Since"]


@pytest.mark.parametrize(
    "garbage",
    ["", ",", '"', '"v7', 'v7"', 'W/"', "W/", "w/", "v6 v7", "€".encode().decode("latin-1")],
)
@pytest.mark.parametrize(("header", "status"), [("If-Match", 412), ("If-None-Match", 200)])
def test_a_malformed_etag_matches_nothing(header: str, status: int, garbage: str) -> None:
    answer = call(answering(lambda: conditional("seven", etag="v8")), headers={header: garbage})
    assert answer.status == status


@pytest.mark.parametrize(
    "garbage",
    [
        "",
        "0",
        "-1",
        "yesterday",
        "2024-05-01T12:00:00Z",
        "Wed, 99 May 2024 12:00:00 GMT",
        "Wed, 01 May 2024 99:00:00 GMT",
        "Wed, 01 May 99999999999999999999 12:00:00 GMT",
        "Wed, 01 May 2024 12:00:00 +99999999999999999999",
        "9" * 5000,
        ",",
        '"v7"',
        "€".encode().decode("latin-1"),
    ],
)
@pytest.mark.parametrize("header", DATE_HEADERS)
def test_a_malformed_date_is_ignored(header: str, garbage: str) -> None:
    answer = call(answering(lambda: conditional("seven", **BOTH)), headers={header: garbage})
    assert answer.status == 200


@pytest.mark.parametrize(
    ("last_modified", "sent"),
    [
        (NOON, AT_NOON),
        (NOON.replace(tzinfo=None), AT_NOON),
        (NOON.replace(microsecond=999_999), AT_NOON),
        (NOON.astimezone(timezone(timedelta(hours=-9, minutes=-30))), AT_NOON),
        (NOON.astimezone(timezone(timedelta(hours=14))).replace(microsecond=1), AT_NOON),
        (datetime(1, 1, 1), "Mon, 01 Jan 0001 00:00:00 GMT"),
    ],
)
def test_a_date_is_sent_as_utc_in_whole_seconds_and_known_again(
    last_modified: datetime, sent: str
) -> None:
    app = answering(lambda: conditional("seven", last_modified=last_modified))
    assert call(app).header("Last-Modified") == sent
    assert call(app, headers={"If-Modified-Since": sent}).status == 304
    assert call(app, headers={"If-Unmodified-Since": sent}).status == 200


# ETags --------------------------------------------------------------------------------------------

ETAGS = [
    ("v7", '"v7"'),
    ('"v7"', '"v7"'),
    (7, '"7"'),
    (0, '"0"'),
    (-1, '"-1"'),
    ("a,b", '"a,b"'),
    ("a\\b", '"a\\b"'),
    ("*", '"*"'),
    ("!#~", '"!#~"'),
    ("größe\xa0\xff", '"größe\xa0\xff"'),
]


@pytest.mark.parametrize(("etag", "sent"), ETAGS)
def test_an_etag_is_sent_in_quotes_and_known_again(etag: Any, sent: str) -> None:
    app = answering(lambda: conditional("seven", etag=etag))
    assert call(app).header("ETag") == sent
    for known in (sent, f"W/{sent}", f'"other", {sent}', f'{sent},"other"'):
        answer = call(app, headers={"If-None-Match": known})
        assert (answer.status, answer.header("ETag")) == (304, sent)
    assert call(app, headers={"If-Match": sent}).status == 200


@pytest.mark.parametrize("etag", ['W/"v7"', "W/v7", 'w/"v7"'])
def test_a_weak_etag_is_sent_as_one(etag: str) -> None:
    assert call(answering(lambda: conditional("7", etag=etag))).header("ETag") == 'W/"v7"'


BAD_ETAGS = [
    *("", '""', '"', 'W/""', "W/", "a b", "a\tb", 'a"b', '"a', 'a"', '""a""', "€", "\ud800"),
    *("a\r\nSet-Cookie: b=c", "a\x00", "\x7f", "\x85", b"v7", 7.0, ["v7"]),
]


@pytest.mark.parametrize("etag", BAD_ETAGS)
def test_what_is_no_etag_is_refused_at_the_call(etag: Any) -> None:
    with make_app().test_request_context(headers={"If-Match": "*"}):
        with pytest.raises(ValueError, match=r"is no ETag \(RFC 9110 §8.8.3\): give "):
            conditional("seven", etag=etag)
        with pytest.raises(ValueError, match=r"is no ETag \(RFC 9110 §8.8.3\): give "):
            require_match(etag)


@pytest.mark.parametrize(
    "body", ["", "seven", b"seven", {}, [], {"id": 7}, ("seven", 200), ("seven", {"A": "b"})]
)
def test_an_etag_that_is_not_given_is_made_of_the_content(body: Any) -> None:
    app = answering(lambda: conditional(body))
    answer = call(app)
    assert answer.header("Last-Modified") is None
    etag = answer.header("ETag") or ""
    assert call(answering(lambda: conditional(body))).header("ETag") == etag
    assert call(answering(lambda: conditional(("other", 200)))).header("ETag") != etag
    assert call(app, headers={"If-None-Match": etag}).status == 304
    assert call(app, headers={"If-Match": etag}).status == 200


@pytest.mark.parametrize("name", ["ETag", "etag"])
@pytest.mark.parametrize("own", ['"own"', 'W/"own"'])
def test_a_body_keeps_its_own_etag(own: str, name: str) -> None:
    app = answering(lambda: conditional(Response("seven", headers={name: own})))
    assert call(app).header("ETag") == own
    assert call(app, headers={"If-None-Match": own}).status == 304


def test_an_etag_that_is_given_replaces_that_of_the_body() -> None:
    app = answering(lambda: conditional(("seven", {"ETag": '"own"'}), etag="v7"))
    assert call(app).header("ETag") == '"v7"'


@pytest.mark.parametrize(
    ("body", "given"), [("seven", DATED), (("seven", {"Last-Modified": AT_NOON}), {})]
)
def test_a_date_is_not_joined_by_an_etag_that_nobody_asked_for(body: Any, given: Any) -> None:
    answer = call(answering(lambda: conditional(body, **given)))
    assert (answer.header("ETag"), answer.header("Last-Modified")) == (None, AT_NOON)


def test_nothing_has_no_versions() -> None:
    with make_app().test_request_context("/"), pytest.raises(TypeError, match="None"):
        conditional(None)  # type: ignore[arg-type]


# What a 304 carries -------------------------------------------------------------------------------

KEPT = {
    "Cache-Control": "max-age=60",
    "Content-Location": "/users/7.json",
    "Date": "Wed, 01 May 2024 13:00:00 GMT",
    "ETag": '"v7"',
    "Expires": "Wed, 01 May 2024 14:00:00 GMT",
    "Vary": "Accept, Accept-Language",
}
DROPPED = {"Content-Encoding": "identity", "Content-Language": "de", "Content-Type": "text/plain"}


def set_by_the_view() -> Flask:
    return answering(lambda: conditional(("seven", {**KEPT, **DROPPED})))


def set_after_the_view() -> Flask:
    app = answering(lambda: conditional("seven", etag="v7"))

    @app.after_request
    def add(response: Response) -> Response:
        response.headers.update({**KEPT, **DROPPED})
        return response

    return app


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("make", [set_by_the_view, set_after_the_view])
def test_a_304_carries_what_caches_update_and_nothing_of_the_content(
    make: Callable[[], Flask], method: str
) -> None:
    app = make()
    fine = call(app, method)
    assert {name: fine.header(name) for name in KEPT} == KEPT
    answer = call(app, method, headers={"If-None-Match": '"v7"'})
    assert answer.status == 304
    assert dict(answer.headers) == KEPT


# Streams ------------------------------------------------------------------------------------------


class Stream:
    """Content that counts how often somebody begins to read it, and how often it is closed."""

    def __init__(self) -> None:
        self.begun = 0
        self.closed = 0

    def __iter__(self) -> Iterator[bytes]:
        self.begun += 1
        yield b"se"
        yield b"ven"

    def close(self) -> None:
        self.closed += 1


#: What is asked, and the status, and whether the stream is read.
READINGS = [
    ("GET", {}, 200, True),
    ("GET", {"If-None-Match": '"v6"'}, 200, True),
    ("GET", {"If-Match": "*"}, 200, True),
    ("HEAD", {}, 200, False),
    ("GET", {"If-None-Match": '"v7"'}, 304, False),
    ("HEAD", {"If-None-Match": '"v7"'}, 304, False),
    ("GET", {"If-Match": '"v6"'}, 412, False),
    ("HEAD", {"If-Match": '"v6"'}, 412, False),
    ("POST", {"If-Match": '"v6"'}, 200, True),
]
streamed = pytest.mark.parametrize(("method", "asked", "status", "is_read"), READINGS)


@streamed
def test_a_stream_is_read_once_where_it_is_sent_and_closed_once(
    method: str, asked: dict[str, str], status: int, is_read: bool
) -> None:
    stream, others = Stream(), []

    def view() -> Response:
        body = Response(stream)  # type: ignore[arg-type]
        body.call_on_close(lambda: others.append("closed"))
        return conditional(body, etag="v7")

    answer = call(answering(view), method, headers=asked)
    assert answer.status == status
    assert (stream.begun, stream.closed, others) == (int(is_read), 1, ["closed"])
    if status == 200:
        assert answer.body == (b"seven" if is_read else b"")
        assert answer.header("Content-Length") is None


@streamed
def test_a_generator_is_read_once_where_it_is_sent_and_closed(
    method: str, asked: dict[str, str], status: int, is_read: bool
) -> None:
    ran: list[str] = []

    def generate() -> Iterator[str]:
        ran.append("begun")
        try:
            yield "seven"
        finally:
            ran.append("ended")

    generator = generate()
    answer = call(answering(lambda: conditional(generator, etag="v7")), method, headers=asked)
    assert answer.status == status
    assert ran == (["begun", "ended"] if is_read else [])
    assert inspect.getgeneratorstate(generator) == "GEN_CLOSED"
    assert answer.header("Content-Length") is None or status == 412


@streamed
def test_a_stream_with_context_keeps_it_while_it_is_read(
    method: str, asked: dict[str, str], status: int, is_read: bool
) -> None:
    def generate() -> Iterator[str]:
        yield request.method

    app = answering(lambda: conditional(stream_with_context(generate()), etag="v7"))
    answer = call(app, method, headers=asked)
    assert answer.status == status
    if is_read:
        assert answer.body == method.encode()


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_the_length_that_a_view_gives_a_stream_stays(method: str) -> None:
    app = answering(lambda: conditional((chunks(), {"Content-Length": "4"}), etag="v7"))
    assert call(app, method).header("Content-Length") == "4"


def test_a_stream_without_a_validator_is_refused_unread_with_what_to_type() -> None:
    stream = Stream()
    with make_app().test_request_context(), pytest.raises(TypeError) as raised:
        conditional(Response(stream))  # type: ignore[arg-type]
    assert str(raised.value) == (
        "A stream is not read to find its ETag: type conditional(body, etag=...),"
        " or last_modified=..."
    )
    assert (stream.begun, stream.closed) == (0, 1)


@pytest.mark.parametrize("headers", [{"ETag": '"v7"'}, {"Last-Modified": AT_NOON}])
def test_the_validator_of_a_stream_may_be_its_own(headers: dict[str, str]) -> None:
    app = answering(lambda: conditional((chunks(), headers)))
    assert call(app).body == b"made"
    assert call(app, headers={"If-None-Match": "*"}).status == 304


# 428, 412 -----------------------------------------------------------------------------------------


def guarded(etag: Any = "v7") -> Flask:
    def view() -> Response:
        require_match(etag)
        return no_content()

    return answering(view)


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "POST"])
@pytest.mark.parametrize(
    ("asked", "status"),
    [
        ({}, 428),
        ({"If-None-Match": '"v7"'}, 428),
        ({"If-Unmodified-Since": AFTER}, 428),
        ({"If-Match": '"v7"'}, 204),
        ({"If-Match": "*"}, 204),
        ({"If-Match": '"v6", "v7"'}, 204),
        ({"If-Match": '"v7", W/"v6"'}, 204),
        ({"If-Match": 'W/"v6","v7"'}, 204),
        ({"If-Match": '"v6"'}, 412),
        ({"If-Match": '"V7"'}, 412),
        ({"If-Match": '"*"'}, 412),
        ({"If-Match": 'W/"v7"'}, 412),
        ({"If-Match": 'W/"v7", "v6"'}, 412),
        ({"If-Match": '"v6,v7"'}, 412),
        # malformed
        ({"If-Match": ""}, 412),
        ({"If-Match": ","}, 412),
        ({"If-Match": '"v7'}, 412),
        ({"If-Match": "v6 v7 v8"}, 412),
    ],
)
def test_a_change_needs_the_current_etag(asked: dict[str, str], status: int, method: str) -> None:
    answer = call(guarded(), method, headers=asked)
    if status == 204:
        assert answer.status == 204
    else:
        assert_failed(answer, status, **({"ETag": '"v7"'} if status == 412 else {}))


@pytest.mark.parametrize(("etag", "sent"), ETAGS)
def test_the_etag_that_conditional_sends_lets_a_change_through(etag: Any, sent: str) -> None:
    known = call(answering(lambda: conditional("seven", etag=etag))).header("ETag")
    assert call(guarded(etag), "PUT", headers={"If-Match": known or ""}).status == 204
    assert_failed(call(guarded(etag), "PUT", headers={"If-Match": '"-"'}), 412, ETag=sent)


@pytest.mark.parametrize("etag", ['W/"v7"', "W/v7", 'w/"v7"'])
def test_a_weak_etag_cannot_guard_a_change(etag: str) -> None:
    with (
        make_app().test_request_context(headers={"If-Match": etag}),
        pytest.raises(ValueError, match=r"no weak ETag ever matches .* leave out W/"),
    ):
        require_match(etag)


def test_a_version_that_was_never_loaded_is_no_etag() -> None:
    with (
        make_app().test_request_context(headers={"If-Match": '"None"'}),
        pytest.raises(ValueError, match="None is no ETag"),
    ):
        require_match(None)  # type: ignore[arg-type]


# 206, 416 -----------------------------------------------------------------------------------------


@pytest.fixture
def downloads(tmp_path: Path) -> Flask:
    """An application that sends a file of nine bytes, last modified at noon, in three ways."""
    path = tmp_path / "nine.txt"
    path.write_bytes(b"123456789")
    os.utime(path, (NOON.timestamp(), NOON.timestamp()))
    app = make_app(AUDITED)
    options: Any = {"as_attachment": True, "etag": "v7", "max_age": 60}
    views = {
        "file": lambda: send_file(path, **options),
        "directory": lambda: send_from_directory(tmp_path, path.name, **options),
        "conditional": lambda: conditional(send_file(path, **options)),
    }
    for name, view in views.items():
        app.add_url_rule(f"/{name}", name, view)
    return app


WAYS = ["/file", "/directory", "/conditional"]


@pytest.mark.parametrize("path", WAYS)
@pytest.mark.parametrize(
    ("asked", "content", "content_range"),
    [
        ({}, b"123456789", None),
        ({"Range": "bytes=0-0"}, b"1", "bytes 0-0/9"),
        ({"Range": "bytes=2-4"}, b"345", "bytes 2-4/9"),
        ({"Range": "bytes=7-"}, b"89", "bytes 7-8/9"),
        ({"Range": "bytes=-2"}, b"89", "bytes 7-8/9"),
        ({"Range": "bytes=7-99"}, b"89", "bytes 7-8/9"),
        ({"Range": "bytes=2-4", "If-Range": '"v7"'}, b"345", "bytes 2-4/9"),
        ({"Range": "bytes=2-4", "If-Range": AT_NOON}, b"345", "bytes 2-4/9"),
        ({"Range": "bytes=2-4", "If-Range": '"v6"'}, b"123456789", None),
        ({"Range": "bytes=2-4", "If-Range": BEFORE}, b"123456789", None),
        ({"Range": "bytes=99-", "If-Range": '"v6"'}, b"123456789", None),
        ({"Range": "bytes=2-4", "If-None-Match": '"v6"'}, b"345", "bytes 2-4/9"),
        ({"Range": "bytes=2-4", "If-Match": '"v7"'}, b"345", "bytes 2-4/9"),
        ({"If-Range": '"v6"'}, b"123456789", None),
        ({"If-Match": '"v7"'}, b"123456789", None),
    ],
)
def test_a_part_is_sent_where_one_is_asked_for(
    downloads: Flask, path: str, asked: dict[str, str], content: bytes, content_range: str | None
) -> None:
    answer = call(downloads, path=path, headers=asked)
    assert answer.status == (206 if content_range else 200)
    assert answer.header("Content-Range") == content_range
    assert answer.header("Content-Length") == str(len(content))
    assert answer.body == content
    assert (answer.header("ETag"), answer.header("Last-Modified")) == ('"v7"', AT_NOON)
    assert "max-age=60" in (answer.header("Cache-Control") or "")


@pytest.mark.parametrize("path", WAYS)
@pytest.mark.parametrize("asked", ["bytes=9-", "bytes=100-200"])
def test_a_416_is_a_problem_that_says_how_much_there_is(
    downloads: Flask, path: str, asked: str
) -> None:
    answer = call(downloads, path=path, headers={"Range": asked})
    assert_problem(answer, 416)
    assert answer.header("Content-Range") == "bytes */9"
    assert answer.header("Content-Disposition") is None
    assert answer.header("Accept-Ranges") is None


@pytest.mark.parametrize(
    "asked",
    [
        "",
        "bytes",
        "bytes=",
        "bytes=a-b",
        "bytes=5-2",
        "bytes=--1",
        "lines=0-1",
        "0-1",
        "bytes=0-1,4-5",
    ],
)
def test_a_range_that_werkzeug_does_not_serve_is_no_failure_of_ours(
    downloads: Flask, asked: str
) -> None:
    answer = call(downloads, path="/file", headers={"Range": asked})
    if answer.status == 200:
        assert answer.body == b"123456789"
    else:
        assert_problem(answer, 416)
        assert answer.header("Content-Range") == "bytes */9"


@pytest.mark.parametrize("path", WAYS)
@pytest.mark.parametrize("asked", ["bytes=2-4", "bytes=99-", "lines=0-1"])
def test_head_with_a_range_has_no_content(downloads: Flask, path: str, asked: str) -> None:
    head = call(downloads, "HEAD", path, headers={"Range": asked})
    assert head.body == b""
    if head.status == 416:
        assert_problem(head, 416, "HEAD")
    else:
        assert head.header("ETag") == '"v7"'
        assert head.status in (200, 206)


@pytest.mark.parametrize("path", WAYS)
@pytest.mark.parametrize("asked", [{"If-None-Match": '"v7"'}, {"If-Modified-Since": AT_NOON}])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_file_that_the_client_has_is_a_304(
    downloads: Flask, path: str, asked: dict[str, str], method: str
) -> None:
    answer = call(downloads, method, path, headers=asked)
    assert (answer.status, answer.header("ETag")) == (304, '"v7"')


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        ({"If-None-Match": '"v7"', "Range": "bytes=2-4"}, 304),
        ({"If-Modified-Since": AT_NOON, "Range": "bytes=2-4"}, 304),
        ({"If-Match": "*"}, 200),
        ({"If-Match": "*", "Range": "bytes=2-4"}, 206),
        ({"If-Match": '"v6"'}, 412),
        ({"If-Match": '"v6"', "Range": "bytes=2-4"}, 412),
        ({"If-Unmodified-Since": BEFORE}, 412),
        ({"If-Unmodified-Since": BEFORE, "Range": "bytes=2-4"}, 412),
        ({"If-Unmodified-Since": AT_NOON, "Range": "bytes=2-4"}, 206),
    ],
)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_conditional_puts_the_preconditions_of_a_file_before_its_range(
    downloads: Flask, asked: dict[str, str], status: int, method: str
) -> None:
    answer = call(downloads, method, "/conditional", headers=asked)
    if status == 412:
        assert_failed(answer, 412, method, ETag='"v7"', **{"Last-Modified": AT_NOON})
        assert answer.header("Content-Disposition") is None
    else:
        assert answer.status == status


@pytest.mark.parametrize("wrap", [lambda response: response, conditional])
@pytest.mark.parametrize(
    "asked",
    [
        {},
        {"Range": "bytes=2-4"},
        {"Range": "bytes=99-"},
        {"Range": "lines=1-2"},
        {"If-None-Match": '"v7"'},
        {"If-None-Match": '"v7"', "Range": "bytes=2-4"},
        {"If-Match": '"v6"'},
    ],
)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_the_file_is_closed_whatever_was_asked(
    wrap: Callable[[Response], Response], asked: dict[str, str], method: str
) -> None:
    file = io.BytesIO(b"123456789")
    app = answering(lambda: wrap(send_file(file, "text/plain", etag="v7")))
    call(app, method, headers=asked)
    assert file.closed


# Outside of a request -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "helper",
    [
        lambda: created("/users/7"),
        lambda: accepted("/status"),
        no_content,
        reset_content,
        lambda: conditional("seven"),
        lambda: require_match("v7"),
    ],
)
def test_outside_of_a_request_the_error_says_so(helper: Callable[[], Any]) -> None:
    with pytest.raises(RuntimeError, match=r"Working outside of (application|request) context"):
        helper()


# Any input ----------------------------------------------------------------------------------------

_PARTS_OF_URLS = st.sampled_from(
    ["http:", "//", "/", "?", "#", "[", "]", "[::1]", ":", ":80", "@", "%", "xn--", "..", "ü", "\t"]
)
urls = st.text() | st.lists(_PARTS_OF_URLS | st.text(max_size=2), max_size=8).map("".join)


@given(urls)
@example("////shop.example:http")  # Werkzeug finds a host in the path of a path
def test_any_location_is_sent_whole_or_refused(location: str) -> None:
    for helper in HELPERS_WITH_LOCATION:
        with make_app().test_request_context():
            try:
                response = helper(location)
            except ValueError:
                continue
        answer = call(response)
        assert answer.header("Location") == response.location
        assert answer.header("Location")


_APP = make_app()
_APP.add_url_rule(
    "/", "index", lambda: conditional("seven", etag=request.environ["etag"]), methods=["GET"]
)


@given(st.text() | st.text(st.characters(max_codepoint=0x100), min_size=1, max_size=4))
def test_any_etag_is_sent_and_known_again_or_refused(etag: str) -> None:
    with make_app().test_request_context():
        try:
            response = conditional("seven", etag=etag)
        except ValueError:
            return
    sent = call(response).header("ETag") or ""
    answer = call(_APP, headers={"If-None-Match": sent}, environ_overrides={"etag": etag})
    assert (answer.status, answer.header("ETag")) == (304, sent)
    strong = sent.removeprefix("W/")
    answer = call(_APP, headers={"If-Match": strong}, environ_overrides={"etag": etag})
    assert answer.status == (412 if sent.startswith("W/") else 200)


_PARTS_OF_HEADERS = st.sampled_from(
    [
        *('"v7"', '"v6"', 'W/"v7"', '""', "*", ",", " ", '"', "W/", "bytes=", "0-1", "-", "99-"),
        *(BEFORE, AT_NOON, AFTER, "Wed, ", "01 ", "May ", "2024 ", "12:00:00 ", "GMT", "9" * 20),
    ]
)
_TEXT_OF_HEADERS = st.text(st.characters(min_codepoint=0x20, max_codepoint=0xFF))
values = st.lists(_PARTS_OF_HEADERS, max_size=8).map("".join) | _TEXT_OF_HEADERS
requests = st.dictionaries(
    st.sampled_from([*ETAG_HEADERS, *DATE_HEADERS, "If-Range", "Range"]), values
)


@given(asked=requests, method=st.sampled_from(["GET", "HEAD"]))
def test_no_headers_of_a_request_make_conditional_fail(asked: dict[str, str], method: str) -> None:
    for version in (STRONG, WEAK, DATED, BOTH):
        app = answering(lambda version=version: conditional("seven", **version))  # type: ignore[misc]
        assert call(app, method, headers=asked).status in (200, 304, 412)


@given(asked=requests)
def test_no_headers_of_a_request_make_require_match_fail(asked: dict[str, str]) -> None:
    status = call(guarded(), "PUT", headers=asked).status
    assert status in ((204, 412) if "If-Match" in asked else (428,))


# Over a socket ------------------------------------------------------------------------------------


class KeepsAlive(wsgiref.simple_server.WSGIRequestHandler):
    """Answers one request after the other on a connection, where its base class closes it."""

    protocol_version = "HTTP/1.1"

    def handle(self) -> None:
        self.close_connection = False
        while not self.close_connection:
            super().handle()

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def connection(monkeypatch: pytest.MonkeyPatch) -> Iterator[http.client.HTTPConnection]:
    app = make_app()
    views: dict[str, Callable[[], Any]] = {
        "/200": lambda: conditional({"id": 7}, etag="v7"),
        "/201": lambda: created("/users/7", {"id": 7}),
        "/202": lambda: accepted("/status", retry_after=2),
        "/204": no_content,
        "/205": reset_content,
        "/308": lambda: redirect_to("/200", permanent=True),
        "/428": lambda: require_match("v7"),
    }
    for path, view in views.items():
        app.add_url_rule(path, path, view, methods=METHODS)
    monkeypatch.setattr(wsgiref.simple_server.ServerHandler, "http_version", "1.1")
    server = wsgiref.simple_server.make_server(
        "127.0.0.1", 0, app.wsgi_app, handler_class=KeepsAlive
    )
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    connection = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=10)
    yield connection
    connection.close()
    server.shutdown()
    thread.join()
    server.server_close()


def test_every_answer_ends_where_the_next_one_begins(
    connection: http.client.HTTPConnection,
) -> None:
    connection.connect()
    socket = connection.sock
    known, unknown = {"If-None-Match": '"v7"'}, {"If-Match": '"v6"'}
    user = b'{"id":7}\n'
    exchanges: list[tuple[str, str, dict[str, str], int, bytes | None]] = [
        ("GET", "/200", {}, 200, user),
        ("HEAD", "/200", {}, 200, b""),
        ("GET", "/200", known, 304, b""),
        ("HEAD", "/200", known, 304, b""),
        ("GET", "/200", unknown, 412, None),
        ("HEAD", "/200", unknown, 412, b""),
        ("POST", "/201", {}, 201, user),
        ("POST", "/202", {}, 202, b'{"monitor":"/status"}\n'),
        ("DELETE", "/204", {}, 204, b""),
        ("HEAD", "/204", {}, 204, b""),
        ("POST", "/205", {}, 205, b""),
        ("HEAD", "/205", {}, 205, b""),
        ("GET", "/308", {}, 308, None),
        ("HEAD", "/308", {}, 308, b""),
        ("PUT", "/428", {}, 428, None),
        ("PUT", "/428", unknown, 412, None),
        ("GET", "/200", {}, 200, user),
    ]
    for method, path, headers, status, content in exchanges:
        connection.request(method, path, headers=headers)
        response = connection.getresponse()
        body = response.read()
        assert response.status == status
        assert body == content if content is not None else body
        assert connection.sock is socket, f"{method} {path} closed the connection"


@pytest.mark.parametrize("location", [None, 7, b"/users/7"])
def test_what_is_no_text_is_no_location(location: Any) -> None:
    with (
        make_app().test_request_context(),
        pytest.raises(ValueError, match="is no URL: give one, as"),
    ):
        created(location)


def test_a_slip_of_the_pen_is_no_etag() -> None:
    with make_app().test_request_context(), pytest.raises(ValueError, match="is no ETag"):
        conditional({}, etag=True)
