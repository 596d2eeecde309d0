"""The application at hand, and what StatusKit knows of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Flask, current_app
from werkzeug.local import LocalProxy

if TYPE_CHECKING:
    from flask.sansio.app import App

    from .extension import State


def this_app() -> Flask:
    """The application itself, where `current_app` would be a proxy that differs by context."""
    return unwrapped(current_app)


def unwrapped(app: Flask) -> Flask:
    """The application itself of what may be `current_app`, as signals know it by identity.

    Parameters:
        app: an application, or the proxy of one.
    """
    if not isinstance(app, LocalProxy):
        return app
    # The method is the proxy's, which claims to be a Flask.
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
