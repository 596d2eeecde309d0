"""Exchange rates, which another server knows.

Its failures are answered without a line of ours, as StatusKit's integration of httpx does it: 504
when it is too slow, 503 when it asks for patience, 502 for all else. To see one of them:

    RATES_URL=http://127.0.0.1:1/ python -m example_app      502: nobody listens there
"""

import httpx
from flask import Blueprint, current_app
from flask.typing import ResponseReturnValue

from flask_statuskit import BadGateway, GatewayTimeout, ServiceUnavailable, raises

from .schemas import Rates

blueprint = Blueprint("rates", __name__)


@blueprint.get("/rates")
@raises(BadGateway, ServiceUnavailable, GatewayTimeout)
def get_rates() -> ResponseReturnValue:
    """Pass on today's rates."""
    url = current_app.config["RATES_URL"]
    if not url:
        raise ServiceUnavailable("There is no source of rates here.", retry_after=3600)
    response = httpx.get(url, timeout=current_app.config["RATES_TIMEOUT"])
    response.raise_for_status()
    answer = response.json()
    # First validate(): a ValidationError of load() would be a 422, and blame our client for what
    # others have sent.
    if Rates().validate(answer):
        raise BadGateway("The source of rates answered something else.")
    return Rates().load(answer)
