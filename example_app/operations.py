"""What happens to every service: a bug, and a planned outage."""

from flask import Blueprint
from flask.typing import ResponseReturnValue

from flask_statuskit import ServiceUnavailable, raises

blueprint = Blueprint("operations", __name__)


@blueprint.get("/bug")
@raises()
def bug() -> ResponseReturnValue:
    """Fail as code fails: with an exception that nobody foresaw, whose message holds a password.

    In production the client gets a 500 that says nothing, and the log gets the traceback. In
    development the answer has a ``debug`` member.
    """
    return connect("reports://bookings:hunter2@reports.internal")


def connect(url: str) -> ResponseReturnValue:
    """Connect to the reports, which moved away without telling us."""
    raise RuntimeError(f"Cannot connect to {url}")


@blueprint.get("/maintenance")
@raises(ServiceUnavailable)
def maintenance() -> ResponseReturnValue:
    """Announce when the service is back. ServiceUnavailable shows its detail, unlike other 5xx."""
    raise ServiceUnavailable("The archive is moving to a new home.", retry_after=120)
