"""HTTP/1.1 on a socket, read to the letter: a byte too many or too few in an answer fails.

An HTTP client forgives. It would wait out a wrong Content-Length, drop what stands behind a 304, or
open another connection without a word; then nobody sees that the next answer was out of step.
"""

from __future__ import annotations

import re
import socket
import struct
import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from types import TracebackType

from support import Answer

#: RFC 9112 §4 and §5; nobody sends tabs or bytes beyond ASCII in a phrase.
_STATUS_LINE = re.compile(r"HTTP/1\.([01]) ([1-5][0-9]{2}) ([ -~]*)")
_HEADER = re.compile(r"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([^\x00-\x08\x0a-\x1f\x7f]*?)[ \t]*")


class Garbled(AssertionError):
    """What came is no answer, or not the whole of it and nothing else."""


class BrokenOff(ConnectionError):
    """The server ended the connection where an answer was to begin, or to go on.

    Attributes:
        received: the status of the answer that had begun, None where none had, and its content.
    """

    def __init__(self, status: int | None = None, content: bytes = b"") -> None:
        super().__init__(f"broken off, status {status}, {len(content)} bytes of content")
        self.received = status, content


@dataclass(frozen=True)
class Reply(Answer):
    """An answer as it came over a connection.

    Attributes:
        last: whether the server says that it closes the connection after it.
        interim: the 1xx statuses that came before it.
    """

    last: bool = False
    interim: tuple[int, ...] = ()


def request(
    method: str, path: str, headers: Mapping[str, str] | None = None, body: bytes = b""
) -> bytes:
    """The bytes of a request; its Content-Length is added where there is a body and none given."""
    lines = {"Host": "127.0.0.1", **(headers or {})}
    if (body or method in ("POST", "PUT")) and "Transfer-Encoding" not in lines:
        lines.setdefault("Content-Length", str(len(body)))
    head = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in lines.items())]
    return "\r\n".join([*head, "", ""]).encode("latin-1") + body


def chunked(content: bytes, size: int = 8192) -> bytes:
    """Content with the transfer coding "chunked"."""
    parts = [content[start : start + size] for start in range(0, len(content), size)]
    return b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in [*parts, b""])


class Wire:
    """A connection to a server of this machine.

    Parameters:
        port: of the server.
        timeout: how long to wait for the next bytes (seconds).
    """

    def __init__(self, port: int, timeout: float = 10) -> None:
        self._timeout = timeout
        self._socket = socket.create_connection(("127.0.0.1", port), timeout)
        self._buffer = b""

    def __enter__(self) -> Wire:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        self._socket.close()

    def ask(
        self, method: str, path: str, headers: Mapping[str, str] | None = None, body: bytes = b""
    ) -> Reply:
        """Send a request, and read the answer."""
        self.send(request(method, path, headers, body))
        return self.receive(method)

    def send(self, sent: bytes) -> None:
        self._socket.sendall(sent)

    def send_meanwhile(self, sent: bytes) -> None:
        """Send while the answer is read already: the server may never take all of it."""

        def send() -> None:
            with suppress(OSError):
                self._socket.sendall(sent)

        threading.Thread(target=send, daemon=True).start()

    def say_no_more(self) -> None:
        """End what is sent, and go on reading."""
        self._socket.shutdown(socket.SHUT_WR)

    def reset(self) -> None:
        """Go away as a process does that is killed: what is under way is of no interest."""
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._socket.close()

    def receive(self, method: str = "GET") -> Reply:
        """Read the answer to a request with this method.

        Raises:
            BrokenOff: the connection ended before the answer did.
            Garbled: there is something else than an answer.
        """
        interim: list[int] = []
        while True:
            minor, status, phrase, headers = self._head()
            if status >= 200:
                break
            interim.append(status)
        answer = Answer(f"{status} {phrase}", headers, b"")
        options = ",".join(answer.all("Connection")).lower().replace(" ", "").split(",")
        last = "close" in options or (minor == "0" and "keep-alive" not in options)
        content, delimited = self._content(method, answer)
        last = last or not delimited
        if last:
            self.expect_end()
        return Reply(answer.status_line, headers, content, last, tuple(interim))

    def receive_or_end(self, method: str = "GET") -> Reply | None:
        """Read an answer, or see that the server has closed the connection instead of it.

        Raises:
            BrokenOff: the answer had begun.
            Garbled: there is something else than an answer.
        """
        try:
            return self.receive(method)
        except BrokenOff as end:
            if end.received != (None, b""):
                raise
            return None

    def first_bytes(self, seconds: float) -> bytes:
        """What the next answer begins with, nothing if none begins in this time."""
        self._socket.settimeout(seconds)
        with suppress(TimeoutError):
            self._more()
        self._socket.settimeout(self._timeout)
        return self._buffer

    def receive_some(self, size: int) -> bytes:
        """Read this many bytes of whatever comes."""
        while len(self._buffer) < size:
            if not self._more():
                raise BrokenOff
        return self._take(size)

    def expect_end(self) -> None:
        """Nothing comes any more, and the server closes the connection."""
        with suppress(OSError):
            # Werkzeug's server reads what an application has left of a request, up to its end.
            self.say_no_more()
            self._more()
        if self._buffer:
            raise Garbled(f"{self._buffer[:200]!r} stands behind the last answer")

    def is_quiet(self) -> bool:
        """Whether nothing has come that nobody asked for."""
        self._socket.setblocking(False)
        try:
            return not self._buffer and not self._socket.recv(1, socket.MSG_PEEK)
        except BlockingIOError:
            return not self._buffer
        finally:
            self._socket.settimeout(self._timeout)

    # The parts of an answer.

    def _head(self) -> tuple[str, int, str, list[tuple[str, str]]]:
        head = self._until(b"\r\n\r\n").decode("latin-1")
        first, *lines = head.split("\r\n")
        status_line = _STATUS_LINE.fullmatch(first)
        if status_line is None:
            raise Garbled(f"{first!r} is no status line")
        headers = []
        for line in lines:
            header = _HEADER.fullmatch(line)
            if header is None:
                raise Garbled(f"{line!r} is no header line")
            headers.append((header[1], header[2]))
        return status_line[1], int(status_line[2]), status_line[3], headers

    def _content(self, method: str, answer: Answer) -> tuple[bytes, bool]:
        """The content, and whether anything but the end of the connection ends it (RFC 9112 §6.3).

        Raises:
            BrokenOff: it ended before its end.
            Garbled: it is not said, or said twice, where its end is.
        """
        lengths, codings = answer.all("Content-Length"), answer.all("Transfer-Encoding")
        if len(lengths) + len(codings) > 1:
            raise Garbled(f"{answer.status}: Content-Length {lengths} with {codings}")
        if lengths and not re.fullmatch(r"0|[1-9][0-9]*", lengths[0]):
            raise Garbled(f"Content-Length: {lengths[0]}")
        if answer.status == 204 and (lengths or codings):
            raise Garbled(f"a 204 with Content-Length {lengths}, {codings}")
        if method == "HEAD" or answer.status in (204, 304):
            return b"", True
        if codings:
            if codings != ["chunked"]:
                raise Garbled(f"Transfer-Encoding: {codings[0]}")
            return self._chunks(answer.status), True
        if lengths:
            return self._exactly(int(lengths[0]), answer.status), True
        # Whoever is reset here has not got all of it (RFC 9112 §8).
        while self._more():
            pass
        return self._take(len(self._buffer)), False

    def _exactly(self, size: int, status: int) -> bytes:
        try:
            return self.receive_some(size)
        except BrokenOff:
            raise BrokenOff(status, self._buffer) from None

    def _chunks(self, status: int) -> bytes:
        content = b""
        try:
            while True:
                line = self._until(b"\r\n")
                if not re.fullmatch(rb"[0-9A-Fa-f]+", line):
                    raise Garbled(f"{line!r} is no size of a chunk")
                size = int(line, 16)
                chunk = self.receive_some(size + 2)
                if chunk[size:] != b"\r\n":
                    raise Garbled(f"a chunk ends in {chunk[size:]!r}")
                if not size:
                    return content
                content += chunk[:size]
        except BrokenOff:
            raise BrokenOff(status, content) from None

    # The bytes.

    def _until(self, end: bytes) -> bytes:
        while end not in self._buffer:
            if not self._more():
                raise BrokenOff(None, self._buffer)
        found = self._take(self._buffer.index(end))
        self._take(len(end))
        return found

    def _take(self, size: int) -> bytes:
        taken, self._buffer = self._buffer[:size], self._buffer[size:]
        return taken

    def _more(self) -> bool:
        """Wait for more; return whether anything came before the end."""
        try:
            received = self._socket.recv(65536)
        except ConnectionError:
            raise BrokenOff(None, self._buffer) from None
        self._buffer += received
        return bool(received)
