"""The app's own problem types, and how other libraries' exceptions become typed ones.

This is the only module that knows both sides. Everything else raises, or lets a library raise.
"""

from datetime import datetime, timezone

from flask_limiter import RateLimitExceeded
from itsdangerous import BadData, SignatureExpired

from flask_statuskit import (
    InsufficientStorage,
    PaymentRequired,
    RateLimited,
    StatusKit,
    Unauthorized,
)

from .auth import REALM
from .limits import limiter

statuskit = StatusKit()


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


@statuskit.map(RateLimitExceeded)
def rate_limited(exc: RateLimitExceeded) -> RateLimited:
    """Say when to come back: when the window is reset, a point in time that has its zone."""
    current = limiter.current_limit
    if current is None:
        return RateLimited()
    return RateLimited(
        f"The limit of {current.limit} is used up.",
        limit=current.limit.amount,
        remaining=current.remaining,
        reset=datetime.fromtimestamp(current.window.reset_time, timezone.utc),
    )
