"""A small bookings API that answers every request, good or bad, with the right status and headers.

Read it in this order:

- ``errors.py``      the app's own problem types, and libraries whose exceptions become typed ones
- ``bookings.py``    ``PUT /bookings/<number>`` decides in the order 400, 401, 403, 404, 428, 412,
  409, 422, 429; a GET of it is 304 for whoever has that version
- ``reports.py``     202 with a monitor, then 303 to the result
- ``moved.py``       301 for a GET, 308 for a POST
- ``payments.py``    402 with members of its own, a webhook with a signature
- ``rates.py``       502, 503 or 504 when the server fails that it asks
- ``files.py``       206 and 416 for parts of a file
- ``users.py``, ``rooms.py``, ``operations.py``    the other endpoints
- ``broken.py``      what the auditor is there to find, outside of production
- ``auth.py``        who is calling, and the 401 or 403 if that is not enough
- ``openapi.py``     the document of the API, with the errors that the views declare by ``@raises``
- ``tour.py``        the front page: every situation as a button; ``situations.py`` is its table,
  ``stage.py`` the app that a button is answered by, ``trouble.py`` what goes wrong there
- ``schemas.py``     what a body must look like, in marshmallow; a failed load is a 422 by itself
- ``models.py``, ``database.py``, ``seed.py``    SQLAlchemy 2, one session per request, first data
- ``languages.py``   what language a client is spoken to in
- ``config.py``      one class per environment

No view catches an exception to make a response out of it. A view raises, or lets a library raise,
and StatusKit answers. What that can be, stands above each view: ``@raises(...)``.
"""

import os

from flask import Flask

from flask_statuskit import ServiceUnavailable, raises

from . import (
    bookings,
    broken,
    database,
    files,
    languages,
    moved,
    openapi,
    operations,
    payments,
    rates,
    reports,
    rooms,
    tour,
    users,
)
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
    languages.babel.init_app(app, locale_selector=languages.client_language)
    database.init_app(app)
    for module in (users, rooms, bookings, payments, reports, files):
        # Whatever their views declare, the database may be away.
        app.register_blueprint(raises(ServiceUnavailable)(module.blueprint))
    for module in (moved, rates, operations, openapi, tour):
        app.register_blueprint(module.blueprint)
    if app.config["BROKEN_ENDPOINTS"]:
        app.register_blueprint(broken.blueprint)
    return app


def _choose(config: object | str | None) -> object:
    """Turn the name of an environment into its config class."""
    name = config or os.environ.get("BOOKINGS_ENVIRONMENT", "production")
    if not isinstance(name, str):
        return name
    if name not in CONFIGS:
        raise ValueError(f"There is no environment {name!r}. Choose one of {', '.join(CONFIGS)}.")
    return CONFIGS[name]
