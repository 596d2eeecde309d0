"""What the clients of the soak do: requests with the statuses that may come of them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from server_support import Server
from table_app import SUCCESSES
from test_servers_disconnects import GARBAGE, HALVES, JSON
from test_servers_framing import FORMATS, SITUATIONS
from wire import chunked, request

from example_app.stage import log_in
from flask_statuskit.exceptions import ERRORS


@dataclass(frozen=True)
class Shot:
    """What a client does at once.

    Attributes:
        name: for the report.
        sent: the bytes.
        statuses: that may come; None where the server may end the connection instead.
        method: of the requests.
        answers: how many requests there are.
        leaves: whether the client goes away without waiting for the answer.
        ends: whether the client closes the connection afterwards.
    """

    name: str
    sent: bytes
    statuses: frozenset[int | None]
    method: str = "GET"
    answers: int = 1
    leaves: bool = False
    ends: bool = False


def shot(
    status: int | set[int | None],
    method: str,
    path: str,
    headers: Mapping[str, str] | None = None,
    body: bytes = b"",
    **more: Any,
) -> Shot:
    statuses = frozenset({status} if isinstance(status, int) else status)
    sent = request(method, path, headers, body)
    return Shot(f"{method} {path}", sent, statuses, method=method, **more)


def all_shots(server: Server) -> list[Shot]:
    """Every kind of them; the more often they stand there, the more often they are taken."""
    return [
        *of_every_status(),
        *(of_the_example(server)),
        *4 * [*of_bodies()],
        *4 * [*that_break()],
        *4 * [*that_leave()],
    ]


def of_every_status() -> Iterator[Shot]:
    accepted = list(FORMATS)
    for mount in ("/table", "/wrapped"):
        for number, code in enumerate(ERRORS):
            headers = {"Accept": accepted[number % len(accepted)]}
            yield shot(code, "GET", f"{mount}/raise/{code}", headers)
            yield shot(code, "HEAD", f"{mount}/raise/{code}", headers)
            yield shot(code, "GET", f"{mount}/abort/{code}")
        for code in SUCCESSES:
            asked = {"Range": "bytes=2-4", "If-None-Match": '"v1"' if code == 304 else '"v0"'}
            yield shot(code, "GET", f"{mount}/succeed/{code}", asked)
        for path, code in {"bug": 500, "late": 503, "text": 409, "headers": 401}.items():
            yield shot(code, "GET", f"{mount}/{path}")
        yield shot(426, "GET", f"{mount}/upgrade")
        for number in range(20):
            yield shot(404, "GET", f"{mount}/nowhere/{number}")


def of_the_example(server: Server) -> Iterator[Shot]:
    """Its situations that change nothing, so that the database stays as it is."""
    tokens: dict[str, str] = {}
    for situation in SITUATIONS:
        sent = situation.request
        changes = situation.status < 400 and sent.method not in ("GET", "HEAD", "OPTIONS")
        if situation.before or changes:
            continue
        headers = dict(sent.headers)
        if sent.account:
            if sent.account not in tokens:
                tokens[sent.account] = token(server, sent.account)
            headers["Authorization"] = f"Bearer {tokens[sent.account]}"
        yield shot(situation.status, sent.method, sent.path, headers, sent.body)


def token(server: Server, account: str) -> str:
    sent = log_in(account)
    with server.connect() as wire:
        found: str = wire.ask(sent.method, sent.path, sent.headers, sent.body).json["access_token"]
        return found


def of_bodies() -> Iterator[Shot]:
    fields = json.dumps({"name": "x" * 1000}).encode()
    for mount in ("/table", "/wrapped"):
        yield shot(200, "POST", f"{mount}/read/json", JSON, fields)
        yield shot(400, "POST", f"{mount}/read/json", JSON, fields[:-2])
        yield shot(415, "POST", f"{mount}/read/json", {"Content-Type": "text/xml"}, fields)
        yield shot(401, "POST", f"{mount}/raise/401", JSON, fields)
        yield shot(409, "POST", f"{mount}/read/some", JSON, fields)
        # gunicorn gives up the connection behind that much.
        yield shot(401, "POST", f"{mount}/raise/401", JSON, b"x" * 100_000, ends=True)
        yield shot(413, "POST", f"{mount}/read/limited", JSON, b"x" * 200_000, ends=True)
        coded = request("POST", f"{mount}/read/json", {**JSON, "Transfer-Encoding": "chunked"})
        yield Shot("chunked", coded + chunked(fields, 100), frozenset({200}))
        pipeline = 5 * request("GET", f"{mount}/raise/409")
        yield Shot("a pipeline", pipeline, frozenset({409}), answers=5)


def that_break() -> Iterator[Shot]:
    """Requests that are none, and content that breaks."""
    refused: frozenset[int | None] = frozenset({400, 405, 414, 431, 501, 505, None})
    lines = [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
        b"GET / HTTP/9.9\r\nHost: a\r\n\r\n",
        b"GET /" + b"a" * 9000 + b" HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nA b: c\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\n" + b"A: b\r\n" * 200 + b"\r\n",
    ]
    for line in lines:
        yield Shot(repr(line[:40]), line, refused, ends=True)
    broken = request("POST", "/table/read/json", {**JSON, "Transfer-Encoding": "chunked"})
    for body in GARBAGE.values():
        yield Shot(repr(body), broken + body, frozenset({400}), "POST", ends=True)
    for mount in ("/table", "/wrapped"):
        for name in ("breaks", "raises_a_typed_error"):
            yield shot({None}, "GET", f"{mount}/pieces/{name}")
    yield shot(500, "GET", "/table/pieces/breaks_at_once")
    yield shot(500, "GET", "/wrapped/pieces/breaks_at_once")
    yield shot({None}, "GET", "/written")


def that_leave() -> Iterator[Shot]:
    nothing: frozenset[int | None] = frozenset({None})
    for name, half in HALVES.items():
        yield Shot(f"half of {name}", half, nothing, leaves=True)
    for path in ("/table/pieces/endless", "/wrapped/pieces/endless", "/table/text", "/table/bug"):
        yield Shot(f"leaves {path}", request("GET", path), nothing, leaves=True)
