"""What a request's body must look like, and what a response's looks like.

``Schema().load(body)`` raises marshmallow's ValidationError. Nobody catches it: StatusKit turns it
into a 422 that names every field.
"""

from typing import Any

from marshmallow import EXCLUDE, Schema, ValidationError, fields, post_load, validates_schema
from marshmallow.validate import Length, Range

LARGEST_NUMBER = 10**9 - 1


def storable(text: str) -> None:
    r"""Refuse what JSON can spell and a database cannot store: ``"\ud800"`` and ``"\u0000"``."""
    if "\0" in text or any("\ud800" <= character <= "\udfff" for character in text):
        raise ValidationError("Contains characters that are not text.")


def number(**options: Any) -> fields.Integer:
    """A record's number in a body. ``"7"`` and ``7.0`` are not numbers."""
    return fields.Integer(strict=True, validate=Range(1, LARGEST_NUMBER), **options)


class Credentials(Schema):
    """Body of ``POST /login``."""

    email = fields.String(required=True, validate=storable)
    password = fields.String(required=True, validate=storable, load_only=True)

    @post_load
    def lower_email(self, data: dict[str, Any], **options: Any) -> dict[str, Any]:
        """Let an address be the same however it is typed."""
        return {**data, "email": data["email"].lower()}


class NewUser(Credentials):
    """Body of ``POST /users``."""

    name = fields.String(required=True, validate=[Length(1, 80), storable])
    email = fields.Email(required=True, validate=[Length(max=254), storable])
    password = fields.String(required=True, validate=[Length(8, 200), storable], load_only=True)


class Profile(Schema):
    """A user, as everybody may see them."""

    id = fields.Integer()
    name = fields.String()


class Account(Profile):
    """A user, as they see themselves."""

    email = fields.String()
    role = fields.Function(lambda user: user.role.value)
    balance = fields.Integer()


class RoomView(Schema):
    """A room."""

    id = fields.Integer()
    name = fields.String()
    city = fields.String()
    beds = fields.Integer()
    price = fields.Integer()


class Stay(Schema):
    """The two dates of a booking."""

    check_in = fields.Date(required=True)
    check_out = fields.Date(required=True)

    @validates_schema(skip_on_field_errors=False)
    def at_least_one_night(self, data: dict[str, Any], **options: Any) -> None:
        """Compare the dates if both could be read, whatever is wrong with the other fields."""
        if {"check_in", "check_out"} <= data.keys() and data["check_out"] <= data["check_in"]:
            raise ValidationError("Must be later than check_in.", "check_out")


class BookingChange(Stay):
    """Body of ``PUT /bookings/<number>``: all of a booking that can change."""

    guests = fields.Integer(required=True, strict=True, validate=Range(1, 12))
    private = fields.Boolean(load_default=False)


class NewBooking(BookingChange):
    """Body of ``POST /bookings``."""

    room_id = number(required=True)


class BookingView(NewBooking):
    """A booking, with what it costs."""

    id = fields.Integer()
    price = fields.Integer()
    paid = fields.Function(lambda booking: booking.payment is not None)


class NewPayment(Schema):
    """Body of ``POST /payments``."""

    booking_id = number(required=True)


class PaymentView(Schema):
    """A payment."""

    id = fields.Integer()
    booking_id = fields.Integer()
    amount = fields.Integer()


class TopUp(Schema):
    """Body of ``POST /webhooks/payments``: money has arrived for a user."""

    user_id = number(required=True)
    amount = fields.Integer(required=True, strict=True, validate=Range(1, 100_000_00))


class Rates(Schema):
    """What the source of rates answers: units of each currency for one of ours."""

    class Meta:
        unknown = EXCLUDE

    rates = fields.Dict(keys=fields.String(), values=fields.Float(), required=True)


class FileView(Schema):
    """A file, without its content."""

    id = fields.Integer()
    name = fields.String()
    size = fields.Integer()
