"""The languages of clients. StatusKit says its own sentences in that of the request.

The app's own sentences are in English. To have them translated as well, write them as lazy strings:
``raise Conflict(lazy_gettext("The room is taken on these dates."))``.
"""

from flask import request
from flask_babel import Babel

# English first: who asks for none of them gets it.
LANGUAGES = ("en", "de", "zh")

babel = Babel()


def client_language() -> str:
    """Return the language that the client likes best, of those that we have."""
    return request.accept_languages.best_match(LANGUAGES, default="en")
