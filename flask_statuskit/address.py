"""Where the catalogue is, for the ``type`` of a problem, which leads to its page (RFC 9457 §4).

Each error asks for this; what the pages say, in `catalog`, is for the applications that mount it.
"""

from __future__ import annotations

from logging import ERROR

from flask import Flask, has_request_context, request, url_for

from .current import state_of, this_app
from .describe import escaped
from .log import log


def base_uri(app: Flask) -> str | None:
    """What the slugs of problem types are appended to, None where no catalogue is mounted.

    Parameters:
        app: the application. Outside of a request to it, as clients below its APPLICATION_ROOT see
            it.
    """
    catalog = state_of(app).catalog
    if catalog is None or "://" in catalog:
        return catalog
    try:
        if not has_request_context() or this_app() is not app:
            # Not by a made-up request, which would open a session, and end in teardown functions.
            host, root = app.config["SERVER_NAME"] or "localhost", app.config["APPLICATION_ROOT"]
            scheme = app.config["PREFERRED_URL_SCHEME"]
            return escaped(app.url_map.bind(host, root, url_scheme=scheme).build(catalog))
        # Its prefix may have variables that the URL of the request has too; what it has not becomes
        # a query. And Werkzeug escapes no SCRIPT_NAME.
        return escaped(url_for(catalog, **(request.view_args or {})).partition("?")[0])
    except Exception as failure:
        log(ERROR, "The address of the catalogue cannot be built.", exc_info=failure)
        return None
