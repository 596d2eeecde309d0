"""A small bookings API that answers every request, good or bad, with the right status and headers.

Read it in this order:

- ``errors.py``      the app's own problem types, and libraries whose exceptions become typed ones
- ``bookings.py``    ``PUT /bookings/<id>`` decides in the order 400, 401, 403, 404, 409, 422, 429
- ``payments.py``    402 with members of its own, a webhook with a signature
- ``rates.py``       502, 503 or 504 when the server fails that it asks
- ``users.py``, ``rooms.py``, ``files.py``, ``operations.py``    the other endpoints
- ``auth.py``        who is calling, and the 401 or 403 if that is not enough
- ``schemas.py``     what a body must look like, in marshmallow; a failed load is a 422 by itself
- ``models.py``, ``database.py``, ``seed.py``    SQLAlchemy 2, one session per request, first data
- ``config.py``      one class per environment

No view catches an exception to make a response out of it. A view raises, or lets a library raise,
and StatusKit answers.
"""

import os

from flask import Flask

from . import bookings, database, files, operations, payments, rates, rooms, users
from .config import CONFIGS
from .converters import RecordNumber
from .errors import statuskit
from .limits import limiter

__all__ = ["create_app"]


def create_app(config: object | str | None = None) -> Flask:
    """Build the app, its database and the first data.

    Args:
        config: ``"production"``, ``"development"`` or ``"testing"``, or a config class of your own.
            Without one ``BOOKINGS_ENVIRONMENT`` decides, and without that it is production: a
            forgotten setting must not show internals.
    """
    app = Flask(__name__)
    app.config.from_object(_choose(config))
    app.url_map.converters["number"] = RecordNumber

    statuskit.init_app(app)
    limiter.init_app(app)
    database.init_app(app)
    for module in (users, rooms, bookings, payments, rates, files, operations):
        app.register_blueprint(module.blueprint)
    return app


def _choose(config: object | str | None) -> object:
    """Turn the name of an environment into its config class."""
    name = config or os.environ.get("BOOKINGS_ENVIRONMENT", "production")
    if not isinstance(name, str):
        return name
    if name not in CONFIGS:
        raise ValueError(f"There is no environment {name!r}. Choose one of {', '.join(CONFIGS)}.")
    return CONFIGS[name]
