"""What the servers of these tests serve; to import it makes it.

    /...          the example, on the database that DATABASE_URL names
    /table/...    an app that answers what it is asked
    /wrapped/...  the same in StatusKitMiddleware
    /written      a WSGI application in StatusKitMiddleware that breaks

``python -m served PORT`` serves it with Werkzeug's development server.
"""

from __future__ import annotations

import logging
import sys
import warnings

from table_app import FAILURE, make_table, write_and_break
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.serving import run_simple

from example_app import create_app
from example_app.config import Stage
from flask_statuskit.middleware import StatusKitMiddleware


class Line(logging.Formatter):
    """Tells records that stand for a problem from those that say that something of ours failed."""

    def format(self, record: logging.LogRecord) -> str:
        line = super().format(record)
        ours = record.name == "flask_statuskit" and record.levelno >= logging.ERROR
        # The other one is the middleware's, of somebody else's body that breaks.
        expected = hasattr(record, "request_id") or "too late for an answer" in record.msg
        return line if expected or not ours else f"{FAILURE}{line}"


handler = logging.StreamHandler(sys.stderr)
handler.setFormatter(Line("%(name)s %(levelname)s %(message)s"))
logging.basicConfig(level=logging.WARNING, handlers=[handler])
# That WSGI cannot keep a 407 or 426 is what is tested.
warnings.filterwarnings("ignore", "A 4(07|26) owes")


class Served(Stage):
    """What the tour plays on, but for limits that one client of all these requests would use up."""

    CHANGE_LIMIT = SEARCH_LIMIT = "1000 per minute"


table = make_table().wsgi_app
application = DispatcherMiddleware(
    create_app(Served).wsgi_app,
    {
        "/table": table,
        "/wrapped": StatusKitMiddleware(table),
        "/written": StatusKitMiddleware(write_and_break),
    },
)

if __name__ == "__main__":
    run_simple("127.0.0.1", int(sys.argv[1]), application, threaded=True)
