"""requests: a call to another server that failed is a 502, 503 or 504."""

from __future__ import annotations

import re

from ..exceptions import StatusError
from ..mapping import Mapping
from ._upstream import LATER, answered, asked_for_patience, bug, by_class, failed, timed_out


def install(mapping: Mapping, *, explicit: bool) -> None:
    mapping.map("requests.exceptions.RequestException", by_class(_ROWS), explicit=explicit)


def _broken(exception: Exception) -> StatusError:
    """Refused, reset, unknown host, TLS, no HTTP; but also time-outs while a body is on its way."""
    return timed_out(exception) if _holds_timeout(exception) else failed(exception)


def _holds_timeout(exception: BaseException) -> bool:
    # requests keeps urllib3's exception in `args`, which keeps what happened in `args` or `reason`.
    # The class that urllib3 has for a time-out is no TimeoutError.
    if isinstance(exception, TimeoutError) or type(exception).__name__ == "ReadTimeoutError":
        return True
    inner = (getattr(exception, "reason", None), *exception.args)
    return any(_holds_timeout(e) for e in inner if isinstance(e, BaseException))


def _out_of_retries(exception: Exception) -> StatusError:
    """Of urllib3's `Retry(status_forcelist=...)`, which keeps of the response a sentence only."""
    said = re.search(r"too many (\d{3}) error responses\W*$", str(exception))
    return asked_for_patience() if said and int(said[1]) in LATER else failed(exception)


_ROWS = {
    # Chunks that break off or are none, not gzip, redirected in a circle.
    "RequestException": failed,
    "HTTPError": answered,
    "Timeout": timed_out,
    "ConnectTimeout": timed_out,  # a ConnectionError first of all
    "ConnectionError": _broken,
    "RetryError": _out_of_retries,
    "InvalidJSONError": bug,  # what was to be sent
    "JSONDecodeError": failed,  # what was received
    "URLRequired": bug,
    "MissingSchema": bug,
    "InvalidSchema": bug,
    "InvalidURL": bug,
    "InvalidHeader": bug,
    "StreamConsumedError": bug,
    "UnrewindableBodyError": bug,
}
