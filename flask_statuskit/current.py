"""The application and the request at hand, and what StatusKit knows of the application."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from flask import Flask, Request, current_app, request
from werkzeug.local import LocalProxy

if TYPE_CHECKING:
    from flask.sansio.app import App

    from .config import Settings
    from .extension import State


class Here(NamedTuple):
    """What is at hand where an error is handled, looked up once.

    Attributes:
        app: the application, itself.
        request: the request, itself.
        state: what is known of the application.
        settings: the settings that hold.
    """

    app: Flask
    request: Request
    state: State
    settings: Settings


#: Give the application and the request themselves, where `current_app` and `request` are proxies,
#: which differ by context and look up what they stand for each time. The method is the proxies',
#: and type checkers take them for what they stand for.
this_app: Callable[[], Flask] = current_app._get_current_object  # type: ignore[attr-defined]
this_request: Callable[[], Request] = request._get_current_object  # type: ignore[attr-defined]


def unwrapped(app: Flask) -> Flask:
    """The application itself of what may be `current_app`, as signals know it by identity.

    Parameters:
        app: an application, or the proxy of one.
    """
    if not isinstance(app, LocalProxy):
        return app
    itself: Flask = app._get_current_object()
    return itself


def find_state(app: App) -> State | None:
    """What is known of an application, None if it has no StatusKit."""
    state: State | None = app.extensions.get("statuskit")
    return state


def state_of(app: App) -> State:
    """What is known of an application that has its StatusKit."""
    state: State = app.extensions["statuskit"]
    return state
