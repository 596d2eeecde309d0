"""Rate limits. Flask-Limiter counts; StatusKit answers a limit that is used up with a 429."""

from flask import current_app
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address

from .auth import current_user

limiter = Limiter(get_remote_address)


def _caller() -> str:
    """Count a logged-in caller by account: an address may be shared, and may change."""
    return f"user {current_user().id}"


@limiter.limit(lambda: current_app.config["CHANGE_LIMIT"], key_func=_caller)
def count_change() -> None:
    """Count a change against the caller's limit.

    A limit on a view is counted before the view begins. A limit on a function is counted where the
    view calls it: here, after it has validated the request. So mistakes cost nothing.

    Raises:
        flask_limiter.RateLimitExceeded: The limit is used up.
    """
