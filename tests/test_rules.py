"""The rules of the auditor: what breaks each of them, and what only looks as if it did."""

from __future__ import annotations

import gzip
import json
import re
import textwrap
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from io import BytesIO
from pathlib import Path
from typing import Any

import flask
import pytest
import werkzeug.exceptions
from flask import (
    Blueprint,
    Flask,
    abort,
    flash,
    jsonify,
    make_response,
    redirect,
    render_template_string,
    request,
    request_finished,
    send_file,
    session,
    stream_with_context,
    url_for,
)
from flask.views import MethodView
from hypothesis import given
from hypothesis import strategies as st
from support import BROWSER, PROGRAM, Foreign, call, view_raising
from werkzeug.datastructures import Headers
from werkzeug.http import http_date
from werkzeug.test import EnvironBuilder
from werkzeug.wrappers import Request, Response

import flask_statuskit
from flask_statuskit import (
    STATUSES,
    Conflict,
    FieldError,
    Gone,
    NotFound,
    PaymentRequired,
    StatusKit,
    ValidationError,
    accepted,
    conditional,
    created,
    no_content,
    raises,
    redirect_to,
    require_match,
    reset_content,
)
from flask_statuskit.audit import LARGEST_PARSED, RULES, Rule, check
from flask_statuskit.exceptions import ERRORS

every_rule = pytest.mark.parametrize("rule", RULES.values(), ids=RULES)


@contextmanager
def auditing(app: Flask) -> Iterator[list[str]]:
    """Collect the ids of what is found in the responses of an application."""
    ids: list[str] = []

    def look(_app: Flask, response: Response, **_: Any) -> None:
        ids.extend(finding.id for finding in check(request, response))

    with request_finished.connected_to(look, app):
        yield ids


# The rows -----------------------------------------------------------------------------------------


def test_ids_are_numbers_in_ascending_order() -> None:
    assert list(RULES) == sorted(RULES)
    for id, rule in RULES.items():
        assert rule.id == id
        assert re.fullmatch("SK[0-9]{3}", id)


def test_the_rules_of_the_design_are_all_there() -> None:
    assert set(RULES) >= {
        *("SK200", "SK201", "SK204", "SK206", "SK301", "SK302", "SK401", "SK405", "SK407"),
        *("SK415", "SK416", "SK426", "SK429", "SK451", "SK500", "SK503", "SK600", "SK601", "SK602"),
    }


def test_rules_cannot_be_changed() -> None:
    with pytest.raises(TypeError):
        RULES["SK999"] = RULES["SK200"]  # type: ignore[index]
    with pytest.raises(AttributeError):
        RULES["SK200"].summary = "an error"  # type: ignore[misc]


@every_rule
def test_a_rule_says_what_is_wrong_what_to_type_and_where_that_is_written(rule: Rule) -> None:
    assert re.fullmatch("[a-z][ -~]*[^.]", rule.summary)
    assert ". " not in rule.summary
    assert re.fullmatch(r"[A-Z][ -~]*\.", rule.hint)
    assert re.match(r"RFC \d{4}\b|PEP 3333$|OWASP ASVS \d|Fetch, ", rule.section)


@pytest.mark.parametrize(
    ("status", "header"),
    [
        (201, "Location"),
        (206, "Content-Range"),
        (401, "WWW-Authenticate"),
        (405, "Allow"),
        (407, "Proxy-Authenticate"),
        (415, "Accept"),
        (416, "Content-Range"),
        (426, "Upgrade"),
        (429, "Retry-After"),
        (451, "Link"),
        (503, "Retry-After"),
    ],
)
def test_a_rule_about_a_header_cites_what_the_table_of_statuses_cites(
    status: int, header: str
) -> None:
    [section] = [duty.section for duty in STATUSES[status].duties if duty.header == header]
    assert section in RULES[f"SK{status}"].section.split(", ")


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_the_rule_about_redirects_cites_the_section_that_holds_theirs(status: int) -> None:
    [duty] = STATUSES[status].duties
    assert duty.section.startswith(RULES["SK302"].section + ".")


def shop_with_example(rule: Rule, code: str) -> Flask:
    """An application whose view is an example, run with the names that the documentation names."""
    names = {**vars(flask), **vars(flask_statuskit), "json": json, "traceback": traceback}
    names["BytesIO"] = BytesIO
    exec(f"{rule.decorator}\ndef view():\n{textwrap.indent(code, '    ')}", names)
    app = Flask("shop", static_folder=None)
    method, path = rule.request.split()
    app.add_url_rule(path, view_func=names["view"], methods=[method])
    StatusKit(app, audit="off")
    return app


@every_rule
def test_the_broken_example_breaks_its_rule_and_no_other(rule: Rule) -> None:
    app = shop_with_example(rule, rule.broken)
    method, path = rule.request.split()
    with auditing(app) as ids:
        # Not `call`: some of these no server would send.
        app.test_client().open(path, method=method, headers=dict(rule.asked))
    assert ids == [rule.id]


@every_rule
def test_the_right_example_breaks_no_rule(rule: Rule) -> None:
    app = shop_with_example(rule, rule.right)
    method, path = rule.request.split()
    with auditing(app) as ids:
        answer = call(app, method, path, rule.asked)
    assert ids == []
    # One that does not run would be a correct 500.
    assert (answer.status == 500) == (rule.id == "SK500")


# Their boundaries ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class Sent:
    """A response and the request to it."""

    status: int = 200
    headers: Mapping[str, str] | list[tuple[str, str]] = field(default_factory=dict)
    body: Any = b""
    method: str = "GET"
    asked: Mapping[str, str] = field(default_factory=dict)

    @property
    def ids(self) -> list[str]:
        environ = EnvironBuilder(method=self.method, headers=[*self.asked.items()]).get_environ()
        response = Response(self.body, self.status)
        response.headers = Headers(self.headers)
        return [finding.id for finding in check(Request(environ), response)]


@dataclass(frozen=True)
class Raised(Sent):
    """What a view raises that declares a NotFound, with the answer to it and the request."""

    error: Any = NotFound
    declares: bool = True

    @property
    def ids(self) -> list[str]:
        app = shop({"PROPAGATE_EXCEPTIONS": False})
        app.extensions["statuskit"].kit.map(KeyError, NotFound)
        app.extensions["statuskit"].kit.map(TimeoutError, 504)
        app.register_error_handler(PaymentRequired, lambda _: ({"pay": "first"}, 402))
        view = view_raising(self.error)
        app.add_url_rule("/", "index", raises(NotFound)(view) if self.declares else view)
        with auditing(app) as ids:
            call(app, self.method)
        return ids


def typed(content_type: str, body: str | bytes, status: int = 200, **rest: Any) -> Sent:
    return Sent(status, {"Content-Type": content_type}, body, **rest)


def at(days: int) -> str:
    return http_date(datetime.now(timezone.utc) + timedelta(days=days))


HTML = "text/html; charset=utf-8"
JSON = "application/json"
PROBLEM = "application/problem+json"
AUTHORIZED = {"Authorization": "Bearer 7"}
CONDITIONAL = {"If-None-Match": '"v7"'}
CACHED = {"Cache-Control": "max-age=60"}
COOKIE = {"Set-Cookie": "basket=7"}
ORIGIN, CREDENTIALS = "Access-Control-Allow-Origin", "Access-Control-Allow-Credentials"
TRACEBACK = 'Traceback (most recent call last):\n  File "/srv/shop.py", line 7, in get\nKeyError: 7'
DSN = "postgresql://shop:hunter2@db/shop"
CHANGES = ["POST", "PUT", "PATCH", "DELETE"]
DEEP = "[" * 100_000 + "]" * 100_000

BROKEN: dict[str, list[Sent]] = {
    "SK100": [Sent(100), Sent(103), Sent(199)],
    "SK200": [
        typed(PROBLEM, "{}"),
        typed(PROBLEM, "", method="HEAD"),
        typed("application/problem+xml", "<problem/>"),
        typed("application/vnd.api+json", '{"errors": [{"detail": "There is no such user."}]}'),
        typed(HTML, '{"error": "There is no such user."}'),
        *(typed(JSON, '{"error": "no"}', status) for status in (200, 201, 202, 299)),
    ],
    "SK201": [
        Sent(201, method="POST"),
        Sent(201, {"Location": " "}, method="POST"),
        Sent(201, {"Content-Location": "/users/7"}, method="POST"),
        typed(JSON, '{"id": 7}', 201, method="POST"),
        Sent(201),
    ],
    "SK204": [
        Sent(204, body="deleted", method="DELETE"),
        Sent(204, body="deleted", asked=CONDITIONAL),
        Sent(205, body="{}", method="POST"),
        Sent(304, body="unchanged"),
        Sent(304, body=["un", "changed"], asked={"If-Match": '"v7"'}),
    ],
    "SK206": [Sent(206, body="hell"), Sent(206, {"Content-Range": ""}, "hell")],
    "SK301": [
        Sent(status, {"Location": "/"}, method=method)
        for status in (301, 302)
        for method in CHANGES
    ],
    "SK302": [
        *(Sent(status) for status in (301, 302, 303, 307, 308)),
        Sent(302, {"Location": ""}),
        Sent(302, {"Content-Location": "/"}),
    ],
    "SK400": [
        typed(PROBLEM, '{"status": 409}', 400),
        typed(PROBLEM, '{"status": 200}', 500),
        typed(f"{PROBLEM}; charset=utf-8", '{"status": 503}', 502),
    ],
    "SK401": [
        Sent(401),
        Sent(401, {"WWW-Authenticate": ""}),
        Sent(401, {"Proxy-Authenticate": "Basic"}),
    ],
    "SK405": [
        Sent(405),
        Sent(405, {"Allow": "GET"}),
        Sent(405, {"Allow": "PUT, GET"}),
        Sent(405, [("Allow", "PUT"), ("Allow", "GET")]),
        Sent(405, {"Allow": "DELETE"}, method="DELETE"),
    ],
    "SK407": [Sent(407), Sent(407, {"Proxy-Authenticate": "Basic"})],
    "SK415": [Sent(415), Sent(415, {"Accept": ""}), Sent(415, {"Accept-Ranges": "bytes"})],
    "SK416": [Sent(416), Sent(416, {"Content-Range": ""})],
    "SK426": [Sent(426), Sent(426, {"Upgrade": "websocket", "Connection": "Upgrade"})],
    "SK429": [Sent(429), Sent(429, {"X-RateLimit-Reset": "9"})],
    "SK451": [Sent(451), Sent(451, {"Link": ""})],
    "SK500": [
        *(Sent(status, body=TRACEBACK) for status in (400, 404, 500, 503)),
        typed(JSON, json.dumps({"error": TRACEBACK}), 500),
        typed(JSON, json.dumps({"frames": TRACEBACK.splitlines()[1]}), 500),
        typed(HTML, "&lt;shop.User object at 0x7f3a5c0d1e80&gt;", 500),
        typed(JSON, '{"message": "No <shop.User object at 0x7f3a5c0d1e80>"}', 404),
        Sent(400, body="<shop.make.<locals>.User object at 0x7f3a5c0d1e80> is no user"),
        Sent(500, body="/srv/venv/lib/python3.13/site-packages/flask/app.py"),
        Sent(500, body="/usr/lib/python3/dist-packages/flask/app.py"),
        typed(JSON, json.dumps({"error": r"C:\shop\site-packages\flask\app.py"}), 500),
        Sent(500, body="no such table: users\n[SQL: SELECT * FROM users]"),
        Sent(409, body="(Background on this error at: https://sqlalche.me/e/20/gkpj)"),
        Sent(409, body="(sqlite3.IntegrityError) UNIQUE constraint failed: users.email"),
        Sent(409, body='(psycopg2.errors.UniqueViolation) duplicate key value "users_email_key"'),
        Sent(500, body=f"cannot connect to {DSN}"),
        typed(JSON, json.dumps({"error": f"cannot connect to '{DSN}'"}), 503),
    ],
    "SK503": [Sent(503), Sent(503, {"Refresh": "5"})],
    "SK600": [Sent(status) for status in (105, 209, 299, 309, 419, 499, 520, 599, 600, 999)],
    "SK601": [
        *(Sent(status) for status in (404, 405, 410, 414, 451, 501)),
        *(Sent(status, method="HEAD") for status in (404, 405, 410, 414, 451, 501)),
        *(Sent(404, {"Cache-Control": value}) for value in ("", "max-age", "max-age=soon")),
        *(
            Sent(status, {"Cache-Control": value})
            for status in (400, 403, 404, 422, 500, 503)
            for value in (
                "max-age=60",
                "s-maxage=60",
                "MAX-AGE=60",
                "public",
                "max-age=0, s-maxage=1",
            )
        ),
        Sent(500, [("Cache-Control", "must-revalidate"), ("Cache-Control", "max-age=60")]),
        *(Sent(status, {"Expires": at(days=1)}) for status in (400, 404, 500)),
        Sent(404, {"Vary": "Accept"}),
        Sent(404, {"Pragma": "no-cache"}),
        *(
            Sent(404, {"Cache-Control": value}, asked=AUTHORIZED)
            for value in ("public", "s-maxage=60", "must-revalidate")
        ),
        Sent(412, CACHED),
        Sent(404, CACHED, asked={"If-Match": '"v6"'}),
        *(
            Sent(status, {"Cache-Control": value}, method=method)
            for status in (428, 429, 431, 511)
            for value in ("", "no-cache", "private", "max-age=0")
            for method in ("GET", "POST")
        ),
    ],
    "SK602": [
        Sent(status, {"Retry-After": value})
        for status in (202, 301, 413, 429, 503)
        for value in ("", "1.5", "-5", "+5", "soon", "5 s", "0:01:00", "2030-01-01", "٣", "60, 120")
    ]
    + [
        Sent(503, {"Retry-After": "2030-01-01T00:00:00Z"}),
        Sent(503, {"Retry-After": "Mon, 01 Jan 99999999999999999999 00:00:00 GMT"}),
        Sent(503, [("Retry-After", "60"), ("Retry-After", "soon")]),
    ],
    "SK603": [
        *(
            Sent(200, {"ETag": tag})
            for tag in ("v7", "", '"v7', "W/v7", 'w/"v7"', '"v 7"', '"v"7"')
        ),
        *(Sent(200, {"Last-Modified": date}) for date in ("", "yesterday", "1700000000")),
        Sent(304, {"ETag": "v7"}, asked=CONDITIONAL),
    ],
    "SK604": [
        *(
            Sent(200, {name: "x"})
            for name in ("Connection", "keep-alive", "Transfer-Encoding", "Upgrade", "TE")
        ),
        Sent(401, {"Proxy-Authenticate": "Basic"}),
        Sent(200, {"X Name": "x"}),
        Sent(200, {"X-Näme": "x"}),
        Sent(200, {"": "x"}),
        Sent(200, {"X-Name": "日本"}),
        Sent(200, {"X-Name": "a\x00b"}),
        Sent(200, {"X-Name": "a\x7fb"}),
        Sent(200, {"Content-Disposition": "attachment; filename=€.csv"}),
    ],
    "SK605": [
        Sent(200, {"Content-Length": value}, "Ann")
        for value in ("2", "4", "-3", "3.0", "three", "")
    ],
    "SK606": [
        typed(JSON, body)
        for body in (
            "{",
            "{'id': 7}",
            '{"rate": NaN}',
            "[Infinity]",
            "None",
            "OK",
            "\xff",
            '{"a":1}{}',
        )
    ]
    + [
        typed("application/vnd.api+json; charset=utf-8", "{"),
        typed(PROBLEM, "Not Found", 404),
        typed(JSON, b"\xff\xfe\xff"),
    ],
    "SK607": [
        typed(HTML, '{"id": 7}'),
        typed("text/html", '[{"id": 7}]'),
        typed("TEXT/HTML", ' {"id": 7}\n'),
        typed(HTML, '{"message": "Taken."}', 409),
    ],
    "SK608": [
        Sent(200, {**COOKIE, "Cache-Control": value})
        for value in ("max-age=60", "s-maxage=60", "public", "public, max-age=60, must-revalidate")
    ]
    + [
        Sent(200, {**COOKIE, **CACHED}, method="HEAD"),
        Sent(302, {**COOKIE, **CACHED, "Location": "/"}),
        Sent(200, {**COOKIE, **CACHED, "Vary": "Accept, Origin"}),
    ],
    "SK609": [
        Sent(200, {ORIGIN: "*", CREDENTIALS: "true"}),
        Sent(200, {ORIGIN: "https://a.example, https://b.example"}),
        Sent(200, {ORIGIN: "https://a.example https://b.example"}),
        Sent(200, [(ORIGIN, "https://a.example"), (ORIGIN, "*")]),
        Sent(200, [(ORIGIN, "*"), (ORIGIN, "*")]),
        # What Python makes of True.
        Sent(200, {ORIGIN: "https://a.example", CREDENTIALS: "True"}),
    ],
    "SK610": [
        Sent(200, [(name, "1"), ("X-Between", "x"), (name.lower(), "1")])
        for name in (
            *("Age", "Content-Disposition", "Content-Length", "Content-Location", "Content-Range"),
            *("Content-Type", "Date", "ETag", "Expires", "Last-Modified", "Retry-After"),
        )
    ]
    + [Sent(302, [("Location", "/a"), ("Location", "/b")])],
    "SK700": [
        *(Raised(error=error) for error in (Gone, Gone(), ValidationError([]), TimeoutError)),
        Raised(error=werkzeug.exceptions.Gone()),
        Raised(error=lambda: abort(410)),
        Raised(error=NotFound(type="lost")),
        Raised(error=Gone, method="HEAD"),
    ],
}

RIGHT: dict[str, list[Sent]] = {
    "SK100": [Sent(200), Sent(204), Sent(99)],
    "SK200": [
        Sent(207, {"Content-Type": "application/json"}, b'{"errors": ["The second one failed."]}'),
        typed(PROBLEM, '{"status": 404}', 404),
        *(typed(JSON, '{"error": "no"}', status) for status in (300, 404, 500)),
        typed("text/plain", '{"error": "what somebody stored"}'),
        typed("text/csv", "error,message\n"),
        typed(HTML, "<p>error</p>"),
        typed(JSON, '{"error": "no"'),
        typed(JSON, DEEP),
    ],
    "SK201": [
        Sent(201, {"Location": "/users/7"}, method="POST"),
        Sent(201, {"location": "https://shop.example/users/7"}, method="POST"),
        # The target itself was created.
        *(Sent(201, method=method) for method in ("PUT", "PATCH", "MKCOL", "COPY", "MOVE", "LOCK")),
        Sent(200, method="POST"),
        Sent(202, method="POST"),
    ],
    "SK204": [
        *(Sent(status) for status in (204, 205, 304)),
        Sent(204, body=[b"", ""]),
        # `make_conditional` has left the content for Werkzeug to drop.
        Sent(304, body="unchanged", asked=CONDITIONAL),
        Sent(304, body="unchanged", asked={"If-Modified-Since": at(days=-1)}),
        Sent(204, body=iter([b"unseen"])),
        Sent(200, body="x"),
    ],
    "SK206": [
        Sent(206, {"Content-Range": "bytes 0-3/5"}, "hell"),
        typed("multipart/byteranges; boundary=x", "--x--", 206),
        Sent(200, body="hello"),
    ],
    "SK301": [
        *(Sent(status, {"Location": "/"}) for status in (301, 302)),
        *(Sent(status, {"Location": "/"}, method="HEAD") for status in (301, 302)),
        *(
            Sent(status, {"Location": "/"}, method=method)
            for status in (303, 307, 308)
            for method in CHANGES
        ),
        Sent(201, {"Location": "/"}, method="POST"),
    ],
    "SK302": [
        *(Sent(status, {"Location": "/"}) for status in (301, 302, 303, 307, 308)),
        Sent(300),
        Sent(304),
    ],
    "SK400": [
        typed(PROBLEM, '{"status": 409}', 409),
        typed(PROBLEM, '{"title": "Conflict"}', 409),
        # A reader ignores a member of the wrong type.
        *(typed(PROBLEM, body, 400) for body in ('{"status": "409"}', '{"status": true}', "[409]")),
        typed(JSON, '{"status": 409}', 400),
        # That is an error under a success.
        typed(PROBLEM, '{"status": 409}', 200),
    ],
    "SK401": [
        Sent(401, {"WWW-Authenticate": "Bearer"}),
        Sent(401, [("WWW-Authenticate", ""), ("WWW-Authenticate", "Bearer")]),
        Sent(403),
    ],
    "SK405": [
        Sent(405, {"Allow": "PUT, DELETE"}),
        Sent(405, {"Allow": ""}),
        Sent(405, {"Allow": "GET, HEAD"}, method="POST"),
        Sent(405, {"Allow": "FORGET"}),
        Sent(501),
    ],
    "SK407": [Sent(401), Sent(403)],
    "SK415": [
        Sent(415, {name: "text/csv"})
        for name in ("Accept", "Accept-Encoding", "Accept-Patch", "Accept-Post")
    ],
    "SK416": [Sent(416, {"Content-Range": "bytes */5"})],
    "SK426": [Sent(400), Sent(101)],
    "SK429": [Sent(429, {"Retry-After": "60"}), Sent(403)],
    "SK451": [Sent(451, {"Link": '<https://court.example/>; rel="blocked-by"'})],
    "SK500": [
        Sent(200, body=TRACEBACK),
        typed(PROBLEM, json.dumps({"detail": TRACEBACK, "debug": {"message": TRACEBACK}}), 500),
        typed(JSON, '{"message": "object at 0x10 is missing"}', 400),
        typed(JSON, r'{"message": "File \"rooms.csv\", line 7: the price is missing"}', 422),
        typed(JSON, '{"message": "most recent call last week"}', 400),
        typed(
            JSON, '{"message": "Write to https://shop.example:443/help or help@shop.example"}', 500
        ),
        # What the client has sent, or should send.
        typed(JSON, json.dumps({"message": f"{DSN} is not allowed"}), 422),
        Sent(500, body=iter([TRACEBACK.encode()])),
        Sent(500, {"Content-Encoding": "gzip"}, gzip.compress(TRACEBACK.encode())),
        Sent(500),
    ],
    "SK503": [Sent(503, {"Retry-After": "60"}), Sent(500), Sent(502), Sent(504)],
    "SK600": [Sent(status) for status in STATUSES],
    "SK601": [
        *(
            Sent(404, {"Cache-Control": value})
            for value in (
                *("no-store", "No-Store", "private", "no-cache", "max-age=0", "max-age=-1"),
                *("s-maxage=0, max-age=60", "private, max-age=60", 'private="Set-Cookie"'),
            )
        ),
        Sent(404, [("Cache-Control", "public"), ("Cache-Control", "no-store")]),
        *(Sent(404, {"Expires": value}) for value in (at(days=-1), "0", "-1", "", "soon")),
        Sent(404, {"Cache-Control": "max-age=0", "Expires": at(days=1)}),
        Sent(404, {"Vary": "*"}),
        Sent(404, {"Vary": "Accept, *", **CACHED}),
        Sent(404, asked=AUTHORIZED),
        Sent(404, CACHED, asked=AUTHORIZED),
        *(Sent(404, CACHED, method=method) for method in (*CHANGES, "OPTIONS")),
        *(Sent(status) for status in (400, 401, 403, 409, 422, 500, 502, 503)),
        *(Sent(status, CACHED) for status in (200, 204, 301, 304)),
        *(Sent(s, {"Cache-Control": "no-store"}, method="POST") for s in (428, 429, 431, 511)),
        # `make_conditional` says so with the headers of the file.
        Sent(412, CACHED, asked={"If-Match": '"v6"'}),
    ],
    "SK602": [
        Sent(503, {"Retry-After": value})
        for value in (
            *("0", "60", "007", " 60 ", "99999999999999999999"),
            "Sun, 06 Nov 1994 08:49:37 GMT",
            # Obsolete, and still dates (RFC 9110 §5.6.7).
            *("Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994"),
        )
    ]
    + [Sent(503)],
    "SK603": [
        *(
            Sent(200, {"ETag": tag})
            for tag in ('"v7"', 'W/"v7"', '""', '"é"', '"\'!#$%&()*+,/:;<=>?@"')
        ),
        Sent(200, {"Last-Modified": at(days=-1)}),
        Sent(200),
    ],
    "SK604": [
        Sent(200, {"Location": "/日本", "Content-Location": "/日本"}),
        Sent(200, {"X-Name": "Grüße\taus\tKöln"}),
        Sent(200, {"Trailer": "Server-Timing", "X-Empty": "", "x_name": "x", "~": "x"}),
        # The rules of these statuses say that.
        Sent(407, {"Proxy-Authenticate": "Basic"}),
        Sent(426, {"Upgrade": "websocket", "Connection": "Upgrade"}),
    ],
    "SK605": [
        Sent(200, {"Content-Length": "3"}, "Ann"),
        Sent(200, {"Content-Length": "003"}, "Ann"),
        Sent(200, {"Content-Length": "5"}, "Åsa!"),
        Sent(200, {"Content-Length": "0"}),
        Sent(200, {"Content-Length": "3"}, method="HEAD"),
        Sent(304, {"Content-Length": "3"}, asked=CONDITIONAL),
        Sent(204, {"Content-Length": "3"}),
        Sent(200, {"Content-Length": "3"}, iter([b"Ann"])),
        Sent(200, body="Ann"),
    ],
    "SK606": [
        *(typed(JSON, body) for body in ("null", " null\n", "7", '"text"', "[]", "{}", "true", "")),
        typed(JSON, '{"id": 7}'.encode("utf-8-sig")),
        typed(JSON, DEEP),
        typed("application/x-ndjson", "{}\n{}\n"),
        typed("application/json-seq", "\x1e{}\n"),
        typed("text/plain", "{"),
        # A part of JSON is none.
        Sent(206, {"Content-Type": JSON, "Content-Range": "bytes 0-3/9"}, '{"id'),
        Sent(200, {"Content-Type": JSON, "Content-Encoding": "gzip"}, gzip.compress(b"{}")),
        typed(JSON, '{"rate": NaN}' + " " * LARGEST_PARSED),
    ],
    "SK607": [
        typed(HTML, "<p>{}</p>"),
        *(
            typed(HTML, body)
            for body in ("7", "[7]", "[]", "{}", '"text"', "null", "", "[[]]", "{}{}")
        ),
        typed("text/plain", "{}"),
        typed("application/xhtml+xml", "{}"),
        typed(JSON, "{}"),
    ],
    "SK608": [
        Sent(200, COOKIE),
        Sent(200, CACHED),
        *(
            Sent(200, {**COOKIE, "Cache-Control": value})
            for value in (
                *("no-store", "private, max-age=60", "no-cache", "max-age=0", "must-revalidate"),
                *("public, max-age=0", 'max-age=60, no-cache="Set-Cookie"'),
            )
        ),
        *(Sent(200, {**COOKIE, **CACHED, "Vary": value}) for value in ("Cookie", "a, cookie", "*")),
        Sent(200, [*COOKIE.items(), *CACHED.items(), ("Vary", "Accept"), ("Vary", "Cookie")]),
        Sent(200, {**COOKIE, **CACHED}, method="POST"),
        Sent(200, {**COOKIE, **CACHED}, asked=AUTHORIZED),
        Sent(200, {**COOKIE, "Expires": at(days=1)}),
    ],
    "SK609": [
        Sent(200, {ORIGIN: "*"}),
        Sent(200, {ORIGIN: "null"}),
        Sent(200, {ORIGIN: "https://a.example"}),
        Sent(200, {ORIGIN: "https://a.example", CREDENTIALS: "true", "Vary": "Origin"}),
        Sent(200, {ORIGIN: "*", CREDENTIALS: "false"}),
        Sent(200, {CREDENTIALS: "true"}),
    ],
    "SK610": [
        Sent(200, [(name, "1"), (name, "2")])
        for name in ("Set-Cookie", "Link", "Vary", "Cache-Control", "Allow", "WWW-Authenticate")
    ]
    + [Sent(200, {"ETag": '"v7"', "Content-Type": JSON})],
    "SK700": [
        *(Raised(error=error) for error in (NotFound, NotFound("Lost."), KeyError)),
        Raised(error=werkzeug.exceptions.NotFound()),
        Raised(error=lambda: abort(404)),
        Raised(error=RuntimeError),
        Raised(error=PaymentRequired),
        Raised(error=Gone, declares=False),
        Raised(error=lambda: {"id": 7}),
        Raised(method="HEAD"),
        Raised(method="POST"),
        Sent(410, {"Content-Type": PROBLEM}, '{"status": 410}'),
    ],
}


def pairs(table: Mapping[str, list[Sent]]) -> list[Any]:
    return [
        pytest.param(id, sent, id=f"{id}-{number}")
        for id, samples in table.items()
        for number, sent in enumerate(samples)
    ]


@pytest.mark.parametrize(("id", "sent"), pairs(BROKEN))
def test_a_broken_response_is_found(id: str, sent: Sent) -> None:
    assert id in sent.ids


@pytest.mark.parametrize(("id", "sent"), pairs(RIGHT))
def test_a_response_that_only_looks_broken_is_not_found(id: str, sent: Sent) -> None:
    assert id not in sent.ids


def test_every_rule_has_its_boundaries() -> None:
    assert list(BROKEN) == list(RIGHT) == list(RULES)


def test_several_rules_can_be_broken_at_once_and_are_told_in_their_order() -> None:
    sent = Sent(401, {**CACHED, "Content-Type": HTML, "ETag": "v7"}, '{"error": "Log in."}')
    assert sent.ids == ["SK401", "SK601", "SK603", "SK607"]


# An error in the body of a success ----------------------------------------------------------------


@pytest.mark.parametrize(
    "body",
    [
        {"error": "There is no such user."},
        {"error": True, "message": "There is no such user."},
        {"error": {"code": 404, "message": "Not Found", "status": "NOT_FOUND"}},
        {"error": ["There is no such user."]},
        {"error": "not_found", "error_description": "There is no such user."},
        {"error": "invalid_grant", "error_uri": "https://shop.example/errors"},
        {"error": "Not Found", "message": "There is no such user.", "statusCode": 404},
        {"error": "Not Found", "path": "/users/7", "status": 404, "timestamp": "2030-01-01"},
        {"error": "There is no such user.", "data": None},
        {"error": "There is no such user.", "code": "USER_MISSING"},
        {"error": "-", "exception": "KeyError", "field": "name", "reason": "-", "type": "-"},
        {"error": "-", "request_id": "7", "trace_id": "9", "timestamp": 1},
        {"errors": ["The name is missing."]},
        {"errors": {"name": ["is missing"]}},
        {"errors": {"name": {"message": "is missing"}}},
        {"errors": [{"detail": "is missing", "pointer": "#/name"}]},
        {"errors": [{"code": 34, "message": "Sorry, that page does not exist"}]},
        {"errors": [{"code": "too_small", "path": ["age"], "message": "Required"}]},
        {"errors": [{"message": "The name is missing."}]},
        {"errors": "The name is missing."},
        {"message": "Validation failed", "errors": {"name": ["is missing"]}},
        {"title": "Bad Request", "status": 400, "errors": {"name": ["is missing"]}},
        {"success": False},
        {"success": False, "message": "There is no such user.", "data": None},
        {"success": False, "error": {"code": "USER_MISSING"}, "data": {"id": 7}},
        {"ok": False, "error": "channel_not_found"},
        {"ok": False, "error_code": 400, "description": "Bad Request: chat not found"},
        {"status": "error", "message": "There is no such user."},
        {"status": "error", "message": "Down.", "code": 1234, "data": {"id": 7}},
        {"status": "fail", "data": {"name": "is missing"}},
        {"status": "Error", "detail": "There is no such user."},
        {"status": "fail", "message": "There is no such user."},
        {"status": False, "message": "There is no such user."},
        {"code": 404, "message": "There is no such user."},
        {"code": "404", "msg": "There is no such user.", "data": {}},
        {"code": 500, "message": "Internal Server Error", "data": {"id": 7}},
        {"code": 404, "name": "Not Found", "description": "The requested URL was not found."},
        {"code": 422, "name": "Unprocessable Entity", "description": "It cannot be processed."},
        {"code": 422, "name": "Unprocessable Content", "description": "It cannot be processed."},
        {"code": 400, "messages": ["The name is missing."]},
        {"status": 400, "details": {"name": "is missing"}},
        {"status": 400, "errors": [{"field": "name"}]},
        {"status": 402, "title": "You do not have enough credit", "instance": "/orders"},
        {"status": 404, "message": "Not Found", "documentation_url": "https://shop.example"},
        {"status": 404, "title": "Not Found"},
        {"status_code": 404, "detail": "There is no such user."},
        {"statusCode": 404, "message": "There is no such user."},
        {"type": "about:blank", "title": "Not Found", "status": 404},
        {
            "type": "https://shop.example/problems/out-of-credit",
            "title": "You do not have enough credit",
            "status": 402,
            "detail": "Top up first.",
            "instance": "/orders",
        },
    ],
    ids=json.dumps,
)
def test_an_error_is_known_by_the_shape_of_its_body(body: Any) -> None:
    assert "SK200" in typed(JSON, json.dumps(body)).ids


@pytest.mark.parametrize(
    "body",
    [
        # The states of things
        {"id": 7, "state": "failed", "error": "disk full"},
        {"job": 7, "status": "error", "message": "disk full"},
        {"status": "failed", "error": "disk full"},
        {"status": "failed", "message": "disk full", "code": 7},
        {"status": "running", "errors": []},
        {"status": "done", "errors": ["Row 7 has no price."]},
        {"status": "error"},
        {"status": "error", "data": {"id": 7}},
        {"status": False},
        {"status": True, "message": "The lamp is on."},
        {"monitor": "/reports/7/status", "error": None},
        {"state": "FAILURE", "result": None, "traceback": "..."},
        {"success": True, "errors": ["Row 7 has no price."]},
        {"ok": True, "error": "channel_not_found"},
        {"ok": 1, "errors": ["Row 7 has no price."]},
        {"data": {"id": 7}, "error": "Row 7 has no price."},
        # Nothing went wrong
        {},
        {"error": None},
        {"error": False, "message": "Saved."},
        {"error": ""},
        {"error": {}},
        {"errors": []},
        {"errors": {}, "data": {"id": 7}},
        {"data": {"id": 7}, "error": None, "errors": None},
        {"status": "ok"},
        {"status": "success", "data": {"id": 7}},
        {"status": 200, "message": "OK"},
        {"code": 200},
        {"code": 0, "msg": "", "data": []},
        {"success": True},
        {"ok": True},
        {"message": "hi"},
        {"detail": "All of it."},
        {"title": "A room", "description": "It has a view."},
        # Numbers
        {"success": 0, "errors": 0},
        {"success": 120, "errors": 3},
        {"error": 0.02},
        {"errors": {"4xx": 3, "5xx": 1}},
        {"code": 404},
        {"status": 404, "path": "/old", "timestamp": "2030-01-01"},
        # GraphQL and JSON-RPC, which answer with a 200 whatever happened
        {"data": None, "errors": [{"message": "no", "path": ["user"]}]},
        {"data": {"user": None}, "errors": [{"message": "no"}]},
        {"data": None, "errors": [{"message": "no"}]},
        {"errors": [{"message": "no", "path": ["user"]}]},
        {"errors": [{"message": "Syntax Error", "locations": [{"line": 1, "column": 1}]}]},
        {"errors": [{"message": "PersistedQueryNotFound", "extensions": {"code": "X"}}]},
        {"jsonrpc": "2.0", "error": {"code": -32601, "message": "no"}, "id": None},
        {"result": None, "error": "no", "id": 1},
        # Catalogues and lists
        {"code": 404, "title": "A chair"},
        {"code": 412, "name": "Chair", "description": "It is blue."},
        {"errors": [{"code": 404, "title": "Not Found"}, {"code": 409, "title": "Conflict"}]},
        {"errors": [{"id": 7, "level": "high"}]},
        [{"error": "There is no such user."}],
        [],
        "error",
        404,
        None,
        False,
        # Shapes that nobody has
        {"status": {"code": 404}, "code": [404], "name": [], "title": {}},
        {"errors": [None, 7, True]},
        {"code": 404, "name": ["Not Found"], "title": {"Not": "Found"}},
        {"error": "x", "name": "Not Found"},
    ],
    ids=json.dumps,
)
def test_a_body_that_a_success_may_have_is_no_error(body: Any) -> None:
    assert typed(JSON, json.dumps(body)).ids == []


# Correct responses --------------------------------------------------------------------------------


def events() -> Iterator[str]:
    yield "data: 1\n\n"


def file_of_bytes(**options: Any) -> Any:
    return send_file(BytesIO(b"hello"), "text/plain", etag="v7", **options)


def logged_in(permanent: bool = False) -> str:
    session["user"], session.permanent = 7, permanent
    return "Welcome."


def flashed() -> str:
    flash("Saved.")
    return render_template_string("{% for m in get_flashed_messages() %}<p>{{ m }}</p>{% endfor %}")


def with_cookies() -> Any:
    response = make_response("Welcome.")
    response.set_cookie("theme", "dark", max_age=60, secure=True, samesite="None")
    response.delete_cookie("basket")
    return response


def with_validators() -> Any:
    response = jsonify(id=7)
    response.add_etag()
    response.last_modified = datetime(2030, 1, 1, tzinfo=timezone.utc)
    response.cache_control.max_age = 60
    return response.make_conditional(request)


def changed_afterwards() -> str:
    @flask.after_this_request
    def change(response: flask.Response) -> flask.Response:
        response.headers["X-Frame-Options"] = "DENY"
        response.set_data(response.get_data() + b", world")
        return response

    return "hello"


async def asynchronous() -> dict[str, int]:
    return {"id": 7}


class JSONResponse(flask.Response):
    default_mimetype = "application/json"


class User(MethodView):
    def get(self) -> Any:
        return {"id": 7}

    def delete(self) -> Any:
        return no_content()


def bulk() -> Any:
    body = [{"id": 1, "status": 201}, {"id": 2, "status": 404, "error": "There is no such user."}]
    return body, 207


def preflight() -> Any:
    methods = {"Access-Control-Allow-Methods": "GET, PUT", "Access-Control-Max-Age": "600"}
    return "", {ORIGIN: "https://a.example", CREDENTIALS: "true", "Vary": "Origin", **methods}


def multipart() -> Any:
    part = b"--x\r\nContent-Range: bytes 0-1/5\r\n\r\nhe\r\n--x--"
    return flask.Response(part, 206, content_type="multipart/byteranges; boundary=x")


def zipped() -> Any:
    return gzip.compress(b'{"id": 7}'), {"Content-Encoding": "gzip", "Content-Type": JSON}


RANGE = {"Range": "bytes=1-3"}
PDF = {"Content-Type": "application/pdf"}

#: What is correct: its status, the view, and the request it answers.
CORRECT: dict[str, tuple[int, Callable[[], Any], str, Mapping[str, str]]] = {
    # What a view may return
    "a text": (200, lambda: "hello", "GET", {}),
    "a text to HEAD": (200, lambda: "hello", "HEAD", {}),
    "nothing": (200, lambda: "", "GET", {}),
    "bytes": (200, lambda: b"\x89PNG", "GET", {}),
    "a dict": (200, lambda: {"id": 7}, "GET", {}),
    "a dict to HEAD": (200, lambda: {"id": 7}, "HEAD", {}),
    "a list": (200, lambda: [{"id": 7}], "GET", {}),
    "jsonify": (200, lambda: jsonify(id=7), "GET", {}),
    "jsonify of None": (200, lambda: jsonify(None), "GET", {}),
    "a tuple with a status": (202, lambda: ({"state": "running"}, 202), "POST", {}),
    "a tuple with headers": (200, lambda: ("x", {"X-Name": "x"}), "GET", {}),
    "a tuple with all": (200, lambda: ("<x/>", 200, [("Content-Type", "text/xml")]), "GET", {}),
    "a list of headers": (200, lambda: ("x", [("Link", "</a>"), ("Link", "</b>")]), "GET", {}),
    "make_response": (200, lambda: make_response("x", 200, {"Vary": "Accept"}), "GET", {}),
    "a status in words": (200, lambda: ("x", "200 Fine"), "GET", {}),
    "a template": (200, lambda: render_template_string("<p>{{ 7 }}</p>"), "GET", {}),
    "a WSGI application": (200, lambda: Response("x", content_type="text/plain"), "GET", {}),
    "a class of responses": (200, lambda: JSONResponse('{"id": 7}'), "GET", {}),
    "another charset": (200, lambda: ("é".encode("latin-1"), {"Content-Type": HTML}), "GET", {}),
    "a download": (200, lambda: ("%", {**PDF, "Content-Disposition": "attachment"}), "GET", {}),
    "zipped JSON": (200, zipped, "GET", {"Accept-Encoding": "gzip"}),
    "an asynchronous view": (200, asynchronous, "GET", {}),
    "a class of views": (200, User.as_view("user"), "GET", {}),
    "another method of it": (204, User.as_view("user"), "DELETE", {}),
    "headers that come later": (200, changed_afterwards, "GET", {}),
    "the state of a job": (200, lambda: {"id": 7, "state": "failed", "error": "x"}, "GET", {}),
    "several statuses": (207, bulk, "POST", {}),
    "several statuses in XML": (
        207,
        lambda: ("<d/>", 207, {"Content-Type": "text/xml"}),
        "GET",
        {},
    ),
    # Streams
    "a stream": (200, lambda: flask.Response(events()), "GET", {}),
    "a stream to HEAD": (200, lambda: flask.Response(events()), "HEAD", {}),
    "a stream with context": (200, lambda: stream_with_context(events()), "GET", {}),
    "a generator": (200, events, "GET", {}),
    "events": (
        200,
        lambda: flask.Response(
            events(), mimetype="text/event-stream", headers={"Cache-Control": "no-cache"}
        ),
        "GET",
        {},
    ),
    "JSON in a stream": (200, lambda: flask.Response(iter(["{"]), mimetype=JSON), "GET", {}),
    # Files
    "a file": (200, lambda: send_file(__file__), "GET", {}),
    "a file to HEAD": (200, lambda: send_file(__file__), "HEAD", {}),
    "a file of bytes": (200, lambda: file_of_bytes(), "GET", {}),
    "a file to keep": (200, lambda: file_of_bytes(max_age=60), "GET", {}),
    "a file to save": (
        200,
        lambda: file_of_bytes(as_attachment=True, download_name="Preise für €.txt"),
        "GET",
        {},
    ),
    "a file from a directory": (
        200,
        lambda: flask.send_from_directory(Path(__file__).parent, "support.py"),
        "GET",
        {},
    ),
    "a file that is known": (304, lambda: file_of_bytes(), "GET", CONDITIONAL),
    "a file that is known to HEAD": (304, lambda: file_of_bytes(), "HEAD", CONDITIONAL),
    "a file that is still the same": (
        304,
        lambda: send_file(__file__),
        "GET",
        {"If-Modified-Since": at(days=365)},
    ),
    "a file that was another": (412, lambda: file_of_bytes(), "GET", {"If-Match": '"v6"'}),
    "a file to keep that was another": (
        412,
        lambda: file_of_bytes(max_age=60),
        "GET",
        {"If-Match": '"v6"'},
    ),
    "a part": (206, lambda: file_of_bytes(), "GET", RANGE),
    "a part to HEAD": (206, lambda: file_of_bytes(), "HEAD", RANGE),
    "a part of the same": (206, lambda: file_of_bytes(), "GET", {**RANGE, "If-Range": '"v7"'}),
    "a part of another": (200, lambda: file_of_bytes(), "GET", {**RANGE, "If-Range": '"v6"'}),
    "a part that is not there": (416, lambda: file_of_bytes(), "GET", {"Range": "bytes=9-"}),
    "a part that makes no sense": (416, lambda: file_of_bytes(), "GET", {"Range": "bytes=x"}),
    "parts": (206, multipart, "GET", RANGE),
    # Redirects
    "a redirect": (302, lambda: redirect("/new"), "GET", {}),
    "a redirect to HEAD": (302, lambda: redirect("/new"), "HEAD", {}),
    "a redirect for good": (301, lambda: redirect("/new", 301), "GET", {}),
    "a redirect after a change": (303, lambda: redirect("/new", 303), "POST", {}),
    "a redirect of a change": (308, lambda: redirect("/new", 308), "POST", {}),
    "a redirect to a name": (302, lambda: redirect("/straße?q=ü"), "GET", {}),
    "a redirect that is thrown": (302, lambda: abort(redirect("/new")), "GET", {}),
    "choices": (300, lambda: (["/a", "/b"], 300), "GET", {}),
    # Sessions, cookies, origins
    "a session": (200, logged_in, "GET", {}),
    "a session that stays": (200, lambda: logged_in(permanent=True), "GET", {}),
    "a flashed message": (200, flashed, "GET", {}),
    "cookies": (200, with_cookies, "GET", {}),
    "an open origin": (200, lambda: ({"id": 7}, {ORIGIN: "*"}), "GET", {}),
    "a preflight": (200, preflight, "PUT", {}),
    "validators": (200, with_validators, "GET", {}),
    "validators that match": (304, with_validators, "GET", {"If-Modified-Since": at(days=3650)}),
    # The helpers
    "created": (201, lambda: created("/users/7", {"id": 7}), "POST", {}),
    "created without content": (201, lambda: created("/users/7"), "POST", {}),
    "created where it was put": (201, lambda: ({"id": 7}, 201), "PUT", {}),
    "accepted": (202, lambda: accepted("/reports/7/status", retry_after=1.5), "POST", {}),
    "no content": (204, no_content, "DELETE", {}),
    "no content to GET": (204, no_content, "GET", {}),
    "reset content": (205, reset_content, "POST", {}),
    "redirect_to": (307, lambda: redirect_to("/new"), "POST", {}),
    "redirect_to for good": (308, lambda: redirect_to("/new", permanent=True), "POST", {}),
    "redirect_to with GET": (303, lambda: redirect_to("/new", keep_method=False), "POST", {}),
    "conditional": (200, lambda: conditional({"id": 7}, etag="v7"), "GET", {}),
    "conditional that matches": (304, lambda: conditional("x", etag="v7"), "GET", CONDITIONAL),
    "conditional to HEAD": (304, lambda: conditional("x", etag="v7"), "HEAD", CONDITIONAL),
    "conditional that was another": (
        412,
        lambda: conditional("x", etag="v7"),
        "GET",
        {"If-Match": '"v6"'},
    ),
    "a match that is missing": (428, lambda: require_match("v7"), "PUT", {}),
    "a match that fails": (412, lambda: require_match("v7"), "PUT", {"If-Match": '"v6"'}),
    # Errors
    "a text for a body": (415, lambda: request.get_json(), "POST", {"Content-Type": "text/plain"}),
    "no JSON": (400, lambda: request.get_json(), "POST", {"Content-Type": JSON}),
    "a missing key": (400, lambda: request.args["page"], "GET", PROGRAM),
    "a conflict": (409, lambda: abort(409, "Taken."), "POST", {}),
    "a conflict for a browser": (409, lambda: abort(409, "Taken."), "POST", BROWSER),
    "an error of one's own": (
        409,
        lambda: ({"message": "Taken."}, 409, {"Cache-Control": "no-store"}),
        "GET",
        {},
    ),
    "an error in HTML": (
        404,
        lambda: ("<h1>Not here</h1>", 404, {"Cache-Control": "no-cache"}),
        "GET",
        BROWSER,
    ),
    "an error after a change": (404, lambda: ({"message": "No."}, 404), "DELETE", {}),
}

ENVIRONMENTS: list[dict[str, Any]] = [{}, {"DEBUG": True}, {"TESTING": True}]
in_every_environment = pytest.mark.parametrize("config", ENVIRONMENTS, ids=str)


def shop(config: Mapping[str, Any], **options: Any) -> Flask:
    app = Flask("shop", static_folder=Path(__file__).parent, static_url_path="/static")
    app.config.update(SECRET_KEY="s", **config)
    StatusKit(app, audit="off", **options)
    return app


@in_every_environment
@pytest.mark.parametrize("name", CORRECT)
def test_a_correct_response_breaks_no_rule(name: str, config: Mapping[str, Any]) -> None:
    status, view, method, headers = CORRECT[name]
    app = shop(config)
    app.add_url_rule("/", "index", view, methods=["GET", method])
    with auditing(app) as ids:
        answer = call(app, method, "/", headers)
    assert (answer.status, ids) == (status, [])


def test_a_204_that_keeps_the_content_type_of_flask_breaks_no_rule() -> None:
    app = shop({})
    app.add_url_rule("/", "index", lambda: ("", 204))
    with auditing(app) as ids:
        # The validator behind `call` insists on what few servers do.
        assert app.test_client().get("/").headers["Content-Type"] == HTML
    assert ids == []


@in_every_environment
@pytest.mark.parametrize(
    ("method", "path", "headers", "status"),
    [
        ("GET", "/static/support.py", {}, 200),
        ("HEAD", "/static/support.py", {}, 200),
        ("GET", "/static/support.py", {"If-Modified-Since": at(days=365)}, 304),
        ("GET", "/static/support.py", {"Range": "bytes=0-9"}, 206),
        ("GET", "/static/support.py", {"Range": "bytes=99999999-"}, 416),
        ("GET", "/static/nowhere.py", {}, 404),
        ("OPTIONS", "/static/support.py", {}, 200),
        ("GET", "/users/7", {}, 200),
        ("HEAD", "/users/7", {}, 200),
        ("OPTIONS", "/users/7", {}, 200),
        ("DELETE", "/users/7", {}, 405),
        ("GET", "/users", {}, 308),
        ("HEAD", "/users", {}, 308),
        ("POST", "/users", PROGRAM, 308),
        ("GET", "/nowhere", {}, 404),
        ("GET", "/nowhere", BROWSER, 404),
        ("POST", "/nowhere", {}, 404),
        ("GET", "/users/x%00%0a", {}, 404),
        ("BREW", "/users/7", {}, 405),
    ],
)
def test_what_flask_answers_by_itself_breaks_no_rule(
    method: str, path: str, headers: Mapping[str, str], status: int, config: Mapping[str, Any]
) -> None:
    app, users = shop(config), Blueprint("users", "shop", url_prefix="/users")
    users.add_url_rule("/", "list", list, methods=["GET", "POST"])
    users.add_url_rule("/<int:id>", "get", lambda id: {"id": id, "url": url_for(".get", id=id)})
    app.register_blueprint(users)
    with auditing(app) as ids:
        assert call(app, method, path, headers).status == status
    assert ids == []


#: What errors need to be told for their responses to be complete, ours and Werkzeug's.
ARGUMENTS: dict[int, dict[str, Any]] = {
    405: {"valid_methods": ["PUT"]},
    415: {"accept": "application/pdf"},
    416: {"length": 5},
    429: {"retry_after": 60},
    451: {"blocked_by": "https://court.example/"},
    503: {"retry_after": 60},
}
#: What no application can complete.
INCOMPLETE = {407, 426}


def problems_of(app: Flask, error: Exception, headers: Mapping[str, str] = PROGRAM) -> list[str]:
    def view() -> Any:
        raise error

    app.add_url_rule("/", "index", view, methods=["GET", "POST"])
    with auditing(app) as ids:
        for method in ("GET", "HEAD", "POST"):
            assert call(app, method, "/", headers).status >= 400
    return ids


@in_every_environment
@pytest.mark.parametrize("code", sorted(ERRORS.keys() - INCOMPLETE))
def test_a_typed_error_breaks_no_rule(code: int, config: Mapping[str, Any]) -> None:
    error = ERRORS[code]("What happened.", **ARGUMENTS.get(code, {}))
    assert problems_of(shop(config), error) == []


@in_every_environment
@pytest.mark.parametrize(
    "code",
    # Werkzeug's own cannot be told what these two owe.
    sorted(werkzeug.exceptions.default_exceptions.keys() - {415, 451}),
)
def test_an_error_of_werkzeugs_breaks_no_rule(code: int, config: Mapping[str, Any]) -> None:
    error = werkzeug.exceptions.default_exceptions[code](**ARGUMENTS.get(code, {}))
    assert problems_of(shop(config), error) == []


@pytest.mark.parametrize("code", sorted(INCOMPLETE))
def test_an_error_that_no_application_can_complete_breaks_its_own_rule_only(code: int) -> None:
    with pytest.warns(UserWarning, match=str(code)):
        error = ERRORS[code]()
    assert problems_of(shop({}), error) == [f"SK{code}"] * 3


class OutOfCredit(PaymentRequired):
    """The balance does not cover the price."""

    balance: int


@in_every_environment
@pytest.mark.parametrize(
    "error",
    [
        Foreign(DSN),
        TimeoutError("gone"),
        OutOfCredit("Top up first.", balance=7),
        ValidationError({"items": {0: {"price": ["Must be positive"]}}}),
        Conflict(errors=[FieldError("Taken.", pointer="#/email")]),
        NotFound(headers={"Cache-Control": "max-age=0", "ETag": '"v7"'}),
        werkzeug.exceptions.NotFound(response=Response("mine", 404, {"Cache-Control": "no-store"})),
    ],
    ids=repr,
)
def test_a_problem_breaks_no_rule_whoever_raised_it(
    error: Exception, config: Mapping[str, Any]
) -> None:
    app = shop({**config, "PROPAGATE_EXCEPTIONS": False})
    app.extensions["statuskit"].kit.map(TimeoutError, 504, retry_after=5)
    assert problems_of(app, error) == []


@in_every_environment
def test_a_problem_that_shows_internals_on_purpose_breaks_no_rule(
    config: Mapping[str, Any],
) -> None:
    app = shop(config, expose_internals=True)
    app.extensions["statuskit"].kit.map(Foreign, 502)
    assert problems_of(app, Foreign(f"{TRACEBACK} [SQL: SELECT 1] {DSN}")) == []


# Whatever is sent ---------------------------------------------------------------------------------

NAMES = [
    *("Accept", "Allow", "Cache-Control", "Content-Encoding", "Content-Length", "Content-Range"),
    *("Content-Type", "ETag", "Expires", "Last-Modified", "Link", "Location", "Retry-After"),
    *("Set-Cookie", "Vary", "WWW-Authenticate", ORIGIN, CREDENTIALS, "Transfer-Encoding"),
]
VALUES = [
    *("", "*", "true", "max-age=60", "s-maxage=99999999999999999999", "public", "no-store", "60"),
    *(JSON, PROBLEM, HTML, "gzip", "GET", '"v7"', "Mon, 01 Jan 99999999999999999999 00:00:00 GMT"),
]
ASKED = ["Authorization", "If-Match", "If-None-Match", "Range", "Origin", "Accept"]
BODIES = [b"", b"null", DEEP.encode(), TRACEBACK.encode(), b'{"debug": 7}']
lines = st.characters(exclude_characters="\r\n", exclude_categories=["Cs"])
values = st.sampled_from(VALUES) | st.text(lines)
json_bodies = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text() | st.sampled_from(VALUES),
    lambda inner: (
        st.lists(inner)
        | st.dictionaries(
            st.sampled_from(["error", "errors", "status", "code", "name", "data"]) | st.text(),
            inner,
        )
    ),
).map(lambda body: json.dumps(body).encode())


@given(
    status=st.integers(0, 999),
    headers=st.lists(st.tuples(st.sampled_from(NAMES) | st.text(lines), values)),
    body=st.binary() | json_bodies | st.sampled_from(BODIES),
    method=st.sampled_from(["GET", "HEAD", "POST", "PUT", "OPTIONS"]) | st.text(lines),
    asked=st.dictionaries(
        st.sampled_from(ASKED), st.text(st.characters(codec="latin-1", exclude_characters="\r\n"))
    ),
)
def test_any_response_can_be_checked_and_always_with_the_same_findings(
    status: int, headers: list[Any], body: bytes, method: str, asked: dict[str, str]
) -> None:
    sent = Sent(status, headers, body, method, asked)
    ids = sent.ids
    assert ids == sent.ids == sorted(ids)
    assert set(ids) <= set(RULES)
