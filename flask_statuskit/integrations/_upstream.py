"""What a failed call to another server is answered with; httpx and requests share it.

    too late                              504
    no free connection of our own         503
    it answered 429 or 503                503, with its Retry-After
    all else that it did                  502
    what we did (a bad URL, a bad header) a bug

That is RFC 9209 §2.3. Nothing of the exception goes into the error: its text holds the URL, and
with it tokens, and what the other server says is not meant for our clients.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..exceptions import BadGateway, GatewayTimeout, ServiceUnavailable, StatusError
from ..mapping import Builder
from ..plain import Sentence

#: Statuses of another server that tell us to come back later.
LATER = (429, 503)


def by_class(rows: Mapping[str, Builder]) -> Builder:
    """Let the row decide that is nearest to the class of the exception.

    A library's whole tree is entered as one class, its root, with this. So whatever class of it an
    application maps itself is the nearer one and wins. Rows that only some releases of the library
    can use do no harm.
    """

    def build(exception: Exception) -> StatusError | None:
        names = (cls.__name__ for cls in type(exception).__mro__)
        return rows[next(name for name in names if name in rows)](exception)

    return build


def bug(exception: Exception) -> None:
    """Ours: a URL, a header, a use of the library that cannot work."""


def failed(exception: Exception) -> BadGateway:
    return BadGateway()


def timed_out(exception: Exception) -> GatewayTimeout:
    return GatewayTimeout()


def no_free_connection(exception: Exception) -> ServiceUnavailable:
    # A connection of ours comes free within moments, unlike another server's Retry-After.
    return ServiceUnavailable(retry_after=1)


def asked_for_patience(retry_after: str | None = None) -> ServiceUnavailable:
    return ServiceUnavailable(
        Sentence("Another service that the request depends on is busy; try again later."),
        retry_after=retry_after,
    )


def answered(exception: Any) -> StatusError:
    """Of `raise_for_status()`: decided by the response that it raised for."""
    response = exception.response
    if response is None or response.status_code not in LATER:
        # A 4xx as well: it was our request that was wrong, not our client's.
        return BadGateway()
    return asked_for_patience(response.headers.get("Retry-After"))
