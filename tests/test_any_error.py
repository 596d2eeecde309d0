"""Any error, for any client, in any format: the status that was meant, in a valid response."""

from __future__ import annotations

import json
import pickle
import re
from functools import cache
from typing import Any
from xml.etree.ElementTree import fromstring

import pytest
from flask import Flask
from flask.json.provider import DefaultJSONProvider
from html5lib import HTMLParser
from html_support import assert_needs_nothing_else, read_page
from hypothesis import Phase, example, given, settings
from hypothesis import strategies as st
from strategies import CANARY, INTERNAL, Late, Lost, Raised, Unknown, accepts, errors, messages
from support import CONTENT_TYPES, Answer, assert_problem, call, kit_of, raising, strict_json

from flask_statuskit import (
    Conflict,
    FieldError,
    Problem,
    UnavailableForLegalReasons,
    ValidationError,
)

XML = "{urn:ietf:rfc:7807}"
#: Controls and noncharacters: in no page (HTML \u00a713.2.3.5), although browsers forgive them.
NO_HTML = re.compile(
    "[\0-\x08\x0b\x0e-\x1f\x7f-\x9f\ufdd0-\ufdef"
    + "".join(chr(plane << 16 | last) for plane in range(17) for last in (0xFFFE, 0xFFFF))
    + "]"
)
#: Bytes that the frame of a page takes, whatever is in it.
PAGE = 8192


class Unescaped(DefaultJSONProvider):
    """As orjson and its like: UTF-8, in bytes."""

    def dumps(self, obj: Any, **_: Any) -> Any:
        return json.dumps(obj, ensure_ascii=False, default=self.default).encode()


pending: list[Exception] = []


@cache
def application(dialect: str, max_bytes: int, provider: type[DefaultJSONProvider]) -> Flask:
    """An application that raises what is pending; made once."""
    app = raising(
        lambda: pending[-1], {"STATUSKIT_DIALECT": dialect, "STATUSKIT_MAX_BODY_BYTES": max_bytes}
    )
    app.json = provider(app)
    kit_of(app).map(Lost, 404)
    kit_of(app).map(Late, 503, retry_after=5)
    return app


def answer_to(raised: Raised, app: Flask, **request: Any) -> Answer:
    """What is answered to an error, which is not changed by it."""
    before = pickle.dumps(vars(raised.error))
    pending[:] = [raised.error]
    answer = call(app, **request)
    assert pickle.dumps(vars(raised.error)) == before
    return answer


applications = st.builds(
    application,
    st.sampled_from(sorted(CONTENT_TYPES)),
    st.sampled_from([1024, 2000, 65_536]),
    st.sampled_from([DefaultJSONProvider, Unescaped]),
)


# What is found is explained by the example, and not quickly otherwise.
@settings(max_examples=300, phases=set(Phase) - {Phase.explain})
@example(
    Raised(Conflict("<" * 100_000, member="&" * 100_000, retry_after=5), 409),
    application("xml", 2000, DefaultJSONProvider),
    None,
    "GET",
)
@given(errors, applications, accepts | st.none(), st.sampled_from(["GET", "HEAD", "POST"]))
def test_any_error_is_answered_with_its_status_and_a_valid_response(
    raised: Raised, app: Flask, accept: str | None, method: str
) -> None:
    headers = {} if accept is None else {"Accept": accept}
    answer = answer_to(raised, app, method=method, headers=headers)
    assert answer.status == raised.status
    shown = f"{answer.status_line} {answer.headers} {answer.body.decode()}"
    assert CANARY not in shown
    assert not [word for word in INTERNAL if word in shown]
    [dialect] = [d for d, sent in CONTENT_TYPES.items() if sent == answer.header("Content-Type")]
    if raised.status != 499:
        assert_framed(answer, app)
    if method != "HEAD":
        bound = app.config["STATUSKIT_MAX_BODY_BYTES"]
        assert len(answer.body) <= (bound if dialect != "html" else bound + PAGE)
        assert answer.header("Content-Length") == str(len(answer.body))
        assert_says(dialect, answer)


def assert_framed(answer: Answer, app: Flask) -> None:
    """Check the headers that every error owes, but for what an error says itself."""
    assert len(answer.all("Cache-Control")) >= 1
    assert answer.header("X-Content-Type-Options") == "nosniff"
    assert re.fullmatch(r"[0-9a-f]{32}", answer.header("X-Request-ID") or "")
    assert re.fullmatch(r"[0-9]{1,10}|[A-Z][a-z]{2}, .* GMT", answer.header("Retry-After") or "0")
    assert "Accept" in (answer.header("Vary") or "")


def assert_says(dialect: str, answer: Answer) -> None:
    """Check a body by the rules of its format, and for what the headers say as well."""
    status, retry_after = str(answer.status), answer.header("Retry-After")
    said: Any = None
    if dialect in ("problem", "simple"):
        body = strict_json(answer.body)
        said = body.get("retry_after")
        if dialect == "problem":
            assert body["status"] == answer.status
            assert body["request_id"] == answer.header("X-Request-ID")
            assert Problem.from_dict(body).to_dict() == body
    elif dialect == "jsonapi":
        body = strict_json(answer.body)
        assert {error["status"] for error in body["errors"]} == {status}
        said = body["meta"].get("retry_after")
    elif dialect == "xml":
        tree = fromstring(answer.body)
        assert tree.findtext(f"{XML}status") == status
        said = tree.findtext(f"{XML}retry_after")
    elif dialect == "text":
        text = answer.body.decode()
        assert text.startswith(f"{status} ")
        assert not re.search("[\0-\x08\x0b-\x1f\x7f-\x9f]", text), "a terminal would obey this"
        said = next(iter(re.findall(r"^retry_after: (\d+)$", text, re.MULTILINE)[-1:]), None)
    else:
        page = answer.body.decode()
        assert page.startswith("<!doctype html>")
        assert page.endswith("</html>\n")
        if len(page) < PAGE:  # the parser takes its time
            # What HTML lacks is a test of its own.
            parser = HTMLParser(strict=True, namespaceHTMLElements=False)
            assert_needs_nothing_else(parser.parse(NO_HTML.sub("\ufffd", page)))
        return
    assert (said is None) == (retry_after is None)
    if retry_after is not None and retry_after.isdigit():
        assert str(said) == retry_after


@given(messages, st.sampled_from([1024, 65_536]))
def test_any_validation_messages_are_listed_as_field_errors(given: Any, max_bytes: int) -> None:
    raised = Raised(ValidationError(given), 422)
    body = assert_problem(answer_to(raised, application("problem", max_bytes, Unescaped)), 422)
    for entry in body.get("errors", []):
        assert FieldError.from_dict(entry).to_dict() == entry
        assert re.fullmatch("#(/[^ ]*)?", entry.get("pointer", "#"))
    listed = len(body.get("errors", [])) + body.get("errors_omitted", 0)
    assert listed == len(raised.error.errors)  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "make",
    [
        lambda: Conflict(Unknown()),  # type: ignore[arg-type]
        lambda: Conflict(title=Unknown()),  # type: ignore[arg-type]
        lambda: Conflict(type=Unknown()),  # type: ignore[arg-type]
        lambda: Conflict(headers={"X-Own": Unknown()}),  # type: ignore[dict-item]
        lambda: Conflict(member=[{"a": Unknown()}]),
        lambda: Conflict(member={Unknown(): 1}),
        lambda: Conflict(errors={"a": [Unknown()]}),
        lambda: Conflict(errors={Unknown(): ["Wrong"]}),
    ],
    ids=["detail", "title", "type", "header", "member", "key", "message", "field"],
)
def test_an_object_that_has_no_text_shows_no_address(make: Any) -> None:
    answer = call(raising(make))
    assert_problem(answer, 409)
    assert not re.search("0x[0-9a-f]{6}", str(answer))


@pytest.mark.parametrize(
    "make",
    [
        lambda text: Conflict(text),
        lambda text: Conflict(title=text),
        lambda text: Conflict(member=text),
        lambda text: Conflict(member=[text]),
        lambda text: ValidationError({"a": [text]}),
    ],
    ids=["detail", "title", "member", "list", "message"],
)
def test_a_page_holds_no_character_that_html_lacks(make: Any) -> None:
    for character in "\0\x1b\x7f\x85\ufffe\U0010ffff":
        answer = call(raising(lambda: make(f"a{character}b")), headers={"Accept": "text/html"})  # noqa: B023
        read_page(answer)
        assert not NO_HTML.search(answer.body.decode())


@pytest.mark.parametrize("url", ["\ud800", "http://\ud800.example/", "http://[", "\r\nX-Own: 1"])
def test_a_url_that_is_none_keeps_the_status(url: str) -> None:
    answer = call(raising(lambda: UnavailableForLegalReasons(blocked_by=url)))
    assert_problem(answer, 451)
