"""Where bookings were when they were called reservations. Who knows the old URLs is sent on.

A GET is sent on by 301, which everybody understands. Of a POST it would make a GET, so that one is
sent on by 308, and repeated as it is.
"""

from urllib.parse import quote

from flask import Blueprint, request, url_for
from flask.typing import ResponseReturnValue

from flask_statuskit import raises, redirect_to

# Nothing can go wrong in here.
blueprint = raises()(Blueprint("moved", __name__))


@blueprint.get("/reservations")
def list_reservations() -> ResponseReturnValue:
    """Send on to the list of bookings."""
    location = with_query(url_for("bookings.list_bookings"))
    return redirect_to(location, permanent=True, keep_method=False)


@blueprint.get("/reservations/<number:booking_id>")
def get_reservation(booking_id: int) -> ResponseReturnValue:
    """Send on to a booking, whoever asks: only there is decided who may see it."""
    location = with_query(url_for("bookings.get_booking", booking_id=booking_id))
    return redirect_to(location, permanent=True, keep_method=False)


@blueprint.post("/reservations")
def create_reservation() -> ResponseReturnValue:
    """Send on to where rooms are booked, with the body."""
    return redirect_to(with_query(url_for("bookings.create_booking")), permanent=True)


def with_query(url: str) -> str:
    """Return the URL with the query of this request.

    The query is not handed to ``url_for`` as arguments. That has some of its own, ``_scheme`` for
    one, and a client could set them.
    """
    query = quote(request.query_string, safe="!$&'()*+,/:;=?@%")
    return f"{url}?{query}" if query else url
