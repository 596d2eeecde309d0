"""Errors that are raised before the body of their request is read: it is never the next request."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from server_support import Server
from support import assert_problem
from table_app import SMUGGLED
from wire import Reply, Wire, chunked, request

#: A body that a server must not take for a request, and as much of it as nobody buffers.
SMALL = request("GET", "/table/smuggled")
LARGE = SMALL * (1_000_000 // len(SMALL))

#: Who refuses, of which type the body is said to be, and with which status.
REFUSALS = {
    "the-view": ("/table/raise/401", "application/json", 401),
    "get_json": ("/table/read/json", "text/xml", 415),
    "the-router": ("/nowhere", "application/json", 404),
    "the-router-by-method": ("/table/second", "application/json", 405),
}

SECOND = request("GET", "/table/second")


@pytest.fixture
def wire(server: Server) -> Iterator[Wire]:
    with server.connect() as wire:
        yield wire
    assert SMUGGLED not in server.log


def framed(path: str, media_type: str, body: bytes, coding: str) -> bytes:
    headers = {"Content-Type": media_type}
    if coding == "chunked":
        return request("POST", path, {**headers, "Transfer-Encoding": "chunked"}, chunked(body))
    return request("POST", path, headers, body)


def assert_refused_then_second(server: Server, wire: Wire, body: bytes, status: int) -> None:
    """The next answer is that to the next request, unless the server ends the connection."""
    first = wire.receive("POST")
    assert_problem(first, status)
    if not first.last:
        second = wire.receive_or_end()
        assert_second(wire, second)
        assert second or not (server.keeps_alive and body == SMALL)


def assert_second(wire: Wire, second: Reply | None) -> None:
    if second is not None:
        assert (second.status, second.body) == (200, b"the second")
        assert second.last or wire.is_quiet()


@pytest.mark.parametrize("coding", ["length", "chunked"])
@pytest.mark.parametrize("body", [SMALL, LARGE], ids=["small", "large"])
@pytest.mark.parametrize("refusal", REFUSALS)
def test_a_body_left_unread_is_not_the_next_request(
    server: Server, wire: Wire, refusal: str, body: bytes, coding: str
) -> None:
    path, media_type, status = REFUSALS[refusal]
    wire.send_meanwhile(framed(path, media_type, body, coding) + SECOND)
    assert_refused_then_second(server, wire, body, status)


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [("/table/read/some", SMALL, 409), ("/table/read/limited", LARGE, 413)],
    ids=["after-ten-bytes", "too-large"],
)
def test_a_body_read_in_part_is_not_the_next_request(
    server: Server, wire: Wire, path: str, body: bytes, status: int
) -> None:
    wire.send_meanwhile(framed(path, "application/json", body, "length") + SECOND)
    assert_refused_then_second(server, wire, body, status)


def test_requests_written_at_once_are_answered_in_their_order(server: Server, wire: Wire) -> None:
    ids = [str(number) for number in range(20)]
    paths = ["/table/raise/404", "/table/bug", "/nowhere"]
    sent = [request("GET", paths[n % 3], {"X-Request-ID": id}) for n, id in enumerate(ids)]
    wire.send_meanwhile(b"".join(sent))
    for id in ids:
        answer = wire.receive_or_end()
        if answer is None:
            assert not server.keeps_alive
            return
        assert answer.json["request_id"] == id
        if answer.last:
            assert not server.keeps_alive
            return


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [("/table/raise/401", SMALL, 401), ("/table/read/json", b"{", 400), ("/nowhere", LARGE, 404)],
    ids=["unread", "read", "large"],
)
def test_a_client_that_waits_to_be_asked_for_the_body_gets_its_answer(
    wire: Wire, path: str, body: bytes, status: int
) -> None:
    headers = {"Content-Type": "application/json", "Content-Length": str(len(body))}
    wire.send(request("POST", path, {**headers, "Expect": "100-continue"}))
    # A server may ask for it and refuse it in one breath, or say nothing at all (uWSGI).
    refused = wire.first_bytes(0.3).startswith(b"HTTP/1.1 4")
    if not refused:
        wire.send_meanwhile(body)
    answer = wire.receive("POST")
    assert_problem(answer, status)
    assert set(answer.interim) <= {100}
    if answer.last or refused:
        wire.expect_end()
    else:
        wire.send_meanwhile(SECOND)
        assert_second(wire, wire.receive_or_end())
