"""The situations of the tour, a row each: what is asked, what is promised, and when one meets it.

Every row is played on a stage of its own (``stage.py``) with the first data (``seed.py``): Ann has
the booking 1, which is open, the 2, which is paid, and the 3, which she has given up. Bob is poor,
has the private booking 4, the public one 5, and the file 1. Gil is a guest, Ada an admin, and
Dora, the user 5, has left. The room 3 was taken down.
"""

import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from redis.backoff import NoBackoff
from redis.retry import Retry

from flask_statuskit.audit import RULES

from . import broken, trouble
from .config import Stage


@dataclass(frozen=True)
class Request:
    """A request. ``account`` is who sends it, by first name: they log in before."""

    method: str
    path: str
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    account: str | None = None

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


@dataclass(frozen=True)
class Situation:
    """A row.

    Attributes:
        name: the last part of its URL.
        status: what is promised.
        title: what happens, in a few words.
        sentence: when one meets it.
        request: what is sent.
        before: what is sent before, so that it comes to that.
        meanwhile: what goes wrong while it is sent.
        settings: what is set differently.
        breaks: the id of the rule that the answer breaks.
    """

    name: str
    status: int
    title: str
    sentence: str
    request: Request
    before: tuple[Request, ...] = ()
    meanwhile: trouble.Trouble = trouble.none
    settings: Mapping[str, Any] = field(default_factory=dict)
    breaks: str | None = None


@dataclass(frozen=True)
class Group:
    """Rows that belong together."""

    name: str
    title: str
    sentence: str
    situations: tuple[Situation, ...]


# Requests.


def request(
    method: str, path: str, body: Any = None, account: str | None = None, **headers: str
) -> Request:
    """Make a request. Bytes are sent as they are, all else as JSON; ``If_Match`` is If-Match."""
    lines = {name.replace("_", "-"): value for name, value in headers.items()}
    if body is None:
        return Request(method, path, b"", lines, account)
    sent = body if isinstance(body, bytes) else json.dumps(body, ensure_ascii=False).encode()
    return Request(method, path, sent, {"Content-Type": "application/json"} | lines, account)


def get(path: str, account: str | None = None, **headers: str) -> Request:
    return request("GET", path, None, account, **headers)


def post(path: str, body: Any = None, account: str | None = None, **headers: str) -> Request:
    return request("POST", path, body, account, **headers)


def change(number: int, account: str | None, body: Any, **headers: str) -> Request:
    return request("PUT", f"/bookings/{number}", body, account, **headers)


def upload(content: str, account: str) -> Request:
    part = 'Content-Disposition: form-data; name="file"; filename="letter.txt"'
    form = f"--cut\r\n{part}\r\n\r\n{content}\r\n--cut--\r\n".encode()
    return post("/files", form, account, Content_Type="multipart/form-data; boundary=cut")


def signed(body: Any) -> Request:
    """Make a call of the payment provider, who knows the secret."""
    content = json.dumps(body).encode()
    digest = hmac.new(Stage.WEBHOOK_SECRET.encode(), content, hashlib.sha256).hexdigest()
    return post("/webhooks/payments", content, X_Signature=digest)


EVE = {"name": "Eve", "email": "eve@example.com", "password": "eve-has-one"}
STAY = {"check_in": "2031-06-01", "check_out": "2031-06-05", "guests": 2}
BACKWARDS = {**STAY, "check_out": "2031-05-31"}
LETTER = "Dear Ann, the key is under the third flower pot from the left. Yours, Bob"
TOP_UP = {"user_id": 2, "amount": 500_00}
UPLOADED = (upload(LETTER, "bob"),)


SUCCESS = (
    Situation(
        "user",
        200,
        "Here it is",
        "You ask for something, it is there, and you may see it.",
        get("/users/1"),
    ),
    Situation(
        "head",
        200,
        "Only the headers",
        "HEAD asks what a GET would say, without the content.",
        request("HEAD", "/users/1"),
    ),
    Situation(
        "options",
        200,
        "What may be sent here?",
        "OPTIONS asks which methods a URL knows; Flask answers it with Allow.",
        request("OPTIONS", "/bookings/1"),
    ),
    Situation(
        "log-in",
        200,
        "Logging in",
        "A token is nothing that a cache should keep, so the answer says no-store.",
        post("/login", {"email": "ann@example.com", "password": "ann-secret"}),
    ),
    Situation(
        "sign-up",
        201,
        "Something new, with its URL",
        "A POST has created something; Location says where.",
        post("/users", EVE),
    ),
    Situation(
        "book",
        201,
        "Something new, with its version",
        "With an ETag the client can change what it has created without fetching it.",
        post("/bookings", {"room_id": 2, **STAY}, "ann"),
    ),
    Situation(
        "pay",
        201,
        "A payment",
        "It is taken from the credit once; a second one would be a 409.",
        post("/payments", {"booking_id": 1}, "ann"),
    ),
    Situation(
        "report",
        202,
        "Accepted, come back later",
        "The work takes longer than a client should wait: here is a monitor that says how far it"
        " is.",
        post("/reports", account="ann"),
    ),
    Situation(
        "report-runs",
        200,
        "Not ready yet",
        "The monitor itself answers well; Retry-After says when to ask again.",
        get("/reports/2/status", "ann"),
        before=(post("/reports", account="ann"),),
    ),
    Situation(
        "give-up",
        204,
        "Done, and nothing to say",
        "What was deleted needs no answer but the status.",
        request("DELETE", "/bookings/1", account="ann", If_Match='"1"'),
    ),
    Situation(
        "webhook",
        204,
        "A webhook, signed",
        "The payment provider tells that money has arrived, and wants no more than a yes.",
        signed(TOP_UP),
    ),
    Situation(
        "part",
        206,
        "A part of a file",
        "A download broke off, or a player jumps ahead: Range asks for some of the bytes.",
        get("/files/2", "bob", Range="bytes=10-39"),
        before=UPLOADED,
    ),
)

REDIRECTS = (
    Situation(
        "moved-for-good",
        301,
        "It has moved for good",
        "An old link of people and search engines; a GET stays a GET.",
        get("/reservations/1"),
    ),
    Situation(
        "see-other",
        303,
        "The result is over there",
        "The report is ready, and the monitor sends you on to it with a GET.",
        get("/reports/1/status", "ann"),
    ),
    Situation(
        "moved-with-its-body",
        308,
        "It has moved, send the same again",
        "A POST to an old URL: a 301 would make a GET of it, and the body would be lost.",
        post("/reservations", {"room_id": 2, **STAY}, "ann"),
    ),
    Situation(
        "slash",
        308,
        "A slash is missing",
        "Flask itself sends a GET on to the URL with the slash.",
        get("/problems"),
    ),
)

CLIENT = (
    Situation(
        "malformed",
        400,
        "JSON that breaks off",
        "The body cannot be read; the answer says at which line and column.",
        post("/users", b'{"name": "Eve",\n "email": }'),
    ),
    Situation(
        "signature",
        400,
        "A signature that is wrong",
        "Somebody else than the payment provider calls the webhook.",
        post("/webhooks/payments", TOP_UP, X_Signature="guessed"),
    ),
    Situation(
        "no-token",
        401,
        "Nobody has logged in",
        "WWW-Authenticate says how to; without an error code, since nothing was wrong yet.",
        get("/me"),
    ),
    Situation(
        "wrong-password",
        401,
        "A wrong password",
        "Whether the address or the password was wrong stays unsaid.",
        post("/login", {"email": "ann@example.com", "password": "guessed"}),
    ),
    Situation(
        "poor",
        402,
        "Not enough credit",
        "A problem type of the app's own: its members say how much is missing, and its URL leads to"
        " what to do.",
        post("/payments", {"booking_id": 5}, "bob"),
    ),
    Situation(
        "not-admin",
        403,
        "Logged in, but not allowed",
        "Ann is no administrator, and logging in again would not make her one.",
        get("/admin/users", "ann"),
    ),
    Situation(
        "not-yours",
        403,
        "Somebody else's booking",
        "You can see it, so there is no secret to keep; changing it is another matter.",
        request("DELETE", "/bookings/5", account="ann", If_Match="*"),
    ),
    Situation(
        "unknown",
        404,
        "There never was such a user",
        "The URL is one of the app's, the record is missing: the detail names it.",
        get("/users/999"),
    ),
    Situation(
        "nowhere",
        404,
        "There is no such page",
        "The URL itself is wrong, which reads differently from a missing record.",
        get("/nothing/here"),
    ),
    Situation(
        "hidden",
        404,
        "A secret is kept",
        "Bob's booking is private: a 403 would tell Ann that it exists.",
        get("/bookings/4", "ann"),
    ),
    Situation(
        "not-ready",
        404,
        "There is no result yet",
        "The report still runs; the answer names the monitor, and when to come back.",
        get("/reports/2", "ann"),
        before=(post("/reports", account="ann"),),
    ),
    Situation(
        "wrong-method",
        405,
        "A GET where a POST belongs",
        "The URL is right and the method is not; Allow lists those that are.",
        get("/login"),
    ),
    Situation(
        "taken",
        409,
        "The room is taken",
        "The request is right in itself, and collides with what is there already.",
        post("/bookings", {**STAY, "room_id": 1, "check_in": "2031-01-02"}, "ann"),
    ),
    Situation(
        "paid",
        409,
        "It is paid for already",
        "The booking's state does not allow it; to send the same again is no use.",
        post("/payments", {"booking_id": 2}, "ann"),
    ),
    Situation(
        "gone",
        410,
        "It was here, and is gone",
        "Unlike a 404: there was such a user, so stop asking.",
        get("/users/5"),
    ),
    Situation(
        "too-large",
        413,
        "Too much at once",
        "The body is longer than the app reads; it stops before it has read it.",
        post("/users", {"name": "x" * 70_000}),
    ),
    Situation(
        "not-json",
        415,
        "XML where JSON belongs",
        "Accept says what would do.",
        post("/users", b"<user/>", Content_Type="text/xml"),
    ),
    Situation(
        "no-form",
        415,
        "A file without its form",
        "Another endpoint, another format: again Accept says which.",
        post("/files", b"Dear Ann", "bob", Content_Type="text/plain"),
    ),
    Situation(
        "beyond",
        416,
        "A part beyond the end",
        "Content-Range says how long the file is.",
        get("/files/2", "bob", Range="bytes=500-"),
        before=UPLOADED,
    ),
    Situation(
        "backwards",
        422,
        "Leaving before arriving",
        "It can be read, and makes no sense: a pointer says which field is meant.",
        post("/bookings", {**BACKWARDS, "room_id": 2}, "ann"),
    ),
    Situation(
        "no-such-room",
        422,
        "A number that leads nowhere",
        "The URL is right, so this is no 404; the body names a room that is not there.",
        post("/bookings", {**STAY, "room_id": 99}, "ann"),
    ),
    Situation(
        "too-often",
        429,
        "Too often in a minute",
        "Retry-After says when the next one is welcome; the body says the same.",
        get("/search?city=Oslo"),
        before=2 * (get("/search?city=Oslo"),),
        settings={"SEARCH_LIMIT": "2 per minute"},
    ),
    Situation(
        "taken-down",
        451,
        "A court forbids it",
        "Link names who demanded it.",
        get("/rooms/3"),
    ),
)

SERVER = (
    Situation(
        "bug",
        500,
        "A bug, in production",
        "Nobody foresaw it. The exception's text holds a password: the client learns nothing of it,"
        " the log everything.",
        get("/bug"),
    ),
    Situation(
        "bug-in-development",
        500,
        "The same bug, on your own machine",
        "The member debug has the type, the message and the lines, with secrets masked.",
        get("/bug", Accept="application/json"),
        settings={"STATUSKIT_ENVIRONMENT": "development", "DEBUG": True},
    ),
    Situation(
        "maintenance",
        503,
        "Closed for a while",
        "A planned outage is no secret: this detail is shown, and says for how long.",
        get("/maintenance"),
    ),
    Situation(
        "no-rates",
        503,
        "Something is not set up",
        "Nobody has told this app where rates come from.",
        get("/rates"),
    ),
    Situation(
        "full",
        507,
        "No room left",
        "Another problem type of the app's own, with the numbers that a client needs.",
        upload("x" * 2048, "bob"),
    ),
)

LIBRARIES = (
    Situation(
        "taken-email",
        409,
        "SQLAlchemy: a value that is taken",
        "Nobody looks for the address first: the database refuses the second one.",
        post("/users", {**EVE, "email": "ann@example.com"}),
    ),
    Situation(
        "at-once",
        409,
        "SQLAlchemy: two changes at once",
        "Between our reading and our writing, somebody else has changed the booking.",
        change(1, "ann", STAY, If_Match='"1"'),
        meanwhile=trouble.somebody_is_faster,
    ),
    Situation(
        "locked",
        503,
        "SQLAlchemy: the database is busy",
        "Somebody holds a lock for too long; to repeat the request is worth it.",
        get("/users/1"),
        meanwhile=trouble.database_is_locked,
    ),
    Situation(
        "marshmallow",
        422,
        "marshmallow: several fields at once",
        "Everything that is wrong in one answer, and no value of the input in it.",
        post("/users", {"name": "", "email": "eve", "password": "short"}),
    ),
    Situation(
        "expired",
        401,
        "itsdangerous: a token that is too old",
        "The app maps this exception itself, to a 401 that says invalid_token.",
        get("/me", "ann"),
        settings={"TOKEN_LIFETIME": timedelta(seconds=-1)},
    ),
    Situation(
        "forged",
        401,
        "itsdangerous: a token that is forged",
        "Which flaw it was is of use to an attacker only.",
        get("/me", Authorization="Bearer forged"),
    ),
    Situation(
        "rates-down",
        502,
        "httpx: another server is down",
        "It refuses connections. Not the client's fault, and not quite ours.",
        get("/rates"),
        meanwhile=trouble.rates_are_down,
    ),
    Situation(
        "rates-nonsense",
        502,
        "httpx: another server fails",
        "It answers with an error of its own, of which our client learns nothing.",
        get("/rates"),
        meanwhile=trouble.rates_answer("HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n"),
    ),
    Situation(
        "rates-slow",
        504,
        "httpx: another server is too slow",
        "We wait for some time, then say so.",
        get("/rates"),
        meanwhile=trouble.rates_are_slow,
        settings={"RATES_TIMEOUT": 0.3},
    ),
    Situation(
        "rates-busy",
        503,
        "httpx: another server asks for patience",
        "Its 429 was meant for us. What our client needs of it is Retry-After.",
        get("/rates"),
        meanwhile=trouble.rates_answer(
            "HTTP/1.1 429 Slow Down\r\nRetry-After: 7\r\nContent-Length: 0\r\n\r\n"
        ),
    ),
    Situation(
        "no-redis",
        503,
        "redis: the counter is away",
        "The limit cannot be checked without Redis, so the search is not available.",
        get("/search"),
        settings={
            "RATELIMIT_STORAGE_URI": "redis://127.0.0.1:1",
            # By itself, redis-py would try again for some seconds.
            "RATELIMIT_STORAGE_OPTIONS": {"retry": Retry(NoBackoff(), 0)},
        },
    ),
)

CACHES = (
    Situation(
        "version",
        200,
        "It has a version",
        "ETag names it. Keep it, and ask with it the next time.",
        get("/bookings/1", "ann"),
    ),
    Situation(
        "known",
        304,
        "You have that already",
        "If-None-Match names the version that you have: nothing needs to be sent again.",
        get("/bookings/1", "ann", If_None_Match='"1"'),
    ),
    Situation(
        "news",
        200,
        "You have an old one",
        "The same question after somebody has changed it: here is the new one.",
        get("/bookings/1", "ann", If_None_Match='"1"'),
        before=(change(1, "ada", {**STAY, "guests": 4}, If_Match='"1"'),),
    ),
    Situation(
        "changed",
        200,
        "A change of what you have seen",
        "If-Match names the version that you know, and it is still that one.",
        change(1, "ann", STAY, If_Match='"1"'),
    ),
    Situation(
        "which",
        428,
        "A change of what?",
        "Without If-Match you might overwrite what you have never seen.",
        change(1, "ann", STAY),
    ),
    Situation(
        "overtaken",
        412,
        "Somebody was there before you",
        "You name the version that you have seen, and it is not that one any more.",
        change(1, "ann", STAY, If_Match='"1"'),
        before=(change(1, "ada", {**STAY, "guests": 4}, If_Match='"1"'),),
    ),
    Situation(
        "file",
        200,
        "A file and its ETag",
        "Accept-Ranges says that parts of it can be had.",
        get("/files/2", "bob"),
        before=UPLOADED,
    ),
    Situation(
        "known-file",
        304,
        "You have that file",
        "Files have versions, too.",
        get("/files/2", "bob", If_None_Match="*"),
        before=UPLOADED,
    ),
    Situation(
        "rest-of-another",
        200,
        "The rest of another file",
        "If-Range: if it is not the file you have begun with, you get all of the new one.",
        get("/files/2", "bob", Range="bytes=10-", If_Range='"of yesterday"'),
        before=UPLOADED,
    ),
)

# One request that is mended step by step: each breaks all that the later ones break, and the limit
# is used up in all of them but the last.
USED_UP = (change(1, "ann", STAY, If_Match='"1"'),)
ONE_CHANGE = {"CHANGE_LIMIT": "1 per hour"}
DECISIONS = (
    Situation(
        "order-400",
        400,
        "1. Can it be read?",
        "Not JSON, no token, no such booking: what cannot be read is refused whoever sent it.",
        change(999, None, b"{"),
    ),
    Situation(
        "order-401",
        401,
        "2. Who is it?",
        "Still no token, and no such booking: a stranger learns nothing about records.",
        change(999, None, BACKWARDS),
    ),
    Situation(
        "order-403",
        403,
        "3. May they?",
        "Gil is a guest, and guests change nothing, whether it is there or not.",
        change(999, "gil", BACKWARDS),
    ),
    Situation(
        "order-404",
        404,
        "4. Is there such a thing?",
        "Ann may change bookings, and this one is not there; that the dates are wrong can wait.",
        change(999, "ann", BACKWARDS),
        before=USED_UP,
        settings=ONE_CHANGE,
    ),
    Situation(
        "order-410",
        410,
        "5. Is it still there?",
        "It was there once, so it is gone, and not merely missing.",
        change(3, "ann", BACKWARDS),
        before=USED_UP,
        settings=ONE_CHANGE,
    ),
    Situation(
        "order-428",
        428,
        "6. Which version is meant?",
        "It is there. Which version has the client seen?",
        change(2, "ann", BACKWARDS),
        before=USED_UP,
        settings=ONE_CHANGE,
    ),
    Situation(
        "order-412",
        412,
        "7. Is it still that version?",
        "Who has seen an old one is told so, and not what is wrong with the new one.",
        change(2, "ann", BACKWARDS, If_Match='"0"'),
        before=USED_UP,
        settings=ONE_CHANGE,
    ),
    Situation(
        "order-409",
        409,
        "8. Does its state allow it?",
        "The right version of a booking that is paid for.",
        change(2, "ann", BACKWARDS, If_Match='"1"'),
        before=USED_UP,
        settings=ONE_CHANGE,
    ),
    Situation(
        "order-422",
        422,
        "9. Does the content make sense?",
        "A booking that is open, and now it counts that the dates are wrong.",
        change(1, "ann", BACKWARDS, If_Match='"2"'),
        before=USED_UP,
        settings=ONE_CHANGE,
    ),
    Situation(
        "order-429",
        429,
        "10. Is it too often?",
        "All is well, but there was a change already; mistakes were not counted.",
        change(1, "ann", STAY, If_Match='"2"'),
        before=USED_UP,
        settings=ONE_CHANGE,
    ),
    Situation(
        "order-200",
        200,
        "Then it is done",
        "The same request, while there is still one free.",
        change(1, "ann", STAY, If_Match='"1"'),
        settings=ONE_CHANGE,
    ),
)

# The same conflict, and what clients get of it.
CHROMIUM = "text/html,application/xhtml+xml,application/xml;q=0.9,image/webp,*/*;q=0.8"
SIMPLE = {"STATUSKIT_DIALECT": "simple"}


def sign_up_again(**headers: str) -> Request:
    return post("/users", {**EVE, "email": "ann@example.com"}, **headers)


FORMATS = (
    Situation(
        "problem-json",
        409,
        "problem+json",
        "RFC 9457, for every client that asks for nothing else: curl, fetch, most libraries.",
        sign_up_again(Accept="*/*"),
    ),
    Situation(
        "html",
        409,
        "A page",
        "What a browser gets: no script, nothing from elsewhere, light and dark.",
        sign_up_again(Accept=CHROMIUM),
    ),
    Situation(
        "xml",
        409,
        "problem+xml",
        "RFC 9457 has XML as well.",
        sign_up_again(Accept="application/problem+xml"),
    ),
    Situation(
        "jsonapi",
        409,
        "JSON:API",
        "One error object for each field, with a source.",
        sign_up_again(Accept="application/vnd.api+json"),
    ),
    Situation(
        "text",
        409,
        "Text",
        "For people at a terminal.",
        sign_up_again(Accept="text/plain"),
    ),
    Situation(
        "simple",
        409,
        "The body of an old API",
        'STATUSKIT_DIALECT = "simple" keeps what its clients know.',
        sign_up_again(Accept="*/*"),
        settings=SIMPLE,
    ),
    Situation(
        "simple-and-new",
        409,
        "The same old API, asked for more",
        "Who asks for problem+json gets it already: clients move one by one.",
        sign_up_again(Accept="application/problem+json"),
        settings=SIMPLE,
    ),
    Situation(
        "german",
        409,
        "In German",
        "Flask-Babel says which language it is, StatusKit has its sentences in it.",
        sign_up_again(Accept_Language="de-AT, de;q=0.9, en;q=0.5"),
    ),
    Situation(
        "german-page",
        409,
        "A page in German",
        "The page speaks it, too, and says so in its lang.",
        sign_up_again(Accept=CHROMIUM, Accept_Language="de"),
    ),
    Situation(
        "chinese",
        409,
        "In Chinese",
        "The same sentences in Simplified Chinese.",
        sign_up_again(Accept_Language="zh-CN, zh;q=0.9"),
    ),
    Situation(
        "type",
        200,
        "What a type means",
        "The type of a problem is a URL of the catalogue, for people and for programs.",
        get("/problems/out-of-credit", Accept="application/json"),
    ),
)

# What is wrong with the bare errors stands in their table, with the others in their docstrings.
MISTAKES = {f"SK{status}": mistake for _, status, _, mistake in broken.BARE}


def broken_view(rule: str, status: int, method: str = "GET") -> Situation:
    """Make the row of an endpoint that breaks a rule."""
    name = rule.lower()
    summary = RULES[rule].summary
    sentence = MISTAKES.get(rule) or vars(broken)[name].__doc__
    title = f"{rule}: {summary}"
    return Situation(name, status, title, sentence, request(method, f"/broken/{name}"), breaks=rule)


BROKEN = (
    broken_view("SK100", 102),
    broken_view("SK200", 200),
    broken_view("SK201", 201, "POST"),
    broken_view("SK204", 204, "DELETE"),
    broken_view("SK206", 206),
    broken_view("SK301", 301, "POST"),
    broken_view("SK302", 302),
    broken_view("SK400", 400, "POST"),
    broken_view("SK401", 401),
    broken_view("SK405", 405, "DELETE"),
    broken_view("SK407", 407),
    broken_view("SK415", 415, "POST"),
    broken_view("SK416", 416),
    broken_view("SK426", 426),
    broken_view("SK429", 429),
    broken_view("SK451", 451),
    broken_view("SK500", 500),
    broken_view("SK503", 503),
    broken_view("SK600", 499, "POST"),
    broken_view("SK601", 404),
    broken_view("SK602", 503),
    broken_view("SK603", 200),
    broken_view("SK604", 200),
    broken_view("SK605", 200),
    broken_view("SK606", 200),
    broken_view("SK607", 200),
    broken_view("SK608", 200),
    broken_view("SK609", 200),
    broken_view("SK610", 200),
    broken_view("SK700", 410),
)

GROUPS = (
    Group("success", "Success", "Half of using statuses well is using the good ones.", SUCCESS),
    Group("redirects", "Redirects", "Somewhere else, with the method or without it.", REDIRECTS),
    Group(
        "client",
        "The client's fault",
        "400 to 451: what is wrong, and what to do about it.",
        CLIENT,
    ),
    Group(
        "server",
        "The server's fault",
        "500 and up: what clients may know of it, and no more.",
        SERVER,
    ),
    Group(
        "libraries",
        "Other libraries' exceptions",
        "No view catches these. StatusKit knows the libraries, and answers for them.",
        LIBRARIES,
    ),
    Group(
        "caches",
        "Caches and concurrent edits",
        "Versions save traffic, and keep people from overwriting each other's work.",
        CACHES,
    ),
    Group(
        "order",
        "Several mistakes at once",
        "Which status comes first here? One request to change a booking, mended step by step.",
        DECISIONS,
    ),
    Group(
        "formats",
        "One error, every format",
        "An address that is taken, as different clients read it.",
        FORMATS,
    ),
    Group(
        "broken",
        "Broken on purpose",
        "What people write in earnest, and what the auditor says of it in development. To send such"
        " requests yourself, start the example with BOOKINGS_ENVIRONMENT=development.",
        BROKEN,
    ),
)

BY_NAME = {situation.name: situation for group in GROUPS for situation in group.situations}
