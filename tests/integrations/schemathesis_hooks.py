"""What Schemathesis cannot know by the document: how the payment provider signs a body."""

import hashlib
import hmac
import os
from typing import Any

import schemathesis
from requests import PreparedRequest
from requests.auth import AuthBase

SECRET = os.environ["WEBHOOK_SECRET"].encode()


class Signed(AuthBase):
    """Make a signature that could be one into the right one, and leave all others."""

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        body = request.body or b""
        content = body.encode() if isinstance(body, str) else body
        if len(request.headers.get("X-Signature", "")) == 64:
            request.headers["X-Signature"] = hmac.new(SECRET, content, hashlib.sha256).hexdigest()
        return request


@schemathesis.hook
def before_call(context: Any, case: Any, kwargs: dict[str, Any]) -> None:
    if case.operation.path == "/webhooks/payments":
        kwargs["auth"] = Signed()
