"""What a request's body must look like, and what a response's looks like.

``Schema().load(body)`` raises marshmallow's ValidationError. Nobody catches it: StatusKit turns it
into a 422 that names every field. ``openapi.py`` shows the same schemas to clients.
"""

from typing import Any

from marshmallow import EXCLUDE, RAISE, Schema, ValidationError, fields, post_load, validates_schema
from marshmallow.validate import Length, Range, Regexp

LARGEST_NUMBER = 10**9 - 1


class Body(Schema):
    """A body that has these fields, and no others."""

    class Meta:
        unknown = RAISE  # the default of marshmallow; said here, it stands in the document as well


class View(Body):
    """A body of ours: none of its fields is ever missing."""

    def on_bind_field(self, field_name: str, field_obj: Any) -> None:
        """Say so in the document. To dump an object takes no notice of it."""
        field_obj.required = True


class Number(fields.Integer):
    """An integer of JSON, which may be spelled ``7.0``. ``"7"`` and ``true`` are something else."""

    def _deserialize(self, value: Any, *args: Any, **options: Any) -> Any:
        whole = isinstance(value, float) and value.is_integer()
        if not (whole or isinstance(value, int)) or isinstance(value, bool):
            raise self.make_error("invalid", input=value)
        return super()._deserialize(value, *args, **options)


class YesOrNo(fields.Boolean):
    """A boolean of JSON. ``"yes"`` and ``1`` are something else."""

    def _deserialize(self, value: Any, *args: Any, **options: Any) -> Any:
        if not isinstance(value, bool):
            raise self.make_error("invalid", input=value)
        return value


def storable(text: str) -> None:
    r"""Refuse what JSON can spell and a database cannot store: ``"\ud800"``."""
    if any("\ud800" <= character <= "\udfff" for character in text):
        raise ValidationError("Contains characters that are not text.")


# The other one is NUL. This can be said in the document, too.
WITHOUT_NUL = Regexp(r"^[^\x00]*$", error="Contains characters that are not text.")


def record_number(**options: Any) -> fields.Integer:
    """A record's number in a body."""
    return Number(required=True, validate=Range(1, LARGEST_NUMBER), **options)


class Credentials(Body):
    """Body of ``POST /login``."""

    email = fields.String(required=True, validate=[WITHOUT_NUL, storable])
    password = fields.String(required=True, validate=[WITHOUT_NUL, storable], load_only=True)

    @post_load
    def lower_email(self, data: dict[str, Any], **options: Any) -> dict[str, Any]:
        """Let an address be the same however it is typed."""
        return {**data, "email": data["email"].lower()}


class NewUser(Credentials):
    """Body of ``POST /users``."""

    name = fields.String(required=True, validate=[Length(1, 80), WITHOUT_NUL, storable])
    email = fields.Email(required=True, validate=[Length(max=254), storable])
    password = fields.String(
        required=True, validate=[Length(8, 200), WITHOUT_NUL, storable], load_only=True
    )


class Token(View):
    """What a login gives."""

    access_token = fields.String()
    token_type = fields.String()
    expires_in = fields.Integer()


class Profile(View):
    """A user, as everybody may see them."""

    id = fields.Integer()
    name = fields.String()


class Account(Profile):
    """A user, as they see themselves."""

    email = fields.String()
    role = fields.Function(lambda user: user.role.value, metadata={"type": "string"})
    balance = fields.Integer()


class RoomView(View):
    """A room."""

    id = fields.Integer()
    name = fields.String()
    city = fields.String()
    beds = fields.Integer()
    price = fields.Integer()


class Stay(Body):
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

    guests = Number(required=True, validate=Range(1, 12))
    private = YesOrNo(load_default=False)


class NewBooking(BookingChange):
    """Body of ``POST /bookings``."""

    room_id = record_number()


class BookingView(View, NewBooking):
    """A booking, with what it costs."""

    id = fields.Integer()
    price = fields.Integer()
    paid = fields.Function(
        lambda booking: booking.payment is not None, metadata={"type": "boolean"}
    )


class NewPayment(Body):
    """Body of ``POST /payments``."""

    booking_id = record_number()


class PaymentView(View):
    """A payment."""

    id = fields.Integer()
    booking_id = fields.Integer()
    amount = fields.Integer()


class TopUp(Body):
    """Body of ``POST /webhooks/payments``: money has arrived for a user."""

    user_id = record_number()
    amount = Number(required=True, validate=Range(1, 100_000_00))


class ReportState(View):
    """How far a report is."""

    id = fields.Integer()
    state = fields.String()


class StartedReport(ReportState):
    """The same, and where to ask for it again."""

    monitor = fields.String()


class ReportView(View):
    """A summary of somebody's bookings."""

    id = fields.Integer()
    bookings = fields.Integer()
    nights = fields.Integer()
    sum = fields.Integer()


class Rates(Schema):
    """What the source of rates answers: units of each currency for one of ours."""

    class Meta:
        unknown = EXCLUDE

    rates = fields.Dict(keys=fields.String(), values=fields.Float(), required=True)


class FileView(View):
    """A file, without its content."""

    id = fields.Integer()
    name = fields.String()
    size = fields.Integer()
