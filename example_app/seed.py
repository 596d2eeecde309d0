"""The first data: someone and something for every status. Numbers are given in this order, from 1.

Every password is the user's first name and ``-secret``: ann@example.com has ``ann-secret``.
"""

from datetime import date, datetime, timezone

from sqlalchemy.orm import Session
from werkzeug.security import generate_password_hash

from .models import Booking, File, Payment, Report, Role, Room, User

LONG_AGO = datetime(2025, 1, 1, tzinfo=timezone.utc)


def seed(session: Session) -> None:
    """Add the first data, first those that others refer to by number."""
    for records in (users(), rooms(), bookings(), [*payments(), *files(), *reports()]):
        session.add_all(records)
        session.flush()


def users() -> list[User]:
    """Two members, one of them poor, a guest, an admin, and one who has left."""
    return [
        user("ann", balance=1_000_00),
        user("bob", balance=10_00),
        user("gil", role=Role.GUEST),
        user("ada", role=Role.ADMIN),
        user("dora", deleted_at=LONG_AGO),
    ]


def user(first_name: str, **values: object) -> User:
    """Make a user whose address and password can be guessed, which is right for an example only."""
    return User(
        name=first_name.title(),
        email=f"{first_name}@example.com",
        password_hash=generate_password_hash(f"{first_name}-secret"),
        **values,
    )


def rooms() -> list[Room]:
    """Two rooms to book, and one that a court had taken down."""
    return [
        Room(name="The Attic", city="Oslo", beds=2, price=80_00),
        Room(name="The Boathouse", city="Bergen", beds=4, price=120_00),
        Room(
            name="The Castle",
            city="Oslo",
            beds=8,
            price=900_00,
            blocked_by="https://court.example/orders/17",
        ),
    ]


def bookings() -> list[Booking]:
    """Ann's open one, her paid one, her deleted one; Bob's private one, his public one."""
    return [
        booking(owner_id=1, room_id=1, month=1),
        booking(owner_id=1, room_id=1, month=2),
        booking(owner_id=1, room_id=1, month=3, deleted_at=LONG_AGO),
        booking(owner_id=2, room_id=2, month=1, private=True),
        booking(owner_id=2, room_id=2, month=2),
    ]


def booking(month: int, **values: object) -> Booking:
    """Make a booking of four nights."""
    return Booking(
        check_in=date(2031, month, 1), check_out=date(2031, month, 5), guests=2, **values
    )


def payments() -> list[Payment]:
    """Ann's for her second booking."""
    return [Payment(booking_id=2, amount=4 * 80_00)]


def files() -> list[File]:
    """Bob's, which leaves him little of his quota."""
    content = bytes(127 * 1024)
    return [File(owner_id=2, name="plans.pdf", size=len(content), content=content)]


def reports() -> list[Report]:
    """Ann's, ready for long."""
    return [Report(owner_id=1, started_at=LONG_AGO.timestamp())]
