"""Rooms: search them, look at one."""

from flask import Blueprint, current_app, request
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from flask_statuskit import Gone, NotFound, RateLimited, UnavailableForLegalReasons, raises

from .database import db_session, find
from .limits import limiter
from .models import Room
from .schemas import RoomView

blueprint = Blueprint("rooms", __name__)


@blueprint.get("/search")
@raises(RateLimited)
@limiter.limit(lambda: current_app.config["SEARCH_LIMIT"])
def search() -> ResponseReturnValue:
    """Find rooms by city. It is the database's hardest work, so there is a limit."""
    city = request.args.get("city", "")
    in_city = Room.city.icontains(city, autoescape=True)
    found = select(Room).where(in_city, Room.blocked_by.is_(None)).order_by(Room.id)
    return RoomView(many=True).dump(db_session().scalars(found))


@blueprint.get("/rooms/<number:room_id>")
@raises(NotFound, Gone, UnavailableForLegalReasons)
def get_room(room_id: int) -> ResponseReturnValue:
    """Show a room, unless somebody has obtained that it must not be shown."""
    room = find(Room, room_id)
    if room.blocked_by:
        raise UnavailableForLegalReasons(
            "This room was taken down by a court order.", blocked_by=room.blocked_by
        )
    return RoomView().dump(room)
