"""What clients read about the API: ``GET /openapi.json``, a document of OpenAPI 3.1.

``OPERATIONS`` has a row for each view: what it takes, and what it gives when all is well. What it
gives otherwise stands nowhere in here. The views have declared that by ``@raises``, and one line
takes it over into the document.
"""

from copy import deepcopy
from http import HTTPStatus
from typing import Any

from apispec import APISpec
from apispec.ext.marshmallow import MarshmallowPlugin
from flask import Blueprint, Flask, current_app
from flask.typing import ResponseReturnValue
from marshmallow import Schema

from flask_statuskit import NotFound, openapi, raises
from flask_statuskit.contract import operations, template_of

from .schemas import (
    LARGEST_NUMBER,
    Account,
    BookingChange,
    BookingView,
    Credentials,
    FileView,
    NewBooking,
    NewPayment,
    NewUser,
    PaymentView,
    Profile,
    Rates,
    ReportState,
    ReportView,
    RoomView,
    StartedReport,
    Token,
    TopUp,
)

blueprint = Blueprint("openapi", __name__)


@blueprint.get("/openapi.json")
@raises()
def document() -> ResponseReturnValue:
    """Show the document."""
    return describe(current_app)


def describe(app: Flask) -> dict[str, Any]:
    """Make the document of an app."""
    spec = APISpec(
        title="Bookings",
        version="1",
        openapi_version="3.1.0",
        info={"description": "Rooms to book, and every status that this takes."},
        plugins=[MarshmallowPlugin()],
    )
    spec.components.security_scheme("token", {"type": "http", "scheme": "bearer"})
    for rule, method in operations(app):
        if rule.endpoint in OPERATIONS:
            row = deepcopy(OPERATIONS[rule.endpoint])  # apispec puts references into it
            row["parameters"] += [in_path(name) for name in sorted(rule.arguments)]
            row["operationId"] = rule.endpoint
            row["summary"] = (app.view_functions[rule.endpoint].__doc__ or "").partition("\n")[0]
            spec.path(template_of(rule), operations={method.lower(): row})
    openapi.register(spec)  # with all errors that the views have declared
    return spec.to_dict()


# Parts of rows.

Part = dict[str, Any]


def operation(
    *responses: Part, body: Part | None = None, parameters: tuple[Part, ...] = (), **more: Any
) -> Part:
    """Make a row: an operation, as OpenAPI calls a method of a URL."""
    given = {status: response for part in responses for status, response in part.items()}
    taken = {"requestBody": {"required": True, "content": body}} if body else {}
    return {"responses": given, "parameters": list(parameters), **taken, **more}


def gives(status: int, content: Part | None = None, **headers: Part) -> Part:
    """Make a response. Header names are written with underscores."""
    response: Part = {"description": HTTPStatus(status).phrase}
    if content:
        response["content"] = content
    if headers:
        response["headers"] = {name.replace("_", "-"): text for name, text in headers.items()}
    return {str(status): response}


def json(schema: type[Schema]) -> Part:
    return {"application/json": {"schema": schema}}


def list_of(schema: type[Schema]) -> Part:
    return {"application/json": {"schema": {"type": "array", "items": schema}}}


def in_path(name: str) -> Part:
    number = {"type": "integer", "minimum": 1, "maximum": LARGEST_NUMBER}
    return {"name": name, "in": "path", "required": True, "schema": number}


def header(name: str, description: str, *, required: bool = False, **schema: str) -> Part:
    text = {"type": "string", **schema}
    about = {"description": description, "required": required}
    return {"name": name, "in": "header", **about, "schema": text}


ALWAYS = {"required": True, "schema": {"type": "string"}}
SECONDS = {"required": True, "schema": {"type": "integer", "minimum": 0}}

LOGGED_IN = {"security": [{"token": []}]}
MOVED = {"deprecated": True}

IF_NONE_MATCH = header("If-None-Match", "The versions that you have: 304 if it is one of them.")
IF_MATCH = header("If-Match", "The versions that you want: 412 if it is none of them.")
KNOWN = header("If-Match", "The version that you have seen and want to change.", required=True)
RANGE = header("Range", "The bytes that you want: bytes=0-499")
IF_RANGE = header("If-Range", "The version that you want more bytes of.")
SIGNATURE = header(
    "X-Signature", "HMAC-SHA256 of the body.", required=True, pattern="^[0-9a-f]{64}$"
)
CITY = {"name": "city", "in": "query", "schema": {"type": "string"}}

PAGE = {"text/html": {}}
FORM = {
    "multipart/form-data": {
        "schema": {
            "type": "object",
            "properties": {"file": {"type": "string", "format": "binary"}},
            "required": ["file"],
        }
    }
}
BYTES = {"application/octet-stream": {}}

OPERATIONS: dict[str, Part] = {
    "users.create_user": operation(gives(201, json(Account), Location=ALWAYS), body=json(NewUser)),
    "users.get_user": operation(gives(200, json(Profile))),
    "users.log_in": operation(
        gives(200, json(Token), Cache_Control=ALWAYS), body=json(Credentials)
    ),
    "users.get_me": operation(gives(200, json(Account)), **LOGGED_IN),
    "users.list_users": operation(gives(200, list_of(Account)), **LOGGED_IN),
    "users.delete_user": operation(gives(204), **LOGGED_IN),
    "rooms.search": operation(gives(200, list_of(RoomView)), parameters=(CITY,)),
    "rooms.get_room": operation(gives(200, json(RoomView))),
    "bookings.list_bookings": operation(gives(200, list_of(BookingView)), **LOGGED_IN),
    "bookings.get_booking": operation(
        gives(200, json(BookingView), ETag=ALWAYS),
        gives(304, ETag=ALWAYS),
        parameters=(IF_NONE_MATCH, IF_MATCH),
        **LOGGED_IN,
    ),
    "bookings.create_booking": operation(
        gives(201, json(BookingView), Location=ALWAYS, ETag=ALWAYS),
        body=json(NewBooking),
        **LOGGED_IN,
    ),
    "bookings.change_booking": operation(
        gives(200, json(BookingView), ETag=ALWAYS, Content_Location=ALWAYS),
        parameters=(KNOWN,),
        body=json(BookingChange),
        **LOGGED_IN,
    ),
    "bookings.delete_booking": operation(gives(204), parameters=(KNOWN,), **LOGGED_IN),
    "moved.list_reservations": operation(gives(301, PAGE, Location=ALWAYS), **MOVED),
    # The view finds nothing wrong; a URL without a number does not lead to it.
    "moved.get_reservation": operation(
        gives(301, PAGE, Location=ALWAYS), openapi.problem_responses(NotFound), **MOVED
    ),
    "moved.create_reservation": operation(gives(308, PAGE, Location=ALWAYS), **MOVED),
    "payments.pay": operation(
        gives(201, json(PaymentView), Location=ALWAYS), body=json(NewPayment), **LOGGED_IN
    ),
    "payments.get_payment": operation(gives(200, json(PaymentView)), **LOGGED_IN),
    "payments.top_up": operation(gives(204), parameters=(SIGNATURE,), body=json(TopUp)),
    "reports.start_report": operation(
        gives(202, json(StartedReport), Location=ALWAYS, Retry_After=SECONDS), **LOGGED_IN
    ),
    "reports.report_status": operation(
        gives(200, json(ReportState), Retry_After=SECONDS, Cache_Control=ALWAYS),
        gives(303, PAGE, Location=ALWAYS),
        **LOGGED_IN,
    ),
    "reports.get_report": operation(gives(200, json(ReportView)), **LOGGED_IN),
    "rates.get_rates": operation(gives(200, json(Rates))),
    "files.upload": operation(gives(201, json(FileView), Location=ALWAYS), body=FORM, **LOGGED_IN),
    "files.download": operation(
        gives(200, BYTES, ETag=ALWAYS, Content_Disposition=ALWAYS),
        gives(206, BYTES, ETag=ALWAYS, Content_Range=ALWAYS),
        gives(304, ETag=ALWAYS),
        parameters=(IF_NONE_MATCH, IF_MATCH, RANGE, IF_RANGE),
        **LOGGED_IN,
    ),
    "operations.maintenance": operation(),
}
