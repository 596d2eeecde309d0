"""httpx: a call to another server that failed is a 502, 503 or 504."""

from __future__ import annotations

from json import JSONDecodeError

from ..exceptions import BadGateway
from ..mapping import Mapping
from ..request_json import raised_in
from ._upstream import answered, bug, by_class, failed, no_free_connection, timed_out

_ROWS = {
    # Refused, reset, unknown host, TLS, broken off, not HTTP, not gzip, redirected in a circle.
    "HTTPError": failed,
    "HTTPStatusError": answered,
    "TimeoutException": timed_out,
    "PoolTimeout": no_free_connection,
    "UnsupportedProtocol": bug,
    "LocalProtocolError": bug,
}


def install(mapping: Mapping, *, explicit: bool) -> None:
    mapping.map("httpx.HTTPError", by_class(_ROWS), explicit=explicit)
    for error in (JSONDecodeError, UnicodeDecodeError):
        mapping.map(error, _no_json, explicit=explicit)


def _no_json(exception: Exception) -> BadGateway | None:
    """`Response.json()` passes on what `json.loads` raises, so only the way it took tells."""
    return BadGateway() if raised_in(exception, "json", ("httpx",)) else None
