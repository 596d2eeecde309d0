"""Bookings. ``change_booking`` makes every decision that a request can meet, each in its turn."""

from collections.abc import Sequence
from typing import Any

from flask import Blueprint, Response, request, url_for
from flask.typing import ResponseReturnValue
from marshmallow import EXCLUDE
from sqlalchemy import select

from flask_statuskit import (
    Conflict,
    Forbidden,
    Gone,
    NotFound,
    PreconditionFailed,
    PreconditionRequired,
    RateLimited,
    Unauthorized,
    ValidationError,
    conditional,
    created,
    no_content,
    raises,
    require_match,
)

from .auth import current_user, require_member
from .database import db_session, find
from .errors import UNREADABLE
from .limits import count_change
from .models import Booking, Room, User
from .schemas import BookingChange, BookingView, NewBooking, Stay

blueprint = Blueprint("bookings", __name__)


@blueprint.get("/bookings")
@raises(Unauthorized)
def list_bookings() -> ResponseReturnValue:
    """List the caller's own bookings."""
    return BookingView(many=True).dump(bookings_of(current_user()))


@blueprint.get("/bookings/<number:booking_id>")
@raises(Unauthorized, NotFound, Gone, PreconditionFailed)
def get_booking(booking_id: int) -> ResponseReturnValue:
    """Show a booking. Someone else's private one is answered like one that never was."""
    return with_version(find(Booking, booking_id, current_user()))


@blueprint.post("/bookings")
@raises(*UNREADABLE, Unauthorized, Forbidden, Conflict, ValidationError)
def create_booking() -> ResponseReturnValue:
    """Book a room."""
    body = request.get_json()
    user = current_user()
    require_member(user)
    wanted = NewBooking().load(body)
    ensure_room_exists(wanted["room_id"])
    ensure_room_is_free(wanted["room_id"], body)
    booking = Booking(owner_id=user.id, **wanted)
    db_session().add(booking)
    db_session().commit()
    return created(url_for(".get_booking", booking_id=booking.id), with_version(booking))


@blueprint.put("/bookings/<number:booking_id>")
@raises(*UNREADABLE, Unauthorized, Forbidden, NotFound, Gone)
@raises(PreconditionRequired, PreconditionFailed, Conflict, ValidationError, RateLimited)
def change_booking(booking_id: int) -> ResponseReturnValue:
    """Change a booking, if nothing speaks against it.

    The first line that objects decides the status, so the order of the lines is the order of the
    decisions. A body that can't be read is refused whoever sent it, a stranger learns nothing about
    records, and only a request that would otherwise have succeeded is counted.

    ``If-Match`` names the version that the client has seen. It comes after the checks that do not
    depend on it, and before all that looks at the change (RFC 9110 section 13.2.1): who has seen an
    old version is told so, and not what is wrong with the new one. Two requests at the same time
    may both name the right version; then the commit of the second one is a 409.
    """
    body = request.get_json()  # 400 not readable (or 415 not JSON, 413 too large)
    user = current_user()  # 401 who is it?
    ensure_may_change(user, booking_id)  # 403 may they?
    booking = find(Booking, booking_id, user)  # 404 was there ever one, 410 is it still there?
    require_match(booking.version)  # 428 which version do they know, 412 is it still that one?
    ensure_unpaid(booking)  # 409 does its state allow it?
    ensure_room_is_free(booking.room_id, body, booking)  # 409 do other records allow it?
    wanted = BookingChange().load(body)  # 422 does the content make sense?
    count_change()  # 429 is it too often?

    for name, value in wanted.items():
        setattr(booking, name, value)
    db_session().commit()
    response = with_version(booking)
    # The ETag is that of the body which is sent, not of the one that came (RFC 9110 section 9.3.4).
    response.content_location = url_for(".get_booking", booking_id=booking.id)
    return response


@blueprint.delete("/bookings/<number:booking_id>")
@raises(Unauthorized, Forbidden, NotFound, Gone)
@raises(PreconditionRequired, PreconditionFailed, Conflict)
def delete_booking(booking_id: int) -> ResponseReturnValue:
    """Give a booking up. From then on it is 410."""
    user = current_user()
    ensure_may_change(user, booking_id)
    booking = find(Booking, booking_id, user)
    require_match(booking.version)
    ensure_unpaid(booking)
    booking.delete()
    db_session().commit()
    return no_content()


def bookings_of(user: User) -> Sequence[Booking]:
    """Return the user's own bookings, without those that they have given up."""
    mine = select(Booking).where(Booking.owner_id == user.id, Booking.deleted_at.is_(None))
    return db_session().scalars(mine.order_by(Booking.id)).all()


def with_version(booking: Booking) -> Response:
    """Show a booking, and in ``ETag`` its version: 304 for a GET by whoever has that one."""
    return conditional(BookingView().dump(booking), etag=booking.version)


def ensure_may_change(user: User, booking_id: int) -> None:
    """Refuse who may not change this booking: guests any, and members those of others.

    The account decides about a guest, before any record is looked at. A member is refused only what
    they can see. What they can't see is left to ``find``: a 403 would betray that it exists.
    """
    require_member(user)
    booking = db_session().get(Booking, booking_id)
    if booking and booking.visible_to(user) and not booking.belongs_to(user):
        raise Forbidden("Only its owner can change a booking.")


def ensure_unpaid(booking: Booking) -> None:
    """Refuse to touch what was paid for."""
    if booking.payment:
        raise Conflict(f"The booking {booking.id} is already paid for.")


def ensure_room_exists(room_id: int) -> None:
    """Refuse a room that can't be booked. The URL is right, the body is not: 422 instead of 404."""
    room = db_session().get(Room, room_id)
    if room is None or room.blocked_by:
        raise ValidationError({"room_id": ["There is no such room to book."]})


def ensure_room_is_free(room_id: int, body: Any, change: Booking | None = None) -> None:
    """Refuse dates on which the room is taken by another booking than the one to ``change``.

    A change decides this before it validates, so only the dates are read here. If they can't be
    read, they are no conflict: validation names what is wrong with them.
    """
    dates = Stay(unknown=EXCLUDE)
    if dates.validate(body):
        return
    stay = dates.load(body)
    taken = select(Booking.id).where(
        Booking.room_id == room_id,
        Booking.deleted_at.is_(None),
        Booking.check_in < stay["check_out"],
        Booking.check_out > stay["check_in"],
        Booking.id != (change.id if change else None),
    )
    if db_session().scalar(taken.limit(1)):
        raise Conflict("The room is taken on these dates.")
