"""Who is compared, and with which requests."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from . import apps
from .calls import JSON_CLIENT, PATHS


@dataclass(frozen=True)
class Contender:
    """One way to answer errors.

    Attributes:
        title: what it is called in the tables.
        make: makes the application.
        distribution: what has to be installed for it.
        accept: what its client sends.
        paths: the requests that it is measured with.
        logged: whether the records of StatusKit are written, to a stream that leads nowhere.
        note: what has to be known to read its figures.
    """

    title: str
    make: Callable[[], Any]
    distribution: str = "flask"
    accept: str = JSON_CLIENT
    paths: tuple[str, ...] = tuple(PATHS)
    logged: bool = False
    note: str = ""

    @property
    def absent(self) -> str | None:
        """Why it cannot be measured here."""
        try:
            version(self.distribution)
        except PackageNotFoundError:
            return f"{self.distribution} is not installed"
        return None


@contextmanager
def logging_for(contender: Contender, path: str) -> Iterator[None]:
    """Logging as nobody has configured it; for a bug off, for Flask and everybody else.

    It is the same for all contenders, but for the one that measures what a record costs.
    """
    logger = logging.getLogger("flask_statuskit")
    if contender.logged:
        handler = logging.StreamHandler(_Nowhere())
        handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
        logger.addHandler(handler)
        logger.setLevel(logging.INFO)
        try:
            yield
        finally:
            logger.setLevel(logging.NOTSET)
            logger.removeHandler(handler)
        return
    logger.disabled = path == "bug"
    try:
        yield
    finally:
        logger.disabled = False


class _Nowhere:
    def write(self, text: str) -> None:
        pass

    def flush(self) -> None:
        pass


#: By the names they have on the command line; all others are compared with the first.
CONTENDERS = {
    "floor": Contender("constant response (the floor)", apps.floor),
    "statuskit": Contender("**StatusKit**", apps.statuskit, "flask-statuskit"),
    "bare": Contender("bare Flask", apps.bare),
    "jsonify": Contender("`jsonify` by hand", apps.by_hand),
    "smorest": Contender("flask-smorest", apps.smorest, "flask-smorest"),
    "apiflask": Contender("APIFlask", apps.apiflask, "apiflask"),
    "restx": Contender("flask-restx", apps.restx, "flask-restx"),
    "webargs": Contender("webargs", apps.webargs, "webargs"),
    "connexion": Contender(
        "connexion",
        apps.connexion,
        "connexion",
        note="an ASGI application with Flask's in a thread; called over ASGI, in one event loop",
    ),
    "statuskit-any": Contender(
        "StatusKit, `*/*`",
        apps.statuskit,
        "flask-statuskit",
        accept="*/*",
        note="a client that takes anything, as curl and `fetch` do",
    ),
    "statuskit-logged": Contender(
        "StatusKit, logged",
        apps.statuskit,
        "flask-statuskit",
        logged=True,
        note="the record of each problem is formatted and written, to a stream that leads nowhere",
    ),
    "statuskit-orjson": Contender(
        "StatusKit, orjson",
        apps.statuskit_orjson,
        "orjson",
        note="as the application's JSON provider",
    ),
    "statuskit-webargs": Contender(
        "StatusKit, webargs",
        apps.statuskit_webargs,
        "webargs",
        paths=("invalid",),
        note="the body is read with webargs, as in flask-smorest, APIFlask and webargs themselves",
    ),
    "floor-exception": Contender(
        "constant for `Exception`",
        apps.swallowing_floor,
        paths=("bug",),
        note="a handler of `Exception` keeps Flask from logging and signalling the bug",
    ),
}


def chosen(words: Iterable[str]) -> tuple[list[str], list[str]]:
    """The contenders and the paths that a command line names; all, where it names none."""
    words = [*words]
    if unknown := set(words) - set(CONTENDERS) - set(PATHS):
        sys.exit(f"{', '.join(unknown)}: neither of {[*CONTENDERS]} nor of {[*PATHS]}")
    names = [word for word in words if word in CONTENDERS]
    paths = [word for word in words if word in PATHS]
    return names or [*CONTENDERS], paths or [*PATHS]


def notes(names: Iterable[str]) -> str:
    """What has to be known about contenders, and which are left out."""
    known = {name: CONTENDERS[name].absent or CONTENDERS[name].note for name in names}
    return "\n".join(f"- {CONTENDERS[name].title}: {note}" for name, note in known.items() if note)
