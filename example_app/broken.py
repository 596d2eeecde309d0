"""Wrong on purpose: what people do in earnest, a view for each rule of the auditor.

    BOOKINGS_ENVIRONMENT=development python -m example_app
    curl -i http://127.0.0.1:8000/broken/sk200

In development the log says what is wrong with the answer, and what to type instead. Under test it
is an AuditError. In production these URLs do not exist.
"""

import json
from collections.abc import Callable
from datetime import timedelta

from flask import Blueprint, Response, current_app, jsonify, redirect, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from flask_statuskit import Gone, NotFound, raises

from .database import engine_of

blueprint = Blueprint("broken", __name__, url_prefix="/broken")


@blueprint.get("/sk100")
def sk100() -> ResponseReturnValue:
    """Says that the work goes on with an interim status, and the client waits for the final one."""
    return "", 102


@blueprint.get("/sk200")
def sk200() -> ResponseReturnValue:
    """Reports an error and calls it a success, which is what clients and monitors believe."""
    return {"error": "There is no such booking."}


@blueprint.post("/sk201")
def sk201() -> ResponseReturnValue:
    """Leaves it to the client to guess the URL of what was created."""
    return {"id": 7}, 201


@blueprint.delete("/sk204")
def sk204() -> ResponseReturnValue:
    """Says what was deleted in a body that is never sent."""
    return {"deleted": 7}, 204


@blueprint.get("/sk206")
def sk206() -> ResponseReturnValue:
    """Calls a page of a list partial content, which is what parts of a file are."""
    return [{"id": 1}, {"id": 2}], 206


@blueprint.post("/sk301")
def sk301() -> ResponseReturnValue:
    """Sends a POST on as if it were a link, and the client arrives with a GET and no body."""
    return redirect(url_for("bookings.create_booking"), 301)


@blueprint.get("/sk302")
def sk302() -> ResponseReturnValue:
    """Names the new place in the body, where no client looks."""
    return {"moved_to": url_for("bookings.list_bookings")}, 302


@blueprint.post("/sk400")
def sk400() -> ResponseReturnValue:
    """Writes a problem by hand, and says 409 in it and 400 above it."""
    problem = json.dumps({"title": "Conflict", "status": 409})
    return Response(problem, 400, mimetype="application/problem+json")


@blueprint.get("/sk500")
def sk500() -> ResponseReturnValue:
    """Sends the exception's text, which holds the statement and names the database."""
    try:
        with engine_of(current_app).connect() as connection:
            return list(connection.scalars(text("SELECT name FROM reservations")))
    except SQLAlchemyError as exc:
        return {"message": str(exc)}, 500


@blueprint.post("/sk600")
def sk600() -> ResponseReturnValue:
    """Invents a status for a case of its own, and clients know nothing but 4xx of it."""
    return {"message": "Top up first."}, 499


@blueprint.get("/sk601")
def sk601() -> ResponseReturnValue:
    """Forgets that caches keep a 404, and give it to others when the booking is there."""
    return {"message": "There is no such booking."}, 404


@blueprint.get("/sk602")
def sk602() -> ResponseReturnValue:
    """Sends a delay as Python prints it."""
    return {"message": "Back soon."}, 503, {"Retry-After": str(timedelta(seconds=90))}


@blueprint.get("/sk603")
def sk603() -> ResponseReturnValue:
    """Leaves out the quotes of an ETag, so that no client gets a 304."""
    return {"id": 7}, {"ETag": "v7"}


@blueprint.get("/sk604")
def sk604() -> ResponseReturnValue:
    """Keeps the connection open with a header that is the server's."""
    return Response(
        "data: 1\n\n", mimetype="text/event-stream", headers={"Connection": "keep-alive"}
    )


@blueprint.get("/sk605")
def sk605() -> ResponseReturnValue:
    """Counts the letters of a text, of which Content-Length wants the bytes."""
    name = "Åse Bjørnson"
    response = Response(name, mimetype="text/plain")
    response.content_length = len(name)
    return response


@blueprint.get("/sk606")
def sk606() -> ResponseReturnValue:
    """Averages over no bookings, and JSON has no NaN."""
    return {"average_price": float("nan")}


@blueprint.get("/sk607")
def sk607() -> ResponseReturnValue:
    """Makes text of a dict, and Flask takes text for HTML."""
    return json.dumps({"id": 7})


@blueprint.get("/sk608")
def sk608() -> ResponseReturnValue:
    """Lets every cache keep an answer together with somebody's cookie."""
    return "1 room", {"Set-Cookie": "basket=7", "Cache-Control": "max-age=60"}


@blueprint.get("/sk609")
def sk609() -> ResponseReturnValue:
    """Opens the API to all origins with credentials, and browsers refuse both together."""
    headers = {"Access-Control-Allow-Origin": "*", "Access-Control-Allow-Credentials": "true"}
    return {"id": 7}, headers


@blueprint.get("/sk610")
def sk610() -> ResponseReturnValue:
    """Adds a media type to the one that Flask has set, and clients take either."""
    response = jsonify(id=7)
    response.headers.add("Content-Type", "application/vnd.api+json")
    return response


@blueprint.get("/sk700")
@raises(NotFound)
def sk700() -> ResponseReturnValue:
    """Promises a 404 at most, and clients that trust it have no idea what a 410 is."""
    raise Gone("The booking 3 was deleted.")


# Errors that are a status and a message, without the header that the status is about.
BARE = [
    ("GET", 401, "Log in first.", "Does not say how to log in."),
    ("DELETE", 405, "Bookings stay.", "Refuses a method, and does not say which ones would do."),
    ("GET", 407, "Log in first.", "Asks for a login as only a proxy may."),
    ("POST", 415, "No images, please.", "Refuses a format, and does not say which ones would do."),
    ("GET", 416, "It is shorter than that.", "Keeps the length of the file to itself."),
    ("GET", 426, "Use a WebSocket.", "Names the other protocol where no program can read it."),
    ("GET", 429, "Slow down.", "Lets clients guess for how long, so they try again at once."),
    ("GET", 451, "A court forbids it.", "Does not say who demanded it."),
    ("GET", 503, "Back at noon.", "Tells people when it is over, and programs nothing."),
]


def bare(status: int, message: str, mistake: str) -> Callable[[], ResponseReturnValue]:
    """Make the view of such an error, with the mistake as its docstring."""

    def view() -> ResponseReturnValue:
        return {"message": message}, status, {"Cache-Control": "no-store"}

    view.__doc__ = mistake
    return view


for method, status, message, mistake in BARE:
    view = bare(status, message, mistake)
    blueprint.add_url_rule(f"/sk{status}", f"sk{status}", view, methods=[method])
