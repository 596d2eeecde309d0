"""Who gets which body format: by Accept, by configuration, and what that costs."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Blueprint, Flask, Response, redirect, session
from hypothesis import given
from hypothesis import strategies as st
from support import (
    BROWSER,
    CLIENTS,
    PAGE,
    PROBLEM_JSON,
    PROGRAM,
    Answer,
    assert_error,
    assert_problem,
    call,
    kit_of,
    make_app,
    raising,
    view_raising,
)

from flask_statuskit import BadGateway, Conflict, NotFound, StatusKit, dialects
from flask_statuskit.dialects import JSONAPI, PROBLEM, SIMPLE, TEXT, XML, Dialect, negotiate
from flask_statuskit.pages import HTML

PROBLEM_XML = "application/problem+xml"
JSON_API = "application/vnd.api+json"
PLAIN = "text/plain; charset=utf-8"
ACME = "application/vnd.acme.error+json"
CHROME = (
    "text/html,application/xhtml+xml,application/xml;q=0.9,image/jxl,image/avif,image/webp,"
    "image/apng,*/*;q=0.8,application/signed-exchange;v=b3;q=0.7"
)

OTHERS = (HTML, TEXT, XML, JSONAPI)


def asking(app: Flask, accept: str | None, **request: Any) -> Answer:
    return call(app, headers={} if accept is None else {"Accept": accept}, **request)


def content_type(accept: str | None, **options: Any) -> str | None:
    answer = asking(raising(Conflict, **options), accept)
    assert answer.status == 409
    return answer.header("Content-Type")


# What clients really send

#: Recorded here from Chromium 156 ("chromium"), curl 7.88, wget 1.21, Node.js 20, Java 17 and
#: the Python libraries; of Firefox, Safari and the old browsers from MDN, "List of default Accept
#: values"; of the others from their own source, whose file is named.
BROWSERS = {
    "Chrome, Edge; also frames and objects": CHROME,
    "Chrome until 110": CHROME.replace("image/jxl,", "").replace("q=0.7", "q=0.9"),
    "Firefox 132": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
    "Firefox 92": (
        "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"
    ),
    "Safari": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
    "WebKit until 2010": (
        "application/xml,application/xhtml+xml,text/html;q=0.9,text/plain;q=0.8,image/png,*/*;q=0.5"
    ),
    "Opera 12": (
        "text/html, application/xml;q=0.9, application/xhtml+xml, image/png, image/webp, "
        "image/jpeg, image/gif, image/x-xbitmap, */*;q=0.1"
    ),
    "Internet Explorer 11": "text/html, application/xhtml+xml, */*",
    "Edge until 18": "text/html, application/xhtml+xml, image/jxr, */*",
    "Lynx": "text/html, text/plain, text/sgml, text/css, application/xhtml+xml, */*;q=0.01",
    "w3m": "text/html, text/*;q=0.5, image/*, application/*",
    "htmx 4 (src/htmx.js)": "text/html, text/event-stream",
    "Turbo (src/http/fetch_request.js)": "text/html, application/xhtml+xml",
    "Turbo, forms": "text/vnd.turbo-stream.html, text/html, application/xhtml+xml",
    "Inertia (packages/core/src/request.ts)": "text/html, application/xhtml+xml",
    "jQuery, html (src/ajax.js)": "text/html, */*; q=0.01",
}

PROGRAMS = {
    "urllib, Go, okhttp, java.net.http, Node's http": None,
    "curl, wget, fetch, XMLHttpRequest, requests, httpx, htmx 1 and 2, Postman": "*/*",
    "axios (lib/defaults/index.js), Angular (http/src/xhr.ts)": "application/json, text/plain, */*",
    "jQuery, json": "application/json, text/javascript, */*; q=0.01",
    "jQuery, no type": "*/*",
    "jQuery, script": (
        "text/javascript, application/javascript, application/ecmascript, "
        "application/x-ecmascript, */*; q=0.01"
    ),
    "HTTPie (httpie/client.py)": "application/json, */*;q=0.5",
    "Spring, String (StringHttpMessageConverter)": "text/plain, */*",
    "Spring, object (Jackson's converter)": "application/json, application/*+json",
    "Spring, with XML on the class path": (
        "application/xml, text/xml, application/json, application/*+xml, application/*+json"
    ),
    "HttpURLConnection until Java 16": "text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2",
    "HttpURLConnection of Java 17": "text/html, image/gif, image/jpeg, */*; q=0.2",
    "Apollo Client": "application/graphql-response+json, application/json;q=0.9",
    "GitHub's clients": "application/vnd.github+json",
    "Kubernetes' probes": "*/*",
    "chromium, img": "image/jxl,image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8",
    "chromium, stylesheet": "text/css,*/*;q=0.1",
    "chromium, script, video": "*/*",
    "chromium, EventSource": "text/event-stream",
    "Firefox 128, img": "image/avif,image/webp,image/png,image/svg+xml,image/*;q=0.8,*/*;q=0.5",
    "Firefox, video": (
        "video/webm,video/ogg,video/*;q=0.9,application/ogg;q=0.7,audio/*;q=0.6,*/*;q=0.5"
    ),
    "Internet Explorer 8": (
        "image/jpeg, application/x-ms-application, image/gif, application/xaml+xml, image/pjpeg, "
        "application/x-ms-xbap, application/x-shockwave-flash, application/msword, */*"
    ),
}


@pytest.mark.parametrize("accept", BROWSERS.values(), ids=list(BROWSERS))
def test_a_browser_gets_a_page(accept: str) -> None:
    answer = asking(raising(Conflict), accept)
    assert_error(answer, 409, PAGE)
    assert b"<h1" in answer.body


@pytest.mark.parametrize("accept", PROGRAMS.values(), ids=list(PROGRAMS))
def test_a_program_gets_a_problem(accept: str | None) -> None:
    assert_problem(asking(raising(Conflict), accept), 409)


# What else may be sent

ASKED_FOR = {
    "application/problem+json": PROBLEM_JSON,
    "application/json": PROBLEM_JSON,
    "application/*": PROBLEM_JSON,
    "application/problem+xml": PROBLEM_XML,
    "application/xml": PROBLEM_XML,
    "text/xml": PROBLEM_XML,
    "application/xml, text/xml, */*; q=0.01": PROBLEM_XML,  # jQuery, xml
    "application/vnd.api+json": JSON_API,
    "text/plain": PLAIN,
    "text/plain, */*; q=0.01": PLAIN,  # jQuery, text
    "text/html": PAGE,
    "application/xhtml+xml": PAGE,
    "text/*": PAGE,
    "text/*, */*;q=0.1": PAGE,
    # Names and q are compared without regard to case (RFC 9110 §8.3.1, §5.6.6).
    "TEXT/HTML": PAGE,
    "Application/XML;Q=0.9, */*;Q=0.1": PROBLEM_XML,
    " \ttext/html\t ": PAGE,
    # The most specific range counts, wherever it stands.
    "*/*, text/html;q=0.1": PROBLEM_JSON,
    "text/html;q=0.1, */*;q=0.2": PROBLEM_JSON,
    "application/*;q=0.1, */*": PAGE,
    "application/*;q=0.1, text/*;q=0.2, text/html;q=0.1": PLAIN,
    "text/html;q=0, text/*": PLAIN,
    "text/html;q=0, text/plain;q=0, text/*, */*;q=0.1": PROBLEM_JSON,
    # What is refused is not sent as long as there is anything else.
    "application/problem+json;q=0, application/json, text/plain;q=0.1": PLAIN,
    "application/json;q=0, application/xml;q=0.1": PROBLEM_XML,
    # Of a range that stands there twice, the better counts.
    "text/html;q=0.1, application/json;q=0.5, text/html;q=0.9": PAGE,
    "text/html, text/html, text/html": PAGE,
    # We have no variants, so parameters make no difference.
    "text/html;charset=utf-8": PAGE,
    "text/html; charset=utf-8, */*;q=0.1": PAGE,
    "text/html;level=1;q=0.9, application/json;q=0.8": PAGE,
    "application/xml;q=0.9;charset=utf-8, application/json;q=0.8": PROBLEM_XML,
    'application/vnd.api+json;ext="https://jsonapi.org/ext/atomic"': JSON_API,
    'application/vnd.api+json; profile="http://example.com/a http://example.com/b"': JSON_API,
    "application/json; charset=utf-8": PROBLEM_JSON,
    # ... but where the type itself is named as well, that counts.
    "text/html;level=1, text/html;q=0.1, application/json;q=0.5": PROBLEM_JSON,
    # JSON of a kind that nobody knows is JSON.
    "application/vnd.shop.v2+json": PROBLEM_JSON,
    "application/vnd.shop.v2+json, text/html;q=0.9": PROBLEM_JSON,
    "application/vnd.shop.v2+json;q=0.5, text/html;q=0.9": PAGE,
    # Of formats liked alike, one that only errors have tells most, and a wildcard least.
    "application/json, application/vnd.api+json": JSON_API,
    "application/problem+xml, application/json": PROBLEM_XML,
    "text/html, application/problem+json": PROBLEM_JSON,
    "text/html, application/json": PROBLEM_JSON,
    "text/plain, application/json": PROBLEM_JSON,
    "text/plain, application/xml": PROBLEM_XML,
}


@pytest.mark.parametrize(("accept", "content_type"), ASKED_FOR.items())
def test_a_client_gets_what_it_likes_best(accept: str, content_type: str) -> None:
    assert_error(asking(raising(Conflict), accept), 409, content_type)


@pytest.mark.parametrize(
    "accept",
    [
        "",
        " ",
        ",",
        ",,,;;;",
        "*",
        "*, text",
        "*;q=1",
        "*/html",
        "text",
        "text/",
        "/html",
        "/",
        "text/html/5",
        "text html",
        "text/html;q=2",
        "text/html;q=-1",
        "text/html;q=abc",
        "text/html;q=1.0.0",
        "text/html;q=nan",
        "text/html;q=inf",
        "text/html;q=0",
        "text/html;q=0.000, */*;q=0",
        "application/xml;q=0",
        "application/xhtml+xml;q=0, text/xml;q=0",
        "image/png",
        "image/png, audio/*;q=0.5",
        "application/pdf;q=0.1",
        "*/*;q=0",
        "*/*;q=0.1",
        '"text/html',
        "\xff\xfe/\xe9",
        "text/h\xe9ml",
        "\x85",
        "<script>",
        "%s%s%n{0}{",
        "text/html" * 12_000,
        "text/html, " * 10_000,
        "image/png;" * 10_000,
        ";q=" * 30_000,
        '"' * 100_000,
        "text/html;q=0." + "9" * 100_000,
    ],
    ids=lambda accept: ascii(accept[:40]),
)
def test_what_says_nothing_or_cannot_be_had_gets_a_problem_and_never_a_406(accept: str) -> None:
    answer = call(raising(Conflict), environ_overrides={"HTTP_ACCEPT": accept})
    assert_problem(answer, 409)


def test_several_header_lines_count_as_one() -> None:
    lines = [("Accept", "text/html;q=0.5"), ("Accept", "application/xml"), ("Accept", "*/*;q=0.1")]
    response = raising(Conflict).test_client().get("/", headers=lines)
    assert response.content_type == PROBLEM_XML


# Any text at all

KNOWN = {PROBLEM_JSON, PROBLEM_XML, JSON_API, PLAIN, PAGE}
tokens = st.sampled_from(
    [
        *("text", "html", "plain", "application", "json", "problem+json", "xml", "*", "image"),
        *("/", "/", ",", ", ", ";", ";q=", "=", "0.5", "1", "0", "-", '"', "\\", " ", "\t", "q"),
    ]
)
header_text = st.text(st.characters(max_codepoint=255, exclude_characters="\r\n\0"))
any_accept = header_text | st.lists(tokens, max_size=30).map("".join)


@pytest.fixture(scope="module")
def conflicting() -> Flask:
    return raising(Conflict)


@given(any_accept)
def test_whatever_is_accepted_the_status_stays_and_the_format_is_a_known_one(
    conflicting: Flask, accept: str
) -> None:
    answer = call(conflicting, environ_overrides={"HTTP_ACCEPT": accept})
    kind = answer.header("Content-Type")
    assert kind in KNOWN
    assert_error(answer, 409, str(kind))
    assert b"Conflict" in answer.body


def quality(media_type: str, ranges: dict[str, str]) -> float:
    """How much a media type is liked, as RFC 9110 §12.5.1 has it; an oracle."""
    for named in (media_type, media_type.partition("/")[0] + "/*", "*/*"):
        if named in ranges:
            return float(ranges[named] or 1)
    return 0


own_types = [dialect.media_type for dialect in (PROBLEM, *OTHERS)]
some_ranges = st.dictionaries(
    st.sampled_from([*own_types, "text/*", "application/*", "*/*", "image/*", "image/png"]),
    st.sampled_from(["", "1", "1.000", "0.9", "0.5", "0.123", "0.001", "0"]),
    min_size=1,
)


@given(some_ranges, st.sampled_from([PROBLEM, *OTHERS]), st.randoms())
def test_nothing_else_is_liked_better_than_what_is_sent(
    ranges: dict[str, str], default: Dialect, random: Any
) -> None:
    named = [f"{name};q={q}" if q else name for name, q in ranges.items()]
    random.shuffle(named)
    chosen = negotiate(", ".join(named), default, (PROBLEM, *OTHERS))
    best = max(quality(media_type, ranges) for media_type in own_types)
    if best == 0:
        assert chosen is default
    else:
        assert quality(chosen.media_type, ranges) == best
    if quality(default.media_type, ranges) == best and not ranges.keys() & {*own_types}:
        # Nothing is named, so that nothing speaks against the default.
        assert chosen is default


# Vary


@pytest.mark.parametrize("headers", [{}, PROGRAM, BROWSER, {"Accept": "image/png"}], ids=str)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_an_answer_that_depends_on_accept_says_so(headers: Any, method: str) -> None:
    assert call(raising(Conflict), method, headers=headers).header("Vary") == "Accept"


@pytest.mark.parametrize("headers", [{}, PROGRAM, BROWSER], ids=str)
def test_an_answer_that_does_not_depend_on_accept_does_not_say_so(headers: Any) -> None:
    app = raising(Conflict, {"STATUSKIT_NEGOTIATE": False})
    assert call(app, headers=headers).header("Vary") is None


@pytest.mark.parametrize("make", [lambda: "fine", lambda: redirect("/elsewhere")])
def test_what_is_no_problem_does_not_vary(make: Any) -> None:
    assert call(raising(make), headers=BROWSER).header("Vary") is None


@pytest.mark.parametrize(
    ("headers", "vary"),
    [
        ({"Vary": "Origin"}, "Origin, Accept"),
        ([("Vary", "Origin"), ("Vary", "Cookie")], "Origin, Cookie, Accept"),
        ({"Vary": "Accept"}, "Accept"),
    ],
)
def test_what_an_error_varies_by_besides_stays_in_one_line(headers: Any, vary: str) -> None:
    assert call(raising(lambda: Conflict(headers=headers))).header("Vary") == vary


def test_what_others_add_to_vary_later_loses_nothing() -> None:
    def view() -> Any:
        session["seen"] = True
        raise Conflict(headers=[("Vary", "Origin"), ("Vary", "X-Tenant")])

    app = raising(view, {"SECRET_KEY": "x"})
    assert call(app).header("Vary") == "Origin, X-Tenant, Accept, Cookie"


def test_a_body_that_cannot_be_rendered_varies_as_well() -> None:
    def broken(problem: Any) -> Any:
        raise RuntimeError("broken")

    assert call(raising(Conflict, dialect=broken)).header("Vary") == "Accept"
    assert call(raising(Conflict, dialect=broken, negotiate=False)).header("Vary") is None


# NEGOTIATE off


@pytest.mark.parametrize("accept", [*ASKED_FOR, *BROWSERS.values()])
def test_without_negotiation_all_get_the_default(accept: str) -> None:
    assert content_type(accept, negotiate=False) == PROBLEM_JSON


@pytest.mark.parametrize(
    ("dialect", "kind"),
    [("simple", "application/json"), ("xml", PROBLEM_XML), ("html", PAGE), ("text", PLAIN)],
)
def test_without_negotiation_the_default_is_the_one_that_is_set(dialect: str, kind: str) -> None:
    for accept in (None, "*/*", CHROME, "application/problem+json", "application/json"):
        assert content_type(accept, negotiate=False, dialect=dialect) == kind


# What it costs


@pytest.fixture
def parsed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every header that is parsed."""
    headers: list[str] = []
    parse = dialects.parse_accept_header

    def counting(value: str) -> Any:
        headers.append(value)
        return parse(value)

    monkeypatch.setattr(dialects, "parse_accept_header", counting)
    dialects._best.cache_clear()
    return headers


@pytest.mark.parametrize(
    "accept",
    [
        None,
        "",
        "*/*",
        "application/json",
        PROGRAMS["HttpURLConnection of Java 17"],
        PROGRAMS["HttpURLConnection until Java 16"],
        "text/html," * 1000,
    ],
)
def test_nothing_is_parsed_for_a_client_that_takes_anything(
    parsed: list[str], accept: str | None
) -> None:
    assert_problem(asking(raising(Conflict), accept), 409)
    assert parsed == []


@pytest.mark.parametrize(
    "accept", [CHROME, "application/problem+json", "application/json, text/plain, */*"]
)
def test_what_many_clients_send_is_parsed_once(parsed: list[str], accept: str) -> None:
    for app in (raising(Conflict), raising(Conflict)):
        for _ in range(3):
            asking(app, accept)
    assert parsed == [accept]


def test_json_is_what_an_application_itself_calls_so() -> None:
    app = raising(Conflict)
    kit_of(app).dialect("application/json")(lambda _: {"fault": True})
    assert asking(app, "application/json").json == {"fault": True}


def test_nothing_is_parsed_where_negotiation_is_off(parsed: list[str]) -> None:
    assert content_type(CHROME, negotiate=False) == PROBLEM_JSON
    assert parsed == []


def test_clients_that_send_ever_new_texts_do_not_fill_the_memory(parsed: list[str]) -> None:
    for number in range(1000):
        assert negotiate(f"text/html;v={number}", PROBLEM, OTHERS) is HTML
    cache = dialects._best.cache_info()
    assert cache.currsize <= (cache.maxsize or 0) <= 1000
    # Nor may few of them be large.
    size = cache.currsize
    negotiate("text/html;v=" + "1" * 2000, PROBLEM, OTHERS)
    assert dialects._best.cache_info().currsize == size


def test_an_application_is_not_kept_for_what_its_clients_accepted() -> None:
    def make() -> tuple[weakref.ref[Flask], weakref.ref[Any]]:
        app = raising(Conflict)

        @kit_of(app).dialect(ACME)
        def acme(problem: Any) -> Any:
            return {"fault": problem.title, "by": app.name}

        assert asking(app, ACME).header("Content-Type") == ACME
        app.config["STATUSKIT_DIALECT"] = acme
        assert asking(app, ACME).header("Content-Type") == ACME
        return weakref.ref(app), weakref.ref(acme)

    app, acme = make()
    gc.collect()
    assert (app(), acme()) == (None, None)


# The default


def by_all_ways(
    dialect: Any, monkeypatch: pytest.MonkeyPatch, error: Any = Conflict
) -> Iterator[Flask]:
    yield raising(error, {"STATUSKIT_DIALECT": dialect})
    yield raising(error, {"STATUSKIT_DIALECT": "xml"}, dialect=dialect)
    if isinstance(dialect, str):
        monkeypatch.setenv("FLASK_STATUSKIT_DIALECT", dialect)
        app = Flask("shop")
        app.config.from_prefixed_env()
        StatusKit(app)
        app.add_url_rule("/", "index", view_raising(error))
        yield app


NAMES = {
    "problem": PROBLEM_JSON,
    "simple": "application/json",
    "jsonapi": JSON_API,
    "xml": PROBLEM_XML,
    "text": PLAIN,
    "html": PAGE,
}


def test_every_dialect_has_a_name() -> None:
    assert tuple(NAMES) == dialects.NAMES


@pytest.mark.parametrize(("name", "kind"), NAMES.items())
def test_a_default_is_set_by_its_name_or_its_media_type(
    name: str, kind: str, monkeypatch: pytest.MonkeyPatch, log: Any
) -> None:
    for written in (name, kind, kind.partition(";")[0].upper()):
        for app in by_all_ways(written, monkeypatch):
            for accept in (None, "*/*", "image/png", "*/*;q=0.5"):
                assert asking(app, accept).header("Content-Type") == kind
    assert not [r for r in log.ours if r.levelname == "ERROR"]


@pytest.mark.parametrize("name", NAMES)
def test_every_other_dialect_is_still_to_be_had(name: str) -> None:
    app = raising(Conflict, dialect=name)
    for dialect in (PROBLEM, HTML, TEXT, XML, JSONAPI):
        assert asking(app, dialect.media_type).header("Content-Type") == dialect.content_type


@pytest.mark.parametrize(
    ("name", "accept", "kind"),
    [
        # JSON is asked for, so it is not the default that is none.
        ("xml", "application/json", PROBLEM_JSON),
        ("html", "application/json, text/plain, */*", PROBLEM_JSON),
        ("text", "application/json, text/plain, */*", PROBLEM_JSON),
        ("html", "application/vnd.github+json", PROBLEM_JSON),
        ("jsonapi", "application/json", JSON_API),
        ("xml", "text/plain, */*", PROBLEM_XML),
        ("xml", CHROME, PAGE),
        ("html", "application/problem+json", PROBLEM_JSON),
        ("text", "text/html", PAGE),
    ],
)
def test_a_default_is_for_those_that_ask_for_nothing_else(
    name: str, accept: str, kind: str
) -> None:
    assert content_type(accept, dialect=name) == kind


def acme(problem: Any) -> dict[str, Any]:
    return {"fault": problem.title, "status": problem.status}


class Acme:
    """A function with a memory, which cannot be hashed, and whose copy is another."""

    __hash__ = None  # type: ignore[assignment]

    def __call__(self, problem: Any) -> dict[str, Any]:
        return acme(problem)

    render = __call__


@pytest.mark.parametrize("function", [acme, Acme(), Acme().render, lambda problem: acme(problem)])
def test_a_default_may_be_a_function_that_makes_the_json(
    function: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    for app in by_all_ways(function, monkeypatch):
        for accept in (None, "*/*", "application/json", "application/*", "text/plain, */*"):
            answer = asking(app, accept)
            assert_error(answer, 409, "application/json")
            assert answer.json == {"fault": "Conflict", "status": 409}
        assert_problem(asking(app, PROBLEM_JSON), 409)
        assert_error(asking(app, CHROME), 409, PAGE)


def test_settings_with_a_function_are_resolved_once(monkeypatch: pytest.MonkeyPatch) -> None:
    app = raising(Conflict, {"STATUSKIT_DIALECT": Acme()})
    monkeypatch.setattr("flask_statuskit.config.resolve", None)
    assert call(app).json["fault"] == "Conflict"


def test_a_default_may_be_the_media_type_of_ones_own_registered_later(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for written in (ACME, ACME.upper()):
        for app in by_all_ways(written, monkeypatch):
            kit_of(app).dialect(ACME)(acme)
            for accept in (None, "*/*", "application/json", ACME):
                assert_error(asking(app, accept), 409, ACME)
            assert_problem(asking(app, PROBLEM_JSON), 409)


def test_a_media_type_that_nobody_registered_is_logged_and_the_default_goes_out(log: Any) -> None:
    app = raising(Conflict, dialect=ACME)
    assert_problem(call(app), 409)
    assert_error(call(app, headers=BROWSER), 409, PAGE)
    complaints = [r.getMessage() for r in log.ours if r.levelname == "ERROR"]
    assert (
        complaints == [f"There is no dialect {ACME!r}; @statuskit.dialect({ACME!r}) makes one."] * 2
    )


def test_a_default_may_change_between_requests() -> None:
    app = raising(Conflict)
    for name, kind in NAMES.items():
        app.config["STATUSKIT_DIALECT"] = name
        assert call(app).header("Content-Type") == kind


# Blueprints


def site(dialect: Any) -> Flask:
    """/api and /api/v1 (nested), /pages, and / outside of all."""
    app = make_app({"STATUSKIT_DIALECT": dialect})
    api, v1, pages = (Blueprint(name, __name__) for name in ("api", "v1", "pages"))
    for owner in (app, api, v1, pages):
        owner.add_url_rule("/", "index", view_raising(Conflict))
    api.register_blueprint(v1, url_prefix="/v1")
    app.register_blueprint(api, url_prefix="/api")
    app.register_blueprint(pages, url_prefix="/pages")
    return app


PATHS = ["/", "/api/", "/api/v1/", "/pages/", "/nowhere", "/api/nowhere"]


@pytest.mark.parametrize(
    ("dialect", "kinds"),
    [
        ({}, [PROBLEM_JSON] * 6),
        (
            {"api": "simple"},
            [PROBLEM_JSON, "application/json", "application/json", *[PROBLEM_JSON] * 3],
        ),
        (
            {"api": "simple", "api.v1": "jsonapi", "*": "text"},
            [PLAIN, "application/json", JSON_API, *[PLAIN] * 3],
        ),
        ({"api.v1": acme, "pages": "html"}, [*[PROBLEM_JSON] * 2, "application/json", PAGE]),
        ({"*": "xml"}, [PROBLEM_XML] * 6),
        # A blueprint within another has its full name.
        ({"v1": "xml"}, [PROBLEM_JSON] * 6),
    ],
    ids=str,
)
def test_each_blueprint_may_have_a_default_of_its_own(dialect: Any, kinds: list[str]) -> None:
    app = site(dialect)
    for path, kind in zip(PATHS, kinds, strict=False):
        assert call(app, path=path).header("Content-Type") == kind, path
    # Whatever the default is, the others are to be had.
    for path in PATHS:
        assert_error(call(app, path=path, headers=BROWSER), 409 if path[-1] == "/" else 404, PAGE)


# The move from an old body


def old_body(problem: Any) -> dict[str, Any]:
    return {"success": False, "message": problem.detail}


@pytest.mark.parametrize(
    ("dialect", "old"), [("simple", {"error": "Taken"}), (old_body, {"message": "Taken"})]
)
def test_old_clients_keep_the_old_body_while_new_ones_ask_for_problems(
    dialect: Any, old: dict[str, Any]
) -> None:
    app = raising(lambda: Conflict("Taken"), dialect=dialect)
    for accept in (None, "", "*/*", "application/json", "application/json, text/plain, */*"):
        answer = asking(app, accept)
        assert_error(answer, 409, "application/json")
        assert answer.json.items() >= old.items()
    for accept in (
        "application/problem+json",
        # As clients ask that know it: the one for errors, the other for what succeeds.
        "application/json, application/problem+json",
        "application/problem+json, application/json",
        "application/json, application/problem+json, */*",
        "application/json;q=0.9, application/problem+json",
    ):
        assert assert_problem(asking(app, accept), 409)["detail"] == "Taken"
    # Whoever likes the old one better gets it.
    accept = "application/json, application/problem+json;q=0.9"
    assert asking(app, accept).header("Content-Type") == "application/json"
    assert_error(asking(app, CHROME), 409, PAGE)


def test_a_replaced_json_dialect_is_what_application_json_gets() -> None:
    app = raising(Conflict)
    kit_of(app).dialect("application/json")(acme)
    assert_problem(call(app), 409)
    assert_error(asking(app, "application/json"), 409, "application/json")
    assert_error(asking(app, "application/json, text/plain, */*"), 409, "application/json")


# Everywhere


@pytest.mark.parametrize(("headers", "kind"), CLIENTS, ids=str)
def test_all_kinds_of_errors_are_negotiated(headers: Any, kind: str) -> None:
    def bug() -> Any:
        raise KeyError("a bug")

    app = make_app({"PROPAGATE_EXCEPTIONS": False})
    app.add_url_rule("/bug", "bug", view_raising(bug))
    app.add_url_rule("/late", "late", str)
    app.add_url_rule("/typed", "typed", view_raising(BadGateway))
    kit_of(app).map("builtins.KeyError", NotFound)

    @app.after_request
    def late(response: Response) -> Response:
        if response.status_code == 200:
            raise RuntimeError("late")
        return response

    for path, status in [("/typed", 502), ("/nowhere", 404), ("/late", 500), ("/bug", 404)]:
        assert_error(call(app, path=path, headers=headers), status, kind)
    assert_error(call(app, "DELETE", "/typed", headers=headers), 405, kind)


@pytest.mark.parametrize(("headers", "kind"), CLIENTS, ids=str)
def test_head_gets_the_headers_that_get_would_have(headers: Any, kind: str) -> None:
    app = raising(Conflict)
    headers = {**headers, "X-Request-ID": "the-request"}
    got, head = call(app, headers=headers), call(app, "HEAD", headers=headers)
    assert_error(head, 409, kind)
    assert head.headers == got.headers


def test_the_catalogue_may_negotiate_by_itself() -> None:
    assert negotiate(CHROME, SIMPLE, (HTML,)) is HTML
    for accept in (None, "*/*", "application/json", "application/problem+json", "image/png"):
        assert negotiate(accept, SIMPLE, (HTML,)) is SIMPLE
