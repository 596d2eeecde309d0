"""The package's logger, for records that must reach it without spoiling a response."""

from __future__ import annotations

import logging
import sys
import traceback
from typing import Any

logger: logging.Logger = logging.getLogger("flask_statuskit")


def log(level: int, message: str, *args: object, **options: Any) -> None:
    """Log as `Logger.log` does; a filter or handler that raises is reported on stderr instead.

    Parameters:
        level: a level of `logging`.
        message: the text, with a ``%`` placeholder for each of `args`.
        options: ``exc_info`` and ``extra``, as `Logger.log` takes them.
    """
    try:
        logger.log(level, message, *args, stacklevel=2, **options)
    except Exception:
        # What logging does about handlers that fail on their own.
        if logging.raiseExceptions and sys.stderr is not None:
            traceback.print_exc()


def one_line(value: str) -> str:
    """A text for the log in which nothing can begin a line, or colour a terminal."""
    return value if value.isprintable() else value.encode("unicode_escape").decode()
