"""A user's program: what the public names promise to a type checker, and keep when it runs."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

import werkzeug.exceptions
from flask import Blueprint, Flask, Response, jsonify, send_file, url_for
from flask.typing import ResponseReturnValue
from flask.views import MethodView

from flask_statuskit import (
    STATUSES,
    BadGateway,
    Conflict,
    FieldError,
    Forbidden,
    GatewayTimeout,
    MethodNotAllowed,
    NotFound,
    PaymentRequired,
    Problem,
    RateLimited,
    ServiceUnavailable,
    StatusError,
    StatusKit,
    TooManyRequests,
    Unauthorized,
    UnsupportedMediaType,
    ValidationError,
    accepted,
    conditional,
    created,
    no_content,
    raises,
    redirect_to,
    require_match,
    reset_content,
)

# Exceptions of other libraries


class UserExists(Exception):
    pass


class LookupTimeout(Exception):
    pass


class PaymentDeclined(Exception):
    def __init__(self, balance: int, price: int) -> None:
        super().__init__(balance, price)
        self.balance = balance
        self.price = price


# Problem types


class OutOfCredit(PaymentRequired):
    """The balance does not cover the price. Top up, then repeat the request."""

    type = "out-of-credit"
    title = "You do not have enough credit"
    balance: int
    price: int


class Overdrawn(OutOfCredit):
    """The balance is below zero."""

    since: str = "today"


class BookClosed(StatusError):
    """The book is closed."""

    code = 409
    detail = "The book is closed."


class Shipped(Conflict):
    """The order has left the house."""

    def __init__(self, order: int) -> None:
        super().__init__(f"Order {order} has been shipped.", order=order)


# The extension

statuskit = StatusKit(
    integrations=["marshmallow"],
    default_integrations=True,
    environment="production",
    type_base="https://shop.example/problems",
    retry_after={503: 30},
    log_levels={"4xx": "INFO", 404: "DEBUG"},
)

statuskit.map(UserExists, Conflict)
statuskit.map(UserExists, Conflict, detail="This name is taken.", name="?")
statuskit.map(LookupTimeout, 504, retry_after=timedelta(seconds=5))
statuskit.map("some_library.errors.NoRowFound", NotFound)
statuskit.map(ConnectionError, lambda error: BadGateway())


@statuskit.map(PaymentDeclined)
def declined(error: PaymentDeclined) -> OutOfCredit:
    return OutOfCredit(balance=error.balance, price=error.price)


@statuskit.map(TimeoutError)
def timed_out(error: TimeoutError) -> StatusError | None:
    return GatewayTimeout(retry_after=5) if error.errno else None


# What views declare


@raises(NotFound)
def find_seat(number: int) -> str:
    if number == 13:
        raise NotFound
    return f"seat {number}"


@raises(Unauthorized)
class Seat(MethodView):
    @raises(404)
    def get(self, number: int) -> ResponseReturnValue:
        found: str = find_seat(number)
        return {"seat": found}

    @raises(NotFound, OutOfCredit)
    async def put(self, number: int) -> ResponseReturnValue:
        raise OutOfCredit(balance=1, price=number)


seats: Blueprint = raises(ServiceUnavailable, 500)(Blueprint("seats", __name__))
seats.add_url_rule("/seats/<int:number>", view_func=raises()(Seat.as_view("seat")))


@seats.before_request
@raises(Forbidden)
def admit() -> None: ...


# The application


def create_app() -> Flask:
    app = Flask(__name__)
    statuskit.init_app(app)
    app.register_blueprint(seats)

    @app.get("/<what>")
    def fail(what: str) -> ResponseReturnValue:
        if what == "credit":
            raise OutOfCredit("Top up first.", balance=1, price=2, retry_after=60)
        if what == "overdrawn":
            raise Overdrawn(balance=-1, price=2)
        if what == "declined":
            raise PaymentDeclined(balance=1, price=2)
        if what == "taken":
            raise Conflict("This name is taken.", name="ann", headers={"X-Names": "free"})
        if what == "closed":
            raise BookClosed
        if what == "shipped":
            raise Shipped(7)
        if what == "invalid":
            raise ValidationError(
                {"email": ["Not an e-mail address."], "items": {0: {"price": ["Too low."]}}},
                detail="Two values are wrong.",
            )
        if what == "page":
            raise ValidationError([FieldError("Too low.", parameter="page", code="min")])
        if what == "login":
            raise Unauthorized("Log in first.", scheme="Bearer", realm="shop")
        if what == "admin":
            raise Forbidden(scope=["admin"])
        if what == "slow":
            raise RateLimited(limit=100, remaining=0, reset=timedelta(minutes=1))
        if what == "method":
            raise MethodNotAllowed(valid_methods=["POST"])
        if what == "media":
            raise UnsupportedMediaType(accept="application/json")
        if what == "down":
            raise ServiceUnavailable("Back at noon.")
        try:
            raise NotFound(f"There is no {what}.", type="https://shop.example/none", title="None")
        except (TooManyRequests, OutOfCredit):
            raise
        except werkzeug.exceptions.NotFound as error:
            code: int | None = error.code
            raise NotFound(error.description, code_was=code) from error

    @app.get("/orders/<int:order>")
    def read_order(order: int) -> ResponseReturnValue:
        return conditional({"id": order}, etag=order, last_modified=datetime(2024, 5, 1))

    @app.get("/orders/<int:order>/lines")
    def read_lines(order: int) -> Response:
        def lines() -> Iterator[str]:
            yield f"{order}\n"

        return conditional(lines(), etag=f'W/"{order}"')

    @app.get("/orders/<int:order>/program")
    def read_program(order: int) -> Response:
        return conditional(send_file(__file__))

    @app.post("/orders")
    def create_order() -> Response:
        return created(url_for("read_order", order=7), {"id": 7})

    @app.put("/orders/<int:order>")
    def replace_order(order: int) -> ResponseReturnValue:
        require_match(order)
        return created(url_for("read_order", order=order), ("replaced", {"X-Kind": "order"}))

    @app.patch("/orders/<int:order>")
    def change_order(order: int) -> Response:
        monitor = url_for("read_order", order=order)
        return accepted(monitor, {"state": "changing"}, retry_after=timedelta(seconds=2))

    @app.delete("/orders/<int:order>")
    def delete_order(order: int) -> Response:
        return no_content() if order else reset_content()

    @app.route("/orders", methods=["GET"])
    def moved() -> ResponseReturnValue:
        return redirect_to(url_for("read_order", order=7), permanent=True, keep_method=False)

    @app.errorhandler(OutOfCredit)
    def out_of_credit(error: OutOfCredit) -> ResponseReturnValue:
        missing: int = error.price - error.balance
        title: str | None = error.title
        return jsonify(missing=missing, title=title), 402

    return app


def read(body: dict[str, object]) -> list[str]:
    problem = Problem.from_dict(body)
    detail: str | None = problem.detail
    phrase: str = STATUSES[problem.status].phrase
    return [detail or phrase, *problem.to_dict()]


def types() -> list[str]:
    return [problem_type.type for problem_type in statuskit.problem_types()]
