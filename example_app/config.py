"""One config class per environment. Production is the default; the others say what they change.

Sizes and limits are small on purpose, so that a few requests with curl are enough to meet them.
"""

import os
import secrets
from datetime import timedelta


class Production:
    """What the public sees: no internals in any body."""

    STATUSKIT_ENVIRONMENT = "production"

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

    MAX_CONTENT_LENGTH = 64 * 1024  # bytes in one request
    STORAGE_QUOTA = 128 * 1024  # bytes of files per user


class Development(Production):
    """Your own machine: a 500 shows what happened in its ``debug`` member."""

    STATUSKIT_ENVIRONMENT = "development"
    DEBUG = True


class Testing(Production):
    """Tests: a bug propagates into the test that met it, as Flask does under ``TESTING``."""

    STATUSKIT_ENVIRONMENT = "testing"
    TESTING = True
    SECRET_KEY = "the same in every run"
    WEBHOOK_SECRET = "the same in every run, too"
    # In memory: new for each app, and for one thread. Give tests with a server a file.
    DATABASE_URL = "sqlite://"
    RATELIMIT_STORAGE_URI = "memory://"
    RATES_URL = None


CONFIGS: dict[str, type[Production]] = {
    "production": Production,
    "development": Development,
    "testing": Testing,
}
