"""Payments: pay a booking from your credit, and the provider's webhook that tops the credit up."""

import hashlib
import hmac

from flask import Blueprint, current_app, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import Update, update

from flask_statuskit import (
    BadRequest,
    Conflict,
    Forbidden,
    Gone,
    NotFound,
    Unauthorized,
    ValidationError,
    created,
    no_content,
    raises,
)

from .auth import current_user, require_member
from .bookings import ensure_unpaid
from .database import db_session, find
from .errors import UNREADABLE, OutOfCredit
from .models import Booking, Payment, User
from .schemas import NewPayment, PaymentView, TopUp

blueprint = Blueprint("payments", __name__)


@blueprint.post("/payments")
@raises(*UNREADABLE, Unauthorized, Forbidden, NotFound, Gone)
@raises(Conflict, ValidationError, OutOfCredit)
def pay() -> ResponseReturnValue:
    """Pay for a booking from the caller's credit.

    A booking that is paid for is another version of it. So of a payment and a change at the same
    time one is refused, and nobody pays for other nights than they get.
    """
    body = request.get_json()
    user = current_user()
    require_member(user)
    booking = find_payable(NewPayment().load(body)["booking_id"], user)
    take(booking.price, user)
    payment = Payment(booking_id=booking.id, amount=booking.price)
    db_session().add(payment)
    booking.version += 1
    db_session().commit()
    return created(url_for(".get_payment", payment_id=payment.id), PaymentView().dump(payment))


@blueprint.get("/payments/<number:payment_id>")
@raises(Unauthorized, NotFound, Gone)
def get_payment(payment_id: int) -> ResponseReturnValue:
    """Show a payment to the owner of the booking."""
    return PaymentView().dump(find(Payment, payment_id, current_user()))


@blueprint.post("/webhooks/payments")
@raises(*UNREADABLE, ValidationError)
def top_up() -> ResponseReturnValue:
    """Credit the money that the provider says has arrived, if it is the provider who says so."""
    ensure_signed()
    given = TopUp().load(request.get_json())
    payee = update(User).where(User.id == given["user_id"])
    if not updates_one(payee.values(balance=User.balance + given["amount"])):
        raise ValidationError({"user_id": ["There is no such user."]})
    db_session().commit()
    return no_content()


def find_payable(booking_id: int, user: User) -> Booking:
    """Return the booking if it is the caller's and not paid for yet."""
    booking = find(Booking, booking_id, user)
    if not booking.belongs_to(user):
        raise Forbidden("Only its owner can pay for a booking.")
    ensure_unpaid(booking)
    return booking


def take(price: int, user: User) -> None:
    """Take the price from the user's credit.

    The database compares and subtracts in one step. If Python compared, two payments at the same
    time could both find the same money.
    """
    payer = update(User).where(User.id == user.id, User.balance >= price)
    if not updates_one(payer.values(balance=User.balance - price)):
        db_session().refresh(user)
        raise OutOfCredit("Top up to pay for this booking.", balance=user.balance, price=price)


def updates_one(statement: Update) -> bool:
    """Execute the statement, and tell whether its condition held for a record."""
    return db_session().connection().execute(statement).rowcount == 1


def ensure_signed() -> None:
    """Compare ``X-Signature`` with the HMAC of the body, exactly as it came in.

    In bytes, because ``compare_digest`` raises TypeError for a header with letters outside ASCII.
    """
    secret = current_app.config["WEBHOOK_SECRET"].encode()
    expected = hmac.new(secret, request.get_data(), hashlib.sha256).hexdigest()
    given = request.headers.get("X-Signature", "")
    if not hmac.compare_digest(expected.encode(), given.encode()):
        raise BadRequest("X-Signature must be the HMAC-SHA256 of the body, in hexadecimal.")
