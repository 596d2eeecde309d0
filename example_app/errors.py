"""The app's own problem types, and how other libraries' exceptions become typed ones.

This is the only module that knows both sides. Everything else raises, or lets a library raise.
"""

from itsdangerous import BadData, SignatureExpired

from flask_statuskit import (
    BadRequest,
    ContentTooLarge,
    InsufficientStorage,
    PaymentRequired,
    StatusKit,
    Unauthorized,
    UnsupportedMediaType,
)

from .auth import REALM

# What these libraries raise is answered without a line of ours: a value that is taken already is
# a 409, a database or a Redis that is away a 503, a failing source of rates a 502, 503 or 504.
# Those of Flask-Limiter and marshmallow are on by default.
statuskit = StatusKit(integrations=["sqlalchemy", "httpx", "redis"])

# What a view declares that reads a body as JSON: it may break off, be too large, or be XML.
UNREADABLE = (BadRequest, ContentTooLarge, UnsupportedMediaType)


class OutOfCredit(PaymentRequired):
    """The balance does not cover the price. Top up, then repeat the request."""

    type = "out-of-credit"
    title = "You do not have enough credit"
    balance: int
    price: int


class QuotaExceeded(InsufficientStorage):
    """The file would not fit into your storage. Delete files you no longer need, then repeat."""

    type = "quota-exceeded"
    title = "Your storage is full"
    # The details of 5xx errors are hidden in production. This one is written for the client.
    expose = True
    used: int
    quota: int


@statuskit.map(SignatureExpired)
def token_expired(exc: SignatureExpired) -> Unauthorized:
    """Tell a client whose token was good that logging in again is all it takes."""
    return Unauthorized("The token has expired. Log in again.", realm=REALM, error="invalid_token")


@statuskit.map(BadData)
def token_invalid(exc: BadData) -> Unauthorized:
    """Answer every other flaw of a token alike: which one it was is of use to an attacker only."""
    return Unauthorized("The token is not valid.", realm=REALM, error="invalid_token")
