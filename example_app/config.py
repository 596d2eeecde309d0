"""One config class per environment. Production is the default; the others say what they change.

Sizes and limits are small on purpose, so that a few requests with curl are enough to meet them.
"""

import os
import secrets
from datetime import timedelta


class Production:
    """What the public sees: no internals in any body."""

    STATUSKIT_ENVIRONMENT = "production"
    # Every problem type has a page there, and its URL is the type.
    STATUSKIT_CATALOG_URL = "/problems"

    # Without SECRET_KEY, tokens are valid until the process ends. Set it when more than one serves.
    SECRET_KEY = os.environ.get("SECRET_KEY") or secrets.token_hex(32)
    TOKEN_LIFETIME = timedelta(seconds=int(os.environ.get("TOKEN_SECONDS", "3600")))
    # Shared with the payment provider, who signs its calls with it.
    WEBHOOK_SECRET = os.environ.get("WEBHOOK_SECRET") or secrets.token_hex(32)

    # None: a SQLite file in Flask's instance folder. Workers on several machines need a server:
    # "postgresql+psycopg://user:password@host/database".
    DATABASE_URL = os.environ.get("DATABASE_URL")

    # "memory://" counts in each process on its own; several need "redis://..." to count together.
    RATELIMIT_STORAGE_URI = os.environ.get("RATELIMIT_STORAGE_URI", "memory://")
    # Several applications may count in one Redis.
    RATELIMIT_KEY_PREFIX = os.environ.get("RATELIMIT_KEY_PREFIX", "bookings")
    SEARCH_LIMIT = "10 per minute"
    CHANGE_LIMIT = "5 per minute"

    # Who knows exchange rates: answers {"rates": {"EUR": 0.92, ...}}.
    RATES_URL = os.environ.get("RATES_URL")
    RATES_TIMEOUT = float(os.environ.get("RATES_TIMEOUT", "2"))  # seconds

    REPORT_SECONDS = float(os.environ.get("REPORT_SECONDS", "3"))  # how long a report takes

    MAX_CONTENT_LENGTH = 64 * 1024  # bytes in one request
    STORAGE_QUOTA = 128 * 1024  # bytes of files per user

    # Wrong on purpose, to see what the auditor finds. They would be wrong for the public, too.
    BROKEN_ENDPOINTS = False


class Development(Production):
    """Your own machine: a 500 shows what happened in its ``debug`` member."""

    STATUSKIT_ENVIRONMENT = "development"
    DEBUG = True
    BROKEN_ENDPOINTS = True


class Testing(Production):
    """Tests: a bug propagates into the test that met it, as Flask does under ``TESTING``.

    So does what the auditor finds in a response.
    """

    STATUSKIT_ENVIRONMENT = "testing"
    STATUSKIT_AUDIT = "raise"
    TESTING = True
    BROKEN_ENDPOINTS = True
    SECRET_KEY = "the same in every run"
    WEBHOOK_SECRET = "the same in every run, too"
    # In memory: new for each app, and for one thread. Give tests with a server a file.
    DATABASE_URL = "sqlite://"
    RATELIMIT_STORAGE_URI = "memory://"
    RATES_URL = None


class Stage(Production):
    """What the tour plays its situations on: the same wherever it is served, and no secrets.

    What holds in production holds here, but for the broken endpoints.
    """

    STATUSKIT_AUDIT = "off"  # the tour asks the auditor itself
    BROKEN_ENDPOINTS = True
    SECRET_KEY = "good for nothing but the stage"
    WEBHOOK_SECRET = "shared with nobody"
    TOKEN_LIFETIME = timedelta(hours=1)
    RATELIMIT_STORAGE_URI = "memory://"
    RATES_URL = None
    RATES_TIMEOUT = 10.0  # a busy machine is no slow server
    REPORT_SECONDS = 3.0


CONFIGS: dict[str, type[Production]] = {
    "production": Production,
    "development": Development,
    "testing": Testing,
}
