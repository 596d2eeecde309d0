"""Who is calling, and whether that is enough.

A token is the user's number, signed with the app's key (HMAC) and carrying the time of its issue.
"""

from flask import current_app, g, request
from itsdangerous import URLSafeTimedSerializer

from flask_statuskit import Forbidden, Unauthorized, raises

from .database import db_session
from .models import Role, User

REALM = "bookings"


def _serializer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(current_app.config["SECRET_KEY"], salt="token")


def issue_token(user: User) -> str:
    """Return a token that is valid for ``TOKEN_LIFETIME``."""
    return str(_serializer().dumps(user.id))


@raises(Unauthorized)
def current_user() -> User:
    """Return the user whose token the request carries.

    Raises:
        Unauthorized: There is no token. The challenge then has no error code: the client did
            nothing wrong, it only has to log in (RFC 6750 section 3.1).
        itsdangerous.BadData: The token is forged or expired; ``errors.py`` maps it to a 401 too.
    """
    if "user" not in g:
        g.user = _user_of(_bearer_token())
    user: User = g.user
    return user


def _bearer_token() -> str:
    authorization = request.authorization
    if authorization is None or authorization.type != "bearer" or not authorization.token:
        raise Unauthorized("Log in and send the token as a Bearer token.", realm=REALM)
    return authorization.token


def _user_of(token: str) -> User:
    lifetime = current_app.config["TOKEN_LIFETIME"].total_seconds()
    user = db_session().get(User, _serializer().loads(token, max_age=lifetime))
    if user is None or user.deleted_at:
        raise Unauthorized("The account was deleted.", realm=REALM, error="invalid_token")
    return user


@raises(Forbidden)
def require_member(user: User) -> None:
    """Refuse guest accounts, whatever they ask for."""
    if user.role is Role.GUEST:
        raise Forbidden("A guest account can only look at bookings.", scope="member")


@raises(Forbidden)
def require_admin(user: User) -> None:
    """Refuse everybody but admins."""
    if user.role is not Role.ADMIN:
        raise Forbidden("Only an administrator can do this.", scope="admin")
