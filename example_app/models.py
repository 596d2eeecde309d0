"""The tables, in SQLAlchemy 2's typed declarative style. Money is in cents."""

from __future__ import annotations

import enum
import time
from datetime import date, datetime, timezone

from sqlalchemy import BigInteger, DateTime, ForeignKey
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship


class Base(DeclarativeBase):
    """What every record has: a number, and a time of deletion, so that 410 can be told from 404."""

    id: Mapped[int] = mapped_column(primary_key=True)
    deleted_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))

    def visible_to(self, viewer: User | None) -> bool:
        """Tell whether ``viewer`` may know that this record exists."""
        return True

    def delete(self) -> None:
        """Mark the record as deleted. Its number is never given to another one."""
        self.deleted_at = datetime.now(timezone.utc)


class Role(str, enum.Enum):
    """What an account may do: guests look, members book, admins see and do everything."""

    GUEST = "guest"
    MEMBER = "member"
    ADMIN = "admin"


class User(Base):
    """An account, with prepaid credit to pay bookings from."""

    __tablename__ = "users"

    name: Mapped[str]
    email: Mapped[str] = mapped_column(unique=True)
    password_hash: Mapped[str]
    role: Mapped[Role] = mapped_column(default=Role.MEMBER)
    balance: Mapped[int] = mapped_column(BigInteger, default=0)


class Room(Base):
    """A room to book. One that was taken down names who demanded it."""

    __tablename__ = "rooms"

    name: Mapped[str]
    city: Mapped[str]
    beds: Mapped[int]
    price: Mapped[int]
    blocked_by: Mapped[str | None]


class Booking(Base):
    """A stay in a room, from the day of check-in to the day of check-out.

    SQLAlchemy counts its versions, and raises StaleDataError if somebody else has made a new one
    between reading and writing it.
    """

    __tablename__ = "bookings"

    owner_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    room_id: Mapped[int] = mapped_column(ForeignKey("rooms.id"))
    check_in: Mapped[date]
    check_out: Mapped[date]
    guests: Mapped[int]
    private: Mapped[bool] = mapped_column(default=False)
    version: Mapped[int] = mapped_column()

    room: Mapped[Room] = relationship()
    payment: Mapped[Payment | None] = relationship(back_populates="booking")

    # SQLAlchemy reads it once, when it maps the class; to annotate it would map a column.
    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012

    @property
    def nights(self) -> int:
        """How many nights it is."""
        return (self.check_out - self.check_in).days

    @property
    def price(self) -> int:
        """The price of all nights together."""
        return self.nights * self.room.price

    def belongs_to(self, user: User | None) -> bool:
        """Tell whether ``user`` may act on this booking: its owner may, and so may an admin."""
        return user is not None and (user.role is Role.ADMIN or user.id == self.owner_id)

    def visible_to(self, viewer: User | None) -> bool:
        """Hide private bookings from everybody else."""
        return not self.private or self.belongs_to(viewer)


class Payment(Base):
    """A booking that was paid for. There is one payment for a booking at most."""

    __tablename__ = "payments"

    booking_id: Mapped[int] = mapped_column(ForeignKey("bookings.id"), unique=True)
    amount: Mapped[int] = mapped_column(BigInteger)

    booking: Mapped[Booking] = relationship(back_populates="payment")

    def visible_to(self, viewer: User | None) -> bool:
        """Hide payments from everybody who has nothing to do with the booking."""
        return self.booking.belongs_to(viewer)


class File(Base):
    """A file that a user has uploaded."""

    __tablename__ = "files"

    owner_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    name: Mapped[str]
    size: Mapped[int]
    content: Mapped[bytes] = mapped_column(deferred=True)

    def visible_to(self, viewer: User | None) -> bool:
        """Show files to their owners only."""
        return viewer is not None and viewer.id == self.owner_id


class Report(Base):
    """A summary of its owner's bookings, which takes a while."""

    __tablename__ = "reports"

    owner_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    # In seconds since 1970: SQLite would give a datetime back without its time zone.
    started_at: Mapped[float] = mapped_column(default=time.time)

    def visible_to(self, viewer: User | None) -> bool:
        """Show reports to their owners only."""
        return viewer is not None and viewer.id == self.owner_id
