"""Answers to requests that went well, each with what its status owes.

201 created        202 accepted       204 no_content      205 reset_content
301 303 307 308    redirect_to        200 304 412         conditional
428 412            require_match      raises, before a change is made

They are thin: Flask makes the response of a body, Werkzeug reads the validators of both sides. A
206 and a 416 come from Flask's own `send_file` and `send_from_directory`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any, cast

import flask
from flask import Response, current_app, request
from flask.typing import ResponseReturnValue
from werkzeug.http import quote_etag, unquote_etag
from werkzeug.urls import iri_to_uri

from .contract import raises
from .exceptions import PreconditionFailed, PreconditionRequired
from .retry import Delay, read_date, to_seconds

#: The helper for each status that has one, as it is called.
HELPERS: Mapping[int, str] = {
    200: "conditional(body, etag=...)",
    201: "created(location, body)",
    202: "accepted(monitor)",
    204: "no_content()",
    205: "reset_content()",
    301: "redirect_to(location, permanent=True, keep_method=False)",
    303: "redirect_to(location, keep_method=False)",
    304: "conditional(body, etag=...)",
    307: "redirect_to(location)",
    308: "redirect_to(location, permanent=True)",
}


def created(location: str, body: ResponseReturnValue | None = None) -> Response:
    """Answer 201: the request created a resource. RFC 9110 §15.3.2.

    Parameters:
        location: the URL of what was created, absolute or a path, as `flask.url_for` gives it.
        body: what a view may return: the new resource, mostly (default: nothing). A status that
            comes with it gives way to 201.

    Raises:
        ValueError: `location` is no URL.

    >>> app = flask.Flask("shop")
    >>> with app.test_request_context():
    ...     response = created("/users/7", {"id": 7})
    >>> response.status, response.location
    ('201 CREATED', '/users/7')
    """
    target = _target(location)
    response = current_app.make_response("" if body is None else body)
    response.status_code = 201
    response.location = target
    return response


def accepted(
    monitor: str, body: Mapping[str, Any] | None = None, *, retry_after: Delay | None = None
) -> Response:
    """Answer 202: the work goes on, and `monitor` tells how far it is. RFC 9110 §15.3.3.

    Parameters:
        monitor: the URL that says whether it is done; sent as ``Location``, and in the body as the
            member ``monitor``.
        body: further members of the body (default: none).
        retry_after: when to ask the monitor for the first time: seconds, a timedelta or a datetime
            (naive means UTC). Sent as ``Retry-After``, in whole seconds.

    Raises:
        TypeError: `body` is no mapping.
        ValueError: `monitor` is no URL, or `retry_after` is no delay.

    >>> app = flask.Flask("shop")
    >>> with app.test_request_context():
    ...     accepted("/reports/7/status", {"state": "running"}, retry_after=2).json
    {'monitor': '/reports/7/status', 'state': 'running'}
    """
    members = {} if body is None else body
    if not isinstance(members, Mapping):
        raise TypeError(
            f"The body of a 202 is a {type(body).__name__}, so it cannot name its monitor:"
            " pass a mapping of members, accepted(monitor, {...})."
        )
    target = _target(monitor)
    response = current_app.make_response({**members, "monitor": target})
    response.status_code = 202
    response.location = target
    if retry_after is not None:
        response.headers["Retry-After"] = str(to_seconds(retry_after))
    return response


def no_content() -> Response:
    """Answer 204: it is done, and there is nothing to send back. RFC 9110 §15.3.5.

    >>> app = flask.Flask("shop")
    >>> with app.test_request_context():
    ...     no_content().status
    '204 NO CONTENT'
    """
    response = current_app.response_class(status=204)
    # Without content it has no type; Flask would say text/html.
    del response.headers["Content-Type"]
    return response


def reset_content() -> Response:
    """Answer 205: it is done, and the client should clear the form it sent. RFC 9110 §15.3.6.

    >>> app = flask.Flask("shop")
    >>> with app.test_request_context():
    ...     reset_content().status
    '205 RESET CONTENT'
    """
    return current_app.response_class(status=205)


def redirect_to(location: str, *, permanent: bool = False, keep_method: bool = True) -> Response:
    """Send the client elsewhere, with the status that says what is meant. RFC 9110 §15.4.

    Parameters:
        location: the URL to go to. Where a client had a say in it, check it first: a redirect to
            any site is a gift to whoever writes phishing mails.
        permanent: whether it is to be used from now on: 308 in place of 307, 301 in place of 303.
        keep_method: whether the request is to be repeated there as it is (307, 308). Without, the
            client goes on with GET (303; a 301 does that to a POST only).

    Raises:
        ValueError: `location` is no URL.

    >>> app = flask.Flask("shop")
    >>> with app.test_request_context():
    ...     redirect_to("/rooms", permanent=True).status
    '308 PERMANENT REDIRECT'
    """
    code = (308 if permanent else 307) if keep_method else (301 if permanent else 303)
    return cast("Response", flask.redirect(_target(location), code))


@raises(PreconditionFailed)
def conditional(
    body: ResponseReturnValue,
    *,
    etag: str | int | None = None,
    last_modified: datetime | None = None,
) -> Response:
    """Answer with validators, and with 304 where the client has this version. RFC 9110 §13.

    Parameters:
        body: what a view may return. A stream is not read for this, so it needs a validator. In
            ``conditional(send_file(...))`` the preconditions go before a ``Range``, unless that
            cannot be met at all; give `send_file` itself the ``etag``, which ``If-Range`` is about.
        etag: what changes with the content: a version, a hash (default: the response's own; where
            it has no date either, a hash of the content). With a ``W/`` before it, it is weak.
        last_modified: when the content last changed (naive means UTC; sent in whole seconds).

    Raises:
        PreconditionFailed: on GET and HEAD, ``If-Match`` or ``If-Unmodified-Since`` names another
            version; the response has the validators of the current one.
        TypeError: a stream has no validator.
        ValueError: `etag` cannot be sent.

    >>> app = flask.Flask("shop")
    >>> with app.test_request_context(headers={"If-None-Match": '"v7"'}):
    ...     conditional({"id": 7}, etag="v7").status
    '304 NOT MODIFIED'
    """
    tag = None if etag is None else _entity_tag(etag)
    response = current_app.make_response(body)
    if tag is not None:
        response.set_etag(*tag)
    if last_modified is not None:
        response.last_modified = last_modified
    if not _validators(response):
        if response.is_streamed:
            response.close()
            raise TypeError(
                "A stream is not read to find its ETag: type conditional(body, etag=...),"
                " or last_modified=..."
            )
        response.add_etag()
    # In answer to any other method the validators are those of what the request has left behind,
    # and its preconditions were for what it found; `require_match` is for these. An error is no
    # version of anything (§13.2.1), but a 412 of `send_file` has the file in it.
    is_version = response.status_code < 300 or response.status_code == 412
    if request.method in ("GET", "HEAD") and is_version:
        if not _is_wanted(response):
            response.close()
            raise PreconditionFailed(headers=_validators(response))
        if _is_known(response):
            response.status_code = 304
        elif response.status_code == 412:
            response.status_code = 200
    return response


@raises(PreconditionRequired, PreconditionFailed)
def require_match(etag: str | int) -> None:
    """Let a change through only if the client names, in ``If-Match``, the version it changes.

    Without it, whoever saves last undoes the changes of others unseen (RFC 9110 §13.1.1, RFC 6585
    §3). Call it before the change, with the validator that `conditional` sends.

    Parameters:
        etag: the current version. It is compared strongly, so it cannot be a weak one.

    Raises:
        PreconditionRequired: there is no ``If-Match``.
        PreconditionFailed: it names other versions; the response has the current ``ETag``.
        ValueError: `etag` is weak or cannot be sent.

    >>> app = flask.Flask("shop")
    >>> with app.test_request_context(method="PUT", headers={"If-Match": '"v7"'}):
    ...     require_match("v7")
    """
    tag, weak = _entity_tag(etag)
    if weak:
        raise ValueError(
            f"{etag!r} is weak, and no weak ETag ever matches (RFC 9110 §13.1.1): leave out W/."
        )
    if "If-Match" not in request.headers:
        raise PreconditionRequired()
    if tag not in request.if_match:
        raise PreconditionFailed(headers={"ETag": quote_etag(tag)})


def _target(location: str) -> str:
    """A location as it is sent. What cannot be sent is refused here, and not by the server."""
    try:
        # Python's parser of URLs drops line breaks in silence.
        is_line = isinstance(location, str) and not re.search(r"[\x00-\x1f\x7f]", location)
        uri = iri_to_uri(location) if is_line else ""
        # Werkzeug converts once more when it sends it, and finds hosts in a path such as "////b:c".
        if uri and iri_to_uri(uri) == uri:
            return uri
    except ValueError:  # of a port, a host name, half of a surrogate pair
        pass
    raise ValueError(f"{location!r:.80} is no URL: give one, as url_for('get_user', id=7) does.")


def _entity_tag(etag: str | int) -> tuple[str, bool]:
    """The opaque part of an ETag, quoted or not, and whether it is weak (RFC 9110 §8.8.3)."""
    # A bool is an int to Python, and a slip of the pen here.
    is_tag = isinstance(etag, (str, int)) and not isinstance(etag, bool)
    tag, weak = unquote_etag(str(etag)) if is_tag else ("", False)
    if not re.fullmatch(r"[!#-~\xa0-\xff]+", tag or ""):
        raise ValueError(
            f"{etag!r:.80} is no ETag (RFC 9110 §8.8.3): give a number, or text without blanks and"
            " quotes."
        )
    return tag, bool(weak)


def _validators(response: Response) -> dict[str, str]:
    names = ("ETag", "Last-Modified")
    return {name: response.headers[name] for name in names if name in response.headers}


# Werkzeug's own `make_conditional` knows neither ``If-Match: *`` nor If-Unmodified-Since, takes a
# weak ETag for a strong one, answers 412 with the content, and reads a stream to count its bytes.


def _is_wanted(version: Response) -> bool:
    """Whether ``If-Match``, else ``If-Unmodified-Since``, holds (RFC 9110 §13.2.2, steps 1, 2)."""
    if "If-Match" in request.headers:
        tag, weak = version.get_etag()
        return request.if_match.star_tag or bool(tag and not weak and tag in request.if_match)
    limit = read_date(request.headers.get("If-Unmodified-Since"))
    changed = read_date(version.headers.get("Last-Modified"))
    return limit is None or changed is None or changed <= limit


def _is_known(version: Response) -> bool:
    """Whether ``If-None-Match``, else ``If-Modified-Since``, says that the client has it (3, 4)."""
    if "If-None-Match" in request.headers:
        tag, _ = version.get_etag()
        known = request.if_none_match
        return known.star_tag or bool(tag and known.contains_weak(tag))
    since = read_date(request.headers.get("If-Modified-Since"))
    changed = read_date(version.headers.get("Last-Modified"))
    return since is not None and changed is not None and changed <= since
