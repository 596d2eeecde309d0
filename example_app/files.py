"""Files: limited in size per request, and in sum per user."""

from io import BytesIO

from flask import Blueprint, current_app, request, send_file, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import func, select
from werkzeug.datastructures import FileStorage
from werkzeug.http import generate_etag
from werkzeug.utils import secure_filename

from flask_statuskit import (
    ContentTooLarge,
    Gone,
    NotFound,
    PreconditionFailed,
    RangeNotSatisfiable,
    Unauthorized,
    UnsupportedMediaType,
    ValidationError,
    conditional,
    created,
    raises,
)

from .auth import current_user
from .database import db_session, find
from .errors import QuotaExceeded
from .models import File, User
from .schemas import FileView

blueprint = Blueprint("files", __name__)

FORM = "multipart/form-data"


@blueprint.post("/files")
@raises(Unauthorized, ContentTooLarge, UnsupportedMediaType, ValidationError, QuotaExceeded)
def upload() -> ResponseReturnValue:
    """Store the ``file`` of a form.

    Nobody measures the request here: Flask refuses to read more than ``MAX_CONTENT_LENGTH``, and
    raises the 413 at the first look at ``request.files``.
    """
    user = current_user()
    sent = sent_file()
    content = sent.read()
    ensure_fits(len(content), user)
    name = secure_filename(sent.filename or "") or "unnamed"
    file = File(owner_id=user.id, name=name, size=len(content), content=content)
    db_session().add(file)
    db_session().commit()
    return created(url_for(".download", file_id=file.id), FileView().dump(file))


@blueprint.get("/files/<number:file_id>")
@raises(Unauthorized, NotFound, Gone, PreconditionFailed, RangeNotSatisfiable)
def download(file_id: int) -> ResponseReturnValue:
    """Send a file back to its owner, to be saved. Never to be shown: it may be anything.

    A download that broke off goes on with ``Range``, and ``If-Range`` says in which file. Flask's
    ``send_file`` answers that with 206 or 416, and ``conditional`` adds 304 and 412.
    """
    file = find(File, file_id, current_user())
    return conditional(
        send_file(
            BytesIO(file.content),
            mimetype="application/octet-stream",
            as_attachment=True,
            download_name=file.name,
            etag=generate_etag(file.content),
        )
    )


def sent_file() -> FileStorage:
    """Return the form's ``file``."""
    if request.mimetype != FORM:
        raise UnsupportedMediaType("Send the file in a form.", accept=FORM)
    if "file" not in request.files:
        raise ValidationError({"file": ["Missing data for required field."]})
    return request.files["file"]


def ensure_fits(size: int, user: User) -> None:
    """Refuse a file of ``size`` bytes that would not fit beside the user's other files."""
    mine = select(func.coalesce(func.sum(File.size), 0)).where(File.owner_id == user.id)
    used = db_session().scalars(mine).one()
    quota = current_app.config["STORAGE_QUOTA"]
    if used + size > quota:
        raise QuotaExceeded(f"{size} more bytes do not fit.", used=used, quota=quota)
