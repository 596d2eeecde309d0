"""Flask-JWT-Extended: 401 with the challenge that RFC 6750 §3 asks for, 403 for missing claims.

no token ─▶ 401, Bearer                   not fresh ─▶ 401, insufficient_user_authentication
refused token ─▶ 401, invalid_token       claims ─▶ 403, insufficient_scope
no keys to check it with ─▶ 503           CSRF ─▶ 403
"""

from __future__ import annotations

from functools import partial
from inspect import getclosurevars, isfunction
from typing import TYPE_CHECKING, Any

from flask import current_app

from ..exceptions import Forbidden, ServiceUnavailable, StatusError, Unauthorized
from ..mapping import Mapping
from ..plain import Sentence

if TYPE_CHECKING:
    from flask import Flask

_ERRORS = "flask_jwt_extended.exceptions"
# PyJWT's classes by the names they have in there, since another package is called jwt as well.
_PYJWT = "flask_jwt_extended.jwt_manager"

#: 401, by what the client reads. RFC 6750 §3.1: "expired, revoked, malformed, or invalid for other
#: reasons" is an invalid_token; what was sent without a token gets no error code at all.
_UNAUTHORIZED = {
    f"{_ERRORS}.NoAuthorizationError": (Sentence("This needs a token; log in and send it."), None),
    f"{_ERRORS}.InvalidHeaderError": (
        Sentence("The header of the token is malformed; send the scheme, a space and the token."),
        "invalid_token",
    ),
    f"{_ERRORS}.InvalidQueryParamError": (
        Sentence("The query parameter of the token lacks its prefix."),
        "invalid_token",
    ),
    f"{_ERRORS}.JWTDecodeError": (Sentence("The token lacks a claim."), "invalid_token"),
    f"{_ERRORS}.WrongTokenError": (
        Sentence("An access token was sent where a refresh token belongs, or the other way round."),
        "invalid_token",
    ),
    f"{_ERRORS}.RevokedTokenError": (
        Sentence("The token has been revoked; log in again."),
        "invalid_token",
    ),
    f"{_ERRORS}.UserLookupError": (
        Sentence("The user of the token is not known."),
        "invalid_token",
    ),
    # RFC 9470 §3. As an invalid_token it would be refreshed, and a refreshed one is not fresh.
    f"{_ERRORS}.FreshTokenRequired": (
        Sentence("This needs a token from a recent log-in; log in again."),
        "insufficient_user_authentication",
    ),
    f"{_PYJWT}.ExpiredSignatureError": (Sentence("The token has expired."), "invalid_token"),
    f"{_PYJWT}.InvalidTokenError": (Sentence("The token is not valid."), "invalid_token"),
}


def install(mapping: Mapping, *, explicit: bool) -> None:
    # Explicit, whoever asked: a handler of Exception did not see these before either, as the
    # handlers that give way are for their very classes.
    for name, (detail, error) in _UNAUTHORIZED.items():
        mapping.map(name, partial(_unauthorized, detail, error))
    mapping.map(f"{_ERRORS}.UserClaimsVerificationError", claims_refused)
    # RFC 9110 §15.5.4: forbidden "for reasons unrelated to the credentials", which are good.
    mapping.map(
        f"{_ERRORS}.CSRFError",
        Forbidden,
        detail=Sentence(
            "The CSRF token is missing, or is not the one that came with the access token."
        ),
    )
    mapping.map(f"{_PYJWT}.jwt.PyJWKClientError", no_key, explicit=explicit)


def _unauthorized(detail: Sentence, error: str | None, _: Exception) -> StatusError:
    return Unauthorized(detail, scheme=_scheme(), error=error)


def _scheme() -> str:
    # Also for tokens in cookies: a 401 owes a challenge, and no scheme is registered for those.
    return current_app.config.get("JWT_HEADER_TYPE") or "Bearer"


def claims_refused(_: Exception) -> StatusError:
    """403; which scope would do is known to the application's callback alone."""
    challenge = f'{_scheme()} error="insufficient_scope"'
    return Forbidden(
        Sentence("The claims of the token do not allow this."),
        headers={"WWW-Authenticate": challenge},
    )


def no_key(exception: Exception) -> StatusError | None:
    """503 where the keys cannot be fetched: a 401 would log everybody out over an outage."""
    if type(exception).__name__ == "PyJWKClientConnectionError":
        return ServiceUnavailable(Sentence("Tokens cannot be checked at present."), retry_after=5)
    # The same class says that the keys lack the one named by the token, and that they are broken.
    if str(exception).startswith("Unable to find a signing key that matches"):
        return _unauthorized(Sentence("The token is not valid."), "invalid_token", exception)
    return None


def is_default(_: Flask, handler: Any) -> bool:
    """Whether a handler calls a callback that the application has not set (`@jwt...._loader`)."""
    if not isfunction(handler) or handler.__module__ != "flask_jwt_extended.jwt_manager":
        return False
    manager = getclosurevars(handler).nonlocals.get("self")
    callbacks = [name for name in handler.__code__.co_names if name.endswith("_callback")]
    return all(
        getattr(getattr(manager, name, None), "__module__", None)
        == "flask_jwt_extended.default_callbacks"
        for name in callbacks
    )
