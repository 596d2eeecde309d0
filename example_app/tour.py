"""The tour: the front page, with every situation that this app can show as a button.

    GET  /              the page; for programs the table, as JSON
    POST /tour/<name>   play a situation, and tell what was sent, what came back, and what the
                        auditor says of it

Only what stands in the table can be sent. The server sends it, not the page: a browser follows
redirects by itself, and lets no script see a 304 or set every header.
"""

import json
from typing import Any

from flask import Blueprint, Response, make_response, render_template, request, url_for
from flask.typing import ResponseReturnValue

from flask_statuskit import NotFound, raises
from flask_statuskit.pages import STYLE_HASH

from .situations import BY_NAME, GROUPS
from .stage import play

blueprint = Blueprint("tour", __name__)

# The hash is for the pages of StatusKit, which the tour shows inside of its own.
POLICY = "; ".join(
    [
        "default-src 'none'",
        "script-src 'self'",
        f"style-src 'self' '{STYLE_HASH}'",
        "img-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    ]
)


@blueprint.get("/")
@raises()
def front_page() -> ResponseReturnValue:
    """Show the tour to browsers, and the same table to whoever else comes here."""
    if request.accept_mimetypes.best_match(["application/json", "text/html"]) == "text/html":
        response = make_response(render_template("tour.html", groups=GROUPS))
        response.headers["Content-Security-Policy"] = POLICY
    else:
        response = Response(json.dumps(table(), indent=2) + "\n", mimetype="application/json")
    response.vary.add("Accept")
    return response


@blueprint.post("/tour/<name>")
@raises(NotFound)
def press(name: str) -> ResponseReturnValue:
    """Play a situation."""
    if name not in BY_NAME:
        raise NotFound(f"There is no situation {name} in the tour.")
    situation = BY_NAME[name]
    outcome = {"promised": situation.status, **play(situation).to_dict()}
    return outcome, {"Cache-Control": "no-store"}


def table() -> dict[str, Any]:
    """Return where to go from here, for people at a terminal and for programs."""
    return {
        "about": "A bookings API, to try flask-statuskit on. A browser gets a tour of it here.",
        "problem_types": url_for("statuskit_catalog.index"),
        "openapi": url_for("openapi.document"),
        "tour": {
            f"POST {url_for('.press', name=name)}": f"{situation.status} {situation.title}"
            for name, situation in BY_NAME.items()
        },
    }
