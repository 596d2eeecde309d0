"""Reports: work that takes longer than a client should be kept waiting.

    POST /reports               202 with a monitor, the URL to ask how far it is
    GET  /reports/1/status      200 while it runs, then 303 to the result
    GET  /reports/1             200 with the result, 404 until there is one

Nothing runs in the background here: a report is ready ``REPORT_SECONDS`` after its start, and is
summed up by whoever reads it. With a queue, ``start_report`` would hand the report's number to it
after the commit, a worker would store the result in the record, and whether that is there would
decide instead of the clock. No URL and no status would change.
"""

import math
import time

from flask import Blueprint, current_app, url_for
from flask.typing import ResponseReturnValue

from flask_statuskit import Gone, NotFound, Unauthorized, accepted, raises, redirect_to

from .auth import current_user
from .bookings import bookings_of
from .database import db_session, find
from .models import Report

blueprint = Blueprint("reports", __name__)


@blueprint.post("/reports")
@raises(Unauthorized)
def start_report() -> ResponseReturnValue:
    """Start a summary of the caller's bookings."""
    report = Report(owner_id=current_user().id)
    db_session().add(report)
    db_session().commit()
    state = {"id": report.id, "state": "running"}
    return accepted(monitor_of(report), state, retry_after=seconds_left(report))


@blueprint.get("/reports/<number:report_id>/status")
@raises(Unauthorized, NotFound, Gone)
def report_status(report_id: int) -> ResponseReturnValue:
    """Tell that a report is still running, or where its result is."""
    report = find(Report, report_id, current_user())
    seconds = seconds_left(report)
    if seconds:
        state = {"id": report.id, "state": "running"}
        return state, {"Retry-After": str(seconds), "Cache-Control": "no-store"}
    return redirect_to(url_for(".get_report", report_id=report.id), keep_method=False)


@blueprint.get("/reports/<number:report_id>")
@raises(Unauthorized, NotFound, Gone)
def get_report(report_id: int) -> ResponseReturnValue:
    """Show the result. Before there is one, nothing is here yet: 404, with the time to wait."""
    report = find(Report, report_id, current_user())
    seconds = seconds_left(report)
    if seconds:
        raise NotFound(
            f"The report {report.id} is not ready yet.",
            retry_after=seconds,
            monitor=monitor_of(report),
        )
    bookings = bookings_of(current_user())
    return {
        "id": report.id,
        "bookings": len(bookings),
        "nights": sum(booking.nights for booking in bookings),
        "sum": sum(booking.price for booking in bookings),
    }


def monitor_of(report: Report) -> str:
    """Return the URL that says how far a report is."""
    return url_for("reports.report_status", report_id=report.id)


def seconds_left(report: Report) -> int:
    """Return the seconds until a report is ready, rounded up as ``Retry-After`` needs them."""
    ready_at: float = report.started_at + current_app.config["REPORT_SECONDS"]
    return max(0, math.ceil(ready_at - time.time()))
