"""A misbehaving upstream server on loopback: each context manager here yields where to find it.

What an accepted connection meets is a `Behaviour`: a function that may read, write, and leave. When
it returns, the connection is closed.
"""

from __future__ import annotations

import contextlib
import socket
import ssl
import struct
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

Behaviour = Callable[[socket.socket], None]

HOST = "127.0.0.1"

#: RFC 6761 §6.4: no resolver has it, and none asks another server for it.
UNKNOWN_HOST = "upstream.invalid"


@contextmanager
def serving(behave: Behaviour, tls: ssl.SSLContext | None = None) -> Iterator[str]:
    """A server that treats each connection, in a thread of its own, as `behave` says."""
    with ExitStack() as stack:
        listener = stack.enter_context(socket.create_server((HOST, 0)))
        closing = threading.Event()
        treating: list[threading.Thread] = []

        def treat(connection: socket.socket) -> None:
            # Clients that give up, and failed handshakes, are what these tests are about.
            with connection, contextlib.suppress(OSError):
                connection.settimeout(10)
                if tls is None:
                    return behave(connection)
                with tls.wrap_socket(connection, server_side=True) as encrypted:
                    behave(encrypted)

        def accept() -> None:
            while not closing.is_set():
                connection, _ = listener.accept()
                treating.append(threading.Thread(target=treat, args=(connection,)))
                treating[-1].start()

        accepting = threading.Thread(target=accept)
        accepting.start()
        try:
            yield _address(listener)
        finally:
            closing.set()
            socket.create_connection(listener.getsockname()).close()  # wakes accept()
            for thread in [accepting, *treating]:
                thread.join()


@contextmanager
def refusing() -> Iterator[str]:
    """A port that is taken, so that nobody else gets it, and on which nobody listens."""
    with socket.socket() as taken:
        taken.bind((HOST, 0))
        yield _address(taken)


@contextmanager
def deaf() -> Iterator[str]:
    """A server that never accepts: connections stand, and nothing is read from them."""
    with socket.create_server((HOST, 0)) as listener:
        yield _address(listener)


@contextmanager
def crowded() -> Iterator[str]:
    """A server whose queue is full, so that no further connection comes about."""
    with ExitStack() as stack:
        listener = stack.enter_context(socket.create_server((HOST, 0), backlog=0))
        for _ in range(4):
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(listener.getsockname())
        yield _address(listener)


def _address(listener: socket.socket) -> str:
    return f"{HOST}:{listener.getsockname()[1]}"


def request_head(connection: socket.socket) -> bytes:
    """Read a request up to the end of its header section; of a TLS handshake, what is there."""
    head = b""
    while not (b"\r\n\r\n" in head or head.startswith(b"\x16")) and (
        received := connection.recv(65536)
    ):
        head += received
    return head


def sending(response: bytes) -> Behaviour:
    """Read the request, send this, and close."""

    def behave(connection: socket.socket) -> None:
        request_head(connection)
        connection.sendall(response)

    return behave


def answering(status: str, headers: dict[str, str] | None = None, body: bytes = b"{}") -> Behaviour:
    """A complete HTTP response, `status` with its phrase."""
    lines = {"Content-Length": len(body), "Connection": "close", **(headers or {})}
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    return sending(f"HTTP/1.1 {status}\r\n{head}\r\n".encode() + body)


def stalling(response: bytes = b"") -> Behaviour:
    """Read the request, send this, and no more until the client gives up."""

    def behave(connection: socket.socket) -> None:
        request_head(connection)
        connection.sendall(response)
        while connection.recv(65536):
            pass

    return behave


def resetting(response: bytes = b"") -> Behaviour:
    """Read the request, send this, and reset the connection."""

    def behave(connection: socket.socket) -> None:
        sending(response)(connection)
        reset(connection)

    return behave


def reset(connection: socket.socket) -> None:
    """Close without a goodbye: RST in place of FIN, as lingering for no second does."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def self_signed(directory: Path) -> ssl.SSLContext:
    """The TLS of a server whose certificate nobody vouches for, made by the program openssl."""
    key, certificate = directory / "key.pem", directory / "certificate.pem"
    request = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2"
    names = ["-subj", f"/CN={UNKNOWN_HOST}", "-addext", f"subjectAltName=IP:{HOST}"]
    subprocess.run(
        [*request.split(), *names, "-keyout", key, "-out", certificate],
        check=True,
        capture_output=True,
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return context
