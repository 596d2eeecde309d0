"""One frozen row for each status in the IANA HTTP status code registry.

::

    STATUSES       {code: Status}, ascending
    ├── 1xx        100-104                                    interim: WSGI cannot send them
    ├── 2xx        200-208 226                                it worked
    ├── 3xx        300-308                                    look elsewhere
    ├── 4xx        400-418 421-426 428 429 431 451            the request is at fault
    └── 5xx        500-508 510 511                            the service is at fault

    Status         code · phrase · section                    what the registry says
    ├── sentence   the default ``detail`` of a problem        for clients
    ├── use_when   which status to pick, and which instead    for developers
    ├── body · retry · cacheable                              what HTTP does with it
    └── duties     (Duty, ...)                                the headers it owes

    Duty           header · level · section · value · hop_by_hop

This is the single source: the exception classes, the response rules, the auditor, the catalogue and
the docs read it and repeat none of it. The phrases are pinned here because Werkzeug 3.1 and Python
before 3.13 still carry those of RFC 2616 (413, 414, 416) and RFC 4918 (422).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal
from wsgiref.util import is_hop_by_hop

__all__ = ["STATUSES", "Duty", "Status"]


@dataclass(frozen=True, slots=True)
class Duty:
    """A header that a status owes.

    Attributes:
        header: The field name, such as ``"WWW-Authenticate"``.
        level: How binding the field is for the ordinary response of that status: ``"must"``,
            ``"should"`` or ``"may"``. What the RFC demands only under a condition that nobody can
            see in the response (a 304 owes the ``ETag`` that the 200 would have had) is ``"may"``
            too, and a comment at the row gives the RFC's word and the condition. So the absence of
            a ``"may"`` field alone never proves a response wrong.
        section: Where the duty is written, such as ``"RFC 9110 §15.5.2"``.
        value: What the field has to contain where the RFC leaves no choice, such as ``"no-store"``;
            ``None`` where the value is the application's to give.
    """

    header: str
    level: Literal["must", "should", "may"]
    section: str
    value: str | None = None

    @property
    def hop_by_hop(self) -> bool:
        """Whether PEP 3333 forbids the field to an application.

        True for ``Connection``, ``Upgrade`` and ``Proxy-Authenticate``: waitress and wsgiref answer
        500 to them, gunicorn drops them, so a status that must carry one cannot be kept under WSGI.
        """
        return is_hop_by_hop(self.header)


@dataclass(frozen=True, slots=True)
class Status:
    """What the standards, and we, say about one status.

    Attributes:
        code: The number, 100 to 599.
        phrase: The registry's current name for it.
        sentence: One sentence for clients: what happened and, where it helps, what to do. The
            default ``detail`` of a problem; it names nothing internal.
        use_when: One sentence for developers: when to choose this status, and which to choose
            instead. It opens with "Use it when", "Leave it to" or "Do not use it".
        section: Where the status is defined, such as ``"RFC 9110 §15.5.5"``.
        duties: The headers it owes, the most binding first.
        body: Whether a response with it may have content (RFC 9110 §6.4.1, and §15.3.6 for 205). A
            response to HEAD never has any, whatever the status.
        retry: Whether the same request may be repeated later, unchanged, with some hope. True where
            the RFC calls the condition temporary or lets the client repeat the request as it is
            (408, 421, 425, 429, 503, 507), and where the obstacle goes away without the client: a
            lock (423), another service (502, 504). False where the request, the credentials or the
            resource has to change first, and where the RFC gives no hope either way (404, 500). It
            does not say "automatically": only idempotent methods are safe to repeat so (RFC 9110
            §9.2.2), and a 507 takes a new action of the user (RFC 4918 §11.5).
        cacheable: Whether a cache may keep it with no freshness information at all (heuristically
            cacheable, RFC 9110 §15.1 and RFC 7725 §3). Such an error needs ``Cache-Control``.
    """

    code: int
    phrase: str
    sentence: str
    use_when: str
    section: str
    duties: tuple[Duty, ...] = ()
    body: bool = True
    retry: bool = False
    cacheable: bool = False

    @property
    def confused_with(self) -> tuple[int, ...]:
        """The statuses that `use_when` tells it from, as 401 is told from 403."""
        # Some name their own status as well, as in 100-continue, or another one twice.
        named = map(int, re.findall(r"\b[1-5][0-9]{2}\b", self.use_when))
        return tuple(dict.fromkeys(code for code in named if code != self.code))


# A 206 and a 304 MUST carry each of these that the 200 to the same request would have had. Nobody
# can see in the response whether it would, hence "may" below.
_FIELDS_OF_THE_200 = ("Date", "Cache-Control", "ETag", "Expires", "Content-Location", "Vary")


_ROWS: tuple[Status, ...] = (
    #
    # 1xx Informational (RFC 9110 §15.2). Interim responses, sent by the server below the
    # application; a 1xx ends with its header section.
    #
    Status(
        100,
        "Continue",
        sentence="The first part of the request has arrived; send the rest.",
        use_when="Leave it to the server: it answers Expect: 100-continue when the application "
        "begins to read the content.",
        section="RFC 9110 §15.2.1",
        body=False,
    ),
    Status(
        101,
        "Switching Protocols",
        sentence="The connection now switches to the protocol named in the Upgrade header.",
        use_when="Leave it to the server: WSGI forbids an application the Upgrade and Connection "
        "fields, so a WebSocket library takes over the connection beneath it.",
        section="RFC 9110 §15.2.2",
        duties=(
            Duty("Upgrade", "must", "RFC 9110 §15.2.2"),
            Duty("Connection", "must", "RFC 9110 §7.8", "Upgrade"),
        ),
        body=False,
    ),
    Status(
        102,
        "Processing",
        sentence="The request has been received and is still being processed.",
        use_when="Do not use it: RFC 4918 dropped it from WebDAV, and for long work there is 202 "
        "with a status monitor.",
        section="RFC 2518 §10.1",
        body=False,
    ),
    Status(
        103,
        "Early Hints",
        sentence="Some headers of the response are sent ahead, so that you can prepare for it.",
        use_when="Leave it to the server: WSGI has no interim responses, but some servers turn the "
        "Link field of a final response into hints.",
        section="RFC 8297 §2",
        body=False,
    ),
    Status(
        # A temporary registration, for a draft. No duties: what the draft asks differs between the
        # first 104 (Location) and those that report progress (Upload-Offset).
        104,
        "Upload Resumption Supported",
        sentence="The upload can be resumed if it is interrupted.",
        use_when="Leave it to the server: it belongs to a draft for resumable uploads, and WSGI "
        "has no interim responses.",
        section="draft-ietf-httpbis-resumable-upload-11 §5",
        body=False,
    ),
    #
    # 2xx Successful (RFC 9110 §15.3).
    #
    Status(
        200,
        "OK",
        sentence="The request succeeded.",
        use_when="Use it when the request succeeded and the content is its result; an error that "
        "only the content tells of needs a 4xx or 5xx, and 204 is for no content.",
        section="RFC 9110 §15.3.1",
        cacheable=True,
    ),
    Status(
        201,
        "Created",
        sentence="The request succeeded and a new resource was created.",
        use_when="Use it when the request created a resource; 202 if that is still to be done, 200 "
        "or 204 if an existing one was changed.",
        section="RFC 9110 §15.3.2",
        # §9.3.3 has the SHOULD, for POST. Without Location the target URI is the new resource
        # (§15.3.2), which is right for PUT.
        duties=(Duty("Location", "should", "RFC 9110 §9.3.3"),),
    ),
    Status(
        202,
        "Accepted",
        sentence="The request has been accepted and will be processed later.",
        use_when="Use it when the work goes on after the response, and point to a status monitor "
        "in the content; 201 or 200 if it is done.",
        section="RFC 9110 §15.3.3",
    ),
    Status(
        203,
        "Non-Authoritative Information",
        sentence="The request succeeded, but the content was modified on its way.",
        use_when="Use it when you are a proxy that transformed the 200 of another server; content "
        "of your own goes with 200.",
        section="RFC 9110 §15.3.4",
        cacheable=True,
    ),
    Status(
        204,
        "No Content",
        sentence="The request succeeded and there is nothing to send back.",
        use_when="Use it when the request succeeded and there is no content to return; 205 if the "
        "client should also clear the form it came from.",
        section="RFC 9110 §15.3.5",
        body=False,
        cacheable=True,
    ),
    Status(
        205,
        "Reset Content",
        sentence="The request succeeded; clear the form or view that it was sent from.",
        use_when="Use it when the client should clear the form that the request came from; 204 if "
        "its view stays as it is.",
        section="RFC 9110 §15.3.6",
        body=False,
    ),
    Status(
        206,
        "Partial Content",
        sentence="The content is the part of the resource that was asked for.",
        use_when="Use it when a request with Range gets only those ranges; 200 if it gets the "
        "whole, 416 if none of the ranges can be met.",
        section="RFC 9110 §15.3.7",
        duties=(
            # Of a single part; multipart/byteranges has it in each part and MUST NOT have it in the
            # header section (§15.3.7.2).
            Duty("Content-Range", "must", "RFC 9110 §15.3.7.1"),
            *(Duty(header, "may", "RFC 9110 §15.3.7") for header in _FIELDS_OF_THE_200),
        ),
        cacheable=True,
    ),
    Status(
        207,
        "Multi-Status",
        sentence="The request had several results, each listed with a status of its own.",
        use_when="Use it when a WebDAV request had several results that differ, listed in an XML "
        "body; 200 or one error if there is one result for the whole.",
        section="RFC 4918 §11.1",
    ),
    Status(
        208,
        "Already Reported",
        sentence="The members of this collection were listed earlier in the same response.",
        use_when="Use it when a collection was already listed earlier in a WebDAV 207 body, and "
        "only inside that body.",
        section="RFC 5842 §7.1",
    ),
    Status(
        226,
        "IM Used",
        sentence="The content has to be combined with a copy that you already have.",
        use_when="Use it when a GET with A-IM gets a delta or another instance-manipulation; 206 "
        "if it gets a range, 200 if it gets the whole.",
        section="RFC 3229 §10.4.1",
        duties=(Duty("ETag", "must", "RFC 3229 §10.4.1"),),
    ),
    #
    # 3xx Redirection (RFC 9110 §15.4). 301 and 302 let a client turn POST into GET, 303 asks for
    # it, 307 and 308 forbid it.
    #
    Status(
        300,
        "Multiple Choices",
        sentence="The resource is available in several versions; choose one of them.",
        use_when="Use it when the client has to choose between versions with URIs of their own; "
        "303 if you choose one for it, 406 if none is acceptable.",
        section="RFC 9110 §15.4.1",
        duties=(Duty("Location", "should", "RFC 9110 §15.4.1"),),
        cacheable=True,
    ),
    Status(
        301,
        "Moved Permanently",
        sentence="The resource has moved permanently; use its new address from now on.",
        use_when="Use it when the resource has a new permanent URI and a POST may become a GET; "
        "308 if the method has to stay, 302 if the move is temporary.",
        section="RFC 9110 §15.4.2",
        duties=(Duty("Location", "should", "RFC 9110 §15.4.2"),),
        cacheable=True,
    ),
    Status(
        302,
        "Found",
        sentence="The resource is at another address for now; go on using this one in future.",
        use_when="Use it when the resource is at another URI for now and a POST may become a GET; "
        "307 if the method has to stay, 303 if it is another resource that has the answer.",
        section="RFC 9110 §15.4.3",
        duties=(Duty("Location", "should", "RFC 9110 §15.4.3"),),
    ),
    Status(
        303,
        "See Other",
        sentence="The answer is at another address; fetch it from there with GET.",
        use_when="Use it when another resource, to be fetched with GET, has the answer, as after a "
        "POST; 302 or 307 if it is the same resource at another URI.",
        section="RFC 9110 §15.4.4",
        # §15.4.4 has no key word: a 303 is "indicated by a URI in the Location header field".
        duties=(Duty("Location", "should", "RFC 9110 §15.4.4"),),
    ),
    Status(
        304,
        "Not Modified",
        sentence="The copy that you have is still current.",
        use_when="Use it when If-None-Match or If-Modified-Since shows, on GET or HEAD, that the "
        "client's copy is current; 412 for other methods and preconditions.",
        section="RFC 9110 §15.4.5",
        duties=tuple(Duty(header, "may", "RFC 9110 §15.4.5") for header in _FIELDS_OF_THE_200),
        body=False,
    ),
    Status(
        305,
        "Use Proxy",
        sentence="The resource can only be reached through a proxy.",
        use_when="Do not use it: it is deprecated, since a response that configures the client's "
        "proxy is a security risk.",
        section="RFC 9110 §15.4.6",
    ),
    Status(
        306,
        "(Unused)",
        sentence="This status is reserved and has no meaning.",
        use_when="Do not use it: its meaning was withdrawn and the code is reserved.",
        section="RFC 9110 §15.4.7",
    ),
    Status(
        307,
        "Temporary Redirect",
        sentence="The resource is at another address for now; repeat the same request there.",
        use_when="Use it when the resource is at another URI for now and the method has to stay; "
        "302 if a POST may become a GET, 303 if the answer is elsewhere, 308 if the move is "
        "permanent.",
        section="RFC 9110 §15.4.8",
        duties=(Duty("Location", "should", "RFC 9110 §15.4.8"),),
    ),
    Status(
        308,
        "Permanent Redirect",
        sentence="The resource has moved permanently; repeat the same request at its new address.",
        use_when="Use it when the resource has a new permanent URI and the method has to stay; 301 "
        "if a POST may become a GET, 307 if the move is temporary.",
        section="RFC 9110 §15.4.9",
        duties=(Duty("Location", "should", "RFC 9110 §15.4.9"),),
        cacheable=True,
    ),
    #
    # 4xx Client Error (RFC 9110 §15.5).
    #
    Status(
        400,
        "Bad Request",
        sentence="The request is malformed; correct it before you send it again.",
        use_when="Use it when the request cannot be parsed, or is wrong and no other 4xx fits; 422 "
        "if it parses but its data breaks a rule.",
        section="RFC 9110 §15.5.1",
    ),
    Status(
        401,
        "Unauthorized",
        sentence="Valid credentials are required; authenticate and repeat the request.",
        use_when="Use it when credentials are missing, wrong or expired; 403 if they are valid but "
        "do not allow this.",
        section="RFC 9110 §15.5.2",
        duties=(Duty("WWW-Authenticate", "must", "RFC 9110 §15.5.2"),),
    ),
    Status(
        402,
        "Payment Required",
        sentence="A payment is required before the request can be fulfilled.",
        use_when="Use it when paying is what the client has to do first, and define the problem "
        "type, since RFC 9110 only reserves the code; 403 if paying would not help.",
        section="RFC 9110 §15.5.3",
    ),
    Status(
        403,
        "Forbidden",
        sentence="You are not allowed to make this request.",
        use_when="Use it when the client is refused whoever it is, or with the valid credentials "
        "it sent; 401 if it has yet to authenticate, 404 if even the existence is secret.",
        section="RFC 9110 §15.5.4",
    ),
    Status(
        404,
        "Not Found",
        sentence="The requested resource was not found.",
        use_when="Use it when there is no such resource, or none that this client may know of; 410 "
        "if it existed and is known to be gone for good.",
        section="RFC 9110 §15.5.5",
        cacheable=True,
    ),
    Status(
        405,
        "Method Not Allowed",
        sentence="The resource does not support this method; the Allow header lists those it does.",
        use_when="Use it when the resource exists but not for this method; 403 if only this client "
        "may not use it, 501 if no resource implements the method.",
        section="RFC 9110 §15.5.6",
        duties=(Duty("Allow", "must", "RFC 9110 §15.5.6"),),
        cacheable=True,
    ),
    Status(
        406,
        "Not Acceptable",
        sentence="The resource is not available in a form that the request's Accept headers allow.",
        use_when="Use it when no form of the response matches the Accept fields and a default will "
        "not do; 415 if it is the form of the request's own content.",
        section="RFC 9110 §15.5.7",
    ),
    Status(
        407,
        "Proxy Authentication Required",
        sentence="You must authenticate with the proxy before it forwards the request.",
        use_when="Use it when you are a proxy that asks for credentials of its own; an application "
        "sends 401, since WSGI forbids it the Proxy-Authenticate field that 407 must carry.",
        section="RFC 9110 §15.5.8",
        duties=(Duty("Proxy-Authenticate", "must", "RFC 9110 §15.5.8"),),
    ),
    Status(
        408,
        "Request Timeout",
        sentence="The request did not arrive completely in time; send it again.",
        use_when="Use it when the client was too slow in sending its request; 504 if another "
        "service was too slow in answering.",
        section="RFC 9110 §15.5.9",
        retry=True,
    ),
    Status(
        409,
        "Conflict",
        sentence="The request conflicts with the current state of the resource; resolve the "
        "conflict and try again.",
        use_when="Use it when the request clashes with the current state, as a duplicate does; 412 "
        "if a precondition that the client sent fails, 422 if the data is wrong in any state.",
        section="RFC 9110 §15.5.10",
    ),
    Status(
        410,
        "Gone",
        sentence="The resource was removed for good; do not request it again.",
        use_when="Use it when the resource existed and is known to be gone for good; 404 if you "
        "cannot tell, or if it may come back.",
        section="RFC 9110 §15.5.11",
        cacheable=True,
    ),
    Status(
        411,
        "Length Required",
        sentence="The request needs a Content-Length header.",
        use_when="Use it when you refuse content without a Content-Length; 413 if the length is "
        "there and too large.",
        section="RFC 9110 §15.5.12",
    ),
    Status(
        412,
        "Precondition Failed",
        sentence="A precondition in the request headers does not hold; fetch the current version "
        "and try again.",
        use_when="Use it when a precondition that the client sent, such as If-Match, fails; 409 if "
        "there is a conflict without one, 428 if the client should have sent one.",
        section="RFC 9110 §15.5.13",
    ),
    Status(
        413,
        "Content Too Large",
        sentence="The content of the request is too large; send less of it.",
        use_when="Use it when the content of the request exceeds a limit; 414 if the URI does, 431 "
        "if the header fields do.",
        section="RFC 9110 §15.5.14",
        # SHOULD, if the condition is temporary. The ordinary limit is not, hence no retry either.
        duties=(Duty("Retry-After", "may", "RFC 9110 §15.5.14"),),
    ),
    Status(
        414,
        "URI Too Long",
        sentence="The address of the request is too long; shorten it.",
        use_when="Use it when the URI, query included, exceeds a limit; 413 if the content does, "
        "431 if the header fields do.",
        section="RFC 9110 §15.5.15",
        cacheable=True,
    ),
    Status(
        415,
        "Unsupported Media Type",
        sentence="The format of the request's content is not supported; check its Content-Type and "
        "Content-Encoding.",
        use_when="Use it when the request's Content-Type or Content-Encoding is not supported; 400 "
        "if it is but the content does not parse, 406 if it is the form of the response.",
        section="RFC 9110 §15.5.16",
        duties=(
            # It "can be used", when the media type is at fault.
            Duty("Accept", "may", "RFC 9110 §15.5.16"),
            # It "ought to be used" when a content coding is at fault, and MUST NOT otherwise
            # (§12.5.3).
            Duty("Accept-Encoding", "may", "RFC 9110 §15.5.16"),
            # SHOULD, on a PATCH.
            Duty("Accept-Patch", "may", "RFC 5789 §2.2"),
        ),
    ),
    Status(
        416,
        "Range Not Satisfiable",
        sentence="The requested range cannot be served; it may lie beyond the end of the content.",
        use_when="Use it when none of the requested ranges can be met, or there are too many; 200 "
        "with the whole content if the Range field may as well be ignored.",
        section="RFC 9110 §15.5.17",
        duties=(Duty("Content-Range", "should", "RFC 9110 §15.5.17"),),
    ),
    Status(
        417,
        "Expectation Failed",
        sentence="The expectation in the Expect header cannot be met; leave it out and try again.",
        use_when="Use it when the Expect field holds an expectation that cannot be met; 412 if it "
        "is If-Match or another precondition that fails.",
        section="RFC 9110 §15.5.18",
    ),
    Status(
        418,
        "(Unused)",
        sentence="This status is reserved and only ever sent as a joke.",
        use_when="Do not use it: the joke of RFC 2324 is deployed so widely that the code is "
        "reserved and means nothing.",
        section="RFC 9110 §15.5.19",
    ),
    Status(
        421,
        "Misdirected Request",
        sentence="The request came to the wrong place; repeat it over a new connection.",
        use_when="Use it when the request is for a host, or came over a connection, that you do "
        "not answer for; 404 if the host is right and the path is not.",
        section="RFC 9110 §15.5.20",
        # "MAY retry the request, whether or not the request method is idempotent, over a different
        # connection": the request itself is the same.
        retry=True,
    ),
    Status(
        422,
        "Unprocessable Content",
        sentence="The content of the request is well-formed, but its data is not valid; correct it "
        "and try again.",
        use_when="Use it when the content parses but its data breaks a rule; 400 if it does not "
        "parse, 409 if only the current state stands against it.",
        section="RFC 9110 §15.5.21",
    ),
    Status(
        423,
        "Locked",
        sentence="The resource is locked; try again when the lock has been released.",
        use_when="Use it when someone holds a lock on the resource, as in WebDAV; 409 if nobody "
        "does and the states clash.",
        section="RFC 4918 §11.3",
        retry=True,
    ),
    Status(
        424,
        "Failed Dependency",
        sentence="The request failed because an action that it depends on failed.",
        use_when="Use it when a part of a request was not done because another part failed, mostly "
        "inside a 207 body; 502 if another service failed.",
        section="RFC 4918 §11.4",
    ),
    Status(
        425,
        "Too Early",
        sentence="The request was sent before the connection was secure against replays; send it "
        "again.",
        use_when="Use it when the request came in TLS early data and a replay of it would do harm; "
        "503 if you are only not ready yet.",
        section="RFC 8470 §5.2",
        retry=True,
    ),
    Status(
        426,
        "Upgrade Required",
        sentence="The request must be made over a different protocol.",
        use_when="Use it when the client has to switch protocols first and your server lets "
        "Upgrade through; under WSGI, which forbids the fields that 426 must carry, send 400 and "
        "name the protocol in the detail.",
        section="RFC 9110 §15.5.22",
        duties=(
            Duty("Upgrade", "must", "RFC 9110 §15.5.22"),
            Duty("Connection", "must", "RFC 9110 §7.8", "Upgrade"),
        ),
    ),
    Status(
        428,
        "Precondition Required",
        # RFC 6585 §3: it SHOULD explain how to resubmit the request successfully.
        sentence="The request must be conditional; repeat it with an If-Match header that holds "
        "the ETag of the version you have.",
        use_when="Use it when a change without If-Match could overwrite that of someone else; 412 "
        "if a precondition was sent and fails.",
        section="RFC 6585 §3",
        duties=(Duty("Cache-Control", "must", "RFC 6585 §3", "no-store"),),
    ),
    Status(
        429,
        "Too Many Requests",
        sentence="Too many requests were sent in a short time; wait before you send another.",
        use_when="Use it when this client exceeds its rate limit; 503 if the service is overloaded "
        "whoever asks.",
        section="RFC 6585 §4",
        duties=(
            Duty("Cache-Control", "must", "RFC 6585 §4", "no-store"),
            Duty("Retry-After", "may", "RFC 6585 §4"),
        ),
        retry=True,
    ),
    Status(
        431,
        "Request Header Fields Too Large",
        sentence="The header fields of the request are too large; reduce them and try again.",
        use_when="Use it when a header field, or all of them together, exceeds a limit, and name "
        "the field; 413 if the content does, 414 if the URI does.",
        section="RFC 6585 §5",
        duties=(Duty("Cache-Control", "must", "RFC 6585 §5", "no-store"),),
    ),
    Status(
        451,
        "Unavailable For Legal Reasons",
        sentence="Access to the resource is denied because of a legal demand.",
        use_when="Use it when a legal demand, which you may disclose, denies access; 403 if the "
        "refusal is your own.",
        section="RFC 7725 §3",
        # Its relation is "blocked-by", but the URI is whoever does the blocking: no fixed value.
        duties=(Duty("Link", "should", "RFC 7725 §4"),),
        cacheable=True,
    ),
    #
    # 5xx Server Error (RFC 9110 §15.6).
    #
    Status(
        500,
        "Internal Server Error",
        sentence="An unexpected error prevented the request from being completed.",
        use_when="Use it when something failed that you did not foresee; 502, 503 or 504 if you "
        "know that another service or the load is to blame.",
        section="RFC 9110 §15.6.1",
    ),
    Status(
        501,
        "Not Implemented",
        sentence="What the request asks for is not implemented.",
        use_when="Use it when no resource implements the method or the feature; 405 if only this "
        "resource does not support the method.",
        section="RFC 9110 §15.6.2",
        cacheable=True,
    ),
    Status(
        502,
        "Bad Gateway",
        sentence="Another service that the request depends on failed; try again later.",
        use_when="Use it when a service that you called refused, broke off or answered wrongly; "
        "504 if it was too slow, 503 if you had no free connection to it.",
        section="RFC 9110 §15.6.3",
        retry=True,
    ),
    Status(
        503,
        "Service Unavailable",
        sentence="The service is temporarily unavailable; try again later.",
        use_when="Use it when you are overloaded or in maintenance and it will pass; 429 if it is "
        "one client that asks too much, 502 or 504 if a service that you called is to blame.",
        section="RFC 9110 §15.6.4",
        duties=(Duty("Retry-After", "may", "RFC 9110 §15.6.4"),),
        retry=True,
    ),
    Status(
        504,
        "Gateway Timeout",
        sentence="Another service that the request depends on was too slow; try again later.",
        use_when="Use it when a service that you called did not answer in time; 502 if it refused "
        "or answered wrongly, 503 if it is you who cannot cope, 408 if the client was too slow.",
        section="RFC 9110 §15.6.5",
        retry=True,
    ),
    Status(
        505,
        "HTTP Version Not Supported",
        sentence="The HTTP version of the request is not supported.",
        use_when="Leave it to the server: when an application runs, the server has already "
        "accepted the version.",
        section="RFC 9110 §15.6.6",
    ),
    Status(
        506,
        "Variant Also Negotiates",
        sentence="No version of the resource could be chosen because of a configuration error.",
        use_when="Use it when transparent negotiation (RFC 2295) ends at a variant that negotiates "
        "itself; 406 if no variant is acceptable, 500 for any other configuration error.",
        section="RFC 2295 §8.1",
    ),
    Status(
        507,
        "Insufficient Storage",
        sentence="There is not enough storage for the request at present; try again later.",
        use_when="Use it when the storage is full for now, as in WebDAV; 413 if the request is too "
        "large at any time.",
        section="RFC 4918 §11.5",
        retry=True,
    ),
    Status(
        508,
        "Loop Detected",
        sentence="The request was stopped because it ran into an endless loop.",
        use_when="Use it when a WebDAV request with Depth: infinity runs into a loop of bindings; "
        "500 if the loop is in your own code.",
        section="RFC 5842 §7.2",
    ),
    Status(
        510,
        "Not Extended",
        sentence="The request lacks an extension that is required.",
        use_when="Do not use it: the extension framework of RFC 2774 is obsolete, and 400 says as "
        "much.",
        section="RFC 2774 §7",
    ),
    Status(
        511,
        "Network Authentication Required",
        sentence="You need to sign in to the network before you can use it.",
        use_when="Leave it to the network: captive portals send it, and RFC 6585 tells origin "
        "servers not to; 401 if it is you who asks for credentials.",
        section="RFC 6585 §6",
        duties=(Duty("Cache-Control", "must", "RFC 6585 §6", "no-store"),),
    ),
)

STATUSES: Mapping[int, Status] = MappingProxyType({row.code: row for row in _ROWS})
"""The row of every registered status by its code, in ascending order; read-only."""


def phrase(code: int) -> str:
    """The phrase of a status, "Unknown" if it is not registered.

    >>> phrase(413)
    'Content Too Large'
    """
    row = STATUSES.get(code)
    return row.phrase if row else "Unknown"


#: What responses begin with.
_LINES = {code: f"{code} {row.phrase}" for code, row in STATUSES.items()}


def status_line(code: int) -> str:
    """What a response begins with, in full: Werkzeug would add the phrases of RFC 7231.

    >>> status_line(413)
    '413 Content Too Large'
    """
    return _LINES.get(code) or f"{code} {phrase(code)}"
