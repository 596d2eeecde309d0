"""The exceptions to raise: `StatusError`, and one class for each 4xx and 5xx status.

StatusError
├── 400 BadRequest                       ├── 421 MisdirectedRequest
├── 401 Unauthorized                     ├── 422 UnprocessableContent
├── 402 PaymentRequired                  │   └── ValidationError
├── 403 Forbidden                        ├── 423 Locked
├── 404 NotFound                         ├── 424 FailedDependency
├── 405 MethodNotAllowed                 ├── 425 TooEarly
├── 406 NotAcceptable                    ├── 426 UpgradeRequired
├── 407 ProxyAuthenticationRequired      ├── 428 PreconditionRequired
├── 408 RequestTimeout                   ├── 429 RateLimited (TooManyRequests)
├── 409 Conflict                         ├── 431 RequestHeaderFieldsTooLarge
├── 410 Gone                             ├── 451 UnavailableForLegalReasons
├── 411 LengthRequired                   ├── 500 InternalServerError
├── 412 PreconditionFailed               ├── 501 NotImplemented
├── 413 ContentTooLarge                  ├── 502 BadGateway
├── 414 URITooLong                       ├── 503 ServiceUnavailable
├── 415 UnsupportedMediaType             ├── 504 GatewayTimeout
├── 416 RangeNotSatisfiable              ├── 505 HTTPVersionNotSupported
├── 417 ExpectationFailed                ├── 506 VariantAlsoNegotiates
└── 418 ImATeapot                        ├── 507 InsufficientStorage
                                         ├── 508 LoopDetected
                                         ├── 510 NotExtended
                                         └── 511 NetworkAuthenticationRequired

Each is also a subclass of Werkzeug's class for its code, where there is one, so that what catches
or handles Werkzeug's goes on working. Subclass them for problem types of your own.
"""

# pyright: reportIncompatibleVariableOverride=false
from __future__ import annotations

import copyreg
import inspect
import re
import warnings
from collections.abc import Collection, Iterable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import quote

from werkzeug import exceptions
from werkzeug.datastructures import WWWAuthenticate
from werkzeug.exceptions import HTTPException
from werkzeug.urls import iri_to_uri

from .plain import text
from .problem import OWN_MEMBERS, STANDARD_MEMBERS, Messages, field_errors
from .retry import Delay, seconds_or_none
from .statuses import STATUSES

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment
    from typing_extensions import dataclass_transform
    from werkzeug.sansio.response import Response
else:  # the standard library has it from Python 3.11 on; type checkers alone need it

    def dataclass_transform(**_options: Any) -> Any:
        return lambda cls: cls


def parameter(*, default: Any, kw_only: bool = True, init: bool = True) -> Any:
    """Declare to type checkers a constructor parameter that subclasses inherit, and its default."""
    return default


#: RFC 9110 §5.6.2: the name of a header, or of a scheme.
TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")

#: Stands for the default of a member that has none.
REQUIRED: Any = object()
_RESERVED = STANDARD_MEMBERS | OWN_MEMBERS

#: Attributes that a subclass may set; annotating them as well does not make members of them.
_CLASS_ATTRIBUTES = frozenset({"code", "type", "title", "detail", "description", "expose"})

#: Attributes that only instances have, so that no class shows that the name is taken.
_INSTANCE_ATTRIBUTES = frozenset({"response", "members", "original_exception"})

#: The class of each registered 4xx and 5xx code.
ERRORS: dict[int, type[StatusError]] = {}


@dataclass_transform(kw_only_default=True, field_specifiers=(parameter,))
class _ProblemType(HTTPException):
    """Has type checkers derive constructors from annotations, for all classes below `StatusError`.

    The class keyword ``init=False`` means what it means to dataclasses: no constructor is made from
    the annotations. The classes of the bare statuses use it; they take any member and have the type
    "about:blank". Every other class is a problem type, and has its own type, title and members.
    """

    def __init_subclass__(cls, *, init: bool = True) -> None:
        super().__init_subclass__()


def why_no_member(name: str) -> str | None:
    """Why a member cannot have this name, None if it can."""
    if name in _RESERVED:
        hint = {
            "status": "raise the class of that status instead",
            "instance": "it is the path of the request; name your own member differently",
        }.get(name, "name it differently")
        return f"the member {name!r} is written by flask-statuskit; {hint}."
    plain = name.isidentifier() and name.isascii() and not name.startswith("_")
    if not plain:
        return (
            f"{name!r} is no name for a member: begin with a letter, go on with letters, digits"
            " and underscores of ASCII (RFC 9457 §3.2)."
        )
    return None


def _check_member_name(cls: type, name: str) -> None:
    reason = why_no_member(name)
    if reason is not None:
        raise TypeError(f"{cls.__name__}: {reason}")


class StatusError(_ProblemType, init=False):
    """An error response with its status; raise one of the subclasses.

    Parameters:
        detail: what happened this time and how to mend it, for the client (default: the status' own
            sentence).
        type: the problem type, a URI or a slug (default: the class').
        title: a summary of the problem type (default: the class', else the phrase of the status).
        headers: header lines to add, a mapping or pairs. They replace lines of the same name.
        retry_after: when a repetition may succeed: seconds, a timedelta, or a datetime (naive means
            UTC). Sent as ``Retry-After`` in whole seconds and as the member ``retry_after``.
        errors: validation messages, nested as marshmallow writes them, or `FieldError`\\ s.
        description: Werkzeug's name for `detail`, as in ``abort(402, description=...)``.
        response: what to answer in place of a problem, as Werkzeug's classes take it.
        members: extension members of the body (RFC 9457 §3.2).

    Raises:
        TypeError: a member is missing, unknown, or has a reserved name; there is no code.

    Subclasses set `code` or inherit it; `type` (default: the class name in kebab-case), `title` and
    `detail` as class attributes; `expose = True` where clients may read the detail of a 5xx; and
    annotate the members of their bodies, which become keyword parameters:

    >>> class OutOfCredit(PaymentRequired):
    ...     title = "You do not have enough credit"
    ...     balance: int
    >>> OutOfCredit("Top up first", balance=7).members
    {'balance': 7}
    """

    #: Whether clients read `detail` and members of this error although it is a 5xx.
    expose: ClassVar[bool] = False
    _declared: ClassVar[Mapping[str, Any]] = {}

    if TYPE_CHECKING:
        # Not for Python: it would hide the codes of Werkzeug's classes. Each instance has one.
        code: int = parameter(default=None, init=False)
    detail: str | None = parameter(default=None, kw_only=False)
    type: str = parameter(default="about:blank")
    title: str | None = parameter(default=None)
    headers: Any = parameter(default=())
    retry_after: Any = parameter(default=None)
    errors: Any = parameter(default=())  # once built, a tuple of FieldError

    def __init__(
        self,
        detail: str | None = None,
        *,
        type: str | None = None,
        title: str | None = None,
        headers: Mapping[str, str] | Iterable[tuple[str, str]] | None = None,
        retry_after: Delay | None = None,
        errors: Messages | None = None,
        description: str | None = None,
        response: Response | None = None,
        **members: Any,
    ) -> None:
        if self.code is None:
            raise TypeError(
                f"{self.__class__.__name__} has no status: raise a subclass such as Conflict,"
                " or set its class attribute code."
            )
        if detail is None:
            detail = self.detail if description is None else description
        HTTPException.__init__(self, detail, response)
        self.detail = self.description
        if type is not None:
            self.type = type
        if title is not None:
            self.title = title
        if headers:
            pairs: Any = headers.items() if isinstance(headers, Mapping) else headers
            self.headers = tuple((text(name), text(value)) for name, value in pairs)
        self.retry_after = retry_after
        if errors is not None:
            self.errors = tuple(field_errors(errors))
        checked = self._check_members(members) if members or self._declared else members
        self.members: dict[str, Any] = checked

    def __init_subclass__(cls, *, init: bool = True) -> None:
        super().__init_subclass__(init=init)
        own = vars(cls)
        row = STATUSES.get(own.get("code", 0))
        if row and not {"description", "detail"} & own.keys():
            # Werkzeug's own descriptions speak of browsers, proxies and server load.
            described: type[HTTPException] = cls
            described.description = row.sentence
        if row and not init:
            ERRORS[row.code] = cls
        if init:
            cls._become_a_problem_type()

    @classmethod
    def _become_a_problem_type(cls) -> None:
        if cls.code is not None and not 400 <= cls.code <= 599:
            raise TypeError(f"{cls.__name__}.code is {cls.code}: errors have 400 to 599.")
        declared: dict[str, Any] = {}
        for base in reversed(cls.__mro__[1:]):
            declared |= vars(base).get("_declared", {})
        cls._declared = declared | cls._own_members(declared.keys())
        words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", " ", cls.__name__)
        own = vars(cls)
        cls.type = own.get("type") or words.replace(" ", "-").lower()
        # Not by its truth: a lazy string may have no language yet.
        if own.get("title") is None:
            cls.title = words.capitalize() if cls.type != "about:blank" else None

    @classmethod
    def _own_members(cls, inherited: Collection[str]) -> dict[str, Any]:
        """The members that the class itself annotates, with their defaults."""
        members: dict[str, Any] = {}
        for name, annotation in inspect.get_annotations(cls).items():
            if name.startswith("_") or re.match(r"(\w+\.)*ClassVar\b", str(annotation)):
                continue
            if name in _CLASS_ATTRIBUTES and name in vars(cls):
                continue
            taken = name in _INSTANCE_ATTRIBUTES or any(hasattr(b, name) for b in cls.__bases__)
            if name in _RESERVED or (taken and name not in inherited):
                raise TypeError(
                    f"{cls.__name__}.{name} cannot be a member, the name is taken:"
                    f" type {cls.__name__.lower()}_{name}: ... instead."
                )
            _check_member_name(cls, name)
            members[name] = vars(cls).get(name, REQUIRED)
        return members

    @classmethod
    def declared_members(cls) -> Mapping[str, Any]:
        """The members that the class annotates or inherits, with their defaults or `REQUIRED`."""
        return cls._declared

    def __reduce__(self) -> tuple[Any, ...]:
        # Exception's own way calls the class with `args`, which a member by keyword is not part of.
        return copyreg.__newobj__, (self.__class__,), self.__dict__  # type: ignore[attr-defined]

    def _add_headers(self, *lines: tuple[str, str]) -> None:
        self.headers = (*self.headers, *lines)

    def _check_members(self, members: dict[str, Any]) -> dict[str, Any]:
        cls, declared = self.__class__, self._declared
        if declared:
            missing = [
                n for n, default in declared.items() if default is REQUIRED and n not in members
            ]
            if missing:
                typed = ", ".join(f"{name}=..." for name in missing)
                raise TypeError(f"{cls.__name__} needs its members: add {typed}.")
            for name in members:
                if name not in declared and name not in _RESERVED:
                    raise TypeError(
                        f"{cls.__name__} has no member {name!r}: declare it in the class,"
                        f" {name}: ..., or choose from {', '.join(declared)}."
                    )
            members = {
                name: members.get(name, default) for name, default in declared.items()
            } | members
            self.__dict__.update({n: v for n, v in members.items() if n in declared})
        for name in members:
            _check_member_name(cls, name)
        return members

    @property
    def name(self) -> str:
        """The phrase of the status, as the IANA registry has it now."""
        row = STATUSES.get(self.code or 0)
        return row.phrase if row else super().name

    def get_members(self) -> dict[str, Any]:
        """The extension members of the body, without those that flask-statuskit adds."""
        return self.members

    def get_description(
        self,
        environ: WSGIEnvironment | None = None,
        scope: dict[str, Any] | None = None,
    ) -> str:
        """The detail as HTML, for where Werkzeug renders the error; as hidden as in a problem."""
        if self.expose or (self.code or 500) < 500:
            return super().get_description(environ, scope)
        row = STATUSES.get(self.code or 500)
        return f"<p>{row.sentence if row else ''}</p>"

    def get_headers(
        self,
        environ: WSGIEnvironment | None = None,
        scope: dict[str, Any] | None = None,
    ) -> list[tuple[str, str]]:
        """The header lines, those that the status owes included."""
        headers = super().get_headers(environ, scope)
        if self.headers or self.retry_after is not None:
            replaced = {name.lower() for name, _ in self.headers} | {"retry-after"}
            headers = [line for line in headers if line[0].lower() not in replaced]
            headers.extend(self.headers)
            seconds = seconds_or_none(self.retry_after)
            if seconds is not None:
                headers.append(("Retry-After", str(seconds)))
        return headers


def _listed(values: str | Iterable[str]) -> str:
    return values if isinstance(values, str) else ", ".join(values)


def _challenge(
    scheme: str | None, realm: str | None, error: str | None, scope: str | Iterable[str] | None
) -> str:
    """One challenge (RFC 9110 §11.6.1), with the parameters of Bearer (RFC 6750 §3)."""
    scheme = scheme or "Bearer"
    if not TOKEN.fullmatch(scheme):
        raise ValueError(f"scheme={scheme!r} is no scheme: type scheme='Bearer', or 'Basic'.")
    if scheme.lower() == "basic" and realm is None:
        raise ValueError("Basic has to name a realm (RFC 7617 §2): add realm='...'.")
    if scope is not None and not isinstance(scope, str):
        scope = " ".join(scope) or None
    given = {"realm": realm, "error": error, "scope": scope}
    # Quoted even where a token would do: for the realm RFC 9110 §11.5 insists on it.
    parameters = ", ".join(f'{name}="{_quoted(v)}"' for name, v in given.items() if v is not None)
    return f"{scheme} {parameters}".strip()


def _quoted(value: str) -> str:
    # RFC 6750 §3 allows printable ASCII only, so one rule keeps line breaks out too.
    return re.sub(r'([\\"])', r"\\\1", re.sub(r"[^ -~]", "?", value))


class BadRequest(StatusError, exceptions.BadRequest, init=False):
    """Raise when the request cannot be understood: its syntax, framing or signature is broken.

    Where it can be read and its values are wrong, raise `ValidationError`. RFC 9110 §15.5.1.
    """

    code = 400


class Unauthorized(StatusError, exceptions.Unauthorized, init=False):
    """Raise when it is not known who asks: no credentials, or none that hold. RFC 9110 §15.5.2.

    Where the client is known and may not, raise `Forbidden`.

    Parameters:
        scheme: the authentication scheme of the challenge (default: "Bearer"). With none of these
            parameters given, the challenge is the application's ``STATUSKIT_CHALLENGE``.
        realm: the protected area, for people.
        error: why credentials were refused, "invalid_token" for Bearer. Leave it out where the
            client sent none (RFC 6750 §3.1).
        scope: the scopes that the request needs, separated by spaces or as a list.
        www_authenticate: further challenges, as Werkzeug's class takes them.

    Raises:
        ValueError: `error` belongs to another status, `scheme` is no token, or Basic lacks a realm.

    >>> Unauthorized("The token has expired", realm="users", error="invalid_token").headers
    (('WWW-Authenticate', 'Bearer realm="users", error="invalid_token"'),)
    """

    code = 401
    www_authenticate: Any = parameter(default=None)
    scheme: str | None = parameter(default=None)
    realm: str | None = parameter(default=None)
    error: str | None = parameter(default=None)
    scope: Any = parameter(default=None)

    def __init__(
        self,
        detail: str | None = None,
        *,
        scheme: str | None = None,
        realm: str | None = None,
        error: str | None = None,
        scope: str | Iterable[str] | None = None,
        www_authenticate: WWWAuthenticate | Iterable[WWWAuthenticate] | None = None,
        **options: Any,
    ) -> None:
        super().__init__(detail, **options)
        elsewhere = {"invalid_request": "BadRequest", "insufficient_scope": "Forbidden"}.get(
            error or ""
        )
        if elsewhere:
            raise ValueError(f"{error} is no 401 (RFC 6750 §3.1): raise {elsewhere} instead.")
        self.scheme, self.realm, self.error, self.scope = scheme, realm, error, scope
        if (scheme, realm, error, scope) != (None, None, None, None):
            challenge = _challenge(scheme, realm, error, scope)
            self._add_headers(("WWW-Authenticate", challenge))
        if www_authenticate is not None:
            further = www_authenticate
            further = (further,) if isinstance(further, WWWAuthenticate) else tuple(further)
            lines = [("WWW-Authenticate", str(challenge)) for challenge in further]
            self._add_headers(*lines)


class PaymentRequired(StatusError, init=False):
    """Raise when the request would succeed once it is paid for. RFC 9110 §15.5.3."""

    code = 402


class Forbidden(StatusError, exceptions.Forbidden, init=False):
    """Raise when it is known who asks, and they may not. RFC 9110 §15.5.4.

    Where even the existence of the resource is none of their business, raise `NotFound`.

    Parameters:
        scope: the scopes that the token lacks; sent as a challenge with the error
            ``insufficient_scope`` (RFC 6750 §3.1).
        scheme: the scheme of that challenge (default: "Bearer").
        realm: the realm of that challenge.
    """

    code = 403
    scope: Any = parameter(default=None)
    scheme: str | None = parameter(default=None)
    realm: str | None = parameter(default=None)

    def __init__(
        self,
        detail: str | None = None,
        *,
        scope: str | Iterable[str] | None = None,
        scheme: str | None = None,
        realm: str | None = None,
        **options: Any,
    ) -> None:
        super().__init__(detail, **options)
        self.scope, self.scheme, self.realm = scope, scheme, realm
        if (scope, scheme, realm) != (None, None, None):
            challenge = _challenge(scheme, realm, "insufficient_scope", scope)
            self._add_headers(("WWW-Authenticate", challenge))


class NotFound(StatusError, exceptions.NotFound, init=False):
    """Raise when there is no such resource, or its existence is to stay hidden. RFC 9110 §15.5.5.

    Where it existed and will not come back, raise `Gone`.
    """

    code = 404


class MethodNotAllowed(StatusError, exceptions.MethodNotAllowed, init=False):
    """Raise when the resource does not know the method, now or ever. RFC 9110 §15.5.6.

    Parameters:
        valid_methods: the methods that it knows, for ``Allow`` (default: those of its URL rules).
    """

    code = 405
    valid_methods: Any = parameter(default=None)

    def __init__(
        self,
        detail: str | None = None,
        *,
        valid_methods: str | Iterable[str] | None = None,
        **options: Any,
    ) -> None:
        if detail is not None and isinstance(detail, (list, tuple, set, frozenset)):
            raise TypeError("The first argument is the detail: type valid_methods=[...].")
        super().__init__(detail, **options)
        if isinstance(valid_methods, str):
            valid_methods = re.findall(r"[^\s,]+", valid_methods)
        self.valid_methods = valid_methods if valid_methods is None else tuple(valid_methods)
        if self.valid_methods == ():
            # RFC 9110 §10.2.1 allows an empty list; Werkzeug leaves the line out.
            self._add_headers(("Allow", ""))


class NotAcceptable(StatusError, exceptions.NotAcceptable, init=False):
    """Raise when no representation suits the client's ``Accept`` headers. RFC 9110 §15.5.7."""

    code = 406


class _BeyondWSGI(StatusError, init=False):
    """A status whose duties are hop-by-hop headers, which PEP 3333 forbids to applications."""

    def __init__(self, detail: str | None = None, **options: Any) -> None:
        super().__init__(detail, **options)
        owed = " and ".join(d.header for d in STATUSES[self.code or 0].duties if d.hop_by_hop)
        warnings.warn(
            f"A {self.code} owes the header {owed}, which a WSGI application cannot send:"
            f" servers drop it or answer 500. {self._instead}",
            stacklevel=2,
        )

    _instead: ClassVar[str] = ""


class ProxyAuthenticationRequired(_BeyondWSGI, init=False):
    """Raise never, in an application: a proxy alone can keep this status' duty. RFC 9110 §15.5.8.

    Raise `Unauthorized` where it is you who asks for credentials.
    """

    code = 407
    _instead = "Raise Unauthorized (401)."


class RequestTimeout(StatusError, exceptions.RequestTimeout, init=False):
    """Raise when the client took too long to send its request. RFC 9110 §15.5.9."""

    code = 408


class Conflict(StatusError, exceptions.Conflict, init=False):
    """Raise when the request contradicts the state of the resource. RFC 9110 §15.5.10.

    Where the client named the state it expects (``If-Match``), raise `PreconditionFailed`.
    """

    code = 409


class Gone(StatusError, exceptions.Gone, init=False):
    """Raise when the resource existed and will not come back. RFC 9110 §15.5.11."""

    code = 410


class LengthRequired(StatusError, exceptions.LengthRequired, init=False):
    """Raise when the request must say its ``Content-Length``. RFC 9110 §15.5.12."""

    code = 411


class PreconditionFailed(StatusError, exceptions.PreconditionFailed, init=False):
    """Raise when an ``If-Match`` or its kin does not hold. RFC 9110 §15.5.13."""

    code = 412


class ContentTooLarge(StatusError, exceptions.RequestEntityTooLarge, init=False):
    """Raise when the body of the request is larger than you take. RFC 9110 §15.5.14.

    Give `retry_after` where that is so for a time only.
    """

    code = 413


class URITooLong(StatusError, exceptions.RequestURITooLarge, init=False):
    """Raise when the URL is longer than you take. RFC 9110 §15.5.15."""

    code = 414


class UnsupportedMediaType(StatusError, exceptions.UnsupportedMediaType, init=False):
    """Raise when the body of the request is in a format that you do not read. RFC 9110 §15.5.16.

    Parameters:
        accept: the media types that you read, for ``Accept``.
        accept_encoding: the codings that you decode, for ``Accept-Encoding``, where it was the
            coding that failed (§12.5.3).
        accept_patch: the patch formats that you read, for ``Accept-Patch`` (RFC 5789 §3.1).
    """

    code = 415
    accept: Any = parameter(default=None)
    accept_encoding: Any = parameter(default=None)
    accept_patch: Any = parameter(default=None)

    def __init__(
        self,
        detail: str | None = None,
        *,
        accept: str | Iterable[str] | None = None,
        accept_encoding: str | Iterable[str] | None = None,
        accept_patch: str | Iterable[str] | None = None,
        **options: Any,
    ) -> None:
        super().__init__(detail, **options)
        self.accept, self.accept_encoding, self.accept_patch = accept, accept_encoding, accept_patch
        given = {
            "Accept": accept,
            "Accept-Encoding": accept_encoding,
            "Accept-Patch": accept_patch,
        }
        lines = ((name, _listed(value)) for name, value in given.items() if value is not None)
        self._add_headers(*lines)


class RangeNotSatisfiable(StatusError, exceptions.RequestedRangeNotSatisfiable, init=False):
    """Raise when a ``Range`` lies outside the resource. RFC 9110 §15.5.17.

    Parameters:
        length: the length of the resource, in `units`, for ``Content-Range``.
        units: the unit of the range (default: "bytes").
    """

    code = 416
    length: Any = parameter(default=None)
    units: str = parameter(default="bytes")

    def __init__(
        self,
        detail: str | None = None,
        *,
        length: int | None = None,
        units: str = "bytes",
        **options: Any,
    ) -> None:
        super().__init__(detail, **options)
        self.length, self.units = length, units


class ExpectationFailed(StatusError, exceptions.ExpectationFailed, init=False):
    """Raise when the ``Expect`` header asks for what you cannot do. RFC 9110 §15.5.18."""

    code = 417


class ImATeapot(StatusError, exceptions.ImATeapot, init=False):
    """Raise never: the registry keeps 418 unused. RFC 9110 §15.5.19."""

    code = 418


class MisdirectedRequest(StatusError, exceptions.MisdirectedRequest, init=False):
    """Raise when this server cannot answer for the target's host. RFC 9110 §15.5.20."""

    code = 421


class UnprocessableContent(StatusError, exceptions.UnprocessableEntity, init=False):
    """Raise when the body can be read and its instructions cannot be followed. RFC 9110 §15.5.21.

    Where single values are to blame, raise `ValidationError` and name them.
    """

    code = 422


class ValidationError(UnprocessableContent, init=False):
    """Raise when values of the request are wrong; name each of them. RFC 9457 §3.

    Parameters:
        errors: the messages: nested mappings and lists as marshmallow writes them, or
            `FieldError`\\ s. A text is the detail.
        detail: what is wrong with the whole (default: the status' own sentence).

    >>> error = ValidationError({"items": {0: {"price": ["Must be positive"]}}})
    >>> error.errors[0].pointer
    '#/items/0/price'
    """

    def __init__(
        self, errors: Messages | str | None = None, detail: str | None = None, **options: Any
    ) -> None:
        if isinstance(errors, str):
            # Raised like any other error: the first argument is the detail. Both given: a message.
            errors, detail = (None, errors) if detail is None else ([errors], detail)
        super().__init__(detail, errors=errors, **options)


class Locked(StatusError, exceptions.Locked, init=False):
    """Raise when somebody holds a lock on the resource. RFC 4918 §11.3."""

    code = 423


class FailedDependency(StatusError, exceptions.FailedDependency, init=False):
    """Raise when an earlier action that this one needs has failed. RFC 4918 §11.4."""

    code = 424


class TooEarly(StatusError, init=False):
    """Raise when early data of TLS might be a replay, and only then. RFC 8470 §5.2."""

    code = 425


class UpgradeRequired(_BeyondWSGI, init=False):
    """Raise never, in an application: the server alone can keep this status' duty.

    RFC 9110 §15.5.22. Raise `BadRequest` and say in its detail which protocol to speak.
    """

    code = 426
    _instead = "Raise BadRequest (400) with a detail that names the protocol."


class PreconditionRequired(StatusError, exceptions.PreconditionRequired, init=False):
    """Raise when a change must name the version it changes (``If-Match``). RFC 6585 §3."""

    code = 428


class RateLimited(StatusError, exceptions.TooManyRequests, init=False):
    """Raise when a client sends more requests than it may. RFC 6585 §4.

    Parameters:
        limit: requests in one window; a member, and a header where ``STATUSKIT_RATELIMIT_HEADERS``
            asks for it. The next two likewise.
        remaining: requests left in this window.
        reset: when the window ends: seconds, a timedelta or a datetime. It is also when to retry,
            unless `retry_after` is given.
        policy: the name of the limit.

    >>> RateLimited(limit=100, remaining=0, reset=60).get_members()
    {'limit': 100, 'remaining': 0, 'reset': 60}
    """

    code = 429
    limit: Any = parameter(default=None)
    remaining: Any = parameter(default=None)
    reset: Any = parameter(default=None)
    policy: str = parameter(default="default")

    def __init__(
        self,
        detail: str | None = None,
        *,
        limit: int | None = None,
        remaining: int | None = None,
        reset: Delay | None = None,
        policy: str = "default",
        **options: Any,
    ) -> None:
        super().__init__(detail, **options)
        self.limit, self.remaining, self.reset, self.policy = limit, remaining, reset, policy
        if self.retry_after is None:
            self.retry_after = reset

    def get_members(self) -> dict[str, Any]:
        reset = seconds_or_none(self.reset)
        known = {"limit": self.limit, "remaining": self.remaining, "reset": reset}
        return {name: v for name, v in known.items() if v is not None} | self.members


#: The same class, under the name of its phrase.
TooManyRequests = RateLimited


class RequestHeaderFieldsTooLarge(StatusError, exceptions.RequestHeaderFieldsTooLarge, init=False):
    """Raise when header fields are larger than you take. RFC 6585 §5.

    Parameters:
        field: the name of the header field that is to blame; the member ``field``.
    """

    code = 431
    field: Any = parameter(default=None)

    def __init__(
        self, detail: str | None = None, *, field: str | None = None, **options: Any
    ) -> None:
        super().__init__(detail, **options)
        self.field = field
        if field is not None:
            self.members: dict[str, Any] = {"field": field, **self.members}


class UnavailableForLegalReasons(StatusError, exceptions.UnavailableForLegalReasons, init=False):
    """Raise when the law forbids to answer. RFC 7725 §3.

    Parameters:
        blocked_by: the URL of who blocks the access, for ``Link`` (§4).
    """

    code = 451
    blocked_by: Any = parameter(default=None)

    def __init__(
        self, detail: str | None = None, *, blocked_by: str | None = None, **options: Any
    ) -> None:
        super().__init__(detail, **options)
        self.blocked_by = blocked_by
        if blocked_by is not None:
            try:
                uri = iri_to_uri(blocked_by)
            except ValueError:  # no URL, but the status counts
                uri = quote(blocked_by, errors="replace")
            link = f'<{uri}>; rel="blocked-by"'
            self._add_headers(("Link", link))


class InternalServerError(StatusError, exceptions.InternalServerError, init=False):
    """Raise when you have to give up and no other 5xx says why. RFC 9110 §15.6.1.

    A bug needs no raising: let it escape, and the client sees this status.

    Parameters:
        original_exception: what made you give up, as Werkzeug's class takes it.
    """

    code = 500
    original_exception: BaseException | None = parameter(default=None)

    def __init__(
        self,
        detail: str | None = None,
        *,
        original_exception: BaseException | None = None,
        **options: Any,
    ) -> None:
        super().__init__(detail, **options)
        self.original_exception = original_exception


class NotImplemented(StatusError, exceptions.NotImplemented, init=False):
    """Raise when no resource of yours knows this method. RFC 9110 §15.6.2.

    It bears its phrase, like all classes here; import it by name where you need Python's constant.
    """

    code = 501


class BadGateway(StatusError, exceptions.BadGateway, init=False):
    """Raise when a server behind you gave an answer that is of no use. RFC 9110 §15.6.3."""

    code = 502


class ServiceUnavailable(StatusError, exceptions.ServiceUnavailable, init=False):
    """Raise when you cannot answer for a time: overload or maintenance. RFC 9110 §15.6.4.

    Its detail is an announcement, so clients read it in production as well.
    """

    code = 503
    expose = True


class GatewayTimeout(StatusError, exceptions.GatewayTimeout, init=False):
    """Raise when a server behind you did not answer in time. RFC 9110 §15.6.5."""

    code = 504


class HTTPVersionNotSupported(StatusError, exceptions.HTTPVersionNotSupported, init=False):
    """Raise when you refuse the major version of HTTP that was used. RFC 9110 §15.6.6."""

    code = 505


class VariantAlsoNegotiates(StatusError, init=False):
    """Raise when content negotiation is configured in a circle. RFC 2295 §8.1."""

    code = 506


class InsufficientStorage(StatusError, init=False):
    """Raise when there is no room to store what the request brings. RFC 4918 §11.5."""

    code = 507


class LoopDetected(StatusError, init=False):
    """Raise when following the resource's references never ends. RFC 5842 §7.2."""

    code = 508


class NotExtended(StatusError, init=False):
    """Raise never: the extension framework that it belongs to is historic. RFC 2774 §7."""

    code = 510


class NetworkAuthenticationRequired(StatusError, init=False):
    """Raise when a captive portal wants a log-in first; not for origin servers. RFC 6585 §6.

    Parameters:
        login_url: where to log in; the member ``login_url``, which clients see in production, too.
    """

    code = 511
    expose = True
    login_url: Any = parameter(default=None)

    def __init__(
        self, detail: str | None = None, *, login_url: str | None = None, **options: Any
    ) -> None:
        super().__init__(detail, **options)
        self.login_url = login_url
        if login_url is not None:
            self.members: dict[str, Any] = {"login_url": login_url, **self.members}
