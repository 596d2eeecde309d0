"""Rate limits. Flask-Limiter counts; StatusKit answers a limit that is used up with a 429."""

from typing import Any

from flask import Flask, current_app
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address

from flask_statuskit import RateLimited, ServiceUnavailable, raises

from .auth import current_user


class LimiterOfEachApp(Limiter):
    """A Limiter that counts for each app apart.

    Flask-Limiter's own counts for all of them in the storage of the app that was initialised last.
    That is enough where a process has one app. Ours has more of them: see ``stage.py``.
    """

    def init_app(self, app: Flask) -> None:
        """Set up the app, and remember what counts for it."""
        super().init_app(app)
        app.extensions["bookings_limiter"] = super().limiter

    @property
    def limiter(self) -> Any:
        """What counts for the app that handles the request."""
        return current_app.extensions["bookings_limiter"]


limiter = LimiterOfEachApp(get_remote_address)


def _caller() -> str:
    """Count a logged-in caller by account: an address may be shared, and may change."""
    return f"user {current_user().id}"


@raises(RateLimited, ServiceUnavailable)
@limiter.limit(lambda: current_app.config["CHANGE_LIMIT"], key_func=_caller)
def count_change() -> None:
    """Count a change against the caller's limit.

    A limit on a view is counted before the view begins. A limit on a function is counted where the
    view calls it: here, after it has validated the request. So mistakes cost nothing.

    Raises:
        flask_limiter.RateLimitExceeded: The limit is used up.
        redis.RedisError: What is counted with is away.
    """
