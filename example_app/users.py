"""Accounts: sign up, log in, and who am I."""

from flask import Blueprint, current_app, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select
from werkzeug.security import check_password_hash, generate_password_hash

from flask_statuskit import (
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

from .auth import REALM, current_user, issue_token, require_admin
from .database import db_session, find
from .errors import UNREADABLE
from .models import User
from .schemas import Account, Credentials, NewUser, Profile

blueprint = Blueprint("users", __name__)

# Checked when there is no such user, so that an unknown address takes as long as a wrong password.
NOBODYS_HASH = generate_password_hash("nobody")


def user_by_email(email: str) -> User | None:
    """Return the user who has, or had, this address."""
    return db_session().scalar(select(User).where(User.email == email))


@blueprint.post("/users")
@raises(*UNREADABLE, ValidationError, Conflict)
def create_user() -> ResponseReturnValue:
    """Sign up.

    Nobody looks for the address first: between a look and the insertion, another request could
    insert it. The database refuses the second one, and SQLAlchemy's IntegrityError is a 409.
    """
    wanted = NewUser().load(request.get_json())
    password_hash = generate_password_hash(wanted.pop("password"))
    user = User(password_hash=password_hash, **wanted)
    db_session().add(user)
    db_session().commit()
    return created(url_for(".get_user", user_id=user.id), Account().dump(user))


@blueprint.get("/users/<number:user_id>")
@raises(NotFound, Gone)
def get_user(user_id: int) -> ResponseReturnValue:
    """Show what everybody may know about a user."""
    return Profile().dump(find(User, user_id))


@blueprint.post("/login")
@raises(*UNREADABLE, ValidationError, Unauthorized)
def log_in() -> ResponseReturnValue:
    """Exchange e-mail and password for a token. Which of the two was wrong stays unsaid."""
    given = Credentials().load(request.get_json())
    user = user_by_email(given["email"])
    right = check_password_hash(user.password_hash if user else NOBODYS_HASH, given["password"])
    if user is None or user.deleted_at or not right:
        raise Unauthorized("The e-mail or the password is wrong.", realm=REALM)
    token = {
        "access_token": issue_token(user),
        "token_type": "Bearer",
        "expires_in": int(current_app.config["TOKEN_LIFETIME"].total_seconds()),
    }
    return token, {"Cache-Control": "no-store"}


@blueprint.get("/me")
@raises(Unauthorized)
def get_me() -> ResponseReturnValue:
    """Show the caller's own account."""
    return Account().dump(current_user())


@blueprint.get("/admin/users")
@raises(Unauthorized, Forbidden)
def list_users() -> ResponseReturnValue:
    """List all accounts, for admins."""
    require_admin(current_user())
    return Account(many=True).dump(db_session().scalars(select(User).order_by(User.id)))


@blueprint.delete("/admin/users/<number:user_id>")
@raises(Unauthorized, Forbidden, NotFound, Gone)
def delete_user(user_id: int) -> ResponseReturnValue:
    """Delete an account, for admins. From then on it is 410."""
    require_admin(current_user())
    find(User, user_id).delete()
    db_session().commit()
    return no_content()
