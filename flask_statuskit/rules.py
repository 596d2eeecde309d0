"""The rules of the auditor: what a response to some request must not look like.

RULES {id: Rule}          SK200-SK206   success
                          SK301-SK302   redirection
                          SK400-SK503   errors
                          SK600-SK610   headers and content of any response
                          SK700         what a view has declared

A rule says in one sentence what is wrong, what to type instead, and where that is written, and
decides by looking at an `Exchange`. It fires only where nothing outside of the exchange could make
the response right. `audit` does the looking; the documentation is written from the same rows.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone
from functools import cached_property
from types import MappingProxyType
from typing import Any
from wsgiref.util import is_hop_by_hop

from werkzeug.datastructures import Headers, ResponseCacheControl
from werkzeug.http import HTTP_STATUS_CODES, parse_cache_control_header

from .exceptions import TOKEN
from .retry import read_date
from .statuses import STATUSES, phrase

#: What `Exchange.document` is where the content is no JSON.
NOT_JSON = object()


@dataclass(frozen=True, kw_only=True)
class Exchange:
    """A request and the response to it, as far as rules look at them.

    Attributes:
        method: the method of the request.
        asked: the headers of the request.
        status: the status of the response.
        headers: the headers of the response.
        length: the size of the content in bytes, None where it is streamed.
        content: the content, None where it is streamed, encoded or large.
        undeclared: the class of the problem that it is, where its view should declare that.
    """

    method: str
    asked: Headers
    status: int
    headers: Headers
    length: int | None = None
    content: bytes | None = None
    undeclared: str | None = None

    @cached_property
    def is_error(self) -> bool:
        return self.status >= 400

    @cached_property
    def media_type(self) -> str:
        return self.headers.get("Content-Type", "").partition(";")[0].strip().lower()

    @cached_property
    def is_json(self) -> bool:
        """Whether the content is labelled as JSON."""
        return self.media_type == "application/json" or self.media_type.endswith("+json")

    @cached_property
    def document(self) -> Any:
        """The content as RFC 8259 reads it, else `NOT_JSON`; None where it is nested too deeply."""
        try:
            return json.loads(self.content or b"", parse_constant=_refuse)
        except RecursionError:
            return None
        except ValueError:
            return NOT_JSON

    @cached_property
    def cache_control(self) -> ResponseCacheControl:
        # Directives have no case (RFC 9111 §5.2), to Werkzeug they have.
        value = ", ".join(self.headers.getlist("Cache-Control")).lower()
        return parse_cache_control_header(value, cls=ResponseCacheControl)

    @cached_property
    def vary(self) -> set[str]:
        """What the response depends on, in lower case."""
        return set(",".join(self.headers.getlist("Vary")).lower().replace(" ", "").split(","))

    def lacks(self, *names: str) -> bool:
        """Whether the response has none of these headers, or only empty ones."""
        return not any(value.strip() for name in names for value in self.headers.getlist(name))


def _refuse(constant: str) -> None:
    raise ValueError(constant)


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One way for a response to be broken.

    Attributes:
        id: its stable name, ``SK`` and the status it is about, or 600 and up.
        summary: what is wrong, beginning in lower case.
        hint: what to type instead.
        section: where that is written.
        is_broken: the decision about an exchange.
        request: a request to show it with, the method and the path.
        broken: the code of a view that answers that request wrongly.
        right: the code of a view that answers it as the hint says.
        asked: headers of that request.
        decorator: what stands above that view, besides its route.
    """

    id: str
    summary: str
    hint: str
    section: str
    is_broken: Callable[[Exchange], bool]
    request: str
    broken: str
    right: str
    asked: Mapping[str, str] = field(default_factory=dict)
    decorator: str = ""


#: What bodies of errors are made of. Any other key makes a body something else: the state of a job
#: that failed, say, which a 200 describes as well as that of one that did not.
_WORDS_OF_ERRORS = {
    *("code", "data", "description", "detail", "details", "documentation_url", "error"),
    *("error_code", "error_description", "error_uri", "errors", "exception", "field", "instance"),
    *("message", "messages", "msg", "ok", "path", "reason", "request_id", "status", "status_code"),
    *("statusCode", "success", "timestamp", "title", "trace_id", "type"),
}
#: Those that tell what happened this time.
_TELLING = {"detail", "details", "error", "errors", "instance", "message", "messages", "msg"}


def _tells_of_an_error(exchange: Exchange) -> bool:
    # In a 207 the parts have statuses of their own.
    if not 200 <= exchange.status < 300 or exchange.status == 207:
        return False
    if exchange.media_type.startswith("application/problem+"):
        return True
    is_for_programs = exchange.is_json or _is_json_by_another_name(exchange)
    body = exchange.document if is_for_programs else None
    return isinstance(body, dict) and _is_an_error(body)


def _is_an_error(body: dict[str, Any]) -> bool:
    """Whether a body has the shape of an error, and of nothing else that a 200 may describe."""
    # Envelopes have all of their members, and nothing in most of them.
    told = {name: value for name, value in body.items() if value not in (None, "", [], {})}
    code = _error_code(told)
    names_it = code is not None and told.get("name", told.get("title")) in _phrases(code)
    # Flask's documentation has a handler that writes this name.
    words = told.keys() - {"name"} if names_it else told.keys()
    if not words <= _WORDS_OF_ERRORS:
        return False
    flags = [told.get(name) for name in ("ok", "success")]
    if any(flag is False for flag in flags):
        return True
    if code is not None:
        return names_it or bool(words & _TELLING)
    if "status" in told:
        # Any other word, JSend has two of these, is the state of something.
        word = str(told["status"]).lower()
        if word == "fail":
            return bool(words & {*_TELLING, "data"})
        return word in ("error", "false") and bool(words & _TELLING)
    if any(flags) or "data" in words:
        return False
    error = told.get("error")
    is_told = error is True or isinstance(error, (str, list, dict))
    # GraphQL has the member data even where there is none.
    return is_told or ("data" not in body and _are_messages(told.get("errors")))


def _error_code(body: dict[str, Any]) -> int | None:
    values = (body.get(name) for name in ("status", "code", "status_code", "statusCode"))
    return next((int(v) for v in map(str, values) if re.fullmatch("[45][0-9][0-9]", v)), None)


def _phrases(code: int) -> list[str]:
    return [phrase(code), HTTP_STATUS_CODES.get(code, "")]


def _are_messages(errors: Any) -> bool:
    """Whether they are about the request, not numbers, a catalogue, or a GraphQL response's own."""
    entries = list(errors.values()) if isinstance(errors, dict) else errors
    if not isinstance(entries, list):
        return isinstance(entries, str)
    graphqls = {"message", "locations", "path", "extensions"}
    return any(
        isinstance(entry, (str, list))
        or (
            isinstance(entry, dict)
            and bool(entry.keys() & _TELLING)
            and not {"message"} < entry.keys() <= graphqls
        )
        for entry in entries
    )


def _has_forbidden_content(exchange: Exchange) -> bool:
    conditions = ("If-None-Match", "If-Modified-Since")
    if exchange.status == 304 and any(name in exchange.asked for name in conditions):
        # `make_conditional` leaves the content to Werkzeug, which does not send it.
        return False
    return exchange.status in (204, 205, 304) and bool(exchange.length)


def _is_created_somewhere(exchange: Exchange) -> bool:
    # Without Location the target is what was created (RFC 9110 §15.3.2), which is what these are
    # for (§9.3.4, RFC 5789 §2, RFC 4918 §9).
    creates_target = exchange.method in ("PUT", "PATCH", "MKCOL", "COPY", "MOVE", "LOCK")
    return exchange.status == 201 and exchange.lacks("Location") and not creates_target


def _is_partial_without_range(exchange: Exchange) -> bool:
    # Each part of a multipart response has its own (RFC 9110 §15.3.7.2).
    in_parts = exchange.media_type == "multipart/byteranges"
    return exchange.status == 206 and exchange.lacks("Content-Range") and not in_parts


def _allows_what_it_refused(exchange: Exchange) -> bool:
    if exchange.status != 405:
        return False
    # An empty Allow says that there is no method at all (RFC 9110 §10.2.1).
    allowed = ",".join(exchange.headers.getlist("Allow")).upper().replace(" ", "").split(",")
    return "Allow" not in exchange.headers or exchange.method in allowed


def _contradicts_its_status(exchange: Exchange) -> bool:
    body = exchange.document
    if exchange.media_type != "application/problem+json" or not isinstance(body, dict):
        return False
    status = body.get("status")
    # A reader ignores a member of the wrong type (RFC 9457 §3.1).
    return exchange.is_error and type(status) is int and status != exchange.status


_INTERNALS = re.compile(
    rb"""Traceback\ \(most\ recent\ call\ last\)
    | File\ \\?"[^"\n]+\.py\\?",\ line\ \d             # a frame
    | [\w>]\ object\ at\ 0x[0-9a-f]+(>|&gt;)          # a repr
    | [/\\](site|dist)-packages[/\\]
    | \[SQL:\ | sqlalche\.me/
    | \((sqlite3|psycopg2?|asyncpg|pymysql|MySQLdb)\.[\w.]+\)
    """,
    re.VERBOSE,
)
_URL_WITH_PASSWORD = re.compile(rb"""\w://[^\s/:@"']+:[^\s/@"']+@""")


def _shows_internals(exchange: Exchange) -> bool:
    if not exchange.is_error or not exchange.content:
        return False
    body = exchange.document
    if isinstance(body, dict) and "debug" in body:
        # Somebody chose to see them: STATUSKIT_EXPOSE_INTERNALS.
        return False
    if _INTERNALS.search(exchange.content):
        return True
    # A 4xx may repeat what the client has sent.
    return exchange.status >= 500 and _URL_WITH_PASSWORD.search(exchange.content) is not None


def _may_be_kept(exchange: Exchange) -> bool:
    """Whether a shared cache may store the response and use it again (RFC 9111 §3, §4.2)."""
    cache, asked = exchange.cache_control, exchange.asked
    if cache.no_store or cache.private is not None or cache.no_cache is not None:
        return False
    if "*" in exchange.vary:
        return False  # no other request matches (RFC 9111 §4.1)
    lifetime = cache.s_maxage if cache.s_maxage is not None else cache.max_age
    if "Authorization" in asked and not (cache.public or cache.must_revalidate or cache.s_maxage):
        return False
    if lifetime is not None:
        return lifetime > 0
    if "Expires" in exchange.headers:
        expires = read_date(exchange.headers["Expires"])
        return expires is not None and expires > datetime.now(timezone.utc)
    row = STATUSES.get(exchange.status)
    return bool(cache.public or (row and row.cacheable))


def _is_a_kept_error(exchange: Exchange) -> bool:
    row = STATUSES.get(exchange.status)
    if row and any(duty.value == "no-store" for duty in row.duties):
        return not exchange.cache_control.no_store
    if exchange.status == 412 and "If-Match" in exchange.asked:
        return False  # `make_conditional` says so with the headers of the file
    is_asked_for = exchange.method in ("GET", "HEAD")
    return exchange.is_error and is_asked_for and _may_be_kept(exchange)


def _is_a_kept_cookie(exchange: Exchange) -> bool:
    if exchange.lacks("Set-Cookie") or "cookie" in exchange.vary:
        return False
    cache = exchange.cache_control
    # A lifetime has to be given on purpose: what is kept for lack of one is every second response.
    on_purpose = cache.public or cache.s_maxage or cache.max_age
    return exchange.method in ("GET", "HEAD") and bool(on_purpose) and _may_be_kept(exchange)


def _is_no_delay(value: str) -> bool:
    return not re.fullmatch("[0-9]+", value.strip()) and read_date(value) is None


def _has_a_false_validator(exchange: Exchange) -> bool:
    etag, date = exchange.headers.get("ETag"), exchange.headers.get("Last-Modified")
    if etag is not None and not re.fullmatch(r'(W/)?"[!#-~\x80-\xff]*"', etag):
        return True
    return date is not None and read_date(date) is None


def _has_a_header_that_cannot_be_sent(exchange: Exchange) -> bool:
    row = STATUSES.get(exchange.status)
    if row and any(duty.hop_by_hop for duty in row.duties):
        return False  # the rule of that status says it
    return any(
        is_hop_by_hop(name)
        or not TOKEN.fullmatch(name)
        or (
            not re.fullmatch(r"[\t -~\x80-\xff]*", value)
            # Werkzeug sends these two percent-encoded
            and name.lower() not in ("location", "content-location")
        )
        for name, value in exchange.headers
    )


def _has_a_wrong_length(exchange: Exchange) -> bool:
    said = exchange.headers.get("Content-Length")
    if said is None or exchange.length is None or exchange.method == "HEAD":
        return False
    return exchange.status not in (204, 304) and not re.fullmatch(f"0*{exchange.length}", said)


def _is_json_in_name_only(exchange: Exchange) -> bool:
    # A part of JSON is none.
    is_whole = exchange.status != 206 and bool(exchange.content)
    return exchange.is_json and is_whole and exchange.document is NOT_JSON


def _is_json_by_another_name(exchange: Exchange) -> bool:
    if exchange.media_type != "text/html":
        return False
    body = exchange.document
    # A list of numbers is what str() makes of one, too.
    entry = body[0] if isinstance(body, list) and body else body
    return isinstance(entry, dict) and entry != {}


def _is_refused_by_browsers(exchange: Exchange) -> bool:
    origins = exchange.headers.getlist("Access-Control-Allow-Origin")
    credentials = exchange.headers.get("Access-Control-Allow-Credentials", "")
    return (
        len(origins) > 1
        or re.search(r"[,\s]", "".join(origins).strip()) is not None
        or (origins == ["*"] and credentials == "true")
        or (credentials.lower() == "true" and credentials != "true")
    )


#: Those that are no lists; of two, a client takes the first one, the last, or none.
_SINGLE_HEADERS = (
    *("Age", "Content-Disposition", "Content-Length", "Content-Location", "Content-Range"),
    *("Content-Type", "Date", "ETag", "Expires", "Last-Modified", "Location", "Retry-After"),
)


def _repeats_a_header(exchange: Exchange) -> bool:
    return any(len(exchange.headers.getlist(name)) > 1 for name in _SINGLE_HEADERS)


def _without(status: int, *headers: str) -> Callable[[Exchange], bool]:
    return lambda exchange: exchange.status == status and exchange.lacks(*headers)


_ROWS = (
    Rule(
        id="SK100",
        summary="an interim status as the response",
        hint="Send a final status, 200 to 599; a 1xx is the server's to send.",
        section="RFC 9110 §15.2",
        is_broken=lambda exchange: 100 <= exchange.status < 200,
        request="GET /reports/7",
        broken='return "", 102',
        right='return accepted("/reports/7/status")',
    ),
    Rule(
        id="SK200",
        summary="an error in the body of a success",
        hint="Raise the error, raise NotFound(...), or add its status to what the view returns.",
        section="RFC 9110 §15.5",
        is_broken=_tells_of_an_error,
        request="GET /users/7",
        broken='return {"error": "There is no such user."}',
        right='raise NotFound("There is no such user.")',
    ),
    Rule(
        id="SK201",
        summary="a 201 without Location",
        hint="Return created(location, body) with the URL of what was created.",
        section="RFC 9110 §9.3.3",
        is_broken=_is_created_somewhere,
        request="POST /users",
        broken='return {"id": 7}, 201',
        right='return created("/users/7", {"id": 7})',
    ),
    Rule(
        id="SK204",
        summary="content where there can be none",
        hint="Return no_content() or reset_content(); for content, 200 is the status.",
        section="RFC 9110 §15.3.5, §15.3.6, §15.4.5",
        is_broken=_has_forbidden_content,
        request="DELETE /users/7",
        broken='return {"deleted": 7}, 204',
        right="return no_content()",
    ),
    Rule(
        id="SK206",
        summary="a 206 that does not say which part it is",
        hint="Return send_file(...), which answers Range, or add Content-Range.",
        section="RFC 9110 §15.3.7.1",
        is_broken=_is_partial_without_range,
        request="GET /files/7",
        broken='return b"hell", 206',
        right='return send_file(BytesIO(b"hello"), "text/plain", conditional=True)',
        asked={"Range": "bytes=0-3"},
    ),
    Rule(
        id="SK301",
        summary="a redirect that makes a GET of the request",
        hint="Return redirect_to(location), or redirect_to(location, keep_method=False) for a 303"
        " where that is what you want.",
        section="RFC 9110 §15.4.2, §15.4.3",
        is_broken=lambda exchange: (
            exchange.status in (301, 302) and exchange.method in ("POST", "PUT", "PATCH", "DELETE")
        ),
        request="POST /reservations",
        broken='return redirect("/bookings", 301)',
        right='return redirect_to("/bookings", permanent=True)',
    ),
    Rule(
        id="SK302",
        summary="a redirect without Location",
        hint="Return redirect_to(location).",
        section="RFC 9110 §15.4",
        # Not 300, which has it only where the server prefers one of the choices (§15.4.1).
        is_broken=lambda exchange: (
            exchange.status in (301, 302, 303, 307, 308) and exchange.lacks("Location")
        ),
        request="GET /old",
        broken='return "It is elsewhere.", 302',
        right='return redirect_to("/new")',
    ),
    Rule(
        id="SK400",
        summary="a problem whose member status is not the status of the response",
        hint="Raise the error and let StatusKit write both.",
        section="RFC 9457 §3.1.2",
        is_broken=_contradicts_its_status,
        request="POST /users",
        broken="""return Response(
    '{"title": "Conflict", "status": 409}', 400, mimetype="application/problem+json"
)""",
        right='raise Conflict("An account with this email already exists.")',
    ),
    Rule(
        id="SK401",
        summary="a 401 without WWW-Authenticate",
        hint="Raise Unauthorized(scheme=..., realm=...), or set STATUSKIT_CHALLENGE.",
        section="RFC 9110 §15.5.2",
        is_broken=_without(401, "WWW-Authenticate"),
        request="GET /me",
        broken='return {"message": "Log in first."}, 401',
        right='raise Unauthorized("Log in first.", scheme="Bearer", realm="users")',
    ),
    Rule(
        id="SK405",
        summary="a 405 whose Allow is missing or names the method that was refused",
        hint="Raise MethodNotAllowed(valid_methods=[...]), or leave the method to Flask's routing.",
        section="RFC 9110 §15.5.6",
        is_broken=_allows_what_it_refused,
        request="DELETE /users/7",
        broken='return {"message": "Users stay."}, 405',
        right='raise MethodNotAllowed("Users stay.", valid_methods=["GET", "PUT"])',
    ),
    Rule(
        id="SK407",
        summary="a 407, whose Proxy-Authenticate no WSGI application can send",
        hint="Raise Unauthorized(...).",
        section="RFC 9110 §15.5.8, PEP 3333",
        is_broken=lambda exchange: exchange.status == 407,
        request="GET /me",
        broken='return {"message": "Log in first."}, 407',
        right='raise Unauthorized("Log in first.")',
    ),
    Rule(
        id="SK415",
        summary="a 415 that does not say what would do",
        hint="Raise UnsupportedMediaType(accept=...), or accept_encoding=, accept_patch=.",
        section="RFC 9110 §15.5.16",
        is_broken=_without(415, "Accept", "Accept-Encoding", "Accept-Patch", "Accept-Post"),
        request="POST /files",
        broken='return {"message": "No images, please."}, 415',
        right='raise UnsupportedMediaType("No images, please.", accept="application/pdf")',
    ),
    Rule(
        id="SK416",
        summary="a 416 that does not say how long the content is",
        hint="Raise RangeNotSatisfiable(length=...), or return send_file(...), which does.",
        section="RFC 9110 §15.5.17",
        is_broken=_without(416, "Content-Range"),
        request="GET /files/7",
        broken='return "", 416',
        right="raise RangeNotSatisfiable(length=5)",
        asked={"Range": "bytes=9-"},
    ),
    Rule(
        id="SK426",
        summary="a 426, whose Upgrade no WSGI application can send",
        hint="Raise BadRequest(...) and name the protocol in the detail.",
        section="RFC 9110 §15.5.22, PEP 3333",
        is_broken=lambda exchange: exchange.status == 426,
        request="GET /chat",
        broken='return {"message": "Use a WebSocket."}, 426',
        right='raise BadRequest("Use a WebSocket.")',
    ),
    Rule(
        id="SK429",
        summary="a 429 without Retry-After",
        hint="Raise RateLimited(retry_after=...), or set STATUSKIT_RETRY_AFTER.",
        section="RFC 6585 §4",
        is_broken=_without(429, "Retry-After"),
        request="GET /search",
        broken='return {"message": "Slow down."}, 429, {"Cache-Control": "no-store"}',
        right='raise RateLimited("Slow down.", retry_after=60)',
    ),
    Rule(
        id="SK451",
        summary="a 451 that does not say who demands it",
        hint='Raise UnavailableForLegalReasons(blocked_by="https://..."), which adds the Link.',
        section="RFC 7725 §4",
        is_broken=_without(451, "Link"),
        request="GET /rooms/7",
        broken='return {"message": "A court forbids it."}, 451, {"Cache-Control": "no-store"}',
        right='raise UnavailableForLegalReasons(blocked_by="https://court.example/")',
    ),
    Rule(
        id="SK500",
        summary="internals in the body of an error",
        hint="Raise the exception and let StatusKit answer; the log has the traceback.",
        section="OWASP ASVS 5.0 16.5.1",
        is_broken=_shows_internals,
        request="GET /report",
        broken="""try:
    return str(1 / 0)
except ZeroDivisionError:
    return traceback.format_exc(), 500""",
        right='raise InternalServerError("The report cannot be made.")',
    ),
    Rule(
        id="SK503",
        summary="a 503 without Retry-After",
        hint="Raise ServiceUnavailable(retry_after=...), or set STATUSKIT_RETRY_AFTER.",
        section="RFC 9110 §15.6.4",
        is_broken=_without(503, "Retry-After"),
        request="GET /search",
        broken='return {"message": "Back at noon."}, 503',
        right='raise ServiceUnavailable("Back at noon.", retry_after=3600)',
    ),
    Rule(
        id="SK600",
        summary="a status that is not registered",
        hint="Choose one of `flask statuskit statuses`, and say the rest in the problem's type.",
        section="RFC 9110 §16.2",
        is_broken=lambda exchange: exchange.status not in STATUSES,
        request="POST /orders",
        broken='return {"message": "Top up first."}, 499',
        right='raise PaymentRequired("Top up first.", type="out-of-credit")',
    ),
    Rule(
        id="SK601",
        summary="an error that a shared cache may keep",
        hint="Raise the error, which makes it no-store, or add Cache-Control: no-store.",
        section="RFC 9111 §3, RFC 6585",
        is_broken=_is_a_kept_error,
        request="GET /users/7",
        broken='return "There is no such user.", 404',
        right='raise NotFound("There is no such user.")',
    ),
    Rule(
        id="SK602",
        summary="a Retry-After that is neither whole seconds nor a date",
        hint="Pass retry_after= to the error or to accepted(); it takes seconds, timedelta and"
        " datetime.",
        section="RFC 9110 §10.2.3",
        is_broken=lambda exchange: any(map(_is_no_delay, exchange.headers.getlist("Retry-After"))),
        request="GET /search",
        broken='return {"message": "Back soon."}, 503, {"Retry-After": "1.5"}',
        right='raise ServiceUnavailable("Back soon.", retry_after=1.5)',
    ),
    Rule(
        id="SK603",
        summary="an ETag or Last-Modified that clients cannot read",
        hint="Return conditional(body, etag=..., last_modified=...), which writes both.",
        section="RFC 9110 §8.8.2, §8.8.3",
        is_broken=_has_a_false_validator,
        request="GET /users/7",
        broken='return {"id": 7}, {"ETag": "v7"}',
        right='return conditional({"id": 7}, etag="v7")',
    ),
    Rule(
        id="SK604",
        summary="a header that a WSGI server cannot send",
        hint="Leave Connection, Keep-Alive, Transfer-Encoding and the like to the server, and keep"
        " values to ISO 8859-1.",
        section="PEP 3333",
        is_broken=_has_a_header_that_cannot_be_sent,
        request="GET /events",
        broken='return Response("data: 1", headers={"Connection": "keep-alive"})',
        right='return Response("data: 1", headers={"Cache-Control": "no-cache"})',
    ),
    Rule(
        id="SK605",
        summary="a Content-Length that is not the length of the content",
        hint="Leave Content-Length to Flask, and change a body with response.set_data(...).",
        section="RFC 9110 §8.6",
        is_broken=_has_a_wrong_length,
        request="GET /users/7",
        broken="""response = make_response("Ann")
response.content_length = 2
return response""",
        right="""response = make_response("Ann")
response.set_data("An")
return response""",
    ),
    Rule(
        id="SK606",
        summary="content that is labelled as JSON and is not",
        hint="Return a dict or a list, and None in place of NaN and Infinity, which JSON has not.",
        section="RFC 8259 §6",
        is_broken=_is_json_in_name_only,
        request="GET /rates",
        broken='return {"rate": float("nan")}',
        right='return {"rate": None}',
    ),
    Rule(
        id="SK607",
        summary="content that is JSON and labelled as HTML",
        hint="Return the dict or list itself, not json.dumps(...) of it.",
        section="RFC 9110 §8.3",
        is_broken=_is_json_by_another_name,
        request="GET /users/7",
        broken='return json.dumps({"id": 7})',
        right='return {"id": 7}',
    ),
    Rule(
        id="SK608",
        summary="a cookie that a shared cache may give to others",
        hint="Add Cache-Control: private, or no-store.",
        section="RFC 9111 §7.3",
        is_broken=_is_a_kept_cookie,
        request="GET /basket",
        broken='return "1 room", {"Set-Cookie": "basket=7", "Cache-Control": "max-age=60"}',
        right='return "1 room", {"Set-Cookie": "basket=7", "Cache-Control": "private, max-age=60"}',
    ),
    Rule(
        id="SK609",
        summary="a CORS header that browsers refuse",
        hint="Name one origin, that of the request, in Access-Control-Allow-Origin, with Vary:"
        ' Origin; Access-Control-Allow-Credentials is "true" or not there.',
        section="Fetch, CORS protocol and credentials",
        is_broken=_is_refused_by_browsers,
        request="GET /me",
        broken="""return {"id": 7}, {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Credentials": "true",
}""",
        right="""return {"id": 7}, {
    "Access-Control-Allow-Origin": "https://shop.example",
    "Access-Control-Allow-Credentials": "true",
    "Vary": "Origin",
}""",
    ),
    Rule(
        id="SK610",
        summary="a header twice that can be there once",
        hint="Set it with response.headers[name] = value; add() is for headers such as Set-Cookie.",
        section="RFC 9110 §5.3",
        is_broken=_repeats_a_header,
        request="GET /users/7",
        broken="""response = make_response({"id": 7})
response.headers.add("Content-Type", "application/vnd.api+json")
return response""",
        right="""response = make_response({"id": 7})
response.headers["Content-Type"] = "application/vnd.api+json"
return response""",
    ),
    Rule(
        id="SK700",
        summary="a problem that its view does not declare",
        hint="Add its class to the @raises(...) of the view, of its blueprint, or of the function"
        " that runs before it; a type of its own takes a class of its own.",
        section="RFC 9457 §4",
        is_broken=lambda exchange: exchange.undeclared is not None and exchange.is_error,
        request="GET /users/7",
        decorator="@raises(NotFound)",
        broken='raise Gone("The user 7 was deleted.")',
        right='raise NotFound("There is no user 7.")',
    ),
)

RULES: Mapping[str, Rule] = MappingProxyType({rule.id: rule for rule in _ROWS})
"""Every rule by its id, in ascending order; read-only."""
