"""Clients that go away, or send what is no body: nobody's error but theirs."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from server_support import Server, wait_until
from support import assert_problem
from table_app import CLOSED
from wire import Wire, request

JSON = {"Content-Type": "application/json"}
FORM = {"Content-Type": "multipart/form-data; boundary=cut"}
PART = b'--cut\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\nabc'

#: Requests that end in the middle.
HALVES = {
    "json": request("POST", "/table/read/json", {**JSON, "Content-Length": "100"}) + b"[1, 2",
    "limited": request("POST", "/table/read/limited", {**JSON, "Content-Length": "100"}) + b"[1, 2",
    "chunked": request("POST", "/table/read/json", {**JSON, "Transfer-Encoding": "chunked"})
    + b"4\r\n[1, ",
    "form": request("POST", "/table/read/form", {**FORM, "Content-Length": "999"}) + PART,
    "unread": request("POST", "/table/raise/401", {**JSON, "Content-Length": "100"}) + b"[1, 2",
    "headers": b"POST /table/read/json HTTP/1.1\r\nHost: ",
}

#: Bodies whose frame is wrong.
GARBAGE = {
    "no-size": b"zz\r\n[1, 2]\r\n0\r\n\r\n",
    "no-end-of-a-chunk": b"3\r\n[1, 2]\r\n0\r\n\r\n",
}


def still_answers(server: Server) -> bool:
    with server.connect() as wire:
        assert_problem(wire.ask("GET", "/table/raise/409"), 409)
    return True


def errors_of_ours(server: Server) -> int:
    return server.log.count(": 500 Internal Server Error")


@pytest.mark.parametrize("go", [Wire.close, Wire.reset], ids=["closes", "resets"])
def test_a_client_that_goes_before_all_is_sent_causes_no_error(
    server: Server, go: Callable[[Wire], None]
) -> None:
    assert still_answers(server)
    before, errors = server.descriptors(), errors_of_ours(server)
    for half in HALVES.values():
        wire = server.connect()
        wire.send(half)
        # Now the server waits for the rest of it.
        assert still_answers(server)
        go(wire)
    if server.name != "werkzeug":  # it forgets a selector when it is reset
        wait_until(lambda: server.descriptors() <= before, "a descriptor stays open")
    assert still_answers(server)
    assert errors_of_ours(server) == errors


@pytest.mark.parametrize("half", ["json", "limited", "chunked"])
def test_half_a_body_is_refused_as_the_error_of_its_client(server: Server, half: str) -> None:
    with server.connect() as wire:
        wire.send(HALVES[half])
        wire.say_no_more()
        answer = wire.receive_or_end("POST")
        assert answer is None or answer.status == 400


@pytest.mark.parametrize("body", GARBAGE)
@pytest.mark.parametrize("path", ["/table/read/json", "/table/read/limited"])
def test_a_body_in_broken_chunks_is_the_error_of_its_client(
    server: Server, path: str, body: str
) -> None:
    with server.connect() as wire:
        wire.send(request("POST", path, {**JSON, "Transfer-Encoding": "chunked"}) + GARBAGE[body])
        assert wire.receive("POST").status == 400


@pytest.mark.parametrize("go", [Wire.close, Wire.reset], ids=["closes", "resets"])
def test_a_client_that_goes_before_all_is_answered_ends_the_view(
    server: Server, mount: str, go: Callable[[Wire], None]
) -> None:
    assert still_answers(server)
    before, closed = server.descriptors(), server.log.count(CLOSED)
    wire = server.connect()
    wire.send(request("GET", f"{mount}/pieces/endless"))
    wire.receive_some(200_000)
    go(wire)
    wait_until(lambda: server.log.count(CLOSED) > closed, "the generator was not closed")
    wait_until(lambda: server.descriptors() <= before, "a descriptor stays open")
    assert still_answers(server)
